"""A trace as a sequence chart: a column for each process, time from top to bottom.

From events to lines, in four steps that a reader can follow with a finger: who is who (`Roles`),
which events say something (`lines`), what repeats (``fold``), and where time passes (``pauses``). What
becomes of the lines, as a picture and as text, is in ``chart``.

OTP: ``et_viewer``
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Final, NamedTuple

from ..errors import name_of
from ..terms import ExitSignal, Pid
from ..tracing import Event, Trace
from .chart import LOOP, PAUSE, REST, Chart, Line
from .words import called, event_in_words, printable
from .words import life as ordinal

CLOCK: Final = "clock"
READABLE: Final = 40
"""A chart of more lines than this folds what repeats, if nobody says otherwise."""

_MESSAGES: Final = {"send", "timer", "down", "signal"}
_NOTES: Final = {"start", "started", "start_failed", "restart", "give_up", "stopping", "keep", "forget"}
_SHOWN: Final = {"spawn", "reply", "exit", "fault"} | _MESSAGES | _NOTES
_REPEATABLE: Final = {"reply", "takes"} | _MESSAGES
_LONGEST_BLOCK: Final = 6  # so many lines at most are looked for as something that repeats


def sequence_chart(trace: Trace, fold: bool | None = None, most: int | None = None) -> Chart:
    """Draw who said what to whom.

    A process that a supervisor has restarted goes on in the column of the one before, with a box
    of its own ("db, 2nd life"). What a supervisor decides stands at its line; how it starts and stops
    a child in detail does not.

    Args:
        trace: what ``with trace() as t:`` recorded; ``t.filter(...)`` for a part of it.
        fold: tell what repeats once, and how often: the same message, a call and its reply, a round
            of up to six lines. Only replies may differ in what is folded, and that is said. By
            default a chart of more than 40 lines does so.
        most: so many lines are drawn at most; the last one says how many are left out.

    Example:
        >>> from otp_mini import GenServer, Node, Reply, trace
        >>> class Clerk(GenServer):
        ...     def handle_call(self, request, from_, state):
        ...         return Reply(len(request), state)
        >>> async def main():
        ...     clerk = await Clerk.start()
        ...     with trace() as t:
        ...         for _ in range(25):
        ...             await GenServer.call(clerk, "how long?")
        ...     return t
        >>> with Node(clock="virtual") as node:
        ...     t = node.run(main)
        >>> print(sequence_chart(t.filter(where=lambda event: event.number < 3)))
           0.000  main -> Clerk: call 'how long?'
           0.000  Clerk -> main: reply 9
        >>> print(sequence_chart(t))
           0.000  main -> Clerk: call 'how long?' → reply 9, 25 times
    """
    found = lines(trace)
    if fold or (fold is None and len(found) > READABLE):
        found = folded(found)
    return Chart(cut(with_pauses(found), most))


# ---- who is who ----------------------------------------------------------------------------------------


class Roles(NamedTuple):
    """What each process is called in a chart, and which life of that name it is, if not the first."""

    names: dict[Pid | None, str]
    lives: dict[Pid, str]


class _Known(NamedTuple):
    """What a trace says about one process."""

    pid: Pid
    place: object  # where a successor would be known for one; None where nobody could tell
    first: int
    born: bool  # its start is in the trace
    last: int | None  # the number of its end


def roles(trace: Trace) -> Roles:
    """Who is who: one name for all lives of a process, and a pid in the name where two live at once.

    A process is another life of an earlier one if that has ended, and it took over its name or is the
    same child of the same supervisor.
    """
    by_name: dict[str, list[_Known]] = {}
    for known in _everybody(trace):
        by_name.setdefault(printable(called(known.pid, trace.name(known.pid))), []).append(known)
    found = Roles({None: CLOCK}, {})
    for name, bearers in by_name.items():
        one_role = len({known.place for known in bearers}) == 1 and all(
            before.last is not None and before.last < after.first for before, after in pairwise(bearers)
        )
        alone = (len(bearers) == 1 or one_role) and name != CLOCK
        for number, known in enumerate(bearers):
            found.names[known.pid] = name if alone else name + str(known.pid)[4:]
            if alone and number:
                found.lives[known.pid] = ordinal(number + 1) if bearers[0].born else "next life"
    return found


def _everybody(trace: Trace) -> list[_Known]:
    """All processes of a trace, in the order in which they turn up."""
    first: dict[Pid, int] = {}
    born: set[Pid | None] = set()
    ends: dict[Pid | None, int] = {}
    places: dict[Pid, object] = {}
    for event in trace:
        for pid in (event.pid, event.other):
            if pid is not None:
                first.setdefault(pid, event.number)
        match event.kind:
            case "spawn":
                born.add(event.other)
            case "exit":
                ends[event.pid] = event.number
            case "started" if event.other is not None:
                places[event.other] = (trace.name(event.pid), name_of(event.term))
    for pid in first:
        if called(pid, trace.name(pid)) == trace.name(pid):
            places[pid] = "registered"
    return [_Known(pid, places.get(pid, pid), first[pid], pid in born, ends.get(pid)) for pid in first]


# ---- which events say something -----------------------------------------------------------------------


def lines(trace: Trace) -> list[Line]:
    """The events of a trace that a chart shows, in order.

    That a message was taken out of the mailbox is said only where another one was there too.
    """
    chosen = {event.number for event in trace}
    return [line for line in _all_lines(trace.whole) if line.events[0] in chosen]


def _all_lines(trace: Trace) -> Iterator[Line]:
    names, lives = roles(trace)
    hidden = _protocol(trace)
    ids = {event.other: name_of(event.term) for event in trace if event.kind == "started" and event.other is not None}
    queues = _Queues()
    for event in trace:
        if event.number in hidden:
            continue
        queues.sent(event)
        if event.kind in _SHOWN and (event.pid or event.kind == "timer"):
            words, life = event_in_words(event), ""
            if event.kind == "spawn" and event.other is not None:
                life = lives.get(event.other, "")
                words += _as(ids.get(event.other, ""), called(event.other, trace.name(event.other)))
                words += f", {life}" if life else ""
            target = names[event.other] if event.other and event.kind not in _NOTES else ""
            words, number = printable(words), (event.number,)
            yield Line(event.time, event.kind, names[event.pid], target, words, number, life=life)
        elif event.kind == "receive" and (message := queues.taken(event)) is not None:
            words = printable(f"takes {event_in_words(message)}")
            yield Line(event.time, "takes", names[event.pid], "", words, (event.number,))


def _as(child: str, name: str) -> str:
    """What its supervisor calls a new process, where nobody else does so."""
    return "" if child in ("", name) else f" as {child}"


class _Queues:
    """The messages that wait in mailboxes, and which of them had to wait beside another one."""

    def __init__(self) -> None:
        self.messages: dict[int, Event] = {}
        self.mailboxes: dict[Pid | None, list[int]] = {}
        self.waited: set[int] = set()

    def sent(self, event: Event) -> None:
        """An event happens; perhaps it is a message."""
        if event.kind not in _MESSAGES or (event.kind == "signal" and not isinstance(event.term, ExitSignal)):
            return
        self.messages[event.number] = event
        mailbox = self.mailboxes.setdefault(event.other, [])
        if mailbox:
            self.waited |= {event.number, mailbox[-1]}
        mailbox.append(event.number)

    def taken(self, event: Event) -> Event | None:
        """The message that is taken, if it had to wait."""
        message = self.messages.pop(-1 if event.cause is None else event.cause, None)
        if message is None:
            return None
        self.mailboxes[event.pid].remove(message.number)
        return message if message.number in self.waited else None


def _protocol(trace: Trace) -> set[int]:
    """The events that are only how a supervisor does what it does.

    How it learns that a child is down which it has told to stop; how it reminds itself to try a
    restart again; and of a start what the arrow to the new process says already.
    """
    hidden: set[int] = set()
    supervisors = {event.pid for event in trace if event.kind in _NOTES}
    stopped: set[tuple[Pid | None, Pid | None]] = set()  # whom a supervisor told to stop
    stopping: dict[Pid | None, int] = {}
    begun: dict[Pid | None, Event] = {}
    for event in trace:
        pid, other, number = event.pid, event.other, event.number
        match event.kind, event.term:
            case "signal", _ if pid in supervisors:
                stopped.add((pid, other))
                hidden.discard(stopping.get(pid, -1))
            case "stopping", _:
                stopping[pid] = number
                hidden.add(number)  # until it stops one
            case "down", _ if (other, pid) in stopped:
                hidden.add(number)
            case "send", ("$gen_cast", ("try_again", _)) if pid is other and pid in supervisors:
                hidden.add(number)
            case "exit", _:
                supervisors.discard(pid)  # what follows tells others of its end, and stops nobody
            case "start", _:
                begun[pid] = event
            case "spawn", _ if pid in begun and begun[pid].time == event.time:
                hidden.add(begun[pid].number)
            case "started" | "start_failed", _ if pid in begun:
                start = begun.pop(pid)
                if event.kind == "started" and other is not None and start.time == event.time:
                    hidden |= {start.number, number}
    return hidden


# ---- what repeats ----------------------------------------------------------------------------------------


def folded(lines: Sequence[Line], apart: frozenset[int] = frozenset()) -> list[Line]:
    """Tell what repeats once: one line for the same message or call, a loop for longer rounds.

    No event is lost: each line keeps the numbers of all the events that it stands for.

    Args:
        apart: numbers of events whose lines must stay lines of their own.
    """
    keys = [_key(line, apart) for line in lines]
    found: list[Line] = []
    at = 0
    while at < len(lines):
        longest = 1 if lines[at].kind == "reply" else _LONGEST_BLOCK  # no round begins with a reply
        size, times = _best(keys, at, longest)
        if times == 1:
            found.append(lines[at])
            at += 1
            continue
        run = lines[at : at + size * times]
        found += _once(run, size)
        at += len(run)
    return found


def _key(line: Line, apart: frozenset[int]) -> object:
    """Equal for lines that say the same; a reply may say something else each time."""
    if line.kind not in _REPEATABLE or apart.intersection(line.events):
        return object()
    return (line.kind, line.source, line.target, "" if line.kind == "reply" else line.words)


def _best(keys: Sequence[object], at: int, longest: int) -> tuple[int, int]:
    """The block that begins here and repeats so that it saves most lines: its size, and how often."""
    best, saved = (1, 1), 1  # to save a single line is not worth it
    for size in range(1, longest + 1):
        times = 1
        while keys[at : at + size] == keys[at + times * size : at + (times + 1) * size]:
            times += 1
        if size * (times - 1) > saved:
            best, saved = (size, times), size * (times - 1)
    return best


def _once(run: Sequence[Line], size: int) -> list[Line]:
    """A run of equal blocks, told once."""
    rounds = len(run) // size
    often = f"{rounds} times" + ("" if run[0].time == run[-1].time else f", {run[0].time:.3f} to {run[-1].time:.3f} s")
    block = [_merged(run[at::size]) for at in range(size)]
    if size == 1:
        return [replace(block[0], often=often)]
    first, last = block[0], block[-1]
    if size == 2 and last.kind == "reply" and (first.source, first.target) == (last.target, last.source):
        events = tuple(sorted(first.events + last.events))
        words = f"{first.words} → {last.words}"
        return [replace(first, kind="call", words=words, often=often, until=last.until, events=events)]
    loop = Line(run[0].time, LOOP, "", "", often, until=run[-1].until, rows=size)
    return [loop, *block]


def _merged(same: Sequence[Line]) -> Line:
    """Lines that say the same as one; replies that differ are named, or counted where they are many."""
    said = list(dict.fromkeys(line.words for line in same))
    words = said[0]
    if len(said) > 1:
        values = [each.removeprefix("reply ") for each in said]
        if len(values) > 3:
            values = [*values[:2], f"{len(values) - 2} others"]
        words = f"reply {', '.join(values[:-1])} or {values[-1]}"
    events = tuple(number for line in same for number in line.events)
    return replace(same[0], words=words, until=same[-1].time, events=events)


# ---- where time passes -----------------------------------------------------------------------------------


def with_pauses(lines: Sequence[Line]) -> list[Line]:
    """Say where time passes: a tenth of a second at least, and a tenth of all the time that is shown."""
    found: list[Line] = []
    inside = 0  # lines of a loop that are still to come
    before = None
    for line in lines:
        gap = 0.0 if before is None or inside else line.time - before
        if gap >= 0.1 and gap >= (lines[-1].end - lines[0].time) / 10:
            found.append(Line(line.time, PAUSE, "", "", f"{gap:g} s pass" + ("es" if f"{gap:g}" == "1" else "")))
        found.append(line)
        inside = line.rows if line.kind == LOOP else max(inside - 1, 0)
        before = max(line.end, lines[0].time if before is None else before)
    return found


def cut(lines: Sequence[Line], most: int | None) -> list[Line]:
    """The first lines, and how many more there are."""
    if most is None or len(lines) <= most:
        return list(lines)
    inside = [at for at, line in enumerate(lines) if line.kind == LOOP and at <= most <= at + line.rows]
    most = min([most, *inside])  # no frame is cut in two
    left = lines[most:]
    words = f"{len(left):,} more lines are left out: t.filter(…) chooses what to draw"
    return [*lines[:most], Line(left[0].time, REST, "", "", words)]

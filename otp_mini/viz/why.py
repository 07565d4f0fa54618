"""Why did this process end? As a sentence, and lit up in the chart.

`otp_mini.tracing.Trace.why` finds the chain of events; here it is told from its end back to its
beginning. Each clause takes as many events as it says at once: that a process raised an error, what
it was handling, and who had sent that, are three.

OTP: none; on the BEAM one reads logs
"""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Final

from ..errors import BadArg, describe_exception, name_of, safe_repr
from ..task import Task
from ..terms import Down, ExitSignal, Pid
from ..tracing import Event, Trace
from .chart import REST, Chart, Line
from .sequence import READABLE, folded, lines, roles, with_pauses
from .words import called, in_words, printable, reason_in_words

MOST_LINES: Final = 120
"""A chart of a chain shows so many lines, if nobody says otherwise."""

_MOST: Final = 5  # clauses; of a longer chain the first ones and the last are told
_LONGEST: Final = 60  # so many letters of a term


def explain(trace: Trace, who: object) -> Why:
    """Why did this process end? See `otp_mini.tracing.Trace.why`.

    Args:
        who: a pid, or a name: then the last process of that name which has ended.

    Raises:
        BadArg: nobody in the trace has this name, or no such end is in it.
    """
    past = _Past(trace.whole)
    pids = trace.processes(who)
    end = past.last(len(past.events), "exit", pids)
    if end is None:
        called = " and ".join(trace.name(pid) for pid in pids)
        raise BadArg(
            f"why needs a process whose end this trace has recorded; {called} has not ended in it. "
            "Was the trace begun before the end?"
        )
    chain = [end]
    while (cause := _before(past, chain[-1])) is not None:
        chain.append(cause)
    return Why(trace, tuple(reversed(chain)))


class Why:
    """Why a process ended: a chain of events, the first cause first.

    Print it for a sentence. A notebook shows the chart of the trace, with this chain lit.
    """

    def __init__(self, trace: Trace, events: tuple[Event, ...]) -> None:
        self.trace = trace
        self.events = events

    @property
    def pid(self) -> Pid | None:
        """Whose end this is about."""
        return self.events[-1].pid

    def chart(self, most: int | None = MOST_LINES) -> Chart:
        """The chart with the chain lit: numbered and in bold, the rest dimmed.

        Above it stands the sentence, and its text form is the sentence and the chain. Where the trace
        was filtered, what is in it is shown, and the whole chain.

        Args:
            most: if there are more lines than this, only the chain is shown, and of a longer chain its
                beginning and its end. None draws everything.

        Example:
            >>> from otp_mini import Node, Process, spawn, trace
            >>> async def worker():
            ...     await Process.sleep(60)
            >>> async def main():
            ...     with trace() as t:
            ...         Process.exit(spawn(worker), "kill")
            ...     return t.why("worker")
            >>> with Node(clock="virtual") as node:
            ...     print(node.run(main).chart())
            worker was killed by main.
              1     0.000  main -> worker: exit signal 'kill'
              2     0.000  worker ends: 'killed'
        """
        chain = frozenset(event.number for event in self.events)
        shown = chain.union(event.number for event in self.trace)
        found = lines(self.trace.whole.filter(where=lambda event: event.number in shown))
        if len(found) > READABLE:
            found = folded(found, chain)
        return Chart(with_pauses(_without_middle(found, chain, most)), chain, str(self))

    def __str__(self) -> str:
        """The chain as a person would tell it, from the end to the first cause that says something."""
        clauses = list(_Teller(self).clauses())
        beginning = ""
        if len(clauses) > _MOST:
            beginning = f", and so on; {len(clauses) - _MOST + 1} steps before that, {clauses[-1]}"
            clauses = clauses[: _MOST - 1]
        return printable(", because ".join(clauses) + beginning) + "."

    def __repr__(self) -> str:
        return f"<Why {self.trace.name(self.pid)} ended: {len(self.events)} events>"

    def _repr_html_(self) -> str:
        return self.chart()._repr_html_()


# ---- the chain ---------------------------------------------------------------------------------------


class _Past:
    """The events of a trace, found by their kind and by who did them, without going through all of them."""

    def __init__(self, trace: Trace) -> None:
        self.events = trace.events
        self.started: dict[Pid | None, int] = {}  # the last time that a supervisor said it has started this one
        self._numbers: dict[tuple[str, Pid | None], list[int]] = {}
        for event in trace.events:
            self._numbers.setdefault((event.kind, event.pid), []).append(event.number)
            if event.kind == "started":
                self.started[event.other] = event.number
        self._called: dict[str, list[Pid]] = {}
        for pid, name in trace.names.items():
            for each in {name, called(pid, name)}:
                self._called.setdefault(each, []).append(pid)

    def processes(self, server: object) -> list[Pid]:
        """Whom a call was for; nobody, if the trace has not heard of that name."""
        return [server] if isinstance(server, Pid) else self._called.get(name_of(server), [])

    def last(self, before: int, kind: str, pids: Iterable[Pid | None], other: Pid | None = None) -> Event | None:
        """The last event of this kind before a number, that one of these processes did (to ``other``)."""
        found = -1
        for pid in pids:
            numbers = self._numbers.get((kind, pid), [])
            at = bisect_left(numbers, before) - 1
            while at >= 0 and other is not None and self.events[numbers[at]].other is not other:
                at -= 1
            found = max(found, numbers[at] if at >= 0 else -1)
        return self.events[found] if found >= 0 else None


def _before(past: _Past, event: Event) -> Event | None:
    """What led to an event: its cause, or something nearer that the process itself did not see."""
    number = event.number
    cause = None if event.cause is None else past.events[event.cause]
    nearer = None
    match event.kind, event.term:
        case "exit", (_, (str(), str(), [server, *_])) if not _is_exit_signal(cause):
            nearer = past.last(number, "exit", past.processes(server))  # its call failed
        case "start_failed", _:
            begun = past.last(number, "start", (event.pid,))
            spawned = past.last(number, "spawn", (event.pid,))
            if spawned is not None and begun is not None and spawned.number > begun.number:
                nearer = past.last(number, "exit", (spawned.other,))
        case "signal", "kill":
            asked = past.last(number, "signal", (event.pid,), event.other)
            if asked is not None and asked.cause == event.cause and _reason(asked) == "shutdown":
                nearer = asked  # its time is over: before, it was told to stop
        case "spawn", _ if past.started.get(event.other, -1) > number:
            return None  # its start went well; what it does since is not done by who started it
    return nearer or cause


def _is_exit_signal(event: Event | None) -> bool:
    return event is not None and (event.kind == "signal" or isinstance(event.term, ExitSignal))


# ---- the sentence -------------------------------------------------------------------------------------


class _Teller:
    """Tells a chain of events, the end first."""

    def __init__(self, why: Why) -> None:
        self.names = roles(why.trace.whole).names
        self.steps = deque(reversed(why.events))
        self.failed = _failed_starts(why.trace.whole)
        self.told = ""  # a call that the next clause need not name once more

    def clauses(self) -> Iterator[str]:
        """What the events add to the sentence, one after the other."""
        while self.steps:
            clause = self.clause(self.steps.popleft())
            if clause:
                yield clause

    def clause(self, event: Event) -> str:
        """What an event, with those that belong to it, adds; nothing where others say it already."""
        who = self.name(event.pid)
        match event.kind, event.term:
            case "exit" | "stopping", _:
                return self.end(event, who)
            case "give_up" | "restart" | "start_failed", _:
                return self.decision(event, who)
            case "receive", message:
                return f"{who} had received {self.message(message, event.pid)}"
            case "spawn", _ if any(step.kind != "spawn" for step in self.steps) and not self.follows("restart"):
                during = ""
                if self.follows("receive", event.pid):
                    during = " while handling " + self.message(self.steps.popleft().term, event.pid)
                return f"{who} started {self.name(event.other)}{during}"
        return ""

    def end(self, event: Event, who: str) -> str:
        """How a process came to its end, and what the nearest cause was."""
        if event.kind == "exit" and self.follows("stopping", event.pid):
            self.steps.popleft()
        verb = self.verb(event)
        cause = self.steps[0] if self.steps else None
        match cause and (cause.kind, cause.term):
            case "receive", ("system", _, ("terminate", reason)) if event.term is None or _same(event.term, reason):
                self.steps.popleft()
                asked = self.sender(event.pid)
                return f"{who} was stopped by {asked}" + ("" if reason == "normal" else f" with {_short(reason)}")
            case "receive", ExitSignal():
                self.steps.popleft()
                return self.on_signal(event, who, verb)
            case "receive", message:
                self.steps.popleft()
                if _awaited(event.term) is not None and self.follows("down"):
                    self.steps.popleft()
                    return f"{who} {verb}"
                return f"{who} {verb} while handling {self.message(message, event.pid)}"
            case "signal", _:
                return self.on_signal(event, who, verb)
            case "give_up" | "start_failed", _:
                return self.decision(self.steps.popleft(), who) + (" and ended" if event.kind == "exit" else "")
            case "exit", _ if cause is not None and cause.pid is not event.pid:
                return f"{who} {self.in_call(event.term, self.name(cause.pid))}"
        return f"{who} {verb}" + (" while starting" if event.pid in self.failed else "")

    def on_signal(self, event: Event, who: str, verb: str) -> str:
        """An exit signal ended it: from whom, and why from them?"""
        if not self.follows("signal"):
            return f"{who} {verb}"
        signal = self.steps.popleft()
        sender, reason = self.name(signal.pid), _reason(signal)
        expected = event.kind == "stopping" or _same(event.term, "killed" if reason == "kill" else reason)
        if self.follows("exit", signal.pid):
            went = "went down with" if expected else f"{verb} after the end of"
            return f"{who} {went} {sender}, to which it was linked"
        late = ""
        if self.follows("signal", signal.pid):
            waited = signal.time - self.steps.popleft().time
            late = f", as it still ran {waited:g} s after it was told to stop"
        asked = self.request(signal)
        if asked is None and reason != "kill":
            return (
                f"{who} ended with {_short(reason)}, on an exit signal from {sender}"
                if expected
                else (f"{who} {verb} on the exit signal {_short(reason)} from {sender}")
            )
        supervisor = sender if asked is None else f"its supervisor {sender}"
        if not expected:
            return f"{who} {verb} when {supervisor} stopped it{asked or ''}"
        return f"{who} was {'killed' if reason == 'kill' else 'stopped'} by {supervisor}{late}{asked or ''}"

    def request(self, signal: Event) -> str | None:
        """What a supervisor stopped a child for; None if it was no supervisor that sent the signal."""
        cause = self.steps[0] if self.steps and self.steps[0].pid is signal.pid else None
        match cause and (cause.kind, cause.term):
            case "restart", (id, count, allowed, seconds):
                self.steps.popleft()
                self.skip_news()
                return f" for the restart of {name_of(id)} ({count} of {allowed} in {seconds:g} s)"
            case "start_failed", (id, reason):
                self.steps.popleft()
                return f" when {name_of(id)} did not start{self.said(reason)}"
            case "stopping", _:
                return ""
            case "receive", ("$gen_call", _, ("terminate_child", _)):
                self.steps.popleft()
                return f" at the request of {self.sender(signal.pid)}"
        return None

    def decision(self, event: Event, who: str) -> str:
        """What a supervisor decided."""
        match event.kind, event.term:
            case "give_up", (id, count, allowed, seconds):
                self.skip_news()
                return f"{who} gave up on {name_of(id)} (restart {count} in {seconds:g} s, {allowed or 'none'} allowed)"
            case "restart", (id, count, allowed, seconds):
                self.skip_news()
                return f"{who} restarted {name_of(id)} ({count} of {allowed} in {seconds:g} s)"
            case "start_failed", (id, reason):
                return f"{who} could not start {name_of(id)}{self.said(reason)}"
        return ""

    def said(self, reason: object) -> str:
        """Why a start failed, if no process ended in it that could say so."""
        return "" if self.follows("exit") else f" ({_line(reason_in_words(reason))})"

    def skip_news(self) -> None:
        """How a supervisor learned of an end, or reminded itself to try again, tells nothing more."""
        if self.follows("receive"):
            self.steps.popleft()
            if self.follows("signal") or self.follows("send"):
                self.steps.popleft()

    def in_call(self, reason: object, called: str) -> str:
        """It ended because a call of its own failed."""
        match reason:
            case ("noproc", _):
                return f"called {called}, which was gone"
            case (_, (_, "call", [_, request, *_])):
                self.told = f"call {_short(request)}"
                return f"ended in its {self.told} to {called}"
        return f"ended with {called}"

    # Words.

    def follows(self, kind: str, pid: Pid | None = None) -> bool:
        """Is the next event of this kind (and of this process)?"""
        return bool(self.steps) and self.steps[0].kind == kind and (pid is None or self.steps[0].pid is pid)

    def name(self, pid: Pid | None) -> str:
        """What the chart calls a process."""
        return self.names.get(pid, repr(pid))

    def sender(self, receiver: Pid | None) -> str:
        """Who sent the message that was just taken; its sending is told by that."""
        if not self.steps or self.steps[0].kind not in ("send", "timer", "down"):
            return "somebody"
        sent = self.steps.popleft()
        return "itself" if sent.pid is receiver else "a timer" if sent.kind == "timer" else self.name(sent.pid)

    def message(self, message: object, receiver: Pid | None) -> str:
        """A message, and from whom it came."""
        if isinstance(message, Down | ExitSignal):
            what = "DOWN" if isinstance(message, Down) else "exit signal"
            if self.follows("down") or self.follows("signal"):
                return f"the {what} of {self.name(self.steps.popleft().pid)}"
            return f"the {what} of {self.name(message.pid) if isinstance(message.pid, Pid) else name_of(message.pid)}"
        words = in_words(message, _LONGEST)
        known, self.told = self.told == words, ""
        sender = self.sender(receiver)
        return "it" if known else f"{words} from {sender}"

    def verb(self, event: Event) -> str:
        """What became of the process, without a word on why."""
        return "ended" if event.kind == "stopping" else self.reason(event.term)

    def reason(self, reason: object) -> str:
        """An exit reason as a verb."""
        match reason:
            case BaseException():
                return "raised " + _line(describe_exception(reason))
            case "normal":
                return "ended normally"
            case "killed":
                return "was killed"
            case ("bad_return_value", value):
                return f"returned {_short(value)} where a callback's result was expected"
            case ("timeout", _) if (task := _awaited(reason)) is not None:
                return f"had no answer from its task {self.address(task.pid)} in time"
            case _ if (task := _awaited(reason)) is not None:
                return f"lost its task {self.address(task.pid)}"
            case ("timeout", (_, "call", [server, request, seconds])) if isinstance(seconds, int | float):
                called = self.address(server)
                return f"got no answer to its call {_short(request)} to {called} within {seconds:g} s"
            case ("noproc", (_, "call" | "stop", [server, *_])):
                return f"called {self.address(server)}, which was not there"
            case (inner, (_, "call", [server, request, *_])):
                return f"ended in its call {_short(request)} to {self.address(server)}, which {self.reason(inner)}"
        return f"ended with {_short(reason)}"

    def address(self, server: object) -> str:
        """A process by whatever a call named it."""
        return self.name(server) if isinstance(server, Pid) else name_of(server)


def _without_middle(found: list[Line], chain: frozenset[int], most: int | None) -> list[Line]:
    """Of too many lines only the chain, and of a chain that is too long its ends."""
    if most is None or len(found) <= most:
        return found
    lit = [line for line in found if chain.intersection(line.events)]
    if len(lit) <= most:
        return lit
    half = max(most // 2, 1)
    left = lit[half:-half]
    words = f"{len(left):,} steps of the chain are left out here: why.chart(most=None) draws them all"
    return [*lit[:half], Line(left[0].time, REST, "", "", words), *lit[-half:]]


def _failed_starts(trace: Trace) -> set[Pid]:
    """The processes that ended in their start, as far as a supervisor started them."""
    starting: dict[Pid | None, Pid | None] = {}
    failed: set[Pid] = set()
    for event in trace:
        if event.kind == "start":
            starting[event.pid] = None
        elif event.kind == "spawn" and event.pid in starting:
            starting[event.pid] = event.other
        elif event.kind in ("started", "start_failed"):
            child = starting.pop(event.pid, None)
            failed |= {child} if child is not None and event.kind == "start_failed" else set()
    return failed


def _awaited(reason: object) -> Task | None:
    """The task that a process waited for, if that is what its exit reason tells."""
    match reason:
        case (_, ("Task", "await", [Task() as task, *_])):
            return task
    return None


def _reason(signal: Event) -> object:
    return signal.term.reason if isinstance(signal.term, ExitSignal) else signal.term


def _same(one: object, other: object) -> bool:
    """Two reasons that say the same; exceptions are copied on their way."""
    return safe_repr(one) == safe_repr(other)


def _short(term: object) -> str:
    return safe_repr(term, _LONGEST)


def _line(text: str) -> str:
    return " ".join(text.split())

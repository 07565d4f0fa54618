"""What happened: a recorded list of events, with what caused each.

Nothing is recorded until somebody asks (``with trace() as t:``). Two runs of the same program
on a virtual clock give the same trace, to the letter.

OTP: ``:erlang.trace/3``, ``:dbg``
Differs: the events carry their cause, which the BEAM does not know.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from .copying import copy_reason
from .errors import BadArg, name_of, safe_repr
from .terms import Down, Pid, picture, setters

KINDS: Final = (
    "spawn", "exit", "send", "receive", "reply", "signal", "down", "link", "unlink",
    "monitor", "demonitor", "register", "timer",
    # What a supervisor notes: it starts a child (``term`` is the child's id), which is up, or failed
    # to start; it counts a restart (``term``: how many, of how many, in how many seconds); it gives
    # up; it stops its children because it ends; it keeps the specification of a child that ended
    # well; it forgets a child.
    "start", "started", "start_failed", "restart", "give_up", "stopping", "keep", "forget",
    # What a campaign (`otp_mini.campaign`) does to a process.
    "fault",
)  # fmt: skip


@dataclass(frozen=True, slots=True, init=False)
class Event:
    """One thing that happened.

    ``pid`` did it; ``other`` is whom it was done to, if anybody; ``term`` is what was said
    (a message, a reason, a name); ``cause`` is the number of the event that led to it.
    """

    number: int
    time: float
    kind: str
    pid: Pid | None
    other: Pid | None
    term: object
    cause: int | None

    def __init__(
        self, number: int, time: float, kind: str, pid: Pid | None, other: Pid | None, term: object, cause: int | None
    ) -> None:
        _set_number(self, number)  # as in `Down`: a lab makes tens of thousands
        _set_time(self, time)
        _set_kind(self, kind)
        _set_pid(self, pid)
        _set_other(self, other)
        _set_term(self, term)
        _set_cause(self, cause)


_set_number, _set_time, _set_kind, _set_pid, _set_other, _set_term, _set_cause = setters(Event)


class Trace:
    """The events of a run, in order. Print it to read it.

    Example:
        >>> from otp_mini import Node, Process, send, receive, spawn, trace
        >>> async def greeter():
        ...     await receive()
        >>> async def main():
        ...     with trace() as t:
        ...         send(spawn(greeter), "hello")
        ...         await Process.sleep(1)
        ...     print(t)
        >>> with Node(clock="virtual") as node:
        ...     node.run(main)
        0.000  main                spawn    -> greeter<0.2.0>
        0.000  main                send     -> greeter<0.2.0>      'hello'
        0.000  greeter<0.2.0>      receive  <- main                'hello'
        0.000  greeter<0.2.0>      exit                            'normal'
    """

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.names: dict[Pid, str] = {}
        self.whole: Trace = self  # what this is a part of, where it was filtered
        self.listeners: Sequence[Callable[[Event], None]] = ()  # the node's, who hear each event at once
        self._in_flight: dict[Pid, _InFlight] = {}
        self._causes: dict[Pid, int] = {}
        self._deciding: set[Pid] = set()  # supervisors that carry out what they decided

    def record(self, time: float, kind: str, pid: Pid | None, other: Pid | None = None, term: object = None) -> Event:
        """Add an event; the node calls this."""
        cause = self._causes.get(pid) if pid is not None else None
        event = Event(len(self.events), time, kind, pid, other, self.copied(term), cause)
        self._add(event)
        if kind in _ARRIVE and other is not None:
            if (waiting := self._in_flight.get(other)) is None:
                waiting = self._in_flight[other] = _InFlight()
            waiting.sent(term, event.number)
        if kind == "spawn" and other is not None:
            self._causes[other] = event.number
        elif kind in _MOVES and pid is not None:
            self._causes[pid] = event.number
            if kind != "exit":
                self._deciding.add(pid)
        return event

    def copied(self, term: object) -> object:
        """A term as it is now: what the program does to it later is not what was said."""
        return copy_reason(term)

    def caused(self, pid: Pid, number: int) -> None:
        """From here on, what ``pid`` does was caused by event ``number``."""
        self._causes[pid] = number

    def received(self, time: float, pid: Pid, message: object) -> None:
        """``pid`` takes ``message`` out of its mailbox: that causes what it does next.

        But for a supervisor that stops one child after the other: that each of them is down is
        only what it waits for. What it does, it does because of what it decided.
        """
        waiting = self._in_flight.get(pid)
        number = None if waiting is None else waiting.taken(message)
        sender = None if number is None else self.events[number].pid
        event = Event(len(self.events), time, "receive", pid, sender, self.copied(message), number)
        self._add(event)
        if pid in self._deciding and isinstance(message, Down):
            return
        self._deciding.discard(pid)
        self._causes[pid] = event.number

    def _add(self, event: Event) -> None:
        self.events.append(event)
        for listen in self.listeners:
            listen(event)

    def why(self, who: object) -> Why:
        """Why did this process end? The events from the first cause to its end.

        Print the answer for a sentence; a notebook shows the chart with these events lit.

        Args:
            who: a pid, or a name: then the last process of that name which has ended.

        Raises:
            BadArg: nobody here has this name, or no such end is in the trace.

        OTP: none; on the BEAM one reads logs

        Example:
            >>> from otp_mini import Exit, Node, Process, receive, spawn, spawn_link, trace
            >>> async def boss():
            ...     spawn_link(worker)
            ...     await receive()
            >>> async def worker():
            ...     raise Exit("no paper")
            >>> async def main():
            ...     with trace() as t:
            ...         spawn(boss)
            ...         await Process.sleep(1)
            ...     print(t.why("boss"))
            >>> with Node(clock="virtual") as node:
            ...     node.run(main)
            boss went down with worker, to which it was linked, because worker ended with 'no paper'.
        """
        answer: Why = picture(self, why=who)
        return answer

    def filter(
        self,
        *who: object,
        kind: str | tuple[str, ...] | None = None,
        text: str | None = None,
        where: Callable[[Event], bool] | None = None,
    ) -> Trace:
        """A part of the trace: the events that fulfil all of these conditions.

        What it answers is a trace too: print it, draw it, filter it again. Its events keep their
        numbers and causes, and `why` still knows the whole.

        Args:
            who: pids, or names (``"db"``, ``"worker"`` for all that run ``worker``): events that one
                of these processes did, or that were done to it. None given means everybody.
            kind: one of `KINDS`, or several.
            text: is looked for in the line as it is printed.
            where: any further condition on an event.

        Raises:
            BadArg: no process of this trace has the name, or there is no such kind.

        Example:
            >>> from otp_mini import Node, Process, send, receive, spawn, trace
            >>> async def greeter():
            ...     await receive()
            >>> async def main():
            ...     with trace() as t:
            ...         send(spawn(greeter), "hello")
            ...         await Process.sleep(1)
            ...     print(t.filter("greeter", kind=("send", "exit")))
            >>> with Node(clock="virtual") as node:
            ...     node.run(main)
            0.000  main                send     -> greeter<0.2.0>      'hello'
            0.000  greeter<0.2.0>      exit                            'normal'
        """
        kinds = (kind,) if isinstance(kind, str) else kind
        for given in kinds or ():
            if given not in KINDS:
                raise BadArg(f"filter: kind must be one of {', '.join(KINDS)}, got {safe_repr(given)}")
        pids = {pid for each in who for pid in self.processes(each)}
        chosen = Trace()
        chosen.names, chosen.whole = self.names, self.whole
        chosen.events = [
            event
            for event in self.events
            if (not who or event.pid in pids or event.other in pids)
            and (kinds is None or event.kind in kinds)
            and (text is None or text in self.line(event))
            and (where is None or where(event))
        ]
        return chosen

    def processes(self, who: object) -> list[Pid]:
        """The processes that a name stands for, in the order of their start; of a pid, that one.

        A restarted process has a new pid and its old name, so there may be several.

        Raises:
            BadArg: no process of this trace has the name.
        """
        name = "" if isinstance(who, Pid) else name_of(who)
        found = [pid for pid, called in self.names.items() if pid is who or called in (name, name + str(pid)[4:])]
        if not found:
            known = list(dict.fromkeys(self.names.values()))
            some = ", ".join(known[:_SHOWN]) + (f" and {len(known) - _SHOWN} more" if known[_SHOWN:] else "")
            raise BadArg(f"no process of this trace is called {safe_repr(who)}; there are {some or 'none at all'}")
        return found

    def name(self, pid: Pid | None) -> str:
        """What a process is called in this trace."""
        if pid is None:
            return ""
        return self.names.get(pid, repr(pid))

    def line(self, event: Event) -> str:
        """One event as one line of text."""
        arrow = "<-" if event.kind == "receive" else "->"
        towards = f"{arrow} {self.name(event.other)}" if event.other is not None else ""
        said = "" if event.term is None else safe_repr(event.term)
        line = f"{event.time:.3f}  {self.name(event.pid):<18}  {event.kind:<7}  {towards:<21}  {said}"
        return line.rstrip()

    def __iter__(self) -> Iterator[Event]:
        return iter(self.events)

    def __len__(self) -> int:
        return len(self.events)

    def __str__(self) -> str:
        return "\n".join(self.line(event) for event in self.events)

    def __repr__(self) -> str:
        return f"<Trace of {len(self.events)} events>"

    def _repr_html_(self) -> Any:
        return picture(self)._repr_html_()


class _InFlight:
    """The messages that one process was sent and has not taken yet, each with the number of its event.

    They are found by their identity, so that a long mailbox makes no receive slower. As long as a message
    is in here, no other object can have its identity.
    """

    __slots__ = ("first", "more")

    def __init__(self) -> None:
        self.first: dict[int, tuple[object, int]] = {}
        self.more: dict[int, deque[int]] = {}  # where the same object was sent again meanwhile

    def sent(self, message: object, number: int) -> None:
        """It is on its way."""
        if self.first.setdefault(id(message), (message, number))[1] != number:
            self.more.setdefault(id(message), deque()).append(number)

    def taken(self, message: object) -> int | None:
        """The number of the event that sent it; None if it was sent before the trace began."""
        if id(message) not in self.first:
            return None
        _, number = self.first.pop(id(message))
        again = self.more.get(id(message))
        if again:
            self.first[id(message)] = (message, again.popleft())
            if not again:
                del self.more[id(message)]
        return number


class Why(Protocol):
    """Why a process ended: a chain of events, the first cause first. `Trace.why` answers one."""

    trace: Trace
    events: tuple[Event, ...]

    @property
    def pid(self) -> Pid | None:
        """Whose end this is about."""


_SHOWN: Final = 12  # so many names stand in an error message
_ARRIVE: Final = ("send", "down", "signal", "timer")
_MOVES: Final = ("exit", "restart", "give_up", "start_failed", "stopping")
"""What follows was caused by this event, and not by the message that led to it."""

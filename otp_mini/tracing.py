"""What happened: a recorded list of events, with what caused each.

Nothing is recorded until somebody asks (``with trace() as t:``). Two runs of the same program
on a virtual clock give the same trace, to the letter.

OTP: ``:erlang.trace/3``, ``:dbg``
Differs: the events carry their cause, which the BEAM does not know.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from .copying import copy_reason
from .errors import describe_exception, name_of, safe_repr
from .terms import Down, ExitSignal, Pid

KINDS: Final = (
    "spawn", "exit", "send", "receive", "reply", "signal", "down", "link", "unlink",
    "monitor", "demonitor", "register", "timer",
    # What a supervisor notes: it starts a child (``term`` is the child's id), which is up, or failed
    # to start; it counts a restart (``term``: how many, of how many, in how many seconds); it gives
    # up; it stops its children because it ends; it keeps the specification of a child that ended
    # well; it forgets a child.
    "start", "started", "start_failed", "restart", "give_up", "stopping", "keep", "forget",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
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
        self._in_flight: dict[Pid, list[tuple[object, int]]] = {}
        self._causes: dict[Pid, int] = {}
        self._deciding: set[Pid] = set()  # supervisors that carry out what they decided

    def record(self, time: float, kind: str, pid: Pid | None, other: Pid | None = None, term: object = None) -> Event:
        """Add an event; the node calls this."""
        cause = self._causes.get(pid) if pid is not None else None
        event = Event(len(self.events), time, kind, pid, other, copy_reason(term), cause)
        self.events.append(event)
        if kind in _ARRIVE and other is not None:
            self._in_flight.setdefault(other, []).append((term, event.number))
        if kind == "spawn" and other is not None:
            self._causes[other] = event.number
        elif kind in _MOVES and pid is not None:
            self._causes[pid] = event.number
            if kind != "exit":
                self._deciding.add(pid)
        return event

    def caused(self, pid: Pid, number: int) -> None:
        """From here on, what ``pid`` does was caused by event ``number``."""
        self._causes[pid] = number

    def received(self, time: float, pid: Pid, message: object) -> None:
        """``pid`` takes ``message`` out of its mailbox: that causes what it does next.

        But for a supervisor that stops one child after the other: that each of them is down is
        only what it waits for. What it does, it does because of what it decided.
        """
        waiting = self._in_flight.get(pid, [])
        for index, (term, number) in enumerate(waiting):
            if term is message:
                del waiting[index]
                sender = self.events[number].pid
                event = Event(len(self.events), time, "receive", pid, sender, copy_reason(message), number)
                break
        else:
            event = Event(len(self.events), time, "receive", pid, None, copy_reason(message), None)
        self.events.append(event)
        if pid in self._deciding and isinstance(message, Down):
            return
        self._deciding.discard(pid)
        self._causes[pid] = event.number

    def why(self, pid: Pid) -> Why:
        """Why did this process end? The events from the first cause to its end.

        Args:
            pid: of a process whose end, and what led to it, this trace has recorded.

        Raises:
            ValueError: its end is not in the trace.

        OTP: none; on the BEAM one reads logs
        """
        end = next((event for event in self.events if event.kind == "exit" and event.pid is pid), None)
        if end is None:
            raise ValueError(
                f"why needs a process whose end this trace has recorded; {self.name(pid)} has not ended in it. "
                "Was the trace begun before the end, and was it filtered?"
            )
        by_number = {event.number: event for event in self.events}
        chain = [end]
        while (cause := by_number.get(-1 if chain[-1].cause is None else chain[-1].cause)) is not None:
            chain.append(cause)
        return Why(self, tuple(reversed(chain)))

    def filter(
        self,
        *pids: Pid,
        kind: str | tuple[str, ...] | None = None,
        text: str | None = None,
        where: Callable[[Event], bool] | None = None,
    ) -> Trace:
        """The events in which one of ``pids`` takes part, of these kinds, with this text.

        Args:
            pids: none means all of them.
            kind: one of `KINDS`, or several.
            text: is looked for in the line as it is printed.
            where: any further condition on an event.
        """
        kinds = (kind,) if isinstance(kind, str) else kind
        chosen = Trace()
        chosen.names = self.names
        chosen.events = [
            event
            for event in self.events
            if (not pids or event.pid in pids or event.other in pids)
            and (kinds is None or event.kind in kinds)
            and (text is None or text in self.line(event))
            and (where is None or where(event))
        ]
        return chosen

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


class Why:
    """Why a process ended: a chain of events, the first cause first.

    Print it for the sentence. `Chart` draws the whole trace with this chain lit.

    Example:
        >>> from otp_mini import Exit, Node, Process, receive, spawn, spawn_link, trace
        >>> async def boss():
        ...     spawn_link(worker)
        ...     await receive()
        >>> async def worker():
        ...     raise Exit("no paper")
        >>> async def main():
        ...     with trace() as t:
        ...         pid = spawn(boss)
        ...         await Process.sleep(1)
        ...     print(t.why(pid))
        >>> with Node(clock="virtual") as node:
        ...     node.run(main)
        boss<0.2.0> ended with 'no paper', because worker<0.3.0> ended with 'no paper'.
    """

    def __init__(self, trace: Trace, events: tuple[Event, ...]) -> None:
        self.trace = trace
        self.events = events

    @property
    def pid(self) -> Pid | None:
        """Whose end this is about."""
        return self.events[-1].pid

    def __str__(self) -> str:
        """One sentence, from the end back to the first cause that says something."""
        clauses: list[str] = []
        for event in reversed(self.events):
            clause = self._clause(event)
            if clause and clause not in clauses[-1:]:
                clauses.append(clause)
        return ", because ".join(clauses) + "."

    def __repr__(self) -> str:
        return f"<Why {self.trace.name(self.pid)} ended: {len(self.events)} events>"

    def _clause(self, event: Event) -> str:
        """What an event adds to the sentence; nothing where the ones around it say it already."""
        who, other = self.trace.name(event.pid), self.trace.name(event.other)
        match event.kind, event.term:
            case "exit", BaseException() as error:
                return f"{who} raised {describe_exception(error)}"
            case "exit", reason:
                return f"{who} ended with {safe_repr(reason)}"
            case "signal", ExitSignal(_, reason) | reason:
                return "" if self._is_dead(event) else f"{who} sent {other} the exit signal {safe_repr(reason)}"
            case "restart", (id, count, allowed, seconds):
                return f"{who} had to restart {name_of(id)} (restart {count} of {allowed} in {seconds:g} s)"
            case "give_up", (id, count, allowed, seconds):
                return f"{who} gave up on {name_of(id)}: restart {count} in {seconds:g} s, and {allowed} are allowed"
            case "stopping", _:
                return f"{who} stops its children"
            case "receive", Down() | ExitSignal():
                return ""
            case "receive", message:
                return f"{who} took {said(message)}"
            case "send" | "timer", _:
                return f"{who or 'a timer'} sent it"
        return ""

    def _is_dead(self, signal: Event) -> bool:
        """Did the signal come over a link, from the end of a process?"""
        cause = signal.cause
        return any(event.number == cause and event.kind == "exit" for event in self.events)


def said(message: object) -> str:
    """A message as its sender wrote it: what behaviours wrap around it is taken off."""
    match message:
        case ("$gen_call", _, request):
            return f"call {safe_repr(request)}"
        case ("$gen_cast", request):
            return f"cast {safe_repr(request)}"
        case ("system", _, request):
            return f"system {safe_repr(request)}"
    return safe_repr(message)


_ARRIVE: Final = ("send", "down", "signal", "timer")
_MOVES: Final = ("exit", "restart", "give_up", "stopping")
"""What follows was caused by this event, and not by the message that led to it."""

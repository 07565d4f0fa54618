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
from .errors import safe_repr
from .terms import Pid

KINDS: Final = (
    "spawn", "exit", "send", "receive", "reply", "signal", "down", "link", "unlink",
    "monitor", "demonitor", "register", "timer",
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

    def record(self, time: float, kind: str, pid: Pid | None, other: Pid | None = None, term: object = None) -> Event:
        """Add an event; the node calls this."""
        cause = self._causes.get(pid) if pid is not None else None
        event = Event(len(self.events), time, kind, pid, other, copy_reason(term), cause)
        self.events.append(event)
        if kind in _ARRIVE and other is not None:
            self._in_flight.setdefault(other, []).append((term, event.number))
        if kind == "spawn" and other is not None:
            self._causes[other] = event.number
        return event

    def caused(self, pid: Pid, number: int) -> None:
        """From here on, what ``pid`` does was caused by event ``number``."""
        self._causes[pid] = number

    def received(self, time: float, pid: Pid, message: object) -> None:
        """``pid`` takes ``message`` out of its mailbox: that causes what it does next."""
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
        self._causes[pid] = event.number

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


_ARRIVE: Final = ("send", "down", "signal", "timer")

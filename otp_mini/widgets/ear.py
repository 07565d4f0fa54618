"""Hear what happens on a node, event by event, and keep none of it.

Those who listen hear every event once: of a `otp_mini.trace` that somebody has begun, or else of
an `Ear`, which is there only while somebody listens.

OTP: a tracer process of ``:erlang.trace/3``
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from ..node import Node
from ..terms import Pid
from ..tracing import KINDS, Event, Trace
from ..viz.event_line import event_line
from ..viz.process_data import describe, everybody, names_of

MOST_EVENTS: Final = 12
"""So many events of an account are told."""

Listener = Callable[[Event], None]
"""Must look at an event at once: what is said in it belongs to the program, and may change."""


class Ear(Trace):
    """Stands where a trace would stand, and tells the listeners."""

    def __init__(self, listeners: Sequence[Listener]) -> None:
        super().__init__()
        self.listeners = listeners

    def record(self, time: float, kind: str, pid: Pid | None, other: Pid | None = None, term: object = None) -> Event:
        """Tell of an event."""
        event = Event(0, time, kind, pid, other, term, None)
        for listen in self.listeners:
            listen(event)
        return event

    def received(self, time: float, pid: Pid, message: object) -> None:
        """Tell of a message that is taken."""
        self.record(time, "receive", pid, None, message)

    def caused(self, pid: Pid, number: int) -> None:
        """An ear knows no causes."""


def listen(node: Node, listener: Listener) -> None:
    """Tell a listener of every event from here on."""
    node.listeners.append(listener)
    hear_or_not(node)


def unlisten(node: Node, listener: Listener) -> None:
    """Tell it no more."""
    if listener in node.listeners:
        node.listeners.remove(listener)
    hear_or_not(node)


def hear_or_not(node: Node) -> None:
    """Put an ear on the node while anybody listens, and take it off afterwards.

    Call it again after a `otp_mini.trace` has ended: that may have taken the ear away.
    """
    if node.listeners and node.tracer is None:
        node.tracer = Ear(node.listeners)
    elif isinstance(node.tracer, Ear) and not node.listeners:
        node.tracer = None


class Account:
    """What happened in a while, a line for each event; of many the first ones.

    Args:
        kinds: those events that are told.
    """

    def __init__(self, node: Node, kinds: Collection[str]) -> None:
        self.kinds = kinds
        self.names = names_of(everybody(node, None))  # of those who will have ended, too
        self._lines: list[str] = []
        self._more = 0

    def name(self, pid: Pid) -> str:
        """What a process is called, or was."""
        if pid not in self.names:
            self.names[pid] = describe(pid)
        return self.names[pid]

    def hear(self, event: Event) -> None:
        """An event happens."""
        if event.kind not in self.kinds:
            return
        if len(self._lines) < MOST_EVENTS:
            self._lines.append(event_line(event, self.name))
        else:
            self._more += 1

    @property
    def lines(self) -> list[str]:
        """What was told, and how much was not."""
        return [*self._lines, f"and {self._more:,} more"] if self._more else self._lines


@contextmanager
def account(node: Node, kinds: Collection[str] = KINDS) -> Iterator[Account]:
    """Have an account of what happens in the block."""
    told = Account(node, kinds)
    listen(node, told.hear)
    try:
        yield told
    finally:
        unlisten(node, told.hear)

"""What is due when, the earliest first.

A timer does one of two things when its time has come: it ends the wait of a parked process (the
time-out of a call, the end of a sleep), or it sends a message to a pid or a name (``send_after``; with
``send_interval`` again and again).

Most timers are the time-outs of calls and never fire: the reply comes, and the timer is dropped.
Two structures share the work, so that setting and dropping stay cheap:

* ``armed``, a dict from the timer's number to what it will do. A timer that is not in there has
  fired or was dropped.
* a heap of ``(deadline, number)``, which knows the earliest. Nothing is taken out of its middle: an
  entry whose number is no longer armed is *stale*. Stale entries go when they come to the top; if
  they are more than half of the heap, all of them go at once.

Two timers with the same deadline fire in the order in which they were set: their numbers grow.

The clock is the node's. Here nobody knows what time it is.

OTP: the timer wheel of the BEAM
"""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from typing import Any, Final

from .process import ControlBlock
from .terms import Pid

Armed = tuple[float, object, Any]
"""The deadline; who is meant (a control block, a pid or a name); the message, if one is sent."""

PATIENCE: Final = 1_000_000
"""How many timers may fire while the foreground waits without an end."""

SMALL: Final = 64
"""A heap of so few entries is not worth cleaning."""


class Timers:
    """The timers of one node, by their numbers.

    Example:
        >>> timers = Timers()
        >>> late, early = timers.set(2.0, "clock", "tock"), timers.set(1.0, "clock", "tick")
        >>> timers.earliest(), timers.pop()
        (1.0, ('clock', 'tick', False))
        >>> timers.drop(late)
        >>> timers.earliest(), len(timers)
        (None, 0)
    """

    __slots__ = ("armed", "heap", "count", "looked_at", "patience", "intervals", "many")

    def __init__(self) -> None:
        self.armed: dict[int, Armed] = {}
        self.heap: list[tuple[float, int]] = []
        self.count = 0  # how many were ever set: the number of the last one
        self.looked_at: float | None = None  # the node's: when it last did what was due
        self.patience = PATIENCE  # the node's: how many may still fire while nobody gets what he waits for
        self.many = SMALL  # of more, those whose target is dead are looked for
        self.intervals: dict[int, float] = {}  # of the timers that fire again and again: after how many seconds

    def __len__(self) -> int:
        return len(self.armed)

    def set(self, deadline: float, target: object, message: Any = None, every: float | None = None) -> int:
        """Answer the number of a new timer; one with ``every`` fires again after so many seconds."""
        number = self.count = self.count + 1
        if every is not None:
            self.intervals[number] = every
        heappush(self.heap, (deadline, number))
        self.armed[number] = (deadline, target, message)
        return number

    def bury(self) -> None:
        """Forget the timers of the dead, where there are four times as many timers as were left the last time.

        One that is far from due would stay until then: at the top of the heap is an earlier one that lives.

        OTP: the timers of a process end with it
        """
        if len(self.armed) <= self.many:
            return
        for number in [number for number, timer in self.armed.items() if _is_dead(timer[1])]:
            self.drop(number)
        self.many = max(SMALL, 4 * len(self.armed))

    def drop(self, number: int) -> None:
        """Forget a timer, if it has not fired."""
        self.armed.pop(number, None)
        if self.intervals:
            self.intervals.pop(number, None)
        heap = self.heap
        if heap and heap[-1][1] == number:
            heap.pop()  # the last leaf of a heap may go without repairing it: most calls end like this
        elif len(heap) > SMALL and len(heap) > 2 * len(self.armed):
            heap[:] = [entry for entry in heap if entry[1] in self.armed]
            heapify(heap)

    def deadline(self, number: int) -> float | None:
        """When the timer fires; None if it has fired, was dropped, or its target is dead."""
        timer = self.armed.get(number)
        return None if timer is None or _is_dead(timer[1]) else timer[0]

    def earliest(self) -> float | None:
        """When the next timer fires whose target lives; None without one."""
        heap = self.heap
        while heap:
            deadline, number = heap[0]
            timer = self.armed.get(number)
            if timer is not None and not _is_dead(timer[1]):
                return deadline
            heappop(heap)
            self.armed.pop(number, None)
            self.intervals.pop(number, None)
        return None

    def pop(self) -> tuple[object, Any, bool]:
        """Take out the timer that `earliest` found: its target, its message, and whether it will fire again.

        One that does is set anew, counted from when it was due and not from now: it does not drift.
        """
        deadline, number = heappop(self.heap)
        _, target, message = self.armed.pop(number)
        every = self.intervals.get(number) if self.intervals else None
        if every is not None:
            self.armed[number] = (deadline + every, target, message)
            heappush(self.heap, (deadline + every, number))
        return target, message, every is not None

    def clear(self) -> None:
        """Forget all timers; their numbers are not given again."""
        self.armed.clear()
        self.intervals.clear()
        self.heap.clear()


def _is_dead(target: object) -> bool:
    """Has a timer's target ended? A name is never dead: somebody may take it until then."""
    if isinstance(target, Pid):
        return target.block is None
    return isinstance(target, ControlBlock) and not target.alive

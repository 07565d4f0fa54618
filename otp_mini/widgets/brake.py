"""The brake of a node: stop everybody, give single turns, run in slow motion.

Whoever pauses a node closes its gate (``node.gate``): then neither cells nor the asyncio loop run
it, and only the brake gives turns. While somebody has to wait for his turn, no time passes on the
node, be its clock virtual or real: nobody is late because somebody looked.

What happens is decided by `Brake.step` and `Brake.tick` alone; real time only says when a tick comes.

OTP: ``:erlang.suspend_process/1`` for a whole node; single turns have no counterpart there
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from typing import Any, Final, Literal, NamedTuple

from ..clock import RealClock, VirtualClock
from ..errors import Deadlock
from ..host import STUCK_AFTER, Pause, running_loop
from ..node import Node
from ..reports import logger
from ..terms import Pid
from .ear import account

Mode = Literal["running", "slow", "paused"]

MOST_TURNS: Final = 50_000
"""So many turns are given in one go; then whoever asked is served, and the rest comes later."""


class Turn(NamedTuple):
    """Who had a turn, what he is called, and what happened in it."""

    pid: Pid
    who: str
    lines: list[str]


class Rest(NamedTuple):
    """How a node came to rest: after so many seconds of its time, and whether it did at all."""

    seconds: float
    done: bool


class Brake:
    """The brake of one node: all who look at the node share it. See `of`."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.mode: Mode = "running"
        self.rate = 0.0  # turns in a second of real time, in slow motion
        self.watchers: list[Callable[[Turn | None], None]] = []  # told after each tick of the turn, if one was given
        self._timer: Any = None
        self._waiting = 0  # cells at the gate
        self._told = False

    @classmethod
    def of(cls, node: Node) -> Brake:
        """The brake of this node."""
        brake: Brake = node.tables.setdefault("brake", cls(node))
        return brake

    # ---- who may run ------------------------------------------------------------------------

    def pause(self) -> None:
        """Nobody has a turn from here on, but by `step`."""
        self._hold("paused", 0.0)

    def slow(self, rate: float) -> None:
        """Give so many turns in a second. Needs an asyncio loop, or somebody who calls `tick`."""
        self._hold("slow", rate)

    def run(self) -> None:
        """Let go: cells and the loop run the node again, at full speed."""
        self._stop_timer()
        self.mode, self.rate, self.node.gate = "running", 0.0, None
        self._time_goes(True)
        self.node.host.notify()

    def _hold(self, mode: Mode, rate: float) -> None:
        self._stop_timer()
        if self.mode == "running":
            self._told = False
        self.mode, self.rate, self.node.gate = mode, rate, self._gate
        self._time_goes(False)
        self.node.host.notify()
        if rate:
            self._set_timer()

    async def _gate(self, pause: Pause) -> None:
        """A cell would run the node: it waits until somebody lets it go on, or gives a turn.

        Raises:
            Deadlock: nobody could, while the cell waits.
        """
        if not self._may_go_on():
            raise Deadlock(
                "this node is paused, and nobody can let it go on while this waits. Press Run in its "
                "observer first, and then do this again."
            )
        if self.mode == "paused" and not self._told:
            self._told = True
            logger.warning(
                "this cell waits, because an observer has paused the node: press Run or Step there. "
                "Or interrupt the cell (Ctrl-C, or the stop button)."
            )
        self._waiting += 1
        try:
            await pause(STUCK_AFTER)  # and look again whether there is anybody left
        finally:
            self._waiting -= 1

    def _may_go_on(self) -> bool:
        """Could anybody give a turn while a cell waits: the timer, or a click?"""
        if self._timer is not None:
            return True
        return sys.platform != "emscripten" and self.node.host.asyncio_is_busy()

    # ---- turns ------------------------------------------------------------------------------

    def step(self) -> Turn | None:
        """Give one process one turn; answers None if nobody is ready."""
        with account(self.node) as told:
            pid = self.node.step()
        self.node.host.notify()  # a cell at the gate looks whether it has what it waits for
        return None if pid is None else Turn(pid, told.name(pid), told.lines)

    def tick(self) -> Turn | None:
        """What slow motion does each time: give one turn, or let time pass where everybody is idle.

        Virtual time passes only while a cell waits, as it does at full speed.
        """
        node = self.node
        self._time_goes(False)
        left = node.next_timer()
        if node.ready or left == 0.0:
            return self.step()
        self._time_goes(True)
        if self._waiting and not node.host.expects_news():
            node.pass_time()
        return None

    def settle(self) -> bool:
        """Run until nobody is ready, for a while at most; answers whether it came to that."""
        return self._settle(iter(range(MOST_TURNS)))

    def _settle(self, turns: Iterator[int]) -> bool:
        quiet = False
        for _ in turns:
            quiet = self.node.step() is None and not self.node.ready
            if quiet:
                break
        self.node.host.notify()  # a cell looks whether it has what it waits for; the loop sees to the rest
        return quiet

    def pass_time(self, seconds: float) -> Rest:
        """Let virtual time pass: all of it, with what happens in it; at the brake up to the next timer.

        It ends early where more happens than can be waited for, and does not begin at the brake while
        somebody waits for his turn.
        """
        node, clock = self.node, self.node.clock
        assert isinstance(clock, VirtualClock)
        began, turns = clock.now(), iter(range(MOST_TURNS))
        goal = began + seconds
        while (self._settle(turns) if self.mode == "running" else not node.ready) and next(turns, None) is not None:
            left = node.next_timer()
            if left is None or clock.now() + left > goal:
                clock.move_to(goal)
                break
            clock.move_to(clock.now() + left)
            if self.mode != "running":
                break
        return Rest(clock.now() - began, clock.now() == goal)

    # ---- time -------------------------------------------------------------------------------

    def _time_goes(self, goes: bool) -> None:
        """Stop a real clock, or let it go on; a virtual one never runs by itself."""
        clock = self.node.clock
        if isinstance(clock, StoppableClock):
            clock.go() if goes else clock.stop()
        elif not (goes or isinstance(clock, VirtualClock)):
            self.node.clock = StoppableClock()
            self.node.clock.stop()

    def _set_timer(self) -> None:
        loop = running_loop()
        if loop is not None:
            self._timer = loop.call_later(1 / self.rate, self._ticked)

    def _ticked(self) -> None:
        self._set_timer()
        turn = self.tick()
        for watch in list(self.watchers):
            watch(turn)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class StoppableClock(RealClock):
    """The world's time without the time for which it was stopped.

    Example:
        >>> clock = StoppableClock()
        >>> clock.stop()
        >>> clock.now() == clock.now()
        True
    """

    def __init__(self) -> None:
        self._behind = 0.0
        self._stopped: float | None = None

    def now(self) -> float:
        """Seconds; the same ones as those of a `RealClock`, until it is stopped first."""
        return (time.monotonic() if self._stopped is None else self._stopped) - self._behind

    def stop(self) -> None:
        """From here on it stands still."""
        if self._stopped is None:
            self._stopped = time.monotonic()

    def go(self) -> None:
        """It goes on from where it stands."""
        if self._stopped is not None:
            self._behind += time.monotonic() - self._stopped
            self._stopped = None

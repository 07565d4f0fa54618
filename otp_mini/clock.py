"""Two clocks: the world's, and one that moves only when it is told to.

OTP: ``erlang:monotonic_time/0``; a virtual clock has no counterpart there.
"""

from __future__ import annotations

import time
from typing import Literal

ClockName = Literal["real", "virtual"]


class RealClock:
    """The world's time, monotonic; what its zero is means nothing."""

    virtual = False
    now = staticmethod(time.monotonic)


class VirtualClock:
    """Stands still until the node moves it: an hour passes in the time of its events.

    Example:
        >>> clock = VirtualClock()
        >>> clock.move_to(3600.0)
        >>> clock.now()
        3600.0
    """

    virtual = True

    def __init__(self) -> None:
        self._now = 0.0

    def now(self) -> float:
        """Seconds, from 0."""
        return self._now

    def move_to(self, instant: float) -> None:
        """Set the time; it never goes back."""
        self._now = max(self._now, instant)

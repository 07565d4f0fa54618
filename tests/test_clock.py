"""Two clocks: the world's, and one that stands still until it is moved."""

from __future__ import annotations

import time

from hypothesis import given, settings
from hypothesis import strategies as st

from otp_mini.clock import RealClock, VirtualClock

LAW = settings(derandomize=True, deadline=None, database=None)  # the same examples in every run


def test_the_real_clock_is_monotonic_time() -> None:
    before = time.monotonic()
    now = RealClock().now()
    assert before <= now <= time.monotonic()
    assert RealClock.virtual is False


def test_a_virtual_clock_starts_at_0_and_stands_still() -> None:
    clock = VirtualClock()
    assert clock.virtual is True
    assert [clock.now(), clock.now()] == [0.0, 0.0]


@LAW
@given(st.lists(st.floats(0, 1e9)))
def test_a_virtual_clock_never_goes_back(instants: list[float]) -> None:
    clock = VirtualClock()
    seen = []
    for instant in instants:
        clock.move_to(instant)
        seen.append(clock.now())
    assert seen == sorted(seen)
    assert clock.now() == max([0.0, *instants])

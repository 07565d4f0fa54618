"""Does one piece of work cost more where there is more of it?

A test of growth does the work of `n` pieces and that of `8 * n`, and holds the cost of *one* piece
here against the cost of one there. Where a piece goes through all the others, the ratio is near 8; where it
does not, it is near 1. Which machine runs the test, and what else it does, is the same for both.

    def test_an_owner_of_many_keys_dies() -> None:
        async def work(n: int, cost: Cost) -> None:
            owner = ...                      # prepare: this is not measured
            with cost:
                Process.exit(owner, "kill")  # n pieces

        assert growth(work, 200) < FLAT

`Cost` takes the processor's time, which also sees what is done inside of C (a list that is searched,
a dict full of gaps). `Steps` counts lines of Python: the same number in every run, but blind for C.
"""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Awaitable, Callable
from types import FrameType
from typing import Any

from otp_mini import Node

FLAT = 2.0
"""Below this ratio a piece costs the same: room for caches and for the logarithm of a sorted order."""
TIMES = 8
ROUNDS = 6


class Cost:
    """Measures what is inside its `with` blocks: seconds of the processor, for this thread alone."""

    def __init__(self) -> None:
        self.amount = 0.0

    def read(self) -> float:
        return time.thread_time()

    def __enter__(self) -> None:
        gc.collect()
        gc.disable()  # a collection looks at everything there is: at n and at 8 n that is not the same
        self.amount -= self.read()

    def __exit__(self, *failure: object) -> None:
        self.amount += self.read()
        gc.enable()


class Steps(Cost):
    """Measures the lines of Python that are run."""

    def __init__(self) -> None:
        super().__init__()
        self.lines = 0

    def read(self) -> float:
        return self.lines

    def __enter__(self) -> None:
        super().__enter__()
        self.outer = sys.gettrace()
        sys.settrace(self.step)

    def __exit__(self, *failure: object) -> None:
        sys.settrace(self.outer)
        super().__exit__(*failure)

    def step(self, frame: FrameType, event: str, argument: object) -> Any:
        self.lines += event == "line"
        return self.step


Work = Callable[[int, Cost], Awaitable[object]]


def measured(work: Work, n: int, cost: Cost) -> float:
    """Return what the work of `n` pieces costs, on a fresh node."""

    async def main() -> None:  # holds `cost` itself: an argument of a process is a copy
        await work(n, cost)

    Node(clock="virtual").run(main)
    assert cost.amount > 0, "nothing was measured: the work belongs into `with cost:`"
    return cost.amount


def growth(work: Work, n: int, measure: type[Cost] = Cost) -> float:
    """Return how many times as much one piece costs at `8 * n` as at `n`.

    `work` runs as the first process of a fresh node with virtual time. Processor time is taken in rounds,
    small and large in turn, and the least of each counts: what disturbs a round can only add to it.
    Steps are the same in each round, so that one is enough.
    """
    least = {n: float("inf"), TIMES * n: float("inf")}
    for _ in range(1 if measure is Steps else ROUNDS):
        for size in least:
            least[size] = min(least[size], measured(work, size, measure()) / size)
        if least[TIMES * n] < FLAT * least[n]:
            break
    return least[TIMES * n] / least[n]

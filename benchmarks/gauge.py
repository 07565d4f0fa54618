"""What the workloads share: a clock, the memory of this process, and how both are read."""

from __future__ import annotations

import gc
import os
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

# Processor time: what else the machine does in the meantime is not counted. On Windows it moves in steps
# of a 64th of a second, too coarse for this.
now = time.perf_counter if sys.platform == "win32" else time.process_time

# The same on every side, on_beam.exs included.
RESTARTS = 20  # of one child in a row, then the next supervisor has its turn: no list of restarts grows long
STREAM = 10_000  # items in a stream
RING = 1_000  # processes in the ring

_STATM = Path("/proc/self/statm")


class Skipped(Exception):
    """There is nothing to measure here; the text says why."""


def resident_bytes() -> int:
    """Say how much memory the operating system gives to this process: stacks of threads and all."""
    gc.collect()
    if not _STATM.exists():
        raise Skipped("memory is read from /proc, which this system does not have")
    return int(_STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


async def timed(work: Callable[[int], Awaitable[object]], count: int) -> float:
    """Say how many seconds the work of so many pieces takes, when a tenth as many have warmed it up."""
    await work(count // 10)
    began = now()
    await work(count)
    return now() - began


async def grown(start: Callable[[], Awaitable[object]], count: int) -> float:
    """Say by how many bytes this process grows for each thing that is started and then waits."""
    held: list[object] = [None] * count  # asyncio drops a task that nobody refers to
    before = resident_bytes()
    for index in range(count):
        held[index] = await start()
    return (resident_bytes() - before) / count

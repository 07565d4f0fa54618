"""The two gauges that every workload reads: a clock, and the memory of this process."""

from __future__ import annotations

import gc
import os
import sys
import time
from pathlib import Path

# Processor time: what else the machine does in the meantime is not counted. On Windows it moves in steps
# of a 64th of a second, too coarse for this.
now = time.perf_counter if sys.platform == "win32" else time.process_time

_STATM = Path("/proc/self/statm")


class Skipped(Exception):
    """There is nothing to measure here; the text says why."""


def resident_bytes() -> int:
    """Say how much memory the operating system gives to this process: stacks of threads and all."""
    gc.collect()
    if not _STATM.exists():
        raise Skipped("memory is read from /proc, which this system does not have")
    return int(_STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

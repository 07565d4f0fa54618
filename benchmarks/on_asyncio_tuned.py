"""The workloads on `asyncio_tuned`: the same as on `asyncio_server`, where that makes a difference."""

from __future__ import annotations

import on_asyncio
from asyncio_tuned import TunedServer
from gauge import Skipped

SAME = {"spawns", "tasks", "stream"}  # bare tasks, without a server


def measure(workload: str, count: int) -> float:
    if workload in SAME:
        raise Skipped("it is the same as on asyncio")
    return on_asyncio.measure(workload, count, TunedServer)

"""The workloads on `asyncio_tuned`."""

from __future__ import annotations

import on_asyncio
from asyncio_tuned import TunedServer


class Counter(on_asyncio.Counter, TunedServer):
    """The same counter, on the other server."""


def measure(workload: str, count: int) -> float:
    return on_asyncio.measure(workload, count, Counter)

"""The workloads on pykka: an actor is a thread. It has no monitors and no supervisors."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pykka
from gauge import Skipped, grown, timed

Work = Callable[[int], Awaitable[object]]


class Counter(pykka.ThreadingActor):
    def __init__(self, first: int) -> None:
        super().__init__()
        self.count = first

    def on_receive(self, message: Any) -> int:
        self.count += 1
        return self.count


def calls() -> Work:
    counter = Counter.start(0)

    async def work(count: int) -> None:
        for _ in range(count):
            counter.ask("next", timeout=5.0)

    return work


def casts() -> Work:
    counter = Counter.start(0)

    async def work(count: int) -> None:
        for _ in range(count):
            counter.tell("next")
        counter.ask("next", timeout=60.0)

    return work


def starts() -> Work:
    async def work(count: int) -> None:
        for _ in range(count):
            Counter.start(0).stop()

    return work


async def idle(count: int, called: bool) -> float:
    Counter.start(0).ask("next", timeout=5.0)

    async def start() -> Any:
        server = Counter.start(0)
        if called:
            server.ask("next", timeout=5.0)
        return server

    return await grown(start, count)


WORKS: dict[str, Callable[[], Work]] = {"calls": calls, "casts": casts, "starts": starts}


async def _measure(workload: str, count: int) -> float:
    if workload.startswith("idle"):
        return await idle(count, workload == "idle_called")
    if workload not in WORKS:
        raise Skipped("it has actors, and nothing else")
    return await timed(WORKS[workload](), count)


def measure(workload: str, count: int) -> float:
    try:
        return asyncio.run(_measure(workload, count))  # for its two gauges; the actors know nothing of it
    finally:
        pykka.ActorRegistry.stop_all()

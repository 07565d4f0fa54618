"""The workloads on `asyncio_server`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from asyncio_server import Down, Server, Supervisor
from gauge import Skipped, now, resident_bytes


class Counter(Server):
    async def init(self, argument: int) -> None:
        self.count = argument

    async def handle_call(self, request: object) -> int:
        self.count += 1
        return self.count

    async def handle_cast(self, request: object) -> None:
        if request != "next":
            raise RuntimeError(request)
        self.count += 1


async def calls(kind: type[Counter], count: int) -> float:
    counter = await kind.start(0)
    for _ in range(count // 10):
        await counter.call("next")
    began = now()
    for _ in range(count):
        await counter.call("next")
    return now() - began


async def reads(kind: type[Counter], count: int) -> float:
    raise Skipped("it has no tables")


async def casts(kind: type[Counter], count: int) -> float:
    counter = await kind.start(0)
    for _ in range(count // 10):
        counter.cast("next")
    await counter.call("next")
    began = now()
    for _ in range(count):
        counter.cast("next")
    await counter.call("next")
    return now() - began


async def starts(kind: type[Counter], count: int) -> float:
    for _ in range(count // 10):
        await (await kind.start(0)).stop()
    began = now()
    for _ in range(count):
        await (await kind.start(0)).stop()
    return now() - began


async def restarts(kind: type[Counter], count: int) -> float:
    names: dict[str, Counter] = {}
    supervisor = await Supervisor.start(([("counter", kind, 0)], names, 2 * count, 0.001))
    for _ in range(count // 10):
        await fail_and_come_back(names)
    began = now()
    for _ in range(count):
        await fail_and_come_back(names)
    took = now() - began
    await supervisor.stop()
    return took


async def fail_and_come_back(names: dict[str, Counter]) -> None:
    names["counter"].cast("fail")
    while True:
        try:
            await names["counter"].call("next")
            return
        except Down:
            await asyncio.sleep(0)


async def idle(kind: type[Counter], count: int) -> float:
    return await grown(kind, count, called=False)


async def idle_called(kind: type[Counter], count: int) -> float:
    return await grown(kind, count, called=True)


async def grown(kind: type[Counter], count: int, called: bool) -> float:
    first = await kind.start(0)  # held: asyncio drops a task that nobody refers to
    await first.call("next")
    servers: list[Counter | None] = [None] * count
    before = resident_bytes()
    for index in range(count):
        servers[index] = server = await kind.start(0)
        if called:
            await server.call("next")
    return (resident_bytes() - before) / count


def measure(workload: str, count: int, kind: type[Counter] = Counter) -> float:
    work: Callable[[Any, int], Awaitable[float]] = globals()[workload]

    async def main() -> float:
        return await work(kind, count)

    return asyncio.run(main())

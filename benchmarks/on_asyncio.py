"""The workloads on `asyncio_server`: each prepares, and returns the work, which does so many pieces."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from itertools import pairwise
from typing import Any

from asyncio_server import Server, Supervisor
from gauge import RESTARTS, RING, STREAM, Skipped, grown, timed

Work = Callable[[int], Awaitable[object]]
Kind = type[Server]

LACKS = {
    "children": "it has no dynamic supervisor",
    "registry_lookups": "it has no registry",
    "via_whereis": "it has no registry",
    "via_calls": "it has no registry",
    "ets_lookups": "it has no tables",
    "ets_inserts": "it has no tables",
}


class Counter(Server):
    async def init(self, argument: int) -> None:
        self.count = argument

    async def handle_call(self, request: object) -> int:
        self.count += 1
        return self.count

    async def handle_cast(self, request: object) -> None:
        self.count += 1


class Telling(Server):
    """Tells that it is there, and ends when it is told to fail."""

    async def init(self, argument: asyncio.Queue[Server]) -> None:
        argument.put_nowait(self)

    async def handle_cast(self, request: object) -> None:
        raise RuntimeError(request)


def on(kind: Kind, role: Kind) -> Any:
    """A server in a role, on one of the two kinds of server."""
    return type(role.__name__, (role, kind), {}) if kind is not Server else role


async def calls(kind: Kind, count: int) -> Work:
    counter = await on(kind, Counter).start(0)

    async def work(count: int) -> None:
        for _ in range(count):
            await counter.call("next")

    return work


async def casts(kind: Kind, count: int) -> Work:
    counter = await on(kind, Counter).start(0)

    async def work(count: int) -> None:
        for _ in range(count):
            counter.cast("next")
        await counter.call("next")

    return work


async def nothing() -> None:
    pass


async def spawns(kind: Kind, count: int) -> Work:
    async def work(count: int) -> None:
        for _ in range(count):
            await asyncio.create_task(nothing())

    return work


async def starts(kind: Kind, count: int) -> Work:
    counter = on(kind, Counter)

    async def work(count: int) -> None:
        for _ in range(count):
            await (await counter.start(0)).stop()

    return work


async def restarts(kind: Kind, count: int) -> Work:
    ups: asyncio.Queue[Server] = asyncio.Queue()
    telling = on(kind, Telling)
    supervisors = [  # held: asyncio drops a task that nobody refers to
        await Supervisor.start(([("counter", telling, ups)], {}, 1000, 5.0)) for _ in range(2 * count // RESTARTS + 2)
    ]
    counters = [ups.get_nowait() for _ in supervisors]

    async def work(count: int) -> None:
        for _ in range(max(1, count // RESTARTS)):
            counter = counters.pop()
            for _ in range(RESTARTS):
                counter.cast("fail")
                counter = await ups.get()
        assert supervisors

    return work


async def one() -> int:
    return 1


async def tasks(kind: Kind, count: int) -> Work:
    async def work(count: int) -> None:
        for _ in range(count):
            task = asyncio.create_task(one())
            async with asyncio.timeout(5.0):
                await task

    return work


async def same(item: int) -> int:
    return item


async def stream(kind: Kind, count: int) -> Work:
    async def work(count: int) -> None:
        for _ in range(max(1, count // STREAM)):
            window: deque[asyncio.Task[int]] = deque()
            for item in range(min(count, STREAM)):
                if len(window) == 8:
                    async with asyncio.timeout(5.0):
                        await window.popleft()
                window.append(asyncio.create_task(same(item)))
            for task in window:
                async with asyncio.timeout(5.0):
                    await task

    return work


async def pass_on(mine: Any, next_one: Any) -> None:
    """One of the ring: hands on what comes."""
    while True:
        next_one.put_nowait(await mine.get())


async def ring(kind: Kind, count: int) -> Work:
    mailboxes = [kind().mailbox for _ in range(RING)]
    tasks = [asyncio.create_task(pass_on(mine, next_one)) for mine, next_one in pairwise(mailboxes)]

    async def work(count: int) -> None:
        for number in range(max(1, count // RING)):
            mailboxes[0].put_nowait(number)
            await mailboxes[-1].get()
        assert tasks

    return work


async def idle(kind: Kind, count: int, called: bool) -> float:
    counter = on(kind, Counter)
    first = await counter.start(0)
    await first.call("next")

    async def start() -> Server:
        server = await counter.start(0)
        if called:
            await server.call("next")
        return server

    return await grown(start, count)


def measure(workload: str, count: int, kind: Kind = Server) -> float:
    if workload in LACKS:
        raise Skipped(LACKS[workload])

    async def main() -> float:
        if workload.startswith("idle"):
            return await idle(kind, count, workload == "idle_called")
        return await timed(await globals()[workload](kind, count), count)

    return asyncio.run(main())

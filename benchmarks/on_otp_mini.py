"""The workloads on otp_mini: each prepares, and returns the work, which does so many pieces."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any

from gauge import RESTARTS, RING, STREAM, grown, timed

from otp_mini import (
    Down,
    DynamicSupervisor,
    From,
    GenServer,
    NoReply,
    Ok,
    Pid,
    Registry,
    Reply,
    Stop,
    Supervisor,
    Task,
    Via,
    ets,
    receive,
    run,
    self_,
    send,
    spawn,
    spawn_monitor,
)  # fmt: skip

Work = Callable[[int], Awaitable[object]]


class Counter(GenServer):
    def init(self, first: int) -> Ok:
        return Ok(first)

    def handle_call(self, request: object, from_: From, state: int) -> Reply:
        return Reply(state + 1, state + 1)

    def handle_cast(self, request: object, state: int) -> NoReply:
        return NoReply(state + 1)


async def started() -> Pid:
    pid = await Counter.start(0)
    assert pid is not None
    return pid


async def calls(count: int) -> Work:
    counter = await started()

    async def work(count: int) -> None:
        for _ in range(count):
            await GenServer.call(counter, "next")

    return work


async def casts(count: int) -> Work:
    counter = await started()

    async def work(count: int) -> None:
        for _ in range(count):
            GenServer.cast(counter, "next")
        await GenServer.call(counter, "next")

    return work


def nothing() -> None:
    pass


async def spawns(count: int) -> Work:
    async def work(count: int) -> None:
        for _ in range(count):
            spawn_monitor(nothing)
            await receive(Down)

    return work


async def starts(count: int) -> Work:
    async def work(count: int) -> None:
        for _ in range(count):
            await GenServer.stop(await started())

    return work


class Telling(GenServer):
    """Tells that it is there, and ends without a report when it is told to fail."""

    @classmethod
    async def start_link(cls, argument: Any = None, **options: Any) -> Pid | None:
        return await super().start_link(argument)

    def init(self, boss: Pid) -> Ok:
        send(boss, ("up", self_()))
        return Ok(boss)

    def handle_cast(self, request: object, boss: Pid) -> Stop:
        return Stop(("shutdown", "fail"), boss)


async def restarts(count: int) -> Work:
    counters = []
    for _ in range(2 * count // RESTARTS + 2):
        await Supervisor.start_link([(Telling, self_())], strategy="one_for_one", max_restarts=1000)
        counters.append((await receive())[1])

    async def work(count: int) -> None:
        for _ in range(max(1, count // RESTARTS)):
            counter = counters.pop()
            for _ in range(RESTARTS):
                GenServer.cast(counter, "fail")
                _, counter = await receive()

    return work


async def children(count: int) -> Work:
    supervisor = await DynamicSupervisor.start_link()
    assert supervisor is not None

    async def work(count: int) -> None:
        for _ in range(count):
            await DynamicSupervisor.start_child(supervisor, (Counter, 0))

    return work


async def registered() -> Via:
    await Registry.start_link(keys="unique", name="registry")
    name = Via("registry", "counter")
    await Counter.start_link(0, name=name)
    return name


async def registry_lookups(count: int) -> Work:
    await registered()

    async def work(count: int) -> None:
        for _ in range(count):
            Registry.lookup("registry", "counter")

    return work


async def via_whereis(count: int) -> Work:
    name = await registered()

    async def work(count: int) -> None:
        for _ in range(count):
            GenServer.whereis(name)

    return work


async def via_calls(count: int) -> Work:
    name = await registered()

    async def work(count: int) -> None:
        for _ in range(count):
            await GenServer.call(name, "next")

    return work


async def ets_lookups(count: int) -> Work:
    table = ets.new("counters")
    ets.insert(table, ("counter", 1))

    async def work(count: int) -> None:
        for _ in range(count):
            ets.lookup(table, "counter")

    return work


async def ets_inserts(count: int) -> Work:
    table = ets.new("counters")

    async def work(count: int) -> None:
        for number in range(count):
            ets.insert(table, (number % 1000, number))

    return work


def one() -> int:
    return 1


async def tasks(count: int) -> Work:
    async def work(count: int) -> None:
        for _ in range(count):
            await Task.await_(Task.async_(one))

    return work


def same(item: int) -> int:
    return item


async def stream(count: int) -> Work:
    async def work(count: int) -> None:
        for _ in range(max(1, count // STREAM)):
            async for _ in Task.async_stream(range(min(count, STREAM)), same, max_concurrency=8, timeout=5.0):
                pass

    return work


async def pass_on(first: Pid) -> None:
    """One of the ring: gets its neighbour, then hands on what comes."""
    neighbour = await receive()
    while True:
        send(neighbour, await receive())


async def ring(count: int) -> Work:
    boss = self_()
    pids = [spawn(pass_on, boss) for _ in range(RING - 1)]
    for pid, neighbour in zip(pids, [*pids[1:], boss], strict=True):
        send(pid, neighbour)

    async def work(count: int) -> None:
        for number in range(max(1, count // RING)):
            send(pids[0], number)
            await receive()

    return work


async def idle(count: int, called: bool) -> float:
    await GenServer.call(await started(), "next")

    async def start() -> Pid:
        server = await started()
        if called:
            await GenServer.call(server, "next")
        return server

    return await grown(start, count)


def measure(workload: str, count: int) -> float:
    logging.disable()

    async def main() -> float:
        if workload.startswith("idle"):
            return await idle(count, workload == "idle_called")
        return await timed(await globals()[workload](count), count)

    return float(run(main))

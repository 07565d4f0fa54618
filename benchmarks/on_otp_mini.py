"""The workloads on otp_mini."""

from __future__ import annotations

from typing import Any

from gauge import now, resident_bytes

from otp_mini import Exit, From, GenServer, NoReply, Ok, Pid, Process, Reply, Stop, Supervisor, ets, run

FAIL = ("shutdown", "fail")  # restarted, without a report


class Counter(GenServer):
    def init(self, first: int) -> Ok:
        return Ok(first)

    def handle_call(self, request: object, from_: From, state: int) -> Reply:
        return Reply(state + 1, state + 1)

    def handle_cast(self, request: object, state: int) -> NoReply | Stop:
        return NoReply(state + 1) if request == "next" else Stop(FAIL, state)


async def started() -> Pid:
    pid = await Counter.start(0)
    assert pid is not None
    return pid


async def calls(count: int) -> float:
    counter = await started()
    for _ in range(count // 10):
        await GenServer.call(counter, "next")
    began = now()
    for _ in range(count):
        await GenServer.call(counter, "next")
    return now() - began


async def reads(count: int) -> float:
    table = ets.new("counters")
    ets.insert(table, ("counter", 1))
    for _ in range(count // 10):
        ets.lookup(table, "counter")
    began = now()
    for _ in range(count):
        ets.lookup(table, "counter")
    return now() - began


async def casts(count: int) -> float:
    counter = await started()
    for _ in range(count // 10):
        GenServer.cast(counter, "next")
    await GenServer.call(counter, "next")
    began = now()
    for _ in range(count):
        GenServer.cast(counter, "next")
    await GenServer.call(counter, "next")
    return now() - began


async def starts(count: int) -> float:
    for _ in range(count // 10):
        await GenServer.stop(await started())
    began = now()
    for _ in range(count):
        await GenServer.stop(await started())
    return now() - began


async def restarts(count: int) -> float:
    await Supervisor.start_link([(Named, 0)], strategy="one_for_one", max_restarts=2 * count, max_seconds=0.001)
    for _ in range(count // 10):
        await fail_and_come_back()
    began = now()
    for _ in range(count):
        await fail_and_come_back()
    return now() - began


class Named(Counter):
    @classmethod
    async def start_link(cls, argument: Any = None, **options: Any) -> Pid | None:
        return await super().start_link(argument, name="counter")


async def fail_and_come_back() -> None:
    GenServer.cast("counter", "fail")
    while True:
        try:
            await GenServer.call("counter", "next")
            return
        except Exit:
            await Process.sleep(0)


async def idle(count: int) -> float:
    return await grown(count, called=False)


async def idle_called(count: int) -> float:
    return await grown(count, called=True)


async def grown(count: int, called: bool) -> float:
    await GenServer.call(await started(), "next")
    servers: list[Pid | None] = [None] * count
    before = resident_bytes()
    for index in range(count):
        servers[index] = server = await started()
        if called:
            await GenServer.call(server, "next")
    return (resident_bytes() - before) / count


def measure(workload: str, count: int) -> float:
    return float(run(globals()[workload], count))

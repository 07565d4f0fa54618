"""What one piece costs where there is much of it already: 10 processes, or links, or rows, up to a million.

Each kind prepares, and returns two functions. `grow(first, last)` adds what is counted, from so many to so many;
`work(pieces)` does so many pieces and leaves as much as it found. The law is what the cost of a piece may do:
stay flat, or grow with the logarithm.
"""

from __future__ import annotations

import gc
import random
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any

from gauge import now
from on_otp_mini import Counter, nothing, started

from otp_mini import (
    Down,
    DynamicSupervisor,
    GenServer,
    Node,
    Pid,
    Process,
    Registry,
    ets,
    receive,
    self_,
    send,
    spawn,
    spawn_monitor,
)  # fmt: skip

Grow = Callable[[int, int], Awaitable[None]]
Work = Callable[[int], Awaitable[None]]
Prepare = Callable[[], Awaitable[tuple[Grow, Work]]]

BATCHES, PIECES = 5, 400  # the quickest of so many batches counts: what disturbs one can only add to it
FAR = 1e6  # seconds


@dataclass(frozen=True)
class Kind:
    """One plot."""

    name: str
    what: str  # there is much of
    piece: str
    law: str  # "flat" or "log n"
    most: int  # so many of it are as many as some seconds allow
    prepare: Prepare


KINDS: dict[str, Kind] = {}


def kind(what: str, piece: str, law: str = "flat", most: int = 1_000_000) -> Callable[[Prepare], Prepare]:
    """Name a way to grow."""

    def note(prepare: Prepare) -> Prepare:
        name = prepare.__name__
        KINDS[name] = Kind(name, what, piece, law, most, prepare)
        return prepare

    return note


async def wait() -> None:
    while True:
        await receive(Down)


@kind("processes that wait", "one is spawned, ends, and its Down comes")
async def processes() -> tuple[Grow, Work]:
    async def grow(first: int, last: int) -> None:
        for _ in range(first, last):
            spawn(wait)
        await Process.sleep(0)

    async def work(pieces: int) -> None:
        for _ in range(pieces):
            spawn_monitor(nothing)
            await receive(Down)

    return grow, work


@kind("servers that wait", "one more is started and stopped", most=100_000)
async def servers() -> tuple[Grow, Work]:
    async def grow(first: int, last: int) -> None:
        for _ in range(first, last):
            await started()

    async def work(pieces: int) -> None:
        for _ in range(pieces):
            await GenServer.stop(await started())

    return grow, work


@kind("messages in a mailbox", "one comes in, and the oldest is taken out")
async def mailbox() -> tuple[Grow, Work]:
    async def grow(first: int, last: int) -> None:
        for number in range(first, last):
            send(self_(), number)

    async def work(pieces: int) -> None:
        for number in range(pieces):
            send(self_(), number)
            await receive()

    return grow, work


@kind("messages in the mailbox of a caller", "a call and its answer")
async def mailbox_of_a_caller() -> tuple[Grow, Work]:
    counter = await started()
    grow, _ = await mailbox()

    async def work(pieces: int) -> None:
        for _ in range(pieces):
            await GenServer.call(counter, "next")

    return grow, work


@kind("links of one process", "one more is made and taken off")
async def links() -> tuple[Grow, Work]:
    other = spawn(wait)

    async def grow(first: int, last: int) -> None:
        for _ in range(first, last):
            Process.link(spawn(wait))
        await Process.sleep(0)

    async def work(pieces: int) -> None:
        for _ in range(pieces):
            Process.link(other)
            Process.unlink(other)

    return grow, work


@kind("monitors on one process", "one more is made and taken off")
async def monitors() -> tuple[Grow, Work]:
    other = spawn(wait)

    async def grow(first: int, last: int) -> None:
        for _ in range(first, last):
            Process.monitor(other)

    async def work(pieces: int) -> None:
        for _ in range(pieces):
            Process.demonitor(Process.monitor(other))

    return grow, work


@kind("timers", "one more is set and cancelled", law="log n")
async def timers() -> tuple[Grow, Work]:
    order = random.Random(1)

    async def grow(first: int, last: int) -> None:
        for _ in range(first, last):
            Process.send_after(self_(), "late", FAR * (1 + order.random()))

    async def work(pieces: int) -> None:
        for _ in range(pieces):
            Process.cancel_timer(Process.send_after(self_(), "late", FAR * (1 + order.random())))

    return grow, work


@kind("timers that wait", "one more is set, and fires", law="log n")
async def timers_that_fire() -> tuple[Grow, Work]:
    grow, _ = await timers()

    async def work(pieces: int) -> None:
        for _ in range(pieces):
            Process.send_after(self_(), "now", 0.001)
        for _ in range(pieces):
            await receive()

    return grow, work


@kind("names of processes", "one more is registered, found and given up")
async def names() -> tuple[Grow, Work]:
    async def grow(first: int, last: int) -> None:
        for number in range(first, last):
            Process.register(spawn(wait), ("name", number))
        await Process.sleep(0)

    async def work(pieces: int) -> None:
        for number in range(pieces):
            Process.register(self_(), ("mine", number))
            Process.whereis(("mine", number))
            Process.unregister(("mine", number))

    return grow, work


@kind("keys of a registry", "one more is registered, looked up and given up")
async def keys() -> tuple[Grow, Work]:
    await Registry.start_link(keys="unique", name="registry")

    async def grow(first: int, last: int) -> None:
        for number in range(first, last):
            Registry.register("registry", number, number)

    async def work(pieces: int) -> None:
        for number in range(pieces):
            Registry.register("registry", ("mine", number))
            Registry.lookup("registry", ("mine", number))
            Registry.unregister("registry", ("mine", number))

    return grow, work


def rows(type: str, law: str) -> None:
    """Add a kind for a type of table."""

    async def prepare() -> tuple[Grow, Work]:
        table, fresh = ets.new("table", type=type), random_keys()

        async def grow(first: int, last: int) -> None:
            for number, _ in zip(range(first, last), range(last - first), strict=True):
                ets.insert(table, (next(fresh), number))

        async def work(pieces: int) -> None:
            for _ in range(pieces):
                key = next(fresh)
                ets.insert(table, (key, 0))
                ets.lookup(table, key)
                ets.delete(table, key)

        return grow, work

    prepare.__name__ = type
    kind(f"rows of a table, {type}", "one more is put in at random, looked up and deleted", law)(prepare)


def random_keys() -> Iterator[int]:
    """Whole numbers in an order that looks like chance, none of them twice."""
    return (number * 0x9E3779B97F4A7C15 % 2**64 for number in count(1))


for type, law in {"set": "flat", "ordered_set": "log n", "bag": "flat", "duplicate_bag": "flat"}.items():
    rows(type, law)


@kind("children of a DynamicSupervisor", "one more is started and terminated", most=100_000)
async def children() -> tuple[Grow, Work]:
    supervisor: Any = await DynamicSupervisor.start_link()

    async def start() -> Pid:
        pid = await DynamicSupervisor.start_child(supervisor, (Counter, 0))
        assert pid is not None
        return pid

    async def grow(first: int, last: int) -> None:
        for _ in range(first, last):
            await start()

    async def work(pieces: int) -> None:
        for _ in range(pieces):
            await DynamicSupervisor.terminate_child(supervisor, await start())

    return grow, work


def measure(name: str, most: int) -> dict[str, float]:
    """Say how many seconds a piece takes where there are 10, 100 and so on, in one and the same process."""

    async def main() -> dict[str, float]:
        figures, there = {}, 0
        grow, work = await KINDS[name].prepare()
        for size in sizes(min(most, KINDS[name].most)):
            await grow(there, size)
            there = size
            figures[str(size)] = await least(work)
        return figures

    found: dict[str, float] = Node(clock="virtual").run(main)
    return found


def sizes(most: int) -> list[int]:
    return [10**power for power in range(1, 7) if 10**power <= most]


async def least(work: Work) -> float:
    """Say what a piece takes, of the quickest batch; what was there before is garbage for no collector meanwhile."""
    gc.collect()
    gc.freeze()
    best = float("inf")
    for _ in range(BATCHES):
        began = now()
        await work(PIECES)
        best = min(best, now() - began)
    return best / PIECES

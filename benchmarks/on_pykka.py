"""The workloads on pykka: an actor is a thread. It has no monitors and no supervisors."""

from __future__ import annotations

from typing import Any

import pykka
from gauge import Skipped, now, resident_bytes


class Counter(pykka.ThreadingActor):
    def __init__(self, first: int) -> None:
        super().__init__()
        self.count = first

    def on_receive(self, message: Any) -> int:
        self.count += 1
        return self.count


def calls(count: int) -> float:
    counter = Counter.start(0)
    for _ in range(count // 10):
        counter.ask("next", timeout=5.0)
    began = now()
    for _ in range(count):
        counter.ask("next", timeout=5.0)
    return now() - began


def casts(count: int) -> float:
    counter = Counter.start(0)
    for _ in range(count // 10):
        counter.tell("next")
    counter.ask("next", timeout=5.0)
    began = now()
    for _ in range(count):
        counter.tell("next")
    counter.ask("next", timeout=60.0)
    return now() - began


def starts(count: int) -> float:
    for _ in range(count // 10):
        Counter.start(0).stop()
    began = now()
    for _ in range(count):
        Counter.start(0).stop()
    return now() - began


def reads(count: int) -> float:
    raise Skipped("it has no tables")


def restarts(count: int) -> float:
    raise Skipped("it has no supervisors")


def idle(count: int) -> float:
    return grown(count, called=False)


def idle_called(count: int) -> float:
    return grown(count, called=True)


def grown(count: int, called: bool) -> float:
    Counter.start(0).ask("next", timeout=5.0)
    servers: list[Any] = [None] * count
    before = resident_bytes()
    for index in range(count):
        servers[index] = server = Counter.start(0)
        if called:
            server.ask("next", timeout=5.0)
    return (resident_bytes() - before) / count


def measure(workload: str, count: int) -> float:
    try:
        return float(globals()[workload](count))
    finally:
        pykka.ActorRegistry.stop_all()

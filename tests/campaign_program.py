"""A campaign with faults of every kind, and its report: the same on every Python, and in the page.

It stands in a module of its own, which needs nothing but otp_mini: `test_page_python.py` runs it in a page's Python.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from otp_mini import (
    Below,
    ChildSpec,
    Crash,
    FailingStart,
    Flood,
    GenServer,
    Hang,
    Kill,
    NoReply,
    Ok,
    Process,
    Reply,
    SlowStart,
    Storm,
    Supervisor,
    Unreachable,
    campaign,
)
from otp_mini.score import Campaign


class Server(GenServer):
    """Remembers what it is given; says how long an answer takes."""

    def init(self, argument: Any) -> Any:
        return Ok([])

    async def handle_call(self, request: Any, from_: Any, state: list[Any]) -> Any:
        match request:
            case ("wait", seconds):
                await Process.sleep(seconds)
                return Reply("done", state)
            case "all":
                return Reply(state, state)
        return Reply("ok", [*state, request])

    def handle_cast(self, request: Any, state: Any) -> Any:
        return NoReply([*state, request])

    def handle_info(self, message: Any, state: Any) -> Any:
        return NoReply(state)


def server(name: str, **spec: Any) -> ChildSpec:
    return ChildSpec(name, (start_server, [name]), **spec)


async def start_server(name: str) -> Any:
    return await Server.start_link(None, name=name)


def shop(strategy: Any = "one_for_one", *names: str, **options: Any) -> Callable[[], Awaitable[Any]]:
    """A tree of one supervisor with these servers below it."""

    async def start_shop() -> Any:
        children = [server(name) for name in names or ("cache", "gateway")]
        return await Supervisor.start_link(children, strategy=strategy, **options)

    return start_shop


async def all_orders() -> Any:
    return await GenServer.call("cache", "all")


ALL_KINDS = [
    Crash("cache", every=60.0), Kill("gateway", every=70.0), Hang("cache", every=180.0), SlowStart("cache", every=90.0),
    FailingStart("gateway", every=400.0), Unreachable("gateway", every=290.0), Flood("cache", every=90.0),
    Storm(Kill(Below()), times=3, every=300.0),
]  # fmt: skip


async def buy() -> None:
    await GenServer.call("gateway", ("wait", 0.25))
    await GenServer.call("cache", "order")


def everything(seed: int = 1) -> Campaign:
    return campaign(shop(), ALL_KINDS, buy, seed, hours=0.2, state=all_orders)


PINNED = """\
start_shop: 12 virtual minutes, seed 1, 46 faults, 719 requests
  availability        73.57 %  529 of 719 answered rightly
  state lost              528  of what state told
  blast radius            0.8  processes started anew for a fault, at most 4
  time to recover      24.5 s  8 faults noticed by users, the longest 61.9 s
  gave up                   2  supervisors; 2 processes ended with them
  went down                 2  times, the whole system
                                                struck  wrong  anew  lost
  Crash('cache', every=60.0)                  10 of 12      0    10   273
  Kill('gateway', every=70.0)                  9 of 10     64    12     0
  Hang('cache', every=180.0)                    3 of 3     33     0     0
  SlowStart('cache', every=90.0)                7 of 8      0     7   217
  FailingStart('gateway', every=400.0)          1 of 1     63     2    17
  Unreachable('gateway', every=290.0)           1 of 2     30     0     0
  Flood('cache', every=90.0)                    6 of 8      0     0     0
  Storm(Kill(Below()), every=300.0, times=3)    1 of 2      0     1    21
the worst: at 0:03:21.465 FailingStart('gateway', every=400.0) struck gateway: 63 requests not
  answered rightly, recovered after 60.8 s, 2 started anew, 17 lost, the root gave up on gateway and
  took 1 along, the whole system went down
its first user asked at 0:03:19.000 and its call to cache exited: 'shutdown'
"""

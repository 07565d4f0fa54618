"""The races that the schedule lab's tests play, and their cures: those of the chapters on agents and on tables."""

from __future__ import annotations

from typing import Any

from otp_mini import Agent, ChildSpec, Process, Supervisor, ets, receive, self_, send, spawn


async def get_then_update(counter: Any, boss: Any) -> None:
    n = await Agent.get(counter, lambda n: n)
    await Agent.update(counter, lambda _: n + 1)
    send(boss, "done")


async def update_at_once(counter: Any, boss: Any) -> None:
    await Agent.get_and_update(counter, lambda n: (n, n + 1))
    send(boss, "done")


async def two_clients(client: Any) -> int:
    counter = await Agent.start_link(lambda: 0, name="counter")
    for _ in range(2):
        spawn(client, counter, self_())
    for _ in range(2):
        await receive()
    total: int = await Agent.get(counter, lambda n: n)
    return total


async def counter_race() -> int:
    return await two_clients(get_then_update)


async def counter_cured() -> int:
    return await two_clients(update_at_once)


async def look_then_insert(pages: Any, boss: Any) -> None:
    n = ets.lookup(pages, "home")[0][1]
    ets.insert(pages, ("home", n + 1))
    send(boss, "done")


async def count_at_once(pages: Any, boss: Any) -> None:
    ets.update_counter(pages, "home", 1)
    send(boss, "done")


async def two_visitors(visitor: Any) -> int:
    pages = ets.new("pages", access="public")
    ets.insert(pages, ("home", 0))
    for _ in range(2):
        spawn(visitor, pages, self_())
    for _ in range(2):
        await receive()
    total: int = ets.lookup(pages, "home")[0][1]
    return total


async def cache_race() -> int:
    return await two_visitors(look_then_insert)


async def cache_cured() -> int:
    return await two_visitors(count_at_once)


async def a_kill() -> list[str]:
    async def worker(boss: Any) -> None:
        send(boss, "one")
        await Process.sleep(0)
        send(boss, "two")

    async def killer(pid: Any) -> None:
        Process.exit(pid, "kill")

    pid = spawn(worker, self_())
    spawn(killer, pid)
    Process.monitor(pid)
    got: list[str] = []
    while "Down" not in got:
        message = await receive()
        got.append(message if isinstance(message, str) else "Down")
    return got


async def a_supervisor_starts() -> str:
    children = [ChildSpec(id=name, start=(Agent.start_link, (dict,))) for name in ("one", "two")]
    supervisor = await Supervisor.start_link(children, strategy="one_for_one")

    async def killer() -> None:
        Process.exit(supervisor, "kill")

    spawn(killer)
    await Process.sleep(0)
    return "started"


def is_two(total: Any) -> bool:
    return bool(total == 2)


IF_TIME_WAITS = "if time moves only when nobody can go on (see time_ahead)."
"""How the headline ends where a call could have run into its time-out, and did not."""

LEVELS = [
    ("Break the counter", counter_race, is_two, "lost update"),
    ("Break the cache", cache_race, is_two, "lost view"),
    ("Now break the cured one", counter_cured, is_two),
]


VISITORS = """from otp_mini import Process, ets, schedule_lab, spawn
async def visitor(pages):
    n = ets.lookup(pages, "home")[0][1]
    ets.insert(pages, ("home", n + 1))
async def race():
    pages = ets.new("pages", access="public")
    ets.insert(pages, ("home", 0))
    spawn(visitor, pages)
    spawn(visitor, pages)
    await Process.sleep(1)
    return ets.lookup(pages, "home")[0][1]"""
"""Two visitors of a page, as a cell has them: one may be lost."""

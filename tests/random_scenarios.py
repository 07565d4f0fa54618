"""Random scenarios of a few processes and a few operations: what `explore` is tested against itself with.

The reduced search must have the outcomes of the plain one, which leaves no schedule out. By hand, for
more than the tests do: ``python tests/random_scenarios.py FIRST COUNT MOST``.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from typing import Any
from unittest import mock

from otp_mini import Agent, BadArg, Exit, Pid, Process, Ref, Registry, ets, receive, self_, send, spawn
from otp_mini.explore import _quiet, _Search
from otp_mini.registry import AlreadyRegistered

THEMES = [
    "send send receive no_wait pick",
    "send receive wait_a_second sleep timer cancel",
    "whereis register kill alive exit",
    "lookup insert kill",
    "monitor demonitor kill exit no_wait trap",
    "link unlink kill exit trap alive no_wait",
    "enter find kill",
    "get update cast kill",
    "ask kill receive",
]
"""The operations of one scenario are taken from one line, so that they meet."""


class World:
    """What the processes of one run know."""

    def __init__(self) -> None:
        self.logs: dict[int, list[Any]] = {}
        self.pids: list[Pid] = []
        self.agent: Any = None


def scenario(seed: int) -> Callable[[], Any]:
    """A scenario of two or three processes, and of three to six operations."""
    draw = random.Random(seed)
    theme = THEMES[seed % len(THEMES)].split()
    many = draw.choice([2, 2, 3])
    programs: list[list[tuple[str, int]]] = [[] for _ in range(many)]
    for _ in range(draw.randint(3, 6 if many == 2 else 5)):
        programs[draw.randrange(many)].append((draw.choice(theme), draw.randrange(many)))
    world = World()

    async def main() -> Any:
        world.__init__()  # type: ignore[misc]
        ets.new("t", named=True, access="public")
        ets.insert("t", ("k", -1))
        if "enter" in theme:
            await Registry.start_link(keys="unique", name="book")
        if "get" in theme:
            world.agent = await Agent.start(lambda: "")
        world.pids = [spawn_one(world, me, program) for me, program in enumerate(programs)]
        await Process.sleep(100)
        logs = [tuple(world.logs.get(me, ())) for me in range(many)]
        alive = [Process.alive(pid) for pid in world.pids]
        kept = await Agent.get(world.agent, lambda state: state) if "get" in theme else ""
        return repr((logs, ets.lookup("t", "k"), alive, kept))

    return main


def spawn_one(world: World, me: int, program: list[tuple[str, int]]) -> Pid:
    """In a plain function: main spawns all of them in one step."""

    async def life() -> None:
        await run_program(world, me, program)

    return spawn(life)


async def run_program(world: World, me: int, program: list[tuple[str, int]]) -> None:
    log: list[Any] = world.logs.setdefault(me, [])
    held: dict[str, Any] = {}
    for number, (operation, other) in enumerate(program):
        said = await perform(world, operation, world.pids[other], me * 10 + number, held)
        log.append(said if isinstance(said, (int, str, bool)) else type(said).__name__)


async def perform(world: World, operation: str, other: Pid, word: int, held: dict[str, Any]) -> Any:
    try:
        match operation:
            case "send":
                return send(other, word)
            case "receive":
                return await receive()
            case "no_wait":
                return await receive(timeout=0)
            case "wait_a_second":
                return await receive(timeout=1)
            case "pick":
                return await receive(lambda message: message == 0 or not isinstance(message, int))
            case "get":
                return await Agent.get(world.agent, lambda state: state)
            case "update":
                return await Agent.update(world.agent, lambda state: f"{state} {word}")
            case "cast":
                return Agent.cast(world.agent, lambda state: f"{state} {word}")
            case "lookup":
                return ets.lookup("t", "k")[0][1]
            case "insert":
                return ets.insert("t", ("k", word))
            case "whereis":
                return Process.whereis("name") is not None
            case "register":
                return Process.register(self_(), "name")
            case "enter":
                return isinstance(Registry.register("book", "key"), Pid)
            case "find":
                return len(Registry.lookup("book", "key"))
        return await to_another(operation, other, word, held)
    except (BadArg, AlreadyRegistered) as error:
        return type(error).__name__
    except Exit as exit:
        return str(exit.reason[0] if isinstance(exit.reason, tuple) else exit.reason)


async def to_another(operation: str, other: Pid, word: int, held: dict[str, Any]) -> Any:
    match operation:
        case "kill":
            return Process.exit(other, "kill")
        case "exit":
            return Process.exit(other, "bang")
        case "monitor":
            held["monitor"] = Process.monitor(other)
        case "demonitor":
            return Process.demonitor(held.get("monitor", Ref(0)), flush=True, info=True)
        case "link":
            return Process.link(other)
        case "unlink":
            return Process.unlink(other)
        case "trap":
            return Process.flag(trap_exit=True)
        case "alive":
            return Process.alive(other)
        case "timer":
            held["timer"] = Process.send_after(other, word, 1.0)
        case "cancel":
            return False if "timer" not in held else bool(Process.cancel_timer(held["timer"]))
        case "sleep":
            await Process.sleep(1.0)
        case "ask":
            return await Agent.get(other, lambda state: state, 3.0)
    return "ok"


def searched(scene: Callable[[], Any], most: int, *, plain: bool) -> tuple[bool, set[str], int]:
    """Was every schedule tried; the outcomes; and how many runs led to them."""
    search = _Search(scene, most, None)
    with _quiet(), mock.patch("otp_mini.explore._asleep", lambda place, footprint: {}) if plain else mock.MagicMock():
        whole = search.all_schedules()
    return whole, set(search.found), sum(found.count for found in search.found.values())


def disagreement(seed: int, most: int) -> tuple[int, int, int] | str | None:
    """How many schedules there are, plain and reduced, and outcomes.

    A sentence where the outcomes differ; None where there are more than ``most`` plain schedules.
    """
    whole, outcomes, runs = searched(scenario(seed), most, plain=True)
    if not whole:
        return None
    _, reduced, fewer = searched(scenario(seed), most, plain=False)
    if outcomes != reduced:
        return f"seed {seed}: left out {outcomes - reduced}, invented {reduced - outcomes}"
    return runs, fewer, len(outcomes)


def main(first: int, count: int, most: int) -> None:
    agreed = []
    for seed in range(first, first + count):
        answer = disagreement(seed, most)
        if isinstance(answer, str):
            print(answer, flush=True)
        elif answer is not None:
            agreed.append(answer)
    sums = [sum(column) for column in zip(*agreed, strict=True)]
    print(f"{len(agreed)} of {count} agree; schedules plain, reduced, outcomes: {sums}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))

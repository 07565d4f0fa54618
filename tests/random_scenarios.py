"""Random scenarios of a few processes and a few operations: what `explore` is tested against itself with.

The reduced search must have the outcomes of the plain one, which leaves no schedule out. By hand, for
more than the tests do: ``python tests/random_scenarios.py FIRST COUNT MOST [TIME_AHEAD]``.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from itertools import pairwise
from typing import Any
from unittest import mock

from otp_mini import (
    Agent,
    BadArg,
    ChildSpec,
    Exit,
    GenServer,
    NoReply,
    Ok,
    Pid,
    Process,
    Ref,
    Registry,
    Supervisor,
    Task,
    current_node,
    ets,
    receive,
    self_,
    send,
    spawn,
)
from otp_mini.explore import Choose, _at_random, _Search, quiet, run_once, usual
from otp_mini.registry import AlreadyRegistered
from otp_mini.watched import ALL

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
    "name_other unname whereis kill",
    "timer_for_other cancel left kill no_wait",
    "timer cancel sleep no_wait every",
    "hand_call hand_reply no_wait kill",
    "link unlink_all kill trap no_wait",
    "bump insert_new take give kill",
    "task await_task stop_task kill lookup insert",
    "plain_send send receive plain_insert lookup",
    "worker_call worker_kill worker_stop worker_start",
    "enter leave put_meta meta find kill",
    "held_open insert_new kill lookup take",
]
"""The operations of one scenario are taken from one line, so that they meet."""


class World:
    """What the processes of one run know."""

    def __init__(self) -> None:
        self.logs: dict[int, list[Any]] = {}
        self.pids: list[Pid] = []
        self.agent: Any = None
        self.hand: Any = None
        self.supervisor: Any = None


class Hand(GenServer):
    """Gives whoever calls into the hands of all others: each of them may answer."""

    def init(self, argument: Any) -> Any:
        return Ok(argument)

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        for pid in state:
            send(pid, from_)
        return NoReply(state)

    def handle_cast(self, request: Any, state: Any) -> Any:
        return NoReply(request)


def say(pid: Pid, word: int) -> None:
    """A client function: plain."""
    send(pid, word)


def put(word: int) -> None:
    ets.insert("t", ("k", word))


async def takes_and_puts() -> int:
    ((_, n),) = ets.lookup("t", "k")
    ets.insert("t", ("k", n + 1))
    return int(n)


def scenario(seed: int, *, least: int = 3, most: int | None = None, early: bool = False) -> Callable[[], Any]:
    """A scenario of two or three processes, and of three to six operations, or of other numbers.

    ``early``: may main wake while others are at work? Then its look into what they have noted is a step that all
    others meet.
    """
    draw = random.Random(seed)
    theme = THEMES[seed % len(THEMES)].split()
    many = draw.choice([2, 2, 3])
    programs: list[list[tuple[str, int]]] = [[] for _ in range(many)]
    for _ in range(draw.randint(least, most or (6 if many == 2 else 5))):
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
        if "hand_call" in theme:
            world.hand = await Hand.start(())
        if "worker_call" in theme:
            worker = ChildSpec(id="w", start=(start_worker, ()))
            world.supervisor = await Supervisor.start_link([worker], strategy="one_for_one")
        world.pids = [spawn_one(world, me, program) for me, program in enumerate(programs)]
        if "hand_call" in theme:
            GenServer.cast(world.hand, world.pids)
        await Process.sleep(100)
        if early:
            current_node().writes.add(ALL)  # type: ignore[attr-defined]
        logs = [tuple(world.logs.get(me, ())) for me in range(many)]
        alive = [Process.alive(pid) for pid in world.pids]
        kept = await Agent.get(world.agent, lambda state: state) if "get" in theme else ""
        return repr((logs, ets.lookup("t", "k"), alive, kept))

    return main


async def start_worker() -> Any:
    return await Agent.start_link(lambda: 0, name="w")


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
            case "leave":
                return Registry.unregister("book", "key")
            case "put_meta":
                return Registry.put_meta("book", "m", word)
            case "meta":
                return str(Registry.meta("book", "m"))
            case "bump":
                return ets.update_counter("t", "k", 1)
            case "insert_new":
                return ets.insert_new("t", ("n", word))
            case "take":
                return len(ets.take("t", "n"))
            case "plain_insert":
                put(word)
                return "put"
            case "plain_send":
                say(other, word)
                return "said"
        return await with_a_server(operation, world, other, word, held)
    except (BadArg, AlreadyRegistered) as error:
        return type(error).__name__
    except Exit as exit:
        return str(exit.reason[0] if isinstance(exit.reason, tuple) else exit.reason)


async def with_a_server(operation: str, world: World, other: Pid, word: int, held: dict[str, Any]) -> Any:
    match operation:
        case "hand_call":
            return await GenServer.call(world.hand, "who answers?", 5.0)
        case "hand_reply":
            from_ = await receive(tuple, timeout=0)
            return isinstance(from_, tuple) and GenServer.reply(from_, word)
        case "task":
            held["task"] = Task.async_(takes_and_puts)
            return "started"
        case "await_task":
            return await Task.await_(held.pop("task"), 3.0) if "task" in held else "no task"
        case "stop_task":
            return str(await Task.shutdown(held.pop("task"), "brutal_kill")) if "task" in held else "no task"
        case "worker_call":
            return await Agent.get_and_update("w", lambda n: (n, n + 1))
        case "worker_kill":
            pid = Process.whereis("w")
            return pid is not None and Process.exit(pid, "kill")
        case "worker_stop":
            return str(await Supervisor.terminate_child(world.supervisor, "w"))
        case "worker_start":
            return type(await Supervisor.restart_child(world.supervisor, "w")).__name__
    return await to_another(operation, other, word, held)


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
        case "timer" | "timer_for_other":
            held["timer"] = Process.send_after(other, word, 1.0)
        case "every":
            held["timer"] = Process.send_interval(other, word, 1.0)
        case "left":
            return str(Process.read_timer(held["timer"])) if "timer" in held else "no timer"
        case "name_other":
            return Process.register(other, f"name{word % 2}")
        case "unname":
            return Process.unregister(f"name{word % 2}")
        case "unlink_all":
            return [Process.unlink(pid) for pid in (other, self_())] == [True, True]
        case "held_open":
            held["table"] = ets.new("mine", heir=(other, "yours"))
        case "give":
            table = held.pop("table", None) or ets.new("mine", access="public")
            return ets.give_away(table, other, "yours")
        case "cancel":
            return False if "timer" not in held else bool(Process.cancel_timer(held["timer"]))
        case "sleep":
            await Process.sleep(1.0)
        case "ask":
            return await Agent.get(other, lambda state: state, 3.0)
    return "ok"


def searched(scene: Callable[[], Any], most: int, *, plain: bool, time_ahead: int) -> tuple[bool, set[str], int]:
    """Was every schedule tried; the outcomes; and how many runs led to them."""
    search = _Search(scene, most, None, time_ahead=time_ahead)
    with quiet(), mock.patch("otp_mini.explore._asleep", lambda place, footprint: {}) if plain else mock.MagicMock():
        whole = search.all_schedules()
    return whole, set(search.found), sum(found.count for found in search.found.values())


def disagreement(seed: int, most: int, time_ahead: int = 0) -> tuple[int, int, int] | str | None:
    """How many schedules there are, plain and reduced, and outcomes.

    A sentence where the outcomes differ; None where there are more than ``most`` plain schedules.
    """
    scene = scenario(seed, least=1, most=4, early=True) if time_ahead else scenario(seed)
    whole, outcomes, runs = searched(scene, most, plain=True, time_ahead=time_ahead)
    if not whole:
        return None
    _, reduced, fewer = searched(scene, most, plain=False, time_ahead=time_ahead)
    if outcomes != reduced:
        return f"seed {seed}: left out {outcomes - reduced}, invented {reduced - outcomes}"
    return runs, fewer, len(outcomes)


def larger(seed: int) -> Callable[[], Any]:
    """A scenario that is too large for all of its schedules."""
    return scenario(seed, least=5, most=10)


def exchanged(seed: int, runs: int = 2) -> tuple[int, list[str]]:
    """Let random runs of a larger scenario go on with two steps exchanged that do not depend on each other.

    Answers how many were tried, and a sentence for each that had another outcome.
    """
    scene, tried, wrong = larger(seed), 0, list[str]()
    with quiet():
        for run in range(runs):
            _, outcome, steps = run_once(scene, _at_random(random.Random(seed * 1000 + run)))
            names = [step.who for step in steps]
            for at, (one, two) in enumerate(pairwise(steps)):
                if two.who not in one.enabled or one.who == two.who:
                    continue
                order = [*names[:at], two.who, one.who, *names[at + 2 :]]
                try:
                    _, other, others = run_once(scene, _in_order(order))
                except KeyError:
                    continue  # one of them had a step more, or less
                if not others[at].footprint.meets(one.footprint):
                    tried += 1
                    if other != outcome:
                        wrong.append(f"seed {seed}, step {at}: {one.who} and {two.who}: {outcome} became {other}")
    return tried, wrong


def _in_order(names: list[str]) -> Choose:
    def choose(depth: int, enabled: tuple[str, ...], last: str) -> str:
        if depth >= len(names):
            return usual(enabled, last)
        return {who: who for who in enabled}[names[depth]]

    return choose


def main(first: int, count: int, most: int, time_ahead: int = 0) -> None:
    agreed = []
    for seed in range(first, first + count):
        answer = disagreement(seed, most, time_ahead)
        if isinstance(answer, str):
            print(answer, flush=True)
        elif answer is not None:
            agreed.append(answer)
    sums = [sum(column) for column in zip(*agreed, strict=True)]
    print(f"{len(agreed)} of {count} agree; schedules plain, reduced, outcomes: {sums}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))

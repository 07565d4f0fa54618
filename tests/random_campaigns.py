"""Systems with every kind of supervisor, registry and table, random faults, and whether the books are right afterwards.

What is held against what: what supervisors, registries, names, links and monitors note down, and who lives. A
system is broken for some minutes and then left alone, so that whatever hangs goes on and whatever restarts is up.

Run it by itself for more: ``python -m tests.random_campaigns 0 200``.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

from otp_mini import (
    Agent,
    BadArg,
    Below,
    ChildSpec,
    Crash,
    DynamicSupervisor,
    Exit,
    FailingStart,
    Flood,
    GenServer,
    Hang,
    Kill,
    NoReply,
    Ok,
    Pid,
    Process,
    Registry,
    Reply,
    SlowStart,
    Storm,
    Supervisor,
    Task,
    TaskSupervisor,
    Unreachable,
    Via,
    ets,
    send,
)
from otp_mini.campaign import _Run
from otp_mini.children import children_of, supervisor_state
from otp_mini.faults import Draw, Fault
from otp_mini.process import ControlBlock
from otp_mini.score import Plan
from otp_mini.stage import Stage

STRATEGIES: Any = ("one_for_one", "rest_for_one", "one_for_all")
REST = 300.0  # seconds after the last fault
FULL = 50  # a mailbox with more messages than this is not being read


class Worker(GenServer):
    def init(self, name: Any) -> Any:
        return Ok(name)

    async def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        if request == "slow":
            await Process.sleep(0.3)
        return Reply("ok", state)

    def handle_info(self, message: Any, state: Any) -> Any:
        return NoReply(state)


class Trapping(Worker):
    def init(self, name: Any) -> Any:
        Process.flag(trap_exit=True)
        return Ok(name)


class Registered(Worker):
    def init(self, name: Any) -> Any:
        Registry.register("unique", name, 1)
        return Ok(name)


class Subscribed(Worker):
    def init(self, name: Any) -> Any:
        Registry.register("topics", "topic", name)
        return Ok(name)


class Owner(Worker):
    def init(self, name: Any) -> Any:
        ets.new(name, named=True, access="public")
        return Ok(name)


async def named(kind: Any, name: str) -> Any:
    return await kind.start_link(name, name=name)


async def registry(keys: Any, name: str) -> Any:
    return await Registry.start_link(keys=keys, name=name)


async def group(kind: Any, names: list[str], strategy: Any) -> Any:
    children = [ChildSpec(name, (named, [kind, name])) for name in names]
    return await Supervisor.start_link(children, strategy=strategy)


async def agent() -> Any:
    return await Agent.start_link(lambda: 0, name="agent")


async def via() -> Any:
    return await Worker.start_link("via", name=Via("unique", "via"))


async def pool() -> Any:
    return await DynamicSupervisor.start_link(name="pool")


async def tasks() -> Any:
    return await TaskSupervisor.start_link(name="tasks")


def system(outer: Any, inner: Any) -> Any:
    async def start() -> Any:
        groups = {
            "registered": (Registered, ["r1", "r2"]), "subscribed": (Subscribed, ["s1", "s2", "s3"]),
            "trapping": (Trapping, ["t1", "t2"]), "owners": (Owner, ["o1", "o2"]),
        }  # fmt: skip
        children = [
            ChildSpec("unique", (registry, ["unique", "unique"]), type="supervisor"),
            ChildSpec("topics", (registry, ["duplicate", "topics"]), type="supervisor"),
            *(ChildSpec(id, (group, [*of, inner]), type="supervisor") for id, of in groups.items()),
            ChildSpec("via", (via, [])), ChildSpec("agent", (agent, [])),
            ChildSpec("pool", (pool, []), type="supervisor"), ChildSpec("tasks", (tasks, []), type="supervisor"),
        ]  # fmt: skip
        return await Supervisor.start_link(children, strategy=outer, max_restarts=1000, max_seconds=1.0)

    return start


async def nap() -> int:
    await Process.sleep(0.2)
    return 1


async def user() -> None:
    """Uses everything, also what comes after something that failed."""

    async def task() -> None:
        await Task.await_(await TaskSupervisor.async_nolink("tasks", nap), 1.0)

    async def publish() -> None:
        Registry.lookup("topics", "topic")
        Registry.dispatch("topics", "topic", lambda entries: [send(pid, "news") for pid, _ in entries])

    async def job() -> None:
        child = ChildSpec("job", (Worker.start_link, ["job"]), restart="transient")
        await DynamicSupervisor.start_child("pool", child)

    async def call(server: Any, request: str) -> None:
        await GenServer.call(server, request, 0.5)

    failed = 0
    for use in (task, publish, job, lambda: call(Via("unique", "via"), "now"), lambda: call("r1", "slow")):
        try:
            await use()
        except (Exit, BadArg):
            failed += 1
    if failed:
        raise Exit("failed")


LEAVES = ("via", "agent", "r1", "s2", "t1", "o2")
NAMED = ("unique", "topics", "pool", "tasks", "agent", "r1", "s2", "t1", "o2")
GROUPS = ("registered", "subscribed", "trapping", "owners")


def random_faults(draw: Draw) -> list[Fault]:
    def one_of(targets: tuple[str, ...]) -> str:
        return targets[int(draw.share() * len(targets))]

    def fault() -> Fault:
        every = 5 + draw.share() * 40
        anybody = one_of((*LEAVES, *NAMED, *GROUPS))
        match int(draw.share() * 8):
            case 0:
                return Crash(one_of(LEAVES), every=every)
            case 1:
                return Hang(anybody, for_=1 + draw.share() * 15, every=every)
            case 2:
                return SlowStart(anybody, seconds=0.1 + draw.share() * 9, every=every)
            case 3:
                return FailingStart(anybody, times=1 + int(draw.share() * 5), every=every)
            case 4:
                return Unreachable(one_of(NAMED), for_=0.1 + draw.share() * 8, every=every)
            case 5:
                return Flood(anybody, messages=200, each=draw.share() * 0.02, every=every)
            case 6:
                return Storm(Kill(Below()), times=4, within=draw.share() * 2, every=2 * every)
        return Kill(anybody, every=every)

    return [fault() for _ in range(8)]


class _Watched(_Run):
    """A campaign that looks into the books when all is over."""

    found: list[str]

    def _go(self) -> None:
        super()._go()
        stage = self.stage
        stage.tracer = None
        while stage.agenda:  # who hangs goes on
            instant, act = stage.next_act()
            stage.pass_until(max(instant, stage.now()))
            act()
        stage.pass_until(stage.now() + REST)
        self.found = [*wrong_in(stage)]


def wrong_in(stage: Stage) -> Iterator[str]:
    """What the books say that is not so."""
    if stage.root is None or stage.root.block is None:
        yield "the root is down"
        return
    known: set[Pid] = {stage.root}
    yield from _wrong_below(stage.root.block, "", known)
    for name, process in stage.names.items():
        if not process.alive:
            yield f"the name {name!r} belongs to the dead"
    for name, book in stage.tables.get("registries", {}).items():
        for entry in book.entries():
            if entry.pid.block is None:
                yield f"the registry {name!r} has an entry of the dead: {entry}"
    for process in stage.blocks.values():
        yield from _wrong_with(process, known)


def _wrong_below(block: ControlBlock, path: str, known: set[Pid]) -> Iterator[str]:
    state, children = supervisor_state(block), children_of(block)
    if state is not None and len(state.by_pid) != len(children):
        yield f"{path or 'the root'} finds {len(state.by_pid)} pids and has {len(children)} children"
    for child in children:
        here = f"{path}/{child.spec.id}"
        process = child.pid.block if isinstance(child.pid, Pid) else None
        if process is None or child.doing:
            yield f"{here} is {child.pid} {child.doing}, and no living process"
            continue
        if process.pid in known:
            yield f"{here} is the child of two"
        if state is None or state.by_pid.get(process.pid) is not child or block.pid not in (process.links or ()):
            yield f"{here} is not found by its pid, or not linked"
        known.add(process.pid)
        yield from _wrong_below(process, here, known)


def _wrong_with(process: ControlBlock, known: set[Pid]) -> Iterator[str]:
    if process.parent is not None and process.parent.block is None and process.pid not in known:
        yield f"{process!r} lives, and its parent does not"
    for pid in process.links or ():
        if pid.block is None or process.pid not in (pid.block.links or ()):
            yield f"{process!r} is linked to {pid}, and not the other way round"
    for watched in (process.monitoring or {}).values():
        if not watched.alive:
            yield f"{process!r} watches {watched!r}, which is dead"
    if process.mailbox and len(process.mailbox) > FULL:
        yield f"{process!r} does not read its {len(process.mailbox)} messages"


def wrong_after(seed: int, hours: float = 0.06) -> list[str]:
    """What is wrong in the books after a random campaign against a random system."""
    draw = Draw(seed)
    application = system(STRATEGIES[int(draw.share() * 3)], STRATEGIES[int(draw.share() * 3)])
    faults = tuple(random_faults(draw))
    plan = Plan(application, faults, user, seed, hours, 2.0, 3.0, None, 20.0, lambda strike: None)
    run = _Watched(plan)
    run.go()
    return [f"seed {seed}: {each}" for each in run.found]


if __name__ == "__main__":
    first, end = map(int, sys.argv[1:])
    for number in range(first, end):
        for line in wrong_after(number):
            print(line)
    print(f"{end - first} campaigns")

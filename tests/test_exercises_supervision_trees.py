"""The checks of chapter 16 beyond their attack table, and its model answers against their own sentences.

The faults here are unlike those of the checks: several at the same moment, in every order, drawn at random, slow as
well as instant, and for hours.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import pytest
from attacks_16 import Interval, cameras_apart, flat_first, night_by, unchanged
from test_exercises import READ, defined

from otp_mini import (
    ChildSpec,
    Crash,
    DynamicSupervisor,
    GenServer,
    Kill,
    Node,
    NoReply,
    Ok,
    Process,
    Registry,
    Storm,
    Supervise,
    Supervisor,
    Task,
    Via,
    campaign,
    child_spec,
    current_node,
    send,
)
from otp_mini.exercises import check
from otp_mini.exercises import supervision_trees as ex

MODEL = defined(READ["16_supervision_trees"])
Part, Branch = MODEL["Part"], MODEL["Branch"]


def played(play: Callable[[], Awaitable[Any]]) -> Any:
    """Run a scene in a process of a fresh node, which outlives what it starts."""

    async def scene() -> Any:
        Process.flag(trap_exit=True)
        return await play()

    node = Node(clock="virtual")
    try:
        return asyncio.run(node.run_async(scene))
    finally:
        node.close()


async def up(plan: Supervise) -> Any:
    return await Branch.start_link(("root", plan))


async def kill(*names: object) -> None:
    """All at the same moment."""
    for pid in [Process.whereis(name) for name in names]:
        if pid is not None:
            Process.exit(pid, "kill")
    await Process.sleep(0.5)


def pids(names: Iterable[str]) -> dict[str, Any]:
    return {name: Process.whereis(name) for name in names}


def test_other_numbers_are_judged_as_well() -> None:
    asyncio.run(check(ex.alarm_branch, MODEL["alarm_branch"], topic=None, quiet=True))
    asyncio.run(check(ex.hall_branch, MODEL["hall_branch"], tanks=tuple(range(60)), quiet=True))
    asyncio.run(check(ex.nightly, Interval, first=0.5, every=4000.0, quiet=True))
    asyncio.run(check(ex.kitchen, MODEL["kitchen"], seconds=20.0, quiet=True))
    asyncio.run(check(ex.hall, cameras_apart(), cameras=tuple("abcdefgh"), quiet=True))
    asyncio.run(check(ex.night, night_by(unchanged), seconds=0.0, quiet=True))
    deep: Any = "worker"
    for strategy in ("one_for_one", "rest_for_one", "one_for_all") * 3:
        deep = (strategy, [f"first {id(deep)}", deep, f"last {id(deep)}"])
    asyncio.run(check(ex.new_after, flat_first, plan=deep, quiet=True))


class Siren(GenServer):
    """Traps exits; keeps what it heard."""

    @classmethod
    async def start_link(cls, topic: Any) -> Any:
        return await super().start_link(topic, name="siren")

    def init(self, topic: Any) -> Any:
        Process.flag(trap_exit=True)
        Registry.register("news", topic)
        return Ok([])

    def handle_info(self, message: Any, heard: Any) -> Any:
        match message:
            case ("news", number):
                return NoReply([*heard, number])
        return NoReply(heard)

    def handle_call(self, request: Any, from_: Any, heard: Any) -> Any:
        return MODEL["Reply"](heard, heard)


@pytest.mark.parametrize(
    "victims", [("news", "siren"), ("siren", "news"), ("calls", "news"), ("calls", "siren", "news")]
)
def test_the_siren_hears_after_several_ends_at_once(victims: tuple[str, ...]) -> None:
    async def play() -> None:
        root = await up(MODEL["alarm_branch"](child_spec((Siren, "x"))))
        await kill(*victims)
        Registry.dispatch("news", "x", lambda entries: [send(pid, ("news", 1)) for pid, _ in entries])
        assert await GenServer.call("siren", "heard") == [1]
        await Supervisor.stop(root)

    played(play)


def test_hundreds_of_tanks_are_there_again_after_hours_of_ends() -> None:
    async def tank(key: Any) -> Any:
        return await Part.start_link(Via("tank names", key))

    async def fill() -> None:
        for key in range(200):
            await DynamicSupervisor.start_child("tanks", ChildSpec(key, (tank, (key,))))

    async def play() -> None:
        draw = random.Random(16)
        root = await up(MODEL["hall_branch"](fill))
        for _ in range(40):
            await Process.sleep(draw.uniform(6.0, 900.0))
            await kill(draw.choice(("tanks", "tank names")))
            assert Registry.count("tank names") == 200
            assert (await DynamicSupervisor.count_children("tanks")).active == 200
        before = len(current_node().processes())
        await Supervisor.stop(root)
        assert before - len(current_node().processes()) == 203

    played(play)


def grown(draw: random.Random, names: list[str], depth: int) -> Any:
    """A plan that is drawn."""
    children: list[Any] = []
    for _ in range(draw.randint(1, 3)):
        branch = depth and draw.random() < 0.5
        if not branch:
            names.append(f"w{len(names)}")
        children.append(grown(draw, names, depth - 1) if branch else names[-1])
    return draw.choice(("one_for_one", "rest_for_one", "one_for_all")), children


def test_who_is_new_agrees_with_real_supervisors_for_plans_that_are_drawn() -> None:
    def real(plan: Any, number: list[int]) -> Supervise:
        children: list[Any] = []
        for child in plan[1]:
            number[0] += 1
            name = f"branch {number[0]}"
            children.append((Part, child) if isinstance(child, str) else (Branch, (name, real(child, number))))
        return Supervise(children, strategy=plan[0])

    async def play() -> None:
        for seed in range(12):
            names: list[str] = []
            plan = grown(random.Random(seed), names, 3)
            root = await up(real(plan, [0]))
            for name in names:
                before = pids(names)
                await kill(name)
                new = [each for each, pid in pids(names).items() if pid is not before[each]]
                assert MODEL["new_after"](plan, name) == new, (plan, name)
                await Process.sleep(6.0)
            await Supervisor.stop(root)

    played(play)


def test_a_nightly_job_is_on_time_for_a_month_though_its_work_hangs_or_fails() -> None:
    draw, runs = random.Random(3), []

    async def work() -> None:
        runs.append(current_node().now())
        match draw.choice(("raise", "hang", "well")):
            case "raise":
                raise OSError("disk")
            case "hang":
                await Process.sleep(10**6)

    async def play() -> None:
        await Task.Supervisor.start_link(name="calls")
        began = current_node().now()
        await MODEL["Nightly"].start((work, 100.0, 86400.0))
        await Process.sleep(30 * 86400.0)
        assert runs == [pytest.approx(began + 100.0 + n * 86400.0) for n in range(30)]

    played(play)


@pytest.mark.parametrize("seconds", [0.0, 4.0, 20.0])
def test_a_kitchen_that_is_stopped_after_a_crash_writes_its_list_all_the_same(seconds: float) -> None:
    written: list[bool] = []

    class Stock(Part):  # type: ignore[misc, valid-type]
        def init(self, name: Any) -> Any:
            Process.flag(trap_exit=True)
            return Ok(name)

        async def terminate(self, reason: Any, name: Any) -> None:
            await Process.sleep(seconds)
            written.append(Process.whereis("log") is not None)

    async def play() -> None:
        kinds = {"log": Part, "stock": Stock, "plan": Part, "scales": Part}
        root = await up(MODEL["kitchen"]({name: child_spec((kind, name)) for name, kind in kinds.items()}))
        await kill("plan", "scales")
        await Supervisor.stop(root)
        assert written == [True]

    played(play)


def test_a_hall_stands_hours_of_storms_over_its_cameras() -> None:
    def specs(*names: str) -> list[Any]:
        return [child_spec((Part, name)) for name in names]

    async def hall() -> Any:
        return await up(MODEL["hall"](specs("till", "panel"), specs("Osaka", "Bergen")))

    async def visit() -> bool:
        return Process.whereis("till") is not None and Process.whereis("panel") is not None

    faults = [
        Storm(Kill("Osaka"), times=9, within=0.5, every=900.0),
        Crash("Bergen", every=300.0),
        Kill("till", every=600.0),
    ]
    found = campaign(hall, faults, visit, seed=16, hours=2)
    assert found.availability > 0.999
    assert found.went_down == 0


@pytest.mark.parametrize("victims", [("till names", "prices"), ("prices", "tills"), ("journal", "partner", "nightly")])
def test_a_night_has_its_tills_and_prices_after_several_ends_at_once(victims: tuple[str, ...]) -> None:
    async def till(key: Any) -> Any:
        return await Part.start_link(Via("till names", key))

    async def opening() -> None:
        for key in range(9):
            await DynamicSupervisor.start_child("tills", ChildSpec(key, (till, (key,))))

    loads: list[Any] = []

    async def load() -> None:
        loads.append(Process.whereis("prices"))

    def errand(name: str, work: Any) -> ChildSpec:
        return ChildSpec(name, (Task.start_link, (work,)), restart="temporary")

    async def play() -> None:
        parts: Any = {name: child_spec((Part, name)) for name in ("journal", "prices", "partner", "nightly")}
        root = await up(
            MODEL["night"](parts | {"import": errand("import", load), "opening": errand("opening", opening)})
        )
        await Process.sleep(1.0)
        await kill(*victims)
        assert Registry.count("till names") == 9
        assert loads[-1] is Process.whereis("prices")
        assert None not in pids(parts).values()
        await Supervisor.stop(root)

    played(play)

"""The checks of chapter 17 beyond their attack table, and its model answers against their own sentences.

The faults here are unlike those of the checks: hangs, storms, other seeds, parts that are stopped from above, and
windows that are held against real supervisors, from just long enough to just too short.
"""

from __future__ import annotations

import asyncio
import random
from functools import partial
from itertools import pairwise
from typing import Any

import pytest
from attacks_17 import CountingFailures, apart_from, by_hand, closing, model, opened, own, recursive
from attacks_17 import NamedTank as Tank
from playing import played
from test_exercises import READ, defined

from otp_mini import (
    Below,
    ChildSpec,
    Crash,
    Exit,
    FailingStart,
    GenServer,
    Hang,
    Kill,
    Process,
    Storm,
    Supervise,
    Supervisor,
    Via,
    campaign,
    current_node,
    receive,
    send,
)
from otp_mini.exercises import check
from otp_mini.exercises import design_principles as ex

MODEL = defined(READ["17_design_principles"])


def test_other_numbers_are_judged_as_well() -> None:
    asyncio.run(check(ex.apart, own, core=("one",), quiet=True))
    asyncio.run(check(ex.patient, CountingFailures, failures=12, connection=None, quiet=True))
    asyncio.run(check(ex.start_order, recursive, {"a": [], "b": ["a"], "c": ["a", "b"]}, quiet=True))
    asyncio.run(check(ex.windows, by_hand, (5, 10.0, [2, 2, 2]), quiet=True))
    asyncio.run(check(ex.cellar, opened(lambda n: apart_from(n, Tank)), numbers=(7,), quiet=True))
    asyncio.run(check(ex.bottling, closing(), crates=40, quiet=True))
    asyncio.run(check(ex.brewery, model(), reason=("shutdown", "moved"), quiet=True))


# ---- drill 1 ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_line_may_crash_hang_and_fail_to_start_and_the_parts_count_on(seed: int) -> None:
    names = ("book", "cooling", "press")

    async def start() -> Any:
        return await MODEL["Cellar"].start_link(([(ex.Counting, name) for name in names], (ex.Counting, "line")))

    async def use() -> bool:
        return all([await GenServer.call(name, "use") == "used" for name in names])

    async def used() -> int:
        return sum([await GenServer.call(name, "used") for name in names])

    faults = [
        Storm(Crash("line"), times=12, within=1.0, every=200.0),
        Hang("line", every=300.0, for_=60.0),
        FailingStart("line", every=400.0, times=2),
    ]
    found = campaign(start, faults, use, seed, hours=0.5, every=5.0, state=used)
    assert (found.availability, found.lost, found.went_down) == (1.0, 0.0, 0)


# ---- drill 2 ----------------------------------------------------------------------------------------------------


def test_attempts_of_a_day_come_at_the_times_of_the_sentence() -> None:
    asked: list[float] = []

    async def connect() -> None:
        asked.append(current_node().now())
        raise Exit("no office") if len(asked) % 3 else ValueError("no office")

    async def play() -> None:
        line = await MODEL["Patient"].start_link(connect)
        await Process.sleep(86_400.0)
        for _ in range(50):
            send(line, "lost")
            send(line, ("another", 1))
        assert await GenServer.call(line, "state") == "down"
        pauses = [later - time for time, later in pairwise(asked)]
        assert pauses[:7] == pytest.approx([1, 2, 4, 8, 16, 32, 60])
        assert set(map(round, pauses[7:])) == {60}

    played(play)


def test_a_line_that_is_lost_again_and_again_begins_anew_each_time() -> None:
    draw, fails, asked = random.Random(17), [0], [0.0]

    async def connect() -> object:
        asked.append(current_node().now())
        fails[0] -= 1
        if fails[0] >= 0:
            raise Exit("no office")
        return len(asked)

    async def play() -> None:
        line = await MODEL["Patient"].start_link(connect)
        await Process.sleep(1.0)
        for _ in range(30):
            fails[0] = draw.randrange(0, 9)
            hoped = sum(min(60.0, 2.0**n) for n in range(fails[0]))
            began = current_node().now()
            send(line, "lost")
            await Process.sleep(hoped + 0.5)
            assert asked[-1] - began == pytest.approx(hoped)
            assert await GenServer.call(line, "state") == ("up", len(asked))
            await Process.sleep(draw.random() * 300.0)

    played(play)


# ---- drill 3 ----------------------------------------------------------------------------------------------------


def test_every_drawn_dict_has_an_order_in_which_nobody_comes_before_what_he_needs_or_none() -> None:
    draw = random.Random(26)
    for _ in range(300):
        names = [f"part {n}" for n in range(draw.randrange(1, 9))]
        needs = {name: draw.sample(names, draw.randrange(0, min(3, len(names)) + 1)) for name in names}
        order, other = MODEL["start_order"](needs), recursive(needs)
        assert (order is None) == (other is None)
        for name in order or []:
            assert all(order.index(need) < order.index(name) for need in needs[name])


# ---- drill 4 ----------------------------------------------------------------------------------------------------


async def lives(restarts: int, seconds: float, above: list[int], windows: list[float], gap: float) -> bool:
    """Does a real tree with these windows outlive a worker that ends every ``gap`` seconds, for long?"""
    Process.flag(trap_exit=True)
    child: Any = (ex.Counting, "worker")
    plan = Supervise([child], strategy="one_for_one", max_restarts=restarts, max_seconds=seconds)
    for n, (allowed, window) in enumerate(zip(above, windows, strict=True)):
        child = ChildSpec(n, (MODEL["Branch"].start_link, ((f"level {n}", plan),)), type="supervisor")
        plan = Supervise([child], strategy="one_for_one", max_restarts=allowed, max_seconds=window)
    top = await MODEL["Branch"].start_link(("top", plan))
    needed = restarts + 1
    for allowed in above:
        needed *= allowed + 1
    for _ in range(3 * needed):
        await Process.sleep(gap)
        pid = Process.whereis("worker")
        if pid is not None:
            Process.exit(pid, "kill")
        await Process.sleep(0.0)
        if not Process.alive(top):
            return False
    await Supervisor.stop(top)
    return True


@pytest.mark.parametrize("case", [(3, 6.0, [3]), (2, 5.0, [1, 2]), (1, 30.0, [1, 1]), (4, 6.0, [2])], ids=str)
def test_real_supervisors_agree_with_the_windows_and_a_shorter_one_is_deaf(case: tuple[int, float, list[int]]) -> None:
    restarts, seconds, above = case
    windows = MODEL["windows"](restarts, seconds, above)
    slowest = seconds / restarts
    for gap in (slowest, 0.7 * slowest, 0.1 * slowest):
        assert not played(partial(lives, restarts, seconds, above, [w + 1e-6 for w in windows], gap))
    for n in range(len(windows)):
        shorter = [window * (0.99 if n == m else 1.001) for m, window in enumerate(windows)]
        assert played(partial(lives, restarts, seconds, above, shorter, slowest))


# ---- repairs ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [1, 2])
def test_forty_tanks_ring_through_an_hour_of_faults(seed: int) -> None:
    numbers = list(range(40))

    async def start() -> Any:
        return await MODEL["open_cellar"](numbers)

    async def hot() -> bool:
        before = len(await GenServer.call("alarm", "rung"))
        for number in (0, 20, 39):
            GenServer.cast(Via("tanks", number), ("degrees", 40))
        await Process.sleep(0.01)
        return len(await GenServer.call("alarm", "rung")) == before + 3

    faults = [Kill("tanks", every=150.0), Kill(Below(), every=60.0), FailingStart("alarm", every=500.0, times=2)]
    found = campaign(start, faults, hot, seed, every=10.0)
    assert (found.availability, found.went_down) == (1.0, 0)


def test_an_alarm_that_is_told_of_strange_things_rings_on() -> None:
    async def play() -> None:
        await MODEL["open_cellar"](["a"])
        GenServer.cast("alarm", "a stray")
        GenServer.cast(Via("tanks", "a"), "a stray")
        GenServer.cast(Via("tanks", "a"), ("degrees", 20))
        GenServer.cast(Via("tanks", "a"), ("degrees", 20.5))
        await Process.sleep(0.01)
        assert await GenServer.call("alarm", "rung") == ["a"]

    played(play)


@pytest.mark.parametrize("takes", [0.5, 7.9])
def test_crates_are_kept_when_a_supervisor_above_stops_the_bottling(takes: float) -> None:
    async def play() -> None:
        parts = ex._parts(takes, 1e6)
        spec = ChildSpec("bottling", (MODEL["Bottling"].start_link, (parts,)), type="supervisor")
        top = await Supervisor.start_link([spec], strategy="one_for_one")
        for _ in range(9):
            await GenServer.call("filler", "fill")
        began = current_node().now()
        await Supervisor.stop(top)
        assert current_node().now() - began <= takes + 2.0 + 5.0
        assert await receive(timeout=0.0) == ("kept", 9)

    played(play)


# ---- design -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_brewery_bears_an_hour_of_all_its_faults(seed: int) -> None:
    async def start() -> Any:
        return await MODEL["Brewhouse"].start_link(ex._five(5.9))

    async def fill() -> bool:
        return bool(await GenServer.call("filler", "fill") == "full")

    async def crates() -> int:
        return int(await GenServer.call("book", "crates")) + int(await GenServer.call("filler", "in hand"))

    faults = [
        Kill("pump", every=400.0),
        Kill("valve", every=700.0),
        Storm(Crash("line"), times=10, within=1.0, every=240.0),
        Hang("line", every=500.0, for_=100.0),
    ]
    found = campaign(start, faults, fill, seed, every=10.0, patience=9.0, state=crates)
    assert (found.lost, found.went_down, len(found.gave_up)) == (0.0, 0, 0)
    assert found.availability > 0.95  # while the filler is stopped nobody is served


@pytest.mark.parametrize("name", ["book", "valve", "pump", "filler", "line"])
@pytest.mark.parametrize("pause", [0.001, 0.3, 1.0])
def test_a_part_of_the_brewery_that_no_restart_helps_ends_it(name: str, pause: float) -> None:
    async def play() -> None:
        Process.flag(trap_exit=True)
        top = await MODEL["Brewhouse"].start_link(ex._five(0.0))
        for _ in range(400):
            pid = Process.whereis(name)
            if pid is not None:
                Process.exit(pid, "kill")
            await Process.sleep(pause)
            if not Process.alive(top):
                return
        raise AssertionError("it goes on for ever")

    played(play)

"""The checks of chapter 05 beyond their attack table: other numbers, other ends, what a real supervisor says."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from attacks import refusal
from attacks_05 import (
    Branch,
    GoodObservatory,
    GoodPresses,
    GoodStation,
    GoodStudio,
    GoodUplink,
    Part,
    SpinningUplink,
    gives_up,
    in_order,
    moves,
    open_end,
    parts,
    sup,
)
from test_exercises import READ, defined

from otp_mini import GenServer, Pid, Process, Reply, Supervise, Supervisor, child_spec, current_node, send, sys_
from otp_mini.exercises import check
from otp_mini.exercises import supervisor_strategies as ex


def test_an_uplink_that_tries_again_without_a_pause_is_ended() -> None:
    assert refusal(ex.uplink, SpinningUplink).parts["Seen"] == "one attempt after the other, without end"


def test_a_restart_exactly_as_old_as_the_window_still_counts() -> None:
    boundary = ([0.0, 5.0], 1, 5.0)
    asyncio.run(check(ex.gives_up, gives_up, boundary, quiet=True))
    assert refusal(ex.gives_up, open_end, boundary).parts["Seen"] == "None"


def test_another_budget_and_other_names_are_judged_as_well() -> None:
    asyncio.run(check(ex.presses, GoodPresses, names=("intaglio",), quiet=True))
    asyncio.run(check(ex.gives_up, gives_up, ([1.0], 0, 60.0), quiet=True))
    asyncio.run(check(ex.moves, moves, names=("only",), quiet=True))
    asyncio.run(check(ex.station, GoodStation, sensors=("north", "south", "east"), quiet=True))
    asyncio.run(check(ex.uplink, GoodUplink, answer="hello back", away=120.0, quiet=True))


@pytest.mark.parametrize("reason", ["kill", "shutdown", "normal end", ("shutdown", "moved")])
def test_the_way_in_which_a_part_ends_changes_nothing_for_a_permanent_child(reason: object) -> None:
    asyncio.run(check(ex.studio, GoodStudio, reason=reason, quiet=True))
    asyncio.run(check(ex.observatory, GoodObservatory, reason=reason, quiet=True))


def test_a_transient_part_is_found_by_a_quiet_end() -> None:
    transient = sup(
        lambda _: Supervise([child_spec(part, restart="transient") for part in in_order], strategy="rest_for_one")
    )
    assert "['clock (gone)']" in refusal(ex.studio, transient).parts["Seen"]


def test_an_exception_deep_in_a_tree_is_told_as_itself() -> None:
    class Broken(Part):
        def init(self, name: Any) -> Any:
            raise KeyError("no such star")

    inner = Supervise([(Broken, "mount")], strategy="one_for_one")
    tree = sup(lambda _: Supervise([(Branch, ("instruments", inner))], strategy="one_for_one"))
    assert refusal(ex.observatory, tree).parts["Seen"] == "KeyError: 'no such star'"


def test_the_real_supervisor_gives_up_at_the_times_that_the_chapter_names() -> None:
    """The checks ask a real supervisor; here is what it says, without one of its own functions."""
    found: list[float | None] = []

    async def ask(_: Any) -> None:
        for case in ex.CASES:
            time, root = await ex._really(*case)
            found.append(time)
            if Process.alive(root):
                await Supervisor.stop(root)

    asyncio.run(check(ask, None, quiet=True))
    assert found == [None, 3.0, None, 7.5, 5.0, None, None, 100.0, None, 9.0, 2.0, 3.0]


def test_the_parts_of_this_file_are_those_of_the_chapter() -> None:
    async def names(_: Any) -> None:
        root: Pid | None = await Supervisor.start_link(parts("a"), strategy="one_for_one")
        assert root is not None
        assert Process.whereis("a") is (await Supervisor.which_children(root))[0].pid
        await Supervisor.stop(root)

    asyncio.run(check(names, None, quiet=True))


# ---- the chapter's own answers, held against the sentences that they answer, with faults unlike the checks' -----

MODELS = defined(READ["05_supervisor_strategies"])
"""What the notebook gives as its solutions."""


def judged(body: Callable[[], Awaitable[None]]) -> None:
    """Run it as a check, on a fresh node."""

    async def test(_: Any) -> None:
        Process.flag(trap_exit=True)
        await body()

    asyncio.run(check(test, None, quiet=True))


@pytest.mark.parametrize("pause", [0.01, 0.3, 2.5, 5.9])
def test_a_camera_that_no_restart_helps_ends_the_model_observatory_at_every_pace(pause: float) -> None:
    judged(lambda: ex._in_the_end(MODELS["Observatory"], None, ex.PARTS, "camera", (pause,)))


def test_bursts_with_a_calm_between_them_end_the_model_observatory_also_after_a_long_quiet_time() -> None:
    async def night() -> None:
        root = await ex._grown(MODELS["Observatory"], None, ex.PARTS)
        await Process.sleep(3600.0)
        for _ in range(16):
            assert Process.alive(root)
            for _ in range(11):
                await ex._end("camera")
            await Process.sleep(50.0)
        assert not Process.alive(root)

    judged(night)


def test_normal_nights_cost_the_model_observatory_no_mount() -> None:
    async def nights() -> None:
        await ex._grown(MODELS["Observatory"], None, ex.PARTS)
        mount, archive = Process.whereis("mount"), Process.whereis("archive")
        for _ in range(500):
            await ex._end("camera", pause=6.1)
        assert (Process.whereis("mount"), Process.whereis("archive")) == (mount, archive)

    judged(nights)


@pytest.mark.parametrize("count", range(1, 13))
def test_the_model_station_keeps_its_sentence_for_every_number_of_sensors(count: int) -> None:
    sensors = tuple(f"sensor {number}" for number in range(count))
    asyncio.run(check(ex.station, MODELS["MendedStation"], sensors=sensors, quiet=True))
    judged(lambda: ex._in_the_end(MODELS["MendedStation"], [*sensors], sensors, sensors[-1], (0.02, 0.09)))


def test_storm_after_storm_costs_the_model_station_no_archive() -> None:
    async def season() -> None:
        await ex._grown(MODELS["MendedStation"], [*ex.SENSORS], ex.SENSORS)
        archive = Process.whereis("archive")
        for _ in range(200):
            for sensor in ex.SENSORS:
                await ex._end(sensor, pause=0.1)
            await Process.sleep(5.0)
        assert Process.whereis("archive") is archive

    judged(season)


@pytest.mark.parametrize("name", ["weather", "archive"])
@pytest.mark.parametrize("pause", [900.0, 61.0, 7.0])
def test_what_stands_alone_ends_for_days_and_costs_the_model_observatory_nobody_else(name: str, pause: float) -> None:
    async def days() -> None:
        root = await ex._grown(MODELS["Observatory"], None, ex.PARTS)
        others = {other: Process.whereis(other) for other in ex.PARTS if other != name}
        for _ in range(min(200, int(6000 / pause))):
            await ex._end(name, pause=pause)
        assert Process.alive(root)
        assert {other: Process.whereis(other) for other in others} == others

    judged(days)


class SlowGateway(GenServer):
    """Needs some seconds for an answer."""

    async def handle_call(self, request: Any, from_: Any, seconds: Any) -> Reply:
        await Process.sleep(seconds)
        return Reply("at last", seconds)


@pytest.mark.parametrize("seconds", [0.5, 5.5, 7.9])
def test_a_slow_gateway_connects_the_model_uplink_once(seconds: float) -> None:
    async def day() -> None:
        await ex._grown(ex._Site, MODELS["MendedUplink"], ("uplink",))
        first = Process.whereis("uplink")
        assert first is not None
        for _ in range(5):
            send(first, "try")
            GenServer.cast(first, "try")
        gateway = await ex._Gateway.start(("at last", seconds, 0), name="gateway")
        await Process.sleep(10.0 + seconds)
        for _ in range(20):
            await ex._expect_state(first, "the gateway has answered", "at last", "")
            await Process.sleep(5.0)
        assert gateway is not None
        assert (await sys_.get_state(gateway))[2] == 1  # it was asked once, and not again

    judged(day)


def test_the_model_uplink_never_has_more_than_one_process_that_asks_and_takes_it_along() -> None:
    async def day() -> None:
        root = await ex._grown(ex._Site, MODELS["MendedUplink"], ("uplink",))
        await SlowGateway.start(1e6, name="gateway")
        counts = set()
        for _ in range(100):
            await Process.sleep(2.3)
            counts.add(len(current_node().processes()))
        assert len(counts) == 1
        await Supervisor.stop(root)
        await Process.sleep(20.0)
        assert len(current_node().processes()) == counts.pop() - 4  # site, uplink, clock, and who asked

    judged(day)


def test_a_gateway_that_ends_while_it_is_asked_costs_the_model_uplink_nothing() -> None:
    async def day() -> None:
        await ex._grown(ex._Site, MODELS["MendedUplink"], ("uplink",))
        first = Process.whereis("uplink")
        assert first is not None
        for _ in range(3):
            gateway = await SlowGateway.start(60.0, name="gateway")
            assert gateway is not None
            await Process.sleep(5.0)
            Process.exit(gateway, "kill")
            await ex._expect_state(first, "the gateway was killed", "down", "")
        await ex._Gateway.start_link(("hello", 0.0, 0), name="gateway")
        await Process.sleep(10.0)
        await ex._expect_state(first, "a gateway is there", "hello", "")

    judged(day)

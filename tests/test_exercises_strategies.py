"""The checks of chapter 05 beyond their attack table: other numbers, other ends, what a real supervisor says."""

from __future__ import annotations

import asyncio
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

from otp_mini import Pid, Process, Supervise, Supervisor, child_spec
from otp_mini.exercises import check, checking
from otp_mini.exercises import supervisor_strategies as ex


def test_an_uplink_that_tries_again_without_a_pause_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "REAL_PATIENCE", 0.2)
    assert "no end after 0.2 seconds" in refusal(ex.uplink, SpinningUplink).parts["Seen"]


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
    assert found == [None, 3.0, None, 7.5, 5.0, None, None, 100.0, None, 9.0]


def test_the_parts_of_this_file_are_those_of_the_chapter() -> None:
    async def names(_: Any) -> None:
        root: Pid | None = await Supervisor.start_link(parts("a"), strategy="one_for_one")
        assert root is not None
        assert Process.whereis("a") is (await Supervisor.which_children(root))[0].pid
        await Supervisor.stop(root)

    asyncio.run(check(names, None, quiet=True))

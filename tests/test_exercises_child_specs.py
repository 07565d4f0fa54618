"""The checks of chapter 08 beyond their attack table, and its model answers held against their own sentences."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from attacks import refusal
from attacks_08 import RESTARTS, archivist_of, errand, good_staff, keeping, planned, press_specs, staffed
from test_exercises import READ, defined

from otp_mini import (
    INFINITY,
    Agent,
    ChildSpec,
    Down,
    Exit,
    GenServer,
    NoReply,
    Ok,
    Pid,
    Process,
    Reply,
    Supervise,
    Supervisor,
    child_spec,
    current_node,
    receive,
    spawn,
)
from otp_mini.exercises import check
from otp_mini.exercises import child_specs as ex
from otp_mini.exercises.checking import let_pass

MODELS = defined(READ["08_child_specs"])
"""What the notebook gives as its solutions."""


def judged(body: Callable[[], Awaitable[None]]) -> None:
    """Run it as a check, on a fresh node."""

    async def test(_: Any) -> None:
        Process.flag(trap_exit=True)
        await body()

    asyncio.run(check(test, None, quiet=True))


async def supervised(children: Any, **rules: Any) -> Pid:
    root = await Supervisor.start_link(children, **{"strategy": "one_for_one", **rules})
    assert root is not None
    return root


def named(name: Any) -> Pid:
    pid = Process.whereis(name)
    assert pid is not None
    return pid


def test_other_numbers_are_judged_as_well() -> None:
    asyncio.run(check(ex.staff, good_staff, names=("a", "b", "c"), quiet=True))
    asyncio.run(check(ex.press_specs, press_specs, names=("only",), quiet=True))
    asyncio.run(check(ex.archivist, archivist_of(0.7), most=7, quiet=True))
    asyncio.run(check(ex.errand, errand(), titles=("only",), quiet=True))
    asyncio.run(check(ex.keeper, keeping(), jobs=2, quiet=True))
    asyncio.run(check(ex.print_shop, planned(), presses=("one", "two", "three", "four"), closing=2.0, quiet=True))


@pytest.mark.parametrize("number", range(3))
def test_a_member_of_staff_with_another_restart_is_found_by_name(number: int) -> None:
    for other in RESTARTS[:number] + RESTARTS[number + 1 :]:
        restarts = [*RESTARTS]
        restarts[number] = other
        idea = refusal(ex.staff, staffed(*restarts)).parts["Look again at"]
        assert idea.startswith("the `restart` of the " + ("press", "job", "report")[number])


# ---- the chapter's own answers, with faults unlike the checks' -----------------------------------------------


@pytest.mark.parametrize("strategy", ["one_for_one", "one_for_all", "rest_for_one"])
def test_quiet_ends_of_the_job_and_all_ends_of_the_report_cost_the_models_supervisor_nothing(strategy: str) -> None:
    async def day() -> None:
        for end in ("normal", "shutdown", ("shutdown", ("no", "paper"))):
            root = await supervised(MODELS["staff"]("p", "j", "n"), strategy=strategy, max_restarts=0)
            press = named("p")
            await GenServer.stop("n", ZeroDivisionError())
            await GenServer.stop("j", end)
            await let_pass(3600.0)
            assert (Process.alive(root), Process.whereis("p")) == (True, press)
            assert (Process.whereis("j"), Process.whereis("n")) == (None, None)
            await Supervisor.stop(root)

    judged(day)


def test_the_model_job_comes_back_when_a_process_linked_to_it_crashes() -> None:
    async def day() -> None:
        await supervised(MODELS["staff"]("p", "j", "n"))
        job = named("j")

        async def linked() -> None:
            Process.link(job)
            raise Exit("cable")

        spawn(linked)
        await Process.sleep(1.0)
        assert named("j") is not job

    judged(day)


def test_the_model_row_of_presses_takes_every_shutdown_and_fifty_presses() -> None:
    async def day() -> None:
        times: list[Any] = [INFINITY, 0, 0.25, "brutal_kill", 7]
        configs = [{"name": n, "width": n * 10, "shutdown": times[n % 5]} for n in range(50)]
        specs = MODELS["press_specs"](configs)
        root = await supervised(specs)
        assert [await GenServer.call(n, "plan") for n in range(50)] == [(n, n * 10) for n in range(50)]
        assert [spec.shutdown for spec in specs] == times * 10
        await Supervisor.stop(root)

    judged(day)


class Uneven(GenServer):
    """A disk that needs now more, now less, and after some jobs hangs."""

    async def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        kept, hangs = state
        if request == "kept":
            return Reply(kept, state)
        if len(kept) == hangs:
            return NoReply(state)
        await Process.sleep((0.5, 0.01, 0.3)[len(kept) % 3])
        return Reply("ok", ([*kept, request[1]], hangs))


@pytest.mark.parametrize(("most", "hangs"), [(200, None), (33, None), (10, 3), (2, 1)])
def test_the_model_archivist_is_in_time_with_an_uneven_disk_and_with_one_that_hangs_late(
    most: int, hangs: int | None
) -> None:
    async def day() -> None:
        await Uneven.start(([], hangs), name="disk")
        root = await supervised([MODELS["archivist"](most)])
        [row] = await Supervisor.which_children(root)
        for job in range(most):
            GenServer.cast(row.pid, ("keep", job))
        await let_pass(600.0)
        began = current_node().now()
        await Supervisor.stop(root)
        assert current_node().now() - began <= most
        assert await GenServer.call("disk", "kept") == [*range(most if hangs is None else hangs)]

    judged(day)


def test_the_model_rehearsal_takes_agents_too() -> None:
    class Stubborn(GenServer):
        def init(self, argument: Any) -> Ok:
            Process.flag(trap_exit=True)
            return Ok(argument)

        async def terminate(self, reason: Any, state: Any) -> None:
            await Process.sleep(INFINITY)

    async def day() -> None:
        children = [(Agent, lambda: 0), child_spec((Agent, lambda: 1), id="jobs"), Stubborn]
        before = [*children]
        specs = MODELS["rehearsal"](children)
        root = await supervised(specs, max_restarts=0)
        assert children == before
        assert [spec.type for spec in specs] == ["worker"] * 3
        [jobs] = [row.pid for row in await Supervisor.which_children(root) if row.id == "jobs"]
        assert jobs is not None
        Process.exit(jobs, "kill")
        await Process.sleep(1.0)
        assert len(await Supervisor.which_children(root)) == 2
        began = current_node().now()
        await Supervisor.stop(root)
        assert current_node().now() == began

    judged(day)


class Moody(GenServer):
    """A press that does one thing after the other: a jam (and another press is there), a slow answer, an answer."""

    async def handle_call(self, request: Any, from_: Any, moods: Any) -> Any:
        mood, *rest = moods
        await Process.sleep(1.0)
        match mood:
            case "jam":
                Process.unregister("press")
                await Moody.start(rest, name="press")
                raise RuntimeError("a jam")
            case "slow":
                await Process.sleep(3600.0)
                return Reply("ok", rest)
            case _:
                return Reply(mood, rest)


@pytest.mark.parametrize(
    ("moods", "reasons"),
    [
        (["jam", "jam", "ok"], [False, False, "normal"]),
        (["slow"], ["normal"]),
        (["jam", ("error", None)], [False, ("shutdown", None)]),
        (["jam", "slow"], [False, "normal"]),
        ([("error", "shutdown")], [("shutdown", "shutdown")]),
    ],
)
def test_the_model_errand_ends_as_its_sentence_says(moods: Any, reasons: Any) -> None:
    async def day() -> None:
        await Moody.start(moods, name="press")
        root = await supervised([MODELS["errand"]("menu")])
        seen: list[Any] = []
        for _ in reasons:
            [row] = await Supervisor.which_children(root)
            assert row.pid is not None
            Process.monitor(row.pid)
            down = await receive(Down)
            seen.append(down.reason if down.reason == "normal" or down.reason[0] == "shutdown" else False)
            await Process.sleep(0.1)
        assert seen == reasons
        await let_pass(3600.0)
        assert Process.alive(root) and Process.whereis("press") is not None

    judged(day)


def test_twenty_model_errands_queue_at_one_press_and_each_title_is_printed_once() -> None:
    async def day() -> None:
        titles = [f"title {number}" for number in range(20)]
        await ex._presses({}, seconds=30.0)
        root, whose = await ex._watched(MODELS["errand"], titles, "twenty errands were started")
        reasons, news = await ex._ends(whose, 3600.0)
        assert reasons == dict.fromkeys(titles, "normal")
        assert [ex._times(news, "asked", title) for title in titles] == [1] * 20
        assert Process.alive(root)

    judged(day)


def test_the_model_errand_crashes_when_there_is_no_press_at_all() -> None:
    async def day() -> None:
        root = await supervised([MODELS["errand"]("menu")])
        await Process.sleep(1.0)
        assert not Process.alive(root)

    judged(day)


@pytest.mark.parametrize("late", [0, 11, 30])
def test_the_model_keeper_writes_what_came_early_and_late_and_when_its_supervisor_is_killed(late: int) -> None:
    async def day() -> None:
        for how in ("stop", "kill"):
            disk = await ex._disk(0.5)
            root = await supervised([MODELS["keeper"]()])
            keeper = named("keeper")
            for job in range(30 - late):
                GenServer.cast(keeper, ("add", job))
            await let_pass(86_400.0)
            for job in range(30 - late, 30):
                GenServer.cast(keeper, ("add", job))
            spawn(Process.exit, keeper, "normal")
            if how == "stop":
                await Supervisor.stop(root)
            else:
                await Process.sleep(0.0)
                Process.exit(root, "kill")
                await Process.sleep(20.0)
            assert await ex._end_disk(disk) == [*range(30)]

    judged(day)


NAMES = ["spooler", "left", "right", "prices", "report"]


def pids() -> dict[str, Pid | None]:
    return {name: Process.whereis(name) for name in NAMES}


def changed(before: dict[str, Pid | None]) -> list[str]:
    return [name for name, pid in pids().items() if pid is not before[name]]


def test_two_ends_at_the_same_moment_make_no_more_new_in_the_model_shop_than_they_must() -> None:
    async def day() -> None:
        for first, second, hoped in (
            ("left", "right", ["left", "right"]),
            ("spooler", "left", ["spooler", "left", "right", "prices"]),
            ("prices", "left", ["left", "prices"]),
            ("right", "spooler", ["spooler", "left", "right", "prices"]),
        ):
            root = await ex._opened(MODELS["PrintShop"], ["left", "right"], 8.0)
            before = pids()
            Process.exit(named(first), "kill")
            Process.exit(named(second), "kill")
            await Process.sleep(1.0)
            assert changed(before) == hoped
            assert all(pids().values())
            await Supervisor.stop(root)

    judged(day)


def test_three_ends_in_a_row_every_six_seconds_for_an_hour_cost_the_model_shop_nobody_else() -> None:
    async def day() -> None:
        root = await ex._opened(MODELS["PrintShop"], ["left", "right"], 8.0)
        for name in ("left", "prices", "right"):
            before = pids()
            for _ in range(100):
                for _ in range(3):
                    await ex._end(name, "kill")
                await let_pass(6.0)
            assert changed(before) == [name]
        assert Process.alive(root)
        await Supervisor.stop(root)

    judged(day)


def test_the_model_shop_writes_its_prices_once_for_each_spooler_also_hours_later() -> None:
    async def day() -> None:
        root = await ex._opened(MODELS["PrintShop"], ["left", "right"], 8.0)
        await GenServer.stop("report")
        for _ in range(20):
            await GenServer.stop("prices", ("shutdown", "written"))
            await let_pass(3600.0)
            assert Process.whereis("prices") is None
            await ex._end("left", "kill")
            assert Process.whereis("prices") is None
            await ex._end("spooler", "normal")
            assert Process.whereis("prices") is not None
            assert Process.whereis("report") is None
        await Supervisor.stop(root)

    judged(day)


def test_any_name_is_free_for_the_staff_of_the_model_shop() -> None:
    async def day() -> None:
        root = await ex._opened(MODELS["PrintShop"], ["presses", "left"], 8.0)
        press = named("presses")
        await ex._end("presses", "kill")
        assert named("presses") is not press
        await Supervisor.stop(root)

    judged(day)


def test_the_claims_of_the_chapter_hold_where_its_runs_do_not_look() -> None:
    class Stays(GenServer):
        def init(self, argument: Any) -> Ok:
            return Ok(argument)

    async def day() -> None:
        spec = child_spec((Stays, 1), id="it", restart="transient")
        root = await supervised([spec], max_restarts=0)
        await Supervisor.terminate_child(root, "it")  # what the supervisor ends itself stays away and counts nothing
        await Process.sleep(1.0)
        [row] = await Supervisor.which_children(root)
        assert (row.pid, Process.alive(root)) == (None, True)
        whole = ChildSpec("it", (Stays.start_link, [1]))
        plan = Supervise([whole, child_spec(whole, id="other")], strategy="one_for_one")
        assert len(plan.children) == 2

    judged(day)

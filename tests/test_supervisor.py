"""Supervisor: the S lines of OTP's checklist, one test a line, and the traps around them."""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable
from typing import Any

import playing
import pytest
from ids import stable

from otp_mini import (
    INFINITY,
    BadArg,
    ChildError,
    ChildSpec,
    DynamicSupervisor,
    Exit,
    ExitSignal,
    GenServer,
    Ignore,
    Node,
    NoReply,
    Ok,
    Pid,
    Process,
    StartError,
    Stop,
    Supervise,
    Supervisor,
    Task,
    child_spec,
    current_node,
    receive,
    self_,
    send,
    spawn,
    spawn_link,
    trace,
)

EVENTS: list[Any] = []


def play(main: Any) -> Any:
    """Run a process on a fresh node with virtual time, and an empty list of events."""
    EVENTS.clear()
    return playing.play(main)


class Worker(GenServer):
    """Writes down what happens to it; `plan` says how its 1st, 2nd, … start goes."""

    def init(self, argument: tuple[str, bool, list[Any]]) -> Any:
        name, trap, plan = argument
        starts = sum(event == ("init", name) for event in EVENTS)
        EVENTS.append(("init", name))
        Process.flag(trap_exit=trap)
        outcome = plan[starts] if starts < len(plan) else None
        return Ok(name) if outcome is None else outcome()

    def handle_cast(self, request: Any, state: str) -> Any:
        return request(state)

    def handle_info(self, message: Any, state: str) -> Any:
        EVENTS.append(("info", state, message))
        return NoReply(state)

    def terminate(self, reason: object, state: str) -> Any:
        EVENTS.append(("terminate", state, reason))


class Quarrelsome:
    """Can be neither compared nor hashed."""

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("do not compare me")

    def __hash__(self) -> int:
        raise RuntimeError("do not hash me")


async def yields() -> Any:
    yield 1


class SlowToEnd(Worker):
    async def terminate(self, reason: object, state: str) -> None:
        EVENTS.append(("terminate", state, reason))
        await Process.sleep(60)
        EVENTS.append(("terminated", state))


def worker(name: str, *plan: Any, trap: bool = False, kind: Any = Worker, **spec: Any) -> ChildSpec:
    return ChildSpec(name, (kind.start_link, ((name, trap, list(plan)),)), **spec)


def fails() -> Any:
    return Stop("no luck")


def ignores() -> Any:
    return Ignore()


def crash(_: str) -> Any:
    raise RuntimeError("boom")


def stop(reason: object) -> Callable[[str], Any]:
    return lambda state: Stop(reason, state)


async def start(*children: Any, strategy: Any = "one_for_one", **options: Any) -> Pid:
    Process.flag(trap_exit=True)
    pid = await Supervisor.start_link(children, strategy=strategy, **options)
    assert pid is not None
    return pid


async def child(sup: Pid, name: str) -> Any:
    return next(row.pid for row in await Supervisor.which_children(sup) if row.id == name)


async def pids(sup: Pid) -> dict[str, Any]:
    return {row.id: row.pid for row in reversed(await Supervisor.which_children(sup))}


async def hit(sup: Pid, name: str, how: Callable[[str], Any] = crash) -> None:
    """Have a child end, and wait until all is quiet again."""
    GenServer.cast(await child(sup, name), how)
    await Process.sleep(0.001)


async def changed(sup: Pid, name: str, how: Callable[[str], Any] = crash) -> set[str]:
    """The children that are somebody else after one of them ended."""
    before = await pids(sup)
    await hit(sup, name, how)
    after = await pids(sup)
    return {each for each in after if before.get(each) is not after[each]}


async def end_of(pid: Pid) -> object:
    """Why a supervisor that is linked to the caller ended; None if it lives."""
    await Process.sleep(0.001)
    signal = await receive(lambda m: isinstance(m, ExitSignal) and m.pid is pid, timeout=0)
    return signal.reason if isinstance(signal, ExitSignal) else None


def inits() -> list[str]:
    return [event[1] for event in EVENTS if event[0] == "init"]


def ends() -> list[str]:
    return [event[1] for event in EVENTS if event[0] == "terminate"]


async def refused(work: Any) -> object:
    """The reason of the `ChildError` or `StartError` that some work raises."""
    with pytest.raises((ChildError, StartError)) as caught:
        await work
    return caught.value.reason


# ---- starting ------------------------------------------------------------------------------------


def test_s1_children_start_in_order_each_after_the_init_of_the_one_before() -> None:
    class Slow(Worker):
        async def init(self, argument: Any) -> Any:
            await Process.sleep(5)
            return super().init(argument)

    async def main() -> None:
        await start(worker("a", kind=Slow), worker("b"), worker("c", kind=Slow))

    play(main)
    assert inits() == ["a", "b", "c"]


def test_s2_children_stop_in_the_reverse_order_one_at_a_time() -> None:
    async def main() -> None:
        sup = await start(
            worker("a", trap=True), worker("b", trap=True, kind=SlowToEnd, shutdown=100.0), worker("c", trap=True)
        )
        await Supervisor.stop(sup)

    play(main)
    assert EVENTS[3:] == [
        ("terminate", "c", "shutdown"),
        ("terminate", "b", "shutdown"),
        ("terminated", "b"),
        ("terminate", "a", "shutdown"),
    ]


def test_s3_a_failing_start_stops_those_before_in_reverse_and_names_the_child() -> None:
    async def main() -> object:
        Process.flag(trap_exit=True)
        children = [worker("a", trap=True), worker("b", trap=True), worker("c", fails), worker("d")]
        return await refused(Supervisor.start_link(children, strategy="one_for_one"))

    assert play(main) == ("shutdown", ("failed_to_start_child", "c", "no luck"))
    assert inits() == ["a", "b", "c"]
    assert ends() == ["b", "a"]


def test_a_failed_first_start_is_not_tried_again() -> None:
    async def main() -> object:
        Process.flag(trap_exit=True)
        return await refused(Supervisor.start_link([worker("a", fails)], strategy="one_for_one"))

    play(main)
    assert inits() == ["a"]


# ---- strategies ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [("one_for_one", {"b"}), ("one_for_all", {"a", "b", "c"}), ("rest_for_one", {"b", "c"})],
)
def test_s4_s5_s6_who_comes_back_with_the_dead_one(strategy: str, expected: set[str]) -> None:
    async def main() -> set[str]:
        return await changed(await start(worker("a"), worker("b"), worker("c"), strategy=strategy), "b")

    assert play(main) == expected


def test_s5_one_for_all_stops_in_reverse_then_starts_in_order() -> None:
    async def main() -> None:
        children = [worker(name, trap=True) for name in "abc"]
        await hit(await start(*children, strategy="one_for_all"), "b", stop("x"))

    play(main)
    assert ends() == ["b", "c", "a"]
    assert inits() == ["a", "b", "c", "a", "b", "c"]


def test_s6_rest_for_one_stops_only_those_started_after() -> None:
    async def main() -> None:
        children = [worker(name, trap=True) for name in "abcd"]
        await hit(await start(*children, strategy="rest_for_one"), "b", stop("x"))

    play(main)
    assert ends() == ["b", "d", "c"]
    assert inits() == ["a", "b", "c", "d", "b", "c", "d"]


# ---- who comes back ------------------------------------------------------------------------------


@pytest.mark.parametrize("reason", ["normal", "shutdown", ("shutdown", "x"), "boom"])
def test_s7_a_permanent_child_always_comes_back(reason: object) -> None:
    async def main() -> set[str]:
        return await changed(await start(worker("a")), "a", stop(reason))

    assert play(main) == {"a"}


@pytest.mark.parametrize(
    ("reason", "back"), [("normal", False), ("shutdown", False), (("shutdown", 1), False), ("boom", True)]
)
def test_s8_a_transient_child_comes_back_only_after_a_crash(reason: object, back: bool) -> None:
    async def main() -> bool:
        sup = await start(worker("a", restart="transient"))
        await hit(sup, "a", stop(reason))
        return isinstance(await child(sup, "a"), Pid)

    assert play(main) is back


def test_s9_a_temporary_child_never_comes_back_and_is_forgotten() -> None:
    async def main() -> Any:
        sup = await start(worker("a", restart="temporary"), worker("b"))
        await hit(sup, "a")
        return await pids(sup)

    assert list(play(main)) == ["b"]


def test_s10_a_transient_child_that_ended_well_keeps_its_specification() -> None:
    async def main() -> Any:
        sup = await start(worker("a", restart="transient"))
        await hit(sup, "a", stop("normal"))
        return await pids(sup)

    assert play(main) == {"a": None}


def test_s11_a_group_restart_drops_temporary_children() -> None:
    async def main() -> Any:
        sup = await start(worker("a"), worker("t", restart="temporary"), worker("c"), strategy="one_for_all")
        await hit(sup, "a")
        return await pids(sup)

    assert list(play(main)) == ["a", "c"]


def test_s12_a_group_restart_revives_children_that_were_stopped_or_had_ended() -> None:
    async def main() -> Any:
        sup = await start(worker("a"), worker("b"), worker("c", restart="transient"), strategy="one_for_all")
        await Supervisor.terminate_child(sup, "b")
        await hit(sup, "c", stop("normal"))
        assert await pids(sup) | {"a": 0} == {"a": 0, "b": None, "c": None}
        await hit(sup, "a")
        return await pids(sup)

    assert all(isinstance(pid, Pid) for pid in play(main).values())


@pytest.mark.parametrize(
    ("restart", "reason"), [("transient", "normal"), ("temporary", "normal"), ("temporary", "boom")]
)
def test_s13_a_harmless_end_triggers_no_group_restart(restart: Any, reason: object) -> None:
    async def main() -> set[str]:
        sup = await start(worker("a"), worker("b", restart=restart), worker("c"), strategy="one_for_all")
        return await changed(sup, "b", stop(reason)) - {"b"}

    assert play(main) == set()


# ---- intensity -----------------------------------------------------------------------------------


def test_s14_one_restart_too_many_ends_the_supervisor_with_shutdown() -> None:
    async def main() -> object:
        sup = await start(worker("a"), worker("b", trap=True))
        for _ in range(3):
            await hit(sup, "a")
        assert Process.alive(sup)
        GenServer.cast(await child(sup, "a"), crash)
        return await end_of(sup)

    assert play(main) == "shutdown"
    assert inits().count("a") == 4
    assert ends()[-1] == "b"


def test_s15_with_max_restarts_0_the_first_crash_ends_it() -> None:
    async def main() -> object:
        sup = await start(worker("a"), max_restarts=0)
        GenServer.cast(await child(sup, "a"), crash)
        return await end_of(sup)

    assert play(main) == "shutdown"


def test_s16_restarts_older_than_the_window_do_not_count() -> None:
    async def main() -> bool:
        sup = await start(worker("a"), max_restarts=1, max_seconds=5.0)
        for _ in range(10):
            await hit(sup, "a")
            await Process.sleep(5.5)
        return Process.alive(sup)

    assert play(main) is True


def test_a_restart_exactly_as_old_as_the_window_still_counts() -> None:
    async def main() -> object:
        sup = await start(worker("a"), max_restarts=1, max_seconds=5.0)
        Process.exit(await child(sup, "a"), "x")
        await Process.sleep(5.0)
        Process.exit(await child(sup, "a"), "x")
        return await end_of(sup)

    assert play(main) == "shutdown"


def test_s17_the_limit_is_the_supervisors_and_a_group_restart_counts_once() -> None:
    async def main() -> tuple[bool, object]:
        sup = await start(*map(worker, "abc"), strategy="one_for_all", max_restarts=2)
        await hit(sup, "a")
        await hit(sup, "b")
        alive = Process.alive(sup)
        GenServer.cast(await child(sup, "c"), crash)
        return alive, await end_of(sup)

    assert play(main) == (True, "shutdown")


def test_s18_a_failing_restart_is_tried_again_and_each_try_counts() -> None:
    async def main() -> tuple[bool, object]:
        sup = await start(worker("a", None, fails, fails), max_restarts=3)
        await hit(sup, "a")
        lives = isinstance(await child(sup, "a"), Pid)
        GenServer.cast(await child(sup, "a"), crash)
        return lives, await end_of(sup)

    assert play(main) == (True, "shutdown")
    assert inits() == ["a"] * 4


def test_a_restart_that_always_fails_spends_the_budget() -> None:
    async def main() -> object:
        sup = await start(worker("a", None, *[fails] * 9), max_restarts=3)
        GenServer.cast(await child(sup, "a"), crash)
        return await end_of(sup)

    assert play(main) == "shutdown"
    assert inits() == ["a"] * 4


def test_a_group_restart_that_fails_half_way_is_tried_again_as_a_group() -> None:
    async def main() -> Any:
        sup = await start(worker("a"), worker("b", None, fails), worker("c"), strategy="one_for_all")
        await hit(sup, "a")
        return await pids(sup)

    assert all(isinstance(pid, Pid) for pid in play(main).values())
    assert inits() == ["a", "b", "c", "a", "b", "a", "b", "c"]


def nested(name: str, *children: ChildSpec, restart: Any = "permanent", **options: Any) -> ChildSpec:
    async def begin() -> Pid | None:
        return await Supervisor.start_link(children, strategy="one_for_one", **options)

    return ChildSpec(name, (begin, ()), restart=restart, type="supervisor")


def test_s19_a_transient_supervisor_that_gives_up_is_not_restarted() -> None:
    async def main() -> Any:
        sup = await start(nested("inner", worker("a"), restart="transient", max_restarts=0))
        inner = await child(sup, "inner")
        GenServer.cast(await child(inner, "a"), crash)
        await Process.sleep(1)
        return await pids(sup)

    assert play(main) == {"inner": None}


def test_s20_a_restarted_supervisor_has_only_its_original_children() -> None:
    async def main() -> Any:
        sup = await start(nested("inner", worker("a")))
        inner = await child(sup, "inner")
        await Supervisor.start_child(inner, worker("b"))
        Process.exit(inner, "kill")
        await Process.sleep(1)
        return await pids(await child(sup, "inner"))

    assert list(play(main)) == ["a"]


def test_s21_an_ignored_child_keeps_its_specification() -> None:
    async def main() -> Any:
        return await pids(await start(worker("a", ignores)))

    assert play(main) == {"a": None}


@pytest.mark.parametrize(
    ("restart", "kept"), [("permanent", {"a": None}), ("transient", {"a": None}), ("temporary", {})]
)
def test_s21_s22_so_does_one_that_is_added_later(restart: Any, kept: dict[str, Any]) -> None:
    async def main() -> Any:
        sup = await start()
        assert await Supervisor.start_child(sup, worker("a", ignores, restart=restart)) is None
        return await pids(sup)

    assert play(main) == kept


def test_an_id_is_known_by_what_it_equals_and_not_by_which_object_it_is() -> None:
    """What a supervisor is asked, it gets as a copy."""
    id: Any = frozenset({"a", 1})

    async def main() -> None:
        sup = await start(child_spec(worker("a", None, fails), id=id))
        pid = await child(sup, id)
        await hit(sup, id)
        again = await child(sup, id)
        assert isinstance(again, Pid)
        assert again is not pid
        assert await refused(Supervisor.start_child(sup, child_spec(GenServer, id=id))) == ("already_started", again)
        assert await Supervisor.terminate_child(sup, id) == "ok"
        assert await refused(Supervisor.start_child(sup, child_spec(GenServer, id=id))) == "already_present"
        assert await Supervisor.delete_child(sup, id) == "ok"

    play(main)


class Room:
    def __init__(self, number: int) -> None:
        self.number = number


SENTINEL = object()
IDS: list[Any] = [
    1, 1.0, True, "1", b"1", None, [1], [1.0], (1,), {"a": 1}, {"a": True}, {1}, frozenset({1}), float("nan"),
    Room(1), Room(2), Room(True), Quarrelsome(), SENTINEL, Room, Worker.start_link, 10**400,
]  # fmt: skip


def test_any_term_is_an_id_and_two_are_one_only_where_erlang_says_so() -> None:
    async def main() -> None:
        sup = await start(*[worker("w").override(id=each) for each in IDS])
        rows = (await Supervisor.which_children(sup))[::-1]
        assert len(rows) == len(IDS)
        for row in rows:
            assert await refused(Supervisor.start_child(sup, worker("w").override(id=row.id))) == (
                "already_started", row.pid,
            )  # fmt: skip
            assert await Supervisor.terminate_child(sup, row.id) == "ok"
            assert await refused(Supervisor.start_child(sup, worker("w").override(id=row.id))) == "already_present"
            assert isinstance(await Supervisor.restart_child(sup, row.id), Pid)
        assert [row.pid for row in rows] != [row.pid for row in (await Supervisor.which_children(sup))[::-1]]
        for row in rows:
            await Supervisor.terminate_child(sup, row.id)
            assert await Supervisor.delete_child(sup, row.id) == "ok"
        assert await Supervisor.which_children(sup) == []

    play(main)


@pytest.mark.parametrize("id", IDS, ids=lambda each: type(each).__name__)
def test_a_failed_restart_is_tried_again_whatever_the_id_is(id: Any) -> None:
    async def main() -> bool:
        sup = await start(worker("w", None, fails).override(id=id))
        Process.exit((await Supervisor.which_children(sup))[0].pid, "kill")  # type: ignore[arg-type]
        await Process.sleep(3600)
        return isinstance((await Supervisor.which_children(sup))[0].pid, Pid)

    assert play(main) is True
    assert inits() == ["w"] * 3


@pytest.mark.parametrize("id", [[1], {"a": [1]}, float("nan"), Room(1)], ids=stable)
def test_the_same_id_twice_is_refused_whatever_it_is(id: Any) -> None:
    async def main() -> Any:
        Process.flag(trap_exit=True)
        two = [worker("a").override(id=each) for each in (id, copy.deepcopy(id))]
        return await refused(Supervisor.start_link(two, strategy="one_for_one"))

    kind, (what, _) = play(main)
    assert (kind, what) == ("start_spec", "duplicate_child_name")


def test_the_id_of_a_child_that_waits_for_its_restart_is_present() -> None:
    async def main() -> Any:
        sup = await start(worker("a", None, *[fails] * 50), max_restarts=100)
        Process.exit(await child(sup, "a"), "kill")
        while await child(sup, "a") != "restarting":
            await Process.sleep(0)
        return await refused(Supervisor.start_child(sup, worker("a")))

    assert play(main) == "already_present"


def test_s22_an_ignored_temporary_child_is_not_kept() -> None:
    async def main() -> Any:
        return await pids(await start(worker("a", ignores, restart="temporary"), worker("b")))

    assert list(play(main)) == ["b"]


# ---- shutdown ------------------------------------------------------------------------------------


def test_s23_a_child_that_does_not_end_in_time_is_killed() -> None:
    async def main() -> float:
        sup = await start(worker("a", trap=True, kind=SlowToEnd, shutdown=2.0))
        before = sup.block.node.now()
        await Supervisor.stop(sup)
        return Node.now(self_().block.node) - before

    assert play(main) == 2.0
    assert EVENTS[1:] == [("terminate", "a", "shutdown")]


def test_s24_brutal_kill_runs_no_terminate() -> None:
    async def main() -> None:
        await Supervisor.stop(await start(worker("a", trap=True, shutdown="brutal_kill")))

    play(main)
    assert ends() == []


def test_s25_infinity_waits_and_a_worker_has_five_seconds_by_default() -> None:
    async def lasts(**spec: Any) -> float:
        sup = await start(worker("a", trap=True, kind=SlowToEnd, **spec))
        node = self_().block.node
        before = node.now()
        await Supervisor.stop(sup)
        return float(node.now() - before)

    async def main() -> tuple[float, float, float]:
        return await lasts(shutdown=INFINITY), await lasts(), await lasts(type="supervisor")

    assert play(main) == (60.0, 5.0, 60.0)


# ---- what can be asked ---------------------------------------------------------------------------


def test_s26_terminate_child_knows_the_unknown_and_does_not_mind_the_stopped() -> None:
    async def main() -> tuple[object, str, str]:
        sup = await start(worker("a"))
        unknown = await refused(Supervisor.terminate_child(sup, "x"))
        return unknown, await Supervisor.terminate_child(sup, "a"), await Supervisor.terminate_child(sup, "a")

    assert play(main) == ("not_found", "ok", "ok")


def test_s27_terminate_child_keeps_the_specification_but_of_temporary_children() -> None:
    async def main() -> Any:
        sup = await start(worker("a"), worker("t", restart="temporary"))
        for name in "at":
            await Supervisor.terminate_child(sup, name)
        return await pids(sup)

    assert play(main) == {"a": None}


def test_s28_terminate_child_is_no_crash() -> None:
    async def main() -> bool:
        sup = await start(worker("a"), worker("b"), strategy="one_for_all", max_restarts=0)
        await Supervisor.terminate_child(sup, "a")
        await Process.sleep(1)
        return Process.alive(sup)

    assert play(main) is True
    assert inits() == ["a", "b"]


def test_s29_restart_child_answers_the_new_pid_or_why_not() -> None:
    async def main() -> tuple[object, object, bool]:
        sup = await start(worker("a"))
        running, unknown = (
            await refused(Supervisor.restart_child(sup, "a")),
            await refused(Supervisor.restart_child(sup, "x")),
        )
        await Supervisor.terminate_child(sup, "a")
        return running, unknown, await Supervisor.restart_child(sup, "a") is await child(sup, "a")

    assert play(main) == ("running", "not_found", True)


def test_s30_a_restart_child_that_fails_keeps_the_specification() -> None:
    async def main() -> tuple[object, Any]:
        sup = await start(worker("a", None, fails))
        await Supervisor.terminate_child(sup, "a")
        return await refused(Supervisor.restart_child(sup, "a")), await pids(sup)

    assert play(main) == ("no luck", {"a": None})


def test_s31_delete_child_wants_a_stopped_child() -> None:
    async def main() -> list[object]:
        sup = await start(worker("a"))
        answers = [await refused(Supervisor.delete_child(sup, "a")), await refused(Supervisor.delete_child(sup, "x"))]
        await Supervisor.terminate_child(sup, "a")
        return [*answers, await Supervisor.delete_child(sup, "a"), await pids(sup)]

    assert play(main) == ["running", "not_found", "ok", {}]


def test_s32_start_child_with_an_id_that_is_taken() -> None:
    async def main() -> tuple[bool, object]:
        sup = await start(worker("a"))
        started = await refused(Supervisor.start_child(sup, worker("a")))
        same = started == ("already_started", await child(sup, "a"))
        await Supervisor.terminate_child(sup, "a")
        return same, await refused(Supervisor.start_child(sup, worker("a")))

    assert play(main) == (True, "already_present")


def test_s33_a_start_child_that_fails_is_not_kept() -> None:
    async def main() -> tuple[object, Any]:
        sup = await start()
        return await refused(Supervisor.start_child(sup, worker("a", fails))), await pids(sup)

    assert play(main) == ("no luck", {})


def test_s34_s35_start_child_is_last_in_the_order_and_restart_child_keeps_its_place() -> None:
    async def main() -> list[str]:
        sup = await start(worker("a"), worker("b"))
        await Supervisor.start_child(sup, worker("c"))
        await Supervisor.terminate_child(sup, "a")
        await Supervisor.restart_child(sup, "a")
        return list(await pids(sup))

    assert play(main) == ["a", "b", "c"]


def test_s36_count_children_counts_specifications_and_the_living() -> None:
    async def main() -> Any:
        sup = await start(worker("a"), worker("b"), nested("inner"))
        await Supervisor.terminate_child(sup, "a")
        return await Supervisor.count_children(sup)

    counts = play(main)
    assert counts == (3, 2, 1, 2)
    assert counts.supervisors == 1


def test_s37_which_children_lists_the_newest_first() -> None:
    async def main() -> list[Any]:
        return [row.id for row in await Supervisor.which_children(await start(worker("a"), worker("b")))]

    assert play(main) == ["b", "a"]


def test_s38_the_modules_of_a_child_are_its_class() -> None:
    async def main() -> Any:
        rows = await Supervisor.which_children(await start((Worker, ("a", False, [])), worker("b", modules="dynamic")))
        return [row.modules for row in rows]

    assert play(main) == ["dynamic", (Worker,)]


def test_s38_where_nobody_says_them_they_are_the_class_whose_start_function_it_is() -> None:
    async def plain(name: str) -> Any:
        return await Worker.start_link((name, False, []))

    class Maker:
        async def make(self, name: str) -> Any:
            return await plain(name)

    async def main() -> Any:
        sup = await start(
            ChildSpec("a", (Worker.start_link, (("a", False, []),))),
            ChildSpec("b", (plain, ("b",))),
            ChildSpec("c", (Maker().make, ("c",))),
        )
        return [row.modules for row in reversed(await Supervisor.which_children(sup))]

    assert play(main) == [(Worker,), (), ()]


def test_a_supervisor_of_a_class_is_a_child_like_any_other() -> None:
    class Shop(Supervisor):
        def init(self, argument: Any) -> Supervise:
            return Supervise([worker(argument or "default")], strategy="one_for_one")

    async def main() -> Any:
        sup = await start(Shop, child_spec((Shop, "given"), id="second"))
        rows = list(reversed(await Supervisor.which_children(sup)))
        return [(row.id, row.type, row.modules) for row in rows], inits()

    assert play(main) == ([(Shop, "supervisor", (Shop,)), ("second", "supervisor", (Shop,))], ["default", "given"])


@pytest.mark.parametrize(
    ("at", "lives"), [((0, 0, 0), True), ((0, 0, 0, 0), False), ((0, 0, 0, 4.5), False), ((0, 0, 0, 5.5), True)]
)
def test_without_a_word_three_restarts_in_five_seconds_are_allowed(at: tuple[float, ...], lives: bool) -> None:
    class Shop(Supervisor):
        def init(self, argument: Any) -> Supervise:
            return Supervise([worker("a")], strategy="one_for_one")

    async def main() -> bool:
        Process.flag(trap_exit=True)
        for by_class in (True, False):
            sup = await Shop.start_link() if by_class else await start(worker("a"))
            began = current_node().now()
            for moment in at:
                await Process.sleep(began + moment - current_node().now() if moment else 0)
                await hit(sup, "a")
            if by_class:
                first = Process.alive(sup)
        assert first is Process.alive(sup)
        return first

    assert play(main) is lives


# ---- bad plans -----------------------------------------------------------------------------------
# ---- bad plans -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("children", "options", "reason"),
    [
        ([worker("a"), worker("a")], {}, ("start_spec", ("duplicate_child_name", "a"))),
        ([worker("a", restart="often")], {}, ("start_spec", ("invalid_restart_type", "often"))),
        ([worker("a", shutdown=-1)], {}, ("start_spec", ("invalid_shutdown", -1))),
        ([worker("a", type="robot")], {}, ("start_spec", ("invalid_child_type", "robot"))),
        ([], {"strategy": "one_for_each"}, ("supervisor_data", ("invalid_strategy", "one_for_each"))),
        ([], {"max_restarts": -1}, ("supervisor_data", ("invalid_intensity", -1))),
        ([], {"max_seconds": 0}, ("supervisor_data", ("invalid_period", 0))),
        ([], {"max_seconds": -5}, ("supervisor_data", ("invalid_period", -5))),
        ([], {"max_seconds": INFINITY}, ("supervisor_data", ("invalid_period", INFINITY))),
        ([], {"max_seconds": True}, ("supervisor_data", ("invalid_period", True))),
        ([], {"max_restarts": True}, ("supervisor_data", ("invalid_intensity", True))),
        ([], {"max_restarts": 1.0}, ("supervisor_data", ("invalid_intensity", 1.0))),
        ([], {"auto_shutdown": "soon"}, ("supervisor_data", ("invalid_auto_shutdown", "soon"))),
    ],
)
def test_s39_a_plan_that_is_wrong_is_an_error_of_the_start(children: Any, options: Any, reason: object) -> None:
    async def main() -> object:
        Process.flag(trap_exit=True)
        return await refused(Supervisor.start_link(children, **{"strategy": "one_for_one", **options}))

    assert play(main) == reason


def test_what_a_supervisor_refuses_says_what_to_do_instead() -> None:
    async def said(work: Any) -> str:
        with pytest.raises(ChildError) as caught:
            await work
        return str(caught.value).removeprefix("the supervisor answered: ")

    async def start_as(name: str) -> Pid | None:
        return await GenServer.start_link(None, name=name)

    async def main() -> list[str]:
        sup = await start(worker("a"), worker("b"))
        await Supervisor.terminate_child(sup, "b")
        small = await DynamicSupervisor.start_link(max_children=0, name="small")
        namesake = ChildSpec("an id of its own", (start_as, ("small",)))
        return [
            await said(Supervisor.delete_child(sup, "nobody")),
            await said(Supervisor.delete_child(sup, "a")),
            await said(Supervisor.start_child(sup, worker("a"))),
            await said(Supervisor.start_child(sup, worker("b"))),
            await said(Supervisor.start_child(sup, namesake)),
            await said(Supervisor.start_child(sup, child_spec(GenServer, shutdown=-1))),
            await said(DynamicSupervisor.start_child(small, GenServer)),
        ]

    assert play(main) == [
        "there is no such child; which_children lists those that there are ('not_found')",
        "the child runs; terminate_child would stop it ('running')",
        "the id or the name belongs to a process that runs, #PID<0.3.0>: use that one, or take another",
        "the id belongs to a child that is stopped; restart_child would start it ('already_present')",
        "the id or the name belongs to a process that runs, #PID<0.5.0>: use that one, or take another",
        "shutdown must be seconds from 0 up, INFINITY or brutal_kill, got -1",
        "there are as many children as max_children allows; terminate one, or allow more ('max_children')",
    ]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (7, "a child is a class with child_spec .* got 7"),
        ((GenServer, 1, 2), "a child is a class"),
        (type("Odd", (), {"child_spec": lambda: 5}), "child_spec must return a ChildSpec, got 5"),
    ],
)
def test_s42_what_can_be_no_child_is_a_mistake_of_the_caller(wrong: Any, said: str) -> None:
    async def main() -> None:
        with pytest.raises(BadArg, match=said):
            await start(wrong)

    play(main)


def test_a_class_without_init_is_told_what_to_write() -> None:
    class Empty(Supervisor):
        pass

    async def main() -> None:
        Process.flag(trap_exit=True)
        with pytest.raises(StartError, match=r"Empty needs def init\(self, argument\), returning Supervise"):
            await Empty.start_link()

    play(main)


def test_a_start_function_that_answers_neither_a_pid_nor_none_has_failed() -> None:
    async def starts_a_number() -> Any:
        return 5

    async def main() -> Any:
        return await refused(start(ChildSpec("a", (starts_a_number, ()))))

    assert play(main) == ("shutdown", ("failed_to_start_child", "a", 5))


class Forgets(Worker):
    @classmethod
    async def start_link(cls, argument: Any = None, **options: Any) -> Any:  # type: ignore[override]
        await super().start_link(("f", False, []), name="f")


class ForgetsToWait(Worker):
    @classmethod
    async def start_link(cls, argument: Any = None, **options: Any) -> Any:  # type: ignore[override]
        return super().start_link(("f", False, []))


def test_a_start_link_that_forgets_its_return_is_told_and_leaves_no_process_behind() -> None:
    async def main() -> Any:
        sup, few = await start(), await DynamicSupervisor.start_link()
        said = []
        for work in (Supervisor.start_child(sup, Forgets), DynamicSupervisor.start_child(few, Forgets)):  # type: ignore[arg-type]
            with pytest.raises(ChildError) as caught:
                await work
            said.append(str(caught.value).split("#PID")[0] + str(caught.value).split(">")[1])
            assert Process.whereis("f") is None
        return said, await refused(start(Forgets))

    said, reason = play(main)
    sentence = "its start function started  and answered None: is a `return` missing before its await?"
    assert said == [f"the supervisor answered: {sentence}"] * 2
    assert reason[1][2][0] == "forgotten_return"


def test_a_start_that_ignores_is_no_forgotten_return_be_there_other_processes_or_not() -> None:
    async def ignores_with_a_helper() -> None:
        spawn(Process.sleep, 3600)

    async def main() -> Any:
        return await pids(await start(worker("a", ignores), ChildSpec("b", (ignores_with_a_helper, [])), worker("c")))

    assert [pid is None for pid in play(main).values()] == [True, True, False]


def test_a_start_link_that_forgets_its_await_is_told(recwarn: pytest.WarningsRecorder) -> None:
    async def main() -> str:
        with pytest.raises(ChildError) as caught:
            await Supervisor.start_child(await start(), ForgetsToWait)
        return str(caught.value)

    said = "its start function answered GenServer.start_link(...), a coroutine that nobody awaited: is an `await` miss"
    assert play(main) == f"the supervisor answered: {said}ing?"
    assert not recwarn.list


def test_a_plain_function_may_start_a_child() -> None:
    async def main() -> bool:
        sup = await start(ChildSpec("a", (spawn_link, [Process.sleep, 3600])))
        return Process.alive(await child(sup, "a"))

    assert play(main) is True


@pytest.mark.parametrize("answer", [threading.Lock(), (each for each in ())], ids=["lock", "generator"])
def test_an_answer_that_cannot_be_copied_harms_no_supervisor(answer: Any) -> None:
    async def answers() -> Any:
        return answer

    async def main() -> Any:
        sup = await start(worker("a"))
        await refused(Supervisor.start_child(sup, ChildSpec("b", (answers, []))))
        return list(await pids(sup))

    assert play(main) == ["a"]


def test_a_start_function_that_exits_has_failed_with_that_reason() -> None:
    async def leaves() -> Any:
        raise Exit("gone")

    async def main() -> Any:
        return await refused(Supervisor.start_child(await start(), ChildSpec("a", (leaves, ()))))

    assert play(main) == ("EXIT", "gone")


def test_start_child_and_restart_child_answer_the_pid_of_the_child() -> None:
    async def main() -> bool:
        sup = await start()
        first = await Supervisor.start_child(sup, worker("a"))
        same = first is await child(sup, "a")
        await Supervisor.terminate_child(sup, "a")
        again = await Supervisor.restart_child(sup, "a")
        return same and again is await child(sup, "a") and again is not first

    assert play(main)


def test_half_a_second_is_a_period_like_any_other() -> None:
    async def main() -> bool:
        sup = await start(worker("a"), max_restarts=1, max_seconds=0.5)
        for _ in range(3):
            await hit(sup, "a")
            await Process.sleep(0.6)
        return Process.alive(sup)

    assert play(main) is True


def test_a_plan_does_not_change() -> None:
    plan = Supervise([], strategy="one_for_one")
    with pytest.raises(AttributeError):
        plan.max_restarts = 4  # type: ignore[misc]


def test_s39_the_error_of_a_wrong_strategy_says_which_there_are() -> None:
    error = StartError(("supervisor_data", ("invalid_strategy", "one_for_each")))
    assert "one_for_one, one_for_all or rest_for_one, got 'one_for_each'" in str(error)


def test_s40_a_missing_strategy_is_a_mistake_of_the_caller() -> None:
    async def main() -> None:
        with pytest.raises(BadArg, match="needs a strategy"):
            await Supervisor.start_link([worker("a")])

    play(main)


def test_s41_child_spec_overrides_fields_and_refuses_unknown_ones() -> None:
    spec = child_spec((Worker, 1), id="w", restart="transient")
    assert (spec.id, spec.restart, spec.start[1]) == ("w", "transient", (1,))
    with pytest.raises(BadArg, match="got 'colour'"):
        child_spec(Worker, colour="red")


@pytest.mark.parametrize("child", [int, 3, "Worker", (int, 1), (Worker, 1, 2)])
def test_s42_what_has_no_child_spec_cannot_be_a_child(child: Any) -> None:
    with pytest.raises(BadArg, match="a child is a class with child_spec"):
        Supervise([child], strategy="one_for_one")


# ---- signals -------------------------------------------------------------------------------------


def test_s43_a_foreign_exit_signal_is_nothing_to_a_supervisor() -> None:
    async def main() -> tuple[bool, set[str]]:
        sup = await start(worker("a"))
        before = await pids(sup)

        async def stranger() -> None:
            Process.exit(sup, "boom")

        spawn(stranger)
        await Process.sleep(1)
        return Process.alive(sup), {name for name, pid in (await pids(sup)).items() if before[name] is not pid}

    assert play(main) == (True, set())


@pytest.mark.parametrize("reason", ["normal", "boom"])
def test_s44_the_end_of_its_parent_ends_a_supervisor_with_that_reason(reason: str) -> None:
    async def main() -> object:
        me = self_()

        async def parent() -> None:
            sup = await Supervisor.start_link([worker("a", trap=True)], strategy="one_for_one")
            send(me, sup)
            await receive()
            raise Exit(reason)

        boss = spawn(parent)
        sup = await receive()
        Process.monitor(sup)
        send(boss, "go")
        return (await receive()).reason

    assert play(main) == reason
    assert ends() == ["a"]


def test_s45_the_children_of_a_killed_supervisor_die_as_killed() -> None:
    async def main() -> tuple[Any, Any]:
        sup = await start(worker("a"), worker("b", trap=True))
        plain = Process.monitor(await child(sup, "a"))
        Process.exit(sup, "kill")
        return (await receive(lambda m: getattr(m, "ref", None) is plain)).reason, await end_of(sup)

    assert play(main) == ("killed", "killed")
    assert EVENTS[-1] == ("terminate", "b", "killed")


def test_s46_s47_stop_ends_with_the_given_reason_and_stops_children_with_shutdown() -> None:
    async def main() -> tuple[str, object]:
        sup = await start(worker("a", trap=True))
        return await Supervisor.stop(sup, "maintenance"), await end_of(sup)

    assert play(main) == ("ok", "maintenance")
    assert EVENTS[-1] == ("terminate", "a", "shutdown")


def test_s48_a_permanent_child_that_stops_normally_counts_too() -> None:
    async def main() -> object:
        sup = await start(worker("a"), max_restarts=1)
        await hit(sup, "a", stop("normal"))
        GenServer.cast(await child(sup, "a"), stop("normal"))
        return await end_of(sup)

    assert play(main) == "shutdown"


# ---- auto_shutdown -------------------------------------------------------------------------------


@pytest.mark.parametrize(("how", "after_one"), [("any_significant", "shutdown"), ("all_significant", None)])
def test_the_clean_end_of_significant_children_ends_the_supervisor(how: Any, after_one: object) -> None:
    async def main() -> tuple[object, object]:
        kinds = {"restart": "transient", "significant": True}
        sup = await start(worker("a", **kinds), worker("b", **kinds), worker("c"), auto_shutdown=how)
        GenServer.cast(await child(sup, "a"), stop("normal"))
        first = await end_of(sup)
        if first is None:
            GenServer.cast(await child(sup, "b"), stop("normal"))
        return first, first or await end_of(sup)

    assert play(main) == (after_one, "shutdown")


@pytest.mark.parametrize("how", ["any_significant", "all_significant"])
def test_the_clean_end_of_another_child_ends_nothing(how: Any) -> None:
    async def main() -> bool:
        kinds = {"restart": "transient", "significant": True}
        sup = await start(worker("a", **kinds), worker("b", restart="transient"), auto_shutdown=how)
        await hit(sup, "b", stop("normal"))
        return Process.alive(sup)

    assert play(main) is True


@pytest.mark.parametrize("reason", ["crash", "kill", "shutdown"])
@pytest.mark.parametrize(("how", "after_one"), [("any_significant", "shutdown"), ("all_significant", None)])
def test_any_end_of_a_significant_temporary_child_counts_for_it_does_not_come_back(
    how: Any, after_one: object, reason: str
) -> None:
    async def main() -> tuple[object, object]:
        kinds = {"restart": "temporary", "significant": True}
        sup = await start(worker("a", **kinds), worker("b", **kinds), worker("c"), auto_shutdown=how)
        Process.exit(await child(sup, "a"), reason)
        first = await end_of(sup)
        if first is None:
            Process.exit(await child(sup, "b"), reason)
        return first, first or await end_of(sup)

    assert play(main) == (after_one, "shutdown")


def test_a_significant_child_whose_restart_failed_and_is_due_keeps_its_supervisor_up() -> None:
    async def main() -> tuple[bool, object]:
        kinds = {"restart": "transient", "significant": True}
        sup = await start(
            worker("a", None, fails, **kinds), worker("b", **kinds), auto_shutdown="all_significant", max_restarts=5
        )
        a, b = await child(sup, "a"), await child(sup, "b")
        Process.exit(a, "kill")
        GenServer.cast(b, stop("normal"))
        await Process.sleep(1)
        lives = Process.alive(sup)
        GenServer.cast(await child(sup, "a"), stop("normal"))
        return lives, await end_of(sup)

    assert play(main) == (True, "shutdown")


def test_a_significant_child_needs_auto_shutdown() -> None:
    async def main() -> Any:
        Process.flag(trap_exit=True)
        children = [worker("a", restart="transient", significant=True)]
        return await refused(Supervisor.start_link(children, strategy="one_for_one"))

    assert play(main)[1][0] == "bad_combination"


# ---- of your own ---------------------------------------------------------------------------------


class Shop(Supervisor):
    def init(self, argument: Any) -> Any:
        return argument if not isinstance(argument, list) else Supervise(argument, strategy="one_for_one")


def test_a_class_of_ones_own_gets_its_argument_and_a_name() -> None:
    async def main() -> Any:
        sup = await Shop.start_link([worker("till")], name="shop")
        return Process.whereis("shop") is sup, list(await pids("shop"))  # type: ignore[arg-type]

    assert play(main) == (True, ["till"])


def test_an_init_may_be_async() -> None:
    class Slow(Supervisor):
        async def init(self, argument: Any) -> Any:  # type: ignore[override]
            await Process.sleep(1)
            return Supervise([worker("till")], strategy="one_for_one")

    async def main() -> Any:
        return list(await pids(await Slow.start_link()))  # type: ignore[arg-type]

    assert play(main) == ["till"]


def test_a_class_of_ones_own_says_in_its_init_how_it_supervises_and_nowhere_else() -> None:
    async def main() -> None:
        said = r"Shop says in its init how it supervises, and start_link would ignore strategy, max_restarts: return Su"
        with pytest.raises(BadArg, match=said):
            await Shop.start_link([], strategy="one_for_all", max_restarts=3)

    play(main)


@pytest.mark.parametrize("children", [Worker, "abc", {"a": Worker}, {Worker}, 5, 0, ""], ids=repr)
def test_children_are_a_list_for_they_start_in_its_order(children: Any) -> None:
    async def main() -> None:
        with pytest.raises(BadArg, match="children is a list, in the order in which they start; got"):
            await Supervisor.start_link(children, strategy="one_for_one")

    play(main)


def test_a_class_whose_init_ignores_gives_no_supervisor() -> None:
    async def main() -> Any:
        return await Shop.start_link(Ignore())

    assert play(main) is None


def test_a_class_whose_init_returns_something_else_is_an_error() -> None:
    async def main() -> Any:
        Process.flag(trap_exit=True)
        return await refused(Shop.start_link("nonsense"))

    assert play(main) == ("bad_return", (Shop, "init", "nonsense"))


@pytest.mark.slow
def test_a_supervisor_of_ten_thousand_children_stops_and_comes_back() -> None:
    async def main() -> Any:
        children = [child_spec((GenServer, number), id=number) for number in range(10_000)]
        sup = await start(nested("all", *children))
        Process.exit(await child(sup, "all"), "kill")
        await Process.sleep(1)
        return await Supervisor.count_children(await child(sup, "all"))

    assert play(main).active == 10_000


def test_an_unexpected_message_is_reported_and_dropped(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> bool:
        sup = await start()
        send(sup, "hello")
        await Process.sleep(1)
        return Process.alive(sup)

    assert play(main) is True
    assert "Supervisor received unexpected message: 'hello'" in caplog.text


# ---- what mutants of the code would have got away with -------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"start": ("not callable", ())}, "invalid_mfa"),
        ({"start": (Worker.start_link, "a word")}, "invalid_mfa"),
        ({"start": (Worker, ())}, "invalid_mfa"),
        ({"start": (yields, ())}, "invalid_mfa"),
        ({"modules": 1}, "invalid_modules"),
        ({"shutdown": float("nan")}, "invalid_shutdown"),
        ({"restart": Quarrelsome()}, "invalid_restart_type"),
        ({"start": (Worker.start_link,)}, "invalid_mfa"),
        ({"start": (Worker.start_link, (), "more")}, "invalid_mfa"),
        ({"shutdown": True}, "invalid_shutdown"),
        ({"shutdown": "soon"}, "invalid_shutdown"),
        ({"significant": 1}, "invalid_significant"),
    ],
)
def test_each_field_of_a_specification_is_checked(wrong: dict[str, Any], said: str) -> None:
    async def main() -> Any:
        sup = await start()
        return await refused(Supervisor.start_child(sup, worker("a").override(**wrong)))

    assert play(main)[0] == said


def test_a_shutdown_of_no_seconds_is_allowed_and_kills_what_does_not_end_at_once() -> None:
    async def main() -> float:
        sup = await start(worker("a", trap=True, kind=SlowToEnd, shutdown=0))
        before = self_().block.node.now()
        await Supervisor.stop(sup)
        return float(self_().block.node.now() - before)

    assert play(main) == 0.0


def test_a_sibling_that_dies_while_another_is_stopped_is_seen_to_afterwards() -> None:
    async def main() -> Any:
        sup = await start(worker("a"), worker("b", trap=True, kind=SlowToEnd, shutdown=100.0))
        before = await child(sup, "a")
        spawn(lambda: Supervisor.terminate_child(sup, "b"))
        await Process.sleep(10)
        Process.exit(before, "boom")
        await Process.sleep(100)
        after = await child(sup, "a")
        return isinstance(after, Pid) and after is not before

    assert play(main) is True


def test_a_death_during_the_slow_start_of_another_child_is_seen_to_after_it() -> None:
    async def slow() -> Any:
        await Process.sleep(5)
        return Ok("slow")

    async def main() -> Any:
        sup = await start(worker("a"), max_restarts=0)
        first = await child(sup, "a")
        spawn(lambda: Supervisor.start_child(sup, worker("s", slow)))
        await Process.sleep(1)
        Process.exit(first, "boom")
        await Process.sleep(1)
        during = Process.alive(sup)
        await Process.sleep(5)
        return during, await end_of(sup)

    assert play(main) == (True, "shutdown")
    assert inits() == ["a", "s"]


def test_a_child_that_is_terminated_while_its_restart_is_due_stays_stopped() -> None:
    async def main() -> Any:
        sup = await start(worker("a", None, fails))
        Process.exit(await child(sup, "a"), "boom")
        stopped = await Supervisor.terminate_child(sup, "a")
        await Process.sleep(1)
        return stopped, await pids(sup), Process.alive(sup)

    assert play(main) == ("ok", {"a": None}, True)
    assert inits() == ["a", "a"]


def test_a_child_that_is_deleted_while_its_restart_is_due_is_forgotten() -> None:
    async def main() -> Any:
        sup = await start(worker("a", None, fails))
        Process.exit(await child(sup, "a"), "boom")
        await Supervisor.terminate_child(sup, "a")
        deleted = await Supervisor.delete_child(sup, "a")
        await Process.sleep(1)
        return deleted, await pids(sup), Process.alive(sup)

    assert play(main) == ("ok", {}, True)


def reports(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if "had child" in record.getMessage()]


def test_a_supervisor_reports_each_restart_to_those_who_ask(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        sup = await start(worker("a"), worker("b", restart="transient"), max_restarts=1)
        await hit(sup, "b", stop("normal"))
        await hit(sup, "a", stop("shutdown"))
        GenServer.cast(await child(sup, "a"), stop("boom"))
        await Process.sleep(1)

    with caplog.at_level("INFO", logger="otp_mini"):
        play(main)
    assert [line.split("): ", 1)[1] for line in reports(caplog)] == [
        "child_terminated: 'shutdown'",
        "child_terminated: 'boom'",
        "reached_max_restart_intensity: 'shutdown'",
    ]


def test_the_reports_are_off_by_default(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        await hit(await start(worker("a")), "a", stop("shutdown"))

    play(main)
    assert caplog.records == []


class Shown:
    """An id that counts how often it is written out."""

    times = 0

    def __repr__(self) -> str:
        Shown.times += 1
        return "shown"


@pytest.mark.parametrize(("level", "times"), [("INFO", 1), ("WARNING", 0)])
def test_a_report_that_nobody_reads_is_not_written(level: str, times: int, caplog: pytest.LogCaptureFixture) -> None:
    """A restart is as quick as it can be: to write the report would be an eighth of its work."""
    id = Shown()
    Shown.times = 0

    async def main() -> None:
        sup = await start(worker(id))
        [row] = await Supervisor.which_children(sup)
        Process.exit(row.pid, "kill")
        await Process.sleep(1)
        [after] = await Supervisor.which_children(sup)
        assert after.pid not in (None, row.pid)

    with caplog.at_level(level, logger="otp_mini"):
        play(main)
    assert Shown.times == times


def test_a_child_that_does_not_start_is_reported(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        await refused(start(worker("a", fails)))

    with caplog.at_level("INFO", logger="otp_mini"):
        play(main)
    assert [line.partition("had ")[2] for line in reports(caplog)] == ["child 'a' (None): start_error: 'no luck'"]


@pytest.mark.parametrize("strategy", ["one_for_all", "rest_for_one"])
def test_a_child_that_had_ended_by_itself_when_it_was_to_be_stopped_is_reported_with_its_true_reason(
    strategy: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """OTP finds the news of its end in the mailbox; its monitor would say no more than noproc."""

    async def main() -> Any:
        sup = await start(worker("a"), worker("b"), worker("c"), strategy=strategy, max_restarts=1)
        a, b, c = (await pids(sup)).values()
        GenServer.cast(a, crash)
        GenServer.cast(b, stop("tired"))
        GenServer.cast(c, stop("normal"))
        await Process.sleep(1)
        info = Process.info(sup)
        assert info is not None
        return len(set((await pids(sup)).values()) - {a, b, c}), info["message_queue_len"]

    with caplog.at_level("INFO", logger="otp_mini"):
        assert play(main) == (3, 0)
    assert [line.partition("had ")[2].replace("#PID", "") for line in reports(caplog)] == [
        "child 'a' (<0.3.0>): child_terminated: RuntimeError('boom')",
        "child 'b' (<0.4.0>): shutdown_error: 'tired'",
    ]


def test_a_note_of_a_restart_or_of_a_child_forgotten_names_its_process_if_it_had_one() -> None:
    async def main() -> Any:
        sup = await start(worker("a", None, fails), worker("b", restart="temporary"), strategy="one_for_all")
        a, b = (await pids(sup)).values()
        with trace() as events:
            await hit(sup, "a")
        noted = [(event.kind, event.other) for event in events if event.kind in ("restart", "forget")]
        return noted == [("restart", a), ("forget", b), ("restart", None)]

    assert play(main) is True


def test_a_child_that_is_being_stopped_is_linked_no_more() -> None:
    async def main() -> list[int]:
        sup = await start(worker("a", trap=True, kind=SlowToEnd, shutdown=90.0))
        with trace() as events:
            Task.async_(Supervisor.terminate_child, sup, "a")
            await Process.sleep(30)
            linked = Process.info(sup)["links"]  # type: ignore[index]
            await Process.sleep(60)
        told = [event for event in events if event.kind == "signal" and event.other is sup]
        return [len(linked), len(told)]

    assert play(main) == [1, 0]  # linked to who started it


def test_what_waits_in_the_mailbox_is_left_alone_while_a_stubborn_child_is_killed() -> None:
    async def main() -> Any:
        sup = await start(worker("a", trap=True, kind=SlowToEnd, shutdown=1.0))
        stopping = Task.async_(Supervisor.terminate_child, sup, "a")
        await Process.sleep(0.5)
        asking = Task.async_(Supervisor.count_children, sup)
        return await Task.await_(stopping), await Task.await_(asking)

    assert play(main) == ("ok", (1, 0, 0, 1))


@pytest.mark.parametrize("strategy", ["one_for_all", "rest_for_one"])
def test_the_arguments_of_children_are_never_compared(strategy: Any) -> None:
    class Odd:
        def __eq__(self, other: object) -> bool:
            raise RuntimeError("do not compare")

        __hash__ = None  # type: ignore[assignment]

    async def main() -> int:
        specs = [child_spec((Kept, Odd()), id=name, restart=how) for name, how in
                 (("a", "permanent"), ("b", "temporary"), ("c", "transient"))]  # fmt: skip
        sup = await start(*specs, strategy=strategy)
        await hit(sup, "a")
        await Supervisor.terminate_child(sup, "c")
        await Supervisor.delete_child(sup, "c")
        return len(await pids(sup))

    assert play(main) == 1


class Kept(GenServer):
    """Takes any argument; a cast is what it does."""

    def handle_cast(self, request: Any, state: Any) -> Any:
        return request(state)


@pytest.mark.parametrize(("shutdown", "lines"), [("brutal_kill", 0), (1.0, 1)])
def test_a_kill_is_reported_unless_it_was_asked_for(
    shutdown: Any, lines: int, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        await Supervisor.stop(await start(worker("a", trap=True, kind=SlowToEnd, shutdown=shutdown)))

    with caplog.at_level("INFO", logger="otp_mini"):
        play(main)
    assert sum("shutdown_error: 'killed'" in line for line in reports(caplog)) == lines

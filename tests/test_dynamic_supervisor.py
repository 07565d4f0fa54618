"""DynamicSupervisor: the D lines of OTP's checklist, one test a line."""

from __future__ import annotations

from typing import Any

import playing
import pytest

from otp_mini import (
    INFINITY,
    BadArg,
    ChildError,
    ChildSpec,
    DynamicSupervisor,
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
    SuperviseDynamically,
    Supervisor,
    Task,
    child_spec,
    current_node,
    receive,
    sys_,
)

EVENTS: list[Any] = []


def play(main: Any) -> Any:
    EVENTS.clear()
    return playing.play(main)


class Worker(GenServer):
    """Its argument is a name, or a function that says how its 1st, 2nd, … start goes."""

    def init(self, argument: Any) -> Any:
        Process.flag(trap_exit=True)
        EVENTS.append("init")
        return argument(EVENTS.count("init")) if callable(argument) else Ok(argument)

    def handle_cast(self, request: Any, state: Any) -> Any:
        return request(state)

    def handle_info(self, message: Any, state: Any) -> Any:
        return NoReply(state)

    async def terminate(self, reason: object, state: Any) -> None:
        EVENTS.append(("terminate", state))
        if state == "slow":
            await Process.sleep(3)
        EVENTS.append(("terminated", state))


def crash(_: Any) -> Any:
    raise RuntimeError("boom")


async def start(**options: Any) -> Pid:
    Process.flag(trap_exit=True)
    sup = await DynamicSupervisor.start_link(**options)
    assert sup is not None
    return sup


def spec(argument: Any = "w", **changes: Any) -> ChildSpec:
    return Worker.child_spec(argument).override(**changes)


async def add(sup: Pid, argument: Any = "w", **changes: Any) -> Pid:
    pid = await DynamicSupervisor.start_child(sup, spec(argument, **changes))
    assert pid is not None
    return pid


async def living(sup: Pid) -> list[Any]:
    return [row.pid for row in await DynamicSupervisor.which_children(sup)]


async def hit(pid: Pid, how: Any = crash) -> None:
    GenServer.cast(pid, how)
    await Process.sleep(0.001)


async def refused(work: Any) -> Any:
    with pytest.raises((ChildError, StartError)) as caught:
        await work
    return caught.value.reason


async def end_of(pid: Pid) -> object:
    await Process.sleep(0.001)
    signal = await receive(lambda m: isinstance(m, ExitSignal) and m.pid is pid, timeout=0)
    return signal.reason if isinstance(signal, ExitSignal) else None


def test_d1_it_starts_empty() -> None:
    async def main() -> Any:
        return await DynamicSupervisor.count_children(await start())

    assert play(main) == (0, 0, 0, 0)


def test_d2_ids_are_neither_unique_nor_kept() -> None:
    async def main() -> Any:
        sup = await start()
        await add(sup, id="same")
        await add(sup, id="same")
        return [row.id for row in await DynamicSupervisor.which_children(sup)]

    assert play(main) == [None, None]


def test_d3_over_max_children_nothing_is_started() -> None:
    async def main() -> Any:
        sup = await start(max_children=1)
        await add(sup)
        return await refused(DynamicSupervisor.start_child(sup, spec()))

    assert play(main) == "max_children"
    assert EVENTS == ["init"]


@pytest.mark.parametrize("by", ["end", "terminate_child"])
def test_d4_the_end_of_a_child_frees_its_place(by: str) -> None:
    async def main() -> Any:
        sup = await start(max_children=1)
        first = await add(sup, restart="temporary")
        if by == "end":
            await hit(first)
        else:
            await DynamicSupervisor.terminate_child(sup, first)
        return await add(sup)

    assert isinstance(play(main), Pid)


def test_d5_an_ignoring_child_is_not_kept() -> None:
    async def main() -> Any:
        sup = await start()
        child = await DynamicSupervisor.start_child(sup, spec(lambda _: Ignore()))
        return child, await living(sup)

    assert play(main) == (None, [])


def test_d6_a_failing_start_gives_its_bare_reason() -> None:
    async def main() -> Any:
        sup = await start()
        return await refused(DynamicSupervisor.start_child(sup, spec(lambda _: Stop("no luck")))), await living(sup)

    assert play(main) == ("no luck", [])


def test_d7_terminate_child_takes_a_pid_that_it_knows() -> None:
    async def main() -> Any:
        sup = await start()
        pid = await add(sup)
        done = await DynamicSupervisor.terminate_child(sup, pid)
        return done, await refused(DynamicSupervisor.terminate_child(sup, pid))

    assert play(main) == ("ok", "not_found")


@pytest.mark.parametrize("child", [None, "a name", ["a list"], 7])
def test_terminate_child_refuses_what_is_no_pid(child: Any) -> None:
    async def main() -> Any:
        sup = await start()
        with pytest.raises(BadArg, match="knows its children by their pids, got"):
            await DynamicSupervisor.terminate_child(sup, child)
        return Process.alive(sup)

    assert play(main)


@pytest.mark.parametrize("restart", ["permanent", "transient", "temporary"])
def test_d8_a_terminated_child_is_forgotten(restart: Any) -> None:
    async def main() -> Any:
        sup = await start()
        await DynamicSupervisor.terminate_child(sup, await add(sup, restart=restart))
        await Process.sleep(1)
        return await living(sup)

    assert play(main) == []


@pytest.mark.parametrize(
    ("restart", "reason", "left"),
    [
        ("permanent", "normal", 1),
        ("transient", "boom", 1),
        ("transient", "normal", 0),
        ("transient", ("shutdown", 1), 0),
        ("temporary", "boom", 0),
    ],
)
def test_d9_who_comes_back_and_who_is_forgotten(restart: Any, reason: object, left: int) -> None:
    async def main() -> Any:
        sup = await start()
        pid = await add(sup, restart=restart)
        await hit(pid, lambda state: Stop(reason, state))
        after = await living(sup)
        assert pid not in after
        return len(after)

    assert play(main) == left


def test_d10_one_restart_too_many_ends_it_with_shutdown() -> None:
    async def main() -> Any:
        sup = await start(max_restarts=2)
        await add(sup)
        for _ in range(3):
            [pid] = await living(sup)
            GenServer.cast(pid, crash)
            await Process.sleep(0.001)
        return await end_of(sup)

    assert play(main) == "shutdown"


def test_d11_a_restart_whose_init_ignores_forgets_the_child() -> None:
    async def main() -> Any:
        sup = await start()
        await hit(await add(sup, lambda starts: Ok("w") if starts == 1 else Ignore()))
        return await living(sup)

    assert play(main) == []


def test_a_restart_that_fails_is_tried_again_and_each_try_counts() -> None:
    async def main() -> Any:
        sup = await start(max_restarts=3)
        await hit(await add(sup, lambda starts: Stop("no luck") if starts in (2, 3) else Ok("w")))
        return [isinstance(pid, Pid) for pid in await living(sup)], EVENTS.count("init")

    assert play(main) == ([True], 4)


def test_d12_on_its_end_it_signals_all_children_at_once() -> None:
    async def main() -> float:
        sup = await start()
        await add(sup, "slow")
        await add(sup, "slow")
        before = current_node().now()
        await DynamicSupervisor.stop(sup)
        return current_node().now() - before

    assert play(main) == 3.0
    assert EVENTS.count(("terminated", "slow")) == 2


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("not a spec", "invalid_child_spec"),
        (ChildSpec("a", "no start"), "invalid_mfa"),  # type: ignore[arg-type]
        (spec(restart="often"), "invalid_restart_type"),
        (spec(shutdown=float("nan")), "invalid_shutdown"),
    ],
)
def test_d13_an_invalid_spec_is_refused_with_the_bare_reason_and_harms_nothing(wrong: Any, said: str) -> None:
    async def main() -> Any:
        sup = await start()
        await add(sup)
        reason = await refused(DynamicSupervisor.start_child(sup, wrong))
        return reason[0], len(await living(sup))

    assert play(main) == (said, 1)


def test_d14_a_restarted_dynamic_supervisor_has_no_children() -> None:
    async def main() -> Any:
        await Supervisor.start_link([(DynamicSupervisor, {"name": "conns"})], strategy="one_for_one")
        await add("conns")  # type: ignore[arg-type]
        before = Process.whereis("conns")
        assert before is not None
        Process.exit(before, "kill")
        await Process.sleep(1)
        return before is Process.whereis("conns"), await living("conns")  # type: ignore[arg-type]

    assert play(main) == (False, [])


def test_d15_extra_arguments_go_before_those_of_the_spec() -> None:
    async def begin(*arguments: Any) -> Any:
        return await Worker.start_link(arguments)

    async def main() -> Any:
        sup = await start(extra_arguments=("tenant", 7))
        pid = await DynamicSupervisor.start_child(sup, ChildSpec("w", (begin, ("mine",))))
        return await sys_.get_state(pid)

    assert play(main) == ("tenant", 7, "mine")


def test_d16_one_for_one_is_the_only_strategy() -> None:
    async def main() -> Any:
        Process.flag(trap_exit=True)
        return await refused(DynamicSupervisor.start_link(strategy="one_for_all"))

    assert play(main) == ("supervisor_data", ("invalid_strategy", "one_for_all"))


def test_a_class_of_ones_own_says_what_is_allowed() -> None:
    class Connections(DynamicSupervisor):
        def init(self, argument: int) -> SuperviseDynamically:
            return SuperviseDynamically(max_children=argument)

    async def main() -> Any:
        sup = await Connections.start_link(0, name=Connections)
        assert sup is not None
        return await refused(DynamicSupervisor.start_child(Connections, spec()))

    assert play(main) == "max_children"


def test_stubborn_children_are_killed_on_a_real_clock_too() -> None:
    """Between the end of one child's time and the look at the next one's, real time goes on."""

    class Stubborn(GenServer):
        def init(self, argument: Any) -> Any:
            Process.flag(trap_exit=True)
            return Ok(argument)

        async def terminate(self, reason: object, state: Any) -> None:
            await Process.sleep(60)

    async def main() -> int:
        sup = await DynamicSupervisor.start_link()
        for _ in range(20):
            await DynamicSupervisor.start_child(sup, child_spec(Stubborn, shutdown=0.01))
        await DynamicSupervisor.stop(sup)
        return len(Process.list())

    with Node(clock="real") as node:
        assert node.run(main) == 1


NAN = float("nan")


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("max_restarts", -1, "invalid_intensity"),
        ("max_restarts", True, "invalid_intensity"),
        ("max_restarts", NAN, "invalid_intensity"),
        ("max_seconds", 0, "invalid_period"),
        ("max_seconds", NAN, "invalid_period"),
        ("max_seconds", INFINITY, "invalid_period"),
        ("max_seconds", "5", "invalid_period"),
        ("max_children", -1, "invalid_max_children"),
        ("max_children", 2.5, "invalid_max_children"),
        ("max_children", NAN, "invalid_max_children"),
        ("max_children", True, "invalid_max_children"),
        ("max_children", "many", "invalid_max_children"),
        ("extra_arguments", "ab", "invalid_extra_arguments"),
        ("strategy", 5, "invalid_strategy"),
    ],
)
@pytest.mark.parametrize("kind", [DynamicSupervisor, Task.Supervisor])
def test_every_option_is_checked(kind: Any, option: str, value: Any, said: str) -> None:
    async def main() -> Any:
        Process.flag(trap_exit=True)
        with pytest.raises(StartError) as caught:
            await kind.start_link(**{option: value})
        return caught.value.reason

    data, (reason, got) = play(main)
    assert (data, reason) == ("supervisor_data", said)
    assert got is value


def test_a_period_that_no_float_can_say_is_allowed() -> None:
    async def main() -> Any:
        sup = await start(max_seconds=10**400, max_restarts=1)
        await hit(await add(sup))
        return len(await living(sup))

    assert play(main) == 1


@pytest.mark.parametrize("kind", [DynamicSupervisor, Task.Supervisor])
@pytest.mark.parametrize(
    ("argument", "said"),
    [
        ("rooms", r"takes its options as a dict: \(\w+, {\"name\": \"rooms\"}\); got 'rooms'"),
        (7, "takes its options as a dict"),
        ({"nmae": "rooms"}, "has the options name, max_children, .*; got 'nmae'"),
    ],
)
def test_the_argument_of_a_ready_made_child_is_a_dict_of_options(kind: Any, argument: Any, said: str) -> None:
    async def main() -> None:
        with pytest.raises(BadArg, match=said):
            await Supervisor.start_link([(kind, argument)], strategy="one_for_one")
        with pytest.raises(BadArg, match=said):
            await kind.start_link(argument)

    play(main)


@pytest.mark.parametrize("kind", [DynamicSupervisor, Task.Supervisor])
def test_options_as_a_dict_and_as_keywords_are_one(kind: Any) -> None:
    async def main() -> Any:
        await Supervisor.start_link([(kind, {"name": "a", "max_children": 0})], strategy="one_for_one")
        await kind.start_link({"max_children": 0}, name="b")
        with pytest.raises(BadArg, match="got 'max_childen'"):
            await kind.start_link(max_childen=0)
        return [
            [await refused(DynamicSupervisor.start_child(name, spec())) for name in ("a", "b")],
            (await kind.start_link(name="c")) is Process.whereis("c"),
        ]

    assert play(main) == [["max_children", "max_children"], True]


def test_a_class_of_ones_own_says_in_its_init_what_is_allowed_and_nowhere_else() -> None:
    class Rooms(DynamicSupervisor):
        async def init(self, argument: Any) -> Any:  # type: ignore[override]
            return SuperviseDynamically(max_children=argument)

    async def main() -> Any:
        with pytest.raises(BadArg, match="Rooms says in its init what is allowed, and start_link would ignore max_chi"):
            await Rooms.start_link(0, max_children=5)
        rooms = await Rooms.start_link(0)
        return await refused(DynamicSupervisor.start_child(rooms, spec()))

    assert play(main) == "max_children"


def test_each_child_has_its_own_time_to_end() -> None:
    """In any order, and whoever ends first does not wait for the others."""

    async def main() -> Any:
        sup = await start()
        for seconds in (9.0, 1.0, 5.0, 1.0, 70.0):
            await add(sup, "slow", shutdown=seconds)
        before = current_node().now()
        await DynamicSupervisor.stop(sup)
        return current_node().now() - before

    assert play(main) == 3.0
    assert EVENTS.count(("terminated", "slow")) == 3

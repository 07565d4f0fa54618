"""DynamicSupervisor: the D lines of OTP's checklist, one test a line."""

from __future__ import annotations

from typing import Any

import pytest

from otp_mini import (
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
    child_spec,
    current_node,
    receive,
    sys_,
)

EVENTS: list[Any] = []


def play(main: Any) -> Any:
    EVENTS.clear()
    with Node(clock="virtual") as node:
        return node.run(main)


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


@pytest.mark.parametrize("wrong", ["not a spec", ChildSpec("a", "no start"), spec(restart="often")])  # type: ignore[arg-type]
def test_d13_an_invalid_spec_is_refused_and_harms_nothing(wrong: Any) -> None:
    async def main() -> Any:
        sup = await start()
        await add(sup)
        reason = await refused(DynamicSupervisor.start_child(sup, wrong))
        return reason[0], len(await living(sup))

    assert play(main) == ("invalid_child_spec", 1)


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

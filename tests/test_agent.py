"""Agent: the A lines of OTP's checklist, one test a line."""

from __future__ import annotations

from typing import Any

import pytest
from ids import stable
from playing import play

from otp_mini import (
    Agent,
    AlreadyStarted,
    BadArg,
    Exit,
    ExitSignal,
    Pid,
    Process,
    StartError,
    Supervisor,
    current_node,
    receive,
    self_,
    spawn,
)


async def counter(first: int = 0, **options: Any) -> Pid:
    Process.flag(trap_exit=True)
    pid = await Agent.start_link(lambda: first, **options)
    assert pid is not None
    return pid


async def exit_of(work: Any) -> Any:
    with pytest.raises(Exit) as caught:
        await work
    return caught.value.reason[0]


def same(state: Any) -> Any:
    return state


def fail(_: Any) -> Any:
    raise RuntimeError("boom")


def leave(reason: object) -> Any:
    def function(_: Any) -> Any:
        raise Exit(reason)

    return function


async def slow(state: int) -> int:
    await Process.sleep(10)
    return state + 1


def test_a1_the_first_function_runs_inside_the_agent_and_its_failure_is_the_starts() -> None:
    async def main() -> Any:
        Process.flag(trap_exit=True)
        inside = await Agent.start_link(self_)
        with pytest.raises(StartError) as caught:
            await Agent.start_link(lambda: fail(None))
        return await Agent.get(inside, same) is inside, str(caught.value.reason)

    assert play(main) == (True, "boom")


def test_a2_get_leaves_the_state_update_replaces_it_cast_does_so_later() -> None:
    async def main() -> Any:
        agent = await counter()
        got = await Agent.get(agent, lambda n: n + 100)
        answers = [await Agent.update(agent, lambda n: n + 1), Agent.cast(agent, lambda n: n * 10)]
        return got, answers, await Agent.get(agent, same)

    assert play(main) == (100, ["ok", "ok"], 10)


def test_a3_get_and_update_takes_a_pair_and_nothing_else() -> None:
    async def main() -> Any:
        agent = await counter(5)
        good = await Agent.get_and_update(agent, lambda n: (n, n + 1)), await Agent.get(agent, same)
        return good, await exit_of(Agent.get_and_update(agent, lambda n: "pop"))

    assert play(main) == ((5, 6), ("bad_return_value", "pop"))


def test_a3_the_report_says_what_get_and_update_wants(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        await exit_of(Agent.get_and_update(await counter(5), lambda n: "pop"))

    play(main)
    assert "\nHint: the function of get_and_update returned 'pop', and not (answer, new state).\n" in caplog.text


def test_a4_a_raise_in_the_function_ends_the_agent_and_exits_the_caller() -> None:
    async def main() -> Any:
        agent = await counter()
        reason = await exit_of(Agent.update(agent, fail))
        signal = await receive(ExitSignal)
        return str(reason), str(signal.reason), Process.alive(agent)

    assert play(main) == ("boom", "boom", False)


@pytest.mark.parametrize("reason", ["normal", "gone"])
def test_a5_so_does_an_exit_in_it(reason: str) -> None:
    async def main() -> Any:
        agent = await counter()
        return await exit_of(Agent.get(agent, leave(reason))), Process.alive(agent)

    assert play(main) == (reason, False)


def test_a7_functions_run_one_at_a_time() -> None:
    async def main() -> Any:
        agent = await counter()
        Agent.cast(agent, slow)
        before = current_node().now()
        value = await Agent.get(agent, same, timeout=60)
        return value, current_node().now() - before

    assert play(main) == (1, 10.0)


def test_a8_a_time_out_of_get_exits_the_caller_and_leaves_the_agent() -> None:
    async def main() -> Any:
        agent = await counter()
        reason = await exit_of(Agent.get(agent, slow, timeout=1))
        return reason, Process.alive(agent)

    assert play(main) == ("timeout", True)


def test_a9_a_dead_agent_exits_a_call_and_ignores_a_cast() -> None:
    async def main() -> Any:
        agent = await counter()
        await Agent.stop(agent)
        return await exit_of(Agent.get(agent, same)), Agent.cast(agent, same)

    assert play(main) == ("noproc", "ok")


def test_a10_a_name_is_taken_once() -> None:
    async def main() -> Any:
        agent = await counter(name="visits")
        with pytest.raises(AlreadyStarted) as caught:
            await counter(name="visits")
        return caught.value.pid is agent, await Agent.get("visits", same)

    assert play(main) == (True, 0)


def test_a11_stop_answers_ok_and_links_see_the_reason() -> None:
    async def main() -> Any:
        agent = await counter()
        return await Agent.stop(agent, "done"), (await receive(ExitSignal)).reason

    assert play(main) == ("ok", "done")


def test_a12_its_child_spec_is_permanent_and_has_the_class_as_id() -> None:
    spec = Agent.child_spec(lambda: 0)
    assert (spec.id, spec.restart) == (Agent, "permanent")


def test_a_supervised_agent_comes_back_with_its_first_state() -> None:
    class Visits(Agent):
        @classmethod
        async def start_link(cls, first: int) -> Any:  # type: ignore[override]
            return await super().start_link(lambda: first, name=cls)

    async def main() -> Any:
        await Supervisor.start_link([(Visits, 3)], strategy="one_for_one")
        await Agent.update(Visits, lambda n: n + 1)
        before = await Agent.get(Visits, same)
        pid = Process.whereis(Visits)
        assert pid is not None
        Process.exit(pid, "kill")
        await Process.sleep(1)
        return before, await Agent.get(Visits, same)

    assert play(main) == (4, 3)


def test_the_race_of_get_then_update_loses_a_count_and_get_and_update_does_not() -> None:
    async def careless(agent: Pid) -> None:
        value = await Agent.get(agent, same)
        await Agent.update(agent, lambda _: value + 1)

    async def careful(agent: Pid) -> None:
        await Agent.get_and_update(agent, lambda n: (n, n + 1))

    async def main() -> Any:
        results = []
        for client in (careless, careful):
            agent = await counter()
            for _ in range(2):
                spawn(client, agent)
            await Process.sleep(1)
            results.append(await Agent.get(agent, same))
        return results

    assert play(main) == [1, 2]


def test_nobody_reaches_the_state_of_an_agent() -> None:
    async def main() -> Any:
        first: list[int] = []
        agent = await Agent.start_link(lambda: first)
        caught: list[list[int]] = []
        await Agent.get(agent, lambda state: caught.append(state))  # noqa: PLW0108  (a method would be copied)
        await Agent.update(agent, lambda state: first)
        first.append(1)
        caught[0].append(2)
        (await Agent.get(agent, same)).append(3)
        return await Agent.get(agent, same)

    assert play(main) == []


def yielding(*args: Any) -> Any:
    yield args


@pytest.mark.parametrize("function", [None, 5, "len", yielding], ids=stable)
def test_what_is_no_function_is_refused_in_the_caller_and_the_agent_lives(function: Any) -> None:
    async def main() -> bool:
        agent = await counter(5)
        uses: list[Any] = [Agent.get, Agent.update, Agent.get_and_update, Agent.cast]
        for use in uses:
            with pytest.raises(BadArg, match="an agent needs a function, and its arguments after it"):
                done = use(agent, function)
                if done != "ok":
                    await done
        for start in (Agent.start, Agent.start_link):
            with pytest.raises(BadArg, match="an agent is started with the function that makes its first state"):
                await start(function)
        return Process.alive(agent) and await Agent.get(agent, same) == 5

    assert play(main) is True


def test_a3_a_function_that_forgot_its_return_is_asked_about_it(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        await exit_of(Agent.get_and_update(await counter(5), lambda n: None))

    play(main)
    assert "returned None, and not (answer, new state). Is a `return` missing?" in caplog.text

"""Looking into a running server."""

from __future__ import annotations

from typing import Any

import pytest
from playing import play

from otp_mini import (
    TIMEOUT,
    BadArg,
    Down,
    Exit,
    GenServer,
    NoReply,
    Ok,
    Pid,
    Process,
    Reply,
    receive,
    self_,
    send,
    spawn,
    sys_,
)


class Basket(GenServer):
    """A list that grows."""

    def init(self, argument: Any) -> Any:
        return Ok(argument)

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        return Reply(state, [*state, request])

    def handle_cast(self, request: Any, state: Any) -> Any:
        return NoReply([*state, request])

    def handle_info(self, message: Any, state: Any) -> Any:
        return NoReply([*state, message])


def test_get_state_answers_a_copy() -> None:
    async def main() -> object:
        pid = await Basket.start_link([])
        (await sys_.get_state(pid)).append("smuggled")
        return await sys_.get_state(pid)

    assert play(main) == []


def test_a_state_that_is_looked_at_is_copied_once() -> None:
    """A supervisor shows rows in the place of its state, and an id in them need not be one that can be copied."""
    shown = (number for number in range(3))

    class Shown:
        def __deepcopy__(self, memo: object) -> Any:
            return shown

    class Server(GenServer):
        def init(self, argument: Any) -> Any:
            return Ok(Shown())

    async def main() -> bool:
        pid = await Server.start()
        return await sys_.get_state(pid) is shown and (await sys_.get_status(pid))["state"] is shown

    assert play(main) is True


def test_get_state_waits_for_what_came_before() -> None:
    async def main() -> object:
        pid = await Basket.start_link([])
        GenServer.cast(pid, 1)
        send(pid, 2)
        return await sys_.get_state(pid)

    assert play(main) == [1, 2]


def test_replace_state_answers_the_new_state() -> None:
    async def main() -> list[Any]:
        pid = await Basket.start_link([1])
        return [await sys_.replace_state(pid, lambda state: [*state, 2]), await sys_.get_state(pid)]

    assert play(main) == [[1, 2], [1, 2]]


def test_a_change_that_fails_is_raised_and_leaves_the_state_as_it_was() -> None:
    def change(state: list[Any]) -> Any:
        state.append("half")
        raise ValueError("no")

    async def main() -> object:
        pid = await Basket.start_link([1])
        with pytest.raises(ValueError, match="no"):
            await sys_.replace_state(pid, change)
        return await sys_.get_state(pid)

    assert play(main) == [1]


@pytest.mark.parametrize("change", [None, 5, lambda: 1, lambda a, b: 1])
def test_a_change_that_cannot_be_called_is_an_error_in_the_caller(change: Any) -> None:
    async def main() -> object:
        pid = await Basket.start_link([1])
        with pytest.raises(TypeError if callable(change) else BadArg):
            await sys_.replace_state(pid, change)
        return await sys_.get_state(pid)

    assert play(main) == [1]


def test_get_status_tells_who_it_is() -> None:
    async def main() -> None:
        pid = await Basket.start_link([1], name="basket")
        assert await sys_.get_status(pid) == {
            "pid": pid, "module": Basket, "name": "basket", "status": "running", "parent": self_(), "state": [1],
        }  # fmt: skip

    play(main)


def test_get_status_of_a_suspended_server_says_so() -> None:
    async def main() -> list[str]:
        pid = await Basket.start_link([])
        await sys_.suspend(pid)
        first = (await sys_.get_status(pid))["status"]
        await sys_.resume(pid)
        return [first, (await sys_.get_status(pid))["status"]]

    assert play(main) == ["suspended", "running"]


def test_a_suspended_server_handles_nothing_until_it_is_resumed() -> None:
    async def main() -> None:
        pid = await Basket.start_link([])
        assert await sys_.suspend(pid) == "ok"
        GenServer.cast(pid, 1)
        send(pid, 2)
        assert await sys_.get_state(pid) == []
        with pytest.raises(Exit) as exit:
            await GenServer.call(pid, 3, 1)
        assert exit.value.reason[0] == "timeout"
        assert await sys_.resume(pid) == "ok"
        assert await sys_.get_state(pid) == [1, 2, 3]

    play(main)


def test_a_suspended_server_can_have_its_state_replaced() -> None:
    async def main() -> object:
        pid = await Basket.start_link([])
        await sys_.suspend(pid)
        await sys_.replace_state(pid, lambda _: ["new"])
        await sys_.resume(pid)
        return await GenServer.call(pid, "x")

    assert play(main) == ["new"]


def test_a_suspended_server_can_be_stopped() -> None:
    async def main() -> bool:
        pid = await Basket.start([])
        await sys_.suspend(pid)
        assert await GenServer.stop(pid) == "ok"
        return Process.alive(pid)

    assert play(main) is False


def test_a_suspended_server_ends_with_its_parent() -> None:
    class Trapping(Basket):
        def init(self, argument: Any) -> Any:
            Process.flag(trap_exit=True)
            return Ok(argument)

    async def parent(to: Pid) -> None:
        pid = await Trapping.start_link([])
        await sys_.suspend(pid)
        send(to, pid)
        await Process.sleep(1)
        raise Exit("boom")

    async def main() -> object:
        spawn(parent, self_())
        ref = Process.monitor(await receive())
        message = await receive(lambda m: isinstance(m, Down) and m.ref is ref, timeout=5)
        return message.reason

    assert play(main) == "boom"


def test_suspending_twice_needs_one_resume() -> None:
    async def main() -> object:
        pid = await Basket.start_link([])
        await sys_.suspend(pid)
        await sys_.suspend(pid)
        await sys_.resume(pid)
        return await GenServer.call(pid, 1)

    assert play(main) == []


def test_trace_prints_what_a_server_receives_until_it_is_turned_off(capsys: pytest.CaptureFixture[str]) -> None:
    async def main() -> None:
        pid = await Basket.start_link([], name="basket")
        assert await sys_.trace(pid, True) == "ok"
        await GenServer.call(pid, "a")
        GenServer.cast(pid, "b")
        send(pid, "c")
        await Process.sleep(1)
        assert await sys_.trace(pid, False) == "ok"
        await GenServer.call(pid, "d")

    play(main)
    lines = capsys.readouterr().out.splitlines()
    assert lines[:3] == [
        "*DBG* basket #PID<0.2.0> got call 'a' from #PID<0.1.0>",
        "*DBG* basket #PID<0.2.0> got cast 'b'",
        "*DBG* basket #PID<0.2.0> got 'c'",
    ]
    assert not any("'d'" in line for line in lines)


@pytest.mark.parametrize("flag", ["on", 1, None])
def test_trace_takes_true_or_false(flag: Any) -> None:
    async def main() -> object:
        pid = await Basket.start_link([])
        with pytest.raises(BadArg, match="True or False"):
            await sys_.trace(pid, flag)
        return await sys_.get_state(pid)

    assert play(main) == []


@pytest.mark.parametrize("function", [sys_.get_state, sys_.get_status, sys_.suspend, sys_.resume])
def test_asking_the_dead_exits_with_noproc(function: Any) -> None:
    async def main() -> None:
        pid = await Basket.start([])
        await GenServer.stop(pid)
        with pytest.raises(Exit) as exit:
            await function(pid)
        assert exit.value.reason == ("noproc", ("sys", function.__name__, [pid, 5.0]))

    play(main)


def test_asking_a_server_that_is_busy_times_out() -> None:
    class Slow(GenServer):
        async def handle_cast(self, request: Any, state: Any) -> Any:
            await Process.sleep(100)
            return NoReply(state)

    async def main() -> object:
        pid = await Slow.start_link()
        GenServer.cast(pid, 1)
        with pytest.raises(Exit) as exit:
            await sys_.get_state(pid, 2)
        assert await receive(timeout=200) is TIMEOUT
        return exit.value.reason[0]

    assert play(main) == "timeout"


def test_a_state_that_refuses_copying_is_an_error_for_who_asks_and_leaves_the_server_alive() -> None:
    async def main() -> bool:
        pid = await Generating.start()
        with pytest.raises((Exit, TypeError)):
            await sys_.get_state(pid)
        return Process.alive(pid)

    assert play(main) is True


class Generating(GenServer):
    """Its state cannot be copied."""

    def init(self, _: Any) -> Any:
        return Ok(iter(x for x in "ab"))


async def later(state: Any) -> Any:
    return state


@pytest.mark.parametrize("change", [later, lambda state: later(state)])  # noqa: PLW0108
def test_a_change_that_would_have_to_be_awaited_is_refused_and_changes_nothing(change: Any) -> None:
    async def main() -> object:
        pid = await Basket.start_link([1])
        with pytest.raises(BadArg, match="replace_state's function is called at once and cannot wait"):
            await sys_.replace_state(pid, change)
        return await sys_.get_state(pid)

    assert play(main) == [1]

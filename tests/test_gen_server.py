"""GenServer: the G lines of OTP's checklist, one test a line, and its errors."""

from __future__ import annotations

import asyncio
import gc
import logging
import math
import warnings
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

import pytest
from playing import play

from otp_mini import (
    HIBERNATE,
    TIMEOUT,
    Address,
    Agent,
    AlreadyStarted,
    BadArg,
    Continue,
    CopyError,
    Down,
    DynamicSupervisor,
    Exit,
    ExitSignal,
    GenServer,
    Ignore,
    Node,
    NoReply,
    Ok,
    Partition,
    PartitionSupervisor,
    Pid,
    Process,
    Ref,
    Registry,
    Reply,
    StartError,
    Stop,
    Supervisor,
    Task,
    Timeout,
    Via,
    explore,
    receive,
    self_,
    send,
    spawn,
    spawn_link,
    spawn_monitor,
    sys_,
)


class Probe(GenServer):
    """Does what it is told: requests, messages and arguments are functions of the state, or plain words."""

    def init(self, argument: Any) -> Any:
        return argument() if callable(argument) else Ok(argument)

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        if callable(request):
            return request(from_, state)
        return Reply(("called", request), state)

    def handle_cast(self, request: Any, state: Any) -> Any:
        return request(state) if callable(request) else NoReply(state)

    def handle_info(self, message: Any, state: Any) -> Any:
        if callable(message):
            return message(state)
        if isinstance(state, Pid):
            send(state, ("info", message))
        return NoReply(state)

    def handle_continue(self, argument: Any, state: Any) -> Any:
        return argument(state) if callable(argument) else NoReply(state)

    def terminate(self, reason: object, state: Any) -> None:
        if isinstance(state, Pid):
            send(state, ("terminate", reason))


class Trapping(Probe):
    """The same, and it traps exits."""

    def init(self, argument: Any) -> Any:
        Process.flag(trap_exit=True)
        return Ok(argument)


async def rest() -> list[Any]:
    """All that is in the mailbox once everybody is idle."""
    await Process.sleep(1)
    messages = []
    while (message := await receive(timeout=0)) is not TIMEOUT:
        messages.append(message)
    return messages


async def why(call: Any) -> Any:
    """The reason with which a call made its caller exit, without the call itself."""
    with pytest.raises(Exit) as exit:
        await call
    reason, where = exit.value.reason
    assert where[0] in ("GenServer", "sys")
    return reason


async def down(ref: Any) -> Any:
    message = await receive(lambda m: isinstance(m, Down) and m.ref is ref, timeout=100)
    return message.reason if isinstance(message, Down) else message


async def boom() -> None:
    raise Exit("boom")


def raising(error: BaseException) -> Callable[..., Any]:
    def callback(*_: Any) -> Any:
        raise error

    return callback


# ---- starting ------------------------------------------------------------------------------


def test_g1_start_link_returns_only_after_init_is_over() -> None:
    class Slow(GenServer):
        async def init(self, to: Any) -> Any:
            await Process.sleep(10)
            send(to, "init is over")
            return Ok(None)

    async def main() -> None:
        node_time = Process.send_after(self_(), "late", 100)
        pid = await Slow.start_link(self_())
        assert Process.alive(pid)
        assert Process.read_timer(node_time) == 90.0
        assert await receive(timeout=0) == "init is over"

    play(main)


def test_g2_stop_in_init_is_a_start_error_and_terminate_is_not_called() -> None:
    async def main() -> None:
        me = self_()
        with pytest.raises(StartError) as error:
            await Probe.start(lambda: Stop("no disk", me))
        assert error.value.reason == "no disk"
        assert await rest() == []

    play(main)


@pytest.mark.parametrize("outcome", [lambda: Stop("boom"), lambda: 17, raising(ValueError("boom"))])
def test_g3_a_caller_that_does_not_trap_dies_with_a_failing_init(outcome: Any) -> None:
    went_on = []

    async def starter() -> None:
        try:
            await Probe.start_link(outcome)
        except StartError:
            went_on.append(True)

    async def main() -> object:
        _, ref = spawn_monitor(starter)
        return await down(ref)

    reason = play(main)
    assert reason == "boom" or reason == ("bad_return_value", 17) or isinstance(reason, ValueError)
    assert went_on == []


def test_g3_a_trapping_caller_gets_the_error_and_the_exit_signal() -> None:
    """OTP 25 leaves the EXIT in the mailbox (OTP 26 takes it out)."""

    async def main() -> None:
        Process.flag(trap_exit=True)
        with pytest.raises(StartError) as error:
            await Probe.start_link(lambda: Stop("boom"))
        assert error.value.reason == "boom"
        assert [message.reason for message in await rest()] == ["boom"]

    play(main)


def test_g3_a_failing_start_without_link_leaves_the_caller_alone() -> None:
    async def main() -> None:
        with pytest.raises(StartError):
            await Probe.start(lambda: Stop("boom"))
        assert await rest() == []

    play(main)


def test_g4_ignore_answers_none_ends_normal_and_frees_the_name() -> None:
    async def main() -> None:
        Process.flag(trap_exit=True)
        assert await Probe.start_link(Ignore, name="probe") is None
        assert Process.whereis("probe") is None
        assert [message.reason for message in await rest()] == ["normal"]
        assert await Probe.start_link(1, name="probe") is Process.whereis("probe")

    play(main)


def test_g5_an_exception_in_init_is_the_reason_of_the_start_error() -> None:
    async def main() -> None:
        with pytest.raises(StartError) as error:
            await Probe.start(raising(ValueError("no disk")))
        assert isinstance(error.value.reason, ValueError)
        assert error.value.reason.args == ("no disk",)
        assert error.value.__cause__ is error.value.reason
        assert "ValueError: no disk" in str(error.value)

    play(main)


def test_g5_an_exit_in_init_is_the_reason_of_the_start_error() -> None:
    async def main() -> None:
        for reason in ("boom", "normal", ("shutdown", 1)):
            with pytest.raises(StartError) as error:
                await Probe.start(raising(Exit(reason)))
            assert error.value.reason == reason

    play(main)


def test_g5_an_exception_that_refuses_copying_is_still_the_reason() -> None:
    import threading

    async def main() -> None:
        with pytest.raises(StartError) as error:
            await Probe.start(raising(ValueError("no disk", threading.Lock())))
        assert isinstance(error.value.reason, ValueError)

    play(main)


@pytest.mark.parametrize("value", [None, 17, "ok", ("ok", 1), Reply(1, 2), NoReply(1), Ok])
def test_g6_a_bad_return_of_init_is_a_bad_return_value(value: Any) -> None:
    async def main() -> object:
        with pytest.raises(StartError) as error:
            await Probe.start(lambda: value)
        return error.value.reason

    assert play(main) == ("bad_return_value", value)


def test_g6_the_error_of_a_bad_init_names_the_callback_and_what_was_expected() -> None:
    class Forgetful(GenServer):
        def init(self, argument: Any) -> Any:
            pass

    async def main() -> str:
        with pytest.raises(StartError) as error:
            await Forgetful.start()
        return str(error.value)

    said = play(main)
    assert "Forgetful.init returned None" in said
    assert "Ok, Ignore or Stop" in said


@pytest.mark.parametrize("then", ["soon", 5, 5.0, Timeout(-1), Timeout("soon"), Ok(1), TIMEOUT])  # type: ignore[arg-type]
def test_g6_a_bad_then_in_init_is_a_start_error(then: Any) -> None:
    async def main() -> None:
        with pytest.raises(StartError):
            await Probe.start(lambda: Ok(1, then))
        assert Process.list() == [self_()]

    play(main)


def test_g7_a_taken_name_is_already_started_and_init_is_not_run() -> None:
    ran = []

    class Once(GenServer):
        def init(self, argument: Any) -> Any:
            ran.append(argument)
            return Ok(argument)

    async def main() -> None:
        pid = await Once.start_link(1, name=Once)
        with pytest.raises(AlreadyStarted) as error:
            await Once.start_link(2, name=Once)
        assert error.value.pid is pid
        assert str(error.value) == f"a process with that name runs already, {pid}: use that one, or take another name"

    play(main)
    assert ran == [1]


def test_g7_of_two_that_start_at_once_under_one_name_one_wins() -> None:
    async def starter(to: Pid) -> None:
        try:
            send(to, ("started", await Probe.start(1, name="probe")))
        except AlreadyStarted as error:
            send(to, ("already", error.pid))

    async def main() -> None:
        for _ in range(2):
            spawn(starter, self_())
        answers = dict(await rest())
        assert answers == {"started": Process.whereis("probe"), "already": Process.whereis("probe")}

    play(main)


@pytest.mark.parametrize("name", [[], {}, True, False, "undefined"])
def test_g8_an_unusable_name_is_an_error(name: Any) -> None:
    async def main() -> str:
        with pytest.raises(BadArg) as error:
            await Probe.start_link(1, name=name)
        assert Process.list() == [self_()]
        return str(error.value)

    assert f"got {name!r}" in play(main)


def test_g8_what_equals_no_copy_of_itself_is_no_name() -> None:
    """The name would be a copy, as all that goes from one process to another: who held the original found nobody."""

    class Odd:
        pass

    async def main() -> None:
        for register in (lambda name: Probe.start_link(1, name=name), lambda name: Process.register(self_(), name)):
            with pytest.raises(BadArg, match="equals no copy of itself"):
                await register(Odd())
        assert Process.registered() == []

    play(main)


def test_g8_a_pid_is_no_name() -> None:
    async def main() -> None:
        with pytest.raises(BadArg, match="not usable as a name"):
            await Probe.start_link(1, name=self_())

    play(main)


@pytest.mark.parametrize("name", ["cache", Probe, ("shard", 3), 17, frozenset({1})])
def test_g8_any_other_hashable_is_a_name(name: Any) -> None:
    async def main() -> None:
        pid = await Probe.start_link(1, name=name)
        assert Process.whereis(name) is pid
        assert await GenServer.call(name, "hello") == ("called", "hello")

    play(main)


# ---- order ---------------------------------------------------------------------------------


class Log(GenServer):
    """Keeps what came, in order."""

    def init(self, _: Any) -> Any:
        return Ok([])

    def handle_call(self, request: Any, from_: Any, state: list[Any]) -> Any:
        return Reply([*state, request], [*state, request])

    def handle_cast(self, request: Any, state: list[Any]) -> Any:
        if request == "send yourself":
            GenServer.cast(self_(), "from myself")
        return NoReply([*state, request])

    def handle_info(self, message: Any, state: list[Any]) -> Any:
        return NoReply([*state, message])

    def handle_continue(self, argument: Any, state: list[Any]) -> Any:
        left = argument - 1
        return NoReply([*state, ("continue", argument)], Continue(left) if left else None)


def test_g9_calls_casts_and_infos_of_one_sender_keep_their_order() -> None:
    async def main() -> object:
        log = await Log.start_link()
        GenServer.cast(log, 1)
        send(log, 2)
        await GenServer.call(log, 3)
        send(log, 4)
        GenServer.cast(log, 5)
        return await GenServer.call(log, 6)

    assert play(main) == [1, 2, 3, 4, 5, 6]


def test_g10_a_message_to_itself_queues_behind_those_already_there() -> None:
    async def main() -> object:
        log = await Log.start_link()
        GenServer.cast(log, "send yourself")
        send(log, "already there")
        await Process.sleep(1)
        return await GenServer.call(log, "last")

    assert play(main) == ["send yourself", "already there", "from myself", "last"]


def test_g11_a_continue_of_init_runs_before_any_message() -> None:
    class Eager(Log):
        def init(self, _: Any) -> Any:
            send(self_(), "queued in init")
            return Ok([], Continue(1))

    async def main() -> object:
        eager = await Eager.start_link()
        return await GenServer.call(eager, "called")

    assert play(main) == [("continue", 1), "queued in init", "called"]


def test_g11_a_continue_runs_before_what_is_queued() -> None:
    class Eager(Log):
        def handle_cast(self, request: Any, state: list[Any]) -> Any:
            return NoReply([*state, request], Continue(1))

    async def main() -> object:
        eager = await Eager.start_link()
        GenServer.cast(eager, "cast")
        send(eager, "queued")
        return await GenServer.call(eager, "called")

    assert play(main) == ["cast", ("continue", 1), "queued", "called"]


def test_g12_continues_chain() -> None:
    class Eager(Log):
        def init(self, _: Any) -> Any:
            return Ok([], Continue(3))

    async def main() -> object:
        return await GenServer.call(await Eager.start_link(), "called")

    assert play(main) == [("continue", 3), ("continue", 2), ("continue", 1), "called"]


def test_g12_a_continue_may_stop_the_server() -> None:
    async def main() -> None:
        pid = await Probe.start(self_())
        ref = Process.monitor(pid)
        GenServer.cast(pid, lambda s: NoReply(s, Continue(lambda s: Stop("shutdown", s))))
        assert await rest() == [("terminate", "shutdown"), Down(ref, pid, "shutdown")]

    play(main)


def test_g13_the_caller_has_its_reply_before_the_continue_runs() -> None:
    class Slow(Probe):
        async def handle_continue(self, argument: Any, state: Any) -> Any:
            await Process.sleep(100)
            send(state, "continued")
            return NoReply(state)

    async def main() -> None:
        me = self_()
        pid = await Slow.start_link(me)
        assert await GenServer.call(pid, lambda _, s: Reply("answer", s, Continue("x"))) == "answer"
        assert await receive(timeout=99) is TIMEOUT
        assert await receive(timeout=2) == "continued"

    play(main)


def test_g13_a_continue_that_never_ends_does_not_starve_the_others() -> None:
    ran: list[bool] = []

    class Endless(GenServer):
        def init(self, _: Any) -> Any:
            return Ok(0, Continue("again"))

        def handle_continue(self, argument: Any, state: int) -> Any:
            return Stop("normal", state) if ran or state > 50_000 else NoReply(state + 1, Continue("again"))

    async def main() -> None:
        pid = await Endless.start()
        spawn(lambda: ran.append(len(Process.list())))
        while Process.alive(pid):
            await Process.sleep(1)

    play(main)
    assert ran == [3], "the chain ended by itself before anybody else had a turn"


# ---- time-outs of results ------------------------------------------------------------------


class Waits(Probe):
    """Every call asks for a time-out; each info is passed on."""

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        return Reply("ok", state, request)


def test_g14_a_time_out_comes_as_info_if_nothing_arrives_first() -> None:
    async def main() -> None:
        pid = await Waits.start_link(self_())
        await GenServer.call(pid, Timeout(5))
        assert await receive(timeout=4.9) is TIMEOUT
        message = await receive(timeout=0.2)
        assert message[1] is TIMEOUT

    play(main)


def test_g14_a_time_out_from_init_counts_too() -> None:
    async def main() -> None:
        me = self_()
        await Probe.start_link(lambda: Ok(me, Timeout(5)))
        assert await receive(timeout=5.1) == ("info", TIMEOUT)

    play(main)


def test_g15_any_message_drops_the_time_out_and_it_is_not_armed_again() -> None:
    async def main() -> None:
        pid = await Waits.start_link(self_())
        await GenServer.call(pid, Timeout(5))
        await Process.sleep(4)
        send(pid, "something")
        await Process.sleep(100)
        assert await rest() == [("info", "something")]

    play(main)


def test_g15_after_a_time_out_there_is_no_second_one() -> None:
    async def main() -> None:
        pid = await Waits.start_link(self_())
        await GenServer.call(pid, Timeout(5))
        await Process.sleep(100)
        assert await rest() == [("info", TIMEOUT)]

    play(main)


def test_g15_looking_at_the_state_does_not_drop_the_time_out() -> None:
    """OTP arms the same time-out again after a system message."""

    async def main() -> None:
        pid = await Waits.start_link(self_())
        await GenServer.call(pid, Timeout(5))
        await Process.sleep(1)
        await sys_.get_state(pid)
        await Process.sleep(100)
        assert await rest() == [("info", TIMEOUT)]

    play(main)


def test_g16_a_time_out_of_0_fires_only_if_the_mailbox_is_empty() -> None:
    async def main() -> None:
        pid = await Waits.start_link(self_())
        await GenServer.call(pid, Timeout(0))
        assert await rest() == [("info", TIMEOUT)]
        asked = spawn(lambda: None)
        assert asked is not None
        GenServer.cast(pid, lambda s: NoReply(s, Timeout(0)))
        send(pid, "already there")
        assert await rest() == [("info", "already there")]

    play(main)


# ---- replies -------------------------------------------------------------------------------


class Desk(GenServer):
    """Keeps its callers waiting until it is told to answer."""

    def init(self, _: Any) -> Any:
        return Ok([])

    def handle_call(self, request: Any, from_: Any, state: list[Any]) -> Any:
        if request == "waiting":
            return Reply(state, state)
        return NoReply([*state, (request, from_)])

    def handle_cast(self, request: Any, state: list[Any]) -> Any:
        for name, from_ in state if request == "first come" else reversed(state):
            GenServer.reply(from_, f"done {name}")
        return NoReply([])


async def caller(server: Pid, name: str, to: Pid) -> None:
    send(to, (name, await GenServer.call(server, name)))


def test_g17_a_reply_can_come_later_and_in_any_order() -> None:
    async def main() -> None:
        desk = await Desk.start_link()
        for name in "abc":
            spawn(caller, desk, name, self_())
        await Process.sleep(1)
        GenServer.cast(desk, "last come")
        assert await rest() == [("c", "done c"), ("b", "done b"), ("a", "done a")]

    play(main)


def test_g17_a_reply_can_come_from_any_process() -> None:
    async def main() -> None:
        desk = await Desk.start_link()
        spawn(caller, desk, "a", self_())
        await Process.sleep(1)
        [(_, from_)] = await GenServer.call(desk, "waiting")
        spawn(lambda: GenServer.reply(from_, "from a stranger"))
        assert await rest() == [("a", "from a stranger")]

    play(main)


@pytest.mark.parametrize(("pause", "second"), [(1, TIMEOUT), (None, "two")])
def test_g18_a_second_reply_is_dropped_once_the_caller_has_gone_on(pause: int | None, second: str) -> None:
    """Before that it is a message like any other: so on OTP 25, twenty times of twenty."""

    async def twice(server: Pid, to: Pid) -> None:
        send(to, await GenServer.call(server, "x"))
        late = await receive(timeout=5)
        send(to, ("and then", late[1] if isinstance(late, tuple) else late))

    async def main() -> None:
        desk = await Desk.start_link()
        spawn(twice, desk, self_())
        await Process.sleep(1)
        [(_, from_)] = await GenServer.call(desk, "waiting")
        assert GenServer.reply(from_, "one") == "ok"
        if pause is not None:
            await Process.sleep(pause)
        assert GenServer.reply(from_, "two") == "ok"
        await Process.sleep(10)
        assert await rest() == ["one", ("and then", second)]

    play(main)


@pytest.mark.parametrize("bad", [None, 5, (1, 2), (), "from"])
def test_g18_reply_needs_the_from_of_a_call(bad: Any) -> None:
    async def main() -> None:
        with pytest.raises(BadArg, match="reply needs the from_ of a handle_call, got"):
            GenServer.reply(bad, 1)

    play(main)


# ---- calls that fail -----------------------------------------------------------------------


def test_g19_a_call_to_the_dead_or_unknown_exits_with_noproc() -> None:
    async def main() -> None:
        pid = await Probe.start()
        await GenServer.stop(pid)
        for server in (pid, "nobody"):
            with pytest.raises(Exit) as exit:
                await GenServer.call(server, "hello", 3.0)
            assert exit.value.reason == ("noproc", ("GenServer", "call", [server, "hello", 3.0]))

    play(main)


def test_g19_an_exit_that_nobody_catches_ends_the_caller_with_it() -> None:
    async def ask() -> None:
        await GenServer.call("nobody", "hello")

    async def main() -> object:
        _, ref = spawn_monitor(ask)
        return await down(ref)

    assert play(main) == ("noproc", ("GenServer", "call", ["nobody", "hello", 5.0]))


@pytest.mark.parametrize("reason", ["normal", "shutdown", "boom", ("shutdown", 1)])
def test_g20_a_server_that_dies_in_a_call_takes_the_caller_with_its_reason(reason: object) -> None:
    async def main() -> object:
        pid = await Probe.start()
        return await why(GenServer.call(pid, lambda _, s: Stop(reason, s)))

    assert play(main) == reason


def test_g20_a_server_killed_in_a_call_gives_killed() -> None:
    async def main() -> object:
        desk = await Desk.start()
        spawn(lambda: Process.exit(desk, "kill"))
        return await why(GenServer.call(desk, "a"))

    assert play(main) == "killed"


def test_g21_a_call_to_oneself_exits_calling_self_at_once() -> None:
    class Loop(GenServer):
        async def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
            return Reply(await why(GenServer.call(self_(), "again")), state)

    async def main() -> object:
        Process.register(self_(), "me")
        assert await why(GenServer.call("me", "x")) == "calling_self"
        return await GenServer.call(await Loop.start_link(), "x")

    assert play(main) == "calling_self"


def test_g22_a_call_that_times_out_exits_the_caller_and_the_late_reply_is_dropped() -> None:
    class Slow(GenServer):
        async def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
            await Process.sleep(10)
            return Reply("late", state + 1)

    async def main() -> None:
        slow = await Slow.start_link(0)
        with pytest.raises(Exit) as exit:
            await GenServer.call(slow, "x", 3.0)
        assert exit.value.reason == ("timeout", ("GenServer", "call", [slow, "x", 3.0]))
        await Process.sleep(20)
        assert await rest() == []
        assert await sys_.get_state(slow) == 1

    play(main)


def test_g22_the_default_time_out_is_five_seconds() -> None:
    async def main() -> object:
        timer = Process.send_after(self_(), "x", 100)
        assert await why(GenServer.call(await Desk.start_link(), "a")) == "timeout"
        return Process.read_timer(timer)

    assert play(main) == 95.0


@pytest.mark.parametrize("timeout", [-1, "5", True, float("nan"), (5,)])
def test_g23_a_time_out_is_a_number_from_0_up(timeout: Any) -> None:
    async def main() -> None:
        pid = await Probe.start_link()
        with pytest.raises(BadArg, match="a time-out is a number of seconds from 0 up, or INFINITY, got"):
            await GenServer.call(pid, "hello", timeout)
        assert await GenServer.call(pid, "hello") == ("called", "hello")

    play(main)


def test_g23_infinity_and_none_wait_for_ever() -> None:
    async def main() -> None:
        desk = await Desk.start_link()

        async def ask(limit: Any, to: Pid) -> None:
            send(to, await GenServer.call(desk, "x", limit))

        for limit in (float("inf"), None):
            spawn(ask, limit, self_())
        await Process.sleep(10_000)
        GenServer.cast(desk, "first come")
        assert await rest() == ["done x", "done x"]

    play(main)


def test_g24_cast_answers_ok_also_to_nobody() -> None:
    async def main() -> None:
        pid = await Probe.start()
        assert GenServer.cast(pid, "x") == "ok"
        await GenServer.stop(pid)
        assert GenServer.cast(pid, "x") == "ok"
        assert GenServer.cast("nobody", "x") == "ok"

    play(main)


# ---- the end -------------------------------------------------------------------------------


def test_g25_stop_with_a_reply_answers_the_caller_and_runs_terminate() -> None:
    async def main() -> None:
        pid = await Probe.start(self_())
        ref = Process.monitor(pid)
        assert await GenServer.call(pid, lambda _, s: Stop("shutdown", s, "bye")) == "bye"
        assert await rest() == [("terminate", "shutdown"), Down(ref, pid, "shutdown")]

    play(main)


def test_g25_terminate_has_run_when_the_last_reply_arrives() -> None:
    """So does OTP 25: gen_server replies in the `after` of terminate."""

    async def main() -> list[Any]:
        pid = await Probe.start(self_())
        await GenServer.call(pid, lambda _, s: Stop("shutdown", s, "bye"))
        return [await receive(timeout=0)]

    assert play(main) == [("terminate", "shutdown")]


def test_g25_the_last_reply_comes_even_if_terminate_exits() -> None:
    class Bad(Probe):
        def terminate(self, reason: object, state: Any) -> None:
            raise Exit("second")

    async def main() -> object:
        pid = await Bad.start()
        ref = Process.monitor(pid)
        assert await GenServer.call(pid, lambda _, s: Stop("normal", s, "bye")) == "bye"
        return await down(ref)

    assert play(main) == "second"


def test_g25_a_last_reply_that_refuses_copying_does_not_run_terminate_twice() -> None:
    async def main() -> None:
        pid = await Probe.start(self_())
        await why(GenServer.call(pid, lambda _, s: Stop("shutdown", s, (x for x in "ab"))))
        ended = [message for message in await rest() if message[0] == "terminate"]
        assert len(ended) == 1

    play(main)


class Once:
    """Can be copied, and the copy cannot."""

    def __init__(self, copied: bool = False) -> None:
        self.copied = copied

    def __deepcopy__(self, memo: object) -> Once:
        if self.copied:
            raise ValueError("a second copy")
        return Once(copied=True)


@pytest.mark.parametrize("last", [False, True], ids=["on the way", "at the end"])
def test_g25_a_reply_is_copied_once(last: bool) -> None:
    async def main() -> object:
        pid = await Probe.start()
        answer = lambda _, s: Stop("normal", s, Once()) if last else Reply(Once(), s, Continue(1))  # noqa: E731
        return (await GenServer.call(pid, answer)).copied

    assert play(main) is True


def test_g26_stop_without_a_reply_exits_the_caller_with_the_reason() -> None:
    async def main() -> object:
        pid = await Probe.start()
        return await why(GenServer.call(pid, lambda _, s: Stop("boom", s)))

    assert play(main) == "boom"


def test_g26_stop_from_a_callback_needs_a_state() -> None:
    """`{:stop, reason}` is for init only: elsewhere it is a bad return value."""

    async def main() -> object:
        pid = await Probe.start()
        return await why(GenServer.call(pid, lambda _, s: Stop("boom")))

    assert play(main) == ("bad_return_value", Stop("boom"))


@pytest.mark.parametrize("trapping", [False, True])
@pytest.mark.parametrize(
    ("ending", "reason"),
    [
        (lambda s: Stop("normal", s), "normal"),
        (lambda s: Stop(("shutdown", 1), s), ("shutdown", 1)),
        (raising(Exit("left")), "left"),
        (lambda s: "nonsense", ("bad_return_value", "nonsense")),
        (lambda s: None, ("bad_return_value", None)),
    ],
    ids=["stop", "shutdown", "exit", "nonsense", "none"],
)
@pytest.mark.parametrize("way", ["cast", "info", "call", "continue"])
def test_g27_terminate_runs_after_every_own_end(way: str, ending: Any, reason: object, trapping: bool) -> None:
    async def main() -> None:
        pid = await (Trapping if trapping else Probe).start(self_())
        ref = Process.monitor(pid)
        match way:
            case "cast":
                GenServer.cast(pid, ending)
            case "info":
                send(pid, ending)
            case "call":
                assert await why(GenServer.call(pid, lambda _, s: ending(s))) == reason
            case "continue":
                GenServer.cast(pid, lambda s: NoReply(s, Continue(ending)))
        assert await rest() == [("terminate", reason), Down(ref, pid, reason)]

    play(main)


def test_g27_terminate_runs_after_an_exception() -> None:
    async def main() -> None:
        pid = await Probe.start(self_())
        GenServer.cast(pid, raising(ValueError("boom")))
        [(word, reason)] = await rest()
        assert word == "terminate"
        assert isinstance(reason, ValueError)

    play(main)


def test_g28_a_signal_to_a_server_that_does_not_trap_runs_no_terminate() -> None:
    async def main() -> None:
        pid = await Probe.start(self_())
        ref = Process.monitor(pid)
        Process.exit(pid, "shutdown")
        assert await rest() == [Down(ref, pid, "shutdown")]

    play(main)


@pytest.mark.parametrize("reason", ["normal", "shutdown", "boom"])
def test_g29_the_parents_exit_runs_terminate_and_never_reaches_handle_info(reason: str) -> None:
    async def parent(to: Pid) -> None:
        await Trapping.start_link(to, name="child")
        raise Exit(reason)

    async def main() -> None:
        spawn(parent, self_())
        assert await rest() == [("terminate", reason)]
        assert Process.whereis("child") is None

    play(main)


@pytest.mark.parametrize("reason", ["normal", "shutdown", "boom"])
def test_g30_the_exit_of_anyone_else_is_an_ordinary_info(reason: str) -> None:
    async def main() -> None:
        pid = await Trapping.start_link(self_())

        async def peer() -> None:
            Process.link(pid)
            raise Exit(reason)

        other = spawn(peer)
        assert await rest() == [("info", ExitSignal(other, reason))]
        assert Process.alive(pid)

    play(main)


def test_g30_a_server_started_without_a_link_has_no_parent() -> None:
    async def main() -> None:
        pid = await Trapping.start(self_())
        Process.exit(pid, "boom")
        assert await rest() == [("info", ExitSignal(self_(), "boom"))]

    play(main)


def test_g31_a_parent_that_ends_normal_leaves_a_server_that_does_not_trap_alive() -> None:
    async def parent(to: Pid) -> None:
        await Probe.start_link(to, name="child")

    async def main() -> None:
        spawn(parent, self_())
        assert await rest() == []
        assert Process.whereis("child") is not None

    play(main)


def test_g32_kill_never_runs_terminate() -> None:
    async def main() -> None:
        pid = await Trapping.start(self_())
        ref = Process.monitor(pid)
        Process.exit(pid, "kill")
        assert await rest() == [Down(ref, pid, "killed")]

    play(main)


def test_g34_after_an_exception_terminate_sees_the_state_from_before() -> None:
    seen = []

    class Careless(GenServer):
        def handle_cast(self, request: Any, state: int) -> Any:
            if request == "crash":
                state += 100
                raise ValueError
            return NoReply(state + 1)

        def terminate(self, reason: object, state: int) -> None:
            seen.append(state)

    async def main() -> None:
        pid = await Careless.start(0)
        for request in ("count", "count", "crash"):
            GenServer.cast(pid, request)
        await Process.sleep(1)

    play(main)
    assert seen == [2]


@pytest.mark.parametrize("reason", ["normal", "boom"])
def test_g35_callers_queued_behind_a_stop_exit_with_its_reason(reason: str) -> None:
    handled = []

    class Busy(GenServer):
        async def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
            handled.append(request)
            await Process.sleep(1)
            return Stop(reason, state)

    async def ask(server: Pid, name: str, to: Pid) -> None:
        send(to, (name, await why(GenServer.call(server, name))))

    async def main() -> None:
        busy = await Busy.start()
        for name in "abc":
            spawn(ask, busy, name, self_())
        await Process.sleep(2)
        assert sorted(await rest()) == [(name, reason) for name in "abc"]

    play(main)
    assert handled == ["a"]


def test_g36_stop_waits_for_the_end_runs_terminate_and_answers_ok() -> None:
    class Slow(Probe):
        async def terminate(self, reason: object, state: Any) -> None:
            await Process.sleep(7)
            send(state, ("terminate", reason))

    async def main() -> None:
        pid = await Slow.start_link(self_())
        assert await GenServer.stop(pid) == "ok"
        assert not Process.alive(pid)
        assert await receive(timeout=0) == ("terminate", "normal")

    play(main)


def test_g36_stop_of_a_dead_server_exits_with_noproc() -> None:
    async def main() -> None:
        pid = await Probe.start()
        await GenServer.stop(pid)
        with pytest.raises(Exit) as exit:
            await GenServer.stop(pid)
        assert exit.value.reason == ("noproc", ("GenServer", "stop", [pid, "normal", None]))

    play(main)


class Leaves(GenServer):
    def init(self, argument: Any) -> Any:
        return Ok(argument)

    async def handle_cast(self, request: Any, state: Any) -> Any:
        if request == "slow":
            await Process.sleep(1)
            return NoReply(state)
        return Stop(request, state)

    async def terminate(self, reason: Any, state: Any) -> None:
        await Process.sleep(1)


@pytest.mark.parametrize(("left", "asked"), [("boom", "normal"), ("normal", "normal"), ("normal", "shutdown")])
def test_g36_a_stop_that_the_server_never_came_to_exits_with_the_reason_of_its_end(left: str, asked: str) -> None:
    """Real: `{{left, {:sys, :terminate, [pid, asked, :infinity]}}, {GenServer, :stop, …}}`, for normal too."""

    async def main() -> None:
        pid = await Leaves.start(0)
        GenServer.cast(pid, "slow")
        GenServer.cast(pid, left)
        with pytest.raises(Exit) as exit:
            await GenServer.stop(pid, asked)
        sys_terminate = ("sys", "terminate", [pid, asked, None])
        assert exit.value.reason == ((left, sys_terminate), ("GenServer", "stop", [pid, asked, None]))

    play(main)


def test_g36_of_two_who_stop_a_server_at_once_one_is_told_that_it_was_the_other() -> None:
    async def stopper(pid: Any, boss: Any) -> None:
        try:
            send(boss, await GenServer.stop(pid))
        except Exit as exit:
            send(boss, exit.reason[0][0])

    async def main() -> None:
        pid = await Leaves.start(0)
        for _ in range(2):
            spawn(stopper, pid, self_())
        assert [await receive() for _ in range(2)] == ["ok", "normal"]
        suspended = await Leaves.start(0)
        await sys_.suspend(suspended)
        assert await GenServer.stop(suspended) == "ok"

    play(main)


def test_g36_stop_that_times_out_exits_the_stopper() -> None:
    class Slow(GenServer):
        async def terminate(self, reason: object, state: Any) -> None:
            await Process.sleep(7)

    async def main() -> None:
        pid = await Slow.start()
        assert await why(GenServer.stop(pid, "normal", 3)) == "timeout"
        assert Process.alive(pid)
        await Process.sleep(5)
        assert not Process.alive(pid)

    play(main)


def test_g37_stop_with_another_reason_ends_with_it() -> None:
    async def main() -> object:
        pid = await Probe.start()
        ref = Process.monitor(pid)
        assert await GenServer.stop(pid, ("shutdown", "moved")) == "ok"
        return await down(ref)

    assert play(main) == ("shutdown", "moved")


@pytest.mark.parametrize(
    "reason", [ValueError("boom"), ("shutdown", ValueError("boom")), ("failed", [KeyError(1), ("at", OSError(2, "x"))])]
)
def test_g37_a_reason_with_an_exception_in_it_is_the_same_reason(reason: object) -> None:
    async def main() -> str:
        return await GenServer.stop(await Probe.start(), reason)

    assert play(main) == "ok"


@pytest.mark.parametrize(
    ("asked", "given"),
    [(ValueError(1), ValueError(2)), (ValueError(1), KeyError(1)), (("a", ValueError(1)), ("a", ValueError(2))),
     (("a", 1), ["a", 1]), (("a",), ("a", 1)), ([1], [1, 2])],
)  # fmt: skip
def test_g37_another_exception_is_another_reason(asked: object, given: object) -> None:
    class Bad(GenServer):
        def terminate(self, reason: object, state: Any) -> None:
            raise Exit(given)

    async def main() -> object:
        return await why(GenServer.stop(await Bad.start(), asked))

    assert repr(play(main)) == repr(given)


@pytest.mark.parametrize("reason", [math.nan, ("not", math.nan), ["not", math.nan]], ids=repr)
def test_g37_a_reason_that_does_not_equal_itself_is_the_one_that_was_asked_for(reason: object) -> None:
    async def main() -> object:
        return await GenServer.stop(await GenServer.start(), reason)

    assert play(main) == "ok"


class Unequal:
    """Is equal to nothing, and does not let itself be asked."""

    def __eq__(self, other: object) -> bool:
        raise ValueError("asked")

    __hash__ = None  # type: ignore[assignment]


def test_g37_a_reason_that_cannot_be_compared_is_a_reason() -> None:
    async def main() -> list[object]:
        ends = lambda: Process.exit(self_(), Unequal())  # noqa: E731
        at_stop = await why(GenServer.stop(await Probe.start(), Unequal()))
        with pytest.raises(StartError) as at_start:
            await Probe.start(ends)
        return [at_stop, at_start.value.reason]

    assert [*map(type, play(main))] == [Unequal, Unequal]


def test_g37_so_it_is_at_the_end_of_a_run() -> None:
    async def main() -> None:
        raise Exit(Unequal())

    with pytest.raises(Exit) as caught:
        play(main)
    assert type(caught.value.reason) is Unequal
    assert [type(outcome) for outcome in explore(main).values.values()] == [Exit]


def test_g37_stop_exits_if_the_server_ends_with_another_reason() -> None:
    class Bad(GenServer):
        def terminate(self, reason: object, state: Any) -> None:
            raise Exit("second")

    async def main() -> object:
        return await why(GenServer.stop(await Bad.start()))

    assert play(main) == "second"


class Table(Address):
    """The simplest place to look a name up in."""

    def __init__(self) -> None:
        self.pid: Pid | None = None

    def whereis(self) -> Pid | None:
        return self.pid if self.pid is not None and Process.alive(self.pid) else None

    def register(self, pid: Pid) -> Pid | None:
        if self.whereis() is not None:
            return self.pid
        self.pid = pid
        return None

    def unregister(self) -> None:
        self.pid = None


def test_an_address_says_which_function_it_lacks() -> None:
    class Half(Address):
        pass

    async def main() -> None:
        for use, function in (
            (lambda: GenServer.whereis(Half()), "whereis"),
            (lambda: send(Half(), "hello"), "whereis"),
            (lambda: Half().register(self_()), "register"),
            (lambda: Half().unregister(), "unregister"),
        ):
            with pytest.raises(NotImplementedError, match=rf"Half is an address and needs def {function}\(self"):
                use()

    play(main)


@pytest.mark.parametrize(
    ("answer", "said"),
    [("nobody", "or None; got 'nobody'"), (True, "or None; got True"), (7, "or None; got 7")],
)
def test_an_address_answers_a_pid_or_nobody(answer: Any, said: str) -> None:
    class Odd(Address):
        def __init__(self, who: Any, taken: Any) -> None:
            self.who, self.taken = who, taken

        def whereis(self) -> Any:
            return self.who

        def register(self, pid: Pid) -> Any:
            return self.taken

        def unregister(self) -> None:
            pass

    async def main() -> None:
        odd = Odd(answer, None)
        for use in (
            lambda: send(odd, 1),
            lambda: GenServer.call(odd, 1),
            lambda: Process.monitor(odd),
            lambda: Process.whereis(odd),
            lambda: Process.send_interval(odd, 1, 1.0),
        ):
            with pytest.raises(BadArg, match=f"Odd.whereis answers the pid behind the address, {said}"):
                use()
        assert GenServer.cast(odd, 1) == "ok"  # as in Elixir
        with pytest.raises(BadArg, match=r"Odd\.whereis"):
            await Probe.start(1, name=odd)
        with pytest.raises(StartError, match=f"Odd.register answers the pid of who has the address already, {said}"):
            await Probe.start(1, name=Odd(None, answer))

    play(main)


def test_an_address_is_asked_at_once() -> None:
    class Slow(Table):
        async def whereis(self) -> Any:  # type: ignore[override]
            return None

    async def main() -> None:
        with pytest.raises(BadArg, match=r"Slow.whereis is an async def, .* write def whereis\(self"):
            send(Slow(), 1)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        play(main)


def test_g38_whereis_gives_the_pid_for_every_form_of_name() -> None:
    async def main() -> None:
        table = Table()
        one = await Probe.start_link(1, name="one")
        two = await Probe.start_link(2, name=table)
        assert GenServer.whereis("one") is one
        assert GenServer.whereis(one) is one
        assert GenServer.whereis(table) is two
        assert GenServer.whereis("nobody") is None
        assert await GenServer.call(table, "x") == ("called", "x")
        assert GenServer.cast(table, "x") == "ok"
        await GenServer.stop(table)
        assert GenServer.whereis(table) is None

    play(main)


def test_g39_handle_info_logs_by_default(caplog: pytest.LogCaptureFixture) -> None:
    class Plain(GenServer):
        pass

    async def main() -> object:
        pid = await Plain.start_link(17)
        send(pid, "surprise")
        return await sys_.get_state(pid)

    assert play(main) == 17
    assert caplog.messages == ["Plain #PID<0.2.0> received unexpected message in handle_info: 'surprise'"]


def test_g39_handle_call_raises_by_default_and_names_what_is_missing() -> None:
    class Plain(GenServer):
        pass

    async def main() -> Any:
        return await why(GenServer.call(await Plain.start(), ("add", 1)))

    reason = play(main)
    assert isinstance(reason, RuntimeError)
    assert "('add', 1)" in str(reason)
    assert "def handle_call(self, request, from_, state)" in str(reason)


def test_g39_handle_cast_raises_by_default_and_names_what_is_missing() -> None:
    class Plain(GenServer):
        pass

    async def main() -> Any:
        pid = await Plain.start()
        ref = Process.monitor(pid)
        GenServer.cast(pid, "x")
        return await down(ref)

    reason = play(main)
    assert isinstance(reason, RuntimeError)
    assert "def handle_cast(self, request, state)" in str(reason)


def test_g40_hibernate_changes_nothing_observable() -> None:
    async def main() -> None:
        me = self_()
        pid = await Probe.start_link(lambda: Ok(me, HIBERNATE))
        ref = Process.monitor(pid)
        for _ in range(3):
            assert await GenServer.call(pid, lambda _, s: Reply("ok", s, HIBERNATE)) == "ok"
        GenServer.cast(pid, lambda s: NoReply(s, HIBERNATE))
        send(pid, "one")
        send(pid, "two")
        await GenServer.stop(pid)
        assert await rest() == [
            ("info", "one"), ("info", "two"), ("terminate", "normal"), Down(ref, pid, "normal"),
        ]  # fmt: skip

    play(main)


@pytest.mark.parametrize("way", ["cast", "info", "continue"])
def test_g41_reply_from_anything_but_a_call_is_a_bad_return_value(way: str) -> None:
    def answer(state: Any) -> Any:
        return Reply("to nobody", state)

    async def main() -> object:
        pid = await Probe.start(1)
        ref = Process.monitor(pid)
        match way:
            case "cast":
                GenServer.cast(pid, answer)
            case "info":
                send(pid, answer)
            case "continue":
                GenServer.cast(pid, lambda s: NoReply(s, Continue(answer)))
        return await down(ref)

    assert play(main) == ("bad_return_value", Reply("to nobody", 1))


# ---- bad input -----------------------------------------------------------------------------


@pytest.mark.parametrize("value", [None, 5, "ok", ("reply", 1, 2), Ok(1), Ignore(), Reply, Ellipsis])
@pytest.mark.parametrize("callback", ["handle_call", "handle_cast", "handle_info", "handle_continue"])
def test_a_callback_that_returns_the_wrong_thing_is_named_in_the_log(
    callback: str, value: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        pid = await Probe.start(7, name="probe")
        ref = Process.monitor(pid)
        match callback:
            case "handle_call":
                assert await why(GenServer.call(pid, lambda _, s: value)) == ("bad_return_value", value)
            case "handle_cast":
                GenServer.cast(pid, lambda s: value)
            case "handle_info":
                send(pid, lambda s: value)
            case "handle_continue":
                GenServer.cast(pid, lambda s: NoReply(s, Continue(lambda s: value)))
        assert await down(ref) == ("bad_return_value", value)
        assert await GenServer.call(await Probe.start(), "still") == ("called", "still")

    play(main)
    [report] = caplog.messages
    assert f"Probe.{callback} returned {value!r}" in report
    assert ("Reply, NoReply or Stop" if callback == "handle_call" else "NoReply or Stop") in report


def test_a_result_with_a_bad_then_sends_no_reply_and_is_a_bad_return_value() -> None:
    """`{:reply, :answer, state, :nonsense}` on OTP 25: the caller exits, nothing is answered."""

    async def main() -> object:
        pid = await Probe.start()
        return await why(GenServer.call(pid, lambda _, s: Reply("answer", s, "nonsense")))  # type: ignore[arg-type]

    assert play(main) == ("bad_return_value", Reply("answer", None, "nonsense"))  # type: ignore[arg-type]


@pytest.mark.parametrize("message", [("system", "disk", "full"), ("system", 1, 2), ("$gen_cast",), ("$gen_call", 1)])
def test_a_plain_message_that_looks_like_the_systems_own_reaches_handle_info(message: Any) -> None:
    async def main() -> None:
        pid = await Probe.start(self_())
        send(pid, message)
        assert await rest() == [("info", message)]
        assert Process.alive(pid)

    play(main)


def test_a_continue_sent_as_a_message_reaches_handle_info() -> None:
    async def main() -> None:
        pid = await Probe.start(self_())
        send(pid, Continue("x"))
        assert await rest() == [("info", Continue("x"))]

    play(main)


def test_an_attribute_on_self_is_refused_and_says_what_to_do() -> None:
    class Stateful(GenServer):
        def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
            self.count = 1
            return Reply("ok", state)

    async def main() -> Any:
        return await why(GenServer.call(await Stateful.start(), "x"))

    reason = play(main)
    assert isinstance(reason, AttributeError)
    assert "Stateful.count cannot be set" in str(reason)
    assert "NoReply(new_state)" in str(reason)


def test_a_forgotten_await_on_a_call_is_a_warning_that_names_genserver_call() -> None:
    async def main() -> None:
        pid = await Probe.start()
        GenServer.call(pid, "hello")
        gc.collect()

    with pytest.warns(RuntimeWarning, match=r"coroutine 'GenServer\.call' was never awaited"):
        play(main)


def test_a_forgotten_await_on_start_link_is_a_warning_that_names_it() -> None:
    async def main() -> None:
        Probe.start_link(1)
        gc.collect()

    with pytest.warns(RuntimeWarning, match=r"start_link' was never awaited"):
        play(main)


def test_a_call_sent_in_place_of_its_answer_is_refused_and_names_genserver_call() -> None:
    async def main() -> str:
        pid = await Probe.start()
        with pytest.raises(CopyError) as error, warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            GenServer.cast(pid, ("store", GenServer.call(pid, "hello")))
            gc.collect()
        said = str(error.value)
        del error
        gc.collect()
        return said

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        said = play(main)
        gc.collect()
    assert "await GenServer.call(...)" in said


def test_a_request_that_refuses_copying_fails_in_the_caller_only() -> None:
    async def main() -> None:
        pid = await Probe.start()
        with pytest.raises(CopyError, match="refuses it"):
            await GenServer.call(pid, (x for x in "ab"))
        assert await GenServer.call(pid, "hello") == ("called", "hello")

    play(main)


def test_an_answer_that_refuses_copying_ends_the_server_and_tells_the_caller() -> None:
    async def main() -> Any:
        pid = await Probe.start()
        return await why(GenServer.call(pid, lambda _, s: Reply((x for x in "ab"), s)))

    assert isinstance(play(main), CopyError)


def test_an_argument_that_refuses_copying_fails_in_the_starter() -> None:
    async def main() -> None:
        with pytest.raises(CopyError):
            await Probe.start_link(x for x in "ab")
        assert Process.list() == [self_()]

    play(main)


def test_a_call_to_what_cannot_be_an_address_says_what_can() -> None:
    async def main() -> None:
        with pytest.raises(BadArg, match="addressed by its pid, its name or Via"):
            await GenServer.call([], "hello")
        with pytest.raises(BadArg, match="addressed by its pid, its name or Via"):
            GenServer.cast({}, "hello")

    play(main)


def test_start_with_a_time_out_kills_a_slow_init() -> None:
    class Slow(GenServer):
        async def init(self, _: Any) -> Any:
            await Process.sleep(100)
            return Ok(1)

    async def main() -> None:
        with pytest.raises(StartError) as error:
            await Slow.start_link(timeout=3)
        assert error.value.reason == "timeout"
        assert Process.list() == [self_()]

    play(main)


def test_a_starter_killed_while_init_runs_takes_a_linked_server_along() -> None:
    class Slow(GenServer):
        async def init(self, _: Any) -> Any:
            await Process.sleep(100)
            return Ok(1)

    async def starter() -> None:
        await Slow.start_link(name="slow")

    async def main() -> None:
        pid = spawn(starter)
        await Process.sleep(1)
        Process.exit(pid, "kill")
        await Process.sleep(1)
        assert Process.list() == [self_()]
        assert Process.whereis("slow") is None

    play(main)


# ---- callbacks that wait -------------------------------------------------------------------


def test_every_callback_may_be_async() -> None:
    class Patient(GenServer):
        async def init(self, _: Any) -> Any:
            await Process.sleep(1)
            return Ok(["init"], Continue("c"))

        async def handle_continue(self, argument: Any, state: list[str]) -> Any:
            await Process.sleep(1)
            return NoReply([*state, "continue"])

        async def handle_cast(self, request: Any, state: list[str]) -> Any:
            await Process.sleep(1)
            return NoReply([*state, "cast"])

        async def handle_info(self, message: Any, state: list[str]) -> Any:
            await Process.sleep(1)
            return NoReply([*state, "info"])

        async def handle_call(self, request: Any, from_: Any, state: list[str]) -> Any:
            await Process.sleep(1)
            return Reply([*state, "call"], state)

    async def main() -> object:
        pid = await Patient.start_link()
        GenServer.cast(pid, 1)
        send(pid, 2)
        return await GenServer.call(pid, 3)

    assert play(main) == ["init", "continue", "cast", "info", "call"]


def test_servers_may_call_one_another() -> None:
    class Front(GenServer):
        async def handle_call(self, request: Any, from_: Any, state: Pid) -> Any:
            return Reply(await GenServer.call(state, request), state)

    async def main() -> object:
        chain = await Probe.start_link()
        for _ in range(50):
            chain = await Front.start_link(chain)
        return await GenServer.call(chain, "deep")

    assert play(main) == ("called", "deep")


def test_a_deadlock_of_two_servers_ends_by_their_time_outs() -> None:
    class Stuck(GenServer):
        async def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
            return Reply(await GenServer.call("b" if state == "a" else "a", request, 3), state)

    async def main() -> object:
        await Stuck.start("a", name="a")
        await Stuck.start("b", name="b")
        return await why(GenServer.call("a", "x", 10))

    reason = play(main)
    assert reason[0] == "timeout"


# ---- reports -------------------------------------------------------------------------------


def test_a_crash_is_logged_once_and_says_who_why_where_and_with_what(caplog: pytest.LogCaptureFixture) -> None:
    class Divider(GenServer):
        def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
            return Reply(state / request, state)

    async def main() -> None:
        pid = await Divider.start(12, name=Divider)
        await why(GenServer.call(pid, 0))

    play(main)
    [record] = caplog.records
    assert (record.name, record.levelno) == ("otp_mini", logging.ERROR)
    lines = record.getMessage().splitlines()
    assert lines[0].startswith("GenServer ")
    assert lines[0].endswith("Divider #PID<0.2.0> terminating")
    assert lines[1] == "** (ZeroDivisionError) division by zero"
    assert "Divider.handle_call, line" in lines[2]
    assert "return Reply(state / request, state)" in lines[2]
    assert lines[3:] == ["Last message (from #PID<0.1.0>): 0", "State: 12"]


@pytest.mark.parametrize("reason", ["normal", "shutdown", ("shutdown", "moved")])
def test_a_quiet_end_is_not_logged(reason: object, caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        pid = await Probe.start()
        await GenServer.stop(pid, reason)

    play(main)
    assert caplog.messages == []


def test_a_class_that_is_defined_again_leaves_its_old_instances_as_they_were() -> None:
    def cell(answer: str) -> type[GenServer]:
        class Counter(GenServer):
            def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
                return Reply(answer, state)

        return Counter

    async def main() -> list[Any]:
        first = cell("old")
        old = await first.start_link(name=first)
        second = cell("new")
        new = await second.start_link(name=second)
        return [await GenServer.call(server, "x") for server in (old, new, first, second)]

    assert play(main) == ["old", "new", "old", "new"]


def test_a_linked_process_that_crashes_takes_a_server_along() -> None:
    class Linked(Probe):
        def init(self, to: Any) -> Any:
            spawn_link(boom)
            return Ok(to)

    async def main() -> object:
        pid = await Linked.start(self_())
        return await down(Process.monitor(pid))

    assert play(main) in ("boom", "noproc")


# ---- what is wrong in a result -------------------------------------------------------------------

WRONG_THENS = [
    (5000, "Timeout(5.0)"), (1.5, "Timeout(1.5)"), ("hibernate", "Write HIBERNATE, without quotes"),
    (("continue", "load"), "Write Continue('load')"), (Continue, "write Continue(term)"),
    (Timeout, "write Timeout(5.0)"), ("soon", "got 'soon'"), (True, "got True"),
]  # fmt: skip
WRONG_RESULTS = [
    (None, "Is a `return` missing"), (NoReply, "that is the class itself"), ("ok", "was expected."),
    (("noreply", 1), "Elixir's {:noreply, …} is NoReply(state) here"), ((x for x in "a"), "a callback with a `yield`"),
]  # fmt: skip


def report_of(value: Any, caplog: pytest.LogCaptureFixture) -> str:
    """The hint of the report on a server whose handle_call returned this."""

    async def main() -> None:
        server = await Probe.start(0)
        with pytest.raises(Exit):
            await GenServer.call(server, lambda from_, state: value)

    with Node(clock="virtual", isolation=False) as node:
        node.run(main)
    [hint] = [line for line in caplog.text.splitlines() if line.startswith("Hint: ")]
    return hint


@pytest.mark.parametrize(("then", "said"), WRONG_THENS)
@pytest.mark.parametrize("result", [NoReply, partial(Reply, "value")])
def test_a_hint_looks_at_what_is_wrong_in_a_result(
    result: Any, then: Any, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    hint = report_of(result(0, then), caplog)
    assert "Continue(term), Timeout(seconds) or HIBERNATE" in hint
    assert "was expected" not in hint
    assert said in hint


@pytest.mark.parametrize(("value", "said"), WRONG_RESULTS)
def test_a_hint_says_what_to_write_in_place_of_a_result(
    value: Any, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    hint = report_of(value, caplog)
    assert "where Reply, NoReply or Stop was expected" in hint
    assert said in hint


@pytest.mark.parametrize(("then", "said"), WRONG_THENS)
def test_the_error_of_a_start_looks_at_what_is_wrong_in_ok(then: Any, said: str) -> None:
    async def main() -> str:
        with pytest.raises(StartError) as error:
            await Probe.start(lambda: Ok(0, then))
        return str(error.value)

    told = play(main)
    assert "init returned Ok(0, " in told
    assert said in told
    assert "not Ok" not in told


@pytest.mark.parametrize(
    ("value", "said"),
    [(None, "Is a `return` missing?"), (Ok, "Write Ok(state)"), (("ok", 1), "Ok(state)"), (Ignore, "Write Ignore()")],
)
def test_the_error_of_a_start_says_what_to_write(value: Any, said: str) -> None:
    async def main() -> str:
        with pytest.raises(StartError) as error:
            await Probe.start(lambda: value)
        return str(error.value)

    told = play(main)
    assert "where Ok, Ignore or Stop was expected" in told
    assert said in told


def test_a_state_that_was_not_awaited_is_named_in_the_report(caplog: pytest.LogCaptureFixture) -> None:
    async def fetch() -> int:
        return 1

    class Cache(GenServer):
        def handle_cast(self, request: Any, state: Any) -> Any:
            return NoReply(loading if request == "load" else state + 1)

    async def main() -> None:
        server = await Cache.start(0)
        for request in ("load", "add"):
            GenServer.cast(server, request)
        await Process.sleep(1)

    loading = fetch()
    play(main)
    loading.close()
    assert "Hint: the state is a coroutine: " in caplog.text
    assert "fetch(...) was called but not awaited. Write `await " in caplog.text


def test_a_terminate_with_a_yield_is_told(caplog: pytest.LogCaptureFixture) -> None:
    class Tidy(GenServer):
        def terminate(self, reason: Any, state: Any) -> Any:
            yield "nobody runs this"

    async def main() -> None:
        with pytest.raises(Exit):
            await GenServer.stop(await Tidy.start(0))

    play(main)
    assert "Tidy.terminate has a `yield` in it" in caplog.text


# ---- what stands in the place of a server ----------------------------------------------------------


async def _calls(server: Any) -> Any:
    return await GenServer.call(server, "x")


async def _stops(server: Any) -> Any:
    return await GenServer.stop(server)


async def _looks(server: Any) -> Any:
    return await sys_.get_state(server)


async def _counts(server: Any) -> Any:
    return await Supervisor.count_children(server)


async def _starts(server: Any) -> Any:
    return await DynamicSupervisor.start_child(server, Probe)


async def _asks(server: Any) -> Any:
    return await Agent.get(server, len)


async def _awaits(server: Any) -> Any:
    return await Task.await_(server)


USES: list[Any] = [
    _calls, _stops, _looks, _counts, _starts, _asks, lambda s: GenServer.cast(s, "x"), lambda s: Agent.cast(s, len),
    Process.monitor, Process.link, Process.unlink, Process.whereis, Process.alive, Process.info, GenServer.whereis,
    lambda s: send(s, "x"), lambda s: Process.exit(s, "kill"), lambda s: Process.register(s, "name"),
    lambda s: Process.send_after(s, "x", 1),
]  # fmt: skip


def misuse(use: Any, server: Any) -> str:
    """What a use of this in the place of a server says."""

    async def main() -> str:
        with pytest.raises(BadArg) as error:
            done = use(server)
            if isinstance(done, Coroutine):
                await done
        return str(error.value)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return str(play(main))


async def _registers(server: Any) -> Any:
    return Registry.register(server, "key", 1)


BY_NAME: list[Any] = [
    lambda s: Registry.lookup(s, "key"), Registry.count, lambda s: Registry.dispatch(s, "key", print),
    lambda s: Via(s, "key"), lambda s: Partition(s, "key"), PartitionSupervisor.partitions, _registers,
]  # fmt: skip


@pytest.mark.parametrize("use", [*USES, *BY_NAME, _awaits])
def test_a_start_that_was_not_awaited_is_no_server(use: Any) -> None:
    starting = Probe.start_link(1)
    told = misuse(use, starting)
    assert "GenServer.start_link(...) was called but not awaited. Write `await GenServer.start_link(...)`" in told
    starting.close()


@pytest.mark.parametrize("use", [*USES, *BY_NAME])
def test_an_instance_is_no_server(use: Any) -> None:
    told = misuse(use, Probe())
    assert "An instance of Probe is no process: write `await Probe.start_link(...)`." in told


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("thing", [[1], {"a": 1}, Ref(1), (1, [2]), bytearray(b"x")], ids=repr)
def test_what_can_be_no_name_is_no_server(use: Any, thing: Any) -> None:
    assert misuse(use, thing)


@pytest.mark.parametrize("name", [None, "nobody", 5, ("a", 1), Probe, frozenset({1})])
def test_a_name_that_nobody_has_is_no_process_and_no_mistake(name: Any) -> None:
    async def main() -> Any:
        with pytest.raises(Exit) as exit:
            await GenServer.call(name, "x")
        return exit.value.reason[0], GenServer.cast(name, "x"), GenServer.whereis(name)  # type: ignore[index]

    assert play(main) == ("noproc", "ok", None)


def test_init_may_answer_with_a_class_of_its_own() -> None:
    class Started(Ok):
        pass

    class Server(GenServer):
        def init(self, argument: Any) -> Ok:
            return Started(argument)

    async def main() -> Any:
        return await sys_.get_state(await Server.start(1))

    assert play(main) == 1


@pytest.mark.parametrize("raised", [asyncio.CancelledError(), Exit("cancelled"), ValueError("full")], ids=repr)
def test_terminate_runs_once_whatever_it_raises(raised: BaseException) -> None:
    """As on the BEAM, where `exit(:cancelled)` in it gives the reason and calls nothing again."""
    ran: list[object] = []

    class Server(GenServer):
        def handle_cast(self, request: Any, state: Any) -> Stop:
            return Stop("normal", state)

        def terminate(self, reason: object, state: Any) -> None:
            ran.append(reason)
            raise raised

    async def main() -> object:
        pid = await Server.start()
        assert pid is not None
        Process.monitor(pid)
        GenServer.cast(pid, "stop")
        return (await receive(Down)).reason

    reason = play(main)
    assert ran == ["normal"]
    assert reason == "cancelled" if isinstance(raised, Exit) else type(reason) is type(raised)


def test_an_address_without_one_of_its_functions_starts_nobody() -> None:
    class Place(Address):
        def whereis(self) -> None:
            return None

        def register(self, pid: Pid) -> None:
            return None

    async def main() -> Any:
        with pytest.raises(BadArg, match="Place is an address and has no unregister: write def unregister"):
            await Probe.start(0, name=Place())
        return len(Process.list())

    assert play(main) == 1


class OwnOk(Ok):
    """Classes of the program's own, derived from the results of callbacks."""


class OwnReply(Reply):
    pass


class OwnNoReply(NoReply):
    pass


class OwnStop(Stop):
    pass


class OwnContinue(Continue):
    pass


class OwnTimeout(Timeout):
    pass


def test_a_class_derived_from_a_result_is_that_result_out_of_every_callback() -> None:
    class Server(GenServer):
        def init(self, argument: Any) -> Any:
            return argument

        def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
            return request if isinstance(request, tuple) else Reply(state, state)

        def handle_cast(self, request: Any, state: Any) -> Any:
            return request

        def handle_info(self, message: Any, state: Any) -> Any:
            return NoReply(("info", message))

        def handle_continue(self, argument: Any, state: Any) -> Any:
            return OwnNoReply(("continued", argument), OwnTimeout(1.0) if argument == "on" else None)

    async def after(start: Any, call: Any = None, cast: Any = None) -> Any:
        server = await Server.start(start)
        answer = None if call is None else await GenServer.call(server, call)
        GenServer.cast(server, cast) if cast is not None else None
        await Process.sleep(2.0)
        return answer, await GenServer.call(server, "state")

    async def main() -> None:
        assert await after(OwnOk(1)) == (None, 1)
        assert await after(OwnOk(1, OwnContinue("x"))) == (None, ("continued", "x"))
        assert await after(Ok(1, OwnTimeout(1.0))) == (None, ("info", TIMEOUT))
        assert await after(Ok(1), OwnReply("a", 2)) == ("a", 2)
        assert await after(Ok(1), Reply("a", 2, OwnContinue("on"))) == ("a", ("info", TIMEOUT))
        assert await after(Ok(1), cast=OwnNoReply(3)) == (None, 3)
        assert await after(Ok(1), cast=NoReply(3, OwnTimeout(1.0))) == (None, ("info", TIMEOUT))
        server = await Server.start(Ok(1))
        assert await GenServer.call(server, OwnStop("normal", 1, "bye")) == "bye"
        assert not Process.alive(server)

    play(main)


def test_what_is_said_of_a_wrong_result_is_about_that_result(caplog: pytest.LogCaptureFixture) -> None:
    class Server(GenServer):
        def handle_cast(self, request: Any, state: Any) -> Any:
            return request

    async def main(result: Any) -> None:
        Process.monitor(server := await Server.start(1))
        GenServer.cast(server, result)
        await receive(Down)

    for result, said in (
        (Reply(1, 2), "returned Reply(value=1, state=2, then=None) where NoReply or Stop was expected."),
        (OwnReply(1, 2), "returned OwnReply(value=1, state=2, then=None) where NoReply or Stop was expected."),
        (NoReply(2, 5000), "For a time-out write Timeout(5.0), in seconds."),  # type: ignore[arg-type]
        (NoReply(2, 10**400), "in seconds."),  # type: ignore[arg-type]
        (OwnStop("x"), "Write Stop(reason, state)."),
    ):
        caplog.clear()
        play(main, result)
        assert said in caplog.text
        assert "a callback returned what it may not" in caplog.text


def test_terminate_runs_once_where_even_the_hint_fails() -> None:
    class Hostile(str):
        def __eq__(self, other: object) -> bool:
            raise ValueError("no comparison")

        __hash__ = str.__hash__

    ended: list[object] = []

    class Server(GenServer):
        def handle_cast(self, request: Any, state: Any) -> Any:
            wrong = NoReply(state, Hostile("hibernate"))  # type: ignore[arg-type]
            return Stop(("bad_return_value", wrong), state) if request == "stop" else wrong

        def terminate(self, reason: object, state: Any) -> None:
            ended.append(reason)

    async def main(request: str) -> Any:
        Process.monitor(server := await Server.start(1))
        GenServer.cast(server, request)
        return (await receive(Down)).reason[0]

    for request in ("stop", "wrong"):
        ended.clear()
        assert play(main, request) == "bad_return_value"
        assert len(ended) == 1

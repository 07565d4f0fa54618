"""The life of a server: every callback with what came, what it returned and its state, from a real run."""

from __future__ import annotations

import contextlib
import re
from typing import Any
from xml.etree import ElementTree

import pytest
from playing import play

from otp_mini import (
    BadArg,
    Continue,
    Exit,
    GenServer,
    Ignore,
    Node,
    NoReply,
    Ok,
    Process,
    Reply,
    StartError,
    Stop,
    Supervisor,
    Timeout,
    child_spec,
    life_of,
    receive,
    send,
    spawn_link,
)
from otp_mini.viz.life_record import LONGEST
from otp_mini.viz.server_life import MOST_STEPS, Life


class House(GenServer):
    def init(self, target: Any) -> Any:
        return Ok({"target": target}, Continue("warm up"))

    async def handle_continue(self, work: Any, state: Any) -> Any:
        await Process.sleep(3.0)
        return NoReply(state)

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        match request:
            case "last words":
                return Stop("normal", state, "bye")
        return Reply(state["target"], state)

    def handle_cast(self, target: Any, state: Any) -> Any:
        state["target"] = target  # in place: what was recorded before must not change with it
        return NoReply(state)

    def handle_info(self, message: Any, state: Any) -> Any:
        match message:
            case "raise":
                raise ValueError("too hot")
            case "exit":
                raise Exit("no gas")
            case "nothing":
                return None
            case "wait":
                return NoReply(state, Timeout(30.0))
        return NoReply(state)

    def terminate(self, reason: Any, state: Any) -> None:
        pass


class Bare(GenServer):
    """No callback but `init`."""

    def init(self, answer: Any) -> Any:
        return answer


def told(life: Life) -> list[tuple[str, str, str]]:
    """What came, the callback, and what it returned, of every step of the first server."""
    return [(step.came, step.callback, step.returned) for step in life.servers[0].steps]


async def after(*messages: Any, module: type[GenServer] = House, argument: Any = 20.0) -> Life:
    """The life of a server that gets these messages in turn."""
    with life_of(module) as life:
        server = await module.start(argument)
        for message in messages:
            send(server, message)
            await Process.sleep(10.0)
    return life


async def stray() -> Life:
    """The life of a server that defines no callback for what it gets."""
    return await after("stray", module=Bare, argument=Ok(0))


async def whole_day() -> Life:
    with life_of(House) as life:
        house = await House.start(20.0, name="house")
        await GenServer.call(house, "target")
        GenServer.cast(house, 18.0)
        send(house, ("sensor", 19.8))
        await Process.sleep(1.0)
        await GenServer.stop(house)
    return life


def test_each_callback_is_told_with_what_came_what_it_returned_and_the_state() -> None:
    assert [re.split("  +", line) for line in str(play(whole_day)).splitlines()] == [
        ["house #PID<0.2.0>"],
        ["at", "what came", "callback", "returned", "state after that"],
        ["0.000", "start", "init(20.0)", "Ok(state, Continue('warm up'))", "{'target': 20.0}"],
        ["0.000", "continue", "handle_continue('warm up')", "NoReply(state) after 3 s", "{'target': 20.0}"],
        ["3.000", "call from whole_day", "handle_call('target')", "Reply(20.0, state)", "{'target': 20.0}"],
        ["3.000", "cast", "handle_cast(18.0)", "NoReply(state)", "{'target': 18.0}"],
        ["3.000", "message", "handle_info(('sensor', 19.8))", "NoReply(state)", "{'target': 18.0}"],
        ["4.000", "GenServer.stop", "terminate('normal')"],
        ["4.000", "the process ends: 'normal'"],
    ]


def test_an_exception_a_missing_result_and_an_exit_are_told_as_what_they_are() -> None:
    for message, returned, reason in (
        ("raise", "raised ValueError: too hot", "ValueError: too hot"),
        ("exit", "raised Exit('no gas')", "'no gas'"),
        ("nothing", "None", "('bad_return_value', None)"),
    ):
        life = play(after, message)
        assert told(life)[2] == ("message", f"handle_info({message!r})", returned)
        assert told(life)[3][1].startswith("terminate(")
        assert life.servers[0].reason == reason


def test_a_time_out_is_told_from_a_message_of_the_same_name() -> None:
    async def main() -> Life:
        with life_of(House) as life:
            house = await House.start(20.0)
            send(house, "timeout")
            await Process.sleep(5.0)
            send(house, "wait")
            await Process.sleep(60.0)
        return life

    came = [step.came for step in play(main).servers[0].steps]
    assert came == ["start", "continue", "message", "message", "30 s of silence"]


def test_a_stop_with_a_reply_ends_in_terminate_and_the_end_of_the_process() -> None:
    async def main() -> Life:
        with life_of(House) as life:
            house = await House.start(20.0)
            assert await GenServer.call(house, "last words") == "bye"
        return life

    life = play(main)
    assert told(life)[2:] == [
        ("call from main", "handle_call('last words')", "Stop('normal', state, 'bye')"),
        ("", "terminate('normal')", ""),
    ]
    assert (life.servers[0].ended, life.servers[0].reason) == (3.0, "'normal'")


@pytest.mark.parametrize(
    ("answer", "returned"), [(Ignore(), "Ignore()"), (Stop("no luck"), "Stop('no luck')"), (None, "None")]
)
def test_a_start_that_comes_to_nothing_is_a_life_too(answer: Any, returned: str) -> None:
    async def main() -> Life:
        with life_of(Bare) as life, contextlib.suppress(StartError):
            await Bare.start(answer)
        return life

    life = play(main)
    assert [step.returned for step in life.servers[0].steps] == [returned]
    assert life.servers[0].ended == 0.0


def test_a_callback_that_the_class_does_not_define_is_told_as_genservers() -> None:
    life = play(stray)
    assert life.servers[0].steps[1].cells()[2] == "handle_info('stray') of GenServer"
    assert 'stroke-dasharray="5 4"' in life.svg()


def test_a_restarted_server_is_the_next_life_of_its_name() -> None:
    async def main() -> Life:
        with life_of(House) as life:
            child = child_spec((House, 20.0), id="house")
            sup = await Supervisor.start_link([child], strategy="one_for_one")
            send((await Supervisor.which_children(sup))[0].pid, "raise")
            await Process.sleep(10.0)
            await Supervisor.stop(sup)
        return life

    life = play(main)
    assert [server.name for server in life.servers] == ["House #PID<0.3.0>", "House #PID<0.4.0>, 2nd life"]
    assert [server.reason for server in life.servers] == ["ValueError: too hot", "'shutdown'"]


def test_a_server_that_is_killed_in_the_middle_of_a_callback_has_not_returned() -> None:
    async def main() -> Life:
        with life_of(House) as life:
            house = await House.start(20.0)
            await Process.sleep(1.0)
            Process.exit(house, "kill")
            await Process.sleep(1.0)
        return life

    life = play(main)
    assert told(life)[-1] == ("continue", "handle_continue('warm up')", "was ended in the middle")
    assert (life.servers[0].ended, life.servers[0].reason) == (1.0, "'killed'")


def test_the_parents_end_comes_as_an_exit_signal() -> None:
    class Trapping(Bare):
        def init(self, answer: Any) -> Any:
            Process.flag(trap_exit=True)
            return answer

    async def parent() -> None:
        await Trapping.start_link(Ok(0))
        await receive()

    async def main() -> Life:
        Process.flag(trap_exit=True)
        with life_of(Trapping) as life:
            Process.exit(spawn_link(parent_and_wait), "shutdown")
            await Process.sleep(1.0)
            boss = spawn_link(parent)
            await Process.sleep(1.0)
            Process.exit(boss, "shutdown")
            await Process.sleep(1.0)
        return life

    async def parent_and_wait() -> None:
        await receive()

    assert told(play(main))[-1] == ("exit signal", "terminate('shutdown')", "")


def test_the_class_is_afterwards_as_it_was_and_a_server_goes_on_unrecorded() -> None:
    async def main() -> None:
        early = await House.start(1.0)
        with life_of(House) as life:
            late = await House.start(2.0)
            await Process.sleep(5.0)
        before = len(life.servers[0].steps)
        assert [await GenServer.call(server, "target") for server in (early, late)] == [1.0, 2.0]
        assert (len(life.servers), len(life.servers[0].steps)) == (1, before)

    own = {name: value for name, value in vars(House).items() if name.startswith(("init", "handle", "term"))}
    inherited = vars(Bare).keys()
    play(main)
    play(stray)
    assert {name: vars(House)[name] for name in own} == own
    assert vars(Bare).keys() == inherited


def test_recording_changes_neither_the_turns_nor_the_outcome() -> None:
    async def main(record: bool) -> tuple[Any, ...]:
        async def run() -> Any:
            house = await House.start(20.0)
            GenServer.cast(house, 18.0)
            return await GenServer.call(house, "target"), house

        if record:
            with life_of(House):
                value, house = await run()
        else:
            value, house = await run()
        block = house.block
        assert block is not None
        return value, block.turns, block.reductions

    assert play(main, True) == play(main, False)


def test_many_callbacks_are_counted_and_not_kept() -> None:
    life = play(after, *range(MOST_STEPS + 5))
    server = life.servers[0]
    assert (len(server.steps), server.more) == (MOST_STEPS, 7)
    assert "and 7 callbacks more" in str(life)


HOSTILE = "<script>alert('x')</script>&\n\u202e\x00" + "L" * 10_000


def test_what_the_program_says_becomes_neither_markup_nor_a_line_without_end() -> None:
    life = play(after, HOSTILE)
    html = life._repr_html_()
    assert "<script" not in html
    assert len(html) < 20_000
    ElementTree.fromstring(life.svg())  # well-formed
    assert all(len(step.callback) <= LONGEST + len("handle_continue()") for step in life.servers[0].steps)
    assert "\u202e" not in html
    assert "\x00" not in html


def test_no_server_and_no_class_are_said() -> None:
    with Node(clock="virtual"), life_of(House) as life:
        pass
    assert str(life) == "No House was started while its life was recorded."
    assert "Nothing was recorded" in life._repr_html_()
    for wrong in (int, House(), None):
        with pytest.raises(BadArg, match="life_of needs a class of GenServers"), life_of(wrong):  # type: ignore[arg-type]
            pass

"""The same program, the same run: traced, observed or plain, in one go or turn by turn, fast or slow."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otp_mini import (
    TIMEOUT,
    Agent,
    BadArg,
    Exit,
    GenServer,
    Node,
    NoReply,
    Ok,
    Pid,
    Process,
    Reply,
    Timeout,
    current_node,
    receive,
    self_,
    send,
    spawn,
    spawn_link,
    trace,
)
from otp_mini.node_options import SLICE_TURNS
from otp_mini.process import REDUCTIONS, ControlBlock

# ---- any program ---------------------------------------------------------------------------------

SERVERS = 3
PIECES = st.one_of(
    st.tuples(
        st.sampled_from(["call", "slow call", "relay"]), st.integers(0, SERVERS - 1), st.sampled_from([0, 1, None])
    ),
    st.tuples(st.just("casts"), st.integers(0, SERVERS - 1), st.sampled_from([1, 30, 700])),
    st.tuples(st.just("to itself"), st.sampled_from([1, 900]), st.sampled_from([0, 1])),
    st.tuples(st.just("to all"), st.integers(0, 9), st.none()),
    st.tuples(st.sampled_from(["after", "receive", "sleep", "spin"]), st.sampled_from([0, 1, 2]), st.none()),
    st.tuples(st.sampled_from(["monitor", "spawn", "link", "kill"]), st.integers(0, SERVERS - 1), st.none()),
)
PROGRAMS = st.lists(st.lists(PIECES, min_size=1, max_size=6), min_size=2, max_size=5)


class Server(GenServer):
    """Does a little for every message, and sometimes asks the next one."""

    def init(self, argument: Any) -> Any:
        return Ok(argument)

    async def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        how, rest = request
        if how == "slow call":
            await Process.sleep(1)
        if how == "relay" and rest:
            await GenServer.call(rest[0], ("relay", rest[1:]), 1)
        return Reply(state, state + 1, Timeout(0) if state % 3 == 0 else None)

    def handle_cast(self, request: Any, state: Any) -> Any:
        return NoReply(state + 1, Timeout(1) if state % 2 else None)

    def handle_info(self, message: Any, state: Any) -> Any:
        return NoReply(state + 10)


async def client(pieces: list[Any], servers: list[Pid], everybody: list[Pid]) -> None:
    Process.flag(trap_exit=True)
    for what, first, second in pieces:
        try:
            match what:
                case "call" | "slow call":
                    await GenServer.call(servers[first], (what, ()), second)
                case "relay":
                    await GenServer.call(servers[first], (what, tuple(servers[first + 1 :])), second)
                case "casts":
                    for number in range(second):
                        GenServer.cast(servers[first], number)
                case "to itself":
                    for number in range(first):
                        send(self_(), number)
                    while await receive(int, timeout=second) is not TIMEOUT:
                        pass
                case "to all":
                    for pid in everybody:
                        send(pid, first)
                case "after":
                    Process.send_after(self_(), "tick", first)
                case "receive":
                    await receive(timeout=first)
                case "sleep":
                    await Process.sleep(first)
                case "spin":
                    for _ in range(100):
                        await Process.sleep(0)
                case "monitor":
                    Process.monitor(servers[first])
                case "spawn":
                    spawn(client, [("call", first, 1)], servers, everybody)
                case "link":
                    spawn_link(client, [("call", first, 1)], servers, everybody)
                case "kill":
                    Process.exit(servers[first], "kill")
        except Exit:
            pass


class Noted(Node):
    """A node that writes down whose turn it is."""

    def __init__(self, **options: Any) -> None:
        super().__init__(clock="virtual", **options)
        self.whose: list[int] = []

    def turn(self, process: ControlBlock) -> None:
        """Note it, and give the turn."""
        self.whose.append(process.pid.number)
        super().turn(process)


async def play(program: list[list[Any]]) -> list[Any]:
    servers = [pid for number in range(SERVERS) if (pid := await Server.start(number)) is not None]
    everybody = [*servers]
    for pieces in program:
        everybody.append(spawn(client, pieces, servers, everybody))
    await Process.sleep(100)
    return [current_node().now(), [pid.block and pid.block.loop.state for pid in servers], Process.list()[:1]]


def plain(program: Any, seed: int | None) -> Any:
    with Noted(seed=seed) as node:
        answer = node.run(play, program)
    return repr(answer), node.whose


def traced(program: Any, seed: int | None) -> Any:
    with Noted(seed=seed) as node, trace() as events:
        answer = node.run(play, program)
    assert len(events) > 5
    return repr(answer), node.whose


def observed(program: Any, seed: int | None) -> Any:
    heard: list[Any] = []
    with Noted(seed=seed) as node:
        node.listeners.append(heard.append)
        with trace():
            answer = node.run(play, program)
    assert len(heard) > 5
    return repr(answer), node.whose


def slow(program: Any, seed: int | None) -> Any:
    """Every turn takes longer than a slice of real time does on a real clock."""

    class Slow(Noted):
        def turn(self, process: ControlBlock) -> None:
            if len(self.whose) < 60:
                time.sleep(0.0005)
            super().turn(process)

    with Slow(seed=seed) as node:
        answer = node.run(play, program)
    return repr(answer), node.whose


@settings(max_examples=25, deadline=None)
@given(PROGRAMS, st.sampled_from([None, 1]))
def test_any_program_takes_the_same_turns_traced_observed_slow_and_plain(program: Any, seed: int | None) -> None:
    expected = plain(program, seed)
    assert len(expected[1]) > 5
    for way in (plain, traced, observed, slow):
        assert way(program, seed) == expected, way.__name__


def test_two_busy_servers_take_the_same_turns_under_trace() -> None:
    """A traced server was charged twice for a message, and lost its turn after half as many."""
    program = [[("casts", 0, 5 * REDUCTIONS)], [("casts", 1, 5 * REDUCTIONS)]]
    assert traced(program, None) == plain(program, None)


def test_turn_by_turn_is_the_same_run() -> None:
    async def main() -> None:
        for number in range(3):
            spawn(poll, number)
        spawn(poll, 9)

    async def poll(number: int) -> None:
        Process.send_after(self_(), "tick", 0)
        while await receive(timeout=0) != "tick":
            await Process.sleep(0)

    runs = []
    for single in (False, True):
        with Noted() as node:
            node.spawn(main)
            while node.ready:
                node.step() if single else node.run_slice()
            assert len(Process.list()) == 0
            runs.append(node.whose)
    assert runs[0] == runs[1]
    assert len(runs[0]) > SLICE_TURNS


# ---- nothing at all after no time at all -----------------------------------------------------------


async def after_nothing() -> Any:
    Process.send_after(self_(), "tick", 0)
    send(self_(), "sent later")
    return [await receive(), await receive()]


async def looked_for_at_once() -> Any:
    Process.send_after(self_(), "tick", 0)
    return await receive(timeout=0)


async def cancelled_at_once() -> Any:
    timer = Process.send_after(self_(), "tick", 0)
    return [Process.read_timer(timer), Process.cancel_timer(timer), await receive(timeout=1)]


async def two_in_order() -> Any:
    for name in ("first", "second"):
        Process.send_after(self_(), name, 0)
    return [await receive(), await receive()]


async def a_call_with_no_time() -> Any:
    server = await Agent.start(list)
    try:
        await Agent.update(server, lambda state: [*state, "done"], timeout=0)
    except Exit as exit:
        return [exit.reason[0], await Agent.get(server, lambda state: state), await receive(timeout=1)]


async def a_call_that_is_answered_at_once() -> Any:
    class Echo(GenServer):
        def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
            return Reply(request, state)

    server = await Echo.start()
    try:
        return await GenServer.call(server, "now", 0)
    except Exit as exit:
        return exit.reason[0]


# What real Elixir answers, each in 2,000 of 2,000 runs (the calls in 1,999), on one scheduler and on two.
ZERO: list[tuple[Callable[[], Any], Any]] = [
    (after_nothing, ["sent later", "tick"]),
    (looked_for_at_once, TIMEOUT),
    (cancelled_at_once, [0.0, 0.0, TIMEOUT]),
    (two_in_order, ["first", "second"]),
    (a_call_with_no_time, ["timeout", ["done"], TIMEOUT]),
    (a_call_that_is_answered_at_once, "timeout"),
]


@pytest.mark.parametrize(("main", "expected"), ZERO, ids=lambda value: getattr(value, "__name__", ""))
def test_what_takes_no_time_is_as_in_elixir(main: Callable[[], Any], expected: Any) -> None:
    with Node(clock="virtual") as node:
        assert node.run(main) == expected


def test_a_timer_that_is_due_at_once_reaches_one_who_polls_for_ever() -> None:
    async def main() -> int:
        turns = 0
        Process.send_after(self_(), "tick", 0)
        while await receive(timeout=0) != "tick":
            turns += 1
            await Process.sleep(0)
        return turns

    answers = set()
    for pause in (0.0, 0.003):

        class Slow(Node):
            def turn(self, process: ControlBlock) -> None:
                if process.turns % 32 == 0:
                    time.sleep(pause)  # noqa: B023
                super().turn(process)

        with Slow(clock="virtual") as node:
            answers.add(node.run(main))
    assert answers == {SLICE_TURNS}


# ---- starting, with whatever share is left --------------------------------------------------------


@pytest.mark.parametrize("spent", [0, REDUCTIONS - 2, REDUCTIONS - 1, REDUCTIONS, REDUCTIONS + 1])
def test_a_start_succeeds_with_any_share_left(spent: int) -> None:
    """The starter lost its turn between the birth of a server and the request that goes with it."""

    async def main() -> Any:
        for _ in range(spent):
            send(self_(), "x")
        return await Agent.get(await Agent.start(lambda: 7), lambda state: state)

    with Node(clock="virtual") as node:
        assert node.run(main) == 7


# ---- a node is not closed from inside -------------------------------------------------------------


@pytest.mark.parametrize("way", ["close", "use"])
def test_a_process_cannot_close_its_own_node(way: str) -> None:
    async def main() -> Any:
        pid = spawn(receive)
        with pytest.raises(BadArg, match=way + r"\(\) was called from inside a process"):
            current_node().close() if way == "close" else Node(clock="virtual").use()
        await Process.sleep(1)
        return Process.alive(pid)

    with Node(clock="virtual") as node:
        assert node.run(main) is True


def test_a_process_may_have_a_world_of_its_own() -> None:
    async def inner() -> int:
        return 3

    async def main() -> Any:
        with Node(clock="virtual") as other:
            return other.run(inner), other is not current_node()

    with Node(clock="virtual") as node:
        assert node.run(main) == (3, False)

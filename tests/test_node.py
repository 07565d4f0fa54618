"""The node: its turns, its clock, its ends, and what it says when nothing can go on."""

from __future__ import annotations

import asyncio
import contextlib
import re
import subprocess
import sys
import time
from typing import Any

import pytest

from otp_mini import (
    TIMEOUT,
    BadArg,
    Deadlock,
    Exit,
    GenServer,
    Node,
    NoProc,
    Process,
    Reply,
    current_node,
    in_thread,
    receive,
    run,
    self_,
    send,
    spawn,
    spawn_link,
    spawn_monitor,
)


class Echo(GenServer):
    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        return Reply(request, state)


async def for_ever() -> None:
    await receive(lambda _: False)


async def leave(reason: object) -> None:
    raise Exit(reason)


# ---- running -------------------------------------------------------------------------------


def test_run_answers_what_the_function_returned() -> None:
    async def main(a: int, b: int) -> int:
        return a + b

    with Node(clock="virtual") as node:
        assert node.run(main, 1, 2) == 3


def test_run_takes_a_plain_function_too() -> None:
    with Node(clock="virtual") as node:
        assert node.run(max, 1, 2) == 2


def test_run_raises_the_exception_of_its_function_as_it_is() -> None:
    async def main() -> None:
        raise ZeroDivisionError("mine")

    with Node(clock="virtual") as node, pytest.raises(ZeroDivisionError, match="mine"):
        node.run(main)


@pytest.mark.parametrize("reason", ["boom", "shutdown", ("shutdown", 1)])
def test_run_raises_the_exit_of_its_function(reason: object) -> None:
    with Node(clock="virtual") as node, pytest.raises(Exit) as exit:
        node.run(leave, reason)
    assert exit.value.reason == reason


def test_an_exit_normal_is_no_error() -> None:
    with Node(clock="virtual") as node:
        assert node.run(leave, "normal") is None


def test_run_raises_the_exit_signal_that_ended_its_function() -> None:
    async def main() -> None:
        spawn_link(leave, "boom")
        await for_ever()

    with Node(clock="virtual") as node, pytest.raises(Exit, match="boom"):
        node.run(main)


@pytest.mark.parametrize("end", ["return", "exit", "crash", "signal"])
def test_nobody_has_a_turn_after_the_main_process_has_ended(end: str) -> None:
    """Else how far the others get would depend on the time that the machine takes."""
    turns: list[int] = []

    async def goes_on_for_ever() -> None:
        while True:
            turns.append(len(turns))
            await Process.sleep(0)

    async def main() -> None:
        spawn(goes_on_for_ever)
        for _ in range(3):
            await Process.sleep(0)
        if end == "exit":
            raise Exit("shutdown")
        if end == "crash":
            raise ValueError("boom")
        if end == "signal":
            Process.exit(self_(), "kill")

    with Node(clock="virtual") as node:
        with contextlib.suppress(Exit, ValueError):
            node.run(main)
        assert turns == [0, 1, 2]


def test_nobody_has_a_turn_after_the_process_of_a_cell_has_ended() -> None:
    turns: list[int] = []

    async def goes_on_for_ever() -> None:
        while True:
            turns.append(len(turns))
            await Process.sleep(0)

    async def crashes() -> None:
        await Process.sleep(0)
        await Process.sleep(0)
        raise Exit("boom")

    async def cell() -> list[int]:
        with Node(clock="virtual"):
            spawn_link(crashes)
            spawn(goes_on_for_ever)
            with pytest.raises(Exit, match="boom"):
                await receive()
            return turns[:]

    assert asyncio.run(cell()) == [0, 1]


def test_processes_outlive_the_run_and_go_on_in_the_next() -> None:
    async def counter() -> None:
        count = 0
        while True:
            to = await receive()
            count += 1
            send(to, count)

    async def start() -> Any:
        return spawn(counter)

    async def ask(pid: Any) -> Any:
        send(pid, self_())
        return await receive()

    with Node(clock="virtual") as node:
        pid = node.run(start)
        assert [node.run(ask, pid), node.run(ask, pid)] == [1, 2]


def test_run_inside_a_process_of_the_same_node_is_refused() -> None:
    async def main() -> None:
        with pytest.raises(BadArg, match=r"run\(\) was called from inside a process"):
            run(leave, "normal")

    with Node(clock="virtual") as node:
        node.run(main)


def test_another_node_can_run_inside_a_process() -> None:
    async def inner() -> Any:
        await Process.sleep(5)
        return self_(), current_node()

    async def main() -> None:
        me = self_()
        with Node(clock="virtual") as other:
            pid, node = other.run(inner)
            assert node is other
            assert pid.number == 1
        assert self_() is me
        assert current_node().now() == 0.0
        await Process.sleep(1)

    with Node(clock="virtual") as node:
        node.run(main)
        assert node.now() == 1.0


def test_what_is_no_function_cannot_be_run() -> None:
    with Node(clock="virtual") as node:
        with pytest.raises(BadArg, match="needs a function"):
            node.run(5)  # type: ignore[arg-type]
        assert node.run(max, 1, 2) == 2


@pytest.mark.parametrize("clock", ["fast", None, 5, []])
def test_a_bad_clock_is_refused(clock: Any) -> None:
    with pytest.raises(BadArg) as error:
        Node(clock=clock)
    assert str(error.value) == f'clock must be "real" or "virtual", got {clock!r}'


# ---- stuck ---------------------------------------------------------------------------------


def test_waiting_for_what_cannot_come_is_a_deadlock_that_names_who_waits() -> None:
    async def main() -> None:
        Process.register(spawn(for_ever), "sleeper")
        await Process.sleep(1)
        await receive()

    with Node(clock="virtual") as node, pytest.raises(Deadlock) as error:
        node.run(main)
    said = str(error.value)
    assert "every process is parked, no timer is set" in said
    assert "main #PID<0.1.0> waits for a message" in said
    assert "sleeper #PID<0.2.0> waits for a message" in said
    assert "give the wait a time-out" in said


def test_a_deadlock_names_the_server_that_does_not_answer() -> None:
    class Silent(GenServer):
        async def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
            await for_ever()

    async def main() -> None:
        await GenServer.call(await Silent.start_link(name="silent"), "x", None)

    with Node(clock="virtual") as node, pytest.raises(Deadlock, match=r"waits for an answer from silent #PID<0\.2\.0>"):
        node.run(main)


def test_the_node_is_usable_after_a_deadlock() -> None:
    with Node(clock="virtual") as node:
        with pytest.raises(Deadlock):
            node.run(receive)
        assert node.run(max, 1, 2) == 2


def test_a_node_has_few_enough_attributes_to_be_read_quickly() -> None:
    """CPython keeps up to 30 attributes of an object in its own lines; one more made a call a tenth slower."""
    assert len(vars(Node())) < 30


def test_a_run_that_takes_too_many_turns_is_stopped() -> None:
    async def ping_pong() -> None:
        while True:
            await Process.sleep(0)

    with Node(clock="virtual", max_turns=1000) as node, pytest.raises(Deadlock, match="more than 1000 turns"):
        node.run(ping_pong)


# ---- driving by hand -----------------------------------------------------------------------


def test_step_gives_one_process_one_turn_and_answers_which() -> None:
    steps: list[int] = []

    async def work(number: int) -> None:
        steps.append(number)
        await Process.sleep(0)
        steps.append(number)

    with Node(clock="virtual") as node:
        one, two = spawn(work, 1), spawn(work, 2)
        assert [node.step() for _ in range(5)] == [one, two, one, two, None]
    assert steps == [1, 2, 1, 2]


def test_step_does_not_complain_of_a_long_turn(caplog: pytest.LogCaptureFixture) -> None:
    with Node(clock="virtual") as node:
        spawn(for_ever)
        node.step()
    assert caplog.messages == []


def test_run_until_idle_runs_all_that_follows_and_no_time_passes() -> None:
    async def relay(left: int) -> None:
        if left:
            spawn(relay, left - 1)
        else:
            await Process.sleep(1)

    with Node(clock="virtual") as node:
        spawn(relay, 100)
        node.run_until_idle()
        assert len(node.processes()) == 1 + len([1 for pid in node.processes() if pid.block.label == "shell"])
        assert node.now() == 0.0


def test_advance_lets_exactly_that_much_time_pass() -> None:
    ticks: list[float] = []

    async def clock() -> None:
        while True:
            await Process.sleep(1)
            ticks.append(current_node().now())

    with Node(clock="virtual") as node:
        spawn(clock)
        node.advance(3.5)
        assert ticks == [1.0, 2.0, 3.0]
        assert node.now() == 3.5


def test_advance_by_nothing_runs_what_is_ready() -> None:
    ran = []
    with Node(clock="virtual") as node:
        spawn(lambda: ran.append(1))
        node.advance(0)
    assert ran == [1]


@pytest.mark.parametrize("seconds", [-1, float("nan")])
def test_advance_takes_no_step_back(seconds: float) -> None:
    with Node(clock="virtual") as node, pytest.raises(BadArg, match="seconds must be 0 or more, got"):
        node.advance(seconds)


def test_real_time_cannot_be_advanced() -> None:
    with Node() as node, pytest.raises(BadArg, match=r'needs Node\(clock="virtual"\)'):
        node.advance(1)


@pytest.mark.parametrize("function", ["run_until_idle", "step"])
def test_a_process_does_not_drive_its_own_node(function: str) -> None:
    async def main() -> None:
        with pytest.raises(BadArg, match="called from inside a process"):
            getattr(current_node(), function)()

    with Node(clock="virtual") as node:
        node.run(main)


# ---- virtual time --------------------------------------------------------------------------


def test_virtual_time_does_not_run_by_itself() -> None:
    async def ticker() -> None:
        while True:
            await Process.sleep(1)

    with Node(clock="virtual") as node:
        spawn(ticker)
        for _ in range(5):
            node.run_until_idle()
        assert node.now() == 0.0


def test_virtual_time_never_passes_the_wait() -> None:
    async def ticker() -> None:
        while True:
            await Process.sleep(0.7)

    async def main() -> None:
        spawn(ticker)
        await Process.sleep(2)

    with Node(clock="virtual") as node:
        node.run(main)
        assert node.now() == 2.0


def test_virtual_time_stands_still_while_somebody_can_run() -> None:
    async def busy() -> None:
        for _ in range(1000):
            await Process.sleep(0)
            assert current_node().now() == 0.0

    async def main() -> None:
        spawn_link(busy)
        await Process.sleep(1)

    with Node(clock="virtual") as node:
        node.run(main)


def test_virtual_time_waits_for_an_outside_result() -> None:
    async def main() -> object:
        spawn(outside, self_())
        return await receive(timeout=100)

    async def outside(to: Any) -> None:
        await asyncio.sleep(0.001)
        send(to, current_node().now())

    with Node(clock="virtual") as node:
        assert node.run(main) == 0.0


def test_virtual_time_waits_for_a_thread() -> None:
    async def main() -> float:
        await in_thread(int)
        return current_node().now()

    with Node(clock="virtual") as node:
        assert node.run(main) == 0.0


def test_timers_of_one_instant_fire_in_the_order_they_were_set() -> None:
    async def main() -> list[Any]:
        for number in range(10):
            Process.send_after(self_(), number, 1)
        return [await receive(timeout=2) for _ in range(10)]

    with Node(clock="virtual") as node:
        assert node.run(main) == [*range(10)]


def test_an_hour_of_ticks_takes_its_exact_time() -> None:
    async def main() -> int:
        count = 0
        Process.send_after(self_(), "end", 3600)
        while await receive(timeout=0.5) is TIMEOUT:
            count += 1
        return count

    with Node(clock="virtual") as node:
        assert node.run(main) == 7199
        assert node.now() == 3600.0


# ---- schedules -----------------------------------------------------------------------------


def schedule(seed: int | None) -> list[int]:
    order: list[int] = []

    async def work(number: int) -> None:
        for _ in range(3):
            order.append(number)
            await Process.sleep(0)

    async def main() -> None:
        for number in range(5):
            spawn(work, number)
        await Process.sleep(1)

    with Node(clock="virtual", seed=seed) as node:
        node.run(main)
    return order


def test_without_a_seed_processes_take_turns_in_order() -> None:
    assert schedule(None) == [0, 1, 2, 3, 4] * 3


@pytest.mark.parametrize("seed", [0, 1, 42])
def test_a_seed_gives_one_schedule_every_time(seed: int) -> None:
    assert schedule(seed) == schedule(seed)
    assert sorted(schedule(seed)) == sorted([0, 1, 2, 3, 4] * 3)


def test_seeds_give_different_schedules() -> None:
    assert len({tuple(schedule(seed)) for seed in range(5)}) > 1


# ---- worlds of their own -------------------------------------------------------------------


def test_a_fresh_node_has_nothing_of_another() -> None:
    with Node(clock="virtual") as first:
        first.run(lambda: Process.register(self_(), "main"))
        first.advance(10)
        with Node(clock="virtual") as second:
            assert second.now() == 0.0
            assert second.processes() == []
            assert second.names == {}
            assert second.run(self_).number == 1


def test_pids_and_times_begin_anew_on_every_node() -> None:
    async def main() -> str:
        return repr(spawn(for_ever))

    answers = []
    for _ in range(2):
        with Node(clock="virtual") as node:
            answers.append(node.run(main))
    assert answers == ["#PID<0.2.0>", "#PID<0.2.0>"]


def test_the_node_in_use_before_is_in_use_again_after_the_block() -> None:
    with Node(clock="virtual") as outer:
        with Node(clock="virtual") as inner:
            assert current_node() is inner
        assert current_node() is outer


def test_leaving_the_block_ends_every_process_silently(caplog: pytest.LogCaptureFixture) -> None:
    cleaned = []

    async def work() -> None:
        try:
            await for_ever()
        finally:
            cleaned.append(True)

    with Node(clock="virtual") as node:
        pid = spawn_link(work)
        node.run_until_idle()
    assert not Process.alive(pid)
    assert node.processes() == []
    assert cleaned == [True]
    assert caplog.messages == []


def test_a_message_to_another_node_does_not_get_there() -> None:
    """Nodes cannot talk to each other: neither a message nor a process may cross over."""

    async def start() -> Any:
        return await Echo.start(0)

    async def meddle(pid: Any) -> None:
        for attempt in (lambda: send(pid, "x"), lambda: GenServer.cast(pid, "x"), lambda: Process.link(pid)):
            try:
                attempt()
            except (BadArg, LookupError):
                continue

    async def call(pid: Any) -> Any:
        return await GenServer.call(pid, "x", 1)

    with Node(clock="virtual") as first:
        pid = first.run(start)
        with Node(clock="virtual") as second:
            second.run(meddle, pid)
            with pytest.raises((Exit, BadArg)):
                second.run(call, pid)
            assert pid.block is not None, "it died of something that another node did"
            assert pid.block not in second.ready
        assert not pid.block.mailbox
        assert not pid.block.links


def test_a_script_that_uses_one_node_is_not_tied_to_the_processes_of_another() -> None:
    heard: list[object] = []

    async def listen() -> None:
        while True:
            heard.append(await receive())

    with Node(clock="virtual") as first:
        pid = spawn(listen)
        first.run_until_idle()
        with Node(clock="virtual") as second:
            Process.send_after(pid, "by a timer of the second node", 1.0)
            Process.monitor(pid)
            with pytest.raises(NoProc):
                Process.link(pid)
            second.advance(2.0)
            assert Process.info(self_())["messages"] != [], "nobody to watch is told at once"  # type: ignore[index]
        first.run_until_idle()
        assert heard == []
        assert not pid.block.links
        assert not pid.block.monitors


def test_a_timer_of_one_node_does_not_wake_a_process_of_another() -> None:
    async def sets(pid: Any) -> None:
        Process.send_after(pid, "x", 1.0)
        await Process.sleep(2.0)

    with Node(clock="virtual") as first:
        pid = spawn(for_ever)
        first.run_until_idle()
        turns = pid.block.turns  # type: ignore[union-attr]
        with Node(clock="virtual") as second:
            second.run(sets, pid)
        assert pid.block.turns == turns  # type: ignore[union-attr]
        assert not pid.block.mailbox  # type: ignore[union-attr]


def test_use_makes_a_node_current_and_closes_the_one_before() -> None:
    with Node(clock="virtual") as outer:
        first = Node(clock="virtual").use()
        pid = spawn(for_ever)
        second = Node(clock="virtual").use()
        assert current_node() is second
        assert first.processes() == []
        assert not Process.alive(pid)
    assert outer is not second


# ---- long turns ----------------------------------------------------------------------------


@pytest.fixture
def jumps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Append seconds to make `time.perf_counter` jump by them."""
    jumped: list[float] = []
    real = time.perf_counter
    monkeypatch.setattr(time, "perf_counter", lambda: real() + sum(jumped))
    return jumped


def test_a_process_that_keeps_its_turn_too_long_is_named_once(
    jumps: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    async def crunch() -> None:
        jumps.append(3.0)

    async def main() -> None:
        for _ in range(3):
            spawn(crunch)
            await Process.sleep(0.001)

    with Node() as node:
        node.run(main)
    [said] = caplog.messages
    assert said.startswith("crunch #PID<0.2.0> kept its turn for more than ")
    assert "await in_thread(function)" in said
    assert "await Process.sleep(0)" in said


def test_a_server_that_keeps_its_turn_too_long_is_named(jumps: list[float], caplog: pytest.LogCaptureFixture) -> None:
    class Slow(GenServer):
        def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
            jumps.append(2.0)
            return Reply("done", state)

    async def main() -> object:
        return await GenServer.call(await Slow.start_link(name="slow server"), "x")

    with Node() as node:
        assert node.run(main) == "done"
    [said] = caplog.messages
    assert said.startswith("slow server #PID<0.2.0> kept its turn")


def test_a_short_turn_is_not_complained_of(jumps: list[float], caplog: pytest.LogCaptureFixture) -> None:
    with Node() as node:
        node.run(lambda: jumps.append(0.3))
    assert caplog.messages == []


def test_a_long_turn_is_not_spoken_of_on_a_virtual_clock(jumps: list[float], caplog: pytest.LogCaptureFixture) -> None:
    """What is shown there is the same on a slow machine."""
    with Node(clock="virtual") as node:
        node.run(lambda: jumps.append(3.0))
    assert caplog.messages == []


# ---- code outside of any process -----------------------------------------------------------


def test_code_outside_of_processes_has_a_pid_and_a_mailbox() -> None:
    with Node(clock="virtual") as node:
        me = self_()
        spawn(send, me, "hello")
        node.run_until_idle()
        assert Process.info(me)["message_queue_len"] == 1


def test_a_crash_linked_to_the_shell_gives_a_new_shell_and_says_so(caplog: pytest.LogCaptureFixture) -> None:
    with Node(clock="virtual") as node:
        before = self_()
        spawn_link(leave, "boom")
        node.run_until_idle()
        assert self_() is not before
    assert caplog.messages == ["** (EXIT from #PID<0.1.0>) shell process exited with reason: 'boom'"]


def test_spawn_monitor_outside_of_processes_delivers_its_down() -> None:
    with Node(clock="virtual") as node:
        pid, ref = spawn_monitor(leave, "boom")
        node.run_until_idle()
        message = self_().block.mailbox[0]
        assert (message.pid, message.ref, message.reason) == (pid, ref, "boom")


NAN = float("nan")


@pytest.mark.parametrize(
    "option, value, expected",
    [
        *(("clock", value, 'clock must be "real" or "virtual"') for value in ("Real", None, [])),
        *(("isolation", value, "isolation must be True or False") for value in ("no", None, 0, [])),
        *(("max_turns", value, "max_turns must be a whole number from 1 up") for value in (-1, 0, NAN, "x", 5.0, True)),
        *(("seed", value, "seed must be a whole number") for value in (True, NAN, [1], "x", 1.5)),
    ],
)
def test_an_option_that_cannot_be_is_refused(option: str, value: Any, expected: str) -> None:
    with pytest.raises(BadArg, match=f"^{expected}.*got {re.escape(repr(value))}"):
        Node(**{option: value})


LEAVES = """
import gc, sys
from otp_mini import *

def plain(): pass
async def other(): pass
class Server(GenServer): pass

async def main(work):
    spawn(work)
    raise Exit("bye")

async def restarting(turns):
    sup = await Supervisor.start_link([Server], strategy="one_for_one")
    Process.exit((await Supervisor.which_children(sup))[0].pid, "kill")
    for _ in range(turns):
        await Process.sleep(0)

def leave(node, main, argument):
    try:
        node.run(main, argument)
    except Exit:
        pass

kept = []
for main, argument in [(main, plain), (main, other), *((restarting, turns) for turns in range(6))]:
    node = Node(clock="virtual")
    leave(node, main, argument)
    if sys.argv[1] == "kept":
        kept.append(node)
    del node
    gc.collect()
try:
    Node(seed="x")
except BadArg:
    pass
"""


def test_a_node_that_is_older_than_a_process_without_a_turn_leaves_no_warning() -> None:
    """Python's collector takes the youngest before those that have outlived one collection."""
    program = LEAVES.partition("kept = []")[0] + (
        "gc.disable()\n"
        "for work in (plain, other):\n"
        "    node = Node(clock='virtual')\n"
        "    gc.collect(0)\n"
        "    leave(node, main, work)\n"
        "    del node\n"
        "    gc.collect()\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("", "")


@pytest.mark.parametrize("how", ["kept", "dropped"])
def test_a_process_that_never_had_a_turn_leaves_no_warning(how: str) -> None:
    done = subprocess.run([sys.executable, "-c", LEAVES, how], capture_output=True, text=True, timeout=60, check=True)
    assert (done.stdout, done.stderr) == ("", "")


def test_a_name_is_found_strictly() -> None:
    async def main() -> Any:
        names = [1, 1.0, ("a", 1), ("a", True), "shop", GenServer]
        pids = [spawn(for_ever) for _ in names]
        for pid, name in zip(pids, names, strict=True):
            assert Process.register(pid, name)
        for pid, name in zip(pids, names, strict=True):
            assert Process.whereis(name) is pid
            with pytest.raises(BadArg, match="belongs to"):
                Process.register(spawn(for_ever), name)
        assert list(map(repr, Process.registered())) == list(map(repr, names))
        assert [Process.whereis(other) for other in (True, 1 + 0j, ("a", 1.0), 2, "1", int)] == [None] * 6
        Process.send_after(1, "one", 0)
        Process.unregister(1)
        assert (Process.whereis(1), Process.whereis(1.0)) == (None, pids[1])
        Process.exit(pids[1], "kill")
        await Process.sleep(1)
        return Process.whereis(1.0), Process.whereis("shop") is pids[4]

    with Node(clock="virtual") as node:
        assert node.run(main) == (None, True)

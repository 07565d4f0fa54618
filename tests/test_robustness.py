"""Large, hostile and broken programs: each leaves the node usable."""

from __future__ import annotations

import asyncio
import gc
import threading
import warnings
from itertools import pairwise
from typing import Any

import pytest

from otp_mini import (
    TIMEOUT,
    ChildSpec,
    Continue,
    CopyError,
    Deadlock,
    Down,
    DynamicSupervisor,
    Exit,
    ExitSignal,
    GenServer,
    Node,
    NoReply,
    Ok,
    Pid,
    Process,
    Reply,
    Supervisor,
    Task,
    current_node,
    in_thread,
    receive,
    self_,
    send,
    spawn,
    spawn_link,
    spawn_monitor,
    sys_,
)

pytestmark = pytest.mark.timeout(60)


class Echo(GenServer):
    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        return Reply(request, state)


async def for_ever() -> None:
    await receive(lambda _: False)


async def idle() -> None:
    await receive()


def usable(node: Node) -> bool:
    """Can the node still do its work?"""

    async def main() -> object:
        await Process.sleep(1)
        return await GenServer.call(await Echo.start_link(), "still here")

    return bool(node.run(main) == "still here")


# ---- many ----------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.timeout(110)  # ten seconds on a machine with nothing else to do
def test_a_million_idle_processes_leave_the_node_usable() -> None:
    async def main() -> int:
        for _ in range(1_000_000):
            spawn(idle)
        await Process.sleep(1)
        return len(Process.list())

    gc.disable()  # it would look at all of them again and again, and there is nothing to be found
    try:
        with Node(clock="virtual") as node:
            assert node.run(main) == 1_000_001
            assert usable(node)
    finally:
        gc.enable()


@pytest.mark.slow
def test_a_hundred_thousand_idle_processes_all_get_their_message() -> None:
    async def main() -> int:
        pids = [spawn(idle) for _ in range(100_000)]
        await Process.sleep(1)
        for pid in pids:
            send(pid, "end")
        await Process.sleep(1)
        return len(Process.list())

    with Node(clock="virtual") as node:
        assert node.run(main) == 1
        assert usable(node)


@pytest.mark.slow
@pytest.mark.parametrize("end", ["first", "last"])
def test_a_chain_of_a_hundred_thousand_links_breaks_at_once(end: str) -> None:
    async def main() -> int:
        pids = [spawn(for_ever) for _ in range(100_000)]
        node = self_().block.node
        for one, other in pairwise(pids):
            node.signals.link(one.block, other.block)
        await Process.sleep(1)
        ref = Process.monitor(pids[-1 if end == "first" else 0])
        Process.exit(pids[0 if end == "first" else -1], "boom")
        assert (await receive(lambda m: m.ref is ref)).reason == "boom"
        return len(Process.list())

    with Node(clock="virtual") as node:
        assert node.run(main) == 1
        assert usable(node)


def test_a_chain_of_spawn_links_comes_down_on_the_trapping_process_at_its_end() -> None:
    async def link_on(depth: int) -> None:
        if depth:
            spawn_link(link_on, depth - 1)
            await for_ever()
        await Process.sleep(1)
        raise Exit("bottom")

    async def main() -> Any:
        Process.flag(trap_exit=True)
        spawn_link(link_on, 20_000)
        message = await receive(ExitSignal)
        return message.reason, len(Process.list())

    with Node(clock="virtual") as node:
        assert node.run(main) == ("bottom", 1)


@pytest.mark.timeout(30)  # it takes two seconds where a scan is linear
def test_a_mailbox_of_a_million_messages_and_a_selective_receive_at_its_end() -> None:
    async def main() -> Any:
        for number in range(1_000_000):
            send(self_(), number)
        send(self_(), "needle")
        found = await receive(str)
        return found, await receive(), Process.info(self_())["message_queue_len"]

    with Node(clock="virtual") as node:
        assert node.run(main) == ("needle", 0, 999_999)
        assert usable(node)


def test_many_selective_receives_behind_a_long_queue_do_not_look_at_it_again_for_each_message() -> None:
    looked = 0

    def wanted(message: object) -> bool:
        nonlocal looked
        looked += 1
        return message == "last"

    async def feeder(to: Pid) -> None:
        for number in range(2_000):
            send(to, number)
            await Process.sleep(1)
        send(to, "last")

    async def main() -> None:
        spawn(feeder, self_())
        assert await receive(wanted) == "last"

    with Node(clock="virtual") as node:
        node.run(main)
    assert looked == 2_001


@pytest.mark.slow
def test_a_million_calls_whose_time_outs_never_fire_leave_no_timers() -> None:
    async def main() -> tuple[int, int]:
        pid = await Echo.start_link()
        node = self_().block.node
        most = 0
        for number in range(1_000_000):
            assert await GenServer.call(pid, number, 5.0) == number
            if number % 1000 == 0:
                most = max(most, len(node.timers.heap), len(node.timers.armed))
        assert pid.block.monitors in (None, {})
        return most, len(node.timers.heap) + len(node.timers.armed)

    with Node(clock="virtual") as node:
        most, left = node.run(main)
    assert most < 100
    assert left == 0


def test_calls_beside_a_timer_that_is_far_away_leave_no_timers_either() -> None:
    async def caller(pid: Pid) -> None:
        for number in range(2_000):
            await GenServer.call(pid, number, 1000.0 + number % 7)

    async def main() -> int:
        pid = await Echo.start_link()
        Process.send_after(self_(), "much later", 1e6)
        for _ in range(20):
            spawn(caller, pid)
        await Process.sleep(1)
        return len(self_().block.node.timers.heap)

    with Node(clock="virtual") as node:
        assert node.run(main) < 200


def test_timers_that_are_set_and_cancelled_leave_nothing() -> None:
    async def main() -> tuple[int, int]:
        for _ in range(100_000):
            Process.cancel_timer(Process.send_after(self_(), "x", 60))
        node = self_().block.node
        return len(node.timers.armed), len(node.timers.heap)

    with Node(clock="virtual") as node:
        timers, deadlines = node.run(main)
    assert timers == 0
    assert deadlines < 100


def test_processes_that_come_and_go_leave_nothing_behind() -> None:
    async def main() -> None:
        Process.flag(trap_exit=True)
        block = self_().block
        for _ in range(20_000):
            spawn_link(lambda: None)
            await receive(ExitSignal)
            spawn_monitor(lambda: None)
            await receive(Down)
        assert not block.links
        assert not block.monitoring
        assert not block.mailbox
        assert len(block.node.blocks) == 1

    with Node(clock="virtual") as node:
        node.run(main)


# ---- broken --------------------------------------------------------------------------------


async def awaits_in_finally() -> None:
    try:
        await receive()
    finally:
        await Process.sleep(1)


laps: list[int] = []


async def catches_everything() -> None:
    for lap in range(1_000):  # it means for ever; the test shall end
        laps.append(lap)
        try:
            await receive()
        except BaseException:
            continue


async def calls_in_finally() -> None:
    try:
        await receive()
    finally:
        await GenServer.call("echo", "good bye")


async def raises_in_finally() -> None:
    try:
        await receive()
    finally:
        raise ValueError("in the way")


async def raises_a_runtime_error_in_finally() -> None:
    try:
        await receive()
    finally:
        raise RuntimeError("in the way, and it awaits nothing")


async def exits_in_finally() -> None:
    try:
        await receive()
    finally:
        raise Exit("another reason")


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize(
    ("stubborn", "said"),
    [
        (awaits_in_finally, "tried to await in a `finally` or `except` block"),
        (catches_everything, "tried to await"),
        (calls_in_finally, "tried to await"),
        (raises_in_finally, "** (ValueError) in the way"),
        (raises_a_runtime_error_in_finally, "** (RuntimeError) in the way"),
        (exits_in_finally, "** (Exit) 'another reason'"),
    ],
)
def test_a_process_that_ignores_its_kill_is_dead_all_the_same(
    stubborn: Any, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    laps.clear()

    async def main() -> None:
        Process.flag(trap_exit=True)
        echo = await Echo.start_link(name="echo")
        pid, _ = spawn_monitor(stubborn)
        Process.link(pid)
        await Process.sleep(1)
        Process.exit(pid, "kill")
        assert not Process.alive(pid)
        assert (await receive(Down)).reason == "killed"
        assert (await receive(ExitSignal)).reason == "killed"
        await Process.sleep(10)
        assert Process.list() == [self_(), echo]
        assert not self_().block.node.timers.armed

    with Node(clock="virtual") as node:
        node.run(main)
        gc.collect()
        assert len(laps) in (0, 2), "its code ran again while the node lives"
        assert usable(node)
    assert len(caplog.messages) == 1
    assert stubborn.__name__ in caplog.messages[0]
    assert said in caplog.messages[0]
    del node
    gc.collect()
    assert len(laps) <= 3, "its code ran again when it was collected as garbage"


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_node_with_stubborn_processes_can_be_left(caplog: pytest.LogCaptureFixture) -> None:
    laps.clear()
    with Node(clock="virtual") as node:
        for stubborn in (awaits_in_finally, catches_everything, raises_in_finally):
            spawn(stubborn)
        node.run_until_idle()
    assert node.processes() == []
    del node
    gc.collect()
    assert len(laps) <= 3


def test_a_clean_up_that_sends_and_kills_is_carried_out() -> None:
    async def tidy(to: Pid, other: Pid) -> None:
        try:
            await receive()
        finally:
            send(to, "cleaned up")
            Process.exit(other, "kill")

    async def main() -> None:
        other = spawn(for_ever)
        pid = spawn(tidy, self_(), other)
        await Process.sleep(1)
        Process.exit(pid, "kill")
        assert await receive(timeout=1) == "cleaned up"
        assert not Process.alive(other)

    with Node(clock="virtual") as node:
        node.run(main)


def test_two_processes_that_kill_each_other_in_their_clean_up_both_end() -> None:
    async def feud() -> None:
        other = await receive()
        try:
            await receive()
        finally:
            Process.exit(other, "kill")

    async def main() -> None:
        one, two = spawn(feud), spawn(feud)
        send(one, two)
        send(two, one)
        await Process.sleep(1)
        Process.exit(one, "kill")
        assert Process.list() == [self_()]

    with Node(clock="virtual") as node:
        node.run(main)


async def waits_for_a_future() -> None:
    await asyncio.get_running_loop().create_future()


async def waits_in_a_thread() -> None:
    await in_thread(for_a_gate_that_opens_late)


gate = threading.Event()


def for_a_gate_that_opens_late() -> None:
    gate.wait(30)


async def waits_and_traps() -> None:
    Process.flag(trap_exit=True)
    while True:
        await receive()


class Silent(GenServer):
    """Waits for ever in a callback, so that it sees no signal of its supervisor."""

    def init(self, _: Any) -> Any:
        Process.flag(trap_exit=True)
        return Ok(None, Continue("wait"))

    async def handle_continue(self, argument: Any, state: Any) -> Any:
        await for_ever()


@pytest.mark.parametrize("child", [for_ever, waits_for_a_future, waits_in_a_thread, waits_and_traps, Silent])
@pytest.mark.parametrize("kind", [Supervisor, DynamicSupervisor])
def test_a_child_that_waits_for_ever_does_not_hold_up_the_end_of_its_supervisor(child: Any, kind: Any) -> None:
    async def start(function: Any) -> Any:
        return await Silent.start_link() if function is Silent else spawn_link(function)

    async def main() -> tuple[float, int]:
        spec = ChildSpec("child", (start, (child,)))
        sup = await kind.start_link(**({} if kind is DynamicSupervisor else {"strategy": "one_for_one"}))
        await kind.start_child(sup, spec)
        await Process.sleep(0)
        gate.clear()
        await kind.stop(sup)
        gate.set()
        return current_node().now(), len(Process.list())

    with Node(clock="virtual") as node:
        waited, left = node.run(main)
        assert waited == (5.0 if child in (waits_and_traps, Silent) else 0.0)
        assert left == 1
        assert usable(node)


@pytest.mark.parametrize("way", ["send", "call", "cast", "reply", "spawn", "start", "result", "state", "timer"])
def test_a_message_that_refuses_copying_is_an_error_of_its_sender_and_leaves_the_node_usable(way: str) -> None:
    class Server(Echo):
        def init(self, argument: Any) -> Any:
            return Ok(lock if argument == "state" else argument)

        def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
            return Reply(lock if request == "reply" else request, state)

    lock = threading.Lock()
    ways: dict[str, Any] = {
        "send": lambda _: send(self_(), ["it", lock]),
        "call": lambda server: GenServer.call(server, lock),
        "cast": lambda server: GenServer.cast(server, lock),
        "reply": lambda server: GenServer.call(server, "reply"),
        "spawn": lambda _: spawn(for_ever, lock),
        "start": lambda _: Server.start(lock),
        "result": lambda _: Task.await_(Task.async_(lambda: lock)),
        "state": lambda _: sys_.get_state("with a lock"),
        "timer": lambda _: Process.send_after(self_(), lock, 1),
    }

    async def main() -> tuple[type, list[Any]]:
        Process.flag(trap_exit=True)
        server = await Server.start()
        await Server.start("state", name="with a lock")
        try:
            answer = ways[way](server)
            if not isinstance(answer, (Pid, str, list)):
                await answer
            raise AssertionError("it was sent")
        except CopyError as refused:
            error: Any = refused
        except Exit as exit:
            error = exit.reason[0]  # type: ignore[index]
        assert "Shared(...)" in str(error)
        return type(error), [*await rest()]

    async def rest() -> list[Any]:
        messages = []
        while (message := await receive(timeout=5)) is not TIMEOUT:
            messages.append(message)
        return [message for message in messages if not isinstance(message, ExitSignal)]

    with Node(clock="virtual") as node:
        assert node.run(main) == (CopyError, [])
        assert usable(node)


def test_a_killed_server_that_catches_everything_in_a_callback_is_dead() -> None:
    class Stubborn(GenServer):
        async def handle_cast(self, request: Any, state: Any) -> Any:
            try:
                await Process.sleep(100)
            except BaseException:
                return NoReply("survived")

    async def main() -> bool:
        pid = await Stubborn.start()
        GenServer.cast(pid, "x")
        await Process.sleep(1)
        Process.exit(pid, "kill")
        await Process.sleep(200)
        return Process.alive(pid)

    with Node(clock="virtual") as node:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            assert node.run(main) is False
        assert usable(node)


def test_a_restart_loop_that_fails_at_once_is_stopped_and_named() -> None:
    async def fails() -> None:
        raise Exit("at once")

    async def keeper() -> None:
        while True:
            spawn_monitor(fails)
            await receive(Down)

    async def main() -> None:
        spawn(keeper)
        await Process.sleep(1)

    with Node(clock="virtual", max_turns=10_000) as node, pytest.raises(Deadlock, match="restart without end"):
        node.run(main)


def test_a_restart_loop_does_not_starve_others() -> None:
    async def fails() -> None:
        raise Exit("at once")

    async def keeper() -> None:
        while True:
            spawn_monitor(fails)
            await receive(Down)

    async def main() -> int:
        keepers = [spawn(keeper) for _ in range(3)]
        for _ in range(1_000):
            await Process.sleep(0)
        for pid in keepers:
            Process.exit(pid, "kill")
        return sum(Process.alive(pid) for pid in keepers)

    with Node(clock="virtual") as node:
        assert node.run(main) == 0
        assert usable(node)


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", 'x" onload="y', "a\x00b", "%s", "{}", "\u202egnp", "a" * 10_000]
)
def test_any_text_can_be_a_name(name: str) -> None:
    async def main() -> None:
        pid = await Echo.start(name=name)
        assert Process.whereis(name) is pid
        assert await GenServer.call(name, name) == name
        assert Process.info(pid)["registered_name"] == name
        ref = Process.monitor(name)
        await GenServer.stop(name)
        assert await receive(Down) == Down(ref, name, "normal")

    with Node(clock="virtual") as node:
        node.run(main)
        assert usable(node)


def test_a_message_with_a_broken_comparison_harms_nobody() -> None:
    class Odd:
        def __eq__(self, other: object) -> bool:
            raise RuntimeError("do not compare")

        def __hash__(self) -> int:
            raise RuntimeError("do not hash")

        def __bool__(self) -> bool:
            raise RuntimeError("do not ask")

    class Keeper(Echo):
        def handle_info(self, message: Any, state: Any) -> Any:
            return NoReply(message)

    async def main() -> None:
        pid = await Keeper.start(Odd())
        send(pid, Odd())
        send(pid, (Odd(), Odd(), Odd()))
        GenServer.cast(await Echo.start(), "crashes by its default")
        Process.exit(spawn(for_ever), Odd())
        watched, ref = spawn_monitor(for_ever)
        Process.exit(watched, Odd())
        assert type((await receive(Down)).reason).__name__ == "Odd"
        assert Process.alive(pid)
        assert ref is not None

    with Node(clock="virtual") as node:
        node.run(main)
        assert usable(node)


def test_a_pattern_that_raises_ends_its_process_only() -> None:
    async def picky() -> None:
        await receive(lambda m: m > 5)

    async def main() -> object:
        pid, _ = spawn_monitor(picky)
        send(pid, "text")
        return type((await receive(Down)).reason)

    with Node(clock="virtual") as node:
        assert node.run(main) is TypeError
        assert usable(node)


def test_recursion_without_end_in_a_callback_ends_that_server_only() -> None:
    class Deep(GenServer):
        def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
            return self.handle_call(request, from_, state)

    async def main() -> object:
        with pytest.raises(Exit) as exit:
            await GenServer.call(await Deep.start(), "x")
        return type(exit.value.reason[0])

    with Node(clock="virtual") as node:
        assert node.run(main) is RecursionError
        assert usable(node)


def test_a_system_exit_in_a_process_comes_out_of_run() -> None:
    async def main() -> None:
        raise SystemExit(3)

    with Node(clock="virtual") as node:
        with pytest.raises(SystemExit):
            node.run(main)
        assert usable(node)


def test_generator_exit_raised_by_hand_ends_that_process_only() -> None:
    async def odd() -> None:
        raise GeneratorExit

    async def main() -> object:
        spawn_monitor(odd)
        return type((await receive(Down)).reason)

    with Node(clock="virtual") as node:
        assert node.run(main) is GeneratorExit
        assert usable(node)


def test_stop_iteration_in_a_plain_function_is_a_crash_and_not_a_result() -> None:
    def odd() -> None:
        raise StopIteration("smuggled")

    async def main() -> object:
        spawn_monitor(odd)
        return (await receive(Down)).reason

    with Node(clock="virtual") as node:
        assert isinstance(node.run(main), RuntimeError)
        assert usable(node)

"""What is deliberately different from OTP: one test for each row of the table in the book.

The last column of that table, in `book/otp_mini_and_the_beam.md`, is the name of the test, with spaces for
underscores. `difference` marks such a test, and says which docstring's `Differs:` it shows.
"""

from __future__ import annotations

import ast
import asyncio
import logging
import math
import re
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

import pytest
from elixir_twins import ROOT
from playing import play

import otp_mini
from otp_mini import (
    TIMEOUT,
    Agent,
    AlreadyRegistered,
    AlreadyStarted,
    Application,
    BadArg,
    ChildError,
    ChildSpec,
    Continue,
    CopyError,
    Deadlock,
    Down,
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
    Registry,
    Reply,
    Shared,
    StartError,
    Stop,
    Supervisor,
    Task,
    Via,
    current_node,
    ets,
    in_thread,
    receive,
    self_,
    send,
    spawn,
    spawn_monitor,
    trace,
)

PAGE = ROOT / "book" / "otp_mini_and_the_beam.md"
Test = Callable[..., None]

_shown: dict[str, tuple[str, ...]] = {}


def difference(*docstrings: str) -> Callable[[Test], Test]:
    """Mark the test of one row; `docstrings` are those of otp_mini whose `Differs:` it shows."""

    def mark(test: Test) -> Test:
        _shown[test.__name__] = docstrings
        return test

    return mark


class Store(GenServer):
    """Keeps its state; a request may be a function of it."""

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        return Reply(request(state) if callable(request) else state, state)

    def handle_cast(self, request: Any, state: Any) -> Any:
        return request(state)


class Failing(GenServer):
    """Does not start."""

    def init(self, argument: Any) -> Any:
        return Stop("no luck")


async def idle() -> None:
    await receive(lambda _: False)


# ---- turns, order and time ---------------------------------------------------------------------


@difference("node")
def test_a_process_keeps_its_turn_until_it_awaits() -> None:
    steps: list[str] = []

    async def busy(name: str) -> None:
        for step in range(3):
            steps.append(f"{name}{step}")
            send(self_(), step)
        await Process.sleep(0)
        steps.append(f"{name} again")

    async def main() -> None:
        spawn(busy, "a")
        spawn(busy, "b")
        await Process.sleep(1)

    play(main)
    assert steps == ["a0", "a1", "a2", "b0", "b1", "b2", "a again", "b again"]


@difference()
def test_a_turn_that_takes_long_is_named_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    jumps: list[float] = []
    real = time.perf_counter
    monkeypatch.setattr(time, "perf_counter", lambda: real() + sum(jumps))

    async def crunch() -> None:
        jumps.append(3.0)

    async def main() -> None:
        for _ in range(2):
            spawn(crunch)
            await Process.sleep(0.001)

    with Node() as node:
        node.run(main)
    assert ["crunch #PID<0.2.0> kept its turn" in said for said in caplog.messages] == [True]


@difference()
def test_all_processes_run_in_one_thread() -> None:
    threads: set[int] = set()

    async def work() -> None:
        threads.add(threading.get_ident())

    async def main() -> None:
        for _ in range(20):
            spawn(work)
        await Process.sleep(1)

    play(main)
    assert threads == {threading.get_ident()}


@difference()
def test_the_order_is_fixed_and_a_seed_gives_another() -> None:
    async def racer(finish: Pid, number: int) -> None:
        send(finish, number)

    async def main() -> list[int]:
        for number in range(8):
            spawn(racer, self_(), number)
        return [await receive() for _ in range(8)]

    def race(seed: int | None) -> list[int]:
        with Node(clock="virtual", seed=seed) as node:
            result: list[int] = node.run(main)
            return result

    assert race(None) == [0, 1, 2, 3, 4, 5, 6, 7]
    assert race(7) == race(7) != race(None)
    assert sorted(race(7)) == race(None)


@difference("primitives")
def test_times_are_seconds() -> None:
    async def main() -> tuple[object, float]:
        timer = Process.send_after(self_(), "late", 0.25)
        await Process.sleep(0.125)
        return Process.cancel_timer(timer), current_node().now()

    assert play(main) == (0.125, 0.125)


@difference()
def test_an_hour_on_a_virtual_clock_takes_no_time() -> None:
    with Node(clock="virtual") as node:
        node.run(Process.sleep, 3600.0)  # a test has two minutes
        assert node.now() == 3600.0


@difference("primitives.Process.send_interval")
def test_a_timer_that_repeats_is_cancelled_as_any_other() -> None:
    async def main() -> tuple[object, object, object]:
        with pytest.raises(BadArg, match="above 0, got 0"):
            Process.send_interval(self_(), "tick", 0)
        timer = Process.send_interval(self_(), "tick", 10.0)
        await receive()
        await Process.sleep(2.5)
        return Process.read_timer(timer), Process.cancel_timer(timer), Process.cancel_timer(timer)

    assert play(main) == (7.5, 7.5, False)


@difference()
def test_a_wait_for_what_cannot_come_is_a_deadlock() -> None:
    with pytest.raises(Deadlock) as caught:
        play(idle)
    assert "idle #PID<0.1.0> waits for a message" in str(caught.value)


@difference("primitives.in_thread")
def test_without_threads_blocking_work_holds_up_everyone(monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[str] = []

    async def main() -> bool:
        spawn(lambda: steps.append("another process"))
        steps.append(await in_thread(str.lower, "WORK"))
        await Process.sleep(1)
        return bool(await in_thread(threading.get_ident) == threading.get_ident())

    monkeypatch.setattr(sys, "platform", "emscripten")  # Python in a browser
    assert play(main), "there is one thread"
    assert steps == ["work", "another process"]


# ---- memory and messages -----------------------------------------------------------------------


@difference()
def test_a_message_is_a_copy() -> None:
    async def main() -> list[str]:
        basket = ["apple"]
        send(self_(), basket)
        basket.append("pear")
        return list(await receive())

    assert play(main) == ["apple"]


@difference("copying")
def test_a_function_passes_with_what_it_captured() -> None:
    async def main() -> list[str]:
        basket = ["apple"]
        send(self_(), lambda: basket.append("pear"))
        (await receive())()
        return basket

    assert play(main) == ["apple", "pear"]


@difference()
def test_what_cannot_be_copied_is_not_sent() -> None:
    async def main() -> object:
        with pytest.raises(CopyError, match=r"lock.*Shared\(") as caught:
            send(self_(), {"guard": threading.Lock()})
        assert "guard" in str(caught.value)
        return await receive(timeout=0)

    assert play(main) is TIMEOUT


@difference()
def test_shared_passes_the_thing_itself() -> None:
    async def main() -> bool:
        lock = threading.Lock()
        send(self_(), Shared(lock))
        return (await receive()).value is lock

    assert play(main)


@difference()
def test_a_reason_that_cannot_be_copied_arrives_as_text() -> None:
    async def fail() -> None:
        raise Exit(("locked", threading.Lock()))

    async def main() -> object:
        spawn_monitor(fail)
        return (await receive(Down)).reason

    assert play(main) == ("locked", "<unlocked _thread.lock object>")


@difference("copying")
def test_a_traceback_passes_as_it_is() -> None:
    async def main() -> object:
        basket = ["apple"]
        try:
            basket[1]
        except IndexError as error:
            send(self_(), error)
        (await receive()).__traceback__.tb_frame.f_locals["basket"].append("pear")
        return basket

    assert play(main) == ["apple", "pear"]


@difference("agent.Agent")
def test_what_a_function_does_to_the_state_of_an_agent_in_place_is_not_seen() -> None:
    async def main() -> object:
        agent = await Agent.start_link(lambda: ["apple"])
        await Agent.get(agent, lambda basket: basket.append("pear"))
        return await Agent.get(agent, lambda basket: basket)

    assert play(main) == ["apple"]


@difference()
def test_a_receive_takes_a_type_or_a_function() -> None:
    async def main() -> list[object]:
        for message in ("a", 1, "b"):
            send(self_(), message)
        return [await receive(int), await receive(lambda message: message > "a"), await receive()]

    assert play(main) == [1, "b", "a"]


@difference()
def test_a_receive_that_is_late_answers_timeout() -> None:
    async def main() -> str:
        match await receive(timeout=1.0):
            case "timeout":
                return "nothing came"
        return "something came"

    assert play(main) == "nothing came"


@difference()
def test_a_second_reply_before_the_caller_runs_is_a_message() -> None:
    class Twice(GenServer):
        def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
            GenServer.reply(from_, "first")
            if request == "wait":
                return NoReply(from_, Continue("second"))
            GenServer.reply(from_, "second")
            return NoReply(state)

        async def handle_continue(self, argument: Any, from_: Any) -> Any:
            await Process.sleep(1)
            GenServer.reply(from_, argument)
            return NoReply(None)

    async def main() -> list[object]:
        server = await Twice.start_link()
        answers: list[object] = []
        for request in ("at once", "wait"):
            answers.append(await GenServer.call(server, request))
            message = await receive(timeout=5)
            answers.append(message if message is TIMEOUT else message[1])
        return answers

    assert play(main) == ["first", "second", "first", TIMEOUT]


# ---- terms and names ---------------------------------------------------------------------------


@difference()
def test_an_atom_and_a_text_are_one_string() -> None:
    async def main() -> object:
        Process.register(self_(), "".join(["ca", "che"]))
        return Process.whereis("cache") is self_()

    assert play(main)


@difference()
def test_any_value_with_a_hash_can_be_a_name() -> None:
    async def main() -> list[object]:
        for name in (Store, ("room", 7), "till"):
            await Store.start_link(name, name=name)
        for name in (True, False, "undefined", ["room"]):
            with pytest.raises(BadArg, match="a process's name is"):
                await Store.start_link(name=name)
        return [await GenServer.call(name, "state") for name in (Store, ("room", 7), "till")]

    assert play(main) == [Store, ("room", 7), "till"]


@difference("terms.Pid")
def test_the_first_number_of_a_pid_is_0() -> None:
    assert play(lambda: repr(self_())) == "#PID<0.1.0>"


@difference()
def test_the_words_of_python_get_an_underscore() -> None:
    for owner, words in ((otp_mini, ("self", "sys")), (Task, ("async", "await", "yield"))):
        for word in words:
            assert hasattr(owner, word + "_")
            assert not hasattr(owner, word)


@difference()
def test_a_callback_returns_objects_and_no_tagged_tuples() -> None:
    async def main() -> object:
        ref = Process.monitor(store := await Store.start(0))  # type: ignore[arg-type]
        GenServer.cast(store, NoReply)
        GenServer.cast(store, lambda state: ("noreply", state))
        return (await receive(lambda message: isinstance(message, Down) and message.ref is ref)).reason

    assert play(main) == ("bad_return_value", ("noreply", 0))


# ---- errors and exits --------------------------------------------------------------------------


@difference()
def test_an_answer_that_would_be_an_error_tuple_is_raised() -> None:
    async def main() -> None:
        await Registry.start_link(keys="unique", name="rooms")
        Registry.register("rooms", "lobby")
        sup = await Supervisor.start_link([], strategy="one_for_one")
        till = await Store.start(name="till")
        with pytest.raises(StartError) as failed:
            await Failing.start()
        with pytest.raises(AlreadyStarted) as taken:
            await Store.start(name="till")
        with pytest.raises(ChildError) as unknown:
            await Supervisor.delete_child(sup, "nobody")
        with pytest.raises(AlreadyRegistered) as registered:
            Registry.register("rooms", "lobby")
        assert (failed.value.reason, taken.value.pid) == ("no luck", till)
        assert (unknown.value.reason, registered.value.pid) == ("not_found", self_())

    play(main)


@difference()
def test_an_ignored_start_answers_none() -> None:
    class Unwilling(GenServer):
        def init(self, argument: Any) -> Any:
            return Ignore()

    assert play(Unwilling.start_link) is None


@difference("children.ChildError")
def test_a_failed_start_child_comes_without_the_record_of_the_child() -> None:
    async def main() -> object:
        sup = await Supervisor.start_link([], strategy="one_for_one")
        with pytest.raises(ChildError) as caught:
            await Supervisor.start_child(sup, Failing)
        return caught.value.reason

    assert play(main) == "no luck"


@difference()
def test_a_failed_start_link_leaves_an_exit_message_as_on_otp_25() -> None:
    async def main() -> object:
        Process.flag(trap_exit=True)
        with pytest.raises(StartError):
            await Failing.start_link()
        return (await receive(ExitSignal, timeout=0)).reason

    assert play(main) == "no luck"


@difference()
def test_the_reason_of_a_crash_is_the_exception() -> None:
    async def fail() -> None:
        raise ValueError("boom")

    async def main() -> object:
        spawn_monitor(fail)
        return (await receive(Down)).reason

    reason = play(main)
    assert (type(reason), reason.args) == (ValueError, ("boom",))
    assert traceback.extract_tb(reason.__traceback__)[-1].name == "fail"


@difference()
def test_there_is_no_throw_and_a_wrong_result_is_a_bad_return_value() -> None:
    async def main() -> object:
        store = await Store.start(0)
        ref = Process.monitor(store)  # type: ignore[arg-type]
        GenServer.cast(store, lambda _: "thrown")
        return (await receive(lambda message: isinstance(message, Down) and message.ref is ref)).reason

    assert not hasattr(otp_mini, "throw")
    assert play(main) == ("bad_return_value", "thrown")


@difference("errors.Exit")
def test_except_exception_lets_an_exit_pass() -> None:
    caught: list[str] = []

    async def careful() -> None:
        try:
            raise Exit("shutdown")
        except Exception:
            caught.append("as an error")
        except BaseException:
            caught.append("as an exit")
            raise

    async def main() -> object:
        spawn_monitor(careful)
        return (await receive(Down)).reason

    assert play(main) == "shutdown"
    assert caught == ["as an exit"]


@difference()
def test_a_killed_process_is_gone_on_the_next_line() -> None:
    async def main() -> object:
        pid = spawn(idle)
        Process.register(pid, "display")
        Process.exit(pid, "kill")
        return Process.alive(pid), Process.whereis("display")

    assert play(main) == (False, None)


@difference()
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_finally_runs_in_a_killed_process_but_may_not_await(caplog: pytest.LogCaptureFixture) -> None:
    steps: list[str] = []

    async def tidy() -> None:
        try:
            await receive()
        finally:
            steps.append("runs")
            await Process.sleep(1)
            steps.append("waits")

    async def main() -> object:
        pid, _ = spawn_monitor(tidy)
        await Process.sleep(1)
        Process.exit(pid, "kill")
        return (await receive(Down)).reason

    assert play(main) == "killed"
    assert steps == ["runs"]
    assert "clean up without awaiting" in caplog.text


@difference()
@pytest.mark.parametrize(("platform", "left"), [("linux", []), ("emscripten", ["done"])])
def test_the_asyncio_tasks_of_a_killed_process_are_cancelled_but_not_in_a_page(
    platform: str, left: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []

    async def work() -> None:
        await asyncio.sleep(0.001)
        steps.append("done")

    async def owner() -> None:
        tasks = [asyncio.create_task(work())]
        await receive()
        tasks.clear()

    async def main() -> None:
        pid = spawn(owner)
        await Process.sleep(0.0)
        Process.exit(pid, "kill")
        await asyncio.sleep(0.05)

    monkeypatch.setattr(sys, "platform", platform)
    with Node() as node:
        node.run(main)
    assert steps == left


@difference()
def test_a_crash_report_is_the_same_in_every_run(caplog: pytest.LogCaptureFixture) -> None:
    class Fragile(GenServer):
        def handle_cast(self, request: Any, state: Any) -> Any:
            raise ValueError("boom")

    async def main() -> None:
        server = await Fragile.start(idle)  # a function, whose repr has an address
        GenServer.cast(server, "go")
        await Process.sleep(1)

    play(main)
    play(main)
    first, second = caplog.messages
    assert first == second
    assert "ValueError" in first
    assert "<function idle>" in first
    assert not re.search(r"0x[0-9a-f]{4}|\d\d:\d\d", first)


@difference()
def test_what_is_too_long_for_a_report_is_cut_and_counted(caplog: pytest.LogCaptureFixture) -> None:
    class Fragile(GenServer):
        def handle_cast(self, request: Any, state: Any) -> Any:
            raise ValueError("boom")

    async def main() -> None:
        GenServer.cast(await Fragile.start(list(range(10_000))), "go " * 10_000)
        await Process.sleep(1)

    play(main)
    assert len(caplog.text) < 6_000
    assert "State: [0, 1, 2," in caplog.text
    assert re.search(r", … 9,\d\d\d more\]", caplog.text)
    assert "… (28,000 characters more) (a cast)" in caplog.text


# ---- servers -----------------------------------------------------------------------------------


@difference()
def test_a_server_keeps_nothing_on_self() -> None:
    class Forgetful(GenServer):
        def init(self, argument: Any) -> Any:
            self.kept = argument
            return Ok(None)

    async def main() -> None:
        with pytest.raises(StartError, match="and not on self"):
            await Forgetful.start(1)

    play(main)


@difference("gen_server")
def test_a_callback_that_waits_is_async_and_blocks_its_server() -> None:
    class Slow(GenServer):
        async def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
            await Process.sleep(request)
            return Reply(current_node().now(), state)

    async def main() -> list[float]:
        slow = await Slow.start_link()
        tasks = [Task.async_(GenServer.call, slow, 1.0) for _ in range(3)]
        return await Task.await_many(tasks)

    assert play(main) == [1.0, 2.0, 3.0]


@difference()
def test_a_living_server_goes_on_with_its_old_class() -> None:
    def cell(answer: str) -> type[GenServer]:
        class Greeter(GenServer):
            def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
                return Reply(answer, state)

        return Greeter

    async def main() -> list[str]:
        old = await cell("old").start_link()
        new = await cell("new").start_link()
        return [await GenServer.call(server, "hello") for server in (old, new)]

    assert play(main) == ["old", "new"]


@difference("primitives.Process.monitor")
def test_a_down_for_a_name_carries_the_bare_name() -> None:
    async def main() -> object:
        Process.register(spawn(idle), "till")
        Process.monitor("till")
        Process.exit(Process.whereis("till"), "kill")  # type: ignore[arg-type]
        return (await receive(Down)).pid

    assert play(main) == "till"


# ---- nodes and looking -------------------------------------------------------------------------


@difference("node.Node")
def test_nodes_cannot_talk_to_each_other() -> None:
    with Node(clock="virtual") as far:
        pid = far.spawn(idle).pid

        async def main() -> tuple[bool, object]:
            send(pid, "hello")
            return Process.alive(pid), (Process.monitor(pid), await receive())[1].reason

        near = Node(clock="virtual")
        assert near.run(main) == (False, "noproc")
        assert far.processes() == [pid]
        near.close()


@difference()
def test_code_outside_of_every_process_is_the_shell() -> None:
    with Node(clock="virtual") as node:
        shell = self_()
        node.run(send, shell, "from a process")
        assert node.processes() == [shell]
        info = Process.info(shell)
        assert info is not None
        assert (info["label"], info["message_queue_len"]) == ("shell", 1)


@difference("tracing")
def test_an_event_of_a_trace_carries_its_cause() -> None:
    async def echo(to: Pid) -> None:
        send(to, await receive())

    async def main() -> list[str]:
        with trace() as events:
            send(spawn(echo, self_()), "hello")
            await receive()
        answer = [event for event in events if event.kind == "send"][-1]
        chain = []
        while answer.cause is not None:
            answer = events.events[answer.cause]
            chain.append(answer.kind)
        return chain

    assert play(main) == ["receive", "send"]


# ---- supervisors, tasks and applications -------------------------------------------------------


@difference("children.Budget")
def test_a_restart_leaves_the_window_after_max_seconds_to_the_moment() -> None:
    async def main(pause: float) -> bool:
        await Process.sleep(0.1)
        children = [ChildSpec("a", (Agent.start_link, (dict,)))]
        sup = await Supervisor.start_link(children, strategy="one_for_one", max_restarts=1, max_seconds=1.0)
        Process.unlink(sup)
        for _ in range(2):
            [row] = await Supervisor.which_children(sup)
            Process.exit(row.pid, "kill")
            await Process.sleep(pause)
        return Process.alive(sup)

    assert play(main, 1.0) is False
    assert play(main, 1.001) is True  # on the BEAM: it depends on where in a second the first one came


@difference("child_spec.ChildSpec")
def test_the_start_of_a_child_is_a_function_and_its_arguments() -> None:
    assert Store.child_spec(7).start == (Store.start_link, (7,))

    async def main() -> int:
        spec = ChildSpec("seven", (Store.start_link, (7,)))
        sup = await Supervisor.start_link([spec], strategy="one_for_one")
        [row] = await Supervisor.which_children(sup)
        state: int = await GenServer.call(row.pid, "state")
        return state

    assert play(main) == 7


@difference("child_spec.HasChildSpec")
def test_what_a_class_says_of_itself_as_a_child_its_subclasses_say_too() -> None:
    class Courier(GenServer, restart="transient", id="courier"):
        pass

    class Cyclist(Courier):
        pass

    assert (Courier.child_spec().restart, Courier.child_spec().id) == ("transient", "courier")
    assert (Cyclist.child_spec().restart, Cyclist.child_spec().id) == ("transient", Cyclist)


@difference("application.Application.prep_stop")
def test_a_prep_stop_that_answers_none_leaves_the_state() -> None:
    stopped = []

    class Shop(Application):
        async def start(self, type: str, args: Any) -> Any:
            return await Supervisor.start_link([], strategy="one_for_one"), "open"

        def prep_stop(self, state: Any) -> Any:
            """Forgets its return."""

        def stop(self, state: Any) -> None:
            stopped.append(state)

    async def main() -> None:
        await Shop.start_application()
        await Shop.stop_application()

    play(main)
    assert stopped == ["open"]


@difference("partition_supervisor.PartitionSupervisor")
def test_there_are_eight_partitions_unless_it_is_said() -> None:
    async def main() -> tuple[int, int]:
        await PartitionSupervisor.start_link(Store, name="stores")
        await PartitionSupervisor.start_link(Store, name="two stores", partitions=2)
        return PartitionSupervisor.partitions("stores"), PartitionSupervisor.partitions("two stores")

    assert play(main) == (8, 2)


@difference()
def test_a_key_goes_to_the_same_partition_in_every_run() -> None:
    async def main() -> list[object]:
        await PartitionSupervisor.start_link(Store, name="stores", partitions=4)
        return [Partition("stores", key).whereis() for key in (5, 1, "ann", ("room", "lobby"))]

    pids = play(main)
    assert pids[0] is pids[1]
    assert list(map(repr, pids)) == [f"#PID<0.{number}.0>" for number in (4, 4, 4, 3)]  # whatever PYTHONHASHSEED is


@difference("task.TaskStream")
def test_eight_tasks_of_a_stream_run_at_once_unless_it_is_said() -> None:
    running: list[int] = []
    most: list[int] = []

    async def work(item: int) -> None:
        running.append(item)
        most.append(len(running))
        await Process.sleep(1)
        running.remove(item)

    async def main() -> int:
        return len([result async for result in Task.async_stream(range(20), work)])

    assert play(main) == 20
    assert max(most) == 8


@difference("application._Master")
def test_the_end_of_a_permanent_application_leaves_the_node_running(caplog: pytest.LogCaptureFixture) -> None:
    class Shop(Application):
        async def start(self, type: str, args: Any) -> Any:
            return await Supervisor.start_link([Store], strategy="one_for_one")

    async def main() -> tuple[bool, list[Any]]:
        top = await Shop.start_application(type="permanent")
        assert Application.started() == [Shop]
        Process.exit(top, "kill")
        await Process.sleep(1)
        return Process.alive(self_()), Application.started()

    assert play(main) == (True, [])
    assert [(record.levelno, record.getMessage()) for record in caplog.records if "Application" in record.msg] == [
        (logging.ERROR, "Application Shop exited: 'killed'")
    ]


# ---- registries --------------------------------------------------------------------------------


@difference("registry.Registry")
def test_the_dead_are_gone_from_a_registry_at_once() -> None:
    async def subscriber() -> None:
        Registry.register("topics", "news")
        await idle()

    async def main() -> tuple[int, int, list[Any]]:
        await Registry.start_link(keys="duplicate", name="topics")
        pid = spawn(subscriber)
        await Process.sleep(0)
        before = Registry.count("topics")
        Process.exit(pid, "kill")  # and no turn is given away before the next line
        return before, Registry.count("topics"), Registry.lookup("topics", "news")

    assert play(main) == (1, 0, [])


@difference("registry.Registry")
def test_a_registry_has_no_partitions_and_no_listeners() -> None:
    async def main() -> None:
        start: Any = Registry.start_link
        for option in ("partitions", "listeners"):
            with pytest.raises(TypeError, match=option):
                await start(keys="unique", name="rooms", **{option: 4})

    play(main)


@difference("registry.Registry")
def test_the_end_of_a_registry_is_one_step() -> None:
    async def guest() -> None:
        Registry.register("rooms", "lobby")
        await idle()

    async def main() -> tuple[bool, bool]:
        alive = []
        for reason in ("normal", "kill"):
            registry = await Registry.start_link(keys="unique", name="rooms")
            Process.unlink(registry)
            pid = spawn(guest)
            await Process.sleep(0)
            if reason == "kill":
                Process.exit(registry, reason)
                Process.unlink(await Registry.start_link(keys="unique", name="rooms"))  # with no turn in between
            else:
                await GenServer.stop(registry)
            await Process.sleep(0)
            alive.append(Process.alive(pid))
        return alive[0], alive[1]

    assert play(main) == (True, False)


@difference("registry.Registry.select", "registry.Registry.count_select", "registry.Registry.match")
def test_the_guards_of_a_registry_are_functions() -> None:
    async def main() -> object:
        await Registry.start_link(keys="unique", name="rooms")
        Registry.register("rooms", "lobby", 3)
        Registry.register("rooms", "cellar", 0)
        head = ets.Var(1), ets.ANY, ets.Var(2)
        names = Registry.select("rooms", head, lambda _, seats: seats > 1, lambda name, _: name.title())
        count = Registry.count_select("rooms", head, lambda name, _: name.startswith("c"))
        return names, count, len(Registry.match("rooms", "lobby", ets.Var(1), lambda seats: seats == 3))

    assert play(main) == (["Lobby"], 1, 1)


@difference()
def test_a_message_to_a_key_with_many_holders_is_a_bad_argument() -> None:
    async def main() -> object:
        await Registry.start_link(keys="duplicate", name="topics")
        Registry.register("topics", "news", "the first")
        send(Via("topics", "news"), "to the only one")
        Registry.register("topics", "news", "the second")
        with pytest.raises(BadArg, match=r"2 holders.*Registry\.dispatch"):
            send(Via("topics", "news"), "to whom?")
        return await receive()

    assert play(main) == "to the only one"


# ---- ETS ---------------------------------------------------------------------------------------


@difference("ets")
def test_positions_in_a_row_count_from_0() -> None:
    def main() -> object:
        table = ets.new("ages")
        ets.insert(table, ("ann", 34))
        assert ets.info(table, "keypos") == 0
        return ets.lookup_element(table, "ann", 1)

    assert play(main) == 34


@difference("ets")
def test_strings_sort_as_atoms_and_so_do_constants_and_classes() -> None:
    def main() -> list[object]:
        table = ets.new("t", type="ordered_set")
        keys = [b"a", "zebra", (1,), Store, None, 2, "apple", True, self_()]
        ets.insert(table, [(key,) for key in keys])
        return [key for (key,) in ets.tab2list(table)]

    keys = play(main)
    assert keys[:4] == [2, "apple", None, Store]  # Store's full name begins with test_differences
    assert keys[4:6] == [True, "zebra"]
    assert [type(key) for key in keys[6:]] == [Pid, tuple, bytes]


@difference("ets")
def test_a_set_is_traversed_in_the_order_of_arrival() -> None:
    def main() -> list[object]:
        table = ets.new("fruit")
        for key in ("mango", "apple", "fig"):
            ets.insert(table, (key,))
        walked = [ets.first(table)]
        while walked[-1] != ets.END:
            walked.append(ets.next(table, walked[-1]))
        return walked

    assert play(main) == ["mango", "apple", "fig", ets.END]


@difference("ets")
def test_objects_are_the_same_key_when_class_and_equality_say_so() -> None:
    class Euro(NamedTuple):
        amount: int

    @dataclass(frozen=True)
    class Seat:
        row: int

    def main() -> list[bool]:
        table = ets.new("t")
        ets.insert(table, [(Seat(1),), (Fraction(1, 2),)])
        return [ets.member(table, key) for key in (Seat(1), Seat(2), Fraction(2, 4), 0.5, Euro(1))]

    assert play(main) == [True, False, True, False, False]


@difference("ets")
def test_an_ordered_set_refuses_a_key_without_a_place_in_the_order() -> None:
    def main() -> bool:
        table = ets.new("t", type="ordered_set")
        with pytest.raises(BadArg, match="has no place in the order"):
            ets.insert(table, (Fraction(1, 2), "a half"))
        return ets.insert(ets.new("s"), (Fraction(1, 2), "a half"))

    assert play(main)


@difference("matching.fits")
def test_a_nan_equals_itself() -> None:
    def main() -> list[bool]:
        table = ets.new("t")
        ets.insert(table, (float("nan"), "what came of 0 * inf"))
        return [ets.member(table, key) for key in (float("nan"), math.inf - math.inf, 0.0, "nan")]

    assert play(main) == [True, True, False, False]


@difference()
def test_a_list_inserted_into_a_bag_keeps_its_order() -> None:
    def main() -> list[Any]:
        table = ets.new("t", type="bag")
        ets.insert(table, [("k", 1), ("k", 2), ("k", 3)])
        return ets.lookup(table, "k")

    assert play(main) == [("k", 1), ("k", 2), ("k", 3)]


@difference("ets.select", "ets.select_count", "ets.select_delete")
def test_a_guard_is_a_function() -> None:
    def main() -> object:
        ages = ets.new("ages", type="ordered_set")
        ets.insert(ages, [("ann", 34), ("bob", 7)])
        head = ets.Var(1), ets.Var(2)
        names = ets.select(ages, head, lambda _, age: age >= 18, lambda name, _: name.title())
        counted = ets.select_count(ages, head, lambda name, _: len(name) == 3)
        return names, counted, ets.select_delete(ages, head, lambda _, age: age < 18), ets.tab2list(ages)

    assert play(main) == (["Ann"], 2, 1, [("ann", 34)])


@difference("ets.select")
def test_an_exception_in_a_guard_is_raised() -> None:
    def main() -> None:
        ages = ets.new("ages")
        ets.insert(ages, ("ann", "unknown"))
        with pytest.raises(TypeError):
            ets.select(ages, (ets.Var(1), ets.Var(2)), lambda _, age: age >= 18)

    play(main)


# ---- the table ---------------------------------------------------------------------------------


def rows() -> list[list[str]]:
    """The cells of each row of the page's table."""
    lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| **")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


def docstrings_that_differ() -> Iterator[str]:
    """Where otp_mini says `Differs:`, as `module.Class.function`."""
    for path in sorted((ROOT / "otp_mini").glob("*.py")):
        open_nodes: list[tuple[str, ast.AST]] = [(path.stem, ast.parse(path.read_text(encoding="utf-8")))]
        while open_nodes:
            name, node = open_nodes.pop()
            if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
                if re.search(r"^\s*Differs:", ast.get_docstring(node) or "", re.MULTILINE):
                    yield name
                body = [child for child in node.body if hasattr(child, "name")]
                open_nodes += [(f"{name}.{child.name}", child) for child in body]


def test_every_row_names_its_test_and_every_test_has_its_row() -> None:
    assert ["test_" + row[-1].replace(" ", "_") for row in rows()] == list(_shown)


def test_every_row_says_what_and_how_and_why() -> None:
    for row in rows():
        assert len(row) == 5, f"a row has five cells: {row[0]}"
        assert all(row), f"a cell is empty: {row[0]}"
    subjects = [row[0] for row in rows()]
    assert len(subjects) == len(set(subjects))


def test_every_docstring_that_differs_has_a_row() -> None:
    shown = {docstring for docstrings in _shown.values() for docstring in docstrings}
    assert shown == set(docstrings_that_differ()), "`difference` names the docstrings whose `Differs:` a test shows"

"""Where a node lives: a script, an asyncio loop, a notebook's cells, a widget's callback, a real kernel."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import gc
import inspect
import os
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import otp_mini
from otp_mini import (
    TIMEOUT,
    Agent,
    BadArg,
    Deadlock,
    Down,
    Exit,
    GenServer,
    Node,
    NoProc,
    NoReply,
    Ok,
    Pid,
    Process,
    Ref,
    Registry,
    Reply,
    Shared,
    StartError,
    Stop,
    Supervisor,
    Task,
    Timeout,
    current_node,
    ets,
    host,
    in_thread,
    receive,
    self_,
    send,
    spawn,
    spawn_link,
    spawn_monitor,
)

ROOT = Path(__file__).resolve().parent.parent
pytestmark = pytest.mark.timeout(20)


class Counter(GenServer):
    def init(self, first: Any) -> Any:
        return Ok(first)

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        if request == "print":
            print("from the handler")
        if request == "stop":
            return Stop("boom", state)
        return Reply(state, state + 1)

    def handle_cast(self, request: Any, state: Any) -> Any:
        return NoReply(state + request)

    def handle_info(self, message: Any, state: Any) -> Any:
        return NoReply(state + 1)


async def ticker(seconds: float) -> None:
    while True:
        await Process.sleep(seconds)


def notebook(*cells: Callable[[], Awaitable[Any]], clock: Any = "virtual") -> list[Any]:
    """Play cells as a kernel does: one after the other on one loop, an exception ends only its cell."""

    async def kernel() -> list[Any]:
        answers: list[Any] = []
        with Node(clock=clock):
            for cell in cells:
                try:
                    answers.append(await asyncio.wait_for(cell(), 5))
                except (Exception, Exit) as error:
                    answers.append(error)
                await asyncio.sleep(0)
        return answers

    return asyncio.run(kernel())


def script(code: str, **environment: str) -> str:
    """What a program of its own prints."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(code)],
        capture_output=True, text=True, timeout=30, check=False, cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


# ---- scripts -------------------------------------------------------------------------------


def test_a_script_runs_without_importing_asyncio() -> None:
    code = """
        import sys
        from otp_mini import *

        class Counter(GenServer):
            def handle_call(self, request, from_, state):
                return Reply(state, state + 1)

        async def main():
            pid = await Counter.start_link(5, name=Counter)
            await Process.sleep(0.01)
            Process.send_after(self_(), "tick", 0.01)
            return [await GenServer.call(Counter, "x"), await receive(), await in_thread(sum, [1, 2])]

        print(run(main))
        with Node(clock="virtual") as node:
            print(node.run(Process.sleep, 3600), node.now())
        print([name for name in ("asyncio", "selectors", "socket", "ssl") if name in sys.modules])
    """
    assert script(code).splitlines() == ["[5, 'tick', 3]", "None 3600.0", "[]"]


def test_a_script_that_imported_asyncio_can_await_it() -> None:
    code = """
        import asyncio
        from otp_mini import *

        async def main():
            await asyncio.sleep(0.001)
            async with asyncio.timeout(1):
                return await asyncio.to_thread(sum, [1, 2])

        print(run(main))
        print(run(main))
    """
    assert script(code).splitlines() == ["3", "3"]


def test_a_script_without_asyncio_is_told_what_it_cannot_await() -> None:
    code = """
        from otp_mini import *

        class Strange:
            def __await__(self):
                yield "something"

        async def main():
            try:
                await Strange()
            except RuntimeError as error:
                return str(error)

        print(run(main))
    """
    said = script(code)
    assert "a process can await otp_mini's own functions and asyncio's, got 'something'" in said


@pytest.mark.parametrize("way", ["main", "process", "server", "task"])
def test_a_process_that_is_the_first_to_import_asyncio_is_told_where_to_import_it(way: str) -> None:
    code = """
        import sys, traceback
        from otp_mini import *

        async def late():
            import asyncio
            await asyncio.sleep(0.001)

        class Server(GenServer):
            async def handle_cast(self, request, state):
                await late()

        async def main(way):
            if way == "main":
                await late()
            elif way == "process":
                Process.monitor(spawn(late))
            elif way == "server":
                pid = await Server.start(0)
                Process.monitor(pid)
                GenServer.cast(pid, "x")
            else:
                Process.flag(trap_exit=True)
                Task.async_(late)
            await receive()

        sys.stderr = sys.stdout
        try:
            run(main, "WAY")
        except RuntimeError:
            traceback.print_exc()
    """
    said = script(code.replace("WAY", way))
    assert said.count("no running event loop") >= 1
    assert said.count("import asyncio at the top of the program.") == 1


def test_a_script_ends_although_a_process_ticks_for_ever() -> None:
    code = """
        from otp_mini import *
        async def ticker():
            while True:
                await Process.sleep(0.001)
        async def main():
            spawn(ticker)
            await Process.sleep(0.01)
        run(main)
        print("over")
    """
    assert script(code) == "over\n"


def test_a_second_run_is_not_held_up_by_what_the_first_one_left_waiting() -> None:
    async def left_over() -> None:
        await asyncio.sleep(3600)

    async def first() -> None:
        spawn(left_over)
        await Process.sleep(0)

    with Node(clock="virtual") as node:
        node.run(first)
        node.run(Process.sleep, 5)
        assert node.now() == 5.0


def test_a_thread_that_outlives_a_run_is_heard_in_the_next_one() -> None:
    gate = threading.Event()

    async def work(to: Any) -> None:
        send(to, await in_thread(lambda: gate.wait(10)))

    async def first(to: Any) -> None:
        spawn(work, to)
        await Process.sleep(0)

    async def second() -> object:
        return await receive(timeout=1)

    with Node(clock="virtual") as node:
        threads = {*threading.enumerate()}
        shell = self_()
        node.run(first, shell)
        [thread] = {*threading.enumerate()} - threads
        gate.set()
        thread.join(10)
        node.run(Process.sleep, 1)
        assert asyncio.run(second()) is True


def test_a_very_long_timer_does_not_break_a_script() -> None:
    async def main() -> int:
        Process.send_after(self_(), "in three thousand years", 1e11)
        return await in_thread(int)

    with Node() as node:
        assert node.run(main) == 0


# ---- asyncio inside a process --------------------------------------------------------------


async def t_sleep() -> None:
    await asyncio.sleep(0.001)


async def t_sleep0() -> None:
    await asyncio.sleep(0)


async def t_current_task() -> None:
    assert asyncio.current_task() is not None


async def t_timeout() -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.002):
            await asyncio.sleep(50)


async def t_timeout_around_receive() -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.002):
            await receive(lambda _: False)


async def t_wait_for() -> None:
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(asyncio.sleep(50), 0.002)


async def t_wait_for_ok() -> None:
    assert await asyncio.wait_for(asyncio.sleep(0.001, "slept"), 10) == "slept"


async def t_gather() -> None:
    assert await asyncio.gather(asyncio.sleep(0, 1), asyncio.sleep(0, 2)) == [1, 2]


async def t_task_group() -> None:
    async with asyncio.TaskGroup() as group:
        task = group.create_task(asyncio.sleep(0, "grouped"))
    assert task.result() == "grouped"


async def t_task_group_that_fails() -> None:
    async def bad() -> None:
        raise ValueError("bad")

    with pytest.raises(BaseExceptionGroup) as group:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(bad())
            await asyncio.sleep(50)
    assert [type(error) for error in group.value.exceptions] == [ValueError]


async def t_lock() -> None:
    lock = asyncio.Lock()
    async with lock:
        assert lock.locked()


async def t_queue() -> None:
    queue: asyncio.Queue[int] = asyncio.Queue()
    asyncio.get_running_loop().call_later(0.001, queue.put_nowait, 1)
    assert await queue.get() == 1


async def t_thread() -> None:
    assert await asyncio.to_thread(int) == 0


async def t_event() -> None:
    event = asyncio.Event()
    asyncio.get_running_loop().call_soon(event.set)
    assert await event.wait() is True


async def t_future_that_fails() -> None:
    future = asyncio.get_running_loop().create_future()
    future.get_loop().call_soon(future.set_exception, KeyError("lost"))
    with pytest.raises(KeyError):
        await future


async def t_calls_in_gather() -> None:
    pid = await Counter.start_link(0)
    assert sorted(await asyncio.gather(*(GenServer.call(pid, "x") for _ in range(3)))) == [0, 1, 2]


IDIOMS = [value for name, value in sorted(globals().items()) if name.startswith("t_")]


@pytest.mark.parametrize("clock", ["real", "virtual"])
@pytest.mark.parametrize("idiom", IDIOMS, ids=lambda idiom: idiom.__name__[2:])
def test_asyncio_inside_a_process_of_a_script(idiom: Any, clock: Any) -> None:
    with Node(clock=clock) as node:
        node.run(idiom)
        assert not node.host.expects_news()


@pytest.mark.parametrize("idiom", IDIOMS, ids=lambda idiom: idiom.__name__[2:])
def test_asyncio_inside_a_process_of_a_notebook(idiom: Any) -> None:
    async def cell() -> object:
        spawn_monitor(idiom)
        return (await receive(Down)).reason

    assert notebook(cell) == ["normal"]


@pytest.mark.parametrize("callback", ["init", "handle_call", "handle_cast", "handle_info", "terminate"])
@pytest.mark.parametrize("idiom", IDIOMS, ids=lambda idiom: idiom.__name__[2:])
def test_asyncio_inside_a_callback(idiom: Any, callback: str, caplog: pytest.LogCaptureFixture) -> None:
    done: list[str] = []

    class Server(GenServer):
        async def _try(self, name: str) -> None:
            if name == callback:
                await idiom()
                done.append(name)

        async def init(self, _: Any) -> Any:
            await self._try("init")
            return Ok(None)

        async def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
            await self._try("handle_call")
            return Reply("ok", state)

        async def handle_cast(self, request: Any, state: Any) -> Any:
            await self._try("handle_cast")
            return NoReply(state)

        async def handle_info(self, message: Any, state: Any) -> Any:
            await self._try("handle_info")
            return NoReply(state)

        async def terminate(self, reason: object, state: Any) -> None:
            await self._try("terminate")

    async def main() -> None:
        pid = await Server.start()
        GenServer.cast(pid, "x")
        send(pid, "x")
        assert await GenServer.call(pid, "x", None) == "ok"
        await GenServer.stop(pid)

    with Node(clock="virtual") as node:
        node.run(main)
    assert done == [callback]
    assert caplog.messages == []


def test_killing_a_process_cancels_the_future_it_awaits() -> None:
    async def waiter(box: Any) -> None:
        await box.value

    async def cell() -> bool:
        from otp_mini import Shared

        future = asyncio.get_running_loop().create_future()
        pid = spawn(waiter, Shared(future))
        await Process.sleep(0)
        current_node().run_until_idle()
        Process.exit(pid, "kill")
        return bool(future.cancelled())

    assert notebook(cell) == [True]


@pytest.mark.parametrize("outside", ["thread", "task"])
def test_time_passes_again_when_the_outside_work_of_a_dead_process_is_over(outside: str) -> None:
    """While somebody outside works no virtual time passes; here nobody is left to be woken by the end of that work."""
    gate = threading.Event()

    async def slow_to_cancel() -> None:
        try:
            await asyncio.sleep(50)
        except asyncio.CancelledError:
            await asyncio.sleep(0.01)

    async def work() -> None:
        if outside == "thread":
            await in_thread(lambda: gate.wait(10))
        else:
            await asyncio.get_running_loop().create_task(slow_to_cancel())

    async def cell() -> float:
        pid = spawn(work)
        await Process.sleep(0)
        await asyncio.sleep(0)
        asyncio.get_running_loop().call_later(0.01, gate.set)
        Process.exit(pid, "kill")
        await Process.sleep(60)
        return current_node().now()

    assert notebook(cell) == [60.0]


def test_the_death_of_a_process_in_a_task_group_cancels_its_tasks() -> None:
    ended: list[str] = []

    async def child() -> None:
        try:
            await asyncio.sleep(50)
        finally:
            ended.append("child")

    async def group() -> None:
        async with asyncio.timeout(0.005):
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(child())
                await receive()

    async def cell() -> object:
        spawn_monitor(group)
        return type((await receive(Down)).reason)

    assert notebook(cell) == [TimeoutError]
    assert ended == ["child"]


def test_a_cancelled_future_is_a_crash_of_the_process_that_awaits_it() -> None:
    async def cell() -> object:
        async def waiter() -> None:
            future = asyncio.get_running_loop().create_future()
            asyncio.get_running_loop().call_soon(future.cancel)
            await future

        spawn_monitor(waiter)
        return type((await receive(Down)).reason)

    assert notebook(cell) == [asyncio.CancelledError]


# ---- a notebook ----------------------------------------------------------------------------


def test_cells_use_plain_top_level_await() -> None:
    pids: list[Any] = []

    async def start() -> None:
        pids.append(await Counter.start_link(1, name=Counter))

    async def call() -> Any:
        return await GenServer.call(Counter, "x")

    async def state() -> Any:
        GenServer.cast(Counter, 10)
        return await GenServer.call(pids[0], "x")

    assert notebook(start, call, call, state) == [None, 1, 2, 13]


def test_the_cell_is_a_process_with_a_mailbox() -> None:
    async def first() -> Any:
        send(self_(), "to myself")
        return self_()

    async def second() -> Any:
        return self_(), await receive(), await receive(timeout=0)

    first_pid, (second_pid, message, nothing) = notebook(first, second)
    assert first_pid is second_pid
    assert (message, nothing) == ("to myself", TIMEOUT)


def test_an_exception_in_a_cell_does_not_end_the_cells_process() -> None:
    async def start() -> Any:
        await Counter.start_link(1, name=Counter)
        return self_()

    async def fail() -> None:
        raise ValueError("typo")

    async def call() -> Any:
        return self_(), await GenServer.call(Counter, "x")

    pid, error, (same_pid, answer) = notebook(start, fail, call)
    assert isinstance(error, ValueError)
    assert same_pid is pid
    assert answer == 1


def test_a_call_that_fails_in_a_cell_does_not_end_the_cells_process() -> None:
    async def fail() -> None:
        await GenServer.call("nobody", "x")

    async def who() -> Any:
        return self_()

    before, error, after = notebook(who, fail, who)
    assert isinstance(error, Exit)
    assert before is after


def test_a_cell_that_fails_half_way_leaves_its_processes_and_the_rest_usable() -> None:
    async def half() -> None:
        await Counter.start_link(7, name=Counter)
        await GenServer.call("nobody", "x")
        await Counter.start_link(8, name="never")

    async def call() -> Any:
        return await GenServer.call(Counter, "x"), Process.whereis("never")

    assert notebook(half, call)[1] == (7, None)


def test_a_linked_server_that_crashes_gives_the_cells_a_new_process(caplog: pytest.LogCaptureFixture) -> None:
    async def start() -> Any:
        await Counter.start_link(1, name=Counter)
        return self_()

    async def crash() -> Any:
        await GenServer.call(Counter, "stop")

    async def again() -> Any:
        await Counter.start_link(5, name=Counter)
        return self_(), await GenServer.call(Counter, "x")

    first, error, (second, answer) = notebook(start, crash, again)
    assert isinstance(error, Exit)
    assert "boom" in repr(error.reason)
    assert first is not second
    assert answer == 5


def test_a_crash_that_ends_the_wait_of_a_cell_is_raised_there_and_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def leaves() -> None:
        raise Exit("boom")

    async def waits() -> None:
        spawn_link(leaves)
        await receive()

    [ended] = notebook(waits)
    assert isinstance(ended, Exit)
    assert ended.reason == "boom"
    assert caplog.messages == []


def test_a_failing_start_link_in_a_cell_says_why_and_the_next_cell_works() -> None:
    class Broken(GenServer):
        def init(self, _: Any) -> Any:
            raise ValueError("no disk")

    async def start() -> None:
        await Broken.start_link()

    async def again() -> Any:
        return await GenServer.call(await Counter.start_link(3), "x")

    error, answer = notebook(start, again)
    assert isinstance(error, StartError)
    assert "no disk" in str(error)
    assert answer == 3


def test_running_the_cell_of_a_class_again_leaves_its_old_instance_alone() -> None:
    made: list[Any] = []

    def define(answer: str) -> Callable[[], Awaitable[Any]]:
        async def cell() -> Any:
            class Greeter(GenServer):
                def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
                    return Reply(answer, state)

            made.append(await Greeter.start_link(name=Greeter))
            return [await GenServer.call(pid, "x") for pid in made]

        return cell

    assert notebook(define("old"), define("new")) == [["old"], ["old", "new"]]


def test_gather_in_a_cell_makes_several_calls() -> None:
    class Slow(GenServer):
        async def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
            await Process.sleep(request)
            return Reply((request, from_[0]), state)

    async def cell() -> Any:
        servers = [await Slow.start_link() for _ in range(3)]
        answers = await asyncio.gather(*(GenServer.call(pid, 3 - n) for n, pid in enumerate(servers)))
        return [seconds for seconds, _ in answers], len({pid for _, pid in answers}), current_node().now()

    assert notebook(cell) == [([3, 2, 1], 3, 3.0)]


def test_gather_in_a_cell_starts_several_servers() -> None:
    async def cell() -> Any:
        pids = await asyncio.gather(*(Counter.start_link(n) for n in range(3)))
        return [await GenServer.call(pid, "x") for pid in pids]

    assert notebook(cell) == [[0, 1, 2]]


def test_gather_in_a_cell_sleeps_side_by_side() -> None:
    ended: list[tuple[int, float]] = []

    async def nap(seconds: int) -> None:
        await Process.sleep(seconds)
        ended.append((seconds, current_node().now()))

    async def cell() -> None:
        await asyncio.gather(nap(1), nap(3), nap(2))

    assert notebook(cell) == [None]
    assert ended == [(1, 1.0), (2, 2.0), (3, 3.0)]


def test_gather_in_a_cell_takes_a_call_and_a_sleep() -> None:
    class Slow(GenServer):
        async def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
            await Process.sleep(2)
            return Reply("done", state)

    async def cell() -> Any:
        pid = await Slow.start_link()
        return await asyncio.gather(GenServer.call(pid, "x"), Process.sleep(1), Process.sleep(3))

    assert notebook(cell) == [["done", None, None]]


def test_a_cell_may_await_asyncio_while_processes_run() -> None:
    async def cell() -> Any:
        pid = await Counter.start_link(0)
        send(pid, "x")
        await asyncio.sleep(0.01)
        return pid.block.turns >= 2, not pid.block.mailbox

    assert notebook(cell) == [(True, True)]


def test_virtual_time_does_not_pass_between_cells() -> None:
    async def start() -> None:
        spawn(ticker, 1)

    async def wait() -> float:
        await asyncio.sleep(0.01)
        return current_node().now()

    async def sleep() -> float:
        await Process.sleep(2.5)
        return current_node().now()

    assert notebook(start, wait, sleep, wait) == [None, 0.0, 2.5, 2.5]


def test_on_a_real_clock_timers_fire_while_nobody_waits() -> None:
    async def cell() -> Any:
        pid = await Counter.start_link(0)
        Process.send_after(pid, "tick", 0.001)
        for _ in range(2000):
            await asyncio.sleep(0.001)
            if not current_node().timers.armed:
                break
        return await GenServer.call(pid, "x")

    assert notebook(cell, clock="real") == [1]


def test_a_message_from_a_loops_callback_wakes_a_waiting_cell() -> None:
    async def cell() -> Any:
        me = self_()
        asyncio.get_running_loop().call_later(0.005, lambda: send(me, "from outside"))
        return await receive()

    assert notebook(cell) == ["from outside"]


def test_a_cell_that_waits_for_what_cannot_come_is_told_so(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(host, "STUCK_AFTER", 0.001)

    async def cell() -> Any:
        me = self_()
        asyncio.get_running_loop().call_later(0.1, lambda: send(me, "at last"))
        return await receive()

    assert notebook(cell) == ["at last"]
    assert "still waiting, and nothing in this node can end the wait" in caplog.messages[0]
    assert "shell #PID<0.1.0> waits for a message" in caplog.messages[0]
    assert "Interrupt the cell" in caplog.messages[0]


def test_a_busy_node_lets_the_loop_in() -> None:
    async def busy() -> None:
        while True:
            await Process.sleep(0)

    async def cell() -> int:
        beats = 0

        def beat() -> None:
            nonlocal beats
            beats += 1
            if beats < 5:
                asyncio.get_running_loop().call_soon(beat)
            else:
                send(me, "enough")

        me = self_()
        spawn(busy)
        asyncio.get_running_loop().call_soon(beat)
        await receive()
        return beats

    assert notebook(cell) == [5]


def test_prints_of_a_handler_belong_to_the_cell_that_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """ipykernel notes the cell in context variables of these names; all others are the process's own."""
    monkeypatch.setattr(host, "in_notebook", lambda: True)
    parent: contextvars.ContextVar[str] = contextvars.ContextVar("parent_header")
    mine: contextvars.ContextVar[str] = contextvars.ContextVar("mine")
    seen: list[tuple[str, str]] = []

    class Watcher(GenServer):
        def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
            seen.append((parent.get(), mine.get()))
            return Reply("ok", state)

    async def start() -> None:
        parent.set("first")
        mine.set("of the first")
        await Watcher.start_link(name="watcher")

    async def call() -> None:
        parent.set("second")
        mine.set("of the second")
        await GenServer.call("watcher", "x")

    async def kernel() -> None:
        with Node(clock="virtual"):
            await asyncio.create_task(start())
            await asyncio.create_task(call())

    asyncio.run(kernel())
    assert seen == [("second", "of the first")]


def test_run_works_inside_a_running_loop() -> None:
    async def cell() -> Any:
        async def main() -> Any:
            await Process.sleep(5)
            return await GenServer.call(await Counter.start_link(4), "x")

        return current_node().run(main)

    assert notebook(cell) == [4]


def test_run_async_runs_a_process_in_a_cell() -> None:
    async def cell() -> Any:
        async def main() -> Any:
            await asyncio.sleep(0.001)
            return "ran"

        return await current_node().run_async(main)

    assert notebook(cell) == ["ran"]


# ---- context variables ---------------------------------------------------------------------


word: contextvars.ContextVar[str] = contextvars.ContextVar("word", default="none")


@pytest.mark.parametrize("drive", ["script", "notebook"])
def test_each_process_has_context_variables_of_its_own(drive: str) -> None:
    """A copy of those of who spawned it, as an asyncio task has."""
    seen: dict[str, str] = {}

    async def child() -> None:
        seen["child, at birth"] = word.get()
        word.set("child")
        await Process.sleep(2)
        seen["child, later"] = word.get()

    async def main() -> None:
        word.set("main")
        spawn(child)
        word.set("main, later")
        await Process.sleep(1)
        seen["main"] = word.get()
        await Process.sleep(2)

    outside = word.set("outside")
    if drive == "script":
        with Node(clock="virtual") as node:
            node.run(main)
    else:
        notebook(main)
    assert seen == {"child, at birth": "main", "child, later": "child", "main": "main, later"}
    assert word.get() == "outside"
    word.reset(outside)


def test_a_server_keeps_its_context_from_callback_to_callback_and_to_its_end() -> None:
    seen: list[str] = []

    class Server(GenServer):
        def init(self, name: Any) -> Any:
            return Ok((name, word.set(name)))

        def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
            return Reply(word.get(), state)

        def terminate(self, reason: object, state: Any) -> None:
            word.reset(state[1])  # ValueError where this is another context
            seen.append(word.get())

    async def main() -> Any:
        one, other = await Server.start("one"), await Server.start("other")
        answers = [await GenServer.call(pid, "word?") for pid in (one, other, one)]
        await GenServer.stop(one)
        return answers, word.get()

    with Node(clock="virtual", isolation=False) as node:
        assert node.run(main) == (["one", "other", "one"], "none")
    assert seen == ["none"]


def test_a_killed_process_cleans_up_in_its_own_context() -> None:
    async def victim() -> None:
        token = word.set("victim")
        try:
            await receive()
        finally:
            word.reset(token)

    async def main() -> tuple[str, Any]:
        word.set("main")
        pid, _ = spawn_monitor(victim)
        await Process.sleep(0)
        Process.exit(pid, "kill")
        return word.get(), (await receive(Down)).reason

    with Node(clock="virtual") as node:
        assert node.run(main) == ("main", "killed")


def test_work_in_a_thread_sees_the_context_of_its_process_and_changes_nothing_there() -> None:
    async def main() -> list[str]:
        word.set("main")

        def work() -> str:
            found = word.get()
            word.set("thread")
            return found

        return [await in_thread(work), word.get()]

    with Node(clock="virtual") as node:
        assert node.run(main) == ["main", "main"]


# ---- threads -------------------------------------------------------------------------------


MODES = ["script", "asyncio", "busy"]


def in_mode(mode: str, main: Callable[[], Awaitable[Any]]) -> Any:
    """Run ``main`` in a script without a loop, on a loop, or beside a process that is never idle."""

    async def busy() -> None:
        while True:
            await Process.sleep(0)

    async def beside() -> Any:
        spawn(busy)
        return await main()

    with Node() as node:
        if mode == "asyncio":
            return asyncio.run(node.run_async(main))
        return node._result_of(plain_run(node, beside if mode == "busy" else main))


def plain_run(node: Node, main: Any) -> Any:
    """What `Node.run` does in a program that has not imported asyncio."""
    block = node._start_main(main, ())
    host.without_loop(node._drive_main(block, node.host.block, alone=True))
    return block


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("kind", ["in_thread", "executor"])
def test_what_a_thread_sends_arrives_while_the_thread_goes_on(mode: str, kind: str) -> None:
    """The thread waits for an answer before it sends the next part: so each part has to arrive at once."""
    heard = [threading.Event() for _ in range(3)]

    def work(to: Any) -> str:
        for number, event in enumerate(heard):
            send(to, number)
            assert event.wait(10)
        GenServer.cast("log", "cast")
        return "done"

    class Log(GenServer):
        def handle_cast(self, request: Any, state: Any) -> Any:
            return NoReply([*state, request])

        def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
            return Reply(state, state)

    async def runner(to: Any) -> None:
        send(to, await in_thread(work, to))

    async def main() -> Any:
        await Log.start([], name="log")
        if kind == "in_thread":
            spawn(runner, self_())
        else:
            pool = ThreadPoolExecutor()
            me = self_()
            pool.submit(lambda: send(me, work(me)))
        for number, event in enumerate(heard):
            assert await receive(timeout=10) == number
            event.set()
        return await receive(timeout=10), await GenServer.call("log", "all")

    assert in_mode(mode, main) == ("done", ["cast"])


def public_functions() -> Iterator[tuple[str, Any]]:
    """Every public function, and each that is called on a public class, by its full name."""
    for name in otp_mini.__all__:
        thing = getattr(otp_mini, name)
        if inspect.ismodule(thing):
            inner = [each for each in vars(thing).items() if getattr(each[1], "__module__", "") == thing.__name__]
            yield from ((f"{name}.{one}", each) for one, each in inner if inspect.isfunction(each) and one[0] != "_")
        elif inspect.isfunction(thing):
            yield name, thing
        elif inspect.isclass(thing):
            for one, each in vars(thing).items():
                if isinstance(each, staticmethod | classmethod) and not one.startswith("_"):
                    yield f"{name}.{one}", getattr(thing, one)


MAKES_A_VALUE = {"child_spec", *(f"{name}.child_spec" for name in otp_mini.__all__)}
"""No node is asked."""

RUNS_A_NODE_OF_ITS_OWN = {"campaign", "explore", "replay"}
HANDED_OVER = {"send", "GenServer.cast", "GenServer.reply", "Agent.cast"}
PUBLIC = dict(public_functions())
NAMES = sorted(PUBLIC.keys() - MAKES_A_VALUE - RUNS_A_NODE_OF_ITS_OWN - HANDED_OVER - {"current_node"})

USUAL_ARGUMENTS: dict[str, Any] = {
    "access": "public", "args": (), "argument": 0, "cls": Counter, "data": 1, "function": lambda *given: 0,
    "flag": True, "head": ("k", None), "heir": None, "id": "w", "items": [1], "key": "k", "keys": "unique", "main": int,
    "message": "m", "name": "fresh", "pattern": ("k", None), "position": 1, "reason": "x", "request": 1,
    "row": ("k", 1), "rows": ("k", 2), "seconds": 1.0, "start": 0, "steps": (1, 1), "change": (1, 2), "value": 1,
    "children": [], "strategy": "one_for_one", "trap_exit": True, "child": (Counter, 0), "ref": Ref(0),
}  # fmt: skip


def arguments_for(name: str, world: dict[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    """Arguments that the function would take from a process."""
    positional, named = list[Any](), {}
    given = {**USUAL_ARGUMENTS, **world}
    if name == "sys_.replace_state":
        given["change"] = given["function"]
    if name.startswith("Task."):
        given |= {"task": world["made"], "tasks": [world["made"]]}
    for parameter in inspect.signature(PUBLIC[name]).parameters.values():
        wanted = parameter.default is parameter.empty or (parameter.name in ("strategy", "name"))
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD) or not wanted:
            continue
        value = given[parameter.name]
        if parameter.kind is parameter.KEYWORD_ONLY:
            named[parameter.name] = value
        else:
            positional.append(value)
    return positional, named


def called(name: str, world: dict[str, Any]) -> Any:
    """Call it; of one that is awaited, or opened, do the first step."""
    positional, named = arguments_for(name, world)
    answer = PUBLIC[name](*positional, **named)
    if inspect.iscoroutine(answer):
        try:
            answer.send(None)
        finally:
            answer.close()
    elif hasattr(answer, "__enter__"):
        with answer:
            pass
    elif hasattr(answer, "__aiter__"):
        answer.__aiter__().__anext__().send(None)
    return answer


@pytest.mark.parametrize("mode", MODES)
def test_every_public_function_is_refused_in_a_thread_by_its_full_name(mode: str) -> None:
    said: dict[str, str] = {}

    async def main() -> Any:
        pid, other = spawn(receive), spawn(receive)
        Process.register(pid, "busy")
        await Registry.start_link(keys="unique", name="registry")
        table = ets.new("t", named=True, access="public")
        ets.insert(table, ("k", 1))
        world: dict[str, Any] = {
            "pid": other, "who": other, "to": other, "destination": other, "table": table, "registry": "registry",
            "server": await Agent.start(int), "timer": Process.send_after(other, 1, 1000.0), "made": Task.async_(int),
        }  # fmt: skip
        world |= {"agent": world["server"], "supervisor": await Supervisor.start_link([], strategy="one_for_one")}
        before = looks_like(other)

        def work() -> None:
            for name in NAMES:
                try:
                    said[name] = f"answered {called(name, world)!r}"
                except BadArg as error:
                    said[name] = str(error)

        await in_thread(work)
        assert looks_like(other) == before

    in_mode(mode, main)
    wrong = {name: words for name, words in said.items() if not words.startswith(f"{name} was called in a thread of")}
    assert wrong == {}
    assert len(said) > 100
    assert all("may `send` and `cast`" in words for words in said.values())


def looks_like(pid: Any) -> Any:
    """What a function that was not refused would have changed."""
    info = {key: each for key, each in (Process.info(pid) or {}).items() if key != "reductions"}
    return Process.registered(), Process.list(), ets.tab2list("t"), Registry.count("registry"), info


def test_a_thread_that_was_made_in_a_turn_is_no_process_either() -> None:
    """Nobody had a thread when the run began."""
    program = (
        "import threading\n"
        "from otp_mini import *\n"
        "said = []\n"
        "def work():\n"
        "    for function in (self_, lambda: spawn(int), lambda: ets.new('t'), Process.list):\n"
        "        try:\n"
        "            said.append(function())\n"
        "        except BadArg as error:\n"
        "            said.append(str(error).partition(' in ')[0])\n"
        "def main():\n"
        "    thread = threading.Thread(target=work)\n"
        "    thread.start()\n"
        "    thread.join()\n"
        "run(main)\n"
        "print(said)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, stdout=-1, text=True, check=True)
    names = ("self_", "spawn", "ets.new", "Process.list")
    assert done.stdout == f"{[f'{name} was called' for name in names]}\n"


def test_a_thread_of_its_own_may_have_a_node_when_nobody_else_runs_one() -> None:
    answers: list[Any] = []

    def work() -> None:
        with Node(clock="virtual") as node:
            answers.append(node.run(max, 1, 2))
            answers.append(self_())

    for _ in range(2):
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        work()
    assert answers[::2] == [2, 2, 2, 2]


def test_for_a_process_that_was_killed_in_a_thread_no_time_stands_still() -> None:
    gate = threading.Event()

    async def main() -> float:
        pid = spawn(in_thread, lambda: gate.wait(10))
        await Process.sleep(0)
        await Process.sleep(0)
        Process.exit(pid, "kill")
        await Process.sleep(3600)
        return current_node().now()

    try:
        with Node(clock="virtual", isolation=False) as node:
            assert node.run(main) == 3600.0
            assert not gate.is_set()
    finally:
        gate.set()


# ---- loops that end or stand still ---------------------------------------------------------


def test_what_was_awaited_of_a_loop_that_has_ended_holds_up_nobody(caplog: pytest.LogCaptureFixture) -> None:
    async def first() -> None:
        spawn(asyncio.sleep, 10)
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    with Node(clock="virtual") as node:
        asyncio.run(first())
        assert node.host.expects_news()
        node.run(Process.sleep, 5)
        assert node.now() == 5.0
        assert node.processes() == [node.shell().pid]
        assert "the asyncio loop to which this await belongs has ended" in caplog.text


def test_a_deadlock_tells_who_awaits_a_loop_that_stands_still() -> None:
    async def first() -> None:
        spawn(asyncio.sleep, 10)
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    loop = asyncio.new_event_loop()
    try:
        with Node(clock="virtual") as node:
            loop.run_until_complete(first())
            with pytest.raises(Deadlock, match="waits for asyncio, but the loop that it awaited has ended"):
                node.run(receive)
    finally:
        loop.close()


@pytest.mark.parametrize("how", ["run", "run_async"])
def test_a_server_that_awaits_a_loop_that_ends_is_told_at_once_in_the_next_run(how: str) -> None:
    class Poller(GenServer):
        async def handle_cast(self, request: Any, state: Any) -> Any:
            try:
                await asyncio.sleep(3600)
            except RuntimeError as error:
                return NoReply(str(error))

        def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
            return Reply(state, state)

    async def start() -> Any:
        pid = await Poller.start(0)
        GenServer.cast(pid, "poll")
        await Process.sleep(0)
        await Process.sleep(0)
        return pid

    async def ask(pid: Any) -> Any:
        return await GenServer.call(pid, "?", 1)

    with Node(clock="virtual") as node:
        if how == "run":
            pid = node.run(start)
            said = node.run(ask, pid)
        else:
            pid = asyncio.run(node.run_async(start))
            said = asyncio.run(node.run_async(ask, pid))
        assert said == host.LOOP_ENDED
        assert node.now() == 0.0


def test_a_run_inside_a_cell_harms_no_bystander_that_awaits_asyncio() -> None:
    class Poller(GenServer):
        def init(self, polls: Any) -> Any:
            return Ok(polls, Timeout(1))

        async def handle_info(self, message: Any, polls: Any) -> Any:
            await asyncio.sleep(0.001)
            return NoReply(polls + 1, Timeout(1))

        def handle_call(self, request: Any, from_: Any, polls: Any) -> Any:
            return Reply(polls, polls, Timeout(1))

    async def cell() -> Any:
        poller = await Poller.start(0)
        await Process.sleep(2.5)
        before = await GenServer.call(poller, "polls?")
        current_node().run(Process.sleep, 10)
        with pytest.raises(Deadlock, match="waits for asyncio, whose loop run"):
            current_node().run(receive)
        await Process.sleep(2.5)
        return before, await GenServer.call(poller, "polls?")

    assert notebook(cell) == [(2, 5)]


def test_a_run_inside_a_cell_that_awaits_asyncio_itself_is_told_what_to_use() -> None:
    async def cell() -> Any:
        with pytest.raises(RuntimeError, match="use `await node"):
            current_node().run(asyncio.sleep, 1)

    assert notebook(cell) == [None]


def test_asyncio_tells_its_timers_under_the_private_name_that_the_host_asks_for() -> None:
    """There is no public way to ask. Where this fails, `Host.asyncio_is_busy` needs another one."""

    async def timers() -> tuple[bool, bool]:
        handle = asyncio.get_running_loop().call_later(3600, print)
        try:
            before = current_node().host.asyncio_is_busy()
        finally:
            handle.cancel()
        return before, current_node().host.asyncio_is_busy()

    with Node() as node:
        assert node.run(timers) == (True, False)


class QuietLoop(asyncio.SelectorEventLoop):
    """A loop that does not tell its timers, as uvloop."""

    def __getattribute__(self, name: str) -> Any:
        if name == "_scheduled" and sys._getframe(1).f_globals["__name__"] == "otp_mini.host":
            raise AttributeError(name)
        return super().__getattribute__(name)


def test_a_timeout_of_asyncio_ends_a_wait_also_where_the_loop_does_not_tell_its_timers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The time-out is set when the warning comes, so that the two come in this order on a slow machine, too."""
    monkeypatch.setattr(host, "STUCK_AFTER", 0.001)
    warned: list[str] = []

    class Policy(asyncio.DefaultEventLoopPolicy):
        def new_event_loop(self) -> Any:
            return QuietLoop()

    async def main() -> str:
        loop = asyncio.get_running_loop()

        def hear(message: str, *_: Any) -> None:
            warned.append(message)
            limit.reschedule(loop.time())

        with pytest.raises(TimeoutError):
            async with asyncio.timeout(None) as limit:
                monkeypatch.setattr(host.logger, "warning", hear)
                await receive()
        return "in time"

    asyncio.set_event_loop_policy(Policy())
    try:
        with Node() as node:
            assert node.run(main) == "in time"
    finally:
        asyncio.set_event_loop_policy(None)
    assert ["still waiting" in message for message in warned] == [True]


# ---- asyncio's tasks inside a process ------------------------------------------------------


async def wait_for_a_message() -> Any:
    send(self_(), "mine")
    return await asyncio.wait_for(receive(), 10)


async def wait_for_a_late_message() -> Any:
    Process.send_after(self_(), "mine", 0.01)
    return await asyncio.wait_for(receive(lambda message: message == "mine"), 10)


async def gather_a_message() -> Any:
    Process.send_after(self_(), "mine", 0.01)
    return (await asyncio.gather(receive(timeout=10), asyncio.sleep(0)))[0]


async def group_a_message() -> Any:
    send(self_(), "mine")
    async with asyncio.TaskGroup() as group:
        task = group.create_task(receive())
    return task.result()


async def answer_of_a_task() -> Any:
    async def ask() -> Any:
        return await Task.await_(Task.async_(lambda: "mine"))

    return await asyncio.create_task(ask())


@pytest.mark.parametrize("clock", ["real", "virtual"])
@pytest.mark.parametrize(
    "main", [wait_for_a_message, wait_for_a_late_message, gather_a_message, group_a_message, answer_of_a_task]
)
def test_a_task_that_its_process_awaits_reads_the_mailbox_of_the_process(main: Any, clock: Any) -> None:
    with Node(clock=clock) as node:
        assert node.run(main) == "mine"
        assert len(node.processes()) <= 1


def test_a_task_acts_for_the_process_that_made_it() -> None:
    async def main() -> Any:
        async def other() -> Any:
            pid = spawn_link(receive)
            return self_(), Process.info(pid)["links"], Process.info(pid)["parent"]  # type: ignore[index]

        return self_(), await asyncio.create_task(other())

    with Node() as node:
        me, (in_task, links, parent) = node.run(main)
        assert (in_task, links, parent) == (me, [me], me)


def test_a_task_may_not_read_beside_its_process() -> None:
    async def main() -> Any:
        task = asyncio.create_task(receive())
        assert await receive(timeout=0.01) is TIMEOUT
        both = asyncio.gather(receive(), receive(), return_exceptions=True)
        Process.send_after(self_(), "one", 0.01)
        return [await asyncio.gather(task, return_exceptions=True), await both]

    with Node() as node:
        [[alone], [one, other]] = node.run(main)
    assert isinstance(alone, BadArg)
    assert "an asyncio task is not the process that made it: main #PID<0." in str(alone)
    assert one == "one"
    assert isinstance(other, BadArg)


def test_a_task_that_outlives_its_process_acts_for_nobody() -> None:
    async def cell() -> Any:
        made: list[Any] = []
        begun, gate = asyncio.Event(), asyncio.Event()

        async def late() -> Any:
            begun.set()
            while not gate.is_set():
                with contextlib.suppress(asyncio.CancelledError):  # it does not heed that its process has ended
                    await gate.wait()
            return self_()

        async def makes_it() -> None:
            made.append(asyncio.ensure_future(late()))
            await begun.wait()

        pid, _ = spawn_monitor(makes_it)
        await receive(Down)
        gate.set()
        with pytest.raises(NoProc, match="which has ended"):
            await made[0]
        return self_() == pid

    assert notebook(cell) == [False]


# ---- the end of a process ends what asyncio does for it ------------------------------------


async def in_a_group(work: Any) -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(work())


async def in_wait_for(work: Any) -> None:
    await asyncio.wait_for(work(), 60)


async def in_a_task_of_a_task(work: Any) -> None:
    await asyncio.create_task(in_a_group(work))


async def beside_it(work: Any) -> None:
    task = asyncio.create_task(work())
    await Process.sleep(3600)
    await task


async def in_gather(work: Any) -> None:
    await asyncio.gather(work(), work())


ways_to_wait = pytest.mark.parametrize(
    "way", [in_a_group, in_wait_for, in_a_task_of_a_task, beside_it, in_gather], ids=lambda way: way.__name__
)


@pytest.mark.parametrize("signal", ["kill", "shutdown"])
@ways_to_wait
def test_the_end_of_a_process_cancels_the_tasks_that_it_made(way: Any, signal: str) -> None:
    async def main() -> Any:
        me, begun, gate = self_(), asyncio.Event(), asyncio.Event()
        log = Shared(list[object]())

        async def work() -> None:
            begun.set()
            try:
                await gate.wait()
                send(me, "went on")
            finally:
                log.value.append("over")

        pid, _ = spawn_monitor(partial(way, work))
        await begun.wait()
        Process.exit(pid, signal)
        await receive(Down)
        gate.set()
        await asyncio.sleep(0.001)
        return set(log.value), await receive(timeout=0), current_node().processes() == [me], current_node().host.helpers

    with Node(clock="virtual") as node:
        assert node.run(main) == ({"over"}, TIMEOUT, True, {})


@ways_to_wait
@pytest.mark.parametrize("wait", [Process.sleep, lambda _: receive(timeout=_)], ids=["sleep", "receive"])
def test_the_end_of_a_process_ends_what_its_tasks_wait_for_of_the_node(way: Any, wait: Any) -> None:
    """Their timers would else move a virtual clock on, and a driver that is one of these tasks would go on."""

    async def main() -> Any:
        me = self_()

        async def work() -> None:
            await wait(1000)
            send(me, "went on")

        pid, _ = spawn_monitor(partial(way, work))
        await Process.sleep(1)
        Process.exit(pid, "kill")
        await receive(Down)
        before = len(current_node().timers.armed)
        await asyncio.sleep(0.01)
        return before, current_node().now(), await receive(timeout=0), current_node().processes() == [me]

    async def cell() -> Any:
        return await current_node().run_async(main)

    with Node(clock="virtual") as node:
        assert node.run(main) == (0, 1.0, TIMEOUT, True)
    assert notebook(cell) == [(0, 1.0, TIMEOUT, True)]


@pytest.mark.parametrize("fails", [False, True])
@pytest.mark.parametrize("wait", [Process.sleep, asyncio.sleep], ids=["ours", "asyncio's"])
def test_asyncio_complains_of_a_killed_gather_only_where_there_was_an_error(wait: Any, fails: bool) -> None:
    async def main() -> list[str]:
        said: list[str] = []
        loop, begun = asyncio.get_running_loop(), asyncio.Event()
        loop.set_exception_handler(lambda _, context: said.append(context["message"]))

        async def work() -> None:
            begun.set()
            try:
                await wait(3600)
            finally:
                if fails:
                    raise ValueError("in the clean-up")

        pid, _ = spawn_monitor(in_gather, work)
        await begun.wait()
        await asyncio.sleep(0.001)
        Process.exit(pid, "kill")
        await receive(Down)
        await asyncio.sleep(0.001)
        gc.collect()
        return said

    with Node(clock="virtual") as node:
        assert bool(node.run(main)) is fails


def test_closing_a_node_cancels_the_tasks_of_its_processes() -> None:
    async def kernel() -> list[asyncio.Task[Any]]:
        made: list[asyncio.Task[Any]] = []

        async def waits() -> None:
            made.append(asyncio.create_task(asyncio.sleep(3600)))
            await made[0]

        with Node(clock="virtual"):
            spawn(waits)
            await asyncio.sleep(0.001)
        await asyncio.sleep(0.001)
        return made

    assert [task.cancelled() for task in asyncio.run(kernel())] == [True]


def test_tasks_of_the_programs_own_and_its_task_factory_are_left_alone() -> None:
    async def kernel() -> Any:
        made: list[Any] = []

        def factory(loop: Any, coroutine: Any, **options: Any) -> Any:
            made.append(asyncio.Task(coroutine, loop=loop, **options))
            return made[-1]

        asyncio.get_running_loop().set_task_factory(factory)
        with Node(clock="virtual") as node:
            own = asyncio.create_task(asyncio.sleep(0.01, "mine"), name="own")
            pid = spawn(in_a_group, partial(asyncio.sleep, 3600))
            await asyncio.sleep(0.001)
            Process.exit(pid, "kill")
            later = asyncio.create_task(asyncio.sleep(0, "later"), name="later")
            answers = await own, await later, own.get_name(), later.get_name()
            return answers, [task.cancelled() for task in made], node.host.helpers

    assert asyncio.run(kernel()) == (("mine", "later", "own", "later"), [False, True, False], {})


# ---- interrupts ----------------------------------------------------------------------------


async def interrupted() -> None:
    raise KeyboardInterrupt


def test_ctrl_c_in_a_process_of_a_script_comes_out_of_run_and_the_node_goes_on() -> None:
    async def main() -> None:
        spawn(interrupted)
        await Process.sleep(1)

    with Node(clock="virtual") as node:
        with pytest.raises(KeyboardInterrupt):
            node.run(main)
        assert node.run(max, 1, 2) == 2


def test_ctrl_c_in_a_callback_ends_that_server_and_tells_its_monitors() -> None:
    class Server(GenServer):
        def handle_cast(self, request: Any, state: Any) -> Any:
            raise KeyboardInterrupt

    async def main() -> Any:
        pid = await Server.start()
        ref = Process.monitor(pid)
        GenServer.cast(pid, "x")
        return pid, ref

    async def after(pid: Any) -> Any:
        return Process.alive(pid)

    with Node(clock="virtual") as node:
        pid, _ = node.run(main)
        with pytest.raises(KeyboardInterrupt):
            node.run(Process.sleep, 1)
        assert node.run(after, pid) is False


@pytest.mark.skipif(sys.platform == "win32", reason="signals of this kind are POSIX's")
@pytest.mark.parametrize("clock", ["real", "virtual"])
def test_ctrl_c_while_a_script_computes_comes_out_and_the_node_goes_on(clock: Any) -> None:
    async def spin() -> None:
        threading.Timer(0.05, signal.raise_signal, [signal.SIGINT]).start()
        while True:
            await Process.sleep(0)

    with Node(clock=clock) as node:
        with pytest.raises(KeyboardInterrupt):
            node.run(spin)
        assert node.run(max, 1, 2) == 2


async def waits_for_ever(log: Any) -> None:
    try:
        await receive()
    finally:
        log.value.append("ended")


def test_a_run_async_that_is_cancelled_ends_its_main() -> None:
    async def kernel() -> Any:
        log = Shared(list[object]())
        with Node(clock="virtual") as node:

            async def main() -> None:
                spawn_link(waits_for_ever, log)
                await waits_for_ever(log)

            running = asyncio.create_task(node.run_async(main))
            await asyncio.sleep(0.001)
            running.cancel()
            with pytest.raises(asyncio.CancelledError):
                await running
            return log.value, node.processes(), await node.run_async(max, 1, 2)

    assert asyncio.run(kernel()) == (["ended", "ended"], [], 2)


def test_a_run_async_whose_time_is_over_ends_its_main() -> None:
    async def kernel() -> Any:
        log = Shared(list[object]())
        with Node(clock="virtual") as node:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.001):
                    await node.run_async(waits_for_ever, log)
            return log.value, node.processes()

    assert asyncio.run(kernel()) == (["ended"], [])


@pytest.mark.parametrize("how", ["run", "run_async"])
def test_ctrl_c_in_the_turn_of_another_process_ends_main(how: str) -> None:
    log = Shared(list[object]())

    async def main() -> None:
        spawn(interrupted)
        await waits_for_ever(log)

    with Node(clock="virtual") as node:
        with pytest.raises(KeyboardInterrupt):
            node.run(main) if how == "run" else asyncio.run(node.run_async(main))
        assert (log.value, node.processes()) == (["ended"], [])
        assert node.run(max, 1, 2) == 2


@pytest.mark.skipif(sys.platform == "win32", reason="signals of this kind are POSIX's")
def test_ctrl_c_in_asyncio_run_ends_the_main_of_run_async() -> None:
    log = Shared(list[object]())

    async def main() -> None:
        asyncio.get_running_loop().call_soon(signal.raise_signal, signal.SIGINT)
        await waits_for_ever(log)

    with Node(clock="virtual") as node:
        with pytest.raises(KeyboardInterrupt):
            asyncio.run(node.run_async(main))
        assert (log.value, node.processes()) == (["ended"], [])


def test_interrupting_a_cell_that_waits_leaves_everything_usable() -> None:
    """A kernel cancels the task of the cell on Ctrl-C."""

    async def kernel() -> Any:
        with Node(clock="virtual") as node:
            pid = await Counter.start_link(1)
            silent = spawn(Process.sleep, None)
            for wait in (receive, lambda: Process.sleep(None), lambda: GenServer.call(silent, "x", None)):
                cell = asyncio.create_task(wait())  # type: ignore[arg-type]
                await asyncio.sleep(0.01)
                cell.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await cell
                assert self_().block.waiting is None
                send(self_(), "hello")
                assert await receive() == "hello"
            return await GenServer.call(pid, "x"), node.driving, len(node.timers.armed)

    assert asyncio.run(kernel()) == (1, False, 0)


# ---- a widget's callback -------------------------------------------------------------------


def test_a_widgets_callback_sends_and_runs_until_idle() -> None:
    async def kernel() -> Any:
        with Node(clock="virtual") as node:
            pid = await Counter.start_link(0)
            seen: list[Any] = []

            def clicked() -> None:
                send(pid, "click")
                GenServer.cast(pid, 10)
                node.run_until_idle()
                seen.append(pid.block.coroutine is not None and not pid.block.mailbox)

            asyncio.get_running_loop().call_soon(clicked)
            await asyncio.sleep(0.01)
            clicked()
            return seen, await GenServer.call(pid, "x")

    assert asyncio.run(kernel()) == ([True, True], 22)


def test_a_widgets_callback_may_kill() -> None:
    async def kernel() -> Any:
        with Node(clock="virtual") as node:
            pid = await Counter.start(0)

            def clicked() -> None:
                Process.exit(pid, "kill")
                node.run_until_idle()

            asyncio.get_running_loop().call_soon(clicked)
            await asyncio.sleep(0.01)
            return Process.alive(pid)

    assert asyncio.run(kernel()) is False


def test_a_widgets_callback_while_a_cell_waits() -> None:
    async def kernel() -> Any:
        with Node(clock="virtual") as node:
            me = self_()

            async def forward() -> None:
                send(me, await receive())

            pid = spawn(forward)

            def clicked() -> None:
                send(pid, "clicked")
                node.run_until_idle()

            asyncio.get_running_loop().call_later(0.005, clicked)
            return await receive()

    assert asyncio.run(kernel()) == "clicked"


def test_a_spawned_process_runs_by_itself_on_the_loop() -> None:
    async def kernel() -> Any:
        ran: list[int] = []
        with Node(clock="virtual"):
            spawn(lambda: ran.append(1))
            for _ in range(5):
                await asyncio.sleep(0)
        return ran

    assert asyncio.run(kernel()) == [1]


def test_a_node_moves_from_one_loop_to_the_next() -> None:
    async def start() -> Any:
        return await Counter.start(0)

    async def call(pid: Any) -> Any:
        return await GenServer.call(pid, "x")

    with Node(clock="virtual"):
        pid = asyncio.run(start())
        assert asyncio.run(call(pid)) == 0
        assert asyncio.run(call(pid)) == 1


# ---- a real kernel -------------------------------------------------------------------------


def cells_of(notebook: Any) -> list[str]:
    return [
        "".join(output.get("text", "") or output.get("data", {}).get("text/plain", "") for output in cell.outputs)
        for cell in notebook.cells
    ]


def test_a_real_kernel_runs_cells_and_shows_prints_where_they_belong() -> None:
    import nbformat
    from nbclient import NotebookClient

    sources = [
        'from otp_mini import *\nnode = Node(clock="virtual").use()',
        textwrap.dedent("""
            class Counter(GenServer):
                def handle_call(self, request, from_, state):
                    print('counting')
                    return Reply(state, state + 1)
                def handle_info(self, message, state):
                    print('got', message)
                    return NoReply(state)
            await Counter.start_link(41, name=Counter)
        """),
        "await GenServer.call(Counter, 'next')",
        "_ = Process.send_after(Counter, 'tick', 60)",
        "await Process.sleep(3600)\nnode.now()",
        "import asyncio\nawait asyncio.gather(*(GenServer.call(Counter, 'next') for _ in range(2)))",
        "self_(), Process.whereis(Counter)",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    NotebookClient(notebook, timeout=30, kernel_name="python3").execute()
    assert cells_of(notebook) == [
        "",
        "#PID<0.2.0>",
        "counting\n41",
        "",
        "got tick\n3600.0",
        "counting\ncounting\n[42, 43]",
        "(#PID<0.1.0>, #PID<0.2.0>)",
    ]


class Kernel:
    """A real kernel, driven cell by cell."""

    def __init__(self, client: Any, interrupt: Callable[[], None]) -> None:
        self.client = client
        self.interrupt = interrupt

    def run(self, source: str, interrupt_at: str | None = None) -> Any:
        """Run a cell; answer the kernel's reply. Ctrl-C comes when the cell has printed `interrupt_at`."""
        request = self.client.execute(textwrap.dedent(source), stop_on_error=False)
        while interrupt_at is not None:
            message = self.client.get_iopub_msg(timeout=10)
            mine = message["parent_header"].get("msg_id") == request
            if mine and message["msg_type"] == "stream" and interrupt_at in message["content"]["text"]:
                self.interrupt()
                break
        while True:
            reply = self.client.get_shell_msg(timeout=10)
            if reply["parent_header"]["msg_id"] == request:
                return reply["content"]

    def streams(self, source: str) -> list[tuple[str, str]]:
        """Run a cell; answer what came of it by which stream, neighbouring pieces of one stream joined."""
        request = self.client.execute(textwrap.dedent(source))
        told: list[tuple[str, str]] = []
        while True:
            message = self.client.get_iopub_msg(timeout=10)
            if message["parent_header"].get("msg_id") != request:
                continue
            content = message["content"]
            if message["msg_type"] == "stream":
                before = told.pop()[1] if told and told[-1][0] == content["name"] else ""
                told.append((content["name"], before + content["text"]))
            elif message["msg_type"] == "status" and content["execution_state"] == "idle":
                return told


@pytest.fixture(scope="module")
def kernel() -> Iterator[Kernel]:
    from jupyter_client.manager import KernelManager

    manager = KernelManager(kernel_name="python3")
    manager.start_kernel()
    client = manager.blocking_client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=30)
        yield Kernel(client, manager.interrupt_kernel)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


@pytest.mark.skipif(sys.platform == "win32", reason="a kernel is interrupted by a signal")
@pytest.mark.parametrize(
    "wait",
    [
        "await receive()",
        "await Process.sleep(3600)",
        "await sys_.get_state(spawn(receive, lambda _: False), INFINITY)",
        "spawn(ticker, 0.0)\nawait receive()",
        "runaway",
    ],
)
def test_ctrl_c_in_a_real_kernel_ends_the_wait_of_a_cell_and_leaves_all_usable(kernel: Kernel, wait: str) -> None:
    begun = kernel.run("""
        from otp_mini import *

        async def ticker(seconds):
            while True:
                await Process.sleep(seconds)

        async def runaway():
            print("at work", flush=True)
            while True:
                pass

        Node().use()
        pid = await GenServer.start_link(1)
    """)
    assert begun["status"] == "ok", begun
    wait = "spawn(runaway)\nawait receive()" if wait == "runaway" else f"print('at work', flush=True)\n{wait}"
    stopped = kernel.run(wait, interrupt_at="at work")
    assert stopped["status"] == "error"
    assert stopped["ename"] in ("CancelledError", "KeyboardInterrupt")
    after = kernel.run("""
        assert await sys_.get_state(pid) == 1
        send(self_(), "x")
        assert await receive() == "x"
    """)
    assert after["status"] == "ok", after


@pytest.mark.skipif(sys.platform == "win32", reason="a kernel is interrupted by a signal")
def test_ctrl_c_ends_a_wait_that_has_lasted_long_and_has_no_timer(kernel: Kernel) -> None:
    begun = kernel.run("from otp_mini import *\nfrom otp_mini import host\nhost.STUCK_AFTER = 0.0\nNode().use()")
    assert begun["status"] == "ok", begun
    stopped = kernel.run("await receive()", interrupt_at="still waiting")
    assert stopped["ename"] in ("CancelledError", "KeyboardInterrupt")
    after = kernel.run("send(self_(), 'x')\nassert await receive() == 'x'")
    assert after["status"] == "ok", after


@pytest.mark.parametrize("clock", ["real", "virtual"])
def test_prints_and_reports_of_a_cell_come_by_one_stream_in_the_order_in_which_they_happened(
    kernel: Kernel, clock: str
) -> None:
    told = kernel.streams(f"""
        from otp_mini import *

        class Heater(GenServer):
            def handle_cast(self, request, state):
                print("got", request)
                if request == "boom":
                    raise ValueError("too hot")
                return NoReply(state)

            def terminate(self, reason, state):
                print("heater off")

        Node(clock="{clock}").use()
        for number in range(2):
            heater = await Heater.start(number)
            Process.monitor(heater)
            GenServer.cast(heater, "warm")
            GenServer.cast(heater, "boom")
            await receive(Down)
            print("told of the end")
    """)
    [(name, text)] = told
    assert name == "stdout"
    begun = [line for line in text.splitlines() if line.startswith(("got", "heater", "GenServer", "told"))]
    one = ["got warm", "got boom", "heater off", "GenServer Heater #PID<0.{}.0> terminating", "told of the end"]
    assert begun == [line.format(pid) for pid in (2, 3) for line in one]


# ---- a second node, a task in the process's own context, a search in a thread -------------------


@pytest.mark.parametrize("mode", ["script", "asyncio"])
def test_a_block_of_another_node_acts_on_that_node_inside_of_a_process_too(mode: str) -> None:
    """With asyncio, a process's context knows the process: the block must not be taken for one of its tasks."""

    async def child() -> None:
        await receive()

    async def main() -> Any:
        me, outer = self_(), current_node()
        with Node(clock="virtual") as inner:
            assert self_() is not me
            pid = spawn(child)
            assert pid in inner.processes()
            assert pid not in outer.processes()
            Process.register(pid, "child")
            assert Process.whereis("child") is pid
            with Node(clock="virtual") as innermost:
                assert spawn(child) in innermost.processes()
            assert Process.whereis("child") is pid
        return self_() is me, current_node() is outer, Process.whereis("child")

    assert in_mode(mode, main) == (True, True, None)


def test_a_task_in_the_very_context_of_its_process_can_end_it() -> None:
    word: contextvars.ContextVar[str] = contextvars.ContextVar("word")
    seen: list[str] = []

    async def ends(pid: Any) -> None:
        Process.exit(pid, "kill")
        seen.append("the task had its turn")

    async def victim() -> None:
        word.set("of the process")
        task: Any = asyncio.current_task()
        asyncio.get_running_loop().create_task(ends(self_()), context=task.get_context())
        try:
            await receive()
        finally:
            seen.append(word.get())

    async def main() -> Any:
        spawn_monitor(victim)
        return (await receive(Down, timeout=5)).reason

    with Node() as node:
        assert asyncio.run(node.run_async(main)) == "killed"
    assert seen == ["of the process", "the task had its turn"]


async def first_of_two() -> Any:
    for word in ("one", "two"):
        spawn(send, self_(), word)
    return await receive()


@pytest.mark.parametrize("mode", MODES)
def test_what_runs_a_node_of_its_own_is_refused_in_a_thread_by_its_name(mode: str) -> None:
    searches: tuple[Any, ...] = (otp_mini.explore, otp_mini.replay)

    async def main() -> Any:
        said = []
        for search in searches:
            for function in (partial(search, first_of_two), lambda search=search: search(first_of_two)):
                try:
                    await in_thread(function)
                except BadArg as error:
                    said.append(str(error).partition(" in a thread")[0])
        return said

    assert in_mode(mode, main) == [f"{name} was called" for name in ("explore", "explore", "replay", "replay")]


def test_a_search_in_a_thread_and_a_program_in_another_do_not_meet() -> None:
    """Each of them has its answer, or is refused; none ends in the midst of the other."""
    said: dict[str, int] = {}

    def note(what: str, function: Callable[[], Any]) -> None:
        try:
            answer = str(function())
        except BadArg as error:
            answer = "refused" if "was called in a thread of its own" in str(error) else str(error)
        said[f"{what} {answer}"] = said.get(f"{what} {answer}", 0) + 1

    def search() -> None:
        for _ in range(30):
            note("replay", lambda: otp_mini.replay(first_of_two).outcome)
            note("explore", lambda: len(otp_mini.explore(first_of_two).outcomes))

    def on_a_node() -> Any:
        with Node(clock="virtual") as node:
            return node.run(first_of_two)

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        threads = [threading.Thread(target=search) for _ in range(2)]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            note("run", on_a_node)
    finally:
        sys.setswitchinterval(before)
    told = [f"{what} {answer}" for what, answer in (("replay", "one"), ("explore", "2"), ("run", "one"))]
    assert {*said} <= {*told, "replay refused", "explore refused", "run refused"}
    assert {told[0], told[2]} <= {*said}


@pytest.mark.parametrize("said", ["send(me, 'word')", "GenServer.cast(me, 'word')"])
def test_a_message_of_a_thread_that_was_made_in_a_turn_wakes_a_script_that_sleeps(said: str) -> None:
    program = (
        "import threading, time\n"
        "from otp_mini import *\n"
        "async def main():\n"
        "    me = self_()\n"
        f"    threading.Timer(0.2, lambda: {said}).start()\n"
        "    await receive(timeout=15)\n"
        "began = time.monotonic()\n"
        "run(main)\n"
        "print(time.monotonic() - began < 10)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, stdout=-1, text=True, check=True)
    assert done.stdout == "True\n"


@pytest.mark.parametrize("seconds", [1e10, 1e300])
@pytest.mark.parametrize("first", ["", "import asyncio\n"])
def test_a_real_clock_bears_a_timer_that_is_centuries_away(seconds: float, first: str) -> None:
    program = (
        f"{first}import time\n"
        "from otp_mini import *\n"
        "async def main():\n"
        f"    Process.send_after(self_(), 'x', {seconds})\n"
        f"    task = Task.async_(in_thread, time.sleep, 0.1)\n"
        f"    return await Task.await_(task, timeout={seconds}), await in_thread(len, 'four')\n"
        "print(run(main))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, stdout=-1, text=True, check=True)
    assert done.stdout == "(None, 4)\n"


def test_a_loop_is_told_of_no_timer_that_is_centuries_away() -> None:
    async def main() -> Any:
        Process.send_after(self_(), "x", 1e300)
        return "said"

    async def cell() -> Any:
        answer = await node.run_async(main)
        Process.send_after(spawn(receive), "x", 1e300)  # nobody waits: it is the loop's to run what is due
        await asyncio.sleep(0.05)
        return answer

    with Node() as node:
        assert asyncio.run(cell()) == "said"


def test_who_waits_for_a_thread_of_the_programs_own_is_told_that_nobody_knows_of_it() -> None:
    release = threading.Event()

    async def main() -> None:
        threading.Thread(target=release.wait, args=(10,)).start()
        await receive()

    with Node() as node:
        try:
            with pytest.raises(Deadlock, match="nobody knows here: have a process do its work by in_thread"):
                plain_run(node, main)
        finally:
            release.set()


def test_two_nodes_on_one_loop_each_have_their_own_names_in_tasks_too() -> None:
    """They do not end in the order in which they began, and what was in use before is in use again."""

    async def world(first: int, naps: int) -> Any:
        await Agent.start_link(lambda: first, name="number")
        await Registry.start_link(keys="unique", name="registry")
        Registry.register("registry", "key", first)

        async def helper() -> Any:
            for _ in range(naps):
                await asyncio.sleep(0.001)
            found = Registry.lookup("registry", "key")[0][1]
            return await Agent.get("number", lambda number: number), found, current_node()

        return await asyncio.create_task(helper()), current_node()

    async def cell() -> None:
        before = current_node()
        nodes = [Node(), Node(clock="virtual"), Node()]
        answers = await asyncio.gather(*(node.run_async(world, at, 3 * at) for at, node in enumerate(nodes)))
        for at, (node, answer) in enumerate(zip(nodes, answers, strict=True)):
            assert answer == ((at, at, node), node)
            node.close()
        assert current_node() is before

    with Node():
        asyncio.run(cell())


@pytest.mark.parametrize("own", [True, False], ids=["its own context", "a copy"])
def test_what_runs_in_the_context_of_a_process_that_has_ended_acts_for_nobody(own: bool) -> None:
    said: list[object] = []

    def later() -> None:
        for act in (self_, lambda: spawn(receive), lambda: send(self_(), 1)):
            try:
                said.append(act())
            except NoProc as error:
                said.append(str(error).partition(",")[0])

    async def brief() -> None:
        task: Any = asyncio.current_task()
        asyncio.get_running_loop().call_later(0.02, later, context=task.get_context() if own else None)

    async def main() -> Any:
        pid = spawn(brief)
        await Process.sleep(0.1)
        return pid

    with Node() as node:
        pid = asyncio.run(node.run_async(main))
    assert said == [f"this asyncio task was made by brief {pid}"] * 3


async def from_a_task_left_over(act: Any, name: str | None = None) -> tuple[Pid, Any]:
    """What a task does that goes on when its process, which may have been given a name since, has ended."""
    begun = asyncio.Event()

    async def late() -> Any:
        begun.set()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(60)
        return act()

    async def brief() -> None:
        made.append(asyncio.create_task(late()))
        await begun.wait()
        if name is not None:
            asyncio.current_task().set_name(name)  # type: ignore[union-attr]

    made: list[Any] = []
    pid, _ = spawn_monitor(brief)
    await receive(Down)
    return pid, await made[0]


def test_a_task_is_told_the_name_that_its_process_was_given_since() -> None:
    async def main() -> None:
        with pytest.raises(NoProc, match="was made by renamed"):
            await from_a_task_left_over(self_, "renamed")

    with Node() as node:
        asyncio.run(node.run_async(main))


def test_who_is_spawned_by_a_task_that_outlives_its_process_has_that_for_its_parent() -> None:
    async def main() -> Any:
        pid, parent = await from_a_task_left_over(lambda: current_node().spawn(receive, link=True).parent)
        return parent is pid

    with Node() as node:
        assert asyncio.run(node.run_async(main)) is True


def test_a_process_that_goes_on_inside_a_block_of_another_node_is_itself_and_so_are_its_tasks() -> None:
    async def who() -> Any:
        return self_()

    async def main() -> Any:
        seen = []
        with Node(), Node():
            await asyncio.sleep(0)
            seen += [self_(), await asyncio.create_task(who())]
        await asyncio.sleep(0)
        return {*seen, self_(), await asyncio.create_task(who())} == {self_()}

    with Node() as node:
        for _ in range(3):
            node.spawn(receive)
        assert asyncio.run(node.run_async(main)) is True


def test_blocks_of_two_tasks_end_in_any_order() -> None:
    async def block(long: float) -> None:
        with Node():
            await asyncio.sleep(long)

    async def cell() -> None:
        before = current_node()
        await asyncio.gather(block(0.001), block(0.03), block(0.01))
        assert current_node() is before

    with Node():
        asyncio.run(cell())

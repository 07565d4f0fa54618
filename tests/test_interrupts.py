"""Ctrl-C in a script: at whatever line it comes, the interrupt reaches the program and the node works afterwards."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import otp_mini
from otp_mini import GenServer, Node, NoReply, Ok, Process, Reply, Supervisor, receive, self_, send, spawn
from otp_mini.interrupts import in_program, interrupts
from otp_mini.process import runtime

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = str(Path(otp_mini.__file__).parent)


@pytest.fixture(autouse=True)
def as_in_a_terminal() -> Iterator[None]:
    """Python's own handler is in charge, also where the tests run in the background and SIGINT is ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


class Echo(GenServer):
    def init(self, state: Any) -> Any:
        return Ok(state)

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        return Reply(request, state)

    def handle_info(self, message: Any, state: Any) -> Any:
        return NoReply(state)


async def call() -> None:
    assert await GenServer.call("echo", "hello") == "hello"


async def start() -> None:
    assert await Echo.start() is not None


async def stop() -> None:
    await GenServer.stop(await Echo.start())


async def timer() -> None:
    Process.send_after(self_(), "tick", 1)
    await Process.sleep(0.5)
    assert await receive() == "tick"


async def restart() -> None:
    before = Process.whereis("child")
    Process.exit(before, "kill")
    await Process.sleep(0)
    while Process.whereis("child") in (None, before):
        await Process.sleep(0)


async def start_child() -> Any:
    return await Echo.start_link(name="child")


async def supervisor() -> None:
    child = otp_mini.child_spec((Echo, 0), start=(start_child, ()))
    Process.flag(trap_exit=True)
    await Supervisor.start_link([child], strategy="one_for_one", max_restarts=10**6, name="supervisor")
    await receive()


async def world() -> None:
    await Echo.start(name="echo")
    spawn(supervisor)
    await Process.sleep(0.1)


async def all_works() -> None:
    """Whatever was interrupted: servers answer, are started, stopped and restarted, and time passes."""
    for work in (call, start, stop, timer, restart, call):
        await work()


OFTEN = 2  # a line that a run passes more often is tried so many times


class Line:
    """Presses Ctrl-C once: where the run passes a line of the package for the given time."""

    def __init__(self, place: str = "", nth: int = 0) -> None:
        self.at = place, nth
        self.pressed = False
        self.passed = Counter[str]()

    def trace(self, frame: FrameType, event: str, argument: object) -> Any:
        if event == "line":
            self.line(frame)
        return self.trace if frame.f_code.co_filename.startswith(PACKAGE) else None

    def line(self, frame: FrameType) -> None:
        handler = signal.getsignal(signal.SIGINT)
        if handler != interrupts.handle:
            return  # before `run` has begun and after it has ended the program's own handler is in charge
        place = f"{frame.f_code.co_qualname}, line {frame.f_lineno}"
        self.passed[place] += 1
        if (place, self.passed[place]) == self.at:
            self.pressed = True
            handler(signal.SIGINT, frame)


def interrupted(node: Node, work: Callable[[], Any], line: Line) -> bool:
    """Do ``work`` with an interrupt at a line; answer whether it came out of `run`."""
    came = False
    sys.settrace(line.trace)
    try:
        node.run(work)
    except KeyboardInterrupt:
        came = True
    finally:
        sys.settrace(None)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert (node.driving, runtime.running, interrupts.noted) == (False, None, False), line.at
    assert not [pid for pid in node.processes() if pid.block.label == work.__name__], line.at
    return came


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("work", [call, start, stop, timer, restart], ids=lambda work: work.__name__)
def test_an_interrupt_at_any_line_of_the_node_reaches_the_program_and_leaves_a_working_node(
    work: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "perf_counter", lambda: 0.0)  # so that each run takes the same lines
    with Node(clock="virtual") as node:
        node.run(world)
        node.run(all_works)  # what is made once is there from here on
        whole = Line()
        assert not interrupted(node, work, whole)
        assert len(whole.passed) > 100
        lines = [Line(place, nth) for place in whole.passed for nth in range(1, 1 + min(OFTEN, whole.passed[place]))]
        for line in lines:
            assert interrupted(node, work, line) == line.pressed, line.at
            node.run(call)
            node.run(work)
        node.run(all_works)
        # A line that a run does not always pass (where a slice ends, where a list is pruned) may have been missed.
        assert len([line for line in lines if not line.pressed]) < len(lines) / 20


def test_a_programs_own_handler_stays_in_charge() -> None:
    seen: list[int] = []
    before = signal.signal(signal.SIGINT, lambda *_: seen.append(1))
    try:

        async def main() -> str:
            signal.raise_signal(signal.SIGINT)
            return "goes on"

        with Node(clock="virtual") as node:
            assert node.run(main) == "goes on"
    finally:
        signal.signal(signal.SIGINT, before)
    assert seen == [1]


def test_the_interrupt_is_raised_in_the_code_that_runs() -> None:
    """Also in a callback, which the library calls; and not in what the library itself calls."""
    frames: dict[str, FrameType] = {}

    class Message:
        def __reduce__(self) -> Any:
            frames["copied"] = sys._getframe()
            return Message, ()

    class Server(GenServer):
        def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
            frames["callback"] = sys._getframe()
            answers["callback"] = in_program(sys._getframe())
            return Reply("ok", state)

    answers: dict[str, bool] = {}

    def plain() -> None:
        answers["plain"] = in_program(sys._getframe())

    def wanted(message: Any) -> bool:
        answers["pattern"] = in_program(sys._getframe())
        return True

    async def main() -> None:
        answers["process"] = in_program(sys._getframe())
        spawn(plain)
        await GenServer.call(await Server.start(), "x")
        send(self_(), "y")
        await receive(wanted)

    with Node(clock="virtual") as node:
        node.run(main)
    assert answers == {"process": True, "plain": True, "callback": True, "pattern": False}
    assert in_program(sys._getframe())
    assert in_program(None)


def test_main_may_clean_up_or_go_on_after_an_interrupt() -> None:
    async def main() -> str:
        try:
            await receive()
        except KeyboardInterrupt:
            return "cleaned up"
        return "not interrupted"

    with Node(clock="virtual") as node:

        async def press() -> None:
            interrupts.noted = True  # as the handler does where the node's own lines run

        node._main = None
        spawn(press)
        assert node.run(main) == "cleaned up"


@pytest.mark.skipif(sys.platform == "win32", reason="signals of this kind are POSIX's")
@pytest.mark.parametrize("modules", ["sys", "asyncio"])
@pytest.mark.parametrize("wait", ["receive()", "Process.sleep(3600)", "in_thread(time.sleep, 100)"])
def test_ctrl_c_ends_a_script_that_sleeps(modules: str, wait: str) -> None:
    """A real signal to a real process, which waits with its whole thread (or with its loop)."""
    code = f"""
        import os, signal, threading, time, {modules}
        from otp_mini import *

        async def keep_time():
            while True:
                await Process.sleep(3600)

        async def main():
            spawn(keep_time)
            print("waits", flush=True)
            await {wait}

        try:
            run(main)
        except KeyboardInterrupt:
            print("interrupted")
        print(run(max, 1, 2), signal.getsignal(signal.SIGINT) is signal.default_int_handler)
    """
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)],
        stdout=subprocess.PIPE, text=True, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as program:  # fmt: skip
        assert program.stdout is not None
        assert program.stdout.readline() == "waits\n"
        program.send_signal(signal.SIGINT)
        assert program.stdout.read().splitlines() == ["interrupted", "2 True"]
    assert program.returncode == 0


def test_only_the_main_thread_has_a_handler() -> None:
    handlers: list[Any] = []

    def work() -> None:
        with Node(clock="virtual") as node:
            node.run(lambda: handlers.append(signal.getsignal(signal.SIGINT)))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert handlers == [signal.default_int_handler]


def test_an_asyncio_task_of_a_process_is_the_nodes_work() -> None:
    """Nobody could tell which process is meant: the one that `run` was called for gets the interrupt."""

    async def task() -> bool:
        return in_program(sys._getframe())

    async def main() -> list[bool]:
        return list(await asyncio.gather(task()))

    with Node() as node:
        assert node.run(main) == [False]

"""The process control block, and what asyncio asks of it."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import pytest

from otp_mini import Node, Pid, Process, receive, self_, send, spawn, spawn_monitor
from otp_mini.process import REDUCTIONS


def test_a_block_says_who_it_is() -> None:
    async def main() -> str:
        return repr(self_().block)

    with Node(clock="virtual") as node:
        assert node.run(main) == "<main #PID<0.1.0>>"


def test_a_pid_loses_its_block_when_the_process_ends() -> None:
    async def main() -> None:
        pid = spawn(lambda: None)
        block = pid.block
        assert block.alive
        await Process.sleep(0)
        assert pid.block is None
        assert not block.alive
        assert (block.reason, block.done()) == ("normal", True)

    with Node(clock="virtual") as node:
        node.run(main)


def test_an_idle_process_holds_no_empty_containers() -> None:
    async def idle() -> None:
        await receive()

    async def main() -> None:
        block = spawn(idle).block
        await Process.sleep(1)
        for field in ("mailbox", "links", "monitors", "monitoring", "cleanups", "name"):
            assert getattr(block, field) is None

    with Node(clock="virtual") as node:
        node.run(main)


def test_a_dead_process_keeps_nothing() -> None:
    """Whoever still has its block, such as a stream that it consumed, keeps no mailbox and no peers alive with it."""

    async def busy(to: Pid) -> None:
        Process.link(to)
        Process.monitor(to)
        send(self_(), "left over")
        await Process.sleep(60)

    async def main() -> None:
        Process.flag(trap_exit=True)
        pid, _ = spawn_monitor(busy, self_())
        block = pid.block
        await Process.sleep(1)
        assert all((block.mailbox, block.links, block.monitors, block.monitoring))
        Process.exit(pid, "kill")
        for field in ("mailbox", "links", "monitors", "monitoring", "loop", "timer", "waiting"):
            assert getattr(block, field) is None
        assert not block.node.timers.armed

    with Node(clock="virtual") as node:
        node.run(main)


def test_an_idle_process_is_small() -> None:
    async def idle() -> None:
        await receive()

    async def main() -> int:
        block = spawn(idle).block
        await Process.sleep(1)
        parts = (block, block.pid, block.coroutine, block.coroutine.cr_frame)
        return sum(sys.getsizeof(part) for part in parts)

    with Node(clock="virtual") as node:
        assert node.run(main) < 1500


def test_every_turn_has_the_same_share() -> None:
    async def main() -> int:
        await Process.sleep(0)
        return int(self_().block.reductions)

    with Node(clock="virtual") as node:
        assert node.run(main) == REDUCTIONS


# ---- asyncio's view ------------------------------------------------------------------------


def test_a_process_is_the_current_task_while_it_runs() -> None:
    async def main() -> None:
        task: Any = asyncio.current_task()
        assert task is self_().block
        assert task.get_name() == "main"
        assert task.get_loop() is asyncio.get_running_loop()
        assert task.done() is False

    with Node() as node:
        node.run(main)


def test_the_task_that_hosts_the_node_is_current_again_afterwards() -> None:
    async def host() -> None:
        task = asyncio.current_task()
        with Node(clock="virtual") as node:
            await node.run_async(Process.sleep, 1)
            assert asyncio.current_task() is task
            spawn(lambda: None)
            node.run_until_idle()
            assert asyncio.current_task() is task

    asyncio.run(host())


def test_a_cancellation_asked_for_while_it_is_parked_is_raised_there() -> None:
    async def victim() -> str:
        try:
            await receive()
        except asyncio.CancelledError:
            return "cancelled"
        return "not"

    async def main() -> Any:
        block = spawn(victim).block
        await Process.sleep(0)
        assert block.cancel() is True
        assert block.cancelling() == 1
        await Process.sleep(0)
        return block.result

    with Node() as node:
        assert node.run(main) == "cancelled"


def test_a_cancellation_asked_for_while_it_runs_is_raised_at_its_next_wait() -> None:
    async def main() -> str:
        task: Any = asyncio.current_task()
        task.cancel()
        try:
            await receive(timeout=0.05)
        except asyncio.CancelledError:
            return "cancelled"
        return "not"

    with Node() as node:
        assert node.run(main) == "cancelled"


def test_a_dead_process_cannot_be_cancelled() -> None:
    async def main() -> bool:
        block = spawn(lambda: None).block
        await Process.sleep(0)
        return bool(block.cancel())

    with Node() as node:
        assert node.run(main) is False


def test_uncancel_never_goes_below_nothing() -> None:
    async def main() -> int:
        task: Any = asyncio.current_task()
        return int(task.uncancel())

    with Node() as node:
        assert node.run(main) == 0


@pytest.mark.parametrize("clock", ["real", "virtual"])
def test_an_exit_leaves_no_current_task_behind(clock: Any) -> None:
    async def boom() -> None:
        raise ValueError

    async def host() -> None:
        with Node(clock=clock) as node:
            with pytest.raises(ValueError):
                await node.run_async(boom)
            assert await node.run_async(asyncio.sleep, 0, "fine") == "fine"

    asyncio.run(host())


def test_what_libraries_read_of_the_current_task_is_there() -> None:
    """Every public method of asyncio's Task but `result`, `exception` and `print_stack`; anyio's two private ones."""
    public = {name for name in dir(asyncio.Task) if not name.startswith("_")}
    public -= {"result", "exception", "set_result", "set_exception", "print_stack"}

    async def main() -> set[str]:
        task: Any = asyncio.current_task()
        assert (task._must_cancel, task._fut_waiter, task.cancelled()) == (False, None, False)
        assert [frame.f_code.co_name for frame in task.get_stack()] == ["main"]
        task.set_name("renamed")
        assert task.get_name() == "renamed"
        assert task.get_context() is not None
        return public - {*dir(task)}

    with Node() as node:
        assert node.run(main) == set()


def test_a_loop_is_told_of_the_end_of_a_process_as_of_a_task() -> None:
    ended: list[tuple[str, bool]] = []

    async def worker() -> None:
        await receive()

    async def main() -> None:
        pid = spawn(worker)
        block: Any = pid.block
        for name in ("one", "two"):
            block.add_done_callback(lambda task, name=name: ended.append((name, task.done())))

        def taken_back(task: Any) -> None:
            ended.append(("never", True))

        block.add_done_callback(taken_back)
        assert block.remove_done_callback(taken_back) == 1
        assert ended == []
        Process.exit(pid, "kill")
        await asyncio.sleep(0.001)  # the loop has its turn
        assert ended == [("one", True), ("two", True)]
        block.add_done_callback(lambda task: ended.append(("late", True)))
        await asyncio.sleep(0.001)
        assert ended[2:] == [("late", True)]

    with Node() as node:
        node.run(main)


def test_a_future_that_a_process_awaited_is_left_as_a_task_leaves_it() -> None:
    """asyncio clears this mark of every future that a task awaits; without it nobody else may await the future."""

    async def main() -> bool:
        future = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_soon(future.set_result, None)
        await future
        return bool(future._asyncio_future_blocking)

    with Node() as node:
        assert node.run(main) is False


@pytest.mark.parametrize("wait", [receive, lambda: Process.sleep(None), lambda: asyncio.sleep(60)])
def test_a_process_that_cancels_itself_is_cancelled_at_its_next_wait(wait: Any) -> None:
    async def main() -> str:
        task: Any = asyncio.current_task()
        task.cancel("enough")
        assert task.cancelling() == 1
        try:
            await wait()
        except asyncio.CancelledError as error:
            task.uncancel()
            await asyncio.sleep(0)
            return str(error)
        return "not"

    with Node() as node:
        assert node.run(main) == "enough"


def test_cancel_scopes_of_anyio_work_in_a_process() -> None:
    anyio = pytest.importorskip("anyio")

    async def main() -> Any:
        with anyio.move_on_after(0.01) as sleeping:
            await anyio.sleep(60)
        with anyio.move_on_after(0.01) as receiving:
            await receive()
        async with anyio.create_task_group() as group:
            group.start_soon(anyio.sleep, 0)
        in_thread = await anyio.to_thread.run_sync(lambda: "from a thread")
        return sleeping.cancelled_caught, receiving.cancelled_caught, in_thread

    with Node() as node:
        assert node.run(main) == (True, True, "from a thread")

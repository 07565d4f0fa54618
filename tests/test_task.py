"""Task and Task.Supervisor: the T lines of OTP's checklist, one test a line."""

from __future__ import annotations

import gc
import re
from collections.abc import Coroutine
from functools import partial
from typing import Any

import pytest
from ids import stable
from playing import play

from otp_mini import (
    TIMEOUT,
    BadArg,
    ChildError,
    Down,
    Exit,
    Exited,
    ExitSignal,
    Node,
    Ok,
    Pid,
    Process,
    Task,
    TaskStream,
    TaskSupervisor,
    current_node,
    receive,
    self_,
    send,
    spawn,
    spawn_link,
    spawn_monitor,
    trace,
)


def crash() -> None:
    raise RuntimeError("boom")


async def after(seconds: float, value: Any = "late") -> Any:
    await Process.sleep(seconds)
    return value


async def trapping(seconds: float) -> str:
    Process.flag(trap_exit=True)
    return str(await after(seconds))


async def leaves(reason: object) -> None:
    raise Exit(reason)


async def exit_of(work: Any) -> Any:
    with pytest.raises(Exit) as caught:
        await work
    return caught.value.reason


async def fate(main: Any) -> object:
    """Why a process that runs `main` ends."""
    _, ref = spawn_monitor(main)
    down = await receive(lambda m: isinstance(m, Down) and m.ref is ref)
    return down.reason


def test_t1_async_links_and_monitors_and_await_clears_the_monitor() -> None:
    async def main() -> Any:
        task = Task.async_(after, 1, "answer")
        assert task.pid is not None
        linked = task.pid in Process.info(self_())["links"]  # type: ignore[index]
        value = await Task.await_(task)
        return linked, value, Process.info(self_())["monitors"], await receive(timeout=0)  # type: ignore[index]

    assert play(main) == (True, "answer", [], "timeout")


def test_t2_a_crashing_task_takes_its_caller_along() -> None:
    async def owner() -> None:
        await Task.await_(Task.async_(crash))

    async def main() -> Any:
        return await fate(owner)

    assert isinstance(play(main), RuntimeError)


def test_t2_catching_around_await_does_not_help() -> None:
    async def owner() -> None:
        try:
            await Task.await_(Task.async_(crash))
        except (Exit, Exception):
            await receive()

    async def main() -> Any:
        return await fate(owner)

    assert isinstance(play(main), RuntimeError)


def test_t3_the_await_of_a_trapping_caller_exits_with_reason_and_place() -> None:
    async def main() -> Any:
        Process.flag(trap_exit=True)
        task = Task.async_(leaves, "gone")
        return await exit_of(Task.await_(task)) == ("gone", ("Task", "await", [task, 5.0]))

    assert play(main) is True


@pytest.mark.parametrize("what", ["await_", "yield_", "shutdown", "ignore"])
def test_t4_only_the_owner_can_wait(what: str) -> None:
    async def main() -> Any:
        boss, task = self_(), Task.async_(after, 1)

        async def other() -> None:
            with pytest.raises(BadArg, match="only the owner can wait"):
                await getattr(Task, what)(task)
            send(boss, "refused")

        spawn(other)
        return await receive(str)

    assert play(main) == "refused"


def test_t5_a_time_out_exits_the_caller_and_the_link_ends_the_task() -> None:
    tasks: list[Task] = []

    async def owner() -> None:
        tasks.append(Task.async_(after, 60))
        await Task.await_(tasks[0], timeout=1)

    async def main() -> Any:
        reason: Any = await fate(owner)
        pid = tasks[0].pid
        assert pid is not None
        return reason[0], Process.alive(pid)

    assert play(main) == ("timeout", False)


def test_t6_a_second_await_times_out() -> None:
    async def main() -> Any:
        task = Task.async_(after, 1)
        await Task.await_(task)
        return (await exit_of(Task.await_(task, timeout=2)))[0]

    assert play(main) == "timeout"


def test_t7_a_trapping_caller_keeps_the_exit_message_normal() -> None:
    async def main() -> Any:
        Process.flag(trap_exit=True)
        task = Task.async_(after, 1)
        await Task.await_(task)
        return await receive(timeout=1) == ExitSignal(task.pid, "normal")  # type: ignore[arg-type]

    assert play(main) is True


def test_t8_who_does_not_await_gets_the_answer_and_the_down_as_messages() -> None:
    async def main() -> Any:
        task = Task.async_(after, 1, "v")
        return await receive() == (task.ref, "v"), await receive() == Down(task.ref, task.pid, "normal")

    assert play(main) == (True, True)


def test_t9_yield_answers_or_gives_none_and_can_be_asked_again() -> None:
    async def main() -> Any:
        Process.flag(trap_exit=True)
        task, bad = Task.async_(after, 3, "v"), Task.async_(leaves, "gone")
        return await Task.yield_(task, 1), await Task.yield_(task, 5), await Task.yield_(bad)

    assert play(main) == (None, Ok("v"), Exited("gone"))


def test_t10_shutdown_gives_the_answer_or_none_or_the_crash() -> None:
    async def main() -> Any:
        Process.flag(trap_exit=True)
        ready, running, dead = Task.async_(after, 0, "v"), Task.async_(after, 60), Task.async_(leaves, "gone")
        await Process.sleep(1)
        return [await Task.shutdown(task) for task in (ready, running, dead)]

    assert play(main) == [Ok("v"), None, Exited("gone")]


def test_t11_a_task_that_traps_is_killed_when_its_time_is_over() -> None:
    async def main() -> Any:
        task = Task.async_(trapping, 60)
        await Process.sleep(1)
        outcome = await Task.shutdown(task, timeout=2)
        return outcome, current_node().now()

    assert play(main) == (Exited("killed"), 3.0)


def test_t12_brutal_kill_kills_at_once() -> None:
    async def main() -> Any:
        task = Task.async_(trapping, 60)
        await Process.sleep(1)
        return await Task.shutdown(task, "brutal_kill"), current_node().now()

    assert play(main) == (None, 1.0)


def test_t13_await_many_keeps_the_order_and_has_one_time_out() -> None:
    async def main() -> Any:
        Process.flag(trap_exit=True)
        values = await Task.await_many([Task.async_(after, 3, "a"), Task.async_(after, 1, "b")])
        tasks = [Task.async_(after, 4), Task.async_(after, 8)]
        late = await exit_of(Task.await_many(tasks, 6))
        failed = await exit_of(Task.await_many([Task.async_(after, 9), Task.async_(leaves, "gone")], 20))
        return values, late[0], current_node().now(), failed[0]

    assert play(main) == (["a", "b"], "timeout", 9.0, "gone")


def test_t14_yield_many_gives_every_task_with_its_result() -> None:
    async def main() -> Any:
        Process.flag(trap_exit=True)
        tasks = [Task.async_(after, 1, "a"), Task.async_(after, 60), Task.async_(leaves, "gone")]
        pairs = await Task.yield_many(tasks, 2)
        return [task for task, _ in pairs] == tasks, [result for _, result in pairs]

    assert play(main) == (True, [Ok("a"), None, Exited("gone")])


def test_t15_a_crash_of_async_nolink_does_not_reach_the_caller() -> None:
    async def main() -> Any:
        sup = await TaskSupervisor.start_link()
        first = await Task.Supervisor.async_nolink(sup, crash)
        reason = await exit_of(Task.await_(first))
        second = await Task.Supervisor.async_nolink(sup, leaves, "gone")
        return str(reason[0]), await receive() == Down(second.ref, second.pid, "gone")

    assert play(main) == ("boom", True)


def test_t16_the_death_of_the_owner_ends_async_and_spares_async_nolink() -> None:
    tasks: list[Task] = []

    async def main() -> Any:
        sup = await TaskSupervisor.start_link()

        async def owner() -> None:
            tasks.append(await Task.Supervisor.async_(sup, after, 60))
            tasks.append(await Task.Supervisor.async_nolink(sup, after, 60))
            raise Exit("owner gone")

        await fate(owner)
        return [Process.alive(task.pid) for task in tasks if task.pid]

    assert play(main) == [False, True]


def test_t17_start_child_tasks_belong_to_the_supervisor_alone() -> None:
    async def main() -> Any:
        sup = await TaskSupervisor.start_link()
        pid = await Task.Supervisor.start_child(sup, after, 1)
        links = Process.info(pid)["links"]  # type: ignore[arg-type, index]
        return links == [sup], await receive(timeout=5)

    assert play(main) == (True, "timeout")


def test_t18_supervised_tasks_are_temporary() -> None:
    async def main() -> Any:
        sup = await TaskSupervisor.start_link()
        await Task.Supervisor.start_child(sup, crash)
        await Process.sleep(1)
        return await Task.Supervisor.children(sup)

    assert play(main) == []


def test_a_supervised_task_may_be_permanent() -> None:
    runs: list[int] = []

    def once_more() -> None:
        runs.append(1)
        if len(runs) < 3:
            raise RuntimeError("again")

    async def main() -> None:
        sup = await TaskSupervisor.start_link()
        await Task.Supervisor.start_child(sup, once_more, restart="transient")
        await Process.sleep(1)

    play(main)
    assert len(runs) == 3


def test_t19_terminate_child_stops_a_task_with_shutdown() -> None:
    async def main() -> Any:
        sup = await TaskSupervisor.start_link()
        pid = await Task.Supervisor.start_child(sup, after, 60)
        assert pid is not None
        ref = Process.monitor(pid)
        done = await Task.Supervisor.terminate_child(sup, pid)
        down = await receive(Down)
        with pytest.raises(ChildError) as unknown:
            await Task.Supervisor.terminate_child(sup, pid)
        return done, down == Down(ref, pid, "shutdown"), unknown.value.reason

    assert play(main) == ("ok", True, "not_found")


# ---- streams -------------------------------------------------------------------------------------


async def gather(stream: Any, count: int | None = None) -> list[Any]:
    results: list[Any] = []
    async for result in stream:
        results.append(result)
        if len(results) == count:
            break
    return results


def test_t20_a_stream_is_lazy_and_gives_results_in_the_order_of_the_items() -> None:
    taken: list[int] = []

    def items() -> Any:
        for number in (3, 2, 1):
            taken.append(number)
            yield number

    async def main() -> Any:
        stream = Task.async_stream(items(), lambda n: after(n, n), max_concurrency=2)
        before = list(taken)
        return before, await gather(stream)

    assert play(main) == ([], [Ok(3), Ok(2), Ok(1)])


def test_t21_unordered_gives_them_as_they_end() -> None:
    async def main() -> Any:
        return await gather(Task.async_stream([3, 2, 1], lambda n: after(n, n), max_concurrency=3, ordered=False))

    assert play(main) == [Ok(1), Ok(2), Ok(3)]


def test_t22_max_concurrency_bounds_those_that_run() -> None:
    running: list[int] = []
    most: list[int] = []

    async def work(number: int) -> None:
        running.append(number)
        most.append(len(running))
        await Process.sleep(1)
        running.remove(number)

    async def main() -> float:
        await gather(Task.async_stream(range(10), work, max_concurrency=3))
        return current_node().now()

    assert play(main) == 4.0
    assert max(most) == 3


def test_t23_a_crash_in_a_linked_stream_ends_the_consumer_unless_it_traps() -> None:
    async def consumer() -> None:
        await gather(Task.async_stream(["gone"], leaves))

    async def trapping_consumer() -> Any:
        Process.flag(trap_exit=True)
        return await gather(Task.async_stream(["gone"], leaves))

    async def main() -> Any:
        return await fate(consumer), await trapping_consumer(), await receive(ExitSignal, timeout=0)

    assert play(main) == ("gone", [Exited("gone")], "timeout")


def test_t24_the_nolink_stream_gives_the_exit_and_goes_on() -> None:
    async def main() -> Any:
        sup = await TaskSupervisor.start_link()
        work = lambda n: leaves("odd") if n % 2 else after(0, n)  # noqa: E731
        return await gather(Task.Supervisor.async_stream_nolink(sup, range(4), work))

    assert play(main) == [Ok(0), Exited("odd"), Ok(2), Exited("odd")]


def test_t25_a_time_out_exits_the_consumer_or_kills_the_task_and_goes_on() -> None:
    async def main() -> Any:
        Process.flag(trap_exit=True)
        items = [1, 9, 2]
        kill = Task.async_stream(items, lambda n: after(n, n), timeout=5, on_timeout="kill_task")
        results = await gather(kill)
        reason = await exit_of(gather(Task.async_stream(items, lambda n: after(n, n), timeout=5)))
        return results, reason

    assert play(main) == (
        [Ok(1), Exited("timeout"), Ok(2)],
        ("timeout", ("Task.Supervised", "stream", [5])),
    )


@pytest.mark.parametrize("supervised", [False, True])
@pytest.mark.parametrize("caught", [False, True])
@pytest.mark.parametrize("hanging", [1, 2, 3])
def test_a_stream_that_exits_for_a_late_task_leaves_no_task_behind(
    supervised: bool, caught: bool, hanging: int
) -> None:
    async def hang(main: Pid, _: int) -> None:
        send(main, (self_(), "runs"))
        await Process.sleep(None)

    async def consume(main: Pid, sup: Pid) -> None:
        work, items = partial(hang, main), range(hanging)
        stream = Task.Supervisor.async_stream_nolink(sup, items, work, timeout=1) if supervised else Task.async_stream(
            items, work, timeout=1)  # fmt: skip
        if not caught:
            await gather(stream)
        send(main, ((await exit_of(gather(stream)))[0], "caught"))
        await Process.sleep(1)

    async def main() -> Any:
        spawn(consume, self_(), await Task.Supervisor.start_link())
        tasks = [(await receive(tuple))[0] for _ in range(hanging)]
        downs = [Process.monitor(task) for task in tasks]
        reasons = [(await receive(lambda m, ref=ref: isinstance(m, Down) and m.ref is ref)).reason for ref in downs]
        return reasons, await receive(timeout=0.5), [Process.alive(task) for task in tasks]

    said = ("timeout", "caught") if caught else TIMEOUT
    assert play(main) == (["killed"] * hanging, said, [False] * hanging)


@pytest.mark.parametrize("in_the_loop", [False, True])
@pytest.mark.parametrize("reader_traps", [False, True])
@pytest.mark.parametrize(
    ("linked", "task_traps", "end"), [(True, False, "killed"), (True, True, TIMEOUT), (False, False, TIMEOUT)]
)
def test_the_end_of_a_killed_consumer_reaches_the_linked_tasks_of_its_stream_alone(
    linked: bool, task_traps: bool, end: str, reader_traps: bool, in_the_loop: bool
) -> None:
    async def work(main: Pid, number: int) -> None:
        if number:
            Process.flag(trap_exit=task_traps)
            send(main, self_())
            await Process.sleep(10)

    async def consume(main: Pid, sup: Pid) -> None:
        Process.flag(trap_exit=reader_traps)
        work_of, items = partial(work, main), [0, 1] if in_the_loop else [1]
        async for _ in Task.async_stream(items, work_of) if linked else TaskSupervisor.async_stream_nolink(
            sup, items, work_of):  # fmt: skip
            await Process.sleep(20)

    async def main() -> Any:
        consumer = spawn(consume, self_(), await TaskSupervisor.start_link())
        watch = Process.monitor(await receive(Pid))
        await Process.sleep(1)
        Process.exit(consumer, "kill")
        await Process.sleep(1)
        down = await receive(lambda m: isinstance(m, Down) and m.ref is watch, timeout=0)
        return down if down == TIMEOUT else down.reason

    assert play(main) == end


def test_t26_taking_a_part_stops_the_tasks_that_still_run() -> None:
    done: list[int] = []

    async def work(number: int) -> int:
        await Process.sleep(number)
        done.append(number)
        return number

    async def main() -> Any:
        results = await gather(Task.async_stream([1, 20, 30], work, max_concurrency=3, timeout=60), count=1)
        await Process.sleep(100)
        return results, len(Process.list()), await receive(timeout=0)

    assert play(main) == ([Ok(1)], 1, "timeout")
    assert done == [1]


def test_t20_results_that_wait_for_their_turn_keep_no_other_task_waiting() -> None:
    started: list[int] = []

    async def work(item: int) -> int:
        started.append(item)
        await Process.sleep(10 if item == 0 else 1)
        return item

    async def main() -> tuple[list[int], Any]:
        stream = Task.async_stream(range(8), work, max_concurrency=2, timeout=None)
        first = await anext(stream)
        return started[:], [first, *await gather(stream)]

    assert play(main) == ([*range(8)], [Ok(item) for item in range(8)])


@pytest.mark.parametrize("ordered", [True, False])
@pytest.mark.parametrize(
    ("taken", "most", "begun"), [(1, 1, 1), (1, 2, 2), (1, 3, 3), (2, 1, 2), (2, 2, 3), (2, 3, 4), (3, 2, 4)]
)
def test_t20_the_next_task_starts_when_the_next_result_is_wanted_and_not_before(
    ordered: bool, taken: int, most: int, begun: int
) -> None:
    """So a consumer that has enough is not hit by the crash of a task that it never asked for."""
    started: list[int] = []

    async def work(item: int) -> None:
        started.append(item)
        await Process.sleep(1 + item)

    async def main() -> None:
        stream = Task.async_stream(range(10), work, timeout=None, max_concurrency=most, ordered=ordered)
        for _ in range(taken):
            await anext(stream)
        await Process.sleep(100)
        assert started == [*range(begun)]
        await stream.aclose()

    play(main)


def test_t24_a_task_that_exits_with_timeout_is_not_late() -> None:
    async def main() -> Any:
        sup = await TaskSupervisor.start_link()
        return await gather(TaskSupervisor.async_stream_nolink(sup, ["timeout", "other"], leaves))

    assert play(main) == [Exited("timeout"), Exited("other")]


def test_a_stream_compares_neither_its_results_nor_the_messages_of_its_consumer() -> None:
    class Odd:
        def __eq__(self, other: object) -> bool:
            raise RuntimeError("do not compare")

        __hash__ = None  # type: ignore[assignment]

    async def main() -> Any:
        send(self_(), Odd())
        send(self_(), (Odd(), Odd(), Odd()))
        first = await gather(Task.async_stream(range(9), lambda _: Odd()), 1)
        return type(first[0].value), type(await receive()), len(await receive()), await receive(timeout=1)

    kind, message, length, last = play(main)
    assert (kind.__name__, message.__name__, length, last) == ("Odd", "Odd", 3, "timeout")


@pytest.mark.parametrize("supervised", [False, True])
def test_a_stream_goes_on_with_the_arguments_as_they_were_when_it_was_made(supervised: bool) -> None:
    class Basket:
        def __init__(self) -> None:
            self.fruit = ["apple"]

        def put(self, item: int, more: list[str]) -> list[str]:
            return [*self.fruit, *more]

    async def main() -> list[Any]:
        basket, more = Basket(), ["fig"]
        if supervised:
            sup = await TaskSupervisor.start_link()
            stream = TaskSupervisor.async_stream(sup, range(3), basket.put, more, max_concurrency=1)
        else:
            stream = Task.async_stream(range(3), basket.put, more, max_concurrency=1)
        answers = []
        async for result in stream:
            answers.append(result)
            basket.fruit.append("pear")
            more.append("plum")
        return answers

    assert play(main) == [Ok(["apple", "fig"])] * 3


def test_a_stream_tells_its_progress() -> None:
    told: list[tuple[int, int | None]] = []

    async def main() -> None:
        await gather(Task.async_stream([1, 2], lambda n: after(n, n), progress=lambda *now: told.append(now)))
        await gather(Task.async_stream(iter([1]), lambda n: after(n, n), progress=lambda *now: told.append(now)))

    play(main)
    assert told == [(1, 2), (2, 2), (1, None)]


@pytest.mark.slow
def test_a_stream_of_a_hundred_thousand_items_keeps_none_of_them() -> None:
    async def main() -> Any:
        total = 0
        async for result in Task.async_stream(iter(range(20_000)), lambda n: n, max_concurrency=4):
            assert isinstance(result, Ok)
            total += result.value
        return total, len(Process.list()), len(current_node().timers.armed)

    assert play(main) == (sum(range(20_000)), 1, 0)


@pytest.mark.parametrize("options", [{"max_concurrency": 0}, {"on_timeout": "ignore"}, {"timeout": -1}])
def test_a_stream_refuses_bad_options(options: Any) -> None:
    with Node(clock="virtual"), pytest.raises(BadArg, match="got"):
        Task.async_stream([], after, **options)


# ---- the rest ------------------------------------------------------------------------------------


def test_t27_a_task_that_exits_normally_never_replies() -> None:
    async def main() -> Any:
        return (await exit_of(Task.await_(Task.async_(leaves, "normal"))))[0]

    assert play(main) == "normal"


def test_t28_its_child_spec_is_temporary() -> None:
    assert Task.child_spec(crash).restart == "temporary"


def test_a_completed_task_and_an_ignored_one() -> None:
    async def main() -> Any:
        slow = Task.async_(after, 2)
        assert slow.pid is not None
        ignored = await Task.ignore(slow)
        return await Task.await_(Task.completed("v")), ignored, Process.alive(slow.pid), await receive(timeout=9)

    assert play(main) == ("v", None, True, "timeout")


def test_a_tasks_crash_report_names_the_function_and_who_started_it(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        Task.start(crash)
        await Process.sleep(1)

    play(main)
    assert caplog.text.count("terminating") == 1
    assert "Task #PID<0.2.0> started from #PID<0.1.0> terminating\n** (RuntimeError) boom" in caplog.text
    assert "Function: crash\nArgs: []" in caplog.text


def test_a_task_needs_a_function() -> None:
    async def main() -> None:
        with pytest.raises(BadArg, match="a task needs a function"):
            Task.async_(after(1))  # type: ignore[arg-type]

    with pytest.warns(RuntimeWarning, match="never awaited"):
        play(main)


def test_arguments_and_answers_are_copied() -> None:
    kept: list[Any] = []

    async def work(items: list[int]) -> list[int]:
        kept.append(items)
        return items

    async def main() -> Any:
        mine = [1]
        answer = await Task.await_(Task.async_(work, mine))
        return answer == mine, answer is mine, kept[0] is mine, answer is kept[0]

    assert play(main) == (True, False, False, False)


def test_await_many_takes_its_monitors_back_in_the_order_of_the_tasks() -> None:
    async def main() -> list[int]:
        with trace() as recorded:
            tasks = [Task.async_(Process.sleep, 100) for _ in range(600)]
            with pytest.raises(Exit):
                await Task.await_many(tasks, timeout=1)
        return [event.other.number for event in recorded.filter(kind="demonitor") if event.other is not None]

    asked = play(main)
    assert len(asked) == 600
    assert asked == sorted(asked)


# ---- zip_input_on_exit and the other options of a stream ------------------------------------------


async def sleepy(item: int) -> int:
    if item == 2:
        await Process.sleep(60)
    return item


def exiting(item: int) -> int:
    if item == 2:
        raise Exit("boom")
    return item


@pytest.mark.parametrize("ordered", [True, False])
def test_a_bad_end_says_whose_it_was_with_zip_input_on_exit(ordered: bool) -> None:
    async def main() -> Any:
        Process.flag(trap_exit=True)
        slow = Task.async_stream([1, 2, 3], sleepy, timeout=1, on_timeout="kill_task", zip_input_on_exit=True,
                                 ordered=ordered)  # fmt: skip
        bad = Task.async_stream([1, 2, 3], exiting, zip_input_on_exit=True, ordered=ordered)
        sup = await Task.Supervisor.start_link()
        apart = Task.Supervisor.async_stream_nolink(sup, [1, 2, 3], exiting, zip_input_on_exit=True, ordered=ordered)
        return [[result async for result in stream] for stream in (slow, bad, apart)]

    for results, reason in zip(play(main), ("timeout", "boom", "boom"), strict=True):
        assert sorted(results, key=repr) == [Exited((2, reason)), Ok(1), Ok(3)]
        assert not ordered or results == [Ok(1), Exited((2, reason)), Ok(3)]


def test_a_stream_whose_time_out_exits_names_no_item() -> None:
    async def main() -> Any:
        with pytest.raises(Exit) as exit:
            async for _ in Task.async_stream([2], sleepy, timeout=1, zip_input_on_exit=True):
                pass
        return exit.value.reason

    assert play(main) == ("timeout", ("Task.Supervised", "stream", [1]))


async def later(done: int, total: int | None) -> None:
    pass


def yielding(*args: Any) -> Any:
    yield args


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"max_concurrency": True}, "max_concurrency is a whole number from 1 up, got True"),
    ({"max_concurrency": float("nan")}, "max_concurrency is a whole number from 1 up, got nan"),
    ({"ordered": "no"}, "ordered is True or False, got 'no'"),
    ({"zip_input_on_exit": 1}, "zip_input_on_exit is True or False, got 1"),
    ({"timeout": float("nan")}, "a time-out is a number of seconds from 0 up, or INFINITY, got nan"),
    ({"timeout": "5"}, "a time-out is a number of seconds"),
    ({"progress": later}, "a stream's progress is called at once and cannot wait, but later is an async def"),
    ({"progress": yielding}, "a stream's progress is called at once, but yielding has a yield"),
    ({"progress": 5}, "a stream's progress must be a function, got 5"),
    ({"items": 5}, "a stream's items are a list or another iterable, got 5"),
    ({"function": yielding}, "yielding has a yield"),
    ({"function": None}, "a stream needs a function after the items"),
]


@pytest.mark.parametrize(("option", "said"), WRONG, ids=lambda each: stable(each)[:40])
def test_an_option_of_a_stream_that_is_wrong_is_refused_at_once(option: dict[str, Any], said: str) -> None:
    async def main() -> None:
        given = {"items": [1], "function": pow, **option}
        Task.async_stream(given.pop("items"), given.pop("function"), **given)

    with pytest.raises(BadArg, match=re.escape(said)):
        play(main)


@pytest.mark.parametrize("arguments", [(), ([1],), ([1], pow, "one too many")])
def test_a_stream_that_was_never_made_leaves_without_an_error(arguments: Any) -> None:
    with pytest.raises(TypeError):
        TaskStream(*arguments, no_such_option=True)
    gc.collect()  # an error out of __del__ would fail the test


@pytest.mark.parametrize("start", [Task.async_, Task.start, Task.start_link, spawn, spawn_link, spawn_monitor])
def test_a_generator_function_is_no_work(start: Any) -> None:
    async def generating() -> Any:
        yield 1

    async def main() -> None:
        for function in (yielding, generating):
            with pytest.raises(BadArg, match=r"\w+ has a yield: calling it only makes a generator"):
                started = start(function)
                if isinstance(started, Coroutine):
                    await started

    play(main)


def test_awaiting_a_task_that_was_not_awaited_says_so() -> None:
    async def main() -> None:
        sup = await Task.Supervisor.start_link()
        starting = Task.Supervisor.async_(sup, pow, 2, 3)
        try:
            await Task.await_(starting)  # type: ignore[arg-type]
        finally:
            starting.close()

    with pytest.raises(BadArg, match=r"async_\(\.\.\.\) was called but not awaited"):
        play(main)


def a_coroutine() -> Any:
    """What is there where an `await` was forgotten; closed, for nobody is going to run it."""
    coroutine = after(1)
    coroutine.close()
    return coroutine


@pytest.mark.parametrize("start", [Task.Supervisor.start_child, Task.Supervisor.async_, Task.Supervisor.async_nolink])
def test_a_supervisor_of_tasks_refuses_a_coroutine_and_says_how_the_work_is_given(start: Any) -> None:
    async def main() -> None:
        await start(await Task.Supervisor.start_link(), a_coroutine())

    with pytest.raises(BadArg, match=r"a task needs a function.* Write its name without calling it"):
        play(main)


@pytest.mark.parametrize("function", [Task.await_many, Task.yield_many])
@pytest.mark.parametrize("make", [lambda: 5, lambda: None, lambda: Task.completed(1), a_coroutine])
def test_what_is_no_list_of_tasks_is_refused_with_a_sentence(function: Any, make: Any) -> None:
    async def main() -> None:
        await function(make())

    with pytest.raises(BadArg, match=r"expected a list of what Task.async_ answered, got .*Task.await_"):
        play(main)

"""What supervisors share: a child costs the same among many as among few, and the budget.

The cost is counted in steps of the interpreter, not in seconds: it is the same in every run.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import otp_mini
from otp_mini import (
    DynamicSupervisor,
    Exit,
    Exited,
    GenServer,
    Node,
    Pid,
    Process,
    Supervisor,
    Task,
    child_spec,
    current_node,
    send,
)

SOME = 20
COUNTED = {Path(__file__).name, *(path.name for path in Path(otp_mini.__file__).parent.glob("*.py"))}
# The machine's pace says how many slices the node's loop runs, and whether a long turn is reported.
COUNTED -= {"host.py", "node.py", "reports.py", "errors.py"}


def steps_of(main: Callable[[int], Any], count: int) -> int:
    """How many instructions of Python run while ``main(count)`` does."""
    steps = 0

    def count_steps(frame: Any, event: str, _: Any) -> Any:
        nonlocal steps
        if frame.f_code.co_filename.rpartition("/")[2] not in COUNTED:
            return None
        frame.f_trace_lines, frame.f_trace_opcodes = False, True
        steps += event == "opcode"
        return count_steps

    with Node(clock="virtual") as node:
        before = sys.gettrace()
        sys.settrace(count_steps)
        try:
            node.run(main, count)
        finally:
            sys.settrace(before)
    return steps


def steps_of_a_pair(main: Callable[[int], Any]) -> float:
    """How many instructions each child costs for each other child: none where the cost does not grow.

    A cost of ``a + b * n + c * n * n`` steps has the second difference ``2 * c * SOME * SOME``.
    """
    steps_of(main, 5)  # what Python does once, it has done
    one, two, three = (steps_of(main, times * SOME) for times in (1, 2, 3))
    return (three - 2 * two + one) / (2 * SOME * SOME)


def many(count: int, **spec: Any) -> list[Any]:
    return [child_spec(GenServer, id=number, **spec) for number in range(count)]


async def start(children: Any, **options: Any) -> Pid:
    Process.flag(trap_exit=True)
    sup = await Supervisor.start_link(children, **{"strategy": "one_for_one", "max_restarts": 10**6, **options})
    assert sup is not None
    return sup


async def first(sup: Pid) -> Pid:
    pid = (await Supervisor.which_children(sup))[-1].pid
    assert isinstance(pid, Pid)
    return pid


async def start_child(count: int) -> None:
    sup = await start([])
    for spec in many(count):
        await Supervisor.start_child(sup, spec)


async def ask_for_each(count: int) -> None:
    sup = await start(many(count))
    for id in range(count):
        await Supervisor.terminate_child(sup, id)
        await Supervisor.restart_child(sup, id)
        await Supervisor.terminate_child(sup, id)
        await Supervisor.delete_child(sup, id)


async def many_temporary_children_end(count: int) -> None:
    sup = await start(many(count, restart="temporary"))
    for row in await Supervisor.which_children(sup):
        Process.exit(row.pid, "kill")  # type: ignore[arg-type]
    await Process.sleep(1)
    assert (await Supervisor.count_children(sup)).specs == 0


async def many_significant_children_end(count: int) -> None:
    sup = await start(many(count, restart="transient", significant=True), auto_shutdown="all_significant")
    for row in reversed(await Supervisor.which_children(sup)):
        await GenServer.stop(row.pid)
    await Process.sleep(1)
    assert not Process.alive(sup)


async def one_for_all(count: int) -> None:
    sup = await start(many(count), strategy="one_for_all")
    for _ in range(3):
        Process.exit(await first(sup), "kill")
        await Process.sleep(1)
    assert (await Supervisor.count_children(sup)).active == count


async def one_for_all_of_temporary_children(count: int) -> None:
    sup = await start([child_spec(GenServer, id="first"), *many(count, restart="temporary")], strategy="one_for_all")
    Process.exit(await first(sup), "kill")
    await Process.sleep(1)
    assert await Supervisor.count_children(sup) == (1, 1, 0, 1)


async def all_of_one_for_all_die_at_once(count: int) -> None:
    sup = await start(many(count), strategy="one_for_all")
    for row in reversed(await Supervisor.which_children(sup)):
        Process.exit(row.pid, "kill")  # type: ignore[arg-type]
    await Process.sleep(1)
    assert (await Supervisor.count_children(sup)).active == count


async def rest_for_one_at_its_end(count: int) -> None:
    sup = await start(many(count), strategy="rest_for_one")
    last: Any = (await Supervisor.which_children(sup))[0].pid
    for _ in range(count):
        Process.exit(last, "kill")
        await Process.sleep(1)
        last = next(reversed(current_node().processes()))


async def one_for_one(count: int) -> None:
    sup = await start(many(count))
    for row in await Supervisor.which_children(sup):
        Process.exit(row.pid, "kill")  # type: ignore[arg-type]
    await Process.sleep(1)
    await Supervisor.stop(sup)


async def stop_with_letters_that_nobody_reads(count: int) -> None:
    sup = await start(many(count))
    for number in range(count):
        send(sup, number)
    Process.exit(sup, "shutdown")
    await Process.sleep(1)


async def children_that_ignore(count: int) -> None:
    sup = await start(many(count))
    for number in range(count):
        await Supervisor.start_child(sup, child_spec((Task, nothing), id=str(number)).override(start=(nothing, [])))


async def nothing() -> None:
    """Starts no process."""


async def dynamic_children(count: int) -> None:
    sup = await DynamicSupervisor.start_link(max_restarts=10**6)
    pids: list[Any] = [await DynamicSupervisor.start_child(sup, GenServer) for _ in range(count)]
    for pid in pids[::2]:
        await DynamicSupervisor.terminate_child(sup, pid)
    for pid in pids[1::2]:
        Process.exit(pid, "kill")
    await Process.sleep(1)


async def dynamic_stop_with_many_times(count: int) -> None:
    sup = await DynamicSupervisor.start_link()
    for number in range(count):
        await DynamicSupervisor.start_child(sup, child_spec(GenServer, shutdown=5.0 + number % 7))
    await DynamicSupervisor.stop(sup)


async def dynamic_children_die_at_once_and_it_gives_up(count: int) -> None:
    Process.flag(trap_exit=True)
    sup = await DynamicSupervisor.start_link()
    pids: list[Any] = [await DynamicSupervisor.start_child(sup, GenServer) for _ in range(count)]
    for pid in reversed(pids):
        Process.exit(pid, "kill")
    await Process.sleep(1)
    assert not Process.alive(sup)  # type: ignore[arg-type]


SCENARIOS = [
    start_child, ask_for_each, many_temporary_children_end, many_significant_children_end, one_for_all,
    one_for_all_of_temporary_children, all_of_one_for_all_die_at_once, rest_for_one_at_its_end, one_for_one,
    stop_with_letters_that_nobody_reads, children_that_ignore, dynamic_children, dynamic_stop_with_many_times,
    dynamic_children_die_at_once_and_it_gives_up,
]  # fmt: skip


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda each: each.__name__)
def test_a_child_among_many_costs_what_it_costs_among_few(scenario: Any) -> None:
    assert steps_of_a_pair(scenario) < 1


def test_a_cost_that_grows_is_found() -> None:
    """The same measure of a supervisor that looks through all its children for each."""

    async def look_through(count: int) -> None:
        children = list(range(count))
        await start_child(count)
        for id in range(count):
            next(each for each in children if each == id)

    assert steps_of_a_pair(look_through) > 2


# ---- a deadline that is over -------------------------------------------------------------------


class Hurrying:
    """A real clock on a busy machine: between any two looks at it some time has passed."""

    virtual = False

    def __init__(self) -> None:
        self.time = 0.0

    def now(self) -> float:
        self.time += 0.001
        return self.time


async def over_one(seconds: float) -> Pid:
    """A supervisor whose child has so long to end."""
    return await Supervisor.start_link([child_spec((GenServer, 0), shutdown=seconds)], strategy="one_for_one")


async def stop_one(seconds: float) -> Any:
    return await Supervisor.stop(await over_one(seconds))


async def terminate_one(seconds: float) -> Any:
    sup = await over_one(seconds)
    return await Supervisor.terminate_child(sup, GenServer), Process.alive(sup)


async def stop_dynamic(seconds: float) -> Any:
    sup = await DynamicSupervisor.start_link()
    await DynamicSupervisor.start_child(sup, child_spec((GenServer, 0), shutdown=seconds))
    return await DynamicSupervisor.stop(sup)


async def terminate_dynamic(seconds: float) -> Any:
    sup = await DynamicSupervisor.start_link()
    child = await DynamicSupervisor.start_child(sup, child_spec((GenServer, 0), shutdown=seconds))
    return await DynamicSupervisor.terminate_child(sup, child), Process.alive(sup)


async def shut_down_a_task(seconds: float) -> Any:
    return await Task.shutdown(Task.async_(Process.sleep, None), seconds)


async def wait_for_tasks(seconds: float) -> Any:
    tasks = [Task.async_(Process.sleep, None) for _ in range(3)]
    yielded = [outcome for _, outcome in await Task.yield_many(tasks, seconds)]
    with pytest.raises(Exit, match="time"):
        await Task.await_many(tasks, seconds)
    with pytest.raises(Exit, match="time"):
        await GenServer.call(await GenServer.start(0), "hello", timeout=seconds)
    return yielded


async def stream(seconds: float) -> Any:
    late = Task.async_stream([1, 2, 3], lambda _: Process.sleep(None), timeout=seconds, on_timeout="kill_task")
    return [result async for result in late]


@pytest.mark.parametrize("seconds", [0, 1e-9, 0.0005])
@pytest.mark.parametrize(
    "work, answer",
    [
        (stop_one, "ok"),
        (terminate_one, ("ok", True)),
        (stop_dynamic, "ok"),
        (terminate_dynamic, ("ok", True)),
        (shut_down_a_task, None),
        (wait_for_tasks, [None] * 3),
        (stream, [Exited("timeout")] * 3),
    ],
)
def test_a_time_that_is_over_before_anybody_waits_is_no_error(work: Any, answer: Any, seconds: float) -> None:
    with Node(clock="real") as node:
        node.clock = Hurrying()  # type: ignore[assignment]
        assert node.run(work, seconds) == answer


class Unwalked(dict[Pid, Any]):
    """All processes of a node, of which nobody is to look for the newest: it may stand behind many gaps."""

    def __reversed__(self) -> Any:
        raise AssertionError("somebody walks back through all processes")


async def start_and_restart() -> Pid | None:
    static = await Supervisor.start_link([child_spec((GenServer, 0), id="first")], strategy="one_for_one")
    for sup, kind in ((static, Supervisor), (await DynamicSupervisor.start_link(), DynamicSupervisor)):
        child = await kind.start_child(sup, child_spec((GenServer, 0), id="second"))
        Process.exit(child, "kill")
        assert (await kind.count_children(sup)).active == (2 if kind is Supervisor else 1)
    return child


def test_a_start_that_answers_a_pid_looks_at_no_other_process() -> None:
    with Node(clock="virtual") as node:
        node.blocks = Unwalked()
        assert isinstance(node.run(start_and_restart), Pid)

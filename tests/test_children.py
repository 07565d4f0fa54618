"""What supervisors share: a child costs the same among many as among few, and the budget.

The cost is counted in executed lines of Python, not in seconds: it is the same in every run.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pytest

from otp_mini import DynamicSupervisor, GenServer, Node, Pid, Process, Supervisor, Task, child_spec, send

FEW, MANY = 250, 2000


def lines_of(main: Callable[[int], Any], count: int) -> int:
    """How many lines run while ``main(count)`` does."""
    lines = 0

    def count_lines(frame: Any, event: str, _: Any) -> Any:
        nonlocal lines
        lines += event == "line"
        return count_lines

    with Node(clock="virtual") as node:
        before = sys.gettrace()
        sys.settrace(count_lines)
        try:
            node.run(main, count)
        finally:
            sys.settrace(before)
    return lines


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
    for row in (await Supervisor.which_children(sup))[:50]:
        Process.exit(row.pid, "kill")  # type: ignore[arg-type]
        await Process.sleep(1)


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
    few, large = lines_of(scenario, FEW) / FEW, lines_of(scenario, MANY) / MANY
    assert large < 2 * few

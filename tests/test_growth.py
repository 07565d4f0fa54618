"""What is done for one process, message, timer, name, key or row costs the same however many there are."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from typing import Any

import pytest
from growth import FLAT, Cost, Steps, Work, growth, measured

from otp_mini import (
    ChildSpec,
    Down,
    DynamicSupervisor,
    ExitSignal,
    GenServer,
    Ok,
    Pid,
    Process,
    Registry,
    Reply,
    Supervisor,
    Task,
    ets,
    receive,
    self_,
    send,
    spawn,
)
from otp_mini.ets import ANY, END, Var

works: dict[str, Work] = {}


def work(function: Work) -> Work:
    """Name a piece of work to be held against eight times as much of it."""
    works[function.__name__.replace("_", " ")] = function
    return function


async def registry(keys: Any = "unique") -> str:
    await Registry.start_link(keys=keys, name="reg")
    return "reg"


async def idle(then: Callable[[], object]) -> Pid:
    """A process that has done something, and waits for ever."""
    boss = self_()

    async def live() -> None:
        send(boss, ("done", then()))
        await receive()

    pid = spawn(live)
    await receive(lambda message: isinstance(message, tuple) and message[0] == "done")
    return pid


# ---- processes and what stands between them --------------------------------------------------------


@work
async def one_more_server_is_started_and_stopped(n: int, cost: Cost) -> None:
    for _ in range(n):
        await Echo.start(None)
    with cost:
        for _ in range(n):
            pid = await Echo.start(None)
            assert pid is not None
            await GenServer.stop(pid)


class Echo(GenServer):
    def init(self, argument: object) -> Ok:
        return Ok(argument)

    def handle_call(self, request: object, from_: object, state: object) -> Reply:
        return Reply(request, state)


@work
async def children_of_a_dynamic_supervisor_come_and_go(n: int, cost: Cost) -> None:
    supervisor: Any = await DynamicSupervisor.start_link()
    with cost:
        children = [await DynamicSupervisor.start_child(supervisor, Echo) for _ in range(n)]
        for child in children:
            assert child is not None
            await DynamicSupervisor.terminate_child(supervisor, child)


@work
async def links_of_one_process_are_made_and_taken_off(n: int, cost: Cost) -> None:
    others = [await idle(lambda: None) for _ in range(n)]
    with cost:
        for other in others:
            Process.link(other)
        for other in others:
            Process.unlink(other)


@work
async def all_that_are_linked_to_one_process_die_one_by_one(n: int, cost: Cost) -> None:
    Process.flag(trap_exit=True)
    others = [await idle(lambda: None) for _ in range(n)]
    for other in others:
        Process.link(other)
    with cost:
        for other in others:
            Process.exit(other, "kill")
            await receive(ExitSignal)


@work
async def a_process_with_many_links_dies_and_all_hear_of_it(n: int, cost: Cost) -> None:
    others = [await idle(lambda: Process.flag(trap_exit=True)) for _ in range(n)]
    middle = await idle(lambda: [Process.link(other) for other in others])
    with cost:
        Process.exit(middle, "kill")
    assert all(map(Process.alive, others))


@work
async def monitors_on_one_process_are_made_and_taken_off(n: int, cost: Cost) -> None:
    other = await idle(lambda: None)
    with cost:
        refs = [Process.monitor(other) for _ in range(n)]
        for ref in refs:
            Process.demonitor(ref)


@work
async def all_monitors_of_a_process_that_dies_are_told(n: int, cost: Cost) -> None:
    other = await idle(lambda: None)
    for _ in range(n):
        Process.monitor(other)
    with cost:
        Process.exit(other, "kill")
        for _ in range(n):
            await receive(Down)


@work
async def timers_fire(n: int, cost: Cost) -> None:
    order = random.Random(1)
    with cost:
        for number in range(n):
            Process.send_after(self_(), number, order.random())
        for _ in range(n):
            await receive()


@work
async def timers_are_cancelled(n: int, cost: Cost) -> None:
    order = random.Random(1)
    with cost:
        timers = [Process.send_after(self_(), "late", 1 + order.random()) for _ in range(n)]
        for timer in timers:
            assert Process.cancel_timer(timer) is not None


@work
async def names_are_registered_found_and_given_up(n: int, cost: Cost) -> None:
    others = [await idle(lambda: None) for _ in range(n)]
    with cost:
        for number, other in enumerate(others):
            Process.register(other, number + 0.5)
        for number, other in enumerate(others):
            assert Process.whereis(number + 0.5) is other
            Process.unregister(number + 0.5)


@work
async def a_mailbox_is_emptied_from_the_front(n: int, cost: Cost) -> None:
    for number in range(n):
        send(self_(), number)
    with cost:
        for number in range(n):
            assert await receive() == number


@work
async def one_with_a_long_mailbox_calls_and_the_answer_is_the_last_message(n: int, cost: Cost) -> None:
    echo = await Echo.start_link(None)
    for number in range(n):
        send(self_(), number)
    with cost:
        for number in range(n):
            assert await GenServer.call(echo, number) == number


# ---- registries ----------------------------------------------------------------------------------


@work
async def keys_are_registered_looked_up_and_given_up(n: int, cost: Cost) -> None:
    reg = await registry()
    with cost:
        for key in range(n):
            Registry.register(reg, key)
        for key in range(n):
            assert len(Registry.lookup(reg, key)) == 1
        for key in range(n):
            Registry.unregister(reg, key)


@work
async def an_owner_of_many_unique_keys_dies(n: int, cost: Cost) -> None:
    reg = await registry()
    owner = await idle(lambda: [Registry.register(reg, key) for key in range(n)])
    with cost:
        Process.exit(owner, "kill")
    assert Registry.count(reg) == 0


@work
async def an_owner_of_one_key_many_times_dies(n: int, cost: Cost) -> None:
    reg = await registry("duplicate")
    owner = await idle(lambda: [Registry.register(reg, "key", value) for value in range(n)])
    with cost:
        Process.exit(owner, "kill")
    assert Registry.count(reg) == 0


@work
async def many_subscribers_of_one_key_die_one_by_one(n: int, cost: Cost) -> None:
    reg = await registry("duplicate")
    subscribers = [await idle(lambda: Registry.register(reg, "news")) for _ in range(n)]
    with cost:
        for subscriber in subscribers:
            Process.exit(subscriber, "kill")
            Registry.count(reg)
    assert Registry.lookup(reg, "news") == []


@work
async def one_of_many_subscribers_is_asked_about_and_leaves(n: int, cost: Cost) -> None:
    reg = await registry("duplicate")
    for _ in range(n):
        await idle(lambda: Registry.register(reg, "news"))
    with cost:
        for number in range(n):
            Registry.register(reg, "news", number)
            assert Registry.keys(reg, self_()) == ["news"]
            assert Registry.values(reg, "news", self_()) == [number]
            Registry.unregister(reg, "news")


@work
async def the_rest_of_a_topic_that_was_large_is_told(n: int, cost: Cost) -> None:
    reg = await registry("duplicate")
    for number in range(n):
        Registry.register(reg, "news", number)
    Registry.register(reg, "other")
    Registry.unregister_match(reg, "news", Var(1), lambda number: number < n - 1)
    with cost:
        for _ in range(n):
            assert len(Registry.lookup(reg, "news")) == 1
            assert len(Registry.select(reg)) == 2


@work
async def entries_are_counted_and_found_under_a_key_that_is_given(n: int, cost: Cost) -> None:
    reg = await registry()
    for key in range(n):
        Registry.register(reg, key, key)
    with cost:
        for key in range(n):
            assert Registry.count(reg) == n
            assert Registry.match(reg, key, Var(1)) == [(self_(), key)]
            assert Registry.count_select(reg, (key, ANY, ANY)) == 1
            assert Registry.select(reg, (key, ANY, Var(1)), body=lambda value: value) == [key]
            assert Registry.update_value(reg, key, lambda value: value) == (key, key)


@work
async def a_registry_with_many_members_ends(n: int, cost: Cost) -> None:
    reg = await registry("duplicate")
    pid = Process.whereis(reg)
    assert pid is not None
    Process.unlink(pid)
    members = [await idle(lambda: Registry.register(reg, "news")) for _ in range(n)]
    with cost:
        Process.exit(pid, "kill")
    assert not any(map(Process.alive, members))


# ---- tables --------------------------------------------------------------------------------------


def table_of(n: int, type: str = "set") -> Any:
    table = ets.new("t", type=type, access="public")
    ets.insert(table, [(number, number) for number in range(n)])
    return table


@pytest.mark.parametrize("type", ets.TYPES)
def test_a_walk_while_the_table_is_written(type: str) -> None:
    async def walk(n: int, cost: Cost) -> None:
        table = table_of(n, type)
        with cost:
            key = ets.first(table)
            for number in range(n - 1):
                ets.insert(table, (("new", number),))
                key = ets.next(table, key)
        assert key == n - 1

    assert growth(walk, 150) < FLAT


@pytest.mark.parametrize("type", ets.TYPES)
def test_rows_come_at_random_and_are_taken_from_the_front(type: str) -> None:
    async def fill_and_empty(n: int, cost: Cost) -> None:
        table = ets.new("t", type=type)
        keys = random.Random(1).sample(range(10 * n), n)
        with cost:
            for key in keys:
                ets.insert(table, (key,))
            for key in keys:
                assert ets.lookup(table, key) == [(key,)]
            while (key := ets.first(table)) != END:
                ets.delete(table, key)

    assert growth(fill_and_empty, 300) < FLAT


@pytest.mark.parametrize("type", ets.TYPES)
def test_a_queue_is_emptied_from_the_front(type: str) -> None:
    async def empty(n: int, cost: Cost) -> None:
        table = table_of(n, type)
        with cost:
            while (key := ets.first(table)) != END:
                ets.take(table, key)
                assert ets.last(table) is not None

    assert growth(empty, 300) < FLAT


@pytest.mark.parametrize("type", ets.TYPES)
def test_what_is_left_of_a_large_table_is_walked(type: str) -> None:
    async def walk(n: int, cost: Cost) -> None:
        table = table_of(n, type)
        assert ets.select_delete(table, (Var(1), ANY), lambda key: 0 < key < n - 1) == n - 2
        with cost:
            for _ in range(n):
                assert ets.next(table, 0) == n - 1
                assert len(ets.tab2list(table)) == 2

    assert growth(walk, 300) < FLAT


@work
async def keys_of_an_ordered_set_come_and_go_everywhere(n: int, cost: Cost) -> None:
    table = table_of(n, "ordered_set")
    with cost:
        for number in range(n):
            key = number * 7919 % n + 0.5
            ets.insert(table, (key,))
            assert ets.prev(table, key) == key - 0.5
            ets.delete(table, key)


@pytest.mark.parametrize("step", [1, -1, 617])
def test_an_ordered_set_is_filled_in_any_order(step: int) -> None:
    async def fill(n: int, cost: Cost) -> None:
        table = ets.new("t", type="ordered_set")
        with cost:
            for number in range(n):
                ets.insert(table, (number * step % n, number))
        assert ets.info(table, "size") == n and ets.last(table) == n - 1

    assert growth(fill, 1000) < FLAT  # eight times as many are in several blocks of keys


@work
async def rows_are_matched_under_a_key_that_is_given(n: int, cost: Cost) -> None:
    table = table_of(n)
    ets.insert(table, [((number, "pair"), number) for number in range(n)])
    with cost:
        for number in range(n):
            assert ets.match(table, (number, Var(1))) == [[number]]
            assert ets.select(table, ((number, "pair"), Var(1)), lambda value: True, lambda value: value) == [number]
            assert ets.select_count(table, (number, ANY)) == 1
            assert ets.match_object(table, ((number, "pair"), ANY)) == [((number, "pair"), number)]


@pytest.mark.parametrize("delete", [ets.select_delete, ets.match_delete])
def test_many_rows_of_one_key_are_deleted(delete: Callable[..., object]) -> None:
    async def deleting(n: int, cost: Cost) -> None:
        table = ets.new("t", type="duplicate_bag")
        ets.insert(table, [("key", number) for number in range(n)])
        with cost:
            delete(table, (ANY, Var(1)))
        assert ets.info(table, "size") == 0

    assert growth(deleting, 300) < FLAT


@pytest.mark.parametrize("measure", [Cost, Steps])
@pytest.mark.parametrize("together", [False, True])
def test_many_rows_come_under_one_key_of_a_bag(measure: type[Cost], together: bool) -> None:
    async def inserting(n: int, cost: Cost) -> None:
        table = ets.new("t", type="bag")
        rows = [("key", number // 2, ["a", {"b": number // 2}]) for number in range(n)]
        with cost:
            for part in [rows] if together else [[row] for row in rows]:
                ets.insert(table, part)
        assert ets.info(table, "size") == n // 2

    assert growth(inserting, 100, measure) < FLAT


@work
async def an_owner_of_many_tables_dies(n: int, cost: Cost) -> None:
    owner = await idle(lambda: [ets.new("t") for _ in range(n)])
    with cost:
        Process.exit(owner, "kill")
    assert len(ets.new("mine").node.tables["ets"]) == 1


@work
async def many_tables_are_inherited_given_away_and_deleted(n: int, cost: Cost) -> None:
    heir, other = self_(), await idle(lambda: None)
    owner = await idle(lambda: [ets.new("t", heir=(heir, "yours")) for _ in range(n)])
    with cost:
        Process.exit(owner, "kill")
        tables = [(await receive(ets.EtsTransfer)).table for _ in range(n)]
        for table in reversed(tables[: n // 2]):
            ets.give_away(table, other, "yours now")
        for table in reversed(tables[n // 2 :]):
            ets.delete(table)


# ---- supervisors and tasks -----------------------------------------------------------------------


def child(number: int) -> ChildSpec:
    return ChildSpec(id=number, start=(GenServer.start_link, (number,)))


async def supervisor(n: int, strategy: Any = "one_for_one") -> tuple[Any, list[Any]]:
    """A supervisor of many, and their pids."""
    sup = await Supervisor.start_link(map(child, range(n)), strategy=strategy, max_restarts=10 * n)
    return sup, [row.pid for row in await Supervisor.which_children(sup)]


@work
async def a_supervisor_starts_with_many_children_and_stops(n: int, cost: Cost) -> None:
    with cost:
        sup, _ = await supervisor(n)
        await Supervisor.stop(sup)


@work
async def many_children_are_added_to_a_supervisor_and_taken_away(n: int, cost: Cost) -> None:
    sup, _ = await supervisor(0)
    with cost:
        for number in range(n):
            await Supervisor.start_child(sup, child(number))
        for number in range(n):
            await Supervisor.terminate_child(sup, number)
            await Supervisor.delete_child(sup, number)


@work
async def many_children_come_and_go_under_a_dynamic_supervisor(n: int, cost: Cost) -> None:
    sup = await DynamicSupervisor.start_link()
    with cost:
        pids = [await DynamicSupervisor.start_child(sup, child(number)) for number in range(n)]
        for pid in pids:
            await DynamicSupervisor.terminate_child(sup, pid)


@work
async def each_of_many_children_dies_and_comes_back(n: int, cost: Cost) -> None:
    sup, pids = await supervisor(n)
    with cost:
        for pid in pids:
            Process.exit(pid, "kill")
            await Process.sleep(0.01)
    assert (await Supervisor.count_children(sup)).active == n


@pytest.mark.parametrize("dying", [slice(1), slice(None)])
@pytest.mark.parametrize("strategy", ["one_for_one", "rest_for_one", "one_for_all"])
def test_a_group_of_many_dies_and_comes_back(strategy: str, dying: slice) -> None:
    async def restart(n: int, cost: Cost) -> None:
        sup, pids = await supervisor(n, strategy)
        with cost:
            for pid in pids[::-1][dying]:
                Process.exit(pid, "kill")
            if strategy == "one_for_one":
                await Process.sleep(0.01 * n)
            assert (await Supervisor.count_children(sup)).active == n

    assert growth(restart, 100) < FLAT


@work
async def many_tasks_are_awaited_in_the_order_of_their_start(n: int, cost: Cost) -> None:
    with cost:
        tasks = [Task.async_(abs, number) for number in range(n)]
        assert [await Task.await_(task) for task in tasks] == [*range(n)]


@work
async def many_items_go_through_a_stream(n: int, cost: Cost) -> None:
    with cost:
        assert [result.value async for result in Task.async_stream(range(n), abs)] == [*range(n)]
        assert [result.value async for result in Task.async_stream(range(n), abs, max_concurrency=n)] == [*range(n)]


@pytest.mark.parametrize("piece", works.values(), ids=works)
def test_a_piece_costs_the_same_where_there_is_eight_times_as_much(piece: Work) -> None:
    assert growth(piece, 120) < FLAT


# ---- the measure itself --------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("measure", [Cost, Steps])
def test_what_goes_through_all_the_others_is_found(measure: type[Cost]) -> None:
    async def quadratic(n: int, cost: Cost) -> None:
        def search(wanted: int) -> int:
            return sum(number == wanted for number in range(n))

        with cost:
            for number in range(n):
                search(number)

    assert growth(quadratic, 40, measure) > 1.5 * FLAT


@pytest.mark.slow
def test_what_is_done_inside_of_c_is_found_too() -> None:
    async def quadratic(n: int, cost: Cost) -> None:
        numbers = [*range(n)]
        with cost:
            for number in range(n):
                numbers.index(number)

    assert growth(quadratic, 200) > 1.5 * FLAT


def test_steps_are_the_same_in_every_run() -> None:
    async def work(n: int, cost: Cost) -> None:
        table = table_of(n)
        with cost:
            for number in range(n):
                ets.lookup(table, number)

    assert measured(work, 20, Steps()) == measured(work, 20, Steps()) > 20


def test_a_work_that_measures_nothing_is_refused() -> None:
    async def work(n: int, cost: Cost) -> None:
        await asyncio.sleep(0)

    with pytest.raises(AssertionError, match="nothing was measured"):
        growth(work, 1)

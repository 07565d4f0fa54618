"""Share nothing, by every way that a term can go: no two processes ever reach one changeable object.

Each *way* below is a little program in which processes give each other a term. Whatever one of them can
reach, it holds: `hold` notes it under the pid of whoever runs. Afterwards no two of them hold one thing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given, settings
from sharing import Box, Picky, changeable, shared

from otp_mini import (
    Agent,
    AlreadyStarted,
    Application,
    ChildError,
    ChildSpec,
    Continue,
    Down,
    DynamicSupervisor,
    Exit,
    ExitSignal,
    GenServer,
    Node,
    NoReply,
    Ok,
    PartitionSupervisor,
    Pid,
    Process,
    Registry,
    Reply,
    StartError,
    Stop,
    Supervisor,
    Task,
    TaskSupervisor,
    Via,
    child_spec,
    ets,
    in_thread,
    receive,
    self_,
    send,
    spawn,
    spawn_link,
    spawn_monitor,
    sys_,
    trace,
)

LAW = settings(derandomize=True, deadline=None, database=None, max_examples=25)  # the same examples in every run

Way = Callable[[Any], Awaitable[None]]
ways: list[Way] = []
held: dict[Any, list[Any]] = {}


def way(program: Way) -> Way:
    ways.append(program)
    return program


def hold(*terms: Any) -> Any:
    """Note what the running process can reach; answers the first of it."""
    held.setdefault(self_(), []).extend(terms)
    return terms[0]


async def holder(*terms: Any) -> None:
    """A process that holds what it was started with, and whatever it is sent."""
    hold(terms)
    while True:
        hold(await receive())


class Keeper(GenServer):
    """A server that holds all that it is given and keeps the last of it, which it answers to everybody."""

    def init(self, argument: Any) -> Any:
        return Ok(hold(argument), Continue("begun"))

    def handle_continue(self, argument: Any, state: Any) -> Any:
        return NoReply(hold(state))

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        hold(request, state)
        match request:
            case ("stop", reason):
                return Stop(hold(reason), state, hold(state))
            case ("exit", reason):
                raise Exit(hold(reason))
            case ("later", _):
                GenServer.reply(from_, state)
                return NoReply(state)
        return Reply(state, state)

    def handle_cast(self, request: Any, state: Any) -> Any:
        return NoReply(hold(request))

    def handle_info(self, message: Any, state: Any) -> Any:
        return NoReply(hold(message))

    def terminate(self, reason: object, state: Any) -> None:
        hold(reason, state)


async def exits(awaitable: Awaitable[Any]) -> None:
    """Hold the reason that a call exits with."""
    with pytest.raises(Exit) as caught:
        await awaitable
    hold(caught.value.reason)


async def leaves(reason: Any) -> None:
    await Process.sleep(1)
    raise Exit(hold(reason))


async def crashes(*terms: Any) -> None:
    await Process.sleep(1)
    raise ValueError(*hold(terms))


def gives(term: Any) -> Any:
    return hold(term)


# ---- processes and messages ----------------------------------------------------------------------


@way
async def spawning(term: Any) -> None:
    for start in (spawn, spawn_link, spawn_monitor):
        start(holder, term)  # type: ignore[operator]
    spawn(partial(holder, term))
    spawn(Box(term).__repr__)


@way
async def sending(term: Any) -> None:
    Process.register(spawn(holder), "named")
    await Registry.start_link(keys="unique", name="rooms")
    await Keeper.start_link(None, name=Via("rooms", "lobby"))
    for to in ("named", spawn(holder), Via("rooms", "lobby")):
        send(to, term)
        hold(send(to, (1, term)))


@way
async def timers(term: Any) -> None:
    for to in (spawn(holder), spawn(holder), await Keeper.start_link(None)):
        Process.send_after(to, term, 0.5)  # type: ignore[arg-type]


@way
async def forwarding(term: Any) -> None:
    async def relay(to: Pid) -> None:
        send(to, hold(await receive()))
        await holder()

    send(spawn(relay, spawn(holder)), term)


@way
async def exit_signals(term: Any) -> None:
    async def trapper() -> None:
        Process.flag(trap_exit=True)
        await holder()

    async def linked(to: Pid) -> None:
        Process.link(to)
        await receive()

    first, second = spawn(trapper), spawn(trapper)
    victim = spawn(linked, first)
    await Process.sleep(0.1)
    for _ in range(2):
        Process.monitor(victim)
    Process.exit(first, term)
    Process.exit(second, term)
    Process.exit(victim, term)
    await Process.sleep(0.1)
    for _ in range(2):
        hold(await receive(Down))


@way
async def deaths(term: Any) -> None:
    Process.flag(trap_exit=True)
    for dies in (leaves, crashes):
        pid = spawn_link(dies, term)
        watchers = [spawn(lambda pid: (Process.monitor(pid), holder())[1], pid) for _ in range(2)]
        Process.monitor(pid)
        hold(await receive(Down), await receive(ExitSignal))
        assert all(map(Process.alive, watchers))


@way
async def threads(term: Any) -> None:
    async def work(fails: bool) -> None:
        def job(inside: Any) -> Any:
            if fails:
                raise Picky("no", [kept, inside])
            return [kept, inside]

        kept = hold(await receive())
        try:
            hold(await in_thread(job, kept))
        except Picky as error:
            hold(error)

    for fails in (False, True):
        send(spawn(work, fails), term)


@way
async def tracing(term: Any) -> None:
    keeper = await Keeper.start_link(None)
    with trace() as recorded:
        send(keeper, term)
        await GenServer.call(keeper, term)
        spawn(leaves, term)
        await Process.sleep(2)
    hold([event.term for event in recorded])


# ---- servers -------------------------------------------------------------------------------------


@way
async def serving(term: Any) -> None:
    for start in (Keeper.start_link, Keeper.start):
        server = await start(term)
        hold(await GenServer.call(server, term), await GenServer.call(server, ("later", term)))
        GenServer.cast(server, term)
        hold(await GenServer.call(server, None))
        send(server, term)
        hold(await GenServer.call(server, None))


@way
async def stopping(term: Any) -> None:
    Process.flag(trap_exit=True)
    for request in ("stop", "exit"):
        server = await Keeper.start_link(term)
        Process.monitor(server)
        waiting = Task.async_(lambda server: exits(GenServer.call(server, None)), server)
        if request == "stop":
            hold(await GenServer.call(server, ("stop", term)))
        else:
            await exits(GenServer.call(server, ("exit", term)))
        hold(await receive(Down), await receive(ExitSignal))
        await Task.await_(waiting)
    server = await Keeper.start_link(term)
    await GenServer.stop(server, ("shutdown", term))
    hold(await receive(ExitSignal))


@way
async def failing_starts(term: Any) -> None:
    class Refuses(Keeper):
        def init(self, argument: Any) -> Any:
            how, what = hold(argument)
            if how == "raise":
                raise Picky("no", what)
            return Stop(what) if how == "stop" else what

    Process.flag(trap_exit=True)
    for how in ("stop", "raise", "return"):
        with pytest.raises(StartError) as caught:
            await Refuses.start_link((how, term))
        hold(caught.value.reason, await receive(ExitSignal))


@way
async def looking_inside(term: Any) -> None:
    server = await Keeper.start_link(term)
    hold(await sys_.get_state(server), await sys_.get_status(server))
    hold(await sys_.replace_state(server, lambda state: [term, hold(state)]))
    hold(await GenServer.call(server, None))

    def fails(state: Any) -> Any:
        raise Picky("no", [term, hold(state)])

    with pytest.raises(Picky) as caught:
        await sys_.replace_state(server, fails)
    hold(caught.value)


class Label:
    """A name that is equal to its copies, and can be changed."""

    def __init__(self, text: str, term: Any) -> None:
        self.text, self.term = text, term

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Label) and self.text == other.text

    def __hash__(self) -> int:
        return hash(self.text)


@way
async def names(term: Any) -> None:
    async def looker() -> None:
        hold(Process.registered(), *map(Process.info, Process.list()))
        await holder()

    async def registers(name: Any) -> None:
        Process.register(self_(), hold(name))
        await holder()

    server = await Keeper.start_link(None, name=hold(Label("one", term)))
    spawn(registers, Label("two", term))
    Process.register(spawn(holder), hold(Label("three", term)))
    await Process.sleep(0)
    spawn(looker)
    Process.monitor(Label("one", term))
    hold(Process.registered(), await sys_.get_status(server), Process.info(server))
    await GenServer.stop(server)
    hold(await receive(Down))


# ---- agents and tasks ----------------------------------------------------------------------------


@way
async def agents(term: Any) -> None:
    def both(state: Any, more: Any = None) -> Any:
        return [hold(state), hold(more), term]

    agent = await Agent.start_link(lambda more: [term, more], term)
    hold(await Agent.get(agent, both, term))
    await Agent.update(agent, both, term)
    hold(await Agent.get_and_update(agent, lambda state: (both(state), both(state))))
    Agent.cast(agent, both, term)
    hold(await Agent.get(agent, both), await sys_.get_state(agent))
    Process.flag(trap_exit=True)
    await Agent.stop(agent, ("shutdown", term))
    hold(await receive(ExitSignal))


@way
async def tasks(term: Any) -> None:
    Process.flag(trap_exit=True)
    sup = await TaskSupervisor.start_link()
    started = [Task.async_(gives, term), await TaskSupervisor.async_nolink(sup, gives, term)]
    hold(await Task.await_many(started))
    hold(await Task.await_(Task.async_(gives, term)), await Task.yield_(Task.async_(gives, term)))
    hold(await Task.yield_many([Task.async_(gives, term)]), await Task.await_(Task.completed(term)))
    await exits(Task.await_(Task.async_(crashes, term)))
    hold(await Task.yield_(Task.async_(leaves, term)))
    late = Task.async_(gives, term)
    await Process.sleep(1)
    hold(await Task.shutdown(late))
    await TaskSupervisor.start_child(sup, holder, term)
    Task.start(holder, term)
    hold(await Task.start_link(holder, term))


@way
async def streams(term: Any) -> None:
    Process.flag(trap_exit=True)
    sup = await TaskSupervisor.start_link()
    for stream in (
        Task.async_stream([term, term], lambda item, more: hold([item, more]), term),
        TaskSupervisor.async_stream_nolink(sup, [term, term], crashes, term),
    ):
        hold([result async for result in stream])


# ---- supervisors ---------------------------------------------------------------------------------


@way
async def supervising(term: Any) -> None:
    Process.flag(trap_exit=True)
    children = [child_spec((Keeper, term), id=("a", 1)), ChildSpec(Label("b", term), (Keeper.start_link, (term,)))]
    sup = await Supervisor.start_link(children, strategy="one_for_all")
    hold(rows := await Supervisor.which_children(sup), await sys_.get_state(sup))
    Process.exit(rows[0].pid, "kill")  # type: ignore[arg-type]
    await Supervisor.start_child(sup, child_spec((Keeper, term), id="c"))
    hold(await Supervisor.which_children(sup))
    with pytest.raises(ChildError) as caught:
        await Supervisor.start_child(sup, ChildSpec("d", (crashes, (term,))))
    hold(caught.value.reason)
    await GenServer.stop(sup, ("shutdown", term))
    hold(await receive(ExitSignal))


@way
async def supervising_dynamically(term: Any) -> None:
    async def start(*terms: Any) -> Any:
        return await Keeper.start_link(hold(terms))

    sup = await DynamicSupervisor.start_link(extra_arguments=(term,))
    await DynamicSupervisor.start_child(sup, ChildSpec("x", (start, (term,))))
    await DynamicSupervisor.start_child(sup, ChildSpec("x", (start, (term,))))
    hold(await DynamicSupervisor.which_children(sup), await sys_.get_state(sup))
    with pytest.raises(ChildError) as caught:
        await DynamicSupervisor.start_child(sup, ChildSpec("x", (crashes, (term,))))
    hold(caught.value.reason)
    await PartitionSupervisor.start_link((Keeper, term), name="parts", partitions=2)


@way
async def applications(term: Any) -> None:
    class Shop(Application):
        async def start(self, type: str, args: Any) -> Any:
            return await Supervisor.start_link([(Keeper, hold(args))], strategy="one_for_one")

        def stop(self, state: Any) -> None:
            hold(state)

    class Closed(Application):
        async def start(self, type: str, args: Any) -> Any:
            return hold(args)

    await Shop.start_application([term])
    await Shop.stop_application()
    with pytest.raises(StartError) as caught:
        await Closed.start_application([term])
    hold(caught.value.reason)


# ---- registries and tables -----------------------------------------------------------------------


@way
async def registries(term: Any) -> None:
    for keys in ("unique", "duplicate"):
        await Registry.start_link(keys=keys, name=keys)  # type: ignore[arg-type]

    async def registers(key: Any, value: Any) -> None:
        for keys in ("unique", "duplicate"):
            Registry.register(keys, hold(key), hold(value))
        hold(Registry.update_value("unique", key, lambda old: [hold(old), term]))
        await looks(key)

    async def looks(key: Any) -> None:
        me = hold([key]) and self_()
        for keys in ("unique", "duplicate"):
            hold(Registry.lookup(keys, key), Registry.match(keys, key, ets.ANY), Registry.match(keys, key, ets.Var(1)))
            hold(Registry.select(keys), *(Registry.keys(keys, pid) for pid in Process.list()))
            hold(Registry.values(keys, key, me), Registry.meta(keys, key))
            Registry.dispatch(keys, key, hold)
            Registry.put_meta(keys, key, term)
        await holder()

    key = ["key", [1]]
    spawn(registers, key, term)
    await Process.sleep(0)
    spawn(looks, key)
    spawn(looks, key)
    for keys in ("unique", "duplicate"):
        hold(Registry.put_meta(keys, key, term), Registry.meta(keys, key), Registry.lookup(keys, key))
        hold(Registry.select(keys), await sys_.get_state(keys))


@way
async def addresses(term: Any) -> None:
    await Registry.start_link(keys="unique", name="rooms")
    via = hold(Via("rooms", ["lobby", [1]], term))
    server = await Keeper.start_link(term, name=via)
    send(spawn(holder, via), via)
    GenServer.cast(via, via)
    hold(await GenServer.call(via, None), Registry.lookup("rooms", ["lobby", [1]]))
    with pytest.raises(AlreadyStarted):
        await Keeper.start_link(term, name=via)
    assert GenServer.whereis(via) is server


@way
async def tables(term: Any) -> None:
    async def writes(table: Any, key: Any, value: Any) -> None:
        row = hold((key, value, 0))
        ets.insert(table, row)
        ets.insert(table, [row, row])
        ets.insert_new(table, [(["other"], hold(value), 0)])
        hold(ets.update_element if ets.info(table, "type") == "bag" else ets.update_element(table, key, (1, value)))
        if ets.info(table, "type") != "bag":
            ets.update_counter(table, ["third"], (2, 1), hold((key, value, 0)))
        await reads(table, key)

    async def reads(table: Any, key: Any) -> None:
        hold(ets.lookup(table, key), ets.lookup_element(table, key, 1), ets.tab2list(table))
        hold(ets.match(table, (ets.Var(1), ets.Var(2), ets.ANY)), ets.match_object(table, ets.ANY))
        ets.select(table, (ets.Var(1), ets.Var(2), ets.ANY), lambda *terms: hold(terms) is not None, hold)
        hold(ets.select(table, ets.ANY), ets.foldl(lambda row, so_far: [hold(row), *so_far], [], table))
        hold(ets.first(table), ets.last(table), ets.next(table, key), ets.prev(table, key), ets.info(table))
        await holder()

    key = ["key", [1]]
    for kind in ("set", "ordered_set", "bag"):
        table = ets.new("t", type=kind, access="public")
        spawn(writes, table, key, term)
        await Process.sleep(0)
        spawn(reads, table, key)
        await Process.sleep(0)
        hold(ets.take(table, key))


@way
async def tables_that_change_hands(term: Any) -> None:
    async def owner(to: Pid, data: Any) -> None:
        table = ets.new("t", heir=(to, hold(data)))
        ets.insert(table, (1, data))
        ets.give_away(ets.new("u"), to, data)
        ets.setopts(table, heir=(to, data))
        hold(ets.lookup(table, 1))

    heir = spawn(holder)
    spawn(owner, heir, term)
    spawn(owner, heir, term)


# ---- the law -------------------------------------------------------------------------------------


def play(program: Way, term: Any) -> None:
    """Play one way, with its term held by the process that gives it."""
    held.clear()

    async def main() -> None:
        hold(term)
        await program(term)
        await Process.sleep(5)

    with Node(clock="virtual") as node:
        node.run(main)


@pytest.mark.slow
@pytest.mark.parametrize("program", ways, ids=lambda way: way.__name__)
@LAW
@given(term=changeable)
def test_no_two_processes_reach_one_changeable_object(program: Way, term: Any) -> None:
    play(program, term)
    assert len(held) > 1, "nobody but the giver holds anything"
    for (one, ours), (other, theirs) in combinations(held.items(), 2):
        assert shared(ours, theirs) == [], f"{one} and {other} reach the same"


def test_the_law_finds_what_is_shared() -> None:
    """Without copies the ways do share, so each carries the term; but for a signal's reason, which is always copied."""
    blind = []
    for program in ways:
        held.clear()

        async def main(program: Way = program) -> None:
            term = hold([["apple"]])
            await program(term)
            await Process.sleep(5)

        with Node(clock="virtual", isolation=False) as node:
            node.run(main)
        if not any(shared(ours, theirs) for ours, theirs in combinations(held.values(), 2)):
            blind.append(program.__name__)
    assert blind == ["exit_signals"]


@LAW
@given(term=changeable)
def test_two_cells_that_wait_get_a_reason_each(term: Any) -> None:
    """Two waiting tasks of a notebook's cell, each linked to a process that takes them along."""

    async def takes_along(*shells: Pid) -> None:
        for shell in shells:
            Process.link(shell)
        raise Exit(term)

    async def cell() -> Any:
        with pytest.raises(Exit) as caught:
            await Process.sleep(None)
        return caught.value.reason

    async def cells() -> None:
        with Node(clock="virtual"):
            both = [asyncio.create_task(cell()) for _ in range(2)]
            while len(waiting := [pid for pid in Process.list() if pid.block.waiting is not None]) < 2:
                await asyncio.sleep(0)
            spawn(takes_along, *waiting)
            one, other = await asyncio.gather(*both)
        assert shared(one, other) == []
        assert shared(one, term) == []

    asyncio.run(cells())

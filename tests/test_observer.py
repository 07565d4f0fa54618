"""The observer: what it sees, what its buttons do, and what it leaves alone."""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator
from html import unescape
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otp_mini import (
    Agent,
    Application,
    BadArg,
    ChildSpec,
    Deadlock,
    DynamicSupervisor,
    GenServer,
    Node,
    NoReply,
    Ok,
    Pid,
    Process,
    Registry,
    Reply,
    Stop,
    Supervisor,
    Via,
    child_spec,
    in_thread,
    observer,
    receive,
    self_,
    send,
    spawn,
    trace,
)
from otp_mini.lab.world import KILL, NORMAL, RAISE, SHUTDOWN
from otp_mini.viz.process_data import everybody
from otp_mini.widgets import observer as observer_module
from otp_mini.widgets.brake import Brake, StoppableClock
from otp_mini.widgets.cells import Cell
from otp_mini.widgets.ear import Ear, listen, unlisten
from otp_mini.widgets.observation import MOST_LINES, Observation
from otp_mini.widgets.observer import Panel

pytestmark = pytest.mark.timeout(60)


class Counter(GenServer):
    def init(self, first: Any) -> Any:
        return Ok(first)

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        if request == "never":
            return NoReply(state)
        return Reply(state, state + 1)

    def handle_cast(self, request: Any, state: Any) -> Any:
        return NoReply(state + request)

    def handle_info(self, message: Any, state: Any) -> Any:
        if message == "print":
            print("from the handler")
        return NoReply(state + 100)


SHOP = [child_spec((Counter, 0), id="till"), child_spec((Counter, 5), id="stock")]


async def main() -> None:
    """Starts a tree and lives on, as a cell's process does."""
    await Supervisor.start_link(SHOP, strategy="one_for_one", name="shop")
    await receive()


def start(node: Node, function: Callable[[], Awaitable[Any]] = main) -> None:
    node.spawn(function)
    node.run_until_idle()


@pytest.fixture
def node() -> Iterator[Node]:
    """A node with a shop on it: main <1>, shop <2>, till <3>, stock <4>, and the shell <5>."""
    with Node(clock="virtual") as node:
        start(node)
        self_()
        yield node


@pytest.fixture
def silent(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """Crash reports are collected, and none is printed."""
    caplog.set_level(logging.WARNING, "otp_mini")
    return caplog


def pids(node: Node) -> dict[str, Pid]:
    """The living processes by what they are called, the last of a name."""
    return {entry.member.name: entry.process.pid for entry in everybody(node, None) if entry.process is not None}


def on(node: Node, name: str, what: Any = "shop") -> Observation:
    """An observer that has chosen a process."""
    seen = Observation(what)
    seen.choose(pids(node)[name])
    return seen


def kernel(*cells: Callable[[], Awaitable[Any]], clock: Any = "virtual") -> list[Any]:
    """Play cells as a kernel does: one after the other on one loop."""

    async def play() -> list[Any]:
        with Node(clock=clock):
            return [await asyncio.wait_for(cell(), 20) for cell in cells]

    return asyncio.run(play())


# ---- listening ------------------------------------------------------------------------------


def test_who_listens_hears_every_event_and_none_is_kept(node: Node) -> None:
    heard: list[str] = []
    listen(node, lambda event: heard.append(event.kind))
    send(pids(node)["till"], "x")
    node.run_until_idle()
    assert heard == ["send", "receive"]
    assert isinstance(node.tracer, Ear)
    assert len(node.tracer) == 0


def test_who_listens_hears_too_what_somebody_else_traces(node: Node) -> None:
    heard: list[Any] = []
    listen(node, heard.append)
    with trace() as recorded:
        send(pids(node)["till"], "x")
        node.run_until_idle()
    send(pids(node)["till"], "y")
    node.run_until_idle()
    assert [event.kind for event in recorded] == ["send", "receive"]
    assert [event.term for event in heard] == ["x", "x", "y", "y"]


def test_a_trace_that_ends_does_not_end_the_listening_that_began_inside(node: Node) -> None:
    heard: list[Any] = []
    with trace():
        listen(node, heard.append)
    assert node.tracer is None
    on(node, "till")  # looks, and so sees that there must be an ear
    send(pids(node)["till"], "x")
    assert [event.term for event in heard] == ["x"]


def test_when_nobody_listens_nothing_is_recorded(node: Node) -> None:
    listen(node, print)
    unlisten(node, print)
    assert node.tracer is None
    unlisten(node, print)


def test_an_empty_trace_misses_no_message_of_a_server(node: Node) -> None:
    send(pids(node)["till"], "x")
    with trace() as recorded:
        node.run_until_idle()
    assert [event.kind for event in recorded] == ["receive"]


# ---- the brake -----------------------------------------------------------------------------


def test_a_paused_node_runs_nothing_until_it_may_run_again(node: Node) -> None:
    brake = Brake.of(node)
    brake.pause()
    send(pids(node)["till"], "x")
    with pytest.raises(BadArg, match=r"run_until_idle.* was called while the node is paused"):
        node.run_until_idle()
    with pytest.raises(BadArg, match=r"advance.* was called while the node is paused"):
        node.advance(1)
    assert [block.label for block in node.ready] == ["Counter"]
    brake.run()
    node.run_until_idle()
    assert not node.ready


def test_a_step_gives_one_turn_and_tells_what_happened_in_it(node: Node) -> None:
    brake = Brake.of(node)
    brake.pause()
    for _ in range(2):
        send(pids(node)["till"], "x")
    send(pids(node)["stock"], "y")
    turn = brake.step()
    assert turn is not None
    assert turn.pid is pids(node)["till"]
    assert turn.who == "till #PID<0.3.0>"
    assert turn.lines == ["till #PID<0.3.0>: takes 'x'", "till #PID<0.3.0>: takes 'x'"]
    assert brake.step() is not None
    assert brake.step() is None


def test_all_who_look_at_a_node_share_its_brake(node: Node) -> None:
    assert Brake.of(node) is Brake.of(node)
    with Node() as other:
        assert Brake.of(other) is not Brake.of(node)


def test_a_paused_node_refuses_a_script_that_would_wait_for_ever(node: Node) -> None:
    async def main() -> None:
        await receive(timeout=1)

    Brake.of(node).pause()
    with pytest.raises(Deadlock, match="this node is paused, and nobody can let it go on while this waits"):
        node.run(main)


def test_a_cell_that_awaits_while_the_node_is_paused_says_so_and_goes_on_later(
    silent: pytest.LogCaptureFixture,
) -> None:
    async def cell() -> Any:
        node = _here()
        pid = await Counter.start_link(7)
        brake = Brake.of(node)
        brake.pause()
        asyncio.get_running_loop().call_later(0.02, brake.run)
        answers = [await GenServer.call(pid, "x")]
        brake.pause()
        answer = asyncio.ensure_future(GenServer.call(pid, "x"))
        await asyncio.sleep(0)
        while not answer.done():
            await asyncio.sleep(0)
            brake.step()
        return [*answers, await answer]

    assert kernel(cell) == [[7, 8]]
    said = [record.getMessage() for record in silent.records]
    assert len(said) == 2  # once for each pause
    assert said[0] == said[1]
    assert said[0].startswith("this cell waits, because an observer has paused the node: press Run or Step there.")


def test_where_no_click_arrives_while_a_cell_waits_the_cell_is_told_to_come_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def cell() -> str:
        node = _here()
        pid = await Counter.start_link(7)
        Brake.of(node).pause()
        monkeypatch.setattr(sys, "platform", "emscripten")
        with pytest.raises(Deadlock) as raised:
            await GenServer.call(pid, "x")
        monkeypatch.undo()
        return str(raised.value)

    [said] = kernel(cell)
    assert said.endswith("Press Run in its observer first, and then do this again.")


def test_the_loop_runs_no_process_of_a_paused_node() -> None:
    async def cell() -> list[Any]:
        node = _here()
        pid = await Counter.start_link(0)
        brake = Brake.of(node)
        send(pid, "before")  # the loop has been told to run it
        brake.pause()
        for _ in range(5):
            await asyncio.sleep(0)
        waiting = len(pid.block.mailbox)
        brake.run()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return [waiting, pid.block.loop.state]

    assert kernel(cell) == [[1, 100]]


def test_slow_motion_gives_turns_by_the_loops_own_timer_and_a_cell_goes_on_with_them() -> None:
    async def cell() -> Any:
        node = _here()
        pid = await Counter.start_link(0)
        brake = Brake.of(node)
        seen: list[Any] = []
        brake.watchers.append(seen.append)
        brake.slow(1000.0)
        answer = await GenServer.call(pid, "x")
        await Process.sleep(5)
        brake.run()
        await asyncio.sleep(0.01)
        count = len(seen)
        await asyncio.sleep(0.01)
        assert len(seen) == count  # the timer is gone
        return answer, node.now(), [turn.who for turn in seen if turn is not None]

    assert kernel(cell) == [(0, 5.0, ["Counter #PID<0.2.0>"])]


def test_a_brake_has_one_timer_and_none_once_nobody_is_slow(caplog: pytest.LogCaptureFixture) -> None:
    async def cell() -> list[int]:
        brake = Brake.of(_here())
        seen: list[Any] = []
        brake.watchers.append(seen.append)
        for _ in range(3):
            brake.slow(0.001)
        first = brake._timer
        brake.slow(1000.0)
        assert first.cancelled()
        while not seen:
            await asyncio.sleep(0.001)
        counts = []
        for stop in (brake.pause, brake.run):
            brake.slow(1000.0)
            stop()
            counts.append(len(seen))
            await asyncio.sleep(0.01)
            counts.append(len(seen))
        return counts

    [counts] = kernel(cell)
    assert counts[0] == counts[1] == counts[2] == counts[3]
    assert [record for record in caplog.records if record.name == "asyncio"] == []


def test_a_tick_lets_virtual_time_pass_only_while_a_cell_waits(node: Node) -> None:
    Process.send_after(pids(node)["till"], "later", 3)
    brake = Brake.of(node)
    brake.slow(1.0)
    assert [brake.tick() for _ in range(3)] == [None] * 3
    assert node.now() == 0.0


def test_a_real_clock_stands_still_while_somebody_has_to_wait_for_his_turn() -> None:
    with Node(clock="real") as node:
        start(node)
        brake = Brake.of(node)
        brake.pause()
        clock = node.clock
        assert isinstance(clock, StoppableClock)
        now = clock.now()
        assert clock.now() == now
        brake.slow(1.0)
        send(pids(node)["till"], "x")
        assert brake.tick() is not None
        assert clock.now() == now  # while turns are given
        assert brake.tick() is None
        assert clock.now() > now  # nobody is ready: time goes on
        send(pids(node)["till"], "x")
        assert brake.tick() is not None
        assert clock.now() == clock.now()
        brake.run()
        assert node.clock is clock


def test_a_real_clock_that_nobody_stops_is_left_alone() -> None:
    with Node(clock="real") as node:
        clock = node.clock
        Brake.of(node).run()
        assert node.clock is clock


def test_pressed_time_passes_with_all_that_happens_in_it(node: Node) -> None:
    async def ticker() -> None:
        while True:
            await Process.sleep(2)

    node.spawn(ticker)
    node.run_until_idle()
    assert Brake.of(node).pass_time(5) == (5, True)
    assert node.now() == 5
    assert node.blocks[Process.list()[-1]].turns == 3


def test_at_the_brake_time_passes_up_to_the_next_timer(node: Node) -> None:
    till = pids(node)["till"]
    Process.send_after(till, "late", 3)
    brake = Brake.of(node)
    brake.pause()
    assert brake.pass_time(1) == (1, True)
    assert brake.pass_time(5) == (2, False)
    assert brake.pass_time(5) == (0, False)  # the timer is due
    assert brake.step() is not None
    assert till.block.loop.state == 100
    assert node.now() == 3
    assert brake.pass_time(5) == (5, True)


def test_at_the_brake_no_time_passes_while_somebody_is_ready(node: Node) -> None:
    brake = Brake.of(node)
    brake.pause()
    send(pids(node)["till"], "x")
    assert brake.pass_time(5) == (0, False)


def test_a_system_that_never_rests_does_not_hold_up_a_click(node: Node) -> None:
    async def busy() -> None:
        while True:
            await Process.sleep(0)

    node.spawn(busy)
    brake = Brake.of(node)
    assert not brake.settle()
    assert brake.pass_time(5) == (0, False)


def _here() -> Node:
    from otp_mini import current_node

    return current_node()


# ---- what it sees ---------------------------------------------------------------------------


def test_it_looks_at_a_pid_a_name_an_application_an_address_or_the_whole_node(node: Node) -> None:
    class Corner(Application):
        async def start(self, type: Any, args: Any) -> Any:
            return await Supervisor.start_link([(Agent, lambda: 0)], strategy="one_for_one")

    async def more() -> None:
        await Corner.start_application()
        await Registry.start_link(keys="unique", name="book")
        await Counter.start_link(0, name=Via("book", "cellar"))
        await receive()

    start(node, more)
    assert Observation(pids(node)["shop"]).title == "shop #PID<0.2.0>"
    assert Observation("shop").title == "shop #PID<0.2.0>"
    assert Observation(Via("book", "cellar")).title == "book: cellar #PID<0.11.0>"
    assert [row[0] for row in Observation(Corner).rows] == ["Corner", "Supervisor", "Agent"]
    whole = Observation()
    assert whole.title == "the whole node"
    assert [row[0] for row in whole.rows] == [
        "shop", "till", "stock", "Corner", "Supervisor", "Agent", "main", "shell", "more", "book", "book: cellar",
    ]  # fmt: skip
    assert [tree.members[0].name for tree in whole.trees] == ["shop", "Corner"]


@pytest.mark.parametrize("nobody", ["nobody", Pid(77)], ids=["name", "pid"])
def test_where_nobody_is_it_says_what_it_needs(node: Node, nobody: Any) -> None:
    with pytest.raises(BadArg, match=r"observer needs a living process, got .*Give it the pid or the name of"):
        observer(nobody)


@pytest.mark.parametrize("most", [0, "8"])
def test_so_many_children_is_a_whole_number(node: Node, most: Any) -> None:
    with pytest.raises(BadArg, match="most says how many children are drawn"):
        observer("shop", most=most)


def test_a_row_says_who_it_is_and_what_it_waits_for(node: Node) -> None:
    assert Observation("shop").rows == [
        ("shop", "#PID<0.2.0>", "running", "a message", "0", "3", "4"),
        ("till", "#PID<0.3.0>", "running", "a message", "0", "1", "2"),
        ("stock", "#PID<0.4.0>", "running", "a message", "0", "1", "2"),
    ]


def test_what_waits_for_what(node: Node) -> None:
    async def caller() -> None:
        await GenServer.call(pids(node)["till"], "never")

    async def sleeper() -> None:
        await Process.sleep(60)

    for each in (caller, sleeper):
        node.spawn(each)
    node.run_until_idle()
    node.spawn(sleeper, label="new")
    waits = {row[0]: row[3] for row in Observation().rows}
    assert waits["caller"] == "an answer from till #PID<0.3.0>"
    assert waits["sleeper"] == "the time to pass"
    assert waits["new"] == "its turn"
    assert waits["shell"] == "the next cell"


def test_a_process_may_wait_for_a_thread_or_for_asyncio() -> None:
    over = threading.Event()

    async def thread() -> None:
        await in_thread(lambda: over.wait() and None)

    async def outside() -> None:
        await asyncio.sleep(60)

    async def cell() -> dict[str, str]:
        spawn(thread)
        spawn(outside)
        await asyncio.sleep(0.01)
        waits = {row[0]: row[3] for row in Observation().rows}
        over.set()
        return waits

    [waits] = kernel(cell)
    assert waits["thread"] == "an answer"
    assert waits["outside"] == "something of asyncio's"


def test_a_child_without_a_process_has_a_row_too(node: Node, silent: pytest.LogCaptureFixture) -> None:
    broken: list[bool] = []

    class Fragile(GenServer):
        def init(self, argument: Any) -> Any:
            return Stop("no paper") if broken else Ok(None)

    async def tree() -> None:
        specs = [child_spec(Fragile, id="fragile"), child_spec(Fragile, id="brief", restart="temporary")]
        await Supervisor.start_link(specs, strategy="one_for_one", max_restarts=1_000_000, name="other")
        await receive()

    start(node, tree)
    seen = on(node, "fragile", "other")
    seen.pause()
    seen.end(KILL)
    assert seen.rows[1] == ("fragile", "#PID<0.8.0>", "dead", "", "", "", "")
    broken.append(True)
    states = []
    for _ in range(4):
        seen.step()
        seen.look()
        states.append(seen.rows[1])
    assert states[0][:3] == ("fragile", "#PID<0.10.0>", "starting, 2nd life")
    assert states[1] == ("fragile", "", "starting, 2nd life", "", "", "", "")  # it has failed to start
    broken.clear()
    seen.run()
    seen.look()
    assert seen.rows[1][:3] == ("fragile", str(seen.chosen), "running, 4th life")


def test_the_table_has_what_members_of_the_tree_have_spawned(node: Node) -> None:
    async def child() -> None:
        await receive()

    class Parent(GenServer):
        def init(self, argument: Any) -> Any:
            spawn(child)
            return Ok(None)

    async def main() -> None:
        await Supervisor.start_link([Parent], strategy="one_for_one", name="other")
        await receive()

    start(node, main)
    assert [row[0] for row in Observation("other").rows] == ["other", "Parent", "child"]
    assert "main" not in [row[0] for row in Observation("shop").rows]


def test_a_process_that_stands_twice_in_a_tree_has_one_row(node: Node) -> None:
    async def again() -> Pid:
        return pids(node)["till"]

    async def tree() -> None:
        specs = [ChildSpec(id=name, start=(again, ())) for name in ("one", "two")]
        await Supervisor.start_link(specs, strategy="one_for_one", name="other")
        await receive()

    start(node, tree)
    assert [row[0] for row in Observation("other").rows] == ["other", "one"]


def test_all_about_one_process(node: Node) -> None:
    till = pids(node)["till"]

    async def watcher() -> None:
        Process.link(till)
        Process.monitor(till)
        await receive()

    start(node, watcher)
    Brake.of(node).pause()
    for number in range(9):
        GenServer.cast(till, number)
    facts = {fact.what: (fact.value, fact.items) for fact in on(node, "till").facts()}
    assert facts == {
        "kind": ("permanent worker", ()),
        "state": ("running", ()),
        "waits for": ("its turn", ()),
        "server's state": ("0", ()),
        "turns": ("2", ()),
        "traps exits": ("no", ()),
        "mailbox": ("9", (*(f"cast {number}" for number in range(6)), "… and 3 more")),
        "links": ("2", ("shop #PID<0.2.0>", "watcher #PID<0.6.0>")),
        "monitors": ("none", ()),
        "monitored by": ("1", ("watcher #PID<0.6.0>",)),
    }


def test_a_supervisor_says_what_it_keeps_and_a_wait_how_long_it_may_last(node: Node) -> None:
    async def waiter() -> None:
        await receive(timeout=30)

    start(node, waiter)
    facts = {fact.what: fact.value for fact in on(node, "shop").facts()}
    assert facts["keeps"] == "2 children, 0 of 3 restarts in 5 s"
    node.advance(10)
    facts = {fact.what: fact.value for fact in on(node, "waiter", None).facts()}
    assert facts["waits for"] == "a message, 20 s at most"


def test_a_long_state_is_cut_and_a_state_that_cannot_be_printed_does_no_harm(node: Node) -> None:
    class Broken:
        def __repr__(self) -> str:
            raise RuntimeError("no")

    till = pids(node)["till"]
    till.block.loop.state = Broken()
    pids(node)["stock"].block.loop.state = ["x" * 100] * 100
    facts = {name: {fact.what: fact.value for fact in on(node, name).facts()} for name in ("till", "stock")}
    assert facts["till"]["server's state"] == "<Broken whose __repr__ failed with RuntimeError>"
    assert len(facts["stock"]["server's state"]) < 700


def test_all_children_of_a_large_supervisor_are_in_the_table(node: Node) -> None:
    async def pool() -> None:
        sup = await DynamicSupervisor.start_link(name="pool")
        for number in range(100):
            await DynamicSupervisor.start_child(sup, (Counter, number))
        await receive()

    start(node, pool)
    seen = Observation("pool")
    assert len(seen.rows) == 101
    assert str(seen.table()).endswith("and 61 more")


# ---- what its buttons do ----------------------------------------------------------------------


def test_looking_changes_nothing(node: Node) -> None:
    def state() -> list[Any]:
        return [(pid, block.turns, len(block.mailbox or ()), block.links) for pid, block in node.blocks.items()]

    before = state()
    seen = on(node, "till")
    seen.look()
    seen.facts()
    seen.status()
    assert state() == before
    assert node.tracer is None


@pytest.mark.parametrize(
    ("way", "said"),
    [
        (RAISE, "till #PID<0.3.0> is made to raise RuntimeError('boom'). It has ended: RuntimeError: boom."),
        (NORMAL, "till #PID<0.3.0> is told to stop, with reason 'normal'. It has ended: 'normal'."),
        (SHUTDOWN, "till #PID<0.3.0> is told to stop, with reason 'shutdown'. It has ended: 'shutdown'."),
        (KILL, "till #PID<0.3.0> is sent the exit signal 'kill'. It has ended: 'killed'."),
    ],
)
def test_a_server_is_ended_and_who_takes_its_place_is_chosen(
    node: Node, way: int, said: str, silent: pytest.LogCaptureFixture
) -> None:
    seen = on(node, "till")
    seen.end(way)
    assert seen.said == f"{said} till #PID<0.6.0> has taken its place, its 2nd life."
    assert seen.chosen is pids(node)["till"]
    assert seen.chosen.number == 6
    assert "shop #PID<0.2.0>: restarts till (1 of 3 in 5 s)" in seen.happened
    assert seen.rows[1][:3] == ("till", "#PID<0.6.0>", "running, 2nd life")
    reports = [record.getMessage() for record in silent.records]
    assert len(reports) == (way == RAISE)
    if reports:
        assert reports[0].splitlines()[:3] == [
            "GenServer Counter #PID<0.3.0> terminating", "** (RuntimeError) boom",
            "Last message: ('$observer', 'raise')",
        ]  # fmt: skip


@pytest.mark.parametrize(("way", "reason"), [(RAISE, "RuntimeError: boom"), (NORMAL, "'normal'"), (KILL, "'killed'")])
def test_a_plain_process_ends_where_it_waits(
    node: Node, way: int, reason: str, silent: pytest.LogCaptureFixture
) -> None:
    async def plain() -> None:
        await receive()

    start(node, plain)
    seen = on(node, "plain", None)
    seen.end(way)
    assert seen.said.endswith(f"It has ended: {reason}.")
    seen.look()
    assert (seen.name(seen.chosen), seen.facts()) == ("plain #PID<0.6.0>", [("state", "has ended", ())])
    with pytest.raises(BadArg, match="Nobody is there to end"):
        seen.end(way)
    with pytest.raises(BadArg, match="Nobody is there to send to"):
        seen.send("1", "send")


def test_a_process_that_does_not_let_itself_be_ended_says_so(node: Node) -> None:
    async def stubborn() -> None:
        while True:
            try:
                await receive()
            except RuntimeError:
                continue

    start(node, stubborn)
    seen = on(node, "stubborn", None)
    seen.end(RAISE)
    assert seen.said.endswith("It has not ended yet: it is busy, or it goes on all the same.")


def test_a_supervisor_does_not_raise_and_the_shell_does_not_end(node: Node) -> None:
    seen = on(node, "shop")
    with pytest.raises(BadArg, match="A supervisor runs no code of yours that could raise"):
        seen.end(RAISE)
    self_()  # there is a shell from here on
    with pytest.raises(BadArg, match="The shell is the process of your own cells"):
        on(node, "shell", None).end(KILL)


def test_when_the_top_ends_the_last_tree_stays(node: Node) -> None:
    seen = on(node, "shop")
    before = seen.text(), seen.rows
    seen.end(NORMAL)
    assert seen.said.endswith("It has ended: 'normal'. It was the top of this tree.")
    assert not seen.alive
    assert (seen.text(), seen.rows) == before
    seen.look()
    assert (seen.text(), seen.rows) == before


def test_when_a_crash_takes_the_top_along_it_says_so(node: Node, silent: pytest.LogCaptureFixture) -> None:
    seen = on(node, "till")
    for _ in range(4):
        seen.end(KILL)
    assert seen.said.endswith("It has ended: 'killed'. The top of this tree has ended, too.")
    assert "shop #PID<0.2.0>: gives up on till (restart 4 in 5 s, 3 allowed)" in seen.happened


def test_what_is_killed_while_it_is_paused_ends_at_once_and_nobody_takes_its_place_yet(node: Node) -> None:
    seen = on(node, "till")
    seen.pause()
    seen.end(KILL)
    assert seen.said.endswith("It has ended: 'killed'. Nobody has had a turn since: press Step or Run.")


def test_slow_motion_tells_nobody_twice_what_was_said(panel: Panel, node: Node) -> None:
    panel.speed.value = 1.0
    panel.message.value, panel.how.value = "5", "cast"
    panel.send.click()
    before = panel.said.value
    panel._ticked(panel.seen.brake.tick())
    assert panel.said.value == before  # a screen reader reads it when it changes
    assert "takes cast 5" in panel.happened.value


def test_a_name_that_comes_back_is_followed(node: Node) -> None:
    seen = on(node, "shop")
    seen.end(NORMAL)
    start(node)
    seen.look()
    assert seen.alive
    assert seen.title == "shop #PID<0.7.0>"


def test_a_registry_that_ends_takes_the_address_along(node: Node) -> None:
    async def more() -> None:
        await Registry.start_link(keys="unique", name="book")
        await Counter.start_link(0, name=Via("book", "cellar"))
        await receive()

    start(node, more)
    seen = Observation(Via("book", "cellar"))
    Process.exit(node.names["book"].parent, "kill")
    node.run_until_idle()
    seen.look()
    assert not seen.alive
    assert seen.title == "book: cellar #PID<0.8.0>"


def test_a_child_is_followed_through_the_restart_of_its_supervisor(node: Node) -> None:
    async def start_inner() -> Any:
        return await Supervisor.start_link(SHOP, strategy="one_for_one")

    async def tree() -> None:
        spec = ChildSpec(id="inner", start=(start_inner, ()), type="supervisor")
        await Supervisor.start_link([spec], strategy="one_for_one", name="outer")
        await receive()

    start(node, tree)
    seen = Observation("outer")
    by_name = {entry.member.name: entry.process.pid for entry in seen.entries if entry.process is not None}
    seen.choose(by_name["stock"])
    Process.exit(by_name["inner"], "kill")
    node.run_until_idle()
    seen.look()
    assert seen.entry is not None
    assert seen.entry.member.name == "stock"
    assert seen.chosen is not by_name["stock"]


@pytest.mark.parametrize(
    ("how", "text", "state", "said"),
    [
        ("send", "('any', 'thing')", 100, "send ('any', 'thing') to till #PID<0.3.0>."),
        ("cast", "3", 3, "cast 3 to till #PID<0.3.0>."),
        ("call", "'get'", 1, "till #PID<0.3.0> answered 0 to call 'get'."),
    ],
)
def test_a_message_is_sent_as_it_is_written(node: Node, how: str, text: str, state: int, said: str) -> None:
    seen = on(node, "till")
    seen.send(text, how)
    assert seen.said == said
    assert pids(node)["till"].block.loop.state == state
    seen.say("something else")
    seen.look()
    assert seen.said == "something else"


def test_what_is_sent_comes_from_the_shell(node: Node) -> None:
    with trace() as recorded:
        on(node, "till").send("1", "send")
    [sent] = recorded.filter(kind="send")
    assert sent.pid is self_()


def test_a_call_that_fails_says_how_and_one_that_waits_is_answered_later(
    node: Node, silent: pytest.LogCaptureFixture
) -> None:
    seen = on(node, "till")
    seen.send("'never'", "call")
    assert seen.said == "call 'never' to till #PID<0.3.0>."
    seen.pass_time(5)
    seen.look()
    assert seen.said == (
        "call 'never' to till #PID<0.3.0> failed: GenServer.call(#PID<0.3.0>, 'never', 5.0) exited: "
        "no answer within the time-out ('timeout')."
    )


@pytest.mark.parametrize("text", ["get", "", "__import__('os')", "f()", "1 +", "(" * 300, "\0", "x" * 5000, "{[]: 1}"])
def test_what_is_no_literal_is_not_sent(node: Node, text: str) -> None:
    seen = on(node, "till")
    with pytest.raises(BadArg, match="Nothing was sent: a message is written as a Python literal") as raised:
        seen.send(text, "send")
    assert len(str(raised.value)) < 400
    assert pids(node)["till"].block.loop.state == 0


def test_while_it_is_paused_what_is_done_waits_for_a_step(node: Node, silent: pytest.LogCaptureFixture) -> None:
    seen = on(node, "till")
    seen.pause()
    assert seen.said == "Paused: no process of this node has a turn until Step or Run is pressed."
    seen.send("5", "cast")
    assert seen.said == "cast 5 to till #PID<0.3.0>. Nobody has had a turn since: press Step or Run."
    seen.end(RAISE)
    assert seen.said.endswith("RuntimeError('boom'). Nobody has had a turn since: press Step or Run.")
    assert seen.status() == "Paused. Ready: till #PID<0.3.0>. Virtual time 0.000 s."
    seen.step()
    assert seen.said == "Turn 1: till #PID<0.3.0> had its turn, and has ended."
    assert seen.happened[:2] == ["till #PID<0.3.0>: takes cast 5", "till #PID<0.3.0>: takes ('$observer', 'raise')"]
    seen.look()
    assert [row[2] for row in seen.rows] == ["running", "dead", "running"]
    seen.run()
    assert seen.said == "Running."
    seen.look()
    assert [row[2] for row in seen.rows] == ["running", "running, 2nd life", "running"]


def test_a_step_pauses_first_and_says_where_nobody_is_ready(node: Node) -> None:
    seen = on(node, "till")
    seen.step()
    assert (seen.brake.mode, seen.said) == ("paused", "Nobody is ready.")
    Process.send_after(pids(node)["till"], "x", 2)
    seen.step()
    assert seen.said == "Nobody is ready. The next timer fires in 2 s: let time pass."
    seen.pass_time(9)
    assert seen.said == "2 of 9 s have passed. A timer is due: press Step or Run."
    seen.step()
    assert seen.said == "Turn 1: till #PID<0.3.0> had its turn."
    send(pids(node)["till"], "x")
    seen.pass_time(9)
    assert seen.said == "No time has passed: it waits while somebody is ready. Press Step or Run."


def test_time_that_passes_tells_what_happened_in_it(node: Node) -> None:
    async def mortal() -> None:
        await Process.sleep(2)

    start(node, mortal)
    seen = Observation()
    seen.pass_time(3)
    assert seen.said == "3 s have passed."
    assert seen.happened == ["mortal #PID<0.6.0>: ends: 'normal'"]
    for wrong in (-1, float("nan")):
        with pytest.raises(BadArg, match="a number of seconds from 0 up"):
            seen.pass_time(wrong)


def test_real_time_cannot_be_passed() -> None:
    with Node(clock="real") as node:
        start(node)
        with pytest.raises(BadArg, match="virtual time passes"):
            Observation("shop").pass_time(1)
        assert Observation("shop").status() == "Running."


def test_slow_motion_tells_of_each_turn(node: Node) -> None:
    seen = on(node, "till")
    seen.slow(2.0)
    assert seen.said == "Slow motion: 2 turns a second."
    seen.send("5", "cast")
    assert seen.said == "cast 5 to till #PID<0.3.0>. See what follows, turn by turn."
    turn = seen.brake.tick()
    seen.saw(turn)
    assert seen.happened == ["till #PID<0.3.0>: takes cast 5"]
    seen.saw(seen.brake.tick())  # nobody was ready: what was told stays
    assert seen.happened == ["till #PID<0.3.0>: takes cast 5"]
    assert seen.status() == "Slow motion, 2 turns a second. Ready: nobody. Virtual time 0.000 s."


def test_the_chosen_process_alone_is_traced_and_so_is_who_takes_its_place(
    node: Node, silent: pytest.LogCaptureFixture
) -> None:
    seen = on(node, "till")
    seen.trace(True)
    assert seen.said == "What the chosen process gets and does is traced."
    send(pids(node)["stock"], "not this")
    seen.send("2", "cast")
    seen.end(KILL)
    assert list(seen.heard) == [
        "0.000  shell #PID<0.5.0> -> till #PID<0.3.0>: cast 2",
        "0.000  till #PID<0.3.0>: takes cast 2",
        "0.000  shell #PID<0.5.0> -> till #PID<0.3.0>: exit signal 'kill'",
        "0.000  till #PID<0.3.0>: ends: 'killed'",
        "0.000  till #PID<0.3.0> -> shop #PID<0.2.0>: exit signal 'killed'",
        "0.000  shop #PID<0.2.0>: restarts till (1 of 3 in 5 s)",
    ]
    seen.send("3", "cast")
    assert seen.heard[-1] == "0.000  till #PID<0.6.0>: takes cast 3"
    seen.trace(False)
    assert seen.said == "Nobody is traced any more."
    seen.send("4", "cast")
    assert seen.heard[-1] == "0.000  till #PID<0.6.0>: takes cast 3"
    assert node.tracer is None


def test_a_trace_keeps_the_last_lines_and_another_process_begins_anew(node: Node) -> None:
    seen = on(node, "till")
    seen.trace(True)
    for number in range(MOST_LINES):
        seen.send(str(number), "cast")
    assert len(seen.heard) == MOST_LINES
    assert seen.heard[-1].endswith(f"takes cast {MOST_LINES - 1}")
    seen.choose(pids(node)["stock"])
    assert list(seen.heard) == []


def test_the_same_clicks_give_the_same_texts_and_pids(silent: pytest.LogCaptureFixture) -> None:
    def clicks() -> list[Any]:
        told: list[Any] = []
        with Node(clock="virtual") as node:
            start(node)
            box = observer("shop")
            panel = box.panel
            panel.trace.value = True
            panel.message.value = "('a', 1)"
            buttons = panel.ends[0], panel.step, panel.send, panel.step, panel.pause, panel.ends[3], panel.advance
            for button in buttons:
                button.click()
                told.append([part.value for part in views(panel)])
            box.close()
        return told

    assert clicks() == clicks()


# ---- the widgets ------------------------------------------------------------------------------


def views(panel: Panel) -> list[Any]:
    return [
        panel.heading, panel.said, panel.happened, panel.tree_text, panel.tree, panel.table, panel.facts, panel.heard,
    ]  # fmt: skip


def all_widgets(widget: Any) -> list[Any]:
    return [widget, *(each for child in getattr(widget, "children", ()) for each in all_widgets(child))]


@pytest.fixture
def panel(node: Node) -> Iterator[Panel]:
    panel: Panel = observer("shop").panel
    yield panel
    panel.close()


def test_it_shows_the_tree_the_table_and_all_about_a_worker(panel: Panel) -> None:
    assert "Observer of shop #PID&lt;0.2.0&gt;" in panel.heading.value
    assert "<svg" in panel.tree.value
    assert "● shop #PID&lt;0.2.0&gt;: running" in panel.tree_text.value
    assert panel.table.value.count("<tr") == 4
    assert '<tr aria-current="true"><th scope="row">▸ till</th>' in panel.table.value
    assert "till #PID&lt;0.3.0&gt;" in panel.facts.value
    assert [label for label, _ in panel.process.options] == [
        "shop #PID<0.2.0>", "till #PID<0.3.0>", "stock #PID<0.4.0>",
    ]  # fmt: skip


def test_every_control_has_a_label(panel: Panel) -> None:
    controls = [widget for widget in all_widgets(panel.box) if hasattr(widget, "disabled")]
    assert len(controls) >= 14
    assert all(control.description for control in controls)


def test_a_click_ends_the_chosen_process(panel: Panel, node: Node, silent: pytest.LogCaptureFixture) -> None:
    panel.process.value = pids(node)["stock"]
    panel.ends[0].click()
    assert "is made to raise RuntimeError(&#x27;boom&#x27;)" in panel.said.value
    assert "restarts stock (1 of 3 in 5 s)" in panel.happened.value
    assert "2nd life" in panel.tree.value
    assert panel.process.value is pids(node)["stock"]
    assert "▸ stock" in panel.table.value
    assert len(silent.records) == 1


def test_clicks_pause_step_and_run(panel: Panel, node: Node) -> None:
    panel.pause.click()
    assert (panel.pause.description, node.gate is None) == ("Run", False)
    panel.message.value, panel.how.value = "5", "cast"
    panel.send.click()
    assert pids(node)["till"].block.loop.state == 0
    panel.step.click()
    assert pids(node)["till"].block.loop.state == 5
    assert "Turn 1" in panel.said.value
    panel.pause.click()
    assert (panel.pause.description, node.gate) == ("Pause", None)


def test_slow_motion_and_full_speed_are_chosen(panel: Panel, node: Node) -> None:
    panel.speed.value = 2.0
    assert (panel.seen.brake.mode, panel.seen.brake.rate) == ("slow", 2.0)
    panel.pause.click()
    assert panel.seen.brake.mode == "paused"
    panel.pause.click()
    assert panel.seen.brake.mode == "slow"
    panel.speed.value = 0.0
    assert panel.seen.brake.mode == "running"


def test_several_observers_of_one_node_show_the_same_brake(panel: Panel, node: Node) -> None:
    other = observer().panel
    other.speed.value = 5.0
    panel.refresh()
    assert panel.speed.value == 5.0
    assert "Slow motion" in panel.heading.value
    other.close()
    assert panel.seen.brake.mode == "slow"  # one of them is left
    panel.close()
    assert panel.seen.brake.mode == "running"


def test_a_message_can_be_chosen_again(panel: Panel) -> None:
    for text in ("1", "2", "1"):
        panel.message.value = text
        panel.send.click()
    assert panel.message.options == ("2", "1")


def test_what_cannot_be_done_is_said(panel: Panel, node: Node) -> None:
    panel.message.value = "get"
    panel.send.click()
    assert "Nothing was sent" in panel.said.value
    panel.process.value = pids(node)["shop"]
    panel.ends[0].click()
    assert "A supervisor runs no code of yours" in panel.said.value


def test_links_and_monitors_are_drawn_when_they_are_asked_for(panel: Panel, node: Node) -> None:
    assert "beside the tree" not in panel.tree_text.value
    panel.links.value = True
    assert "shop #PID<0.2.0> is linked to main #PID<0.1.0>" in unescape(panel.tree_text.value)


def test_when_the_top_has_ended_it_says_so_and_shows_the_last_tree(panel: Panel, node: Node) -> None:
    tree = panel.tree.value
    panel.process.value = pids(node)["shop"]
    panel.ends[3].click()
    assert "has ended</strong>; this is what was seen last" in panel.heading.value
    assert panel.tree.value == tree
    assert ("shop #PID<0.2.0> (has ended)", panel.seen.chosen) in panel.process.options


def test_time_has_its_controls_only_where_it_is_virtual(panel: Panel) -> None:
    assert panel.advance in all_widgets(panel.box)
    with Node(clock="real") as node:
        start(node)
        other = observer("shop")
        assert other.panel.advance not in all_widgets(other)
        other.close()


def test_it_prints_and_stands_in_a_stored_notebook_as_tree_and_table(panel: Panel, node: Node) -> None:
    bundle = panel.box._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "text/html"}  # and the view, where there is a kernel
    assert bundle["text/plain"] == str(panel.box) == repr(panel.box)
    assert bundle["text/plain"].splitlines()[:2] == [
        "Observer of shop #PID<0.2.0>",
        "● shop #PID<0.2.0>: running, one_for_one supervisor, 0 of 3 restarts in 5 s",
    ]
    assert "<svg" in bundle["text/html"]
    assert "<caption>3 processes</caption>" in bundle["text/html"]


def test_without_ipywidgets_it_says_what_to_install(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    with pytest.raises(ImportError, match=r"needs the package ipywidgets: pip install ipywidgets. Without it, tree"):
        observer("shop")


def test_without_graphviz_the_tree_is_text(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "graphviz", None)
    box = observer("shop")
    assert "<svg" not in box.panel.tree.value
    assert "The tree is shown as text: no picture" in box.panel.tree.value
    box.close()


# ---- cleaning up ------------------------------------------------------------------------------


def test_another_observer_of_the_same_process_closes_the_one_before(node: Node) -> None:
    first = observer("shop")
    first.panel.trace.value = True
    second = observer(pids(node)["shop"])
    assert observer_module._open == [second.panel]
    assert first.panel.heading.comm is None
    assert node.listeners == []
    assert node.tracer is None
    second.close()
    second.close()
    assert observer_module._open == []


def test_observers_of_different_processes_stand_beside_each_other(node: Node) -> None:
    boxes = [observer("shop"), observer(), observer(pids(node)["till"])]
    assert [panel.box for panel in observer_module._open] == boxes
    boxes[0].panel.trace.value = boxes[1].panel.trace.value = True
    boxes[0].close()
    assert len(node.listeners) == 1
    for box in boxes:
        box.close()
    assert node.tracer is None


def test_a_rerun_of_a_cell_closes_what_the_cell_has_shown_before(monkeypatch: pytest.MonkeyPatch) -> None:
    cell = Cell("a", 1)
    monkeypatch.setattr(observer_module, "running_cell", lambda: cell)
    boxes = []
    for execution in (1, 2):
        cell = Cell("a", execution)
        with Node(clock="virtual") as node:  # a fresh node, as a first cell makes one
            start(node)
            boxes.append([observer("shop"), observer("main") if "main" in node.names else observer()])
            boxes[-1][0].panel.pause.click()
    assert [panel.box for panel in observer_module._open] == boxes[1]
    assert boxes[0][0].panel.seen.brake.mode == "running"
    for box in boxes[1]:
        box.close()


def test_a_closed_observer_does_nothing_more(panel: Panel, node: Node) -> None:
    panel.close()
    panel.ends[3].click()
    assert pids(node)["till"].number == 3


def test_on_a_running_loop_it_looks_again_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(observer_module, "EVERY", 0.001)

    async def cell() -> list[str]:
        await Supervisor.start_link(SHOP, strategy="one_for_one", name="shop")
        box = observer("shop")
        await GenServer.call(pids(_here())["till"], "x")
        before = box.panel.facts.value
        while box.panel.facts.value == before:
            await asyncio.sleep(0.001)
        shown = box.panel.facts.value
        box.close()
        return [before, shown]

    [(before, shown)] = kernel(cell)
    assert '<td class="term">0</td>' in before
    assert '<td class="term">1</td>' in shown


def test_a_click_that_comes_in_another_thread_is_done_in_the_nodes_own() -> None:
    async def cell() -> tuple[str, list[bool]]:
        await Supervisor.start_link(SHOP, strategy="one_for_one", name="shop")
        box = observer("shop")
        own: list[bool] = []
        here = threading.get_ident()
        box.panel.seen.brake.watchers.append(lambda _: None)
        listen(_here(), lambda _: own.append(threading.get_ident() == here))
        clicker = threading.Thread(target=box.panel.ends[3].click)
        clicker.start()
        clicker.join()
        await asyncio.sleep(0.01)
        told = box.panel.said.value
        box.close()
        return told, own

    [(told, own)] = kernel(cell)
    assert "is sent the exit signal" in told
    assert own
    assert all(own)


# ---- what the program says is text ----------------------------------------------------------------

HOSTILE = st.sampled_from([
    "<script>alert(1)</script>", "</pre></svg><img src=x onerror=alert(1)>", "\"'><b>", "]]>", "-->", "&lt;",
    "\n\r\0\x1b[0m", "'; DROP", "${x}", "\u202e", "</style>",
]) | st.text(max_size=20)  # fmt: skip


@settings(max_examples=25, deadline=None)
@given(HOSTILE.filter(bool), HOSTILE, HOSTILE)
def test_names_messages_and_states_show_as_text(name: str, message: str, state: str) -> None:
    async def main() -> None:
        children = [child_spec((Agent, lambda: state), id=name)]
        await Supervisor.start_link(children, strategy="one_for_one", name=("top", name))
        await receive()

    with Node(clock="virtual") as node:
        start(node, main)
        box = observer(("top", name))
        panel = box.panel
        panel.trace.value = True
        panel.pause.click()
        for how in ("send", "cast", "call"):
            panel.message.value, panel.how.value = repr(message), how
            panel.send.click()
        panel.message.value = message
        panel.send.click()
        panel.step.click()
        for shown in (*(view.value for view in views(panel)), box._repr_mimebundle_()["text/html"]):
            assert_harmless(shown)
        box.close()


TAGS = {
    "style", "div", "strong", "pre", "details", "summary", "ol", "li",
    "table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td",
    "svg", "title", "desc", "g", "rect", "path", "text", "tspan", "polygon",
}  # fmt: skip


def assert_harmless(html: str) -> None:
    """Only tags of our own are in it."""
    from html.parser import HTMLParser

    class Tags(HTMLParser):
        def handle_starttag(self, tag: str, attrs: Any) -> None:
            assert tag in TAGS, html
            assert not [name for name, _ in attrs if name.startswith("on") or name in ("href", "src")], html

    Tags().feed(html)

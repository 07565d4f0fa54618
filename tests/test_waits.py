"""Each wait ends once, with its own outcome: on a real clock, where everything can come at the same time."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter, deque
from typing import Any

import pytest

from otp_mini import (
    TIMEOUT,
    Down,
    Exit,
    GenServer,
    Node,
    NoReply,
    Pid,
    Process,
    Registry,
    Reply,
    current_node,
    ets,
    receive,
    self_,
    send,
    spawn,
    spawn_link,
    spawn_monitor,
)
from otp_mini.process import ControlBlock

CLIENTS, OPERATIONS = 25, 2000
TIMES = (0.0, 0.0001, 0.0003, 0.0006)
BLOCKED = 0.0004  # seconds in which a callback blocks everybody: several time-outs come to an end in them


class WatchedNode(Node):
    """A node that looks at every end of a wait."""

    wakes = 0

    def wake(self, process: ControlBlock, outcome: object = None) -> None:
        """Wake somebody who waits and stands in no queue; nobody else may be woken."""
        assert process.waiting is not None
        assert process not in self.ready
        super().wake(process, outcome)
        assert process.waiting is process.timer is None
        self.wakes += 1


class Server(GenServer):
    """Answers at once, late, never, or after it has blocked everybody."""

    async def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        how, token = request
        if how == "blocks":
            time.sleep(BLOCKED)
        elif how == "is slow":
            await Process.sleep(0.0003)
        elif how == "never":
            return NoReply(state)
        elif how == "twice":
            GenServer.reply(from_, ("answer", token))
        return Reply(("answer", token), state)


class Client:
    """One process that waits in all ways, one after the other, and compares what comes with what it is owed."""

    def __init__(self, number: int, servers: list[Pid], seen: Counter[str]) -> None:
        self.random = random.Random(number)
        self.servers, self.seen, self.number, self.token = servers, seen, number, 0

    async def run(self) -> None:
        ways = (self.call,) * 8 + (self.message,) * 6 + (self.sleep,) * 2 + (self.monitor, self.kill, self.block)
        for _ in range(OPERATIONS):
            self.token += 1
            self.seen[await self.random.choice(ways)()] += 1

    async def call(self) -> str:
        how = self.random.choice(("at once", "at once", "is slow", "never", "twice", "blocks"))
        limit = self.random.choice(TIMES) if how != "at once" else 60.0
        mine, began = (self.number, self.token), time.monotonic()
        try:
            answer = await GenServer.call(self.random.choice(self.servers), (how, mine), limit)
        except Exit as exit:
            reason = exit.reason[0]
            assert reason in ("timeout", "killed"), exit
            assert reason != "timeout" or time.monotonic() - began >= limit, "a time-out came early"
            return f"call: {reason}"
        assert answer == ("answer", mine), (answer, mine)
        assert how != "never"
        return "call: answered"

    async def message(self) -> str:
        while await receive(timeout=0) is not TIMEOUT:
            pass  # second answers, and letters that came too late
        mine, limit, began = ("post", self.token), self.random.choice(TIMES), time.monotonic()
        letter = self.random.choice(("none", "timer", "process", "busy process"))
        if letter == "timer":
            Process.send_after(self_(), mine, self.random.choice(TIMES))
        elif letter != "none":
            spawn(_post, self_(), mine, letter == "busy process")
        got = await receive(lambda message: message == mine, timeout=limit)
        if got is TIMEOUT:
            assert time.monotonic() - began >= limit, "a time-out came early"
            return "receive: time-out"
        assert got == mine
        assert letter != "none"
        return "receive: message"

    async def sleep(self) -> str:
        seconds, began = self.random.choice(TIMES), time.monotonic()
        assert await Process.sleep(seconds) is None  # type: ignore[func-returns-value]
        assert time.monotonic() - began >= seconds, "a sleep ended early"
        return "sleep"

    async def monitor(self) -> str:
        pid, ref = spawn_monitor(_caller, self.random.choice(self.servers))
        if self.random.random() < 0.7:
            await Process.sleep(0)
            Process.exit(pid, "kill")  # perhaps while it waits for an answer
        down = await receive(lambda message: isinstance(message, Down) and message.ref is ref, timeout=60)
        assert (down.pid, down.reason in ("killed", "normal", "noproc")) == (pid, True), down
        return "monitor: down"

    async def kill(self) -> str:
        number, pid = self.random.randrange(len(self.servers)), await Server.start()
        assert pid is not None
        old, self.servers[number] = self.servers[number], pid
        Process.exit(old, "kill")
        with pytest.raises(Exit) as caught:
            await GenServer.call(old, ("at once", 0))
        assert caught.value.reason[0] == "noproc"
        return "kill"

    async def block(self) -> str:
        time.sleep(BLOCKED / 3)
        return "block"


async def _post(to: Pid, message: object, busy: bool) -> None:
    send(to, message)
    if busy:
        time.sleep(BLOCKED)


async def _caller(server: Pid) -> None:
    try:
        await GenServer.call(server, ("is slow", 0), 0.001)
    except Exit as exit:
        assert exit.reason[0] in ("timeout", "noproc", "killed"), exit


@pytest.mark.slow
@pytest.mark.filterwarnings("error")
def test_each_wait_ends_once_with_its_own_outcome() -> None:
    seen: Counter[str] = Counter()

    async def main() -> None:
        servers = [pid for _ in range(4) if (pid := await Server.start()) is not None]
        shared: deque[Client] = deque(Client(number, servers, seen) for number in range(CLIENTS))

        async def client() -> None:
            await shared.popleft().run()

        waiting = {spawn_monitor(client)[1] for _ in range(CLIENTS)}
        while waiting:
            down = await receive(Down)
            assert down.reason == "normal"
            waiting.remove(down.ref)
        for pid in servers:
            assert await GenServer.call(pid, ("at once", 0)) == ("answer", 0)
            assert not pid.block.monitors
        await Process.sleep(0.01)  # the last letters and the slow answers
        assert Process.list() == [self_(), *sorted(servers, key=lambda pid: pid.number)]
        assert len(node.timers) == 0
        assert len(node.ready) == 0

    with WatchedNode() as node:
        node.run(main)
    assert sum(seen.values()) == CLIENTS * OPERATIONS == 50_000
    assert set(seen) == {
        "call: answered", "call: killed", "call: timeout", "receive: message", "receive: time-out",
        "sleep", "monitor: down", "kill", "block",
    }  # fmt: skip
    assert node.wakes > 10_000


# ---- a message and the end of the time, both before the waiter's turn -----------------------------


@pytest.mark.parametrize("clock", ["real", "virtual"])
@pytest.mark.parametrize("second", ["receive", "sleep", "call"])
def test_what_ended_a_wait_does_not_end_the_next_one(clock: Any, second: str) -> None:
    async def main() -> Any:
        server, me = await Server.start(), self_()
        assert server is not None

        def both() -> None:
            send(me, "message")
            time.sleep(0.02)

        if clock == "real":
            spawn(both)
        else:
            Process.send_after(me, "message", 0.01)
        assert await receive(timeout=0.01) == "message"
        began = current_node().now()
        if second == "receive":
            assert await receive(timeout=0.03) is TIMEOUT
        elif second == "sleep":
            await Process.sleep(0.03)
        else:
            assert await GenServer.call(server, ("is slow", 1)) == ("answer", 1)
            return True
        return current_node().now() - began >= 0.03

    with WatchedNode(clock=clock) as node:
        assert node.run(main) is True


def test_a_cell_that_was_answered_keeps_its_answer_until_it_goes_on() -> None:
    """Its shell was handed to the next task that wanted to wait, and the answer with it."""

    class Gate(GenServer):
        def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
            if request == "wait":
                return NoReply(from_)
            if request == "open":
                GenServer.reply(state, "it is open")
            return Reply(request, state)

    async def cell() -> Any:
        with WatchedNode(clock="virtual") as node:
            gate = await Gate.start()

            async def opens() -> list[Any]:
                return [await GenServer.call(gate, request) for request in ("open", "next", "last")]

            answers = await asyncio.gather(GenServer.call(gate, "wait"), opens())
            return answers, [pid.block.label for pid in node.processes() if pid.block]

    assert asyncio.run(cell()) == (["it is open", ["open", "next", "last"]], ["shell", "Gate"])


# ---- cancelled by asyncio's words ------------------------------------------------------------------


@pytest.mark.parametrize(
    "wait", [receive, lambda: Process.sleep(60), lambda: asyncio.sleep(60), lambda: Process.sleep(0)]
)
def test_a_process_that_cancels_itself_is_cancelled_at_its_next_wait(wait: Any) -> None:
    async def main() -> str:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        try:
            await wait()
        except asyncio.CancelledError:
            task.uncancel()
            await Process.sleep(1)
            return "cancelled once"
        return "not cancelled"

    with WatchedNode(clock="virtual") as node:
        assert node.run(main) == "cancelled once"
        assert node.now() == 1.0


# ---- the end ---------------------------------------------------------------------------------------


async def _registers() -> None:
    Process.register(self_(), "late name")


async def _enters() -> None:
    Registry.register("rooms", "lobby", 1)


async def _makes_a_table() -> None:
    ets.new("late table", named_table=True)


async def _sets_a_timer() -> None:
    Process.send_after(self_(), "late", 5)


async def _links() -> None:
    spawn_link(Process.sleep, None)


async def _monitors() -> None:
    Process.monitor(Process.whereis("bystander"))


@pytest.mark.parametrize("late", [_registers, _enters, _makes_a_table, _sets_a_timer, _links, _monitors])
@pytest.mark.parametrize("end", ["kill", "from itself", "a link"])
def test_what_a_killed_process_does_in_its_finally_leaves_nothing_behind(late: Any, end: str) -> None:
    async def victim() -> None:
        try:
            if end == "a link":
                spawn_link(Process.exit, self_(), "gone")
            await receive()
            Process.exit(self_(), "kill")
        finally:
            _run_plainly(late())

    async def main() -> None:
        await Registry.start_link(keys="unique", name="rooms")
        bystander = spawn(Process.sleep, None)
        Process.register(bystander, "bystander")
        for _ in range(2):  # what is left of the first one would be in the way of the second
            before = Process.list()
            pid, ref = spawn_monitor(victim)
            await Process.sleep(1)
            if end == "kill":
                Process.exit(pid, "kill")
            else:
                send(pid, "go on")
            down = await receive(Down)
            assert down.ref is ref
            await Process.sleep(0)
            assert Process.list() == before
            assert Process.registered() == ["rooms", "bystander"]
            assert Registry.lookup("rooms", "lobby") == []
            assert ets.whereis("late table") is None
            assert current_node().timers.earliest() is None
            assert not bystander.block.monitors

    with WatchedNode(clock="virtual") as node:
        node.run(main)


def _run_plainly(coroutine: Any) -> None:
    """A `finally` of a killed process cannot await: run what does not wait."""
    try:
        coroutine.send(None)
    except StopIteration:
        return
    raise AssertionError("it waited")


def test_a_clean_up_that_fails_hides_no_death(caplog: pytest.LogCaptureFixture) -> None:
    def fails(pid: Pid) -> None:
        raise ValueError("the drawer is stuck")

    async def main() -> Any:
        pid, ref = spawn_monitor(Process.sleep, None)
        second: list[Pid] = []
        pid.block.cleanups = [fails, second.append]
        Process.register(pid, "name")
        Process.exit(pid, "kill")
        return await receive(Down) == Down(ref, pid, "killed"), second == [pid], Process.whereis("name")

    with Node(clock="virtual") as node:
        assert node.run(main) == (True, True, None)
    assert "the drawer is stuck" in caplog.text

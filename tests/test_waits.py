"""Each wait ends once, with its own outcome: on a real clock, where everything can come at the same time."""
from __future__ import annotations

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
    Reply,
    receive,
    self_,
    send,
    spawn,
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

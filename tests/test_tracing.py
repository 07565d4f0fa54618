"""The recorded trace: what happened, in order, with its causes, the same in every run."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from otp_mini import (
    BadArg,
    Down,
    Exit,
    GenServer,
    Node,
    NoReply,
    Ok,
    Pid,
    Process,
    Reply,
    Task,
    receive,
    self_,
    send,
    spawn,
    trace,
)
from otp_mini.tracing import KINDS, Trace


class Counter(GenServer):
    def init(self, first: int) -> Any:
        return Ok(first)

    def handle_call(self, request: Any, from_: Any, state: int) -> Any:
        return Reply(state, state + 1)

    def handle_cast(self, request: Any, state: int) -> Any:
        return NoReply(state)


async def echo() -> None:
    message = await receive()
    send(message[0], ("echo", message[1]))


async def leave(reason: object) -> None:
    raise Exit(reason)


def record(main: Any, **settings: Any) -> Trace:
    """The trace of a process on a fresh node."""

    async def traced() -> Trace:
        with trace() as recorded:
            await main()
            await Process.sleep(1)
        return recorded

    with Node(clock="virtual", **settings) as node:
        recorded: Trace = node.run(traced)
        return recorded


async def conversation() -> None:
    pid = spawn(echo)
    send(pid, (self_(), "hello"))
    await receive()


def test_a_trace_prints_a_line_an_event() -> None:
    assert str(record(conversation)).splitlines() == [
        "0.000  traced              spawn    -> echo<0.2.0>",
        "0.000  traced              send     -> echo<0.2.0>         (#PID<0.1.0>, 'hello')",
        "0.000  echo<0.2.0>         receive  <- traced              (#PID<0.1.0>, 'hello')",
        "0.000  echo<0.2.0>         send     -> traced              ('echo', 'hello')",
        "0.000  echo<0.2.0>         exit                            'normal'",
        "0.000  traced              receive  <- echo<0.2.0>         ('echo', 'hello')",
    ]


def test_an_event_knows_what_caused_it() -> None:
    spawned, sent, received, answered, ended, got = record(conversation).events
    assert spawned.cause is None
    assert received.cause == sent.number
    assert answered.cause == received.number
    assert ended.cause == received.number
    assert got.cause == answered.number


def test_the_numbers_of_events_are_their_places() -> None:
    events = record(conversation).events
    assert [event.number for event in events] == [*range(len(events))]


def test_every_kind_of_event_is_one_of_the_known() -> None:
    async def everything() -> None:
        Process.flag(trap_exit=True)
        pid = await Counter.start_link(1, name="counter")
        ref = Process.monitor(pid)
        Process.demonitor(ref)
        Process.monitor(pid)
        Process.send_after(pid, "tick", 0.5)
        await GenServer.call(pid, "next")
        Process.unlink(pid)
        Process.link(pid)
        Process.exit(pid, "kill")
        await receive(Down)

    recorded = record(everything)
    assert {event.kind for event in recorded} <= set(KINDS)
    missing = {"spawn", "exit", "send", "receive", "reply", "signal", "down", "link", "unlink", "monitor", "register"}
    assert missing <= {event.kind for event in recorded}
    assert "demonitor" in {event.kind for event in recorded}


def test_a_timer_that_fires_is_recorded() -> None:
    async def main() -> None:
        Process.send_after(self_(), "tick", 2)
        await receive()

    recorded = record(main)
    assert [(event.kind, event.time) for event in recorded] == [("timer", 2.0), ("receive", 2.0)]
    assert recorded.events[1].cause == 0


def test_the_death_of_a_process_is_caused_by_the_signal_that_killed_it() -> None:
    async def main() -> None:
        pid = spawn(echo)
        Process.exit(pid, "kill")

    signal, ended = record(main).events[-2:]
    assert (signal.kind, ended.kind) == ("signal", "exit")
    assert ended.cause == signal.number


def test_a_message_is_shown_as_it_was_when_it_was_sent() -> None:
    async def eater() -> None:
        (await receive()).clear()

    async def main() -> None:
        send(spawn(eater), ["apple"])

    assert "['apple']" in str(record(main).filter(kind="send"))


def test_nothing_is_recorded_outside_the_block() -> None:
    async def main() -> int:
        with trace() as recorded:
            pass
        spawn(echo)
        return len(recorded)

    with Node(clock="virtual") as node:
        assert node.run(main) == 0
        assert node.tracer is None


def test_a_trace_within_a_trace_gives_the_outer_one_back() -> None:
    async def main() -> None:
        with trace() as outer:
            with trace() as inner:
                spawn(echo)
            spawn(echo)
        assert [event.other.number for event in inner if event.other] == [2]
        assert [event.other.number for event in outer if event.other] == [3]

    with Node(clock="virtual") as node:
        node.run(main)


def test_filter_takes_pids_kinds_text_and_a_condition() -> None:
    recorded = record(conversation)
    echoes = [pid for pid, name in recorded.names.items() if name == "echo<0.2.0>"]
    assert len(recorded.filter(*echoes)) == 6
    assert [event.kind for event in recorded.filter(kind=("spawn", "exit"))] == ["spawn", "exit"]
    assert len(recorded.filter(text="'echo'")) == 2
    assert len(recorded.filter(where=lambda event: event.cause is None)) == 2
    assert len(recorded.filter(kind="down")) == 0


def test_filter_takes_names_too() -> None:
    async def two() -> None:
        await Counter.start_link(1, name=Counter)
        for _ in range(2):
            send(spawn(echo), (self_(), "hello"))

    recorded = record(two)
    assert len(recorded.filter("echo")) == len(recorded.filter("echo<0.3.0>")) + len(recorded.filter("echo<0.4.0>"))
    assert {event.kind for event in recorded.filter(Counter)} == {"spawn", "link", "register"}
    assert str(recorded.filter("Counter")) == str(recorded.filter(Counter))
    assert len(recorded.filter("traced", "echo")) == len(recorded) - 1  # all but the name of the counter


def test_a_name_stands_for_all_who_had_it_one_after_the_other() -> None:
    async def restarts() -> None:
        for _ in range(2):
            await GenServer.stop(await Counter.start(1, name="counter"))

    recorded = record(restarts)
    assert [pid.number for pid in recorded.processes("counter")] == [2, 3]
    assert [event.other.number for event in recorded.filter("counter", kind="spawn") if event.other] == [2, 3]


@pytest.mark.parametrize("call", [Trace.filter, Trace.why, Trace.processes])
def test_a_name_that_nobody_has_is_an_error_that_says_who_is_there(call: Any) -> None:
    with pytest.raises(BadArg, match=r"no process of this trace is called 'eco'; there are traced, echo<0.2.0>$"):
        call(record(conversation), "eco")


def test_an_error_about_a_name_does_not_list_hundreds() -> None:
    recorded = Trace()
    recorded.names = {Pid(number): f"worker {number}" for number in range(100)}
    with pytest.raises(BadArg, match=r"worker 11 and 88 more$"):
        recorded.filter("boss")
    with pytest.raises(BadArg, match=r"there are none at all$"):
        Trace().filter("boss")


def test_a_kind_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(BadArg, match=r"kind must be one of spawn, exit, .* got 'recieve'"):
        record(conversation).filter(kind="recieve")


def test_a_filtered_trace_knows_the_whole() -> None:
    recorded = record(conversation)
    part = recorded.filter("echo").filter(kind="exit")
    assert part.whole is recorded
    assert len(part) == 1
    assert part.why("echo").events == recorded.why("echo").events


def test_why_takes_a_name_and_means_the_last_that_ended() -> None:
    async def restarts() -> None:
        for reason in ("first", "second"):
            pid = await Counter.start(1, name="counter")
            Process.exit(pid, reason)
        await Counter.start(1, name="counter")

    recorded = record(restarts)
    assert str(recorded.why("counter")) == "counter ended with 'second', on an exit signal from traced."
    first = recorded.processes("counter")[0]
    assert str(recorded.why(first)) == "counter ended with 'first', on an exit signal from traced."


def test_why_of_a_name_whose_bearers_all_live_says_what_it_needs() -> None:
    async def starts() -> None:
        await Counter.start(1, name="counter")

    with pytest.raises(BadArg, match="why needs a process whose end this trace has recorded; counter has not ended"):
        record(starts).why("counter")


def test_a_filtered_trace_prints_the_same_lines() -> None:
    recorded = record(conversation)
    assert str(recorded.filter(kind="exit")) == str(recorded).splitlines()[4]


def test_a_registered_process_is_called_by_its_name() -> None:
    async def main() -> None:
        pid = await Counter.start_link(1, name=Counter)
        await GenServer.call(pid, "next")

    assert "Counter " in str(record(main).filter(kind="reply"))


def test_repr_of_a_trace_is_short() -> None:
    assert repr(record(conversation)) == "<Trace of 6 events>"


NAMES = [
    "<b>bold</b>", "%s %d {}", '"; drop', "two\nlines", "tab\there", "", "\x1b[31m", "\u202e", "\ud800",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_an_event_is_one_line_whatever_a_process_is_called(name: str) -> None:
    async def main() -> None:
        Process.register(spawn(echo), name)
        send(name, (self_(), "hello"))

    recorded = record(main)
    assert len(str(recorded).splitlines()) == len(recorded)
    assert all(line.isprintable() for line in str(recorded).split("\n"))


def test_an_event_is_one_printable_line_whatever_is_said_and_whoever_says_it() -> None:
    evil = "two\nlines \x1b[31m \u202e \ud800"

    class Says:
        def __repr__(self) -> str:
            return evil

    async def main() -> None:
        named: Any = lambda: None  # noqa: E731
        named.__name__ = evil.replace("\ud800", "")
        spawn(named)
        Task.start(named)
        server: Any = type(evil.replace("\ud800", ""), (GenServer,), {})
        await server.start_link(name=evil)
        send(self_(), Says())
        await receive()
        await Process.sleep(1)

    recorded = record(main)
    assert len(str(recorded).split("\n")) == len(recorded) > 5
    assert all(line.isprintable() for line in str(recorded).split("\n"))


def test_a_message_that_cannot_be_printed_is_traced_all_the_same() -> None:
    class Unprintable:
        def __repr__(self) -> str:
            raise RuntimeError

    async def main() -> None:
        send(self_(), Unprintable())

    assert "whose __repr__ failed with RuntimeError" in str(record(main))


# ---- determinism ---------------------------------------------------------------------------

PROGRAM = """
    import random
    from otp_mini import *

    class Worker(GenServer):
        def init(self, number):
            Process.flag(trap_exit=number % 2 == 0)
            return Ok({str(number), "state"}, Timeout(number / 7))
        def handle_call(self, request, from_, state):
            if request == "crash":
                raise ValueError(request)
            return Reply(len(state), state | {request}, Timeout(0.3))
        def handle_info(self, message, state):
            return NoReply(state, Timeout(0.5))

    async def client(servers, number):
        for step in range(5):
            server = servers[(number * 7 + step) % len(servers)]
            try:
                await GenServer.call(server, "crash" if (number, step) == (3, 2) else f"{number}-{step}", 1.0)
            except Exit:
                pass
            await Process.sleep(0.1 * number)

    async def main():
        Process.flag(trap_exit=True)
        with trace() as t:
            servers = [await Worker.start_link(n, name=f"worker {n}") for n in range(6)]
            watched = {Process.monitor(server): server for server in servers}
            for number in range(5):
                spawn_link(client, servers, number)
            Process.exit(servers[4], "kill")
            for name in {"worker 0", "worker 1", "worker 5"}:
                pass
            while await receive(timeout=1.5) != TIMEOUT:
                pass
        return str(t)

    def play(**settings):
        with Node(clock="virtual", **settings) as node:
            return node.run(main)
"""


def run_program(seed: int | None = None) -> str:
    namespace: dict[str, Any] = {"__name__": "program"}
    exec(textwrap.dedent(PROGRAM), namespace)
    return str(namespace["play"](seed=seed))


@pytest.mark.parametrize("seed", [None, 0, 7])
def test_the_same_program_gives_the_same_trace_twice(seed: int | None, caplog: pytest.LogCaptureFixture) -> None:
    first, second = run_program(seed), run_program(seed)
    assert first == second
    assert len(first.splitlines()) > 100


def test_another_seed_gives_another_schedule(caplog: pytest.LogCaptureFixture) -> None:
    assert len({run_program(seed) for seed in (None, 1, 2, 3)}) > 1


def test_the_same_program_gives_the_same_trace_whatever_the_hash_seed() -> None:
    code = textwrap.dedent(PROGRAM) + "\nprint(play())\n"
    root = Path(__file__).resolve().parent.parent
    traces = [
        subprocess.run(
            [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, timeout=60, check=True,
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(root)},
        ).stdout
        for seed in ("1", "2")
    ]  # fmt: skip
    assert traces[0] == traces[1]
    assert len(traces[0].splitlines()) > 100


def test_a_trace_shows_no_address_of_memory() -> None:
    async def main() -> None:
        send(self_(), (echo, object(), leave))

    assert " at 0x" not in str(record(main))

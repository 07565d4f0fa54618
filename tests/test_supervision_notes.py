"""What a supervisor notes in a trace, what follows from what, and `Trace.why`."""
from __future__ import annotations

from typing import Any

import pytest

from otp_mini import (
    ChildSpec,
    DynamicSupervisor,
    Exit,
    GenServer,
    Node,
    NoReply,
    Ok,
    Process,
    Stop,
    Supervisor,
    spawn,
    trace,
)
from otp_mini.tracing import Trace

NOTES = {"start", "started", "start_failed", "restart", "give_up", "stopping", "keep", "forget"}


class Worker(GenServer):
    def init(self, name: str) -> Any:
        Process.flag(trap_exit=True)
        return Ok(name)

    def handle_cast(self, request: Any, state: str) -> Any:
        match request:
            case "raise":
                raise ValueError("ink is out")
            case ("stop", reason):
                return Stop(reason, state)
        return NoReply(state)



class Registered(Worker):
    """A worker that the trace calls by its name."""

    @classmethod
    async def start_link(cls, name: str = "", **options: Any) -> Any:
        return await super().start_link(name, name=name)


def named(name: str, **changes: Any) -> ChildSpec:
    return ChildSpec(name, (Registered.start_link, (name,)), **changes)


def record(*requests: tuple[str, Any], children: list[ChildSpec], **options: Any) -> tuple[Trace, Any]:
    """The trace of some casts to children, a second apart, and the pid of the supervisor."""

    async def main() -> Any:
        Process.flag(trap_exit=True)
        sup = await Supervisor.start_link(children, name="desk", **{"strategy": "one_for_one", **options})
        with trace() as recorded:
            for name, request in requests:
                GenServer.cast(name, request)
                await Process.sleep(1)
        return recorded, sup

    with Node(clock="virtual") as node:
        recorded, sup = node.run(main)
        return recorded, sup


def notes(recorded: Trace) -> list[tuple[str, object]]:
    return [(event.kind, event.term) for event in recorded if event.kind in NOTES]


def test_a_restart_is_noted_with_what_is_spent_of_the_budget() -> None:
    recorded, _ = record(("pen", "raise"), children=[named("pen")])
    assert notes(recorded) == [("restart", ("pen", 1, 3, 5.0)), ("start", "pen"), ("started", "pen")]


def test_a_group_restart_notes_one_restart_and_every_start() -> None:
    recorded, _ = record(("pen", "raise"), children=[named("ink"), named("pen"), named("pad")], strategy="rest_for_one")
    assert notes(recorded) == [
        ("restart", ("pen", 1, 3, 5.0)), ("start", "pen"), ("started", "pen"), ("start", "pad"), ("started", "pad"),
    ]


def test_one_restart_too_many_is_noted_as_giving_up_and_then_stopping() -> None:
    recorded, _ = record(("pen", "raise"), ("pen", "raise"), children=[named("pen"), named("pad")], max_restarts=1)
    assert notes(recorded)[3:] == [("give_up", ("pen", 2, 1, 5.0)), ("stopping", None)]


def test_a_temporary_child_is_forgotten_and_a_transient_one_kept() -> None:
    children = [named("note", restart="temporary"), named("pen", restart="transient")]
    recorded, _ = record(("note", "raise"), ("pen", ("stop", "normal")), children=children)
    assert notes(recorded) == [("forget", "note"), ("keep", "pen")]


def test_a_start_that_fails_is_noted_with_its_reason() -> None:
    class Stubborn(Worker):
        def init(self, name: str) -> Any:
            return Stop("not today")

    async def main() -> Trace:
        Process.flag(trap_exit=True)
        with trace() as recorded, pytest.raises(Exception, match="did not start: .not today"):
            await Supervisor.start_link([(Stubborn, "a")], strategy="one_for_one")
        return recorded

    with Node(clock="virtual") as node:
        recorded = node.run(main)
    assert notes(recorded) == [("start", Stubborn), ("start_failed", (Stubborn, "not today"))]


def test_a_dynamic_supervisor_notes_the_same() -> None:
    async def main() -> Trace:
        sup = await DynamicSupervisor.start_link(name="pool")
        with trace() as recorded:
            await DynamicSupervisor.start_child(sup, named("pen", restart="temporary"))
            await DynamicSupervisor.start_child(sup, named("ink"))
            GenServer.cast("pen", "raise")
            GenServer.cast("ink", "raise")
            await Process.sleep(1)
        return recorded

    with Node(clock="virtual") as node:
        recorded = node.run(main)
    assert notes(recorded) == [
        ("start", "pen"), ("started", "pen"), ("start", "ink"), ("started", "ink"),
        ("forget", "pen"), ("restart", ("ink", 1, 3, 5.0)), ("start", "ink"), ("started", "ink"),
    ]


def test_every_stop_and_start_of_a_restart_is_caused_by_its_decision() -> None:
    children = [named("ink"), named("pen"), named("pad")]
    recorded, sup = record(("pen", "raise"), children=children, strategy="one_for_all")
    decision = next(event for event in recorded if event.kind == "restart")
    done = [event for event in recorded if event.pid is sup and event.kind in ("signal", "start", "spawn")]
    assert len(done) == 2 + 3 + 3
    assert {event.cause for event in done} == {decision.number}


def test_an_exit_signal_over_a_link_is_caused_by_the_end_of_the_process() -> None:
    recorded, sup = record(("pen", "raise"), children=[named("pen")])
    ended = next(event for event in recorded if event.kind == "exit")
    signal = next(event for event in recorded if event.kind == "signal" and event.other is sup)
    assert signal.cause == ended.number


def test_why_tells_a_stopped_sibling_from_the_one_that_crashed() -> None:
    recorded, _ = record(("pen", "raise"), children=[named("ink"), named("pen")], strategy="one_for_all")
    stopped = next(event.pid for event in recorded if event.kind == "exit" and recorded.name(event.pid) == "ink")
    assert stopped is not None
    assert str(recorded.why(stopped)) == (
        "ink was stopped by its supervisor desk for the restart of pen (1 of 3 in 5 s), "
        "because pen raised ValueError: ink is out while handling cast 'raise' from main."
    )


def test_why_a_supervisor_gave_up_goes_back_to_the_last_crash() -> None:
    recorded, sup = record(("pen", "raise"), children=[named("pen")], max_restarts=0)
    assert str(recorded.why(sup)) == (
        "desk gave up on pen (restart 1 in 5 s, none allowed) and ended, "
        "because pen raised ValueError: ink is out while handling cast 'raise' from main."
    )


def test_why_of_a_killed_process_names_who_sent_the_signal() -> None:
    async def victim() -> None:
        await Process.sleep(9)

    async def main() -> str:
        with trace() as recorded:
            pid = spawn(victim)
            Process.exit(pid, "kill")
            await Process.sleep(1)
        return str(recorded.why(pid))

    with Node(clock="virtual") as node:
        said = node.run(main)
    assert said == "victim was killed by main."


def test_why_of_a_living_process_says_what_it_needs() -> None:
    recorded, sup = record(("pen", "raise"), children=[named("pen")])
    with pytest.raises(ValueError, match="needs a process whose end this trace has recorded"):
        recorded.why(sup)


def test_the_chain_of_why_begins_with_the_first_cause_and_ends_with_the_end() -> None:
    async def main() -> Any:
        async def leaves() -> None:
            raise Exit("boom")

        with trace() as recorded:
            pid = spawn(leaves)
            await Process.sleep(1)
        return recorded.why(pid), pid

    with Node(clock="virtual") as node:
        why, pid = node.run(main)
    assert [event.kind for event in why.events] == ["spawn", "exit"]
    assert why.pid is pid
    assert repr(why).endswith("ended: 2 events>")

"""What a supervisor notes in a trace, what follows from what, and `Trace.why`."""

from __future__ import annotations

from typing import Any

import pytest

from otp_mini import (
    ChildSpec,
    DynamicSupervisor,
    Exit,
    ExitSignal,
    GenServer,
    Node,
    NoReply,
    Ok,
    Process,
    Reply,
    StartError,
    Stop,
    Supervisor,
    Task,
    receive,
    self_,
    send,
    spawn,
    spawn_link,
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
        ("restart", ("pen", 1, 3, 5.0)),
        ("start", "pen"),
        ("started", "pen"),
        ("start", "pad"),
        ("started", "pad"),
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
        with trace() as recorded, pytest.raises(Exception, match=r"did not start: .not today"):
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
        ("start", "pen"),
        ("started", "pen"),
        ("start", "ink"),
        ("started", "ink"),
        ("forget", "pen"),
        ("restart", ("ink", 1, 3, 5.0)),
        ("start", "ink"),
        ("started", "ink"),
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


# ---- what it says: each of these is to read like a colleague's sentence -----------------------------------------


def said_of(who: Any, main: Any) -> str:
    """Why it ended, after a program that ran for a while."""

    async def program() -> Trace:
        Process.flag(trap_exit=True)
        with trace() as recorded:
            await main()
            await Process.sleep(60)
        return recorded

    program.__name__ = "main"
    with Node(clock="virtual") as node:
        return str(node.run(program).why(who))


class Clerk(Worker):
    def handle_call(self, request: Any, from_: Any, state: str) -> Any:
        if request == "raise":
            raise ValueError("ink is out")
        return NoReply(state) if request == "silence" else Reply(request, state)


class Slow(Registered):
    async def terminate(self, reason: object, state: str) -> None:
        await Process.sleep(30)


class Stubborn(Registered):
    def init(self, name: str) -> Any:
        return Stop("no paper")


async def desk(*children: ChildSpec, name: str = "desk", **options: Any) -> Any:
    return await Supervisor.start_link(children, name=name, **{"strategy": "one_for_one", **options})


def slow(name: str, **changes: Any) -> ChildSpec:
    return ChildSpec(name, (Slow.start_link, (name,)), **changes)


def stubborn(name: str) -> ChildSpec:
    return ChildSpec(name, (Stubborn.start_link, (name,)))


def test_why_of_a_crash_in_a_call() -> None:
    async def client() -> None:
        await GenServer.call("pen", "raise")

    async def main() -> None:
        await Clerk.start("pen", name="pen")
        spawn(client)

    assert said_of("pen", main) == "pen raised ValueError: ink is out while handling call 'raise' from client."
    assert said_of("client", main) == (
        "client ended in its call 'raise' to pen, because pen raised ValueError: ink is out while handling it."
    )


def test_why_of_a_call_without_an_answer() -> None:
    async def client() -> None:
        await GenServer.call("pen", "silence", 2.5)

    async def main() -> None:
        await Clerk.start("pen", name="pen")
        spawn(client)

    assert said_of("client", main) == "client got no answer to its call 'silence' to pen within 2.5 s."


def test_why_of_a_call_to_nobody() -> None:
    async def early() -> None:
        await GenServer.call("pen", "hello")

    async def late(pen: Any) -> None:
        await Process.sleep(1)
        await GenServer.call(pen, "hello")

    async def main() -> None:
        spawn(early)
        pen = await Clerk.start("pen", name="quill")
        spawn(late, pen)
        Process.exit(pen, "kill")

    assert said_of("early", main) == "early called pen, which was not there."
    assert said_of("late", main) == "late called quill, which was gone, because quill was killed by main."


def test_why_of_a_linked_pair() -> None:
    async def one() -> None:
        send(spawn_link(other), "go")
        await receive()

    async def other() -> None:
        await receive()
        raise ValueError("ink is out")

    async def main() -> None:
        spawn(one)

    assert said_of("one", main) == (
        "one went down with other, to which it was linked, "
        "because other raised ValueError: ink is out while handling 'go' from one."
    )


def test_why_of_one_that_traps_exits_and_ends_in_its_own_way() -> None:
    async def one() -> None:
        Process.flag(trap_exit=True)
        spawn_link(other)
        await receive(ExitSignal)
        raise KeyError("other")

    async def other() -> None:
        raise Exit("gone fishing")

    async def main() -> None:
        spawn(one)

    assert said_of("one", main) == (
        "one raised KeyError: 'other' after the end of other, to which it was linked, "
        "because other ended with 'gone fishing'."
    )


def test_why_of_a_worker_stopped_by_one_for_all() -> None:
    async def main() -> None:
        await desk(named("ink"), named("pen"), strategy="one_for_all")
        GenServer.cast("pen", "raise")

    assert said_of("ink", main) == (
        "ink was stopped by its supervisor desk for the restart of pen (1 of 3 in 5 s), "
        "because pen raised ValueError: ink is out while handling cast 'raise' from main."
    )


def test_why_of_a_worker_stopped_with_its_supervisor() -> None:
    async def main() -> None:
        inner = ChildSpec("inner", (lambda: desk(named("ink"), name="inner"), ()), type="supervisor")
        await desk(inner, named("pen"), strategy="one_for_all")
        GenServer.cast("pen", "raise")

    assert said_of("ink", main) == (
        "ink was stopped by its supervisor inner, because inner was stopped by its supervisor desk for the restart of "
        "pen (1 of 3 in 5 s), because pen raised ValueError: ink is out while handling cast 'raise' from main."
    )


def test_why_of_a_supervisor_that_gave_up_two_levels_below_the_root() -> None:
    async def main() -> None:
        low = ChildSpec("low", (lambda: desk(named("pen"), name="low", max_restarts=1), ()), type="supervisor")
        middle = ChildSpec("middle", (lambda: desk(low, name="middle", max_restarts=0), ()), type="supervisor")
        await desk(middle)
        for _ in range(2):
            GenServer.cast("pen", "raise")
            await Process.sleep(1)

    assert said_of("middle", main) == (
        "middle gave up on low (restart 1 in 5 s, none allowed) and ended, "
        "because low gave up on pen (restart 2 in 5 s, 1 allowed) and ended, "
        "because pen raised ValueError: ink is out while handling cast 'raise' from main."
    )


def test_why_of_a_kill() -> None:
    async def victim() -> None:
        await Process.sleep(90)

    async def main() -> None:
        Process.exit(spawn(victim), "kill")

    assert said_of("victim", main) == "victim was killed by main."


def test_why_of_an_exit_signal_with_a_reason() -> None:
    async def victim() -> None:
        await Process.sleep(90)

    async def main() -> None:
        Process.exit(spawn(victim), "enough")

    assert said_of("victim", main) == "victim ended with 'enough', on an exit signal from main."


def test_why_of_a_slow_stop_that_ended_in_a_kill() -> None:
    async def main() -> None:
        await desk(slow("ink"), named("pen"), strategy="one_for_all")
        GenServer.cast("pen", "raise")
        await Process.sleep(20)

    assert said_of("ink", main) == (
        "ink was killed by its supervisor desk, as it still ran 5 s after it was told to stop for the restart of pen "
        "(1 of 3 in 5 s), because pen raised ValueError: ink is out while handling cast 'raise' from main."
    )


def test_why_of_a_brutal_kill_at_the_request_of_somebody() -> None:
    async def main() -> None:
        await desk(slow("ink", shutdown="brutal_kill"))
        await Supervisor.terminate_child("desk", "ink")

    assert said_of("ink", main) == "ink was killed by its supervisor desk at the request of main."


def test_why_of_a_start_that_failed() -> None:
    async def main() -> None:
        with pytest.raises(StartError):
            await desk(named("ink"), stubborn("pen"))

    assert said_of("pen", main) == "pen ended with 'no paper' while starting."
    assert said_of("ink", main) == (
        "ink was stopped by its supervisor desk when pen did not start, "
        "because pen ended with 'no paper' while starting."
    )
    assert said_of("desk", main) == (
        "desk could not start pen and ended, because pen ended with 'no paper' while starting."
    )


def test_why_of_a_start_that_failed_without_a_process() -> None:
    async def fails() -> None:
        raise ValueError("no paper")

    async def main() -> None:
        with pytest.raises(StartError):
            await desk(named("ink"), ChildSpec("pen", (fails, ())))

    assert said_of("desk", main) == "desk could not start pen (ValueError: no paper) and ended."
    assert said_of("ink", main) == (
        "ink was stopped by its supervisor desk when pen did not start (ValueError: no paper)."
    )


def test_why_of_restarts_that_failed_goes_back_to_the_first_crash() -> None:
    starts = []

    class Once(Registered):
        def init(self, name: str) -> Any:
            starts.append(name)
            return Ok(name) if len(starts) == 1 else Stop("no paper")

    async def main() -> None:
        starts.clear()
        await desk(ChildSpec("pen", (Once.start_link, ("pen",))), max_restarts=1)
        GenServer.cast("pen", "raise")

    assert said_of("desk", main) == (
        "desk gave up on pen (restart 2 in 5 s, 1 allowed) and ended, because desk could not start pen, "
        "because pen ended with 'no paper' while starting, because desk restarted pen (1 of 1 in 5 s), "
        "because pen raised ValueError: ink is out while handling cast 'raise' from main."
    )


def test_a_life_that_began_well_is_not_explained_by_the_one_before() -> None:
    async def weak() -> None:
        await Process.sleep(1)
        raise ValueError("tired")

    async def main() -> None:
        await desk(ChildSpec("weak", (Task.start_link, (weak,))), max_restarts=1)

    assert said_of("weak", main) == "weak raised ValueError: tired."


def test_why_of_a_task_s_crash_that_took_its_owner_along() -> None:
    async def work() -> None:
        await Process.sleep(1)
        raise ValueError("bad page")

    async def owner() -> None:
        await Task.await_(Task.async_(work))

    async def main() -> None:
        spawn(owner)

    assert said_of("owner", main) == (
        "owner went down with work, to which it was linked, because work raised ValueError: bad page."
    )


def test_why_of_an_owner_whose_task_crashed_or_did_not_answer() -> None:
    async def work() -> None:
        await Process.sleep(1)
        raise ValueError("bad page")

    async def owner(limit: float) -> None:
        Process.flag(trap_exit=True)
        await Task.await_(Task.async_(work), limit)

    async def waits(limit: float) -> None:
        spawn(owner, limit)

    assert said_of("owner", lambda: waits(5.0)) == "owner lost its task work, because work raised ValueError: bad page."
    assert said_of("owner", lambda: waits(0.5)) == "owner had no answer from its task work in time."


def test_why_of_a_stop() -> None:
    async def stop(reason: str) -> None:
        await GenServer.stop(await Clerk.start("pen", name="pen"), reason)

    assert said_of("pen", lambda: stop("normal")) == "pen was stopped by main."
    assert said_of("pen", lambda: stop("shutdown")) == "pen was stopped by main with 'shutdown'."


def test_why_of_the_stop_of_a_whole_tree() -> None:
    async def main() -> None:
        await desk(named("pen"))
        await Supervisor.stop("desk")

    assert said_of("pen", main) == "pen was stopped by its supervisor desk, because desk was stopped by main."


def test_why_of_a_crash_while_being_stopped() -> None:
    class Careless(Registered):
        def terminate(self, reason: object, state: str) -> None:
            raise RuntimeError("cannot save")

    async def main() -> None:
        await desk(ChildSpec("pen", (Careless.start_link, ("pen",))))
        await Supervisor.stop("desk")

    assert said_of("pen", main) == (
        "pen raised RuntimeError: cannot save when its supervisor desk stopped it, because desk was stopped by main."
    )


def test_why_of_a_bad_return_value() -> None:
    class Mute(Registered):
        def handle_cast(self, request: Any, state: str) -> Any:
            return None

    async def main() -> None:
        await Mute.start_link("pen")
        GenServer.cast("pen", "write")

    assert said_of("pen", main) == (
        "pen returned None where a callback's result was expected while handling cast 'write' from main."
    )


def test_why_names_a_timer_and_a_message_to_oneself() -> None:
    async def by_timer() -> None:
        Process.send_after(self_(), "tick", 1)
        raise ValueError(await receive())

    async def by_itself() -> None:
        send(self_(), "now")
        raise ValueError(await receive())

    async def main() -> None:
        spawn(by_timer)
        spawn(by_itself)

    assert said_of("by_timer", main) == "by_timer raised ValueError: tick while handling 'tick' from a timer."
    assert said_of("by_itself", main) == "by_itself raised ValueError: now while handling 'now' from itself."


def test_why_of_one_that_had_been_told_of_an_end() -> None:
    async def watcher(pid: Any) -> None:
        Process.monitor(pid)
        raise Exit(("lost", (await receive()).reason))

    async def main() -> None:
        pen = await Clerk.start("pen", name="pen")
        spawn(watcher, pen)
        await Process.sleep(1)
        Process.exit(pen, "kill")

    assert said_of("watcher", main) == (
        "watcher ended with ('lost', 'killed') while handling the DOWN of pen, because pen was killed by main."
    )


def test_why_of_a_long_chain_tells_its_ends() -> None:
    async def player() -> None:
        while True:
            other, left = await receive()
            if left == 0:
                raise ValueError("dropped")
            send(other, (self_(), left - 1))

    async def main() -> None:
        send(spawn(player), (spawn(player), 40))

    said = said_of("player", main)
    assert said.startswith("player<0.2.0> raised ValueError: dropped while handling (#PID<0.3.0>, 0) from player<")
    assert said.endswith(", and so on; 37 steps before that, player<0.2.0> had received (#PID<0.3.0>, 40) from main.")
    assert said.count("because") == 3


@pytest.mark.parametrize("text", ["<b>&\"'", "two\nlines", "x" * 3000, "\x1b[31m", "{0} %s"])
def test_why_is_one_readable_line_whatever_a_program_says(text: str) -> None:
    async def main() -> None:
        await Clerk.start("pen", name=text)
        GenServer.cast(text, ("stop", text))

    said = said_of(text, main)
    assert len(said.splitlines()) == 1
    assert said.isprintable()
    assert len(said) < 300 + 2 * len(text[:3000])

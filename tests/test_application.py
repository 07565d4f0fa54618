"""Application: the root of a tree."""

from __future__ import annotations

from typing import Any

import playing
import pytest

from otp_mini import (
    AlreadyStarted,
    Application,
    BadArg,
    Exit,
    GenServer,
    Process,
    StartError,
    Supervisor,
    child_spec,
    spawn,
)

EVENTS: list[Any] = []


def play(main: Any) -> Any:
    EVENTS.clear()
    return playing.play(main)


class Shop(Application):
    async def start(self, type: str, args: Any) -> Any:
        EVENTS.append(("start", type, args))
        return await Supervisor.start_link(
            [child_spec((Till, args), id="till")], strategy="one_for_one", max_restarts=0, name="shop"
        )

    def stop(self, state: Any) -> None:
        EVENTS.append("stop")


class Till(GenServer):
    def init(self, argument: Any) -> Any:
        Process.flag(trap_exit=True)
        return super().init(argument)

    def terminate(self, reason: object, state: Any) -> None:
        EVENTS.append(("till", reason))


def test_starting_answers_the_top_supervisor_and_stopping_cleans_up_after_the_tree() -> None:
    async def main() -> Any:
        top = await Shop.start_application("args")
        running = Application.started()
        return top is Process.whereis("shop"), running, await Shop.stop_application(), Process.alive(top)

    assert play(main) == (True, [Shop], "ok", False)
    assert EVENTS == [("start", "normal", "args"), ("till", "shutdown"), "stop"]


def test_an_application_runs_once() -> None:
    async def main() -> None:
        await Shop.start_application()
        with pytest.raises(AlreadyStarted):
            await Shop.start_application()

    play(main)


@pytest.mark.parametrize(("type", "level"), [("temporary", 0), ("permanent", 1)])
def test_the_end_of_the_tree_is_the_end_of_the_application(
    type: Any, level: int, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> Any:
        top = await Shop.start_application(type=type)
        Process.exit((await Supervisor.which_children(top))[0].pid, "kill")  # type: ignore[arg-type]
        await Process.sleep(1)
        return Process.alive(top), Application.started()

    assert play(main) == (False, [])
    assert EVENTS[-1] == "stop"
    assert caplog.text.count("Application Shop exited: 'shutdown'") == level


def test_a_start_that_fails_says_what_it_failed_with() -> None:
    class Broken(Application):
        async def start(self, type: str, args: Any) -> Any:
            return "no pid"

    async def main() -> Any:
        with pytest.raises(StartError) as caught:
            await Broken.start_application()
        return caught.value.reason, Application.started()

    assert play(main) == (("bad_return", ((Broken, "start"), "no pid")), [])


def test_an_unknown_type_is_refused() -> None:
    async def main() -> None:
        with pytest.raises(BadArg, match="got 'eternal'"):
            await Shop.start_application(type="eternal")  # type: ignore[arg-type]

    play(main)


class Told(Application):
    """Writes down with what each of its callbacks is called."""

    async def start(self, type: str, args: Any) -> Any:
        top = await Supervisor.start_link([], strategy="one_for_one", name="top")
        return top if args is None else (top, args)

    def stop(self, state: Any) -> Any:
        EVENTS.append(("stop", state, Process.whereis("top")))


class Prepared(Told):
    async def prep_stop(self, state: Any) -> Any:
        await Process.sleep(1)
        EVENTS.append(("prep_stop", state, Process.whereis("top") is not None))
        return ("ready", state)

    async def stop(self, state: Any) -> Any:
        await Process.sleep(1)
        super().stop(state)


async def run_and_stop(application: Any, args: Any = None) -> Any:
    await application.start_application(args)
    return await application.stop_application()


@pytest.mark.parametrize(("args", "state"), [(None, []), ("mine", "mine"), ([1], [1])])
def test_stop_gets_the_state_that_start_answered_beside_the_pid(args: Any, state: Any) -> None:
    assert play(lambda: run_and_stop(Told, args)) == "ok"
    assert [("stop", state, None)] == EVENTS


def test_prep_stop_runs_before_the_tree_ends_and_says_what_stop_gets_and_both_may_wait() -> None:
    assert play(lambda: run_and_stop(Prepared, 1)) == "ok"
    assert EVENTS == [("prep_stop", 1, True), ("stop", ("ready", 1), None)]


def test_both_run_when_the_tree_has_ended_by_itself() -> None:
    async def main() -> None:
        Process.exit(await Prepared.start_application(1), "kill")
        await Process.sleep(60)

    play(main)
    assert EVENTS == [("prep_stop", 1, False), ("stop", ("ready", 1), None)]


@pytest.mark.parametrize("error", [ValueError("till is stuck"), Exit("gone"), Exit("normal")], ids=repr)
@pytest.mark.parametrize("where", ["prep_stop", "stop"])
def test_an_error_in_the_last_callbacks_is_reported_and_harms_nobody(
    where: str, error: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(self: Any, state: Any) -> Any:
        raise error

    broken: Any = type("Broken", (Told,), {where: fails})

    async def main() -> Any:
        answer = await run_and_stop(broken, 1)
        return answer, Application.started(), Process.whereis("top")

    assert play(main) == ("ok", [], None)
    assert ([("stop", 1, None)] if where == "prep_stop" else []) == EVENTS
    assert len(caplog.records) == 1
    assert "fails failed: " in caplog.text


def test_a_prep_stop_that_forgets_its_return_leaves_the_state() -> None:
    class Forgets(Told):
        def prep_stop(self, state: Any) -> Any:
            EVENTS.append("prep_stop")

    play(lambda: run_and_stop(Forgets, 1))
    assert EVENTS == ["prep_stop", ("stop", 1, None)]


async def raises() -> Any:
    raise ValueError("boom")


async def leaves(reason: str) -> Any:
    raise Exit(reason)


async def is_refused() -> Any:
    raise StartError("nope")


@pytest.mark.parametrize(
    ("start", "reason", "said"),
    [
        (lambda: leaves("gone"), ("bad_return", ("S", ("EXIT", "gone"))), "Odd.start failed: 'gone'"),
        (lambda: leaves("normal"), (("EXIT", "normal"), "S"), "Odd.start failed: its start function failed: it ended"),
        (is_refused, ("nope", "S"), "Odd.start failed: 'nope'"),
        (lambda: "no pid", ("bad_return", ("S", "no pid")), "Odd.start answered no pid of a top supervisor: 'no pid'"),
        (lambda: None, ("bad_return", ("S", None)), "pid of a top supervisor: None: is a `return` missing?"),
        (raises, None, "Odd.start failed: ValueError: boom"),
    ],
)
def test_the_reason_of_a_start_that_failed_is_that_of_otp(start: Any, reason: Any, said: str) -> None:
    class Odd(Application):
        def start(self, type: str, args: Any) -> Any:
            return start()

    def named(term: Any) -> Any:
        if term == (Odd, "start"):
            return "S"
        return tuple(map(named, term)) if isinstance(term, tuple) else term

    async def main() -> Any:
        with pytest.raises(StartError) as caught:
            await Odd.start_application()
        return caught.value

    error = play(main)
    assert said in str(error)
    if reason is not None:
        assert named(error.reason) == reason
    else:
        kind, (where, (exited, why)) = named(error.reason)
        assert (kind, where, exited, repr(why)) == ("bad_return", "S", "EXIT", repr(ValueError("boom")))


def test_an_application_is_among_the_started_ones_only_when_it_has_started() -> None:
    class Slow(Told):
        async def start(self, type: str, args: Any) -> Any:
            await Process.sleep(5)
            return await super().start(type, args)

    async def main() -> Any:
        spawn(Slow.start_application)
        await Process.sleep(1)
        before = Application.started()
        await Process.sleep(10)
        return before, Application.started() == [Slow]

    assert play(main) == ([], True)


def test_to_stop_what_does_not_run_is_a_mistake() -> None:
    async def main() -> None:
        with pytest.raises(BadArg, match=r"Shop does not run: await Shop\.start_application\(\) starts it"):
            await Shop.stop_application()

    play(main)


def test_an_attribute_would_be_lost_so_it_cannot_be_set() -> None:
    class Keeps(Told):
        def stop(self, state: Any) -> Any:
            self.till = 1

    with pytest.raises(AttributeError, match="what stop is to know, start answers beside the pid"):
        Keeps().stop([])

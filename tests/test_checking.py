"""`check` never says "ok" by accident, and what a cell left behind reaches no other check."""

from __future__ import annotations

import asyncio
import gc
import itertools
import signal
from collections.abc import Callable
from typing import Any

import pytest
from attacks import passes, refusal
from attacks_03 import ForgetfulTally, QueueingDesk

from otp_mini import (
    Exit,
    GenServer,
    Node,
    NoReply,
    Ok,
    Process,
    Reply,
    child_spec,
    receive,
    self_,
    send,
    spawn,
)
from otp_mini.exercises import check, checking, core_philosophy, expect, published
from otp_mini.exercises import genserver_basics as ex
from otp_mini.exercises import supervisor_strategies as strategies


class Tally(GenServer):
    def handle_call(self, request: Any, from_: Any, total: Any) -> Any:
        match request:
            case ("count", n):
                return Reply(total + n, total + n)
            case "total":
                return Reply(total, total)


# ---- ended, not finished ---------------------------------------------------------------------------------


def leaves() -> Any:
    raise Exit("normal")


def ends_itself() -> Any:
    Process.exit(self_(), "normal")


def is_killed() -> Any:
    Process.exit(self_(), "kill")


def is_shut_down() -> Any:
    raise Exit("shutdown")


ENDS = [leaves, ends_itself, is_killed, is_shut_down]


@pytest.mark.parametrize("end", ENDS, ids=lambda end: end.__name__)
def test_a_client_function_that_ends_the_caller_does_not_pass(end: Callable[[], Any]) -> None:
    class Ends(Tally):
        @classmethod
        async def start(cls, *_: Any, **__: Any) -> Any:
            end()
            await Process.sleep(1.0)

    error = refusal(ex.tally, Ends)
    assert "the process of the check ended" in error.parts["Seen"]
    assert "ends the caller, and here that was the check" in error.parts["Look again at"]


@pytest.mark.parametrize("end", ENDS, ids=lambda end: end.__name__)
def test_a_plain_function_that_ends_the_caller_does_not_pass(end: Callable[[], Any]) -> None:
    refusal(strategies.gives_up, lambda *_: end())


def test_a_check_that_another_process_ends_does_not_pass() -> None:
    async def kills(pid: Any) -> None:
        Process.exit(pid, "kill")

    class Kills(Tally):
        def init(self, total: Any) -> Any:
            return Ok(total)

        @classmethod
        async def start(cls, *given: Any, **named: Any) -> Any:
            spawn(kills, self_())
            return await super().start(*given, **named)

    assert "killed" in refusal(ex.tally, Kills).parts["Seen"]


def test_an_answer_that_swallows_the_end_of_an_endless_loop_does_not_pass() -> None:
    async def floods(_: Any) -> None:
        try:
            while True:
                send(self_(), "more")
        except BaseException:
            pass

    assert "more than 40,000 messages" in refusal(floods, None).parts["Seen"]


@pytest.mark.skipif(not hasattr(checking.signal, "setitimer"), reason="no timer signal there")
def test_an_answer_that_swallows_the_alarm_does_not_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "ALARM", 0.1)

    async def spins(_: Any) -> None:
        try:
            while True:
                pass
        except BaseException:
            pass

    assert "without an `await`" in refusal(spins, None).parts["Seen"]


# ---- who compares ------------------------------------------------------------------------------------------


class Yes:
    """Equal to everything, and of every type."""

    def __eq__(self, other: object) -> bool:
        return True

    def __ne__(self, other: object) -> bool:
        return False

    def __hash__(self) -> int:
        return 0

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        return int


def test_a_reply_that_equals_everything_does_not_pass() -> None:
    class Agrees(GenServer):
        def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
            return Reply(Yes(), state)

    refusal(ex.tally, Agrees)
    refusal(ex.sprinkler, Agrees)


def test_a_function_whose_answer_equals_everything_does_not_pass() -> None:
    refusal(strategies.gives_up, lambda *_: Yes())
    refusal(strategies.moves, lambda *_: (Yes(), Yes()))


def test_expect_compares_by_the_value_it_hopes_for() -> None:
    expect("two were added", 5.0, 5, "adding")
    with pytest.raises(checking.NotYet):
        expect("two were added", Yes(), 5, "adding")


# ---- what cells left behind ----------------------------------------------------------------------------------


async def immediately(*_: Any, **__: Any) -> Any:
    return "yes"


def replace(name: str, value: Any) -> Callable[[], None]:
    def change() -> None:
        setattr(GenServer, name, staticmethod(value))

    change.__name__ = f"GenServer.{name} = ..."
    return change


def impatient() -> None:
    GenServer.call.__defaults__ = (0,)


def impatient_in_place() -> None:
    start: Any = GenServer.start
    start.__func__.__kwdefaults__["timeout"] = 0


def recoded() -> None:
    GenServer.cast.__code__ = (lambda server, request: "ok").__code__


def helpful() -> None:
    GenServer.pin = staticmethod(lambda *_: "ok")  # type: ignore[attr-defined]


def unequal() -> None:
    checking.expect.__code__ = (lambda done, seen, hoped, idea: None).__code__


CHANGES = [
    replace("call", immediately), replace("cast", lambda *_: "ok"), replace("reply", lambda *_: None),
    impatient, impatient_in_place, recoded, helpful, unequal,
]  # fmt: skip


@pytest.fixture
def restored() -> Any:
    with published.as_published():  # what the test replaces inside is gone when it is over
        yield


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_what_a_cell_replaced_neither_fails_a_right_answer_nor_passes_a_wrong_one(
    change: Callable[[], None], restored: None
) -> None:
    change()
    passes(ex.tally, Tally)
    passes(ex.desk, QueueingDesk)
    refusal(ex.tally, ForgetfulTally)


def test_what_a_cell_replaced_stands_again_after_the_check(restored: None) -> None:
    replace("call", immediately)()
    GenServer.stop.__defaults__ = ("normal", 7.0)
    passes(ex.tally, Tally)
    assert GenServer.call is immediately
    assert GenServer.stop.__defaults__ == ("normal", 7.0)


def test_what_an_answer_replaces_while_it_is_checked_is_gone_afterwards() -> None:
    original = GenServer.call

    class Replaces(Tally):
        def init(self, total: Any) -> Any:
            replace("call", immediately)()
            helpful()
            return Ok(total)

    refusal(ex.tally, Replaces)
    assert GenServer.call is original
    assert not hasattr(GenServer, "pin")


def test_what_was_replaced_before_the_checks_were_imported_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def call() -> None: ...

    call.__module__ = "__main__"  # a cell's function
    monkeypatch.setattr(GenServer, "call", staticmethod(call))
    for name in ("_attributes", "_functions", "_seen", "_early"):  # as if the checks were imported now
        monkeypatch.setattr(published, name, type(getattr(published, name))())
    assert "GenServer.call had been replaced" in refusal(ex.tally, Tally).parts["Seen"]


def forgets() -> None:
    keep = [ex._started(Tally, 0)]
    keep.append(keep)  # type: ignore[arg-type]  # a circle: only the collector frees it


@pytest.mark.filterwarnings("ignore:coroutine")
def test_an_await_forgotten_in_a_cell_above_is_nobody_elses_failure() -> None:
    kept = [ex._started(Tally, 0)]

    async def frees_what_another_cell_forgot(_: Any) -> None:
        kept.clear()
        gc.collect()

    forgets()
    passes(frees_what_another_cell_forgot, None)
    passes(ex.tally, Tally)


def test_an_await_forgotten_in_the_answer_is_told_without_a_path() -> None:
    async def forgets_its_own(_: Any) -> None:
        forgets()

    error = refusal(forgets_its_own, None)
    assert error.parts["Seen"] == "coroutine '_started' was never awaited"
    assert "nothing is sent" in error.parts["Look again at"]


# ---- whose code it was -------------------------------------------------------------------------------------------


async def uses(answer: Callable[[int], Any]) -> None:
    answer(3)


def test_code_that_the_check_calls_itself_is_told_of_by_its_line_and_not_of_a_callback() -> None:
    def halves(number: int) -> float:
        return number / (number - 3)

    error = refusal(uses, halves)
    line = halves.__code__.co_firstlineno + 1
    assert error.parts["Seen"] == "ZeroDivisionError: division by zero"
    assert error.parts["Look again at"].startswith(f"the line of yours that raised it: line {line}, in `halves`")
    assert "callback" not in error.parts["Look again at"]


def test_a_value_that_is_not_taken_is_told_of_and_no_callback() -> None:
    def misspells(number: int) -> Any:
        return child_spec((Tally, number), restrat="transient")

    error = refusal(uses, misspells)
    assert "got 'restrat'" in error.parts["Seen"]
    assert error.parts["Look again at"].startswith("what was handed over")


def test_an_exception_in_a_callback_is_still_told_of_as_the_end_of_its_server() -> None:
    class Broken(GenServer):
        def handle_call(self, request: Any, from_: Any, total: Any) -> Any:
            raise ZeroDivisionError

    assert "An exception in a callback ends the server" in refusal(ex.tally, Broken).parts["Look again at"]


# ---- nothing of the machine -----------------------------------------------------------------------------------


def test_a_slow_machine_gets_into_no_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("otp_mini.node.LONG_TURN", -1.0)  # every turn is a long one

    class Busy(GenServer):
        def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
            return NoReply(state)

    assert "kept its turn" not in str(refusal(ex.tally, Busy))


def test_the_same_check_passes_from_inside_a_program() -> None:
    async def cell() -> None:
        await check(ex.tally, Tally, quiet=True)

    with Node(clock="virtual"):
        asyncio.run(cell())


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="nothing can interrupt a loop here")
def test_a_busy_run_on_a_slow_machine_is_ended_by_its_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "REAL_PATIENCE", 0.02)

    async def goes_on(_: Any) -> None:
        for turn in itertools.count(1):
            if turn % 10_000 == 0:
                signal.raise_signal(signal.SIGALRM)  # so much time has passed, as on a slow machine
            await Process.sleep(0.0)

    assert "more than 30000 turns" in refusal(goes_on, None).parts["Seen"]


async def reads_without_waiting(number: int) -> None:
    while True:
        match receive():
            case ("like", more):
                number += more


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="nothing can interrupt a loop here")
def test_a_loop_of_forgotten_awaits_is_ended_and_the_await_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "ALARM", 0.2)
    seen = refusal(core_philosophy.likes, reads_without_waiting)
    assert "coroutine 'receive' was never awaited" in str(seen)


async def asks_nobody_without_a_pause() -> None:
    while True:
        try:
            await GenServer.call("nobody", "hello")
        except Exit:
            Process.sleep(1.0)  # type: ignore[unused-coroutine]


@pytest.mark.slow
def test_a_loop_that_spends_its_whole_share_in_each_turn_is_ended_long_before_its_turns_are_too_many() -> None:
    async def waits(_: Any) -> None:
        spawn(asks_nobody_without_a_pause)
        await Process.sleep(1.0)

    seen = refusal(waits, None)
    assert "coroutine 'Process.sleep' was never awaited" in seen.parts["Seen"]

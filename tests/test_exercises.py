"""The exercises: solutions pass, stubs and typical wrong answers fail with a message that helps.

Solutions and stubs are those of the notebooks. The wrong answers stand here.
"""
from __future__ import annotations

import ast
import asyncio
import importlib
import json
import logging
import sys
import time
import warnings
from collections.abc import Awaitable, Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from book_ext import exercise_view

import otp_mini
from otp_mini import (
    Continue,
    Exit,
    ExitSignal,
    GenServer,
    Node,
    NoReply,
    Ok,
    Process,
    Reply,
    Stop,
    Timeout,
    current_node,
    receive,
    self_,
    send,
)
from otp_mini.exercises import NotYet, check, checking, expect
from otp_mini.exercises import genserver_basics as ex

ROOT = Path(otp_mini.__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


# ---- what the notebooks say -----------------------------------------------------------------------------


def is_check(cell: dict[str, Any]) -> bool:
    return bool(cell["metadata"].get("nbgrader", {}).get("grade")) and cell["cell_type"] == "code"


def defined(notebook: dict[str, Any]) -> dict[str, Any]:
    """What the cells of the exercises define: their classes and functions, and nothing that runs."""
    names: dict[str, Any] = dict(vars(otp_mini), __name__="notebook")
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code" and "nbgrader" in cell["metadata"] and not is_check(cell):
            tree = ast.parse("".join(cell["source"]))
            kinds = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
            tree.body = [part for part in tree.body if isinstance(part, kinds)]
            exec(compile(tree, cell["id"], "exec"), names)
    return names


def checks(notebook: dict[str, Any]) -> list[tuple[str, str]]:
    """The id of each check's cell with one of its lines."""
    return [
        (cell["id"], line)
        for cell in notebook["cells"]
        if is_check(cell)
        for line in "".join(cell["source"]).splitlines()
        if line.startswith("await check(")
    ]


def run_line(stem: str, line: str, names: dict[str, Any]) -> None:
    """Run the one line of a check as its notebook does, with the checks of its chapter."""
    exercises = importlib.import_module(f"otp_mini.exercises.{stem.partition('_')[2]}")
    here = {**names, "check": check, "exercises": exercises}
    exec(f"async def cell():\n    {line}", here)
    asyncio.run(here["cell"]())


READ = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in NOTEBOOKS}
ALL = [(stem, cell, line) for stem, notebook in READ.items() for cell, line in checks(notebook)]
each_check = pytest.mark.parametrize(("stem", "cell", "line"), ALL, ids=lambda value: value[:60].replace("/", "."))


def test_a_chapter_has_seven_exercises() -> None:
    for stem, notebook in READ.items():
        assert len({cell for cell, _ in checks(notebook)}) == 7, stem


@each_check
def test_the_solution_passes(stem: str, cell: str, line: str, capsys: pytest.CaptureFixture[str]) -> None:
    run_line(stem, line, defined(READ[stem]))
    said = capsys.readouterr()
    assert said.err == ""
    assert said.out.count("\n") == (0 if "quiet=True" in line else 1)


@each_check
def test_the_stub_fails_and_says_where_the_code_goes(stem: str, cell: str, line: str) -> None:
    students = exercise_view.student_copy(READ[stem])
    with pytest.raises(NotYet, match="your code goes there"):
        run_line(stem, line, defined(students))


@pytest.mark.parametrize("stem", READ)
def test_a_grader_finds_what_it_needs(stem: str) -> None:
    cells = READ[stem]["cells"]
    marked = [(cell["id"], cell["metadata"]["nbgrader"]) for cell in cells if "nbgrader" in cell["metadata"]]
    assert [cell for cell, marks in marked if marks["grade_id"] != cell or marks["schema_version"] != 3] == []
    assert len({cell for cell, _ in marked}) == len(marked)
    assert [cell for cell, marks in marked if marks["grade"] != ("points" in marks)] == []
    for cell in cells:
        if is_check(cell):
            assert "### BEGIN HIDDEN TESTS" in "".join(cell["source"]), cell["id"]
            assert cell["metadata"]["nbgrader"]["locked"]


@pytest.mark.parametrize("stem", READ)
def test_each_exercise_has_three_hints(stem: str) -> None:
    cells = READ[stem]["cells"]
    for cell, following in pairwise(cells):
        if is_check(cell):
            text = "".join(following["source"])
            assert [text.count(f"<summary>Hint {n}</summary>") for n in (1, 2, 3, 4)] == [1, 1, 1, 0], cell["id"]


# ---- typical wrong answers of chapter 03 ------------------------------------------------------------------


class ForgetfulTally(GenServer):
    def handle_call(self, request: Any, from_: Any, total: Any) -> Any:
        return Reply(total + request[1], total) if request != "total" else Reply(total, total)


class SilentTally(GenServer):
    def handle_call(self, request: Any, from_: Any, total: Any) -> Any:
        return Reply("ok", total + request[1]) if request != "total" else Reply(total, total)


class FallThroughTally(GenServer):
    def handle_call(self, request: Any, from_: Any, total: Any) -> Any:
        match request:
            case ("count", n):
                Reply(total + n, total + n)


class SelfishTally(GenServer):
    def handle_call(self, request: Any, from_: Any, total: Any) -> Any:
        self.total = total + request[1]
        return Reply(self.total, self.total)


class SwappedTally(GenServer):
    def handle_call(self, request: Any, from_: Any, total: Any) -> Any:
        return Reply(total + request[1], total + request[1]) if request != "total" else Reply(total, 0)


class NoBoard(GenServer):
    @staticmethod
    def pin(board: Any, note: str) -> Any:
        return GenServer.cast(board, note)

    @staticmethod
    async def notes(board: Any) -> Any:
        return await GenServer.call(board, "notes")

    def handle_cast(self, note: Any, notes: Any) -> Any:
        return NoReply(notes + [note])

    def handle_call(self, request: Any, from_: Any, notes: Any) -> Any:
        return Reply(notes, notes)


class WaitingBoard(NoBoard):
    @staticmethod
    async def pin(board: Any, note: str) -> Any:
        return await GenServer.call(board, ("pin", note))


class LatestFirstBoard(NoBoard):
    def handle_cast(self, note: Any, notes: Any) -> Any:
        return NoReply([note, *notes])


class LosingBoard(NoBoard):
    def handle_cast(self, note: Any, notes: Any) -> Any:
        return NoReply([note])


class UnreturnedBoard(NoBoard):
    @staticmethod
    async def notes(board: Any) -> Any:
        await GenServer.call(board, "notes")


class UnawaitedBoard(NoBoard):
    @staticmethod
    async def notes(board: Any) -> Any:
        GenServer.call(board, "notes")


class OnceSprinkler(GenServer):
    def init(self, every: Any) -> Any:
        Process.send_after(self_(), "water", every)
        return Ok((every, 0))

    def handle_info(self, message: Any, state: Any) -> Any:
        return NoReply((state[0], state[1] + 1))

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        return Reply(state[1], state)


class TwiceSprinkler(OnceSprinkler):
    def handle_info(self, message: Any, state: Any) -> Any:
        for _ in range(2):
            Process.send_after(self_(), "water", state[0])
        return NoReply((state[0], state[1] + 1))


class TimeoutSprinkler(OnceSprinkler):
    def init(self, every: Any) -> Any:
        return Ok((every, 0), Timeout(every))

    def handle_info(self, message: Any, state: Any) -> Any:
        return NoReply((state[0], state[1] + 1), Timeout(state[0]))


class EagerSprinkler(OnceSprinkler):
    def init(self, every: Any) -> Any:
        send(self_(), "water")
        return Ok((every, 0))


class LoopingSprinkler(OnceSprinkler):
    async def init(self, every: Any) -> Any:
        while True:
            await Process.sleep(every)


class BusySprinkler(OnceSprinkler):
    def handle_info(self, message: Any, state: Any) -> Any:
        send(self_(), "water")
        return NoReply(state)


class HastySprinkler(OnceSprinkler):
    def handle_info(self, message: Any, state: Any) -> Any:
        Process.send_after(self_(), "water", 0.0)
        return NoReply(state)


class SlowStartOven(GenServer):
    async def init(self, minutes: Any) -> Any:
        await Process.sleep(minutes * 60.0)
        return Ok(220)

    def handle_call(self, request: Any, from_: Any, celsius: Any) -> Any:
        return Reply(celsius, celsius)


class TimerOven(SlowStartOven):
    def init(self, minutes: Any) -> Any:
        Process.send_after(self_(), "hot", minutes * 60.0)
        return Ok(20)

    def handle_info(self, message: Any, celsius: Any) -> Any:
        return NoReply(220)


class CheatingOven(SlowStartOven):
    def init(self, minutes: Any) -> Any:
        return Ok(220)


class HalfOven(SlowStartOven):
    def init(self, minutes: Any) -> Any:
        return Ok(20, Continue(minutes))


class CrashingDoorbell(GenServer):
    def handle_info(self, message: Any, rings: Any) -> Any:
        match message:
            case "ring":
                return NoReply(rings + 1)

    def handle_call(self, request: Any, from_: Any, rings: Any) -> Any:
        return Reply(rings, rings)


class StoppingDoorbell(CrashingDoorbell):
    def handle_info(self, message: Any, rings: Any) -> Any:
        return NoReply(rings + 1) if message == "ring" else Stop("normal", rings)


class DeafDoorbell(CrashingDoorbell):
    def handle_info(self, message: Any, rings: Any) -> Any:
        return NoReply(rings)


class CountingDoorbell(CrashingDoorbell):
    def handle_info(self, message: Any, rings: Any) -> Any:
        return NoReply(rings + 1)


class ResettingDoorbell(CrashingDoorbell):
    def handle_info(self, message: Any, rings: Any) -> Any:
        return NoReply(rings + 1) if message == "ring" else NoReply(0)


class OpenValve(GenServer):
    def init(self, pipe: Any) -> Any:
        send(pipe, "opened")
        return Ok(pipe)

    def terminate(self, reason: object, pipe: Any) -> None:
        send(pipe, "closed")


class LateValve(OpenValve):
    def terminate(self, reason: object, pipe: Any) -> None:
        Process.flag(trap_exit=True)
        super().terminate(reason, pipe)


class ListeningValve(OpenValve):
    def handle_info(self, message: Any, pipe: Any) -> Any:
        match message:
            case ExitSignal(_, reason):
                send(pipe, "closed")
                return Stop(reason, pipe)
        return NoReply(pipe)


class DoubleValve(OpenValve):
    def init(self, pipe: Any) -> Any:
        Process.flag(trap_exit=True)
        return super().init(pipe)

    def terminate(self, reason: object, pipe: Any) -> None:
        super().terminate(reason, pipe)
        if reason != "normal":
            super().terminate(reason, pipe)


class UntidyValve(OpenValve):
    def terminate(self, reason: object, pipe: Any) -> None:
        pass


class BlockingDesk(GenServer):
    def init(self, _: Any) -> Any:
        return Ok([])

    @staticmethod
    def put(desk: Any, parcel: Any) -> Any:
        return GenServer.cast(desk, parcel)

    @staticmethod
    async def take(desk: Any) -> Any:
        return await GenServer.call(desk, "take", timeout=None)

    async def handle_call(self, request: Any, from_: Any, parcels: Any) -> Any:
        while not parcels:
            await Process.sleep(1.0)
        return Reply(parcels[0], parcels[1:])

    def handle_cast(self, parcel: Any, parcels: Any) -> Any:
        return NoReply(parcels + [parcel])


class EmptyHandedDesk(BlockingDesk):
    def handle_call(self, request: Any, from_: Any, parcels: Any) -> Any:
        return Reply(parcels[0], parcels[1:]) if parcels else Reply(None, [])


class LastInDesk(BlockingDesk):
    def handle_cast(self, parcel: Any, parcels: Any) -> Any:
        return NoReply([parcel, *parcels])


class QueueingDesk(BlockingDesk):
    """Right but for what the classes below change."""

    def init(self, _: Any) -> Any:
        return Ok(([], []))

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        match state:
            case ([first, *rest], couriers):
                return Reply(first, (rest, couriers))
        return NoReply(([], state[1] + [from_]))

    def handle_cast(self, parcel: Any, state: Any) -> Any:
        match state:
            case (parcels, []):
                return NoReply((parcels + [parcel], []))
            case (_, [first, *rest]):
                GenServer.reply(first, parcel)
                return NoReply(([], rest))


class ImpatientDesk(QueueingDesk):
    @staticmethod
    async def take(desk: Any) -> Any:
        return await GenServer.call(desk, "take")


class EverybodyDesk(QueueingDesk):
    def handle_cast(self, parcel: Any, state: Any) -> Any:
        for courier in state[1]:
            GenServer.reply(courier, parcel)
        return NoReply(([], [])) if state[1] else NoReply((state[0] + [parcel], []))


class UnfairDesk(QueueingDesk):
    def handle_cast(self, parcel: Any, state: Any) -> Any:
        return super().handle_cast(parcel, (state[0], state[1][::-1]))


Wrong = tuple[Callable[..., Awaitable[None]], type[GenServer], str, str]
WRONG: list[Wrong] = [
    (ex.tally, ForgetfulTally, "[2, 3]", "what the next callback gets as its state"),
    (ex.tally, SilentTally, "['ok', 'ok']", "which value goes to the caller"),
    (ex.tally, FallThroughTally, "a callback returned None", "each way through it must end in a `return`"),
    (ex.tally, SelfishTally, "SelfishTally.total cannot be set", "An exception in a callback"),
    (ex.tally, SwappedTally, "[5, 0]", "To ask for the total leaves the state as it is"),
    (ex.board, WaitingBoard, "`pin` waited for 5 seconds", "needs an answer"),
    (ex.board, LatestFirstBoard, "['choir at six', 'lost: one glove']", "the oldest note comes first"),
    (ex.board, LosingBoard, "['choir at six']", "what `handle_cast` returns"),
    (ex.board, UnreturnedBoard, "None", "it has to wait for the answer and hand it on"),
    (ex.board, UnawaitedBoard, "coroutine 'GenServer.call' was never awaited", "`await`"),
    (ex.sprinkler, OnceSprinkler, "1", "Who sets the next one?"),
    (ex.sprinkler, TwiceSprinkler, "3", "how many timers run at the same time"),
    (ex.sprinkler, TimeoutSprinkler, "0", "as it does with Timeout"),
    (ex.sprinkler, EagerSprinkler, "1", "when the first is due"),
    (ex.sprinkler, LoopingSprinkler, "nothing came for 7200 virtual seconds", "who waits for whom"),
    (ex.sprinkler, BusySprinkler, "more than 20,000 messages", "without a pause"),
    (ex.sprinkler, HastySprinkler, "the run took more than 5000 turns", "without a pause"),
    (ex.oven, SlowStartOven, "it took 240 s", "Whoever starts a server waits until `init` is over"),
    (ex.oven, TimerOven, "20", "what runs first once `init` is over"),
    (ex.oven, CheatingOven, "after 0 s", "whether it really heats"),
    (ex.oven, HalfOven, "it has no handle_continue", "An exception in a callback"),
    (ex.doorbell, CrashingDoorbell, "a callback returned None", "A `match` without a fitting `case` returns None"),
    (ex.doorbell, StoppingDoorbell, "the server stopped", "Who would ring then?"),
    (ex.doorbell, DeafDoorbell, "0", "the order of the cases"),
    (ex.doorbell, CountingDoorbell, "3", "what an unknown message does to the count"),
    (ex.doorbell, ResettingDoorbell, "1", "it is the one from before"),
    (ex.valve, OpenValve, "['opened']", "what an exit signal does"),
    (ex.valve, LateValve, "['opened']", "what an exit signal does"),
    (ex.valve, ListeningValve, "['opened']", "what an exit signal does"),
    (ex.valve, DoubleValve, "['opened', 'closed', 'closed']", "`terminate` runs once"),
    (ex.valve, UntidyValve, "['opened']", "a stop ran it before"),
    (ex.desk, BlockingDesk, "'nothing'", "what the desk does while a courier waits"),
    (ex.desk, EmptyHandedDesk, "(0, None)", "nothing yet"),
    (ex.desk, LastInDesk, "['blue', 'red']", "the one put first is taken first"),
    (ex.desk, ImpatientDesk, "'gave up'", "a call has a time-out of its own"),
    (ex.desk, EverybodyDesk, "(1, 'red')", "they go on waiting"),
    (ex.desk, UnfairDesk, "(1, 'red')", "whoever came first"),
]


def failure(test: Callable[..., Awaitable[None]], *given: Any, **others: Any) -> NotYet:
    with pytest.raises(NotYet) as caught:
        asyncio.run(check(test, *given, **others))
    return caught.value


@pytest.mark.parametrize(("test", "answer", "seen", "idea"), WRONG, ids=[row[1].__name__ for row in WRONG])
def test_a_wrong_answer_gets_the_message_that_fits(
    test: Any, answer: Any, seen: str, idea: str, capsys: pytest.CaptureFixture[str]
) -> None:
    error = failure(test, answer)
    assert seen in error.parts["Seen"]
    assert idea in error.parts["Look again at"]
    assert capsys.readouterr() == ("", ""), "a grader takes anything on stderr for a failure of its own"


@pytest.mark.parametrize("row", WRONG, ids=[row[1].__name__ for row in WRONG])
def test_a_message_has_all_its_parts_and_is_the_same_every_time(row: Wrong) -> None:
    text = str(failure(row[0], row[1]))
    titles = [line.partition(":")[0] for line in text.splitlines() if line and line[0] != " "]
    assert titles[:5] == [row[0].__name__, "What was done", "Hoped for", "Seen", "Look again at"]
    assert "What happened (virtual seconds, who, to whom, what)" in titles
    assert max(map(len, text.splitlines())) <= 160
    assert text == str(failure(row[0], row[1]))


def test_the_right_desk_differs_from_the_wrong_ones_only_where_it_says(capsys: pytest.CaptureFixture[str]) -> None:
    asyncio.run(check(ex.desk, QueueingDesk))
    assert capsys.readouterr().out == "ok: desk: parcels wait for couriers and couriers for parcels, both in order.\n"


# ---- the machinery ---------------------------------------------------------------------------------------


def test_a_failure_shows_what_happened_and_what_was_logged() -> None:
    text = str(failure(ex.doorbell, CrashingDoorbell))
    assert "check -> CrashingDoorbell: ('battery', 20)" in text
    assert "GenServer CrashingDoorbell #PID<0.3.0> terminating" in text
    assert "Hint: CrashingDoorbell.handle_info returned None" in text


def test_a_long_story_shows_its_end() -> None:
    async def talks(_: Any) -> None:
        for number in range(100):
            send(self_(), number)
        expect("a hundred messages were sent", 99, 100, "counting")

    lines = str(failure(talks, None)).splitlines()
    assert "  (76 lines before these)" in lines
    assert lines[-1].endswith("check -> check: 99")


async def passes(_: Any) -> None:
    """It passes."""


async def waits_for_ever(_: Any) -> None:
    await receive()


async def asyncio_for_ever(_: Any) -> None:
    await asyncio.Event().wait()


def spins() -> None:
    while True:
        pass


async def spins_for_ever(_: Any) -> None:
    spins()


class SpinningServer(GenServer):
    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        spins()


async def calls_it(server: Any) -> None:
    await GenServer.call(await server.start(), "spin", timeout=None)


def test_a_wait_that_nothing_can_end_is_told() -> None:
    assert "nothing came for 7200 virtual seconds" in failure(waits_for_ever, None).parts["Seen"]


def test_a_wait_for_the_world_ends_after_some_real_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "REAL_PATIENCE", 0.05)
    began = time.monotonic()
    assert "virtual time" in failure(asyncio_for_ever, None).parts["Hoped for"]
    assert time.monotonic() - began < 5


@pytest.mark.skipif(sys.platform in ("win32", "emscripten"), reason="no timer signal there")
@pytest.mark.parametrize(("test", "given"), [(spins_for_ever, None), (calls_it, SpinningServer)])
def test_a_loop_that_never_awaits_is_interrupted(test: Any, given: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "ALARM", 0.1)
    assert "without an `await`" in failure(test, given).parts["Seen"]


def test_a_group_of_exceptions_comes_out_as_one_failure() -> None:
    async def groups(_: Any) -> None:
        raise ExceptionGroup("two", [ExceptionGroup("inner", [KeyError("first")]), ValueError("second")])

    assert failure(groups, None).parts["Seen"] == "KeyError: 'first'"


@pytest.mark.parametrize("error", [SystemExit(1), Exit("odd"), GeneratorExit()], ids=lambda error: type(error).__name__)
def test_nothing_that_an_answer_raises_passes_for_success(error: BaseException) -> None:
    async def raises(_: Any) -> None:
        raise error

    failure(raises, None)


def test_an_assertion_of_a_hidden_test_is_a_failure_too() -> None:
    async def asserts(_: Any) -> None:
        raise AssertionError("not three")

    assert "AssertionError: not three" in failure(asserts, None).parts["Seen"]


def test_a_server_that_ignores_its_start_is_told() -> None:
    class Shy(GenServer):
        def init(self, argument: Any) -> Any:
            return otp_mini.Ignore()

    assert failure(ex.tally, Shy).parts["Seen"] == "Ignore()"


def test_what_is_no_server_is_told() -> None:
    class Plain:
        pass

    assert "has no attribute 'start'" in failure(ex.tally, Plain).parts["Seen"]


def test_a_failed_check_leaves_the_node_in_use_and_the_log_as_they_were() -> None:
    logger = logging.getLogger("otp_mini")
    before = (list(logger.handlers), logger.propagate, list(warnings.filters))
    with Node(clock="virtual") as node:
        failure(ex.doorbell, CrashingDoorbell)
        assert current_node() is node
        assert node.processes() == []
    assert (list(logger.handlers), logger.propagate, list(warnings.filters)) == before


def test_a_check_runs_inside_a_program_too() -> None:
    """As it does in a notebook, where the chapter's node lives on beside the check's."""

    async def cell() -> str:
        pid = await QueueingDesk.start()
        await check(ex.desk, QueueingDesk, quiet=True)
        QueueingDesk.put(pid, "after")
        return str(await QueueingDesk.take(pid))

    with Node(clock="virtual"):
        assert asyncio.run(cell()) == "after"


def test_a_failure_is_an_assertion_and_ipython_shows_its_words_alone() -> None:
    error = failure(ex.tally, ForgetfulTally)
    assert isinstance(error, AssertionError)
    assert error._render_traceback_() == [f"NotYet: {error}"]
    assert error.__suppress_context__


def test_success_is_one_line_and_nothing_where_it_is_to_be_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    asyncio.run(check(passes, None))
    assert capsys.readouterr().out == "ok: passes: it passes.\n"
    asyncio.run(check(passes, None, quiet=True))
    assert capsys.readouterr().out == ""

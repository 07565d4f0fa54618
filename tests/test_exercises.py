"""The exercises: solutions pass, stubs and typical wrong answers fail with a message that helps.

Solutions and stubs are those of the notebooks. The wrong answers stand here.
"""

from __future__ import annotations

import ast
import asyncio
import functools
import importlib
import json
import linecache
import logging
import sys
import time
import warnings
from itertools import pairwise
from pathlib import Path
from types import CodeType
from typing import Any
from zlib import crc32

import pytest
from attacks import refusal
from attacks_03 import CrashingDoorbell, ForgetfulTally, QueueingDesk
from book_ext import exercise_view

import otp_mini
from otp_mini import (
    Exit,
    GenServer,
    Node,
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


@functools.cache
def compiled(cell: str, source: str) -> CodeType:
    """The classes and functions of a cell, and nothing that runs."""
    tree = ast.parse(source)
    kinds = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    tree.body = [part for part in tree.body if isinstance(part, kinds)]
    return compile(tree, cell, "exec")


def defined(notebook: dict[str, Any]) -> dict[str, Any]:
    """What the cells of the exercises define, made anew each time."""
    names: dict[str, Any] = dict(vars(otp_mini), otp=otp_mini, __name__="notebook")
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code" and "nbgrader" in cell["metadata"] and not is_check(cell):
            source = "".join(cell["source"])
            lines, file = source.splitlines(keepends=True), f"{cell['id']}-{crc32(source.encode()):08x}"
            linecache.cache[file] = (len(lines), None, lines, file)  # as a kernel does: explore reads it
            exec(compiled(file, source), names)
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
VISIBLE = {(stem, cell): line for stem, cell, line in reversed(ALL)}  # a cell's first line; hidden tests follow
not_quick = pytest.mark.slow("hidden tests of exercises")
each_check = pytest.mark.parametrize(
    ("stem", "cell", "line"),
    [pytest.param(*each, marks=[] if VISIBLE[each[:2]] == each[2] else [not_quick]) for each in ALL],
    ids=lambda value: value[:60].replace("/", "."),
)


def test_a_chapter_has_seven_exercises() -> None:
    for stem, notebook in READ.items():
        assert len({cell for cell, _ in checks(notebook)}) == 7, stem


@each_check
def test_the_solution_passes(stem: str, cell: str, line: str, capsys: pytest.CaptureFixture[str]) -> None:
    run_line(stem, line, defined(READ[stem]))
    said = capsys.readouterr()
    assert said.err == ""
    assert said.out.count("\n") == (0 if "quiet=True" in line else 1)


@functools.cache
def students(stem: str) -> dict[str, Any]:
    """A chapter as its students get it."""
    return exercise_view.student_copy(READ[stem])


@each_check
def test_the_stub_fails_and_says_where_the_code_goes(stem: str, cell: str, line: str) -> None:
    with pytest.raises(NotYet, match="your code goes there"):
        run_line(stem, line, defined(students(stem)))


@pytest.mark.parametrize("stem", READ)
def test_a_grader_finds_what_it_needs(stem: str) -> None:
    cells = READ[stem]["cells"]
    marked = [(cell["id"], cell["metadata"]["nbgrader"]) for cell in cells if "nbgrader" in cell["metadata"]]
    assert [cell for cell, marks in marked if marks["grade_id"] != cell or marks["schema_version"] != 3] == []
    assert len({cell for cell, _ in marked}) == len(marked)
    assert [cell for cell, marks in marked if marks["grade"] != ("points" in marks)] == []
    chapter = f"from otp_mini.exercises import {stem.partition('_')[2]} as exercises"
    imports = sorted(["from otp_mini.exercises import check", chapter])
    for cell in cells:
        if is_check(cell):
            assert cell["metadata"]["nbgrader"]["locked"]
            hidden = "".join(cell["source"]).partition("### BEGIN HIDDEN TESTS\n")[2]
            assert hidden.splitlines()[:2] == imports, "a learner's own `check` judges nothing"


@pytest.mark.parametrize("stem", READ)
def test_each_exercise_has_three_hints(stem: str) -> None:
    cells = READ[stem]["cells"]
    for cell, following in pairwise(cells):
        if is_check(cell):
            text = "".join(following["source"])
            assert [text.count(f"<summary>Hint {n}</summary>") for n in (1, 2, 3, 4)] == [1, 1, 1, 0], cell["id"]


# ---- the machinery ---------------------------------------------------------------------------------------


def test_a_failure_shows_what_happened_and_what_was_logged() -> None:
    text = str(refusal(ex.doorbell, CrashingDoorbell))
    assert "check -> CrashingDoorbell: ('battery', 20)" in text
    assert "GenServer CrashingDoorbell #PID<0.3.0> terminating" in text
    assert "Hint: CrashingDoorbell.handle_info returned None" in text


def test_a_long_story_shows_its_end() -> None:
    async def talks(_: Any) -> None:
        for number in range(100):
            send(self_(), number)
        expect("a hundred messages were sent", 99, 100, "counting")

    lines = str(refusal(talks, None)).splitlines()
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
    assert "nothing came for 7200 virtual seconds" in refusal(waits_for_ever, None).parts["Seen"]


def test_what_a_check_lets_pass_takes_nothing_from_its_patience() -> None:
    async def lets_pass(end: float | None) -> None:
        await checking.let_pass(1e6)
        await receive(timeout=7000.0)
        await checking.let_pass(1e6)
        await receive(timeout=end)

    asyncio.run(check(lets_pass, 100.0, quiet=True))
    assert "nothing came for 7200 virtual seconds" in refusal(lets_pass, None).parts["Seen"]


def test_a_wait_for_the_world_ends_after_some_real_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "REAL_PATIENCE", 0.05)
    began = time.monotonic()
    assert "virtual time" in refusal(asyncio_for_ever, None).parts["Hoped for"]
    assert time.monotonic() - began < 5


@pytest.mark.skipif(sys.platform in ("win32", "emscripten"), reason="no timer signal there")
@pytest.mark.parametrize(("test", "given"), [(spins_for_ever, None), (calls_it, SpinningServer)])
def test_a_loop_that_never_awaits_is_interrupted(test: Any, given: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "ALARM", 0.1)
    assert "without an `await`" in refusal(test, given).parts["Seen"]


def test_a_group_of_exceptions_comes_out_as_one_refusal() -> None:
    async def groups(_: Any) -> None:
        raise ExceptionGroup("two", [ExceptionGroup("inner", [KeyError("first")]), ValueError("second")])

    assert refusal(groups, None).parts["Seen"] == "KeyError: 'first'"


@pytest.mark.parametrize("error", [SystemExit(1), Exit("odd"), GeneratorExit()], ids=lambda error: type(error).__name__)
def test_nothing_that_an_answer_raises_passes_for_success(error: BaseException) -> None:
    async def raises(_: Any) -> None:
        raise error

    refusal(raises, None)


def test_an_assertion_of_a_hidden_test_is_a_failure_too() -> None:
    async def asserts(_: Any) -> None:
        raise AssertionError("not three")

    assert "AssertionError: not three" in refusal(asserts, None).parts["Seen"]


def test_a_server_that_ignores_its_start_is_told() -> None:
    class Shy(GenServer):
        def init(self, argument: Any) -> Any:
            return otp_mini.Ignore()

    assert refusal(ex.tally, Shy).parts["Seen"] == "Ignore()"


def test_what_is_no_server_is_told() -> None:
    class Plain:
        pass

    assert "has no attribute 'start'" in refusal(ex.tally, Plain).parts["Seen"]


def test_a_failed_check_leaves_the_node_in_use_and_the_log_as_they_were() -> None:
    logger = logging.getLogger("otp_mini")
    before = (list(logger.handlers), logger.propagate, list(warnings.filters))
    with Node(clock="virtual") as node:
        refusal(ex.doorbell, CrashingDoorbell)
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
    error = refusal(ex.tally, ForgetfulTally)
    assert isinstance(error, AssertionError)
    assert error._render_traceback_() == [f"NotYet: {error}"]
    assert error.__suppress_context__


def test_success_is_one_line_and_nothing_where_it_is_to_be_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    asyncio.run(check(passes, None))
    assert capsys.readouterr().out == "ok: passes: it passes.\n"
    asyncio.run(check(passes, None, quiet=True))
    assert capsys.readouterr().out == ""

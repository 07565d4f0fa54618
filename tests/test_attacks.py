"""The visible checks against the tables of wrong and of unusual answers (`attacks.py`)."""

from __future__ import annotations

import ast
import importlib
import json
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from attacks import Row, passes, refusal, tables
from winches import Start, asked_of_elixir, one_start

import otp_mini
from otp_mini.exercises import to_elixir

NOTEBOOKS = {path.stem[:2]: path for path in (Path(otp_mini.__file__).parents[1] / "notebooks").glob("*.ipynb")}
TABLES = tables()
WRONG = [(number, row) for number, table in TABLES.items() for row in table.wrongs]
RIGHT = [(number, row) for number, table in TABLES.items() for row in table.rights]
NOT_QUICK = "attacks, but for one on each exercise"


not_quick = pytest.mark.slow(NOT_QUICK)


def sampled(rows: list[tuple[str, Row]]) -> list[Any]:
    """All rows as parameters; with `--quick` the first on each exercise runs."""
    first = {row.test: row for _, row in reversed(rows)}
    return [pytest.param(*each, marks=[] if each[1] is first[each[1].test] else [not_quick]) for each in rows]


def named(value: Any) -> str:
    return str(value).replace(" ", "-") if isinstance(value, Row) else value


def visible_checks(path: Path) -> list[ast.Call]:
    """The calls of `check` that the notebook shows to its readers."""
    calls = []
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        marks = cell["metadata"].get("nbgrader", {})
        if cell["cell_type"] == "code" and marks.get("grade"):
            shown = "".join(cell["source"]).partition("### BEGIN HIDDEN TESTS")[0]
            tree = ast.parse(shown)
            calls += [call for call in ast.walk(tree) if isinstance(call, ast.Call) and named_check(call)]
    return calls


def named_check(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Name) and call.func.id == "check"


def exercise_of(call: ast.Call) -> str:
    """`check(exercises.tally, Tally)`: its visible line has an answer and no numbers."""
    test, *_ = call.args
    assert isinstance(test, ast.Attribute), ast.unparse(call)
    return test.attr


STARTS_ELIXIR = "makes a wrong number of them"  # the row on `winch` that is judged as a reader's answer is


@cache
def winches_of(session: pytest.Session) -> Start:
    """What Elixir prints for the winches of all rows that this run judges, each of them twice."""
    callspecs = [getattr(item, "callspec", None) for item in session.items]
    params = [spec.params.get("row") for spec in callspecs if spec is not None]
    rows = [each for each in params if isinstance(each, Row) and each.about != STARTS_ELIXIR]
    answers = [row.answer for row in rows if row.test is to_elixir.winch]
    return one_start(shutil.which("elixir") or "", asked_of_elixir(answers), times=2)


@pytest.fixture(autouse=True)
def one_start_of_elixir(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Elixir is started once for the rows of `winch`, and once more for a row whose own start it is."""
    row = getattr(request.node, "callspec", None) and request.node.callspec.params.get("row")
    if row and row.test is to_elixir.winch and row.about != STARTS_ELIXIR and shutil.which("elixir"):
        monkeypatch.setattr(subprocess, "run", winches_of(request.session))


@pytest.mark.parametrize(("chapter", "row"), sampled(WRONG), ids=named)
def test_the_visible_check_refuses_a_wrong_answer_names_the_mistake_and_says_the_same_every_time(
    chapter: str, row: Row, capsys: pytest.CaptureFixture[str]
) -> None:
    error = refusal(row.test, row.answer)
    said = " ".join(f"{title}: {words}" for title, words in error.parts.items())
    assert row.words, "a row says which words of the message name this mistake"
    assert [words for words in row.words if words not in said] == [], said
    text = str(error)
    titles = [line.partition(":")[0] for line in text.splitlines() if line and line[0] != " "]
    assert titles[:5] == [row.test.__name__, "What was done", "Hoped for", "Seen", "Look again at"]
    assert max(map(len, text.splitlines())) <= 160
    assert max(map(len, text.partition("\n\n")[0].splitlines())) <= 74, "a page on a laptop breaks no line of it"
    assert text == str(refusal(row.test, row.answer))
    assert capsys.readouterr() == ("", ""), "a grader takes anything on stderr for a failure of its own"


@not_quick
@pytest.mark.parametrize(("chapter", "row"), RIGHT, ids=named)
def test_an_unusual_right_answer_passes(chapter: str, row: Row, capsys: pytest.CaptureFixture[str]) -> None:
    passes(row.test, row.answer)
    assert capsys.readouterr() == ("", "")


def test_the_quick_sample_holds_one_attack_on_each_exercise() -> None:
    quick = [param.values[1].test for param in sampled(WRONG) if not param.marks]
    assert set(quick) == {row.test for _, row in WRONG}
    assert len(quick) == len(set(quick))


@pytest.mark.parametrize("chapter", sorted(NOTEBOOKS))
def test_every_exercise_of_a_chapter_is_attacked(chapter: str) -> None:
    path = NOTEBOOKS[chapter]
    exercises = importlib.import_module(f"otp_mini.exercises.{path.stem.partition('_')[2]}")
    calls = visible_checks(path)
    assert calls, f"{path.name} has no exercises"
    lacking = {
        name: lacks
        for name in dict.fromkeys(map(exercise_of, calls))
        if (lacks := TABLES[chapter].missing(getattr(exercises, name)))
    }
    assert lacking == {}


@pytest.mark.parametrize("chapter", sorted(NOTEBOOKS))
def test_the_visible_line_gives_no_numbers_so_that_the_table_attacks_what_the_reader_sees(chapter: str) -> None:
    with_numbers = [ast.unparse(call) for call in visible_checks(NOTEBOOKS[chapter]) if call.keywords]
    assert with_numbers == []

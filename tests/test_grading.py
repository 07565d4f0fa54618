"""The chapters under nbgrader: what is handed out, what comes in, and what it is worth.

The commands are nbgrader's own, with the course's configuration (`grading/nbgrader_config.py`). Two chapters go the
whole way; with OTP_MINI_GRADE_ALL=1 all of them do, which takes five minutes.
"""

from __future__ import annotations

import copy
import csv
import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
from nbformat.v4 import new_code_cell

import course
from lite.live_notebooks import live_notebook
from otp_mini.widgets import crash_lab
from tools import refresh
from tools.learners_copy import learners_copy

Cell = dict[str, Any]

CHAPTERS = {path.stem: path for path in refresh.notebooks()}
SHORT = ["03_genserver_basics", "08_child_specs"]
GRADED = list(CHAPTERS) if os.environ.get("OTP_MINI_GRADE_ALL") else SHORT
each_chapter = pytest.mark.parametrize("name", CHAPTERS)
each_graded = pytest.mark.parametrize("name", GRADED)

# All assignments in one process: the command makes one only. The disk is not waited for, a thousand times.
RELEASE = """
from sqlalchemy import Engine, event
event.listen(Engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous = OFF"))
from nbgrader.apps import NbGrader
from nbgrader.apps.api import NbGraderAPI
from nbgrader.coursedir import CourseDirectory
app = NbGrader()
app.load_config_file()
api = NbGraderAPI(CourseDirectory(config=app.config), config=app.config)
for name in sorted(api.get_source_assignments()):
    done = api.generate_assignment(name)
    assert done["success"], done["log"]
"""
MARKS = """
import json
from nbgrader.api import Gradebook
with Gradebook("sqlite:///gradebook.db") as book:
    print(json.dumps([
        [a.name, s.student.id, g.name, g.auto_score, g.max_score, bool(g.needs_manual_grade)]
        for a in book.assignments for s in a.submissions for n in s.notebooks for g in n.grades
    ]))
"""


@dataclass
class Class:
    """The folder of a class, and nbgrader in it."""

    folder: Path
    environment: dict[str, str]

    def python(self, *words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, *words]
        return subprocess.run(
            command, cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False
        )

    def nbgrader(self, *words: str) -> subprocess.CompletedProcess[str]:
        return self.python("-m", "nbgrader", *words)

    def released(self, name: str) -> list[Cell]:
        return cells(self.folder / "release" / name / f"{name}.ipynb")

    def hand_in(self, name: str, learner: str, notebook: dict[str, Any]) -> None:
        path = self.folder / "submitted" / learner / name / f"{name}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(notebook), encoding="utf-8")


def cells(path: Path) -> list[Cell]:
    return [cell | {"source": "".join(cell["source"])} for cell in json.loads(path.read_text("utf-8"))["cells"]]


def marks(cell: Cell) -> dict[str, Any]:
    found: dict[str, Any] = cell["metadata"].get("nbgrader", {})
    return found


def is_check(cell: Cell) -> bool:
    return cell["cell_type"] == "code" and bool(marks(cell).get("grade"))


@pytest.fixture(scope="module")
def class_room(nbgrader: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Class:
    """A class to whom all chapters are handed out."""
    folder = tmp_path_factory.mktemp("class")
    course.give_sources(folder)
    # As a teacher starts it: no lab computes all its futures, which only a stored notebook has to hold.
    room = Class(folder, {name: value for name, value in nbgrader.items() if name != crash_lab.STORING})
    done = room.python("-c", RELEASE)
    assert done.returncode == 0, done.stderr
    return room


# --- what is handed out -----------------------------------------------------------------------------------


@each_chapter
def test_nbgrader_hands_out_what_the_learners_copy_holds(class_room: Class, name: str) -> None:
    """So no solution, no hidden test: `test_learners_copy.py` looks for those."""
    released = {cell["id"]: cell["source"].strip() for cell in class_room.released(name)}
    assert released == {cell["id"]: cell["source"].strip() for cell in learners_copy(CHAPTERS[name])["cells"]}
    assert [cell["id"] for cell in class_room.released(name) if cell.get("outputs")] == []


@each_chapter
def test_nine_points_are_given_by_checks_and_two_by_hand(class_room: Class, name: str) -> None:
    points = {kind: [marks(cell)["points"] for cell in class_room.released(name) if marks(cell).get("grade")
                     and cell["cell_type"] == kind] for kind in ("code", "markdown")}  # fmt: skip
    assert points == {"code": [1, 1, 1, 1, 1, 1, 3], "markdown": [2]}


@each_chapter
def test_jupyterlab_keeps_learners_from_what_is_locked(class_room: Class, name: str) -> None:
    locked = [cell for cell in class_room.released(name) if marks(cell).get("locked")]
    assert len(locked) >= 7
    assert [cell["id"] for cell in locked if cell["metadata"]["editable"] or cell["metadata"]["deletable"]] == []


# --- what comes in ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Chapter:
    """A chapter, and how learners may have worked in a copy of it."""

    path: Path

    @cached_property
    def solutions(self) -> dict[str, str]:
        """What the cells hold that are to be written, by their ids."""
        return {
            cell["id"]: re.sub(r"^ *### (BEGIN|END) SOLUTION\n?", "", cell["source"], flags=re.MULTILINE)
            for cell in cells(self.path)
            if marks(cell).get("solution")
        }

    @cached_property
    def checks(self) -> list[str]:
        return [cell["id"] for cell in cells(self.path) if is_check(cell)]

    def solved(self, notebook: dict[str, Any]) -> dict[str, Any]:
        """A copy with every exercise written as the chapter writes it."""
        notebook = copy.deepcopy(notebook)
        for cell in notebook["cells"]:
            cell["source"] = self.solutions.get(cell["id"], cell["source"])
        return notebook

    def wrong_in(self, notebook: dict[str, Any], *checks: str) -> dict[str, Any]:
        """What stands before these checks is there and returns nothing."""
        for check in checks:
            at = place(notebook["cells"], check)
            answer = next(cell for cell in reversed(notebook["cells"][:at]) if cell["id"] in self.solutions)
            names = re.findall(r"^(?:async def|def|class) (\w+)", answer["source"], re.MULTILINE)
            assert names, answer["id"]
            answer["source"] += "".join(f"\n\n{name} = lambda *a, **k: None" for name in names)
        return notebook

    def careless(self, notebook: dict[str, Any]) -> dict[str, Any]:
        """All right answers, but cells were doubled, deleted and written over."""
        there = notebook["cells"]
        first, second, third, fourth, fifth, *_ = self.checks
        for name in (first, next(iter(self.solutions))):
            double = copy.deepcopy(there[place(there, name)])
            there.insert(place(there, name) + 1, double | {"id": name + "-double"})
        del there[place(there, second)]
        there[place(there, third)]["source"] = "await check(exercises.nothing, None)"
        retyped = new_code_cell(there[place(there, fourth)]["source"])
        there[place(there, fourth)] = dict(retyped)  # with an id of its own, and without marks
        there[place(there, fifth)]["metadata"]["nbgrader"]["points"] = 100
        return notebook

    def sly(self, notebook: dict[str, Any]) -> dict[str, Any]:
        """Nothing was written, but the checks were made to pass."""
        for cell in notebook["cells"]:
            if is_check(cell):
                cell["source"] = "pass"
                cell["metadata"].pop("nbgrader")
        return notebook

    def without_ids(self, notebook: dict[str, Any]) -> dict[str, Any]:
        """As it comes back from a program that writes notebooks of format 4.4 or older: their cells have no ids."""
        for cell in notebook["cells"]:
            del cell["id"]
        return notebook | {"nbformat_minor": 0}

    def own_judge(self, notebook: dict[str, Any]) -> dict[str, Any]:
        """Nothing was written but a `check` that finds everything right."""
        notebook["cells"].insert(place(notebook["cells"], self.checks[0]), dict(new_code_cell(OWN_JUDGE)))
        return notebook


OWN_JUDGE = """
class exercises:
    pass

async def check(*given, **others):
    print("ok")
"""


def place(there: list[Cell], name: str) -> int:
    return next(at for at, cell in enumerate(there) if cell["id"] == name)


@dataclass
class Graded:
    """What nbgrader made of all that was handed in."""

    room: Class
    logs: dict[str, str]  # by chapter
    statuses: dict[str, int]
    grades: list[tuple[str, str, str, float | None, float, bool]]

    def of(self, chapter: str, learner: str) -> dict[str, float | None]:
        """The points of each exercise."""
        return {row[2]: row[3] for row in self.grades if row[:2] == (chapter, learner)}

    def warned(self, chapter: str, learner: str) -> list[str]:
        """What a teacher reads about this learner's work, besides what is always said."""
        by_learner = self.logs[chapter].split("Creating/updating student with ID ")[1:]
        [log] = [part for part in by_learner if part.startswith(f"'{learner}'")]
        log = log.partition("[AutogradeApp | ERROR] There was an error")[0]  # the last lines sum up
        return [line for line in log.splitlines()[1:] if not re.match(r"\[AutogradeApp \| INFO\]", line)]

    def by_hand(self, chapter: str, learner: str) -> dict[str, float]:
        """What waits for a teacher, and how many points there are for it."""
        return {row[2]: row[4] for row in self.grades if row[:2] == (chapter, learner) and row[5]}


def hand_in_all(room: Class, name: str) -> None:
    """A copy of every kind: of nbgrader's own, of the page, and of `course.py lab`."""
    chapter = Chapter(CHAPTERS[name])
    given = json.loads((room.folder / "release" / name / f"{name}.ipynb").read_text(encoding="utf-8"))
    room.hand_in(name, "blank", given)
    room.hand_in(name, "solved", chapter.solved(json.loads(live_notebook(chapter.path).text)))
    room.hand_in(name, "wrong", chapter.wrong_in(chapter.solved(learners_copy(chapter.path)), *chapter.checks[1::5]))
    room.hand_in(name, "careless", chapter.careless(chapter.solved(given)))
    if name == GRADED[0]:
        room.hand_in(name, "sly", chapter.sly(copy.deepcopy(given)))
        room.hand_in(name, "elsewhere", chapter.without_ids(chapter.solved(given)))
        room.hand_in(name, "own judge", chapter.own_judge(copy.deepcopy(given)))
        ended = chapter.solved(given)
        ended["cells"].insert(1, dict(new_code_cell("import os\nos._exit(1)")))
        room.hand_in(name, "dead", ended)


@pytest.fixture(scope="module")
def graded(class_room: Class) -> Graded:
    """All that was handed in, after `nbgrader autograde`."""
    logs, statuses = {}, {}
    for name in GRADED:
        hand_in_all(class_room, name)
        done = class_room.nbgrader("autograde", name)
        logs[name], statuses[name] = done.stderr, done.returncode
    read = class_room.python("-c", MARKS)
    assert read.returncode == 0, read.stderr
    return Graded(class_room, logs, statuses, [tuple(row) for row in json.loads(read.stdout)])


@each_graded
def test_who_hands_in_the_untouched_copy_gets_nothing_and_no_teacher_has_to_look(graded: Graded, name: str) -> None:
    points = graded.of(name, "blank")
    assert len(points) == 8
    assert set(points.values()) == {0.0}, points
    assert graded.by_hand(name, "blank") == {}


@each_graded
def test_all_solutions_get_all_points_of_the_checks_and_the_words_wait_for_the_teacher(
    graded: Graded, name: str
) -> None:
    points = graded.of(name, "solved")
    assert sum(score or 0 for score in points.values()) == 9, points
    assert set(graded.by_hand(name, "solved").values()) == {2.0}


@each_graded
def test_a_wrong_answer_costs_its_own_points_and_no_others(graded: Graded, name: str) -> None:
    checks = Chapter(CHAPTERS[name]).checks
    points = graded.of(name, "wrong")
    assert [points[check] for check in checks] == [1, 0, 1, 1, 1, 1, 0]


@each_graded
def test_cells_that_were_doubled_deleted_or_written_over_cost_nothing(graded: Graded, name: str) -> None:
    points = graded.of(name, "careless")
    assert sum(score or 0 for score in points.values()) == 9, points
    _, deleted, changed, retyped, *_ = Chapter(CHAPTERS[name]).checks
    assert graded.warned(name, "careless") == [
        f"[AutogradeApp | WARNING] The cell {deleted} is gone; it is put back.",
        f"[AutogradeApp | WARNING] The cell {changed} is locked and was changed; its text is put back.",
        f"[AutogradeApp | WARNING] The cell {retyped} is gone; it is put back.",
    ]


@each_graded
def test_nothing_is_said_of_what_is_as_it_should_be(graded: Graded, name: str) -> None:
    assert {learner: graded.warned(name, learner) for learner in ("blank", "solved", "wrong")} == {
        "blank": [],
        "solved": [],
        "wrong": [],
    }


def test_checks_that_were_made_to_pass_are_the_chapters_own_again(graded: Graded) -> None:
    assert set(graded.of(GRADED[0], "sly").values()) == {0.0}


def test_a_notebook_whose_cells_lost_their_ids_is_graded_by_the_marks_that_it_kept(graded: Graded) -> None:
    assert sum(score or 0 for score in graded.of(GRADED[0], "elsewhere").values()) == 9
    assert graded.warned(GRADED[0], "elsewhere") == []


def test_a_check_of_the_learners_own_judges_nothing(graded: Graded) -> None:
    assert set(graded.of(GRADED[0], "own judge").values()) == {0.0}


def test_of_code_that_ends_its_python_nbgrader_says_so_and_grades_the_others(graded: Graded) -> None:
    assert f"There was an error processing assignment '{GRADED[0]}' for student 'dead'" in graded.logs[GRADED[0]]
    assert graded.statuses == {name: 1 if name == GRADED[0] else 0 for name in GRADED}
    assert set(graded.of(GRADED[0], "dead").values()) == {None}


@pytest.mark.timeout(300)  # two commands, and each starts a Python that loads much
def test_feedback_is_a_page_for_each_learner_and_the_marks_are_a_table(graded: Graded) -> None:
    name = GRADED[-1]
    assert graded.room.nbgrader("generate_feedback", name).returncode == 0
    pages = {path.parts[-3] for path in (graded.room.folder / "feedback").glob(f"*/{name}/{name}.html")}
    assert pages == {"blank", "solved", "wrong", "careless"}
    assert graded.room.nbgrader("export").returncode == 0
    with (graded.room.folder / "grades.csv").open(encoding="utf-8") as file:
        rows = {(row["assignment"], row["student_id"]): row for row in csv.DictReader(file)}
    scores = {learner: float(rows[name, learner]["score"]) for learner in pages}
    assert scores == {"blank": 0, "solved": 9, "wrong": 5, "careless": 9}
    assert {float(row["max_score"]) for row in rows.values()} == {11}


def test_the_page_for_teachers_names_the_commands_that_are_run_here_in_their_order() -> None:
    page = (course.ROOT / "book" / "for_teachers.md").read_text(encoding="utf-8")
    named = re.findall(r"^python3 course\.py grade -- (\w+)(.*)$", page, re.MULTILINE)
    chapter = " " + SHORT[0]
    commands = ["generate_assignment", "autograde", "generate_feedback"]
    assert named == [*((command, chapter) for command in commands), ("export", "")]

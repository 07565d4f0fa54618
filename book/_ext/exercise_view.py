"""One notebook, three readers: its page in the book, its student copy, its grader.

A chapter's notebook holds every exercise with its solution, so that the tests can run it. The
marks are nbgrader's. An exercise is written in this order:

1. a Markdown cell with the task, under a heading;
2. a code cell with the solution between ``### BEGIN SOLUTION`` and ``### END SOLUTION``; what
   stands outside the marks is given to the student, and `STUB` takes the place of the rest;
3. a code cell that checks it, which may end in ``### BEGIN HIDDEN TESTS`` … ``### END HIDDEN
   TESTS``: those never leave the notebook;
4. a Markdown cell with the hints, each a fold of its own. They are plain HTML because JupyterLab
   shows that too; the blank lines let Markdown work inside::

       <details class="hint">
       <summary>Hint 1</summary>

       Where does the state live between two calls?

       </details>

An exercise that asks for words has a Markdown cell as its solution; there the marks stand in
comments, which no reader sees: ``<!-- ### BEGIN SOLUTION -->``.

The exercise ends at the next Markdown cell that is not made of hints, or at the next solution.
`page_view` shows the stub, the checks, the hints, and last of all one fold with the solution, its
outputs and what the checks say to it. `student_copy` is the notebook without answers: the page
that runs in the browser and the classroom start from it.

`page_view` also says of each code cell, under ``page`` in its metadata, what it is on the page: its ``id``, in an
exercise the ``exercise`` (by the id of the cell that is solved first), and its ``role``:

* ``cell``: it belongs to the text;
* ``setting``: it belongs to the text and is locked, because checks rely on it as it is;
* ``given``: it stands between the heading of an exercise and its last check, and is not to be written;
* ``stub``: the reader writes it;
* ``check``: it judges what the reader wrote;
* ``solution``: it stands in the fold, and ``of`` names the cell before the fold that it answers or repeats;
* ``verdict``: it shows what the check named by ``of`` says to the solution.

Both are plain functions of a notebook's JSON: nothing of Sphinx is needed to use them.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Cell = dict[str, Any]
Notebook = dict[str, Any]

STUB = "# Your code here\nraise NotImplementedError"
ANSWER_STUB = "*Your answer here.*"  # for an exercise that asks for words
HINT = '<details class="hint">'

_BEGIN, _END = "### BEGIN SOLUTION", "### END SOLUTION"
_BEGIN_HIDDEN, _END_HIDDEN = "### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS"
_CHECK = re.compile(r"\bcheck\w*\(")
_HEADING = re.compile(r"^#{1,6} ", re.MULTILINE)
_FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)  # may hold comments that look like headings


def page_view(notebook: Notebook) -> Notebook:
    """The notebook as the book shows it; the argument stays as it was."""
    cells: list[Cell] = []
    for exercise, group in _groups(notebook["cells"]):
        if exercise:
            _mark_given(cells, _name(group))
        cells += _exercise_on_the_page(group) if exercise else [_marked(cell, _role(cell)) for cell in group]
    return {**notebook, "cells": cells}


def student_copy(notebook: Notebook) -> Notebook:
    """The notebook without solutions, hidden tests, and the outputs that only a solution gives."""
    cells = [cell for _, group in student_groups(notebook) for cell in group]
    return {**notebook, "cells": cells}


def student_groups(notebook: Notebook) -> Iterator[tuple[bool, list[Cell]]]:
    """The cells of the student's copy, split into exercises (True) and what stands between them (False)."""
    for exercise, group in _groups(notebook["cells"]):
        yield exercise, [_unsolved(cell) for cell in group] if exercise else group


def _groups(cells: list[Cell]) -> Iterator[tuple[bool, list[Cell]]]:
    """Split the cells into exercises (True) and what stands between them (False)."""
    group: list[Cell] = []
    exercise = False
    for cell in copy.deepcopy(cells):
        cell["source"] = "".join(cell["source"])
        solution = is_solution(cell)
        another = solution and any(not is_solution(earlier) for earlier in group)
        over = exercise and (another or (cell["cell_type"] == "markdown" and not solution and not _is_hints(cell)))
        if over or (solution and not exercise):
            yield exercise, group
            group, exercise = [], solution
        shown = _without_hidden_tests(cell)
        if shown["source"]:
            group.append(shown)
    yield exercise, group


def is_solution(cell: Cell) -> bool:
    """Whether the cell holds an answer: by its marks, or as nbgrader's metadata say."""
    by_metadata = cell["metadata"].get("nbgrader", {}).get("solution", False)
    return bool(by_metadata) or _BEGIN in "".join(cell["source"])


def _is_hints(cell: Cell) -> bool:
    return bool(cell["cell_type"] == "markdown" and cell["source"].lstrip().startswith(HINT))


def _is_check(cell: Cell) -> bool:
    graded = cell["metadata"].get("nbgrader", {}).get("grade", False)
    return cell["cell_type"] == "code" and bool(graded or _CHECK.search(cell["source"]))


def _exercise_on_the_page(group: list[Cell]) -> list[Cell]:
    """Stub, checks and hints first; then the fold with what solves them."""
    name = _name(group)
    given = [_marked(_unsolved(cell), _role(cell, inside=True), name) for cell in group]
    solved = [_answer(cell, name) for cell in group if cell["cell_type"] == "code" or is_solution(cell)]
    shown = [cell for cell in solved if cell["source"] or cell.get("outputs")]
    first = shown[0]["id"]
    return [*given, _markdown(_FOLD, first + "-open"), *shown, _markdown("</details>", first + "-close")]


_FOLD = '<details class="solution">\n<summary>Show one solution</summary>'


def _answer(cell: Cell, exercise: str) -> Cell:
    """The cell as the fold shows it: without marks; of a check only what it says."""
    answer = copy.deepcopy(cell)
    answer["id"] = cell["id"] + "-solved"
    lines = cell["source"].split("\n")
    answer["source"] = "\n".join(line for line in lines if _BEGIN not in line and _END not in line)
    says = _role(cell, inside=True) == "check"
    if says:
        _tag(answer, "remove-input")
        answer["source"] = answer["source"] if answer["outputs"] else ""
    return _marked(answer, "verdict" if says else "solution", exercise, of=cell["id"])


def _name(group: list[Cell]) -> str:
    """The name of an exercise: the id of its first solution."""
    return str(next(cell["id"] for cell in group if is_solution(cell)))


def _role(cell: Cell, inside: bool = False) -> str:
    """What a cell is for, before the fold; `inside` an exercise or outside."""
    if not inside:
        return "setting" if cell["metadata"].get("nbgrader", {}).get("locked") else "cell"
    if is_solution(cell):
        return "stub"
    return "check" if _is_check(cell) else "given"


def _marked(cell: Cell, role: str, exercise: str = "", of: str = "") -> Cell:
    """The cell with what the page has to know of it; a Markdown cell stays as it is."""
    if cell["cell_type"] == "code" and "id" in cell:
        told = {"id": cell["id"], "role": role, "exercise": exercise, "of": of}
        cell["metadata"]["page"] = {key: value for key, value in told.items() if value}
    return cell


def _mark_given(cells: list[Cell], exercise: str) -> None:
    """Mark the code cells at the end, back to the heading of the exercise that follows."""
    for cell in reversed(cells):
        if cell["cell_type"] == "markdown" and (cell["source"] == "</details>" or _has_heading(cell)):
            break
        _marked(cell, "given", exercise)


def _has_heading(cell: Cell) -> bool:
    return bool(_HEADING.search(_FENCE.sub("", cell["source"])))


def _unsolved(cell: Cell) -> Cell:
    """The cell as it is given to a student."""
    cell = copy.deepcopy(cell)
    if is_solution(cell):
        cell["source"] = _stubbed(cell)
    if cell["cell_type"] == "code":
        cell["outputs"], cell["execution_count"] = [], None
    return cell


def _stubbed(cell: Cell) -> str:
    """The source with every answer replaced by a stub as far to the right."""
    stub = STUB if cell["cell_type"] == "code" else ANSWER_STUB
    if _BEGIN not in cell["source"]:
        return stub  # nbgrader: a solution cell without marks is all answer
    return _replace(cell["source"], _BEGIN, _END, stub)


def _without_hidden_tests(cell: Cell) -> Cell:
    """The cell as everybody may see it; of a cell of hidden tests alone nothing is left."""
    if cell["cell_type"] == "code" and _BEGIN_HIDDEN in cell["source"]:
        cell["source"] = _replace(cell["source"], _BEGIN_HIDDEN, _END_HIDDEN, "").rstrip("\n")
    return cell


def _replace(source: str, begin: str, end: str, stub: str) -> str:
    """Put the stub in place of every region from a ``begin`` line to its ``end`` line."""
    kept: list[str] = []
    inside = False
    for line in source.split("\n"):
        if begin in line or end in line:
            if inside == (begin in line):
                raise ValueError(f"{begin!r} and {end!r} must take turns; they do not in\n{source}")
            inside = not inside
            indent = line[: len(line) - len(line.lstrip())]
            kept += [indent + part for part in stub.split("\n")] if inside and stub else []
        elif not inside:
            kept.append(line)
    if inside:
        raise ValueError(f"{begin!r} has no {end!r} after it in\n{source}")
    return "\n".join(kept)


def _markdown(source: str, cell_id: str) -> Cell:
    return {"cell_type": "markdown", "id": cell_id[-64:], "metadata": {}, "source": source}


def _tag(cell: Cell, tag: str) -> None:
    tags = cell["metadata"].setdefault("tags", [])
    if tag not in tags:
        tags.append(tag)


def rewrite(app: Any, docname: str, source: list[str]) -> None:
    """Sphinx's ``source-read``: the book reads the page's view in place of the notebook."""
    if Path(app.env.doc2path(docname)).suffix == ".ipynb":
        source[0] = json.dumps(page_view(json.loads(source[0])))


def setup(app: Any) -> dict[str, bool]:
    app.connect("source-read", rewrite)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

"""One notebook becomes the page of the book and the copy for students."""

from __future__ import annotations

import copy
import json
from typing import Any
from zlib import crc32

import pytest
import scratch_book
from book_ext import exercise_view
from scratch_book import ScratchBook

ANSWER_STUB, STUB = exercise_view.ANSWER_STUB, exercise_view.STUB
page_view, student_copy = exercise_view.page_view, exercise_view.student_copy

HINTS = '<details class="hint">\n<summary>Hint 1</summary>\n\nLook at `init`.\n\n</details>'
SOLUTION = "def add(a, b):\n    ### BEGIN SOLUTION\n    return a + b\n    ### END SOLUTION"
CHECK = "check(add)\n### BEGIN HIDDEN TESTS\nassert add(2, 2) == 4\n### END HIDDEN TESTS"


def code(source: str, *printed: str, **metadata: Any) -> dict[str, Any]:
    outputs = [{"output_type": "stream", "name": "stdout", "text": text} for text in printed]
    return {
        "cell_type": "code", "id": f"c{crc32(source.encode())}", "metadata": metadata,
        "execution_count": 1, "outputs": outputs, "source": source.splitlines(keepends=True),
    }  # fmt: skip


def text(source: str, **metadata: Any) -> dict[str, Any]:
    return {"cell_type": "markdown", "id": f"m{crc32(source.encode())}", "metadata": metadata, "source": source}


def notebook(*cells: dict[str, Any]) -> dict[str, Any]:
    return {"cells": list(cells), "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


EXERCISE = (text("### Add"), code(SOLUTION, "defined\n"), code(CHECK, "ok: add\n"), text(HINTS), text("### Next"))


def seen(view: dict[str, Any]) -> list[str]:
    """The cells as short lines: what they are and what they print."""
    lines = []
    for cell in view["cells"]:
        printed = [output["text"].strip() for output in cell.get("outputs", [])]
        hidden = ["(output only)"] if "remove-input" in cell["metadata"].get("tags", []) else []
        lines.append(" | ".join(["".join(cell["source"]).splitlines()[0], *printed, *hidden]))
    return lines


def test_the_page_shows_stub_check_hints_and_then_the_solution() -> None:
    view = page_view(notebook(*EXERCISE))
    assert seen(view) == [
        "### Add",
        "def add(a, b):",
        "check(add)",
        '<details class="hint">',
        '<details class="solution">',
        "def add(a, b): | defined",
        "check(add) | ok: add | (output only)",
        "</details>",
        "### Next",
    ]
    assert view["cells"][1]["source"] == "def add(a, b):\n    # Your code here\n    raise NotImplementedError"
    assert view["cells"][5]["source"] == "def add(a, b):\n    return a + b"


def test_the_page_holds_no_mark_and_no_hidden_test() -> None:
    page = json.dumps(page_view(notebook(*EXERCISE)))
    for word in ("BEGIN", "END", "HIDDEN", "assert add(2, 2)"):
        assert word not in page


def test_a_student_gets_the_stub_and_no_output_that_only_a_solution_gives() -> None:
    view = student_copy(notebook(code("1 + 1", "2\n"), *EXERCISE))
    assert seen(view) == ["1 + 1 | 2", "### Add", "def add(a, b):", "check(add)", '<details class="hint">', "### Next"]
    assert "return a + b" not in json.dumps(view)
    assert "assert add(2, 2)" not in json.dumps(view)
    assert view["cells"][2]["execution_count"] is None


def test_the_argument_stays_as_it_was() -> None:
    given = notebook(*copy.deepcopy(EXERCISE))
    before = copy.deepcopy(given)
    page_view(given)
    student_copy(given)
    assert given == before


def test_a_notebook_without_exercises_stays_as_it_is() -> None:
    given = notebook(text("# Title"), code("1", "1\n"), text("The mark ### BEGIN is no mark."))
    assert seen(page_view(given)) == seen(student_copy(given)) == seen(given)


def test_the_stub_takes_the_indentation_of_the_answer_and_keeps_what_is_given() -> None:
    answer = "### BEGIN SOLUTION\nx = 2\n### END SOLUTION\n"
    source = f"x = 1\n{answer}if x:\n    ### BEGIN SOLUTION\n    x = 3\n    ### END SOLUTION"
    [cell] = student_copy(notebook(code(source)))["cells"]
    indented = "\n".join("    " + line for line in STUB.splitlines())
    assert cell["source"] == f"x = 1\n{STUB}\nif x:\n{indented}"


def test_two_solutions_before_one_check_are_one_exercise() -> None:
    view = page_view(notebook(code(SOLUTION), code(SOLUTION.replace("add", "sub")), code("check(add, sub)", "ok\n")))
    assert seen(view) == [
        "def add(a, b):", "def sub(a, b):", "check(add, sub)",
        '<details class="solution">',
        "def add(a, b):", "def sub(a, b):", "check(add, sub) | ok | (output only)",
        "</details>",
    ]  # fmt: skip


def test_a_solution_after_a_check_begins_the_next_exercise() -> None:
    view = page_view(notebook(code(SOLUTION), code("check(add)", "ok\n"), code(SOLUTION.replace("add", "sub"))))
    folds = [number for number, line in enumerate(seen(view)) if line == '<details class="solution">']
    assert folds == [2, 7]


def test_a_run_of_the_readers_code_is_shown_again_with_its_output() -> None:
    view = page_view(notebook(code(SOLUTION), code("add(1, 2)", "3\n"), code("check(add)", "ok\n")))
    assert seen(view) == [
        "def add(a, b):", "add(1, 2)", "check(add)",
        '<details class="solution">',
        "def add(a, b):", "add(1, 2) | 3", "check(add) | ok | (output only)",
        "</details>",
    ]  # fmt: skip


def test_a_written_answer_is_a_fold_too() -> None:
    marked = text("<!-- ### BEGIN SOLUTION -->\nBecause it died.\n<!-- ### END SOLUTION -->")
    graded = text("Because it died.", nbgrader={"solution": True, "grade": True})
    for answer in (marked, graded):
        view = page_view(notebook(text("### Why"), answer))
        assert seen(view) == ["### Why", ANSWER_STUB, '<details class="solution">', "Because it died.", "</details>"]
        assert seen(student_copy(notebook(text("### Why"), answer))) == ["### Why", ANSWER_STUB]


def test_a_cell_of_hidden_tests_alone_leaves_nothing_behind() -> None:
    hidden = code("### BEGIN HIDDEN TESTS\nassert add(2, 2) == 4\n### END HIDDEN TESTS", "ok\n")
    assert seen(student_copy(notebook(code(SOLUTION), hidden, text("## End")))) == ["def add(a, b):", "## End"]


def test_ids_stay_unique() -> None:
    ids = [cell["id"] for cell in page_view(notebook(*EXERCISE))["cells"]]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize(
    "source",
    [
        "### BEGIN SOLUTION\nx = 1",
        "### BEGIN SOLUTION\n### BEGIN SOLUTION\nx = 1\n### END SOLUTION",
        "x = 1\n### END SOLUTION\n### BEGIN SOLUTION",
    ],
    ids=["not closed", "nested", "the wrong way round"],
)
def test_marks_that_do_not_pair_are_an_error(source: str) -> None:
    with pytest.raises(ValueError, match="SOLUTION"):
        page_view(notebook(code(source)))


KERNEL = {"kernelspec": {"name": "python3", "display_name": "Python 3"}, "language_info": {"name": "python"}}
GIVEN = notebook(text("# Chapter\n\n## Exercises"), *EXERCISE) | {"metadata": KERNEL}
scratch_book.good({"exercise_chapter.ipynb": json.dumps(GIVEN)})


def test_the_built_page_folds_the_solution_and_holds_no_hidden_test(good_book: ScratchBook) -> None:
    assert good_book.about("exercise_chapter.ipynb") == []
    page = good_book.page("exercise_chapter")
    [hint], [solution] = page.select("details.hint"), page.select("details.solution")
    assert "Look at init." in hint.get_text()
    assert "return a + b" in solution.get_text()
    assert "Next" not in solution.get_text()
    assert [output.get_text().strip() for output in page.select(".cell_output")] == ["defined", "ok: add"]
    assert all(output.find_parent("details") for output in page.select(".cell_output"))
    solution.extract()
    assert "raise NotImplementedError" in page.get_text()
    assert "return a + b" not in page.get_text()
    everything = "".join(path.read_text(encoding="utf-8") for path in good_book.site.rglob("*.html"))
    everything += (good_book.site / "searchindex.js").read_text(encoding="utf-8")
    assert "HIDDEN TESTS" not in everything
    assert "add(2, 2)" not in page.get_text()

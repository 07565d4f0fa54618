"""Each code cell of a chapter's page says by data attributes which cell it is and what it is for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import scratch_book
from book_ext import exercise_view
from bs4 import BeautifulSoup, Tag
from scratch_book import ScratchBook
from test_exercise_view import CHECK, HINTS, KERNEL, SOLUTION, notebook, text

from tools import refresh

NOTEBOOKS = refresh.notebooks()
ATTRIBUTES = ("data-cell-id", "data-role", "data-exercise", "data-of")
TWIN = '<details class="elixir">\n<summary>Elixir</summary>\n\n```elixir\n# a comment\n1\n```\n\n</details>'


def code(name: str, source: str, *tags: str, printed: str = "", **nbgrader: bool) -> dict[str, Any]:
    outputs = [{"output_type": "stream", "name": "stdout", "text": printed}] if printed else []
    metadata = {"tags": list(tags)} | ({"nbgrader": nbgrader} if nbgrader else {})
    return {
        "cell_type": "code", "id": name, "metadata": metadata, "execution_count": 1, "outputs": outputs,
        "source": source,
    }  # fmt: skip


CHAPTER = notebook(
    text("# Chapter\n\n## Text"),
    code("plain", "1 + 1"),
    code("locked", "x = 1", locked=True),
    code("folded", "print(x)", "hide-input", printed="1\n"),
    text("**Predict.** What is printed?"),
    code("guessed", "print(2)", "predict", "twin", printed="2\n"),
    text(TWIN),
    text("### Drill: add"),
    code("before", "import math", "twin"),
    text(TWIN.replace("1", "2")),
    code("add", SOLUTION),
    code("try", "add(1, 2)", printed="3\n"),
    code("add-check", CHECK, printed="ok: add\n"),
    text(HINTS),
    code("add-more", SOLUTION.replace("add", "more"), printed="more\n"),
    code("more-check", "check(more)"),
    text("### Then"),
    code("after", "2 + 2"),
) | {"metadata": KERNEL}
SEEN = [
    ("plain", "cell", None, None),
    ("locked", "setting", None, None),
    ("folded", "cell", None, None),
    ("guessed", "cell", None, None),
    ("before", "given", "add", None),
    ("add", "stub", "add", None),
    ("try", "given", "add", None),
    ("add-check", "check", "add", None),
    ("add-solved", "solution", "add", "add"),
    ("try-solved", "solution", "add", "try"),
    ("add-check-solved", "verdict", "add", "add-check"),
    ("add-more", "stub", "add-more", None),
    ("more-check", "check", "add-more", None),
    ("add-more-solved", "solution", "add-more", "add-more"),
    ("after", "cell", None, None),
]
scratch_book.good({"cells_chapter.ipynb": json.dumps(CHAPTER)})


def told(cells: list[Tag]) -> list[tuple[str | None, ...]]:
    return [tuple(cell.get(name) for name in ATTRIBUTES) for cell in cells]


def test_the_view_says_of_each_cell_what_it_is_for() -> None:
    marks = [cell["metadata"]["page"] for cell in exercise_view.page_view(CHAPTER)["cells"] if "outputs" in cell]
    assert [tuple(mark.get(key) for key in ("id", "role", "exercise", "of")) for mark in marks] == SEEN


def test_the_learners_copy_and_the_notebook_itself_are_not_marked() -> None:
    exercise_view.page_view(CHAPTER)
    for given in (CHAPTER, exercise_view.student_copy(CHAPTER)):
        assert [cell for cell in given["cells"] if "page" in cell["metadata"]] == []


def test_each_cell_of_the_page_has_its_attributes_in_tabs_and_folds_too(good_book: ScratchBook) -> None:
    assert good_book.about("cells_chapter.ipynb") == []
    page = good_book.page("cells_chapter")
    assert told(page.select("div.cell.docutils.container")) == SEEN
    [guessed], [folded] = page.select(".twin-tabs [data-cell-id=guessed]"), page.select("[data-cell-id=folded]")
    assert guessed.select_one(".cell_output details.predict")
    assert folded.select_one("details.hide .cell_input")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_chapters_page_agrees_with_the_view_of_its_notebook(path: Path, book_site: Path) -> None:
    html = (book_site / "notebooks" / f"{path.stem}.html").read_text(encoding="utf-8")
    page = BeautifulSoup(html, "html.parser")
    shown = {cell["data-cell-id"]: cell for cell in page.select("div.cell[data-cell-id]")}
    assert len(shown) == len(page.select("div.cell"))
    view = exercise_view.page_view(json.loads(path.read_text(encoding="utf-8")))
    wanted = [cell for cell in view["cells"] if cell["cell_type"] == "code"]
    assert list(shown) == [cell["id"] for cell in wanted]
    for cell in wanted:
        place = shown[cell["id"]]
        role = place["data-role"]
        assert (place.find_parent("details", class_="solution") is not None) == (role in ("solution", "verdict"))
        assert ("predict" in cell["metadata"].get("tags", [])) == bool(place.select("details.predict"))
        source = place.select_one(".cell_input pre")
        assert (source is None) == (role == "verdict")
        assert source is None or source.get_text().rstrip("\n") == cell["source"].rstrip("\n")
    roles = [place["data-role"] for place in shown.values()]
    assert roles.count("verdict") == roles.count("check") > 0
    assert {place["data-of"] for place in shown.values() if place["data-role"] == "verdict"} == {
        name for name, place in shown.items() if place["data-role"] == "check"
    }

"""The page of questions: each leads to what answers it, or says that its chapter is still to come."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

import nbformat
import pytest
import yaml
from book_ext import questions
from scratch_book import ROOT, ScratchBook, build, notebook

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
TABLE = questions.read()


def text_of(path: Path) -> str:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")


def test_there_are_seventy_five_questions_each_with_a_chapter_and_an_answer() -> None:
    assert [question.number for question in TABLE] == list(range(1, 76))
    assert {question.chapter for question in TABLE} <= questions.TOPICS.keys()
    assert len({question.asks for question in TABLE}) == 75
    assert [question.number for question in TABLE if not question.answer.endswith((".", "`."))] == []


def test_the_words_that_people_search_for_are_on_the_page() -> None:
    words = " ".join(question.asks for question in TABLE)
    for searched in ("terminate not called", "calling_self", "already_started", "noproc", "stale", "drifts"):
        assert searched in words


def test_what_another_chapter_shows_as_well_has_a_target_of_its_own() -> None:
    [also] = [each.also[0] for each in TABLE if each.number == 24]
    mark = "<!-- question: 24, 30 -->"
    assert questions.with_targets(mark, also).split() == [f"(question-24-in-{also})=", "(question-30)="]
    assert questions.with_targets(mark, "08").split() == ["(question-24)=", "(question-30)="]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_chapter_marks_only_questions_that_there_are_and_each_once(path: Path) -> None:
    marked = questions.marks(text_of(path))
    assert questions.unknown(marked) == []
    assert len(marked) == len(set(marked))


def test_a_question_is_marked_in_its_chapter_and_in_those_that_show_it_also() -> None:
    marked = {(number, path.stem[:2]) for path in NOTEBOOKS for number in questions.marks(text_of(path))}
    there = {path.stem[:2] for path in NOTEBOOKS}
    assert marked == {(each.number, place) for each in TABLE for place in each.places if place in there}


def test_the_menu_shows_the_number_and_the_topic_of_each_chapter() -> None:
    parts = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))["parts"]
    titles = {entry["file"]: entry.get("title") for part in parts for entry in part["chapters"]}
    for path in NOTEBOOKS:
        number = path.stem[:2]
        assert titles[f"notebooks/{path.stem}"] == f"{int(number)} {questions.TOPICS[number]}"


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> ScratchBook:
    text = nbformat.v4.new_markdown_cell
    cells = [
        text("# Chapter"),
        text("Before.\n\n<!-- question: 20, 21 -->\n\n## What remembers what\n\nThis."),
        text("End."),
    ]
    pages = {"chapter.ipynb": notebook(*cells), "asked.md": "# Questions\n\n:::{questions}\n:::\n"}
    return build(tmp_path_factory.mktemp("questions"), pages)


def test_a_question_that_is_answered_links_to_the_place(book: ScratchBook) -> None:
    assert book.warnings == []
    page = book.page("asked")
    for number in (20, 21):
        [link] = page.select(f"#asked-{number} a")
        name, target = link["href"].split("#")
        place = book.page(name.removesuffix(".html")).find(id=target)
        assert place is not None
        assert "What remembers what" in place.find_parent(["section"]).get_text() + place.get_text()
    assert "question:" not in book.page("chapter").get_text()


def test_a_question_whose_chapter_is_to_come_says_so(book: ScratchBook) -> None:
    [entry] = book.page("asked").select("#asked-33")
    assert entry.select("a") == []
    assert "chapter 9, Agent, which is still to come" in entry.get_text()


def test_the_search_finds_a_question(book: ScratchBook) -> None:
    index = (book.site / "searchindex.js").read_text(encoding="utf-8")
    assert re.search(r'"?termin\w*"?:', index)


def test_every_link_of_the_built_page_leads_somewhere(book_site: Path) -> None:
    from bs4 import BeautifulSoup

    @cache  # seventy-five links, and a dozen pages
    def page(path: Path) -> BeautifulSoup:
        return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")

    here = book_site / "book" / "questions.html"
    links = page(here).select(".asked a")
    assert links
    for link in links:
        name, _, target = link["href"].partition("#")
        there = page((here.parent / name).resolve())
        assert not target or there.find(id=target) is not None, link["href"]

"""The page that maps the guide: each of its parts leads to a cell that exists, or says that its chapter is to come."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import nbformat
import pytest
import scratch_book
from book_ext import guide_map, questions
from bs4 import BeautifulSoup
from scratch_book import ROOT, ScratchBook, notebook

SECTIONS = guide_map.read()
PARTS = [part for section in SECTIONS for part in section.parts]
NOTEBOOKS = {path.stem[:2]: path for path in sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))}


def cells(chapter: str) -> set[str]:
    return {cell["id"] for cell in json.loads(NOTEBOOKS[chapter].read_text(encoding="utf-8"))["cells"]}


def test_nothing_of_the_guide_is_left_out() -> None:
    """The guide has twelve sections with their heads, sixteen sub-sections, and what stands in them."""
    assert len(SECTIONS) == 12
    assert Counter(part.kind for part in PARTS) == {"heading": 28, "row": 9, "snippet": 36, "point": 23, "footnote": 1}
    assert all(section.parts[0].kind == "heading" for section in SECTIONS)
    assert {part.kind for part in PARTS} <= set(guide_map.KINDS)


def test_every_chapter_is_led_to() -> None:
    led_to = {part.chapter for part in PARTS if part.chapter}
    assert set(questions.TOPICS) - led_to == {"19"}, "the capstone builds on all of the guide"


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.what[:40])
def test_a_part_leads_to_one_thing_that_exists(part: guide_map.Part) -> None:
    assert bool(part.chapter) != bool(part.page)
    if part.page:
        assert (ROOT / f"{part.page}.md").exists()
    elif part.chapter in NOTEBOOKS:
        assert part.cell in cells(part.chapter), f"chapter {part.chapter} is there: say which of its cells teaches this"
    else:
        assert part.chapter in questions.TOPICS
        assert not part.cell, f"chapter {part.chapter} is not there yet"


def test_no_two_cells_of_a_chapter_share_a_label() -> None:
    for chapter in NOTEBOOKS:
        wanted = guide_map.targets(chapter)
        assert len(set(wanted.values())) == len(wanted)


text, code = nbformat.v4.new_markdown_cell, nbformat.v4.new_code_cell
CELLS = [
    text("# Chapter", id="title"),
    text("## A server\n\nWords.", id="callbacks"),
    code("1 + 1", id="probe"),
    text("More.", id="end"),
]
MAP = {"03_of_the_map.ipynb": notebook(*CELLS), "map_of_the_guide.md": "# Map\n\n:::{guide-map}\n:::\n"}
scratch_book.faulty(MAP)  # the pages that the map leads to are not there


def test_a_cell_of_text_and_a_cell_of_code_become_targets(faulty_book: ScratchBook) -> None:
    assert faulty_book.about("03_of_the_map.ipynb") == []
    hrefs = {link["href"] for link in faulty_book.page("map_of_the_guide").select("table.guide a")}
    page = faulty_book.page("03_of_the_map")
    for cell in ("callbacks", "probe"):
        assert f"03_of_the_map.html#guide-03-{cell}" in hrefs
        assert page.find(id=f"guide-03-{cell}") is not None
    place = page.find(id="guide-03-probe")
    assert place is not None
    assert "1 + 1" in place.get_text() or "1 + 1" in place.find_next("pre").get_text()


def test_a_chapter_that_is_to_come_is_said_to_be(faulty_book: ScratchBook) -> None:
    rows = [row.get_text() for row in faulty_book.page("map_of_the_guide").select("table.guide tr")]
    assert any("chapter 9, Agent, which is still to come" in row for row in rows)


def test_every_link_of_the_built_page_leads_to_its_cell(book_site: Path) -> None:
    here = book_site / "book" / "guide_map.html"
    pages: dict[Path, BeautifulSoup] = {}
    links = BeautifulSoup(here.read_text(encoding="utf-8"), "html.parser").select("table.guide a")
    assert len(links) == sum(bool(part.page or part.cell) for part in PARTS)
    for link in links:
        name, _, target = link["href"].partition("#")
        path = (here.parent / name).resolve()
        if path not in pages:
            pages[path] = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
        if path.parent.name == "notebooks":
            assert target.startswith("guide-"), link["href"]
            assert pages[path].find(id=target) is not None, link["href"]

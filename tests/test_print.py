"""The book on paper: one count of sheets, a list of contents that is right, and what a screen folds away."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pypdf import PdfReader

from tools import print_book

WANTED = {"how_to_use": "How to use this book", "07": "7 DynamicSupervisor"}


@pytest.fixture(scope="module")
def target(chromium: str, book_site: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two pages of the book, printed."""
    path = tmp_path_factory.mktemp("paper") / "book.pdf"
    print_book.print_book(chromium, book_site, path, list(WANTED))
    return path


@pytest.fixture(scope="module")
def paper(target: Path) -> PdfReader:
    return PdfReader(target)


@pytest.fixture(scope="module")
def texts(paper: PdfReader) -> list[str]:
    """The text of each sheet."""
    return [sheet.extract_text() for sheet in paper.pages]


def test_every_sheet_has_its_number(texts: list[str]) -> None:
    assert [text.split()[0] for text in texts] == [str(number) for number in range(1, len(texts) + 1)]
    assert all(len(text.split()) > 1 for text in texts), "an empty sheet"


def test_the_list_of_contents_names_the_sheet_on_which_a_page_begins(texts: list[str]) -> None:
    listed = dict(re.findall(r"^(.+?)\s+(\d+)$", texts[0], re.MULTILINE))
    headings = ["How to use this book", "DynamicSupervisor: children come and go"]
    for title, heading in zip(WANTED.values(), headings, strict=True):
        assert " ".join(texts[int(listed[title]) - 1].split()).startswith(f"{listed[title]} {heading}")


def test_a_bookmark_leads_to_each_page_and_to_its_sections(paper: PdfReader) -> None:
    titles = [item["/Title"] for item in paper.outline if not isinstance(item, list)]
    assert titles == ["Contents", *WANTED.values()]
    flat = str(paper.outline)
    assert "Mistake clinic" in flat


def test_what_a_screen_folds_away_is_there(texts: list[str]) -> None:
    text = " ".join(" ".join(texts).split())
    assert "What has to happen once for each person?" in text, "a hint"
    assert text.count("Show one solution") >= 6
    assert "defmodule ConnectionSupervisor do" in text, "the second tab"
    assert "only the supervisors cannot raise" in text, "a lab in words"


def test_links_lead_to_sheets_or_to_the_web(paper: PdfReader) -> None:
    inside, outside = 0, set()
    for sheet in paper.pages:
        for link in [link.get_object() for link in sheet.get("/Annots", ())]:
            if "/Dest" in link:
                assert link["/Dest"][0].get_object()["/Type"] == "/Page"
                inside += 1
            elif "/A" in link:
                outside.add(str(link["/A"]["/URI"]))
    assert inside > 20
    assert not [address for address in outside if "127.0.0.1" in address]


def test_a_page_that_does_not_exist_is_said_to_be_missing(chromium: str, book_site: Path, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="No page of the book begins with nothing"):
        print_book.print_book(chromium, book_site, tmp_path / "none.pdf", ["nothing"])
    assert not list(tmp_path.iterdir())

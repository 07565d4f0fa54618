"""Pages that show what others hold, without a copy: the decision guide and the list of changes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from bs4 import BeautifulSoup, Tag

ROOT = Path(__file__).resolve().parents[1]
CHAPTERS = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))


def soup(site: Path, page: str) -> BeautifulSoup:
    return BeautifulSoup((site / f"{page}.html").read_text(encoding="utf-8"), "html.parser")


def rows(table: Tag) -> list[str]:
    return [row.get_text(" ", strip=True) for row in table.select("tr")]


@pytest.fixture(scope="module")
def guide(book_site: Path) -> list[tuple[str, str, list[str]]]:
    """The tables of the guide: the chapter and the place that each leads to, and its rows."""
    found = []
    for section in soup(book_site, "book/decision_guide").select("section.decision"):
        page, _, place = section.select("p a")[-1]["href"].partition("#")
        found.append((Path(page).stem, place, rows(section.select_one(".otp-decision"))))
    return found


@pytest.mark.parametrize("stem", CHAPTERS)
def test_the_guide_has_every_table_of_a_chapter_and_leads_to_its_place(
    book_site: Path, guide: list[tuple[str, str, list[str]]], stem: str
) -> None:
    cells = soup(book_site, f"notebooks/{stem}").select(".cell[data-role=cell]:has(.otp-decision)")
    seen = [(stem, cell.find_parent("section")["id"], rows(cell.select_one(".otp-decision"))) for cell in cells]
    assert [told for told in guide if told[0] == stem] == seen


def test_the_guide_asks_each_question_once_and_begins_with_which_one(book_site: Path) -> None:
    page = soup(book_site, "book/decision_guide")
    asked = [heading.get_text().removesuffix("#") for heading in page.select("section.decision > h2")]
    assert len(asked) >= 10
    assert "Which one?" in asked
    assert page.select("caption") == []
    assert len(page.select(".decision style")) == 1


def test_the_list_of_changes_is_the_file(book_site: Path) -> None:
    headings = re.findall(r"^#{1,3} (.+)$", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    shown = soup(book_site, "book/changelog").select("article :is(h1, h2, h3)")
    assert [heading.get_text().removesuffix("#") for heading in shown] == [
        heading.replace("`", "") for heading in headings
    ]

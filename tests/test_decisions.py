"""Pages that show what others hold, without a copy: the decision guide, the list of changes, the first page's lab."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import scratch_book
from bs4 import BeautifulSoup, Tag
from playwright.sync_api import expect, sync_playwright
from scratch_book import ScratchBook

ROOT = Path(__file__).resolve().parents[1]
CHAPTERS = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))
LABS = {"nowhere lab": "nowhere has no cell 'lab'", "01_core_philosophy title": "has no cell 'title' with a lab"}
scratch_book.faulty(
    {f"stored_lab_{number}.md": f"# Lab\n\n:::{{stored-lab}} {what}\n:::\n" for number, what in enumerate(LABS)}
)


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


@pytest.mark.parametrize("number", range(len(LABS)))
def test_a_lab_that_is_not_stored_is_an_error_of_the_build(faulty_book: ScratchBook, number: int) -> None:
    assert list(LABS.values())[number] in " ".join(faulty_book.about(f"stored_lab_{number}.md"))


@pytest.mark.parametrize(("width", "height"), [(360, 740), (1280, 720)])
def test_the_first_page_begins_with_a_crash_lab(book_site: Path, chromium: str, width: int, height: int) -> None:
    """In the first window a process can be ended, and what comes of it is shown."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": width, "height": height})
        page.goto((book_site / "book" / "intro.html").as_uri())
        lab = page.locator(".otp-lab[data-ready]").first
        says, end = lab.get_by_text("Everything is running."), lab.get_by_role("button", name=re.compile("^raise"))
        for part in (says, end):
            expect(part).to_be_in_viewport(ratio=1)
        end.click()
        expect(says).to_have_count(0)
        assert page.evaluate("scrollY") == 0
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        browser.close()

"""The crash lab in the book: one copy of its script a site, and labs that work on the built page."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import nbformat
import pytest
import scratch_book
from crash_lab_reader import Reader
from lab_scenarios import pair, part
from playwright.sync_api import Browser
from scratch_book import ScratchBook, notebook

from otp_mini.lab import Lab, strategy_labs
from otp_mini.viz import player

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.filterwarnings("default::ResourceWarning"),  # Playwright's own, at its end
]

VERSIONS = ("lab_parts.", "crash_lab.")  # in this order


def output_cell(html: str, text: str) -> nbformat.NotebookNode:
    data = {"text/html": html, "text/plain": text}
    output = nbformat.v4.new_output("execute_result", data, execution_count=1)
    return nbformat.v4.new_code_cell("crash_lab(pair)", outputs=[output], execution_count=1)


TITLE = nbformat.v4.new_markdown_cell("# Labs")


def one_lab() -> nbformat.NotebookNode:
    document = Lab(pair).document(2)
    return output_cell(player.html(document), player.text(document))


def two_labs() -> str:
    labs, script = strategy_labs([part("A"), part("B")], [("A", "raise")])
    three = [each.document(1) for each in labs]
    compared = output_cell(player.compare_html(three, script), player.compare_text(three, script))
    return notebook(TITLE, one_lab(), compared)


scratch_book.good(
    {"labs_two.ipynb": two_labs, "labs_one.ipynb": lambda: notebook(TITLE, one_lab()), "labs_none.md": "# No lab\n"}
)


def scripts(book: ScratchBook, page: str) -> list[str]:
    return [
        tag["src"]
        for tag in book.page(page).find_all("script", src=True)
        if any(each in tag["src"] for each in VERSIONS)
    ]


def test_the_book_builds_without_a_warning(good_book: ScratchBook) -> None:
    assert good_book.warnings == []
    assert good_book.status == 0


def test_the_site_holds_each_script_once(good_book: ScratchBook) -> None:
    files = [file for version in VERSIONS for file in (good_book.site / "_static").glob(version + "*.js")]
    assert len(files) == len(VERSIONS)
    assert all(file.read_text(encoding="utf-8").startswith("(globalThis.otpLabs") for file in files)
    for page in good_book.site.glob("*.html"):
        assert "globalThis.otpLabs" not in page.read_text(encoding="utf-8")
    wanted = [f"_static/{file.name}" for file in files]
    assert [scripts(good_book, page) for page in ("labs_two", "labs_one")] == [wanted] * 2
    assert scripts(good_book, "labs_none") == []


def test_the_documents_and_the_text_stay_on_their_pages(good_book: ScratchBook) -> None:
    page = good_book.page("labs_two")
    assert len(page.select('.crash-lab > script[type="application/json"]')) == 2
    assert "A  worker, permanent" in page.select_one(".crash-lab pre.fallback").get_text()


def test_the_search_finds_words_of_a_lab_and_no_code(good_book: ScratchBook) -> None:
    index = (good_book.site / "searchindex.js").read_text(encoding="utf-8")
    assert '"one_for_on' in index
    assert "globalthi" not in index.lower()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_both_labs_of_a_page_work_as_a_file(good_book: ScratchBook, browser: Browser, scheme: str) -> None:
    r = Reader(browser, good_book.site / "labs_two.html", color_scheme=scheme)
    r.crash("A", "raise")
    assert r.life("A") == 2
    r.lab = r.page.locator(".crash-lab").nth(1)
    assert r.lab.locator(".lane").count() == 3
    ground = "rgb(255, 255, 255)" if scheme == "light" else "rgb(23, 27, 33)"
    assert r.lab.locator(".lab").evaluate("e => getComputedStyle(e).backgroundColor") == ground
    panel = r.page.locator(".output.text_html").first.evaluate("e => getComputedStyle(e).backgroundColor")
    assert panel == "rgba(0, 0, 0, 0)", "the theme lays no panel of its own below it"
    r.close()


@pytest.mark.parametrize(("width", "height"), [(360, 640), (360, 740), (390, 700), (390, 844)])
def test_the_tree_the_controls_and_what_happens_are_in_one_window_of_a_phone(
    good_book: ScratchBook, browser: Browser, width: int, height: int
) -> None:
    """None lies on another: at the start, after one crash, and when the supervisor has given up."""
    phone: Any = {"viewport": {"width": width, "height": height}, "has_touch": True, "is_mobile": True}
    r = Reader(browser, good_book.site / "labs_one.html", **phone, reduced_motion="reduce")
    for crashes in range(3):
        r.lab.locator(".tree").evaluate("tree => scrollTo(0, tree.getBoundingClientRect().top + scrollY - 60)")
        parts = (".tree", ".asks", ".ways", ".saying", ".tip", ".transport")
        boxes = [r.lab.locator(part).bounding_box() for part in parts]
        for upper, lower in pairwise(boxes):
            assert upper and lower and upper["y"] + upper["height"] <= lower["y"], crashes
        assert boxes[0] and boxes[0]["y"] >= 56, "below the bar of the page"
        assert boxes[-1] and boxes[-1]["y"] + boxes[-1]["height"] <= height + 1
        if crashes < 2:
            r.crash("A", "raise")
    assert r.state("top") == "stopped"
    assert r.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    r.close()


def test_a_page_without_scripts_shows_the_text(good_book: ScratchBook, browser: Browser) -> None:
    r = Reader(browser, good_book.site / "labs_one.html", java_script_enabled=False)
    assert "A  worker, permanent" in r.lab.locator("pre").inner_text()
    assert "can be played where scripts run" in r.lab.inner_text()
    r.context.close()

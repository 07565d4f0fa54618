"""The page of a reader's progress, the marks in the menu, and the file that carries all of it to another browser."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from book_ext import progress
from browser import Browser, Server, browsing, serving
from bs4 import BeautifulSoup
from playwright.sync_api import Locator, Page, expect

ROOT = Path(__file__).resolve().parents[1]
CHAPTER = "03_genserver_basics"
PAGE = "book/your_progress"
CHAPTERS = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))


def course(site: Path) -> list[Any]:
    """What the script of every page says that there is."""
    text = (site / "_static" / "course_progress.js").read_text(encoding="utf-8")
    found: list[Any] = json.loads(text.removeprefix("globalThis.otpCourse = ").rstrip(";\n"))
    return found


def soup(site: Path, page: str) -> BeautifulSoup:
    return BeautifulSoup((site / f"{page}.html").read_text(encoding="utf-8"), "html.parser")


# ---- what the build writes --------------------------------------------------------------------------------


def test_every_chapter_is_there(book_site: Path) -> None:
    assert [page for page, *_ in course(book_site)] == [f"notebooks/{stem}" for stem in CHAPTERS]


@pytest.mark.parametrize("stem", CHAPTERS)
def test_what_there_is_agrees_with_the_attributes_of_the_cells(book_site: Path, stem: str) -> None:
    [[page, _, exercises, predictions]] = [told for told in course(book_site) if told[0] == f"notebooks/{stem}"]
    chapter = soup(book_site, page)
    assert predictions == [fold["data-cell"] for fold in chapter.select("details.predict")]
    cells = chapter.select("[data-exercise]")
    seen = []
    for name in dict.fromkeys(cell["data-exercise"] for cell in cells):
        own = [cell for cell in cells if cell["data-exercise"] == name]
        section = own[0].find_parent("section")
        heading = section.find(re.compile("h[1-6]")).get_text().removesuffix("#")
        texts = [
            cell.select_one(".cell_input pre").get_text().removesuffix("\n")
            for cell in own
            if cell["data-role"] in ("stub", "check")
        ]
        seen.append([name, heading, section["id"], progress.edition("\n\n".join(texts))])
    assert exercises == seen
    assert len(exercises) >= 3


def test_the_titles_are_those_of_the_menu(book_site: Path) -> None:
    menu = {link.get_text().strip() for link in soup(book_site, PAGE).select(".bd-links a.reference")}
    assert {title for _, title, *_ in course(book_site)} <= menu


def test_without_scripts_the_page_lists_what_there_is_and_says_what_is_missing(book_site: Path) -> None:
    page = soup(book_site, PAGE)
    assert "only scripts can know that" in page.select_one("#progress-says").get_text()
    assert "need scripts" in page.select_one("#progress-file").get_text()
    for address, _, exercises, predictions in course(book_site):
        chapter = address.rpartition("/")[2]
        section = page.select_one(f'[id="progress-{chapter}"]')
        links = [link["href"] for link in section.select("li a")]
        assert links == [f"../{address}.html#{anchor}" for _, _, anchor, _ in exercises]
        assert (
            section.select_one(f'[id="progress-{chapter}-predictions"]').get_text() == f"{len(predictions)} predictions"
        )


def test_every_page_has_the_menus_script_and_one_has_the_rest(book_site: Path) -> None:
    for page in ("book/intro", PAGE, f"notebooks/{CHAPTER}", "search"):
        loaded = [
            str(script["src"]).rpartition("/")[2].partition("?")[0]
            for script in soup(book_site, page).select("script[src]")
        ]
        assert {"course_progress.js", "progress.js"} <= set(loaded)
        assert ("your_progress.js" in loaded) == (page == PAGE)
    static = book_site / "_static"
    assert (static / "progress.js").stat().st_size < 5_000
    assert (static / "course_progress.js").stat().st_size < 25_000
    assert not re.search(
        r"^\s*(import|export)\b|BEGIN SOLUTION", (static / "your_progress.js").read_text(), re.MULTILINE
    )


MODULES = {
    "first": "/* words\n of a comment */\nexport const two = 2;\nexport function first() { return 3; }\n",
    "second": """import { two } from "./first.mjs";
const own = 2;
export class Sum { static of() { return two + own; } }
""",
    "entry": """import { first } from "./first.mjs";
import { Sum } from "./second.mjs";
// nothing
const own = 1;
console.log(Sum.of() * first() + own);
""",
}


def test_modules_become_one_plain_script(tmp_path: Path, node: str) -> None:
    for name, text in MODULES.items():
        (tmp_path / f"{name}.mjs").write_text(text, encoding="utf-8")
    script = progress.plain_script("entry", tmp_path)
    assert (script.count("const two"), "nothing" in script, "comment" in script) == (1, False, False)
    done = subprocess.run([node, "-"], input=script, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "13"
    for line in ("export default 7;", 'import * as all from "./first.mjs";', 'import "elsewhere";'):
        (tmp_path / "faulty.mjs").write_text(f"{line}\n", encoding="utf-8")
        with pytest.raises(progress.ExtensionError, match=r"faulty\.mjs cannot become a plain script"):
            progress.plain_script("faulty", tmp_path)


# ---- in a browser --------------------------------------------------------------------------------------------

# What page.mjs keeps of a passed exercise: its state with the text that it belongs to, and the reader's own text.
PASS = """chapter => {
  const parts = ":is([data-role=stub], [data-role=check]) .cell_input pre";
  const cells = [...document.querySelectorAll(`[data-exercise=tally]${parts}`)];
  const published = cells.map((pre) => pre.textContent.replace(/\\n$/, "")).join("\\n\\n");
  localStorage[`otp-patterns exercise ${chapter} tally`] = JSON.stringify({ state: "passed", published });
  localStorage[`otp-patterns cell ${chapter} tally`] = JSON.stringify({ text: "<b>mine</b>", published: "older" });
  dispatchEvent(new Event("otp-progress"));
}"""
OLD = """() => {
  const key = Object.keys(localStorage).find((one) => one.startsWith("otp-patterns exercise"));
  localStorage[key] = JSON.stringify({ state: "passed", published: "older" });
  dispatchEvent(new Event("otp-progress"));
}"""
KEEPS = """() => Object.fromEntries(Object.entries(localStorage)
  .filter(([key]) => key.startsWith("otp-patterns") || key.startsWith("prediction")))"""
ALONE = "([key, text]) => { localStorage.clear(); localStorage[key] = text; }"
BEGUN = """() => {
  for (const [page, , , [fold]] of otpCourse) localStorage[`prediction:${page.split("/")[1]}:${fold}`] = "x";
  dispatchEvent(new Event("otp-progress"));
}"""
AXE = """async (where) => {
  const found = [], still = document.head.appendChild(document.createElement("style"));
  still.textContent = "* { transition: none !important; }";
  for (const theme of ["light", "dark"]) {
    document.documentElement.dataset.theme = theme;
    const { violations } = await axe.run({ include: where });
    found.push(...violations.map(({ id, nodes }) => `${theme} ${id} ${nodes[0].html}`));
  }
  return found;
}"""
HEIGHTS = "() => [...document.querySelectorAll('.bd-links li')].map((one) => one.getBoundingClientRect().height)"
OVERLAPS = """() => [...document.querySelectorAll(".progress-mark")].filter((one) => {
  const words = new Range(), mark = one.getBoundingClientRect();
  words.selectNodeContents(one.parentElement.firstChild);
  const meets = (row) => row.right > mark.left && row.bottom > mark.top && row.top < mark.bottom;
  const end = one.closest(".bd-sidebar-primary").getBoundingClientRect().right;
  return mark.right > end || [...words.getClientRects()].some(meets);
}).map((one) => one.parentElement.textContent)"""
CELL, ASIDE = f"otp-patterns cell {CHAPTER} tally", f"otp-patterns aside {CHAPTER} tally"
THEIRS = json.dumps({"text": "other", "published": "older"}, separators=(",", ":"))
MINE = {"text": "<b>mine</b>", "published": "older"}
REFUSED = {
    "nonsense": "no file of your progress",
    '{"cells": []}': "That is a notebook.",
    '{"format": "otp-patterns progress", "version": 9}': "a newer edition",
    '{"format": "otp-patterns progress", "version": 1, "chapters": {"a b": {}}}': "damaged",
}


@pytest.fixture(scope="module")
def server(book_site: Path) -> Iterator[Server]:
    with serving(book_site) as running:
        yield running


@pytest.fixture
def browser(chromium: str, tmp_path: Path) -> Iterator[Browser]:
    with browsing(chromium, tmp_path / "profile") as running:
        yield running
        assert (running.foreign, running.errors) == ([], [])


@pytest.fixture
def passed(browser: Browser, server: Server) -> Page:
    """The page of progress, of a reader who has passed one exercise."""
    page = browser.page
    page.goto(f"{server.address}notebooks/{CHAPTER}.html")
    page.evaluate(PASS, CHAPTER)
    page.goto(f"{server.address}{PAGE}.html")
    return page


def mark(page: Page) -> Locator:
    return page.locator(".bd-links a", has_text="3 GenServer").first.locator(".progress-mark")


def state(page: Page, name: str) -> Locator:
    return page.locator(f"#progress-{CHAPTER}-{name} .progress-state")


def keeps(page: Page) -> dict[str, str]:
    found: dict[str, str] = page.evaluate(KEEPS)
    return found


def save(page: Page, target: Path) -> Path:
    with page.expect_download() as started:
        page.get_by_role("button", name="Save as a file").press("Enter")
    assert started.value.suggested_filename == "otp-patterns-progress.json"
    started.value.save_as(target)
    return target


def take(page: Page, file: Path, sentence: str) -> None:
    page.locator(".progress-file input").set_input_files(file)
    expect(page.locator(".progress-file-says")).to_contain_text(sentence)


def clean(page: Page, axe: Path, *where: str) -> None:
    page.evaluate(axe.read_text(encoding="utf-8"))
    assert page.evaluate(AXE, list(where)) == []


def test_the_menu_and_the_page_say_how_far_a_reader_came(browser: Browser, server: Server, axe: Path) -> None:
    page, says = browser.page, browser.page.locator("#progress-says")
    page.goto(f"{server.address}{PAGE}.html")
    expect(says).to_contain_text("made a prediction in this browser yet. Begin with 1 Let it crash.")
    assert page.locator(".progress-mark").count() == 0
    page.goto(f"{server.address}notebooks/{CHAPTER}.html")
    page.locator("p.prediction input").first.fill("three")
    expect(mark(page)).to_have_text("0 of 7")
    name = re.compile(r"^3 GenServer\s*: 0 of 7 exercises passed, 1 of 10 predictions made$")
    expect(page.get_by_role("link", name=name)).to_be_visible()
    page.evaluate(PASS, CHAPTER)
    expect(mark(page)).to_have_text("1 of 7")
    page.goto(f"{server.address}{PAGE}.html")
    expect(says).to_contain_text(re.compile(r"You have passed 1 of \d+ exercises and made 1 of \d+ predictions"))
    expect(state(page, "tally")).to_have_text("passed")
    expect(state(page, "board")).to_have_text("not yet")
    expect(page.locator(f"#progress-{CHAPTER}-predictions")).to_have_text("1 of 10 predictions made")
    page.evaluate(OLD)
    expect(state(page, "tally")).to_have_text("passed in an earlier edition")
    expect(mark(page)).to_have_text("0 of 7")
    clean(page, axe, "article", ".bd-links")
    says.get_by_role("link").click()
    page.wait_for_url(re.compile(f"{CHAPTER}.html#drill-1"))


def test_everything_is_forgotten_by_keyboard_when_it_was_asked_and_comes_back(passed: Page, axe: Path) -> None:
    before, forget = keeps(passed), passed.get_by_role("button", name="Forget everything")
    forget.press("Enter")
    sure = passed.get_by_role("group", name="Forget 1 cell that you changed, 1 exercise and 0 predictions?")
    expect(sure.get_by_role("button", name="Keep them")).to_be_focused()
    clean(passed, axe, "article")
    passed.keyboard.press("Escape")
    expect(forget).to_be_focused()
    assert keeps(passed) == before
    forget.press("Enter")
    sure.get_by_role("button", name="Forget them").press("Enter")
    expect(passed.get_by_role("button", name="Undo")).to_be_focused()
    assert keeps(passed) == {}
    expect(state(passed, "tally")).to_have_text("not yet")
    expect(passed.locator(".progress-mark")).to_have_count(0)
    passed.evaluate(ALONE, [CELL, THEIRS])  # written after that, in another tab, and forgotten as well
    forget.press("Enter")
    passed.get_by_role("button", name="Forget them").press("Enter")
    expect(passed.get_by_role("button", name="Undo")).to_be_focused()
    passed.keyboard.press("Enter")
    expect(passed.locator(".progress-file-says")).to_have_text("All of it is back.")
    expect(passed.get_by_role("button", name="Undo")).to_be_hidden()
    assert keeps(passed) == {**before, CELL: THEIRS, ASIDE: json.dumps([MINE], separators=(",", ":"))}
    expect(mark(passed)).to_have_text("1 of 7")


def test_a_file_brings_all_of_it_to_another_browser_and_overwrites_nothing(passed: Page, tmp_path: Path) -> None:
    before, file = keeps(passed), save(passed, tmp_path / "mine.json")
    passed.evaluate("localStorage.clear()")
    take(passed, file, "1 chapter: 1 cell taken over.")
    assert keeps(passed) == before
    passed.evaluate(ALONE, [CELL, THEIRS])
    take(passed, file, "0 cells taken over; 1 more where another text stands: the page asks you at each.")
    after = keeps(passed)
    assert after == {**before, CELL: THEIRS, ASIDE: after[ASIDE]}
    assert json.loads(after[ASIDE]) == [MINE]
    expect(state(passed, "tally")).to_have_text("passed")
    assert passed.locator("article .progress-file ~ p b").count() == 0
    for number, (text, sentence) in enumerate(REFUSED.items()):
        (tmp_path / f"{number}.json").write_text(text)
        take(passed, tmp_path / f"{number}.json", sentence)
        assert keeps(passed) == after


def test_opened_as_a_file_on_a_phone_and_without_a_place_to_keep_things_it_still_works(
    browser: Browser, book_site: Path, axe: Path
) -> None:
    page, says = browser.page, browser.page.locator(".progress-file-says")
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto((book_site / f"{PAGE}.html").as_uri())
    expect(page.locator("#progress-says")).to_contain_text("Opened as files")
    page.get_by_role("button", name="Forget everything").click()
    expect(says).to_have_text("There is nothing yet.")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert browser.errors == []
    page.add_init_script("Object.defineProperty(globalThis, 'localStorage', { get() { throw new Error('refused'); } })")
    page.reload()
    expect(page.locator("#progress-says")).to_contain_text("lets the page keep nothing")
    page.get_by_role("button", name="Save as a file").click()
    expect(says).to_have_text("There is nothing yet.")
    clean(page, axe, "article")
    browser.errors.clear()  # the theme complains of such a browser, and axe of a file


def test_a_mark_moves_nothing_in_the_menu(browser: Browser, server: Server) -> None:
    page = browser.page
    for width in (960, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(f"{server.address}book/intro.html")
        before = page.evaluate(HEIGHTS)
        page.evaluate(BEGUN)
        expect(page.locator(".progress-mark")).to_have_count(len(CHAPTERS))
        assert page.evaluate(HEIGHTS) == before
        assert page.evaluate(OVERLAPS) == []
        page.evaluate("localStorage.clear()")

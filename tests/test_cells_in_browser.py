"""Code cells that run where they stand, in Chromium: the built book below a sub-path, every other host refused.

What a cell's Python does is tested in `test_in_place.py`, the modules without the page in `test_page_modules.py`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browser import A_LONG_TIME, Browser, Server, browsing, serving
from cells_of_a_page import IDLE, READ, ROLES, asking, assert_as_stored
from playwright.sync_api import Locator, Page, expect

ROOT = Path(__file__).resolve().parents[1]
CHAPTERS = ("03_genserver_basics", "05_supervisor_strategies")  # the others run in test_in_place.py
TALLY = """class Tally(GenServer):
    def handle_call(self, request, from_, total):
        match request:
            case ("count", n):
                return Reply(total + n, total + n)
            case "total":
                return Reply(total, total)
"""

pytestmark = [
    pytest.mark.timeout(300),  # a browser on a busy machine; the waits below have limits of their own
    pytest.mark.filterwarnings("default::ResourceWarning"),  # Playwright's own, at its end
]


@pytest.fixture(scope="module")
def server(live_site: Path) -> Iterator[Server]:
    with serving(live_site, Cache_Control="no-cache") as running:
        yield running


@pytest.fixture(scope="module")
def browser(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """One browser for all: from the second start of Python on it has everything in its cache."""
    with browsing(chromium, tmp_path_factory.mktemp("cells") / "profile") as running:
        yield running


@pytest.fixture
def page(browser: Browser, server: Server) -> Iterator[Page]:
    """A tab of a browser that keeps nothing of a chapter; in the end nothing went wrong unseen."""
    browser.errors.clear()
    server.forget()
    page = browser.page
    page.goto(f"{server.address}genindex.html")
    page.evaluate("localStorage.clear()")
    open_chapter(page, server)
    yield page
    assert (browser.foreign, browser.errors, server.missing) == ([], [], [])


# --- what a reader does, and what the page says -----------------------------------------------------------------


def open_chapter(page: Page, server: Server, chapter: str = CHAPTERS[0]) -> None:
    page.goto(f"{server.address}notebooks/{chapter}.html")
    page.wait_for_selector(".in-place-pill", state="attached")


def cell(page: Page, name: str) -> Locator:
    return page.locator(f'[data-cell-id="{name}"]')


def edit(page: Page, name: str, text: str) -> None:
    """Put `text` into a cell as a reader does: by a click into the code, and the keyboard."""
    cell(page, name).locator(".cm-content, .cell_input pre:not([hidden])").first.click()
    write(page, name, text)


def write(page: Page, name: str, text: str) -> None:
    editor = cell(page, name).locator(".cm-content")
    expect(editor).to_be_focused()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.insert_text(text)


def run(page: Page, name: str, state: str = "ok") -> str:
    """Run a cell by its button and wait for its end; answer what it shows."""
    press(page, name)
    expect(cell(page, name)).to_have_attribute("data-in-place", state, timeout=A_LONG_TIME)
    return shown(page, name)


def press(page: Page, name: str) -> None:
    place = cell(page, name)
    place.scroll_into_view_if_needed()
    place.hover()
    place.locator(".in-place-pill, .in-place-run").first.click()


def shown(page: Page, name: str) -> str:
    return "".join(cell(page, name).locator(".in-place-output pre").all_text_contents())


def in_the_text(page: Page, which: str = "") -> list[str]:
    """The cells of the text, by their ids."""
    found: list[str] = page.locator(f".cell[data-role=cell]{which}").evaluate_all(
        "all => all.map(c => c.dataset.cellId)"
    )
    return found


def all_ran(page: Page) -> None:
    page.wait_for_function(f"() => {IDLE}", timeout=A_LONG_TIME)


def run_roles(page: Page, *roles: str, backwards: bool = False) -> list[dict[str, Any]]:
    """Run all cells with these roles, one after the other; answer all cells of the page."""
    page.evaluate(f"() => {asking(*roles, backwards=backwards)}")
    all_ran(page)
    cells: list[dict[str, Any]] = page.evaluate(f"() => {READ}")
    return cells


# --- the chapters -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_chapter_gives_its_stored_outputs_and_no_unwritten_exercise_is_ok(
    page: Page, server: Server, chapter: str
) -> None:
    open_chapter(page, server, chapter)
    page.evaluate("() => inPlace.load()")
    run_roles(page, *ROLES)
    assert_as_stored(run_roles(page, "check", backwards=True))  # solutions have run, and bind no name of the reader's
    assert page.locator(".in-place-state:not(:empty)").count() == 0


def test_a_cell_below_runs_what_is_above_once_and_equal_outputs_stay(page: Page, server: Server) -> None:
    """Nothing is loaded before the first touch, and nothing moves."""
    assert not any("static/" in path for path in server.sent if "/lite/" in path)
    name = in_the_text(page, ":has(.stream)")[4]
    run(page, name)
    all_ran(page)
    ran = page.evaluate("() => inPlace.page.cells.filter(c => c.ran).map(c => [c.id, c.role, Boolean(c.output)])")
    assert [other for other, _, own in ran if own] == [name]  # the stored outputs above are what came
    assert len(ran) > 5
    assert not {role for _, role, _ in ran} & {"check", "solution", "verdict"}
    expect(cell(page, name).locator(".in-place-caption")).to_contain_text("your run")
    press(page, name)
    all_ran(page)
    again = page.evaluate("() => inPlace.page.cells.filter(c => c.ran).length")
    assert again == len(ran)


# --- the reader's own text ------------------------------------------------------------------------------------------


def test_an_edit_runs_is_kept_and_never_hides_a_new_edition(page: Page, server: Server) -> None:
    first = page.locator("[data-cell-id]").first
    name = str(first.get_attribute("data-cell-id"))
    published = first.locator("pre").inner_text()
    height = first.locator("pre").bounding_box()
    first.locator(".cell_input pre").click()
    box = first.locator(".in-place-editor").bounding_box()
    assert height is not None and box is not None and abs(height["height"] - box["height"]) < 1
    write(page, name, published + "\n20 + 22")
    page.keyboard.press("Shift+Enter")
    expect(first).to_have_attribute("data-in-place", "ok", timeout=A_LONG_TIME)
    assert shown(page, name).strip() == "42"

    open_chapter(page, server)
    expect(first.locator(".cell_input pre")).to_contain_text("20 + 22")
    page.evaluate("""() => { const key = Object.keys(localStorage).find(k => k.startsWith('otp-patterns cell'));
        localStorage[key] = JSON.stringify({ ...JSON.parse(localStorage[key]), published: 'older' }); }""")
    open_chapter(page, server)
    expect(first.locator(".in-place-edition")).to_contain_text("This cell has changed since you edited it.")
    expect(first.locator(".cell_input pre")).not_to_contain_text("20 + 22")
    edit(page, name, "typed over it")  # the older text stays all the same, as long as nobody has chosen
    open_chapter(page, server)
    expect(first.locator(".cell_input pre")).to_have_text("typed over it\n")
    first.get_by_role("button", name="Show your version").click()
    expect(first.locator(".cell_input pre")).to_contain_text("20 + 22")
    expect(first.locator(".in-place-edition")).to_contain_text("There is another text of yours for this cell.")
    kept = "async () => JSON.stringify(JSON.parse(await inPlace.page.download()).metadata.otp_patterns.aside)"
    assert "typed over it" in page.evaluate(kept)
    first.get_by_role("button", name="Keep this one").click()
    expect(first.locator(".in-place-edition")).to_have_count(0)
    first.get_by_role("button", name="Back to the original").click()
    expect(first.get_by_role("button", name="Undo")).to_be_focused()
    page.keyboard.press("Enter")
    expect(first.locator(".cell_input pre")).to_contain_text("20 + 22")
    first.get_by_role("button", name="Back to the original").click()
    expect(first.locator(".cell_input pre")).not_to_contain_text("20 + 22")
    assert first.locator(".cell_input pre .kn, .cell_input pre .k").count() > 0  # and its colours are back
    assert page.evaluate("Object.keys(localStorage).filter(k => k.startsWith('otp-patterns')).length") == 0


def test_a_text_that_the_browser_does_not_keep_or_another_tab_writes_is_not_lost(
    page: Page, browser: Browser, server: Server
) -> None:
    """Nothing runs here: the worker cannot be loaded, nor at first the editor."""
    tab = browser.context.new_page()
    tab.route("**/worker.*.js", lambda route: route.abort())
    tab.route("**/editor.*.js", lambda route: route.abort())
    open_chapter(tab, server)
    cell(tab, "tally").locator("pre").click()
    expect(cell(tab, "tally").locator(".in-place-says")).to_contain_text("the editor could not be loaded")
    expect(tab.locator(".in-place-words")).to_contain_text("Python could not be loaded. There may be no connection")
    tab.unroute("**/editor.*.js")
    open_chapter(tab, server)
    edit(tab, "tally", "from the other tab")
    tab.evaluate("() => { document.hasFocus = () => false }")  # the reader goes back to the first one, the cursor stays
    page.evaluate("() => inPlace.load().then(page => page.cells.find(c => c.id === 'tally').set('the last word'))")
    expect(cell(tab, "tally").locator(".cm-content")).to_have_text("the last word")
    tab.evaluate("() => { Storage.prototype.setItem = () => { throw new Error('full') } }")
    edit(tab, "tally", "not kept")
    says = cell(tab, "tally").locator(".in-place-says")
    expect(says).to_contain_text("this browser does not keep it, download it before you leave")
    read = "async () => JSON.parse(await inPlace.page.download()).cells.find(({ id }) => id === 'tally').source"
    assert tab.evaluate(read) == "not kept"
    asked: list[str] = []
    tab.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    tab.reload()
    assert asked == ["beforeunload"]
    tab.close()
    browser.errors.clear()  # what could not be loaded


# --- stuck --------------------------------------------------------------------------------------------------------


def test_each_kind_of_stuck_has_a_way_out_that_loses_no_text(page: Page, browser: Browser) -> None:
    above, name = in_the_text(page)[:2]
    edit(page, name, "import asyncio\nprint('waits')\nawait asyncio.Event().wait()")
    stop = cell(page, name).get_by_role("button", name="Stop")
    says = page.locator(".in-place-words")

    press(page, name)
    expect(cell(page, name).locator(".in-place-output")).to_contain_text("waits", timeout=A_LONG_TIME)
    cell(page, name).locator(".cm-content").click()
    page.keyboard.type("# ")
    page.keyboard.press("Shift+Enter")
    expect(cell(page, name).locator(".in-place-says")).to_contain_text("the text before runs still: press Stop")
    page.evaluate("() => { globalThis.before = inPlace.page.link.worker }")
    stop.click()
    expect(cell(page, name)).to_have_attribute("data-in-place", "stopped")
    expect(says).to_have_text("Python is ready.")

    edit(page, name, "from otp_mini import receive\nprint('listens')\nawait receive()")
    press(page, name)
    expect(cell(page, name).locator(".in-place-output")).to_contain_text("press Stop")  # otp_mini's own hint
    stop.click()
    expect(cell(page, name)).to_have_attribute("data-in-place", "stopped")
    assert page.evaluate("() => inPlace.page.link.worker === before")

    endless = "print('endless')\nwhile True:\n    pass"
    edit(page, name, endless)
    press(page, name)
    expect(cell(page, name).locator(".in-place-output")).to_contain_text("endless")
    page.evaluate("() => { inPlace.page.link.budget = 50; inPlace.page.link.watch() }")
    expect(says).to_contain_text("Go on, or restart it?")
    bar = page.locator(".in-place-status")
    bar.get_by_role("button", name="Go on").click()
    expect(says).to_contain_text("Python runs cell 2")
    expect(says).to_contain_text("Go on, or restart it?")
    bar.get_by_role("button", name="Restart Python").click()
    expect(cell(page, name)).to_have_attribute("data-in-place", "ended")
    all_ran(page)
    assert page.evaluate("id => inPlace.page.cells.find(c => c.id === id).ran", above)
    assert page.evaluate("id => inPlace.page.cells.find(c => c.id === id).code", name) == endless

    press(page, name)
    expect(cell(page, name).locator(".in-place-output")).to_contain_text("endless")
    stop.click()  # it is not heard, and takes Python with it
    expect(cell(page, name)).to_have_attribute("data-in-place", "ended")
    all_ran(page)

    dies = "js.eval('void Promise.reject(Error(`no memory`))')"
    edit(page, name, f"import asyncio, js\n{dies}\nawait asyncio.Event().wait()")
    press(page, name)  # as where Pyodide dies
    expect(says).to_have_text("Python has ended: no memory. The next Run starts it again; your text stays.")
    assert [error for error in browser.errors if "no memory" not in error] == []
    edit(page, name, "deep = []\nfor _ in range(10**6):\n    deep = [deep]\nrepr(deep)")
    press(page, name)
    expect(says).to_contain_text("Python has ended: Maximum call stack size exceeded.")
    browser.errors.clear()
    edit(page, name, "6 * 7")
    assert run(page, name).strip() == "42"


def test_a_python_that_does_not_come_says_so_and_comes_at_the_next_run(page: Page, browser: Browser) -> None:
    """By itself Pyodide only warns where its WebAssembly does not come, and is never ready."""
    says, held, name = page.locator(".in-place-words"), list[Any](), in_the_text(page)[0]

    def hold(route: Any) -> None:
        held.append(route)

    page.route("**/pyodide.asm.wasm", hold)
    with page.expect_request("**/pyodide.asm.wasm"):
        press(page, name)
    expect(says).to_have_text("Python starts in this page.")
    page.evaluate("() => { inPlace.page.bar.since -= 60_000 }")
    expect(says).to_contain_text("Python is still starting.")
    held[0].fulfill(status=503)
    expect(says).to_contain_text("Python could not be loaded. There may be no connection")
    page.unroute("**/pyodide.asm.wasm")
    run(page, name)
    browser.errors.clear()  # what could not be loaded


# --- exercises ----------------------------------------------------------------------------------------------------


def test_an_exercise_says_how_far_its_reader_came_and_all_of_it_can_be_taken_away_and_back(
    page: Page, server: Server, tmp_path: Path
) -> None:
    badge = page.locator("section:has(> [data-cell-id=tally]) > h3 .in-place-state")
    edit(page, "tally", TALLY.replace("total + n, total + n", "total, total"))
    cell(page, "tally").get_by_role("button", name="Check").click()
    expect(badge).to_have_text("tried", timeout=A_LONG_TIME)
    expect(cell(page, "tally-check").locator(".in-place-not-yet")).to_contain_text("What happened")
    edit(page, "tally", TALLY)
    cell(page, "tally").get_by_role("button", name="Check").click()
    expect(badge).to_have_text("passed")
    assert shown(page, "tally-check").startswith("ok: tally")
    page.locator("input[type=text]").first.fill("three")  # a prediction

    page.locator(".in-place-work summary").click()
    with page.expect_download() as started:
        page.get_by_role("button", name="Download as a notebook").click()
    started.value.save_as(tmp_path / "mine.ipynb")
    cells = {one["id"]: one for one in json.loads((tmp_path / "mine.ipynb").read_text(encoding="utf-8"))["cells"]}
    assert cells["tally"]["source"] == TALLY.rstrip("\n") or cells["tally"]["source"] == TALLY
    assert "BEGIN SOLUTION" not in json.dumps(list(cells.values()))

    page.evaluate("localStorage.clear()")
    open_chapter(page, server)
    page.locator(".in-place-work summary").click()
    page.locator(".in-place-work input").set_input_files(tmp_path / "mine.ipynb")
    expect(page.locator(".in-place-work-says")).to_have_text("1 cell taken over.")
    expect(badge).to_have_text("passed")
    expect(cell(page, "tally").locator(".cell_input pre")).to_contain_text("total + n")
    assert "three" in page.evaluate("Object.values(localStorage)")
    edit(page, "tally", "# mine, and not yet in the notebook")
    page.locator(".in-place-work input").set_input_files(tmp_path / "mine.ipynb")
    expect(page.locator(".in-place-work-says")).to_have_text(
        "0 cells taken over; 1 more where another text stands: the page asks you at each."
    )
    assert page.evaluate("inPlace.page.cells.find(c => c.id === 'tally').code") == "# mine, and not yet in the notebook"
    cell(page, "tally").get_by_role("button", name="Show the other one").click()
    expect(cell(page, "tally").locator(".cm-content")).to_contain_text("total + n")
    page.locator(".in-place-work input").set_input_files(ROOT / "notebooks" / f"{CHAPTERS[1]}.ipynb")
    expect(page.locator(".in-place-work-says")).to_contain_text("no notebook of this chapter")

    page.evaluate("""() => { const key = Object.keys(localStorage).find(k => k.startsWith('otp-patterns exercise'));
        localStorage[key] = JSON.stringify({ state: "passed", published: "older" }); }""")
    open_chapter(page, server)
    expect(badge).to_have_text("passed, in an earlier edition")


def test_the_copy_of_a_notebook_has_the_cells_of_its_page(page: Page, live_site: Path) -> None:
    """So an edit in one is an edit in the other."""
    page.evaluate("() => inPlace.load()")
    published = page.evaluate("() => Object.fromEntries(inPlace.page.cells.map(c => [c.id, c.published]))")
    live = json.loads((live_site / "lite" / "live.json").read_text(encoding="utf-8"))
    copy = json.loads((live_site / "lite" / "files" / live["notebooks"][CHAPTERS[0]]).read_text(encoding="utf-8"))
    code = {one["id"]: "".join(one["source"]) for one in copy["cells"] if one["cell_type"] == "code"}
    assert {name: published[name] for name in code} == code


# --- what a run shows ---------------------------------------------------------------------------------------------


def test_outputs_come_where_they_belong(page: Page) -> None:
    first, second = in_the_text(page)[:2]
    guessed = page.locator(".cell:has(details.predict)").first
    name = str(guessed.get_attribute("data-cell-id"))
    run(page, name)
    expect(guessed.locator("details.predict[open] .in-place-output")).to_be_visible()
    expect(guessed.locator("> .in-place-output")).to_have_count(0)

    edit(page, first, "import asyncio\n_ = asyncio.get_running_loop().call_later(0.3, print, 'later')\nprint('now')")
    run(page, first)
    expect(cell(page, first).locator(".in-place-output")).to_contain_text("now\nlater")

    edit(page, second, "def divide(x):\n    return x / 0\ndivide(1)")
    press(page, second)
    says = "ZeroDivisionError: division by zero\nline 2 of this cell"
    expect(cell(page, second).locator(".in-place-error")).to_contain_text(says)
    third = in_the_text(page)[2]
    press(page, third)  # what is above it raises
    expect(cell(page, third).locator(".in-place-says")).to_contain_text("did not run: cell 2 above raised an error")
    edit(page, second, "from otp_mini import observer\nobserver()")
    press(page, second)
    expect(cell(page, second).get_by_role("link", name="open this chapter as a notebook")).to_have_attribute(
        "href", re.compile(r"\?live$")
    )
    edit(page, second, "'<script>document.title = 1</script>'")
    assert run(page, second).strip() == "'<script>document.title = 1</script>'"
    edit(page, second, "input('name? ')")
    press(page, second)
    expect(cell(page, second).locator(".in-place-error")).to_contain_text("write the answer into the cell")


def test_a_crash_lab_goes_on_where_its_recording_ends(page: Page, server: Server) -> None:
    open_chapter(page, server, CHAPTERS[1])
    lab = page.locator("[data-crash-lab][data-asks]").first
    lab.scroll_into_view_if_needed()
    lab.locator(".waits .any input").first.fill("7")
    lab.locator(".waits .any input").first.press("Enter")
    expect(lab.locator(".crumbs")).to_contain_text("7 s", timeout=A_LONG_TIME)
    owner = lab.locator("xpath=ancestor::div[@data-cell-id]")
    expect(owner).to_have_attribute("data-in-place", "ok")
    expect(owner.locator(".in-place-output")).to_have_count(0)  # what is shown is left alone
    assert owner.evaluate(ASKED_AT_ONCE) == 2 * ["Error: a path needs at least one step"]  # as the lab itself says


# A lab whose cell has to run again is asked twice at once: the second question finds the cell waiting.
ASKED_AT_ONCE = """async (root) => {
  inPlace.page.cell(root).ran = false;
  const asked = await Promise.allSettled([0, 0].map((at) => inPlace.page.askLab(root, at, [], 0)));
  return asked.map(({ reason }) => String(reason));
}"""


# --- everybody ------------------------------------------------------------------------------------------------------


def test_a_cell_is_run_and_written_with_the_keyboard_alone(page: Page) -> None:
    first = page.locator("[data-cell-id]").first
    page.locator(".in-place-work summary").focus()
    for _ in range(20):
        page.keyboard.press("Tab")
        if first.locator(".in-place-pill").evaluate("button => button === document.activeElement"):
            break
    expect(first.locator(".in-place-pill")).to_have_css("opacity", "1")
    page.keyboard.press("Enter")
    expect(first.locator(".in-place-run")).to_be_focused()
    expect(first).to_have_attribute("data-in-place", "ok", timeout=A_LONG_TIME)
    page.locator(":focus").press("Tab")
    expect(first.get_by_role("button", name="Edit")).to_be_focused()
    page.keyboard.press("Enter")
    editor = first.get_by_role("textbox", name="Shift+Enter runs it")
    expect(editor).to_be_focused()
    page.keyboard.press("Tab")  # nothing is written yet: it goes on
    expect(editor).not_to_be_focused()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("ControlOrMeta+End")
    page.keyboard.type("\nif True:\n1")
    page.keyboard.press("Escape")
    expect(first.locator(".in-place-run")).to_be_focused()
    page.keyboard.press("Enter")
    expect(first).to_have_attribute("data-in-place", "ok")


AXE = """async include => (await axe.run({ include })).violations.map(({ id, nodes }) => [id, nodes[0].html])"""


def test_nothing_keeps_people_from_it_and_nothing_moves_or_is_cut(page: Page, server: Server, axe: Path) -> None:
    cell(page, "tally").scroll_into_view_if_needed()
    before = cell(page, "tally").locator("pre").bounding_box()
    edit(page, "tally", TALLY)
    after = cell(page, "tally").locator(".in-place-editor").bounding_box()
    assert before is not None and after is not None
    assert [round(after[side] - before[side]) for side in ("x", "y", "width")] == [0, 0, 0]
    cell(page, "tally").get_by_role("button", name="Check").click()
    expect(page.locator(".in-place-state[data-state=passed]")).to_be_visible(timeout=A_LONG_TIME)
    below = page.evaluate("""() => document.querySelector('.in-place-status').getBoundingClientRect().top
        - document.querySelector('[data-cell-id=tally-check] .in-place-output').getBoundingClientRect().bottom""")
    assert below > 0  # what the check says is in sight, and not behind the bar
    page.add_script_tag(path=axe)
    for theme in ("light", "dark"):
        page.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)
        page.wait_for_timeout(300)  # the theme's colours change in a transition
        where = ["#drill-1-a-tally-that-answers", ".in-place-status", ".live-bar"]
        found = page.evaluate(AXE, where)
        assert found == [], theme
    page.set_viewport_size({"width": 360, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.emulate_media(media="print")
    expect(cell(page, "tally").locator(".cell_input pre")).to_be_visible()
    for hidden in (".in-place-bar", ".in-place-status", ".in-place-editor", ".live-bar"):
        expect(page.locator(hidden).first).to_be_hidden()
    page.emulate_media(media="screen")
    page.set_viewport_size({"width": 1300, "height": 900})


# --- other hosts, other machines ------------------------------------------------------------------------------------

WITHOUT_JSPI = "delete WebAssembly.Suspending; delete WebAssembly.promising;\n"
ISOLATED = {"Cross_Origin_Opener_Policy": "same-origin", "Cross_Origin_Embedder_Policy": "require-corp"}


def test_an_isolated_page_interrupts_and_a_browser_without_jspi_runs(live_site: Path, browser: Browser) -> None:
    tab = browser.context.new_page()
    with serving(live_site, Cache_Control="no-cache", **ISOLATED) as host:

        def older(route: Any) -> None:
            answer = route.fetch()
            route.fulfill(response=answer, body=WITHOUT_JSPI + answer.text())

        tab.route("**/worker.*.js", older)
        open_chapter(tab, host)
        first = str(tab.locator("[data-cell-id]").first.get_attribute("data-cell-id"))
        edit(tab, first, "import js\nprint(hasattr(js.WebAssembly, 'Suspending'))\nwhile True:\n    pass")
        press(tab, first)
        expect(cell(tab, first).locator(".in-place-output")).to_contain_text("False", timeout=A_LONG_TIME)
        tab.evaluate("() => { globalThis.before = inPlace.page.link.worker }")
        cell(tab, first).get_by_role("button", name="Stop").click()
        expect(cell(tab, first)).to_have_attribute("data-in-place", "stopped")
        edit(tab, first, "import asyncio\nprint('sleeps')\nawait asyncio.sleep(3600)")
        press(tab, first)
        expect(cell(tab, first).locator(".in-place-output")).to_contain_text("sleeps")
        cell(tab, first).get_by_role("button", name="Stop").click()
        expect(cell(tab, first)).to_have_attribute("data-in-place", "stopped")
        edit(tab, first, "import asyncio\nawait asyncio.sleep(0)\n6 * 7")
        assert run(tab, first).strip() == "42"
        assert tab.evaluate("() => inPlace.page.link.worker === before")
    tab.close()


def test_without_its_live_part_and_as_a_file_a_page_stays_as_it_is(
    book_site: Path, browser: Browser, tmp_path: Path
) -> None:
    page = browser.page
    site = tmp_path / "site"
    site.mkdir()
    for part in book_site.iterdir():
        if part.name != "lite":
            (site / part.name).symlink_to(part)
    with serving(site) as host:
        for address in (host.address, site.as_uri() + "/"):
            page.goto(f"{address}notebooks/{CHAPTERS[0]}.html")
            expect(page.locator(".live-says")).to_contain_text("can be read")
            page.wait_for_load_state("load")
            assert page.locator(".in-place-pill, .in-place-work").count() == 0
            cell(page, "tally").locator("pre").click()
            expect(page.locator(".in-place-bar, .in-place-failed")).to_have_count(0)
    browser.errors.clear()  # the 404 of live.json

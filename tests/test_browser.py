"""The built book in a real browser: chapters as notebooks, below a sub-path, with every other host refused."""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browser import A_LONG_TIME, Browser, Server, browsing, serving
from live_site import with_notebooks, with_package, write_notebook
from page_outputs import comparable
from playwright.sync_api import Frame, FrameLocator, Page, expect

ROOT = Path(__file__).resolve().parents[1]
ASK_AGAIN = {"Cache_Control": "no-cache"}  # what `course.py read` answers with

pytestmark = [
    pytest.mark.timeout(600),  # a browser on a busy machine; the waits below have limits of their own
    pytest.mark.filterwarnings("default::ResourceWarning"),  # Playwright's own, at its end
]


@pytest.fixture
def server(live_site: Path) -> Iterator[Server]:
    """The built book, served as `course.py read` does."""
    with serving(live_site, **ASK_AGAIN) as running:
        yield running


@pytest.fixture
def browser(chromium: str, tmp_path: Path) -> Iterator[Browser]:
    """A browser that was never here before."""
    with browsing(chromium, tmp_path / "profile") as running:
        yield running


@pytest.fixture(scope="session")
def chapter(live_site: Path) -> str:
    """The name of a chapter that runs live; the tests of the bar need one, whichever."""
    names = sorted(json.loads((live_site / "lite" / "live.json").read_text(encoding="utf-8"))["notebooks"])
    if not names:
        pytest.skip("there is no notebook yet")
    return str(names[0])


# --- helpers: what a reader does, and what the notebook says ------------------------------------------------


def open_chapter(page: Page, server: Server, name: str, query: str = "") -> None:
    page.goto(f"{server.address}notebooks/{name}.html{query}")
    expect(page.locator(".live-says")).to_be_visible()


def run_live(page: Page, state: str = "ready") -> FrameLocator:
    page.get_by_role("button", name="Open as a notebook").click()
    return live(page, state)


def live(page: Page, state: str = "ready") -> FrameLocator:
    """The notebook in the page, once it is "shown", or once its Python is "ready"."""
    page.wait_for_selector(f'.live-room[data-state="ready"], .live-room[data-state="{state}"]')
    return page.frame_locator(".live-room iframe")


@contextlib.contextmanager
def another_notebook(page: Page) -> Iterator[None]:
    """Do what replaces the notebook in the page, and wait until the new one is shown."""
    page.locator(".live-room").evaluate("room => { room.dataset.before = 'yes' }")
    yield
    page.wait_for_selector(".live-room:not([data-before])")
    live(page, "shown")


def inside(page: Page) -> Frame:
    frame = page.query_selector(".live-room iframe")
    assert frame is not None
    content = frame.content_frame()
    assert content is not None
    return content


def run_all(page: Page, notebook: FrameLocator) -> list[dict[str, Any]]:
    """Choose "Run All Cells" in the menu, wait for the end, and answer the notebook's cells."""
    notebook.get_by_role("menuitem", name="Run", exact=True).click()
    notebook.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    inside(page).wait_for_function(DONE, timeout=3 * A_LONG_TIME)
    return cells_of(inside(page))


def cells_of(frame: Frame) -> list[dict[str, Any]]:
    cells: list[dict[str, Any]] = frame.evaluate(
        "() => jupyterapp.shell.currentWidget.content.model.sharedModel.toJSON().cells"
    )
    return cells


# Every code cell has its number, or one without the tag for it has failed: then the rest is not run.
DONE = """() => {
  const panel = jupyterapp.shell.currentWidget;
  const cells = panel.content.model.sharedModel.toJSON().cells.filter(c => c.cell_type === "code" && c.source.trim());
  const meant = c => (c.metadata.tags || []).includes("raises-exception");
  const failed = cells.some(c => !meant(c) && c.outputs.some(o => o.output_type === "error"));
  const waiting = panel.content.widgets.some(w => w.prompt === "*");
  const idle = panel.sessionContext.session.kernel.status === "idle" && !waiting;
  return (cells.every(c => c.execution_count) && idle) || failed;
}"""


# --- the notebooks --------------------------------------------------------------------------------------------


def test_a_chapter_runs_live_to_its_end_and_no_unwritten_exercise_is_ok(
    server: Server, browser: Browser, chapter: str
) -> None:
    """One chapter stands for all here: `test_page_python.py` runs every chapter with the page's own Python."""
    stored = json.loads((ROOT / "notebooks" / f"{chapter}.ipynb").read_text(encoding="utf-8"))["cells"]
    page = browser.page
    open_chapter(page, server, chapter)
    cells = {cell["id"]: cell for cell in run_all(page, run_live(page))}
    first = next(at for at, cell in enumerate(stored) if "BEGIN SOLUTION" in "".join(cell["source"]))
    compared = 0
    for cell in stored[:first]:  # behind it the processes of the solutions are missing, and pids differ
        if cell["cell_type"] == "code" and not {"nbval-ignore-output", "nbval-skip"} & tags(cell):
            live, kept = (comparable(each["outputs"], labs=False) for each in (cells[cell["id"]], cell))
            assert live == kept, "".join(cell["source"])
            compared += 1
    assert compared
    checks = [cell for cell in cells.values() if "check(exercises." in cell["source"]]
    assert checks and all(cell["outputs"] and "ok: " not in json.dumps(cell["outputs"]) for cell in checks)
    workers = page.evaluate(
        "navigator.serviceWorker.getRegistrations().then((found) => found.map(({ scope }) => scope))"
    )
    assert workers == []  # one could answer with files of an older release
    assert browser.foreign == []
    assert server.missing == []
    assert browser.errors == []


def tags(cell: dict[str, Any]) -> set[str]:
    return set(cell["metadata"].get("tags", []))


SCRATCH = {
    "await": "import asyncio\nawait asyncio.sleep(0)\nprint('awaited')",
    "svg": """
from IPython.display import SVG
SVG('<svg xmlns="http://www.w3.org/2000/svg" width="90" height="20"><text y="15">drawn</text></svg>')""",
    "widget": """
import ipywidgets
label, button = ipywidgets.Label('0'), ipywidgets.Button(description='Add')
button.on_click(lambda _: setattr(label, 'value', str(int(label.value) + 1)))
ipywidgets.HBox([button, label])""",
    "anywidget": '''
import anywidget, traitlets
class Clicks(anywidget.AnyWidget):
    n = traitlets.Int(0).tag(sync=True)
    _esm = """
      export default { render({ model, el }) {
        const button = document.createElement("button");
        const show = () => { button.textContent = "anywidget " + model.get("n"); };
        button.onclick = () => { model.set("n", model.get("n") + 1); model.save_changes(); };
        model.on("change:n", show); show(); el.append(button);
      } };"""
clicks = Clicks()
clicks''',
    "packages": "import graphviz, jupyterquiz, otp_mini\nprint(graphviz.Digraph('g').source.split()[0])",
    "progress": "from otp_mini.widgets import progress\nmove = progress('pages')\nmove(1, 3)",
    "source": "import inspect\nprint(inspect.getsource(otp_mini).splitlines()[0][:3])",
    "stranger": "import numpy",
    "asks": "input('name? ')",
    "index": "%pip install cowsay",
    "last": "print('went on')",
}


def test_what_a_chapter_may_use_works_in_the_page_without_another_host(
    live_site: Path, chromium: str, tmp_path: Path
) -> None:
    folder = tmp_path / "notebooks"
    folder.mkdir()
    write_notebook(folder / "scratch.ipynb", SCRATCH, raising={"stranger", "asks", "index"})
    site = with_notebooks(live_site, tmp_path / "site", folder)
    with serving(site, **ASK_AGAIN) as server, browsing(chromium, tmp_path / "profile") as browser:
        page = browser.page
        path = json.loads((site / "lite" / "live.json").read_text(encoding="utf-8"))["notebooks"]["scratch"]
        page.goto(f"{server.address}lite/notebooks/index.html?path={path}")
        page.wait_for_function(
            "() => window.jupyterapp?.shell?.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'"
        )
        notebook = page.main_frame
        page.evaluate("() => { jupyterapp.commands.execute('notebook:run-all-cells') }")
        page.wait_for_function(DONE, timeout=3 * A_LONG_TIME)
        cells = {cell["id"]: comparable(cell["outputs"]) for cell in cells_of(notebook)}
        assert cells["await"] == [{"stdout": "awaited\n"}]
        assert cells["svg"][0][1]["image/svg+xml"] == ["drawn"]
        assert cells["packages"] == [{"stdout": "digraph\n"}]
        assert cells["source"] == [{"stdout": '"""\n'}]
        assert cells["stranger"][0][1] == "ModuleNotFoundError"
        assert "write the answer into the cell" in json.dumps(cells["asks"])
        assert cells["index"][-1][0] == "error"
        assert cells["last"] == [{"stdout": "went on\n"}]
        button = notebook.get_by_role("button", name="Add", exact=True)
        button.click()
        button.click()
        expect(notebook.get_by_text("2", exact=True)).to_be_visible()
        notebook.get_by_role("button", name="anywidget 0").click()
        expect(notebook.get_by_role("button", name="anywidget 1")).to_be_visible()
        expect(notebook.get_by_text("1/3")).to_be_visible()
        assert browser.foreign == []


# --- starting again, releases, and what the reader changed ------------------------------------------------------


def test_a_second_start_fetches_no_file_again(server: Server, browser: Browser, chapter: str) -> None:
    page = browser.page
    open_chapter(page, server, chapter)
    run_live(page)
    first = sum(server.sent.values())
    page.goto("about:blank")
    server.forget()
    open_chapter(page, server, chapter)
    run_live(page)
    assert first > 20_000_000  # the first time it is all there is
    fetched = {path.partition("?")[0].rpartition("/lite/")[2] for path in server.sent}
    assert fetched <= {"notebooks/index.html"}  # 7 KB; Chromium keeps the page of a frame from its second visit on
    assert server.statuses[304] > 100


RUNS = """(code) => {
  const { content } = jupyterapp.shell.currentWidget;
  content.activeCellIndex = content.widgets.findIndex((cell) => cell.model.type === "code");
  content.activeCell.model.sharedModel.setSource(code);
  jupyterapp.commands.execute("notebook:run-cell");
}"""
SOONER = "() => { const later = setTimeout; window.setTimeout = (work, ms, ...more) => later(work, ms / 50, ...more); }"
RESTART = """async () => {
  const { sessionContext, content } = jupyterapp.shell.currentWidget;
  await sessionContext.restartKernel();
  await sessionContext.session.kernel.info;
  content.activeCellIndex = content.widgets.findIndex((cell) => cell.model.type === "code");
  content.activeCell.model.sharedModel.setSource("print('after', 'a restart')");
  await jupyterapp.commands.execute("notebook:run-cell");
}"""


def test_python_starts_beside_the_application_and_again_when_it_has_died_and_its_kernel_is_restarted(
    server: Server, browser: Browser, chapter: str
) -> None:
    page, says = browser.page, browser.page.locator(".live-says")
    open_chapter(page, server, chapter)
    notebook = run_live(page)
    assert workers(page) == ["notebook"]
    page.evaluate(SOONER)
    inside(page).evaluate(RUNS, "import asyncio\nawait asyncio.sleep(1)")
    expect(says).to_contain_text("Python is busy. To end what runs, choose Restart Kernel")
    expect(says).to_contain_text("Python is ready.")
    inside(page).evaluate(RUNS, "import os\nos.abort()")
    expect(says).to_contain_text("Python has ended. Choose Restart Kernel in the Kernel menu")
    inside(page).evaluate(RESTART)
    expect(notebook.get_by_text("after a restart", exact=True)).to_be_visible()
    expect(says).to_contain_text("Python is ready.")
    assert workers(page) == ["comlink"]


def workers(page: Page) -> list[str]:
    return [worker.url.rpartition("/")[2].partition(".")[0] for worker in page.workers]


@pytest.mark.parametrize("slow", [False, True], ids=["refused", "slower than the application"])
def test_a_worker_that_does_not_come_is_made_by_the_kernel(
    server: Server, browser: Browser, chapter: str, slow: bool
) -> None:
    """A browser gives up a request for a worker's script now and then, and a notebook waits for nothing then."""
    page, held = browser.page, []
    page.route("**/notebook.*.mjs", lambda route: held.append(route) if slow else route.abort())
    open_chapter(page, server, chapter)
    run_live(page)
    assert workers(page) == ["comlink"]
    assert len(held) == slow


SEEN = """(element) => {
  const { left, top, bottom } = element.getBoundingClientRect();
  return bottom <= innerHeight && element.contains(document.elementFromPoint(left + 4, top + 4));
}"""


def test_what_keeps_a_notebook_from_starting_is_said_and_it_can_be_opened_again(
    server: Server, browser: Browser, chapter: str
) -> None:
    """JupyterLite tells nobody that a file did not come: the reader waited five minutes to hear of it."""
    page, says = browser.page, browser.page.locator(".live-says")
    page.set_viewport_size({"width": 360, "height": 740})
    open_chapter(page, server, chapter)
    for part in ("**/lite/notebooks/index.html*", "**/pyodide-lock.*.json"):
        page.route(part, lambda route: route.fulfill(status=503))
        page.get_by_role("button", name="Open as a notebook").click()
        expect(says).to_contain_text("A part of the notebook could not be loaded.")
        assert says.evaluate(SEEN)  # the focus goes into the notebook, and what is said stands above it
        page.unroute(part)
        page.get_by_role("button", name="Back to the text").click()
        expect(says).to_contain_text("nothing is installed")
    run_live(page)
    expect(says).to_contain_text("Python is ready.")
    assert says.evaluate(SEEN)
    page.get_by_role("button", name="Back to the text").click()
    expect(page.locator("article.bd-article")).to_be_visible()
    with browser.context.expect_page():
        page.get_by_role("link", name="Open in a tab").click()  # the notebook is out of sight, and is closed
    expect(page.locator(".live-room")).to_have_count(0)
    expect(page.locator("article.bd-article")).to_be_visible()


REFUSES = """for (const kept of ["indexedDB", "localStorage", "sessionStorage"])
  Object.defineProperty(window, kept, { get() { throw new DOMException("refused", "SecurityError"); } });"""
FULL = """() => {
  const { context } = jupyterapp.shell.currentWidget;
  context.save = async () => { throw new Error("full"); };
  context.model.dirty = true;
}"""


def test_a_browser_that_keeps_nothing_runs_a_notebook_and_no_text_of_it_is_lost_unsaid(
    server: Server, browser: Browser, chapter: str
) -> None:
    page, says = browser.page, browser.page.locator(".live-says")
    page.add_init_script(REFUSES)
    open_chapter(page, server, chapter)
    run_live(page)
    expect(says).to_contain_text("This browser keeps nothing of this page: download the notebook")
    inside(page).evaluate(FULL)
    for button in ("Start afresh", "Back to the text"):
        page.get_by_role("button", name=button).click()
        expect(says).to_contain_text("Your notebook could not be saved.")
    expect(page.locator("article.bd-article")).to_be_visible()
    with browser.context.expect_page():
        page.get_by_role("link", name="Open in a tab").click()
    expect(says).to_contain_text("Your notebook could not be saved.")
    page.get_by_role("button", name="Open as a notebook").click()
    expect(says).to_contain_text("This browser keeps nothing of this page")
    assert inside(page).evaluate("jupyterapp.shell.currentWidget.context.model.dirty")


def edit_first_code_cell(page: Page, text: str) -> None:
    """Put `text` into the first code cell, by keyboard, and wait until the notebook has saved itself."""
    live(page, "shown").locator(".jp-CodeCell .cm-content").first.click()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type(text)
    inside(page).wait_for_function("() => !jupyterapp.shell.currentWidget.context.model.dirty")


def first_code_cell(page: Page) -> str:
    return str(next(cell["source"] for cell in cells_of(inside(page)) if cell["cell_type"] == "code"))


def test_an_edit_survives_releases_and_hides_none(live_site: Path, chromium: str, tmp_path: Path, chapter: str) -> None:
    notebooks = tmp_path / "notebooks"
    notebooks.mkdir()
    write_notebook(notebooks / f"{chapter}.ipynb", {"one": "print('first release')"})
    write_notebook(notebooks / "another.ipynb", {"one": "print('another')"})
    sites = [with_notebooks(live_site, tmp_path / "site-1", notebooks)]
    write_notebook(notebooks / "another.ipynb", {"one": "print('another, newer')"})
    sites.append(with_notebooks(live_site, tmp_path / "site-2", notebooks))
    write_notebook(notebooks / f"{chapter}.ipynb", {"one": "print('second release')"})
    sites.append(with_notebooks(live_site, tmp_path / "site-3", notebooks))
    with serving(sites[0], **ASK_AGAIN) as server, browsing(chromium, tmp_path / "profile") as browser:
        page = browser.page
        says, copies = page.locator(".live-says"), page.locator(".live-earlier")

        open_chapter(page, server, chapter)
        expect(says).to_contain_text("nothing is installed")
        run_live(page, "shown")
        edit_first_code_cell(page, "'my own'")

        server.folder = sites[1]  # a new release of another chapter
        open_chapter(page, server, chapter)
        expect(says).to_contain_text("opens with your copy")
        run_live(page, "shown")
        assert first_code_cell(page) == "'my own'"

        server.folder = sites[2]  # a new release of this one
        open_chapter(page, server, chapter)
        expect(says).to_contain_text("newer than the notebook that you changed")
        expect(copies.locator("summary")).to_have_text("Your earlier copies (1)")
        run_live(page, "shown")
        assert first_code_cell(page) == "print('second release')"

        copies.locator("summary").click()
        with another_notebook(page):
            copies.get_by_role("button", name="Open the copy").click()
        assert first_code_cell(page) == "'my own'"
        assert browser.foreign == []


def test_start_afresh_shows_what_was_published_and_keeps_the_readers_copy(
    server: Server, browser: Browser, chapter: str
) -> None:
    page = browser.page
    open_chapter(page, server, chapter)
    run_live(page, "shown")
    published = first_code_cell(page)
    edit_first_code_cell(page, "'my own'")
    with another_notebook(page):
        page.get_by_role("button", name="Start afresh").click()
    assert first_code_cell(page) == published
    copies = page.locator(".live-earlier")
    expect(copies.locator("summary")).to_have_text("Your earlier copies (1)")
    expect(page.locator(".live-says")).to_contain_text("Your copy is listed below")

    copies.locator("summary").click()
    page.once("dialog", lambda dialog: dialog.accept())
    copies.get_by_role("button", name="Delete the copy").click()
    expect(copies).to_be_hidden()


def test_running_a_chapter_is_no_change_of_it(server: Server, browser: Browser, chapter: str) -> None:
    page = browser.page
    open_chapter(page, server, chapter)
    run_live(page).locator(".jp-CodeCell .cm-content").first.click()
    page.keyboard.press("Shift+Enter")
    inside(page).wait_for_function(
        "() => jupyterapp.shell.currentWidget.content.model.sharedModel.toJSON().cells.some(c => c.execution_count)"
    )
    page.get_by_role("button", name="Back to the text").click()
    expect(page.locator("article.bd-article")).to_be_visible()
    open_chapter(page, server, chapter)
    expect(page.locator(".live-says")).to_contain_text("nothing is installed")
    assert page.evaluate("async () => (await indexedDB.databases()).length") > 0  # it was saved all the same


def test_a_new_release_of_otp_mini_is_the_one_that_runs_even_from_a_host_that_says_nothing_of_caching(
    live_site: Path, chromium: str, tmp_path: Path, chapter: str
) -> None:
    notebooks = tmp_path / "notebooks"
    notebooks.mkdir()
    write_notebook(notebooks / f"{chapter}.ipynb", {"one": "print(getattr(__import__('otp_mini'), 'RELEASE', 1))"})
    package = tmp_path / "package"
    shutil.copytree(ROOT / "otp_mini", package / "otp_mini", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "LICENSE"):
        shutil.copy(ROOT / name, package)
    with (package / "otp_mini" / "__init__.py").open("a", encoding="utf-8") as file:
        file.write("\nRELEASE = 2\n")
    sites = [
        with_notebooks(live_site, tmp_path / "site-1", notebooks),
        with_package(live_site, tmp_path / "site-2", notebooks, package),
    ]
    # Files that are years old and no word on caching: a browser may keep them for months without asking.
    with serving(sites[0]) as server, browsing(chromium, tmp_path / "profile") as browser:
        for number, site in enumerate(sites, 1):
            server.folder = site
            open_chapter(browser.page, server, chapter)
            cells = run_all(browser.page, run_live(browser.page))
            assert comparable(cells[0]["outputs"]) == [{"stdout": f"{number}\n"}]


# --- the bar ----------------------------------------------------------------------------------------------------


def test_the_bar_works_by_keyboard_and_shows_the_focus(server: Server, browser: Browser, chapter: str) -> None:
    page = browser.page
    open_chapter(page, server, chapter)
    run = page.locator(".live-run")
    expect(run).to_have_attribute("aria-expanded", "false")
    for _ in range(60):
        page.keyboard.press("Tab")
        if run.evaluate("button => button === document.activeElement"):
            break
    assert run.evaluate("button => getComputedStyle(button).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    expect(run).to_have_attribute("aria-expanded", "true")
    expect(run).to_have_text("Back to the text")
    expect(page.locator(".live-says")).to_contain_text("Starting the notebook in your browser")
    expect(page.locator("article.bd-article")).to_be_hidden()
    page.keyboard.press("Enter")
    expect(run).to_have_text("Open as a notebook")
    expect(page.locator("article.bd-article")).to_be_visible()
    expect(page.locator(".live-room")).to_be_hidden()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1300])
def test_the_bar_fits_and_can_be_read(
    width: int, scheme: str, server: Server, chromium: str, tmp_path: Path, chapter: str
) -> None:
    options: dict[str, Any] = {"viewport": {"width": width, "height": 844}, "color_scheme": scheme}
    with browsing(chromium, tmp_path / "profile", **options) as browser:
        page = browser.page
        open_chapter(page, server, chapter)
        box = page.locator(".live-bar").bounding_box()
        assert box is not None and box["x"] >= 0 and box["x"] + box["width"] <= width
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        for part in (".live-run", ".live-tab", ".live-says"):
            assert page.locator(part).evaluate(CONTRAST) >= 4.5, part


# WCAG's contrast of an element's text with the nearest ground that is not transparent.
CONTRAST = """element => {
  const light = rgb => rgb.match(/[\\d.]+/g).slice(0, 3).map(v => v / 255)
    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const text = light(getComputedStyle(element).color);
  let ground = element;
  while (/rgba\\(.*, 0\\)|transparent/.test(getComputedStyle(ground).backgroundColor)) ground = ground.parentElement;
  const under = light(getComputedStyle(ground).backgroundColor);
  return (Math.max(text, under) + 0.05) / (Math.min(text, under) + 0.05);
}"""


def test_the_notebook_follows_the_theme_of_the_page(server: Server, browser: Browser, chapter: str) -> None:
    page = browser.page
    open_chapter(page, server, chapter)
    body = run_live(page, "shown").locator("body")
    expect(body).to_have_attribute("data-jp-theme-light", "true")
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    expect(body).to_have_attribute("data-jp-theme-light", "false")


def test_open_in_a_tab_gives_the_notebook_the_whole_window(server: Server, browser: Browser, chapter: str) -> None:
    page = browser.page
    open_chapter(page, server, chapter)
    with browser.context.expect_page() as opened:
        page.get_by_role("link", name="Open in a tab").click()
    tab = opened.value
    expect(live(tab, "shown").locator(".jp-Cell").first).to_be_visible()
    expect(tab.locator(".bd-sidebar-primary")).to_be_hidden()
    room = tab.locator(".live-room").bounding_box()
    assert room is not None and room["height"] > 700 and room["width"] > 1200
    tab.get_by_role("button", name="Back to the text").click()
    expect(tab.locator("article.bd-article")).to_be_visible()


def test_a_page_opened_as_a_file_says_how_to_run_it(live_site: Path, browser: Browser, chapter: str) -> None:
    page = browser.page
    page.goto((live_site / "notebooks" / f"{chapter}.html").as_uri())
    expect(page.locator(".live-says")).to_contain_text("course.py read")
    expect(page.locator(".live-bar button, .live-bar a")).to_have_count(0)


def test_a_book_built_without_its_live_part_says_so_and_one_that_does_not_answer_says_that(
    live_site: Path, chromium: str, tmp_path: Path, chapter: str
) -> None:
    site = tmp_path / "site"
    shutil.copytree(live_site, site, ignore=lambda folder, _: ["lite"] if Path(folder) == live_site else [])
    with serving(site, **ASK_AGAIN) as server, browsing(chromium, tmp_path / "profile") as browser:
        open_chapter(browser.page, server, chapter)
        expect(browser.page.locator(".live-says")).to_contain_text("built without its in-page Python")
        expect(browser.page.locator(".live-bar button, .live-bar a")).to_have_count(0)
        browser.page.route("**/live.json", lambda route: route.fulfill(status=503))
        open_chapter(browser.page, server, chapter)
        expect(browser.page.locator(".live-says")).to_contain_text("The site does not answer")


def test_other_pages_have_no_bar(server: Server, browser: Browser) -> None:
    browser.page.goto(server.address + "index.html")
    expect(browser.page.locator("article.bd-article")).to_be_visible()
    expect(browser.page.locator(".live-bar")).to_have_count(0)

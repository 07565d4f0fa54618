"""The observer where it lives: in a kernel, in JupyterLab, and in the Python of the page."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from browser import A_LONG_TIME, browsing, serving
from lab_server import JupyterLab
from live_site import with_notebooks, write_notebook
from playwright.sync_api import Locator, Page, expect
from test_browser import ASK_AGAIN
from test_crash_lab_widget import Kernel, run_all

pytestmark = [
    pytest.mark.timeout(600),  # a browser on a busy machine
    pytest.mark.filterwarnings("default::ResourceWarning"),  # Playwright's own, at its end
]

HOSTILE = "<img src=x onerror='window.hit=1'>"
SHOP = f"""from otp_mini import *
from otp_mini import observer

class Till(GenServer):
    def init(self, first):
        return Ok(first)
    def handle_call(self, request, from_, state):
        return Reply(state, state + 1)
    def handle_cast(self, request, state):
        return NoReply(state + request)
    def handle_info(self, message, state):
        print("till got", message)
        return NoReply(state)

node = Node(clock="virtual").use()
children = [child_spec((Till, 0), id="till"), child_spec((Agent, lambda: 0), id={HOSTILE!r})]
sup = await Supervisor.start_link(children, strategy="one_for_one", name="shop")"""
OBSERVER = "observer(sup)"
CALL = 'await GenServer.call((await Supervisor.which_children(sup))[-1].pid, "get"), node.now()'


# ---- in a kernel ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def kernel() -> Iterator[Kernel]:
    running = Kernel()
    running.run(SHOP)
    yield running
    running.end()


def value(kernel: Kernel, code: str) -> Any:
    return kernel.shown(code)["text/plain"]


def test_in_a_kernel_the_bundle_has_the_widget_as_well(kernel: Kernel) -> None:
    bundle = kernel.shown(OBSERVER)
    assert set(bundle) == {"text/plain", "text/html", "application/vnd.jupyter.widget-view+json"}
    assert bundle["text/plain"].startswith("Observer of shop #PID<0.2.0>\n● shop #PID<0.2.0>: running")
    assert "<img" not in bundle["text/html"]


def test_a_rerun_of_a_cell_leaves_one_observer_and_lets_go_of_the_node(kernel: Kernel) -> None:
    count = "len(__import__('ipywidgets').widgets.widget._instances)"
    kernel.run(OBSERVER)
    widgets = value(kernel, count)
    kernel.run("from otp_mini.widgets.observer import _open; _open[0].trace.value = True; _open[0].speed.value = 1.0")
    kernel.run("node = Node(clock='virtual').use()\n" + SHOP.partition("use()")[2])  # a fresh node, as at a rerun
    kernel.run(OBSERVER)
    kernel.run(OBSERVER)
    assert value(kernel, "len(_open)") == "1"
    assert value(kernel, count) == widgets
    assert value(kernel, "node.listeners, node.gate") == "([], None)"


# ---- in JupyterLab -------------------------------------------------------------------------------


class Shown:
    """An observer on a page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.box = page.locator(".jp-OutputArea-output .widget-vbox:has(.otp-processes)").first

    def press(self, name: str) -> None:
        self.box.get_by_role("button", name=name, exact=True).click()

    def choose(self, label: str, option: str | re.Pattern[str]) -> None:
        select = self.box.get_by_label(label)
        texts = select.locator("option").all_text_contents()
        select.select_option(label=next(text for text in texts if re.search(option, text)))

    def send(self, message: str, how: str) -> None:
        self.box.get_by_label("Message:").fill(message)
        self.choose("How:", how)
        self.press("Send")

    @property
    def said(self) -> Locator:
        return self.box.get_by_role("alert")

    @property
    def table(self) -> Locator:
        return self.box.locator("table").first


def open_lab(page: Page, address: str) -> Shown:
    page.goto(address)
    run_all(page)
    shown = Shown(page)
    expect(shown.table).to_contain_text("till", timeout=A_LONG_TIME)
    return shown


def run_cell(page: Page, number: int) -> None:
    """Run a cell, and do not wait for its end."""
    page.evaluate(
        """number => {
        jupyterapp.shell.currentWidget.content.activeCellIndex = number;
        jupyterapp.commands.execute("notebook:run-cell");
    }""",
        number,
    )


@pytest.fixture(scope="class")
def in_lab(
    jupyterlab: JupyterLab, chromium: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Page, str, list[str]]]:
    """JupyterLab with a shop, its observer, and a cell that calls the till."""
    cells = [nbformat.v4.new_code_cell(source) for source in (SHOP, OBSERVER, CALL)]
    address = jupyterlab.holds("shop.ipynb", *cells)
    with browsing(chromium, tmp_path_factory.mktemp("lab") / "profile") as browser:
        yield browser.page, address, browser.foreign


class TestInJupyterLab:
    def test_it_breaks_pauses_steps_and_sends(self, in_lab: tuple[Page, str, list[str]], axe: Path) -> None:
        page, address, foreign = in_lab
        shown = open_lab(page, address)

        # A crash: the supervisor restarts the till, the observer goes on with the new one, one report is made.
        shown.choose("Process:", "^till")
        shown.press("Raise")
        expect(shown.said).to_contain_text("It has ended: RuntimeError: boom.")
        expect(shown.said).to_contain_text("has taken its place, its 2nd life.")
        expect(shown.table.locator("tr[aria-current]")).to_contain_text("▸ till")
        expect(shown.table).to_contain_text("running, 2nd life")
        report = page.get_by_text("** (RuntimeError) boom")
        expect(report).to_have_count(1)

        # A message by keyboard alone.
        shown.box.get_by_label("Message:").focus()
        page.keyboard.type("('a', 1)")
        for _ in range(2):
            page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(shown.said).to_contain_text("send ('a', 1) to till")
        expect(shown.box).to_contain_text("till got ('a', 1)")

        # Paused: what is sent lies in the mailbox until a step.
        shown.press("Pause")
        shown.send("5", "cast")
        expect(shown.table.locator("tr[aria-current]")).to_contain_text("its turn1")
        shown.press("Step")
        expect(shown.said).to_contain_text(re.compile(r"Turn 1: till #PID<0\.\d+\.0> had its turn"))
        expect(shown.table.locator("tr[aria-current]")).to_contain_text("a message0")

        # Nothing that a name says is run, and nothing keeps anybody from using it.
        assert page.evaluate("window.hit") is None
        expect(shown.table).to_contain_text(HOSTILE)
        page.evaluate(axe.read_text(encoding="utf-8"))
        box = shown.box.element_handle()
        found = page.evaluate("async box => (await axe.run(box)).violations.map(each => [each.id, each.impact])", box)
        assert found == []
        shown.press("Run")
        assert foreign == []

    def test_a_cell_that_awaits_while_paused_says_so_and_goes_on(self, in_lab: tuple[Page, str, list[str]]) -> None:
        page, address, _ = in_lab
        shown = open_lab(page, address)
        cell = page.locator(".jp-CodeCell").nth(2)
        shown.press("Pause")
        expect(shown.box.get_by_role("button", name="Run", exact=True)).to_be_visible()
        run_cell(page, 2)
        expect(cell).to_contain_text("this cell waits, because an observer has paused the node")
        for _ in range(2):  # the supervisor answers, then the till
            expect(shown.box).to_contain_text("Ready: ")
            expect(shown.box).not_to_contain_text("Ready: nobody")
            shown.press("Step")
        expect(cell.locator(".jp-OutputArea-executeResult")).to_contain_text("(1, 0.0)")
        shown.press("Run")

        # In slow motion a cell goes on by itself, and so does its time.
        shown.choose("Speed:", r"^20\s")
        run_cell(page, 2)
        expect(cell.locator(".jp-OutputArea-executeResult")).to_contain_text("(2, 0.0)")
        expect(shown.box).to_contain_text("Slow motion, 20 turns a second.")
        shown.choose("Speed:", "^full")
        expect(shown.said).to_contain_text("Running.")

    def test_a_rerun_leaves_one_observer(self, in_lab: tuple[Page, str, list[str]]) -> None:
        page, address, _ = in_lab
        shown = open_lab(page, address)
        run_cell(page, 1)
        expect(page.locator(".jp-OutputArea-output .widget-vbox:has(> * table)")).to_have_count(1)
        shown.choose("Process:", "^till")
        shown.press("Kill")
        expect(shown.table).to_contain_text("running, 2nd life")


# ---- in the page ---------------------------------------------------------------------------------


def test_in_the_page_it_breaks_pauses_and_steps(live_site: Path, chromium: str, tmp_path: Path) -> None:
    folder = tmp_path / "notebooks"
    folder.mkdir()
    write_notebook(folder / "shop.ipynb", {"shop": SHOP, "observer": OBSERVER, "call": CALL})
    site = with_notebooks(live_site, tmp_path / "site", folder)
    path = json.loads((site / "lite" / "live.json").read_text(encoding="utf-8"))["notebooks"]["shop"]
    with serving(site, **ASK_AGAIN) as server, browsing(chromium, tmp_path / "profile") as browser:
        page = browser.page
        page.goto(f"{server.address}lite/notebooks/index.html?path={path}")
        for _ in range(2):  # the second time is a rerun
            run_all(page)
        shown = Shown(page)
        expect(shown.table).to_contain_text("till", timeout=A_LONG_TIME)
        expect(shown.box.locator("svg.otp-tree")).to_have_count(1)
        shown.choose("Process:", "^till")
        shown.press("Raise")
        expect(shown.said).to_contain_text("has taken its place, its 2nd life.")
        expect(page.get_by_text("** (RuntimeError) boom")).to_have_count(1)
        shown.press("Pause")
        shown.send("5", "cast")
        shown.press("Step")
        expect(shown.said).to_contain_text("Turn 1: till")
        cell = page.locator(".jp-CodeCell").nth(2)
        run_cell(page, 2)
        expect(cell).to_contain_text("this node is paused, and nobody can let it go on while this waits")
        shown.press("Run")
        expect(shown.said).to_contain_text("Running.")
        shown.choose("Speed:", r"^20\s")
        expect(shown.box).to_contain_text("Slow motion, 20 turns a second.")
        run_cell(page, 2)
        expect(cell.locator(".jp-OutputArea-executeResult")).to_contain_text("(5, 0.0)")
        assert browser.foreign == []

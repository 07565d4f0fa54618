"""The crash lab in a notebook: what it hands to a front end, what its kernel answers, in JupyterLab and in a page."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from browser import A_LONG_TIME, browsing, serving
from jupyter_client.manager import start_new_kernel
from lab_scenarios import nursery, pair, part
from lab_server import JupyterLab
from live_site import with_notebooks, write_notebook
from nbconvert import HTMLExporter
from playwright.sync_api import Locator, Page, expect
from schedule_scenarios import VISITORS
from test_browser import ASK_AGAIN, DONE, cells_of

from otp_mini import BadArg, Exit, GenServer, Ok, Supervisor, compare_strategies, crash_lab
from otp_mini.lab import futures_of
from otp_mini.widgets.crash_lab import STORING, VIEW

ROOT = Path(__file__).resolve().parents[1]

pytestmark = [
    pytest.mark.timeout(600),  # a browser on a busy machine
    pytest.mark.filterwarnings("default::ResourceWarning"),  # Playwright's own, at its end
]


# ---- outside a notebook --------------------------------------------------------------------------------------


def test_a_lab_prints_as_text_and_has_html_and_no_widget_outside_a_kernel() -> None:
    lab = crash_lab(pair, title="Two", predict=True, select="B", depth=1)
    bundle = lab._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "text/html"}
    assert bundle["text/plain"] == repr(lab) == str(lab)
    assert str(lab).splitlines()[0] == "Crash lab: Two"
    options = json.loads(re.search(r'<script type="application/json">(.*?)</script>', bundle["text/html"])[1])
    assert (options["predict"], options["select"], options["labs"]) == (True, 2, lab.documents)


def test_a_lab_records_one_step_more_than_a_supervisor_allows_restarts() -> None:
    assert crash_lab(pair).documents[0]["depth"] == 2


def test_gap_wait_and_errors_reach_the_runs() -> None:
    lab = crash_lab(pair, depth=1, gap=2.5, wait=9.0, raises={"A": ValueError("a is out")})
    document = lab.documents[0]
    assert (document["gap"], document["waits"]) == (2.5, [9.0])
    assert "ValueError('a is out')" in document["reasons"]


def test_a_comparison_has_a_document_for_each_strategy_and_the_script() -> None:
    lab = compare_strategies([part("A"), part("B")], [("B", "kill")], depth=1, select="A", max_restarts=7)
    assert [each["title"] for each in lab.documents] == ["one_for_one", "rest_for_one", "one_for_all"]
    assert lab.at_first["script"] == [4 * 2 + 3]
    assert lab.at_first["select"] == 1
    assert {each["procs"][0]["max"][0] for each in lab.documents} == {7}


def test_a_script_is_recorded_to_its_end() -> None:
    lab = compare_strategies([part("A")], [("A", "kill")] * 3, depth=1, max_restarts=5)
    for document in [*lab.documents, *lab.at_first["labs"]]:
        state = 0
        for action in lab.at_first["script"]:
            state = {found: to for found, _, to in futures_of(document, state)}[action]


def test_an_html_page_holds_all_futures_and_a_live_lab_none() -> None:
    lab = crash_lab(pair)
    assert [document["depth"] for document in lab.at_first["labs"]] == [0]
    assert [document["depth"] for document in lab.documents] == [2]
    assert json.dumps(lab.documents[0]["edges"], separators=(",", ":")) in lab._repr_html_()


@pytest.mark.parametrize("script", [[("C", "kill")], [("A", "explode")], ["soon"]])
def test_a_script_that_makes_no_sense_says_so(script: Any) -> None:
    with pytest.raises(BadArg, match=r"a script names|a process ends by|a script holds"):
        compare_strategies([part("A")], script)


def test_a_page_that_asks_nonsense_gets_a_sentence() -> None:
    lab = crash_lab(pair, depth=1)
    for path in ([], [999], ["x"], [[4, 0]], [0], None, {"a": 1}):
        answer = lab.answer(path)
        assert set(answer) == {"error"}, path
        assert answer["error"]


def test_whatever_a_scenario_does_later_a_page_gets_a_sentence() -> None:
    broken = False

    async def scenario() -> Any:
        if broken:
            raise Exit("no paper")
        return await Supervisor.start_link([part("A")], strategy="one_for_one")

    lab = crash_lab(scenario, depth=1)
    broken = True
    assert "no paper" in lab.answer([4])["error"]


@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt()], ids=lambda error: type(error).__name__)
def test_what_would_end_the_kernel_is_a_sentence_and_the_lab_goes_on(error: BaseException) -> None:
    broken = False

    class Picky(GenServer):
        def init(self, argument: Any) -> Any:
            if broken:
                raise error
            return Ok(argument)

    async def scenario() -> Any:
        return await Supervisor.start_link([(Picky, 0)], strategy="one_for_one")

    lab = crash_lab(scenario, depth=1)
    before = lab.answer([4])
    broken = True
    assert lab.answer([4])["error"].startswith(type(error).__name__)
    broken = False
    assert lab.answer([4]) == before


def test_every_answer_tells_of_processes_that_another_page_may_not_know() -> None:
    lab = crash_lab(nursery, depth=0)
    kill = 4 * [proc["name"] for proc in lab.documents[0]["procs"]].index("N") + 3
    first, second = lab.ask([kill]), lab.ask([kill])
    known = len(lab.documents[0]["procs"])
    assert len(first["procs"]) > known
    assert second["procs"] == first["procs"]


def test_an_answer_does_not_depend_on_the_ones_before() -> None:
    lab = crash_lab(pair, depth=1)
    alone = crash_lab(pair, depth=1).ask([4, 4])
    for path in ([4], [8, 9], [4, 5]):
        lab.answer(path)
    assert lab.ask([4, 4]) == alone


# ---- in a kernel -----------------------------------------------------------------------------------------------

PAIR = """from otp_mini import GenServer, Supervisor, child_spec, compare_strategies, crash_lab
async def pair():
    children = [child_spec((GenServer, 0), id=name) for name in "AB"]
    return await Supervisor.start_link(children, strategy="one_for_one", name="top")"""
COUNT = """import ipywidgets
print(sum(type(w).__name__ == "CrashLabWidget" for w in ipywidgets.widgets.widget._instances.values()))"""

RACE = f"""{VISITORS}
schedule_lab(race, lambda seen: seen == 2, title="Two visitors", fault="lost view")"""


class Kernel:
    """A kernel, and cells that run in it."""

    def __init__(self) -> None:
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        self.manager, self.client = start_new_kernel(kernel_name="python3", env=environment)

    def run(self, code: str) -> list[dict[str, Any]]:
        """Run a cell and answer its outputs, the messages to widgets among them."""
        found: list[dict[str, Any]] = []
        self.client.execute_interactive(code, output_hook=found.append, timeout=60)
        assert [m for m in found if m["msg_type"] == "error"] == []
        return found

    def shown(self, code: str) -> dict[str, Any]:
        """Run a cell and answer what its value shows itself as."""
        data: dict[str, Any] = next(m["content"]["data"] for m in self.run(code) if m["msg_type"] == "execute_result")
        return data

    def count(self) -> int:
        """How many of our widgets live."""
        return int(next(m["content"]["text"] for m in self.run(COUNT) if m["msg_type"] == "stream"))

    def end(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


@pytest.fixture(scope="module")
def kernel() -> Iterator[Kernel]:
    running = Kernel()
    running.run(PAIR)
    yield running
    running.end()


def test_in_a_kernel_the_bundle_has_the_widget_as_well(kernel: Kernel) -> None:
    assert set(kernel.shown("crash_lab(pair, depth=1)")) == {"text/plain", "text/html", VIEW}


def test_a_rerun_of_a_cell_closes_the_widget_of_the_run_before(kernel: Kernel) -> None:
    before = kernel.count()
    cell = "crash_lab(pair, depth=1, title='again')"
    kernel.run(cell)
    again = kernel.run(cell)
    assert kernel.count() == before + 1
    closed = [message for message in again if message["msg_type"] == "comm_close"]
    assert len(closed) == 2, "the widget, and the layout that came with it"


def test_several_labs_of_one_cell_live_together(kernel: Kernel) -> None:
    before = kernel.count()
    cell = "for title in 'xyz':\n    display(crash_lab(pair, depth=1, title=title))"
    kernel.run(cell)
    assert kernel.count() == before + 3
    kernel.run(cell)
    assert kernel.count() == before + 3


def test_a_live_kernel_runs_no_future_before_it_is_asked(kernel: Kernel) -> None:
    """Only a kernel whose outputs become a page is told to."""

    def stored(code: str) -> Any:
        return re.search(r'"depth":(\d+)', kernel.shown(code)["text/html"])[1]

    assert stored("crash_lab(pair)") == "4"
    kernel.run(f"import os; os.environ.pop({STORING!r})")
    try:
        assert stored("crash_lab(pair)") == "0"
    finally:
        kernel.run(f"os.environ[{STORING!r}] = '1'")


# ---- an exported notebook ----------------------------------------------------------------------------------------


def test_an_exported_notebook_plays(kernel: Kernel, chromium: str, tmp_path: Path) -> None:
    """With the widget in its outputs and no state of widgets, as JupyterLab saves a notebook."""
    cells = []
    for source in ("crash_lab(pair, depth=1)", "compare_strategies([(GenServer, 0)], depth=1)"):
        output = nbformat.v4.new_output("execute_result", kernel.shown(source), execution_count=1)
        cells.append(nbformat.v4.new_code_cell(source, outputs=[output], execution_count=1))
    body, _ = HTMLExporter(mathjax_url="", require_js_url="", jquery_url="").from_notebook_node(
        nbformat.v4.new_notebook(cells=cells)
    )
    page = tmp_path / "exported.html"
    page.write_text(body, encoding="utf-8")
    with browsing(chromium, tmp_path / "profile") as browser:
        browser.page.goto(page.as_uri())
        lab = browser.page.locator(".crash-lab").first
        crash(lab, "A")
        expect(node(lab, "A")).to_have_attribute("data-life", "2")
        expect(browser.page.locator(".crash-lab").nth(1).locator(".lane")).to_have_count(3)


def node(lab: Locator, name: str) -> Locator:
    return lab.locator(f".node:has(.name:text-is('{name}'))").first


def crash(lab: Locator, name: str, way: str = "raise") -> None:
    node(lab, name).click()
    lab.locator(f".way[data-way={way}]").click()
    lab.locator(".tb[aria-label^='To the next quiet moment']:not([aria-disabled=true])").click()


def beyond(lab: Locator) -> None:
    """Break A past what is stored: the kernel answers; then in the middle of a run."""
    for life in (2, 3, 4):
        crash(lab, "A")
        expect(node(lab, "A")).to_have_attribute("data-life", str(life))
    expect(lab.locator(".log")).to_contain_text("top counts a restart: 3 of 3 within 5 s.")
    lab.locator(".log .line").nth(1).click()
    node(lab, "B").click()
    lab.locator(".moment", has_text="now").click()
    lab.locator(".way[data-way=kill]").click()
    expect(lab.locator(".crumb").last).to_have_text("amid: B · kill")


# ---- in JupyterLab -------------------------------------------------------------------------------------------------


def race_to_the_end(lab: Locator) -> None:
    """Lose a view where nothing is recorded but the usual run."""
    for name in ("main", "visitor", "visitor2"):
        lab.locator(".choice", has=lab.page.locator(f"b:text-is('{name}')")).click()
    expect(lab.locator(".choice", has_text="ets.insert")).to_have_count(2)
    lab.get_by_role("button", name="Run on to the end").click()
    expect(lab.locator(".verdict")).to_contain_text("2 was expected, 1 stands.")


def wait_for_the_kernel(page: Page) -> None:
    kernel = "window.jupyterapp?.shell?.currentWidget?.sessionContext?.session?.kernel"
    page.wait_for_function(f"() => {kernel}?.status === 'idle'")


def run_all(page: Page) -> None:
    """Run all cells of the notebook in JupyterLab, or in JupyterLite, and wait for the end."""
    wait_for_the_kernel(page)
    page.evaluate("() => { jupyterapp.commands.execute('notebook:run-all-cells') }")
    page.wait_for_function(DONE, timeout=3 * A_LONG_TIME)


def test_in_jupyterlab_the_kernel_answers_past_what_is_stored(
    jupyterlab: JupyterLab, chromium: str, tmp_path: Path
) -> None:
    live = f"import os; os.environ.pop({STORING!r}, None)\n"
    sources = [live + PAIR, "crash_lab(pair, depth=1)", "compare_strategies([(GenServer, 0)], depth=1)"]
    address = jupyterlab.holds("labs.ipynb", *map(nbformat.v4.new_code_cell, sources))
    with browsing(chromium, tmp_path / "profile") as browser:
        page = browser.page
        page.goto(address)
        run_all(page)
        labs = page.locator(".jp-OutputArea-output .crash-lab")
        expect(labs).to_have_count(2, timeout=A_LONG_TIME)
        expect(labs.first).not_to_have_attribute("data-crash-lab", re.compile("."))  # the widget, not the HTML
        beyond(labs.first)
        three = labs.nth(1)
        for _ in range(2):
            crash(three, "GenServer", "kill")
        expect(three.locator(".node[data-life='3']")).to_have_count(3)
        # A rerun shows one fresh lab in its place.
        page.locator(".jp-CodeCell").nth(1).locator(".cm-content").click()
        page.keyboard.press("Shift+Enter")
        expect(labs.first.locator(".crumb")).to_have_text(["Start"])
        expect(labs).to_have_count(2)
        assert browser.foreign == []


def test_in_jupyterlab_the_reader_is_the_scheduler(jupyterlab: JupyterLab, chromium: str, tmp_path: Path) -> None:
    """A schedule lab that has recorded everything needs no widget: its cell shows the lab of a page."""
    cells = (RACE, "schedule_lab(race, lambda seen: seen == 2, title='Cut', most=1, runs=1)")
    address = jupyterlab.holds("race.ipynb", *map(nbformat.v4.new_code_cell, cells))
    with browsing(chromium, tmp_path / "profile") as browser:
        page = browser.page
        page.goto(address)
        run_all(page)
        labs = page.locator(".jp-OutputArea-output .schedule-lab")
        lab = labs.first
        choices = lab.locator(".choice > span")
        looks = [f"{name}\nets.lookup(pages, 'home')" for name in ("visitor", "visitor2")]
        expect(choices).to_have_text(looks, use_inner_text=True)
        looking = lab.locator(".choice", has_text="ets.lookup")
        looking.first.click()
        expect(looking).to_have_count(1)
        looking.click()
        lab.get_by_role("button", name="Run on to the end").click()
        expect(lab.locator(".verdict")).to_contain_text("Lost view: 2 was expected, 1 stands.")
        assert "#" not in page.url, "the address is JupyterLab's own"
        live = labs.nth(1)
        expect(live).not_to_have_attribute("data-schedule-lab", re.compile("."))  # the widget, not the HTML
        race_to_the_end(live)
        assert browser.foreign == []


def test_in_jupyterlab_a_stored_lab_is_text_until_its_notebook_is_trusted(
    jupyterlab: JupyterLab, kernel: Kernel, chromium: str, tmp_path: Path
) -> None:
    bundle = kernel.shown("crash_lab(pair, depth=1)")
    stored = {kind: bundle[kind] for kind in ("text/html", "text/plain")}
    output = nbformat.v4.new_output("execute_result", stored, execution_count=1)
    cell = nbformat.v4.new_code_cell("crash_lab(pair, depth=1)", outputs=[output], execution_count=1)
    address = jupyterlab.holds("stored.ipynb", cell)
    with browsing(chromium, tmp_path / "profile") as browser:
        page = browser.page
        page.goto(address)
        output_area = page.locator(".jp-OutputArea-output")
        expect(output_area).to_contain_text("A  worker, permanent", timeout=A_LONG_TIME)
        expect(output_area).to_contain_text("can be played where scripts run")
        assert page.locator(".crash-lab .node").count() == 0
        wait_for_the_kernel(page)  # a server that is stopped while a kernel starts waits for it
        page.evaluate("() => { jupyterapp.commands.execute('notebook:trust') }")
        page.locator(".jp-Dialog button.jp-mod-accept").click()
        expect(page.locator(".crash-lab .node")).to_have_count(3)
        crash(page.locator(".crash-lab"), "A")
        expect(node(page.locator(".crash-lab"), "A")).to_have_attribute("data-life", "2")
        assert browser.foreign == []


# ---- in the page ----------------------------------------------------------------------------------------------------


def test_in_the_page_the_kernel_answers_past_what_is_stored(live_site: Path, chromium: str, tmp_path: Path) -> None:
    folder = tmp_path / "notebooks"
    folder.mkdir()
    write_notebook(folder / "labs.ipynb", {"pair": PAIR, "lab": "crash_lab(pair, depth=1)", "count": COUNT})
    site = with_notebooks(live_site, tmp_path / "site", folder)
    path = json.loads((site / "lite" / "live.json").read_text(encoding="utf-8"))["notebooks"]["labs"]
    with serving(site, **ASK_AGAIN) as server, browsing(chromium, tmp_path / "profile") as browser:
        page = browser.page
        page.goto(f"{server.address}lite/notebooks/index.html?path={path}")
        for _ in range(2):  # the second time is a rerun
            run_all(page)
        labs = page.locator(".jp-OutputArea-output .crash-lab")
        expect(labs).to_have_count(1)
        [counted] = next(cell["outputs"] for cell in cells_of(page.main_frame) if cell["id"] == "count")
        assert "".join(counted["text"]) == "1\n", "the first widget is closed"
        beyond(labs)
        assert browser.foreign == []

"""Code cells that run where they stand, in Firefox and in WebKit: the built book below a sub-path, other hosts refused.

Each browser opens the chapter twice and does all that a reader does; `test_cells_in_browser.py` has more, in Chromium.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browser import Server, serving
from cells_of_a_page import IDLE, READ, ROLES, asking, assert_as_stored
from other_browsers import LONG, Tab, click, firefox, until, webkit

CHAPTER = "03_genserver_basics"
BAR = "document.querySelector('.in-place-status')"

pytestmark = [pytest.mark.timeout(600), pytest.mark.slow]


@pytest.fixture(params=["firefox", "webkit"])
def tab(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Tab]:
    if request.param == "firefox":
        with firefox(request.getfixturevalue("firefox_program"), tmp_path / "firefox") as running:
            yield running
    else:
        with webkit(*request.getfixturevalue("webkit_programs"), tmp_path / "webkit") as running:
            yield running


@pytest.fixture
def server(live_site: Path) -> Iterator[Server]:
    with serving(live_site, Cache_Control="no-cache") as running:
        yield running


def cell(name: str, part: str = "") -> str:
    """A part of a cell: an expression."""
    return f"document.querySelector({json.dumps(f'[data-cell-id={name}] {part}'.strip())})"


def press(tab: Tab, name: str, button: str) -> None:
    click(tab, f"[data-cell-id={name}] .in-place-{button}")


def write(tab: Tab, name: str, text: str) -> None:
    """Take a cell's text away and type another one, by the mouse and the keyboard."""
    click(tab, f"[data-cell-id={name}] :is(.cm-content, .cell_input pre)")
    until(tab, f"document.activeElement === {cell(name, '.cm-content')}")
    tab.evaluate(f"inPlace.page.cell({cell(name)}).set('')")
    tab.write(text)
    assert tab.evaluate(f"inPlace.page.cell({cell(name)}).code") == text


def ends(tab: Tab, name: str, how: str) -> None:
    until(tab, f"{cell(name)}.dataset.inPlace === '{how}'")


def shown(name: str) -> str:
    return f"{cell(name, '.in-place-output')}?.textContent ?? ''"


def test_a_chapter_runs_is_written_is_stopped_and_found_again(tab: Tab, server: Server) -> None:
    tab.open(f"{server.address}notebooks/{CHAPTER}.html")
    until(tab, "document.querySelectorAll('.in-place-pill').length > 20")
    first, above, name = tab.evaluate(
        "[...document.querySelectorAll('.cell[data-role=cell]')].map((each) => each.dataset.cellId)"
    )[:3]
    press(tab, first, "pill")
    ends(tab, first, "ok")
    run_all(tab)

    each_kind_of_stuck(tab, above, name)

    write(tab, first, "20 + 22")
    press(tab, first, "run")
    ends(tab, first, "ok")
    assert "42" in tab.evaluate(shown(first))
    kept_over_a_reload(tab, first, above)
    assert server.missing == []


def run_all(tab: Tab) -> None:
    """The whole chapter from its top, then the checks again, behind solutions that bind no name of the reader's."""
    for asked in (asking(*ROLES), asking("check", backwards=True)):
        tab.evaluate(asked)
        until(tab, IDLE, limit=2 * LONG)  # the chapter takes ten seconds of its own
    cells: list[dict[str, Any]] = tab.evaluate(READ)
    assert_as_stored(cells)
    assert tab.evaluate("document.querySelectorAll('.in-place-state:not(:empty)').length") == 0


def each_kind_of_stuck(tab: Tab, above: str, name: str) -> None:
    tab.evaluate("void (globalThis.before = inPlace.page.link.worker)")
    write(tab, name, "import asyncio\nprint('listens')\nawait asyncio.Event().wait()")
    press(tab, name, "run")
    until(tab, f"({shown(name)}).includes('listens')")
    press(tab, name, "stop")
    ends(tab, name, "stopped")
    assert tab.evaluate("inPlace.page.link.worker === before")

    endless = "print('endless')\nwhile True: pass"
    write(tab, name, endless)
    press(tab, name, "run")
    until(tab, f"({shown(name)}).includes('endless')")
    tab.evaluate("void (inPlace.page.link.budget = 50, inPlace.page.link.watch())")
    for button in ("Go on", "Restart Python"):
        until(tab, f"{BAR}.textContent.includes('Go on, or restart it?')")
        tab.evaluate(f"[...{BAR}.querySelectorAll('button')].find((each) => each.textContent === '{button}').click()")
    ends(tab, name, "ended")
    until(tab, IDLE, limit=2 * LONG)  # a new Python
    assert tab.evaluate(f"inPlace.page.cell({cell(above)}).ran")
    assert tab.evaluate(f"inPlace.page.cell({cell(name)}).code") == endless


def kept_over_a_reload(tab: Tab, name: str, other: str) -> None:
    """An edit is there again; one of an older edition is offered, and stays away until it is wanted."""
    tab.evaluate(f"inPlace.page.cell({cell(other)}).set('# of an older edition')")
    key = f"inPlace.page.store.key('{other}')"
    tab.evaluate(
        f"void localStorage.setItem({key},"
        f" JSON.stringify({{ ...JSON.parse(localStorage.getItem({key})), published: 'older' }}))"
    )
    tab.open(tab.evaluate("location.href.replace(/#.*/, '')"))
    until(tab, f"{cell(other, '.in-place-edition')} !== null")
    assert tab.evaluate(cell(name, ".cell_input pre") + ".textContent").strip() == "20 + 22"
    assert "has changed since you edited it" in tab.evaluate(cell(other, ".in-place-edition") + ".textContent")
    assert "older edition" not in tab.evaluate(cell(other, ".cell_input pre") + ".textContent")
    click(tab, f"[data-cell-id={other}] .in-place-edition button")
    assert tab.evaluate(cell(other, ".cell_input pre") + ".textContent").strip() == "# of an older edition"
    press(tab, name, "reset")
    assert tab.evaluate(cell(name, ".cell_input pre") + ".textContent") != "20 + 22\n"


# --- the chapter as a notebook ----------------------------------------------------------------------------------

NOTEBOOK = "document.querySelector('.live-room iframe').contentWindow"
RUN_ONE = f"""(() => {{
  const app = {NOTEBOOK}.jupyterapp, {{ content }} = app.shell.currentWidget;
  content.activeCellIndex = content.widgets.findIndex((cell) => cell.model.type === "code");
  content.activeCell.model.sharedModel.setSource("import otp_mini, ipywidgets\\nprint(6 * 7)");
  app.commands.execute("notebook:run-cell");
}})()"""
PRINTED = f"{NOTEBOOK}.document.querySelector('.jp-OutputArea-output pre')?.textContent"


def test_the_notebook_takes_the_python_that_started_beside_it(tab: Tab, server: Server) -> None:
    tab.open(f"{server.address}notebooks/{CHAPTER}.html")
    until(tab, "document.querySelector('.live-run') !== null")
    click(tab, ".live-run")
    until(tab, "document.querySelector('.live-room')?.dataset.state === 'ready'")
    assert tab.evaluate(f"{NOTEBOOK}.otpKernelWorker.ahead")
    tab.evaluate(RUN_ONE)
    until(tab, f"{PRINTED} === '42\\n'")

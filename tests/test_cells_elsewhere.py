"""Code cells that run where they stand, in Firefox and in WebKit: the same page, the same outputs.

`test_cells_in_browser.py` shows in Chromium what else a reader can do.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import Server, serving
from other_browsers import Tab, firefox, until, webkit

CHAPTER = "03_genserver_basics"
STATE = "document.querySelector('[data-cell-id={}]').dataset.inPlace"
SHOWN = "[...document.querySelectorAll('[data-cell-id={}] .in-place-output pre')].map(e => e.textContent).join('')"

pytestmark = [pytest.mark.timeout(300), pytest.mark.slow]


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


def press(tab: Tab, name: str, button: str) -> None:
    tab.evaluate(f"document.querySelector('[data-cell-id={name}] :is({button})').click()")


def test_a_cell_is_written_run_and_stopped(tab: Tab, server: Server) -> None:
    tab.open(f"{server.address}notebooks/{CHAPTER}.html")
    until(tab, "document.querySelectorAll('.in-place-pill').length > 20")
    name = tab.evaluate("[...document.querySelectorAll('.cell[data-role=cell]:has(.stream)')][3].dataset.cellId")
    press(tab, name, ".in-place-pill")
    until(tab, f"{STATE.format(name)} === 'ok'")
    assert tab.evaluate(
        "inPlace.page.cells.filter(c => c.ran && c.output).every(c => c.output.signature === c.storedSignature)"
    )

    press(tab, name, ".in-place-edit")
    until(tab, f"document.activeElement.closest('[data-cell-id={name}] .cm-content') !== null")
    tab.evaluate(f"inPlace.page.cells.find(c => c.id === '{name}').set('')")
    tab.write("6 * 7")
    press(tab, name, ".in-place-run")
    until(tab, f"{SHOWN.format(name)}.trim() === '42'")

    waits = "from otp_mini import receive\\nawait receive()"
    tab.evaluate(f"inPlace.page.cells.find(c => c.id === '{name}').set('{waits}')")
    press(tab, name, ".in-place-run")
    until(tab, f"{STATE.format(name)} === 'running'")
    press(tab, name, ".in-place-stop")
    until(tab, f"{STATE.format(name)} === 'stopped'")
    assert server.missing == []

"""Every chapter, solutions and hidden tests included, run by the Python of the page: Pyodide under Node.

A browser is not needed for that: what Node loads is what the page loads (`page_python.mjs`). `test_browser.py` shows
with one chapter that a browser gets as far.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from page_outputs import comparable

from tools import refresh

HERE = Path(__file__).resolve().parent
NOTEBOOKS = refresh.notebooks()
NOT_COMPARED = {"nbval-ignore-output", "nbval-skip"}

pytestmark = pytest.mark.timeout(300)


def cells_of(path: Path) -> list[dict[str, Any]]:
    cells: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [cell | {"source": "".join(cell["source"])} for cell in cells if cell["cell_type"] == "code"]


def run(live_site: Path, name: str, cells: list[tuple[str, str]]) -> dict[str, list[dict[str, Any]]]:
    """The outputs of cells, by their ids, as the page's Python gives them."""
    node = shutil.which("node") or pytest.fail("the in-browser part was built, so there is a Node")
    command = [node, str(HERE / "page_python.mjs"), str(live_site / "lite")]
    done = subprocess.run(command, input=json.dumps({name: cells}), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    shown: dict[str, list[dict[str, Any]]] = json.loads(done.stdout)["cells"]
    return shown


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_chapter_gives_the_outputs_that_are_stored(path: Path, live_site: Path) -> None:
    stored = cells_of(path)
    shown = run(live_site, path.stem, [(cell["id"], cell["source"]) for cell in stored])
    compared = 0
    for cell in stored:
        if not NOT_COMPARED & set(cell["metadata"].get("tags", [])):
            assert comparable(shown[cell["id"]]) == comparable(cell["outputs"]), cell["source"]
            compared += 1
    assert compared


def test_another_output_and_an_error_are_seen(live_site: Path) -> None:
    cells = [("a", "print('a')\nprint('b')"), ("b", "1 / 0"), ("c", "await __import__('asyncio').sleep(0)\n{'x': 1}")]
    shown = {name: comparable(outputs) for name, outputs in run(live_site, "scratch", cells).items()}
    assert shown == {
        "a": [{"stdout": "a\nb\n"}],
        "b": [("error", "ZeroDivisionError", "division by zero")],
        "c": [("execute_result", {"text/plain": "{'x': 1}"})],
    }

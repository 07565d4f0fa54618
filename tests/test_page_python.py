"""Every chapter, solutions and hidden tests included, run by the Python of the page: Pyodide under Node.

A browser is not needed for that: what Node loads is what the page loads (`page_python.mjs`). `test_browser.py` shows
with one chapter that a browser gets as far.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import pytest
from page_outputs import comparable

from tests import campaign_program
from tests.replayed import PINNED
from tools import refresh

HERE = Path(__file__).resolve().parent
NOTEBOOKS = refresh.notebooks()
NOT_COMPARED = {"nbval-ignore-output", "nbval-skip"}
WHOLE_LABS = "05_supervisor_strategies"  # the three strategies, nested supervisors, waits

REPLAYING = ("random_scenarios", "replayed")
WRITE = """
folder = pathlib.Path("replays").resolve()
for name, text in files.items():
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    _ = path.write_text(text)
sys.path.insert(0, str(folder))
"""

pytestmark = pytest.mark.timeout(300)


def cells_of(path: Path) -> list[dict[str, Any]]:
    cells: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [cell | {"source": "".join(cell["source"])} for cell in cells if cell["cell_type"] == "code"]


class PagePython:
    """A Node that runs notebooks, each in a Python of its own; one that has failed is started again."""

    def __init__(self, site: Path, errors: IO[str]) -> None:
        self.site, self.errors = site, errors
        self.node: subprocess.Popen[str] | None = None

    def run(self, cells: list[tuple[str, str]], *, whole: bool = False) -> dict[str, list[dict[str, Any]]]:
        """The outputs of a notebook's cells, by their ids, in the page's Python; labs with all futures or none."""
        if self.node is None:
            self.node = self.started()
        assert self.node.stdin is not None and self.node.stdout is not None
        self.node.stdin.write(json.dumps({"cells": cells, "whole": whole}) + "\n")
        self.node.stdin.flush()
        answer = self.node.stdout.readline()
        if not answer:
            self.close()
            self.errors.seek(0)
            pytest.fail(self.errors.read()[-3000:], pytrace=False)
        shown: dict[str, list[dict[str, Any]]] = json.loads(answer)
        return shown

    def started(self) -> subprocess.Popen[str]:
        node = shutil.which("node") or pytest.fail("the in-browser part was built, so there is a Node")
        command = [node, str(HERE / "page_python.mjs"), str(self.site / "lite")]
        pipe = subprocess.PIPE
        return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=self.errors, text=True, encoding="utf-8")

    def close(self) -> None:
        if self.node is not None:
            self.node.kill()  # in the middle of a chapter, if its time is over
            self.node.communicate()
            self.node = None


@pytest.fixture(scope="module")
def page_python(live_site: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PagePython]:
    path = tmp_path_factory.mktemp("page_python") / "errors.txt"
    with path.open("w+", encoding="utf-8") as errors:
        python = PagePython(live_site, errors)
        yield python
        python.close()


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_chapter_gives_the_outputs_that_are_stored(path: Path, page_python: PagePython) -> None:
    """A page asks for the futures of its labs one by one; those of one chapter are all computed."""
    stored = cells_of(path)
    whole = path.stem == WHOLE_LABS
    shown = page_python.run([(cell["id"], cell["source"]) for cell in stored], whole=whole)
    compared = 0
    for cell in stored:
        if not NOT_COMPARED & set(cell["metadata"].get("tags", [])):
            seen, kept = (comparable(outputs, labs=whole) for outputs in (shown[cell["id"]], cell["outputs"]))
            assert seen == kept, cell["source"]
            compared += 1
    assert compared


def test_a_schedule_is_replayed_event_for_event_as_here(page_python: PagePython) -> None:
    files = {f"tests/{name}.py": (HERE / f"{name}.py").read_text(encoding="utf-8") for name in REPLAYING}
    cells = [
        ("files", f"import pathlib, sys\nfiles = {files!r}\n" + WRITE),
        ("replays", "from tests.replayed import digest\nprint(digest(0, 200))"),
    ]
    shown = {name: comparable(outputs) for name, outputs in page_python.run(cells).items()}
    assert shown == {"files": [], "replays": [{"stdout": f"{PINNED[200]}\n"}]}


def test_a_campaign_has_the_report_that_every_python_gives(page_python: PagePython) -> None:
    program = Path(campaign_program.__file__).read_text(encoding="utf-8")
    shown = page_python.run([("program", program), ("report", "print(everything())")])
    assert {name: comparable(outputs) for name, outputs in shown.items()} == {
        "program": [],
        "report": [{"stdout": campaign_program.PINNED}],
    }


def test_another_output_and_an_error_are_seen_and_each_notebook_has_its_own_python(
    page_python: PagePython,
) -> None:
    cells = [("a", "print('a')\nprint('b')"), ("b", "1 / 0"), ("c", "await __import__('asyncio').sleep(0)\n{'x': 1}")]
    shown = page_python.run([*cells, ("d", "import otp_mini\nleft = otp_mini.left = 1")])
    assert {name: comparable(outputs) for name, outputs in shown.items()} == {
        "a": [{"stdout": "a\nb\n"}],
        "b": [("error", "ZeroDivisionError", "division by zero")],
        "c": [("execute_result", {"text/plain": "{'x': 1}"})],
        "d": [],
    }
    [shown_next] = page_python.run([("a", "import otp_mini\n'left' in globals(), hasattr(otp_mini, 'left')")]).values()
    assert comparable(shown_next) == [("execute_result", {"text/plain": "(False, False)"})]


def test_a_notebook_that_ends_node_takes_no_other_with_it(page_python: PagePython) -> None:
    with pytest.raises(pytest.fail.Exception):
        page_python.run([("ends", "import js\njs.process.exit(3)")])
    [shown] = page_python.run([("next", "1 + 1")]).values()
    assert comparable(shown) == [("execute_result", {"text/plain": "2"})]

"""The copy of a chapter that opens in the page.

It holds every cell of the notebook in the repository, so that running all of it gives the outputs that are stored
there. What differs:

* the outputs are left out: the reader makes them, and no prediction is answered beforehand;
* hidden tests are removed;
* an exercise comes in the order of its page (`exercise_view.page_view`): the stub to fill in, the checks and the hints,
  then the solution and what the checks say to it, folded. An unsolved stub raises; the cells that this concerns are
  tagged so that "Run All Cells" goes on behind them.

The copy's file name carries a hash of its content. The browser stores a reader's edit under the file name: so an edit
never hides a new release of its chapter, and a release of another chapter does not touch it.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "book" / "_ext"))

from exercise_view import HINT, page_view

Cell = dict[str, Any]

KERNEL = {"name": "python", "display_name": "Python (Pyodide)", "language": "python"}
# The tags that fold or remove a cell's source in the book fold it here.
FOLDED = {"hide-cell", "hide-input", "remove-cell", "remove-input"}
FOLD_OPENS, FOLD_ENDS = '<details class="solution">', "</details>"
FOLD_HERE = "**One solution** is folded below: a click on the bar opens it."
GOES_ON = "raises-exception"  # the tag with which JupyterLab runs on after an error


@dataclass(frozen=True)
class LiveNotebook:
    """One chapter as it is served to the page."""

    stem: str  # its page is notebooks/<stem>.html
    path: str  # <stem>.<hash>.ipynb
    text: str


def live_notebook(path: Path) -> LiveNotebook:
    """Read the notebook at `path` and answer its copy for the page."""
    cells = live_cells(page_view(json.loads(path.read_text(encoding="utf-8")))["cells"])
    metadata = {"kernelspec": KERNEL, "language_info": {"name": "python"}, "published": fingerprint(cells)}
    notebook = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    text = json.dumps(notebook, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    release = hashlib.sha256(text.encode()).hexdigest()[:8]
    return LiveNotebook(path.stem, f"{path.stem}.{release}.ipynb", text)


def live_cells(page: Iterable[Cell]) -> list[Cell]:
    """Turn the cells of the page's view into those of the live copy."""
    cells: list[Cell] = []
    in_fold, after_fold = False, 0
    for cell in page:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown" and source.startswith(FOLD_OPENS):
            in_fold = True
            _go_on_after_errors(cells[after_fold:])
            cells.append(_live_cell(cell, FOLD_HERE))
        elif cell["cell_type"] == "markdown" and in_fold and source == FOLD_ENDS:
            in_fold, after_fold = False, len(cells)
        elif source.strip() or cell["cell_type"] == "markdown":  # else nothing is left of it but a hidden test
            cells.append(_live_cell(cell, source, folded=in_fold))
    return cells


def fingerprint(cells: Iterable[Cell]) -> int:
    """Answer a hash of what stands in the cells (FNV-1a).

    It goes into the notebook. book/_static/live.js takes it again to see whether the reader changed anything: running
    cells, and the empty cell that JupyterLab adds behind the last one, are no change.
    """
    told = (f"{cell['cell_type']}\n{cell['source']}" for cell in cells if cell["source"].strip())
    value = 0x811C9DC5
    for byte in "\x1e".join(told).encode():
        value = (value ^ byte) * 0x01000193 & 0xFFFFFFFF
    return value


def _live_cell(cell: Cell, source: str, folded: bool = False) -> Cell:
    live: Cell = {key: cell[key] for key in ("cell_type", "id")} | {"source": source, "metadata": {}}
    if cell["cell_type"] != "code":
        return live
    live["metadata"]["trusted"] = True  # what the reader's own runs show is shown again after a reload
    tags = cell["metadata"].get("tags", [])
    if folded or FOLDED & set(tags):
        live["metadata"]["jupyter"] = {"source_hidden": True}
    if GOES_ON in tags:
        live["metadata"]["tags"] = [GOES_ON]
    return live | {"outputs": [], "execution_count": None}


def _go_on_after_errors(cells: list[Cell]) -> None:
    """Tag the cells that wait for the reader's answer: the code at the end of `cells`, back to the exercise's text."""
    for cell in reversed(cells):
        if cell["cell_type"] == "code":
            cell["metadata"]["tags"] = [GOES_ON]
        elif not cell["source"].lstrip().startswith(HINT):
            return

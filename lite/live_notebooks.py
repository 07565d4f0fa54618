"""The copy of a chapter that opens in the page: the learner's copy (`tools/learners_copy.py`) without its outputs.

The outputs are left out because the reader makes them, and no prediction is answered beforehand. Solutions are not in
it: they stand in the page, behind the exercise, in a fold.

The copy's file name carries a hash of its content. The browser stores a reader's edit under the file name: so an edit
never hides a new release of its chapter, and a release of another chapter does not touch it.
"""

from __future__ import annotations

import hashlib
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tools.learners_copy import fingerprint, learners_cells

KERNEL = {"name": "python", "display_name": "Python (Pyodide)", "language": "python"}


@dataclass(frozen=True)
class LiveNotebook:
    """One chapter as it is served to the page."""

    stem: str  # its page is notebooks/<stem>.html
    path: str  # <stem>.<hash>.ipynb
    text: str


def live_notebook(path: Path) -> LiveNotebook:
    """Read the notebook at `path` and answer its copy for the page."""
    cells = [_live_cell(cell) for cell in learners_cells(json.loads(path.read_text(encoding="utf-8")))]
    metadata = {"kernelspec": KERNEL, "language_info": {"name": "python"}, "published": fingerprint(cells)}
    notebook = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    text = json.dumps(notebook, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    release = hashlib.sha256(text.encode()).hexdigest()[:8]
    return LiveNotebook(path.stem, f"{path.stem}.{release}.ipynb", text)


def _live_cell(cell: dict[str, Any]) -> dict[str, Any]:
    if cell["cell_type"] != "code":
        return cell
    # Trusted: what the reader's own runs show is shown again after a reload.
    return cell | {"outputs": [], "metadata": cell["metadata"] | {"trusted": True}}

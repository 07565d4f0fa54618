"""Make the copies of the chapters that learners work in: `python tools/learners_copy.py my_course`.

A chapter's notebook holds every exercise with its solution, so that the tests can run it. A learner's copy is made
from it (see `book/_ext/exercise_view.py` for the marks):

* solutions are replaced by stubs, and hidden tests are gone: nothing binds a name that a check looks at but the
  reader's own code;
* the outputs of exercises, and of cells tagged `predict`, are cleared; the others stay, to be read before a first run;
* the code of an exercise is tagged so that "Run All Cells" goes on behind a stub, which raises.

`course.py lab` opens these copies in a folder of their own, and "Open as a notebook" opens them in the page
(`lite/live_notebooks.py`, which leaves out all outputs).

**A reader's work is never overwritten.** A copy carries two numbers in its metadata: `published`, a hash of the text in
its cells, by which a change of the reader's is seen, and `edition`, a hash of all that was given out. A copy that the
reader did not change is renewed; beside one that was changed the new edition is put under another name, and a sentence
says so.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "book" / "_ext"))

from exercise_view import student_groups  # noqa: E402 (its folder has just become one to import from)

Cell = dict[str, Any]

GOES_ON = "raises-exception"  # the tag with which JupyterLab runs on after an error
PREDICT = "predict"  # the tag of a cell whose outcome the reader is to say beforehand
# The tags that fold or remove a cell's source in the book fold it here.
FOLDED = {"hide-cell", "hide-input", "remove-cell", "remove-input"}
KERNEL = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}


@dataclass(frozen=True)
class Copy:
    """A learner's copy as it lies on the disk, as far as it is of interest here."""

    edition: str | None  # None: it was not made here, or cannot be read
    changed: bool  # by the reader


def learners_cells(notebook: dict[str, Any]) -> list[Cell]:
    """Return the cells of the learner's copy of a chapter, in the order of the chapter."""
    cells: list[Cell] = []
    for exercise, group in student_groups(notebook):
        for cell in group:
            source = "".join(cell["source"])
            if source.strip():  # else nothing is left of it but a hidden test
                cells.append(_learners_cell(cell, source, exercise))
    return cells


def _learners_cell(cell: Cell, source: str, exercise: bool) -> Cell:
    kept = {key: cell[key] for key in ("cell_type", "id", "attachments") if key in cell}
    copy: Cell = kept | {"source": source, "metadata": {}}
    if cell["cell_type"] != "code":
        return copy
    tags = set(cell["metadata"].get("tags", []))
    if FOLDED & tags:
        copy["metadata"]["jupyter"] = {"source_hidden": True}
    if exercise or GOES_ON in tags:
        copy["metadata"]["tags"] = [GOES_ON]
    outputs = [] if exercise or PREDICT in tags else cell["outputs"]
    return copy | {"outputs": outputs, "execution_count": None}


def fingerprint(cells: Iterable[Cell]) -> int:
    """Return a hash of what stands in the cells (FNV-1a).

    It goes into the notebook. `book/_static/live.js` takes it again to see whether the reader changed anything: running
    cells, and the empty cell that JupyterLab adds behind the last one, are no change.
    """
    told = ((cell["cell_type"], "".join(cell["source"])) for cell in cells)
    value = 0x811C9DC5
    for byte in "\x1e".join(f"{kind}\n{source}" for kind, source in told if source.strip()).encode():
        value = (value ^ byte) * 0x01000193 & 0xFFFFFFFF
    return value


def learners_copy(chapter: Path) -> dict[str, Any]:
    """Return the learner's copy of the notebook `chapter`, for JupyterLab."""
    notebook = json.loads(chapter.read_text(encoding="utf-8"))
    cells = learners_cells(notebook)
    metadata = {"kernelspec": KERNEL, "language_info": {"name": "python"}, "published": fingerprint(cells)}
    if "widgets" in notebook["metadata"]:
        metadata["widgets"] = notebook["metadata"]["widgets"]
    copy = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    metadata["edition"] = hashlib.sha256(json.dumps(copy, sort_keys=True).encode()).hexdigest()[:12]
    return copy


def look_at(path: Path) -> Copy:
    """Return what is known of the copy at `path`; one that cannot be read is the reader's own."""
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
        metadata = notebook["metadata"]
        return Copy(metadata["edition"], metadata["published"] != fingerprint(notebook["cells"]))
    except (ValueError, KeyError, TypeError, AttributeError):
        return Copy(None, True)


def names(stem: str) -> Iterator[str]:
    """The names under which a chapter may lie in the learner's folder: the usual one, then those for new editions."""
    yield f"{stem}.ipynb"
    yield f"{stem}.new-edition.ipynb"
    for number in itertools.count(2):
        yield f"{stem}.new-edition-{number}.ipynb"


def give_out(chapter: Path, folder: Path) -> str | None:
    """Put the learner's copy of `chapter` into `folder`; return what the reader should know of it, if anything."""
    copy = learners_copy(chapter)
    usual = folder / f"{chapter.stem}.ipynb"
    for path in (folder / name for name in names(chapter.stem)):
        found = look_at(path) if path.exists() else None
        if found and found.changed and found.edition != copy["metadata"]["edition"]:
            continue
        if found is None or found.edition != copy["metadata"]["edition"]:
            write(path, copy)
        break
    if path == usual:
        return None
    return (
        f"{usual.name}: the chapter is newer than the copy that you changed. "
        f"Your copy stays as it is, and the new edition lies beside it as {path.name}."
    )


def write(path: Path, notebook: dict[str, Any]) -> None:
    """Write a notebook, wholly or not at all, as Jupyter writes it."""
    half_written = path.with_suffix(".ipynb.new")
    text = json.dumps(notebook, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    half_written.write_text(text, encoding="utf-8", newline="\n")
    half_written.replace(path)


def main(arguments: list[str]) -> int:
    """Make or renew the copies of all chapters in the folder that is named."""
    asked = argparse.ArgumentParser(description=main.__doc__)
    asked.add_argument("folder", type=Path, help="where the copies go; it is made if it is not there")
    folder = asked.parse_args(arguments).folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for chapter in sorted((ROOT / "notebooks").glob("*.ipynb")):
            if said := give_out(chapter, folder):
                print(said, flush=True)
    except OSError as error:
        print(
            f"The copies of the chapters cannot be put into {folder}: {error.strerror or error} ({error.filename}). "
            "Name another folder with --folder.",
            file=sys.stderr,
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

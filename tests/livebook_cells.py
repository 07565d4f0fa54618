"""Reads a Livebook (``.livemd``), without the code that wrote it, and runs its cells as Livebook would.

``livebook_cells.exs`` tells how. A BEAM takes a second to start and most cells only wait, so several Livebooks share a
BEAM, one after the other, and some BEAMs run side by side.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

BEAMS = 4
PATIENCE = 500.0  # seconds for all Livebooks of one BEAM

OUTPUT = '<!-- livebook:{"output":true} -->'


@dataclass
class Cell:
    """A cell of code: what stands below it as its output, and what stands in a fold behind it."""

    code: str
    output: str | None = None
    folded: str | None = None
    before: str = ""  # the text between the cell before and this one


@dataclass
class Livebook:
    """The parts that Livebook sees in a file."""

    title: str = ""
    setup: list[Cell] = field(default_factory=list)  # before the first section
    sections: list[str] = field(default_factory=list)
    cells: list[Cell] = field(default_factory=list)
    text: list[str] = field(default_factory=list)  # every line outside of cells and outputs


def read(livemd: str) -> Livebook:
    """Take a file apart, line by line."""
    book, lines = Livebook(), livemd.split("\n")
    number, began, is_output = 0, 0, False
    while number < len(lines):
        line = lines[number]
        fence = re.match(r"(`{3,})(\S*)$", line)
        if fence:
            end = lines.index(fence[1], number + 1)
            body = "\n".join(lines[number + 1 : end])
            _add(book, fence[2], body, is_output, "\n".join(book.text[began:]))
            began = len(book.text) if fence[2] == "elixir" else began
            is_output, number = False, end
        elif line == OUTPUT:
            is_output = True
        else:
            is_output = is_output and not line
            book.text.append(line)
            if line.startswith("# "):
                assert not book.title, "a second title"
                book.title = line[2:]
            elif line.startswith("## "):
                book.sections.append(line[3:])
        number += 1
    return book


def _add(book: Livebook, language: str, body: str, is_output: bool, before: str) -> None:
    """Put a fence where it belongs."""
    cells = book.cells if book.sections else book.setup
    if language == "elixir":
        cells.append(Cell(body, before=before))
    elif is_output:
        assert not language, "Livebook takes only a bare fence for an output of text"
        assert cells[-1].output is None, "two outputs"
        cells[-1].output = body
    else:
        assert language == "text"
        assert cells[-1].folded is None
        assert cells[-1].output is None
        cells[-1].folded = body


@dataclass
class Ran:
    """What came of the cells of one Livebook, the setup first; `said` is what went to the terminal of its BEAM."""

    printed: list[str | None]
    errors: list[str]
    said: str


def run(elixir: str, books: dict[str, Livebook], beams: int = BEAMS) -> dict[str, Ran]:
    """Run Livebooks, by name."""
    names = list(books)
    shares = [share for share in (names[first::beams] for first in range(beams)) if share]
    with ThreadPoolExecutor(len(shares)) as pool:
        ran = pool.map(lambda share: _run(elixir, {name: books[name] for name in share}), shares)
        return {name: outcome for share in ran for name, outcome in share.items()}


def _run(elixir: str, books: dict[str, Livebook]) -> dict[str, Ran]:
    """Run some Livebooks in one BEAM."""
    with tempfile.TemporaryDirectory() as folder:
        scripts = {name: _write(Path(folder, name), book) for name, book in books.items()}
        command = [elixir, str(Path(__file__).with_suffix(".exs")), folder]
        done = subprocess.run(command, cwd=folder, capture_output=True, encoding="utf-8", timeout=PATIENCE, check=False)
        said = done.stdout + done.stderr
        return {name: _outcome(paths, said) for name, paths in scripts.items()}


def _write(folder: Path, book: Livebook) -> list[Path]:
    folder.mkdir()
    paths = [folder / f"{number:03}.exs" for number in range(len(book.setup + book.cells))]
    for path, cell in zip(paths, book.setup + book.cells, strict=True):
        path.write_text(cell.code, encoding="utf-8")
    return paths


def _outcome(paths: list[Path], said: str) -> Ran:
    errors = [path.read_text(encoding="utf-8") for path in sorted(paths[0].parent.glob("*.err"))]
    return Ran([_text(path, ".out") for path in paths], errors, said)


def _text(path: Path, ending: str) -> str | None:
    wanted = path.with_suffix(ending)
    return wanted.read_text(encoding="utf-8") if wanted.exists() else None

"""Two books of made-up pages, built with the course's own configuration and extensions.

A build takes seconds, so there are only two for all test files: in the *good* one no page has a fault, in the *faulty*
one every page may have some. A test file says what pages it wants when it is imported, under names that no other file
uses, and takes the fixture `good_book` or `faulty_book`::

    scratch_book.good({"twins_page.md": "# Page"})
"""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat
import yaml
from bs4 import BeautifulSoup

import course

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class ScratchBook:
    """What came of the build."""

    site: Path
    status: int  # of the command: 0 only when there was no warning
    warnings: list[str]

    def about(self, page: str) -> list[str]:
        """The warnings about one page, given by its name with the ending."""
        return [warning for warning in self.warnings if f"/{page}:" in warning]

    def page(self, name: str) -> BeautifulSoup:
        return BeautifulSoup((self.site / f"{name}.html").read_text(encoding="utf-8"), "html.parser")


def notebook(*cells: nbformat.NotebookNode) -> str:
    """A Python notebook of these cells, as text."""
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3"}, "language_info": {"name": "python"}}
    return nbformat.writes(nbformat.v4.new_notebook(cells=list(cells), metadata=metadata))


Pages = dict[str, str | Callable[[], str]]
"""The text of each page by its name with the ending; or a function that makes it, where that takes long."""

wanted: dict[str, Pages] = {"good": {}, "faulty": {}}


def good(pages: Pages) -> None:
    """Ask for pages without a fault."""
    _ask("good", pages)


def faulty(pages: Pages) -> None:
    """Ask for pages that may have faults."""
    _ask("faulty", pages)


def _ask(kind: str, pages: Pages) -> None:
    names = {Path(name).stem for name in pages}
    assert not names & {Path(name).stem for name in wanted[kind]}, "another test file has a page of that name"
    wanted[kind].update(pages)


def shared(folder: Path, kind: str) -> ScratchBook:
    """The book of a kind, built by the first process that asks for it in this run of the tests."""
    with _alone(folder / f"{kind}.lock"):
        outcome = folder / f"{kind}.json"
        if not outcome.exists():
            pages = {name: text if isinstance(text, str) else text() for name, text in wanted[kind].items()}
            book = build(folder / kind, pages)
            outcome.write_text(json.dumps([str(book.site), book.status, book.warnings]), encoding="utf-8")
        site, status, warnings = json.loads(outcome.read_text(encoding="utf-8"))
    return ScratchBook(Path(site), status, warnings)


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[None]:
    with path.open("a+") as file:
        while not course.take_lock(file.fileno()):
            time.sleep(0.1)
        yield


def build(folder: Path, pages: dict[str, str]) -> ScratchBook:
    """Build a book of these pages (name with ending: text), behind a first page of its own."""
    for part in ("_ext", "_static", "_templates"):
        shutil.copytree(ROOT / "book" / part, folder / "book" / part)
    for file in ("cheat_sheet.toml", "guide_map.toml", "questions.toml", "_search_order.js"):
        shutil.copy(ROOT / "book" / file, folder / "book")
    (folder / "benchmarks").mkdir()
    for file in course.MEASURED:
        shutil.copy(ROOT / file, folder / "benchmarks")
    shutil.copytree(ROOT / "lite" / "page", folder / "lite" / "page")  # the page of progress is made of it
    shutil.copy(ROOT / "_config.yml", folder)
    (folder / "first.md").write_text("# First page\n", encoding="utf-8")
    for name, text in pages.items():
        (folder / name).write_text(text, encoding="utf-8")
    toc = {"format": "jb-book", "root": "first", "chapters": [{"file": Path(name).stem} for name in pages]}
    (folder / "_toc.yml").write_text(yaml.safe_dump(toc), encoding="utf-8")
    program = "from jupyter_book.cli.main import main; main()"
    command = [sys.executable, "-c", program, "build", str(folder), "-W", "-n", "--keep-going"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", check=False)
    said = re.sub(r"\x1b\[[0-9;]*m", "", done.stdout + done.stderr)
    warnings = [line for line in said.splitlines() if re.search(r"\b(WARNING|ERROR|CRITICAL)\b", line)]
    assert (folder / "_build" / "html" / "first.html").exists(), said[-3000:]
    return ScratchBook(folder / "_build" / "html", done.returncode, warnings)

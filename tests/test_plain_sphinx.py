"""The book can be built with Sphinx alone, by the `conf.py` that Jupyter Book writes, and says the same.

Jupyter Book 1 is a thin layer over Sphinx. Should it ever be gone, nothing of the course is lost with it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest
import scratch_book
from bs4 import BeautifulSoup
from scratch_book import ScratchBook, notebook

import course

text, code = nbformat.v4.new_markdown_cell, nbformat.v4.new_code_cell
TWIN = """<details class="elixir">
<summary>The same in Elixir</summary>

```elixir
1
```

```text
1
```

</details>"""
CELLS = [
    text("# Chapter\n\nSee [the page](plain_sphinx_page.md)."),
    text("**Predict.** What comes?"),
    code("1", metadata={"tags": ["twin", "predict"]}),
    text(TWIN),
    text("## Drill 1"),
    code("### BEGIN SOLUTION\nanswer = 42\n### END SOLUTION"),
    code("check(answer)"),
    text("## Summary\n\n- One."),
]
scratch_book.good(
    {
        "plain_sphinx_page.md": "# Page\n\n:::{note}\nWords, and {kbd}`Tab`.\n:::\n\n| a | b |\n|---|---|\n| 1 | 2 |\n",
        "98_plain_sphinx.ipynb": notebook(*CELLS),
    }
)


@dataclass(frozen=True)
class Plain:
    """What came of the build with Sphinx alone."""

    site: Path
    status: int
    said: str


@pytest.fixture(scope="module")
def plain(good_book: ScratchBook, tmp_path_factory: pytest.TempPathFactory) -> Plain:
    """The scratch book, built by Sphinx from the `conf.py` that Jupyter Book writes for it."""
    folder = tmp_path_factory.mktemp("plain") / "book"
    shutil.copytree(good_book.site.parents[1], folder, ignore=shutil.ignore_patterns("_build"))
    write_conf = "from jupyter_book.cli.main import main; main()"
    command = [sys.executable, "-c", write_conf, "config", "sphinx", str(folder)]
    subprocess.run(command, cwd=course.ROOT, capture_output=True, check=True)
    command = [sys.executable, "-m", "sphinx", "-b", "html", "-W", "-n", "--keep-going", ".", "site"]
    paths = {**os.environ, "PYTHONPATH": os.pathsep.join([str(folder / "book" / "_ext"), str(course.ROOT)])}
    done = subprocess.run(command, cwd=folder, env=paths, capture_output=True, encoding="utf-8", check=False)
    return Plain(folder / "site", done.returncode, done.stdout + done.stderr)


@pytest.mark.slow("a book is built twice")
def test_sphinx_alone_builds_the_book_without_a_warning(plain: Plain) -> None:
    assert plain.status == 0, plain.said[-3000:]


@pytest.mark.slow("a book is built twice")
def test_its_pages_say_what_those_of_jupyter_book_say(good_book: ScratchBook, plain: Plain) -> None:
    def said(site: Path) -> dict[str, str]:
        pages = {path.relative_to(site).as_posix(): path.read_text(encoding="utf-8") for path in site.rglob("*.html")}
        return {name: BeautifulSoup(page, "html.parser").get_text(" ", strip=True) for name, page in pages.items()}

    expected, found = said(good_book.site), said(plain.site)
    assert expected.keys() == found.keys()
    assert "98_plain_sphinx.html" in found
    assert {name for name in expected if expected[name] != found[name]} == set()


@pytest.mark.slow("a book is built twice")
def test_it_ships_the_same_files(good_book: ScratchBook, plain: Plain) -> None:
    def files(site: Path) -> set[str]:
        return {path.relative_to(site).as_posix() for path in site.rglob("*") if path.is_file()}

    left_out = {".buildinfo", ".nojekyll"}
    assert {name for name in files(good_book.site) ^ files(plain.site) if ".doctrees" not in name} <= left_out

"""Finds the Elixir in the book and the notebooks, and what each block is said to print.

The convention, for whoever writes a page
-----------------------------------------
A **twin** is an ``elixir`` fence, and straight after it a ``text`` fence with all that it prints::

    ```elixir
    IO.puts("hello")
    ```

    ```text
    hello
    ```

* Each block is a whole program: it runs alone, as ``elixir block.exs`` would run it.
* The ``text`` fence holds its standard output, every line of it. There is no block without one.
* Nothing may come on standard error: a compiler's warning is a mistake in the block. The log is
  switched off while it runs, because its lines carry the time of day.
* It must print the same on every run: no pids, no references, no races.

In a **notebook** the twin is a Markdown cell of its own, wrapped so that JupyterLab, a web
view of the repository and the book can all fold it::

    <details class="elixir">
    <summary>The same in Elixir</summary>

    ```elixir
    ...
    ```

    ```text
    ...
    ```

    </details>

The blank lines matter: without them Markdown takes the fences for HTML. Code cells straight
before it that carry the tag ``twin`` are its Python side: the book puts them and the Elixir into
two tabs (``book/_ext/twins.py``). Without such a cell it stays a fold.

On a **page of the book** both sides are fences, in the directive that sets them side by side::

    :::{twins}
    ```python
    print("hello")
    ```
    ```text
    hello
    ```
    ```elixir
    IO.puts("hello")
    ```
    ```text
    hello
    ```
    :::

There a ``python`` fence with a ``text`` fence after it is run as well.

The record
----------
``tests/records/elixir_twins.json`` holds what real Elixir printed for each block, under the hash
of the block, so that a machine without Elixir checks the pages too. After a change to a block::

    python tests/elixir_twins.py --record     # ask real Elixir, store its answers
    python tests/elixir_twins.py --write      # the same, and put the answers into the pages
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RECORD = ROOT / "tests" / "records" / "elixir_twins.json"

# The log's lines hold a time and pids, so no page can quote them.
SILENT = ("--erl", "-kernel logger_level none")
PATIENCE = 60.0  # seconds for one block; a machine that runs other tests at the same time is slow


class TwinError(ValueError):
    """A page breaks the convention above: says where, what was expected and what came."""


@dataclass(frozen=True)
class Twin:
    """One block of code on a page, and what the page says it prints."""

    page: Path
    cell: int | None  # the notebook's cell, None on a page of the book
    line: int  # of the opening fence: in the cell, or in the page
    code: str
    printed: str
    printed_line: int

    @property
    def key(self) -> str:
        """The block's name in the record: a hash of its text."""
        return hashlib.sha256(self.code.encode()).hexdigest()[:16]

    @property
    def where(self) -> str:
        """Where to look, as ``page:line`` or ``notebook cell 3:line``."""
        page = self.page.relative_to(ROOT) if self.page.is_relative_to(ROOT) else self.page
        cell = "" if self.cell is None else f" cell {self.cell}"
        return f"{page.as_posix()}{cell}:{self.line}"


@dataclass(frozen=True)
class Fence:
    """One fenced block of Markdown: its language, its lines without the fence, its place."""

    language: str
    text: str
    line: int
    end: int
    indent: str


_FENCE = re.compile(r"^(?P<indent>\s*)(?P<ticks>`{3,}|~{3,})\s*(?P<info>[^`]*)$")
_CODE_BLOCK = re.compile(r"^\{(?:code-block|code)\}\s*(\S*)")


def fences(markdown: str) -> list[Fence]:
    """All fenced blocks in the text, those inside directives and folds too."""
    found = []
    lines = markdown.splitlines()
    containers: list[str] = []  # directives written with backticks: they hold further blocks
    number = 0
    while number < len(lines):
        match = _FENCE.match(lines[number])
        number += 1
        if match is None:
            continue
        ticks, info = match["ticks"], match["info"].strip()
        if not info and containers and ticks.startswith(containers[-1]):
            containers.pop()
        elif info.startswith("{") and not _CODE_BLOCK.match(info):
            containers.append(ticks)
        else:
            fence = _block(lines, number, match)
            found.append(fence)
            number = fence.end
    return found


def _block(lines: list[str], start: int, opening: re.Match[str]) -> Fence:
    """The block whose opening fence is the line before ``start`` (counted from 0)."""
    info = opening["info"].strip()
    directive = _CODE_BLOCK.match(info)
    language = directive[1] if directive else (info.split() or [""])[0]
    closing = re.compile(rf"^\s*{re.escape(opening['ticks'])}{opening['ticks'][0]}*\s*$")
    end = start
    while end < len(lines) and not closing.match(lines[end]):
        end += 1
    width = len(opening["indent"])
    body = [line[width:] if not line[:width].strip() else line.lstrip() for line in lines[start:end]]
    if directive:
        body = _without_options(body)
    return Fence(language, "".join(line + "\n" for line in body), start, end + 1, opening["indent"])


def _without_options(body: list[str]) -> list[str]:
    """Drop the ``:option: value`` lines at the head of a ``{code-block}``."""
    first = next((n for n, line in enumerate(body) if not line.startswith(":")), len(body))
    return body[first:]


def twins_in(markdown: str, page: Path, cell: int | None = None, language: str = "elixir") -> Iterator[Twin]:
    """The blocks in one language with what they print; raises `TwinError` for one without."""
    blocks = fences(markdown)
    written = re.findall(rf"(?m)^\s*(?:`{{3,}}|~{{3,}})\s*(?:\{{code(?:-block)?\}}\s*)?{language}\b", markdown)
    if len(written) != sum(block.language == language for block in blocks):
        raise TwinError(f"{page}: a fence of {language} stands inside another block, where no test sees it")
    lines = markdown.splitlines()
    for block, after in zip_longest(blocks, blocks[1:]):
        if block.language != language:
            continue
        between = lines[block.end : after.line - 1] if after else []
        if after is None or after.language != "text" or any(line.strip() for line in between):
            raise TwinError(
                f"{page}, line {block.line}: a fence of {language} must be followed by a fence of text "
                "with what it prints, with nothing between them"
            )
        yield Twin(page, cell, block.line, block.text, after.text, after.line)


def pages() -> list[Path]:
    """The book's pages and the notebooks, in a stable order."""
    notebooks = (ROOT / "notebooks").rglob("*.ipynb")
    return sorted((ROOT / "book").glob("*.md")) + sorted(
        path for path in notebooks if ".ipynb_checkpoints" not in path.parts
    )


def twins_of(page: Path, language: str = "elixir") -> list[Twin]:
    """The twins of one page or notebook."""
    if page.suffix != ".ipynb":
        return list(twins_in(page.read_text(encoding="utf-8"), page, language=language))
    cells = json.loads(page.read_text(encoding="utf-8"))["cells"]
    return [
        twin
        for number, cell in enumerate(cells)
        if cell["cell_type"] == "markdown"
        for twin in twins_in("".join(cell["source"]), page, number, language)
    ]


def run_elixir(elixir: str, code: str) -> str:
    """What the block prints on real Elixir; raises `TwinError` if it fails or warns."""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder, "block.exs")
        script.write_text(code, encoding="utf-8")
        return _output([elixir, *SILENT, str(script)], Path(folder), code)


def run_together(elixir: str, codes: list[str]) -> dict[str, str]:
    """What blocks print that run one after the other in one BEAM: of those that neither fail nor warn there.

    A start of the BEAM takes longer than most blocks. `run_elixir`, which runs a block alone, has the last word.
    """
    with tempfile.TemporaryDirectory() as folder:
        scripts = {Path(folder, f"block_{number:03}.exs"): code for number, code in enumerate(codes)}
        for script, code in scripts.items():
            script.write_text(code, encoding="utf-8")
        command = [elixir, *SILENT, str(Path(__file__).with_suffix(".exs")), folder]
        with contextlib.suppress(subprocess.TimeoutExpired):
            subprocess.run(command, cwd=folder, capture_output=True, timeout=PATIENCE + 2 * len(codes), check=False)
        return {
            code: script.with_suffix(".out").read_text(encoding="utf-8")
            for script, code in scripts.items()
            if script.with_suffix(".out").exists() and not script.with_suffix(".err").exists()
        }


def run_python(code: str) -> str:
    """What the block prints on this Python, as a file; raises `TwinError` if it fails or warns."""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder, "block.py")  # `explore` reads the source
        script.write_text(code, encoding="utf-8")
        run = f"import runpy, sys; runpy.run_path({str(script)!r}, run_name='__main__')"
        return _output([sys.executable, "-c", run], ROOT, code)


def _output(command: list[str], folder: Path, code: str) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, encoding="utf-8", timeout=PATIENCE, check=False)
    if done.returncode or done.stderr.strip():
        raise TwinError(f"exit status {done.returncode}\n{done.stderr}\nof the block\n{code}")
    return done.stdout


def same(one: str, other: str) -> bool:
    """Whether two outputs are the same text, but for space at the ends of lines and at the end."""
    return _tidy(one) == _tidy(other)


def _tidy(text: str) -> list[str]:
    return [line.rstrip() for line in text.rstrip().splitlines()]


def elixir_release(elixir: str) -> str:
    """The release of the Elixir that answers, as ``1.14.0 on OTP 25``."""
    code = 'IO.puts("#{System.version()} on OTP #{System.otp_release()}")'
    return run_elixir(elixir, code).strip()


def read_record() -> dict[str, str]:
    """What real Elixir printed, by the block's key."""
    if not RECORD.exists():
        return {}
    return {key: "\n".join(lines) for key, lines in json.loads(RECORD.read_text(encoding="utf-8"))["printed"].items()}


def record(elixir: str, write: bool) -> int:
    """Ask real Elixir for every block, store the answers; with ``write`` also put them on the pages."""
    printed: dict[str, list[str]] = {}
    differ = 0
    for page in pages():
        for twin in reversed(twins_of(page)):  # from the end: a longer answer moves what follows it
            answer = run_elixir(elixir, twin.code)
            printed[twin.key] = _tidy(answer)
            if not same(answer, twin.printed):
                differ += 1
                print(f"{twin.where} {'rewritten' if write else 'differs'}:\n{answer}")
                if write:
                    _put(twin, answer)
    RECORD.parent.mkdir(exist_ok=True)
    stored = {"elixir": elixir_release(elixir), "printed": dict(sorted(printed.items()))}
    RECORD.write_text(json.dumps(stored, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"{len(printed)} blocks recorded, {differ} not as the pages say")
    return 1 if differ and not write else 0


def _put(twin: Twin, answer: str) -> None:
    """Replace what the page says the twin prints."""
    text = twin.page.read_text(encoding="utf-8")
    if twin.cell is None:
        twin.page.write_text(_replaced(text, twin, answer), encoding="utf-8")
        return
    notebook = json.loads(text)
    cell = notebook["cells"][twin.cell]
    cell["source"] = _replaced("".join(cell["source"]), twin, answer).splitlines(keepends=True)
    twin.page.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _replaced(markdown: str, twin: Twin, answer: str) -> str:
    [fence] = [fence for fence in fences(markdown) if fence.line == twin.printed_line]
    lines = markdown.splitlines(keepends=True)
    body = [f"{fence.indent}{line}\n" for line in _tidy(answer)]
    return "".join(lines[: fence.line] + body + lines[fence.end - 1 :])


def main() -> int:
    """The command line, described in the module's docstring."""
    parser = argparse.ArgumentParser(description="Ask real Elixir what the book's Elixir prints.")
    choice = parser.add_mutually_exclusive_group(required=True)
    choice.add_argument("--record", action="store_true", help="store the answers for machines without Elixir")
    choice.add_argument("--write", action="store_true", help="the same, and put the answers into the pages")
    chosen = parser.parse_args()
    elixir = shutil.which("elixir")
    if elixir is None:
        print("No `elixir` on the path: install Elixir 1.14 or later to record what it prints.")
        return 2
    return record(elixir, chosen.write)


if __name__ == "__main__":
    sys.exit(main())

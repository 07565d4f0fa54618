"""Each chapter's Elixir is also a Livebook, which runs from top to bottom and makes sense alone."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

import livebook_cells
import pytest
from book_ext import livebooks
from elixir_twins import same, twins_of
from livebook_cells import Cell, Livebook

ROOT = Path(__file__).resolve().parents[1]
CHAPTERS = sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))
chapters = pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda path: path.stem[:2])


@cache
def text_of(chapter: Path) -> str:
    return livebooks.livebook(json.loads(chapter.read_text(encoding="utf-8")))


@cache
def book_of(chapter: Path) -> Livebook:
    return livebook_cells.read(text_of(chapter))


def asked(chapter: Path) -> list[bool]:
    """Of each block of Elixir, whether the reader is to predict what comes out."""
    answers, predict = [], False
    for cell in json.loads(chapter.read_text(encoding="utf-8"))["cells"]:
        tags = cell["metadata"].get("tags", [])
        if '<details class="elixir">' in "".join(cell["source"]):
            answers.append(predict)
        predict = cell["cell_type"] == "code" and "twin" in tags and (predict or "predict" in tags)
    return answers


# ---- what a Livebook holds --------------------------------------------------------------------------------------


@chapters
def test_it_has_every_block_of_elixir_and_what_that_prints(chapter: Path) -> None:
    """All that stands beside Python; the Elixir that an exercise asks about stays with the exercise, on the page."""
    sources = ["".join(cell["source"]) for cell in json.loads(chapter.read_text(encoding="utf-8"))["cells"]]
    twins = [twin for twin in twins_of(chapter) if '<details class="elixir">' in sources[twin.cell or 0]]
    cells = book_of(chapter).cells
    assert [cell.code for cell in cells] == ["Fresh.start()\n\n" + twin.code.rstrip() for twin in twins]
    said = [cell.output if cell.folded is None else cell.folded for cell in cells]
    for cell, twin in zip(said, twins, strict=True):
        assert cell is not None
        assert same(cell, twin.printed)


@chapters
def test_an_answer_is_folded_where_a_question_comes_first(chapter: Path) -> None:
    cells = book_of(chapter).cells
    assert [cell.folded is not None for cell in cells] == asked(chapter)
    for cell in cells:
        assert (cell.output is None) == (cell.folded is not None)
        assert cell.folded is None or "**Predict.**" in cell.before


@chapters
def test_it_has_a_title_a_setup_and_sections(chapter: Path) -> None:
    book = book_of(chapter)
    whole = ["".join(cell["source"]) for cell in json.loads(chapter.read_text(encoding="utf-8"))["cells"]]
    assert "# " + book.title == whole[0].split("\n")[0]
    assert len(book.setup) == 1, "Livebook takes a single cell before the first section for the setup"
    assert book.sections[0] == "About this Livebook"
    assert ("Summary" in book.sections) == any(source.startswith("## Summary") for source in whole)
    assert not [line for line in book.text if line.startswith("##") and re.search("Drill|Repair|Quiz|teachers", line)]


@chapters
def test_it_makes_sense_without_the_book(chapter: Path) -> None:
    text = "\n".join(book_of(chapter).text)
    assert re.findall(r"\]\((?!https:)", text) == [], "a link into the book leads nowhere from a file"
    assert "<!--" not in text
    assert ":::" not in text
    prose = text.partition("\n## To begin with")[2] or text.partition(livebooks.HOW[-30:])[2]
    told = re.sub(r"^#.*$|`[^`]*`", "", prose, flags=re.MULTILINE)
    assert not re.search(r"\b(Python|otp_mini|lab|drill|this page)\b", told)
    for span in re.findall("`([^`\n]*)`", prose):
        assert not re.search(r"\b(None|True|await |async_)\b|=\"|\b[A-Z]\w+\(", span), span
    assert not re.search(r":\n\n(?!```elixir|- )", text_of(chapter)), "a colon with nothing behind it"


@chapters
def test_no_section_is_empty(chapter: Path) -> None:
    assert not re.search(r"^## .*\n+(?=## |\Z)", text_of(chapter), re.MULTILINE)


# ---- it runs ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def ran(elixir: str) -> dict[str, livebook_cells.Ran]:
    """What came of every chapter's cells."""
    return livebook_cells.run(elixir, {chapter.stem: book_of(chapter) for chapter in CHAPTERS})


@chapters
def test_run_from_top_to_bottom_it_prints_what_it_says(
    elixir: str, ran: dict[str, livebook_cells.Ran], chapter: Path
) -> None:
    book = book_of(chapter)
    wrong = differences(book, ran[chapter.stem])
    if wrong:  # beside others a cell may wait too short; alone it has the last word
        wrong = differences(book, livebook_cells.run(elixir, {chapter.stem: book})[chapter.stem])
    assert wrong == []


def differences(book: Livebook, ran: livebook_cells.Ran) -> list[str]:
    """What went otherwise than the Livebook says."""
    found = list(ran.errors)
    for cell, printed in zip(book.cells, ran.printed[1:], strict=True):
        said = cell.output if cell.folded is None else cell.folded
        assert said is not None
        if "Application.start(" in cell.code:  # its processes print to the terminal
            lines = [line for line in said.split("\n") if line not in ran.said.split("\n")]
            said = "\n".join(lines)
        if printed is None or not same(printed, said):
            found.append(f"of the cell\n{cell.code}\ncame\n{printed}\nand not\n{said}")
    return found


SETUP = Cell(livebooks.SETUP)
MODULE = """
defmodule Left do
  use GenServer
  def init(state), do: {:ok, state}
end
"""
LEAVES = f"""
{MODULE}
{{:ok, _}} = GenServer.start_link(Left, [], name: Left)
{{:ok, _}} = Registry.start_link(keys: :unique, name: Keys)
{{:ok, _}} = Registry.register(Keys, 1, nil)
:ets.new(:left, [:named_table])
Process.register(self(), :cell)
send(self(), {{:call, 1}})
send(self(), :left)
spawn_link(fn -> Process.sleep(:infinity) end)
Process.flag(:trap_exit, true)
"""
LOOKS = """
IO.inspect({Process.whereis(Left), Process.whereis(Keys), Process.whereis(:cell), :ets.whereis(:left)})
IO.inspect({Process.info(self(), :trap_exit), Process.info(self(), :links), Code.ensure_loaded?(Left)})
IO.inspect(Process.info(self(), :messages))
"""
NOTHING = """\
{nil, nil, nil, :undefined}
{{:trap_exit, false}, {:links, []}, false}
{:messages, [call: 1]}
"""


def test_a_fresh_start_leaves_nothing_of_other_cells_but_livebooks_own_messages(elixir: str) -> None:
    cells = [Cell("Fresh.start()\n" + code) for code in (LEAVES, LOOKS, LEAVES, LEAVES, LOOKS.split("\n")[1])]
    ran = livebook_cells.run(elixir, {"one": Livebook(setup=[SETUP], cells=cells)})["one"]
    assert ran.errors == []
    assert same(ran.printed[2] or "", NOTHING)
    assert same(ran.printed[5] or "", NOTHING.split("\n")[0])


def test_livebook_would_refuse_a_module_that_is_there_already(elixir: str) -> None:
    ran = livebook_cells.run(elixir, {"one": Livebook(setup=[SETUP], cells=[Cell(MODULE), Cell(MODULE)])})["one"]
    assert ["module Left is already defined" in error for error in ran.errors] == [True]


def test_variables_stay_from_cell_to_cell_as_in_livebook(elixir: str) -> None:
    cells = [Cell("x = 1"), Cell("Fresh.start()\nIO.inspect(x)")]
    ran = livebook_cells.run(elixir, {"one": Livebook(setup=[SETUP], cells=cells), "two": Livebook(setup=[SETUP])})
    assert ran["one"].printed[2] == "1\n"
    assert ran["two"].errors == []


# ---- from a notebook to a Livebook ---------------------------------------------------------------------------------

TWIN = """<details class="elixir">
<summary>The same in Elixir</summary>

```elixir
IO.inspect(Task.await(Task.async(fn -> {:ok, nil} end)))
```

```text
{:ok, nil}
```

</details>"""


def made(*cells: tuple[str, str] | tuple[str, str, list[str]]) -> str:
    """The Livebook of a small notebook."""
    whole = [
        {"cell_type": kind, "source": source, "metadata": {"tags": rest[0] if rest else []}, "outputs": []}
        for kind, source, *rest in [("markdown", "# Tasks: what waits"), *cells]
    ]
    return livebooks.livebook({"cells": whole})


def around(text: str, *tags: str) -> str:
    """What becomes of a text that leads to a block of Elixir."""
    livemd = made(("markdown", f"## Part\n\n{text}"), ("code", "x", ["twin", *tags]), ("markdown", TWIN))
    return livemd.partition("## Part\n\n")[2].partition("```elixir")[0].rstrip()


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("A task runs. It ends.", "A task runs. It ends."),
        ("See [chapter 2](02_b.ipynb#part) and [the site](https://elixir-lang.org).",
         "See chapter 2 and [the site](https://elixir-lang.org)."),
        ("A task is linked to its owner. `Reply(1, x)` is Python. It goes on.", "A task is linked to its owner."),
        ("A task is linked to its owner. In Python there is another word.", "A task is linked to its owner."),
        ("`await_` returns `\"ok\"` or `None`, by a class.", "`await` returns `:ok` or `nil`, by a module."),
        ("It ends with `(1, 2)`. So it does.\n\nA second paragraph.", "A second paragraph."),
        ("A task is started first (as always. It ends with `(1, 2)`.) More.", ""),
        ("A task reads any iterable.\n\nEnd it by *raise*, and look.", "A task reads any enumerable."),
        ("It raises a `TypeError`.", "It raises an `ArithmeticError`."),
        ("<!-- question: 3 -->\nA task runs.", "A task runs."),
        (":::{note}\nThe path ends here.\n:::\n\nA task runs.", "A task runs."),
        ("```python\nx\n```\n\nA task runs:", "A task runs:"),
    ],
)  # fmt: skip
def test_text_loses_what_makes_no_sense_without_python(text: str, kept: str) -> None:
    assert around(text) == kept


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("**Predict.** What comes: `:ok`, or nothing?", "**Predict.** What comes: `:ok`, or nothing?"),
        ("**Predict.** Two wait. Is it `(1, 2)`?", "**Predict.** Two wait. What does this cell print?"),
        ("**Predict.** Is it `(1, 2)`?", "**Predict.** What does this cell print?"),
        ("A task runs.", "A task runs.\n\n**Predict.** What does this cell print?"),
        ("**Predict.** What comes?\n\n- an error\n- nothing", "**Predict.** What comes?\n\n- an error\n- nothing"),
        ("**Predict.** What comes?\n\n- an error\n- `(1, 2)`", "**Predict.** What comes?"),
    ],
)  # fmt: skip
def test_a_question_stays_one(text: str, question: str) -> None:
    assert around(text, "predict") == question


def test_a_question_about_a_python_cell_alone_is_left_out() -> None:
    livemd = made(
        ("markdown", "## Part\n\n**Predict.** What comes?"), ("code", "x"), ("markdown", "A task runs."),
        ("code", "x", ["twin"]), ("markdown", TWIN), ("markdown", "## Nothing of Elixir\n\nWords."),
    )  # fmt: skip
    assert "Predict" not in livemd.partition("## Part")[2]
    assert "Nothing of Elixir" not in livemd


def test_a_chapter_without_elixir_has_no_livebook() -> None:
    assert made(("markdown", "## Part")) == ""


def test_code_that_holds_a_fence_stands_in_a_longer_one() -> None:
    livemd = made(("markdown", TWIN.replace("{:ok, nil}\n```", "~~~~ and ````\n```")))
    assert "`````\n~~~~ and ````\n`````" in livemd


# ---- in the built book -------------------------------------------------------------------------------------------


def test_the_site_has_the_livebook_of_every_chapter(book_site: Path) -> None:
    written = {path.stem: path.read_text(encoding="utf-8") for path in (book_site / "livebooks").iterdir()}
    assert written == {chapter.stem: text_of(chapter) for chapter in CHAPTERS}


@chapters
def test_its_page_leads_to_it_at_the_end_of_the_summary(book_site: Path, chapter: Path) -> None:
    page = book_site / "notebooks" / f"{chapter.stem}.html"
    text = page.read_text(encoding="utf-8")
    [link] = re.finditer(r'<p class="livebook"><a href="(.*?)" download>(.*?)</a></p>\s*</section>', text)
    assert link[2] == "The Elixir of this chapter as a Livebook"
    assert (page.parent / link[1]).resolve() == (book_site / "livebooks" / f"{chapter.stem}.livemd").resolve()
    assert text.rindex("<section ", 0, link.start()) == text.index('<section id="summary">')

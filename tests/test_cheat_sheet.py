"""The cheat-sheet's one table: every name in it exists, every line of it can be read."""

from __future__ import annotations

import ast
import builtins
import inspect
import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
import scratch_book
from book_ext import cheat_sheet
from elixir_twins import ROOT, run_elixir
from scratch_book import ScratchBook

import otp_mini

GROUPS = cheat_sheet.read()
ROWS = [row for group in GROUPS for row in group.rows]
STAND_INS = set(tomllib.loads(cheat_sheet.TABLE.read_text(encoding="utf-8"))["stand_ins"])
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def parsed(source: str) -> ast.AST:
    """The Python of a row, which may await: as the body of an `async def`."""
    body = "\n".join("    " + line for line in source.splitlines())
    return ast.parse(f"async def row():\n{body}\n    return\n")


def bound(tree: ast.AST) -> set[str]:
    """The names that the row itself gives to something."""
    stored = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    captured = {node.name for node in ast.walk(tree) if isinstance(node, ast.MatchAs) and node.name}
    arguments = {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    named = {node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef | ast.ExceptHandler) and node.name}
    return stored | captured | arguments | named


def resolved(node: ast.expr) -> Any:
    """The thing in otp_mini that a name or a dotted name stands for; None if it is not otp_mini's."""
    if isinstance(node, ast.Attribute):
        owner = resolved(node.value)
        return None if owner is None else getattr(owner, node.attr)
    return getattr(otp_mini, node.id, None) if isinstance(node, ast.Name) else None


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.what)
def test_every_name_of_a_row_exists(row: Any) -> None:
    tree = parsed(row.otp_mini)
    known = bound(tree) | STAND_INS | set(dir(builtins)) | {"key", "value", "argument", "reason"}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id not in known:
            assert hasattr(otp_mini, node.id), f"otp_mini has no {node.id}"
        elif isinstance(node, ast.Attribute):
            resolved(node)  # raises AttributeError for a name that its owner does not have


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.what)
def test_every_call_of_a_row_fits_its_function(row: Any) -> None:
    for node in ast.walk(parsed(row.otp_mini)):
        function = resolved(node.func) if isinstance(node, ast.Call) else None
        if function is not None:
            named = {keyword.arg: None for keyword in node.keywords}
            inspect.signature(function).bind(*node.args, **named)  # raises TypeError if it does not


def test_no_two_rows_say_the_same() -> None:
    said = [(row.what, row.otp_mini) for row in ROWS]
    assert len(said) == len(set(said))


def test_the_elixir_of_every_row_can_be_read(elixir: str) -> None:
    sources = [row.elixir for row in ROWS if row.elixir and not row.elixir.startswith("elixir ")]
    quoted = ",".join(json.dumps(source).replace("#{", "\\#{") for source in sources)
    run_elixir(elixir, f"for source <- [{quoted}], do: Code.string_to_quoted!(source)")


def test_a_row_with_an_unknown_key_is_refused(tmp_path: Path) -> None:
    table = tmp_path / "table.toml"
    row = 'what = "a"\nelixr = "b"\notp_mini = "c"\n'
    table.write_text(f'[[group]]\ntitle = "G"\n[[group.row]]\n{row}', encoding="utf-8")
    with pytest.raises(ValueError, match="elixr"):
        cheat_sheet.read(table)


def test_a_chapters_rows_become_a_table() -> None:
    row = cheat_sheet.Row("ask", ":a | :b\n:c", '"a"', "now", "03")
    other = cheat_sheet.Row("else", ":d", '"d"')
    assert cheat_sheet.markdown("03", [cheat_sheet.Group("G", (row, other))]) == (
        '| what | Elixir | otp_mini | note |\n|---|---|---|---|\n| ask | `:a \\| :b`<br>`:c` | `"a"` | now |'
    )


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_a_chapters_summary_holds_its_rows(path: Path) -> None:
    chapter = path.stem[:2]
    table = cheat_sheet.markdown(chapter, GROUPS)
    mark = f"<!-- cheat-sheet: {chapter} -->"
    cells = ["".join(cell["source"]) for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]]
    marked = [cell for cell in cells if mark in cell]
    if any(row.chapter == chapter for row in ROWS):
        assert len(marked) == 1, f"one Markdown cell of the chapter has its rows, after the line {mark}"
        assert table in marked[0], f"`python book/_ext/cheat_sheet.py {chapter}` prints the table that belongs there"
    else:
        assert not marked, f"the table has no rows for chapter {chapter}"


CHAPTER = next(row.chapter for row in ROWS if row.chapter)
TABLE = f"<!-- cheat-sheet: {CHAPTER} -->\n\n{cheat_sheet.markdown(CHAPTER, GROUPS)}\n"
SHORT = "\n".join(TABLE.splitlines()[:-1])
scratch_book.good({"rows_whole.md": f"# Whole\n\n{TABLE}"})
scratch_book.faulty({"rows_short.md": f"# Short\n\n{SHORT}\n"})


def test_a_chapters_rows_look_like_the_page(good_book: ScratchBook, faulty_book: ScratchBook) -> None:
    rows = [row for row in ROWS if row.chapter == CHAPTER]
    shown = good_book.page("rows_whole").select("table.cheat-sheet tbody tr")
    assert [[pre.get_text().strip() for pre in row.select("pre")] for row in shown] == [
        [row.elixir, row.otp_mini] for row in rows
    ]
    assert good_book.about("rows_whole.md") == []
    assert "not those of cheat_sheet.toml" in faulty_book.about("rows_short.md")[0]

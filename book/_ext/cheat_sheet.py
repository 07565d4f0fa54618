"""The cheat-sheet: one table, ``book/cheat_sheet.toml``, for the book and the chapters.

``{cheat-sheet}`` on a page lays out all groups, each under its own heading. A chapter's notebook
has its rows as a Markdown table, after the line ``<!-- cheat-sheet: 03 -->``; a test compares it
with the table here, and the book gives it the look of the page. To get that table::

    python book/_ext/cheat_sheet.py 03
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

logger = logging.getLogger(__name__)

TABLE = Path(__file__).resolve().parents[1] / "cheat_sheet.toml"
HEADINGS = ("what", "Elixir", "otp_mini", "note")


@dataclass(frozen=True)
class Row:
    """One line of the cheat-sheet; ``chapter`` is the notebook that teaches it, as ``"03"``."""

    what: str
    elixir: str
    otp_mini: str
    note: str = ""
    chapter: str = ""


@dataclass(frozen=True)
class Group:
    """Rows under one heading."""

    title: str
    rows: tuple[Row, ...]


def read(table: Path = TABLE) -> list[Group]:
    """All groups of the table; an unknown or missing key is an error that names the row."""
    content = tomllib.loads(table.read_text(encoding="utf-8"))
    return [Group(group["title"], tuple(_row(row) for row in group["row"])) for group in content["group"]]


def _row(keys: dict[str, str]) -> Row:
    try:
        return Row(**{key: value.strip("\n") for key, value in keys.items()})
    except TypeError as why:
        raise ValueError(f"a row of the cheat-sheet has {sorted(keys)}: {why}") from None


def markdown(chapter: str, groups: list[Group]) -> str:
    """The rows of one chapter as a Markdown table, for the notebook's summary."""
    rows = [row for group in groups for row in group.rows if row.chapter == chapter]
    lines = ["| " + " | ".join(HEADINGS) + " |", "|---|---|---|---|"]
    for row in rows:
        cells = (row.what, _code(row.elixir), _code(row.otp_mini), row.note)
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines)


def _code(text: str) -> str:
    """Code on one line of a Markdown table: its lines stand apart."""
    return "<br>".join(f"`{line.strip()}`" for line in text.splitlines())


class CheatSheet(SphinxDirective):
    """All groups of the table, each a section with a table of its own."""

    def run(self) -> list[nodes.Node]:
        self.env.note_dependency(str(TABLE))
        return [self._section(group) for group in read()]

    def _section(self, group: Group) -> nodes.section:
        section = nodes.section(ids=[nodes.make_id(f"cheat-sheet-{group.title}")])
        section += nodes.title(text=group.title)
        section += self._table(group)
        return section

    def _table(self, group: Group) -> nodes.table:
        columns = nodes.tgroup(cols=len(HEADINGS))
        columns += [nodes.colspec(colwidth=1) for _ in HEADINGS]
        columns += nodes.thead("", _line(nodes.paragraph(text=text) for text in HEADINGS))
        columns += nodes.tbody("", *(_line(self._cells(row)) for row in group.rows))
        return nodes.table("", columns, classes=["cheat-sheet"])

    def _cells(self, row: Row) -> list[nodes.Node]:
        return [
            self._text(row.what),
            _literal(row.elixir, "elixir"),
            _literal(row.otp_mini, "python"),
            self._text(row.note),
        ]

    def _text(self, text: str) -> nodes.paragraph:
        found, _ = self.state.inline_text(text, self.lineno)
        return nodes.paragraph(text, "", *found)


def dress(app: Sphinx, doctree: nodes.document) -> None:
    """Give a chapter's rows, which are a Markdown table in its notebook, the look of the page."""
    for raw in doctree.findall(nodes.raw):
        mark = _MARK.match(raw.astext())
        table = raw.next_node(nodes.table, descend=False, siblings=True) if mark else None
        if mark is None or table is None:
            continue
        rows = [row for group in read() for row in group.rows if row.chapter == mark[1]]
        lines = list(next(table.findall(nodes.tbody)).children)
        if len(rows) != len(lines):
            logger.warning("the rows are not those of cheat_sheet.toml for chapter %s", mark[1], location=raw)
            continue
        table["classes"].append("cheat-sheet")
        for row, line in zip(rows, lines, strict=True):
            for column, code, language in ((1, row.elixir, "elixir"), (2, row.otp_mini, "python")):
                line[column].clear()
                line[column].append(_literal(code, language))


_MARK = re.compile(r"<!-- cheat-sheet: (\d\d) -->")


def _literal(code: str, language: str) -> nodes.Node:
    if not code:
        return nodes.paragraph(text="has no twin")
    return nodes.literal_block(code, code, language=language, classes=["no-copy"])


def _line(cells: Iterable[nodes.Node]) -> nodes.row:
    return nodes.row("", *(nodes.entry("", *([cell] if cell.astext() else [])) for cell in cells))


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_directive("cheat-sheet", CheatSheet)
    app.connect("doctree-read", dress)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


if __name__ == "__main__":
    print(markdown(sys.argv[1], read()))

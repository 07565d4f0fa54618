"""A table that helps to decide: a row for each choice, a column for each question.

Chapters use it where two or more things look alike: call, cast or a plain message; which callback;
which strategy. All of them look the same, on light and on dark, narrow and wide.

OTP: none
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Sequence
from html import escape
from itertools import zip_longest
from typing import Final

from ..errors import BadArg, safe_repr
from .words import printable

WIDEST_COLUMN: Final = 34
"""So many characters of a cell stand on one line of the text form; the rest goes on the next."""

_STYLE: Final = (
    "<style>"
    ".otp-decision{overflow-x:auto;line-height:1.45}"
    ".otp-decision table{border-collapse:collapse;font-size:14px;margin:0;width:auto;color:inherit;background:none}"
    ".otp-decision caption{text-align:left;font-weight:bold;padding:2px 0 6px;caption-side:top;color:inherit}"
    ".otp-decision :is(th,td){text-align:left;vertical-align:top;white-space:normal;padding:6px 12px 6px 0;"
    "border:0;border-bottom:1px solid rgba(128,128,128,.45);background:none;color:inherit;min-width:5.5em}"
    ".otp-decision thead th{border-bottom:2px solid currentColor;vertical-align:bottom}"
    ".otp-decision code{background:none;border:0;padding:0;color:inherit;font-size:.94em}"
    "</style>"
)
_CODE: Final = re.compile(r"`([^`]+)`")


class DecisionTable:
    """What `decision_table` returns: a table in a notebook, aligned text in ``print``."""

    def __init__(self, title: str, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        self.title = title
        self.headings = tuple(headings)
        self.rows = [tuple(row) for row in rows]

    def __str__(self) -> str:
        lines = [line for row in (self.headings, *self.rows) for line in _wrapped(row)]
        widths = [max(len(line[column]) for line in lines) for column in range(len(self.headings))]
        padded = [[cell.ljust(width) for cell, width in zip(line, widths, strict=True)] for line in lines]
        return "\n".join([printable(self.title), *("  ".join(cells).rstrip() for cells in padded)])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        head = "".join(f'<th scope="col">{_html(heading)}</th>' for heading in self.headings)
        body = "".join(_row(row) for row in self.rows)
        table = f"<caption>{_html(self.title)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody>"
        label = escape(printable(_CODE.sub(r"\1", self.title)))
        return (
            f'{_STYLE}<div class="otp-decision" role="region" tabindex="0" aria-label="{label}">'
            f"<table>{table}</table></div>"
        )


def decision_table(title: str, headings: Sequence[str], rows: Iterable[Sequence[str]]) -> DecisionTable:
    """Rows to choose from, under the questions that decide.

    Args:
        title: the decision, as a question.
        headings: what each column tells; the first one is of the choices themselves.
        rows: a cell for each heading; `` `code` `` stands between backticks.

    Raises:
        BadArg: a row has not as many cells as there are headings, a heading is empty, or a cell is no string.

    OTP: none

    Example:
        >>> decision_table("Call or cast?", ["send it by", "does the sender wait?", "it arrives in"], [
        ...     ["`GenServer.call`", "for the reply, 5 s at most", "`handle_call`"],
        ...     ["`GenServer.cast`", "no, and it hears of no failure", "`handle_cast`"],
        ... ])
        Call or cast?
        send it by      does the sender wait?           it arrives in
        GenServer.call  for the reply, 5 s at most      handle_call
        GenServer.cast  no, and it hears of no failure  handle_cast
    """
    kept = [tuple(row) for row in rows]
    for row in (tuple(headings), *kept):
        wrong = [cell for cell in row if not isinstance(cell, str)]
        if wrong:
            raise BadArg(f"a cell of a decision table must be a string, got {safe_repr(wrong[0])} in {safe_repr(row)}")
        if len(row) != len(headings):
            raise BadArg(
                f"a row of a decision table needs {len(headings)} cells, one for each heading, "
                f"got {len(row)}: {safe_repr(row)}"
            )
    if empty := [number for number, heading in enumerate(headings, 1) if not heading.strip()]:
        raise BadArg(
            "every column of a decision table needs a heading that says what stands in it, "
            f"and column {empty[0]} has none"
        )
    return DecisionTable(title, headings, kept)


def _wrapped(row: Sequence[str]) -> list[tuple[str, ...]]:
    """A row as lines of text: a long cell goes on below."""
    cells = [textwrap.wrap(printable(_CODE.sub(r"\1", cell)), WIDEST_COLUMN) or [""] for cell in row]
    return list(zip_longest(*cells, fillvalue=""))


def _row(row: Sequence[str]) -> str:
    first, *rest = row
    return f'<tr><th scope="row">{_html(first)}</th>{"".join(f"<td>{_html(cell)}</td>" for cell in rest)}</tr>'


def _html(text: str) -> str:
    """A cell as HTML: escaped, with what stands between backticks as code."""
    return _CODE.sub(r"<code>\1</code>", escape(printable(text)))

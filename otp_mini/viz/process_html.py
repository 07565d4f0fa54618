"""Processes as HTML: a table of them, all about one, lines of what happened. Everything is escaped.

There are no ids in it, and a chosen row is marked by a sign, not by colour alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Final

from .process_data import HEADINGS, Fact

STYLE: Final = (
    "<style>"
    ".otp-processes{overflow-x:auto;line-height:1.5}"
    ".otp-processes table{border-collapse:collapse;font-size:13px;margin:0}"
    ".otp-processes caption{text-align:left;font-weight:bold;padding:2px 0}"
    ".otp-processes th,.otp-processes td{text-align:left;vertical-align:top;padding:2px 10px 2px 4px;"
    "border-bottom:1px solid rgba(128,128,128,.35);white-space:nowrap}"
    ".otp-processes tbody th{white-space:normal;overflow-wrap:anywhere;min-width:11em;max-width:18em}"
    ".otp-processes .number{text-align:right}"
    ".otp-processes tr[aria-current] :is(th,td){font-weight:bold;background:rgba(128,128,128,.18)}"
    ".otp-processes .facts :is(th,td){white-space:normal;overflow-wrap:anywhere}"
    ".otp-processes .facts th{white-space:nowrap;font-weight:normal;opacity:.8}"
    ".otp-processes ol{margin:0;padding:0;list-style:none}"
    ".otp-processes ol,.otp-processes .term{font-family:monospace;font-size:12px;overflow-wrap:anywhere}"
    "</style>"
)
_NUMBERS: Final = ("mailbox", "links", "turns")


def process_table(title: str, rows: Sequence[Sequence[str]], chosen: int | None = None, most: int = 40) -> str:
    """A table of processes under `HEADINGS`.

    Args:
        chosen: the index of a row that is marked.
        most: so many rows are shown, and the chosen one; those beyond are counted.
    """
    classes = ["number" if heading in _NUMBERS else "" for heading in HEADINGS]
    head = "".join(
        f'<th scope="col"{_class(kind)}>{escape(heading)}</th>' for heading, kind in zip(HEADINGS, classes, strict=True)
    )
    shown = [*range(min(most, len(rows))), *([chosen] if chosen is not None and chosen >= most else [])]
    body = "".join(_row(rows[index], classes, index == chosen) for index in shown)
    more = len(rows) - len(shown)
    foot = f'<tfoot><tr><td colspan="{len(HEADINGS)}">and {more:,} more</td></tr></tfoot>' if more else ""
    table = f"<caption>{escape(title)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody>{foot}"
    return region(title, f"<table>{table}</table>")


def _row(row: Sequence[str], classes: Sequence[str], chosen: bool) -> str:
    name, *rest = row
    cells = "".join(f"<td{_class(kind)}>{escape(cell)}</td>" for cell, kind in zip(rest, classes[1:], strict=True))
    current = ' aria-current="true"' if chosen else ""
    return f'<tr{current}><th scope="row">{"▸ " if chosen else ""}{escape(name)}</th>{cells}</tr>'


def fact_table(title: str, facts: Iterable[Fact]) -> str:
    """All about one process."""
    rows = "".join(
        f'<tr><th scope="row">{escape(fact.what)}</th>'
        f'<td class="term">{escape(fact.value)}{_items(fact.items)}</td></tr>'
        for fact in facts
    )
    return region(title, f'<table class="facts"><caption>{escape(title)}</caption><tbody>{rows}</tbody></table>')


def event_list(title: str, lines: Iterable[str]) -> str:
    """Lines of what happened, the first one first."""
    caption = f"<strong>{escape(title)}</strong>" if title else ""
    return region(title or "events", caption + _items(lines))


def region(title: str, content: str) -> str:
    """A part that scrolls if it must, also by keyboard; ``content`` is HTML."""
    return f'<div class="otp-processes" role="region" tabindex="0" aria-label="{escape(title)}">{content}</div>'


def _items(lines: Iterable[str]) -> str:
    items = "".join(f"<li>{escape(line)}</li>" for line in lines)
    return f"<ol>{items}</ol>" if items else ""


def _class(kind: str) -> str:
    return f' class="{kind}"' if kind else ""

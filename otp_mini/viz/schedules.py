"""What `otp_mini.explore` has found: the outcomes in a table, and two runs side by side from where they part.

OTP: none
"""

from __future__ import annotations

from html import escape
from typing import Any, Final

from ..explore import Compared, Schedules
from .words import printable

LONGEST: Final = 300
"""So many letters of an outcome, a step or a schedule are shown."""

MOST_STEPS: Final = 40
"""So many steps of two runs are shown side by side."""

_STYLE: Final = (
    "<style>"
    ".otp-schedules{overflow-x:auto;line-height:1.45}"
    ".otp-schedules table{border-collapse:collapse;font-size:14px;margin:0 0 10px;width:auto;color:inherit;"
    "background:none}"
    ".otp-schedules caption{text-align:left;font-weight:bold;padding:2px 0 6px;caption-side:top;color:inherit}"
    ".otp-schedules :is(th,td){text-align:left;vertical-align:top;white-space:normal;padding:5px 12px 5px 0;"
    "border:0;border-bottom:1px solid rgba(128,128,128,.45);background:none;color:inherit}"
    ".otp-schedules thead th{border-bottom:2px solid currentColor;vertical-align:bottom}"
    ".otp-schedules .w{overflow-wrap:anywhere}"
    ".otp-schedules .n{text-align:right;font-variant-numeric:tabular-nums}"
    ".otp-schedules code{background:none;border:0;padding:0;color:inherit;font-size:.94em}"
    "</style>"
)


_BREAKS: Final = ' class="w"'
_CLASSES: Final = {"outcome": "", "is": "", "step": ' class="n"', "schedules": ' class="n"', "the shortest": ""}
"""Of the heads: those of numbers stand to the right; what a program has said may be broken anywhere."""


class Outcomes:
    """The picture of a `Schedules`."""

    def __init__(self, result: Schedules) -> None:
        self.result = result

    def __str__(self) -> str:
        return str(self.result)

    def _repr_html_(self) -> str:
        headline = self.result.headline()
        compared = self.result.compared()
        tables = self._outcomes(headline) + ("" if compared is None else _side_by_side(compared))
        label = f'role="region" tabindex="0" aria-label="{_text(headline)}"'
        return f'{_STYLE}<div class="otp-schedules" {label}>{tables}</div>'

    def _outcomes(self, headline: str) -> str:
        judged = bool(self.result.wrong)
        rows = []
        shown, left = self.result.shown()
        for text, wrong, many, shortest in shown:
            verdict = f"<td>{'wrong' if wrong else 'right'}</td>" if judged else ""
            rows.append(
                f'<tr><th scope="row" class="w"><code>{_text(text)}</code></th>{verdict}'
                f'<td class="n">{many:,}</td><td class="w"><code>{_text(shortest)}</code></td></tr>'
            )
        if left:
            rows.append(f'<tr><td colspan="{4 if judged else 3}">and {left:,} more outcomes</td></tr>')
        heads = ["outcome", *(["is"] if judged else []), "schedules", "the shortest"]
        return _table(headline, heads, rows)


def _side_by_side(compared: Compared) -> str:
    rows = [
        f'<tr><th scope="row" class="n">{number}</th><td{_BREAKS}>{_text(one)}</td><td{_BREAKS}>{_text(two)}</td></tr>'
        for number, (one, two) in enumerate(compared.rows[:MOST_STEPS], compared.same)
    ]
    if len(compared.rows) > MOST_STEPS:
        rows.append(f'<tr><td></td><td colspan="2">and {len(compared.rows) - MOST_STEPS} more steps</td></tr>')
    caption = f"The two part at step {compared.same}"
    return _table(caption, ["step", f"to {compared.right}", f"to {compared.wrong}"], rows)


def _table(caption: str, heads: list[str], rows: list[str]) -> str:
    head = "".join(f'<th scope="col"{_CLASSES.get(each, _BREAKS)}>{_text(each)}</th>' for each in heads)
    body = f"<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody>"
    return f"<table><caption>{_text(caption)}</caption>{body}</table>"


def _text(text: Any) -> str:
    said = printable(str(text))
    return escape(said if len(said) <= LONGEST else f"{said[:LONGEST]}…")


def outcomes_of(result: Schedules) -> Outcomes:
    """The picture of what `otp_mini.explore.explore` has found."""
    return Outcomes(result)

"""A campaign as a picture: the answers that users got over time, the faults below them, and the figures.

Above stand the requests: the higher a bar, the more of them were not answered rightly. Below each fault of the
plan has a line of its own with a mark for each time that it came.

OTP: none
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape
from typing import Final

from ..campaign import Replayed
from ..score import Beside, Campaign, Strike, clock
from .chart import document, framed, shortened, written
from .sequence import sequence_chart
from .words import printable

# In pixels, as narrow as a phone.
_LEFT, _PLOT, _WIDTH, _BARS, _LANE, _NEAR = 8, 340, 356, 56, 36, 7
_TIMES: Final = 48
"""So many bars stand side by side."""
_INK: Final = 'stroke="currentColor" stroke-width="1.5" fill="none"'
_LEGEND: Final = (
    ("none", "nobody was there"), ("quiet", "no user noticed"), ("wrong", "wrong answers"),
    ("gave up", "gave up or went down"),
)  # fmt: skip
_RANK: Final = [kind for kind, _ in _LEGEND]

MOST_LINES: Final = 120
"""So many lines of what happened are drawn of a replay."""

_STYLE: Final = (
    "<style>"
    ".otp-campaign{overflow-x:auto;line-height:1.45}"
    ".otp-campaign table{border-collapse:collapse;font-size:14px;margin:0 0 10px;width:auto;color:inherit;"
    "background:none}"
    ".otp-campaign caption{text-align:left;font-weight:bold;padding:2px 0 6px;caption-side:top;color:inherit}"
    ".otp-campaign :is(th,td){text-align:left;vertical-align:top;white-space:normal;padding:5px 12px 5px 0;"
    "border:0;border-bottom:1px solid rgba(128,128,128,.45);background:none;color:inherit;overflow-wrap:break-word}"
    ".otp-campaign :is(th,td):first-child{min-width:6em}"
    ".otp-campaign thead :is(th,td){border-bottom:2px solid currentColor;vertical-align:bottom}"
    ".otp-campaign .n{text-align:right;font-variant-numeric:tabular-nums}.otp-campaign td.n{white-space:nowrap}"
    "@media (max-width:44rem){.otp-campaign table{font-size:12px}.otp-campaign :is(th,td){padding-right:7px}"
    ".otp-campaign code{overflow-wrap:anywhere}}"
    ".otp-campaign code{background:none;border:0;padding:0;color:inherit;font-size:.94em}"
    "</style>"
)


class Report:
    """The picture of a `Campaign`."""

    def __init__(self, result: Campaign) -> None:
        self.result = result

    def __str__(self) -> str:
        return str(self.result)

    def _repr_html_(self) -> str:
        result = self.result
        headline = printable(result.headline())
        figures = [(what, value, words) for what, value, words in result.figures()]
        tables = _table(headline, ("", "score", "of what"), figures, (1,))
        heads = ("fault", "struck", "wrong answers", "started anew", "state lost")
        tables += _table("By fault", heads, result.by_fault(), (1, 2, 3, 4), code=True)
        notes = "".join(f"<p>{escape(_capital(note))}.</p>" for note in result.notes())
        region = _region(f"Score of {headline}")
        return f'{_STYLE}<div class="otp-campaign" {region}>{tables}{notes}</div>{_framed(result)}'

    def svg(self) -> str:
        """The line of time. Everything in it that the program said is escaped."""
        return _drawn(self.result)


class SideBySide:
    """The picture of two campaigns with the same faults."""

    def __init__(self, both: Beside) -> None:
        self.both = both

    def __str__(self) -> str:
        return str(self.both)

    def _repr_html_(self) -> str:
        headline = printable(self.both.headline())
        heads, *rows = self.both.rows()
        tables = _table(headline, heads, rows, (1, 2))
        pictures = [
            f"<p><b>{escape(printable(each.plan.name))}</b></p>{_framed(each)}"
            for each in (self.both.one, self.both.other)
        ]
        region = _region(f"Scores: {headline}")
        return f'{_STYLE}<div class="otp-campaign" {region}>{tables}</div>{"".join(pictures)}'


class Scene:
    """The picture of a fault that is played again."""

    def __init__(self, replayed: Replayed) -> None:
        self.replayed = replayed

    def __str__(self) -> str:
        return str(self.replayed)

    def _repr_html_(self) -> str:
        said = "".join(f"<p>{escape(printable(line))}</p>" for line in self.replayed.sentences())
        return said + sequence_chart(self.replayed.trace, most=MOST_LINES)._repr_html_()


def printable_lines(text: str) -> str:
    """A text of several lines, each of which can be printed."""
    return "\n".join(map(printable, text.split("\n")))


def _framed(result: Campaign) -> str:
    """The line of time, with the report as text below it."""
    text = f"<pre>{escape(printable_lines(str(result)))}</pre>"
    return framed("campaign", printable(result.headline()), _drawn(result), text)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _region(label: str) -> str:
    return f'role="region" tabindex="0" aria-label="{escape(label)}"'


def _table(
    caption: str, heads: Sequence[str], rows: Iterable[Sequence[str]], numbers: Sequence[int], code: bool = False
) -> str:
    """A table whose first column names its rows.

    Args:
        numbers: the columns that stand to the right.
        code: is the first column written as in a program?
    """

    def cell(at: int, text: str, tag: str) -> str:
        shown = escape(printable(text))
        shown = f"<code>{shown}</code>" if code and at == 0 and tag == "td" else shown
        kind = ' class="n"' if at in numbers else ""
        if tag == "th":
            return f'<th scope="col"{kind}>{shown}</th>' if shown else f"<td{kind}></td>"
        return f'<th scope="row">{shown}</th>' if at == 0 else f"<td{kind}>{shown}</td>"

    head = "".join(cell(at, text, "th") for at, text in enumerate(heads))
    body = "".join(f"<tr>{''.join(cell(at, text, 'td') for at, text in enumerate(row))}</tr>" for row in rows)
    caption = f"<caption>{escape(caption)}</caption>"
    return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


# ---- the drawing ---------------------------------------------------------------------------------------


def _drawn(result: Campaign) -> str:
    kinds = result.kinds()
    title = printable(result.headline())
    top = 30 + _BARS
    bottom = top + 34 + _LANE * len(kinds)
    parts = [
        written(_LEFT, 14, shortened("Requests not answered rightly, in percent", _PLOT), more=' font-weight="bold"'),
        *_bars(result, top),
        *_axis(result, top),
    ]
    for number, (fault, came) in enumerate(kinds):
        y = top + 46 + _LANE * number
        parts.append(written(_LEFT, y, shortened(printable(repr(fault)), _PLOT)))
        parts += _lane(came, result.plan.end, y + 14)
    parts += _legend(bottom + 16)
    return document(title, printable_lines(str(result)), _WIDTH, bottom + 76, parts)


def _x(time: float, end: float) -> float:
    return _LEFT + _PLOT * min(time / end, 1.0)


def _bars(result: Campaign, bottom: int) -> Iterator[str]:
    """The share of wrong answers in each stretch of time; a full bar is all of them."""
    asked, wrong = [0] * _TIMES, [0] * _TIMES
    for time, right in result.asked:
        at = min(int(time / result.plan.end * _TIMES), _TIMES - 1)
        asked[at] += 1
        wrong[at] += not right
    width = _PLOT / _TIMES
    for at, (many, failed) in enumerate(zip(asked, wrong, strict=True)):
        if failed:
            height = max(_BARS * failed / many, 2.0)
            hint = f"<title>from {clock(at / _TIMES * result.plan.end)}: {failed} of {many} requests</title>"
            yield (
                f'<rect x="{_LEFT + at * width + 0.5:.1f}" y="{bottom - height:.1f}" width="{width - 1:.1f}" '
                f'height="{height:.1f}">{hint}</rect>'
            )


def _axis(result: Campaign, y: int) -> Iterator[str]:
    right, above = _LEFT + _PLOT, y - _BARS
    yield f'<path d="M{_LEFT} {y}H{right}" {_INK}/>'
    yield f'<path d="M{_LEFT} {above}H{right}" {_INK} stroke-opacity="0.4" stroke-dasharray="1 5"/>'
    yield written(right, above - 3, "100", "end")
    for quarter, anchor in enumerate(("start", "middle", "middle", "middle", "end")):
        x = _LEFT + _PLOT * quarter / 4
        yield f'<path d="M{x:g} {y}v4" {_INK}/>'
        time = clock(result.plan.end * quarter / 4).partition(".")[0]
        yield written(x, y + 18, time, anchor)


def _kind(strike: Strike) -> str:
    if not strike.struck:
        return "none"
    if strike.gave_up or strike.went_down:
        return "gave up"
    return "wrong" if strike.wrong else "quiet"


def _lane(came: Sequence[Strike], end: float, y: int) -> Iterator[str]:
    """A mark for each time; where they stand too near to each other, the gravest of them."""
    yield f'<path d="M{_LEFT} {y}H{_LEFT + _PLOT}" {_INK} stroke-opacity="0.4" stroke-dasharray="1 5"/>'
    shown: dict[int, Strike] = {}
    for strike in came:
        place = int(_x(strike.time, end) / _NEAR)
        before = shown.get(place)
        if before is None or _RANK.index(_kind(strike)) > _RANK.index(_kind(before)):
            shown[place] = strike
    for strike in shown.values():
        yield _mark(_kind(strike), _x(strike.time, end), y, f"<title>{escape(printable(str(strike)))}</title>")


def _mark(kind: str, x: float, y: int, hint: str = "") -> str:
    match kind:
        case "none":
            return f'<path d="M{x:.1f} {y - 4}v8" {_INK}>{hint}</path>'
        case "quiet":
            return f'<circle cx="{x:.1f}" cy="{y}" r="3.5" {_INK}>{hint}</circle>'
        case "wrong":
            return f'<circle cx="{x:.1f}" cy="{y}" r="4">{hint}</circle>'
    return f'<path d="M{x - 5:.1f} {y - 5}h10v10h-10zl10 10m-10 0l10 -10" {_INK}>{hint}</path>'


def _legend(y: int) -> Iterator[str]:
    for number, (kind, words) in enumerate(_LEGEND):
        x, below = _LEFT + 180 * (number % 2), y + 20 * (number // 2)
        yield _mark(kind, x + 6, below) + written(x + 18, below + 4, words)

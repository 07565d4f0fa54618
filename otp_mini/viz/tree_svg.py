"""A supervision tree as SVG, from its data and from where Graphviz puts the boxes.

A state is never told by colour alone: it has a mark, a word and a border of its own. Colours come
from style sheet variables that follow the page, be it light or dark, JupyterLab, the book or none
of them; without the style sheet everything is drawn in the colour of the text around.

There are no ids in it, so several trees can stand on one page.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Final

from .layout import Layout, Line, Point
from .tree_data import LIVING, SUPERVISORS, Member, More, Tie, TreeData
from .tree_dot import EDGE, GONE, LETTER, ROW, Box, box, cells, ends
from .tree_text import text, who, word

MARGIN: Final = 6

_LIGHT: Final = (
    "--ground:#fff;--ink:#1c2128;--soft:#59616d;--wire:#8a93a0;"
    "--run:#0b5f9e;--run-bg:#eaf3fb;--start:#00695c;--start-bg:#e0f4f0;"
    "--stop:#9a5200;--stop-bg:#fff2dc;--dead:#a3201a;--dead-bg:#fdecea;--none:#59616d;--none-bg:#f0f1f3"
)
_DARK: Final = (
    "--ground:#171b21;--ink:#e7eaee;--soft:#a4adb9;--wire:#6a7585;"
    "--run:#7cc0ff;--run-bg:#15293d;--start:#5ad6c0;--start-bg:#0f302b;"
    "--stop:#ffb65c;--stop-bg:#3a2a10;--dead:#ff8f85;--dead-bg:#3c1a19;--none:#a4adb9;--none-bg:#242a32"
)
_DARK_PAGES: Final = ",".join(
    f"{page} .otp-tree" for page in ('html[data-theme="dark"]', 'body[data-jp-theme-light="false"]', ".vscode-dark")
)
_UNTOLD_PAGES: Final = (
    "html:not([data-theme]) body:not([data-jp-theme-light]):not(.vscode-light) .otp-tree,svg.otp-tree:root"
)
STYLE: Final = (
    f".otp-tree{{{_LIGHT}}}@media screen{{{_DARK_PAGES}{{{_DARK}}}}}"
    f"@media screen and (prefers-color-scheme:dark){{{_UNTOLD_PAGES}{{{_DARK}}}}}"
    ".otp-tree{--c:var(--none);--f:var(--none-bg);color:var(--ink);fill:var(--ink)}"
    ".otp-tree .run{--c:var(--run);--f:var(--run-bg)}.otp-tree .start{--c:var(--start);--f:var(--start-bg)}"
    ".otp-tree .stop{--c:var(--stop);--f:var(--stop-bg)}.otp-tree .stopped{--c:var(--stop);--f:var(--ground)}"
    ".otp-tree .dead{--c:var(--dead);--f:var(--dead-bg)}.otp-tree .beside{--f:var(--ground)}"
    ".otp-tree .box{stroke:var(--c);fill:var(--f)}.otp-tree .inner{stroke:var(--c)}"
    ".otp-tree .state{fill:var(--c)}.otp-tree .soft{fill:var(--soft)}"
    ".otp-tree .wire{stroke:var(--wire)}.otp-tree .tie{stroke:var(--soft)}.otp-tree .head{fill:var(--soft)}"
    ".otp-tree .under{fill:var(--ground)}"
)
_CLASSES: Final = {
    "running": "run", "starting": "start", "restarting": "start", "stopping": "stop", "stopped": "stopped",
    "dead": "dead", "not started": "none",
}  # fmt: skip
_BORDERS: Final = {
    state: f' stroke-dasharray="{dashes}"'
    for state, dashes in {
        "starting": "6 3", "restarting": "2 3", "stopped": "6 3", "dead": "9 4", "not started": "2 3",
    }.items()
}  # fmt: skip
_NAME: Final = ' font-family="ui-monospace, monospace" font-size="13" font-weight="bold"'
_OTHER_NAME: Final = ' class="soft" font-family="ui-monospace, monospace"'
_DASHES: Final = {"link": "6 4", "spawn": "1 4", "spawn_link": "6 4", "monitor": "2 4"}


def svg(tree: TreeData, places: Layout) -> str:
    """The picture. Every word in it is escaped.

    Args:
        places: the layout of ``dot(tree, words=False)``.
    """
    width, height = places.width + 2 * MARGIN, places.height + 2 * MARGIN
    title = escape(label(tree))
    # One that is too wide is scrolled, and does not shrink: its words could not be read.
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="otp-tree" role="img" aria-label="{title}" width="{width}" '
        f'height="{height}" viewBox="{-MARGIN} {-MARGIN} {width} {height}" style="max-width:none" '
        'font-family="system-ui, sans-serif" font-size="12" fill="currentColor" text-anchor="middle">'
    )
    parts = [head, f"<title>{title}</title><desc>{escape(text(tree))}</desc>", f"<style>{STYLE}</style>"]
    plan = _Plan(tree, places)
    parts += [_wire(plan.wire(child.above, child.key), child) for child in tree.members if child.above is not None]
    ties = [(tie, plan.take(*ends(tie, tree))) for tie in tree.ties]
    parts += [_tie(tie, line.curve, ends(tie, tree)[0] == tie.source) for tie, line in ties]
    outside = {member.key for member in tree.beside}
    parts += [_member(member, plan, member.key in outside) for member in tree]
    parts += [_word(word(tie), line.label) for tie, line in ties if line.label is not None]
    return "\n".join([*parts, "</svg>"])


def label(tree: TreeData) -> str:
    """The picture in a few words, for those who do not see it."""
    first, *others = tree.members
    below = sum(_living(member) for member in others)
    return f"Supervision tree of {who(first)}: {below} {'process' if below == 1 else 'processes'} below it"


def _living(member: Member | More) -> int:
    states = member.states if isinstance(member, More) else ((member.state, 1),)
    return sum(number for state, number in states if state in LIVING)


class _Plan:
    """Where everything is: boxes, rows of boxes, and the lines of the layout, each to be taken once."""

    def __init__(self, tree: TreeData, places: Layout) -> None:
        self.boxes = {member.key: box(member) for member in tree}
        self.at = {member.key: places.boxes[f"n{member.key}"] for member in tree}
        self.half: dict[int, int] = {}  # of the tallest box in a row, by the height of its middle
        for key, (_, y) in self.at.items():
            self.half[y] = max(self.half.get(y, 0), self.boxes[key].height // 2)
        self.rows = sorted(self.half)
        self.lines: dict[tuple[str, str], list[Line]] = {}
        for line in places.lines:
            self.lines.setdefault((line.tail, line.head), []).append(line)

    def take(self, tail: int, head: int) -> Line:
        """The next line between two boxes."""
        return self.lines[f"n{tail}", f"n{head}"].pop(0)

    def wire(self, above: int, below: int) -> str:
        """The path from a supervisor to its child, which stands in the row below as a rule."""
        curve = self.take(above, below).curve
        (x, y), (to, down) = self.at[above], self.at[below]
        if self.rows.index(down) != self.rows.index(y) + 1:
            return _path(curve)
        start, end = y + self.half[y], down - self.half[down]
        middle = (start + end) // 2
        top, bottom = y + self.boxes[above].height // 2, down - self.boxes[below].height // 2
        return f"M{x} {top}V{start}C{x} {middle} {to} {middle} {to} {end}V{bottom}"


def _path(curve: Sequence[Point]) -> str:
    first, *rest = (f"{x} {y}" for x, y in curve)
    return f"M{first}C{' '.join(rest)}"


def _wire(path: str, member: Member | More) -> str:
    """The line from a supervisor to its child; a broken one where there is no process."""
    gone = isinstance(member, Member) and member.state in GONE
    dashes = ' stroke-dasharray="3 5"' if gone else ""
    return f'<path class="wire" d="{path}" stroke="currentColor" stroke-width="1.4" fill="none"{dashes}/>'


def _tie(tie: Tie, curve: Sequence[Point], forward: bool) -> str:
    line = (
        f'<path class="tie" d="{_path(curve)}" stroke="currentColor" stroke-width="1.4" fill="none" '
        f'stroke-dasharray="{_DASHES[tie.kind]}"/>'
    )
    return line if tie.kind == "link" else line + _head(curve if forward else curve[::-1])


def _head(curve: Sequence[Point]) -> str:
    """An arrow's head at the end of a curve."""
    (x, y) = curve[-1]
    before = next((point for point in reversed(curve) if point != (x, y)), (x, y - 1))
    across, down = x - before[0], y - before[1]
    length = (across * across + down * down) ** 0.5
    along, aside = (across / length * 9, down / length * 9), (-down / length * 4, across / length * 4)
    left = f"{round(x - along[0] + aside[0])} {round(y - along[1] + aside[1])}"
    right = f"{round(x - along[0] - aside[0])} {round(y - along[1] - aside[1])}"
    return f'<path class="head" d="M{x} {y}L{left}L{right}z"/>'


def _word(words: str, middle: Point) -> str:
    x, y = middle
    width = 2 * round(cells(words) * LETTER / 2 + 3)
    return f'<rect class="under" x="{x - width // 2}" y="{y - 8}" width="{width}" height="16" fill="none"/>' + _text(
        x, y + 4, words, ' class="soft"'
    )


def _member(member: Member | More, plan: _Plan, outside: bool) -> str:
    shown, (x, y) = plan.boxes[member.key], plan.at[member.key]
    left, top = x - shown.width // 2, y - shown.height // 2
    state = "more" if isinstance(member, More) else _CLASSES[member.state]
    kind = " beside" if outside else ""
    parts = [f'<g class="{state}{kind}" data-key="{member.key}">', *_outline(member, shown, left, top, outside)]
    if isinstance(member, Member) and member.name != shown.names[0]:
        parts.append(f"<title>{escape(member.name)}</title>")
    first = top + EDGE + 12
    for number, name in enumerate(shown.names):
        parts.append(_text(x, first + ROW * number, name, _NAME if number == 0 else _OTHER_NAME))
    first += ROW * len(shown.names)
    for number, row in enumerate(shown.rows):
        parts.append(_row(member, row, number, x, first + ROW * number))
    return "".join([*parts, "</g>"])


def _outline(member: Member | More, shown: Box, left: int, top: int, outside: bool) -> list[str]:
    """A supervisor has corners and a double line, any other process is round; a pile stands for many."""
    if isinstance(member, More):
        rect = _rect("box", left, top, shown.width - 6, shown.height - 6, 10)
        return [rect.replace(f'x="{left}" y="{top}"', f'x="{left + at}" y="{top + at}"') for at in (6, 3, 0)]
    border = _BORDERS.get(member.state, "")
    thick = 2.2 if member.state == "dead" else 1.6
    if member.kind not in SUPERVISORS:
        round_ = shown.height // 2 if outside else 12
        return [_rect("box", left, top, shown.width, shown.height, min(round_, 26), thick, border)]
    return [
        _rect("box", left, top, shown.width, shown.height, 3, thick, border),
        _rect("inner", left + 4, top + 4, shown.width - 8, shown.height - 8, 1, 0.8),
    ]


def _rect(kind: str, x: int, y: int, width: int, height: int, rx: int, thick: float = 1.2, border: str = "") -> str:
    return (
        f'<rect class="{kind}" x="{x}" y="{y}" width="{width}" height="{height}" rx="{rx}" '
        f'stroke="currentColor" stroke-width="{thick}" fill="none"{border}/>'
    )


def _row(member: Member | More, row: str, number: int, x: int, y: int) -> str:
    if number > 0 or isinstance(member, More):
        return _text(x, y, row, ' class="soft"')
    return _text(x, y, row, ' class="state" font-weight="600"')


def _text(x: int, y: int, words: str, more: str = "") -> str:
    return f'<text x="{x}" y="{y}"{more}>{escape(words)}</text>'

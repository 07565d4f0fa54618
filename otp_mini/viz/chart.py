"""Lines between columns: the picture and the text of a sequence chart.

The same lines give the same SVG to the letter. It has no colours of its own but takes that of the
text around it, so it can be read on light and on dark; what kind of event an arrow is, its form and
its words say. ``print`` it for the same as text, a line each.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from html import escape
from itertools import pairwise
from typing import Final, NamedTuple

PAUSE: Final = "pause"
LOOP: Final = "loop"
REST: Final = "rest"

# Measures of the drawing, in pixels.
LETTER: Final = 7.3  # as wide as one letter of the picture's font, or a little more
_TIMES, _GUTTER, _HEAD, _ROW = 64, 30, 52, 34
_NEAREST, _FARTHEST = 130, 300  # from one lifeline to the next
_SMALLEST, _LARGEST = 90, 230  # the box with a name
_BESIDE = 380  # so much room have words beside a lifeline
_INK: Final = 'stroke="currentColor" fill="none"'
_DASHES: Final = {"reply": "6 4", "spawn": "2 4", "signal": "10 3 2 3", "down": "10 3 2 3"}
_DIM: Final = 0.62


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a chart: an event, or several that say the same.

    ``source`` and ``target`` are what the processes are called; ``target`` is empty where a
    process does something by itself: it ends, decides, or takes a message that had to wait.
    ``events`` are the numbers of the events that the line stands for. Of several, ``often`` says how
    many times they came, and ``until`` when the last one did. ``life`` says which life of the name
    begins here, if it is not the first. A line of kind ``"loop"`` stands over
    as many ``rows`` that repeat together, a ``"pause"`` where time passes.
    """

    time: float
    kind: str
    source: str
    target: str
    words: str
    events: tuple[int, ...] = ()
    often: str = ""
    until: float | None = None
    rows: int = 0
    life: str = ""

    @property
    def end(self) -> float:
        """When the last of its events was."""
        return self.time if self.until is None else self.until

    def __str__(self) -> str:
        words = f"{self.words}, {self.often}" if self.often else self.words
        if self.kind in (PAUSE, REST):
            return f"{'':8}  {words}"
        if self.kind == LOOP:
            return f"{self.time:8.3f}  {words}:"
        if not self.target:
            return f"{self.time:8.3f}  {self.source} {words}"
        return f"{self.time:8.3f}  {self.source} -> {self.target}: {words}"


class Chart:
    """A sequence chart: a picture in a notebook, lines of text in ``print``.

    A solid arrow is a message, a dashed one a reply, a dotted one a start, dash and dot a signal.
    A cross is the end of a process; a dot, where it takes a message out of a full mailbox; a
    diamond, what a supervisor decides. Dotted lifelines say that time passes, a frame that what is
    in it repeats.

    Args:
        chain: numbers of events that are lit: numbered, in bold, while the rest is dimmed.
        heading: a sentence over the chart.
    """

    def __init__(self, lines: Sequence[Line], chain: Iterable[int] = (), heading: str = "") -> None:
        self.lines = list(lines)
        self.heading = heading
        lit = frozenset(chain)
        of_chain = [index for index, line in enumerate(self.lines) if lit.intersection(line.events)]
        self.marks = {index: number for number, index in enumerate(of_chain, 1)}
        talking = [name for line in self.lines for name in (line.source, line.target) if name]
        self.columns = list(dict.fromkeys(talking))

    @property
    def events(self) -> int:
        """How many events the chart tells of."""
        return sum(len(line.events) for line in self.lines)

    def __str__(self) -> str:
        """All lines; of a chart with a chain only that, under its heading."""
        if self.marks:
            chain = [f"{number:3}  {self.lines[index]}" for index, number in self.marks.items()]
            return "\n".join([self.heading, *chain] if self.heading else chain)
        inside = 0
        told = []
        for line in self.lines:
            text = str(line)
            told.append(text[:10] + "  " + text[10:] if inside > 0 else text)
            inside = line.rows if line.kind == LOOP else inside - 1
        return "\n".join(told)

    def __repr__(self) -> str:
        shown = sum(line.kind not in (PAUSE, REST, LOOP) for line in self.lines)
        folded = f", folded to {shown} lines" if shown < self.events else ""
        lit = f", {len(self.marks)} of them lit" if self.marks else ""
        return f"<Chart of {self.events} events between {', '.join(self.columns) or 'nobody'}{folded}{lit}>"

    def _repr_html_(self) -> str:
        heading = f"<p>{escape(self.heading)}</p>\n" if self.heading else ""
        return heading + framed("sequence-chart", repr(self)[1:-1], self.svg(), f"<pre>{escape(str(self))}</pre>")

    def svg(self) -> str:
        """The picture. Everything in it that the program said is escaped."""
        return _Drawing(self).svg()


def framed(kind: str, title: str, svg: str, text: str) -> str:
    """A picture as a notebook and a page show it: it scrolls if it must, and its text form is below it.

    Args:
        kind: a class for the page's style sheet.
        svg: and ``text``, the HTML of the text form: escaped already.
    """
    # JupyterLab takes the tags of SVG out of a notebook that is not trusted, and leaves their
    # text. At a font size of 0 that text does not show; the picture sets a size of its own.
    return (
        f'<div class="{kind}" style="overflow-x:auto;font-size:0px" tabindex="0" role="region" '
        f'aria-label="{escape(title)}">{svg}</div>\n'
        f"<details><summary>The same as text</summary>{text}</details>"
    )


def document(title: str, told: str, width: int, height: int, parts: Iterable[str]) -> str:
    """An SVG document of a size, with what it shows as a title and as text."""
    title = escape(title)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{title}" width="{width}" '
        f'height="{height}" viewBox="0 0 {width} {height}" style="max-width:none" '
        'font-family="monospace" font-size="12" fill="currentColor">'
    )
    return "\n".join([head, f"<title>{title}</title><desc>{escape(told)}</desc>", *parts, "</svg>"])


def written(x: float, y: float, words: str, anchor: str = "start", more: str = "") -> str:
    """Escaped text at a place; ``anchor`` says which part of it stands there."""
    anchored = "" if anchor == "start" else f' text-anchor="{anchor}"'
    return f'<text x="{x:g}" y="{y:g}"{anchored}{more}>{escape(words)}</text>'


def shortened(words: str, room: float) -> str:
    """As much of a text as there is room for."""
    length = int(room / LETTER)
    return words if len(words) <= length else words[: max(length - 1, 0)] + "…"


# ---- the drawing ---------------------------------------------------------------------------------------


class _Box(NamedTuple):
    """Where words stand; a lifeline that would cross them is interrupted there."""

    left: float
    right: float
    top: float
    bottom: float


@dataclass
class _Drawing:
    """The picture of one chart while it is drawn."""

    chart: Chart
    boxes: list[_Box] = field(default_factory=list)
    left: int = _TIMES
    xs: dict[str, int] = field(default_factory=dict)
    ys: list[int] = field(default_factory=list)
    bottom: int = 0

    def __post_init__(self) -> None:
        self.left = _TIMES + (_GUTTER if self.chart.marks else 0)
        x = self.left
        for name, gap in zip(self.chart.columns, [0, *_gaps(self.chart)], strict=False):
            x = x + gap if gap else x + _head(name) // 2
            self.xs[name] = x
        y = _HEAD + 16
        ends: set[int] = set()  # lines after which a frame is closed
        for index, line in enumerate(self.chart.lines):
            self.ys.append(y)
            ends |= {index + line.rows} if line.kind == LOOP else set()
            y += _height(line) + (10 if index in ends else 0)
        self.bottom = y

    def svg(self) -> str:
        rows = [self.row(index, line) for index, line in enumerate(self.chart.lines)]
        heads = [self.box(x, 23, name, _head(name), 30) for name, x in self.xs.items()]
        lives = [self.lifeline(name) for name in self.chart.columns]
        width = round(max([self.left, *(box.right for box in self.boxes)]))
        title, told = repr(self.chart)[1:-1], str(self.chart)
        return document(title, told, width, self.bottom + 18, [*heads, *lives, *rows])

    def text(self, x: float, y: float, words: str, anchor: str = "start", more: str = "") -> str:
        """Write something, and keep lifelines away from it."""
        length = len(words) * LETTER
        start = {"start": x, "middle": x - length / 2, "end": x - length}[anchor]
        self.boxes.append(_Box(start - 3, start + length + 3, y - 11, y + 4))
        return written(x, y, words, anchor, more)

    def box(self, x: int, y: int, name: str, width: float, height: int) -> str:
        """The head of a life."""
        left, top = x - width / 2, y - height / 2
        self.boxes.append(_Box(left - 6, left + width + 6, top, top + height))
        return (
            f'<rect x="{left:g}" y="{top:g}" width="{width:g}" height="{height}" rx="4" {_INK} stroke-width="1.5"/>'
            + written(x, y + 4, shortened(name, width), "middle", ' font-weight="bold"')
        )

    def lifeline(self, name: str) -> str:
        """A line for each life of a name, from its start to its end, dotted where time passes."""
        x = self.xs[name]
        pauses = [(y - 14, y + 8) for line, y in zip(self.chart.lines, self.ys, strict=True) if line.kind == PAUSE]
        holes = [(box.top, box.bottom) for box in self.boxes if box.left < x < box.right]
        solid = [part for life in self.lives(name) for part in _without(life, [*holes, *pauses])]
        dotted = [
            (max(top, start), min(bottom, end))
            for start, end in self.lives(name)
            for top, bottom in pauses
            if max(top, start) < min(bottom, end)
        ]
        return _strokes(x, solid) + _strokes(x, dotted, ' stroke-dasharray="2 4"')

    def lives(self, name: str) -> list[tuple[float, float]]:
        """From where to where each life of a name goes."""
        found: list[tuple[float, float]] = []
        start: float | None = _TOP
        seen = False
        for line, y in zip(self.chart.lines, self.ys, strict=True):
            if line.kind == "spawn" and line.target == name:
                if line.life and seen and start is not None:
                    found.append((start, y - 12))  # the end of the one before is not in this chart
                start = y + 12 if line.life else y
            elif line.kind == "exit" and line.source == name and start is not None:
                found.append((start, y))
                start = None
            seen = seen or name in (line.source, line.target)
        return found if start is None else [*found, (start, self.bottom)]

    # One row.

    def row(self, index: int, line: Line) -> str:
        """A line of the chart, with its time where that is a new one."""
        y, number = self.ys[index], self.chart.marks.get(index)
        before = self.chart.lines[index - 1] if index else None
        new = before is None or before.time != line.time or before.kind in (PAUSE, REST)
        time = ""
        if new and line.kind not in (PAUSE, REST):
            time = written(self.left - _TIMES, y + 4, f"{line.time:.3f}")
        ink = f'{_INK} stroke-width="{"1.5" if number is None else "3"}"'
        drawn = time + self.drawn(line, index, y, ink)
        if number is not None:
            ring = f'<circle cx="12" cy="{y}" r="10" {_INK} stroke-width="1.5"/>'
            return f'<g font-weight="bold">{ring}{written(12, y + 4, str(number), "middle")}{drawn}</g>'
        return f'<g opacity="{_DIM}">{drawn}</g>' if self.chart.marks else drawn

    def drawn(self, line: Line, index: int, y: int, ink: str) -> str:
        """What a line is drawn as."""
        if line.kind in (PAUSE, REST):
            return self.text(self.left - _TIMES, y + 1, line.words, more=' font-style="italic"')
        if line.kind == LOOP:
            return self.frame(line, index, y, ink)
        if not line.target:
            return self.mark(line, y, ink)
        return self.loop(line, y, ink) if line.target == line.source else self.arrow(line, y, ink)

    def arrow(self, line: Line, y: int, ink: str) -> str:
        """From one process to another."""
        x, to = self.xs[line.source], self.xs[line.target]
        way, anchor = (1, "start") if to > x else (-1, "end")
        box = ""
        if line.life:
            name = f"{line.target}, {line.life}"
            width = _head(name, 16)
            box = self.box(to, y, name, width, 24)
            to -= round(way * width / 2)
        dashes = f' stroke-dasharray="{_DASHES[line.kind]}"' if line.kind in _DASHES else ""
        drawn = f'<path d="M{x} {y}H{to - 9 * way}" {ink}{dashes}/><path d="M{to} {y}l{-10 * way} -5v10z"/>'
        if line.kind == "call":  # and its reply comes back
            dashes = f' stroke-dasharray="{_DASHES["reply"]}"'
            drawn += f'<path d="M{to} {y + 8}H{x + 9 * way}" {ink}{dashes}/><path d="M{x} {y + 8}l{10 * way} -5v10z"/>'
        room = abs(to - x) - 18
        drawn += box + self.text(x + 8 * way, y - 6, shortened(line.words, room), anchor)
        if line.often:
            below = y + (24 if line.kind == "call" else 15)
            drawn += self.text(x + 8 * way, below, shortened(line.often, room), anchor)
        return drawn

    def loop(self, line: Line, y: int, ink: str) -> str:
        """From a process to itself."""
        x, dashes = self.xs[line.source], _DASHES.get(line.kind)
        ink += f' stroke-dasharray="{dashes}"' if dashes else ""
        drawn = f'<path d="M{x} {y - 6}h16v12h-7" {ink}/><path d="M{x} {y + 6}l10 -5v10z"/>'
        return drawn + self.beside(line, y, 22)

    def mark(self, line: Line, y: int, ink: str) -> str:
        """Something that a process does by itself."""
        x = self.xs[line.source]
        if line.kind == "exit":
            shape = f'<path d="M{x - 7} {y - 7}l14 14m-14 0l14 -14" {ink}/>'
        elif line.kind == "takes":
            shape = f'<circle cx="{x}" cy="{y}" r="4"/>'
        else:
            shape = f'<path d="M{x} {y - 7}l7 7l-7 7l-7 -7z"/>'
        return shape + self.beside(line, y, 12)

    def beside(self, line: Line, y: int, distance: int) -> str:
        """The words of a line that has no room over it: to the right, at the right edge to the left."""
        x, words = self.xs[line.source], f"{line.words}, {line.often}" if line.often else line.words
        edge = len(self.chart.columns) > 1 and line.source == self.chart.columns[-1]
        room = x - self.left - 12
        if edge and (room > _BESIDE / 2 or len(words) * LETTER <= room):
            return self.text(x - 12, y + 4, shortened(words, room), "end")
        return self.text(x + distance, y + 4, shortened(words, _BESIDE))

    def frame(self, line: Line, index: int, y: int, ink: str) -> str:
        """A frame around lines that repeat, as UML draws a loop."""
        inside = self.chart.lines[index + 1 : index + 1 + line.rows]
        columns = [self.xs[name] for each in inside for name in (each.source, each.target) if name]
        left, right = min(columns) - 24, max(columns) + 24
        below = self.ys[index + line.rows] + _height(inside[-1]) - 16
        width = max(right - left, len(line.words) * LETTER + 24)
        return (
            f'<rect x="{left}" y="{y - 14}" width="{width:g}" height="{below - y + 14}" {ink} stroke-opacity="0.6"/>'
            + self.text(left + 8, y + 2, line.words, more=' font-weight="bold"')
        )


_TOP: Final = 38.0  # where lifelines begin


def _head(name: str, margin: int = 24) -> int:
    """The width of the box with a name."""
    return round(min(max(len(name) * LETTER + margin, _SMALLEST), _LARGEST))


def _gaps(chart: Chart) -> list[int]:
    """How far each lifeline is from the next: as far as the words between them need."""
    columns = chart.columns
    gaps = [max(float(_NEAREST), (_head(one) + _head(other)) / 2 + 12) for one, other in pairwise(columns)]
    if gaps:  # beside the last lifeline words stand on its left
        said = [len(line.words) for line in chart.lines if not line.target and line.source == columns[-1]]
        gaps[-1] = min(max([gaps[-1], *(length * LETTER + 26 for length in said)]), max(gaps[-1], _FARTHEST))
    place = {name: at for at, name in enumerate(columns)}
    arrows = [line for line in chart.lines if line.target and line.target != line.source]
    for line in sorted(arrows, key=lambda line: abs(place[line.source] - place[line.target])):
        first, last = sorted((place[line.source], place[line.target]))
        needed = max(len(line.words), len(line.often)) * LETTER + 26
        if line.life:
            needed += _head(f"{line.target}, {line.life}", 16) / 2
        missing = min(needed, _FARTHEST) - sum(gaps[first:last])
        if missing > 0:
            gaps[first:last] = [gap + missing / (last - first) for gap in gaps[first:last]]
    return [round(gap) for gap in gaps]


def _height(line: Line) -> int:
    """From a line to the next."""
    if line.often and line.target and line.target != line.source:
        return _ROW + (20 if line.kind == "call" else 12)
    return 30 if line.kind in (PAUSE, LOOP) else _ROW


def _without(life: tuple[float, float], holes: Iterable[tuple[float, float]]) -> Iterator[tuple[float, float]]:
    """A stretch with holes in it."""
    start, end = life
    for top, bottom in sorted(holes):
        if top < end and bottom > start:
            if top > start:
                yield (start, top)
            start = max(start, bottom)
    if start < end:
        yield (start, end)


def _strokes(x: int, parts: Sequence[tuple[float, float]], more: str = "") -> str:
    way = "".join(f"M{x} {top:g}V{bottom:g}" for top, bottom in parts)
    return f'<path d="{way}" stroke="currentColor" stroke-opacity="0.5"{more}/>' if parts else ""

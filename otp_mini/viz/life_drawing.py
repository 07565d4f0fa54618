"""The picture of a server's life: one line from its start to its end, with a box for each callback.

It has no colours of its own but takes that of the text around it, so it can be read on light and on dark.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from .chart import LETTER, document, shortened, written
from .life_record import HEADINGS, ServerLife, Step

_TIMES, _ROW, _BOX, _HEAD = 58, 50, 32, 66  # measures in pixels; a row holds a box
_INK: Final = 'stroke="currentColor" fill="none" stroke-width="1.5"'
_DOTS: Final = ' stroke-dasharray="2 4"'


@dataclass(frozen=True, slots=True)
class _Columns:
    """Where each column begins, and how wide it is."""

    came: float
    came_wide: float
    box: float
    box_wide: float
    after: float  # what it returned, and the state under that
    after_wide: float

    @property
    def line(self) -> float:
        """The place of the lifeline."""
        return self.box + 22

    @property
    def width(self) -> float:
        return self.after + self.after_wide


def drawing(title: str, told: str, lives: Sequence[ServerLife]) -> str:
    """All lives, one below the other, as one SVG document.

    Args:
        told: the same as text.
    """
    columns = _columns(lives)
    parts: list[str] = []
    top = 0.0
    for life in lives:
        drawn, top = _life(life, columns, top)
        parts += drawn
    return document(title, told, round(columns.width), round(max(top, 20)), parts)


def _columns(lives: Sequence[ServerLife]) -> _Columns:
    steps = [step for life in lives for step in life.steps]

    def wide(words: Iterable[str], least: float, most: float) -> float:
        return min(max([least, *(len(each) * LETTER for each in words)]), most)

    came = _TIMES
    came_wide = wide((step.came for step in steps), 80, 220) + 26
    box = came + came_wide
    box_wide = wide((step.callback for step in steps), 120, 330) + 16
    after_wide = wide((words for step in steps for words in (step.returned, _state(step))), 240, 400) + 14
    return _Columns(came, came_wide, box, box_wide, box + box_wide + 18, after_wide)


def _state(step: Step) -> str:
    return f"state: {step.state}" if step.state else ""


def _life(life: ServerLife, at: _Columns, top: float) -> tuple[list[str], float]:
    """One process: its name, the headings, its steps, its end; and where it ends in the picture."""
    parts = [written(0, top + 18, shortened(life.name, at.width), more=' font-weight="bold" font-size="14"')]
    places = (0, at.came, at.box, at.after)
    headings = (*HEADINGS[:3], f"{HEADINGS[3]}, and the {HEADINGS[4]}")
    dim = ' fill-opacity="0.75"'
    parts += [written(x, top + 44, words, more=dim) for x, words in zip(places, headings, strict=True)]
    y = top + _HEAD + _BOX / 2
    before: Step | None = None
    for step in life.steps:
        parts += [*_wait(before, step, at, y), *_step(step, before, at, y)]
        before, y = step, y + _ROW
    if life.more:
        parts.append(written(at.line + 14, y + 4, f"and {life.more:,} callbacks more", more=' font-style="italic"'))
        y += _ROW
    return [*parts, *_end(life, before, at, y)], y + 34


def _wait(before: Step | None, step: Step, at: _Columns, y: float) -> list[str]:
    """The lifeline from the box before to this one: dotted where time passes."""
    if before is None:
        return []
    passes = step.began > (before.began if before.ended is None else before.ended)
    top, bottom = y - _ROW + _BOX / 2, y - _BOX / 2
    return [f'<path d="M{at.line:g} {top:g}V{bottom:g}" {_INK}{_DOTS if passes else ""}/>']


def _step(step: Step, before: Step | None, at: _Columns, y: float) -> list[str]:
    """One callback: what came, its box, what it returned, the state."""
    parts = []
    if before is None or before.began != step.began:
        parts.append(written(0, y + 4, f"{step.began:.3f}"))
    if step.came:
        parts += [written(at.came, y - 6, shortened(step.came, at.came_wide)), _arrow(at.came, at.box, y)]
    dashes = "" if step.own else ' stroke-dasharray="5 4"'
    parts.append(
        f'<rect x="{at.box:g}" y="{y - _BOX / 2:g}" width="{at.box_wide:g}" height="{_BOX}" rx="6" {_INK}{dashes}/>'
    )
    parts.append(written(at.box + 8, y + 4, shortened(step.callback, at.box_wide - 8), more=' font-weight="bold"'))
    for words, below in ((step.returned, -4 if step.state else 4), (_state(step), 12)):
        if words:
            parts.append(written(at.after, y + below, shortened(words, at.after_wide)))
    if step.returned:
        parts.append(_arrow(at.box + at.box_wide, at.after - 4, y, 5))
    return parts


def _end(life: ServerLife, last: Step | None, at: _Columns, y: float) -> list[str]:
    """A cross where the process has ended, else a line that goes on."""
    x, top = at.line, y - _ROW + _BOX / 2
    if last is None:
        return []
    if life.ended is None:
        waits = "waits for the next message" if last.ended is not None else "is still at work"
        words = written(x + 14, y + 4, waits, more=' font-style="italic"')
        return [f'<path d="M{x:g} {top:g}V{y + 10:g}" {_INK}{_DOTS}/>', words]
    passes = life.ended > (last.began if last.ended is None else last.ended)
    line = f'<path d="M{x:g} {top:g}V{y:g}" {_INK}{_DOTS if passes else ""}/>'
    cross = f'<path d="M{x - 7:g} {y - 7:g}l14 14m-14 0l14 -14" {_INK}/>'
    words = written(x + 16, y + 4, f"the process ends: {life.reason}", more=' font-weight="bold"')
    return [line, cross, words, written(0, y + 4, f"{life.ended:.3f}")]


def _arrow(start: float, end: float, y: float, head: float = 8) -> str:
    """From left to right."""
    return f'<path d="M{start:g} {y:g}H{end - head:g}" {_INK}/><path d="M{end:g} {y:g}l{-head:g} -4.5v9z"/>'

"""The plots of the page about speed, as SVG in the colour of the text: shapes and dashes tell lines apart, not colours.

Each has a title and says all that it shows as text; a table of the same stands beside or below it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from otp_mini.viz.chart import document, written

WIDTH = 304  # narrower than the column of a phone: no letter gets smaller there
SOFT = 'stroke="currentColor" stroke-opacity="0.3"'
CLEAR = ' stroke="var(--pst-color-background, Canvas)" stroke-width="4" paint-order="stroke"'  # of lines behind it
LINE = 'stroke="currentColor" stroke-width="1.5" fill="none"'


# ---- how otp_mini compares: a line for each row, a mark for each design ----------------------------


def ratios(title: str, rows: Sequence[tuple[str, Sequence[tuple[str, Any]]]], marks: dict[str, str]) -> str:
    """A scale of ratios with the line of 1 on it, as far as they go; each step is ten times the one before.

    Args:
        rows: what was measured; for each design that is in it a ratio (middle, least, most). Zero has no
            place on such a scale: of a middle of zero the text alone tells.
        marks: the shape of each design, "square" or "circle".
    """
    found = [value for _, each in rows for _, ratio in each for value in ratio if value > 0]
    low, high = math.floor(math.log10(min(found, default=1))), math.ceil(math.log10(max(found, default=1)))
    low, high = min(low, 0), max(high, 1)
    scale = Scale(math.log10, low, high, 14, WIDTH - 14)
    bottom = 74 + 34 * len(rows)
    parts = [*_key(marks), *_decades(scale, low, high, bottom)]
    for number, (name, each) in enumerate(rows):
        y = 78 + 34 * number
        parts.append(written(0, y, name, more=CLEAR))
        parts.append(f'<path d="M{scale.first:g} {y + 13}H{scale.last:g}" {SOFT}/>')
        for design, ratio in each:
            if ratio.middle > 0:
                parts += _mark(marks[design], scale, ratio, y + 13)
    told = "; ".join(f"{name}: {_told(each)}" for name, each in rows)
    return document(title, told or "Nothing was compared.", WIDTH, bottom + 24, parts)


def _told(each: Iterable[tuple[str, Any]]) -> str:
    return ", ".join(f"{ratio.middle:.3g} times {design}" for design, ratio in each)


class Scale(NamedTuple):
    """Where a value stands between two places."""

    turned: Any  # a function of the value: its logarithm, or itself
    low: float
    high: float
    first: float
    last: float

    def at(self, value: float) -> float:
        part = (self.turned(value) - self.low) / (self.high - self.low)
        return round(self.first + part * (self.last - self.first), 1)


def _key(marks: dict[str, str]) -> Iterator[str]:
    for number, (design, shape) in enumerate(marks.items()):
        yield _shape(shape, 8, 10 + 18 * number)
        yield written(20, 14 + 18 * number, f"to {design}")
    yield written(WIDTH, 14, "otp_mini takes", "end")
    yield written(WIDTH, 30, "less ← 1 → more", "end")


def _decades(scale: Scale, low: int, high: int, bottom: float) -> Iterator[str]:
    for power in range(low, high + 1):
        x, strong = scale.at(10.0**power), power == 0
        dash = LINE if strong else SOFT
        yield f'<path d="M{x:g} 62V{bottom:g}" {dash}/>'
        for y in (56, bottom + 16):
            yield written(x, y, f"{10.0**power:g}", "middle")


def _mark(shape: str, scale: Scale, ratio: Any, y: float) -> list[str]:
    """The middle, on a line from the least to the most of the rounds."""
    left, right = scale.at(ratio.least) if ratio.least > 0 else scale.first, scale.at(ratio.most)
    return [f'<path d="M{left:g} {y}H{right:g}" {LINE}/>', _shape(shape, scale.at(ratio.middle), y)]


def _shape(shape: str, x: float, y: float) -> str:
    if shape == "square":
        return f'<rect x="{x - 5:g}" y="{y - 5:g}" width="10" height="10" fill="currentColor"/>'
    return f'<circle cx="{x:g}" cy="{y:g}" r="5.5" {LINE}/>'


# ---- growth: what a piece costs, from few to many ---------------------------------------------------


def growth(title: str, sizes: Sequence[int], found: Sequence[Any], law: str) -> str:
    """The cost of a piece at each size, as a ratio to that at the smallest, and the shape that it should have.

    Args:
        sizes: from few to many, each ten times the one before.
        found: a ratio (middle, least, most) for each size.
        law: "flat" or "log n"; as each step to the right is ten times as many, both are straight.
    """
    most = max(3.0, *(ratio.most for ratio in found))
    step = next(step for step in (1, 2, 5, 10, 20, 50, 100, 1000, 10**9) if most / step <= 4)
    across = Scale(math.log10, math.log10(sizes[0]), math.log10(max(sizes[-1], 10 * sizes[0])), 34, WIDTH - 22)
    up = Scale(float, 0, math.ceil(most / step) * step, 118, 12)
    parts = [*_grid(up, step), *(_size(across.at(size), size) for size in sizes)]
    middles = [ratio.middle for ratio in found]
    ends = [(across.at(size), up.at(value)) for size, value in _expected(sizes, middles, law)]
    parts.append(f'<path d="{_way(ends)}" {LINE} stroke-dasharray="6 5" stroke-opacity="0.75"/>')
    points = [(across.at(size), up.at(ratio.middle)) for size, ratio in zip(sizes, found, strict=True)]
    parts.append(f'<path d="{_way(points)}" {LINE}/>')
    for (x, y), ratio in zip(points, found, strict=True):
        parts.append(f'<path d="M{x:g} {up.at(ratio.least):g}V{up.at(ratio.most):g}" {LINE}/>')
        parts.append(f'<circle cx="{x:g}" cy="{y:g}" r="3.5" fill="currentColor"/>')
    told = ", ".join(f"{middle:.2f} times at {size:,}" for size, middle in zip(sizes, middles, strict=True))
    return document(title, f"{told}. Expected: {law}.", WIDTH, 142, parts)


def _grid(up: Scale, step: float) -> Iterator[str]:
    for number in range(int(up.high / step) + 1):
        y = up.at(number * step)
        yield f'<path d="M34 {y:g}H{WIDTH - 22}" {SOFT}/>'
        yield written(28, y + 4, f"{number * step:g}", "end")


def _size(x: float, size: int) -> str:
    power = round(math.log10(size))
    return written(x, 136, {3: "1k", 4: "10k", 5: "100k", 6: "1M"}.get(power, f"{size}"), "middle")


def _expected(sizes: Sequence[int], middles: Sequence[float], law: str) -> list[tuple[int, float]]:
    """The two ends of the straight line that fits best: level where the law is flat."""
    places = [math.log10(size) for size in sizes]
    mean, centre = sum(middles) / len(middles), sum(places) / len(places)
    square = sum((place - centre) ** 2 for place in places)
    slope = sum((p - centre) * (m - mean) for p, m in zip(places, middles, strict=True)) / square if square else 0
    slope = max(slope, 0) if law == "log n" else 0
    return [(size, mean + slope * (math.log10(size) - centre)) for size in (sizes[0], sizes[-1])]


def _way(points: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:g} {y:g}" for x, y in points)

"""What a run of the benchmarks found: its file, and how ratios come of it. The book's page is made from this too.

`results.json` holds every round's figure of every row and every size, so that ratios can be taken round by round.
Times are in microseconds of the processor, memory is in bytes: less is better everywhere.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

STORED = Path(__file__).resolve().parent / "results.json"
OURS, BEAM = "otp_mini", "the BEAM"


class Ratio(NamedTuple):
    """How many times one figure another one is: the median of the rounds, and how far they go."""

    middle: float
    least: float
    most: float


@dataclass
class Row:
    """One workload: what each design took for a piece, round by round."""

    name: str
    title: str
    unit: str  # "µs" or "bytes"
    figures: dict[str, list[float]] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)  # a design, and why it has no figure

    def middle(self, design: str) -> float | None:
        """The median of a design's rounds, None where it was not measured."""
        found = self.figures.get(design)
        return median(found) if found else None

    def ratio(self, design: str) -> Ratio | None:
        """How many times as much as a design otp_mini takes; below 1 it takes less."""
        return ratio(self.figures.get(OURS, []), self.figures.get(design, []))


@dataclass
class Growth:
    """One kind of growth: what a piece costs where there are 10, 100 and so on, round by round."""

    name: str
    what: str
    piece: str
    law: str  # "flat" or "log n"
    figures: dict[str, list[float]] = field(default_factory=dict)  # microseconds by size

    def sizes(self) -> list[int]:
        """From few to many."""
        return sorted(map(int, self.figures))

    def ratio(self, size: int) -> Ratio | None:
        """How many times as much a piece costs at this size as at the smallest one; None where one has no figure."""
        return ratio(self.figures[str(size)], self.figures[str(self.sizes()[0])])


@dataclass
class Results:
    """All of a run."""

    python: str
    elixir: str | None
    rounds: int
    rows: list[Row]
    growth: list[Growth]

    def row(self, name: str) -> Row:
        return next(row for row in self.rows if row.name == name)

    def designs(self) -> list[str]:
        """All that have a figure, in the order in which they were measured."""
        return list(dict.fromkeys(design for row in self.rows for design in row.figures))


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> Ratio | None:
    """Divide round by round, as each round's figures were taken one after the other."""
    found = [our / their for our, their in zip(ours, theirs, strict=False) if their > 0]
    return Ratio(median(found), min(found), max(found)) if found else None


def figure(value: float | None) -> str:
    """Three digits."""
    if value is None:
        return "-"
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def load(path: Path = STORED) -> Results:
    """Read what a run has stored."""
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    rows = [Row(**row) for row in found.pop("rows")]
    growth = [Growth(**kind) for kind in found.pop("growth")]
    return Results(**found, rows=rows, growth=growth)


def store(results: Results, path: Path = STORED) -> None:
    """Write it down, wholly or not at all; four digits of a figure are more than it is worth."""
    text = json.dumps(_rounded(asdict(results)), indent=1, ensure_ascii=False)
    text = re.sub(r"\[\s+([-\d.e,\s]+?)\s+\]", lambda rounds: f"[{' '.join(rounds[1].split())}]", text)
    half_written = path.with_suffix(".new")
    half_written.write_text(text + "\n", encoding="utf-8")
    half_written.replace(path)


def _rounded(value: Any) -> Any:
    match value:
        case float():
            return float(f"{value:.4g}")
        case dict():
            return {key: _rounded(each) for key, each in value.items()}
        case list():
            return [_rounded(each) for each in value]
    return value

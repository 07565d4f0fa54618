"""Pictures of a running system; each has a text form that says the same."""

from __future__ import annotations

from typing import Any, Final

from .. import ets
from ..campaign import Replayed
from ..explore import Schedules
from ..score import Beside, Campaign
from ..terms import Pid
from ..tracing import Trace
from .arrows import MemoryArrows, memory_arrows
from .campaigns import Report, Scene, SideBySide
from .chart import Chart, Line
from .schedules import outcomes_of
from .sequence import sequence_chart
from .tables import table_of
from .tree import Tree, tree_of_supervisor
from .why import Why, explain
from .window import Window, restart_window

MOST_LINES: Final = 200
"""A trace that shows itself in a notebook draws so many lines; `sequence_chart` draws them all."""


def picture_of(thing: object, **how: Any) -> Any:
    """The picture by which a thing shows itself, or None: what `otp_mini.terms.picture` asks."""
    match thing, how:
        case Trace(), {"why": who}:
            return explain(thing, who)
        case Pid(), _:
            return tree_of_supervisor(thing) or table_of(thing)
        case ets.Table(), _:
            return table_of(thing)
        case Schedules(), _:
            return outcomes_of(thing)
        case Campaign(), _:
            return Report(thing)
        case Beside(), _:
            return SideBySide(thing)
        case Replayed(), _:
            return Scene(thing)
        case Trace(), _:
            return sequence_chart(thing, most=MOST_LINES)
    return None


__all__ = [
    "Chart", "Line", "MemoryArrows", "Tree", "Why", "Window", "memory_arrows", "picture_of", "restart_window",
    "sequence_chart",
]  # fmt: skip

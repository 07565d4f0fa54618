"""Pictures of a running system; each has a text form that says the same."""

from __future__ import annotations

from .sequence import Chart, Line, sequence_chart

__all__ = ["Chart", "Line", "sequence_chart"]

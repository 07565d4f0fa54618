"""What shows itself in a notebook by widgets; needs ipywidgets, or does with less."""

from __future__ import annotations

from .progress_bar import progress

__all__ = ["progress"]

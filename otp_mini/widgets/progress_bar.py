"""A progress bar for `otp_mini.Task.async_stream` and `otp_mini.explore`: tqdm's.

OTP: none
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any, Final, TextIO

Progress = Callable[[int, int | None], None]
"""Gets the number of results so far, and how many there will be, if that is known."""

LOOK: Final = "{desc} {bar} {n_fmt}/{total_fmt}"
"""No rate and no time: what a notebook stores is the same after every run."""


def progress(label: str = "", file: TextIO | None = None) -> Progress:
    """Show a bar, and answer the function that moves it: the ``progress`` of a stream, or of `explore`.

    In a notebook the bar is a widget, elsewhere a line on stderr.

    Args:
        label: stands before the bar.
        file: where the bar is written as text, in a notebook too: ``sys.stdout``, say.

    Example:
        >>> told = progress("pages")
        >>> told(1, 2), told(2, 2)
        (None, None)
    """
    module: Any = import_module("tqdm.auto" if file is None else "tqdm.std")
    return moved_by(module.tqdm, label, file)


def moved_by(kind: Any, label: str, file: TextIO | None = None) -> Progress:
    """The same with one kind of tqdm's bars."""
    kind.monitor_interval = 0  # its thread looks at slow bars; a browser has none
    bar = kind(desc=label, bar_format=LOOK, mininterval=0, miniters=1, ncols=60, file=file)

    def move(done: int, total: int | None) -> None:
        if total != bar.total:
            bar.reset(total)
        bar.update(done - bar.n)
        if done == total:
            bar.close()

    return move

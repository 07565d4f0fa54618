"""A progress bar for `otp_mini.Task.async_stream`.

OTP: none
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Any

Progress = Callable[[int, int | None], None]
"""Gets the number of results so far, and how many there will be, if that is known."""


def progress(label: str = "", *, use: str | None = None) -> Progress:
    """Show a bar, and answer the function that moves it: the ``progress`` of a stream.

    Args:
        label: stands before the bar.
        use: ``"ipywidgets"``, ``"tqdm"`` or ``"text"``; None takes the first that is installed.

    Example:
        >>> told = progress("pages", use="text")
        >>> told(1, 2)
        pages 1 of 2
        >>> told(5, None)
        pages 5
    """
    if use is None:
        use = next((name for name in ("ipywidgets", "tqdm") if find_spec(name) is not None), "text")
    if use not in _BARS:
        raise ValueError(f"use must be one of {', '.join(_BARS)}, got {use!r}")
    return _BARS[use](label)


def _widget(label: str) -> Progress:
    display: Any = import_module("IPython.display")
    ipywidgets: Any = import_module("ipywidgets")
    bar = ipywidgets.IntProgress(description=label, value=0, max=1)
    count = ipywidgets.Label("0")
    display.display(ipywidgets.HBox([bar, count]))

    def move(done: int, total: int | None) -> None:
        bar.max, bar.value = max(total or done, 1), done
        count.value = _said(done, total)

    return move


def _tqdm(label: str) -> Progress:
    bar: Any = import_module("tqdm.auto").tqdm(desc=label or None)

    def move(done: int, total: int | None) -> None:
        bar.total = total
        bar.update(done - bar.n)
        if done == total:
            bar.close()

    return move


def _text(label: str) -> Progress:
    def move(done: int, total: int | None) -> None:
        print(f"{label} {_said(done, total)}".strip())  # noqa: T201  (printing is its purpose)

    return move


def _said(done: int, total: int | None) -> str:
    return str(done) if total is None else f"{done} of {total}"


_BARS: dict[str, Callable[[str], Progress]] = {"ipywidgets": _widget, "tqdm": _tqdm, "text": _text}

"""The progress bar of a stream."""

from __future__ import annotations

from typing import Any

import pytest

from otp_mini import Node, Task
from otp_mini.widgets import progress


async def drain(show: Any) -> None:
    async for _ in Task.async_stream([1, 2, 3], lambda n: n, progress=show):
        pass


def test_as_text_it_prints_a_line_for_each_result(capsys: pytest.CaptureFixture[str]) -> None:
    with Node(clock="virtual") as node:
        node.run(drain, progress("pages", use="text"))
    assert capsys.readouterr().out == "pages 1 of 3\npages 2 of 3\npages 3 of 3\n"


def test_as_a_widget_it_moves_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    import IPython.display

    shown: list[Any] = []
    monkeypatch.setattr(IPython.display, "display", shown.append)
    with Node(clock="virtual") as node:
        node.run(drain, progress("pages"))
    [box] = shown
    bar, label = box.children
    assert (bar.description, bar.value, bar.max, label.value) == ("pages", 3, 3, "3 of 3")


def test_an_unknown_way_is_refused() -> None:
    with pytest.raises(ValueError, match="use must be one of ipywidgets, tqdm, text, got 'bells'"):
        progress(use="bells")

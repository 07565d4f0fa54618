"""The progress bar of a stream."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest

from otp_mini import Node, Task, explore, receive, self_, send, spawn
from otp_mini.widgets import progress
from otp_mini.widgets.progress_bar import moved_by


async def speak(boss: Any) -> None:
    for word in "abc":
        send(boss, word)


async def race() -> str:
    for _ in range(2):
        spawn(speak, self_())
    return "".join([await receive() for _ in range(6)])


async def drain(show: Any) -> None:
    async for _ in Task.async_stream([1, 2, 3], lambda n: n, progress=show):
        pass


def test_on_a_terminal_it_moves_with_each_result(capsys: pytest.CaptureFixture[str]) -> None:
    with Node(clock="virtual") as node:
        node.run(drain, progress("pages"))
    told = capsys.readouterr().err
    for count in ("1/3", "2/3", "3/3"):
        assert count in told
    assert "pages" in told


def test_into_a_file_it_is_written_as_text_also_where_a_notebook_would_show_a_widget() -> None:
    sheet = io.StringIO()
    show = progress("pages", file=sheet)
    show(1, 2)
    show(2, 2)
    said = sheet.getvalue()
    assert [count in said for count in ("0/2", "1/2", "2/2")] == [True] * 3
    assert said.startswith("\rpages") and said.endswith("2/2\n")


def test_it_tells_no_time_and_no_rate(capsys: pytest.CaptureFixture[str]) -> None:
    show = progress("pages")
    show(1, 2)
    show(2, 2)
    said = re.sub("[^ -~]|pages| ", "", capsys.readouterr().err)  # without the bar itself
    assert set(re.findall(r"\d+/(?:\d|\?)", said)) == {"0/?", "0/2", "1/2", "2/2"}
    assert re.sub(r"\d+/(?:\d|\?)", "", said) == ""


def test_of_explore_it_counts_the_runs_the_same_each_time(capsys: pytest.CaptureFixture[str]) -> None:
    said = []
    for _ in range(2):
        explore(race, progress=progress("schedules"))
        said.append(capsys.readouterr().err)
    assert said[0] == said[1]
    assert re.search(r"schedules .* 50/\?", said[0])
    assert re.search(r"schedules .* (\d+)/\1\D*$", said[0])


def test_where_the_number_of_results_is_not_known_it_counts(capsys: pytest.CaptureFixture[str]) -> None:
    show = progress("pages")
    show(1, None)
    show(7, None)
    assert "7/" in capsys.readouterr().err


def test_in_a_notebook_it_is_a_widget(monkeypatch: pytest.MonkeyPatch) -> None:
    from tqdm import notebook

    shown: list[Any] = []
    monkeypatch.setattr(notebook, "display", shown.append)
    show = moved_by(notebook.tqdm, "pages")
    show(1, 3)
    show(2, 3)
    said, moving, count = shown[0].children
    assert (said.value.strip(), moving.value, moving.max, count.value.strip()) == ("pages", 2, 3, "2/3")
    show(3, 3)
    assert (moving.value, moving.bar_style) == (3, "success")

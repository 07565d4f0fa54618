"""What a picture costs: eight times as much to show is at most about eight times the work.

Work is counted in lines of the package that run, so a slow machine changes nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from playing import play

import otp_mini
from otp_mini import (
    ChildSpec,
    GenServer,
    Process,
    Supervisor,
    receive,
    self_,
    send,
    spawn,
    trace,
    tree,
    which,
)
from otp_mini.errors import LONGEST_NAME
from otp_mini.viz.why import MOST_LINES, explain

PACKAGE = str(Path(otp_mini.__file__).parent)


def steps(function: Callable[[], Any]) -> int:
    """How many lines of the package run in a call."""
    count = 0

    def inside(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal count
        count += event == "line"
        return inside

    def called(frame: FrameType, event: str, argument: Any) -> Any:
        return inside if frame.f_code.co_filename.startswith(PACKAGE) else None

    before = sys.gettrace()
    sys.settrace(called)
    try:
        function()
    finally:
        sys.settrace(before)
    return count


def piece_at_eight_times(make: Callable[[int], Callable[[], Any]], n: int) -> float:
    """What a piece costs of 8 n, in terms of what it costs of n."""
    return steps(make(8 * n)) / 8 / steps(make(n))


async def named(name: str) -> Any:
    child = ChildSpec(name, (GenServer.start_link, (0,)))
    return await Supervisor.start_link([child], strategy="one_for_one", name=f"sup {name}")


def test_a_long_name_costs_a_picture_nothing_and_is_cut() -> None:
    async def main(length: int) -> tuple[int, str, str]:
        sup = await named("L" * length)
        count = steps(lambda: tree(sup)._repr_html_())
        return count, tree(sup)._repr_html_(), str(which(sup))

    few, _, _ = play(main, 1_000)
    many, html, table = play(main, 8_000)
    assert many < 1.1 * few
    assert "L" * LONGEST_NAME not in html
    assert "L" * LONGEST_NAME not in table


async def chain(length: int) -> Any:
    """Each is linked to the one before; the first one's end brings all of them down."""

    async def link(before: Any) -> None:
        if before is not None:
            Process.link(before)
        await receive()

    with trace() as recorded:
        pids: list[Any] = [None]
        for _ in range(length):
            pids.append(spawn(link, pids[-1]))
            await Process.sleep(0)
        Process.exit(pids[1], "bad")
        await Process.sleep(1)
    return recorded, pids[-1]


def test_why_tells_a_long_chain_in_as_many_steps_as_it_has() -> None:
    def make(length: int) -> Callable[[], Any]:
        recorded, last = play(chain, length)
        return lambda: explain(recorded, last)._repr_html_()

    assert piece_at_eight_times(make, 60) < 1.5


def test_the_chart_of_a_long_chain_shows_its_ends_and_says_what_it_leaves_out() -> None:
    recorded, last = play(chain, 400)
    why = recorded.why(last)
    lines = str(why.chart()).splitlines()
    assert len(lines) <= MOST_LINES + 1
    assert "chain -> link" in lines[1]
    assert lines[-1].endswith("ends: 'bad'")
    (left,) = (line.words for line in why.chart().lines if line.kind == "rest")
    shown = [line for line in why.chart().lines if line.kind not in ("rest", "pause")]
    assert left.startswith(f"{len(why.chart(most=None).marks) - len(shown):,} steps of the chain are left out here")
    assert len(shown) == MOST_LINES


@pytest.mark.parametrize("same", [False, True])
def test_a_receive_from_a_traced_long_mailbox_costs_what_one_from_a_short_one_costs(same: bool) -> None:
    async def main(count: int) -> int:
        with trace() as recorded:
            for number in range(count):
                send(self_(), "again" if same else ("message", number))
            messages = [await receive() for _ in range(count)]
            for message in messages:
                recorded.record(0.0, "send", self_(), self_(), message)
            back_to_front = messages[::-1]
            return steps(lambda: [recorded.received(0.0, self_(), message) for message in back_to_front])

    assert play(main, 1_600) / 8 < 1.5 * play(main, 200)

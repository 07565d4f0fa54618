"""The benchmark program runs and prints its table. How fast anything is, no test asks."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"
DESIGNS = ["otp_mini", "otp_mini+loop", "asyncio", "asyncio tuned", "pykka"]
ROWS = {
    "call, a second": "more is better",
    "read from a table, a second": "more is better",
    "cast, a second": "more is better",
    "start and stop, a second": "more is better",
    "restart, µs": "less is better",
    "idle, never called, bytes": "less is better",
    "idle, called once, bytes": "less is better",
}


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    program = [sys.executable, str(BENCHMARKS / "run.py"), *arguments]
    return subprocess.run(program, capture_output=True, text=True, encoding="utf-8", check=False)


@pytest.fixture(scope="module")
def printed() -> list[str]:
    """The lines of one tiny run."""
    done = run("--quick")
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def cells(line: str) -> list[str]:
    """What stands in a line of the table, from left to right; two blanks or more part the columns."""
    return re.split(r" {2,}", line.strip())


def test_a_tiny_run_says_that_its_figures_mean_nothing(printed: list[str]) -> None:
    assert printed[1] == "--quick tries the program out: the figures mean nothing."


def test_the_table_has_a_column_for_each_design(printed: list[str]) -> None:
    assert cells(printed[3]) == DESIGNS


def test_each_workload_has_a_line_of_figures_and_one_of_ratios(printed: list[str]) -> None:
    lines = [cells(line) for line in printed[4 : 4 + 2 * len(ROWS)]]
    assert {figures[0]: ratios[0] for figures, ratios in zip(lines[::2], lines[1::2], strict=True)} == ROWS
    for figures, ratios in zip(lines[::2], lines[1::2], strict=True):
        assert len(figures) == len(ratios) == 1 + len(DESIGNS)
        assert all(re.fullmatch(r"-?[0-9,]+|-", figure) for figure in figures[1:])
        assert all(re.fullmatch(r"-?[0-9.]+ x|-", ratio) for ratio in ratios[1:])


def test_what_was_measured_is_above_nothing_and_asyncio_is_its_own_measure(printed: list[str]) -> None:
    figures, ratios = cells(printed[4]), cells(printed[5])  # the calls: each design has them
    assert all(int(figure.replace(",", "")) > 0 for figure in figures[1:4])
    assert ratios[1 + DESIGNS.index("asyncio")] == "1.00 x"


def test_what_is_left_out_is_named_with_its_reason(printed: list[str]) -> None:
    below = "\n".join(printed[4 + 2 * len(ROWS) :])
    assert "On the BEAM itself: " in below
    assert "Skipped: restart on pykka: " in below
    assert "Skipped: read from a table on asyncio: it has no tables." in below


def test_a_bad_number_of_rounds_is_refused() -> None:
    done = run("--rounds", "0")
    assert done.returncode == 2
    assert "--rounds must be 1 or more, got 0" in done.stderr


def test_what_chapter_15_quotes_is_what_was_measured() -> None:
    chapter = (BENCHMARKS.parent / "notebooks" / "15_ets.ipynb").read_text(encoding="utf-8")
    measured = (BENCHMARKS / "README.md").read_text(encoding="utf-8")
    [by_the_beam] = re.findall(r"the BEAM itself \| ([\d.]+) \|", measured)
    [quoted] = re.findall(r"two or three times here, and about (\w+) times on the BEAM", chapter)
    assert "2.6 by the best rounds" in measured
    assert {30: "thirty", 40: "forty", 50: "fifty"}[round(float(by_the_beam), -1)] == quoted

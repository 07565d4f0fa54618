"""The benchmark program runs, prints its tables and stores its figures. How fast anything is, no test asks."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
BENCHMARKS = ROOT / "benchmarks"
sys.path.append(str(BENCHMARKS))

results: Any = importlib.import_module("results")
program: Any = importlib.import_module("run")

DESIGNS = ["otp_mini", "otp_mini+loop", "the BEAM", "asyncio", "asyncio tuned", "pykka"]
ROWS = [
    "GenServer.call, µs",
    "GenServer.cast, µs",
    "spawn, exit, Down, µs",
    "start and stop of a GenServer, µs",
    "restart under a Supervisor, µs",
    "DynamicSupervisor.start_child, µs",
    "Registry.lookup, µs",
    "GenServer.whereis, by a via name, µs",
    "GenServer.call, by a via name, µs",
    "ETS lookup, µs",
    "ETS insert, µs",
    "Task.async and await, µs",
    "item of an async_stream, µs",
    "message in a ring of processes, µs",
    "GenServer that waits, never called, bytes",
    "GenServer that waits, called once, bytes",
]


def run(*arguments: str, path: str | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(BENCHMARKS / "run.py"), *arguments]
    environment = None if path is None else {"PATH": path}
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", env=environment, check=False)


def cells(line: str) -> list[str]:
    """What stands in a line of the table, from left to right; two blanks or more part the columns."""
    return re.split(r" {2,}", line.strip())


# ---- a run ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("bench") / "figures.json"


@pytest.fixture(scope="module")
def printed(stored: Path) -> list[str]:
    """The lines of one tiny run, which is stored aside."""
    before = results.STORED.read_bytes()
    done = run("--quick", "--into", str(stored))
    assert done.returncode == 0, done.stderr
    assert results.STORED.read_bytes() == before
    return done.stdout.splitlines()


@pytest.mark.slow
def test_a_tiny_run_says_that_its_figures_mean_nothing(printed: list[str]) -> None:
    assert printed[1] == "--quick tries the program out: the figures mean nothing."


@pytest.mark.slow
def test_the_table_has_a_column_for_each_design(printed: list[str]) -> None:
    assert cells(printed[3]) == DESIGNS


@pytest.mark.slow
def test_each_workload_has_a_line_of_figures_and_one_of_ratios(printed: list[str]) -> None:
    lines = [cells(line) for line in printed[4 : 4 + 2 * len(ROWS)]]
    assert [line[0] for line in lines[::2]] == ROWS
    assert {line[0] for line in lines[1::2]} == {"otp_mini to it"}
    for line in lines:
        assert len(line) == 1 + len(DESIGNS)
        assert all(re.fullmatch(r"-?[0-9,]+(\.\d+)?|-", figure) for figure in line[1:])


@pytest.mark.slow
def test_what_was_measured_is_above_nothing(printed: list[str], stored: Path) -> None:
    found = results.load(stored)
    for design in ("otp_mini", "otp_mini+loop", "asyncio", "asyncio tuned"):
        assert found.row("calls").middle(design) > 0
    assert [row.name for row in found.rows if "otp_mini" not in row.figures] == []


@pytest.mark.slow
def test_each_kind_of_growth_has_a_line_and_a_size_of_ten_and_of_a_hundred(printed: list[str], stored: Path) -> None:
    found = results.load(stored)
    begin = next(number for number, line in enumerate(printed) if line.startswith("much of"))
    lines = printed[begin + 1 : begin + 1 + len(found.growth)]
    assert [cells(line)[:2] for line in lines] == [[kind.what, kind.law] for kind in found.growth]
    assert {tuple(kind.sizes()) for kind in found.growth} == {(10, 100)}


@pytest.mark.slow
def test_the_beam_does_every_row(printed: list[str], stored: Path, elixir: str) -> None:
    found = results.load(stored)
    assert [row.name for row in found.rows if "the BEAM" not in row.figures] == []
    assert found.elixir.startswith("Elixir ")


@pytest.mark.slow
def test_what_is_left_out_is_named_with_its_reason(printed: list[str]) -> None:
    below = "\n".join(printed)
    assert "Not measured on pykka: it has actors, and nothing else: " in below
    assert "Not measured on asyncio and asyncio tuned: it has no tables: ETS lookup; ETS insert." in below


@pytest.mark.slow
def test_what_is_stored_names_no_machine_and_no_place(printed: list[str], stored: Path) -> None:
    text = stored.read_text(encoding="utf-8")
    assert str(ROOT) not in text
    assert not {"/", "\\"} & set(re.sub(r"\\u[0-9a-f]{4}", "", text))


def test_a_bad_number_of_rounds_or_of_things_is_refused() -> None:
    for option, least in {"--rounds": "1", "--most": "10"}.items():
        done = run(option, "0")
        assert done.returncode == 2
        assert f"{option} must be {least} or more, got 0" in done.stderr


# ---- without Elixir ------------------------------------------------------------------------------------


def row(name: str, **designs: list[float]) -> Any:
    return results.Row(name, name, "µs", designs)


def test_without_elixir_its_column_is_missing_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    design = next(design for design in program.DESIGNS if design.title == "the BEAM")
    rows = [row("calls", otp_mini=[1.0]), row("casts", otp_mini=[1.0])]
    program.measure_some({each.name: each for each in rows}, design, program.WORKLOADS[:2], quick=True)
    found = results.Results("CPython", program.elixir_version(), 1, rows, [])
    assert found.elixir is None
    assert [*program.left_out(found)] == ["Not measured on the BEAM: there is no `elixir` on the path."]


def test_without_elixir_the_stored_figures_stay(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(results, "STORED", tmp_path / "results.json")
    found = results.Results("CPython", None, 1, [row("calls", otp_mini=[1.0])], [])
    program.keep(found, results.STORED)
    assert not results.STORED.exists()
    assert "results.json is left as it is" in capsys.readouterr().out


# ---- ratios --------------------------------------------------------------------------------------------


def test_a_ratio_is_taken_in_each_round_and_its_median_counts() -> None:
    assert results.ratio([2.0, 6.0, 12.0], [1.0, 2.0, 3.0]) == (3.0, 2.0, 4.0)
    assert results.ratio([], [1.0]) is None


def test_a_round_in_which_a_coarse_clock_saw_nothing_does_not_count() -> None:
    assert results.ratio([2.0, 6.0], [0.0, 2.0]) == (3.0, 3.0, 3.0)


def test_what_is_stored_is_read_again(tmp_path: Path) -> None:
    grown = results.Growth("keys", "keys", "one more", "flat", {"10": [1.0, 2.0], "100": [1.5, 2.5]})
    measured = row("calls", otp_mini=[1.23456, 2.0], pykka=[0.00001, 3e6])
    found = results.Results("CPython", "Elixir", 2, [measured], [grown])
    results.store(found, tmp_path / "results.json")
    again = results.load(tmp_path / "results.json")
    assert again.rows[0].figures == {"otp_mini": [1.235, 2.0], "pykka": [0.00001, 3e6]}
    assert again.growth == found.growth
    assert [path.name for path in tmp_path.iterdir()] == ["results.json"]


def test_growth_is_compared_with_the_smallest_size() -> None:
    grown = results.Growth("keys", "keys", "one more", "flat", {"100": [2.0, 2.0, 9.0], "10": [1.0, 2.0, 3.0]})
    assert grown.sizes() == [10, 100]
    assert grown.ratio(100) == (2.0, 1.0, 3.0)


def test_a_size_without_a_figure_has_no_ratio_and_a_dash_in_the_table() -> None:
    grown = results.Growth("keys", "keys", "one more", "flat", {"10": [1.0], "100": [], "1000": [2.0]})
    assert grown.ratio(100) is None
    [_, line] = program.growth_table(results.Results("CPython", None, 1, [], [grown]))
    assert line.split() == ["keys", "flat", "1.00", "-", "2.00"]


# ---- what is stored, and who quotes it -----------------------------------------------------------------


def test_the_stored_run_has_every_row_and_every_kind_that_the_program_has() -> None:
    found = results.load()
    assert [each.title for each in found.rows] == [each.title for each in program.WORKLOADS]
    growing = importlib.import_module("growing")
    assert [kind.name for kind in found.growth] == [*growing.KINDS]
    assert [each.name for each in found.rows if not each.figures.get("the BEAM")] == []


def test_what_chapter_15_says_of_reads_is_what_was_measured() -> None:
    """A few times here: 2 to 9. Dozens of times there: 24 to 99."""
    chapter = (ROOT / "notebooks" / "15_ets.ipynb").read_text(encoding="utf-8")
    assert "one core reads a table a few times here, and dozens of times on the BEAM" in chapter
    calls, reads = results.load().row("calls"), results.load().row("ets_lookups")
    assert 2 <= calls.middle("otp_mini") / reads.middle("otp_mini") < 10
    assert 24 <= calls.middle("the BEAM") / reads.middle("the BEAM") < 100

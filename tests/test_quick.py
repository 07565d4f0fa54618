"""`--quick` leaves out what takes long, and says what that was; `--note-slow` writes down what does."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
TESTS = """
import pytest

def test_quick():
    pass

@pytest.mark.slow
def test_slow():
    pass

@pytest.mark.slow("a long story")
def test_long():
    pass

@pytest.fixture
def chromium():
    pass

@pytest.fixture
def page(chromium):
    pass

def test_in_a_browser(page):
    pass

@pytest.mark.parametrize("n", range(2))
def test_on_elixir(elixir, n):
    pass

@pytest.fixture
def elixir():
    pass
"""


def run(folder: Path, *options: str) -> str:
    """Run the tests above with the project's configuration, and return what pytest says."""
    (folder / "test_them.py").write_text(TESTS, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", f"--rootdir={ROOT}", "-p", "conftest"]
    command += ["-c", str(ROOT / "pyproject.toml"), *options, str(folder)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout


@pytest.mark.slow
@pytest.mark.parametrize("cores", [[], ["-n2", "--dist=loadfile"]], ids=["one core", "two cores"])
def test_what_is_left_out_is_counted_by_its_reason(tmp_path: Path, cores: list[str]) -> None:
    said = run(tmp_path, "--quick", *cores)
    assert "1 passed" in said
    assert "5 tests, and why: real Elixir (2), marked as slow (1), a long story (1), a browser (1)." in said


@pytest.mark.slow
def test_without_it_everything_runs(tmp_path: Path) -> None:
    said = run(tmp_path)
    assert "6 passed" in said
    assert "left out" not in said


NOTE_SLOW = """
import sys
from pathlib import Path
import pytest

class Elsewhere:
    def pytest_configure(self):
        import conftest
        conftest.SLOW, conftest.SLOW_FROM = Path("slow.txt"), -1

sys.exit(pytest.main(sys.argv[1:], plugins=[Elsewhere()]))
"""
PASSES, FAILS = "def test_passes():\n    pass\n", "def test_fails():\n    assert False\n"
STOPS = "def test_stops():\n    raise KeyboardInterrupt\n"


def note_slow(folder: Path, tests: str, *options: str) -> tuple[int, str, str]:
    """Run tests with --note-slow, each of them slow; answer status, errors, and the file, "as before" at first."""
    (folder / "tests").mkdir()
    (folder / "tests" / "test_them.py").write_text(tests, encoding="utf-8")
    (folder / "slow.txt").write_text("as before", encoding="utf-8")
    command = [sys.executable, "-c", NOTE_SLOW, "-p", "conftest", f"--rootdir={folder}", "--note-slow"]
    command += ["-p", "no:cacheprovider", "-c", str(ROOT / "pyproject.toml"), "-o", "testpaths=tests", *options]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    ran = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    return ran.returncode, ran.stderr, (folder / "slow.txt").read_text(encoding="utf-8")


@pytest.mark.slow
def test_all_tests_that_took_long_are_noted(tmp_path: Path) -> None:
    assert note_slow(tmp_path, PASSES) == (0, "", "tests/test_them.py::test_passes\n")


@pytest.mark.slow
@pytest.mark.parametrize("options", [["tests/test_them.py"], ["-k", "passes"], ["--collect-only"]])
def test_of_a_selection_nothing_is_noted_and_a_sentence_says_so(tmp_path: Path, options: list[str]) -> None:
    status, said, noted = note_slow(tmp_path, PASSES, *options)
    assert (status, noted) == (pytest.ExitCode.USAGE_ERROR, "as before")
    assert f"all tests must run, but only some are chosen: {options[0]}. Leave that away" in said


@pytest.mark.slow
@pytest.mark.parametrize("end", [FAILS, STOPS], ids=["failed", "stopped"])
def test_of_a_run_that_failed_or_was_stopped_nothing_is_noted(tmp_path: Path, end: str) -> None:
    status, _, noted = note_slow(tmp_path, PASSES + end)
    assert status in (pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.INTERRUPTED)
    assert noted == "as before"


@pytest.fixture
def conftest(pytestconfig: pytest.Config) -> Any:
    """The module that is the plugin of this run."""
    place = str(ROOT / "conftest.py")
    plugins = pytestconfig.pluginmanager.get_plugins()
    [found] = [plugin for plugin in plugins if getattr(plugin, "__file__", "") == place]
    return found


def test_what_is_noted_as_slow_is_there_so_that_no_new_test_of_that_name_is_left_out_unseen(conftest: Any) -> None:
    assert conftest.slow
    for name in conftest.slow:
        file, *_, function = name.split("::")
        assert f"def {function}(" in (ROOT / file).read_text(encoding="utf-8"), name


def test_slow_is_what_takes_long_on_the_average(conftest: Any) -> None:
    def took(name: str, seconds: float, when: str = "call") -> SimpleNamespace:
        return SimpleNamespace(nodeid=name, duration=seconds, when=when)

    often, once = "tests/test_a.py::test_often", "tests/test_a.py::test_once"
    reports = [took(f"{often}[1]", 0.12), took(f"{often}[2]", 0.05), took(once, 0.3), took(once, 9.0, "setup")]
    reports += [took("otp_mini/a.py::otp_mini.a.f", 0.3), took("notebooks/01_a.ipynb::Cell 1", 0.3)]
    assert conftest.slow_functions(reports) == [once]


def test_what_a_chapter_costs_is_counted_by_its_name_and_by_the_attacks_on_its_checks(conftest: Any) -> None:
    ids = {
        "tests/test_notebooks.py::test_a_refresh_keeps_every_byte[03_genserver_basics]": 1.0,
        "tests/test_attacks.py::test_an_unusual_right_answer_passes[03-tally:-keeps-a-tuple]": 2.0,
        "tests/test_elixir_twins.py::test_real_elixir[notebooks.05_supervisor_strategies]": 4.0,
        "tests/test_waits.py::test_a_time[03-7]": 8.0,
    }
    reports = [SimpleNamespace(nodeid=name, duration=seconds) for name, seconds in ids.items()]
    assert conftest.seconds_by_chapter(reports) == {"03": 3.0, "05": 4.0}

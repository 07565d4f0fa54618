"""`--quick` leaves out what takes long, and says what that was."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TESTS = """
import pytest

def test_quick():
    pass

@pytest.mark.slow
def test_slow():
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


@pytest.mark.parametrize("cores", [[], ["-n2", "--dist=loadfile"]], ids=["one core", "two cores"])
def test_what_is_left_out_is_counted_by_its_reason(tmp_path: Path, cores: list[str]) -> None:
    said = run(tmp_path, "--quick", *cores)
    assert "1 passed" in said
    assert "4 tests, and why: real Elixir (2), marked as slow (1), a browser (1)." in said


def test_without_it_everything_runs(tmp_path: Path) -> None:
    said = run(tmp_path)
    assert "5 passed" in said
    assert "left out" not in said

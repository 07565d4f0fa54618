"""Set-up for every test: a known environment for kernels, and no notebook cell that raises unnoticed.

`--quick` leaves out what takes long, and says at the end what that was. Where the tests run on several cores
(pytest-xdist, `--dist loadfile`), the files that take longest are begun first.
"""

from __future__ import annotations

import copy
import gc
import logging
import os
import re
import signal
import tempfile
from collections import Counter
from collections.abc import Generator, Iterable
from itertools import zip_longest
from pathlib import Path
from typing import Any
from unittest import mock

import hypothesis
import pytest
from nbformat.v4 import output_from_msg
from nbval.plugin import IPyNbCell

from tools import refresh

ROOT = Path(__file__).resolve().parent

# Kernels are child processes that start in notebooks/: what they need goes through the environment.
os.environ["PYTHONPATH"] = str(ROOT)  # `import otp_mini`, even where the package is not installed
os.environ["PYTHONHASHSEED"] = "0"  # sets of strings print in one order
os.environ["OTP_MINI_STORES_LABS"] = "1"  # a stored notebook's labs hold all futures
os.environ["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"  # a debugger's warning that nobody asked for
os.environ["JUPYTER_PLATFORM_DIRS"] = "1"  # else jupyter_core warns that its folders will move


def hear_signals() -> None:
    """Have the programs that tests start hear Ctrl-C, and the end of their terminal.

    A shell starts what runs in the background with SIGINT ignored, and `nohup` does so with SIGHUP; a program inherits
    that. A handler is not inherited: the tests' own process goes on at a SIGHUP, and its programs end.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    hangup = getattr(signal, "SIGHUP", None)
    if hangup is not None and signal.getsignal(hangup) is signal.SIG_IGN:
        signal.signal(hangup, lambda *_: None)


def pytest_configure(config: pytest.Config) -> None:
    """Give the kernels an IPython folder of their own: a reader's profile must not change an output."""
    hear_signals()
    if config.getoption("note_slow") and not hasattr(config, "workerinput") and (chosen := selection(config)):
        raise pytest.UsageError(
            f"--note-slow writes tests/slow.txt anew, so all tests must run, but only some are chosen: {chosen}. "
            "Leave that away, and run it in the folder of pyproject.toml."
        )
    if config.getoption("quick"):
        hypothesis.settings.load_profile("quick")
    folder = tempfile.TemporaryDirectory(prefix="otp-mini-ipython-", ignore_cleanup_errors=True)
    config.add_cleanup(folder.cleanup)
    os.environ["IPYTHONDIR"] = folder.name


# --- which tests run, and in which order ------------------------------------------------------------------

# What a test asks for that takes long, and how `--quick` names it.
LONG = {
    "chromium": "a browser", "live_site": "the built book", "book_site": "the built book", "elixir": "real Elixir",
    "good_book": "a scratch book", "faulty_book": "a scratch book", "book": "a scratch book",
    "kernel": "a kernel", "jupyterlab": "a kernel", "nbgrader": "nbgrader",
}  # fmt: skip
# The files that take longest, in their order: begun last, one of them would run alone at the end. The first builds the
# book; the second needs none, and keeps another core at work until there is one.
FIRST = [
    "test_browser.py",
    "test_attacks.py",
    "test_page_python.py",
    "test_cells_in_browser.py",
    "test_elixir_twins.py",
    "test_tree_in_browser.py",
    "test_crash_lab_page.py",
    "test_in_place.py",
    "test_grading.py",
    "test_notebooks.py",
    "test_crash_lab_widget.py",
    "test_plain_sphinx.py",
    "test_exercises.py",
    "test_book.py",
    "test_lite.py",
    "test_observer_in_browser.py",
]
left_out: Counter[str] = Counter()
SLOW = ROOT / "tests" / "slow.txt"
SLOW_FROM = 0.1  # seconds
slow = frozenset(SLOW.read_text(encoding="utf-8").split())
"""The test functions that take longer, written by `--note-slow` when all tests ran and passed."""
NOTE_SLOW = "also time the tests that tests/slow.txt names, and write the file anew"
SELECTING = {
    "keyword": "-k", "markexpr": "-m", "deselect": "--deselect", "ignore": "--ignore", "ignore_glob": "--ignore-glob",
    "lf": "--last-failed", "stepwise": "--stepwise", "collectonly": "--collect-only", "setupplan": "--setup-plan",
    "setuponly": "--setup-only",
}  # fmt: skip
"""The options by which some of the tests do not run."""
QUICK_EXAMPLES = 10
# The same examples in every run, and no judgement by the machine's pace. Examples that are new each time are drawn by
# `course.py conformance`.
hypothesis.settings.register_profile(
    "course", derandomize=True, database=None, deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.register_profile("quick", hypothesis.settings.get_profile("course"), max_examples=QUICK_EXAMPLES)
hypothesis.settings.load_profile("course")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--quick", action="store_true", help="leave out what takes long, and say what that is")
    parser.addoption("--note-slow", action="store_true", help=NOTE_SLOW)


def selection(config: pytest.Config) -> str:
    """Return what keeps some of the tests from being run, as it was given; "" where nothing does."""
    everything = config.args_source is pytest.Config.ArgsSource.TESTPATHS
    options = [option for name, option in SELECTING.items() if config.getoption(name, default=None)]
    return " ".join([*([] if everything else config.args), *options])


def why_it_takes_long(item: pytest.Item) -> str | None:
    """Return what makes a test take long, or None for a quick one."""
    if isinstance(item, IPyNbCell):
        return "cells of the notebooks"
    for name, needs in LONG.items():
        if name in getattr(item, "fixturenames", ()):
            return needs
    if (marker := item.get_closest_marker("slow")) is not None:
        return marker.args[0] if marker.args else "marked as slow"
    if function_of(item.nodeid) in slow and not item.config.getoption("note_slow"):
        return f"more than {SLOW_FROM} seconds each"
    return None


def function_of(nodeid: str) -> str:
    """Return the name of a test without its parameters."""
    return nodeid.partition("[")[0]


def slow_functions(reports: Iterable[Any]) -> list[str]:
    """Return the test functions whose tests take longer than a quick test may, on the average."""
    taken: dict[str, list[float]] = {}
    for report in reports:
        if report.when == "call" and report.nodeid.startswith("tests/"):
            taken.setdefault(function_of(report.nodeid), []).append(report.duration)
    return sorted(name for name, seconds in taken.items() if sum(seconds) > SLOW_FROM * len(seconds))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is not quick, if that is asked; on several cores, put the longest files first."""
    unstable = [item.nodeid for item in items if re.search(r"0x[0-9a-fA-F]{6,}", item.nodeid)]
    if unstable:
        raise pytest.UsageError(f"a name with an address is another one in each process, use ids.stable: {unstable}")
    if config.getoption("quick"):
        reasons = {item: why for item in items if (why := why_it_takes_long(item))}
        left_out.update(reasons.values())
        config.hook.pytest_deselected(items=list(reasons))
        items[:] = [item for item in items if item not in reasons]
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: FIRST.index(item.path.name) if item.path.name in FIRST else len(FIRST))


def pytest_collection_finish() -> None:
    """Keep what is there now, thousands of tests that stay to the end, out of every collection of garbage."""
    gc.collect()
    gc.freeze()


def pytest_sessionfinish(session: pytest.Session) -> None:
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["left_out"] = dict(left_out)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take over what a worker of pytest-xdist has left out: each has collected all tests."""
    left_out.update(dict(Counter(getattr(node, "workeroutput", {}).get("left_out", {})) - left_out))


CHAPTER = re.compile(
    "|".join(sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))) + r"|attacks.*\[\d\d(?=-)"
)


def seconds_by_chapter(reports: Iterable[Any]) -> dict[str, float]:
    """What the tests took that bear a chapter's name, or attack its checks: so much does one more chapter cost."""
    taken: Counter[str] = Counter()
    for report in reports:
        if (found := CHAPTER.search(report.nodeid)) is not None:
            taken[found[0].partition("[")[2] or found[0][:2]] += report.duration
    return dict(sorted(taken.items()))


def pytest_terminal_summary(terminalreporter: Any, exitstatus: int) -> None:
    kept = terminalreporter.stats
    chapters = seconds_by_chapter(report for outcome in ("passed", "failed", "") for report in kept.get(outcome, ()))
    if len(chapters) > 1:
        told = ", ".join(f"{number} {seconds:.0f}" for number, seconds in chapters.items())
        terminalreporter.section("what a chapter costs")
        terminalreporter.write_line(f"Seconds of the tests with its name or number, one after the other: {told}.")
    if terminalreporter.config.getoption("note_slow") and exitstatus == pytest.ExitCode.OK:
        SLOW.write_text("\n".join([*slow_functions(kept.get("passed", ())), ""]), encoding="utf-8")
    if left_out:
        told = ", ".join(f"{reason} ({count})" for reason, count in left_out.most_common())
        terminalreporter.section("left out by --quick")
        terminalreporter.write_line(f"{left_out.total()} tests, and why: {told}.")
        terminalreporter.write_line(f"A property test tries {QUICK_EXAMPLES} examples, where it does not say how many.")
        terminalreporter.write_line("Without --quick all of that runs.")


@pytest.fixture(autouse=True)
def the_log_stays_as_it_was() -> Generator[None]:
    """Fail the test that leaves the log silent or deaf, and not one of those that come after it."""
    before = state_of_the_log()
    yield
    assert state_of_the_log() == before


def state_of_the_log() -> tuple[int, bool, bool, int]:
    """What silences it; its handlers are left out, for pytest puts its own on a log that passes nothing on."""
    log = logging.getLogger("otp_mini")
    return log.level, log.propagate, log.disabled, logging.root.manager.disable


# --- notebooks ------------------------------------------------------------------------------------------------


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """Fail a notebook cell that raised, even when it showed no error.

    nbval looks for an `error` output. IPython writes an ExceptionGroup to stderr instead and publishes
    none, so such a cell would pass. The kernel's reply does say `error`: look at that as well.
    """
    if not isinstance(item, IPyNbCell):
        return (yield)
    kernel = item.parent.kernel
    stored = copy.deepcopy(item.cell.outputs)  # nbval joins them where they lie
    heard: list[dict[str, Any]] = []
    read = kernel.get_message

    def read_and_keep(stream: str, timeout: float | None = None) -> Any:
        heard.append(read(stream, timeout=timeout))
        return heard[-1]

    with mock.patch.object(kernel, "get_message", read_and_keep):
        result = yield
    for reply in (message["content"] for message in heard if message["msg_type"] == "execute_reply"):
        if reply["status"] == "error" and not item.options["check_exception"]:
            raised = f"The cell raised {reply['ename']}: {reply['evalue']}"
            item.raise_cell_error(raised, "It published no error output.")
    if item.options["check"]:
        compare_to_the_letter(item, heard, stored)
    return result


PUBLISHED = {"stream", "display_data", "execute_result", "error"}


def compare_to_the_letter(item: Any, heard: list[dict[str, Any]], stored: list[Any]) -> None:
    """Compare what nbval does not: which stream, metadata, the order of two kinds. A refresh stores them so."""
    kinds = {message["msg_type"] for message in heard}
    if kinds & {"clear_output", "update_display_data"}:
        return  # what stands there in the end, nbval has compared
    told = [message for message in heard if message["msg_type"] in PUBLISHED]
    came = refresh.tidy_outputs([output_from_msg(message) for message in told])
    stored = refresh.tidy_outputs(stored)
    for output in [*came, *stored]:
        output.pop("execution_count", None)  # nbval runs a cell of its own before the first
    if came != stored:
        differs = [f"{one}\n\nbut the file has\n\n{other}" for one, other in zip_longest(came, stored) if one != other]
        item.raise_cell_error("A refresh would store another output.", *differs[:1])

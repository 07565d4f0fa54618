"""The cells of a page run without Jupyter, and give what the notebooks store."""

from __future__ import annotations

import asyncio
import builtins
import json
import logging
import shutil
import subprocess
import sys
from collections.abc import Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from page_outputs import comparable
from schedule_scenarios import VISITORS

from otp_mini import Node
from tools import refresh

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "lite"))

import in_place  # noqa: E402 (its folder has just become one to import from)

CHAPTER = Path(__file__).with_name("in_place_chapter.py")


# --- the chapters -----------------------------------------------------------------------------------------------


def runs_of(path: Path, *order: str) -> list[dict[str, Any]]:
    command = [sys.executable, str(CHAPTER), str(path), *order]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    runs: list[dict[str, Any]] = json.loads(done.stdout)
    return runs


@pytest.mark.slow
@pytest.mark.parametrize("path", refresh.notebooks(), ids=lambda path: path.stem)
def test_a_chapter_gives_its_stored_outputs_and_no_unwritten_exercise_is_ok(path: Path) -> None:
    runs = runs_of(path)
    first: dict[str, Any] = {}
    for run in runs:
        first.setdefault(run["id"], run)
    cells = [cell for cell in json.loads(path.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == "code"]
    for cell in cells:
        run = first[cell["id"]]
        if run["role"] in ("stub", "check"):  # what is stored comes of the solution
            run = first[f"{cell['id']}-solved"]
        if "nbval-ignore-output" not in cell["metadata"].get("tags", []):
            assert comparable(run["outputs"], labs=False) == comparable(cell["outputs"], labs=False), cell["id"]
    checks = [run for run in runs if run["role"] == "check"]
    assert len(checks) >= 3
    assert [run["id"] for run in checks if run["how"] == "ok" or "ok" in str(run["outputs"]).split()] == []
    assert {run["how"] for run in first.values() if run["role"] in ("solution", "verdict")} == {"ok"}


# These cells are about a name that is taken.
TAKEN = {"03_genserver_basics": {"greenhouse-2-run"}}


@pytest.mark.slow
@pytest.mark.parametrize("path", refresh.notebooks(), ids=lambda path: path.stem)
def test_each_cell_can_be_run_twice(path: Path) -> None:
    """A learner runs a cell again, and changes it: what the first run left behind is in nobody's way."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    meant = {cell["id"] for cell in notebook["cells"] if "raises-exception" in cell["metadata"].get("tags", [])}
    runs = runs_of(path, "twice")
    assert len(runs) > len({run["id"] for run in runs})
    failed = {run["id"]: run["outputs"] for run in runs if run["how"] != "ok" and run["id"] not in meant}
    assert failed.keys() == TAKEN.get(path.stem, set()), failed
    loud: dict[str, list[str]] = {}
    for run in runs:
        loud.setdefault(run["id"], []).append("stderr" if "stderr" in str(run["outputs"]) else "")
    assert {name for name, kinds in loud.items() if kinds == ["", "stderr"]} == set(), "a report in the second run only"


# --- one cell ---------------------------------------------------------------------------------------------------


@dataclass
class Page:
    """What is told to a page, and the cells that tell it."""

    told: list[tuple[str, str, str, str]] = field(default_factory=list)
    names: dict[str, Any] = field(default_factory=lambda: {"__name__": "__main__"})

    def __post_init__(self) -> None:
        self.cells = in_place.Cells(lambda *message: self.told.append(message), self.names)

    def during(self, session: Coroutine[Any, Any, None]) -> None:
        """Run a session in which the streams belong to the cells."""
        with pytest.MonkeyPatch.context() as patch:  # pytest has put streams of its own in place since the set-up
            patch.setattr(sys, "stdout", None)
            patch.setattr(sys, "stderr", None)
            patch.setattr(builtins, "display", None, raising=False)
            self.cells.connect()
            asyncio.run(session)

    def run(self, *sources: str) -> list[tuple[str, str]]:
        """Run cells one after the other; answer what the last one told, as kind and name or text."""

        async def one_by_one() -> None:
            for number, source in enumerate(sources):
                self.told.clear()
                await self.cells.start(f"cell-{number}", source)

        self.during(one_by_one())
        return [(kind, text if kind == "stream" else name) for kind, _, name, text in self.told]

    def values(self) -> list[dict[str, str]]:
        return [json.loads(text) for kind, _, _, text in self.told if kind in ("result", "display")]

    def error(self) -> tuple[str, str]:
        [(_, _, words, whole)] = [message for message in self.told if message[0] == "error"]
        return words, whole


@pytest.fixture
def page() -> Page:
    return Page()


def test_both_streams_come_in_the_order_in_which_they_were_written(page: Page) -> None:
    page.run("import sys\nprint('a')\nprint('b', file=sys.stderr)\nprint('c')")
    assert [message[2:] for message in page.told] == [
        ("stdout", "a\n"), ("stderr", "b\n"), ("stdout", "c\n"), ("ok", "")
    ]  # fmt: skip
    assert {message[1] for message in page.told} == {"cell-0"}


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("1 + 1", ["2"]),
        ("'a'", ["'a'"]),
        ("x = 1", []),
        ("None", []),
        ("1 + 1;", []),
        ("1 + 1;  # quiet", []),
        ("';'", ["';'"]),
        ("", []),
        ("# nothing", []),
        ("import asyncio\nawait asyncio.sleep(0, 'slept')", ["'slept'"]),
        ("for x in range(3):\n    x", []),
        ("list(range(40))", ["[" + ",\n ".join(map(str, range(40))) + "]"]),
    ],
)
def test_the_value_of_the_last_expression_is_shown(page: Page, source: str, shown: list[str]) -> None:
    assert page.run(source)[-1] == ("done", "ok")
    assert [value["text/plain"] for value in page.values()] == shown


def test_cells_share_their_names_and_the_last_value(page: Page) -> None:
    page.run("x = 20", "x + 1", "_ * 2")
    assert page.values() == [{"text/plain": "42"}]
    assert page.names["x"] == 20


SHOWN = """class Shown:
    def __repr__(self): return "text"
    def _repr_html_(self): return "<b>html</b>"
    def _repr_svg_(self): return None
    def _repr_png_(self): return b"png"
class Bundle:
    def __repr__(self): return "bundle"
    def _repr_mimebundle_(self, include=None, exclude=None): return {"image/svg+xml": "<svg/>", "x/y": {}}, {}"""


def test_a_value_is_shown_in_every_form_that_it_has(page: Page) -> None:
    kinds = page.run(SHOWN, "display(Shown(), Bundle())\nShown")
    assert [kind for kind, _ in kinds] == ["display", "display", "result", "done"]
    assert page.values() == [
        {"text/html": "<b>html</b>", "image/png": "cG5n", "text/plain": "text"},
        {"image/svg+xml": "<svg/>", "text/plain": "bundle"},
        {"text/plain": "<class '__main__.Shown'>"},
    ]


def test_an_error_says_its_line_and_where_it_came_from(page: Page) -> None:
    assert page.run("def divide(x):\n    return x / 0", "print('a')\ndivide(1)") == [
        ("stream", "a\n"),
        ("error", "ZeroDivisionError: division by zero\nline 2 of an earlier cell: return x / 0"),
        ("done", "error"),
    ]
    _, whole = page.error()
    lines = [line.strip() for line in whole.splitlines()]
    assert lines[0] == "Traceback (most recent call last):"
    assert lines[1:3] == ['File "<cell cell-1>", line 2, in <module>', "divide(1)"]
    assert "in_place" not in whole


def test_an_error_in_the_cell_itself_needs_no_traceback(page: Page) -> None:
    page.run("1 / 0")
    assert page.error() == ("ZeroDivisionError: division by zero\nline 1 of this cell: 1 / 0", "")


def test_a_cell_that_was_changed_does_not_change_the_lines_of_its_earlier_run(page: Page) -> None:
    async def twice() -> None:
        for source in ("def f():\n    1 / 0", "# changed\ng = f", "g()"):
            await page.cells.start("same", source)

    page.during(twice())
    assert page.error()[0].endswith("line 2 of this cell: 1 / 0")


def test_a_fault_of_syntax_says_its_line(page: Page) -> None:
    page.run("x = 1\nif x\n    y")
    assert page.error() == ("SyntaxError: expected ':'\nline 2 of this cell: if x", "")


def test_all_errors_of_a_group_are_in_the_traceback(page: Page) -> None:
    page.run("raise ExceptionGroup('two', [ValueError('first'), KeyError('second')])")
    words, whole = page.error()
    assert words.startswith("ExceptionGroup: two (2 sub-exceptions)")
    assert "ValueError: first" in whole
    assert "KeyError: 'second'" in whole


def test_the_message_of_a_check_is_told_alone(page: Page) -> None:
    page.run("from otp_mini.exercises import expect\nexpect('two was asked for', 1, 2, 'the sum')")
    words, whole = page.error()
    assert words.startswith("NotYet: not yet.\nWhat was done:   two was asked for")
    assert whole == ""


@pytest.mark.parametrize("source", ["raise SystemExit", "exit = SystemExit('bye')\nraise exit"])
def test_a_cell_that_wants_to_end_python_ends_itself(page: Page, source: str) -> None:
    assert page.run(source)[-1] == ("done", "error")
    assert page.run("1")[-1] == ("done", "ok")


def test_a_name_that_was_there_before_is_told_from_one_that_never_was(page: Page) -> None:
    page.run("check = 1", "del check", "check")
    assert "NameError: name 'check' is not defined\n(It was bound before. Restart Python, " in page.error()[0]
    page.run("never")
    assert "bound before" not in page.error()[0]


@pytest.mark.parametrize("away", ["None", "io.StringIO()"])
def test_what_a_cell_has_done_to_the_streams_ends_with_it(page: Page, away: str) -> None:
    spoils = f"import builtins, io, sys\nsys.stdout = sys.stderr = {away}\nbuiltins.display = 3\nprint('unseen')"
    assert page.run(spoils) == [("done", "ok")]
    assert page.run(spoils, "print('seen')\ndisplay(1)")[:2] == [("stream", "seen\n"), ("display", "")]


def test_a_fault_that_only_compiling_finds_shows_its_line(page: Page) -> None:
    page.run("x = 1\nreturn x")
    assert page.error()[0] == "SyntaxError: 'return' outside function\nline 2 of this cell: return x"


# --- how much, and when -----------------------------------------------------------------------------------------


def test_what_is_printed_is_told_before_the_cell_ends(page: Page) -> None:
    page.names["told"] = page.told
    assert page.run("print('a')\nassert told[-1][3] == 'a\\n'")[-1] == ("done", "ok")


def test_a_piece_of_a_line_is_told_while_the_cell_waits(page: Page) -> None:
    page.names["told"] = page.told
    source = "import asyncio\nprint('a\\nb', end='')\nprint('c', end='')\n"
    source += "for _ in range(999):\n    if told[-1][3].endswith('c'):\n        break\n    await asyncio.sleep(0.001)"
    source += "\nelse:\n    raise AssertionError"
    assert page.run(source)[-1] == ("done", "ok")


def test_a_cell_that_writes_without_end_is_cut_and_says_so(page: Page) -> None:
    page.run(f"for _ in range(3):\n    print('x' * {in_place.MOST // 2})\ndisplay('a value')")
    written = "".join(text for kind, _, _, text in page.told if kind == "stream")
    assert written[in_place.MOST :] == "\n(The cell writes more than the page shows.)\n"
    assert page.values() == [{"text/plain": "'a value'"}]
    page.run("print('the next cell')")
    assert page.told[0][3] == "the next cell\n"


def test_a_cell_that_shows_values_without_end_is_cut_and_says_so(page: Page) -> None:
    page.run(f"for number in range({in_place.MOST_SHOWN + 9}):\n    display(number)")
    assert len(page.values()) == in_place.MOST_SHOWN
    assert page.told[-2][3] == "(The cell shows more values than the page has room for.)\n"


def test_a_value_or_an_error_that_is_too_long_for_a_page_is_cut_and_says_so(page: Page) -> None:
    says = "(This is longer than what the page shows.)"
    page.run(f"'x' * {in_place.MOST + 1}")
    [value] = page.values()
    assert len(value["text/plain"]) < in_place.MOST + 99 and value["text/plain"].endswith(says)
    page.run(f"def f():\n    raise ValueError('x' * {2 * in_place.MOST})\nf()")
    assert [(len(part) < in_place.MOST + 99, part.endswith(says)) for part in page.error()] == [(True, True)] * 2
    markup = f"class Wide:\n    def _repr_html_(self):\n        return 'x' * {in_place.MOST_MARKUP + 1}\nWide()"
    page.run(markup)
    assert list(page.values()[0]) == ["text/plain"]


@pytest.mark.parametrize("kind", ["list", "tuple", "set", "frozenset", "dict.fromkeys"])
def test_of_a_collection_without_end_the_beginning_is_shown(page: Page, kind: str) -> None:
    page.run(f"{kind}(range({in_place.MOST_ELEMENTS + 1}))")
    [value] = page.values()
    lines = value["text/plain"].splitlines()
    assert (
        lines[-1] == f"({in_place.MOST_ELEMENTS + 1} elements, of which these are the first {in_place.MOST_ELEMENTS}.)"
    )
    assert len(lines) == in_place.MOST_ELEMENTS + 1
    page.run(f"{kind}(range({in_place.MOST_ELEMENTS}))")
    assert "of which" not in page.values()[0]["text/plain"]


# --- stop -------------------------------------------------------------------------------------------------------


def stopped(page: Page, source: str) -> None:
    """Run a cell until it waits, stop it, and run another one."""

    async def session() -> None:
        task = page.cells.start("waits", source)
        for _ in range(9):
            await asyncio.sleep(0)
        assert page.told
        page.cells.cancel()
        assert await task == "stopped"
        assert await page.cells.start("next", "x = 'goes on'") == "ok"

    page.during(session())
    assert page.names["x"] == "goes on"
    assert ("done", "waits", "stopped", "") in page.told


WAITS = [
    "import asyncio\nprint('waits')\nawait asyncio.Event().wait()",
    "from otp_mini import receive\nprint('waits')\nawait receive()",
]


@pytest.mark.parametrize("source", WAITS, ids=["asyncio", "otp_mini"])
def test_a_cell_that_waits_is_stopped_and_the_next_one_runs(page: Page, source: str) -> None:
    with Node(clock="virtual"):
        stopped(page, source)


def test_one_cell_runs_at_a_time(page: Page) -> None:
    async def session() -> None:
        task = page.cells.start("waits", "import asyncio\nawait asyncio.Event().wait()")
        with pytest.raises(RuntimeError, match="runs already"):
            page.cells.start("other", "1")
        page.cells.cancel()
        await task

    page.during(session())


def test_nothing_to_stop_is_no_fault(page: Page) -> None:
    page.cells.cancel()
    page.run("1")
    page.cells.cancel()


# --- solutions --------------------------------------------------------------------------------------------------


def test_what_a_solution_binds_is_not_taken_for_what_the_reader_wrote(page: Page) -> None:
    async def session() -> None:
        assert await page.cells.start("given", "base = 40") == "ok"
        assert await page.cells.start("stub-solved", "def answer():\n    return base + 2", solution=True) == "ok"
        assert await page.cells.start("check", "answer()") == "error"
        assert await page.cells.start("check-solved", "answer()", solution=True) == "ok"
        assert await page.cells.start("given", "base = 0") == "ok"
        assert await page.cells.start("next-solved", "answer()", solution=True) == "ok"

    page.during(session())
    assert page.values() == [{"text/plain": "42"}, {"text/plain": "2"}]
    assert "answer" not in page.names


def test_what_is_given_finds_the_solution_while_that_runs_and_then_the_readers_code_again(page: Page) -> None:
    async def session() -> None:
        assert await page.cells.start("given", "def call():\n    return answer()") == "ok"
        assert await page.cells.start("stub", "def answer():\n    raise NotImplementedError") == "ok"
        assert await page.cells.start("stub-solved", "def answer():\n    return 42", solution=True) == "ok"
        assert await page.cells.start("check-solved", "call()", solution=True) == "ok"
        assert await page.cells.start("check", "call()") == "error"
        assert await page.cells.start("broken", "answer = None\n1 / 0", solution=True) == "error"
        assert await page.cells.start("check-solved", "call()", solution=True) == "error"
        assert callable(page.names["answer"])

    page.during(session())


# --- otp_mini ---------------------------------------------------------------------------------------------------


def test_a_crash_report_stands_where_it_happened_with_its_line(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging.getLogger("otp_mini"), "propagate", False)  # or pytest listens, and otp_mini is silent
    source = "from otp_mini import Process, spawn\nasync def crash():\n    1 / 0\nprint('before')\nspawn(crash)\n"
    with Node(clock="virtual"):
        page.run(source + "await Process.sleep(1)\nprint('after')")
    assert {name for kind, _, name, _ in page.told if kind == "stream"} == {"stdout"}
    lines = "".join(text for kind, _, _, text in page.told if kind == "stream").splitlines()
    assert (lines[0], lines[-1]) == ("before", "after")
    assert "    crash, line 3: 1 / 0" in lines


LAB = """from otp_mini import GenServer, Ok, Supervisor, crash_lab
class Till(GenServer):
    def init(self, argument): return Ok(argument)
async def shop():
    return await Supervisor.start_link([(Till, 0)], strategy="one_for_one")
lab = crash_lab(shop, depth=1)
lab"""


def test_a_crash_lab_is_shown_without_its_futures_and_can_be_asked_for_them(page: Page) -> None:
    with Node(clock="virtual"):
        page.run(LAB)
        [(_, _, number, shown), _] = page.told
        lab = page.names["lab"]
        assert len(json.loads(shown)["text/html"]) < len(lab._repr_html_())
        assert json.loads(page.cells.ask(int(number), "[[], 0]")) == json.loads(json.dumps(lab.answer([], 0)))


RACE = f"""{VISITORS}
display(schedule_lab(race, title="All of it"))
lab = schedule_lab(race, most=1, runs=1)
lab"""


def test_a_schedule_lab_can_be_asked_if_it_is_not_recorded_to_its_end(page: Page) -> None:
    with Node(clock="virtual"):
        page.run(RACE)
        [(_, _, whole, _), (_, _, number, shown), _] = page.told
        assert (whole, number) == ("", "0")
        assert "data-goes-on" in json.loads(shown)["text/html"]
        answer = json.loads(page.cells.ask(0, '[["main", "main", "main", "visitor"], 0]'))
        assert answer == json.loads(json.dumps(page.names["lab"].ask(["main", "main", "main", "visitor"])))
        assert set(answer) == {"who", "rows", "texts", "places", "ends"}
        assert set(json.loads(page.cells.ask(0, '[["nobody"], 0]'))) == {"error"}


# --- in the page's Python ---------------------------------------------------------------------------------------


TREE = """from otp_mini import GenServer, Node, Ok, Supervisor, tree
node = Node(clock="virtual").use()
class Till(GenServer):
    def init(self, argument): return Ok(argument)
tree(await Supervisor.start_link([(Till, 0)], strategy="one_for_one"))"""


ENDS = """import asyncio, sys
from otp_mini import spawn
async def ends(): sys.exit("bye")
_ = spawn(ends)
await asyncio.sleep(0.01)"""


def in_the_pages_python(live_site: Path, cells: list[tuple[str, str]]) -> Any:
    """Run cells by Pyodide as a page does; answer what was loaded, what was fetched later, and what was told."""
    node = shutil.which("node") or pytest.fail("the in-browser part was built, so there is a Node")
    command = [node, str(CHAPTER.with_name("in_place_python.mjs")), str(live_site / "lite"), in_place.__file__]
    done = subprocess.run(command, input=json.dumps(cells), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


def test_what_few_cells_need_is_fetched_by_the_first_that_does(live_site: Path) -> None:
    cells = [
        ("tree", TREE),
        ("offline", "from otp_mini.exercises import tasks"),
        ("exercises", "from otp_mini.exercises import tasks\nfrom otp_mini.exercises import tasks as again"),
        ("page", "import colorsys"),
        ("cut", "import colorsys"),
        ("bar", "import sys\nfrom otp_mini.widgets import progress\nprogress('sites', file=sys.stdout)(1, 1)"),
        ("rare", "import email.mime.text, xml.dom.minidom\nprint('ő'.encode('latin2'))"),
        ("help", "import sysconfig, xmlrpc.server\nhelp(len)\nprint(sysconfig.get_platform()[:10])"),
        ("trace", "from otp_mini import supervisor\nsupervisor.Supervisor.child_spec(1, 2, 3, 4, 5, 6)"),
        ("source", "import inspect, otp_mini\nprint(inspect.getsource(otp_mini.spawn)[:10], end='')"),
        ("stranger", "import numpy"),
        ("again", TREE),
    ]
    answer = in_the_pages_python(live_site, cells)
    library = [["bar", "python_kernel"], ["bar", "python_rest"]]  # tqdm imports much
    assert sorted(answer["fetched"]) == sorted(
        [["tree", "graphviz"], ["tree", "viz"], ["exercises", "tasks"], ["bar", "tqdm"], ["source", "source"], *library]
    )
    assert ["stream", "rare", "stdout", "b'\\xf5'\n"] in answer["told"]
    assert ["stream", "source", "stdout", "def spawn("] in answer["told"]
    ends = {cell: how for kind, cell, how, _ in answer["told"] if kind == "done"}
    assert {cell for cell, how in ends.items() if how == "error"} == {"offline", "page", "cut", "trace", "stranger"}
    errors = {cell: words for kind, cell, words, _ in answer["told"] if kind == "error"}
    for cell in ("page", "cut"):
        assert "colorsys could not be loaded from this site. There may be" in errors[cell]
    [helped] = [text for kind, cell, _, text in answer["told"] if (kind, cell) == ("stream", "help")]
    assert "Help on built-in function len" in helped
    assert "emscripten" in helped
    assert "otp_mini.exercises.tasks could not be loaded from this site. There may be" in errors["offline"]
    assert "No module named 'numpy'" in errors["stranger"]


def test_the_files_that_live_json_names_run_cells_and_load_no_jupyter(live_site: Path) -> None:
    cells = [
        ("tree", TREE),
        ("waits", "from otp_mini import receive\nprint('waits')\nawait receive()"),
        ("error", "def divide():\n    1 / 0\nprint('a')\ndivide()"),
        (
            "ends",
            ENDS,
        ),
        ("value", "import sys\n'IPython' in sys.modules"),
    ]
    answer = in_the_pages_python(live_site, cells)
    assert {name.replace("_", "-") for name in answer["loaded"]} == {"otp-mini"}
    shown, *told = answer["told"]
    assert shown[:2] == ["result", "tree"]
    assert "<svg" in json.loads(shown[3])["text/html"]
    assert [message for message in told if message[0] != "error"] == [
        ["done", "tree", "ok", ""],
        ["stream", "waits", "stdout", "waits\n"],
        ["done", "waits", "stopped", ""],
        ["stream", "error", "stdout", "a\n"],
        ["done", "error", "error", ""],
        [
            "stream",
            "ends",
            "stderr",
            "SystemExit: bye in a process or a task: that has ended, and Python goes on.\n",
        ],
        ["done", "ends", "ok", ""],
        ["result", "value", "", '{"text/plain": "False"}'],
        ["done", "value", "ok", ""],
    ]
    [[_, _, words, whole]] = [message for message in told if message[0] == "error"]
    assert words == "ZeroDivisionError: division by zero\nline 2 of this cell: 1 / 0"
    assert "pyodide" not in whole
    assert "in_place.py" not in whole

"""What must hold of a stored notebook, above all: a run in a fresh kernel gives it again; and the script for that."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from tools import refresh

ROOT = Path(refresh.__file__).resolve().parents[1]
NOTEBOOKS = refresh.notebooks()
each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)

LONGEST_CELL = 25
FOREIGN = {  # what no stored output may hold, for it is different on the next run or the next machine
    "an address": re.compile(r"\b0x[0-9a-f]{6,}"),
    "a path of one machine": re.compile(r"(?<![\w/])/(?:home|Users|root|tmp|work|private|opt)/|\b[A-Z]:\\"),
    "a kernel's temporary file": re.compile(r"ipykernel_\d+"),
    "an asyncio task's number": re.compile(r"\bTask-\d+"),
}


def code_cells(path: Path) -> list[Any]:
    return [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]


def tags(cell: Any) -> list[str]:
    return list(cell.metadata.get("tags", []))


def texts(output: Any) -> list[str]:
    """Return all texts of an output in which a reader, or a comparison, would meet something foreign."""
    found = [output.get("text", ""), output.get("evalue", ""), *output.get("traceback", [])]
    found += [value for kind, value in output.get("data", {}).items() if kind.startswith("text/") or "svg" in kind]
    return found


def test_there_are_notebooks() -> None:
    assert NOTEBOOKS


@each_notebook
def test_it_was_run_from_top_to_bottom_in_a_fresh_kernel(path: Path) -> None:
    """nbval compares nothing in a cell whose count is null."""
    counts = [cell.execution_count for cell in code_cells(path)]
    assert counts == list(range(1, len(counts) + 1))


@each_notebook
def test_it_is_valid_and_no_cell_is_empty(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert [cell.id for cell in notebook.cells if not cell.source.strip()] == []


@each_notebook
def test_it_names_the_plain_python_kernel_and_nothing_of_one_machine(path: Path) -> None:
    metadata = dict(nbformat.read(path, as_version=4).metadata)
    metadata.pop("widgets", None)
    assert metadata == {"kernelspec": refresh.KERNELSPEC, "language_info": {"name": "python"}}


@each_notebook
def test_it_stores_no_timing(path: Path) -> None:
    assert [cell.source for cell in code_cells(path) if "execution" in cell.metadata] == []


@each_notebook
def test_stderr_is_stored_only_where_it_is_meant(path: Path) -> None:
    loud = [
        cell.source
        for cell in code_cells(path)
        for output in cell.outputs
        if output.get("name") == "stderr" and "allow-stderr" not in tags(cell)
    ]
    assert loud == []


@each_notebook
def test_an_error_is_stored_only_where_it_is_meant(path: Path) -> None:
    failed = [
        cell.source
        for cell in code_cells(path)
        for output in cell.outputs
        if output.output_type == "error" and "raises-exception" not in tags(cell)
    ]
    assert failed == []


@each_notebook
def test_no_output_holds_what_changes_from_run_to_run(path: Path) -> None:
    found = [
        (name, text[:80])
        for cell in code_cells(path)
        for output in cell.outputs
        for text in texts(output)
        for name, pattern in FOREIGN.items()
        if pattern.search(text)
    ]
    assert found == []


@each_notebook
def test_no_cell_is_longer_than_a_reader_takes_in(path: Path) -> None:
    long = {cell.source.splitlines()[0]: len(cell.source.splitlines()) for cell in code_cells(path)}
    assert {line: length for line, length in long.items() if length > LONGEST_CELL} == {}


@each_notebook
def test_it_is_written_as_a_refresh_writes_it(path: Path) -> None:
    """nbval runs it, and `conftest.py` compares each output to the letter: nothing is run here a second time."""
    assert refresh.as_stored(nbformat.read(path, as_version=4)) == path.read_bytes()


@pytest.mark.slow
def test_a_refresh_keeps_every_byte(tmp_path: Path) -> None:
    path = ROOT / "notebooks" / "10_agent_or_genserver.ipynb"  # one of those that are quick, with a lab and pictures
    copy = tmp_path / path.name
    shutil.copy(path, copy)
    refresh.refresh(copy)
    assert different_cells(copy, path) == []
    assert copy.read_bytes() == path.read_bytes()


def different_cells(one: Path, other: Path) -> list[str]:
    """The ids of the cells in which two notebooks differ: a comparison of all they hold would be told for minutes."""
    cells, others = ({cell.id: cell for cell in nbformat.read(path, as_version=4).cells} for path in (one, other))
    return [name for name in {**cells, **others} if cells.get(name) != others.get(name)]


def test_a_cell_with_another_output_is_named(tmp_path: Path) -> None:
    cells = [new_code_cell("1", id="same"), new_code_cell("2", id="other")]
    before = stored(tmp_path / "before.ipynb", *cells)
    cells[1].outputs = [nbformat.v4.new_output("stream", name="stdout", text="2\n")]
    assert different_cells(stored(tmp_path / "after.ipynb", *cells), before) == ["other"]


# --- the refresh script, on small notebooks of its own ---------------------------------------------------

WIDGET = """import ipywidgets, hashlib
display(ipywidgets.HBox([ipywidgets.Button(description="a"), ipywidgets.Label("b")]))
unseen = ipywidgets.Button(description="nobody shows this")
print(hashlib.md5(b"x").hexdigest())"""
MD5_OF_X = "9dd4e461268c8034f5c8564e155c67a6"
QUIZ = """from jupyterquiz import display_quiz
display_quiz([{"question": "q", "type": "many_choice", "answers": [{"answer": "a", "correct": True}]}])"""
GROUP = 'raise ExceptionGroup("two at once", [ValueError("first"), KeyError("second")])'


def stored(path: Path, *cells: Any) -> Path:
    """Write a notebook that has never run."""
    nbformat.write(new_notebook(cells=list(cells)), path)
    return path


def refreshed(path: Path) -> list[Any]:
    """Refresh a notebook and return its cells."""
    assert refresh.refresh(path)
    return list(nbformat.read(path, as_version=4).cells)


@pytest.mark.slow
def test_a_second_refresh_changes_nothing(tmp_path: Path) -> None:
    path = stored(
        tmp_path / "a.ipynb",
        new_markdown_cell("# A claim"),
        new_code_cell("print(1)\nprint({'b', 'a', 'c'})\n2"),
        new_code_cell(WIDGET),
        new_code_cell(QUIZ, metadata={"tags": ["nbval-ignore-output"]}),
    )
    assert refresh.refresh(path)
    first = path.read_bytes()
    assert not refresh.refresh(path)
    assert path.read_bytes() == first


@pytest.mark.slow
def test_widgets_are_numbered_and_a_printed_hash_is_left_alone(tmp_path: Path) -> None:
    path = stored(tmp_path / "a.ipynb", new_code_cell(WIDGET))
    (cell,) = refreshed(path)
    shown = next(out for out in cell.outputs if out.output_type == "display_data")
    assert shown.data["application/vnd.jupyter.widget-view+json"]["model_id"] == f"{1:032x}"
    printed = next(out for out in cell.outputs if out.output_type == "stream")
    assert printed.text == MD5_OF_X + "\n"
    text = path.read_text(encoding="utf-8")
    assert '"description": "a"' in text
    assert "nobody shows this" not in json.dumps(nbformat.read(path, as_version=4).metadata)


LAB = """from otp_mini import GenServer, Supervisor, crash_lab
async def pair():
    return await Supervisor.start_link([GenServer], strategy="one_for_one", name="top")
crash_lab(pair, depth=1)"""


@pytest.mark.slow
def test_of_a_widget_that_is_html_too_the_html_is_stored_and_compared(tmp_path: Path) -> None:
    path = stored(tmp_path / "a.ipynb", new_code_cell(LAB))
    (cell,) = refreshed(path)
    assert set(cell.outputs[0].data) == {"text/html", "text/plain"}
    assert "widgets" not in nbformat.read(path, as_version=4).metadata
    assert not refresh.refresh(path), "the same bytes again"
    assert nbval(path).returncode == 0, "the widget that a kernel adds is not compared"
    cell.outputs[0].data["text/html"] += "changed"
    stored(path, cell)
    assert nbval(path).returncode == 1


@pytest.mark.slow
def test_streams_are_joined_and_keep_their_place_between_other_outputs(tmp_path: Path) -> None:
    source = "import sys\nfor n in range(3): print(n, flush=True)\ndisplay('between')\nprint('after')"
    (cell,) = refreshed(stored(tmp_path / "a.ipynb", new_code_cell(source)))
    assert [out.get("text") for out in cell.outputs] == ["0\n1\n2\n", None, "after\n"]


@pytest.mark.slow
def test_a_meant_error_is_stored_without_the_paths_of_its_traceback(tmp_path: Path) -> None:
    path = stored(tmp_path / "a.ipynb", new_code_cell("1 / 0", metadata={"tags": ["raises-exception"]}))
    (cell,) = refreshed(path)
    assert cell.outputs[0].traceback == ["ZeroDivisionError: division by zero"]


@pytest.mark.slow
@pytest.mark.parametrize("source", ["1 / 0", GROUP], ids=["an exception", "a group of exceptions"])
def test_a_cell_that_raises_stops_the_refresh_and_the_file_stays(
    source: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = stored(tmp_path / "a.ipynb", new_code_cell(source))
    before = path.read_bytes()
    assert refresh.main([str(path)]) == 1
    assert path.read_bytes() == before
    assert capsys.readouterr().out.endswith("a.ipynb: a cell failed, so the file was left as it was.\n")


def test_a_refresh_of_what_is_no_file_says_so_and_runs_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = stored(tmp_path / "a.ipynb", new_code_cell("1 / 0"))
    with pytest.raises(SystemExit) as ended:
        refresh.main([str(path), str(tmp_path / "b.ipynb")])
    assert ended.value.code == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.endswith(f"no such notebook: {tmp_path / 'b.ipynb'}. The chapters are notebooks/*.ipynb.\n")


# --- nbval, with the guard of conftest.py ----------------------------------------------------------------


def nbval(path: Path) -> subprocess.CompletedProcess[str]:
    """Compare one notebook as the test run does, with this project's configuration."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--rootdir={ROOT}", "-c"]
    command += [str(ROOT / "pyproject.toml"), "-p", "conftest", str(path)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def with_outputs(path: Path, source: str, *outputs: Any) -> Path:
    """Write a notebook that claims to have run."""
    return stored(path, new_code_cell(source, execution_count=1, outputs=list(outputs)))


@pytest.mark.slow
def test_a_cell_that_raises_a_group_of_exceptions_does_not_pass(tmp_path: Path) -> None:
    """IPython publishes no error for one, so nbval alone would call it a success."""
    source = "import sys; sys.stderr = open(__import__('os').devnull, 'w')\n" + GROUP
    ended = nbval(with_outputs(tmp_path / "a.ipynb", source))
    assert ended.returncode == 1, ended.stdout
    assert "The cell raised ExceptionGroup: two at once" in ended.stdout


@pytest.mark.slow
def test_outputs_in_another_order_do_not_pass(tmp_path: Path) -> None:
    """nbval compares each kind by itself; a page shows them one below the other."""
    source = "print(1)\ndisplay(2)\nprint(3)"
    two = nbformat.v4.new_output("display_data", {"text/plain": "2"})
    one, three = (nbformat.v4.new_output("stream", text=text) for text in ("1\n", "3\n"))
    assert nbval(with_outputs(tmp_path / "same.ipynb", source, one, two, three)).returncode == 0
    ended = nbval(with_outputs(tmp_path / "other.ipynb", source, two, nbformat.v4.new_output("stream", text="1\n3\n")))
    assert ended.returncode == 1
    assert "A refresh would store another output." in ended.stdout


@pytest.mark.slow
def test_a_different_output_does_not_pass(tmp_path: Path) -> None:
    one = nbformat.v4.new_output("stream", name="stdout", text="1\n")
    assert nbval(with_outputs(tmp_path / "same.ipynb", "print(1)", one)).returncode == 0
    assert nbval(with_outputs(tmp_path / "other.ipynb", "print(2)", one)).returncode == 1


@pytest.mark.slow
def test_a_kernel_can_import_the_course_and_has_a_fixed_hash_seed(tmp_path: Path) -> None:
    seed = nbformat.v4.new_output("stream", name="stdout", text="0\n")
    source = "import os, otp_mini\nprint(os.environ['PYTHONHASHSEED'])"
    assert nbval(with_outputs(tmp_path / "a.ipynb", source, seed)).returncode == 0

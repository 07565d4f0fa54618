"""The copies that learners work in: what is taken out of a chapter, and that nothing of a reader's is overwritten."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from otp_mini.widgets import crash_lab
from tools import learners_copy, refresh

ROOT = Path(__file__).resolve().parents[1]
each_chapter = pytest.mark.parametrize("path", refresh.notebooks(), ids=lambda path: path.stem)

PRINTED = [{"output_type": "stream", "name": "stdout", "text": "printed\n"}]


def code(name: str, source: str, *tags: str) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "id": name,
        "metadata": {"tags": list(tags)} if tags else {},
        "source": source,
        "outputs": PRINTED,
        "execution_count": 1,
    }


def text(name: str, source: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "id": name, "metadata": {}, "source": source}


EXERCISE = [
    text("task", "## Exercise\n\nWrite `double`."),
    code("answer", "### BEGIN SOLUTION\ndef double(x):\n    return 2 * x\n### END SOLUTION"),
    code("given", "x = 1", "hide-input"),
    code("check", "check(double)\n### BEGIN HIDDEN TESTS\nassert double(5) == 10\n### END HIDDEN TESTS"),
    text("hints", '<details class="hint">\n<summary>Hint 1</summary>\n\nTwice.\n\n</details>'),
    text("next", "## Next"),
]


def chapter(folder: Path, *cells: dict[str, Any], name: str = "chapter") -> Path:
    """Write a chapter of these cells."""
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}.ipynb"
    path.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}), encoding="utf-8")
    return path


def copy_of(path: Path) -> dict[str, dict[str, Any]]:
    """The cells of a chapter's copy by their ids, in order."""
    return {cell["id"]: cell for cell in learners_copy.learners_copy(path)["cells"]}


# --- what is taken out --------------------------------------------------------------------------------------


def test_stubs_stand_for_solutions_and_hidden_tests_are_gone(tmp_path: Path) -> None:
    alone = code("alone", "### BEGIN HIDDEN TESTS\nassert double(7) == 14\n### END HIDDEN TESTS")
    cells = copy_of(chapter(tmp_path, *EXERCISE, alone))
    assert list(cells) == ["task", "answer", "given", "check", "hints", "next"]
    assert cells["answer"]["source"] == "# Your code here\nraise NotImplementedError"
    assert cells["check"]["source"] == "check(double)"


def test_outputs_of_predictions_and_exercises_are_cleared_and_others_stay(tmp_path: Path) -> None:
    around = [code("before", "1"), code("surprise", "2", "predict"), *EXERCISE, code("after", "3")]
    cells = copy_of(chapter(tmp_path, *around))
    with_outputs = {name for name, cell in cells.items() if cell.get("outputs")}
    assert with_outputs == {"before", "after"}
    assert all(cell["execution_count"] is None for cell in cells.values() if cell["cell_type"] == "code")


def test_run_all_goes_on_behind_a_stub_and_behind_nothing_else(tmp_path: Path) -> None:
    around = [code("before", "1"), *EXERCISE, code("after", "1"), code("meant", "1/0", GOES_ON)]
    cells = copy_of(chapter(tmp_path, *around))
    going_on = {name for name, cell in cells.items() if GOES_ON in cell["metadata"].get("tags", [])}
    assert going_on == {"answer", "given", "check", "meant"}


GOES_ON = "raises-exception"


@pytest.mark.parametrize("tag", ["hide-input", "hide-cell", "remove-input"])
def test_what_the_book_folds_is_folded(tmp_path: Path, tag: str) -> None:
    cells = copy_of(chapter(tmp_path, code("a", "1", tag), code("b", "1")))
    assert cells["a"]["metadata"]["jupyter"] == {"source_hidden": True}
    assert "jupyter" not in cells["b"]["metadata"]


@each_chapter
def test_a_copy_of_a_chapter_is_valid_and_holds_no_answer(path: Path) -> None:
    copy = learners_copy.learners_copy(path)
    nbformat.validate(nbformat.from_dict(copy))
    told = json.dumps(copy)
    assert "BEGIN SOLUTION" not in told
    assert "HIDDEN TESTS" not in told
    for source in solutions(path):
        assert source not in told, "a solution's text"


def solutions(path: Path) -> list[str]:
    """What stands between the marks of the solutions, as JSON writes it, where it is long enough to tell."""
    cells = nbformat.read(path, as_version=4).cells
    begun = [part for cell in cells for part in cell.source.split("BEGIN SOLUTION")[1:]]
    found = [json.dumps(part.partition("### END SOLUTION")[0].strip(" \n#-<!>"))[1:-1] for part in begun]
    assert found, "no chapter is without an exercise"
    return [part for part in found if len(part) > 30]


@pytest.mark.slow
@each_chapter
def test_run_all_reaches_the_end_and_no_unwritten_exercise_is_ok(path: Path, tmp_path: Path) -> None:
    copy = nbformat.from_dict(learners_copy.learners_copy(path))
    checks = [cell for cell in copy.cells if cell.cell_type == "code" and "check(exercises." in cell.source]
    assert checks
    client = NotebookClient(copy, timeout=60, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}})
    # As a learner runs it: no lab computes all its futures, which only a stored notebook has to hold.
    kernel = {name: value for name, value in (os.environ | refresh.ENVIRONMENT).items() if name != crash_lab.STORING}
    client.execute(env=kernel)
    told = {cell.id: "".join(output.get("text", "") for output in cell.outputs) for cell in checks}
    assert {name: said for name, said in told.items() if "ok: " in said} == {}
    assert [cell.id for cell in checks if not cell.outputs] == [], "each of them says something"


# --- what is given out, and what is left alone ----------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "my_course"
    folder.mkdir()
    return folder


def change(path: Path, source: str = "my own") -> None:
    """What a reader does: change the first cell, run it, save."""
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[0].source = source
    nbformat.write(notebook, path)


def run_and_save(path: Path) -> None:
    """A run and a save in JupyterLab: counts, outputs, its own way of writing, an empty cell behind the last one."""
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[0].execution_count = 7
    notebook.cells[0].outputs = [nbformat.v4.new_output("stream", text="run by the reader\n")]
    notebook.metadata.language_info.version = "3.13.1"
    notebook.cells.append(nbformat.v4.new_code_cell(""))
    nbformat.write(notebook, path)


def held(folder: Path) -> dict[str, str]:
    """The first cell of each notebook in the folder."""
    return {path.name: nbformat.read(path, as_version=4).cells[0].source for path in sorted(folder.iterdir())}


def test_a_copy_is_made_once_and_then_left_to_the_reader(tmp_path: Path, folder: Path) -> None:
    source = chapter(tmp_path, code("a", "first edition"))
    assert learners_copy.give_out(source, folder) is None
    assert held(folder) == {"chapter.ipynb": "first edition"}
    run_and_save(folder / "chapter.ipynb")
    before = (folder / "chapter.ipynb").read_bytes()
    assert learners_copy.give_out(source, folder) is None
    assert (folder / "chapter.ipynb").read_bytes() == before, "also what was run is left"


def test_a_copy_that_was_not_changed_is_renewed_in_silence(tmp_path: Path, folder: Path) -> None:
    learners_copy.give_out(chapter(tmp_path, code("a", "first edition")), folder)
    run_and_save(folder / "chapter.ipynb")
    assert learners_copy.give_out(chapter(tmp_path, code("a", "second edition")), folder) is None
    assert held(folder) == {"chapter.ipynb": "second edition"}


def test_an_edition_whose_outputs_alone_are_new_is_new(tmp_path: Path, folder: Path) -> None:
    learners_copy.give_out(chapter(tmp_path, code("a", "1")), folder)
    learners_copy.give_out(chapter(tmp_path, code("a", "1") | {"outputs": []}), folder)
    assert nbformat.read(folder / "chapter.ipynb", as_version=4).cells[0].outputs == []


def test_beside_a_changed_copy_the_new_edition_is_put_and_the_reader_is_told(tmp_path: Path, folder: Path) -> None:
    source = chapter(tmp_path, code("a", "first edition"))
    learners_copy.give_out(source, folder)
    change(folder / "chapter.ipynb")
    assert learners_copy.give_out(source, folder) is None, "no new edition, no word"
    source = chapter(tmp_path, code("a", "second edition"))
    for _ in range(2):
        assert learners_copy.give_out(source, folder) == (
            "chapter.ipynb: the chapter is newer than the copy that you changed. "
            "Your copy stays as it is, and the new edition lies beside it as chapter.new-edition.ipynb."
        )
    assert held(folder) == {"chapter.ipynb": "my own", "chapter.new-edition.ipynb": "second edition"}


def test_a_third_edition_renews_the_second_or_leaves_it_where_the_reader_changed_that_too(
    tmp_path: Path, folder: Path
) -> None:
    learners_copy.give_out(chapter(tmp_path, code("a", "1st")), folder)
    change(folder / "chapter.ipynb")
    for edition in ("2nd", "3rd"):
        learners_copy.give_out(chapter(tmp_path, code("a", edition)), folder)
        assert held(folder) == {"chapter.ipynb": "my own", "chapter.new-edition.ipynb": edition}
    change(folder / "chapter.new-edition.ipynb", "my own, too")
    told = learners_copy.give_out(chapter(tmp_path, code("a", "4th")), folder)
    assert told and told.endswith("as chapter.new-edition-2.ipynb.")
    assert held(folder) == {
        "chapter.ipynb": "my own", "chapter.new-edition-2.ipynb": "4th", "chapter.new-edition.ipynb": "my own, too"
    }  # fmt: skip


@pytest.mark.parametrize(
    "mine",
    ["no JSON", "", "[]", '{"cells": []}', '{"cells": [], "metadata": {}}', '{"cells": 1, "metadata": {"edition": 1}}'],
)
def test_a_file_that_was_not_given_out_is_the_readers_own(tmp_path: Path, folder: Path, mine: str) -> None:
    (folder / "chapter.ipynb").write_text(mine, encoding="utf-8")
    assert learners_copy.give_out(chapter(tmp_path, code("a", "1st")), folder)
    assert (folder / "chapter.ipynb").read_text(encoding="utf-8") == mine
    assert (folder / "chapter.new-edition.ipynb").exists()


def test_a_new_cell_a_deleted_one_and_another_order_are_changes(tmp_path: Path, folder: Path) -> None:
    cells = [code("a", "1"), text("b", "2"), code("c", "3")]
    for order in ([0, 1], [0, 2, 1], [0, 1, 2, 2]):
        learners_copy.give_out(chapter(tmp_path, *cells), folder)
        path = folder / "chapter.ipynb"
        notebook = json.loads(path.read_text(encoding="utf-8"))
        path.write_text(json.dumps(notebook | {"cells": [notebook["cells"][n] for n in order]}), encoding="utf-8")
        assert learners_copy.look_at(path).changed, order
        path.unlink()


def program(folder: Path | str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "tools" / "learners_copy.py"), str(folder)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd)


def test_the_program_makes_a_copy_of_every_chapter(tmp_path: Path) -> None:
    folder = tmp_path / "a new one" / "my_course"
    done = program(folder)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert {path.name for path in folder.iterdir()} == {path.name for path in refresh.notebooks()}


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "my_course").write_text("a file")
    done = program(tmp_path / "my_course")
    assert done.returncode == 1
    assert done.stderr == (
        f"The copies of the chapters cannot be put into {tmp_path / 'my_course'}: "
        f"File exists ({tmp_path / 'my_course'}). Name another folder with --folder.\n"
    )


@pytest.mark.parametrize(("asked", "code"), [("--help", 0), ("-h", 0), ("--chapters", 2)])
def test_who_asks_how_it_is_used_is_told_and_gets_no_folder_of_that_name(asked: str, code: int, tmp_path: Path) -> None:
    done = program(asked, cwd=tmp_path)
    assert (done.returncode, [*tmp_path.iterdir()]) == (code, [])
    assert "usage: learners_copy.py [-h] folder" in done.stdout + done.stderr

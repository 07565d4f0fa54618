"""How nbgrader hands out and grades the chapters of the course.

`python3 course.py grade` has nbgrader read this file where it lies. For an nbgrader of your own, copy it into the
folder of your class, beside `source`. A file of this name in the folder of the class is read after this one, and wins.
"""

import copy
import warnings
from pathlib import Path

import nbformat
from nbgrader import preprocessors
from nbgrader.api import Gradebook
from sqlalchemy.exc import SAWarning


class PutMarksBack(preprocessors.NbGraderPreprocessor):
    """Give a notebook that was handed in the marks of its chapter, by the ids of its cells.

    Every copy of a chapter keeps those ids: what nbgrader hands out, what *Your work* on a page downloads, the copy of
    `course.py lab`. So each of them can be graded. A marked cell that is gone is put back where it was, a locked one
    has its text again, and a double has no marks (nbgrader 0.9.6 would stop there).
    """

    def preprocess(self, nb, resources):
        """Mark the cells as in the chapter, and say what the learner has done to those that are locked."""
        nb = nbformat.v4.upgrade(nb, 4, nb.nbformat_minor)  # some programs write an older format, without ids
        known, marked = self._chapter(**resources["nbgrader"])
        found = self._found(nb.cells, marked)
        behind = 0  # the marked cell that came last
        for name, cell in marked.items():
            given = known[name].source  # a stub, or a check with its hidden tests
            if name not in found:
                self.log.warning("The cell %s is gone; it is put back.", name)
                new = {"code": nbformat.v4.new_code_cell, "markdown": nbformat.v4.new_markdown_cell}[cell.cell_type]
                found[name] = new(given)
                nb.cells.insert(behind, found[name])
            elif known[name].locked:
                if found[name].source.strip() not in (given.strip(), self._shown(cell, given, resources)):
                    self.log.warning("The cell %s is locked and was changed; its text is put back.", name)
                found[name].source = given
            found[name].metadata.nbgrader = cell.metadata.nbgrader
            behind = next(at for at, each in enumerate(nb.cells) if each is found[name]) + 1
        return nb, resources

    def _chapter(self, assignment, notebook, db_url, **_):
        """The cells that nbgrader knows of, and the marked ones of the chapter in its order; both by their names."""
        with Gradebook(db_url) as gradebook:
            cells = gradebook.find_notebook(notebook, assignment).source_cells
            known = {cell.name: cell for cell in cells}
        course = self.parent.parent.coursedir
        path = Path(course.format_path(course.source_directory, ".", assignment), f"{notebook}.ipynb")
        cells = nbformat.read(path, as_version=4).cells
        marked = {cell.metadata.nbgrader.grade_id: cell for cell in cells if "nbgrader" in cell.metadata}
        return known, {name: cell for name, cell in marked.items() if name in known}

    def _found(self, cells, marked):
        """The marked cells that are there, by name: found by their ids, or by the marks that they bring along."""
        ids = {cell.id for cell in marked.values()}
        by_id = {cell.id: cell for cell in cells}
        marks = {id(cell): cell.metadata.pop("nbgrader", {}).get("grade_id") for cell in reversed(cells)}
        by_mark = {marks[id(cell)]: cell for cell in reversed(cells) if cell.id not in ids}
        both = {name: by_id.get(cell.id, by_mark.get(name)) for name, cell in marked.items()}
        return {name: cell for name, cell in both.items() if cell is not None}

    def _shown(self, cell, source, resources):
        """What learners are given of a cell with this source."""
        cell = copy.deepcopy(cell)
        cell.source = source
        return preprocessors.ClearHiddenTests(parent=self).preprocess_cell(cell, resources, 0)[0].source.strip()


c = get_config()  # noqa: F821 (nbgrader gives it)

c.CourseDirectory.course_id = "otp-patterns"

# The stubs are those of the other copies: so an answer in words that was not touched is known as such in all of them.
c.ClearSolutions.code_stub = {"python": "# Your code here\nraise NotImplementedError"}
c.ClearSolutions.text_stub = "*Your answer here.*"

# The order is nbgrader's own.
c.Autograde.sanitize_preprocessors = [
    preprocessors.ClearOutput,
    PutMarksBack,
    preprocessors.DeduplicateIds,
    preprocessors.OverwriteKernelspec,
    preprocessors.OverwriteCells,
    preprocessors.CheckCellMetadata,
]

# So many seconds may a cell take. A check ends by itself before, but for a loop that stays in a function written in C.
c.Execute.timeout = 60
# Learners' code does not go into your IPython history, and a kernel does not warn that it speaks with its own machine.
c.Execute.extra_arguments = ["--HistoryManager.hist_file=:memory:", "--log-level=ERROR"]

# nbgrader 0.9.6 makes SQLAlchemy warn of objects that are in no session; nothing is lost.
warnings.filterwarnings("ignore", category=SAWarning, module="nbgrader")

# Formgrader would show this configuration, and cannot write a class down.
c.FormgradeExtension.debug = False

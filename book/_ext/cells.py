"""What a code cell of a chapter's page is: data attributes that scripts of the page can rely on.

`exercise_view.page_view` knows what each cell is for and says it in the cell's metadata. Here it becomes attributes of
the cell's container, whatever tabs and folds the container has been put into:

* ``data-cell-id``: the id of the cell in its notebook, followed by ``-solved`` in the fold with a solution;
* ``data-role``: ``cell``, ``setting``, ``given``, ``stub``, ``check``, ``solution`` or ``verdict``;
* ``data-exercise``: the exercise that it belongs to, by the id of its first stub;
* ``data-of``: of a cell in the fold, the id of the cell before the fold that it answers.
"""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

ATTRIBUTES = {"id": "data-cell-id", "role": "data-role", "exercise": "data-exercise", "of": "data-of"}


class CodeCell(nodes.container):
    """The container of a code cell that knows what it is."""


def mark(app: Sphinx, doctree: nodes.document) -> None:
    """Put a `CodeCell` in the place of each container of a code cell that the view has marked."""
    for cell in [node for node in doctree.findall(nodes.container) if "page" in node.get("cell_metadata", {})]:
        marked = CodeCell("", *cell.children, **cell.attributes)
        marked.source, marked.line = cell.source, cell.line
        cell.replace_self(marked)


def visit(writer: Any, cell: CodeCell) -> None:
    told = cell["cell_metadata"]["page"]
    attributes = {name: told[key] for key, name in ATTRIBUTES.items() if key in told}
    writer.body.append(writer.starttag(cell, "div", CLASS="docutils container", **attributes))


def depart(writer: Any, cell: CodeCell) -> None:
    writer.body.append("</div>\n")


def name_folds(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None) -> None:
    """Sphinx's ``html-page-context``: the fold of a cell is called what it shows, and not "Toggle hidden content"."""
    if body := context.get("body"):
        context["body"] = body.replace('<summary aria-label="Toggle hidden content">', "<summary>")


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_node(CodeCell, html=(visit, depart))
    app.connect("html-page-context", name_folds)
    app.connect("doctree-read", mark, priority=700)  # behind twins and predictions, which look for containers
    return {"parallel_read_safe": True, "parallel_write_safe": True}

"""What a cell gave is folded until the reader has made a prediction, or wants none.

A code cell with the tag ``predict`` follows a question ("**Predict.** Which pids change?"), and a list right behind
the question holds its possible answers, if it has some. On the page

* the outputs of the cell are in a fold of plain HTML, so nothing of this needs a script; printed, it stands open;
* of an Elixir twin beside it, what the twin prints is folded too, or it would give the answer away;
* `predict.js` puts a place for the prediction before the fold, keeps what the reader chose in the browser, and
  shows it beside what happened.

The fold of a cell is known by what the cell holds: a prediction stays with its cell when others come before it.
"""

from __future__ import annotations

from collections import Counter
from zlib import crc32

from docutils import nodes
from sphinx.application import Sphinx

SHOW = "Show what happened"


def fold_outputs(app: Sphinx, doctree: nodes.document) -> None:
    """Fold the outputs of each cell that asks for a prediction, and what its twin prints."""
    seen: Counter[int] = Counter()
    for cell in [node for node in doctree.findall(nodes.container) if "tag_predict" in node["classes"]]:
        source = "".join(part.astext() for part in cell if "cell_input" in part["classes"])
        number = crc32(source.encode())
        seen[number] += 1
        name = f"{number:08x}" + f"-{seen[number]}" * (seen[number] > 1)
        for output in [part for part in cell if "cell_output" in part["classes"]]:
            _fold(output, output.children, f'<details class="predict" data-cell="{name}">')
            cell["prediction"] = name  # `progress` counts them
        for printed in _twins_output(cell):
            column = printed.parent
            before = column[column.index(printed) - 1]
            _fold(column, [before, printed], '<details class="predict-twin">')


def _fold(parent: nodes.Element, content: list[nodes.Node], opening: str) -> None:
    """Put a fold around neighbours in a parent."""
    content = list(content)
    if not content:
        return
    at = parent.index(content[0])
    opened = nodes.raw("", f"{opening}\n<summary>{SHOW}</summary>\n", format="html")
    closed = nodes.raw("", "</details>", format="html")
    parent[at : at + len(content)] = [opened, *content, closed]


def _twins_output(cell: nodes.Element) -> list[nodes.Element]:
    """The blocks with what the Elixir beside this cell prints, if they are not folded yet."""
    tabs = cell
    while tabs is not None and "twin-tabs" not in getattr(tabs, "attributes", {}).get("classes", []):
        tabs = tabs.parent
    if tabs is None:
        return []
    printed = [block for block in tabs.findall(nodes.literal_block) if "twin-output" in block["classes"]]
    return [block for block in printed if not _is_folded(block)]


def _is_folded(block: nodes.Element) -> bool:
    at = block.parent.index(block)
    return any(
        isinstance(node, nodes.raw) and "<details" in node.astext() for node in block.parent[max(0, at - 2) : at]
    )


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("doctree-read", fold_outputs, priority=600)  # behind twins, which moves cells into tabs
    return {"parallel_read_safe": True, "parallel_write_safe": True}

"""Python and Elixir side by side.

Two ways in, because a page and a notebook differ (``tests/elixir_twins.py`` has the convention,
and runs every block of both):

* on a page, the directive ``{twins}`` holds fences: those before the first ``elixir`` fence are
  the Python column, the rest the Elixir one; a ``text`` fence is what the block before it prints;
* in a notebook, a Markdown cell folds the Elixir in ``<details class="elixir">``. Code cells
  straight before it with the tag ``twin`` become the first of two tabs, the Elixir the second.
"""

from __future__ import annotations

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective
from sphinx_design.shared import create_component

logger = logging.getLogger(__name__)

_FOLD = '<details class="elixir"'
PICTURE = "The picture of this run is in the Python tab."
_SYNC = "language"  # every pair of tabs follows the reader's last choice


class Twins(SphinxDirective):
    """Lay out fences as a Python column and an Elixir column."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        blocks = nodes.Element()
        self.state.nested_parse(self.content, self.content_offset, blocks)
        languages = [getattr(block, "attributes", {}).get("language") for block in blocks]
        if "elixir" not in languages or not all(languages):
            raise self.error("twins holds fences only: python and text, then elixir and text")
        split = languages.index("elixir")
        both = nodes.container(classes=["twins"])
        both += _column("Python", blocks.children[:split])
        both += _column("Elixir", blocks.children[split:])
        return [both]


def _column(title: str, blocks: list[nodes.Node]) -> nodes.container:
    """One language's code, each output under a small heading so that it cannot pass for code."""
    column = nodes.container(classes=["twin", f"twin-{title.lower()}"])
    column += nodes.paragraph(text=title, classes=["twin-title"])
    for block in blocks:
        if block["language"] == "text":
            column += nodes.paragraph(text="prints", classes=["twin-prints"])
            block["classes"].append("twin-output")
        column += block
    return column


def tab_twins(app: Sphinx, doctree: nodes.document) -> None:
    """Put each folded Elixir cell and the Python cells that it mirrors into tabs."""
    for opening in [raw for raw in doctree.findall(nodes.raw) if raw.astext().startswith(_FOLD)]:
        python, elixir = _cells_before(opening), _folded(opening)
        if not python or not elixir:
            _label(elixir)
            continue
        section = opening.parent
        tabs = create_component("tab-set", classes=["sd-tab-set", "twin-tabs"])
        section.insert(section.index(python[0]), tabs)
        for node in [*python, opening, *elixir]:
            section.remove(node)
        tabs += _tab("Python", python, first=True)
        tabs += _tab("Elixir", [*_labelled(elixir[:-1]), *_picture_of(python)], first=False)


def _cells_before(opening: nodes.raw) -> list[nodes.Node]:
    """The run of code cells tagged ``twin`` that ends just before the fold."""
    siblings = opening.parent.children
    end = start = siblings.index(opening)
    while start and "tag_twin" in getattr(siblings[start - 1], "attributes", {}).get("classes", []):
        start -= 1
    return siblings[start:end]


def _folded(opening: nodes.raw) -> list[nodes.Node]:
    """What follows the opening of the fold up to its end, the end included; nothing if it has none."""
    siblings = opening.parent.children
    found: list[nodes.Node] = []
    for node in siblings[siblings.index(opening) + 1 :]:
        if not isinstance(node, (nodes.raw, nodes.literal_block, nodes.paragraph)):
            break
        found.append(node)
        if isinstance(node, nodes.raw) and node.astext().startswith("</details>"):
            return found
    logger.warning("a fold of Elixir has no </details> on a line of its own", location=opening)
    return []


def _label(blocks: list[nodes.Node]) -> None:
    """Say the same where they stand: in a fold that stays one."""
    for block, labelled in [(block, _labelled([block])) for block in blocks]:
        if len(labelled) > 1:
            block.parent.insert(block.parent.index(block), labelled[0])


def _labelled(blocks: list[nodes.Node]) -> list[nodes.Node]:
    """Say of each ``text`` block that it is output."""
    labelled: list[nodes.Node] = []
    for block in blocks:
        if isinstance(block, nodes.literal_block) and block.get("language") == "text":
            labelled.append(nodes.paragraph(text="prints", classes=["twin-prints"]))
            block["classes"].append("twin-output")
        labelled.append(block)
    return labelled


def _picture_of(cells: list[nodes.Node]) -> list[nodes.Node]:
    """Where the picture is that the text speaks of, if a cell has drawn one: nobody draws one for Elixir."""
    drawn = any("<svg" in raw.astext() for cell in cells for raw in cell.findall(nodes.raw))
    return [nodes.paragraph(text=PICTURE, classes=["twin-prints"])] if drawn else []


def _tab(title: str, content: list[nodes.Node], first: bool) -> nodes.container:
    """One tab in the form that sphinx-design turns into HTML."""
    tab = create_component("tab-item", classes=["sd-tab-item"], selected=first)
    label = nodes.rubric(title, title, classes=["sd-tab-label"])
    label["sync_id"], label["sync_group"] = title.lower(), _SYNC
    body = create_component("tab-content", classes=["sd-tab-content"], children=content)
    tab += [label, body]
    return tab


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_directive("twins", Twins)
    app.connect("doctree-read", tab_twins)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

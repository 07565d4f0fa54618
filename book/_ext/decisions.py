"""The decision guide: every table by which a chapter decides, on one page, with the way to its place.

The directive ``{decisions}`` shows the stored output of each `decision_table` in the text of a chapter. So there is one
copy of each table, in its chapter, and the guide has them all.
"""

from __future__ import annotations

import re
from typing import Any

from cells import CodeCell
from docutils import nodes
from progress import menu, section_of
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

_CAPTION = re.compile(r"<caption>(.*?)</caption>", re.DOTALL)
_STYLE = re.compile(r"<style>.*?</style>", re.DOTALL)


def note(app: Sphinx, doctree: nodes.document) -> None:
    """Sphinx's ``doctree-read``: keep the tables of the chapter, each with the section that it stands in."""
    found = []
    for cell in doctree.findall(CodeCell):
        outputs = [raw.astext() for raw in cell.findall(nodes.raw) if 'class="otp-decision"' in raw.astext()]
        if outputs and cell["cell_metadata"]["page"]["role"] == "cell":
            section = section_of(cell)
            found.append((outputs[0], section["ids"][0]))
    if found:
        app.env.metadata[app.env.docname]["decisions"] = found


class Decisions(SphinxDirective):
    """Show them all."""

    def run(self) -> list[nodes.Node]:
        return [Place()]


class Place(nodes.General, nodes.Element):
    """Where the tables go; they are known when all chapters have been read."""


def lay_out(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Sphinx's ``doctree-resolved``: a section for each table, in the order of the chapters."""
    for place in list(doctree.findall(Place)):
        found = [
            (page, title, html, anchor)
            for page, title in menu(app)
            for html, anchor in app.env.metadata.get(page, {}).get("decisions", ())
        ]
        place.replace_self([_section(app, docname, number, *each) for number, each in enumerate(found, 1)])


def _section(app: Sphinx, docname: str, number: int, page: str, title: str, html: str, anchor: str) -> nodes.section:
    """A table under its question; its own caption would say that twice."""
    caption = _CAPTION.search(html)
    asked = re.sub(r"<[^>]*>", "", caption[1]) if caption else title
    section = nodes.section(ids=[f"decision-{number}"], classes=["decision"])
    section += nodes.title(text=asked)
    table = _CAPTION.sub("", html) if number == 1 else _STYLE.sub("", _CAPTION.sub("", html))  # one style for all
    section += nodes.raw("", table, format="html")
    link = nodes.reference("", title, refuri=f"{app.builder.get_relative_uri(docname, page)}#{anchor}", internal=True)
    section += nodes.paragraph("", "Shown by runs in ", link, nodes.Text("."))
    return section


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_directive("decisions", Decisions)
    app.connect("doctree-read", note, priority=710)  # behind cells, which marks them
    app.connect("doctree-resolved", lay_out)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

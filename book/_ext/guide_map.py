"""The page that maps a guide to OTP patterns to the cells of the course: ``book/guide_map.toml`` as tables.

Each part of the guide (a heading, a row, a snippet, a point, a footnote) names in the course's own words what it
says, and the cell that teaches it: the number of a chapter and the id of a cell in its notebook. In the book that cell
becomes a target. A part may lead to a page of the book instead. A chapter that is not in the book yet is said to be to
come.
"""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import questions
from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

TABLE = Path(__file__).resolve().parents[1] / "guide_map.toml"
KINDS = ("heading", "row", "snippet", "point", "footnote")


@dataclass(frozen=True)
class Part:
    """One thing that the guide has, and what teaches it: a cell of a chapter, or a page."""

    kind: str
    what: str
    chapter: str = ""
    cell: str = ""  # of that chapter; empty while the chapter is to come
    page: str = ""

    @property
    def label(self) -> str:
        """The name of the target at the cell."""
        return f"guide-{self.chapter}-{nodes.make_id(self.cell)}"


@dataclass(frozen=True)
class Section:
    """A section of the guide."""

    title: str
    parts: tuple[Part, ...]


def read(table: Path = TABLE) -> list[Section]:
    """The guide's sections, in its order."""
    found = tomllib.loads(table.read_text(encoding="utf-8"))["section"]
    return [Section(each["title"], tuple(Part(**part) for part in each["part"])) for each in found]


def targets(chapter: str) -> dict[str, str]:
    """The labels to be placed in a chapter, by the ids of its cells."""
    parts = [part for section in read() for part in section.parts]
    return {part.cell: part.label for part in parts if part.cell and part.chapter == chapter}


def place_targets(app: Any, docname: str, source: list[str]) -> None:
    """Sphinx's ``source-read``: what the map leads to becomes a target."""
    number = re.match(r"(?:notebooks/)?(\d\d)_", docname)
    if not number or Path(app.env.doc2path(docname)).suffix != ".ipynb":
        return
    notebook = json.loads(source[0])
    wanted = targets(number[1])
    text = None  # the Markdown cell before
    for cell in notebook["cells"]:
        label = wanted.get(cell.get("id"))
        if cell["cell_type"] == "markdown":
            text = cell
            if label:
                cell["source"] = f"({label})=\n\n" + "".join(cell["source"])
        elif label and text:
            text["source"] = "".join(text["source"]) + f"\n\n({label})=\n"
    source[0] = json.dumps(notebook)


class GuideMap(SphinxDirective):
    """Lay out the map: a table for each section of the guide."""

    def run(self) -> list[nodes.Node]:
        self.env.note_dependency(str(TABLE))
        sections: list[nodes.Node] = []
        for each in read():
            section = nodes.section(ids=[nodes.make_id(f"guide {each.title}")], names=[each.title.lower()])
            section += [nodes.title(text=each.title), self._table(each.parts)]
            sections.append(section)
        return sections

    def _table(self, parts: tuple[Part, ...]) -> nodes.table:
        table = nodes.table(classes=["cards", "guide"])
        group = nodes.tgroup(cols=3)
        group += [nodes.colspec(colwidth=width) for width in (1, 5, 3)]
        head, body = nodes.thead(), nodes.tbody()
        heads = ("in the guide", "what it says", "in the course")
        head += self._row([nodes.paragraph(text=words) for words in heads])
        for part in parts:
            what, _ = self.parse_inline(part.what)
            place = nodes.paragraph("", "", self._place(part))
            body += self._row([nodes.paragraph(text=part.kind), nodes.paragraph("", "", *what), place])
        group += [head, body]
        table += group
        return table

    def _place(self, part: Part) -> nodes.Node:
        if not part.page:
            return Place(part=part)
        link = addnodes.pending_xref(
            "", refdomain="std", reftype="doc", refdoc=self.env.docname, reftarget=f"/{part.page}", refexplicit=False,
            refwarn=True,
        )  # fmt: skip
        link += nodes.inline(text=part.page)
        return link

    @staticmethod
    def _row(cells: list[nodes.paragraph]) -> nodes.row:
        row = nodes.row()
        row += [nodes.entry("", cell) for cell in cells]
        return row


class Place(nodes.inline):
    """Where the link of a part goes; it is known when all chapters have been read."""


def link(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Put the links in, to what is there."""
    for place in list(doctree.findall(Place)):
        part = place["part"]
        place.replace_self(questions.way_to(app, docname, part.chapter, part.label))


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_directive("guide-map", GuideMap)
    app.connect("source-read", place_targets, priority=710)  # behind exercise_view and questions
    app.connect("doctree-resolved", link, priority=400)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

"""What there is to do in the book: for the marks in the menu, and for the page of a reader's progress.

A chapter's exercises and predictions are read from the same marks as the attributes of its cells (`cells`,
`predictions`): the id of each exercise, the heading that it stands under, the edition by which a pass is judged, and
the name of each prediction. All of it goes into one small script, ``_static/course_progress.js``, which every page asks
for; ``progress.js`` lays beside it what the reader's browser keeps. The directive ``{progress}`` lists it chapter by
chapter: without scripts that list is the page.

The page of progress does more than the menu, and with the modules that keep a reader's work (``lite/page``). Browsers
load no module into a file, so here they become one plain script.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cells import CodeCell
from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective

MODULES = Path(__file__).resolve().parents[2] / "lite" / "page"
ENTRY = "your_progress"
DATA, SCRIPT = "course_progress.js", f"{ENTRY}.js"

_IMPORT = re.compile(r'^import (\{[^}]+\}) from "\./(\w+)\.mjs";$', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:const|class|function) (\w+))", re.MULTILINE)
_COMMENT = re.compile(r"^ *(?:// [^\n]*|/\*.*?\*/)\n", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Exercise:
    """An exercise that checks itself: by the id of its first stub, where it stands, and its edition."""

    name: str
    title: str
    anchor: str
    edition: str


@dataclass(frozen=True)
class Chapter:
    """What a chapter asks of its reader."""

    page: str
    title: str  # as in the menu
    exercises: tuple[Exercise, ...]
    predictions: tuple[str, ...]

    @property
    def name(self) -> str:
        """The name under which a browser keeps what belongs to the chapter."""
        return self.page.rpartition("/")[2]


def edition(text: str) -> str:
    """A short name of a text: FNV-1a, as in progress.js."""
    number = 0x811C9DC5
    for byte in text.encode():
        number = (number ^ byte) * 0x01000193 & 0xFFFFFFFF
    return f"{number:08x}"


def note(app: Sphinx, doctree: nodes.document) -> None:
    """Sphinx's ``doctree-read``: keep with the page what it asks of its reader."""
    found = list(doctree.findall(CodeCell))
    marks = [cell["cell_metadata"]["page"] for cell in found]
    names = dict.fromkeys(mark["exercise"] for mark in marks if "exercise" in mark)
    groups = {
        name: [(mark["role"], cell) for mark, cell in zip(marks, found, strict=True) if mark.get("exercise") == name]
        for name in names
    }
    exercises = [
        _exercise(name, group) for name, group in groups.items() if {"stub", "check"} <= {role for role, _ in group}
    ]
    predictions = [cell["prediction"] for cell in found if "prediction" in cell]
    if found:
        app.env.metadata[app.env.docname]["asks"] = (exercises, predictions)


def _exercise(name: str, group: list[tuple[str, CodeCell]]) -> Exercise:
    texts = [_source(cell) for role, cell in group if role in ("stub", "check")]
    section = section_of(group[0][1])
    return Exercise(name, section[section.first_child_matching_class(nodes.title)].astext(), section["ids"][0],
                    edition("\n\n".join(texts)))  # fmt: skip


def section_of(node: nodes.Node) -> nodes.section:
    """The section that a node stands in."""
    while not isinstance(node, nodes.section):
        node = node.parent
    return node


def _source(cell: CodeCell) -> str:
    """The text of a cell as its page has it; `edition` in exercises.mjs puts them together as it is done here."""
    [source] = [part for part in cell if "cell_input" in part["classes"]]
    block = next(iter(source.findall(nodes.literal_block)))
    return block.astext().rstrip("\n")


def menu(app: Sphinx) -> list[tuple[str, str]]:
    """The pages of the menu in their order, each with its title there."""
    toctrees = app.env.tocs[app.config.root_doc].findall(addnodes.toctree)
    entries = [entry for toctree in toctrees for entry in toctree["entries"]]
    return [(page, title or app.env.titles[page].astext()) for title, page in entries if page in app.env.titles]


def chapters(app: Sphinx) -> list[Chapter]:
    """What all chapters ask, in the order and with the titles of the menu."""
    asked = [(page, title, app.env.metadata[page].get("asks")) for page, title in menu(app)]
    return [
        Chapter(page, title, tuple(asks[0]), tuple(asks[1]))
        for page, title, asks in asked
        if asks and (asks[0] or asks[1])
    ]


def tell(app: Sphinx, env: Any) -> list[str]:
    """Sphinx's ``env-updated``: write what there is, for the scripts of every page."""
    told = [
        [chapter.page, chapter.title, [[one.name, one.title, one.anchor, one.edition] for one in chapter.exercises],
         list(chapter.predictions)]
        for chapter in chapters(app)
    ]  # fmt: skip
    _write(app, DATA, f"globalThis.otpCourse = {json.dumps(told, ensure_ascii=False, separators=(',', ':'))};\n")
    app.add_js_file(DATA, loading_method="defer", priority=490)  # before the scripts of the configuration
    return []


def _write(app: Sphinx, name: str, text: str) -> None:
    static = Path(app.outdir) / "_static"
    static.mkdir(parents=True, exist_ok=True)
    (static / name).write_text(text, encoding="utf-8", newline="\n")


# ---- the page -----------------------------------------------------------------------------------------------


class Progress(SphinxDirective):
    """List what there is to do, for `your_progress.mjs` to say what has been done."""

    def run(self) -> list[nodes.Node]:
        self.env.metadata[self.env.docname]["shows_progress"] = True
        return [Place()]


class Place(nodes.General, nodes.Element):
    """Where the list stands; what is in it is known when all chapters have been read."""


def lay_out(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Sphinx's ``doctree-resolved``: a section for each chapter."""
    for place in list(doctree.findall(Place)):
        place.replace_self([_section(app, docname, chapter) for chapter in chapters(app)])


def _section(app: Sphinx, docname: str, chapter: Chapter) -> nodes.section:
    """A chapter: its exercises with links, and how many predictions it asks for."""
    address = app.builder.get_relative_uri(docname, chapter.page)
    section = nodes.section(ids=[f"progress-{chapter.name}"], classes=["progress-chapter"])
    section += nodes.title("", "", nodes.reference("", chapter.title, refuri=address, internal=True))
    number = len(chapter.predictions)
    words = f"{number} prediction{'s' * (number != 1)}"
    section += nodes.paragraph(text=words, ids=[f"progress-{chapter.name}-predictions"])
    items = nodes.bullet_list(classes=["progress-exercises"])
    for one in chapter.exercises:
        link = nodes.reference("", one.title, refuri=f"{address}#{one.anchor}", internal=True)
        items += nodes.list_item("", nodes.paragraph("", "", link), ids=[f"progress-{chapter.name}-{one.name}"])
    if chapter.exercises:
        section += items
    return section


def add_script(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None) -> None:
    """Sphinx's ``html-page-context``: the page that shows progress gets the script that does it."""
    if app.env.metadata.get(page, {}).get("shows_progress"):
        _write(app, SCRIPT, plain_script(ENTRY))
        app.add_js_file(SCRIPT, loading_method="defer", priority=900)  # behind progress.js


def plain_script(entry: str, folder: Path = MODULES) -> str:
    """A module of `lite/page`, with those that it imports, as one script that needs no module."""
    parts: dict[str, str] = {}

    def add(name: str) -> None:
        if name in parts:
            return
        text = (folder / f"{name}.mjs").read_text(encoding="utf-8")
        for needed in _IMPORT.finditer(text):
            add(needed[2])
        exports = ", ".join(match[1] for match in _EXPORT.finditer(text))
        text = _COMMENT.sub("", _EXPORT.sub("", _IMPORT.sub(r"const \1 = \2_mjs;", text)))
        if left := re.search(r"^(?:import|export)\b.*", text, re.MULTILINE):
            raise ExtensionError(f"lite/page/{name}.mjs cannot become a plain script: {left[0]}")
        parts[name] = f"const {name}_mjs = (() => {{\n{text}return {{ {exports} }};\n}})();\n"

    add(entry)
    return '(() => {\n"use strict";\n' + "".join(parts.values()) + "})();\n"


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_directive("progress", Progress)
    app.connect("doctree-read", note, priority=710)  # behind cells, which marks them
    app.connect("env-updated", tell)
    app.connect("doctree-resolved", lay_out)
    app.connect("html-page-context", add_script)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

"""The page of questions: ``book/questions.toml``, with a link to whatever answers each of them by a run.

In a chapter's notebook the cell or the section that answers question 1 has the line ``<!-- question: 1 -->`` (several
numbers are separated by commas). Nobody sees it; in the book it becomes a target that this page links to. A question
whose chapter is not in the book yet says so, and its link appears with the chapter. What another chapter shows as well
is marked there in the same way, and that chapter stands in the question's ``also``.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

logger = logging.getLogger(__name__)

TABLE = Path(__file__).resolve().parents[1] / "questions.toml"
MARK = re.compile(r"^<!-- question: ([0-9, ]+) -->$", re.MULTILINE)

TOPICS = {
    "01": "Let it crash", "02": "Choosing an abstraction", "03": "GenServer", "04": "GenServer anti-patterns",
    "05": "Supervisor strategies", "06": "A supervisor and its children", "07": "DynamicSupervisor",
    "08": "Child specs", "09": "Agent", "10": "Agent or GenServer", "11": "Tasks", "12": "async_stream",
    "13": "Registry", "14": "Pub/sub", "15": "ETS", "16": "Supervision trees", "17": "Design principles",
    "18": "Debugging", "19": "Capstone", "20": "On to Elixir",
}  # fmt: skip


@dataclass(frozen=True)
class Question:
    """What somebody asks, in their words; ``chapter`` is the notebook that answers it, as ``"03"``.

    ``also`` are those that show it once more.
    """

    number: int
    chapter: str
    asks: str
    answer: str
    also: tuple[str, ...] = ()

    @property
    def places(self) -> tuple[str, ...]:
        """The chapters that answer it, its own first."""
        return self.chapter, *self.also

    @property
    def label(self) -> str:
        """The name of the target at what answers it."""
        return f"question-{self.number}"


def read(table: Path = TABLE) -> list[Question]:
    """All questions, by their numbers."""
    found = tomllib.loads(table.read_text(encoding="utf-8"))["question"]
    found = [keys | {"also": tuple(keys.get("also", ()))} for keys in found]
    return sorted((Question(**keys) for keys in found), key=lambda question: question.number)


def marks(text: str) -> list[int]:
    """The numbers of the questions that a text is marked to answer."""
    return [int(number) for mark in MARK.findall(text) for number in mark.split(",")]


def label_in(number: int, chapter: str) -> str:
    """The name of the target in a chapter: in one that shows it *also*, it has that chapter's number."""
    also = {question.number: question.also for question in read()}.get(number, ())
    return f"question-{number}" + f"-in-{chapter}" * (chapter in also)


def with_targets(text: str, chapter: str = "") -> str:
    """The text with a target of MyST in place of each mark."""

    def target(mark: re.Match[str]) -> str:
        return "\n" + "\n".join(f"({label_in(int(number), chapter)})=" for number in mark[1].split(",")) + "\n"

    return MARK.sub(target, text)


def place_targets(app: Any, docname: str, source: list[str]) -> None:
    """Sphinx's ``source-read``: a mark becomes a target, in notebooks and on pages."""
    if Path(app.env.doc2path(docname)).suffix != ".ipynb":
        source[0] = with_targets(source[0])
        return
    notebook = json.loads(source[0])
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            cell["source"] = with_targets("".join(cell["source"]), Path(docname).name[:2])
    source[0] = json.dumps(notebook)


class Questions(SphinxDirective):
    """Lay out all questions, each chapter's under its topic."""

    def run(self) -> list[nodes.Node]:
        self.env.note_dependency(str(TABLE))
        sections: list[nodes.Node] = []
        for chapter, topic in TOPICS.items():
            asked = [question for question in read() if question.chapter == chapter]
            if asked:
                section = nodes.section(ids=[f"about-{nodes.make_id(topic)}"], names=[topic.lower()])
                section += nodes.title(text=topic)
                section += [self._entry(question) for question in asked]
                sections.append(section)
        return sections

    def _entry(self, question: Question) -> nodes.Element:
        entry = nodes.container(classes=["asked"], ids=[f"asked-{question.number}"])
        asks = nodes.paragraph(classes=["asks"])
        asks += nodes.strong(text=question.asks)
        answer, _ = self.parse_inline(f"{question.answer} ")
        entry += [asks, nodes.paragraph("", "", *answer, Place(number=question.number))]
        return entry


class Place(nodes.inline):
    """Where the link of a question goes; it is known when all chapters have been read."""


def link(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Put the links in, to what is there."""
    questions = {question.number: question for question in read()}
    for place in list(doctree.findall(Place)):
        question = questions[place["number"]]
        ways: list[nodes.Node] = [way_to(app, docname, question.chapter, question.label)]
        for chapter in question.also:
            ways += [nodes.Text(" "), way_to(app, docname, chapter, label_in(question.number, chapter), also=True)]
        place.replace_self(ways)


def way_to(app: Sphinx, docname: str, chapter: str, label: str, *, also: bool = False) -> nodes.Element:
    """A link from a page to a target in a chapter; to its beginning if it has no such target; else what is to come."""
    known = app.env.get_domain("std").anonlabels  # type: ignore[attr-defined]
    topic = f"chapter {int(chapter)}, {TOPICS[chapter]}"
    chapters = [page for page in sorted(app.env.found_docs) if page.startswith(f"notebooks/{chapter}_")]
    page, target = known.get(label, (chapters[0] if chapters else "", ""))
    if not page:
        return nodes.emphasis(text=f"It will be shown in {topic}, which is still to come.")
    uri = app.builder.get_relative_uri(docname, page) + f"#{target}" * bool(target)
    words = f"Shown in {topic}" if target else f"See {topic}"
    words = words.replace("Shown", "Also") if also else words
    return nodes.reference("", "", nodes.inline(text=words), refuri=uri, internal=True)


def unknown(numbers: Iterable[int]) -> list[int]:
    """Those of the numbers that no question has."""
    known = {question.number for question in read()}
    return [number for number in numbers if number not in known]


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_directive("questions", Questions)
    app.connect("source-read", place_targets, priority=700)  # behind exercise_view
    app.connect("doctree-resolved", link, priority=400)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

"""Each chapter as a Livebook: its Elixir in one file, for Elixir's own notebook.

When the book is built, ``livebooks/NN_name.livemd`` is made from the notebook of each chapter: title, headings, the
text around each block of Elixir, the blocks, and what they print. A reader has that file alone, so it holds

* no Python: a sentence that speaks of it is left out, with what follows it in its paragraph. A name in backticks
  passes if the Elixir of the chapter has it;
* no link into the book: its words stay;
* no exercise, no lab, no quiz: these are on the page;
* no answer before its question: where the reader is to predict, the output stands in a fold behind the cell.

The form is Livebook's own (its module ``Livebook.LiveMarkdown`` describes it): ``#`` is the title, one cell before the
first ``##`` is the setup, each ``##`` begins a section, an ``elixir`` fence is a cell, and a bare fence behind
``<!-- livebook:{"output":true} -->`` is its output.

Livebook keeps variables, modules and processes from cell to cell, and refuses to define a module twice. Here each block
is a whole program, and the next one often has the same modules. So each cell begins with ``Fresh.start()``, which ends
and forgets what the cells before have left: a cell may be changed and run again, in any order.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

FOLDER = "livebooks"
LINK = "The Elixir of this chapter as a Livebook"

SETUP = """\
defmodule Fresh do
  # Each cell is a program of its own. Its first line ends and forgets what other cells have left.
  @given for {module, []} <- :code.all_loaded(), do: module

  def start do
    Process.flag(:trap_exit, true)
    end_processes()
    Process.flag(:trap_exit, false)
    for table <- :ets.all(), :ets.info(table, :owner) == self(), do: :ets.delete(table)
    forget_name()
    forget_messages()
    for {module, []} <- :code.all_loaded(), module not in [__MODULE__ | @given], do: forget(module)
    :ok
  end

  # What a cell has started writes to where the cell writes.
  defp end_processes do
    here = {:group_leader, Process.group_leader()}
    others = Process.list() -- [self()]
    started = Enum.filter(others, &(Process.info(&1, :group_leader) == here))
    Enum.each(started, &kill/1)
    if started != [], do: end_processes()
  end

  defp kill(pid) do
    ref = Process.monitor(pid)
    Process.exit(pid, :kill)

    receive do
      {:DOWN, ^ref, _, _, _} -> :ok
    end
  end

  defp forget_name do
    {:registered_name, name} = Process.info(self(), :registered_name)
    if is_atom(name), do: Process.unregister(name)
  end

  # Livebook talks to this process as well: its messages stay.
  defp forget_messages do
    receive do
      message when elem(message, 0) not in [:call, :cast] -> forget_messages()
      message when not is_tuple(message) -> forget_messages()
    after
      0 -> :ok
    end
  end

  # Livebook keeps the modules of cells as files; others of the same name would be refused.
  defp forget(module) do
    :code.purge(module)
    :code.delete(module)
    :code.purge(module)
    file = :code.where_is_file(to_charlist("#{module}.beam"))
    if is_list(file), do: File.rm(file)
  end
end

# No reports of crashes, as in the book. Take this line out to see them.
:logger.set_primary_config(:level, :none)
"""

HOW = """\
This is the Elixir of a chapter of *OTP patterns in Python*: its programs, and the text around them. Labs, exercises \
and the same in Python, on the little BEAM `otp_mini`, are on the chapter's page in the book.

Each cell is a program of its own. Its first line, `Fresh.start()`, ends what other cells have started and forgets \
the modules that they have defined. So you can run the cells in any order, and change them. `Fresh` stands in the \
setup cell above, which Livebook runs first.

Where a question stands before a cell, decide first. Then run the cell, or open the fold behind it.

The text is under CC BY 4.0, the code under the MIT licence."""

# What Elixir calls otherwise, in text and in code, and the words that need not stand in a chapter's blocks to be known.
WORDS = {"class": "module", "classes": "modules", "iterable": "enumerable"}
NAMES = {"None": "nil", "True": "true", "False": "false", "Down": ":DOWN", "TypeError": "ArithmeticError"}
OTP = """
nil true false ArithmeticError
:DOWN :normal :shutdown :kill :killed :permanent :transient :temporary :infinity :brutal_kill
"""

SUMMARY = "Summary"
BEGIN = "To begin with"
QUESTION = "**Predict.** What does this cell print?"
APPLICATION = "What a process of an application prints does not stand below the cell, but in Livebook's own terminal."
SHOW = "Show what it prints"
FEW_WORDS = 5  # a sentence of so few says nothing without those that follow it
NOT_ELIXIR = "`\0`"
LEFT_OUT = ("**Next**", "**Questions", "**Time**", "**After this chapter**")

_TWIN = re.compile(r'^<details class="elixir">.*?^```elixir\n(.*?)^```\n+^```text\n(.*?)^```', re.DOTALL | re.MULTILINE)
_PART = re.compile(r"(?=^#{1,4} )", re.MULTILINE)
_FENCE = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_LINK = re.compile(r"\[([^\[\]]*(?:\[[^\]]*\][^\[\]]*)*)\]\((?!https?:)[^()]*\)")
_SENTENCE = re.compile(r"(?<=[.?!:])\s+(?=[^a-z])|(?<=[.?!][)*”\"])\s+")
_SPAN = re.compile(r"`([^`]+)`")
_NAME = re.compile(r"[A-Za-z_][\w.]*[?!]?(?:/\d)?")
_EXERCISE = re.compile(r"#+ (?:Drill|Repair|Design|And one question)\b")
_DIRECTIVE = re.compile(r"^(:{3,})\{.*?^\1$", re.DOTALL | re.MULTILINE)
_WORD = re.compile(r"\b(?:class(?:es)?|iterable)\b")
_OF_THE_PAGE = re.compile(
    r"\b(?:Python|otp_mini|virtual|two nodes|one process runs at a time|not awaited|kernel|schedules?|labs?|drills?"
    r"|traces?|pictures?|charts?|diagrams?|tabs?|pages?|folds?|both cells|exercises?|repairs? \d|design at the end"
    r"|without the copy|you decide who|bring it about|by \*\w+|lose one|reset|the reports? (?:says?|names?|comes?)"
    r"|here\b.*\b(?:Elixir|BEAM)|Elixir\b.*\bhere)\b",
    re.IGNORECASE,
)
_POINTS = re.compile(r"(?:Here (?:is|are|stands?)|Below|Play|Look|Now the same)\b")

Cell = dict[str, Any]


@dataclass
class Section:
    """What stands below one heading of the second level."""

    title: str
    blocks: list[str] = field(default_factory=list)
    has_elixir: bool = False


# ---- a notebook becomes a Livebook -------------------------------------------------------------------------------


def livebook(notebook: dict[str, Any]) -> str:
    """The Livebook of a chapter, given by its notebook; empty if the chapter has no Elixir."""
    cells = [cell | {"source": "".join(cell["source"])} for cell in notebook["cells"]]
    twins = [number for number, cell in enumerate(cells) if _is_twin(cell)]
    if not twins:
        return ""
    sections = _sections(cells, {_lead(cells, number) for number in twins}, {number + 1 for number in twins})
    kept = [section for section in sections[1:] if section.has_elixir or section.title in (BEGIN, SUMMARY)]
    blocks = [f"# {sections[0].title}", _fence("elixir", SETUP)]
    for section in [Section("About this Livebook", [HOW]), *(section for section in kept if section.blocks)]:
        blocks += [f"## {section.title}", *section.blocks]
    return "\n\n".join(blocks) + "\n"


def _is_twin(cell: Cell) -> bool:
    return cell["cell_type"] == "markdown" and _TWIN.search(cell["source"]) is not None


def _tags(cell: Cell) -> list[str]:
    return list(cell["metadata"].get("tags", []))


def _lead(cells: list[Cell], twin: int) -> int:
    """The number of the cell that leads to a twin, over the Python beside it."""
    number = twin - 1
    while number and "twin" in _tags(cells[number]):
        number -= 1
    return number


def _elixir_of(cells: list[Cell]) -> str:
    """All Elixir of a chapter: blocks, outputs, and that column of the cheat-sheet's rows."""
    text = [match[1] + match[2] for cell in cells for match in _TWIN.finditer(cell["source"])]
    for cell in cells:
        if "<!-- cheat-sheet:" in cell["source"]:
            text += [row.split(" | ")[1] for row in cell["source"].split("\n") if row.startswith("|") and " | " in row]
    return "\n".join(text)


def _sections(cells: list[Cell], leading: set[int], following: set[int]) -> list[Section]:
    """The title, the section for the story, and one for each heading of the second level."""
    sections = [Section(""), Section(BEGIN)]
    for number, cell in enumerate(cells):
        if _is_twin(cell):
            asked = any("predict" in _tags(beside) for beside in cells[_lead(cells, number) + 1 : number])
            sections[-1].blocks += _elixir(cell["source"], asked, sections[-1].blocks)
            sections[-1].has_elixir = True
        elif cell["cell_type"] == "markdown" and "<details" not in cell["source"]:
            _add_text(sections, cells, number, leading, following)
    return sections


def _add_text(sections: list[Section], cells: list[Cell], number: int, leading: set[int], following: set[int]) -> None:
    """Add what makes sense without Python of a cell of text, to the last section or to new ones."""
    words = _elixir_of(cells)
    without = _DIRECTIVE.sub("", _FENCE.sub("", _COMMENT.sub("", cells[number]["source"])))
    parts = [part for part in _PART.split(without) if part.strip()]
    for part in parts:
        heading, _, body = part.partition("\n") if part.startswith("#") else ("", "", part)
        level, _, name = _in_elixirs_words(heading).partition(" ")
        last = number in leading and part is parts[-1]
        if level == "#":
            sections[0].title = _plain(name)
        elif level == "##":
            sections.append(Section(_plain(name)))
        elif not (last or number in following) or _EXERCISE.match(heading):
            continue
        if not heading and _shows(cells[number - 1]):
            body = _without_answer(body)
        kept = list(_kept(body, last, words, every_item=name == SUMMARY))
        if len(level) > 2 and (kept or last):
            kept.insert(0, f"{level} {_plain(name)}")
        sections[-1].blocks += kept


def _shows(cell: Cell) -> bool:
    """Whether this is Python with an output, and no table of decisions."""
    return bool(cell.get("outputs")) and "decision_table(" not in cell["source"]


def _without_answer(body: str) -> str:
    """The text behind such a cell: its first paragraph is about what the cell has shown."""
    first, _, rest = body.strip().partition("\n\n")
    return body if first.startswith("**Predict.**") else rest


def _elixir(source: str, asked: bool, before: list[str]) -> Iterator[str]:
    """The cell and its output; with a question before and the output in a fold, if the reader is to predict."""
    found = _TWIN.search(source)
    assert found is not None
    code, printed = found.groups()
    if asked and not any("**Predict.**" in block for block in before[-2:]):
        yield QUESTION
    yield _fence("elixir", f"Fresh.start()\n\n{code}")
    if asked:
        yield f"<details>\n<summary>{SHOW}</summary>\n\n{_fence('text', printed)}\n\n</details>"
    else:
        yield '<!-- livebook:{"output":true} -->'
        yield _fence("", printed)
    if "Application.start(" in code:
        yield APPLICATION


def _fence(language: str, text: str) -> str:
    ticks = "`" * max(3, *(len(run) + 1 for run in re.findall(r"`{3,}", text)), 0)
    return f"{ticks}{language}\n{text.rstrip()}\n{ticks}"


# ---- text without Python ---------------------------------------------------------------------------------------------


def _plain(text: str) -> str:
    """The text with the words of its links alone; links to the web stay."""
    return _LINK.sub(r"\1", text).strip()


def _kept(body: str, leads: bool, words: str, every_item: bool) -> Iterator[str]:
    """The paragraphs, as far as they make sense without Python and without what else is on the page."""
    asked = False  # the question before is there: a list of answers may follow
    paragraphs = re.split(r"\n\s*\n", _plain(body))
    for paragraph in paragraphs:
        last = leads and paragraph is paragraphs[-1]
        kept = _beginning(paragraph, leads, last, words)
        question = paragraph.startswith("**Predict.**")
        if question:
            kept = _question(kept) if leads else ""
        elif paragraph.startswith("- "):
            items = [(_beginning(item, leads, last, words), item) for item in paragraph.split("\n")]
            whole = [kept for kept, item in items if _is_whole(kept, item)]
            kept = "\n".join(whole) if every_item or (asked and len(whole) == len(items)) else ""
        elif paragraph.startswith(("|", "*Try:*")) and not _is_whole(kept, paragraph):
            kept = ""
        asked = question and bool(kept)
        if kept and not paragraph.startswith(LEFT_OUT):
            yield kept


def _is_whole(kept: str, text: str) -> bool:
    """Whether nothing of the text was left out: it has as many sentences as before."""
    return len(_SENTENCE.split(kept)) == len(_SENTENCE.split(text.strip())) and bool(kept)


def _question(kept: str) -> str:
    """What the reader is to predict, as far as it can be asked without Python."""
    if kept in ("", "**Predict.**"):
        return QUESTION
    return kept if "?" in kept else f"{kept} What does this cell print?"


def _beginning(paragraph: str, leads: bool, last: bool, words: str) -> str:
    """The sentences of a paragraph up to the first that speaks of Python, or of what is not in the Livebook."""
    kept: list[str] = []
    sentences = _SENTENCE.split(paragraph.strip())
    for sentence in sentences:
        elixir = _SPAN.sub(lambda span: _in_elixir(span[1], words), sentence)
        points_away = not leads and _POINTS.match(sentence)
        if NOT_ELIXIR in elixir or _OF_THE_PAGE.search(_SPAN.sub("", sentence)) or points_away:
            break
        kept.append(_in_elixirs_words(elixir))
    whole = len(kept) == len(sentences)
    while kept and not (last and whole) and _is_open(" ".join(kept)):
        kept.pop()
    text = " ".join(kept)
    return text if whole or text.startswith("**Predict.**") or text.count(" ") >= FEW_WORDS else ""


def _in_elixirs_words(text: str) -> str:
    """The text with Elixir's word for a thing, and the article that goes with a name."""
    return re.sub(r"\b([Aa]) (?=`[AEIOU])", r"\1n ", _WORD.sub(lambda word: WORDS[word[0]], text))


def _is_open(text: str) -> bool:
    """Whether the end of the text promises something: a colon, or a bracket that is not closed."""
    return text.endswith(":") or text.count("(") > text.count(")")


def _in_elixir(code: str, words: str) -> str:
    """The code between backticks, as the Elixir of the chapter has it: a string may be an atom there."""
    code = NAMES.get(code, code)
    if code.endswith("_") and re.search(rf"\b{code[:-1]}\b", words):
        code = code[:-1]  # Python keeps some of OTP's names for itself
    atom = ":" + code.strip('"')
    if code.startswith('"') and code not in words and re.search(rf"{re.escape(atom)}\b", words + OTP):
        return f"`{atom}`"
    known = re.search(rf"\b{re.escape(code)}(?!\w)", words + OTP) if _NAME.fullmatch(code) else code in words + OTP
    return f"`{code}`" if known else NOT_ELIXIR


# ---- with the book ---------------------------------------------------------------------------------------------------


def chapters(app: Sphinx) -> Iterator[tuple[str, Path]]:
    """The pages of the book that are chapters, with their notebooks."""
    for page in sorted(app.env.found_docs):
        path = Path(app.env.doc2path(page))
        if path.suffix == ".ipynb" and re.match(r"(?:notebooks/)?\d\d_", page):
            yield page, path


def write(app: Sphinx, error: Exception | None) -> None:
    """Sphinx's ``build-finished``: put the Livebooks beside the pages."""
    if error or app.builder.format != "html":
        return
    for page, path in chapters(app):
        text = livebook(json.loads(path.read_text(encoding="utf-8")))
        if text:
            target = Path(app.outdir) / FOLDER / f"{Path(page).name}.livemd"
            target.parent.mkdir(exist_ok=True)
            target.write_text(text, encoding="utf-8", newline="\n")


def link(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Sphinx's ``doctree-resolved``: a line at the end of the summary leads to the Livebook."""
    notebooks = dict(chapters(app))
    folds = doctree.findall(lambda node: isinstance(node, nodes.literal_block) and node.get("language") == "elixir")
    if docname not in notebooks or not any(folds):
        return
    sections = [section for section in doctree.findall(nodes.section) if section.parent.parent is doctree]
    ends = [section for section in sections if section[0].astext() == SUMMARY] or sections[-1:]
    address = "../" * docname.count("/") + f"{FOLDER}/{Path(docname).name}.livemd"
    for end in ends:
        end.append(nodes.raw("", f'<p class="livebook"><a href="{address}" download>{LINK}</a></p>', format="html"))


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("doctree-resolved", link)
    app.connect("build-finished", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

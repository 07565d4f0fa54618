"""What every chapter keeps to: its length, its order, its parts, its spelling.

The rules are those by which learners got on or got stuck. A chapter that is not rewritten yet stands in `OLD`, with
the rules that it does not keep so far; the list becomes empty, and nothing is ever added to it.
"""

from __future__ import annotations

import ast
import json
import re
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

import pytest
from book_ext import exercise_view, questions

ROOT = Path(__file__).resolve().parents[1]
CHAPTERS = sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))
FOLD = re.compile(r"<details.*?</details>", re.DOTALL)
FENCE = re.compile(r"^(```|~~~).*?^\1\s*$", re.DOTALL | re.MULTILINE)
WORD = re.compile(r"[A-Za-z0-9][\w’'-]*")
AMERICAN = (
    "behavior", "color", "favor", "honor", "neighbor", "center", "catalog", "analyze", "initialize", "organize",
    "recognize", "serialize", "synchronize", "canceled", "labeled", "modeling", "traveler", "defense", "gray",
    "fulfill", "skillful", "realize", "minimize", "maximize", "summarize",
)  # fmt: skip
HYPE = ("simply", "obviously", "easily", "powerful", "awesome", "magic")


@dataclass(frozen=True)
class Chapter:
    """A chapter's notebook, taken apart."""

    path: Path

    @cached_property
    def cells(self) -> list[dict[str, Any]]:
        cells = json.loads(self.path.read_text(encoding="utf-8"))["cells"]
        return [cell | {"source": "".join(cell["source"])} for cell in cells]

    @property
    def number(self) -> str:
        return self.path.stem[:2]

    @cached_property
    def before_teachers(self) -> list[dict[str, Any]]:
        """The cells for learners."""
        heads = [n for n, cell in enumerate(self.cells) if cell["source"].startswith("## Notes for teachers")]
        return self.cells[: heads[0]] if heads else self.cells

    @property
    def code(self) -> list[dict[str, Any]]:
        return [cell for cell in self.before_teachers if cell["cell_type"] == "code"]

    @property
    def shown_code(self) -> list[dict[str, Any]]:
        """The code that is part of the text, as learners see it: no exercise, no check."""
        return [cell for cell in self.code if "nbgrader" not in cell["metadata"]]

    @property
    def markdown(self) -> str:
        return "\n\n".join(cell["source"] for cell in self.before_teachers if cell["cell_type"] == "markdown")

    def tagged(self, tag: str) -> list[dict[str, Any]]:
        return [cell for cell in self.cells if tag in cell["metadata"].get("tags", [])]

    @property
    def exercises(self) -> list[str]:
        """The headings of the exercises."""
        return re.findall(r"^#{2,4} ((?:Drill|Repair|Design)\b.*)$", self.markdown, re.MULTILINE)

    @property
    def running_text(self) -> str:
        """The text one reads through: no fold, no fence, no table, no exercise, no quiz, no cheat-sheet."""
        kept = []
        inside = False
        for cell in self.before_teachers:
            if cell["cell_type"] != "markdown":
                continue
            text = plain(cell["source"])  # before it is split: a comment in a fence is no heading
            for part in re.split(r"(?=^#{1,4} )", text, flags=re.MULTILINE):
                if part.startswith("#"):
                    title = part.split("\n")[0].lstrip("# ")
                    inside = bool(re.match(r"Drill|Repair|Design|And one question|Quiz|The cheat-sheet", title))
                if not inside:
                    kept.append(part)
        return "\n".join(kept)


def plain(text: str) -> str:
    text = FENCE.sub("", FOLD.sub("", text))
    return "\n".join(line for line in text.split("\n") if not line.lstrip().startswith(("|", "<!--")))


def words(text: str) -> int:
    return len(WORD.findall(text))


# ---- the rules: each returns what is wrong, or nothing ----------------------------------------------------------


def title_names_the_topic_first(chapter: Chapter) -> str:
    title = chapter.cells[0]["source"].split("\n")[0]
    topic = questions.TOPICS[chapter.number]
    return "" if re.match(rf"# {re.escape(topic)}: \w.+", title) else f"{title!r} does not begin with '# {topic}: '"


def story_is_short_and_a_run_follows(chapter: Chapter) -> str:
    before = []
    for cell in chapter.cells:
        if cell["cell_type"] == "code" and not is_setting(cell):
            break
        if cell["cell_type"] == "markdown":
            before.append(plain(cell["source"]))
    count = words("\n".join(before).partition("\n")[2])
    return f"{count} words come before the first run" if count > 150 else ""


def is_setting(cell: dict[str, Any]) -> bool:
    """Only imports, and the node of the page."""
    lines = [line for line in cell["source"].split("\n") if line.strip() and not line.startswith("#")]
    return all(re.match(r"(from|import|node = |\w+ = Node|\)|    \w+,)", line) for line in lines)


def running_text_is_of_a_length_to_read(chapter: Chapter) -> str:
    count = words(chapter.running_text)
    return "" if 1500 <= count <= 2500 else f"{count} words of running text, not 1,500 to 2,500"


def code_comes_in_small_cells(chapter: Chapter) -> str:
    lines = [sum(bool(line.strip()) for line in cell["source"].split("\n")) for cell in chapter.shown_code]
    wrong = []
    if not 20 <= len(lines) <= 35:
        wrong.append(f"{len(lines)} code cells in the text, not 20 to 35")
    if median(lines) > 7:
        wrong.append(f"the median cell has {median(lines)} lines, not 7 or fewer")
    if max(lines) > 25:
        wrong.append(f"a cell has {max(lines)} lines, not 25 or fewer")
    return "; ".join(wrong)


def own_code_comes_early(chapter: Chapter) -> str:
    """About ten minutes: 200 words a minute, less what running and predicting take."""
    count = 0
    for cell in chapter.cells:
        if exercise_view.is_solution(cell):
            break
        count += words(plain(cell["source"])) if cell["cell_type"] == "markdown" else 0
    return f"{count} words come before the reader's own first code" if count > 1100 else ""


def elixir_is_beside_it(chapter: Chapter) -> str:
    twins, blocks = len(chapter.tagged("twin")), chapter.markdown.count("```elixir")
    return "" if twins >= 4 and blocks >= 4 else f"{twins} twin cells and {blocks} blocks of Elixir, not four of each"


def predictions_are_asked_and_folded(chapter: Chapter) -> str:
    asked, folded = len(re.findall(r"\*\*Predict\.?\*\*", chapter.markdown)), len(chapter.tagged("predict"))
    return "" if asked >= 4 and folded >= asked else f"{asked} predictions are asked, {folded} cells are tagged predict"


def a_decision_table_is_there(chapter: Chapter) -> str:
    by_code = any("decision_table" in cell["source"] for cell in chapter.code)
    cheat = chapter.markdown.partition("<!-- cheat-sheet")[0]
    return "" if by_code or re.search(r"^\|[ :-]+\|", cheat, re.MULTILINE) else "no decision table"


def earlier_chapters_are_asked_for(chapter: Chapter) -> str:
    heads = re.split(r"^## ", chapter.markdown, flags=re.MULTILINE)
    asked = [part for part in heads if re.match(r"Three questions", part)]
    if not asked:
        return "no section '## Three questions …'"
    numbers = re.findall(r"^\*\*(\d)\.\*\*", asked[0], re.MULTILINE)
    linked = len(re.findall(r"\]\([^)]+\)|\{(?:doc|ref|term)\}", asked[0]))
    wrong = [] if numbers == ["1", "2", "3"] else [f"questions {numbers}, not 1, 2 and 3"]
    if "<details" not in asked[0]:
        wrong.append("their answers are not folded")
    if chapter.number != "01" and linked < 3:
        wrong.append(f"{linked} of the three answers are linked to where they were taught")
    return "; ".join(wrong)


def links_lead_to_what_exists(chapter: Chapter) -> str:
    missing = []
    for target in re.findall(r"\]\(((?!https?:|#)[^)#\s]+)(?:#[^)]*)?\)", chapter.markdown):
        there = (chapter.path.parent / target).resolve()
        if not any(there.with_name(there.name + ending).exists() for ending in ("", ".md", ".ipynb")):
            missing.append(target)
    return f"links to what is not there: {missing}" if missing else ""


def seven_exercises(chapter: Chapter) -> str:
    kinds = [name.split()[0].rstrip(":") for name in chapter.exercises]
    counts = tuple(kinds.count(kind) for kind in ("Drill", "Repair", "Design"))
    return "" if counts == (4, 2, 1) else f"drills, repairs and designs: {counts}, not (4, 2, 1)"


def drills_stand_behind_what_they_practise(chapter: Chapter) -> str:
    at = [n for n, cell in enumerate(chapter.cells) if re.match(r"#{2,4} Drill\b", cell["source"])]
    taught = [n for n, cell in enumerate(chapter.cells) if cell in chapter.shown_code]
    between = [any(one < n < other for n in taught) for one, other in pairwise(at)]
    return "" if sum(between) >= 2 else "the drills stand in one block"


def quiz_and_summary(chapter: Chapter) -> str:
    wrong = []
    quiz = re.split(r"^## Quiz", chapter.markdown, flags=re.MULTILINE)
    items = len(re.findall(r"^\*\*\d\.\*\*", quiz[1].split("\n## ")[0], re.MULTILINE)) if len(quiz) == 2 else 0
    if items not in (4, 5):
        wrong.append(f"{items} items in the quiz, not 4 or 5")
    summary = re.split(r"^## Summary", chapter.markdown, flags=re.MULTILINE)
    listed = len(re.findall(r"^- ", summary[1].split("\n## ")[0], re.MULTILINE)) if len(summary) == 2 else 0
    if not 3 <= listed <= 12:
        wrong.append(f"a summary of {listed} points, not a list of 3 to 12")
    if not re.search(r"when not to use", chapter.markdown, re.IGNORECASE):
        wrong.append("nothing says when not to use it")
    if f"<!-- cheat-sheet: {chapter.number} -->" not in chapter.markdown:
        wrong.append("no rows of the cheat-sheet")
    return "; ".join(wrong)


def teachers_are_told_the_minutes(chapter: Chapter) -> str:
    notes = "\n".join(cell["source"] for cell in chapter.cells[len(chapter.before_teachers) :])
    missing = [word for word in ("minutes", "Likely questions", "Points") if word not in notes]
    return f"the notes for teachers lack: {missing}" if missing else ""


def paths_are_marked(chapter: Chapter) -> str:
    lower = chapter.markdown.lower()
    missing = [words for words in ("thirty-minute path", "second half-hour") if words not in lower]
    return f"not marked: {missing}" if missing else ""


def something_to_try(chapter: Chapter) -> str:
    count = len(re.findall(r"\*(?:\*)?Try", chapter.markdown))
    return "" if count >= 5 else f"{count} lines of *Try*, not five"


def questions_are_answered(chapter: Chapter) -> str:
    marked = set(questions.marks("\n".join(cell["source"] for cell in chapter.cells)))
    own = {question.number for question in questions.read() if chapter.number in question.places}
    return f"no cell is marked to answer {sorted(own - marked)}" if own - marked else ""


def spelling_is_british(chapter: Chapter) -> str:
    text = re.sub(r"`[^`]*`", "", plain(chapter.markdown)).lower()
    found = [word for word in AMERICAN if re.search(rf"\b{word}", text)]
    return f"American spelling: {found}" if found else ""


def nothing_is_praised(chapter: Chapter) -> str:
    text = re.sub(r"`[^`]*`", "", chapter.running_text)
    found = [word for word in HYPE if re.search(rf"\b{re.escape(word)}", text, re.IGNORECASE)]
    return f"words that praise or belittle: {found}" if found or re.search(r"\w!(\s|$)", text) else ""


def terms_are_linked_at_their_first_use(chapter: Chapter) -> str:
    """A term of a later rung than this chapter's is explained here: its first use is a link to the glossary."""
    text = FENCE.sub("", re.sub(r"^#.*$", "", chapter.markdown, flags=re.MULTILINE))
    prose = re.sub(r"(?<!\})`[^`]*`", "", text)
    late = []
    for term in TERMS:
        first = re.search(rf"(?<![\w`<-]){re.escape(term)}(?:s|es|d|ed)?(?![\w-])", prose, re.IGNORECASE)
        if first and not re.search(r"(\{term\}`|\[)[^`\]]*$", prose[max(0, first.start() - 60) : first.start()]):
            late.append(term)
    return f"not linked to the glossary where they first appear: {late}" if late else ""


def the_next_chapter_is_named(chapter: Chapter) -> str:
    later = [path.name for path in CHAPTERS if path.name > chapter.path.name]
    if not later or re.search(rf"^\*\*Next\*\*: \[[^\]]+\]\({re.escape(later[0])}\)", chapter.markdown, re.MULTILINE):
        return ""
    return f"no line begins with **Next** and leads to {later[0]}"


def unknown_messages_are_dropped_and_unknown_calls_are_not(chapter: Chapter) -> str:
    """Anybody may send anything; an unknown call is a fault of the program, and ends the server and its caller.

    What is given to be repaired may break the rule: that may be its fault.
    """
    cells = [cell for cell in chapter.cells if cell["cell_type"] == "code" and not cell["id"].endswith("-given")]
    wrong = [f"{cell['id']}: {fault}" for cell in cells for fault in faults_of_callbacks(cell["source"])]
    if "def handle_call(_request" in chapter.markdown:
        wrong.append("a `handle_call` in Elixir answers what it does not know")
    return "; ".join(wrong)


def faults_of_callbacks(source: str) -> list[str]:
    found = []
    for node in ast.walk(compile(source, "a cell", "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        takes_all = [match for match in ast.walk(node) if isinstance(match, ast.Match) and has_a_last_case(match)]
        if node.name == "handle_call" and any(isinstance(match.cases[-1].body[-1], ast.Return) for match in takes_all):
            found.append("`handle_call` has a last `case`")
        if node.name == "handle_info" and not takes_all and not isinstance(node.body[-1], ast.Return):
            found.append("`handle_info` has no last `case`")
    return found


def has_a_last_case(match: ast.Match) -> bool:
    last = match.cases[-1]
    return last.guard is None and isinstance(last.pattern, ast.MatchAs) and last.pattern.pattern is None


# Words of the course that no Python programmer brings along. Each is linked where a chapter first uses it.
TERMS = ("mailbox", "monitor", "supervisor", "callback", "exit signal", "trap exits", "child specification", "BEAM")

RULES = [
    title_names_the_topic_first, story_is_short_and_a_run_follows, running_text_is_of_a_length_to_read,
    code_comes_in_small_cells, own_code_comes_early, elixir_is_beside_it, predictions_are_asked_and_folded,
    a_decision_table_is_there, earlier_chapters_are_asked_for, links_lead_to_what_exists, seven_exercises,
    drills_stand_behind_what_they_practise, quiz_and_summary, teachers_are_told_the_minutes, paths_are_marked,
    something_to_try, questions_are_answered, spelling_is_british, nothing_is_praised,
    terms_are_linked_at_their_first_use, the_next_chapter_is_named,
    unknown_messages_are_dropped_and_unknown_calls_are_not,
]  # fmt: skip

OLD: dict[str, set[str]] = {}


def test_a_last_case_is_demanded_of_messages_and_refused_in_calls() -> None:
    body = "    match it:\n        case 1:\n            return Reply(1, state)\n"
    last = "        case _:\n            return Reply(2, state)\n"
    call, info = "def handle_call(it, from_, state):\n", "async def handle_info(it, state):\n"
    assert faults_of_callbacks(call + body) == faults_of_callbacks(info + body + last) == []
    assert faults_of_callbacks(info + "    return NoReply(state)\n") == []
    assert faults_of_callbacks(call + body + last) == ["`handle_call` has a last `case`"]
    assert faults_of_callbacks(info + body) == ["`handle_info` has no last `case`"]


def test_a_comment_in_folded_code_is_no_heading_of_the_running_text(tmp_path: Path) -> None:
    fold = "<details>\n\n```elixir\n# a comment\nIO.puts(1)\n```\n\n</details>\n"
    path = tmp_path / "99_one.ipynb"
    path.write_text(json.dumps({"cells": [{"cell_type": "markdown", "source": f"Read this.\n\n{fold}"}]}))
    assert Chapter(path).running_text.split() == ["Read", "this."]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_a_chapter_keeps_the_rule(path: Path, rule: Any) -> None:
    wrong = rule(Chapter(path))
    if rule.__name__ in OLD.get(path.stem, ()):
        assert wrong, f"{path.stem} keeps this rule by now: take it out of OLD"
    else:
        assert wrong == ""


def test_chapters_near_each_other_ask_for_other_things() -> None:
    """What was taught at one place is asked for at most three times in the course, and not soon again."""
    asked: dict[str, list[int]] = {}
    for chapter in map(Chapter, CHAPTERS):
        part = re.split(r"^## Three questions", chapter.markdown, flags=re.MULTILINE)[-1].split("\n## ")[0]
        for place in set(re.findall(r"\]\((\d\d_\w+\.ipynb#[^)]+)\)", part)):
            asked.setdefault(place, []).append(int(chapter.number))
    often = {place: numbers for place, numbers in asked.items() if len(numbers) > 3}
    soon = {place: numbers for place, numbers in asked.items() if any(b - a < 2 for a, b in pairwise(numbers))}
    assert (often, soon) == ({}, {})


RIGHT = ("Yes", "Right,", "Right.", "This is the wrong one")  # how the text of a right answer begins


def right_letters(chapter: Chapter) -> dict[str, list[str]]:
    """For each question with folded answers, by the name of its cell, the letters of its right answers."""
    found = {}
    for cell in chapter.cells:
        answers = re.findall(r"<summary>([A-D])\.[^\n]*</summary>\s+(.*)", cell["source"])
        if cell["cell_type"] == "markdown" and answers:
            found[cell["id"]] = [letter for letter, text in answers if text.startswith(RIGHT)]
    return found


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_the_right_answer_of_a_chapter_is_not_always_the_same_letter(path: Path) -> None:
    """Who has seen that it is always B reads the question no more."""
    right = right_letters(Chapter(path))
    assert [question for question, letters in right.items() if len(letters) != 1] == []
    first = ["".join(letters) for question, letters in right.items() if not question.startswith("quiz")]
    quiz = ["".join(letters) for question, letters in right.items() if question.startswith("quiz")]
    assert (len(first), len(quiz) in (4, 5)) == (3, True)
    assert [set(letters) for letters in (first, quiz) if len(set(letters)) == 1] == []
    assert max(map(quiz.count, "ABC")) <= 3


def test_over_the_course_each_letter_is_as_often_the_right_one() -> None:
    """For the questions before a chapter, and for those behind it: to guess by the letter wins nothing."""
    pairs = [pair for path in CHAPTERS for pair in right_letters(Chapter(path)).items()]
    quiz = [letter for question, letters in pairs if question.startswith("quiz") for letter in letters]
    before = [letter for question, letters in pairs if not question.startswith("quiz") for letter in letters]
    for letters in (before, quiz):
        shares = {letter: round(100 * letters.count(letter) / len(letters)) for letter in "ABC"}
        assert all(28 <= share <= 39 for share in shares.values()), shares


def test_each_incident_of_the_anti_patterns_shows_who_waited() -> None:
    """A trace as a picture, or a chart of the mailbox."""
    [path] = [path for path in CHAPTERS if path.stem.startswith("04")]
    outputs = {cell["id"]: json.dumps(cell.get("outputs")) for cell in Chapter(path).cells}
    incidents = (
        "first-run", "no-name-run", "slow-init-run", "to-oneself-run", "self-call-run", "circle-run", "cast-run",
        "scattered-run", "trap-run",
    )  # fmt: skip
    assert [name for name in incidents if "Trace of" not in outputs[name] and "\\u2588" not in outputs[name]] == []


def test_what_a_kill_of_a_crowded_registry_costs_is_quoted_as_it_was_counted() -> None:
    counted = (ROOT / "benchmarks" / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(rest_for_one|one_for_all)` \| (\d+) of 40 \| 0 of 40 \|$", counted, re.MULTILINE)
    number = {"10": "ten", "7": "seven"}
    [path] = [path for path in CHAPTERS if path.stem.startswith("13")]
    quoted = f"of forty kills {number[dict(rows)['rest_for_one']]} lost the hub under `rest_for_one`, and "
    assert quoted + f"{number[dict(rows)['one_for_all']]} under `one_for_all`" in Chapter(path).markdown

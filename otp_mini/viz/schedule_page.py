"""The schedule lab: from the graph of a scenario's schedules to plain data, to HTML and to text.

The HTML holds every schedule, as differences from place to place, with the script and the style that play
them: it needs no kernel and no network. What the scenario says is data in it, or escaped.

Where there are too many schedules, it ends somewhere. `Recorded.piece` is what a page learns that has a Python to
ask: some places more, written as those of the document are.

OTP: none
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from ..errors import BadArg, safe_repr
from ..explore import (
    LONGEST,
    MOST,
    RAN_ON,
    STUCK,
    Schedules,
    as_text,
    check_scenario,
    deviations_of,
    explored,
    is_right,
    quiet,
    run_once,
    usual,
)
from ..plain_functions import check_plain
from .front_end import fragment
from .schedule_graph import Graph, Outcome, Picture, Place, beyond, graph_of
from .standing import ENDED, READY, WAITS, Row
from .words import printable

STATES: Final = (READY, WAITS, ENDED, "table")

OPEN, RIGHT, WRONG, UNKNOWN = 0, 1, 2, 3
"""What is still possible from a place on: both, only right outcomes, or only wrong ones; or that is not recorded."""

LONGEST_OUTCOME: Final = 120
"""So many letters of an outcome are told."""


@dataclass(frozen=True)
class Level:
    """One scenario, and what is wrong with an outcome.

    Attributes:
        title: for people.
        scenario: as for `otp_mini.explore.explore`.
        check: as there.
        fault: what a wrong outcome is called, such as ``"lost update"``.
        goal: what the reader is asked to do.
    """

    title: str
    scenario: Callable[[], Any]
    check: Callable[[Any], Any] | None = None
    fault: str | None = None
    goal: str | None = None

    def __post_init__(self) -> None:
        check_scenario(self.scenario, "schedule_lab")
        if self.check is not None:
            check_plain(self.check, "schedule_lab's check")
        for name in ("title", "fault", "goal"):
            value = getattr(self, name)
            if not isinstance(value, str) and not (value is None and name != "title"):
                raise BadArg(f"{name} is a text, got {safe_repr(value)}")


class Part:
    """Places of a level, and what is known of where they lead.

    Args:
        level: whose places they are.
        result: what `otp_mini.explore.explore` has found about it.
        graph: the places.
    """

    def __init__(self, level: Level, result: Schedules, graph: Graph) -> None:
        self.level = level
        self.result = result
        self.graph = graph
        self.places = _reached(graph)
        self.numbers = {id(place): number for number, place in enumerate(self.places)}

    # ---- right and wrong

    def judged(self, outcome: Outcome) -> bool | None:
        """What ``check`` says of an outcome; None where there is no check."""
        return None if self.level.check is None else is_right(self.level.check, outcome.value)

    @cached_property
    def found(self) -> dict[str, bool | None]:
        """Each outcome that `explore` has found, as text, with what ``check`` says of it."""
        known = self.level.check is not None
        return {text: not wrong if known else None for text, wrong, _, _ in self.result.rows()}

    @cached_property
    def outcomes(self) -> list[tuple[str, bool | None]]:
        """The outcomes of the places, and where the whole level is recorded, before them all those of `explore`."""
        ends: dict[str, bool | None] = {}
        for place in self.places:
            if place.outcome is not None:
                text = place.outcome.text
                ends[text] = self.found[text] if text in self.found else self.judged(place.outcome)
        return list(ends.items())

    def verdict(self, text: str, right: bool | None) -> str:
        """An outcome, in a sentence."""
        came, short = came_to(text), _short(text)
        if right is None:
            return f"{_capital(came)}." if came else f"The outcome is {short}."
        if right:
            return f"Right: {came or short}."
        expected = [_short(each) for each, good in self.found.items() if good]
        wanted = f"{' or '.join(expected)} was expected, " if 0 < len(expected) <= 3 else ""
        stands = f"{'and ' if wanted else ''}{came}" if came else f"{short} stands"
        return f"{_capital(printable(self.level.fault or '') or 'wrong')}: {wanted}{stands}."

    @cached_property
    def fates(self) -> list[int]:
        """What is still possible from each place on."""
        judged, ends = dict(self.outcomes), dict[int, set[int]]()
        for place in reversed(self._in_order()):
            after = self._after(place)
            seen = ends[id(place)] = set[int]().union(*(ends[id(each)] for each in after))
            if place.outcome is not None:
                verdict = judged[place.outcome.text]
                seen.add(OPEN if verdict is None else RIGHT if verdict else WRONG)
            elif len(after) < len(place.offered):
                seen.add(UNKNOWN)  # nobody knows where the others lead
        return [_fate(ends[id(place)]) for place in self.places]

    def _after(self, place: Place) -> list[Place]:
        behind = [place.moves.get(who, (-1, ""))[0] for who in place.offered]
        return [self.graph.places[number] for number in behind if number >= 0]

    def _in_order(self) -> list[Place]:
        """All places, each before those behind it."""
        left = {id(place): 0 for place in self.places}
        for place in self.places:
            for after in self._after(place):
                left[id(after)] += 1
        order = [self.places[0]]
        for place in order:
            for after in self._after(place):
                left[id(after)] -= 1
                if not left[id(after)]:
                    order.append(after)
        return order

    # ---- as data

    def tables(self) -> tuple[_Writer, dict[str, Any]]:
        """The places with all that they name, as plain data; and who wrote it.

        An end is its outcome, whether that is right, a sentence, and why it ends where ``main`` does not.
        """
        writer = _Writer(self.graph)
        places = [writer.place(place, self) for place in self.places]
        ends = [[_short(text), right, self.verdict(text, right), *_why_it_ends(text)] for text, right in self.outcomes]
        named = {"who": writer.all_who, "rows": writer.all_rows, "texts": writer.texts}
        return writer, {**named, "places": places, "ends": ends}


class Recorded(Part):
    """A level with all that was found out about it.

    Args:
        level: what is recorded.
        most: so many places are recorded at most.
        runs: so many runs at most look for outcomes: ``most`` of `otp_mini.explore.explore`.
    """

    def __init__(self, level: Level, most: int, runs: int = MOST) -> None:
        result = explored(level.scenario, level.check, most=runs)
        super().__init__(level, result, graph_of(level.scenario, most, result=result))

    @cached_property
    def outcomes(self) -> list[tuple[str, bool | None]]:
        """Each outcome, as text, with what ``check`` says of it: those of `explore` first, then others."""
        return list({**self.found, **dict(super().outcomes)}.items())

    # ---- the shortest way to break it

    @cached_property
    def shortest(self) -> tuple[int, list[str]] | None:
        """How few choices break it, and a schedule that does, as the names of those who go."""
        paths: list[tuple[int, int, list[str], int]] = [(0, 0, [], 0)]
        seen: set[int] = set()
        while paths:
            choices, length, path, number = heapq.heappop(paths)
            place = self.places[number]
            if number in seen:
                continue
            seen.add(number)
            if self.fates[number] == WRONG:
                return choices, self._to_the_end(path)
            for who in place.offered:
                if who in place.moves:
                    after = self.numbers[id(self.graph.places[place.moves[who][0]])]
                    heapq.heappush(paths, (choices + (len(place.offered) > 1), length + 1, [*path, who], after))
        return None

    def _to_the_end(self, path: list[str]) -> list[str]:
        """A schedule that begins so and goes on as usual, as far as that is recorded."""
        place, whole = self.places[0], list[str]()

        def choose(depth: int, enabled: tuple[str, ...], last: str) -> str:
            nonlocal place
            who = path[depth] if depth < len(path) else place.silent or usual(enabled, last)
            who = who if who in place.moves else next(iter(place.moves))
            whole.append(who)
            place = self.graph.places[place.moves[who][0]]
            return who

        with quiet():
            run_once(self.level.scenario, choose)
        return whole

    def schedule(self, path: Sequence[str]) -> str:
        """A path as a text that `otp_mini.explore.replay` takes."""
        with quiet():
            _, _, steps = run_once(self.level.scenario, lambda depth, enabled, last: path[depth])
        return as_text(deviations_of(steps))

    # ---- as data

    def document(self) -> dict[str, Any]:
        """All that the page needs, as plain data."""
        writer, tables = self.tables()
        shortest = None
        if self.shortest is not None:
            choices, path = self.shortest
            shortest = {"choices": choices, "path": [writer.who(who) for who in path], "text": self.schedule(path)}
        return {
            "title": printable(self.level.title),
            "goal": None if self.level.goal is None else printable(self.level.goal),
            **tables,
            "shortest": shortest,
            "headline": self.result.headline(),
            "scenario": self.called,
            "safe": self.result.exhaustive and all(right for _, right in self.outcomes),
            "whole": self.graph.whole,
        }

    def piece(self, path: Iterable[str]) -> dict[str, Any]:
        """What comes behind a path of steps, up to the next choice, as plain data: places, and all that they name.

        The first place is the one before the last step of the path, and the second the one behind it. What it answers
        does not depend on what is recorded, nor on what was asked before.

        Args:
            path: the names of those who go, from the start.

        Raises:
            BadArg: the path is none, or a step of it cannot be taken.
        """
        steps = list(path) if isinstance(path, (list, tuple)) else []
        if not steps or not all(isinstance(who, str) for who in steps):
            raise BadArg(f"a path is a list of the names of those who go, one at least; got {safe_repr(path)}")
        graph = beyond(self.level.scenario, steps, self.result, self.graph.names)
        return Part(self.level, self.result, _chain(graph)).tables()[1]

    @property
    def called(self) -> str:
        """What the scenario is called in a program."""
        name = getattr(self.level.scenario, "__name__", "")
        return name if name.isidentifier() else "scenario"

    # ---- as text

    def _how_soon(self, choices: int) -> str:
        """After how many choices it is broken; how many of them are unusual is what a schedule's text tells."""
        if not choices:
            return "It goes wrong whoever goes next."
        fewer = "" if self.graph.whole else ", or with fewer: not all is recorded"
        said = "1 choice" if choices == 1 else f"{choices} choices"
        return f"In the lab it can be broken in {said} of who goes next, the usual ones counted{fewer}."

    def text(self) -> str:
        """The outcomes, how many schedules lead to each, and the shortest of them."""
        rows, left = self.result.shown()
        width = max((len(f"{many:,}") for _, _, many, _ in rows), default=0)
        lines = [f"Schedule lab: {printable(self.level.title)}", self.result.headline()]
        for text, wrong, many, by in rows:
            lines.append(f"  {many:>{width},} x  {_short(text)}{'  wrong' * wrong}  by {by}")
        if left:
            lines.append(f"  and {left:,} more outcomes")
        if self.shortest is not None:
            lines.append(self._how_soon(self.shortest[0]))
        return "\n".join(lines)


def came_to(text: str) -> str:
    """What has become of a run whose outcome is no value, as a clause; empty where it came to its end."""
    if text == f"Deadlock: {STUCK}":
        return "the run is stuck: main waits, and nobody is left who could go"
    if text == f"Deadlock: {RAN_ON}":
        return f"the run was stopped after {LONGEST:,} steps, and main had not come to its end"
    return ""


def _why_it_ends(text: str) -> list[str]:
    """Why nobody goes next, where the run has not come to its end."""
    stuck = {f"Deadlock: {STUCK}": "Nobody can go next.", f"Deadlock: {RAN_ON}": "The lab takes no more steps."}
    return [stuck[text]] if text in stuck else []


def _fate(seen: set[int]) -> int:
    """What is possible where ends of these kinds were seen."""
    if len(seen) == 1:
        return next(iter(seen))
    return OPEN if len(seen - {UNKNOWN}) > 1 or OPEN in seen else UNKNOWN


def _chain(graph: Graph) -> Graph:
    """The same without the places behind the last choice: of them nothing more is known than how they look."""
    for place in graph.places[1:]:
        if len(place.offered) > 1:
            place.moves = {who: (-1, says) for who, (_, says) in place.moves.items()}
    return graph


def _reached(graph: Graph) -> list[Place]:
    """The places to which a reader can come, in the order in which they were found."""
    seen, todo = {0}, [0]
    while todo:
        place = graph.places[todo.pop()]
        for who in place.offered:
            if place.moves.get(who, (-1, ""))[0] not in (-1, *seen):
                seen.add(place.moves[who][0])
                todo.append(place.moves[who][0])
    return [graph.places[number] for number in sorted(seen)]


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


def _short(text: str) -> str:
    text = printable(text)
    return text if len(text) <= LONGEST_OUTCOME else f"{text[: LONGEST_OUTCOME - 1]}…"


class _Writer:
    """Numbers what stands in many places: names, rows and texts."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.all_who: list[list[str]] = []
        self.all_rows: list[list[str]] = []
        self.texts: list[str] = [""]
        self._who: dict[str, int] = {}
        self._rows: dict[tuple[str, str], int] = {}
        self._texts = {"": 0}
        self._before: dict[int, int] = {}

    def who(self, path: str) -> int:
        """Who can go: a process, a signal on its way, a timer."""
        if path not in self._who:
            self._who[path] = len(self.all_who)
            self.all_who.append([path, self._called(path)])
        return self._who[path]

    def _called(self, path: str) -> str:
        one, arrow, other = path.partition(">")
        if not arrow:
            return self.graph.names.get(path, path)
        there = self.graph.names.get(other, other)
        told = {"time": f"time for {there}", "timer": f"a timer of {there}"}
        return told.get(one, f"a signal from {self.graph.names.get(one, one)} to {there}")

    def row(self, key: tuple[str, str]) -> int:
        if key not in self._rows:
            self._rows[key] = len(self.all_rows)
            kind, path = key
            name = self.graph.names.get(path, path) if kind == "process" else path
            self.all_rows.append([kind, name] if name == path else [kind, name, path])
        return self._rows[key]

    def text(self, text: str) -> int:
        said = self.graph.say(text)
        if said not in self._texts:
            self._texts[said] = len(self.texts)
            self.texts.append(said)
        return self._texts[said]

    def place(self, place: Place, recorded: Part) -> list[Any]:
        """``[from, differences, moves, fate, end]``, and who is ready, in order, where there are several.

        A row is ``[kind, name]``, with the path of a process that is shown by another name.
        A difference is ``[row, state, why, hand, has, at, mailbox...]``, or ``[row]`` where it is gone; the moves
        are ``who, place, says`` in turn, with the place -1 where it is not recorded.
        """
        before: Picture = {}
        came_from = -1
        number = recorded.numbers[id(place)]
        for other, _ in self._known(place, recorded):
            came_from, before = other, recorded.places[other].picture
        moves: list[int] = []
        for who in place.offered:
            to, says = place.moves.get(who, (-1, ""))
            after = -1 if to < 0 else recorded.numbers[id(self.graph.places[to])]
            if after >= 0:
                self._before.setdefault(after, number)
            moves += [self.who(who), after, self.text(says)]
        end = None if place.outcome is None else [text for text, _ in recorded.outcomes].index(place.outcome.text)
        found = [came_from, self.differences(before, place.picture), moves, recorded.fates[number], end]
        return [*found, [self.who(who) for who in place.enabled]] if len(place.enabled) > 1 else found

    def _known(self, place: Place, recorded: Part) -> list[tuple[int, Place]]:
        number = recorded.numbers[id(place)]
        before = self._before.get(number)
        return [] if before is None or before >= number else [(before, recorded.places[before])]

    def differences(self, before: Picture, after: Picture) -> list[list[int]]:
        found = [self._cells(key, row) for key, row in after.items() if before.get(key) != row]
        return found + [[self.row(key)] for key in before if key not in after]

    def _cells(self, key: tuple[str, str], row: Row) -> list[int]:
        cells = [self.text(each) for each in (row.why, row.hand, row.has, row.at, *row.box)]
        return [self.row(key), STATES.index(row.state), *cells]


def page(levels: Sequence[Mapping[str, Any]], instead: str) -> str:
    """The lab as HTML, from the documents of its levels.

    Args:
        instead: the text that stands where scripts do not run.
    """
    label = f"Schedule lab: {levels[0]['title']}"
    whole = all(level["whole"] for level in levels)
    return fragment("schedule_lab", {"levels": list(levels)}, label, instead, goes_on=not whole)

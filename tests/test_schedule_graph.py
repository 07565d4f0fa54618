"""The schedules of a scenario as a graph: none is left out, none is invented, and each place is as it was recorded."""

from __future__ import annotations

import hashlib
import json
import os
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from otp_mini import BadArg, Process, ets, explore, receive, replay, schedule_lab, self_, send, spawn
from otp_mini.explore import _Search, explored, quiet, run_once
from otp_mini.viz.schedule_graph import Graph, _Plan, _Walk, graph_of
from otp_mini.viz.schedule_page import STATES, WRONG, Level, Recorded, page
from otp_mini.widgets.schedule_lab import ScheduleLab
from tests.random_scenarios import THEMES, scenario
from tests.schedule_scenarios import IF_TIME_WAITS, LEVELS, cache_cured, cache_race, counter_cured, counter_race, is_two
from tests.test_player import HOSTILE, Tags

ROOT = Path(__file__).parents[1]
ALL = [counter_race, counter_cured, cache_race, cache_cured]


@cache
def recorded(scene: Any) -> Recorded:
    return Recorded(Level(scene.__name__, scene, is_two), 2_000)


@cache
def document(scene: Any) -> dict[str, Any]:
    return json.loads(json.dumps(recorded(scene).document()))  # type: ignore[no-any-return]


def paths_of(graph: Graph) -> dict[str, int]:
    """How many ways lead to each outcome, whoever is offered."""

    @cache
    def count(number: int) -> dict[str, int]:
        place = graph.places[number]
        if place.outcome is not None:
            return {place.outcome.text: 1}
        found: Counter[str] = Counter()
        for who in place.offered:
            found.update(count(place.moves[who][0]))
        return dict(found)

    return count(0)


def plain(scene: Any, most: int) -> dict[str, int] | None:
    """How many schedules lead to each outcome, with none left out; None where there are more than ``most``."""
    search = _Search(scene, most, None)
    with quiet(), mock.patch("otp_mini.explore._asleep", lambda place, footprint: {}):
        whole = search.all_schedules()
    return {text: found.count for text, found in search.found.items()} if whole else None


# ---- complete, and sound -------------------------------------------------------------------------


SMALL = {number: theme.split()[0] for number, theme in enumerate(THEMES) if "worker_call" not in theme}
"""With a supervisor there are too many schedules to try all."""


@pytest.mark.parametrize("theme", SMALL, ids=SMALL.values())
def test_every_schedule_of_a_random_scenario_is_in_the_graph_and_no_other(theme: int) -> None:
    seen = 0
    for seed in range(theme, 4 * len(THEMES), len(THEMES)):
        scene = scenario(seed)
        wanted = plain(scene, 300)
        if wanted is None:
            continue
        seen += 1
        graph = graph_of(scene, 100_000)
        assert graph.whole
        assert paths_of(graph) == wanted, f"seed {seed}"
        reduced = graph_of(scene, 100_000, result=explored(scene))
        assert reduced.whole
        assert set(paths_of(reduced)) == set(wanted), f"seed {seed}"
    assert seen >= 1


@pytest.mark.parametrize(
    ("scene", "plain_schedules", "offered"),
    [(cache_race, 8_828, 20), (cache_cured, 1_493, 6), (counter_cured, 36_940, 14), (counter_race, 529_669, 98)],
    ids=lambda each: getattr(each, "__name__", None),
)
def test_the_races_hold_every_outcome_of_explore(scene: Any, plain_schedules: int, offered: int) -> None:
    result = explore(scene, is_two)
    graph = recorded(scene).graph
    assert graph.whole
    assert set(paths_of(graph)) == set(result.texts.values())
    assert sum(paths_of(graph).values()) == offered
    if plain_schedules < 10_000:
        assert sum(paths_of(graph_of(scene, 100_000)).values()) == plain_schedules


def test_what_is_silent_is_asked_of_nobody_and_changes_no_outcome() -> None:
    """Who begins to wait, or ends unnoticed, goes at once; who can be killed before is asked about."""
    graph = recorded(counter_race).graph
    says = {graph.say(place.moves[place.silent][1]) for place in graph.places if place.silent}
    assert says >= {"wait for a message", "end: 'normal'"}
    assert not any(word in said for said in says for word in ("call", "send", "reply"))
    assert len(recorded(counter_race).places) < 700 < len(graph_of(counter_race, 1_000).places)


async def killed_while_it_works() -> Any:
    async def worker(boss: Any) -> None:
        await Process.sleep(0)
        send(boss, "done")

    pid = spawn(worker, self_())
    Process.exit(pid, "kill")
    return await receive(timeout=1)


def test_a_step_before_a_kill_is_not_silent() -> None:
    result = explored(killed_while_it_works)
    assert set(result.texts.values()) == set(paths_of(graph_of(killed_while_it_works, result=result)))
    assert "worker" not in result.undisturbed
    assert "main" in result.undisturbed


def test_who_is_noticed_is_known_only_where_somebody_asks_and_all_was_tried() -> None:
    assert explore(counter_race).unmissed == frozenset()
    assert explored(counter_race).unmissed >= {"get_then_update", "get_then_update2"}


# ---- what the page holds is what happens ---------------------------------------------------------


def rows_of(doc: dict[str, Any], number: int) -> dict[tuple[str, str], list[Any]]:
    """How things stand at a place of a document: put together from the differences, as the page does it."""
    way = [number]
    while doc["places"][way[0]][0] >= 0:
        way.insert(0, doc["places"][way[0]][0])
    rows: dict[int, list[int]] = {}
    for each in way:
        for row, *cells in doc["places"][each][1]:
            rows[row] = cells
    text = doc["texts"]
    return {
        tuple(doc["rows"][row][:2]): [STATES[cells[0]], *(text[cell] for cell in cells[1:])]
        for row, cells in rows.items()
        if cells
    }


class Fresh(_Walk):
    """A run of its own, with what stands after each step."""

    def __init__(self, path: list[str]) -> None:
        super().__init__(Graph(), _Plan(counter_race, None), None)
        self.path = path
        self.pictures: list[Any] = []
        self.said: list[str] = []

    def choose(self, depth: int, enabled: tuple[str, ...], last: str) -> str:
        super().choose(depth, enabled, last)  # which keeps what stands here, in a graph of this run alone
        assert self.path[depth] in enabled
        return self.path[depth]

    def note(self, who: str, node: Any) -> None:
        super().note(who, node)
        self.pictures.append(self._picture)
        self.said.append(self.says)


def random_path(doc: dict[str, Any], draw: random.Random) -> Iterator[tuple[str, int, str]]:
    """Who goes, the place behind, and what is said of the step."""
    place = 0
    while doc["places"][place][4] is None:
        moves = doc["places"][place][2]
        who, place, says = draw.choice([moves[i : i + 3] for i in range(0, len(moves), 3)])
        yield doc["who"][who][0], place, doc["texts"][says]


@pytest.mark.parametrize(
    "scene", [counter_race, counter_cured, cache_race, cache_cured], ids=lambda each: each.__name__
)
def test_each_step_of_a_random_run_is_what_a_fresh_run_does(scene: Any) -> None:
    doc, names = document(scene), recorded(scene).graph
    for seed in range(25):
        steps = list(random_path(doc, random.Random(seed)))
        fresh = Fresh([who for who, _, _ in steps])
        with quiet():
            value, text, _ = run_once(scene, fresh.choose, steps=fresh.steps, record=fresh)
        assert doc["ends"][doc["places"][steps[-1][1]][4]][:2] == [text, value == 2]
        for (_, place, says), picture, said in zip(steps, fresh.pictures, fresh.said, strict=True):
            assert says == names.say(said)
            stands = {
                (kind, names.names.get(name, name)): [row.state, *map(names.say, (row.why, row.hand, row.has, row.at))]
                + [names.say(each) for each in row.box]
                for (kind, name), row in picture.items()
            }
            assert rows_of(doc, place) == stands


def test_mailboxes_variables_tables_and_answers_are_told() -> None:
    rows = [rows_of(document(counter_race), number) for number in range(len(document(counter_race)["places"]))]
    client = [each["process", "get_then_update"] for each in rows if ("process", "get_then_update") in each]
    assert ["ready", "", "answer 0", "", "n = await Agent.get(counter, lambda n: n)"] in client
    assert ["waits", "for the answer of counter", "", "n = 0", "await Agent.update(counter, lambda _: n + 1)"] in client
    agent = [each["process", "counter"] for each in rows if ("process", "counter") in each]
    both = ["call of get_then_update: get", "call of get_then_update2: get"]
    assert ["ready", "", "", "state 0", "", *both] in agent
    tables = [rows_of(document(cache_race), number) for number in range(len(document(cache_race)["places"]))]
    assert ["table", "", "", "('home', 1)", ""] in [
        each["table", "pages"] for each in tables if ("table", "pages") in each
    ]


# ---- the shortest way, and what is lost -----------------------------------------------------------


def ends_of(doc: dict[str, Any], number: int) -> set[bool]:
    @cache
    def ends(place: int) -> frozenset[bool]:
        _, _, moves, _, end, *_ = doc["places"][place]
        if end is not None:
            return frozenset({doc["ends"][end][1]})
        return frozenset().union(*(ends(to) for to in moves[1::3]))

    return set(ends(number))


async def two_write_a_named_table() -> Any:
    ets.new("desk", named=True, access="public")
    ets.new("desk", access="public")  # another one, without the name
    for number in (1, 2):
        spawn(ets.insert, "desk", ("rate", number))
    await Process.sleep(0.0)
    return 2


def test_a_table_with_a_name_stands_in_a_lab_once() -> None:
    doc = document(two_write_a_named_table)
    shown = {name for number in range(len(doc["places"])) for _, name in rows_of(doc, number) if "desk" in name}
    assert shown == {"desk", "desk (2)"}


@pytest.mark.parametrize("scene", [counter_race, counter_cured, cache_race], ids=lambda each: each.__name__)
def test_a_place_is_lost_if_every_run_from_it_ends_wrong(scene: Any) -> None:
    doc = document(scene)
    for number, place in enumerate(doc["places"]):
        assert (place[3] == WRONG) == (ends_of(doc, number) == {False})


@pytest.mark.parametrize("scene", [counter_race, cache_race], ids=lambda each: each.__name__)
def test_no_run_is_lost_with_fewer_choices_and_the_shortest_can_be_replayed(scene: Any) -> None:
    doc, shortest = document(scene), document(scene)["shortest"]
    lost, level = set[int](), {0}
    for choices in range(shortest["choices"] + 1):
        level = set(forced(doc, level))
        lost |= {choices for number in level if doc["places"][number][3] == WRONG}
        level = {to for number in level for to in doc["places"][number][2][1::3]}
    assert min(lost) == shortest["choices"]
    again = replay(scene, shortest["text"])
    assert again.outcome == 1
    assert again.steps == [doc["who"][who][0] for who in shortest["path"]]


def forced(doc: dict[str, Any], level: set[int]) -> Iterator[int]:
    """Where these places lead with no choice: to places with one, or to lost ones."""
    for place in level:
        number = place
        while len(doc["places"][number][2]) == 3 and doc["places"][number][3] != WRONG:
            number = doc["places"][number][2][1]
        yield number


def test_a_cured_scenario_has_no_way_to_break_it() -> None:
    assert document(counter_cured)["shortest"] is None
    assert document(counter_cured)["safe"]
    assert document(counter_cured)["headline"] == f"The same in all 4 schedules {IF_TIME_WAITS}"


def test_where_there_are_too_many_places_the_usual_run_is_whole_and_the_rest_is_marked() -> None:
    few = Recorded(Level("few", counter_race, is_two), 30)
    doc = few.document()
    assert not doc["whole"]
    assert 30 <= len(few.graph.places) < 60
    assert any(to == -1 for place in doc["places"] for to in place[2][1::3])
    assert [end for _, _, _, _, end, *_ in doc["places"] if end is not None]
    assert doc["shortest"] is not None
    assert replay(counter_race, doc["shortest"]["text"]).outcome == 1


# ---- the same everywhere, small, and safe ---------------------------------------------------------

PRINT = """
import hashlib, json
from otp_mini import schedule_lab
from tests.schedule_scenarios import LEVELS
print(hashlib.sha256(json.dumps(schedule_lab(levels=LEVELS).documents).encode()).hexdigest())
"""


@pytest.mark.slow
def test_the_data_is_the_same_in_every_process() -> None:
    mine = hashlib.sha256(json.dumps(schedule_lab(levels=LEVELS).documents).encode()).hexdigest()
    for seed in ("0", "7"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(
            [sys.executable, "-c", PRINT], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
        )
        assert done.stdout.strip() == mine


def test_a_lab_is_small() -> None:
    """In kilobytes: what a chapter's page grows by, and the scripts, which a site holds once."""
    for scene, most in ((counter_race, 44), (cache_race, 8), (counter_cured, 9), (cache_cured, 5)):
        assert len(json.dumps(document(scene), separators=(",", ":"))) < most * 1024, scene.__name__
    html = page([document(cache_race)], "text")
    scripts = Tags(html).scripts[1:]
    assert sum(len(script.encode()) for script in scripts) < 40 * 1024


async def hostile_mail() -> Any:
    for word in HOSTILE[:7]:
        send(self_(), word)
    return [await receive() for _ in HOSTILE[:7]]


def test_what_a_scenario_says_stands_in_the_page_as_text() -> None:
    lab = schedule_lab(hostile_mail, lambda outcome: False, title=HOSTILE[0], fault=HOSTILE[1], goal=HOSTILE[2])
    parsed = Tags(lab._repr_html_())
    assert [tag for tag, _ in parsed.tags] == ["div", "script", "pre", "p", "script", "script"]
    assert json.loads(parsed.scripts[0])["levels"] == lab.documents
    assert HOSTILE[0] in parsed.text


# ---- how it is called ------------------------------------------------------------------------------


def test_the_text_form_tells_the_outcomes_and_the_shortest_schedule_to_each() -> None:
    assert str(schedule_lab(cache_race, is_two, title="The cache")).splitlines() == [
        "Schedule lab: The cache",
        "2 outcomes in 8 schedules, and there are no others.",
        "  4 x  2  by (usual)",
        "  4 x  1  wrong  by @6 look_then_insert2",
        "In the lab it can be broken in 2 choices of who goes next, the usual ones counted.",
    ]
    both = str(schedule_lab(levels=LEVELS[1:]))
    assert both.count("Schedule lab: ") == 2
    cured = f"Schedule lab: Now break the cured one\nThe same in all 4 schedules {IF_TIME_WAITS}\n  4 x  2  by (usual)"
    assert both.endswith(cured)


def test_a_verdict_is_a_sentence() -> None:
    level = Recorded(Level("x", counter_race, is_two, "lost update"), 100)
    assert level.verdict("1", False) == "Lost update: 2 was expected, 1 stands."
    assert level.verdict("2", True) == "Right: 2."
    assert level.verdict("2", None) == "The outcome is 2."


def test_an_outcome_that_is_an_exception_is_judged_too() -> None:
    async def ends() -> Any:
        raise ValueError("no")

    [[text, right, verdict]] = schedule_lab(ends, is_two).documents[0]["ends"]
    assert (text, right) == ("ValueError('no')", False)
    assert verdict == "Wrong: ValueError('no') stands."


async def a_death_and_a_timer() -> Any:
    async def short_life() -> None:
        pass

    Process.monitor(spawn(short_life))
    Process.send_after(self_(), "late", 1)
    Process.send_after(self_(), "now", 0)
    return sorted([type(await receive()).__name__ for _ in range(3)])


def test_signals_and_timers_are_offered_by_what_they_are() -> None:
    doc = schedule_lab(a_death_and_a_timer).documents[0]
    names = [name for _, name in doc["who"]]
    assert {"main", "short_life", "a signal from short_life to main", "a timer of main"} == set(names)
    assert doc["texts"].count("a Down of short_life reaches main") == 1
    assert doc["texts"].count("Down(short_life, 'normal')") == 1
    assert [text for text, _, _ in doc["ends"]] == ["['Down', 'str', 'str']"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "needs a scenario, or levels"),
        ({"scenario": counter_race, "levels": LEVELS}, "a scenario or levels, not both"),
        ({"levels": []}, "needs a level at least"),
        ({"levels": [("a",)]}, "a level is \\(title, scenario, check\\)"),
        ({"levels": ["ab"]}, "a level is \\(title, scenario, check\\)"),
        ({"levels": [(1, counter_race)]}, "title is a text, got 1"),
        ({"scenario": counter_race, "fault": 3}, "fault is a text, got 3"),
        ({"scenario": counter_race, "check": 3}, "schedule_lab's check"),
        ({"scenario": counter_race, "most": 0}, "most is a number of places"),
        ({"scenario": counter_race, "most": True}, "most is a number of places"),
        ({"scenario": counter_race()}, "schedule_lab needs an `async def` without arguments"),
    ],
)
def test_what_cannot_be_a_lab_is_refused(given: dict[str, Any], said: str) -> None:
    try:
        with pytest.raises(BadArg, match=said):
            schedule_lab(**given)
    finally:
        if hasattr(given.get("scenario"), "close"):
            given["scenario"].close()


def test_nothing_runs_before_the_lab_is_shown() -> None:
    lab = ScheduleLab([Level("x", counter_race, is_two)])
    assert "recorded" not in vars(lab)

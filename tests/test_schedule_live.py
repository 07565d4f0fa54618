"""The schedule lab past its recording: what a Python answers, and that the reader meets no seam."""

from __future__ import annotations

import asyncio
import json
import random
import re
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from threading import get_ident
from typing import Any

import pytest
from crash_lab_reader import page_of
from playwright.sync_api import Browser, Locator, Page, expect

from otp_mini import Agent, BadArg, Process, explore, receive, replay, schedule_lab, self_, send, spawn
from otp_mini.explore import Cut, Record, quiet, run_once
from otp_mini.viz import front_end
from otp_mini.viz.schedule_graph import MOST_AT_ONCE
from otp_mini.viz.schedule_page import Level, Recorded
from otp_mini.widgets.asked import _in_loop
from otp_mini.widgets.schedule_lab import ScheduleLab
from tests.schedule_scenarios import (
    a_kill,
    a_supervisor_starts,
    cache_race,
    counter_cured,
    counter_race,
    get_then_update,
    is_two,
)
from tests.test_explore import bank_race, dispatch_race, two_speak
from tests.test_schedule_graph import a_death_and_a_timer, hostile_mail, rows_of

ROOT = Path(__file__).resolve().parents[1]

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.filterwarnings("default::ResourceWarning"),  # Playwright's own, at its end
]

SCENARIOS = [counter_race, counter_cured, cache_race, a_kill, a_supervisor_starts, a_death_and_a_timer, bank_race,
             dispatch_race, two_speak, hostile_mail]  # fmt: skip


# ---- what is answered ----------------------------------------------------------------------------------


class Reader:
    """What a page knows of a level: a document, and the pieces that it has learnt; read in Python, for short tests."""

    def __init__(self, document: dict[str, Any], ask: Callable[[list[str]], dict[str, Any]] | None = None) -> None:
        self.doc, self.ask = document, ask
        self.place, self.told, self.path = 0, [document], list[str]()

    def offered(self) -> dict[str, tuple[int, str]]:
        """Who can go here, in order: the place behind, and what the step does."""
        doc, moves = self.told[-1], self.told[-1]["places"][self.place][2]
        triples = (moves[n : n + 3] for n in range(0, len(moves), 3))
        return {doc["who"][who][0]: (to, doc["texts"][says]) for who, to, says in triples}

    def go(self, who: str) -> str:
        """Let one go; answers what it did."""
        to, says = self.offered()[who]
        if to < 0:
            assert self.ask is not None
            self.told.append(json.loads(json.dumps(self.ask([*self.path, who]))))
            self.place = 0
            assert who in self.offered()
            to, says = self.offered()[who]
        self.path.append(who)
        self.place = to
        return says

    def rows(self) -> dict[Any, Any]:
        return rows_of(self.told[-1], self.place)

    def end(self) -> Any:
        doc, end = self.told[-1], self.told[-1]["places"][self.place][4]
        return None if end is None else doc["ends"][end]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda each: each.__name__)
def test_a_live_run_is_the_recorded_one_step_for_step(scenario: Any) -> None:
    level = Level("x", scenario, is_two)
    whole, cut = Recorded(level, 100_000), Recorded(level, 1)
    assert whole.graph.whole
    assert not cut.graph.whole or len(cut.places) == len(whole.places), "a run that has no choice is recorded at once"
    asked = 0
    for seed in range(5):
        draw, recorded, live = random.Random(seed), Reader(whole.document()), Reader(cut.document(), cut.piece)
        while recorded.end() is None:
            assert live.end() is None
            here = recorded.offered()
            # Where the recording was cut, nobody has tried whether a step makes a difference: it is offered then.
            assert set(live.offered()) == set(here) if len(live.told) > 1 else set(live.offered()) >= set(here)
            assert live.rows() == recorded.rows()
            who = draw.choice(sorted(here))
            assert live.go(who) == recorded.go(who)
        assert (live.end(), live.rows()) == (recorded.end(), recorded.rows())
        asked += len(live.told) - 1
    assert asked or cut.graph.whole


async def three_clients() -> int:
    """More schedules than explore tries by default."""
    counter = await Agent.start_link(lambda: 0, name="counter")
    for _ in range(3):
        spawn(get_then_update, counter, self_())
    for _ in range(3):
        await receive()
    total: int = await Agent.get(counter, lambda n: n)
    return total


BIG = ScheduleLab([Level("Three clients", three_clients, lambda total: total == 3, "lost update")], most=40, runs=60)


def test_a_scenario_that_is_too_large_is_played_to_its_end_and_replay_takes_the_same_steps() -> None:
    [recorded], [document] = BIG.recorded, BIG.documents
    assert BIG.goes_on
    assert "Not exhaustive: runs=60 was not enough." in document["headline"]
    for seed in range(5):
        draw, live = random.Random(seed), Reader(document, recorded.piece)
        said = list[str]()
        while live.end() is None:
            said.append(live.go(draw.choice(sorted(live.offered()))))
        schedule = recorded.schedule(live.path)
        again = replay(three_clients, schedule)
        assert again.steps == live.path
        assert (str(again.outcome), again.schedule) == (live.end()[0], schedule)
        assert live.end()[1:] == [again.outcome == 3, recorded.verdict(str(again.outcome), again.outcome == 3)]
        assert len(said) == len(again.told)


def test_an_answer_does_not_depend_on_what_was_asked_before() -> None:
    path = ["main", "Agent", "main", "main", "main"]
    alone = schedule_lab(three_clients, most=3, runs=3).ask([*path, "get_then_update3"])
    for other in (["main"], [*path, "main"], [*path, "get_then_update"], ["nobody"]):
        BIG.answer(other)
    assert BIG.ask([*path, "get_then_update3"]) == alone


async def leaves() -> None:
    raise SystemExit("closed")


async def first_word_or_exit() -> Any:
    spawn(says, self_(), "a")
    spawn(leaves)
    return await receive()


def test_a_process_that_ends_the_program_is_an_outcome_beyond_the_recording_too() -> None:
    [recorded] = ScheduleLab([Level("x", first_word_or_exit)], most=1, runs=1).recorded
    ends = set()
    for seed in range(10):
        draw, live = random.Random(seed), Reader(recorded.document(), recorded.piece)
        while live.end() is None:
            live.go(draw.choice(sorted(live.offered())))
        ends.add(live.end()[0])
    assert ends == {"'a'", "SystemExit('closed')"}


def test_what_would_end_the_kernel_is_a_sentence() -> None:
    interrupted = False

    async def scenario() -> Any:
        if interrupted:
            raise KeyboardInterrupt
        return await three_clients()

    lab = schedule_lab(scenario, most=3, runs=3)
    path = ["main", "Agent", "main", "main"]
    before = lab.answer(path)
    interrupted = True
    assert lab.answer(path)["error"].startswith("KeyboardInterrupt")
    interrupted = False
    assert lab.answer(path) == before
    assert set(before) != {"error"}


@pytest.mark.parametrize("path", [[], None, 3, "main", [3], ["nobody"], ["Agent"], ["main"] * 9, [["main"]], {"a": 1}])
def test_a_page_that_asks_nonsense_gets_a_sentence(path: Any) -> None:
    answer = BIG.answer(path)
    assert set(answer) == {"error"}
    assert answer["error"]
    assert set(BIG.answer(["main"], lane=7)) == {"error"}


def test_what_cannot_go_is_named_with_who_could() -> None:
    with pytest.raises(BadArg, match="main goes at step 1 of this path, and cannot in this scenario: could go: Agent"):
        BIG.ask(["main", "main"])
    path = [each.strip() for each in replay(cache_race).steps]
    with pytest.raises(BadArg, match=f"main goes at step {len(path)} of this path, and .*: the run is over by then"):
        schedule_lab(cache_race, most=1).ask([*path, "main"])


async def ticks() -> None:
    for _ in range(MOST_AT_ONCE):
        await Process.sleep(1)


def test_a_run_that_never_comes_to_a_choice_is_told_piece_by_piece() -> None:
    [recorded] = ScheduleLab([Level("x", ticks)], most=1, runs=1).recorded
    piece = recorded.piece(["main"])
    assert len(piece["places"]) == 2 + MOST_AT_ONCE
    assert piece["places"][-1][2][1] == -1, "and so on, when it is asked again"


async def adds(counter: Any, boss: Any, rounds: int) -> None:
    for _ in range(rounds):
        await Agent.update(counter, lambda n: n + 1)
    send(boss, "done")


async def long_race() -> Any:
    counter = await Agent.start_link(lambda: 0, name="counter")
    for _ in range(3):
        spawn(adds, counter, self_(), 150)
    for _ in range(3):
        await receive()
    return await Agent.get(counter, lambda n: n)


def calls_of(work: Callable[[], Any]) -> int:
    """So many functions of Python are called, or go on: a measure of work that no busy machine changes."""
    calls = 0

    def count(_frame: Any, event: str, _arg: Any) -> None:
        nonlocal calls
        calls += event == "call"

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(before)
    return calls


def test_an_answer_takes_some_runs_of_the_path_and_no_more_work_than_these() -> None:
    """A run of a path is what it takes to come to its end; from there each who can go is tried once."""
    draw, names = random.Random(3), list[str]()

    def choose(_depth: int, enabled: tuple[str, ...], last: str) -> str:
        names.append(last if last in enabled and draw.random() < 0.7 else draw.choice(enabled))
        return names[-1]

    with quiet():
        run_once(long_race, choose)
    [recorded] = ScheduleLab([Level("x", long_race)], most=1, runs=1).recorded

    def bare(many: int) -> None:
        def along(depth: int, _enabled: tuple[str, ...], _last: str) -> str:
            if depth == many:
                raise Cut
            return names[depth]

        with pytest.raises(Cut), quiet():
            run_once(long_race, along, record=Record())

    for many in (100, 400):
        piece = recorded.piece(names[:many])
        alone, asked = (calls_of(partial(each, many)) for each in (bare, lambda n: recorded.piece(names[:n])))
        tried = 1 + sum(len(place[2]) // 3 for place in piece["places"][1:] if len(place[2]) > 3)
        assert asked < alone * (tried + 1) * 1.5, (many, asked / alone, tried)


async def waits_for_ever_after_b() -> Any:
    for word in "ab":
        spawn(says, self_(), word)
    first = await receive()
    if first == "b":
        await receive(lambda message: message == "c")
    return first


STUCK = ScheduleLab([Level("Stuck", waits_for_ever_after_b, lambda first: first == "a")], most=1, runs=1)


def test_a_run_that_is_stuck_is_told_in_words_recorded_or_not() -> None:
    said = ["Wrong: 'a' was expected, and the run is stuck: main waits, and nobody is left who could go."]
    said.append("Nobody can go next.")
    document = ScheduleLab([Level("x", waits_for_ever_after_b, lambda first: first == "a")]).documents[0]
    assert ["'a'", True, "Right: 'a'."] in document["ends"]
    assert ["Deadlock: main waits, and nothing can come any more", False, *said] in document["ends"]
    live = Reader(STUCK.documents[0], STUCK.recorded[0].piece)
    while live.end() is None:
        live.go(next(who for who in ("says2", "main", "says") if who in live.offered()))
    assert live.end()[1:] == [False, *said]
    [plain] = ScheduleLab([Level("x", waits_for_ever_after_b)]).documents
    assert "The run is stuck: main waits, and nobody is left who could go." in [end[2] for end in plain["ends"]]


async def polls(boss: Any) -> None:
    while True:
        send(boss, "not yet")


async def polled() -> Any:
    spawn(polls, self_())
    while True:
        await receive()


def test_a_run_that_goes_on_and_on_is_stopped_and_told_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules["otp_mini.explore"], "LONGEST", 60)
    [recorded] = ScheduleLab([Level("x", polled)], most=1, runs=1).recorded
    live = Reader(recorded.document(), recorded.piece)
    while live.end() is None:
        live.go(sorted(live.offered())[-1])
    assert len(live.path) == 60
    why = "The run was stopped after 2,000 steps, and main had not come to its end."
    assert live.end()[1:] == [None, why, "The lab takes no more steps."]
    with pytest.raises(BadArg, match=r"at step 60 of this path, and .*: the run is over by then"):
        recorded.piece([*live.path, "main"])


async def registers() -> None:
    Process.register(self_(), "late")
    await receive()


async def two_who_are_late() -> Any:
    """In the usual run, which alone is recorded, there is one process that is called ``late``."""
    named = spawn(registers)
    for word in "ab":
        spawn(says, self_(), word)
    first = await receive()
    if first == "b":
        spawn(late, self_())
        send(named, "go")
        return [await receive(), await receive()]
    return first


TWO_LATE = ScheduleLab([Level("Two are late", two_who_are_late)], most=1, runs=1)


def test_a_process_beyond_the_recording_that_has_the_name_of_another_is_told_apart() -> None:
    live = Reader(TWO_LATE.documents[0], TWO_LATE.recorded[0].piece)
    assert ["process", "late", "registers"] in live.doc["rows"]
    said = list[str]()
    while "late" not in live.path:
        said.append(live.go(next(who for who in ("says2", "main", "registers", "late") if who in live.offered())))
    both = {tuple(row) for row in live.told[-1]["rows"]}
    assert {("process", "late (registers)", "registers"), ("process", "late")} <= both
    assert "send(late (registers), 'go')" in said


def test_a_page_may_be_answered_in_another_thread() -> None:
    path = ["main", "Agent", "main", "get_then_update"]
    with ThreadPoolExecutor(1) as beside:
        assert beside.submit(BIG.answer, path).result() == BIG.answer(path)
        assert str(beside.submit(explore, cache_race).result()) == str(explore(cache_race))


def test_a_widget_answers_in_the_thread_of_its_cells() -> None:
    async def asked() -> list[int]:
        told, home = list[int](), asyncio.get_running_loop()
        with ThreadPoolExecutor(1) as beside:
            beside.submit(_in_loop, home, lambda: told.append(get_ident())).result()
        _in_loop(home, lambda: told.append(get_ident()))
        await asyncio.sleep(0)
        return told

    assert asyncio.run(asked()) == [get_ident(), get_ident()]


def test_only_a_lab_that_is_not_whole_can_be_asked() -> None:
    whole = schedule_lab(cache_race, is_two)
    assert not whole.goes_on
    assert "data-goes-on" not in whole._repr_html_().partition(">")[0]
    assert "data-goes-on" in BIG._repr_html_().partition(">")[0]
    assert set(BIG._repr_mimebundle_()) == {"text/plain", "text/html"}, "there is no kernel here"


async def says(boss: Any, word: str) -> None:
    send(boss, word)


async def late(boss: Any) -> None:
    send(boss, "late")


async def late_if_b_is_first() -> Any:
    """In the usual run, which alone is recorded, there is no process ``late``."""
    for word in "ab":
        spawn(says, self_(), word)
    first = await receive()
    if first == "b":
        spawn(late, self_())
        return [await receive(), await receive()]
    return first


LATE = ScheduleLab([Level("Two clients", counter_race, is_two), Level("Late", late_if_b_is_first)], most=1, runs=1)


# ---- in a browser --------------------------------------------------------------------------------------

MOUNT = """([source, css, data, address]) => {
  document.body.innerHTML = '<div id="lab"></div>';
  const blob = new Blob([source], { type: "text/javascript" });
  return import(URL.createObjectURL(blob)).then(({ show }) => {
    const ask = async (path, lane) => {
      const { error, ...answer } = await answered(path, lane);
      if (error) throw new Error(error);
      return answer;
    };
    show(document.getElementById("lab"), data, { css, ask, address });
  });
}"""


@pytest.fixture(scope="module")
def asking(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """A page whose labs ask this Python."""
    path = tmp_path_factory.mktemp("live") / "page.html"
    path.write_text(page_of(), encoding="utf-8")
    page = browser.new_page(viewport={"width": 1000, "height": 1200}, reduced_motion="reduce")
    page.set_default_timeout(20_000)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.expose_function("answered", lambda path, lane: json.loads(json.dumps(mounted_last[-1].answer(path, lane))))
    page.goto(path.as_uri())
    yield page
    assert errors == []
    page.close()


mounted_last = [BIG]


def mounted(page: Page, lab: ScheduleLab = BIG) -> Locator:
    """A lab as it is when it has just been shown."""
    page.goto(page.url.partition("#")[0])
    mounted_last.append(lab)
    page.evaluate(MOUNT, [*front_end.module("schedule_lab"), lab.data(), True])
    return page.locator(".schedule-lab")


def beyond(lab: Locator) -> None:
    """Go where nothing is recorded, and on as usual to the end."""
    lab.locator(".choice", has_text="spawn(").click()
    lab.locator(".choice", has_text="not recorded").first.click()
    expect(lab.locator(".choice > span")).to_have_text(
        ["get_then_updatecall counter: get", "mainspawn(get_then_update, counter, main)"]
    )
    lab.get_by_role("button", name="Run on to the end").click()
    expect(lab.locator(".verdict")).to_be_visible()


def test_the_reader_goes_on_past_the_recording_and_the_run_is_a_link(asking: Page) -> None:
    lab = mounted(asking)
    beyond(lab)
    verdict, log = lab.locator(".verdict").inner_text(), lab.locator(".log .line").all_inner_texts()
    schedule = lab.locator(".verdict .schedule").inner_text()
    again = replay(three_clients, schedule)
    assert f"3 was expected, {again.outcome} stands" in verdict
    assert "or fewer: not all of this run is recorded. It can be broken in" in verdict
    assert len(again.steps) == len(log)
    address = asking.url
    for _ in range(2):  # the second time in a page that knows nothing of it yet
        lab.get_by_role("button", name="Start again").click()
        expect(lab.locator(".verdict")).to_be_hidden()
        asking.evaluate("hash => { location.hash = hash }", "#" + address.partition("#")[2])
        expect(lab.locator(".verdict")).to_be_visible()
        assert (lab.locator(".verdict").inner_text(), lab.locator(".log .line").all_inner_texts()) == (verdict, log)
        lab = mounted(asking)
        lab.locator(".choice").last.click()


def test_who_turns_up_beyond_the_recording_is_kept_in_the_address_too(asking: Page) -> None:
    """By its place among those who can go: its number depends on what this page has asked before."""
    lab = mounted(asking, LATE)
    lab.locator(".level").nth(1).click()
    gone = list[str]()
    while "late" not in gone:
        offered = lab.locator(".choice b").all_inner_texts()
        gone.append(next(name for name in ("late", "says2", "main", "says") if name in offered))
        lab.locator(".choice").nth(offered.index(gone[-1])).click()
        expect(lab.locator(".log .free")).to_have_count(len(gone))
    assert "late" in lab.locator(".log .line").last.inner_text()
    assert re.search(r"--1_[0-9_]+_o\d$", asking.url)
    log, address = lab.locator(".log .line").all_inner_texts(), asking.url.partition("#")[2]
    mounted(asking, LATE)
    asking.evaluate("hash => { location.hash = hash }", f"#{address}")
    expect(lab.locator(".log .line")).to_have_text(log)


@pytest.mark.parametrize("path", ["0_o9", "0_0_9", "0_1_1_77", "0_1_o", "0_x", "7", "0_1__1"])
def test_a_path_that_there_is_not_is_refused(asking: Page, path: str) -> None:
    lab = mounted(asking)
    lab.locator(".choice").last.click()
    asking.evaluate("hash => { location.hash = hash }", f"#{asking.url.partition('#')[2].rpartition('--')[0]}--{path}")
    expect(lab.locator(".caption")).to_contain_text("The address asks for a run that this lab does not have")
    assert lab.locator(".choice").count()


def test_by_keys_at_360_px_and_for_a_screen_reader(asking: Page, axe: Path) -> None:
    asking.set_viewport_size({"width": 360, "height": 800})
    lab = mounted(asking)
    lab.locator(".choice").last.focus()
    asking.keyboard.press("2")
    choice = lab.get_by_role("group", name="Who goes next").get_by_role(
        "button", name="counter not recorded: Python runs it"
    )
    expect(choice).to_be_enabled()
    asking.keyboard.press("1")
    expect(lab.locator(".caption")).to_have_text("counter: wait for a message. Next: get_then_update and main.")
    assert lab.locator(".caption").get_attribute("aria-live") == "polite"
    asking.keyboard.press("e")
    expect(lab.locator(".verdict")).to_be_visible()
    assert asking.evaluate("document.documentElement.scrollWidth <= innerWidth")
    focused = "document.activeElement.shadowRoot?.activeElement"
    assert asking.evaluate(f"{focused}.closest('.verdict') !== null")
    asking.evaluate(axe.read_text(encoding="utf-8"))
    assert asking.evaluate("async () => (await axe.run('.schedule-lab')).violations.map(({ id }) => id)") == []
    asking.set_viewport_size({"width": 1000, "height": 1200})


def test_what_python_cannot_answer_is_said_and_nothing_is_lost(asking: Page) -> None:
    lab = mounted(asking)
    lab.locator(".choice", has_text="spawn(").click()
    asking.evaluate("window.answered = async () => ({ error: 'The kernel has ended.' })")
    lab.locator(".choice", has_text="not recorded").first.click()
    expect(lab.locator(".caption")).to_have_text("The kernel has ended.")
    lab.get_by_role("button", name="Run on to the end").click()
    assert lab.locator(".log .line").count() > 3, "what is recorded can be played all the same"


HELD = """() => {
  const really = window.answered;
  window.held = [];
  window.answered = (...asked) => new Promise((resolve) => held.push((answer = really(...asked)) => resolve(answer)));
}"""
"""Answers wait until the test lets them go, as they are or as another one."""


def test_a_level_that_is_left_while_python_is_asked_gets_no_steps_of_another(asking: Page) -> None:
    lab = mounted(asking, LATE)
    lab.locator(".level").nth(1).click()
    lab.get_by_role("button", name="As usual").click()
    for _ in range(2):
        lab.locator(".choice").last.click()
        expect(lab.locator(".caption")).not_to_contain_text("Asking")
    address = asking.url.partition("#")[2]
    mounted(asking, LATE)
    asking.evaluate(HELD)
    asking.evaluate("hash => { location.hash = hash }", f"#{address}")
    expect(lab.locator(".caption")).to_have_text(re.compile("^Asking Python"))
    lab.locator(".level").nth(0).click()
    fresh = lab.locator(".log .line").all_inner_texts()
    asking.evaluate("async () => { held[0](); await new Promise((done) => setTimeout(done, 50)); }")
    expect(lab.locator(".level").nth(0)).to_have_attribute("aria-current", "true")
    assert lab.locator(".log .line").all_inner_texts() == fresh
    assert lab.locator(".choice").first.is_enabled()


def test_a_fresh_run_hears_nothing_of_what_an_earlier_one_has_asked(asking: Page) -> None:
    lab = mounted(asking)
    fresh = lab.locator(".log .line").all_inner_texts()
    asking.evaluate(HELD)
    lab.locator(".choice", has_text="spawn(").click()
    lab.locator(".choice", has_text="not recorded").first.click()
    expect(lab.locator(".choice").first).to_be_disabled()
    lab.get_by_role("button", name="Start again").click()
    expect(lab.locator(".choice").first).to_be_enabled()
    said = lab.locator(".caption").inner_text()
    late = "async () => { held[0]({ error: 'too late' }); await new Promise((done) => setTimeout(done, 50)); }"
    asking.evaluate(late)
    assert lab.locator(".caption").inner_text() == said
    assert lab.locator(".log .line").all_inner_texts() == fresh
    assert asking.url.endswith("--0")


def test_steps_before_one_that_python_cannot_answer_are_in_the_address(asking: Page) -> None:
    lab = mounted(asking)
    lab.locator(".choice", has_text="spawn(").click()
    lab.locator(".choice", has_text="not recorded").first.click()
    expect(lab.locator(".caption")).not_to_contain_text("Asking")
    before = asking.url
    failing = """() => {
      const really = window.answered;
      let left = 2;
      window.answered = async (...asked) => (left-- > 0 ? really(...asked) : { error: "The kernel has ended." });
    }"""
    asking.evaluate(failing)
    lab.get_by_role("button", name="Run on to the end").click()
    expect(lab.locator(".caption")).to_have_text("The kernel has ended.")
    log, address = lab.locator(".log .line").all_inner_texts(), asking.url
    assert address.startswith(before + "_")
    mounted(asking)
    asking.evaluate("hash => { location.hash = hash }", "#" + address.partition("#")[2])
    expect(lab.locator(".log .line")).to_have_text(log)


@pytest.mark.parametrize("way", ["button", "Escape", "e"])
def test_a_run_to_the_end_can_be_stopped_and_keeps_what_was_done(asking: Page, way: str) -> None:
    lab = mounted(asking)
    lab.locator(".choice", has_text="spawn(").click()
    lab.locator(".choice", has_text="not recorded").first.click()
    expect(lab.locator(".caption")).not_to_contain_text("Asking")
    before = lab.locator(".log .line").count()
    asking.evaluate(HELD)
    lab.get_by_role("button", name="Run on to the end").click()
    for number in range(2):
        asking.wait_for_function(f"held.length === {number + 1}")
        asking.evaluate(f"held[{number}]()")
    asking.wait_for_function("held.length === 3")
    stop = lab.get_by_role("button", name="Stop", exact=True)
    expect(stop).to_be_focused()
    expect(lab.locator(".caption")).to_contain_text("Stop, or the key Escape, ends it here.")
    expect(lab.locator(".choice").first).to_be_disabled()
    if way == "button":
        stop.click()
    else:
        asking.keyboard.press(way)
    expect(lab.locator(".caption")).to_contain_text(re.compile(r"^Stopped after step \d+\."))
    expect(lab.get_by_role("button", name="Run on to the end")).to_be_focused()
    log = lab.locator(".log .line").all_inner_texts()
    assert len(log) > before
    asking.evaluate("async () => { held[2](); await new Promise((done) => setTimeout(done, 50)); }")
    assert lab.locator(".log .line").all_inner_texts() == log, "the answer that came late is no step"
    assert lab.locator(".verdict").is_hidden()
    expect(lab.locator(".choice").first).to_be_enabled()
    address = asking.url
    mounted(asking)
    asking.evaluate("hash => { location.hash = hash }", "#" + address.partition("#")[2])
    expect(lab.locator(".log .line")).to_have_text(log)
    lab.get_by_role("button", name="Run on to the end").click()
    expect(lab.locator(".verdict")).to_be_visible()
    expect(lab.get_by_role("button", name="Stop", exact=True)).to_have_count(0)


def test_escape_is_the_pages_own_where_nothing_runs_on(asking: Page) -> None:
    lab = mounted(asking)
    lab.locator(".choice").last.focus()
    asking.evaluate(
        "addEventListener('keydown', (event) => { window.taken = event.defaultPrevented; }, { once: true })"
    )
    asking.keyboard.press("Escape")
    assert asking.evaluate("window.taken") is False, "so it came here, and nobody has taken it"


def test_the_page_says_that_a_run_is_stuck_or_that_it_was_stopped(
    asking: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = mounted(asking, STUCK)
    lab.get_by_role("button", name="Run on to the end").focus()
    while not lab.locator(".verdict").is_visible():
        names = lab.locator(".choice b").all_inner_texts()
        lab.locator(".choice").nth(names.index(next(n for n in ("says2", "main", "says") if n in names))).click()
        expect(lab.locator(".caption")).not_to_contain_text("Asking")
    assert lab.locator(".who").inner_text() == "Nobody can go next."
    assert "the run is stuck: main waits, and nobody is left who could go." in lab.locator(".verdict").inner_text()
    monkeypatch.setattr(sys.modules["otp_mini.explore"], "LONGEST", 60)
    lab = mounted(asking, ScheduleLab([Level("Polled", polled)], most=1, runs=1))
    lab.locator(".choice").last.click()
    lab.get_by_role("button", name="Run on to the end").click()
    expect(lab.locator(".verdict")).to_be_visible()
    assert lab.locator(".who").inner_text() == "The lab takes no more steps."
    assert "main had not come to its end" in lab.locator(".verdict").inner_text()
    mail = lab.get_by_role("list", name="Mailbox of main").get_by_role("listitem").all_inner_texts()
    assert mail == ["'not yet'"] * 12 + ["and 46 more"], "a long mailbox leaves room for the rest"


def test_two_processes_of_one_name_have_a_card_each(asking: Page) -> None:
    lab = mounted(asking, TWO_LATE)
    gone = list[str]()
    while "late" not in gone:
        names = lab.locator(".choice b").all_inner_texts()
        assert len(names) == len(set(names)), names
        wanted = ("says2", "main", "late (registers)", "registers", "late")
        gone.append(next(name for name in wanted if name in names and (name != "late" or "spawn(late" in said_of(lab))))
        lab.locator(".choice").nth(names.index(gone[-1])).click()
        expect(lab.locator(".caption")).not_to_contain_text("Asking")
    cards = lab.locator(".card .name b").all_inner_texts()
    assert {"late", "late (registers)"} <= set(cards)
    assert len(cards) == len(set(cards)), cards


def said_of(lab: Locator) -> str:
    return "\n".join(lab.locator(".log .line").all_inner_texts())


IN_PLACE = (ROOT / "book" / "_static" / "in_place.js").read_text(encoding="utf-8")
PAGE_WITH_PYTHON = """<script>
globalThis.otpLive = { chapter: "chapter", book: Promise.resolve({ page: {}, notebooks: {} }) };
</script>"""


def test_a_stored_lab_that_is_woken_keeps_its_name_in_the_address(browser: Browser, tmp_path: Path) -> None:
    stored = f'<div class="cell" data-cell-id="a">{BIG._repr_html_()}</div>'
    path = tmp_path / "page.html"
    path.write_text(page_of(stored, PAGE_WITH_PYTHON, f"<script>{IN_PLACE}</script>"), encoding="utf-8")
    page = browser.new_page(viewport={"width": 1000, "height": 1200}, reduced_motion="reduce")
    page.goto(path.as_uri())
    lab = page.locator("[data-goes-on]")
    name = lab.get_attribute("data-slug")
    lab.locator(".choice").last.click()  # nobody wakes it while it is in use
    address, log = page.url, lab.locator(".log .line").all_inner_texts()
    page.goto("about:blank")
    page.goto(address)
    lab.hover()
    expect(lab).to_have_attribute("data-asks", "")
    expect(lab).to_have_attribute("data-slug", str(name))
    expect(lab.locator(".log .line")).to_have_text(log)
    assert page.url == address
    page.close()

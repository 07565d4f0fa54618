"""The schedule lab in a real browser: the reader is the scheduler, by mouse, by touch, by keys, by ear."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from crash_lab_reader import HEAD, page_of
from lab_scenarios import pair
from playwright.sync_api import Browser, Page

from otp_mini import replay, schedule_lab
from otp_mini.explore import quiet, run_once, usual
from otp_mini.lab import Lab
from otp_mini.viz import front_end, player
from otp_mini.viz.schedule_graph import _Plan
from tests.schedule_scenarios import IF_TIME_WAITS, LEVELS, a_kill, a_supervisor_starts, counter_race, is_two
from tests.test_explore import bank_race, dispatch_race, two_speak
from tests.test_schedule_graph import hostile_mail, rows_of

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.filterwarnings("default::ResourceWarning"),  # Playwright's own, at its end
]

LAB = schedule_lab(levels=LEVELS)


@pytest.fixture(scope="module")
def tab(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """One page for all tests, under a strict policy, with a crash lab before the schedule lab."""
    path = tmp_path_factory.mktemp("labs") / "page.html"
    policy = "default-src 'none'; img-src data:; script-src 'unsafe-inline'"
    head = HEAD.replace("<title>", f'<meta http-equiv="Content-Security-Policy" content="{policy}"><title>')
    path.write_text(head + player.html(Lab(pair).document(1)) + LAB._repr_html_(), encoding="utf-8")
    page = browser.new_page(viewport={"width": 1000, "height": 1200}, reduced_motion="reduce")
    page.set_default_timeout(20_000)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda line: errors.append(line.text) if line.type == "error" else None)
    page.goto(path.as_uri())
    yield page
    assert errors == []
    page.close()


def until(page: Page, lab: str, condition: str) -> None:
    """Wait until this is true of ``root``, the inside of a lab."""
    root = f"const root = document.querySelector('{lab}').shadowRoot"
    page.wait_for_function(f"(() => {{ {root}; return {condition}; }})()")


class Play:
    """The schedule lab of the page, as it is when it has just been opened."""

    def __init__(self, tab: Page, address: str = "") -> None:
        self.page = tab
        tab.goto("about:blank")
        tab.goto(self.url + address)
        self.lab = tab.locator(".schedule-lab")

    url = ""

    def text(self, part: str) -> str:
        return self.lab.locator(part).inner_text()

    @property
    def offered(self) -> list[str]:
        return self.lab.locator(".choice > span").all_inner_texts()

    @property
    def log(self) -> list[str]:
        return self.lab.locator(".log .line").all_inner_texts()

    def go(self, *numbers: int) -> None:
        for number in numbers:
            self.lab.locator(".choice").nth(number - 1).click()

    def level(self, number: int) -> None:
        self.lab.locator(".level").nth(number - 1).click()

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def card(self, name: str) -> str:
        return self.lab.locator(f".card[data-row='{name}']").inner_text().replace("\n", " ")

    def link(self, text: str) -> Any:
        return self.lab.get_by_role("button", name=text)

    @property
    def address(self) -> str:
        return self.page.url.partition("#")[2]


@pytest.fixture
def play(tab: Page) -> Play:
    if not Play.url:
        Play.url = tab.url
    return Play(tab)


# ---- to play ---------------------------------------------------------------------------------------


def test_who_may_go_is_offered_with_what_it_would_do_and_goes(play: Play) -> None:
    assert play.offered == ["get_then_update\ncall counter: get", "get_then_update2\ncall counter: get"]
    play.go(1)
    assert "call of get_then_update: get" in play.card("counter")
    assert "waits for the answer of counter" in play.card("get_then_update")
    assert play.text(".caption").startswith("get_then_update: call counter: get.")
    play.lab.locator(".choice", has_text="take call of").click()
    assert "in hand answer 0" in play.card("get_then_update")


def test_a_lost_update_is_told_counted_and_shown(play: Play) -> None:
    assert play.link("Show me the shortest").count() == 0, "not before the reader has tried"
    play.go(2, 1, 1)
    play.link("Run on to the end").click()
    told = play.text(".verdict")
    assert told.lstrip().startswith("Lost update: 2 was expected, 1 stands. Broken in ")
    assert "It can be broken in 2 choices." in told or "No way is shorter." in told
    assert replay(counter_race, play.text(".schedule")).outcome == 1
    assert [line for line in play.log if "from here on it is lost" in line]
    play.link("Show me the shortest").click()
    assert not play.lab.locator(".verdict").is_visible()
    for _ in range(40):
        play.press(".")
    assert "Lost with 2 choices: from there on it ends so, whoever goes next." in play.text(".verdict")
    assert replay(counter_race, play.text(".schedule")).outcome == 1
    assert play.lab.locator(".level").first.locator(".done").count() == 1


def test_a_cured_level_cannot_be_broken_whatever_is_chosen(play: Play) -> None:
    play.level(3)
    draw = random.Random(3)
    for _ in range(3):
        while play.offered:
            play.go(draw.randint(1, len(play.offered)))
        assert (
            play.text(".verdict")
            .lstrip()
            .startswith(f"Right: 2. Nobody can break it. The same in all 4 schedules {IF_TIME_WAITS}")
        )
        assert play.link("Show me the shortest").count() == 0
        play.link("Try again").click()
    assert play.lab.locator(".level").nth(2).locator(".done").count() == 1


def test_back_and_fork_and_the_other_run_is_kept(play: Play) -> None:
    play.level(2)
    play.link("Run on to the end").click()
    assert play.text(".verdict").lstrip().startswith("Right: 2. It can be broken in 2 choices.")
    play.press(",", ",")
    before = len(play.log)
    play.lab.locator(".tb").first.click()
    play.lab.locator(".tb").first.click()
    assert len(play.log) == before, "what comes later stays, to go on or to fork"
    play.lab.locator(".log .line").nth(4).click()
    assert len(play.offered) == 2
    play.go(2)
    play.link("Run on to the end").click()
    assert play.lab.locator(".fork").count() == 1
    play.lab.locator(".fork").click()
    assert "Right: 2." in play.text(".verdict")


def test_by_keys_alone_and_the_focus_is_never_lost(play: Play) -> None:
    play.lab.locator(".choice").first.focus()
    play.press("1", "2", "u", "e")
    focused = "document.activeElement.shadowRoot?.activeElement?.textContent"
    assert play.page.evaluate(focused) == "Show me the shortest way"
    assert play.lab.locator(".verdict").is_visible()
    play.link("Try again").focus()
    play.press("Enter")
    assert play.page.evaluate(focused), "the first choice"
    play.press("Control+1")
    assert play.lab.locator(".log .free").count() == 0


FOCUSED = "document.activeElement.shadowRoot?.activeElement"


def test_the_keys_go_on_working_where_a_button_with_the_focus_is_gone(play: Play) -> None:
    play.lab.locator(".choice").first.focus()
    play.press("1", "e", ",")
    assert play.lab.locator(".verdict").is_hidden(), "and with it the button that had the focus"
    assert play.page.evaluate(f"{FOCUSED}?.ariaLabel").startswith("One step back"), "Enter forks nothing"
    before = play.text(".log .now")
    play.press(",", "Enter")
    assert play.text(".log .now") != before
    while len(play.offered) < 2:
        play.press(",")
    others = ["next in this run" not in text for text in play.lab.locator(".choice").all_inner_texts()]
    play.press(str(1 + others.index(True)), "e")
    play.lab.locator(".fork").first.focus()
    play.press("Enter")
    assert play.page.evaluate(f"{FOCUSED}?.checkVisibility()"), "the other run is shown, and is no other any more"
    play.page.evaluate(f"{FOCUSED}.blur()")
    play.link("Try again").click()
    play.lab.locator(".goal").click()
    assert play.page.evaluate(f"{FOCUSED} ?? null") is None, "where nobody uses the keys, nothing takes the focus"


def test_what_happened_and_who_may_go_is_said_aloud(play: Play) -> None:
    play.go(1)
    live = play.lab.locator("[aria-live=polite]")
    assert re.fullmatch(r"get_then_update: call counter: get\. Next: .* and .*\.", live.text_content() or "")
    assert play.lab.locator(".verdict").get_attribute("role") == "status"
    assert play.lab.get_by_role("group", name="Who goes next").count() == 1


def test_the_reader_is_told_what_is_right_and_what_has_happened_so_far(play: Play) -> None:
    assert (
        play.text(".goal") == "You are the scheduler: you choose who goes next. Right is 2. Can you make it go wrong?"
    )
    assert play.text(".caption").startswith("Before your first choice: ")
    play.go(1)
    play.press(",")
    assert play.text(".caption").startswith("main: wait for a message."), "back: what happened last is told"
    assert play.lab.locator(".choice em").all_inner_texts() == ["next in this run"]
    seen = play.lab.locator(".marks i").evaluate_all(
        "all => all.filter((i) => i.checkVisibility()).map((i) => i.className)"
    )
    assert set(seen) == {"quiet"}, "the crash lab's red marks mean nothing here"


def test_where_it_was_lost_can_be_seen(play: Play) -> None:
    play.link("Run on to the end").click()
    assert play.text(".verdict code:has(code)").startswith('replay(counter_race, "')
    play.link("See where it was lost").click()
    assert play.text(".caption").partition("\n")[0].endswith(" From here on it is lost.")
    assert "from here on it is lost" in play.text(".log .now")
    assert "now" not in (play.lab.locator(".log li").last.get_attribute("class") or "")
    focused = "document.activeElement.shadowRoot?.activeElement?.checkVisibility()"
    assert play.page.evaluate(focused)


def test_the_focus_is_not_lost_with_the_button_that_ends_the_run(play: Play) -> None:
    play.link("As usual").focus()
    for _ in range(60):
        if play.offered:
            play.press("Enter")
    assert play.lab.locator(".verdict").is_visible()
    focused = "document.activeElement.shadowRoot?.activeElement"
    assert play.page.evaluate(f"{focused}.closest('.verdict') !== null")


def test_printed_it_tells_the_level_the_outcome_and_every_step(play: Play) -> None:
    play.link("Run on to the end").click()
    play.page.emulate_media(media="print", reduced_motion="reduce")
    assert [text.split("\n")[0] for text in play.lab.locator(".level:visible").all_inner_texts()] == [
        "1 Break the counter"
    ]
    assert play.lab.locator(".verdict > p").first.is_visible()
    assert not play.lab.locator(".row").is_visible()
    assert play.lab.locator(".log").evaluate("log => log.scrollHeight <= log.clientHeight + 1")
    play.page.emulate_media(media="screen", reduced_motion="reduce")


# ---- what is shown is what was recorded --------------------------------------------------------------

MODEL = """async ([source, docs]) => {
  const { Level } = await import(URL.createObjectURL(new Blob([source], { type: "text/javascript" })));
  window.levels = docs.map((doc) => new Level(doc));
  const each = (list, act) => list.map((_, i) => act(i));
  const rows = (level) => each(level.doc.places, (place) => each(level.doc.rows, (row) => level.row(place, row)));
  window.rows = (n) => rows(levels[n]);
  window.usually = (n) => {
    const steps = levels[n].settle([]);
    for (let move; (move = levels[n].usual(steps)); levels[n].settle(steps)) {
      steps.push({ ...move, free: levels[n].offered(levels[n].at(steps)).length > 1 });
    }
    return levels[n].end(levels[n].at(steps))[0];
  };
  window.told = (n, choices) => {
    const { steps } = levels[n].follow(choices.map(String));
    return [levels[n].schedule(steps), steps.map(({ who }) => who)];
  };
}"""


def test_the_model_of_the_page_is_the_recorded_one_and_its_schedules_can_be_replayed(browser: Browser) -> None:
    page = browser.new_page()
    page.evaluate(MODEL, [front_end.module("schedule_lab")[0], LAB.documents])
    for number, doc in enumerate(LAB.documents):
        for place, rows in enumerate(page.evaluate("n => rows(n)", number)):
            there = {
                tuple(doc["rows"][row][:2]): [each[cell] for cell in ("st", "why", "hand", "has", "at")] + each["box"]
                for row, each in enumerate(rows)
                if each["st"] != "absent"
            }
            assert there == rows_of(doc, place)
        for seed in range(12):
            choices, steps = choices_of(doc, random.Random(seed))
            schedule, gone = page.evaluate("([n, c]) => told(n, c)", [number, choices])
            assert gone == steps
            again = replay(LEVELS[number][1], schedule)
            assert again.steps == [doc["who"][who][0] for who in steps]
            assert set(again.schedule.split("@")) <= {*schedule.split("@"), "(usual)"}
    page.close()


@pytest.mark.parametrize(
    "scene",
    [a_kill, dispatch_race, two_speak, bank_race, *(level[1] for level in LEVELS)],
    ids=lambda scene: scene.__name__,
)
def test_what_is_usual_is_usual_for_explore_too(browser: Browser, scene: Any) -> None:
    """Steps that are taken at once come earlier than in the usual run, and nobody loses his turn by that."""
    page = browser.new_page()
    page.evaluate(MODEL, [front_end.module("schedule_lab")[0], schedule_lab(scene).documents])
    with quiet():
        _, outcome, _ = run_once(scene, lambda depth, enabled, last: usual(enabled, last))
    assert page.evaluate("usually(0)") == outcome
    page.close()


def test_a_schedule_in_which_somebody_becomes_a_server_can_be_replayed(browser: Browser) -> None:
    """Who becomes a server stands at the head of the queue at once: not as long as it has been ready."""
    page = browser.new_page()
    with mock.patch.object(_Plan, "is_silent", lambda plan, step: False):  # as where not every schedule was tried
        doc = schedule_lab(a_supervisor_starts).documents[0]
    page.evaluate(MODEL, [front_end.module("schedule_lab")[0], [doc]])
    for seed in range(40, 50):
        choices, steps = choices_of(doc, random.Random(seed))
        schedule, _ = page.evaluate("([n, c]) => told(n, c)", [0, choices])
        assert replay(a_supervisor_starts, schedule).steps == [doc["who"][who][0] for who in steps]
    page.close()


def choices_of(doc: dict[str, Any], draw: random.Random) -> tuple[list[int], list[int]]:
    """The choices of a random run, and all its steps."""
    place, choices, steps = 0, list[int](), list[int]()
    while doc["places"][place][4] is None:
        moves = doc["places"][place][2]
        who, place, _ = draw.choice([moves[i : i + 3] for i in range(0, len(moves), 3)])
        steps.append(who)
        choices += [who] if len(moves) > 3 else []
    return choices, steps


# ---- a run is a link ---------------------------------------------------------------------------------


def test_the_address_keeps_a_run_and_restores_it(play: Play) -> None:
    assert play.address == ""
    play.level(2)
    play.go(1, 1, 2)
    kept, log, offered = play.address, play.log, play.offered
    assert re.fullmatch(r"run--break-the-counter-and-more--[0-9a-z]+--1(_\d+){3}", kept)
    again = Play(play.page, "#" + kept)
    until(again.page, ".schedule-lab", "root.querySelectorAll('.log .free').length == 3")
    assert (again.log, again.offered) == (log, offered)
    again.link("Start again").click()
    assert again.lab.locator(".log .free").count() == 0
    again.level(1)
    again.go(1)
    assert again.address.endswith("--0_" + again.address.rpartition("_")[2])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda kept: kept.rpartition("_")[0] + "_9", "a run that this lab does not have"),
        (lambda kept: kept + "x!", "a run that this lab does not have"),
        (lambda kept: kept + "_", "a run that this lab does not have"),
        (lambda kept: kept.replace("--1_", "--1e0_"), "a run that this lab does not have"),
        (lambda kept: kept.rpartition("--")[0], "a run that this lab does not have"),
        (lambda kept: kept.replace("--1_", "--7_"), "a run that this lab does not have"),
        (lambda kept: re.sub(r"more--\w+--", "more--abc--", kept), "of another version of this lab"),
    ],
    ids=["step", "signs", "end", "number", "short", "level", "version"],
)
def test_a_broken_or_old_address_is_refused_in_words(play: Play, change: Any, said: str) -> None:
    play.level(2)
    play.go(1, 1)
    again = Play(play.page, "#" + change(play.address))
    until(again.page, ".schedule-lab", "root.querySelector('.caption').textContent.includes('The address')")
    assert said in again.text(".caption")
    again.go(1)
    assert "The address" not in again.text(".caption")


def test_an_address_of_a_lab_that_is_elsewhere_is_refused_once_and_an_anchor_is_left_alone(play: Play) -> None:
    other = Play(play.page, "#run--another--1a--0_1")
    crash = other.page.locator(".crash-lab").first
    until(other.page, ".crash-lab", "root.querySelector('.tip').textContent.includes('not on this page')")
    assert "The address" not in other.text(".caption")
    assert "a lab that is not on this page" in crash.locator(".tip").inner_text()
    anchor = Play(play.page, "#the-counter")
    assert "address" not in anchor.text(".caption") + anchor.page.locator(".crash-lab .tip").inner_text()
    assert anchor.address == "the-counter"


def test_the_browsers_back_and_forward_show_what_the_address_says(play: Play) -> None:
    kept = []
    for number in (1, 2):
        play.go(number)
        kept.append((play.address, play.log))
        play.page.evaluate("location.hash = 'a-heading'")
        play.link("Start again").click()
    play.page.go_back()
    play.page.go_back()
    root = "document.querySelector('.schedule-lab').shadowRoot"
    for step, (address, log) in (("", kept[0]), ("forward", kept[1]), ("back", kept[0])):
        if step:
            play.page.evaluate(f"history.{step}()")
        play.page.wait_for_function(
            f"log => String([...{root}.querySelectorAll('.log .line')].map((e) => e.textContent)) == String(log)",
            arg=log,
        )
        assert play.address == address


def test_what_is_shown_can_be_sent(play: Play) -> None:
    play.link("Run on to the end").click()
    play.link("Show me the shortest way").click()
    address, log = play.address, play.log
    again = Play(play.page, "#" + address)
    until(again.page, ".schedule-lab", "!root.querySelector('.verdict').hidden")
    assert again.log == log


ADDRESSES = """async ([source, titles]) => {
  const { addressOf } = await import(URL.createObjectURL(new Blob([source], { type: "text/javascript" })));
  document.body.replaceChildren();
  history.replaceState(null, "", "#");
  const said = [], kept = titles.map((title, n) => {
    const el = document.body.appendChild(document.createElement("div"));
    const restore = (path) => !!said.push([n, path]), refuse = () => said.push([n]);
    const place = addressOf(true, el, title, "1a", { restore, refuse });
    place.write("" + n);
    return location.hash;
  });
  for (const hash of kept) {
    location.hash = hash + "_5";
    await new Promise((done) => addEventListener("hashchange", done, { once: true }));
  }
  return said;
}"""


def test_each_lab_of_a_page_has_an_address_of_its_own_whatever_it_is_called(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text(HEAD, encoding="utf-8")
    page = browser.new_page()
    page.goto(path.as_uri())
    titles = ["a", "a", "a 2", "a", "x" * 39 + " y", "-", "Zähler", "счётчик", "a--b", "__proto__", ""]
    source = front_end.module("schedule_lab")[0]
    said = page.evaluate(ADDRESSES, [source, titles])
    assert said == [[number, f"{number}_5"] for number in range(len(titles))]
    page.close()


def test_the_crash_lab_keeps_its_path_too(play: Play) -> None:
    crash = play.page.locator(".crash-lab")
    crash.locator(".node").nth(1).click()
    crash.locator(".way[data-way=kill]").click()
    crash.locator("[aria-label='To the next quiet moment']").click()
    kept, log = play.address, crash.locator(".log .line").all_inner_texts()
    assert re.fullmatch(r"run--top--[0-9a-z]+--7", kept)
    Play(play.page, "#" + kept)
    until(play.page, ".crash-lab", "root.querySelectorAll('.crumb').length == 2")
    assert crash.locator(".log .line").all_inner_texts() == log
    crash.get_by_role("button", name="Reset").click()
    assert play.address == ""


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("7_7", "The page ends here, after 1 crash. The address goes on from here."),
        ("7_7k1", "needs a kernel"),
        *((path, "does not have") for path in ("7_x", "999", "7k1", "7_7k99", "w0", "")),
    ],
)
def test_a_path_that_the_crash_lab_cannot_show_is_refused_in_words(play: Play, path: str, said: str) -> None:
    crash = play.page.locator(".crash-lab")
    crash.locator(".node").nth(1).click()
    crash.locator(".way[data-way=kill]").click()
    Play(play.page, "#" + play.address.rpartition("--")[0] + "--" + path)
    until(play.page, ".crash-lab", "root.querySelector('.tip').textContent.includes('address')")
    assert said in crash.locator(".tip").inner_text()
    if path == "w0":
        crash.locator(".way[data-way=kill]").click()
        assert "address" not in crash.locator(".tip").inner_text()


def test_the_address_is_not_touched_by_a_lab_inside_of_jupyter(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "jupyter.html"
    config = '<script id="jupyter-config-data" type="application/json">{}</script>'
    path.write_text(page_of(config, LAB._repr_html_()), encoding="utf-8")
    page = browser.new_page()
    page.goto(path.as_uri())
    page.locator(".choice").first.click()
    assert page.locator(".log .free").count() == 1
    assert page.url == path.as_uri()
    page.close()


# ---- everywhere, and for everybody -------------------------------------------------------------------


def test_two_labs_of_one_page_load_what_they_share_once() -> None:
    crash, schedule = player.html(Lab(pair).document(1)), LAB._repr_html_()
    shared = [re.search(r'<script data-lab-code="(lab_parts\.\w+)">', html)[1] for html in (crash, schedule)]  # type: ignore[index]
    assert shared[0] == shared[1]
    assert 'globalThis.otpLabs ??= {})["' in schedule


def test_the_scripts_of_the_lab_are_less_than_sixty_kilobytes() -> None:
    """With the part that a crash lab of the page has loaded already; style included."""
    scripts = re.findall(r'<script data-lab-code="(\w+)\.\w+">(.*?)</script>', LAB._repr_html_(), re.DOTALL)
    sizes = {name: len(code.encode()) for name, code in scripts}
    assert sizes.keys() == {"lab_parts", "schedule_lab"}
    assert sum(sizes.values()) < 60_000


@pytest.mark.parametrize("width", [360, 390, 768, 1440])
def test_it_fits_every_width(play: Play, width: int) -> None:
    play.page.set_viewport_size({"width": width, "height": 900})
    play.go(2, 1, 1)
    play.link("Run on to the end").click()
    assert play.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    small = """[...document.querySelector('.schedule-lab').shadowRoot.querySelectorAll('.choice, .level, .go, .again')]
      .filter((e) => e.getBoundingClientRect().height < 44 && e.offsetParent).length"""
    assert play.page.evaluate(small) == 0, "a finger finds it"
    play.page.set_viewport_size({"width": 1000, "height": 1200})


def test_it_is_played_by_touch(browser: Browser, play: Play) -> None:
    """By real touches, which a mouse does not follow where the page has taken them."""
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    touched = Play(context.new_page())

    def tap(part: str, number: int = 0) -> None:
        touched.lab.locator(part).nth(number).tap()

    tap(".choice")
    play.go(1)
    assert (touched.offered, touched.log) == (play.offered, play.log)
    touched.link("Run on to the end").tap()
    play.link("Run on to the end").click()
    assert touched.text(".verdict") == play.text(".verdict") != ""
    touched.link("Try again").tap()
    play.link("Try again").click()
    assert (touched.offered, touched.log) == (play.offered, play.log)
    tap(".level", 1)
    play.level(2)
    assert touched.offered == play.offered
    context.close()


AXE = """async () => (await axe.run(".schedule-lab")).violations
  .map(({ id, nodes }) => [id, nodes.map((node) => node.html)])"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(play: Play, axe: Path, scheme: Any) -> None:
    play.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    play.page.evaluate(axe.read_text(encoding="utf-8"))
    assert play.page.evaluate(AXE) == []
    play.go(2, 1, 1)
    play.link("Run on to the end").click()
    assert play.page.evaluate(AXE) == []
    play.page.emulate_media(color_scheme="light", reduced_motion="reduce")


def test_in_forced_colours_the_state_is_told_by_words_and_lines(play: Play) -> None:
    play.page.emulate_media(forced_colors="active", reduced_motion="reduce")
    play.go(2)
    assert play.lab.locator(".card[data-hot]").count() >= 1
    style = play.lab.locator(".card[data-hot]").first.evaluate("e => getComputedStyle(e).outlineStyle")
    assert style == "solid"
    play.link("Run on to the end").click()
    line = "e => getComputedStyle(e).borderLeftColor"
    now, other = (play.lab.locator(f".log li{kind}").first.evaluate(line) for kind in (".now", ":not(.now, .free)"))
    assert now != other, "the line of now can be told from the others"
    assert play.lab.locator(".go").evaluate("e => getComputedStyle(e).borderTopStyle") == "solid"
    play.page.emulate_media(forced_colors="none", reduced_motion="reduce")


def test_where_scripts_do_not_run_the_text_is_read(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "plain.html"
    path.write_text(page_of(LAB._repr_html_()), encoding="utf-8")
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(path.as_uri())
    assert "8 x  1  wrong  by (usual)" in page.locator("pre").inner_text()
    context.close()


def test_what_was_not_recorded_is_said_and_nothing_is_claimed_of_it(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "some.html"
    labs = [
        schedule_lab(counter_race, is_two, most=30),
        schedule_lab(counter_race, lambda total: False, title="never"),
        schedule_lab(counter_race, title="no check"),
        schedule_lab(counter_race, lambda total: total > 0, title="all right"),
    ]
    path.write_text(page_of(*(lab._repr_html_() for lab in labs)), encoding="utf-8")
    page = browser.new_page(reduced_motion="reduce")
    page.goto(path.as_uri())
    few, never, free, right = page.locator(".schedule-lab").all()
    few.locator(".choice").first.click()
    few.locator(".choice[aria-disabled=true]").click(force=True)
    assert few.locator(".caption").inner_text().startswith("This page does not hold what comes when ")
    few.get_by_role("button", name="Run on to the end").click()
    assert "does not hold" not in few.locator(".caption").inner_text()
    assert "No way is shorter" not in few.locator(".verdict").inner_text()
    for lab, said in (
        (never, "It goes wrong whoever goes next."),
        (free, "1. 2 outcomes"),
        (right, "Nobody can break it."),
    ):
        lab.get_by_role("button", name="Run on to the end").click()
        assert said in lab.locator(".verdict").inner_text()
    assert free.locator(".goal").inner_text().endswith("How can it end?")
    assert [str(lab).splitlines()[-1] for lab in labs[:2]] == [
        "In the lab it can be broken in "
        + str(labs[0].documents[0]["shortest"]["choices"])
        + " choices of who goes next, the usual ones counted, or with fewer: not all is recorded.",
        "It goes wrong whoever goes next.",
    ]
    page.close()


def test_what_a_scenario_says_becomes_no_markup(browser: Browser, tmp_path: Path) -> None:
    lab = schedule_lab(hostile_mail, lambda outcome: False, title="<img src=x onerror=hacked=1>", fault="<b>x</b>")
    path = tmp_path / "hostile.html"
    path.write_text(page_of(lab._repr_html_()), encoding="utf-8")
    page = browser.new_page()
    page.goto(path.as_uri())
    while page.locator(".choice").count():
        page.locator(".choice").first.click()
    assert page.evaluate("window.hacked") is None
    assert page.locator(".schedule-lab img, .schedule-lab b b").count() == 0
    assert "<b>x</b>" in page.locator(".verdict").inner_text()
    page.close()

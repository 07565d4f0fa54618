"""The crash lab's controls: they do what they name, follow what is shown, and keep their place."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import pytest
from crash_lab_reader import Reader, lab_page, shop_html
from lab_scenarios import part
from playwright.sync_api import Browser

from otp_mini import Supervisor
from otp_mini.lab import Lab, strategy_labs
from otp_mini.viz import player

pytestmark = [
    pytest.mark.timeout(300),  # a browser on a busy machine
    pytest.mark.filterwarnings("default::ResourceWarning"),  # Playwright's own, at its end
]
STILL: dict[str, Any] = {"reduced_motion": "reduce"}


async def kiosk() -> Any:
    return await Supervisor.start_link([part("clock")], strategy="one_for_one", name="kiosk")


@functools.cache
def kiosk_html() -> str:
    return player.html(Lab(kiosk, wait=(0.5, 2.0, 6.0)).document(8))


@functools.cache
def lanes_html() -> str:
    labs, script = strategy_labs(
        [part(name) for name in ("line", "session", "sales")], [("session", "raise"), ("line", "raise")]
    )
    return player.compare_html([lab.document(3) for lab in labs], script)


def lanes(browser: Browser, folder: Path, **options: Any) -> Reader:
    return Reader(browser, lab_page(folder, lanes_html()), **{"viewport": {"width": 1280, "height": 900}, **options})


def who(r: Reader) -> str:
    return r.lab.locator(".who").inner_text()


def lives(r: Reader) -> list[int]:
    return [int(life) for life in r.lab.locator(".node").evaluate_all("all => all.map(n => n.dataset.life)")]


# ---- what is named is what is ended ------------------------------------------------------------------------------


def test_a_key_that_cannot_do_it_says_so_and_names_whom_the_buttons_end(browser: Browser, tmp_path: Path) -> None:
    r = Reader(browser, lab_page(tmp_path, kiosk_html()), **STILL)
    assert who(r) == "End clock with"
    r.node("kiosk").focus()
    r.keys("1")
    assert who(r) == "End kiosk with"
    assert r.tip == "A supervisor cannot raise: it runs only OTP's own code."
    assert r.lab.locator(".way[data-way=raise] small").inner_text() == "a supervisor cannot raise"
    r.lab.locator(".way[data-way=kill]").click()
    assert r.caption == "You kill kiosk."
    r.close()


@pytest.mark.parametrize("make", [kiosk_html, lanes_html])
def test_whatever_was_tried_by_key_the_buttons_end_the_process_that_is_named(
    browser: Browser, tmp_path: Path, make: Any
) -> None:
    r = Reader(browser, lab_page(tmp_path, make()), **STILL)
    for node in range(r.lab.locator(".tree").first.locator(".node").count()):
        r.lab.locator(".node").nth(node).focus()
        r.keys("1")  # a supervisor refuses, a worker raises
        r.to_quiet() if r.tool("To the next quiet moment").is_enabled() else None
        name = r.lab.locator(".node").nth(node).locator(".name").inner_text()
        assert who(r).startswith(f"End {name} ")
        r.lab.locator(".way[data-way=kill]").click()
        assert f"You kill {name}" in r.caption
        for _ in range(3):
            r.tool("To the crash before").click(force=True)  # to the start
    r.close()


@pytest.mark.parametrize("make", [kiosk_html, lanes_html, shop_html])
def test_the_tab_stop_of_a_tree_is_the_process_that_is_picked(browser: Browser, tmp_path: Path, make: Any) -> None:
    r = Reader(browser, lab_page(tmp_path, make()), **STILL)
    trees = r.lab.locator(".tree").count()
    for node in range(r.lab.locator(".tree").first.locator(".node").count()):
        r.lab.locator(".node").nth(node).click()
        r.lab.locator(".way").first.focus()
        r.keys(",")
        assert r.lab.locator(".node[tabindex='0']").count() == trees
        assert r.lab.locator(".node[tabindex='0'][aria-pressed=true]").count() == trees
    r.close()


# ---- time passes in a stored page ----------------------------------------------------------------------------------


def play(r: Reader, *steps: float | str) -> None:
    for step in steps:
        if isinstance(step, str):
            r.lab.locator(f".way[data-way={step}]").click()
        else:
            r.lab.locator(f"[data-wait='{step:g}']").click()
        r.to_quiet()


def test_the_window_slides_in_a_stored_page(browser: Browser, tmp_path: Path) -> None:
    """Crashes at 0, 2, 4, 6, 8 s are never more than three in five seconds; one more at 8.5 s is the fourth."""
    r = Reader(browser, lab_page(tmp_path, kiosk_html()), **STILL)
    play(r, "raise", 2, "raise", 2, "raise", 2, "raise", 2, "raise", 0.5)
    assert (r.state("kiosk"), r.life("clock"), r.lab.locator(".stamp").inner_text()) == ("running", 6, "8.5 s")
    play(r, "raise")
    assert r.state("kiosk") == "stopped"
    assert "kiosk counts 4 restarts within 5 s. Only 3 are allowed." in r.log
    r.close()


def test_three_at_once_and_one_two_seconds_later_are_too_many_and_six_seconds_later_not(
    browser: Browser, tmp_path: Path
) -> None:
    r = Reader(browser, lab_page(tmp_path, kiosk_html()), **STILL)
    play(r, "raise", "raise", "raise")
    assert r.lab.locator(".track i").all_inner_texts() == ["3"], "three at one moment are one dot that counts them"
    play(r, 2, "raise")
    assert r.state("kiosk") == "stopped"
    r.lab.locator(".crumb").nth(3).click()
    play(r, 6, "raise", "raise", "raise", 2, 6, "raise")
    assert (r.state("kiosk"), r.life("clock")) == ("running", 8)
    r.close()


# ---- the controls follow the frame that is shown ---------------------------------------------------------------


@pytest.mark.parametrize("make", [kiosk_html, lanes_html])
def test_the_end_is_not_given_away_before_it_is_shown(browser: Browser, tmp_path: Path, make: Any) -> None:
    r = Reader(browser, lab_page(tmp_path, make()), **STILL)
    if make is kiosk_html:
        play(r, "raise", "raise", "raise")
        r.lab.locator(".way[data-way=raise]").click()
    else:
        r.node("Supervisor").first.click()
        r.lab.locator(".way[data-way=kill]").click()
    ended, frames = [], 0
    while r.tool("One step on").get_attribute("aria-disabled") == "false":
        tops = r.lab.locator(".tree").evaluate_all("all => all.map(t => t.querySelector('.node').dataset.st)")
        said = "has ended" in who(r)
        ended.append(said)
        assert not (said and "running" in tops), r.caption
        assert (r.lab.locator(".way.never").count() == 4) == said
        r.keys(".")
        frames += 1
    assert frames > 1
    assert not ended[0]
    assert "has ended" in who(r)
    assert r.lab.locator(".way.never").count() == 4
    r.close()


def test_the_page_says_that_it_ends_where_the_reader_has_seen_all_of_it(browser: Browser, tmp_path: Path) -> None:
    r = Reader(browser, lab_page(tmp_path, shop_html()), **STILL)
    r.crash("Cart", "raise")
    r.end("Mailer", "normal")
    assert "ends here" not in r.tip
    r.lab.locator(".way[data-way=kill]").click()
    assert "The page ends here" in r.tip
    assert r.caption.startswith("Quiet again.")
    r.close()


# ---- several strategies ---------------------------------------------------------------------------------------------


def test_a_comparison_says_that_its_script_is_ready_and_reset_brings_it_back(browser: Browser, tmp_path: Path) -> None:
    r = lanes(browser, tmp_path, **STILL)
    reset = r.lab.get_by_text("Reset")
    assert r.tip == "Play: session raises, then line raises."
    assert not reset.is_visible(), "there is nothing to take back"
    r.to_quiet()
    r.to_quiet()
    played = lives(r)
    assert (r.tip, sum(played)) == ("", 4 + 4 + 4 + 2 + 6 + 5)
    reset.click()
    assert r.tip == "Play: session raises, then line raises."
    assert r.focused("classList[0]") == "node"
    r.node("sales").first.click()
    r.lab.locator(".way[data-way=kill]").click()
    r.to_quiet()
    reset.click()
    assert lives(r) == [1] * 12
    r.lab.locator(".tip .link").click()
    r.keys("p")
    r.to_quiet()
    r.to_quiet()
    assert lives(r) == played
    r.close()


@pytest.mark.parametrize("count", [3, 6])
def test_on_a_phone_the_controls_are_there_while_the_lanes_are_seen(
    browser: Browser, tmp_path: Path, count: int
) -> None:
    labs, script = strategy_labs([part(f"p{n}") for n in range(count)], [("p0", "raise")])
    html = player.compare_html([lab.document(1, room=0) for lab in labs], script)
    r = Reader(browser, lab_page(tmp_path, html), viewport={"width": 360, "height": 740}, **STILL)
    r.page.evaluate("document.querySelector('.crash-lab').shadowRoot.querySelector('.lanes').scrollIntoView()")
    ways = [".way[data-way=raise]", ".way[data-way=kill]"] if count == 3 else []  # a long tree leaves room for one row
    for selector in (*ways, ".tb.main"):
        box = r.lab.locator(selector).bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= 740, f"{selector} is below the window"
    r.close()


def test_one_voice_tells_a_screen_reader_what_each_lane_does(browser: Browser, tmp_path: Path) -> None:
    r = lanes(browser, tmp_path, **STILL)
    heard = r.lab.locator("[role=status], [role=alert], [aria-live]:not([aria-live=off])")
    assert heard.count() == 1
    assert heard.inner_text().strip() == "Play: session raises, then line raises."
    r.keys(*["Tab"] * 2)
    r.tool("One step on").click()
    names = ("one_for_one", "rest_for_one", "one_for_all")
    for name in names:
        assert f"{name}: You make session raise" in heard.inner_text()
    for nth, name in enumerate(names):
        said = r.lab.get_by_role("group", name=name, exact=True).filter(has=r.page.locator(".caption"))
        assert said.count() == 1
        assert said.locator(".caption").inner_text() == r.lab.locator(".caption").nth(nth).inner_text()
    r.close()


CROSSING = """() => [...document.querySelector(".crash-lab").shadowRoot.querySelectorAll(".lane .node")]
  .flatMap((node) => {
  const box = (name) => node.querySelector(name).getBoundingClientRect(), life = box(".life"), marks = box(".fate");
  const apart = !marks.width || marks.right <= life.left || life.right <= marks.left || marks.bottom <= life.top;
  const beside = Math.abs(life.top - box(".sub span").top) < 6;
  return apart && (beside || innerWidth < 600) ? [] : [node.textContent];
})"""


@pytest.mark.parametrize("width", [360, 760, 1024, 1280])
def test_the_life_stands_beside_the_state_and_no_mark_lies_on_it(browser: Browser, tmp_path: Path, width: int) -> None:
    r = lanes(browser, tmp_path, viewport={"width": width, "height": 900}, **STILL)
    for _ in range(2):
        r.to_quiet()
        assert r.page.evaluate(CROSSING) == []
    r.close()


# ---- with wide letters, and below what sticks to the window -------------------------------------------------------

WIDE = """() => {
  const sheet = new CSSStyleSheet(), root = document.querySelector(".crash-lab").shadowRoot;
  sheet.replaceSync('.lab { font-family: "DejaVu Sans", Verdana, sans-serif !important; }');
  root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
}"""


def test_wide_letters_break_no_control_above_the_tree(browser: Browser, tmp_path: Path) -> None:
    r = Reader(browser, lab_page(tmp_path, kiosk_html()), **STILL)
    r.page.evaluate(WIDE)
    for _ in range(4):
        r.end("clock", "raise")
        r.to_quiet()
    for width in range(560, 900, 20):
        r.page.set_viewport_size({"width": width, "height": 900})
        heights = r.lab.locator(".head > button").evaluate_all(
            "all => all.map(one => one.getBoundingClientRect().height)"
        )
        assert max(heights) < 36, f"a control has two lines in a window of {width}"
    r.close()


def test_wide_letters_cut_no_state_in_the_lanes_of_a_phone(browser: Browser, tmp_path: Path) -> None:
    r = lanes(browser, tmp_path, viewport={"width": 348, "height": 740}, **STILL)  # 360 less a scroll bar
    r.page.evaluate(WIDE)
    r.lab.locator(".node.sup").first.click()
    r.lab.locator(".way[data-way=shutdown]").click()
    r.to_quiet()
    states = r.lab.locator(".lane .sub > span:not(.life)")
    assert "stopped" in states.all_inner_texts()
    assert (
        states.evaluate_all("all => all.filter(one => one.scrollWidth > one.clientWidth).map(one => one.innerText)")
        == []
    )
    r.close()


async def four() -> Any:
    names = ("prices", "orders", "basket", "mails")
    return await Supervisor.start_link([part(name) for name in names], strategy="one_for_all", name="shop")


OVERLAID = """() => {
  const root = document.querySelector(".crash-lab").shadowRoot;
  const boxes = (name) => [...root.querySelectorAll(".tree " + name)]
    .filter((one) => one.textContent || one.firstChild).map((one) => one.getBoundingClientRect());
  const apart = (a, b) => a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top;
  const lives = boxes(".life"), fates = boxes(".fate span");
  return [lives.length, fates.length, lives.flatMap((life) => fates.filter((fate) => !apart(life, fate))).length];
}"""


@pytest.mark.parametrize("letters", ["narrow", "wide"])
@pytest.mark.parametrize("width", [360, 390, 900])
def test_no_mark_lies_on_the_life_of_a_narrow_process(
    browser: Browser, tmp_path: Path, width: int, letters: str
) -> None:
    """With four children on a phone there is little room for two marks and a number."""
    r = Reader(
        browser, lab_page(tmp_path, player.html(Lab(four).document(1))), viewport={"width": width, "height": 844}
    )
    if letters == "wide":
        r.page.evaluate(WIDE)
    r.crash("orders", "raise")
    lives, fates, overlaid = r.page.evaluate(OVERLAID)
    assert (lives, overlaid) == (4, 0)
    assert fates >= 8, "each of the four was stopped, or crashed, and started"
    r.close()


def test_what_forgets_the_other_futures_stands_apart_from_them(browser: Browser, tmp_path: Path) -> None:
    r = Reader(browser, lab_page(tmp_path, kiosk_html()), **STILL)
    r.end("clock", "raise")
    r.to_quiet()
    r.tool("To the crash before").click()
    r.end("clock", "kill")
    link, fork = (r.lab.locator(f".forks {kind}").first.bounding_box() for kind in ("button.link", "button.fork"))
    assert link is not None
    assert fork is not None
    assert fork["x"] - link["x"] - link["width"] >= 4 or fork["y"] >= link["y"] + link["height"] / 2
    r.close()


COVERED = """() => {
  const root = document.querySelector(".crash-lab").shadowRoot, focused = root.activeElement;
  const { left, top, width, height } = focused.getBoundingClientRect();
  return focused.contains(root.elementFromPoint(left + width / 2, top + height / 2)) ? null : focused.className;
}"""


def test_on_a_phone_the_focus_is_never_below_the_controls(browser: Browser, tmp_path: Path) -> None:
    r = Reader(browser, lab_page(tmp_path, kiosk_html()), viewport={"width": 360, "height": 740}, **STILL)
    r.end("clock", "raise")
    r.to_quiet()
    r.lab.locator(".way").first.focus()
    r.page.evaluate("scrollTo(0, 0)")
    r.page.evaluate("document.querySelector('.crash-lab').style.paddingTop = '260px'")  # the tree is below the controls
    found = []
    while not found or r.focused("classList[0]") != "crumb":
        r.keys("Shift+Tab")
        found.append(r.page.evaluate(COVERED))
    assert set(found) == {None}
    r.close()


# ---- everything keeps its place --------------------------------------------------------------------------------

PARTS = """() => {
  const root = document.querySelector(".crash-lab").shadowRoot;
  const { top } = root.querySelector(".lab").getBoundingClientRect();
  const names = ["lab", "head", "tree", "legend", "ways", "transport", "saying", "sayings", "below", "log", "meters"];
  return names.flatMap((name) => [...root.querySelectorAll("." + name)].map((found) => {
    const box = found.getBoundingClientRect();
    return `${name} ${Math.round(box.top - top)} ${Math.round(box.height)}`;
  })).join(", ");
}"""


@pytest.mark.parametrize("width", [360, 760, 1280])
@pytest.mark.parametrize("make", [kiosk_html, lanes_html])
def test_nothing_moves_from_the_start_to_the_end_of_everything(
    browser: Browser, tmp_path: Path, make: Any, width: int
) -> None:
    r = Reader(browser, lab_page(tmp_path, make()), viewport={"width": width, "height": 1600}, **STILL)
    places = {}
    crashes = 4 if make is kiosk_html else 1
    for _ in range(crashes):
        if make is kiosk_html:
            r.lab.locator(".way[data-way=raise]").click()
        r.lab.locator(".way").first.focus()
        while r.tool("One step on").get_attribute("aria-disabled") == "false":
            places.setdefault(r.page.evaluate(PARTS), r.caption)
            r.keys(".")
        places.setdefault(r.page.evaluate(PARTS), r.caption)
    assert r.lab.locator(".node[data-life='2']").count() or r.life("clock") == 4
    assert len(places) == 1, places
    r.close()


# ---- what is said --------------------------------------------------------------------------------------------------


def test_the_keys_of_a_stored_page_are_those_that_work_there(browser: Browser, tmp_path: Path) -> None:
    r = Reader(browser, lab_page(tmp_path, kiosk_html()), **STILL)
    r.lab.locator(".keys summary").click()
    told = r.lab.locator(".keys p").inner_text()
    assert "in the middle" not in told
    assert "w goes to the waits and Enter lets time pass" in told
    r.node("clock").focus()
    r.keys("w", "Enter")
    assert r.path == ["Start", "wait 0.5 s"]
    r.close()


def test_who_died_with_its_supervisor_has_not_crashed(browser: Browser, tmp_path: Path) -> None:
    r = Reader(browser, lab_page(tmp_path, shop_html()), **STILL)
    r.crash("Web", "kill")
    marks = {
        name: r.node(name).locator(".fate span").evaluate_all("all => all.map(e => e.dataset.fate)")
        for name in ("Web", "Listener", "Mailer", "Cart")
    }
    died = ["dragged", "started"]
    assert marks == {"Web": ["crashed", "started"], "Listener": died, "Mailer": died, "Cart": []}
    assert "in this step died with another and started" in (r.node("Listener").text_content() or "")
    assert "died with another" in r.lab.locator(".legend").inner_text()
    r.close()


def test_reset_begins_the_score_anew_and_keeps_no_crash_without_an_answer(browser: Browser, tmp_path: Path) -> None:
    r = Reader(browser, lab_page(tmp_path, shop_html(predict=True)), **STILL)
    r.end("Cart", "raise")
    r.lab.locator(".option").first.click()
    assert r.lab.locator(".score").inner_text() == "0 of 1 right"
    r.lab.locator(".go").click()
    r.to_quiet()
    r.end("Web", "kill")
    r.lab.get_by_text("Reset").click()
    assert r.lab.locator(".fork").all_inner_texts() == ["Cart · raise"]
    r.end("Cart", "raise")
    assert r.lab.locator(".score").inner_text() == ""
    r.lab.get_by_text("Reset").click()
    assert r.lab.locator(".fork").count() == 1
    r.lab.locator(".fork").click()
    assert r.path == ["Start", "Cart · raise"]
    r.close()


@pytest.mark.parametrize("make", [kiosk_html, lanes_html])
def test_where_nothing_moves_by_itself_the_page_says_how_to_go_on(browser: Browser, tmp_path: Path, make: Any) -> None:
    r = Reader(browser, lab_page(tmp_path, make()), **STILL)
    r.lab.locator(".way[data-way=kill]").click()
    assert r.tip == "Press Play, or . for one step."
    r.keys(".")
    assert r.tip == ""
    r.close()
    moving = Reader(browser, lab_page(tmp_path, make()))
    moving.lab.locator(".way[data-way=kill]").click()
    assert "Press Play" not in moving.tip
    moving.close()

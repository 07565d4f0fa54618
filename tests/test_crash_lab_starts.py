"""The children that a reader starts, in a real browser: by mouse, by keys, by ear, from the address, with a kernel."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from crash_lab_reader import Reader, lab_page
from lab_scenarios import GUESTS, Part, hall, part
from playwright.sync_api import Browser
from test_crash_lab_page import Kernel, live_page

from otp_mini import Process, Stop
from otp_mini.lab import Lab
from otp_mini.viz import player

pytestmark = [
    pytest.mark.timeout(300),  # a browser on a busy machine
    pytest.mark.filterwarnings("default::ResourceWarning"),  # Playwright's own, at its end
]
STILL: dict[str, Any] = {"reduced_motion": "reduce"}


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return lab_page(tmp_path_factory.mktemp("hall"), player.html(Lab(hall, starts=GUESTS).document(3)))


def start(r: Reader, name: str) -> None:
    """Ask for a child, and see all that comes of it."""
    r.lab.get_by_role("button", name=f"Start {name} under pool", exact=True).click()
    r.to_quiet()


def open_starts(r: Reader) -> list[str]:
    return r.lab.locator(".start:not([aria-disabled=true])").all_inner_texts()


def test_a_child_comes_is_ended_and_is_told_of_in_words(browser: Browser, page: Path) -> None:
    r = Reader(browser, page, **STILL)
    assert r.lab.locator(".node:visible .name").all_inner_texts() == ["top", "A", "pool"]
    start(r, "c2")
    assert r.log == ["You ask pool to start c2.", "pool starts c2 as #PID<0.6.0>.", "Quiet again. Started: c2."]
    assert r.node("c2").get_attribute("data-st") == "running"
    assert r.lab.locator(".card").inner_text().count("temporary") == 0
    r.crash("c2", "raise")
    assert r.log[-2:] == ["c2 is temporary: pool forgets it.", "Quiet again. Nothing was restarted."]
    assert r.path == ["Start", "c2 · start", "c2 · raise"]
    r.lab.locator(".log .line").nth(1).click()
    r.keys("y")
    assert r.lab.locator(".because").inner_text() == "c2 was started, because you asked pool to start c2."
    r.close()


def test_who_finds_no_room_gets_an_error_and_nothing_is_started(browser: Browser, page: Path) -> None:
    r = Reader(browser, page, **STILL)
    for name in ("c0", "c1", "c2"):
        start(r, name)
    assert r.log[-2:] == ["You get the error 'max_children' from pool.", "Quiet again. Nothing was started."]
    r.lab.locator(".log .line").nth(-2).click()
    r.keys("y")
    assert r.lab.locator(".because").inner_text() == (
        "You get the error 'max_children' from pool, because you asked it to start c2."
    )
    assert not r.node("c2").is_visible()
    assert len(open_starts(r)) == 4, "a refused start changes nothing, so the page goes on as from before it"
    r.close()


class Tardy(Part):
    """Fails after longer than a lab waits for it."""

    async def init(self, name: Any) -> Any:
        await Process.sleep(100.0)
        return Stop("late")


def test_why_of_a_late_error_names_the_question_and_not_the_action_before(browser: Browser, tmp_path: Path) -> None:
    document = Lab(hall, starts={"pool": [part("T", Tardy)]}, wait=50.0).document(3)
    r = Reader(browser, lab_page(tmp_path, player.html(document)), **STILL)
    start(r, "T")
    r.crash("A", "raise")
    r.lab.get_by_role("button", name="50 s").click()
    r.to_quiet()
    for line, why in (
        ("You get the error", "You get the error 'late' from pool, because you asked it to start T."),
        ("T could not start", "T could not start: 'late', because you asked pool to start T."),
    ):
        r.lab.locator(".log .line", has_text=line).last.click()
        r.keys("y")
        assert r.lab.locator(".because").inner_text() == why
    r.close()


def test_nothing_can_be_started_under_a_supervisor_that_is_down(browser: Browser, page: Path) -> None:
    r = Reader(browser, page, **STILL)
    assert open_starts(r) == ["c0", "c1", "c2", "c3"]
    r.crash("pool", "kill")
    assert open_starts(r) == ["c0", "c1", "c2", "c3"], "it was restarted"
    r.crash("top", "kill")
    assert not r.lab.locator(".starts").is_visible()
    r.close()


def test_a_start_by_keyboard_alone_and_what_a_screen_reader_hears(browser: Browser, page: Path) -> None:
    r = Reader(browser, page, **STILL)
    r.node("pool").focus()
    r.keys("s")
    assert r.focused("getAttribute('aria-label')") == "Start c0 under pool"
    r.keys("Tab", "Enter")
    heard = r.lab.locator(".caption")
    assert heard.get_attribute("aria-live") == "polite"
    assert r.caption == "You ask pool to start c1."
    assert r.focused("getAttribute('aria-label')") == "Start c1 under pool", "the focus stays"
    r.keys(".", ".")
    assert r.caption == "Quiet again. Started: c1."
    group = r.lab.get_by_role("group", name="Who is started")
    assert group.get_by_role("button").count() == 4
    r.lab.locator(".keys summary").click()
    assert "s goes to the starts" in r.lab.locator(".keys p").inner_text()
    r.close()


def test_a_path_with_starts_is_in_the_address_and_comes_back_from_it(browser: Browser, page: Path) -> None:
    r = Reader(browser, page, **STILL)
    start(r, "c2")
    r.crash("c2", "kill")
    start(r, "c1")
    address = r.page.url
    assert address.endswith("--s2_23_s1")
    again = Reader(browser, address, **STILL)
    again.page.wait_for_function(
        "document.querySelector('.crash-lab').shadowRoot.querySelectorAll('.crumb').length > 1"
    )
    assert again.path == ["Start", "c2 · start", "c2 · kill", "c1 · start"]
    assert again.caption == "Quiet again. Started: c1."
    wrong = Reader(browser, address.replace("s2_23_s1", "s9"), **STILL)
    wrong.page.wait_for_timeout(100)
    assert wrong.path == ["Start"]
    assert "does not have" in wrong.tip
    for each in (again, wrong, r):
        each.close()


def test_a_prediction_is_asked_of_an_end_and_not_of_a_start(browser: Browser, page: Path, tmp_path: Path) -> None:
    html = player.html(Lab(hall, starts=GUESTS).document(2), predict=True)
    r = Reader(browser, lab_page(tmp_path, html), **STILL)
    start(r, "c0")
    assert r.caption == "Quiet again. Started: c0."
    r.end("c0", "raise")
    assert r.lab.locator(".option").count() >= 2
    r.close()


def test_where_a_kernel_answers_a_child_may_be_started_in_the_middle(browser: Browser, tmp_path: Path) -> None:
    lab = Lab(hall, starts=GUESTS)
    r = Reader(browser, "about:blank", **STILL)
    r.page.expose_function("kernel", Kernel(lab))
    r.page.goto(live_page(tmp_path, Lab(hall, starts=GUESTS).document(0)).as_uri())
    start(r, "c0")
    assert r.node("c0").get_attribute("data-st") == "running"
    r.end("A", "raise")
    r.moment("now, in the middle")
    r.lab.get_by_role("button", name="Start c1 under pool").click()
    r.to_quiet()
    assert "You ask pool to start c1." in r.log
    assert any(line.startswith("You get the error shutdown") for line in r.log)
    r.close()


@pytest.mark.parametrize("width", [360, 390])
def test_on_a_phone_starts_can_be_hit_and_nothing_sticks_out(browser: Browser, page: Path, width: int) -> None:
    r = Reader(browser, page, viewport={"width": width, "height": 740}, has_touch=True, is_mobile=True, **STILL)
    sizes = r.lab.locator(".start").evaluate_all("all => all.map(b => Math.min(b.offsetWidth, b.offsetHeight))")
    assert min(sizes) >= 40
    r.lab.locator(".start").first.tap()
    assert r.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    r.close()

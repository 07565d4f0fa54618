"""The crash lab in a real browser, as its readers use it: by mouse, by touch, by keys, by ear."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from browser import serving
from crash_lab_reader import Reader, lab_page, orders, orders_document, shop_document, shop_html, shop_lab
from lab_scenarios import crowd, knows, linked, machine, nursery, pair, part, pay, picky, pool, slow
from playwright.sync_api import Browser, expect

from otp_mini import receive, spawn
from otp_mini.lab import Lab, strategy_labs
from otp_mini.viz import front_end, player

pytestmark = [
    pytest.mark.timeout(300),  # a browser on a busy machine
    pytest.mark.filterwarnings("default::ResourceWarning"),  # Playwright's own, at its end
]

GO_ON = "Go back and fork, or run the notebook, to go on."


@pytest.fixture
def shop_page(tmp_path: Path) -> Path:
    """Two labs of the shop; the second asks first."""
    return lab_page(tmp_path, shop_html(), shop_html(predict=True))


@pytest.fixture
def orders_page(tmp_path: Path) -> Path:
    return lab_page(tmp_path, player.html(orders_document()))


# ---- crash, step, fork -------------------------------------------------------------------------------------


def test_a_crash_by_mouse_plays_by_itself(browser: Browser, shop_page: Path) -> None:
    r = Reader(browser, shop_page)
    r.end("Cart", "raise")
    expect(r.node("Cart")).to_have_attribute("data-st", "dead")
    r.to_quiet()
    assert [r.life(name) for name in ("Cart", "Payment", "Stock", "Listener")] == [2, 2, 2, 1]
    assert r.caption == "Quiet again. Started anew: Cart, Payment and Stock."
    assert r.log[:4] == [
        "You make Cart raise ValueError('quantity is -1').",
        "Cart ended with ValueError('quantity is -1').",
        "The exit signal reaches Orders, its supervisor.",
        "Orders counts a restart: 1 of 3 within 5 s.",
    ]
    assert r.log[-2:] == ["Orders restarts Stock as #PID<0.14.0> (2nd life).", r.caption]
    r.close()


def test_the_page_works_from_a_server_too(browser: Browser, shop_page: Path) -> None:
    with serving(shop_page.parent) as server:
        r = Reader(browser, server.address + shop_page.name)
        r.crash("Cart", "raise")
        assert r.life("Cart") == 2
        assert [url for url in r.asked if url != "data:,"] == [server.address + shop_page.name]
        assert r.errors == []
        r.context.close()


def test_a_crash_by_keyboard_alone(browser: Browser, shop_page: Path) -> None:
    r = Reader(browser, shop_page)
    for _ in range(12):
        r.keys("Tab")
        if r.focused("classList.contains('node')"):
            break
    assert str(r.focused()).startswith("Cart"), "the process that is picked"
    r.keys("ArrowUp", "ArrowRight", "ArrowDown", "ArrowRight", "ArrowRight")
    assert r.focused() == "Reporttemporary, worker, child 3 of Web, running"
    r.keys("4", ".", "p")
    assert r.caption == "Report ended with killed."
    r.keys(".", ".", ",")
    assert r.caption == "The exit signal reaches Web, its supervisor."
    r.keys(".", "y")
    because = "Report was forgotten, because it ended with killed, because you killed it."
    assert r.lab.locator(".because").inner_text() == because
    r.keys("Escape", ".")
    assert r.caption == "Quiet again. Nothing was restarted."
    assert r.state("Report") == "forgotten"
    r.close()


def test_a_key_outside_the_lab_and_one_with_ctrl_do_nothing(browser: Browser, shop_page: Path) -> None:
    r = Reader(browser, shop_page)
    r.keys("4", ".")
    assert r.log == []
    r.node("Cart").focus()
    r.keys("Control+4")
    assert r.log == []
    r.close()


def test_the_focus_is_never_lost(browser: Browser, shop_page: Path) -> None:
    r = Reader(browser, shop_page)
    r.crash("Cart", "raise")
    for target in (".crumb >> nth=0", ".crumb >> nth=1", ".log .line >> nth=1", ".card .link", "text=Reset"):
        r.lab.locator(target).first.focus()
        r.keys("Enter")
        assert r.focused() is not None, target
    r.close()


def test_the_fourth_restart_is_one_too_many(browser: Browser, orders_page: Path) -> None:
    r = Reader(browser, orders_page)
    for _ in range(3):
        r.crash("Stock", "raise")
    assert r.lab.locator(".meter.full[aria-label^='Orders: 3 of 3']").count() == 1
    r.crash("Stock", "raise")
    assert "Orders counts 4 restarts within 5 s. Only 3 are allowed." in r.log
    assert "Orders gives up: it stops its children, then itself." in r.log
    assert [r.life(name) for name in ("Orders", "Stock", "Web", "Shop")] == [2, 5, 2, 1]
    assert r.lab.locator(".meter[aria-label^='Shop: 1 of 3']").count() == 1
    r.close()


def test_why_walks_back_to_the_first_cause(browser: Browser, orders_page: Path) -> None:
    r = Reader(browser, orders_page)
    for _ in range(4):
        r.crash("Stock", "kill")
    r.lab.locator(".log li", has_text="Shop tells Web to shut down.").last.locator(".link").click()
    assert r.lab.locator(".because").inner_text() == (
        "Web was told to shut down by Shop, because Shop is rest_for_one and had a child to restart, "
        "because Orders ended with shutdown, because it gave up, because it counted 4 restarts within 5 s, "
        "because Stock ended with killed, because you killed it."
    )
    assert [mark for mark in r.lab.locator(".mark").all_inner_texts() if mark] == ["3", "2", "1", "4"]
    r.close()


def test_the_page_says_where_it_ends(browser: Browser, shop_page: Path) -> None:
    r = Reader(browser, shop_page)
    for name, way in (("Cart", "raise"), ("Mailer", "normal")):
        assert r.tip == ""
        r.crash(name, way)
    assert r.tip == f"The page ends here, after 2 crashes. {GO_ON}"
    assert r.lab.locator(".way").first.get_attribute("aria-disabled") == "true"
    taken = len(r.path)
    r.keys("1")
    assert len(r.path) == taken
    r.close()


def test_time_empties_the_window(browser: Browser, orders_page: Path) -> None:
    r = Reader(browser, orders_page)
    for _ in range(2):
        r.crash("Stock", "raise")
    r.lab.locator("[data-wait='6']").click()
    assert r.caption == "You let 6 s pass. Old restarts leave the window."
    assert r.lab.locator(".meter[aria-label^='Orders: 0 of 3']").count() == 1
    r.to_quiet()
    r.crash("Stock", "raise")
    assert r.state("Orders") == "running"
    assert r.life("Stock") == 4
    r.close()


def test_a_fork_keeps_the_future_that_was_left(browser: Browser, shop_page: Path) -> None:
    r = Reader(browser, shop_page)
    r.crash("Cart", "raise")
    r.crash("Mailer", "normal")
    assert r.state("Mailer") == "finished"
    r.lab.locator(".crumb").nth(1).click()
    assert r.state("Mailer") == "running"
    r.crash("Web", "kill")
    assert r.path == ["Start", "Cart · raise", "Web · kill"]
    r.lab.locator(".fork", has_text="Cart · raise › Mailer · normal").click()
    assert r.path == ["Start", "Cart · raise", "Mailer · normal"]
    assert r.state("Mailer") == "finished"
    assert r.life("Web") == 1
    r.close()


def test_back_forward_and_the_slider(browser: Browser, shop_page: Path) -> None:
    r = Reader(browser, shop_page)
    r.crash("Database", "raise")
    slider = r.lab.locator("input[type=range]")
    slider.focus()
    r.keys("Home")
    assert r.caption == "Everything is running. Pick a process and end it."
    r.keys("ArrowRight", "ArrowRight")
    assert r.caption == "Database ended with ConnectionError('the disk is full')."
    assert slider.get_attribute("aria-valuetext") == f"step 2 of {slider.get_attribute('max')}: {r.caption}"
    r.tool("One step back").click()
    assert r.caption.startswith("You make Database raise")
    r.keys("End")
    slider.focus()
    r.keys("End")
    assert r.life("Report") == 2
    r.tool("To the crash before").click()
    assert r.caption.startswith("Everything is running")
    r.close()


def test_the_log_shows_no_line_that_the_reader_has_not_reached(browser: Browser, shop_page: Path) -> None:
    r = Reader(browser, shop_page, reduced_motion="reduce")
    r.end("Cart", "raise")
    assert len(r.log) == 1
    r.keys(".", ".")
    assert len(r.log) == 3
    r.keys(",")
    assert len(r.log) == 3
    r.close()


def test_the_root_has_nobody_above_it(browser: Browser, shop_page: Path) -> None:
    r = Reader(browser, shop_page)
    r.crash("Shop", "kill")
    assert r.caption == "Shop is down, and nobody above it restarts it. The whole application has ended."
    assert r.state("Shop") == "dead"
    assert {r.state(name) for name in ("Database", "Cart", "Web")} <= {"dead", "stopped"}
    assert r.lab.locator(".way[aria-disabled=true]").count() == 4
    assert r.tip == ""
    r.close()


def test_a_supervisor_has_nothing_to_raise(browser: Browser, shop_page: Path) -> None:
    r = Reader(browser, shop_page)
    r.node("Web").click()
    way = r.lab.locator(".way[data-way=raise]")
    assert way.get_attribute("aria-disabled") == "true"
    assert "runs only OTP's own code" in (way.get_attribute("title") or "")
    way.click(force=True)
    r.keys("1")
    assert r.path == ["Start"]
    r.close()


# ---- predict first -----------------------------------------------------------------------------------------


def test_a_prediction_is_asked_for_before_anything_is_shown(browser: Browser, shop_page: Path) -> None:
    r = Reader(browser, shop_page, nth=1)
    r.end("Payment", "raise")
    options = [text.split("\n")[-1] for text in r.lab.locator(".option").all_inner_texts()]
    assert options == ["None of them", "Payment", "Payment and Stock", "Cart, Payment and Stock"]
    assert r.state("Payment") == "running"
    assert not r.lab.locator(".transport").is_visible()
    assert not r.lab.locator(".caption").is_visible()
    assert r.log == []
    r.keys("3")
    assert r.lab.locator(".lesson p").inner_text() == (
        "Not quite. Orders is one_for_all: when one child ends, all are stopped and restarted."
    )
    assert r.lab.locator(".score").inner_text() == "0 of 1 right"
    assert r.lab.locator(".option[aria-disabled=true]").count() == 4, "said aloud too: the question is answered"
    r.keys("Enter")
    expect(r.lab.locator(".caption")).to_contain_text("You make Payment raise")
    r.to_quiet()
    r.end("Mailer", "normal")
    r.lab.locator(".option", has_text="None").click()
    lesson = "Right. Mailer is transient and ended well, so nobody restarts it."
    assert r.lab.locator(".lesson p").inner_text() == lesson
    assert r.lab.locator(".score").inner_text() == "1 of 2 right"
    r.close()


def test_an_option_shows_its_processes_on_the_tree(browser: Browser, shop_page: Path) -> None:
    r = Reader(browser, shop_page, nth=1)
    r.end("Payment", "raise")
    r.lab.locator(".option").nth(3).hover()
    assert r.lab.locator(".node[data-hint='1'] .name").all_inner_texts() == ["Cart", "Payment", "Stock"]
    r.close()


# ---- slow, failing, linked, dynamic --------------------------------------------------------------------------


def test_a_slow_end_and_a_slow_start_are_seen(browser: Browser, tmp_path: Path) -> None:
    r = Reader(browser, lab_page(tmp_path, player.html(Lab(slow).document(1))), reduced_motion="reduce")
    r.end("A", "raise")
    while not r.caption.startswith("3 seconds pass"):
        r.keys(".")
    assert r.caption == "3 seconds pass. S is still stopping."
    assert (r.state("S"), r.lab.locator(".stamp").inner_text()) == ("stopping", "3 s")
    while not r.caption.startswith("2 seconds pass"):
        r.keys(".")
    assert r.caption == "2 seconds pass. S is still starting."
    assert (r.state("S"), r.state("B"), r.lab.locator(".stamp").inner_text()) == ("starting", "stopped", "5 s")
    r.keys(".")
    assert r.caption == "S is up."
    r.to_quiet()
    assert (r.state("S"), r.state("B")) == ("running", "running")
    r.close()


def test_a_start_that_fails_says_why(browser: Browser, tmp_path: Path) -> None:
    r = Reader(browser, lab_page(tmp_path, player.html(Lab(picky).document(1))))
    r.crash("P", "kill")
    assert r.log.count("P could not start: 'no luck'.") == 2
    assert (r.state("P"), r.life("P")) == ("running", 4)
    r.lab.locator(".log li", has_text="could not start").first.locator(".link").click()
    assert r.lab.locator(".because").inner_text().startswith("P could not start: 'no luck', because top is one_for_one")
    assert r.state("P") == "dead"
    r.close()


def test_a_link_beyond_the_tree_is_drawn_and_told(browser: Browser, tmp_path: Path) -> None:
    r = Reader(browser, lab_page(tmp_path, player.html(Lab(linked).document(1))), reduced_motion="reduce")
    assert r.lab.locator(".wire.cord").count() >= 1
    r.node("L").click()
    assert "A" in r.lab.locator(".card").inner_text().partition("Linked to\n")[2].partition("\n")[0].split(", ")[-1]
    r.end("A", "raise")
    while r.caption != "The exit signal reaches L, linked to A.":
        r.keys(".")
    assert r.lab.locator(".wire.cord.hot").count() == 1
    r.to_quiet()
    r.lab.locator(".log li", has_text="L ended with").last.locator(".link").click()
    assert r.lab.locator(".because").inner_text() == (
        "L ended with RuntimeError('boom'), because it is linked to A, and A ended with RuntimeError('boom'), "
        "because you made it raise."
    )
    r.close()


def test_a_process_beyond_the_tree_comes_with_its_owner(browser: Browser, tmp_path: Path) -> None:
    r = Reader(browser, lab_page(tmp_path, player.html(Lab(linked).document(1))))
    assert (r.node("helper").first.text_content() or "").startswith("helperprocess, process, spawned by L, running")
    r.crash("L", "raise")
    assert any(re.fullmatch(r"L spawns helper as #PID<0\.\d+\.0> \(2nd life\)\.", line) for line in r.log), r.log
    r.close()


def test_where_nobody_supervises_no_window_of_restarts_is_drawn(browser: Browser, tmp_path: Path) -> None:
    async def alone() -> Any:
        return spawn(receive)

    r = Reader(browser, lab_page(tmp_path, player.html(Lab(alone).document(1)), shop_html()))
    window = r.page.get_by_text("Restarts in the window")
    assert [window.nth(number).is_visible() for number in range(2)] == [False, True]
    r.close()


def test_who_comes_later_is_not_drawn_before(browser: Browser, tmp_path: Path) -> None:
    r = Reader(browser, lab_page(tmp_path, player.html(Lab(nursery).document(1))))

    def there() -> list[str]:
        return [name for name in r.lab.locator(".node:visible .name").all_inner_texts() if name.startswith("born")]

    assert there() == ["born"]
    r.crash("N", "kill")
    assert there() == ["born", "born 2"]
    boxes = [node.bounding_box() for node in r.lab.locator(".node:visible").all()]
    assert len({(box["x"], box["y"]) for box in boxes if box}) == len(boxes)
    tops = {node.evaluate("node => node.offsetTop") for node in r.lab.locator(".node:visible").all()}
    lines = [line.get_attribute("d") or "" for line in r.lab.locator(".wires .wire:not(.gone):not(.cord)").all()]
    assert {float(line.split()[-1]) for line in lines} <= tops, "each line ends at a process that is there"
    r.lab.locator(".crumb").first.click()
    assert there() == ["born"]
    r.close()


def test_a_crowd_stands_for_many(browser: Browser, tmp_path: Path) -> None:
    lab = Lab(crowd)
    document = lab.document(0)
    kill = lab.action(("Part", "kill"))
    run = lab.ask([kill])["run"]
    document |= {"runs": [run], "menus": [[kill]], "edges": [[0, 0, 1], 0], "depth": 1}
    r = Reader(browser, lab_page(tmp_path, player.html(document)))
    some = r.lab.locator(".node.crowd")
    assert re.match(r"49\d more", some.inner_text())
    some.click()
    assert r.lab.locator(".who").inner_text() == "These are many: pick another."
    assert r.lab.locator(".way[aria-disabled=true]").count() == 4
    r.crash("Part", "kill")
    assert r.life("Part") == 2
    r.close()


def test_a_dynamic_supervisor_says_what_it_is(browser: Browser, tmp_path: Path) -> None:
    r = Reader(browser, lab_page(tmp_path, player.html(Lab(pool).document(1))))
    assert r.node("pool").inner_text().split("\n")[:2] == ["pool", "dynamic"]
    r.node("pool").click()
    assert "one_for_one, its children come and go" in r.lab.locator(".card").inner_text()
    r.crash("pool", "kill")
    assert r.state("c0") in ("dead", "stopped", "forgotten")
    r.close()


# ---- a kernel behind it, and none -----------------------------------------------------------------------------

ASKING = """
const asked = (window.asked = []);
const ask = async (path) => {
  asked.push(path);
  const answer = await kernel(path);
  if (answer.error) throw new Error(answer.error);
  return answer;
};
"""


def live_page(folder: Path, document: dict[str, Any]) -> Path:
    """A page whose lab asks the function `kernel` of the test for what is not stored."""
    module, css = front_end.module("crash_lab")
    options = json.dumps(player.options([document]))
    start = f"show(document.getElementById('lab'), {options}, {{ ask, css: {json.dumps(css)} }});"
    code = f"{module}\n{ASKING}\n{start}".replace("</", "<\\/")
    return lab_page(folder, f'<div id="lab" class="crash-lab"></div><script type="module">{code}</script>')


class Kernel:
    """Answers as the widget's kernel does."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab

    def __call__(self, path: Any) -> Any:
        try:
            return self.lab.ask(path)
        except ValueError as error:
            return {"error": str(error)}


def live_reader(browser: Browser, folder: Path, lab: Lab, depth: int = 1, **options: Any) -> Reader:
    page = live_page(folder, lab.document(depth))
    r = Reader(browser, "about:blank", **options)
    r.page.expose_function("kernel", Kernel(lab))
    r.page.goto(page.as_uri())
    return r


def test_a_kernel_is_asked_for_what_is_not_stored(browser: Browser, tmp_path: Path) -> None:
    r = live_reader(browser, tmp_path, shop_lab())
    r.crash("Cart", "raise")
    assert r.tip == ""
    for life in (3, 4):
        r.end("Cart", "kill")
        expect(r.lab.locator(".crumb")).to_have_count(life)
        r.to_quiet()
        assert r.life("Cart") == life
    cart = [proc["name"] for proc in shop_document()["procs"]].index("Cart")
    assert r.page.evaluate("asked") == [[4 * cart, 4 * cart + 3], [4 * cart, 4 * cart + 3, 4 * cart + 3]]
    r.close()


def test_a_crash_in_the_middle_cuts_the_run_before(browser: Browser, tmp_path: Path) -> None:
    r = live_reader(browser, tmp_path, shop_lab(), reduced_motion="reduce")
    r.end("Cart", "raise")
    while r.caption != "Orders tells Payment to shut down.":
        r.keys(".")
    at = len(r.log)
    r.node("Web").click()
    r.moment("now, in the middle")
    assert r.tip == "The kernel runs it anew, and ends this one here."
    r.lab.locator(".way[data-way=kill]").click()
    expect(r.lab.locator(".crumb")).to_have_text(["Start", "Cart · raise", "amid: Web · kill"])
    web, cart = ([proc["name"] for proc in shop_document()["procs"]].index(name) for name in ("Web", "Cart"))
    assert r.page.evaluate("asked") == [[4 * cart, [4 * web + 3, at]]]
    r.to_quiet()
    assert r.log[at - 1] == "Orders tells Payment to shut down."
    assert r.log.count("You kill Web.") == 1
    assert [r.state(name) for name in ("Cart", "Payment", "Stock", "Web", "Listener")] == ["running"] * 5
    assert (r.life("Web"), r.life("Cart")) == (2, 2)
    # Back in the run that was cut: a crash at the quiet moment after it plays all of it again.
    r.lab.locator(".log .line").nth(1).click()
    r.end("Database", "kill")
    expect(r.lab.locator(".crumb")).to_have_text(["Start", "Cart · raise", "Database · kill"])
    r.to_quiet()
    assert "Orders restarts Stock as #PID<0.14.0> (2nd life)." in r.log
    # And the other future is still there, cut as it was.
    r.lab.locator(".fork", has_text="amid: Web").click()
    assert "You kill Web." in r.log
    assert r.life("Web") == 2
    r.close()


def test_a_crash_in_the_middle_by_the_keyboard(browser: Browser, tmp_path: Path) -> None:
    r = live_reader(browser, tmp_path, shop_lab(), reduced_motion="reduce")
    r.end("Cart", "raise")
    r.node("Web").focus()
    r.keys(".", ".", "m", "4")
    expect(r.lab.locator(".crumb").last).to_have_text("amid: Web · kill")
    r.close()


def test_a_static_page_does_not_offer_what_it_would_refuse(browser: Browser, shop_page: Path) -> None:
    """A crash in the middle, and a wait of any length, need a kernel."""
    r = Reader(browser, shop_page, reduced_motion="reduce")
    r.end("Cart", "raise")
    assert not r.lab.locator(".when").is_visible()
    assert r.lab.locator(".any").count() == 0
    r.keys("m", "4")
    assert r.path[-1] == "Database · kill" or "amid" not in r.path[-1]
    r.close()


def test_a_wait_of_any_length_is_run_by_the_kernel(browser: Browser, tmp_path: Path) -> None:
    """Crashes at 0, 2, 4, 6 and 8 s: the window slides, and the fifth is the third of the last five seconds."""
    lab = Lab(orders)
    r = live_reader(browser, tmp_path, lab, depth=0, reduced_motion="reduce")
    r.node("Stock").click()
    for _ in range(4):
        r.end("Stock", "kill")
        expect(r.lab.locator(".crumb").last).to_have_text("Stock · kill")
        r.to_quiet()
        r.lab.locator(".any input").fill("2")
        r.lab.locator(".any button").click()
        expect(r.lab.locator(".crumb").last).to_have_text("wait 2 s")
        r.to_quiet()
    r.end("Stock", "kill")
    expect(r.lab.locator(".crumb").last).to_have_text("Stock · kill")
    r.to_quiet()
    assert (r.state("Orders"), r.life("Orders"), r.life("Stock")) == ("running", 1, 6)
    assert r.lab.locator(".meter[aria-label^='Orders: 3 of 3']").count() == 1
    assert r.lab.locator(".stamp").inner_text() == "8 s"
    r.lab.locator(".any input").fill("-3")
    r.lab.locator(".any button").click()
    assert r.path[-1] == "Stock · kill"
    r.close()


def test_what_a_kernel_cannot_do_comes_back_as_a_sentence(browser: Browser, tmp_path: Path) -> None:
    r = Reader(browser, "about:blank")
    r.page.expose_function("kernel", lambda path: {"error": "<b>no</b> such thing"})
    r.page.goto(live_page(tmp_path, shop_lab().document(1)).as_uri())
    r.crash("Cart", "raise")
    r.end("Cart", "raise")
    expect(r.lab.locator(".tip")).to_have_text("<b>no</b> such thing")
    assert r.path == ["Start", "Cart · raise"]
    r.lab.locator(".crumb").first.click()
    r.crash("Web", "kill")
    assert r.life("Web") == 2, "what is stored still plays"
    r.close()


def test_processes_that_an_answer_brings_are_drawn(browser: Browser, tmp_path: Path) -> None:
    lab = Lab(nursery)
    document = lab.document(0)
    assert [proc["name"] for proc in document["procs"]].count("born 2") == 0
    r = Reader(browser, "about:blank", reduced_motion="reduce")
    r.page.expose_function("kernel", Kernel(lab))
    r.page.goto(live_page(tmp_path, document).as_uri())
    r.end("N", "kill")
    expect(r.lab.locator(".crumb")).to_have_count(2)
    assert r.focused() is not None
    assert not r.node("born 2").is_visible()
    r.to_quiet()
    assert r.node("born 2").is_visible()
    assert r.state("born 2") == "running"
    r.end("born 2", "kill")
    expect(r.lab.locator(".crumb")).to_have_count(3)
    r.to_quiet()
    assert r.state("born 2") == "forgotten"
    r.close()


def test_a_reset_while_the_kernel_works_drops_its_answer(browser: Browser, tmp_path: Path) -> None:
    r = Reader(browser, "about:blank")
    late = "new Promise((done) => { window.answerNow = () => done({ run: [] }); })"
    r.page.add_init_script(f"window.kernel = (path) => {late}")
    r.page.goto(live_page(tmp_path, shop_lab().document(1)).as_uri())
    r.crash("Cart", "raise")
    r.end("Cart", "raise")
    assert r.tip == "Asking the kernel…"
    r.lab.get_by_text("Reset").click()
    r.page.evaluate("answerNow()")
    assert r.path == ["Start"]
    r.crash("Web", "kill")
    assert r.path == ["Start", "Web · kill"]
    r.close()


def test_where_a_kernel_answers_the_button_beside_the_seconds_can_be_hit(browser: Browser, tmp_path: Path) -> None:
    r = Reader(browser, "about:blank", reduced_motion="reduce", viewport={"width": 390, "height": 1000})
    r.page.expose_function("kernel", Kernel(Lab(machine)))
    r.page.goto(live_page(tmp_path, Lab(machine).document(1)).as_uri())
    box = r.lab.locator(".any button").bounding_box()
    assert box is not None and min(box["width"], box["height"]) >= 24
    r.close()


def test_the_notebook_is_offered_where_the_page_has_it(browser: Browser, tmp_path: Path) -> None:
    button = '<button class="live-run" onclick="window.live = 1">Open as a notebook</button>'
    r = Reader(browser, lab_page(tmp_path, player.html(shop_lab().document(1)), button))
    r.crash("Cart", "raise")
    assert r.tip.endswith("Go back and fork, or open the chapter as a notebook, to go on.")
    r.lab.locator(".tip .link").click()
    assert r.page.evaluate("window.live") == 1
    r.close()


# ---- states, requests, what became of whom ------------------------------------------------------------------


def knowing_html(**options: Any) -> str:
    return player.html(Lab(machine, show=knows, request=pay).document(2), **options)


def test_a_process_shows_what_it_knows_and_the_page_what_a_user_gets(browser: Browser, tmp_path: Path) -> None:
    r = Reader(browser, lab_page(tmp_path, knowing_html()), reduced_motion="reduce")
    says = r.node("session").locator(".says")
    assert (says.inner_text(), r.lab.locator(".gets").inner_text()) == ("knows: 1", "A user’s request now gets 'paid'.")
    r.end("session", "raise")
    while r.caption != "session ended with RuntimeError('boom').":
        assert says.inner_text() == "knows: 1"
        r.keys(".")
    assert says.inner_text().strip() == ""
    assert "until it is quiet" in r.lab.locator(".gets").inner_text()
    r.to_quiet()
    assert says.inner_text() == "knows: 0"
    assert r.lab.locator(".gets").inner_text() == "A user’s request now gets 'refused'."
    assert "knows: 0" in r.lab.locator(".card").inner_text()
    r.lab.locator(".crumb").first.click()
    assert says.inner_text() == "knows: 1"
    r.close()


def test_who_crashed_who_was_stopped_and_who_was_not_touched_can_be_seen(browser: Browser, shop_page: Path) -> None:
    r = Reader(browser, shop_page)
    r.crash("Cart", "raise")
    marks = {
        name: r.node(name).locator(".fate span").evaluate_all("all => all.map(e => e.dataset.fate)")
        for name in ("Cart", "Stock", "Listener", "Orders")
    }
    assert marks == {"Cart": ["crashed", "started"], "Stock": ["stopped", "started"], "Listener": [], "Orders": []}
    shapes = r.lab.locator(".legend path").evaluate_all("all => all.map(e => e.getAttribute('d'))")
    assert len(set(shapes)) == 4, "not by colour alone"
    r.close()


def test_reset_keeps_the_other_futures_and_the_reader_can_forget_them(browser: Browser, shop_page: Path) -> None:
    r = Reader(browser, shop_page)
    r.crash("Cart", "raise")
    r.lab.get_by_text("Reset").click()
    assert r.lab.locator(".fork").count() == 1
    r.lab.get_by_text("Forget them").click()
    assert not r.lab.locator(".forks").is_visible()
    assert r.path == ["Start"]
    r.close()


@pytest.mark.parametrize("victim", ["A", "B", "C"])
def test_the_options_of_a_question_are_the_same_under_each_strategy(
    browser: Browser, tmp_path: Path, victim: str
) -> None:
    """So nobody can tell the answer from them."""
    labs, _ = strategy_labs([part("A"), part("B"), part("C")])
    r = Reader(browser, lab_page(tmp_path, *(player.html(lab.document(1), predict=True) for lab in labs)))
    found = []
    for nth in range(3):
        r.lab = r.page.locator(".crash-lab").nth(nth)
        r.end(victim, "raise")
        found.append(r.lab.locator(".option span").all_inner_texts())
    assert found[0] == found[1] == found[2]
    assert len(found[0]) >= 3
    r.close()


def test_the_answer_is_among_the_options_when_everything_ends(browser: Browser, tmp_path: Path) -> None:
    r = Reader(browser, lab_page(tmp_path, player.html(Lab(pair).document(2), predict=True)))
    for _ in range(2):
        r.end("A", "raise")
        r.lab.locator(".option", has_text="None of them").click()
        r.lab.locator(".go").click()
        r.to_quiet()
    assert "The whole application has ended" in r.caption
    assert "ends" not in " ".join(r.lab.locator(".option").all_inner_texts())
    r.close()


SIZES = """() => ["head", "tree", "gets", "picker", "saying", "transport"].map((name) => {
  const found = document.querySelector(".crash-lab").shadowRoot.querySelector("." + name);
  const { top, height } = found.getBoundingClientRect();
  return [name, Math.round(top + scrollY), Math.round(height)];
})"""


@pytest.mark.parametrize("width", [360, 900])
def test_nothing_moves_while_it_plays(browser: Browser, tmp_path: Path, width: int) -> None:
    r = Reader(browser, lab_page(tmp_path, knowing_html()), viewport={"width": width, "height": 1600})
    r.end("session", "raise")
    r.keys("p")
    sizes = set()
    for _ in range(12):
        sizes.add(str(r.page.evaluate(SIZES)))
        r.keys(".")
    assert len(sizes) == 1, sizes
    r.close()

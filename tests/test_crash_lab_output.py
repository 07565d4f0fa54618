"""The crash lab's HTML where outputs are shown: late, twice, in frames, in folds, on strict pages; for every reader."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from crash_lab_reader import HEAD, Reader, lab_page, orders_document, shop_document, shop_html
from lab_scenarios import crowd, knows, linked, machine, pair, part, pay, pool
from playwright.sync_api import Browser
from test_player import HOSTILE, hostile

from otp_mini.lab import Lab, strategy_labs
from otp_mini.viz import player

pytestmark = [
    pytest.mark.timeout(300),  # a browser on a busy machine
    pytest.mark.filterwarnings("default::ResourceWarning"),  # Playwright's own, at its end
]


def three_html(script: Any = (("B", "raise"),), depth: int = 2) -> str:
    labs, actions = strategy_labs([part(name) for name in "ABCD"], script)
    return player.compare_html([lab.document(depth) for lab in labs], actions)


def lives(r: Reader) -> list[list[int]]:
    """The life of each process, in each lane."""
    lanes = r.lab.locator(".lane").all()
    return [
        [int(life) for life in lane.locator(".node").evaluate_all("all => all.map(n => n.dataset.life)")]
        for lane in lanes
    ]


# ---- side by side ----------------------------------------------------------------------------------------------


def test_three_strategies_play_one_script_in_step(browser: Browser, tmp_path: Path) -> None:
    r = Reader(browser, lab_page(tmp_path, three_html()), viewport={"width": 1200, "height": 900})
    assert lives(r) == [[1, 1, 1, 1, 1]] * 3, "the script is ready, and not begun"
    r.to_quiet()
    assert lives(r) == [[1, 1, 2, 1, 1], [1, 1, 2, 2, 2], [1, 2, 2, 2, 2]]
    r.tool("To the crash before").click()
    for _ in range(5):
        r.keys(".")
    said = r.lab.locator(".said .caption").all_inner_texts()
    assert said[0].startswith("Supervisor restarts B as")
    assert said[1] == said[2] == "Supervisor tells D to shut down."
    r.close()


def test_the_reader_goes_on_where_the_script_ends(browser: Browser, tmp_path: Path) -> None:
    r = Reader(browser, lab_page(tmp_path, three_html()), viewport={"width": 1200, "height": 900})
    r.to_quiet()
    r.lab.locator(".lane").nth(1).locator(".node:has(.name:text-is('D'))").click()
    r.lab.locator(".way[data-way=kill]").click()
    r.to_quiet()
    assert lives(r) == [[1, 1, 2, 1, 2], [1, 1, 2, 2, 3], [1, 3, 3, 3, 3]]
    assert "The page ends here" in r.tip
    r.lab.get_by_text("Reset").click()
    assert lives(r) == [[1, 1, 1, 1, 1]] * 3
    r.close()


def test_a_lane_whose_tree_is_down_waits_for_the_others(browser: Browser, tmp_path: Path) -> None:
    script = [("Supervisor", "kill"), ("A", "kill")]
    labs, actions = strategy_labs([part("A")], script)
    documents = [lab.document(2) for lab in labs]
    r = Reader(browser, lab_page(tmp_path, player.compare_html(documents, actions)))
    r.to_quiet()
    assert r.lab.locator(".way[aria-disabled=true]").count() == 4
    assert r.lab.locator(".node[data-st=running]").count() == 0
    r.close()


# ---- where outputs are shown -----------------------------------------------------------------------------------


LATE = """
<div id="a"></div><div id="b"></div><div id="c"></div>
<script type="text/plain" id="fragment">FRAGMENT</script>
<script>
const source = fragment.textContent.replaceAll("<\\\\/script", "</script");
for (const id of ["a", "b"]) {                 // as JupyterLab inserts an output: its scripts are made anew
  const host = document.createElement("div");
  host.innerHTML = source;
  for (const old of host.querySelectorAll("script")) {
    const now = document.createElement("script");
    for (const attribute of old.attributes) now.setAttribute(attribute.name, attribute.value);
    now.textContent = old.textContent;
    old.replaceWith(now);
  }
  document.getElementById(id).append(host);
}
const frame = document.createElement("iframe");
frame.sandbox = "allow-scripts";
frame.style = "width: 800px; height: 900px";
frame.srcdoc = source;
c.append(frame);
</script>"""


def test_labs_that_are_inserted_late_and_twice_and_in_a_frame_are_apart(browser: Browser, tmp_path: Path) -> None:
    late = LATE.replace("FRAGMENT", shop_html().replace("</script", "<\\/script"))
    r = Reader(browser, lab_page(tmp_path, late))
    assert r.page.locator(".crash-lab .tree").count() == 2
    r.crash("Cart", "raise")
    assert r.life("Cart") == 2
    r.lab = r.page.locator(".crash-lab").nth(1)
    assert r.life("Cart") == 1
    inside = r.page.frame_locator("iframe")
    inside.locator(".node:has(.name:text-is('Cart'))").click()
    inside.locator(".way").first.click()
    inside.locator("[aria-label='To the next quiet moment']").click()
    assert inside.locator(".node[data-life='2']").count() == 3
    r.close()


def test_labs_of_two_versions_and_kinds_live_on_one_page_in_any_order(browser: Browser, tmp_path: Path) -> None:
    here = player.html(Lab(pair).document(1))
    version = json.loads('"' + here.split('data-crash-lab="')[1].split('"')[0] + '"')
    other = here.replace(version, "0" * 8)
    scripts_first = here.split("</div>\n")
    turned = scripts_first[1] + scripts_first[0] + "</div>\n"  # its script stands before the lab it plays
    r = Reader(browser, lab_page(tmp_path, turned, other, three_html(), here))
    assert r.page.locator(".crash-lab .tree").count() == 1 + 1 + 3 + 1
    for nth in (0, 1, 3):
        r.lab = r.page.locator(".crash-lab").nth(nth)
        r.crash("A", "kill")
        assert r.life("A") == 2
    r.close()


def test_a_strict_page_lets_it_play(browser: Browser, tmp_path: Path) -> None:
    policy = "default-src 'none'; img-src data:; script-src 'unsafe-inline'"
    strict = f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
    page = tmp_path / "strict.html"
    page.write_text(HEAD.replace("<title>", strict + "<title>") + shop_html(), encoding="utf-8")
    r = Reader(browser, page)
    r.crash("Cart", "raise")
    assert r.life("Cart") == 2
    assert r.node("Cart").evaluate("e => getComputedStyle(e).position") == "absolute", "its style is there"
    r.close()


def test_where_scripts_do_not_run_the_text_is_read(browser: Browser, tmp_path: Path) -> None:
    r = Reader(browser, lab_page(tmp_path, shop_html()), java_script_enabled=False)
    assert "      Payment  worker, permanent" in r.lab.locator("pre").inner_text()
    assert "can be played where scripts run" in r.lab.inner_text()
    assert '"ops"' not in r.lab.inner_text()
    r.context.close()


def test_a_lab_in_a_closed_fold_lays_itself_out_when_it_opens(browser: Browser, tmp_path: Path) -> None:
    r = Reader(browser, lab_page(tmp_path, f"<details><summary>more</summary>{shop_html()}</details>"))
    r.page.locator("summary").first.click()
    r.crash("Cart", "raise")
    boxes = [node.bounding_box() for node in r.lab.locator(".node").all()]
    assert len({(round(box["x"]), round(box["y"])) for box in boxes if box}) == 10
    assert r.lab.locator(".wire").first.get_attribute("d")
    r.close()


def test_the_hosts_styles_stay_outside(browser: Browser, tmp_path: Path) -> None:
    inner = "button, ol, ul, li, dl, dt, dd, p, b, code, span"
    wild = f"<style>:is({inner}) {{ font-size: 40px; float: left; border: 9px solid lime; }}</style>"
    looks = "e => ['fontSize', 'borderTopWidth', 'float'].map((name) => getComputedStyle(e)[name])"
    seen = []
    for name, extra in (("plain", ""), ("wild", wild)):
        r = Reader(browser, lab_page(tmp_path, extra, shop_html(), name=f"{name}.html"))
        seen.append(r.lab.locator(".way").first.evaluate(looks))
        r.close()
    assert seen[0] == seen[1]


def test_on_paper_the_tree_and_what_happened_are_left(browser: Browser, tmp_path: Path) -> None:
    r = Reader(browser, lab_page(tmp_path, shop_html()))
    r.crash("Cart", "raise")
    r.page.emulate_media(media="print")
    assert r.node("Cart").is_visible()
    assert r.lab.locator(".log").is_visible()
    assert not r.lab.locator(".transport").is_visible()
    r.close()


# ---- names ------------------------------------------------------------------------------------------------------


def test_every_name_and_every_reason_shows_as_text(browser: Browser, tmp_path: Path) -> None:
    raises = {name: RuntimeError(name) for name in HOSTILE[:6]}
    document = Lab(hostile, title=HOSTILE[0], raises=raises).document(1)
    r = Reader(browser, lab_page(tmp_path, player.html(document), player.html(document, predict=True)))
    names = [proc["name"] for proc in document["procs"]]
    assert r.lab.locator(".name").all_text_contents() == names
    for p in range(1, len(names)):
        r.lab.locator(".node").nth(p).click()
        r.lab.locator(".way").first.click()
        r.to_quiet()
        r.lab.locator(".log li .link").nth(1).click()
        r.lab.get_by_text("Reset").click()
    r.lab.locator(".node").nth(1).click()
    r.lab.locator(".way").first.click()
    r.to_quiet()
    assert any(HOSTILE[0] in line for line in r.lab.locator(".log .line").all_text_contents())
    r.lab = r.page.locator(".crash-lab").nth(1)
    r.lab.locator(".node").nth(2).click()
    r.lab.locator(".way").first.click()
    assert r.lab.locator(".option").count() >= 2
    assert r.page.evaluate("[window.hacked, document.querySelectorAll('img').length]") == [None, 0]
    r.close()


# ---- for every reader -------------------------------------------------------------------------------------------


def test_touch_on_a_phone(browser: Browser, tmp_path: Path) -> None:
    page = lab_page(tmp_path, shop_html())
    r = Reader(browser, page, viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True)
    r.node("Payment").tap()
    r.lab.locator(".way[data-way=kill]").tap()
    r.tool("To the next quiet moment").tap()
    assert r.life("Payment") == 2
    assert r.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing sticks out"
    small = r.page.evaluate(
        "[...document.querySelector('.crash-lab').shadowRoot.querySelectorAll('button')]"
        ".filter(b => b.offsetParent && !b.closest('.log') && (b.offsetHeight < 24 || b.offsetWidth < 24))"
        ".map(b => b.textContent)"
    )
    assert small == []
    r.close()


@pytest.mark.parametrize("make", ["shop", "pool", "linked", "three"])
def test_at_no_width_does_a_node_lie_on_another_or_stick_out(browser: Browser, tmp_path: Path, make: str) -> None:
    html = {
        "shop": shop_html,
        "three": three_html,
        "pool": lambda: player.html(Lab(pool).document(0)),
        "linked": lambda: player.html(Lab(linked).document(0)),
    }[make]()
    r = Reader(browser, lab_page(tmp_path, html))
    if make == "three":
        r.to_quiet()
        r.node("D").first.click()
        r.lab.locator(".way[data-way=kill]").click()
        r.to_quiet()
    elif make == "shop":
        r.crash("Cart", "kill")
    for width in (320, 360, 390, 560, 688, 768, 820, 1024, 1280, 1440):
        r.page.set_viewport_size({"width": width, "height": 900})
        for found in r.page.evaluate(TREES):
            assert not overlapping(found["frame"], found["nodes"]), f"in a window of {width}"
        assert r.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), width
    r.close()


def test_three_lanes_stand_side_by_side_with_whole_names_and_no_controls_on_them(
    browser: Browser, tmp_path: Path
) -> None:
    names = ["session", "Supervisor of all", "notifications"]
    labs, script = strategy_labs([part(name) for name in names], [(names[0], "raise"), (names[1], "kill")])
    html = player.compare_html([lab.document(3) for lab in labs], script)
    r = Reader(browser, lab_page(tmp_path, html), reduced_motion="reduce")
    r.to_quiet()
    r.to_quiet()
    for width in (360, 390, 768, 1024, 1280, 1440):
        r.page.set_viewport_size({"width": width, "height": 740})
        cut = r.page.evaluate(LANES)
        assert cut["names"] == [], width
        assert cut["tops"] == cut["tops"][:1] * 3, "side by side"
        assert cut["lowest"] <= cut["dock"], "the controls lie on no lane"
        assert cut["hidden"] == 0 or cut["frame"] > 250, "what is longer scrolls in a frame of three parts"
    assert r.lab.locator(".dock").evaluate("e => getComputedStyle(e).position") != "sticky"
    r.close()


LANES = """() => {
  const root = document.querySelector(".crash-lab").shadowRoot, all = (name) => [...root.querySelectorAll(name)];
  const box = (e) => e.getBoundingClientRect(), frame = root.querySelector(".lanes");
  const scrolls = getComputedStyle(frame).overflowY === "auto";
  const lowest = Math.max(...all(".lane").map((e) => box(e).bottom));
  return {
    frame: frame.clientHeight,
    hidden: scrolls ? frame.scrollHeight - frame.clientHeight : 0,
    names: all(".name").filter((e) => e.scrollWidth > e.clientWidth + 1 || e.scrollHeight > e.clientHeight + 1)
      .map((e) => e.textContent),
    tops: all(".lane").map((e) => Math.round(box(e).top)),
    lowest: scrolls ? Math.min(lowest, box(frame).bottom) : lowest,
    dock: box(root.querySelector(".dock")).top,
  };
}"""

TREES = """() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => {
  const box = (e) => ["left", "top", "right", "bottom"].map((side) => e.getBoundingClientRect()[side]);
  done([...document.querySelector(".crash-lab").shadowRoot.querySelectorAll(".tree")].map((tree) =>
    ({ frame: box(tree), nodes: [...tree.querySelectorAll(".node")].filter((n) => n.offsetParent).map(box) })));
})))"""


def overlapping(frame: list[float], nodes: list[list[float]]) -> list[str]:
    """What is wrong with where these nodes lie: boxes of left, top, right, bottom."""
    found = [f"{node} sticks out of {frame}" for node in nodes if node[0] < frame[0] - 1 or node[2] > frame[2] + 1]
    pairs = [(node, other) for k, node in enumerate(nodes) for other in nodes[:k]]
    return found + [f"{a} lies on {b}" for a, b in pairs if a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]]


def test_an_overlap_would_be_seen() -> None:
    assert overlapping([0, 0, 100, 100], [[0, 0, 50, 50], [60, 0, 99, 50]]) == []
    assert len(overlapping([0, 0, 100, 100], [[0, 0, 50, 50], [40, 40, 120, 60]])) == 2


def test_who_wants_no_motion_gets_none(browser: Browser, tmp_path: Path) -> None:
    r = Reader(browser, lab_page(tmp_path, shop_html()), reduced_motion="reduce")
    r.end("Cart", "raise")
    r.page.wait_for_timeout(1500)  # as long as the first step would stay
    assert r.caption.startswith("You make Cart raise"), "nothing moves by itself"
    assert not r.page.evaluate("document.querySelector('.crash-lab').shadowRoot.getAnimations().length")
    r.close()


def test_a_screen_reader_is_told_what_the_eye_sees(browser: Browser, tmp_path: Path) -> None:
    r = Reader(browser, lab_page(tmp_path, player.html(orders_document())), reduced_motion="reduce")
    tree = r.lab.get_by_role("group", name="Supervision tree of Shop. Arrow keys move, Enter picks.")
    assert tree.get_by_role("listitem").count() == 6
    orders = "Orders one_for_all , supervisor, child 1 of Shop, running, 0 of 3 restarts used"
    assert tree.get_by_role("button", name=orders, exact=True).count() == 1
    stock = tree.get_by_role("button", name="Stock permanent , worker, child 3 of Orders, running")
    stock.click()
    assert stock.get_attribute("aria-pressed") == "true"
    r.lab.get_by_role("group", name="How it ends").get_by_role("button", name="kill").click()
    caption = r.lab.locator(".caption")
    assert caption.get_attribute("aria-live") == "polite"
    r.to_quiet()
    again = "Stock permanent , worker, child 3 of Orders, running, in this step crashed and started, life 2"
    assert tree.get_by_role("button", name=again, exact=True).count() == 1
    assert r.lab.get_by_role("slider", name="Time line").get_attribute("aria-valuetext").endswith(caption.inner_text())
    assert r.lab.get_by_role("img", name="Orders: 1 of 3 restarts within 5 s").count() == 1
    assert r.lab.get_by_role("switch", name="Predict first").get_attribute("aria-checked") == "false"
    r.close()


def test_the_caption_is_silent_while_it_plays(browser: Browser, tmp_path: Path) -> None:
    r = Reader(browser, lab_page(tmp_path, shop_html()))
    r.end("Cart", "raise")
    assert r.lab.locator(".caption").get_attribute("aria-live") == "off"
    r.keys("p")
    assert r.lab.locator(".caption").get_attribute("aria-live") == "polite"
    r.close()


AXE = """axe.run('.crash-lab').then(({ violations }) => violations.map((v) =>
  [v.id, v.impact, v.nodes.length, v.nodes[0].html.slice(0, 160), v.nodes[0].failureSummary.slice(0, 300)]))"""


@pytest.mark.parametrize("width", [390, 1000])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(browser: Browser, tmp_path: Path, axe: Path, scheme: Any, width: int) -> None:
    others = [player.html(Lab(scenario).document(0)) for scenario in (crowd, linked)]
    others.append(player.html(Lab(machine, show=knows, request=pay).document(0)))
    page = lab_page(tmp_path, shop_html(), shop_html(predict=True), three_html(), *others)
    r = Reader(browser, page, color_scheme=scheme, reduced_motion="reduce", viewport={"width": width, "height": 1000})
    r.end("Cart", "kill")
    r.keys(*"......", "y")
    r.lab = r.page.locator(".crash-lab").nth(1)
    r.end("Payment", "raise")
    r.lab.locator(".option").first.click()
    r.lab = r.page.locator(".crash-lab").nth(2)
    r.to_quiet()
    r.page.add_script_tag(path=axe)
    assert r.page.evaluate(AXE) == []
    r.context.close()


def test_axe_would_find_something(browser: Browser, tmp_path: Path, axe: Path) -> None:
    r = Reader(browser, lab_page(tmp_path, shop_html()))
    r.lab.locator("input").evaluate("e => e.removeAttribute('aria-label')")
    r.page.add_script_tag(path=axe)
    assert [found[0] for found in r.page.evaluate(AXE)] == ["label"]
    r.context.close()


# ---- speed ------------------------------------------------------------------------------------------------------


def test_a_large_document_is_there_at_once(browser: Browser, tmp_path: Path) -> None:
    """The page builds no state that nobody looks at: what is stored costs little more than its reading."""
    document = shop_document()
    times = 1 + 350 // len(document["edges"])
    large = {**document, "runs": document["runs"] * times, "edges": document["edges"] * times}
    page = lab_page(
        tmp_path,
        "<script>begun = performance.now()</script>",
        player.html(large),
        "<script>took = performance.now() - begun</script>",
    )
    r = Reader(browser, page)
    assert r.page.evaluate("took") < 1000, "ms; about 40 on a quiet machine"
    assert r.lab.locator(".node").count() == 10
    r.close()

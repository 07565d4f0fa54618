"""The supervision tree in a real browser: seen on light and dark pages, and drawn by the Python of the page."""

from __future__ import annotations

import inspect
import json
import random
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browser import A_LONG_TIME, Server, browsing, serving
from live_site import with_notebooks, write_notebook
from playwright.sync_api import Page, sync_playwright
from test_browser import ASK_AGAIN, DONE, cells_of

from otp_mini import Node
from otp_mini.terms import Pid
from otp_mini.viz import tree_svg
from otp_mini.viz.layout import layout, read_plain
from otp_mini.viz.tree import Tree
from otp_mini.viz.tree_data import STATES, Member, More, Restarts, Tie, TreeData
from otp_mini.viz.tree_dot import dot

ROOT = Path(__file__).resolve().parents[1]

pytestmark = [
    pytest.mark.timeout(600),  # a browser on a busy machine
    pytest.mark.filterwarnings("default::ResourceWarning"),  # Playwright's own, at its end
]


# ---- as it is seen ---------------------------------------------------------------------------------------


@pytest.fixture
def open_page(chromium: str, tmp_path: Path) -> Iterator[Any]:
    """A function that opens a page with some HTML, or a file: ``open_page(html, width=…, scheme=…)``."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])

        def opened(html: str, width: int = 1280, scheme: Any = "light", name: str = "page.html") -> Page:
            page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
            (tmp_path / name).write_text(html, encoding="utf-8")
            page.goto((tmp_path / name).as_uri())
            return page

        yield opened
        browser.close()


def member(key: int, above: int | None = None, **changes: Any) -> Member:
    given: dict[str, Any] = {"name": f"child {key}", "kind": "worker", "state": "running", "pid": Pid(key + 1)}
    return Member(key, above, **given | {"restart": "permanent" if above is not None else ""} | changes)


def every_state() -> Tree:
    """A tree with a child in each state, one of the widest names, a pile, and ties."""
    budget = {"kind": "supervisor", "strategy": "one_for_one", "restarts": Restarts(1, 3, 5.0)}
    children = [member(key, 0, state=state, life=12, mailbox=345) for key, state in enumerate(STATES, 1)]
    names = {"name": "W" * 40, "registered": "M" * 40, "note": "unique keys, 1000 entries"}
    partitions = {"kind": "PartitionSupervisor", "strategy": "rest_for_one", "restarts": Restarts(0, 3, 5.0), "life": 3}
    wide = member(8, 0, **names, **partitions)
    pile = More(9, 0, (("running", 490), ("restarting", 5)))
    beside = member(10, restart="", kind="process")
    ties = (Tie("link", 1, 2), Tie("monitor", 3, 4), Tie("spawn_link", 1, 10))
    return Tree(TreeData((member(0, **budget), *children, wide, pile), (beside,), ties))


HEAD = '<!doctype html><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
PAGES = {
    "a plain page in a light system": ("light", "{}"),
    "a plain page in a dark system": ("dark", "{}"),
    "the book in its dark theme": ("light", '<html data-theme="dark"><body>{}</body></html>'),
    "the book in its light theme on a dark system": ("dark", '<html data-theme="light"><body>{}</body></html>'),
    "JupyterLab's dark theme": ("light", '<body data-jp-theme-light="false">{}</body>'),
    "JupyterLab's light theme on a dark system": ("dark", '<body data-jp-theme-light="true">{}</body>'),
}


@pytest.mark.parametrize("page", PAGES)
def test_the_colours_follow_the_page(page: str, open_page: Any) -> None:
    scheme, around = PAGES[page]
    dark = "dark" in page.replace("on a dark system", "")
    shown = open_page(HEAD + around.format(every_state()._repr_html_()), scheme=scheme)
    palette = tree_svg._DARK if dark else tree_svg._LIGHT
    for name, where in {"--run": ".run .state", "--dead": ".dead .state", "--stop": ".stopped .state"}.items():
        wanted = palette.partition(f"{name}:")[2].partition(";")[0]
        assert shown.locator(where).first.evaluate(COLOUR) == wanted


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_picture_that_stands_alone_follows_the_system(scheme: str, open_page: Any) -> None:
    page = open_page(every_state().svg(), scheme=scheme, name="tree.svg")
    wanted = getattr(tree_svg, f"_{scheme.upper()}").partition("--dead:")[2].partition(";")[0]
    assert page.locator(".dead .state").evaluate(COLOUR) == wanted


COLOUR = """text => "#" + getComputedStyle(text).fill.match(/[0-9]+/g)
    .map(part => Number(part).toString(16).padStart(2, "0")).join("")"""


def test_every_word_fits_into_its_box_in_the_fonts_of_this_machine(open_page: Any) -> None:
    page = open_page(HEAD + every_state()._repr_html_())
    outside = page.evaluate("""() => [...document.querySelectorAll(".otp-tree g")].flatMap(group => {
        const box = group.querySelector("rect").getBoundingClientRect();
        return [...group.querySelectorAll("text")].filter(text => {
            const told = text.getBoundingClientRect();
            return told.left < box.left + 2 || told.right > box.right - 2 ||
                told.top < box.top || told.bottom > box.bottom;
        }).map(text => text.textContent);
    })""")
    assert outside == []


@pytest.mark.parametrize("width", [390, 820])
def test_a_wide_tree_scrolls_inside_its_box_and_by_keyboard(width: int, open_page: Any) -> None:
    page = open_page(HEAD + every_state()._repr_html_(), width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    region = page.get_by_role("region")
    assert region.evaluate("box => box.scrollWidth > box.clientWidth")
    region.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("document.querySelector('[role=region]').scrollLeft > 0")


def test_two_trees_stand_on_one_page_and_nothing_that_a_name_says_is_run(open_page: Any) -> None:
    name = "</text></svg><img src=x onerror='window.hit=1'><script>window.hit=1</script>]]>-->"
    shown = Tree(TreeData((member(0, name=name),)))._repr_html_()
    page = open_page(HEAD + shown + shown)
    assert page.locator("svg").count() == 2
    assert page.locator("img").count() == page.locator("script").count() == 0
    assert page.evaluate("window.hit") is None
    assert page.locator("pre").first.text_content().startswith(f"● {name}")


# ---- as the page's Python draws it ---------------------------------------------------------------------------


async def program() -> Any:
    """Runs in the page and here; both must draw the same."""
    from otp_mini import DynamicSupervisor, GenServer, Process, Supervisor, child_spec, tree

    workers = [child_spec(GenServer, id=name) for name in ("till", "a much longer name than the others", "<b>&amp;")]
    sup = await Supervisor.start_link([*workers, DynamicSupervisor], strategy="one_for_all", name="shop")
    assert sup is not None
    pool = (await Supervisor.which_children(sup))[0].pid
    for number in range(500):
        await DynamicSupervisor.start_child(pool, (GenServer, number))
    Process.monitor(pool)
    return tree(sup, links=True, monitors=True)


CELLS = {
    "first": "\n".join([
        "from otp_mini import GenServer, Node, Supervisor, child_spec, tree",
        "node = Node(clock='virtual').use()",
        "sup = await Supervisor.start_link([(GenServer, 0)], strategy='one_for_one')",
        "tree(sup)",
    ]),
    "pid": "sup",
    "same": f"{inspect.getsource(program)}\nawait Node(clock='virtual').run_async(program)",
}  # fmt: skip


@pytest.fixture(scope="module")
def trees_live(live_site: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site with one live notebook, about trees."""
    folder = tmp_path_factory.mktemp("trees")
    (folder / "notebooks").mkdir()
    write_notebook(folder / "notebooks" / "trees.ipynb", CELLS)
    return with_notebooks(live_site, folder / "site", folder / "notebooks")


def any_tree(seed: int) -> TreeData:
    """A tree of up to 30 boxes of many sizes, with processes beside it."""
    chance = random.Random(seed)
    members: list[Member | More] = [member(0, kind="supervisor", restarts=Restarts(0, 3, 5.0))]
    grow(members, 0, chance, chance.randint(1, 28))
    count = len(members)
    beside = tuple(member(count + at, name="x" * chance.randint(1, 30)) for at in range(chance.randint(0, 3)))
    ties = [Tie(chance.choice(["link", "spawn", "monitor"]), chance.randrange(count), other.key) for other in beside]
    return TreeData(tuple(members), beside, tuple(ties))


def grow(members: list[Member | More], above: int, chance: random.Random, most: int) -> None:
    for _ in range(chance.randint(1, 5)):
        key = len(members)
        if key >= most:
            return
        name = "w" * chance.randint(1, 30)
        if chance.random() < 0.3:
            members.append(member(key, above, name=name, kind="supervisor", restarts=Restarts(0, 3, 5.0)))
            grow(members, key, chance, most)
        else:
            members.append(member(key, above, name=name, mailbox=chance.choice([0, 0, 3])))


DRAW = """
import { readFileSync } from "node:fs";
const viz = new Function(readFileSync(process.argv[2], "utf8"))();
let asked = "";
for await (const piece of process.stdin) { asked += piece; }
console.log(JSON.stringify(JSON.parse(asked).map(dot => viz.renderString(dot, { format: "plain" }))));
"""


def test_the_graphviz_of_the_page_lays_trees_out_as_the_one_of_pygraphviz_does(live_site: Path, tmp_path: Path) -> None:
    (viz,) = live_site.glob("lite/static/*/viz-*.js")
    (tmp_path / "draw.mjs").write_text(DRAW, encoding="utf-8")
    asked = [dot(any_tree(seed), words=False) for seed in range(100)]
    node = shutil.which("node") or "node"
    done = subprocess.run(
        [node, tmp_path / "draw.mjs", viz], input=json.dumps(asked), capture_output=True, text=True, check=True
    )
    drawn = list(map(read_plain, json.loads(done.stdout)))
    assert drawn == list(map(layout, asked))


def run_cells(page: Page, server: Server) -> dict[str, list[dict[str, Any]]]:
    """Open the notebook in the page, run it all, and answer what each cell shows."""
    live = json.loads((server.folder / "lite" / "live.json").read_text(encoding="utf-8"))
    page.goto(f"{server.address}lite/notebooks/index.html?path={live['notebooks']['trees']}")
    page.wait_for_function(
        "() => window.jupyterapp?.shell?.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'"
    )
    page.evaluate("() => { jupyterapp.commands.execute('notebook:run-all-cells') }")
    page.wait_for_function(DONE, timeout=3 * A_LONG_TIME)
    return {cell["id"]: cell["outputs"] for cell in cells_of(page.main_frame)}


def missing(server: Server) -> list[str]:
    """The files that were asked for and are not there; icons belong to the book, which is not here."""
    return [path.rpartition("/")[2] for path in server.missing if ".ico" not in path]


def html_of(outputs: list[dict[str, Any]]) -> str:
    (shown,) = outputs
    return "".join(shown["data"]["text/html"])


def test_a_tree_in_the_page_is_the_one_that_is_drawn_here(trees_live: Path, chromium: str, tmp_path: Path) -> None:
    with serving(trees_live, **ASK_AGAIN) as server, browsing(chromium, tmp_path / "profile") as browser:
        shown = run_cells(browser.page, server)
        assert html_of(shown["first"]) == html_of(shown["pid"])
        assert "<svg" in html_of(shown["first"])
        assert shown["pid"][0]["data"]["text/plain"] == "#PID<0.2.0>"
        with Node(clock="virtual") as node:
            here = node.run(program)
        assert html_of(shown["same"]) == here._repr_html_()
        assert browser.page.locator("svg.otp-tree").count() == 3
        assert browser.foreign == []
        assert missing(server) == []


def test_without_viz_js_the_page_starts_all_the_same_and_shows_trees_as_text(
    trees_live: Path, chromium: str, tmp_path: Path
) -> None:
    site = tmp_path / "site"
    shutil.copytree(trees_live, site)
    (viz,) = site.glob("lite/static/*/viz-*.js")
    viz.unlink()
    with serving(site, **ASK_AGAIN) as server, browsing(chromium, tmp_path / "profile") as browser:
        html = html_of(run_cells(browser.page, server)["first"])
        assert html.startswith("<pre>● ")
        assert "The tree is shown as text: no picture: this page&#x27;s Python has no Graphviz" in html
        assert set(missing(server)) == {viz.name}  # each tree asks for it again
        assert browser.foreign == []

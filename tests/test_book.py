"""The built book: whole, self-contained, accessible, and without answers that it should not hold."""

from __future__ import annotations

import fnmatch
import html
import importlib.metadata
import json
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
import yaml
from book_ext import api_reference, cheat_sheet, progress
from bs4 import BeautifulSoup
from playwright.sync_api import Browser, Page, Request, sync_playwright

import otp_mini

ROOT = Path(__file__).resolve().parents[1]
OWN_FILES = {path.name for path in (ROOT / "book" / "_static").iterdir()}
WIDTHS = [390, 820, 1400]


def toc_pages() -> list[str]:
    """The pages that _toc.yml names, without their endings."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    return [toc["root"], *(chapter["file"] for part in toc["parts"] for chapter in part["chapters"])]


TOC = toc_pages()


def pages(site: Path) -> list[Path]:
    """All pages of the book, the index and the search among them; not the in-browser part."""
    return [path for path in sorted(site.rglob("*.html")) if path.relative_to(site).parts[0] not in ("lite", "_static")]


def text_files(site: Path, *endings: str) -> Iterator[Path]:
    for path in sorted(site.rglob("*")):
        if path.suffix in endings and path.relative_to(site).parts[0] != "lite":
            yield path


def soup_of(path: Path) -> BeautifulSoup:
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


@pytest.fixture(scope="module")
def soups(book_site: Path) -> dict[Path, BeautifulSoup]:
    return {path: soup_of(path) for path in pages(book_site)}


# ---- it is whole -----------------------------------------------------------------------------------------


def test_every_page_of_the_contents_is_built(book_site: Path) -> None:
    assert [page for page in TOC if not (book_site / f"{page}.html").exists()] == []


def test_every_page_of_the_book_and_every_notebook_is_in_the_contents() -> None:
    written = [*(ROOT / "book").glob("*.md"), *(ROOT / "notebooks").glob("*.ipynb")]
    missing = {path.relative_to(ROOT).with_suffix("").as_posix() for path in written} - set(TOC)
    assert missing == set(), "a page that _toc.yml does not name is not built"


def test_the_first_address_leads_to_the_book(book_site: Path) -> None:
    assert f"{TOC[0]}.html" in (book_site / "index.html").read_text(encoding="utf-8")


def test_internal_links_resolve(book_site: Path, soups: dict[Path, BeautifulSoup]) -> None:
    broken = []
    anchors = {path: {tag["id"] for tag in soup.find_all(id=True)} for path, soup in soups.items()}
    for page, soup in soups.items():
        for tag in soup.find_all(["a", "link", "script", "img", "iframe", "source"]):
            address = tag.get("href") or tag.get("src")
            parts = urlsplit(address or "")
            if not address or parts.scheme or parts.netloc:
                continue
            target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
            if not target.exists():
                broken.append(f"{page.relative_to(book_site)}: {address}")
            elif parts.fragment and target in anchors and unquote(parts.fragment) not in anchors[target]:
                broken.append(f"{page.relative_to(book_site)}: {address} (no such place on that page)")
    assert broken == []


def test_the_reference_covers_every_module_and_every_public_name(
    soups: dict[Path, BeautifulSoup], book_site: Path
) -> None:
    soup = soups[book_site / "book" / "api.html"]
    init = ROOT / "otp_mini" / "__init__.py"
    order, forgotten = api_reference.reading_order(init)
    headings = [heading.get_text().strip().rstrip("#") for heading in soup.select("article section h2")]
    assert forgotten == []
    assert headings == [*order, *api_reference.subpackages(init)]
    documented = {tag["id"].rsplit(".", 1)[-1] for tag in soup.select("dt[id]")} | set(order)
    assert set(otp_mini.__all__) - documented == set(), "a public name without a docstring"


def test_the_cheat_sheet_has_every_row(soups: dict[Path, BeautifulSoup], book_site: Path) -> None:
    rows = soups[book_site / "book" / "cheat_sheet.html"].select("table.cheat-sheet tbody tr")
    shown = [row.find("td").get_text().strip() for row in rows]
    assert shown == [row.what for group in cheat_sheet.read() for row in group.rows]


# ---- it asks for nothing outside itself ------------------------------------------------------------------

# Addresses that stand in a script or a style sheet and are not fetched.
HARMLESS = {
    "http://www.w3.org/2000/svg",  # the name of a namespace
    "http://www.w3.org/1999/xlink",
    "http://www.w3.org/1999/xhtml",
    # the theme writes this one into the console, with a warning
    "https://pydata-sphinx-theme.readthedocs.io/en/stable/user_guide/version-dropdown.html",
}
ADDRESS = re.compile(r"""(?:https?:)?//[a-zA-Z0-9][-\w]*(?:\.[-\w]+)+[^\s"'`)<>\\]*""")
COMMENT = re.compile(r"/\*.*?\*/|(?m:^\s*//.*$)", re.S)


def foreign_addresses(text: str) -> set[str]:
    """Whole addresses in a script or a style sheet, comments left out."""
    return {found for found in ADDRESS.findall(COMMENT.sub("", text)) if found not in HARMLESS}


@pytest.mark.parametrize(
    "text",
    [
        'fetch("https://cdn.example.org/x.js")',
        "@import url(//fonts.example.org/a.css);",
        "src='http://example.org/p.png'",
    ],
)
def test_a_foreign_address_would_be_seen(text: str) -> None:
    assert foreign_addresses(text)


def test_comments_and_namespaces_are_no_foreign_addresses() -> None:
    text = '/* https://example.org */\n  // see https://example.org\nx = "http://www.w3.org/2000/svg"; y = a // b\n'
    assert foreign_addresses(text) == set()


def test_no_page_names_a_foreign_host_in_what_it_loads(soups: dict[Path, BeautifulSoup]) -> None:
    found = []
    for page, soup in soups.items():
        for tag in soup.find_all(True):
            loads = [tag.get("src"), tag.get("srcset"), tag.get("data"), tag.get("poster")]
            if tag.name in ("link", "image", "use"):
                loads += [tag.get("href"), tag.get("xlink:href")]
            if tag.name in ("script", "style"):
                loads += foreign_addresses(tag.get_text())
            loads += foreign_addresses(tag.get("style", ""))
            found += [f"{page.name}: {address}" for address in loads if address and re.match(r"(https?:)?//", address)]
    assert found == []


def test_no_script_or_style_sheet_names_a_foreign_host(book_site: Path) -> None:
    found = {
        path.relative_to(book_site).as_posix(): addresses
        for path in text_files(book_site, ".js", ".css", ".mjs")
        if (addresses := foreign_addresses(path.read_text(encoding="utf-8")))
    }
    assert found == {}


def test_no_page_needs_mathjax_requirejs_or_a_widget_manager(book_site: Path) -> None:
    for path in pages(book_site):
        text = path.read_text(encoding="utf-8")
        for name in ("mathjax@", "require.min.js", "html-manager", "application/vnd.jupyter.widget", "thebe"):
            assert name not in text, f"{path.name} holds {name}"


# ---- it holds no answer that it should not --------------------------------------------------------------


def notebook_cells() -> Iterator[str]:
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            yield "".join(cell["source"])


def test_no_solution_mark_and_no_hidden_test_is_shipped(book_site: Path) -> None:
    """In the pages, the search index and all else, and in the live notebooks where they are built."""
    marks = ["BEGIN SOLUTION", "END SOLUTION", "BEGIN HIDDEN TESTS", "END HIDDEN TESTS"]
    region = re.compile(r"### BEGIN HIDDEN TESTS\n(.*?)### END HIDDEN TESTS", re.DOTALL)
    shown = {line.strip() for source in notebook_cells() for line in region.sub("", source).splitlines()}  # imports
    parts = [part for source in notebook_cells() for part in region.findall(source)]
    hidden = [line.strip() for part in parts for line in part.splitlines() if len(line.strip()) > 15]
    hidden = [line for line in hidden if line not in shown]
    assert len(hidden) > len(parts)
    for path in sorted(book_site.rglob("*")):
        if path.suffix in (".html", ".js", ".json", ".txt", ".md", ".py"):
            text = path.read_text(encoding="utf-8", errors="replace")
            if path.suffix == ".html":
                text = html.unescape(re.sub(r"<[^>]+>", "", text))  # a line may be torn by its colours
            assert [word for word in [*marks, *hidden] if word in text] == [], path.relative_to(book_site)


def test_no_notebook_lies_in_the_site_with_its_solutions(book_site: Path) -> None:
    assert not (book_site / "_sources").exists()
    for path in book_site.rglob("*.ipynb"):
        text = path.read_text(encoding="utf-8")
        assert "BEGIN SOLUTION" not in text, path.relative_to(book_site)
        assert "BEGIN HIDDEN TESTS" not in text, path.relative_to(book_site)


def test_no_page_tells_where_it_was_built(book_site: Path) -> None:
    for path in text_files(book_site, ".html", ".js", ".css", ".inv"):
        assert str(ROOT) not in path.read_text(encoding="utf-8", errors="replace"), path.relative_to(book_site)


# ---- what others made -----------------------------------------------------------------------------------


def third_party() -> list[tuple[str, str, str, list[str], str]]:
    """The rows of THIRD_PARTY.md: what, version, licence, patterns of files, where the version stands."""
    rows = []
    for line in (ROOT / "THIRD_PARTY.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if line.startswith("| ") and len(cells) == 5 and cells[0] != "what":
            rows.append((cells[0], cells[1], cells[2], re.findall(r"`([^`]+)`", cells[3]), cells[4].rstrip(" |")))
    return rows


THIRD_PARTY = third_party()


def test_every_file_of_others_stands_in_the_list(book_site: Path) -> None:
    static = book_site / "_static"
    shipped = {path.relative_to(static).as_posix() for path in static.rglob("*") if path.is_file()} - OWN_FILES
    for lab in ("lab_parts", "crash_lab", "schedule_lab"):
        shipped -= set(fnmatch.filter(shipped, f"{lab}.????????.js"))  # of otp_mini, put there by the extension
    shipped -= {progress.DATA, progress.SCRIPT}
    patterns = [pattern for row in THIRD_PARTY for pattern in row[3]]
    unlisted = {name for name in shipped if not any(fnmatch.fnmatch(name, pattern) for pattern in patterns)}
    unused = {pattern for pattern in patterns if not fnmatch.filter(shipped, pattern)}
    assert unlisted == set(), "files that THIRD_PARTY.md does not name"
    assert unused == set(), "files that THIRD_PARTY.md names and the site does not have"


@pytest.mark.parametrize("row", THIRD_PARTY, ids=lambda row: row[0])
def test_the_version_in_the_list_is_the_one_that_is_shipped(
    row: tuple[str, str, str, list[str], str], book_site: Path
) -> None:
    _, version, licence, _, proof = row
    assert licence
    if package := re.fullmatch(r"package `([\w-]+)`", proof):
        assert importlib.metadata.version(package[1]) == version
    else:
        file, said = re.fullmatch(r"`([^`]+)`: (.+)", proof).groups()
        assert said.endswith(version)
        assert said in (book_site / "_static" / file).read_text(encoding="utf-8")


def in_the_page() -> set[tuple[str, str]]:
    """What THIRD_PARTY.md says is in the part that runs in the page, with its version."""
    text = (ROOT / "THIRD_PARTY.md").read_text(encoding="utf-8").partition("## The Python that runs in the page")[2]
    lines = [line.strip("|") for line in text.splitlines() if line.startswith("| ")]
    rows = [[cell.strip() for cell in line.split(" | ")] for line in lines]
    assert all(len(row) == 4 and row[2] for row in rows)
    return {(row[0], row[1]) for row in rows[1:]}


def test_every_package_that_runs_in_the_page_stands_in_the_list(live_site: Path) -> None:
    listed = in_the_page()
    lock = json.loads(next(live_site.glob("lite/static/pyodide-*/pyodide-lock*.json")).read_text(encoding="utf-8"))
    shipped = {(package["name"], package["version"]) for package in lock["packages"].values()}
    own_list = (live_site / "lite" / "third-party.txt").read_text(encoding="utf-8")
    assert {name for name, _ in shipped - listed} == {"otp-mini"}
    assert set(re.findall(r"^(\S+) ([\d.]+)[:,]", own_list, re.M)) == listed


# ---- everybody can read it ------------------------------------------------------------------------------


def test_every_page_has_a_language_a_title_and_one_first_heading(
    soups: dict[Path, BeautifulSoup], book_site: Path
) -> None:
    for page in TOC:
        soup = soups[book_site / f"{page}.html"]
        heading = soup.select_one("article h1").find(string=True).strip()
        assert soup.html["lang"] == "en"
        assert heading in soup.title.get_text()
        assert "OTP patterns in Python" in soup.title.get_text()
        assert len(soup.select("article h1")) == 1


def test_no_page_skips_a_level_of_headings(soups: dict[Path, BeautifulSoup], book_site: Path) -> None:
    for page in TOC:
        levels = [int(tag.name[1]) for tag in soups[book_site / f"{page}.html"].select("article :is(h1,h2,h3,h4,h5)")]
        assert all(later - earlier <= 1 for earlier, later in pairwise(levels)), page


def test_every_picture_has_a_text(soups: dict[Path, BeautifulSoup]) -> None:
    for page, soup in soups.items():
        for image in soup.find_all("img"):
            assert image.get("alt", "").strip(), f"{page.name}: {image.get('src')}"
        for drawing in soup.select("article svg"):
            named = drawing.get("aria-label") or (drawing.find("title") and drawing.get("role") == "img")
            assert named or drawing.get("aria-hidden") == "true", f"{page.name}: an SVG without a text"


def test_every_table_names_its_columns(soups: dict[Path, BeautifulSoup], book_site: Path) -> None:
    for page in TOC:
        for header in soups[book_site / f"{page}.html"].select("article table thead th"):
            assert header.get_text().strip(), page


# ---- in a real browser ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield started
        started.close()


class Watched:
    """A page of the built book, opened as a file, and what it asked for and complained of."""

    def __init__(self, page: Page, site: Path) -> None:
        self.page, self.site = page, site
        self.foreign: list[str] = []
        self.errors: list[str] = []
        page.on("request", self._asked)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda line: self.errors.append(line.text) if line.type == "error" else None)

    def _asked(self, request: Request) -> None:
        if not request.url.startswith(("file:", "data:", "blob:")):
            self.foreign.append(request.url)

    def open(self, name: str) -> Page:
        self.page.goto((self.site / f"{name}.html").as_uri(), wait_until="load")
        return self.page


@pytest.fixture
def watched(browser: Browser, book_site: Path) -> Iterator[Watched]:
    context = browser.new_context(color_scheme="light", viewport={"width": 1400, "height": 900}, offline=True)
    yield Watched(context.new_page(), book_site)
    context.close()


@pytest.mark.parametrize("name", [*TOC, "search", "genindex"])
def test_a_page_asks_for_nothing_foreign_and_reports_no_error(watched: Watched, name: str) -> None:
    page = watched.open(name)
    assert page.title()
    assert watched.foreign == []
    assert watched.errors == []


FRAME_RULES = ["label-content-name-mismatch", "region", "scrollable-region-focusable", "landmark-unique", "list"]


@pytest.mark.parametrize("name", ["book/intro", "notebooks/09_agents", "search", "genindex"])
def test_the_frame_of_a_page_keeps_nobody_out(watched: Watched, axe: Path, name: str) -> None:
    """Rules about a whole page, folds open; contrast and the rest are looked at part by part elsewhere."""
    page = watched.open(name)
    page.evaluate("document.querySelectorAll('details').forEach((fold) => (fold.open = true))")
    page.evaluate(axe.read_text(encoding="utf-8"))
    found = page.evaluate(
        "async (values) => (await axe.run({ runOnly: { type: 'rule', values } }))"
        ".violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html.slice(0, 200))])",
        FRAME_RULES,
    )
    assert found == []


@pytest.mark.parametrize("name", TOC)
def test_no_page_scrolls_sideways(watched: Watched, name: str) -> None:
    page = watched.open(name)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        excess = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert excess <= 0, f"{excess} pixels too wide in a window of {width}"


@pytest.fixture
def phone(browser: Browser, book_site: Path) -> Iterator[Watched]:
    """A narrow phone: a page that is too wide widens its window, so it has to be measured against the device."""
    context = browser.new_context(viewport={"width": 360, "height": 740}, is_mobile=True, has_touch=True, offline=True)
    yield Watched(context.new_page(), book_site)
    context.close()


OPEN_FOLDS = "document.querySelectorAll('details').forEach((fold) => { fold.open = true; })"


# The letters of drawings and of labs that are smaller than 12 pixels of the window, as the browser shows them.
SMALL = """() => {
  const found = [], look = (root, lab) => root.querySelectorAll("*").forEach((one) => {
    if (one.shadowRoot) look(one.shadowRoot, true);
    const drawn = one.closest("svg"), said = [...one.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
    const box = one.getBoundingClientRect(), unseen = one.closest(".unseen, style, script, title, desc, defs");
    if (!said || !(drawn || lab) || unseen || !box.width || !box.height) return;
    const at = drawn && one.getScreenCTM?.(), scale = at ? Math.hypot(at.b, at.d) : 1;
    const size = parseFloat(getComputedStyle(one).fontSize) * scale;
    if (size < 11.99) found.push(`${one.textContent.trim().slice(0, 30)}: ${size.toFixed(1)}`);
  });
  look(document, false);
  return found;
}"""

# The labs whose controls do not stand below the tree, in the text's own flow: they would lie on it while one scrolls.
OVER_THE_TREE = """() => [...document.querySelectorAll(".crash-lab")].filter(({ shadowRoot: root }) => {
  const box = (name) => root.querySelector(name).getBoundingClientRect();
  const parts = [...root.querySelectorAll(".dock, .transport, .picker, .below, .sayings")];
  const tree = box(root.querySelector(".lanes") ? ".lanes" : ".tree"), dock = box(".dock");
  const follow = (one) => ["sticky", "fixed", "absolute"].includes(getComputedStyle(one).position);
  return dock.top < tree.bottom || parts.some(follow);
}).map((lab) => lab.getAttribute("aria-label"))"""


@pytest.mark.parametrize("name", [*TOC, "search", "genindex", "py-modindex"])
def test_no_page_is_wider_than_a_phone_no_letter_too_small_for_it_and_no_control_on_a_tree(
    phone: Watched, name: str
) -> None:
    page = phone.open(name)
    page.evaluate(OPEN_FOLDS)
    for width in (360, 390):
        page.set_viewport_size({"width": width, "height": 740})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.wait_for_function("[...document.querySelectorAll('.otp-lab')].every((lab) => 'ready' in lab.dataset)")
        assert page.evaluate(SMALL) == [], width
        assert page.evaluate(OVER_THE_TREE) == [], width


def test_small_letters_and_controls_on_a_tree_would_be_found(phone: Watched) -> None:
    page = phone.open("book/intro")
    page.wait_for_selector(".crash-lab[data-ready]")
    page.evaluate("""() => {
      const { shadowRoot } = document.querySelector(".crash-lab"), sheet = new CSSStyleSheet();
      sheet.replaceSync(".dock { position: sticky; bottom: 0; } .title { font-size: 10px !important; }");
      shadowRoot.adoptedStyleSheets = [...shadowRoot.adoptedStyleSheets, sheet];
      document.querySelector(".restart-figure").style.width = "200px";
    }""")
    small = page.evaluate(SMALL)
    assert "What happened: 10.0" in small
    assert any(each.startswith("supervisor: ") for each in small)
    assert page.evaluate(OVER_THE_TREE) == ["Crash lab: photos"]


# What is wider than its own box and can be read only by scrolling sideways. A drawing may be: it says so by a shadow,
# and stands below as text.
SCROLLING = """() => [...document.querySelectorAll("article *")].filter((one) => {
  const drawn = one.closest(
    ".sequence-chart, .supervision-tree, .server-life, .restart-window, .memory-arrows, .campaign");
  const scrolls = ["auto", "scroll", "hidden"].includes(getComputedStyle(one).overflowX) && one.clientWidth > 3;
  return !drawn && scrolls && one.checkVisibility() && one.scrollWidth > one.clientWidth + 1;
}).map((one) => `${one.tagName} ${one.className}: ${one.textContent.trim().slice(0, 60)}`)"""


# They show tables and code as chapters do.
OF_CHAPTERS = ("book/decision_guide", "book/how_otp_mini_works", "book/how_fast_is_it")


@pytest.mark.parametrize("name", [name for name in TOC if name.startswith("notebooks/") or name in OF_CHAPTERS])
def test_no_code_output_or_table_of_a_chapter_scrolls_sideways(watched: Watched, name: str) -> None:
    page = watched.open(name)
    page.evaluate(OPEN_FOLDS)
    for width in (360, *WIDTHS):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate(SCROLLING) == [], width


def test_the_words_of_a_decision_table_stay_whole_on_a_phone(phone: Watched) -> None:
    page = phone.open("notebooks/02_choosing_an_abstraction")
    rows = page.locator(".otp-decision").first.evaluate("""table => [...table.querySelectorAll("thead th, td")]
      .filter((cell) => !cell.textContent.includes(" "))
      .filter((cell) => { const range = document.createRange(); range.selectNodeContents(cell);
        return new Set([...range.getClientRects()].map((row) => Math.round(row.top / 12))).size > 1; })
      .map((cell) => cell.textContent)""")
    assert rows == []


def test_the_rest_of_a_long_line_stands_further_in_and_is_copied_as_one_line(phone: Watched) -> None:
    page = phone.open("notebooks/05_supervisor_strategies")
    line = page.locator(".cell_input .code-line").filter(has_text='return Reply("paid" if').first
    source = line.text_content()
    assert source is not None
    assert len(source) > 60, "this line is not long enough to be broken on a phone"
    begins = line.evaluate("line => line.getBoundingClientRect().left")
    rows = line.evaluate("""line => {
      const range = document.createRange();
      range.selectNodeContents(line);
      return [...range.getClientRects()].filter((row) => row.width > 1).map((row) => [row.top, row.left]);
    }""")
    first, last = min(top for top, _ in rows), max(top for top, _ in rows)
    assert last > first
    indent = len(source) - len(source.lstrip())
    column = line.evaluate("line => parseFloat(getComputedStyle(line).paddingLeft)") / (indent + 6)
    assert min(left for top, left in rows if top == last) - begins == pytest.approx((indent + 6) * column, abs=1)
    copied = line.evaluate(
        "line => { getSelection().selectAllChildren(line.closest('pre')); return `${getSelection()}`; }"
    )
    assert source.rstrip("\n") in copied.split("\n")


@pytest.mark.parametrize("name", [name for name in TOC if name.startswith("notebooks/")])
def test_no_page_shows_the_marks_of_its_source(soups: dict[Path, BeautifulSoup], book_site: Path, name: str) -> None:
    """Markdown within HTML stays as it is: a backtick in a summary is shown as a backtick."""
    article = BeautifulSoup(str(soups[book_site / f"{name}.html"].select_one("article")), "html.parser")
    for code in article.select("pre, code, script, style, svg, .output"):
        code.extract()
    shown = [text.strip() for text in article.find_all(string=True) if "`" in text or "**" in text]
    assert shown == []


# The colours of text and of what lies behind it, as the browser computed them, and the ratio of WCAG 2.
PALE_TEXT = """() => {
  const channels = (color) => (color.match(/[\\d.]+/g) || []).map(Number);
  const luminance = ([r, g, b]) => [r, g, b].map((c) => c / 255)
    .map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const over = (top, below) => {
    const alpha = top[3] ?? 1;
    return [0, 1, 2].map((i) => top[i] * alpha + below[i] * (1 - alpha));
  };
  const behind = (element) => {
    const layers = [];
    for (let e = element; e; e = e.parentElement) layers.push(channels(getComputedStyle(e).backgroundColor));
    return layers.reverse().reduce((below, top) => over(top, below), [255, 255, 255]);
  };
  const pale = [];
  const texts = document.createTreeWalker(document.querySelector("article"), NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    const apart = element.closest("svg, script, style, .headerlink");
    if (apart || !texts.currentNode.data.trim() || !element.checkVisibility()) continue;
    const back = behind(element), front = over(channels(getComputedStyle(element).color), back);
    const [dark, light] = [luminance(back), luminance(front)].sort((a, b) => a - b);
    const ratio = (light + 0.05) / (dark + 0.05);
    if (ratio < 4.5) pale.push(`${ratio.toFixed(2)}: ${texts.currentNode.data.trim().slice(0, 40)}`);
  }
  return pale;
}"""


@pytest.mark.parametrize("name", TOC)
def test_all_text_stands_out_from_its_ground(watched: Watched, name: str) -> None:
    page = watched.open(name)
    page.add_style_tag(content="* { transition: none !important; }")  # a colour on its way is nobody's choice
    page.evaluate("document.querySelectorAll('details').forEach((fold) => { fold.open = true; })")
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        page.wait_for_function("theme => document.documentElement.dataset.theme === theme", arg=theme)
        assert page.evaluate(PALE_TEXT) == [], theme


def test_pale_text_would_be_seen(watched: Watched) -> None:
    page = watched.open(TOC[0])
    page.evaluate("document.querySelector('article p').style = 'color: #999; background: #888'")
    assert page.evaluate(PALE_TEXT)


FOLDS = """
<details class="hint"><summary>Hint 1</summary><p>one</p></details>
<details class="hint"><summary>Hint 2</summary><p>two</p></details>
<details class="hint"><summary>Hint 3</summary><p>three</p></details>"""


def test_hints_open_one_after_the_other_by_keyboard(watched: Watched) -> None:
    page = watched.open("book/how_to_use")
    page.evaluate("folds => document.querySelector('article section').insertAdjacentHTML('beforeend', folds)", FOLDS)
    hint = page.locator("details.hint")
    assert [hint.nth(number).is_visible() for number in range(3)] == [True, False, False]
    hint.nth(0).locator("summary").focus()
    page.keyboard.press("Enter")
    assert [hint.nth(number).is_visible() for number in range(3)] == [True, True, False]
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    assert [hint.nth(number).is_visible() for number in range(3)] == [True, True, True]


def test_tabs_change_by_keyboard_and_all_pairs_together(watched: Watched) -> None:
    page = watched.open("notebooks/03_genserver_basics")
    first, second = (page.locator(".sd-tab-set").nth(number) for number in (0, 1))
    elixir = [tabs.get_by_text("defmodule").first for tabs in (first, second)]
    assert [block.is_visible() for block in elixir] == [False, False]
    first.locator("input").first.focus()
    page.keyboard.press("ArrowRight")
    assert [block.is_visible() for block in elixir] == [True, True]


def test_a_search_result_opens_where_its_words_stand_and_marks_them(watched: Watched) -> None:
    page = watched.open("search")
    page.goto(f"{page.url}?q=terminate+not+called", wait_until="load")
    page.locator("#search-results a[href*='book/questions']").click()
    page.wait_for_function("CSS.highlights.has('found') && window.scrollY > 0")
    marked = page.evaluate(
        "[...new Set([...CSS.highlights.get('found')].map((range) => range.toString().toLowerCase()))]"
    )
    assert sorted(marked) == ["called", "terminate"]
    seen = page.evaluate("""() => [...document.querySelectorAll('.bd-article p')].some((block) => {
      const { top, bottom } = block.getBoundingClientRect();
      const holds = /terminate/i.test(block.textContent) && /called/i.test(block.textContent);
      return holds && top >= 0 && bottom <= innerHeight;
    })""")
    assert seen, "the words are not in the window"
    page.keyboard.press("Escape")
    assert not page.evaluate("CSS.highlights.has('found')")
    page.reload()
    assert not page.evaluate("CSS.highlights.has('found')"), "marked once, not for ever"

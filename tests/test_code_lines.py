"""Lines of code in the book: each is an element that knows its indentation, and its text is what it was."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from book_ext import code_lines
from browser import browsing
from bs4 import BeautifulSoup
from pygments import highlight
from pygments.lexers import get_lexer_by_name

STYLE = Path(__file__).parent.parent / "book" / "_static" / "course.css"
PYTHON = '''def hello(name):
    text = """two
      lines"""

    return f"<b>{name} & {text}"
'''
REPORT = "** (TypeError) <unknown>\n    line 3: a & b\n"


def lines_of(text: str, language: str) -> list[tuple[str, str | None]]:
    """The text of each line's element, and its style."""
    html = BeautifulSoup(highlight(text, get_lexer_by_name(language), code_lines.LinesFormatter()), "html.parser")
    return [(line.get_text(), line.get("style")) for line in html.select("pre > .code-line")]


@pytest.mark.parametrize(("language", "text"), [("python", PYTHON), ("text", REPORT), ("elixir", "x = 1\n")])
def test_the_lines_are_the_text(language: str, text: str) -> None:
    assert "".join(line for line, _ in lines_of(text, language)) == text


def test_a_line_knows_how_far_it_is_indented() -> None:
    styles = [style for _, style in lines_of(PYTHON, "python")]
    assert styles == [None, "--indent:4", "--indent:6", None, "--indent:4"]


def test_a_line_may_be_broken_behind_a_bracket_and_before_a_dot_and_not_at_the_brackets_of_a_text() -> None:
    html = highlight('sup = Tree.start(name="f(x).y")\n', get_lexer_by_name("python"), code_lines.LinesFormatter())
    pieces = BeautifulSoup(html.replace("<wbr>", "|"), "html.parser").get_text().strip()
    assert pieces == 'sup = Tree|.start(|name="f(x).y")'


@pytest.mark.parametrize(
    ("language", "code", "pieces"),
    [
        ("elixir", 'IO.puts("after #{div(a, 1)} s")', 'IO|.puts(|"after #{div(|a, 1)} s")'),
        ("elixir", "ask.(shop, {:buy})", "ask.(|shop, {|:buy})"),
        ("python", 'f"knows: {state.x(1)}"', 'f"knows: {state|.x(|1)}"'),
    ],
)
def test_the_bracket_of_a_value_in_a_text_stays_with_it_and_a_dot_with_the_bracket_of_its_call(
    language: str, code: str, pieces: str
) -> None:
    html = highlight(code, get_lexer_by_name(language), code_lines.LinesFormatter())
    assert BeautifulSoup(html.replace("<wbr>", "|"), "html.parser").get_text().strip() == pieces


def test_in_a_table_code_is_broken_at_its_joints_first_and_words_are_not() -> None:
    cells = [
        '<th><code class="a_b.c"><span class="p_re">GenServer.stop(child_id)</span></code></th>',
        "<td>handle_continue(&#x27;warm up&#x27;)</td><td>2.000, 4.000</td>",
        "<td>by <code>a_(b)</code>, at once (e.g.)</td>",
    ]
    body = f"<p><code>a_b</code></p><table><tr>{''.join(cells)}</tr></table>"
    context = {"body": body}
    code_lines.finished(None, "", "", context, None)
    assert context["body"].replace("<wbr>", "") == body
    shown = BeautifulSoup(context["body"].replace("<wbr>", "|"), "html.parser")
    assert [cell.text for cell in shown.select("th, td, p")] == [
        "a_b",
        "GenServer.|stop(|child_|id)",
        "handle_|continue(|'warm up')",
        "2.000, 4.000",
        "by a_(|b), at once (e.g.)",
    ]
    assert (shown.select_one("th code")["class"], shown.select_one("th span")["class"]) == (["a_b.c"], ["p_re"])


def test_the_text_below_a_picture_has_lines_and_its_times_are_whole() -> None:
    text = "● shop: 1 of 3 in 5 s\n├── ● till &lt;b&gt;\n   0.000  60.5 s pass\n"
    context = {"body": f"<details><summary>The same as text</summary><pre>{text}</pre></details><pre>5 s</pre>"}
    code_lines.finished(None, "", "", context, None)
    page = BeautifulSoup(context["body"], "html.parser")
    below, other = page.select("pre")
    assert below.get_text() == BeautifulSoup(text, "html.parser").get_text()
    assert [line["style"] for line in below.select(".code-line")] == ["--indent:0", "--indent:4", "--indent:3"]
    assert [whole.get_text() for whole in below.select(".whole")] == ["5 s", "60.5 s"]
    assert not other.select("span")


# ---- in a browser --------------------------------------------------------------------------------------------

LINES = """element => {  // the lines on which its text is shown
  const lines = new Map(), walk = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) for (let i = 0; i < walk.currentNode.length; i++) {
    const range = document.createRange();
    range.setStart(walk.currentNode, i);
    range.setEnd(walk.currentNode, i + 1);
    const box = range.getClientRects()[0];
    if (box) lines.set(box.top, (lines.get(box.top) ?? "") + walk.currentNode.data[i]);
  }
  return [...lines.values()].map((line) => line.trim()).filter(Boolean);
}"""


def shown(chromium: str, folder: Path, body: str, selector: str, widths: range) -> list[list[str]]:
    """The lines of each selected element, at each width of the column."""
    page = folder / "page.html"
    link = f'<link rel="stylesheet" href="{STYLE.as_uri()}">'
    page.write_text(f'<!doctype html>{link}<article class="bd-article">{body}</article>', encoding="utf-8")
    with browsing(chromium, folder / "profile", viewport={"width": 500, "height": 900}) as browser:
        browser.page.goto(page.as_uri())

        def at(width: int) -> Any:
            browser.page.evaluate(f"document.querySelector('article').style.width = '{width}px'")
            return [browser.page.evaluate(LINES, found) for found in browser.page.query_selector_all(selector)]

        return [lines for width in widths for lines in at(width)]


def test_no_operator_is_torn_however_narrow_the_column_is(chromium: str, tmp_path: Path) -> None:
    code = 'timed.(fn -> [1] |> Enum.map(& &1 - 1) end) <- "#{how}"\n'
    body = highlight(code, get_lexer_by_name("elixir"), code_lines.LinesFormatter())
    found = shown(chromium, tmp_path, body, ".code-line", range(140, 420, 5))
    assert max(map(len, found)) > 3, "it is broken"
    for lines in found:
        assert all(whole in " ".join(lines) for whole in ("->", "|>", "<-", ".(", "#{how")), lines


def test_in_the_text_of_a_picture_names_are_broken_at_their_joints_only(chromium: str, tmp_path: Path) -> None:
    cells = [
        "11.000",
        "GenServer.stop",
        "handle_continue(&#x27;warm up&#x27;)",
        "NoReply(state) after 3 s",
        "&#x27;warm&#x27;",
    ]
    table = f"<table><tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr></table>"
    context = {"body": f'<div class="server-life"></div><details open><summary>text</summary>{table}</details>'}
    code_lines.finished(None, "", "", context, None)
    found = shown(chromium, tmp_path, context["body"], "td", range(340, 480, 20))
    assert [lines for lines in found if len(lines) > 1], "some are broken"
    words = {"11.000", "GenServer.stop", "handle_", "continue(", "handle_continue(", "'warm", "up')", "'warm'"}
    words |= {
        "handle_continue('warm",
        "continue('warm",
        "'warm up')",
        "NoReply(",
        "state)",
        "NoReply(state)",
        "after",
        "3",
        "s",
    }
    for line in [line for lines in found for line in lines]:
        assert line in words or set(line.split()) <= words, line

"""Lines of code in the book: each is an element that knows its indentation, and its text is what it was."""

from __future__ import annotations

import pytest
from book_ext import code_lines
from bs4 import BeautifulSoup
from pygments import highlight
from pygments.lexers import get_lexer_by_name

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
    code_lines.breakable_tables(None, "", "", context, None)
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

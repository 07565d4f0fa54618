"""Each line of code is an element of its own, which knows how far it is indented.

A line that is too long for the column is then broken where it is shown, and its rest stands further in than its
beginning (``course.css``). Nobody has to scroll sideways to read a program, on a phone least of all, and no page shows
a rest at the left edge, where a reader would take it for the next statement. Behind an opening bracket and before a dot
a line may be broken too, as one would break it by hand, and not within a name, an operator or the bracket of a value in
a text. What is copied is the line as it is.

In a table code may be broken behind a bracket, a dot and an underscore, before it is broken anywhere. The text below a
picture has its lines as code has, and no time is torn from its unit.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from pygments.formatters import HtmlFormatter
from sphinx.application import Sphinx
from sphinx.highlighting import PygmentsBridge

_TAG = re.compile(r"<[^>]*>")
_CALLED = re.compile(r'<span class="o">\.</span><span class="p">\(</span>')  # Elixir calls a variable so: f.(x)
_BREAKS = re.compile(
    r'(?<=[(\[{]</span>)(?<!<span class="si">\{</span>)(?<!<span class="si">#\{</span>)(?=.)(?!</span>)'
    r'|(?<=</span>)(?=<span class="o">\.</span>)'
)
_TABLE = re.compile(r"<table\b.*?</table>", re.DOTALL)
_IN_TABLE = re.compile(r"(<code\b[^>]*>)(.*?)(?=</code>)|(<td>)([^<]+)(?=</td>)", re.DOTALL)
_BELOW_PICTURE = re.compile(r"(?<=<summary>The same as text</summary><pre>)[^<]*(?=</pre>)")
_DURATION = re.compile(r"\b[\d.]+ s\b")
_JOINTS = re.compile(r"(?<=[\w\"'])(\(+|_|\.(?!\d))(?=[\w\"'])|(?<=[\w\"'])(\(+)(?=&)")


def in_lines(source: Iterator[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """Put an element around each line of highlighted code; the line's end stays within it."""
    for is_code, line in source:
        text = _TAG.sub("", line)
        indent = len(text) - len(text.lstrip(" "))
        style = f' style="--indent:{indent}"' if indent and text.strip() else ""
        yield is_code, f'<span class="code-line"{style}>{_broken(line)}</span>' if is_code else line


def _broken(line: str) -> str:
    """A highlighted line with the places where it may be broken."""
    return _BREAKS.sub("<wbr>", _CALLED.sub(r'<span class="whole">\g<0></span><wbr>', line))


def finished(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: object) -> None:
    """Say in the tables of a finished page where their code may be broken, and in the texts below its pictures."""
    if "body" in context:
        body = _TABLE.sub(lambda table: _IN_TABLE.sub(_jointed, table[0]), context["body"])
        context["body"] = _BELOW_PICTURE.sub(lambda text: "".join(map(_told, text[0].splitlines(keepends=True))), body)


def _told(line: str) -> str:
    """A line of the text below a picture; the branches of a tree are its indentation."""
    indent = len(line) - len(line.lstrip(" │├└─"))
    whole = _DURATION.sub(r'<span class="whole">\g<0></span>', line)
    return f'<span class="code-line" style="--indent:{indent}">{whole}</span>'


def _jointed(cell: re.Match[str]) -> str:
    opening, text = (cell[1], cell[2]) if cell[1] else (cell[3], cell[4])
    parts = re.split(r"(<[^>]*>)", text)
    return opening + "".join(part if part.startswith("<") else _JOINTS.sub(r"\g<0><wbr>", part) for part in parts)


class LinesFormatter(HtmlFormatter[str]):
    """The highlighter's own HTML, with an element for each line."""

    def wrap(self, source: Iterator[tuple[int, str]]) -> Iterator[tuple[int, str]]:
        return super().wrap(in_lines(source))


def setup(app: Sphinx) -> dict[str, bool]:
    PygmentsBridge.html_formatter = LinesFormatter
    app.connect("html-page-context", finished)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

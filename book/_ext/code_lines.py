"""Each line of code is an element of its own, which knows how far it is indented.

A line that is too long for the column is then broken where it is shown, and its rest stands further in than its
beginning (``course.css``). Nobody has to scroll sideways to read a program, on a phone least of all, and no page shows
a rest at the left edge, where a reader would take it for the next statement. Behind an opening bracket and before a dot
a line may be broken too, as one would break it by hand, and not within a name. What is copied is the line as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pygments.formatters import HtmlFormatter
from sphinx.application import Sphinx
from sphinx.highlighting import PygmentsBridge

_TAG = re.compile(r"<[^>]*>")
_BREAKS = re.compile(r'(?<=[(\[{]</span>)(?=.)|(?<=</span>)(?=<span class="o">\.</span>)')


def in_lines(source: Iterator[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """Put an element around each line of highlighted code; the line's end stays within it."""
    for is_code, line in source:
        text = _TAG.sub("", line)
        indent = len(text) - len(text.lstrip(" "))
        style = f' style="--indent:{indent}"' if indent and text.strip() else ""
        yield is_code, f'<span class="code-line"{style}>{_BREAKS.sub("<wbr>", line)}</span>' if is_code else line


class LinesFormatter(HtmlFormatter[str]):
    """The highlighter's own HTML, with an element for each line."""

    def wrap(self, source: Iterator[tuple[int, str]]) -> Iterator[tuple[int, str]]:
        return super().wrap(in_lines(source))


def setup(app: Sphinx) -> dict[str, bool]:
    PygmentsBridge.html_formatter = LinesFormatter
    return {"parallel_read_safe": True, "parallel_write_safe": True}

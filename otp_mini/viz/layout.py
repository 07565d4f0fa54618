"""Where the boxes of a graph stand: Graphviz decides, whichever there is.

In CPython it comes with pygraphviz, whose wheels carry Graphviz, or is the program ``dot``. In the
page it is viz.js, which the book's own copy of Pyodide loads while it starts. They are given
boxes of fixed size without any text, so that neither fonts nor names have a say in the result.
"""

from __future__ import annotations

import contextlib
import io
import shutil
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

POINTS = 72  # an inch; a pixel of ours is a point of Graphviz's


class NoGraphviz(Exception):
    """Nothing here can lay a graph out; the message says what to install."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Whole pixels, counted from the upper left corner.

    Attributes:
        boxes: the middle of each box, by its name in the DOT.
        lines: the points of each line's Bézier curve, by its two ends, in the order of the DOT.
    """

    width: int
    height: int
    boxes: dict[str, tuple[int, int]]
    lines: tuple[tuple[str, str, tuple[tuple[int, int], ...]], ...]


def layout(dot: str) -> Layout:
    """Have Graphviz lay out a graph that is written in DOT, with ASCII characters only.

    Raises:
        NoGraphviz: there is none.
    """
    return read_plain(plain(dot))


def read_plain(output: str) -> Layout:
    r"""Read Graphviz's format ``plain``: inches, counted from the lower left corner.

    Example:
        >>> read_plain('graph 1 2 1.5\nnode a 1 0.5 2 1 "" solid box black lightgrey\nstop')
        Layout(width=144, height=108, boxes={'a': (72, 72)}, lines=())
    """
    boxes, lines = {}, []
    width = height = 0.0

    def at(x: str, y: str) -> tuple[int, int]:
        return round(float(x) * POINTS), round((height - float(y)) * POINTS)

    for row in output.splitlines():
        match row.split():
            case ["graph", _, across, down]:
                width, height = float(across), float(down)
            case ["node", name, x, y, *_]:
                boxes[name] = at(x, y)
            case ["edge", tail, head, count, *rest]:
                numbers = rest[: 2 * int(count)]
                lines.append((tail, head, tuple(map(at, numbers[::2], numbers[1::2]))))
    return Layout(round(width * POINTS), round(height * POINTS), boxes, tuple(lines))


def plain(dot: str) -> str:
    """The layout as Graphviz writes it.

    Raises:
        NoGraphviz: there is none.
    """
    if sys.platform == "emscripten":
        return _in_the_page(dot)
    try:
        import pygraphviz  # type: ignore[import-untyped]
    except ImportError:
        return _by_program(dot)
    with contextlib.redirect_stderr(io.StringIO()):  # it warns of more than 1,000 boxes
        drawn: bytes = pygraphviz.AGraph(string=dot).draw(format="plain", prog="dot")
    return drawn.decode()


def _in_the_page(dot: str) -> str:
    """By viz.js, which `lite/pyodide.mjs` has loaded and given to Python as a module."""
    try:
        import viz_js  # type: ignore[import-not-found]
        from js import Object  # type: ignore[import-not-found]
        from pyodide.ffi import to_js  # type: ignore[import-not-found]
    except ImportError:
        raise NoGraphviz(
            "no picture: this page's Python has no Graphviz (viz.js), which the book's own copy of it loads"
        ) from None
    options: Any = to_js({"format": "plain"}, dict_converter=Object.fromEntries)
    return str(viz_js.renderString(dot, options))


def _by_program(dot: str) -> str:
    program = shutil.which("dot")
    if program is None:
        raise NoGraphviz(
            "no picture: drawing it needs Graphviz, and neither the package pygraphviz (pip install pygraphviz) "
            "nor the program dot is here"
        )
    return subprocess.run([program, "-Tplain"], input=dot, capture_output=True, text=True, check=True).stdout

"""Where the boxes of a graph stand: Graphviz decides, whichever there is.

In CPython it comes with pygraphviz, whose wheels carry Graphviz, or is the program ``dot``. In the
page it is viz.js, which the book's own copy of Pyodide loads at the first drawing. They are given
boxes of fixed size without any text, so that neither fonts nor names have a say in the result.
"""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

POINTS = 72  # an inch; a pixel of ours is a point of Graphviz's


class NoGraphviz(Exception):
    """Nothing here can lay a graph out; the message says what to install."""


class Point(NamedTuple):
    """Whole pixels, counted from the upper left corner."""

    x: int
    y: int


class Line(NamedTuple):
    """A line between two boxes: the points of a Bézier curve, and the middle of its label, if it has one."""

    tail: str
    head: str
    curve: tuple[Point, ...]
    label: Point | None = None


@dataclass(frozen=True, slots=True)
class Layout:
    """Where everything stands. Boxes have the names that they have in the DOT."""

    width: int
    height: int
    boxes: dict[str, Point]
    lines: tuple[Line, ...]


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
        Layout(width=144, height=108, boxes={'a': Point(x=72, y=72)}, lines=())
    """
    boxes, lines = {}, []
    width = height = 0.0

    def at(x: str, y: str) -> Point:
        return Point(round(float(x) * POINTS), round((height - float(y)) * POINTS))

    for row in output.splitlines():
        match row.split():
            case ["graph", _, across, down]:
                width, height = float(across), float(down)
            case ["node", name, x, y, *_]:
                boxes[name] = at(x, y)
            case ["edge", tail, head, count, *rest]:
                numbers, more = rest[: 2 * int(count)], rest[2 * int(count) :]
                label = at(*more[-4:-2]) if len(more) > 4 else None  # label x y style colour
                lines.append(Line(tail, head, tuple(map(at, numbers[::2], numbers[1::2])), label))
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
    with _no_warnings():
        drawn: bytes = pygraphviz.AGraph(string=dot).draw(format="plain", prog="dot")
    return drawn.decode()


@contextlib.contextmanager
def _no_warnings() -> Iterator[None]:
    """Graphviz writes what it thinks of a layout to the standard error, past Python: no cell shall show that."""
    try:
        kept = os.dup(2)
    except OSError:  # a program without a standard error
        yield
        return
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 2)
    try:
        with contextlib.redirect_stderr(io.StringIO()):  # pygraphviz itself has a word on more than 1,000 boxes
            yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nothing)


def _in_the_page(dot: str) -> str:
    """By viz.js, which `lite/start.mjs` fetches and gives to Python as a module."""
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
    done = subprocess.run([program, "-Tplain"], input=dot, capture_output=True, text=True, check=False)
    if done.returncode:
        said = done.stderr.strip().rpartition("\n")[2] or f"status {done.returncode}"
        raise NoGraphviz(f"no picture: {program} could not lay it out: {said}")
    return done.stdout

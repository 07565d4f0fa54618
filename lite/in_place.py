"""Run the code cells of a page, where no Jupyter is: streams, values, errors, stop.

`Cells(post)` is made once for a page. `start` runs one cell at a time, and whatever comes of it is told at once by
``post(kind, cell, name, text)``:

=========== ============= =====================================================================================
kind        name          text
=========== ============= =====================================================================================
``stream``  stdout/stderr what was written, in its true order
``display`` lab or empty  JSON: the value by media type
``result``  lab or empty  JSON: the value of the cell's last expression by media type
``error``   what happened the whole traceback, where there is more to it
``done``    how it ended
=========== ============= =====================================================================================

A cell ends ``ok``, with an ``error``, or ``stopped``. `lab` is the number by which a lab can be asked (`Cells.ask`)
for what it has not recorded.

What a solution binds is bound for as long as a cell of the solutions runs, and is put away behind it. So it is never
taken for what the reader wrote; yet the next solution, and what is given to the reader, find it by its name. Solutions
share the objects and the node with the reader's cells.

The file needs neither Pyodide nor IPython.
"""

from __future__ import annotations

import ast
import asyncio
import base64
import builtins
import contextlib
import inspect
import io
import itertools
import json
import linecache
import pprint
import sys
import time
import tokenize
import traceback
from collections.abc import Callable, Iterator
from types import CodeType
from typing import Any

Post = Callable[[str, str, str, str], object]

EVERY = 0.03  # seconds between two messages with what was written
AT_ONCE = 200  # so many lines of a cell are told at once: a cell that never lets the loop in may be ended after any
MOST = 200_000  # characters that one cell may write
MOST_SHOWN = 200  # values that one cell may show
MOST_ELEMENTS = 1000  # of a collection that are written out, as in a notebook
MOST_MARKUP = 5_000_000  # characters of HTML, or of a picture
COLLECTIONS = (dict, list, tuple, set, frozenset)
METHODS = {
    "text/html": "_repr_html_",
    "text/markdown": "_repr_markdown_",
    "image/svg+xml": "_repr_svg_",
    "image/png": "_repr_png_",
}
WORDLESS = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}


class Output:
    """Both streams of a cell in one queue: what was written first stays first."""

    def __init__(self, post: Post) -> None:
        self.post = post
        self.cell = ""
        self.parts: list[tuple[str, str]] = []
        self.size = self.lines = self.shown = 0
        self.sent = 0.0
        self.alarm: asyncio.TimerHandle | None = None

    def begin(self, cell: str) -> None:
        """What is written from now on belongs to this cell."""
        self.flush()
        self.cell = cell
        self.size = self.lines = self.shown = 0

    def write(self, name: str, text: str) -> None:
        if self.size > MOST:
            return
        self.size += len(text)
        self.lines += text.count("\n")
        if self.size > MOST:
            text = text[: MOST - self.size] + "\n(The cell writes more than the page shows.)\n"
        self.parts.append((name, text))
        if (self.lines < AT_ONCE and "\n" in text) or time.perf_counter() - self.sent > EVERY:
            self.flush()
        elif self.alarm is None:
            self.alarm = self._later()

    def _later(self) -> asyncio.TimerHandle | None:
        try:
            return asyncio.get_running_loop().call_later(EVERY, self.flush)
        except RuntimeError:  # written where no loop runs: nothing would wake up to send it
            self.flush()
            return None

    def flush(self) -> None:
        """Send what waits, neighbours of one stream as one piece."""
        if self.alarm is not None:
            self.alarm.cancel()
            self.alarm = None
        parts, self.parts, self.sent = self.parts, [], time.perf_counter()
        while parts:
            name = parts[0][0]
            end = next((at for at, part in enumerate(parts) if part[0] != name), len(parts))
            self.post("stream", self.cell, name, "".join(text for _, text in parts[:end]))
            del parts[:end]

    def show(self, kind: str, lab: str, bundle: dict[str, str]) -> None:
        self.shown += 1
        if self.shown == MOST_SHOWN + 1:
            self.write("stdout", "(The cell shows more values than the page has room for.)\n")
        if self.shown <= MOST_SHOWN:
            self.flush()
            self.post(kind, self.cell, lab, json.dumps(bundle))


class Stream(io.TextIOBase):
    """`sys.stdout` or `sys.stderr` of the cells."""

    below_a_cell = True  # otp_mini writes its reports among the other output, as in a notebook

    def __init__(self, name: str, output: Output) -> None:
        self.name = name
        self.output = output

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return "utf-8"

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if text:
            self.output.write(self.name, text)
        return len(text)


class Cells:
    """The cells of one page and the names that they share."""

    def __init__(self, post: Post, names: dict[str, Any] | None = None) -> None:
        """`names`: those that the cells share; without it those of the module `__main__`."""
        self.post = post
        self.names = vars(sys.modules["__main__"]) if names is None else names
        self.solved: dict[str, Any] = {}  # what solutions have bound
        self.streams: tuple[Stream, ...] = ()
        self.bound: set[str] = set()  # names that were there when a cell began
        self.output = Output(post)
        self.files: dict[str, str] = {}  # the file name of a run, and its cell
        self.labs: list[Any] = []
        self.task: asyncio.Task[str] | None = None

    def connect(self) -> None:
        """Let `print`, `display` and what is written to stderr belong to the cells."""
        self.streams = Stream("stdout", self.output), Stream("stderr", self.output)
        self.reconnect()

    def reconnect(self) -> None:
        """Let a cell begin with what `connect` has put in place: who redirects `sys.stdout` may forget to end it."""
        if not self.streams:
            return
        sys.stdout, sys.stderr = self.streams
        builtins.display = self.display  # type: ignore[attr-defined]
        builtins.input = asks_nobody

    def start(self, cell: str, code: str, solution: bool = False) -> asyncio.Task[str]:
        """Begin to run a cell; its task gives how it ended.

        Args:
            cell: its id.
            code: its source, as it stands now.
            solution: it is a cell of a solution, or the check of one.
        """
        if self.task is not None and not self.task.done():
            raise RuntimeError("a cell runs already")
        self.reconnect()
        self.task = asyncio.ensure_future(self._run(cell, code, solution))
        return self.task

    def cancel(self) -> None:
        """Stop the cell that waits. One that computes without end does not hear of it."""
        # Not at once: a task that has not begun could not tell that it was stopped.
        if self.task is not None and not self.task.done():
            self.task.get_loop().call_soon(self.task.cancel)

    def ask(self, lab: int, request: str) -> str:
        """What a lab answers to ``[path, lane]``: both are JSON."""
        path, lane = json.loads(request)
        return json.dumps(self.labs[lab].answer(path, lane))

    def display(self, *values: Any, **_: Any) -> None:
        """Show values below the cell, as the function of that name does in a notebook."""
        for value in values:
            self._show(value, "display")

    @contextlib.contextmanager
    def _solutions_bound(self) -> Iterator[None]:
        """Bind what solutions have bound; in the end put that away, and bring back the reader's names."""
        outside = dict(self.names)
        self.names.update(self.solved)
        try:
            yield
        finally:
            missing = object()
            bound = self.names.items()
            self.solved = {name: value for name, value in bound if outside.get(name, missing) is not value}
            self.names.clear()
            self.names.update(outside)

    async def _run(self, cell: str, code: str, solution: bool) -> str:
        self.output.begin(cell)
        self.bound |= self.names.keys()
        self._outlive(asyncio.get_running_loop())
        try:
            with self._solutions_bound() if solution else contextlib.nullcontext():
                value = await evaluate(code, self._file(cell, code), self.names)
                if value is not None:
                    self.names["_"] = value
                    self._show(value, "result")
            how = "ok"
        except (asyncio.CancelledError, KeyboardInterrupt):
            how = "stopped"
        except BaseException as error:  # SystemExit too: it ends the cell and not the page
            self.output.flush()
            self.post("error", cell, *map(shortened, self._told(cell, error)))
            how = "error"
        self.output.flush()
        self.post("done", cell, how, "")
        return how

    def _outlive(self, loop: Any) -> None:
        """Let `sys.exit()` in a process or a task end that alone: Pyodide would end with it, and all names."""
        for handler in ("_system_exit_handler", "_keyboard_interrupt_handler"):
            if hasattr(loop, handler):
                setattr(loop, handler, self._left)

    def _left(self, *code: object) -> None:
        what = f"SystemExit: {code[0]}" if code else "KeyboardInterrupt"
        self.output.write("stderr", f"{what} in a process or a task: that has ended, and Python goes on.\n")

    def _file(self, cell: str, code: str) -> str:
        """A file name for this run, under which tracebacks and reports find its lines."""
        run = 1 + sum(each == cell for each in self.files.values())
        file = f"<cell {cell}>" if run == 1 else f"<cell {cell}, run {run}>"
        self.files[file] = cell
        linecache.cache[file] = (len(code), None, code.splitlines(True), file)
        return file

    def _show(self, value: Any, kind: str) -> None:
        asked = sys.modules.get("otp_mini.widgets.asked")
        if asked is None or not isinstance(value, asked.AskedLab) or not value.goes_on:
            return self.output.show(kind, "", represented(value))
        # It can be asked, so the page of a crash lab need not hold the futures: to run all of them takes seconds.
        self.labs.append(value)
        page = {"text/plain": str(value), "text/html": value.page()}
        return self.output.show(kind, str(len(self.labs) - 1), page)

    def _told(self, cell: str, error: BaseException) -> tuple[str, str]:
        """An error in few words, and the whole traceback where it is more than that."""
        render = getattr(error, "_render_traceback_", None)
        if render is not None:
            return "\n".join(render()), ""
        last = "".join(traceback.format_exception_only(error)).strip()
        if isinstance(error, NameError) and error.name in self.bound:
            last += "\n(It was bound before. Restart Python, and the next Run runs the cells above again.)"
        if isinstance(error, SyntaxError) and error.filename in self.files:
            text = (error.text or linecache.getline(error.filename, error.lineno or 0)).rstrip()
            return f"{type(error).__name__}: {error.msg}\nline {error.lineno} of this cell: {text}", ""
        own_frames_away(error)
        frames = traceback.extract_tb(error.__traceback__)
        here = [frame for frame in frames if frame.filename in self.files]
        if here:
            which = "this cell" if self.files[here[-1].filename] == cell else "an earlier cell"
            last += f"\nline {here[-1].lineno} of {which}: {here[-1].line}"
        more = len(frames) > 1 or isinstance(error, BaseExceptionGroup)
        return last, "".join(traceback.format_exception(error)).rstrip() if more else ""


def asks_nobody(prompt: object = "") -> str:
    """What `input` is: a page runs a cell without stopping to ask."""
    raise RuntimeError("a cell of this page cannot ask: write the answer into the cell, in the place of input()")


def own_frames_away(error: BaseException) -> None:
    """Take the frames of this file off the traceback's beginning."""
    at = error.__traceback__
    while at is not None and at.tb_frame.f_code.co_filename == own_frames_away.__code__.co_filename:
        at = at.tb_next
    error.__traceback__ = at


async def evaluate(code: str, file: str, names: dict[str, Any]) -> Any:
    """Run a cell with `await` at its top level; answer the value of its last expression, or None."""
    tree = ast.parse(code, file)
    last = tree.body[-1] if tree.body else None
    if isinstance(last, ast.Expr):
        del tree.body[-1]
    await ran(compile(tree, file, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True), names)
    if not isinstance(last, ast.Expr):
        return None
    expression = ast.Expression(last.value)
    value = await ran(compile(expression, file, "eval", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True), names)
    return None if ends_quietly(code) else value


async def ran(compiled: CodeType, names: dict[str, Any]) -> Any:
    """The value of compiled code, awaited where it awaits."""
    value = eval(compiled, names)
    return await value if compiled.co_flags & inspect.CO_COROUTINE else value


def ends_quietly(code: str) -> bool:
    """Whether a semicolon at the end says that the value is not to be shown."""
    tokens = tokenize.generate_tokens(io.StringIO(code).readline)
    words = [token.string for token in tokens if token.type not in WORDLESS]
    return bool(words) and words[-1] == ";"


def represented(value: Any) -> dict[str, str]:
    """What shows a value, by media type; its text is always there."""
    bundle: dict[str, Any] = {}
    if not isinstance(value, type):
        many = getattr(value, "_repr_mimebundle_", None)
        given = many() if many is not None else None
        bundle = dict((given[0] if isinstance(given, tuple) else given) or {})
        for kind, name in METHODS.items():
            method = getattr(value, name, None)
            if method is not None and kind not in bundle and (shown := method()) is not None:
                bundle[kind] = base64.b64encode(shown).decode() if isinstance(shown, bytes) else shown
    if "text/plain" not in bundle:
        bundle["text/plain"] = plain(value)
    shown = {kind: shown for kind, shown in bundle.items() if isinstance(shown, str) and len(shown) <= MOST_MARKUP}
    return {**shown, "text/plain": shortened(str(bundle["text/plain"]))}


def shortened(text: str) -> str:
    """The text, or as much of it as a page can show."""
    return text if len(text) <= MOST else f"{text[:MOST]}\n(This is longer than what the page shows.)"


def plain(value: Any) -> str:
    """The text of a value; of a long collection with one element on each line."""
    if type(value) in COLLECTIONS and len(value) > MOST_ELEMENTS:
        first = itertools.islice(value.items() if isinstance(value, dict) else value, MOST_ELEMENTS)
        text = pprint.pformat(type(value)(first), width=80, sort_dicts=False)
        return f"{text}\n({len(value)} elements, of which these are the first {MOST_ELEMENTS}.)"
    if isinstance(value, COLLECTIONS):
        return pprint.pformat(value, width=80, sort_dicts=False)
    return repr(value)

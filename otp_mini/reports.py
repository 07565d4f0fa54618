"""Crash reports: what is said, once, when a process ends that should not have.

They go through `logging`, under the name ``otp_mini``, in the form that an Elixir user knows:
who, why, where in the code, the last message, the state. No time, no address and no path is
in them, so the same crash prints the same report in every run.

Where a program has set up no logging of its own, reports are written to stderr. In a notebook they
are written where ``print`` writes, as in ``iex``: two streams would reach the page in an order that
depends on how busy the machine is, and the report could stand above the print that came before it.

OTP: ``proc_lib`` and ``gen_server`` reports, as Elixir's ``Logger`` formats them
"""

from __future__ import annotations

import contextlib
import linecache
import logging
import os
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from types import CodeType
from typing import Any

from .errors import Exit, describe_exception, describe_reason, printable, safe_repr
from .terms import Pid


class _Silence(threading.local):
    """How many times over this thread is silent. Another thread's reports are none of its business."""

    times = 0


_silence = _Silence()


@contextlib.contextmanager
def silenced() -> Iterator[None]:
    """Nothing that happens in this thread is reported meanwhile."""
    _silence.times += 1
    try:
        yield
    finally:
        _silence.times -= 1


class _Log(logging.LoggerAdapter[logging.Logger]):
    """The log of this package. A handler that raises ends nobody: it is told on stderr, as `logging` does it."""

    def isEnabledFor(self, level: int) -> bool:
        return not _silence.times and super().isEnabledFor(level)

    def process(self, msg: Any, kwargs: Any) -> tuple[Any, Any]:
        """Leave a record's ``extra`` as it is; an adapter of Python 3.11 would drop it."""
        return msg, kwargs

    def log(self, level: int, msg: object, *args: Any, **kwargs: Any) -> None:
        try:
            super().log(level, msg, *args, **kwargs)
        except (Exception, Exit) as error:
            if logging.raiseExceptions and sys.stderr is not None:
                with contextlib.suppress(Exception):
                    sys.stderr.write(f"otp_mini: a handler of the log failed with {describe_exception(error)}\n")


logger = _Log(logging.getLogger("otp_mini"))


class Console(logging.Handler):
    """Writes reports from warnings upwards, unless the program has a log handler of its own for them.

    OTP: the default handler of ``Logger``, which writes to the same device as ``IO.puts``
    """

    def __init__(self) -> None:
        super().__init__(logging.WARNING)

    def emit(self, record: logging.LogRecord) -> None:
        """Write the report to the stream that is in use just now."""
        if self._program_listens():
            return
        stream = sys.stdout if in_notebook() else sys.stderr
        if stream is None:
            return  # a program without a console, such as pythonw
        try:
            stream.write(self.format(record) + "\n")
        except Exception:
            self.handleError(record)

    def _program_listens(self) -> bool:
        """Would another handler get the record too?"""
        level: logging.Logger | None = logger.logger
        while level is not None:
            if any(handler is not self for handler in level.handlers):
                return True
            level = level.parent if level.propagate else None
        return False


def in_notebook() -> bool:
    """Do cells run here: of a notebook (in Jupyter or JupyterLite, not in the IPython of a terminal), or of a page?"""
    find_shell = getattr(sys.modules.get("IPython"), "get_ipython", None)
    below_a_cell = getattr(sys.stdout, "below_a_cell", False)  # lite/in_place.py
    return below_a_cell or (find_shell is not None and hasattr(find_shell(), "kernel"))


logger.logger.addHandler(Console())

FRAMES = 20
"""So many frames of a traceback are shown: the outermost and the innermost."""

_HERE = os.path.split(__file__)[0] + os.sep  # not `pathlib`, which takes long to import
_NO_MESSAGE = object()
Hint = Callable[[], str]


def explain(reason: object) -> str:
    """The reason first, then the frames of the program's own code, of many the ends.

    Further lines of an exception's text are indented: none of them can be taken for one of the report's.

    Example:
        >>> print(explain("boom"))
        ** (stop) 'boom'
    """
    if not isinstance(reason, BaseException):
        return f"** (stop) {describe_reason(reason)}"
    kind, _, said = describe_exception(reason, indent="    | ").partition(": ")
    lines = [f"** ({kind}) {said}".rstrip()]
    for frame, number in traceback.walk_tb(reason.__traceback__):
        code = frame.f_code
        if not code.co_filename.startswith(_HERE):
            source = linecache.getline(code.co_filename, number).strip()
            lines.append(f"    {printable(f'{_place(code)}, line {number}: {source}')}")
    if len(lines) > FRAMES + 1:
        lines[FRAMES // 2 + 1 : -FRAMES // 2] = [f"    … ({len(lines) - 1 - FRAMES} frames more)"]
    if advice := advice_on(reason):
        lines.append(f"    {advice}")
    return "\n".join(lines)


def advice_on(error: BaseException) -> str:
    """What to do about an error of asyncio's that does not say it itself; empty for any other error."""
    asyncio: Any = sys.modules.get("asyncio")
    if type(error) is not RuntimeError or error.args != ("no running event loop",) or asyncio is None:
        return ""
    with contextlib.suppress(RuntimeError):
        asyncio.get_running_loop()
        return ""  # there is one here: the error is about another thread
    return "run() has an asyncio loop only where asyncio was imported before: import asyncio at the top of the program."


def _place(code: CodeType) -> str:
    """The function, and its file's name unless that is a notebook's cell."""
    name = os.path.split(code.co_filename)[1]
    where = "" if "ipykernel" in code.co_filename or name.startswith("<") else f"({name}) "
    return where + code.co_qualname


def process_crashed(who: object, error: BaseException) -> None:
    """A plain process ended with an exception."""
    if not logger.isEnabledFor(logging.ERROR):
        return  # nobody listens: a report is a hundred times the work of the crash
    logger.error("Process %s raised an exception\n%s", who, explain(error))


def server_crashed(who: object, reason: object, state: object, message: object = _NO_MESSAGE, hint: Hint = str) -> None:
    """A server ended with a reason that is not quiet.

    Args:
        message: the message in hand as it lay in the mailbox, if there was one.
        hint: answers what the programmer could do, where that is known. What it looks at may be anything.
    """
    if not logger.isEnabledFor(logging.ERROR):
        return
    lines = [f"GenServer {who} terminating", explain(reason)]
    with contextlib.suppress(Exception):
        if said := hint():
            lines.append(f"Hint: {said}")
    match message:
        case ("$gen_call", (Pid() as pid, _), request):
            lines.append(f"Last message (from {pid}): {safe_repr(request)}")
        case ("$gen_cast", request):
            lines.append(f"Last message: {safe_repr(request)} (a cast)")
        case _ if message is not _NO_MESSAGE:
            lines.append(f"Last message: {safe_repr(message)}")
    lines.append(f"State: {safe_repr(state)}")
    logger.error("%s", "\n".join(lines))

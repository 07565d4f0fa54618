"""Run one exercise's check: one line where it passes, a readable `NotYet` where it does not.

A check is an ``async def`` that takes what the student wrote, uses it as a program would, and
says by `expect` what it hoped to see. `check` gives it a node of its own with virtual time, so an
hour of timers takes no time and nothing of one exercise reaches the next.

It says "ok" only if the check ran to its end: an exit out of the student's code, or the end of the
process that checks, is a failure whatever its reason. It compares by the rules of the values it
hopes for (`same`), and runs with the library as it was published (`as_published`), whatever a cell
has replaced before.

A check does not hang: virtual time, the number of turns and real time are all limited. One thing
cannot be interrupted: a loop inside a single C function, such as ``sum(iter(int, 1))``. For that,
Python has to be restarted, and a grader needs a time limit of its own.

It never lets a group of exceptions out, and writes nothing to stderr, because a grader takes that
for a failure; what was logged stands in the message. Nothing in a message depends on the pace of
the machine.
"""

from __future__ import annotations

import asyncio
import gc
import io
import logging
import signal
import sys
import textwrap
import threading
import traceback
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, redirect_stderr
from pathlib import Path
from types import FrameType
from typing import Any, Final

from .. import BadArg, Deadlock, Exit, Node, Pid, Process, StartError, current_node, self_, spawn
from ..errors import describe_exception, describe_reason, safe_repr
from ..process import ControlBlock
from ..terms import is_quiet
from ..tracing import Event, Trace
from ..viz.sequence import sequence_chart
from .comparing import same
from .published import as_published, replaced_before

Check = Callable[..., Awaitable[None]]

MAX_TURNS: Final = 30_000
MAX_EVENTS: Final = 40_000  # a server that sends itself messages may do so within one turn
VIRTUAL_PATIENCE: Final = 7200.0  # seconds on the node's clock, besides those that the check lets pass (`let_pass`)
TICK: Final = 0.001  # seconds: less than that is a rounding error of a clock that has gone for weeks
REAL_PATIENCE: Final = 10.0  # seconds of the world's time without a turn, for whoever waits for the world
ALARM: Final = 12.0  # and for a loop that never awaits; later, because asyncio ends a wait more gently
WHOLE_SHARE: Final = 100  # so many turns does one count for in which a process spends its whole share
SOON: Final = 0.001  # when to ring again, where nobody could have heard it
SHOWN: Final = 24  # lines of what happened, the last ones
WIDE: Final = 74  # letters in a line of a message: so many does a page of the book show on a laptop


class NotYet(AssertionError):
    """The exercise is not solved yet; the message says what was seen and what was hoped for.

    IPython shows the message alone: the frames of the check are nobody's concern.
    """

    def __init__(self, done: str, seen: str, hoped: str, idea: str) -> None:
        super().__init__(done, seen, hoped, idea)
        self.parts = {"What was done": done, "Hoped for": hoped, "Seen": seen, "Look again at": idea}
        self.name = ""
        self.happened = self.logged = ""
        self.orders = ""  # two runs of the exercise beside each other, in place of what happened in the check

    def __str__(self) -> str:
        lines = [f"{self.name}: not yet.".removeprefix(": ")]
        for title, words in self.parts.items():
            indent = " " * 17
            filled = textwrap.fill(words, WIDE, initial_indent=f"{title + ':':<17}", subsequent_indent=indent)
            lines.append(filled)
        if self.orders:
            lines += ["", self.orders]
        if self.happened:
            lines += ["", "What happened (virtual seconds, who, to whom, what):", self.happened]
        if self.logged:
            lines += ["", "What was logged:", textwrap.indent(self.logged, "  ")]
        return "\n".join(lines)

    def _render_traceback_(self) -> list[str]:
        return [f"{type(self).__name__}: {self}"]


def expect(done: str, seen: object, hoped: object, idea: str) -> None:
    """Say in a check what was done, what came of it, and what was hoped for.

    Args:
        done: what the check did, as a sentence without its full stop.
        seen: what came of it.
        hoped: what should have.
        idea: what to look at again; never the solution.

    Raises:
        NotYet: the two differ.

    Example:
        >>> expect("two and three were added", 6, 5, "what `+` does")
        Traceback (most recent call last):
        otp_mini.exercises.checking.NotYet: not yet.
        What was done:   two and three were added
        Hoped for:       5
        Seen:            6
        Look again at:   what `+` does
    """
    if not same(seen, hoped):
        raise NotYet(done, safe_repr(seen), safe_repr(hoped), idea)


async def check(test: Check, *given: Any, quiet: bool = False, **others: Any) -> None:
    """Run a check on what a student wrote, on a fresh node; print one line if it holds.

    Args:
        test: a check from one of the modules of `otp_mini.exercises`.
        given: what the student wrote, usually a class.
        quiet: print nothing on success.
        others: other numbers for the same check, so that an answer made for one case fails.

    Raises:
        NotYet: it does not hold yet. It is an AssertionError.

    Example:
        >>> from otp_mini import GenServer, Reply
        >>> from otp_mini.exercises import genserver_basics as exercises
        >>> class Tally(GenServer):
        ...     def handle_call(self, request, from_, total):
        ...         match request:
        ...             case ("count", n):
        ...                 return Reply(total + n, total + n)
        ...             case "total":
        ...                 return Reply(total, total)
        >>> asyncio.run(check(exercises.tally, Tally))
        ok: tally: counts are added up, asking changes nothing, and each tally has its own total.
    """
    name = getattr(test, "__name__", "check")
    sink, story = io.StringIO(), _Story()
    with as_published(), _captured(sink), _forgotten_awaits() as forgotten, _young():
        failure = await _failure(test, given, others, story, sink)
        gc.collect(1)  # a coroutine in the frame of an exception is told of only when that is collected
    if failure is not None and UNCALLED in failure.parts["Seen"]:
        failure.parts["Look again at"] = CALLED
    elif forgotten:
        failure = NotYet("the code ran", forgotten[0], "every coroutine awaited", AWAIT)
    if failure is not None:
        raise _told(failure, name, story, sink.getvalue()[: story.logged]) from None
    if not quiet:
        print(f"ok: {name}: {_first_line(test)}")  # noqa: T201  (printing is its purpose)


async def _failure(
    test: Check, given: tuple[Any, ...], others: dict[str, Any], story: _Story, sink: io.StringIO
) -> NotYet | None:
    """Run the check; answer what it failed with, or None if it ran to its end."""
    if early := replaced_before():
        idea = "the cells above. Restart Python, and import the checks before you replace anything"
        return NotYet("the checks were imported", f"{early[0]} had been replaced", "the library as published", idea)
    try:
        finished = await _run(test, given, others, story, sink)
    except NotYet as error:
        return error
    except (KeyboardInterrupt, asyncio.CancelledError):
        raise
    except BaseException as error:
        return _explained(error, story)
    return None if finished else NotYet(_RAN, "the process of the check ended before it was over", "its end", _ENDED)


AWAIT: Final = (
    "`await`. A call without it is only prepared: nothing is sent, and what you hold is a coroutine and not the answer"
)
UNCALLED: Final = "without calling it"  # so ends a `BadArg` for a coroutine where a function has to stand
CALLED: Final = (
    "what is handed over: the function itself, with its arguments after it. In brackets, they would call it at once"
)


_RAN: Final = "the check was running"
_ENDED: Final = (
    "which process your code ends. A client function runs in whoever calls it: `raise Exit(…)` or "
    "`Process.exit(self_(), …)` there ends the caller, and here that was the check"
)


def _first_line(test: Check) -> str:
    words = (test.__doc__ or "passed.").strip().splitlines()[0]
    return words[0].lower() + words[1:]


def _told(failure: NotYet, name: str, story: Trace, logged: str) -> NotYet:
    """The failure with its surroundings."""
    failure.name = name
    failure.logged = "\n".join(line[:150] for line in logged.rstrip().splitlines())
    failure.__traceback__ = None
    if failure.happened or failure.orders:
        return failure  # it has told more than the check itself has seen
    happened = str(sequence_chart(story)).splitlines()
    left = len(happened) - SHOWN
    shown = [f"  ({left} lines before these)"] * (left > 0) + happened[-SHOWN:]
    failure.happened = "\n".join(line[:110] for line in shown)
    return failure


# ---- running without hanging ---------------------------------------------------------------------


class _Endless(BaseException):
    """Too much of something: raised in the middle of whatever does not end."""


class _Story(Trace):
    """A trace that ends a program which sends without end."""

    ended: _Endless | None = None  # raised once; an answer that catches it is not done with it
    patience = VIRTUAL_PATIENCE  # until when on the node's clock
    logged: int | None = None  # so many characters were logged when the check was over

    def record(self, time: float, kind: str, pid: Pid | None, other: Pid | None = None, term: object = None) -> Event:
        event = super().record(time, kind, pid, other, term)
        if kind == "send" and len(self.events) > MAX_EVENTS and not self.ended:
            self.ended = _Endless(f"more than {MAX_EVENTS:,} messages and their like")
            raise self.ended
        return event


async def let_pass(seconds: float) -> None:
    """Wait in a check on purpose, for days if need be: such a wait takes nothing from the check's patience.

    Args:
        seconds: on the node's clock.
    """
    story = current_node().tracer
    if isinstance(story, _Story):
        story.patience += seconds
    await Process.sleep(seconds)


async def _run(test: Check, given: tuple[Any, ...], others: dict[str, Any], story: _Story, sink: io.StringIO) -> bool:
    """Run the check as a process of a fresh node; answer whether it came to its end."""
    stuck: list[bool] = []
    finished: list[bool] = []

    async def watch(pid: Pid) -> None:
        while (left := story.patience - node.now()) > TICK:
            await Process.sleep(left)
        stuck.append(True)
        Process.exit(pid, "kill")

    async def program() -> None:
        spawn(watch, self_())
        story.names[self_()] = "check"
        node.tracer = story
        try:
            await test(*given, **others)
            finished.append(True)
        finally:  # what the processes left behind do now, until the node is closed, is nobody's concern
            node.tracer = None
            story.logged = len(sink.getvalue())

    node = _Counting(clock="virtual", max_turns=MAX_TURNS)
    try:
        with _alarm(node) as rang:
            async with _patience(node):
                await node.run_async(program)
        for endless in (story.ended, *rang):
            if endless is not None:
                raise endless
    except Exit:
        if stuck:
            raise Deadlock(f"nothing came for {VIRTUAL_PATIENCE:.0f} virtual seconds") from None
        raise
    finally:
        node.close()
    return bool(finished)


class _Counting(Node):
    """A node on which a turn counts for more where it is long: else a busy loop would go on for minutes."""

    def turn(self, process: ControlBlock) -> None:
        super().turn(process)
        if process.reductions <= 0:
            self.turns += WHOLE_SHARE


@asynccontextmanager
async def _patience(node: Node) -> AsyncIterator[None]:
    """Limit the real time in which nobody has a turn; how long a busy run may take, its turns say."""
    loop, turns = asyncio.get_running_loop(), -1
    again: asyncio.TimerHandle

    def look() -> None:
        nonlocal turns, again
        if node.turns != turns:
            turns = node.turns
            limit.reschedule(loop.time() + REAL_PATIENCE)
        again = loop.call_later(REAL_PATIENCE / 2, look)

    async with asyncio.timeout(REAL_PATIENCE) as limit:
        again = loop.call_later(REAL_PATIENCE / 2, look)
        try:
            yield
        finally:
            again.cancel()


@contextmanager
def _alarm(node: Node) -> Iterator[list[_Endless]]:
    """Interrupt a loop of Python code that never awaits, where the system can: not on Windows or in a browser."""
    rang: list[_Endless] = []
    turns = [0]
    can_ring = hasattr(signal, "setitimer") and sys.platform != "emscripten"
    if not can_ring or threading.current_thread() is not threading.main_thread():
        yield rang
        return

    def ring(_: int, frame: FrameType | None) -> None:
        if node.turns != turns[0]:  # it goes on, on a slow machine
            turns[0] = node.turns
            return
        if _warns(frame):
            signal.setitimer(signal.ITIMER_REAL, SOON, ALARM)
            return
        rang.append(_Endless(f"code that ran for {ALARM:.0f} seconds without an `await`"))
        raise rang[-1]

    handler = signal.signal(signal.SIGALRM, ring)
    remaining, interval = signal.setitimer(signal.ITIMER_REAL, ALARM, ALARM)
    try:
        yield rang
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, handler)
        signal.setitimer(signal.ITIMER_REAL, remaining, interval)


def _warns(frame: FrameType | None) -> bool:
    """Whether Python says at this moment that a coroutine was never awaited: what is raised there is lost."""
    while frame is not None:
        if frame.f_code.co_filename == warnings.__file__:
            return True
        frame = frame.f_back
    return False


@contextmanager
def _captured(sink: io.StringIO) -> Iterator[None]:
    """Keep the node's log and all else that would go to stderr."""
    logger = logging.getLogger("otp_mini")
    handler, passed_on = logging.StreamHandler(sink), logger.propagate
    handler.addFilter(lambda record: not hasattr(record, "pace"))  # what depends on the machine is no part of a message
    others, logger.handlers = logger.handlers, [handler]
    logger.propagate = False
    try:
        with redirect_stderr(sink):
            yield
    finally:
        logger.propagate, logger.handlers = passed_on, others


@contextmanager
def _young() -> Iterator[None]:
    """Keep what the check makes among the young objects, so that a small collection at its end finds all of it.

    Else it would depend on what ran before whether something has been moved to the old ones.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


@contextmanager
def _forgotten_awaits() -> Iterator[list[str]]:
    """Collect what Python says of coroutines that this check made and nobody awaited.

    A coroutine that a cell above forgot may be collected now. Python tells where a coroutine was
    made only if that was asked for at the time, and so the two are told apart.
    """
    forgotten: list[str] = []
    depth = sys.get_coroutine_origin_tracking_depth()
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("default")  # once for a place: a loop of forgotten awaits has to be interrupted
        sys.set_coroutine_origin_tracking_depth(1)
        try:
            yield forgotten
        finally:
            sys.set_coroutine_origin_tracking_depth(depth)
            told = [str(warning.message) for warning in warned]
            forgotten += [text.splitlines()[0] for text in told if "never awaited" in text and _ORIGIN in text]


_ORIGIN: Final = "Coroutine created at"  # how `warnings` begins the second part of such a message


# ---- saying what went wrong ----------------------------------------------------------------------


def _explained(error: BaseException, story: Trace) -> NotYet:
    """A `NotYet` for whatever else came out of the student's code."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    crashes = [event.term for event in story if event.kind == "exit" and not is_quiet(event.term)]
    match error:
        case Exit((reason, ("GenServer", str(function), list(arguments)))):
            done = f"GenServer.{function}(…, {', '.join(map(safe_repr, arguments[1:2]))}) was waiting"
            if reason == "noproc" and crashes:
                reason = crashes[0]  # what ended the server says more than that it is gone
            return _of_reason(done, reason)
        case Exit(str(reason)) if not crashes:
            return NotYet(_RAN, f"the process of the check ended with {reason!r}", "its end", _ENDED)
        case Exit(reason):
            return _of_reason(_RAN, reason)
        case StartError(reason):
            return _of_reason("the server was started", reason)
        case Deadlock():
            return NotYet("the check was waiting", str(error), "an end", _STUCK)
        case TimeoutError():
            seen = f"no end after {REAL_PATIENCE:g} seconds of real time"
            return NotYet(_RAN, seen, "virtual time", _REAL)
        case Exception() if not isinstance(error, (NotImplementedError, BadArg)) and (place := _place(error)):
            idea = (
                f"the line of yours that raised it: {place}. No server has crashed: the check called this code itself"
            )
            return NotYet(_RAN, describe_exception(error), "no exception", idea)
    return _of_reason(_RAN, error)


_PACKAGE: Final = str(Path(__file__).parents[1])


def _place(error: Exception) -> str:
    """The last place in the student's own code that an exception came through; empty if there is none."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if not frame.filename.startswith(_PACKAGE)]
    return f"line {own[-1].lineno}, in `{own[-1].name}`" if own else ""


_STUCK: Final = (
    "who waits for whom. Does a callback wait for something that only its own server could bring, "
    "or does the server send itself one message after the other without a pause?"
)
_REAL: Final = "what the code waits for. A process waits with `Process.sleep`, which uses the node's clock"
_IDEAS: Final = {
    "timeout": "who answers the call. A caller waits until a callback returns `Reply`, or until "
    "somebody uses `GenServer.reply`",
    "noproc": "why the server is gone: the log says it if it crashed, a `Stop` if it wanted to",
    "calling_self": "which process the code runs in. A callback that calls its own server waits for itself",
}


def _of_reason(done: str, reason: object) -> NotYet:
    """The exit reason of a server, as something to learn from."""
    match reason:
        case NotImplementedError():
            stub = "the place that still says `raise NotImplementedError`: your code goes there"
            return NotYet(done, "NotImplementedError", "your code", stub)
        case _Endless():
            return NotYet(done, str(reason), "an end", _STUCK)
        case ("bad_return_value", value):
            idea = (
                "the results of the callback: each way through it must end in a `return` of Ok, Reply, NoReply or "
                "Stop, and each callback allows only some of them. A `match` without a fitting `case` returns None"
            )
            return NotYet(done, f"a callback returned {safe_repr(value)}", "one of the results", idea)
        case BadArg():
            idea = "what was handed over. The error says what is taken there, and what came instead"
            return NotYet(done, describe_exception(reason), "something that is taken", idea)
        case BaseException():
            idea = "the line that the log names. An exception in a callback ends the server, and with it every call"
            return NotYet(done, describe_exception(reason), "no exception", idea)
    idea = _IDEAS.get(reason, _IDEAS["noproc"]) if isinstance(reason, str) else _IDEAS["noproc"]
    return NotYet(done, describe_reason(reason), "an answer", idea)

"""How things stand between two steps of a run that `otp_mini.explore` drives, in words that hold in every run.

A pid or a reference has another number in another schedule, and the text of both would differ where the two
stand alike. So a process is named by its *path* (``client2``), between two marks; `named` puts what readers
call it in their place.

OTP: none
"""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Mapping
from functools import cache
from types import CodeType, FrameType, FunctionType, ModuleType
from typing import Any, Final, NamedTuple

from ..children import supervisor_state
from ..errors import name_of, safe_repr
from ..ets import Table
from ..explore import term_text
from ..points import is_the_librarys
from ..process import MESSAGE, TIME, ControlBlock
from ..terms import CallRef, Down, ExitSignal, Pid, Ref
from ..tracing import Event
from ..watched import WatchedNode
from .words import event_in_words, reason_in_words

BRIEF: Final = 48
"""So many letters of a term are told."""

WIDEST: Final = 72
"""So many letters of a state, of the rows of a table or of a line of the program are told."""

READY, WAITS, ENDED = "ready", "waits", "ended"

_OPEN, _CLOSE = "\x02", "\x03"
_MARKED: Final = re.compile(f"{_OPEN}([^{_CLOSE}]*){_CLOSE}")
_PID: Final = re.compile(r"#PID<0\.(\d+)\.0>")
_REF: Final = re.compile(r"#Ref<[\d.]+>")
_TABLE: Final = re.compile(r"<ets (.+?) #Ref<0\.0\.2\.\d+>(?:: deleted|: \w+ of \d+, \w+, owner #PID<0\.\d+\.0>)>")


class Row(NamedTuple):
    """One process, or one table, between two steps."""

    state: str
    why: str = ""  # for what it waits, or how it ended
    hand: str = ""  # what it has and has not dealt with: a message that it took, or the answer to its call
    has: str = ""  # its variables, its state, or the rows
    at: str = ""  # the line of the program where it stands
    box: tuple[str, ...] = ()  # its mailbox


class Answer(NamedTuple):
    """What a call has come back with, before the caller goes on."""

    value: Any


class Words:
    """The words of one run."""

    def __init__(self, node: WatchedNode) -> None:
        self.node = node

    def name(self, pid: Pid | None) -> str:
        """A process, marked."""
        path = None if pid is None else self.node.paths.get(pid)
        return "a process" if path is None else f"{_OPEN}{path}{_CLOSE}"

    def term(self, value: Any, most: int = BRIEF) -> str:
        """Any term, without a number that another schedule would change."""
        if isinstance(value, Table):
            return name_of(value.name)
        marked = {pid: f"{_OPEN}{path}{_CLOSE}" for pid, path in self.node.paths.items()}
        if type(value) in (tuple, list) and any(isinstance(each, (Table, Ref)) for each in value):
            inner = ", ".join(self.term(each, most) for each in value)
            text = f"({inner})" if type(value) is tuple else f"[{inner}]"
        elif type(value) in (tuple, list, Pid, FunctionType, Down, ExitSignal) or isinstance(value, BaseException):
            text = term_text(value, marked).replace(f"<{_OPEN}", _OPEN).replace(f"{_CLOSE}>", _CLOSE)
        else:
            text = safe_repr(value, 4 * most)
        by_number = {str(pid.number): mark for pid, mark in marked.items()}
        text = _REF.sub("a reference", _TABLE.sub(r"\1", text))
        return cut(clean(_PID.sub(lambda found: by_number.get(found[1], "a process"), text)), most)

    def request(self, value: Any) -> str:
        """What a call asks for; of a request that holds functions, what is left without them."""
        if type(value) is tuple and any(callable(each) for each in value):
            rest = [each for each in value if not callable(each) and each != ()]
            if len(rest) == 1 and type(rest[0]) is str:
                return clean(rest[0])
        return self.term(value)

    def message(self, value: Any) -> str:
        """A message as its sender wrote it."""
        match value:
            case Answer(answer):
                return f"answer {self.term(answer)}"
            case ("$gen_call", (Pid() as caller, _), request):
                return f"call of {self.name(caller)}: {self.request(request)}"
            case ("$gen_cast", request):
                return f"cast: {self.request(request)}"
        return self.term(value)

    def operation(self, function: str, args: tuple[Any, ...]) -> str:
        """A call of one of the library's plain functions."""
        return f"{function}({', '.join(self.term(each) for each in args)})"

    def event(self, event: Event) -> str:
        """What a step did, in the imperative; empty where it is no news."""
        other, term = self.name(event.other), event.term
        match event.kind, term:
            case "link" | "unlink" | "monitor" | "demonitor" | "timer", _:
                return ""
            case "spawn", _:
                return "" if event.pid is None else f"start {other}"
            case "register", _:
                return f"register as {self.term(term)}"
            case "send", ("$gen_call", _, request):
                return f"call {other}: {self.request(request)}"
            case "send", ("$gen_cast", request):
                return f"cast to {other}: {self.request(request)}"
            case "send", _:
                return f"send {other} {self.term(term)}"
            case "receive", _:
                return f"take {self.message(term)}"
            case "reply", _:
                return f"reply {self.term(term)} to {other}"
            case "exit", reason:
                return f"end: {self.reason(reason)}"
            case (("signal" | "down"), _):
                what = "an exit signal" if event.kind == "signal" else "a Down"
                source = "" if event.pid is None else f" of {self.name(event.pid)}"
                return f"{what}{source} reaches {other}"
        return cut(clean(_REF.sub("a reference", _PID.sub("a process", event_in_words(event)))))

    def reason(self, reason: object) -> str:
        """Why a process ended."""
        return self.term(reason) if isinstance(reason, str) else cut(clean(reason_in_words(reason)))


# ---- the rows ------------------------------------------------------------------------------------


def process_row(words: Words, process: ControlBlock, taken: object) -> Row:
    """A process that lives."""
    if process.waiting is None:
        state, why = READY, ""
    elif process.calling is not None:
        state, why = WAITS, f"for the answer of {words.name(process.calling.pid)}"
    else:
        told = {MESSAGE: "for a message", TIME: "for time to pass"}
        plain = type(process.waiting) is not str
        why = "for an answer" if type(process.waiting) is CallRef else "for asyncio" if plain else ""
        state, why = WAITS, why or told.get(str(process.waiting), f"for {process.waiting}")
    held = process.current if process.current is not None else taken
    if isinstance(taken, Answer):
        held = taken
    box = tuple(words.message(each) for each in process.mailbox or ())
    has, at = _inside(words, process)
    return Row(state, why, "" if held is None else words.message(held), has, at, box)


def _inside(words: Words, process: ControlBlock) -> tuple[str, str]:
    """What a process knows, and where in the program it stands."""
    if process.loop is not None:
        state = "" if supervisor_state(process) is not None else words.term(process.loop.state, WIDEST)
        return state and f"state {state}", ""
    coroutine: Any = process.coroutine
    if coroutine is not None and inspect.getcoroutinestate(coroutine) == inspect.CORO_CREATED:
        return "", ""
    frame: FrameType | None = None
    while coroutine is not None:
        here = getattr(coroutine, "cr_frame", None)
        if here is not None and not is_the_librarys(here.f_code.co_filename) and here.f_code.co_name[0] != "<":
            frame = here
        coroutine = getattr(coroutine, "cr_await", None)
    if frame is None:
        return "", ""
    source, known = _source(frame.f_code), frame.f_locals
    values = [(name, known[name]) for name in source.names if name in known]
    told = [f"{name} = {words.term(value)}" for name, value in values if not isinstance(value, _PLAIN)]
    return cut(", ".join(told), WIDEST), source.at(frame.f_lineno)


_PLAIN: Final = (Pid, Ref, FunctionType, ModuleType, type)
"""Who somebody is, or what he can call, is no news of a race."""


def tables(words: Words) -> dict[str, Row]:
    """The tables that there are, by a name that holds in every run."""
    found: dict[str, Row] = {}
    for table in dict.fromkeys(dict(words.node.tables["ets"]).values()):  # a named one is there twice
        name, number = clean(name_of(table.name)), 2
        key = name
        while key in found:
            key, number = f"{name} ({number})", number + 1
        rows = ", ".join(words.term(row) for row in table.walk())
        found[key] = Row("table", has=cut(rows, WIDEST) or "empty")
    return found


# ---- the program's text --------------------------------------------------------------------------


class _Source(NamedTuple):
    """A function's own variables, in order, and its statements: first line, last line, text."""

    names: tuple[str, ...]
    statements: tuple[tuple[int, int, str], ...]

    def at(self, line: int) -> str:
        """The statement that holds a line."""
        around = [each for each in self.statements if each[0] <= line <= each[1]]
        return max(around)[2] if around else ""


@cache
def _source(code: CodeType) -> _Source:
    try:
        text = textwrap.dedent(inspect.getsource(code))
        tree = ast.parse(text).body[0]
    except (OSError, TypeError, SyntaxError, IndexError):
        return _Source((), ())
    lines, above = text.splitlines(), code.co_firstlineno - 1
    reader = _Reader()
    for each in getattr(tree, "body", []):
        reader.visit(each)
    args = getattr(tree, "args", None)
    given = [] if args is None else [each.arg for each in (*args.posonlyargs, *args.args, *args.kwonlyargs)]
    statements = [
        (
            node.lineno + above,
            (node.end_lineno or node.lineno) + above,
            cut(clean(lines[node.lineno - 1].strip()), WIDEST),
        )
        for node in reader.statements
    ]
    return _Source(tuple(dict.fromkeys([*given, *reader.names])), tuple(statements))


class _Reader(ast.NodeVisitor):
    """The statements of a function and the names that it sets: those of a comprehension are not its own in 3.11."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.statements: list[ast.stmt] = []

    def visit(self, node: ast.AST) -> None:
        if isinstance(node, ast.stmt):
            self.statements.append(node)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id != "_":
            self.names.append(node.id)
        inner = (
            ast.FunctionDef,
            ast.AsyncFunctionDef,
            ast.ClassDef,
            ast.Lambda,
            ast.ListComp,
            ast.SetComp,
            ast.DictComp,
        )
        if not isinstance(node, (*inner, ast.GeneratorExp)):
            self.generic_visit(node)


# ---- text ----------------------------------------------------------------------------------------


def clean(text: str) -> str:
    """What cannot be printed is replaced, but for the marks."""
    keep = (_OPEN, _CLOSE)
    return "".join(each if each.isprintable() or each in keep else "\N{REPLACEMENT CHARACTER}" for each in text)


def cut(text: str, most: int = BRIEF) -> str:
    """At most so many letters, and no mark without its end."""
    if len(text) <= most:
        return text
    short = text[: most - 1]
    if short.rfind(_OPEN) > short.rfind(_CLOSE):
        short = short[: short.rfind(_OPEN)]
    return f"{short}…"


def named(text: str, names: Mapping[str, str]) -> str:
    r"""The text with names in place of the marked paths.

    Example:
        >>> named("call \x02Agent\x03: get", {"Agent": "counter"})
        'call counter: get'
    """
    plain = _MARKED.sub(lambda found: names.get(found[1], found[1]), text)
    return plain.replace(_OPEN, "").replace(_CLOSE, "")

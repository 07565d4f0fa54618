"""The ways in which things go wrong, and whose fault each is.

Elixir knows three ways out of a function: an *error* (``raise``), an *exit* and a ``throw``.
Python has one, so the difference is drawn by class:

* `Exit` is an exit. It derives from `BaseException`, so ``except Exception`` lets it pass,
  as ``rescue`` does in Elixir.
* Everything else here is an error: a mistake of the program against this library, or a
  start that failed. Each message says what happened, what was expected, what came instead,
  and what to do next.

OTP: ``exit/1``, ``ArgumentError``, ``ErlangError``
"""

from __future__ import annotations

import re
from collections import OrderedDict, defaultdict, deque, namedtuple
from collections.abc import Iterable
from functools import lru_cache
from types import SimpleNamespace
from typing import Any, Final, NamedTuple

LONGEST: Final = 2_000
"""So many characters of a term, and of an exception's text, are shown in a message or a report."""
LONGEST_NAME: Final = 100
"""So many characters of a name are shown."""
DEEPEST: Final = 50
"""So many collections inside of each other are shown."""


class Exit(BaseException):
    """Ends the process that raises it, with ``reason``; nobody else is asked.

    A call that fails (no such process, a time-out, the server died) raises it in the caller.
    Uncaught, it ends the caller too, with the same reason: that is how a failure travels.

    Args:
        reason: any term. ``"normal"``, ``"shutdown"`` and ``("shutdown", term)`` are the
            quiet ones; supervisors and logs treat every other as a crash.

    OTP: ``exit/1``
    Differs: an exit is caught with ``except Exit``, where Elixir has ``catch :exit, reason``.

    Example:
        >>> try:
        ...     raise Exit("shutdown")
        ... except Exit as exit:
        ...     print(exit.reason)
        shutdown
    """

    __match_args__ = ("reason",)

    def __init__(self, reason: object = "normal") -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return describe_reason(self.reason)


class SelfExit(BaseException):
    """Raised in a process that has sent itself an exit signal; no `Exit`, so that no ``except Exit`` survives it."""

    def __init__(self, reason: object) -> None:
        super().__init__(reason)
        self.reason = reason


def describe_reason(reason: object) -> str:
    """Say an exit reason as a person would.

    Never raises: a reason whose ``__repr__`` fails is described by its type.

    OTP: ``Exception.format_exit/1``

    Example:
        >>> describe_reason("noproc")
        "no such process: it is not alive, or no process has that name ('noproc')"
        >>> describe_reason(("timeout", ("GenServer", "call", ["cache", "get", 5.0])))
        "GenServer.call('cache', 'get', 5.0) exited: no answer within the time-out ('timeout')"
        >>> describe_reason(ValueError("boom"))
        'ValueError: boom'
    """
    match reason:
        case (why, (str(module), str(function), list(arguments))):
            written = ", ".join(safe_repr(argument) for argument in arguments)
            return f"{printable(module)}.{printable(function)}({written}) exited: {describe_reason(why)}"
        case BaseException():
            return describe_exception(reason)
        case str() if reason in _SAID:
            return f"{_SAID[reason]} ({reason!r})"
        case ("bad_return_value", value):
            return f"a callback returned what it may not: {safe_repr(value)}"
        case ("shutdown", ("failed_to_start_child", child, why)):
            return f"its child {safe_repr(child)} did not start: {describe_reason(why)}"
        case ("EXIT", why):
            return f"its start function failed: {describe_reason(why)}"
        case ("forgotten_return", started):
            return f"its start function started {started} and answered None: is a `return` missing before its await?"
        case ("forgotten_await", str(name)):
            return f"its start function answered {name}(...), a coroutine that nobody awaited: is an `await` missing?"
        case ("bad_return", (type() as module, "init", got)):
            said = "None: is a `return` missing?" if got is None else safe_repr(got)
            return f"{name_of(module)}.init must return Supervise, SuperviseDynamically or Ignore, got {said}"
        case ("bad_return", ((type() as module, "start"), ("EXIT", why))) | (why, (type() as module, "start")):
            return f"{name_of(module)}.start failed: {describe_reason(why)}"
        case ("bad_return", ((type() as module, "start"), got)):
            said = "None: is a `return` missing?" if got is None else describe_reason(got)
            return f"{name_of(module)}.start answered no pid of a top supervisor: {said}"
        case ("supervisor_data" | "start_spec" | "invalid_child_spec", (str(what), _) as wrong) if what in _RULES:
            return describe_reason(wrong)
        case (str(what), got) if what in _RULES:
            return f"{_RULES[what]}, got {safe_repr(got)}"
    return safe_repr(reason)


_RULES = {
    "invalid_strategy": "strategy must be one_for_one, one_for_all or rest_for_one",
    "invalid_intensity": "max_restarts must be a whole number from 0 up",
    "invalid_period": "max_seconds must be a number above 0, and not without end",
    "invalid_max_children": "max_children must be a whole number from 0 up, or INFINITY",
    "invalid_extra_arguments": "extra_arguments must be a tuple or a list",
    "invalid_modules": "modules must be a tuple of classes, or dynamic",
    "invalid_auto_shutdown": "auto_shutdown must be never, any_significant or all_significant",
    "invalid_restart_type": "restart must be permanent, transient or temporary",
    "invalid_shutdown": "shutdown must be seconds from 0 up, INFINITY or brutal_kill",
    "invalid_child_type": "type must be worker or supervisor",
    "invalid_significant": "significant must be True or False",
    "invalid_mfa": "start must be (function, [arguments, …]), the function an async def such as Worker.start_link",
    "bad_combination": "a significant child needs an auto_shutdown and a restart that let it end the supervisor",
    "invalid_child_spec": "a child must be a class with child_spec, (class, argument) or a ChildSpec",
    "duplicate_child_name": "each child needs an id of its own (child_spec(Module, id=…) gives one)",
}

_SAID = {
    "noproc": "no such process: it is not alive, or no process has that name",
    "timeout": "no answer within the time-out",
    "calling_self": "a process called itself, and would have waited for its own answer for ever",
    "killed": "it was killed",
    "normal": "it ended by itself, with nothing wrong",
}


def describe_exception(error: BaseException, *, indent: str | None = None) -> str:
    """The last line of a traceback, also where ``__str__`` itself fails.

    Args:
        indent: what stands before the second line of a text with several, and before those after it;
            None says it all on one line.
    """
    try:
        text = _words(error)
    except (Exception, Exit) as broken:
        text = f"<its __str__ failed with {type(broken).__name__}>"
    lines = text.split("\n") if indent is not None else [text]
    text = f"\n{indent}".join(map(printable, lines))
    kind = name_of(type(error))
    return f"{kind}: {text}" if text else kind


def _words(error: BaseException) -> str:
    """``str(error)``, but for a collection that is its only argument: that is shown as `safe_repr` does."""
    way: Any = type(error).__str__
    args = error.args
    if len(args) == 1:
        by_repr: Any = object.__str__
        of_key: Any = KeyError.__str__
        if way == of_key or (way == BaseException.__str__ and type(args[0]).__str__ == by_repr):
            return safe_repr(args[0])
    if way == BaseException.__str__ and len(args) > 1:
        return safe_repr(args)
    return _cut(_ADDRESS.sub("", str(error)), LONGEST)


def printable(text: str) -> str:
    r"""A text on one line, in which nothing acts on a terminal: what is not printable is shown as its escape.

    Control characters, ends of lines, marks that turn the direction of writing round, half characters.

    Example:
        >>> print(printable("two\nlines, \x1b[31mred"))
        two\nlines, \x1b[31mred
    """
    if text.isprintable():
        return text
    return "".join([letter if letter.isprintable() else repr(letter)[1:-1] for letter in text])


def name_of(name: object) -> str:
    r"""A process's name for a person: on one line, not too long, and never blank; a class by its own name.

    Example:
        >>> name_of("cache"), name_of(("user", 7)), name_of(""), name_of("two\nlines")
        ('cache', "('user', 7)", "''", 'two\\nlines')
    """
    text = name if isinstance(name, str) else getattr(name, "__name__", None)
    text = str.__str__(text) if isinstance(text, str) else safe_repr(name)
    return _on_one_line(text if len(text) <= LONGEST_NAME else text[: LONGEST_NAME + 1])


@lru_cache(maxsize=512)  # many processes are started as the same; what is kept is short
def _on_one_line(text: str) -> str:
    if len(text) > LONGEST_NAME:
        text = text[: LONGEST_NAME - 1] + "…"
    return printable(text) if text.strip() else repr(text)


def safe_repr(term: object, longest: int = LONGEST, above: tuple[int, ...] = ()) -> str:
    """``repr`` that never raises, is one printable line, the same in every run, and ends.

    It names no address and sorts a set, also one inside a dataclass or a named tuple. What is cut off
    is counted; of a large collection only the part that is shown is looked at: to log a crash must not
    cause another one.

    Args:
        longest: about so many characters are shown.
        above: the identities of the collections that it stands in; those are not shown once more.

    OTP: ``inspect/2`` with its limits

    Example:
        >>> safe_repr({"rows": list(range(1_000_000)), "seen": {"b", "a"}}, 20)
        "{'rows': [0, 1, 2, 3, 4, … 999,995 more], … 1 more}"
        >>> safe_repr("spam " * 1000, 20)
        "'spam spam spam spam… (4,980 characters more)"
    """
    try:
        return _written(term, max(longest, 10), above)
    except (Exception, Exit) as broken:
        return f"<{name_of(type(term))} whose __repr__ failed with {type(broken).__name__}>"


_ADDRESS: Final = re.compile(r" at 0x[0-9a-fA-F]+")
_SORTED: Final = 1_000  # a set of more is cut anyway


def _written(term: Any, room: int, above: tuple[int, ...]) -> str:
    kind = type(term)
    if kind in (str, bytes):
        return _cut(_ADDRESS.sub("", repr(term[:room])), room, len(term))
    form = _form(term, kind)
    if form is None:
        return printable(_cut(_ADDRESS.sub("", repr(term)), room))
    if id(term) in above or len(above) == DEEPEST:
        return f"{printable(form.opening)}...{form.closing}"
    inside, written = (*above, id(term)), list[str]()
    for label, item in form.items:
        if room <= 0:
            written.append(f"… {form.size - len(written):,} more")
            break
        said = label + "=" if form.fields else ""
        if form.pairs:
            said = safe_repr(label, room, inside) + ": "
        written.append(said + safe_repr(item, room - max(0, len(said) - 2), inside))
        room -= len(written[-1]) + 2
    return printable(form.opening) + ", ".join(written) + form.closing


class _Form(NamedTuple):
    """How a collection, or an object with fields, is written."""

    opening: str
    items: Iterable[tuple[Any, Any]]  # a label, which only pairs and fields have, and a part
    closing: str
    size: int
    pairs: bool = False
    fields: bool = False


_NAMED_TUPLE: Final = namedtuple("_", "")().__repr__.__code__  # all of them share this code


def _form(term: Any, kind: Any) -> _Form | None:
    """The form of what Python itself would write; None for anything with a ``__repr__`` of its own."""
    way = kind.__repr__
    if way in _BRACKETS:
        if not len(term):
            return None
        opening, closing = _brackets(term, kind, way)
        if isinstance(term, dict):
            return _Form(opening, dict.items(term), closing, len(term), pairs=True)
        items = sorted(term, key=_rank) if isinstance(term, (set, frozenset)) and len(term) < _SORTED else term
        return _Form(opening, ((None, item) for item in items), closing, len(term))
    if way is BaseException.__repr__:
        return _Form(f"{kind.__name__}(", ((None, item) for item in term.args), ")", len(term.args))
    title, names = _fields(term, kind, way)
    if names is None:
        return None
    return _Form(title + "(", ((name, getattr(term, name)) for name in names), ")", len(names), fields=True)


def _fields(term: Any, kind: Any, way: Any) -> tuple[str, Any]:
    """What stands before the fields of a named tuple, a namespace or a dataclass, and their names, or None."""
    if getattr(way, "__code__", None) is _NAMED_TUPLE:
        return kind.__name__, kind._fields
    if kind is SimpleNamespace:
        return "namespace", list(vars(term))
    made = getattr(getattr(way, "__wrapped__", None), "__code__", None)
    if not hasattr(kind, "__dataclass_fields__") or made is None or made.co_filename != "<string>":
        return "", None  # its __repr__ is not the one that `dataclass` makes
    return kind.__qualname__, [name for name, field in kind.__dataclass_fields__.items() if field.repr]


_BRACKETS: Final[dict[Any, str]] = {
    list.__repr__: "[ ]",
    tuple.__repr__: "( )",
    dict.__repr__: "{ }",
    set.__repr__: "{ }",
    frozenset.__repr__: "Kind({ })",
    deque.__repr__: "Kind([ ])",
    OrderedDict.__repr__: "Kind({ })",
    defaultdict.__repr__: "Kind( })",
}


def _brackets(term: Any, kind: Any, way: Any) -> tuple[str, str]:
    form = "Kind({ })" if way is set.__repr__ and kind is not set else _BRACKETS[way]
    opening, closing = form.split(" ")
    opening = opening.replace("Kind", kind.__name__)
    if way is tuple.__repr__ and len(term) == 1:
        closing = ",)"
    elif way is deque.__repr__ and term.maxlen is not None:
        closing = f"], maxlen={term.maxlen})"
    elif way is defaultdict.__repr__:
        opening += f"{safe_repr(term.default_factory)}, {{"
    return opening, closing


def _rank(item: Any) -> tuple[bool, float, str]:
    return (False, item, "") if isinstance(item, (int, float)) else (True, 0, safe_repr(item))


def _cut(text: str, room: int, size: int = 0) -> str:
    more = (size or len(text)) - room
    return f"{text[:room]}… ({more:,} characters more)" if more > 0 else text


def not_awaited(coroutine: Any) -> str:
    """What to say of a coroutine that stands where its answer was wanted."""
    call = f"{printable(coroutine.__qualname__)}(...)"
    return f"{call} was called but not awaited. Write `await {call}`"


class BadArg(ValueError):
    """The caller broke a rule of the function: its own mistake, to be mended in its code.

    OTP: ``ArgumentError`` (``badarg``)
    """


class NoProc(LookupError):
    """A process that does not trap exits tried to link to a dead one.

    OTP: ``ErlangError`` with ``:noproc`` out of ``Process.link/1``
    """


class CopyError(TypeError):
    """A message holds something that cannot be copied, so it cannot be sent.

    Processes share nothing. Send what the receiver needs to build its own, or wrap the value
    in ``Shared(...)`` to say that both sides may touch the one object.
    """


class StartError(Exception):
    """A process did not start; ``reason`` is what it gave up with.

    OTP: ``{:error, reason}`` from ``start_link``
    """

    __match_args__ = ("reason",)

    def __init__(self, reason: object, hint: str = "") -> None:
        super().__init__(reason)
        self.reason, self.hint = reason, hint

    def __str__(self) -> str:
        return f"the process did not start: {self.hint or describe_reason(self.reason)}"


class AlreadyStarted(StartError):
    """The name is taken; ``pid`` is who has it. Often good news: use that process.

    OTP: ``{:error, {:already_started, pid}}``
    """

    __match_args__ = ("pid",)

    def __init__(self, pid: object) -> None:
        super().__init__(("already_started", pid))
        self.pid = pid

    def __str__(self) -> str:
        return f"a process with that name runs already, {safe_repr(self.pid)}: use that one, or take another name"


class Deadlock(RuntimeError):
    """The program waits for something that can no longer come.

    Every process is parked, no timer is armed and no outside result is awaited. The BEAM
    would wait for ever; a script is better served by an error.
    """

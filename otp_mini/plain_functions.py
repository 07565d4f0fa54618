"""Functions of the user's that are called on the spot, where nobody can await.

A guard, a fold, `Registry.dispatch`: what they are given is called in the middle of a plain
function. An ``async def`` there would only be prepared and dropped, and the coroutine that it
answers is always true. The same goes for a generator function. So both are refused, with a
sentence, before anything has happened.

OTP: none; Elixir has one kind of function
"""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable
from typing import Any, Final

from .errors import BadArg, safe_repr

Function = Callable[..., Any]

_YIELDS: Final = inspect.CO_GENERATOR | inspect.CO_ASYNC_GENERATOR


def plain(function: Any, what: str) -> Function:
    """The function, checked, and its answers checked when it is called.

    Args:
        function: what the user gave.
        what: what it is given as, for the message: ``"ets.foldl's function"``.

    Raises:
        BadArg: it cannot be called, is an ``async def`` or has a ``yield``; and, when it is
            called, its answer is something to be awaited.

    Example:
        >>> plain(len, "the measure")("abc")
        3
        >>> async def measure(text):
        ...     return len(text)
        >>> plain(measure, "the measure")
        Traceback (most recent call last):
            ...
        otp_mini.errors.BadArg: the measure is called at once and cannot wait, but measure is an async def: ...
    """
    check_plain(function, what)

    def call(*args: Any) -> Any:
        return plain_answer(function(*args), function, what)

    return call


def guard(function: Any, what: str) -> Function:
    """`plain`, for a function whose answer is taken for yes or no.

    Raises:
        BadArg: as `plain`; also for a class, whose objects are all true, and for an answer of
            None: the function has most likely forgotten its ``return``.

    Example:
        >>> guard(lambda age: age >= 18, "the guard")(34)
        True
        >>> guard(print, "the guard")()
        Traceback (most recent call last):
            ...
        otp_mini.errors.BadArg: the guard must answer True or False, but print answered None: is a return missing?
    """
    check_plain(function, what)
    if isinstance(function, type) and function is not bool:
        raise BadArg(f"{what} must be a function that answers True or False; {_name(function)} is a class.")

    def call(*args: Any) -> bool:
        answer = plain_answer(function(*args), function, what)
        if answer is None or inspect.isgenerator(answer):
            got = "None: is a return missing?" if answer is None else f"{safe_repr(answer)}, which is always true."
            raise BadArg(f"{what} must answer True or False, but {_name(function)} answered {got}")
        return bool(answer)

    return call


def check_step(function: Any, what: str) -> None:
    """`check_plain`, for a function of which something is done: to call a class only makes an object."""
    check_plain(function, what)
    if isinstance(function, type):
        raise BadArg(f"{what} is a class, {safe_repr(function)}: its object would be made and dropped.")


def check_plain(function: Any, what: str) -> None:
    """Raise `BadArg` for what cannot be called, or would be called in vain."""
    if not callable(function):
        raise BadArg(f"{what} must be a function, got {safe_repr(function)}")
    _check_no_server(function, f"{what} must be a function")
    called = getattr(type(function), "__call__", None)  # noqa: B004  (of an object: is its __call__ async?)
    for code in (function, called):
        if inspect.iscoroutinefunction(code) or inspect.isasyncgenfunction(code):
            raise BadArg(
                f"{what} is called at once and cannot wait, but {_name(function)} is an async def: nobody would run "
                "it. Make it a plain def, and await before or after."
            )
        if inspect.isgeneratorfunction(code):
            raise BadArg(
                f"{what} is called at once, but {_name(function)} has a yield: a call only makes a generator, and "
                "nobody would run it. Make it a plain def, without yield."
            )


def check_function(function: Any, needs: str) -> None:
    """Raise `BadArg` for what no process can run. An ``async def`` is welcome here: the process awaits it.

    Args:
        function: what the user gave.
        needs: the beginning of the message: who needs what, and how it is written.

    Raises:
        BadArg: it cannot be called, is a coroutine that somebody has called already, or has a ``yield``.
    """
    if type(function) is types.FunctionType and not function.__code__.co_flags & _YIELDS:
        return  # the usual case: a process is started often
    _check_no_server(function, needs)
    if not callable(function):
        hint = " Write its name without calling it." if inspect.iscoroutine(function) else ""
        raise BadArg(f"{needs}. Got {safe_repr(function)}.{hint}")
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        raise BadArg(
            f"{needs}. {_name(function)} has a yield: calling it only makes a generator, and nobody would run that. "
            "Make it a def or an async def without yield."
        )


def _check_no_server(function: Any, needs: str) -> None:
    """Raise `BadArg` for the class of a server or a supervisor: to call it makes an object, and starts nothing."""
    if isinstance(function, type) and hasattr(function, "start_link"):
        name = _name(function)
        raise BadArg(f"{needs}. Got the class {name}: to call it starts nothing. Write `await {name}.start_link(...)`.")


def plain_answer(answer: Any, function: Any, what: str) -> Any:
    """The answer; `BadArg` for one that somebody would have to await."""
    if not inspect.isawaitable(answer):
        return answer
    if inspect.iscoroutine(answer):
        answer.close()  # the error says it: no warning besides
    raise BadArg(
        f"{what} is called at once and cannot wait, but {_name(function)} answered something to be awaited "
        f"({safe_repr(answer)}). Await before or after."
    )


def _name(function: Any) -> str:
    name = getattr(function, "__qualname__", None)
    return name.rpartition(".<locals>.")[2] if isinstance(name, str) else safe_repr(function)

"""A mailbox: first in, first out, unless the receiver asks for something in particular.

OTP: the message queue of a process, and selective ``receive``
"""

from __future__ import annotations

import inspect
from collections import deque
from collections.abc import Callable, Iterable
from itertools import islice
from types import FunctionType, UnionType
from typing import Any, Final

from .errors import BadArg, safe_repr
from .plain_functions import check_plain, plain_answer

Pattern = type | UnionType | tuple[type, ...] | Callable[[Any], bool]
"""What a selective receive may ask for: a type, several types, or a function that says yes."""

NOTHING: Final = object()


class Mailbox(deque[Any]):
    """Messages in the order of their arrival."""

    __slots__ = ()

    def take(self, pattern: Pattern | None, start: int = 0) -> Any:
        """Remove and answer the first message that fits; `NOTHING` if none does.

        What does not fit stays where it is, in order.

        Args:
            pattern: a type, a tuple of types, or a function; None fits everything.
            start: how many messages at the front were looked at before and did not fit.

        Example:
            >>> box = Mailbox(["a", 1, "b"])
            >>> box.take(int), list(box)
            (1, ['a', 'b'])
        """
        if pattern is None:
            return self.popleft() if self else NOTHING
        kind = type(pattern)
        if kind is type and self and not start and isinstance(self[0], pattern):  # type: ignore[arg-type]
            return self.popleft()  # the usual case
        fits: Any = pattern if kind is FunctionType or not (kind is type or _are_types(pattern)) else None
        # A deque is slow in its middle: walk there, but step over a long known part from its end.
        new: Iterable[Any]
        if start >= len(self) // 2:
            new = [self[index] for index in range(start, len(self))]
        else:
            new = islice(self, start, None) if start else self
        for index, message in enumerate(new, start):
            answer = fits(message) if fits is not None else isinstance(message, pattern)  # type: ignore[arg-type]
            if answer and (answer is True or plain_answer(answer, pattern, _PATTERN)):
                del self[index]
                return message
        return NOTHING


def check_pattern(pattern: object) -> None:
    """Raise `BadArg` for what is no pattern, before anybody waits for what fits it."""
    if type(pattern) is FunctionType:
        if pattern.__code__.co_flags & _CALLED_IN_VAIN:
            check_plain(pattern, _PATTERN)
        return
    if _are_types(pattern):
        return
    if callable(pattern) and not isinstance(pattern, type) and not hasattr(pattern, "__origin__"):
        check_plain(pattern, _PATTERN)  # not list[int], which can be called and fits nothing
        return
    number = isinstance(pattern, (int, float)) and not isinstance(pattern, bool)
    said = f"for a time-out write receive(timeout={safe_repr(pattern)}), " if number else ""
    raise BadArg(
        f"receive: a pattern is a type or a function; {said}for a value "
        f"receive(lambda m: m == {safe_repr(pattern)}); got {safe_repr(pattern)}"
    )


_PATTERN: Final = "receive's pattern"
_CALLED_IN_VAIN: Final = inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR | inspect.CO_GENERATOR


def _are_types(pattern: Any) -> bool:
    """Is it a type, or types in a tuple or joined by ``|``?"""
    try:
        isinstance(None, pattern)
    except TypeError:
        return False
    return True

"""A mailbox: first in, first out, unless the receiver asks for something in particular.

OTP: the message queue of a process, and selective ``receive``
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any, Final

Pattern = type | tuple[type, ...] | Callable[[Any], bool]
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
        fits = _fits(pattern)
        # A deque is slow in its middle: walk there, but step over a long known part from its end.
        new: Iterable[Any] = (
            islice(self, start, None) if start < len(self) // 2 else [self[i] for i in range(start, len(self))]
        )
        for index, message in enumerate(new, start):
            if fits(message):
                del self[index]
                return message
        return NOTHING


def _fits(pattern: Pattern) -> Callable[[Any], bool]:
    if isinstance(pattern, (type, tuple)):
        kinds = pattern
        return lambda message: isinstance(message, kinds)
    return pattern

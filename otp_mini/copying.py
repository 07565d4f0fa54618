"""Share nothing: what one process sends, another gets a copy of.

Terms that cannot change (numbers, strings, pids, tuples of such …) pass as they are, and so
do functions, classes and modules, so the common message costs one look-up. Lists, dicts and
sets are copied here, everything else by `copy.deepcopy`. What refuses to be copied is not
sent at all.

OTP: message passing copies between process heaps
Differs: a function passes as it is, so what its closure captured is shared.
"""

from __future__ import annotations

import copy
import types
from collections import deque
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import PurePath
from typing import Any

from .errors import CopyError, describe_exception, safe_repr
from .terms import Atom, CallRef, Pid, Ref, Shared

AS_THEY_ARE: frozenset[type] = frozenset(
    (int, str, float, bool, type(None), bytes, complex, range, type(Ellipsis), type(NotImplemented))
    + (Pid, Ref, CallRef, Atom, Shared, type, types.ModuleType)
    + (types.FunctionType, types.BuiltinFunctionType, types.MethodDescriptorType)
    + (date, datetime, time, timedelta, Decimal, Fraction)
)

Memo = dict[int, Any]


def copy_term(term: Any) -> Any:
    """A copy of ``term`` that shares nothing changeable with it.

    Args:
        term: any message, state or reason.

    Raises:
        CopyError: something inside cannot be copied (a lock, a file, a coroutine that nobody
            awaited …). The message names it.

    Example:
        >>> basket = ["apple"]
        >>> sent = copy_term(("put", basket))
        >>> basket.append("pear")
        >>> sent
        ('put', ['apple'])
    """
    if type(term) in AS_THEY_ARE:
        return term
    try:
        return _copy(term, {})
    except CopyError:
        raise
    except RecursionError:
        raise CopyError(
            f"a {type(term).__name__} nests too deeply to be copied into a message: send it flat, or in parts"
        ) from None
    except Exception as why:
        raise CopyError(_refusal(term, describe_exception(why))) from why


def _copy(term: Any, memo: Memo) -> Any:
    kind = type(term)
    if kind in AS_THEY_ARE:
        return term
    if kind is tuple:
        return _copy_tuple(term, memo)
    known = memo.get(id(term))
    if known is not None:
        return known[0]
    make = _CONTAINERS.get(kind)
    if make is not None:
        return make(term, memo)
    return _copy_object(term, memo)


def _copy_tuple(term: tuple[Any, ...], memo: Memo) -> tuple[Any, ...]:
    copied = tuple([_copy(item, memo) for item in term])
    for old, new in zip(term, copied, strict=True):
        if old is not new:
            return copied
    return term  # nothing in it can change: the tuple itself will do


def _copy_list(term: list[Any], memo: Memo) -> list[Any]:
    copied: list[Any] = []
    memo[id(term)] = (copied, term)
    copied.extend([_copy(item, memo) for item in term])
    return copied


def _copy_dict(term: dict[Any, Any], memo: Memo) -> dict[Any, Any]:
    copied: dict[Any, Any] = {}
    memo[id(term)] = (copied, term)
    for key, value in term.items():
        copied[_copy(key, memo)] = _copy(value, memo)
    return copied


def _copy_set(term: set[Any], memo: Memo) -> set[Any]:
    copied = {_copy(item, memo) for item in term}
    memo[id(term)] = (copied, term)
    return copied


def _copy_deque(term: deque[Any], memo: Memo) -> deque[Any]:
    copied: deque[Any] = deque(maxlen=term.maxlen)
    memo[id(term)] = (copied, term)
    copied.extend([_copy(item, memo) for item in term])
    return copied


_CONTAINERS: dict[type, Callable[[Any, Memo], Any]] = {
    list: _copy_list,
    dict: _copy_dict,
    set: _copy_set,
    deque: _copy_deque,
}


def _copy_object(term: Any, memo: Memo) -> Any:
    """Instances of classes: exceptions keep their traceback, the rest is deepcopy's."""
    if isinstance(term, (type, PurePath)):
        return term
    if isinstance(term, BaseException):
        return _copy_exception(term, memo)
    if isinstance(term, types.CoroutineType):
        raise CopyError(
            f"a coroutine cannot be sent: {term.__qualname__}(...) was called but not awaited. "
            f"Write `await {term.__qualname__}(...)` and send its answer."
        )
    try:
        copied = copy.deepcopy(term)
    except RecursionError:
        raise
    except Exception as why:
        raise CopyError(_refusal(term, describe_exception(why))) from why
    memo[id(term)] = (copied, term)
    return copied


def _copy_exception(error: BaseException, memo: Memo) -> BaseException:
    copied = type(error).__new__(type(error), *_copy_tuple(error.args, memo))
    memo[id(error)] = (copied, error)
    copied.args = _copy_tuple(error.args, memo)
    copied.__dict__.update(_copy_dict(error.__dict__, memo))
    copied.__traceback__ = error.__traceback__
    copied.__cause__, copied.__context__ = error.__cause__, error.__context__
    copied.__suppress_context__ = error.__suppress_context__
    return copied


def _refusal(term: object, why: str) -> str:
    return (
        f"a message must be copied, and this {type(term).__name__} refuses it ({why}): "
        f"{safe_repr(term)}. Send plain data that the receiver can rebuild it from, or wrap it "
        "in Shared(...) if both processes shall really touch the one object."
    )


def copy_reason(reason: object) -> object:
    """A copy for one more receiver; a reason that cannot be copied passes as it is.

    A death must always be told, so this never raises.
    """
    try:
        return copy_term(reason)
    except CopyError:
        return reason

"""Share nothing: what one process sends, another gets a copy of.

Terms that cannot change (numbers, strings, pids, tuples of such …) pass as they are, and so
do functions, classes and modules, so the common message costs one look-up. Lists, dicts and
sets are copied here, objects in the way that they prescribe for `pickle`. What refuses to be copied is not
sent at all.

A sentinel keeps its identity where that is all it has: ``object()``, a member of an enum, an instance without
attributes and without room for any, the one instance of a class whose ``__new__`` answers it again. Any other
instance is copied, and the copy is another object, so ``is`` does not find it again.

OTP: message passing copies between process heaps
Differs: a function passes as it is, so what its closure captured is shared; so does the traceback
    of an exception, and the frames in it hold the variables of those functions.
"""

from __future__ import annotations

import copyreg
import enum
import sys
import types
import weakref
from collections import deque
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from operator import is_
from typing import Any

from .errors import CopyError, Exit, describe_exception, not_awaited, safe_repr
from .terms import Atom, CallRef, Pid, Ref, Shared

AS_THEY_ARE: set[type] = {
    int, str, float, bool, type(None), bytes, complex, range, type(Ellipsis), type(NotImplemented),
    Pid, Ref, CallRef, Atom, Shared, object, type, types.ModuleType, types.FunctionType, types.CodeType, property,
    ContextVar,  # a key: what stands under it, each process has for itself
}  # fmt: skip
"""Classes whose instances cannot change. The classes of `_ELSEWHERE` join them when their module is there."""

_ELSEWHERE = {
    "datetime": ("date", "datetime", "time", "timedelta"),
    "decimal": ("Decimal",),
    "fractions": ("Fraction",),
}
"""So are these, of modules that take long to import: a program without them has no instance either."""

Memo = dict[int, Any]
"""What was copied already, by identity: the same that `copy.deepcopy` hands to ``__deepcopy__``."""


class _TextForRefused(Memo):
    """The memo of a copy that puts a text in the place of each part that cannot be copied."""


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
    if type(term) in AS_THEY_ARE or (type(term) is tuple and AS_THEY_ARE.issuperset(map(type, term))):
        return term
    try:
        return _copy(term, {})
    except CopyError as refused:
        inside = safe_repr(term)
        if inside in str(refused):
            raise
        raise CopyError(f"{refused} It was found in {inside}.") from refused.__cause__
    except RecursionError:
        raise CopyError(
            f"a {type(term).__name__} nests too deeply to be copied into a message: send it flat, or in parts"
        ) from None


def _copy(term: Any, memo: Memo) -> Any:
    kind = type(term)
    if kind in AS_THEY_ARE:
        return term
    if kind is tuple:
        return _copy_tuple(term, memo)
    if id(term) in memo:
        return memo[id(term)]
    try:
        copied = _COPIERS.get(kind, _copy_object)(term, memo)
    except (Exception, Exit):
        if type(memo) is not _TextForRefused:
            raise
        copied = safe_repr(term)
    memo[id(term)] = copied
    memo.setdefault(id(memo), []).append(term)  # keeps it, so that no other gets its id meanwhile
    return copied


def _copy_tuple(term: tuple[Any, ...], memo: Memo) -> tuple[Any, ...]:
    if AS_THEY_ARE.issuperset(map(type, term)):
        return term
    copied = tuple([_copy(item, memo) for item in term])
    return term if all(map(is_, term, copied)) else copied  # nothing in it can change: the tuple itself will do


def _copy_list(term: list[Any], memo: Memo) -> list[Any]:
    copied: list[Any] = []
    memo[id(term)] = copied
    copied.extend([_copy(item, memo) for item in term])
    return copied


def _copy_dict(term: dict[Any, Any], memo: Memo) -> dict[Any, Any]:
    copied: dict[Any, Any] = {}
    memo[id(term)] = copied
    for key, value in term.items():
        copied[_copy(key, memo)] = _copy(value, memo)
    return copied


def _copy_deque(term: deque[Any], memo: Memo) -> deque[Any]:
    copied: deque[Any] = deque(maxlen=term.maxlen)
    memo[id(term)] = copied
    copied.extend([_copy(item, memo) for item in term])
    return copied


def _copy_method(term: Any, memo: Memo) -> Any:
    """A bound method takes a copy of its object along, and stays the same method of it."""
    owner = _copy(term.__self__, memo)
    return term if owner is term.__self__ else types.MethodType(_copy(term.__func__, memo), owner)


def _copy_builtin(term: Any, memo: Memo) -> Any:
    """So does a built-in method, such as ``basket.append``; a plain built-in belongs to its module."""
    owner = _copy(term.__self__, memo)
    return term if owner is term.__self__ else getattr(owner, term.__name__)


_CONSTANTS = (type, types.ModuleType, enum.Enum)
_WEAK = {*map(id, (
    weakref.ref, weakref.ProxyType, weakref.CallableProxyType,
    weakref.WeakSet, weakref.WeakKeyDictionary, weakref.WeakValueDictionary,
))}  # fmt: skip


def _is_constant(kind: type) -> bool:
    """Is this a class of `_ELSEWHERE`, or one of the paths of `pathlib`?"""
    if _not_there_yet:
        _look_elsewhere()
    path = getattr(sys.modules.get("pathlib"), "PurePath", None)
    return kind in AS_THEY_ARE or (isinstance(path, type) and issubclass(kind, path))


_not_there_yet = dict(_ELSEWHERE)
"""Those of `_ELSEWHERE` whose module nobody had imported when it was looked for last."""


def _look_elsewhere() -> None:
    """Have the classes of modules that were imported in the meantime join `AS_THEY_ARE`."""
    for name, classes in [*_not_there_yet.items()]:
        found: list[Any] = [getattr(sys.modules.get(name), each, None) for each in classes]
        if None not in found:  # else it is not there, or being imported just now
            AS_THEY_ARE.update(found)
            _not_there_yet.pop(name, None)


def _copy_object(term: Any, memo: Memo) -> Any:
    """An instance of a class: in the way that it prescribes itself, for `copy` and `pickle`.

    Its class is asked, and never the instance: that may answer for another object (a proxy, a mock).
    """
    kind = type(term)
    if issubclass(kind, _CONSTANTS) or _is_constant(kind):
        return term
    if issubclass(kind, BaseException):
        return _copy_exception(term, memo)
    if kind is types.CoroutineType:
        raise CopyError(f"a coroutine cannot be sent: {not_awaited(term)} and send its answer.")
    if type(memo) is _TextForRefused:
        memo = {}  # an object without one of its parts is not that object: all of it, or its text
    try:
        if not _WEAK.isdisjoint(map(id, kind.__mro__)):  # not `issubclass`, for which some of these are slow to ask
            raise TypeError("a weak reference would reach the object itself")
        if getattr(kind, "__deepcopy__", None) is not None:
            return term.__deepcopy__(memo)
        reduce = copyreg.dispatch_table.get(kind)
        parts = reduce(term) if reduce is not None else term.__reduce_ex__(4)
        return term if isinstance(parts, str) else _rebuild(term, memo, *parts)
    except (CopyError, RecursionError):
        raise
    except Exception as why:
        raise CopyError(_refusal(term, describe_exception(why))) from why


def _rebuild(
    term: Any, memo: Memo, make: Callable[..., Any], args: tuple[Any, ...], state: Any = None,
    items: Iterable[Any] | None = None, pairs: Iterable[tuple[Any, Any]] | None = None,
    set_state: Callable[[Any, Any], None] | None = None,
) -> Any:  # fmt: skip
    """Make an object anew from what its ``__reduce_ex__`` said.

    OTP: none; the protocol of `pickle`
    """
    if make is copyreg.__newobj__:  # type: ignore[attr-defined]
        make = _new
    copied = make(*[_copy(arg, memo) for arg in args])
    if state is None and (copied is term or _has_no_room(term)):
        return term
    if copied is term:  # the one instance of its class has a state: each process has its own
        copied = _built_in(type(term)).__new__(type(term))
    memo[id(term)] = copied
    state = _copy(state, memo)
    if set_state is not None:
        set_state(copied, state)
    elif state is not None and hasattr(type(copied), "__setstate__"):
        copied.__setstate__(state)
    elif state is not None:
        attributes, slots = state if isinstance(state, tuple) and len(state) == 2 else (state, None)
        if attributes:
            copied.__dict__.update(attributes)
        for name, value in (slots or {}).items():
            _set(copied, name, value)
    for item in items or ():
        _fill(copied, "append", _copy(item, memo))
    for key, value in pairs or ():
        _fill(copied, "__setitem__", _copy(key, memo), _copy(value, memo))
    return copied


def _new(kind: Any, *args: Any) -> Any:
    """A new instance, also where the class's ``__new__`` wants arguments that nobody has kept."""
    try:
        return kind.__new__(kind, *args)
    except TypeError:
        return _built_in(kind).__new__(kind, *args)


def _fill(copied: Any, method: str, *what: Any) -> None:
    """Put an item into a copied list or dict, also into one of a class that allows nobody to change it."""
    try:
        getattr(copied, method)(*what)
    except Exception:
        getattr(_built_in(type(copied)), method)(copied, *what)


def _has_no_room(term: Any) -> bool:
    """Is this an object without attributes, which can have none?"""
    kind = type(term)
    slots = any(vars(each).get("__slots__") for each in kind.__mro__)
    return _built_in(kind) is object and not kind.__dictoffset__ and not slots


def _built_in(kind: type) -> Any:
    """The nearest ancestor of a class that is not written in Python."""
    return next(each for each in kind.__mro__ if not each.__flags__ & 1 << 9)  # no Py_TPFLAGS_HEAPTYPE


_set = object.__setattr__  # the class itself may be frozen


def _copy_exception(error: BaseException, memo: Memo) -> BaseException:
    """Without calling ``__init__``, which may want other arguments than ``args``.

    What Python's own exceptions keep beside them (a file name, a code) is copied as far as it
    can be; the traceback is the same object.
    """
    kind, args = type(error), _copy_tuple(error.args, memo)
    copied = memo[id(error)] = _blank(error, kind, args)
    copied.__dict__.update(_copy_dict(error.__dict__, memo))
    for name in _built_in_fields(kind):
        try:
            value = getattr(error, name)
            if value is not getattr(copied, name, None):
                _set(copied, name, _copy(value, memo))
        except (AttributeError, TypeError, CopyError):
            continue  # read-only, or nothing that could be sent, such as AttributeError.obj
    for link in ("__context__", "__cause__"):
        _set(copied, link, _copy(getattr(error, link), memo))
    for link in ("__traceback__", "__suppress_context__"):
        _set(copied, link, getattr(error, link))
    return copied


def _blank(error: BaseException, kind: Any, args: tuple[Any, ...]) -> BaseException:
    """A new exception of this class, made by what its nearest ancestor in Python itself made it with."""
    try:
        copied: BaseException = _built_in(kind).__new__(kind, *args)
        _set(copied, "args", args)
    except Exception as why:
        raise CopyError(_refusal(error, describe_exception(why))) from why
    return copied


def _built_in_fields(kind: type) -> Iterable[str]:
    fields = (types.MemberDescriptorType, types.GetSetDescriptorType)
    for owner in kind.__mro__:
        for name, field in vars(owner).items():
            if isinstance(field, fields) and not name.startswith("__") and name != "args":
                yield name


_COPIERS: dict[type, Callable[[Any, Memo], Any]] = {
    list: _copy_list,
    dict: _copy_dict,
    set: lambda term, memo: {_copy(item, memo) for item in term},
    deque: _copy_deque,
    types.MethodType: _copy_method,
    types.BuiltinFunctionType: _copy_builtin,
    types.MappingProxyType: lambda term, memo: types.MappingProxyType(_copy_dict(dict(term), memo)),
}


def _refusal(term: object, why: str) -> str:
    return (
        f"a message must be copied, and this {type(term).__name__} refuses it ({why}): "
        f"{safe_repr(term)}. Send plain data that the receiver can rebuild it from, or wrap it "
        "in Shared(...) if both processes shall really touch the one object."
    )


def cannot_change(term: Any) -> bool:
    """Can nothing inside of a term ever change? Then it is its own copy for good.

    Example:
        >>> cannot_change(("put", 1, ("a", None))), cannot_change(("put", ["apple"]))
        (True, False)
    """
    kind = type(term)
    if kind in AS_THEY_ARE:
        return True
    if kind is tuple:
        return all(map(cannot_change, term))
    if kind is types.MethodType:
        return cannot_change(term.__self__)
    return issubclass(kind, type) or _is_constant(kind)


def copy_reason(reason: Any) -> Any:
    """A copy for one more receiver. Where a part cannot be copied, a text that describes it takes its place.

    Whoever watches a process must learn of its death, so this never raises.

    Example:
        >>> copy_reason(("gave up", (number for number in range(3))))
        ('gave up', '<generator object <genexpr>>')
    """
    try:
        return reason if type(reason) in AS_THEY_ARE else _copy(reason, {})
    except (Exception, Exit):
        pass
    try:
        return _copy(reason, _TextForRefused())
    except (Exception, Exit):
        return safe_repr(reason)  # not even its class can be asked what it is

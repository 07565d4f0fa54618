"""Patterns, strict equality and Erlang's order of terms: what `ets` and `Registry` compare by.

Python takes ``1``, ``1.0`` and ``True`` for equal, and has no order between a number and a string.
Erlang tells the three apart, and has an order for all terms. So a term is never compared here as
it is:

* `fits` holds a term against a pattern, or against another term, strictly;
* `exact` makes of a key something to put into a dict, equal only for strictly equal keys;
* `order` makes of a key something to sort by.

OTP: match patterns, ``===`` and the order of terms (``<``)
"""

from __future__ import annotations

import types
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import repeat
from numbers import Number
from typing import Any, Final

from .errors import BadArg, safe_repr
from .terms import Pid, Ref

Place = Any
"""What a key becomes inside: hashable, and equal only where two keys are taken for the same."""

# ---- patterns ----------------------------------------------------------------------------------


class Anything:
    """The pattern that every term fits.

    OTP: ``:_`` in a match pattern
    """

    def __repr__(self) -> str:
        return "ANY"


ANY: Final = Anything()


@dataclass(frozen=True, slots=True)
class Var:
    """A variable of a pattern: fits any term, the same one wherever it stands again.

    Args:
        number: 0 or more. The variables' values are answered in the order of their numbers.

    OTP: ``:"$1"`` in a match pattern
    """

    number: int

    def __post_init__(self) -> None:
        if type(self.number) is not int or self.number < 0:
            raise BadArg(f"a variable of a pattern has a whole number from 0 up: Var(1); got {safe_repr(self.number)}")


def fits(pattern: Any, term: Any, bound: dict[int, Any] | None = None) -> bool:
    """Does ``term`` fit ``pattern``, strictly?

    Args:
        pattern: a term with `ANY` and `Var` in it. A dict fits one that has its keys, and more.
        term: what is looked at.
        bound: gets the variables' values. None: nothing is a variable, and this is equality.

    OTP: a match pattern; without ``bound``, ``===``
    Differs: there is a NaN, and it equals itself, as every term of Erlang's does.

    Example:
        >>> found = {}
        >>> fits(("user", Var(1), [ANY, Var(2)]), ("user", "ann", [0, 34]), found), found
        (True, {1: 'ann', 2: 34})
        >>> fits((1, True), (1, 1.0))
        False
    """
    if bound is not None and isinstance(pattern, Anything):
        return True
    if bound is not None and isinstance(pattern, Var):
        return fits(bound.setdefault(pattern.number, term), term)
    for kind in (tuple, list):
        if isinstance(pattern, kind):
            alike = isinstance(term, kind) and len(pattern) == len(term)
            return alike and all(map(fits, pattern, term, repeat(bound)))
    if isinstance(pattern, dict):
        return isinstance(term, dict) and _fits_dict(pattern, term, bound)
    if isinstance(pattern, str):
        return isinstance(term, str) and pattern == term
    if pattern is term:
        return True
    return type(pattern) is type(term) and (bool(pattern == term) or (_is_nan(pattern) and _is_nan(term)))


def _fits_dict(pattern: dict[Any, Any], term: dict[Any, Any], bound: dict[int, Any] | None) -> bool:
    if bound is not None and any(map(has_holes, pattern)):
        raise BadArg(f"in a pattern a dict's values may be variables, but not its keys; got {safe_repr(pattern)}")
    if bound is None and len(pattern) != len(term):
        return False
    values = {exact(key): value for key, value in term.items()}
    return all(exact(key) in values and fits(part, values[exact(key)], bound) for key, part in pattern.items())


def has_holes(pattern: object) -> bool:
    """Can different terms fit here? If not, the pattern is the term itself, and can be looked up."""
    if isinstance(pattern, (tuple, list)):
        return any(map(has_holes, pattern))
    return isinstance(pattern, (Var, Anything, dict))


def fitting(pattern: Any, terms: Iterable[Any]) -> Iterator[tuple[Any, tuple[Any, ...]]]:
    """The terms that fit, each with the values of the pattern's variables, by their numbers.

    Example:
        >>> [*fitting((Var(2), Var(1)), [("ann", 34), "no pair", ("bob", 7)])]
        [(('ann', 34), (34, 'ann')), (('bob', 7), (7, 'bob'))]
    """
    for term in terms:
        bound: dict[int, Any] = {}
        if fits(pattern, term, bound):
            yield term, tuple([bound[number] for number in sorted(bound)])


def check_pattern(pattern: Any) -> None:
    """Refuse a function for a pattern: it would fit nothing but itself, and what was meant is a guard.

    Raises:
        BadArg: it is a function.
    """
    if isinstance(pattern, (types.FunctionType, types.MethodType)):
        raise BadArg(
            f"a pattern is a term with ANY and Var in it, got the function {safe_repr(pattern)}. A function is a "
            "guard, and stands after the pattern: Var(1), lambda value: value > 3."
        )


# ---- keys --------------------------------------------------------------------------------------

_EXACT_ALREADY: Final = frozenset((str, int, bytes, type(None), Pid, Ref))


def exact(key: Any) -> Place:
    """Something hashable that is equal for equal keys only: ``1``, ``1.0`` and ``True`` are three.

    A NaN is one key, and found again.

    Raises:
        BadArg: the key holds an object without a hash, or one whose ``==`` raises.

    OTP: ``===`` on keys

    Example:
        >>> len({1, 1.0, True}), len({exact(1), exact(1.0), exact(True)})
        (1, 3)
    """
    kind = type(key)
    if kind in _EXACT_ALREADY:
        return key
    if isinstance(key, (tuple, list)):
        return (tuple if isinstance(key, tuple) else list, *map(exact, key))
    if isinstance(key, dict):
        return dict, frozenset((exact(name), exact(value)) for name, value in key.items())
    if isinstance(key, str):
        return str.__str__(key)
    try:
        hash(key)
        equal = bool(key == key)
    except Exception as why:
        what = f"a {kind.__name__} has no hash" if isinstance(why, TypeError) else f"its comparison failed with {why!r}"
        raise BadArg(
            f"a key must be hashable, or a tuple, list or dict; got {safe_repr(key)}, and {what}. "
            "Use as the key what names it."
        ) from None
    return kind, key if equal or not _is_nan(key) else _NAN


_NAN: Final = "not a number"


def _is_nan(term: object) -> bool:
    """Is it a NaN, of whatever type: a number that Python holds for unequal to itself?"""
    return isinstance(term, Number) and bool(term != term)


def place_of_copy(key: Any, copy: Any, place: Callable[[Any], Place], function: str) -> Place:
    """The place of a key of which a copy is kept.

    Raises:
        BadArg: the copy would never be found by the key.
    """
    found = place(copy)
    if copy is not key and found != place(key):
        raise BadArg(
            f"{function}: the key {safe_repr(key)} would never be found again: what is kept is a copy, and a "
            f"{type(key).__name__} equals no copy of itself. Use as the key what names it."
        )
    return found


def name_key(name: Any) -> Place:
    """Under what a node keeps a process's name: a string or a class as it is, any other strictly.

    So a message to a string or a class finds the process in one look, and ``1.0`` does not find the
    process that is registered as ``1``.

    Example:
        >>> name_key("shop"), name_key(1) == name_key(1), name_key(1) == name_key(1.0), name_key(1) == 1
        ('shop', True, False, False)
    """
    return name if isinstance(name, (str, type)) else (_NAMED, exact(name))


_NAMED: Final = object()
"""Stands in the keys of names alone, so that no name equals such a key."""


class Distinct:
    """Terms of which no two are equal, strictly; to ask for one does not go through all the others.

    Those that hold an object without a hash are compared one by one.

    Example:
        >>> seen = Distinct([("a", 1)])
        >>> [seen.add(row) for row in (("a", 1), ("a", 1.0), ("a", {1}), ("a", {1}))]
        [False, True, True, False]
    """

    def __init__(self, terms: Iterable[Any] = ()) -> None:
        self._places: set[Place] = set()
        self._unhashable: list[Any] = []
        for term in terms:
            self.add(term)

    def add(self, term: Any) -> bool:
        """Take a term in; False if an equal one is there."""
        try:
            place = exact(term)
        except BadArg:
            if any(fits(term, other) for other in self._unhashable):
                return False
            self._unhashable.append(term)
            return True
        before = len(self._places)
        self._places.add(place)
        return len(self._places) > before


def order(key: Any, exactly: bool = False) -> Place:
    """A tuple that sorts as the key does in Erlang's order of terms.

    Args:
        key: a number, string, tuple …
        exactly: an int is less than every float, as it is among the keys of a dict.

    Raises:
        BadArg: the key has no place in the order.

    OTP: ``<`` and ``==`` on any terms

    Example:
        >>> sorted([b"bytes", [1], {"a": 1}, (1, 2), (9,), None, "atom", 2.5, 1], key=order)
        [1, 2.5, 'atom', None, (9,), (1, 2), {'a': 1}, [1], b'bytes']
    """
    if type(key) is int:
        return 0, False, key  # the usual key does not wait for its turn below
    match key:
        case bool() | None:
            return 1, "nil" if key is None else str(key).lower(), "constant"
        case int() | float() if key == key:  # a NaN is not
            return 0, exactly and isinstance(key, float), key
        case str():
            return 1, str.__str__(key), ""  # `str` would ask the class: of an enum, it answers the member's name
        case type():
            return 1, f"{key.__module__}.{key.__qualname__}", "class"
        case Ref():
            return 2, key.number, type(key).__name__
        case types.FunctionType() if "<" not in key.__qualname__:  # not a lambda, not inside another
            return 3, key.__module__, key.__qualname__
        case Pid():
            return 5, key.number
        case tuple():
            return 6, len(key), *(order(each, exactly) for each in key)
        case dict():
            pairs = sorted((order(name, True), order(value, exactly)) for name, value in key.items())
            return 7, len(key), tuple(name for name, _ in pairs), tuple(value for _, value in pairs)
        case list():
            return 8, *(order(each, exactly) for each in key)
        case bytes():
            return 9, key
    raise BadArg(
        f"a key of an ordered_set is a number, string, constant, reference, named function, class, pid or bytes, or "
        f"a tuple, dict or list of such; {safe_repr(key)} has no place in the order. Use a set, or what names it."
    )

"""Whether an answer is the one hoped for, without asking the answer itself.

``seen == hoped`` runs the ``__eq__`` of whatever a student's code returned, and that may say yes to
everything. `same` looks at plain values by the rules of their own types.
"""

from __future__ import annotations

from typing import Any


def same(seen: Any, hoped: Any) -> bool:
    """Whether ``seen`` has the value of ``hoped``, which a check made itself.

    A number may be an int or a float, a subclass counts by the value it holds, and True is no 1.
    Lists, tuples, dicts and sets are compared piece by piece.

    Example:
        >>> class Yes:
        ...     def __eq__(self, other): return True
        >>> Yes() == 5, same(Yes(), 5)
        (True, False)
        >>> same([2, (3.0, "a")], [2, (3, "a")]), same([1], (1,)), same(True, 1)
        (True, False, False)
    """
    kind = type(hoped)
    if seen is hoped or hoped is None or kind is bool:
        return seen is hoped
    if kind in (int, float):
        return _same_number(seen, hoped)
    if not issubclass(type(seen), kind):  # not isinstance: that asks `seen.__class__`, which may be anything
        return False
    if kind in (list, tuple):
        pairs = zip(kind.__iter__(seen), hoped, strict=False)
        return kind.__len__(seen) == len(hoped) and all(same(one, other) for one, other in pairs)
    if kind is dict:
        return _same_members(list(dict.items(seen)), list(hoped.items()))
    if kind in (set, frozenset):
        return _same_members(list(kind.__iter__(seen)), list(hoped))
    alike: Any = kind.__eq__
    return alike(hoped, seen) is True


def _same_number(seen: Any, hoped: float) -> bool:
    if type(seen) is bool:
        return False
    for number in (int, float):
        if issubclass(type(seen), number):
            # the bare value: a subclass may have comparisons of its own, which Python would ask first
            return bool(number.__add__(seen, 0) == hoped)
    return False


def _same_members(seen: list[Any], hoped: list[Any]) -> bool:
    return len(seen) == len(hoped) and all(any(same(one, other) for one in seen) for other in hoped)

"""Terms of every kind, and what can be reached and changed from each: for the tests that nothing is shared."""

from __future__ import annotations

import dataclasses
import enum
from collections import OrderedDict, defaultdict, deque
from datetime import date
from fractions import Fraction
from typing import Any, NamedTuple

from hypothesis import strategies as st

from otp_mini import Down, ExitSignal, Pid, Ref


@dataclasses.dataclass
class Box:
    """A changeable object that may hold anything."""

    inside: Any
    also: Any = None


class Pair(NamedTuple):
    """A tuple with a name."""

    left: Any
    right: Any


class Picky(Exception):
    """An exception whose arguments are not those of its constructor."""

    def __init__(self, what: str, where: Any) -> None:
        super().__init__(f"{what} in {where}", where)
        self.where = where


class Colour(enum.Enum):
    RED = 1


IMMUTABLE = (int, float, str, bytes, bool, type(None), complex, Pid, Ref, Fraction, date, Colour, range, type)


def reachable(term: Any, seen: dict[int, Any] | None = None) -> dict[int, Any]:
    """Every changeable object that can be reached from a term, by its identity."""
    seen = {} if seen is None else seen
    if isinstance(term, IMMUTABLE) or id(term) in seen:
        return seen
    if not isinstance(term, (tuple, frozenset, Down, ExitSignal)):
        seen[id(term)] = term
    if isinstance(term, dict):
        for key, value in term.items():
            reachable(key, seen)
            reachable(value, seen)
    elif isinstance(term, (list, tuple, set, frozenset, deque)):
        for item in term:
            reachable(item, seen)
    if isinstance(term, BaseException):
        for item in (*term.args, term.__cause__, term.__context__):
            reachable(item, seen)
    for value in attributes(term):
        reachable(value, seen)
    return seen


def attributes(term: Any) -> list[Any]:
    """What an object holds, in its dictionary and in its slots."""
    slots = [name for kind in type(term).__mro__ for name in getattr(kind, "__slots__", ())]
    return [*getattr(term, "__dict__", {}).values(), *(getattr(term, name, None) for name in slots)]


def shared(one: Any, other: Any) -> list[Any]:
    """What can be changed and is reached from both."""
    ours, theirs = reachable(one), reachable(other)
    return [term for key, term in ours.items() if key in theirs]


atoms = st.one_of(
    st.integers(), st.floats(allow_nan=False), st.text(max_size=5), st.binary(max_size=5), st.booleans(),
    st.none(), st.just(Colour.RED), st.just(Fraction(1, 3)), st.just(date(2024, 1, 1)),
)  # fmt: skip
hashable = st.recursive(atoms, lambda inner: st.tuples(inner, inner) | st.frozensets(inner, max_size=3), max_leaves=4)


def containers(inner: Any) -> Any:
    """Collections and objects of what ``inner`` gives."""
    return st.one_of(
        st.lists(inner, max_size=4),
        st.tuples(inner, inner),
        st.dictionaries(hashable, inner, max_size=4),
        st.sets(hashable, max_size=4),
        st.frozensets(hashable, max_size=4),
        st.lists(inner, max_size=4).map(deque),
        st.builds(Box, inner, inner),
        st.builds(Pair, inner, inner),
        st.dictionaries(hashable, inner, max_size=3).map(OrderedDict),
        st.lists(inner, max_size=3).map(lambda items: defaultdict(list, {1: items})),
        st.binary(max_size=4).map(bytearray),
    )


terms = st.recursive(atoms, containers, max_leaves=12)
"""Any term that can be sent, but for exceptions, which equal no copy of themselves."""

changeable = st.one_of(
    st.lists(terms, max_size=3), containers(terms).filter(reachable), st.builds(Picky, st.text(max_size=3), terms)
)
"""Any term that can be sent, and that could be changed on its way."""

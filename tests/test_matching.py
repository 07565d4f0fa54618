"""Patterns, strict equality and the order of terms: what tables and registries compare by."""

from __future__ import annotations

import enum
import math
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otp_mini import BadArg
from otp_mini.matching import ANY, Var, exact, fits, fitting, has_holes, order

law = settings(deadline=None)  # no test depends on the clock on the wall
numbers = st.integers(-3, 3) | st.sampled_from([-1.5, 0.0, -0.0, 1.0, 2.0, 1e300, 10**300])
simple = numbers | st.sampled_from(["", "a", "b", "nil", "true", None, True, False, b"", b"a"])


def nested(leaves: Any) -> Any:
    return st.recursive(
        leaves,
        lambda inner: st.tuples(inner) | st.tuples(inner, inner) | st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from([1, 1.0, 2.0, "a", (1,)]), inner, max_size=2),
        max_leaves=5,
    )  # fmt: skip


changeable = st.lists(nested(simple), max_size=2) | st.dictionaries(simple, nested(simple), max_size=2)
keys = nested(simple | st.just(Fraction))


def looks(term: Any) -> str:
    """A text that is equal for strictly equal terms only."""
    if isinstance(term, dict):
        return "{" + ",".join(sorted(f"{looks(key)}:{looks(value)}" for key, value in term.items())) + "}"
    if isinstance(term, tuple | list):
        return f"{type(term).__name__}({','.join(map(looks, term))})"
    return repr(term).replace("-0.0", "0.0")


@law
@given(keys, keys)
def test_strict_equality_is_the_same_for_keys_and_for_terms(one: Any, other: Any) -> None:
    equal = looks(one) == looks(other)
    assert (exact(one) == exact(other)) is equal
    assert fits(one, other) is equal
    assert fits(one, one)
    assert not equal or hash(exact(one)) == hash(exact(other))


@law
@given(keys, keys, keys)
def test_the_order_of_terms_is_total(one: Any, two: Any, three: Any) -> None:
    a, b, c = order(one), order(two), order(three)
    assert (a < b) + (a == b) + (a > b) == 1
    assert not (a <= b <= c) or a <= c
    assert not fits(one, two) or a == b


@law
@given(keys)
def test_a_term_without_holes_is_a_pattern_that_only_it_fits(term: Any) -> None:
    assert has_holes(term) == ("{" in looks(term))  # what fits a dict may have more keys
    assert fits(term, term, {})
    assert [*fitting((Var(3), ANY, Var(1)), [(term, 0, [term])])] == [((term, 0, [term]), ([term], term))]


NANS = [float("nan"), math.inf - math.inf, Decimal("nan"), complex("nan")]


@pytest.mark.parametrize("nan", NANS, ids=repr)
def test_a_nan_is_one_key_and_equals_itself(nan: Any) -> None:
    other = type(nan)("nan")
    assert other is not nan
    assert other != nan
    assert exact(nan) == exact(other)
    assert exact((1, nan)) == exact((1, other))
    assert fits(nan, other)
    assert fits((Var(1), Var(1)), (nan, other), {})
    assert not fits(nan, type(nan)(0))
    with pytest.raises(BadArg, match="has no place in the order"):
        order(nan)


def test_infinities_and_zeros_are_numbers_like_others() -> None:
    assert sorted([math.inf, 10**400, 0, -math.inf], key=order) == [-math.inf, 0, 10**400, math.inf]
    assert exact(0.0) == exact(-0.0) != exact(0)


class Spoilt:
    """Has a hash, and fails when it is compared."""

    def __eq__(self, other: object) -> bool:
        raise ValueError("compare me not")

    def __hash__(self) -> int:
        return hash("a")


def test_a_key_that_cannot_be_compared_is_refused_before_it_harms_its_neighbours() -> None:
    with pytest.raises(BadArg, match=r"its comparison failed with ValueError\('compare me not'\)"):
        exact(("room", Spoilt()))
    with pytest.raises(BadArg, match="a set has no hash"):
        exact({1})


@pytest.mark.parametrize("number", [-1, 1.0, True, "1", None, float("nan")])
def test_a_variable_has_a_whole_number(number: Any) -> None:
    with pytest.raises(BadArg, match="a variable of a pattern has a whole number from 0 up"):
        Var(number)


def test_a_string_of_a_class_of_its_own_has_the_place_of_its_letters() -> None:
    class Colour(str, enum.Enum):  # noqa: UP042  (a StrEnum is its letters, this one its name)
        RED = "red"

    class Odd(str):
        def __str__(self) -> str:
            return "something else"

    for key in (Colour.RED, Odd("red")):
        assert order(key) == order("red")
        assert exact(key) == exact("red")
        assert order((1, {key: [key]})) == order((1, {"red": ["red"]}))

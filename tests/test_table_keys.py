"""The orders of a table's keys: held against plain lists, and against eight times as many."""

from __future__ import annotations

import random
from bisect import bisect_left, bisect_right
from collections.abc import Callable
from unittest import mock

import pytest
from growth import FLAT, Cost, growth
from hypothesis import given, settings
from hypothesis import strategies as st

from otp_mini import table_keys
from otp_mini.table_keys import NOWHERE, Arrivals, Sorted

law = settings(deadline=None)  # no test depends on the clock on the wall
steps = st.lists(st.tuples(st.booleans(), st.integers(0, 20)), max_size=60)


@law
@given(steps)
def test_arrivals_are_a_list_in_which_each_knows_its_next(steps: list[tuple[bool, int]]) -> None:
    keys, model = Arrivals(), list[int]()
    for coming, key in steps:
        if coming and key not in model:
            keys.add(key)
            model.append(key)
        elif not coming and key in model:
            keys.remove(key)
            model.remove(key)
        assert [*keys] == model
        assert keys.first() == keys.last() == (model or [NOWHERE])[0]
        for place, here in enumerate(model, 1):
            assert keys.after(here) == keys.before(here) == [*model, NOWHERE][place]


@law
@given(steps, st.sampled_from([1, 2, 3]))
def test_sorted_keys_are_a_sorted_list_however_large_a_block_is(steps: list[tuple[bool, int]], block: int) -> None:
    keys, model = Sorted(), list[int]()
    with mock.patch.object(table_keys, "BLOCK", block):
        for coming, key in steps:
            if coming and key not in model:
                keys.add(key)
                model.insert(bisect_left(model, key), key)
            elif not coming and key in model:
                keys.remove(key)
                model.remove(key)
            assert [*keys] == model
            assert (keys.first(), keys.last()) == ((model or [NOWHERE])[0], (model or [NOWHERE])[-1])
            for place in range(-1, 22):
                assert keys.after(place) == [*model, NOWHERE][bisect_right(model, place)]
                assert keys.before(place) == [NOWHERE, *model][bisect_left(model, place)]


@pytest.mark.parametrize("kind", [Arrivals, Sorted])
def test_keys_are_taken_from_the_front(kind: Callable[[], Arrivals | Sorted]) -> None:
    async def work(n: int, cost: Cost) -> None:
        keys = kind()
        for key in range(n):
            keys.add(key)
        with cost:
            for _ in range(n):
                keys.remove(keys.first())
        assert [*keys] == []

    assert growth(work, 4000) < FLAT


def test_sorted_keys_come_in_no_order() -> None:
    async def work(n: int, cost: Cost) -> None:
        keys, coming = Sorted(), [*range(n)]
        random.Random(1).shuffle(coming)
        with cost:
            for key in coming:
                keys.add(key)
        assert [*keys] == sorted(coming)

    assert growth(work, 4000) < FLAT

"""The mailbox: first in, first out, and selective."""
from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otp_mini.mailbox import NOTHING, Mailbox

LAW = settings(derandomize=True, deadline=None, database=None)  # the same examples in every run


def test_without_a_pattern_the_oldest_message_is_taken() -> None:
    box = Mailbox("abc")
    assert [box.take(None) for _ in range(4)] == ["a", "b", "c", NOTHING]


def test_an_empty_mailbox_has_nothing() -> None:
    assert Mailbox().take(int) is NOTHING


@pytest.mark.parametrize(
    ("pattern", "taken"),
    [(str, "a"), (float, 2.0), ((bytes, float), 2.0), (lambda m: m == 1, 1), (bytes, NOTHING), ((), NOTHING)],
)
def test_a_pattern_is_a_type_several_or_a_function(pattern: Any, taken: Any) -> None:
    assert Mailbox([1, "a", 2.0]).take(pattern) == taken


def test_none_can_be_a_message() -> None:
    assert Mailbox([None]).take(None) is None


def test_a_pattern_that_raises_leaves_the_mailbox_as_it_was() -> None:
    box = Mailbox([1, "a"])
    with pytest.raises(TypeError):
        box.take(lambda m: m > 5)
    assert list(box) == [1, "a"]


def test_looking_through_a_long_mailbox_is_linear() -> None:
    """Beside a plain loop over as many messages; indexing the middle of a deque would be 50 times that."""
    box = Mailbox(range(300_000))

    def fits(message: int) -> bool:
        return message == 299_999

    begin = time.process_time()
    assert any(fits(message) for message in box)
    middle = time.process_time()
    assert box.take(fits) == 299_999
    end = time.process_time()
    assert end - middle < 15 * (middle - begin)


def test_start_skips_what_was_looked_at_before() -> None:
    seen: list[int] = []

    def look(message: int) -> bool:
        seen.append(message)
        return message == 3

    box = Mailbox([1, 2, 3, 4])
    assert box.take(look, 2) == 3
    assert seen == [3]
    assert list(box) == [1, 2, 4]


@LAW
@given(st.lists(st.integers(0, 9)), st.integers(0, 9), st.integers(0, 12))
def test_taking_is_removing_the_first_that_fits_from_start_on(items: list[int], wanted: int, start: int) -> None:
    box = Mailbox(items)
    taken = box.take(lambda m: m == wanted, start)
    fits = [index for index, item in enumerate(items) if index >= start and item == wanted]
    if fits:
        assert taken == wanted
        assert list(box) == items[: fits[0]] + items[fits[0] + 1 :]
    else:
        assert taken is NOTHING
        assert list(box) == items

"""The mailbox: first in, first out, and selective."""

from __future__ import annotations

import re
import time
from collections.abc import Hashable
from functools import partial
from operator import eq
from typing import Any, Union

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otp_mini import TIMEOUT, BadArg, Node, Ref, receive, self_, send
from otp_mini.mailbox import NOTHING, Mailbox, check_pattern

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


@pytest.mark.parametrize("size", [2, 8, 9, 20])
def test_a_pattern_that_fills_the_mailbox_fails_and_hides_no_message(size: int) -> None:
    box = Mailbox(range(size))
    with pytest.raises(RuntimeError, match="mutated"):
        box.take(lambda message: box.append("new"))
    assert list(box) == [*range(size), "new"]


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


def wanted_later() -> Any:
    async def wanted(message: object) -> bool:
        return message == 1

    return wanted


def generating() -> Any:
    def wanted(message: object) -> Any:
        yield message == 1

    return wanted


class Asking:
    """An object that can be called, and would have to be awaited."""

    async def __call__(self, message: object) -> bool:
        return True


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        (5, "a pattern is a type or a function; for a time-out write receive(timeout=5), for a value receive(lambda"),
        (5, "receive(lambda m: m == 5); got 5"),
        (1.0, "for a time-out write receive(timeout=1.0), for a value receive(lambda m: m == 1.0)"),
        ("hello", "a pattern is a type or a function; for a value receive(lambda m: m == 'hello'); got 'hello'"),
        (True, "for a value receive(lambda m: m == True)"),
        (Ref(3), "for a value"), ([int], "for a value"), (("a", 1), "for a value"), (object(), "for a value"),
        (list[int], "for a value"), (Any, "for a value"),
        (wanted_later(), "receive's pattern is called at once and cannot wait"),
        (Asking(), "receive's pattern is called at once and cannot wait"),
        (generating(), "has a yield"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("full", [True, False])
def test_what_is_no_pattern_is_refused_at_once(pattern: Any, said: str, full: bool) -> None:
    async def main() -> Any:
        if full:
            send(self_(), 5)
        with pytest.raises(BadArg, match=re.escape(said)):
            await receive(pattern)
        return await receive(timeout=0)

    with Node(clock="virtual") as node:
        assert node.run(main) == (5 if full else TIMEOUT)


def test_a_pattern_whose_answer_would_have_to_be_awaited_takes_nothing() -> None:
    async def wanted(message: object) -> bool:
        return message == "wanted"

    async def main() -> Any:
        send(self_(), "unwanted")
        with pytest.raises(BadArg, match="answered something to be awaited"):
            await receive(lambda m: wanted(m))  # noqa: PLW0108
        return await receive()

    with Node(clock="virtual") as node:
        assert node.run(main) == "unwanted"


@pytest.mark.parametrize("pattern", [int | str, Union[int, str], (float | int, str), Hashable, int])  # noqa: UP007
def test_types_can_be_joined(pattern: Any) -> None:
    assert Mailbox([[], 1]).take(pattern) == 1
    check_pattern(pattern)


@pytest.mark.parametrize("pattern", [lambda m: m, re.compile("[ab]").match, "ab".__contains__, partial(eq, "b")])
def test_any_plain_function_is_a_pattern_and_its_truth_counts(pattern: Any) -> None:
    check_pattern(pattern)
    assert Mailbox(["", "b"]).take(pattern, 1) == "b"

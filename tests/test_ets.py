"""ETS: the E lines of OTP's checklist, one test a line; its errors; and the law that nothing is shared."""

from __future__ import annotations

import copy
import enum
from collections import deque
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from playing import play
from test_copying import shared, terms
from test_matching import changeable, keys, looks

from otp_mini import (
    BadArg,
    CopyError,
    GenServer,
    Node,
    NoReply,
    Ok,
    Pid,
    Process,
    Reply,
    ets,
    receive,
    self_,
    send,
    spawn,
    trace,
)
from otp_mini.ets import ANY, END, EtsTransfer, Table, Var
from otp_mini.matching import fits, order


def alone(work: Callable[[], None]) -> None:
    """Run what needs no waiting as the only process of a fresh node."""
    play(work)


def refused(action: Callable[..., Any], *args: Any, **options: Any) -> str:
    """Do what is not allowed; return what it says."""
    with pytest.raises(BadArg) as caught:
        action(*args, **options)
    return str(caught.value)


async def elsewhere(work: Callable[..., Any], *args: Any, **options: Any) -> Any:
    """Do something in another process; return the result, or the text of its `BadArg`."""
    asker = self_()

    def attempt() -> None:
        try:
            result = work(*args, **options)
        except BadArg as error:
            result = str(error)
        send(asker, ("did", result))

    spawn(attempt)
    return (await receive(lambda message: isinstance(message, tuple) and message[0] == "did"))[1]


async def until_told(work: Callable[[Pid], Any]) -> Any:
    """A process that does something, says what came of it to its starter, and lives until it is told to stop."""
    starter = self_()

    async def worker() -> None:
        send(starter, ("made", work(self_())))
        await receive(lambda message: message == "stop")

    pid = spawn(worker)
    return pid, (await receive(lambda message: isinstance(message, tuple) and message[0] == "made"))[1]


async def stop(pid: Pid, reason: object = "shutdown") -> None:
    """End a process, and wait until it is gone."""
    ref = Process.monitor(pid)
    Process.exit(pid, reason)
    await receive(lambda message: getattr(message, "ref", None) is ref)


def filled(type: str, *rows: Any, **options: Any) -> Any:
    """A table with rows that were inserted one by one."""
    table = ets.new("filled", type=type, **options)
    for row in rows:
        ets.insert(table, row)
    return table


EVERY_TYPE = pytest.mark.parametrize("type", ets.TYPES)
BAGS = pytest.mark.parametrize("type", ["bag", "duplicate_bag"])
SINGLES = pytest.mark.parametrize("type", ["set", "ordered_set"])


# ---- E1 to E8: rows, keys and their order --------------------------------------------------------


@SINGLES
def test_e1_a_set_holds_one_row_for_a_key_and_a_later_insert_replaces_it(type: str) -> None:
    def main() -> None:
        table = filled(type, ("a", 1), ("b", 2), ("a", 3))
        assert ets.lookup(table, "a") == [("a", 3)]
        assert ets.info(table, "size") == 2

    alone(main)


@pytest.mark.parametrize("type", ["set", "bag", "duplicate_bag"])
def test_e2_set_and_bags_compare_keys_strictly(type: str) -> None:
    def main() -> None:
        keys = [1, 1.0, True, (1,), (1.0,), (True,), [1], [1.0], {1: 1}, {1.0: 1}, {1: 1.0}]
        table = filled(type, *((key, number) for number, key in enumerate(keys)))
        found = [ets.lookup_element(table, key, 1) for key in keys]
        assert found == [number if type == "set" else [number] for number in range(len(keys))]

    alone(main)


def test_e3_an_ordered_set_compares_keys_by_order_and_the_new_row_replaces_the_old() -> None:
    def main() -> None:
        table = filled("ordered_set", (1, "int"), (1.0, "float"), (("k", 2), "x"), (("k", 2.0), "y"))
        rows = ets.tab2list(table)
        assert rows == [(1.0, "float"), (("k", 2.0), "y")]
        assert [type(rows[0][0]), type(rows[1][0][1])] == [float, float]
        assert ets.lookup(table, 1) == ets.lookup(table, 1.0) == [(1.0, "float")]

    alone(main)


def test_e3_an_ordered_set_keeps_the_keys_of_dicts_apart_by_their_type_but_not_the_values() -> None:
    def main() -> None:
        table = filled("ordered_set", ({1.0: "a"}, 1), ({1: "a"}, 2), ({"k": 1}, 3), ({"k": 1.0}, 4))
        assert [row[1] for row in ets.tab2list(table)] == [2, 1, 4]

    alone(main)


def test_e3_true_is_not_1_in_an_ordered_set_either() -> None:
    def main() -> None:
        table = filled("ordered_set", (True, "constant"), (1, "number"), ("true", "string"))
        assert [row[1] for row in ets.tab2list(table)] == ["number", "string", "constant"]

    alone(main)


def test_e4_objects_are_matched_strictly_even_in_an_ordered_set() -> None:
    def main() -> None:
        table = filled("ordered_set", (1, "x"))
        assert ets.delete_object(table, (1.0, "x")) is True
        assert ets.tab2list(table) == [(1, "x")]
        assert ets.match_object(table, (1.0, ANY)) == []
        assert ets.match_delete(table, (1.0, ANY)) is True
        ets.delete_object(table, (1, "x"))
        assert ets.tab2list(table) == []

    alone(main)


def test_e5_a_bag_holds_no_equal_rows_and_a_duplicate_bag_does() -> None:
    def main() -> None:
        rows = [("a", 1), ("a", 1), ("a", 1.0), ("a", True), ("a", [1]), ("a", [1])]
        bag, duplicates = filled("bag", *rows), filled("duplicate_bag", *rows)
        assert [repr(row[1]) for row in ets.lookup(bag, "a")] == ["1", "1.0", "True", "[1]"]
        assert ets.lookup(duplicates, "a") == rows
        assert (ets.info(bag, "size"), ets.info(duplicates, "size")) == (4, 6)

    alone(main)


@BAGS
def test_e6_lookup_in_a_bag_keeps_the_order_of_insertion(type: str) -> None:
    def main() -> None:
        table = filled(type, ("a", 3), ("b", 0), ("a", 1), ("a", 2))
        assert ets.lookup(table, "a") == [("a", 3), ("a", 1), ("a", 2)]

    alone(main)


def a_named_function() -> None:
    """Has a place in the order of terms."""


class AClass:
    """Stands for a module, whose name is an atom."""


def test_e7_an_ordered_set_is_traversed_in_the_order_of_terms() -> None:
    def main() -> None:
        ref, pid = Process.monitor(self_()), self_()
        inside = [
            -1, 0.5, 1, 2.5, 10**30, "a", "ab", "b", ref, a_named_function, pid,
            (), (9,), ("a",), (1, 2), (1, "a"), {}, {"z": 1}, {1: 1, 2: 1}, {1: 1, 2: 2},
            [], [1], [1, 0], [2], b"", b"a", b"ab",
        ]  # fmt: skip
        table = ets.new("t", type="ordered_set")
        ets.insert(table, [(key,) for key in reversed(inside)])
        assert [key for (key,) in ets.tab2list(table)] == inside

    alone(main)


def test_e7_pids_and_references_are_ordered_by_their_age() -> None:
    def main() -> None:
        one, two = spawn(a_named_function), spawn(a_named_function)
        first, second = ets.new("x"), ets.new("y")
        table = filled("ordered_set", (two,), (one,), (second,), (first,))
        assert ets.tab2list(table) == [(first,), (second,), (one,), (two,)]

    alone(main)


def test_e8_true_false_and_none_sort_as_atoms_and_a_class_as_its_full_name() -> None:
    def main() -> None:
        keys = ["a", False, "g", None, "o", AClass, "trud", True, "truf"]
        table = ets.new("t", type="ordered_set")
        ets.insert(table, [(key,) for key in reversed(keys)])
        assert [key for (key,) in ets.tab2list(table)] == sorted(keys, key=order)
        assert [order(key)[1] for key in (True, False, None)] == ["true", "false", "nil"]
        assert order(AClass)[1].endswith(".AClass")
        assert [key for (key,) in ets.tab2list(table) if key is not AClass] == [
            key for key in keys if key is not AClass
        ]

    alone(main)


# ---- E9 to E12: walking, and malformed rows ------------------------------------------------------


@EVERY_TYPE
def test_e9_first_last_next_and_prev_end_with_end_of_table(type: str) -> None:
    def main() -> None:
        table = ets.new("t", type=type)
        assert ets.first(table) == ets.last(table) == END == "$end_of_table"
        ets.insert(table, ("only",))
        assert ets.first(table) == ets.last(table) == "only"
        assert ets.next(table, "only") == ets.prev(table, "only") == END

    alone(main)


def test_e9_an_ordered_set_is_walked_both_ways() -> None:
    def main() -> None:
        table = filled("ordered_set", (3,), (1,), (2,))
        assert (ets.first(table), ets.last(table)) == (1, 3)
        assert [ets.next(table, key) for key in (1, 2, 3)] == [2, 3, END]
        assert [ets.prev(table, key) for key in (1, 2, 3)] == [END, 1, 2]

    alone(main)


@pytest.mark.parametrize("type", ["set", "bag", "duplicate_bag"])
def test_e9_next_comes_to_every_key_once_also_while_keys_are_deleted_and_rows_replaced(type: str) -> None:
    def main() -> None:
        table = ets.new("t", type=type)
        ets.insert(table, [(number, "row") for number in range(20)] + [(None,), ("$end",)])
        seen, key = [], ets.first(table)
        while key != END:
            seen.append(key)
            if key == 3:
                ets.delete(table, 4)
                ets.delete(table, 5)
                ets.insert(table, (7, "another row"))
            after = ets.next(table, key)
            ets.delete(table, key)
            key = after
        assert seen == [0, 1, 2, 3, *range(6, 20), None, "$end"]
        assert ets.tab2list(table) == []

    alone(main)


def test_e9_a_key_that_came_after_a_walk_began_is_found_by_it() -> None:
    def main() -> None:
        table = filled("set", (1,), (2,))
        assert ets.next(table, 1) == 2
        ets.insert(table, (3,))
        assert ets.next(table, 2) == 3
        ets.delete(table, 1)
        ets.insert(table, (1,))
        assert ets.next(table, 3) == 1

    alone(main)


def test_e9_in_a_set_last_is_first_and_prev_is_next() -> None:
    def main() -> None:
        table = filled("set", (1,), (2,), (3,))
        assert ets.last(table) == ets.first(table) == 1
        assert ets.prev(table, 1) == ets.next(table, 1) == 2

    alone(main)


def test_e10_next_of_an_absent_key_works_in_an_ordered_set_and_raises_in_a_set() -> None:
    def main() -> None:
        ordered = filled("ordered_set", (1,), (3,))
        assert [ets.next(ordered, key) for key in (0, 2, 4)] == [1, 3, END]
        assert [ets.prev(ordered, key) for key in (0, 2, 4)] == [END, 1, 3]
        for type in ("set", "bag", "duplicate_bag"):
            assert "no row with the key 2" in refused(ets.next, filled(type, (1,)), 2)
            assert "no row with the key 2" in refused(ets.prev, filled(type, (1,)), 2)

    alone(main)


@EVERY_TYPE
def test_e11_a_row_shorter_than_keypos_raises(type: str) -> None:
    def main() -> None:
        table = ets.new("t", type=type, keypos=1)
        for function in (ets.insert, ets.insert_new, ets.delete_object):
            said = refused(function, table, ("alone",))
            assert said == (
                f"ets.{function.__name__}: the key of 't' stands at position 1, counted from 0; "
                "the row ('alone',) is too short"
            )
        assert "a row is a tuple" in refused(ets.insert, table, "word")
        ets.insert(table, ("value", "key"))
        assert ets.lookup(table, "key") == [("value", "key")]

    alone(main)


@EVERY_TYPE
def test_e12_insert_of_a_list_is_all_or_nothing_when_a_row_is_malformed(type: str) -> None:
    def main() -> None:
        table = ets.new("t", type=type)
        for bad in ((), "a", ["a"], None):
            refused(ets.insert, table, [("a", 1), bad, ("b", 1)])
        assert ets.tab2list(table) == []
        assert ets.insert(table, []) is True

    alone(main)


def test_e12_insert_of_a_list_is_all_or_nothing_when_a_value_refuses_copying() -> None:
    def main() -> None:
        table = ets.new("t")
        with pytest.raises(CopyError):
            ets.insert(table, [("a", 1), ("b", (number for number in ()))])
        assert ets.tab2list(table) == []

    alone(main)


# ---- E13 to E19: what the functions answer -------------------------------------------------------


@EVERY_TYPE
def test_e13_insert_new_is_all_or_nothing(type: str) -> None:
    def main() -> None:
        table = filled(type, ("a", 1))
        assert ets.insert_new(table, [("b", 1), ("a", 2)]) is False
        assert ets.tab2list(table) == [("a", 1)]
        assert ets.insert_new(table, [("b", 1), ("c", 1)]) is True
        assert ets.insert_new(table, ("b", 2)) is False
        assert ets.insert_new(table, []) is True
        refused(ets.insert_new, table, [("d", 1), ()])
        assert ets.tab2list(table) == [("a", 1), ("b", 1), ("c", 1)]

    alone(main)


def test_e13_of_one_list_a_set_keeps_the_last_row_of_a_key() -> None:
    def main() -> None:
        table = ets.new("t")
        assert ets.insert_new(table, [("a", 1), ("a", 2)]) is True
        assert ets.tab2list(table) == [("a", 2)]

    alone(main)


@EVERY_TYPE
def test_e14_lookup_element_raises_when_the_key_or_the_position_is_missing(type: str) -> None:
    def main() -> None:
        table = filled(type, ("a", 1))
        assert refused(ets.lookup_element, table, "b", 1) == (
            "ets.lookup_element: 'filled' has no row with the key 'b'. Insert one first."
        )
        for position in (2, -1, True, 1.0, "1"):
            assert "has the positions 0 to 1, counted from 0" in refused(ets.lookup_element, table, "a", position)
        many = type in ("bag", "duplicate_bag")
        assert ets.lookup_element(table, "a", 1) == ([1] if many else 1)
        assert ets.lookup_element(table, "a", 0) == (["a"] if many else "a")

    alone(main)


@BAGS
def test_e14_lookup_element_in_a_bag_is_a_list_in_order_of_insertion(type: str) -> None:
    def main() -> None:
        table = filled(type, ("a", 3), ("a", 1), ("a", 2))
        assert ets.lookup_element(table, "a", 1) == [3, 1, 2]
        ets.insert(table, ("a",))
        refused(ets.lookup_element, table, "a", 1)

    alone(main)


@SINGLES
def test_e15_update_counter_adds_to_the_place_after_the_key_or_to_the_one_it_is_told(type: str) -> None:
    def main() -> None:
        table = filled(type, ("a", 1, 10))
        assert ets.update_counter(table, "a", 4) == 5
        assert ets.update_counter(table, "a", -7) == -2
        assert ets.update_counter(table, "a", (2, 5)) == 15
        assert ets.update_counter(table, "a", [(1, 1), (2, 1), (1, 1)]) == [-1, 16, 0]
        assert ets.update_counter(table, "a", []) == []
        assert ets.lookup(table, "a") == [("a", 0, 16)]
        later = filled(type, (1, "key", 5), keypos=1)
        assert ets.update_counter(later, "key", 1) == 6

    alone(main)


@pytest.mark.parametrize(
    ("step", "value"),
    [
        ((1, 5, 10, 0), 10),   # reached, not passed
        ((1, 6, 10, 0), 0),    # passed upwards
        ((1, 0, 4, 77), 77),   # 0 counts as upwards
        ((1, -5, 0, 9), 0),
        ((1, -6, 0, 9), 9),    # passed downwards
        ((1, -1, 10, 3), 3),
    ],
)  # fmt: skip
def test_e15_update_counter_resets_past_a_threshold(step: Any, value: int) -> None:
    def main() -> None:
        table = filled("set", ("a", 5))
        assert ets.update_counter(table, "a", step) == value
        assert ets.lookup(table, "a") == [("a", value)]

    alone(main)


def test_e15_update_counter_begins_with_the_default_under_the_key_that_was_asked_for() -> None:
    def main() -> None:
        table = ets.new("t")
        assert ets.update_counter(table, "a", 1, ("whatever", 41, "more")) == 42
        assert ets.update_counter(table, "a", 1, ("whatever", 0)) == 43
        assert ets.update_counter(table, "b", [], ("x", 7)) == []
        assert ets.tab2list(table) == [("a", 43, "more"), ("b", 7)]

    alone(main)


def test_e15_update_counter_in_an_ordered_set_keeps_the_key_as_it_stands() -> None:
    def main() -> None:
        table = filled("ordered_set", (1, 0))
        assert ets.update_counter(table, 1.0, 5) == 5
        assert repr(ets.tab2list(table)) == "[(1, 5)]"

    alone(main)


@pytest.mark.parametrize(
    "step",
    [1.0, True, "1", None, (), (1,), (1, 1, 1), (1, 1.0), (1, True), (1, 1, 2.0, 0), (1, 1, 2, None), (1, 2, 3, 4, 5),
     (0, 1), (9, 1), (-1, 1), (2, 1), [(1, 1), 1], [(1, 1), (9, 1)]],
)  # fmt: skip
def test_e15_update_counter_raises_on_what_is_no_step_and_changes_nothing(step: Any) -> None:
    def main() -> None:
        table = filled("set", ("a", 1, "word"))
        refused(ets.update_counter, table, "a", step)
        refused(ets.update_counter, table, "b", step, ("b", 1, "word"))
        assert ets.tab2list(table) == [("a", 1, "word")]

    alone(main)


def test_e15_update_counter_raises_on_missing_keys_short_rows_and_bad_defaults() -> None:
    def main() -> None:
        table = filled("set", ("a", 1), ("short",), ("flag", True))
        assert "no row with the key 'b'" in refused(ets.update_counter, table, "b", 1)
        refused(ets.update_counter, table, "short", 1)
        assert "a counter is an integer" in refused(ets.update_counter, table, "flag", 1)
        refused(ets.update_counter, table, "b", 1, ())
        refused(ets.update_counter, table, "a", 1, "no row")
        assert ets.update_counter(table, "a", 1, ()) == 2

    alone(main)


@BAGS
def test_e15_update_counter_and_update_element_raise_on_bags(type: str) -> None:
    def main() -> None:
        table = filled(type, ("a", 1))
        for said in (refused(ets.update_counter, table, "a", 1), refused(ets.update_element, table, "a", (1, 2))):
            assert f"'filled' is a {type}" in said
        refused(ets.update_counter, table, "b", 1, ("b", 0))

    alone(main)


@SINGLES
def test_e16_update_element_is_false_when_the_key_is_missing_and_cannot_change_the_key(type: str) -> None:
    def main() -> None:
        table = filled(type, ("a", 1, 2))
        assert ets.update_element(table, "b", (1, 9)) is False
        assert ets.update_element(table, "b", (0, 9)) is False
        assert ets.update_element(table, "a", (1, 9)) is True
        assert ets.update_element(table, "a", [(1, 7), (2, 8), (1, 5)]) is True
        assert ets.update_element(table, "a", []) is True
        assert "the key, which never changes" in refused(ets.update_element, table, "a", [(2, 0), (0, "z")])
        for change in ((3, 0), (-1, 0), (True, 0), 5, (1,), (1, 2, 3)):
            refused(ets.update_element, table, "a", change)
        assert ets.tab2list(table) == [("a", 5, 8)]

    alone(main)


@EVERY_TYPE
def test_e17_delete_of_a_missing_key_is_true(type: str) -> None:
    def main() -> None:
        table = filled(type, ("a", 1), ("b", 1))
        assert ets.delete(table, "c") is True
        assert ets.delete(table, "a") is True
        assert ets.delete(table, None) is True
        assert (ets.tab2list(table), ets.info(table, "size")) == ([("b", 1)], 1)
        assert (ets.member(table, "a"), ets.member(table, "b")) == (False, True)

    alone(main)


@EVERY_TYPE
def test_e18_take_returns_and_removes(type: str) -> None:
    def main() -> None:
        table = filled(type, ("a", 1), ("b", 1), ("a", 2))
        rows = [("a", 1), ("a", 2)]
        assert ets.take(table, "a") == (rows if type in ("bag", "duplicate_bag") else rows[1:])
        assert ets.take(table, "a") == []
        assert (ets.tab2list(table), ets.info(table, "size")) == ([("b", 1)], 1)

    alone(main)


@EVERY_TYPE
def test_e19_match_and_match_object_take_patterns(type: str) -> None:
    def main() -> None:
        table = filled(type, (1, "cat", "tom"), (2, "dog", "rex"), (3, "cat", "kit", "small"))
        assert ets.tab2list(table) == [(1, "cat", "tom"), (2, "dog", "rex"), (3, "cat", "kit", "small")]
        assert ets.match(table, (Var(2), "cat", Var(1))) == [["tom", 1]]
        assert ets.match(table, (ANY, ANY, ANY)) == [[], []]
        assert ets.match(table, ANY) == [[], [], []]
        assert ets.match(table, Var(1)) == [[row] for row in ets.tab2list(table)]
        assert ets.match_object(table, (ANY, "dog", ANY)) == [(2, "dog", "rex")]
        assert ets.match_object(table, (2, ANY, ANY)) == [(2, "dog", "rex")]
        assert ets.match_object(table, (4, ANY, ANY)) == ets.match_object(table, (2, ANY)) == []
        assert ets.match(table, "no tuple") == ets.match_object(table, 5) == []
        assert ets.match(filled(type, (1, "key"), keypos=1), (ANY,)) == []

    alone(main)


def test_e19_the_same_variable_twice_must_match_strictly() -> None:
    def main() -> None:
        table = filled("ordered_set", (1, 5, 5), (2, 5, 5.0), (3, True, 1), (4, (1,), (1.0,)), (5, [0], [0]))
        assert ets.match(table, (Var(1), Var(2), Var(2))) == [[1, 5], [5, [0]]]

    alone(main)


def test_e19_patterns_reach_into_tuples_lists_and_dicts() -> None:
    def main() -> None:
        table = filled("set", (1, {"a": 1, "b": [("x", 2)]}), (2, {"a": 1}), (3, {1: 1}), keypos=0)
        assert ets.match(table, (Var(1), {"a": ANY})) == [[1], [2]]
        assert ets.match(table, (Var(1), {"a": 1})) == [[1], [2]]
        assert ets.match(table, (Var(1), {})) == [[1], [2], [3]]
        assert ets.match(table, (Var(1), {1.0: ANY})) == []
        assert ets.match(table, (ANY, {"b": [("x", Var(0))]})) == [[2]]
        assert "not its keys" in refused(ets.match, table, (ANY, {Var(1): 1}))

    alone(main)


def test_e19_a_pattern_that_says_the_key_looks_only_there() -> None:
    def main() -> None:
        table = filled("duplicate_bag", *((number % 10, Ruler(number)) for number in range(50)))
        Ruler.asked = 0
        assert len(ets.match_object(table, (3, Ruler(3)))) == 1
        assert Ruler.asked <= 5

    alone(main)


class Ruler:
    """Counts how often it is compared."""

    asked = 0

    def __init__(self, size: int) -> None:
        self.size = size

    def __eq__(self, other: object) -> bool:
        Ruler.asked += 1
        return isinstance(other, Ruler) and self.size == other.size

    def __hash__(self) -> int:
        return hash(self.size)


# ---- E20 to E31: who may, and who owns -----------------------------------------------------------

READING: list[tuple[Callable[..., Any], tuple[Any, ...]]] = [
    (ets.lookup, ("a",)), (ets.lookup_element, ("a", 1)), (ets.member, ("a",)), (ets.tab2list, ()),
    (ets.match, (ANY,)), (ets.match_object, (ANY,)), (ets.select, (ANY,)), (ets.select_count, (ANY,)),
    (ets.first, ()), (ets.last, ()), (ets.next, ("a",)), (ets.prev, ("a",)),
]  # fmt: skip
WRITING: list[tuple[Callable[..., Any], tuple[Any, ...]]] = [
    (ets.insert, (("b", 1),)), (ets.insert_new, (("c", 1),)), (ets.update_counter, ("a", 1)),
    (ets.update_element, ("a", (1, 2))), (ets.take, ("c",)), (ets.delete, ("b",)), (ets.delete_object, (("x",),)),
    (ets.match_delete, (("y",),)), (ets.select_delete, (("y",),)),
    (ets.delete_all_objects, ()), (ets.rename, ("other",)), (ets.delete, ()),
]  # fmt: skip


@pytest.mark.parametrize(
    ("access", "reads", "writes"), [("public", True, True), ("protected", True, False), ("private", False, False)]
)
def test_e20_what_others_may_do_with_a_table(access: str, reads: bool, writes: bool) -> None:
    async def main() -> None:
        table = filled("set", ("a", 1), access=access)
        for allowed, functions in ((reads, READING), (writes, WRITING)):
            for function, arguments in functions:
                answer = await elsewhere(function, table, *arguments)
                name = function.__name__
                assert str(answer).startswith(f"ets.{name} needs") is not allowed, (name, answer)

    play(main)


@pytest.mark.parametrize("access", ["public", "protected", "private"])
def test_e20_the_owner_may_do_everything(access: str) -> None:
    def main() -> None:
        table = filled("set", ("a", 1), access=access)
        for function, arguments in READING + WRITING:
            function(table, *arguments)

    alone(main)


def test_e20_the_refusal_says_who_may() -> None:
    async def main() -> None:
        table = filled("set", access="private")
        assert await elsewhere(ets.lookup, table, "a") == (
            "ets.lookup needs a public table or a protected table or the owner: 'filled' is private and belongs to "
            "#PID<0.1.0>, not to #PID<0.2.0>, which asked. Have the owner do it."
        )

    play(main)


def test_e20_a_table_is_protected_unless_it_says_otherwise() -> None:
    async def main() -> None:
        table = ets.new("t")
        assert ets.info(table, "protection") == "protected"
        assert await elsewhere(ets.tab2list, table) == []
        assert "needs a public table or the owner" in await elsewhere(ets.insert, table, (1,))

    play(main)


def test_e21_named_tables_are_found_by_name_and_a_taken_name_raises() -> None:
    async def main() -> None:
        assert ets.new("cache", named=True) == "cache"
        assert ets.new(AClass, named=True) is AClass
        ets.insert("cache", ("a", 1))
        assert await elsewhere(ets.lookup, "cache", "a") == [("a", 1)]
        handle = ets.whereis("cache")
        assert isinstance(handle, Table)
        assert ets.lookup(handle, "a") == [("a", 1)]
        assert ets.whereis("nothing") is None
        assert ets.lookup(AClass, "a") == []
        assert await elsewhere(ets.new, "cache", named=True) == (
            "the name 'cache' belongs to a table of #PID<0.1.0>. Take another, or named=False."
        )

    play(main)


def test_e21_unnamed_tables_may_share_a_name_and_are_not_found_by_it() -> None:
    def main() -> None:
        one, other = ets.new("cache"), ets.new("cache")
        assert one is not other
        ets.insert(one, ("a",))
        assert ets.tab2list(other) == []
        assert ets.whereis("cache") is None
        assert "there is no table named 'cache'" in refused(ets.lookup, "cache", "a")
        assert ets.new("cache", named=True) == "cache"

    alone(main)


def test_e21_a_renamed_table_is_found_by_its_new_name_alone() -> None:
    async def main() -> None:
        ets.new("old", named=True, access="public")
        ets.new("taken", named=True)
        assert await elsewhere(ets.rename, "old", "new") == "new"
        assert ets.info("new", "name") == "new"
        assert (ets.whereis("old"), ets.info("old")) == (None, None)
        assert "belongs to a table" in refused(ets.rename, "new", "taken")
        assert "belongs to a table" in refused(ets.rename, "new", "new")
        unnamed = ets.new("x")
        assert ets.rename(unnamed, "taken") is unnamed
        assert ets.info(unnamed, "name") == "taken"
        ets.delete("new")
        assert ets.new("new", named=True) == "new"

    play(main)


@pytest.mark.parametrize("reason", ["normal", "shutdown", "kill", "boom"])
def test_e22_the_owners_death_deletes_the_table(reason: str) -> None:
    async def main() -> None:
        def make(pid: Pid) -> tuple[Any, Any]:
            return ets.new("gone", named=True), ets.new("gone too", access="public")

        owner, (named, handle) = await until_told(make)
        ets.insert(handle, ("a", 1))
        if reason == "normal":
            send(owner, "stop")
            await Process.sleep(1)
        else:
            await stop(owner, reason)
        assert (ets.info(named), ets.info(handle)) == (None, None)
        assert "no table named 'gone'" in refused(ets.lookup, named, 1)
        assert "is gone: deleted, or its owner has died" in refused(ets.lookup, handle, 1)
        assert ets.new("gone", named=True) == "gone"

    play(main)


def test_e22_the_tables_are_gone_when_the_watchers_learn_of_the_death() -> None:
    async def main() -> None:
        owner, _ = await until_told(lambda pid: ets.new("t", named=True))
        Process.monitor(owner)
        Process.exit(owner, "kill")
        await receive()
        assert ets.whereis("t") is None

    play(main)


@pytest.mark.parametrize("named", [True, False])
def test_e23_with_an_heir_the_table_goes_there_with_a_message(named: bool) -> None:
    async def main() -> None:
        me = self_()
        owner, table = await until_told(lambda pid: ets.new("t", named=named, heir=(me, ["the", "data"])))
        await elsewhere(stop_soon, owner)
        match await receive(EtsTransfer):
            case EtsTransfer(moved, from_, data):
                assert (moved, from_, data) == (table, owner, ["the", "data"])
        assert ets.info(table, "owner") is me
        assert ets.insert(table, ("a", 1)) is True
        assert ets.info(table, "heir") is me

    def stop_soon(pid: Pid) -> None:
        Process.exit(pid, "kill")

    play(main)


def test_e23_rows_survive_and_every_table_of_the_dead_goes_its_own_way() -> None:
    async def main() -> None:
        def make(pid: Pid) -> list[Any]:
            tables = [ets.new("one", heir=(me, 1)), ets.new("two"), ets.new("three", heir=(me, 3))]
            for table in tables:
                ets.insert(table, ("row",))
            return tables

        me = self_()
        owner, (one, two, three) = await until_told(make)
        await stop(owner)
        assert [(await receive(EtsTransfer)).data for _ in range(2)] == [1, 3]
        assert [ets.tab2list(table) for table in (one, three)] == [[("row",)], [("row",)]]
        assert ets.info(two) is None

    play(main)


def test_e23_a_transfer_is_seen_by_a_trace() -> None:
    async def main() -> None:
        me = self_()
        owner, _ = await until_told(lambda pid: ets.new("t", heir=(me, "d")))
        with trace() as recorded:
            await stop(owner)
        sent = [event for event in recorded.events if isinstance(event.term, EtsTransfer)]
        assert [(event.kind, event.pid, event.other) for event in sent] == [("send", owner, me)]

    play(main)


class Moody:
    """Can be copied so many times, and then refuses."""

    def __init__(self, copies: int) -> None:
        self.copies = copies

    def __deepcopy__(self, memo: object) -> Moody:
        if not self.copies:
            raise ValueError("no more copies")
        return Moody(self.copies - 1)

    def __repr__(self) -> str:
        return "<moody>"


def test_e23_data_for_the_heir_that_refuses_a_second_copy_hides_no_death() -> None:
    async def main() -> None:
        heir, data = self_(), [Moody(1)]  # the one copy is made when it is named

        async def own() -> None:
            for name in ("one", "two"):
                ets.new(name, named=True, heir=(heir, data))
            ets.new("gone", named=True)
            await receive()

        owner = spawn(own)
        await Process.sleep(0)
        ref = Process.monitor(owner)
        await stop(owner, "boom")
        assert Process.alive(owner) is False
        assert [await receive(EtsTransfer) for _ in range(2)] == [
            EtsTransfer(name, owner, ["<moody>"]) for name in ("one", "two")
        ]
        assert (await receive()).ref is ref
        assert [ets.info(name, "owner") for name in ("one", "two", "gone")] == [heir, heir, "undefined"]

    play(main)


def test_e22_what_a_killed_process_makes_in_its_finally_leaves_nothing_behind() -> None:
    async def main() -> None:
        made: list[Any] = []

        async def dies() -> None:
            try:
                await receive()
            finally:
                made.extend((ets.new("late", named=True), ets.new("later", access="public")))

        victim = spawn(dies)
        await Process.sleep(0)
        node = ets.whereis(ets.new("mine", named=True)).node
        await stop(victim, "kill")
        assert [ets.info(table) for table in made] == [None, None]
        assert [*node.tables["ets"]] == [ets.whereis("mine"), "mine"]
        assert ets.new("late", named=True) == "late"

    play(main)


def test_e24_a_dead_heir_means_the_table_is_deleted() -> None:
    async def main() -> None:
        heir, _ = await until_told(lambda pid: None)
        owner, table = await until_told(lambda pid: ets.new("t", heir=(heir, 1)))
        await stop(heir)
        assert ets.info(table, "heir") is heir
        await stop(owner)
        assert ets.info(table) is None

    play(main)


def test_e24_who_is_dead_already_is_no_heir_and_nor_is_the_owner_itself() -> None:
    async def main() -> None:
        dead, _ = await until_told(lambda pid: None)
        await stop(dead)
        assert ets.info(ets.new("t", heir=(dead, 1)), "heir") == "none"
        owner, table = await until_told(lambda pid: ets.new("t", heir=(pid, 1)))
        assert ets.info(table, "heir") is owner
        await stop(owner)
        assert ets.info(table) is None

    play(main)


def test_e25_give_away_is_the_owners_and_the_receiver_gets_a_message() -> None:
    async def main() -> None:
        table = ets.new("t", access="public")
        other, _ = await until_told(lambda pid: None)
        dead, _ = await until_told(lambda pid: None)
        await stop(dead)
        assert refused(ets.give_away, table, self_(), 1) == (
            "ets.give_away needs the pid of another process that lives; #PID<0.1.0> is the owner already"
        )
        assert f"{dead} is no living process" in refused(ets.give_away, table, dead, 1)
        assert "'other' is no living process" in refused(ets.give_away, table, "other", 1)
        said = await elsewhere(ets.give_away, table, other, 1)
        assert said.startswith("ets.give_away needs the owner: 't' is public and belongs to #PID<0.1.0>")
        assert ets.info(table, "owner") is self_()

    async def giving() -> None:
        receiver, asker = await until_told(lambda pid: None), self_()

        async def take_over() -> None:
            send(asker, await receive())

        taker = spawn(take_over)
        table = ets.new("t")
        assert ets.give_away(table, taker, {"some": "data"}) is True
        assert await receive(EtsTransfer) == EtsTransfer(table, asker, {"some": "data"})
        assert receiver

    play(main)
    play(giving)


def test_e26_after_giving_it_away_the_giver_has_lost_its_rights() -> None:
    async def main() -> None:
        table = filled("set", ("a", 1), access="private")
        other, _ = await until_told(lambda pid: None)
        ets.give_away(table, other, None)
        assert ets.info(table, "owner") is other
        for function, arguments in READING + WRITING:
            assert f"ets.{function.__name__} needs" in refused(function, table, *arguments)
        for function, arguments, options in ((ets.give_away, (self_(), 1), {}), (ets.setopts, (), {"heir": None})):
            assert f"ets.{function.__name__} needs the owner" in refused(function, table, *arguments, **options)

    play(main)


def test_e25_what_cannot_be_sent_along_leaves_the_table_where_it_is() -> None:
    async def main() -> None:
        table = ets.new("t")
        other, _ = await until_told(lambda pid: None)
        with pytest.raises(CopyError):
            ets.give_away(table, other, (number for number in ()))
        assert ets.info(table, "owner") is self_()
        ets.delete(table)

    play(main)


def test_e26_the_table_ends_with_its_new_owner_and_not_with_the_giver() -> None:
    async def main() -> None:
        taker, _ = await until_told(lambda pid: None)

        def make(pid: Pid) -> Any:
            table = ets.new("t")
            ets.give_away(table, taker, None)
            return table

        giver, table = await until_told(make)
        await stop(giver)
        assert ets.info(table, "owner") is taker
        await stop(taker)
        assert ets.info(table) is None

    play(main)


def test_e27_setopts_of_the_heir_is_the_owners() -> None:
    async def main() -> None:
        me, table = self_(), ets.new("t", access="public")
        other, _ = await until_told(lambda pid: None)
        assert "ets.setopts needs the owner" in await elsewhere(ets.setopts, table, heir=(me, 1))
        assert ets.info(table, "heir") == "none"
        assert ets.setopts(table, heir=(other, "data")) is True
        assert ets.info(table, "heir") is other
        assert ets.setopts(table, heir=None) is True
        assert ets.info(table, "heir") == "none"
        for heir in (other, (other,), ("name", 1), (other, 1, 2)):
            assert "heir is (pid, data)" in refused(ets.setopts, table, heir=heir)

    play(main)


def test_e28_any_use_of_a_deleted_table_raises_and_info_gives_undefined() -> None:
    async def main() -> None:
        for table in (ets.new("t", named=True), ets.new("u")):
            assert ets.delete(table) is True
            for function, arguments in READING + WRITING:
                assert refused(function, table, *arguments).startswith(f"ets.{function.__name__}: the")
            refused(ets.give_away, table, self_(), 1)
            refused(ets.setopts, table, heir=None)
            assert ets.info(table) is None
            assert ets.info(table, "size") == "undefined"

    play(main)


def test_e28_a_handle_to_a_deleted_table_keeps_no_rows_in_memory() -> None:
    def main() -> None:
        table = filled("ordered_set", ("a", 1))
        ets.delete(table)
        assert (table.rows, [*table.keys]) == ({}, [])

    alone(main)


def test_e28_a_public_table_can_be_deleted_by_anybody_and_its_owner_may_die_after_that() -> None:
    async def main() -> None:
        owner, table = await until_told(lambda pid: ets.new("t", named=True, access="public"))
        assert ets.delete(table) is True
        ets.new("t", named=True)
        await stop(owner)
        assert ets.info("t", "owner") is self_()

    play(main)


def test_e29_info_tells_all_about_a_table_to_anybody() -> None:
    async def main() -> None:
        me = self_()
        table = ets.new(
            "t", type="bag", access="private", named=True, keypos=1, heir=(me, 1), read_concurrency=True,
            write_concurrency="auto",
        )  # fmt: skip
        ets.insert(table, [(1, "a"), (2, "a")])
        everything = {
            "name": "t", "named_table": True, "type": "bag", "protection": "private", "keypos": 1, "size": 2,
            "owner": me, "heir": me, "read_concurrency": True, "write_concurrency": "auto",
        }  # fmt: skip
        assert await elsewhere(ets.info, table) == everything
        assert {item: ets.info(ets.whereis("t"), item) for item in everything} == everything
        assert "the items are name, named_table" in refused(ets.info, table, "colour")
        assert "a table is what ets.new answered, or a name; got 5" in refused(ets.info, 5)

    play(main)


@EVERY_TYPE
def test_e30_delete_all_objects_keeps_the_table(type: str) -> None:
    def main() -> None:
        table = filled(type, ("a", 1), ("b", 1))
        ets.next(table, "a")
        assert ets.delete_all_objects(table) is True
        assert (ets.tab2list(table), ets.info(table, "size"), ets.first(table)) == ([], 0, END)
        ets.insert(table, ("c", 1))
        assert (ets.first(table), ets.next(table, "c")) == ("c", END)

    alone(main)


def test_e31_an_inherited_table_can_be_given_on() -> None:
    async def main() -> None:
        third, _ = await until_told(lambda pid: None)
        me = self_()
        owner, table = await until_told(lambda pid: ets.new("t", heir=(me, "inherited")))
        await stop(owner)
        assert (await receive(EtsTransfer)).data == "inherited"
        assert ets.give_away(table, third, "given on") is True
        assert ets.info(table, "owner") is third
        await stop(third)
        assert await receive(EtsTransfer) == EtsTransfer(table, third, "inherited")
        assert ets.info(table, "owner") is me

    play(main)


# ---- beyond the checklist ------------------------------------------------------------------------


@EVERY_TYPE
def test_delete_object_takes_all_equal_rows_and_no_other(type: str) -> None:
    def main() -> None:
        table = filled(type, ("a", 1), ("a", 1.0), ("a", 1), ("b", 1))
        before = ets.tab2list(table)
        assert ets.delete_object(table, ("a", 1)) is True
        assert ets.delete_object(table, ("c", 1)) is True
        wanted = [row for row in before if repr(row) != "('a', 1)"]
        assert repr(ets.tab2list(table)) == repr(wanted)
        assert ets.info(table, "size") == len(wanted)
        assert "a row is a tuple" in refused(ets.delete_object, table, "a")

    alone(main)


@EVERY_TYPE
def test_match_delete_takes_the_rows_that_fit(type: str) -> None:
    def main() -> None:
        table = filled(type, ("a", 1, 1), ("b", 1, 2), ("c", 3, 3), ("d", 4))
        assert ets.match_delete(table, (ANY, Var(1), Var(1))) is True
        assert (ets.tab2list(table), ets.info(table, "size")) == ([("b", 1, 2), ("d", 4)], 2)
        assert ets.match_delete(table, ANY) is True
        assert ets.tab2list(table) == []

    alone(main)


def test_select_takes_a_pattern_a_guard_and_a_body() -> None:
    def main() -> None:
        table = filled("ordered_set", ("ann", 34), ("bob", 7), ("eve", 51))
        person = (Var(1), Var(2))
        assert ets.select(table, person) == ets.tab2list(table)
        assert ets.select(table, person, lambda name, age: age > 30) == [("ann", 34), ("eve", 51)]
        assert ets.select(table, person, body=lambda name, age: age) == [34, 7, 51]
        assert ets.select(table, ("bob", Var(1)), lambda age: age > 30) == []

    alone(main)


def test_a_guard_may_change_the_table_that_it_looks_at() -> None:
    def main() -> None:
        table = filled("set", (1,), (2,))
        ets.select(table, Var(1), lambda row: ets.insert(table, (row[0] + 10,)))
        assert ets.tab2list(table) == [(1,), (2,), (11,), (12,)]
        ets.select(table, Var(1), lambda row: ets.delete_all_objects(table))
        assert ets.tab2list(table) == []

    alone(main)


def test_a_guard_that_raises_is_not_hidden() -> None:
    def main() -> None:
        table = filled("set", (1, "old"))
        with pytest.raises(TypeError):
            ets.select(table, (ANY, Var(1)), lambda age: age > 30)

    alone(main)


@EVERY_TYPE
def test_select_count_and_select_delete_are_about_the_rows_that_select_answers(type: str) -> None:
    def main() -> None:
        rows = [("ann", 34), ("bob", 7), ("eve", 51), ("kid", 7.0), ("kid", 3)]
        table = filled(type, *rows)
        size = ets.info(table, "size")
        for head, guard in (
            ((Var(1), Var(2)), lambda name, age: age > 30),
            ((Var(1), 7), None),
            (("kid", Var(1)), lambda age: age < 10),
            ("kid", None),
            (("nobody", ANY), None),
        ):
            wanted = ets.select(table, head, guard)
            assert ets.select_count(table, head, guard) == len(wanted)
            assert ets.select_delete(table, head, guard) == len(wanted)
            assert [row for row in rows if row in ets.tab2list(table)] == [
                row for row in rows if row in ets.tab2list(table) and row not in wanted
            ]
            assert ets.info(table, "size") == len(ets.tab2list(table)) == size - len(wanted)
            ets.insert(table, wanted)
        assert ets.select_count(table, ANY) == size
        assert ets.select_delete(table, Var(1)) == size
        assert (ets.first(table), ets.select_count(table, ANY), ets.select_delete(table, ANY)) == (END, 0, 0)

    alone(main)


def test_select_delete_takes_nothing_when_a_guard_raises_and_no_row_that_came_meanwhile() -> None:
    def main() -> None:
        table = filled("duplicate_bag", ("k", 1), ("k", 1), ("k", 2))
        with pytest.raises(ZeroDivisionError):
            ets.select_delete(table, (ANY, Var(1)), lambda value: 1 / (2 - value) > 0)
        assert len(ets.tab2list(table)) == 3
        assert ets.select_delete(table, (ANY, Var(1)), lambda value: ets.insert(table, ("k", 9))) == 3
        assert ets.tab2list(table) == [("k", 9)] * 3
        assert ets.select_delete(table, (ANY, Var(1)), lambda value: ets.delete_all_objects(table)) == 0

    alone(main)


def test_one_of_equal_rows_may_be_deleted_by_a_guard_that_counts() -> None:
    def main() -> None:
        table = filled("duplicate_bag", ("k", 1), ("k", 1), ("k", 1))
        turns = iter([True, False, True])
        assert ets.select_delete(table, ANY, lambda: next(turns)) == 2
        assert ets.tab2list(table) == [("k", 1)]

    alone(main)


def test_foldl_goes_through_the_rows_in_order() -> None:
    def main() -> None:
        table = filled("ordered_set", (2, "b"), (1, "a"))
        assert ets.foldl(lambda row, text: text + row[1], "", table) == "ab"

    alone(main)


def test_a_handle_passes_between_processes_as_it_is_and_says_what_it_is() -> None:
    async def main() -> None:
        table = ets.new("cache")
        ets.insert(table, ("a", 1))
        said = "<ets 'cache' #Ref<0.0.2.1>: set of 1, protected, owner #PID<0.1.0>>"
        assert repr(table) == said
        assert copy.deepcopy([table]) == [table]
        assert copy.copy(table) is table
        assert send(self_(), table) is await receive()
        ets.delete(table)
        assert repr(table) == "<ets 'cache' #Ref<0.0.2.1>: deleted>"
        assert repr(ets.whereis(ets.new(AClass, named=True))).startswith("<ets AClass #Ref<0.0.2.2>: set of 0")

    play(main)


def test_an_owner_that_is_a_server_is_told_in_handle_info() -> None:
    class Keeper(GenServer):
        def init(self, argument: Any) -> Any:
            return Ok(None)

        def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
            return Reply(ets.lookup(state, request), state)

        def handle_info(self, message: Any, state: Any) -> Any:
            match message:
                case EtsTransfer(table, _, "yours"):
                    return NoReply(table)

    async def main() -> None:
        keeper = await Keeper.start_link(None)
        table = filled("set", ("a", 1), access="private")
        ets.give_away(table, keeper, "yours")
        assert await GenServer.call(keeper, "a") == [("a", 1)]

    play(main)


def test_a_cache_is_read_without_asking_its_server() -> None:
    class Cache(GenServer):
        @staticmethod
        def get(key: Any) -> Any:
            match ets.lookup(Cache, key):
                case [(_, value)]:
                    return value
            return None

        def init(self, argument: Any) -> Any:
            return Ok(ets.new(Cache, access="public", named=True, read_concurrency=True))

    async def main() -> None:
        pid = await Cache.start(None)
        ets.insert(Cache, ("a", 1))
        assert (Cache.get("a"), Cache.get("b")) == (1, None)
        await GenServer.stop(pid)
        assert "there is no table named" in refused(Cache.get, "a")
        await Cache.start(None)
        assert Cache.get("a") is None

    play(main)


def test_a_cell_owns_the_tables_that_it_makes() -> None:
    with Node(clock="virtual"):
        table = ets.new("t", access="private")
        ets.insert(table, ("a", 1))
        assert ets.lookup(table, "a") == [("a", 1)]
        assert ets.info(table, "owner") is self_()


def test_a_table_is_unknown_on_every_node_but_its_own() -> None:
    with Node(clock="virtual"):
        table = ets.new("t", named=True)
        handle = ets.whereis("t")
        with Node(clock="virtual"):
            assert (ets.info(table), ets.info(handle)) == (None, None)
            refused(ets.lookup, handle, 1)
            assert ets.new("t", named=True) == "t"
        assert ets.lookup(handle, 1) == []
    assert "deleted" in repr(handle)


def test_a_process_of_another_node_owns_no_table_here() -> None:
    with Node(clock="virtual"):
        stranger = self_()
        with Node(clock="virtual"):
            table = ets.new("t", heir=(stranger, 1))
            assert ets.info(table, "heir") == "none"
            assert "is no living process" in refused(ets.give_away, table, stranger, 1)
            assert ets.setopts(table, heir=(stranger, 1)) is True
            assert ets.info(table, "heir") == "none"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"type": "sett"}, "ets.new: type must be one of set, ordered_set, bag, duplicate_bag; got 'sett'"),
        ({"access": "open"}, "ets.new: access must be one of public, protected, private; got 'open'"),
        ({"keypos": -1}, "ets.new: keypos is the key's position in a row, 0 or more; got -1"),
        ({"keypos": True}, "ets.new: keypos is the key's position in a row, 0 or more; got True"),
        ({"keypos": 1.0}, "ets.new: keypos is the key's position in a row, 0 or more; got 1.0"),
        ({"keypos": float("nan")}, "ets.new: keypos is the key's position in a row, 0 or more; got nan"),
        ({"named": "t"}, "ets.new: named must be one of True, False; got 't'"),
        ({"named": 1}, "ets.new: named must be one of True, False; got 1"),
        ({"read_concurrency": "auto"}, "ets.new: read_concurrency must be one of True, False; got 'auto'"),
        ({"write_concurrency": "yes"}, "ets.new: write_concurrency must be one of True, False, auto; got 'yes'"),
        ({"heir": "me"}, "heir is (pid, data), the data to be sent to it, or None; got 'me'"),
        ({"name": 5}, "a table's name is a string or a class, got 5"),
    ],
)
def test_new_says_which_option_is_wrong_and_makes_nothing(options: dict[str, Any], said: str) -> None:
    def main() -> None:
        assert refused(ets.new, **{"name": "t", "named": True, **options}) == said
        assert ets.whereis("t") is None

    alone(main)


@pytest.mark.parametrize("table", [5, None, [1], {}, ("t",), ANY])
def test_what_is_no_table_is_refused(table: Any) -> None:
    def main() -> None:
        assert "a table is what ets.new answered, or a name; got" in refused(ets.lookup, table, 1)

    alone(main)


def test_the_same_program_gives_the_same_references() -> None:
    def main() -> list[str]:
        return [repr(ets.new(name)) for name in ("a", "b")]

    assert play(main) == play(main)


# ---- keys ----------------------------------------------------------------------------------------


class Colour(enum.Enum):
    RED = 1


class Mood(str, enum.Enum):  # noqa: UP042  (the older form, on purpose)
    GLAD = "glad"


class Point(NamedTuple):
    x: int
    y: int


class Plain:
    """Equals only itself, so no copy of it."""


@EVERY_TYPE
def test_a_row_is_kept_as_a_plain_tuple_and_found_by_one(type: str) -> None:
    def main() -> None:
        table = filled(type, Point(1, 2))
        assert [row.__class__ for row in ets.lookup(table, 1)] == [tuple]
        ets.insert(table, (Point(1, 2), "nested"))
        assert ets.lookup(table, (1, 2)) == [((1, 2), "nested")]
        assert ets.match(table, ((1, Var(1)), ANY)) == [[2]]

    alone(main)


def test_keys_that_python_compares_by_value_are_found() -> None:
    def main() -> None:
        keys = [Colour.RED, Mood.GLAD, frozenset({1}), 1j, AClass, a_named_function, self_(), Ruler(3), b"x", range(3)]
        table = filled("set", *((key, number) for number, key in enumerate(keys)))
        again = [Colour.RED, "glad", frozenset({1}), 1j, AClass, a_named_function, self_(), Ruler(3), b"x", range(3)]
        assert [ets.lookup_element(table, key, 1) for key in again] == list(range(len(keys)))
        assert ets.match_object(table, ("glad", ANY)) == [(Mood.GLAD, 1)]
        assert ets.delete_object(table, ("glad", 1)) is True
        assert ets.member(table, Mood.GLAD) is False

    alone(main)


def test_a_key_without_a_hash_is_refused() -> None:
    def main() -> None:
        table = ets.new("t")
        for key in ({1}, [deque()], {"a": bytearray()}):
            said = refused(ets.insert, table, (key,))
            assert "has no hash. Use as the key what names it." in said
            refused(ets.lookup, table, key)
        ets.insert(table, ("a", {1}, deque()))
        assert ets.match(table, ("a", Var(1), Var(2))) == [[{1}, deque()]]

    alone(main)


@pytest.mark.parametrize("type", ["set", "bag", "duplicate_bag"])
def test_a_key_that_equals_no_copy_of_itself_is_refused(type: str) -> None:
    def main() -> None:
        table = ets.new("t", type=type)
        for key in (Plain(), (1, Plain())):
            said = refused(ets.insert, table, [("ok",), (key,)])
            assert "would never be found again" in said
            refused(ets.update_counter, table, key, 1, ("x", 0)) if type == "set" else None
        assert ets.tab2list(table) == []

    alone(main)


@pytest.mark.parametrize("key", [float("nan"), {1}, frozenset(), Colour.RED, 1j, lambda: 0, Plain(), (1, [object()])])
def test_an_ordered_set_refuses_a_key_without_a_place_in_the_order(key: Any) -> None:
    def main() -> None:
        table = ets.new("t", type="ordered_set")
        for function, argument in ((ets.insert, (key,)), (ets.lookup, key), (ets.next, key)):
            assert "has no place in the order. Use a set" in refused(function, table, argument)
        assert ets.tab2list(table) == []

    alone(main)


# ---- laws ----------------------------------------------------------------------------------------

law = settings(deadline=None)  # no test depends on the clock on the wall


@law
@given(st.lists(st.tuples(st.sampled_from(["insert", "delete", "take", "object"]), keys, st.integers(0, 2))))
def test_an_ordered_set_is_always_in_order(steps: list[tuple[str, Any, int]]) -> None:
    def main() -> None:
        table, model = ets.new("t", type="ordered_set"), {}
        for what, key, value in steps:
            if what == "insert":
                ets.insert(table, (key, value))
                model[order(key)] = (key, value)
            elif what == "object":
                ets.delete_object(table, (key, value))
                if fits(model.get(order(key), ()), (key, value)):
                    del model[order(key)]
            else:
                ets.delete(table, key) if what == "delete" else ets.take(table, key)
                model.pop(order(key), None)
        rows = [model[place] for place in sorted(model)]
        assert looks(ets.tab2list(table)) == looks(rows)
        walked, key = [], ets.first(table)
        while not isinstance(key, str) or key != END:
            walked.append(key)
            key = ets.next(table, key)
        assert looks(walked) == looks([row[0] for row in rows])
        assert ets.info(table, "size") == len(rows)

    alone(main)


@pytest.mark.slow
@law
@given(st.lists(terms, min_size=1, max_size=3))
def test_no_two_processes_reach_one_mutable_object_through_a_table(values: list[Any]) -> None:
    async def main() -> None:
        me = self_()
        table = ets.new("t", type="duplicate_bag", access="public", heir=(me, values))
        ets.insert(table, ("key", *values))
        ets.insert_new(table, [("new", *values)])
        single = ets.new("s", access="public")
        ets.insert(single, ("key", 0, None))
        ets.update_element(single, "key", (2, values))
        ets.update_counter(single, "other", 1, ("x", 0, values))
        pattern = ("key", *(Var(number) for number in range(len(values))))
        got: list[Any] = []
        read: list[Callable[[], Any]] = [
            lambda: ets.lookup(table, "key"),
            lambda: ets.tab2list(table),
            lambda: ets.match(table, pattern),
            lambda: ets.match_object(table, pattern),
            lambda: ets.select(table, pattern, lambda *each: True, lambda *each: each),
            lambda: ets.lookup_element(table, "key", 1),
            lambda: ets.lookup(single, "key"),
            lambda: ets.lookup_element(single, "other", 2),
            lambda: ets.foldl(lambda row, rows: [*rows, row], [], table),
            lambda: ets.take(table, "new"),
        ]
        for look in read:
            mine, again = look(), look()
            got.extend((mine, again))
            spawn(lambda seen=look: got.append(seen()))
            await Process.sleep(0)
        taker, _ = await until_told(lambda pid: None)
        ets.give_away(table, taker, values)
        got.append([message.data for message in taker.block.mailbox])
        await stop(taker)
        got.append((await receive(EtsTransfer)).data)
        got.append(values)
        assert len(got) == 3 * len(read) + 3
        held = [row for each in (table, single) for rows in each.rows.values() for row in rows] + [table.heir_data]
        for number, one in enumerate(got):
            assert shared(one, held) == []
            for other in got[number + 1 :]:
                assert shared(one, other) == []

    play(main)


@law
@given(changeable)
def test_a_key_that_can_be_changed_is_a_copy_too(key: Any) -> None:
    def main() -> None:
        for type in ets.TYPES:
            table = filled(type, (key, 1))
            given_out = [ets.first(table), ets.last(table), ets.lookup(table, key), ets.match(table, (Var(1), ANY))]
            held = [row for rows in table.rows.values() for row in rows]
            assert shared(held, key) == [] != shared(held, held)
            for number, one in enumerate(given_out):
                assert shared(one, held) == shared(one, key) == []
                assert all(shared(one, other) == [] for other in given_out[number + 1 :])

    alone(main)


def test_without_isolation_a_table_answers_fresh_lists_all_the_same() -> None:
    with Node(clock="virtual", isolation=False):
        table = filled("bag", ("a", 1))
        ets.lookup(table, "a").clear()
        ets.tab2list(table).clear()
        assert ets.lookup(table, "a") == [("a", 1)]


def test_a_process_that_was_killed_leaves_nothing_behind_on_the_node() -> None:
    async def main() -> None:
        node = ets.whereis(ets.new("mine", named=True)).node
        before = len(node.tables["ets"])
        owner, _ = await until_told(lambda pid: [ets.new(number, named=False) for number in "abc"])
        await stop(owner, "kill")
        assert len(node.tables["ets"]) == before

    play(main)


def test_a_bag_knows_which_rows_are_equal_whatever_happened_to_its_rows() -> None:
    """Strictly equal, also where a row cannot be hashed; after a row was deleted it may come again."""
    rows = [("k", value) for value in (1, 1.0, True, float("nan"), [1], (1,), {1: 2}, {1: 2.0}, {1}, {2}, [{1}])]

    def delete(table: Any) -> None:
        for row in rows[::2]:
            assert ets.delete_object(table, row)

    with Node(clock="virtual"):
        table = filled("bag", *rows)
        size = len(rows)
        assert ets.insert(table, rows) and ets.info(table, "size") == size
        for empty in (delete, ets.delete_all_objects, lambda table: ets.delete(table, "k"), lambda table: ets.take(
            table, "k"), lambda table: ets.match_delete(table, ("k", ANY))):  # fmt: skip
            empty(table)
            left = ets.info(table, "size")
            assert left == (len(rows[1::2]) if empty is delete else 0)
            assert ets.insert(table, rows) and ets.insert(table, rows) and ets.info(table, "size") == size


class Basket(NamedTuple):
    owner: str
    fruits: list[str]


@pytest.mark.parametrize(
    "put",
    [
        lambda table, fruits: ets.insert(table, ("ann", fruits)),
        lambda table, fruits: ets.insert(table, Basket("ann", fruits)),
        lambda table, fruits: ets.insert(table, [("bob", 1), ("ann", fruits)]),
        lambda table, fruits: ets.insert_new(table, ("ann", fruits)),
        lambda table, fruits: ets.insert(table, ("ann", 1)) and ets.update_element(table, "ann", (1, fruits)),
        lambda table, fruits: ets.update_counter(table, "ann", (2, 1), ("ann", fruits, 0)),
    ],
)
def test_a_value_that_can_change_comes_to_rows_that_cannot(put: Callable[[Any, list[str]], Any]) -> None:
    """Rows in which nothing can change are handed out as they are; from the first other one on, each is copied."""
    with Node(clock="virtual"):
        table = filled("set", ("pear", 1))
        assert ets.lookup(table, "pear")[0] is ets.lookup(table, "pear")[0]
        put(table, fruits := ["apple"])
        fruits.append("mine")
        for read in (
            lambda: ets.lookup(table, "ann")[0],
            lambda: ets.match_object(table, ("ann", *([ANY] * (len(ets.lookup(table, "ann")[0]) - 1))))[0],
            lambda: next(row for row in ets.tab2list(table) if row[0] == "ann"),
            lambda: next(row for row in ets.select(table, ANY) if row[0] == "ann"),
            lambda: (None, ets.lookup_element(table, "ann", 1)),
        ):
            assert read()[1] == ["apple"]
            read()[1].append("pear")
            assert read()[1] == ["apple"]
        taken = ets.take(table, "ann")[0]
        assert taken[1] == ["apple"] and type(taken) is tuple
        assert ets.delete_all_objects(table) and ets.insert(table, ("pear", 1))
        assert ets.lookup(table, "pear")[0] is ets.lookup(table, "pear")[0]


def test_the_one_instance_of_a_class_is_not_shared_through_a_table() -> None:
    """It is its own copy while it has no attributes, and has them later."""

    class Settings:
        one: Any = None

        def __new__(cls) -> Any:
            cls.one = cls.one or object.__new__(cls)
            return cls.one

    async def spoil() -> None:
        ets.lookup("t", "k")[0][1].colour.append("spoilt")

    async def main() -> Any:
        table = ets.new("t", access="public", named=True)
        ets.insert(table, ("k", Settings()))
        Settings().colour = ["red"]
        Process.monitor(spawn(spoil))
        await receive()
        return Settings().colour

    assert play(main) == ["red"]

"""Errors: exits are no exceptions, and every message can be read."""

from __future__ import annotations

import collections
import dataclasses
import enum
import inspect
import tracemalloc
import types
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otp_mini import AlreadyStarted, BadArg, CopyError, Deadlock, Exit, NoProc, Ok, Pid, Shared, StartError
from otp_mini.errors import (
    DEEPEST,
    LONGEST,
    LONGEST_NAME,
    describe_exception,
    describe_reason,
    name_of,
    printable,
    safe_repr,
)

LAW = settings(derandomize=True, deadline=None, database=None)  # the same examples in every run


class Unprintable:
    def __repr__(self) -> str:
        raise RuntimeError("no repr")

    def __hash__(self) -> int:
        return 1


class Unspeakable(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no str")


def test_an_exit_passes_except_exception() -> None:
    with pytest.raises(Exit):
        try:
            raise Exit("boom")
        except Exception:
            pytest.fail("an exit was caught as an error")


def test_an_exit_is_normal_by_default() -> None:
    assert Exit().reason == "normal"


def test_an_exit_matches_by_position() -> None:
    match Exit(("shutdown", 3)):
        case Exit(("shutdown", number)):
            assert number == 3
        case _:
            pytest.fail("no match")


@pytest.mark.parametrize(
    ("error", "base"),
    [
        (BadArg, ValueError),
        (NoProc, LookupError),
        (CopyError, TypeError),
        (StartError, Exception),
        (Deadlock, RuntimeError),
    ],
)
def test_an_error_is_caught_as_what_python_calls_it(error: type[Exception], base: type[Exception]) -> None:
    assert issubclass(error, base)
    assert not issubclass(error, Exit)


def test_already_started_is_a_start_error_with_the_pid() -> None:
    error = AlreadyStarted(Pid(7))
    assert isinstance(error, StartError)
    assert error.reason == ("already_started", error.pid)
    assert str(error) == "a process with that name runs already, #PID<0.7.0>: use that one, or take another name"


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("noproc", "no such process: it is not alive, or no process has that name ('noproc')"),
        ("calling_self", "a process called itself"),
        ("killed", "it was killed"),
        ("boom", "'boom'"),
        (17, "17"),
        (None, "None"),
        (ValueError("no milk"), "ValueError: no milk"),
        (ValueError(), "ValueError"),
        (("bad_return_value", 5), "a callback returned what it may not: 5"),
        (("EXIT", ValueError("boom")), "its start function failed: ValueError: boom"),
        (("bad_return", (Pid, "init", 5)), "Pid.init must return Supervise, SuperviseDynamically or Ignore, got 5"),
        (("bad_return", ((Pid, "start"), "noproc")), "Pid.start answered no pid of a top supervisor: no such process"),
        (("bad_return", 5), "('bad_return', 5)"),
        (("invalid_shutdown", -1), "shutdown must be seconds from 0 up, INFINITY or brutal_kill, got -1"),
        (("invalid_child_spec", ("invalid_shutdown", -1)), "shutdown must be seconds from 0 up"),
        (("invalid_child_spec", 5), "a child must be a class with child_spec, (class, argument) or a ChildSpec, got 5"),
        (("start_spec", ("bad_combination", (("restart", "x"),))), "a significant child needs an auto_shutdown"),
        (("start_spec", 5), "('start_spec', 5)"),
        (
            ("killed", ("GenServer", "call", ["cache", "get", 5.0])),
            "GenServer.call('cache', 'get', 5.0) exited: it was killed",
        ),
        (
            (("noproc", ("GenServer", "call", ["b", 1, 5.0])), ("GenServer", "call", ["a", 1, 5.0])),
            "GenServer.call('a', 1, 5.0) exited: GenServer.call('b', 1, 5.0) exited: no such process",
        ),
    ],
)
def test_a_reason_is_said_as_a_person_would(reason: object, said: str) -> None:
    assert describe_reason(reason).startswith(said)


@pytest.mark.parametrize("reason", [Unprintable(), (Unprintable(), 1), Unspeakable(), [Unprintable()]])
def test_a_reason_that_cannot_be_printed_is_described_all_the_same(reason: object) -> None:
    assert "failed with RuntimeError" in describe_reason(reason)


@pytest.mark.parametrize("error", [Exit(Unprintable()), StartError(Unprintable()), AlreadyStarted(Unprintable())])
def test_an_error_about_what_cannot_be_printed_can_be_printed(error: BaseException) -> None:
    assert "failed with RuntimeError" in str(error)


def test_safe_repr_names_the_type_of_what_cannot_be_printed() -> None:
    assert safe_repr(Unprintable()) == "<Unprintable whose __repr__ failed with RuntimeError>"


def test_describe_exception_survives_a_broken_str() -> None:
    assert describe_exception(Unspeakable()) == "Unspeakable: <its __str__ failed with RuntimeError>"


@pytest.mark.parametrize(
    "reason", [(), [], {}, ("bad_return_value",), ("a", ("b", "c", "d")), ("a", (1, 2, [3])), "", b"x"]
)
def test_any_term_can_be_a_reason(reason: object) -> None:
    assert describe_reason(reason) == repr(reason)


# ---- long, deep and large --------------------------------------------------------------------

leaves = st.one_of(st.integers(), st.floats(), st.text(max_size=9), st.binary(max_size=9), st.booleans(), st.none())
hashable = st.recursive(leaves, lambda inner: st.tuples(inner, inner), max_leaves=3)


def containers(inner: Any) -> Any:
    return st.lists(inner) | st.tuples(inner) | st.tuples(inner, inner) | st.dictionaries(hashable, inner)


terms = st.recursive(leaves, containers, max_leaves=20)


@LAW
@given(terms)
def test_what_is_short_is_shown_as_python_shows_it(term: Any) -> None:
    assert safe_repr(term, 100_000) == repr(term)


@LAW
@given(terms | st.sets(hashable) | st.frozensets(hashable).map(lambda some: [some]), st.integers(0, 300))
def test_nothing_is_shown_much_longer_than_it_may_be(term: Any, longest: int) -> None:
    assert len(safe_repr(term, longest)) <= longest + 60 * DEEPEST


@pytest.mark.parametrize("length", [LONGEST - 2, LONGEST, LONGEST + 1, 10 * LONGEST])
def test_a_long_text_is_cut_and_the_rest_is_counted(length: int) -> None:
    shown, _, rest = safe_repr("x" * length).partition("…")
    assert rest == (f" ({length - LONGEST:,} characters more)" if length > LONGEST else "")
    assert len(shown) == min(LONGEST, length + 2) or length == LONGEST


def test_the_middle_of_a_collection_is_cut_and_the_rest_of_each_is_counted() -> None:
    state = {"rows": [[n] * 100 for n in range(1_000)], "user": "ann"}
    assert safe_repr(state, 20) == "{'rows': [[0, 0, 0, 0, 0, … 95 more], … 999 more], … 1 more}"
    assert safe_repr(tuple("abc"), 1) == "('a', 'b', … 1 more)"
    assert safe_repr([b"x" * 50], 20) == "[b'xxxxxxxxxxxxxxxxxx… (30 characters more)]"


def test_of_a_large_collection_only_what_is_shown_is_looked_at() -> None:
    looked: list[int] = []

    class Row:
        def __repr__(self) -> str:
            looked.append(1)
            return "Row()"

    shown = safe_repr([Row() for _ in range(100_000)])
    assert shown.endswith(", Row(), … 99,714 more]")
    assert len(looked) == 286


def test_what_has_a_long_repr_of_its_own_is_cut() -> None:
    class State:
        def __repr__(self) -> str:
            return f"State({'x' * 100_000})"

    assert safe_repr(State()).startswith("State(xxx")
    assert safe_repr(State()).endswith("x… (98,007 characters more)")


def test_a_set_is_shown_in_the_same_order_in_every_run() -> None:
    assert safe_repr({"pear", 10, "apple", 9, ("a",)}) == "{9, 10, 'apple', 'pear', ('a',)}"
    assert safe_repr(frozenset({"b", "a"})) == "frozenset({'a', 'b'})"
    assert (safe_repr(set()), safe_repr(frozenset())) == ("set()", "frozenset()")


def test_a_large_set_is_cut_without_being_sorted() -> None:
    looked: list[int] = []

    class Row:
        def __repr__(self) -> str:
            looked.append(1)
            return "Row()"

    assert safe_repr({Row() for _ in range(10_000)}, 20) == "{Row(), Row(), Row(), … 9,997 more}"
    assert len(looked) == 3


def test_a_collection_inside_itself_is_shown_once() -> None:
    ring: list[Any] = [1]
    ring.append({"again": ring})
    assert safe_repr(ring) == repr(ring) == "[1, {'again': [...]}]"


def test_collections_that_nest_very_deeply_are_shown_as_far_as_one_can_count() -> None:
    term: Any = ["bottom"]
    for _ in range(DEEPEST - 2):
        term = [term]
    assert safe_repr(term) == repr(term)
    for _ in range(100_000):
        term = [term]
    assert safe_repr(term) == "[" * DEEPEST + "[...]" + "]" * DEEPEST
    while term != ["bottom"]:  # taken apart by hand: its own destructor would nest as deeply
        term = term[0]


def test_one_part_that_cannot_be_printed_leaves_the_others_readable() -> None:
    class Leaving:
        def __repr__(self) -> str:
            raise Exit("shutdown")

    assert safe_repr({"a": [Unprintable()], "b": Leaving()}) == (
        "{'a': [<Unprintable whose __repr__ failed with RuntimeError>], 'b': <Leaving whose __repr__ failed with Exit>}"
    )


def test_no_address_is_shown_however_deep_it_lies() -> None:
    assert safe_repr({"f": [object()]}) == "{'f': [<object object>]}"
    assert safe_repr("<object object at 0x7f0000000000>") == "'<object object>'"


def test_a_long_text_of_an_exception_is_cut_and_the_rest_is_counted() -> None:
    said = describe_exception(ValueError("x" * 12_000))
    assert said == f"ValueError: {'x' * LONGEST}… (10,000 characters more)"


@pytest.mark.parametrize(
    ("name", "shown"),
    [("", "''"), (" ", "' '"), ((), "()"), (0, "0"), (None, "None"), (False, "False"), ("\u200b", "\\u200b")],
)
def test_a_name_that_is_empty_or_false_can_be_seen(name: object, shown: str) -> None:
    assert name_of(name) == shown


def test_a_long_name_is_cut() -> None:
    assert name_of("n" * LONGEST_NAME) == "n" * LONGEST_NAME
    assert name_of("n" * 10_000) == "n" * (LONGEST_NAME - 1) + "…"
    assert len(name_of(("n" * 10_000, 1))) == LONGEST_NAME


def test_a_long_name_is_not_kept() -> None:
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        for number in range(20):
            name_of("n" * 1_000_000 + str(number))
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after - before < 100_000


# ---- one printable line, the same in every run ------------------------------------------------

EVIL = [
    "two\nlines", "\x1b]0;owned\x07\x1b[31mred", "\u202eturned round\u2066", "half \ud800", "\x85\u2028\r\t", "\x9b2J",
]  # fmt: skip


class Says:
    """Its text is what it is told."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text


@pytest.mark.parametrize("evil", EVIL)
def test_whatever_is_described_is_one_printable_line(evil: str) -> None:
    told: list[object] = [evil, Says(evil), [Says(evil)], {evil: Says(evil)}, ValueError(evil), Exit(Says(evil))]
    told += [("noproc", (evil, evil, [evil])), ValueError(Says(evil), evil)]
    told += [type(evil, (kind,), {})([1]) for kind in (set, Exception, collections.deque) if "\ud800" not in evil]
    for term in told:
        for said in (describe_reason(term), safe_repr(term), name_of(term)):
            assert said.isprintable(), said
            said.encode()
    for error in (ValueError(evil), KeyError(evil), Exit(("bad_return_value", Says(evil))), StartError(Says(evil))):
        assert describe_exception(error).isprintable()


def test_a_readable_text_stays_as_it_is() -> None:
    assert printable("größer, 日本, 🙂, back\\slash") == "größer, 日本, 🙂, back\\slash"


@dataclasses.dataclass
class Cart:
    items: set[str]
    owner: Any = None
    secret: str = dataclasses.field(default="x", repr=False)


@dataclasses.dataclass
class Shown:
    items: set[str]

    def __repr__(self) -> str:
        return "as it likes"


class Line(NamedTuple):
    items: frozenset[str]


class Names(set[str]):
    pass


SETS = [
    (Cart({"b", "a"}, {1: {"d", "c"}}), "Cart(items={'a', 'b'}, owner={1: {'c', 'd'}})"),
    (Line(frozenset({"b", "a"})), "Line(items=frozenset({'a', 'b'}))"),
    (Shown({"b", "a"}), "as it likes"),
    (Names({"b", "a"}), "Names({'a', 'b'})"),
    (types.SimpleNamespace(items={"b", "a"}), "namespace(items={'a', 'b'})"),
    (collections.deque([{"b", "a"}], 3), "deque([{'a', 'b'}], maxlen=3)"),
    (collections.defaultdict(set, {1: {"b", "a"}}), "defaultdict(<class 'set'>, {1: {'a', 'b'}})"),
    (collections.OrderedDict({1: {"b", "a"}}), "OrderedDict({1: {'a', 'b'}})"),
    (ValueError({"b", "a"}, 1), "ValueError({'a', 'b'}, 1)"),
    (Ok({"b", "a"}), "Ok({'a', 'b'})"),
    (Ok({"b", "a"}, {"d", "c"}), "Ok({'a', 'b'}, {'c', 'd'})"),
    (Shared({"b", "a"}), "Shared({'a', 'b'})"),
]  # fmt: skip


@pytest.mark.parametrize(("term", "said"), SETS, ids=lambda each: type(each).__name__)
def test_a_set_inside_an_object_is_sorted_too(term: Any, said: str) -> None:
    assert safe_repr(term) == said
    assert safe_repr([term]) == f"[{said}]"


@pytest.mark.parametrize("error", [ValueError({"b", "a"}), ValueError({"b", "a"}, 1), KeyError(frozenset({"b", "a"}))])
def test_a_set_in_an_exception_is_sorted_too(error: Exception) -> None:
    assert "'a', 'b'" in describe_exception(error)


@pytest.mark.parametrize(
    "term",
    [Cart(set()), Cart({"a"}), Line(frozenset()), Names(), Names("a"), collections.deque(), collections.deque([1, 2]),
     collections.deque([1], 5), collections.defaultdict(int), collections.defaultdict(int, a=1), ValueError(),
     ValueError(1), ValueError(1, "b"), ExceptionGroup("many", [KeyError("a")]), types.SimpleNamespace(a=1),
     collections.Counter("aab"), enum.Enum("Colour", "RED").RED, inspect.signature(pytest.fixture)],
)  # fmt: skip
def test_an_object_is_shown_as_python_shows_it(term: Any) -> None:
    assert safe_repr(term) == repr(term).replace("\n", "\\n")


@pytest.mark.parametrize("error", [ValueError(), ValueError("a"), ValueError(1), ValueError(b"x"), ValueError("a", 1),
                                   ValueError(["a"]), KeyError("a"), KeyError("a", 1), OSError(2, "gone", "here"),
                                   ValueError(KeyError("a")), ExceptionGroup("many", [ValueError(1)])])  # fmt: skip
def test_an_exception_says_what_python_says(error: Exception) -> None:
    assert describe_exception(error) == (f"{type(error).__name__}: {error}" if str(error) else type(error).__name__)


def test_of_a_large_collection_inside_an_object_only_what_is_shown_is_looked_at() -> None:
    looked: list[int] = []

    class Row:
        def __repr__(self) -> str:
            looked.append(1)
            return "Row()"

    assert safe_repr(Cart(set(), [Row() for _ in range(10_000)]), 40).endswith(" more])")
    assert len(looked) < 10


def test_an_exit_may_be_another_exception_too() -> None:
    class Quit(Exit, SystemExit):
        pass

    assert (Quit(3).reason, Quit(3).code, Quit(3).args) == (3, 3, (3,))

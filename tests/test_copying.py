"""Share nothing: a law, tried with many terms, and what refuses to be copied."""
from __future__ import annotations

import collections
import dataclasses
import functools
import json
import re
import threading
import warnings
import weakref
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sharing import Box, Colour, Pair, Picky, atoms, shared, terms

from otp_mini import (
    CopyError,
    Down,
    Exit,
    Node,
    Pid,
    Process,
    Ref,
    Shared,
    receive,
    self_,
    send,
    spawn,
    spawn_monitor,
)
from otp_mini.copying import copy_reason, copy_term

LAW = settings(derandomize=True, deadline=None, database=None)  # the same examples in every run


def same(one: Any, other: Any) -> bool:
    return type(one) is type(other) and bool(one == other)


# ---- the law -------------------------------------------------------------------------------


@LAW
@given(terms)
def test_a_copy_is_equal_and_shares_nothing_changeable(term: Any) -> None:
    copied = copy_term(term)
    assert same(copied, term)
    assert shared(copied, term) == []


plain = st.recursive(atoms, lambda inner: st.lists(inner, max_size=4).map(tuple), max_leaves=8)


@LAW
@given(plain)
def test_a_tuple_of_what_cannot_change_is_its_own_copy(term: Any) -> None:
    assert copy_term(term) is term


# ---- one by one ----------------------------------------------------------------------------


def test_a_builtin_method_does_not_carry_its_list_over() -> None:
    basket: list[str] = []
    try:
        put = copy_term(basket.append)
    except CopyError:
        return
    put("pear")
    assert basket == []


def test_a_weak_reference_does_not_carry_its_object_over() -> None:
    box = Box([1])
    try:
        copied = copy_term(weakref.ref(box))
    except CopyError:
        return
    assert copied() is not box


@pytest.mark.parametrize("wrap", [lambda box: box.__repr__, lambda box: functools.partial(print, box)])
def test_a_bound_method_or_partial_carries_a_copy_over(wrap: Any) -> None:
    box = Box([1])
    copied = copy_term(wrap(box))
    inner = copied.args[0] if isinstance(copied, functools.partial) else copied.__self__
    assert inner == box
    assert shared(inner, box) == []


def test_a_cycle_is_copied_as_a_cycle() -> None:
    ring: list[Any] = [1]
    ring.append(ring)
    copied = copy_term(ring)
    assert copied is not ring
    assert copied[1] is copied


def test_a_cycle_through_an_object_and_a_list_is_copied_as_a_cycle() -> None:
    box = Box([])
    box.inside.append(box)
    copied = copy_term([box])
    assert copied[0].inside[0] is copied[0]
    assert shared(copied, [box]) == []


def test_one_object_twice_in_a_message_is_one_object_in_the_copy() -> None:
    box, items = Box(1), [1]
    copied = copy_term((box, [box], items, {"again": items}))
    assert copied[0] is copied[1][0]
    assert copied[2] is copied[3]["again"]


def test_two_objects_that_share_a_third_share_its_copy() -> None:
    middle = Box(1)
    one, two = copy_term((Box(middle), Box(middle)))
    assert one.inside is two.inside


def test_a_list_and_an_object_that_share_a_list_share_its_copy() -> None:
    items = [1]
    copied, box = copy_term((items, Box(items)))
    assert box.inside is copied


def test_a_tree_of_objects_is_copied_in_linear_time() -> None:
    """A thousand nodes that know each other are a thousand copies, not a million."""
    made = 0

    class Node_:
        def __init__(self, hub: Any) -> None:
            self.hub = hub

        def __reduce__(self) -> Any:
            nonlocal made
            made += 1
            return Node_, (None,), self.__dict__

    hub = Node_(None)
    hub.all = [Node_(hub) for _ in range(100)]
    copy_term([hub, *hub.all])
    assert made <= 300


@pytest.mark.parametrize("term", [print, len, Box, Colour.RED, collections, test_a_cycle_is_copied_as_a_cycle])
def test_functions_classes_modules_and_members_pass_as_they_are(term: Any) -> None:
    assert copy_term(term) is term
    assert copy_term([term])[0] is term


@pytest.mark.parametrize("term", [print, Box, collections, test_a_cycle_is_copied_as_a_cycle])
def test_they_pass_inside_an_object_too(term: Any) -> None:
    assert copy_term(Box(term)).inside is term


def test_shared_passes_as_it_is() -> None:
    wrapped = Shared(threading.Lock())
    assert copy_term([wrapped])[0] is wrapped
    assert copy_term(Box(wrapped)).inside is wrapped


class Guarded:
    """Holds a lock, and says so."""

    def __init__(self) -> None:
        self.lock = threading.Lock()

    def __repr__(self) -> str:
        return "Guarded()"


@pytest.mark.parametrize("wrap", [lambda x: x, lambda x: [x], lambda x: (1, {"a": x}), Box])
def test_what_refuses_copying_is_named_with_the_way_out(wrap: Any) -> None:
    with pytest.raises(CopyError) as error:
        copy_term(wrap(Guarded()))
    said = str(error.value)
    assert "a message must be copied" in said
    assert "Guarded()" in said
    assert "lock" in said
    assert "Shared(...)" in said


@pytest.mark.parametrize("make", [lambda: (x for x in "ab"), threading.Lock, {}.keys, lambda: memoryview(b"x")])
def test_these_refuse_copying(make: Any) -> None:
    with pytest.raises(CopyError, match=r"Shared\(\.\.\.\)"):
        copy_term(make())


def test_an_open_file_refuses_copying(tmp_path: Any) -> None:
    with (tmp_path / "f").open("w") as file, pytest.raises(CopyError, match="TextIOWrapper"):
        copy_term(file)


def test_a_coroutine_refuses_copying_and_says_to_await_it() -> None:
    async def fetch() -> None:
        pass

    coroutine = fetch()
    with pytest.raises(CopyError, match=r"called but not awaited.*Write `await .*fetch\(\.\.\.\)`"):
        copy_term(["x", coroutine])
    coroutine.close()


@pytest.mark.parametrize("make", [lambda inner: [inner], lambda inner: (inner, []), lambda inner: {1: inner}, Box])
def test_a_term_that_nests_too_deeply_is_refused_and_not_crashed_on(make: Any) -> None:
    term: Any = []
    for _ in range(100_000):
        term = make(term)
    with pytest.raises(CopyError, match="nests too deeply"):
        copy_term(term)
    while term:  # taken apart by hand: its own destructor would nest as deeply
        term = term.inside if isinstance(term, Box) else next(iter(term.values() if isinstance(term, dict) else term))


def test_an_object_whose_copy_fails_is_refused_with_its_reason() -> None:
    class Stubborn:
        def __deepcopy__(self, memo: object) -> object:
            raise OSError("not today")

        def __repr__(self) -> str:
            raise RuntimeError

    with pytest.raises(CopyError, match=r"OSError: not today.*whose __repr__ failed"):
        copy_term(Stubborn())


# ---- exceptions ----------------------------------------------------------------------------


def caught(cause: Any = None) -> Picky:
    try:
        raise Picky("no milk", ["fridge"]) from cause
    except Picky as error:
        return error


def test_an_exception_keeps_its_message_attributes_and_traceback() -> None:
    error = caught()
    error.add_note("buy some")
    copied: Any = copy_term(error)
    assert type(copied) is Picky
    assert str(copied) == str(error)
    assert copied.where == ["fridge"]
    assert copied.__traceback__ is error.__traceback__
    assert copied.__notes__ == ["buy some"]
    assert shared(copied, error) == []


def test_the_cause_of_an_exception_is_not_shared() -> None:
    error = caught(ValueError(["changeable"]))
    copied: Any = copy_term(error)
    assert copied.__cause__.args == (["changeable"],)
    assert shared(copied, error) == []


def test_exceptions_that_cause_each_other_are_copied() -> None:
    one, two = ValueError(1), KeyError(2)
    one.__context__, two.__context__ = two, one
    copied = copy_term(one)
    assert str(copied) == "1"


@pytest.mark.parametrize(
    "wrap", [lambda e: Down(Ref(1), Pid(1), e), Box, lambda e: Pair(e, 1), lambda e: ("exit", [e])]
)
def test_an_exception_inside_a_message_is_copied_as_well_as_one_alone(wrap: Any) -> None:
    """A process that forwards the `Down` it got must not die of it."""
    wrapped = copy_term(wrap(caught()))
    assert "no milk" in repr(wrapped)


def test_an_oserror_still_names_its_file(tmp_path: Any) -> None:
    with pytest.raises(OSError, match="nothing-here") as error:
        (tmp_path / "nothing-here").open()
    copied: Any = copy_term(error.value)
    assert str(copied) == str(error.value)
    assert copied.filename == error.value.filename
    assert copied.errno == error.value.errno


def _failing(code: str) -> BaseException:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            exec(code, {"json": json})
        except BaseException as error:
            return error
    raise AssertionError("it did not fail")


@pytest.mark.parametrize(
    "code",
    [
        r"b'\xff'.decode()", "json.loads('{')", "1 / 0", "{}['a']", "[][1]", "nothing", "import nothing",
        "None.x", "1 +", "raise SystemExit(3)", "raise ExceptionGroup('many', [ValueError(1), KeyError(2)])",
        "raise StopIteration(5)", "raise OSError(2, 'gone', 'here')", "'\\ud800'.encode()",
    ],
)  # fmt: skip
def test_an_exception_of_pythons_own_says_the_same_after_copying(code: str) -> None:
    error = _failing(code)
    copied = copy_term(error)
    assert type(copied) is type(error)
    assert str(copied) == str(error)
    assert copied.args == error.args or "Group" in code
    for name in ("code", "value", "name", "filename", "lineno", "start", "exceptions"):
        assert repr(getattr(copied, name, None)) == repr(getattr(error, name, None))


@dataclasses.dataclass(frozen=True)
class Fixed(Exception):
    """An exception whose attributes cannot be set."""

    what: list[str]


class Made(Exception):
    """An exception whose class wants arguments of its own to make one."""

    def __new__(cls, *, where: list[str]) -> Any:
        return super().__new__(cls, where)

    def __init__(self, *, where: list[str]) -> None:
        self.where = where


@pytest.mark.parametrize("error", [Fixed(["milk"]), Made(where=["fridge"])], ids=repr)
def test_an_exception_that_resists_being_made_anew_is_copied_all_the_same(error: Exception) -> None:
    try:
        raise error
    except Exception:
        copied = copy_term(error)
    assert type(copied) is type(error)
    assert (copied.args, copied.__dict__) == (error.args, error.__dict__)
    assert copied.__traceback__ is error.__traceback__
    assert shared(copied, error) == []


def test_an_exception_that_cannot_be_made_anew_is_refused() -> None:
    group = ExceptionGroup("many", [ValueError(1)])
    group.args = ()
    with pytest.raises(CopyError, match="ExceptionGroup"):
        copy_term(group)


# ---- reasons -------------------------------------------------------------------------------


def test_text_stands_in_a_reason_for_what_cannot_be_copied() -> None:
    where, lock = ["cellar"], threading.Lock()
    copied = copy_reason(("gave up", where, {"lock": lock}, Guarded(), [lock]))
    assert copied == ("gave up", ["cellar"], {"lock": repr_of(lock)}, "Guarded()", [repr_of(lock)])
    assert copied[1] is not where
    assert copy_reason(lock) == repr_of(lock)


def repr_of(lock: Any) -> str:
    return repr(lock).split(" at ")[0] + ">"


def test_an_exception_that_holds_what_cannot_be_copied_is_still_that_exception() -> None:
    error = caught()
    error.lock, error.where = threading.Lock(), ["fridge"]  # type: ignore[attr-defined]
    error.__cause__ = ValueError(error.lock)  # type: ignore[attr-defined]
    copied = copy_reason(error)
    assert type(copied) is Picky
    assert str(copied) == str(error)
    assert copied.lock == repr_of(error.lock)  # type: ignore[attr-defined]
    assert copied.__cause__.args == (copied.lock,)
    assert copied.__traceback__ is error.__traceback__
    assert shared(copied, error) == []


def test_a_reason_that_nests_too_deeply_arrives_as_text() -> None:
    term: Any = []
    for _ in range(100_000):
        term = [term]
    error = ValueError(term)
    copied = copy_reason(error)
    assert type(copied) is ValueError
    assert str(copied).startswith("[[[[")
    assert len(str(copied)) < 3_000
    error.args = ()
    while term:  # taken apart by hand: its own destructor would nest as deeply
        term = term[0]


@pytest.mark.parametrize(("wrap", "arrives_as"), [(lambda x: x, str), (ValueError, ValueError), (Box, str)])
def test_a_reason_whose_copy_exits_is_told_all_the_same(wrap: Any, arrives_as: type) -> None:
    class Leaving:
        def __deepcopy__(self, memo: object) -> object:
            raise Exit("from within a copy")

        def __repr__(self) -> str:
            raise Exit("from within a repr")

    async def fail() -> None:
        raise Exit(wrap(Leaving()))

    async def main() -> Any:
        spawn_monitor(fail)
        return (await receive(Down)).reason

    with Node(clock="virtual") as node:
        told = node.run(main)
    assert type(told) is arrives_as
    assert re.search("(Leaving|Box).* failed with Exit", str(told))


def test_isolation_off_sends_the_object_itself() -> None:
    async def main() -> bool:
        basket: list[str] = []
        send(self_(), basket)
        return (await receive()) is basket

    with Node(clock="virtual", isolation=False) as node:
        assert node.run(main) is True


def test_isolation_off_spawns_with_the_object_itself() -> None:
    async def main() -> list[str]:
        basket: list[str] = []
        spawn(lambda basket: basket.append("pear"), basket)
        await Process.sleep(1)
        return basket

    with Node(clock="virtual", isolation=False) as node:
        assert node.run(main) == ["pear"]

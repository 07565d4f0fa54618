"""Share nothing: a law, tried with many terms, and what refuses to be copied."""

from __future__ import annotations

import collections
import contextvars
import dataclasses
import enum
import functools
import gc
import inspect
import json
import logging
import re
import subprocess
import sys
import threading
import types
import warnings
import weakref
from typing import Any
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ids import stable
from sharing import Box, Colour, Pair, Picky, atoms, shared, terms

from otp_mini import (
    CopyError,
    Down,
    Exit,
    GenServer,
    Node,
    NoReply,
    Pid,
    Process,
    Ref,
    Shared,
    in_thread,
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


# ---- objects of every make --------------------------------------------------------------------


@dataclasses.dataclass(slots=True)
class Order:
    """A dataclass without a dictionary."""

    items: list[str]
    note: Any = None


@dataclasses.dataclass(frozen=True, slots=True)
class FrozenOrder:
    """One that nobody can change."""

    items: list[str]
    note: Any = None


class Slotted:
    """Slots by hand, one with a private name, one that is never set."""

    __slots__ = ("__items", "__weakref__", "unset")

    def __init__(self, items: list[str]) -> None:
        self.__items = items

    @property
    def items(self) -> list[str]:
        return self.__items


class FrozenSlotted(Slotted):
    """Slots above and below, a dictionary beside them, and no attribute can be set."""

    __slots__ = ("more",)

    def __init__(self, items: list[str]) -> None:
        super().__init__(items)
        object.__setattr__(self, "more", [1])

    def __setattr__(self, name: str, value: Any) -> None:
        if name in ("more", "unset"):
            raise AttributeError(f"{name} cannot be set")
        super().__setattr__(name, value)


class Both(Slotted):
    """Slots above, a dictionary here."""

    def __init__(self, items: list[str]) -> None:
        super().__init__(items)
        self.more = [1]


class Locked(dict[str, Any]):
    """A dict that nobody can change."""

    def __setitem__(self, key: str, value: Any) -> None:
        raise TypeError("it is locked")

    @property
    def items_(self) -> Any:
        return self["items"]


class LockedList(list[Any]):
    """A list that nobody can change."""

    def append(self, item: Any) -> None:
        raise TypeError("it is locked")


class Proxy:
    """Answers what the object inside answers, as so many wrappers do."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


class Masked:
    """Says that it is an exception, as a mock does."""

    def __init__(self, items: list[str]) -> None:
        self.items = items

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        return ValueError


class Needy:
    """Its ``__new__`` wants an argument that nobody keeps."""

    def __new__(cls, items: list[str]) -> Any:
        made = super().__new__(cls)
        made.items = items
        return made


class Money(float):
    """A number with a unit, made of both."""

    def __new__(cls, amount: float, unit: list[str]) -> Any:
        made = super().__new__(cls, amount)
        made.items = unit
        return made


class Reduced:
    """Says with all six parts how it is made."""

    def __init__(self, items: list[str]) -> None:
        self.items = items

    def __reduce__(self) -> Any:
        return Reduced, ([],), {"items": self.items}, None, None, lambda made, state: made.__dict__.update(state)


class Config:
    """The only one of its class, and it has a state."""

    one: Any = None

    def __new__(cls, items: Any = None) -> Any:
        if cls.one is None:
            cls.one = super().__new__(cls)
            cls.one.items = items
        return cls.one


MAKERS: list[Any] = [
    Order, FrozenOrder, Slotted, FrozenSlotted, Both, Masked, Needy, Reduced, Config,
    lambda items: Money(1.5, items), lambda items: Proxy(Box(items)),
]  # fmt: skip


def items_of(term: Any) -> Any:
    return term.inner.inside if isinstance(term, Proxy) else term.items


@pytest.mark.parametrize("wrap", [lambda x: x, lambda x: [x], Box], ids=["alone", "in a list", "in an object"])
@pytest.mark.parametrize("make", MAKERS)
def test_an_object_of_any_make_is_copied_with_what_it_holds(make: Any, wrap: Any) -> None:
    term = make(["milk"])
    [copied], [original] = reached(copy_term(wrap(term)), type(term)), [term]
    assert copied is not original
    assert items_of(copied) == ["milk"]
    assert items_of(copied) is not items_of(original)
    assert getattr(copied, "more", [1]) == [1]
    assert copied == original or type(original).__eq__ is object.__eq__
    assert items_of(original) == ["milk"]


def reached(term: Any, kind: type) -> list[Any]:
    """The one object of this class in a term."""
    if type(term) is kind:
        return [term]
    return reached(term[0] if isinstance(term, list) else term.inside, kind)


@pytest.mark.parametrize("term", [Locked(items=["milk"]), LockedList([["milk"]])], ids=repr)
def test_a_collection_that_nobody_can_change_is_copied(term: Any) -> None:
    copied = copy_term(term)
    assert same(copied, term)
    assert shared(copied, term) == []


def test_a_read_only_view_of_a_dict_is_one_of_a_copy() -> None:
    inside = {"items": ["milk"]}
    copied = copy_term(types.MappingProxyType(inside))
    inside["items"].append("jam")
    assert dict(copied) == {"items": ["milk"]}
    assert type(copied) is types.MappingProxyType


class Nothing:
    """A sentinel: no attribute, and no room for one."""

    __slots__ = ()


class Missing:
    """A sentinel: the one instance of its class."""

    one: Any = None

    def __new__(cls) -> Any:
        if cls.one is None:
            cls.one = super().__new__(cls)
        return cls.one


class Named:
    """A sentinel that is found by its name."""

    def __reduce__(self) -> str:
        return "NAMED"


NAMED = Named()


class Level(enum.IntFlag):
    LOW = 1
    HIGH = 2


class Stuff(enum.Enum):
    """Its members' values can be changed, and belong to the class."""

    LIST = [1]  # noqa: RUF012

    def __deepcopy__(self, memo: Any) -> Any:
        raise TypeError("a mixin that knows nothing of enums")


@pytest.mark.parametrize(
    "sentinel",
    [
        object(), Nothing(), Missing(), NAMED, Level.LOW, Level.LOW | Level.HIGH, Stuff.LIST,
        mock.sentinel.nothing, inspect.Parameter.empty, logging.getLogger("shop"), list.append, object.__repr__,
        property(), (lambda: 0).__code__, dict.fromkeys, Any, re.compile("x"),
    ],
    ids=stable,
)  # fmt: skip
def test_what_is_known_by_its_identity_keeps_it(sentinel: Any) -> None:
    assert copy_term(sentinel) is sentinel
    assert copy_term([sentinel])[0] is sentinel
    assert copy_term(Box(sentinel)).inside is sentinel


class Counter_:
    """Methods under other names than their own."""

    def __init__(self) -> None:
        self.seen: list[int] = []

    def __note(self, item: int) -> list[int]:
        self.seen.append(item)
        return self.seen

    note = __note
    put = lambda self, item: self.seen.append(item) or self.seen  # noqa: E731
    private = property(lambda self: self.__note)


class Louder(Counter_):
    def note(self, item: int) -> list[int]:
        raise AssertionError("the method of the class above was sent")

    def above(self) -> Any:
        return super().note


@pytest.mark.parametrize(
    "bound",
    [Counter_().note, Counter_().put, Counter_().private, types.MethodType(lambda c, i: c.note(i), Counter_()),
     Louder().above(), functools.partial(Counter_().note)],
)  # fmt: skip
def test_a_bound_method_is_the_same_method_of_a_copy(bound: Any) -> None:
    copied = copy_term(bound)
    assert copied(7) == [7]
    assert bound(8) == [8]


def test_a_bound_method_of_an_object_in_the_message_belongs_to_that_objects_copy() -> None:
    counter = Counter_()
    copied, note = copy_term((counter, counter.note))
    note(1)
    assert copied.seen == [1]
    assert counter.seen == []


WEAKLY = [
    weakref.ref, weakref.proxy, lambda box: weakref.WeakMethod(box.__init__), lambda box: weakref.WeakSet([box]),
    lambda box: weakref.WeakValueDictionary({1: box}), lambda box: weakref.WeakKeyDictionary({box: 1}),
]  # fmt: skip


@pytest.mark.parametrize("wrap", WEAKLY)
def test_nothing_weak_reaches_an_object_of_another_process(wrap: Any) -> None:
    counter = Counter_()
    with pytest.raises(CopyError, match="a weak reference would reach the object itself"):
        copy_term([wrap(counter)])


def test_a_proxy_of_an_object_that_refuses_is_refused_with_its_reason() -> None:
    with pytest.raises(CopyError, match="lock"):
        copy_term(Proxy(threading.Lock()))


@pytest.mark.parametrize("answer", [None, (), 3, (Box,), (Box, 3), ("no function", ())])
def test_an_object_that_says_nonsense_of_how_it_is_made_is_refused(answer: Any) -> None:
    class Odd:
        def __reduce__(self) -> Any:
            return answer

    with pytest.raises(CopyError, match="this Odd refuses it"):
        copy_term(Odd())


class Unhashed(type):
    """The class of classes that have no hash."""

    def __eq__(cls, other: object) -> bool:
        return cls is other

    __hash__ = None  # type: ignore[assignment]


class Strange(Exception, metaclass=Unhashed):
    pass


def test_a_reason_whose_class_cannot_be_hashed_hides_no_death() -> None:
    assert "Strange" in str(copy_reason(Strange()))


@pytest.mark.parametrize("isolation", [True, False])
def test_the_end_with_such_a_reason_is_told_to_who_watches_and_to_who_calls(isolation: bool) -> None:
    def ends() -> None:
        raise Exit(Strange())

    class Server(GenServer):
        def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
            raise Exit(Strange())

    async def main() -> Any:
        spawn_monitor(ends)
        down = await receive(Down)
        with pytest.raises(Exit) as caught:
            await GenServer.call(await Server.start(), "end")
        return down.reason, caught.value.reason[0]

    with Node(clock="virtual", isolation=isolation) as node:
        assert ["Strange" in str(reason) or type(reason) is Strange for reason in node.run(main)] == [True, True]


def test_isolation_off_also_hands_over_what_has_a_class_without_a_hash() -> None:
    class Function(metaclass=Unhashed):
        def __call__(self) -> None:
            pass

    class Server(GenServer):
        def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
            GenServer.reply(from_, state)
            return NoReply(state)

    async def main() -> Any:
        strange = Strange()
        spawn_monitor(Function())
        down = await receive(Down)
        return down.reason, await GenServer.call(await Server.start(strange), "state") is strange

    with Node(clock="virtual", isolation=False) as node:
        assert node.run(main) == ("normal", True)


def test_an_object_is_copied_whose_class_has_a_hash_and_is_derived_from_one_without() -> None:
    class Hashed(Unhashed):
        __hash__ = type.__hash__

    class Above(metaclass=Unhashed):
        pass

    class Below(Above, metaclass=Hashed):
        pass

    below = Below()
    assert type(copy_term(below)) is Below
    assert copy_term(below) is not below


def test_a_class_whose_instances_were_sent_is_not_kept() -> None:
    def gone() -> Any:
        class Local:
            pass

        copy_term([Local()])
        return weakref.ref(Local)

    local = gone()
    gc.collect()
    assert local() is None


def test_a_context_variable_is_a_key_and_no_value() -> None:
    word: contextvars.ContextVar[str] = contextvars.ContextVar("word", default="nothing")

    async def main() -> Any:
        word.set("of the process")
        return await in_thread(word.get), copy_term([word])[0] is word

    with Node() as node:
        assert node.run(main) == ("of the process", True)


# --- classes of modules that not every program loads -------------------------------------------------------------

CONSTANTS = [
    "datetime.date(2026, 1, 2)", "datetime.datetime(2026, 1, 2)", "datetime.time(3)", "datetime.timedelta(1)",
    "decimal.Decimal('0.1')", "fractions.Fraction(1, 3)", "pathlib.PurePosixPath('a')", "pathlib.Path('b')",
]  # fmt: skip


@pytest.mark.parametrize("made", CONSTANTS)
def test_what_cannot_change_passes_as_it_is_also_where_its_module_is_loaded_later(made: str) -> None:
    """In a new process: the first such term, alone, in a tuple, in a list, and as a key of a table."""
    program = f"""
import otp_mini, sys
from otp_mini.copying import cannot_change, copy_reason, copy_term
module = {made.partition(".")[0]!r}
assert module not in sys.modules
import {made.partition(".")[0]}
term = {made}
deep = ("put", (term, 1))
assert {{"lone": copy_term(term), "deep": copy_term(deep), "reason": copy_reason(deep)}}["deep"] is deep
assert copy_term(term) is term and copy_term([term])[0] is term and copy_reason(term) is term
assert cannot_change(term) or module == "pathlib", "a row of a table keeps it"
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_class_that_only_has_the_name_of_one_is_copied() -> None:
    class Decimal:
        def __init__(self) -> None:
            self.digits = [1]

    Decimal.__module__, Decimal.__qualname__ = "decimal", "Decimal"
    one = Decimal()
    assert copy_term(one) is not one
    assert copy_term(one).digits is not one.digits

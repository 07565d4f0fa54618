"""An `async def`, a generator function or a class where a function is called on the spot: refused, and nothing done."""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from otp_mini import Agent, BadArg, GenServer, Node, Process, Registry, Task, ets, self_, spawn, spawn_link
from otp_mini.ets import ANY, Var


async def wait(*args: Any) -> bool:
    return True


async def flow(*args: Any) -> AsyncIterator[int]:
    yield 1


def make(*args: Any) -> Iterator[int]:
    yield 1


class Patient:
    async def __call__(self, *args: Any) -> bool:
        return True

    async def method(self, *args: Any) -> bool:
        return True


WRONG: dict[str, tuple[Any, str]] = {
    "async def": (wait, "wait is an async def: nobody would run it"),
    "async generator": (flow, "flow is an async def: nobody would run it"),
    "generator function": (make, "make has a yield: a call only makes a generator"),
    "partial": (functools.partial(wait, 1), "is an async def: nobody would run it"),
    "async method": (Patient().method, "Patient.method is an async def: nobody would run it"),
    "async call": (Patient(), "is an async def: nobody would run it"),
    "lambda": (lambda *args: wait(1), "<lambda> answered something to be awaited"),
    "no function": ("fn", "must be a function, got 'fn'"),
    "nothing": (None, "must be a function, got None"),
}
USES: dict[str, Callable[[Any], object]] = {
    "dispatch": lambda function: Registry.dispatch("topics", "news", function),
    "update_value": lambda function: Registry.update_value("names", "me", function),
    "Registry.select, guard": lambda function: Registry.select("names", (ANY, ANY, Var(1)), function),
    "Registry.select, body": lambda function: Registry.select("names", (ANY, ANY, Var(1)), body=function),
    "count_select": lambda function: Registry.count_select("names", (ANY, ANY, Var(1)), function),
    "match": lambda function: Registry.match("names", "me", Var(1), function),
    "count_match": lambda function: Registry.count_match("names", "me", Var(1), function),
    "unregister_match": lambda function: Registry.unregister_match("names", "me", Var(1), function),
    "foldl": lambda function: ets.foldl(function, 0, "table"),
    "select, guard": lambda function: ets.select("table", (ANY, Var(1)), function),
    "select, body": lambda function: ets.select("table", (ANY, Var(1)), body=function),
    "select_count": lambda function: ets.select_count("table", (ANY, Var(1)), function),
    "select_delete": lambda function: ets.select_delete("table", (ANY, Var(1)), function),
}
NEEDED = {"dispatch", "update_value", "foldl"}
"""Those that need a function; for the others None means none."""
GUARDS = [use for use in USES if use not in {*NEEDED, "Registry.select, body", "select, body"}]


def with_everything(work: Callable[[], Any]) -> Any:
    """Run something where the registries `topics` and `names` and the table `table` have one entry each."""

    async def main() -> Any:
        for name, keys, key in (("topics", "duplicate", "news"), ("names", "unique", "me")):
            await Registry.start_link({"keys": keys, "name": name})
            Registry.register(name, key, 1)
        ets.new("table", named=True)
        ets.insert("table", ("row", 1))
        return work()

    with Node(clock="virtual") as node:
        return node.run(main)


def untouched() -> None:
    assert Registry.lookup("names", "me") == [(self_(), 1)]
    assert ets.tab2list("table") == [("row", 1)]


@pytest.mark.parametrize(
    ("use", "wrong"), [(use, wrong) for use in USES for wrong in WRONG if wrong != "nothing" or use in NEEDED]
)
def test_what_would_be_called_in_vain_is_refused_with_a_sentence(use: str, wrong: str) -> None:
    function, said = WRONG[wrong]

    def work() -> None:
        with pytest.raises(BadArg) as refused:
            USES[use](function)
        assert said in str(refused.value)
        assert use.split(",")[0].removeprefix("Registry.") in str(refused.value)
        untouched()

    with_everything(work)


@pytest.mark.parametrize("use", GUARDS)
def test_a_guard_that_forgets_its_return_or_is_always_true_is_refused(use: str) -> None:
    def work() -> None:
        for guard, said in (
            (lambda value: None, "answered None: is a return missing?"),
            (lambda value: (each for each in [value]), "which is always true"),
            (Patient, "Patient is a class"),
        ):
            with pytest.raises(BadArg, match=r"answers? True or False") as refused:
                USES[use](guard)
            assert said in str(refused.value)
        untouched()
        USES[use](lambda value: 0)  # no, as for Python's `if`
        untouched()
        USES[use](bool)

    with_everything(work)


def test_a_class_is_a_function_where_its_object_is_the_answer() -> None:
    def work() -> None:
        assert ets.select("table", (ANY, Var(1)), body=str) == ["1"]
        assert Registry.update_value("names", "me", float) == (1.0, 1)
        with pytest.raises(BadArg, match="its object would be made and dropped"):
            Registry.dispatch("topics", "news", Patient)

    with_everything(work)


@pytest.mark.parametrize("use", ["match", "count_match", "unregister_match", "ets.match", "ets.match_delete"])
def test_a_function_where_a_pattern_is_wanted_is_refused(use: str) -> None:
    def work() -> None:
        with pytest.raises(BadArg, match="A function is a guard, and stands after the pattern"):
            if use.startswith("ets."):
                getattr(ets, use[4:])("table", lambda row: True)
            else:
                getattr(Registry, use)("names", "me", lambda value: True)
        untouched()

    with_everything(work)


def test_nobody_needs_to_be_found_for_a_mistake_to_be_told() -> None:
    def work() -> None:
        with pytest.raises(BadArg, match="is an async def"):
            Registry.dispatch("topics", "nobody subscribes to this", wait)
        with pytest.raises(BadArg, match="is an async def"):
            ets.select("table", ("no such row", Var(1)), wait)

    with_everything(work)


class Till(GenServer):
    """What somebody hands over where a function is wanted: to call it makes an object, and starts nothing."""


WANTS_A_FUNCTION: dict[str, Any] = {
    "spawn": lambda: spawn(Till, 0),
    "spawn_link": lambda: spawn_link(Till, 0),
    "Task.async_": lambda: Task.async_(Till, 0),
    "Task.async_stream": lambda: Task.async_stream([1], Till),
    "Agent.start_link": lambda: Agent.start_link(Till).send(None),
    "Agent.cast": lambda: Agent.cast("agent", Till),
    "ets.foldl": lambda: ets.foldl(Till, 0, "table"),
    "ets.select": lambda: ets.select("table", (ANY, Var(1)), body=Till),
    "Registry.update_value": lambda: Registry.update_value("names", "me", Till),
    "Registry.dispatch": lambda: Registry.dispatch("topics", "news", Till),
}


@pytest.mark.parametrize("use", WANTS_A_FUNCTION)
def test_the_class_of_a_server_is_refused_where_a_function_is_wanted(use: str) -> None:
    def work() -> None:
        before = Process.list()
        with pytest.raises(BadArg, match=r"Got the class Till: .* Write `await Till.start_link\(...\)`."):
            WANTS_A_FUNCTION[use]()
        assert Process.list() == before

    with_everything(work)


def test_a_fold_by_any_class_is_refused_for_its_object_would_be_what_is_folded() -> None:
    def work() -> None:
        with pytest.raises(BadArg, match=r"the function of ets\.foldl is a class"):
            ets.foldl(Patient, 0, "table")

    with_everything(work)

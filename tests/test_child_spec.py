"""How a child is started: the basic form of its specification."""

from __future__ import annotations

import copy
import dataclasses
import types
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from otp_mini import (
    Agent,
    BadArg,
    ChildSpec,
    CopyError,
    DynamicSupervisor,
    GenServer,
    Node,
    Pid,
    Process,
    Supervisor,
    child_spec,
)
from otp_mini.child_spec import strict_key
from otp_mini.copying import copy_term


class Counter(GenServer):
    """A server like any other."""


def test_a_servers_child_spec_is_its_class_and_its_start() -> None:
    spec = Counter.child_spec(5)
    assert spec.id is Counter
    assert spec.start == (Counter.start_link, (5,))
    assert spec.modules == (Counter,)


def test_a_child_is_a_permanent_worker_by_default() -> None:
    spec = Counter.child_spec()
    assert (spec.restart, spec.type, spec.shutdown, spec.significant) == ("permanent", "worker", None, False)


def test_the_start_of_a_child_spec_starts_the_server() -> None:
    async def main() -> bool:
        function, arguments = Counter.child_spec(5).start
        pid = await function(*arguments)
        return Process.alive(pid)

    with Node(clock="virtual") as node:
        assert node.run(main) is True


def test_override_replaces_fields_and_leaves_the_original() -> None:
    spec = Counter.child_spec(5)
    other = spec.override(id="other", restart="transient")
    assert (other.id, other.restart, other.start) == ("other", "transient", spec.start)
    assert (spec.id, spec.restart) == (Counter, "permanent")


def test_override_refuses_an_unknown_field_and_names_the_known() -> None:
    with pytest.raises(BadArg) as error:
        Counter.child_spec().override(restarts="transient")
    said = str(error.value)
    assert "got 'restarts'" in said
    for field in ("id", "start", "restart", "shutdown", "type", "significant", "modules"):
        assert field in said


def test_a_child_spec_cannot_be_changed() -> None:
    spec: Any = ChildSpec(id=1, start=(print, ()))
    with pytest.raises(dataclasses.FrozenInstanceError):
        spec.id = 2


def test_the_arguments_of_a_start_are_a_list_or_a_tuple() -> None:
    one, other = ChildSpec("a", (Counter.start_link, [1])), ChildSpec("a", (Counter.start_link, (1,)))
    assert one == other
    assert one.override(id="b").start == (Counter.start_link, (1,))
    assert one.override(start=(Counter.start_link, [2])).start == (Counter.start_link, (2,))

    async def main() -> Any:
        sup = await Supervisor.start_link([one], strategy="one_for_one")
        pid = await DynamicSupervisor.start_child(await DynamicSupervisor.start_link(), one)  # type: ignore[arg-type]
        return (await Supervisor.count_children(sup)).active, isinstance(pid, Pid)

    with Node(clock="virtual") as node:
        assert node.run(main) == (1, True)


KINDS = [GenServer, Agent, Supervisor, DynamicSupervisor]


@pytest.mark.parametrize("kind", KINDS)
def test_a_class_says_in_its_first_line_how_it_is_a_child(kind: Any) -> None:
    class Worker(kind, restart="transient", shutdown=1.0, id="w", significant=True):  # type: ignore[call-arg, misc]
        pass

    argument = len if kind is Agent else None
    spec, plain = Worker.child_spec(argument), kind.child_spec(argument)
    assert (spec.restart, spec.shutdown, spec.id, spec.significant) == ("transient", 1.0, "w", True)
    assert (spec.type, spec.modules) == (plain.type, (Worker,))
    assert (plain.restart, plain.id) == ("permanent", kind)


def test_what_a_class_says_of_itself_its_subclasses_say_too_but_for_the_id() -> None:
    class Worker(GenServer, restart="transient", id="w"):
        pass

    class Porter(Worker, shutdown=2.0):
        pass

    spec = Porter.child_spec()
    assert (spec.restart, spec.shutdown, spec.id) == ("transient", 2.0, Porter)
    assert child_spec(Porter, restart="temporary").restart == "temporary"


@pytest.mark.parametrize("kind", KINDS)
def test_a_class_that_says_what_a_specification_has_not_is_refused(kind: Any) -> None:
    with pytest.raises(BadArg, match=r"a child spec has the fields id, start, .*; got 'restrat'"):
        type(kind)("Worker", (kind,), {}, restrat="transient")


@pytest.mark.parametrize("argument", [None, 5, "words"])
def test_an_agent_is_a_child_with_a_function(argument: Any) -> None:
    with pytest.raises(BadArg, match=r"an agent is started with the function that makes its first state, \(Agent, lam"):
        Agent.child_spec(argument)
    assert child_spec((Agent, dict)).start == (Agent.start_link, (dict,))


async def waits() -> Any:
    return ChildSpec("a", (Counter.start_link, ()))


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        (waits, "is called at once and cannot wait"),
        (lambda: None, "must return a ChildSpec, got None: is a `return` missing?"),
    ],
)
def test_a_child_spec_that_waits_or_forgets_its_return_is_told(answers: Any, said: str) -> None:
    odd: Any = type("Odd", (GenServer,), {"child_spec": staticmethod(answers)})
    with pytest.raises(BadArg, match=said):
        child_spec(odd)


def test_a_key_is_the_same_for_the_same_content_only() -> None:
    class Quiet(type):
        def __hash__(cls) -> int:
            raise RuntimeError("do not hash me")

    loop: list[Any] = []
    loop.append(loop)
    different: list[Any] = [
        0, 0.5, False, None, "", b"", (), [], {}, set(), frozenset(), "tuple", ("tuple",), [()], ([],), {1: 2},
        {1: 2.0}, 10**400, 1j, Decimal("1.0"), Decimal("1"), Decimal("sNaN"), ValueError("a"), ValueError("b"),
        KeyError("a"), object(), object(), len, waits, GenServer, Quiet("Q", (), {}), loop, float("inf"), float("nan"),
    ]  # fmt: skip
    keys = [strict_key(each) for each in different]
    assert len(set(keys)) == len(different)
    same = [each for each in different if each is not loop and type(each) is not object]
    assert [strict_key(copy.deepcopy(each)) for each in same] == [strict_key(each) for each in same]


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"restart": "sometimes"}, "restart must be permanent, transient or temporary, got 'sometimes'"),
        ({"restart": None}, "restart must be permanent"),
        ({"shutdown": -1}, "shutdown must be seconds from 0 up"),
        ({"shutdown": "kill"}, "shutdown must be"),
        ({"type": "server"}, "type must be worker or supervisor, got 'server'"),
        ({"significant": 1}, "significant must be True or False, got 1"),
        ({"modules": GenServer}, "modules must be a tuple of classes"),
        ({"start": GenServer.start_link}, "start must be"),
    ],
)
@pytest.mark.parametrize("base", [GenServer, Supervisor, Agent])
def test_what_a_class_says_of_its_processes_is_checked_where_it_is_said(base: Any, said: Any, words: str) -> None:
    with pytest.raises(BadArg, match=f"class Courier: {words}"):
        types.new_class("Courier", (base,), said)


class Named(ChildSpec):
    """A specification with a class of its own."""


@pytest.mark.parametrize("kind", [ChildSpec, Named])
@pytest.mark.parametrize("copied", [copy_term, copy.deepcopy])
def test_a_spec_in_which_nothing_can_change_is_its_own_copy(
    kind: type[ChildSpec], copied: Callable[[ChildSpec], ChildSpec]
) -> None:
    fixed = kind(id=("room", 1), start=(Counter.start_link, (5, "five")), modules=(Counter,))
    assert copied(fixed) is fixed
    basket = ["apple"]
    other = kind(id=1, start=(Counter.start_link, (basket, basket)), restart="transient", shutdown=1.0)
    mine = copied(other)
    assert mine == other and type(mine) is kind and mine is not other
    one, same = mine.start[1]
    assert one is same and one is not basket


def test_a_spec_that_cannot_be_copied_is_refused_as_any_term() -> None:
    spec = ChildSpec(id=1, start=(Counter.start_link, ((number for number in range(3)),)))
    with pytest.raises(CopyError) as caught:
        copy_term(("start_child", spec))
    said = str(caught.value)
    assert said.count("It was found in ('start_child', ChildSpec(id=1, ") == said.count("It was found in") == 1

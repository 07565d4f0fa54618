"""How a child is started: the basic form of its specification."""
from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from otp_mini import BadArg, ChildSpec, GenServer, Node, Process


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

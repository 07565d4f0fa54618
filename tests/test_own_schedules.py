"""otp_mini's own supervisors, registries and applications in every order: what must hold, whoever goes first."""

from __future__ import annotations

from typing import Any

import pytest

from otp_mini import AlreadyRegistered, ChildError, DynamicSupervisor, Process, Registry, Supervisor, explore, self_
from tests.own_scenarios import RACES, Race

WHOLE = {
    "start_against_terminate",
    "restart_against_delete",
    "terminate_against_crash",
    "name_of_child_taken",
    "restart_against_terminate",
    "two_starts_for_one_place",
    "start_against_end",
    "dynamic_terminate_against_crash",
    "dispatch_against_unregister",
    "two_register",
    "stop_application_against_crash",
}
"""The scenarios of which every schedule is tried."""


@pytest.mark.parametrize("race", RACES, ids=lambda race: race.scenario.__name__)
def test_what_must_hold_does_in_every_order(race: Race) -> None:
    result = explore(race.scenario, race.check, most=race.most)
    assert result.wrong == []
    assert result.exhaustive == (race.scenario.__name__ in WHOLE), result.headline()


# ---- what a fault would come to -----------------------------------------------------------------------


def wrong(name: str) -> bool:
    """Whether a scenario finds a fault."""
    race = next(race for race in RACES if race.scenario.__name__ == name)
    return bool(explore(race.scenario, race.check, most=100).wrong)


@pytest.mark.parametrize("reason", [RuntimeError("a bug"), ("already_started", None), "a bug"])
def test_an_error_that_is_not_the_expected_one_is_a_fault(reason: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fails(*_: Any) -> Any:
        raise ChildError(reason)

    monkeypatch.setattr(Supervisor, "start_child", fails)
    assert wrong("start_against_terminate")


def test_a_child_that_is_listed_as_stopped_while_it_is_restarted_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    which_children = Supervisor.which_children

    async def without_the_dead(supervisor: Any) -> Any:
        rows = await which_children(supervisor)
        return [row if Process.alive(row.pid) else row._replace(pid=None) for row in rows]

    monkeypatch.setattr(Supervisor, "which_children", without_the_dead)
    assert wrong("list_during_restart")


def test_a_child_that_does_not_come_back_is_a_fault() -> None:
    [race] = [race for race in RACES if race.scenario.__name__ == "list_during_restart"]
    assert race.check([1, 1, 0, "restarting", True, 1, False])
    for not_back in ("restarting", True, 0), (True, 0, False), (False, 1, False), (True, 1, True):
        assert not race.check([1, 1, 0, "restarting", *not_back])


def test_a_place_that_stays_taken_for_a_while_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    start_child = DynamicSupervisor.start_child

    async def one_at_most(supervisor: Any, spec: Any) -> Any:
        if spec.restart != "temporary":
            raise ChildError("max_children")
        return await start_child(supervisor, spec)

    monkeypatch.setattr(DynamicSupervisor, "start_child", one_at_most)
    assert wrong("start_against_end")


def test_a_key_that_stays_taken_for_a_while_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    register = Registry.register

    def only_the_first(name: Any, key: Any, value: Any) -> Any:
        if value == 2:
            raise AlreadyRegistered(self_())
        return register(name, key, value)

    monkeypatch.setattr(Registry, "register", only_the_first)
    assert wrong("register_against_death")

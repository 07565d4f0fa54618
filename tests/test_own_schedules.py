"""otp_mini's own supervisors, registries and applications in every order: what must hold, whoever goes first."""

from __future__ import annotations

import pytest

from otp_mini import explore
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

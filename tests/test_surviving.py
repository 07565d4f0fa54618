"""A check may demand that an answer survives a campaign, and names the fault that breaks it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from attacks import refusal

from otp_mini import ChildSpec, FailingStart, GenServer, Kill, NoReply, Ok, Reply, Supervisor, campaign
from otp_mini.exercises import NotYet, check, expect_to_survive


class Till(GenServer):
    def init(self, argument: Any) -> Any:
        return Ok(0)

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        return Reply(state, state + (request == "pay"))


async def pay() -> None:
    await GenServer.call("till", "pay")


async def paid() -> Any:
    return await GenServer.call("till", "paid")


async def open_till() -> Any:
    return await Till.start_link(None, name="till")


def till(**options: Any) -> Callable[[], Any]:
    async def start() -> Any:
        return await Supervisor.start_link([ChildSpec("till", (open_till, []))], strategy="one_for_one", **options)

    return start


async def users_can_pay(start: Any) -> None:
    """Users can pay whatever comes."""
    faults = [Kill("till", at=30.5), FailingStart("till", at=60.5, times=2)]
    expect_to_survive(start, faults, pay, "how many restarts a bad minute takes", hours=0.03)


async def nothing_is_lost(start: Any) -> None:
    """What was paid stays paid."""
    expect_to_survive(start, [Kill("till", at=30.5)], pay, "where the money is kept", hours=0.03, state=paid, lost=0)


def test_an_answer_that_survives_a_campaign_passes(capsys: pytest.CaptureFixture[str]) -> None:
    asyncio.run(check(users_can_pay, till()))
    assert capsys.readouterr().out == "ok: users_can_pay: users can pay whatever comes.\n"


def test_a_campaign_that_breaks_the_answer_names_the_fault_and_what_a_user_saw() -> None:
    error = refusal(users_can_pay, till(max_restarts=2))
    done, seen = error.parts["What was done"], error.parts["Seen"]
    assert "At 0:01:00.500 FailingStart('till', at=60.5, times=2) struck till" in done
    assert "the root gave up on till" in done
    assert "a user asked at 0:01:01.000 and its call to till exited: no such process" in seen
    assert error.parts["Hoped for"] == "all of the requests answered rightly"
    assert error.parts["Look again at"] == "how many restarts a bad minute takes"
    assert "gives up on till" in error.happened
    assert "user ends" in error.happened.splitlines()[-1]


def test_a_campaign_that_loses_state_says_how_much() -> None:
    error = refusal(nothing_is_lost, till())
    assert "Kill('till', at=30.5)" in error.parts["What was done"]
    assert "30 lost" in error.parts["Seen"]
    assert error.parts["Hoped for"] == "nothing lost of what the system remembers"


def test_a_campaign_tells_what_is_wrong_before_any_fault() -> None:
    class Shy(Till):
        def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
            return NoReply(state)

    async def start() -> Any:
        async def shy() -> Any:
            return await Shy.start_link(None, name="till")

        return await Supervisor.start_link([ChildSpec("till", (shy, []))], strategy="one_for_one")

    error = refusal(users_can_pay, start)
    assert "before any fault came: a user asked at 0:00:01.000" in error.parts["Seen"]


def test_a_campaign_tells_a_stub_a_failed_start_and_a_missing_target_as_any_check_does() -> None:
    async def stub() -> Any:
        raise NotImplementedError

    async def fails() -> Any:
        return {}["till"]

    async def other() -> Any:
        return await Supervisor.start_link([], strategy="one_for_one")

    assert "NotImplementedError" in refusal(users_can_pay, stub).parts["Seen"]
    assert "KeyError: 'till'" in refusal(users_can_pay, fails).parts["Seen"]
    assert "no child with the id and no path 'till'" in refusal(users_can_pay, other).parts["Seen"]


def test_what_is_kept_where_no_fault_comes_to_is_refused_unless_it_may_outlive_the_system() -> None:
    kept = [0]

    class Global(Till):
        def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
            kept[0] += request == "pay"
            return Reply(kept[0], state)

    async def start() -> Any:
        async def shop() -> Any:
            return await Global.start_link(None, name="till")

        return await Supervisor.start_link([ChildSpec("till", (shop, []))], strategy="one_for_one")

    error = refusal(nothing_is_lost, start)
    assert error.parts["Seen"] == "the new one remembered 107 more than the first one did when it started"
    assert "outside all processes" in error.parts["Look again at"]
    how = {"hours": 0.03, "state": paid, "lost": 0}
    assert expect_to_survive(start, [Kill("till", at=30.5)], pay, "", outlives=True, **how).lost == 0
    assert expect_to_survive(till(), [], pay, "", **how).lost == 0


def test_a_check_may_demand_less_than_all() -> None:
    found = expect_to_survive(till(max_restarts=0), [Kill("till", at=30.5)], pay, "", hours=0.1, availability=0.8)
    assert 0.8 < found.availability < 0.9
    with pytest.raises(NotYet, match=r"at least 99.9 % of the requests"):
        expect_to_survive(till(max_restarts=0), [Kill("till", at=30.5)], pay, "", hours=0.1, availability=0.999)


def test_a_long_campaign_gives_the_check_a_sign_of_life_and_changes_nothing() -> None:
    told: list[tuple[int, int]] = []
    quiet = campaign(till(), [Kill("till", every=30.0)], pay, hours=0.1)
    loud = campaign(till(), [Kill("till", every=30.0)], pay, hours=0.1, progress=lambda *far: told.append(far))
    assert told == [(100, 360), (200, 360), (300, 360)]
    assert str(loud) == str(quiet)

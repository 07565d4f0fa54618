"""The checks of chapter 11 beyond their attack table, and its model answers against their own sentences.

The faults here are unlike those of the checks: hundreds at a time, at the same moment, killed from outside, trapping,
long after the stated number, and in an order that is drawn.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from attacks_11 import Fares, Trips, Weather, brutally, careful, mailed, offers_by, office, trip_by_deadline
from attacks_11 import loose as below_asks
from playing import play as played
from test_exercises import READ, defined

from otp_mini import (
    Down,
    Exit,
    GenServer,
    Process,
    Supervisor,
    Task,
    current_node,
    receive,
    self_,
    send,
    spawn,
)
from otp_mini.exercises import check
from otp_mini.exercises import tasks as ex

MODEL = defined(READ["11_tasks"])


def answers(seconds: float, answer: Any = "answer") -> Callable[[Any], Awaitable[Any]]:
    """A source that takes its time; an exception is raised."""

    async def ask(_: Any) -> Any:
        await Process.sleep(seconds)
        if isinstance(answer, BaseException):
            raise answer
        return answer

    return ask


def now() -> float:
    return current_node().now()


async def nothing_more() -> None:
    """Wait for an hour; nothing is left of anything."""
    await Process.sleep(3600.0)
    assert await receive(timeout=0.0) == "timeout"


def test_other_numbers_are_judged_as_well() -> None:
    asyncio.run(check(ex.trip, trip_by_deadline, seconds=(1.0,) * 50, city="Riga", quiet=True))
    asyncio.run(check(ex.within, brutally, seconds=3600.0, answer=(0,), quiet=True))
    asyncio.run(check(ex.offers, offers_by(below_asks), seconds=7200.0, quiet=True))
    asyncio.run(check(ex.weather, Weather, city=("a", "pair"), seconds=4000.0, quiet=True))
    asyncio.run(check(ex.open_office, office(mailed(careful, shutdown=10.0)), seconds=7.0, quiet=True))
    asyncio.run(check(ex.fares, Fares, city="Riga", seconds=600.0, callers=40, quiet=True))
    asyncio.run(check(ex.trips, Trips, city="Riga", patience=900.0, quiet=True))


@pytest.mark.parametrize("seconds", [0.0, 12.5, 29.9])
def test_a_hundred_questions_of_any_length_are_answered_in_their_order(seconds: float) -> None:
    async def play() -> None:
        draw = random.Random(11)
        spans = [draw.uniform(0.0, seconds) for _ in range(100)]
        questions = [answers(span, number) for number, span in enumerate(spans)]
        assert await MODEL["trip"](questions, "Riga") == list(range(100))
        assert now() == pytest.approx(max(spans))
        await nothing_more()

    played(play)


def test_a_trip_whose_question_fails_ends_whoever_called_at_that_moment() -> None:
    async def play() -> None:
        home = self_()

        async def caller() -> None:
            try:
                await MODEL["trip"]([answers(20.0), answers(3.0, KeyError("Riga"))], "Riga")
            except (Exit, Exception):
                send(home, "caught")

        watch = Process.monitor(spawn(caller))
        down = await receive(lambda message: type(message) is Down and message.ref == watch)
        assert isinstance(down.reason, KeyError)
        assert now() == pytest.approx(3.0)
        await nothing_more()

    played(play)


def test_an_answer_in_the_very_moment_of_the_limit_is_returned_or_late_and_nothing_is_left() -> None:
    async def play() -> None:
        for seconds in (0.0, 1.0, 60.0):
            began = now()
            assert await MODEL["within"](answers(seconds), "Riga", seconds) in ("answer", "late")
            assert now() - began == pytest.approx(seconds)
            await nothing_more()

    played(play)


def test_what_is_late_and_traps_exits_is_ended_as_well() -> None:
    async def stubborn(_: Any) -> None:
        Process.flag(trap_exit=True)
        while True:
            await Process.sleep(3600.0)

    async def play() -> None:
        await Task.Supervisor.start_link(name="asks")
        before = len(current_node().processes())
        assert await MODEL["within"](stubborn, "Riga", 2.0) == "late"
        assert await MODEL["offers"](stubborn, ["sky", "nord"], 2.0) == {"sky": "late", "nord": "late"}
        assert len(current_node().processes()) == before
        await nothing_more()

    played(play)


def test_offers_of_hundreds_agree_with_what_became_of_each() -> None:
    draw = random.Random(36)
    fates = {f"airline {n}": (draw.uniform(0.0, 8.0), draw.choice(("price", "raise", "kill"))) for n in range(300)}

    async def ask(airline: Any) -> Any:
        seconds, fate = fates[airline]
        await Process.sleep(seconds)
        if fate == "kill":
            spawn(Process.exit, self_(), "kill")
            await Process.sleep(0.001)
        if fate == "raise":
            raise Exit({"no": "price"})
        return airline

    async def play() -> None:
        await Task.Supervisor.start_link(name="asks")
        found = await MODEL["offers"](ask, list(fates), 5.0)
        for airline, (seconds, fate) in fates.items():
            hoped = "late" if seconds > 5.0 else airline if fate == "price" else "failed"
            assert found[airline] == hoped, (airline, seconds, fate)
        assert await Task.Supervisor.children("asks") == []
        await nothing_more()

    played(play)


def test_the_newest_forecast_is_that_of_the_last_refresh_that_was_answered_in_any_order() -> None:
    draw = random.Random(50)

    async def play() -> None:
        await Task.Supervisor.start_link(name="asks")
        runs: list[tuple[float, bool]] = [(draw.uniform(0.0, 60.0), draw.random() < 0.6) for _ in range(200)]
        turn = iter(list(enumerate(runs)))

        async def ask(_: Any) -> int:
            number, (seconds, good) = next(turn)
            await Process.sleep(seconds)
            if not good:
                raise Exit("no station")
            return number

        pid = await MODEL["Weather"].start(ask)
        ends: list[tuple[float, int]] = []
        for number, (seconds, good) in enumerate(runs):
            GenServer.cast(pid, ("refresh", "Riga"))
            if good:
                ends.append((now() + seconds, number))
            await Process.sleep(0.5)
            hoped = max((n for at, n in ends if at < now()), default=None)
            assert await GenServer.call(pid, ("forecast", "Riga")) == hoped

    played(play)


def test_an_office_that_closes_with_hundreds_of_mails_sends_each_and_is_killed_by_none() -> None:
    posted: list[str] = []

    async def mail(customer: str) -> None:
        await Process.sleep(len(customer) % 9 + 0.5)
        if customer.endswith("7"):
            raise ValueError(customer)
        posted.append(customer)

    async def play() -> None:
        office = await MODEL["open_office"](mail)
        customers = [f"{'x' * (n % 30)} {n}" for n in range(300)]
        for customer in customers:
            GenServer.cast("confirmations", ("booked", customer))
        await Process.sleep(0.1)
        Process.exit(Process.whereis("confirmations"), "kill")
        await Process.sleep(0.1)
        await Supervisor.stop(office, timeout=None)
        assert sorted(posted) == sorted(c for c in customers if not c.endswith("7"))
        assert now() < 9.6

    played(play)


def test_a_kill_of_the_mails_supervisor_costs_its_mails_and_the_office_goes_on() -> None:
    posted: list[str] = []

    async def mail(customer: str) -> None:
        await Process.sleep(4.0)
        posted.append(customer)

    async def play() -> None:
        await MODEL["open_office"](mail)
        Process.exit(Process.whereis("mails"), "kill")
        await Process.sleep(0.1)
        GenServer.cast("confirmations", ("booked", "ann"))
        await Process.sleep(5.0)
        assert posted == ["ann"]

    played(play)


def test_a_fare_is_asked_once_for_a_thousand_callers_some_of_whom_end() -> None:
    runs: list[Any] = []

    async def ask(city: Any) -> Any:
        runs.append(city)
        await Process.sleep(30.0)
        return 99

    async def play() -> None:
        home = self_()
        await Task.Supervisor.start_link(name="asks")
        pid = await MODEL["MendedFares"].start_link(ask)

        async def call() -> None:
            send(home, await GenServer.call(pid, ("fare", "Riga"), timeout=None))

        callers = [spawn(call) for _ in range(1000)]
        await Process.sleep(1.0)
        for caller in callers[::10]:
            Process.exit(caller, "kill")
        assert [await receive() for _ in range(900)] == [99] * 900
        assert runs == ["Riga"]
        assert now() == pytest.approx(30.0)

    played(play)


def test_all_who_share_a_question_hear_at_once_that_its_supervisor_was_killed() -> None:
    async def play() -> None:
        home = self_()
        Process.flag(trap_exit=True)
        asks = await Task.Supervisor.start_link(name="asks")
        pid = await MODEL["MendedFares"].start_link(answers(600.0))

        async def call() -> None:
            send(home, ("got", await GenServer.call(pid, ("fare", "Riga"), timeout=None)))

        for _ in range(3):
            spawn(call)
        await Process.sleep(1.0)
        assert asks is not None
        Process.exit(asks, "kill")
        got = [await receive(lambda m: isinstance(m, tuple) and m[:1] == ("got",)) for _ in range(3)]
        assert got == [("got", ("error", "failed"))] * 3
        assert Process.alive(pid)

    played(play)


def test_trips_are_planned_while_everything_but_the_root_is_killed() -> None:
    async def play() -> None:
        Trips = MODEL["Trips"]
        root = await Trips.start_link()
        assert await Trips.plan({"sky": answers(1.0, 1)}, "Riga", 5.0) == {"sky": ("new", 1)}
        home = self_()

        async def plan() -> None:
            send(home, await Trips.plan({"sky": answers(3.0, 2), "nord": answers(1.0, 3)}, "Riga", 60.0))

        spawn(plan)
        await Process.sleep(2.0)
        Process.exit(Process.whereis("sources"), "kill")
        assert await receive() == {"sky": ("old", 1), "nord": ("new", 3)}
        Process.exit(Process.whereis("memory"), "kill")
        await Process.sleep(1.0)
        assert await Trips.plan({"sky": answers(9.0, 4)}, "Riga", 2.0) == {"sky": "unknown"}
        await Process.sleep(60.0)
        assert await Trips.plan({"sky": answers(9.0, 5)}, "Riga", 2.0) == {"sky": ("old", 4)}
        assert Process.alive(root)
        await nothing_more()

    played(play)

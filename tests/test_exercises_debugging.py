"""The checks of chapter 18 beyond their attack table, and its model answers against their own sentences.

The faults here are unlike those of the checks: real servers that crash, hang and are flooded in drawn orders, tests
that pass and fail in other ways, and a day of a watchdog beside an account that is kept by hand.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from typing import Any

import attacks_18 as attacks
import pytest
from playing import played
from test_exercises import READ, defined

from otp_mini import (
    TIMEOUT,
    Exit,
    GenServer,
    Process,
    Reply,
    Supervisor,
    explore,
    receive,
    self_,
    spawn,
    sys_,
    trace,
)
from otp_mini.exercises import check
from otp_mini.exercises import debugging as ex

MODEL = defined(READ["18_debugging"])


def test_other_numbers_are_judged_as_well() -> None:
    asyncio.run(check(ex.growing, attacks.one_loop, names=("p", "q", "r"), quiet=True))
    asyncio.run(check(ex.senders, attacks.counted, who="gate", quiet=True))
    asyncio.run(check(ex.held, attacks.carefully, kept=0, quiet=True))
    asyncio.run(check(ex.verdict, attacks.by_a_message, name="gate", quiet=True))
    asyncio.run(check(ex.late, attacks.with_assert_receive, names=("p", "q"), quiet=True))
    asyncio.run(check(ex.hall, attacks.hall(attacks.down_and_up), sides=("p", "q"), quiet=True))
    asyncio.run(check(ex.watchdog, attacks.TaggedDog, names=("p", "q"), quiet=True))


# ---- drills -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_one_that_grows_most_is_found_among_thirty_that_are_filled_killed_and_slow(seed: int) -> None:
    draw = random.Random(seed)
    names = [f"server {n}" for n in range(30)]

    async def play() -> None:
        for name in names:
            await ex.Busy.start(name)
            ex._fill(name, draw.randrange(0, 50))
        for _ in range(5):
            before = attacks.looked(names)

            async def meanwhile() -> None:
                for name in names:
                    ex._fill(name, draw.randrange(0, 20))
                    if draw.random() < 0.2:
                        await ex._end(name)
                        await ex.Busy.start(name)
                        ex._fill(name, 80)

            spawn(meanwhile)
            seen = await MODEL["growing"](names, 60.0)
            grown = {key[0]: long - before[key] for key, long in attacks.looked(names).items() if key in before}
            assert grown[seen] == max(grown.values()) > 0

    played(play)


def test_what_was_sent_agrees_with_what_lies_in_the_mailbox_and_what_was_taken() -> None:
    async def play() -> None:
        for name in ("a", "b", "c"):
            await ex.Sends.start(name)
        await ex.Busy.start("busy")
        with trace() as t:
            for number, name in enumerate("abcabca"):
                GenServer.cast("busy", name)
                MODEL["send"](name, ("busy", number))
            await Process.sleep(1.0)
        pid = Process.whereis("busy")
        assert pid is not None
        found = MODEL["senders"](t, "busy")
        mailbox = Process.info(pid)
        assert mailbox is not None
        assert sum(found.values()) == mailbox["message_queue_len"] == 7 + sum(range(7))
        assert {name: found[name] for name in "abc"} == {"a": 0 + 3 + 6, "b": 1 + 4, "c": 2 + 5}

    played(play)


class Answers(ex.Idle):
    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        return Reply(request, state)


def test_a_server_that_is_held_and_held_again_from_within_goes_on() -> None:
    async def play() -> None:
        pid = await Answers.start("board")

        async def inner() -> str:
            return "seen"

        async def outer() -> Any:
            with pytest.raises(Exit):
                await GenServer.call(pid, "anything", timeout=1.0)
            return await sys_.get_state(pid)

        assert await MODEL["held"](pid, inner) == "seen"
        assert await MODEL["held"](pid, outer) == "board"
        assert (await sys_.get_status(pid))["status"] == "running"

    played(play)


def test_a_held_server_that_its_supervisor_starts_anew_is_not_held() -> None:
    async def play() -> None:
        await Supervisor.start_link([(MODEL["Part"], "display")], strategy="one_for_one")

        async def look() -> str:
            pid = Process.whereis("display")
            assert pid is not None
            Process.exit(pid, "kill")
            await Process.sleep(0.1)
            return "a new one"

        assert await MODEL["held"]("display", look) == "a new one"
        assert (await sys_.get_status("display"))["status"] == "running"

    played(play)


def test_a_hundred_tests_one_after_the_other_leave_no_process_and_no_message() -> None:
    draw = random.Random(18)

    async def passes() -> None:
        await ex._Server.start_link(None, name="fixture")

    async def fails() -> None:
        await passes()
        raise ValueError(7)

    async def hangs() -> None:
        await passes()
        await Process.sleep(100.0)

    async def kills_itself() -> None:
        await passes()
        Process.exit(self_(), "kill")

    async def play() -> None:
        hoped = {passes: "passed", hangs: "timed out", kills_itself: ("failed", "killed")}
        for _ in range(100):
            test = draw.choice([passes, fails, hangs, kills_itself])
            seen = await MODEL["verdict"](test, 2.0)
            if test is fails:
                assert seen[0] == "failed"
                assert isinstance(seen[1], ValueError)
            else:
                assert seen == hoped[test]
            await Process.sleep(0.0)
            assert Process.whereis("fixture") is None
        assert await receive(timeout=0) is TIMEOUT

    played(play)


@pytest.mark.parametrize(
    "reason", ["normal", "shutdown", "killed", ("shutdown", "passed"), ("shutdown", ("verdict", "passed"))]
)
def test_whatever_reason_a_test_exits_with_it_has_failed_with_that_and_its_server_is_gone(reason: Any) -> None:
    async def exits() -> None:
        await ex._Server.start_link(None, name="fixture")
        raise Exit(reason)

    async def play() -> None:
        assert await MODEL["verdict"](exits, 2.0) == ("failed", reason)
        await Process.sleep(0.0)
        assert Process.whereis("fixture") is None

    played(play)


def test_a_test_that_outlives_every_polite_signal_is_ended_in_time() -> None:
    async def stays() -> None:
        Process.flag(trap_exit=True)
        await ex._Server.start_link(None, name="fixture")
        while True:
            await receive()

    async def play() -> None:
        assert await MODEL["verdict"](stays, 2.0) == "timed out"
        await Process.sleep(0.0)
        assert Process.whereis("fixture") is None
        assert await receive(timeout=0) is TIMEOUT

    played(play)


# ---- repairs ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["late-given", "hall-given"])
def test_the_old_tests_pass_in_some_orders_at_most(name: str) -> None:
    if name == "late-given":
        found = explore(ex._run_of(MODEL["old_test_late"], ex.Panel, "any"))
    else:
        found = explore(ex._run_of(MODEL["old_test_hall"], ex.RIGHT_HALLS[0][1](("a", "b")), "a", "b"))
    verdicts = Counter(outcome[0] for outcome in found.values.values())
    assert found.exhaustive
    assert set(verdicts) > {"passed"}


class _Crashes(ex.Panel):
    async def take(self, name: Any, speaker: Any, train: Any, minutes: Any, known: Any) -> None:
        await super().take(name, speaker, train, minutes, known)
        if train in known:
            raise ValueError(train)


class _Caps(ex.Panel):
    def show(self, name: Any, train: Any, minutes: Any) -> None:
        super().show(name, train, min(minutes, 5))


@pytest.mark.parametrize("panel", [_Crashes, _Caps], ids=lambda panel: panel.__name__)
def test_the_model_test_finds_panels_that_are_broken_in_other_ways(panel: Any) -> None:
    found = explore(ex._run_of(MODEL["test_late"], panel, "track 1"))
    assert found.exhaustive
    assert all(map(ex._has_failed, found.values.values()))


class _NeverUp(ex.Display):
    async def init(self, argument: Any) -> Any:
        return await super().init((argument[0], self_(), *argument[2:]))


def test_the_model_test_finds_a_hall_that_never_says_it_is_up() -> None:
    found = explore(ex._run_of(MODEL["test_hall"], ex._hall(_NeverUp)(("a", "b")), "a", "b"))
    assert found.exhaustive
    assert all(map(ex._has_failed, found.values.values()))


# ---- design -----------------------------------------------------------------------------------------------------


class Account:
    """The rises of one name, counted as the exercise says."""

    def __init__(self) -> None:
        self.before: Any = None
        self.rises = 0

    def look(self, now: Any) -> bool:
        same = self.before is not None and now is not None and now[0] is self.before[0]
        self.rises = self.rises + 1 if same and now[1] > self.before[1] else 0
        self.before = now
        return self.rises == 2


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_day_of_a_watchdog_agrees_with_an_account_by_hand(seed: int) -> None:
    draw = random.Random(seed)
    names = ["a", "b", "c"]

    async def play() -> None:
        accounts = {name: Account() for name in names}
        dog = await MODEL["Watchdog"].start_link({"names": names, "every": 60.0, "tell": self_()})
        await Process.sleep(30.0)
        for _ in range(24 * 60):
            for name in names:
                what = draw.random()
                if what < 0.1:
                    await ex._end(name)
                elif what < 0.2:
                    await ex._end(name)
                    await ex.Busy.start(name)
                if Process.whereis(name) is not None and draw.random() < 0.6:
                    ex._fill(name, draw.randrange(1, 4))
            now = {name: pid for name in names if (pid := Process.whereis(name)) is not None}
            looks = {name: (pid, attacks.length(name)) for name, pid in now.items()}
            hoped = [("grows", name, looks[name][1]) for name in names if accounts[name].look(looks.get(name))]
            await Process.sleep(60.0)
            assert await ex._told() == hoped
            assert await GenServer.call(dog, "lengths") == {name: long for name, (_, long) in looks.items()}

    played(play)

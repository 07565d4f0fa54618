"""The model answers of chapter 01 against their own sentences, with faults that its checks do not use."""

from __future__ import annotations

import asyncio
import contextlib
import random
from typing import Any

import pytest
from attacks_01 import Asking, Watching, counters, keep_by_calling_itself, reckoning
from test_exercises import READ, defined

from otp_mini import (
    Exit,
    ExitSignal,
    GenServer,
    Pid,
    Process,
    Supervisor,
    receive,
    self_,
    send,
    spawn,
    spawn_link,
)
from otp_mini.exercises import check
from otp_mini.exercises import core_philosophy as ex
from tests.playing import play

MODEL = defined(READ["01_core_philosophy"])


@pytest.mark.parametrize("start", [MODEL["start_reckoning"], reckoning(Watching), reckoning(Asking)])
def test_shelf_and_reckoner_agree_whatever_ends_and_however_often(start: Any) -> None:
    """In both at once, in bursts below the budget, at odd times, with exceptions."""

    async def main() -> None:
        root = await start()
        chance = random.Random(7)
        for round_ in range(40):
            ends = chance.choice([["shelf"], ["reckoner"], ["shelf", "reckoner"], ["reckoner", "shelf"]])
            for name in ends:
                Process.exit(pid_of(name), chance.choice(["kill", "worn out", ("shutdown", "moved"), ValueError("no")]))
            await Process.sleep(1.0)
            on_shelf = await GenServer.call("shelf", "all")
            assert await GenServer.call("reckoner", "sum") == (len(on_shelf), sum(on_shelf))
            assert await GenServer.call("reckoner", ("add", round_)) == "ok"
            await Process.sleep(chance.choice([5.0, 60.0, 3600.0]))
        assert Process.alive(root)
        Process.unlink(root)
        Process.exit(root, "kill")

    play(main)


def test_the_model_reckoner_waits_out_a_shelf_that_is_away() -> None:
    """Asked in the instant of the shelf's end, it may end over it; a second later it is there and right."""

    async def main() -> Any:
        root = await MODEL["start_reckoning"]()
        await GenServer.call("reckoner", ("add", 5))
        Process.exit(pid_of("shelf"), "kill")
        with contextlib.suppress(Exit):
            await GenServer.call("reckoner", "sum")
        await Process.sleep(1.0)
        seen = await GenServer.call("reckoner", "sum")
        await Supervisor.stop(root)
        return seen

    assert play(main) == (0, 0)


@pytest.mark.parametrize("keep", [MODEL["mended_keep"], keep_by_calling_itself])
def test_a_keeper_bears_a_process_that_fails_at_once_and_many_times(keep: Any) -> None:
    async def main() -> None:
        started: list[Pid] = []

        async def work(number: int) -> None:
            if number < 200:
                raise Exit("at once")
            await receive()

        def start() -> Pid:
            started.append(spawn_link(work, len(started)))
            return started[-1]

        keeper = spawn(keep, start)
        await Process.sleep(1.0)
        assert len(started) == 201
        assert Process.alive(started[-1])
        Process.exit(keeper, "shutdown")
        await Process.sleep(1.0)
        assert not Process.alive(started[-1])

    play(main)


def test_a_keeper_ends_with_whoever_started_it() -> None:
    async def main() -> Any:
        async def work() -> None:
            await receive()

        async def above() -> None:
            spawn_link(MODEL["mended_keep"], lambda: spawn_link(work))
            await Process.sleep(1.0)
            raise Exit("moved")

        spawn(above)
        await Process.sleep(0.5)
        before = len(Process.list())
        await Process.sleep(1.0)
        return before, len(Process.list())

    assert play(main) == (4, 1)


def test_last_words_tell_two_ends_apart_and_an_exception_too() -> None:
    async def main() -> Any:
        async def fails(error: BaseException) -> None:
            await receive()
            raise error

        first, second = spawn(fails, Exit("first")), spawn(fails, KeyError("second"))
        send(first, "go")
        words = [await MODEL["last_words"](first)]
        send(second, "go")
        words.append(await MODEL["last_words"](second))
        return [word if isinstance(word, str) else type(word).__name__ for word in words]

    assert play(main) == ["first", "KeyError"]


def test_last_words_leave_the_end_of_another_process_where_it_is() -> None:
    async def main() -> Any:
        async def fails(reason: str) -> None:
            raise Exit(reason)

        older = Process.monitor(spawn(fails, "older"))
        await Process.sleep(1.0)
        words = await MODEL["last_words"](spawn(fails, "asked"))
        left = await receive()
        return words, left.ref == older, left.reason

    assert play(main) == ("asked", True, "older")


def test_a_keeper_ends_by_a_normal_signal_and_leaves_its_process_alone() -> None:
    async def main() -> Any:
        async def work() -> None:
            await receive()

        kept: list[Pid] = []
        keeper = spawn(MODEL["mended_keep"], lambda: kept.append(spawn_link(work)) or kept[-1])
        await Process.sleep(1.0)
        Process.exit(keeper, "normal")
        await Process.sleep(1.0)
        return Process.alive(keeper), [Process.alive(pid) for pid in kept]

    assert play(main) == (False, [True])


def test_the_till_is_right_after_a_thousand_payments_of_both_kinds() -> None:
    async def main() -> Any:
        pid, chance = spawn(MODEL["mended_till"], 0, 0), random.Random(3)
        amounts = [chance.choice([None, 0, 1, 499, 2.5]) for _ in range(1000)]
        for amount in amounts:
            send(pid, ("paid", self_(), amount))
        answers = [await receive() for _ in amounts]
        assert answers == ["declined" if amount is None else "ok" for amount in amounts]
        send(pid, ("sum", self_()))
        paid = [amount for amount in amounts if amount is not None]
        return await receive() == (len(paid), sum(paid))

    assert play(main) is True


def test_counters_share_one_budget_and_the_supervisor_is_linked_to_its_starter() -> None:
    async def main() -> Any:
        Process.flag(trap_exit=True)
        albums = await MODEL["start_counters"](["sea", "snow"])
        for name in ("sea", "snow", "sea", "snow"):
            Process.exit(pid_of(name), "kill")
            await Process.sleep(0.1)
        ended = await receive(ExitSignal)
        return ended.pid is albums, ended.reason

    assert play(main) == (True, "shutdown"), "the fourth end within five seconds is one too many"


def test_the_checks_take_other_numbers() -> None:
    asyncio.run(check(ex.likes, MODEL["likes"], first=-3, steps=(0,), quiet=True))
    asyncio.run(check(ex.start_counters, counters, names=("a", "b", "c", "d"), quiet=True))
    asyncio.run(check(ex.mended_keep, MODEL["mended_keep"], reasons=(("shutdown", 1), "kill", "normal"), quiet=True))
    asyncio.run(check(ex.start_reckoning, MODEL["start_reckoning"], photos=(1,), quiet=True))


def pid_of(name: str) -> Pid:
    """Whoever has the name."""
    pid = Process.whereis(name)
    assert pid is not None, name
    return pid

"""The model answers of chapter 06 against their own sentences, with faults that its checks do not use."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import pytest
from attacks_06 import Bare, IntervalBeacon, LinkedBeacon, TwoBranches, looks_and_retires, looks_first
from test_exercises import READ, defined

from otp_mini import (
    ChildSpec,
    GenServer,
    Ignore,
    Ok,
    Pid,
    Process,
    StartError,
    Supervisor,
    receive,
    self_,
    send,
    spawn,
    sys_,
    trace,
)
from otp_mini.exercises import basic_supervisor as ex
from otp_mini.exercises import check
from tests.playing import play_trapping as play

MODEL = defined(READ["06_basic_supervisor"])


def pid_of(name: str) -> Pid:
    pid = Process.whereis(name)
    assert pid is not None, name
    return pid


@pytest.mark.parametrize("end", ["terminate_child", "stop", "give up"])
def test_the_model_laundry_brings_all_to_the_safe_however_it_is_ended(end: str) -> None:
    """Stopped by the supervisor above, by itself, or because it gives up over a machine."""

    async def main() -> int:
        machines = [f"machine {number}" for number in range(40)]
        spec = ChildSpec("laundry", (MODEL["Laundry"].start_link, (machines,)), type="supervisor", restart="temporary")
        above = await Supervisor.start_link([spec], strategy="one_for_one")
        assert above is not None
        for number, name in enumerate(machines):
            await GenServer.call(name, ("pay", number))
        with trace() as t:
            if end == "terminate_child":
                await Supervisor.terminate_child(above, "laundry")
            elif end == "stop":
                await Supervisor.stop(above)
            else:
                for _ in range(4):  # the coins of this one machine are lost with it
                    Process.exit(pid_of("machine 39"), "kill")
                    await Process.sleep(0.1)
        paid = [
            event.term[2][1]
            for event in t.filter(kind="send")
            if "pay" in str(event.term) and t.name(event.other) == "safe"
        ]  # type: ignore[index]
        return sum(paid)

    assert play(main) == sum(range(39 if end == "give up" else 40))


@pytest.mark.parametrize("Beacon", [MODEL["Beacon"], IntervalBeacon, LinkedBeacon])
def test_a_beacon_beats_on_through_kills_at_odd_moments_and_a_listener_that_does_not_answer(Beacon: Any) -> None:
    async def main() -> None:
        chance = random.Random(6)
        spec = ChildSpec("beacon", (Beacon.start_link, (3.0,)))
        root = await Supervisor.start_link([spec], strategy="one_for_one")
        lives: set[int] = set()
        for _ in range(12):
            listener = await ex._Listener.start(None, name="listener")
            assert listener is not None
            await sys_.suspend(listener)  # it reads nothing for a while
            Process.exit(pid_of("beacon"), chance.choice(["kill", "shutdown", "moved", ValueError("no")]))
            await Process.sleep(chance.choice([0.001, 3.0, 4.4]))
            Process.exit(pid_of("beacon"), "kill")
            await Process.sleep(30.5)
            await sys_.resume(listener)
            heard = [beat for _, _, (_, beat) in await sys_.get_state(listener)][-10:]
            assert heard == list(range(1, 11))
            assert await GenServer.call("beacon", "count") == 10
            for stray in ("tock", ("tick",), [1], ValueError("no"), Ok(1)):
                send("beacon", stray)
            assert await GenServer.call("beacon", "count") == 10
            lives.add(len(Process.list()))
            await GenServer.stop(listener)
        assert len(lives) == 1, "nothing is left over from a beacon that ended"
        assert root is not None
        await Supervisor.stop(root)
        before = len(Process.list())
        await Process.sleep(60.0)
        assert len(Process.list()) == before, "nothing ticks for nobody"

    play(main)


class Shy(GenServer):
    """Has nothing to do here."""

    def init(self, _: Any) -> Ignore:
        return Ignore()


@pytest.mark.parametrize("ensure", [MODEL["ensure"], looks_first])
def test_ensure_of_a_child_that_ignores_its_start_is_none_each_time(ensure: Any) -> None:
    async def main() -> list[object]:
        sup = await Supervisor.start_link([], strategy="one_for_one")
        return [await ensure(sup, ChildSpec("shy", (Shy.start_link, (None,)))) for _ in range(3)]

    assert play(main) == [None, None, None]


def test_many_who_ensure_the_same_child_at_once_get_one_process() -> None:
    async def main() -> int:
        sup = await Supervisor.start_link([], strategy="one_for_one")
        home = self_()

        async def asks() -> None:
            send(home, ("got", await MODEL["ensure"](sup, ex._loud("one"))))

        for _ in range(30):
            spawn(asks)
        got = [await receive(lambda m: isinstance(m, tuple) and m[0] == "got") for _ in range(30)]
        return len({pid for _, pid in got})

    assert play(main) == 1


@pytest.mark.parametrize("retire", [MODEL["mended_retire"], looks_and_retires])
@pytest.mark.parametrize("strategy", ["one_for_one", "rest_for_one", "one_for_all"])
def test_what_is_retired_stays_away_through_a_season_of_crashes(retire: Any, strategy: str) -> None:
    async def main() -> None:
        names = [f"child {number}" for number in range(8)]
        root = await ex._family(names, strategy)
        for number in (5, 0, 7):
            assert await retire(root, ("child", names[number])) == "ok"
        left = [name for name in names if name not in (names[5], names[0], names[7])]
        for name in [*left, *left[::-1]]:
            Process.exit(pid_of(name), ValueError("no"))
            await Process.sleep(6.0)
            assert [name for name in names if Process.whereis(name)] == left
        assert Process.alive(root)

    play(main)


def test_a_slow_child_is_retired_when_it_has_ended_and_one_that_is_too_slow_is_killed() -> None:
    class Slow(GenServer):
        def init(self, argument: Any) -> Ok:
            Process.flag(trap_exit=True)
            return Ok(argument)

        async def terminate(self, reason: object, seconds: float) -> None:
            await Process.sleep(seconds)

    async def main() -> list[object]:
        children = [ChildSpec(seconds, (Slow.start_link, (seconds,))) for seconds in (3.0, 60.0)]
        root = await Supervisor.start_link(children, strategy="one_for_one")
        assert root is not None
        answers = [await MODEL["mended_retire"](root, seconds) for seconds in (3.0, 60.0)]
        return [*answers, (await Supervisor.count_children(root)).specs]

    assert play(main) == ["ok", "ok", 0]


def test_the_root_of_a_start_that_failed_fifty_supervisors_down() -> None:
    async def main() -> Any:
        async def fails() -> Pid | None:
            return await ex._Broken.start_link(("noproc", "somewhere"))

        child: Any = ChildSpec(0, (fails, ()))
        for number in range(1, 50):
            child = ChildSpec(number, (ex._branch, (child,)), type="supervisor")
        try:
            await ex._branch(child)
        except StartError as error:
            return MODEL["root_cause"](error.reason)

    assert play(main) == ([*range(49, -1, -1)], ("noproc", "somewhere"))


@pytest.mark.parametrize("free", [0, 1, 500])
def test_the_model_car_park_comes_back_after_each_end_and_gives_up_at_the_fourth(free: int) -> None:
    async def main() -> list[bool]:
        root = await MODEL["MendedCarPark"].start_link(free)
        for name in ("spaces", "exit", "entry"):
            Process.exit(pid_of(name), ValueError("no"))
            await Process.sleep(0.1)
        assert await GenServer.call("spaces", "free") == free
        alive = [Process.alive(root)]
        Process.exit(pid_of("exit"), "kill")
        await Process.sleep(0.1)
        return [*alive, Process.alive(root)]

    assert play(main) == [True, False]


@pytest.mark.parametrize("Village", [MODEL["Village"], TwoBranches, Bare])
@pytest.mark.parametrize("seed", range(4))
def test_a_year_in_the_village(Village: Any, seed: int) -> None:
    """Houses are opened and closed, and whatever may end does, by exceptions too."""

    async def main() -> None:
        chance = random.Random(seed)
        everywhere = [f"house {number}" for number in range(9)]
        there = set(everywhere[:4])
        root = await Village.start_link(sorted(there))
        kept = pid_of("houses")
        for _ in range(60):
            house = chance.choice(everywhere)
            match chance.choice(["open", "close", "meter", "cable", "meters", "two"]):
                case "open":
                    there.add(house)
                    assert await Village.open(house) == pid_of(f"meter {house}")
                case "close":
                    there.discard(house)
                    assert await Village.close(house) == "ok"
                case "meter" if there:
                    Process.exit(pid_of(f"meter {chance.choice(sorted(there))}"), ValueError("no"))
                case "cable":
                    Process.exit(pid_of("cable"), chance.choice(["kill", "moved", KeyError("x")]))
                case "meters" if there and (keeper := ex._parent(pid_of(f"meter {min(there)}"))) is not root:
                    assert keeper is not None
                    await Supervisor.stop(keeper)
                case "two" if there:
                    for name in ("cable", f"meter {min(there)}"):  # in one instant
                        Process.exit(pid_of(name), "kill")
            await Process.sleep(6.0)
            assert {each for each in everywhere if Process.whereis(f"meter {each}")} == there
            assert await sys_.get_state("cable") >= there
            assert pid_of("houses") is kept
        assert root is not None
        await Supervisor.stop(root)
        assert [name for name in ("village", "houses", "cable", "meters") if Process.whereis(name)] == []

    play(main)


def test_the_checks_take_other_numbers() -> None:
    asyncio.run(check(ex.laundry, MODEL["Laundry"], machines=(), quiet=True))
    asyncio.run(check(ex.beacon, MODEL["Beacon"], seconds=0.25, quiet=True))
    asyncio.run(check(ex.ensure, looks_first, names=("one",), quiet=True))
    asyncio.run(check(ex.root_cause, MODEL["root_cause"], ids=("x",), quiet=True))
    asyncio.run(check(ex.car_park, MODEL["MendedCarPark"], free=1, quiet=True))
    asyncio.run(check(ex.village, MODEL["Village"], houses=("a", "b"), quiet=True))

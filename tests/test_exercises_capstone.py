"""The checks of chapter 19 beyond their attack table, and its model answers against their own sentences.

The faults here are unlike those of the checks: other seeds, storms, hangs, crashes of what is drawn, an archive that is
away again and again, and everything at the same moment.
"""

from __future__ import annotations

import asyncio
import random
from typing import Any

import pytest
from attacks_19 import Dispatching, Later, TwoLists, by_loop, chat, looks_first, nameless, talk, tree
from playing import played
from test_exercises import READ, defined

from otp_mini import (
    Below,
    ChildError,
    Crash,
    Exit,
    FailingStart,
    GenServer,
    Hang,
    Kill,
    Process,
    Registry,
    Storm,
    Supervisor,
    Unreachable,
    Via,
    campaign,
    ets,
    self_,
    send,
    spawn,
    sys_,
)
from otp_mini.exercises import NotYet, check
from otp_mini.exercises import capstone as ex

MODEL = defined(READ["19_capstone"])


def test_other_numbers_are_judged_as_well() -> None:
    asyncio.run(check(ex.ledger, TwoLists, failures=9, saved=(), quiet=True))
    asyncio.run(check(ex.rooms, tree(nameless), names=("x", "y"), quiet=True))
    asyncio.run(check(ex.reopen, looks_first, listed=("d", "c"), used=("b", "a", "c"), quiet=True))
    asyncio.run(check(ex.choose, by_loop, ex.OTHER_CHOICE, quiet=True))
    asyncio.run(check(ex.members, Dispatching, rooms=("a", "b", "c"), quiet=True))
    asyncio.run(check(ex.safe, Later, key=None, item=("x",), quiet=True))
    asyncio.run(check(ex.chat, chat(), rooms=(1,), reason=("shutdown", "moved"), quiet=True))


def test_the_score_tells_of_every_row_what_broke_it() -> None:
    with pytest.raises(NotYet) as caught:
        asyncio.run(check(ex.chat, chat(talk=lambda run: talk(run, "temporary"))))
    told = str(caught.value)
    assert "The score: 6 of 11 rows." in told
    assert [row for row in ex.ROWS if f"\n  {row:9} " not in told] == []
    assert max(map(len, caught.value.orders.splitlines())) <= 80


# ---- drill 1 ----------------------------------------------------------------------------------------------------


def test_a_ledger_keeps_every_item_of_a_week_without_an_archive() -> None:
    async def play() -> None:
        draw, left = random.Random(19), [2000]

        async def fetch() -> list[str]:
            await Process.sleep(draw.random())
            left[0] -= 1
            if left[0]:
                raise draw.choice([OSError("no route"), Exit("away"), Exit("normal"), ValueError()])
            return ["old"]

        ledger = await MODEL["Ledger"].start_link(fetch)
        hoped = []
        for number in range(200):
            await Process.sleep(draw.random() * 100)
            assert await GenServer.call(ledger, ("add", number)) == "ok"
            hoped.append(number)
            send(ledger, ("stray", number))
        await Process.sleep(20_000.0)
        assert await GenServer.call(ledger, "items") == ["old", *hoped]

    played(play)


# ---- drill 2 ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_rooms_crash_hang_and_fail_to_start_and_the_others_notice_nothing(seed: int) -> None:
    names = ("tea", "bees", "seeds", "hall")

    async def start() -> Any:
        return await MODEL["Rooms"].start_link([(ex.Chatter, name) for name in names])

    async def others() -> bool:
        return None not in [Process.whereis(name) for name in names[:2]]

    faults = [
        Storm(Crash("seeds"), times=20, within=5.0, every=300.0),
        Storm(Kill("hall"), times=6, within=1.0, every=200.0),
        FailingStart("tea", every=400.0, times=3),
        Hang("bees", every=300.0, for_=60.0),
    ]
    found = campaign(start, faults, others, seed, hours=0.5, every=5.0)
    assert (found.availability, found.went_down) == (1.0, 0)


# ---- drill 3 ----------------------------------------------------------------------------------------------------


def test_two_trees_of_rooms_stand_on_one_node() -> None:
    async def scene() -> Any:
        for names in (("tea", "bees"), ("seeds",)):
            await MODEL["Rooms"].start_link([(ex.Chatter, name) for name in names])
        return [Process.whereis(name) is not None for name in ("tea", "bees", "seeds")]

    assert played(scene) == [True, True, True]


class Slow(ex.Open, restart="temporary"):
    """A room that takes up to a second to open, and now and then cannot."""

    draw = random.Random(19)

    async def init(self, room: Any) -> Any:
        await Process.sleep(self.draw.random())
        if self.draw.random() < 0.2:
            raise OSError(room)
        return await super().init(room)


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_each_start_is_claimed_by_one_while_rooms_end_and_many_open_them(seed: int) -> None:
    rooms, listed = [f"room {n}" for n in range(6)], [f"room {n}" for n in (4, 1, 5)]

    async def play() -> None:
        Process.flag(trap_exit=True)
        draw, claimed, failed = random.Random(seed), list[str](), list[str]()
        await ex._closed_chat(rooms[:2], seed % 2 == 0)

        async def caller() -> None:
            await Process.sleep(draw.random() * 20)
            try:
                mine = await MODEL["reopen"](ex.Open if draw.random() < 0.5 else Slow, listed)
            except ChildError as error:
                failed.append(repr(error.reason))
            else:
                claimed.extend(mine)
                first = [room for room in mine if room in listed]
                assert mine == [*sorted(first, key=listed.index), *sorted(set(mine) - set(listed))]

        for _ in range(40):
            spawn(caller)
        for room in (*rooms[2:], *rooms, *rooms):
            await Process.sleep(draw.random() * 2)
            ets.insert("lines", (room, []))
            if (pid := GenServer.whereis(Via("names", draw.choice(rooms)))) is not None:
                Process.exit(pid, draw.choice(["kill", "shutdown"]))
        await Process.sleep(60.0)
        opened = len(await ex.Agent.get("heard", list))
        assert len(claimed) <= opened, "nobody claims what another has started"
        assert opened - len(claimed) <= 6 * len(failed), "what is not claimed was started by one who got an error"
        missing = [room for room in rooms if GenServer.whereis(Via("names", room)) is None]
        assert await MODEL["reopen"](ex.Open, listed) == sorted(missing, key=[*listed, *rooms].index)
        assert await MODEL["reopen"](ex.Open, listed) == []

    played(play)


# ---- repair 1 ---------------------------------------------------------------------------------------------------


def test_a_guest_that_joins_again_and_again_while_the_room_ends_gets_each_line_once() -> None:
    async def play() -> None:
        await Registry.start_link(keys="unique", name="names")
        await Registry.start_link(keys="duplicate", name="members")
        room = ex.ChildSpec("tea", (MODEL["MendedRoom"].start_link, ("tea",)))
        await Supervisor.start_link([room], strategy="one_for_one", max_restarts=1000)
        for number in range(50):
            assert await MODEL["MendedRoom"].join("tea") == "ok"
            assert await GenServer.call(Via("names", "tea"), ("say", number)) == "ok"
            if number % 2:
                pid = GenServer.whereis(Via("names", "tea"))
                assert pid is not None
                Process.exit(pid, "kill")
                await Process.sleep(0.01)
        assert (Process.info(self_()) or {})["messages"] == [("tea", number) for number in range(50)]

    played(play)


# ---- repair 2 ---------------------------------------------------------------------------------------------------


def test_ok_is_in_the_archive_and_not_saved_is_not() -> None:
    async def play() -> None:
        draw, told = random.Random(19), []
        server = await MODEL["Safe"].start_link("archive")
        written: list[Any] = []
        for number in range(60):
            archive = None
            mood = draw.choice(["answers", "is slow", "hangs", "raises", "leaves", "away", "stopped"])
            if mood != "away":
                kind = "answers" if mood == "stopped" else mood
                archive = await ex.Archive.start(kind, name="archive")
                if mood == "stopped":
                    await sys_.suspend(archive)
            told.append((number, await GenServer.call(server, ("add", "tea", number))))
            if archive is not None and Process.alive(archive):
                if mood == "stopped":
                    await sys_.resume(archive)
                if mood != "hangs":
                    written += [item for _, item in await GenServer.call(archive, "written")]
                Process.exit(archive, "kill")
            await Process.sleep(0.01)
        said = {answer: {n for n, seen in told if seen == answer} for answer in ("ok", "not saved", "unknown")}
        assert said["ok"] <= set(written)
        assert not said["not saved"] & set(written)
        assert set(written) - said["ok"] <= said["unknown"]
        assert min(map(len, said.values())) > 3

    played(play)


# ---- the design -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [1, 2])
def test_the_model_tree_bears_an_hour_of_faults_of_every_kind(seed: int) -> None:
    rooms = ("tea", "bees", ("seeds", 3), "hall", "x", "y")
    house, said = ex._House(MODEL["ChatTree"], rooms), [0]

    async def speak() -> bool:
        said[0] += 1
        return await GenServer.call(Via("names", "tea"), ("say", said[0])) == "ok"

    async def lines() -> list[Any]:
        return await ex._lines_kept(["tea"])

    faults = [
        Storm(Kill(Below("rooms")), times=10, within=10.0, every=200.0),
        Kill("keeper", every=1200.0),
        Crash("store", every=900.0),
        Kill("names", every=1500.0),
        Kill("rooms", every=1300.0),
    ]
    found = campaign(house.start, faults, speak, seed, hours=1.0, every=7.0, state=lines)
    assert (found.availability, found.lost, found.went_down) == (1.0, 0.0, 0)


def test_the_model_tree_starts_and_works_with_an_archive_that_comes_and_goes() -> None:
    house = ex._House(MODEL["ChatTree"], ("tea", "bees"))

    async def speak() -> bool:
        return None not in [GenServer.whereis(Via("names", room)) for room in ("tea", "bees")]

    faults = [Unreachable("archive", every=120.0, for_=60.0), Hang("store", every=300.0, for_=10.0)]
    found = campaign(house.start, faults, speak, hours=0.5, every=7.0)
    assert (found.availability, found.went_down) == (1.0, 0)

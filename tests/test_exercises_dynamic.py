"""The checks of chapter 07 beyond their attack table, and its model answers against their own sentences.

The faults here are unlike those of the checks: slow as well as instant, silent as well as absent, twice, at the same
moment, long after the stated number.
"""

from __future__ import annotations

import asyncio
import random
from typing import Any

import pytest
from attacks_07 import Connection, House, hang_up, hotel, lives_on
from playing import play_trapping as played
from test_exercises import READ, defined

from otp_mini import (
    ChildError,
    ChildSpec,
    DynamicSupervisor,
    Exit,
    GenServer,
    Ok,
    Process,
    receive,
    self_,
    send,
    spawn,
    sys_,
)
from otp_mini.exercises import check
from otp_mini.exercises import dynamic_supervisor as ex

MODEL = defined(READ["07_dynamic_supervisor"])


def test_other_numbers_are_judged_as_well() -> None:
    asyncio.run(check(ex.hang_up, hang_up, name="lou", quiet=True))
    asyncio.run(check(ex.lives_on, lives_on, ends=(("transient", "killed"),) * 4, quiet=True))
    asyncio.run(check(ex.house, House, seats=2, quiet=True))
    asyncio.run(check(ex.house, hotel(), seats=30, quiet=True))


# ---- the model answers --------------------------------------------------------------------------------------


def test_the_count_of_ends_agrees_with_supervisors_on_many_lists() -> None:
    reasons = (
        "normal",
        "shutdown",
        ("shutdown", None),
        ("shutdown",),
        "killed",
        "shut down",
        (),
        Exit("line"),
        KeyError(),
    )
    draw = random.Random(7)

    async def play() -> None:
        for _ in range(60):
            kinds = draw.choices(("permanent", "transient", "temporary"), weights=(1, 4, 2), k=draw.randrange(12))
            ends = [(kind, draw.choice(reasons)) for kind in kinds]
            assert MODEL["lives_on"](ends) is await ex._really(ends), ends

    played(play)


def test_a_line_is_said_once_though_its_connection_ends_while_it_is_asked() -> None:
    async def play() -> None:
        await DynamicSupervisor.start_link(name="chat")
        board = await MODEL["MendedSwitchboard"].start_link()
        assert await GenServer.call(board, ("connect", "ann")) == "ok"
        home, ann = self_(), Process.whereis("ann")
        await sys_.suspend(ann)
        spawn(lambda: _ask(home, board, ("say", "ann", "first")))
        await Process.sleep(4.9)
        Process.exit(ann, "kill")
        assert await receive() == "not here"
        assert await GenServer.call(board, ("say", "ann", "second")) == ["second"]

    async def _ask(home: Any, board: Any, request: Any) -> None:
        send(home, await GenServer.call(board, request, timeout=None))

    played(play)


def test_a_chat_of_hundreds_is_open_and_each_comes_back_an_hour_later() -> None:
    async def play() -> None:
        people = [f"person {n}" for n in range(300)]
        chat = await MODEL["open_chat"](people)
        await Process.sleep(3600.0)
        old = [Process.whereis(person) for person in people]
        for _ in range(3):
            Process.exit(Process.whereis("person 7"), "kill")
            await Process.sleep(0.01)
        await Process.sleep(0.1)
        new = [Process.whereis(person) for person in people]
        assert [n for n in range(300) if old[n] is not new[n]] == [7]
        assert (await DynamicSupervisor.count_children(chat)).active == 300

    played(play)


class Slow(GenServer):
    """Its ``init`` takes a minute."""

    @classmethod
    async def start_link(cls, name: Any) -> Any:  # type: ignore[override]
        return await super().start_link(name, name=name)

    async def init(self, name: Any) -> Ok:
        await Process.sleep(60.0)
        return Ok(name)


def test_fifty_who_connect_to_a_slow_name_get_one_pid_and_one_that_ends_meanwhile_is_started_anew() -> None:
    async def play() -> None:
        chat = await DynamicSupervisor.start_link(name="chat")
        home, spec = self_(), ChildSpec("slow", (Slow.start_link, ("slow",)), restart="temporary")

        async def ask() -> None:
            send(home, await MODEL["connect"](spec))

        for _ in range(50):
            spawn(ask)
        assert {await receive() for _ in range(50)} == {Process.whereis("slow")}
        assert (await DynamicSupervisor.count_children(chat)).active == 1
        old = Process.whereis("slow")
        assert old is not None
        Process.exit(old, "kill")
        assert await MODEL["connect"](spec) not in (None, old)

    played(play)


def test_an_unusable_specification_is_an_error_of_the_caller() -> None:
    async def play() -> None:
        await DynamicSupervisor.start_link(name="chat", max_children=0)
        with pytest.raises(ChildError) as caught:
            await MODEL["connect"](ChildSpec("x", (Connection.start_link, ("x",))))
        assert caught.value.reason == "max_children"

    played(play)


def test_who_is_hung_up_while_it_is_restarted_or_says_a_long_farewell_is_gone_for_good() -> None:
    async def play() -> None:
        chat = await DynamicSupervisor.start_link(name="chat")
        await DynamicSupervisor.start_child(chat, ChildSpec("slow", (Slow.start_link, ("slow",))))
        Process.exit(Process.whereis("slow"), "kill")
        await Process.sleep(1.0)  # its next init has begun, and the name is taken
        assert await MODEL["hang_up"]("slow") in ("ok", "not here")
        assert await MODEL["hang_up"]("slow") in ("ok", "not here")
        await Process.sleep(600.0)
        person = MODEL["Person"]
        await DynamicSupervisor.start_child(chat, (person, "eve"))
        GenServer.cast("eve", ("farewell", 3600.0))
        assert await MODEL["hang_up"]("eve") == "ok"
        assert await MODEL["hang_up"]("eve") == "not here"
        await Process.sleep(600.0)
        assert Process.whereis("eve") is None
        assert Process.alive(chat)

    played(play)


def test_a_thousand_guests_fail_at_the_same_moment_and_one_that_greets_late_is_still_greeted() -> None:
    async def late() -> str:
        await Process.sleep(59.0)
        return "late"

    async def fails() -> str:
        await Process.sleep(7.0)
        raise Exit("no keys")

    async def play() -> None:
        chat = await DynamicSupervisor.start_link()
        guest = MODEL["MendedGuest"]
        await DynamicSupervisor.start_child(chat, (guest, ("late", late)))
        for n in range(1000):
            await DynamicSupervisor.start_child(chat, (guest, (n, fails)))
        await Process.sleep(60.0)
        assert (await DynamicSupervisor.count_children(chat)).active == 1
        assert await GenServer.call("late", "greeting") == "late"

    played(play)


def test_a_switchboard_outlives_connections_that_end_at_any_time() -> None:
    async def play() -> None:
        chat = await DynamicSupervisor.start_link(name="chat", max_restarts=1000)
        board = await MODEL["MendedSwitchboard"].start_link()
        for n in range(20):
            assert await GenServer.call(board, ("connect", n)) == "ok"
        for n in range(20):
            Process.exit(Process.whereis(n), ("kill", "shutdown", "cable cut")[n % 3])
            answer = await GenServer.call(board, ("say", n, "hi"))
            assert answer in (["hi"], "not here")
        await Process.sleep(0.1)
        await sys_.suspend(Process.whereis(3))
        assert await GenServer.call(board, ("say", 3, "hi"), timeout=10.0) == "not here"
        assert (await GenServer.call(board, ("say", 4, "late")))[-1] == "late"
        assert await GenServer.call(board, ("say", "switchboard", "to itself")) == "not here"
        await DynamicSupervisor.stop(chat)
        assert await GenServer.call(board, ("say", 4, "hi")) == "not here"
        assert Process.alive(board)

    played(play)


def test_a_house_is_full_at_the_same_moment_and_a_slow_farewell_at_the_door_frees_one_seat() -> None:
    async def play() -> None:
        house = MODEL["House"]
        await house.start_link(5)
        home = self_()

        async def come(name: str) -> None:
            send(home, await house.enter(name, "#tea"))

        for n in range(20):
            spawn(come, f"person {n}")
        answers = [await receive() for _ in range(20)]
        assert (answers.count("ok"), answers.count("full")) == (5, 15)
        GenServer.cast("person 2", ("farewell", 60.0))
        assert await house.leave("person 2") == "ok"
        assert await house.enter("kim", "#tea") == "ok"
        assert await house.enter("lou", "#tea") == "full"
        guests = [name for name in ("kim", *(f"person {n}" for n in range(20))) if Process.whereis(name)]
        for name in guests[:3]:
            GenServer.cast(name, ("farewell", 1.9))
            pid = Process.whereis(name)
            watch = Process.monitor(pid)
            spawn(house.leave, name)
            assert (await receive(lambda m, watch=watch: getattr(m, "ref", None) == watch)).reason == "shutdown"
        for name in guests[:3]:
            assert await house.enter(name, "#new") == "ok"

    played(play)


def test_rooms_that_crash_once_a_second_for_an_hour_touch_nobody() -> None:
    """Four crashes are too many for the budget of the rooms. The house bears that, four seconds apart."""

    async def play() -> None:
        house = MODEL["House"]
        root = await house.start_link(2)
        assert await house.enter("ann", "#tea") == "ok"
        ann = Process.whereis("ann")
        for _ in range(3600):
            await Process.sleep(1.0)
            if (room := Process.whereis("#tea")) is None:
                assert await house.leave("ben") in ("ok", "not here")
                assert await house.enter("ben", "#tea") == "ok"
            else:
                Process.exit(room, "kill")
        assert Process.whereis("ann") is ann
        assert Process.alive(root)

    played(play)

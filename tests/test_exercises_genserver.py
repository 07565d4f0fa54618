"""The model answers of chapter 03 against their own sentences, with faults that its checks do not use."""

from __future__ import annotations

import random
from typing import Any

import pytest
from test_exercises import READ, defined

import otp_mini
from otp_mini import Exit, GenServer, Node, Pid, Process, receive, self_, send, spawn, sys_
from tests.playing import play

NOTEBOOK = READ["03_genserver_basics"]
MODEL = defined(NOTEBOOK)
NOT_A_TEMPERATURE = (None, True, "19.8", float("nan"), float("inf"), -float("inf"), 85.0, -100.0, [19.8], 20j)


def whole_server() -> Any:
    """The greenhouse of the section "The whole server once"."""
    names: dict[str, Any] = dict(vars(otp_mini), __name__="notebook")
    cell = next(cell for cell in NOTEBOOK["cells"] if cell["id"] == "whole-server")
    exec("".join(cell["source"]), names)
    return names["Greenhouse"]


@pytest.mark.parametrize("strange", NOT_A_TEMPERATURE, ids=repr)
def test_the_whole_server_passes_over_what_is_no_temperature(strange: object) -> None:
    async def main() -> Any:
        house = await whole_server().start(None)
        send(house, ("sensor", 19.8))
        send(house, ("sensor", strange))
        return await GenServer.call(house, "celsius")

    assert play(main) == 19.5


def test_the_whole_server_shows_no_reading_of_two_minutes_ago_however_they_come() -> None:
    async def main() -> None:
        chance, house, last = random.Random(3), await whole_server().start(None), None
        for _ in range(400):
            await Process.sleep(chance.choice([0.5, 7.0, 59.9, 60.0, 60.1, 119.9, 300.0]))
            if chance.random() < 0.4:
                send(house, ("sensor", 20.0))
                last = node.now()
            celsius = await GenServer.call(house, "celsius")
            assert celsius is None or (last is not None and node.now() - last < 120.0)
            assert celsius is not None or last is None or node.now() - last >= 60.0

    with Node(clock="virtual") as node:
        node.run(main)


def test_the_whole_server_is_found_by_its_client_functions_under_a_supervisor() -> None:
    async def main() -> Any:
        house = whole_server()
        await otp_mini.Supervisor.start_link([(house, "greenhouse")], strategy="one_for_one", name="garden")
        Process.exit(Process.whereis("greenhouse"), "kill")  # type: ignore[arg-type]
        await Process.sleep(1.0)
        send("greenhouse", ("sensor", 19.8))
        seen = await house.celsius()
        await otp_mini.Supervisor.stop("garden")
        return seen

    assert play(main) == 19.5


@pytest.mark.parametrize("reason", ["normal", "shutdown", "kill", "a crash"])
@pytest.mark.parametrize("life", [0.0, 1e7])
def test_the_model_valve_closes_once_whatever_its_owner_ends_with(reason: object, life: float) -> None:
    async def main() -> list[object]:
        async def owner(pipe: Pid) -> None:
            await MODEL["MendedValve"].start_link(pipe)
            await Process.sleep(life)
            await receive()

        pid = spawn(owner, self_())
        await Process.sleep(life + 1.0)
        if reason == "normal":
            send(pid, "end")
        else:
            Process.exit(pid, reason)
        return [await receive(timeout=1.0) for _ in range(3)]

    assert play(main) == ["opened", "closed", "timeout"]


def test_the_model_oven_shows_no_guess_when_the_heating_fails() -> None:
    """Whoever waits is told, and nobody gets a number."""

    async def main() -> Any:
        model = defined(NOTEBOOK)

        async def fails(_: float) -> float:
            await Process.sleep(60.0)
            raise Exit("no current")

        model["Oven"].init.__globals__["heat"] = fails
        oven = await model["Oven"].start(4.0)
        with pytest.raises(Exit) as caught:
            await GenServer.call(oven, "celsius", timeout=None)
        return caught.value.reason[0]

    assert play(main) == "no current"


def test_the_model_desk_pairs_parcels_and_couriers_in_order_however_they_come() -> None:
    """In bursts, at the same moment and after years; couriers that are killed with a parcel in hand lose that one."""

    async def main() -> None:
        desk, taken = await MODEL["Desk"].start(None), []
        chance = random.Random(11)

        async def courier(number: int, home: Pid) -> None:
            send(home, (number, await MODEL["Desk"].take(desk)))

        came = put = 0
        while put < 300 or came < 300:
            for _ in range(chance.randrange(4)):
                if came < 300:
                    spawn(courier, came, self_())
                    came += 1
            await Process.sleep(chance.choice([0.0, 1.0, 1e8]))
            for _ in range(chance.randrange(4)):
                if put < 300:
                    MODEL["Desk"].put(desk, put)
                    put += 1
        while (news := await receive(timeout=1.0)) != "timeout":
            taken.append(news)
        assert sorted(taken) == [(number, number) for number in range(300)]
        assert await sys_.get_state(desk) == ([], [])

    play(main)


def test_the_model_sprinkler_keeps_its_rhythm_where_thousands_ask_and_write() -> None:
    async def main() -> int:
        sprinkler = await MODEL["Sprinkler"].start(60.0)
        for number in range(3000):
            send(sprinkler, ("hello", number))
            assert await GenServer.call(sprinkler, "times") == number // 60
            await Process.sleep(1.0)
        return int(await GenServer.call(sprinkler, "times"))

    assert play(main) == 50


def test_the_model_board_takes_notes_of_many_at_once_and_keeps_each_ones_order() -> None:
    async def main() -> list[Any]:
        board = await MODEL["Board"].start([])

        async def author(number: int) -> None:
            for note in range(20):
                MODEL["Board"].pin(board, (number, note))
                await Process.sleep(float(number % 3))

        for number in range(30):
            spawn(author, number)
        await Process.sleep(100.0)
        return list(await MODEL["Board"].notes(board))

    notes = play(main)
    assert len(notes) == 600
    assert all([note for who, note in notes if who == number] == list(range(20)) for number in range(30))


def test_the_model_tally_ends_with_any_other_call_and_its_caller_hears_of_it() -> None:
    async def main() -> None:
        for strange in ("count", ("count",), ("count", 1, 2), None, ("total",), {"count": 1}, b"total"):
            pid = await MODEL["Tally"].start(5)
            with pytest.raises(Exit):
                await GenServer.call(pid, strange, timeout=None)
            assert not Process.alive(pid)

    play(main)

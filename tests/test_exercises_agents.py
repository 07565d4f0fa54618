"""The checks of chapter 09 beyond their attack table, and its model answers against their own sentences.

The faults here are unlike those of the checks: many at the same moment, a caller who is killed on the way, three
processes in every order instead of two.
"""

from __future__ import annotations

import ast
import asyncio
import inspect
import json
import logging
import random
from itertools import accumulate, chain
from pathlib import Path
from typing import Any

import pytest
from attacks_09 import Door, House, enter, refresh
from playing import play as played
from test_exercises import READ, defined

import otp_mini
from otp_mini import Agent, Process, explore, receive, self_, send, spawn
from otp_mini.exercises import agents as ex
from otp_mini.exercises import check

MODEL = defined(READ["09_agents"])


async def whole(name: str) -> Any:
    return await Agent.get(name, lambda value: value)


@pytest.mark.slow
def test_other_numbers_are_judged_as_well() -> None:
    asyncio.run(check(ex.enter, enter, limit=2, quiet=True))
    asyncio.run(check(ex.refresh, refresh, seconds=70.0, degrees=-3, quiet=True))
    asyncio.run(check(ex.house, House, seats=4, quiet=True))
    asyncio.run(check(ex.door, Door, limit=5, quiet=True))


def test_no_function_of_the_drill_ends_in_the_very_moment_of_a_time_out() -> None:
    shown = inspect.signature(ex.answered).parameters["jobs"].default
    for jobs in (shown, *ex.OTHER_JOBS):
        ends = accumulate(seconds for seconds, _ in jobs)
        assert [end for end, (_, timeout) in zip(ends, jobs, strict=True) if end == timeout] == [], jobs


def test_the_pool_below_a_supervisor_can_be_started_again_by_its_cell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging.getLogger("otp_mini"), "disabled", True)  # the cell does so, and it is set back here
    path = Path(ex.__file__).parents[2] / "notebooks" / "09_agents.ipynb"
    cells = {cell["id"]: "".join(cell["source"]) for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]}
    page: dict[str, Any] = {**vars(otp_mini)}

    async def run(name: str) -> None:
        ran = eval(compile(cells[name], name, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT), page)
        if inspect.iscoroutine(ran):
            await ran

    async def play() -> list[int]:
        await run("Pool")
        await page["Pool"].start_link()
        counts = []
        for _ in range(3):
            await run("break-start")
            counts.append(await page["Pool"].inside())
        return counts

    assert played(play) == [3, 3, 3]


# ---- the model answers --------------------------------------------------------------------------------------


def test_two_hundred_come_at_once_and_the_limit_holds() -> None:
    async def play() -> Any:
        await Agent.start_link(lambda: 0, name="pool")
        home = self_()

        async def visitor() -> None:
            send(home, await MODEL["enter"](57))

        for _ in range(200):
            spawn(visitor)
        answers = [await receive() for _ in range(200)]
        return answers.count("in"), answers.count("full"), await whole("pool")

    assert played(play) == (57, 143, 57)


def test_three_come_to_two_places_in_every_order() -> None:
    enter = MODEL["enter"]

    async def visitor(home: Any) -> None:
        send(home, await enter(2))

    async def scene() -> Any:
        await Agent.start_link(lambda: 0, name="pool")
        for _ in range(3):
            spawn(visitor, self_())
        answers = sorted([await receive() for _ in range(3)])
        return tuple(answers), await Agent.get("pool", lambda n: n)

    found = explore(scene)
    assert found.exhaustive
    assert list(found.outcomes) == [(("full", "in", "in"), 2)]


def test_who_gets_an_answer_agrees_with_an_agent_on_many_lists() -> None:
    draw = random.Random(9)

    async def play() -> None:
        for _ in range(60):
            jobs = [(draw.randrange(1, 9), draw.randrange(1, 30) + 0.5) for _ in range(draw.randrange(9))]
            assert MODEL["answered"](jobs) == await ex._really(jobs), jobs

    played(play)


def test_each_of_a_hundred_notes_is_read_once_by_ten_readers_and_writers_are_never_held_up() -> None:
    async def play() -> Any:
        await Agent.start_link(list, name="box")
        home = self_()

        async def read(note: int) -> int:
            await Process.sleep(1.0)
            return note

        async def reader(pause: float) -> None:
            await Process.sleep(pause)
            send(home, await MODEL["read_notes"](read))

        async def writer(note: int) -> None:
            await Process.sleep(note / 10)
            await Agent.update("box", lambda notes: [*notes, note], timeout=0.001)

        for note in range(100):
            spawn(writer, note)
        for number in range(10):
            spawn(reader, 1.05 * number)
        answers = [await receive() for _ in range(10)]
        return sorted([*chain(*answers), *(await whole("box"))])

    assert played(play) == list(range(100))


def test_a_thermometer_that_never_answers_holds_up_nobody_and_others_are_written_down() -> None:
    async def play() -> Any:
        await Agent.start_link(lambda: dict.fromkeys(range(20), 0), name="basins")
        home = self_()

        async def asked(basin: int) -> None:
            async def measure() -> int:
                await Process.sleep(1e6 if basin == 7 else 20.0 - basin)
                return basin + 100

            send(home, await MODEL["mended_refresh"](basin, measure))

        stuck = [spawn(asked, basin) for basin in range(20)][7]
        answers = sorted([await receive() for _ in range(19)])
        Process.exit(stuck, "kill")
        return answers, await whole("basins")

    others = [n + 100 for n in range(20) if n != 7]
    assert played(play) == (others, {n: n + 100 if n != 7 else 0 for n in range(20)})


def test_no_total_of_a_house_is_ever_wrong_while_walkers_are_killed() -> None:
    draw = random.Random(3)

    async def play() -> None:
        house = MODEL["MendedHouse"]
        await house.start_link(3)
        for _ in range(5):
            await house.enter()
        for _ in range(300):
            walker = spawn(draw.choice((house.walk, house.back)))
            for _ in range(draw.randrange(3)):
                await Process.sleep(0.0)
            if draw.random() < 0.5:
                Process.exit(walker, "kill")
            pool, sauna = await house.counts()
            assert pool + sauna == 5
            assert 0 <= sauna <= 3

    played(play)


def test_three_at_the_door_in_every_order_and_two_who_call_out() -> None:
    door = MODEL["Door"]

    async def visitor(home: Any, ticket: str) -> None:
        send(home, await door.arrive(ticket))

    async def scene() -> Any:
        await door.start_link(1)
        for ticket in ("ann", "ben", "eve"):
            spawn(visitor, self_(), ticket)
        answers = [await receive() for _ in range(3)]
        return tuple(sorted(answers, key=repr)), await door.board()

    found = explore(scene)
    assert found.exhaustive
    assert list(found.outcomes) == [(("in", ("waiting", 1), ("waiting", 2)), (1, 2))]

    async def play() -> Any:
        await door.start_link(1)
        for ticket in ("ann", "ben", "eve"):
            await door.arrive(ticket)
        home = self_()

        async def say(ticket: str) -> str:
            await Process.sleep(3600.0)
            return ticket

        async def caller() -> None:
            send(home, await door.call_out(say))

        for _ in range(2):
            spawn(caller)
        return await receive(), await receive(), await door.board()

    assert played(play) == (["ben", "eve"], ["ben", "eve"], (1, 2))


def test_the_queue_of_the_check_keeps_its_own_rules() -> None:
    draw = random.Random(1)
    model = ex._Queue(3)
    for _ in range(2000):
        ticket = f"q{draw.randrange(8)}"
        getattr(model, draw.choice(("arrive", "leave")))(ticket)
        assert len(set(model.inside + model.queue)) == len(model.inside + model.queue)
        assert len(model.inside) == 3 or not model.queue

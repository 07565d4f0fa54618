"""The checks of chapter 12 beyond their attack table, and its model answers against their own sentences.

The faults here are unlike those of the checks: hundreds at a time, drawn at random, killed from outside, in the very
moment of a limit, and long after the stated number.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator
from itertools import count
from typing import Any

import pytest
from attacks_12 import Rounds, all_well, archive_by, gone_by, late_by, round_by, timetable
from playing import played
from test_exercises import READ, defined

from otp_mini import Exit, Process, Supervisor, Task, current_node, receive, self_, spawn
from otp_mini.exercises import async_stream as ex
from otp_mini.exercises import check

MODEL = defined(READ["12_async_stream"])


def now() -> float:
    return current_node().now()


async def nothing_more() -> None:
    """Wait for an hour; nothing is left of anything."""
    await Process.sleep(3600.0)
    assert await receive(timeout=0.0) == "timeout"


class Counted:
    """A visit by a table of seconds and fates, which counts how many run at the same time."""

    def __init__(self, fates: dict[Any, tuple[float, str]]) -> None:
        self.fates, self.running, self.most = fates, 0, 0
        self.begun: list[Any] = []

    def function(self) -> Callable[[Any], Awaitable[Any]]:
        async def visit(site: Any) -> Any:
            self.begun.append(site)
            self.running += 1
            self.most = max(self.most, self.running)
            try:
                return await self.fate(site)
            finally:
                self.running -= 1

        return visit

    async def fate(self, site: Any) -> Any:
        seconds, fate = self.fates[site]
        await Process.sleep(seconds)
        if fate == "kill":
            spawn(Process.exit, self_(), "kill")
            await Process.sleep(0.001)
        if fate == "raise":
            raise Exit({"no": "page"})
        return site


def drawn(seed: int, many: int, longest: float, *fates: str) -> Counted:
    draw = random.Random(seed)
    return Counted({n: (draw.uniform(0.0, longest), draw.choice(fates or ("there",))) for n in range(many)})


def test_other_numbers_are_judged_as_well() -> None:
    asyncio.run(check(ex.visit_all, all_well, seconds=(59.0,) * 30, at_once=7, quiet=True))
    asyncio.run(check(ex.arrivals, timetable, seconds=(1, 60, 2.5) * 10, at_once=6, quiet=True))
    asyncio.run(check(ex.with_late, late_by(), seconds=1000.0, quiet=True))
    asyncio.run(check(ex.first_gone, gone_by(), gone=40, seconds=1.0, quiet=True))
    asyncio.run(check(ex.mended_round, round_by(), seconds=9.9, quiet=True))
    asyncio.run(check(ex.mended_archive, archive_by(), seconds=19.5, quiet=True))
    asyncio.run(check(ex.rounds, Rounds, seconds=3.0, quiet=True))


@pytest.mark.parametrize("places", [1, 7, 300])
def test_two_hundred_visits_of_any_length_are_answered_in_their_order(places: int) -> None:
    async def play() -> None:
        visits = drawn(12, 200, 59.9)
        assert await MODEL["visit_all"](visits.function(), list(range(200)), places) == list(range(200))
        assert visits.most == min(places, 200)
        await nothing_more()

    played(play)


def test_a_timetable_is_that_of_a_real_stream_for_many_drawn_lists() -> None:
    draw = random.Random(53)

    async def heard(seconds: list[float], places: int, ordered: bool) -> list[float]:
        began = now()
        options: Any = {"max_concurrency": places, "ordered": ordered, "timeout": None}
        return [now() - began async for _ in Task.async_stream(seconds, Process.sleep, **options)]

    async def play() -> None:
        for _ in range(40):
            seconds = [draw.choice((0.5, 1, 2, 5.5, 30)) for _ in range(draw.randrange(12))]
            places = draw.randrange(1, 6)
            in_order, as_come = MODEL["arrivals"](list(seconds), places)
            assert in_order == pytest.approx(await heard(seconds, places, True))
            assert as_come == pytest.approx(await heard(seconds, places, False))

    played(play)


def test_a_report_of_hundreds_says_of_each_whether_it_was_late() -> None:
    async def play() -> None:
        visits = drawn(37, 300, 10.0)
        found = await MODEL["with_late"](visits.function(), list(range(300)), 6.0)
        assert found == {n: "late" if seconds > 6.0 else n for n, (seconds, _) in visits.fates.items()}
        assert (visits.most, visits.running) == (4, 0)
        await nothing_more()

    played(play)


def test_an_answer_in_the_very_moment_of_the_limit_is_an_answer_or_late() -> None:
    async def play() -> None:
        for seconds in (0.5, 1.0, 60.0):
            visits = Counted(dict.fromkeys(range(9), (seconds, "there")))
            found = await MODEL["with_late"](visits.function(), list(range(9)), seconds)
            assert {site for site in found if found[site] not in (site, "late")} == set()
            await nothing_more()

    played(play)


def test_the_first_that_is_gone_is_found_in_a_source_without_an_end_wherever_it_stands() -> None:
    async def play() -> None:
        for gone in (0, 1, 2, 3, 97):
            draw = random.Random(gone)
            taken: list[int] = []

            async def visit(site: int, draw: Any = draw, gone: int = gone) -> int:
                await Process.sleep(draw.uniform(0.0, 59.0))
                return 404 if site >= gone else 200

            def source(taken: list[int] = taken) -> Iterator[int]:
                for site in count():
                    taken.append(site)
                    yield site

            before = len(current_node().processes())
            assert await MODEL["first_gone"](visit, source()) == gone
            await Process.sleep(0.001)
            assert len(current_node().processes()) == before
            assert len(taken) < gone + 400
        await nothing_more()

    played(play)


def test_a_second_try_of_hundreds_whose_fates_are_drawn_anew() -> None:
    async def play() -> None:
        await Task.Supervisor.start_link(name="visits")
        draw = random.Random(54)
        well: dict[int, list[bool]] = {}
        begun: list[int] = []

        async def visit(site: int) -> None:
            begun.append(site)
            seconds, fate = draw.uniform(0.0, 14.0), draw.choice(("there", "raise", "kill"))
            well.setdefault(site, []).append(fate == "there" and seconds <= 10.0)
            await Process.sleep(seconds)
            if fate == "kill":
                spawn(Process.exit, self_(), "kill")
                await Process.sleep(0.001)
            if fate == "raise":
                raise ValueError(site)

        down = await MODEL["mended_round"](visit, list(range(200)))
        assert down == [site for site in range(200) if well[site] == [False, False]]
        assert all(len(tries) == 1 + (not tries[0]) for tries in well.values())
        assert begun[:200] == list(range(200))
        assert await Task.Supervisor.children("visits") == []
        await nothing_more()

    played(play)


@pytest.mark.parametrize("slow", [0.0, 0.3, 25.0])
def test_an_archive_of_hundreds_holds_four_links_at_most_and_stores_what_came(slow: float) -> None:
    async def play() -> None:
        await Task.Supervisor.start_link(name="visits")
        visits = drawn(6, 150, 24.0, "there", "there", "raise", "kill")
        stored: list[int] = []
        ahead: list[int] = []
        visit = visits.function()

        def links() -> Iterator[int]:
            for link in range(150):
                lost = [n for n in visits.begun if not well(n)]
                ahead.append(link + 1 - len(stored) - len(lost))
                yield link

        def well(link: int) -> bool:
            seconds, fate = visits.fates[link]
            return fate == "there" and seconds <= 20.0

        async def store(page: int) -> None:
            await Process.sleep(slow)
            stored.append(page)

        hoped = [link for link in range(150) if well(link)]
        assert await MODEL["mended_archive"](links(), visit, store) == len(hoped)
        assert sorted(stored) == hoped
        assert visits.most == 4
        assert max(ahead) <= 4  # those that will fail are taken off too early here: so this is a lower bound
        await nothing_more()

    played(play)


def test_rounds_find_what_came_while_others_are_called_off_in_any_order() -> None:
    draw = random.Random(13)

    async def play() -> None:
        Rounds = MODEL["Rounds"]
        await Rounds.start_link()
        rounds = {f"round {n}": drawn(n, 30, 24.0, "there", "raise", "kill") for n in range(12)}
        for name, visits in rounds.items():
            assert await Rounds.begin(name, visits.function(), list(range(30))) == "ok"
        off = draw.sample(list(rounds), 5)
        for name in off:
            await Process.sleep(draw.uniform(0.0, 9.0))
            assert await Rounds.call_off(name) == "ok"
            await Process.sleep(0.001)
            assert rounds[name].running == 0
        await Process.sleep(600.0)
        for name, visits in rounds.items():
            fates = {n: n if fate == "there" and s <= 20.0 else "down" for n, (s, fate) in visits.fates.items()}
            found = await Rounds.found(name)
            assert found.items() <= fates.items()
            assert (len(found) == 30) == (name not in off)
            assert visits.most == 3
        await nothing_more()

    played(play)


def test_rounds_outlive_the_end_of_everybody_who_has_begun_one_and_end_with_their_supervisor() -> None:
    async def play() -> None:
        Rounds = MODEL["Rounds"]
        root = await Rounds.start_link()
        visits = [Counted({n: (600.0 if n else 1.0, "there") for n in range(3)}) for _ in range(20)]
        editors = [spawn(Rounds.begin, n, each.function(), [0, 1, 2]) for n, each in enumerate(visits)]
        await Process.sleep(0.1)
        for editor in editors:
            Process.exit(editor, "kill")
        await Process.sleep(2.0)
        assert [await Rounds.found(n) for n in range(20)] == [{0: 0}] * 20
        assert [each.running for each in visits] == [2] * 20
        await Supervisor.stop(root)
        await Process.sleep(0.001)
        assert [each.running for each in visits] == [0] * 20
        assert len(current_node().processes()) == 1

    played(play)


def test_a_round_may_have_any_name() -> None:
    async def play() -> None:
        Rounds = MODEL["Rounds"]
        await Rounds.start_link()
        names: list[Any] = ["a", ("reader", "a"), ("found", "a"), "memory", "readers", 0, None, "", ()]
        visits = [Counted({1: (2.0, "there"), 2: (600.0, "there")}) for _ in names]
        for name, each in zip(names, visits, strict=True):
            assert await Rounds.found(name) is None
            assert await Rounds.call_off(name) == "ok"
            assert await Rounds.begin(name, each.function(), [1, 2]) == "ok"
        await Process.sleep(3.0)
        for number, name in enumerate(names):
            assert await Rounds.found(name) == {1: 1}
            assert await Rounds.call_off(name) == "ok"
            await Process.sleep(0.001)
            assert [each.running for each in visits] == [0] * (number + 1) + [1] * (len(names) - number - 1)
        await nothing_more()

    played(play)

"""The checks of chapter 14 beyond their attack table, and its model answers against their own sentences.

The faults here are unlike those of the checks: hundreds at a time, killed while news go out, long after the stated
number, and in an order that is drawn.
"""

from __future__ import annotations

import asyncio
import random
from typing import Any

import pytest
from attacks_14 import DeskFirst, KeepsAll, LooksUp, Searches, WithAPainter, announce_by_keys, heard_by_looking_back
from playing import played
from test_exercises import READ, defined

from otp_mini import (
    GenServer,
    Process,
    Registry,
    Supervisor,
    current_node,
    explore,
    receive,
    self_,
    send,
    spawn,
)
from otp_mini.exercises import check
from otp_mini.exercises import pubsub as ex

MODEL = defined(READ["14_pubsub"])


def listener(heard: list[Any], *topics: Any, registry: str = "topics", follow: Any = None) -> Any:
    """A process that subscribes, and keeps what it hears."""

    async def listen() -> None:
        for topic in topics:
            if follow is None:
                Registry.register(registry, topic)
            else:
                await follow(topic)
        while True:
            heard.append(await receive())

    return spawn(listen)


def now() -> float:
    return current_node().now()


def test_other_numbers_are_judged_as_well() -> None:
    asyncio.run(check(ex.announce, announce_by_keys, topics=tuple(range(20)), listeners=40, quiet=True))
    asyncio.run(check(ex.heard, heard_by_looking_back, drawn=60, quiet=True))
    asyncio.run(check(ex.feed, LooksUp, topic=(("a", "pair"), 3), quiet=True))
    asyncio.run(check(ex.wall, WithAPainter, scores=tuple(range(40)), seconds=55.0, quiet=True))
    asyncio.run(check(ex.goals, Searches, words={"en": "x", **{f"l{n}": f"w{n}" for n in range(30)}}, quiet=True))
    asyncio.run(check(ex.follower, KeepsAll, goals=30, quiet=True))
    asyncio.run(check(ex.ticker, DeskFirst, teams=("a", "b", "c"), quiet=True))


def test_hundreds_hear_each_announcement_once_in_order_while_others_are_killed() -> None:
    async def play() -> None:
        await ex.topics_start()
        draw = random.Random(14)
        topics = [f"topic {n}" for n in range(12)]
        heard: list[list[Any]] = [[] for _ in range(300)]
        pids = [listener(each, *draw.choices(topics, k=draw.randrange(1, 9))) for each in heard]
        await Process.sleep(1.0)
        for number in range(20):
            victim = draw.randrange(300)
            Process.exit(pids[victim], "kill")
            await Process.sleep(0.0)
            alive = [pid for pid in pids if Process.alive(pid)]
            assert MODEL["announce"](topics, number) == len(alive)
        await Process.sleep(1.0)
        for each, pid in zip(heard, pids, strict=True):
            assert each == list(range(20 if Process.alive(pid) else len(each)))

    played(play)


def test_the_feed_is_subscribed_after_ten_restarts_and_to_nothing_else() -> None:
    async def play() -> None:
        await ex.topics_start()
        rules: Any = {"strategy": "one_for_one", "max_restarts": 50}
        top = await Supervisor.start_link([(MODEL["Feed"], "final")], **rules)
        assert top is not None
        for number in range(10):
            [(_, pid, *_)] = await Supervisor.which_children(top)
            assert await GenServer.call(pid, ("follow", f"other {number}")) == "ok"
            ex.publish("final", ("news", number))
            ex.publish(f"other {number}", ("news", "other"))
            assert await GenServer.call(pid, "heard") == [number, "other"]
            Process.exit(pid, "kill")
            await Process.sleep(0.1)
            assert Registry.count("topics") == 1

    played(play)


@pytest.mark.parametrize("seconds", [0.0, 0.3, 59.0])
def test_the_wall_ends_with_the_last_score_of_a_thousand(seconds: float) -> None:
    painted: list[int] = []

    async def paint(score: int) -> None:
        painted.append(score)
        await Process.sleep(seconds)

    async def play() -> None:
        await ex.topics_start()
        pid = await MODEL["Wall"].start(paint)
        draw = random.Random(4)
        for number in range(1000):
            ex.publish("final", ("score", number))
            await Process.sleep(draw.choice((0.0, 0.0, 0.1, 2.0)))
        await Process.sleep(120.0)
        assert painted[-1] == 999
        assert painted == sorted(set(painted))
        assert await GenServer.call(pid, "painted") == painted

    played(play)


def test_a_goal_is_told_to_hundreds_while_half_of_them_end_and_values_are_odd() -> None:
    words = {"en": "goal", "de": "Tor"}
    heard: list[list[Any]] = [[] for _ in range(200)]
    odd: list[Any] = ["de", "en", None, {"en"}, b"de", 1.5, ("de",), "DE", [[]], {}]

    async def one(number: int) -> None:
        Registry.register("topics", "final", odd[number % 10])
        while True:
            heard[number].append(await receive())

    async def play() -> None:
        await ex.topics_start()
        server = await MODEL["MendedGoals"].start_link(words)
        pids = [spawn(one, number) for number in range(200)]
        await Process.sleep(1.0)
        for number in range(100):
            GenServer.cast(server, ("goal", "final"))
            Process.exit(pids[2 * number], "kill")
        await Process.sleep(1.0)
        assert Process.alive(server)
        for number in range(1, 200, 2):
            assert heard[number] == [words["de" if number % 10 == 0 else "en"]] * 100

    played(play)


def test_a_follower_shows_the_greatest_number_whatever_the_order() -> None:
    async def play() -> None:
        await ex.topics_start()
        office = await ex.Office.start((50, "score 50"), name="office")
        assert office is not None
        pid = await MODEL["MendedFollower"].start_link("office")
        numbers = [*range(100), *range(100)]
        random.Random(39).shuffle(numbers)
        greatest = 50
        for number in numbers:
            ex.publish("final", ("score", number, f"score {number}"))
            greatest = max(greatest, number)
            assert await GenServer.call(pid, "score") == f"score {greatest}"

    played(play)


def test_a_follower_started_while_two_goals_fall_ends_with_the_second_in_every_schedule() -> None:
    Follower = MODEL["MendedFollower"]

    async def goals() -> None:
        GenServer.cast("office", "goal 1")
        GenServer.cast("office", "goal 2")

    async def scenario() -> Any:
        await ex.topics_start()
        await ex.Office.start((0, "goal 0"), name="office")
        spawn(goals)
        pid = await Follower.start_link("office")
        while (await GenServer.call("office", "newest"))[0] < 2:
            await Process.sleep(0.1)
        return await GenServer.call(pid, "score")

    found = explore(scenario, lambda score: score == "goal 2", most=4000)
    assert found.exhaustive
    assert found.wrong == []


def test_numbers_grow_for_all_followers_while_everything_below_the_ticker_is_killed() -> None:
    async def play() -> None:
        Process.flag(trap_exit=True)
        Ticker = MODEL["Ticker"]
        root = await Ticker.start_link()
        draw = random.Random(49)
        teams = ["Rovers", "City", "United", "Wanderers"]
        for _ in range(30):
            heard: list[list[Any]] = [[] for _ in range(20)]
            followers = [listener(each, *draw.sample(teams, 2), follow=Ticker.follow) for each in heard]
            await Process.sleep(1.0)
            for _ in range(5):
                await Ticker.report(*draw.sample(teams, 2), "1:0")
            await Process.sleep(1.0)
            for each in heard:
                numbers = [message[1] for message in each]
                assert numbers == sorted(set(numbers))
            victim = draw.choice([child[1] for child in await Supervisor.which_children(root)])
            Process.exit(victim, "kill")
            await Process.sleep(60.0)
            assert not any(Process.alive(pid) for pid in followers)
        assert Process.alive(root)

    played(play)


def test_a_report_does_not_wait_for_a_thousand_followers_who_never_read() -> None:
    async def silent(team: str, home: Any) -> None:
        await MODEL["Ticker"].follow(team)
        send(home, "in")
        await Process.sleep(1e6)

    async def play() -> None:
        await MODEL["Ticker"].start_link()
        pids = [spawn(silent, "Rovers", self_()) for _ in range(1000)]
        for _ in pids:
            await receive()
        began = now()
        for number in range(1, 4):
            assert await MODEL["Ticker"].report("City", "Rovers", "0:0") == number
        assert now() == began
        waiting = [info["message_queue_len"] for pid in pids if (info := Process.info(pid))]
        assert waiting == [3] * 1000

    played(play)

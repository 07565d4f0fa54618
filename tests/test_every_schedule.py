"""Checks that demand "right under every schedule": what they refuse, what they accept, and what they say."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, ClassVar

import pytest

from otp_mini import Exit, GenServer, Ok, Process, Reply, in_thread, receive, replay, self_, send, spawn
from otp_mini.exercises import NotYet, check, expect_in_every_schedule


class Counter(GenServer):
    """What a student would write, but for `add`."""

    def init(self, argument: Any) -> Any:
        return Ok(argument)

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        match request:
            case "get":
                return Reply(state, state)
            case ("put", n):
                return Reply("ok", n)
            case "add":
                return Reply("ok", state + 1)

    @staticmethod
    async def add(counter: Any) -> None:
        await GenServer.call(counter, "add")


class GetsAndPuts(Counter):
    @staticmethod
    async def add(counter: Any) -> None:
        n = await GenServer.call(counter, "get")
        await GenServer.call(counter, ("put", n + 1))


class Stub(Counter):
    @staticmethod
    async def add(counter: Any) -> None:
        raise NotImplementedError


class Crashes(Counter):
    @staticmethod
    async def add(counter: Any) -> None:
        raise ValueError("no paper")


class AsksAgainAndAgain(Counter):
    @staticmethod
    async def add(counter: Any) -> None:
        for _ in range(4):
            await GenServer.call(counter, "get")
        await GenServer.call(counter, "add")


class Remembers(Counter):
    runs: ClassVar[list[int]] = []

    @classmethod
    async def add(cls, counter: Any) -> None:
        cls.runs.append(1)
        for _ in range(len(cls.runs) % 3):
            await GenServer.call(counter, "get")
        await GenServer.call(counter, "add")


class UsesAThread(Counter):
    @staticmethod
    async def add(counter: Any) -> None:
        await in_thread(sum, [1])


class AddsByLuck(Counter):
    """Right where nobody comes between, and where the clients come one after the other."""

    @staticmethod
    async def add(counter: Any) -> None:
        n = await GenServer.call(counter, "get")
        await Process.sleep(0)
        await GenServer.call(counter, ("put", max(n, await GenServer.call(counter, "get")) + 1))


async def client(kind: Any, counter: Any, boss: Any) -> None:
    await kind.add(counter)
    send(boss, "done")


def clients_of(kind: Any, many: int) -> Callable[[], Any]:
    async def scenario() -> Any:
        counter = await kind.start_link(0)
        for _ in range(many):
            spawn(client, kind, counter, self_())
        for _ in range(many):
            await receive(timeout=60)
        return await GenServer.call(counter, "get")

    return scenario


def two_clients(kind: Any) -> Callable[[], Any]:
    return clients_of(kind, 2)


async def both_count(kind: Any, most: int = 300) -> None:
    """Two clients at once: both are counted."""
    expect_in_every_schedule(
        "two clients counted at once",
        two_clients(kind),
        2,
        "what may happen between the two calls of one client",
        most=most,
        again="replay(two_clients(Counter), {})",
    )


def said(kind: Any) -> str:
    with pytest.raises(NotYet) as told:
        asyncio.run(check(both_count, kind))
    return str(told.value)


def test_an_answer_that_is_right_in_every_order_passes(capsys: pytest.CaptureFixture[str]) -> None:
    asyncio.run(check(both_count, Counter))
    assert capsys.readouterr().out == "ok: both_count: two clients at once: both are counted.\n"


def test_the_message_has_the_schedule_that_breaks_it_and_the_two_runs_from_where_they_part() -> None:
    words = said(GetsAndPuts)
    assert words.startswith(
        """\
both_count: not yet.
What was done:   two clients counted at once, in every order that is
                 possible
Hoped for:       2 in every order
Seen:            1 in 8 of 12 orders
Look again at:   what may happen between the two calls of one client

An order that leads there, as a schedule: (usual)
To run it once more: replay(two_clients(Counter), '(usual)')

The two part at step 7:
"""
    )
    assert "| 7" not in words
    assert "client2: send <GetsAndPuts> call 'get'" in words
    assert "What happened" not in words
    assert max(map(len, words.splitlines())) <= 100
    assert replay(two_clients(GetsAndPuts), "(usual)").outcome == 1


def test_an_answer_that_is_seldom_wrong_is_found_out() -> None:
    assert "Seen:            1 in " in said(AddsByLuck)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (Stub, "Seen:            NotImplementedError"),
        (Crashes, "0 in every order. A process crashed: ValueError: no paper"),
        (AsksAgainAndAgain, "there are more than 300"),
        (AsksAgainAndAgain, "Nothing is proven as long as one order was not tried"),
        (Remembers, "Hoped for:       a run that can be repeated"),
        (UsesAThread, "explore cannot try the orders of in_thread"),
    ],
)
def test_what_is_not_proven_is_refused_with_its_reason(kind: Any, words: str) -> None:
    Remembers.runs.clear()
    assert words in " ".join(said(kind).split()) or words in said(kind)


def test_a_check_may_say_itself_what_is_right() -> None:
    async def at_least_one(kind: Any) -> None:
        """Two clients at once: at least one is counted."""
        result = expect_in_every_schedule(
            "two counted", two_clients(kind), "one or two", "nothing", right=lambda total: total in (1, 2)
        )
        assert sorted(result.outcomes) == [1, 2]

    asyncio.run(check(at_least_one, GetsAndPuts, quiet=True))
    with pytest.raises(NotYet, match=r"Hoped for: {7}one or two in every order"):
        asyncio.run(check(at_least_one, Crashes))


def test_a_long_search_is_no_standstill_to_the_check() -> None:
    """Each fifty runs count as a turn, else the alarm of a check would end it on a slow machine."""
    turns: list[int] = []

    async def looks(kind: Any) -> None:
        node = self_().block.node  # type: ignore[union-attr]
        before = node.turns
        expect_in_every_schedule("three counted", clients_of(kind, 3), 3, "nothing")
        turns.append(node.turns - before)

    asyncio.run(check(looks, Counter, quiet=True))
    assert turns[0] >= 3


async def asks_with_a_limit() -> str:
    """Right only if the answer is there in time."""
    counter = await Counter.start_link(1)
    try:
        return f"{await GenServer.call(counter, 'get', 1.0)} in stock"
    except Exit:
        return "no answer"


def test_a_check_may_demand_that_an_answer_is_right_where_a_time_out_comes_first() -> None:
    said = "asked for the stock", asks_with_a_limit, "1 in stock", "what comes of a call that takes too long"
    assert expect_in_every_schedule(*said).exhaustive
    with pytest.raises(NotYet, match=r"'no answer' in \d+ of \d+ orders") as refused:
        expect_in_every_schedule(*said, time_ahead=1, again="replay(asks_with_a_limit, {})")
    assert "An order that leads there, as a schedule: @4 time\n" in str(refused.value)

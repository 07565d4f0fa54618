"""The checks of chapter 10 beyond their attack table, and its model answers against their own sentences.

The faults here are unlike those of the checks: many at once, twice, in the middle of something, long after the stated
number, and drawn at random.
"""

from __future__ import annotations

import asyncio
import random
from typing import Any

from attacks import refusal
from attacks_10 import (
    AnyHigherPrice,
    Board,
    ClerkedLot,
    EndsWithTheSale,
    GoingLot,
    MendedBids,
    MendedOffer,
    ObeysCasts,
    RuledLot,
    Saleroom,
    Settable,
)
from playing import play_trapping as played
from test_exercises import READ, defined

from otp_mini import (
    Exit,
    GenServer,
    Process,
    Task,
    current_node,
    ets,
    receive,
    self_,
    send,
    spawn,
    sys_,
)
from otp_mini.exercises import agent_or_genserver as ex
from otp_mini.exercises import check

MODEL = defined(READ["10_agent_or_genserver"])


async def news() -> list[Any]:
    """The tuples in the mailbox of the scene, taken out."""
    found = []
    while (message := await receive(lambda m: isinstance(m, tuple), timeout=0.0)) != "timeout":
        found.append(message)
    return found


def test_other_numbers_are_judged_as_well() -> None:
    for test, answer, numbers in (
        (ex.ruled_lot, RuledLot, {"step": 3}),
        (ex.clerked_lot, ClerkedLot, {"prices": (2, 4)}),
        (ex.going_lot, GoingLot, {"seconds": 0.5}),
        (ex.board, Board, {"lots": ((1, 10), ("1", 20))}),
        (ex.mended_bids, MendedBids, {"prices": (100, 200, 900)}),
        (ex.mended_offer, MendedOffer, {"seconds": 29.0}),
        (ex.saleroom, Saleroom, {"lots": {"one": 1.0, "two": 2.0}}),
    ):
        asyncio.run(check(test, answer, quiet=True, **numbers))  # type: ignore[arg-type]


def test_the_log_of_a_refused_lot_is_not_filled_by_what_the_check_itself_sends() -> None:
    for answer, most in ((AnyHigherPrice, 0), (EndsWithTheSale, 0), (Settable, 0), (ObeysCasts, 4)):
        assert str(refusal(ex.ruled_lot, answer)).count("unexpected message") <= most


# ---- the model answers --------------------------------------------------------------------------------------


def test_many_at_once_bid_by_the_rule_and_what_was_accepted_can_be_told_from_the_answers() -> None:
    async def play() -> None:
        draw = random.Random(10)
        lot = await MODEL["RuledLot"].start(3)
        people = [f"bidder {n}" for n in range(8)]
        for who in people[:5]:
            await GenServer.call(lot, ("enter", who))
        bids = [("bid", draw.choice(people), draw.randrange(1, 90)) for _ in range(120)]
        told = await Task.await_many([Task.async_(GenServer.call, lot, bid) for bid in bids])
        best: tuple[Any, int] = ("nobody", 0)
        for (_, who, price), answer in zip(bids, told, strict=True):
            hoped = "not entered" if who not in people[:5] else "accepted" if price >= best[1] + 3 else "too low"
            assert answer == hoped
            best = (who, price) if answer == "accepted" else best
        assert await GenServer.call(lot, "close") == best
        late = await Task.await_many([Task.async_(GenServer.call, lot, ("bid", who, 1_000)) for who in people])
        assert set(late) == {"closed"}
        assert await GenServer.call(lot, "best") == best

    played(play)


def test_a_letter_that_is_being_written_ends_with_its_lot_and_no_other_is_begun() -> None:
    async def play() -> None:
        home = self_()

        async def letter(bidder: Any, price: int) -> None:
            send(home, ("begun", price))
            await Process.sleep(5.0)
            send(home, ("finished", price))

        lot = await MODEL["ClerkedLot"].start_link(letter)
        for price in (1, 2, 3):
            assert await GenServer.call(lot, ("bid", "ann", price)) == "accepted"
        await Process.sleep(7.0)
        Process.exit(lot, "shutdown")
        await Process.sleep(60.0)
        assert [m for m in await news() if m[0] in ("begun", "finished")] == [
            ("begun", 1),
            ("finished", 1),
            ("begun", 2),
        ]
        assert len(current_node().processes()) == 1

    played(play)


def test_a_lot_closes_its_time_after_the_last_accepted_bid_whenever_bids_come() -> None:
    async def play(seed: int) -> None:
        draw = random.Random(seed)
        lot = await MODEL["GoingLot"].start_link(10.0)
        node, end, best = current_node(), current_node().now() + 10.0, 0
        for _ in range(30):
            await Process.sleep(draw.choice((0.5, 3.0, 9.75, 9.9, 10.5)))
            price = draw.randrange(1, 100)
            hoped = "closed" if node.now() > end else "accepted" if price > best else "too low"
            assert await GenServer.call(lot, ("bid", "ann", price)) == hoped
            if hoped == "accepted":
                end, best = node.now() + 10.0, price
            send(lot, draw.choice(("close", ("close",), ("close", -1), "timeout", 7)))
        assert (await GenServer.call(lot, "best"))[1] == best

    for seed in range(12):
        played(lambda seed=seed: play(seed))  # type: ignore[misc]


def test_a_thousand_read_the_board_while_it_is_busy_and_nobody_waits() -> None:
    async def play() -> None:
        board = await MODEL["Board"].start_link(None)
        await MODEL["Board"].put("clock", 50)
        await sys_.suspend(board)
        began, home = current_node().now(), self_()

        async def read() -> None:
            send(home, ("price", MODEL["Board"].price("clock")))

        for _ in range(1000):
            spawn(read)
        await Process.sleep(0.0)
        assert [await receive(lambda m: isinstance(m, tuple)) for _ in range(1000)] == [("price", 50)] * 1000
        assert current_node().now() == began

    played(play)


def test_the_board_is_told_the_highest_bid_of_those_who_live_after_any_bids_and_ends() -> None:
    async def play(seed: int) -> None:
        draw, bids, home = random.Random(seed), await MODEL["MendedBids"].start(self_()), self_()
        living: dict[Any, int] = {}

        async def bidder(price: int) -> None:
            send(home, ["told", self_(), await MODEL["MendedBids"].bid(bids, price)])
            await receive()

        for _ in range(40):
            before = max(living.values(), default=0)
            if living and draw.random() < 0.5:
                gone = draw.choice([*living])
                Process.exit(gone, draw.choice(("kill", "shutdown", ("a", "reason"))))
                del living[gone]
            else:
                price = draw.randrange(1, 200)
                spawn(bidder, price)
                _, pid, told = await receive(lambda m: isinstance(m, list))
                assert told == ("accepted" if price > before else "too low")
                if told == "accepted":
                    living[pid] = price
            await Process.sleep(0.1)
            after = max(living.values(), default=0)
            assert await news() == ([("best", after)] if after != before else [])

    for seed in range(8):
        played(lambda seed=seed: play(seed))  # type: ignore[misc]


def test_a_bank_that_is_killed_or_late_by_a_moment_opens_the_offer_and_one_just_in_time_sells_it() -> None:
    async def play() -> None:
        asked: list[Any] = []

        async def charge(buyer: Any) -> bool:
            send("scene", ["bank", self_()])
            await Process.sleep(buyer)
            return True

        Process.register(self_(), "scene")
        offer = await MODEL["MendedOffer"].start_link(charge)
        buy = Task.async_(GenServer.call, offer, ("buy", 20.0), 100.0)
        asked.append(await receive(lambda m: isinstance(m, list)))
        await Process.sleep(10.0)
        Process.exit(asked[0][1], "kill")
        assert await Task.await_(buy) == "refused"
        for seconds, hoped in ((30.1, "refused"), (29.9, "sold")):
            assert await GenServer.call(offer, ("buy", seconds), 100.0) == hoped
        await Process.sleep(100.0)
        assert await GenServer.call(offer, ("buy", 1.0)) == "sold"

    played(play)


def test_a_saleroom_of_fifty_lots_is_touched_by_no_crash_but_in_the_lot_that_crashed() -> None:
    async def play() -> None:
        lots = {f"lot {n}": 3600.0 for n in range(50)}
        room = MODEL["Saleroom"]
        await room.start_link(lots)
        for n in range(50):
            assert await room.bid(f"lot {n}", await room.paddle(), n + 1) == "accepted"
        for _ in range(3):
            Process.exit(Process.whereis(("lot", "lot 7")), "kill")
            try:
                assert await room.bid("lot 7", 1, 70) == "accepted"
            except Exit:
                await Process.sleep(0.1)
            assert room.price("lot 7") in (0, 70)
            await Process.sleep(0.1)
        assert [n for n in range(50) if room.price(f"lot {n}") != n + 1] == [7]
        assert await room.paddle() == 51
        await Process.sleep(3700.0)
        assert [await room.winner(f"lot {n}") for n in (0, 49)] == [1, 50]

    played(play)


def test_a_killed_table_or_number_of_the_saleroom_begins_anew_with_its_lots() -> None:
    async def play() -> None:
        room = MODEL["Saleroom"]
        await room.start_link({"clock": 10.0})
        assert await room.bid("clock", 1, 50) == "accepted"
        Process.exit(ets.info("saleroom", "owner"), "kill")
        await Process.sleep(0.1)
        assert room.price("clock") == 0
        await Process.sleep(11.0)
        assert await room.bid("clock", 1, 50) == "closed"
        assert await room.winner("clock") is None
        assert room.price("map") is None
        assert await room.bid("map", 1, 50) == "no such lot"

    played(play)


# ---- what the chapter says of agents -----------------------------------------------------------------------


def test_the_examples_of_the_chapter_take_strange_messages() -> None:
    async def play() -> None:
        for name, argument in (("WatchingLot", None), ("GoingLot", 5.0)):
            server = await MODEL[name].start_link(argument)
            for stray in ("hello", 17, None, ("close", -1)):
                send(server, stray)
            await Process.sleep(0.1)
            assert Process.alive(server), name
            await GenServer.stop(server)

    played(play)

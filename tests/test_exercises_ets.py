"""The checks of chapter 15 beyond their attack table, and its model answers against their own sentences.

The faults here are unlike those of the checks: hundreds at a time, in an order that is drawn, three who come at the
same moment, banks that hang, and ends that follow each other for hours.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from attacks_15 import (
    CallingKeeper,
    Exchange,
    Keeper,
    Till,
    ToldCache,
    WatchingCache,
    below,
    opens,
    price,
    receipt_of_a_row,
    settle_in_a_loop,
)
from playing import played
from test_exercises import READ, defined

from otp_mini import (
    BadArg,
    Exit,
    GenServer,
    Process,
    Supervisor,
    Task,
    current_node,
    ets,
    explore,
    receive,
    self_,
    send,
    spawn,
)
from otp_mini.exercises import check
from otp_mini.exercises import ets as ex

MODEL = defined(READ["15_ets"])


def answers(seconds: float, answer: Any) -> Callable[[Any], Awaitable[Any]]:
    """A bank that takes its time; an exception is raised."""

    async def ask(_: Any) -> Any:
        await Process.sleep(seconds)
        if isinstance(answer, BaseException):
            raise answer
        return answer

    return ask


def test_other_numbers_are_judged_as_well() -> None:
    asyncio.run(check(ex.price, price, rate=0.0078125, when=1e6, oldest=86400.0, quiet=True))
    asyncio.run(check(ex.open_tables, opens(), bureaux=(1, 1.0), quiet=True))
    asyncio.run(check(ex.receipt, receipt_of_a_row, bureau=("a", "pair"), last=10**9, quiet=True))
    asyncio.run(check(ex.settle, settle_in_a_loop, bureau=7, euros=(1,), quiet=True))
    asyncio.run(check(ex.start_exchange, below(Keeper, WatchingCache), names=("a", "b"), quiet=True))
    asyncio.run(check(ex.till, Till, amounts=((1, 9), (2, 3)), quiet=True))
    asyncio.run(check(ex.exchange, Exchange, keep=3600.0, oldest=1.0, quiet=True))


def test_a_price_agrees_with_its_sentence_for_rates_of_any_age() -> None:
    async def play() -> None:
        draw = random.Random(15)
        rows = [(n, draw.randrange(1, 500) / 4, draw.randrange(1000)) for n in range(50)]
        ets.new("rates", named=True)
        ets.insert("rates", rows)
        for _ in range(500):
            currency, amount, now, oldest = (
                draw.randrange(60),
                draw.randrange(9),
                draw.randrange(2000),
                draw.randrange(900),
            )
            row = rows[currency] if currency < 50 else None
            hoped = amount * row[1] if row and now - row[2] <= oldest else None
            assert MODEL["price"](currency, amount, now, oldest) == hoped
        assert ets.tab2list("rates") == rows

    played(play)


def test_the_five_tables_end_with_whoever_has_opened_them_and_can_be_opened_again() -> None:
    async def play() -> None:
        for _ in range(3):
            pid = spawn(MODEL["open_tables"])
            await Process.sleep(0.1)
            assert not Process.alive(pid)
            assert ets.whereis("deals") is None
        MODEL["open_tables"]()
        with pytest.raises(BadArg, match="belongs to a table of"):
            MODEL["open_tables"]()

    played(play)


def test_three_who_want_receipts_in_every_order_and_a_hundred_at_once() -> None:
    receipt = MODEL["receipt"]

    async def customer(home: Any, bureau: Any) -> None:
        send(home, await receipt(bureau))

    async def scene() -> Any:
        ets.new("receipts", named=True, access="public")
        for bureau in ("a", "a", "a"):
            spawn(customer, self_(), bureau)
        return tuple(sorted([await receive() for _ in range(3)]))

    found = explore(scene)
    assert found.exhaustive
    assert list(found.outcomes) == [(1, 2, 3)]

    async def play() -> Any:
        ets.new("receipts", named=True, access="public")
        tasks = [Task.async_(receipt, bureau) for bureau in ("a", "b") for _ in range(100)]
        return await Task.await_many(tasks)

    numbers = played(play)
    assert sorted(numbers[:100]) == sorted(numbers[100:]) == list(range(1, 101))


def test_two_settle_while_a_third_inserts_in_every_order_and_nothing_is_lost() -> None:
    settle = MODEL["settle"]

    async def settles(home: Any) -> None:
        send(home, await settle("a"))

    async def inserts(home: Any) -> None:
        ets.insert("deals", ("a", 100))
        send(home, 0)

    async def scene() -> Any:
        ets.new("deals", named=True, access="public", type="duplicate_bag")
        ets.insert("deals", [("a", 1), ("a", 1), ("b", 7)])
        for work in (settles, inserts, settles):
            spawn(work, self_())
        total = sum([await receive() for _ in range(3)])
        return total + await settle("a"), ets.tab2list("deals")

    found = explore(scene, lambda outcome: outcome == (102, [("b", 7)]))
    assert found.exhaustive
    assert found.wrong == []


@pytest.mark.parametrize("start", [MODEL["start_exchange"], below(CallingKeeper, ToldCache)], ids=["model", "other"])
def test_an_exchange_stands_a_thousand_ends_two_seconds_apart(start: Any) -> None:
    async def play() -> None:
        Process.flag(trap_exit=True)
        draw, before = random.Random(41), {*Process.list()}
        root = await start({"ask": answers(0.0, 1.08), "seconds": 1e9})
        await GenServer.call("rate cache", ("fetch", "usd"))
        for number in range(1000):
            name = draw.choice(("rate cache", "table keeper"))
            pid = Process.whereis(name)
            assert pid is not None, (number, name)
            Process.exit(pid, draw.choice(("kill", "shutdown", "boom")))
            for pause in (0.0, 0.0, 0.0, draw.choice((0.001, 0.5)), 2.0):
                assert ets.lookup("rate cache", "usd")[0][1] == 1.08
                await Process.sleep(pause)
        await Supervisor.stop(root)
        assert {*Process.list()} == before

    played(play)


def test_an_owner_that_ends_again_and_again_before_its_timer_fires_sweeps_all_the_same() -> None:
    async def play() -> None:
        Process.flag(trap_exit=True)
        for start in (MODEL["start_exchange"], MODEL["start_old_exchange"]):
            root = await start({"ask": answers(0.0, 1.08), "seconds": 60.0})
            await GenServer.call("rate cache", ("fetch", "usd"))
            for _ in range(3):
                await Process.sleep(50.0)
                Process.exit(Process.whereis("rate cache"), "kill")
            await Process.sleep(1.0)
            assert ets.lookup("rate cache", "usd") == []
            await Supervisor.stop(root)
        keep, exchange, before = 60.0, MODEL["Exchange"], {*Process.list()}
        root = await exchange.start_link(keep)
        await exchange.rate("usd", answers(0.0, 1.08), 10.0)
        for _ in range(3):
            await Process.sleep(50.0)
            for pid in ex._may_end(root, before):
                Process.exit(pid, "kill")
        await Process.sleep(3 * keep - 150.0)
        assert [len(table.rows) for table in ex._tables() if table.name == "fx"] == [0]

    played(play)


def test_a_till_is_never_below_zero_and_loses_nothing_with_hundreds_of_payers_and_a_reader() -> None:
    async def play() -> None:
        till, draw = MODEL["MendedTill"], random.Random(43)
        await till.start_link({"usd": 1000})
        wanted = [draw.randrange(1, 40) for _ in range(200)]
        payers = [Task.async_(till.pay, "usd", amount) for amount in wanted]
        seen = []
        for _ in range(300):
            seen.append(till.left("usd"))
            await Process.sleep(0.0)
        told = await Task.await_many(payers)
        paid = sum(amount for amount, answer in zip(wanted, told, strict=True) if answer == "paid")
        assert till.left("usd") == 1000 - paid
        assert min(seen) >= 0
        assert seen == sorted(seen, reverse=True)
        assert {*told} == {"paid", "not enough"}
        with pytest.raises(BadArg, match="is protected"):
            await stranger()

    async def stranger() -> None:
        home = self_()

        async def writes() -> None:
            try:
                ets.insert("till", ("usd", 5))
            except BadArg as error:
                send(home, error)

        spawn(writes)
        raise await receive()

    played(play)


def test_three_pay_at_the_same_moment_in_every_order() -> None:
    till = MODEL["MendedTill"]

    async def payer(home: Any, amount: int) -> None:
        send(home, (amount, await till.pay("usd", amount)))

    async def scene() -> Any:
        await till.start_link({"usd": 5})
        for amount in (3, 3, 2):
            spawn(payer, self_(), amount)
        paid = sum(amount for amount, answer in [await receive() for _ in range(3)] if answer == "paid")
        return paid, till.left("usd")

    found = explore(scene)
    assert found.exhaustive
    assert list(found.outcomes) == [(5, 0)]


def test_an_exchange_counts_each_call_and_forgets_no_fresh_rate_while_everything_that_may_is_killed() -> None:
    async def play() -> None:
        Process.flag(trap_exit=True)
        exchange, draw, asked = MODEL["Exchange"], random.Random(44), dict[Any, int]()
        root = await exchange.start_link(100.0)
        kinds = [
            answers(0.0, 1.5),
            answers(4.0, 2.5),
            answers(1.0, ValueError("closed")),
            answers(2.0, OSError("gone")),
        ]
        callers = []
        for _ in range(400):
            currency = draw.choice("abc")
            asked[currency] = asked.get(currency, 0) + 1
            callers.append(spawn(exchange.rate, currency, draw.choice(kinds), draw.choice((0.0, 5.0, 100.0))))
            await Process.sleep(draw.choice((0.0, 0.5, 5.0)))
            if draw.random() < 0.2:
                Process.exit(draw.choice(callers), "kill")
            if draw.random() < 0.05 and (sweepers := ex._may_end(root, {self_(), *callers})):
                Process.exit(draw.choice(sweepers), "kill")
                await Process.sleep(2.0)
        assert {currency: exchange.asked(currency) for currency in asked} == asked
        await Process.sleep(400.0)
        assert [len(table.rows) for table in ex._tables() if table.name == "fx"] == [0]
        assert Process.alive(root)

    played(play)


def test_a_bank_that_hangs_holds_up_nobody_but_those_who_ask_it() -> None:
    async def play() -> None:
        exchange = MODEL["Exchange"]
        await exchange.start_link(1000.0)
        for _ in range(50):
            spawn(exchange.rate, "usd", answers(1e6, 0.0), 10.0)
        began = current_node().now()
        assert await exchange.rate("yen", answers(0.0, 161.0), 10.0) == 161.0
        assert await exchange.rate("usd", answers(0.0, 1.08), 10.0) == 1.08
        assert current_node().now() == began
        assert exchange.asked("usd") == 51

    played(play)


def test_the_check_lets_somebody_come_between_two_operations_of_a_plain_function_and_puts_everything_back() -> None:
    before = {name: getattr(ets, name) for name in ex.OPERATIONS}

    async def play() -> list[Any]:
        ets.new("one", named=True, access="public")

        def rival() -> None:
            ets.insert("one", ("rival", len(ets.tab2list("one"))))

        with ex._cut_in(1, rival) as operations:
            ets.insert("one", ("first", 1))
            ets.insert("one", ("second", 2))
        assert operations == ["insert", "insert"]
        return ets.tab2list("one")

    assert played(play) == [("first", 1), ("rival", 1), ("second", 2)]
    assert {name: getattr(ets, name) for name in ex.OPERATIONS} == before
    with pytest.raises(Exit), ex._cut_in(0, lambda: None):
        raise Exit("in between")
    assert {name: getattr(ets, name) for name in ex.OPERATIONS} == before

"""The model answers of chapter 02 against their own sentences, with faults that its checks do not use."""

from __future__ import annotations

import asyncio
import contextlib
import random
from typing import Any

import pytest
from attacks_02 import (
    AgentOverATable,
    Asks,
    ByALoop,
    Gives,
    HandsOn,
    TakesBack,
    TwoOwners,
    ask_by_reason,
    confirm_in_a_helper,
    invoice_of_all,
    pricing,
    quotes_by_hand,
)
from test_exercises import READ, defined

from otp_mini import (
    Agent,
    ChildSpec,
    Exit,
    GenServer,
    Process,
    Registry,
    Supervisor,
    Task,
    current_node,
    ets,
    receive,
    self_,
    send,
    spawn,
)
from otp_mini.exercises import check
from otp_mini.exercises import choosing_an_abstraction as ex
from tests.playing import play

MODEL = defined(READ["02_choosing_an_abstraction"])
MODEL["__name__"] = "notebook"


async def at_once(work: Any, number: int) -> list[Any]:
    return await Task.await_many([Task.async_(work) for _ in range(number)], 600.0)


# ---- the drills ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("quotes", [MODEL["quotes"], quotes_by_hand])
def test_quotes_come_in_order_from_carriers_that_answer_at_the_same_moment_or_at_once(quotes: Any) -> None:
    def carrier(number: int, pause: float) -> Any:
        async def price(kg: int) -> int:
            if pause:
                await Process.sleep(pause)
            return number * kg

        return price

    async def main() -> Any:
        send(self_(), (99, 99))
        pauses = [3.0, 0.0, 1.0, 1.0, 0.0, 3.0]
        carriers = [carrier(n, pause) for n, pause in enumerate(pauses)]
        began = current_node().now()
        twice = [await quotes(carriers, 2), await quotes(carriers, 3)]
        return twice, current_node().now() - began, await receive(), await receive(timeout=60.0)

    expected = [[0, 2, 4, 6, 8, 10], [0, 3, 6, 9, 12, 15]]
    assert play(main) == (expected, 6.0, (99, 99), "timeout")


@pytest.mark.parametrize("confirm", [MODEL["confirm"], confirm_in_a_helper])
def test_a_hundred_mails_of_every_kind_harm_nobody_and_none_is_left_after_a_stop(confirm: Any) -> None:
    async def main() -> Any:
        await Task.Supervisor.start_link(name="mails")
        begun: list[Any] = []
        chance = random.Random(3)

        async def mail(order: int) -> None:
            begun.append(order)
            await Process.sleep(chance.choice([0.0, 0.5, 30.0, 3600.0]))
            raise chance.choice([KeyError("no"), Exit("kill"), Exit("shutdown"), Exit(("shutdown", "moved")), Exit(1)])

        before = len(Process.list())
        for order in range(100):
            assert await confirm(order, mail) == "ok"
            await Process.sleep(chance.choice([0.0, 0.1, 4.0]))
        assert await receive(timeout=5.0) == "timeout"
        await Supervisor.stop("mails")
        return sorted(begun) == list(range(100)), before - len(Process.list())

    assert play(main) == (True, 1)  # "mails" itself


@pytest.mark.parametrize("numbers", [MODEL["OrderNumbers"], ByALoop])
def test_numbers_are_each_given_once_in_waves_and_to_whoever_ends_while_asking(numbers: Any) -> None:
    async def main() -> Any:
        one, other = await numbers.start(1), await numbers.start(1)
        seen = [number for _ in range(5) for number in await at_once(lambda: numbers.next(one), 30)]

        async def impatient() -> None:
            await numbers.next(one)
            raise Exit("no time")

        for _ in range(10):
            spawn(impatient)
        await Process.sleep(3600.0)
        return sorted(seen) == list(range(1, 151)), await numbers.next(one), await numbers.next(other)

    assert play(main) == (True, 161, 1)


@pytest.mark.parametrize("ask", [MODEL["ask_basket"], ask_by_reason])
def test_a_basket_is_asked_whose_key_is_none_or_a_list_or_which_ends_while_it_is_asked(ask: Any) -> None:
    async def main() -> Any:
        await Registry.start_link(keys="unique", name="baskets")
        keys = [None, False, 0, (), "", 0.5]
        children = [ChildSpec(repr(key), (ex._Basket.start_link, (key,))) for key in keys]
        await Supervisor.start_link(children, strategy="one_for_one", max_restarts=100)
        for number, key in enumerate(keys):
            assert await ask(key, ("add", number)) == "ok"
        assert [await ask(key, "articles") for key in keys] == [[n] for n in range(len(keys))]
        assert await ask(True, "articles") == ("error", "no basket")
        [(pid, _)] = Registry.lookup("baskets", "")
        asked = Process.monitor(spawn(ask, "", "weigh"))
        await Process.sleep(1.0)
        Process.exit(pid, "kill")
        down = await receive(lambda message: getattr(message, "ref", None) == asked)
        return down.reason[0], await ask("", "articles")

    assert play(main) == ("killed", [])


# ---- the repairs ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("start", [MODEL["start_prices"], pricing(Gives, TakesBack), pricing(HandsOn, Asks)])
def test_no_price_is_missing_or_older_whatever_ends_the_server_and_whenever(start: Any) -> None:
    """Killed while it is being asked, by every kind of reason, thirty times; a reader looks all the while."""

    async def main() -> Any:
        before = len(Process.list())
        root = await start([("lamp", 0), ("chair", 0)])
        chance, done, faults = random.Random(5), {"lamp": 0}, []

        async def reader() -> None:
            while True:
                [(_, cents)] = ets.lookup("prices", "lamp")
                if cents < done["lamp"]:
                    faults.append(cents)
                await Process.sleep(chance.choice([0.0, 0.001, 0.3]))

        reading = spawn(reader)
        for price in range(1, 31):
            for article in ("lamp", "chair"):
                assert await GenServer.call("day prices", ("set", article, price)) == "ok"
            done["lamp"] = price
            pid = Process.whereis("day prices")
            assert pid is not None
            if price % 3 == 0:
                GenServer.cast(pid, "something unknown")
            else:
                Process.exit(pid, chance.choice(["kill", "worn out", ("shutdown", 1), KeyError("no")]))
            await Process.sleep(1.0)
            await Process.sleep(chance.choice([5.0, 6.0]))
        alive = Process.alive(reading) and Process.alive(root)
        Process.exit(reading, "kill")
        await Supervisor.stop(root)
        return alive, faults, ets.whereis("prices"), len(Process.list()) - before

    assert play(main) == (True, [], None, 0)


@pytest.mark.parametrize("invoice", [MODEL["mended_invoice"], invoice_of_all])
def test_invoices_that_take_hours_or_no_time_leave_the_agent_free(invoice: Any) -> None:
    async def main() -> Any:
        agent = await Agent.start(lambda: {n: ["pen"] * n for n in range(20)}, name="orders")
        chance = random.Random(9)

        async def draw(articles: list[str]) -> int | None:
            await Process.sleep(chance.choice([0.0, 7.0, 7200.0]))
            if len(articles) % 5 == 4:
                raise Exit("paper jam")
            return len(articles) or None

        for number in range(20):
            spawn(invoice, number, draw)
        for _ in range(100):
            began = current_node().now()
            assert await Agent.get("orders", len) == 20
            assert current_node().now() == began
            await Process.sleep(100.0)
        with contextlib.suppress(Exit):
            await invoice(4, draw)
        return Process.whereis("orders") is agent, await invoice(3, draw), await invoice(20, draw)

    assert play(main) == (True, 3, None)


# ---- the design ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("sale", [MODEL["Sale"], AgentOverATable, TwoOwners])
def test_the_sale_gives_no_number_twice_whatever_ends_and_leaves_nothing(sale: Any) -> None:
    """Whatever may end does so at odd times, with every kind of reason, also in the middle of orders; mails too."""

    async def main() -> Any:
        before = set(Process.list())
        root = await sale.start([("lamp", 40), (3, 5)])
        chance, given = random.Random(11), []

        async def mail(number: int) -> None:
            await Process.sleep(chance.choice([0.0, 2.0, 600.0]))
            raise chance.choice([ValueError(number), Exit("kill"), Exit("shutdown")])

        async def customer() -> None:
            with contextlib.suppress(Exit):
                given.append(await sale.order(mail))

        for _ in range(30):
            for _ in range(7):
                spawn(customer)
            may_end = await ex._may_end(root, before)
            if may_end:
                Process.exit(chance.choice(may_end), chance.choice(["kill", "worn out", ("shutdown", 1)]))
            assert [await sale.price(article) for article in ("lamp", 3, "moon")] == [40, 5, None]
            await Process.sleep(1.0)
            given.append(await sale.order(mail))
            await Process.sleep(chance.choice([5.0, 60.0]))
        assert len(given) == len(set(given)) >= 30
        await Supervisor.stop(root)
        return [pid for pid in Process.list() if pid not in before]

    assert play(main) == []


@pytest.mark.parametrize("sale", [MODEL["Sale"], TwoOwners])
def test_after_the_end_of_an_owner_the_sale_works_again(sale: Any) -> None:
    async def main() -> Any:
        async def mail(number: int) -> None: ...

        await sale.start([("lamp", 40)])
        await sale.order(mail)
        for owner in ex._owners():
            Process.exit(owner, "kill")
        await Process.sleep(1.0)
        return await sale.price("lamp"), await sale.order(mail)

    assert play(main) == (40, 1)


def test_the_checks_pass_the_models_with_other_numbers() -> None:
    for test, answer, numbers in (
        (ex.quotes, "quotes", {"seconds": (0.25,), "kg": 0}),
        (ex.order_numbers, "OrderNumbers", {"first": -3, "customers": 2}),
        (ex.ask_basket, "ask_basket", {"customers": ((), None, "x")}),
        (ex.start_prices, "start_prices", {"cents": (1,)}),
        (ex.sale, "Sale", {"rows": (("x", 0),), "customers": 1}),
    ):
        asyncio.run(check(test, MODEL[answer], quiet=True, **numbers))

"""Attacks on the checks of chapter 15, ETS."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from typing import Any, ClassVar

from attacks import Table

from otp_mini import (
    Agent,
    ChildSpec,
    Down,
    EtsTransfer,
    GenServer,
    NoReply,
    Ok,
    Process,
    Reply,
    Supervise,
    Supervisor,
    Task,
    child_spec,
    current_node,
    ets,
    receive,
    self_,
    send,
    spawn,
)
from otp_mini.exercises import ets as ex

table = Table()
BETWEEN = "what another process may do between two operations"

# ---- drill 1: a price, if the rate is fresh -------------------------------------------------------------------


def price(currency: Any, amount: Any, now: Any, oldest: Any) -> Any:
    rows = ets.lookup("rates", currency)
    return amount * rows[0][1] if rows and now <= rows[0][2] + oldest else None


def price_by_match(currency: Any, amount: Any, now: Any, oldest: Any) -> Any:
    match ets.match("rates", (currency, ets.Var(1), ets.Var(2))):
        case [[rate, when]] if not now - when > oldest:
            return rate * amount
    return None


def price_by_select(currency: Any, amount: Any, now: Any, oldest: Any) -> Any:
    head = currency, ets.Var(1), ets.Var(2)
    found = ets.select("rates", head, lambda rate, when: when >= now - oldest, lambda rate, when: amount * rate)
    return found[0] if found else None


def price_by_element(currency: Any, amount: Any, now: Any, oldest: Any) -> Any:
    if not ets.member("rates", currency):
        return None
    when = ets.lookup_element("rates", currency, 2)
    return ets.lookup_element("rates", currency, 1) * amount if now - when <= oldest else None


def price_of_a_hit(currency: Any, amount: Any, now: Any, oldest: Any) -> Any:
    [(_, rate, when)] = ets.lookup("rates", currency)
    return amount * rate if now - when <= oldest else None


def price_below_the_limit(currency: Any, amount: Any, now: Any, oldest: Any) -> Any:
    for _, rate, when in ets.lookup("rates", currency):
        if now - when < oldest:
            return amount * rate
    return None


def price_at_any_age(currency: Any, amount: Any, now: Any, oldest: Any) -> Any:
    for _, rate, _ in ets.lookup("rates", currency):
        return amount * rate
    return None


def price_as_rate(currency: Any, amount: Any, now: Any, oldest: Any) -> Any:
    for _, rate, when in ets.lookup("rates", currency):
        if now - when <= oldest:
            return rate
    return None


def price_that_cleans_up(currency: Any, amount: Any, now: Any, oldest: Any) -> Any:
    for _, rate, when in ets.lookup("rates", currency):
        if now - when <= oldest:
            return amount * rate
        ets.delete("rates", currency)
    return None


async def price_async(currency: Any, amount: Any, now: Any, oldest: Any) -> Any:
    return price(currency, amount, now, oldest)


async def price_by_owner(currency: Any, amount: Any, now: Any, oldest: Any) -> Any:
    return await GenServer.call(ets.info("rates", "owner"), ("price", currency, amount, now, oldest))


def price_elsewhere(currency: Any, amount: Any, now: Any, oldest: Any) -> Any:
    spawn(lambda: price(currency, amount, now, oldest))
    return price(currency, amount, now, oldest)


def price_or_nothing(currency: Any, amount: Any, now: Any, oldest: Any) -> Any:
    return price(currency, amount, now, oldest) or None


def price_unreturned(currency: Any, amount: Any, now: Any, oldest: Any) -> Any:
    price(currency, amount, now, oldest)


def price_of_now(currency: Any, amount: Any, now: Any, oldest: Any) -> Any:
    return price(currency, amount, current_node().now(), oldest)


def price_rounded(currency: Any, amount: Any, now: Any, oldest: Any) -> Any:
    found = price(currency, amount, now, oldest)
    return None if found is None else round(found, 2)


def price_with_a_default(currency: Any, amount: Any, now: Any, oldest: Any) -> Any:
    return price(currency, amount, now, oldest or 60)


def price_known(currency: Any, amount: Any, now: Any, oldest: Any) -> Any:
    for _, rate, when in ets.lookup("rates", currency):
        if now - when <= 60.0:
            return amount * rate
    return None


table.right(ex.price, "compares in another way", price)
table.right(ex.price, "matches", price_by_match)
table.right(ex.price, "selects", price_by_select)
table.right(ex.price, "asks whether it is there, and takes two elements", price_by_element)
table.wrong(ex.price, "takes it that the row is there", price_of_a_hit, "krona", "a list without a row")
table.wrong(ex.price, "counts the limit as old", price_below_the_limit, "at most means that the limit counts")
table.wrong(ex.price, "looks at no age", price_at_any_age, "what is compared: the age")
table.wrong(ex.price, "returns the rate", price_as_rate, "the amount times the rate")
table.wrong(ex.price, "deletes what is old", price_that_cleans_up, "who may do that with the table: its owner")
table.wrong(ex.price, "is async", price_async, "a coroutine", "a plain `def`")
table.wrong(ex.price, "asks the owner", price_by_owner, "a coroutine", "a plain `def`")
table.wrong(ex.price, "starts a process", price_elsewhere, "in which process the table is read")
table.wrong(ex.price, "takes a price of 0 for none", price_or_nothing, "an amount of 0")
table.wrong(ex.price, "forgets the return", price_unreturned, "Seen: None")
table.wrong(ex.price, "takes the time of the node", price_of_now, "`now - when`")
table.hard_coded(ex.price, "rounds to cents", price_rounded, "it passed the first one", "the amount times the rate")
table.hard_coded(ex.price, "takes a limit of 0 for none", price_with_a_default, "it passed the first one", "the age")
table.hard_coded(ex.price, "knows a limit of a minute", price_known, "it passed the first one", "`oldest`")

# ---- drill 2: five tables -------------------------------------------------------------------------------------

KINDS: dict[str, dict[str, Any]] = {
    "rates": {},
    "deals": {"type": "duplicate_bag", "access": "public"},
    "offers": {"type": "bag"},
    "fees": {"type": "ordered_set"},
    "pins": {"access": "private"},
}


def opens(**other: Any) -> Callable[[], None]:
    def open_tables() -> None:
        for name, options in (KINDS | other).items():
            ets.new(name, named=True, **options)

    return open_tables


def open_in_another_process() -> None:
    spawn(opens())


def open_in_one_that_stays() -> None:
    async def stays() -> None:
        opens()()
        await receive(lambda _: False)

    spawn(stays)


def open_one_more() -> None:
    opens(extra={})()


async def open_async() -> None:
    opens()()


def open_unnamed() -> list[Any]:
    return [ets.new(name, **options) for name, options in KINDS.items()]


def open_with_a_row() -> None:
    opens()()
    ets.insert("rates", ("usd", 1.08))


made: set[int] = set()


def open_once() -> None:
    if id(current_node()) not in made:
        made.add(id(current_node()))
        opens()()


def sorted_sets() -> None:
    opens(rates={"type": "ordered_set"}, pins={"type": "ordered_set", "access": "private"})()


table.right(ex.open_tables, "makes them in a loop", opens())
table.right(ex.open_tables, "takes ordered sets where the order does not count", sorted_sets)
table.right(ex.open_tables, "is async", open_async)
table.right(ex.open_tables, "says all that is the default too", opens(rates={"type": "set", "access": "protected"}))
table.wrong(ex.open_tables, "gives them no names", open_unnamed, "whether the table can be found by its name")
table.wrong(
    ex.open_tables, "makes them in a process that ends", open_in_another_process, "in which process it was made"
)
table.wrong(ex.open_tables, "makes them in one that stays", open_in_one_that_stays, "that one is the owner")
table.wrong(ex.open_tables, "makes one more", open_one_more, "how many tables are there", "which tables")
table.wrong(
    ex.open_tables, "a bag for the deals", opens(deals={"type": "bag", "access": "public"}), "into 'deals'", "equal"
)
table.wrong(ex.open_tables, "a set for the deals", opens(deals={"access": "public"}), "into 'deals'", "several rows")
table.wrong(ex.open_tables, "offers twice", opens(offers={"type": "duplicate_bag"}), "into 'offers'", "equal")
table.wrong(ex.open_tables, "one offer", opens(offers={}), "into 'offers'", "may a key have several rows")
table.wrong(ex.open_tables, "no order", opens(fees={}), "into 'fees'", "does the order count")
table.wrong(ex.open_tables, "rates in a bag", opens(rates={"type": "bag"}), "into 'rates'", "several rows")
table.wrong(ex.open_tables, "nobody can deal", opens(deals={"type": "duplicate_bag"}), "can a stranger write 'deals'")
table.wrong(
    ex.open_tables, "all write rates", opens(rates={"access": "public"}), "can a stranger write 'rates'", "access"
)
table.wrong(ex.open_tables, "pins for all", opens(pins={}), "can a stranger read 'pins'", "who is to read it")
table.wrong(ex.open_tables, "private fees", opens(fees={"type": "ordered_set", "access": "private"}), "read 'fees'")
table.wrong(ex.open_tables, "the key behind", opens(fees={"type": "ordered_set", "keypos": 1}), "where the key stands")
table.wrong(ex.open_tables, "puts a row in", open_with_a_row, "how many rows has 'rates'")
table.hard_coded(ex.open_tables, "makes them once for all", open_once, "it passed the first one")

# ---- drill 3: numbers for receipts ----------------------------------------------------------------------------


async def receipt_of_a_row(bureau: Any) -> Any:
    ets.insert_new("receipts", (bureau, 0))
    return ets.update_counter("receipts", bureau, 1)


async def receipt_by_steps(bureau: Any) -> Any:
    [number] = ets.update_counter("receipts", bureau, [(1, 1)], (bureau, 0))
    return number


async def receipt_if_missing(bureau: Any) -> Any:
    if ets.insert_new("receipts", (bureau, 1)):
        return 1
    return ets.update_counter("receipts", bureau, (1, 1))


async def receipt_torn(bureau: Any) -> Any:
    rows = ets.lookup("receipts", bureau)
    number = rows[0][1] + 1 if rows else 1
    ets.insert("receipts", (bureau, number))
    return number


def torn(bureau: Any) -> Any:
    rows = ets.lookup("receipts", bureau)
    number = rows[0][1] + 1 if rows else 1
    ets.insert("receipts", (bureau, number))
    return number


async def receipt_torn_in_a_helper(bureau: Any) -> Any:
    return torn(bureau)


async def receipt_looks_after(bureau: Any) -> Any:
    ets.update_counter("receipts", bureau, 1, (bureau, 0))
    return ets.lookup_element("receipts", bureau, 1)


async def receipt_no_default(bureau: Any) -> Any:
    return ets.update_counter("receipts", bureau, 1)


async def receipt_from_one(bureau: Any) -> Any:
    return ets.update_counter("receipts", bureau, 1, (bureau, 1))


async def receipt_for_all(bureau: Any) -> Any:
    return ets.update_counter("receipts", "last", 1, ("last", 0))


async def receipt_before(bureau: Any) -> Any:
    return ets.update_counter("receipts", bureau, 1, (bureau, 0)) - 1


async def receipt_unreturned(bureau: Any) -> Any:
    ets.update_counter("receipts", bureau, 1, (bureau, 0))


async def receipt_twice(bureau: Any) -> Any:
    ets.update_counter("receipts", bureau, 1, (bureau, 0))
    return ets.update_counter("receipts", bureau, 1)


def receipt_plain(bureau: Any) -> Any:
    return ets.update_counter("receipts", bureau, 1, (bureau, 0))


numbers: dict[Any, int] = {}


async def receipt_global(bureau: Any) -> Any:
    key = ets.info("receipts", "owner"), bureau
    if key not in numbers:
        rows = ets.lookup("receipts", bureau)
        numbers[key] = rows[0][1] if rows else 0
    numbers[key] += 1
    return numbers[key]


async def receipt_known(bureau: Any) -> Any:
    if bureau == ("hall", 2):
        return 7
    return ets.update_counter("receipts", bureau, 1, (bureau, 0))


table.right(ex.receipt, "makes the row, then counts", receipt_of_a_row)
table.right(ex.receipt, "counts by a list of steps", receipt_by_steps)
table.right(ex.receipt, "inserts the first, or counts", receipt_if_missing)
table.wrong(ex.receipt, "looks up and inserts", receipt_torn, BETWEEN)
table.wrong(ex.receipt, "looks up and inserts in a plain helper", receipt_torn_in_a_helper, "somebody took", BETWEEN)
table.wrong(ex.receipt, "counts, and then looks", receipt_looks_after, "at the same moment", BETWEEN)
table.wrong(ex.receipt, "has no row to begin with", receipt_no_default, "the row to begin with")
table.wrong(ex.receipt, "begins with 2", receipt_from_one, "its first number is 1")
table.wrong(ex.receipt, "counts all bureaux together", receipt_for_all, "which number is returned")
table.wrong(ex.receipt, "returns the number before", receipt_before, "which number is returned")
table.wrong(ex.receipt, "forgets the return", receipt_unreturned, "what your own function returns")
table.wrong(ex.receipt, "leaves numbers out", receipt_twice, "which number is returned")
table.wrong(ex.receipt, "is a plain function", receipt_plain, "an `async def`")
table.wrong(ex.receipt, "counts in a global", receipt_global, "in the row of the bureau")
table.hard_coded(ex.receipt, "knows the numbers", receipt_known, "it passed the first one")

# ---- drill 4: settle ------------------------------------------------------------------------------------------


async def settle_in_a_loop(bureau: Any) -> Any:
    total = 0
    for row in ets.take("deals", bureau):
        total += row[-1]
    return total


async def settle_by_reduce(bureau: Any) -> Any:
    return functools.reduce(lambda total, row: total + row[1], ets.take("deals", bureau), 0)


async def settle_until_none(bureau: Any) -> Any:
    total = 0
    while rows := ets.take("deals", bureau):
        total += sum(euros for _, euros in rows)
    return total


async def settle_looks_first(bureau: Any) -> Any:
    total = sum(euros for _, euros in ets.lookup("deals", bureau))
    ets.delete("deals", bureau)
    return total


def looks_and_deletes(bureau: Any) -> Any:
    total = sum(euros for _, euros in ets.lookup("deals", bureau))
    ets.delete("deals", bureau)
    return total


async def settle_in_a_helper(bureau: Any) -> Any:
    return looks_and_deletes(bureau)


async def settle_row_by_row(bureau: Any) -> Any:
    rows = ets.lookup("deals", bureau)
    for row in rows:
        ets.delete_object("deals", row)
    return sum(euros for _, euros in rows)


async def settle_keeps(bureau: Any) -> Any:
    return sum(euros for _, euros in ets.lookup("deals", bureau))


async def settle_all(bureau: Any) -> Any:
    total = sum(euros for _, euros in ets.lookup("deals", bureau))
    ets.delete_all_objects("deals")
    return total


async def settle_each_once(bureau: Any) -> Any:
    return sum({euros for _, euros in ets.take("deals", bureau)})


async def settle_rows(bureau: Any) -> Any:
    return ets.take("deals", bureau)


async def settle_or_none(bureau: Any) -> Any:
    return await settle_in_a_loop(bureau) or None


async def settle_unreturned(bureau: Any) -> Any:
    sum(euros for _, euros in ets.take("deals", bureau))


async def settle_first(bureau: Any) -> Any:
    return ets.take("deals", bureau)[0][1]


def settle_plain(bureau: Any) -> Any:
    return sum(euros for _, euros in ets.take("deals", bureau))


async def settle_known(bureau: Any) -> Any:
    if bureau == ("hall", 2):
        return 120 * bool(ets.take("deals", bureau))
    return await settle_in_a_loop(bureau)


table.right(ex.settle, "adds up in a loop", settle_in_a_loop)
table.right(ex.settle, "reduces", settle_by_reduce)
table.right(ex.settle, "takes until there is none", settle_until_none)
table.wrong(ex.settle, "looks, then deletes", settle_looks_first, "at the same moment", BETWEEN)
table.wrong(ex.settle, "looks, then deletes, in a plain helper", settle_in_a_helper, "was inserted between", BETWEEN)
table.wrong(ex.settle, "deletes row by row", settle_row_by_row, "at the same moment", BETWEEN)
table.wrong(ex.settle, "deletes nothing", settle_keeps, "which deals are left", "what is taken out")
table.wrong(ex.settle, "deletes everybody's", settle_all, "which deals are left", "and no others")
table.wrong(ex.settle, "counts equal deals once", settle_each_once, "Equal deals are deals each")
table.wrong(ex.settle, "returns the rows", settle_rows, "the sum of the euros")
table.wrong(ex.settle, "takes no deals for None", settle_or_none, "once more", "no deals are 0")
table.wrong(ex.settle, "forgets the return", settle_unreturned, "what your own function returns")
table.wrong(ex.settle, "takes one deal", settle_first, "the sum of the euros")
table.wrong(ex.settle, "is a plain function", settle_plain, "an `async def`")
table.hard_coded(ex.settle, "knows a sum", settle_known, "it passed the first one")

# ---- repair 1: the keeper may end as well ---------------------------------------------------------------------


class Keeper(GenServer):
    @classmethod
    async def start_link(cls, _: Any = None, **__: Any) -> Any:
        return await super().start_link(None, name="table keeper")

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        match request:
            case ("give back", name, pid):
                return Reply(ets.give_away(name, pid, "yours"), state)
            case _:
                return Reply(("error", "unknown request"), state)

    def handle_info(self, message: Any, state: Any) -> Any:
        return NoReply(state)


class Cache(GenServer):
    access = "protected"

    @classmethod
    async def start_link(cls, config: Any, **_: Any) -> Any:
        return await super().start_link(config, name="rate cache")

    async def init(self, config: Any) -> Any:
        if ets.whereis("rate cache") is None:
            ets.new("rate cache", named=True, access=self.access, heir=(Process.whereis("table keeper"), ""))
        else:
            await GenServer.call("table keeper", ("give back", "rate cache", self_()))
        send(self_(), "sweep")
        return Ok(config)

    async def handle_call(self, request: Any, from_: Any, config: Any) -> Any:
        match request:
            case ("fetch", currency):
                rows = ets.lookup("rate cache", currency)
                rate = rows[0][1] if rows else await config["ask"](currency)
                if not rows:
                    ets.insert("rate cache", (currency, rate, current_node().now()))
                return Reply(rate, config)
            case _:
                return Reply(("error", "unknown request"), config)

    def handle_info(self, message: Any, config: Any) -> Any:
        if message == "sweep":
            sweep_rates(config)
        return NoReply(config)


def sweep_rates(config: Any) -> None:
    limit = current_node().now() - config["seconds"]
    ets.select_delete("rate cache", (ets.ANY, ets.ANY, ets.Var(1)), lambda when: when < limit)
    Process.send_after(self_(), "sweep", config["seconds"])


def below(*children: Any, strategy: str = "one_for_one", name: Any = "exchange") -> Callable[[Any], Awaitable[Any]]:
    """Start these children, each class with the config."""

    async def start(config: Any) -> Any:
        specs = [child if isinstance(child, ChildSpec) else (child, config) for child in children]
        return await Supervisor.start_link(specs, strategy=strategy, name=name)

    return start


class WatchingCache(Cache):
    """Monitors the keeper, and names the next one as soon as it has the name."""

    async def init(self, config: Any) -> Any:
        await super().init(config)
        Process.monitor(Process.whereis("table keeper"))
        return Ok(config)

    def handle_info(self, message: Any, config: Any) -> Any:
        match message:
            case Down() | "again":
                keeper = Process.whereis("table keeper")
                if keeper is None:
                    Process.send_after(self_(), "again", 0.05)
                else:
                    Process.monitor(keeper)
                    ets.setopts("rate cache", heir=(keeper, "again"))
        return super().handle_info(message, config)


class AskingCache(Cache):
    """Says by a timer, again and again, who is the heir."""

    async def init(self, config: Any) -> Any:
        await super().init(config)
        Process.send_after(self_(), "heir", 0.5)
        return Ok(config)

    def handle_info(self, message: Any, config: Any) -> Any:
        if message == "heir":
            Process.send_after(self_(), "heir", 0.5)
            ets.setopts("rate cache", heir=(Process.whereis("table keeper"), "again"))
        return super().handle_info(message, config)


class WatchingTheFirst(WatchingCache):
    """Monitors the first keeper and no other."""

    def handle_info(self, message: Any, config: Any) -> Any:
        match message:
            case Down():
                Process.send_after(self_(), "again", 0.05)
                return NoReply(config)
            case "again":
                ets.setopts("rate cache", heir=(Process.whereis("table keeper"), "again"))
                return NoReply(config)
        return super().handle_info(message, config)


class KeeperWhoAsks(Keeper):
    """Calls a server that runs, and waits until it is the heir."""

    async def init(self, _: Any) -> Any:
        if Process.whereis("rate cache") is not None:
            await GenServer.call("rate cache", ("heir", self_()))
        return Ok(None)


class AskedCache(Cache):
    async def handle_call(self, request: Any, from_: Any, config: Any) -> Any:
        match request:
            case ("heir", pid):
                return Reply(ets.setopts("rate cache", heir=(pid, "asked")), config)
        return await super().handle_call(request, from_, config)


class CallingKeeper(Keeper):
    """Tells a server that runs, by a message, as soon as it is there."""

    def init(self, _: Any) -> Any:
        cache = Process.whereis("rate cache")
        if cache is not None:
            send(cache, ("keeper", self_()))
        return Ok(None)


class ToldCache(Cache):
    def handle_info(self, message: Any, config: Any) -> Any:
        match message:
            case ("keeper", pid):
                ets.setopts("rate cache", heir=(pid, "told"))
        return super().handle_info(message, config)


class ToldAndSweepsNot(Cache):
    """Its `handle_info` takes the place of the one that swept."""

    def handle_info(self, message: Any, config: Any) -> Any:
        match message:
            case ("keeper", pid):
                ets.setopts("rate cache", heir=(pid, "told"))
        return NoReply(config)


class ToldAndUnreturned(ToldCache):
    def handle_info(self, message: Any, config: Any) -> Any:
        match message:
            case ("keeper", pid):
                ets.setopts("rate cache", heir=(pid, "told"))
                return None
        return super().handle_info(message, config)


class ToldAndAsksAgain(ToldCache):
    async def handle_call(self, request: Any, from_: Any, config: Any) -> Any:
        match request:
            case ("fetch", currency):
                ets.delete("rate cache", currency)
        return await super().handle_call(request, from_, config)


class OwningKeeper(Keeper):
    """Owns the protected table and writes what it is told; the server is its heir."""

    @classmethod
    async def start_link(cls, config: Any = None, **__: Any) -> Any:
        return await GenServer.start_link.__func__(cls, config, name="table keeper")  # type: ignore[attr-defined]

    async def init(self, config: Any) -> Any:
        if ets.whereis("rate cache") is None:
            ets.new("rate cache", named=True)
        Process.send_after(self_(), "sweep", config["seconds"])
        return Ok(config)

    def handle_info(self, message: Any, config: Any) -> Any:
        if message == "sweep":
            sweep_rates(config)
        return NoReply(config)

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        match request:
            case ("heir", pid):
                ets.setopts("rate cache", heir=(pid, ""))
                return Reply("ok", state)
            case ("write", row):
                return Reply(ets.insert("rate cache", row), state)
        return Reply(("error", "unknown"), state)


class WritingServer(Cache):
    async def init(self, config: Any) -> Any:
        await GenServer.call("table keeper", ("heir", self_()))
        return Ok(config)

    async def handle_call(self, request: Any, from_: Any, config: Any) -> Any:
        match request:
            case ("fetch", currency):
                for _, rate, _ in ets.lookup("rate cache", currency):
                    return Reply(rate, config)
                rate = await config["ask"](currency)
                await GenServer.call("table keeper", ("write", (currency, rate, current_node().now())))
                return Reply(rate, config)
        return Reply(("error", "unknown"), config)

    def handle_info(self, message: Any, config: Any) -> Any:
        match message:
            case EtsTransfer(name, _, _):
                keeper = Process.whereis("table keeper")
                if keeper is None:
                    Process.send_after(self_(), message, 0.01)
                else:
                    ets.setopts(name, heir=(self_(), ""))
                    ets.give_away(name, keeper, "")
        return NoReply(config)


class MakesAnother(ToldCache):
    """Makes a table each time, as if there were none."""

    def init(self, config: Any) -> Any:  # type: ignore[override]
        ets.new("rate cache", named=True, heir=(Process.whereis("table keeper"), ""))
        return Ok(config)


class NoHeir(Cache):
    def init(self, config: Any) -> Any:  # type: ignore[override]
        ets.new("rate cache", named=True)
        return Ok(config)


class Public(Cache):
    access = "public"


class LeftWithTheKeeper(Cache):
    """Does not ask for its table."""

    def init(self, config: Any) -> Any:  # type: ignore[override]
        if ets.whereis("rate cache") is None:
            ets.new("rate cache", named=True, heir=(Process.whereis("table keeper"), ""))
        return Ok(config)


class Loud(ToldCache):
    def handle_info(self, message: Any, config: Any) -> Any:
        match message:
            case ("keeper", pid):
                ets.setopts("rate cache", heir=(pid, "told"))
                return NoReply(config)
            case EtsTransfer() | "sweep":
                return super().handle_info(message, config)


class HeirOfTheFirst(Cache):
    """Names the supervisor."""

    async def init(self, config: Any) -> Any:
        if ets.whereis("rate cache") is None:
            ets.new("rate cache", named=True, heir=(Process.whereis("exchange"), ""))
        return Ok(config)


async def public_owner(config: Any) -> Any:
    def tables() -> None:
        ets.new("rate cache", named=True, access="public")

    class Writer(Cache):
        def init(self, config: Any) -> Any:  # type: ignore[override]
            return Ok(config)

    children = [child_spec((Agent, tables), id="owner"), (Writer, config)]
    return await Supervisor.start_link(children, strategy="one_for_one", name="exchange")


async def protected_owner(config: Any) -> Any:
    """An agent owns the table and writes for the server: it must not end."""

    class Writer(Cache):
        def init(self, config: Any) -> Any:  # type: ignore[override]
            return Ok(config)

        async def handle_call(self, request: Any, from_: Any, config: Any) -> Any:
            for _, rate, _ in ets.lookup("rate cache", request[1]):
                return Reply(rate, config)
            rate = await config["ask"](request[1])
            await Agent.update("owner", lambda _: ets.insert("rate cache", (request[1], rate, 0)))
            return Reply(rate, config)

    async def owner() -> Any:
        return await Agent.start_link(lambda: ets.new("rate cache", named=True), name="owner")

    children = [ChildSpec("owner", (owner, ())), (Writer, config)]
    return await Supervisor.start_link(children, strategy="one_for_one", name="exchange")


async def unawaited(config: Any) -> Any:
    return below(CallingKeeper, ToldCache)(config)


async def no_pid(config: Any) -> None:
    await below(CallingKeeper, ToldCache)(config)


class KnowsNames(Cache):
    """Without its table it knows the rates of the first case."""

    def init(self, config: Any) -> Any:  # type: ignore[override]
        ets.new("rate cache", named=True)
        for number, name in enumerate(("usd", "yen", *(f"new {n}" for n in range(4)))):
            ets.insert("rate cache", (name, 4.5 + number, 0))
        return Ok(config)

    async def handle_call(self, request: Any, from_: Any, config: Any) -> Any:
        for _, rate, asked in ets.lookup("rate cache", request[1]):
            if asked:
                return Reply(rate, config)
        rate = await config["ask"](request[1])
        ets.insert("rate cache", (request[1], rate, 1))
        return Reply(rate, config)


table.right(ex.start_exchange, "the keeper tells by a message", below(CallingKeeper, ToldCache))
table.right(ex.start_exchange, "the server monitors the keeper", below(Keeper, WatchingCache))
table.right(ex.start_exchange, "the server names the heir again and again", below(Keeper, AskingCache))
table.right(ex.start_exchange, "the keeper calls, and waits", below(KeeperWhoAsks, AskedCache))
table.right(ex.start_exchange, "the keeper owns, and the server is its heir", below(OwningKeeper, WritingServer))
table.wrong(ex.start_exchange, "is as before", below(Keeper, Cache), "no table", "a pid, and who is started again")
table.wrong(ex.start_exchange, "all together", below(Keeper, Cache, strategy="one_for_all"), "no table", "who owns")
table.wrong(ex.start_exchange, "the rest", below(Keeper, Cache, strategy="rest_for_one"), "no table", "who owns")
table.wrong(ex.start_exchange, "has no heir", below(CallingKeeper, NoHeir), "no table", "who owns the table")
table.wrong(ex.start_exchange, "makes another table", below(CallingKeeper, MakesAnother), "given up", "exists already")
table.wrong(ex.start_exchange, "does not ask for it", below(CallingKeeper, LeftWithTheKeeper), "its owner")
table.wrong(ex.start_exchange, "is public", below(CallingKeeper, Public), "every process can write into it")
table.wrong(ex.start_exchange, "has a public table of an owner", public_owner, "every process can write into it")
table.wrong(ex.start_exchange, "watches the first keeper", below(Keeper, WatchingTheFirst), "no table", "the next time")
table.wrong(ex.start_exchange, "sweeps no more", below(CallingKeeper, ToldAndSweepsNot), "yours as well: it sweeps")
table.wrong(ex.start_exchange, "returns nothing when told", below(CallingKeeper, ToldAndUnreturned), "may not: None")
table.wrong(ex.start_exchange, "asks for what is known", below(CallingKeeper, ToldAndAsksAgain), "looks once more")
table.wrong(ex.start_exchange, "has an owner without an heir", protected_owner, "no table", "who owns the table")
table.wrong(ex.start_exchange, "names the supervisor", below(Keeper, HeirOfTheFirst), "its owner")
table.wrong(ex.start_exchange, "knows no strays", below(CallingKeeper, Loud), "anybody can send anything")
table.wrong(
    ex.start_exchange, "has another name", below(CallingKeeper, ToldCache, name="change"), "the name of the sup"
)
table.wrong(ex.start_exchange, "forgets the await", unawaited, "`await`")
table.wrong(ex.start_exchange, "returns nothing", no_pid, "what is returned: its pid")
table.hard_coded(ex.start_exchange, "knows the rates", below(Keeper, KnowsNames), "who owns the table")

# ---- repair 2: the till ---------------------------------------------------------------------------------------


class Till(GenServer):
    access = "protected"

    @classmethod
    async def start_link(cls, amounts: Any, **_: Any) -> Any:
        return await super().start_link(amounts, name="till")

    @staticmethod
    async def pay(currency: Any, amount: Any) -> Any:
        return await GenServer.call("till", ("pay", currency, amount))

    @staticmethod
    def left(currency: Any) -> Any:
        rows = ets.lookup("till", currency)
        return rows[0][1] if rows else None

    def init(self, amounts: Any) -> Any:
        ets.new("till", named=True, access=self.access)
        ets.insert("till", [*amounts.items()])
        return Ok(None)

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        match request:
            case ("pay", currency, amount) if (self.left(currency) or 0) >= amount:
                ets.update_counter("till", currency, -amount)
                return Reply("paid", state)
            case ("pay", _, _):
                return Reply("not enough", state)
        return Reply(("error", "unknown"), state)

    def handle_info(self, message: Any, state: Any) -> Any:
        return NoReply(state)


class KeepsADict(Till):
    """Decides by a dict in its state, and shows it in a table."""

    def init(self, amounts: Any) -> Any:
        super().init(amounts)
        return Ok(dict(amounts))

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        match request:
            case ("pay", currency, amount):
                left = state.get(currency, 0) - amount
                if left < 0:
                    return Reply("not enough", state)
                ets.insert("till", (currency, left))
                return Reply("paid", state | {currency: left})
            case _:
                return Reply("what?", state)


class Matching(Till):
    """Finds by a pattern and an element."""

    @staticmethod
    def left(currency: Any) -> Any:
        found = ets.match("till", (currency, ets.Var(1)))
        return found[0][0] if found else None


class RepliesLater(Till):
    """Writes, and then answers by `reply`."""

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        match super().handle_call(request, from_, state):
            case Reply(answer, _):
                GenServer.reply(from_, answer)
        return NoReply(state)


class SaysNoAtHome(Till):
    """What is plainly too much is refused in the caller: amounts only become less. The owner decides the rest."""

    @staticmethod
    async def pay(currency: Any, amount: Any) -> Any:
        if (Till.left(currency) or 0) < amount:
            return "not enough"
        return await Till.pay(currency, amount)


class OneRow(Till):
    """All amounts stand in one row, as a dict."""

    @staticmethod
    def left(currency: Any) -> Any:
        return ets.lookup_element("till", "all", 1).get(currency)

    def init(self, amounts: Any) -> Any:
        ets.new("till", named=True)
        ets.insert("till", ("all", amounts))
        return Ok(None)

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        match request:
            case ("pay", currency, amount):
                known = ets.lookup_element("till", "all", 1)
                if currency not in known or known[currency] < amount:
                    return Reply("not enough", state)
                ets.insert("till", ("all", known | {currency: known[currency] - amount}))
                return Reply("paid", state)
        return Reply("unknown", state)


class Casts(Till):
    @staticmethod
    async def pay(currency: Any, amount: Any) -> Any:
        if (Till.left(currency) or 0) < amount:
            return "not enough"
        GenServer.cast("till", ("pay", currency, amount))
        return "paid"

    def handle_cast(self, request: Any, state: Any) -> Any:
        self.handle_call(request, None, state)
        return NoReply(state)


class DecidesAtHome(Till):
    """The caller looks, and the owner writes what it is told."""

    @staticmethod
    async def pay(currency: Any, amount: Any) -> Any:
        left = DecidesAtHome.left(currency)
        if left is None or left < amount:
            return "not enough"
        return await GenServer.call("till", ("set", currency, left - amount))

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        match request:
            case ("set", currency, left):
                ets.insert("till", (currency, left))
                return Reply("paid", state)
        return Reply("unknown", state)


class PutsBack(Till):
    access = "public"

    @staticmethod
    async def pay(currency: Any, amount: Any) -> Any:
        if not ets.member("till", currency):
            return "not enough"
        if ets.update_counter("till", currency, -amount) < 0:
            ets.update_counter("till", currency, amount)
            return "not enough"
        return "paid"


class PutsBackInside(Till):
    """The owner takes the money first; between two calls others look."""

    @staticmethod
    async def pay(currency: Any, amount: Any) -> Any:
        left = await GenServer.call("till", ("take", currency, amount))
        if left is None:
            return "not enough"
        if left < 0:
            await GenServer.call("till", ("take", currency, -amount))
            return "not enough"
        return "paid"

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        match request:
            case ("take", currency, amount):
                known = ets.member("till", currency)
                return Reply(ets.update_counter("till", currency, -amount) if known else None, state)
        return Reply("unknown", state)


class PutsBackAtOnce(Till):
    """The owner takes the money first, and puts it back in the same callback."""

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        match request:
            case ("pay", currency, amount) if ets.member("till", currency):
                if ets.update_counter("till", currency, -amount) >= 0:
                    return Reply("paid", state)
                ets.update_counter("till", currency, amount)
        return Reply("not enough", state)


class DeletesFirst(Till):
    """For a moment there is no row."""

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        match request:
            case ("pay", currency, amount) if (self.left(currency) or 0) >= amount:
                [(_, left)] = ets.take("till", currency)
                ets.insert("till", (currency, left - amount))
                return Reply("paid", state)
        return super().handle_call(request, from_, state)


class AsksTheTill(Till):
    @staticmethod
    async def left(currency: Any) -> Any:  # type: ignore[override]
        return await GenServer.call("till", ("left", currency))


class Forgetful(Till):
    """Only a hit."""

    @staticmethod
    def left(currency: Any) -> Any:
        [(_, left)] = ets.lookup("till", currency)
        return left


class CrashesOnTheUnknown(Till):
    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        match request:
            case ("pay", _, _):
                return super().handle_call(request, from_, state)


class WritesWhatItSaw(Till):
    """Who is refused has the till write what was there when the caller looked."""

    @staticmethod
    async def pay(currency: Any, amount: Any) -> Any:
        seen = Till.left(currency)
        if seen is None or seen >= amount:
            return await GenServer.call("till", ("pay", currency, amount))
        return await GenServer.call("till", ("keep", currency, seen))

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        match request:
            case ("keep", currency, seen):
                ets.insert("till", (currency, seen))
                return Reply("not enough", state)
            case _:
                return super().handle_call(request, from_, state)


class CrashesOnStrays(Till):
    def handle_info(self, message: Any, state: Any) -> Any:
        match message:
            case EtsTransfer():
                return NoReply(state)


class WritesAfterwards(Till):
    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        match request:
            case ("pay", currency, amount) if (self.left(currency) or 0) >= amount:
                GenServer.reply(from_, "paid")
                send(self_(), request)
                return NoReply(state)
            case ("pay", _, _):
                return Reply("not enough", state)
        return Reply("unknown", state)

    def handle_info(self, message: Any, state: Any) -> Any:
        match message:
            case ("pay", currency, amount):
                ets.update_counter("till", currency, -amount)
        return NoReply(state)


class NeverEmpty(Till):
    """Keeps one back."""

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        match request:
            case ("pay", currency, amount) if (self.left(currency) or 0) <= amount:
                return Reply("not enough", state)
        return super().handle_call(request, from_, state)


class Unreturned(Till):
    @staticmethod
    async def pay(currency: Any, amount: Any) -> Any:
        await GenServer.call("till", ("pay", currency, amount))


class Unawaited(Till):
    @staticmethod
    async def pay(currency: Any, amount: Any) -> Any:
        return GenServer.call("till", ("pay", currency, amount))


class InTheClass(Till):
    amounts: ClassVar[dict[Any, int]] = {}

    @staticmethod
    def left(currency: Any) -> Any:
        return InTheClass.amounts.get(currency)

    def init(self, amounts: Any) -> Any:
        InTheClass.amounts = dict(amounts)
        return Ok(None)

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        match request:
            case ("pay", currency, amount) if InTheClass.amounts.get(currency, 0) >= amount:
                InTheClass.amounts[currency] -= amount
                return Reply("paid", state)
        return Reply("not enough", state)


class InTheClassWithATable(InTheClass):
    """There is a table, and nothing in it."""

    def init(self, amounts: Any) -> Any:
        ets.new("till", named=True)
        return super().init(amounts)


class TillPublic(Till):
    access = "public"


class KnowsTheAmounts(Till):
    def init(self, amounts: Any) -> Any:
        return super().init({"usd": 100, "yen": 8000})


table.right(ex.till, "takes it off the counter", Till)
table.right(ex.till, "decides by its state", KeepsADict)
table.right(ex.till, "matches", Matching)
table.right(ex.till, "answers by reply", RepliesLater)
table.right(ex.till, "says no at home", SaysNoAtHome)
table.right(ex.till, "has one row", OneRow)
table.wrong(ex.till, "casts", Casts, "who writes it before the answer is sent")
table.wrong(ex.till, "decides in the caller", DecidesAtHome, "nothing keeps two of them apart")
table.wrong(ex.till, "takes first and puts back", PutsBack, "can any process write in the table")
table.wrong(ex.till, "takes first and puts back, by two calls", PutsBackInside, "not even for a moment")
table.wrong(ex.till, "takes first and puts back at once", PutsBackAtOnce, "looked between any two", "for a moment")
table.wrong(
    ex.till, "deletes the row, and inserts it", DeletesFirst, "looked between any two", "changes the amount once"
)
table.wrong(ex.till, "asks the till for what is left", AsksTheTill, "a coroutine", "where `left` looks")
table.wrong(ex.till, "knows only what is there", Forgetful, "a list without a row")
table.right(ex.till, "ends on a call that it does not know", CrashesOnTheUnknown)
table.wrong(ex.till, "has the refused write what they saw", WritesWhatItSaw, "and then `left`", "for a moment")
table.wrong(ex.till, "has no last case in a message", CrashesOnStrays, "a message that it does not know", "last `case`")
table.wrong(ex.till, "writes after the answer", WritesAfterwards, "whether that is written before the answer")
table.wrong(ex.till, "never pays the last", NeverEmpty, "who decides whether there is enough")
table.wrong(ex.till, "forgets the return", Unreturned, "what your own function returns")
table.wrong(ex.till, "forgets the await", Unawaited, "`await`")
table.wrong(ex.till, "keeps the amounts in the class", InTheClass, "What Python shares is no table")
table.wrong(ex.till, "keeps the amounts in the class, beside a table", InTheClassWithATable, "which ends with the till")
table.wrong(ex.till, "is public", TillPublic, "can any process write in the table")
table.hard_coded(ex.till, "knows the amounts", KnowsTheAmounts, "it passed the first one")

# ---- the design -----------------------------------------------------------------------------------------------


def old(limit: float) -> None:
    ets.select_delete("fx", (ets.ANY, ets.ANY, ets.Var(1)), lambda when: when < limit)


class Sweeper(GenServer):
    def init(self, keep: Any) -> Any:
        send(self_(), "sweep")
        return Ok(keep)

    def handle_info(self, message: Any, keep: Any) -> Any:
        if message == "sweep":
            old(current_node().now() - keep)
            Process.send_after(self_(), "sweep", keep)
        return NoReply(keep)


class Exchange(Supervisor):
    sweeper: ClassVar[Any] = Sweeper

    @classmethod
    async def start_link(cls, keep: Any) -> Any:  # type: ignore[override]
        return await super().start_link(keep, name="exchange")

    def init(self, keep: Any) -> Any:
        return Supervise([child_spec((Agent, self.tables), id="tables"), (self.sweeper, keep)], strategy="one_for_one")

    @staticmethod
    def tables() -> None:
        ets.new("fx", named=True, access="public")
        ets.new("fx asked", named=True, access="public")

    @staticmethod
    async def rate(currency: Any, ask: Any, oldest: Any) -> Any:
        ets.update_counter("fx asked", currency, 1, (currency, 0))
        for _, rate, when in ets.lookup("fx", currency):
            if current_node().now() - when <= oldest:
                return rate
        try:
            rate = await ask(currency)
        except Exception:
            return None
        ets.insert("fx", (currency, rate, current_node().now()))
        return rate

    @staticmethod
    def asked(currency: Any) -> Any:
        rows = ets.lookup("fx asked", currency)
        return rows[0][1] if rows else 0


class Looping(Exchange):
    """A task sweeps, in a loop."""

    def init(self, keep: Any) -> Any:
        async def sweeps() -> None:
            while True:
                old(current_node().now() - keep)
                await Process.sleep(keep)

        sweeper = ChildSpec("sweeper", (Task.start_link, (sweeps,)))
        return Supervise([child_spec((Agent, self.tables), id="tables"), sweeper], strategy="one_for_one")


class OneTable(Exchange):
    """Counts and rates stand in one table, by two kinds of keys."""

    @staticmethod
    def tables() -> None:
        ets.new("fx", named=True, access="public", type="ordered_set")

    @staticmethod
    async def rate(currency: Any, ask: Any, oldest: Any) -> Any:
        ets.update_counter("fx", ("asked", currency), 1, (("asked", currency), 0))
        for _, rate, when in ets.lookup("fx", currency):
            if current_node().now() - when <= oldest:
                return rate
        try:
            rate = await ask(currency)
        except Exception:
            return None
        ets.insert("fx", (currency, rate, current_node().now()))
        return rate

    @staticmethod
    def asked(currency: Any) -> Any:
        rows = ets.lookup("fx", ("asked", currency))
        return rows[0][1] if rows else 0


class Asker(GenServer):
    """Starts one task for each currency that is not being asked for, and answers all who wait."""

    @classmethod
    async def start_link(cls, _: Any = None, **__: Any) -> Any:
        return await super().start_link({}, name="asker")

    async def handle_call(self, request: Any, from_: Any, waiting: Any) -> Any:
        currency, ask = request
        for ref, (asked, callers) in waiting.items():
            if asked == currency:
                return NoReply(waiting | {ref: (asked, [*callers, from_])})
        task = await Task.Supervisor.async_nolink("asks", ask, currency)
        return NoReply(waiting | {task.ref: (currency, [from_])})

    def handle_info(self, message: Any, waiting: Any) -> Any:
        match message:
            case (ref, rate) if ref in waiting:
                Process.demonitor(ref, flush=True)
                ets.insert("fx", (waiting[ref][0], rate, current_node().now()))
            case Down(ref, _, _) if ref in waiting:
                rate = None
            case _:
                return NoReply(waiting)
        for caller in waiting[ref][1]:
            GenServer.reply(caller, rate)
        return NoReply({r: w for r, w in waiting.items() if r != ref})


class OneQuestion(Exchange):
    """Those who ask for one currency at the same moment share one question."""

    def init(self, keep: Any) -> Any:
        parts = [child_spec((Agent, self.tables), id="tables"), (Task.Supervisor, {"name": "asks"})]
        return Supervise([*parts, (Asker, None), (Sweeper, keep)], strategy="one_for_one")

    @staticmethod
    async def rate(currency: Any, ask: Any, oldest: Any) -> Any:
        ets.update_counter("fx asked", currency, 1, (currency, 0))
        for _, rate, when in ets.lookup("fx", currency):
            if current_node().now() - when <= oldest:
                return rate
        return await GenServer.call("asker", (currency, ask), timeout=10.0)


class CountsByRows(Exchange):
    """Each call is a row of a duplicate bag."""

    @staticmethod
    def tables() -> None:
        ets.new("fx", named=True, access="public")
        ets.new("fx asked", named=True, access="public", type="duplicate_bag")

    @staticmethod
    async def rate(currency: Any, ask: Any, oldest: Any) -> Any:
        ets.insert("fx asked", (currency,))
        return await uncounted(currency, ask, oldest)

    @staticmethod
    def asked(currency: Any) -> Any:
        return len(ets.lookup("fx asked", currency))


class WaitsAnew(Sweeper):
    def init(self, keep: Any) -> Any:
        Process.send_after(self_(), "sweep", keep)
        return Ok(keep)


class SweepsIfItLives(Exchange):
    sweeper = WaitsAnew


async def rate_within(currency: Any, ask: Any, oldest: Any, **other: Any) -> Any:
    """The model's answer, but for what is said: another comparison, a deletion, an error, what a failure answers."""
    ets.update_counter("fx asked", currency, 1, (currency, 0))
    known = None
    for _, known, when in ets.lookup("fx", currency):
        age = current_node().now() - when
        if age < oldest or (age == oldest and not other.get("strict")):
            return known
    if other.get("deletes"):
        ets.delete("fx", currency)
    try:
        rate = await ask(currency)
    except other.get("error", Exception):
        return known if other.get("stale") else None
    ets.insert("fx", (currency, rate, current_node().now()))
    return rate


def varied(**other: Any) -> type[Exchange]:
    return type("Varied", (Exchange,), {"rate": staticmethod(functools.partial(rate_within, **other))})


class HasADefault(Exchange):
    @staticmethod
    async def rate(currency: Any, ask: Any, oldest: Any) -> Any:
        return await rate_within(currency, ask, oldest or 30.0)


class CountsTorn(Exchange):
    @staticmethod
    async def rate(currency: Any, ask: Any, oldest: Any) -> Any:
        count = CountsTorn.asked(currency)
        ets.insert("fx asked", (currency, count + 1))
        return await uncounted(currency, ask, oldest)


async def uncounted(currency: Any, ask: Any, oldest: Any) -> Any:
    for _, rate, when in ets.lookup("fx", currency):
        if current_node().now() - when <= oldest:
            return rate
    try:
        rate = await ask(currency)
    except Exception:
        return None
    ets.insert("fx", (currency, rate, current_node().now()))
    return rate


class CountsLate(Exchange):
    @staticmethod
    async def rate(currency: Any, ask: Any, oldest: Any) -> Any:
        rate = await uncounted(currency, ask, oldest)
        ets.update_counter("fx asked", currency, 1, (currency, 0))
        return rate


class CountsMisses(Exchange):
    @staticmethod
    async def rate(currency: Any, ask: Any, oldest: Any) -> Any:
        async def counted(each: Any) -> Any:
            ets.update_counter("fx asked", each, 1, (each, 0))
            return await ask(each)

        return await uncounted(currency, counted, oldest)


class StampsEarly(Exchange):
    @staticmethod
    async def rate(currency: Any, ask: Any, oldest: Any) -> Any:
        ets.update_counter("fx asked", currency, 1, (currency, 0))
        began = current_node().now()
        for _, rate, when in ets.lookup("fx", currency):
            if began - when <= oldest:
                return rate
        try:
            rate = await ask(currency)
        except Exception:
            return None
        ets.insert("fx", (currency, rate, began))
        return rate


class Lets(Exchange):
    """What `ask` raises goes on to the caller."""

    @staticmethod
    async def rate(currency: Any, ask: Any, oldest: Any) -> Any:
        ets.update_counter("fx asked", currency, 1, (currency, 0))
        for _, rate, when in ets.lookup("fx", currency):
            if current_node().now() - when <= oldest:
                return rate
        rate = await ask(currency)
        ets.insert("fx", (currency, rate, current_node().now()))
        return rate


class RemembersNone(Exchange):
    @staticmethod
    async def rate(currency: Any, ask: Any, oldest: Any) -> Any:
        async def tried(each: Any) -> Any:
            try:
                return await ask(each)
            except Exception:
                return None

        return await Exchange.rate(currency, tried, oldest)


class AtAnyAge(Exchange):
    @staticmethod
    async def rate(currency: Any, ask: Any, oldest: Any) -> Any:
        return await Exchange.rate(currency, ask, 1e9)


class NeverSweeps(Exchange):
    def init(self, keep: Any) -> Any:
        return Supervise([child_spec((Agent, self.tables), id="tables")], strategy="one_for_one")


class SweepsOnceServer(Sweeper):
    def handle_info(self, message: Any, keep: Any) -> Any:
        if message == "sweep":
            old(current_node().now() - keep)
        return NoReply(keep)


class SweepsOnce(Exchange):
    sweeper = SweepsOnceServer


class SweepsAll(Sweeper):
    def handle_info(self, message: Any, keep: Any) -> Any:
        if message == "sweep":
            old(current_node().now() - keep)
            ets.delete_all_objects("fx asked")
            Process.send_after(self_(), "sweep", keep)
        return NoReply(keep)


class SweepsTheCounts(Exchange):
    sweeper = SweepsAll


class Busy(GenServer):
    """One server asks for everybody."""

    @classmethod
    async def start_link(cls, _: Any = None, **__: Any) -> Any:
        return await super().start_link(None, name="busy")

    async def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        return Reply(await uncounted(*request), state)


class OneAtATime(Exchange):
    def init(self, keep: Any) -> Any:
        parts = [child_spec((Agent, self.tables), id="tables"), (Busy, None), (Sweeper, keep)]
        return Supervise(parts, strategy="one_for_one")

    @staticmethod
    async def rate(currency: Any, ask: Any, oldest: Any) -> Any:
        ets.update_counter("fx asked", currency, 1, (currency, 0))
        for _, rate, when in ets.lookup("fx", currency):
            if current_node().now() - when <= oldest:
                return rate
        return await GenServer.call("busy", (currency, ask, oldest), timeout=60.0)


class CountsInAnAgent(Exchange):
    """The counts are an agent's, which may be killed."""

    def init(self, keep: Any) -> Any:
        async def counts() -> Any:
            return await Agent.start_link(dict, name="counts")

        parts = [child_spec((Agent, self.tables), id="tables"), ChildSpec("counts", (counts, ())), (Sweeper, keep)]
        return Supervise(parts, strategy="one_for_one")

    @staticmethod
    async def rate(currency: Any, ask: Any, oldest: Any) -> Any:
        await Agent.update("counts", lambda known: known | {currency: known.get(currency, 0) + 1})
        return await uncounted(currency, ask, oldest)

    @staticmethod
    async def asked(currency: Any) -> Any:  # type: ignore[override]
        return await Agent.get("counts", lambda known: known.get(currency, 0))


class OfTheClass(Exchange):
    """Rates and counts stand in the class."""

    known: ClassVar[dict[Any, Any]] = {}
    counts: ClassVar[dict[Any, int]] = {}
    node: ClassVar[Any] = None

    @classmethod
    async def start_link(cls, keep: Any) -> Any:  # type: ignore[override]
        if OfTheClass.node is not current_node():
            OfTheClass.node, OfTheClass.known, OfTheClass.counts = current_node(), {}, {}
        return await super().start_link(keep)

    @staticmethod
    async def rate(currency: Any, ask: Any, oldest: Any) -> Any:
        OfTheClass.counts[currency] = OfTheClass.counts.get(currency, 0) + 1
        rate, when = OfTheClass.known.get(currency, (None, -1e9))
        if current_node().now() - when <= oldest:
            return rate
        try:
            rate = await ask(currency)
        except Exception:
            return None
        OfTheClass.known[currency] = rate, current_node().now()
        return rate

    @staticmethod
    def asked(currency: Any) -> Any:
        return OfTheClass.counts.get(currency, 0)


class CountsOfTheClass(Exchange):
    counts: ClassVar[dict[Any, int]] = {}
    node: ClassVar[Any] = None

    @classmethod
    async def start_link(cls, keep: Any) -> Any:  # type: ignore[override]
        if CountsOfTheClass.node is not current_node():
            CountsOfTheClass.node, CountsOfTheClass.counts = current_node(), {}
        return await super().start_link(keep)

    @staticmethod
    async def rate(currency: Any, ask: Any, oldest: Any) -> Any:
        CountsOfTheClass.counts[currency] = CountsOfTheClass.counts.get(currency, 0) + 1
        return await uncounted(currency, ask, oldest)

    @staticmethod
    def asked(currency: Any) -> Any:
        return CountsOfTheClass.counts.get(currency, 0)


class WorkerOwns(Exchange):
    """The sweeper owns the tables as well: it is an owner, and is spared; an agent beside it owns nothing."""

    @staticmethod
    async def rate(currency: Any, ask: Any, oldest: Any) -> Any:
        if ets.whereis("fx") is None:
            Exchange.tables()
        return await Exchange.rate(currency, ask, oldest)

    @staticmethod
    def tables() -> None:
        """Nobody makes them beforehand: whoever comes first does."""

    @staticmethod
    def asked(currency: Any) -> Any:
        return 0 if ets.whereis("fx asked") is None else Exchange.asked(currency)


class NoLookUp(Exchange):
    @staticmethod
    def asked(currency: Any) -> Any:
        return ets.lookup_element("fx asked", currency, 1)


class AskedUnreturned(Exchange):
    @staticmethod
    def asked(currency: Any) -> Any:
        ets.lookup("fx asked", currency)


class ForgetsTheAnswer(Exchange):
    @staticmethod
    async def rate(currency: Any, ask: Any, oldest: Any) -> Any:
        await Exchange.rate(currency, ask, oldest)


class KnowsKeep(Exchange):
    def init(self, keep: Any) -> Any:
        return super().init(60.0)


table.right(ex.exchange, "its own classes", Exchange)
table.right(ex.exchange, "sweeps in a task", Looping)
table.right(ex.exchange, "has one table for both", OneTable)
table.right(ex.exchange, "shares one question", OneQuestion)
table.right(ex.exchange, "counts by rows", CountsByRows)
table.wrong(ex.exchange, "begins to wait anew", SweepsIfItLives, "was killed from time to time", "begins to wait anew")
table.wrong(ex.exchange, "takes the limit for old", varied(strict=True), "at this very moment", "the limit counts")
table.wrong(ex.exchange, "deletes what is too old for one", varied(deletes=True), "too old for one may do")
table.wrong(ex.exchange, "knows one error", varied(error=ValueError), "OSError: gone", "of whatever class")
table.wrong(ex.exchange, "returns an old rate for a failure", varied(stale=True), "the caller gets None")
table.wrong(ex.exchange, "takes an age of 0 for none", HasADefault, "a moment ago", "the age of a rate")
table.wrong(ex.exchange, "looks the count up and inserts it", CountsTorn, "between two", "Two operations are two")
table.wrong(
    ex.exchange, "counts what was answered", CountsLate, "was killed while `ask` was running", "before anything"
)
table.wrong(ex.exchange, "counts the misses", CountsMisses, "when a call is counted")
table.wrong(ex.exchange, "dates a rate by its question", StampsEarly, "how long ago `ask` returned it")
table.wrong(ex.exchange, "lets it raise", Lets, "the caller gets None")
table.wrong(ex.exchange, "remembers a failure", RemembersNone, "a failure does not take its place")
table.wrong(ex.exchange, "looks at no age", AtAnyAge, "the age of a rate")
table.wrong(ex.exchange, "never sweeps", NeverSweeps, "No row goes by itself")
table.wrong(ex.exchange, "sweeps once", SweepsOnce, "a timer fires once")
table.wrong(ex.exchange, "sweeps the counts away", SweepsTheCounts, "asked")
table.wrong(ex.exchange, "one server asks for everybody", OneAtATime, "in which process `ask` runs")
table.wrong(ex.exchange, "counts in an agent", CountsInAnAgent, "a coroutine", "a plain `def`")
table.wrong(ex.exchange, "keeps all in the class", OfTheClass, "What stands outside of every process")
table.wrong(ex.exchange, "keeps the counts in the class", CountsOfTheClass, "What stands outside of every process")
table.wrong(ex.exchange, "the first caller owns the tables", WorkerOwns, "ends with the process that made it")
table.wrong(ex.exchange, "knows no zero", NoLookUp, "no row with the key")
table.wrong(ex.exchange, "forgets the return of asked", AskedUnreturned, "asked")
table.wrong(ex.exchange, "forgets the return of rate", ForgetsTheAnswer, "what your own function returns")
table.hard_coded(ex.exchange, "keeps for a minute", KnowsKeep, "it passed the first one", "No row goes by itself")

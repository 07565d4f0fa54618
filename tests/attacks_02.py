"""Attacks on the checks of chapter 02, choosing an abstraction."""

from __future__ import annotations

import asyncio
from typing import Any

from attacks import Table

from otp_mini import (
    Agent,
    ChildSpec,
    EtsTransfer,
    Exit,
    GenServer,
    NoReply,
    Ok,
    Process,
    Registry,
    Reply,
    Supervisor,
    Task,
    Via,
    ets,
    receive,
    self_,
    send,
    spawn,
    spawn_link,
)
from otp_mini.exercises import choosing_an_abstraction as ex

table = Table()


# ---- quotes --------------------------------------------------------------------------------------------


async def quotes_in_turn(carriers: Any, kg: Any) -> Any:
    return [await carrier(kg) for carrier in carriers]


async def quotes_awaited_at_once(carriers: Any, kg: Any) -> Any:
    return [await Task.await_(Task.async_(carrier, kg)) for carrier in carriers]


async def quotes_as_tasks(carriers: Any, kg: Any) -> Any:
    return [Task.async_(carrier, kg) for carrier in carriers]


async def quotes_prepared(carriers: Any, kg: Any) -> Any:
    return [carrier(kg) for carrier in carriers]


async def quotes_as_they_come(carriers: Any, kg: Any) -> Any:
    me = self_()

    async def ask(carrier: Any) -> None:
        send(me, ("price", await carrier(kg)))

    for carrier in carriers:
        spawn_link(ask, carrier)
    return [(await receive(lambda m: isinstance(m, tuple) and m[0] == "price"))[1] for _ in carriers]


async def quotes_with_any_message(carriers: Any, kg: Any) -> Any:
    me = self_()

    async def ask(number: int, carrier: Any) -> None:
        send(me, (number, await carrier(kg)))

    for number, carrier in enumerate(carriers):
        spawn_link(ask, number, carrier)
    answers = [await receive() for _ in carriers]
    return [price for _, price in sorted(answers)]


async def quotes_of_three(carriers: Any, kg: Any) -> Any:
    first, second, third = (Task.async_(carrier, kg) for carrier in carriers)
    return await Task.await_many([first, second, third])


async def quotes_by_a_server(carriers: Any, kg: Any) -> Any:
    class Asks(GenServer):
        async def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
            return Reply(await request(kg), state)

    server = await Asks.start()
    tasks = [Task.async_(GenServer.call, server, carrier, 100.0) for carrier in carriers]
    return await Task.await_many(tasks, 100.0)


async def quotes_with_one_to_spare(carriers: Any, kg: Any) -> Any:
    tasks = [Task.async_(carrier, kg) for carrier in carriers]
    for carrier in carriers[:1]:
        Task.async_(carrier, kg)
    return await Task.await_many(tasks)


async def quotes_one_by_one(carriers: Any, kg: Any) -> Any:
    tasks = [Task.async_(carrier, kg) for carrier in carriers]
    return [await Task.await_(task) for task in tasks]


async def quotes_by_hand(carriers: Any, kg: Any) -> Any:
    me = self_()

    async def ask(number: int, carrier: Any) -> None:
        send(me, ("quote", number, await carrier(kg)))

    for number, carrier in enumerate(carriers):
        spawn_link(ask, number, carrier)
    found = [await receive(lambda m: isinstance(m, tuple) and m[:1] == ("quote",)) for _ in carriers]
    return [price for _, _, price in sorted(found)]


async def quotes_streamed(carriers: Any, kg: Any) -> Any:
    async def ask(carrier: Any) -> Any:
        return await carrier(kg)

    return [result.value async for result in Task.async_stream(carriers, ask, max_concurrency=max(1, len(carriers)))]


async def quotes_called_at_once(carriers: Any, kg: Any) -> Any:
    return await Task.await_many([Task.async_(carrier(kg)) for carrier in carriers])


async def quotes_without_patience(carriers: Any, kg: Any) -> Any:
    return await Task.await_many([Task.async_(carrier, kg) for carrier in carriers], 1.0)


async def quotes_looked_for(carriers: Any, kg: Any) -> Any:
    prices: list[Any] = [None] * len(carriers)

    async def ask(number: int, carrier: Any) -> None:
        prices[number] = await carrier(kg)

    for number, carrier in enumerate(carriers):
        spawn(ask, number, carrier)
    while None in prices:
        await Process.sleep(0.01)
    return prices


async def quotes_gathered(carriers: Any, kg: Any) -> Any:
    return await asyncio.gather(*[carrier(kg) for carrier in carriers])


async def quotes_from_the_cheapest(carriers: Any, kg: Any) -> Any:
    return sorted(await quotes_one_by_one(carriers, kg))


async def quotes_by_carrier(carriers: Any, kg: Any) -> Any:
    tasks = {carrier: Task.async_(carrier, kg) for carrier in carriers}
    return [await Task.await_(task) for task in tasks.values()]


BEFORE = "or before anybody waits?"
table.wrong(ex.quotes, "awaits each function", quotes_in_turn, BEFORE, "after 6 s")
table.wrong(ex.quotes, "awaits each task where it is started", quotes_awaited_at_once, BEFORE)
table.wrong(ex.quotes, "asks them all from one server", quotes_by_a_server, BEFORE)
table.wrong(ex.quotes, "returns the tasks", quotes_as_tasks, "the task, and not yet its answer")
table.wrong(ex.quotes, "forgets to await the carriers", quotes_prepared, "`await`", "coroutines in a list")
table.wrong(ex.quotes, "returns the answers as they come", quotes_as_they_come, "in which they answered")
table.wrong(ex.quotes, "takes any message for an answer", quotes_with_any_message, "TypeError")
table.wrong(ex.quotes, "asks one of them twice", quotes_with_one_to_spare, "how often each carrier is called")
table.wrong(ex.quotes, "calls each carrier in the brackets", quotes_called_at_once, "the function itself")
table.wrong(ex.quotes, "has patience for a second", quotes_without_patience, "how long whoever waits has patience")
table.wrong(ex.quotes, "looks again and again", quotes_looked_for, "until some time has passed")
table.wrong(ex.quotes, "begins with the cheapest", quotes_from_the_cheapest, "not that of the prices")
table.wrong(ex.quotes, "has a task for each different carrier", quotes_by_carrier, "has two places in it")
table.hard_coded(ex.quotes, "knows three carriers", quotes_of_three, "expected 3, got 2")
table.right(ex.quotes, "awaits one task after the other", quotes_one_by_one)
table.right(ex.quotes, "does it by hand", quotes_by_hand)
table.right(ex.quotes, "takes a stream of tasks", quotes_streamed)
table.right(ex.quotes, "has asyncio wait for all", quotes_gathered)


# ---- confirm -------------------------------------------------------------------------------------------


async def confirm_waiting(order: Any, mail: Any) -> Any:
    await mail(order)
    return "ok"


async def confirm_catching(order: Any, mail: Any) -> Any:
    try:
        await mail(order)
    except (Exit, Exception):
        return "ok"
    return "ok"


async def confirm_async(order: Any, mail: Any) -> Any:
    Task.async_(mail, order)
    return "ok"


async def confirm_linked(order: Any, mail: Any) -> Any:
    await Task.start_link(mail, order)
    return "ok"


async def confirm_loose(order: Any, mail: Any) -> Any:
    Task.start(mail, order)
    return "ok"


async def confirm_nolink(order: Any, mail: Any) -> Any:
    await Task.Supervisor.async_nolink("mails", mail, order)
    return "ok"


async def confirm_under_async(order: Any, mail: Any) -> Any:
    await Task.Supervisor.async_("mails", mail, order)
    return "ok"


async def confirm_again(order: Any, mail: Any) -> Any:
    await Task.Supervisor.start_child("mails", mail, order, restart="permanent")
    return "ok"


async def confirm_a_pid(order: Any, mail: Any) -> Any:
    return await Task.Supervisor.start_child("mails", mail, order)


async def confirm_called(order: Any, mail: Any) -> Any:
    await Task.Supervisor.start_child("mails", lambda: None)
    return "ok"


async def confirm_in_a_helper(order: Any, mail: Any) -> Any:
    async def helper() -> None:
        await Task.Supervisor.async_nolink("mails", mail, order)

    spawn(helper)
    return "ok"


async def confirm_known(order: Any, mail: Any) -> Any:
    await Task.Supervisor.start_child("mails", mail, {17: 17, 18: 18}.get(order, 17))
    return "ok"


async def confirm_by_lambda(order: Any, mail: Any) -> Any:
    match await Task.Supervisor.start_child("mails", lambda: mail(order)):
        case _:
            return "ok"


async def confirm_called_at_once(order: Any, mail: Any) -> Any:
    await Task.Supervisor.start_child("mails", mail(order))
    return "ok"


async def confirm_twice_tried(order: Any, mail: Any) -> Any:
    async def attempts() -> None:
        for _ in range(2):
            try:
                await mail(order)
                break
            except (Exit, Exception):
                continue

    await Task.Supervisor.start_child("mails", attempts)
    return "ok"


table.wrong(ex.confirm, "awaits the mail", confirm_waiting, "`confirm` was still waiting", "Nobody needs its answer")
table.wrong(ex.confirm, "awaits it, and catches what it raises", confirm_catching, "Nobody needs its answer")
table.wrong(ex.confirm, "links it by async", confirm_async, "whoever confirm")
table.wrong(ex.confirm, "links it by start_link", confirm_linked, "whoever confirmed has ended", "to whom")
table.wrong(ex.confirm, "starts it loose", confirm_loose, "on their way?", "What no supervisor has started")
table.wrong(ex.confirm, "gets an answer that nobody wants", confirm_nolink, "Nobody wants an answer here")
table.wrong(ex.confirm, "links it below the supervisor", confirm_under_async, "whoever confirm")
table.wrong(ex.confirm, "has it run for ever", confirm_again, "is not sent again")
table.wrong(ex.confirm, "returns the pid", confirm_a_pid, 'the word "ok"')
table.wrong(ex.confirm, "has something else run", confirm_called, "with what `mail` is called")
table.wrong(ex.confirm, "calls the mail in the brackets", confirm_called_at_once, "the function itself")
table.wrong(ex.confirm, "tries a failed mail again", confirm_twice_tried, "is not sent again")
table.hard_coded(ex.confirm, "knows the shown orders", confirm_known, "with what `mail` is called", "another case")
table.right(ex.confirm, "has another process hand it over", confirm_in_a_helper)
table.right(ex.confirm, "brings a function without arguments", confirm_by_lambda)


# ---- order_numbers -------------------------------------------------------------------------------------


class TwoSteps:
    @staticmethod
    async def start(first: Any) -> Any:
        return await Agent.start(lambda: first)

    @staticmethod
    async def next(numbers: Any) -> Any:
        n = await Agent.get(numbers, lambda n: n)
        await Agent.update(numbers, lambda _: n + 1)
        return n


class OneTooMany(TwoSteps):
    @staticmethod
    async def next(numbers: Any) -> Any:
        return await Agent.get_and_update(numbers, lambda n: (n + 1, n + 1))


class NeverOn(TwoSteps):
    @staticmethod
    async def next(numbers: Any) -> Any:
        return await Agent.get_and_update(numbers, lambda n: (n, n))


class OneName(OneTooMany):
    @staticmethod
    async def start(first: Any) -> Any:
        await Agent.start(lambda: first - 1, name="numbers")
        return "numbers"


COUNTED: dict[str, int] = {}


class InAGlobal:
    @staticmethod
    async def start(first: Any) -> Any:
        COUNTED["next"] = first

    @staticmethod
    async def next(_: Any) -> Any:
        COUNTED["next"] += 1
        return COUNTED["next"] - 1


class OwnTable:
    @staticmethod
    async def start(first: Any) -> Any:
        numbers = ets.new("numbers", access="public")
        ets.insert(numbers, ("last", first - 1))
        return numbers

    @staticmethod
    async def next(numbers: Any) -> Any:
        return ets.update_counter(numbers, "last", 1)


class ByTheFirstWhoAsks:
    @staticmethod
    async def start(first: Any) -> Any:
        return ("numbers", first)

    @staticmethod
    async def next(numbers: Any) -> Any:
        if Process.whereis(numbers) is None:
            await Agent.start_link(lambda: numbers[1], name=numbers)
        return await Agent.get_and_update(numbers, lambda n: (n, n + 1))


class Known(TwoSteps):
    @staticmethod
    async def start(first: Any) -> Any:
        return await Agent.start(lambda: 17)

    @staticmethod
    async def next(numbers: Any) -> Any:
        return await Agent.get_and_update(numbers, lambda n: (n, n + 1))


class ByAServer:
    class Server(GenServer):
        def handle_call(self, request: Any, from_: Any, n: Any) -> Any:
            match request:
                case "next":
                    return Reply(n, n + 1)

    @staticmethod
    async def start(first: Any) -> Any:
        return await ByAServer.Server.start(first)

    @staticmethod
    async def next(numbers: Any) -> Any:
        return await GenServer.call(numbers, "next")


class ByALoop:
    @staticmethod
    async def start(first: Any) -> Any:
        async def loop(n: int) -> None:
            while True:
                match await receive():
                    case ("next", asker):
                        send(asker, ("number", n))
                        n = n + 1

        return spawn(loop, first)

    @staticmethod
    async def next(numbers: Any) -> Any:
        send(numbers, ("next", self_()))
        return (await receive(lambda m: isinstance(m, tuple) and m[0] == "number"))[1]


class InAList:
    """What `start` returns is the memory, and everybody changes it."""

    @staticmethod
    async def start(first: Any) -> Any:
        return [first]

    @staticmethod
    async def next(numbers: Any) -> Any:
        numbers[0] += 1
        return numbers[0] - 1


class BesideAnAgent:
    """An agent that does nothing, and a global that remembers."""

    @staticmethod
    async def start(first: Any) -> Any:
        agent = await Agent.start(lambda: None)
        COUNTED[str(agent)] = first
        return agent

    @staticmethod
    async def next(numbers: Any) -> Any:
        COUNTED[str(numbers)] += 1
        return COUNTED[str(numbers)] - 1


class WithoutPatience(TwoSteps):
    @staticmethod
    async def next(numbers: Any) -> Any:
        return await Agent.get_and_update(numbers, lambda n: (n, n + 1), timeout=0.0)


class ATableOfAnAgent:
    @staticmethod
    async def start(first: Any) -> Any:
        def table() -> Any:
            numbers = ets.new("numbers", access="public")
            ets.insert(numbers, ("next", first - 1))
            return numbers

        return await Agent.get(await Agent.start(table), lambda numbers: numbers)

    @staticmethod
    async def next(numbers: Any) -> Any:
        return ets.update_counter(numbers, "next", 1)


class ByAnyMessage(ByALoop):
    """The next message is the number, whoever has sent it."""

    @staticmethod
    async def next(numbers: Any) -> Any:
        send(numbers, ("next", self_()))
        match await receive():
            case ("number", n):
                return n
            case other:
                return other


class WithThanks(ByALoop):
    """Does not count on before whoever asked has said thank you."""

    @staticmethod
    async def start(first: Any) -> Any:
        async def loop(n: int) -> None:
            while True:
                _, asker = await receive(lambda m: isinstance(m, tuple) and m[0] == "next")
                send(asker, ("number", n))
                await receive(lambda m: m == "thanks")
                n = n + 1

        return spawn(loop, first)

    @staticmethod
    async def next(numbers: Any) -> Any:
        n = await ByALoop.next(numbers)
        send(numbers, "thanks")
        return n


class LinksItsAskers(ByALoop):
    @staticmethod
    async def next(numbers: Any) -> Any:
        Process.link(numbers)
        n = await ByALoop.next(numbers)
        Process.unlink(numbers)
        return n


LOCKS: dict[Any, asyncio.Lock] = {}


class UnderOneLock(TwoSteps):
    """Two steps, and a lock around them that all numbers share."""

    @staticmethod
    async def next(numbers: Any) -> Any:
        async with LOCKS.setdefault(asyncio.get_running_loop(), asyncio.Lock()):
            return await TwoSteps.next(numbers)


class LooksAndWrites(OwnTable):
    """The table has an owner of its own, and everybody looks and then writes."""

    @staticmethod
    async def start(first: Any) -> Any:
        return await ATableOfAnAgent.start(first)

    @staticmethod
    async def next(numbers: Any) -> Any:
        [(_, last)] = ets.lookup(numbers, "next")
        ets.insert(numbers, ("next", last + 1))
        return last + 1


class OfTheNumber(Known):
    """Gives the number where a function that returns it has to stand."""

    @staticmethod
    async def start(first: Any) -> Any:
        return await Agent.start(first)


table.wrong(ex.order_numbers, "gets, then updates", TwoSteps, "what comes between reading the number")
table.wrong(ex.order_numbers, "begins one too high", OneTooMany, "the first answer is the number of the start")
table.wrong(ex.order_numbers, "never counts on", NeverOn, "what is remembered from then on")
table.wrong(ex.order_numbers, "has one name for all", OneName, "Only one process has it")
table.wrong(ex.order_numbers, "counts in a global", InAGlobal, "in a variable that two processes change")
table.wrong(ex.order_numbers, "has whoever starts own the table", OwnTable, "What belongs to a process ends with it")
table.wrong(ex.order_numbers, "has the first who asks keep it", ByTheFirstWhoAsks, "the first answer is the number")
table.wrong(ex.order_numbers, "counts in a list", InAList, "in a variable that two processes change")
table.wrong(ex.order_numbers, "counts beside its agent", BesideAnAgent, "in a variable that two processes change")
table.wrong(ex.order_numbers, "does not wait", WithoutPatience, "how long whoever waits has patience")
table.wrong(ex.order_numbers, "takes any message for the number", ByAnyMessage, "which message is taken")
table.wrong(ex.order_numbers, "waits for thanks", WithThanks, "the end of whoever asked changes nothing")
table.wrong(ex.order_numbers, "links whoever asks", LinksItsAskers, "to whom they are linked")
table.wrong(ex.order_numbers, "has one lock for all numbers", UnderOneLock, "what the two have in common")
table.wrong(ex.order_numbers, "looks up, then inserts", LooksAndWrites, "what comes between reading the number")
table.wrong(ex.order_numbers, "starts an agent with a number", OfTheNumber, "and not the number")
table.hard_coded(ex.order_numbers, "knows the shown number", Known, "another case")
table.right(ex.order_numbers, "is a GenServer", ByAServer)
table.right(ex.order_numbers, "is a loop by hand", ByALoop)
table.right(ex.order_numbers, "has an agent own a table", ATableOfAnAgent)


# ---- ask_basket ----------------------------------------------------------------------------------------


async def ask_anyway(customer: Any, request: Any) -> Any:
    return await GenServer.call(Via("baskets", customer), request)


async def ask_the_first(customer: Any, request: Any) -> Any:
    return await GenServer.call(Registry.lookup("baskets", customer)[0][0], request)


async def ask_and_hide(customer: Any, request: Any) -> Any:
    try:
        return await GenServer.call(Via("baskets", customer), request)
    except Exit:
        return ("error", "no basket")


async def ask_for_the_pid(customer: Any, request: Any) -> Any:
    match Registry.lookup("baskets", customer):
        case [(pid, _)]:
            return pid
        case _:
            return ("error", "no basket")


async def ask_by_text(customer: Any, request: Any) -> Any:
    for key in (str(customer), int(customer) if str(customer).isdigit() else customer):
        if Registry.lookup("baskets", key):
            return await GenServer.call(Via("baskets", key), request)
    return ("error", "no basket")


WRITTEN_DOWN: dict[Any, Any] = {}


async def ask_the_written_down(customer: Any, request: Any) -> Any:
    book = WRITTEN_DOWN.setdefault(id(self_().block.node if self_().block else None), {})
    if customer not in book:
        match Registry.lookup("baskets", customer):
            case [(pid, _)]:
                book[customer] = pid
            case _:
                return ("error", "no basket")
    return await GenServer.call(book[customer], request)


async def ask_a_new_one(customer: Any, request: Any) -> Any:
    if not Registry.lookup("baskets", customer):
        await Agent.start(list, name=Via("baskets", customer))
        return ("error", "no basket")
    return await GenServer.call(Via("baskets", customer), request)


async def ask_casting(customer: Any, request: Any) -> Any:
    if not Registry.lookup("baskets", customer):
        return ("error", "no basket")
    return GenServer.cast(Via("baskets", customer), request)


async def ask_the_known(customer: Any, request: Any) -> Any:
    if customer not in (7, "7", 12) or not Registry.lookup("baskets", customer):
        return ("error", "no basket")
    return await GenServer.call(Via("baskets", customer), request)


async def ask_by_reason(customer: Any, request: Any) -> Any:
    try:
        return await GenServer.call(Via("baskets", customer), request)
    except Exit as error:
        if error.reason[0] == "noproc":
            return ("error", "no basket")
        raise


async def ask_by_whereis(customer: Any, request: Any) -> Any:
    pid = GenServer.whereis(Via("baskets", customer))
    return ("error", "no basket") if pid is None else await GenServer.call(pid, request)


async def ask_for_a_second(customer: Any, request: Any) -> Any:
    if not Registry.lookup("baskets", customer):
        return ("error", "no basket")
    return await GenServer.call(Via("baskets", customer), request, 1.0)


async def ask_and_read_the_reason(customer: Any, request: Any) -> Any:
    try:
        return await GenServer.call(Via("baskets", customer), request)
    except Exit as error:
        if "noproc" in repr(error.reason):
            return ("error", "no basket")
        raise


async def ask_once_more(customer: Any, request: Any) -> Any:
    if not Registry.lookup("baskets", customer):
        return ("error", "no basket")
    try:
        return await GenServer.call(Via("baskets", customer), request)
    except Exit:
        await Process.sleep(0.1)  # its supervisor starts the next
        return await GenServer.call(Via("baskets", customer), request)


async def ask_if_true(customer: Any, request: Any) -> Any:
    if not customer or not Registry.lookup("baskets", customer):
        return ("error", "no basket")
    return await GenServer.call(Via("baskets", customer), request)


KNOWN_PIDS: dict[Any, Any] = {}


async def ask_the_pid_while_it_lives(customer: Any, request: Any) -> Any:
    key = (self_(), repr(customer))
    if key not in KNOWN_PIDS or not Process.alive(KNOWN_PIDS[key]):
        match Registry.lookup("baskets", customer):
            case [(pid, _)]:
                KNOWN_PIDS[key] = pid
            case _:
                return ("error", "no basket")
    return await GenServer.call(KNOWN_PIDS[key], request)


NOBODY = "what a registry answers for a key that nobody has"
table.wrong(ex.ask_basket, "asks whether there is one or not", ask_anyway, NOBODY, "noproc")
table.wrong(ex.ask_basket, "takes the first of an empty list", ask_the_first, NOBODY, "IndexError")
table.wrong(ex.ask_basket, "catches every exit", ask_and_hide, "that it crashed over a request is another")
table.wrong(ex.ask_basket, "returns the pid", ask_for_the_pid, "and not its address")
table.wrong(ex.ask_basket, "makes a text of the customer", ask_by_text, "of any type")
table.wrong(ex.ask_basket, "writes the pids down", ask_the_written_down, "A pid is the address of one life")
table.wrong(ex.ask_basket, "starts a basket for strangers", ask_a_new_one, "nothing is started")
table.wrong(ex.ask_basket, "does not wait for the answer", ask_casting, "A cast answers `ok` by itself")
table.wrong(ex.ask_basket, "has patience for a second", ask_for_a_second, "a basket may take two seconds")
table.wrong(ex.ask_basket, "takes any noproc for its own", ask_and_read_the_reason, "that it crashed over a request")
table.wrong(ex.ask_basket, "asks once more", ask_once_more, "how often the basket is given the request")
table.wrong(ex.ask_basket, "takes a false customer for none", ask_if_true, "of any type")
table.hard_coded(ex.ask_basket, "knows the shown customers", ask_the_known, "another case")
table.right(ex.ask_basket, "looks at the reason of the exit", ask_by_reason)
table.right(ex.ask_basket, "asks where the name is", ask_by_whereis)
table.right(ex.ask_basket, "writes a pid down while it lives", ask_the_pid_while_it_lives)


# ---- start_prices --------------------------------------------------------------------------------------


class DayPrices(GenServer):
    """As the notebook gives it."""

    @classmethod
    async def start_link(cls, rows: Any) -> Any:
        return await super().start_link(rows, name="day prices")

    def init(self, rows: Any) -> Any:
        ets.new("prices", named=True)
        ets.insert("prices", rows)
        return Ok(None)

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        match request:
            case ("set", article, int(cents)):
                ets.insert("prices", (article, cents))
                return Reply("ok", state)


class Writes(DayPrices):
    """Writes into a table that is there."""

    def init(self, rows: Any) -> Any:
        return Ok(None)


def pricing(*servers: Any, before: Any = None, **rules: Any) -> Any:
    """A `start_prices` with these servers, in this order."""

    async def start_prices(rows: Any) -> Any:
        if before is not None:
            before(rows)
        children = [ChildSpec(server.__name__, (server.start_link, (rows,))) for server in servers]
        return await Supervisor.start_link(children, **{"strategy": "one_for_one", "name": "pricing"} | rules)

    return start_prices


def by_the_caller(rows: Any) -> None:
    ets.new("prices", named=True, access="public")
    ets.insert("prices", rows)


class Keeps(GenServer):
    """Owns a table that everybody may write."""

    @classmethod
    async def start_link(cls, rows: Any) -> Any:
        return await super().start_link(rows, name="keeper")

    def init(self, rows: Any) -> Any:
        by_the_caller(rows)
        return Ok(None)


class KeepsForItself(Keeps):
    def init(self, rows: Any) -> Any:
        ets.new("prices", named=True)
        ets.insert("prices", rows)
        return Ok(None)


class WritesAgain(DayPrices):
    """Puts the first rows in again, over the changes."""

    def init(self, rows: Any) -> Any:
        ets.insert("prices", rows)
        return Ok(None)


class Inherits(GenServer):
    """An heir that gives nothing back."""

    @classmethod
    async def start_link(cls, _: Any) -> Any:
        return await super().start_link(None, name="keeper")

    def handle_info(self, message: Any, state: Any) -> Any:
        return NoReply(state)


class Bequeaths(DayPrices):
    def init(self, rows: Any) -> Any:
        if ets.whereis("prices") is None:
            ets.new("prices", named=True, heir=(Process.whereis("keeper"), None))
            ets.insert("prices", rows)
        return Ok(None)


class Remembers(DayPrices):
    """Keeps the changes with an agent, and fills a new table from there."""

    async def init(self, rows: Any) -> Any:
        ets.new("prices", named=True)
        ets.insert("prices", await Agent.get("changes", lambda kept: list((dict(rows) | kept).items())))
        return Ok(None)

    async def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        match request:
            case ("set", article, int(cents)):
                ets.insert("prices", (article, cents))
                await Agent.update("changes", lambda kept: kept | {article: cents})
                return Reply("ok", state)


class Changes(Agent):
    @classmethod
    async def start_link(cls, _: Any) -> Any:  # type: ignore[override]
        return await Agent.start_link(dict, name="changes")


class Gives(Inherits):
    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        match request:
            case ("give", pid):
                return Reply(ets.give_away("prices", pid, None), state)


class TakesBack(DayPrices):
    async def init(self, rows: Any) -> Any:
        if ets.whereis("prices") is None:
            ets.new("prices", named=True, heir=(Process.whereis("keeper"), None))
            ets.insert("prices", rows)
        else:
            await GenServer.call("keeper", ("give", self_()))
        return Ok(None)

    def handle_info(self, message: Any, state: Any) -> Any:
        match message:
            case EtsTransfer():
                return NoReply(state)
            case _:
                return NoReply(state)


class LosesItsHeir(TakesBack):
    """Names nobody after the first time."""

    def handle_info(self, message: Any, state: Any) -> Any:
        if isinstance(message, EtsTransfer):
            ets.setopts("prices", heir=None)
        return NoReply(state)


class KnownPrices(Keeps):
    def init(self, rows: Any) -> Any:
        by_the_caller([("lamp", 40), ("chair", 90)])
        return Ok(None)


class HandsOn(Keeps):
    """Writes for the server, which writes nothing itself."""

    def init(self, rows: Any) -> Any:
        ets.new("prices", named=True)
        ets.insert("prices", rows)
        return Ok(None)

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        match request:
            case ("write", row):
                return Reply(ets.insert("prices", row), state)


class Asks(Writes):
    async def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        match request:
            case ("set", article, int(cents)):
                await GenServer.call("keeper", ("write", (article, cents)))
                return Reply("ok", state)


class WritesLater(Writes):
    """Answers first, and writes afterwards."""

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        match request:
            case ("set", article, int(cents)):
                Process.send_after(self_(), ("write", (article, cents)), 0.01)
                return Reply("ok", state)

    def handle_info(self, message: Any, state: Any) -> Any:
        ets.insert("prices", message[1])
        return NoReply(state)


class DeletesFirst(Writes):
    """Takes the old price out, and puts the new one in a turn later."""

    async def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        match request:
            case ("set", article, int(cents)):
                ets.delete("prices", article)
                await Process.sleep(0.0)
                ets.insert("prices", (article, cents))
                return Reply("ok", state)


async def prices_of_a_loose_owner(rows: Any) -> Any:
    async def owner() -> None:
        by_the_caller(rows)
        await receive(lambda _: False)

    spawn(owner)
    await Process.sleep(0.0)
    return await pricing(Writes)(rows)


class OfTheRoot(DayPrices):
    """Makes the supervisor the heir, and has everybody write."""

    def init(self, rows: Any) -> Any:
        if ets.whereis("prices") is None:
            ets.new("prices", named=True, access="public", heir=(Process.whereis("pricing"), None))
            ets.insert("prices", rows)
        return Ok(None)


OWNS = "who owns the table in the moment in which the server ends"
table.wrong(ex.start_prices, "leaves it as it is", pricing(DayPrices), OWNS)
table.wrong(ex.start_prices, "has the caller own the table", pricing(Writes, before=by_the_caller),
            "ends with its owner", "no table")  # fmt: skip
table.wrong(ex.start_prices, "keeps a table that the server may not write", pricing(KeepsForItself, Writes),
            "By default the owner alone does")  # fmt: skip
table.wrong(ex.start_prices, "fills the table again", pricing(Keeps, WritesAgain), OWNS)
table.wrong(ex.start_prices, "never takes the table back", pricing(Inherits, Bequeaths), "By default the owner alone")
table.wrong(ex.start_prices, "fills a new table from an agent", pricing(Changes, Remembers), OWNS, "no table")
table.wrong(ex.start_prices, "names no heir again", pricing(Gives, LosesItsHeir), "the second time", OWNS)
table.wrong(ex.start_prices, "ends the keeper too", pricing(Keeps, Writes, strategy="one_for_all"), OWNS)
table.wrong(ex.start_prices, "has another name", pricing(Keeps, Writes, name="prices"), "the name of the supervisor")
table.wrong(ex.start_prices, "allows one restart", pricing(Keeps, Writes, max_restarts=1), "how many restarts")
table.wrong(ex.start_prices, "answers before it writes", pricing(Keeps, WritesLater), "may read at once")
table.wrong(ex.start_prices, "deletes before it inserts", pricing(Keeps, DeletesFirst), "between two steps")
table.wrong(ex.start_prices, "has an owner outside", prices_of_a_loose_owner, "ends what it has started")
table.hard_coded(ex.start_prices, "knows the shown rows", pricing(KnownPrices, Writes), "another case")
table.right(ex.start_prices, "takes the table back from its heir", pricing(Gives, TakesBack))
table.right(ex.start_prices, "has the keeper write", pricing(HandsOn, Asks))
table.right(ex.start_prices, "has the supervisor inherit", pricing(OfTheRoot))
table.right(ex.start_prices, "starts the server before the owner", pricing(Writes, Keeps))


# ---- mended_invoice ------------------------------------------------------------------------------------


async def invoice_as_given(number: Any, draw: Any) -> Any:
    return await Agent.get("orders", lambda orders: draw(orders[number]))


async def invoice_patient(number: Any, draw: Any) -> Any:
    return await Agent.get("orders", lambda orders: draw(orders.get(number)), timeout=600.0)


async def invoice_by_key(number: Any, draw: Any) -> Any:
    articles = await Agent.get("orders", lambda orders: orders[number])
    return await draw(articles)


async def invoice_not_for_nothing(number: Any, draw: Any) -> Any:
    articles = await Agent.get("orders", lambda orders: orders.get(number))
    return await draw(articles) if articles else None


async def invoice_by_task(number: Any, draw: Any) -> Any:
    articles = await Agent.get("orders", lambda orders: orders.get(number))
    return None if articles is None else await Task.await_(Task.async_(draw, articles))


async def invoice_hidden(number: Any, draw: Any) -> Any:
    articles = await Agent.get("orders", lambda orders: orders.get(number))
    if articles is None:
        return None
    try:
        return await draw(articles)
    except (Exit, Exception):
        return None


async def invoice_guarded(number: Any, draw: Any) -> Any:
    async def inside(orders: Any) -> Any:
        try:
            return await draw(orders[number])
        except (Exit, Exception):
            return None

    return await Agent.get("orders", inside, timeout=600.0)


async def invoice_drawn_anyway(number: Any, draw: Any) -> Any:
    articles = await Agent.get("orders", lambda orders: orders.get(number))
    drawn = await draw(articles or [])
    return None if articles is None else drawn


async def invoice_known(number: Any, draw: Any) -> Any:
    articles = {17: ["lamp", "chair"], 18: []}.get(number)
    return None if articles is None else await draw(articles)


async def invoice_of_all(number: Any, draw: Any) -> Any:
    orders = await Agent.get("orders", lambda orders: orders)
    if number not in orders:
        return None
    return await draw(orders[number])


async def invoice_nolink(number: Any, draw: Any) -> Any:
    async def pick(orders: Any, wanted: Any) -> Any:
        return orders.get(wanted, "none")

    match await Agent.get("orders", pick, number):
        case "none":
            return None
        case articles:
            return await draw(articles)


RUNS_THERE = "A function that is brought to an agent runs there"


async def invoice_hiding_key_errors(number: Any, draw: Any) -> Any:
    orders = await Agent.get("orders", lambda orders: orders)
    try:
        return await draw(orders[number])
    except KeyError:
        return None


async def invoice_that_waits_for_ever(number: Any, draw: Any) -> Any:
    articles = await Agent.get("orders", lambda orders: orders.get(number))
    if articles is None:
        return None
    me, mails = self_(), await Task.Supervisor.start_link()

    async def work() -> None:
        send(me, ("drawn", await draw(articles)))

    await Task.Supervisor.start_child(mails, work)
    return (await receive(lambda m: isinstance(m, tuple) and m[0] == "drawn"))[1]


async def invoice_in_two_steps(number: Any, draw: Any) -> Any:
    if number not in await Agent.get("orders", list):
        return None
    return await draw(await Agent.get("orders", lambda orders: orders[number]))


async def invoice_tried_again(number: Any, draw: Any) -> Any:
    try:
        return await invoice_of_all(number, draw)
    except Exception:
        return await invoice_of_all(number, draw)


SEEN: dict[Any, Any] = {}


async def invoice_of_the_first_look(number: Any, draw: Any) -> Any:
    seen = SEEN.setdefault(Process.whereis("orders"), {})
    if number not in seen:
        seen.update(await Agent.get("orders", lambda orders: orders))
    return await draw(seen[number]) if number in seen else None


async def invoice_without_patience(number: Any, draw: Any) -> Any:
    articles = await Agent.get("orders", lambda orders: orders.get(number), timeout=0.0)
    return None if articles is None else await draw(articles)


table.wrong(ex.mended_invoice, "draws in the agent", invoice_as_given, RUNS_THERE)
table.wrong(ex.mended_invoice, "waits longer for the agent", invoice_patient, RUNS_THERE)
table.wrong(ex.mended_invoice, "catches in the agent", invoice_guarded, RUNS_THERE)
table.wrong(ex.mended_invoice, "raises in the agent for an unknown number", invoice_by_key, "KeyError", "has ended")
table.wrong(ex.mended_invoice, "takes an empty order for none", invoice_not_for_nothing, "An empty list is an order")
table.wrong(ex.mended_invoice, "draws in a task", invoice_by_task, "the caller was ended", "to whom")
table.wrong(ex.mended_invoice, "hides what draw raises", invoice_hidden, "nobody is to hide it here")
table.wrong(ex.mended_invoice, "draws what is not there", invoice_drawn_anyway, "when `draw` is called")
table.wrong(ex.mended_invoice, "takes draw's KeyError for its own", invoice_hiding_key_errors, "nobody is to hide it")
table.wrong(ex.mended_invoice, "waits for what never comes", invoice_that_waits_for_ever, "was still waiting")
table.wrong(ex.mended_invoice, "tries a failed drawing again", invoice_tried_again, "is not tried again")
table.wrong(ex.mended_invoice, "looks at the orders once", invoice_of_the_first_look, "how the order is now")
table.wrong(ex.mended_invoice, "has no patience", invoice_without_patience, "how long whoever waits has patience")
table.hard_coded(ex.mended_invoice, "knows the shown orders", invoice_known, "how the order is now")
table.right(ex.mended_invoice, "fetches all orders", invoice_of_all)
table.right(ex.mended_invoice, "asks twice", invoice_in_two_steps)
table.right(ex.mended_invoice, "brings an async function with an argument", invoice_nolink)


# ---- sale ----------------------------------------------------------------------------------------------


async def mails() -> Any:
    return await Task.Supervisor.start_link(name="mails")


MAILS = ChildSpec("mails", (mails, ()))


async def tree_of(*children: Any, **rules: Any) -> Any:
    return await Supervisor.start_link(list(children), **{"strategy": "one_for_one", "name": "sale"} | rules)


async def counter(first: int) -> Any:
    return await Agent.start_link(lambda: first, name="numbers")


class Tables(GenServer):
    @classmethod
    async def start_link(cls, rows: Any) -> Any:
        return await super().start_link(rows, name="tables")

    def init(self, rows: Any) -> Any:
        make_tables(rows)
        return Ok(None)


def make_tables(rows: Any) -> None:
    ets.new("prices", named=True)
    ets.insert("prices", rows)
    ets.new("numbers", named=True, access="public")
    ets.insert("numbers", ("last", 0))


def from_table(article: Any) -> Any:
    rows = ets.lookup("prices", article)
    return rows[0][1] if rows else None


class InTables:
    """As the notebook's, in other words: a base for those below."""

    @staticmethod
    async def start(rows: Any) -> Any:
        return await tree_of(ChildSpec("tables", (Tables.start_link, (rows,))), MAILS)

    @staticmethod
    async def price(article: Any) -> Any:
        return from_table(article)

    @staticmethod
    async def order(mail: Any) -> Any:
        number = ets.update_counter("numbers", "last", 1)
        await Task.Supervisor.start_child("mails", mail, number)
        return number


class OneForAll(GenServer):
    @classmethod
    async def start_link(cls, rows: Any) -> Any:
        return await super().start_link((dict(rows), 0), name="shop")

    async def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        prices, last = state
        match request:
            case ("price", article):
                return Reply(prices.get(article), state)
            case "order":
                return Reply(last + 1, (prices, last + 1))


class ByOneServer(InTables):
    @staticmethod
    async def start(rows: Any) -> Any:
        return await tree_of(ChildSpec("shop", (OneForAll.start_link, (rows,))), MAILS)

    @staticmethod
    async def price(article: Any) -> Any:
        return await GenServer.call("shop", ("price", article))

    @staticmethod
    async def order(mail: Any) -> Any:
        number = await GenServer.call("shop", "order")
        await Task.Supervisor.start_child("mails", mail, number)
        return number


class WithAnAgent(InTables):
    @staticmethod
    async def start(rows: Any) -> Any:
        return await tree_of(
            ChildSpec("tables", (Tables.start_link, (rows,))), MAILS, ChildSpec("numbers", (counter, (0,)))
        )

    @staticmethod
    async def order(mail: Any) -> Any:
        number = await Agent.get_and_update("numbers", lambda n: (n + 1, n + 1))
        await Task.Supervisor.start_child("mails", mail, number)
        return number


class InTwoSteps(WithAnAgent):
    @staticmethod
    async def order(mail: Any) -> Any:
        number = await Agent.get("numbers", lambda n: n + 1)
        await Agent.update("numbers", lambda _: number)
        await Task.Supervisor.start_child("mails", mail, number)
        return number


class Waiting(InTables):
    @staticmethod
    async def order(mail: Any) -> Any:
        number = ets.update_counter("numbers", "last", 1)
        await mail(number)
        return number


class Linked(InTables):
    @staticmethod
    async def order(mail: Any) -> Any:
        number = ets.update_counter("numbers", "last", 1)
        await Task.start_link(mail, number)
        return number


class Awaitable(InTables):
    @staticmethod
    async def order(mail: Any) -> Any:
        number = ets.update_counter("numbers", "last", 1)
        await Task.Supervisor.async_nolink("mails", mail, number)
        return number


class Loose(InTables):
    @staticmethod
    async def order(mail: Any) -> Any:
        number = ets.update_counter("numbers", "last", 1)
        Task.start(mail, number)
        return number


class OfTheCaller(InTables):
    @staticmethod
    async def start(rows: Any) -> Any:
        make_tables(rows)
        return await tree_of(MAILS)


ROWS: dict[Any, Any] = {}


class InGlobals(InTables):
    @staticmethod
    async def start(rows: Any) -> Any:
        ROWS.clear()
        ROWS.update(dict(rows))
        return await InTables.start(rows)

    @staticmethod
    async def price(article: Any) -> Any:
        return ROWS.get(article)


class KnownSale(InTables):
    @staticmethod
    async def price(article: Any) -> Any:
        ets.lookup("prices", article)
        return {"lamp": 40, "chair": 90}.get(article)


class WholeRows(InTables):
    @staticmethod
    async def price(article: Any) -> Any:
        return ets.lookup("prices", article)


async def counter_from_table() -> Any:
    return await Agent.start_link(lambda: ets.lookup("numbers", "last")[0][1], name="counter")


def count_on(last: int) -> Any:
    ets.insert("numbers", ("last", last + 1))
    return last + 1, last + 1


class AgentOverATable(InTables):
    """An agent counts, and writes each number into a table that outlives it."""

    @staticmethod
    async def start(rows: Any) -> Any:
        return await tree_of(
            ChildSpec("tables", (Tables.start_link, (rows,))), MAILS, ChildSpec("counter", (counter_from_table, ()))
        )

    @staticmethod
    async def order(mail: Any) -> Any:
        number = await Agent.get_and_update("counter", count_on)
        await Task.Supervisor.start_child("mails", mail, number)
        return number


class TwoOwners(InTables):
    """Each table has an owner of its own, and the mails stand first."""

    class Prices(Tables):
        @classmethod
        async def start_link(cls, rows: Any) -> Any:
            return await GenServer.start_link.__func__(cls, rows)  # type: ignore[attr-defined]

        def init(self, rows: Any) -> Any:
            ets.new("prices", named=True, type="ordered_set")
            ets.insert("prices", [(str(article), article, cents) for article, cents in rows])
            return Ok(None)

    class Numbers(Prices):
        def init(self, _: Any) -> Any:
            ets.new("numbers", named=True, access="public")
            return Ok(None)

    @staticmethod
    async def start(rows: Any) -> Any:
        owners = [ChildSpec(each, (each.start_link, (rows,))) for each in (TwoOwners.Prices, TwoOwners.Numbers)]
        return await tree_of(MAILS, *owners)

    @staticmethod
    async def price(article: Any) -> Any:
        found = [row[2] for row in ets.lookup("prices", str(article)) if row[1] == article]
        return found[0] if found else None

    @staticmethod
    async def order(mail: Any) -> Any:
        number = ets.update_counter("numbers", "n", 1, ("n", 0))
        await Task.Supervisor.start_child("mails", mail, number)
        return number


class InTheClass(InTables):
    """Each start begins the numbers again, wherever it is."""

    last = 0

    @staticmethod
    async def start(rows: Any) -> Any:
        InTheClass.last = 0
        return await InTables.start(rows)

    @staticmethod
    async def order(mail: Any) -> Any:
        InTheClass.last += 1
        number = InTheClass.last
        await Task.Supervisor.start_child("mails", mail, number)
        return number


class Counter(GenServer):
    """Answers first, and writes the number down a second later."""

    @classmethod
    async def start_link(cls, _: Any) -> Any:
        return await super().start_link(None, name="counter")

    def init(self, _: Any) -> Any:
        return Ok(ets.lookup("numbers", "last")[0][1])

    def handle_call(self, request: Any, from_: Any, last: Any) -> Any:
        Process.send_after(self_(), "write", 1.0)
        return Reply(last + 1, last + 1)

    def handle_info(self, message: Any, last: Any) -> Any:
        ets.insert("numbers", ("last", last))
        return NoReply(last)


class WritesBehind(InTables):
    most_restarts = 3
    counter: Any = Counter

    @classmethod
    async def start(cls, rows: Any) -> Any:
        counter = ChildSpec("counter", (cls.counter.start_link, (None,)))
        return await tree_of(
            ChildSpec("tables", (Tables.start_link, (rows,))), MAILS, counter, max_restarts=cls.most_restarts
        )

    @staticmethod
    async def order(mail: Any) -> Any:
        number = await GenServer.call("counter", "next")
        await Task.Supervisor.start_child("mails", mail, number)
        return number


class WritesAtOnce(Counter):
    def handle_call(self, request: Any, from_: Any, last: Any) -> Any:
        ets.insert("numbers", ("last", last + 1))
        return Reply(last + 1, last + 1)


class AllowsOne(WritesBehind):
    counter = WritesAtOnce
    most_restarts = 1


class WritesBefore(WritesBehind):
    counter = WritesAtOnce


class LooksAndCounts(InTables):
    """The last lamp of the clinic, with a number."""

    @staticmethod
    async def order(mail: Any) -> Any:
        number = ets.lookup("numbers", "last")[0][1] + 1
        ets.insert("numbers", ("last", number))
        await Task.Supervisor.start_child("mails", mail, number)
        return number


class WrittenByTheCustomer(AgentOverATable):
    """An agent counts, and whoever orders writes the number down when the mail is handed over."""

    @staticmethod
    async def order(mail: Any) -> Any:
        number = await Agent.get_and_update("counter", lambda n: (n + 1, n + 1))
        await Task.Supervisor.start_child("mails", mail, number)
        ets.insert("numbers", ("last", number))
        return number


class InThousands(WithAnAgent):
    """Each life of the agent begins a thousand higher; how many lives there were stands in the class."""

    lives = 0

    @staticmethod
    async def start(rows: Any) -> Any:
        async def next_life() -> Any:
            InThousands.lives += 1
            return await counter(1000 * (InThousands.lives - 1))

        InThousands.lives = 0
        tables = ChildSpec("tables", (Tables.start_link, (rows,)))
        return await tree_of(tables, MAILS, ChildSpec("numbers", (next_life, ())))


class OnlyKnownArticles(InTables):
    @staticmethod
    async def price(article: Any) -> Any:
        return ets.lookup("prices", article)[0][1]


class InGroups(InTables):
    """A supervisor of its own for the tables, and one for the mails."""

    @staticmethod
    async def start(rows: Any) -> Any:
        async def group(*children: Any) -> Any:
            return await Supervisor.start_link(list(children), strategy="one_for_one")

        tables = ChildSpec("tables", (Tables.start_link, (rows,)))
        return await tree_of(ChildSpec("pricing", (group, (tables,))), ChildSpec("post", (group, (MAILS,))))


table.wrong(ex.sale, "has one server for everything", ByOneServer, "who reads the prices")
table.wrong(ex.sale, "counts in an agent that begins again", WithAnAgent, "for the second time", "where the last")
table.wrong(ex.sale, "reads the number and then counts on", InTwoSteps, "it has to be one step")
table.wrong(ex.sale, "waits for the mail", Waiting, "`order` was still waiting", "who waits for the mail")
table.wrong(ex.sale, "links the mail to the customer", Linked, "whoever ordered has ended", "to whom it is linked")
table.wrong(ex.sale, "gets answers that nobody wants", Awaitable, "Nobody wants an answer here")
table.wrong(ex.sale, "starts the mails loose", Loose, "on their way?", "What no supervisor has started")
table.wrong(ex.sale, "has the caller own the tables", OfTheCaller, "not longer than its owner")
table.wrong(ex.sale, "keeps the prices in a global", InGlobals, "outside of every process")
table.wrong(ex.sale, "returns the rows", WholeRows, "the number alone")
table.wrong(ex.sale, "counts in the class", InTheClass, "outside of every process belongs to no sale")
table.wrong(ex.sale, "writes the number down later", WritesBehind, "for the second time")
table.wrong(ex.sale, "allows one restart", AllowsOne, "how many restarts the supervisor allows")
table.wrong(ex.sale, "looks up, then inserts", LooksAndCounts, "it has to be one step")
table.wrong(
    ex.sale, "has the customer write it down", WrittenByTheCustomer, "for the second time", "in the middle of an"
)
table.wrong(ex.sale, "counts the lives in the class", InThousands, "for the second time")
table.wrong(ex.sale, "expects every article", OnlyKnownArticles, "IndexError", "for an unknown article")
table.hard_coded(ex.sale, "knows the shown prices", KnownSale, "another case")
table.right(ex.sale, "counts in an agent over a table", AgentOverATable)
table.right(ex.sale, "has an owner for each table", TwoOwners)
table.right(ex.sale, "has a server that writes before it answers", WritesBefore)
table.right(ex.sale, "has groups of its own", InGroups)

"""The checks of chapter 02, choosing an abstraction.

None of them asks which abstraction was taken. They look at what a choice costs: the seconds that somebody waits,
a number that is given twice, a customer who ends with a mail, a table that is gone. Each docstring says in its
first line what "ok" claims, and then what the check demands: the text of the exercise has to say all of it.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Final

from .. import (
    Agent,
    AlreadyStarted,
    BadArg,
    ChildSpec,
    Down,
    Exit,
    GenServer,
    Node,
    Pid,
    Process,
    Registry,
    Reply,
    StartError,
    Supervisor,
    Task,
    Via,
    current_node,
    ets,
    receive,
    self_,
    send,
    spawn,
    sys_,
)
from ..errors import describe_exception, describe_reason, safe_repr
from ..points import with_points
from .checking import AWAIT, NotYet, expect
from .comparing import same
from .looking import CALL, answered, is_of, not_started, sent_since, so_far, with_other_numbers

Rows = tuple[tuple[Any, int], ...]

A_WHILE: Final = 0.1
"""Virtual seconds in which a process that has something to do does it."""


# ---- somebody who uses the answer ------------------------------------------------------------------


class User:
    """A process that does one thing with the reader's code, and lives on until it is dismissed."""

    def __init__(self, work: Callable[[], Any], done: str, *, stays: bool = True) -> None:
        self.done = done
        self.outcome: list[tuple[str, Any]] = []
        self.waited = -1.0
        self.letters: list[Any] = []

        async def use() -> None:
            began = current_node().now()
            try:
                self.outcome.append(("answer", await answered(work(), done)))
            except (NotYet, Exit, Exception) as error:
                self.outcome.append(("error", error))
            self.waited = round(current_node().now() - began, 6)
            while stays and (letter := await receive()) != "dismissed":
                self.letters.append(letter)

        self.pid = spawn(use)
        self.watch = Process.monitor(self.pid)

    async def answer(self, within: float = 30.0) -> Any:
        """What came; an error of the reader's code is raised here.

        Raises:
            checking.NotYet: nothing came.
        """
        for _ in range(40):
            if self.outcome or not Process.alive(self.pid):
                break
            await Process.sleep(within / 40)
        if not self.outcome:
            seen = "nothing came" if Process.alive(self.pid) else f"whoever did it ended: {await self.end()}"
            idea = "what it waits for" if Process.alive(self.pid) else LINKED
            raise NotYet(self.done, seen, "an answer", idea)
        kind, value = self.outcome[0]
        if kind == "error":
            raise value
        return value

    async def end(self) -> str:
        """With which reason the process has ended, in words; empty if it lives."""
        down = await receive(lambda message: type(message) is Down and message.ref == self.watch, timeout=0.0)
        return describe_reason(down.reason) if isinstance(down, Down) else ""


LINKED: Final = "to whom the new process is linked. What one link joins ends together, unless the reason is `normal`"


async def _all(users: Iterable[User]) -> list[Any]:
    return [await user.answer() for user in users]


def _let_go(users: Iterable[User]) -> None:
    for user in users:
        Process.demonitor(user.watch, flush=True)
        Process.exit(user.pid, "kill")


async def _started_elsewhere(start: Callable[[], Any], done: str) -> Any:
    """What a start returns that another process has called, whose function is over since then."""
    home = self_()

    async def starter() -> None:
        try:
            pid = await answered(start(), done)
            if type(pid) is Pid:
                Process.unlink(pid)
            send(home, ("started", pid))
        except (NotYet, Exit, Exception) as error:
            send(home, ("failed", error))

    ref = Process.monitor(spawn(starter))
    down = await receive(lambda message: type(message) is Down and message.ref == ref, timeout=60.0)
    told = await receive(lambda message: isinstance(message, tuple) and message[:1] in (("started",), ("failed",)),
                         timeout=0.0)  # fmt: skip
    if told == "timeout":
        seen = describe_reason(down.reason) if isinstance(down, Down) else "it has not come back after a minute"
        raise NotYet(done, seen, "a return", "what the function waits for, and whom it is linked to")
    kind, value = told
    if kind == "failed":
        raise not_started(value) if type(value) is StartError else value
    return value


def _reason(error: Exit) -> Any:
    """Why a call ended in an exit, without which call it was."""
    return error.reason[0] if isinstance(error.reason, tuple) else error.reason


def _gave_up(error: Exit, done: str, hoped: str, takes: str) -> BaseException:
    """What to raise for an exit: where somebody did not wait long enough, that is said."""
    if _reason(error) != "timeout":
        return error
    idea = f"how long whoever waits has patience: {takes}"
    return NotYet(done, "an exit, as no answer came within the time-out", hoped, idea)


def _same_time(seen: float, hoped: float) -> bool:
    return abs(seen - hoped) < 0.001


def _interrupted(work: Any) -> Any:
    """The same function, but others have a turn between any two of its operations, as on the BEAM.

    Here a process keeps its turn until it awaits, so a look into a table and the write that follows would be one step.
    A function whose source cannot be read stays as it is.
    """
    try:
        return with_points(work)
    except BadArg:
        return work


BETWEEN: Final = ", and had a turn between any two operations, as on the BEAM"


# ---- drill 1 -----------------------------------------------------------------------------------------


async def quotes(quotes: Any, seconds: tuple[float, ...] = (1.0, 3.0, 2.0), kg: int = 4) -> None:
    """All prices come in the order of the carriers, as soon as the slowest has answered, and other messages stay.

    Demands: each carrier is asked once, with the kilograms, and twice if it stands in the list twice; any number of
    them, also none; the caller's messages stay, and nothing comes later.
    """
    many = tuple(0.1 * (n % 30) for n in range(30))
    cases = (
        (quotes, seconds, kg),
        (quotes, (0.5, 2.5), 7),
        (quotes, many, 3),
        (quotes, (), 2),
        (quotes, (2.0, 1.0), 5, True),
    )
    await with_other_numbers(_one_parcel, cases)


async def _one_parcel(quotes: Any, seconds: tuple[float, ...], kg: int, again: bool = False) -> None:
    asked: list[int] = []
    numbers = [*range(1, len(seconds) + 1), *[1] * again]
    hundreds: dict[int, int] = {number: 17 * number % 31 for number in numbers}  # neither rising nor falling

    def carrier(number: int, pause: float) -> Callable[[int], Awaitable[int]]:
        async def price(weight: int) -> int:
            asked.append(number)
            await Process.sleep(pause)
            return 100 * hundreds[number] + weight

        return price

    different = [carrier(number, pause) for number, pause in enumerate(seconds, start=1)]
    carriers = [different[number - 1] for number in numbers]
    done = _asked(seconds, again)
    before = len(current_node().processes())
    user = User(lambda: quotes(list(carriers), kg), done)
    for letter in (("a letter", 1), "a letter"):
        send(user.pid, letter)
    try:
        seen = await user.answer(200.0)
    except Exit as error:
        raise _gave_up(error, done, "the prices", "a carrier may take three seconds") from None
    _expect_prices(done, seen, [100 * hundreds[number] + kg for number in numbers])
    hoped = max(seconds, default=0.0)
    if not _same_time(user.waited, hoped):
        idea = "when the second carrier is asked: when the first has answered, or before anybody waits?"
        if hoped < user.waited < sum(seconds):
            idea = "what the function waits for: for the last answer, or until some time has passed?"
        raise NotYet(done, f"the answer after {user.waited:g} s", f"the answer after {hoped:g} s", idea)
    idea = "how often each carrier is called"
    expect(f"{done}; which were asked, and how often?", sorted(asked), sorted(numbers), idea)
    await Process.sleep(10.0)
    idea = "which messages are taken: only the answers of the tasks. The others are somebody else's, and stay"
    expect(f"{done}; which messages does the caller find later?", user.letters, [("a letter", 1), "a letter"], idea)
    _let_go([user])
    await Process.sleep(A_WHILE)
    left = len(current_node().processes()) - before
    expect(f"{done}; how many processes are left?", left, 0, "when each task is over: all have been waited for")


def _asked(seconds: tuple[float, ...], again: bool) -> str:
    told = ", ".join(f"{pause:g}" for pause in seconds[:4]) + ", …" * (len(seconds) > 4)
    done = f"{len(seconds)} carriers were asked" + f", which take {told} s" * bool(seconds)
    return done + ", the first of them twice" * again


def _expect_prices(done: str, seen: Any, hoped: list[int]) -> None:
    unrun = [part for part in seen if inspect.iscoroutine(part)] if isinstance(seen, list) else []
    for part in unrun:
        part.close()  # it never runs, and that is said here and not by a warning
    if unrun:
        raise NotYet(done, f"{len(unrun)} coroutines in a list", repr(hoped), AWAIT)
    if isinstance(seen, list) and any(isinstance(part, Task) for part in seen):
        idea = "what `Task.async_` returns: the task, and not yet its answer. Somebody has to wait for that"
        raise NotYet(done, "a list of tasks", repr(hoped), idea)
    if isinstance(seen, list) and len(seen) == len(hoped) and not same(seen, hoped):
        known = all(type(part) is int for part in seen) and sorted(seen) == sorted(hoped)
        other = "of the prices" if known and seen in (sorted(hoped), sorted(hoped)[::-1]) else "in which they answered"
        idea = f"the order of the list: that of the carriers, and not that {other}"
        if known:
            expect(done, seen, hoped, idea)
    idea = "what is returned: a list with the price of each carrier, for these kilograms, however many there are"
    if isinstance(seen, list) and 0 < len(set(hoped)) < len(hoped):
        idea += ". One that stands in the list twice has two places in it"
    expect(done, seen, hoped, idea)


# ---- drill 2 -----------------------------------------------------------------------------------------


class Mails:
    """The mails of one case: which were begun, which were sent, and by whom."""

    def __init__(self, error: BaseException | None = None, pause: float = 2.0) -> None:
        self.begun: list[Any] = []
        self.sent: list[Any] = []
        self.pids: list[Pid] = []

        async def mail(order: Any) -> None:
            self.begun.append(order)
            self.pids.append(self_())
            await Process.sleep(pause)
            if error is not None:
                raise error
            self.sent.append(order)

        self.mail = mail

    def alive(self) -> int:
        """How many of them are on their way."""
        return sum(Process.alive(pid) for pid in self.pids)


NOT_AWAITED: Final = "who waits for the mail. Nobody needs its answer, so it is work for a process of its own"
BELOW: Final = "who knows of the process in which the mail runs. What no supervisor has started, no stop reaches"


async def confirm(confirm: Any, orders: tuple[Any, ...] = (17, 18)) -> None:
    """Each mail is run once, nobody waits for it or is harmed by it, and no mail outlives "mails".

    Demands: ``"ok"`` at once, whether the mail is slow or raises; whoever confirms lives on and gets no message; its
    own end does not end the mail; when "mails" is stopped, the mails on their way end.
    """
    await with_other_numbers(_some_mails, ((confirm, orders), (confirm, ("a", 3, "a"))))


async def _some_mails(confirm: Any, orders: tuple[Any, ...]) -> None:
    await Task.Supervisor.start_link(name="mails")
    faults = (None, Exit("no such address"), ValueError("no such address"))
    for number, order in enumerate(orders):
        for error in faults:
            await _one_mail(confirm, order, error, pause=(2.0, 0.0)[number % 2])
    await _many_faults(confirm)
    await _customer_ends(confirm, orders[0])
    await _mails_are_stopped(confirm, orders[-1])


async def _one_mail(confirm: Any, order: Any, error: BaseException | None, pause: float) -> None:
    mails = Mails(error, pause)
    how = "was sent" if error is None else "raised"
    done = f"order {order!r} was confirmed, and its mail {how} after {pause:g} s"
    user = User(lambda: confirm(order, mails.mail), done)
    await Process.sleep(A_WHILE)
    if not user.outcome and Process.alive(user.pid):
        raise NotYet(done, "`confirm` was still waiting", "'ok' at once", NOT_AWAITED)
    if user.outcome and user.outcome[0][0] == "error" and mails.begun and error is not None:
        raise NotYet(done, f"`confirm` raised: {_words(user.outcome[0][1])}", "'ok' at once", NOT_AWAITED)
    if user.outcome:
        idea = 'what `confirm` returns: the word "ok", whatever becomes of the mail'
        expect(f"{done}; what was returned?", await user.answer(), "ok", idea)
        if user.waited:
            raise NotYet(done, f"`confirm` waited for {user.waited:g} s", "no wait", NOT_AWAITED)
    await Process.sleep(10.0)
    if not Process.alive(user.pid):
        raise NotYet(done, f"whoever confirmed has ended: {await user.end()}", "the mail's end alone", LINKED)
    idea = "with what `mail` is called, and how often. A mail that failed is not sent again by itself"
    expect(f"{done}; which mails were begun?", mails.begun, [order], idea)
    idea = "what the kind of task that you took sends to whoever started it. Nobody wants an answer here"
    expect(f"{done}; which messages has whoever confirmed?", len(user.letters), 0, idea)
    _let_go([user])


def _words(error: BaseException) -> str:
    return describe_reason(error.reason) if isinstance(error, Exit) else describe_exception(error)


async def _many_faults(confirm: Any) -> None:
    keeper, mails = Process.whereis("mails"), Mails(Exit("no such address"), 0.0)
    done = "ten mails failed at once"
    users = [User(lambda order=order: confirm(order, mails.mail), done) for order in range(10)]  # type: ignore[misc]
    await _all(users)
    await Process.sleep(A_WHILE)
    idea = "what the failure of a mail means for its supervisor: nothing is to be started again"
    expect(f'{done}; is "mails" still the same process?', Process.whereis("mails") is keeper, True, idea)
    _let_go(users)


async def _customer_ends(confirm: Any, order: Any) -> None:
    mails = Mails()
    done = f"whoever confirmed order {order!r} was ended while the mail was on its way"
    user = User(lambda: confirm(order, mails.mail), done)
    await Process.sleep(1.0)
    _let_go([user])
    await Process.sleep(10.0)
    expect(f"{done}; which mails were sent?", mails.sent, [order], LINKED)


async def _mails_are_stopped(confirm: Any, order: Any) -> None:
    mails = Mails()
    done = f'order {order!r} was confirmed, and "mails" was stopped after a second'
    user = User(lambda: confirm(order, mails.mail), done)
    await Process.sleep(1.0)
    await Supervisor.stop("mails")
    await Process.sleep(A_WHILE)
    expect(f"{done}; how many mails are on their way?", mails.alive(), 0, BELOW)
    _let_go([user])


# ---- drill 3 -----------------------------------------------------------------------------------------


async def order_numbers(OrderNumbers: Any, first: int = 17, customers: int = 5) -> None:
    """Each number is given once and none is left out, however many ask, and whoever asked or started has ended.

    Demands: the first number is ``first``; two that were started do not know of each other, and neither waits for the
    other; the numbers go on when their starter has come to its normal end, and when somebody who asked is killed, also
    in the middle; whoever asks finds the messages of others where they were; the numbers are kept by a process, and
    end with it.
    """
    cases = ((OrderNumbers, first, customers), (OrderNumbers, 1, 40))
    await with_other_numbers(_one_counter, cases)
    await _two_counters(OrderNumbers)


async def _one_counter(OrderNumbers: Any, first: int, customers: int) -> None:
    before = set(Process.list())
    numbers = await _new_numbers(OrderNumbers, first, f"`start({first})` was called")
    done = f"`next` was called twice, one after the other, after `start({first})`"
    idea = "what is answered, and what is remembered from then on: the first answer is the number of the start"
    expect(done, await _next_numbers(OrderNumbers, numbers, 1) + await _next_numbers(OrderNumbers, numbers, 1),
           [first, first + 1], idea)  # fmt: skip
    done = f"{customers} customers called `next` at the same moment{BETWEEN}"
    seen = await _next_numbers(OrderNumbers, numbers, customers)
    hoped = [first + 2 + n for n in range(customers)]
    twice = all(type(number) is int for number in seen) and len(set(seen)) < len(seen)
    idea = "what comes between reading the number and counting on: the messages of the others" if twice else _GOES_ON
    expect(f"{done}; which numbers did they get?", _in_order(seen), hoped, idea)
    await Process.sleep(600.0)
    done = "ten minutes had passed, everybody who had asked was gone, and `next` was called"
    expect(done, await _next_numbers(OrderNumbers, numbers, 1), [first + 2 + customers], _GOES_ON)
    await _askers_are_killed(OrderNumbers, numbers, first + 2 + customers)
    await _kept_by_a_process(OrderNumbers, numbers, before)


async def _askers_are_killed(OrderNumbers: Any, numbers: Any, last: int) -> None:
    """Kill somebody who asks after one turn, somebody after two, and so on; a number is lost with each at most."""
    turns = 6
    for number in range(turns):
        user = User(lambda: OrderNumbers.next(numbers), "`next` was called")
        for _ in range(number):
            await Process.sleep(0.0)
        _let_go([user])
    done = f"{turns} customers were killed while they called `next`, and another one called it"
    user = User(lambda: OrderNumbers.next(numbers), done)
    await Process.sleep(A_WHILE)
    idea = "whom the numbers wait for, and to whom they are linked: the end of whoever asked changes nothing"
    what, value = user.outcome[0] if user.outcome else ("nothing", None)
    if what != "answer":
        seen = _raised(value) if isinstance(value, BaseException) else "no answer"
        raise NotYet(done, seen, "a number", idea)
    if type(value) is not int or not last < value <= last + turns + 1:
        raise NotYet(done, safe_repr(value), f"a number from {last + 1} to {last + turns + 1}", _GOES_ON)
    _let_go([user])


async def _kept_by_a_process(OrderNumbers: Any, numbers: Any, before: set[Pid]) -> None:
    """End all processes that ``start`` has left: what was kept in a variable is still there."""
    for pid in [pid for pid in Process.list() if pid not in before]:
        Process.exit(pid, "kill")
    await Process.sleep(A_WHILE)
    done = "all processes that `start` had started were ended, and `next` was called"
    user = User(lambda: OrderNumbers.next(numbers), done)
    await Process.sleep(10.0)
    if user.outcome and user.outcome[0][0] == "answer":
        idea = "where the number is kept: in a process, or in a variable that two processes change?"
        raise NotYet(done, f"the number {safe_repr(user.outcome[0][1])}", "no number: it has ended with them", idea)
    _let_go([user])


_GOES_ON: Final = "where the number is kept, and how long that lives"


def _in_order(numbers: list[Any]) -> list[Any]:
    return sorted(numbers) if all(type(number) is int for number in numbers) else numbers


async def _next_numbers(OrderNumbers: Any, numbers: Any, customers: int) -> list[Any]:
    """What so many get at the same moment; each of them is killed afterwards.

    Somebody else has written to each of them before. Where there are several, others have a turn between any two
    operations of one.
    """
    done = "`next` was called"
    ask = _interrupted(OrderNumbers.next) if customers > 1 else OrderNumbers.next
    users = [User(lambda: ask(numbers), done) for _ in range(customers)]
    for user in users:
        send(user.pid, A_LETTER)
    try:
        seen = await _all(users)
    except BadArg as error:
        idea = f"{_GOES_ON}. What belongs to a process ends with it"
        raise NotYet(done, describe_exception(error), "a number", idea) from None
    except Exit as error:
        reason = error.reason[0] if isinstance(error.reason, tuple) else error.reason
        if isinstance(reason, Exception):
            raise reason from None
        if reason == "timeout":
            raise _gave_up(error, done, "a number", "others may have asked before") from None
        raise NotYet(done, f"an exit: {describe_reason(reason)}", "a number", _GOES_ON) from None
    await Process.sleep(A_WHILE)
    for user, number in zip(users, seen, strict=True):
        told = f"{done}, and {number!r} came" if type(number) is int else done
        idea = "which message is taken: only the answer of the numbers. The others are somebody else's, and stay"
        expect(f"{told}; which messages does the caller find later?", user.letters, [A_LETTER], idea)
    _let_go(users)
    await Process.sleep(A_WHILE)
    return seen


A_LETTER: Final = ("a letter", 1)


async def _new_numbers(OrderNumbers: Any, first: int, done: str) -> Any:
    try:
        return await _started_elsewhere(lambda: OrderNumbers.start(first), done)
    except AlreadyStarted as error:
        idea = "the name. Only one process has it, and what `start` returns need not be a name"
        raise NotYet(done, describe_exception(error), "numbers that know nothing of the others", idea) from None
    except BadArg as error:
        if "the function that makes its first state" not in str(error):
            raise
        idea = "what an agent is started with: a function that returns the first number, and not the number"
        raise NotYet(done, describe_exception(error), "a process that keeps the numbers", idea) from None


async def _two_counters(OrderNumbers: Any) -> None:
    done = "`start` was called twice, with 100 and with 500"
    before = set(Process.list())
    one = await _new_numbers(OrderNumbers, 100, done)
    keepers = [pid for pid in Process.list() if pid not in before]
    other = await _new_numbers(OrderNumbers, 500, done)
    seen = [(await _next_numbers(OrderNumbers, each, 1))[0] for each in (one, other, one)]
    idea = f"{_GOES_ON}: each of the two has a number of its own"
    expect(f"{done}, and `next` with the first, the second and the first", seen, [100, 500, 101], idea)
    await _one_is_busy(OrderNumbers, one, other, keepers)


async def _one_is_busy(OrderNumbers: Any, one: Any, other: Any, keepers: list[Pid]) -> None:
    """Whoever asks the one waits, and whoever asks the other does not: a lock that both use would be seen here."""
    done = "`start` was called twice; the first was busy, and somebody waited for it; `next` was called with the second"
    busy = [
        pid for pid in keepers if pid.block is not None and pid.block.loop is not None
    ]  # a server, not a plain loop
    for pid in busy:
        await sys_.suspend(pid)
    users = []
    for numbers in (one, other):
        users.append(User(lambda numbers=numbers: OrderNumbers.next(numbers), done))  # type: ignore[misc]
        for _ in range(20):  # turns, and no time: to wait for a lock of asyncio's would hold the clock
            await Process.sleep(0.0)
    free = bool(users[-1].outcome)
    for pid in busy:
        await sys_.resume(pid)
    if not free:
        idea = "what the two have in common. Each is asked in its own process; what both wait for knows of both"
        raise NotYet(done, "no answer", "a number at once", idea)
    expect(done, await users[-1].answer(), 501, _GOES_ON)
    _let_go(users)


# ---- drill 4 -----------------------------------------------------------------------------------------


class _Basket(GenServer):
    """A basket with two requests over which it crashes, and one that takes two seconds."""

    @classmethod
    async def start_link(cls, customer: Any) -> Any:  # type: ignore[override]
        return await super().start_link([], name=Via("baskets", customer))

    async def handle_call(self, request: Any, from_: Any, articles: Any) -> Any:
        match request:
            case ("add", article):
                return Reply("ok", [*articles, article])
            case "articles":
                return Reply(articles, articles)
            case "weigh":
                await Process.sleep(2.0)
                return Reply(len(articles), articles)
            case "insure":
                await GenServer.call("insurance", articles)  # there is none
        raise KeyError(request)


async def ask_basket(ask_basket: Any, customers: tuple[Any, ...] = (7, "7", 12)) -> None:
    """Each customer's own basket answers, also one that was started again, and what goes wrong in it is not hidden.

    Demands: the answer of the basket as it is, also a slow one; ``("error", "no basket")`` for an unknown customer,
    and no process is started; an exit of the caller where the basket crashes over the request, which it is given once.
    """
    await Registry.start_link(keys="unique", name="baskets")
    await with_other_numbers(_some_baskets, ((ask_basket, customers), (ask_basket, (("guest", 1), "7", 0, "", 3.5))))


async def _some_baskets(ask_basket: Any, customers: tuple[Any, ...]) -> None:
    children = [ChildSpec(customer, (_Basket.start_link, (customer,))) for customer in customers]
    root = await Supervisor.start_link(children, strategy="one_for_one", max_restarts=10)
    assert root is not None
    Process.unlink(root)
    for number, customer in enumerate(customers):
        await _expect_answer(ask_basket, customer, ("add", number), "ok")
    for number, customer in enumerate(customers):
        await _expect_answer(ask_basket, customer, "articles", [number])
    await _expect_answer(ask_basket, customers[-1], "weigh", 1)
    unknown = [99, str(customers[-1]), ("guest", 2)]
    await _no_basket(ask_basket, [key for key in unknown if not any(same(key, known) for known in customers)])
    for fault in ("wiegh", "insure"):
        await _fault_inside(ask_basket, customers[0], fault)
    pid = GenServer.whereis(Via("baskets", customers[1]))
    assert isinstance(pid, Pid)
    Process.exit(pid, "kill")
    await Process.sleep(1.0)
    after = "; its basket was started again before"
    await _expect_answer(ask_basket, customers[1], "articles", [], after)
    await _expect_answer(ask_basket, customers[-1], "articles", [len(customers) - 1], after)
    await Supervisor.stop(root)
    await _no_basket(ask_basket, [customers[0]])


KEYS: Final = "who knows which process belongs to a customer now. The key is the customer as it is, of any type"


async def _expect_answer(ask_basket: Any, customer: Any, request: Any, hoped: Any, after: str = "") -> None:
    done = f"customer {customer!r} was asked {request!r}{after}"
    user = User(lambda: ask_basket(customer, request), done)
    try:
        seen = await user.answer()
    except Exit as error:
        reason = error.reason[0] if isinstance(error.reason, tuple) else error.reason
        if isinstance(reason, Exception):
            raise reason from None
        if reason == "timeout":
            raise _gave_up(error, done, safe_repr(hoped), "a basket may take two seconds") from None
        idea = f"{KEYS}. A pid is the address of one life" if after else KEYS
        raise NotYet(done, f"an exit: {describe_reason(reason)}", safe_repr(hoped), idea) from None
    if isinstance(seen, Pid):
        idea = "what is asked for: the answer of the basket, and not its address"
        raise NotYet(done, "a pid", safe_repr(hoped), idea)
    nothing = same(seen, "ok") and not same(hoped, "ok")
    idea = "whether anybody waits for the basket's answer. A cast answers `ok` by itself" if nothing else KEYS
    expect(done, seen, hoped, idea)
    _let_go([user])


async def _no_basket(ask_basket: Any, unknown: list[Any]) -> None:
    for customer in unknown:
        before = len(current_node().processes())
        done = f"customer {customer!r}, who has no basket, was asked 'articles'"
        user = User(lambda customer=customer: ask_basket(customer, "articles"), done)  # type: ignore[misc]
        idea = "what a registry answers for a key that nobody has, and what your code makes of it"
        try:
            seen = await user.answer()
        except (Exit, ValueError, IndexError, TypeError) as error:
            raise NotYet(done, _raised(error), "('error', 'no basket')", idea) from None
        expect(done, seen, ("error", "no basket"), idea)
        _let_go([user])
        await Process.sleep(A_WHILE)
        idea = "what is done for an unknown customer: nothing is started"
        expect(f"{done}; how many processes are there more?", len(current_node().processes()) - before, 0, idea)


def _raised(error: BaseException) -> str:
    return f"an exit: {describe_reason(error.reason)}" if isinstance(error, Exit) else describe_exception(error)


async def _fault_inside(ask_basket: Any, customer: Any, fault: str) -> None:
    what = "calls a server that is not there" if fault == "insure" else "crashes"
    done = f"customer {customer!r} was asked {fault!r}, over which the basket {what}"
    since = so_far()
    user = User(lambda: ask_basket(customer, fault), done)
    try:
        seen = await user.answer()
    except Exit:
        calls = [event.term for event in sent_since(since) if is_of(event, CALL)]
        asked = [term for term in calls if isinstance(term, tuple) and fault in term]
        idea = (
            "how often the basket is given the request. What went wrong in it is told to the caller, who may try again"
        )
        if asked:  # else another process was called: what is wrong with that is seen below
            expect(f"{done}; how often did it get the request?", len(asked), 1, idea)
        _let_go([user])
        await Process.sleep(A_WHILE)
        return
    idea = "which exits are caught. That a basket is not there is one thing, that it crashed over a request is another"
    raise NotYet(done, f"the answer {safe_repr(seen)}", "an exit of the caller", idea)


# ---- repair 1 ----------------------------------------------------------------------------------------


async def start_prices(start_prices: Any, cents: tuple[int, ...] = (35, 80)) -> None:
    """The server of the prices may end again and again, and at no moment is a price missing or older.

    Demands: "pricing" and "day prices"; each end by a kill, a shutdown, a crash or a quiet end is followed by another
    server within a second, three times within five seconds as well; readers find the latest price directly after it
    was set, directly after the end and ever after; nothing depends on whoever called ``start_prices``; a stop of the
    supervisor leaves neither table nor process.
    """
    cases = (
        (start_prices, (("lamp", 40), ("chair", 90)), cents),
        (start_prices, (("pen", 2), (7, 70)), (3, 75, 5, 80)),
    )
    await with_other_numbers(_one_list, cases)


async def _one_list(start_prices: Any, rows: Rows, cents: tuple[int, ...]) -> None:
    before = set(Process.list())
    done = "`start_prices` was called, and the function of its caller was over"
    root = await _started_elsewhere(lambda: start_prices(list(rows)), done)
    idea = "the name of the supervisor, and what is returned: its pid"
    is_root = root is not None and root is Process.whereis("pricing")
    expect(f'{done}; is what it returned called "pricing"?', is_root, True, idea)
    prices = dict(rows)
    _expect_found(done, prices, "who owns the table. Whoever makes it owns it, and it ends with its owner")
    articles = [article for article, _ in rows]
    for number, reason in enumerate(("kill", "shutdown", "crash", "normal", "kill")):
        article, price = articles[number % len(articles)], cents[number % len(cents)] + number
        await _set(article, price)
        prices[article] = price
        _expect_found(f"{article!r} was set to {price}", prices, _WRITES)
        await _server_ends(reason, f"for the {ORDINALS[number]} time, by {reason!r}", prices)
        await Process.sleep(6.0)  # the next end is to be one of its own for the supervisor's count
    for number in range(3):
        done = f"for the {ORDINALS[number]} time within five seconds"
        await _server_ends("kill", done, prices, root)
    await _stopped_list(root, before)


ORDINALS: Final = ("first", "second", "third", "fourth", "fifth")
_WRITES: Final = "where the server writes, and where readers read"
_BURST: Final = "how many restarts the supervisor allows, and in how many seconds"


async def _stopped_list(root: Pid, before: set[Pid]) -> None:
    done = "the supervisor was stopped"
    await Supervisor.stop(root)
    await Process.sleep(A_WHILE)
    idea = "who has started the owner of the table. A supervisor ends what it has started, and nothing else"
    left = [pid for pid in Process.list() if pid not in before]
    expect(f"{done}; how many processes are left?", len(left), 0, idea)
    expect(f'{done}; is there still a table called "prices"?', ets.whereis("prices") is not None, False, idea)


def _expect_found(done: str, prices: dict[Any, int], idea: str) -> None:
    """See what a reader finds now."""
    for article, price in prices.items():
        try:
            rows = ets.lookup("prices", article)
        except BadArg as error:
            if "no table" not in str(error):
                idea = "who may use the table: all read it"
            raise NotYet(f"{done}; a reader looked up {article!r}", "no table", repr(price), idea) from None
        seen = rows[0][1] if rows else "no row"
        expect(f"{done}; a reader looked up {article!r}", seen, price, idea)


_SET: Final = (
    "who may write into the table now. By default the owner alone does, and a server that was started again is another "
    "process"
)


async def _set(article: Any, price: int) -> None:
    done = f'("set", {article!r}, {price}) was sent to "day prices"'
    if Process.whereis("day prices") is None:
        idea = "who starts the server, and under which name"
        raise NotYet(done, "nobody has this name", "'ok'", idea)

    async def use() -> Any:
        answer = await GenServer.call("day prices", ("set", article, price))
        return answer, (ets.lookup("prices", article) if ets.whereis("prices") is not None else [])

    before = ets.lookup("prices", article)
    user = User(use, done)
    try:
        await _no_gap(f"{done}; while it was busy a reader looked up {article!r}", article, before, price)
        answer, rows = await user.answer()
        expect(done, answer, "ok", "what the server answers: the same as `DayPrices`")
        found = rows[0][1] if rows else "no row"
        idea = f"{_WRITES}. Whoever has the answer may read at once"
        expect(f"{done}; who had the answer, looked up {article!r}", found, price, idea)
    except Exit as error:
        reason = error.reason[0] if isinstance(error.reason, tuple) else error.reason
        seen = f"an exit: {describe_reason(reason)}"
        raise NotYet(done, seen, "'ok'", _SET if isinstance(reason, BadArg) else _BACK) from None
    _let_go([user])


async def _no_gap(done: str, article: Any, before: list[Any], price: int) -> None:
    """Read at every turn while a price is set: it is there, the old one or the new one."""
    for pause in (0.0,) * 12 + (0.001, A_WHILE):
        await Process.sleep(pause)
        rows = ets.lookup("prices", article) if ets.whereis("prices") is not None else []
        if rows not in (before, [(article, price)]):
            idea = f"{_WRITES}: a reader can come between two steps, and `ets.insert` replaces a row in one"
            raise NotYet(done, safe_repr(rows), f"{before!r} or {[(article, price)]!r}", idea)


_BACK: Final = (
    "whether the server is there again: what its `init` does when the table exists already, and what it asks for"
)
_KEPT: Final = "who owns the table in the moment in which the server ends, and whether that is so the next time, too"


async def _server_ends(reason: str, how: str, prices: dict[Any, int], root: Pid | None = None) -> None:
    """End the server, and read all the while; with ``root``, see first that this supervisor has not given up."""
    pid = Process.whereis("day prices")
    assert pid is not None
    done = f"the server was ended {how}"
    if reason == "crash":
        user = User(lambda: GenServer.call("day prices", ("set", "lamp", None)), done)
        await Process.sleep(0.0)
        _let_go([user])
    elif reason == "normal":
        await GenServer.stop("day prices")
    else:
        Process.exit(pid, reason)
    for pause in (0.0,) * 12 + (0.001, A_WHILE, 1.0):
        await Process.sleep(pause)
        if root is not None and not Process.alive(root):
            raise NotYet(done, "the supervisor has given up", "another server", _BURST)
        _expect_found(done, prices, _KEPT)
    if Process.whereis("day prices") is None:
        raise NotYet(f"{done}; a second passed", "nobody is called 'day prices'", "another server", _BACK)


# ---- repair 2 ----------------------------------------------------------------------------------------

ORDERS: Final[dict[Any, list[str]]] = {17: ["lamp", "chair"], 18: []}


async def mended_invoice(invoice: Any, orders: dict[Any, list[str]] | None = None) -> None:
    """Invoices are drawn at the same time, the agent is free and keeps its orders, and faults reach the caller alone.

    Demands: what ``draw`` returns, which is called once, also if it raises and for an order without articles; None for
    an unknown number; the articles that the agent holds now; whoever asks the agent meanwhile waits for nothing.
    """
    cases = ((invoice, ORDERS if orders is None else orders), (invoice, {"a": ["pen"] * 3, 5: ["desk"], 6: []}))
    await with_other_numbers(_some_invoices, cases)


HERE: Final = "in which process `draw` runs. A function that is brought to an agent runs there, one after the other"


async def _some_invoices(invoice: Any, orders: dict[Any, list[str]]) -> None:
    agent = await Agent.start(lambda: orders, name="orders")
    assert agent is not None
    drawn: list[Any] = []

    async def draw(articles: list[str]) -> str:
        drawn.append(articles)
        await Process.sleep(1.0)
        return f"invoice for {len(articles)}"

    first = next(iter(orders))
    alone = User(lambda: invoice(first, draw), f"the invoice of order {first!r} was asked for")
    await _all_drawn([alone], drawn)
    _let_go([alone])
    drawn.clear()
    done = f"{5 * len(orders)} invoices were asked for at the same moment"
    wanted = [number for number in orders for _ in range(5)]
    users = [User(lambda number=number: invoice(number, draw), done) for number in wanted]  # type: ignore[misc]
    await Process.sleep(0.5)
    await _agent_is_free(agent, orders)
    seen = await _all_drawn(users, drawn)
    hoped = [f"invoice for {len(orders[number])}" for number in wanted]
    idea = "what is returned: whatever `draw` answers, for the articles of this order. An empty list is an order, too"
    expect(done, seen, hoped, idea)
    expect(f"{done}; how often was something drawn?", len(drawn), len(wanted), "how often `draw` is called")
    slowest = max(user.waited for user in users)
    if not _same_time(slowest, 1.0):
        raise NotYet(done, f"the last one came after {slowest:g} s", "all of them after 1 s", HERE)
    _let_go(users)
    await _unknown_order(invoice, draw, drawn)
    for error in (ValueError("no paper"), Exit("no paper"), KeyError("no paper")):
        await _draw_raises(invoice, next(iter(orders)), error)
    await _expect_orders(agent, orders, "three invoices failed")
    await _changed_order(invoice, draw, first, [*orders[first], "shade"])
    await Agent.stop(agent)
    await Process.sleep(A_WHILE)


async def _changed_order(invoice: Any, draw: Any, number: Any, articles: list[str]) -> None:
    await Agent.update("orders", lambda held: held | {number: articles})
    done = f"order {number!r} was changed to {articles!r}, and its invoice was asked for once more"
    user = User(lambda: invoice(number, draw), done)
    idea = "where the articles come from: the agent knows how the order is now. What was kept elsewhere is old"
    expect(done, await user.answer(), f"invoice for {len(articles)}", idea)
    _let_go([user])


async def _all_drawn(users: list[User], drawn: list[Any]) -> list[Any]:
    try:
        return await _all(users)
    except Exit as error:
        reason, done = _reason(error), users[0].done
        if isinstance(reason, Exception):
            raise reason from None
        if not drawn:
            raise _gave_up(error, done, "an invoice", "the agent may have something to do first") from None
        raise NotYet(done, f"an exit: {describe_reason(reason)}", "all of them", HERE) from None


async def _agent_is_free(agent: Pid, orders: dict[Any, Any]) -> None:
    done = "while invoices were drawn, somebody else asked the agent for something short"
    user = User(lambda: Agent.get(agent, len), done)
    await Process.sleep(0.0)
    await Process.sleep(0.01)
    if not user.outcome:
        raise NotYet(done, "the agent was busy", "an answer at once", HERE)
    await _expect_orders(agent, orders, "while invoices were drawn")
    _let_go([user])


async def _expect_orders(agent: Pid, orders: dict[Any, Any], done: str) -> None:
    idea = "what may end the agent, or change what it holds: only what runs in it"
    alive = Process.whereis("orders") is agent
    expect(f"{done}; is the agent still there?", alive, True, idea)
    expect(f"{done}; which orders does the agent hold?", await Agent.get(agent, lambda held: held), orders, idea)


async def _unknown_order(invoice: Any, draw: Any, drawn: list[Any]) -> None:
    agent = Process.whereis("orders")
    done = "the invoice of order 404 was asked for, which is not there"
    before = len(drawn)
    user = User(lambda: invoice(404, draw), done)
    idea = "what a dict answers for a key that it does not have, and in which process that happens"
    try:
        seen = await user.answer()
    except (Exit, Exception) as error:
        ended = ", and the agent has ended" * (Process.whereis("orders") is not agent)
        what = "KeyError" if "KeyError" in _raised(error) else _raised(error)
        raise NotYet(done, f"{what}{ended}", "None", idea) from None
    expect(done, seen, None, idea)
    expect(f"{done}; how often was something drawn?", len(drawn) - before, 0, "when `draw` is called")
    _let_go([user])


async def _draw_raises(invoice: Any, number: Any, error: BaseException) -> None:
    drawn: list[Any] = []

    async def draw(articles: Any) -> None:
        drawn.append(articles)
        await Process.sleep(0.5)
        raise error

    agent = Process.whereis("orders")
    kind = type(error).__name__
    done = f"`draw` raised {kind}, and the caller was ready to catch it"
    user = User(lambda: invoice(number, draw), done)
    await Process.sleep(2.0)
    if Process.whereis("orders") is not agent:
        raise NotYet(done, "the agent has ended", "the agent as it was", HERE)
    if not user.outcome:
        seen = "the caller was still waiting"
        if not Process.alive(user.pid):
            seen = f"the caller was ended: {await user.end()}"
        raise NotYet(done, seen, f"{kind} in the caller, who can catch it", f"{HERE}. And {LINKED}")
    what, value = user.outcome[0]
    if what != "error" or type(value) is not type(error):
        seen = f"the answer {safe_repr(value)}" if what == "answer" else _raised(value)
        raise NotYet(done, seen, f"{kind} in the caller", "what becomes of an exception: nobody is to hide it here")
    idea = "how often `draw` is called: a drawing that has failed is not tried again"
    expect(f"{done}; how often was it called?", len(drawn), 1, idea)
    _let_go([user])


# ---- the design --------------------------------------------------------------------------------------


async def sale(Sale: Any, rows: Rows = (("lamp", 40), ("chair", 90)), customers: int = 20) -> None:
    """Prices wait for nobody, no number is given twice, no mail holds up or harms anybody, and a stop leaves nothing.

    Demands: all that the text lists. Processes are ended that are neither owners of tables nor supervisors above
    them; a second sale, on another node, gives numbers of its own.
    """
    await with_other_numbers(_one_sale, ((Sale, rows, customers), (Sale, ((7, 70), ("pen", 2), ("sofa", 900)), 3)))


async def _one_sale(Sale: Any, rows: Rows, customers: int) -> None:
    before = set(Process.list())
    done = "`start` was called, and the function of its caller was over"
    root = await _started_elsewhere(lambda: Sale.start(list(rows)), done)
    idea = "the name of the supervisor, and what is returned: its pid"
    is_root = root is not None and root is Process.whereis("sale")
    expect(f'{done}; is what it returned called "sale"?', is_root, True, idea)
    given: set[int] = set()
    await _expect_prices_of(Sale, rows, done)
    await _prices_while_all_are_busy(Sale, rows, before)
    await _orders(Sale, customers, given)
    for error in (Exit("no such address"), ValueError("no such address")):
        await _order_with_a_bad_mail(Sale, error, given)
    await _another_sale(Sale, rows, given)
    for reason in ("kill", "shutdown", "kill"):
        for pid in await _may_end(root, before):
            await _one_ends(Sale, pid, f"was ended with {reason!r}", reason, root, rows, given)
            await Process.sleep(6.0)  # the next end is to be one of its own for the supervisor's count
    await _another_sale(Sale, rows, given)
    await _ends_in_the_middle(Sale, root, before, given)
    for number in range(3):
        for pid in (await _may_end(root, before))[:1]:
            how = f"was the {ORDINALS[number]} to be killed within five seconds"
            await _one_ends(Sale, pid, how, "kill", root, rows, given)
    await _stopped(Sale, root, rows, before)


async def _price(Sale: Any, article: Any, done: str) -> Any:
    user = User(lambda: Sale.price(article), done, stays=False)
    try:
        return await user.answer()
    except (BadArg, Exit) as error:
        idea = "who owns what `price` reads, and how long that lives: not longer than its owner"
        raise NotYet(done, _raised(error), "a price", idea) from None
    except (IndexError, KeyError, ValueError, TypeError) as error:
        idea = "what is found for an unknown article, and what your code makes of it"
        if "is not there" not in done:
            raise
        raise NotYet(done, _raised(error), "None", idea) from None


async def _expect_prices_of(Sale: Any, rows: Rows, done: str) -> None:
    for article, cents in rows:
        told = f"{done}; the price of {article!r} was asked"
        expect(
            told, await _price(Sale, article, told), cents, "where `price` looks, and what it returns: the number alone"
        )
    told = f"{done}; the price of 'moon', which is not there, was asked"
    expect(
        told, await _price(Sale, "moon", told), None, "what is found for an unknown article, and what is returned then"
    )


WAITS: Final = "who reads the prices: a server, for everybody, one after the other, or each customer in its own process"


async def _prices_while_all_are_busy(Sale: Any, rows: Rows, before: set[Pid]) -> None:
    """Suspend whatever can be suspended, and ask for prices."""
    held = [pid for pid in Process.list() if pid not in before]
    suspended = []
    for pid in held:
        try:
            await sys_.suspend(pid, timeout=0.5)
            suspended.append(pid)
        except (Exit, BadArg):
            continue
    done = "all processes of the sale were busy, and a price was asked for"
    article, cents = rows[0]
    user = User(lambda: Sale.price(article), done)
    await Process.sleep(A_WHILE)
    outcome = list(user.outcome)
    for pid in suspended:
        await sys_.resume(pid)
    await Process.sleep(A_WHILE)
    if not outcome or user.waited:
        raise NotYet(done, f"nothing after {A_WHILE:g} s", f"{cents} at once", WAITS)
    expect(done, await user.answer(), cents, WAITS)
    _let_go([user])


MAIL: Final = "who waits for the mail, and to whom it is linked. Its answer is of no use to whoever orders"


async def _order(Sale: Any, mail: Any, done: str) -> User:
    user = User(lambda: Sale.order(mail), done)
    await Process.sleep(0.0)
    return user


async def _number(user: User) -> Any:
    """The number that an order was given, at once."""
    await Process.sleep(A_WHILE)
    if not user.outcome and Process.alive(user.pid):
        raise NotYet(user.done, "`order` was still waiting", "a number at once", MAIL)
    try:
        number = await user.answer()
    except BadArg as error:
        idea = "who owns what `order` uses, who may write there, and whether it is there again after an end"
        raise NotYet(user.done, describe_exception(error), "a number", idea) from None
    except Exit as error:
        reason = error.reason[0] if isinstance(error.reason, tuple) else error.reason
        if isinstance(reason, Exception):
            raise reason from None
        idea = "whether everybody whom `order` needs is there, or there again: who starts them, and under which name"
        raise NotYet(user.done, f"an exit: {describe_reason(reason)}", "a number", idea) from None
    if user.waited:
        raise NotYet(user.done, f"`order` waited for {user.waited:g} s", "a number at once", MAIL)
    if type(number) is not int:
        raise NotYet(user.done, safe_repr(number), "a number", "what `order` returns")
    return number


async def _orders(Sale: Any, customers: int, given: set[int]) -> None:
    mails = Mails()
    early, first = [], []
    for _ in range(2):
        early.append(await _order(Sale, mails.mail, "two orders were made, one after the other"))
        first.append(await _number(early[-1]))
    idea = "what the first number is, and what is remembered from one order to the next"
    expect("two orders were made, one after the other", first, [1, 2], idea)
    done = f"{customers} customers ordered at the same moment{BETWEEN}"
    order = _interrupted(Sale.order)
    users = [User(lambda: order(mails.mail), done) for _ in range(customers)]
    seen = sorted([await _number(user) for user in users])
    idea = "what comes between reading the last number and counting on: it has to be one step"
    expect(f"{done}; which numbers did they get?", seen, [3 + n for n in range(customers)], idea)
    given.update(first, seen)
    await Process.sleep(10.0)
    idea = "how often each mail is run, and with what: with its number, once"
    expect(f"{done}; which mails were sent?", sorted(mails.sent), sorted(given), idea)
    strays = sum(len(user.letters) for user in users)
    idea = "what the kind of task that you took sends to whoever started it. Nobody wants an answer here"
    expect(f"{done}; how many messages do they find later?", strays, 0, idea)
    _let_go([*early, *users])


async def _order_with_a_bad_mail(Sale: Any, error: BaseException, given: set[int]) -> None:
    for pause in (0.0, 2.0):
        mails = Mails(error, pause)
        done = f"an order was made, and its mail raised {type(error).__name__} after {pause:g} s"
        user = await _order(Sale, mails.mail, done)
        _is_new(await _number(user), given, done)
        await Process.sleep(10.0)
        if not Process.alive(user.pid):
            raise NotYet(done, f"whoever ordered has ended: {await user.end()}", "the mail's end alone", MAIL)
        expect(
            f"{done}; how often was it run?", len(mails.begun), 1, "what is done with a mail that has failed: nothing"
        )
        _let_go([user])


LAST: Final = "where the last number is kept. What a process remembers ends with it, and another begins as `init` says"


def _is_new(number: int, given: set[int], done: str) -> None:
    if number in given:
        raise NotYet(done, f"the number {number}, for the second time", "a number that nobody has", LAST)
    given.add(number)


async def _another_sale(Sale: Any, rows: Rows, given: set[int]) -> None:
    """A number in a global or in the class is begun again by it; one that a process of this node keeps is not."""

    async def elsewhere() -> None:
        await Sale.start(list(rows))
        await Sale.order(Mails(pause=0.0).mail)

    node = Node(clock="virtual")
    try:
        await node.run_async(elsewhere)
    finally:
        node.close()
    done = "another sale was begun on a node of its own, and here an order was made"
    user = await _order(Sale, Mails(pause=0.0).mail, done)
    number = await _number(user)
    idea = "where the last number is kept. What stands outside of every process belongs to no sale, and to all of them"
    expect(f"{done}; which number was given?", number, max(given) + 1, idea)
    given.add(number)
    _let_go([user])


async def _may_end(root: Pid, before: set[Pid]) -> list[Pid]:
    """The processes of the sale that are neither owners of a table nor supervisors above one."""
    spared = {root}
    for owner in _owners():
        above: Any = owner
        while isinstance(above, Pid) and above not in spared and (info := Process.info(above)) is not None:
            spared.add(above)
            above = info["parent"]
    return [pid for pid in Process.list() if pid not in before and pid not in spared]


def _owners() -> set[Pid]:
    owners: dict[Pid, Any] = current_node().tables.get("ets owners", {})
    return {pid for pid, tables in owners.items() if tables}


async def _one_ends(Sale: Any, pid: Pid, how: str, reason: str, root: Pid, rows: Rows, given: set[int]) -> None:
    """Make an order, end the process directly afterwards, and look a second later."""
    info = Process.info(pid)
    if info is None:
        return
    done = f"{_name_of(info)} {how}, and a second passed"
    last = await _order(Sale, Mails(pause=0.0).mail, "an order was made")
    for _ in range(20):
        if last.outcome:
            break
        await Process.sleep(0.0)
    Process.exit(pid, reason)
    _is_new(await _number(last), given, "an order was made")
    _let_go([last])
    await Process.sleep(1.0)
    if not Process.alive(root):
        raise NotYet(done, "the supervisor has given up", "a sale that goes on", _BURST)
    await _expect_prices_of(Sale, rows, done)
    mails = Mails(pause=0.0)
    user = await _order(Sale, mails.mail, f"{done}; an order was made")
    _is_new(await _number(user), given, done)
    _let_go([user])


async def _ends_in_the_middle(Sale: Any, root: Pid, before: set[Pid], given: set[int]) -> None:
    """End each process while an order is under way, one turn later each time. That order may fail; no later one may."""
    for place in range(len(await _may_end(root, before))):
        for turns in range(6):
            pid = (await _may_end(root, before))[place]
            last = await _order(Sale, Mails(pause=0.0).mail, "an order was made")
            for _ in range(turns):
                await Process.sleep(0.0)
            info = Process.info(pid) or {}
            Process.exit(pid, "kill")
            await Process.sleep(1.0)
            done = f"{_name_of(info)} was killed in the middle of an order, and a second passed"
            if last.outcome and type(last.outcome[0][1]) is int:
                _is_new(last.outcome[0][1], given, done)
            user = await _order(Sale, Mails(pause=0.0).mail, done)
            _is_new(await _number(user), given, done)
            _let_go([last, user])
            await Process.sleep(6.0)


def _name_of(info: dict[str, Any]) -> str:
    name = info.get("registered_name")
    return f"the process {name!r}" if name else "a process of the sale"


async def _stopped(Sale: Any, root: Pid, rows: Rows, before: set[Pid]) -> None:
    mails = Mails()
    done = "an order was made, and the supervisor was stopped while the mail was on its way"
    user = await _order(Sale, mails.mail, done)
    await _number(user)
    _let_go([user])
    await Supervisor.stop(root)
    await Process.sleep(A_WHILE)
    expect(f"{done}; how many mails are on their way?", mails.alive(), 0, BELOW)
    left = [pid for pid in Process.list() if pid not in before]
    expect(
        f"{done}; how many processes are left?",
        len(left),
        0,
        "who has started each process: a supervisor stops its own",
    )
    article, cents = rows[0]
    reader = User(lambda: Sale.price(article), done)
    await Process.sleep(6.0)
    idea = "where the prices are kept. What stands outside of every process is ended by nobody, and ages there"
    if reader.outcome and same(reader.outcome[0][1], cents):
        raise NotYet(f"{done}; the price of {article!r} was asked", repr(cents), "no price", idea)
    _let_go([reader])

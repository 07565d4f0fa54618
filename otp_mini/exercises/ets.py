"""The checks of chapter 15, ETS.

They read tables as strangers would, end their owners and their keepers, and let several come at the same moment, in
every order that is possible. Each docstring says in its first line what "ok" claims, and then what the check demands:
the text of the exercise has to say all of it. What is given is the numbers of the first case; each check runs at least
one other case besides.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from types import FunctionType
from typing import Any, Final

from .. import (
    BadArg,
    Exit,
    GenServer,
    Pid,
    Process,
    StartError,
    Supervisor,
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
from .checking import NotYet, expect, let_pass
from .comparing import same
from .every_schedule import expect_in_every_schedule
from .looking import answered, not_started, sent_since, so_far, with_other_numbers

A_WHILE: Final = 0.1
"""Virtual seconds in which a process that has something to do does it."""

MOST: Final = 400
"""So many orders are tried at most: two processes with one operation each have eight."""

_HANDED_ON: Final = "what your own function returns. What an operation or a call answers has to be handed on"
_BETWEEN: Final = (
    "what another process may do between two operations of yours. Each of them is one step, and two of them are two"
)


# ---- those who use a table ------------------------------------------------------------------------------------


async def _belongs_to_another(name: str, rows: Sequence[tuple[Any, ...]], **options: Any) -> Pid:
    """A named table of a process that does nothing from then on."""

    async def owner() -> None:
        ets.new(name, named=True, **options)
        ets.insert(name, list(rows))
        await receive(lambda _: False)

    pid = spawn(owner)
    await Process.sleep(0.0)
    return pid


async def _gone(pid: Pid) -> None:
    Process.exit(pid, "kill")
    await Process.sleep(A_WHILE)


class _User:
    """A process that calls one function of the reader's; what it was told, and when."""

    def __init__(self, work: Callable[[], Any], done: str) -> None:
        self.done, self.told, self.after = done, list[tuple[str, Any]](), -1.0
        node, began = current_node(), current_node().now()

        async def use() -> None:
            try:
                self.told.append(("answer", await answered(work(), done)))
            except (Exit, Exception) as error:
                self.told.append(("error", error))
            self.after = round(node.now() - began, 3)

        self.pid = spawn(use)

    async def answer(self, idea: str, patience: float = 60.0) -> Any:
        """What it was told; an exit or an exception is what was seen."""
        for pause in (0.0,) * 30 + (A_WHILE,) * 60 + (patience,):
            if self.told:
                break
            await Process.sleep(pause)
        if not self.told:
            ended = "" if Process.alive(self.pid) else "; the caller has ended"
            raise NotYet(self.done, f"no answer{ended}", "an answer", idea)
        kind, told = self.told[0]
        if kind == "answer":
            return told
        raise _failed(told, self.done, idea)


def _failed(error: BaseException, done: str, idea: str) -> BaseException:
    """An exit or a refused operation as what was seen; a mistake of the reader's own code as it is."""
    match error:
        case Exit((NotImplementedError() as stub, _)):
            return stub
        case Exit((("bad_return_value", _), _)):
            idea = f"what the callback returned: the exit names it. And at {idea}"
        case Exit(("noproc", _)):
            idea = f"whether the process is there, under which name, and what has ended it. And at {idea}"
        case Exit(((BadArg() as refused), _)) | (BadArg() as refused):
            return NotYet(done, describe_exception(refused), "an answer", f"{_refused(refused)}. And at {idea}")
        case Exit():
            pass
        case _:
            return error
    assert isinstance(error, Exit)
    return NotYet(done, f"an exit: {describe_reason(error.reason)}", "an answer", idea)


def _refused(error: BadArg) -> str:
    """What to look at again where a table has refused something."""
    said = str(error)
    if "needs a public table" in said or "needs the owner" in said:
        return "who may do that with the table: its owner, or everybody, as its access says"
    if "no table" in said or "is gone" in said:
        return "who has made the table, and how long that process lives"
    if "belongs to a table" in said:
        return "whether the table is there already when you make it, and whose it is then"
    return "what the operation takes: the error says it"


async def _used(value: Any, done: str, idea: str) -> Any:
    """What a function of the reader's answers, in the process of the check."""
    try:
        return await answered(value, done)
    except (Exit, BadArg) as error:
        raise _failed(error, done, idea) from None


def _plain(call: Callable[[], Any], done: str, hoped: object, idea: str) -> Any:
    """What a plain function answers; it sends nothing and starts nothing."""
    since, before = so_far(), len(current_node().processes())
    try:
        seen = call()
    except BadArg as error:
        raise NotYet(done, describe_exception(error), safe_repr(hoped), f"{_refused(error)}. And at {idea}") from None
    if inspect.isawaitable(seen):
        getattr(seen, "close", lambda: None)()
        raise NotYet(done, "a coroutine", safe_repr(hoped), f"the kind of function, a plain `def`. And at {idea}")
    asks = "in which process the table is read: whoever calls the function reads it, and asks nobody"
    expect(f"{done}; how many messages were sent for it?", len(sent_since(since)), 0, asks)
    expect(f"{done}; how many processes were started?", len(current_node().processes()) - before, 0, asks)
    return seen


def _tables() -> list[Any]:
    """All tables of the node, each once."""
    return [*dict.fromkeys(current_node().tables.get("ets", {}).values())]


def _all_async(function: Any, done: str) -> None:
    """The exercise asks for an ``async def``: only between the lines of such a one can others be let in."""
    if not inspect.iscoroutinefunction(function):
        raise NotYet(done, "a plain function", "an `async def`", "the first line: the exercise gives it, with `async`")


async def _side(home: Pid, number: int, use: Callable[..., Any], given: tuple[Any, ...]) -> None:
    answer = use(*given)
    send(home, (number, await answer if inspect.isawaitable(answer) else answer))


async def _at_once(*uses: tuple[Any, ...]) -> list[Any]:
    """In a scenario: let a process of its own use each of these functions; answers what each got."""
    for number, (use, *given) in enumerate(uses):
        spawn(_side, self_(), number, use, tuple(given))
    came = [await receive() for _ in uses]
    return [answer for _, answer in sorted(came, key=lambda pair: int(pair[0]))]


OPERATIONS: Final = (
    "insert", "insert_new", "lookup", "lookup_element", "member", "take", "delete", "delete_object", "update_counter",
    "update_element", "select", "match", "match_object", "match_delete", "select_delete", "select_count", "tab2list",
    "first", "next", "foldl", "delete_all_objects",
)  # fmt: skip


@contextmanager
def _cut_in(at: int | None, rival: Callable[[], None]) -> Iterator[list[str]]:
    """Let ``rival`` happen before the operation of that number, or before each; answers the operations so far.

    `explore` lets nobody come into a plain function. On the BEAM somebody may.
    """
    names = {name: getattr(ets, name) for name in OPERATIONS}
    done: list[str] = []
    inside = [False]

    def watched(name: str, operation: Any) -> Any:
        def use(*args: Any, **options: Any) -> Any:
            if not inside[0]:
                if at is None or len(done) == at:
                    inside[0] = True
                    rival()
                    inside[0] = False
                done.append(name)
            return operation(*args, **options)

        return use

    for name, operation in names.items():
        setattr(ets, name, watched(name, operation))
    try:
        yield done
    finally:
        for name, operation in names.items():
            setattr(ets, name, operation)


async def _in_the_middle(function: Any, given: Any, rival: Callable[[], None], judge: Callable[[Any], None]) -> None:
    """Use a function once for each of its operations, with somebody else's step before that one."""
    for at in range(1, 6):
        with _cut_in(at, rival) as operations:
            answer = await function(given)
        if len(operations) <= at:
            return
        judge(answer)


class _Bank:
    """What the check hands over as ``ask``: each answer is another number that stands nowhere else."""

    def __init__(self, seconds: float = 3.0, error: Exception | None = None, first: float = 1000.5) -> None:
        self.next, self.asked = first, list[Any]()
        self.at = 0.0  # when it answered last

        async def ask(currency: Any) -> float:  # no method: a message would copy the bank with it
            self.asked.append(currency)
            self.next += 1
            rate = self.next
            await Process.sleep(seconds)
            self.at = current_node().now()
            if error is not None:
                raise error
            return rate

        self.ask = ask


# ---- drill 1 --------------------------------------------------------------------------------------------------


async def price(price: Any, rate: float = 1.25, when: float = 100.0, oldest: float = 60.0) -> None:
    """A rate is used up to its limit of age, a miss and an old rate are None, and nobody is asked.

    Demands: a plain function; the limit itself counts as fresh; the table is somebody else's, and stays as it is.
    """
    await with_other_numbers(
        _one_price, ((price, rate, when, oldest), (price, 1 / 128, 5000.0, 3.0), (price, 161.0, 0.0, 0.0))
    )


_MISS: Final = "what a lookup returns for a key that is not there: a list without a row"
_AGE: Final = "what is compared: the age, which is `now - when`, with `oldest`; at most means that the limit counts"
_PRODUCT: Final = "what is returned: the amount times the rate"


async def _one_price(price: Any, rate: float, when: float, oldest: float) -> None:
    rows = [("usd", rate, when), ("yen", 4 * rate, when - oldest - 1), ("late", 3 * rate, when + 7)]
    owner = await _belongs_to_another("rates", rows)
    for currency, amount, now, hoped, idea in (
        ("usd", 200, when + oldest / 2, 200 * rate, _AGE),
        ("usd", 200, when, 200 * rate, _AGE),
        ("usd", 8, when + oldest, 8 * rate, _AGE),
        ("usd", 8, when + oldest + 0.5, None, _AGE),
        ("usd", 8, when + 100 * oldest + 100, None, _AGE),
        ("yen", 8, when, None, _AGE),
        ("late", 8, when + oldest + 7, 8 * 3 * rate, _AGE),
        ("usd", 0, when, 0, "an amount of 0: its price is 0, and not None"),
        ("krona", 8, when, None, _MISS),
    ):
        row = next((row for row in rows if row[0] == currency), None)
        done = f"with {row or 'no row'} for it, `price({currency!r}, {amount}, {now:g}, {oldest:g})` was called"
        _expect_price(price, (currency, amount, now, oldest), done, hoped, idea)
        expect(f"{done}; what is in the table afterwards?", ets.tab2list("rates"), rows, "who writes here: nobody")
    await _gone(owner)


def _expect_price(price: Any, given: tuple[Any, ...], done: str, hoped: float | None, idea: str) -> None:
    try:
        seen = _plain(lambda: price(*given), done, hoped, idea)
    except (ValueError, IndexError, KeyError, TypeError, AttributeError, StopIteration) as error:
        if hoped is not None or given[0] in ("usd", "yen"):
            raise
        raise NotYet(done, describe_exception(error), "None", _MISS) from None
    if hoped is not None and hoped and seen is not None:
        idea = _PRODUCT
    expect(done, seen, hoped, idea)


# ---- drill 2 --------------------------------------------------------------------------------------------------


async def open_tables(open_tables: Any, bureaux: tuple[Any, Any] = ("airport", "station")) -> None:
    """Five tables belong to whoever called, and each holds and shows what it should.

    Demands: named tables, empty at first; strangers read and write what the text allows; two that are equal count
    twice in one table and once in another; one table is in the order of its keys.
    """
    await with_other_numbers(_five_tables, ((open_tables, bureaux), (open_tables, (("hall", 2), "mall"))))


_ACCESS: Final = "the access of each table: who is to read it, and who is to write. The default is not right for all"
_TYPE: Final = "the type of this table: may a key have several rows, may two of them be equal, does the order count?"


async def _five_tables(open_tables: Any, bureaux: tuple[Any, Any]) -> None:
    pid = await _opened_by_another(open_tables)
    one, other = bureaux
    for name, row, reads, writes in (
        ("rates", ("usd", 2), True, False),
        ("deals", (one, "usd", 2), True, True),
        ("offers", (one, "usd"), True, False),
        ("fees", (5, 2), True, False),
        ("pins", (one, "0000"), False, False),
    ):
        _expect_table(name, pid)
        _expect_access(name, row, reads, writes)
    expect("`open_tables()` was called; how many tables are there?", len(_tables()), 5, "which tables the text names")
    deal, big = (one, "usd", 50), (one, "usd", 5000)
    offers = [(one, "usd"), (other, "usd"), (one, "yen"), (one, "usd")]
    await _expect_rows(pid, "rates", [("usd", 1.08), ("yen", 161), ("usd", 1.09)], [("usd", 1.09)], "usd")
    await _expect_rows(pid, "deals", [deal, big, deal, (other, "yen", 50)], [deal, big, deal], one)
    await _expect_rows(pid, "offers", offers, [(one, "usd"), (one, "yen")], one)
    fees = [(1000, 2), (0, 9), (100, 5), (20, 7), (100, 4)]
    await _expect_rows(pid, "fees", fees, [(0, 9), (20, 7), (100, 4), (1000, 2)])
    await _expect_rows(pid, "pins", [(one, "1234"), (other, "1234"), (one, "9999")], [(one, "9999")], one)
    await _gone(pid)


async def _opened_by_another(open_tables: Any) -> Pid:
    """A process that has called the function, and then does with the tables what it is told."""
    home, done = self_(), "`open_tables()` was called"

    async def owner() -> None:
        try:
            await answered(open_tables(), done)
            send(home, ("opened", None))
        except Exception as error:
            send(home, ("opened", error))
        while True:
            use, given = await receive()
            send(home, ("used", use(*given)))

    pid = spawn(owner)
    match await receive(timeout=5.0):
        case ("opened", BadArg() as error):
            idea = f"{_refused(error)}. Each process that calls the function gets tables of its own"
            raise NotYet(done, describe_exception(error), "five tables", idea)
        case ("opened", Exception() as error):
            raise error
        case "timeout":
            raise NotYet(done, "no end after five seconds", "five tables at once", "what the function waits for")
    return pid


async def _expect_rows(pid: Pid, name: str, rows: list[Any], hoped: list[Any], key: Any = None) -> None:
    """What the owner finds after it has inserted the rows: all of them, or those with a key."""
    await _in_owner(pid, ets.insert, name, rows)
    read = (ets.tab2list, name) if key is None else (ets.lookup, name, key)
    seen = await _in_owner(pid, *read)
    expect(f"the owner inserted {rows} into {name!r}; what is there?", seen, hoped, _TYPE)


async def _in_owner(pid: Pid, use: Any, *given: Any) -> Any:
    """Have the owner use a table; a table that refuses says so in the log."""
    send(pid, (use, given))
    came = await receive(lambda message: isinstance(message, tuple) and message[:1] == ("used",), timeout=5.0)
    return None if came == "timeout" else came[1]


def _expect_table(name: str, owner: Pid) -> None:
    done = f"`open_tables()` was called; is there a table called {name!r}?"
    found = ets.whereis(name)
    idea = "whether the table can be found by its name, and in which process it was made: a table ends with its owner"
    expect(done, found is not None, True, idea)
    idea = "in which process `ets.new` runs: that one is the owner"
    done = f"`open_tables()` was called; does {name!r} belong to the process that called it?"
    expect(done, ets.info(name, "owner") is owner, True, idea)
    expect(f"`open_tables()` was called; how many rows has {name!r}?", ets.info(name, "size"), 0, "what is put in: no")
    place = ets.info(name, "keypos")
    expect(f"`open_tables()` was called; at which place of {name!r} is the key?", place, 0, "where the key stands")


def _expect_access(name: str, row: tuple[Any, ...], reads: bool, writes: bool) -> None:
    """What a stranger, the check, can do."""
    for what, hoped, use in (
        ("read", reads, lambda: ets.lookup(name, row[0])),
        ("write", writes, lambda: ets.insert(name, row)),
    ):
        try:
            use()
            seen = True
        except BadArg:
            seen = False
        expect(f"`open_tables()` was called; can a stranger {what} {name!r}?", seen, hoped, _ACCESS)
    if writes:
        ets.delete_all_objects(name)


# ---- drill 3 --------------------------------------------------------------------------------------------------


async def receipt(receipt: Any, bureau: Any = "airport", last: int = 6) -> None:
    """Each number of a bureau is given once, none is left out, in every order, and the table holds the last one.

    Demands: an ``async def``; a new bureau begins with 1, and one that has given numbers goes on from its row; bureaux
    count apart; also where somebody comes between two operations of a plain function.
    """
    _all_async(receipt, "`receipt` was looked at")
    await with_other_numbers(_receipts, ((receipt, bureau, last, True), (receipt, ("hall", 2), 41, False)))


_NUMBER: Final = "which number is returned: the one that the table holds for this bureau afterwards"


async def _receipts(receipt: Any, bureau: Any, last: int, in_every_order: bool) -> None:
    rows = [(bureau, last), ("other", 90)]
    owner = await _belongs_to_another("receipts", rows, access="public")
    begins = "the row to begin with: a bureau that has given no number has no row, and its first number is 1"
    for who, before in ((bureau, last), (bureau, last + 1), ("new", 0), ("new", 1), (bureau, last + 2), ("other", 90)):
        had = f"the row of {who!r} held {before}" if before else f"{who!r} had no row"
        done = f"{had}, and `receipt({who!r})` was called"
        seen = await _used(receipt(who), done, begins if not before else _NUMBER)
        idea = begins if not before else _NUMBER
        expect(done, seen, before + 1, _HANDED_ON if seen is None else idea)
        kept = "where the number is kept: in the row of the bureau, which holds the last one given"
        expect(f"{done}; which rows has it?", ets.lookup("receipts", who), [(who, before + 1)], kept)
    await _gone(owner)
    if in_every_order:
        _receipts_at_once(receipt, bureau, last)
    await _receipt_in_the_middle(receipt, bureau, last)


def _receipts_at_once(receipt: Any, bureau: Any, last: int) -> None:
    for before in (last, 0):

        async def scenario(before: int = before) -> Any:
            ets.new("receipts", named=True, access="public")
            if before:
                ets.insert("receipts", (bureau, before))
            numbers = await _at_once((receipt, bureau), (receipt, bureau))
            return sorted(numbers, key=repr), ets.lookup("receipts", bureau)

        had = f"the row of {bureau!r} held {before}" if before else f"{bureau!r} had no row"
        done = f"{had}, and two called `receipt({bureau!r})` at the same moment"
        hoped = sorted([before + 1, before + 2], key=repr), [(bureau, before + 2)]
        expect_in_every_schedule(done, scenario, hoped, _BETWEEN, most=MOST)


async def _receipt_in_the_middle(receipt: Any, bureau: Any, last: int) -> None:
    owner = await _belongs_to_another("receipts", [(bureau, last)], access="public")
    taken: list[int] = []

    def rival() -> None:
        taken.append(ets.update_counter("receipts", bureau, 1))

    def judge(number: Any) -> None:
        done = f"`receipt({bureau!r})` was called, and somebody took {taken[-1]} between two of its operations"
        after = ets.lookup_element("receipts", bureau, 1)
        given = {number, taken[-1]} if isinstance(number, int) else {taken[-1]}
        expect(f"{done}; which numbers were given?", given, {after - 1, after}, _BETWEEN)

    await _in_the_middle(receipt, bureau, rival, judge)
    await _gone(owner)


# ---- drill 4 --------------------------------------------------------------------------------------------------


async def settle(settle: Any, bureau: Any = "airport", euros: Sequence[int] = (50, 20, 50)) -> None:
    """Each deal is counted in one settlement, in every order, and the deals of others stay.

    Demands: an ``async def``; equal deals count each; no deals are 0; two who settle, and one who inserts meanwhile;
    also where somebody comes between two operations of a plain function.
    """
    _all_async(settle, "`settle` was looked at")
    await with_other_numbers(
        _settlements, ((settle, bureau, euros, True), (settle, ("hall", 2), (7, 900, 7, 7), False))
    )


_LEFT: Final = "what is taken out: the rows of this bureau, all of them, and no others"


async def _settlements(settle: Any, bureau: Any, euros: Sequence[int], in_every_order: bool) -> None:
    others = [("other", 50), ("other", 50)]
    deals = [(bureau, each) for each in euros]
    owner = await _belongs_to_another("deals", [*deals, *others], access="public", type="duplicate_bag")
    total = sum(euros)
    for done, hoped in (
        (f"with the deals {deals}, `settle({bureau!r})` was called", total),
        (f"`settle({bureau!r})` was called once more", 0),
        ("`settle('nobody')` was called", 0),
    ):
        who = "nobody" if "nobody" in done else bureau
        seen = await _used(settle(who), done, _LEFT)
        idea = "the sum of the euros. Equal deals are deals each, and no deals are 0"
        if not same(seen, hoped):
            idea = _HANDED_ON if seen is None and hoped else _LEFT if seen and not hoped else idea
        expect(done, seen, hoped, idea)
        left = ets.lookup("deals", who), ets.lookup("deals", "other")
        expect(f"{done}; which deals are left, of it and of another bureau?", left, ([], others), _LEFT)
    ets.insert("deals", (bureau, 3))
    done = f"a deal of 3 came later, and `settle({bureau!r})` was called"
    expect(done, await _used(settle(bureau), done, _LEFT), 3, _LEFT)
    await _gone(owner)
    if in_every_order:
        _settle_at_once(settle, bureau, deals, total)
    await _settle_in_the_middle(settle, bureau, deals, total)


async def _inserts(row: tuple[Any, ...]) -> None:
    ets.insert("deals", row)


def _settle_at_once(settle: Any, bureau: Any, deals: list[Any], total: int) -> None:
    async def both_settle() -> Any:
        ets.new("deals", named=True, access="public", type="duplicate_bag")
        ets.insert("deals", deals)
        sums = await _at_once((settle, bureau), (settle, bureau))
        return sum(sums), ets.lookup("deals", bureau)

    async def one_inserts() -> Any:
        ets.new("deals", named=True, access="public", type="duplicate_bag")
        ets.insert("deals", deals[:1])
        first, _ = await _at_once((settle, bureau), (_inserts, (bureau, 1000)))
        return first + await settle(bureau)

    done = (
        f"with the deals {deals}, two called `settle({bureau!r})` at the same moment. The sum of both, and what is left"
    )
    expect_in_every_schedule(done, both_settle, (total, []), _BETWEEN, most=MOST)
    done = (
        f"with the deal {deals[0]}, one called `settle({bureau!r})`, and another inserted a deal of 1000 at the same "
        f"moment. The sum of this settlement and the next"
    )
    expect_in_every_schedule(done, one_inserts, deals[0][1] + 1000, _BETWEEN, most=MOST)


async def _settle_in_the_middle(settle: Any, bureau: Any, deals: list[Any], total: int) -> None:
    owner = await _belongs_to_another("deals", deals, access="public", type="duplicate_bag")

    def rival() -> None:
        ets.insert("deals", (bureau, 1000))

    def judge(first: Any) -> None:
        left = sum(row[1] for row in ets.lookup("deals", bureau))
        done = f"`settle({bureau!r})` was called, and a deal of 1000 was inserted between two of its operations"
        expect(f"{done}; what do it and the next one come to?", first + left, total + 1000, _BETWEEN)

    await _in_the_middle(settle, bureau, rival, judge)
    await _gone(owner)


# ---- repair 1 -------------------------------------------------------------------------------------------------


async def start_exchange(start_exchange: Any, names: tuple[str, str] = ("usd", "yen")) -> None:
    """Whatever process ends, one after the other, no rate is missing at any moment, and a stop leaves nothing.

    Demands: a supervisor "exchange", and a server and a table "rate cache"; every process below the supervisor ends
    several times, by several reasons, also twice before another does; strangers cannot write; stray messages change
    nothing; what is known is not asked for again, and what is old is swept.
    """
    await with_other_numbers(_one_exchange, ((start_exchange, names), (start_exchange, ("peso", "lira"))))


_CACHE: Final = "rate cache"
_KEPT: Final = (
    "who owns the table in the moment in which its owner ends, and whether that is so the next time, too. An heir is "
    "a pid, and who is started again has another one"
)
_AS_BEFORE: Final = "what the server of the chapter does, and yours as well"
_BACK: Final = "whether the process is there again: what its `init` does when the table exists already"


async def _one_exchange(start_exchange: Any, names: tuple[str, str]) -> None:
    Process.flag(trap_exit=True)
    before, bank, known = set(Process.list()), _Bank(seconds=0.0, first=len(names[0]) + 0.5), dict[str, float]()
    seconds = 300.0
    done = "`start_exchange(config)` was called"
    try:
        root = await _used(start_exchange({"ask": bank.ask, "seconds": seconds}), done, _BACK)
    except StartError as error:
        raise not_started(error) from None
    idea = "the name of the supervisor, and what is returned: its pid"
    is_root = type(root) is Pid and root is Process.whereis("exchange")
    expect(f'{done}; is what it returned called "exchange"?', is_root, True, idea)
    for name in names:
        await _fetch(known, name, bank, done)
    await _fetch_again(known, names[0])
    _strangers_cannot_write(done, names[0])
    await _strays(before | {root}, known)
    for number, reason in enumerate(("kill", "boom", "shutdown", "kill")):
        for place in sorted([*range(len(_others(before, root)))] * (1 + number % 2)):
            others = _others(before, root)
            await _one_ends(others[place % len(others)], reason, known, root)
        await _one_ends(Process.whereis(_CACHE), reason, known, root)
        await _fetch(known, f"new {number}", bank, "the server was started again")
        if number % 2:
            await _one_ends(Process.whereis(_CACHE), "kill", known, root)
    _strangers_cannot_write("many processes have ended", names[0])
    await _swept(known, seconds)
    await Supervisor.stop(root)
    await Process.sleep(A_WHILE)
    left = [pid for pid in Process.list() if pid not in before]
    idea = "who has started each process: a supervisor stops its own"
    expect("the exchange was stopped; how many processes are left?", len(left), 0, idea)
    expect("the exchange was stopped; is there still a table?", bool(_tables()), False, idea)


def _others(before: set[Pid], root: Pid) -> list[Pid]:
    """The processes below the supervisor, without the server."""
    server = Process.whereis(_CACHE)
    return [pid for pid in Process.list() if pid not in before | {root} and pid is not server]


def _rates_are_there(done: str, known: dict[str, float], idea: str = _KEPT) -> None:
    for currency, rate in known.items():
        told = f"{done}; a reader looked up {currency!r}"
        try:
            rows = ets.lookup(_CACHE, currency)
        except BadArg as error:
            gone = "no table" in str(error)
            seen = "no table" if gone else describe_exception(error)
            raise NotYet(told, seen, repr(rate), idea if gone else "who may read the table: everybody") from None
        expect(told, rows[0][1] if rows else "no row", rate, idea)


def _strangers_cannot_write(done: str, currency: str) -> None:
    row = ets.lookup(_CACHE, currency)[0]
    try:
        ets.insert(_CACHE, row)
    except BadArg:
        return
    idea = "the access of the table. One that is public needs no heir, but every process can write into it"
    raise NotYet(f"{done}; a stranger inserted a row", "it was taken", "it is refused", idea)


async def _fetch(known: dict[str, float], currency: str, bank: _Bank, done: str) -> None:
    told = f'{done}; ("fetch", {currency!r}) was sent to "rate cache"'
    user = _User(lambda: GenServer.call(_CACHE, ("fetch", currency)), told)
    idea = "who may write into the table now: its owner. Who was started again is another process"
    expect(told, await user.answer(idea), bank.next, "what the server answers: the same as before")
    known[currency] = bank.next
    _rates_are_there(told, known, "where the server writes, and where readers read")


async def _fetch_again(known: dict[str, float], currency: str) -> None:
    told = f'{currency!r} was known, and ("fetch", {currency!r}) was sent to "rate cache"'
    user = _User(lambda: GenServer.call(_CACHE, ("fetch", currency)), told)
    expect(told, await user.answer(_BACK), known[currency], f"{_AS_BEFORE}. It looks once more before it asks")


async def _swept(known: dict[str, float], seconds: float) -> None:
    await let_pass(2.5 * seconds)
    done = f"no rate was renewed for {2.5 * seconds:g} s, with {seconds:g} as `seconds`; which are in the table?"
    left = [currency for currency in known if ets.lookup(_CACHE, currency)]
    idea = f"{_AS_BEFORE}: it sweeps. A callback of your own takes the place of the one before it, all its cases too"
    expect(done, left, [], idea)


async def _strays(spared: set[Pid], known: dict[str, float]) -> None:
    for pid in [pid for pid in Process.list() if pid not in spared]:
        send(pid, ("a stray", 1))
        await Process.sleep(A_WHILE)
        idea = "the last `case` of `handle_info`: anybody can send anything"
        expect("a stray message was sent to a process of the exchange; is it alive?", Process.alive(pid), True, idea)
    _rates_are_there("stray messages were sent", known)


def _given_up() -> str:
    """That the supervisor has given up, and what a process below it crashed with last."""
    seen, tracer = "the supervisor has given up", current_node().tracer
    ends = [] if tracer is None else [event.term for event in tracer.events if event.kind == "exit"]
    crashes = [end for end in ends if not isinstance(end, str)]
    return f"{seen}; a process ended with: {describe_reason(crashes[-1])}" if crashes else seen


async def _one_ends(pid: Pid | None, reason: str, known: dict[str, float], root: Pid) -> None:
    """End a process, read all the while, and look again two seconds later."""
    if pid is None:
        raise NotYet("two seconds had passed", 'nobody is called "rate cache"', "a server of that name", _BACK)
    server = pid is Process.whereis(_CACHE)
    done = f"{'the server' if server else 'another process of the exchange'} was ended by {reason!r}"
    Process.exit(pid, reason)
    for pause in (0.0,) * 10 + (0.001, A_WHILE, 0.9, 1.0):
        await Process.sleep(pause)
        try:
            _rates_are_there(done, known)
        except NotYet:
            await Process.sleep(A_WHILE)
            if Process.alive(root):
                raise
            raise NotYet(done, _given_up(), "an exchange that goes on", _BACK) from None
    if Process.whereis(_CACHE) is None:
        raise NotYet(f"{done}; two seconds passed", 'nobody is called "rate cache"', "a server of that name", _BACK)


# ---- repair 2 -------------------------------------------------------------------------------------------------


async def till(MendedTill: Any, amounts: tuple[tuple[Any, int], ...] = (("usd", 100), ("yen", 8000))) -> None:
    """The till pays what is there, in every order, never for a moment less, and shows what is left without being asked.

    Demands: a server "till"; what was paid is gone from the table before the answer; who is refused changes nothing;
    whoever looks between two operations sees nothing else; strangers cannot write; stray messages do not end it, and
    nothing is left of it when it has ended. The first amount is at least 6.
    """
    await with_other_numbers(
        _one_till, ((MendedTill, amounts, True), (MendedTill, ((("krona", 1), 6), ("rand", 70)), False))
    )


_WRITES: Final = (
    "what the new amount is, and who writes it before the answer is sent. What is refused changes nothing, and an "
    "exact amount leaves 0"
)
_MOMENT: Final = (
    "what others see between two operations of yours. Who is refused changes nothing, not even for a moment, and who "
    "pays changes the amount once"
)
_DECIDES: Final = (
    "who decides, and whether that is written before the answer. In the caller, nothing keeps two of them apart; a "
    "cast returns before anything is decided"
)
_READS: Final = "where `left` looks: in the table, in the process that calls it"


async def _one_till(MendedTill: Any, amounts: tuple[tuple[Any, int], ...], in_every_order: bool) -> None:
    Process.flag(trap_exit=True)
    try:
        pid = await answered(MendedTill.start_link(dict(amounts)), "`MendedTill.start_link` was called with a dict")
    except StartError as error:
        raise not_started(error) from None
    idea = "the name of the server, and what `start_link` returns"
    expect('the till was started; is it called "till"?', pid is Process.whereis("till"), True, idea)
    (one, amount), (other, rest) = amounts[:2]
    _left(MendedTill, one, amount, "the till was started")
    _left(MendedTill, "franc", None, "the till was started")
    _only_the_till_writes()
    await _pay(MendedTill, one, amount + 1, "not enough", amount)
    await _pay(MendedTill, one, 2, "paid", amount - 2)
    await _pay(MendedTill, "franc", 1, "not enough", None)
    await _looked_at_in_between(MendedTill, one, amount - 2)
    rest_of_one = await _busy_till(MendedTill, pid, one, amount - 3)
    await _pay(MendedTill, one, rest_of_one, "paid", 0)
    await _pay(MendedTill, one, 1, "not enough", 0)
    _left(MendedTill, other, rest, f"{one!r} had been paid out")
    await _nonsense(pid)
    await _pay(MendedTill, other, 1, "paid", rest - 1)
    Process.unlink(pid)
    await _gone(pid)
    _ends_with_the_till(MendedTill, other)
    if in_every_order:
        _pay_at_once(MendedTill, one, amount)


def _left(MendedTill: Any, currency: Any, hoped: int | None, done: str) -> None:
    done = f"{done}; `left({currency!r})` was called"
    try:
        seen = _plain(lambda: MendedTill.left(currency), done, hoped, _READS)
    except (ValueError, IndexError, KeyError, TypeError, AttributeError, StopIteration) as error:
        if hoped is not None:
            raise
        raise NotYet(done, describe_exception(error), "None", _MISS) from None
    expect(done, seen, hoped, _MISS if hoped is None else _WRITES)


async def _pay(MendedTill: Any, currency: Any, amount: int, hoped: str, left: int | None) -> None:
    done = f"`pay({currency!r}, {amount})` was called"
    idea = "who decides whether there is enough, and what an unknown currency means: there is none of it"
    seen = await _used(MendedTill.pay(currency, amount), done, idea)
    expect(done, seen, hoped, _HANDED_ON if seen is None else idea)
    _left(MendedTill, currency, left, f"{done} and answered {hoped!r}")


def _only_the_till_writes() -> None:
    tables = _tables()
    idea = "where the amounts stand. What Python shares is no table: on the BEAM no process can read it"
    expect("the till was started; is there a table?", bool(tables), True, idea)
    public = [table for table in tables if ets.info(table, "protection") == "public"]
    idea = "the access of the table. If everybody may write, nobody's rule holds"
    expect("the till was started; can any process write in the table?", bool(public), False, idea)


async def _looked_at_in_between(MendedTill: Any, currency: Any, left: int) -> None:
    """Pay too much, and then something, and have somebody look before each operation on a table."""
    for amount, hoped, may in ((left + 1, "not enough", (left,)), (1, "paid", (left, left - 1))):
        seen = list[Any]()

        def look(seen: list[Any] = seen) -> None:
            with suppress(BadArg):
                try:
                    seen.append(MendedTill.left(currency))
                except (ValueError, IndexError, KeyError, TypeError) as error:
                    seen.append(describe_exception(error))

        with _cut_in(None, look):
            await _pay(MendedTill, currency, amount, hoped, may[-1])
        done = f"with {left} in the till, `pay({currency!r}, {amount})` was called, and somebody looked between any two"
        odd = [each for each in seen if not any(same(each, one) for one in may)]
        expect(f"{done} operations; which other amounts were seen?", odd, [], _MOMENT)


async def _busy_till(MendedTill: Any, pid: Pid, currency: Any, left: int) -> int:
    """Two want more than half of what is left while the till is busy; answers what is left then."""
    amount = left - left // 3
    await sys_.suspend(pid)
    _left(MendedTill, currency, left, "the till was busy")
    done = f"the till was busy, with {left} in it, and two called `pay({currency!r}, {amount})`"
    payers = [_User(lambda: MendedTill.pay(currency, amount), done) for _ in range(2)]
    await Process.sleep(1.0)
    told = sum(bool(payer.told) for payer in payers)
    expect(f"{done}; how many were answered before the till was free?", told, 0, _DECIDES)
    await sys_.resume(pid)
    answers = [await payer.answer("who answers") for payer in payers]
    expect(done, sorted(answers, key=repr), ["not enough", "paid"], _DECIDES)
    _left(MendedTill, currency, left - amount, done)
    return left - amount


def _ends_with_the_till(MendedTill: Any, currency: Any) -> None:
    try:
        seen = MendedTill.left(currency)
    except Exception:
        return  # the table is gone, and whoever reads it is told so
    idea = "where the amounts stand: in the table, which ends with the till. What Python shares is no table"
    expect(f"the till was killed, and its table is gone; `left({currency!r})` was called", seen, None, idea)


async def _nonsense(pid: Pid) -> None:
    send(pid, ("a stray", 1))
    await Process.sleep(A_WHILE)
    idea = "the last `case` of `handle_info`: anybody can send anything. With the owner the table would end"
    expect("the till got a message that it does not know; is it alive?", Process.alive(pid), True, idea)


def _pay_at_once(MendedTill: Any, currency: Any, amount: int) -> None:
    async def opened() -> None:
        await MendedTill.start_link({currency: amount})

    async def both() -> Any:
        await opened()
        answers = await _at_once((MendedTill.pay, currency, amount), (MendedTill.pay, currency, amount))
        return sorted(answers, key=repr), MendedTill.left(currency)

    async def looks_meanwhile() -> Any:
        await opened()
        return tuple(await _at_once((MendedTill.pay, currency, amount + 1), (MendedTill.left, currency)))

    async def small_and_large() -> Any:
        await opened()
        answers = await _at_once((MendedTill.pay, currency, amount + 1), (MendedTill.pay, currency, amount))
        return *answers, MendedTill.left(currency)

    async def pays_and_looks() -> Any:
        answer = await MendedTill.pay(currency, amount - 1)
        return answer, MendedTill.left(currency)

    async def one_looks() -> Any:
        await opened()
        return (await _at_once((pays_and_looks,)))[0]

    had = f"with {amount} in the till"
    done = f"{had}, one called `pay` for {amount - 1}, and then `left`"
    idea = "what comes first, the writing or the answer. What is written after it comes too late for a quick reader"
    expect_in_every_schedule(done, one_looks, ("paid", 1), idea, most=MOST)
    done = f"{had}, two called `pay` for {amount} at the same moment"
    expect_in_every_schedule(done, both, (["not enough", "paid"], 0), _BETWEEN, most=MOST)
    done = f"{had}, one called `pay` for {amount + 1}, and another called `left` at the same moment"
    expect_in_every_schedule(done, looks_meanwhile, ("not enough", amount), _MOMENT, most=MOST)
    done = f"{had}, one called `pay` for {amount + 1}, and another for {amount} at the same moment, and then `left`"
    expect_in_every_schedule(done, small_and_large, ("not enough", "paid", 0), _MOMENT, most=MOST)


# ---- the design -----------------------------------------------------------------------------------------------


async def exchange(Exchange: Any, keep: float = 60.0, oldest: float = 20.0) -> None:
    """Rates are remembered as long as they should, no count is lost, nobody waits for others, and old rows go.

    Demands: a supervisor "exchange"; the age of a rate counts from the answer of ``ask``; a failed ``ask`` is None and
    leaves nothing; processes are killed that are neither owners of tables nor supervisors above them; a stop leaves
    nothing, and the next exchange begins with nothing.
    """
    await with_other_numbers(_a_day, ((Exchange, keep, oldest), (Exchange, 9.0, 6.0)))


_FRESH: Final = "the age of a rate: how long ago `ask` returned it. At most means that the limit counts"
_COUNT: Final = (
    "when a call is counted, and how: in one operation, before anything can fail or end. Two operations are two steps"
)
_ALONE: Final = "in which process `ask` runs. Whoever asks waits for the bank, and for nobody else"
_OUTLIVES: Final = (
    "who owns the tables, and what else that process does. A table ends with its owner. And at what a process takes "
    "out of them when it starts"
)


class _Day:
    """The reader's exchange, and what the check knows of it."""

    def __init__(self, Exchange: Any, oldest: float) -> None:
        self.Exchange, self.oldest, self.calls = Exchange, oldest, dict[Any, int]()

    def rate(self, currency: Any, bank: _Bank, done: str, oldest: float | None = None) -> _User:
        self.calls[currency] = self.calls.get(currency, 0) + 1
        age = self.oldest if oldest is None else oldest
        told = f"{done}; `rate({currency!r}, ask, {age:g})` was called"
        return _User(lambda: self.Exchange.rate(currency, bank.ask, age), told)

    async def fetched(
        self, currency: Any, bank: _Bank, done: str, idea: str = _FRESH, oldest: float | None = None
    ) -> float:
        """The bank is asked once, and what it says is returned."""
        before = len(bank.asked)
        user = self.rate(currency, bank, done, oldest)
        seen = await user.answer(_ALONE)
        asked = bank.asked[before:]
        expect(f"{user.done}; what was `ask` called with?", asked, [currency], idea)
        expect(user.done, seen, bank.next, _HANDED_ON if seen is None else idea)
        return bank.next

    async def known(
        self, currency: Any, rate: float, done: str, idea: str = _FRESH, oldest: float | None = None
    ) -> None:
        """It is returned at once, and nobody is asked or sent anything."""
        bank, since = _Bank(first=1.25), so_far()
        user = self.rate(currency, bank, done, oldest)
        for _ in range(3):
            await Process.sleep(0.0)
        expect(f"{user.done}; how often was `ask` called?", len(bank.asked), 0, idea)
        if not user.told:
            raise NotYet(
                user.done, "no answer so far", "an answer at once", "who reads the table: whoever calls `rate`"
            )
        expect(user.done, await user.answer(idea), rate, idea)
        reads = "who reads and who counts: whoever calls `rate`, in its own process, in the tables"
        sent = [event for event in sent_since(since) if event.pid is user.pid]
        expect(f"{user.done}; how many messages did it send?", len(sent), 0, reads)

    def counts(self, done: str) -> None:
        for currency, number in {**self.calls, "franc": 0}.items():
            told = f"{done}; `asked({currency!r})` was called"
            try:
                seen = _plain(partial(self.Exchange.asked, currency), told, number, _COUNT)
            except (ValueError, IndexError, KeyError, TypeError) as error:
                raise NotYet(told, describe_exception(error), str(number), _MISS) from None
            idea = _MISS if not number else _COUNT
            expect(told, seen, number, _HANDED_ON if seen is None and number else idea)


async def _a_day(Exchange: Any, keep: float, oldest: float) -> None:
    Process.flag(trap_exit=True)
    before = set(Process.list())
    root = await _opened(Exchange, keep)
    day, bank = _Day(Exchange, oldest), _Bank()
    day.counts("the exchange was started")
    first = await day.fetched("usd", bank, "the exchange was started", "what is returned where nothing is known")
    _is_a_table()
    await day.known("usd", first, "`ask` had returned a rate just now")
    await Process.sleep(bank.at + oldest - 0.25 - current_node().now())
    await day.known("usd", first, f"`ask` had returned a rate {oldest - 0.25:g} s ago")
    await Process.sleep(0.5)
    await _too_old_for_one(day, first, min(keep, 1.5 * oldest))
    second = await day.fetched("usd", bank, f"`ask` had returned a rate more than {oldest:g} s ago")
    await day.known("usd", second, "the rate was renewed just now")
    day.counts("some rates had been asked for")
    await _fails(day)
    await _together(day)
    await _interrupted(day)
    await _killed_caller(day)
    await _ends(day, root, before)
    await _sweeps(day, keep, root, before)
    await _closes(day, keep, root, before)


async def _opened(Exchange: Any, keep: float) -> Pid:
    try:
        root = await answered(Exchange.start_link(keep), f"`Exchange.start_link({keep:g})` was called")
    except StartError as error:
        raise not_started(error) from None
    idea = "the name of the supervisor, and what `start_link` returns: its pid"
    is_root = type(root) is Pid and root is Process.whereis("exchange")
    expect('the exchange was started; is it called "exchange"?', is_root, True, idea)
    await Process.sleep(A_WHILE)
    assert isinstance(root, Pid)
    return root


def _is_a_table() -> None:
    idea = (
        "what remembers the rates, and how long that lives. A table ends with the process that made it, and what "
        "Python shares is no table at all"
    )
    expect("a rate was asked for; is there a table?", bool(_tables()), True, idea)


async def _too_old_for_one(day: _Day, rate: float, oldest: float) -> None:
    """A rate is too old for one who asks in vain, and known to another; one of this very moment is known to all."""
    await _in_vain(day, "usd", OSError("gone"), "the rate was too old, and `ask` raised an OSError", seconds=0.0)
    idea = f"{_FRESH}. What is too old for one may do for another: it stays, and a failure does not take its place"
    await day.known("usd", rate, "the rate had been too old for somebody else", idea, oldest)
    new = await day.fetched("mark", _Bank(seconds=0.0, first=500.5), "the exchange was open")
    await day.known("mark", new, "`ask` had returned a rate at this very moment", oldest=0.0)
    await Process.sleep(A_WHILE)
    await day.fetched("mark", _Bank(seconds=0.0), "`ask` had returned a rate a moment ago", oldest=0.0)


async def _in_vain(day: _Day, currency: Any, error: Exception, done: str, seconds: float = 3.0) -> None:
    """Nothing is fresh, and ``ask`` raises: that is None, and nothing is remembered."""
    bank = _Bank(seconds, error)
    user = day.rate(currency, bank, done)
    idea = "what becomes of an exception of `ask`, of whatever class: the caller gets None, and nothing is remembered"
    try:
        seen = await user.answer(idea)
    except type(error) as raised:
        raise NotYet(user.done, describe_exception(raised), "None", idea) from None
    expect(f"{user.done}; how often was `ask` called?", len(bank.asked), 1, _FRESH)
    expect(user.done, seen, None, idea)


async def _fails(day: _Day) -> None:
    for _ in range(2):
        await _in_vain(day, "yen", ValueError("closed"), "`ask` raised a ValueError")
    await day.fetched("yen", _Bank(), "`ask` had raised a ValueError before")
    day.counts("`ask` had raised")


async def _together(day: _Day) -> None:
    bank = _Bank(seconds=4.0)
    names = ["pound", "krona", "rand", "pound"]
    users = [day.rate(name, bank, f"{len(names)} called `rate` at the same moment") for name in names]
    await Process.sleep(4.0 + A_WHILE)
    for user in users:
        seen = await user.answer(_ALONE)
        expect(f"{user.done}; was there a rate?", isinstance(seen, float), True, _ALONE)
        expect(f"{user.done}; after how many seconds?", user.after, 4.0, _ALONE)
    day.counts("several had asked at the same moment")


async def _interrupted(day: _Day) -> None:
    """Twelve at the same moment, and others have a turn between any two of their operations."""
    rate = day.Exchange.rate
    with suppress(BadArg):  # its source cannot be read: as it is
        rate = with_points(rate) if type(rate) is FunctionType else rate
    bank, done = _Bank(seconds=0.0), "twelve called `rate` at the same moment, with others between two operations"
    users = [_User(lambda: rate("peso", bank.ask, day.oldest), done) for _ in range(12)]
    await Process.sleep(A_WHILE)
    for user in users:
        await user.answer(_COUNT)
    day.calls["peso"] = 12
    day.counts(done)
    await _cut_into(day, bank)


async def _cut_into(day: _Day, bank: _Bank) -> None:
    """Call it once for each of its operations, and have another whole call done before that one."""
    for at in range(1, 6):
        finished: list[bool] = []

        def rival(finished: list[bool] = finished) -> None:
            other = day.Exchange.rate("peso", bank.ask, day.oldest)
            try:
                other.send(None)
            except StopIteration:
                finished.append(True)
            else:
                other.close()  # it waits for somebody, and shows nothing here

        with _cut_in(at, rival) as operations:
            await day.Exchange.rate("peso", bank.ask, day.oldest)
        day.calls["peso"] += 1 + len(finished)
        if len(operations) <= at or not finished:
            return
        day.counts("`rate` was called, and called by another between two of its operations")


async def _killed_caller(day: _Day) -> None:
    user = day.rate("lira", _Bank(), "the exchange was open")
    await Process.sleep(1.0)
    Process.exit(user.pid, "kill")
    await Process.sleep(5.0)
    day.counts(f"{user.done}, and the caller was killed while `ask` was running")
    user = day.rate("lira", _Bank(), "a caller had been killed while `ask` was running")
    expect(f"{user.done}; was there a rate?", isinstance(await user.answer(_ALONE), float), True, _ALONE)


def _may_end(root: Pid, before: set[Pid]) -> list[Pid]:
    """The processes of the exchange that are neither owners of a table nor supervisors above one."""
    owners: dict[Pid, Any] = current_node().tables.get("ets owners", {})
    spared = {root}
    for owner in [pid for pid, tables in owners.items() if tables]:
        above: Any = owner
        while isinstance(above, Pid) and above not in spared and (info := Process.info(above)) is not None:
            spared.add(above)
            above = info["parent"]
    return [pid for pid in Process.list() if pid not in before and pid not in spared]


async def _ends(day: _Day, root: Pid, before: set[Pid]) -> None:
    rate = await day.fetched("dinar", _Bank(seconds=0.0), "the exchange was open")
    for place in range(len(_may_end(root, before))):
        Process.exit(_may_end(root, before)[place], "kill")
        done = "a process that owns no table was killed"
        await day.known("dinar", rate, f"{done} a moment ago", _OUTLIVES)
        await Process.sleep(1.0)
        if not Process.alive(root):
            raise NotYet(done, "the supervisor has given up", "an exchange that goes on", "who is restarted, how often")
        await day.known("dinar", rate, f"{done} a second ago", _OUTLIVES)
        day.counts(f"{done} a second ago")


_SWEEPS: Final = (
    "who takes old rows out, when, and whether it does so again and again. No row goes by itself, and a timer fires "
    "once. A process that is started again begins to wait anew"
)


async def _wait_and_kill(keep: float, root: Pid, before: set[Pid]) -> None:
    """Let less than ``keep`` pass, and kill whatever may be killed, one after the other, towards the end of it."""
    those = _may_end(root, before)
    await let_pass(max(0.0, 0.9 * keep - 1.5 * len(those)))
    for pid in those:
        Process.exit(pid, "kill")
        await let_pass(1.5)


async def _sweeps(day: _Day, keep: float, root: Pid, before: set[Pid]) -> None:
    for round_ in range(2):
        rate = await day.fetched(("old", round_), _Bank(first=77000.25 + 10 * round_), "the exchange was open")
        until = current_node().now() + 3 * keep + A_WHILE
        for _ in range(3 * round_):
            await _wait_and_kill(keep, root, before)
        await let_pass(until - current_node().now())
        killed = ", and every process that may be was killed from time to time" if round_ else ""
        done = f"a rate was not renewed for {3 * keep:g} s{killed}; how many rows hold it?"
        rows = [row for table in _tables() for row in table.walk()]
        expect(done, sum(repr(rate) in safe_repr(row) for row in rows), 0, _SWEEPS)
    day.counts("old rates had been taken out")
    user = day.rate("usd", _Bank(), "old rates had been taken out")
    await user.answer(_FRESH)


async def _closes(day: _Day, keep: float, root: Pid, before: set[Pid]) -> None:
    await Supervisor.stop(root)
    await Process.sleep(A_WHILE)
    left = [pid for pid in Process.list() if pid not in before]
    idea = "who has started each process: a supervisor stops its own"
    expect("the exchange was stopped; how many processes are left?", len(left), 0, idea)
    expect("the exchange was stopped; how many tables are left?", len(_tables()), 0, _OUTLIVES)
    root = await _opened(day.Exchange, keep)
    anew = _Day(day.Exchange, day.oldest)
    anew.calls = dict.fromkeys(day.calls, 0)
    idea = "where rates and counts are kept. What stands outside of every process is ended by nobody"
    for currency in anew.calls:
        done = f"the exchange was stopped and started anew; `asked({currency!r})` was called"
        expect(done, day.Exchange.asked(currency), 0, idea)
    await anew.fetched("usd", _Bank(), "the exchange was stopped and started anew", idea)
    await Supervisor.stop(root)

"""The checks of chapter 10, an agent or a GenServer.

They bid one after the other and at the same moment, let bidders end and time pass, and look at what each is told.
Each docstring says in its first line what "ok" claims, and then what the check demands: the text of the exercise has
to say all of it. What is given is the numbers of the first case; each check runs at least one other case besides.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Final

from .. import (
    BadArg,
    Exit,
    ExitSignal,
    GenServer,
    Pid,
    Process,
    StartError,
    current_node,
    ets,
    receive,
    self_,
    send,
    spawn,
    sys_,
)
from ..errors import describe_exception, safe_repr
from ..tracing import Event
from .asking import A_WHILE, Asker, answer_of, ask, end_process, expect_answer, started_server
from .checking import NotYet, expect
from .comparing import same
from .looking import CALL, answered, is_of, not_started, sent_since, so_far, turns_of, with_other_numbers

# ---- what all of them look at ---------------------------------------------------------------------------------


def _heard() -> list[Any]:
    """What lies in the mailbox of the check, without the ends of what it started."""
    info = Process.info(self_())
    return [message for message in info["messages"] if not isinstance(message, ExitSignal)] if info else []


def _tables() -> list[Any]:
    """All tables of the node, each once."""
    return [*dict.fromkeys(current_node().tables.get("ets", {}).values())]


async def _collect() -> list[Any]:
    """Take out what `_heard` sees."""
    found = _heard()
    for message in found:
        await receive(lambda m, message=message: m is message or same(m, message))
    return found


_WRITES_FIRST: Final = (
    "what comes first, the writing or the answer. What is written after it, in a `Continue` say, or by the caller, "
    "comes too late for a reader who is quick, and not at all if the caller ends"
)


async def _read_when_answered(told: Awaitable[Any], read: Callable[[], Any]) -> tuple[Any, Callable[[Any], Any]]:
    """The answer, and what ``read`` found in the moment in which the last message with it was sent.

    The second is a function of what is hoped for: that is what it returns where nobody else has sent an answer.
    """
    home, found = self_(), list[Any]()

    def listen(event: Event) -> None:
        if event.kind in ("send", "reply") and event.other is home and event.pid is not home:
            try:
                found.append(read())
            except Exception as error:  # this runs in the server, which must not end by it
                found.append(error)

    story = current_node().tracer
    assert story is not None, "a check records what happens"
    before, story.listeners = story.listeners, [*story.listeners, listen]
    try:
        answer = await told
    finally:
        story.listeners = before
    return answer, lambda hoped: found[-1] if found else hoped


# ---- drill 1 --------------------------------------------------------------------------------------------------

_ENTERS: Final = "who may bid: everybody who has entered, once or twice, and nobody else"
_STEPS: Final = "the smallest price that is enough: the best one and a step, and at first nothing and a step"
_REFUSED: Final = "what a refused request leaves behind: the state that was there before"
_OVER: Final = "what is known after the end: that the sale is over. That is asked before anything else"
_BEST: Final = 'what `"best"` and `"close"` are answered: the pair of the best bidder and the price'
_NOBODY: Final = f"{_BEST}, also where nobody has bid"
_ELSEWHERE: Final = "what is no call: a message or a cast changes nothing, whatever it looks like"
_OWN: Final = "where a lot keeps what it knows: in its state. What a class keeps, all lots share"
_ROUND: Final = (
    "who keeps the rule: the callbacks, in one place. A request that they do not know is a mistake of the program, and "
    "ends the lot; so nobody can set the price"
)


async def ruled_lot(RuledLot: Any, step: float = 10) -> None:
    """One server keeps the rule: who has entered bids by the step, nobody does after the end, and nobody gets around.

    Demands: the four requests as the text has them, in the order closed, not entered, too low; what is refused, a
    message and another lot change nothing, nor does a cast, which may end the lot; an unknown request ends the lot,
    after the end of the sale, too; many who ask at the same moment are judged one after the other.
    """
    await with_other_numbers(_one_sale, ((RuledLot, step), (RuledLot, 7), (RuledLot, 0.5)))
    await _at_the_same_moment(RuledLot)
    for request in _UNKNOWN:
        for first in ((("enter", "ann"),), (("enter", "ann"), "close")):
            await _unknown_to(await started_server(RuledLot, 10), first, request)
    like_a_call = "best", "close", ("enter", "ben"), ("bid", "ann", 50)
    ways = (
        (send, like_a_call, "sent as a message"),
        (GenServer.cast, like_a_call, "cast"),
        (send, (17, ("bid",)), "sent"),
    )
    for way, requests, how in ways:
        for request in requests:
            await _from_elsewhere(await started_server(RuledLot, 10), way, request, f"{request!r} was {how}; ")


def _sale(step: float) -> tuple[tuple[Any, Any, str], ...]:
    """The calls of a sale, with what each is answered and what to look at if it is not."""
    return (
        ("best", ("nobody", 0), _BEST),
        (("bid", "ann", 9 * step), "not entered", _ENTERS),
        (("bid", "ann", 9 * step), "not entered", _REFUSED),
        (("bid", "ann", 0.9 * step), "not entered", f"{_ENTERS}. That is asked before the price"),
        (("bid", "nobody", 9 * step), "not entered", _ENTERS),
        (("enter", "ann"), "ok", _ENTERS),
        (("bid", "ann", 0.9 * step), "too low", _STEPS),
        (("bid", "ann", step), "accepted", _STEPS),
        ("best", ("ann", step), _BEST),
        (("bid", ("table", 4), 9 * step), "not entered", _ENTERS),
        (("enter", ("table", 4)), "ok", _ENTERS),
        (("enter", "ann"), "ok", _ENTERS),
        ("best", ("ann", step), _REFUSED),
        (("bid", ("table", 4), 1.9 * step), "too low", _STEPS),
        (("bid", ("table", 4), 2 * step), "accepted", _STEPS),
        (("bid", "ann", 2 * step), "too low", _STEPS),
        (("bid", "ann", 3.5 * step), "accepted", _STEPS),
        (("bid", "ann", 5 * step), "accepted", _ENTERS),
        (("bid", "ben", 9 * step), "not entered", _ENTERS),
        ("close", ("ann", 5 * step), _BEST),
        (("bid", ("table", 4), 9 * step), "closed", _OVER),
        (("bid", "ben", 9 * step), "closed", _OVER),
        (("bid", "ann", 0), "closed", _OVER),
        (("enter", "ben"), "closed", _OVER),
        ("close", ("ann", 5 * step), _BEST),
        ("best", ("ann", 5 * step), _BEST),
    )


async def _one_sale(RuledLot: Any, step: float) -> None:
    lot, other = await started_server(RuledLot, step), await started_server(RuledLot, step)
    told = ""
    for request, hoped, idea in _sale(step):
        done = f"{told and f'after {told} '}a step was {step}, and the call {safe_repr(request)} was made"
        seen = await answer_of(GenServer.call(lot, request), done, idea)
        expect(done, seen, hoped, _ENTERS if same(seen, "not entered") and idea is _STEPS else idea)
        told = safe_repr(request)
    for request, hoped in ((("bid", "ann", step), "not entered"), ("best", ("nobody", 0))):
        await expect_answer(other, request, hoped, _OWN, "another lot was sold; ")
    for request in ("close", "best"):
        await expect_answer(other, request, ("nobody", 0), _NOBODY, "nobody has bid; ")
    await expect_answer(other, ("enter", "ben"), "closed", _OVER, "nobody has bid, and the sale was closed; ")


_UNKNOWN: Final[tuple[Any, ...]] = (
    ("set", "phone", 10), ("bid", "ann"), "update", ("bid", "ann", 10, 20), ("enter",), ("enter", "ann", "ben"),
    ("best",), ("close", "ann"), "enter", 17,
)  # fmt: skip


async def _unknown_to(lot: Pid, first: tuple[Any, ...], request: Any) -> None:
    """A call that is none of the four ends the lot and its caller, while the sale is open and when it is over."""
    for before in first:
        await ask(lot, before, _BEST)
    hoped = "an exit, and the lot has ended"
    try:
        seen = safe_repr(await GenServer.call(lot, request, timeout=1.0))
    except Exit:
        seen = hoped if not Process.alive(lot) else "an exit, and the lot lives on"
    if seen != hoped:
        over = ", after the end of the sale" * (len(first) > 1)
        raise NotYet(f"the unknown call {request!r} was made{over}", seen, hoped, _ROUND)


async def _from_elsewhere(lot: Pid, way: Callable[[Pid, Any], Any], request: Any, done: str) -> None:
    """Whoever sends or casts what would be a call changes nothing; a cast that the lot does not know may end it."""
    for before in (("enter", "ann"), ("bid", "ann", 10)):
        await ask(lot, before, _BEST)
    way(lot, request)
    await Process.sleep(A_WHILE)
    if way is send or Process.alive(lot):
        for call, hoped in (("best", ("ann", 10)), (("bid", "ben", 90), "not entered"), (("enter", "cat"), "ok")):
            await expect_answer(lot, call, hoped, _ELSEWHERE, done)


async def _at_the_same_moment(RuledLot: Any) -> None:
    lot = await started_server(RuledLot, 10)
    done = "Ann's bid of 70 reached the lot just before Ben's of 75 and Cat's of 80"
    for bidder in ("ann", "ben", "cat"):
        await ask(lot, ("enter", bidder), _ENTERS)
    await sys_.suspend(lot)
    bids = ("ann", 70), ("ben", 75), ("cat", 80)
    asked = [Asker(partial(GenServer.call, lot, ("bid", *bid)), done) for bid in bids]
    await Process.sleep(A_WHILE)
    await sys_.resume(lot)
    await Process.sleep(A_WHILE)
    told = [asker.answer(_ROUND) for asker in asked]
    expect(f"{done}; what were they told?", told, ["accepted", "too low", "accepted"], _STEPS)


# ---- drill 2 --------------------------------------------------------------------------------------------------

_NO_WAIT: Final = "which process waits for the letter. What runs in the lot, a `Continue` too, keeps others waiting"
_PATIENT: Final = "who waits for a letter, and for how long: a call and an await give up after five seconds"
_IN_ORDER: Final = "who writes the letters: one process, one after the other, for as long as the lot lives"


async def clerked_lot(ClerkedLot: Any, prices: tuple[int, ...] = (20, 30, 40)) -> None:
    """Bids are answered at once, and each accepted one gets its letter, one after the other, in their order.

    Demands: letters may take long or short, also longer than a call waits; a refused bid gets none; the bidder may
    have ended; two lots do not wait for each other; no process is left when the lot was stopped by `shutdown`.
    """
    await with_other_numbers(_one_clerk, ((ClerkedLot, prices), (ClerkedLot, (5, 6, 8, 9))))


def _letters(home: Pid, takes: dict[int, float], dear: str = "") -> Callable[[Any, int], Awaitable[None]]:
    """A way to write, which tells the check; ``dear`` tells the letters of two lots apart."""

    async def letter(bidder: str, price: int) -> None:
        send(home, ("begun", dear + bidder, price))
        await Process.sleep(takes.get(price, 1.0))
        send(home, ("finished", dear + bidder, price))

    return letter


async def _one_clerk(ClerkedLot: Any, prices: tuple[int, ...]) -> None:
    takes = {price: (7.0, 0.5, 1.0)[n % 3] for n, price in enumerate(prices)}
    before = set(current_node().processes())
    lot = await started_server(ClerkedLot, _letters(self_(), takes))
    await expect_answer(lot, "best", ("nobody", 0), "what the lot knows at first", "the lot was started, and ")
    done = f"{len(prices)} bids of {list(prices)}, a lower and an equal one were made at the same moment"
    bids = [(f"bidder {price}", price) for price in prices]
    all_bids = [*bids, ("late", prices[0]), ("late", prices[-1])]
    askers = [Asker(lambda bid=bid: GenServer.call(lot, ("bid", *bid), 60.0), done) for bid in all_bids]  # type: ignore[misc]
    best = Asker(lambda: GenServer.call(lot, "best", 60.0), "`best` was asked for while letters were written")
    await Process.sleep(20.0)
    told = [asker.answer(_NO_WAIT) for asker in askers]
    expect(f"{done}; what were they told?", told, ["accepted"] * len(bids) + ["too low"] * 2, "how a bid is judged")
    waited = [asker.after for asker in askers]
    expect(f"{done}; how many seconds did each wait?", waited, [0.0] * len(askers), _NO_WAIT)
    expect(best.done, best.answer(_NO_WAIT), bids[-1], "the answer to `best`: the pair of bidder and price")
    expect(f"{best.done}; for how many seconds?", best.after, 0.0, _NO_WAIT)
    expect(f"{done}, and a letter took seven seconds; does the lot live?", Process.alive(lot), True, _PATIENT)
    _expect_letters(done, await _collect(), bids)
    await _while_one_is_written(lot, prices[-1])
    await _other_lot(ClerkedLot, lot, prices[-1] + 1)
    await _shut_down(lot, before, prices[-1])


def _expect_letters(done: str, heard: list[Any], bids: list[tuple[str, int]]) -> None:
    written = [(bidder, price) for what, bidder, price in heard if what == "begun"]
    idea = "which bids get a letter: each accepted one, once, however long it takes"
    if not written:
        idea = f"{idea}. And at what a `Clerk` takes for its work: a cast of three things, and no other message"
    expect(f"{done}; who got a letter?", sorted(written, key=safe_repr), sorted(bids, key=safe_repr), idea)
    hoped = [(what, *bid) for bid in bids for what in ("begun", "finished")]
    expect(f"{done}; in which order were the letters begun and finished?", heard, hoped, _IN_ORDER)


async def _while_one_is_written(lot: Pid, best: int) -> None:
    """A letter is under way when the next bid comes, and not in the mailbox behind it."""
    await ask(lot, ("bid", f"bidder {best}", best + 1), _NO_WAIT)
    await Process.sleep(0.3)
    done = "while a letter was written somebody bid too little, and `best` was asked for"
    low = Asker(lambda: GenServer.call(lot, ("bid", "late", best), 60.0), done)
    asked = Asker(lambda: GenServer.call(lot, "best", 60.0), done)
    await Process.sleep(20.0)
    told = [low.answer(_NO_WAIT), asked.answer(_NO_WAIT)]
    expect(f"{done}; what was answered?", told, ["too low", (f"bidder {best}", best + 1)], "how a bid is judged")
    expect(f"{done}; after how many seconds?", [low.after, asked.after], [0.0, 0.0], _NO_WAIT)
    besides = [message for message in await _collect() if message[0] not in ("begun", "finished")]
    twice = "what comes of `GenServer.reply` beside a `Reply`: a bid is answered once, by one of the two"
    expect("a bid was accepted; what did its bidder get after the answer?", besides, [], twice)


async def _other_lot(ClerkedLot: Any, lot: Pid, best: int) -> None:
    """A second lot, whose letters are short, beside the first, whose letter is long."""
    home = self_()
    other = await started_server(ClerkedLot, _letters(home, {1: 1.0}, "dear "))
    await expect_answer(other, "best", ("nobody", 0), "where the best bid is kept: in each lot's own state")
    await ask(lot, ("bid", "ann", best + 1), _NO_WAIT)
    await ask(other, ("bid", "ben", 1), _NO_WAIT)
    await Process.sleep(3.0)
    idea = "to whom a clerk belongs: each lot has its own, with its own way to write"
    heard = sorted(await _collect(), key=safe_repr)
    hoped = sorted([(what, *bid) for bid in (("ann", best + 1), ("dear ben", 1)) for what in ("begun", "finished")])
    expect("two lots took a bid each; which letters were written?", heard, sorted(hoped, key=safe_repr), idea)
    await end_process(other, "shutdown")


async def _shut_down(lot: Pid, before: set[Pid], best: int) -> None:
    await ask(lot, ("bid", "cat", best + 100), _NO_WAIT)
    await end_process(lot, "shutdown")
    await Process.sleep(10.0)
    left = [pid for pid in current_node().processes() if pid not in before]
    idea = "how the clerk hears of the end of its lot: by a link, or by a supervisor above both"
    expect("the lot was stopped with the reason `shutdown`; how many of its processes live?", len(left), 0, idea)
    await _collect()


# ---- drill 3 --------------------------------------------------------------------------------------------------

_ANEW: Final = "what each accepted bid does to the time, and what becomes of the timer that was set before it"
_ONLY_BIDS: Final = "what lets the time begin anew: an accepted bid alone. A `Timeout` is put off by every message"
_ARRIVED: Final = (
    "a timer that has fired while the lot was busy. Its message is in the mailbox and cannot be cancelled any more; "
    "how does the lot know that it belongs to an earlier bid?"
)


async def going_lot(GoingLot: Any, seconds: float = 10.0) -> None:
    """A lot closes when its time has passed since the last accepted bid, and nothing else moves its end.

    Demands: without a bid it closes its seconds after the start; refused bids, questions and strange messages change
    nothing; a bid that arrived in time is judged although the lot comes to it late; each lot has its own time; nobody
    asks again and again whether it is time.
    """
    await with_other_numbers(_one_going, ((GoingLot, seconds), (GoingLot, 3.0), (GoingLot, 300.0)))
    await _beside_another(GoingLot, seconds)


async def _one_going(GoingLot: Any, seconds: float) -> None:
    quiet = await started_server(GoingLot, seconds)
    lot = await started_server(GoingLot, seconds)
    began, turns = current_node().now(), turns_of(quiet)

    async def at(share: float) -> str:
        await Process.sleep(began + share * seconds - current_node().now())
        return f"after {share:g} of its time "

    judged = "how a bid is judged while the lot is open: a price that is not higher is too low"
    await expect_answer(lot, ("bid", "ann", 50), "accepted", judged, await at(0.6))
    await at(0.95)
    expect(f"{seconds:g} seconds were to pass; how many turns did it take?", turns_of(quiet) - turns < 3, True, _POLLS)
    await expect_answer(quiet, ("bid", "ann", 0), "too low", judged, await at(0.96))
    idea = f"when a lot without a bid closes, and {_ONLY_BIDS}"
    await expect_answer(quiet, ("bid", "ann", 50), "closed", idea, await at(1.04))
    await expect_answer(quiet, ("bid", "ann", 0), "closed", _NO_MORE, await at(1.045))
    await expect_answer(quiet, "best", ("nobody", 0), "the answer to `best` after the end", await at(1.05))
    await expect_answer(lot, ("bid", "ben", 60), "accepted", _ANEW, await at(1.2))
    await expect_answer(lot, ("bid", "cat", 55), "too low", _ANEW, await at(1.7))
    await expect_answer(lot, "best", ("ben", 60), "the answer to `best`", await at(1.9))
    for stray in ("hello", 17, ("sold",), None):
        send(lot, stray)
    done = f"{await at(2.15)}the call ('bid', 'cat', 60) was made"
    seen = await answer_of(GenServer.call(lot, ("bid", "cat", 60)), done, _ANEW)
    expect(done, seen, "too low", judged if same(seen, "accepted") else _ANEW)
    await expect_answer(lot, ("bid", "cat", 99), "closed", _ONLY_BIDS, await at(2.25))
    await expect_answer(lot, ("bid", "cat", 55), "closed", _NO_MORE, await at(2.27))
    await expect_answer(lot, "best", ("ben", 60), "the answer to `best` after the end", await at(2.3))
    await at(5.0)
    await expect_answer(lot, ("bid", "cat", 99), "closed", "whether a closed lot opens again")
    for pid in (lot, quiet):
        await end_process(pid)
    await _same_bidder(GoingLot, seconds)
    await _busy_lot(GoingLot, seconds)


async def _beside_another(GoingLot: Any, seconds: float) -> None:
    """A second lot was started, whose time is longer."""
    lots = [await started_server(GoingLot, each) for each in (seconds, 9 * seconds)]
    await expect_answer(lots[0], ("bid", "ann", 50), "accepted", "how a bid is judged")
    await Process.sleep(1.05 * seconds)
    for lot, hoped in zip(lots, ("closed", "accepted"), strict=True):
        which = "the first" if hoped == "closed" else "the other"
        when = f"the time of a lot was over, another lot had nine times as long, and to {which} "
        await expect_answer(lot, ("bid", "ben", 60), hoped, _OWN, when)
        await end_process(lot)


async def _same_bidder(GoingLot: Any, seconds: float) -> None:
    """Ann outbids herself, and the timer of her first bid fires."""
    lot = await started_server(GoingLot, seconds)
    done = "the same bidder bid twice, half of the time apart"
    for price in (50, 60):
        await expect_answer(lot, ("bid", "ann", price), "accepted", "how a bid is judged", f"{done}; ")
        await Process.sleep(0.5 * seconds)
    await Process.sleep(0.2 * seconds)
    await expect_answer(lot, ("bid", "ben", 60), "too low", _ANEW, f"{done}; 0.7 of its time after the second ")
    await end_process(lot)


_NO_MORE: Final = "what is asked first, the end or the price: a closed lot judges no bid, whatever its price is"
_POLLS: Final = "how the lot learns that its time is over: a timer sends one message, and nobody has to look"


async def _busy_lot(GoingLot: Any, seconds: float) -> None:
    """A bid arrives in time, the lot is busy, and the old timer fires before the lot comes to the bid."""
    lot = await started_server(GoingLot, seconds)
    await Process.sleep(0.2 * seconds)
    await ask(lot, ("bid", "ann", 50), "how a bid is judged")
    await Process.sleep(0.3 * seconds)
    await sys_.suspend(lot)
    await Process.sleep(0.3 * seconds)
    done = "a bid arrived in time while the lot was busy, and the lot came to it after the old end"
    ben = Asker(lambda: GenServer.call(lot, ("bid", "ben", 60), 10 * seconds), done)
    await Process.sleep(0.5 * seconds)
    await sys_.resume(lot)
    await Process.sleep(0.05 * seconds)
    idea = "what decides whether a bid came in time: the order in the mailbox, in which the end is a message too"
    expect(f"{done}; what was the bidder told?", ben.answer(idea), "accepted", idea)
    await expect_answer(lot, ("bid", "cat", 55), "too low", _ARRIVED, f"{done}. Straight after it ")
    await Process.sleep(0.85 * seconds)
    await expect_answer(lot, ("bid", "cat", 55), "too low", _ARRIVED, f"{done}. Before its new end ")
    await Process.sleep(0.2 * seconds)
    await expect_answer(lot, ("bid", "cat", 99), "closed", _ANEW, f"{done}. After its new end ")
    await end_process(lot)


# ---- drill 4 --------------------------------------------------------------------------------------------------

_NEVER: Final = (
    "what `price` returns for a lot that was never put: None. A lookup returns a list of rows, without any here"
)
_READS: Final = "in which process `price` looks, and where: what stands in a named table can be read without asking"


async def board(Board: Any, lots: tuple[tuple[str, int], ...] = (("clock", 50), ("vase", 90))) -> None:
    """Prices are read at once and without a message, the board alone writes them, and a new board begins anew.

    Demands: what is put can be read before the call is answered; the price is read by a plain function, which answers
    None for what was never put; the prices stand in a table that is not public.
    """
    await with_other_numbers(_one_board, ((Board, lots), (Board, (("lamp", 3), (("lot", 12), 8), ("map", 40)))))


async def _one_board(Board: Any, lots: tuple[tuple[Any, int], ...]) -> None:
    pid = await started_server(Board, None)
    expect('the board was started; is it called "board"?', Process.whereis("board") is pid, True, "its name")
    _expect_price(Board, lots[0][0], None, "nothing was put so far; ", _NEVER)
    for lot, price in lots:
        await _put(Board, lot, price)
    for lot, price in lots:
        _expect_price(Board, lot, price, "prices were put; ")
    lower = "what a second `put` for a lot does: its price replaces the one before, a higher one too"
    await _put(Board, lots[0][0], lots[0][1] - 0.5, lower)
    _expect_private()
    await _busy_board(Board, pid, *lots[1])
    await end_process(pid)
    pid = await started_server(Board, None)
    idea = "what a new board begins with. A global of Python, or of a class, does not end with a process"
    _expect_price(Board, lots[0][0], None, "the board was killed and started anew; ", idea)
    await _put(Board, lots[0][0], 11)
    await end_process(pid)


async def _put(Board: Any, lot: Any, price: float, idea: str = "") -> None:
    done = f"Board.put({lot!r}, {price}) was called"
    told = answer_of(Board.put(lot, price), done, "who does the writing")
    answer, read = await _read_when_answered(told, lambda: Board.price(lot))
    expect(done, answer, "ok", "what `put` returns")
    idea = idea or "when `put` returns: not before the price can be read"
    _expect_price(Board, lot, price, f"{done}, and then ", idea)
    expect(f"{done}; what did `price` return when the answer was sent?", read(price), price, _WRITES_FIRST)


def _expect_price(Board: Any, lot: Any, hoped: float | None, when: str, idea: str = _READS) -> None:
    done = f"{when}Board.price({lot!r}) was called"
    since, before = so_far(), len(current_node().processes())
    try:
        seen = Board.price(lot)
    except BadArg as error:
        idea = "the table: who makes it, and when, and who may read it"
        raise NotYet(done, describe_exception(error), safe_repr(hoped), idea) from None
    if inspect.isawaitable(seen):
        getattr(seen, "close", lambda: None)()
        raise NotYet(done, "a coroutine", "the price", f"the kind of function, a plain `def`; and {_READS}")
    expect(done, seen, hoped, idea)
    expect(f"{done}; how many messages were sent for it?", len(sent_since(since)), 0, _READS)
    expect(f"{done}; how many processes were started?", len(current_node().processes()) - before, 0, _READS)


def _expect_private() -> None:
    """There is a table, and it is not public."""
    tables = _tables()
    idea = "where the prices stand. What Python shares is no table: on the BEAM no process can read it"
    expect("prices were put; is there a table?", bool(tables), True, idea)
    public = [table for table in tables if ets.info(table, "protection") == "public"]
    idea = "who may write in the table: its access. The function `put` binds only those who use it"
    expect("prices were put; can any process write in the table?", bool(public), False, idea)


async def _busy_board(Board: Any, pid: Pid, lot: Any, price: int) -> None:
    await sys_.suspend(pid)
    _expect_price(Board, lot, price, "the board was busy; ")
    writer = Asker(lambda: Board.put(lot, price + 5), "the board was busy, and `put` was called")
    await Process.sleep(1.0)
    idea = "when `put` returns. A cast returns before anything is written"
    expect(f"{writer.done}; has it returned before the board has written?", bool(writer.told), False, idea)
    _expect_price(Board, lot, price, "the board was busy, `put` was waiting; ")
    await sys_.resume(pid)
    await Process.sleep(A_WHILE)
    expect(writer.done, writer.answer("what `put` waits for"), "ok", "what `put` returns")
    _expect_price(Board, lot, price + 5, "the board has come to it; ")


# ---- repair 1 -------------------------------------------------------------------------------------------------

_GONE: Final = (
    "who hears of the end of a bidder: whoever has set a monitor, and that is the process in which `Process.monitor` "
    "runs. The news comes as a message"
)


_JUDGED: Final = "how a bid is judged"
_LAST_BID: Final = (
    "after which ends a bid is void: after each, whatever its reason is. And what the board is told where no bid is "
    "left: that is a change as well, to 0"
)
_APART: Final = "where the bids stand: in the state of the server, and not in the class, which all servers share"


async def mended_bids(MendedBids: Any, prices: tuple[int, ...] = (40, 50, 60)) -> None:
    """The bids of a bidder who has ended are void, and the board is told each change of the highest bid once.

    Demands: of all bids of a bidder; of a bidder who ended before the bid was judged, too; nothing is sent where
    nothing changes; strange messages change nothing; no bidder ends because of the server.
    """
    await with_other_numbers(_one_auction, ((MendedBids, prices), (MendedBids, (1, 5, 7))))


class _Auction:
    """Bidders of the check, who live until they are killed, and a board, which is the check."""

    def __init__(self, MendedBids: Any, bids: Pid) -> None:
        self.MendedBids, self.bids = MendedBids, bids

    async def bid(self, price: int, hoped: str = "accepted", stays: bool = True, idea: str = _JUDGED) -> Asker:
        done = f"somebody bid {price}"
        bidder = Asker(lambda: self.MendedBids.bid(self.bids, price), done, stays=stays)
        if stays:
            await Process.sleep(A_WHILE)
            told = bidder.answer("what `bid` returns")
            nothing = "what `bid` returns: the answer of the server. Is a `return` missing?"
            whose = f"{idea}, and who the bidder is: the process that calls `bid`, and no other that asks for it"
            expect(done, told, hoped, nothing if told is None else whose if hoped == "too low" else idea)
        return bidder

    async def told(self, done: str, hoped: list[int], idea: str = _GONE) -> None:
        await Process.sleep(A_WHILE)
        heard, wanted = await _collect(), [("best", price) for price in hoped]
        if hoped and same(heard, hoped):
            idea = 'what the board is sent: the pair of "best" and the price'
        elif hoped[1:] == [0] and same(heard, wanted[:1]):
            idea = _LAST_BID
        elif idea is _GONE and len(hoped) == len(heard) == 1:
            idea = "which bid counts then: the highest of the others. So the server knows all of them"
        expect(f"{done}; what was the board told?", heard, wanted, idea)


async def _one_auction(MendedBids: Any, prices: tuple[int, ...]) -> None:
    low, mid, high = prices
    try:
        bids = await answered(MendedBids.start(self_()), "`MendedBids.start` was called with the board")
    except StartError as error:
        raise not_started(error) from None
    auction = _Auction(MendedBids, bids)
    once = "when the board is told: each time the highest bid is another one, and only then"
    ann = await auction.bid(low)
    ben = await auction.bid(mid)
    await auction.bid(low, "too low")
    cat = await auction.bid(high)
    await auction.bid(high, "too low")
    await auction.told("three bids were accepted, and two were not", [low, mid, high], once)
    await end_process(cat.pid)
    await auction.told("the highest bidder was killed", [mid])
    await end_process(ann.pid, "shutdown")
    await auction.told("a bidder whose bid was not the highest ended", [], once)
    await _beside(MendedBids)
    for stray in ("hello", ("best", 5), ("bid", 1), None):
        send(bids, stray)
    strange = "the messages that a server does not know: they change nothing, and end nothing"
    await auction.told("strange messages were sent", [], strange)
    expect("strange messages were sent; does the server live?", Process.alive(bids), True, strange)
    await end_process(ben.pid, "shutdown")
    await auction.told("the last bidder ended", [0])
    await auction.bid(1, stays=False)
    await auction.told("somebody bid 1, and came to the normal end at once", [1, 0])
    await _twice(auction, low, mid, high)
    await _ended_before(auction, low, high)
    await _server_ends(auction, bids, low)


async def _beside(MendedBids: Any) -> None:
    """A second server is asked while the first has higher bids."""
    bids = await answered(MendedBids.start(self_()), "`MendedBids.start` was called a second time")
    other = _Auction(MendedBids, bids)
    await end_process((await other.bid(1, idea=f"{_JUDGED}, and {_APART}")).pid)
    await other.told("somebody bid 1 beside another sale, and ended", [1, 0], _APART)
    await end_process(bids)


async def _twice(auction: _Auction, low: int, mid: int, high: int) -> None:
    """One bidder bids twice, with another's bid between."""
    home, bids = self_(), auction.bids

    async def persistent() -> None:
        for price in (low, high):
            await receive(lambda m: m == "bid")
            send(home, ("done", await answered(auction.MendedBids.bid(bids, price), "somebody bid twice")))
        await receive(lambda _: False)

    ann = spawn(persistent)
    send(ann, "bid")
    await _done()
    ben = await auction.bid(mid)
    send(ann, "bid")
    idea = f"{_JUDGED}: by its price. Whoever has bid may bid again"
    expect("somebody bid a second time, and more than all others", await _done(), "accepted", idea)
    await auction.told("three bids came, the first and the last from one bidder", [low, mid, high])
    await end_process(ann)
    await auction.told("the bidder with two bids ended", [mid], "which bids of a bidder are void: all of them")
    await end_process(ben.pid)
    await auction.told("the other one ended too", [0], "which bids of a bidder are void: all of them")


async def _done() -> Any:
    """What the bidder who bids twice was told."""
    told = await receive(lambda m: isinstance(m, tuple) and m[:1] == ("done",), timeout=60.0)
    return told[1] if isinstance(told, tuple) else "no answer"


async def _ended_before(auction: _Auction, low: int, high: int) -> None:
    """A bidder ends while the bid waits in the mailbox."""
    await sys_.suspend(auction.bids)
    bidder = Asker(lambda: auction.MendedBids.bid(auction.bids, high), "somebody bid while the server was busy")
    await Process.sleep(A_WHILE)
    await end_process(bidder.pid)
    await sys_.resume(auction.bids)
    await Process.sleep(A_WHILE)
    heard = await _collect()
    done = f"{bidder.done}, and ended before the bid was judged; what was the board told?"
    if heard:
        expect(done, heard, [("best", high), ("best", 0)], _GONE)
    await end_process((await auction.bid(low)).pid)
    await auction.told("after that somebody bid and ended", [low, 0])


async def _server_ends(auction: _Auction, bids: Pid, low: int) -> None:
    bidder = await auction.bid(low)
    before = len(current_node().processes())
    turns = turns_of(bids)
    await Process.sleep(60.0)
    expect("nothing happened for a minute; how many turns had the server?", turns_of(bids) - turns < 3, True, _GONE)
    await end_process(bids)
    idea = "what ties the bidder to the server. A link ends both; a monitor only tells"
    expect("the server was killed; does the bidder live?", Process.alive(bidder.pid), True, idea)
    expect("the server was killed; how many processes ended?", before - len(current_node().processes()), 1, idea)
    await _collect()


# ---- repair 2 -------------------------------------------------------------------------------------------------

_BANK: Final = (
    "which process waits for the bank. `handle_call` may return `NoReply`, and the answer can be given later, when "
    "the news is there"
)
_RESERVED: Final = (
    "what an offer is while the bank is asked: reserved, for everybody who asks and for all who would buy"
)
_FAILS: Final = "how the offer hears of the end of whoever asks the bank, and what it does with each of the ends"
_LATE: Final = "what limits the asking: thirty seconds, for the buyer that is being charged, and for no later one"

BANK_LIMIT: Final = 30.0


async def mended_offer(MendedOffer: Any, seconds: float = 3.0) -> None:
    """An offer answers while the bank is asked, is sold to who pays, and open again for all others after any failure.

    Demands: one `charge` for each buyer who finds it open, and none for the others; a `charge` that hangs is ended
    after thirty seconds; the limit of one buyer does not reach the next; a sold offer stays sold.
    """
    await with_other_numbers(_one_offer, ((MendedOffer, seconds), (MendedOffer, 25.0), (MendedOffer, 0.5)))


def _bank(home: Pid) -> Callable[[Any], Awaitable[bool]]:
    async def charge(buyer: Any) -> bool:
        kind, takes = buyer
        send(home, ("charged", kind))
        await Process.sleep(takes)
        send(home, ("came back", kind))
        if kind == "raises":
            raise ValueError("no such card")
        if kind == "exits":
            raise Exit("normal")
        return bool(kind == "pays")

    return charge


async def _one_offer(MendedOffer: Any, seconds: float) -> None:
    offer = await started_server(MendedOffer, _bank(self_()))
    await expect_answer(offer, "what", "open", "what the offer knows at first")
    for kind in ("is broke", "raises", "exits"):
        await _refused(offer, kind, seconds)
    await _hangs(offer)
    await _second_after_first(offer)
    await end_process(offer)
    offer = await started_server(MendedOffer, _bank(self_()))
    await _paid(offer, seconds)
    await end_process(offer)


def _buys(offer: Pid, kind: str, takes: float) -> Asker:
    done = f"a buyer whose bank takes {takes:g} seconds and then {_AND_THEN[kind]} called the offer"
    return Asker(lambda: GenServer.call(offer, ("buy", (kind, takes)), 100.0), done)


_AND_THEN: Final = {
    "is broke": "returns False",
    "raises": "raises an error",
    "exits": "ends with `normal`",
    "hangs": "would return",
    "pays": "returns True",
}


async def _reserved(offer: Pid, buyer: Asker, takes: float) -> None:
    """While the bank is asked."""
    await Process.sleep(takes / 4)
    if buyer.told:  # too early, so it is an exit or a mistake
        told = buyer.answer(_BANK)
        idea = _LATE if told == "refused" else _BANK
        expect(f"{buyer.done}; what was it told before the bank had answered?", told, "nothing", idea)
    others = [
        Asker(lambda: GenServer.call(offer, ("buy", ("pays", 1.0)), 100.0), f"{buyer.done}, and another buyer called"),
        Asker(lambda: GenServer.call(offer, "what", 100.0), f"{buyer.done}, and `what` was asked"),
    ]
    await Process.sleep(takes / 4)
    for other in others:
        told = other.answer(_BANK)
        expect(other.done, told, "reserved", _RESERVED if other.after == 0.0 else _BANK)
        expect(f"{other.done}; after how many seconds was it answered?", other.after, 0.0, _BANK)


async def _settled(offer: Pid, buyer: Asker, takes: float, told: str, what: str, idea: str) -> None:
    await Process.sleep(takes / 2 + A_WHILE)
    expect(f"{buyer.done}; what was it told?", buyer.answer(idea), told, idea)
    expect(f"{buyer.done}; after how many seconds?", buyer.after, takes, idea)
    if not Process.alive(offer):
        raise NotYet(buyer.done, "the offer has ended", "an offer that lives on", _FAILS)
    await expect_answer(offer, "what", what, idea, f"{buyer.done} and was told {told!r}; then ")


async def _refused(offer: Pid, kind: str, seconds: float) -> None:
    buyer = _buys(offer, kind, seconds)
    await _reserved(offer, buyer, seconds)
    await _settled(offer, buyer, seconds, "refused", "open", _FAILS)
    hoped = [("charged", kind), ("came back", kind)]
    idea = "how often `charge` is called: once for each buyer who finds the offer open"
    expect(f"{buyer.done}; what did the bank see?", await _collect(), hoped, idea)


async def _hangs(offer: Pid) -> None:
    buyer = _buys(offer, "hangs", 40.0)
    await _reserved(offer, buyer, BANK_LIMIT)
    await _settled(offer, buyer, BANK_LIMIT, "refused", "open", _LATE)
    await Process.sleep(60.0)
    idea = "what becomes of a `charge` that was given up: it has to be ended, or it takes the money later"
    expect(f"{buyer.done}; what did the bank see?", await _collect(), [("charged", "hangs")], idea)


async def _second_after_first(offer: Pid) -> None:
    """A second buyer is still being charged when the limit of the first would have been over."""
    first = _buys(offer, "is broke", 1.0)
    await Process.sleep(10.0)
    expect(first.done, first.answer(_BANK), "refused", _FAILS)
    for stray in ("hello", ("late",), None):
        send(offer, stray)
    second = _buys(offer, "is broke", 25.0)
    await _reserved(offer, second, 25.0)
    await _settled(offer, second, 25.0, "refused", "open", _LATE)
    await _collect()


async def _paid(offer: Pid, seconds: float) -> None:
    buyer = _buys(offer, "pays", seconds)
    await _reserved(offer, buyer, seconds)
    sold = "what the offer remembers when it is sold"
    await _settled(offer, buyer, seconds, "sold", "sold", sold)
    await _collect()
    other = _buys(offer, "pays", 1.0)
    await Process.sleep(2 * BANK_LIMIT)
    expect(f"the offer was sold, and {other.done}", other.answer(sold), "sold", sold)
    expect(f"the offer was sold, and {other.done}; after how many seconds?", other.after, 0.0, sold)
    idea = "whom a sold offer charges: nobody"
    expect(f"the offer was sold, and {other.done}; what did the bank see?", await _collect(), [], idea)
    await expect_answer(offer, "what", "sold", _LATE, "a minute after the sale ")


# ---- the design -----------------------------------------------------------------------------------------------

_PRICES: Final = "where the prices stand, and to which process that place belongs: not to what may end before it"


async def saleroom(Saleroom: Any, lots: dict[str, float] | None = None) -> None:
    """Paddle numbers are given once, lots close in their time and crash alone, and prices are read without asking.

    Demands: also while a lot is away; a lot that was started again begins anew, ten times in a second if need be; so
    do all lots when the process that keeps the prices has ended, and the numbers go on; a price can be read before
    the bid is answered; a bid that came in time counts although the lot was busy.
    """
    cases = (lots or {"clock": 10.0, "vase": 20.0}, {"north": 4.0, "sea": 6.0, "woods": 30.0})
    await with_other_numbers(_one_saleroom, [(Saleroom, each) for each in cases])


async def _one_saleroom(Saleroom: Any, lots: dict[str, float]) -> None:
    root = await started_server(Saleroom, lots)
    expect('it was started; is it called "saleroom"?', Process.whereis("saleroom") is root, True, "its name")
    room = _Room(Saleroom, lots)
    await room.paddles(5)
    first, second, *_ = lots
    await room.unknown()
    for lot in lots:
        room.price(lot, 0)
        await room.bid(lot, 1, 30, "accepted")
    await room.bid(first, 2, 30, "too low")
    await room.crash(first, second)
    await room.closes(first, lots[first])
    await room.paddles(3)
    await room.owner_ends()
    await room.paddles(2, ", and the prices had been lost")
    await room.closes(second, lots[second])
    await room.without_bids(second, lots[second])
    await room.busy(first, lots[first])
    await end_process(root, "shutdown")


class _Room:
    """The reader's saleroom, and what the check knows of it."""

    def __init__(self, Saleroom: Any, lots: dict[str, float]) -> None:
        self.Saleroom, self.lots, self.given = Saleroom, lots, 0

    async def paddles(self, askers: int, when: str = "") -> None:
        done = f"{askers} visitors asked for a paddle at the same moment, after {self.given} others{when}"
        asked = [Asker(self.Saleroom.paddle, done) for _ in range(askers)]
        await Process.sleep(A_WHILE)
        idea = "how the next number is read and counted on: in one step, in a process that no other end touches"
        numbers = sorted((asker.answer(idea) for asker in asked), key=safe_repr)
        hoped = sorted(range(self.given + 1, self.given + askers + 1), key=safe_repr)
        expect(f"{done}; which numbers were given?", numbers, hoped, idea)
        self.given += askers

    def price(self, lot: str, *hoped: int | None, when: str = "", idea: str = _PRICES) -> None:
        done = f"{when}Saleroom.price({lot!r}) was called"
        since = so_far()
        try:
            seen = self.Saleroom.price(lot)
        except (BadArg, Exit) as error:
            raise NotYet(done, describe_exception(error), safe_repr(hoped[0]), _PRICES) from None
        if inspect.isawaitable(seen):
            getattr(seen, "close", lambda: None)()
            raise NotYet(done, "a coroutine", "the price", f"the kind of function, a plain `def`; and {_READS}")
        if not any(same(seen, each) for each in hoped):
            expect(done, seen, hoped[0], idea)
        expect(f"{done}; how many messages were sent for it?", len(sent_since(since)), 0, _READS)

    async def bid(self, lot: str, paddle: int, price: int, hoped: str, when: str = "") -> Pid | None:
        """Bid, and answer which process has judged."""
        done = f"{when}paddle {paddle} bid {price} for {lot!r}"
        since, idea = so_far(), "how a bid is judged, and when the lot closes"
        told = answer_of(self.Saleroom.bid(lot, paddle, price), done, idea)
        answer, read = await _read_when_answered(told, lambda: self.Saleroom.price(lot))
        expect(done, answer, hoped, idea)
        if hoped == "accepted":
            self.price(lot, price, when=f"{done}, was told 'accepted', and then ", idea="when the price is written")
            done = f"{done}; what did `price` return when the answer was sent?"
            expect(done, read(price), price, _WRITES_FIRST)
        calls = [event for event in sent_since(since) if is_of(event, CALL)]
        asked = [event for event in calls if event.pid is self_()] or calls
        return asked[-1].other if asked else None

    async def unknown(self) -> None:
        lot, idea = (
            "no lot of this name",
            "what is said of a lot that there is not: `bid` and `price` look for it first",
        )
        done = f"paddle 1 bid 30 for {lot!r}"
        expect(done, await answer_of(self.Saleroom.bid(lot, 1, 30), done, idea), "no such lot", idea)
        self.price(lot, None, idea=idea)

    async def winner(self, lot: str, hoped: int | None, when: str) -> None:
        done = f"{when}Saleroom.winner({lot!r}) was called"
        idea = "what `winner` returns before the end, and after it"
        expect(done, await answer_of(self.Saleroom.winner(lot), done, idea), hoped, idea)

    async def crash(self, first: str, second: str) -> None:
        judge = await self.bid(first, 2, 40, "accepted")
        other = await self.bid(second, 3, 50, "accepted")
        idea = "where a bid is judged: in a process of the lot's own, which is asked by a call"
        done = "two lots were bid for; were they judged by two processes?"
        expect(done, judge is not None and judge is not other, True, idea)
        assert judge is not None
        Process.exit(judge, "kill")
        self.price(first, 40, 0, when="the process of the lot had been killed a moment ago; ")
        await Process.sleep(A_WHILE)
        begins = "what a lot begins with when it is started again: no bids, and a price of 0"
        self.price(first, 0, when="the lot had crashed and was started again; ", idea=begins)
        alone = "whom the end of a lot touches: nobody else"
        self.price(second, 50, when="another lot had crashed; ", idea=alone)
        again = await self.bid(second, 4, 60, "accepted", "another lot had crashed; ")
        expect("another lot crashed; is this one the same process?", again is other, True, alone)
        await self.crash_again(first, second, other)

    async def crash_again(self, first: str, second: str, other: Pid | None) -> None:
        """Nine times more within a second, which is more than a supervisor bears if nothing is said."""
        for _ in range(9):
            judge = await self.bid(first, 2, 40, "accepted", "the lot had crashed and was started again; ")
            assert judge is not None
            Process.exit(judge, "kill")
            await Process.sleep(A_WHILE)
        idea = "how many restarts the supervisor of the lots allows, and in how many seconds"
        self.price(second, 60, when="another lot had crashed ten times in a second; ", idea=idea)
        again = await self.bid(second, 5, 65, "accepted", "another lot had crashed ten times in a second; ")
        expect("another lot crashed ten times; is this one the same process?", again is other, True, idea)

    async def closes(self, lot: str, seconds: float) -> None:
        """From its last bid on, or from its start."""
        await Process.sleep(seconds / 2)
        await self.bid(lot, 3, 70, "accepted", "after half of its time ")
        await Process.sleep(0.7 * seconds)
        await self.bid(lot, 4, 70, "too low", "after 0.7 of its time since the last accepted bid ")
        await self.winner(lot, None, "before the end ")
        await Process.sleep(0.35 * seconds)
        when = f"{1.05 * seconds:g} seconds after the last accepted bid "
        await self.bid(lot, 4, 99, "closed", when)
        await self.bid(lot, 4, 1, "closed", when)
        self.price(lot, 70, when=when)
        await self.winner(lot, 3, when)

    async def without_bids(self, lot: str, seconds: float) -> None:
        """A lot for which nobody has bid since its start; the closed one is ended for it."""
        judge = await self.bid(lot, 4, 99, "closed", "after the end ")
        assert judge is not None
        Process.exit(judge, "kill")
        await Process.sleep(1.05 * seconds)
        when = f"{1.05 * seconds:g} seconds after the start of a lot for which nobody had bid "
        await self.bid(lot, 4, 99, "closed", when)
        self.price(lot, 0, when=when)
        await self.winner(lot, None, when)

    async def busy(self, lot: str, seconds: float) -> None:
        """A bid arrives in time, the lot is busy, and the old timer fires before the lot comes to the bid."""
        idea = "how a bid is judged"
        await Process.sleep(2 * seconds)
        judge = await self.bid(lot, 5, 100, "closed", "a while after its time ")
        assert judge is not None
        Process.exit(judge, "kill")
        await Process.sleep(A_WHILE)
        judge = await self.bid(lot, 5, 100, "accepted", "it was closed, had crashed and was started again; ")
        assert judge is not None
        await sys_.suspend(judge)
        lead = min(1.0, seconds / 5)  # no bidder waits long
        await Process.sleep(seconds - lead)
        done = f"a bid for {lot!r} arrived in time, and the lot came to it after the old end"
        bidder = Asker(lambda: self.Saleroom.bid(lot, 6, 110), done)
        await Process.sleep(2 * lead)
        await sys_.resume(judge)
        await Process.sleep(A_WHILE)
        expect(f"{done}; what was the bidder told?", bidder.answer(idea), "accepted", _ARRIVED)
        await self.bid(lot, 7, 105, "too low", f"{done}. Straight after it ")

    async def owner_ends(self) -> None:
        tables = [table for table in _tables() if ets.info(table, "protection") != "private"]
        idea = "where the prices stand. What Python shares is no table: on the BEAM no process can read it"
        expect("the saleroom runs; is there a table?", bool(tables), True, idea)
        lot = safe_repr(next(iter(self.lots)))
        of_lots = [table for table in tables if any(lot in safe_repr(row) for row in ets.tab2list(table))]
        for owner in {ets.info(table, "owner") for table in of_lots or tables}:
            Process.exit(owner, "kill")
        await Process.sleep(A_WHILE)
        idea = "who starts the process that keeps the prices again, and all that needs it"
        done = "the process that owns the prices had been killed; does the saleroom run?"
        expect(done, Process.whereis("saleroom") is not None, True, idea)
        when = "the process that owns the prices had been killed; "
        idea = "what must not outlive the prices, and which strategy says so"
        for lot in self.lots:
            self.price(lot, 0, when=when, idea=idea)
        await self.bid(next(iter(self.lots)), 5, 10, "accepted", when)

"""Attacks on the checks of chapter 10, an agent or a GenServer."""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

from attacks import Table

from otp_mini import (
    Agent,
    Continue,
    Down,
    Exit,
    ExitSignal,
    GenServer,
    NoReply,
    Ok,
    Process,
    Reply,
    Stop,
    Supervise,
    Supervisor,
    Task,
    Timeout,
    child_spec,
    current_node,
    ets,
    receive,
    self_,
    send,
    spawn,
    spawn_link,
    spawn_monitor,
)
from otp_mini.child_spec import ChildSpec
from otp_mini.exercises import agent_or_genserver as ex

table = Table()


def highest(bids: dict[Any, int]) -> int:
    return max(bids.values(), default=0)


class Lot(GenServer):
    """As in the chapter: it keeps the best bid."""

    def init(self, _: Any) -> Any:
        return Ok(("nobody", 0))

    def handle_call(self, request: Any, from_: Any, best: Any) -> Any:
        match request:
            case ("bid", bidder, price) if price > best[1]:
                return Reply("accepted", (bidder, price))
            case ("bid", _, _):
                return Reply("too low", best)
            case "best":
                return Reply(best, best)


class Clerk(GenServer):
    """As in the chapter: it writes letters."""

    def init(self, letter: Any) -> Any:
        return Ok(letter)

    async def handle_cast(self, request: Any, letter: Any) -> Any:
        match request:
            case ("write", bidder, price):
                await letter(bidder, price)
        return NoReply(letter)


# ---- a rule that nobody gets around ------------------------------------------------------------------------


class RuledLot(GenServer):
    """The rule in four methods, so that each can be otherwise."""

    def init(self, step: Any) -> Any:
        return Ok({"step": step, "entered": [], "closed": False, "best": ("nobody", 0)})

    def handle_call(self, request: Any, from_: Any, lot: Any) -> Any:
        match request:
            case "best":
                return Reply(lot["best"], lot)
            case "close":
                return self.close(lot)
            case ("enter", bidder):
                return self.enter(bidder, lot)
            case ("bid", bidder, price):
                return self.bid(bidder, price, lot)

    def close(self, lot: Any) -> Any:
        return Reply(lot["best"], lot | {"closed": True})

    def enter(self, bidder: Any, lot: Any) -> Any:
        if lot["closed"]:
            return Reply("closed", lot)
        return Reply("ok", lot | {"entered": [*lot["entered"], bidder]})

    def refused(self, bidder: Any, price: Any, lot: Any) -> Any:
        if lot["closed"]:
            return "closed"
        if bidder not in lot["entered"]:
            return "not entered"
        return None if self.enough(price, lot) else "too low"

    def enough(self, price: Any, lot: Any) -> Any:
        return price >= lot["best"][1] + lot["step"]

    def bid(self, bidder: Any, price: Any, lot: Any) -> Any:
        if refused := self.refused(bidder, price, lot):
            return Reply(refused, lot)
        return Reply("accepted", lot | {"best": (bidder, price)})


class AnyHigherPrice(RuledLot):
    def enough(self, price: Any, lot: Any) -> Any:
        return price > lot["best"][1]


class MoreThanAStep(RuledLot):
    def enough(self, price: Any, lot: Any) -> Any:
        return price > lot["best"][1] + lot["step"]


class FirstAtAnyPrice(RuledLot):
    def enough(self, price: Any, lot: Any) -> Any:
        return lot["best"][1] == 0 or super().enough(price, lot)


class KnowsTheStep(RuledLot):
    def enough(self, price: Any, lot: Any) -> Any:
        return price >= lot["best"][1] + 10


class AsksNobody(RuledLot):
    def refused(self, bidder: Any, price: Any, lot: Any) -> Any:
        return "closed" if lot["closed"] else None if self.enough(price, lot) else "too low"


class BidsEnter(RuledLot):
    """A bid that is refused enters its bidder."""

    def bid(self, bidder: Any, price: Any, lot: Any) -> Any:
        match super().bid(bidder, price, lot):
            case Reply("not entered", state):
                return Reply("not entered", state | {"entered": [*state["entered"], bidder]})
            case other:
                return other


class OncePerBidder(RuledLot):
    """Takes a bidder out with each accepted bid."""

    def bid(self, bidder: Any, price: Any, lot: Any) -> Any:
        match super().bid(bidder, price, lot):
            case Reply("accepted", state):
                return Reply("accepted", state | {"entered": [each for each in state["entered"] if each != bidder]})
            case other:
                return other


class ForgetsTheEnd(RuledLot):
    def close(self, lot: Any) -> Any:
        return Reply(lot["best"], lot)


class ClosedFirst(RuledLot):
    """Asks whether somebody has entered before it asks whether the sale is over."""

    def refused(self, bidder: Any, price: Any, lot: Any) -> Any:
        if bidder not in lot["entered"]:
            return "not entered"
        return super().refused(bidder, price, lot)


class EntersAfterTheEnd(RuledLot):
    def enter(self, bidder: Any, lot: Any) -> Any:
        return Reply("ok", lot | {"entered": [*lot["entered"], bidder]})


class ClosesWithClosed(RuledLot):
    def close(self, lot: Any) -> Any:
        return Reply("closed" if lot["closed"] else lot["best"], lot | {"closed": True})


class EndsWithTheSale(RuledLot):
    def close(self, lot: Any) -> Any:
        return Stop("normal", lot, reply=lot["best"])


class RefusesTheSecondTime(RuledLot):
    def enter(self, bidder: Any, lot: Any) -> Any:
        if bidder in lot["entered"]:
            return Reply("already", lot)
        return super().enter(bidder, lot)


class ForgetsTheBid(RuledLot):
    def bid(self, bidder: Any, price: Any, lot: Any) -> Any:
        return Reply(self.refused(bidder, price, lot) or "accepted", lot)


class WritesTheRefused(RuledLot):
    """Writes first, and asks then."""

    def bid(self, bidder: Any, price: Any, lot: Any) -> Any:
        if lot["closed"] or bidder not in lot["entered"]:
            return super().bid(bidder, price, lot)
        told = self.refused(bidder, price, lot) or "accepted"
        return Reply(told, lot | {"best": (bidder, price)})


class TurnedRound(RuledLot):
    def bid(self, bidder: Any, price: Any, lot: Any) -> Any:
        if refused := self.refused(bidder, price, lot):
            return Reply(refused, lot)
        return Reply("accepted", lot | {"best": (price, bidder)})


class OneRoomForAll(RuledLot):
    """Keeps who has entered in the class."""

    entered: WeakKeyDictionary[Any, set[Any]] = WeakKeyDictionary()  # noqa: RUF012 (of each node, so that checks do not meet)

    def enter(self, bidder: Any, lot: Any) -> Any:
        self.entered.setdefault(current_node(), set()).add((lot["step"], bidder))
        return Reply("closed" if lot["closed"] else "ok", lot)

    def refused(self, bidder: Any, price: Any, lot: Any) -> Any:
        here = [who for step, who in self.entered.get(current_node(), ()) if step == lot["step"]]
        return super().refused(bidder, price, lot | {"entered": here})


class Polite(RuledLot):
    def handle_call(self, request: Any, from_: Any, lot: Any) -> Any:
        return super().handle_call(request, from_, lot) or Reply("what?", lot)


class Settable(RuledLot):
    """Has a request for the telephone."""

    def handle_call(self, request: Any, from_: Any, lot: Any) -> Any:
        match request:
            case ("set", bidder, price):
                return Reply("ok", lot | {"best": (bidder, price)})
        return super().handle_call(request, from_, lot)


class TakesMessagesForBids(RuledLot):
    def handle_info(self, message: Any, lot: Any) -> Any:
        match message:
            case ("bid", bidder, price):
                return NoReply(self.bid(bidder, price, lot).state)
        return NoReply(lot)


class ObeysMessages(RuledLot):
    """Does what is sent to it as if it were called."""

    def handle_info(self, message: Any, lot: Any) -> Any:
        told = self.handle_call(message, None, lot)
        return NoReply(told.state if told else lot)


class ClosesByMessage(RuledLot):
    def handle_info(self, message: Any, lot: Any) -> Any:
        return NoReply(lot | {"closed": lot["closed"] or message == "close"})


class EntersByMessage(RuledLot):
    def handle_info(self, message: Any, lot: Any) -> Any:
        match message:
            case ("enter", bidder):
                return NoReply(self.enter(bidder, lot).state)
        return NoReply(lot)


class ObeysCasts(RuledLot):
    def handle_cast(self, request: Any, lot: Any) -> Any:
        return ObeysMessages.handle_info(self, request, lot)  # type: ignore[arg-type]


class LivesThroughCasts(RuledLot):
    """Drops what is cast to it."""

    def handle_cast(self, request: Any, lot: Any) -> Any:
        return NoReply(lot)


class PriceFirst(RuledLot):
    """Asks for the price before it asks who bids."""

    def refused(self, bidder: Any, price: Any, lot: Any) -> Any:
        if not lot["closed"] and not self.enough(price, lot):
            return "too low"
        return super().refused(bidder, price, lot)


class WholeSteps(RuledLot):
    """Takes multiples of the step alone."""

    def enough(self, price: Any, lot: Any) -> Any:
        return price % lot["step"] == 0 and super().enough(price, lot)


class OneStepExactly(RuledLot):
    def enough(self, price: Any, lot: Any) -> Any:
        return price == lot["best"][1] + lot["step"]


class JudgesElsewhere(RuledLot):
    """Has a process of its own judge each bid, with the state of that moment."""

    async def handle_call(self, request: Any, from_: Any, lot: Any) -> Any:  # type: ignore[override]
        me = self_()

        async def judge(best: Any) -> None:
            told = super(JudgesElsewhere, self).handle_call(request, from_, lot | {"best": best})
            await Process.sleep(0.01)
            GenServer.reply(from_, told.reply)
            send(me, ("best", told.state["best"]))

        match request:
            case ("bid", _, _):
                spawn(judge, lot["best"])
                return NoReply(lot)
        return super().handle_call(request, from_, lot)

    def handle_info(self, message: Any, lot: Any) -> Any:
        match message:
            case ("best", best):
                return NoReply(lot | {"best": best})
        return NoReply(lot)


class ClosedToAll(RuledLot):
    """After the end every request but two is answered, the unknown ones too."""

    def handle_call(self, request: Any, from_: Any, lot: Any) -> Any:
        if lot["closed"] and request not in ("best", "close"):
            return Reply("closed", lot)
        return super().handle_call(request, from_, lot)


class LooksAtTheFirstWord(RuledLot):
    def handle_call(self, request: Any, from_: Any, lot: Any) -> Any:
        if request[0] == "enter":
            return self.enter(request[1], lot)
        if request[0] == "bid":
            return self.bid(request[1], request[2], lot)
        return super().handle_call(request, from_, lot)


class NobodyIsNone(RuledLot):
    def close(self, lot: Any) -> Any:
        return Reply(lot["best"] if lot["best"][1] else None, lot | {"closed": True})


class NamedLot(RuledLot):
    @classmethod
    async def start_link(cls, step: Any) -> Any:  # type: ignore[override]
        return await super().start_link(step, name="lot")


class UnpacksMessages(RuledLot):
    def handle_info(self, message: Any, lot: Any) -> Any:
        _kind, *_rest = message
        return NoReply(lot)


class StateFirst(GenServer):
    """One `match` for the state and the request."""

    def init(self, step: Any) -> Any:
        return Ok(("open", step, ("nobody", 0), ()))

    def handle_call(self, request: Any, from_: Any, lot: Any) -> Any:
        match lot, request:
            case (_, _, best, _), "best":
                return Reply(best, lot)
            case (_, step, best, entered), "close":
                return Reply(best, ("over", step, best, entered))
            case ("over", *_), ("enter", _) | ("bid", _, _):
                return Reply("closed", lot)
            case (_, step, best, entered), ("enter", who):
                return Reply("ok", ("open", step, best, (*entered, who)))
            case (_, _, _, entered), ("bid", who, _) if who not in entered:
                return Reply("not entered", lot)
            case (_, step, best, _), ("bid", _, price) if price - best[1] < step:
                return Reply("too low", lot)
            case (_, step, _, entered), ("bid", who, price):
                return Reply("accepted", ("open", step, (who, price), entered))
        return Stop(("unknown", request), lot)


class WithAnAgent(GenServer):
    """The rule in a server, the value in an agent that nobody else knows."""

    async def init(self, step: Any) -> Any:
        return Ok(((step, await Agent.start_link(lambda: ("nobody", 0))), set(), True))

    async def handle_call(self, request: Any, from_: Any, lot: Any) -> Any:
        (step, agent), entered, is_open = lot
        best = await Agent.get(agent, lambda best: best)
        match request:
            case "best":
                return Reply(best, lot)
            case "close":
                return Reply(best, ((step, agent), entered, False))
            case ("enter", _) | ("bid", _, _) if not is_open:
                return Reply("closed", lot)
            case ("enter", bidder):
                return Reply("ok", ((step, agent), entered | {bidder}, is_open))
            case ("bid", bidder, price):
                if bidder in entered and price >= best[1] + step:
                    await Agent.update(agent, lambda _: (bidder, price))
                    return Reply("accepted", lot)
                return Reply("too low" if bidder in entered else "not entered", lot)


class LastWhoEntered(RuledLot):
    def enter(self, bidder: Any, lot: Any) -> Any:
        return Reply("ok", lot | {"entered": [bidder]}) if not lot["closed"] else Reply("closed", lot)


class TooLowAndOut(RuledLot):
    """Whoever bids too little has to enter again."""

    def bid(self, bidder: Any, price: Any, lot: Any) -> Any:
        told, after, *_ = super().bid(bidder, price, lot)
        rest = [each for each in after["entered"] if each != bidder or told != "too low"]
        return Reply(told, after | {"entered": rest})


class NobodyHasEntered(RuledLot):
    """Takes the best bidder for one who has entered, also where that is nobody."""

    def refused(self, bidder: Any, price: Any, lot: Any) -> Any:
        return super().refused(bidder, price, lot | {"entered": [*lot["entered"], lot["best"][0]]})


ruled = ex.ruled_lot
over = "That is asked before anything else"
table.right(ruled, "has a method for each request", RuledLot)
table.right(ruled, "drops what is cast to it", LivesThroughCasts)
table.right(ruled, "keeps the value in an agent of its own", WithAnAgent)
table.wrong(ruled, "accepts any higher price", AnyHigherPrice, "the best one and a step")
table.wrong(ruled, "asks for more than a step", MoreThanAStep, "the best one and a step")
table.wrong(ruled, "takes the first bid at any price", FirstAtAnyPrice, "at first nothing and a step")
table.wrong(ruled, "asks nobody whether they have entered", AsksNobody, "who may bid")
table.wrong(ruled, "lets a refused bid enter", BidsEnter, "Seen: 'accepted'", "what a refused request leaves behind")
table.wrong(ruled, "lets each bid once", OncePerBidder, "not entered", "who may bid")
table.wrong(ruled, "forgets that the sale is over", ForgetsTheEnd, over)
table.wrong(ruled, "asks for the entry before the end", ClosedFirst, over)
table.wrong(ruled, "lets enter after the end", EntersAfterTheEnd, over)
table.wrong(ruled, "closes once", ClosesWithClosed, "the pair of the best bidder")
table.wrong(ruled, "ends with the sale", EndsWithTheSale, "what has ended the server")
table.wrong(ruled, "refuses who enters twice", RefusesTheSecondTime, "once or twice")
table.wrong(ruled, "does not keep the bid", ForgetsTheBid, "the pair of the best bidder")
table.wrong(ruled, "writes what it refuses", WritesTheRefused, "Look again at")
table.wrong(ruled, "turns the pair round", TurnedRound, "Look again at")
table.wrong(ruled, "keeps who has entered in the class", OneRoomForAll, "What a class keeps, all lots share")
table.wrong(ruled, "answers an unknown request", Polite, "who keeps the rule")
table.wrong(ruled, "has a way around the rule", Settable, "so nobody can set the price")
table.wrong(ruled, "takes a message for a bid", TakesMessagesForBids, "a message or a cast changes nothing")
table.wrong(ruled, "takes a message for a call", ObeysMessages, "a message or a cast changes nothing")
table.wrong(ruled, "closes by a message", ClosesByMessage, "'close' was sent as a message", "changes nothing")
table.wrong(ruled, "lets enter by a message", EntersByMessage, "('enter', 'ben') was sent as a message")
table.wrong(ruled, "takes a cast for a call", ObeysCasts, "'close' was cast", "a message or a cast changes nothing")
table.wrong(ruled, "asks for the price before the entry", PriceFirst, "That is asked before the price")
table.wrong(ruled, "takes whole steps alone", WholeSteps, "the best one and a step")
table.wrong(ruled, "takes exactly one step", OneStepExactly, "the best one and a step")
table.wrong(ruled, "judges in another process", JudgesElsewhere, "Look again at")
table.right(ruled, "matches the state with the request, and stops at what it does not know", StateFirst)
table.wrong(
    ruled, "is closed to unknown calls", ClosedToAll, "after the end of the sale", "Seen: 'closed'", "unknown call"
)
table.wrong(ruled, "looks at the first word", LooksAtTheFirstWord, "('bid', 'ann', 10, 20)", "who keeps the rule")
table.wrong(ruled, "has no best bid of nobody", NobodyIsNone, "also where nobody has bid")
table.wrong(ruled, "has a name", NamedLot, "a name has one holder")
table.wrong(ruled, "unpacks every message", UnpacksMessages, "17 was sent", "what has ended the server")
table.hard_coded(ruled, "knows that a step is ten", KnowsTheStep, "it passed the first one")
table.wrong(ruled, "knows the last one who entered", LastWhoEntered, "Seen: 'not entered'", "who may bid")
table.wrong(ruled, "takes out whoever bids too little", TooLowAndOut, "Seen: 'not entered'", "who may bid")
table.wrong(ruled, "lets nobody bid", NobodyHasEntered, "('bid', 'nobody'", "who may bid")

# ---- a lot with a clerk ------------------------------------------------------------------------------------


class ClerkedLot(Lot):
    """An accepted bid is passed to `write`, which the others here override."""

    async def init(self, letter: Any) -> Any:
        return Ok((await Clerk.start_link(letter), ("nobody", 0)))

    async def write(self, clerk: Any, bidder: Any, price: int) -> None:
        GenServer.cast(clerk, ("write", bidder, price))

    async def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        clerk, best = state
        match request:
            case ("bid", bidder, price) if price > best[1]:
                await self.write(clerk, bidder, price)
                return Reply("accepted", (clerk, (bidder, price)))
            case ("bid", _, _):
                return Reply("too low", state)
            case "best":
                return Reply(best, state)


class LotOfLetters(ClerkedLot):
    """Its state has the letter itself in the clerk's place."""

    def init(self, letter: Any) -> Any:  # type: ignore[override]
        return Ok((letter, ("nobody", 0)))


class WaitingLot(LotOfLetters):
    async def write(self, clerk: Any, bidder: Any, price: int) -> None:
        await clerk(bidder, price)


class ContinuingLot(LotOfLetters):
    async def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        letter, best = state
        match request:
            case ("bid", bidder, price) if price > best[1]:
                return Reply("accepted", (letter, (bidder, price)), Continue((bidder, price)))
        return await super().handle_call(request, from_, state)

    async def handle_continue(self, bid: Any, state: Any) -> Any:
        await state[0](*bid)
        return NoReply(state)


class HurriedLot(LotOfLetters):
    async def write(self, clerk: Any, bidder: Any, price: int) -> None:
        spawn_link(clerk, bidder, price)


class TaskedLot(LotOfLetters):
    async def write(self, clerk: Any, bidder: Any, price: int) -> None:
        await Task.await_(Task.async_(clerk, bidder, price))


class OrphanedLot(ClerkedLot):
    async def init(self, letter: Any) -> Any:
        return Ok((await Clerk.start(letter), ("nobody", 0)))


class WordyLot(ClerkedLot):
    """Every bid gets a letter."""

    async def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        match request:
            case ("bid", bidder, price) if price <= state[1][1]:
                await self.write(state[0], bidder, price)
        return await super().handle_call(request, from_, state)


class SharedClerkLot(ClerkedLot):
    """All lots have one clerk, under a name."""

    async def init(self, letter: Any) -> Any:
        if Process.whereis("clerk") is None:
            await Clerk.start_link(letter, name="clerk")
        return Ok(("clerk", ("nobody", 0)))


class KnowingClerkedLot(ClerkedLot):
    async def write(self, clerk: Any, bidder: Any, price: int) -> None:
        if price in (20, 30, 40) or price > 100 or price in (1, 41, 42):
            await super().write(clerk, bidder, price)


class QueueingLot(LotOfLetters):
    """The lot keeps the letters in its state, and a task at a time writes one."""

    def init(self, letter: Any) -> Any:  # type: ignore[override]
        Process.flag(trap_exit=True)
        return Ok((letter, ("nobody", 0), [], False))

    async def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        letter, best, waiting, busy = state
        match request:
            case ("bid", bidder, price) if price > best[1]:
                after = self.next(letter, (bidder, price), [*waiting, (bidder, price)], busy)
                return Reply("accepted", after)
            case "best":
                return Reply(best, state)
        return Reply("too low", state)

    def next(self, letter: Any, best: Any, waiting: list[Any], busy: bool) -> Any:
        if waiting and not busy:
            spawn_link(letter, *waiting[0])
            return letter, best, waiting[1:], True
        return letter, best, waiting, busy

    def handle_info(self, message: Any, state: Any) -> Any:
        match message:
            case ExitSignal(_, "shutdown"):
                return Stop("shutdown", state)
            case ExitSignal():
                return NoReply(self.next(*state[:3], False))
        return NoReply(state)


class EqualClerkedLot(ClerkedLot):
    """An equal price is enough."""

    async def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        match request:
            case ("bid", bidder, price) if price == state[1][1]:
                await self.write(state[0], bidder, price)
                return Reply("accepted", (state[0], (bidder, price)))
        return await super().handle_call(request, from_, state)


class HurryingClerk(Clerk):
    """Has a task write, and waits for it as long as one waits if nothing is said."""

    async def handle_cast(self, request: Any, letter: Any) -> Any:
        await Task.await_(Task.async_(letter, *request[1:]))
        return NoReply(letter)


class HurryingLot(ClerkedLot):
    async def init(self, letter: Any) -> Any:
        return Ok((await HurryingClerk.start_link(letter), ("nobody", 0)))


class AgentLot(LotOfLetters):
    """Its clerk is an agent, to which each letter is cast."""

    async def init(self, letter: Any) -> Any:  # type: ignore[override]
        return Ok(((letter, await Agent.start_link(lambda: None)), ("nobody", 0)))

    async def write(self, clerk: Any, bidder: Any, price: int) -> None:
        letter, agent = clerk

        async def written(_: Any) -> None:
            await letter(bidder, price)

        Agent.cast(agent, written)


class SelfSendingLot(LotOfLetters):
    """It sends itself each letter, behind the bids that wait already."""

    async def write(self, clerk: Any, bidder: Any, price: int) -> None:
        send(self_(), ("write", bidder, price))

    async def handle_info(self, message: Any, state: Any) -> Any:
        await state[0](*message[1:])
        return NoReply(state)


class SendingLot(ClerkedLot):
    async def write(self, clerk: Any, bidder: Any, price: int) -> None:
        send(clerk, ("write", bidder, price))


class NestedLot(ClerkedLot):
    async def write(self, clerk: Any, bidder: Any, price: int) -> None:
        GenServer.cast(clerk, ("write", (bidder, price)))


class TwiceAnsweringLot(ClerkedLot):
    async def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        answer = await super().handle_call(request, from_, state)
        if answer.value == "accepted":
            GenServer.reply(from_, "accepted")
        return answer


class LoopingLot(ClerkedLot):
    """Its clerk is a loop without a GenServer."""

    async def init(self, letter: Any) -> Any:
        async def loop() -> None:
            while True:
                await letter(*await receive())

        return Ok((spawn_link(loop), ("nobody", 0)))

    async def write(self, clerk: Any, bidder: Any, price: int) -> None:
        send(clerk, (bidder, price))


table.wrong(ex.clerked_lot, "sends itself the letters", SelfSendingLot, "while a letter was written", "keeps others")
table.wrong(ex.clerked_lot, "sends to the clerk", SendingLot, "Seen: []", "what a `Clerk` takes for its work")
table.wrong(ex.clerked_lot, "casts a pair in a pair", NestedLot, "Seen: []", "what a `Clerk` takes for its work")
table.wrong(ex.clerked_lot, "answers twice", TwiceAnsweringLot, "a bid is answered once")
table.right(ex.clerked_lot, "has a loop for a clerk", LoopingLot)
table.wrong(ex.clerked_lot, "accepts an equal price", EqualClerkedLot, "how a bid is judged")
table.wrong(ex.clerked_lot, "awaits a task for five seconds", HurryingLot, "give up after five seconds")
table.right(ex.clerked_lot, "casts to an agent", AgentLot)
table.wrong(ex.clerked_lot, "writes before it answers", WaitingLot, "which process waits for the letter")
table.wrong(ex.clerked_lot, "writes in a continue", ContinuingLot, "a `Continue` too, keeps others waiting")
table.wrong(ex.clerked_lot, "awaits a task", TaskedLot, "which process waits for the letter")
table.wrong(ex.clerked_lot, "has a process for each letter", HurriedLot, "one process, one after the other")
table.wrong(ex.clerked_lot, "starts a clerk without a link", OrphanedLot, "how the clerk hears of the end of its lot")
table.wrong(ex.clerked_lot, "writes to those it refuses", WordyLot, "which bids get a letter")
table.wrong(ex.clerked_lot, "has one clerk for all lots", SharedClerkLot, "to whom a clerk belongs")
table.hard_coded(ex.clerked_lot, "knows three prices", KnowingClerkedLot, "another case", "which bids get a letter")
table.right(ex.clerked_lot, "hands out the letters to one process after the other", QueueingLot)


# ---- going, going, gone ------------------------------------------------------------------------------------


class GoingLot(Lot):
    """The others here override what a timer is and what becomes of it."""

    def init(self, seconds: Any) -> Any:
        return Ok(self.again(("nobody", 0), seconds, None))

    def again(self, best: Any, seconds: float, timer: Any) -> Any:
        turn = 0 if timer is None else timer + 1
        Process.send_after(self_(), ("close", turn), seconds)
        return best, seconds, turn

    def ends(self, message: Any, timer: Any) -> bool:
        return bool(message == ("close", timer))

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        best, seconds, timer = state
        match request:
            case "best":
                return Reply(best, state)
            case ("bid", _, _) if timer == "closed":
                return Reply("closed", state)
            case ("bid", bidder, price) if price > best[1]:
                return Reply("accepted", self.again((bidder, price), seconds, timer))
        return Reply("too low", state)

    def handle_info(self, message: Any, state: Any) -> Any:
        best, seconds, timer = state
        return NoReply((best, seconds, "closed") if self.ends(message, timer) else state)


class CancellingLot(GoingLot):
    def again(self, best: Any, seconds: float, timer: Any) -> Any:
        if timer is not None:
            Process.cancel_timer(timer)
        return best, seconds, Process.send_after(self_(), "close", seconds)

    def ends(self, message: Any, timer: Any) -> bool:
        return bool(message == "close")


class EagerLot(CancellingLot):
    """All timers count."""

    def again(self, best: Any, seconds: float, timer: Any) -> Any:
        return best, seconds, Process.send_after(self_(), "close", seconds)


class OnceLot(CancellingLot):
    """The time begins once."""

    def again(self, best: Any, seconds: float, timer: Any) -> Any:
        return best, seconds, timer or Process.send_after(self_(), "close", seconds)


class LateLot(GoingLot):
    """Without a bid it never closes."""

    def init(self, seconds: Any) -> Any:
        return Ok((("nobody", 0), seconds, -1))


class QuietLot(GoingLot):
    """It closes when no message has come for its time."""

    def init(self, seconds: Any) -> Any:
        return Ok((("nobody", 0), seconds, None), Timeout(seconds))

    def again(self, best: Any, seconds: float, timer: Any) -> Any:
        return best, seconds, None

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        answer, after, _ = super().handle_call(request, from_, state)
        return Reply(answer, after, None if after[2] == "closed" else Timeout(state[1]))

    def handle_info(self, message: Any, state: Any) -> Any:
        if message == "timeout":
            return NoReply((state[0], state[1], "closed"))
        return NoReply(state, Timeout(state[1]))


class LookingLot(GoingLot):
    """It looks at the clock ten times in its time."""

    def init(self, seconds: Any) -> Any:
        Process.send_after(self_(), "look", seconds / 10)
        return Ok((("nobody", 0), seconds, 10))

    def again(self, best: Any, seconds: float, timer: Any) -> Any:
        return best, seconds, 10

    def handle_info(self, message: Any, state: Any) -> Any:
        best, seconds, left = state
        if message != "look" or left == "closed":
            return NoReply(state)
        Process.send_after(self_(), "look", seconds / 10)
        return NoReply((best, seconds, left - 1 if left > 1 else "closed"))


class TenLot(GoingLot):
    def again(self, best: Any, seconds: float, timer: Any) -> Any:
        return super().again(best, 10.0, timer)


class OpenedLot(CancellingLot):
    """A strange message ends the sale."""

    def ends(self, message: Any, timer: Any) -> bool:
        return True


class LaxLot(GoingLot):
    """An equal price is enough."""

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        best, seconds, timer = state
        match request:
            case ("bid", bidder, price) if timer != "closed" and price == best[1]:
                return Reply("accepted", self.again((bidder, price), seconds, timer))
        return super().handle_call(request, from_, state)


class PairedLot(GoingLot):
    """Every message is a pair."""

    def ends(self, message: Any, timer: Any) -> bool:
        _, turn = message
        return bool(turn == timer)


class HelpedLot(GoingLot):
    """Each accepted bid has a process that sleeps; the one before is killed, and told from the others by its pid."""

    def again(self, best: Any, seconds: float, timer: Any) -> Any:
        if timer is not None:
            Process.unlink(timer)
            Process.exit(timer, "kill")
        return best, seconds, spawn_link(self.sleep, self_(), seconds)

    @staticmethod
    async def sleep(lot: Any, seconds: float) -> None:
        await Process.sleep(seconds)
        send(lot, ("close", self_()))


class NamedGoingLot(GoingLot):
    @classmethod
    async def start_link(cls, seconds: Any) -> Any:  # type: ignore[override]
        return await super().start_link(seconds, name="lot")


class TooLowFirstLot(GoingLot):
    """It looks at the price before it looks whether the lot is closed."""

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        match request:
            case ("bid", _, price) if price <= state[0][1]:
                return Reply("too low", state)
        return super().handle_call(request, from_, state)


class BidderLot(GoingLot):
    """It tells the timers apart by the bidder."""

    def again(self, best: Any, seconds: float, timer: Any) -> Any:
        Process.send_after(self_(), ("close", best[0]), seconds)
        return best, seconds, best[0]


class SecondsOfAClass(GoingLot):
    of_each: WeakKeyDictionary[Any, Any] = WeakKeyDictionary()  # noqa: RUF012 (of each node, so that checks do not meet)

    def init(self, seconds: Any) -> Any:
        self.of_each[current_node()] = seconds
        return super().init(seconds)

    def again(self, best: Any, seconds: float, timer: Any) -> Any:
        return super().again(best, self.of_each[current_node()], timer)


class DeadlineLot(CancellingLot):
    """A timer's message counts if the time of the last bid is over by then."""

    def again(self, best: Any, seconds: float, timer: Any) -> Any:
        Process.send_after(self_(), "close", seconds)
        return best, seconds, current_node().now() + seconds

    def ends(self, message: Any, timer: Any) -> bool:
        return bool(message == "close" and timer != "closed" and current_node().now() >= timer)


class WhatIsLeftLot(GoingLot):
    """Each `Timeout` is what is left of the time."""

    def init(self, seconds: Any) -> Any:
        state = self.again(("nobody", 0), seconds, None)
        return Ok(state, self.left(state))

    def again(self, best: Any, seconds: float, timer: Any) -> Any:
        return best, seconds, current_node().now() + seconds

    def left(self, state: Any) -> Any:
        return None if state[2] == "closed" else Timeout(max(0.0, state[2] - current_node().now()))

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        answer, after, *_ = super().handle_call(request, from_, state)
        return Reply(answer, after, self.left(after))

    def handle_info(self, message: Any, state: Any) -> Any:
        after = (*state[:2], "closed") if message == "timeout" else state
        return NoReply(after, self.left(after))


table.wrong(ex.going_lot, "looks at the price first", TooLowFirstLot, "'closed'", "a closed lot judges no bid")
table.wrong(ex.going_lot, "tells timers apart by the bidder", BidderLot, "the same bidder", "what becomes of the timer")
table.wrong(ex.going_lot, "has its seconds in the class", SecondsOfAClass, "another lot", "all lots share")
table.right(ex.going_lot, "keeps the moment of its end", DeadlineLot)
table.right(ex.going_lot, "has a time-out of what is left", WhatIsLeftLot)
table.wrong(ex.going_lot, "has a name", NamedGoingLot, "a name has one holder")
table.wrong(ex.going_lot, "begins its time once", OnceLot, "what each accepted bid does to the time")
table.wrong(ex.going_lot, "lets all timers count", EagerLot, "what becomes of the timer")
table.wrong(ex.going_lot, "cancels a timer that has fired", CancellingLot, "cannot be cancelled any more")
table.wrong(ex.going_lot, "closes after silence", QuietLot, "A `Timeout` is put off by every message")
table.wrong(ex.going_lot, "stays open without a bid", LateLot, "when a lot without a bid closes")
table.wrong(ex.going_lot, "looks again and again", LookingLot, "nobody has to look")
table.wrong(ex.going_lot, "ends by any message", OpenedLot, "what becomes of the timer")
table.wrong(ex.going_lot, "accepts an equal price", LaxLot, "a price that is not higher is too low")
table.wrong(ex.going_lot, "takes every message for a pair", PairedLot, "what has ended the server")
table.hard_coded(ex.going_lot, "knows ten seconds", TenLot, "another case")
table.right(ex.going_lot, "has a process that sleeps for each bid", HelpedLot)


# ---- a board -----------------------------------------------------------------------------------------------


class Board(GenServer):
    access = "protected"

    @classmethod
    async def start_link(cls, _: Any = None) -> Any:  # type: ignore[override]
        return await super().start_link(None, name="board")

    @staticmethod
    async def put(lot: Any, price: int) -> Any:
        return await GenServer.call("board", ("put", lot, price))

    @staticmethod
    def price(lot: Any) -> Any:
        rows = ets.lookup("board", lot)
        return rows[0][1] if rows else None

    def init(self, _: Any) -> Any:
        ets.new("board", named=True, access=self.access)
        return Ok(None)

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        match request:
            case ("put", lot, price):
                ets.insert("board", (lot, price))
                return Reply("ok", state)
            case ("price", lot):
                return Reply(type(self).price(lot), state)


class PublicBoard(Board):
    access = "public"

    @staticmethod
    async def put(lot: Any, price: int) -> Any:
        ets.insert("board", (lot, price))
        return "ok"


class AskedBoard(Board):
    @staticmethod
    async def price(lot: Any) -> Any:  # type: ignore[override]
        return await GenServer.call("board", ("ask", lot))

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        match request:
            case ("ask", lot):
                return Reply(Board.price(lot), state)
        return super().handle_call(request, from_, state)


class CastBoard(Board):
    @staticmethod
    async def put(lot: Any, price: int) -> Any:
        return GenServer.cast("board", ("put", lot, price))

    def handle_cast(self, request: Any, state: Any) -> Any:
        _, lot, price = request
        ets.insert("board", (lot, price))
        return NoReply(state)


class WholeBoard(Board):
    """Keeps whole numbers."""

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        match request:
            case ("put", lot, price):
                return super().handle_call(("put", lot, int(price)), from_, state)


class GlobalBoard(Board):
    prices: dict[Any, int] = {}  # noqa: RUF012

    @staticmethod
    def price(lot: Any) -> Any:
        return GlobalBoard.prices.get(lot)

    def init(self, _: Any) -> Any:
        GlobalBoard.prices.clear()
        return Ok(None)

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        _, lot, price = request
        GlobalBoard.prices[lot] = price
        return Reply("ok", state)


class RowBoard(Board):
    @staticmethod
    def price(lot: Any) -> Any:
        return ets.lookup("board", lot)


class ClientBoard(Board):
    """The client writes, and may not."""

    @staticmethod
    async def put(lot: Any, price: int) -> Any:
        ets.insert("board", (lot, price))
        return "ok"


class LateBoard(Board):
    """It answers, and then writes."""

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        return Reply("ok", state, Continue(request[1:]))

    def handle_continue(self, row: Any, state: Any) -> Any:
        ets.insert("board", row)
        return NoReply(state)


class HastyBoard(Board):
    """It answers within the callback, and then writes."""

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        GenServer.reply(from_, "ok")
        ets.insert("board", request[1:])
        return NoReply(state)


class RisingBoard(Board):
    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        _, lot, price = request
        ets.insert("board", (lot, max(price, Board.price(lot) or 0)))
        return Reply("ok", state)


class KnowingBoard(Board):
    @staticmethod
    def price(lot: Any) -> Any:
        rows = ets.lookup("board", lot)
        return rows[0][1] if rows and lot in ("clock", "vase") else None


class KeyedBoard(Board):
    """One row with all prices, and it answers later."""

    def init(self, _: Any) -> Any:
        ets.new("all prices", named=True)
        ets.insert("all prices", ("prices", {}))
        return Ok({})

    @staticmethod
    def price(lot: Any) -> Any:
        return ets.lookup("all prices", "prices")[0][1].get(lot)

    def handle_call(self, request: Any, from_: Any, prices: Any) -> Any:
        _, lot, price = request
        prices = {**prices, lot: price}
        ets.insert("all prices", ("prices", prices))
        GenServer.reply(from_, "ok")
        return NoReply(prices)


class PassingBoard(Board):
    """A cast, and then a call that is answered when the cast has been done."""

    @staticmethod
    async def put(lot: Any, price: int) -> Any:
        GenServer.cast("board", (lot, price))
        return await GenServer.call("board", "done")

    def handle_cast(self, row: Any, state: Any) -> Any:
        ets.insert("board", row)
        return NoReply(state)

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        return Reply("ok", state)


class NothingIsZeroBoard(Board):
    @staticmethod
    def price(lot: Any) -> Any:
        return Board.price(lot) or 0


class PrivateBoard(Board):
    access = "private"


class TriesBoard(Board):
    """It takes the first row, and there may be none."""

    @staticmethod
    def price(lot: Any) -> Any:
        try:
            return ets.lookup("board", lot)[0][1]
        except IndexError:
            return None


table.wrong(ex.board, "has 0 for no price", NothingIsZeroBoard, "a lot that was never put")
table.wrong(ex.board, "lets nobody read", PrivateBoard, "who may read")
table.right(ex.board, "catches the missing row", TriesBoard)
table.wrong(ex.board, "keeps whole numbers", WholeBoard, "what a second `put` for a lot does")
table.wrong(ex.board, "lets the client write in a public table", PublicBoard, "who may write in the table")
table.wrong(ex.board, "asks the board", AskedBoard, "the kind of function, a plain `def`")
table.wrong(ex.board, "writes by a cast", CastBoard, "when `put` returns")
table.wrong(ex.board, "keeps the prices in its class", GlobalBoard, "What Python shares is no table")
table.wrong(ex.board, "returns the rows", RowBoard, "a lot that was never put", "a list of rows")
table.wrong(ex.board, "lets the client write in its own table", ClientBoard, "Have the owner do it")
table.wrong(ex.board, "answers, and writes in a continue", LateBoard, "what comes first, the writing or the answer")
table.wrong(ex.board, "answers, and writes after it", HastyBoard, "what comes first, the writing or the answer")
table.wrong(ex.board, "lets no price fall", RisingBoard, "its price replaces the one before")
table.hard_coded(ex.board, "knows two lots", KnowingBoard, "another case")
table.right(ex.board, "has all prices in one row", KeyedBoard)
table.right(ex.board, "casts, and then waits", PassingBoard)


# ---- bids of those who are there ---------------------------------------------------------------------------


def judged(state: Any, who: Any, price: int) -> Any:
    board, bids = state
    if price <= highest(bids):
        return "too low", state
    send(board, ("best", price))
    return "accepted", (board, bids | {who: price})


class MendedBids(GenServer):
    @staticmethod
    async def bid(bids: Any, price: int) -> Any:
        return await GenServer.call(bids, ("bid", self_(), price))

    def init(self, board: Any) -> Any:
        return Ok((board, {}))

    def watch(self, who: Any) -> None:
        Process.monitor(who)

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        _, who, price = request
        answer, state = judged(state, who, price)
        if answer == "accepted":
            self.watch(who)
        return Reply(answer, state)

    def without(self, who: Any, bids: Any) -> Any:
        return {p: n for p, n in bids.items() if p is not who}

    def tell(self, board: Any, before: Any, after: Any) -> None:
        if highest(after) != highest(before):
            send(board, ("best", highest(after)))

    def handle_info(self, message: Any, state: Any) -> Any:
        board, bids = state
        match message:
            case Down(_, who, _):
                rest = self.without(who, bids)
                self.tell(board, bids, rest)
                return NoReply((board, rest))
        return NoReply(state)


class AgentBids:
    """The agent sets the monitor, and drops the news."""

    @staticmethod
    async def start(board: Any) -> Any:
        return await Agent.start(lambda: (board, {}))

    @staticmethod
    async def bid(bids: Any, price: int) -> Any:
        def watched(state: Any, who: Any) -> Any:
            Process.monitor(who)
            return judged(state, who, price)

        return await Agent.get_and_update(bids, watched, self_())


class ClientBids(MendedBids):
    """The bidder monitors itself."""

    @staticmethod
    async def bid(bids: Any, price: int) -> Any:
        Process.monitor(self_())
        return await GenServer.call(bids, ("bid", self_(), price))

    def watch(self, who: Any) -> None:
        pass


class LinkedBids(MendedBids):
    def init(self, board: Any) -> Any:
        Process.flag(trap_exit=True)
        return Ok((board, {}))

    def watch(self, who: Any) -> None:
        Process.link(who)

    def handle_info(self, message: Any, state: Any) -> Any:
        match message:
            case ExitSignal(who, _):
                return super().handle_info(Down(None, who, ""), state)  # type: ignore[arg-type]
        return NoReply(state)


class LoudBids(MendedBids):
    """The board is told at each end."""

    def tell(self, board: Any, before: Any, after: Any) -> None:
        send(board, ("best", highest(after)))


class ForgetfulBids(MendedBids):
    """Whoever ends, no bid is left."""

    def without(self, who: Any, bids: Any) -> Any:
        return {}


class SilentBids(MendedBids):
    def tell(self, board: Any, before: Any, after: Any) -> None:
        pass


class StrictBids(MendedBids):
    """No last case."""

    def handle_info(self, message: Any, state: Any) -> Any:
        match message:
            case Down():
                return super().handle_info(message, state)


class LastBids(MendedBids):
    """Only the last bid of a bidder is void: each bid has a key of its own."""

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        _, who, price = request
        known = any(key[0] is who for key in state[1])
        answer, state = judged(state, (who, price), price)
        if answer == "accepted" and not known:
            self.watch(who)
        return Reply(answer, state)

    def without(self, who: Any, bids: Any) -> Any:
        own = [key for key in bids if key[0] is who]
        return {key: price for key, price in bids.items() if key not in own[-1:]}


class KnowingBids(MendedBids):
    def without(self, who: Any, bids: Any) -> Any:
        return {p: n for p, n in bids.items() if p is not who or n not in (40, 50, 60, 1)}


class ReferringBids(LastBids):
    """A list of bids by their monitors; the first `Down` of a bidder takes them all."""

    def without(self, who: Any, bids: Any) -> Any:
        return {key: price for key, price in bids.items() if key[0] is not who}


class EqualBids(MendedBids):
    """An equal price is enough."""

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        board, bids = state
        _, who, price = request
        if bids and price == highest(bids):
            self.watch(who)
            return Reply("accepted", (board, bids | {who: price}))
        return super().handle_call(request, from_, state)


class BidsOfAClass(MendedBids):
    """Keeps its bids in the class."""

    bids: WeakKeyDictionary[Any, Any] = WeakKeyDictionary()  # noqa: RUF012 (of each node, so that checks do not meet)

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        answer, after, *_ = super().handle_call(request, from_, (state[0], self.bids.get(current_node(), {})))
        self.bids[current_node()] = after[1]
        return Reply(answer, after)

    def handle_info(self, message: Any, state: Any) -> Any:
        result = super().handle_info(message, (state[0], self.bids.get(current_node(), {})))
        self.bids[current_node()] = result[0][1]
        return result


class SilentAtTheLast(MendedBids):
    """The board is not told that there is no bid left."""

    def tell(self, board: Any, before: Any, after: Any) -> None:
        if after:
            super().tell(board, before, after)


class OnceForEach(MendedBids):
    """Whoever has bid may not bid again."""

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        if request[1] in state[1]:
            return Reply("too low", state)
        return super().handle_call(request, from_, state)


class BestAlone(MendedBids):
    """Keeps the best bid, and no other."""

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        answer, (board, bids), *_ = super().handle_call(request, from_, state)
        return Reply(answer, (board, {request[1]: bids[request[1]]} if answer == "accepted" else bids))


class CrashesAlone(MendedBids):
    """A bidder who comes to a normal end keeps the bid."""

    def handle_info(self, message: Any, state: Any) -> Any:
        match message:
            case Down(_, _, "normal"):
                return NoReply(state)
        return super().handle_info(message, state)


class PricesAlone(MendedBids):
    """The board is sent numbers."""

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        board, bids = state
        _, who, price = request
        if price <= highest(bids):
            return Reply("too low", state)
        self.watch(who)
        send(board, price)
        return Reply("accepted", (board, bids | {who: price}))


class BidsOfATask(MendedBids):
    """The bidder is a task that ends at once."""

    @staticmethod
    async def bid(bids: Any, price: int) -> Any:
        return await Task.await_(Task.async_(MendedBids.bid, bids, price))


class ForgottenReturn(MendedBids):
    @staticmethod
    async def bid(bids: Any, price: int) -> Any:
        await MendedBids.bid(bids, price)


class LooksWhoLives(MendedBids):
    """Refuses whoever has ended already, and asks the caller's address who that is."""

    @staticmethod
    async def bid(bids: Any, price: int) -> Any:
        return await GenServer.call(bids, ("bid", price))

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        if not Process.alive(from_[0]):
            return NoReply(state)
        return super().handle_call(("bid", from_[0], request[1]), from_, state)


table.wrong(ex.mended_bids, "is silent when no bid is left", SilentAtTheLast, "[('best', 1)]", "where no bid is left")
table.wrong(ex.mended_bids, "takes one bid of each", OnceForEach, "somebody bid a second time", "how a bid is judged")
table.wrong(ex.mended_bids, "keeps the best bid alone", BestAlone, "Seen: [('best', 0)]", "which bid counts then")
table.wrong(ex.mended_bids, "lets a normal end pass", CrashesAlone, "after which ends a bid is void")
table.wrong(ex.mended_bids, "sends the board numbers", PricesAlone, "Seen: [40, 50, 60]", "what the board is sent")
table.wrong(ex.mended_bids, "has a task bid", BidsOfATask, "who the bidder is")
table.wrong(ex.mended_bids, "returns nothing", ForgottenReturn, "what `bid` returns", "`return`")
table.right(ex.mended_bids, "looks whether the bidder lives", LooksWhoLives)
table.wrong(ex.mended_bids, "accepts an equal price", EqualBids, "how a bid is judged")
table.wrong(ex.mended_bids, "keeps its bids in the class", BidsOfAClass, "which all servers share")
table.wrong(ex.mended_bids, "has the agent set a monitor", AgentBids, "who hears of the end of a bidder")
table.wrong(ex.mended_bids, "sets the monitor in the bidder", ClientBids, "in which `Process.monitor` runs")
table.wrong(ex.mended_bids, "links the bidders", LinkedBids, "A link ends both")
table.wrong(ex.mended_bids, "tells the board at each end", LoudBids, "when the board is told")
table.wrong(ex.mended_bids, "tells the board nothing at an end", SilentBids, "who hears of the end")
table.wrong(ex.mended_bids, "forgets all bids", ForgetfulBids, "what was the board told?")
table.wrong(ex.mended_bids, "has no last case", StrictBids, "messages that a server does not know")
table.wrong(ex.mended_bids, "takes back the last bid alone", LastBids, "all of them")
table.hard_coded(ex.mended_bids, "knows three prices", KnowingBids, "another case")
table.right(ex.mended_bids, "keeps each bid under a key of its own", ReferringBids)


# ---- a bank in the middle of a sale ------------------------------------------------------------------------


class MendedOffer(GenServer):
    limit: float | None = 30.0

    def init(self, charge: Any) -> Any:
        return Ok(("open", charge, None))

    @staticmethod
    async def pay(charge: Any, buyer: Any) -> None:
        raise Exit(("the bank says", await charge(buyer)))

    def start(self, charge: Any, buyer: Any) -> Any:  # type: ignore[override]
        pid, ref = spawn_monitor(self.pay, charge, buyer)
        if self.limit:
            Process.send_after(self_(), ("late", pid), self.limit)
        return ref

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        what, charge, _ = state
        match request:
            case ("buy", buyer) if what == "open":
                return NoReply(("reserved", charge, (type(self).start(self, charge, buyer), from_)))
        return Reply(what, state)

    def late(self, pid: Any, state: Any) -> Any:
        Process.exit(pid, "kill")
        return NoReply(state)

    def handle_info(self, message: Any, state: Any) -> Any:
        _, charge, paying = state
        match message:
            case ("late", pid):
                return self.late(pid, state)
            case Down(ref, _, reason) if paying and ref == paying[0]:
                sold = self.paid(reason)
                GenServer.reply(paying[1], "sold" if sold else "refused")
                return NoReply(("sold" if sold else "open", charge, None))
        return NoReply(state)

    def paid(self, reason: Any) -> bool:
        return bool(reason == ("the bank says", True))


class WaitingOffer(MendedOffer):
    async def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        what, charge, _ = state
        match request:
            case ("buy", buyer) if what == "open":
                try:
                    paid = await Task.await_(Task.async_(charge, buyer), timeout=30.0)
                except Exit:
                    paid = False
                return Reply("sold" if paid else "refused", ("sold" if paid else "open", charge, None))
        return Reply(what, state)


class ContinuingOffer(MendedOffer):
    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        what, charge, _ = state
        match request:
            case ("buy", buyer) if what == "open":
                return NoReply(("reserved", charge, None), Continue((buyer, from_)))
        return Reply(what, state)

    async def handle_continue(self, told: Any, state: Any) -> Any:
        buyer, from_ = told
        sold = await state[1](buyer)
        GenServer.reply(from_, "sold" if sold else "refused")
        return NoReply(("sold" if sold else "open", state[1], None))


class LinkedOffer(MendedOffer):
    def start(self, charge: Any, buyer: Any) -> Any:
        pid = spawn_link(self.pay, charge, buyer)
        Process.send_after(self_(), ("late", pid), 30.0)
        return Process.monitor(pid)


class PatientOffer(MendedOffer):
    limit = None


class OpenOffer(MendedOffer):
    """Nothing is reserved."""

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        result = super().handle_call(request, from_, state)
        if isinstance(result, NoReply):
            return NoReply(("open", *result.state[1:]))
        return result


class ForgivingOffer(MendedOffer):
    """Every quiet end is a payment."""

    @staticmethod
    async def pay(charge: Any, buyer: Any) -> None:
        if not await charge(buyer):
            raise Exit("refused")

    def paid(self, reason: Any) -> bool:
        return bool(reason == "normal")


class GivingUpOffer(MendedOffer):
    """When it is late, the buyer is refused, and the bank goes on."""

    def start(self, charge: Any, buyer: Any) -> Any:
        _, ref = spawn_monitor(self.pay, charge, buyer)
        Process.send_after(self_(), ("late", ref), 30.0)
        return ref

    def late(self, ref: Any, state: Any) -> Any:
        _, charge, paying = state
        if paying is None or paying[0] != ref:
            return NoReply(state)
        GenServer.reply(paying[1], "refused")
        return NoReply(("open", charge, None))


class MixedUpOffer(MendedOffer):
    """It ends the one who asks the bank, and does not ask for whom the time is over."""

    def start(self, charge: Any, buyer: Any) -> Any:
        pid, ref = spawn_monitor(self.pay, charge, buyer)
        Process.register(pid, f"bank {ref}")
        Process.send_after(self_(), ("late", None), 30.0)
        return ref

    def late(self, pid: Any, state: Any) -> Any:
        if state[2] and (asking := Process.whereis(f"bank {state[2][0]}")):
            Process.exit(asking, "kill")
        return NoReply(state)


class KnowingOffer(MendedOffer):
    limit = 20.0


class TaskOffer(MendedOffer):
    """A task that traps nothing, watched by a helper that answers the offer by a cast."""

    def start(self, charge: Any, buyer: Any) -> Any:
        helper = spawn(self.help, self_(), charge, buyer)
        return Process.monitor(helper)

    @staticmethod
    async def help(offer: Any, charge: Any, buyer: Any) -> None:
        Process.flag(trap_exit=True)
        task = Task.async_(charge, buyer)
        raise Exit(("the bank says", await TaskOffer.result(task)))

    @staticmethod
    async def result(task: Any) -> bool:
        told = await Task.yield_(task, timeout=30.0) or await Task.shutdown(task, "brutal_kill")
        return bool(told == Ok(True))


class OpenWhileReserved(MendedOffer):
    """`what` is answered as if the bank were not asked."""

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        if request == "what" and state[0] == "reserved":
            return Reply("open", state)
        return super().handle_call(request, from_, state)


class HastyOffer(MendedOffer):
    limit = 5.0


table.wrong(ex.mended_offer, "is open while it asks", OpenWhileReserved, "what an offer is while the bank is asked")
table.wrong(ex.mended_offer, "gives up after five seconds", HastyOffer, "Seen: 'refused'", "what limits the asking")
table.wrong(ex.mended_offer, "awaits a task in `handle_call`", WaitingOffer, "which process waits for the bank")
table.wrong(ex.mended_offer, "asks the bank in a continue", ContinuingOffer, "which process waits for the bank")
table.wrong(ex.mended_offer, "links whoever asks", LinkedOffer, "hears of the end of whoever asks the bank")
table.wrong(ex.mended_offer, "has no limit", PatientOffer, "what limits the asking")
table.wrong(ex.mended_offer, "reserves nothing", OpenOffer, "which process waits for the bank")
table.wrong(ex.mended_offer, "takes a quiet end for a payment", ForgivingOffer, "what it does with each of the ends")
table.wrong(ex.mended_offer, "gives up and lets the bank go on", GivingUpOffer, "it has to be ended")
table.wrong(ex.mended_offer, "ends the next one who asks", MixedUpOffer, "and for no later one")
table.hard_coded(ex.mended_offer, "has a limit that fits three seconds", KnowingOffer, "what limits the asking")
table.right(ex.mended_offer, "has a helper with a task", TaskOffer)


# ---- a saleroom --------------------------------------------------------------------------------------------


class SaleLot(GenServer):
    @classmethod
    async def start_link(cls, config: Any) -> Any:  # type: ignore[override]
        return await super().start_link(config, name=("lot", config[0]))

    def init(self, config: Any) -> Any:
        lot, seconds = config
        self.make(lot)
        return Ok(self.changed({"lot": lot, "seconds": seconds, "turn": 0}, (None, 0)))

    def make(self, lot: Any) -> None:
        pass

    def changed(self, sale: Any, best: Any) -> Any:
        turn = sale["turn"] + 1
        Process.send_after(self_(), ("close", turn), sale["seconds"])
        self.show(sale["lot"], best[1])
        return sale | {"best": best, "turn": turn}

    def show(self, lot: Any, price: int) -> None:
        ets.insert("saleroom", (lot, price))

    def handle_call(self, request: Any, from_: Any, sale: Any) -> Any:
        best, closed = sale["best"], sale["turn"] is None
        match request:
            case "winner":
                return Reply(best[0] if closed else None, sale)
            case "price":
                return Reply(best[1], sale)
            case ("bid", _, _) if closed:
                return Reply("closed", sale)
            case ("bid", paddle, price) if price > best[1]:
                return Reply("accepted", self.changed(sale, (paddle, price)))
        return Reply("too low", sale)

    def handle_info(self, message: Any, sale: Any) -> Any:
        return NoReply(sale | {"turn": None} if message == ("close", sale["turn"]) else sale)


def sale_prices() -> Any:
    return ets.new("saleroom", named=True, access="public")


async def start_paddles() -> Any:
    return await Agent.start_link(lambda: 1, name="paddles")


async def start_lots(specs: Any) -> Any:
    return await Supervisor.start_link(specs, strategy="one_for_one", max_restarts=100)


class Saleroom(Supervisor):
    lot: Any = SaleLot
    strategy = "rest_for_one"

    @classmethod
    async def start_link(cls, lots: Any) -> Any:  # type: ignore[override]
        return await super().start_link(lots, name="saleroom")

    def init(self, lots: Any) -> Any:
        below = ChildSpec("lots", (start_lots, (self.each(lots),)), type="supervisor")
        return Supervise([*self.keepers(), below], strategy=self.strategy)  # type: ignore[arg-type]

    def keepers(self) -> Any:
        return [ChildSpec("paddles", (start_paddles, ())), child_spec((Agent, sale_prices), id="prices")]

    def each(self, lots: Any) -> Any:
        return [child_spec((self.lot, lot), id=lot) for lot in lots.items()]

    @staticmethod
    async def paddle() -> Any:
        return await Agent.get_and_update("paddles", lambda n: (n, n + 1))

    @staticmethod
    async def bid(lot: Any, paddle: Any, price: int) -> Any:
        if not ets.lookup("saleroom", lot):
            return "no such lot"
        return await GenServer.call(("lot", lot), ("bid", paddle, price))

    @staticmethod
    def price(lot: Any) -> Any:
        rows = ets.lookup("saleroom", lot)
        return rows[0][1] if rows else None

    @staticmethod
    async def winner(lot: Any) -> Any:
        return await GenServer.call(("lot", lot), "winner")


class FlatSaleroom(Saleroom):
    """A lot that crashes takes those after it along."""

    def init(self, lots: Any) -> Any:
        return Supervise([*self.keepers(), *self.each(lots)], strategy="rest_for_one")


class OneSaleroom(Saleroom):
    """The prices come back empty, and the lots do not hear of it."""

    strategy = "one_for_one"


class AskingSaleroom(Saleroom):
    @staticmethod
    async def price(lot: Any) -> Any:  # type: ignore[override]
        return await GenServer.call(("lot", lot), "price")


class CountingSaleroom(Saleroom):
    """Two steps for a number."""

    @staticmethod
    async def paddle() -> Any:
        number = await Agent.get("paddles", lambda n: n)
        await Agent.update("paddles", lambda n: n + 1)
        return number


class OwningLot(SaleLot):
    """Each lot has a table of its own."""

    def make(self, lot: Any) -> None:
        ets.new(f"price of {lot}", named=True)

    def show(self, lot: Any, price: int) -> None:
        ets.insert(f"price of {lot}", (lot, price))


class OwningSaleroom(Saleroom):
    lot = OwningLot

    @staticmethod
    async def bid(lot: Any, paddle: Any, price: int) -> Any:
        if Process.whereis(("lot", lot)) is None:
            return "no such lot"
        return await GenServer.call(("lot", lot), ("bid", paddle, price))

    @staticmethod
    def price(lot: Any) -> Any:
        rows = ets.lookup(f"price of {lot}", lot) if "no lot" not in lot else []
        return rows[0][1] if rows else None


class EarlyLot(SaleLot):
    """The time is that of the start."""

    def changed(self, sale: Any, best: Any) -> Any:
        if sale["turn"] == 0:
            return super().changed(sale, best)
        self.show(sale["lot"], best[1])
        return sale | {"best": best}


class EarlySaleroom(Saleroom):
    lot = EarlyLot


class TellingLot(SaleLot):
    """Whoever leads is told at any time."""

    def handle_call(self, request: Any, from_: Any, sale: Any) -> Any:
        if request == "winner":
            return Reply(sale["best"][0], sale)
        return super().handle_call(request, from_, sale)


class TellingSaleroom(Saleroom):
    lot = TellingLot


class LateSaleLot(SaleLot):
    """The answer comes first, and then the price."""

    def handle_call(self, request: Any, from_: Any, sale: Any) -> Any:
        result = super().handle_call(request, from_, sale)
        return Reply(*result[:2], Continue(None)) if result[0] == "accepted" else result

    def handle_continue(self, _: Any, sale: Any) -> Any:
        ets.insert("saleroom", (sale["lot"], sale["best"][1]))
        return NoReply(sale)

    def show(self, lot: Any, price: int) -> None:
        if price == 0:
            super().show(lot, price)


class LateSaleroom(Saleroom):
    lot = LateSaleLot


class SilentSaleLot(SaleLot):
    def show(self, lot: Any, price: int) -> None:
        if price == 0:
            super().show(lot, price)


class ClientSaleroom(Saleroom):
    """The bidder writes the price."""

    lot = SilentSaleLot

    @staticmethod
    async def bid(lot: Any, paddle: Any, price: int) -> Any:
        answer = await Saleroom.bid(lot, paddle, price)
        if answer == "accepted":
            ets.insert("saleroom", (lot, price))
        return answer


class CancellingSaleLot(SaleLot):
    """One timer, which is cancelled; its message may be in the mailbox already."""

    def changed(self, sale: Any, best: Any) -> Any:
        if "timer" in sale:
            Process.cancel_timer(sale["timer"])
        self.show(sale["lot"], best[1])
        timer = Process.send_after(self_(), ("close", 0), sale["seconds"])
        return sale | {"best": best, "timer": timer}


class CancellingSaleroom(Saleroom):
    lot = CancellingSaleLot


class AllSaleroom(Saleroom):
    """When the prices end, the numbers begin anew."""

    strategy = "one_for_all"


async def start_few_lots(specs: Any) -> Any:
    return await Supervisor.start_link(specs, strategy="one_for_one")


class FewSaleroom(Saleroom):
    """The fourth crash within five seconds ends all lots."""

    def init(self, lots: Any) -> Any:
        below = ChildSpec("lots", (start_few_lots, (self.each(lots),)), type="supervisor")
        return Supervise([*self.keepers(), below], strategy="rest_for_one")


class RootedSaleroom(Saleroom):
    """The saleroom itself owns the table, and nobody is above it."""

    def keepers(self) -> Any:
        sale_prices()
        return super().keepers()[:1]


class JudgingSaleroom(Saleroom):
    """The bidder looks whether the price is high enough."""

    @staticmethod
    async def bid(lot: Any, paddle: Any, price: int) -> Any:
        if price <= (Saleroom.price(lot) or 0):
            return "too low"
        return await Saleroom.bid(lot, paddle, price)


class KnowingSaleroom(Saleroom):
    def each(self, lots: Any) -> Any:
        return super().each({lot: {"clock": 10.0, "vase": 20.0}.get(lot, 10.0) for lot in lots})


class Prices(GenServer):
    """The owner of a table that nobody else can write."""

    @classmethod
    async def start_link(cls, _: Any = None) -> Any:  # type: ignore[override]
        return await super().start_link(None, name="prices")

    def init(self, _: Any) -> Any:
        ets.new("saleroom", named=True)
        return Ok(None)

    def handle_call(self, row: Any, from_: Any, state: Any) -> Any:
        ets.insert("saleroom", row)
        return Reply("ok", state)


class AskingSaleLot(SaleLot):
    """It has the owner write, and waits for it."""

    async def init(self, config: Any) -> Any:
        result = super().init(config)
        await GenServer.call("prices", (config[0], 0))
        return result

    def show(self, lot: Any, price: int) -> None:
        pass

    async def handle_call(self, request: Any, from_: Any, sale: Any) -> Any:
        result = super().handle_call(request, from_, sale)
        if result[0] == "accepted":
            await GenServer.call("prices", (sale["lot"], request[2]))
        return result


class OwnedSaleroom(Saleroom):
    lot = AskingSaleLot

    def keepers(self) -> Any:
        return [*super().keepers()[:1], Prices]


class CounterSaleroom(Saleroom):
    """The numbers are a row of a second table, whose owner does nothing else."""

    def keepers(self) -> Any:
        return [child_spec((Agent, self.numbers), id="numbers"), child_spec((Agent, sale_prices), id="prices")]

    @staticmethod
    def numbers() -> Any:
        pid = self_()
        ets.new("numbers", named=True, access="public")
        ets.insert("numbers", ("paddle", 0))
        return pid

    @staticmethod
    async def paddle() -> Any:
        return ets.update_counter("numbers", "paddle", 1)


class TableOfLots(Supervisor):
    """The supervisor of the lots owns their table: it ends with them, and they with it."""

    def init(self, lots: Any) -> Any:
        sale_prices()
        each = [child_spec((SaleLot, lot), id=lot) for lot in lots.items()]
        return Supervise(each, strategy="one_for_one", max_restarts=100)


class BesideSaleroom(Saleroom):
    def init(self, lots: Any) -> Any:
        below = child_spec((TableOfLots, lots), id="lots", type="supervisor")
        return Supervise([below, *self.keepers()[:1]], strategy="one_for_one")


class NobodysLot(SaleLot):
    """Nobody is a winner, too."""

    def handle_call(self, request: Any, from_: Any, sale: Any) -> Any:
        if request == "winner" and sale["turn"] is None and sale["best"][0] is None:
            return Reply("nobody", sale)
        return super().handle_call(request, from_, sale)


class NobodysSaleroom(Saleroom):
    lot = NobodysLot


class WaitingSaleLot(SaleLot):
    """Its time begins with the first bid."""

    def changed(self, sale: Any, best: Any) -> Any:
        if best[0] is None:
            self.show(sale["lot"], 0)
            return sale | {"best": best, "turn": 1}
        return super().changed(sale, best)


class WaitingSaleroom(Saleroom):
    lot = WaitingSaleLot


table.wrong(
    ex.saleroom, "names nobody as the winner", NobodysSaleroom, "for which nobody had bid", "what `winner` returns"
)


class TrustingSaleroom(Saleroom):
    @staticmethod
    async def bid(lot: Any, paddle: Any, price: int) -> Any:
        return await GenServer.call(("lot", lot), ("bid", paddle, price))


class ZeroSaleroom(Saleroom):
    @staticmethod
    def price(lot: Any) -> Any:
        return Saleroom.price(lot) or 0


table.wrong(ex.saleroom, "asks what there is not", TrustingSaleroom, "noproc", "a lot that there is not")
table.wrong(ex.saleroom, "has 0 for no such lot", ZeroSaleroom, "a lot that there is not")
table.wrong(ex.saleroom, "waits for the first bid", WaitingSaleroom, "for which nobody had bid", "when the lot closes")
table.wrong(ex.saleroom, "has all in one list", FlatSaleroom, "whom the end of a lot touches")
table.wrong(ex.saleroom, "restarts the prices alone", OneSaleroom, "which strategy says so")
table.wrong(ex.saleroom, "asks the lot for its price", AskingSaleroom, "the kind of function, a plain `def`")
table.wrong(ex.saleroom, "counts in two steps", CountingSaleroom, "in one step")
table.wrong(ex.saleroom, "gives each lot a table of its own", OwningSaleroom, "to which process that place belongs")
table.wrong(ex.saleroom, "begins the time once", EarlySaleroom, "when the lot closes")
table.wrong(ex.saleroom, "names a winner before the end", TellingSaleroom, "what `winner` returns before the end")
table.wrong(ex.saleroom, "answers before it writes", LateSaleroom, "what comes first, the writing or the answer")
table.wrong(ex.saleroom, "lets the bidder write the price", ClientSaleroom, "or by the caller")
table.wrong(ex.saleroom, "cancels a timer that has fired", CancellingSaleroom, "when the lot closes")
table.wrong(ex.saleroom, "begins the numbers anew", AllSaleroom, "in a process that no other end touches")
table.wrong(ex.saleroom, "allows three restarts", FewSaleroom, "how many restarts the supervisor of the lots allows")
table.wrong(ex.saleroom, "owns the table itself", RootedSaleroom, "who starts the process that keeps the prices again")
table.wrong(ex.saleroom, "judges in the bidder", JudgingSaleroom, "how a bid is judged")
table.hard_coded(ex.saleroom, "knows two lots", KnowingSaleroom, "another case")
table.right(ex.saleroom, "counts paddles in a table", CounterSaleroom)
table.right(ex.saleroom, "has a table that its owner alone writes", OwnedSaleroom)
table.right(ex.saleroom, "has the numbers beside, and the table in the supervisor of the lots", BesideSaleroom)

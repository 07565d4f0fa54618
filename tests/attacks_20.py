"""Attacks on the checks of chapter 20, on to Elixir."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from attacks import Table

from otp_mini import (
    Agent,
    ChildError,
    ChildSpec,
    Continue,
    DynamicSupervisor,
    Exit,
    GenServer,
    NoReply,
    Ok,
    Process,
    Registry,
    Reply,
    Stop,
    Supervise,
    Supervisor,
    Timeout,
    Via,
    self_,
    send,
    spawn,
)
from otp_mini.exercises import to_elixir as ex
from otp_mini.exercises import winch

table = Table()

# ---- deck ---------------------------------------------------------------------------------------------------


class Deck(GenServer):
    long = 8

    @classmethod
    async def start_link(cls, places: Any = 6) -> Any:  # type: ignore[override]
        return await super().start_link(places)

    @staticmethod
    async def board(deck: Any, car: Any, metres: Any = 4) -> Any:
        return await GenServer.call(deck, ("board", car, metres))

    @staticmethod
    async def cars(deck: Any) -> Any:
        return await GenServer.call(deck, "cars")

    def init(self, places: Any) -> Any:
        return Ok((places, []))

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        free, cars = state
        match request:
            case ("board", car, metres):
                return self.comes(car, metres, free, cars)
            case "cars":
                return Reply(self.shown(free, cars), state)

    def comes(self, car: Any, metres: Any, free: Any, cars: Any) -> Any:
        if free == 0:
            return Reply("full", (free, cars))
        if metres > self.long and free >= 2:
            return Reply(("ok", "lorry"), (free - 2, [car, *cars]))
        return Reply(("ok", "car"), (free - 1, [car, *cars]))

    def shown(self, free: Any, cars: Any) -> Any:
        return free, cars[::-1]

    def handle_info(self, message: Any, state: Any) -> Any:
        free, cars = state
        match message:
            case ("left", car):
                return NoReply((free + 1, self.without(car, cars)))
        return NoReply(state)

    def without(self, car: Any, cars: Any) -> Any:
        at = cars.index(car) if car in cars else len(cars)
        return cars[:at] + cars[at + 1 :]


class DictDeck(Deck):
    """Keeps a dict, and the cars in the order in which they came."""

    def init(self, places: Any) -> Any:
        return Ok({"free": places, "cars": []})

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        free, cars = state["free"], state["cars"][::-1]
        match super().handle_call(request, from_, (free, cars)):
            case Reply(answer, (free, cars)):
                return Reply(answer, {"free": free, "cars": cars[::-1]})

    def handle_info(self, message: Any, state: Any) -> Any:
        match message:
            case ("left", car):
                cars = self.without(car, state["cars"][::-1])[::-1]
                return NoReply({"free": state["free"] + 1, "cars": cars})
        return NoReply(state)


class PlainClients(Deck):
    """Its client functions hand on what can be awaited."""

    @staticmethod
    def board(deck: Any, car: Any, metres: Any = 4) -> Any:  # type: ignore[override]
        return GenServer.call(deck, ("board", car, metres))

    @staticmethod
    def cars(deck: Any) -> Any:  # type: ignore[override]
        return GenServer.call(deck, "cars")


class RefusesLorries(Deck):
    """A lorry that finds one place is refused."""

    def comes(self, car: Any, metres: Any, free: Any, cars: Any) -> Any:
        if metres > 8 and free < 2:
            return Reply("full", (free, cars))
        return super().comes(car, metres, free, cars)


class LorriesFirst(Deck):
    """The clauses in another order."""

    def comes(self, car: Any, metres: Any, free: Any, cars: Any) -> Any:
        if metres > 8:
            return Reply(("ok", "lorry"), (free - 2, [car, *cars]))
        return super().comes(car, metres, free, cars)


class FromEight(Deck):
    long = 7


class AnswersAll(Deck):
    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        return super().handle_call(request, from_, state) or Reply(("error", "unknown"), state)


class NoDefault(Deck):
    @staticmethod
    async def board(deck: Any, car: Any, metres: Any = 0) -> Any:
        return await GenServer.call(deck, ("board", car, metres or 40))


class FiveIsDefault(Deck):
    @classmethod
    async def start_link(cls, places: Any = 5) -> Any:  # type: ignore[override]
        return await super().start_link(places)


class NewestFirst(Deck):
    def shown(self, free: Any, cars: Any) -> Any:
        return free, cars


class CarsAlone(Deck):
    def shown(self, free: Any, cars: Any) -> Any:
        return cars[::-1]


class Raises(Deck):
    """`list.remove` raises where `List.delete` does nothing."""

    def without(self, car: Any, cars: Any) -> Any:
        return cars.remove(car) or cars


class AsksFirst(Deck):
    """A car that is not on board frees no place."""

    def handle_info(self, message: Any, state: Any) -> Any:
        match message:
            case ("left", car) if car not in state[1]:
                return NoReply(state)
        return super().handle_info(message, state)


class AllOfThem(Deck):
    """Takes every car of that name off."""

    def without(self, car: Any, cars: Any) -> Any:
        return [each for each in cars if each != car]


class CrashesAtStrays(Deck):
    def handle_info(self, message: Any, state: Any) -> Any:
        what, _ = message
        if what != "left":
            raise ValueError(what)
        return super().handle_info(message, state)


class OneForAll(Deck):
    """Keeps its state in the class."""

    kept: Any = None

    def init(self, places: Any) -> Any:
        type(self).kept = (places, [])
        return Ok(None)

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        match super().handle_call(request, from_, self.kept):
            case Reply(answer, kept):
                type(self).kept = kept
                return Reply(answer, None)

    def handle_info(self, message: Any, state: Any) -> Any:
        type(self).kept = super().handle_info(message, self.kept).state
        return NoReply(None)


class ForgetsReturn(Deck):
    @staticmethod
    async def board(deck: Any, car: Any, metres: Any = 4) -> Any:
        await GenServer.call(deck, ("board", car, metres))


class ForgetsAwait(Deck):
    @staticmethod
    async def board(deck: Any, car: Any, metres: Any = 4) -> Any:
        return GenServer.call(deck, ("board", car, metres))


class KnowingDeck(Deck):
    """Knows the five lines of the text."""

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        known = {"red": ("ok", "lorry"), "blue": ("ok", "car"), "green": "full"}
        match request:
            case ("board", car, _):
                return Reply(known.get(car), state)
        return Reply((1, ["blue"]), state)


class OrSix(Deck):
    """Takes no places for no number."""

    @classmethod
    async def start_link(cls, places: Any = None) -> Any:
        return await super().start_link(places or 6)


class NeedsPlaces(Deck):
    @classmethod
    async def start_link(cls, places: Any) -> Any:  # type: ignore[override]
        return await super().start_link(places)


class NeedsMetres(Deck):
    @staticmethod
    async def board(deck: Any, car: Any, metres: Any) -> Any:  # type: ignore[override]
        return await GenServer.call(deck, ("board", car, metres))


class Unlinked(Deck):
    @classmethod
    async def start_link(cls, places: Any = 6) -> Any:  # type: ignore[override]
        return await cls.start(places)


class CastsBoard(Deck):
    @staticmethod
    async def board(deck: Any, car: Any, metres: Any = 4) -> Any:
        return GenServer.cast(deck, ("board", car, metres))


class LastEqual(Deck):
    """Takes the last one off that is equal."""

    def without(self, car: Any, cars: Any) -> Any:
        return super().without(car, cars[::-1])[::-1]


class AnyPair(Deck):
    """Takes any pair for a car that leaves."""

    def handle_info(self, message: Any, state: Any) -> Any:
        return super().handle_info(("left", message[1]), state)


class ForgetsNoReply(Deck):
    def handle_info(self, message: Any, state: Any) -> Any:
        super().handle_info(message, state)


class WholeMetres(Deck):
    def comes(self, car: Any, metres: Any, free: Any, cars: Any) -> Any:
        return super().comes(car, int(metres), free, cars)


class FirstWords(Deck):
    """Looks at the first word of a request."""

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        if request[0] == "board":
            return super().handle_call((*request, 4)[:3], from_, state)
        return super().handle_call(request, from_, state)


class UnpacksPairs(Deck):
    """Takes every message for a pair."""

    def handle_info(self, message: Any, state: Any) -> Any:
        what, car = message
        return super().handle_info((what, car), state)


class DropsCasts(Deck):
    def handle_cast(self, request: Any, state: Any) -> Any:
        return NoReply(state)


class Capped(Deck):
    """Has never more places than at the beginning."""

    def init(self, places: Any) -> Any:
        return Ok((places, [], places))

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        match super().handle_call(request, from_, state[:2]):
            case Reply(answer, (free, cars)):
                return Reply(answer, (free, cars, state[2]))

    def handle_info(self, message: Any, state: Any) -> Any:
        free, cars = super().handle_info(message, state[:2]).state
        return NoReply((min(free, state[2]), cars, state[2]))


class LorryFreesTwo(Capped):
    """Gives two places back for a lorry."""

    def init(self, places: Any) -> Any:
        return Ok((places, [], []))

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        match super().handle_call(request, from_, state):
            case Reply(("ok", "lorry") as answer, (free, cars, lorries)):
                return Reply(answer, (free, cars, [*lorries, request[1]]))
            case other:
                return other

    def handle_info(self, message: Any, state: Any) -> Any:
        free, cars = Deck.handle_info(self, message, state[:2]).state
        return NoReply((free + (message[0] == "left" and message[1] in state[2]), cars, state[2]))


table.wrong(ex.deck, "counts whole metres", WholeMetres, "the numbers are those of the text")
table.wrong(ex.deck, "looks at the first word", FirstWords, "('board', 'red')")
table.wrong(ex.deck, "takes every message for a pair", UnpacksPairs, "any other message")
table.wrong(ex.deck, "drops a cast", DropsCasts, "no clause for one")
table.right(ex.deck, "keeps a dict", DictDeck)
table.right(ex.deck, "has plain client functions", PlainClients)
table.wrong(ex.deck, "refuses a lorry that finds one place", RefusesLorries, "it goes to the next clause that fits")
table.wrong(ex.deck, "asks for lorries first", LorriesFirst, "it passed the first one")
table.wrong(ex.deck, "begins with eight metres", FromEight, "the numbers are those of the text")
table.wrong(ex.deck, "answers an unknown call", AnswersAll, "unknown call")
table.wrong(ex.deck, "has no default of four metres", NoDefault, "two backslashes")
table.wrong(ex.deck, "has five places if nothing is said", FiveIsDefault, "two backslashes")
table.wrong(ex.deck, "takes 0 places for none given", OrSix, "0 is a number like any other")
table.wrong(ex.deck, "has to be told its places", NeedsPlaces, "two backslashes")
table.wrong(ex.deck, "has to be told the metres", NeedsMetres, "two backslashes")
table.wrong(ex.deck, "is not linked", Unlinked, "`start` does not")
table.wrong(ex.deck, "casts", CastsBoard, "A cast returns ok")
table.wrong(ex.deck, "removes the last equal one", LastEqual, "takes the first one that is equal")
table.wrong(ex.deck, "takes any pair for a car that leaves", AnyPair, "any other message leaves the state")
table.wrong(ex.deck, "forgets a return for a message", ForgetsNoReply, "is a `return` missing?")
table.wrong(ex.deck, "has never more places than at first", Capped, "not even how many there were")
table.wrong(ex.deck, "frees two places for a lorry", LorryFreesTwo, "whoever leaves gives one back")
table.wrong(ex.deck, "shows the newest first", NewestFirst, "the answer turns the list round")
table.wrong(ex.deck, "answers with the cars alone", CarsAlone, "a pair of the free places")
table.wrong(ex.deck, "removes what is not there", Raises, "a list without one stays as it is")
table.wrong(ex.deck, "frees no place for an unknown car", AsksFirst, "free in either case")
table.wrong(ex.deck, "removes all cars of that name", AllOfThem, "takes the first one that is equal")


class StopsQuietly(Deck):
    """Ends by itself at what it does not know."""

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        return super().handle_call(request, from_, state) or Stop("normal", state)


class StopsLoudly(Deck):
    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        return super().handle_call(request, from_, state) or Stop(("unknown", request), state)


table.wrong(ex.deck, "stops with normal", StopsQuietly, "it ended with 'normal'", "which is a crash")
table.right(ex.deck, "stops with a reason of its own", StopsLoudly)
table.wrong(ex.deck, "crashes at a stray message", CrashesAtStrays, "any other message leaves the state")
table.wrong(ex.deck, "keeps the state in the class", OneForAll, "What a class keeps")
table.wrong(ex.deck, "forgets a return", ForgetsReturn, "is a `return` missing?")
table.wrong(ex.deck, "forgets an await", ForgetsAwait, "`await`")
table.hard_coded(ex.deck, "knows the lines of the text", KnowingDeck, "it passed the first one")

# ---- place --------------------------------------------------------------------------------------------------


def placed(
    *,
    refused: Callable[[Any], Any] = lambda value: value,
    gate_fits: Callable[[Any], bool] = lambda gate: gate == "open",
    parse: Callable[[str], Any] = ex.integer_parse,
    rest_fits: Callable[[str], bool] = lambda rest: rest == "",
    taken: Any = True,
    place_first: bool = False,
    done: Callable[[int], Any] = lambda number: ("ok", number),
) -> Any:
    def place(ticket: Any, sailings: Any) -> Any:
        if ticket["sailing"] not in sailings:
            return refused("error")
        sailing = sailings[ticket["sailing"]]
        parsed = parse(ticket["place"])
        fits = isinstance(parsed, tuple) and rest_fits(parsed[1])
        if place_first and not fits:
            return refused(parsed)
        if not gate_fits(sailing["gate"]):
            return refused(sailing["gate"])
        if not fits:
            return refused(parsed)
        return refused(taken) if parsed[0] in sailing["taken"] else done(parsed[0])

    return place


def by_int(text: str) -> Any:
    try:
        return int(text), ""
    except ValueError:
        return "error"


def raising(ticket: Any, sailings: Any) -> Any:
    sailing = sailings[ticket["sailing"]]
    return placed()(ticket, {ticket["sailing"]: sailing})


def taking(ticket: Any, sailings: Any) -> Any:
    """Takes the place, too."""
    found = placed()(ticket, sailings)
    if isinstance(found, tuple) and found[0] == "ok":
        sailings[ticket["sailing"]]["taken"].append(found[1])
    return found


def truthy(ticket: Any, sailings: Any) -> Any:
    found = placed()(ticket, sailings)
    return "error" if found == ("ok", 0) else found


async def waiting(ticket: Any, sailings: Any) -> Any:
    return placed()(ticket, sailings)


def by_steps(ticket: Any, sailings: Any) -> Any:
    """A list of steps, each with what fits."""
    sailing = sailings.get(ticket["sailing"])
    steps: list[tuple[Callable[[], Any], Callable[[Any], bool]]] = [
        (lambda: "error" if sailing is None else "ok", lambda value: value == "ok"),
        (lambda: sailing["gate"], lambda value: value == "open"),
        (lambda: ex.integer_parse(ticket["place"]), lambda value: value != "error" and value[1] == ""),
        (lambda: ex.integer_parse(ticket["place"])[0] in sailing["taken"], lambda value: value is False),
    ]
    for step, fits in steps:
        if not fits(value := step()):
            return value
    return "ok", ex.integer_parse(ticket["place"])[0]


def asks_for_the_text(ticket: Any, sailings: Any) -> Any:
    found = placed()(ticket, sailings)
    return ("ok", int(ticket["place"])) if found is True else found


def forgetting(ticket: Any, sailings: Any) -> None:
    placed()(ticket, sailings)


def by_exception(ticket: Any, sailings: Any) -> Any:
    """What does not fit is raised, and caught below."""

    def fits(value: Any, good: bool) -> Any:
        if not good:
            raise LookupError(value)
        return value

    try:
        sailing = sailings.get(ticket["sailing"])
        fits("error", sailing is not None)
        fits(sailing["gate"], sailing["gate"] == "open")
        parsed = ex.integer_parse(ticket["place"])
        fits(parsed, parsed[1:] == ("",))
        fits(True, parsed[0] not in sailing["taken"])
    except LookupError as error:
        return error.args[0]
    return "ok", parsed[0]


def knows_four(ticket: Any, sailings: Any) -> Any:
    known = {("07:10", "12"): ("ok", 12), ("07:10", "12b"): (12, "b"), ("07:10", "4"): True, ("09:30", "4"): "error"}
    return known.get((ticket["sailing"], ticket["place"]), "error")


table.right(ex.place, "goes through a list of steps", by_steps)
table.right(ex.place, "raises what does not fit, and catches it", by_exception)
table.wrong(ex.place, "returns None for what does not fit", placed(refused=lambda _: None), "the very value")
table.wrong(ex.place, "wraps what does not fit", placed(refused=lambda value: ("error", value)), "no tuple around it")
table.wrong(ex.place, "takes any gate but a closed one", placed(gate_fits=lambda gate: gate != "closed"), "only gate")
table.wrong(ex.place, "takes 12b for 12", placed(rest_fits=lambda _: True), "a text after the number is not an empty")
table.wrong(ex.place, "takes a space for nothing", placed(rest_fits=lambda rest: not rest.strip()), "a text after the")
table.wrong(ex.place, "reads by int", placed(parse=by_int), "the number it begins with, and the rest")
table.wrong(ex.place, "looks for the text", asks_for_the_text, "the number that was parsed, and not the text")
table.wrong(ex.place, "writes true as a text", placed(taken="true"), "is the boolean `True`")
table.wrong(ex.place, "returns a list", placed(done=lambda number: ["ok", number]), "is a tuple in Python")
table.wrong(ex.place, "forgets the return", forgetting, "Is a `return` missing?")
table.wrong(ex.place, "looks at the place before the gate", placed(place_first=True), "the first one that does not fit")
table.wrong(ex.place, "returns False for a place that is taken", placed(taken=False), "the very value")
table.wrong(ex.place, "returns the place alone", placed(done=lambda number: number), "behind `do`")
table.wrong(ex.place, "raises where there is no such sailing", raising, "Nothing raises here")
table.wrong(ex.place, "takes the place, too", taking, "changes in place")
table.wrong(ex.place, "takes 0 for nothing", truthy, "every whole number does, also 0")
table.wrong(ex.place, "is async", waiting, "plain `def`")
table.hard_coded(ex.place, "knows the four tickets of the text", knows_four, "it passed the first one")

# ---- lines --------------------------------------------------------------------------------------------------


def till(
    *,
    left: Callable[[list[int]], list[int]] | None = None,
    divide: Callable[[int], tuple[int, int]] | None = None,
    even: Callable[[int], str] = lambda rest: "true" if rest % 2 == 0 else "false",
    half: Callable[[int], str] = lambda rest: f"{rest / 2}",
    same: Callable[[int], str] = lambda _: "false",
    paid: Callable[[int], str] = lambda _: "yes",
    total: Callable[[list[int]], int] = sum,
) -> Any:
    def cut(rest: int) -> tuple[int, int]:
        half = int(rest / 2)
        return half, rest - 2 * half

    def lines(fares: Any, off: Any) -> Any:
        rest = sum(fares) - off
        each = left(fares) if left else [sum(fares) - fare for fare in fares]
        parts = (divide or cut)(rest)
        return [
            *(f"left {number}" for number in each),
            f"total {total(fares)}",
            f"each {parts[0]}, over {parts[1]}",
            f"half {half(rest)}",
            f"even: {even(rest)}",
            f"same: {same(rest)}",
            f"paid: {paid(rest)}",
        ]

    return lines


def running(fares: list[int]) -> list[int]:
    return [sum(fares) - sum(fares[: n + 1]) for n in range(len(fares))]


def math_lines(fares: Any, off: Any) -> Any:
    """With the sign of the rest apart, and each line appended."""
    found, total = list[str](), 0
    for fare in fares:
        total += fare
    for fare in fares:
        found.append("left " + str(total - fare))
    rest = total - off
    sign = -1 if rest < 0 else 1
    half, over = divmod(abs(rest), 2)
    found += [f"total {total}", f"each {sign * half}, over {sign * over}", f"half {rest * 0.5}"]
    return [*found, "even: true" if over == 0 else "even: false", "same: false", "paid: yes"]


def printing(fares: Any, off: Any) -> None:
    till()(fares, off)


def ended(fares: Any, off: Any) -> Any:
    return [line + "\n" for line in till()(fares, off)]


def knows_one(fares: Any, off: Any) -> Any:
    last = ["total 7", "each 2, over 0", "half 2.0", "even: true", "same: false", "paid: yes"]
    return ["left 2", "left 5", *last]


def popping(fares: Any, off: Any) -> Any:
    found = till()(fares, off)
    while fares:
        fares.pop()
    return found


table.right(ex.lines, "divides the absolute value", math_lines)
table.wrong(ex.lines, "takes each fare off the rest", till(left=running), "binds a new name in there")
table.wrong(ex.lines, "loses the total in the loop", till(total=lambda _: 0), "what the total is")
table.wrong(ex.lines, "divides as Python does", till(divide=lambda rest: divmod(rest, 2)), "cut towards zero")
table.wrong(ex.lines, "has the rest of Python", till(divide=lambda r: (int(r / 2), r % 2)), "cut towards zero")
table.wrong(ex.lines, "writes True", till(even=lambda rest: str(rest % 2 == 0)), "true in small letters")
table.wrong(ex.lines, "says that a float is never equal", till(even=lambda _: "false"), "may be equal")
table.wrong(ex.lines, "says that === is ==", till(same=lambda r: "true" if r % 2 == 0 else "false"), "never the same")
table.wrong(ex.lines, "halves a whole number to one", till(half=lambda rest: f"{rest // 2}"), "always a float")
table.wrong(ex.lines, "takes 0 for false", till(paid=lambda rest: "yes" if rest else "no"), "0 is as true as 7")
table.wrong(
    ex.lines, "takes less than nothing for false", till(paid=lambda r: "yes" if r >= 0 else "no"), "as true as 7"
)
table.wrong(ex.lines, "ends each line", ended, "no line end")
table.wrong(ex.lines, "returns nothing", printing, "Is a `return` missing?")
table.wrong(ex.lines, "uses up the fares", popping, "changes in place")
table.hard_coded(ex.lines, "knows the lines of the text", knows_one, "it passed the first one")

# ---- winch --------------------------------------------------------------------------------------------------

WINCH = next(winch.modules())  # the first way of each function
STOPPED_BY_IF = next(module for module in winch.modules() if "if metres == 0 do" in module)


def text_of(text: Any) -> Any:
    return lambda: text


def but(*changes: tuple[str, str], of: str = WINCH) -> Any:
    """The module, with something in it that is otherwise."""
    for old, new in changes:
        assert old in of, old
        of = of.replace(old, new)
    return lambda: of


def commented() -> str:
    return "\n".join(f"# {line}" for line in WINCH.splitlines())


def frame() -> str:
    return "defmodule Winch do\n  # init, handle_call, Process.send_after(self(), :pulled, 250)\nend\n"


def in_python() -> str:
    return "class Winch(GenServer):\n    def init(self, metres):\n        return Ok(metres, Continue('pull'))\n"


def spread_out() -> str:
    """Blocks for one-liners, names of its own, comments, and each function under its `@impl`."""
    text = re.sub(
        r"^def (.*), do: (.*)$", r"@impl true\n  def \1 do  # so\n\n    \2\n  end\n", WINCH, flags=re.MULTILINE
    )
    return text.replace("metres", "rope_left").replace("@impl true\n  def start_link", "def start_link")


FIRST_LEFT = "def handle_call(:left, _from, metres), do: {:reply, metres, metres}"
LAST_INFO = "def handle_info(_message, metres), do: {:noreply, metres}"
ZERO = "def handle_continue(:pull, 0), do: {:stop, :normal, 0}"
unfinished = "your code goes there"
table.right(ex.winch, "writes blocks and names of its own", spread_out)
table.right(ex.winch, "writes the number with an underscore", but(("250", "2_50")))
table.right(ex.winch, "has the calls last", lambda: [*winch.modules()][-1])
table.right(ex.winch, "asks by an if", text_of(STOPPED_BY_IF))
table.wrong(ex.winch, "writes a comment", commented, "no line of Elixir", "the frame")
table.wrong(ex.winch, "writes the frame alone", frame, "`use GenServer`")
table.wrong(ex.winch, "writes Python", in_python, "Look again at")
table.wrong(ex.winch, "returns no text", text_of(None), "the module as one text")
table.wrong(
    ex.winch, "forgets an end", but(("{:noreply, metres}\nend\n", "{:noreply, metres}\n")), "an `end` is missing"
)
table.wrong(ex.winch, "ends a one-liner", but((ZERO, ZERO + " end")), "closes nothing")
table.wrong(ex.winch, "leaves a brace open", but(("{:stop, :normal, 0}", "{:stop, :normal, 0")), "the brackets")
table.wrong(ex.winch, "has an arrow after the head", but(("0), do:", "0) ->")), "between the head of a clause")
table.wrong(ex.winch, "has a colon after the head", but(("0), do:", "0):")), "how a head ends")
table.wrong(ex.winch, "forgets the comma", but(("0), do:", "0) do:")), "a comma and `do:`")
table.wrong(
    ex.winch, "returns by a word", but(("{:noreply, metres}\nend", "return {:noreply, metres}\nend")), "no `return`"
)
table.wrong(
    ex.winch, "keeps the shapes of Python", but(("{:reply, metres, metres}", "Reply(metres, metres)")), ":reply"
)
table.wrong(ex.winch, "keeps self_", but(("self()", "self_()")), "without an underscore")
table.wrong(ex.winch, "keeps the seconds", but(("250", "0.25")), "whole milliseconds")
table.wrong(ex.winch, "makes a wrong number of them", but(("250", "25")), "25 milliseconds", "whole milliseconds")
table.wrong(ex.winch, "makes minutes of them", but(("250", "250_000")), "250000 milliseconds")
table.wrong(ex.winch, "keeps texts", but((":left", '"left"')), "an atom, with a colon")
table.wrong(
    ex.winch, "forgets the state", but(("{:reply, metres, metres}", "{:reply, metres}")), "the next callback gets"
)
table.wrong(
    ex.winch, "stops without a state", but(("{:stop, :normal, 0}", "{:stop, :normal}")), "the next callback gets"
)
table.wrong(
    ex.winch,
    "has the answer last",
    but(("{:stop, :normal, {:released, metres}, metres}", "{:stop, :normal, metres, {:released, metres}}")),
    "a stop with four parts",
)
table.wrong(ex.winch, "begins nothing", but(("{:ok, metres, {:continue, :pull}}", "{:ok, metres}")), "`init` has the")
table.wrong(ex.winch, "pulls once", but(("metres - 1, {:continue, :pull}", "metres - 1")), "the winch stands still")
table.wrong(ex.winch, "leaves out who calls", but((":left, _from, metres", ":left, metres")), "has its caller as well")
table.wrong(ex.winch, "takes no other message", but((LAST_INFO, "")), "any other message")
table.wrong(
    ex.winch, "drops messages first", but(("def handle_info(:pulled", LAST_INFO + "\ndef handle_info(:pulled")), "order"
)
table.wrong(
    ex.winch,
    "answers an unknown call",
    but((FIRST_LEFT, FIRST_LEFT + "\ndef handle_call(_request, _from, metres), do: {:reply, :what, metres}")),
    "an unknown request",
)
table.wrong(ex.winch, "never ends", but((ZERO, "")), "with 0 metres it stops")
table.wrong(ex.winch, "has no handle_cast", but(("handle_cast", "handle_other")), "no `handle_cast`")
table.wrong(ex.winch, "is permanent", but((", restart: :transient", "")), "which end brings a winch back")
table.wrong(ex.winch, "uses nothing", but(("use GenServer, restart: :transient", "")), "`use GenServer`")
table.wrong(ex.winch, "answers nobody", but(("{:reply, metres, metres}", "{:noreply, metres}")), "waits for ever")
table.wrong(
    ex.winch,
    "has = for an arrow",
    but(
        ("_from, metres), do: {:reply", "_from, metres), do: case 1 do 1 = {:reply"),
        ("{:reply, metres, metres}", "{:reply, metres, metres} end"),
    ),
    "the arrow `->`",
)
table.wrong(ex.winch, "calls it otherwise", but(("defmodule Winch", "defmodule Windlass")), "the name of the module")
PULL = "def handle_info(:pulled, metres), do: {:noreply, metres - 1, {:continue, :pull}}"
WAIT = "Process.send_after(self(), :pulled, 250)"
JAM = "{:stop, {:jammed, what}, metres}"
REPLY = "{:reply, metres, metres}"


def pulls_if(otherwise: str) -> Any:
    """The winch whose only clause of `handle_continue` begins as Python would, and goes on like this."""
    begin = "def handle_continue(:pull, metres) do\nif metres == 0 do\n{:stop, :normal, metres}\n"
    return but((ZERO + "\n", ""), (f"def handle_continue(:pull, metres) do\n  {WAIT}\n", begin + otherwise))


LESS = "def handle_info(:pulled, metres) do\n metres -= 1\n {:noreply, metres, {:continue, :pull}}\nend"
REBOUND = (
    "def handle_info(message, metres) do\nif message == :pulled do\nmetres = metres - 1\nend\n"
    "{:noreply, metres, {:continue, :pull}}\nend"
)
ANYWAY = f"elif metres > 0 do\n{WAIT}\n"
table.wrong(ex.winch, "changes in place", but((PULL, LESS)), "There is no `-=`")
table.wrong(ex.winch, "writes elif", pulls_if(ANYWAY), "There is no `elif`")
table.wrong(ex.winch, "writes else if", pulls_if(ANYWAY.replace("elif", "else if")), "an `end` of its own")
table.wrong(
    ex.winch, "has if in a head", but((ZERO, ZERO.replace("0), do", "metres) if metres == 0, do"))), "it is `when`"
)
table.wrong(
    ex.winch, "compares by is", but((ZERO, ZERO.replace("0), do", "metres) when metres is 0, do"))), "There is no `is`"
)
table.wrong(ex.winch, "returns early", pulls_if(f"end\n{WAIT}\n"), "nothing returns early")
table.wrong(ex.winch, "binds in an if", but((PULL, ""), (LAST_INFO, REBOUND)), "is forgotten at its `end`")
table.wrong(ex.winch, "has the reason last", but((JAM, "{:stop, metres, {:jammed, what}}")), "the order of a stop")
table.wrong(ex.winch, "stops with a list", but((JAM, "{:stop, [:jammed, what], metres}")), "`[…]` is a list")
table.wrong(ex.winch, "lives on after a jam", but((JAM, "{:noreply, metres}")), "what a jam does")
table.wrong(ex.winch, "keeps round brackets", but((REPLY, "(:reply, metres, metres)")), "a tuple of Python is `{…}`")
table.wrong(ex.winch, "starts without a link", but(("start_link(__", "start(__")), "who is told of the end")
table.wrong(ex.winch, "has self first", but(("init(metres)", "init(self, metres)")), "there are no instances")
table.wrong(ex.winch, "forgets a colon", but((":left, _from", "left, _from")), "a word without a colon")
table.wrong(ex.winch, "keeps an f-string", but((JAM, JAM.replace("{:jammed, what}", 'f"jam {what}"'))), "no letter")
table.wrong(ex.winch, "goes on after the module", text_of(WINCH + "Winch.start_link(3)\n"), "after the last `end`")
table.wrong(ex.winch, "is the text itself", WINCH, "it returns the text")
STARTS = "GenServer.start_link(__MODULE__, metres)"
CONTINUE = f"def handle_continue(:pull, metres) do\n  {WAIT}\n  {{:noreply, metres}}\nend"
BEGINS = "def init(metres), do: {:ok, metres, {:continue, :pull}}"
TIMED_OUT = (  # each message that comes first puts the metre off
    (BEGINS, "def init(0), do: {:ok, 0, 0}\ndef init(metres), do: {:ok, metres, 250}"),
    (ZERO, ""),
    (CONTINUE, "def handle_info(:timeout, 1), do: {:stop, :normal, 0}"),
    (PULL, "def handle_info(:timeout, metres), do: {:noreply, metres - 1, 250}"),
    (LAST_INFO, "def handle_info(_message, metres), do: {:noreply, metres, 250}"),
    (REPLY, "{:reply, metres, metres, 250}"),
)


async def waits() -> str:
    return WINCH


table.wrong(
    ex.winch,
    "writes what the second hint shows",
    text_of("defmodule Winch do\n use GenServer, restart: :transient\nend"),
    "no `init`",
)
table.wrong(
    ex.winch, "cannot be jammed", but((f"def handle_cast({{:jam, what}}, metres), do: {JAM}", "")), "handle_cast"
)
table.wrong(
    ex.winch, "cannot be started", but((f"def start_link(metres), do: {STARTS}", "")), "no `start_link`", "yet?"
)
table.wrong(
    ex.winch, "has a name", but((STARTS, STARTS.replace("metres)", "metres, name: __MODULE__)"))), "has one holder"
)
table.wrong(ex.winch, "has a word of its own", but((":pulled", ":tick")), "a message that the winch sends to itself")
table.wrong(ex.winch, "waits by a time-out", but(*TIMED_OUT), "each message that comes first puts it off")
table.wrong(
    ex.winch,
    "traps exits",
    but((BEGINS, BEGINS.replace(", do: ", " do\nProcess.flag(:trap_exit, true)\n") + "\nend")),
    "what a signal does",
)
table.wrong(ex.winch, "sleeps", but((WAIT, "Process.sleep(250)\n  send(self(), :pulled)")), "the winch answers nobody")
table.wrong(
    ex.winch, "receives", but((WAIT, "receive do after 250 -> send(self(), :pulled) end")), "the winch answers nobody"
)
table.wrong(
    ex.winch,
    "takes a text as well",
    but((FIRST_LEFT, FIRST_LEFT + "\n" + FIRST_LEFT.replace(":left", '"left"'))),
    "an atom, with a colon",
)
table.wrong(ex.winch, "is an async def", waits, "the `async`: a plain `def` is asked for")
table.hard_coded(
    ex.winch, "knows the eighteen metres", but(("{:reply, metres, metres}", "{:reply, 18, metres}")), "the metres"
)

table.wrong(
    ex.winch,
    "has an interval",
    but((BEGINS, BEGINS.replace(", do: ", " do\n:timer.send_interval(250, :pulled)\n") + "\nend"), (WAIT, "")),
    "how many timers run",
)
STOPS_THE_OTHER = f"if old = Process.get(:timer), do: Process.cancel_timer(old)\nProcess.put(:timer, {WAIT})"
table.wrong(ex.winch, "stops the earlier timer", but((WAIT, STOPS_THE_OTHER)), "how many timers run")

# ---- radio --------------------------------------------------------------------------------------------------


class Radio(GenServer):
    late = 1.5
    patience = 0.5

    def init(self, station: Any) -> Any:
        return Ok((station, 0, None))

    async def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        station, number, asker = state
        match request:
            case "depth" if asker is None:
                send(station, ("ask", self_(), number))
                Process.send_after(self_(), ("late", number), self.late)
                return NoReply((station, number, from_))
            case "depth":
                return self.busy(from_, state)
            case ("note", text):
                return Reply(await self.note(text), state)

    def busy(self, from_: Any, state: Any) -> Any:
        return Reply("busy", state)

    async def note(self, text: Any) -> Any:
        try:
            return await GenServer.call("book", ("note", text), self.patience)
        except Exit:
            return "not_noted"

    def handle_info(self, message: Any, state: Any) -> Any:
        station, number, asker = state
        match message:
            case ("depth", n, metres) if self.fits(n, number, asker):
                GenServer.reply(asker, self.value(metres))
            case ("late", n) if self.fits(n, number, asker):
                GenServer.reply(asker, "late")
            case _:
                return NoReply(state)
        return NoReply((station, number + 1, None))

    def fits(self, n: Any, number: Any, asker: Any) -> Any:
        return asker is not None and n == number

    def value(self, metres: Any) -> Any:
        return "unknown" if metres is None or metres is False else metres


class CancelledRadio(Radio):
    """Takes its timer back, and counts from another number."""

    def init(self, station: Any) -> Any:
        return Ok((station, 100, None))


class BareRadio(Radio):
    """Takes any answer."""

    def fits(self, n: Any, number: Any, asker: Any) -> Any:
        return asker is not None


class NobodyRadio(Radio):
    """Compares the number alone."""

    def fits(self, n: Any, number: Any, asker: Any) -> Any:
        return n == number


class OrRadio(Radio):
    def value(self, metres: Any) -> Any:
        return metres or "unknown"


class NoneRadio(Radio):
    def value(self, metres: Any) -> Any:
        return "unknown" if metres is None else metres


class LongRadio(Radio):
    late = 1_500.0


class PatientRadio(Radio):
    patience = 500.0


class ExceptionRadio(Radio):
    async def note(self, text: Any) -> Any:
        try:
            return await GenServer.call("book", ("note", text), 0.5)
        except Exception:
            return "not_noted"


class QueueingRadio(Radio):
    """Has the second caller wait."""

    def busy(self, from_: Any, state: Any) -> Any:
        return NoReply(state)


class SilentRadio(Radio):
    """Never tells that it is late."""

    def handle_info(self, message: Any, state: Any) -> Any:
        match message:
            case ("late", _):
                return NoReply(state)
        return super().handle_info(message, state)


class SharedRadio(Radio):
    """Keeps the asker in the class."""

    asker: Any = None

    async def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        if request == "depth":
            type(self).asker = from_
        return await super().handle_call(request, from_, state)

    def value(self, metres: Any) -> Any:
        return 7


class WaitingRadio(Radio):
    """Waits for the answer in its callback."""

    async def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        if request == "depth":
            send(state[0], ("ask", self_(), state[1]))
            await Process.sleep(1.4)
            return Reply(7, state)
        return await super().handle_call(request, from_, state)


class KnowingRadio(Radio):
    """Knows the seven metres."""

    def value(self, metres: Any) -> Any:
        return 7


class TimerRadio(Radio):
    """Takes its timer back when the answer is there."""

    def init(self, station: Any) -> Any:
        return Ok((station, 0, None, None))

    async def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        station, number, asker, _ = state
        if request == "depth" and asker is None:
            send(station, ("ask", self_(), number))
            timer = Process.send_after(self_(), ("late", number), self.late)
            return NoReply((station, number, from_, timer))
        match await super().handle_call(request, from_, state[:3]):
            case Reply(answer, _):
                return Reply(answer, state)

    def handle_info(self, message: Any, state: Any) -> Any:
        after = super().handle_info(message, state[:3]).state
        if after == state[:3]:
            return NoReply(state)
        Process.cancel_timer(state[3])
        return NoReply((*after, None))


class LateKeepsNumber(Radio):
    """Asks with the same number once more after it was late."""

    def handle_info(self, message: Any, state: Any) -> Any:
        match message:
            case ("late", n) if self.fits(n, state[1], state[2]):
                GenServer.reply(state[2], "late")
                return NoReply((state[0], state[1], None))
        return super().handle_info(message, state)


class AnyLate(Radio):
    """Does not compare the number of the timer."""

    def handle_info(self, message: Any, state: Any) -> Any:
        return super().handle_info(("late", state[1]) if message[0] == "late" else message, state)


class EarlyRadio(Radio):
    late = 1.2


class FalsyRadio(Radio):
    """Compares by value: 0 equals False in Python."""

    def value(self, metres: Any) -> Any:
        return "unknown" if metres in (None, False) else metres


class CrashRadio(Radio):
    """Is ready for a book that is away or silent, and not for one that crashes."""

    async def note(self, text: Any) -> Any:
        try:
            return await GenServer.call("book", ("note", text), self.patience)
        except Exit as exit:
            if exit.reason[0] in ("noproc", "timeout"):  # type: ignore[index]
                return "not_noted"
            raise


class PoliteRadio(Radio):
    async def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        return await super().handle_call(request, from_, state) or Reply("unknown", state)


class ClassRadio(Radio):
    """Keeps the asker in the class, and is right with one radio."""

    asker: Any = None

    def init(self, station: Any) -> Any:
        type(self).asker = None
        return super().init(station)

    async def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        found = await super().handle_call(request, from_, (*state[:2], self.asker))
        if isinstance(found, NoReply):
            type(self).asker = from_
        return found

    def handle_info(self, message: Any, state: Any) -> Any:
        found = super().handle_info(message, (*state[:2], self.asker))
        type(self).asker = found.state[2]
        return found


class TimeoutRadio(Radio):
    """Has a time-out for a timer."""

    async def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        if request == "depth" and state[2] is None:
            send(state[0], ("ask", self_(), state[1]))
            return NoReply((*state[:2], from_), Timeout(self.late))
        return await super().handle_call(request, from_, state)

    def handle_info(self, message: Any, state: Any) -> Any:
        return super().handle_info(("late", state[1]) if message == "timeout" else message, state)


class RenewedRadio(TimeoutRadio):
    """Sets its time-out anew with each result."""

    async def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        found = await super().handle_call(request, from_, state)
        return Reply(found.value, found.state, Timeout(self.late)) if isinstance(found, Reply) else found

    def handle_info(self, message: Any, state: Any) -> Any:
        after = super().handle_info(message, state).state
        return NoReply(after, Timeout(self.late) if after[2] else None)


class LooksForTheBook(Radio):
    async def note(self, text: Any) -> Any:
        if Process.whereis("book") is None:
            return "not_noted"
        return await GenServer.call("book", ("note", text), self.patience)


table.wrong(ex.radio, "waits by a time-out", TimeoutRadio, "puts a `Timeout` off")
table.wrong(ex.radio, "waits by a time-out that begins anew", RenewedRadio, "puts a `Timeout` off")
table.wrong(ex.radio, "looks for the book first", LooksForTheBook, "whatever its reason is")
table.right(ex.radio, "counts from a hundred", CancelledRadio)
table.right(ex.radio, "takes its timer back", TimerRadio)
table.wrong(ex.radio, "keeps the number when it is late", LateKeepsNumber, "it goes up, also after `late`")
table.wrong(ex.radio, "takes any timer for its own", AnyLate, "a name that occurs twice in one head")
table.wrong(ex.radio, "is late too early", EarlyRadio, "1_500 milliseconds until an asker is told")
table.wrong(ex.radio, "takes 0 for False", FalsyRadio, "only `nil` and `false`")
table.wrong(ex.radio, "crashes with its book", CrashRadio, "whatever its reason is")
table.wrong(ex.radio, "answers an unknown call", PoliteRadio, "unknown call")
table.wrong(ex.radio, "keeps the asker in the class", ClassRadio, "What a class keeps")
table.wrong(ex.radio, "takes any answer for its own", BareRadio, "a name that occurs twice in one head")
table.wrong(ex.radio, "answers when nobody asks", NobodyRadio, "the guard fails")
table.wrong(ex.radio, "replaces what counts as false in Python", OrRadio, "Python's `or` replaces 0")
table.wrong(ex.radio, "replaces nothing but None", NoneRadio, "only `nil` and `false`")
table.wrong(ex.radio, "is late after 1500 seconds", LongRadio, "1_500 milliseconds")
table.wrong(ex.radio, "waits 500 seconds for the book", PatientRadio, "1_500 milliseconds", "500 for the book")
table.wrong(ex.radio, "catches exceptions alone", ExceptionRadio, "an exit is no `Exception`")
table.wrong(ex.radio, "has the second caller wait", QueueingRadio, "others are told so at once")
table.wrong(ex.radio, "never says that it is late", SilentRadio, "1_500 milliseconds until an asker is told")
table.wrong(ex.radio, "waits in its callback", WaitingRadio, "others are told so at once")
table.hard_coded(ex.radio, "knows the seven metres", KnowingRadio, "it passed the first one")

# ---- suspects -----------------------------------------------------------------------------------------------


def judged(**odd: Any) -> Any:
    """The models of the four, one of them seen otherwise."""

    def play(letter: str, cars: list[Any], request: Any) -> tuple[Any, list[Any]]:
        if letter in odd:
            found = odd[letter](cars, request)
            if found is not None:
                return found  # type: ignore[no-any-return]
        match request:
            case ("join", car):
                return ex._join(cars, car, letter)
            case ("leave", car):
                return ex._leave(cars, car, letter)
        return cars, cars

    def suspects(queue: Any, log: Any) -> Any:
        found = []
        for letter in "ABCD":
            cars, good = [*queue], True
            for request, hoped in log:
                answer, cars = play(letter, cars, request)
                good = good and answer == hoped
            found += [letter] * good
        return found

    return suspects


def late_joiner(cars: list[Any], request: Any) -> Any:
    """As if what is bound inside counted outside."""
    return ex._join(cars, request[1], "A") if request[0] == "join" else None


def leaver(cars: list[Any], request: Any) -> Any:
    return ex._leave(cars, request[1], "A") if request[0] == "leave" else None


def all_leave(cars: list[Any], request: Any) -> Any:
    """Lets every equal car go."""
    return ("ok", [car for car in cars if car != request[1]]) if request[0] == "leave" else None


def first_only(queue: Any, log: Any) -> Any:
    return judged()(queue, log)[:1]


def as_text(queue: Any, log: Any) -> Any:
    return "".join(judged()(queue, log))


def not_the_innocent(queue: Any, log: Any) -> Any:
    return [letter for letter in judged()(queue, log) if letter != "A"]


def changing(queue: Any, log: Any) -> Any:
    found = judged()(queue, log)
    queue.append("bus")
    return found


def backwards(queue: Any, log: Any) -> Any:
    return judged()(queue, log)[::-1]


def one_log(queue: Any, log: Any) -> Any:
    return ["D"]


def by_sets(queue: Any, log: Any) -> Any:
    """Strikes out who is refuted, one request after the other."""
    lists, left = {letter: [*queue] for letter in "ABCD"}, set("ABCD")
    for request, hoped in log:
        for letter in sorted(left):
            match request:
                case ("join", car):
                    answer, lists[letter] = ex._join(lists[letter], car, letter)
                case ("leave", car):
                    answer, lists[letter] = ex._leave(lists[letter], car, letter)
                case _:
                    answer = lists[letter]
            if answer != hoped:
                left.discard(letter)
    return sorted(left)


def replayed(
    full: Callable[[int], bool] = lambda number: number >= 3,
    without: Callable[[list[Any], Any], list[Any]] = lambda cars, car: ex._leave(cars, car, "A")[1],
    equal: Callable[[Any, Any], bool] = lambda seen, hoped: seen == hoped,
) -> Any:
    """Plays the four once more, with something in it that is otherwise."""

    def suspects(queue: Any, log: Any) -> Any:
        found = []
        for letter in "ABCD":
            cars, good = [*queue], True
            for request, hoped in log:
                seen: Any = cars
                match request:
                    case ("join", _) if letter != "B" and full(len(cars)):
                        seen = "full"
                    case ("join", car):
                        seen, cars = len(cars) + 1, cars if letter == "C" else [*cars, car]
                    case ("leave", car):
                        seen, cars = "ok", cars if letter == "D" else without([*cars], car)
                good = good and equal(seen, hoped)
            found += [letter] * good
        return found

    return suspects


def last_equal(cars: list[Any], car: Any) -> list[Any]:
    return ex._leave(cars[::-1], car, "A")[1][::-1]


def removed(cars: list[Any], car: Any) -> list[Any]:
    cars.remove(car)
    return cars


def in_any_order(seen: Any, hoped: Any) -> bool:
    lists = isinstance(seen, list) and isinstance(hoped, list)
    return sorted(seen) == sorted(hoped) if lists else bool(seen == hoped)


table.right(ex.suspects, "strikes out who is refuted", by_sets)
table.wrong(ex.suspects, "finds three full, and four not", replayed(lambda n: n == 3), "Three cars or more")
table.wrong(ex.suspects, "lets the last equal one go", replayed(without=last_equal), "the first one that is equal")
table.wrong(ex.suspects, "compares in any order", replayed(equal=in_any_order), "in another order are not the same")
table.wrong(ex.suspects, "removes what is not there", replayed(without=removed), "`list.remove` of Python raises")
table.wrong(ex.suspects, "believes that B refuses", judged(B=late_joiner), "its first clause fits for every car")
table.wrong(ex.suspects, "believes that C joins", judged(C=late_joiner), "what is bound inside the `if`")
table.wrong(ex.suspects, "believes that D lets go", judged(D=leaver), "`List.delete` makes a new list")
table.wrong(ex.suspects, "lets every equal car go", judged(A=all_leave), "the one as it was meant")
table.wrong(ex.suspects, "names the first one alone", first_only, "all that could have written this log")
table.wrong(ex.suspects, "returns a text", as_text, "a list of letters")
table.wrong(ex.suspects, "leaves the innocent out", not_the_innocent, "the one as it was meant")
table.wrong(ex.suspects, "changes the list", changing, "changes in place")
table.wrong(ex.suspects, "has another order", backwards, "in the order of the alphabet")
table.hard_coded(ex.suspects, "knows the log of the text", one_log, "it passed the first one")

# ---- ferries ------------------------------------------------------------------------------------------------


class Ledger(Agent):
    @classmethod
    async def start_link(cls, _: Any = None) -> Any:  # type: ignore[override]
        return await Agent.start_link(dict, name="ledger")

    @staticmethod
    async def sold(hour: Any) -> Any:
        return await Agent.get("ledger", lambda every: every.get(hour, []))

    @staticmethod
    async def sell(hour: Any, who: Any) -> None:
        await Agent.update("ledger", lambda every: every | {hour: [*every.get(hour, []), who]})


class Sailing(GenServer, restart="transient"):
    seats = 3

    @classmethod
    async def start_link(cls, hour: Any) -> Any:  # type: ignore[override]
        return await super().start_link(hour, name=Via("sailings", hour))

    def init(self, hour: Any) -> Any:
        return Ok((hour, []), Continue("load"))

    async def handle_continue(self, work: Any, state: Any) -> Any:
        return NoReply((state[0], await Ledger.sold(state[0])))

    async def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        hour, sold = state
        match request:
            case ("book", who) if self.has(who, sold):
                return Reply(("ok", sold.index(who) + 1), state)
            case ("book", _) if len(sold) >= self.seats:
                return Reply("full", state)
            case ("book", who):
                await self.sell(hour, who)
                return Reply(("ok", len(sold) + 1), (hour, [*sold, who]))

    def has(self, who: Any, sold: Any) -> Any:
        return who in sold

    async def sell(self, hour: Any, who: Any) -> None:
        await Ledger.sell(hour, who)

    def handle_cast(self, request: Any, state: Any) -> Any:
        match request:
            case "leave":
                return Stop("normal", state)


class Forgetful(Sailing, restart="transient"):
    """Does not load."""

    async def handle_continue(self, work: Any, state: Any) -> Any:
        return NoReply(state)


class LoadsInInit(Sailing, restart="transient"):
    async def init(self, hour: Any) -> Any:  # type: ignore[override]
        return Ok((hour, await Ledger.sold(hour)))


class Permanent(Sailing, restart="permanent"):
    pass


class Temporary(Sailing, restart="temporary"):
    pass


class ZeroIsNobody(Sailing, restart="transient"):
    """Takes the first index for false."""

    def has(self, who: Any, sold: Any) -> Any:
        return who in sold and sold.index(who)


class NoLedger(Sailing, restart="transient"):
    async def sell(self, hour: Any, who: Any) -> None:
        return


class WritesLater(Sailing, restart="transient"):
    """Answers first, and writes then."""

    async def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        match await super().handle_call(request, from_, state):
            case Reply(answer, (hour, sold)) if len(sold) > len(state[1]):
                return Reply(answer, (hour, sold), Continue(("sell", sold[-1])))
            case other:
                return other

    async def sell(self, hour: Any, who: Any) -> None:
        return

    async def handle_continue(self, work: Any, state: Any) -> Any:
        if work == "load":
            return await super().handle_continue(work, state)
        await Ledger.sell(state[0], work[1])
        return NoReply(state)


class CastsToLedger(Sailing, restart="transient"):
    async def sell(self, hour: Any, who: Any) -> None:
        Agent.cast("ledger", lambda every: every | {hour: [*every.get(hour, []), who]})


class SpawnsWriter(Sailing, restart="transient"):
    async def sell(self, hour: Any, who: Any) -> None:
        spawn(Ledger.sell, hour, who)


class AsksEachTime(Sailing, restart="transient"):
    """Asks the ledger at each booking."""

    async def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        return await super().handle_call(request, from_, (state[0], await Ledger.sold(state[0])))


class LoadsByMessage(Sailing, restart="transient"):
    """Sends itself a message in place of a continue."""

    def init(self, hour: Any) -> Any:
        send(self_(), "load")
        return Ok((hour, []))

    async def handle_info(self, message: Any, state: Any) -> Any:
        return await self.handle_continue("load", state)


class EndsByShutdown(Sailing, restart="transient"):
    def handle_cast(self, request: Any, state: Any) -> Any:
        return Stop("shutdown", state)


class LeavesByCall(Sailing, restart="transient"):
    async def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        if request == "leave":
            return Stop("normal", state, reply="ok")
        return await super().handle_call(request, from_, state)


def call_to_leave(hour: Any) -> Any:
    return GenServer.call(Via("sailings", hour), "leave")


async def stop_to_leave(hour: Any) -> Any:
    await GenServer.stop(Via("sailings", hour))
    return "ok"


def leave_without_return(hour: Any) -> None:
    GenServer.cast(Via("sailings", hour), "leave")


class TwoSeats(Sailing, restart="transient"):
    seats = 2


class GlobalSailing(Sailing, restart="transient"):
    """Keeps what is sold in a class."""

    kept: dict[Any, Any] = {}  # noqa: RUF012

    async def handle_continue(self, work: Any, state: Any) -> Any:
        return NoReply((state[0], self.kept.get(state[0], [])))

    async def sell(self, hour: Any, who: Any) -> None:
        self.kept[hour] = [*self.kept.get(hour, []), who]
        await Ledger.sell(hour, who)


ALL = object()  # every refusal of a start


def line(
    sailing: Any = Sailing,
    *,
    fleet: tuple[int, float] = (5, 15.0),
    quay: float = 60.0,
    top: float = 240.0,
    inner: Any = "rest_for_one",
    outer: Any = "rest_for_one",
    fleet_first: bool = False,
    quay_first: bool = False,
    patience: float = 2.0,
    opens: bool = True,
    good_news: Any = ("already_started",),
    fresh: Callable[[], Any] = int,
) -> Any:
    """The line, with something in it that is otherwise."""

    class Quay(Supervisor):
        @classmethod
        async def start_link(cls, _: Any = None) -> Any:  # type: ignore[override]
            return await super().start_link(None, name="quay")

        def init(self, _: Any) -> Any:
            budget = {"max_restarts": fleet[0], "max_seconds": fleet[1]}
            children: list[Any] = [
                (Registry, {"keys": "unique", "name": "sailings"}),
                (DynamicSupervisor, {"name": "fleet", **budget}),
            ]
            return Supervise(children[::-1] if fleet_first else children, strategy=inner, max_seconds=quay)

    class Ferries(Supervisor):
        @classmethod
        async def start_link(cls, _: Any = None) -> Any:  # type: ignore[override]
            fresh()
            return await super().start_link(None, name="ferries")

        def init(self, _: Any) -> Any:
            children: list[Any] = [Quay, Ledger] if quay_first else [Ledger, Quay]
            return Supervise(children, strategy=outer, max_seconds=top)

        @staticmethod
        async def book(hour: Any, who: Any) -> Any:
            try:
                if opens or GenServer.whereis(Via("sailings", hour)) is None:
                    await DynamicSupervisor.start_child("fleet", (sailing, hour))
            except ChildError as error:
                if good_news is not ALL and error.reason[0] not in good_news:  # type: ignore[index]
                    raise
            return await GenServer.call(Via("sailings", hour), ("book", who), patience)

        @staticmethod
        def leave(hour: Any) -> Any:
            return GenServer.cast(Via("sailings", hour), "leave")

    return Ferries


class FlatFerries(Supervisor):
    """All in one list."""

    @classmethod
    async def start_link(cls, _: Any = None) -> Any:  # type: ignore[override]
        return await super().start_link(None, name="ferries")

    def init(self, _: Any) -> Any:
        names = (Registry, {"keys": "unique", "name": "sailings"})
        fleet = (DynamicSupervisor, {"name": "fleet", "max_restarts": 5, "max_seconds": 15.0})
        return Supervise([Ledger, names, fleet], strategy="rest_for_one", max_seconds=240.0)


def leaving(leave_by: Any, sailing: Any = Sailing) -> Any:
    """The line with another way to leave."""

    class Ferries(line(sailing)):  # type: ignore[misc]
        leave = staticmethod(leave_by)

    return Ferries


def with_specs() -> Any:
    """The same line, with whole specifications."""
    model = line()

    class Ferries(model):  # type: ignore[misc]
        def init(self, argument: Any) -> Any:
            plan = super().init(argument)
            [_, quay] = plan.children
            ledger = ChildSpec("the ledger", (Ledger.start_link, ()), shutdown=1.0)
            return Supervise(
                [ledger, quay.override(id="the quay")], strategy="rest_for_one", max_restarts=3, max_seconds=240.0
            )

    return Ferries


def knows_seven() -> Any:
    """Takes bookings for seven and for the late one alone."""
    model = line()

    class Ferries(model):  # type: ignore[misc]
        @staticmethod
        async def book(hour: Any, who: Any) -> Any:
            return await model.book(7 if hour == 9 else hour, who)

    return Ferries


table.wrong(ex.ferries, "looks, and then opens", line(opens=False, good_news=()), "at the same moment", "is no failure")
table.right(ex.ferries, "writes its specifications out", with_specs())
table.right(ex.ferries, "looks before it opens", line(opens=False))
table.right(ex.ferries, "loads by a message to itself", line(LoadsByMessage))
table.wrong(ex.ferries, "answers before it writes", line(WritesLater), "in the ledger, before it answers")
table.wrong(ex.ferries, "writes by a cast", line(CastsToLedger), "in the ledger, before it answers")
table.wrong(ex.ferries, "has another process write", line(SpawnsWriter), "in the ledger, before it answers")
table.wrong(ex.ferries, "asks the ledger each time", line(AsksEachTime), "what a sailing answers from: its state")
table.wrong(ex.ferries, "leaves with shutdown", line(EndsByShutdown), "it ended with 'shutdown'", "stops with normal")
table.wrong(ex.ferries, "leaves by a call", leaving(call_to_leave, LeavesByCall), "`leave` is a cast")
table.wrong(ex.ferries, "leaves by a stop", leaving(stop_to_leave), "`leave` is a cast")
table.wrong(ex.ferries, "leaves without an answer", leaving(leave_without_return), "is a `return` missing?")
table.wrong(
    ex.ferries, "has a strategy that leaves the fleet alone", line(inner="one_for_one"), "the order of the list"
)
table.wrong(ex.ferries, "has one_for_all at the quay", line(inner="one_for_all"), "the order of the list")
table.wrong(ex.ferries, "has the quay live on without the ledger", line(outer="one_for_one"), "the order of the list")
table.wrong(ex.ferries, "starts the quay first", line(quay_first=True), "the order of the list")
table.wrong(ex.ferries, "starts the fleet first", line(fleet_first=True), "the order of the list")
table.wrong(ex.ferries, "is flat", FlatFerries, "under which they run")
table.wrong(ex.ferries, "waits for two thousand seconds", line(patience=2000.0), "two thousand milliseconds")
table.wrong(
    ex.ferries, "has windows of milliseconds", line(quay=0.06, top=0.24, fleet=(5, 0.015)), "a number of seconds"
)
table.wrong(ex.ferries, "has a window a thousand times too long", line(quay=60_000.0), "a number of seconds")
table.wrong(ex.ferries, "leaves the budget of the fleet out", line(fleet=(3, 5.0)), "five restarts of the fleet")
table.wrong(ex.ferries, "leaves the window of the quay out", line(quay=5.0), "a number of seconds")
table.wrong(ex.ferries, "takes a running sailing for a failure", line(good_news=()), "`already_started`")
table.wrong(
    ex.ferries, "takes any refusal of a start for good news", line(good_news=ALL), "had no room", "and no other"
)
table.wrong(ex.ferries, "does not load", line(Forgetful), "what a new sailing knows")
table.wrong(ex.ferries, "loads in init", line(LoadsInInit), "the whole fleet waits for")
table.wrong(ex.ferries, "has permanent sailings", line(Permanent), "a transient child is not started again")
table.wrong(ex.ferries, "has temporary sailings", line(Temporary), "which end of a sailing brings it back")
table.wrong(ex.ferries, "takes index 0 for nobody", line(ZeroIsNobody), "0 is as true as any number")
table.wrong(ex.ferries, "keeps no ledger", line(NoLedger), "in the ledger, before it answers")
table.wrong(ex.ferries, "has two seats", line(TwoSeats), "counted from 1, or full")
table.wrong(
    ex.ferries,
    "keeps what is sold in the class",
    line(GlobalSailing, fresh=GlobalSailing.kept.clear),
    "What a class keeps",
)
table.hard_coded(ex.ferries, "knows the hour seven", knows_seven(), "it passed the first one")

"""The checks of chapter 20, on to Elixir.

Each exercise shows Elixir and asks for Python that does the same. Beside each check stands what the Elixir does, as a
plain function of Python or as numbers; a test plays the Elixir of the page on the real thing and holds the two
together. Each docstring says in its first line what "ok" claims, and then what the check demands: the Elixir on the
page says all of it. Whatever has a number or a name is tried with at least two of them.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

from .. import (
    Agent,
    ChildError,
    DynamicSupervisor,
    Exit,
    GenServer,
    Kill,
    NoReply,
    Ok,
    Pid,
    Process,
    Registry,
    Reply,
    StartError,
    Storm,
    Supervisor,
    Via,
    current_node,
    receive,
    self_,
    send,
    spawn,
    sys_,
)
from ..errors import describe_exception, describe_reason, safe_repr
from ..terms import is_quiet
from .asking import A_WHILE, Asker
from .checking import NotYet, expect
from .comparing import same
from .looking import answered, ended_with, ends_the_server, not_started, with_other_numbers
from .surviving import expect_to_survive
from .winch import winch

__all__ = ["winch"]

# ---- what several checks share -------------------------------------------------------------------------------


def _plain(function: Callable[..., Any], *given: Any) -> Any:
    """What a plain function returns; it leaves what it was given as it is."""
    before = safe_repr(given)
    answer = function(*given)
    done = f"`{getattr(function, '__name__', 'the function')}` was called"
    if inspect.iscoroutine(answer):
        answer.close()
        raise NotYet(done, "a coroutine", "a value", "the `async`: a plain `def` is asked for")
    if safe_repr(given) != before:
        raise NotYet(f"{done}; what it was given, after that", safe_repr(given), before, _AS_IT_WAS)
    return answer


_AS_IT_WAS: Final = "what the function changes in place. No value of Elixir is ever changed: a new one is made"
_SHARED: Final = "where the server keeps what it knows: in the state of each one. What a class keeps, all of them share"
_LINKED: Final = "what `start_link` returns: the pid of the server"
_LINK: Final = "who is linked to whom: `start_link` links the server to the process that calls it, `start` does not"


async def _started(start: Callable[[], Any], idea: str = _LINKED) -> Pid:
    """Start a server; that takes no time."""
    Process.flag(trap_exit=True)
    began = current_node().now()
    try:
        pid = await answered(start(), "it was started")
    except StartError as error:
        raise not_started(error) from None
    except TypeError as error:
        raise NotYet("it was to be started", describe_exception(error), "a pid", idea) from None
    if not isinstance(pid, Pid):
        raise NotYet("it was started", safe_repr(pid), "the pid of the server", f"{idea}. Is a `return` missing?")
    expect("it was started; how long did that take?", f"{current_node().now() - began:g} s", "0 s", _AT_ONCE)
    info = Process.info(pid)
    expect("it was started; is it linked to the caller?", info is None or self_() in info["links"], True, _LINK)
    return pid


_AT_ONCE: Final = "what `init` does. Whoever starts the server waits for it, and `{:continue, …}` comes after that"


# ---- drill 1: clauses are tried from the top ------------------------------------------------------------------

Step = tuple[Any, ...]

_FULL: Final = "the clause for a deck with no place free: it stands first, so it is tried first"
_LORRY: Final = "the clause with two conditions in its guard: both have to hold, and the numbers are those of the text"
_FALLS: Final = (
    "what becomes of a request whose guard does not hold: it is not refused, it goes to the next clause that fits. A "
    "long car that finds one place is taken by the clause below"
)
_DEFAULT: Final = "what stands behind the two backslashes: it is used when the caller leaves the argument out"
_ORDER: Final = "the order of the cars. `[car | cars]` puts the new one in front, and the answer turns the list round"
_UNKNOWN: Final = (
    "what `List.delete` does: it takes the first one that is equal, and a list without one stays as it is. The place "
    "is free in either case: the clause asks nothing"
)
_STRAY: Final = "what the last clause of `handle_info` does: any other message leaves the state as it is"
_CARS: Final = "what the call for the cars answers: a pair of the free places and the list"
_FREE: Final = "what each clause makes of the free places: a lorry takes two, and whoever leaves gives one back"
_NOTHING: Final = "a deck for 0 places. 0 is a number like any other: a default counts where nothing is given"
_CALLED: Final = (
    "the client function: it makes a call, which brings the answer. A cast returns ok, whatever happens then"
)
_NO_TOP: Final = "the clause for a car that leaves: it adds one place and asks nothing, not even how many there were"

_NO_CAST: Final = (
    "what becomes of a cast where the module has no clause for one: the server ends, as at an unknown call"
)

_NO_CLAUSE: Final = (
    "the end where no clause fits: the Elixir raises, which is a crash. A stop with a quiet reason tells nobody that "
    "something was wrong, and a transient child would not come back after it"
)

_SHOWN: Final[tuple[Step, ...]] = (
    ("board", "red", 12, _LORRY),
    ("board", "blue", None, _DEFAULT),
    ("board", "green", None, _FULL),
    ("left", "red", _UNKNOWN),
    ("cars", _ORDER),
)
_MORE_DECK: Final[tuple[Step, ...]] = (
    ("cars", _DEFAULT),
    ("board", "a", 9, _LORRY),
    ("board", "b", 8, _LORRY),
    ("board", "c", None, _DEFAULT),
    ("board", "d", 30, _LORRY),
    ("stray", _STRAY),
    ("cars", _STRAY),
    ("board", "e", 9, _FULL),
    ("left", "nobody", _UNKNOWN),
    ("cars", _UNKNOWN),
    ("board", "f", 16, _FALLS),
    ("cars", _ORDER),
    ("left", "a", _UNKNOWN),
    ("left", "f", _UNKNOWN),
    ("board", "c", 4, _LORRY),
    ("left", "c", _UNKNOWN),
    ("cars", _UNKNOWN),
)
DECKS: Final = (
    (3, _SHOWN),
    (None, _MORE_DECK),
    (1, (("board", "x", 40, _FALLS), ("board", "y", 2, _FULL))),
    (3, (("board", "x", 8.5, _LORRY), ("cars", _LORRY))),
    (0, (("board", "x", 4, _NOTHING), ("left", "x", _NO_TOP), ("left", "y", _NO_TOP), ("cars", _NO_TOP))),
)


def deck_answers(places: int | None, steps: Sequence[Step]) -> list[Any]:
    """What the deck of the text answers to each step: None where a message is sent."""
    free, cars, answers = 6 if places is None else places, list[Any](), list[Any]()
    for step in steps:
        answer: Any = None
        match step:
            case ("board", car, metres, _):
                length = 4 if metres is None else metres
                if free == 0:
                    answer = "full"
                elif length > 8 and free >= 2:
                    free, cars, answer = free - 2, [car, *cars], ("ok", "lorry")
                else:
                    free, cars, answer = free - 1, [car, *cars], ("ok", "car")
            case ("left", car, _):
                free += 1
                if car in cars:
                    cars.remove(car)
            case ("cars", _):
                answer = (free, cars[::-1])
        answers.append(answer)
    return answers


async def deck(Deck: Any, steps: Sequence[Step] | None = None, places: int = 5) -> None:
    """Every request is answered as the Elixir answers it, also where a guard does not hold.

    Demands: the answers of `deck_answers` for some sequences of requests, through ``start_link``, ``board`` and
    ``cars``; six places and four metres where nothing is said; a stray message changes nothing; an unknown call or cast
    ends the server; two decks have nothing in common.
    """
    cases: list[tuple[Any, ...]] = [(Deck, given, shown) for given, shown in DECKS]
    if steps is not None:
        cases.append((Deck, places, steps))
    await with_other_numbers(_one_deck, cases)
    one, other = await _started(partial(Deck.start_link, 4)), await _started(partial(Deck.start_link, 9))
    await answered(Deck.board(one, "red"), "a car boarded")
    seen = await answered(Deck.cars(other), "the cars were asked for")
    expect("a car boarded one of two decks; the cars of the other", seen, (9, []), _SHARED)
    for request in (("no such request", 17), ("board", "red"), ("board", "red", 4, 5), ("cars",), "board"):
        pid = await _started(partial(Deck.start_link, 4))
        await ends_the_server(pid, request)
        _crashed(pid, f"the unknown call {request!r} was made")
    GenServer.cast(other, ("board", "red", 4))
    await Process.sleep(0.0)
    expect("a deck was sent a cast; does it live?", Process.alive(other), False, _NO_CAST)
    _crashed(other, "a deck was sent a cast")


def _crashed(pid: Pid, done: str) -> None:
    """A server without a clause for a request raises, and that is no quiet end."""
    if is_quiet(ended_with(pid)):
        raise NotYet(done, f"it ended with {safe_repr(ended_with(pid))}", "a crash", _NO_CLAUSE)


async def _one_deck(Deck: Any, places: int | None, steps: Sequence[Step]) -> None:
    pid = await _started(partial(Deck.start_link, *(() if places is None else (places,))), _DEFAULT)
    told = []
    for step, hoped in zip(steps, deck_answers(places, steps), strict=True):
        what, *given, idea = step
        told.append(_told(what, given))
        begin = "a deck" if places is None else f"a deck for {places}"
        done = f"{begin}: {', then '.join(told[-6:])}"
        match what:
            case "board":
                car, metres = given
                rest = () if metres is None else (metres,)
                seen = await _boarded(Deck, pid, car, rest, done)
                expect(f"{done}; the answer", seen, hoped, idea)
            case "cars":
                seen = await _taken(Deck.cars(pid), done)
                expect(f"{done}; the answer", seen, hoped, _about_cars(seen, hoped, idea))
            case "left":
                send(pid, ("left", given[0]))
            case _:
                for stray in (("a stray message", 17), 17, "left", ("left", "a", "b")):
                    send(pid, stray)
        await _lives_on(pid, done, idea)


def _about_cars(seen: Any, hoped: Any, idea: str) -> str:
    if not isinstance(seen, tuple):
        return _CARS
    if same(seen[1:], hoped[1:]) and idea is _ORDER:
        return _FREE
    return _ORDER if same(seen, (hoped[0], hoped[1][::-1])) else idea


async def _boarded(Deck: Any, pid: Pid, car: Any, rest: Sequence[Any], done: str) -> Any:
    try:
        call = Deck.board(pid, car, *rest)
    except TypeError as error:
        raise NotYet(done, describe_exception(error), "an answer", _DEFAULT) from None
    return await _taken(call, done)


def _told(what: str, given: Sequence[Any]) -> str:
    return f"{what} {' '.join(str(word) for word in given if word is not None)}".strip()


async def _taken(call: Any, done: str) -> Any:
    seen = await answered(call, done)
    if seen is None:
        raise NotYet(done, "None", "the answer of the server", "the client function: is a `return` missing?")
    if same(seen, "ok"):
        raise NotYet(done, "'ok'", "the answer of the server", _CALLED)
    return seen


async def _lives_on(pid: Pid, done: str, idea: str) -> None:
    await Process.sleep(0.0)
    if not Process.alive(pid):
        reason = ended_with(pid)
        raise NotYet(done, f"the server ended: {describe_reason(reason)}", "it lives on", idea + _returned(reason))


def _returned(reason: object) -> str:
    """What a reason says of a callback that returned nothing good."""
    bad = isinstance(reason, tuple) and reason[:1] == ("bad_return_value",)
    return ". And at what the callback returns: is a `return` missing?" if bad else ""


# ---- drill 2: `with` hands on what does not fit -----------------------------------------------------------------

Sailings = dict[str, dict[str, Any]]
Case = tuple[dict[str, Any], Sailings]

_PLAN: Final[Sailings] = {
    "07:10": {"gate": "open", "taken": [4]},
    "08:00": {"gate": "closed", "taken": []},
    "11:00": {"gate": "soon", "taken": [1, 2]},
    "12:45": {"gate": "open", "taken": [1, 7, -3]},
}
PLACES: Final[tuple[Case, ...]] = (
    ({"sailing": "07:10", "place": "12"}, _PLAN),
    ({"sailing": "07:10", "place": "12b"}, _PLAN),
    ({"sailing": "07:10", "place": "4"}, _PLAN),
    ({"sailing": "09:30", "place": "4"}, _PLAN),
    ({"sailing": "08:00", "place": "4"}, _PLAN),
    ({"sailing": "11:00", "place": "4"}, _PLAN),
    ({"sailing": "11:00", "place": "none"}, _PLAN),
    ({"sailing": "07:10", "place": "none"}, _PLAN),
    ({"sailing": "12:45", "place": "8 "}, _PLAN),
    ({"sailing": "12:45", "place": "1_0"}, _PLAN),
    ({"sailing": "12:45", "place": "-3"}, _PLAN),
    ({"sailing": "12:45", "place": "0"}, _PLAN),
)
_AS_IT_IS: Final = (
    "what a `with` without `else` is worth when a pattern does not fit: the very value that did not fit, and no tuple "
    "around it"
)
_WHICH: Final = "the order of the lines: the first one that does not fit decides, and those below it are not run"
_FITS: Final = "which values fit: `:open` is the only gate that does, and a text after the number is not an empty one"
_LAST: Final = "what stands behind `do`: that is the value when every line fits"
_PARSED: Final = (
    "what `parse` returns for that text: the number it begins with, and the rest. The pair comes out as it is"
)
_TAKEN: Final = (
    "the last line of the `with`: is the number that was parsed, and not the text, among those that are taken? If so, "
    "the value that did not fit is the boolean `True`"
)
_ZERO: Final = "which values fit the pattern: every whole number does, also 0. A pattern does not ask what is truthy"


def integer_parse(text: str) -> Any:
    """What ``Integer.parse`` makes of a text: the number in front and the rest, or "error"."""
    digits = len(text) - len(text.lstrip("+-"))
    end = digits = min(digits, 1)
    while end < len(text) and text[end] in "0123456789":
        end += 1
    return "error" if end == digits else (int(text[:end]), text[end:])


def place_of(ticket: dict[str, Any], sailings: Sailings) -> Any:
    """What the function of the text returns."""
    if ticket["sailing"] not in sailings:
        return "error"
    sailing = sailings[ticket["sailing"]]
    if sailing["gate"] != "open":
        return sailing["gate"]
    parsed = integer_parse(ticket["place"])
    if parsed == "error" or parsed[1] != "":
        return parsed
    return True if parsed[0] in sailing["taken"] else ("ok", parsed[0])


async def place(function: Callable[[dict[str, Any], Sailings], Any], *more: Case) -> None:
    """What fits is returned as a place, and what does not fit comes out as it is.

    Demands: the values of `place_of`, for tickets that fail at each line of the ``with`` and at several of them; what
    the function is given stays as it was.
    """
    await with_other_numbers(_one_place, [(function, *case) for case in (*PLACES, *more)])


async def _one_place(function: Any, ticket: dict[str, Any], sailings: Sailings) -> None:
    given: Sailings = {hour: {**each, "taken": [*each["taken"]]} for hour, each in sailings.items()}
    hoped = place_of(ticket, sailings)
    about = given.get(ticket["sailing"], "not in the plan")
    done = f"a ticket for {ticket['sailing']}, place {ticket['place']!r}. That sailing: {about}"
    try:
        seen = _plain(function, dict(ticket), given)
    except (KeyError, ValueError, TypeError) as error:
        idea = f"{_AS_IT_IS}. Nothing raises here"
        raise NotYet(done, describe_exception(error), safe_repr(hoped), idea) from None
    expect(done, seen, hoped, _about_place(seen, hoped))


def _about_place(seen: Any, hoped: Any) -> str:
    match hoped, seen:
        case ("ok", _), None:
            return f"{_LAST}. Is a `return` missing?"
        case ("ok", 0), _:
            return _ZERO
        case ("ok", _), list():
            return f"{_LAST}. `{{…}}` of Elixir is a tuple in Python"
        case ("ok", _), _:
            return _LAST
        case True, ("ok", _) | str():
            return _TAKEN
        case (_, _), "error":
            return _PARSED
    match seen:
        case ("ok", _):
            return _FITS
        case ("error", *_) | None:
            return _AS_IT_IS
    wrapped = isinstance(seen, tuple) and any(same(part, hoped) for part in seen)
    return _AS_IT_IS if wrapped or seen is False else _WHICH


# ---- drill 3: what is printed -----------------------------------------------------------------------------------

Fares = tuple[list[int], int]
LINES: Final[tuple[Fares, ...]] = (
    ([5, 2], 3),
    ([10, 4, 4], 0),
    ([1, 1], 9),
    ([3, 9, 2, 6], 20),
    ([8, 2], 3),
    ([6], 9),
    ([], 0),
)
_SCOPE: Final = (
    "`total = total - fare` inside the `for`. It binds a new name in there, from the one outside, and for each fare "
    "anew; the name outside never changes"
)
_DIV: Final = (
    "`div` and `rem` of a negative number: they cut towards zero, and the rest has the sign of the first number. "
    "Python's `//` and `%` go downwards"
)
_HALF: Final = "what `/` makes: always a float, in both languages"
_EVEN: Final = "`==` compares by value: a whole number and a float may be equal"
_SAME: Final = "`===` is no stronger `==` of Python's: an integer and a float are never the same"
_TRUTH: Final = "what counts as false: only `nil` and `false` do. 0 is as true as 7"
_TEXT: Final = (
    "how a value becomes text: `#{…}` writes an atom without its colon, and true in small letters. Nothing stands "
    "around it, and no line end"
)
_TOTAL: Final = "what the total is: the sum of the fares, and nothing changes it afterwards"


def lines_of(fares: list[int], off: int) -> list[str]:
    """The lines that the function of the text returns."""
    total = sum(fares)
    rest = total - off
    half = abs(rest) // 2 * (1 if rest >= 0 else -1)
    return [
        *(f"left {total - fare}" for fare in fares),
        f"total {total}",
        f"each {half}, over {rest - 2 * half}",
        f"half {rest / 2}",
        f"even: {'true' if rest % 2 == 0 else 'false'}",
        "same: false",
        "paid: yes",
    ]


async def lines(function: Callable[[list[int], int], Any], *more: Fares) -> None:
    """The lines are those that Elixir prints, for every list of fares.

    Demands: the lines of `lines_of`; the list of fares stays as it was.
    """
    await with_other_numbers(_one_till, [(function, *case) for case in (*LINES, *more)])


async def _one_till(function: Any, fares: list[int], off: int) -> None:
    seen, hoped = _plain(function, [*fares], off), lines_of(fares, off)
    done = f"the fares were {fares}, and {off} was taken off"
    if not isinstance(seen, list):
        idea = "what is returned: a list of texts" + (". Is a `return` missing?" if seen is None else "")
        raise NotYet(done, safe_repr(seen), "a list of lines", idea)
    ideas = [*[_SCOPE] * len(fares), _TOTAL, _DIV, _HALF, _EVEN, _SAME, _TRUTH]
    for number, (line, idea) in enumerate(zip(hoped, ideas, strict=True)):
        given = seen[number] if number < len(seen) else "no such line"
        if isinstance(given, str) and given != line and given.lower().strip() == line:
            raise NotYet(f"{done}; line {number + 1}", safe_repr(given), safe_repr(line), _TEXT)
        expect(f"{done}; line {number + 1}", given, line, idea)
    expect(f"{done}; how many lines are there?", len(seen), len(hoped), "how many lines the list has")


# ---- repair 1: a translation --------------------------------------------------------------------------------------

LATE: Final = 1.5
NOTED: Final = 0.5
_REF: Final = (
    "`number` in the head of the clause, which stands there twice: a name that occurs twice in one head fits only if "
    "both are equal. In a `case` of Python it captures whatever comes"
)
_NOBODY: Final = "what an answer finds when nobody is asking any more: the guard fails, and the last clause takes it"
_NIL: Final = '`metres || :unknown`: only `nil` and `false` are replaced. Python\'s `or` replaces 0 and "" too'
_EXIT: Final = "`catch :exit`: a call that fails exits, and an exit is no `Exception` in Python"
_LATE: Final = "the unit of the numbers: 1_500 milliseconds until an asker is told, and 500 for the book"
_TIMER: Final = "what counts the 1.5 s: a timer, as `Process.send_after` sets it. Each message puts a `Timeout` off"
_BUSY: Final = "the second clause for the question: while one is asked for, others are told so at once"
_UP: Final = "the number of the state once an asker was told: it goes up, also after `late`, so that no old answer fits"
_ANY: Final = (
    "`catch :exit, _reason`: it catches every exit, whatever its reason is. A book that crashes is one of them"
)
_NOTE: Final = "the clause for a note: its answer is that of the book, and the server goes on"


async def radio(Radio: Any, metres: object = 7) -> None:
    """It does what the Elixir does, with old answers, with 0, with a book that is away, and with nobody who answers.

    Demands: the station is sent ("ask", pid, number), and ("depth", number, metres) with that number answers the
    caller; another number, or one that comes late, is for nobody; None and False become "unknown", 0 does not; after
    1.5 seconds the caller is told "late", and an answer to that question fits no later one; a second caller is told
    "busy"; a note is answered by the book, and by "not_noted" when the book is away, crashes or is silent for half a
    second; two radios have nothing in common; an unknown call ends the server.
    """
    cases = ((Radio, metres), (Radio, 0), (Radio, None), (Radio, False), (Radio, ""), (Radio, ("a", 1)))
    await with_other_numbers(_one_depth, cases)
    await _two_radios(Radio)
    await _late(Radio)
    await _late_all_the_same(Radio)
    await _notes(Radio)
    await ends_the_server(await _started(partial(Radio.start_link, self_())), ("no such request", 17))


async def _asked(radio: Pid, idea: str = "") -> tuple[Any, list[Any]]:
    """Have somebody ask for the depth; the number that the station gets, and a list for the answer."""
    answers: list[Any] = []

    async def user() -> None:
        try:
            answers.append(await GenServer.call(radio, "depth", timeout=20.0))
        except Exit as exit:
            answers.append(f"an exit: {describe_reason(exit.reason)}")

    spawn(user)
    match await receive(lambda message: isinstance(message, tuple) and message[:1] == ("ask",), timeout=1.0):
        case ("ask", pid, ref) if pid is radio:
            return ref, answers
    idea = idea or "what the station is sent: the atom, the pid of the server, and the number"
    raise NotYet("the depth was asked for", "no question came to the station", '("ask", pid, number)', idea)


async def _answer(pid: Pid, ref: Any, metres: object) -> None:
    send(pid, ("depth", ref, metres))
    await Process.sleep(0.01)


async def _one_depth(Radio: Any, metres: object) -> None:
    pid = await _started(partial(Radio.start_link, self_()))
    for number in (0, 1, None):
        await _answer(pid, number, 99)
        await _lives_on(pid, f"nobody had asked, and an answer with the number {number} came", _NOBODY)
    ref, answers = await _asked(pid)
    await _answer(pid, ("another", 17), 99)
    expect("an answer with another number came; the caller got", answers, [], _REF)
    await _busy(pid)
    await _answer(pid, ref, metres)
    hoped = "unknown" if metres is None or metres is False else metres
    done = f"the station answered with {metres!r}; the caller got"
    if not answers:
        raise NotYet(done, "nothing", safe_repr(hoped), _REF)
    expect(done, answers, [hoped], _NIL)
    await _answer(pid, ref, 99)
    await _lives_on(pid, "the station answered a second time", _NOBODY)
    send(pid, ("a stray message", 17))
    await _lives_on(pid, "a stray message came", _STRAY)
    await Process.sleep(5.0)
    other, answers = await _asked(pid)
    await _answer(pid, ref, 99)
    expect("the depth was asked for again, and the old answer came once more; the caller got", answers, [], _REF)
    await _answer(pid, other, metres)
    expect("the new answer came; the callers got", answers, [hoped], _REF)


async def _busy(pid: Pid) -> None:
    try:
        seen = await GenServer.call(pid, "depth", timeout=1.0)
    except Exit as exit:
        if not Process.alive(pid):
            raise Exit(exit.reason) from None
        seen = "no answer within a second"
    expect("a second caller asked meanwhile, and got", seen, "busy", _BUSY)


async def _silent(pid: Pid) -> tuple[Any, list[Any]]:
    """Ask, and have the station say nothing for a hundredth of a second less than the radio waits."""
    ref, answers = await _asked(pid)
    await Process.sleep(LATE - 0.01)
    return ref, answers


async def _late(Radio: Any) -> None:
    pid = await _started(partial(Radio.start_link, self_()))
    _, answers = await _silent(pid)
    expect("the station was silent for 1.49 s; the caller got", answers, [], _LATE)
    pid = await _started(partial(Radio.start_link, self_()))
    first, answers = await _asked(pid)
    await Process.sleep(0.2)
    await _answer(pid, first, 5)
    await Process.sleep(0.79)
    second, answers = await _silent(pid)
    done = "a question was answered, and to the next one the station was silent for 1.49 s; the caller got"
    expect(done, answers, [], _REF)
    await Process.sleep(0.02)
    await _lives_on(pid, "the station was silent for 1.51 s", _NOBODY)
    expect("the station was silent for 1.51 s; the caller got", answers, ["late"], _LATE)
    await _answer(pid, second, 5)
    await _lives_on(pid, "the answer came late", _NOBODY)
    expect("the answer came late; the caller got", answers, ["late"], _NOBODY)
    third, answers = await _asked(pid)
    await _answer(pid, second, 5)
    done = "a question was told to be late, another one was asked, and the answer to the old one came; the caller got"
    expect(done, answers, [], _UP)
    await _answer(pid, third, 6)
    expect("the answer to the new question came; the caller got", answers, [6], _REF)


async def _late_all_the_same(Radio: Any) -> None:
    """Others ask meanwhile, and strays come."""
    pid = await _started(partial(Radio.start_link, self_()))
    _, answers = await _asked(pid)
    for _ in range(3):
        await Process.sleep(0.4)
        await _busy(pid)
        send(pid, ("a stray message", 17))
    await Process.sleep(LATE - 1.2 + 0.01)
    done = "the station was silent for 1.51 s, while others asked and a stray message came; the caller got"
    expect(done, answers, ["late"], _TIMER)


async def _two_radios(Radio: Any) -> None:
    one, other = await _started(partial(Radio.start_link, self_())), await _started(partial(Radio.start_link, self_()))
    first, heard = await _asked(one)
    second, heard_too = await _asked(other, _SHARED)
    await _answer(other, second, 8)
    await _answer(one, first, 3)
    expect("two radios were asked, and both were answered; the callers got", (heard, heard_too), ([3], [8]), _SHARED)


async def _notes(Radio: Any) -> None:
    pid = await _started(partial(Radio.start_link, self_()))
    done = "there was no book, and a note came; the answer"
    expect(done, await _noted(pid, done), "not_noted", _EXIT)
    book = await _Book.start("it is noted", name="book")
    seen = await _noted(pid, "a note came")
    expect("there was a book, and a note came; the answer", seen, ("it is noted", "fog"), _NOTE)
    await sys_.suspend(book)
    began = current_node().now()
    done = "the book was silent, and a note came; the answer"
    seen = await _noted(pid, done, _ANY)
    took = current_node().now() - began
    expect(done, seen, "not_noted", _EXIT)
    expect("the book was silent; how long did the note take?", f"{took:g} s", f"{NOTED:g} s", _LATE)
    assert isinstance(book, Pid)
    Process.exit(book, "kill")
    await Process.sleep(0.0)
    await _Book.start(None, name="book")
    done = "the book crashed at a note; the answer"
    expect(done, await _noted(pid, done, _ANY), "not_noted", _ANY)


async def _noted(pid: Pid, done: str, idea: str = _EXIT) -> Any:
    try:
        return await GenServer.call(pid, ("note", "fog"), timeout=600.0)
    except Exit:
        if Process.alive(pid):
            raise NotYet(done, "no answer", "an answer", _LATE) from None
        seen = f"the server ended: {describe_reason(ended_with(pid))}"
        raise NotYet(done, seen, "an answer", idea) from None


class _Book(GenServer):
    """Answers with its word; without one it crashes."""

    def init(self, word: Any) -> Any:
        return Ok(word)

    def handle_call(self, request: Any, from_: Any, word: Any) -> Any:
        match request:
            case ("note", text) if word is not None:
                return Reply((word, text), word)

    def handle_info(self, message: Any, word: Any) -> Any:
        return NoReply(word)


# ---- repair 2: which one is broken as the log says? ------------------------------------------------------------------

Log = list[tuple[Any, Any]]
Queue = list[Any]


def _join(queue: Queue, car: Any, version: str) -> tuple[Any, Queue]:
    if len(queue) >= 3 and version != "B":
        return "full", queue
    return (len(queue) + 1, queue if version == "C" else [*queue, car])


def _leave(queue: Queue, car: Any, version: str) -> tuple[Any, Queue]:
    rest = [*queue]
    if car in rest:
        rest.remove(car)
    return "ok", queue if version == "D" else rest


def suspects_of(queue: Queue, log: Log) -> list[str]:
    """The letters of the versions that would have answered as the log says."""
    found = []
    for version in "ABCD":
        state, good = [*queue], True
        for request, answer in log:
            match request:
                case ("join", car):
                    seen, state = _join(state, car, version)
                case ("leave", car):
                    seen, state = _leave(state, car, version)
                case _:
                    seen = state
            good = good and same(seen, answer)
        if good:
            found.append(version)
    return found


_J: Final = ("join", "bus")
LOGS: Final[tuple[tuple[Queue, Log], ...]] = (
    (["van"], [(_J, 2), (("leave", "bus"), "ok"), ("waiting", ["van", "bus"])]),
    (["van"], [(_J, 2), (("leave", "bus"), "ok"), ("waiting", ["van"])]),
    (["a", "b", "c"], [(_J, "full"), (("leave", "b"), "ok"), (_J, 3), (("join", "z"), "full")]),
    (["a", "b", "c"], [(_J, 4), ("waiting", ["a", "b", "c", "bus"])]),
    (["a", "b", "c"], [(_J, "full"), (("leave", "x"), "ok"), ("waiting", ["a", "b", "c"])]),
    (["a", "b"], [(_J, 3), (("join", "z"), 3), ("waiting", ["a", "b"])]),
    (["a", "b"], [(_J, 3), (("join", "z"), "full"), (("leave", "a"), "ok"), ("waiting", ["a", "b", "bus"])]),
    (["a", "a"], [(("leave", "a"), "ok"), ("waiting", ["a"])]),
    ([], [(_J, 1), (("join", "bus"), 2), ("waiting", ["bus", "bus"])]),
    ([], [(_J, 5)]),
    (["a"], []),
    (["a", "b", "c", "d"], [(_J, "full"), (("leave", "a"), "ok"), ("waiting", ["b", "c", "d"])]),
    (["a", "b", "a"], [(("leave", "a"), "ok"), ("waiting", ["b", "a"])]),
    (["a", "b"], [("waiting", ["b", "a"])]),
)
_ORDERED: Final = "module B: its first clause fits for every car, so the one for a full queue is never reached"
_INNER: Final = "module C: what is bound inside the `if` is not seen outside of it. What is the last line made of?"
_THROWN: Final = "module D: `List.delete` makes a new list. Which list is in the tuple?"
_INNOCENT: Final = (
    "module A, the one as it was meant: what does it answer to each of these requests? Three cars or more are a full "
    "list, `List.delete` takes the first one that is equal, and two lists in another order are not the same"
)
_DELETE: Final = "what `List.delete` does where there is no such car: nothing. `list.remove` of Python raises"
_ALL_OF_THEM: Final = "which letters are returned: all that could have written this log, in the order of the alphabet"


async def suspects(function: Callable[[Queue, Log], Any], *more: tuple[Queue, Log]) -> None:
    """From a log it is told which of the four programs could have written it.

    Demands: the letters of `suspects_of`, for logs that no program, one, and several could have written.
    """
    await with_other_numbers(_one_log, [(function, *case) for case in (*LOGS, *more)])


async def _one_log(function: Any, queue: Queue, log: Log) -> None:
    hoped = suspects_of(queue, log)
    done = f"{queue} were waiting, and the log says {log}; who could have written it?"
    try:
        seen = _plain(function, [*queue], [*log])
    except ValueError as error:
        raise NotYet(done, describe_exception(error), safe_repr(hoped), _DELETE) from None
    if not isinstance(seen, list):
        idea = "what is returned: a list of letters" + (". Is a `return` missing?" if seen is None else "")
        raise NotYet(done, safe_repr(seen), safe_repr(hoped), idea)
    odd = [letter for letter in "ABCD" if (letter in seen) != (letter in hoped)]
    ideas = {"A": _INNOCENT, "B": _ORDERED, "C": _INNER, "D": _THROWN}
    some = not odd or same(seen, hoped[:1])
    expect(done, seen, hoped, _ALL_OF_THEM if some else ideas[odd[0]])


# ---- design: an application with its tree --------------------------------------------------------------------

SEATS: Final = 3
PATIENCE: Final = 2.0
KILLS: Final = 96
"""So many sailings are killed, one after the other, until the whole line ends: six end the fleet, and so on."""

Ferries = Any
_NAMES: Final = ("ferries", "ledger", "quay", "sailings", "fleet")
_LISTED: Final = "the lists of children, and the names under which they run"
_WHO: Final = "the order of the list and the strategy of its supervisor, as the Elixir has them"
_BOOKED: Final = "what a booking is answered with: the place, counted from 1, or full"
_TWICE: Final = (
    "who books a second time: the `cond` asks for an index, and 0 is as true as any number in Elixir. In Python the "
    "first one would be nobody"
)
_LOADS: Final = "what a new sailing knows: what the ledger has for its hour, fetched by the continue"
_CLOSED: Final = "what `leave` does: the sailing stops with normal, and a transient child is not started again"
_COMES_BACK: Final = (
    "which end of a sailing brings it back: the `restart` of its spec says so, and a transient child is not started "
    "again after a quiet end alone"
)
_REOPENED: Final = (
    "what `book` does first: it opens the sailing, whether it runs or not. `already_started` is no failure"
)
_ONE_REFUSAL: Final = (
    "which refusal of a start is no failure: `already_started`, and no other. For the others the `case` has no clause"
)
_IN_LEDGER: Final = "who writes a booking down: the sailing does, in the ledger, before it answers"
_CAST: Final = "`leave` is a cast: it answers ok at once, also where the sailing is busy, or where there is none"
_KNOWN: Final = (
    "what a sailing answers from: its state. It asks the ledger once, in its continue, and tells it what is new"
)
_PATIENCE: Final = "the unit of the patience: two thousand milliseconds"
_HELD_UP: Final = "where the bookings are loaded. What `init` waits for, the whole fleet waits for"
_BUDGET: Final = (
    "the budgets: five restarts of the fleet in 15 s, three of the quay in 60 s, three of the line in 240 s. In both "
    "languages `max_seconds` is a number of seconds"
)
_SURVIVES: Final = "who keeps the bookings, and who is new when the registry or the fleet ends"


async def ferries(Ferries: Ferries, hours: Sequence[Any] = (7, 9)) -> None:
    """The line books, forgets and recovers as the Elixir does, and no booking is lost in a campaign.

    Demands: the five processes run under their names; places, double bookings and a full sailing are answered as in
    the Elixir, a new one once it stands in the ledger; a sailing comes back after a crash and not after ``leave``, and
    knows its bookings; ``leave`` answers "ok" at once, whether the sailing is there, busy or away; who is new when the
    ledger, the registry or the fleet ends; a call is waited for two seconds; the load of a sailing holds up nobody
    else; what a start is refused for, other than `already_started`, is no answer; six crashes of sailings in a row end
    the fleet, and 96 the whole line.
    """
    await with_other_numbers(_one_line, ((Ferries, hours[0]), (Ferries, hours[1])))
    await _who_is_new(Ferries)
    await _at_once(Ferries)
    await _waits(Ferries)
    await _writes_first(Ferries)
    await _until_the_end(Ferries)
    await _rare_enough(Ferries)
    await _refused(Ferries)
    _a_day(Ferries, hours)


async def _grown(Ferries: Ferries) -> Pid:
    Process.flag(trap_exit=True)
    root = await _started(partial(Ferries.start_link, None))
    missing = [name for name in _NAMES if Process.whereis(name) is None]
    expect("the line was started; who is missing?", missing, [], _LISTED)
    return root


async def _book(Ferries: Ferries, hour: Any, who: Any, done: str, idea: str) -> Any:
    try:
        return await answered(Ferries.book(hour, who), done)
    except Exit as exit:
        raise NotYet(done, f"an exit: {describe_reason(exit.reason)}", "an answer", idea) from None
    except ChildError as error:
        raise NotYet(done, describe_exception(error), "an answer", _REOPENED) from None


async def _one_line(Ferries: Ferries, hour: Any) -> None:
    root = await _grown(Ferries)
    for n, who in enumerate(("ann", "bo", "cy"), start=1):
        done = f"{who} booked for {hour}"
        expect(done, await _book(Ferries, hour, who, done, _BOOKED), ("ok", n), _BOOKED)
    for n, who in ((1, "ann"), (3, "cy")):
        done = f"{who} booked a second time"
        expect(done, await _book(Ferries, hour, who, done, _REOPENED), ("ok", n), _TWICE)
    expect("a fourth one booked", await _book(Ferries, hour, "di", "a fourth one booked", _BOOKED), "full", _BOOKED)
    done = "somebody booked for another hour"
    expect(done, await _book(Ferries, ("late", hour), "di", done, _BOOKED), ("ok", 1), _SHARED)
    expect("the ledger holds for this hour", await _ledger(hour), ["ann", "bo", "cy"], _IN_LEDGER)
    await _comes_back(Ferries, hour)
    await Supervisor.stop(root)


async def _ledger(hour: Any) -> Any:
    return await Agent.get("ledger", lambda every: every.get(hour, []))


async def _comes_back(Ferries: Ferries, hour: Any) -> None:
    pid = _sailing(hour)
    assert pid is not None
    Process.exit(pid, "kill")
    await Process.sleep(0.01)
    new = _sailing(hour)
    seen = "a new one" if new is not None and new is not pid else "none"
    expect("a sailing was killed; is there a new one, before anybody books?", seen, "a new one", _COMES_BACK)
    done = "the sailing was new, and bo booked again"
    expect(done, await _book(Ferries, hour, "bo", done, _LOADS), ("ok", 2), _LOADS)
    pid = _sailing(hour)
    assert pid is not None
    await _told_to_leave(Ferries, hour, "a sailing left")
    await Process.sleep(0.01)
    expect("a sailing left; is it there?", _sailing(hour) is not None, False, _CLOSED)
    _ended(pid, "a sailing left", "normal", _CLOSED)
    await _told_to_leave(Ferries, hour, "a sailing that had left was told to leave")
    done = "the sailing had left, and ann booked again"
    expect(done, await _book(Ferries, hour, "ann", done, _REOPENED), ("ok", 1), _LOADS)


def _ended(pid: Pid, done: str, hoped: object, idea: str) -> None:
    seen = "it lives on" if Process.alive(pid) else f"it ended with {safe_repr(ended_with(pid))}"
    if Process.alive(pid) or not same(ended_with(pid), hoped):
        raise NotYet(done, seen, f"it ended with {safe_repr(hoped)}", idea)


async def _told_to_leave(Ferries: Ferries, hour: Any, done: str) -> None:
    began = current_node().now()
    try:
        seen = await answered(Ferries.leave(hour), done)
    except NotYet:
        raise
    except (Exit, Exception) as error:
        told = describe_reason(error.reason) if isinstance(error, Exit) else describe_exception(error)
        raise NotYet(done, told, "'ok'", _CAST) from None
    expect(f"{done}; the answer", seen, "ok", _CAST + ("; is a `return` missing?" if seen is None else ""))
    expect(f"{done}; how long did that take?", f"{current_node().now() - began:g} s", "0 s", _CAST)


def _sailing(hour: Any) -> Pid | None:
    found = GenServer.whereis(Via("sailings", hour))
    return found if isinstance(found, Pid) else None


WANTED: Final = {
    "fleet": ["fleet"],
    "sailings": ["sailings", "fleet"],
    "quay": ["quay", "sailings", "fleet"],
    "ledger": ["ledger", "quay", "sailings", "fleet"],
}


async def _who_is_new(Ferries: Ferries) -> None:
    for name, hoped in WANTED.items():
        for booked in (False, True):  # a sailing without its registry brings the fleet down
            await _new_with(Ferries, name, hoped, booked)


async def _new_with(Ferries: Ferries, name: str, hoped: list[str], booked: bool) -> None:
    root = await _grown(Ferries)
    if booked:
        await _book(Ferries, 7, "ann", "ann booked", _BOOKED)
    before = {each: Process.whereis(each) for each in _NAMES}
    pid = before[name]
    assert pid is not None
    Process.exit(pid, "kill")
    await Process.sleep(0.01)
    new = [each for each in _NAMES if Process.whereis(each) is not before[each]]
    gone = [each for each in _NAMES if Process.whereis(each) is None]
    expect(f"{name!r} was killed; who is missing?", gone, [], _WHO)
    expect(f"{name!r} was killed; who is new?", new, hoped, _WHO)
    done = f"{name!r} was killed, and bo booked"
    first = name == "ledger" or not booked
    seen = await _book(Ferries, 7, "bo", done, _REOPENED)
    expect(done, seen, ("ok", 1 if first else 2), _SHARED if first else _LOADS)
    await Supervisor.stop(root)


async def _at_once(Ferries: Ferries) -> None:
    """Two book at the same moment for a sailing that nobody has opened."""
    root = await _grown(Ferries)
    done = "two booked at the same moment for a new hour"
    askers = [Asker(partial(Ferries.book, 7, who), done) for who in ("ann", "bo")]
    await Process.sleep(A_WHILE)
    for asker in askers:
        if asker.told and isinstance(error := asker.told[0][1], ChildError):
            raise NotYet(done, describe_exception(error), "two answers", _REOPENED)
    expect(
        f"{done}; what were they told?", [asker.answer(_BOOKED) for asker in askers], [("ok", 1), ("ok", 2)], _BOOKED
    )
    await Supervisor.stop(root)


async def _writes_first(Ferries: Ferries) -> None:
    """While the ledger is silent, what is known is answered, and what is new is not."""
    root = await _grown(Ferries)
    await _book(Ferries, 7, "ann", "ann booked", _BOOKED)
    ledger = Process.whereis("ledger")
    assert ledger is not None
    await sys_.suspend(ledger)
    done = "ann had booked, the ledger was silent, and she booked again"
    expect(done, await _book(Ferries, 7, "ann", done, _KNOWN), ("ok", 1), _KNOWN)
    try:
        seen = safe_repr(await answered(Ferries.book(7, "bo"), "the ledger was silent"))
    except Exit:
        seen = "an exit"
    expect("the ledger was silent, and bo booked", seen, "an exit", _IN_LEDGER)
    await sys_.resume(ledger)
    await Process.sleep(0.01)
    expect("then the ledger went on; it holds", await _ledger(7), ["ann", "bo"], _IN_LEDGER)
    await Supervisor.stop(root)


async def _waits(Ferries: Ferries) -> None:
    root = await _grown(Ferries)
    await _book(Ferries, 7, "ann", "ann booked", _BOOKED)
    pid = _sailing(7)
    assert pid is not None
    await sys_.suspend(pid)
    await _told_to_leave(Ferries, 7, "a sailing was silent, and was told to leave")
    began = current_node().now()
    try:
        seen = safe_repr(await answered(Ferries.book(7, "bo"), "a sailing was silent"))
    except Exit:
        seen = f"an exit after {current_node().now() - began:g} s"
    expect("a sailing was silent, and bo booked", seen, f"an exit after {PATIENCE:g} s", _PATIENCE)
    ledger = Process.whereis("ledger")
    assert ledger is not None
    await sys_.suspend(ledger)
    waiting = spawn(_book_quietly, Ferries, 9)
    await Process.sleep(0.1)
    began = current_node().now()
    await DynamicSupervisor.count_children("fleet")
    took = current_node().now() - began
    expect("a new sailing waited for the ledger; how long did its fleet answer nobody?", f"{took:g} s", "0 s", _HELD_UP)
    Process.exit(waiting, "kill")
    await sys_.resume(ledger)
    await Supervisor.stop(root)


async def _refused(Ferries: Ferries) -> None:
    """A fleet that takes nobody, and no line: there is no sailing, and the Elixir raises where no clause fits."""
    await Registry.start_link(keys="unique", name="sailings")
    await DynamicSupervisor.start_link(name="fleet", max_children=0)
    done, refused = "the fleet had no room for another sailing, and ann booked", "what the start was refused for"
    try:
        seen = safe_repr(await answered(Ferries.book(7, "ann"), done))
    except (Exit, Exception) as error:
        seen = "an exit: noproc" if "noproc" in repr(getattr(error, "reason", None)) else refused
    expect(f"{done}; what came out?", seen, refused, _ONE_REFUSAL)


async def _rare_enough(Ferries: Ferries) -> None:
    """What comes a little more slowly than a window holds is borne for ever."""
    root = await _grown(Ferries)
    for name, pause, times in ((7, 3.1, 9), ("fleet", 20.5, 5), ("quay", 81.0, 5)):
        if name == 7:
            await _book_quietly(Ferries, 7)
        pids = [Process.whereis(each) for each in ("fleet", "quay")]
        for _ in range(times):
            pid = _sailing(7) if name == 7 else Process.whereis(name)
            if pid is not None:
                Process.exit(pid, "kill")
            await Process.sleep(pause)
        told = "a sailing" if name == 7 else f"the {name}"
        done = f"{told} was killed every {pause:g} s, {times} times; who above it gave up?"
        above = [("fleet", pids[0]), ("quay", pids[1])][(0 if name == 7 else 1 if name == "fleet" else 2) :]
        gone = [each for each, before in above if Process.whereis(each) is not before]
        gone += [] if Process.alive(root) else ["ferries"]
        expect(done, gone, [], _BUDGET)
    await Supervisor.stop(root)


async def _book_quietly(Ferries: Ferries, hour: Any) -> None:
    try:
        await answered(Ferries.book(hour, "bo"), "bo booked")
    except (Exit, Exception):
        return


async def _until_the_end(Ferries: Ferries) -> None:
    """Sailings are killed one after the other: six end the fleet, and 96 everything."""
    root = await _grown(Ferries)
    fleet = Process.whereis("fleet")
    for number in range(1, 2 * KILLS):
        await _book_quietly(Ferries, 7)
        pid = _sailing(7)
        if pid is not None:
            Process.exit(pid, "kill")
        await Process.sleep(2.9)
        if number in (5, 6):
            seen = Process.whereis("fleet") is fleet
            done = f"sailings were killed every 2.9 s; is it the old fleet after {number} kills?"
            expect(done, seen, number == 5, _BUDGET)
        if not Process.alive(root):
            break
    done = "sailings were killed every 2.9 s; after how many was the whole line at an end?"
    expect(done, number, KILLS, _BUDGET)


def _a_day(Ferries: Ferries, hours: Sequence[Any]) -> None:
    asked, every = [0], (*hours, "another")

    async def start() -> Any:
        root = await Ferries.start_link(None)
        for hour in every:
            await Ferries.book(hour, "ann")
        return root

    async def probe() -> bool:
        asked[0] += 1
        hour = every[asked[0] % 3]
        return bool(await Ferries.book(hour, "ann") == ("ok", 1))

    async def sold() -> int:
        return int(await Agent.get("ledger", lambda sold: sum(map(len, sold.values()))))

    first = Via("sailings", every[0])
    faults = [Kill(first, every=40.0), Storm(Kill(first), times=5, within=1.0, at=100.5), Kill("sailings", every=90.0)]
    faults.append(Kill("fleet", every=110.0))
    expect_to_survive(start, faults, probe, _SURVIVES, hours=0.08, every=7.0, state=sold, lost=0)

"""The checks of chapter 11, tasks.

They give the reader's code sources that take their time, fail, are killed or never come, and look at what whoever
asked gets, after how many seconds, what is left in the mailbox, and what runs on. Each docstring says in its first
line what "ok" claims, and then what the check demands: the text of the exercise has to say all of it. What is given
is the numbers of the first case; each check runs at least one other case besides.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Final, NamedTuple

from .. import (
    Down,
    Exit,
    GenServer,
    Pid,
    Process,
    Ref,
    StartError,
    Supervisor,
    Task,
    current_node,
    receive,
    self_,
    send,
    spawn,
    sys_,
)
from ..errors import describe_reason, safe_repr
from .checking import NotYet, expect, let_pass
from .comparing import same
from .looking import answered, ended_with, not_started, taken, with_other_numbers

A_BLINK: Final = 0.01
"""Virtual seconds in which what is to happen at once has happened."""

STRAYS: Final[tuple[object, ...]] = (("a stray message of the check", 1), 7, None, "hello", ["a", "list"], "timeout")

LINKED: Final = (
    "who is linked to whom. What a link joins ends together, unless the reason is `normal`, and no `try` stops a signal"
)
STRAY_NEWS: Final = (
    "what becomes of a task that its owner has given up: whether its answer and its `Down` still have somewhere to go"
)


def now() -> float:
    """The time on the check's node."""
    return current_node().now()


# ---- what the reader's code asks -------------------------------------------------------------------------


class End(NamedTuple):
    """A way in which a source ends without an answer."""

    reason: object

    async def come(self) -> None:
        """End the process that runs this."""
        if isinstance(self.reason, Exception):
            raise self.reason
        if self.reason == "kill":
            spawn(Process.exit, self_(), "kill")
            await Process.sleep(1.0)
        raise Exit(self.reason)


class Run(NamedTuple):
    """One run of a source: what it was asked, in which process, when."""

    word: object
    pid: Pid
    at: float


Plan = tuple[float, object]
"""So many seconds, and then an answer, or an `End`."""


class Source:
    """A slow function of one word. Each run does what the plan for its word says; a list is one plan for each run.

    The stubborn ones trap exits: a `shutdown` does not end them.
    """

    def __init__(self, plan: dict[object, Plan | list[Plan]], stubborn: bool = False) -> None:
        self.plan, self.stubborn = plan, stubborn
        self.runs: list[Run] = []
        self.ended: list[tuple[object, float]] = []

    def function(self) -> Callable[[object], Awaitable[object]]:
        """A plain ``async def`` that does it."""

        async def ask(word: object) -> object:
            if self.stubborn:
                Process.flag(trap_exit=True)
            before = len([run for run in self.runs if same(run.word, word)])
            self.runs.append(Run(word, self_(), now()))
            plan = self.plan[word]
            seconds, outcome = plan[min(before, len(plan) - 1)] if isinstance(plan, list) else plan
            await Process.sleep(seconds)
            if isinstance(outcome, End):
                await outcome.come()
            self.ended.append((word, now()))
            return outcome

        return ask

    def words(self) -> list[object]:
        """What was asked, in order."""
        return [run.word for run in self.runs]

    def alive(self) -> list[object]:
        """What is still being asked."""
        return [run.word for run in self.runs if Process.alive(run.pid)]


def _by(source: Source, word: object) -> Callable[[object], Awaitable[object]]:
    """A function of the city that is the source for this word; the city is looked at by the source."""

    async def ask(city: object) -> object:
        return await source.function()((word, city))

    return ask


# ---- somebody who uses the answer ------------------------------------------------------------------------


class User:
    """A process that does one thing with the reader's code, and then keeps what else is sent to it."""

    def __init__(self, work: Callable[[], Any], done: str) -> None:
        self.done, self.after, self.letters = done, -1.0, []  # type: ignore[var-annotated]
        self.outcome: Any = None  # ("answer", …) or ("error", …)

        async def use() -> None:
            began = now()
            try:
                self.outcome = ("answer", await answered(work(), done))
            except (NotYet, Exit, Exception) as error:
                self.outcome = ("error", error)
            self.after = round(now() - began, 3)
            while True:
                self.letters.append(await receive())

        self.pid = spawn(use)
        self.watch = Process.monitor(self.pid)

    async def answer(self, hoped: object, idea: str, linked: str = LINKED) -> Any:
        """What came; an exception of the reader's code is raised here.

        Raises:
            checking.NotYet: nothing came, or an exit.
        """
        down = await receive(lambda m: type(m) is Down and m.ref == self.watch, timeout=0.0)
        if isinstance(down, Down) and self.outcome is None:
            seen = f"whoever called ended, by a signal: {describe_reason(down.reason)}"
            raise NotYet(self.done, seen, safe_repr(hoped), linked)
        if self.outcome is None:
            raise NotYet(self.done, "nothing came of it", safe_repr(hoped), idea)
        kind, value = self.outcome
        if kind == "answer":
            return value
        if isinstance(value, Exit) and _reason(value) != "noproc":
            seen = f"an exit after {self.after:g} s: {describe_reason(_reason(value))}"
            raise NotYet(self.done, seen, safe_repr(hoped), _of_exit(value, idea, self.after))
        raise value

    async def no_letters(self, done: str, idea: str = STRAY_NEWS) -> None:
        """Whoever called was sent nothing more, and lives."""
        if not Process.alive(self.pid):
            raise NotYet(done, "whoever had called has ended", "it lives on", LINKED)
        if self.letters:
            raise NotYet(done, f"{_kinds(self.letters)} came to whoever had called", "nothing more", idea)

    def let_go(self) -> None:
        """Take the process away."""
        Process.demonitor(self.watch, flush=True)
        Process.exit(self.pid, "kill")


def _kinds(letters: Iterable[object]) -> str:
    return " and ".join("a Down" if type(each) is Down else safe_repr(each) for each in letters)


def _reason(error: Exit) -> Any:
    """Why somebody exited, without what it was doing."""
    match error.reason:
        case (reason, (_, _, [*_])):
            return reason
    return error.reason


def _is_timeout(error: Exit) -> bool:
    """Whether it says `timeout`, as what a wait raises does, or with whatever else beside it."""
    reason = _reason(error)
    return reason == "timeout" or (isinstance(reason, tuple) and reason[:1] == ("timeout",))


def _of_exit(error: Exit, idea: str, after: float) -> str:
    if _is_timeout(error):
        usual = "" if abs(after - 5.0) > A_BLINK else ": five seconds, if nothing else is said"
        return f"how long a wait may take{usual}. And at {idea}"
    return f"what an exit is caught by: `except Exit`, and no `except Exception`. And at {idea}"


def _took(user: User, seconds: float, idea: str) -> None:
    if abs(user.after - seconds) > A_BLINK:
        raise NotYet(user.done, f"it took {user.after:g} s", f"{seconds:g} s", idea)


def _all_begun(source: Source, done: str) -> None:
    """See that all questions were asked at the same moment."""
    apart = source.runs[-1].at - source.runs[0].at if source.runs else 0.0
    if apart > A_BLINK:
        raise NotYet(done, f"the last one was asked {apart:g} s after the first", "all at the same time", _TOGETHER)


def _returned(done: str, seen: object, hoped: object, idea: str) -> None:
    """See what a function of the reader's returned; None where something was hoped for is a `return` too few."""
    if seen is None and hoped is not None:
        idea = f"what the function gives back: is a `return` missing? And at {idea}"
    expect(done, seen, hoped, idea)


def _lives(pid: Pid, done: str, idea: str) -> None:
    """See that the reader's server lives; if it has ended by what a callback returned, that is said."""
    if Process.alive(pid):
        return
    match ended_with(pid):
        case ("bad_return_value", value):
            idea = "the results of the callback: is a `return` missing, or is there a message without a `case`?"
            raise NotYet(done, f"the server has ended: a callback returned {safe_repr(value)}", "it lives on", idea)
    raise NotYet(done, "the server has ended", "it lives on", idea)


def _not_in(source: Source, pid: Pid, done: str, what: str) -> None:
    if any(run.pid is pid for run in source.runs):
        idea = "which process does the work. A task has one of its own; who awaits the function itself is none"
        raise NotYet(done, f"{what} itself ran the question", "a task runs it", idea)


# ---- drill 1 -----------------------------------------------------------------------------------------------


async def trip(trip: Any, seconds: tuple[float, ...] = (25.0, 20.0, 3.0), city: str = "Lisbon") -> None:
    """All are asked at the same time, the answers stand in the order of the questions, and 30 s is the limit for all.

    Demands: each question is asked once, in a process of its own; a list of all answers, None too, as soon as the
    last one is there; an exit with ``timeout`` thirty seconds after the call, however the seconds are spread; nothing
    more is sent to the caller.
    """
    cases = ((trip, seconds, city), (trip, (4.0, 29.0, 8.0, 29.0), "Bergen"), (trip, (), "Rome"))
    await with_other_numbers(_one_trip, cases)
    for each in ((20.0, 45.0), (29.0, 31.0, 2.0), (3600.0,)):
        await _too_long(trip, each)


_TOGETHER: Final = (
    "when a task begins: in the line that starts it, and not where it is awaited. Start all, and wait only then"
)
_ONE_LIMIT: Final = (
    "what the thirty seconds are: one limit for all together. Each wait of its own has one of its own, which begins "
    "anew, and a wait with None has none"
)


def _trip(trip: Any, seconds: tuple[float, ...], city: str) -> tuple[Source, User, list[object]]:
    last = len(seconds) - 1  # the answers count down: who sorts them has them in another order
    answers: list[object] = [None if number == 3 else f"{city}, {last - number}" for number in range(len(seconds))]
    source = Source({(n, city): (each, answers[n]) for n, each in enumerate(seconds)})
    questions = [_by(source, number) for number in range(len(seconds))]
    done = f"`trip` was called with questions that take {list(seconds)} seconds"
    return source, User(lambda: trip(questions, city), done), answers


async def _one_trip(trip: Any, seconds: tuple[float, ...], city: str) -> None:
    source, user, answers = _trip(trip, seconds, city)
    await Process.sleep(A_BLINK)
    _not_in(source, user.pid, user.done, "whoever called")
    await let_pass(sum(seconds) + 1.0)
    _all_begun(source, user.done)
    seen = await user.answer(answers, "what is awaited, and what the function returns: the answers")
    idea = "the order of what is returned: that of the questions, whichever answer came first"
    _returned(f"{user.done}; it returned", seen, answers, idea)
    _took(user, max(seconds, default=0.0), "how long it waits: until the last answer is there, and no longer")
    idea = "how often each question is asked: once"
    expect(f"{user.done}; how many were asked?", len(source.runs), len(seconds), idea)
    await let_pass(10.0)
    await user.no_letters(f"{user.done}, and ten seconds passed")
    user.let_go()


async def _too_long(trip: Any, seconds: tuple[float, ...]) -> None:
    _, user, _ = _trip(trip, seconds, "Oslo")
    await let_pass(29.0)
    hoped = "an exit with 'timeout' after 30 s"
    if user.outcome is not None:
        raise NotYet(user.done, f"it was over after {user.after:g} s", hoped, "how long it waits: thirty seconds")
    await let_pass(60.0)
    if user.outcome is None:
        raise NotYet(user.done, "it still waits after 89 s", hoped, _ONE_LIMIT)
    value: Any
    kind, value = user.outcome
    if kind == "answer":
        idea = _ONE_LIMIT if user.after > 30.0 + A_BLINK else "who hears of a time-out: whoever has called `trip`"
        raise NotYet(user.done, f"it returned {safe_repr(value)} after {user.after:g} s", hoped, idea)
    if isinstance(value, NotYet):
        raise value
    if not isinstance(value, Exit) or not _is_timeout(value):
        raise NotYet(user.done, f"an error: {describe_reason(value)}", hoped, "what a wait raises at its limit")
    _took(user, 30.0, _ONE_LIMIT)
    user.let_go()


# ---- drill 2 -----------------------------------------------------------------------------------------------


async def within(within: Any, seconds: float = 4.0, answer: object = "rain") -> None:
    """An answer that is there in time is returned at once, and what is late has ended when "late" is returned.

    Demands: ``ask(city)`` is run once, in a process of its own; any answer is returned as it is, ``None``, ``0`` and
    ``"late"`` too; ``"late"`` comes when the seconds are over, be they few or many; by then ``ask`` has ended, also
    one that traps exits, and nothing more is sent to the caller, which lives.
    """
    await with_other_numbers(_one_wait, ((within, seconds, answer), (within, 60.0, 0), (within, 0.5, None)))
    values: tuple[object, ...] = (False, [], "late", ("error", "late"))
    for value in values:
        await _in_time(within, 8.0, value)


async def _one_wait(within: Any, seconds: float, answer: object) -> None:
    await _in_time(within, seconds, answer)
    await _late(within, seconds)
    await _late(within, seconds, stubborn=True)


_STUBBORN: Final = (
    "how long the end of a task may take. `Task.shutdown` waits five seconds for one that traps exits, if it is not "
    "told anything else"
)


async def _in_time(within: Any, seconds: float, answer: object) -> None:
    source = Source({"Lisbon": (seconds * 0.9, answer)})
    done = f"`within` was called with {seconds:g} s, and the answer {answer!r} came after {seconds * 0.9:g} s"
    user = User(lambda: within(source.function(), "Lisbon", seconds), done)
    await Process.sleep(A_BLINK)
    _not_in(source, user.pid, done, "whoever called")
    await let_pass(seconds + 10.0)
    seen = await user.answer(answer, "how long `within` waits: as long as its argument says")
    idea = "how what came is told from nothing. An answer may have any value; what stands around it says what it is"
    _returned(f"{done}; it returned", seen, answer, idea)
    _took(
        user, seconds * 0.9, "what the rest of the seconds is waited for: an answer that is there is returned at once"
    )
    expect(f"{done}; `ask` was run for", source.words(), ["Lisbon"], "how often `ask` is run: once")
    await user.no_letters(f"{done}, and ten seconds passed")
    user.let_go()


async def _late(within: Any, seconds: float, *, stubborn: bool = False) -> None:
    source = Source({"Lisbon": (seconds + 7.0, "too late")}, stubborn)
    traps = " and traps exits" if stubborn else ""
    done = f"`within` was called with {seconds:g} s, and `ask` takes {seconds + 7.0:g} s{traps}"
    user = User(lambda: within(source.function(), "Lisbon", seconds), done)
    await let_pass(seconds + A_BLINK / 2)
    if user.outcome is not None and source.alive():
        idea = "what a time-out ends: a wait. The task goes on, until somebody ends it"
        raise NotYet(f"{done}; it has returned", "`ask` runs on", "`ask` has ended", idea)
    await let_pass(30.0)
    seen = await user.answer("late", "how long `within` waits: as long as its argument says")
    _returned(f"{done}; it returned", seen, "late", "what is returned where no answer has come")
    _took(user, seconds, _STUBBORN if stubborn else "how long `within` waits: as long as its argument says")
    await user.no_letters(f"{done}, and half a minute passed")
    user.let_go()


# ---- drill 3 -----------------------------------------------------------------------------------------------


async def offers(offers: Any, seconds: float = 4.0) -> None:
    """Each airline costs at most its own price, all are asked at the same time, and nothing runs on.

    Demands: a dict from each airline to its answer, ``None`` and ``0`` too; "failed" for an ``ask`` that raises,
    exits, also with ``normal``, or is killed; "late" for one that takes longer than the seconds, be they few or many;
    it returns when all have answered or failed, and otherwise after the seconds; then no ``ask`` runs, also none
    that traps exits, and nothing more is sent to the caller, which lives.
    """
    await Task.Supervisor.start_link(name="asks")
    await with_other_numbers(_one_round, ((offers, seconds), (offers, 60.0), (offers, 0.5)))


def _fares(seconds: float) -> dict[object, Plan | list[Plan]]:
    return {
        "sky": (seconds * 0.5, 120),
        "nord": (seconds * 0.2, End(TypeError("95 €"))),
        "azur": (seconds * 0.9, 0),
        "gull": (seconds * 0.3, End("closed")),
        "tern": (seconds * 0.1, End("normal")),
        "kite": (0.0, End("kill")),
        "lark": (seconds * 0.7, None),
    }


_FOUND: Final[dict[object, object]] = {
    "sky": 120, "nord": "failed", "azur": 0, "gull": "failed", "tern": "failed", "kite": "failed", "lark": None,
}  # fmt: skip


async def _one_round(offers: Any, seconds: float) -> None:
    await _round(offers, seconds, {"sky": (seconds * 0.5, 120), "azur": (seconds * 0.8, 99)}, {"sky": 120, "azur": 99})
    await _round(offers, seconds, {"nord": (seconds * 0.5, End(TypeError("95 €")))}, {"nord": "failed"})
    await _round(offers, seconds, _fares(seconds), _FOUND)
    late: dict[object, Plan | list[Plan]] = {"swan": (seconds + 30.0, 1), "rook": (seconds * 50, 2)}
    await _round(offers, seconds, late | _fares(seconds), {"swan": "late", "rook": "late"} | _FOUND)
    await _round(offers, seconds, late, {"swan": "late", "rook": "late"}, stubborn=True)
    await _round(offers, seconds, {}, {})


async def _round(
    offers: Any,
    seconds: float,
    plan: dict[object, Plan | list[Plan]],
    hoped: dict[object, object],
    *,
    stubborn: bool = False,
) -> None:
    source, airlines = Source(plan, stubborn), list(plan)
    traps = ", and `ask` traps exits" if stubborn else ""
    done = f"`offers` was called for {_listed(airlines)}, with {seconds:g} s{traps}"
    user = User(lambda: offers(source.function(), airlines, seconds), done)
    await Process.sleep(A_BLINK / 2)
    _not_in(source, user.pid, done, "whoever called")
    await let_pass(seconds)
    if user.outcome is not None and source.alive():
        idea = "what becomes of a task that is late. Nobody has ended it"
        raise NotYet(f"{done}; it has returned", f"{source.alive()} are still asked", "nothing runs on", idea)
    await let_pass(len(plan) * seconds + 10.0)
    seen = await user.answer(hoped, "which end of a task reaches whoever waits for it")
    _all_begun(source, done)
    idea = "what each kind of result says: an answer, whatever its value, an end without one, or nothing yet"
    ends = [each[0] for each in plan.values() if isinstance(each, tuple)]
    if stubborn:
        _took(user, seconds, _STUBBORN)
    _returned(f"{done}; it returned", seen, hoped, idea)
    _took(user, min(max(ends, default=0.0), seconds), _ALL_LIMIT)
    expect(
        f"{done}; whom was asked?", sorted(map(str, source.words())), sorted(map(str, plan)), "whom it asks: each once"
    )
    await let_pass(seconds + 40.0)
    await user.no_letters(f"{done}, and some time passed")
    user.let_go()


_ALL_LIMIT: Final = (
    "what the seconds are for: for all together, and no longer than the last one needs. A limit for each begins anew"
)


def _listed(airlines: list[object]) -> str:
    return "an empty list" if not airlines else f"{len(airlines)} airlines" if len(airlines) > 2 else str(airlines)


# ---- drill 4 -----------------------------------------------------------------------------------------------


async def weather(Weather: Any, city: str = "Lisbon", seconds: float = 10.0) -> None:
    """A forecast comes at once, the answer to a later refresh outlives that to an earlier one, and no end hurts.

    Demands: the argument of ``start`` is ``ask``; ``("refresh", city)`` is cast and runs ``ask(city)`` once, below
    "asks"; ``("forecast", city)`` is answered at once, by ``None`` before any answer, also while ``ask`` runs; any
    value is an answer; of refreshes at the same moment the one that was cast last is the newest; what raises, exits
    or is killed changes nothing, also when it was asked last; stray messages and casts change nothing; what is over
    leaves nothing in the state; two servers share nothing.
    """
    await Task.Supervisor.start_link(name="asks")
    await with_other_numbers(_one_weather, ((Weather, city, seconds), (Weather, "Bergen", 90.0)))
    await _two_weathers(Weather)


async def _started(server: Any, argument: object) -> Pid:
    """Start a server without a link."""
    try:
        pid = await answered(server.start(argument), "the server was started")
    except StartError as error:
        raise not_started(error) from None
    if pid is None:
        raise NotYet("the server was started", "Ignore()", "a process", "what `init` returns: Ok(state)")
    return pid  # type: ignore[no-any-return]


_HELD: Final = (
    "which process waits. A callback that waits keeps everybody waiting who has something in the mailbox, and an "
    "`async def` does not change that"
)


async def _forecast(pid: Pid, city: object, hoped: object, done: str, idea: str) -> None:
    """Ask for a forecast, which has to come at once."""
    _lives(pid, done, f"what it was sent, and {LINKED}")
    began = now()
    try:
        seen = await GenServer.call(pid, ("forecast", city), timeout=0.5)
    except Exit as error:
        if _reason(error) == "timeout":
            raise NotYet(f"{done}; the forecast was asked for", "no answer at once", safe_repr(hoped), _HELD) from None
        raise
    if now() - began > A_BLINK:
        seen_after = f"an answer after {now() - began:g} s"
        raise NotYet(f"{done}; the forecast was asked for", seen_after, "an answer at once", _HELD)
    expect(f"{done}; the forecast is", seen, hoped, idea)


_NEWEST: Final = (
    "which of two answers is the newer one: that to the later refresh, whichever comes first. The message of a task "
    "holds its reference, and by it you can look up which refresh it belongs to"
)
_NO_ANSWER: Final = "what an end without an answer changes: nothing that was known, and nothing that is still under way"


async def _one_weather(Weather: Any, city: str, seconds: float) -> None:
    plan: list[Plan] = [
        (seconds, "rain"), (seconds, "fog"), (seconds / 4, "sun"), (seconds / 4, End(ValueError("no station"))),
        (seconds, "wind"), (seconds / 4, End("normal")), (seconds / 4, End("kill")),
    ]  # fmt: skip
    source = Source({city: plan, "Rome": (seconds / 2, "heat")})
    pid = await _started(Weather, source.function())
    await _forecast(pid, city, None, "nothing was refreshed", "what is known at the start: nothing, for any city")
    await _refresh(pid, city)
    await _below_asks(source, pid)
    await _forecast(pid, city, None, "a refresh was under way", "what is known before an answer")
    await _refresh(pid, "Rome")
    await let_pass(seconds + A_BLINK)
    await _forecast(pid, city, "rain", "the answer 'rain' had come", "what becomes of an answer, which is a message")
    await _forecast(pid, "Rome", "heat", "another city was refreshed meanwhile", "which city an answer belongs to")
    await _refresh(pid, city)
    await Process.sleep(seconds / 10)
    await _refresh(pid, city)
    await let_pass(seconds / 2)
    await _forecast(pid, city, "sun", "the second of two refreshes was answered first", _NEWEST)
    await let_pass(seconds)
    await _forecast(pid, city, "sun", "then the first of the two was answered", _NEWEST)
    await _failing(pid, city, seconds)
    await _strays(pid, city)
    await _in_one_moment(Weather, city, seconds)
    expect("each refresh was counted", len(source.runs), 8, "how often `ask` is run: once for each refresh")
    await _leaves_nothing(pid, Weather)


_NOTHING_VALUES: Final = "how an answer is told from nothing. A forecast may have any value, 0 and None too"


async def _in_one_moment(Weather: Any, city: str, seconds: float) -> None:
    """Three refreshes at the same moment, answered in another order, by values that a careless test takes for none."""
    source = Source({city: [(seconds / 2, 0), (seconds, "hail"), (seconds / 4, None), (seconds, "snow")]})
    pid = await _started(Weather, source.function())
    done = "a city was refreshed twice at the same moment"
    for _ in range(2):
        GenServer.cast(pid, ("refresh", city))
    await let_pass(seconds * 0.75)
    await _forecast(pid, city, 0, f"{done}, and the first was answered by 0", _NOTHING_VALUES)
    await let_pass(seconds)
    await _forecast(pid, city, "hail", f"{done}, and both were answered", f"{_NEWEST}. Both may have the same time")
    await _refresh(pid, city)
    await let_pass(seconds)
    await _forecast(pid, city, None, "the newest answer was None", _NOTHING_VALUES)


async def _failing(pid: Pid, city: str, seconds: float) -> None:
    """A refresh that fails, one that is answered, and two that fail before it is."""
    await _refresh(pid, city)
    await let_pass(seconds)
    await _forecast(pid, city, "sun", "the next refresh raised a ValueError", _NO_ANSWER)
    for _ in range(3):
        await _refresh(pid, city)
    await let_pass(seconds / 2 + 2.0)
    await _forecast(pid, city, "sun", "one refresh was under way, and two later ones had failed", _NO_ANSWER)
    await let_pass(seconds)
    await _forecast(pid, city, "wind", "the one under way was answered, after later ones had failed", _NO_ANSWER)


async def _refresh(pid: Pid, city: str) -> None:
    GenServer.cast(pid, ("refresh", city))
    await Process.sleep(A_BLINK / 2)


async def _below_asks(source: Source, pid: Pid) -> None:
    done = "a refresh was cast"
    if not source.runs:
        raise NotYet(done, "`ask` was not run", "a run of `ask`", "what the cast starts, and whether it is awaited")
    _not_in(source, pid, done, "the server")
    below = await Task.Supervisor.children("asks")
    if source.runs[0].pid not in below:
        idea = "who starts the task. What is started without a supervisor is on nobody's list"
        raise NotYet(done, "the task is no child of 'asks'", "a child of 'asks'", idea)


async def _strays(pid: Pid, city: str) -> None:
    ref = current_node().make_ref()
    for stray in (*STRAYS, Down(ref, self_(), "normal"), (ref, "an answer")):
        send(pid, stray)
        GenServer.cast(pid, stray)
        await Process.sleep(A_BLINK)
        idea = "the last case of `handle_info` and of `handle_cast`, for what the server does not know"
        if not Process.alive(pid):
            raise NotYet(f"it was sent {safe_repr(stray)}", "the server ended", "it lives on", idea)
        await _forecast(pid, city, "wind", f"it was sent {safe_repr(stray)}", idea)


async def _leaves_nothing(pid: Pid, Weather: Any) -> None:
    """Many that end in any way do not make the state grow."""
    for kind, outcome in (("failed", End("closed")), ("were answered", "sun")):
        source = Source({"Oslo": (0.1, outcome)})
        pid = await _started(Weather, source.function())
        sizes = []
        for _ in range(2):
            for _ in range(30):
                await _refresh(pid, "Oslo")
            await let_pass(1.0)
            sizes.append(len(repr(await sys_.get_state(pid))))
        if sizes[1] - sizes[0] > 90:
            idea = "what stays in the state of a task that is over: nothing has to, however it has ended"
            raise NotYet(f"thirty refreshes {kind}", "the state has grown with each", "no entry is left over", idea)


async def _two_weathers(Weather: Any) -> None:
    one = await _started(Weather, Source({"Rome": (1.0, "heat")}).function())
    other = await _started(Weather, Source({"Rome": (1.0, "snow")}).function())
    await _refresh(one, "Rome")
    await let_pass(2.0)
    idea = "where the forecasts are kept: in the state. A global of Python is shared by all servers"
    await _forecast(other, "Rome", None, "another server was refreshed", idea)


# ---- repair 1 ----------------------------------------------------------------------------------------------


async def open_office(open_office: Any, seconds: float = 5.0) -> None:
    """Every mail is sent once, whoever fails or is killed, and a closing office waits for the last one.

    Demands: the pid of the supervisor called "office" is returned, and "confirmations" is there; mails run beside
    each other and beside the server; one that raises is not sent again and hurts nobody, also ten at once; the server
    is sent nothing by a mail; when it is killed, mails go on and its successor sends others; a stop lets the mails
    under way finish, be they up to nine seconds long, and is over when the last one is, or at once if there is none.
    """
    await with_other_numbers(_one_office, ((open_office, seconds), (open_office, 9.0)))


def _mails(seconds: float) -> Source:
    plan: dict[object, Plan | list[Plan]] = dict.fromkeys(("ann", "ben", "eve", "joe"), (seconds, "sent"))
    plan |= {"kim": (seconds * 0.4, "sent"), "lou": (seconds * 0.4, End(ValueError("no such address")))}
    return Source(plan)


async def _opened(open_office: Any, mails: Source) -> Pid:
    Process.flag(trap_exit=True)
    done = "`open_office` was called"
    try:
        office = await answered(open_office(mails.function()), done)
    except StartError as error:
        raise not_started(error) from None
    idea = "what the function returns, and the name of the supervisor"
    expect(f'{done}; is what it returned called "office"?', office is not None and office is Process.whereis("office"),
           True, idea)  # fmt: skip
    expect(f'{done}; is "confirmations" there?', Process.whereis("confirmations") is not None, True,
           "the list of the office's children")  # fmt: skip
    return office  # type: ignore[no-any-return]


async def _book(*customers: str) -> None:
    for customer in customers:
        GenServer.cast("confirmations", ("booked", customer))
    await Process.sleep(A_BLINK)


async def _one_office(open_office: Any, seconds: float) -> None:
    mails = _mails(seconds)
    office = await _opened(open_office, mails)
    await _beside(mails, seconds)
    await _killed(mails, seconds, office)
    await _closing(office, mails, seconds, ("ann", "kim"), (seconds, seconds * 0.4))
    mails = _mails(seconds)
    office = await _opened(open_office, mails)
    await _closing(office, mails, seconds, (), ())


async def _beside(mails: Source, seconds: float) -> None:
    """Three mails at once, one of which raises; then ten that raise."""
    server = Process.whereis("confirmations")
    assert server is not None
    await _book("ann", "lou", "kim")
    done = "three bookings were cast"
    _not_in(mails, server, done, "the server")
    idea = "whom the server waits for: for no mail"
    expect(f"{done}; for whom was a mail begun at once?", mails.words(), ["ann", "lou", "kim"], idea)
    await let_pass(seconds + 1.0)
    done = "three mails were under way, and one of them raised"
    _expect_same(server, done)
    sent_to = [word for word, _ in mails.ended]
    expect(f"{done}; which were sent?", sent_to, ["kim", "ann"], f"whom a mail's end may end: nobody. And at {LINKED}")
    expect(f"{done}; how many were begun?", len(mails.runs), 3, "what a supervisor of tasks starts again: nothing")
    await _book(*["lou"] * 10)
    await let_pass(seconds)
    _expect_same(server, "ten mails raised at the same time")
    expect("ten mails raised; how many were begun?", len(mails.runs), 13, "what a supervisor starts again: nothing")
    came = [term for term in taken(server) if _news(term)]
    if came:
        idea = "who is told of a mail's end. The owner of a task gets its answer and a `Down`, whether it awaits or not"
        raise NotYet(
            "mails were sent, and some failed", f"the server was sent {safe_repr(came[0])}", "no message", idea
        )


def _news(term: object) -> bool:
    """Whether it may be the answer of a task, or the news of its end."""
    return type(term) is Down or (isinstance(term, tuple) and len(term) == 2 and type(term[0]) is Ref)


def _expect_same(server: Pid, done: str) -> None:
    if Process.whereis("confirmations") is not server:
        raise NotYet(done, "the server has ended", "it lives on", f"whom a mail's end may end: nobody. And at {LINKED}")


_ANEW: Final = (
    "what is started anew with the server, and how long that takes. A group that is restarted together waits for the "
    "mails under way, and what is booked meanwhile is lost"
)


async def _killed(mails: Source, seconds: float, office: Pid) -> None:
    await _book("ben")
    server = Process.whereis("confirmations")
    assert server is not None
    Process.exit(server, "kill")
    await Process.sleep(A_BLINK)
    await _book("eve")
    await let_pass(seconds + 1.0)
    done = "a mail was under way, the server was killed, and its successor was told of a booking"
    idea = "to whom a mail belongs: it has to outlive the server that has started it"
    if "ben" not in [word for word, _ in mails.ended]:
        raise NotYet(done, "the first mail was not finished", "both mails sent", idea)
    if "eve" not in [word for word, _ in mails.ended]:
        raise NotYet(done, "the second mail was not sent", "both mails sent", _ANEW)
    expect(f"{done}; does the office live?", Process.alive(office), True, "whose ends the supervisor counts")


async def _closing(
    office: Pid, mails: Source, seconds: float, customers: tuple[str, ...], lasting: tuple[float, ...]
) -> None:
    """Stop the office a second after these mails were begun."""
    await _book(*customers)
    await Process.sleep(1.0 - A_BLINK)
    before = len(mails.ended)
    done = (
        f"{len(customers) or 'no'} mails of up to {seconds:g} s were begun, and a second later the office was stopped"
    )
    user = User(lambda: Supervisor.stop(office, timeout=None), done)
    await let_pass(seconds + 20.0)
    if user.outcome is None:
        raise NotYet(
            done, "after twenty seconds it has not ended", "it ends with the last mail", "what a stop waits for"
        )
    finished = sorted(str(word) for word, _ in mails.ended[before:])
    if finished != sorted(customers):
        lost = sorted(set(customers) - set(finished))
        idea = (
            "what a `shutdown` does to a task, and what `shutdown=` allows. The signal ends a process at once, unless "
            "it traps exits; and a supervisor waits no longer than it was told, five seconds if nothing is said"
        )
        raise NotYet(done, f"the mails for {lost} were not finished", "all of them sent", idea)
    idea = (
        "who knows of the mails at the end. An office waits for those that are on a list below it, and for nobody else"
    )
    _took(user, max([each - 1.0 for each in lasting], default=0.0), idea)
    user.let_go()
    await receive(lambda m: True, timeout=0.0)


# ---- repair 2 ----------------------------------------------------------------------------------------------


async def fares(MendedFares: Any, city: str = "Lisbon", seconds: float = 8.0, callers: int = 3) -> None:
    """All who ask for a city meanwhile share one run, and each is answered as soon as it has ended, however it ends.

    Demands: one run of ``ask`` for all who ask for a city while it runs; its answer, None too, to each of them as soon
    as it has come; ``("error", "failed")`` to each as soon as it has raised, exited, also with ``normal``, or was
    killed; a new run for whoever comes after; other cities do not wait; strays and a caller's end change nothing; the
    server lives; what is over leaves nothing in the state.
    """
    Process.flag(trap_exit=True)
    await Task.Supervisor.start_link(name="asks")
    cases = ((MendedFares, city, seconds, callers), (MendedFares, "Bergen", 90.0, 6), (MendedFares, "Rome", 2.0, 1))
    await with_other_numbers(_one_fare, cases)


FAILED: Final = ("error", "failed")


async def _one_fare(MendedFares: Any, city: str, seconds: float, callers: int) -> None:
    plan: list[Plan] = [
        (seconds, 120), (seconds, End(KeyError("no such city"))), (seconds, None), (seconds, End("normal")),
        (seconds, End("kill")), (seconds, 99),
    ]  # fmt: skip
    source = Source({city: plan, "Graz": (seconds / 4, 40), "Linz": (seconds / 4, End("closed"))})
    pid = await _fare_server(MendedFares, source)
    for number, (_, outcome) in enumerate(plan):
        await _share(pid, source, city, (seconds, FAILED if isinstance(outcome, End) else outcome), callers)
        if number == 0:
            ref = current_node().make_ref()
            for stray in (*STRAYS, Down(ref, self_(), "normal"), (ref, "an answer")):
                send(pid, stray)
            await Process.sleep(A_BLINK)
            idea = "the last case of `handle_info`, for what the server does not know"
            expect("it was sent stray messages; does the server live?", Process.alive(pid), True, idea)
    left = await sys_.get_state(pid)
    if city in repr(left) or "Graz" in repr(left):
        idea = "what stays in the state of a question that is over: nothing has to, however it has ended"
        raise NotYet("all questions were answered", f"the state is {safe_repr(left)}", "nothing left over", idea)
    Process.unlink(pid)
    Process.exit(pid, "kill")
    await Process.sleep(A_BLINK)


async def _fare_server(MendedFares: Any, source: Source) -> Pid:
    try:
        pid = await answered(MendedFares.start_link(source.function()), "the server was started")
    except StartError as error:
        raise not_started(error) from None
    if type(pid) is not Pid or pid is not Process.whereis("fares"):
        raise NotYet("the server was started", safe_repr(pid), 'a process called "fares"', "what `start_link` returns")
    return pid


_SHARED: Final = "who shares a run: everybody who asks for a city while it is being asked, and nobody who comes later"


def _fare_user(pid: Pid, city: str, done: str) -> User:
    return User(lambda: GenServer.call(pid, ("fare", city), timeout=None), done)


async def _share(pid: Pid, source: Source, city: str, hoped: tuple[float, object], callers: int) -> None:
    """Callers who come one after the other while one run goes on, one of whom ends; and two other cities."""
    seconds, value = hoped
    before = len(source.runs)
    done = f"{callers} asked for one city while it was being asked"
    users, step = [], seconds / (2 * callers + 2)
    for _ in range(callers):
        users.append(_fare_user(pid, city, done))
        await Process.sleep(step)
    gone = _fare_user(pid, city, done)
    others = [_fare_user(pid, town, f"{town} was asked for meanwhile") for town in ("Graz", "Linz")]
    await Process.sleep(A_BLINK)
    gone.let_go()
    _not_in(source, pid, done, "the server")
    await let_pass(seconds + 2.0)
    for user, town, other in zip(others, ("Graz", "Linz"), (40, FAILED), strict=True):
        if town not in [run.word for run in source.runs[before:]] and Process.alive(pid):
            idea = _SHARED if town in source.words() else _HELD
            raise NotYet(user.done, "`ask` was not run for it", "a run of its own", idea)
        await _fare_of(user, other, seconds / 4, pid)
    runs = [run for run in source.runs[before:] if run.word == city]
    expect(f"{done}; how often was `ask` run?", len(runs), 1, _SHARED)
    for number, user in enumerate(users):
        await _fare_of(user, value, seconds - number * step, pid)
    await let_pass(5.0)
    for user in (*users, *others):
        await user.no_letters(f"{user.done}, and had its answer", "how often a caller is answered: once")
        user.let_go()


async def _fare_of(user: User, hoped: object, after: float, pid: Pid) -> None:
    _lives(pid, user.done, f"whom a question's end may end: nobody. And at {LINKED}")
    if user.outcome is None:
        idea = (
            "who tells the callers that no answer will come. Whoever started the task is told of its end, if it is the "
            "owner" if same(hoped, FAILED) else "who answers each caller, and when. What `NoReply` leaves open "
            "`GenServer.reply` has to close, for everybody who waits"
        )  # fmt: skip
        raise NotYet(user.done, "one of them got no answer", safe_repr(hoped), idea)
    seen = await user.answer(hoped, "how a caller gets its answer")
    if isinstance(seen, Task):
        idea = "who can await a task: its owner, and nobody else. The owner has to hand the answer on"
        raise NotYet(user.done, "a Task", safe_repr(hoped), idea)
    expect(
        f"{user.done}; a caller got", seen, hoped, "what the message of the task says: an answer, or an end without one"
    )
    if abs(user.after - after) > 2 * A_BLINK:
        raise NotYet(user.done, f"an answer after {user.after:g} s", f"after {after:g} s", _HELD)


# ---- design ------------------------------------------------------------------------------------------------


async def trips(Trips: Any, city: str = "Lisbon", patience: float = 4.0) -> None:
    """Each gets what has come in time and what is remembered, nobody waits for others, and what is late is remembered.

    Demands: "trips" is the name of the supervisor; a dict with each name: ``("new", answer)``, ``("old", answer)``, or
    "unknown"; any answer, None too; it takes as long as the last source, at most ``patience``; a late source goes on,
    and its answer is remembered under its name and its city, also when whoever asked has ended; an old
    answer is the one that came last when the wait is over; sources that raise,
    exit or are killed leave whoever asked alive and without a message; many plan at the same moment; a stop ends all
    sources that run, and a new "trips" remembers nothing.
    """
    Process.flag(trap_exit=True)
    await with_other_numbers(_one_planner, ((Trips, city, patience), (Trips, "Bergen", 30.0), (Trips, "Rome", 0.5)))


async def _begin(Trips: Any) -> Pid:
    try:
        root = await answered(Trips.start_link(), "`Trips` was started")
    except StartError as error:
        raise not_started(error) from None
    named = root is not None and root is Process.whereis("trips")
    expect('`Trips` was started; is its name "trips"?', named, True, "the name of the supervisor")
    return root  # type: ignore[no-any-return]


class Trip:
    """One call of `plan` and what is hoped for: each source has a plan, and each name a result."""

    def __init__(self, Trips: Any, city: str, patience: float, sources: dict[str, tuple[Plan, object]]) -> None:
        self.source = Source({(name, city): plan for name, (plan, _) in sources.items()})
        self.hoped = {name: hoped for name, (_, hoped) in sources.items()}
        ends = [plan[0] for plan, _ in sources.values()]
        self.takes = min(max(ends, default=0.0), patience)
        functions = {name: _by(self.source, name) for name in sources}
        told = ", ".join(f"{name}: {_told(plan)}" for name, (plan, _) in sources.items()) or "no sources"
        done = f"`plan` was called for {city} with patience {patience:g} ({told})"
        self.user = User(lambda: Trips.plan(functions, city, patience), done)

    async def expect(self, idea: str, slow: str = "") -> None:
        """See what it returned, and when; the time has passed already."""
        user = self.user
        seen = await user.answer(self.hoped, "which end of a source reaches whoever plans")
        _not_in(self.source, user.pid, user.done, "whoever called")
        _took(user, self.takes, slow or f"whom `plan` waits for, and how long. And at {_ALL_LIMIT}")
        _returned(f"{user.done}; it returned", seen, self.hoped, idea)


def _told(plan: Plan) -> str:
    seconds, outcome = plan
    return f"{'ends' if isinstance(outcome, End) else 'answers'} after {seconds:g} s"


_IN_TIME: Final = (
    "what each result says: an answer in time, whatever its value, a remembered one, or nothing. And nothing is "
    "remembered that an earlier `trips` was told"
)
_KEPT: Final = (
    "who puts an answer into the memory. Whoever has planned may have gone on, or have ended, when it comes; the "
    "process that got it is there"
)
_KEYS: Final = "under what an answer is remembered: the name of the source and the city, both of them"


async def _one_planner(Trips: Any, city: str, patience: float) -> None:
    root = await _begin(Trips)
    p = patience
    await _first_plans(Trips, city, p)
    await _remembered(Trips, city, p)
    await _at_once(Trips, city, p)
    await _caller_ends(Trips, city, p)
    await _meanwhile(Trips, city, p)
    await _stopped(Trips, city, p, root)


async def _run(trip: Trip, seconds: float, idea: str) -> None:
    """Let a trip be planned, and look that nothing more is sent to whoever planned."""
    await let_pass(seconds)
    await trip.expect(idea)
    await let_pass(5.0)
    await trip.user.no_letters(f"{trip.user.done}, and it was over")
    trip.user.let_go()


async def _first_plans(Trips: Any, city: str, p: float) -> None:
    good: dict[str, tuple[Plan, object]] = {"sky": ((p / 2, 120), ("new", 120)), "azur": ((p / 4, 99), ("new", 99))}
    await _run(Trip(Trips, city, p, good), p + 1.0, _IN_TIME)
    await _run(Trip(Trips, city, p, {}), 1.0, _IN_TIME)
    bad: dict[str, tuple[Plan, object]] = {
        "sky": ((p / 2, None), ("new", None)), "nord": ((p / 4, End(TypeError("95 €"))), "unknown"),
        "gull": ((p / 8, End("normal")), "unknown"), "kite": ((0.0, End("kill")), "unknown"),
        "swan": ((p * 3, "late"), "unknown"),
    }  # fmt: skip
    trip = Trip(Trips, city, p, bad)
    await let_pass(p + A_BLINK)
    if trip.user.outcome is not None and ("swan", city) not in trip.source.alive():
        idea = "what becomes of a source that is late: it is to go on, for the next who asks"
        raise NotYet(trip.user.done, "the late source was ended", "it goes on", idea)
    await _run(trip, p * 5, _IN_TIME)


async def _remembered(Trips: Any, city: str, p: float) -> None:
    again: dict[str, tuple[Plan, object]] = {
        "sky": ((p / 2, End("closed")), ("old", None)), "azur": ((p * 9, 98), ("old", 99)),
        "swan": ((p * 9, "x"), ("old", "late")), "nord": ((p / 2, End("closed")), "unknown"),
    }  # fmt: skip
    await _run(Trip(Trips, city, p, again), p * 12, _KEPT)
    elsewhere: dict[str, tuple[Plan, object]] = {
        "sky": ((p / 2, End("closed")), "unknown"), "azur": ((p * 2, 7), "unknown"), "gull": ((0.0, 5), ("new", 5)),
    }  # fmt: skip
    await _run(Trip(Trips, f"New {city}", p, elsewhere), p * 3, _KEYS)
    other: dict[str, tuple[Plan, object]] = {"azur": ((p * 2, 1), ("old", 98)), "gull": ((p * 2, 1), "unknown")}
    await _run(Trip(Trips, city, p, other), p * 3, f"{_KEYS}. And at {_KEPT}")


async def _at_once(Trips: Any, city: str, p: float) -> None:
    """Five plan at the same moment: the slow and the failing with the quick."""
    plans = [(p * 3, "slow"), (p / 10, "quick"), (p / 2, End("closed")), (p * 3, "slow"), (0.0, End("kill"))]
    trips = []
    for number, plan in enumerate(plans):
        hoped = ("new", "quick") if plan[1] == "quick" else "unknown"
        trips.append(Trip(Trips, city, p, {f"source {number}": (plan, hoped)}))
    await let_pass(p * 6)
    for trip in trips:
        await trip.expect(_IN_TIME, f"whom one who plans waits for: for its own sources. And at {_HELD}")
        await trip.user.no_letters(f"{trip.user.done}, and it was over")
        trip.user.let_go()


async def _caller_ends(Trips: Any, city: str, p: float) -> None:
    trip = Trip(Trips, city, p, {"owl": ((p * 2, "late"), None)})
    await let_pass(p / 2)
    trip.user.let_go()
    await let_pass(p * 3)
    if ("owl", city) not in [word for word, _ in trip.source.ended]:
        idea = "to whom the task belongs. What is linked to whoever plans, or runs in it, ends with it"
        raise NotYet("whoever planned was killed", "its source was ended with it", "the source goes on", idea)
    await _run(Trip(Trips, city, p, {"owl": ((p * 2, 0), ("old", "late"))}), p * 3, _KEPT)


async def _meanwhile(Trips: Any, city: str, p: float) -> None:
    """While one waits for a source in vain, another is answered by the source of that name."""
    first = Trip(Trips, city, p, {"lark": ((p * 1.5, "slow"), ("old", "quick"))})
    await Process.sleep(p / 4)
    await _run(Trip(Trips, city, p, {"lark": ((p / 4, "quick"), ("new", "quick"))}), p / 2, _IN_TIME)
    await _run(first, p, "when the memory is looked at: an answer may come into it while `plan` waits")
    later = Trip(Trips, city, p, {"lark": ((p / 2, End("closed")), ("old", "slow"))})
    await _run(later, p, f"which answer came last, and at {_KEPT}")


async def _stopped(Trips: Any, city: str, p: float, root: Pid) -> None:
    trip = Trip(Trips, city, p, {"crow": ((p * 60, 1), None)})
    await let_pass(p * 2)
    stop = User(lambda: Supervisor.stop(root), "`trips` was stopped while a source was late")
    await let_pass(10.0)
    if trip.source.alive():
        idea = "on whose list the tasks are. A stop ends what a supervisor has started, and nothing else"
        raise NotYet(stop.done, "the source runs on", "it has ended", idea)
    expect(f"{stop.done}; has it ended?", stop.outcome is not None, True, "what the stop waits for")
    for user in (stop, trip.user):
        user.let_go()
    await receive(lambda m: True, timeout=0.0)
    root = await _begin(Trips)
    idea = "where the memory is: in a process below `trips`. A global of Python outlives every process"
    trip = Trip(Trips, city, p, {"azur": ((p * 2, 1), "unknown"), "sky": ((0.0, End("closed")), "unknown")})
    trip.user.done = f"a new `trips` was started, and {trip.user.done}"
    await _run(trip, p * 3, idea)
    stop = User(lambda: Supervisor.stop(root), "`trips` was stopped")
    await let_pass(10.0)
    stop.let_go()
    await receive(lambda m: True, timeout=0.0)

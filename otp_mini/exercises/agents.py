"""The checks of chapter 09, agents.

They use what the reader wrote as callers would: one after the other, several at the same moment in every order that is
possible, and while something slow goes on. Each docstring says in its first line what "ok" claims, and then what the
check demands: the text of the exercise has to say all of it. What is given is the numbers of the first case; each
check runs at least one other case besides.
"""

from __future__ import annotations

import inspect
import random
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

from .. import (
    Agent,
    Down,
    Exit,
    GenServer,
    Pid,
    Process,
    StartError,
    Supervisor,
    current_node,
    receive,
    self_,
    send,
    spawn,
)
from ..errors import describe_exception, describe_reason, safe_repr
from .checking import AWAIT, NotYet, expect
from .comparing import same
from .every_schedule import expect_in_every_schedule
from .looking import answered as told
from .looking import not_started, with_other_numbers

A_WHILE: Final = 0.1
"""Virtual seconds in which a process that has something to do does it."""

_BETWEEN: Final = "what another process may do between two calls of yours. Each function is one step, two calls are two"
_IN_THE_AGENT: Final = "in which process the slow part runs. While the agent runs a function, everybody else waits"
_NEXT: Final = "what the function of `update` returns. Whatever it is, it is the next value, `None` too"
_PAIR: Final = "what the function of `get_and_update` returns: a pair, first the answer and then the next value"
_KEPT: Final = (
    "what the function of `update` returns, and where the temperature is written down. What `get` has brought home is "
    "a copy, and a dict of the class or the page is none of the agent's"
)
_ELSEWHERE: Final = (
    "where it is kept. What a process holds is its own; a global of Python, or an attribute of a class, is one and the "
    "same for all the nodes of this page, and so is a pid that is kept there. A process is found by its name"
)
_NO_ANSWER: Final = "what your own function returns. What the agent answers has to be handed on"


# ---- how the checks use what was written --------------------------------------------------------------------


async def _used(value: Any, done: str) -> Any:
    """What a function of the reader's answers; an exit says what has ended the agent."""
    try:
        return await told(value, done)
    except Exit as error:
        raise _exited(error, done) from None


def _exited(error: Exit, done: str) -> BaseException:
    match error.reason:
        case (("bad_return_value", value), _):
            return NotYet(done, f"the agent has ended: a function returned {safe_repr(value)}", "a pair", _PAIR)
        case (NotImplementedError(), _):
            return error
        case (BaseException() as raised, _):
            idea = "the function that runs in the agent. What it raises ends the agent, and the call with it"
            return NotYet(done, f"the agent has ended: {describe_exception(raised)}", "an answer", idea)
        case ("timeout", _):
            return NotYet(done, "the call was given up after its time-out", "an answer", _IN_THE_AGENT)
        case (("calling_self", _), _) | ("calling_self", _):
            idea = "which process the function runs in. An agent that asks itself waits for its own answer"
            return NotYet(done, "the agent has called itself, and ended", "an answer", idea)
        case ("noproc", _):
            idea = "whether the agent is there, and what it is called"
            return NotYet(done, "nobody has the name that was called", "an answer", idea)
    return error


_CAME: Final = "the call has come back"


def _begin(make: Callable[[], Any], done: str) -> Pid:
    """Let another process use a function of the reader's; `_end` waits for what it answers."""
    home = self_()

    async def work() -> None:
        try:
            send(home, (_CAME, True, _awaited(await _used(make(), done), done)))
        except (Exit, Exception) as error:
            send(home, (_CAME, False, error))

    pid = spawn(work)
    Process.monitor(pid)
    return pid


def _awaited(answer: Any, done: str) -> Any:
    """The answer, if it is no list in which an ``await`` was forgotten."""
    prepared = [one for one in answer if inspect.iscoroutine(one)] if isinstance(answer, list) else []
    for coroutine in prepared:
        coroutine.close()
    if prepared:
        raise NotYet(done, "a list of coroutines", "a list of answers", AWAIT)
    return answer


async def _end(done: str, idea: str) -> Any:
    """What a function that was begun answers, or what it raises."""
    came = await receive(_is_an_end, timeout=900.0)
    if came == "timeout":
        raise NotYet(done, "no answer in a quarter of an hour", "an answer", idea)
    if isinstance(came, Down):
        raise NotYet(done, f"the caller has ended with {describe_reason(came.reason)}", "an answer", idea)
    _, fine, value = came
    if not fine:
        raise value
    return value


async def _still(done: str, ask: Callable[[], Any], hoped: object) -> None:
    """What was done on another node has changed nothing here."""
    try:
        seen = await _used(ask(), done)
    except NotYet as error:
        error.parts["Look again at"] = _ELSEWHERE
        raise
    expect(done, seen, hoped, _ELSEWHERE)


def _is_an_end(message: Any) -> bool:
    """Whether somebody who was begun has come back, or has ended without."""
    if isinstance(message, Down):
        return message.reason != "normal"
    return isinstance(message, tuple) and message[:1] == (_CAME,)


async def _free(done: str, ask: Callable[[], Awaitable[Any]], hoped: object) -> None:
    """The agent answers at once, and what it should."""
    began = current_node().now()
    try:
        answer = await ask()
    except Exit as error:
        seen = f"the other's call has ended with {describe_reason(error.reason)}"
        idea = _IN_THE_AGENT if isinstance(error.reason, tuple) and error.reason[0] == "timeout" else _MEANWHILE
        raise NotYet(f"{done}; somebody else used the agent", seen, safe_repr(hoped), idea) from None
    if waited := current_node().now() - began:
        seen = f"the answer came after {waited:g} seconds"
        raise NotYet(f"{done}; somebody else used the agent", seen, "an answer at once", _IN_THE_AGENT)
    expect(f"{done}; somebody else used the agent", answer, hoped, _MEANWHILE)


_MEANWHILE: Final = "what the agent's value is meanwhile"


def _whole(value: Any) -> Any:
    return value


async def _value(name: str, done: str) -> Any:
    """What the agent of that name holds."""
    return await _used(Agent.get(name, _whole, timeout=60.0), f"{done}; the agent was asked for its value")


async def _started(start: Any, name: str, done: str) -> Pid:
    """The pid of an agent that a ``start_link`` of the reader's has started under a name."""
    pid = await _used(start, done)
    if type(pid) is not Pid or not Process.alive(pid):
        raise NotYet(done, safe_repr(pid), "the pid of a process that runs", _NO_ANSWER)
    idea = f"the name of the agent, {name!r}, and what `start_link` returns: its pid"
    expect(f"{done}; is what it returned called {name!r}?", pid is Process.whereis(name), True, idea)
    _linked(pid, done)
    return pid


def _linked(pid: Pid, done: str) -> None:
    info = Process.info(pid)
    idea = "who is linked to whom: `start_link` links the agent to the process that calls it, `start` does not"
    expect(f"{done}; is the process linked to the caller?", bool(info and self_() in info["links"]), True, idea)


async def _stop(pid: Pid) -> None:
    Process.unlink(pid)
    if Process.alive(pid):
        await GenServer.stop(pid)


async def _agent(value: Any, name: str) -> Pid:
    """An agent of the check's."""
    Process.flag(trap_exit=True)
    pid = await Agent.start_link(lambda: value, name=name)
    assert pid is not None
    return pid


async def _side(home: Pid, number: int, use: Callable[..., Any], given: tuple[Any, ...]) -> None:
    answer = use(*given)
    send(home, (number, await answer if inspect.isawaitable(answer) else answer))


async def _at_once(*uses: tuple[Any, ...]) -> list[Any]:
    """In a scenario: let a process of its own use each of these functions; answers what each got.

    Args:
        uses: a function with its arguments each. No lambda: what a plain function calls is out of sight there.
    """
    for number, (use, *given) in enumerate(uses):
        spawn(_side, self_(), number, use, tuple(given))
    came = [await receive() for _ in uses]
    return [answer for _, answer in sorted(came, key=lambda pair: int(pair[0]))]


# ---- drill 1 ------------------------------------------------------------------------------------------------


async def basins(Basins: Any, degrees: Sequence[Any] = (("pool", 24), ("children", 31), ("dive", 19))) -> None:
    """The warmest basin is found, each temperature is written in one step, and a new agent knows only its own.

    Demands: an agent "basins", linked to the caller, whose value is the dict; a colder temperature counts like a warmer
    one; two that are written at once are both kept, in every order; what is done on another node is not seen.
    """
    await with_other_numbers(_basins, ((Basins, degrees), (Basins, (("sauna", 85), ("plunge", 9)))))


async def _basins(Basins: Any, degrees: Sequence[Any]) -> None:
    Process.flag(trap_exit=True)
    first = dict(degrees)
    best, last = max(first, key=lambda name: first[name]), min(first, key=lambda name: first[name])
    done = f"`Basins.start_link` was called with {first}"
    pid = await _started(Basins.start_link(dict(first)), "basins", done)
    await _warmest(Basins, done, best)
    now, hottest = first, first[best]
    for basin, new, warmest in (
        (last, hottest + 5, last),
        (last, hottest - 7, best),
        ("whirl", hottest + 1, "whirl"),
        ("whirl", hottest - 1, best),
    ):
        done = f"`measured` was called with {basin!r} and {new}"
        expect(done, await _used(Basins.measured(basin, new), done), "ok", _NO_ANSWER)
        before, now = now, now | {basin: new}
        seen = await _value("basins", done)
        idea = _KEPT if same(seen, before) else _NEXT
        expect(f"{done}; the agent was asked for its value", seen, now, idea)
        await _warmest(Basins, done, warmest)
    await _stop(pid)
    done = "the agent was stopped, and another one was started with {'lake': 3}"
    pid = await _started(Basins.start_link({"lake": 3}), "basins", done)
    await _warmest(Basins, done, "lake")
    _both_written(Basins, first)
    done = "'lake' was the only basin, and an agent of another node was used; `warmest` was called"
    await _still(done, Basins.warmest, "lake")
    await _stop(pid)


async def _warmest(Basins: Any, done: str, hoped: str) -> None:
    done = f"{done}; `warmest` was called"
    idea = "where the temperatures are kept, and by what two of them are compared. The answer is the name of a basin"
    for _ in range(2):
        seen = await _used(Basins.warmest(), done)
        expect(done, seen, hoped, _NO_ANSWER if seen is None else idea)


def _both_written(Basins: Any, first: dict[str, int]) -> None:
    async def scenario() -> Any:
        await Basins.start_link(dict(first))
        await _at_once((Basins.measured, "east", 5), (Basins.measured, "west", 6))
        return await Agent.get("basins", _whole)

    hoped = first | {"east": 5, "west": 6}
    expect_in_every_schedule("two temperatures were written at the same moment", scenario, hoped, _BETWEEN)


# ---- drill 2 ------------------------------------------------------------------------------------------------


async def enter(enter: Any, limit: int = 3) -> None:
    """Each who enters is counted, nobody above the limit, however many ask at the same moment.

    Demands: the agent "pool" holds the number, and somebody else may change it; more people than the limit are as full
    as the limit; two who ask at once are counted rightly in every order, with one place left and with two; who is
    turned away is not counted at any moment.
    """
    await with_other_numbers(_enter, ((enter, limit), (enter, 1), (enter, 0), (enter, 12)))


async def _enter(enter: Any, limit: int) -> None:
    pool = await _agent(0, "pool")
    for inside in range(limit):
        await _entered(enter, limit, inside, "in")
    for _ in range(2):
        await _entered(enter, limit, limit, "full")
    await _entered(enter, limit + 1, limit, "in")
    await _entered(enter, limit, limit + 1, "full")
    await Agent.update(pool, lambda n: n - 2)
    if limit:
        await _entered(enter, limit, limit - 1, "in")
    await _stop(pool)
    if limit:
        _two_at_once(enter, limit, 1, ["full", "in"])
    if limit > 1:
        _two_at_once(enter, limit, 2, ["in", "in"])
    _turned_away(enter, limit)


async def _entered(enter: Any, limit: int, inside: int, hoped: str) -> None:
    done = f"with {inside} inside, `enter({limit})` was called"
    seen = await _used(enter(limit), done)
    idea = "which numbers leave room for one more: those that are less than the limit"
    if seen is None:
        idea = _NO_ANSWER
    elif type(seen) is int or isinstance(seen, tuple):
        idea = _PAIR
    expect(done, seen, hoped, idea)
    now = await _value("pool", done)
    idea = "what the next value is in each case, and that the number is kept by the agent and nowhere else"
    expect(f"{done}; the agent was asked for its value", now, inside + (hoped == "in"), idea)


def _two_at_once(enter: Any, limit: int, free: int, hoped: list[str]) -> None:
    async def scenario() -> Any:
        await Agent.start_link(lambda: limit - free, name="pool")
        answers = await _at_once((enter, limit), (enter, limit))
        return sorted(answers, key=repr), await Agent.get("pool", _whole)

    done = f"with {limit - free} inside, two called `enter({limit})` at the same moment"
    expect_in_every_schedule(done, scenario, (hoped, limit), _BETWEEN)


def _turned_away(enter: Any, limit: int) -> None:
    async def scenario() -> Any:
        await Agent.start_link(lambda: limit, name="pool")
        return tuple(await _at_once((enter, limit), (Agent.get, "pool", _whole)))

    done = f"with {limit} inside, one called `enter({limit})`, and another asked for the number at the same moment"
    idea = "what others see between two calls of yours. Whoever is turned away is not counted, not for a moment"
    expect_in_every_schedule(done, scenario, ("full", limit), idea)


# ---- drill 3 ------------------------------------------------------------------------------------------------

Jobs = Sequence[tuple[float, float]]


async def answered(answered: Any, jobs: Jobs = ((3, 5), (4, 5), (1, 9))) -> None:
    """It agrees with a real agent on who gets an answer, also behind a caller who has given up.

    Demands: a list of True and False, one for each job; no function ends in the very moment of a time-out.
    """
    await with_other_numbers(_answered, ((answered, case) for case in (jobs, *OTHER_JOBS)))


OTHER_JOBS: Final[tuple[Jobs, ...]] = (
    ((6, 5), (1, 5), (1, 9)),
    ((1, 4.5),) * 7,
    ((2, 1), (2, 1), (2, 1), (2, 9), (1, 9.5), (8, 16.5), (1, 20)),
    (),
)
"""No function ends in the very moment of a time-out, as the exercise promises."""


async def _answered(answered: Any, jobs: Jobs) -> None:
    given = list(jobs)
    done = f"`answered({given})` was called"
    idea = (
        "when each function begins and ends. They run one after the other, all callers wait from the same moment on, "
        "and a function runs also if its caller has given up"
    )
    seen = await told(answered(list(given)), done)
    expect(f"{done}, and a real agent was given these jobs", seen, await _really(given), idea)


async def _really(jobs: Jobs) -> list[bool]:
    """Who gets an answer of a real agent."""
    agent = await Agent.start(lambda: 0)
    home = self_()

    async def work(value: int, seconds: float) -> int:
        await Process.sleep(float(seconds))
        return value

    async def caller(number: int, seconds: float, timeout: float) -> None:
        try:
            await Agent.get(agent, work, seconds, timeout=float(timeout))
            send(home, (number, True))
        except Exit:
            send(home, (number, False))

    for number, (seconds, timeout) in enumerate(jobs):
        spawn(caller, number, seconds, timeout)
    came = [await receive(lambda m: isinstance(m, tuple) and len(m) == 2) for _ in jobs]
    await Agent.stop(agent)
    return [fine for _, fine in sorted(came)]


# ---- drill 4 ------------------------------------------------------------------------------------------------


async def read_notes(read_notes: Any, notes: Sequence[str] = ("too cold", "more towels", "nice slide")) -> None:
    """All notes are taken out in one step and read at home, in order, and each is read once, in every order.

    Demands: the agent "box" answers others at once meanwhile; what they put in is in the box afterwards; an exception
    of ``read`` reaches the caller, and the box lives on; two notes may say the same, and what ``read`` returns counts
    also if it is ``None``; no note is read twice, not even if ``read`` raises.
    """
    many = tuple(f"note {n % 5}" for n in range(8))
    await with_other_numbers(_read_notes, ((read_notes, notes), (read_notes, many), (read_notes, ())))


async def _read_notes(read_notes: Any, notes: Sequence[str]) -> None:
    box, read = await _agent(list(notes), "box"), _Slow(1.0, silent="note 4")
    done = f"the box held {list(notes)}, and `read_notes` was called"
    _begin(lambda: read_notes(read.work), done)
    await Process.sleep(0.5)
    await _free(f"{done}; half a second later", lambda: Agent.update("box", _put, "later"), "ok")
    await _read(done, read, [*notes])
    idea = "what is in the box after the notes have been taken, and which notes come in meanwhile"
    expect(f"{done}; what is in the box afterwards?", await _value("box", done), ["later"], idea)
    for left in (["later"], []):
        done = f"the box held {left}, and `read_notes` was called again"
        read = _Slow(1.0)
        _begin(lambda read=read: read_notes(read.work), done)  # type: ignore[misc]
        await _read(done, read, left)
        expect(f"{done}; what is in the box afterwards?", await _value("box", done), [], idea)
    await _reads_badly(read_notes, box)
    await _stop(box)
    _each_once(read_notes, list(notes)[:2])


def _put(notes: list[str], note: str) -> list[str]:
    return [*notes, note]


class _Slow:
    """Counts the calls of its async function ``work``, which takes its time, and how many of them ran at once.

    The function is no method: whoever sends it to another process must not send a copy of the counts with it.
    """

    def __init__(self, seconds: float, raises: str = "", silent: str = "") -> None:
        self.silent = silent
        self.calls: list[str] = []
        self.running = self.most = 0

        async def work(note: str) -> str | None:
            self.calls.append(note)
            self.running += 1
            self.most = max(self.most, self.running)
            await Process.sleep(seconds)
            self.running -= 1
            if note == raises:
                raise LookupError(note)
            return None if note == silent else f"read: {note}"

        self.work = work

    def answers(self, notes: Sequence[str]) -> list[str | None]:
        """What comes of these notes: ``None`` of the silent one."""
        return [None if note == self.silent else f"read: {note}" for note in notes]


async def _read(done: str, read: _Slow, notes: list[str]) -> None:
    seen = await _end(done, _IN_THE_AGENT)
    idea = "what comes of each note: `read` is called for it once and awaited, and what it returns is kept, in order"
    expect(done, seen, read.answers(notes), _NO_ANSWER if seen is None else idea)
    expect(f"{done}; for which notes was `read` called?", read.calls, notes, "how often each note is read: once")
    if read.most > 1:
        raise NotYet(done, f"{read.most} notes were read at once", "one after the other", "who waits for whom")


async def _reads_badly(read_notes: Any, box: Pid) -> None:
    await Agent.update(box, lambda _: ["first", "torn", "last"])
    done = "`read` raised a LookupError at the second note"
    read = _Slow(1.0, "torn")
    _begin(lambda: read_notes(read.work), done)
    idea = "where `read` runs, and what is caught. Its exception is the caller's to see, and nobody else's"
    try:
        seen = await _end(done, idea)
    except LookupError:
        seen = "LookupError"
    except NotYet as error:
        raise NotYet(done, error.parts["Seen"], "a LookupError at the caller", idea) from None
    expect(f"{done}; what did the caller get?", seen, "LookupError", idea)
    expect(f"{done}; how often was it called for this note?", read.calls.count("torn"), 1, _ONCE)
    expect(f"{done}; does the box live?", Process.alive(box), True, idea)


_ONCE: Final = "how often it is called: once, also if it raises. Nothing was said of a second try"


def _each_once(read_notes: Any, notes: list[str]) -> None:
    async def read(note: str) -> str:
        return note

    async def with_a_writer() -> Any:
        await Agent.start_link(lambda: notes, name="box")
        taken, _ = await _at_once((read_notes, read), (Agent.update, "box", _put, "at once"))
        return sorted(taken + await Agent.get("box", _whole))

    async def with_another() -> Any:
        await Agent.start_link(lambda: notes, name="box")
        one, other = await _at_once((read_notes, read), (read_notes, read))
        return sorted(one + other), await Agent.get("box", _whole)

    done = "one called `read_notes` and another put in a note at the same moment. What was read, or is in the box"
    expect_in_every_schedule(done, with_a_writer, sorted([*notes, "at once"]), _BETWEEN)
    done = "two called `read_notes` at the same moment. What both have read, and what is in the box"
    expect_in_every_schedule(done, with_another, (sorted(notes), []), _BETWEEN)


# ---- repair 1 -----------------------------------------------------------------------------------------------


async def refresh(mended_refresh: Any, seconds: float = 3.0, degrees: int = 27) -> None:
    """A basin is measured while the agent is free, and nothing that others write meanwhile is lost or comes back.

    Demands: the agent "basins" answers others at once; their changes stay; a basin that is not there is not measured,
    and one that is taken out meanwhile stays out, in every order; a basin of 0 degrees is one like any other; the
    answer is what was measured here, in every order; what ``measure`` raises reaches the caller alone, and it is not
    called again.
    """
    await with_other_numbers(_refresh, ((mended_refresh, seconds, degrees), (mended_refresh, 8.0, 0)))


class _Thermometer:
    """Counts the calls of its async function ``measure``, which takes its time and may raise."""

    def __init__(self, seconds: float, degrees: object) -> None:
        self.calls = 0

        async def measure() -> object:
            self.calls += 1
            await Process.sleep(seconds)
            if isinstance(degrees, Exception):
                raise degrees
            return degrees

        self.measure = measure


async def _refresh(refresh: Any, seconds: float, degrees: int) -> None:
    first = {"pool": 24, "sauna": 85}
    agent = await _agent(first, "basins")
    measure = _Thermometer(seconds, degrees)
    done = f"`pool` was to be measured, which took {seconds:g} seconds and gave {degrees}"
    _begin(lambda: refresh("pool", measure.measure), done)
    await Process.sleep(seconds / 2)
    changed = {"pool": 23, "sauna": 90, "whirl": 36}
    await _free(f"{done}; meanwhile", lambda: Agent.update(agent, lambda _: changed), "ok")
    await _gave(done, measure, degrees, 1)
    idea = "which dict the new temperature is written into: others have changed theirs while you measured"
    expect(
        f"{done}; the agent was asked for its value", await _value("basins", done), changed | {"pool": degrees}, idea
    )
    await _not_there(refresh, changed | {"pool": degrees})
    await _freezing(refresh, agent, degrees)
    await _taken_out(refresh, seconds, degrees)
    await _cannot_measure(refresh, agent, seconds)
    await _stop(agent)
    _meets_others(refresh, degrees)


async def _gave(done: str, measure: _Thermometer, hoped: object, calls: int) -> None:
    seen = await _end(done, _IN_THE_AGENT)
    expect(done, seen, hoped, _NO_ANSWER if seen is None else "what is returned in each of the cases")
    expect(
        f"{done}; how often was `measure` called?", measure.calls, calls, "when a thermometer is asked: once at most"
    )


async def _not_there(refresh: Any, hoped: object) -> None:
    measure, done = _Thermometer(1.0, 50), "a basin was to be measured that is not in the dict"
    _begin(lambda: refresh("lake", measure.measure), done)
    await _gave(done, measure, None, 0)
    expect(f"{done}; the agent was asked for its value", await _value("basins", done), hoped, "what is added: nothing")


async def _freezing(refresh: Any, agent: Pid, degrees: int) -> None:
    await Agent.update(agent, lambda _: {"pool": 0, "sauna": 85})
    measure, done = _Thermometer(1.0, degrees), "`pool` was in the dict with 0 degrees, and was to be measured"
    _begin(lambda: refresh("pool", measure.measure), done)
    idea = "what decides whether a basin is measured: that it is in the dict, however cold it is"
    expect(done, await _end(done, _IN_THE_AGENT), degrees, idea)
    expect(f"{done}; how often was `measure` called?", measure.calls, 1, idea)


async def _taken_out(refresh: Any, seconds: float, degrees: int) -> None:
    measure, done = _Thermometer(seconds, degrees), "`sauna` was taken out of the dict while it was measured"
    _begin(lambda: refresh("sauna", measure.measure), done)
    await Process.sleep(seconds / 2)
    await Agent.update("basins", lambda _: {"pool": 20}, timeout=60.0)
    seen = await _end(done, _IN_THE_AGENT)
    idea = "what is still true when you write. A look before the measuring says nothing about the time after it"
    expect(f"{done}; the agent was asked for its value", await _value("basins", done), {"pool": 20}, idea)
    expect(done, seen, None, idea)


async def _cannot_measure(refresh: Any, agent: Pid, seconds: float) -> None:
    done = "`measure` raised a ConnectionError"
    measure = _Thermometer(seconds, ConnectionError("no thermometer"))
    _begin(lambda: refresh("pool", measure.measure), done)
    idea = "where `measure` runs, and what is caught. Its exception is the caller's to see, and nobody else's"
    try:
        seen = await _end(done, idea)
    except ConnectionError:
        seen = "ConnectionError"
    except NotYet as error:
        raise NotYet(done, error.parts["Seen"], "a ConnectionError at the caller", idea) from None
    expect(f"{done}; what did the caller get?", seen, "ConnectionError", idea)
    expect(f"{done}; how often was it called?", measure.calls, 1, _ONCE)
    expect(f"{done}; does the agent live?", Process.alive(agent), True, idea)
    expect(f"{done}; the agent was asked for its value", await _value("basins", done), {"pool": 20}, idea)


def _meets_others(refresh: Any, degrees: int) -> None:
    async def measure() -> int:
        return degrees

    def warmer(basins: dict[str, int]) -> dict[str, int]:
        return basins | {"sauna": 3}

    def frozen(basins: dict[str, int]) -> dict[str, int]:
        return basins | {"pool": -40}

    def without(basins: dict[str, int]) -> dict[str, int]:
        return {name: value for name, value in basins.items() if name != "pool"}

    async def with_a_writer() -> Any:
        await Agent.start_link(lambda: {"pool": 1, "sauna": 2}, name="basins")
        await _at_once((refresh, "pool", measure), (Agent.update, "basins", warmer))
        return await Agent.get("basins", _whole)

    async def with_another_measure() -> Any:
        await Agent.start_link(lambda: {"pool": 1, "sauna": 2}, name="basins")
        answer, _ = await _at_once((refresh, "pool", measure), (Agent.update, "basins", frozen))
        return answer

    async def with_a_mason() -> Any:
        await Agent.start_link(lambda: {"pool": 1, "sauna": 2}, name="basins")
        answer, _ = await _at_once((refresh, "pool", measure), (Agent.update, "basins", without))
        return answer, await Agent.get("basins", _whole)

    done = "one measured `pool`, and another wrote 3 for `sauna` at the same moment"
    expect_in_every_schedule(done, with_a_writer, {"pool": degrees, "sauna": 3}, _BETWEEN)
    done = f"one measured {degrees} in `pool`, and another wrote -40 for it at the same moment. What the first one got"
    expect_in_every_schedule(done, with_another_measure, degrees, _BETWEEN)
    expect_in_every_schedule(
        "one measured `pool`, and another took it out of the dict at the same moment",
        with_a_mason,
        f"{degrees} or None, and {{'sauna': 2}},",
        _BETWEEN,
        right=lambda found: found[0] in (degrees, None) and same(found[1], {"sauna": 2}),
    )


# ---- repair 2 -----------------------------------------------------------------------------------------------


async def house(MendedHouse: Any, seats: int = 1) -> None:
    """Both numbers are right at every moment, in every order, and the sauna holds as many as it may.

    Demands: ``start_link`` returns the pid of a process linked to the caller, and when that is stopped another house,
    an empty one, can be started; neither way changes a total, not even if the walker is killed on the way; two who
    enter, walk or go back at once are counted rightly, in every order; what is done on another node is not seen.
    """
    await with_other_numbers(_house, ((MendedHouse, seats), (MendedHouse, 2), (MendedHouse, 5)))


async def _house(House: Any, seats: int) -> None:
    Process.flag(trap_exit=True)
    for time in ("", ", after another house was stopped"):
        done = f"`MendedHouse.start_link({seats})` was called{time}"
        pid = await _used(House.start_link(seats), done)
        if type(pid) is not Pid or not Process.alive(pid):
            raise NotYet(done, safe_repr(pid), "the pid of a process that runs", _NO_ANSWER)
        _linked(pid, done)
        await _walks(House, done, seats)
        if time:
            _meet(House)
            done = f"with {2 + seats} in the pool, a house of another node was used; `counts` was called"
            await _still(done, House.counts, (2 + seats, 0))
            for taken in range(seats):
                done = f"a house of another node was used, and here one walked, with {taken} of {seats} seats taken"
                await _still(done, House.walk, "ok")
        await _stop(pid)
        await Process.sleep(A_WHILE)


async def _walks(House: Any, done: str, seats: int) -> None:
    """A list of operations, with what each has to answer, and the counts after it."""
    steps: list[tuple[str, str, tuple[int, int]]] = [("walk", "nobody", (0, 0)), ("back", "nobody", (0, 0))]
    steps += [("enter", "ok", (n + 1, 0)) for n in range(seats + 1)]
    steps += [("walk", "ok", (seats - n, n + 1)) for n in range(seats)]
    steps += [("walk", "full", (1, seats)), ("back", "ok", (2, seats - 1)), ("walk", "ok", (1, seats))]
    steps += [("enter", "ok", (2, seats)), ("walk", "full", (2, seats))]
    steps += [("back", "ok", (2 + n, seats - n)) for n in range(1, seats + 1)]
    steps += [("back", "nobody", (2 + seats, 0))]
    idea = "who is where after each operation, and what is returned in each of the cases"
    before = (0, 0)
    expect(f"{done}; `counts` was called", await _used(House.counts(), done), before, "how a house begins: empty")
    for name, hoped, counts in steps:
        done = f"with {before[0]} in the pool and {before[1]} of {seats} in the sauna, `{name}` was called"
        seen = await _used(getattr(House, name)(), done)
        expect(done, seen, hoped, _NO_ANSWER if seen is None else idea)
        expect(f"{done}; `counts` was called", await _used(House.counts(), done), counts, idea)
        before = counts


def _meet(House: Any) -> None:
    """What two do at the same moment, in every order."""
    people = {"walk": "two people walked to the one seat", "back": "two people wanted the one person out of the sauna"}
    _one(House, "walked over", ("enter",), "walk")
    _one(House, "went back", ("enter", "walk"), "back")
    _two(House, people["walk"], ("enter", "enter"), "walk", (["full", "ok"], (1, 1)))
    _two(House, people["back"], ("enter", "walk"), "back", (["nobody", "ok"], (1, 0)))
    _two(House, "two people entered", (), "enter", (["ok", "ok"], (2, 0)))


def _two(House: Any, done: str, before: Sequence[str], name: str, hoped: object) -> None:
    async def scenario() -> Any:
        await House.start_link(1)
        for step in before:
            await getattr(House, step)()
        use = getattr(House, name)
        answers = await _at_once((use,), (use,))
        return sorted(answers, key=repr), await House.counts()

    expect_in_every_schedule(f"{done} at the same moment", scenario, hoped, _BETWEEN)


def _one(House: Any, went: str, before: Sequence[str], name: str) -> None:
    async def with_the_sign() -> Any:
        await House.start_link(1)
        for step in before:
            await getattr(House, step)()
        _, counts = await _at_once((getattr(House, name),), (House.counts,))
        return sum(counts)

    async def is_killed() -> Any:
        await House.start_link(1)
        for step in before:
            await getattr(House, step)()
        walker = spawn(getattr(House, name))
        Process.exit(walker, "kill")
        return sum(await House.counts())

    together = "which values have to agree at every moment, and how many steps it takes to change or read them"
    done = f"one person was in the house and {went}, and `counts` was called meanwhile. The sum of both"
    expect_in_every_schedule(done, with_the_sign, 1, together)
    done = f"the only person in the house {went}, and the walker was killed. The sum of both"
    expect_in_every_schedule(done, is_killed, 1, together)


# ---- the design ---------------------------------------------------------------------------------------------


async def door(Door: Any, limit: int = 2) -> None:
    """Nobody is let in above the limit, overtakes or is lost, in any order, and the door is free while somebody calls.

    Demands: an agent "door" below a supervisor, by ``(Door, limit)``; each ticket is inside or in the queue, once;
    ``call_out`` calls those who wait when it begins, one after the other, and its exception reaches the caller alone;
    after a restart the pool is empty, and the limit the same; nobody ever sees a free place and somebody who waits; an
    answer of ``say`` counts also if it is ``None``, and nobody is called twice; what is done on another node is not
    seen.
    """
    await with_other_numbers(_door, ((Door, limit), (Door, 1), (Door, 3)))


_QUEUE: Final = "who is inside, who waits and in which order. A ticket is in one of the two, once, or in none"


async def _door(Door: Any, limit: int) -> None:
    Process.flag(trap_exit=True)
    try:
        top = await Supervisor.start_link([(Door, limit)], strategy="one_for_one")
    except StartError as error:
        raise not_started(error) from None
    pid = Process.whereis("door")
    done = f"a supervisor was started with (Door, {limit})"
    expect(f"{done}; is there a process called 'door'?", pid is not None, True, "the name of the agent")
    await _story(Door, limit)
    await _calls_out(Door, limit)
    await _like_a_queue(Door, limit)
    expect("the door was used for an hour; is it the same process?", Process.whereis("door") is pid, True, _CRASHED)
    assert pid is not None
    Process.exit(pid, "kill")
    await Process.sleep(A_WHILE)
    done, idea = "the door was killed, and started again by its supervisor", "what the first value is made of"
    expect(f"{done}; `board` was called", await _used(Door.board(), done), (0, 0), idea)
    for n in range(limit):
        await _asks(Door, "arrive", f"again {n}", "in", (n + 1, 0), done)
    await _asks(Door, "arrive", "one more", ("waiting", 1), (limit, 1), done)
    _at_the_door(Door, limit)
    done = f"with {limit} inside and one waiting, a door of another node was used; `board` was called"
    await _still(done, Door.board, (limit, 1))
    done = "a door of another node was used, and here 'again 0' left while 'one more' waited"
    await _still(done, lambda: Door.leave("again 0"), "one more")
    assert top is not None
    await _stop(top)


_CRASHED: Final = "why the agent has ended meanwhile. What a function in it raises ends it"


async def _asks(Door: Any, name: str, ticket: str, hoped: object, board: tuple[int, int], before: str = "") -> None:
    done = f"{before}{'; ' if before else ''}`{name}({ticket!r})` was called"
    seen = await _used(getattr(Door, name)(ticket), done)
    expect(done, seen, hoped, _NO_ANSWER if seen is None else _QUEUE)
    expect(f"{done}, then `board`", await _used(Door.board(), done), board, _QUEUE)


async def _story(Door: Any, limit: int) -> None:
    """A day in which everything happens once; at its end the pool is empty."""
    for n in range(limit):
        await _asks(Door, "arrive", f"t{n}", "in", (n + 1, 0))
    full = f"{limit} were inside"
    await _asks(Door, "arrive", "t0", "in", (limit, 0), f"{full}, t0 too")
    for n, ticket in enumerate(("ann", "ben", "eve"), 1):
        await _asks(Door, "arrive", ticket, ("waiting", n), (limit, n), f"{full}, and {n - 1} waited")
    await _asks(Door, "arrive", "ben", ("waiting", 2), (limit, 3), f"{full}, and ben waited behind ann")
    await _asks(Door, "leave", "ben", None, (limit, 2), "ben waited behind ann")
    await _asks(Door, "arrive", "eve", ("waiting", 2), (limit, 2), "eve waited behind ann, and ben had given up")
    await _asks(Door, "leave", "a stranger", None, (limit, 2), "ann and eve waited")
    await _asks(Door, "leave", "t0", "ann", (limit, 1), "t0 was inside, ann and eve waited")
    await _asks(Door, "arrive", "ann", "in", (limit, 1), "ann had been let in")
    await _asks(Door, "arrive", "t0", ("waiting", 2), (limit, 2), "t0 came back, and eve waited")
    await _asks(Door, "leave", "t0", None, (limit, 1), "t0 waited behind eve")
    await _asks(Door, "leave", "ann", "eve", (limit, 0), "ann was inside, eve waited")
    await _asks(Door, "leave", "eve", None, (limit - 1, 0), "eve was inside, nobody waited")
    for n in range(1, limit):
        await _asks(Door, "leave", f"t{n}", None, (limit - n - 1, 0))


async def _calls_out(Door: Any, limit: int) -> None:
    tickets = [f"c{n}" for n in range(limit + 3)]
    for ticket in tickets:
        await _used(Door.arrive(ticket), f"`arrive({ticket!r})` was called")
    waiting = tickets[limit:]
    say = _Slow(60.0, silent=waiting[1])
    done = f"{waiting} waited, and `call_out` was called with a `say` that takes a minute"
    _begin(lambda: Door.call_out(say.work), done)
    await Process.sleep(90.0)
    await _free(f"{done}; a minute and a half later", Door.board, (limit, 3))
    await _free(f"{done}; then `arrive('late')`", lambda: Door.arrive("late"), ("waiting", 4))
    await _free(f"{done}; then `leave` of the last one called", lambda: Door.leave(waiting[2]), None)
    seen = await _end(done, _IN_THE_AGENT)
    idea = "who is called: those who wait when `call_out` begins, in their order, and what each `say` returns"
    expect(done, seen, say.answers(waiting), _NO_ANSWER if seen is None else idea)
    expect(f"{done}; for whom was `say` called?", say.calls, waiting, idea)
    if say.most > 1:
        raise NotYet(done, f"{say.most} were called at once", "one after the other", "who waits for whom")
    await _calls_badly(Door, waiting[1], limit)
    for ticket in [*tickets, "late"]:
        await _used(Door.leave(ticket), f"`leave({ticket!r})` was called")


async def _calls_badly(Door: Any, ticket: str, limit: int) -> None:
    done = "`say` raised a LookupError"
    say = _Slow(1.0, ticket)
    _begin(lambda: Door.call_out(say.work), done)
    idea = "where `say` runs, and what is caught. Its exception is the caller's to see, and nobody else's"
    try:
        seen = await _end(done, idea)
    except LookupError:
        seen = "LookupError"
    except NotYet as error:
        raise NotYet(done, error.parts["Seen"], "a LookupError at the caller", idea) from None
    expect(f"{done}; what did the caller get?", seen, "LookupError", idea)
    expect(f"{done}; how often was it called for this visitor?", say.calls.count(ticket), 1, _ONCE)
    expect(f"{done}; then `board` was called", await _used(Door.board(), done), (limit, 3), idea)


class _Queue:
    """What a door has to answer."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.inside: list[str] = []
        self.queue: list[str] = []

    def arrive(self, ticket: str) -> object:
        if ticket not in self.inside + self.queue:
            (self.inside if len(self.inside) < self.limit else self.queue).append(ticket)
        return "in" if ticket in self.inside else ("waiting", self.queue.index(ticket) + 1)

    def leave(self, ticket: str) -> str | None:
        if ticket in self.queue:
            self.queue.remove(ticket)
        if ticket not in self.inside:
            return None
        self.inside.remove(ticket)
        if not self.queue:
            return None
        self.inside.append(self.queue.pop(0))
        return self.inside[-1]


async def _like_a_queue(Door: Any, limit: int) -> None:
    """Forty operations of which nobody has thought, beside what they have to answer."""
    draw, model = random.Random(limit), _Queue(limit)
    tickets = [f"q{n}" for n in range(limit + 3)]
    for _ in range(40):
        name, ticket = draw.choice(("arrive", "arrive", "leave")), draw.choice(tickets)
        before = f"{model.inside} were inside and {model.queue} waited"
        hoped = getattr(model, name)(ticket)
        await _asks(Door, name, ticket, hoped, (len(model.inside), len(model.queue)), before)


def _at_the_door(Door: Any, limit: int) -> None:
    def meet(before: Sequence[str], *uses: tuple[str, str]) -> Callable[[], Awaitable[Any]]:
        async def scenario() -> Any:
            await Door.start_link(limit)
            for ticket in before:
                await Door.arrive(ticket)
            answers = await _at_once(*[(getattr(Door, name), ticket) for name, ticket in uses])
            return sorted(answers, key=repr), await Door.board()

        return scenario

    full = [f"t{n}" for n in range(limit)]
    done = "two came to the last place at the same moment"
    scenario, hoped = meet(full[1:], ("arrive", "ann"), ("arrive", "ben")), (["in", ("waiting", 1)], (limit, 1))
    expect_in_every_schedule(done, scenario, hoped, _BETWEEN)
    done = "one ticket arrived at both turnstiles at the same moment"
    scenario = meet((), ("arrive", "ann"), ("arrive", "ann"))
    expect_in_every_schedule(done, scenario, (["in", "in"], (1, 0)), _BETWEEN)
    if limit > 1:
        done = f"{limit} were inside and two of them left at the same moment, and ann and ben waited"
        scenario = meet([*full, "ann", "ben"], ("leave", "t0"), ("leave", "t1"))
        expect_in_every_schedule(done, scenario, (["ann", "ben"], (limit, 0)), _BETWEEN)
    done = "t0 was inside and left, ben waited, and eve arrived at the same moment"
    waiting = [["ben", ("waiting", 1)], ["ben", ("waiting", 2)]]
    expect_in_every_schedule(
        done,
        meet([*full, "ben"], ("leave", "t0"), ("arrive", "eve")),
        f"ben goes in and eve waits, with the board at ({limit}, 1),",
        _BETWEEN,
        right=lambda found: any(same(found, (answers, (limit, 1))) for answers in waiting),
    )
    _on_the_board(Door, limit)
    _comes_and_goes(Door, limit)


def _on_the_board(Door: Any, limit: int) -> None:
    """Nobody waits while a place is free, at no moment."""

    async def come() -> None:
        await Door.arrive("ann")
        await Door.arrive("ben")

    async def while_two_come() -> Any:
        await Door.start_link(limit)
        for n in range(1, limit):
            await Door.arrive(f"t{n}")
        _, board = await _at_once((come,), (Door.board,))
        return board

    async def while_one_leaves() -> Any:
        await Door.start_link(limit)
        for ticket in (*(f"t{n}" for n in range(limit)), "ann"):
            await Door.arrive(ticket)
        return tuple(await _at_once((Door.leave, "t0"), (Door.board,)))

    done, both = "ann came to the last place, then ben, and `board` was called meanwhile", ((limit, 0), (limit, 1))
    expect_in_every_schedule(
        done,
        while_two_come,
        f"({limit - 1}, 0) or ({limit}, 0) or ({limit}, 1)",
        _BETWEEN,
        right=lambda found: any(same(found, board) for board in ((limit - 1, 0), *both)),
    )
    expect_in_every_schedule(
        "t0 left while ann waited, and `board` was called meanwhile",
        while_one_leaves,
        f"'ann', and ({limit}, 1) or ({limit}, 0) on the board,",
        _BETWEEN,
        right=lambda found: any(same(found, ("ann", board)) for board in both),
    )


def _comes_and_goes(Door: Any, limit: int) -> None:
    async def scenario() -> Any:
        await Door.start_link(limit)
        for n in range(limit):
            await Door.arrive(f"t{n}")
        answers = await _at_once((Door.arrive, "ann"), (Door.leave, "ann"))
        return (*answers, await Door.board())

    expect_in_every_schedule(
        f"with {limit} inside ann arrived, and was taken out by another at the same moment",
        scenario,
        f"('waiting', 1) and None, with the board at ({limit}, 0) or ({limit}, 1),",
        _BETWEEN,
        right=lambda found: any(same(found, (("waiting", 1), None, (limit, n))) for n in (0, 1)),
    )

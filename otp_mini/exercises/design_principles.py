"""The checks of chapter 17, design principles.

They look at trees from outside: they end processes and see who is new, stop a tree by the clock, and run small
campaigns of faults. Each docstring says in its first line what "ok" claims, and then what the check demands: the
text of the exercise has to say all of it. Whatever has a number or a name is tried with at least two of them.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Sequence
from itertools import pairwise, product
from typing import Any, Final

from .. import (
    ChildSpec,
    Down,
    Exit,
    GenServer,
    Kill,
    NoReply,
    Ok,
    Pid,
    Process,
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
)
from ..errors import describe_reason, safe_repr
from .checking import AWAIT, NotYet, expect, let_pass
from .comparing import same
from .looking import ended_with, not_started, restless, turns_of, with_other_numbers
from .surviving import expect_to_survive

GONE: Final = " (gone)"


# ---- what the checks hand over, and how they look ----------------------------------------------------------


class Counting(GenServer):
    """Counts how often it was used."""

    @classmethod
    async def start_link(cls, name: Any) -> Pid | None:  # type: ignore[override]
        """Start it under its name."""
        return await super().start_link(name, name=name)

    @classmethod
    def child_spec(cls, argument: Any = None) -> ChildSpec:
        """Its id is its name, so that two of them may stand in one list."""
        return ChildSpec(argument, (cls.start_link, (argument,)))

    def init(self, name: Any) -> Any:
        """Begin at nothing."""
        return Ok(0)

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        """Count, or say how many."""
        match request:
            case "use":
                return Reply("used", state + 1)
            case "used":
                return Reply(state, state)


async def _grown(start: Callable[[], Awaitable[Any]], names: Sequence[str], idea: str) -> Pid:
    """Start a tree, and see that every part runs under its name."""
    Process.flag(trap_exit=True)  # a supervisor that gives up is something to look at
    try:
        root = await start()
    except StartError as error:
        raise not_started(error) from None
    if inspect.iscoroutine(root):
        root.close()
        raise NotYet("the tree was started", f"a coroutine, {root.__qualname__}", "the pid of the supervisor", AWAIT)
    if not isinstance(root, Pid):
        hoped = "the pid of the supervisor at the top"
        raise NotYet("the tree was started", safe_repr(root), hoped, "what is returned: is a `return` missing?")
    missing = [name for name in names if Process.whereis(name) is None]
    expect(f"the tree was started; who of {', '.join(names)} is missing?", missing, [], idea)
    return root


async def _end(name: str, reason: object = "kill", pause: float = 0.001) -> None:
    pid = Process.whereis(name)
    if pid is not None and reason == "kill":
        Process.exit(pid, reason)
    elif pid is not None:
        await GenServer.stop(pid, reason)  # a signal is no end to a part that traps exits
    await Process.sleep(pause)


async def _new_after(names: Sequence[str], ended: str, reason: object = "kill", pause: float = 0.001) -> list[str]:
    """End one process; who of ``names`` is another one now, or has not come back?"""
    before = {name: Process.whereis(name) for name in names}
    await _end(ended, reason, pause)
    after = {name: Process.whereis(name) for name in names if Process.whereis(name) is not before[name]}
    return [name if pid is not None else f"{name}{GONE}" for name, pid in after.items()]


async def _alone(names: Sequence[str]) -> None:
    """Whoever ends is new, and nobody else, however it ends."""
    for name in names:
        for end in ("kill", "shutdown"):
            seen = await _new_after(names, name, end)
            idea = _RETURNS if GONE in str(seen) else _TOGETHER
            expect(f"{name!r} ended with {end!r}; who is new?", seen, [name], idea)
            await Process.sleep(60.0)


async def _uproot(root: Pid) -> None:
    if Process.alive(root):
        await Supervisor.stop(root)


def _keeper(name: str) -> Pid | None:
    """The supervisor that has started a process."""
    pid = Process.whereis(name)
    info = None if pid is None else Process.info(pid)
    return None if info is None else info["parent"]


def _state(root: Pid) -> str:
    return "it goes on" if Process.alive(root) else "it gave up"


# ---- drill 1: failures stay apart --------------------------------------------------------------------------

_LISTED: Final = "the list of children: what `init` was handed are children as they stand in a list"
_COUNTED: Final = "in whose budget a crash of the line is counted, and who is stopped when that budget is spent"
_RETURNS: Final = (
    "whether it comes back at all: its `restart`, and the `restart` of each supervisor above it. One that gives up "
    "ends with `shutdown`, and to whoever keeps it as transient or temporary that is an end for good"
)
_TOGETHER: Final = "the strategy: the end of one part is no reason to make another one new"
_WEAKER: Final = (
    "whose budget the ends of the other parts are counted in. A larger budget for all bears the line, and hides a "
    "part that no restart helps: the line's crashes and theirs are to be counted by different supervisors"
)
_BEARS: Final = "how many ends of a part the tree bears: three within five seconds, which is the default"
_SPENT: Final = (
    "whose budget pays for a burst of the line. A branch that gives up in it is one restart for the supervisor above, "
    "which then has fewer left for the parts"
)
_FOURTH: Final = "whose budget the ends of the parts are counted in: three are borne of all parts together"


async def apart(Cellar: Any, core: tuple[str, ...] = ("book", "cooling")) -> None:
    """The line's crashes cost nobody else anything, and the fourth end of another part ends the tree.

    Demands: the parts and the line run; whoever ends alone, by a kill or in peace, is new alone; twelve crashes of
    the line within a second, every two minutes, make nobody else new, and the line is there again; three ends of the
    others within five seconds are borne, also right after such a burst, and the fourth ends the whole tree, of one
    part or of several.
    """
    await with_other_numbers(_one_apart, ((Cellar, core), (Cellar, ("mash", "hops", "kettle"))))


async def _one_apart(Cellar: Any, core: tuple[str, ...]) -> None:
    names = (*core, "line")

    async def brewery() -> Any:
        return await Cellar.start_link(([(Counting, name) for name in core], (Counting, "line")))

    root = await _grown(brewery, names, _LISTED)
    await _alone(names)
    await _uproot(root)
    root = await _grown(brewery, names, _LISTED)
    for number in range(12):
        seen = await _new_after(names, "line", pause=0.05)
        idea = _COUNTED if not Process.alive(root) or len(seen) > 1 else _RETURNS
        expect(f"the line was killed, {number + 1} times within a second; who is new?", seen, ["line"], idea)
    for number in range(4):
        expect(f"the line had its burst, and parts were killed {number} times", _state(root), "it goes on", _SPENT)
        if number < 3:
            await _end(core[number % len(core)], pause=0.05)
    await _uproot(root)
    for name in core:
        root = await _grown(brewery, names, _LISTED)
        for _ in range(3):
            await _end(name, pause=0.05)
        expect(f"{name!r} was killed three times within a second", _state(root), "it goes on", _BEARS)
        await _end(name, pause=0.05)
        expect(f"{name!r} was killed a fourth time within the second", _state(root), "it gave up", _WEAKER)
    root = await _grown(brewery, names, _LISTED)
    for number in range(4):
        await _end(core[number % len(core)], pause=0.05)
    expect("parts were killed four times within a second, by turns", _state(root), "it gave up", _FOURTH)

    async def probe() -> bool:
        return all([await GenServer.call(name, "use") == "used" for name in names])

    async def used() -> int:
        return sum([await GenServer.call(name, "used") for name in core])

    faults = [Storm(Kill("line"), times=12, within=1.0, at=120.0 * n + 30.5) for n in range(3)]
    expect_to_survive(brewery, faults, probe, _COUNTED, hours=0.1, every=30.0, state=used, lost=0)


# ---- drill 2: a pause that grows ---------------------------------------------------------------------------

FIRST: Final = 1.0
LONGEST: Final = 60.0

_INIT: Final = "what `init` does. Whoever starts the line waits for it, so `init` needs nobody"
_CRASH: Final = (
    "what a failed attempt is: no crash. `connect` may raise an exception or an `Exit`, and `except Exception` does "
    "not catch an `Exit`"
)
_NONE: Final = "who makes the next attempt: the line has to send itself a message, again after each failure"
_TIGHT: Final = "the pause between two attempts: nothing comes of asking again in the same instant"
_FLAT: Final = "how the pause grows: each failure in a row doubles it"
_CAP: Final = "the longest pause: it doubles only up to sixty seconds"
_WHEN: Final = "the first pause, which is one second, and from when on it is counted: from when the attempt has failed"
_AFRESH: Final = "the pause after a success: the next failure is the first in a row again, and its pause is one second"
_AT_ONCE: Final = 'what "lost" does: the line tries at once, and waits only after a failure'
_TWICE: Final = (
    "how many timers run. While the line is down, an attempt is due already, and `lost` may not bring another one along"
)
_OWN: Final = "where the pause is kept: each server has its own, in its state. What a class keeps, all of them share"
_POLLING: Final = (
    "what the line does while nothing is due: nothing. A timer of the right length needs no looking at a clock"
)


class NoSuchLine(Exception):
    """A failure of which a line has never heard."""


async def patient(Line: Any, failures: int = 4, connection: object = "a line") -> None:
    """It starts at once, tries again after a pause that doubles up to a minute, and begins anew after a success.

    Demands: the start waits for nothing; the call "state" is answered by "down" or ("up", connection); after failures
    in a row the pauses are 1, 2, 4 seconds and so on, 60 at most, counted from the failure; an exception and an exit
    are failures; once it is up there are no more attempts; "lost" makes it try at once, and the first pause is one
    second then; "lost" while it is down, and a stray message, change nothing; nothing happens in a pause; two lines
    on one node have nothing in common.
    """
    cases = ((Line, failures, connection, 0.0), (Line, 9, ("line", 7), 0.0), (Line, 3, 0, 2.5))
    await with_other_numbers(_one_patient, cases)
    await _two_lines(Line)


async def _one_patient(Line: Any, failures: int, connection: object, takes: float) -> None:
    asked: list[float] = []
    left = [failures]

    async def connect() -> object:
        asked.append(current_node().now())
        await Process.sleep(takes)
        if left[0]:
            left[0] -= 1
            raise (OSError("no route"), Exit("no such office"), NoSuchLine("17"))[left[0] % 3]
        return connection

    line = await _started_without_office(Line, connect)
    await _fails(line, asked, failures, takes, connection)
    quiet = len(asked)
    await let_pass(4000.0)
    expect("it was up for an hour; how many attempts more were made?", len(asked) - quiet, 0, _NONE_WHEN_UP)
    send(line, ("a stray message of the check", 1))
    await Process.sleep(0.0)
    expect("a stray message came; how many attempts were made?", len(asked) - quiet, 0, _STRAY)
    await _state_is(line, "a stray message came", ("up", connection), _STRAY)
    del asked[:]
    left[0] = 3
    send(line, "lost")
    await _fails(line, asked, 3, takes, connection, again=True)


async def _two_lines(Line: Any) -> None:
    """The second begins when the first has failed some times, and begins with one second."""
    for number, seconds, hoped in ((1, 5.0, ["0", "1", "3"]), (2, 10.0, ["0", "1", "3", "7"])):
        asked: list[float] = []

        async def connect(asked: list[float] = asked) -> object:
            asked.append(current_node().now())
            raise Exit("no such office")

        await _started_without_office(Line, connect)
        await let_pass(seconds)
        seen = [f"{time - asked[0]:g}" for time in asked]
        expect(f"line {number} of two found no office; at which seconds did it try?", seen, hoped, _OWN)


async def _started_without_office(Line: Any, connect: Any) -> Pid:
    """Start the line; that takes no time, and fails for no want of an office."""
    Process.flag(trap_exit=True)
    began = current_node().now()
    done = "it was started, and there was no office"
    try:
        line = await Line.start_link(connect)
    except StartError as error:
        match error.reason:
            case OSError() | NoSuchLine() | "no such office":
                raise NotYet(done, f"no line: {describe_reason(error.reason)}", "a line", _INIT) from None
        raise
    if not isinstance(line, Pid):
        raise NotYet("it was started", safe_repr(line), "a server", "what `init` returns, and `start_link`")
    expect("it was started; how long did that take?", f"{current_node().now() - began:g} s", "0 s", _INIT)
    await Process.sleep(0.0)
    if await restless():
        raise NotYet(done, "one attempt after the other", "a pause", _TIGHT)
    return line


_NONE_WHEN_UP: Final = "what is left running once the line is up: no timer of the time before"
_STRAY: Final = "what a message does that is not its own: nothing. Where no case fits, the state stays"
_UP: Final = 'what the call "state" answers: "down", or ("up", connection) with whatever `connect` has returned'


async def _fails(
    line: Pid, asked: list[float], failures: int, takes: float, connection: object, again: bool = False
) -> None:
    """Let so many attempts fail and one succeed, and see when they were made."""
    began = current_node().now()
    hoped = [began]
    done = f"{failures} attempts in a row failed" + (' after "lost"' if again else "")
    for number in range(failures):
        pause = min(FIRST * 2**number, LONGEST)
        await let_pass(takes + pause / 2)
        _as_hoped(asked, hoped, began, done, takes, again)
        await _state_is(line, f"attempt {number + 1} had failed", "down", _CRASH)
        if again and number == 1:
            send(line, "lost")
        before = turns_of(line)
        await let_pass(pause / 2 - 0.001)
        if pause >= 8 and turns_of(line) - before > 4:
            seen = f"{turns_of(line) - before} turns of the line"
            raise NotYet(f"in half a pause of {pause:g} s nothing was due", seen, "none", _POLLING)
        await let_pass(0.001)
        hoped.append(hoped[-1] + takes + pause)
    await let_pass(takes + 0.4)
    _as_hoped(asked, hoped, began, done, takes, again)
    await _state_is(line, f"{done}, and one succeeded", ("up", connection), _UP)


def _as_hoped(asked: list[float], hoped: list[float], began: float, done: str, takes: float, again: bool) -> None:
    """See that the attempts up to now were made when they were due."""
    seen, wanted = ([f"{time - began:g}" for time in times] for times in (asked, hoped))
    if seen != wanted:
        shown = [*seen[:9], "…"] if len(seen) > 9 else seen
        made = "at second " + ", ".join(shown) if shown else "never"
        late = _about_pauses([time - began for time in asked], len(hoped), takes, again)
        took = f", each after {takes:g} s" if takes else ""
        raise NotYet(f"{done}{took}; when was `connect` called?", made, f"at second {', '.join(wanted)}", late)


def _about_pauses(seen: list[float], hoped: int, takes: float, again: bool) -> str:
    pauses = [later - time - takes for time, later in pairwise(seen)]
    if again and (not seen or seen[0] > 0.001):
        return _AT_ONCE
    if sum(pause < 0.001 for pause in pauses) > 1:
        return _TIGHT
    if again:
        return _TWICE if len(seen) > hoped else _AFRESH
    if not pauses:
        return _NONE
    if max(pauses) > LONGEST + 0.001:
        return _CAP
    if len(pauses) > 1 and all(abs(pause - pauses[0]) < 0.001 for pause in pauses):
        return _FLAT
    return _WHEN


async def _state_is(line: Pid, done: str, hoped: object, idea: str) -> None:
    began = current_node().now()
    try:
        seen = await GenServer.call(line, "state", timeout=0.3)
    except Exit as exit:
        if not Process.alive(line):
            match reason := ended_with(line):
                case OSError() | NoSuchLine() | "no such office":
                    raise NotYet(done, f"the line has ended: {describe_reason(reason)}", "it lives on", idea) from None
            raise Exit((reason, ("GenServer", "call", [line, "state"]))) from None
        reason = exit.reason[0] if isinstance(exit.reason, tuple) else exit.reason
        seen = describe_reason(reason)
    waits = "which process waits. A callback that sleeps in a pause answers nobody meanwhile"
    late = current_node().now() - began > 0.0
    if late or not same(seen, hoped):
        about = waits if late else _STRAY if idea is _STRAY else _UP
        shown = f"{safe_repr(seen)} after {current_node().now() - began:g} s"
        raise NotYet(f"{done}; the state", shown, safe_repr(hoped), about)


# ---- drill 3: order ----------------------------------------------------------------------------------------

Needs = dict[str, list[str]]
BAR: Final[Needs] = {"tap": ["book", "cooling"], "cooling": [], "book": ["shelf"], "shelf": []}
_MORE: Final[tuple[Needs, ...]] = (
    {"a": ["b"], "b": ["c"], "c": ["d"], "d": []},
    {"pump": [], "valve": ["pump"], "filler": ["valve", "book"], "book": []},
    {f"tank {n}": [f"tank {n + 1}"] if n < 30 else [] for n in range(31)},
    {},
)
_CIRCLES: Final[tuple[Needs, ...]] = (
    {"pump": ["valve"], "valve": ["pump"], "book": []},
    {"book": [], "tap": ["tap"]},
    {"a": ["b"], "b": ["c"], "c": ["a"], "d": ["a"]},
)
_EARLIER: Final = "what has to stand before what: each name behind all those that it needs, and behind what these need"
_ALL: Final = "which names are returned: each key of the dict once, also one that needs nobody or is needed by nobody"
_CIRCLE: Final = "what there is where each of some parts needs another one first: no order at all, which is None"


async def start_order(function: Callable[[Needs], Any], needs: Needs | None = None) -> None:
    """Every part finds what it needs when it starts, and where no order can do that the answer is None.

    Demands: a list of all names, each once; a real supervisor starts them in this order, and each calls what it
    needs in its ``init``; None for a circle, also of one part that needs itself; the dict stays as it was.
    """
    for number, given in enumerate([needs or BAR, *_MORE]):
        await with_other_numbers(_one_order, [(function, given)]) if not number else await _later_order(function, given)
    for given in _CIRCLES:
        seen = _plain(function, given)
        expect(f"the parts need each other in a circle: {given}", seen, None, _CIRCLE)


async def _later_order(function: Any, needs: Needs) -> None:
    try:
        await _one_order(function, needs)
    except NotYet as error:
        told = "what your answer does with another case: it passed the first one, and not this one"
        error.parts["Look again at"] = f"{told}. And at {error.parts['Look again at']}"
        raise


async def _one_order(function: Any, needs: Needs) -> None:
    order = _plain(function, needs)
    done = f"`start_order` was called with {_short(needs)}"
    if not isinstance(order, list):
        idea = "what is returned: a list of names" + (". Is a `return` missing?" if order is None else "")
        raise NotYet(done, safe_repr(order), "a list of names", idea)
    expect(f"{done}; the names, sorted", sorted(map(str, order)), sorted(needs), _ALL)
    children = [ChildSpec(name, (_needy, (name, needs[name]))) for name in order]
    Process.flag(trap_exit=True)
    try:
        root = await Supervisor.start_link(children, strategy="one_for_one")
    except StartError as error:
        match error.reason:
            case ("shutdown", ("failed_to_start_child", str(name), _)):
                behind = [need for need in needs[name] if order.index(need) >= order.index(name)]
                seen = f"{name!r} did not start: {', '.join(behind)} was not there yet"
                raise NotYet(f"{done}, and a supervisor started {order}", seen, "all running", _EARLIER) from None
        raise
    assert root is not None
    await Supervisor.stop(root)


def _short(needs: Needs) -> str:
    text = str(needs)
    return text if len(text) < 200 else f"{text[:190]}…"


def _plain(function: Any, needs: Needs) -> Any:
    """What a plain function returns for a dict, which it leaves as it is."""
    given = {name: [*those] for name, those in needs.items()}
    answer = function(given)
    if inspect.iscoroutine(answer):
        answer.close()
        raise NotYet(
            "`start_order` was called", "a coroutine", "a list of names", "the `async`: a plain `def` is asked for"
        )
    expect("`start_order` was called; the dict after that", given, needs, "the dict, which is to stay as it was")
    return answer


async def _needy(name: str, needs: list[str]) -> Pid | None:
    return await _Needy.start_link(needs, name=name)


class _Needy(GenServer):
    async def init(self, needs: Any) -> Any:
        for name in needs:
            await GenServer.call(name, "are you there")
        return Ok(None)

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        return Reply("yes", state)


# ---- drill 4: windows --------------------------------------------------------------------------------------

Windows = tuple[int, float, list[int]]
_WINDOWS: Final[tuple[Windows, ...]] = (
    (3, 6.0, [3]),
    (3, 6.0, [3, 3]),
    (2, 5.0, [1, 4, 2]),
    (1, 30.0, [1]),
    (4, 6.0, []),
    (10, 60.0, [3, 3]),
)
_LIST: Final = "what is returned: a list with one window for each supervisor above, the lowest first"
_GAPS: Final = "how many gaps lie between the first give-up that counts and the last: one less than there are give-ups"
_LIFE: Final = (
    "how long the lowest supervisor lives: from its start to the crash that is one too many. The first crash comes one "
    "gap after the start"
)
_GROWS: Final = (
    "what the second supervisor from below hears of: of the give-ups of the one under it, which are further apart than "
    "those of the lowest"
)
_RHYTHM: Final = "the slowest rhythm of crashes at which the lowest one still gives up: how far apart are they then?"


async def windows(function: Callable[[int, float, list[int]], Any], *more: Windows) -> None:
    """Each window is as long as it has to be for a give-up below to reach the top, and no longer.

    Demands: one window for each supervisor above, for the slowest steady rhythm of crashes at which the lowest
    gives up; none above gives an empty list; the list of restarts stays as it was.
    """
    for number, (restarts, seconds, above) in enumerate((*_WINDOWS, *more)):
        given = [*above]
        seen = function(restarts, seconds, given)
        if inspect.iscoroutine(seen):
            seen.close()
            raise NotYet("`windows` was called", "a coroutine", "a list", "the `async`: a plain `def` is asked for")
        hoped = needed(restarts, seconds, above)
        done = f"`windows({restarts}, {seconds:g}, {above})` was called"
        expect(f"{done}; the list after that", given, above, "the list, which is to stay as it was")
        if not isinstance(seen, list | tuple) or len(seen) != len(hoped) or not all(map(_is_time, seen)):
            missing = ". Is a `return` missing?" if seen is None else ""
            raise NotYet(done, safe_repr(seen), f"a list of {len(hoped)}", f"{_other(number)}{_LIST}{missing}")
        if not all(abs(one - other) < 1e-6 * max(1.0, other) for one, other in zip(seen, hoped, strict=True)):
            idea = _about_windows(list(seen), restarts, seconds, above)
            raise NotYet(done, safe_repr(seen), safe_repr(hoped), f"{_other(number)}{idea}")


def _other(number: int) -> str:
    told = "what your answer does with another case: it passed the first one, and not this one. And at "
    return told if number else ""


def needed(restarts: int, seconds: float, above: Sequence[int], first: int = 1, more: int = 0) -> list[float]:
    """The shortest windows; with other numbers, what a likely mistake makes of them."""
    life = (restarts + first) * seconds / restarts
    found = []
    for allowed in above:
        found.append((allowed + more) * life)
        life *= allowed + 1
    return found


def _is_time(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _about_windows(seen: list[float], restarts: int, seconds: float, above: Sequence[int]) -> str:
    def near(other: Sequence[float]) -> bool:
        return all(abs(one - two) < 1e-6 * max(1.0, two) for one, two in zip(seen, other, strict=True))

    life = (restarts + 1) * seconds / restarts
    if near(needed(restarts, seconds, above, more=1)):
        return _GAPS
    if near(needed(restarts, seconds, above, first=0)):
        return _LIFE
    if near([allowed * life for allowed in above]):
        return _GROWS
    return _RHYTHM


# ---- repair 1: names ---------------------------------------------------------------------------------------

_VIA: Final = "how a tank is found: by `Via` with the registry `tanks` and its number, under which it has to be started"
_PID: Final = (
    "what a tank remembers of the alarm. A pid leads to one process, and after its end to nobody; the arguments in a "
    "child specification stay what they were"
)
_LINKED: Final = (
    "what the end of a registry does: it ends everybody who is registered in it. All of them are then to be new by one "
    "restart, and each of them finds a registry when it starts"
)
_KEEPS: Final = "what a tank keeps: the degrees it was told last"
_ALONE: Final = "the strategy, and what stands behind what: nobody remembers anything of this part, if names are used"


async def cellar(open_cellar: Any, numbers: tuple[Any, ...] = (1, 2, 3)) -> None:
    """A hot tank rings the alarm once, whichever part has ended before.

    Demands: the alarm by its name, each tank by ``Via("tanks", number)``, whatever the number is; a cast above 20
    degrees rings once, others do not; when the alarm or a tank has ended, by a kill or in peace, only that one is
    new, and what the tanks know stays; when the registry has ended, twice within a
    second too, the tanks are there again, twelve of them as well.
    """
    await with_other_numbers(_one_cellar, ((open_cellar, numbers), (open_cellar, tuple("ABCDEFGHIJK") + (("B", 7),))))


async def _one_cellar(open_cellar: Any, numbers: tuple[Any, ...]) -> None:
    root = await _grown(lambda: open_cellar([*numbers]), ("alarm",), "the children: the alarm runs under its name")
    addresses = {number: Via("tanks", number) for number in numbers}
    await Process.sleep(0.01)
    await _rings(numbers, "nothing has ended yet")
    chosen: tuple[Any, ...] = ("alarm", addresses[numbers[0]], addresses[numbers[-1]])
    for ended, end in product(chosen, ("kill", "shutdown")):
        who = "the alarm" if ended == "alarm" else _called(ended)
        before = {name: GenServer.whereis(name) for name in ("alarm", *addresses.values())}
        pid = before[ended]
        assert isinstance(pid, Pid)
        await _ended(pid, end)
        new = [_called(name) for name in before if GenServer.whereis(name) is not before[name]]
        expect(f"{who} ended with {end!r}; who is new?", new, [_called(ended)], _ALONE)
        gone = [_called(name) for name in before if GenServer.whereis(name) is None]
        idea = "the budget, and the `restart` of each child"
        expect(f"{who} ended with {end!r}; who has not come back?", gone, [], idea)
        await _rings(numbers, f"{who} had ended, and there was a new one")
        await Process.sleep(20.0)
    registry = Process.whereis("tanks")
    if registry is None:
        raise NotYet("the cellar was open", "no process is called 'tanks'", "a registry of that name", _VIA)
    for number in range(4):
        registry = Process.whereis("tanks")
        assert registry is not None
        await _ended(registry, end := "kill" if number else "shutdown")
        await Process.sleep(0.05 if number % 2 else 0.5)
        done = f"the registry ended with {end!r}"
        expect(f"{done}; what became of the supervisor?", _state(root), "it goes on", _LINKED)
        expect(f"{done}; is there a new one?", Process.whereis("tanks") is not None, True, _RETURNS)
        lost = [each for each in numbers if not _there(each)]
        expect(f"{done}; which tanks are not found any more?", lost, [], _LINKED)
        await _rings(numbers, "the registry had ended, and there was a new one", _LINKED)
        await Process.sleep(20.0 if number % 2 else 0.0)
    await _uproot(root)
    await _all_the_time(open_cellar, numbers)


async def _ended(pid: Pid, end: str) -> None:
    """End a process by a kill or in peace, and let a moment pass."""
    if end == "kill":
        Process.exit(pid, end)
    else:
        await GenServer.stop(pid, end)
    await Process.sleep(0.01)


def _called(name: Any) -> str:
    return name if isinstance(name, str) else f"tank {name.key!r}"


def _there(number: Any) -> bool:
    return isinstance(GenServer.whereis(Via("tanks", number)), Pid)


async def _rings(numbers: Sequence[Any], done: str, idea: str = _PID) -> None:
    """Make some tanks hot, and hear the alarm."""
    if Process.whereis("tanks") is None:
        raise NotYet(done, "no process is called 'tanks'", "a registry of that name", _VIA)
    absent = [number for number in numbers if not _there(number)]
    expect(f"{done}; which tanks are not found by `Via('tanks', number)`?", absent, [], _VIA)
    before = await GenServer.call("alarm", "rung")
    chosen = [numbers[0], numbers[-1]]
    for number in chosen:
        GenServer.cast(Via("tanks", number), ("degrees", 19))
        known = await GenServer.call(Via("tanks", number), "degrees")
        expect(f"{done}, and tank {number!r} was told 19 degrees; what does it say?", known, 19, _KEEPS)
        GenServer.cast(Via("tanks", number), ("degrees", 31))
    await Process.sleep(0.01)
    after = await GenServer.call("alarm", "rung")
    seen = after[len(before) :]
    done = f"{done}; tanks {chosen[0]!r} and {chosen[1]!r} had 19 and then 31 degrees. The alarm rang for"
    expect(
        done,
        seen,
        chosen,
        idea if not seen else "how often a tank rings: once each time that it is told of more than 20",
    )
    for number in chosen:
        known = await GenServer.call(Via("tanks", number), "degrees")
        expect(f"tank {number!r} was told 31 degrees; what does it say?", known, 31, _KEEPS)


async def _all_the_time(open_cellar: Any, numbers: Sequence[Any]) -> None:
    """The same once more, with users and faults that know nothing of each other."""

    async def start() -> Any:
        return await open_cellar([*numbers])

    async def hot() -> bool:
        before = len(await GenServer.call("alarm", "rung"))
        GenServer.cast(Via("tanks", numbers[-1]), ("degrees", 25))
        await Process.sleep(0.01)
        return len(await GenServer.call("alarm", "rung")) == before + 1

    faults = [Kill("alarm", every=50.0), Kill(Via("tanks", numbers[-1]), every=50.0), Kill("tanks", every=100.0)]
    expect_to_survive(start, faults, hot, _LINKED, hours=0.08, every=7.0)


# ---- repair 2: times to stop ---------------------------------------------------------------------------------

FILLS: Final = 8.0
_SHELF_FIRST: Final = "the order: who is stopped last is started first. The filler needs the shelf while it stops"
_ITS_TIME: Final = "the `shutdown` of the filler: it may take eight seconds to stop, and is then killed, crates and all"
_PUTS_AWAY: Final = (
    "the `shutdown` of the shelf: it needs two seconds to put away what it has, and is killed if it has less"
)
_NO_LIMIT: Final = "who is waited for without a limit: a part that hangs then holds up the whole stop, for ever"
_ABOVE: Final = (
    "the `shutdown` of each supervisor above the filler. A supervisor is waited for as any child is; if it is killed "
    "after a time of its own, nobody waits for its children any more"
)
_LONG: Final = "how long a part that hangs is waited for: the filler twenty seconds at most, the printer five"


async def bottling(Bottling: Any, crates: int = 5) -> None:
    """When the tree is stopped no crate is lost, and a part that hangs is not waited for beyond its limit.

    Demands: whoever ends alone is new alone; a filler that needs 0, 3 or 8 seconds brings its crates to the shelf,
    and the shelf keeps them, which takes two seconds; a filler that hangs is waited for 20 seconds at most, a printer
    that hangs 5 seconds.
    """
    await with_other_numbers(_one_bottling, ((Bottling, crates), (Bottling, 12)))


async def _one_bottling(Bottling: Any, crates: int) -> None:
    names = ("filler", "shelf", "printer")
    root = await _grown(lambda: Bottling.start_link(_parts(0.0, 0.0)), names, _LISTED)
    await _alone(names)
    await _stopped(root)
    await _emptied()
    for takes in (0.0, 3.0, FILLS):
        kept, _, end, shelf_end = await _closing(Bottling, crates, takes, 0.0)
        done = f"{crates} crates were filled, the filler needed {takes:g} s to stop, and the tree was stopped"
        idea = _ITS_TIME if end == "killed" else _SHELF_FIRST
        if kept == "nothing":
            idea = _PUTS_AWAY if shelf_end == "killed" else _ABOVE
        expect(f"{done}; the shelf kept", kept, crates, idea)
    kept, waited, *_ = await _closing(Bottling, crates, 1.0, 1e6)
    done = f"{crates} crates were filled, the printer hung, and the tree was stopped"
    expect(f"{done}; the shelf kept", kept, crates, _NO_LIMIT)
    _within(done, waited, 1.0 + 2.0 + 5.0, _LONG)
    _, waited, *_ = await _closing(Bottling, crates, 1e6, 0.0)
    _within("the filler hung, and the tree was stopped", waited, 20.0 + 2.0, _LONG)


def _within(done: str, waited: float | None, most: float, idea: str) -> None:
    if waited is None:
        raise NotYet(f"{done}; how long did that take?", "it never ended", f"{most:g} s at most", _NO_LIMIT)
    if waited > most + 0.01:
        raise NotYet(f"{done}; how long did that take?", f"{waited:g} s", f"{most:g} s at most", idea)


async def _closing(
    Bottling: Any, crates: int, takes: float, prints: float
) -> tuple[object, float | None, object, object]:
    """Fill crates, stop the tree; what has the shelf kept, how long did it take, how did filler and shelf end?"""
    root = await _grown(lambda: Bottling.start_link(_parts(takes, prints)), ("filler", "shelf"), _LISTED)
    filler, shelf = Process.whereis("filler"), Process.whereis("shelf")
    assert filler is not None and shelf is not None
    for _ in range(crates):
        await GenServer.call(filler, "fill")
    waited = await _stopped(root)
    kept = await receive(lambda message: isinstance(message, tuple) and message[:1] == ("kept",), timeout=0.0)
    await _emptied()
    return (kept[1] if kept != "timeout" else "nothing"), waited, ended_with(filler), ended_with(shelf)


async def _emptied() -> None:
    while await receive(timeout=0.0) != "timeout":
        pass


async def _stopped(root: Pid) -> float | None:
    """Stop a tree; how long that took, or None if it was not over after five minutes."""
    began = current_node().now()
    watch = Process.monitor(root)

    async def stop() -> None:
        await Supervisor.stop(root)

    stopper = spawn(stop)
    ended = await receive(lambda message: isinstance(message, Down) and message.ref == watch, timeout=300.0)
    took = current_node().now() - began
    Process.exit(stopper, "kill")
    if ended == "timeout":
        for pid in current_node().processes():
            if (
                pid is not self_()
                and Process.info(pid) is not None
                and (Process.info(pid) or {}).get("registered_name")
            ):
                Process.exit(pid, "kill")
        await Process.sleep(0.0)
        return None
    return took


def _parts(takes: float, prints: float) -> dict[str, ChildSpec]:
    return {
        "filler": ChildSpec("filler", (Filler.at, ("filler", takes, "shelf"))),
        "shelf": ChildSpec("shelf", (_Shelf.at, (self_(),))),
        "printer": ChildSpec("printer", (_Printer.at, (prints,))),
    }


class Filler(GenServer):
    """Has crates in its hands, and takes its time to bring them away when it is stopped."""

    @classmethod
    async def at(cls, name: str, takes: float, to: str) -> Pid | None:
        """Start it."""
        return await cls.start_link((takes, to), name=name)

    def init(self, argument: Any) -> Any:
        """Trap exits, so that ``terminate`` runs."""
        Process.flag(trap_exit=True)
        return Ok((*argument, 0))

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        """Fill a crate, or say how many there are."""
        takes, to, crates = state
        match request:
            case "fill":
                return Reply("full", (takes, to, crates + 1))
            case "in hand":
                return Reply(crates, state)

    def handle_info(self, message: Any, state: Any) -> Any:
        """A signal of somebody that has ended."""
        return NoReply(state)

    async def terminate(self, reason: object, state: Any) -> None:
        """Bring the crates away."""
        takes, to, crates = state
        await Process.sleep(takes)
        await GenServer.call(to, ("put", crates))


class _Shelf(GenServer):
    @classmethod
    async def at(cls, ledger: Pid) -> Pid | None:
        return await cls.start_link((ledger, 0), name="shelf")

    def init(self, argument: Any) -> Any:
        Process.flag(trap_exit=True)
        return Ok(argument)

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        match request:
            case ("put", crates):
                return Reply("ok", (state[0], state[1] + crates))

    def handle_info(self, message: Any, state: Any) -> Any:
        return NoReply(state)

    async def terminate(self, reason: object, state: Any) -> None:
        await Process.sleep(2.0)
        send(state[0], ("kept", state[1]))


class _Printer(GenServer):
    @classmethod
    async def at(cls, seconds: float) -> Pid | None:
        return await cls.start_link(seconds, name="printer")

    def init(self, seconds: Any) -> Any:
        Process.flag(trap_exit=True)
        return Ok(seconds)

    def handle_info(self, message: Any, state: Any) -> Any:
        return NoReply(state)

    async def terminate(self, reason: object, seconds: Any) -> None:
        await Process.sleep(seconds)


# ---- design ----------------------------------------------------------------------------------------------------

NAMES: Final = ("book", "valve", "pump", "filler", "line")
WANTED: Final = {
    "book": ["book"],
    "valve": ["valve", "pump", "filler"],
    "pump": ["pump", "filler"],
    "filler": ["pump", "filler"],
    "line": ["line"],
}
_TOO_FEW: Final = "who remembers something of it, and is to be new as well: they need a supervisor that does that"
_TOO_MANY: Final = (
    "who goes down with it for nothing: what nobody remembers stands apart, under a supervisor of its own"
)
_BURST: Final = (
    "how many crashes of the line its supervisor bears, and for how long it remembers them: ten within a second, and "
    "again after two minutes. Where that is too few, it gives up, and who hears of that?"
)
_HEARD: Final = (
    "the windows. A supervisor hears only of each time that the one below has given up, and forgets it after its own "
    "`max_seconds`: that has to hold one give-up more than it allows. Or a budget is so large that it is never spent"
)
_BOOK: Final = "for how long the top supervisor remembers: four ends that lie ten minutes apart are no loop"
_SIX: Final = "how long the filler may take to stop, and that of each supervisor above it: six seconds are not too long"
_BOOK_FIRST: Final = (
    "the order at the top: who is stopped last is started first. The filler needs the book while it stops, also when "
    "the whole tree is stopped"
)
_FIFTEEN: Final = (
    "how long a filler that hangs is waited for, while everybody behind it waits too: fifteen seconds at most"
)


async def brewery(Brewery: Any, reason: object = "kill") -> None:
    """Each fault costs what it must, no crate is lost in a campaign, and a part that no restart helps ends it all.

    Demands: who is new with whom, after a crash and a quiet end; four ends of the book, ten minutes apart, cost
    nobody else anything; ten crashes of the line within a second, every two minutes, make nobody else new; a filler
    that needs six seconds to stop loses no crate, nor does it when the whole tree is stopped; one that hangs is
    waited for fifteen seconds at most; each part that ends every second, and the line in a tight loop, end the whole
    tree within 400 crashes.
    """
    for end in dict.fromkeys((reason, "shutdown")):
        for name in NAMES:
            root = await _brewery(Brewery)
            seen = await _new_after(NAMES, name, end)
            few = set(seen) < set(WANTED[name])
            idea = _RETURNS if GONE in str(seen) else _TOO_FEW if few else _TOO_MANY
            expect(f"{name!r} ended with {end!r}; who is new?", seen, WANTED[name], idea)
            await _uproot(root)
    await _burst(Brewery)
    await _rare(Brewery)
    await _closes(Brewery)
    await _hangs(Brewery)
    await _in_the_end(Brewery)
    _a_campaign(Brewery)


async def _brewery(Brewery: Any, takes: float = 0.0) -> Pid:
    return await _grown(lambda: Brewery.start_link(_five(takes)), NAMES, _LISTED)


async def _burst(Brewery: Any) -> None:
    root = await _brewery(Brewery)
    for number in range(40):
        seen = await _new_after(NAMES, "line", pause=0.05)
        idea = _RETURNS if seen == [f"line{GONE}"] and Process.alive(root) else _BURST
        done = f"the line ended ten times within a second, every two minutes; who is new at end {number + 1}?"
        expect(done, seen, ["line"], idea)
        if number % 10 == 9:
            await Process.sleep(119.5)
    await _uproot(root)


async def _rare(Brewery: Any) -> None:
    root = await _brewery(Brewery)
    for number in range(6):
        seen = await _new_after(NAMES, "book")
        expect(f"the book ended every ten minutes; who is new at end {number + 1}?", seen, ["book"], _BOOK)
        await Process.sleep(600.0)
    await _uproot(root)


async def _closes(Brewery: Any) -> None:
    """The whole tree is stopped: the filler has its time, and finds the book."""
    root = await _brewery(Brewery, 6.0)
    filler = Process.whereis("filler")
    assert filler is not None
    above: list[Pid] = []
    info = Process.info(filler)
    while info is not None and isinstance(info["parent"], Pid) and info["parent"] is not root:
        above.append(info["parent"])
        info = Process.info(above[-1])
    await _uproot(root)
    await Process.sleep(30.0)  # a filler whose supervisor was killed works on
    end = ended_with(filler)
    short = any(ended_with(pid) == "killed" for pid in (filler, *above))
    done = "the whole tree was stopped, and the filler needed six seconds; did it bring its crates to the book?"
    seen = "yes" if end == "shutdown" else f"no, it ended with {describe_reason(end)}"
    expect(done, seen, "yes", _SIX if short else _BOOK_FIRST)


async def _hangs(Brewery: Any) -> None:
    root = await _brewery(Brewery, 1e6)
    old = Process.whereis("pump")
    await _end("valve")
    await Process.sleep(15.1)
    new = Process.whereis("pump") not in (None, old)
    expect("the filler hung, and the valve ended 15.1 s ago; is there a new pump?", new, True, _FIFTEEN)
    for name in NAMES:
        pid = Process.whereis(name)
        if name == "filler" and pid is not None:
            Process.exit(pid, "kill")
    await Process.sleep(0.01)
    root_gone = await _stopped(root)
    if root_gone is None:
        raise NotYet("the filler hung, and the tree was stopped", "it never ended", "an end", _FIFTEEN)


async def _in_the_end(Brewery: Any, most: int = 400) -> None:
    for name, pause in (("book", 1.0), ("valve", 1.0), ("pump", 1.0), ("line", 1.0), ("line", 0.01)):
        root = await _brewery(Brewery)
        for _ in range(most):
            await _end(name, pause=pause)
            if not Process.alive(root):
                break
        else:
            done = f"{name!r} ended {most} times, {pause:g} s apart, and no restart helped"
            raise NotYet(done, "the tree goes on restarting it", "the whole tree ends", _HEARD)


def _a_campaign(Brewery: Any) -> None:
    async def start() -> Any:
        return await Brewery.start_link(_five(6.0))

    async def probe() -> bool:
        marks = {name: await GenServer.call(name, "mark") for name in ("valve", "pump")}
        for name in ("pump", "filler"):
            if await GenServer.call(name, ("still", marks)) is not True:
                return False
        return bool(await GenServer.call("filler", "fill") == "full")

    async def crates() -> int:
        return int(await GenServer.call("book", "crates")) + int(await GenServer.call("filler", "in hand"))

    faults = [
        Kill("pump", at=61.0),
        Kill("valve", at=121.0),
        *(Storm(Kill("line"), times=10, within=1.0, at=181.0 + 120.0 * n) for n in range(2)),
        Kill("pump", at=241.0),
    ]
    expect_to_survive(start, faults, probe, _SIX, hours=0.1, every=20.0, state=crates, lost=0)


def _five(takes: float) -> dict[str, ChildSpec]:
    return {
        "book": ChildSpec("book", (_Book.at, ())),
        "valve": ChildSpec("valve", (_InStep.at, ("valve",))),
        "pump": ChildSpec("pump", (_InStep.at, ("pump",))),
        "filler": ChildSpec("filler", (_BookFiller.at, ("filler", takes, "book"))),
        "line": ChildSpec("line", (Counting.start_link, ("line",))),
    }


class _Book(GenServer):
    @classmethod
    async def at(cls) -> Pid | None:
        return await cls.start_link(0, name="book")

    def handle_call(self, request: Any, from_: Any, crates: Any) -> Any:
        match request:
            case ("put", more):
                return Reply("ok", crates + more)
            case "crates":
                return Reply(crates, crates)


class _InStep(GenServer):
    """Remembers the first mark that it has seen of each other, and bears one itself."""

    @classmethod
    async def at(cls, name: str) -> Pid | None:
        return await cls.start_link(name, name=name)

    def init(self, name: Any) -> Any:
        return Ok((current_node().make_ref(), {}))

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        own, seen = state
        match request:
            case "mark":
                return Reply(own, state)
            case ("still", marks):
                seen = marks | seen
                return Reply(seen == marks, (own, seen))


class _BookFiller(Filler):
    def init(self, argument: Any) -> Any:
        Process.flag(trap_exit=True)
        return Ok((*argument, (0, {})))

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        takes, to, (crates, seen) = state
        match request:
            case "fill":
                return Reply("full", (takes, to, (crates + 1, seen)))
            case "in hand":
                return Reply(crates, state)
            case ("still", marks):
                seen = marks | seen
                return Reply(seen == marks, (takes, to, (crates, seen)))

    async def terminate(self, reason: object, state: Any) -> None:
        takes, to, (crates, _) = state
        await Process.sleep(takes)
        await GenServer.call(to, ("put", crates))

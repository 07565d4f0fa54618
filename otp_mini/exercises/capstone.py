"""The checks of chapter 19, the capstone.

Drills and repairs look at one server or one function from outside. The design is scored row by row: each row starts
the reader's tree anew, plants one fault, and says what it broke. Each docstring says in its first line what "ok"
claims, and then what the check demands: the text of the exercise has to say all of it. Whatever has a name or a number
is tried with at least two of them.
"""

from __future__ import annotations

import copy
import inspect
import textwrap
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, NamedTuple

from .. import (
    Agent,
    BadArg,
    ChildError,
    ChildSpec,
    Continue,
    Down,
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
    Stop,
    Storm,
    Supervisor,
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
from .checking import AWAIT, NotYet, expect, let_pass
from .comparing import same
from .looking import not_started, restless, so_far, with_other_numbers
from .surviving import expect_to_survive

A_BLINK: Final = 0.01
"""Virtual seconds in which what is to happen at once has happened."""

A_WHILE: Final = 600.0
"""Virtual seconds after which no usual budget remembers a restart."""


def now() -> float:
    """The time on the check's node."""
    return current_node().now()


def _why(exit: Exit) -> object:
    """What ended a call; raises it where it is a stub that nobody has written in yet."""
    reason = exit.reason[0] if isinstance(exit.reason, tuple) else exit.reason
    if isinstance(reason, NotImplementedError):
        raise reason
    return reason


# ---- drill 1: a ledger that comes later --------------------------------------------------------------------

PAUSE: Final = 5.0

_INIT: Final = "what `init` does. Whoever starts the ledger waits for it, so `init` asks nobody"
_FAILURE: Final = (
    "what a failed attempt is: no crash. `fetch` may raise an exception or an `Exit`, and `except Exception` does not "
    "catch an `Exit`"
)
_AGAIN: Final = "who makes the next attempt: the ledger has to send itself a message, again after each failure"
_EARLY: Final = "the pause after a failure: five seconds, counted from when the attempt has failed"
_ONCE: Final = "what is left to do after a success: nothing. What was fetched twice would stand there twice"
_FIRST: Final = "the order of the list: what was fetched is older than what was added meanwhile"
_KEPT: Final = "what becomes of what was added before the first success: it stays, behind what was fetched"
_ANSWERS: Final = 'what the two calls are answered by: ("add", item) by "ok", and "items" by the list of all items'
_NOT_ITS_OWN: Final = "what a message does that is not its own: nothing. Where no case fits, the state stays"
_OWN: Final = "where the items are kept: each ledger has its own, in its state. What a class keeps, all of them share"
_AT_REST: Final = "what the ledger does while nothing is due: nothing. It neither sleeps in a callback nor looks again"


class _NoSuchArchive(Exception):
    """A failure of which a ledger has never heard."""


async def ledger(Ledger: Any, failures: int = 2, saved: tuple[object, ...] = ("a", "b")) -> None:
    """It is there at once, tries again every five seconds, and puts what it fetches before what was added.

    Demands: the start waits for nothing; adds and reads are answered while nothing is fetched, and while it is; an
    exception and an exit are failures, each five seconds before the next attempt; after the first success there is no
    other; the fetched items stand first; a stray message changes nothing; two ledgers have nothing in common.
    """
    cases = ((Ledger, failures, saved, 0.0), (Ledger, 0, (1,), 0.0), (Ledger, 5, (), 1.5), (Ledger, 1, ("x", "x"), 0.0))
    await with_other_numbers(_one_ledger, cases)
    await _two_ledgers(Ledger)


async def _two_ledgers(Ledger: Any) -> None:
    """The second is started while the first has items."""

    async def fetch() -> list[object]:
        return ["old"]

    first = await _ledger_started(Ledger, fetch)
    await _add(first, "the first of two ledgers had fetched", "first", _OWN)
    second = await _ledger_started(Ledger, fetch)
    await _items(second, "the first of two ledgers had an item, a second was started", ["old"], _OWN)
    await _items(first, "a second ledger was started", ["old", "first"], _OWN)


async def _one_ledger(Ledger: Any, failures: int, saved: tuple[object, ...], takes: float) -> None:
    asked: list[float] = []
    left = [failures]

    async def fetch() -> list[object]:
        asked.append(now())
        await Process.sleep(takes)
        if left[0]:
            left[0] -= 1
            raise (OSError("no route"), Exit("no such archive"), _NoSuchArchive("19"))[left[0] % 3]
        return list(saved)

    server = await _ledger_started(Ledger, fetch)
    began = now()
    added: list[object] = []
    for number in range(failures):
        failed = began + number * (PAUSE + takes) + takes
        await _until(failed + PAUSE / 2)
        done = f"attempt {number + 1} had failed"
        _tried(done, asked, number + 1)
        await _add(server, done, f"new {number}", _FAILURE)
        added.append(f"new {number}")
        await _items(server, done, added, _ANSWERS)
        await _stray(server, asked)
        await _until(failed + PAUSE - A_BLINK)
        _tried(f"{done}, not quite five seconds ago", asked, number + 1, _EARLY)
        await _until(failed + PAUSE + A_BLINK)
        _tried(f"{done}, five seconds ago", asked, number + 2, _AGAIN)
    await let_pass(takes + A_BLINK)
    await _fetched(server, saved, added, asked, failures)


async def _stray(server: Pid, asked: list[float]) -> None:
    before = len(asked)
    send(server, ("a stray message of the check", before))
    await Process.sleep(A_BLINK / 10)
    expect("a stray message came; does the ledger live?", Process.alive(server), True, _NOT_ITS_OWN)
    expect("a stray message came; how many attempts followed?", len(asked) - before, 0, _NOT_ITS_OWN)


async def _until(moment: float) -> None:
    await let_pass(max(0.0, moment - now()))


async def _ledger_started(Ledger: Any, fetch: Any) -> Pid:
    Process.flag(trap_exit=True)
    began, done = now(), "it was started, and nothing was fetched yet"
    try:
        server = await Ledger.start_link(fetch)
    except StartError as error:
        match error.reason:
            case OSError() | _NoSuchArchive() | "no such archive":
                raise NotYet(done, f"no ledger: {describe_reason(error.reason)}", "a ledger", _INIT) from None
        raise
    if not isinstance(server, Pid):
        raise NotYet("it was started", safe_repr(server), "a server", "what `init` returns, and `start_link`")
    expect("it was started; how long did that take?", f"{now() - began:g} s", "0 s", _INIT)
    if await restless():
        raise NotYet(done, "it goes on and on without a pause", "a pause of five seconds", _EARLY)
    return server


def _tried(done: str, asked: list[float], hoped: int, idea: str = _AGAIN) -> None:
    idea = _EARLY if len(asked) > hoped else idea
    expect(f"{done}; how many attempts were made so far?", len(asked), hoped, idea)


async def _add(server: Pid, done: str, item: object, idea: str) -> None:
    expect(f"{done}, and {item!r} was added", await _told(server, ("add", item), done, idea), "ok", _ANSWERS)


async def _items(server: Pid, done: str, hoped: Sequence[object], idea: str) -> None:
    seen = await _told(server, "items", done, idea)
    if isinstance(seen, list) and seen != [*hoped] and sorted(map(str, seen)) == sorted(map(str, hoped)):
        idea = _FIRST
    elif isinstance(seen, list) and len(seen) > len(hoped) and idea is not _OWN:
        idea = _ONCE
    expect(f"{done}, and the ledger was asked for its items", seen, [*hoped], idea)


async def _told(server: Pid, request: object, done: str, idea: str) -> Any:
    try:
        return await GenServer.call(server, request, timeout=2.0)
    except Exit as exit:
        reason = _why(exit)
        idea = _AT_REST if reason == "timeout" else _FAILURE if isinstance(reason, (OSError, _NoSuchArchive)) else idea
        seen = f"no answer: {describe_reason(reason)}"
        raise NotYet(f"{done}, and the call {request!r} was made", seen, "an answer", idea) from None


async def _fetched(server: Pid, saved: Sequence[object], added: list[object], asked: list[float], fails: int) -> None:
    done = f"after {fails} failed attempts the items {safe_repr([*saved])} were fetched"
    await _items(server, done, [*saved, *added], _KEPT)
    await _add(server, done, "newest", _ANSWERS)
    await let_pass(1000.0)
    expect(
        f"{done}, and a quarter of an hour passed; how many attempts came after it?", len(asked) - fails - 1, 0, _ONCE
    )
    await _stray(server, asked)
    await _items(server, f"{done}, and a stray message came", [*saved, *added, "newest"], _NOT_ITS_OWN)


# ---- drill 2: a budget for each room -----------------------------------------------------------------------

_BACK: Final = (
    "which ends bring a room back. It is kept as it was handed over, and its own supervisor starts it again after "
    "every end"
)
_COUNTED: Final = (
    "in whose budget the ends of one room are counted. A budget that all rooms share is spent by one of them"
)
_FIVE: Final = "how many ends a room has: five within ten seconds, and each is forgotten after that"
_CLOSED: Final = (
    "what becomes of a room at its sixth end: its own supervisor gives up, and to whoever keeps that as permanent it "
    "is a child that has to come back"
)
_ALONE: Final = "what the others have to do with it: the end of one room is no reason to start another one anew"
_HOLDS: Final = (
    "what stands above the rooms' own supervisors. One that gives up is a child that has ended: whether it comes back, "
    "and what that costs, says its `restart`"
)
_HANDED: Final = "the list of children: what `init` was handed are children as they stand in a list"


class Chatter(GenServer):
    """A room that answers."""

    @classmethod
    async def start_link(cls, name: Any) -> Pid | None:  # type: ignore[override]
        """Start it under its name."""
        return await super().start_link(name, name=name)

    @classmethod
    def child_spec(cls, argument: Any = None) -> ChildSpec:
        """Its id is its name, so that several may stand in one list."""
        return ChildSpec(argument, (cls.start_link, (argument,)))


async def rooms(Rooms: Any, names: tuple[str, ...] = ("tea", "bees", "seeds")) -> None:
    """A room is back after five ends in ten seconds, is closed by the sixth, and the others notice nothing.

    Demands: every room runs; whoever ends is new alone, however it ends; five ends within ten seconds are borne, also
    again and again a minute later; with the sixth the room stays away; the others are the same as before, and still
    come back themselves, whichever rooms are closed, and if all others are.
    """
    await with_other_numbers(_some_rooms, ((Rooms, names), (Rooms, ("one", "two", "three", "four", "five", "six"))))


async def _some_rooms(Rooms: Any, names: tuple[str, ...]) -> None:
    root = await _grown(lambda: Rooms.start_link([(Chatter, name) for name in names]), names)
    for name in names:
        for reason in ("kill", "normal", "shutdown"):
            seen = await _new_after(names, name, reason)
            idea = _BACK if f"{name} (gone)" in seen else _ALONE
            expect(f"{name!r} ended with {reason!r}; who is new?", seen, [name], idea)
            await let_pass(A_WHILE)
    for _ in range(3):
        for number in range(5):
            seen = await _new_after(names, names[0], pause=1.0)
            done = f"{names[0]!r} was killed {number + 1} times within ten seconds; who is new?"
            expect(done, seen, [names[0]], _COUNTED if len(seen) > 1 else _FIVE)
        await Process.sleep(60.0)
    await _five_in_ten_seconds(names)
    await _five_in_ten_seconds(names)
    for closed, name in enumerate(names[:-1], 1):
        pause = 0.1 if closed % 2 else 1.9
        await _close(root, name, names[closed:], _COUNTED if closed == 1 else _HOLDS, pause)
    seen = await _new_after(names[-1:], names[-1])
    done = f"all rooms but {names[-1]!r} were closed, and that was killed; who is new?"
    expect(done, seen, [names[-1]], _HOLDS)
    await let_pass(3600.0)
    back = [name for name in names[:-1] if Process.whereis(name) is not None]
    expect("an hour passed; which of the closed rooms came back?", back, [], _CLOSED)
    await _uproot(root)


async def _five_in_ten_seconds(names: Sequence[str]) -> None:
    """Ends that come slowly enough never close a room."""
    for number in range(12):
        seen = await _new_after(names, names[0], pause=2.1)
        done = f"{names[0]!r} was killed {number + 1} times, 2.1 seconds apart: five times within ten; who is new?"
        expect(done, seen, [names[0]], _FIVE)
    await Process.sleep(60.0)


async def _close(root: Pid, name: str, others: Sequence[str], idea: str, pause: float) -> None:
    before = {other: Process.whereis(other) for other in others}
    for _ in range(6):
        await _end(name, pause=pause)
    done = f"{name!r} was killed six times within {'a second' if pause < 1.0 else f'{5 * pause:g} seconds'}"
    if not Process.alive(root):
        raise NotYet(done, "the whole tree ended", f"an end of {name!r} alone", idea)
    changed = [other for other in others if Process.whereis(other) is not before[other]]
    expect(f"{done}; which of the others are not the same as before?", changed, [], _COUNTED)
    closed = _CLOSED if pause < 1.0 else _FIVE
    expect(f"{done}; is it still there?", Process.whereis(name) is not None, False, closed)


# ---- looking at trees --------------------------------------------------------------------------------------


async def _grown(
    start: Callable[[], Awaitable[Any]], names: Sequence[Any], idea: str = _HANDED, pause: float = A_BLINK
) -> Pid:
    """Start a tree, and see that every part runs under its name, after a while."""
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
    await Process.sleep(pause)
    missing = [name for name in names if _where(name) is None]
    if missing:
        raise NotYet("the tree was started", f"nobody is {safe_repr(missing[0])}", "all that is asked for", idea)
    return root


def _where(name: Any) -> Pid | None:
    """Who has a name; nobody where there is no registry."""
    try:
        return GenServer.whereis(name)
    except BadArg:
        return None


async def _end(name: Any, reason: object = "kill", pause: float = A_BLINK) -> None:
    pid = _where(name)
    if pid is not None and reason == "kill":
        Process.exit(pid, reason)
    elif pid is not None:
        await GenServer.stop(pid, reason)
    await Process.sleep(pause)


async def _new_after(names: Sequence[Any], ended: Any, reason: object = "kill", pause: float = A_BLINK) -> list[str]:
    """End one process; who of ``names`` is another one now, or has not come back?"""
    before = {name: _where(name) for name in names}
    await _end(ended, reason, pause)
    after = {name: _where(name) for name in names if _where(name) is not before[name]}
    return [_short(name) if pid is not None else f"{_short(name)} (gone)" for name, pid in after.items()]


def _short(name: Any) -> str:
    return f"room {name.key}" if isinstance(name, Via) else str(name)


async def _uproot(root: Pid) -> None:
    if Process.alive(root):
        await Supervisor.stop(root)


# ---- drill 3: open what has to be open ---------------------------------------------------------------------

_MARK: Final = ("fetched",)  # the row of the chapter that is no room

_BOTH: Final = (
    "which rooms there have to be: two things say so, the list and the table. A row without a line is one of a room too"
)
_NO_ROOM: Final = "the key `FETCHED`: it is no room, and it is not there before the archive was fetched"
_IN_ORDER: Final = "the order of what is returned: first as in the list, then sorted. A table keeps no order"
_STARTED: Final = "what is returned: the list of the rooms that this call has started, and of no others"
_LEFT_ALONE: Final = "what becomes of a room that is open: nothing. It stays the process that it was"
_BELOW: Final = 'below whom a room is started. One that is linked to whoever opened it ends with him: "rooms" keeps it'
_RIVAL: Final = (
    "what it means if a name is taken: the room is open. Somebody has opened it before, or meanwhile, between a look "
    "and a start. That is no failure, and the room is theirs to return"
)
_THE_REST: Final = "what one room that cannot be started means for the others: nothing. They are tried all the same"
_AFTER_ALL: Final = (
    "what becomes of the error of a room that cannot be started: when all have been tried, the first one is raised"
)
_AT_ONCE: Final = (
    "which errors are kept for later: that of a room that cannot be started. An exit says that nobody starts rooms"
)


class Open(GenServer, restart="temporary"):
    """A room that notes that it was opened; one whose name begins with "shut" does not open."""

    @classmethod
    async def start_link(cls, room: Any) -> Pid | None:  # type: ignore[override]
        """Start it under its name in the registry."""
        return await super().start_link(room, name=Via("names", room))

    async def init(self, room: Any) -> Any:
        """Opening takes a moment, so that two may meet."""
        await Process.sleep(A_BLINK)
        if room.startswith("shut"):
            return Stop(room)
        await Agent.update("heard", lambda heard: [*heard, room])
        return Ok(room)


async def reopen(
    reopen: Any, listed: Sequence[str] = ("tea", "bees"), used: Sequence[str] = ("seeds", "attic", "tea")
) -> None:
    """Every room of the list and of the table is open, each was started once, and the others are left alone.

    Demands: what is returned, and its order; with and without the mark ("fetched",); rooms that were closed, or used
    for the first time, since; a room twice in the list; rooms below "rooms"; two who open at the same moment; one room
    and several that cannot be started, first, last or alone; no supervisor "rooms".
    """
    cases = ((listed, used, True), (("hall", "yard", "barn"), ("zoo", "aisle"), False), ((), ("one",), True))
    await with_other_numbers(_one_reopening, [(reopen, *case) for case in cases])
    await _two_reopen(reopen)
    for shut in (["shut", "tea", "shut 2", "bees"], ["tea", "bees", "shut"], ["shut"]):
        await _some_stay_shut(reopen, shut)
    await _nobody_starts_rooms(reopen)


async def _closed_chat(used: Sequence[str], fetched: bool) -> None:
    """Whoever gives names, whoever keeps rooms, the table, and no room."""
    Process.flag(trap_exit=True)
    for name in ("heard", "names", "rooms"):
        if (pid := Process.whereis(name)) is not None:
            Process.exit(pid, "kill")
            await Process.sleep(A_BLINK)
    if ets.whereis("lines") is not None:
        ets.delete("lines")
    ets.new("lines", named=True, access="public")
    ets.insert("lines", [(room, [f"eve: {room}"] * number) for number, room in enumerate(used)])
    if fetched:
        ets.insert("lines", (_MARK, True))
    await Agent.start(list, name="heard")
    await Registry.start_link(keys="unique", name="names")
    await DynamicSupervisor.start_link(name="rooms", max_restarts=1000)


async def _one_reopening(reopen: Any, listed: Sequence[str], used: Sequence[str], fetched: bool) -> None:
    await _closed_chat(used, fetched)
    hoped = [*listed, *sorted({*used} - {*listed})]
    rows = f"{[*used]}{' and the mark' * fetched}"
    about = f"the list was {[*listed]}, the table had rows of {rows}, and no room was open"
    await _reopened(reopen, listed, hoped, about)
    await _reopened(reopen, listed, [], "all were open, and it was called again", _STARTED)
    some = [*listed[-1:], *sorted({*used} - {*listed})[:1]]
    before = {room: _room(room) for room in hoped}
    for room in some:
        await DynamicSupervisor.terminate_child("rooms", _room(room))
    await _reopened(reopen, listed, some, f"the rooms {some} had ended", _STARTED)
    changed = [room for room in hoped if room not in some and _room(room) is not before[room]]
    expect(f"the rooms {some} had ended; which others are new?", changed, [], _LEFT_ALONE)
    ets.insert("lines", [("willow", []), ("cellar", ["eve: dark"])])
    listed = [*listed, "porch", "porch"]
    about = "two rooms were used for the first time, and the list had another one, twice"
    await _reopened(reopen, listed, ["porch", "cellar", "willow"], about)


def _room(room: str) -> Any:
    return GenServer.whereis(Via("names", room))


async def _reopened(reopen: Any, listed: Sequence[str], hoped: list[str], done: str, idea: str = "") -> None:
    heard = len(await Agent.get("heard", list))
    seen = await _came_of(reopen(Open, [*listed]), done, hoped)
    if isinstance(seen, list) and not idea:
        idea = _IN_ORDER if sorted(map(safe_repr, seen)) == sorted(map(safe_repr, hoped)) else _BOTH
    expect(f"{done}; what was returned?", seen, hoped, idea or _STARTED)
    expect(f"{done}; which are open?", [room for room in hoped if _room(room)], hoped, _BOTH)
    opened = (await Agent.get("heard", list))[heard:]
    expect(f"{done}; which have been opened?", sorted(opened), sorted(hoped), _LEFT_ALONE)
    for room in hoped:
        info = Process.info(_room(room))
        if info is None or info["parent"] is not Process.whereis("rooms"):
            raise NotYet(done, f"the room {room!r} is no child of the supervisor", 'a child of "rooms"', _BELOW)


async def _came_of(value: Any, done: str, hoped: object) -> Any:
    """What the function returns; an error that it lets out is none of those that it is to raise here."""
    try:
        seen = await value if inspect.isawaitable(value) else value
    except ChildError as error:
        idea = _NO_ROOM if isinstance(error.reason, AttributeError) else _RIVAL
        raise NotYet(done, f"ChildError: {describe_reason(error.reason)}", safe_repr(hoped), idea) from None
    except (KeyError, TypeError) as error:  # the mark is not there, or is sorted among the rooms
        if not (same(error.args, (_MARK,)) or "'<' not supported" in str(error)):
            raise
        raise NotYet(done, describe_exception(error), safe_repr(hoped), _NO_ROOM) from None
    if inspect.iscoroutine(seen):
        seen.close()
        raise NotYet(done, f"a coroutine, {seen.__qualname__}", safe_repr(hoped), AWAIT)
    return seen


async def _two_reopen(reopen: Any) -> None:
    """Two find the same rooms closed at the same moment."""
    await _closed_chat(("seeds",), True)
    me, told = self_(), []

    async def one() -> None:
        try:
            send(me, ("told", await reopen(Open, ["tea", "bees"])))
        except (Exit, Exception) as error:
            send(me, ("told", error))

    for _ in range(2):
        spawn(one)
    done = "two called it at the same moment, and three rooms were closed"
    for _ in range(2):
        match await receive(lambda message: isinstance(message, tuple) and message[:1] == ("told",), timeout=60.0):
            case ("told", list() as rooms):
                told += rooms
            case ("told", error):
                reason = error.reason if isinstance(error, (Exit, ChildError)) else error
                raise NotYet(done, f"one of them got {describe_reason(reason)}", "a list for each", _RIVAL)
    expect(f"{done}; which rooms did the two return together?", sorted(told), ["bees", "seeds", "tea"], _RIVAL)
    left = [room for room in ("tea", "bees", "seeds") if _room(room) is None]
    expect(f"{done}, and have ended since; which rooms are closed?", left, [], _BELOW)


async def _some_stay_shut(reopen: Any, listed: list[str]) -> None:
    await _closed_chat(("seeds",), True)
    shut = [room for room in listed if room.startswith("shut")]
    done = f"the list was {listed}, the table had the room seeds, and {' and '.join(shut)} could not be started"
    seen: object
    try:
        seen = safe_repr(await reopen(Open, [*listed]))
    except ChildError as error:
        seen = f"ChildError: {describe_reason(error.reason)}"
    closed = [room for room in (*listed, "seeds") if not room.startswith("shut") and _room(room) is None]
    expect(f"{done}; which others are closed?", closed, [], _THE_REST)
    expect(f"{done}; what came of it?", seen, f"ChildError: {describe_reason('shut')}", _AFTER_ALL)


async def _nobody_starts_rooms(reopen: Any) -> None:
    await _closed_chat(("seeds",), True)
    rooms = Process.whereis("rooms")
    assert rooms is not None
    Process.exit(rooms, "kill")
    await Process.sleep(A_BLINK)
    done = 'there was no supervisor "rooms"; what came of it?'
    try:
        seen = safe_repr(await reopen(Open, ["tea"]))
    except Exit as exit:
        seen = f"an exit: {_why(exit)}"
    except ChildError as error:
        seen = f"ChildError: {describe_reason(error.reason)}"
    expect(done, seen, "an exit: noproc", _AT_ONCE)


# ---- drill 4: which design? --------------------------------------------------------------------------------

_MOST: Final = "which designs come into question: those that lost `most` or less"
_AVAILABLE: Final = "which of them is chosen: the one with the highest availability"
_RADIUS: Final = (
    "what decides between two that are equally available: the smaller blast radius, and then who stands first"
)
_NOBODY: Final = "what is returned if every design has lost too much: `None`"
_LEFT: Final = "what becomes of the dict: it is as it was"


class Found(NamedTuple):
    """What drill 4 needs of a campaign."""

    availability: float
    lost: float
    blast_radius: float


def _founds(**rows: tuple[float, float, float]) -> dict[str, Found]:
    return {name: Found(*row) for name, row in rows.items()}


CHOICES: Final[tuple[tuple[dict[str, Found], float, object, str], ...]] = (
    (_founds(flat=(0.6, 0, 1), deep=(0.9, 12, 2), far=(0.8, 0, 5)), 0, "far", _MOST),
    (_founds(flat=(0.6, 0, 1), deep=(0.9, 12, 2), far=(0.8, 0, 5)), 12, "deep", _MOST),
    (_founds(flat=(0.6, 0, 1), deep=(0.9, 12, 2), far=(0.8, 0, 5)), 11.5, "far", _MOST),
    (_founds(a=(1.0, 0, 3), b=(1.0, 2, 1.5), c=(0.99, 0, 0)), 5, "b", _RADIUS),
    (_founds(a=(1.0, 1, 2), b=(1.0, 0, 2), c=(1.0, 1, 2)), 1, "a", _RADIUS),
    (_founds(a=(0.5, 3, 0), b=(1.0, 7, 0)), 2, None, _NOBODY),
    (_founds(a=(0.0, 0, 9)), 0, "a", _AVAILABLE),
    (_founds(z=(0.2, 1, 1), y=(0.4, 1, 9), x=(0.3, 0, 0)), 1, "y", _AVAILABLE),
    (_founds(late=(1.0, 0, 2), early=(1.0, 0, 2)), 0, "late", _RADIUS),
    (_founds(near=(0.9961, 0, 1), best=(0.9964, 0, 6)), 0, "best", _AVAILABLE),
    ({}, 100, None, _NOBODY),
)


OTHER_CHOICE: Final = (_founds(p=(0.7, 9, 4), q=(0.7, 9, 3), r=(0.9, 9.5, 0)), 9, "q", _RADIUS)


async def choose(choose: Any, *more: tuple[dict[str, Found], float, object, str]) -> None:
    """Of the designs that lose little enough, the most available is chosen, then the one with the least blast radius.

    Demands: the limit itself is allowed; the first of equals; None if there is none; the dict is left as it is.
    """
    for number, (found, most, hoped, idea) in enumerate((*CHOICES, *more)):
        given = copy.copy(found)
        seen = choose(given, most)
        if inspect.iscoroutine(seen):
            seen.close()
            raise NotYet("`choose` was called", "a coroutine", "the name of a design", "what it is: a plain `def`")
        rows = ", ".join(
            f"{name} ({100 * each.availability:g}%, {each.lost:g}, {each.blast_radius:g})"
            for name, each in found.items()
        )
        if number and not same(seen, hoped):
            again = f"what your answer does with another case: it passed the first {number}. And at {idea}"
            raise NotYet(f"at most {most:g} may be lost, of {rows}", safe_repr(seen), safe_repr(hoped), again)
        expect(f"at most {most:g} may be lost, of {rows}", seen, hoped, idea)
        expect("`choose` was called; the dict afterwards", list(given.items()), list(found.items()), _LEFT)


# ---- repair 1: members that a room forgets -----------------------------------------------------------------

_FORGOTTEN: Final = (
    "where it is kept who has joined. What a room keeps in its state is gone with the room, and nobody tells its guests"
)
_ENDED: Final = (
    "who takes those out that have ended. A registry does so by itself; a list of one's own goes on naming them"
)
_EACH: Final = "how often a member is entered: a registry with duplicate keys has one entry for each time"
_OTHERS: Final = "under which key a member is entered: that of the room that it has joined"
_ANEW: Final = (
    "what outlives the whole tree: nothing. A variable outside all processes, or a class, is kept by nobody, and no "
    "other node would have it"
)
_WHO: Final = (
    "which process is entered: a registry enters the process that calls `register`, so `join` runs in the member"
)
_NAMES: Final = 'how the room is started: under `Via("names", room)`, as before'
_OK: Final = 'what is returned: `join` and "say" answer "ok"'


async def members(MendedRoom: Any, rooms: tuple[str, ...] = ("tea", "bees")) -> None:
    """Whoever has joined gets each line once, also after the room has ended, and whoever has not gets none.

    Demands: a member gets the lines of the rooms that it has joined, each once, however often it has joined; after an
    end of the room too, and after an end of another member; after a new start of everything nobody has joined.
    """
    await with_other_numbers(_some_members, ((MendedRoom, rooms), (MendedRoom, ("one", "two", "three"))))


async def _some_members(MendedRoom: Any, rooms: tuple[str, ...]) -> None:
    first, second, *_ = rooms
    root = await _club(MendedRoom, rooms)
    both, one = _member(MendedRoom, [first, second]), _member(MendedRoom, [first, first, second, first])
    for pid in (both, one):
        await _joined(pid)
    await _gets(first, "hello", {both: 1, one: 1}, _EACH)
    await _gets(second, "buzz", {both: 1, one: 1}, _OTHERS)
    loner = _member(MendedRoom, [second])
    await _joined(loner)
    await _gets(first, "only here", {both: 1, one: 1, loner: 0}, _OTHERS)
    await _end(Via("names", first))
    await _gets(first, "after a kill", {both: 1, one: 1, loner: 0}, _FORGOTTEN)
    watch = Process.monitor(both)
    Process.exit(both, "kill")
    await receive(lambda message: isinstance(message, Down) and message.ref is watch)
    await Process.sleep(A_BLINK)
    await _gets(first, "after the end of a member", {one: 1, loner: 0}, _FORGOTTEN)
    state = await sys_.get_state(Via("names", first))
    expect("a member ended; does the state of the room still name it?", repr(both) in repr(state), False, _ENDED)
    await _uproot(root)
    await Process.sleep(A_BLINK)
    root = await _club(MendedRoom, rooms)
    await _gets(first, "after a new start", {one: 0, loner: 0}, _ANEW)
    await _uproot(root)
    for pid in (one, loner):
        Process.exit(pid, "kill")


async def _club(MendedRoom: Any, rooms: Sequence[str]) -> Pid:
    registries = [
        ChildSpec(name, (Registry.start_link, ({"keys": keys, "name": name},)), type="supervisor")
        for name, keys in (("members", "duplicate"), ("names", "unique"))
    ]
    children = [ChildSpec(("room", room), (MendedRoom.start_link, (room,))) for room in rooms]

    async def start() -> Any:
        return await Supervisor.start_link([*registries, *children], strategy="rest_for_one")

    return await _grown(start, [Via("names", room) for room in rooms], _NAMES)


def _member(MendedRoom: Any, rooms: Sequence[str]) -> Pid:
    """A process that joins rooms, and keeps whatever it gets in its mailbox."""
    me = self_()

    async def member() -> None:
        Process.flag(trap_exit=True)  # it outlives the registry
        try:
            told = [await MendedRoom.join(room) for room in rooms]
        except (Exit, Exception) as error:
            told = [error]
        send(me, ("joined", self_(), told))
        await receive(lambda message: False)

    return spawn(member)


async def _joined(pid: Pid) -> None:
    told = await receive(lambda message: isinstance(message, tuple) and message[:2] == ("joined", pid), timeout=10.0)
    done = "somebody joined"
    if told == "timeout":
        raise NotYet(done, "`join` did not come back", '"ok"', _WHO)
    for each in told[2]:
        if isinstance(each, NotImplementedError):
            raise each
        if isinstance(each, BaseException):
            raise NotYet(done, describe_reason(each.reason if isinstance(each, Exit) else each), '"ok"', _WHO)
        if inspect.iscoroutine(each):
            each.close()
            raise NotYet(done, "a coroutine", '"ok"', AWAIT)
        expect(f"{done}; what did `join` return?", each, "ok", _OK)


async def _gets(room: str, line: str, hoped: dict[Pid, int], idea: str) -> None:
    since, done = so_far(), f"{line!r} was said in {room!r}"
    try:
        answer = await GenServer.call(Via("names", room), ("say", line))
    except Exit as exit:
        reason = _why(exit)
        raise NotYet(done, f"an exit: {describe_reason(reason)}", '"ok"', _NAMES) from None
    expect(done, answer, "ok", _OK)
    await Process.sleep(A_BLINK)
    tracer = current_node().tracer
    events = [] if tracer is None else tracer.events[since:]
    for pid, times in hoped.items():
        got = [event.term for event in events if event.kind == "send" and event.other is pid]
        lines = [term for term in got if term == (room, line)]
        who = "one who has joined it" if times else "one who has not joined it"
        seen_as = _OTHERS if not times and idea is _EACH else idea
        expect(f"{done}; how often was that sent to {who}?", len(lines), times, seen_as)


# ---- repair 2: what an archive has promised ----------------------------------------------------------------

_PROMISE: Final = 'what "ok" says: that the archive has answered. Whatever else has happened is no "ok"'
_NOBODY_ASKED: Final = "what a `noproc` says: there was nobody, so nothing was asked, and nothing can have been written"
_UNKNOWN: Final = (
    "what is known when an archive was asked and has not answered: nothing. It may have written the item, or may yet. "
    "A call's time-out ends the wait of the caller, and not the work"
)
_WHOSE: Final = (
    "who was missing. This archive was asked, and has ended because it found nobody itself: the `noproc` stands deep "
    "in the reason, and not in the first place"
)
_SECOND: Final = "how long an archive is waited for: a second. A call waits five if nothing else is said"
_LIVES: Final = "what becomes of the server: it lives on, whatever becomes of the archive"
_ONLY_ONCE: Final = "how often the archive is asked: once for each `add`. What may have been done is not done again"
_HANDS_ON: Final = 'what the archive is asked: the call ("append", key, item)'


class Archive(GenServer):
    """Writes down what it is asked, and answers as it was told to."""

    @classmethod
    async def start(cls, mood: str, **how: Any) -> Any:  # type: ignore[override]
        """``mood`` says what it does: it answers, is slow, raises, leaves, or asks somebody who is missing."""
        return await super().start((mood, []), **how)

    async def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        """Write, and answer in its way."""
        mood, written = state
        match request:
            case ("append", key, item):
                written = [*written, (key, item)]
                match mood:
                    case "raises":
                        raise OSError("disk full")
                    case "leaves":
                        return Stop("normal", (mood, written))
                    case "misses its disk":
                        await GenServer.call("disk", ("write", item))
                    case "hangs":
                        await Process.sleep(60.0)
                    case "is slow":
                        await Process.sleep(0.8)
                    case "is odd":
                        return Reply(("error", "noproc"), (mood, written))
                return Reply("written", (mood, written))
            case "written":
                return Reply(written, state)

    def handle_cast(self, request: Any, state: Any) -> Any:
        """What is cast is not written."""
        return NoReply(state)


MOODS: Final = (
    ("answers", "ok", _PROMISE),
    ("is slow", "ok", _PROMISE),
    ("is odd", "ok", _PROMISE),
    ("is away", "not saved", _NOBODY_ASKED),
    ("hangs", "unknown", _UNKNOWN),
    ("raises", "unknown", _UNKNOWN),
    ("leaves", "unknown", _UNKNOWN),
    ("misses its disk", "unknown", _WHOSE),
)


async def safe(Safe: Any, key: object = "tea", item: object = "ann: hello") -> None:
    """It says "ok" if the archive has answered, "not saved" if there was none, and "unknown" for all else.

    Demands: one call ("append", key, item) to the archive for each add, whatever becomes of it; an answer within a
    second, and the same server afterwards; the archive is found by what the server was started with: a name, a name in
    a registry, or a pid.
    """
    cases = [(Safe, key, item, mood) for mood in MOODS]
    await with_other_numbers(_one_safe, [*cases, *((Safe, 3, None, mood) for mood in MOODS)])
    await _safe_goes_on(Safe)


async def _one_safe(Safe: Any, key: object, item: object, mood: tuple[str, str, str]) -> None:
    what, hoped, idea = mood
    Process.flag(trap_exit=True)
    if Process.whereis("archives") is None:
        await Registry.start_link(keys="unique", name="archives")
    for address in ("archive", Via("archives", 19), None):
        archive = None
        if what != "is away":
            archive = await Archive.start(what, **({} if address is None else {"name": address}))
        elif address is None:
            archive = await Archive.start(what)
            await GenServer.stop(archive)
        server = await Safe.start_link(archive if address is None else address)
        if not isinstance(server, Pid):
            raise NotYet("it was started", safe_repr(server), "a server", "what `init` returns, and `start_link`")
        await _adds(server, what, key, item, hoped, idea)
        if what in ("answers", "is slow", "is odd"):
            written = await GenServer.call(archive, "written")
            expect(f"the archive {what}, and an item was added; it wrote", written, [(key, item)], _HANDS_ON)
        await GenServer.stop(server)
        if archive is not None and Process.alive(archive):
            Process.exit(archive, "kill")
        await Process.sleep(A_BLINK)


async def _adds(server: Pid, what: str, key: object, item: object, hoped: str, idea: str) -> None:
    done, began, since = f"the archive {what}, and an item was added", now(), so_far()
    try:
        seen = await GenServer.call(server, ("add", key, item), timeout=30.0)
    except Exit as exit:
        reason = _why(exit)
        raise NotYet(done, f"an exit: {describe_reason(reason)}", repr(hoped), _LIVES) from None
    tracer = current_node().tracer
    events = [] if tracer is None else tracer.events[since:]
    asked = [event for event in events if event.kind == "send" and event.other is not server and _appends(event.term)]
    if len(asked) > 1:
        raise NotYet(f"{done}; how often was it asked?", str(len(asked)), "1", _ONLY_ONCE)
    expect(done, seen, hoped, idea)
    if now() - began > 1.0 + A_BLINK:
        raise NotYet(f"{done}; how long did that take?", f"{now() - began:g} s", "1 s at most", _SECOND)
    expect(f"{done}; does the server live?", Process.alive(server), True, _LIVES)


def _appends(term: object) -> bool:
    return isinstance(term, tuple) and len(term) == 3 and isinstance(term[2], tuple) and term[2][:1] == ("append",)


async def _safe_goes_on(Safe: Any) -> None:
    """The same server, and one archive after the other."""
    server = await Safe.start_link("archive")
    for what, hoped, idea in (*MOODS[2:], *MOODS[:2]):
        archive = None if what == "is away" else await Archive.start(what, name="archive")
        await _adds(server, what, "later", what, hoped, idea)
        if archive is not None:
            Process.exit(archive, "kill")
        await Process.sleep(A_BLINK)


# ---- the design: the reader's own tree, scored row by row --------------------------------------------------

_START: Final = (
    "the order of the list, and what runs when. At a start each child finds only those that stand before it: who is "
    "asked for a name has to be there first"
)
_NOT_BEFORE: Final = "who opens the rooms: a task of its own, which runs `open_rooms` once, behind all that it needs"
_ROOM: Final = "what the end of one room has to do with all others: nothing"
_BURST: Final = (
    "how many ends of a room the supervisor above it bears, and for how long it remembers them: twelve within ten "
    "seconds, and again after two minutes. Where that is too few it gives up, and all rooms are new"
)
_STORE: Final = (
    "what the end of the store takes along: nobody. The keeper has the table, and no room remembers the store"
)
_KEEPER: Final = (
    "who remembers something of the keeper. A store that is not started anew believes that the new table is full; and "
    "the rooms know nothing of either"
)
_REGISTRY: Final = (
    "what the end of the registry takes along. Every room is linked to it and ends with it, all in one instant, and "
    "single restarts of them find no registry. Whoever is entered in it is started anew with it, in one go"
)
_OPENS_AGAIN: Final = (
    "what a supervisor does with a child that had ended when others are started anew. It keeps no spec of a temporary "
    "one, and a task is temporary if nothing else is said. And at the place in the list: is it one of the rest?"
)
_RETRIED: Final = "the `restart` of the task: it may fail, and then it is to be run again; when it is done, it is not"
_LOOP: Final = (
    "the windows. A supervisor hears only of each time that the one below has given up, and forgets it after its own "
    "`max_seconds`: that has to hold one give-up more than it allows. Or a budget is so large that it is never spent"
)
_SILENT: Final = (
    "the `restart` of whatever has given up. As transient or temporary it stays away, and the supervisor above counts "
    "nothing: that is right for one room of many, and wrong for a part that the whole cannot do without"
)
_APART: Final = (
    "what two groups have to do with each other that remember nothing of each other: nothing, also when one of them "
    "gives up and is started anew"
)
_RARE: Final = "for how long a supervisor remembers: four ends that lie ten minutes apart are no loop"
_ALL: Final = "which rows of the table come together here: storage, rooms and registry end within the same minutes"

KEPT: Final = ("keeper", "store")
SHARED: Final = ("names", "rooms")


class _Keeper(GenServer):
    """Owns the table, and does nothing else."""

    @classmethod
    async def start_link(cls, argument: Any = None) -> Pid | None:  # type: ignore[override]
        return await super().start_link(argument, name="keeper")

    def init(self, argument: Any) -> Any:
        ets.new("kept lines", named=True, access="public")
        return Ok(argument)


class _Store(GenServer):
    """Writes into the table, and fetches from the archive what is not there, once in its life."""

    @classmethod
    async def start_link(cls, argument: Any = None) -> Pid | None:  # type: ignore[override]
        return await super().start_link(argument, name="store")

    def init(self, argument: Any) -> Any:
        return Ok("down", Continue("fetch"))

    async def handle_continue(self, work: Any, state: Any) -> Any:
        if not ets.member("kept lines", _FETCHED):
            try:
                rows = await Agent.get("archive", dict, timeout=1.0)
            except Exit:
                Process.send_after(self_(), "fetch", 5.0)
                return NoReply("down")
            found = [(room, [*lines, *_lines(room)]) for room, lines in rows.items()]
            ets.insert("kept lines", [*found, (_FETCHED, True)])
        return NoReply("up")

    async def handle_info(self, message: Any, state: Any) -> Any:
        return await self.handle_continue(message, state) if message == "fetch" and state == "down" else NoReply(state)

    async def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        match request:
            case ("add", room, line):
                ets.insert("kept lines", (room, [*_lines(room), line]))
                if state == "up":
                    await Agent.update("archive", lambda rows: rows | {room: [*rows.get(room, []), line]})
                return Reply("ok", state)
            case "status":
                return Reply(state, state)


_FETCHED: Final = ("fetched", "by the check")


async def _lines_kept(rooms: Sequence[Any]) -> list[Any]:
    """What the store has, once it has fetched what it could."""
    await GenServer.call("store", "status")
    return [(room, line) for room in rooms for line in _lines(room)]


def _lines(room: Any) -> list[Any]:
    rows = ets.lookup("kept lines", room)
    return list(rows[0][1]) if rows else []


class _Room(GenServer):
    """Hands what is said to the store. Every other one traps exits."""

    @classmethod
    async def at(cls, room: Any, traps: bool) -> Pid | None:
        return await cls.start_link((room, traps), name=Via("names", room))

    def init(self, argument: Any) -> Any:
        room, traps = argument
        Process.flag(trap_exit=traps)
        return Ok(room)

    async def handle_call(self, request: Any, from_: Any, room: Any) -> Any:
        match request:
            case ("say", line):
                return Reply(await GenServer.call("store", ("add", room, line)), room)

    def handle_info(self, message: Any, room: Any) -> Any:
        return NoReply(room)


class _House:
    """One start of the reader's tree, with the archive outside of it."""

    def __init__(self, tree: Any, rooms: Sequence[Any], fails: int = 0) -> None:
        self.tree, self.rooms, self.fails, self.runs = tree, rooms, fails, 0
        self.names = [*KEPT, *SHARED, *(Via("names", room) for room in rooms)]

    async def open_rooms(self) -> None:
        """What the reader's task runs."""
        self.runs += 1
        for number, room in enumerate(self.rooms):
            spec = ChildSpec("room", (_Room.at, (room, bool(number % 2))))
            try:
                await DynamicSupervisor.start_child("rooms", spec)
            except ChildError as error:
                if not (isinstance(error.reason, tuple) and error.reason[0] == "already_started"):
                    raise
            if self.fails:
                self.fails -= 1
                raise OSError("the list of rooms is torn")

    async def start(self) -> Any:
        """Start it: what a campaign does."""
        if Process.whereis("archive") is None:
            await Agent.start(lambda: {room: [f"old line of {room}"] for room in self.rooms}, name="archive")
        return await self.plant()

    async def plant(self) -> Any:
        """Start the tree alone."""
        keeper = ChildSpec("keeper", (_Keeper.start_link, ()))
        store = ChildSpec("store", (_Store.start_link, ()))

        async def open_rooms() -> None:  # no method: what is handed over is copied, but a function stays itself
            await self.open_rooms()

        return await self.tree.start_link((keeper, store, open_rooms))

    async def grown(self, archive: bool = True, pause: float = A_BLINK) -> Pid:
        """Start it, and see that every room is open."""
        if archive and Process.whereis("archive") is None:
            await Agent.start(lambda: {room: [f"old line of {room}"] for room in self.rooms}, name="archive")
        return await _grown(self.plant, self.names, _NOT_BEFORE if self.runs > 1 else _START, pause)

    def new(self, *shared: str, rooms: bool = False) -> list[str]:
        """Who should be new: some of the shared parts, and all rooms or none."""
        found = [name for name in (*KEPT, *SHARED) if name in shared]
        return [*found, *(f"room {room}" for room in self.rooms if rooms)]


async def chat(ChatTree: Any, rooms: tuple[Any, ...] = ("tea", "bees", "seeds"), reason: object = "kill") -> None:
    """Every row of the table holds: each fault costs what it must, and what no restart helps ends the whole.

    Demands, each from a new start: all rooms are open a moment after the start, also while the archive is away; a room
    that ends is new alone, and so it is twelve times within ten seconds, every two minutes; a store that ends is new
    alone, a keeper with the store; a registry or a supervisor of rooms that ends makes all rooms new and leaves the
    storage alone; rooms are opened once at each of these starts, and again after a failure; four of such ends, ten
    minutes apart, are borne; a room, store, keeper, registry or supervisor that ends every second ends the whole before
    400 ends; a campaign of all of these loses no line and answers everybody.
    """
    others = ("hall", ("a", 1), 3.5, "d", "e", "f")
    cases = ((ChatTree, rooms, reason, ROWS), (ChatTree, others, "broken pipe", ROWS[:8]))
    await with_other_numbers(_scored, cases)


ROWS: Final = ("start", "room", "burst", "store", "keeper", "registry", "rooms", "opening", "rare", "loop", "campaign")


async def _scored(tree: Any, rooms: Sequence[Any], reason: object, rows: Sequence[str]) -> None:
    """Run every row, and tell of all of them where one is broken."""
    told: dict[str, NotYet | None] = {}
    before = {*current_node().processes()}
    for row in rows:
        try:
            await _ROW[row](tree, rooms, reason)
            told[row] = None
        except NotYet as error:
            told[row] = error
        except Exit as exit:
            seen = describe_reason(_why(exit))
            told[row] = NotYet("a room was spoken to", f"no answer: {seen}", "an answer", _START)
        except BadArg as error:
            told[row] = NotYet("the system was used", str(error).partition(".")[0], "an answer", _REGISTRY)
        await _cleared(before)
        if row == "start" and told[row] is not None:
            break  # there is nothing to plant a fault in
    broken = [(row, error) for row, error in told.items() if error is not None]
    if not broken:
        return
    row, failure = broken[0]
    failure.parts["What was done"] = f"row {row!r}: {failure.parts['What was done']}"
    failure.orders = _card(told, rows)
    raise failure


def _card(told: dict[str, NotYet | None], rows: Sequence[str]) -> str:
    """The score: each row with what broke it."""
    lines = [f"The score: {sum(error is None for error in told.values())} of {len(rows)} rows."]
    for row in rows:
        error = told.get(row)
        words = "holds" if row in told and error is None else "not tried"
        if error is not None:
            done = error.parts["What was done"].removeprefix(f"row {row!r}: ")
            words = f"broken. {done[0].upper()}{done[1:]}: {error.parts['Seen']}"
        lines += textwrap.wrap(
            words, 78, initial_indent=f"  {row:9} ", subsequent_indent=" " * 12, max_lines=3, placeholder=" …"
        )
    return "\n".join(lines)


async def _cleared(before: set[Pid]) -> None:
    """End all that a row has left."""
    for pid in current_node().processes():
        if pid not in before:
            Process.exit(pid, "kill")
    await Process.sleep(A_BLINK)
    while await receive(timeout=0.0) != "timeout":
        pass


async def _costs(house: _House, ended: Any, hoped: list[str], idea: str, reason: object = "kill") -> None:
    """End one process; is everybody new that should be, and nobody else?"""
    runs = house.runs
    seen = await _new_after(house.names, ended, reason)
    done = f"{_short(ended)} ended with {describe_reason(reason)}; who is new?"
    gone = [name for name in seen if name.endswith("(gone)")]
    if "rooms" in hoped and gone and all(name.startswith("room ") for name in gone) and house.runs == runs:
        hope = "all rooms open, a moment later"
        raise NotYet(done, f"{len(gone)} rooms are gone, and `open_rooms` was not run again", hope, _OPENS_AGAIN)
    expect(done, _few(seen), _few(hoped), idea)
    if "rooms" in hoped:
        expect(f"{done.partition(';')[0]}; how often was `open_rooms` run for that?", house.runs - runs, 1, _NOT_BEFORE)


def _few(names: list[str]) -> list[str]:
    """At most six of them, so that a message stays short."""
    return names if len(names) <= 6 else [*names[:5], f"and {len(names) - 5} more"]


async def _start_row(tree: Any, rooms: Sequence[Any], reason: object) -> None:
    for archive in (True, False):
        house = _House(tree, rooms)
        root = await house.grown(archive)
        done = "the tree was started" if archive else "the tree was started while the archive was away"
        await let_pass(A_WHILE)
        expect(f"{done}; how often was `open_rooms` run in ten minutes?", house.runs, 1, _NOT_BEFORE)
        for room in rooms:
            answer = await GenServer.call(Via("names", room), ("say", "hello"))
            expect(f"{done}; and somebody spoke in {room!r}", answer, "ok", _START)
        await _uproot(root)
        expect(f"{done}, and stopped; who is left?", [n for n in map(_short, house.names) if _there(n)], [], _HANDED)
        if (pid := Process.whereis("archive")) is not None:
            Process.exit(pid, "kill")
        await Process.sleep(A_BLINK)


def _there(name: str) -> bool:
    return name in (*KEPT, *SHARED) and Process.whereis(name) is not None


async def _room_row(tree: Any, rooms: Sequence[Any], reason: object) -> None:
    house = _House(tree, rooms)
    await house.grown()
    for room in rooms[:3]:
        for end in dict.fromkeys((reason, "kill", "shutdown")):
            await _costs(house, Via("names", room), [f"room {room}"], _ROOM, end)
            await let_pass(A_WHILE)


async def _burst_row(tree: Any, rooms: Sequence[Any], reason: object) -> None:
    house = _House(tree, rooms)
    await house.grown()
    for number in range(24):
        seen = await _new_after(house.names, Via("names", rooms[0]), pause=0.75)
        done = f"a room ended twelve times within ten seconds, every two minutes; who is new at end {number + 1}?"
        expect(done, _few(seen), [f"room {rooms[0]}"], _BURST)
        if number % 12 == 11:
            await let_pass(111.0)


async def _store_row(tree: Any, rooms: Sequence[Any], reason: object) -> None:
    house = _House(tree, rooms)
    await house.grown()
    for end in dict.fromkeys((reason, "shutdown")):
        await _costs(house, "store", house.new("store"), _STORE, end)
        await let_pass(A_WHILE)


async def _keeper_row(tree: Any, rooms: Sequence[Any], reason: object) -> None:
    house = _House(tree, rooms)
    await house.grown()
    await GenServer.call(Via("names", rooms[0]), ("say", "hello"))
    for end in dict.fromkeys((reason, "shutdown")):
        await _costs(house, "keeper", house.new("keeper", "store"), _KEEPER, end)
        lines = _lines(rooms[0])
        expect(f"the keeper ended; the lines of {rooms[0]!r}", lines, [f"old line of {rooms[0]}", "hello"], _KEEPER)
        await let_pass(A_WHILE)


async def _registry_row(tree: Any, rooms: Sequence[Any], reason: object) -> None:
    house = _House(tree, rooms)
    await house.grown()
    for _ in range(2):
        await _costs(house, "names", house.new("names", "rooms", rooms=True), _REGISTRY)
        await let_pass(A_WHILE)


async def _rooms_row(tree: Any, rooms: Sequence[Any], reason: object) -> None:
    house = _House(tree, rooms)
    await house.grown()
    for _ in range(2):
        await _costs(house, "rooms", house.new("rooms", rooms=True), _OPENS_AGAIN)
        await let_pass(A_WHILE)


async def _opening_row(tree: Any, rooms: Sequence[Any], reason: object) -> None:
    house = _House(tree, rooms, fails=1)
    try:
        await house.grown(pause=10.0)  # whoever likes may wait before the next attempt
    except (NotYet, StartError) as error:
        done = "the tree was started, and `open_rooms` raised after the first room"
        seen = error.parts["Seen"] if isinstance(error, NotYet) else "no tree"
        raise NotYet(done, seen, "all rooms open, ten seconds later", _RETRIED) from None
    expect("`open_rooms` raised once; how often was it run?", house.runs, 2, _RETRIED)


async def _rare_row(tree: Any, rooms: Sequence[Any], reason: object) -> None:
    for name in (*KEPT, *SHARED):
        house = _House(tree, rooms[:1])
        root = await house.grown()
        for number in range(5):
            await _end(name)
            await let_pass(600.0)
            done = f"{name!r} ended {number + 1} times, ten minutes apart"
            expect(f"{done}; does the tree stand?", Process.alive(root), True, _RARE)
        await _uproot(root)


async def _loop_row(tree: Any, rooms: Sequence[Any], reason: object, most: int = 400) -> None:
    for name in (Via("names", rooms[0]), *KEPT, *SHARED):
        house = _House(tree, rooms[:1])
        root = await house.grown()
        apart = "rooms" if name in KEPT else "keeper"
        ends, before = 0, Process.whereis(apart)
        while Process.alive(root):
            if Process.whereis(apart) is not before:
                done = f"{_short(name)} ended {ends} times, a second apart; who is new?"
                raise NotYet(done, f"{apart!r} too", f"{apart!r} is the same, until the whole ends", _APART)
            if ends == most:
                if _where(name) is None:
                    done = f"{_short(name)} ended once a second, until it was not started again"
                    raise NotYet(done, "the tree stands without it, and nobody is told", "the whole tree ends", _SILENT)
                done = f"{_short(name)} ended {most} times, a second apart, and no restart helped"
                raise NotYet(done, "the tree goes on restarting it", "the whole tree ends", _LOOP)
            await _end(name, pause=1.0)
            ends += 1


async def _campaign_row(tree: Any, rooms: Sequence[Any], reason: object) -> None:
    house, said = _House(tree, rooms), [0]

    async def speak() -> bool:
        said[0] += 1
        return all([await GenServer.call(Via("names", room), ("say", said[0])) == "ok" for room in rooms[:2]])

    async def lines() -> list[Any]:
        return await _lines_kept(rooms[:2])

    faults = [
        Storm(Kill(Via("names", rooms[0])), times=12, within=9.0, at=31.0),
        Kill("keeper", at=61.0),
        Kill("names", at=91.0),
        Kill("store", at=111.0),
        Kill("rooms", at=131.0),
        Storm(Kill(Via("names", rooms[-1])), times=12, within=9.0, at=151.0),
    ]
    expect_to_survive(house.start, faults, speak, _ALL, hours=0.05, every=10.0, state=lines, lost=0)


_ROW: Final[dict[str, Callable[[Any, Sequence[Any], object], Awaitable[None]]]] = {
    "start": _start_row,
    "room": _room_row,
    "burst": _burst_row,
    "store": _store_row,
    "keeper": _keeper_row,
    "registry": _registry_row,
    "rooms": _rooms_row,
    "opening": _opening_row,
    "rare": _rare_row,
    "loop": _loop_row,
    "campaign": _campaign_row,
}

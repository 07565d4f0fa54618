"""The checks of chapter 18, debugging.

They fill mailboxes and see who is asked, start trees that fail, and run the reader's tests: against right servers,
where a test has to pass in every order, and against broken ones, where it has to fail in every order. Each docstring
says in its first line what "ok" claims, and then what the check demands: the text of the exercise has to say all of it.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, Literal

from .. import (
    TIMEOUT,
    ChildSpec,
    Continue,
    Deadlock,
    Down,
    Exit,
    GenServer,
    NoReply,
    Ok,
    Pid,
    Process,
    Reply,
    Supervise,
    Supervisor,
    current_node,
    ets,
    receive,
    replay,
    self_,
    send,
    spawn,
    sys_,
    trace,
)
from ..errors import describe_exception, describe_reason, safe_repr
from ..tracing import Event
from .checking import AWAIT, NotYet, expect, let_pass
from .comparing import same
from .every_schedule import expect_in_every_schedule
from .looking import ended_with, restless, sent, so_far, turns_of, with_other_numbers

MOST: Final = 1_000
"""So many orders does an answer have at most."""

# ---- what the checks hand over, and how they look ----------------------------------------------------------


class Busy(GenServer):
    """Works for a day at its first message, and takes nothing else meanwhile."""

    @classmethod
    async def start(cls, name: Any) -> Pid | None:  # type: ignore[override]
        """Start it under its name."""
        return await super().start(name, name=name)

    def init(self, name: Any) -> Any:
        """Go to work at once."""
        return Ok(name, Continue("work"))

    async def handle_continue(self, work: Any, name: Any) -> Any:
        """Work."""
        await Process.sleep(1e9)
        return NoReply(name)


class Idle(Busy):
    """Takes every message at once."""

    async def handle_continue(self, work: Any, name: Any) -> Any:
        """Do nothing."""
        return NoReply(name)

    def handle_cast(self, request: Any, name: Any) -> Any:
        """Take it."""
        return NoReply(name)

    def handle_info(self, message: Any, name: Any) -> Any:
        """Take it."""
        return NoReply(name)


FILL: Final = "fill"


def _fill(name: str, many: int) -> int:
    for number in range(many):
        GenServer.cast(name, (FILL, number))
    return many


TAKEN: Final = f"{FILL} taken"


async def _holds(name: str) -> None:
    """Takes nothing out of its mailbox until the check says so."""
    Process.register(self_(), name)
    while True:
        _, many = await receive(lambda message: isinstance(message, tuple) and message[0] == TAKEN)
        for _ in range(many):
            await receive(timeout=0)


async def _holding(*names: str) -> None:
    for name in names:
        spawn(_holds, name)
    await Process.sleep(0.0)


def _asked(names: Sequence[str], since: int) -> list[Event]:
    """What was sent to these since then, besides what the check itself fills their mailboxes with."""
    pids = [pid for name in names if (pid := Process.whereis(name)) is not None]
    found = [event for pid in pids for event in sent(pid, since)]
    return [event for event in found if not (isinstance(event.term, tuple) and FILL in str(event.term))]


def _as_function(function: Any, takes: str) -> None:
    """See that it is an ``async def``."""
    if not inspect.iscoroutinefunction(function):
        what = "a plain function" if callable(function) else safe_repr(function)
        raise NotYet("it was looked at", what, f"an `async def` that takes {takes}", "how the function begins")


async def _end(name: str) -> None:
    pid = Process.whereis(name)
    if pid is not None:
        Process.exit(pid, "kill")
    await Process.sleep(0.0)


# ---- drill 1: whose mailbox grows --------------------------------------------------------------------------

_ASKS: Final = (
    "how a mailbox is looked at. Whatever is sent to a busy process waits in its mailbox behind all the rest, "
    "`sys_.get_state` too; `Process.info` sends nothing"
)
_LONG: Final = "what is compared. A long mailbox that stays as long is no sign; look at the difference of two looks"
_SHORTER: Final = "what is compared. A mailbox that has become shorter has not grown, by however much it has changed"
_RETURNED: Final = "what is returned: the name whose mailbox has grown. Is a `return` missing?"
_NOBODY: Final = "what is returned where no mailbox has grown: None"
_OTHER: Final = (
    "whether the two looks have seen the same process. A name may lead to nobody, or to a new process with a mailbox "
    "of its own"
)
_NAME: Final = "what is returned: one of the names, as it stands in the list"
_ONE_WAIT: Final = "how often it waits: once for all of them, between the first look at each and the second one"


async def growing(function: Any, names: tuple[str, ...] = ("speaker", "board", "clock")) -> None:
    """It names the process whose mailbox grows fastest, waits once, and asks nobody.

    Demands: of several names the one whose mailbox has grown most between two looks, however long the others are; None
    where none has grown, also where they have become shorter; a name that nobody has at one of the looks, or that
    leads to another process at the second, does not count; it takes exactly the seconds given; nothing is sent to any
    of the processes.
    """
    _as_function(function, "a list of names and a number of seconds")
    cases = ((function, names, 10.0), (function, ("a", "b", "c", "d"), 2.5))
    await with_other_numbers(_one_growing, cases)


async def _one_growing(function: Any, names: tuple[str, ...], seconds: float) -> None:
    slow, long, quick, *_ = names
    for name in (slow, long):
        await Busy.start(name)
    for name in names[2:]:
        await Idle.start(name)
    _fill(long, 40)
    for done, meanwhile, hoped, idea in _looks(slow, long, quick):
        spawn(_meanwhile, meanwhile, seconds / 2)
        more = ["nobody"] if "nobody's" in done else []
        await _look(function, [*names, *more], seconds, done, hoped, idea)
    await _holding("lift")
    _fill("lift", 20)
    spawn(_meanwhile, lambda: (send("lift", (TAKEN, 12)), _fill(slow, 1)), seconds / 2)
    done = f"'lift' had 20 messages and took 12 of them; {slow!r} got 1"
    await _look(function, [*names, "lift"], seconds, done, slow, _SHORTER)
    await _end("lift")
    for name in names:
        await _end(name)


def _looks(slow: str, long: str, quick: str) -> list[tuple[str, Callable[[], Any], Any, str]]:
    """What is done between two looks, one after the other, and who grows then."""

    def anew(name: str, many: int) -> Callable[[], Any]:
        async def starts() -> None:
            await _end(name)
            await Busy.start(name)
            _fill(name, many)

        return lambda: spawn(starts)

    s, one = repr(slow), repr(long)
    both = anew(long, 90)
    return [
        (
            f"{one} had 40 messages, and got 1 more; {s} got 6",
            lambda: (_fill(slow, 6), _fill(long, 1), _fill(quick, 3)),
            slow,
            _LONG,
        ),
        (f"{one} had 41 messages and got 12, {s} got 3", lambda: (_fill(long, 12), _fill(slow, 3)), long, _LONG),
        ("nobody got a message", lambda: None, None, _NOBODY),
        (f"only {s} got messages, two; a name in the list is nobody's", lambda: _fill(slow, 2), slow, _OTHER),
        (f"{one} ended, and a new one got 90 messages; {s} got 2", lambda: (both(), _fill(slow, 2)), slow, _OTHER),
        (f"{one} ended with 90 messages, and a new one got 95", anew(long, 95), None, _OTHER),
        (f"{one} ended", lambda: spawn(_end, long), None, _OTHER),
        (f"{one} had been nobody, was started and got 50 messages", anew(long, 50), None, _OTHER),
        (f"{s} ended, and a new one got 2 messages: fewer", anew(slow, 2), None, _NOBODY),
    ]


async def _meanwhile(act: Callable[[], Any], seconds: float) -> None:
    await Process.sleep(seconds)
    act()


async def _look(function: Any, names: list[str], seconds: float, done: str, hoped: Any, idea: str) -> None:
    since, began = so_far(), current_node().now()
    given = list(names)
    try:
        seen = await function(given, seconds)
    except Exit as exit:
        if _asked(names, since):
            raise NotYet(done, f"it ended with {describe_reason(exit.reason)}", safe_repr(hoped), _ASKS) from None
        raise
    if asked := _asked(names, since):
        raise NotYet(done, f"{safe_repr(asked[0].term)} was sent to one of them", "nothing is sent", _ASKS)
    if inspect.iscoroutine(seen):
        seen.close()
        raise NotYet(f"{done}; which one grows?", "a coroutine", safe_repr(hoped), AWAIT)
    took = current_node().now() - began
    expect(f"{done}; how long did it take?", f"{took:g} s", f"{seconds:g} s", _ONE_WAIT)
    if not same(seen, hoped):
        about = idea if seen is None or seen in names else _NAME
        about = _RETURNED if seen is None and idea is _LONG else about
        raise NotYet(f"{done}; which one grows?", safe_repr(seen), safe_repr(hoped), about)
    expect("the list of names afterwards", given, names, "the list that was handed over: leave it as it is")


# ---- drill 2: who fills a mailbox --------------------------------------------------------------------------

_INTO: Final = (
    "the direction: what a process sends itself says nothing about who fills its mailbox (`other` is the receiver)"
)
_WAITING: Final = "which events are counted. What was sent and not yet taken fills the mailbox as well"
_LIVES: Final = (
    "which processes have the name: after a restart there are several in one trace, and `t.processes` gives all"
)
_ADDED: Final = (
    "what is added up. A sender that was started anew has two pids in the trace and one name, and the dict has "
    "one number for that name"
)
_SENT: Final = "which events are messages from a process: kind `send`. A timer, a signal and a `Down` are not"
_DICT: Final = (
    "what is returned: a dict from the sender's name in the trace to a number, for each who has sent something"
)
_ONLY_THOSE: Final = "whose messages are counted: those to this one, and to nobody else"


async def senders(function: Any, who: str = "speaker") -> None:
    """It counts who has sent how much to a process, taken or not, in all its lives.

    Demands: a plain function that is given a trace and a name; a dict from names to numbers; messages that were sent
    to the process, also those that it has not taken, in each of its lives and in each life of the sender; nothing that
    it has sent itself to others, no timers, signals or replies; an empty dict if nobody sent it anything.
    """
    if inspect.iscoroutinefunction(function):
        raise NotYet("it was looked at", "an `async def`", "a plain `def`", "nothing is waited for here")
    await with_other_numbers(_one_senders, ((function, who, 5, 2), (function, "board", 1, 6)))


async def _one_senders(function: Any, who: str, many: int, few: int) -> None:
    names = ("quiet", "other", "feed", "clock")
    for name in names[:2]:
        await Idle.start(name)
    for name in names[2:]:
        await Sends.start(name)
    await Busy.start(who)
    with trace() as t:
        for name, number in (("feed", many), ("clock", few)):
            send(name, (who, number))
            send(name, ("other", number + 1))
        await Process.sleep(1.0)
    done = f"{who!r} was busy; feed sent it {many} messages, clock {few}"
    _counts(function, t, who, done, {"feed": many, "clock": few}, _WAITING)
    _counts(function, t, "quiet", "nobody sent 'quiet' anything", {}, _ONLY_THOSE)
    await _end(who)
    await Talks.start(who)
    with trace() as t:
        send("feed", (who, many))
        await Process.sleep(5.0)
        await _end(who)
        await Talks.start(who)
        send("feed", (who, few))
        await Process.sleep(5.0)
    done = f"feed sent {who!r}, which had a timer, {many} messages; it ended, and feed sent the new one {few}"
    _counts(function, t, who, done, {"feed": many + few}, _LIVES)
    with trace() as t:
        send("feed", (who, many))
        await Process.sleep(5.0)
        await _end("feed")
        await Sends.start("feed")
        send("feed", (who, few))
        await Process.sleep(5.0)
    done = f"feed sent {who!r} {many} messages and ended; a new feed sent it {few}"
    _counts(function, t, who, done, {"feed": many + few}, _ADDED)
    for name in (who, *names):
        await _end(name)


class Sends(Idle):
    """Sends as many messages as it is told."""

    def handle_info(self, message: Any, name: Any) -> Any:
        """Send them."""
        who, many = message
        for _ in range(many):
            send(who, "news")
        return NoReply(name)


class Talks(Idle):
    """Passes on all that it gets, and has a timer."""

    async def handle_continue(self, work: Any, name: Any) -> Any:
        """Set the timer."""
        Process.send_after(self_(), "tick", 1.0)
        return NoReply(name)

    def handle_info(self, message: Any, name: Any) -> Any:
        """Pass it on."""
        send("quiet", ("passed on", message))
        return NoReply(name)


def _counts(function: Any, t: Any, who: str, done: str, hoped: dict[str, int], idea: str) -> None:
    seen = function(t, who)
    if not isinstance(seen, dict) or not all(isinstance(name, str) for name in seen):
        raise NotYet(f"{done}; who sent how much?", safe_repr(seen), safe_repr(hoped), _DICT)
    seen = dict(seen)
    if same(seen, hoped):
        return
    if who in seen:
        idea = _INTO
    elif not hoped or any(seen.get(name, 0) > number for name, number in hoped.items()):
        idea = _ONLY_THOSE
    elif set(seen) - {"feed", "clock"}:
        idea = _SENT
    raise NotYet(f"{done}; who sent how much?", safe_repr(seen), safe_repr(hoped), idea)


# ---- drill 3: a server that is held ------------------------------------------------------------------------

_HELD: Final = (
    "what the server does while `look` runs: nothing but answer `sys_`. It is suspended before, and not after"
)
_THAT_ONE: Final = "which server is suspended, and goes on: the one that was given, by whatever it was given"
_RELEASED: Final = "what is left behind: a server that is suspended answers nobody, until somebody has it go on"
_ALSO_THEN: Final = (
    "what happens if `look` raises. The server has to go on then as well, and an `Exit` is no `Exception`"
)
_PASSED_ON: Final = "what becomes of what `look` raises: whoever calls `held` has to hear of it"
_HANDED: Final = "what `held` returns: what `look` has returned. Is a `return` or an `await` missing?"
_AWAITED: Final = (
    "which process runs `look`: the one that calls `held` awaits it. What is raised in a task ends the task, and by "
    "its link whoever started it"
)
_GONE: Final = "who has to go on: a server that has ended meanwhile cannot, and that is no failure of the look"


async def held(function: Any, kept: Any = "rows") -> None:
    """The server rests while one looks, and goes on afterwards, whatever the look comes to.

    Demands: the server is suspended while ``look`` is awaited, and not before and after; what ``look`` returns is
    returned; what it raises, an exception or an exit, comes out, and the server goes on; a server that ends during
    the look changes neither; the server may be given by its name or its pid, and there may be two of them.
    """
    _as_function(function, "a server and an `async` function")
    cases = ((function, "board", kept), (function, "speaker", {"a": 1}), (function, None, None))
    await with_other_numbers(_one_held, cases)


async def _one_held(function: Any, name: str | None, kept: Any) -> None:
    pid = await Idle.start(name or "server")
    assert pid is not None
    other = await Idle.start("another one")
    who: Any = name or pid
    done, caller = f"`held` was given {safe_repr(name) if name else 'a pid'}", self_()

    async def look() -> Any:
        expect(f"{done}; does its caller run `look`?", self_() is caller, True, _AWAITED)
        status = (await sys_.get_status(pid))["status"]
        expect("the server's status while `look` runs", status, "suspended", _HELD)
        expect("another server meanwhile", (await sys_.get_status(other))["status"], "running", _HELD)
        await Process.sleep(1.0)
        return kept

    try:
        seen = await function(who, look)
    except Exit as exit:
        raise NotYet(done, f"an exit: {describe_reason(exit.reason)}", safe_repr(kept), _THAT_ONE) from None
    if not same(seen, kept):
        raise NotYet(done, safe_repr(seen), safe_repr(kept), _HANDED)
    await _goes_on(pid, "`held` had returned", _RELEASED)
    for error in (KeyError("no such train"), Exit("no such board"), ZeroDivisionError("look")):
        await _looks_and_fails(function, pid, who, error)
    await _ends_meanwhile(function, pid, who, kept)
    await _end("another one")


async def _looks_and_fails(function: Any, pid: Pid, who: Any, error: BaseException) -> None:
    async def look() -> Any:
        raise error

    done = f"`look` raised {describe_exception(error) if isinstance(error, Exception) else repr(error)}"
    try:
        seen = await function(who, look)
    except (Exit, Exception) as raised:
        if raised is not error:
            raise NotYet(done, f"{safe_repr(raised)} came out", "the same came out", _PASSED_ON) from None
    else:
        raise NotYet(done, f"`held` returned {safe_repr(seen)}", "the same came out", _PASSED_ON)
    await _goes_on(pid, done, _ALSO_THEN)


async def _goes_on(pid: Pid, done: str, idea: str) -> None:
    expect(f"{done}; the server's status", (await sys_.get_status(pid))["status"], "running", idea)


async def _ends_meanwhile(function: Any, pid: Pid, who: Any, kept: Any) -> None:
    async def look() -> Any:
        Process.exit(pid, "kill")
        await Process.sleep(0.1)
        return kept

    done = "the server was killed while `look` ran"
    try:
        seen = await function(who, look)
    except Exit as exit:
        raise NotYet(done, f"an exit: {describe_reason(exit.reason)}", safe_repr(kept), _GONE) from None
    expect(f"{done}; what `held` returned", seen, kept, _HANDED)


# ---- drill 4: a process for each test ----------------------------------------------------------------------

_OWN: Final = (
    "which process runs the test. In one of its own, what ends the test ends nobody else: neither an exit nor a server "
    "to which it is linked"
)
_PASSED: Final = (
    "how you know that a test has returned. A test may end with any reason, `shutdown` and `normal` among them: a "
    "supervisor that gives up takes it along with one of these"
)
_WHY: Final = 'what is returned of a test that has failed: the pair "failed" and the reason in its `Down`'
_STARTED: Final = (
    "what becomes of the servers that a test has started with `start_link`. A test that ends with `normal` ends nobody "
    "to whom it is linked, and the next test finds the name taken"
)
_LATE: Final = (
    "how long it waits: until the test is over, and `seconds` at most. Then the test is ended, whether it traps exits "
    "or not"
)
_MAILBOX: Final = "the caller's mailbox: all that lay in it stays there, and nothing of the test comes later"
_DOWN: Final = "which `Down` is waited for: the one with the reference of your own monitor"


async def verdict(function: Any, name: str = "panel") -> None:
    """It runs a test in a process of its own, says how it ended, and leaves nothing of it behind.

    Demands: "passed", ("failed", reason) or "timed out"; a test that ends with ``shutdown`` or ``normal`` has failed;
    the answer comes as soon as the test is over, and after exactly the seconds given if it is not; servers started by
    ``start_link`` end with every test, also with one that ends with ``normal``, and so does the test itself, also
    one that traps exits; the caller lives on, traps nothing, and has its mailbox as before; it holds in every order of
    steps.
    """
    _as_function(function, "a test and a number of seconds")
    await with_other_numbers(_one_verdict, ((function, name, 5.0), (function, ("x", 1), 0.5)))
    for about, test, hoped in (("passes", _passes_at_once, "passed"), ("gives up", _gives_up, ("failed", "shutdown"))):
        done = f"a test that {about} was run while another process ended; the verdict, and what was left in the mailbox"
        expect_in_every_schedule(done, _among_others(function, test), (hoped, [True]), _DOWN, most=MOST)


async def _passes_at_once() -> None:
    """It has nothing to say."""


async def _gives_up() -> None:
    raise Exit("shutdown")


async def _lives() -> None:
    await Process.sleep(1e9)


def _is_normal(name: Any) -> Callable[[], Awaitable[None]]:
    async def is_normal() -> None:
        await _Server.start_link(name, name=str(name))
        raise Exit("normal")

    return is_normal


def _traps(name: Any) -> Callable[[], Awaitable[None]]:
    async def traps() -> None:
        Process.flag(trap_exit=True)
        await _Server.start_link(name, name=str(name))
        while True:
            await receive()

    return traps


async def _one_verdict(function: Any, name: Any, seconds: float) -> None:
    error = AssertionError("12 is not 9")

    async def passes() -> None:
        await _Server.start_link(name, name=str(name))
        await Process.sleep(seconds / 4)

    async def fails() -> None:
        await _Server.start_link(name, name=str(name))
        raise error

    async def loses_its_server() -> None:
        server = await _Server.start_link(name, name=str(name))
        assert server is not None
        Process.exit(server, "kill")
        await Process.sleep(seconds / 4)

    async def hangs() -> None:
        await _Server.start_link(name, name=str(name))
        await receive()

    for about, test, hoped, after, idea in (
        ("starts a server and returns", passes, "passed", seconds / 4, _PASSED),
        ("starts the same server and returns", passes, "passed", seconds / 4, _STARTED),
        ("starts a server and raises", fails, ("failed", error), 0.0, _WHY),
        ("is linked to a server that is killed", loses_its_server, ("failed", "killed"), 0.0, _OWN),
        ("ends with `shutdown`", _gives_up, ("failed", "shutdown"), 0.0, _PASSED),
        ("starts a server and waits for ever", hangs, "timed out", seconds, _LATE),
        ("traps exits and waits for ever", _traps(name), "timed out", seconds, _LATE),
        ("starts a server and ends with `normal`", _is_normal(name), ("failed", "normal"), 0.0, _PASSED),
        ("returns at once", _passes_at_once, "passed", 0.0, _PASSED),
    ):
        await _judged(function, test, str(name), seconds, f"a test that {about} was run", hoped, after, idea)


class _Server(GenServer):
    """What a test starts."""


async def _judged(
    function: Any, test: Any, name: str, seconds: float, done: str, hoped: Any, after: float, idea: str
) -> None:
    """One test, by a caller that has mail."""
    outcome: list[Any] = []

    async def calls() -> None:
        outcome.extend(await _caller(function, test, seconds))

    caller = spawn(calls)
    began = len(current_node().processes())
    await Process.sleep(seconds * 3)
    if not outcome:
        if Process.alive(caller):
            raise NotYet(done, f"no verdict after {seconds * 3:g} s", safe_repr(hoped), _LATE)
        reason = ended_with(caller)
        if isinstance(reason, Exception) and "12 is not 9" not in str(reason):
            raise reason  # out of the answer itself
        raise NotYet(done, f"the caller ended with {describe_reason(reason)}", safe_repr(hoped), _OWN)
    seen, took, left, traps, linked = outcome
    if not _same_verdict(seen, hoped):
        if "already_started" in str(seen):
            idea = _STARTED
        elif same(seen, ("failed", "killed")):
            idea = _DOWN
        raise NotYet(f"{done}; the verdict", safe_repr(seen), safe_repr(hoped), idea)
    expect(f"{done}; how long did it take?", f"{took:g} s", f"{after:g} s", _LATE)
    expect(f"{done}; does the caller trap exits now?", traps, False, _OWN)
    expect(f"{done}; to how many processes is the caller linked?", linked, 0, _OWN)
    expect(f"{done}; what was left in the caller's mailbox?", left, ["a Down", "('a message', 1)"], _MAILBOX)
    about = _LATE if hoped == "timed out" else _STARTED
    expect(f"{done}; is its server still there?", Process.whereis(name) is not None, False, about)
    expect(f"{done}; how many processes are left over?", len(current_node().processes()) - began + 1, 0, _LATE)


async def _caller(function: Any, test: Any, seconds: float) -> list[Any]:
    other = spawn(_lives)
    Process.monitor(other)
    Process.exit(other, "kill")
    await Process.sleep(0.0)
    send(self_(), ("a message", 1))
    began = current_node().now()
    seen = await function(test, seconds)
    took = current_node().now() - began
    info = Process.info(self_())
    assert info is not None
    await Process.sleep(seconds)
    return [seen, took, _brief(await _drained()), info["trap_exit"], len(info["links"])]


def _same_verdict(seen: Any, hoped: Any) -> bool:
    match hoped:
        case (word, BaseException() as error):
            return type(seen) is tuple and len(seen) == 2 and seen[0] == word and _same_error(seen[1], error)
    return same(seen, hoped)


def _same_error(seen: Any, hoped: BaseException) -> bool:
    return type(seen) is type(hoped) and seen.args == hoped.args


async def _drained() -> list[Any]:
    """All that is in the mailbox, taken out."""
    taken = []
    while (message := await receive(timeout=0)) is not TIMEOUT:
        taken.append(message)
    return taken


def _brief(messages: list[Any]) -> list[str]:
    return ["a Down" if isinstance(message, Down) else safe_repr(message) for message in messages]


def _among_others(function: Any, test: Any) -> Callable[[], Awaitable[Any]]:
    async def scenario() -> Any:
        other = spawn(_lives)
        watch = Process.monitor(other)
        Process.exit(other, "boom")
        seen = await function(test, 5.0)
        down = await receive(Down, timeout=1.0)
        more = await receive(timeout=1.0)
        return seen, [down is not TIMEOUT and down.ref == watch and more is TIMEOUT]

    return scenario


# ---- the tests of the repairs ------------------------------------------------------------------------------

_FLAKY: Final = "what is certain when the line is run: has what you look for happened by then, in every order?"
_FOR_EVER: Final = (
    "how long the test waits. One that waits for ever does not fail: whoever waits in a test says how long"
)
_WAITS: Final = (
    "what the test waits for. A pause is too short on a slow day and too long on all the others: wait for an answer or "
    "a message"
)
_AT_ONCE: Final = (
    "the name under which the test starts its server. Two tests that run at once must not want the same one"
)


def _run_of(test: Any, *given: Any) -> Callable[[], Awaitable[Any]]:
    """The reader's test as a scenario: whether it has passed, and how long it took."""

    async def scenario() -> Any:
        began = current_node().now()
        try:
            await test(*given)
        except NotImplementedError:
            raise
        except (Exit, Exception) as error:
            return f"failed: {error.__class__.__name__}", current_node().now() - began
        return "passed", current_node().now() - began

    return scenario


def _has_passed(outcome: Any) -> bool:
    return type(outcome) is tuple and outcome[0] == "passed"


def _has_failed(outcome: Any) -> bool:
    if isinstance(outcome, BaseException):  # what it was linked to has taken it along
        return not isinstance(outcome, Deadlock)
    return type(outcome) is tuple and str(outcome[0]).startswith("failed")


def _passes(test: Any, about: str, right: Any, most: int, given: tuple[Any, ...]) -> float:
    """See that the test passes on what is right, in every order where ``most`` is above 0; how long did it take?"""
    done = f"the test was run against {about}"
    scenario = _run_of(test, right, *given)
    if not most:
        outcome = replay(scenario).outcome
        if not _has_passed(outcome):
            raise NotYet(done, safe_repr(outcome), "passed", _FLAKY)
        return 0.0
    found = expect_in_every_schedule(done, scenario, "passed", _FLAKY, right=_has_passed, most=most)
    return max(float(outcome[1]) for outcome in found.values.values())


def _fails(test: Any, about: str, wrong: Any, idea: str, most: int, given: tuple[Any, ...]) -> None:
    """See that the test fails on what is broken: in the usual order, and in every order where ``most`` is above 0."""
    done = f"the test was run against {about}"
    scenario = _run_of(test, wrong, *given)
    outcome = replay(scenario).outcome
    if not _has_failed(outcome):
        seen, about_it = ("the test passed", idea) if _has_passed(outcome) else ("the test waited for ever", _FOR_EVER)
        raise NotYet(done, seen, "the test fails", about_it)
    if most:
        expect_in_every_schedule(done, scenario, "the test fails", idea, right=_has_failed, most=most)


def _begun(test: Any, right: Any, *given: Any) -> None:
    """Run the test once, for a place where nothing was written yet."""
    outcome = replay(_run_of(test, right, *given)).outcome
    if isinstance(outcome, NotImplementedError):
        raise outcome


def _in_time(took: float, patience: float, about: str) -> None:
    if took > patience:
        done, hoped = f"the test was run against {about}", "an answer as soon as there is one"
        raise NotYet(done, f"the test took {took:g} s", hoped, _WAITS)


# ---- repair 1: cast, then assert ---------------------------------------------------------------------------


class Panel(GenServer):
    """Shows the delays of trains in a table, and has the long ones said."""

    @classmethod
    async def start_link(cls, argument: Any) -> Pid | None:  # type: ignore[override]
        """Start it with its name, and the process that says what is late."""
        return await super().start_link(argument, name=argument[0])

    def init(self, argument: Any) -> Any:
        """Open the table."""
        ets.new(argument[0], named=True)
        return Ok((*argument, ()))

    async def handle_cast(self, request: Any, state: Any) -> Any:
        """Take a report."""
        name, speaker, known = state
        match request:
            case ("late", train, minutes):
                await self.take(name, speaker, train, minutes, known)
                return NoReply((name, speaker, (*known, train)))
        return NoReply(state)

    async def take(self, name: Any, speaker: Any, train: Any, minutes: Any, known: Any) -> None:
        """Show it and say it."""
        self.show(name, train, minutes)
        self.say(speaker, train, minutes, known)

    def show(self, name: Any, train: Any, minutes: Any) -> None:
        """Put it into the table."""
        ets.insert(name, (train, minutes))

    def say(self, speaker: Any, train: Any, minutes: Any, known: Any) -> None:
        """Tell the speaker of a long delay."""
        if minutes >= 10:
            send(speaker, ("say", train, minutes))

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        """Which trains are late?"""
        match request:
            case "trains":
                return Reply(sorted({*state[2]}), state)

    @staticmethod
    def late(board: Any, train: Any, minutes: Any) -> None:
        """Report a delay; nobody waits."""
        GenServer.cast(board, ("late", train, minutes))

    @staticmethod
    def shown(board: Any, train: Any) -> Any:
        """What a traveller reads."""
        rows = ets.lookup(board, train)
        return rows[0][1] if rows else None

    @staticmethod
    async def trains(board: Any) -> Any:
        """All trains that were reported."""
        return await GenServer.call(board, "trains")


class _SpeaksFirst(Panel):
    async def take(self, name: Any, speaker: Any, train: Any, minutes: Any, known: Any) -> None:
        self.say(speaker, train, minutes, known)
        self.show(name, train, minutes)


class _Slow(Panel):
    async def take(self, name: Any, speaker: Any, train: Any, minutes: Any, known: Any) -> None:
        await Process.sleep(0.0 if known else 4.0)
        await super().take(name, speaker, train, minutes, known)


class _Deaf(Panel):
    def show(self, name: Any, train: Any, minutes: Any) -> None:
        pass


class _Sums(Panel):
    def show(self, name: Any, train: Any, minutes: Any) -> None:
        ets.insert(name, (train, minutes + (self.shown(name, train) or 0)))


class _KeepsFirst(Panel):
    def show(self, name: Any, train: Any, minutes: Any) -> None:
        ets.insert_new(name, (train, minutes))


class _OneTrain(Panel):
    def show(self, name: Any, train: Any, minutes: Any) -> None:
        ets.delete_all_objects(name)
        super().show(name, train, minutes)


class _Mute(Panel):
    def say(self, speaker: Any, train: Any, minutes: Any, known: Any) -> None:
        pass


class _SaysAll(Panel):
    def say(self, speaker: Any, train: Any, minutes: Any, known: Any) -> None:
        send(speaker, ("say", train, minutes))


class _MoreThanTen(Panel):
    def say(self, speaker: Any, train: Any, minutes: Any, known: Any) -> None:
        if minutes > 10:
            send(speaker, ("say", train, minutes))


class _SaysShorter(Panel):
    def say(self, speaker: Any, train: Any, minutes: Any, known: Any) -> None:
        if minutes >= 10 or train in known:
            send(speaker, ("say", train, minutes))


class _SaysOnce(Panel):
    def say(self, speaker: Any, train: Any, minutes: Any, known: Any) -> None:
        if train not in known:
            super().say(speaker, train, minutes, known)


class _SaysTwice(Panel):
    def say(self, speaker: Any, train: Any, minutes: Any, known: Any) -> None:
        super().say(speaker, train, minutes, known)
        super().say(speaker, train, minutes, known)


class _Swaps(Panel):
    def say(self, speaker: Any, train: Any, minutes: Any, known: Any) -> None:
        super().say(speaker, minutes, max(train, 10), known)


_SHOWN: Final = "what the sentence says of `shown`: the *last* delay, of *each* train that was reported"
_SAID: Final = (
    "what the sentence says of the speaker: which reports it is told of, from which number of minutes on, and how"
)
_NOT_SAID: Final = (
    "what the speaker must *not* get. Look for it when it would be there: after the panel has done what it was sent"
)

RIGHT_PANELS: Final = (
    ("a right panel", Panel),
    ("a right panel that tells the speaker first", _SpeaksFirst),
    ("a right panel that takes four seconds over the first report", _Slow),
)
BROKEN_PANELS: Final = (
    ("a panel that shows nothing", _Deaf, _SHOWN),
    ("a panel that adds up the delays of a train", _Sums, _SHOWN),
    ("a panel that keeps the first delay of a train", _KeepsFirst, _SHOWN),
    ("a panel that shows one train only", _OneTrain, _SHOWN),
    ("a panel that tells the speaker nothing", _Mute, _SAID),
    ("a panel that tells the speaker of every delay", _SaysAll, _NOT_SAID),
    ("a panel that tells the speaker of each delay of a train that it knows", _SaysShorter, _NOT_SAID),
    ("a panel that tells the speaker of delays above ten minutes only", _MoreThanTen, _SAID),
    ("a panel that tells the speaker once of each train", _SaysOnce, _SAID),
    ("a panel that tells the speaker everything twice", _SaysTwice, _NOT_SAID),
    ("a panel that tells the speaker another message", _Swaps, _SAID),
)


async def late(test: Any, names: tuple[str, str] = ("track 1", "track 2")) -> None:
    """The test passes on every right panel, in every order, and fails on every broken one.

    Demands: an ``async def`` that takes a class and a name; it passes on three right panels in every order of steps,
    takes no second on one that is quick, and waits for one that is slow; it fails on each of eleven broken panels in
    every order; two of them can run at once under two names.
    """
    _as_function(test, "a class and a name")
    _begun(test, Panel, names[0])
    for about, right in RIGHT_PANELS:
        took = _passes(test, about, right, MOST, names[:1])
        _in_time(took, 1.0 if right is Panel else 100.0, about)
    for about, wrong, idea in BROKEN_PANELS:
        _fails(test, about, wrong, idea, MOST, names[:1])
    outcome = replay(_at_once(test, names)).outcome
    expect("two tests ran at once, under two names", outcome, ["passed", "passed"], _AT_ONCE)


def _at_once(test: Any, names: Sequence[str]) -> Callable[[], Awaitable[Any]]:
    async def one(name: str, boss: Pid) -> None:
        outcome = await _run_of(test, Panel, name)()
        send(boss, ("verdict", outcome[0]))
        await Process.sleep(10.0)

    async def scenario() -> Any:
        for name in names:
            spawn(one, name, self_())
        heard = [await receive(timeout=60.0) for _ in names]
        return [verdict[1] if isinstance(verdict, tuple) else "no end" for verdict in heard]

    return scenario


# ---- repair 2: kill, then assert ---------------------------------------------------------------------------


class Display(GenServer):
    """Keeps rows, and tells somebody when it has started."""

    async def init(self, argument: Any) -> Any:
        """Say that it is there; it may take a moment."""
        name, tell, pause, _ = argument
        if pause:
            await Process.sleep(pause)
        send(tell, ("up", name, self_()))
        return Ok((name, tell, {}))

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        """Write a row, or read all."""
        name, tell, rows = state
        match request:
            case ("late", train, minutes):
                return Reply("ok", (name, tell, {**rows, train: minutes}))
            case "rows":
                return Reply(rows, state)


class _Remembers(Display):
    """Keeps its rows in a table that outlives it."""

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        name = state[0]
        match request:
            case ("late", train, minutes):
                ets.insert("memory", (name, {**self.rows(name), train: minutes}))
                return Reply("ok", state)
            case "rows":
                return Reply(self.rows(name), state)

    @staticmethod
    def rows(name: Any) -> Any:
        found = ets.lookup("memory", name)
        return found[0][1] if found else {}


class _Forgets(Display):
    """Has the other one lose its rows when it starts."""

    async def init(self, argument: Any) -> Any:
        for side in argument[3]:
            if side != argument[0] and (pid := Process.whereis(side)) is not None:
                send(pid, "forget")
        return await super().init(argument)

    def handle_info(self, message: Any, state: Any) -> Any:
        match message:
            case "forget":
                return NoReply((*state[:2], {}))
        return NoReply(state)


class _Saves(Display):
    """Keeps its rows over a shutdown, and not over a kill."""

    async def init(self, argument: Any) -> Any:
        Process.flag(trap_exit=True)
        await super().init(argument)
        name, tell, *_ = argument
        kept = ets.lookup("memory", name)
        ets.delete("memory", name)
        return Ok((name, tell, kept[0][1] if kept else {}))

    def terminate(self, reason: Any, state: Any) -> None:
        ets.insert("memory", (state[0], state[2]))


Hall = Callable[[tuple[str, str]], Any]
"""Gets the names of the two displays, and answers the function that opens the hall."""


def _hall(kind: Any = Display, never: bool = False, pause: float = 0.0, start: Any = None, **rules: Any) -> Hall:
    function = start or _start
    restart: Literal["permanent", "temporary"] = "temporary" if never else "permanent"
    rules = {"strategy": "one_for_one", **rules}

    def named(sides: tuple[str, str]) -> Any:
        async def open_hall(tell: Any) -> Any:
            given = [(side, tell, pause, sides) for side in sides]
            specs = [ChildSpec(each[0], (function, (kind, each)), restart=restart) for each in given]
            return await Supervisor.start_link(specs, **rules)

        return open_hall

    return named


async def _start(kind: Any, argument: Any) -> Any:
    return await kind.start_link(argument, name=argument[0])


async def _start_without_name(kind: Any, argument: Any) -> Any:
    """The first has the name, and no other."""
    seen = f"seen {argument[0]}"
    again = ets.whereis(seen) is not None
    if not again:
        _keep(seen)
    return await kind.start_link(argument, **({} if again else {"name": argument[0]}))


def _keep(name: str) -> None:
    """Make a table in the supervisor, so that it outlives every display."""
    ets.new(name, named=True, access="public")


async def _start_with_memory(kind: Any, argument: Any) -> Any:
    if ets.whereis("memory") is None:
        _keep("memory")
    return await _start(kind, argument)


class _Branch(Supervisor):
    def init(self, argument: Any) -> Any:
        return argument


def _apart(sides: tuple[str, str]) -> Any:
    """A right hall with a supervisor for each display."""

    async def open_hall(tell: Any) -> Any:
        specs = [ChildSpec(side, (_start, (Display, (side, tell, 0.0, sides)))) for side in sides]
        plans = [Supervise([spec], strategy="one_for_one") for spec in specs]
        below = [ChildSpec(n, (_Branch.start_link, (plan,)), type="supervisor") for n, plan in enumerate(plans)]
        return await Supervisor.start_link(below, strategy="one_for_one")

    return open_hall


_BACK: Final = "what the sentence says of the display that ended: a new process, under the same name"
_NAMED: Final = "what the sentence says of the new display: it is found under the name of the old one"
_EMPTY: Final = "what the sentence says of its rows: the new one has none. It can only be seen if the old one had some"
_OTHERS: Final = "what the sentence says of the *other* display: it is the same process, and it has its rows"
_STAYS: Final = "what the sentence says of the *other* display: it is the same process. Its rows alone do not show that"

RIGHT_HALLS: Final[tuple[tuple[str, Hall], ...]] = (
    ("a right hall", _hall()),
    ("a right hall with two supervisors below", _apart),
    ("a right hall whose displays take a second to start", _hall(pause=1.0)),
)
OTHER_SIDES: Final = ("north", "south")
BROKEN_HALLS: Final[tuple[tuple[str, Hall, str], ...]] = (
    ("a hall in which nobody comes back", _hall(never=True), _BACK),
    ("a hall in which both are new when one ends", _hall(strategy="one_for_all"), _OTHERS),
    ("a hall in which the later one is new too", _hall(strategy="rest_for_one"), _OTHERS),
    ("a hall whose displays keep their rows", _hall(_Remembers, start=_start_with_memory), _EMPTY),
    ("a hall in which the new one has no name", _hall(start=_start_without_name), _NAMED),
    ("a hall in which the other one forgets its rows", _hall(_Forgets), _OTHERS),
    ("a hall that ends with the display", _hall(max_restarts=0), _BACK),
    (
        "a hall in which both are new, and the other one has saved its rows",
        _hall(_Saves, start=_start_with_memory, strategy="one_for_all"),
        _STAYS,
    ),
)


async def hall(test: Any, sides: tuple[str, str] = ("left", "right")) -> None:
    """The test passes on every right hall, in every order, and fails on every broken one.

    Demands: an ``async def`` that takes a function and two names, of the display that is killed and of the other; it
    passes on three right halls in every order of steps, without a pause and without looking again and again, and waits
    for displays that take a second to start; it fails on each of eight broken halls, whichever display is killed.
    """
    _as_function(test, "a function that opens a hall, and two names")
    _begun(test, RIGHT_HALLS[0][1](sides), *sides)
    for turn, (pair, killed, other) in enumerate(((sides, *sides), (OTHER_SIDES, *OTHER_SIDES[::-1]))):
        called = f"; {killed!r} was killed, and the other one is {other!r}"
        for number, (about, right) in enumerate(RIGHT_HALLS):
            if number == 0 or number % 2 == turn:
                took = _passes(test, about + called, right(pair), MOST * (number != 1), (killed, other))
                _in_time(took, 0.0 if number == 0 else 100.0, about)
        for number, (about, wrong, idea) in enumerate(BROKEN_HALLS):
            if number == 2 and turn == 1:
                continue  # the later one alone is killed: nobody stands behind it
            everywhere = turn == 0 and idea is _OTHERS  # there, one order may hide what another one shows
            _fails(test, about + called, wrong(pair), idea, MOST * everywhere, (killed, other))


# ---- design: a watchdog ------------------------------------------------------------------------------------

_TOLD: Final = 'when it tells: at the second rise in a row, as ("grows", name, length)'
_FEW: Final = "how often it tells: once, and again only when a look has been no rise in between"
_IN_A_ROW: Final = "what *in a row* means: after a look that was no rise, the next rise is the first one again"
_RISE: Final = (
    "what a rise is: the same process, with a longer mailbox than at the look before. How long it is says nothing"
)
_FRESH: Final = "what a watchdog remembers: of a name, the process and its length. A new process begins anew"
_FIRST: Final = (
    "when it tells: at the second rise in a row. A first look is no rise, and how long a mailbox is says nothing"
)
_WHEN_LOOKS: Final = "when it looks: `every` seconds after its start and so on, by one timer, and by nothing else"
_STRAYS: Final = "what a message does that is not its own timer: nothing. Which message is the timer's?"
_ANSWERS: Final = 'what the call "lengths" answers: a dict of the lengths at the last look, of those who were there'
_ALIVE: Final = "what a watchdog bears: names that nobody has, and somebody to tell who is gone"
_STATE: Final = "where it is kept: each watchdog has its own state. What a class or a global keeps, all of them share"
_EACH: Final = "what is counted for whom: each name has its own rises, and is told of or not whatever the others do"
_LAST_LOOK: Final = 'what the call "lengths" answers: the lengths at the last look, and not those of now'
_RESTS: Final = "what the watchdog does between two looks: nothing"


async def watchdog(Watchdog: Any, names: tuple[str, ...] = ("speaker", "board")) -> None:
    """It finds the mailbox that grows, tells once, and sends nothing to those whom it watches.

    Demands: it is started with a dict of names, every, tell; it looks at each name ``every`` seconds; it tells at the
    second rise in a row, once until a look is no rise; a name that nobody has and a new process under a name begin
    anew; the call "lengths" is answered at once by the last look; strays change nothing; nothing is sent to the
    watched, between looks nothing is done, and two watchdogs have nothing in common.
    """
    cases = ((Watchdog, names, 10.0), (Watchdog, ("a", "b", "c"), 0.5))
    await with_other_numbers(_one_watchdog, cases)
    await _two_names(Watchdog)
    await _two_watchdogs(Watchdog)


async def _watchdog(Watchdog: Any, names: Sequence[str], every: float) -> Pid:
    Process.flag(trap_exit=True)
    began = current_node().now()
    dog = await Watchdog.start_link({"names": [*names], "every": every, "tell": self_()})
    if inspect.isawaitable(dog):
        raise NotYet("it was started", "something to be awaited", "a server", AWAIT)
    if not isinstance(dog, Pid):
        raise NotYet("it was started", safe_repr(dog), "a server", "what `init` returns")
    expect("it was started; how long did that take?", f"{current_node().now() - began:g} s", "0 s", _WHEN_LOOKS)
    return dog


async def _one_watchdog(Watchdog: Any, names: tuple[str, ...], every: float) -> None:
    busy, idle, *_ = names
    await Busy.start(busy)
    await Idle.start(idle)
    _fill(busy, 30)
    since = so_far()
    dog = await _watchdog(Watchdog, [*names, "nobody"], every)
    story = _Story(dog, every, names, since)
    await story.lengths({}, "no look was taken yet")
    await story.look(lambda: None, [], f"{busy!r} had 30 messages, at the first look", _RISE)
    await story.look(lambda: _fill(busy, 1), [], "it had 31 at the second look: the first rise", _FIRST)
    await story.lengths({busy: 31, **{name: 0 for name in names[1:] if Process.whereis(name)}}, "two looks were taken")
    await story.look(
        lambda: _fill(busy, 2), [("grows", busy, 33)], "it had 33 at the third look: the second rise", _TOLD
    )
    await story.look(lambda: _fill(busy, 2), [], "it had 35 at the fourth look: a third rise", _FEW)
    await story.look(lambda: None, [], "it had 35 at the fifth look: no rise", _RISE)
    await story.look(lambda: _fill(busy, 1), [], "it had 36 at the sixth look: a first rise again", _FEW)
    await story.look(lambda: None, [], "it had 36 at the seventh look: no rise", _RISE)
    await story.look(lambda: _fill(busy, 1), [], "it had 37 at the eighth look: a first rise again", _IN_A_ROW)

    async def strays() -> None:
        await Process.sleep(every * 0.35)
        _strays(dog)

    done = "strays came before the ninth look, and no rise"
    await story.look(lambda: spawn(strays), [], done, _STRAYS, noisy=True)
    await story.look(lambda: _fill(busy, 1), [], "it had 38 at the tenth look: a first rise", _STRAYS, _STRAYS)
    await story.look(
        lambda: _fill(busy, 1), [("grows", busy, 39)], "it had 39 at the eleventh look: the second rise", _FEW
    )
    await _anew(story, busy)
    await _nobody_to_tell(Watchdog, busy, every)
    Process.exit(dog, "kill")
    for name in names:
        await _end(name)


async def _anew(story: _Story, busy: str) -> None:
    """The process ends, and another one takes its name."""

    def ends() -> None:
        spawn(_end, busy)

    async def starts(many: int) -> None:
        await _end(busy)
        await Busy.start(busy)
        _fill(busy, many)

    await story.look(lambda: None, [], "there was no rise", _RISE)
    await story.look(lambda: _fill(busy, 2), [], "it had 41: a first rise", _FEW)
    done = "a new process had the name, with a mailbox of 60"
    await story.look(lambda: spawn(starts, 60), [], done, _FRESH)
    await story.look(lambda: _fill(busy, 1), [], "the new one had 61: its first rise", _FRESH)
    await story.look(lambda: _fill(busy, 1), [("grows", busy, 62)], "the new one had 62: its second rise", _FRESH)
    await story.look(ends, [], "it ended", _ALIVE)
    await story.lengths(None, "the name was nobody's", missing=busy)
    await story.look(lambda: spawn(starts, 5), [], "there was a new one with 5, where nobody had been", _FRESH)
    await story.look(lambda: _fill(busy, 1), [], "the new one had 6: its first rise", _FRESH)
    await story.look(lambda: _fill(busy, 1), [("grows", busy, 7)], "the new one had 7: its second rise", _FRESH)


def _strays(dog: Pid) -> None:
    for stray in (("a stray message of the check", 1), None, "hello", 7):
        send(dog, stray)
    GenServer.cast(dog, "a stray cast of the check")


class _Story:
    """One watchdog, look by look."""

    def __init__(self, dog: Pid, every: float, names: Sequence[str], since: int) -> None:
        self.dog, self.every, self.names, self.since = dog, every, names, since

    def fills(self, **many: int) -> Callable[[], Any]:
        """Put so many messages into the mailboxes of these, or take some out."""

        def act() -> None:
            for name, number in many.items():
                if number > 0:
                    _fill(name, number)
                else:
                    send(name, (TAKEN, -number))

        return act

    def sends_nothing(self) -> None:
        """Nothing was sent to those who are watched."""
        if asked := _asked(self.names, self.since):
            raise NotYet("it watched", f"{safe_repr(asked[0].term)} was sent to one of them", "nothing is sent", _ASKS)

    async def look(
        self, act: Callable[[], Any], hoped: list[Any], done: str, idea: str, rests: str = _RESTS, noisy: bool = False
    ) -> None:
        """Let one look come, with this before it; what was told?"""
        await let_pass(self.every * 0.25)
        act()
        await let_pass(self.every * 0.25)
        before = turns_of(self.dog)
        await let_pass(self.every * 0.25)
        if turns_of(self.dog) != before and not noisy:
            raise NotYet("nothing was due", f"{turns_of(self.dog) - before} turns of the watchdog", "none", rests)
        early = await _told()
        await let_pass(self.every * 0.25)
        await Process.sleep(0.0)
        seen = [*early, *await _told()]
        if not Process.alive(self.dog):
            reason = describe_reason(ended_with(self.dog))
            raise NotYet(done, f"the watchdog ended with {reason}", "it watches on", _ALIVE)
        if await restless():
            raise NotYet(done, "the watchdog goes on and on", "it rests", _RESTS)
        self.sends_nothing()
        seen.sort(key=safe_repr)  # of two names either may come first
        if len(seen) > len(hoped) and idea is _TOLD:
            idea = _RISE
        about = _WHEN_LOOKS if early else _TOLD if seen and len(seen) == len(hoped) else idea
        expect(f"{done}; what was told?", seen, hoped, about)

    async def lengths(self, hoped: dict[str, int] | None, done: str, missing: str = "", idea: str = _ANSWERS) -> None:
        """Ask for the lengths, which takes no time."""
        began = current_node().now()
        try:
            seen = await GenServer.call(self.dog, "lengths", timeout=1.0)
        except Exit as exit:
            if not Process.alive(self.dog):
                raise
            reason = exit.reason[0] if isinstance(exit.reason, tuple) else exit.reason
            raise NotYet(f"{done}; the lengths", describe_reason(reason), "an answer", _ANSWERS) from None
        self.sends_nothing()
        expect(f"{done}; how long did the answer take?", f"{current_node().now() - began:g} s", "0 s", _RESTS)
        if hoped is None:
            expect(f"{done}; is it among the lengths?", missing in seen, False, _ANSWERS)
        else:
            expect(f"{done}; the lengths", seen, hoped, idea)


async def _two_names(Watchdog: Any) -> None:
    """Two mailboxes, which grow at the same time or not, and become shorter."""
    names = ("one", "two")
    await _holding(*names)
    since = so_far()
    dog = await _watchdog(Watchdog, names, 4.0)
    story = _Story(dog, 4.0, names, since)
    fills = story.fills
    await story.look(fills(one=5, two=5), [], "'one' and 'two' had 5, at the first look", _FIRST)
    await story.look(fills(one=1), [], "'one' had 6: its first rise", _FIRST)
    await story.look(fills(one=1, two=1), [("grows", "one", 7)], "'one' had 7, 'two' had 6", _EACH)
    fills(one=1, two=1)()
    await story.lengths({"one": 7, "two": 6}, "both got a message since the last look", idea=_LAST_LOOK)
    await story.look(fills(), [("grows", "two", 7)], "'one' had its third rise, 'two' its second", _EACH)
    await story.look(fills(one=-3, two=1), [], "'one' had 5: shorter; 'two' had its third rise", _FEW)
    await story.look(fills(one=1, two=1), [], "'one' had 6: its first rise; 'two' had its fourth", _FEW)
    await story.look(fills(one=1), [("grows", "one", 7)], "'one' had been shorter, and had its second rise", _RISE)
    await story.look(fills(one=-2), [], "nobody had a rise", _RISE)
    await story.look(fills(one=1, two=1), [], "both had a first rise", _FEW)
    both = [("grows", "one", 7), ("grows", "two", 11)]
    await story.look(fills(one=1, two=1), both, "both had a second rise", _EACH)
    Process.exit(dog, "kill")
    for name in names:
        await _end(name)


async def _told() -> list[Any]:
    return [message for message in await _drained() if type(message) is tuple]


async def _nobody_to_tell(Watchdog: Any, busy: str, every: float) -> None:
    gone = spawn(_lives)
    Process.exit(gone, "kill")
    await Process.sleep(0.0)
    dog = await Watchdog.start_link({"names": [busy], "every": every, "tell": gone})
    for _ in range(4):
        _fill(busy, 1)
        await let_pass(every)
    await Process.sleep(0.0)
    expect("there was nobody to tell; does it watch on?", Process.alive(dog), True, _ALIVE)
    Process.exit(dog, "kill")
    await let_pass(every)
    await _drained()


async def _two_watchdogs(Watchdog: Any) -> None:
    """The second looks in between the looks of the first."""
    await Busy.start("one")
    _fill("one", 3)
    await _watchdog(Watchdog, ["one"], 4.0)
    await let_pass(6.0)
    second = await _watchdog(Watchdog, ["one"], 4.0)
    for seconds in (1.0, 2.0):
        await let_pass(seconds)
        _fill("one", 1)
    await let_pass(2.0)
    expect("the second watchdog had looked once, the first one twice; what was told?", await _told(), [], _STATE)
    expect("the lengths of the second", await GenServer.call(second, "lengths"), {"one": 5}, _STATE)
    await let_pass(2.0)
    expect("the first one saw a second rise; what was told?", await _told(), [("grows", "one", 5)], _STATE)


__all__ = ["growing", "hall", "held", "late", "senders", "verdict", "watchdog"]

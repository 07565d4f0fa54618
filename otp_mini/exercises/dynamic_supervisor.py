"""The checks of chapter 07, dynamic supervisors.

They start what the reader wrote, end its processes one after the other or all at once, and look who is there. Each
docstring says in its first line what "ok" claims, and then what the check demands: the text of the exercise has to
say all of it. What is given is the numbers of the first case; each check runs at least one other case besides.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any, Final

from .. import (
    ChildError,
    ChildSpec,
    Down,
    DynamicSupervisor,
    Exit,
    GenServer,
    Ok,
    Pid,
    Process,
    StartError,
    Stop,
    current_node,
    receive,
    self_,
    send,
    spawn,
    sys_,
)
from ..errors import describe_reason, safe_repr
from .checking import NotYet, expect
from .comparing import same
from .looking import answered, not_started, with_other_numbers

A_WHILE: Final = 0.1
"""Virtual seconds in which a process that has something to do does it."""

A_WINDOW: Final = 6.0
"""After so many seconds no earlier restart counts."""

_HELD: Final = "who starts the process. What is started by `start_child` is linked to the supervisor that is asked"


# ---- whom the checks start, and whom they ask ---------------------------------------------------------------


class _Guest(GenServer):
    """A child of the checks: its argument is (its name, seconds that its ``init`` takes, or a reason to refuse)."""

    @classmethod
    async def start_link(cls, argument: Any) -> Pid | None:  # type: ignore[override]
        return await super().start_link(argument, name=argument[0])

    async def init(self, argument: Any) -> Ok | Stop:
        _, seconds, refusal = argument
        await Process.sleep(seconds)
        return Ok(None) if refusal is None else Stop(refusal)

    def handle_cast(self, request: Any, state: Any) -> Stop:
        return Stop(request[1], state)


def _spec(name: object, restart: Any = "permanent", seconds: float = 0.0, refusal: object = None) -> ChildSpec:
    return ChildSpec(name, (_Guest.start_link, ((name, seconds, refusal),)), restart=restart)


async def _chat() -> Pid:
    """A fresh dynamic supervisor called "chat"."""
    Process.flag(trap_exit=True)
    chat = await DynamicSupervisor.start_link(name="chat")
    assert chat is not None
    return chat


async def _close(pid: Pid | None) -> None:
    """End a process and wait for it; nothing of it stays in the mailbox of the check."""
    if pid is None:
        return
    Process.unlink(pid)
    watch = Process.monitor(pid)
    Process.exit(pid, "shutdown")
    if not isinstance(await receive(lambda m: type(m) is Down and m.ref == watch, timeout=10.0), Down):
        Process.exit(pid, "kill")
    await Process.sleep(A_WHILE)


async def _active(supervisor: Pid) -> int:
    return (await DynamicSupervisor.count_children(supervisor)).active


def _above(pid: Pid | None) -> Pid | None:
    """Who has started a process."""
    info = None if pid is None else Process.info(pid)
    return None if info is None else info["parent"]


async def _end(name: str, reason: object) -> None:
    """End a process, quietly by a stop and otherwise by a signal, and give its supervisor the time to see to it."""
    pid = Process.whereis(name)
    if reason == "normal" and pid is not None:
        await GenServer.stop(pid)
    elif pid is not None:
        Process.exit(pid, reason)
    await Process.sleep(A_WHILE)


def _pids(names: Sequence[str]) -> dict[str, Pid | None]:
    return {name: Process.whereis(name) for name in names}


def _gone(names: Sequence[str]) -> list[str]:
    return [name for name in names if Process.whereis(name) is None]


def _there(names: Sequence[str]) -> list[str]:
    return [name for name in names if Process.whereis(name) is not None]


def _new(before: dict[str, Pid | None]) -> list[str]:
    return [name for name, pid in before.items() if Process.whereis(name) is not pid]


def _refused(error: ChildError, done: str, idea: str) -> BaseException:
    """What `start_child` failed with: an exception of the reader's as it is, all else as a `NotYet`."""
    if isinstance(error.reason, BaseException):
        return StartError(error.reason)
    return NotYet(done, f"ChildError: {describe_reason(error.reason)}", "a child that runs", idea)


# ---- drills ---------------------------------------------------------------------------------------------------


async def open_chat(open_chat: Any, people: tuple[str, ...] = ("ann", "ben")) -> None:
    """Each person has a connection that is there again after any end, nobody else is touched, and more can come.

    Demands: a dynamic supervisor called "chat", whose pid is returned, with one connection for each name and no
    other child; it takes thirty more children later; three restarts within five seconds are allowed, and a fourth is
    not.
    """
    await with_other_numbers(_one_chat, ((open_chat, people), (open_chat, ("north", "sea", "woods")), (open_chat, ())))


async def _one_chat(open_chat: Any, people: tuple[str, ...]) -> None:
    Process.flag(trap_exit=True)
    done = f"`open_chat` was called with {list(people)}"
    try:
        chat = await answered(open_chat(list(people)), done)
    except StartError as error:
        raise not_started(error) from None
    except ChildError as error:
        idea = "what `start_child` is handed: one specification at a time"
        raise _refused(error, done, idea) from None
    if chat is None:
        raise NotYet(done, "None", "the pid of the supervisor", "what the function returns")
    idea = "the supervisor's own name, and what is returned: its pid"
    expect(f'{done}; is what it returned called "chat"?', chat is Process.whereis("chat"), True, idea)
    idea = "how often a connection is started: once for each name, whatever the names are and however many"
    expect(f"{done}; who is missing?", _gone(people), [], idea)
    strangers = [name for name in people if _above(Process.whereis(name)) is not chat]
    expect(f"{done}; which connections were not started by the supervisor?", strangers, [], _HELD)
    expect(f"{done}; how many children has it?", await _active(chat), len(people), idea)
    for name in people:
        await _hears(name)
    for reason in ("kill", "shutdown", "normal"):
        for name in people:
            await _comes_back(people, name, reason)
    await _more_come(chat, len(people))
    if people:
        await _default_budget(chat, people)
    await _close(chat)


async def _hears(name: str) -> None:
    """What was started is a connection: it keeps lines."""
    for hoped in (["hello"], ["hello", "hello"]):
        done = f'("say", "hello ") was called on {name!r}'
        idea = "what is started for each person: a `Connection`"
        try:
            seen = await GenServer.call(name, ("say", "hello "))
        except Exit as error:
            raise NotYet(done, f"an exit: {describe_reason(error.reason)}", repr(hoped), idea) from None
        expect(done, seen, hoped, idea)


async def _default_budget(chat: Pid, people: Sequence[str]) -> None:
    """Three restarts within five seconds, and no fourth."""
    idea = "how many restarts the supervisor allows within how many seconds: it is to have the default"
    for _ in range(3):
        await _end(people[0], "kill")
    expect("a connection was killed three times within a second; who is missing?", _gone(people), [], idea)
    await _end(people[0], "kill")
    expect("it was killed a fourth time; has the supervisor given up?", not Process.alive(chat), True, idea)


async def _comes_back(people: Sequence[str], name: str, reason: str) -> None:
    before, done = _pids(people), f'"{name}" was ended with {reason!r}'
    await _end(name, reason)
    idea = "which children come back after any end: those of which the specification says nothing else"
    expect(f"{done}; who is missing?", _gone(people), [], idea)
    expect(f"{done}; who is new?", _new(before), [name], "who else was ended, and by whom")
    await Process.sleep(A_WINDOW)


async def _more_come(chat: Pid, so_many: int) -> None:
    """More children, with one id: only a dynamic supervisor takes them all."""
    done = "thirty more people came later, with specifications that have the same id"
    for number in range(30):
        child = _spec(f"late guest {number}").override(id="guest")
        try:
            await DynamicSupervisor.start_child(chat, child)
        except ChildError as error:
            match error.reason:
                case "max_children":
                    idea = "what the supervisor was told about the number of its children"
                case _:
                    idea = "the kind of supervisor. One with a fixed list tells its children apart by their ids"
            raise _refused(error, done, idea) from None
    expect(f"{done}; how many children are there?", await _active(chat), so_many + 30, "who else came or went")


_TWO_STEPS: Final = (
    "what may happen between a look at the name and the start. Start in any case: the error says who has the name"
)


async def connect(connect: Any, name: str = "eve", reason: object = "no such room") -> None:
    """Whoever asks for a name gets the pid of the one process that has it, and every other error is raised.

    Demands: a new child belongs to "chat"; the process that has the name may be anybody's; three that ask at the same
    moment get one pid; when that child has ended for good, the next who asks gets a new one; an error of another
    kind, whatever its reason is, is the same `ChildError` that `start_child` raises.
    """
    await with_other_numbers(_one_name, ((connect, name, reason), (connect, "north", ("already_banned", 7))))


async def _one_name(connect: Any, name: str, reason: object) -> None:
    chat = await _chat()
    done = f"`connect` was called with a specification whose child is called {name!r}"
    pid = await _connected(connect, _spec(name), done)
    if pid is None:
        raise NotYet(done, "None", "the pid of the child", "what the function returns when the start has succeeded")
    idea = "what `start_child` answers: the pid of the child"
    expect(f"{done}; is its answer the pid of {name!r}?", pid is Process.whereis(name), True, idea)
    expect(f'{done}; did "chat" start it?', _above(pid) is chat, True, _HELD)
    for _ in range(2):
        again = await _connected(connect, _spec(name).override(id="another id"), f"{done}, again")
        idea = "the second part of the reason that begins with `already_started`"
        expect(f"{done}, again; is it the same pid?", again is pid, True, idea)
    expect(f"{done}, three times; how many children are there?", await _active(chat), 1, "how many were started")
    await _elsewhere(connect, f"{name} elsewhere")
    await _at_once(connect, chat, f"{name} at once")
    await _anew(connect, f"{name} anew")
    for why in (reason, "max_children", ("shutdown", "not today"), 404):
        await _other_error(connect, f"{name} refused", why)
    await _close(chat)


async def _connected(connect: Any, spec: ChildSpec, done: str) -> Any:
    try:
        return await answered(connect(spec), done)
    except ChildError as error:
        idea = "which error means that the child is there, and what else stands in its `reason`"
        raise _refused(error, done, idea) from None


async def _anew(connect: Any, name: str) -> None:
    """A child that does not come back has ended, and somebody asks for it."""
    await _connected(connect, _spec(name, "temporary"), f"`connect` was called for {name!r}")
    await _end(name, "kill")
    done = f"{name!r} had ended for good, and `connect` was called again"
    pid = await _connected(connect, _spec(name, "temporary"), done)
    idea = "what is remembered of an earlier start: nothing has to be. `start_child` knows whether the name is taken"
    expect(f"{done}; is somebody there?", Process.whereis(name) is not None, True, idea)
    expect(f"{done}; is it the pid of who is there now?", pid is Process.whereis(name), True, idea)


async def _elsewhere(connect: Any, name: str) -> None:
    """Somebody who is no child of the chat has the name."""
    home = self_()

    async def stranger() -> None:
        Process.register(self_(), name)
        send(home, "registered")
        await receive()

    pid = spawn(stranger)
    await receive(lambda m: m == "registered")
    done = "`connect` was called for a name that belongs to a process elsewhere"
    expect(f"{done}; is the answer its pid?", await _connected(connect, _spec(name), done) is pid, True, _TWO_STEPS)
    expect(f"{done}; does that process live?", Process.alive(pid), True, "who is ended: nobody")
    Process.exit(pid, "kill")


async def _at_once(connect: Any, chat: Pid, name: str) -> None:
    """Three processes ask for one name while its ``init`` takes its time."""
    home, before = self_(), await _active(chat)
    done = f"three processes called `connect` for {name!r} at the same moment"

    async def ask() -> None:
        try:
            send(home, ("asked", await answered(connect(_spec(name, seconds=0.5)), done)))
        except (Exit, Exception) as error:
            send(home, ("asked", error))

    for _ in range(3):
        spawn(ask)
    for _ in range(3):
        answer = await receive(lambda m: isinstance(m, tuple) and m[:1] == ("asked",), timeout=60.0)
        if answer == "timeout":
            raise NotYet(done, "one of them got no answer", "the pid", "what the function waits for")
        if isinstance(answer[1], NotYet):
            raise answer[1]
        if isinstance(answer[1], BaseException):
            said = describe_reason(getattr(answer[1], "reason", answer[1]))
            raise NotYet(done, f"one of them got the error {said}", "the same pid for all", _TWO_STEPS)
        expect(f"{done}; did each get the pid?", answer[1] is Process.whereis(name), True, _TWO_STEPS)
    expect(f"{done}; how many were started?", await _active(chat) - before, 1, _TWO_STEPS)


async def _other_error(connect: Any, name: str, reason: object) -> None:
    done = f"the child's `init` returned Stop({reason!r})"
    idea = "what happens to an error that is none of your concern. After the `except` it is raised again, as it is"
    try:
        seen = await answered(connect(_spec(name, refusal=reason)), done)
    except ChildError as error:
        expect(f"{done}; which reason was raised?", error.reason, reason, idea)
        return
    except Exception as error:
        raise NotYet(done, describe_reason(error), f"ChildError({reason!r})", idea) from None
    raise NotYet(done, f"`connect` returned {safe_repr(seen)}", f"ChildError({reason!r}), raised", idea)


End = tuple[str, object]

ENDS: Final[tuple[tuple[End, ...], ...]] = (
    (),
    (("temporary", "burnt out"),) * 9,
    (("permanent", "normal"), ("permanent", "shutdown"), ("permanent", "burnt out")),
    (("permanent", "burnt out"),) * 9,
    (("permanent", "burnt out"),) * 4,
    (("permanent", "normal"),) * 4,
    (("transient", "normal"), ("transient", "shutdown"), ("transient", ("shutdown", "moved"))) * 2,
    (("transient", "burnt out"),) * 3,
    (("transient", "burnt out"), ("permanent", "normal"), ("temporary", "burnt out"), ("transient", "killed")),
    (("transient", "burnt out"), ("permanent", "normal"), ("transient", "killed"), ("transient", ("normal", 1))),
    (("transient", ("shutdown", ("moved", 2))),) * 3 + (("permanent", ("a", "pair")),) * 3,
    (("transient", ("shutdown", 1, 2)),) * 4,
    (("transient", ValueError("line 7")), ("permanent", ())) * 2,
    (("transient", "shutdown of the line"), ("transient", "normally"), ("transient", ("shutdown",))) * 2,
    (
        *((("permanent", "normal"), ("temporary", "burnt out"), ("transient", "burnt out")) * 2),
        ("transient", "normal"),
    ),
)
"""What each of them comes to, the check asks real supervisors."""


async def lives_on(function: Any, ends: tuple[End, ...] = ENDS[2]) -> None:
    """It agrees with real dynamic supervisors on which ends are counted, and how many are too many.

    Demands: for any list of pairs, the empty one too, True or False.
    """
    tried: list[tuple[tuple[End, ...], bool]] = []
    await with_other_numbers(_one_supervisor, [(function, each, tried) for each in (ends, *ENDS)])


async def _one_supervisor(function: Any, ends: tuple[End, ...], tried: list[tuple[tuple[End, ...], bool]]) -> None:
    done = f"`lives_on` was called with {safe_repr(list(ends))}"
    seen = function(list(ends))
    if inspect.isawaitable(seen):
        getattr(seen, "close", lambda: None)()
        raise NotYet(done, "a coroutine", "True or False", "the kind of function: a plain `def` needs no `await`")
    if type(seen) is not bool:
        raise NotYet(done, safe_repr(seen), "True or False", "what the function returns, on each way through it")
    tried.append((ends, seen))
    expect(f"{done}; is the supervisor alive afterwards?", seen, await _really(ends), _about_ends(tried))


def _about_ends(tried: Sequence[tuple[Sequence[End], bool]]) -> str:
    """The first misconception that explains all answers so far."""
    for idea, counts, allowed in _MISTAKEN:
        if all(seen is (sum(counts(*end) for end in ends) <= allowed) for ends, seen in tried):
            return idea
    if all(seen is (_longest_row(ends) <= 3) for ends, seen in tried):
        return "which restarts are counted together: all of them. An end that is not counted makes none forgotten"
    return "which ends of which kind of child are restarts, and how many restarts are allowed"


def _counts(restart: str, reason: object) -> bool:
    return restart == "permanent" or (restart == "transient" and not _is_quiet(reason))


def _longest_row(ends: Sequence[End]) -> int:
    """The most restarts with no other end between them."""
    longest = row = 0
    for end in ends:
        row = row + 1 if _counts(*end) else 0
        longest = max(longest, row)
    return longest


_NUMBER: Final = "how many restarts are allowed, and which number is one too many"
_NEVER: Final = "the children that never come back. Where there is no restart, nothing is counted"
_QUIET: Final = "the ends after which a transient child does not come back"
_PAIR: Final = "the reason of a transient child that is a pair and begins with `shutdown`"
_LONGER: Final = (
    "after which ends a transient child comes back: all but three kinds of reasons, and the third is a pair"
)

_MISTAKEN: Final[tuple[tuple[str, Callable[[str, Any], bool], float], ...]] = (
    (_NUMBER, _counts, 2),
    (_NUMBER, _counts, 4),
    (_NEVER, lambda restart, reason: True, 3),
    (_NEVER, lambda restart, reason: _counts("transient" if restart == "temporary" else restart, reason), 3),
    (_PAIR, lambda k, r: k == "permanent" or (k == "transient" and (isinstance(r, tuple) or not _is_quiet(r))), 3),
    (_LONGER, lambda k, r: _counts(k, r) and not (k == "transient" and isinstance(r, tuple) and r[0] == "shutdown"), 3),
    (_LONGER, lambda k, r: _counts(k, r) and not (k == "transient" and isinstance(r, tuple)), 3),
    (_LONGER, lambda k, r: _counts(k, r) and not (k == "transient" and _begins_quietly(r)), 3),
    (_QUIET, lambda restart, reason: restart != "temporary", 3),
    (
        "what a permanent child does after a quiet end: it comes back after every end",
        lambda restart, reason: restart != "temporary" and not _is_quiet(reason),
        3,
    ),
    ("what a transient child does after a crash", lambda restart, reason: restart == "permanent", 3),
    ("whether each child has a budget of its own", lambda restart, reason: False, 3),
)
"""What one might believe: which ends count, and how many are allowed."""


def _is_quiet(reason: object) -> bool:
    if isinstance(reason, tuple):
        return len(reason) == 2 and reason[0] == "shutdown"
    return isinstance(reason, str) and reason in ("normal", "shutdown")


def _begins_quietly(reason: object) -> bool:
    return isinstance(reason, str) and reason.startswith(("normal", "shutdown"))


async def _really(ends: Sequence[End]) -> bool:
    """Does a real supervisor survive these ends?"""
    Process.flag(trap_exit=True)
    supervisor = await DynamicSupervisor.start_link()
    assert supervisor is not None
    pids = [
        await DynamicSupervisor.start_child(supervisor, _spec(("child", number), restart))
        for number, (restart, _) in enumerate(ends)
    ]
    for pid, (_, reason) in zip(pids, ends, strict=True):
        GenServer.cast(pid, ("end", reason))
        await Process.sleep(0.01)
    alive = Process.alive(supervisor)
    await _close(supervisor)
    return alive


async def hang_up(hang_up: Any, name: str = "eve") -> None:
    """A child of any kind is stopped for good, nobody else is ended, and a name from elsewhere is not here.

    Demands: "ok" for a child of "chat", in its first life or a later one; "not here" for a name that nobody has, and
    for one that belongs to a process elsewhere; hanging up spends nothing of the budget.
    """
    await with_other_numbers(_one_hang_up, ((hang_up, name), (hang_up, "north")))


_FOR_GOOD: Final = "who can stop a child for good: the supervisor, if it is asked to. What ends by itself may come back"


async def _one_hang_up(hang_up: Any, name: str) -> None:
    chat = await _chat()
    await DynamicSupervisor.start_child(chat, _spec("stays"))
    stays = _pids(["stays"])
    for restart in ("permanent", "transient", "temporary"):
        for life in (1, 2):
            await DynamicSupervisor.start_child(chat, _spec(name, restart))
            if life == 2 and restart == "permanent":
                await _end(name, "kill")
            await _hung_up(hang_up, chat, name, f"a {restart} child")
            expect("another child was hung up; who is new or gone?", _new(stays), [], "whom the function ends")
    done = "nobody had the name"
    idea = "what `Process.whereis` answers when nobody has the name"
    expect(done, await _no_child(hang_up, name, done), "not here", idea)
    await _is_elsewhere(hang_up, f"{name} elsewhere")
    expect('"stays" was never hung up; who is new or gone?', _new(stays), [], "whom the function ends")
    await _close(chat)


async def _hung_up(hang_up: Any, chat: Pid, name: str, what: str) -> None:
    done = f"`hang_up` was called for {what}"
    pid = Process.whereis(name)
    answer = await _no_child(hang_up, name, done)
    if Process.whereis(name) is pid:
        raise NotYet(done, "its process lives on", "its end", _FOR_GOOD)
    await Process.sleep(A_WINDOW)
    if not Process.alive(chat):
        raise NotYet(done, "the supervisor has ended", "the child's end and nobody else's", "whom the function ends")
    expect(f"{done}; is it there six seconds later?", Process.whereis(name) is not None, False, _FOR_GOOD)
    expect(f"{done}; what did it return?", answer, "ok", "what the function returns on each way through it")


async def _no_child(hang_up: Any, name: str, done: str) -> Any:
    idea = "which error means that no child has this pid, and what the caller is to get in its place"
    try:
        return await answered(hang_up(name), done)
    except ChildError as error:
        raise NotYet(done, f"ChildError: {describe_reason(error.reason)}", '"ok" or "not here"', idea) from None
    except Exit as error:
        idea = "what is done with a name that nobody has"
        raise NotYet(done, f"an exit: {describe_reason(error.reason)}", '"ok" or "not here"', idea) from None


async def _is_elsewhere(hang_up: Any, name: str) -> None:
    pid = await _Guest.start((name, 0.0, None), name=name)
    assert pid is not None
    done = "the name belonged to a process that is no child of the chat"
    seen = await _no_child(hang_up, name, done)
    expect(f"{done}; does it live?", Process.alive(pid), True, "whose children the function may end")
    expect(f"{done}; what did it return?", seen, "not here", "what `terminate_child` raises for a pid of elsewhere")
    await _close(pid)


# ---- repairs ----------------------------------------------------------------------------------------------------


_ONCE: Final = "how often `shake` is called: once for each start"
_WAITS: Final = "which process waits for the handshake. While it waits for an `init`, the supervisor serves nobody else"
_AWAY: Final = (
    "the `restart` of a guest. Whoever has ended is not to come back, and what does not come back is not counted"
)


class _Handshake:
    """The other side of a guest: it greets after some time, or fails, or never answers."""

    def __init__(self, name: str, seconds: float, greeting: object) -> None:
        self.name, self.seconds, self.greeting = name, seconds, greeting
        self.calls = 0

    def guest(self) -> tuple[str, Callable[[], Any]]:
        async def shake() -> object:
            self.calls += 1
            await Process.sleep(self.seconds)
            if isinstance(self.greeting, BaseException):
                raise self.greeting
            return self.greeting

        return self.name, shake


async def guests(Guest: Any, seconds: float = 20.0, greeting: str = "hello") -> None:
    """A slow guest keeps nobody waiting, early calls get the greeting, and whoever ends costs only itself.

    Demands: `start_child` takes no time; one handshake for each start, whether anybody asks or not; a guest whose
    handshake fails, at once or later, by whatever exception, is gone, and so is one that ends by whatever reason; any
    number of them within one second.
    """
    await with_other_numbers(_some_guests, ((Guest, seconds, greeting), (Guest, 45.0, "good evening")))


async def _some_guests(Guest: Any, seconds: float, greeting: str) -> None:
    chat = await _chat()
    slow = [_Handshake(f"guest {n}", seconds, f"{greeting} {n}") for n in range(3)]
    silent = _Handshake("silent", 3000.0, "too late")
    for shake in (silent, *slow):
        await _let_in(Guest, chat, shake)
    early = [_early(shake.name) for shake in slow]
    await Process.sleep(seconds + 1.0)
    for shake, answers in zip(slow, early, strict=True):
        expect("a handshake has succeeded; how often was `shake` called?", shake.calls, 1, _ONCE)
        done = f"the greeting was asked for at once, and the handshake took {seconds:g} seconds"
        idea = "when a call is answered. What comes before the greeting is there has to wait for it"
        expect(f"{done}; what came back?", answers, [shake.greeting], idea)
        seen = await GenServer.call(shake.name, "greeting")
        expect("the greeting was asked for afterwards", seen, shake.greeting, "what becomes the state")
    expect("nobody has asked for a greeting; how often was `shake` called?", silent.calls, 1, _ONCE)
    before = _pids([shake.name for shake in slow])
    await _all_fail(Guest, chat, before, 0.0)
    await _all_fail(Guest, chat, before, 3.0)
    await _all_end(Guest, chat, before)
    await _close(chat)


async def _let_in(Guest: Any, chat: Pid, shake: _Handshake) -> None:
    """Start a guest, from a process that gives up after a minute."""
    began, home = current_node().now(), self_()
    done = f"a guest was started whose handshake takes {shake.seconds:g} seconds"

    async def start() -> None:
        try:
            send(home, ("in", await DynamicSupervisor.start_child(chat, (Guest, shake.guest()))))
        except (ChildError, Exit) as error:
            send(home, ("in", error))

    spawn(start)
    answer = await receive(lambda m: isinstance(m, tuple) and m[:1] == ("in",), timeout=60.0)
    waited = current_node().now() - began
    if not Process.alive(chat):
        _still_there(done, chat, {})
    if answer == "timeout" or waited:
        raise NotYet(done, f"`start_child` took {waited:g} seconds", "no wait", _WAITS)
    if isinstance(answer[1], ChildError):
        raise _refused(answer[1], done, "what `init` returns: Ok(…)")
    if shake.seconds:
        idea = "the name under which `start_link` starts it"
        expect(f"{done}; is it there under its name?", Process.whereis(shake.name) is not None, True, idea)


def _early(name: str) -> list[object]:
    """Ask for a greeting from a process of its own; the list holds what came back."""
    answers: list[object] = []

    async def ask() -> None:
        try:
            answers.append(await GenServer.call(name, "greeting", timeout=None))
        except Exit as error:
            answers.append(f"an exit: {describe_reason(error.reason)}")

    spawn(ask)
    return answers


async def _all_fail(Guest: Any, chat: Pid, others: dict[str, Pid | None], seconds: float) -> None:
    """Eight guests whose handshakes fail within one second."""
    when = "at once" if not seconds else f"after {seconds:g} seconds"
    done = f"eight guests came whose handshakes fail {when}"
    error = ValueError("no key") if seconds else ConnectionError("hung up")
    failing = [_Handshake(f"failing {n}", seconds, error) for n in range(8)]
    for shake in failing:
        await _let_in(Guest, chat, shake)
    await Process.sleep(seconds + 1.0)
    _still_there(done, chat, others)
    names = [shake.name for shake in failing]
    idea = (
        "what ends a guest whose handshake has failed. An exception that is caught ends nobody; "
        "in a process of its own it ends the guest by a link, if the guest does not trap exits"
    )
    expect(f"{done}; who of them is there?", _there(names), [], idea)
    expect(
        f"{done}; how often was each called?", [shake.calls for shake in failing], [1] * 8, f"{_ONCE}. And at {_AWAY}"
    )


def _still_there(done: str, chat: Pid, others: dict[str, Pid | None]) -> None:
    if not Process.alive(chat):
        raise NotYet(done, "the supervisor has given up, and everybody is out", "the other guests, untouched", _AWAY)
    expect(f"{done}; which other guests are new or gone?", _new(others), [], _AWAY)


async def _all_end(Guest: Any, chat: Pid, others: dict[str, Pid | None]) -> None:
    """Guests who have been greeted end in every way."""
    reasons: tuple[object, ...] = ("normal", "kill", "shutdown", "cable cut", ("shutdown", "moved"))
    shakes = [_Handshake(f"leaving {n}", 0.0, "hello") for n in range(len(reasons))]
    for shake in shakes:
        await _let_in(Guest, chat, shake)
    await Process.sleep(A_WHILE)
    for shake, reason in zip(shakes, reasons, strict=True):
        await _end(shake.name, reason)
        done = f"a guest who had been greeted ended with {reason!r}"
        _still_there(done, chat, others)
        expect(f"{done}; did anybody come back?", shake.calls > 1 or bool(_there([shake.name])), False, _AWAY)


_BY_NAME: Final = "what the switchboard remembers of a connection. A pid is of one life, and a name of all of them"
_NOBODY: Final = "what a call raises when nobody is there, or nobody answers. `except Exception` does not catch an exit"


async def switchboard(Switchboard: Any, names: tuple[str, ...] = ("ann", "ben")) -> None:
    """It reaches every connection in any of its lives, says when nobody answers, and ends with none of them.

    Demands: "ok" for a connection that was there before, too; "not here" for an unknown name, for one that was
    stopped, for a connection that ends before it has answered (the line is not said again to its next life), and,
    after five seconds and no more, for one that is silent; another switchboard reaches the same connections; no "ok"
    for a connection that could not be started.
    """
    await with_other_numbers(_one_board, ((Switchboard, names), (Switchboard, ("north", "sea", "woods"))))
    await _no_room(Switchboard, names[0])


_NOT_THERE: Final = "which error of a start is good news: `already_started`, and no other. Here nobody has the name"


async def _no_room(Switchboard: Any, name: str) -> None:
    """The supervisor takes nobody: there is no such connection, and what else is answered is the reader's choice."""
    chat = await DynamicSupervisor.start_link(name="chat", max_children=0)
    board = await answered(Switchboard.start_link(None), "the switchboard was started")
    done = f'"chat" had no room, and ("connect", {name!r}) was called'
    try:
        seen = await GenServer.call(board, ("connect", name))
    except Exit:
        seen = None
    if same(seen, "ok"):
        raise NotYet(done, "'ok'", "anything else: there is no such connection", _NOT_THERE)
    await _close(board)
    await _close(chat)


async def _one_board(Switchboard: Any, names: tuple[str, ...]) -> None:
    chat = await _chat()
    board = await answered(Switchboard.start_link(None), "the switchboard was started")
    for name in names:
        for time in ("the first", "the second"):
            done = f'("connect", {name!r}) was called for {time} time'
            idea = "what a name that is taken means: the connection is there, and that is what was wanted"
            expect(done, await _board(board, ("connect", name), done, idea), "ok", idea)
    expect("how many connections were started?", await _active(chat), len(names), "how many there are for each name")
    for name in names:
        await _say(board, name, "good evening ", ["good evening"], "its connection was there")
    await _lives(board, chat, names)
    await _nobody(board, chat, names[0])
    Process.exit(board, "kill")
    await Process.sleep(A_WHILE)
    board = await answered(Switchboard.start_link(None), "another switchboard was started")
    await _say(board, names[-1], "again", ["again"], "another switchboard had been started", begins=True)
    await _close(board)
    await _close(chat)


async def _board(board: Pid, request: object, done: str, idea: str) -> Any:
    """Ask the switchboard; see that it lives afterwards."""
    try:
        answer = await GenServer.call(board, request, timeout=8.0)
    except Exit as error:
        match error.reason:
            case ("timeout", _):
                raise NotYet(done, "no answer within eight seconds", "an answer", _NOBODY) from None
            case (NotImplementedError() as stub, _):
                raise stub from None
            case (ChildError(("already_started", _)), _):
                raise NotYet(done, "the switchboard ended: already_started", "an answer", idea) from None
            case (why, _):
                raise NotYet(done, f"the switchboard ended: {describe_reason(why)}", "an answer", idea) from None
        raise
    if not Process.alive(board):
        raise NotYet(done, "the switchboard has ended", "that it lives on", idea)
    return answer


async def _say(board: Pid, name: str, line: object, hoped: Any, when: str, begins: bool = False) -> None:
    done = f'{when}, and ("say", {name!r}, {line!r}) was called'
    idea = _NOBODY if same(hoped, "not here") else _BY_NAME
    seen = await _board(board, ("say", name, line), done, idea)
    if begins and isinstance(seen, list):
        seen = seen[-1:]
    expect(done, seen, hoped, idea)


async def _lives(board: Pid, chat: Pid, names: Sequence[str]) -> None:
    """Connections end and are started again, by a signal and by a line that is no text."""
    for name in names:
        await _end(name, "kill")
        await _say(board, name, "back", ["back"], "its connection had been killed and started again")
        await Process.sleep(A_WINDOW)
        await _say(board, name, None, "not here", "its connection was there")
        await Process.sleep(A_WINDOW)
        await _say(board, name, "once more", ["once more"], "its connection had crashed over a line")
    pid = Process.whereis(names[0])
    assert pid is not None
    Process.exit(pid, "kill")  # and no pause: the next life may have begun or not
    done = f'its connection was just killed, and ("say", {names[0]!r}, "hi") was called'
    seen = await _board(board, ("say", names[0], "hi"), done, _NOBODY)
    if not (same(seen, ["hi"]) or same(seen, "not here")):
        raise NotYet(done, safe_repr(seen), 'an answer of the next life, or "not here"', _BY_NAME)
    await Process.sleep(A_WINDOW)


async def _nobody(board: Pid, chat: Pid, name: str) -> None:
    """Nobody has the name; the connection is silent; it was stopped; it was started by somebody else."""
    await _say(board, "nobody", "hi", "not here", "nobody had the name")
    pid = Process.whereis(name)
    assert pid is not None
    await sys_.suspend(pid)
    began = current_node().now()
    await _say(board, name, "hi", "not here", "its connection was silent")
    took = round(current_node().now() - began, 1)
    if took > 5.5:
        done = 'its connection was silent, and the answer was "not here"'
        raise NotYet(done, f"it came after {took:g} seconds", "it, after five seconds", _FIVE)
    await sys_.resume(pid)
    await Process.sleep(A_WHILE)
    await _slow(board, pid, name)
    pid = await _ends_meanwhile(board, pid, name)
    pid = await _is_there_again_at_once(board, chat, pid, name)
    [spec] = [child.spec for child in _kept(chat) if child.pid is pid]
    await DynamicSupervisor.terminate_child(chat, pid)
    await _say(board, name, "hi", "not here", "its connection had been stopped for good")
    await DynamicSupervisor.start_child(chat, spec)
    await _say(board, name, "hi", ["hi"], "its connection was started again by somebody else")
    done = f'its connection had been started by somebody else, and ("connect", {name!r}) was called'
    idea = "what a name that is taken means: the connection is there, and that is what was wanted"
    expect(done, await _board(board, ("connect", name), done, idea), "ok", idea)


_FIVE: Final = "how long a call waits for its answer: five seconds, if nothing else is said"


async def _ends_meanwhile(board: Pid, pid: Pid, name: str) -> Pid:
    """The connection is killed while it is asked. The pid of its next life."""

    async def later() -> None:
        await Process.sleep(1.0)
        Process.exit(pid, "kill")

    await sys_.suspend(pid)
    spawn(later)
    idea = "what is done when a connection ends before it has answered. Its next life has not been asked"
    done = f'its connection was killed before it had answered ("say", {name!r}, "first")'
    expect(done, await _board(board, ("say", name, "first"), done, idea), "not here", idea)
    await Process.sleep(A_WINDOW)
    done = f'{done}, and ("say", {name!r}, "second") was called'
    expect(done, await _board(board, ("say", name, "second"), done, idea), ["second"], idea)
    next_life = Process.whereis(name)
    assert next_life is not None
    return next_life


async def _is_there_again_at_once(board: Pid, chat: Pid, pid: Pid, name: str) -> Pid:
    """A life ends over a line, and the next one has the name before anybody hears of the end. The pid of the next."""
    [spec] = [child.spec for child in _kept(chat) if child.pid is pid]
    await DynamicSupervisor.terminate_child(chat, pid)

    async def life() -> None:
        Process.register(self_(), name)
        await receive()
        Process.unregister(name)
        await DynamicSupervisor.start_child(chat, spec)
        raise Exit("cable cut")

    spawn(life)
    await Process.sleep(A_WHILE)
    idea = "what is done when a connection ends before it has answered. Its next life has not been asked"
    done = f'its connection ended over ("say", {name!r}, "fast"), and the next life was there at once'
    expect(done, await _board(board, ("say", name, "fast"), done, idea), "not here", idea)
    await Process.sleep(A_WINDOW)
    done = f'{done}; then ("say", {name!r}, "slow") was called'
    expect(done, await _board(board, ("say", name, "slow"), done, idea), ["slow"], idea)
    next_life = Process.whereis(name)
    assert next_life is not None
    return next_life


async def _slow(board: Pid, pid: Pid, name: str) -> None:
    """The connection answers after four seconds."""

    async def later() -> None:
        await sys_.suspend(pid)
        await Process.sleep(4.0)
        await sys_.resume(pid)

    spawn(later)
    await Process.sleep(A_WHILE)
    done = f'its connection took four seconds to answer ("say", {name!r}, "slowly")'
    idea = _FIVE
    answer = await _board(board, ("say", name, "slowly"), done, idea)
    last = answer[-1:] if isinstance(answer, list) else answer
    expect(f"{done}; what came back last?", last, ["slowly"], idea)


def _kept(supervisor: Pid) -> list[Any]:
    """The children of a supervisor, with their specifications."""
    from ..children import children_of

    assert supervisor.block is not None
    return children_of(supervisor.block)


# ---- the design ----------------------------------------------------------------------------------------------------


_TURNED_AWAY: Final = "the order of the two starts. Who is turned away opens no room"
_APART: Final = (
    "whose ends are counted together. Persons do not come back, and a room that goes on crashing may cost rooms only"
)


async def house(House: Any, seats: int = 3) -> None:
    """People come and go as the seats allow, nobody's end costs anybody else, rooms come back, and all say good night.

    Demands: see the text; it is tried with two numbers of seats. A person or a room may end by any reason, several at
    the same moment; several enter at the same moment, the same person twice; rooms may be as many as there are people
    who open one.
    """
    await with_other_numbers(_one_house, ((House, seats), (House, 9)))


async def _one_house(House: Any, seats: int) -> None:
    Process.flag(trap_exit=True)
    root = await _built(House, seats)
    people = [f"person {n}" for n in range(seats)]
    await _fill(House, root, people)
    await _turn_away(House, people)
    await _go(House, people)
    await _come_together(House, people)
    await _end_together(House, root, people)
    await _rooms_end(House, root, people)
    await _good_night(House, root, people)


async def _built(House: Any, seats: int) -> Pid:
    done = f"the house was started with {seats} seats"
    try:
        root = await answered(House.start_link(seats), done)
    except StartError as error:
        raise not_started(error) from None
    idea = "the name of the house, and what `init` returns"
    expect(f'{done}; is it called "house"?', root is not None and root is Process.whereis("house"), True, idea)
    return root  # type: ignore[no-any-return]


async def _ask(House: Any, function: str, *arguments: str) -> Any:
    done = f"House.{function}({', '.join(map(repr, arguments))}) was called"
    try:
        return await answered(getattr(House, function)(*arguments), done)
    except ChildError as error:
        if error.reason == "max_children" and Process.whereis(arguments[0]) is not None:
            raise _refused(error, done, "what counts as a seat: a person, and no room") from None
        idea = (
            "which errors of `start_child` and `terminate_child` have a meaning here, and what the caller gets for them"
        )
        raise _refused(error, done, idea) from None
    except Exit as error:
        idea = "which process is asked, and whether it is there"
        raise NotYet(done, f"an exit: {describe_reason(error.reason)}", "an answer", idea) from None


async def _enter(House: Any, person: str, room: str, hoped: str, when: str, idea: str) -> None:
    done = f"{when}, and House.enter({person!r}, {room!r}) was called"
    expect(done, await _ask(House, "enter", person, room), hoped, idea)
    if hoped == "ok":
        await Process.sleep(A_WHILE)
        idea = "what `enter` starts, a person and a room if need be, and what counts as a seat"
        expect(f"{done}; who is missing?", _gone([person, room]), [], idea)


def _is_below(pid: Pid | None, root: Pid) -> bool:
    while pid is not None and pid is not root:
        pid = _above(pid)
    return pid is root


async def _fill(House: Any, root: Pid, people: Sequence[str]) -> None:
    for number, person in enumerate(people):
        room = ("#tea", "#games")[number] if number < 2 else f"#room {number}"
        await _enter(House, person, room, "ok", f"{number} of {len(people)} seats were taken", "what counts as a seat")
        for name in (person, room):
            expect(f"{name!r} was started; is it below the house?", _is_below(Process.whereis(name), root), True, _HELD)


async def _turn_away(House: Any, people: Sequence[str]) -> None:
    before = _pids([*people, "#tea"])
    full = "the error that `start_child` raises when there is no place, and which children are counted as people"
    await _enter(House, "one too many", "#new", "full", "all seats were taken", full)
    seen = await _ask(House, "enter", people[0], "#new")
    if not (same(seen, "full") or same(seen, "already here")):
        raise NotYet(f"{people[0]!r} entered twice", safe_repr(seen), '"already here" or "full"', full)
    expect('two were turned away; is "#new" open?', Process.whereis("#new") is not None, False, _TURNED_AWAY)
    expect("two were turned away; who is new or gone?", _new(before), [], "what `enter` ends: nobody")


async def _go(House: Any, people: Sequence[str]) -> None:
    before = _pids([*people[1:], "#tea"])
    first = people[0]
    for hoped in ("ok", "not here"):
        done = f"House.leave({first!r}) was called"
        seen = await _ask(House, "leave", first)
        expect(f"{done}; is that person there?", Process.whereis(first) is not None, False, _FOR_GOOD)
        idea = "what the two answers of `leave` mean, and what is returned on each way"
        expect(f"{done}; what came back?", seen, hoped, idea)
        await Process.sleep(1.0)
        expect(f"{done}; is that person there a second later?", bool(_there([first])), False, _FOR_GOOD)
    for name in ("nobody", "#tea", "house"):
        idea = "whose children `leave` may end: a room is no person"
        seen = await _ask(House, "leave", name)
        expect(f"House.leave({name!r}) was called; who is new or gone?", _new(before), [], idea)
        expect(f"House.leave({name!r}) was called", seen, "not here", idea)
    free = "which places are free again: those of people who have left"
    await _enter(House, first, "#tea", "ok", "one seat was free again", free)
    await _ask(House, "leave", people[-1])
    here = "the error that `start_child` raises when a name is taken"
    await _enter(House, first, "#attic", "already here", "one seat was free", here)
    expect('a person entered twice; is "#attic" open?', Process.whereis("#attic") is not None, False, _TURNED_AWAY)
    await _enter(House, people[-1], "#games", "ok", "one seat was free", free)


async def _come_together(House: Any, people: Sequence[str]) -> None:
    """All persons but one say farewell, and come again at the same moment, each of them twice, into a room not open."""
    for number, person in enumerate(people[1:]):
        await _leave_with(House, person, (1.5, 3600.0)[number % 2])
    home = self_()

    async def come(person: str) -> None:
        try:
            send(home, ("came", person, await _ask(House, "enter", person, "#quiz")))
        except (Exit, Exception) as error:
            send(home, ("came", person, error))

    rooms = _above(Process.whereis("#tea"))
    assert rooms is not None
    await sys_.suspend(rooms)  # it is busy until all have come
    for person in people[1:]:
        spawn(come, person)
        spawn(come, person)
    await Process.sleep(A_WHILE)
    await sys_.resume(rooms)
    done = f"{len(people) - 1} people entered at the same moment, each of them twice"
    answers: dict[str, list[Any]] = {person: [] for person in people[1:]}
    for _ in range(2 * len(answers)):
        came = await receive(lambda m: isinstance(m, tuple) and m[:1] == ("came",), timeout=60.0)
        if came == "timeout":
            raise NotYet(done, "one of them got no answer", "an answer for each", "what the function waits for")
        if isinstance(came[2], NotYet):
            raise NotYet(done, came[2].parts["Seen"], "an answer for each", _TWO_STEPS)
        if isinstance(came[2], BaseException):
            raise came[2]
        answers[came[1]].append(came[2])
    for person, got in answers.items():
        if got.count("ok") != 1 or not all(same(each, "ok") or each in ("already here", "full") for each in got):
            hoped = f'"ok" once for {person!r}, and once "already here" or "full"'
            raise NotYet(done, safe_repr(got), hoped, _TWO_STEPS)
    expect(f"{done}; who is missing?", _gone([*people, "#quiz"]), [], "what `enter` starts")


async def _leave_with(House: Any, person: str, seconds: float) -> None:
    """A person leaves whose farewell takes so long."""
    pid = Process.whereis(person)
    assert pid is not None
    GenServer.cast(pid, ("farewell", seconds))
    watch, began = Process.monitor(pid), current_node().now()
    await _ask(House, "leave", person)
    down = await receive(lambda m: type(m) is Down and m.ref == watch, timeout=60.0)
    took = round(current_node().now() - began, 1)
    done = f"House.leave({person!r}) was called, whose farewell takes {seconds:g} s"
    idea = "how long a person who leaves may take: the `shutdown` of the specification, if the supervisor is asked"
    expect(f"{done}; how many seconds did it take?", took, min(seconds, 2.0), idea)
    killed = isinstance(down, Down) and down.reason == "killed"
    expect(f"{done}; was that person killed?", killed, seconds > 2.0, idea)


async def _end_together(House: Any, root: Pid, people: Sequence[str]) -> None:
    """All persons but one end, in every way, at the same moment."""
    reasons = ("kill", "crash", "normal")
    before = _pids([people[0], "#tea", "#games"])
    for number, person in enumerate(people[1:]):
        pid = Process.whereis(person)
        assert pid is not None
        reason = reasons[number % 3]
        if reason == "kill":
            Process.exit(pid, "kill")
        else:
            GenServer.cast(pid, ("leave", reason))
    await Process.sleep(1.0)
    done = f"{len(people) - 1} people ended within a second"
    expect(f"{done}; who of them is there?", _there(people[1:]), [], "which kind of child a person is")
    expect(f"{done}; who else is new or gone?", _new(before), [], _APART)
    expect(f"{done}; is the house there?", Process.alive(root), True, _APART)
    for person in people[1:]:
        await _enter(House, person, "#tea", "ok", done, "which places are free again")


async def _rooms_end(House: Any, root: Pid, people: Sequence[str]) -> None:
    before = _pids([*people])
    for reason in ("normal", "shutdown"):
        GenServer.cast("#tea", ("leave", reason))
        await Process.sleep(1.0)
        done = f'"#tea" ended with {reason!r}'
        expect(f"{done}; is it open?", Process.whereis("#tea") is not None, False, "which kind of child a room is")
        await _ask(House, "leave", people[0])
        await _enter(House, people[0], "#tea", "ok", done, "what `enter` does if the room is not open")
        before = before | _pids([people[0]])
    for reason in ("kill", "crash"):
        old = Process.whereis("#tea")
        if reason == "kill" and old is not None:
            Process.exit(old, "kill")
        else:
            GenServer.cast("#tea", ("leave", reason))
        await Process.sleep(1.0)
        done = f'"#tea" ended with {reason!r}'
        idea = "which kind of child a room is: after a crash it is to come back"
        expect(f"{done}; is it open again?", Process.whereis("#tea") not in (None, old), True, idea)
        expect(f"{done}; which people are new or gone?", _new(before), [], _APART)
        await Process.sleep(A_WINDOW)
    await _rooms_give_up(House, root, people, before)


async def _rooms_give_up(House: Any, root: Pid, people: Sequence[str], before: dict[str, Pid | None]) -> None:
    """One room crashes until no restart is allowed any more."""
    for _ in range(4):
        await _end("#games", "kill") if Process.whereis("#games") else None
        if Process.whereis("#games") is None:
            break
    await Process.sleep(1.0)
    done = "a room crashed four times in a row"
    expect(f"{done}; is the house there?", Process.alive(root), True, _APART)
    expect(f"{done}; which people are new or gone?", _new(before), [], _APART)
    await _ask(House, "leave", people[0])
    await _enter(House, people[0], "#games", "ok", done, "what `enter` does if the room is not open")


async def _good_night(House: Any, root: Pid, people: Sequence[str]) -> None:
    """The house is stopped: everybody has two seconds."""
    farewells = [3600.0, 1.5, *[1.0] * (len(people) - 2)]
    ends: dict[str, Any] = {}
    for person, seconds in zip(people, farewells, strict=True):
        GenServer.cast(person, ("farewell", seconds))
        ends[person] = Process.whereis(person)
        Process.monitor(ends[person])
    await Process.sleep(A_WHILE)
    began = current_node().now()
    Process.unlink(root)
    Process.exit(root, "shutdown")
    reasons: dict[str, object] = {}
    for _ in people:
        down = await receive(lambda m: type(m) is Down and m.pid in ends.values(), timeout=60.0)
        if not isinstance(down, Down):
            raise NotYet("the house was stopped", "people who are still there", "their end", _HELD)
        reasons[next(name for name, pid in ends.items() if pid is down.pid)] = down.reason
    took = round(current_node().now() - began, 3)
    done = (
        "the house was stopped, and the farewells of the people took " + ", ".join(f"{s:g}" for s in farewells) + " s"
    )
    idea = "how long a person may take, and whether one waits for the other: the `shutdown` of the specification"
    hoped = {
        person: "killed" if seconds > 2.0 else "shutdown" for person, seconds in zip(people, farewells, strict=True)
    }
    expect(f"{done}; with which reasons did they end?", {p: reasons[p] for p in people}, hoped, idea)
    expect(f"{done}; how many seconds did it take?", took, 2.0, idea)
    await Process.sleep(A_WHILE)


__all__ = ["connect", "guests", "hang_up", "house", "lives_on", "open_chat", "switchboard"]

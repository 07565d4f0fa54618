"""The checks of chapter 06, a supervisor and its children.

They start what was written, end its processes, and look who is new, who is gone and what was handed
over. Each docstring says in its first line what "ok" claims, and then what the check demands: the text
of the exercise has to say all of it. Whatever has a number or a name is tried with two sets of them.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Sequence
from typing import Any, Final

from .. import (
    ChildError,
    ChildSpec,
    Exit,
    GenServer,
    NoReply,
    Ok,
    Pid,
    Process,
    Reply,
    StartError,
    Stop,
    Supervisor,
    current_node,
    receive,
    self_,
    send,
    sys_,
)
from ..errors import describe_reason
from .checking import NotYet, expect
from .comparing import same
from .looking import CALL, answered, is_of, not_started, sent, so_far, with_other_numbers

A_WHILE: Final = 0.1
"""Virtual seconds in which a supervisor does what it has to."""

CALM: Final = 6.0
"""Virtual seconds after which no earlier restart counts."""


# ---- starting a tree, and ending its processes ----------------------------------------------------------


async def _grown(Tree: Any, argument: object, names: Iterable[str]) -> Pid:
    """Start a tree, and see that every process of it runs under its name."""
    Process.flag(trap_exit=True)  # a supervisor that ends is something to look at
    try:
        root = await Tree.start_link(argument)
    except StartError as error:
        raise _why_not(error) from None
    if root is None:
        raise NotYet("the tree was started", "Ignore()", "a supervisor", "what `init` returns: Supervise(…)")
    missing = [name for name in names if Process.whereis(name) is None]
    idea = "the name that each child is started with: it is an argument of its start function"
    expect("the tree was started; which names has nobody?", missing, [], idea)
    return root  # type: ignore[no-any-return]


_ROOTS: Final = {
    "noproc": "the order of the list, and the names. The `init` of that child calls a name that nobody has yet",
    "already_started": "the names. Two children are started under one name, and only one process can have it",
    "duplicate_child_name": "the ids. Each child of a supervisor has one that none of its siblings has",
    "EXIT": "the arguments of that child's start function. `(Mod, arg)` gives it one, a `ChildSpec` a whole tuple",
}


def _why_not(error: StartError) -> BaseException:
    """What a start failed with; the four mistakes of the chapter are told by their names."""
    child, reason = "", error.reason
    while isinstance(reason, tuple) and len(reason) == 2 and reason[0] == "shutdown":
        match reason[1]:
            case ("failed_to_start_child", id, why):
                child, reason = f", and with it its child {id!r}", why
            case _:
                break
    match reason:
        case ("EXIT", NotImplementedError() as stub):
            return StartError(stub)
        case ("start_spec", ("duplicate_child_name", _)):
            kind = "duplicate_child_name"
        case ("noproc" | "already_started" | "EXIT" as first, _):
            kind = first
        case _:
            return not_started(error)
    return NotYet(f"the tree was started{child}", describe_reason(reason), "all of it running", _ROOTS[kind])


async def _end(name: str, how: str = "kill") -> None:
    """End a process by a signal, or, with "stop", have it stop itself."""
    pid = Process.whereis(name)
    if pid is not None and how == "stop":
        await GenServer.stop(pid)
    elif pid is not None:
        Process.exit(pid, how)
    await Process.sleep(A_WHILE)


async def _new_after(names: Sequence[str], ended: str, how: str = "kill") -> list[str]:
    """End one process; which of ``names`` lead to another one now, or to nobody?"""
    before = {name: Process.whereis(name) for name in names}
    await _end(ended, how)
    after = {name: Process.whereis(name) for name in names if Process.whereis(name) is not before[name]}
    await Process.sleep(CALM)
    return [name if pid is not None else f"{name} (gone)" for name, pid in after.items()]


async def _ids(supervisor: Any) -> list[Any]:
    """The ids of a supervisor's children, in the order of their start."""
    return [child.id for child in reversed(await Supervisor.which_children(supervisor))]


def _parent(pid: Pid) -> Pid | None:
    info = Process.info(pid)
    return None if info is None else info["parent"]


def _about_new(seen: list[str], hoped: list[str]) -> str:
    if len(seen) > len(hoped) and all(name.endswith("(gone)") for name in seen):
        return "how many restarts the supervisor allows: it has given up, and all its children have ended with it"
    if any(name.endswith("(gone)") for name in seen):
        return "whether it comes back at all: what runs without a supervisor, or is not permanent, does not"
    if len(seen) > len(hoped):
        return "the strategy: which of the others are started again with it"
    return "whether it comes back at all: only its own supervisor starts a process again"


# ---- drill 1: an order that shows when everything stops ----------------------------------------------------


async def laundry(Laundry: Any, machines: tuple[str, ...] = ("washer", "mangle", "dryer")) -> None:
    """When the laundry is stopped all that was taken gets to the safe, and an end makes one stand new.

    Demands: the children are the safe, the till and a stand for each machine, with their names as ids; each knows
    whom it needs; whichever ends, by a kill or by itself, it alone is new; a stop loses no coin.
    """
    await with_other_numbers(_one_laundry, ((Laundry, machines), (Laundry, ("iron", "a press", "boiler", "steam"))))


async def _one_laundry(Laundry: Any, machines: tuple[str, ...]) -> None:
    names = ("safe", "till", *machines)
    root = await _grown(Laundry, list(machines), names)
    idea = "the list of children and their ids: one for each stand, with its name as the id, and nobody else"
    expect("the laundry was started; the ids of its children?", sorted(map(str, await _ids(root))), sorted(names), idea)
    for name, needs in {"safe": None, "till": "safe", **dict.fromkeys(machines, "till")}.items():
        idea = "the two arguments of a stand: its own name, and the name of the stand that it needs"
        expect(f"whom does {name!r} need?", (await sys_.get_state(name))[0], needs, idea)
    for name in names:
        for how in ("kill", "stop"):
            done = f"{name!r} {'was killed' if how == 'kill' else 'stopped itself'}; who is new?"
            seen = await _new_after(names, name, how)
            expect(done, seen, [name], _about_new(seen, [name]))
    await Supervisor.stop(root)
    await _evening(Laundry, machines)


async def _evening(Laundry: Any, machines: tuple[str, ...]) -> None:
    root = await _grown(Laundry, list(machines), ("safe", "till"))
    ordered = (await _ids(root))[:2] == ["safe", "till"]
    takings = {"till": 1, **{name: 10 * number for number, name in enumerate(machines, start=1)}}
    for name, coins in takings.items():
        await GenServer.call(name, ("pay", coins))
    safe, since = Process.whereis("safe"), so_far()
    assert safe is not None
    await Supervisor.stop(root)
    paid = [event.term[2][1] for event in sent(safe, since) if is_of(event, CALL)]  # type: ignore[index]
    told = ", ".join(f"{coins} by {name!r}" for name, coins in takings.items())
    total = sum(takings.values())
    idea = "who is stopped first: the last of the list. Who has to be there when a machine pays?"
    if ordered:
        idea = "the time that a stand has to pay in when it is stopped: the `shutdown` of its specification"
    elif not paid:
        idea = "who is stopped first: the last of the list. When the till paid, the safe was not there any more"
    expect(f"coins were taken, {told}; the laundry was stopped; what did the safe get?", sum(paid), total, idea)


# ---- drill 2: what must be done again after a restart --------------------------------------------------------


class _Listener(GenServer):
    """Keeps what it hears, when, and in which way it was sent."""

    def init(self, _: Any) -> Ok:
        return Ok([])

    def handle_call(self, request: Any, from_: Any, heard: Any) -> Reply:
        return Reply("ok", [*heard, (current_node().now(), "a call", request)])

    def handle_cast(self, request: Any, heard: Any) -> NoReply:
        return NoReply([*heard, (current_node().now(), "a cast", request)])

    def handle_info(self, message: Any, heard: Any) -> NoReply:
        return NoReply([*heard, (current_node().now(), "a plain message", message)])


async def beacon(Beacon: Any, seconds: float = 10.0) -> None:
    """It beats once in so many seconds, also after restarts, and to whoever is called "listener" then.

    Demands: the name; the numbers and times of the beats, as casts; ``"count"`` answered without a delay; strays,
    an absent, a crashed and another listener change nothing; a new beacon begins with 1, one beat at a time.
    """
    await with_other_numbers(_one_beacon, ((Beacon, seconds), (Beacon, 0.5)))


async def _one_beacon(Beacon: Any, seconds: float) -> None:
    Process.flag(trap_exit=True)
    listener = await _Listener.start(None, name="listener")
    assert listener is not None
    began = current_node().now()
    root = await _lighthouse(Beacon, seconds)
    pid = Process.whereis("beacon")
    if pid is None:
        raise NotYet("the beacon was started", 'nobody is called "beacon"', "a process of that name", "the start")
    due = "when the first beat is due: so many seconds after the start, and not with it"
    await _expect_count(pid, 0, "straight after the start", due)
    start = "when the first timer is set, and when the next one: nothing beats by itself"
    await Process.sleep(3.5 * seconds)
    await _expect_same(pid, f"started with {seconds:g} s, and 3.5 times that passed")
    await _expect_beats(listener, began, seconds, 3, f"started with {seconds:g} s, and 3.5 times that passed", start)
    await _expect_count(pid, 3, "after three beats")
    for stray in (("stray", 17), "hello", None, 2.5):
        send(pid, stray)
    await Process.sleep(0.0)
    await _expect_count(pid, 3, "after some stray messages", _STRAYS)
    await _other_listener(pid, seconds)
    await _after_restarts(seconds)
    await Supervisor.stop(root)


async def _lighthouse(Beacon: Any, seconds: float) -> Pid:
    spec = ChildSpec("beacon", (Beacon.start_link, (seconds,)))
    began = current_node().now()
    try:
        root = await Supervisor.start_link([spec], strategy="one_for_one")
    except StartError as error:
        raise _why_not(error) from None
    assert root is not None
    idea = "what the supervisor waits for: the start is over when `init` is"
    expect("the beacon was started; how long did that take?", current_node().now() - began, 0.0, idea)
    return root


_BEATS: Final = "what counts: the beats so far of this beacon, whether anybody has heard them or not"


_STRAYS: Final = "what a message does that is not the beacon's own: it is no beat, and it sets no timer"


async def _expect_same(pid: Pid, when: str) -> None:
    if Process.whereis("beacon") is not pid:
        idea = (
            "what ends it: a message without a case, an `await` before a plain call such as `GenServer.cast`, "
            "a way of sending that does not bear a missing listener, or a link to one that crashes"
        )
        raise NotYet(f"{when}: who is the beacon?", "another process, or nobody", "the same as before", idea)


async def _expect_count(pid: Pid, hoped: int, when: str, about: str = _BEATS) -> None:
    await _expect_same(pid, when)
    began = current_node().now()
    done = f'"count" was asked {when}'
    try:
        seen = await GenServer.call(pid, "count", timeout=1.0)
    except Exit as exit:
        reason = exit.reason[0] if isinstance(exit.reason, tuple) else exit.reason
        if reason != "timeout":
            raise
        idea = "where the beacon spends its time. A callback that sleeps or waits answers nobody meanwhile"
        raise NotYet(done, "no answer for a second", "an answer at once", idea) from None
    expect(done, seen, hoped, about)
    expect(f"{done}; after how long?", current_node().now() - began, 0.0, "whom the answer waits for")


async def _expect_beats(
    listener: Pid, began: float, seconds: float, number: int, done: str, idea: str, first: int = 1, skipped: int = 0
) -> None:
    heard = await sys_.get_state(listener)
    ways = sorted({way for _, way, _ in heard})
    if ways not in ([], ["a cast"]):
        sent_by = "which way of sending waits for nobody and is content when the name is free"
        raise NotYet(f"{done}; how did the beats come?", " and ".join(ways), "a cast", sent_by)
    beats = [beat for _, _, beat in heard]
    if len(beats) > number:
        idea = "how many timers lead to this beacon. One for a name, or another process that ticks, outlives a beacon"
        beats = [*beats[: number + 1], ("beat", "…")]
    elif len(beats) == number > 1 and all(same(beat, beats[0]) for beat in beats):
        idea = "which state the next callback gets: the one that `handle_info` returns, with one more beat"
    expect(f"{done}; which beats came?", beats, [("beat", first + n) for n in range(number)], idea)
    hoped = [round(began + seconds * (skipped + n), 6) for n in range(1, number + 1)]
    seen = [round(at, 6) for at, _, _ in heard]
    expect(
        f"{done}; at which seconds did they come?", seen, hoped, "how long each timer runs, and when it is set again"
    )


async def _other_listener(pid: Pid, seconds: float) -> None:
    """The listener goes for two beats; then there is another one, which crashes, and after that one more."""
    began = current_node().now() - 0.5 * seconds  # the time of the third beat
    await GenServer.stop("listener")
    await Process.sleep(2 * seconds)
    await _expect_count(pid, 5, 'when nobody had been called "listener" for two beats', f"{_STRAYS}. And at {_BEATS}")
    for number in (6, 8):
        listener = await _Listener.start(None, name="listener")
        assert listener is not None
        await Process.sleep(2 * seconds)
        idea = "whom the beats go to. A pid that was looked up before leads to the listener of that time"
        done = "another listener took the name"
        await _expect_beats(listener, began, seconds, 2, done, idea, first=number, skipped=number - 4)
        await _expect_count(pid, number + 1, "when another listener had taken the name")
        Process.exit(listener, "crashed")
        await Process.sleep(0.0)
        await _expect_same(pid, "when the listener had crashed")


async def _after_restarts(seconds: float) -> None:
    """The beacon is killed three times, soon after each other."""
    for _ in range(3):
        await _end("beacon")
        await Process.sleep(seconds / 8)
    listener = await _Listener.start(None, name="listener")
    assert listener is not None
    pid = Process.whereis("beacon")
    if pid is None:
        raise NotYet("the beacon was killed", 'nobody is called "beacon"', "another beacon", "its start, once more")
    began = current_node().now() - seconds / 8 - A_WHILE
    await Process.sleep(5 * seconds)
    idea = "what the new beacon knows, and who set its timer. `init` runs at each start"
    await _expect_beats(listener, began, seconds, 5, "the beacon was killed three times", idea)
    await _expect_count(pid, 5, "after five beats of a new beacon")
    await GenServer.stop(listener)


# ---- drill 3 and repair 1: what a supervisor can be asked ----------------------------------------------------


class _Loud(GenServer):
    """Runs under a name, and tells when it is stopped, and why."""

    def init(self, argument: Any) -> Ok:
        Process.flag(trap_exit=True)
        return Ok(argument)

    def terminate(self, reason: object, argument: Any) -> None:
        name, home, _ = argument
        send(home, ("terminated", name, reason))


def _loud(name: str, mark: object = "kept", restart: Any = "permanent") -> ChildSpec:
    """A child whose id is not its name."""
    home = self_()

    async def start() -> Pid | None:
        return await _Loud.start_link((name, home, mark), name=name)

    return ChildSpec(("child", name), (start, ()), restart=restart)


async def _family(names: Sequence[str], strategy: Any = "one_for_one", name: str | None = None) -> Pid:
    Process.flag(trap_exit=True)
    root = await Supervisor.start_link([_loud(each) for each in names], strategy=strategy, name=name)
    assert root is not None
    return root


async def ensure(ensure: Any, names: tuple[str, ...] = ("ledger", "clerk", "porter")) -> None:
    """It returns the pid of the child, be it new, running or stopped, and leaves the others alone.

    Demands: a running child keeps its pid; a new one is a child of the supervisor; a stopped one is started from
    the specification that is kept and keeps its place; a child that cannot start raises its `ChildError`; a child
    of another supervisor is another child.
    """
    await with_other_numbers(_one_ensure, ((ensure, names), (ensure, ("b", "c", "a", "d"))))


async def _one_ensure(ensure: Any, names: tuple[str, ...]) -> None:
    root = await _family(names, name="family")
    before = {name: Process.whereis(name) for name in names}
    for name in names:
        done = f"the child with the id {('child', name)!r} runs, and `ensure` was called with its specification"
        seen = await _ensured(ensure, root, _loud(name), done)
        expect(f"{done}; is it still the same process?", Process.whereis(name) is before[name], True, _RUNS)
        _expect_pid(seen, Process.whereis(name), done)
    await _of_a_new_one(ensure, names)
    await _of_a_stopped_one(ensure, names)
    await _of_one_that_fails(ensure)
    await _of_another_supervisor(ensure)
    done = "`ensure` was called for children that ran, were new or were stopped"
    expect(f"{done}; how many children are there?", len(await _ids(root)), len(names) + 2, _RUNS)
    await Supervisor.stop(root)


_RUNS: Final = "the case in which the child runs: the supervisor answers with its pid, and nothing is to be started"


async def _ensured(ensure: Any, supervisor: Any, spec: ChildSpec, done: str) -> Any:
    try:
        return await answered(ensure(supervisor, spec), done)
    except ChildError as error:
        idea = "which refusals there are: a pair with a pid, a word, and others. Each of the first two has its answer"
        raise NotYet(done, f"ChildError: {describe_reason(error.reason)}", "a pid", idea) from None


def _expect_pid(seen: Any, pid: Pid | None, done: str) -> None:
    if seen is not pid:
        idea = "what is returned in this case: the pid of the process that runs now"
        raise NotYet(f"{done}; what did it return?", repr(seen), f"its pid, {pid}", idea)


async def _of_a_new_one(ensure: Any, names: tuple[str, ...]) -> None:
    done = "`ensure` was called with an id that the supervisor did not know"
    for restart in ("permanent", "transient"):
        spec = _loud(f"new and {restart}", restart=restart)
        seen = await _ensured(ensure, "family", spec, done)
        pid = Process.whereis(f"new and {restart}")
        _expect_pid(seen, pid, done)
        assert pid is not None
        idea = "who starts it. Only what the supervisor has started is its child, and comes back when it ends"
        expect(f"{done}; is it the supervisor's child?", spec.id in await _ids("family"), True, idea)
        expect(f"{done}; whose child is the process?", _parent(pid) is Process.whereis("family"), True, idea)


async def _of_a_stopped_one(ensure: Any, names: tuple[str, ...]) -> None:
    name, order = names[0], await _ids("family")
    others = {each: Process.whereis(each) for each in names[1:]}
    for way in ("by terminate_child", "by itself, as a transient child"):
        if way.startswith("by itself"):
            name = "new and transient"
            await GenServer.stop(name)
        else:
            await Supervisor.terminate_child("family", ("child", name))
        await Process.sleep(A_WHILE)
        done = f"a child was stopped {way}, and `ensure` was called with a specification of that id"
        seen = await _ensured(ensure, "family", _loud(name, "another argument"), done)
        _expect_pid(seen, Process.whereis(name), done)
        idea = "how a stopped child is started. The supervisor has its specification and its place: it need not be told"
        expect(f"{done}; the order of the children?", await _ids("family"), order, idea)
        if way == "by terminate_child":
            expect(f"{done}; with which argument?", (await sys_.get_state(name))[2], "kept", idea)
    touched = [each for each, pid in others.items() if Process.whereis(each) is not pid]
    expect("a child was stopped and ensured; which siblings are new?", touched, [], "whom it is about: one child only")


async def _of_one_that_fails(ensure: Any) -> None:
    async def fails() -> Pid | None:
        return await _Failing.start_link(None)

    done = "`ensure` was called with a child whose `init` stops with 'worn out'"
    idea = "the other refusals: what you do not handle has to reach the caller as it is"
    try:
        seen = await answered(ensure("family", ChildSpec("failing", (fails, ()))), done)
    except ChildError as error:
        expect(f"{done}; the reason of the ChildError?", error.reason, "worn out", idea)
        return
    except (Exit, StartError) as error:
        raise NotYet(done, f"{type(error).__name__}: {describe_reason(error.reason)}", "a ChildError", idea) from None
    raise NotYet(done, f"it returned {seen!r}", "a ChildError", idea)


async def _of_another_supervisor(ensure: Any) -> None:
    """A second supervisor has a child of the same id, without a name."""
    home = self_()

    async def start() -> Pid | None:
        return await _Loud.start_link(("the other", home, None))

    spec = ChildSpec(("child", "the same id"), (start, ()))
    await _ensured(ensure, "family", spec, "`ensure` was called with an id that the supervisor did not know")
    other = await Supervisor.start_link([], strategy="one_for_one")
    assert other is not None
    done = "`ensure` was called for another supervisor, with an id that a child of the first one has"
    seen = await _ensured(ensure, other, spec, done)
    idea = "whom you ask. Only the supervisor knows its children: what is kept beside it may be about others"
    hoped = [child.pid for child in await Supervisor.which_children(other)]
    expect(f"{done}; is what it returned a child of the other?", seen in hoped, True, idea)
    await Supervisor.stop(other)
    await Supervisor.terminate_child("family", spec.id)
    await Supervisor.delete_child("family", spec.id)


class _Failing(GenServer):
    def init(self, _: Any) -> Stop:
        return Stop("worn out")


async def mended_retire(retire: Any, names: tuple[str, ...] = ("left", "middle", "right")) -> None:
    """A retired child is stopped by its supervisor and stays away, and its siblings are not touched.

    Demands: under each strategy; its `terminate` is run with "shutdown"; it is forgotten, also if it was stopped
    before; no restart is counted, whether the child traps exits or not; "ok", or "not_found" for an id that the
    supervisor does not have.
    """
    for strategy in ("one_for_one", "rest_for_one", "one_for_all"):
        await with_other_numbers(_one_retired, ((retire, names, strategy), (retire, ("d", "a", "c", "b"), strategy)))
    await _one_that_does_not_trap(retire)


_FORGET: Final = "what the supervisor still knows. A child that is only stopped is started again with its group"


async def _one_retired(retire: Any, names: tuple[str, ...], strategy: str) -> None:
    root = await _family(names, strategy)
    first, gone = names[0], names[1]
    for _ in range(3):  # all that the supervisor bears
        await _end(first)
    await _no_letters()
    before = {name: Process.whereis(name) for name in names if name != gone}
    done, seen = f"{gone!r} was retired under {strategy}", None
    try:
        seen = await answered(retire(root, ("child", gone)), done)
    except Exit:
        if Process.alive(root):
            raise
    await Process.sleep(A_WHILE)
    idea = "who ends the child. An end that the supervisor did not bring about counts as one that calls for a restart"
    expect(f"{done}, after three restarts; is the supervisor alive?", Process.alive(root), True, idea)
    idea = "who starts it again: its supervisor, if the child ends in any way but by the supervisor's own doing"
    expect(f"{done}; does it run?", Process.whereis(gone) is not None, False, idea)
    letters = await _no_letters()
    touched = [name for name, pid in before.items() if Process.whereis(name) is not pid]
    expect(f"{done}; which siblings are new?", touched, [], "whom it is about: one child only")
    idea = "how it is stopped. Its supervisor sends it a shutdown, and it has the time to clean up"
    expect(f"{done}; with which reason was its `terminate` run?", letters, [(gone, "shutdown")], idea)
    expect(f"{done}; does the supervisor know it?", ("child", gone) in await _ids(root), False, _FORGET)
    expect(f"{done}; what was returned?", seen, "ok", "what is returned: the answer of the supervisor")
    await _stays_away(retire, root, names, strategy)


async def _one_that_does_not_trap(retire: Any) -> None:
    """The first exit signal ends this child, whoever sends it, and its supervisor allows no restart."""
    root = await Supervisor.start_link([ChildSpec("plain", (_plain_start, ()))], strategy="one_for_one", max_restarts=0)
    assert root is not None
    done, seen = "a child that does not trap exits was retired", None
    try:
        seen = await answered(retire(root, "plain"), done)
    except Exit:
        if Process.alive(root):
            raise
    await Process.sleep(A_WHILE)
    idea = "who ends the child. An end that the supervisor did not bring about counts as one that calls for a restart"
    expect(f"{done}; is the supervisor, which allows no restart, alive?", Process.alive(root), True, idea)
    expect(f"{done}; what was returned?", seen, "ok", "what is returned: the answer of the supervisor")
    await Supervisor.stop(root)


async def _plain_start() -> Pid | None:
    return await _Listener.start_link(None)


async def _stays_away(retire: Any, root: Pid, names: tuple[str, ...], strategy: str) -> None:
    gone, last = names[1], names[-1]
    await Process.sleep(CALM)
    await _end(names[0])
    expect(
        f"{gone!r} was retired, and a sibling crashed; does it run?", Process.whereis(gone) is not None, False, _FORGET
    )
    for id in (("child", gone), "nobody"):
        done = f"`retire` was called under {strategy} with an id that the supervisor does not have"
        try:
            seen = await answered(retire(root, id), done)
        except ChildError as error:
            told = "who tells of the unknown id. The supervisor refuses by an error, and its reason is what you return"
            raise NotYet(done, f"ChildError: {error.reason!r}", "it returns 'not_found'", told) from None
        expect(done, seen, "not_found", "what the supervisor says of an id that it does not have")
    await Supervisor.terminate_child(root, ("child", last))
    done = f"{last!r} had been stopped, and was then retired"
    try:
        seen = await answered(retire(root, ("child", last)), done)
    except (ChildError, Exit) as error:
        raise NotYet(done, describe_reason(error.reason), "'ok'", "a child that is known and does not run") from None
    expect(f"{done}; what was returned?", seen, "ok", "a child that is known and does not run: it is forgotten, too")
    expect(f"{done}; does the supervisor know it?", ("child", last) in await _ids(root), False, _FORGET)
    await Supervisor.stop(root)
    await _no_letters()


async def _no_letters() -> list[tuple[str, object]]:
    """Take what children told when they were stopped."""
    letters = []
    while (
        letter := await receive(lambda m: isinstance(m, tuple) and m[:1] == ("terminated",), timeout=0.0)
    ) != "timeout":
        letters.append(letter[1:])
    return letters


# ---- drill 4: reading a failed start ---------------------------------------------------------------------------


async def root_cause(function: Any, ids: tuple[str, ...] = ("house", "gateway", "radio")) -> None:
    """It takes the reasons of real failed starts apart, however deep, and leaves the innermost as it is.

    Demands: a pair of the ids, from the outside in, in a list, and of the innermost reason; also where that looks
    a little like a layer; also where no child has failed; a plain function.
    """
    causes = (OSError("no antenna"), "no network", ("shutdown", "moved"), [1], *_NEARLY)
    for depth in range(1, len(ids) + 1):
        for cause in causes:
            await _one_cause(function, list(ids[:depth]), cause)
    await _one_cause(function, ["a", 7, ("b", 1), "c", "a"], ("shutdown", "at last"))
    for reason in (("start_spec", ("duplicate_child_name", "radio")), "shutdown", ("shutdown", "moved")):
        done = f"`root_cause` got the reason {reason!r}: no child has failed to start"
        expect(done, _plain(function(reason)), ([], reason), "when there is no layer: nothing is to be taken off")


_NEARLY: Final = (
    ("shutdown", ("failed", "at noon")),
    ("shutdown", ("lost", "mast", "wind")),
    ("moved", ("failed_to_start_child", "mast", "wind")),
    ("failed_to_start_child", "mast", "wind"),
    ("shutdown", "failed_to_start_child"),
)
"""Reasons of a child's own that look a little like a layer."""


async def _one_cause(function: Any, ids: list[Any], cause: object) -> None:
    Process.flag(trap_exit=True)

    async def fails() -> Pid | None:
        return await _Broken.start_link(cause)

    child: Any = ChildSpec(ids[-1], (fails, ()))
    for id in reversed(ids[:-1]):
        child = ChildSpec(id, (_branch, (child,)), type="supervisor")
    try:
        await _branch(child)
    except StartError as error:
        reason = error.reason
    cause = reason  # the exception in it is a copy
    for _ in ids:
        cause = cause[1][2]  # type: ignore[index]
    done = f"{ids[-1]!r} failed to start, below {len(ids)} supervisor{'s' * (len(ids) > 1)}"
    if any(same(cause, near) for near in _NEARLY):
        done = f"{done}, and its own reason was {cause!r}"
    try:
        seen = _plain(function(reason))
    except (IndexError, KeyError, RecursionError, TypeError, ValueError, AttributeError) as error:
        raise NotYet(done, f"{type(error).__name__}: {error}", repr((ids, cause)), _LAYER) from None
    expect(done, seen, (ids, cause), _about_cause(seen, ids, cause))


_LAYER: Final = (
    "what a layer is: a pair of 'shutdown' and a triple that begins with 'failed_to_start_child'. "
    "A reason of the child's own may look a little like one"
)


def _about_cause(seen: Any, ids: list[Any], cause: object) -> str:
    if not (isinstance(seen, tuple) and len(seen) == 2):
        return "the form of the answer: a pair of a list and a reason"
    found, inner = seen
    if isinstance(found, tuple) and same(list(found), ids):
        return "the form of the answer: the ids stand in a list"
    if same(inner, cause) and isinstance(found, list):
        if len(ids) > 1 and same(found, ids[::-1]):
            return "the order of the ids: the outermost supervisor has packed last, and its child's id comes first"
        return "which ids belong to the way: one for each layer, the child of each supervisor"
    if isinstance(found, list) and len(found) > len(ids):
        return _LAYER
    if isinstance(cause, tuple) and same(inner, cause[1]):
        return "where the layers end. A reason of the child's own may begin with 'shutdown', too"
    if isinstance(inner, str) and not isinstance(cause, str):
        return "the innermost reason: it is returned as it is, and not as text"
    return "how many layers there are. Each supervisor on the way adds one, and there may be any number"


def _plain(answer: Any) -> Any:
    if inspect.iscoroutine(answer):
        answer.close()  # it never runs, and that is said here and not by a warning
        idea = "the first line: this function waits for nothing, so it is a plain `def`, and no `async def`"
        raise NotYet("`root_cause` was called", "a coroutine", "the answer itself", idea)
    return answer


async def _branch(child: ChildSpec) -> Pid | None:
    return await Supervisor.start_link([child], strategy="one_for_one")


class _Broken(GenServer):
    def init(self, cause: Any) -> Stop:
        if isinstance(cause, Exception):
            raise cause
        return Stop(cause)


# ---- repair 2 ----------------------------------------------------------------------------------------------------


async def car_park(CarPark: Any, free: int = 40) -> None:
    """Spaces and barriers run under their names with the given number, and an end makes one of them new.

    Demands: three children of the supervisor; the number is the one that the car park was started with; whichever
    ends, by a kill or a shutdown, it alone is new.
    """
    await with_other_numbers(_one_car_park, ((CarPark, free), (CarPark, 0)))


async def _one_car_park(CarPark: Any, free: int) -> None:
    names = ("spaces", "entry", "exit")
    root = await _grown(CarPark, free, names)
    idea = "the number that the car park is started with: `init` gets it as its argument"
    expect(f"started with {free} spaces; how many are free?", await GenServer.call("spaces", "free"), free, idea)
    states = [await sys_.get_state(name) for name in ("entry", "exit")]
    idea = "what the barriers have been told when they started: they ask the spaces"
    expect(f"started with {free} spaces; the barriers?", states, ["open" if free else "closed"] * 2, idea)
    children = [child.pid for child in await Supervisor.which_children(root)]
    strangers = [name for name in names if Process.whereis(name) not in children]
    idea = "who starts them. What `init` starts by itself is no child, and nobody starts it again"
    expect("the car park was started; who is not a child of the supervisor?", strangers, [], idea)
    expect("the car park was started; how many children has it?", len(await _ids(root)), 3, "the list of children")
    for name in names:
        for how in ("kill", "shutdown"):
            seen = await _new_after(names, name, how)
            expect(f"{name!r} ended with {how!r}; who is new?", seen, [name], _about_new(seen, [name]))
    await Supervisor.stop(root)


# ---- design ------------------------------------------------------------------------------------------------------


async def village(Village: Any, houses: tuple[str, ...] = ("gull", "tern", "auk")) -> None:
    """Every open house has a meter and no closed one has, whatever ends, and no end costs more than it must.

    Demands: `open` and `close` as the text says, for one house, and told to "houses"; a meter's end makes that
    meter new, the cable's end the cable and the meters of the houses that are open then; the same meters are there
    after a supervisor of theirs was stopped; the houses' set is never new; nothing is left after the village.
    """
    await with_other_numbers(_one_village, ((Village, houses), (Village, ("plover", "knot", "snipe", "ruff", "coot"))))


_TRUTH: Final = (
    "where the list of open houses is kept. A supervisor that is started anew has the list of its `init` and no other"
)
_KEPT: Final = 'whether `open` and `close` tell the process `"houses"`: the set is in its state, and nowhere else'
_OTHERS: Final = "what becomes of the other meters: `open` and `close` are about one house, and leave them as they are"
_CHANGED: Final = "the order in which `open` and `close` do their two things, and whether both are done"


class _Season:
    """A village with what is known of its houses."""

    def __init__(self, Village: Any, houses: Sequence[str]) -> None:
        self.Village = Village
        self.open = list(houses)
        self.closed: list[str] = []

    def meters(self) -> list[str]:
        return [f"meter {house}" for house in self.open]

    def everybody(self) -> list[str]:
        return ["houses", "cable", *self.meters()]

    async def expect_meters(self, done: str, idea: str) -> None:
        """Every open house has a meter, supervised and logged in; no closed one has."""
        missing = [house for house in self.open if Process.whereis(f"meter {house}") is None]
        expect(f"{done}; which open houses have no meter?", missing, [], idea)
        there = [house for house in self.closed if Process.whereis(f"meter {house}") is not None]
        expect(f"{done}; which closed houses have a meter?", there, [], idea)
        known = await sys_.get_state("cable")
        kept = sorted(map(str, await GenServer.call("houses", "all")))
        told = 'which houses are open, says `"houses"`?'
        expect(f"{done}; {told}", kept, sorted(self.open), _KEPT)
        out = [house for house in self.open if house not in known]
        why = "whether the meters are new when the cable is: the new cable knows only who has logged in since"
        expect(f"{done}; which open houses does the cable not know?", out, [], why)

    async def _asked(self, door: Any, house: str, done: str) -> Any:
        """Open or close a house; no refusal of a supervisor may get out, and no other meter may be new."""
        others = {name: Process.whereis(name) for name in self.meters() if name != f"meter {house}"}
        try:
            seen = await answered(door(house), done)
        except ChildError as error:
            idea = "what the supervisor answers about a house that is open, or closed, already: it is no error here"
            raise NotYet(done, f"ChildError: {describe_reason(error.reason)}", "no exception", idea) from None
        await Process.sleep(A_WHILE)
        touched = [name for name, pid in others.items() if Process.whereis(name) is not pid]
        expect(f"{done}; which other meters are new, or gone?", touched, [], _OTHERS)
        return seen

    async def opens(self, house: str) -> None:
        before = Process.whereis(f"meter {house}")
        done = f"{house!r} was opened" + " once more" * (before is not None)
        seen = await self._asked(self.Village.open, house, done)
        self.open += [house] * (house not in self.open)
        self.closed = [each for each in self.closed if each != house]
        pid = Process.whereis(f"meter {house}")
        await self.expect_meters(done, _CHANGED)
        if before is not None:
            expect(f"{done}; is its meter still the same process?", pid is before, True, _CHANGED)
        _expect_pid(seen, pid, done)
        assert pid is not None
        if _parent(pid) is self_():
            raise NotYet(done, "the meter was started by the caller", "a child of a supervisor", "who starts it")

    async def closes(self, house: str) -> None:
        done = f"{house!r} was closed" + " once more" * (house in self.closed)
        seen = await self._asked(self.Village.close, house, done)
        self.open = [each for each in self.open if each != house]
        self.closed += [house] * (house not in self.closed)
        await self.expect_meters(done, _CHANGED)
        expect(f"{done}; what was returned?", seen, "ok", "what `close` returns, whether the house was open or not")

    async def ends(self, name: str, how: str, new: list[str], idea: str) -> None:
        done = f"{name!r} ended with {how!r}"
        seen = await _new_after(self.everybody(), name, how)
        if "houses" in seen:
            raise NotYet(f"{done}; is the set of houses the same?", "a new one", "the same", _about_costs(seen))
        gone = [each for each in seen if each.endswith("(gone)")]
        expect(f"{done}; who is gone?", gone, [], idea if name.startswith("meter ") else _TRUTH)
        await self.expect_meters(done, _TRUTH)
        expect(f"{done}; who is new?", sorted(seen), sorted(new), idea if len(seen) <= len(new) else _about_costs(seen))

    async def loses_a_supervisor(self) -> None:
        """Stop the supervisor right above the meters, if it is not the village itself."""
        meter = Process.whereis(self.meters()[0])
        keeper = None if meter is None else _parent(meter)
        if keeper is None or keeper is Process.whereis("village"):
            return
        houses = Process.whereis("houses")
        await Supervisor.stop(keeper)
        await Process.sleep(CALM)
        done = "the supervisor of the meters was stopped, and the one above started it again"
        if Process.whereis("houses") is not houses:
            raise NotYet(done, "the set of houses is new", "the same set", "the strategy: whom the set depends on")
        if all(Process.whereis(name) is None for name in self.meters()):
            idea = "whether that supervisor is permanent: any other does not come back after such an end"
            raise NotYet(done[: done.index(",")], "no meter at all runs", "the meters of all open houses", idea)
        await self.expect_meters(done, _TRUTH)


def _about_costs(seen: list[str]) -> str:
    if "houses" in seen:
        return "what the end of others costs. A set of houses that is new has forgotten what was opened and closed"
    return "the strategy of the supervisor right above the meters: they have nothing to do with each other"


async def _one_village(Village: Any, houses: tuple[str, ...]) -> None:
    season = _Season(Village, houses)
    root = await _grown(Village, list(houses), season.everybody())
    expect("the village was started; what is its name?", Process.whereis("village") is root, True, "its `start_link`")
    one = "who comes back when a meter ends: that one, under its own supervisor"
    all_of_them = "who has to be new with the cable: every meter that has logged in there"
    for name in (*season.meters()[:2], season.meters()[-1]):
        await season.ends(name, "kill", [name], one)
    await season.opens("heron")
    await season.opens("heron")
    await season.opens(houses[1])
    await season.closes(houses[0])
    await season.closes(houses[0])
    await season.closes("nobody's")
    await season.ends("meter heron", "shutdown", ["meter heron"], one)
    await season.ends("cable", "kill", ["cable", *season.meters()], all_of_them)
    await season.loses_a_supervisor()
    await season.opens(houses[0])
    await season.closes("heron")
    await season.ends(f"meter {houses[0]}", "kill", [f"meter {houses[0]}"], one)
    await season.ends("cable", "shutdown", ["cable", *season.meters()], all_of_them)
    await season.loses_a_supervisor()
    await Supervisor.stop(root)
    left = [name for name in ("village", *season.everybody()) if Process.whereis(name) is not None]
    idea = "who is linked to whom: what a supervisor has not started does not end with it"
    expect("the village was stopped; who is left?", left, [], idea)

"""The checks of chapter 13, the registry.

They start what the reader wrote, look who is found under which key and who is not, end processes between two steps
and the registry under its users, and try the orders in which that can happen. Each docstring says in its first line
what "ok" claims, and then what the check demands: the text of the exercise has to say all of it. What is given is the
numbers of the first case; each check runs at least one other case besides.
"""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from .. import (
    BadArg,
    ChildError,
    DynamicSupervisor,
    Exit,
    GenServer,
    NoReply,
    Ok,
    Pid,
    Process,
    Registry,
    Reply,
    StartError,
    Stop,
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
from ..explore import explore
from .checking import NotYet, expect, let_pass
from .comparing import same
from .every_schedule import expect_in_every_schedule, sign_of_life
from .looking import answered, ended_with, not_started, sent_since, so_far, with_other_numbers

A_WHILE: Final = 0.1
"""Virtual seconds in which a process that has something to do does it."""

_ENTERS: Final = (
    "who is entered: whoever calls `register`, and nobody else. In which process does that line run, in the caller of "
    "`start_link` or in the new process?"
)
_RETURNED: Final = "what the function gives back: is a `return` missing?"
_KEPT: Final = (
    "where it is kept. A dict of the class or of the page is the same for every node, and knows nothing of ends; the "
    "registry and the state of a process do"
)


ORDERS: Final = 40
"""So many orders of a scene are tried, and then no more."""


def _now() -> float:
    return current_node().now()


async def _pid_of(value: Any, done: str) -> Pid:
    """The pid that a start of the reader's has answered; a start that failed is explained."""
    try:
        pid = await answered(value, done)
    except StartError as error:
        match error.reason:
            case ("bad_return_value", None):
                idea = "what `init` gives back: is a `return` missing?"
                raise NotYet(done, "`init` returned None", "Ok(state)", idea) from None
        raise not_started(error) from None
    if type(pid) is not Pid:
        raise NotYet(done, safe_repr(pid), "the pid of the new process", _RETURNED)
    if not Process.alive(pid):
        raise NotYet(done, "the process has ended", "it lives", "what the process does first, and what it returns")
    return pid


def _who(pid: object, known: dict[object, str]) -> str:
    """A process in words."""
    if pid is self_():
        return "the process that called"
    return known.get(pid, "a process of somebody else") if isinstance(pid, Pid) else safe_repr(pid)


def _entry(registry: str, key: object, done: str) -> tuple[Any, Any] | None:
    """The only entry under a key, if there is one."""
    found = Registry.lookup(registry, key)
    if len(found) > 1:
        raise NotYet(done, f"{len(found)} processes under {key!r}", "one", "what a key stands for")
    return found[0] if found else None


def _kill_the_registry(name: str, done: str) -> None:
    """End a registry of the reader's, which has to be there."""
    registry = Process.whereis(name)
    if registry is None:
        raise NotYet(done, f"nobody is called {name!r}", "the registry", "the name of the registry")
    Process.exit(registry, "kill")


async def _killed(pid: Any) -> None:
    """End a process, and wait until everybody has heard of it."""
    Process.unlink(pid)
    Process.exit(pid, "kill")
    await Process.sleep(A_WHILE)


async def _outcome(value: Any, done: str) -> tuple[str, Any]:
    """("answer", …), or ("exit", …) with what a call exits with, or ("error", …)."""
    try:
        return "answer", await answered(value, done)
    except Exit as error:
        return "exit", error.reason[0] if isinstance(error.reason, tuple) and error.reason else error.reason
    except NotImplementedError:
        raise
    except (ChildError, StartError) as error:
        return "error", error


async def _leaves(pid: Pid) -> None:
    Process.exit(pid, "kill")


def _in_the_orders(
    done: str, scenario: Callable[[], Any], words: str, right: Callable[[Any], bool], idea: str, most: int = ORDERS
) -> None:
    """Demand one kind of outcome in the first orders that `explore` tries: those that differ little from the usual.

    What goes wrong where two processes meet does so in one of those. To try all of them takes seconds.
    """
    try:
        result = explore(scenario, right, most=most, progress=sign_of_life())
    except BadArg as error:
        raise NotYet(done, str(error), "a run that can be repeated", _REPEATED) from None
    if not result.wrong:
        return
    text, _, many, schedule = next(row for row in result.rows() if row[1])
    seen = f"{text[:199]} in {many:,} of the {result.schedules:,} orders that were tried"
    failure = NotYet(f"{done}, in many orders", seen, f"{words} in every order", idea)
    compared = result.compared()
    failure.orders = textwrap.fill(f"An order that leads there, as a schedule: {schedule}", 110)
    if compared is not None:
        failure.orders += f"\n\n{compared.side_by_side(44)}"
    raise failure


_REPEATED: Final = (
    "what your code uses besides its messages: a global that remembers the run before, a random number, a thread, the "
    "clock of the world. It is run once for each order, and has to begin anew each time"
)


# ---- drill 1 ------------------------------------------------------------------------------------------------


async def coded(Coded: Any, number: str = "4711", code: str = "K7") -> None:
    """A parcel is found by its number and by its code, and what cannot have both is not started.

    Demands: ``start_link(number, code)`` returns the pid of a process that is linked to the caller; it is under its
    number in "parcels", and under its code in "codes", with the number as its value; if the number or the code is
    taken, the start fails, and nobody is entered; after its end both keys are free.
    """
    for name in ("parcels", "codes"):
        await Registry.start_link(keys="unique", name=name)
    await with_other_numbers(_coded, ((Coded, number, code), (Coded, "K9", "0815")))


async def _coded(Coded: Any, number: str, code: str) -> None:
    Process.flag(trap_exit=True)
    done = f"`Coded.start_link({number!r}, {code!r})` was awaited"
    pid = await _pid_of(Coded.start_link(number, code), done)
    _is_under("parcels", number, pid, done)
    _is_under("codes", code, pid, done)
    idea = "what stands beside the pid: the third argument of `register`, or of `Via`"
    expect(f"{done}; the value under its code is", Registry.values("codes", code, pid), [number], idea)
    info = Process.info(pid)
    linked = bool(info and self_() in info["links"])
    expect(f"{done}; is it linked to the caller?", linked, True, "`start_link`: who is linked to whom")
    await _refused(Coded, "a parcel with a code that is taken", ("9999", code), pid, (number, code))
    await _refused(Coded, "a parcel with a number that is taken", (number, "Z1"), pid, (number, code))
    other = await _pid_of(Coded.start_link("9999", "Z1"), "a parcel with a number and a code that are free was started")
    _is_under("codes", "Z1", other, "another parcel was started")
    _is_under("codes", code, pid, "another parcel was started")
    for each in (pid, other):
        await _killed(each)
    done = f"the parcel {number!r} was killed"
    for name, key in (("parcels", number), ("codes", code)):
        idea = "which process was entered. Only the end of that one takes an entry away"
        expect(f"{done}; under {key!r} in {name!r} is", Registry.lookup(name, key), [], idea)
    again = await _pid_of(Coded.start_link(number, code), f"{done}, and started anew")
    await _killed(again)


def _is_under(registry: str, key: object, pid: Pid, done: str) -> None:
    entry = _entry(registry, key, done)
    hoped = "the new process"
    if entry is None:
        left = [key for key, holder, _ in Registry.select(registry) if holder is pid]
        local = " It has this name on the node itself, which is another place." if Process.whereis(key) is pid else ""
        seen = f"nobody; the new process is under {left}" if left else "nobody"
        idea = f"in which registry a process is entered, and under which key.{local}"
        raise NotYet(f"{done}; under {key!r} in {registry!r} is", seen, hoped, idea)
    if entry[0] is not pid:
        raise NotYet(f"{done}; under {key!r} in {registry!r} is", _who(entry[0], {}), hoped, _ENTERS)


async def _refused(Coded: Any, what: str, given: tuple[str, str], first: Pid, keys: tuple[str, str]) -> None:
    done = f"{what} was started, by {given}"
    try:
        seen = await answered(Coded.start_link(*given), done)
    except (StartError, Exception) as error:
        if isinstance(error, (NotYet, NotImplementedError)):
            raise
    else:
        idea = (
            "when a process is entered, and who hears that a key is taken. `start_link` fails if `init` does; what "
            "comes after `init`, or is caught, its caller never sees"
        )
        shown = "a pid" if type(seen) is Pid else safe_repr(seen)
        raise NotYet(done, f"`start_link` returned {shown}", "the start fails", idea)
    await Process.sleep(A_WHILE)
    for name, key in zip(("parcels", "codes"), given, strict=True):
        entry = _entry(name, key, done)
        if key in keys:
            kept = entry is not None and entry[0] is first
            expect(f"{done}; has the first one still its key {key!r}?", kept, True, "who has a key: the first who came")
        elif entry is not None:
            idea = (
                "what is left of a start that has failed. Where `init` raises, its process ends, with all its entries"
            )
            raise NotYet(f"{done}; under {key!r} in {name!r} is", _who(entry[0], {first: "the first"}), "nobody", idea)


# ---- drill 2 ------------------------------------------------------------------------------------------------


async def scan(scan: Any, number: object = "4711") -> None:
    """A parcel is found or started, no scan is lost between the two, and none is made twice.

    Demands: the answer of the call ``("scan", place)``; a process that is missing is started below "shelf" by
    ``(parcel, number)``; whoever scans is not linked to it; ``7`` and ``"7"`` are two parcels; a process that has
    ended before it was reached, in whatever order and as often as that is so, is started anew; any other exit of the
    call comes to the caller, and the scan is not sent again; the error of a start comes to the caller as it is.
    """
    await Registry.start_link(keys="unique", name="parcels")
    await DynamicSupervisor.start_link(name="shelf")
    await with_other_numbers(_scan, ((scan, number), (scan, 7), (scan, "7"), (scan, ("DE", 12))))
    await _start_fails(scan)
    _at_the_same_moment(scan)
    _killed_meanwhile(scan)
    done = "three times the parcel had ended again before it was called"
    await _scanned(scan, _short_lived(3), "0042", "van", 1, done)


_FAULTS: Final = {
    "scale": "crashed while it handled the scan",
    "fire": "was killed while it handled the scan",
    "gate": "handled the scan and stopped without a reply",
    "belt": "took eight seconds over the scan",
}


def _parcel(log: list[tuple[object, object]]) -> Any:
    """A parcel that counts its scans, and at some places does worse; ``log`` sees each scan."""

    class Parcel(GenServer, restart="temporary"):
        @classmethod
        async def start_link(cls, number: Any) -> Any:  # type: ignore[override]
            return await super().start_link(number, name=Via("parcels", number))

        def init(self, number: Any) -> Any:
            return Stop("recalled") if number == "recalled" else Ok((number, 0))

        async def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
            number, count = state
            match request:
                case ("scan", place):
                    log.append((number, place))
                    if place in _FAULTS and log.count((number, place)) > 3:
                        return Reply("once more", state)  # else whoever asks again and again would never end
                    if place == "scale":
                        raise ValueError("no weight")
                    if place == "belt":
                        await Process.sleep(8.0)
                    if place == "fire":
                        Process.exit(self_(), "kill")
                    if place == "gate":
                        return Stop("normal", state)
                    return Reply(count + 1, (number, count + 1))

    return Parcel


_TWICE: Final = (
    "which exits say that a request was never received: `noproc` does, and a time-out or a crash does not. What was "
    "perhaps done must not be asked for again"
)
_SHELF: Final = "who starts a parcel. Below its supervisor it is on somebody's list, and linked to nobody who scans"


async def _scan(scan: Any, number: object) -> None:
    log: list[tuple[object, object]] = []
    parcel = _parcel(log)
    done = f"nobody was under {number!r}, and `scan(parcel, {number!r}, 'van')` was awaited"
    await _scanned(scan, parcel, number, "van", 1, done)
    entry = _entry("parcels", number, done)
    if entry is None:
        raise NotYet(f"{done}; under {number!r} is", "nobody", "the parcel", "under which key it is looked for")
    pid = entry[0]
    below = [child.pid for child in await DynamicSupervisor.which_children("shelf")]
    expect(f"{done}; is the parcel a child of 'shelf'?", pid in below, True, _SHELF)
    info = Process.info(pid)
    expect(f"{done}; is it linked to whoever scanned?", bool(info and self_() in info["links"]), False, _SHELF)
    done = f"`scan(parcel, {number!r}, 'hatch')` was awaited"
    await _scanned(scan, parcel, number, "hatch", 2, done)
    await _scanned(scan, parcel, ("another", number), "van", 1, f"{done}, and then one with another number")
    expect(f"{done}; the parcel has received", log.count((number, "hatch")), 1, _TWICE)
    for fault in ("scale", "fire", "gate"):
        await _not_again(scan, parcel, number, fault, log)
        await _scanned(scan, parcel, number, "van", 1, f"the parcel {_FAULTS[fault]}, and was scanned again")
    began = _now()
    await _not_again(scan, parcel, number, "belt", log)
    expect("a scan took eight seconds; its call exited after", round(_now() - began, 1), 5.0, "how long a call waits")
    for each in (number, ("another", number)):
        entry = _entry("parcels", each, "the parcels were taken away")
        if entry is not None:
            await _killed(entry[0])
    await _scanned(scan, parcel, number, "van", 1, "the parcel had been killed, and was scanned again")
    await _killed(Registry.lookup("parcels", number)[0][0])


async def _scanned(scan: Any, parcel: Any, number: object, place: str, hoped: int, done: str) -> None:
    began = _now()
    kind, seen = await _outcome(scan(parcel, number, place), done)
    if kind == "exit":
        raise NotYet(done, f"an exit with {describe_reason(seen)}", safe_repr(hoped), _BETWEEN_TWO)
    if kind == "error":
        raise NotYet(done, describe_exception(seen), safe_repr(hoped), _TAKEN_CARE)
    idea = _RETURNED if seen is None else "which process was asked: the one under this key, each time"
    expect(f"{done}; it returned", seen, hoped, idea)
    if _now() - began:
        raise NotYet(done, f"it took {_now() - began:g} s", "no time", "what is waited for. Nobody has to sleep here")


_BETWEEN_TWO: Final = (
    "what may happen between two steps: who was found may have ended, and who was missing may be there. A call to "
    "nobody exits with `noproc`"
)
_TAKEN_CARE: Final = "what `already_started` says: that somebody else was faster, and that the parcel is there"


async def _not_again(scan: Any, parcel: Any, number: object, place: str, log: list[tuple[object, object]]) -> None:
    done = f"the parcel {_FAULTS[place]}"
    kind, seen = await _outcome(scan(parcel, number, place), done)
    expect(f"{done}; how many times was that scan sent?", log.count((number, place)), 1, _TWICE)
    if kind != "exit":
        idea = f"what is caught. And at {_TWICE}"
        raise NotYet(done, f"{kind}: {safe_repr(seen)}", "an exit of whoever scanned", idea)


async def _start_fails(scan: Any) -> None:
    done = "the start of the parcel failed with 'recalled'"
    kind, seen = await _outcome(scan(_gives_in(_parcel([]), 20), "recalled", "van"), done)
    if kind != "error" or not isinstance(seen, ChildError) or seen.reason != "recalled":
        shown = describe_exception(seen) if kind == "error" else f"{kind}: {safe_repr(seen)}"
        idea = "which error of a start is good news: `already_started`, and no other"
        raise NotYet(done, shown, "a ChildError with 'recalled'", idea)


def _gives_in(parcel: Any, times: int) -> Any:
    """The parcel; after so many starts it starts whatever its number, or whoever begins again would never end."""
    begun = [0]

    class Parcel(parcel):  # type: ignore[misc]
        def init(self, number: Any) -> Any:
            begun[0] += 1
            return super().init(number) if begun[0] <= times else Ok((number, 0))

    return Parcel


class _Plain(GenServer, restart="temporary"):
    """A parcel for scenarios: it counts its scans."""

    @classmethod
    async def start_link(cls, number: Any) -> Any:  # type: ignore[override]
        return await super().start_link(0, name=Via("parcels", number))

    def handle_call(self, request: Any, from_: Any, count: Any) -> Any:
        match request:
            case ("scan", _):
                return Reply(count + 1, count + 1)


def _short_lived(times: int) -> Any:
    """A parcel whose first processes have ended when their start returns."""
    left = [times]

    class Parcel(_Plain):
        @classmethod
        async def start_link(cls, number: Any) -> Any:  # type: ignore[override]
            pid = await super().start_link(number)
            if left[0]:
                left[0] -= 1
                Process.exit(pid, "kill")
            return pid

    return Parcel


async def _one_scan(scan: Any, boss: Pid, place: str) -> None:
    try:
        answer = await scan(_Plain, "4711", place)
    except Exit as error:
        answer = error.reason[0] if isinstance(error.reason, tuple) else error.reason
    except Exception as error:
        answer = type(error).__name__
    send(boss, answer)


async def _hub() -> None:
    await Registry.start_link(keys="unique", name="parcels")
    await DynamicSupervisor.start_link(name="shelf")


def _at_the_same_moment(scan: Any) -> None:
    async def scenario() -> Any:
        await _hub()
        spawn(_one_scan, scan, self_(), "van")
        spawn(_one_scan, scan, self_(), "hatch")
        return sorted([await receive(timeout=60.0), await receive(timeout=60.0)], key=repr)

    done = "two scanned a parcel without a process at the same moment. The answers"
    _in_the_orders(done, scenario, "[1, 2]", lambda seen: seen == [1, 2], f"{_BETWEEN_TWO}. And at {_TAKEN_CARE}")


async def _kill(number: object) -> None:
    if pid := GenServer.whereis(Via("parcels", number)):
        Process.exit(pid, "kill")


def _killed_meanwhile(scan: Any) -> None:
    async def scenario() -> Any:
        await _hub()
        await DynamicSupervisor.start_child("shelf", (_Plain, "4711"))
        spawn(_one_scan, scan, self_(), "van")
        spawn(_kill, "4711")
        return await receive(timeout=60.0)

    done = "a parcel was scanned while somebody killed its process. The answer"
    words = "1, or an exit with 'killed' where it had received the scan,"
    _in_the_orders(done, scenario, words, lambda outcome: outcome in (1, "killed"), _BETWEEN_TWO)


# ---- drill 3 ------------------------------------------------------------------------------------------------


async def tracked(Tracked: Any, places: Sequence[str] = ("van", "locker 9")) -> None:
    """Each parcel's value is its last place, and who lies where is read without asking any parcel.

    Demands: ``start_link(number)`` returns the pid of a process under its number in "parcels", with the value "new";
    the call ``("scan", place)`` makes the place its value and is answered by the place before; ``at(place)`` returns
    the sorted list of the numbers, also while a parcel is busy, and sends nothing; who has ended is not in it.
    """
    await Registry.start_link(keys="unique", name="parcels")
    await with_other_numbers(_tracked, ((Tracked, places), (Tracked, ("depot", "boat", "island")), (Tracked, ("x",))))


_VALUE: Final = (
    "who changes a value: `update_value` changes that of the process that calls it, and answers None where that has no "
    "entry. And at what it answers: a pair, first the new value and then the old one"
)
_AT: Final = "what a pattern says: which part of key, pid and value is given, and which one is asked for"


async def _tracked(Tracked: Any, places: Sequence[str]) -> None:
    Process.flag(trap_exit=True)
    numbers = ["0815", "4711", "1234"]
    pids = {}
    for number in numbers:
        done = f"`Tracked.start_link({number!r})` was awaited"
        pids[number] = await _pid_of(Tracked.start_link(number), done)
        _is_under("parcels", number, pids[number], done)
        idea = "what stands beside the pid when a process is entered: the third part of `Via`, or of `register`"
        expect(f"{done}; its value is", Registry.lookup("parcels", number)[0][1], "new", idea)
    await _at(Tracked, "new", sorted(numbers), "three parcels were started")
    for number in numbers[:2]:
        before = "new"
        for place in (*places, places[0]):
            done = f"{number!r} was scanned at {place!r}"
            try:
                seen = await GenServer.call(pids[number], ("scan", place))
            except Exit as error:
                raise _ended(error, pids[number], done) from None
            idea = _RETURNED if seen is None else "which place is answered: the one before. " + _VALUE
            now = _entry("parcels", number, done)
            expect(f"{done}; its value is", now and now[1], place, f"where the place is kept. And at {_VALUE}")
            expect(f"{done}; the call was answered by", seen, before, idea)
            before = place
    await _at(Tracked, places[0], sorted(numbers[:2]), "two of three parcels were scanned there last")
    await _at(Tracked, "new", ["1234"], "one parcel was not scanned at all")
    for near in ("nowhere", places[0][:-1], f"{places[0]}, 2"):
        await _at(Tracked, near, [], "nothing was scanned there")
    await sys_.suspend(pids["4711"])
    await _at(Tracked, places[0], sorted(numbers[:2]), "one of the parcels was busy")
    await sys_.resume(pids["4711"])
    await _killed(pids["0815"])
    await _at(Tracked, places[0], ["4711"], "one of two parcels had been killed")
    for pid in pids.values():
        await _killed(pid)
    await _at(Tracked, places[0], [], "all parcels had been killed")


def _ended(error: Exit, pid: Pid, done: str) -> BaseException:
    """What a call exits with, as something to learn from; what `check` explains better is left to it."""
    reason = ended_with(pid)
    if type(reason).__name__ == "AlreadyRegistered":
        idea = "how a value is changed. `register` makes an entry, and with unique keys there is only one"
        return NotYet(done, "the parcel ended, with AlreadyRegistered", "an answer", idea)
    if isinstance(reason, TypeError) and "None" in str(reason):
        return NotYet(done, f"the parcel ended: {describe_exception(reason)}", "an answer", _VALUE)
    return error


async def _at(Tracked: Any, place: str, hoped: list[str], done: str) -> None:
    done = f"{done}; `at({place!r})`"
    since, began = so_far(), _now()
    idea = "what is asked. A process that is asked may be busy or gone; the registry holds the values itself"
    try:
        seen = await answered(Tracked.at(place), done)
    except Exit:
        raise NotYet(done, "a parcel was called, and gave no answer", safe_repr(hoped), idea) from None
    if sent_since(since) or _now() - began:
        raise NotYet(done, "something was sent", "nothing is sent", idea)
    if seen is None:
        raise NotYet(done, "None", safe_repr(hoped), _RETURNED)
    if not same(seen, hoped) and isinstance(seen, (list, tuple, set)):
        _nearly(list(seen), hoped, done)
    expect(done, seen, hoped, _AT)


def _nearly(seen: list[Any], hoped: list[str], done: str) -> None:
    shown = safe_repr(seen)
    if any(isinstance(each, (Pid, tuple)) for each in seen):
        raise NotYet(done, shown, safe_repr(hoped), f"what is wanted of each entry: its key alone. And at {_AT}")
    if set(hoped) < set(seen):
        idea = f"who is in the list: those that are there, and lie at this place. {_KEPT[0].upper()}{_KEPT[1:]}"
        raise NotYet(done, shown, safe_repr(hoped), idea)
    if sorted(map(str, seen)) == hoped:
        raise NotYet(done, shown, safe_repr(hoped), "what kind of list is wanted: a sorted one")


# ---- drill 4 ------------------------------------------------------------------------------------------------

Events = Sequence[Any]
KILLED: Final = "the registry is killed"
_A: Final[Events] = (("ann", "registers", "a"), ("ben", "registers", "a"))
EVENTS: Final[Events] = (
    ("ann", "registers", "a"), ("ben", "registers", "a"), ("ben", "registers", "b"), ("ann", "unregisters", "b"),
    ("ben", "ends"), ("eve", "registers", "b"), ("eve", "registers", "c"),
)  # fmt: skip
OTHER_EVENTS: Final[Sequence[Events]] = (
    (("ann", "registers", "a"), ("ben", "unregisters", "a"), ("ann", "registers", "b"), ("joe", "registers", "a")),
    (("ann", "registers", "a"), ("ann", "ends"), ("ann", "registers", "b"), ("ben", "registers", "a")),
    (("ann", "registers", "a"), KILLED, ("ann", "registers", "a"), ("ben", "registers", "b")),
    (("ann", "registers", "a"), ("ann", "unregisters", "a"), KILLED, ("ann", "registers", "c")),
    (("ann", "registers", "a"), ("ann", "registers", "a"), ("ben", "registers", "a"), ("ann", "unregisters", "a")),
    (("ann", "registers", "a"), ("ann", "registers", "b"), ("ben", "registers", "c"), ("ann", "ends"), ("ben", "ends")),
    (
        KILLED,
        ("eve", "ends"),
        KILLED,
        ("eve", "registers", "a"),
        ("joe", "registers", "a"),
        ("joe", "unregisters", "z"),
    ),
    (("ann", "registers", "a"), ("ben", "registers", "b"), ("ann", "ends"), KILLED, ("ben", "registers", "a")),
    (),
)


async def found(found: Any, events: Events = EVENTS) -> None:
    """It agrees with a real registry on who is found under which key, after ends and after the registry's own.

    Demands: a dict from each key to the name of its holder; keys and names are texts; the list is left as it is.
    """
    await with_other_numbers(_found, ((found, each) for each in (events, *OTHER_EVENTS)))


async def _found(found: Any, events: Events) -> None:
    given = list(events)
    told = ", ".join(each if isinstance(each, str) else " ".join(each) for each in given) or "nothing"
    done = f"this happened: {told}; `found` was asked, and a real registry"
    seen = await answered(found(given), done)
    hoped = await _really(events)
    if not same(given, list(events)):
        raise NotYet(done, "the list was changed", "the list as it was", "what is done with the argument")
    if seen is None:
        raise NotYet(done, "None", safe_repr(hoped), _RETURNED)
    if not same(seen, hoped):
        raise NotYet(done, safe_repr(seen), safe_repr(hoped), await _idea_of(found))


PROBES: Final[Sequence[tuple[Events, str]]] = (
    ((("ann", "registers", "a"),), "what is wanted: a dict, at each key the name of the one process that has it"),
    (_A[:2], "who has a unique key: the first who came, until that one leaves or ends"),
    (
        (_A[0], ("ben", "unregisters", "a")),
        "whose key is taken away: `unregister` takes the caller's own entry, and nobody else's",
    ),
    (
        (*_A[:2], ("ben", "registers", "b")),
        "what becomes of a process whose key is taken: it lives on, and may register",
    ),
    ((_A[0], ("ann", "ends")), "what an end takes away: all keys of that process"),
    (
        (_A[0], ("ann", "ends"), ("ann", "registers", "b")),
        "what an end takes away: everything that the process would have done later, too",
    ),
    ((_A[0], KILLED), "what is in the registry that comes after one that was killed: it is a new one, and empty"),
    (
        (_A[0], KILLED, ("ann", "registers", "b")),
        "who ends with a registry: all who are in it at that moment. They are linked to it",
    ),
    (
        (_A[0], ("ann", "unregisters", "a"), KILLED, ("ann", "registers", "c")),
        "who ends with a registry: those who are in it at that moment, and nobody else",
    ),
)
"""The smallest lists, each with what has been missed where it is the first that comes out otherwise."""


async def _idea_of(found: Any) -> str:
    """What an answer has missed."""
    for events, idea in PROBES:
        if not same(await answered(found(list(events)), "a short list was played"), await _really(events)):
            return idea
    return "how the events go together: each of them by itself was taken rightly"


async def _really(events: Events) -> dict[str, str]:
    """Play it with processes that do what they are told."""
    Process.flag(trap_exit=True)
    people: dict[str, Pid] = {}

    async def person() -> None:
        while True:
            act, key = await receive()
            try:
                getattr(Registry, act)("people", key)
            except Exception:  # the key is taken
                continue

    await Registry.start_link(keys="unique", name="people")
    for event in events:
        if event == KILLED:
            _kill_the_registry("people", "the registry was killed")
            await Process.sleep(A_WHILE)
            await Registry.start_link(keys="unique", name="people")
            continue
        who, act, *key = event
        if who not in people:
            people[who] = spawn(person)
        pid = people[who]
        if act == "ends":
            Process.exit(pid, "kill")
        else:
            send(pid, (act.removesuffix("s"), key[0]))
        await Process.sleep(A_WHILE)
    names = {pid: who for who, pid in people.items()}
    result = {key: names[pid] for key, pid, _ in Registry.select("people")}
    _kill_the_registry("people", "all was over")
    for pid in people.values():
        Process.exit(pid, "kill")
    await Process.sleep(A_WHILE)
    return result


# ---- repair 1 -----------------------------------------------------------------------------------------------


async def claim(mended_claim: Any, box: object = 9, couriers: tuple[str, str] = ("ann", "ben")) -> None:
    """A box has one courier at a time, everybody else is told who that is, and no order raises an exception.

    Demands: "yours" for whoever has the box now, also if it had it before; ``("taken", courier)`` for others, with
    the courier who has it; the end of a courier frees the box; ``9`` and ``"9"`` are two boxes; two at the same
    moment, and a holder who ends in that moment, in every order; the claim is the caller's own, and nobody waits.
    """
    await Registry.start_link(keys="unique", name="boxes")
    cases = (
        (mended_claim, box, couriers),
        (mended_claim, "9", ("kim", "lea")),
        (mended_claim, ("hall", 2), ("x", "y")),
    )
    await with_other_numbers(_claim, cases)
    _two_claims(mended_claim)
    _holder_ends(mended_claim)


class _Courier:
    """A process that claims when it is told to, and lives until it is ended."""

    def __init__(self, claim: Any, name: str) -> None:
        self.claim, self.name = claim, name
        self.said: list[tuple[str, Any]] = []

        async def live() -> None:
            while True:
                box = await receive()
                began = _now()
                try:
                    said = ("answer", await answered(self.claim(box, self.name), "a box was claimed"))
                except (NotYet, NotImplementedError) as error:
                    said = ("not yet", error)
                except (Exit, Exception) as error:
                    said = ("raised", error)
                if _now() - began:
                    said = ("waited", _now() - began)
                self.said.append(said)

        self.pid = spawn(live)

    async def claims(self, box: object, hoped: object, done: str, idea: str) -> None:
        """Claim a box, and compare what comes of it."""
        send(self.pid, box)
        await let_pass(5.0)
        if not self.said:
            raise NotYet(done, "no answer", safe_repr(hoped), "what is waited for. A registry answers at once")
        kind, value = self.said.pop()
        if kind == "not yet":
            raise value
        if kind == "raised":
            raise NotYet(done, _raised(value), safe_repr(hoped), _CLAIM)
        if kind == "waited":
            raise NotYet(done, f"an answer after {value:g} s", "an answer at once", "what is waited for. Nobody has to")
        expect(f"{done}; it was told", value, hoped, _RETURNED if value is None else idea)


def _raised(error: BaseException) -> str:
    return describe_exception(error) if isinstance(error, Exception) else f"an exit: {describe_reason(error)}"


_CLAIM: Final = (
    "what may happen between two steps: who looks finds nobody, and somebody comes; who is told that a box is taken "
    "looks by whom, and nobody is there. Only `register` itself decides"
)
_OWNER: Final = (
    "whose claim it is. `register` enters the process that calls it, and the entry is there as long as that process is"
)


async def _claim(claim: Any, box: object, couriers: tuple[str, str]) -> None:
    one, other = (_Courier(claim, name) for name in couriers)
    done = f"{one.name} claimed {box!r}"
    await one.claims(box, "yours", done, "what a free box is told")
    entry = _entry("boxes", box, done)
    holder = "nobody" if entry is None else _who(entry[0], {one.pid: one.name})
    expect(f"{done}; the box is held by", holder, one.name, _OWNER)
    expect(f"{done}; beside the pid stands", entry and entry[1], one.name, "the value of the entry: the courier's name")
    await other.claims(box, ("taken", one.name), f"then {other.name} claimed it, too", _TAKEN_BY)
    await one.claims(box, "yours", f"then {one.name} claimed it once more", _OWN)
    namesake = _Courier(claim, one.name)
    done = f"then another process whose courier is called {one.name}, too, claimed it"
    await namesake.claims(box, ("taken", one.name), done, "who has the box: a process. A name may be that of two")
    await _killed(namesake.pid)
    await other.claims(("another", box), "yours", f"{other.name} claimed another box", "which key a box has")
    near = "9" if box == 9 else 9
    if box in (9, "9"):
        await other.claims(near, "yours", f"{other.name} claimed {near!r}, which is no {box!r}", "which key a box has")
    await _killed(one.pid)
    await other.claims(box, "yours", f"{one.name} had ended, and {other.name} claimed {box!r}", _OWNER)
    await _killed(other.pid)
    expect("both had ended; the registry holds", Registry.count("boxes"), 0, _OWNER)


_TAKEN_BY: Final = "what is told of a box that is taken: the value of its holder, not a pid, and not one's own name"
_OWN: Final = "who has the box when `register` is refused. It may be the caller itself"


async def _one_claim(claim: Any, boss: Pid, name: str) -> None:
    try:
        answer = await claim(9, name)
    except Exception as error:
        answer = type(error).__name__
    send(boss, (name, answer))
    await Process.sleep(60.0)


def _told(answers: Any) -> Any:
    """What each was told, and what the registry holds of the box: the two have to agree."""
    return sorted(answers, key=repr), [name for _, name in Registry.lookup("boxes", 9)]


def _fits(outcome: Any) -> bool:
    """One has it, and the other was told so."""
    return outcome in (
        ([("ann", "yours"), ("ben", ("taken", "ann"))], ["ann"]),
        ([("ann", ("taken", "ben")), ("ben", "yours")], ["ben"]),
    )


def _two_claims(claim: Any) -> None:
    async def scenario() -> Any:
        await Registry.start_link(keys="unique", name="boxes")
        spawn(_one_claim, claim, self_(), "ann")
        spawn(_one_claim, claim, self_(), "ben")
        return _told([await receive(timeout=60.0), await receive(timeout=60.0)])

    words = "one of them has it, and the other is told so,"
    done = "two claimed a box at the same moment"
    expect_in_every_schedule(done, scenario, words, _CLAIM, right=_fits, most=300)


def _holder_ends(claim: Any) -> None:
    async def scenario() -> Any:
        await Registry.start_link(keys="unique", name="boxes")
        holder = spawn(_one_claim, claim, self_(), "ann")
        await receive(timeout=60.0)
        spawn(_one_claim, claim, self_(), "ben")
        spawn(_leaves, holder)
        return _told([await receive(timeout=60.0)])

    words = "ben is told that the box is his, and the registry says so, or he is told that ann has it,"
    late = [("ben", ("taken", "ann"))]  # the end may come after that
    fitting: tuple[Any, ...] = ([("ben", "yours")], ["ben"]), (late, ["ann"]), (late, [])
    expect_in_every_schedule(
        "ann had a box and ended while ben claimed it; what he was told, and who stands in the registry then",
        scenario, words, _CLAIM, right=lambda outcome: outcome in fitting, most=300,
    )  # fmt: skip


# ---- repair 2 -----------------------------------------------------------------------------------------------


async def open_hub(open_hub: Any, numbers: Sequence[str] = ("4711", "0815", "1234", "5678", "9012")) -> None:
    """The hub outlives its registry in the orders that were tried, all parcels are found again, and none is left over.

    Demands: the pid of a supervisor "hub"; each parcel is found under its number from the start; one that crashes is
    started again, and three within five seconds cost the others nothing; a killed registry is there again within a
    tenth of a second, with each parcel started anew, and no other parcel alive, also if parcels trap exits; that holds
    twice, ten seconds apart, and in the orders in which the ends can be noticed; when the hub is stopped, everything
    ends.
    """
    await with_other_numbers(_open_hub, ((open_hub, numbers, False), (open_hub, ("a", "b", "c"), True)))
    _falls(open_hub)


def _counting(born: list[Pid], traps: bool) -> Any:
    """A parcel that counts its scans; ``born`` sees each process."""

    class Parcel(GenServer):
        @classmethod
        async def start_link(cls, number: Any) -> Any:  # type: ignore[override]
            return await super().start_link(number, name=Via("parcels", number))

        def init(self, number: Any) -> Any:
            Process.flag(trap_exit=traps)
            born.append(self_())
            return Ok(0)

        def handle_call(self, request: Any, from_: Any, count: Any) -> Any:
            match request:
                case ("scan", _):
                    return Reply(count + 1, count + 1)

        def handle_info(self, message: Any, count: Any) -> Any:
            return NoReply(count)

    return Parcel


_FALLS: Final = (
    "what a supervisor may see first: the end of a parcel, or that of the registry. Which strategy starts them in the "
    "right order again, whichever came first, and counts it once?"
)
_LEFT_OVER: Final = (
    "who outlives the registry. A parcel that traps exits is not ended by the link, and is in no registry any more: "
    "whoever outlives it has to be stopped"
)


async def _open_hub(open_hub: Any, numbers: Sequence[str], traps: bool) -> None:
    Process.flag(trap_exit=True)
    born: list[Pid] = []
    done = f"`open_hub` was awaited for {list(numbers)}" + ", which trap exits" * traps
    hub = await _pid_of(open_hub(_counting(born, traps), list(numbers)), done)
    expect(f"{done}; is it called 'hub'?", Process.whereis("hub") is hub, True, "the name of the supervisor")
    await Process.sleep(A_WHILE)
    await _all_there(numbers, 1, done)
    await _one_crashes(numbers, done)
    for time in ("once", "ten seconds later once more"):
        _kill_the_registry("parcels", done)
        await Process.sleep(A_WHILE)
        then = f"{done}; the registry was killed {time}"
        if not Process.alive(hub):
            raise NotYet(then, "the hub has ended", "it lives", _GAVE_UP)
        await _all_there(numbers, 1, then)
        left = [pid for pid in born if Process.alive(pid)]
        if len(left) > len(numbers):
            seen = f"{len(left)} parcels are alive, and {len(numbers)} are found"
            raise NotYet(then, seen, "nobody alive whom nobody finds", _LEFT_OVER)
        await let_pass(10.0)
    Process.unlink(hub)
    await Supervisor.stop(hub)
    await Process.sleep(A_WHILE)
    alive = [pid for pid in (*born, Process.whereis("parcels")) if pid is not None and Process.alive(pid)]
    expect(f"{done}, and then it was stopped; how many are left?", len(alive), 0, "who belongs to the hub: everybody")


_GAVE_UP: Final = (
    "what the death of a registry costs its users: all of them end. How many ends does each supervisor count, and what "
    "does the restart of one find while the registry is not there?"
)


async def _all_there(numbers: Iterable[str], hoped: int, done: str) -> None:
    for number in numbers:
        then = f"{done}; {number!r} was scanned"
        try:
            seen = await GenServer.call(Via("parcels", number), ("scan", "van"))
        except Exit as error:
            reason = error.reason[0] if isinstance(error.reason, tuple) else error.reason
            idea = "who starts the parcels, and when: at the opening, and whenever the registry is a new one"
            raise NotYet(then, f"an exit with {describe_reason(reason)}", safe_repr(hoped), idea) from None
        except Exception as error:
            raise NotYet(
                then, describe_exception(error), safe_repr(hoped), "who starts the registry, and when"
            ) from None
        expect(then, seen, hoped, "which process answers: a new one, which knows nothing")


async def _one_crashes(numbers: Sequence[str], done: str) -> None:
    before = {number: Registry.lookup("parcels", number)[0][0] for number in numbers}
    for number in (numbers[0], numbers[-1], numbers[0]):  # within five seconds
        Process.exit(before[number], "kill")
        await Process.sleep(A_WHILE)
        then = f"{done}; the parcel {number!r} was killed"
        entry = _entry("parcels", number, then)
        idea = "what becomes of a parcel that has crashed: it is started again"
        expect(f"{then}; is it found again?", entry is not None, True, idea)
        before[number] = entry[0] if entry else before[number]
        spared = [each for each in numbers if Registry.lookup("parcels", each) == [(before[each], None)]]
        idea = "whom the end of one parcel concerns: no other parcel remembers it"
        expect(f"{then}; these processes are as before", sorted(spared), sorted(numbers), idea)
    await let_pass(10.0)


async def _hub_lives(open_hub: Any) -> str:
    Process.flag(trap_exit=True)
    hub = await open_hub(_Plain2, ["4711"])
    spawn(_leaves, Process.whereis("parcels"))
    await Process.sleep(1.0)
    if not Process.alive(hub):
        return "the hub gave up"
    return "found" if GenServer.whereis(Via("parcels", "4711")) else "nobody is found"


class _Plain2(GenServer):
    """A parcel that does nothing."""

    @classmethod
    async def start_link(cls, number: Any) -> Any:  # type: ignore[override]
        return await super().start_link(0, name=Via("parcels", number))


def _falls(open_hub: Any) -> None:
    """Look for an order that ends the hub; the bad ones that are known are among the first that are tried."""

    async def scenario() -> Any:
        return await _hub_lives(open_hub)

    done = "one parcel was there, and the registry was killed"
    _in_the_orders(done, scenario, "'found'", lambda outcome: outcome == "found", _FALLS, most=150)


# ---- the design ---------------------------------------------------------------------------------------------


async def lockers(Lockers: Any, places: Sequence[object] = ("North", "South")) -> None:
    """Nothing is lost between a put and the end of an empty locker, and what is filled is known without asking.

    Demands: a supervisor "lockers", linked to the caller; ``put`` returns how many parcels the locker holds then,
    ``take`` "out" or "not here", ``filled`` a dict of what is not empty, which sends nothing; any term is a place,
    "lockers" too; a locker has a process only while it holds something; whoever puts may end, also in the middle of
    it; a killed locker costs its own parcels; a killed registry "places" costs all, and leaves `lockers` alive and
    nobody over; puts, and a put and the last take, at the same moment in many orders; after a stop nothing is left or
    remembered.
    """
    await with_other_numbers(_lockers, ((Lockers, places), (Lockers, (7, "7", "lockers", ("hall", 3)))))
    _two_puts(Lockers)
    _put_and_take(Lockers)
    _putter_is_killed(Lockers)


_EMPTY: Final = "when a locker's process ends: with its last parcel, and nobody starts one to take something out"


async def _lockers(Lockers: Any, places: Sequence[object]) -> None:
    Process.flag(trap_exit=True)
    top = await _opened(Lockers)
    at_rest = len(current_node().processes())
    first, other = places[:2]
    await _does(Lockers, ("put", first, "a"), 1)
    await _does(Lockers, ("put", first, "b"), 2)
    await _does(Lockers, ("put", other, "c"), 1)
    await _filled(Lockers, {first: 2, other: 1}, "three parcels were put into two lockers")
    await _does(Lockers, ("take", first, "c"), "not here")
    await _does(Lockers, ("take", first, "a"), "out")
    await _does(Lockers, ("take", first, "a"), "not here")
    await _filled(Lockers, {first: 1, other: 1}, "one of them was taken out again")
    await _does(Lockers, ("take", first, "b"), "out")
    await _does(Lockers, ("take", other, "c"), "out")
    await _does(Lockers, ("take", "nowhere", "a"), "not here")
    done = "all parcels were taken out"
    await _filled(Lockers, {}, done)
    await Process.sleep(A_WHILE)
    expect(f"{done}; so many processes more than at the start", len(current_node().processes()) - at_rest, 0, _EMPTY)
    await _whoever_puts_ends(Lockers, places)
    await _ends_of_lockers(Lockers, places, top)
    await _stopped(Lockers, places, top)


async def _opened(Lockers: Any) -> Pid:
    done = "`Lockers.start_link()` was awaited"
    top = await _pid_of(Lockers.start_link(), done)
    expect(f"{done}; is it called 'lockers'?", Process.whereis("lockers") is top, True, "the name of the supervisor")
    idea = "the name of the registry: 'places'"
    expect(f"{done}; is a registry 'places' there?", Process.whereis("places") is not None, True, idea)
    return top


async def _does(Lockers: Any, what: tuple[str, object, str], hoped: object) -> None:
    act, place, parcel = what
    done = f"`{act}({place!r}, {parcel!r})` was awaited"
    began = _now()
    kind, seen = await _outcome(getattr(Lockers, act)(place, parcel), done)
    if kind == "exit":
        idea = _SAME_MOMENT if seen in ("noproc", "normal") else "why the locker's process has ended: the log says it"
        raise NotYet(done, f"an exit with {describe_reason(seen)}", safe_repr(hoped), idea)
    if kind == "error":
        raise NotYet(done, describe_exception(seen), safe_repr(hoped), _TAKEN_CARE)
    idea = "what the locker holds, and that each place has its own" if seen is not None else _RETURNED
    expect(f"{done}; it returned", seen, hoped, idea)
    expect(f"{done}; it took so many seconds", _now() - began, 0.0, "what is waited for. Nobody has to sleep here")


async def _filled(Lockers: Any, hoped: dict[object, int], done: str) -> None:
    done = f"{done}; `filled()` was asked"
    since = so_far()
    seen = await answered(Lockers.filled(), done)
    sent = sent_since(since)
    idea = "what is asked. A locker that is asked may be busy or gone; the registry holds a value for each"
    expect(f"{done}; so many messages were sent", len(sent), 0, idea)
    idea = _RETURNED if seen is None else f"what the value of each entry is, and who changes it. And at {_EMPTY}"
    if isinstance(seen, dict) and set(map(repr, seen)) > set(map(repr, hoped)):
        idea = f"who is there no more. {_KEPT[0].upper()}{_KEPT[1:]}"
    if isinstance(seen, dict) and 0 in seen.values():
        idea = "which lockers are named: those that hold something. Just before its end, a locker holds nothing"
    expect(done, seen, hoped, idea)


async def _whoever_puts_ends(Lockers: Any, places: Sequence[object]) -> None:
    async def courier() -> None:
        for place in places:
            await answered(Lockers.put(place, "d"), "a courier has put a parcel in")
        raise Exit("home")

    spawn(courier)
    await Process.sleep(A_WHILE)
    done = f"a courier put a parcel into {len(places)} lockers, and ended"
    await _filled(Lockers, dict.fromkeys(places, 1), f"{done}; {_LINKED}")


_LINKED: Final = "a locker that was linked to the courier would have ended with it"


async def _ends_of_lockers(Lockers: Any, places: Sequence[object], top: Pid) -> None:
    entry = _entry("places", places[0], "a locker was looked up")
    if entry is None:
        raise NotYet(f"{places[0]!r} was looked up in 'places'", "nobody", "the locker", "under which key a locker is")
    await _killed(entry[0])
    await _filled(Lockers, dict.fromkeys(places[1:], 1), f"the locker {places[0]!r} was killed")
    await _does(Lockers, ("put", places[0], "e"), 1)
    holders = [Registry.lookup("places", place)[0][0] for place in places]
    _kill_the_registry("places", "a locker was filled")
    await Process.sleep(A_WHILE)
    done = "the registry was killed"
    if not Process.alive(top) or Process.whereis("lockers") is not top:
        raise NotYet(done, "`lockers` has ended", "it lives", _GAVE_UP)
    expect(f"{done}; so many old lockers are alive", sum(map(Process.alive, holders)), 0, _LEFT_OVER)
    expect(f"{done}; is there a new one?", Process.whereis("places") is not None, True, "who starts the registry")
    await _filled(Lockers, {}, done)
    await _does(Lockers, ("put", places[0], "f"), 1)


async def _stopped(Lockers: Any, places: Sequence[object], top: Pid) -> None:
    holder = Registry.lookup("places", places[0])[0][0]
    Process.unlink(top)
    await Supervisor.stop(top)
    done = "`lockers` was stopped"
    alive = [pid for pid in (holder, Process.whereis("places")) if pid is not None and Process.alive(pid)]
    expect(f"{done}; so many of its processes are alive", len(alive), 0, "who belongs to `lockers`: everybody")
    again = await _opened(Lockers)
    await _filled(Lockers, {}, f"{done}, and started again")
    await _does(Lockers, ("put", places[0], "g"), 1)
    Process.unlink(again)
    await Supervisor.stop(again)


_SAME_MOMENT: Final = (
    "what may happen between two steps. Who was found may have ended, before the call or before it has taken it from "
    "its mailbox; the exit of the call says which, and in both cases nothing was done"
)


async def _step(act: Any, boss: Pid, parcel: str) -> None:
    try:
        answer = act("North", parcel)
        answer = await answer if inspect.isawaitable(answer) else answer
    except Exit as error:
        answer = f"exit: {describe_reason(error.reason)}"
    except Exception as error:
        answer = type(error).__name__
    send(boss, answer)


def _put_and_take(Lockers: Any) -> None:
    async def scenario() -> Any:
        await Lockers.start_link()
        await Lockers.put("North", "a")
        spawn(_step, Lockers.take, self_(), "a")
        spawn(_step, Lockers.put, self_(), "b")
        told = sorted([await receive(timeout=60.0), await receive(timeout=60.0)], key=repr)
        await Process.sleep(1.0)
        return told, len(Registry.select("places")), await Lockers.take("North", "b")

    words = "'out' and 1 or 2, and then the parcel is there,"
    fine = ((["out", 1], 1, "out"), (["out", 2], 1, "out"))
    done = "the last parcel was taken out while another one was put in"
    _in_the_orders(done, scenario, words, lambda seen: seen in fine, _SAME_MOMENT)


def _two_puts(Lockers: Any) -> None:
    async def scenario() -> Any:
        await Lockers.start_link()
        spawn(_step, Lockers.put, self_(), "a")
        spawn(_step, Lockers.put, self_(), "b")
        return sorted([await receive(timeout=60.0), await receive(timeout=60.0)], key=repr)

    done = "two put a parcel into an empty locker at the same moment. The answers"
    _in_the_orders(done, scenario, "[1, 2]", lambda seen: seen == [1, 2], f"{_SAME_MOMENT}. And at {_TAKEN_CARE}")


def _putter_is_killed(Lockers: Any) -> None:
    async def scenario() -> Any:
        await Lockers.start_link()
        spawn(_leaves, spawn(_step, Lockers.put, self_(), "a"))
        await Process.sleep(1.0)
        return len(Registry.select("places")), Lockers.filled()

    words = "one locker that holds the parcel, or none,"
    idea = (
        "what is left of a `put` whose caller is killed between two of its steps. If a locker is started with its "
        "first parcel, there are no two steps"
    )
    done = "somebody was killed while putting a parcel in; so many lockers were there then, and `filled()` was"
    _in_the_orders(done, scenario, words, lambda seen: seen in ((0, {}), (1, {"North": 1})), idea)

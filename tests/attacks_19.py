"""Attacks on the checks of chapter 19, the capstone."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from attacks import Table

from otp_mini import (
    ChildError,
    ChildSpec,
    Continue,
    DynamicSupervisor,
    Exit,
    GenServer,
    NoReply,
    Ok,
    Pid,
    Process,
    Registry,
    Reply,
    Supervise,
    Supervisor,
    Task,
    Via,
    child_spec,
    ets,
    self_,
    send,
)
from otp_mini.exercises import capstone as ex

table = Table()


# ---- ledger -------------------------------------------------------------------------------------------------


class Ledger(GenServer):
    def init(self, fetch: Any) -> Any:
        return Ok((fetch, []), Continue("fetch"))

    async def handle_continue(self, work: Any, state: Any) -> Any:
        return NoReply(await self.attempt(*state))

    async def attempt(self, fetch: Any, items: Any) -> Any:
        try:
            return None, [*await fetch(), *items]
        except (Exit, Exception):
            Process.send_after(self_(), "fetch", 5.0)
            return fetch, items

    async def handle_info(self, message: Any, state: Any) -> Any:
        match message:
            case "fetch" if state[0] is not None:
                return NoReply(await self.attempt(*state))
        return NoReply(state)

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        fetch, items = state
        match request:
            case ("add", item):
                return Reply("ok", (fetch, [*items, item]))
            case "items":
                return Reply(items, state)


class TwoLists(Ledger):
    """Keeps what was fetched and what was added apart."""

    def init(self, fetch: Any) -> Any:
        return Ok({"fetch": fetch, "old": None, "new": []}, Continue("fetch"))

    async def handle_continue(self, work: Any, state: Any) -> Any:
        try:
            return NoReply(state | {"old": await state["fetch"]()})
        except (Exit, Exception):
            Process.send_after(self_(), "again", 5.0)
            return NoReply(state)

    async def handle_info(self, message: Any, state: Any) -> Any:
        if message == "again" and state["old"] is None:
            return await self.handle_continue(message, state)
        return NoReply(state)

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        match request:
            case ("add", item):
                return Reply("ok", state | {"new": [*state["new"], item]})
            case "items":
                return Reply([*(state["old"] or []), *state["new"]], state)


class ByTask(Ledger):
    """Has another process try, and is told of the items."""

    def init(self, fetch: Any) -> Any:
        Task.start(self.keep_trying, self_(), fetch)
        return Ok((None, []))

    @staticmethod
    async def keep_trying(ledger: Any, fetch: Any) -> None:
        while True:
            try:
                send(ledger, ("fetched", await fetch()))
                return
            except (Exit, Exception):
                await Process.sleep(5.0)

    async def handle_info(self, message: Any, state: Any) -> Any:
        match message:
            case ("fetched", old):
                return NoReply((None, [*old, *state[1]]))
        return NoReply(state)


class InInit(Ledger):
    async def init(self, fetch: Any) -> Any:
        return Ok((None, list(await fetch())))


class TriesInInit(Ledger):
    async def init(self, fetch: Any) -> Any:
        return Ok(await self.attempt(fetch, []))


class NoExit(Ledger):
    async def attempt(self, fetch: Any, items: Any) -> Any:
        try:
            return None, [*await fetch(), *items]
        except Exception:
            Process.send_after(self_(), "fetch", 5.0)
            return fetch, items


class Behind(Ledger):
    async def attempt(self, fetch: Any, items: Any) -> Any:
        try:
            return None, [*items, *await fetch()]
        except (Exit, Exception):
            Process.send_after(self_(), "fetch", 5.0)
            return fetch, items


class Replaces(Ledger):
    async def attempt(self, fetch: Any, items: Any) -> Any:
        try:
            return None, await fetch()
        except (Exit, Exception):
            Process.send_after(self_(), "fetch", 5.0)
            return fetch, items


class OneTry(Ledger):
    async def attempt(self, fetch: Any, items: Any) -> Any:
        try:
            return None, [*await fetch(), *items]
        except (Exit, Exception):
            return fetch, items


class Tight(Ledger):
    async def attempt(self, fetch: Any, items: Any) -> Any:
        try:
            return None, [*await fetch(), *items]
        except (Exit, Exception):
            send(self_(), "fetch")
            return fetch, items


class ForEver(Ledger):
    """Fetches every five seconds, whatever has come."""

    async def attempt(self, fetch: Any, items: Any) -> Any:
        Process.send_after(self_(), "fetch", 5.0)
        try:
            return fetch, [*await fetch(), *items]
        except (Exit, Exception):
            return fetch, items


class Sleeps(Ledger):
    async def attempt(self, fetch: Any, items: Any) -> Any:
        while True:
            try:
                return None, [*await fetch(), *items]
            except (Exit, Exception):
                await Process.sleep(5.0)


class AnyMessage(Ledger):
    async def handle_info(self, message: Any, state: Any) -> Any:
        return NoReply(await self.attempt(*state) if state[0] is not None else state)


class NoLastCase(Ledger):
    async def handle_info(self, message: Any, state: Any) -> Any:
        match message:
            case "fetch":
                return NoReply(await self.attempt(*state))


class InTheClass(Ledger):
    items: Any = []  # noqa: RUF012

    def init(self, fetch: Any) -> Any:
        type(self).items = []
        return super().init(fetch)

    async def attempt(self, fetch: Any, items: Any) -> Any:
        fetch, old = await super().attempt(fetch, [])
        type(self).items[:0] = old
        return fetch, []

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        match request:
            case ("add", item):
                type(self).items.append(item)
                return Reply("ok", state)
            case "items":
                return Reply(list(type(self).items), state)


class Crashes(Ledger):
    async def attempt(self, fetch: Any, items: Any) -> Any:
        return None, [*await fetch(), *items]


class DownUntilThen(Ledger):
    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        if state[0] is not None:
            return Reply(("error", "down"), state)
        return super().handle_call(request, from_, state)


class Knows(Ledger):
    """Fetches nothing: it knows the items of the text."""

    async def attempt(self, fetch: Any, items: Any) -> Any:
        fetched, found = await super().attempt(fetch, items)
        return fetched, found if fetched is not None else ["a", "b", *items]


class Early(Ledger):
    async def attempt(self, fetch: Any, items: Any) -> Any:
        Process.send_after(self_(), "fetch", 5.0)
        try:
            return None, [*await fetch(), *items]
        except (Exit, Exception):
            return fetch, items


table.right(ex.ledger, "keeps two lists", TwoLists)
table.right(ex.ledger, "has a task try", ByTask)
table.right(ex.ledger, "keeps a tuple in its state", Ledger)
table.wrong(ex.ledger, "asks in init", InInit, "what `init` does")
table.wrong(ex.ledger, "tries in init", TriesInInit, "what `init` does")
table.wrong(ex.ledger, "catches exceptions and no exits", NoExit, "except Exception` does not catch an `Exit")
table.wrong(ex.ledger, "lets it crash", Crashes, "what a failed attempt is")
table.wrong(ex.ledger, "puts what it fetches behind", Behind, "the order of the list")
table.wrong(ex.ledger, "replaces what was added", Replaces, "what becomes of what was added")
table.wrong(ex.ledger, "tries once", OneTry, "who makes the next attempt")
table.wrong(ex.ledger, "tries without a pause", Tight, "the pause after a failure")
table.wrong(ex.ledger, "fetches for ever", ForEver, "fetched twice")
table.wrong(ex.ledger, "sleeps in a callback", Sleeps, "neither sleeps in a callback")
table.wrong(ex.ledger, "takes any message for its own", AnyMessage, "what a message does that is not its own")
table.wrong(ex.ledger, "has no last case", NoLastCase, "Where no case fits")
table.wrong(ex.ledger, "keeps the items in the class", InTheClass, "What a class keeps")
table.wrong(ex.ledger, "answers nothing until it has fetched", DownUntilThen, "what the two calls are answered by")
table.wrong(
    ex.ledger, "counts the pause from the beginning of an attempt", Early, "counted from when the attempt has failed"
)
table.hard_coded(ex.ledger, "knows the items", Knows, "it passed the first one")


# ---- rooms --------------------------------------------------------------------------------------------------


class Branch(Supervisor):
    @classmethod
    async def start_link(cls, argument: Any) -> Any:  # type: ignore[override]
        return await super().start_link(argument, name=argument[0])

    @classmethod
    def child_spec(cls, argument: Any = None) -> ChildSpec:
        return super().child_spec(argument).override(id=argument[0])

    def init(self, argument: Any) -> Any:
        return argument[1]


def branch(name: str, *children: Any, strategy: Any = "one_for_one", restart: Any = "permanent", **rules: Any) -> Any:
    return child_spec((Branch, (name, Supervise([*children], strategy=strategy, **rules))), restart=restart)


def tree(plan: Callable[[Any], Any]) -> Any:
    """A supervisor whose ``init`` is this function."""

    class Planned(Supervisor):
        def init(self, argument: Any) -> Any:
            return plan(argument)

    return Planned


def each(restart: str, strategy: Any = "one_for_one", top: Any = None, **rules: Any) -> Any:
    rules = {"max_restarts": 5, "max_seconds": 10.0} | rules

    def plan(rooms: Any) -> Any:
        own = [branch(f"of {number}", room, restart=restart, **rules) for number, room in enumerate(rooms)]
        return Supervise(own, strategy=strategy, **(top or {}))

    return tree(plan)


class Nameless(Supervisor):
    """A branch without a name."""

    def init(self, room: Any) -> Any:
        return Supervise([room], strategy="one_for_all", max_restarts=5, max_seconds=10.0)


def nameless(rooms: Any) -> Any:
    own = [child_spec((Nameless, room), id=number, restart="transient") for number, room in enumerate(rooms)]
    return Supervise(own, strategy="one_for_one", max_restarts=0)


def flat(restart: str = "permanent", **rules: Any) -> Any:
    return tree(lambda rooms: Supervise([child_spec(room, restart=restart) for room in rooms], **rules))


def in_one_branch(rooms: Any) -> Any:
    own = branch("all", *rooms, max_restarts=5, max_seconds=10.0, restart="transient")
    return Supervise([own], strategy="one_for_one")


def transient_rooms(rooms: Any) -> Any:
    own = [
        branch(f"of {n}", child_spec(room, restart="transient"), max_restarts=5, max_seconds=10.0, restart="transient")
        for n, room in enumerate(rooms)
    ]
    return Supervise(own, strategy="one_for_one")


def known_rooms(rooms: Any) -> Any:
    own = [
        branch(f"of {name}", (ex.Chatter, name), max_restarts=5, max_seconds=10.0, restart="transient")
        for name in ("tea", "bees", "seeds")
    ]
    return Supervise(own, strategy="one_for_one")


own_budget = each("transient")
table.right(ex.rooms, "keeps the branches as temporary", each("temporary"))
table.right(ex.rooms, "has branches without names", tree(nameless))
table.wrong(
    ex.rooms,
    "has one budget for all",
    flat(strategy="one_for_one", max_restarts=5, max_seconds=10.0),
    "in whose budget",
)
table.wrong(
    ex.rooms,
    "has a large budget for all",
    flat(strategy="one_for_one", max_restarts=1000),
    "what becomes of a room at its sixth end",
)
table.wrong(ex.rooms, "has the default budget", flat(strategy="one_for_one"), "budget that all rooms share")
table.wrong(ex.rooms, "keeps the branches as permanent", each("permanent"), "keeps that as permanent")
table.wrong(
    ex.rooms, "bears anything at the top", each("permanent", top={"max_restarts": 1000}), "keeps that as permanent"
)
table.wrong(
    ex.rooms, "has branches with the default budget", each("transient", max_restarts=3), "how many ends a room has"
)
table.wrong(ex.rooms, "bears one more", each("transient", max_restarts=6), "what becomes of a room at its sixth end")
table.wrong(ex.rooms, "remembers for too long", each("transient", max_seconds=600.0), "each is forgotten after that")
table.wrong(ex.rooms, "remembers for one second", each("transient", max_seconds=1.0), "five within ten seconds")
table.wrong(ex.rooms, "forgets a second too early", each("transient", max_seconds=9.0), "five within ten seconds")
table.wrong(ex.rooms, "forgets two seconds too late", each("transient", max_seconds=12.0), "forgotten after that")
table.wrong(ex.rooms, "has all rooms in one branch", tree(in_one_branch), "in whose budget")
table.wrong(ex.rooms, "has temporary rooms", flat("temporary", strategy="one_for_one"), "which ends bring a room back")
table.wrong(ex.rooms, "has transient rooms", tree(transient_rooms), "which ends bring a room back")
table.wrong(
    ex.rooms,
    "restarts all of them",
    flat(strategy="one_for_all", max_restarts=50),
    "no reason to start another one anew",
)
table.hard_coded(ex.rooms, "knows the three rooms", tree(known_rooms), "it passed the first one")


# ---- reopen -------------------------------------------------------------------------------------------------

FETCHED = ("fetched",)


def used() -> list[Any]:
    return sorted(room for room, _ in ets.tab2list("lines") if room != FETCHED)


async def start(kind: Any, room: Any) -> bool:
    """Whether it was started here; another may have been first."""
    try:
        await DynamicSupervisor.start_child("rooms", (kind, room))
    except ChildError as error:
        match error.reason:
            case ("already_started", _):
                return False
        raise
    return True


def reopens(
    *,
    wanted: Callable[[Any], Any] = lambda listed: dict.fromkeys([*listed, *used()]),
    begin: Callable[[Any, Any], Any] = start,
    returned: Callable[[Any, Any], Any] = lambda started, _: started,
    which: int | None = 0,
) -> Any:
    """The function, with something in it that is otherwise."""

    async def reopen(kind: Any, listed: Any) -> Any:
        started, failed, rooms = [], [], [*wanted(listed)]
        for room in rooms:
            try:
                if await begin(kind, room):
                    started.append(room)
            except ChildError as error:
                failed.append(error)
        if failed and which is not None:
            raise failed[which]
        return returned(started, rooms)

    return reopen


async def looks_first(kind: Any, listed: Any) -> Any:
    """It looks who is there, starts the others, and knows that somebody may be quicker."""
    registered = {room for room in [*listed, *used()] if Registry.lookup("names", room)}
    started, first = [], None
    for room in listed:
        if room not in registered and room not in started:
            try:
                started += [room] * await start(kind, room)
            except ChildError as error:
                first = first or error
    for room in used():
        if room not in registered and room not in started:
            started += [room] * await start(kind, room)
    if first is not None:
        raise first
    return started


async def counts_pids(kind: Any, listed: Any) -> Any:
    """Each start gives a pid or an error, and they are looked through afterwards."""

    async def came_of(room: Any) -> Any:
        try:
            return await DynamicSupervisor.start_child("rooms", (kind, room))
        except ChildError as error:
            return error

    came = {room: await came_of(room) for room in [*dict.fromkeys(listed), *(set(used()) - set(listed))]}
    for error in came.values():
        if isinstance(error, ChildError) and error.reason[0] != "already_started":  # type: ignore[index]
            raise error
    ours = [room for room, each in came.items() if isinstance(each, Pid)]
    return [room for room in ours if room in listed] + sorted(room for room in ours if room not in listed)


async def to_the_first_failure(kind: Any, listed: Any) -> Any:
    return [room for room in dict.fromkeys([*listed, *used()]) if await start(kind, room)]


async def trusts_its_look(kind: Any, room: Any) -> bool:
    """Nobody is there: so nobody else can open it."""
    if GenServer.whereis(Via("names", room)) is None:
        await DynamicSupervisor.start_child("rooms", (kind, room))
        return True
    return False


async def claims_what_it_looked_for(kind: Any, room: Any) -> bool:
    """It was closed, and is open: so this call has started it."""
    closed = GenServer.whereis(Via("names", room)) is None
    await start(kind, room)
    return closed


async def takes_any_error(kind: Any, room: Any) -> bool:
    with suppress(ChildError):
        await DynamicSupervisor.start_child("rooms", (kind, room))
        return True
    return False


async def expects_no_rival(kind: Any, room: Any) -> bool:
    await DynamicSupervisor.start_child("rooms", (kind, room))
    return True


async def opens_itself(kind: Any, room: Any) -> bool:
    if GenServer.whereis(Via("names", room)) is None:
        with suppress(Exception):
            await kind.start_link(room)
        return True
    return False


async def opens_anew(kind: Any, room: Any) -> bool:
    """Closes what is open, so that all are new."""
    if (pid := GenServer.whereis(Via("names", room))) is not None:
        await DynamicSupervisor.terminate_child("rooms", pid)
    return await start(kind, room)


async def takes_exits(kind: Any, room: Any) -> bool:
    try:
        return await start(kind, room)
    except Exit:
        return False


def without_the_mark(listed: Any) -> Any:
    rows = dict(ets.tab2list("lines"))
    del rows[FETCHED]
    return dict.fromkeys([*listed, *sorted(rows)])


def with_lines(listed: Any) -> Any:
    """A room without a line was never used."""
    rows = dict(ets.tab2list("lines"))
    return dict.fromkeys([*listed, *(room for room in used() if rows[room])])


def waits_not(kind: Any, listed: Any) -> Any:
    async def later() -> Any:
        return reopens()(kind, listed)

    return later()


async def knows_the_rooms(kind: Any, listed: Any) -> Any:
    return await reopens(wanted=lambda _: ("tea", "bees", "attic", "seeds"))(kind, listed)


table.right(ex.reopen, "looks who is there", looks_first)
table.right(ex.reopen, "looks through what has come of each start", counts_pids)
table.right(ex.reopen, "has a function for one room", reopens())
table.wrong(ex.reopen, "opens the rooms of the list alone", reopens(wanted=dict.fromkeys), "two things say so")
table.wrong(ex.reopen, "opens the rooms of the table alone", reopens(wanted=lambda _: used()), "two things say so")
table.wrong(
    ex.reopen,
    "takes the mark for a room",
    reopens(wanted=lambda listed: [*listed, *(row[0] for row in ets.tab2list("lines"))]),
    "it is no room",
)
table.wrong(
    ex.reopen,
    "sorts the mark among the rooms",
    reopens(wanted=lambda listed: [*listed, *sorted(row[0] for row in ets.tab2list("lines"))]),
    "it is no room",
)
table.wrong(ex.reopen, "deletes a mark that is not there", reopens(wanted=without_the_mark), "not there before the")
table.wrong(ex.reopen, "wants a line in each row", reopens(wanted=with_lines), "A row without a line")
table.wrong(
    ex.reopen, "sorts all of them", reopens(wanted=lambda listed: sorted({*listed, *used()})), "first as in the list"
)
table.wrong(
    ex.reopen,
    "goes by the order of the table",
    reopens(wanted=lambda listed: [*listed, *(row[0] for row in ets.tab2list("lines") if row[0] != FETCHED)]),
    "A table keeps no order",
)
table.wrong(ex.reopen, "returns all that are open", reopens(returned=lambda _, rooms: rooms), "this call has started")
table.wrong(ex.reopen, "returns nothing", reopens(returned=lambda *_: None), "this call has started")
table.wrong(ex.reopen, "returns how many", reopens(returned=lambda started, _: len(started)), "this call has started")
table.wrong(ex.reopen, "stops at the first failure", to_the_first_failure, "They are tried all the same")
table.wrong(ex.reopen, "keeps the failure to itself", reopens(which=None), "the first one is raised")
table.wrong(ex.reopen, "raises the last failure", reopens(which=-1), "the first one is raised")
table.wrong(ex.reopen, "takes any error of a start for good news", reopens(begin=takes_any_error), "the first one is")
table.wrong(
    ex.reopen, "takes a name that is taken for a failure", reopens(begin=expects_no_rival), "if a name is taken"
)
table.wrong(ex.reopen, "trusts its look", reopens(begin=trusts_its_look), "between a look and a start")
table.wrong(ex.reopen, "claims what was closed", reopens(begin=claims_what_it_looked_for), "theirs to return")
table.wrong(ex.reopen, "starts the rooms itself", reopens(begin=opens_itself), "below whom a room is started")
table.wrong(ex.reopen, "opens all of them anew", reopens(begin=opens_anew), "this call has started", "all were open")
table.wrong(ex.reopen, "catches exits as well", reopens(begin=takes_exits), "nobody starts rooms")
table.wrong(ex.reopen, "forgets an await", waits_not, "A call without it is only prepared")
table.hard_coded(ex.reopen, "knows four rooms", knows_the_rooms, "two things say so")


# ---- choose -------------------------------------------------------------------------------------------------


def by_loop(found: Any, most: Any) -> Any:
    best = None
    for name, each in found.items():
        if each.lost > most:
            continue
        if best is None or (each.availability, -each.blast_radius) > (
            found[best].availability,
            -found[best].blast_radius,
        ):
            best = name
    return best


def by_sorting(found: Any, most: Any) -> Any:
    fit = [name for name, each in found.items() if each.lost <= most]
    fit.sort(key=lambda name: (-found[name].availability, found[name].blast_radius))
    return fit[0] if fit else None


def less_only(found: Any, most: Any) -> Any:
    return by_sorting({name: each for name, each in found.items() if each.lost < most}, most)


def available_only(found: Any, most: Any) -> Any:
    return by_sorting(found, 1e9)


def no_radius(found: Any, most: Any) -> Any:
    fit = [name for name, each in found.items() if each.lost <= most]
    return max(fit, key=lambda name: found[name].availability, default=None)


def large_radius(found: Any, most: Any) -> Any:
    fit = [name for name, each in found.items() if each.lost <= most]
    return max(fit, key=lambda name: (found[name].availability, found[name].blast_radius), default=None)


def loses_least(found: Any, most: Any) -> Any:
    fit = [name for name, each in found.items() if each.lost <= most]
    return min(fit, key=lambda name: (found[name].lost, -found[name].availability), default=None)


def raises(found: Any, most: Any) -> Any:
    fit = [name for name, each in found.items() if each.lost <= most]
    return min(fit, key=lambda name: (-found[name].availability, found[name].blast_radius))


def last_of_equals(found: Any, most: Any) -> Any:
    return by_sorting(dict(reversed(found.items())), most)


def by_name(found: Any, most: Any) -> Any:
    """Compares tuples with the name in them: of equals the first in the alphabet."""
    fit = [(-each.availability, each.blast_radius, name) for name, each in found.items() if each.lost <= most]
    return min(fit)[2] if fit else None


def whole_percents(found: Any, most: Any) -> Any:
    fit = [name for name, each in found.items() if each.lost <= most]
    return min(fit, key=lambda name: (-round(found[name].availability, 2), found[name].blast_radius), default=None)


def takes_out(found: Any, most: Any) -> Any:
    for name in [name for name, each in found.items() if each.lost > most]:
        del found[name]
    return by_sorting(found, most)


async def coroutine(found: Any, most: Any) -> Any:
    return by_sorting(found, most)


def knows_the_names(found: Any, most: Any) -> Any:
    return {0: "far", 12: "deep", 11.5: "far", 5: "b", 1: "a", 2: None}.get(most)


table.right(ex.choose, "goes through them", by_loop)
table.right(ex.choose, "sorts", by_sorting)
table.wrong(ex.choose, "wants less than the limit", less_only, "those that lost `most` or less")
table.wrong(ex.choose, "looks at availability alone", available_only, "those that lost `most` or less")
table.wrong(ex.choose, "forgets the blast radius", no_radius, "the smaller blast radius")
table.wrong(ex.choose, "takes the larger radius", large_radius, "the smaller blast radius")
table.wrong(ex.choose, "takes what loses least", loses_least, "those that lost `most` or less")
table.wrong(ex.choose, "has no answer for none", raises, "the line of yours that raised it")
table.wrong(ex.choose, "takes the last of equals", last_of_equals, "who stands first")
table.wrong(ex.choose, "takes the first in the alphabet", by_name, "who stands first")
table.wrong(ex.choose, "compares what the table prints", whole_percents, "the one with the highest availability")
table.wrong(ex.choose, "takes designs out of the dict", takes_out, "what becomes of the dict")
table.wrong(ex.choose, "is a coroutine", coroutine, "a plain `def`")
table.hard_coded(ex.choose, "knows the numbers", knows_the_names, "it passed the first")


# ---- members ------------------------------------------------------------------------------------------------


class OldRoom(GenServer):
    @classmethod
    async def start_link(cls, room: Any) -> Any:  # type: ignore[override]
        return await super().start_link(room, name=Via("names", room))

    @classmethod
    async def join(cls, room: Any) -> Any:
        return await GenServer.call(Via("names", room), ("join", self_()))

    def init(self, room: Any) -> Any:
        return Ok((room, []))

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        room, guests = state
        match request:
            case ("join", pid):
                return Reply("ok", (room, [*guests, pid]))
            case ("say", line):
                for pid in guests:
                    send(pid, (room, line))
                return Reply("ok", state)


class Dispatching(OldRoom):
    key: Any = staticmethod(lambda room: room)

    @classmethod
    async def join(cls, room: Any) -> Any:
        if cls.key(room) not in Registry.keys("members", self_()):
            Registry.register("members", cls.key(room))
        return "ok"

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        room, _ = state
        match request:
            case ("say", line):

                def tell(guests: Any) -> None:
                    for pid, _ in guests:
                        send(pid, (room, line))

                Registry.dispatch("members", self.key(room), tell)
                return Reply("ok", state)


class LeavesFirst(Dispatching):
    """Leaves, and joins again."""

    @classmethod
    async def join(cls, room: Any) -> Any:
        Registry.unregister("members", room)
        Registry.register("members", room)
        return "ok"


class TellsEachOnce(Dispatching):
    """Enters them as often as they like, and tells each process once."""

    @classmethod
    async def join(cls, room: Any) -> Any:
        Registry.register("members", room)
        return "ok"

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        match request:
            case ("say", line):
                for pid in dict.fromkeys(pid for pid, _ in Registry.lookup("members", state[0])):
                    send(pid, (state[0], line))
                return Reply("ok", state)


class EachTime(Dispatching):
    @classmethod
    async def join(cls, room: Any) -> Any:
        Registry.register("members", room)
        return "ok"


class OneTopic(Dispatching):
    key = staticmethod(lambda room: "all")


class RegistersTheRoom(Dispatching):
    """Has the room register, so the room is the member."""

    @classmethod
    async def join(cls, room: Any) -> Any:
        return await GenServer.call(Via("names", room), "join")

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        if request == "join":
            Registry.register("members", state[0])
            return Reply("ok", state)
        return super().handle_call(request, from_, state)


class OnlyOnce(OldRoom):
    """Joins once, and forgets with the room."""

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        if isinstance(request, tuple) and request[0] == "join" and request[1] in state[1]:
            return Reply("ok", state)
        return super().handle_call(request, from_, state)


class InAClass(OldRoom):
    guests: Any = {}  # noqa: RUF012

    @classmethod
    async def join(cls, room: Any) -> Any:
        cls.guests.setdefault(room, set()).add(self_())
        return "ok"

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        match request:
            case ("say", line):
                for pid in self.guests.get(state[0], ()):
                    if Process.alive(pid):
                        send(pid, (state[0], line))
                return Reply("ok", state)


class NeverCleans(InAClass):
    guests: Any = {}  # noqa: RUF012

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        match request:
            case ("say", line):
                for pid in self.guests.get(state[0], ()):
                    send(pid, (state[0], line))
                return Reply("ok", state)


class NoOk(Dispatching):
    @classmethod
    async def join(cls, room: Any) -> Any:
        await super().join(room)


class Nameless2(Dispatching):
    @classmethod
    async def start_link(cls, room: Any) -> Any:
        return await GenServer.start_link.__func__(cls, room)  # type: ignore[attr-defined]


class JoinsOneRoom(Dispatching):
    """Looks whether the process is in the registry at all."""

    @classmethod
    async def join(cls, room: Any) -> Any:
        if not Registry.keys("members", self_()):
            Registry.register("members", room)
        return "ok"


class CopiesThemBack(OldRoom):
    """Keeps them in its state too, and never takes one out."""

    @classmethod
    async def join(cls, room: Any) -> Any:
        if room not in Registry.keys("members", self_()):
            Registry.register("members", room)
        return await GenServer.call(Via("names", room), ("join", self_()))

    def init(self, room: Any) -> Any:
        return Ok((room, [pid for pid, _ in Registry.lookup("members", room)]))

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        room, guests = state
        match request:
            case ("join", pid):
                return Reply("ok", (room, guests if pid in guests else [*guests, pid]))
        return super().handle_call(request, from_, state)


class KnowsTheRooms(Dispatching):
    @classmethod
    async def join(cls, room: Any) -> Any:
        if room in ("tea", "bees"):
            return await super().join(room)
        return "ok"


table.right(ex.members, "leaves before it joins", LeavesFirst)
table.right(ex.members, "tells each process once", TellsEachOnce)
table.wrong(ex.members, "is the old room", OldRoom, "how often a member is entered")
table.wrong(ex.members, "joins once, in the room's state", OnlyOnce, "gone with the room")
table.wrong(ex.members, "enters again each time", EachTime, "one entry for each time")
table.wrong(ex.members, "has one topic for all rooms", OneTopic, "under which key")
table.wrong(ex.members, "has the room register", RegistersTheRoom, "how often was that sent to one who has joined it")
table.wrong(ex.members, "keeps the guests in the class", InAClass, "no other node would have it")
table.wrong(
    ex.members, "keeps the guests in the class, and never takes one out", NeverCleans, "no other node would have it"
)
table.wrong(ex.members, "copies them from the registry", CopiesThemBack, "who takes those out that have ended")
table.wrong(ex.members, "does not return ok", NoOk, "what is returned")
table.wrong(ex.members, "starts without a name", Nameless2, "how the room is started")
table.wrong(ex.members, "lets a process join one room only", JoinsOneRoom, "under which key")
table.hard_coded(ex.members, "knows two rooms", KnowsTheRooms, "it passed the first one")


# ---- safe ---------------------------------------------------------------------------------------------------


class Safe(GenServer):
    patience = 1.0

    async def handle_call(self, request: Any, from_: Any, archive: Any) -> Any:
        match request:
            case ("add", key, item):
                return Reply(await self.ask(archive, ("append", key, item)), archive)

    async def ask(self, archive: Any, request: Any) -> Any:
        try:
            await GenServer.call(archive, request, timeout=self.patience)
            return "ok"
        except Exit as exit:
            return self.of(exit.reason[0])

    def of(self, reason: Any) -> Any:
        return "not saved" if reason == "noproc" else "unknown"


class ByMatch(Safe):
    async def ask(self, archive: Any, request: Any) -> Any:
        try:
            await GenServer.call(archive, request, 1.0)
        except Exit as exit:
            match exit.reason:
                case ("noproc", _):
                    return "not saved"
            return "unknown"
        return "ok"


class Later(Safe):
    """Has a task ask, and answers when it knows."""

    async def handle_call(self, request: Any, from_: Any, archive: Any) -> Any:
        match request:
            case ("add", key, item):
                Task.start(self.answer, from_, archive, ("append", key, item))
                return NoReply(archive)

    async def answer(self, from_: Any, archive: Any, request: Any) -> None:
        GenServer.reply(from_, await self.ask(archive, request))


class OldSafe(Safe):
    async def ask(self, archive: Any, request: Any) -> Any:
        with suppress(Exit):
            await GenServer.call(archive, request)
        return "ok"


class AllNotSaved(Safe):
    def of(self, reason: Any) -> Any:
        return "not saved"


class AllUnknown(Safe):
    def of(self, reason: Any) -> Any:
        return "unknown"


class TimeoutAlone(Safe):
    def of(self, reason: Any) -> Any:
        return "unknown" if reason == "timeout" else "not saved"


class ReadsTheWholeReason(Safe):
    """Takes the noproc of an archive that missed somebody else for its own."""

    async def ask(self, archive: Any, request: Any) -> Any:
        try:
            await GenServer.call(archive, request, timeout=1.0)
            return "ok"
        except Exit as exit:
            return "not saved" if "noproc" in str(exit.reason) else "unknown"


class FiveSeconds(Safe):
    patience = 5.0


class TooShort(Safe):
    patience = 0.5


class TriesAgain(Safe):
    async def ask(self, archive: Any, request: Any) -> Any:
        answer = await super().ask(archive, request)
        return answer if answer == "ok" else await super().ask(archive, request)


class CatchesExceptions(Safe):
    async def ask(self, archive: Any, request: Any) -> Any:
        try:
            await GenServer.call(archive, request, timeout=1.0)
            return "ok"
        except Exception:
            return "unknown"


class CastsIt(Safe):
    async def ask(self, archive: Any, request: Any) -> Any:
        if (Process.whereis(archive) if isinstance(archive, str) else archive) is None:
            return "not saved"
        GenServer.cast(archive, request)
        return "ok"


class LooksByName(Safe):
    """Looks whether there is an archive; if it ends then, the call says so."""

    async def ask(self, archive: Any, request: Any) -> Any:
        if Process.whereis(archive) is None:
            return "not saved"
        return await super().ask(archive, request)


class ReadsTheAnswer(Safe):
    """Believes the archive's answer more than the fact that it came."""

    async def ask(self, archive: Any, request: Any) -> Any:
        try:
            answer = await GenServer.call(archive, request, timeout=1.0)
            return "not saved" if isinstance(answer, tuple) else "ok"
        except Exit as exit:
            return self.of(exit.reason[0])


class OtherRequest(Safe):
    async def handle_call(self, request: Any, from_: Any, archive: Any) -> Any:
        match request:
            case ("add", key, item):
                return Reply(await self.ask(archive, ("append", item, key)), archive)


class KnowsTheText(Safe):
    async def handle_call(self, request: Any, from_: Any, archive: Any) -> Any:
        match request:
            case ("add", "tea", "ann: hello"):
                return Reply(await self.ask(archive, ("append", "tea", "ann: hello")), archive)
            case ("add", _, _):
                return Reply("ok", archive)


table.right(ex.safe, "matches the reason", ByMatch)
table.right(ex.safe, "answers later, from a task", Later)
table.wrong(ex.safe, "is the old one", OldSafe, "what a `noproc` says")
table.wrong(ex.safe, "takes each exit for not saved", AllNotSaved, "what is known when an archive was asked")
table.wrong(ex.safe, "takes each exit for unknown", AllUnknown, "what a `noproc` says")
table.wrong(ex.safe, "takes only a time-out for unknown", TimeoutAlone, "what is known when an archive was asked")
table.wrong(ex.safe, "looks for noproc anywhere in the reason", ReadsTheWholeReason, "who was missing")
table.wrong(ex.safe, "waits five seconds", FiveSeconds, "how long an archive is waited for")
table.wrong(ex.safe, "waits half a second", TooShort, "that the archive has answered")
table.wrong(ex.safe, "asks a second time", TriesAgain, "how often the archive is asked")
table.wrong(ex.safe, "catches exceptions", CatchesExceptions, "it lives on")
table.wrong(ex.safe, "casts", CastsIt, 'the call ("append", key, item)')
table.right(ex.safe, "looks first", LooksByName)
table.wrong(ex.safe, "judges what the archive has answered", ReadsTheAnswer, "that the archive has answered")
table.wrong(ex.safe, "turns key and item round", OtherRequest, 'the call ("append", key, item)')
table.hard_coded(ex.safe, "knows one line", KnowsTheText, "it passed the first one")


# ---- chat ---------------------------------------------------------------------------------------------------

NAMES = (Registry, {"keys": "unique", "name": "names"})
REST = {"strategy": "rest_for_one"}


def dynamic(**budget: Any) -> Any:
    return (DynamicSupervisor, {"name": "rooms", "max_restarts": 12, "max_seconds": 60.0} | budget)


def opening(open_rooms: Any, restart: str = "transient") -> Any:
    return ChildSpec("opening", (Task.start_link, (open_rooms,)), restart=restart)  # type: ignore[arg-type]


def talk(open_rooms: Any, restart: str = "transient", rooms: Any = None, **rules: Any) -> Any:
    how = {"max_seconds": 60.0, **REST, **rules}
    return branch("talk", NAMES, rooms or dynamic(), opening(open_rooms, restart), **how)


def storage(keeper: Any, store: Any, **rules: Any) -> Any:
    return branch("storage", keeper, store, **{**REST, **rules})


def top(*children: Any, **rules: Any) -> Any:
    return Supervise([*children], **{"strategy": "one_for_one", "max_seconds": 300.0, **rules})


def chat(**parts: Any) -> Any:
    """The model answer with some of its parts changed."""

    def plan(given: Any) -> Any:
        keeper, store, open_rooms = given
        kept = parts.get("storage", storage)(keeper, store)
        spoken = parts.get("talk", talk)(open_rooms)
        return top(kept, spoken, **parts.get("top", {}))

    return tree(plan)


def one_list(given: Any) -> Any:
    keeper, store, open_rooms = given
    return Supervise([keeper, store, NAMES, dynamic(), opening(open_rooms)], strategy="rest_for_one", max_seconds=300.0)


def flat_list(given: Any) -> Any:
    keeper, store, open_rooms = given
    return Supervise([keeper, store, NAMES, dynamic(), opening(open_rooms)], strategy="one_for_one", max_seconds=300.0)


def for_a_day(given: Any) -> Any:
    """Storage in a branch, and the rest directly below the top."""
    keeper, store, open_rooms = given
    rest = [NAMES, dynamic(), opening(open_rooms)]
    return Supervise([storage(keeper, store), *rest], strategy="rest_for_one", max_seconds=86400.0)


def first_the_rooms(open_rooms: Any) -> Any:
    return branch("talk", dynamic(), NAMES, opening(open_rooms), max_seconds=60.0, **REST)


def opening_first(open_rooms: Any) -> Any:
    return branch("talk", opening(open_rooms), NAMES, dynamic(), max_seconds=60.0, **REST)


class Opener(GenServer):
    """Opens the rooms in ``handle_continue``, and has nothing to do afterwards."""

    def init(self, open_rooms: Any) -> Any:
        return Ok(open_rooms, Continue("open"))

    async def handle_continue(self, work: Any, open_rooms: Any) -> Any:
        await open_rooms()
        return NoReply("done")


class InInitOpener(GenServer):
    async def init(self, open_rooms: Any) -> Any:
        await open_rooms()
        return Ok("done")


def with_opener(kind: Any) -> Any:
    return lambda open_rooms: branch(
        "talk", NAMES, dynamic(), child_spec((kind, open_rooms), id="opener"), max_seconds=60.0, **REST
    )


def one_branch_more(given: Any) -> Any:
    keeper, store, open_rooms = given
    inner = branch("inner", dynamic(), opening(open_rooms), max_restarts=1, max_seconds=60.0, **REST)
    spoken = branch("talk", NAMES, inner, max_restarts=1, max_seconds=300.0, **REST)
    return top(spoken, storage(keeper, store), max_seconds=900.0)


def tries_itself(open_rooms: Any) -> Any:
    """Its task bears a failure itself, and waits before the next attempt."""

    async def opened_at_last() -> None:
        while True:
            try:
                return await open_rooms()  # type: ignore[no-any-return]
            except (Exit, Exception):
                await Process.sleep(5.0)

    return talk(opened_at_last)


def gives_up_in_silence(given: Any) -> Any:
    keeper, store, open_rooms = given
    return top(storage(keeper, store), child_spec(talk(open_rooms), restart="transient"))


def no_opening(open_rooms: Any) -> Any:
    return branch("talk", NAMES, dynamic(), max_seconds=60.0, **REST)


def knows_tea_alone(given: Any) -> Any:
    keeper, store, open_rooms = given

    async def tea() -> None:
        await open_rooms()
        if GenServer.whereis(Via("names", "tea")) is None:
            raise ValueError("no tea")

    return top(storage(keeper, store), talk(tea))


table.right(ex.chat, "has a server that opens the rooms", chat(talk=with_opener(Opener)))
table.right(ex.chat, "has one branch more, and talk before storage", tree(one_branch_more))
table.right(ex.chat, "has a longer window above the rooms", chat(talk=lambda f: talk(f, max_seconds=100.0)))
table.right(ex.chat, "has a task that tries again itself", chat(talk=tries_itself))
table.wrong(ex.chat, "keeps talk as transient", tree(gives_up_in_silence), "row 'loop'", "nobody is told")
table.wrong(
    ex.chat,
    "has the budget of the worked answer",
    chat(talk=lambda f: talk(f, rooms=dynamic(max_restarts=20, max_seconds=10.0))),
    "row 'loop'",
    "a budget is so large",
)
table.wrong(ex.chat, "has one list under one_for_one", tree(flat_list), "row 'keeper'")
table.wrong(ex.chat, "has one list under rest_for_one", tree(one_list), "row 'store'", "no room remembers the store")
table.wrong(ex.chat, "puts the registry behind the rooms", chat(talk=first_the_rooms), "row 'registry'")
table.wrong(ex.chat, "opens first", chat(talk=opening_first), "row 'start'", "the order of the list")
table.wrong(ex.chat, "has a temporary task", chat(talk=lambda f: talk(f, "temporary")), "keeps no spec of a temporary")
table.wrong(ex.chat, "has a permanent task", chat(talk=lambda f: talk(f, "permanent")), "row 'start'")
table.wrong(ex.chat, "opens nothing", chat(talk=no_opening), "row 'start'")
table.wrong(
    ex.chat, "opens in init", chat(talk=with_opener(InInitOpener)), "row 'opening'", "the `restart` of the task"
)
table.wrong(
    ex.chat,
    "has the default budget for rooms",
    chat(talk=lambda f: talk(f, rooms=dynamic(max_restarts=3, max_seconds=5.0))),
    "row 'burst'",
)
table.wrong(
    ex.chat,
    "remembers a burst for too long",
    chat(talk=lambda f: talk(f, rooms=dynamic(max_seconds=600.0))),
    "row 'burst'",
    "for how long it remembers them",
)
table.wrong(
    ex.chat,
    "bears every loop of a room",
    chat(talk=lambda f: talk(f, rooms=dynamic(max_restarts=1000))),
    "row 'loop'",
    "a budget is so large",
)
table.wrong(
    ex.chat, "has a short window above", chat(talk=lambda f: talk(f, max_seconds=5.0)), "row 'loop'", "the windows"
)
table.wrong(ex.chat, "has a short window at the top", chat(top={"max_seconds": 5.0}), "row 'loop'")
table.wrong(
    ex.chat,
    "has one_for_one in the storage",
    chat(storage=lambda k, s: storage(k, s, strategy="one_for_one")),
    "row 'keeper'",
)
table.wrong(
    ex.chat,
    "has one_for_all in the storage",
    chat(storage=lambda k, s: storage(k, s, strategy="one_for_all")),
    "row 'store'",
)
table.wrong(
    ex.chat, "has the store first", chat(storage=lambda k, s: storage(s, k)), "row 'start'", "the order of the list"
)
table.wrong(ex.chat, "has one_for_all in the talk", chat(talk=lambda f: talk(f, strategy="one_for_all")), "row 'rooms'")
table.wrong(
    ex.chat, "has one_for_one in the talk", chat(talk=lambda f: talk(f, strategy="one_for_one")), "row 'registry'"
)
table.wrong(
    ex.chat, "remembers for a day at the top", tree(for_a_day), "row 'rare'", "four ends that lie ten minutes apart"
)
table.wrong(ex.chat, "restarts everything", chat(top={"strategy": "one_for_all"}), "row 'loop'", "what two groups have")
table.hard_coded(ex.chat, "knows the room tea", tree(knows_tea_alone), "it passed the first one")

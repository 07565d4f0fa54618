"""Attacks on the checks of chapter 13, the registry."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any, ClassVar

from attacks import Table

from otp_mini import (
    INFINITY,
    AlreadyRegistered,
    AlreadyStarted,
    ChildError,
    ChildSpec,
    Continue,
    DynamicSupervisor,
    Exit,
    GenServer,
    NoReply,
    Ok,
    Process,
    Registry,
    Reply,
    Stop,
    Supervise,
    Supervisor,
    Task,
    Via,
    ets,
    self_,
    spawn,
)
from otp_mini.exercises import registry as ex

table = Table()
start_child = DynamicSupervisor.start_child

# ---- drill 1: a number and a code -----------------------------------------------------------------------------


class Coded(GenServer):
    @classmethod
    async def start_link(cls, number: Any, code: Any) -> Any:  # type: ignore[override]
        return await super().start_link((number, code), name=Via("parcels", number))

    def init(self, given: Any) -> Any:
        number, code = given
        Registry.register("codes", code, number)
        return Ok(number)


class NamedByItsCode(GenServer):
    """Its code is its name, and it enters its number itself."""

    @classmethod
    async def start_link(cls, number: Any, code: Any) -> Any:  # type: ignore[override]
        return await super().start_link(number, name=Via("codes", code, number))

    def init(self, number: Any) -> Any:
        Registry.register("parcels", number)
        return Ok(number)


class EntersBoth(GenServer):
    """Has no name, and enters both keys in `init`."""

    @classmethod
    async def start_link(cls, number: Any, code: Any) -> Any:  # type: ignore[override]
        return await super().start_link((number, code))

    def init(self, given: Any) -> Any:
        number, code = given
        Registry.register("codes", code, number)
        Registry.register("parcels", number, "a parcel")
        return Ok(given)


class SaysStop(Coded):
    """Asks what has happened, and stops by itself."""

    def init(self, given: Any) -> Any:
        number, code = given
        try:
            Registry.register("codes", code, number)
        except AlreadyRegistered:
            return Stop("the code is taken")
        return Ok(number)


class CallerEnters(Coded):
    @classmethod
    async def start_link(cls, number: Any, code: Any) -> Any:  # type: ignore[override]
        pid = await GenServer.start_link(number, name=Via("parcels", number))
        Registry.register("codes", code, number)
        return pid


class NoValue(Coded):
    def init(self, given: Any) -> Any:
        number, code = given
        Registry.register("codes", code)
        return Ok(number)


class WrongWayRound(Coded):
    def init(self, given: Any) -> Any:
        number, code = given
        Registry.register("codes", number, code)
        return Ok(number)


class Catches(Coded):
    def init(self, given: Any) -> Any:
        number, code = given
        with contextlib.suppress(AlreadyRegistered):
            Registry.register("codes", code, number)
        return Ok(number)


class Later(Coded):
    def init(self, given: Any) -> Any:
        return Ok(given, Continue("enter"))

    def handle_continue(self, argument: Any, given: Any) -> Any:
        number, code = given
        Registry.register("codes", code, number)
        return NoReply(given)


class OneRegistry(Coded):
    def init(self, given: Any) -> Any:
        number, code = given
        Registry.register("parcels", code, number)
        return Ok(number)


class OnTheNode(Coded):
    def init(self, given: Any) -> Any:
        number, code = given
        Process.register(self_(), code)
        return Ok(number)


class Nothing(Coded):
    @classmethod
    async def start_link(cls, number: Any, code: Any) -> Any:  # type: ignore[override]
        await GenServer.start_link.__func__(cls, (number, code), name=Via("parcels", number))  # type: ignore[attr-defined]


class Silent(Coded):
    def init(self, given: Any) -> Any:
        number, code = given
        Registry.register("codes", code, number)


class Unlinked(Coded):
    @classmethod
    async def start_link(cls, number: Any, code: Any) -> Any:  # type: ignore[override]
        return await cls.start((number, code), name=Via("parcels", number))


class Unawaited(Coded):
    @classmethod
    async def start_link(cls, number: Any, code: Any) -> Any:  # type: ignore[override]
        return GenServer.start_link.__func__(cls, (number, code), name=Via("parcels", number))  # type: ignore[attr-defined]


class HelperEnters(Coded):
    """Has another process enter the code, which then waits for good."""

    def init(self, given: Any) -> Any:
        number, code = given

        async def enter() -> None:
            Registry.register("codes", code, number)
            await Process.sleep(INFINITY)

        spawn(enter)
        return Ok(number)


class Known(Coded):
    def init(self, given: Any) -> Any:
        number, code = given
        Registry.register("codes", code if code in ("K7", "Z1") else "nothing", number)
        return Ok(number)


table.right(ex.coded, "has its code for a name", NamedByItsCode)
table.right(ex.coded, "enters both keys itself", EntersBoth)
table.right(ex.coded, "stops by itself if the code is taken", SaysStop)
table.wrong(ex.coded, "enters the code in start_link", CallerEnters, "the process that called", "who is entered")
table.wrong(ex.coded, "forgets the value", NoValue, "the value under its code", "what stands beside the pid")
table.wrong(ex.coded, "takes the number for the code", WrongWayRound, "Seen: nobody", "under which key")
table.wrong(ex.coded, "catches the refusal", Catches, "`start_link` returned a pid", "is caught")
table.wrong(ex.coded, "enters the code after init", Later, "`start_link` returned a pid", "after `init`")
table.wrong(ex.coded, "enters both in one registry", OneRegistry, "Seen: nobody", "in which registry")
table.wrong(ex.coded, "takes a name of the node", OnTheNode, "It has this name on the node itself")
table.wrong(ex.coded, "forgets the return of start_link", Nothing, "Seen: None", "`return`")
table.wrong(ex.coded, "forgets the return of init", Silent, "returned None")
table.wrong(ex.coded, "is not linked", Unlinked, "linked to the caller", "who is linked to whom")
table.wrong(ex.coded, "forgets an await", Unawaited, "a coroutine", "`await`")
table.wrong(ex.coded, "has a helper enter the code", HelperEnters, "a process of somebody else", "who is entered")
table.hard_coded(ex.coded, "knows one code", Known, "it passed the first one")

# ---- drill 2: a scan that arrives -----------------------------------------------------------------------------


def taken(error: ChildError) -> bool:
    return isinstance(error.reason, tuple) and error.reason[0] == "already_started"


def why(error: Exit) -> Any:
    return error.reason[0] if isinstance(error.reason, tuple) else error.reason


async def opened(parcel: Any, number: Any) -> Any:
    """Start it, or return the pid of the one that is there."""
    try:
        return await start_child("shelf", (parcel, number))
    except ChildError as error:
        if not taken(error):
            raise
        return error.reason[1]


async def starts_first(parcel: Any, number: Any, place: Any) -> Any:
    """Starts at each scan, and calls the pid that comes of it."""
    while True:
        pid = await opened(parcel, number)
        try:
            return await GenServer.call(pid, ("scan", place))
        except Exit as error:
            if why(error) != "noproc":
                raise


async def looks_first(parcel: Any, number: Any, place: Any) -> Any:
    """Looks whether it is there, starts it if not, and is ready for both to be wrong."""
    name = Via("parcels", number)
    while True:
        if GenServer.whereis(name) is None:
            await opened(parcel, number)
        try:
            return await GenServer.call(name, ("scan", place))
        except Exit as error:
            match error.reason:
                case ("noproc", _):
                    continue
            raise


async def calls_itself(parcel: Any, number: Any, place: Any) -> Any:
    """Begins again by a call of its own."""
    try:
        return await GenServer.call(Via("parcels", number), ("scan", place))
    except Exit as error:
        if why(error) != "noproc":
            raise
    await opened(parcel, number)
    return await calls_itself(parcel, number, place)


async def whereis_then_start(parcel: Any, number: Any, place: Any) -> Any:
    name = Via("parcels", number)
    if GenServer.whereis(name) is None:
        await start_child("shelf", (parcel, number))
    return await GenServer.call(name, ("scan", place))


async def never_again(parcel: Any, number: Any, place: Any) -> Any:
    return await GenServer.call(await opened(parcel, number), ("scan", place))


async def any_exit(parcel: Any, number: Any, place: Any) -> Any:
    while True:
        try:
            return await GenServer.call(await opened(parcel, number), ("scan", place))
        except Exit:
            continue


async def no_crash(parcel: Any, number: Any, place: Any) -> Any:
    """Does not send it again after a time-out, but does so after a crash."""
    while True:
        try:
            return await GenServer.call(await opened(parcel, number), ("scan", place))
        except Exit as error:
            if why(error) == "timeout":
                raise


def after(*reasons: str) -> Any:
    """Begins again after `noproc`, and after these as well."""

    async def scan(parcel: Any, number: Any, place: Any) -> Any:
        while True:
            try:
                return await GenServer.call(await opened(parcel, number), ("scan", place))
            except Exit as error:
                if why(error) not in ("noproc", *reasons):
                    raise

    return scan


async def twice_at_most(parcel: Any, number: Any, place: Any) -> Any:
    try:
        return await never_again(parcel, number, place)
    except Exit as error:
        if why(error) != "noproc":
            raise
    return await never_again(parcel, number, place)


async def any_error(parcel: Any, number: Any, place: Any) -> Any:
    while True:
        with contextlib.suppress(ChildError):
            await start_child("shelf", (parcel, number))
        if GenServer.whereis(Via("parcels", number)) is None:
            return None
        try:
            return await GenServer.call(Via("parcels", number), ("scan", place))
        except Exit as error:
            if why(error) != "noproc":
                raise


async def begins_again_after_any_error(parcel: Any, number: Any, place: Any) -> Any:
    while True:
        with contextlib.suppress(ChildError):
            await start_child("shelf", (parcel, number))
        try:
            return await GenServer.call(Via("parcels", number), ("scan", place))
        except Exit as error:
            if why(error) != "noproc":
                raise


async def by_itself(parcel: Any, number: Any, place: Any) -> Any:
    while True:
        with contextlib.suppress(AlreadyStarted):
            await parcel.start_link(number)
        try:
            return await GenServer.call(Via("parcels", number), ("scan", place))
        except Exit as error:
            if why(error) != "noproc":
                raise


async def by_text(parcel: Any, number: Any, place: Any) -> Any:
    return await starts_first(parcel, str(number), place)


async def sleeps(parcel: Any, number: Any, place: Any) -> Any:
    if GenServer.whereis(Via("parcels", number)) is None:
        await opened(parcel, number)
        await Process.sleep(0.1)
    return await starts_first(parcel, number, place)


async def unawaited(parcel: Any, number: Any, place: Any) -> Any:
    return GenServer.call(await opened(parcel, number), ("scan", place))


async def silent(parcel: Any, number: Any, place: Any) -> Any:
    await starts_first(parcel, number, place)


async def keeps_the_answer(parcel: Any, number: Any, place: Any) -> Any:
    try:
        return await starts_first(parcel, number, place)
    except Exit:
        return None


async def two_tries(parcel: Any, number: Any, place: Any) -> Any:
    """Raises the error of the start that somebody else was faster with."""
    try:
        return await GenServer.call(Via("parcels", number), ("scan", place))
    except Exit as error:
        if why(error) != "noproc":
            raise
    await start_child("shelf", (parcel, number))
    return await GenServer.call(Via("parcels", number), ("scan", place))


async def knows_the_number(parcel: Any, number: Any, place: Any) -> Any:
    return await starts_first(parcel, "4711" if isinstance(number, int) else number, place)


async def twice_to_be_sure(parcel: Any, number: Any, place: Any) -> Any:
    GenServer.cast(await opened(parcel, number), ("scan", place))
    return await starts_first(parcel, number, place)


between = "what may happen between two steps"
table.right(ex.scan, "starts at each scan", starts_first)
table.right(ex.scan, "looks first, and is ready for both to be wrong", looks_first)
table.right(ex.scan, "begins again by a call of its own", calls_itself)
table.wrong(ex.scan, "looks and then starts", whereis_then_start, "at the same moment", between)
table.wrong(ex.scan, "has one try", never_again, "killed its process", between)
table.wrong(ex.scan, "begins again after any exit", any_exit, "how many times was that scan sent", "`noproc` does")
table.wrong(ex.scan, "begins again after a crash", no_crash, "crashed", "`noproc` does")
table.wrong(ex.scan, "begins again after a kill", after("killed"), "was killed while it handled", "`noproc` does")
table.wrong(ex.scan, "begins again after a stop", after("normal"), "stopped without a reply", "`noproc` does")
table.wrong(ex.scan, "tries twice and no more", twice_at_most, "three times the parcel had ended")
table.wrong(ex.scan, "takes any error of a start for good news", any_error, "failed with 'recalled'", "no other")
table.wrong(
    ex.scan,
    "begins again after any error of a start",
    begins_again_after_any_error,
    "failed with 'recalled'",
    "and no other",
)
table.wrong(ex.scan, "starts it itself", by_itself, "a child of 'shelf'", "who starts a parcel")
table.wrong(ex.scan, "makes a text of each number", by_text, "it passed the first one", "under which key")
table.wrong(ex.scan, "sleeps until it is there", sleeps, "it took 0.1 s", "Nobody has to sleep")
table.wrong(ex.scan, "forgets an await", unawaited, "a coroutine", "`await`")
table.wrong(ex.scan, "forgets the return", silent, "Seen: None", "`return`")
table.wrong(ex.scan, "keeps an exit to itself", keeps_the_answer, "an exit of whoever scanned", "what is caught")
table.wrong(ex.scan, "hands already_started on", two_tries, "at the same moment", "`already_started`")
table.wrong(ex.scan, "casts as well", twice_to_be_sure, "Seen")
table.hard_coded(ex.scan, "knows one number", knows_the_number, "it passed the first one")

# ---- drill 3: what lies where ---------------------------------------------------------------------------------


class Tracked(GenServer):
    @classmethod
    async def start_link(cls, number: Any) -> Any:  # type: ignore[override]
        return await super().start_link(number, name=Via("parcels", number, "new"))

    def handle_call(self, request: Any, from_: Any, number: Any) -> Any:
        match request:
            case ("scan", place):
                _, old = Registry.update_value("parcels", number, lambda _: place)  # type: ignore[misc]
                return Reply(old, number)

    @staticmethod
    def at(place: Any) -> Any:
        head = (ets.Var(1), ets.ANY, place)
        return sorted(Registry.select("parcels", head, body=lambda number: number))


class ByTheKeys(Tracked):
    """Reads all entries and picks them out at home; knows its own place, too."""

    def init(self, number: Any) -> Any:
        return Ok((number, "new"))

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        number, before = state
        match request:
            case ("scan", place):
                Registry.update_value("parcels", number, lambda _: place)
                return Reply(before, (number, place))

    @staticmethod
    def at(place: Any) -> Any:
        return sorted(key for key, _, value in Registry.select("parcels") if value == place)


class InThePlace(Tracked):
    """Takes a part of a place for the place."""

    @staticmethod
    def at(place: Any) -> Any:
        return sorted(key for key, _, value in Registry.select("parcels") if place in value)


class EntersInInit(Tracked):
    """Enters itself in `init`, and selects by a guard."""

    @classmethod
    async def start_link(cls, number: Any) -> Any:  # type: ignore[override]
        return await GenServer.start_link.__func__(cls, number)  # type: ignore[attr-defined]

    def init(self, number: Any) -> Any:
        Registry.register("parcels", number, "new")
        return Ok(number)

    @staticmethod
    def at(place: Any) -> Any:
        head = (ets.Var(1), ets.ANY, ets.Var(2))
        found = Registry.select("parcels", head, lambda _, value: value == place, lambda number, _: number)
        found.sort()
        return found


class AsksItsKey(Tracked):
    """Looks up under which key it stands."""

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        match request:
            case ("scan", place):
                [number] = Registry.keys("parcels", self_())
                [old] = Registry.values("parcels", number, self_())
                Registry.update_value("parcels", number, lambda _: place)
                return Reply(old, state)


class NeverNew(Tracked):
    @classmethod
    async def start_link(cls, number: Any) -> Any:  # type: ignore[override]
        return await GenServer.start_link.__func__(cls, number, name=Via("parcels", number))  # type: ignore[attr-defined]


class RegistersAgain(Tracked):
    def handle_call(self, request: Any, from_: Any, number: Any) -> Any:
        match request:
            case ("scan", place):
                Registry.register("parcels", number, place)
                return Reply("new", number)


class AnswersTheNew(Tracked):
    def handle_call(self, request: Any, from_: Any, number: Any) -> Any:
        match request:
            case ("scan", place):
                new, _ = Registry.update_value("parcels", number, lambda _: place)  # type: ignore[misc]
                return Reply(new, number)


class AnswersBoth(Tracked):
    def handle_call(self, request: Any, from_: Any, number: Any) -> Any:
        match request:
            case ("scan", place):
                return Reply(Registry.update_value("parcels", number, lambda _: place), number)


class InAHelper(Tracked):
    """Has a task change the value: the entry is not the task's."""

    async def handle_call(self, request: Any, from_: Any, number: Any) -> Any:
        match request:
            case ("scan", place):

                def change() -> Any:
                    return Registry.update_value("parcels", number, lambda _: place)

                _, old = await Task.await_(Task.async_(change))
                return Reply(old, number)


class InTheState(Tracked):
    """Keeps the place in its state alone, and `at` asks each parcel."""

    def init(self, number: Any) -> Any:
        return Ok("new")

    def handle_call(self, request: Any, from_: Any, before: Any) -> Any:
        match request:
            case ("scan", place):
                Registry.update_value("parcels", Registry.keys("parcels", self_())[0], lambda _: place)
                return Reply(before, place)
            case "where":
                return Reply(before, before)

    @staticmethod
    async def at(place: Any) -> Any:
        found = []
        for number, pid, _ in Registry.select("parcels"):
            if await GenServer.call(pid, "where") == place:
                found.append(number)
        return sorted(found)


class InTheClass(Tracked):
    """A dict of the class is what `at` reads."""

    places: ClassVar[Any] = {}

    def init(self, number: Any) -> Any:
        InTheClass.places[number] = "new"
        return Ok(number)

    def handle_call(self, request: Any, from_: Any, number: Any) -> Any:
        match request:
            case ("scan", place):
                InTheClass.places[number] = place
        return super().handle_call(request, from_, number)

    @staticmethod
    def at(place: Any) -> Any:
        return sorted(number for number, where in InTheClass.places.items() if where == place)


class Unsorted(Tracked):
    @staticmethod
    def at(place: Any) -> Any:
        found = Registry.select("parcels", (ets.Var(1), ets.ANY, place), body=lambda number: number)
        return sorted(found, reverse=True)


class Pids(Tracked):
    @staticmethod
    def at(place: Any) -> Any:
        return Registry.select("parcels", (ets.ANY, ets.Var(1), place), body=lambda pid: pid)


class WholeEntries(Tracked):
    @staticmethod
    def at(place: Any) -> Any:
        return Registry.select("parcels", (ets.ANY, ets.ANY, place))


class Everywhere(Tracked):
    @staticmethod
    def at(place: Any) -> Any:
        return sorted(Registry.select("parcels", (ets.Var(1), ets.ANY, ets.ANY), body=lambda number: number))


class UnderThePlace(Tracked):
    @staticmethod
    def at(place: Any) -> Any:
        return sorted(Registry.select("parcels", (place, ets.ANY, ets.Var(1)), body=lambda value: value))


class SilentAt(Tracked):
    @staticmethod
    def at(place: Any) -> Any:
        Tracked.at(place)


class SilentScan(Tracked):
    def handle_call(self, request: Any, from_: Any, number: Any) -> Any:
        match request:
            case ("scan", place):
                Registry.update_value("parcels", number, lambda _: place)
                return Reply(None, number)


class KnowsTwo(Tracked):
    @staticmethod
    def at(place: Any) -> Any:
        return Tracked.at(place) if place in ("new", "van", "locker 9", "nowhere") else []


at = "which part of key, pid and value is given"
table.right(ex.tracked, "knows its place, and picks out at home", ByTheKeys)
table.right(ex.tracked, "enters itself, and selects by a guard", EntersInInit)
table.right(ex.tracked, "looks up its own key and value", AsksItsKey)
table.wrong(ex.tracked, "has no value at its start", NeverNew, "its value is", "what stands beside the pid")
table.wrong(ex.tracked, "registers once more", RegistersAgain, "AlreadyRegistered", "how a value is changed")
table.wrong(ex.tracked, "answers the new place", AnswersTheNew, "the one before", "first the new value")
table.wrong(ex.tracked, "answers both places", AnswersBoth, "a pair, first the new value")
table.wrong(ex.tracked, "changes the value in a task", InAHelper, "Seen", "the process that calls it")
table.wrong(ex.tracked, "asks each parcel", InTheState, "something was sent", "may be busy or gone")
table.wrong(ex.tracked, "keeps the places in the class", InTheClass, "who is in the list", "A dict of the class")
table.wrong(ex.tracked, "sorts the other way", Unsorted, "a sorted one")
table.wrong(ex.tracked, "answers pids", Pids, "its key alone")
table.wrong(ex.tracked, "answers whole entries", WholeEntries, "its key alone")
table.wrong(ex.tracked, "answers all parcels", Everywhere, "and lie at this place")
table.wrong(ex.tracked, "looks for the place among the keys", UnderThePlace, at)
table.wrong(ex.tracked, "compares a part of the place", InThePlace, "nothing was scanned there", "lie at this place")
table.wrong(ex.tracked, "forgets the return", SilentAt, "Seen: None", "`return`")
table.wrong(ex.tracked, "answers nothing", SilentScan, "Seen: None", "`return`")
table.hard_coded(ex.tracked, "knows two places", KnowsTwo, "it passed the first one")

# ---- drill 4: who is found? -----------------------------------------------------------------------------------

Events = list[Any]


def played(events: Events, **believes: bool) -> dict[Any, Any]:
    """A registry as its author believes that it is."""
    holders: dict[Any, Any] = {}
    gone: set[Any] = set()
    known: set[Any] = set()
    for event in events:
        if isinstance(event, str):
            gone |= (
                set() if believes.get("nobody_falls") else known if believes.get("all_fall") else {*holders.values()}
            )
            holders = holders if believes.get("entries_stay") else {}
            continue
        who, act, *key = event
        known.add(who)
        if act == "ends":
            gone.add(who)
            if not believes.get("stale"):
                holders = {k: w for k, w in holders.items() if w != who}
        elif who in gone and not believes.get("ghosts"):
            continue
        elif act == "registers":
            if key[0] not in holders or believes.get("last_wins"):
                holders[key[0]] = who
            elif believes.get("crashes"):
                gone.add(who)
        elif holders.get(key[0]) == who or believes.get("anybody"):
            holders.pop(key[0], None)
    return holders


def replayed(events: Events) -> dict[Any, Any]:
    """Goes through the list backwards in time for each key."""
    return played([*events])


def by_entries(events: Events) -> dict[Any, Any]:
    """Keeps a list of pairs and makes the dict last."""
    pairs: list[tuple[Any, Any]] = []
    gone: list[Any] = []
    for event in events:
        match event:
            case (who, "ends"):
                gone.append(who)
                pairs = [pair for pair in pairs if pair[1] != who]
            case (who, "registers", key):
                if who not in gone and all(pair[0] != key for pair in pairs):
                    pairs.append((key, who))
            case (who, "unregisters", key):
                pairs = [pair for pair in pairs if pair != (key, who)]
            case _:
                gone += [who for _, who in pairs]
                pairs.clear()
    return dict(pairs)


async def in_a_coroutine(events: Events) -> dict[Any, Any]:
    """Is an `async def`, which the check awaits."""
    return played(events)


def believing(**what: bool) -> Callable[[Events], Any]:
    return lambda events: played(events, **what)


def lists(events: Events) -> Any:
    return list(played(events).items())


def turned(events: Events) -> Any:
    return {who: key for key, who in played(events).items()}


def nothing(events: Events) -> None:
    played(events)


def spoils(events: Events) -> Any:
    result = played(events)
    events.clear()
    return result


def the_shown(events: Events) -> Any:
    return {"a": "ann", "b": "eve", "c": "eve"}


first_came = "the first who came"
table.right(ex.found, "plays it", replayed)
table.right(ex.found, "keeps pairs", by_entries)
table.right(ex.found, "is an async def", in_a_coroutine)
table.wrong(ex.found, "lets the last one have the key", believing(last_wins=True), first_came)
table.wrong(ex.found, "keeps the entries of who has ended", believing(stale=True), "all keys of that process")
table.wrong(ex.found, "lets those who have ended act", believing(ghosts=True), "would have done later")
table.wrong(ex.found, "lets anybody unregister", believing(anybody=True), "nobody else's")
table.wrong(ex.found, "lets all live on without their registry", believing(nobody_falls=True), "They are linked to it")
table.wrong(ex.found, "lets all fall with the registry", believing(all_fall=True), "and nobody else")
table.wrong(ex.found, "keeps the entries for the new registry", believing(entries_stay=True), "a new one, and empty")
table.wrong(ex.found, "ends who is refused", believing(crashes=True), "whose key is taken")
table.wrong(ex.found, "returns a list", lists, "a dict, at each key")
table.wrong(ex.found, "turns it round", turned, "the name of the one process")
table.wrong(ex.found, "forgets the return", nothing, "Seen: None", "`return`")
table.wrong(ex.found, "empties the list", spoils, "the list was changed")
table.hard_coded(ex.found, "knows the shown events", the_shown, "dict, at each key")

# ---- repair 1: one box, two couriers --------------------------------------------------------------------------


async def claim(box: Any, courier: Any) -> Any:
    while True:
        try:
            Registry.register("boxes", box, courier)
            return "yours"
        except AlreadyRegistered as error:
            if error.pid is self_():
                return "yours"
            for holder in Registry.values("boxes", box, error.pid):
                return ("taken", holder)


async def claim_by_looking(box: Any, courier: Any) -> Any:
    """Looks first, to save an exception, and is ready for both steps to be wrong."""
    while True:
        match Registry.lookup("boxes", box):
            case [(pid, _)] if pid is self_():
                return "yours"
            case [(_, holder)]:
                return ("taken", holder)
        try:
            Registry.register("boxes", box, courier)
        except AlreadyRegistered:
            continue
        return "yours"


async def claim_by_name(box: Any, courier: Any) -> Any:
    """Takes whoever has the same name for itself."""
    said = await claim_by_looking(box, courier)
    return "yours" if said == ("taken", courier) else said


async def claim_again(box: Any, courier: Any) -> Any:
    """Begins again by a call of its own."""
    try:
        Registry.register("boxes", box, courier)
    except AlreadyRegistered as error:
        if error.pid is not self_():
            found = Registry.lookup("boxes", box)
            return ("taken", found[0][1]) if found else await claim_again(box, courier)
    return "yours"


async def claim_old(box: Any, courier: Any) -> Any:
    if Registry.lookup("boxes", box) == []:
        Registry.register("boxes", box, courier)
        return "yours"
    [(pid, holder)] = Registry.lookup("boxes", box)
    return "yours" if pid is self_() else ("taken", holder)


async def claim_takes_it_for_free(box: Any, courier: Any) -> Any:
    """Nobody has it any more, so it is said to be one's own; nobody enters it."""
    try:
        Registry.register("boxes", box, courier)
        return "yours"
    except AlreadyRegistered as error:
        if error.pid is self_():
            return "yours"
        found = Registry.lookup("boxes", box)
        return ("taken", found[0][1]) if found else "yours"


async def claim_must_find(box: Any, courier: Any) -> Any:
    try:
        Registry.register("boxes", box, courier)
        return "yours"
    except AlreadyRegistered as error:
        if error.pid is self_():
            return "yours"
        [(_, holder)] = Registry.lookup("boxes", box)
        return ("taken", holder)


async def claim_not_mine(box: Any, courier: Any) -> Any:
    try:
        Registry.register("boxes", box, courier)
        return "yours"
    except AlreadyRegistered as error:
        return ("taken", next(iter(Registry.values("boxes", box, error.pid)), None))


async def claim_by_pid(box: Any, courier: Any) -> Any:
    try:
        Registry.register("boxes", box, courier)
        return "yours"
    except AlreadyRegistered as error:
        return "yours" if error.pid is self_() else ("taken", error.pid)


async def claim_own_name(box: Any, courier: Any) -> Any:
    try:
        Registry.register("boxes", box, courier)
        return "yours"
    except AlreadyRegistered as error:
        return "yours" if error.pid is self_() else ("taken", courier)


async def claim_by_helper(box: Any, courier: Any) -> Any:
    """A task claims for the courier; with the task ends the claim."""
    return await Task.await_(Task.async_(claim, box, courier))


async def claim_by_keeper(box: Any, courier: Any) -> Any:
    """A process that nobody ends claims for the courier."""
    if Registry.lookup("boxes", box) != []:
        return await claim(box, courier)

    async def keep() -> None:
        Registry.register("boxes", box, courier)
        await Process.sleep(INFINITY)

    spawn(keep)
    await Process.sleep(0.0)
    return "yours"


async def claim_waiting(box: Any, courier: Any) -> Any:
    while (said := await claim(box, courier)) != "yours":
        await Process.sleep(0.5)
    return said


async def claim_without_value(box: Any, courier: Any) -> Any:
    try:
        Registry.register("boxes", box)
        return "yours"
    except AlreadyRegistered as error:
        return "yours" if error.pid is self_() else ("taken", courier)


async def claim_by_text(box: Any, courier: Any) -> Any:
    return await claim(str(box), courier)


async def claim_silently(box: Any, courier: Any) -> None:
    await claim(box, courier)


async def claim_unawaited(box: Any, courier: Any) -> Any:
    return claim(box, courier)


async def claim_box_nine(box: Any, courier: Any) -> Any:
    return await claim(box, courier) if box in (9, "9", ("another", 9)) and courier in ("ann", "ben") else "yours"


steps = "Only `register` itself decides"
table.right(ex.claim, "reads the value of the holder", claim)
table.right(ex.claim, "looks first, and is ready for both to be wrong", claim_by_looking)
table.right(ex.claim, "begins again by a call of its own", claim_again)
table.wrong(ex.claim, "leaves the gap between look and register", claim_old, "at the same moment", steps)
table.wrong(
    ex.claim,
    "takes a box that is free again, and does not enter it",
    claim_takes_it_for_free,
    "who stands in the registry then",
    steps,
)
table.wrong(ex.claim, "must find the holder", claim_must_find, "ended while ben claimed it", steps)
table.wrong(ex.claim, "tells the holder that it is taken", claim_not_mine, "once more", "the caller itself")
table.wrong(ex.claim, "compares names", claim_by_name, "another process whose courier", "A name may be that of two")
table.wrong(ex.claim, "answers the pid", claim_by_pid, "not a pid")
table.wrong(ex.claim, "answers the name of who asks", claim_own_name, "not one's own name")
table.wrong(ex.claim, "has a task claim", claim_by_helper, "Seen: 'nobody'", "whose claim it is")
table.wrong(ex.claim, "has a keeper claim", claim_by_keeper, "a process of somebody else", "whose claim it is")
table.wrong(ex.claim, "waits until it is free", claim_waiting, "no answer", "what is waited for")
table.wrong(ex.claim, "enters no name", claim_without_value, "beside the pid", "the courier's name")
table.wrong(ex.claim, "makes a text of each box", claim_by_text, "the box is held by", "Seen")
table.wrong(ex.claim, "forgets the return", claim_silently, "Seen: None", "`return`")
table.wrong(ex.claim, "forgets an await", claim_unawaited, "a coroutine", "`await`")
table.hard_coded(ex.claim, "knows box 9", claim_box_nine, "it passed the first one")

# ---- repair 2: a hub that falls with its registry -------------------------------------------------------------

REGISTRY: Any = (Registry, {"keys": "unique", "name": "parcels"})


def specs(parcel: Any, numbers: Any) -> list[Any]:
    return [ChildSpec(number, (parcel.start_link, (number,))) for number in numbers]


def flat(strategy: str, **rules: Any) -> Any:
    async def open_hub(parcel: Any, numbers: Any) -> Any:
        children = [REGISTRY, *specs(parcel, numbers)]
        return await Supervisor.start_link(children, **{"strategy": strategy, "name": "hub", **rules})

    return open_hub


def of_two(strategy: str, below: str = "one_for_one", registry_last: bool = False, **rules: Any) -> Any:
    async def open_hub(parcel: Any, numbers: Any) -> Any:
        async def start_shelf() -> Any:
            return await Supervisor.start_link(specs(parcel, numbers), strategy=below)

        children = [REGISTRY, ChildSpec("shelf", (start_shelf, ()), type="supervisor")]
        children = children[::-1] if registry_last else children
        return await Supervisor.start_link(children, **{"strategy": strategy, "name": "hub", **rules})

    return open_hub


def of_two_below(max_restarts: int) -> Any:
    """Two levels, of which the lower one allows few restarts."""

    async def open_hub(parcel: Any, numbers: Any) -> Any:
        async def start_shelf() -> Any:
            return await Supervisor.start_link(
                specs(parcel, numbers), strategy="one_for_one", max_restarts=max_restarts
            )

        children = [REGISTRY, ChildSpec("shelf", (start_shelf, ()), type="supervisor")]
        return await Supervisor.start_link(children, strategy="one_for_all", name="hub")

    return open_hub


class Shelf(Supervisor):
    @classmethod
    async def start_link(cls, given: Any) -> Any:  # type: ignore[override]
        return await super().start_link(given)

    def init(self, given: Any) -> Any:
        return Supervise(specs(*given), strategy="one_for_one")


class TheHub(Supervisor):
    @classmethod
    async def start_link(cls, given: Any) -> Any:  # type: ignore[override]
        return await super().start_link(given, name="hub")

    def init(self, given: Any) -> Any:
        return Supervise([REGISTRY, (Shelf, given)], strategy="one_for_all")


async def as_modules(parcel: Any, numbers: Any) -> Any:
    """Both supervisors are modules."""
    return await TheHub.start_link((parcel, numbers))


class Opener(GenServer):
    """Has all parcels started, whenever it is started itself."""

    @classmethod
    async def start_link(cls, given: Any) -> Any:  # type: ignore[override]
        return await super().start_link(given)

    async def init(self, given: Any) -> Any:
        for spec in specs(*given):
            await start_child("parcel shelf", spec)
        return Ok(given)


async def with_an_opener(parcel: Any, numbers: Any) -> Any:
    """A dynamic supervisor, and a process behind it that fills it; all begin anew together."""
    shelf = (DynamicSupervisor, {"name": "parcel shelf"})
    children: Any = [REGISTRY, shelf, (Opener, (parcel, numbers))]
    return await Supervisor.start_link(children, strategy="one_for_all", name="hub")


async def one_by_one(parcel: Any, numbers: Any) -> Any:
    """A supervisor of its own for each parcel."""

    async def start_one(number: Any) -> Any:
        return await Supervisor.start_link(specs(parcel, [number]), strategy="one_for_one")

    alone = [ChildSpec(number, (start_one, (number,)), type="supervisor") for number in numbers]

    async def start_all() -> Any:
        return await Supervisor.start_link(alone, strategy="one_for_one")

    children = [REGISTRY, ChildSpec("all", (start_all, ()), type="supervisor", shutdown=INFINITY)]
    return await Supervisor.start_link(children, strategy="one_for_all", name="hub")


async def once_only(parcel: Any, numbers: Any) -> Any:
    children: Any = [REGISTRY, (DynamicSupervisor, {"name": "parcel shelf"})]
    hub = await Supervisor.start_link(children, strategy="rest_for_one", name="hub")
    for spec in specs(parcel, numbers):
        await start_child("parcel shelf", spec)
    return hub


async def nameless(parcel: Any, numbers: Any) -> Any:
    return await of_two("one_for_all", name=None)(parcel, numbers)


async def without_return(parcel: Any, numbers: Any) -> Any:
    await of_two("one_for_all")(parcel, numbers)


async def outside(parcel: Any, numbers: Any) -> Any:
    """The registry belongs to whoever opens the hub."""
    await Registry.start_link(keys="unique", name="parcels")
    return await Supervisor.start_link(specs(parcel, numbers), strategy="one_for_one", name="hub")


async def big_budget_outside(parcel: Any, numbers: Any) -> Any:
    return await flat("one_for_one", max_restarts=1000)(parcel, numbers)


async def of_five(parcel: Any, numbers: Any) -> Any:
    known = ("4711", "0815", "1234", "5678", "9012")
    return await of_two("one_for_all")(parcel, [n for n in known if n in numbers])


table.right(ex.open_hub, "has two supervisors that are modules", as_modules)
table.right(ex.open_hub, "has a process that fills a dynamic supervisor", with_an_opener)
table.right(ex.open_hub, "has a supervisor for each parcel", one_by_one)
table.wrong(
    ex.open_hub, "is the old one", flat("one_for_one"), "the hub has ended", "what the death of a registry costs"
)
table.wrong(ex.open_hub, "puts all under rest_for_one", flat("rest_for_one"), "no other parcel remembers it")
table.wrong(ex.open_hub, "puts all under one_for_all", flat("one_for_all"), "no other parcel remembers it")
table.wrong(ex.open_hub, "has two levels under rest_for_one", of_two("rest_for_one"), "what a supervisor may see first")
table.wrong(ex.open_hub, "has two levels under one_for_one", of_two("one_for_one"), "Seen")
table.wrong(ex.open_hub, "has one_for_all below", of_two("one_for_all", "one_for_all"), "no other parcel remembers it")
table.wrong(ex.open_hub, "puts the registry last", of_two("one_for_all", registry_last=True), "there is no registry")
table.wrong(ex.open_hub, "fills it only once", once_only, "who starts the parcels, and when")
table.wrong(ex.open_hub, "has no name", nameless, "the name of the supervisor")
table.wrong(ex.open_hub, "forgets the return", without_return, "Seen: None", "`return`")
table.wrong(ex.open_hub, "leaves the registry outside", outside, "Seen")
table.wrong(ex.open_hub, "allows a thousand restarts", big_budget_outside, "Seen")
table.hard_coded(ex.open_hub, "knows five numbers", of_five, "it passed the first one")

table.wrong(ex.open_hub, "allows one restart below", of_two_below(1), "was killed; ", "no other parcel remembers it")

# ---- the design: lockers that come and go ---------------------------------------------------------------------


class Box(GenServer, restart="temporary"):
    @classmethod
    async def start_link(cls, place: Any, *held: Any) -> Any:  # type: ignore[override]
        return await super().start_link((place, [*held]), name=Via("places", place, len(held)))

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        place, held = state
        match request:
            case ("put", parcel):
                Registry.update_value("places", place, lambda n: n + 1)
                return Reply(len(held) + 1, (place, [*held, parcel]))
            case ("take", parcel) if parcel in held:
                Registry.update_value("places", place, lambda n: n - 1)
                rest = [each for each in held if each != parcel]
                return Reply("out", (place, rest)) if rest else Stop("normal", (place, rest), reply="out")
            case ("take", _):
                return Reply("not here", state)


def tree(strategy: str, name: str = "lockers", registry: str = "places", first: bool = True) -> Any:
    async def start_link() -> Any:
        children: list[Any] = [
            (Registry, {"keys": "unique", "name": registry}),
            (DynamicSupervisor, {"name": "boxes"}),
        ]
        return await Supervisor.start_link(children if first else children[::-1], strategy=strategy, name=name)

    return start_link


class Lockers:
    box: Any = Box
    start_link = staticmethod(tree("rest_for_one"))

    @classmethod
    async def open(cls, place: Any) -> None:
        try:
            await start_child("boxes", (cls.box, place))
        except ChildError as error:
            if not taken(error):
                raise

    @classmethod
    async def put(cls, place: Any, parcel: Any) -> Any:
        while True:
            try:
                return await GenServer.call(Via("places", place), ("put", parcel))
            except Exit as error:
                if why(error) not in ("noproc", "normal"):
                    raise
            try:
                start = (cls.box.start_link, (place, parcel))
                await start_child("boxes", ChildSpec(place, start, restart="temporary"))
                return 1
            except ChildError as error:
                if not taken(error):
                    raise

    @staticmethod
    async def take(place: Any, parcel: Any) -> Any:
        try:
            return await GenServer.call(Via("places", place), ("take", parcel))
        except Exit as error:
            if why(error) not in ("noproc", "normal"):
                raise
            return "not here"

    @staticmethod
    def filled() -> Any:
        return {place: n for place, _, n in Registry.select("places") if n}


class OpensThenPuts(Lockers):
    """Starts an empty locker, and puts the parcel in by a call."""

    @classmethod
    async def put(cls, place: Any, parcel: Any) -> Any:
        while True:
            try:
                return await GenServer.call(Via("places", place), ("put", parcel))
            except Exit as error:
                if why(error) not in ("noproc", "normal"):
                    raise
            await cls.open(place)


class PutsByPid(Lockers):
    """Starts first, and calls the pid; its root is under one_for_all."""

    start_link = staticmethod(tree("one_for_all"))

    @classmethod
    async def put(cls, place: Any, parcel: Any) -> Any:
        while True:
            try:
                pid = await start_child("boxes", (cls.box, place))
            except ChildError as error:
                if not taken(error):
                    raise
                pid = error.reason[1]
            try:
                return await GenServer.call(pid, ("put", parcel))
            except Exit as error:
                match error.reason:
                    case ("noproc" | "normal", _):
                        continue
                raise


class Holding(Box):
    """Stays a moment after its last parcel, and stops by a message to itself if it is still empty."""

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        match super().handle_call(request, from_, state):
            case Stop(_, state, _):
                return Reply("out", state, Continue("empty"))
            case other:
                return other

    def handle_continue(self, argument: Any, state: Any) -> Any:
        return NoReply(state) if state[1] else Stop("normal", state)


class StopsByContinue(Lockers):
    """The locker answers first, and stops in a continue."""

    box = Holding


class Begins(Box):
    """Is started with its first parcel."""

    @classmethod
    async def start_link(cls, given: Any) -> Any:
        place, parcel = given
        return await GenServer.start_link.__func__(cls, (place, [parcel]), name=Via("places", place, 1))  # type: ignore[attr-defined]


class StartsWithAParcel(Lockers):
    """The start of a locker is the first put."""

    @classmethod
    async def put(cls, place: Any, parcel: Any) -> Any:
        while True:
            try:
                await start_child("boxes", (Begins, (place, parcel)))
                return 1
            except ChildError as error:
                if not taken(error):
                    raise
            try:
                return await GenServer.call(Via("places", place), ("put", parcel))
            except Exit as error:
                if why(error) not in ("noproc", "normal"):
                    raise


class OnlyNoproc(Lockers):
    @classmethod
    async def put(cls, place: Any, parcel: Any) -> Any:
        while True:
            try:
                return await GenServer.call(Via("places", place), ("put", parcel))
            except Exit as error:
                if why(error) != "noproc":
                    raise
            await cls.open(place)


class LooksFirst(Lockers):
    @classmethod
    async def put(cls, place: Any, parcel: Any) -> Any:
        if GenServer.whereis(Via("places", place)) is None:
            await start_child("boxes", (cls.box, place))
        return await GenServer.call(Via("places", place), ("put", parcel))


class TakesFromNobody(Lockers):
    """Opens a locker to take something out of it."""

    @staticmethod
    async def take(place: Any, parcel: Any) -> Any:
        await Lockers.open(place)
        return await GenServer.call(Via("places", place), ("take", parcel))


class Exits(Lockers):
    @staticmethod
    async def take(place: Any, parcel: Any) -> Any:
        return await GenServer.call(Via("places", place), ("take", parcel))


class StaysBox(Box):
    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        match super().handle_call(request, from_, state):
            case Stop(_, state, _):
                return Reply("out", state)
            case other:
                return other


class Stays(Lockers):
    box = StaysBox


class ShowsEmpty(Lockers):
    @staticmethod
    def filled() -> Any:
        return {place: n for place, _, n in Registry.select("places")}


class EmptyAndStays(ShowsEmpty):
    box = StaysBox


class AsksAll(Lockers):
    """Asks each locker how much it holds."""

    @staticmethod
    async def filled() -> Any:
        return {place: len(await GenServer.call(pid, "held")) for place, pid, _ in Registry.select("places")}


class AsksAllBox(Box):
    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        return Reply(state[1], state) if request == "held" else super().handle_call(request, from_, state)


class AsksAllWell(AsksAll):
    box = AsksAllBox


class InAClass(Lockers):
    """Counts in the class."""

    counts: ClassVar[dict[Any, int]] = {}

    @classmethod
    async def put(cls, place: Any, parcel: Any) -> Any:
        InAClass.counts[place] = await Lockers.put(place, parcel)
        return InAClass.counts[place]

    @staticmethod
    async def take(place: Any, parcel: Any) -> Any:
        said = await Lockers.take(place, parcel)
        if said == "out":
            InAClass.counts[place] -= 1
        return said

    @staticmethod
    def filled() -> Any:
        return {place: n for place, n in InAClass.counts.items() if n}


class LinkedToWhoPuts(OpensThenPuts):
    @classmethod
    async def open(cls, place: Any) -> None:
        with contextlib.suppress(AlreadyStarted):
            await Box.start_link(place)


class TrapsBox(Box):
    def init(self, state: Any) -> Any:
        Process.flag(trap_exit=True)
        return Ok(state)

    def handle_info(self, message: Any, state: Any) -> Any:
        return NoReply(state)


class LeavesOver(Lockers):
    """Its lockers trap exits, and its root is under one_for_one."""

    box = TrapsBox
    start_link = staticmethod(tree("one_for_one"))


class PermanentBox(Box, restart="permanent"):
    pass


class Permanent(OpensThenPuts):
    """Its lockers are restarted when they are empty."""

    box = PermanentBox


class Nameless(Lockers):
    start_link = staticmethod(tree("rest_for_one", name="my lockers"))


class OtherRegistry(Lockers):
    start_link = staticmethod(tree("rest_for_one", registry="my places"))


class ByName(Lockers):
    """Takes the place for a name of the node."""

    @classmethod
    async def put(cls, place: Any, parcel: Any) -> Any:
        with contextlib.suppress(AlreadyStarted):
            await GenServer.start(0, name=place)
        return await Lockers.put(place, parcel)


class SilentPut(Lockers):
    @classmethod
    async def put(cls, place: Any, parcel: Any) -> Any:
        await Lockers.put(place, parcel)


class Unawaited(Lockers):
    @classmethod
    async def put(cls, place: Any, parcel: Any) -> Any:
        return Lockers.put(place, parcel)


class Waits(Lockers):
    @classmethod
    async def put(cls, place: Any, parcel: Any) -> Any:
        await cls.open(place)
        await Process.sleep(0.05)
        return await Lockers.put(place, parcel)


class ByText(Lockers):
    @classmethod
    async def put(cls, place: Any, parcel: Any) -> Any:
        return await Lockers.put(str(place), parcel)

    @staticmethod
    async def take(place: Any, parcel: Any) -> Any:
        return await Lockers.take(str(place), parcel)


class KnowsTwoPlaces(Lockers):
    @classmethod
    async def put(cls, place: Any, parcel: Any) -> Any:
        return await Lockers.put(place if place in ("North", "South") else "elsewhere", parcel)


moment = "in both cases nothing was done"
table.right(ex.lockers, "calls first, and starts it with the parcel", Lockers)
table.right(ex.lockers, "stops in a continue", StopsByContinue)
table.right(ex.lockers, "is started with its first parcel", StartsWithAParcel)
table.wrong(ex.lockers, "opens and then puts", OpensThenPuts, "was killed while putting", "no two steps")
table.wrong(ex.lockers, "starts first, and calls the pid", PutsByPid, "was killed while putting", "no two steps")
table.wrong(ex.lockers, "handles noproc and not normal", OnlyNoproc, "the last parcel was taken out while", moment)
table.wrong(ex.lockers, "looks and then starts", LooksFirst, "at the same moment", "`already_started`")
table.wrong(ex.lockers, "opens a locker to take", TakesFromNobody, "nobody starts one to take something out")
table.wrong(ex.lockers, "exits where nobody is", Exits, "noproc", moment)
table.wrong(ex.lockers, "leaves empty lockers", Stays, "with its last parcel")
table.wrong(ex.lockers, "shows empty lockers", EmptyAndStays, "which lockers are named")
table.wrong(ex.lockers, "asks each locker", AsksAllWell, "may be busy or gone")
table.wrong(ex.lockers, "counts in the class", InAClass, "who is there no more", "A dict of the class")
table.wrong(ex.lockers, "links it to who puts", LinkedToWhoPuts, "would have ended with it")
table.wrong(ex.lockers, "leaves lockers over", LeavesOver, "who outlives the registry")
table.wrong(ex.lockers, "restarts empty lockers", Permanent, "with its last parcel")
table.wrong(ex.lockers, "has another name", Nameless, "the name of the supervisor")
table.wrong(ex.lockers, "names the registry otherwise", OtherRegistry, "the name of the registry")
table.wrong(ex.lockers, "takes a place for a name of the node", ByName, "when a locker's process ends")
table.wrong(ex.lockers, "forgets the return", SilentPut, "Seen: None", "`return`")
table.wrong(ex.lockers, "forgets an await", Unawaited, "a coroutine", "`await`")
table.wrong(ex.lockers, "waits for the locker", Waits, "Nobody has to sleep")
table.wrong(ex.lockers, "makes a text of each place", ByText, "it passed the first one")
table.hard_coded(ex.lockers, "knows two places", KnowsTwoPlaces, "it passed the first one")

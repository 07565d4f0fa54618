"""Attacks on the checks of chapter 07, dynamic supervisors."""

from __future__ import annotations

import contextlib
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
    Process,
    Reply,
    Stop,
    Supervise,
    SuperviseDynamically,
    Supervisor,
    child_spec,
    self_,
    send,
    spawn,
    spawn_link,
)
from otp_mini.exercises import dynamic_supervisor as ex

table = Table()


class Connection(GenServer):
    """As in the chapter: it keeps the lines that were said."""

    @classmethod
    async def start_link(cls, name: Any) -> Any:  # type: ignore[override]
        return await super().start_link(name, name=name)

    def init(self, name: Any) -> Any:
        return Ok([])

    def handle_call(self, request: Any, from_: Any, lines: Any) -> Any:
        match request:
            case ("say", line):
                lines = [*lines, line.strip()]
                return Reply(lines, lines)

    def handle_cast(self, request: Any, lines: Any) -> Any:
        match request:
            case ("leave", reason):
                return Stop(reason, lines)
        return NoReply(lines)


start_child = DynamicSupervisor.start_child

# ---- a chat -----------------------------------------------------------------------------------------------


async def open_chat(people: list[str]) -> Any:
    sup = await DynamicSupervisor.start_link(name="chat")
    for person in people:
        await start_child(sup, (Connection, person))
    return sup


async def wordy_chat(people: list[str]) -> Any:
    """By the name, with whole specifications that all have the same id."""
    await DynamicSupervisor.start_link(name="chat")
    for person in people:
        await start_child("chat", ChildSpec("guest", (Connection.start_link, [person])))
    return Process.whereis("chat")


class OwnChat(DynamicSupervisor):
    def init(self, argument: Any) -> SuperviseDynamically:
        return SuperviseDynamically(max_children=1000)


async def own_chat(people: list[str]) -> Any:
    sup = await OwnChat.start_link(None, name="chat")
    for person in people:
        await start_child(sup, (Connection, person))
    return sup


async def fixed_chat(people: list[str]) -> Any:
    children = [ChildSpec(person, (Connection.start_link, (person,))) for person in people]
    return await Supervisor.start_link(children, strategy="one_for_one", name="chat")


async def loose_chat(people: list[str]) -> Any:
    sup = await DynamicSupervisor.start_link(name="chat")
    for person in people:
        await Connection.start_link(person)
    return sup


async def nameless_chat(people: list[str]) -> Any:
    sup = await DynamicSupervisor.start_link()
    for person in people:
        await start_child(sup, (Connection, person))
    return sup


async def silent_chat(people: list[str]) -> None:
    await open_chat(people)


async def first_chat(people: list[str]) -> Any:
    sup = await DynamicSupervisor.start_link(name="chat")
    for person in people:
        await start_child(sup, (Connection, person))
        return sup
    return sup


async def brief_chat(people: list[str]) -> Any:
    sup = await DynamicSupervisor.start_link(name="chat")
    for person in people:
        await start_child(sup, child_spec((Connection, person), restart="temporary"))
    return sup


async def transient_chat(people: list[str]) -> Any:
    sup = await DynamicSupervisor.start_link(name="chat")
    for person in people:
        await start_child(sup, child_spec((Connection, person), restart="transient"))
    return sup


async def closed_chat(people: list[str]) -> Any:
    sup = await DynamicSupervisor.start_link(name="chat", max_children=len(people))
    for person in people:
        await start_child(sup, (Connection, person))
    return sup


async def listing_chat(people: list[str]) -> Any:
    sup = await DynamicSupervisor.start_link(name="chat")
    await start_child(sup, [(Connection, person) for person in people])  # type: ignore[arg-type]
    return sup


async def known_chat(people: list[str]) -> Any:
    return await open_chat(["ann", "ben"])


async def hasty_chat(people: list[str]) -> Any:
    sup = await DynamicSupervisor.start_link(name="chat")
    for person in people:
        start_child(sup, (Connection, person))
    return sup


def chat_of(spec: Any, **options: Any) -> Any:
    """A chat with a specification for each person, and options of its supervisor."""

    async def open_chat(people: list[str]) -> Any:
        sup = await DynamicSupervisor.start_link(name="chat", **options)
        for person in people:
            await start_child(sup, spec(person))
        return sup

    return open_chat


def connection(person: str) -> Any:
    return (Connection, person)


def bare_server(person: str) -> Any:
    async def start() -> Any:
        return await GenServer.start_link(person, name=person)

    return ChildSpec(person, (start, ()))


async def last_chat(people: list[str]) -> Any:
    """When a connection is started again, `person` is the last of them."""
    sup = await DynamicSupervisor.start_link(name="chat")
    for person in people:

        async def start() -> Any:
            return await Connection.start_link(person)  # noqa: B023

        await start_child(sup, ChildSpec(person, (start, ())))
    return sup


kept_by = "who starts the process"
table.right(ex.open_chat, "asks by the name, with whole specifications", wordy_chat)
table.right(ex.open_chat, "has a class of its own", own_chat)
table.wrong(
    ex.open_chat, "is a fixed list", fixed_chat, "the kind of supervisor", "tells its children apart by their ids"
)
table.wrong(ex.open_chat, "links the connections to the caller", loose_chat, kept_by)
table.wrong(ex.open_chat, "forgets the name", nameless_chat, "the supervisor's own name")
table.wrong(ex.open_chat, "returns nothing", silent_chat, "what the function returns")
table.wrong(ex.open_chat, "returns in the loop", first_chat, "Seen: ['ben']", "once for each name")
table.wrong(ex.open_chat, "temporary connections", brief_chat, "which children come back")
table.wrong(
    ex.open_chat, "transient connections", transient_chat, "was ended with 'shutdown'", "which children come back"
)
table.wrong(ex.open_chat, "leaves no room for more", closed_chat, "the number of its children")
table.wrong(
    ex.open_chat, "has ten seats", chat_of(connection, max_children=10), "thirty more", "the number of its children"
)
table.wrong(
    ex.open_chat, "allows one restart", chat_of(connection, max_restarts=1), "three times", "it is to have the default"
)
table.wrong(
    ex.open_chat, "allows a thousand", chat_of(connection, max_restarts=1000), "a fourth time", "to have the default"
)
table.wrong(ex.open_chat, "starts servers that know nothing", chat_of(bare_server), "a `Connection`")
table.wrong(ex.open_chat, "starts the last one again", last_chat, "which children come back")
table.right(ex.open_chat, "writes the default budget", chat_of(connection, max_restarts=3, max_seconds=5.0))
table.wrong(ex.open_chat, "hands over a list", listing_chat, "one specification at a time")
table.wrong(ex.open_chat, "forgets an await in the loop", hasty_chat, "await")
table.hard_coded(ex.open_chat, "knows Ann and Ben", known_chat, "it passed the first one")

# ---- connect ------------------------------------------------------------------------------------------------


async def connect(spec: Any) -> Any:
    try:
        return await start_child("chat", spec)
    except ChildError as error:
        match error.reason:
            case ("already_started", pid):
                return pid
        raise


async def plain_connect(spec: Any) -> Any:
    """Without `match`."""
    try:
        return await start_child("chat", spec)
    except ChildError as error:
        if isinstance(error.reason, tuple) and error.reason[0] == "already_started":
            return error.reason[1]
        raise error from None


async def looking_connect(spec: Any) -> Any:
    pid = Process.whereis(spec.id)
    return pid if pid is not None else await start_child("chat", spec)


async def careful_connect(spec: Any) -> Any:
    name = spec.start[1][0][0]
    pid = Process.whereis(name)
    return pid if pid is not None else await start_child("chat", spec)


async def naive_connect(spec: Any) -> Any:
    return await start_child("chat", spec)


async def soothing_connect(spec: Any) -> Any:
    try:
        return await start_child("chat", spec)
    except ChildError as error:
        match error.reason:
            case (_, pid):
                return pid
        return None


async def wordless_connect(spec: Any) -> Any:
    try:
        return await start_child("chat", spec)
    except ChildError as error:
        match error.reason:
            case ("already_started", pid):
                return pid
    return None


async def own_connect(spec: Any) -> Any:
    function, arguments = spec.start
    return await function(*arguments)


async def renaming_connect(spec: Any) -> Any:
    try:
        return await start_child("chat", spec)
    except ChildError as error:
        match error.reason:
            case ("already_started", pid):
                return pid
        raise ValueError("not connected") from None


async def whole_connect(spec: Any) -> Any:
    try:
        return await start_child("chat", spec)
    except ChildError as error:
        match error.reason:
            case ("already_started", _):
                return error.reason
        raise


async def first_part_connect(spec: Any) -> Any:
    """Not every reason has a first part."""
    try:
        return await start_child("chat", spec)
    except ChildError as error:
        if error.reason[0] == "already_started":  # type: ignore[index]
            return error.reason[1]  # type: ignore[index]
        raise


connections: dict[Any, Any] = {}


async def remembering_connect(spec: Any) -> Any:
    """Keeps every pid, also of those who have left."""
    key = (Process.whereis("chat"), repr(spec.start[1]))
    if key not in connections:
        connections[key] = await connect(spec)
    return connections[key]


async def known_connect(spec: Any) -> Any:
    try:
        return await start_child("chat", spec)
    except ChildError as error:
        if error.reason in ("no such room", "max_children", ("shutdown", "not today"), 404):
            raise
        return error.reason[1]  # type: ignore[index]


concerns = "an error that is none of your concern"
table.right(ex.connect, "compares without match", plain_connect)
table.wrong(ex.connect, "looks the id up", looking_connect, "which error means that the child is there")
table.wrong(ex.connect, "looks first", careful_connect, "at the same moment", "a look at the name and the start")
table.wrong(ex.connect, "knows no error", naive_connect, "already_started", "which error means that the child is there")
table.wrong(ex.connect, "takes every pair for a pid", soothing_connect, concerns)
table.wrong(ex.connect, "swallows other errors", wordless_connect, "returned None", concerns)
table.wrong(ex.connect, "starts it in the caller", own_connect, kept_by)
table.wrong(ex.connect, "raises another error", renaming_connect, concerns)
table.wrong(ex.connect, "returns the whole reason", whole_connect, "the second part of the reason")
table.wrong(ex.connect, "looks into every reason", first_part_connect, "TypeError", concerns)
table.wrong(ex.connect, "remembers who was there", remembering_connect, "had ended for good", "of an earlier start")
table.hard_coded(ex.connect, "knows the reasons that were shown", known_connect, concerns)

# ---- which ends are counted ---------------------------------------------------------------------------------


def counted(restart: str, reason: Any) -> bool:
    match restart, reason:
        case ("temporary", _) | ("transient", "normal" | "shutdown" | ("shutdown", _)):
            return False
    return True


def lives_on(ends: list[Any]) -> bool:
    return sum(counted(*end) for end in ends) <= 3


def looping(ends: list[Any]) -> bool:
    left = 3
    while ends:
        restart, reason = ends.pop()
        if restart == "permanent":
            left -= 1
        elif restart == "transient":
            pair = isinstance(reason, tuple) and len(reason) == 2 and reason[0] == "shutdown"
            quiet = isinstance(reason, str) and reason in ("normal", "shutdown")
            left -= not (pair or quiet)
    return left >= 0


def all_count(ends: list[Any]) -> bool:
    return len(ends) <= 3


def open_end(ends: list[Any]) -> bool:
    return sum(counted(*end) for end in ends) < 3


def four_allowed(ends: list[Any]) -> bool:
    return sum(counted(*end) for end in ends) <= 4


def crashes_only(ends: list[Any]) -> bool:
    """Believes that no quiet end counts, of a permanent child neither."""
    return sum(restart != "temporary" and counted("transient", reason) for restart, reason in ends) <= 3


def no_pairs(ends: list[Any]) -> bool:
    return sum(r == "permanent" or (r == "transient" and x not in ("normal", "shutdown")) for r, x in ends) <= 3


def any_pair(ends: list[Any]) -> bool:
    return sum(counted(r, x[:2] if isinstance(x, tuple) else x) for r, x in ends) <= 3


def temporary_counts(ends: list[Any]) -> bool:
    return sum(counted("transient" if r == "temporary" else r, x) for r, x in ends) <= 3


def each_its_own(ends: list[Any]) -> bool:
    return True


def known_ends(ends: list[Any]) -> bool:
    return ends in ([("permanent", "normal"), ("permanent", "shutdown"), ("permanent", "burnt out")], [])


def answers_none(ends: list[Any]) -> bool | None:
    return True if lives_on(ends) else None


def in_a_row(ends: list[Any]) -> bool:
    row = 0
    for end in ends:
        row = row + 1 if counted(*end) else 0
        if row > 3:
            return False
    return True


def by_first_letters(ends: list[Any]) -> bool:
    def quiet(reason: Any) -> bool:
        return isinstance(reason, str) and reason.startswith(("normal", "shutdown"))

    return sum(counted(r, x) and not (r == "transient" and quiet(x)) for r, x in ends) <= 3


def first_four(ends: list[Any]) -> bool:
    return lives_on(ends[:4])


async def waiting(ends: list[Any]) -> bool:
    return lives_on(ends)


table.right(ex.lives_on, "spends a budget, and the list", looping)
table.wrong(ex.lives_on, "counts every end", all_count, "that never come back")
table.wrong(ex.lives_on, "the third is too many", open_end, "which number is one too many")
table.wrong(ex.lives_on, "four are allowed", four_allowed, "which number is one too many")
table.wrong(ex.lives_on, "counts crashes", crashes_only, "a permanent child does after a quiet end")
table.wrong(ex.lives_on, "forgets the pair", no_pairs, "begins with `shutdown`")
table.wrong(ex.lives_on, "takes a longer tuple", any_pair, "after which ends a transient child comes back")
table.wrong(ex.lives_on, "counts temporary children", temporary_counts, "that never come back")
table.wrong(ex.lives_on, "a budget for each", each_its_own, "has a budget of its own")
table.wrong(ex.lives_on, "returns nothing for False", answers_none, "Seen: None", "on each way through it")
table.wrong(ex.lives_on, "is async", waiting, "a plain `def`")
table.wrong(ex.lives_on, "counts those in a row", in_a_row, "which restarts are counted together: all")
table.wrong(
    ex.lives_on, "looks at the first letters", by_first_letters, "after which ends a transient child comes back"
)
table.wrong(ex.lives_on, "looks at four of them", first_four, "which restarts are counted together: all")
table.hard_coded(ex.lives_on, "knows one list", known_ends, "it passed the first one")

# ---- hang up --------------------------------------------------------------------------------------------------


async def hang_up(name: Any) -> str:
    pid = Process.whereis(name)
    if pid is None:
        return "not here"
    try:
        return await DynamicSupervisor.terminate_child("chat", pid)
    except ChildError:
        return "not here"


async def looking_hang_up(name: Any) -> str:
    rows = await DynamicSupervisor.which_children("chat")
    pid = Process.whereis(name)
    if pid in [row.pid for row in rows]:
        await DynamicSupervisor.terminate_child("chat", pid)  # type: ignore[arg-type]
        return "ok"
    return "not here"


async def stopping(name: Any) -> str:
    if Process.whereis(name) is None:
        return "not here"
    await GenServer.stop(name)
    return "ok"


async def killing(name: Any) -> str:
    pid = Process.whereis(name)
    if pid is None:
        return "not here"
    Process.exit(pid, "kill")
    return "ok"


async def shutting(name: Any) -> str:
    rows = await DynamicSupervisor.which_children("chat")
    pid = Process.whereis(name)
    if pid not in [row.pid for row in rows]:
        return "not here"
    Process.exit(pid, "shutdown")  # type: ignore[arg-type]
    return "ok"


async def raising(name: Any) -> str:
    return await DynamicSupervisor.terminate_child("chat", Process.whereis(name))  # type: ignore[arg-type]


async def raising_for_strangers(name: Any) -> str:
    pid = Process.whereis(name)
    return "not here" if pid is None else await DynamicSupervisor.terminate_child("chat", pid)


async def by_name(name: Any) -> str:
    try:
        return await DynamicSupervisor.terminate_child("chat", name)
    except ChildError:
        return "not here"


async def wordless(name: Any) -> None:
    await hang_up(name)


async def everybody(name: Any) -> str:
    for row in await DynamicSupervisor.which_children("chat"):
        await DynamicSupervisor.terminate_child("chat", row.pid)  # type: ignore[arg-type]
    return "ok"


async def confident(name: Any) -> str:
    with contextlib.suppress(Exception):
        await DynamicSupervisor.terminate_child("chat", Process.whereis(name))  # type: ignore[arg-type]
    return "ok"


async def known_hang_up(name: Any) -> str:
    return await hang_up("eve") if name == "eve" else "not here"


for_good = "who can stop a child for good"
table.right(ex.hang_up, "looks among the children", looking_hang_up)
table.wrong(ex.hang_up, "stops the server", stopping, "a permanent child", for_good)
table.wrong(ex.hang_up, "kills it", killing, "a permanent child", for_good)
table.wrong(ex.hang_up, "tells it to shut down", shutting, "a permanent child", for_good)
table.wrong(ex.hang_up, "lets the error out", raising, "knows its children by their pids, got None")
table.wrong(
    ex.hang_up, "lets the error out for a stranger", raising_for_strangers, "not_found",
    "which error means that no child has this pid",
)  # fmt: skip
table.wrong(ex.hang_up, "hands over the name", by_name, "knows its children by their pids, got 'eve'")
table.wrong(ex.hang_up, "returns nothing", wordless, "Seen: None", "on each way through it")
table.wrong(ex.hang_up, "ends everybody", everybody, "whom the function ends")
table.wrong(ex.hang_up, "always ok", confident, "Hoped for: 'not here'")
table.hard_coded(ex.hang_up, "knows Eve", known_hang_up, "it passed the first one")

# ---- guests ---------------------------------------------------------------------------------------------------


class Guest(GenServer):
    @classmethod
    async def start_link(cls, guest: Any) -> Any:  # type: ignore[override]
        name, shake = guest
        return await super().start_link(shake, name=name)

    async def init(self, shake: Any) -> Any:
        return Ok(await shake())

    def handle_call(self, request: Any, from_: Any, greeting: Any) -> Any:
        match request:
            case "greeting":
                return Reply(greeting, greeting)


class GoodGuest(Guest, restart="temporary"):
    def init(self, shake: Any) -> Any:
        return Ok(None, Continue(shake))

    async def handle_continue(self, shake: Any, greeting: Any) -> Any:
        return NoReply(await shake())


class HelpedGuest(Guest, restart="temporary"):
    """A helper shakes hands; who asks early is answered later."""

    def init(self, shake: Any) -> Any:
        home = self_()

        async def helper() -> None:
            try:
                send(home, ("greeted", await shake()))
            except Exception as error:
                send(home, ("failed", error))

        spawn(helper)
        return Ok([])

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        if isinstance(state, list):
            return NoReply([*state, from_])
        return Reply(state, state)

    def handle_info(self, message: Any, state: Any) -> Any:
        match message:
            case ("greeted", greeting):
                for from_ in state:
                    GenServer.reply(from_, greeting)
                return NoReply(greeting)
            case ("failed", error):
                return Stop(("no handshake", str(error)), state)
        return NoReply(state)


class SlowGuest(Guest, restart="temporary"):
    pass


class ReturningGuest(Guest):
    init = GoodGuest.init
    handle_continue = GoodGuest.handle_continue


class TransientGuest(Guest, restart="transient"):
    init = GoodGuest.init
    handle_continue = GoodGuest.handle_continue


class QuietGuest(TransientGuest, restart="transient"):
    """Transient, and a failed handshake is a quiet end; a crash still brings it back."""

    async def handle_continue(self, shake: Any, greeting: Any) -> Any:
        try:
            return NoReply(await shake())
        except Exception:
            return Stop("normal", greeting)


class CatchingGuest(GoodGuest, restart="temporary"):
    async def handle_continue(self, shake: Any, greeting: Any) -> Any:
        try:
            return NoReply(await shake())
        except Exception:
            return NoReply("no greeting")


class EarlyGuest(HelpedGuest, restart="temporary"):
    """Answers at once, greeting or not."""

    def init(self, shake: Any) -> Any:
        super().init(shake)
        return Ok(None)

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        return Reply(state, state)

    def handle_info(self, message: Any, state: Any) -> Any:
        match message:
            case ("greeted", greeting):
                return NoReply(greeting)
            case ("failed", error):
                return Stop(error, state)
        return NoReply(state)


class TwiceGuest(GoodGuest, restart="temporary"):
    async def handle_continue(self, shake: Any, greeting: Any) -> Any:
        await shake()
        return NoReply(await shake())


class ForgetfulGuest(GoodGuest, restart="temporary"):
    async def handle_continue(self, shake: Any, greeting: Any) -> Any:
        await shake()
        return NoReply(greeting)


class KnowingGuest(GoodGuest, restart="temporary"):
    """Says hello without a handshake."""

    def handle_call(self, request: Any, from_: Any, greeting: Any) -> Any:
        match greeting:
            case str() if greeting.startswith("hello"):
                return Reply(greeting, greeting)
        return Reply("hello 0", greeting)


class NamelessGuest(GoodGuest, restart="temporary"):
    @classmethod
    async def start_link(cls, guest: Any) -> Any:  # type: ignore[override]
        return await GenServer.start_link.__func__(cls, guest[1])  # type: ignore[attr-defined]


class KnownErrorGuest(HelpedGuest, restart="temporary"):
    """Its helper catches one kind of error, and nobody sees the others."""

    def init(self, shake: Any) -> Any:
        home = self_()

        async def helper() -> None:
            try:
                send(home, ("greeted", await shake()))
            except ConnectionError as error:
                send(home, ("failed", error))

        spawn(helper)
        return Ok([])


class LooseGuest(HelpedGuest, restart="temporary"):
    """Is not linked to its helper."""

    def init(self, shake: Any) -> Any:
        home = self_()

        async def helper() -> None:
            send(home, ("greeted", await shake()))

        spawn(helper)
        return Ok([])


class LinkedGuest(HelpedGuest, restart="temporary"):
    """Ends with its helper."""

    def init(self, shake: Any) -> Any:
        home = self_()

        async def helper() -> None:
            send(home, ("greeted", await shake()))

        spawn_link(helper)
        return Ok([])


class TrappingGuest(LinkedGuest, restart="temporary"):
    """Is linked to its helper, and survives it."""

    def init(self, shake: Any) -> Any:
        Process.flag(trap_exit=True)
        return super().init(shake)


class LazyGuest(Guest, restart="temporary"):
    """Shakes hands when somebody asks."""

    def init(self, shake: Any) -> Any:
        return Ok(shake)

    async def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        greeting = await state() if callable(state) else state
        return Reply(greeting, greeting)


comes_back = "the `restart` of a guest"
table.right(ex.guests, "continues after init", GoodGuest)
table.right(ex.guests, "sends a helper, answers later", HelpedGuest)
table.right(ex.guests, "is linked to a helper", LinkedGuest)
table.wrong(ex.guests, "sends a helper without a link", LooseGuest, "it ends the guest by a link")
table.wrong(ex.guests, "survives its helper", TrappingGuest, "if the guest does not trap exits")
table.wrong(ex.guests, "catches one kind of error", KnownErrorGuest, "fail after 3 seconds", "ends nobody")
table.wrong(ex.guests, "shakes when asked", LazyGuest, "nobody has asked", "once for each start")
table.wrong(
    ex.guests, "only does not come back", SlowGuest, "`start_child` took", "which process waits for the handshake"
)
table.wrong(ex.guests, "only continues", ReturningGuest, "given up", comes_back)
table.wrong(ex.guests, "is transient", TransientGuest, "given up", comes_back)
table.wrong(ex.guests, "is transient and fails quietly", QuietGuest, "did anybody come back", comes_back)
table.wrong(ex.guests, "catches what shake raises", CatchingGuest, "An exception that is caught ends nobody")
table.wrong(ex.guests, "answers early calls with nothing", EarlyGuest, "has to wait for it")
table.wrong(ex.guests, "shakes twice", TwiceGuest, "once for each start")
table.wrong(ex.guests, "drops the greeting", ForgetfulGuest, "Seen: [None]")
table.wrong(ex.guests, "loses the name", NamelessGuest, "the name under which")
table.hard_coded(ex.guests, "says hello to everybody", KnowingGuest, "it passed the first one")

# ---- the switchboard --------------------------------------------------------------------------------------------


class Switchboard(GenServer):
    @classmethod
    async def start_link(cls, _: Any = None) -> Any:  # type: ignore[override]
        return await super().start_link({}, name="switchboard")


async def connected(name: Any) -> str:
    try:
        await start_child("chat", (Connection, name))
    except ChildError as error:
        match error.reason:
            case ("already_started", _):
                return "ok"
        raise
    return "ok"


async def said(server: Any, line: Any) -> Any:
    try:
        return await GenServer.call(server, ("say", line))
    except Exit:
        return "not here"


def board(connecting: Any, saying: Any) -> type[Switchboard]:
    """A switchboard of two functions of what was asked and of its state; each answers (answer, state)."""

    async def handle_call(self: Any, request: Any, from_: Any, state: Any) -> Any:
        match request:
            case ("connect", name):
                return Reply(*await connecting(name, state))
            case ("say", name, line):
                return Reply(*await saying(name, line, state))

    return type("Board", (Switchboard,), {"handle_call": handle_call})


async def by_its_name(name: Any, line: Any, state: Any) -> Any:
    return await said(name, line), state


async def simply(name: Any, state: Any) -> Any:
    return await connected(name), state


async def keeping(name: Any, state: Any) -> Any:
    await connected(name)
    return "ok", state | {name: Process.whereis(name)}


async def by_pid(name: Any, line: Any, state: Any) -> Any:
    return (await said(state[name], line) if name in state else "not here"), state


async def by_fresh_pid(name: Any, line: Any, state: Any) -> Any:
    pid = Process.whereis(name)
    return ("not here" if pid is None else await said(pid, line)), state


async def bare(name: Any, line: Any, state: Any) -> Any:
    return await GenServer.call(name, ("say", line)), state


async def looks_first(name: Any, line: Any, state: Any) -> Any:
    if Process.whereis(name) is None:
        return "not here", state
    return await GenServer.call(name, ("say", line)), state


async def wrong_exception(name: Any, line: Any, state: Any) -> Any:
    try:
        return await GenServer.call(name, ("say", line)), state
    except Exception:
        return "not here", state


async def unasked(name: Any, state: Any) -> Any:
    await start_child("chat", (Connection, name))
    return "ok", state


async def no_timeout(name: Any, line: Any, state: Any) -> Any:
    try:
        return await GenServer.call(name, ("say", line), timeout=None), state
    except Exit:
        return "not here", state


async def impatient(name: Any, line: Any, state: Any) -> Any:
    try:
        return await GenServer.call(name, ("say", line), timeout=1.0), state
    except Exit:
        return "not here", state


async def patient(name: Any, line: Any, state: Any) -> Any:
    try:
        return await GenServer.call(name, ("say", line), timeout=7.0), state
    except Exit:
        return "not here", state


async def says_it_again(name: Any, line: Any, state: Any) -> Any:
    try:
        return await GenServer.call(name, ("say", line)), state
    except Exit as error:
        match error.reason:
            case ("timeout", _):
                return "not here", state
    await Process.sleep(0.1)
    return await said(name, line), state


async def says_it_again_at_once(name: Any, line: Any, state: Any) -> Any:
    try:
        return await GenServer.call(name, ("say", line)), state
    except Exit as error:
        match error.reason:
            case ("timeout", _):
                return "not here", state
    return await said(name, line), state


async def only_own(name: Any, line: Any, state: Any) -> Any:
    return (await said(name, line) if name in state else "not here"), state


async def known_line(name: Any, line: Any, state: Any) -> Any:
    return (await said(name, line) if name in ("ann", "ben") else "not here"), state


async def any_refusal(name: Any, state: Any) -> Any:
    with contextlib.suppress(ChildError):
        await start_child("chat", (Connection, name))
    return "ok", state


async def beside(name: Any, state: Any) -> Any:
    if name not in state:
        await Connection.start_link(name)
    return "ok", state | {name: True}


one_life = "A pid is of one life"
nobody = "`except Exception` does not catch an exit"
table.right(ex.switchboard, "calls the name", board(simply, by_its_name))
table.right(ex.switchboard, "looks the pid up each time", board(simply, by_fresh_pid))
table.right(ex.switchboard, "keeps pids that it never uses", board(keeping, by_fresh_pid))
table.wrong(ex.switchboard, "keeps pids, and catches", board(keeping, by_pid), "'not here'", one_life)
table.wrong(ex.switchboard, "catches nothing", board(simply, bare), "the switchboard ended", nobody)
table.wrong(ex.switchboard, "looks before it calls", board(simply, looks_first), "the switchboard ended", nobody)
table.wrong(ex.switchboard, "catches exceptions", board(simply, wrong_exception), "the switchboard ended", nobody)
table.wrong(
    ex.switchboard, "connects once", board(unasked, by_its_name), "already_started", "what a name that is taken means"
)
table.wrong(ex.switchboard, "waits for ever", board(simply, no_timeout), "no answer within eight seconds")
table.wrong(ex.switchboard, "waits for one second", board(simply, impatient), "how long a call waits")
table.wrong(
    ex.switchboard, "waits for seven seconds", board(simply, patient), "after 7 seconds", "how long a call waits"
)
table.wrong(
    ex.switchboard, "says it again", board(simply, says_it_again), "['first']", "Its next life has not been asked"
)
table.wrong(
    ex.switchboard,
    "says it again at once",
    board(simply, says_it_again_at_once),
    "['fast']",
    "Its next life has not been asked",
)
table.wrong(ex.switchboard, "knows only whom it connected", board(keeping, only_own), "another switchboard", one_life)
table.wrong(ex.switchboard, "starts them itself", board(beside, by_its_name), "how many connections were started")
table.wrong(
    ex.switchboard,
    "takes any error of a start for good news",
    board(any_refusal, by_its_name),
    '"chat" had no room',
    "and no other",
)
table.hard_coded(ex.switchboard, "knows Ann and Ben", board(simply, known_line), "it passed the first one")

# ---- the house -------------------------------------------------------------------------------------------------


class Person(Connection):
    def init(self, name: Any) -> Any:
        Process.flag(trap_exit=True)
        return Ok(0.0)

    def handle_cast(self, request: Any, farewell: Any) -> Any:
        match request:
            case ("farewell", seconds):
                return NoReply(seconds)
        return super().handle_cast(request, farewell)

    async def terminate(self, reason: Any, farewell: Any) -> None:
        await Process.sleep(farewell)


class Room(Connection):
    pass


async def started(sup: Any, spec: Any) -> Any:
    """Why it was not started: None, "max_children" or "already_started"."""
    try:
        await start_child(sup, spec)
    except ChildError as error:
        match error.reason:
            case "max_children":
                return "max_children"
            case ("already_started", _):
                return "already_started"
        raise
    return None


class House(Supervisor):
    person: dict[str, Any] = {"restart": "temporary", "shutdown": 2.0}  # noqa: RUF012
    room: dict[str, Any] = {"restart": "transient"}  # noqa: RUF012
    rooms = "rooms"

    @classmethod
    async def start_link(cls, seats: Any) -> Any:  # type: ignore[override]
        return await super().start_link(seats, name="house")

    def init(self, seats: Any) -> Supervise:
        rooms = (DynamicSupervisor, {"name": "rooms"})
        people = (DynamicSupervisor, {"name": "people", "max_children": seats})
        return Supervise([rooms, people], strategy="one_for_one")

    @classmethod
    async def enter(cls, person: Any, room: Any) -> str:
        match await started("people", child_spec((Person, person), **cls.person)):
            case "max_children":
                return "full"
            case "already_started":
                return "already here"
        await started(cls.rooms, child_spec((Room, room), **cls.room))
        return "ok"

    @staticmethod
    async def leave(person: Any) -> str:
        pid = Process.whereis(person)
        if pid is None:
            return "not here"
        try:
            return await DynamicSupervisor.terminate_child("people", pid)
        except ChildError:
            return "not here"


def hotel(**changes: Any) -> type[House]:
    return type("Hotel", (House,), changes)


class Counting(House):
    """Asks first who is here, and how many; one who asks at a time."""

    @classmethod
    async def enter(cls, person: Any, room: Any) -> str:
        if Process.whereis(person) is not None:
            return "already here"
        return await super().enter(person, room)


class OneFlat(House):
    """Counts the seats itself; people and rooms have one supervisor, and one budget."""

    rooms = "people"
    seats = 0

    def init(self, seats: Any) -> Supervise:
        type(self).seats = seats
        return Supervise([(DynamicSupervisor, {"name": "people"})], strategy="one_for_one")

    @classmethod
    async def enter(cls, person: Any, room: Any) -> str:
        rows = await DynamicSupervisor.which_children("people")
        if sum(row.modules == (Person,) for row in rows) >= cls.seats:
            return "full"
        return await super().enter(person, room)

    @staticmethod
    async def leave(person: Any) -> str:
        return "not here" if person.startswith("#") else await House.leave(person)


class OneRoof(House):
    """One supervisor for both, so that rooms take seats."""

    rooms = "people"


class Coupled(House):
    def init(self, seats: Any) -> Supervise:
        plan = super().init(seats)
        return Supervise(plan.children, strategy="rest_for_one")


class RoomFirst(House):
    @classmethod
    async def enter(cls, person: Any, room: Any) -> str:
        await started("rooms", child_spec((Room, room), **cls.room))
        return await super().enter(person, room)


class Unlimited(House):
    def init(self, seats: Any) -> Supervise:
        children = [(DynamicSupervisor, {"name": name}) for name in ("rooms", "people")]
        return Supervise(children, strategy="one_for_one")


class Three(House):
    def init(self, seats: Any) -> Supervise:
        return super().init(3)


class Rude(House):
    @staticmethod
    async def leave(person: Any) -> str:
        if Process.whereis(person) is None:
            return "not here"
        await GenServer.stop(person)
        return "ok"


class Guestless(House):
    """Starts people in whoever calls."""

    @classmethod
    async def enter(cls, person: Any, room: Any) -> str:
        await Person.start_link(person)
        await started("rooms", child_spec((Room, room), **cls.room))
        return "ok"


class Astonished(House):
    @classmethod
    async def enter(cls, person: Any, room: Any) -> str:
        await start_child("people", child_spec((Person, person), **cls.person))
        await started("rooms", child_spec((Room, room), **cls.room))
        return "ok"


class Nameless(House):
    @classmethod
    async def start_link(cls, seats: Any) -> Any:  # type: ignore[override]
        return await Supervisor.start_link.__func__(cls, seats)  # type: ignore[attr-defined]


class LooksFirst(House):
    """Asks who is there before it starts a room."""

    @classmethod
    async def enter(cls, person: Any, room: Any) -> str:
        match await started("people", child_spec((Person, person), **cls.person)):
            case "max_children":
                return "full"
            case "already_started":
                return "already here"
        if Process.whereis(room) is None:
            await start_child("rooms", child_spec((Room, room), **cls.room))
        return "ok"


class LooksForPerson(House):
    """Asks whether the person is there, and knows no other error than that there is no seat."""

    @classmethod
    async def enter(cls, person: Any, room: Any) -> str:
        if Process.whereis(person) is not None:
            return "already here"
        try:
            await start_child("people", child_spec((Person, person), **cls.person))
        except ChildError as error:
            if error.reason != "max_children":
                raise
            return "full"
        await started("rooms", child_spec((Room, room), **cls.room))
        return "ok"


class FewRooms(House):
    def init(self, seats: Any) -> Supervise:
        rooms = (DynamicSupervisor, {"name": "rooms", "max_children": 2})
        people = (DynamicSupervisor, {"name": "people", "max_children": seats})
        return Supervise([rooms, people], strategy="one_for_one")

    @classmethod
    async def enter(cls, person: Any, room: Any) -> str:
        answer = await started("people", child_spec((Person, person), **cls.person))
        if answer is not None:
            return "full" if answer == "max_children" else "already here"
        if await started("rooms", child_spec((Room, room), **cls.room)) == "max_children":
            return "full"
        return "ok"


class Killer(House):
    @staticmethod
    async def leave(person: Any) -> str:
        pid = Process.whereis(person)
        if pid is None or Process.info(pid)["parent"] is not Process.whereis("people"):  # type: ignore[index]
            return "not here"
        Process.exit(pid, "kill")
        return "ok"


class ManyCrashes(House):
    def init(self, seats: Any) -> Supervise:
        rooms = (DynamicSupervisor, {"name": "rooms", "max_restarts": 1000})
        people = (DynamicSupervisor, {"name": "people", "max_children": seats})
        return Supervise([rooms, people], strategy="one_for_one")


comes = {"restart": "permanent", "shutdown": 2.0}
table.right(ex.house, "as in the book", House)
table.right(ex.house, "looks whether somebody is here", Counting)
table.right(ex.house, "rooms have less time", hotel(room={"restart": "transient", "shutdown": 1.0}))
table.right(ex.house, "rooms may crash more often", ManyCrashes)
table.wrong(ex.house, "looks first for the room", LooksFirst, "at the same moment", "a look at the name and the start")
table.wrong(ex.house, "looks first for the person", LooksForPerson, "at the same moment", "a look at the name and the")
table.wrong(ex.house, "two rooms", FewRooms, "Seen: 'full'", "what counts as a seat")
table.wrong(ex.house, "kills who leaves", Killer, "farewell takes 1.5 s", "how long a person who leaves may take")
table.wrong(ex.house, "people come back", hotel(person=comes), "which kind of child a person is")
table.wrong(
    ex.house, "people come back after crashes", hotel(person=comes | {"restart": "transient"}),
    "which kind of child a person is",
)  # fmt: skip
table.wrong(ex.house, "rooms come back when closed", hotel(room={}), "which kind of child a room is")
table.wrong(ex.house, "rooms never come back", hotel(room={"restart": "temporary"}), "after a crash it is to come back")
table.wrong(ex.house, "the usual five seconds", hotel(person={"restart": "temporary"}), "the `shutdown`")
table.wrong(
    ex.house, "no farewell", hotel(person={"restart": "temporary", "shutdown": "brutal_kill"}), "the `shutdown`"
)
table.wrong(ex.house, "rooms take seats", OneRoof, "what counts as a seat")
table.wrong(ex.house, "no seats", Unlimited, "the error that `start_child` raises when there is no place")
table.wrong(
    ex.house, "one supervisor for all", OneFlat, "crashed four times in a row", "whose ends are counted together"
)
table.wrong(
    ex.house, "rest_for_one above all", Coupled, "crashed four times in a row", "whose ends are counted together"
)
table.wrong(ex.house, "opens the room first", RoomFirst, "Who is turned away opens no room")
table.wrong(ex.house, "stops people, and rooms", Rude, "a room is no person")
table.wrong(ex.house, "links people to the caller", Guestless, kept_by)
table.wrong(ex.house, "lets errors out", Astonished, "max_children", "which errors of `start_child`")
table.wrong(ex.house, "forgets the name", Nameless, "the name of the house")
table.hard_coded(ex.house, "has three seats", Three, "it passed the first one")

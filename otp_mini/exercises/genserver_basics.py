"""The checks of chapter 03, GenServer basics.

Each docstring says in its first line what "ok" claims, and then what the check demands: the text of the
exercise has to say all of it. What is given is the number or the words of the first case; each check runs
at least one other case besides.
"""

from __future__ import annotations

from inspect import isawaitable
from typing import Any

from .. import Down, Exit, GenServer, Pid, Process, current_node, receive, self_, send, spawn, sys_
from .checking import NotYet, expect, let_pass
from .comparing import same
from .looking import (
    answered,
    ends_the_server,
    handed_over,
    kept_in_the_state,
    sent,
    so_far,
    taken,
    with_other_numbers,
)

STRAYS = (("a stray message of the check", 1), 7, None, "hello", "tick", "timeout")
UNKNOWN_REQUESTS = ("unheard-of", ("unheard-of",), ("unheard-of", "tea"), ("unheard-of", "tea", "now"), None)
WAYS = (("cast", GenServer.cast), ("message", send))  # what comes without a caller who waits


async def _started(server: Any, argument: object = None) -> Pid:
    """Start a server without a link, so that its crash is told by the call that meets it."""
    pid = await answered(server.start(argument), "the server was started")
    if pid is None:
        raise NotYet("the server was started", "Ignore()", "a process", "what `init` returns: Ok(state)")
    return pid  # type: ignore[no-any-return]


# ---- drills ----------------------------------------------------------------------------------------


async def tally(Tally: Any, first: int = 0, steps: tuple[int, ...] = (2, 3)) -> None:
    """Counts are added up, asking changes nothing, and each tally has its own total.

    Demands: ``("count", n)`` answers the new total and ``"total"`` the total, for any first number, which is
    the argument of ``start``; two tallies at the same time, and what one has counted is in its state; any other
    call is not answered: it crashes or stops the server, and the caller hears of it.
    """
    await _one_tally(Tally, first, steps)
    await _two_tallies(Tally)
    await with_other_numbers(_one_tally, ((Tally, first, steps), (Tally, 17, (4, 4, -1, 0))))
    for strange in (("cuont", 2), "totals"):
        await ends_the_server(await _started(Tally, first), strange)


async def _one_tally(Tally: Any, first: int, steps: tuple[int, ...]) -> None:
    pid = await _started(Tally, first)
    totals = [first + sum(steps[: n + 1]) for n in range(len(steps))]
    answers = [await GenServer.call(pid, ("count", step)) for step in steps]
    counts = " and ".join(map(str, steps))
    forgets = same(answers, [first + step for step in steps])
    idea = (
        "what the next callback gets as its state: what this one returned, and nothing else"
        if forgets
        else 'which value goes to the caller and which is the next state: "count" answers the new total'
    )
    expect(f"a tally that began at {first} was told to count {counts}", answers, totals, idea)
    asked = [await GenServer.call(pid, "total"), await GenServer.call(pid, "total")]
    idea = "the second value of `Reply`. To ask for the total leaves the state as it is"
    expect('"total" was asked for twice', asked, [totals[-1]] * 2, idea)


_SHARED = (
    "A global of Python or an attribute of the class is shared by all servers; "
    "the state that a callback gets and returns belongs to one of them"
)


async def _two_tallies(Tally: Any) -> None:
    one, other = await _started(Tally, 0), await _started(Tally, 100)
    seen = [await GenServer.call(pid, ("count", n)) for pid, n in ((one, 2), (other, 3), (one, 4))]
    unused = "the argument of `start`: it is not used. `init` gets it, and what `init` returns is the first state"
    idea = unused if same(seen, [2, 3, 6]) else f"where the count is kept. {_SHARED}"
    expect("two tallies, begun at 0 and 100, counted 2, 3 and 4 in turns", seen, [2, 103, 6], idea)
    await kept_in_the_state(one, other, "tally", lambda pid: GenServer.call(pid, "total"), 6)


async def board(Board: Any, notes: tuple[str, ...] = ("lost: one glove", "choir at six")) -> None:
    """Pinning waits for nobody, and each board is read as often as one likes, the oldest note first.

    Demands: ``pin`` sends one request to the board that nobody waits for; ``notes`` asks the board, also
    one that is busy or dead; reading changes nothing; any number of notes, equal ones and an empty one too;
    two boards share nothing, and the notes are in the state; an unknown call is not answered and ends the board;
    an unknown cast or message pins nothing (the board may crash of it, or ignore it).
    """
    many = ("tea at four", "a bicycle", "", "bees", "a bicycle", *(f"note {number}" for number in range(6, 13)))
    await with_other_numbers(_one_board, ((Board, notes), (Board, many)))
    await _unknown_to_board(Board)


async def _unknown_to_board(Board: Any) -> None:
    """Each of them comes to a board of its own, because it may crash the board."""
    idea = (
        "what tells a pin from anything else that is sent to the board: its request has a name, and whoever "
        "handles it asks for that name"
    )
    for strange in UNKNOWN_REQUESTS:
        await ends_the_server(await _started(Board, ["tea"]), strange)
        for way, tell in WAYS:
            pid = await _started(Board, [])
            tell(pid, strange)
            try:
                seen = await answered(Board.notes(pid), "it was read")
            except Exit:
                continue
            expect(f"the unknown {way} {strange!r} was sent to an empty board, which was then read", seen, [], idea)


_PIN = "whether whoever pins a note needs an answer. Which of the two kinds of request does not wait?"


async def _one_board(Board: Any, notes: tuple[str, ...]) -> None:
    pid, empty = await _started(Board, []), await _started(Board, [])
    await sys_.suspend(pid)
    for note in notes:
        await handed_over(lambda note=note: Board.pin(pid, note), pid, "pin", _PIN)  # type: ignore[misc]
    await _read_while_busy(Board, pid, notes)
    again = await answered(Board.notes(pid), "the notes were read again")
    idea = "the second value of `Reply`. To read the board leaves the notes where they are"
    expect("the notes were read a second time", again, list(notes), idea)
    idea = "where the notes are kept: in the state of the one board that they were pinned to"
    expect("another board was read, with nothing on it", await answered(Board.notes(empty), "it was read"), [], idea)
    await kept_in_the_state(pid, empty, "board", lambda board: answered(Board.notes(board), "it was read"), list(notes))
    await GenServer.stop(pid)
    try:
        seen = await answered(Board.notes(pid), "it was read")
    except Exit:
        return
    idea = "whom `notes` asks. Only the process that keeps the notes can answer, and that one is gone"
    raise NotYet("the board was stopped, and then read", repr(seen), "an exit of the caller", idea)


async def _read_while_busy(Board: Any, pid: Pid, notes: tuple[str, ...]) -> None:
    """A reader comes while the board is busy, and gets the notes as soon as it is not."""
    done = f"{len(notes)} notes were pinned, then read"

    async def reader(home: Pid) -> None:
        try:
            send(home, ("read", await answered(Board.notes(pid), done)))
        except (NotYet, Exit) as error:
            send(home, ("failed", error))

    spawn(reader, self_())
    seen = await receive(timeout=1.0)
    await sys_.resume(pid)
    if seen == "timeout":
        seen = await receive(timeout=10.0)
    elif seen[0] == "read":
        idea = "whom `notes` asks, and how. A call waits in the mailbox behind the notes, and does not look past them"
        raise NotYet("the notes were asked for while the board was busy", "an answer", "a wait", idea)
    if seen[0] == "failed":
        raise seen[1]
    _expect_notes(done, seen[1], list(notes))


def _expect_notes(done: str, read: Any, notes: list[str]) -> None:
    if type(read) is not list:
        idea = "what `notes` returns: it has to wait for the answer and hand it on"
    elif sorted(map(repr, read)) == sorted(map(repr, notes)):
        idea = "the end of the list at which a new note is put: the oldest note comes first"
    elif same(read, [note for note in notes if note]):
        idea = "which notes are pinned: an empty one is a note, too"
    elif same(read, list(dict.fromkeys(notes))):
        idea = "which notes are pinned: two equal notes are two"
    elif len(read) > 1 and same(read, notes[-len(read) :]):
        idea = "how many notes the board has room for: all of them"
    else:
        idea = "what `handle_cast` returns: the next state, with the new note in it"
    expect(done, read, notes, idea)


async def sprinkler(Sprinkler: Any, every: float = 60.0) -> None:
    """It waters on time, however often it is asked and whatever else it is sent.

    Demands: ``"times"`` is 0 until one period after the start; the period is in seconds and any number; it
    waters for as long as it runs (200 periods and more); it answers at once; no question and no stray message
    (a tuple, a number, None or a string, but none that equals its own tick) waters, starts a second timer, or
    ends the server; two sprinklers at the same time; three periods after the server was shut down no process
    of it is left.
    """
    await _one_sprinkler(Sprinkler, every)
    await _two_sprinklers(Sprinkler, every, every)
    await _shut_down(Sprinkler, every)
    await with_other_numbers(_one_sprinkler, ((Sprinkler, every), (Sprinkler, 7.5)))
    await _two_sprinklers(Sprinkler, 25.0, 10.0)


async def _two_sprinklers(Sprinkler: Any, first: float, other: float) -> None:
    pids = [await _started(Sprinkler, every) for every in (first, other)]
    await let_pass(2.1 * first)
    seen = [await _times(pid) for pid in pids]
    done = f"two sprinklers, with periods of {first:g} and {other:g} s, were asked {2.1 * first:g} s after the start"
    expect(done, seen, [2, int(2.1 * first // other)], f"where the count and the period are kept. {_SHARED}")
    await kept_in_the_state(pids[0], pids[1], "sprinkler", _times, seen[0])


async def _shut_down(Sprinkler: Any, every: float) -> None:
    """What the server started has to end with it: a process that ticks for nobody ticks for ever."""
    before = set(current_node().processes())
    pid = await _started(Sprinkler, every)
    await let_pass(every * 1.5)
    await GenServer.stop(pid, "shutdown")
    await let_pass(every * 3)
    left = len(set(current_node().processes()) - before)
    idea = (
        "what becomes of a process that the server has started. Without a link it outlives the server and ticks for "
        "nobody; `send_after` needs no process at all"
    )
    done = 'the server was stopped with "shutdown"; three periods later it had left'
    expect(done, f"{left} process{'es' * (left != 1)}", "0 processes", idea)


async def _times(pid: Pid) -> Any:
    """Ask how often it has watered; say so if it is too busy to answer."""
    try:
        return await GenServer.call(pid, "times")
    except Exit as error:
        if not _timed_out(error):
            raise
    idea = (
        "what the server is busy with. One that sleeps in a callback, and goes on from there to the next sleep, "
        "answers nobody; a timer lets it wait for whatever comes"
    )
    raise NotYet('"times" was asked for', "no answer for 5 seconds", "an answer at once", idea)


def _timed_out(error: Exit) -> bool:
    return isinstance(error.reason, tuple) and error.reason[:1] == ("timeout",)


async def _one_sprinkler(Sprinkler: Any, every: float) -> None:
    pid, began = await _started(Sprinkler, every), current_node().now()
    await Process.sleep(every / 2)
    for asked in range(12):
        await _expect_times(Sprinkler, pid, every, began, asked)
        await Process.sleep(every * 2 / 3)
    ticks = taken(pid)  # whoever sends the server's own tick waters, in this exercise
    for stray in (stray for stray in STRAYS if not any(same(tick, stray) for tick in ticks)):
        before = await _times(pid)
        send(pid, stray)
        seen = await _after_a_stray(pid, stray)
        idea = "which message is the tick. Anybody can send anything, and only the server's own tick waters"
        expect(f"the message {stray!r} came out of turn; how often has it watered?", seen, before, idea)
    for periods in (10, 190):
        await let_pass(every * periods)
        seen, wanted = await _times(pid), int((current_node().now() - began) // every)
        if isinstance(seen, int) and seen < wanted:
            idea = "who sets the next timer: however many are set at the start, there is a last one"
        else:
            idea = "what a stray message does to the timers: it must not set another one"
        expect(f"{periods} periods after that it was asked once more", seen, wanted, idea)


async def _after_a_stray(pid: Pid, stray: object) -> Any:
    try:
        return await _times(pid)
    except Exit:
        idea = "the last case of `handle_info`: what happens to a message that is not the tick?"
        raise NotYet(f"the message {stray!r} came out of turn", "the server ended", "it goes on", idea) from None


async def _expect_times(Sprinkler: Any, pid: Pid, every: float, began: float, asked: int) -> None:
    now = current_node().now() - began
    seen = await _times(pid)
    wanted = int(now // every)
    if same(seen, wanted):
        return
    more = isinstance(seen, int) and seen > wanted
    if more and not taken(pid):
        idea = "the first state: it has watered 0 times when it starts, and nothing has ticked yet"
    elif more:
        idea = "how many timers run at the same time, and when the first is due: one period after the start"
    elif seen == 1:
        idea = "what a timer does after it has fired: nothing. Who sets the next one?"
    elif seen == 0 and await _counts_milliseconds(Sprinkler):
        idea = "the unit of the time in `send_after`. Elixir counts milliseconds; here every time is in seconds"
    elif asked and seen == 0:
        idea = "what starts the timer, and whether a question in between takes it away, as it does with Timeout(...)"
    else:
        idea = "where the count is kept: it is part of the state that each callback returns"
    done = f'with a period of {every:g} s, "times" was asked for {now:g} s after the start'
    expect(done, seen, wanted, idea)


async def _counts_milliseconds(Sprinkler: Any) -> bool:
    """Whether one that is left alone waters after a thousand of its periods."""
    pid = await _started(Sprinkler, 1.0)
    await Process.sleep(1000.5)
    return same(await _times(pid), 1)


async def oven(Oven: Any, minutes: float = 4.0) -> None:
    """The start takes no time, it heats by itself, and nobody sees a cold oven.

    Demands: the given ``heat(minutes)`` takes ``minutes * 60`` seconds and answers ``20 + 50 * minutes``
    degrees, and another ``heat`` takes another time and answers another number: the oven calls the one that is
    given; the call ``"celsius"`` answers what ``heat`` answered; an oven that nobody asks is hot as
    early as one that somebody waits for; it heats once; two ovens at the same time, with different minutes; a
    guest who knows its name, and asks before ``init`` is over, sees no cold oven either.
    """
    await with_other_numbers(_one_oven, ((Oven, minutes), (Oven, 2.5)))
    await _early_guest(Oven, minutes)
    await _another_heat(Oven, minutes)
    pids = [await _started(Oven, 1.0), await _started(Oven, 10.0)]
    await Process.sleep(630.0)
    seen = [await GenServer.call(pid, "celsius", timeout=None) for pid in pids]
    done = "two ovens, started with 1 and with 10 minutes, were asked when both had to be hot"
    expect(done, seen, [70, 520], f"where the degrees are kept. {_SHARED}")


async def _one_oven(Oven: Any, minutes: float) -> None:
    node, hot = current_node(), 20 + 50 * minutes
    began = node.now()
    pid = await _started(Oven, minutes)
    idea = "how much `init` does. Whoever starts a server waits until `init` is over, a supervisor too"
    expect("the oven was started", f"it took {node.now() - began:g} s", "it took 0 s", idea)
    celsius = await GenServer.call(pid, "celsius", timeout=None)
    took = node.now() - began
    if not same(celsius, hot) and took == minutes * 60:
        idea = "what becomes of the answer of `heat`: the state is what `handle_continue` returns, and the calls get it"
    elif took not in (0.0, minutes * 60) and same(celsius, 20 + 50 * took / 60):
        idea = f"how long it heats: the minutes are the argument of its start, {minutes:g}, and not {took / 60:g}"
    else:
        idea = "what runs first once `init` is over: the message of the first caller, or the rest of the start?"
    expect("the first caller asked how hot it is", celsius, hot, idea)
    if took > minutes * 60:
        idea = "how often it heats, and for how long: once, for the minutes that it was started with"
    else:
        idea = "whether it really heats: `await heat(minutes)` takes its time"
    expect("the first answer came", f"after {took:g} s", f"after {minutes * 60:g} s", idea)
    idea = "when it heats: once, at the start. What is hot answers at once"
    await _asked_late(pid, "it was asked once more", hot, idea)
    alone = await _started(Oven, minutes)
    await Process.sleep(minutes * 60 + 30)
    idea = "who makes it heat: its own start, and not the first question"
    await _asked_late(alone, "nobody asked an oven until it had to be hot; then it was asked", hot, idea)


async def _another_heat(Oven: Any, minutes: float) -> None:
    """Put another `heat` in the place of the given one, where the oven's own functions look for it."""
    given = getattr(Oven.handle_call, "__globals__", {})
    if "heat" not in given:  # it is called something else there
        return

    async def heat(minutes: float) -> float:
        await Process.sleep(minutes * 90.0)
        return 30 + 40 * minutes

    before, given["heat"] = given["heat"], heat
    try:
        pid = await _started(Oven, minutes)
        celsius = await GenServer.call(pid, "celsius", timeout=None)
        await GenServer.stop(pid)
    finally:
        given["heat"] = before
    idea = (
        "who knows how long it takes and how hot it gets: `heat`. What its lines say today is not the oven's to repeat"
    )
    expect("`heat` was exchanged for one that is slower and less hot", celsius, 30 + 40 * minutes, idea)


async def _early_guest(Oven: Any, minutes: float) -> None:
    """Somebody finds the oven by its name, and asks while its `init` is at work."""

    async def guest(home: Pid) -> None:
        send(home, await GenServer.call("oven", "celsius", timeout=None))

    class Early(Oven):  # type: ignore[misc]
        async def init(self, argument: float) -> Any:
            spawn(guest, home)
            await Process.sleep(1.0)
            result = super().init(argument)
            return await result if isawaitable(result) else result

    home = self_()
    pid = await answered(Early.start(minutes, name="oven"), "the server was started")
    idea = (
        "what is first in the mailbox. Whoever knows the name of a server can ask before `init` is over, and is then "
        "before anything that `init` sends; the rest of a start has to run before the mailbox is looked at"
    )
    celsius = await receive(timeout=minutes * 60 + 60)
    expect("a guest asked the oven by its name before `init` was over", celsius, 20 + 50 * minutes, idea)
    await GenServer.stop(pid)


async def _asked_late(pid: Pid, done: str, hot: float, idea: str) -> None:
    before = current_node().now()
    celsius = await GenServer.call(pid, "celsius", timeout=None)
    expect(done, f"it took {current_node().now() - before:g} s", "it took 0 s", idea)
    expect(done, celsius, hot, idea)


# ---- debugging ---------------------------------------------------------------------------------------

UNKNOWN = (("battery", 20), "low battery", "rings", ["ring"], ("ring", 1), None, 7)


async def doorbell(Doorbell: Any, strange: object = ("battery", 20), rings: int = 2) -> None:
    """No unknown message ends it or changes the count, and every ring counts.

    Demands: the message ``"ring"`` and no other is a ring, whatever else is sent; ``"rings"`` answers the count;
    two doorbells at the same time.
    """
    await _rung(Doorbell, strange, rings)
    pids = [await _started(Doorbell, 0), await _started(Doorbell, 0)]
    for pid in (*pids, pids[0]):
        send(pid, "ring")
    seen = [await GenServer.call(pid, "rings") for pid in pids]
    expect("two doorbells rang, one twice and the other once", seen, [2, 1], f"where the count is kept. {_SHARED}")
    await kept_in_the_state(pids[0], pids[1], "doorbell", lambda pid: GenServer.call(pid, "rings"), 2)
    for unknown in (strange, *UNKNOWN):
        await _rung(Doorbell, unknown, rings)


async def _rung(Doorbell: Any, strange: object, rings: int) -> None:
    pid = await _started(Doorbell, 0)
    send(pid, "ring")
    send(pid, strange)
    for _ in range(rings - 1):
        send(pid, "ring")
    try:
        seen = await GenServer.call(pid, "rings")
    except Exit as exit:
        if isinstance(exit.reason, tuple) and exit.reason[0] in ("normal", "noproc", "shutdown"):
            idea = "whether an unknown message is a reason to stop. Who would ring then?"
            raise NotYet(f"{strange!r} was sent", "the server stopped", "it goes on", idea) from None
        raise
    if seen == 0:
        idea = "the order of the cases: the first that fits is taken, and `_` fits everything"
    elif seen == rings + 1:
        idea = 'what an unknown message does to the count: nothing. A ring is the message "ring", and no other'
    else:
        idea = "the state after the unknown message: it is the one from before"
    expect(f"it rang {rings} times, with {strange!r} in between", seen, rings, idea)


async def valve(Valve: Any, reason: object = "shutdown") -> None:
    """The water is turned off once: after a stop, and when whoever started it ends.

    Demands: while it runs the pipe hears nothing but "opened", whatever messages come, and a valve that traps
    exits goes on when another process ends that is linked to it and has not started it; "closed" comes once,
    after ``GenServer.stop`` and after the end of the process that started it, whatever the reason and however
    long that process has lived; two valves at the same time close once each.
    """
    pid = await _started(Valve, self_())
    await _only_opened()
    await _in_use(pid)
    await GenServer.stop(pid)
    idea = "`terminate` of the class you started from: a stop ran it before, and should still"
    _expect_closed("the valve was stopped by GenServer.stop; the pipe heard", await _heard(), idea)
    await _two_valves(Valve)
    await with_other_numbers(_abandoned, ((Valve, reason, 4.0), (Valve, "a crash", 90.0), (Valve, "normal", 9.0)))


async def _in_use(pid: Pid) -> None:
    """What comes while the water runs, and is no reason to turn it off."""
    idea = "what the valve does with a message that it does not know: nothing. The water runs on"
    for stray in STRAYS:
        send(pid, stray)
        done = f"the message {stray!r} was sent to a valve in use; the pipe heard"
        expect(done, await _heard(quiet=0.01), [], idea)

    async def linked(reason: object) -> None:
        Process.link(pid)
        raise Exit(reason)

    idea = (
        "whose end ends the valve. One that traps exits is told of any linked process that ends; when its own parent "
        "ends, it ends by itself, and `handle_info` is not asked"
    )
    for reason in ("normal", "shutdown", "a crash"):
        info = Process.info(pid)
        if info is not None and info["trap_exit"]:
            spawn(linked, reason)
            done = f"another process, linked to the valve, ended with {reason!r}; the pipe heard"
            expect(done, await _heard(quiet=0.01), [], idea)


async def _two_valves(Valve: Any) -> None:
    pids = [await _started(Valve, self_()) for _ in range(2)]
    await _heard()
    for pid, which in zip(pids, ("one", "the other"), strict=True):
        await GenServer.stop(pid)
        idea = f"where it is kept that a valve is closed: two valves are two, and each closes for itself. {_SHARED}"
        _expect_closed(f"of two valves {which} was stopped; the pipe heard", await _heard(), idea)


def _expect_closed(done: str, heard: list[object], idea: str) -> None:
    if len(heard) > 1 and same(heard, ["closed"] * len(heard)):
        idea = "how often the water is turned off: `terminate` runs once, and nothing else needs to"
    expect(done, heard, ["closed"], idea)


async def _abandoned(Valve: Any, reason: object, life: float) -> None:
    """Whoever started the valve ends."""

    async def owner(pipe: Pid) -> None:
        await Valve.start_link(pipe)
        await Process.sleep(life)
        raise Exit(reason)

    Process.monitor(spawn(owner, self_()))
    await _only_opened()
    early = []
    while not isinstance(message := await receive(), Down):
        early.append(message)
    idea = "when the water is turned off: at the end of the valve, and not at a time that was guessed before"
    expect(f"for {life:g} s the valve was in use; the pipe heard", early, [], idea)
    idea = "what an exit signal does to a process that has not asked to be told of it first"
    done = f"the process that had started the valve ended with {reason!r}; the pipe heard"
    _expect_closed(done, await _heard(), idea)


async def _only_opened() -> None:
    idea = "what `init` tells the pipe: the valve has been opened. It is closed at the end of the valve"
    expect("a valve was started; the pipe heard", await _heard(), ["opened"], idea)


async def _heard(quiet: float = 1.0) -> list[object]:
    """What the pipe was told, until it is quiet for so many seconds."""
    heard = []
    while (message := await receive(timeout=quiet)) != "timeout":
        heard.append(message)
    return heard


# ---- design ------------------------------------------------------------------------------------------

_PUT = "whether whoever puts a parcel needs an answer. Which of the two kinds of request does not wait?"


FIFTY_DAYS = 50 * 24 * 3600.0  # no time-out of Elixir is as long: the longest is 2**32 - 1 milliseconds
THOUSAND_YEARS = 365_250 * 24 * 3600.0
WAITS = (
    ("a minute", 63.7),
    ("two hours", 7200.0),
    ("fifty days", FIFTY_DAYS),
    ("a thousand years", THOUSAND_YEARS),
)
_FALSY = "how a parcel was lost: one that counts as false (0, an empty text, None) is a parcel, too"
_KEPT = "how a parcel was lost: the desk keeps each one that comes when nobody waits, equal ones too"


async def desk(Desk: Any, parcels: tuple[str, ...] = ("red", "blue")) -> None:
    """Parcels wait for couriers and couriers for parcels, both in order, and each parcel leaves once.

    Demands: ``put`` waits for nobody, also at a busy desk; ``take`` asks once and waits as long as it takes,
    for a thousand years too; a courier that waits has its parcel the moment it is put; a parcel that was handed
    over is gone; equal parcels are two, and 0, "" and None are parcels; two desks share nothing, and parcels are in
    the state; an unknown call gets no parcel, and an unknown cast or message does not become one (the desk may
    crash of it, or ignore it).
    """
    await _one_desk(Desk, parcels)
    await _two_desks(Desk, *parcels[:2])
    cases = ((Desk, parcels), (Desk, ("green", "blue", "green")), (Desk, (0, "", None)))
    await with_other_numbers(_one_desk, cases)
    await _unknown_to_desk(Desk)


async def _one_desk(Desk: Any, parcels: tuple[object, ...]) -> None:
    pid = await _started(Desk)
    await sys_.suspend(pid)
    for parcel in parcels:
        await handed_over(lambda parcel=parcel: Desk.put(pid, parcel), pid, "put", _PUT)  # type: ignore[misc]
    await sys_.resume(pid)
    got: list[object] = []
    while len(got) < len(parcels) and "nothing" not in got:
        got.append(await _take(Desk, pid))
    _expect_parcels(got, list(parcels))
    for waits in (WAITS[:1], WAITS):  # a second time, for whatever the first has left behind
        await _couriers(Desk, pid, parcels, waits)


async def _take(Desk: Any, pid: Pid) -> Any:
    """What a courier has a second after he came: a parcel, or "nothing", and then he waits on."""
    spawn(courier, Desk, pid, 0, self_())
    news = await _news(timeout=1.0)
    return news[1] if isinstance(news, tuple) else news


def _expect_parcels(got: list[object], parcels: list[object]) -> None:
    if sorted(map(repr, got)) == sorted(map(repr, parcels)):
        idea = "the order of the parcels that wait: the one put first is taken first, and it leaves the desk"
    elif "nothing" not in got:
        idea = "what `take` answers, and what is left: one parcel, the one put first, and it leaves the desk"
    elif any(parcels) and all(parcels):
        idea = _KEPT
    else:
        idea = _FALSY
    expect(f"{len(parcels)} parcels were put, then taken", got, parcels, idea)


async def _couriers(Desk: Any, pid: Pid, parcels: tuple[object, ...], waits: tuple[tuple[str, float], ...]) -> None:
    """As many couriers as parcels come first, and wait."""
    since = so_far()
    couriers = [spawn(courier, Desk, pid, number, self_()) for number in range(len(parcels))]
    for how_long, seconds in waits:
        await let_pass(seconds)
        early = [await _news() for _ in parcels]
        idea = (
            "how long `take` is willing to wait: a call has a time-out of its own"
            if "gave up" in early
            else "what a courier hears where there is no parcel: nothing yet. A parcel that was handed over is gone"
        )
        expect(f"couriers waited for {how_long} at an empty desk", early, ["nothing"] * len(parcels), idea)
        _asked_once(pid, couriers[0], since, how_long)
    for number, parcel in enumerate(parcels):
        await answered(Desk.put(pid, parcel), "a parcel was put")
        await Process.sleep(0.001)
        seen = await _news()
        if seen != "nothing":
            idea = "who gets a parcel when several wait: whoever came first"
        elif parcel:
            idea = "what the desk does while a courier waits: can it handle anything else in the meantime?"
        else:
            idea = _FALSY
        expect(f"{parcel!r} was put while couriers waited", seen, (number, parcel), idea)
        idea = "what becomes of the other couriers: they go on waiting"
        await Process.sleep(1.3)
        expect("only that one parcel was there", await _news(), "nothing", idea)


async def _two_desks(Desk: Any, first: str, second: str) -> None:
    """A parcel, and then a courier, wait at one desk, while things happen at the other."""
    one, other = await _started(Desk), await _started(Desk)
    idea = f"where parcels and couriers are kept: two desks share nothing. {_SHARED}"
    await answered(Desk.put(one, first), "a parcel was put")
    seen = [await _take(Desk, other), await _take(Desk, one)]
    done = "a parcel was put on one desk, then one taken from another desk and from the first"
    expect(done, seen, ["nothing", first], idea)
    await answered(Desk.put(one, first), "a parcel was put")
    await kept_in_the_state(one, other, "desk", lambda pid: _take(Desk, pid), first)
    one, other = await _started(Desk), await _started(Desk)
    for pid, number in ((other, 0), (one, 1)):
        spawn(courier, Desk, pid, number, self_())
    await Process.sleep(1.0)
    for pid, parcel, hoped in ((other, second, (0, second)), (other, first, "nothing"), (one, second, (1, second))):
        await answered(Desk.put(pid, parcel), "a parcel was put")
        expect(f"a courier waited at each of two desks, and {parcel!r} was put", await _news(timeout=1.0), hoped, idea)


async def _unknown_to_desk(Desk: Any) -> None:
    """Each of them comes to two desks of its own: one is empty, and at the other a courier waits."""
    idea = (
        "what tells a parcel from anything else that is sent to the desk: its request has a name, and whoever "
        "handles it asks for that name"
    )
    for strange in UNKNOWN_REQUESTS:
        for way, tell in WAYS:
            for waits in (False, True):
                pid = await _started(Desk)
                if waits:
                    await _take(Desk, pid)
                tell(pid, strange)
                try:
                    seen = await (_news(timeout=1.0) if waits else _take(Desk, pid))
                except Exit:
                    continue  # it crashed, which is right as well
                where = "a desk where a courier waited" if waits else "an empty desk, where a courier came then"
                expect(f"the unknown {way} {strange!r} was sent to {where}", seen, "nothing", idea)
    for strange in UNKNOWN_REQUESTS:
        await _unknown_call(Desk, strange)


async def _unknown_call(Desk: Any, strange: object) -> None:
    """It comes to a desk with one parcel, and does not take it."""
    pid, parcel = await _started(Desk), "a parcel"
    await answered(Desk.put(pid, parcel), "a parcel was put")
    try:
        answer = await GenServer.call(pid, strange, timeout=1.0)
        left = await _take(Desk, pid)
    except Exit:
        return  # the desk has crashed, or the caller has heard nothing
    idea = "what tells a courier from anybody else who calls: the request of `take` has a name. An unknown call is none"
    done = f"the unknown call {strange!r} came to a desk with one parcel, and then a courier"
    if same(answer, parcel) or not same(left, parcel):
        raise NotYet(done, f"the call got {answer!r}, the courier {left!r}", f"the courier got {parcel!r}", idea)


def _asked_once(pid: Pid, courier: Pid, since: int, how_long: str) -> None:
    requests = len(sent(pid, since, by=courier))
    if requests < 2:
        return
    replied = any(event.kind == "reply" and event.pid is pid and event.other is courier for event in _replies(since))
    idea = (
        "who speaks first when there is a parcel. A courier that asks again and again is late, and keeps the desk "
        "busy; the desk can keep the call and answer it with `GenServer.reply`"
        if replied
        else "what a call that has timed out leaves behind: its ticket. The desk does not know that nobody waits for "
        "it any more, and gives it a parcel. How long may this call wait?"
    )
    raise NotYet(f"a courier waited for {how_long}", f"it asked {requests} times", "it asks once", idea)


def _replies(since: int) -> list[Any]:
    tracer = current_node().tracer
    return [] if tracer is None else tracer.events[since:]


async def _news(timeout: float = 0) -> Any:
    """What a courier tells us within so many seconds: ``(number, parcel)``, "gave up", or "nothing".

    Raises:
        Exception: whatever else came out of `take`; an `Exit` if the desk has ended.
    """
    match await receive(timeout=timeout):
        case ("failed", Exit() as error) if _timed_out(error):
            return "gave up"
        case ("failed", BaseException() as error):
            raise error
        case "timeout":
            return "nothing"
        case news:
            return news


async def courier(Desk: Any, pid: Pid, number: int, home: Pid) -> None:
    """Take one parcel, and tell home of it."""
    news: tuple[object, object]
    try:
        news = (number, await answered(Desk.take(pid), "a parcel was taken"))
    except (Exit, Exception) as error:
        news = ("failed", error)
    send(home, news)

"""The checks of chapter 03, GenServer basics.

Each docstring says in its first line what "ok" claims, and then what the check demands: the text of the
exercise has to say all of it. What is given is the number or the words of the first case; each check runs
at least one other case besides.
"""

from __future__ import annotations

from typing import Any

from .. import Down, Exit, GenServer, Pid, Process, current_node, receive, self_, send, spawn, sys_
from .checking import NotYet, expect
from .comparing import same
from .looking import answered, handed_over, sent, so_far, taken, unknown_request, with_other_numbers

STRAYS = (("a stray message of the check", 1), 7, None)


async def _started(server: Any, argument: object = None) -> Pid:
    """Start a server without a link, so that its crash is told by the call that meets it."""
    pid = await answered(server.start(argument), "the server was started")
    if pid is None:
        raise NotYet("the server was started", "Ignore()", "a process", "what `init` returns: Ok(state)")
    return pid  # type: ignore[no-any-return]


# ---- drills ----------------------------------------------------------------------------------------


async def tally(Tally: Any, first: int = 0, steps: tuple[int, ...] = (2, 3)) -> None:
    """Counts are added up, asking changes nothing, and each tally has its own total.

    Demands: ``("count", n)`` answers the new total and ``"total"`` the total, for any first number; two
    tallies at the same time; any other call is not answered with a total (the server may crash).
    """
    await _one_tally(Tally, first, steps)
    await _two_tallies(Tally)
    await with_other_numbers(_one_tally, ((Tally, first, steps), (Tally, 17, (4, -1, 4))))
    for strange in (("cuont", 2), "totals"):
        pid = await _started(Tally, first)
        await unknown_request(pid, strange, lambda answer: issubclass(type(answer), int | float) or answer is None)


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


async def _two_tallies(Tally: Any) -> None:
    one, other = await _started(Tally, 0), await _started(Tally, 100)
    seen = [await GenServer.call(pid, ("count", n)) for pid, n in ((one, 2), (other, 3), (one, 4))]
    idea = (
        "where the count is kept. A global of Python or an attribute of the class is shared by all servers; "
        "the state that a callback gets and returns belongs to one of them"
    )
    expect("two tallies, begun at 0 and 100, counted 2, 3 and again 2 + 2 in turns", seen, [2, 103, 6], idea)


async def board(Board: Any, notes: tuple[str, ...] = ("lost: one glove", "choir at six")) -> None:
    """Pinning waits for nobody, and each board is read as often as one likes, the oldest note first.

    Demands: ``pin`` sends one request to the board that nobody waits for; ``notes`` asks the board, also
    one that is busy or dead; reading changes nothing; two boards share nothing; an unknown call is not
    answered with the notes.
    """
    cases = ((Board, notes), (Board, ("tea at four", "a bicycle", "bees", "a bicycle")))
    await with_other_numbers(_one_board, cases)


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
    await unknown_request(empty, ("an unknown request of the check",), lambda answer: type(answer) in (list, tuple))
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
    else:
        idea = "what `handle_cast` returns: the next state, with the new note in it"
    expect(done, read, notes, idea)


async def sprinkler(Sprinkler: Any, every: float = 60.0) -> None:
    """It waters on time, however often it is asked and whatever else it is sent.

    Demands: ``"times"`` is 0 until one period after the start; the period is in seconds and any number;
    no question and no stray message waters, starts a second timer, or ends the server.
    """
    await with_other_numbers(_one_sprinkler, ((Sprinkler, every), (Sprinkler, 7.5)))


async def _one_sprinkler(Sprinkler: Any, every: float) -> None:
    pid, began = await _started(Sprinkler, every), current_node().now()
    await Process.sleep(every / 2)
    for asked in range(12):
        await _expect_times(Sprinkler, pid, every, began, asked)
        await Process.sleep(every * 2 / 3)
    for stray in STRAYS:
        before = await GenServer.call(pid, "times")
        send(pid, stray)
        seen = await _after_a_stray(pid, stray)
        idea = "which message is the tick. Anybody can send anything, and only the server's own tick waters"
        expect(f"the message {stray!r} came out of turn; how often has it watered?", seen, before, idea)
    await Process.sleep(every * 10)
    idea = "what a stray message does to the timers: it must not set another one"
    seen, wanted = await GenServer.call(pid, "times"), int((current_node().now() - began) // every)
    expect("ten periods after the stray messages it was asked once more", seen, wanted, idea)


async def _after_a_stray(pid: Pid, stray: object) -> Any:
    try:
        return await GenServer.call(pid, "times")
    except Exit:
        idea = "the last case of `handle_info`: what happens to a message that is not the tick?"
        raise NotYet(f"the message {stray!r} came out of turn", "the server ended", "it goes on", idea) from None


async def _expect_times(Sprinkler: Any, pid: Pid, every: float, began: float, asked: int) -> None:
    now = current_node().now() - began
    seen = await GenServer.call(pid, "times")
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
    return same(await GenServer.call(pid, "times"), 1)


async def oven(Oven: Any, minutes: float = 4.0) -> None:
    """The start takes no time, it heats by itself, and nobody sees a cold oven.

    Demands: the given ``heat(minutes)`` takes ``minutes * 60`` seconds and answers ``20 + 50 * minutes``
    degrees; the call ``"celsius"`` answers what ``heat`` answered; an oven that nobody asks is hot as
    early as one that somebody waits for.
    """
    await with_other_numbers(_one_oven, ((Oven, minutes), (Oven, 2.5)))


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
    else:
        idea = "what runs first once `init` is over: the message of the first caller, or the rest of the start?"
    expect("the first caller asked how hot it is", celsius, hot, idea)
    idea = "whether it really heats: `await heat(minutes)` takes its time"
    expect("the first answer came", f"after {took:g} s", f"after {minutes * 60:g} s", idea)
    idea = "when it heats: once, at the start. What is hot answers at once"
    await _asked_late(pid, "it was asked once more", hot, idea)
    alone = await _started(Oven, minutes)
    await Process.sleep(minutes * 60 + 30)
    idea = "who makes it heat: its own start, and not the first question"
    await _asked_late(alone, "nobody asked an oven until it had to be hot; then it was asked", hot, idea)


async def _asked_late(pid: Pid, done: str, hot: float, idea: str) -> None:
    before = current_node().now()
    celsius = await GenServer.call(pid, "celsius", timeout=None)
    expect(done, f"it took {current_node().now() - before:g} s", "it took 0 s", idea)
    expect(done, celsius, hot, idea)


# ---- debugging ---------------------------------------------------------------------------------------

UNKNOWN = (("battery", 20), "low battery", "rings", ["ring"], ("ring", 1), None, 7)


async def doorbell(Doorbell: Any, strange: object = ("battery", 20), rings: int = 2) -> None:
    """No unknown message ends it or changes the count, and every ring counts.

    Demands: the message ``"ring"`` and no other is a ring, whatever else is sent; ``"rings"`` answers the count.
    """
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

    Demands: while it runs the pipe hears nothing but "opened"; "closed" comes once, after
    ``GenServer.stop`` and after the end of the process that started it, whatever the reason and however
    long that process has lived.
    """
    pid = await _started(Valve, self_())
    await _only_opened()
    await GenServer.stop(pid)
    idea = "`terminate` of the class you started from: a stop ran it before, and should still"
    expect("the valve was stopped by GenServer.stop; the pipe heard", await _heard(), ["closed"], idea)
    await with_other_numbers(_abandoned, ((Valve, reason, 4.0), (Valve, "a crash", 90.0), (Valve, "normal", 9.0)))


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
    heard = await _heard()
    if heard == ["closed", "closed"]:
        idea = "how often the water is turned off: `terminate` runs once, and nothing else needs to"
    else:
        idea = "what an exit signal does to a process that has not asked to be told of it first"
    expect(f"the process that had started the valve ended with {reason!r}; the pipe heard", heard, ["closed"], idea)


async def _only_opened() -> None:
    idea = "what `init` tells the pipe: the valve has been opened. It is closed at the end of the valve"
    expect("a valve was started; the pipe heard", await _heard(), ["opened"], idea)


async def _heard() -> list[object]:
    """What the pipe was told, until it is quiet for a second."""
    heard = []
    while (message := await receive(timeout=1.0)) != "timeout":
        heard.append(message)
    return heard


# ---- design ------------------------------------------------------------------------------------------

_PUT = "whether whoever puts a parcel needs an answer. Which of the two kinds of request does not wait?"


async def desk(Desk: Any, parcels: tuple[str, ...] = ("red", "blue")) -> None:
    """Parcels wait for couriers and couriers for parcels, both in order, and each parcel leaves once.

    Demands: ``put`` waits for nobody, also at a busy desk; ``take`` asks once and waits as long as it
    takes; a courier that waits has its parcel the moment it is put; a parcel that was handed over is gone.
    """
    await with_other_numbers(_one_desk, ((Desk, parcels), (Desk, ("green", "blue", "green"))))


async def _one_desk(Desk: Any, parcels: tuple[str, ...]) -> None:
    pid = await _started(Desk)
    await sys_.suspend(pid)
    for parcel in parcels:
        await handed_over(lambda parcel=parcel: Desk.put(pid, parcel), pid, "put", _PUT)  # type: ignore[misc]
    await sys_.resume(pid)
    done = f"{len(parcels)} parcels were put, then taken"
    got = [await answered(Desk.take(pid), done) for _ in parcels]
    idea = "the order of the parcels that wait: the one put first is taken first, and it leaves the desk"
    expect(done, got, list(parcels), idea)
    for _ in range(2):  # a second time, for whatever the first has left behind
        await _couriers(Desk, pid, parcels)


async def _couriers(Desk: Any, pid: Pid, parcels: tuple[str, ...]) -> None:
    """As many couriers as parcels come first, and wait for a minute and a bit."""
    since = so_far()
    couriers = [spawn(courier, Desk, pid, number, self_()) for number in range(len(parcels))]
    await Process.sleep(63.7)
    early = [await _news() for _ in parcels]
    gave_up = any(news[-1] == "gave up" for news in early)
    idea = (
        "how long `take` is willing to wait: a call has a time-out of its own"
        if gave_up
        else "what a courier hears where there is no parcel: nothing yet. A parcel that was handed over is gone"
    )
    expect("couriers waited for a minute at an empty desk", early, ["nothing"] * len(parcels), idea)
    _asked_once(pid, couriers[0], since)
    for number, parcel in enumerate(parcels):
        await answered(Desk.put(pid, parcel), "a parcel was put")
        await Process.sleep(0.001)
        seen = await _news()
        idea = (
            "what the desk does while a courier waits: can it handle anything else in the meantime?"
            if seen == "nothing"
            else "who gets a parcel when several wait: whoever came first"
        )
        expect(f"{parcel!r} was put while couriers waited", seen, (number, parcel), idea)
        idea = "what becomes of the other couriers: they go on waiting"
        await Process.sleep(1.3)
        expect("only that one parcel was there", await _news(), "nothing", idea)


def _asked_once(pid: Pid, courier: Pid, since: int) -> None:
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
    raise NotYet("a courier waited for a minute", f"it asked {requests} times", "it asks once", idea)


def _replies(since: int) -> list[Any]:
    tracer = current_node().tracer
    return [] if tracer is None else tracer.events[since:]


async def _news() -> Any:
    """What a courier has told us by now."""
    news = await receive(timeout=0)
    return "nothing" if news == "timeout" else news


async def courier(Desk: Any, pid: Pid, number: int, home: Pid) -> None:
    """Take one parcel, and tell home of it."""
    try:
        send(home, (number, await answered(Desk.take(pid), "a parcel was taken")))
    except Exit:
        send(home, (number, "gave up"))

"""The checks of chapter 03, GenServer basics."""

from __future__ import annotations

import inspect
from typing import Any

from .. import (
    Down,
    Exit,
    GenServer,
    Pid,
    Process,
    current_node,
    receive,
    self_,
    send,
    spawn,
    sys_,
)
from .checking import NotYet, expect


async def _started(server: Any, argument: object = None) -> Pid:
    """Start a server without a link, so that its crash is told by the call that meets it."""
    pid = await server.start(argument)
    if pid is None:
        raise NotYet("the server was started", "Ignore()", "a process", "what `init` returns: Ok(state)")
    return pid  # type: ignore[no-any-return]


async def _finished(value: Any) -> Any:
    """What a client function answers, whether it is a plain function or has to be awaited."""
    return await value if inspect.isawaitable(value) else value


# ---- drills ----------------------------------------------------------------------------------------


async def tally(Tally: Any, first: int = 0, steps: tuple[int, ...] = (2, 3)) -> None:
    """Counts are added up, and asking changes nothing."""
    pid = await _started(Tally, first)
    totals = [first + sum(steps[: n + 1]) for n in range(len(steps))]
    answers = [await GenServer.call(pid, ("count", step)) for step in steps]
    counts = " and ".join(map(str, steps))
    forgets = answers == [first + step for step in steps]
    idea = (
        "what the next callback gets as its state: what this one returned, and nothing else"
        if forgets
        else 'which value goes to the caller and which is the next state: "count" answers the new total'
    )
    expect(f"a tally that began at {first} was told to count {counts}", answers, totals, idea)
    asked = [await GenServer.call(pid, "total"), await GenServer.call(pid, "total")]
    idea = "the second value of `Reply`. To ask for the total leaves the state as it is"
    expect('"total" was asked for twice', asked, [totals[-1]] * 2, idea)


async def board(Board: Any, notes: tuple[str, ...] = ("lost: one glove", "choir at six")) -> None:
    """Pinning waits for nobody, reading gets every note in order."""
    pid = await _started(Board, [])
    await sys_.suspend(pid)
    before = current_node().now()
    for note in notes:
        try:
            await _finished(Board.pin(pid, note))
        except Exit:
            idea = "whether whoever pins a note needs an answer. Which of the two kinds of request does not wait?"
            took = f"`pin` waited for {current_node().now() - before:g} seconds, and gave up"
            raise NotYet("a note was pinned while the board was busy", took, "no wait", idea) from None
    await sys_.resume(pid)
    read = await _finished(Board.notes(pid))
    if sorted(map(repr, read or [])) == sorted(map(repr, notes)):
        idea = "the end of the list at which a new note is put: the oldest note comes first"
    elif isinstance(read, list):
        idea = "what `handle_cast` returns: the next state, with the new note in it"
    else:
        idea = "what `notes` returns: it has to wait for the answer and hand it on"
    expect(f"{len(notes)} notes were pinned, then read", read, list(notes), idea)


async def sprinkler(Sprinkler: Any, every: float = 60.0) -> None:
    """It waters on time, however often it is asked."""
    pid = await _started(Sprinkler, every)
    await Process.sleep(every / 2)
    for asked in range(12):
        now = current_node().now()
        seen = await GenServer.call(pid, "times")
        wanted = int(now // every)
        done = f'with a period of {every:g} s, "times" was asked for at second {now:g}'
        expect(done, seen, wanted, _about_ticks(seen, wanted, asked))
        await Process.sleep(every * 2 / 3)


def _about_ticks(seen: object, wanted: int, asked: int) -> str:
    if isinstance(seen, int) and seen > wanted:
        return "how many timers run at the same time, and when the first is due: one period after the start"
    if seen == 1:
        return "what a timer does after it has fired: nothing. Who sets the next one?"
    if asked and seen == 0:
        return "what starts the timer, and whether a question in between takes it away, as it does with Timeout(...)"
    return "where the count is kept: it is part of the state that each callback returns"


async def oven(Oven: Any, minutes: float = 4.0) -> None:
    """The start takes no time, and nobody sees a cold oven."""
    node = current_node()
    pid = await _started(Oven, minutes)
    took = node.now()
    idea = "how much `init` does. Whoever starts a server waits until `init` is over, a supervisor too"
    expect("the oven was started", f"it took {took:g} s", "it took 0 s", idea)
    celsius = await GenServer.call(pid, "celsius", timeout=None)
    idea = "what runs first once `init` is over: the message of the first caller, or the rest of the start?"
    expect("the first caller asked how hot it is", celsius, 220, idea)
    idea = "whether it really heats: `await heat(minutes)` takes its time"
    expect("the first answer came", f"after {node.now():g} s", f"after {minutes * 60:g} s", idea)


# ---- debugging ---------------------------------------------------------------------------------------


async def doorbell(Doorbell: Any, strange: object = ("battery", 20), rings: int = 2) -> None:
    """An unknown message leaves it alive, and the count as it was."""
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
        idea = "what an unknown message does to the count: nothing"
    else:
        idea = "the state after the unknown message: it is the one from before"
    expect(f"it rang {rings} times, with {strange!r} in between", seen, rings, idea)


async def valve(Valve: Any, reason: str = "shutdown") -> None:
    """The water is turned off, after a stop and after a shutdown."""
    pid = await _started(Valve, self_())
    await GenServer.stop(pid)
    idea = "`terminate` of the class you started from: a stop ran it before, and should still"
    expect("the valve was stopped by GenServer.stop", await _heard(), ["opened", "closed"], idea)

    async def owner(pipe: Pid) -> None:
        await Valve.start_link(pipe)
        await Process.sleep(1.0)
        raise Exit(reason)

    Process.monitor(spawn(owner, self_()))
    await receive(Down)
    heard = await _heard()
    if heard == ["opened", "closed", "closed"]:
        idea = "how often the water is turned off: `terminate` runs once, and nothing else needs to"
    else:
        idea = "what an exit signal does to a process that has not asked to be told of it first"
    expect(f"the process that had started the valve ended with {reason!r}", heard, ["opened", "closed"], idea)


async def _heard() -> list[object]:
    """What the pipe was told, until it is quiet for a second."""
    heard = []
    while (message := await receive(timeout=1.0)) != "timeout":
        heard.append(message)
    return heard


# ---- design ------------------------------------------------------------------------------------------


async def desk(Desk: Any, parcels: tuple[str, ...] = ("red", "blue")) -> None:
    """Parcels wait for couriers and couriers for parcels, both in order."""
    pid = await _started(Desk)
    for parcel in parcels:
        await _finished(Desk.put(pid, parcel))
    taken = [await Desk.take(pid) for _ in parcels]
    idea = "the order of the parcels that wait: the one put first is taken first"
    expect(f"{len(parcels)} parcels were put, then taken", taken, list(parcels), idea)
    await _couriers(Desk, pid, parcels)


async def _couriers(Desk: Any, pid: Pid, parcels: tuple[str, ...]) -> None:
    """As many couriers as parcels come first, and wait for a minute."""
    for number in range(len(parcels)):
        spawn(courier, Desk, pid, number, self_())
    await Process.sleep(60.0)
    early = [await _news() for _ in parcels]
    gave_up = any(news[-1] == "gave up" for news in early)
    idea = (
        "how long `take` is willing to wait: a call has a time-out of its own"
        if gave_up
        else "what a courier hears where there is no parcel: nothing yet"
    )
    expect("couriers waited for a minute at an empty desk", early, ["nothing"] * len(parcels), idea)
    for number, parcel in enumerate(parcels):
        await _finished(Desk.put(pid, parcel))
        await Process.sleep(1.0)
        seen = await _news()
        idea = (
            "what the desk does while a courier waits: can it handle anything else in the meantime?"
            if seen == "nothing"
            else "who gets a parcel when several wait: whoever came first"
        )
        expect(f"{parcel!r} was put while couriers waited", seen, (number, parcel), idea)
        idea = "what becomes of the other couriers: they go on waiting"
        expect("only that one parcel was there", await _news(), "nothing", idea)


async def _news() -> Any:
    """What a courier has told us by now."""
    news = await receive(timeout=0)
    return "nothing" if news == "timeout" else news


async def courier(Desk: Any, pid: Pid, number: int, home: Pid) -> None:
    """Take one parcel, and tell home of it."""
    try:
        send(home, (number, await Desk.take(pid)))
    except Exit:
        send(home, (number, "gave up"))

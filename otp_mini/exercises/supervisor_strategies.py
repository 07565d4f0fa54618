"""The checks of chapter 05, supervisor strategies.

Most of them inject faults: they end one process after the other, and look who is new. Each docstring
says in its first line what "ok" claims, and then what the check demands: the text of the exercise has
to say all of it. Whatever has a number or a name is tried with at least two of them.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, Final

from .. import (
    ChildSpec,
    Exit,
    ExitSignal,
    GenServer,
    NoReply,
    Ok,
    Pid,
    Process,
    Reply,
    StartError,
    Supervise,
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
from .looking import not_started, restless, turns_of_others, with_other_numbers

Fates = dict[str, list[str]]
"""For each process that was ended, who was new after that, in the order asked for."""

GONE: Final = " (gone)"


# ---- growing a tree, and breaking it ---------------------------------------------------------------


async def _grown(Tree: Any, argument: object, names: Sequence[str], idea: str = "") -> Pid:
    """Start a tree, and see that every part runs under its name."""
    Process.flag(trap_exit=True)  # a supervisor that gives up is something to look at
    try:
        root = await Tree.start_link(argument)
    except StartError as error:
        raise not_started(error) from None
    if root is None:
        raise NotYet("the tree was started", "Ignore()", "a supervisor", "what `init` returns: Supervise(…)")
    missing = [name for name in names if Process.whereis(name) is None]
    idea = idea or "the list of children: `(Part, name)` is one of them, and it runs under that name"
    expect(f"the tree was started; who of {', '.join(names)} is missing?", missing, [], idea)
    return root  # type: ignore[no-any-return]


async def _end(name: str, reason: object = "kill", pause: float = 0.001) -> None:
    """End a process, and give its supervisor the time to see to it; ``pause`` is in seconds."""
    pid = Process.whereis(name)
    if pid is not None:
        Process.exit(pid, reason)
    await Process.sleep(pause)


def _keeper(name: str) -> Pid | None:
    """The supervisor that has started a process."""
    pid = Process.whereis(name)
    return None if pid is None else _keeper_of(pid)


def _keeper_of(pid: Pid) -> Pid | None:
    info = Process.info(pid)
    return None if info is None else info["parent"]


def _about_gone(root: Pid, keeper: Pid | None) -> str:
    """What to look at again where a process that ended has not come back."""
    if not Process.alive(root):
        return "the budget: more restarts were needed than were allowed, so the supervisor gave up and stopped them all"
    if keeper is not None and not Process.alive(keeper):
        return (
            "the `restart` of the supervisor that gave up. It ends with the reason `shutdown`, and to whoever keeps "
            "it as `transient` or `temporary` that is an end for good"
        )
    return "whether it comes back at all: a child's `restart` is asked before the strategy"


async def _new_after(names: Sequence[str], ended: str, reason: object = "kill") -> list[str]:
    """End one process; who of ``names`` is another one now, or has not come back?"""
    before = {name: Process.whereis(name) for name in names}
    await _end(ended, reason)
    after = {name: Process.whereis(name) for name in names if Process.whereis(name) is not before[name]}
    return [name if pid is not None else f"{name}{GONE}" for name, pid in after.items()]


async def _afresh(Tree: Any, argument: object, names: Sequence[str]) -> Pid:
    """A new tree in place of the one before: whatever its windows are, no earlier restart counts."""
    for name in names:
        await _uproot(name)
    return await _grown(Tree, argument, names)


async def _uproot(name: str) -> None:
    """Stop the topmost supervisor above a process."""
    pid = Process.whereis(name)
    while pid is not None and (above := _keeper_of(pid)) is not None and above is not self_():
        pid = above
    if pid is not None:
        await Supervisor.stop(pid)


# ---- drills ----------------------------------------------------------------------------------------


async def studio(Studio: Any, reason: object = "kill") -> None:
    """Each crash takes along what depends on it, and nothing else.

    Demands: it holds for a crash and for a quiet end ("shutdown"): the parts are permanent.
    """
    names = ("clock", "recorder", "display")
    for end in dict.fromkeys((reason, "shutdown")):
        fates, gone = {}, ""
        for name in names:
            root = await _afresh(Studio, None, names)
            keeper, keepers = _keeper(name), {_keeper(each) for each in names}
            fates[name] = await _new_after(names, name, end)
            gone = gone or _about_gone(root, keeper) * (GONE in str(fates[name]))
        idea = gone or (_SEVERAL if len(keepers) > 1 else _about_studio([len(fates[name]) for name in names]))
        for name, hoped in {"clock": [*names], "recorder": [*names[1:]], "display": ["display"]}.items():
            expect(f"the {name} ended with {end!r}; who is new?", fates[name], hoped, idea)


_SEVERAL: Final = (
    "the strategy of each of your supervisors. A strategy speaks of the children of its own supervisor, and a "
    "supervisor below goes with all that it keeps"
)


def _about_studio(sizes: list[int]) -> str:
    if sizes == [1, 1, 1]:
        return "the strategy. This one restarts what died, and leaves alone what depended on it"
    if sizes == [3, 3, 3]:
        return "the strategy. This one restarts everybody, also those who depend on nothing that died"
    return "the order of the list. A strategy knows only who was started after whom, not who depends on whom"


async def presses(Presses: Any, names: tuple[str, ...] = ("flatbed", "rotary", "proof")) -> None:
    """Ten restarts in a minute are fine, the eleventh ends it, and what is older is forgotten.

    Demands: one budget for all presses, however many there are and whatever they are called; a press comes back
    after a crash and after a quiet end ("normal", "shutdown") alike.
    """
    cases = ((Presses, names), (Presses, ("intaglio", "letterpress", "screen", "offset", "relief")))
    await with_other_numbers(_one_works, cases)


async def _one_works(Presses: Any, names: tuple[str, ...]) -> None:
    root = await _grown(Presses, list(names), names)
    keeper = _keeper(names[0])
    new = await _new_after(names, names[0])
    gone = GONE in str(new)
    idea = _about_gone(root, keeper) if gone else "the strategy: presses have nothing to do with each other"
    expect(f"the press {names[0]!r} was ended; who is new?", new, [names[0]], idea)
    await _comes_back_after_a_quiet_end(Presses, names)
    root = await _afresh(Presses, list(names), names)
    for number in range(10):
        await _end(names[number % len(names)])
        idea = "how many restarts are allowed, and who counts them: the supervisor, for all its children together"
        expect(f"crash {number + 1} of ten, 5.9 seconds apart", _state(root), "it goes on", idea)
        await Process.sleep(5.9)
    await _end(names[0])
    idea = "how many restarts are allowed, and within how many seconds: all eleven lay within one minute"
    if len({_keeper(name) for name in names}) > 1:
        idea = "who counts. Each of your supervisors has a budget of its own, and all presses together have one"
    expect("the eleventh crash came in second 59", _state(root), "it gave up", idea)
    await _forgets(Presses, names)


async def _comes_back_after_a_quiet_end(Presses: Any, names: tuple[str, ...]) -> None:
    for reason in ("normal", "shutdown"):
        await _afresh(Presses, list(names), names)
        old = Process.whereis(names[-1])
        assert old is not None
        await GenServer.stop(old, reason)
        await Process.sleep(0.001)
        idea = "the `restart` of each press: who is kept, however it ends, is a permanent child. That is the default"
        new = Process.whereis(names[-1]) is not None
        expect(f"the press {names[-1]!r} ended with {reason!r}; is there a new one?", new, True, idea)


async def _forgets(Presses: Any, names: tuple[str, ...]) -> None:
    """Ten at once, a minute of peace, and ten more."""
    root = await _grown(Presses, list(names), names)
    for _ in range(2):
        for number in range(10):
            await _end(names[number % len(names)])
        await Process.sleep(60.5)
    idea = "how long a restart is remembered: `max_seconds`, and not longer"
    expect("ten crashes at once, a minute of peace, ten more", _state(root), "it goes on", idea)
    if Process.alive(root):
        await Supervisor.stop(root)


def _state(supervisor: Pid) -> str:
    return "it goes on" if Process.alive(supervisor) else "it gave up"


Case = tuple[list[float], int, float]
Answer = float | None
CASES: Final[list[Case]] = [
    ([0.0, 1.0, 2.0], 3, 5.0),
    ([0.0, 1.0, 2.0, 3.0], 3, 5.0),
    ([0.0, 2.0, 4.0, 6.0, 8.0], 3, 5.0),
    ([0.0, 3.0, 4.0, 7.0, 7.5], 3, 5.0),
    ([0.0, 5.0], 1, 5.0),
    ([0.0, 5.5], 1, 5.0),
    ([0.75, 6.0], 1, 5.0),
    ([0.0, 50.0, 70.0, 100.0, 111.0], 2, 60.0),
    ([], 3, 5.0),
    ([9.0], 0, 5.0),
    ([2.0, 2.0, 4.0], 1, 5.0),
    ([1.0, 3.0, 3.0, 3.0, 7.0], 3, 5.0),
]


async def gives_up(function: Callable[[list[float], int, float], Answer], *more: Case) -> None:
    """It agrees with a real supervisor, crash by crash.

    Demands: the time of the first crash that is one too many, or None; a restart that is exactly
    ``max_seconds`` old still counts; times are no whole numbers, two may be the same, and there may be
    none at all.
    """
    tried: list[tuple[Case, Any, Answer]] = []
    for case in (*CASES, *more):
        times, max_restarts, max_seconds = case
        hoped, root = await _really(*case)
        tried.append((case, _plain(function(list(times), max_restarts, max_seconds), "`gives_up`"), hoped))
        if hoped is None:
            await Supervisor.stop(root)
    for (times, max_restarts, max_seconds), seen, hoped in tried:
        at = ", ".join(f"{time:g}" for time in times) or "no time"
        done = f"crashes at {at} s, and {max_restarts} in {max_seconds:g} s allowed"
        expect(done, seen, hoped, _about_slip(tried, seen, hoped))


def _about_slip(tried: list[tuple[Case, Any, Answer]], seen: Any, hoped: Answer) -> str:
    """The slip that explains all the answers, if there is one; else what the first wrong one shows."""
    for slip, idea in SLIPS.items():
        if all(same(answer, slip(*case)) for case, answer, _ in tried):
            return idea
    if seen is None:
        return "when there is one too many: more than `max_restarts` of them lie within `max_seconds`"
    if hoped is None:
        return "which crashes still count: those of the last `max_seconds` before this one, and none before them"
    return "which crash is the one too many, and that nothing comes after it. The answer is its time"


def _counted(times: list[float], too_many: int, counts: Callable[[float, float], bool]) -> Answer:
    """The first time with ``too_many`` crashes up to it that still count."""
    for number, now in enumerate(times, start=1):
        if sum(counts(now, time) for time in times[:number]) >= too_many:
            return now
    return None


def _at_the_limit(times: list[float], max_restarts: int, max_seconds: float) -> Answer:
    return _counted(times, max_restarts, lambda now, time: now - time <= max_seconds)


def _edge_out(times: list[float], max_restarts: int, max_seconds: float) -> Answer:
    return _counted(times, max_restarts + 1, lambda now, time: now - time < max_seconds)


def _whole_seconds(times: list[float], max_restarts: int, max_seconds: float) -> Answer:
    return _counted(times, max_restarts + 1, lambda now, time: int(now) - int(time) <= max_seconds)


def _rounded(times: list[float], max_restarts: int, max_seconds: float) -> Answer:
    return _counted(times, max_restarts + 1, lambda now, time: round(now) - round(time) <= max_seconds)


def _for_ever(times: list[float], max_restarts: int, max_seconds: float) -> Answer:
    return _counted(times, max_restarts + 1, lambda now, time: True)


def _one_at_a_time(times: list[float], max_restarts: int, max_seconds: float) -> Answer:
    return _at_the_limit(sorted(set(times)), max_restarts + 1, max_seconds)


def _later_ones_alone(times: list[float], max_restarts: int, max_seconds: float) -> Answer:
    return _counted(times, max_restarts, lambda now, time: 0 < now - time <= max_seconds)


def _in_blocks(times: list[float], max_restarts: int, max_seconds: float) -> Answer:
    return _counted(times, max_restarts + 1, lambda now, time: now // max_seconds == time // max_seconds)


def _from_the_first(times: list[float], max_restarts: int, max_seconds: float) -> Answer:
    """A window begins at a crash, and the next one at the first crash after its end."""
    began, count = -math.inf, 0
    for now in times:
        began, count = (now, 1) if now - began > max_seconds else (began, count + 1)
        if count > max_restarts:
            return now
    return None


def _after_a_calm(times: list[float], max_restarts: int, max_seconds: float) -> Answer:
    """The count begins anew when nothing has crashed for so long."""
    last, count = -math.inf, 0
    for now in times:
        last, count = now, 1 if now - last > max_seconds else count + 1
        if count > max_restarts:
            return now
    return None


_SAME_MOMENT: Final = "crashes at the same moment: two of them are two, and both count"
_SLIDES: Final = "where the window begins. It slides: it ends at each crash, and begins `max_seconds` before"
_FRACTIONS: Final = "the times. They are no whole numbers, and half a second decides"
SLIPS: Final[dict[Callable[..., Answer], str]] = {
    _at_the_limit: "how many are borne: `max_restarts` of them. It gives up at the one after those",
    _edge_out: "a restart that is exactly `max_seconds` old: it still counts",
    _whole_seconds: _FRACTIONS,
    _rounded: _FRACTIONS,
    _for_ever: "which crashes still count: those of the last `max_seconds` before this one, and none before them",
    _one_at_a_time: _SAME_MOMENT,
    _later_ones_alone: _SAME_MOMENT,
    _in_blocks: _SLIDES,
    _from_the_first: _SLIDES,
    _after_a_calm: "what sets the count back: nothing does. Each crash is forgotten by itself, `max_seconds` later",
}


def _plain(answer: Any, function: str) -> Any:
    """What a function answered that is not to be awaited."""
    if inspect.iscoroutine(answer):
        answer.close()  # it never runs, and that is said here and not by a warning
        idea = "the first line: this function waits for nothing, so it is a plain `def`, and no `async def`"
        raise NotYet(f"{function} was called", "a coroutine", "the answer itself", idea)
    return answer


async def _really(times: list[float], max_restarts: int, max_seconds: float) -> tuple[float | None, Pid]:
    """The time of the crash at which a supervisor gives up, by having it done; and the supervisor."""
    Process.flag(trap_exit=True)
    began = current_node().now()
    root = await Supervisor.start_link(
        [_teller("it", self_())], strategy="one_for_one", max_restarts=max_restarts, max_seconds=max_seconds
    )
    assert root is not None
    for time in times:
        await Process.sleep(max(0.0, began + time - current_node().now()))
        before = Process.whereis("it")
        assert before is not None
        Process.exit(before, "kill")
        while Process.alive(root) and Process.whereis("it") in (before, None):
            await Process.sleep(0.0)
        if not Process.alive(root):
            return time, root
    return None, root


class _Teller(GenServer):
    """Says when it is started and when it is stopped."""

    def init(self, argument: Any) -> Ok:
        name, home = argument
        Process.flag(trap_exit=True)
        send(home, ("started", name))
        return Ok(argument)

    def terminate(self, reason: object, argument: Any) -> None:
        name, home = argument
        send(home, ("stopped", name))


def _teller(name: str, home: Pid) -> ChildSpec:
    async def start() -> Pid | None:
        return await _Teller.start_link((name, home), name=name)

    return ChildSpec(name, (start, ()))


Moves = tuple[list[str], list[str]]


async def moves(
    function: Callable[[str, list[str], str], Moves], names: tuple[str, ...] = ("db", "cache", "web", "api")
) -> None:
    """It agrees with real supervisors of every strategy, in who and in which order.

    Demands: two lists, who is stopped and who is started, in the order in which it is done; the order
    of the start is that of ``names``, which is not the alphabet's; ``names`` is left as it is.
    """
    await with_other_numbers(_all_moves, ((function, names), (function, ("e", "d", "a", "c", "b"))))


async def _all_moves(function: Callable[[str, list[str], str], Moves], names: tuple[str, ...]) -> None:
    for strategy in ("one_for_one", "rest_for_one", "one_for_all"):
        for crashed in names:
            hoped, root = await _real_moves(strategy, names, crashed)
            given = list(names)
            seen: Any = _plain(function(strategy, given, crashed), "`moves`")
            done = f"{crashed!r} of {', '.join(names)} crashed under {strategy}"
            expect(f"{done}; what became of the list `names`?", given, [*names], "which lists your code changes")
            if type(seen) in (list, tuple) and all(type(part) in (list, tuple) for part in seen):
                seen = tuple(list(part) for part in seen)
            idea = _about_moves(seen, hoped, strategy, names, crashed)
            expect(f"{done}; who is stopped, who is started?", seen, hoped, idea)
            await Supervisor.stop(root)
            await _heard()


def _about_moves(seen: Any, hoped: Moves, strategy: str, names: Sequence[str], crashed: str) -> str:
    if not (isinstance(seen, tuple) and len(seen) == 2 and all(isinstance(part, list) for part in seen)):
        return "what to return: a pair of two lists, first those who are stopped, then those who are started"
    if (seen[1], seen[0]) == hoped:
        return "which list comes first: that of those who are stopped. Yours are exchanged"
    if crashed in seen[0]:
        return "who is stopped. One that has crashed is not there to be stopped"
    if len(seen[1]) > 1 and seen[1] == _in_the_alphabet(strategy, names, crashed):
        return "which order counts: that in which they were started, the order of `names`. The alphabet does not"
    if sorted(seen[0]) == sorted(hoped[0]) and sorted(seen[1]) == sorted(hoped[1]):
        return "the order. Whoever was started last depends on the most: when does it go, and when does it come?"
    return "who goes down with it under this strategy, and that all of them come back"


def _in_the_alphabet(strategy: str, names: Sequence[str], crashed: str) -> list[str]:
    """Who would be started if the alphabet were the order of the start."""
    return [name for name in sorted(names) if strategy == "one_for_all" or name >= crashed]


async def _real_moves(strategy: Any, names: Sequence[str], crashed: str) -> tuple[Moves, Pid]:
    """Have it done, and listen to the children; what they said, and their supervisor."""
    Process.flag(trap_exit=True)
    root = await Supervisor.start_link([_teller(name, self_()) for name in names], strategy=strategy)
    assert root is not None
    await _heard()
    await _end(crashed)
    heard = await _heard()
    stopped, started = ([name for what, name in heard if what == word] for word in ("stopped", "started"))
    return (stopped, started), root


async def _heard() -> list[tuple[str, str]]:
    """What the children have said by now; that a supervisor has ended is none of it."""
    heard = []
    while (message := await receive(timeout=0.1)) != "timeout":
        if not isinstance(message, ExitSignal):
            heard.append(message)
    return heard


# ---- debugging ---------------------------------------------------------------------------------------

SENSORS: Final = ("rain", "wind", "sun", "hail", "snow", "dew")
_FIT: Final = (
    "the windows. A supervisor hears only of each time that the one below has given up, and forgets it after its own "
    "`max_seconds`: that has to be long enough for several of them"
)
_ENDLESS: Final = (
    "how large the budgets are. A supervisor that never gives up tells nobody that its restarts do not help. "
    "Budgets of nested supervisors multiply"
)


async def station(Station: Any, sensors: tuple[str, ...] = SENSORS) -> None:
    """A storm costs each sensor one restart, the archive outlives a sensor, and no sensor is restarted for ever.

    Demands: in a storm, one a minute, only the sensor that crashed is new; the archive is kept when one sensor crashes
    twenty times in a row, and by a supervisor that restarts no sensor; it comes back when it ends; a
    sensor that no restart helps brings everything down within 400 crashes, at a thousand crashes a
    second and at ten; one to twelve sensors.
    """
    cases = ((Station, sensors), (Station, tuple("abcdefghijkl")), (Station, ("vane",)))
    await with_other_numbers(_one_station, cases)


async def _one_station(Station: Any, sensors: tuple[str, ...]) -> None:
    names = ("archive", *sensors)
    root = await _grown(Station, list(sensors), names)
    for storm in range(STORMS):
        for sensor in sensors:
            keeper = _keeper(sensor)
            new = await _new_after(names, sensor)
            done = f"lightning: all sensors crash within one second, now {sensor!r}; who is new?"
            if storm:
                done = f"a storm every minute, now number {storm + 1}, and {sensor!r} crashes; who is new?"
            expect(done, new, [sensor], _about_storm(root, new, keeper, _keeper(sensor), storm))
        await Process.sleep(60.0)
    await _one_after_the_other(await _afresh(Station, list(sensors), names), sensors[0])
    root = await _afresh(Station, list(sensors), names)
    keeper = _keeper("archive")
    await _end("archive")
    back = "gone" if Process.whereis("archive") is None else "back"
    expect("the archive alone was ended; what is it now?", back, "back", _about_gone(root, keeper))
    await _in_the_end(Station, list(sensors), names, sensors[0], (0.001, 0.1))


STORMS: Final = 5


def _about_storm(root: Pid, new: list[str], keeper: Pid | None, now: Pid | None, before: int) -> str:
    if "archive" in str(new):
        return "in whose budget the crash of a sensor is counted, and what goes down when that is spent"
    if GONE in str(new):
        return _about_gone(root, keeper)
    if keeper is now:
        return "the strategy among the sensors. Their supervisor has not given up: it restarts them together"
    if before:
        return "how long their supervisor remembers a storm: for its `max_seconds`. The next one comes after a minute"
    return "how many of a storm's crashes their supervisor bears. All sensors count in one budget"


async def _one_after_the_other(root: Pid, sensor: str) -> None:
    """One sensor crashes 21 times in a row, within a fraction of a second."""
    archive = Process.whereis("archive")
    for number in range(21):
        keeper = _keeper(sensor)
        alone = keeper is not _keeper("archive")
        await _end(sensor)
        done = f"crash {number + 1} in a row of {sensor!r}"
        idea = "how far apart the archive and the sensors are: whoever gives up on a sensor must not keep the archive"
        if not alone:
            idea += ". A larger budget only makes the end of the archive rarer"
        expect(f"{done}: the archive", "kept" if Process.whereis("archive") is archive else "lost", "kept", idea)
        if Process.whereis(sensor) is None:
            raise NotYet(done, "it does not come back", "it comes back", _about_gone(root, keeper))
    if not alone:
        seen = "the supervisor that restarts the sensors"
        raise NotYet(f"{done}: who would give up, and stops the archive then?", seen, "nobody yet", idea)


async def _in_the_end(
    Tree: Any,
    argument: object,
    names: Sequence[str],
    name: str,
    pauses: Sequence[float],
    most: int = 400,
    kept: Sequence[str] = (),
) -> None:
    """A process that no restart helps ends the tree within so many crashes, at each of these paces.

    Until then those that are to be ``kept`` stay as they are.
    """
    for pause in pauses:
        root = await _afresh(Tree, argument, names)
        before = {other: Process.whereis(other) for other in kept}
        for _ in range(most):
            await _end(name, pause=pause)
            if not Process.alive(root):
                break
            new = [other for other, pid in before.items() if Process.whereis(other) is not pid]
            idea = "by which strategy a supervisor that gave up is restarted, and who has to go with it for nothing"
            expect(f"{name!r} crashed again and again; who of {', '.join(kept)} is new?", new, [], idea)
        else:
            idea = _ENDLESS if pause == pauses[0] else _FIT
            done = f"{name!r} crashed {most} times, one crash every {pause:g} s"
            raise NotYet(done, "the tree goes on", "it has given up", idea)


_ATTEMPT: Final = (
    "what an attempt that fails does to the uplink. The call exits, and an exit that nobody catches ends the process "
    "that has made the call, and those that are linked to it. `except Exit` catches it, `except Exception` does not. "
    "A crash is answered by a restart at once, and that counts"
)
_PAUSE: Final = (
    "how long it waits between two attempts. Whoever asks without a pause keeps the processor busy for nothing"
)


_WAIT: Final = (
    "how long an attempt waits for its answer: the `timeout` of the call. It is 5 seconds unless you give another, "
    "and with 0 nobody waits at all. Here an answer may take eight seconds"
)
_STRAY: Final = (
    "what a message or a cast that is not its own does to the uplink: nothing. Where no case fits, the state stays"
)
_WORD: Final = 'the word of the state: as long as the gateway has not answered, it is "down"'
_FIRST: Final = "what a second answer does, of an attempt that was under way as well: the first one stays the state"
_ENDED: Final = "what an attempt that fails does to the server: it is no crash, and costs no restart"
_LAST: Final = (
    "who tries again after an attempt that failed, and when: one attempt in ten seconds is due, whatever became of the "
    "one before. A call with `timeout=None` that gets no answer waits for ever"
)
_CROWD: Final = (
    "who still waits for an attempt of long ago. A process that calls without a time-out waits for ever, and each "
    "attempt adds one"
)


async def uplink(Uplink: Any, answer: str = "welcome", away: float = 30.0) -> None:
    """It starts without the gateway, says at any time and without a delay that it is down, and connects when it can.

    Demands: ``init`` needs nobody; ``"state"`` is answered without a delay, at any time, also while a
    gateway is there and says nothing; at most two attempts a second, and one within ten seconds; at most
    five processes wait for the gateway; an answer that takes eight seconds is an answer, and the first
    one stays the state; no failed attempt, no stray message and no stray cast costs a restart or the
    connection.
    """
    await with_other_numbers(_one_uplink, ((Uplink, answer, away), (Uplink, "come in", 12.0)))


async def _one_uplink(Uplink: Any, answer: str, away: float) -> None:
    root, first = await _without_gateway(Uplink)
    if await restless():
        raise NotYet("no gateway was there", "one attempt after the other, without end", "a pause", _PAUSE)
    turns = await _while_away(first, away)
    if turns > 8 * away + 40:  # an attempt takes four turns at most: a timer's, and those of a process that asks
        seen = f"about {turns / away:.0f} turns a second"
        raise NotYet(f"for {away:g} s no gateway was there", seen, "an attempt every few seconds", _PAUSE)
    await _stray(first, "down")
    await _while_silent(first)
    for pause in (0.1, 10.3):
        await _tries_again(pause)
    await _comes_back(first, answer)
    await Supervisor.stop(root)
    for seconds in (4.0, 8.0):
        await _slow_gateway(Uplink, answer, seconds)


async def _without_gateway(Uplink: Any) -> tuple[Pid, Pid]:
    """Start the site while nobody is there to connect to; the supervisor and the uplink."""
    node = current_node()
    began = node.now()
    root = await _grown(_Site, Uplink, ("uplink", "clock"), _ATTEMPT)
    idea = "how long `init` takes. Everybody behind it in the list waits for that"
    expect("it was started while no gateway was there", f"after {node.now() - began:g} s", "after 0 s", idea)
    first = Process.whereis("uplink")
    assert first is not None
    return root, first


async def _while_away(uplink: Pid, away: float) -> int:
    """Ask four times while there is no gateway; answer how many turns the uplink and its helpers have had."""
    before = turns_of_others()
    for quarter in range(4):
        idea = "what the call gets while there is no connection: the state says it, and the server is free to answer"
        await _expect_state(uplink, f"no gateway since {quarter * away / 4:g} s", "down", idea)
        await Process.sleep(away / 4)
    return turns_of_others() - before


async def _stray(uplink: Pid, hoped: str) -> None:
    """A message and a cast that nobody expects."""
    send("uplink", ("a stray message of the check", 1))
    await Process.sleep(0.01)
    await _expect_state(uplink, "a stray message came", hoped, _STRAY, _STRAY)
    GenServer.cast("uplink", ("a stray cast of the check", 1))
    await Process.sleep(0.01)
    await _expect_state(uplink, "a stray cast came", hoped, _STRAY, _STRAY)


async def _while_silent(uplink: Pid) -> None:
    """For half a minute a gateway is there that says nothing."""
    began = current_node().now()
    silent = await _Silent.start([], name="gateway")
    idea = (
        "who waits for the gateway. One that is there and says nothing lets a call wait for its whole time-out, and "
        "whoever waits in a callback answers nobody meanwhile"
    )
    assert silent is not None
    for number in range(80):  # at times that fit no rhythm of whole or half seconds
        await _expect_state(uplink, f"a gateway has been silent for {0.37 * number:.1f} s", "down", idea)
        await Process.sleep(0.37)
    asked = await sys_.get_state(silent)
    if len(asked) > 60:
        raise NotYet("for 30 s a gateway was silent", f"{len(asked)} attempts", "an attempt every few seconds", _PAUSE)
    times = [began, *(time for time, _ in asked), current_node().now()]
    gap = max(later - time for time, later in pairwise(times))
    if gap > LONGEST_GAP:
        seen = f"{gap:.3g} s without an attempt"
        raise NotYet("for 30 s a gateway was silent", seen, "an attempt at least every 10 s", _LAST)
    waiting = {caller for _, caller in asked if Process.alive(caller)}
    if len(waiting) > 5:
        seen = f"{len(waiting)} processes wait for it"
        raise NotYet("for 30 s a gateway was silent", seen, "five of them at most", _CROWD)
    await GenServer.stop(silent)


LONGEST_GAP: Final = 10.0 + 1e-6


async def _tries_again(pause: float) -> None:
    """The gateway has gone, and after a pause there is one that is asked within ten seconds."""
    await Process.sleep(pause)
    silent = await _Silent.start([], name="gateway")
    assert silent is not None
    await Process.sleep(LONGEST_GAP)
    if not await sys_.get_state(silent):
        idea = "how long it waits between two attempts: one within ten seconds, whatever the one before came to"
        done = f"the gateway ended, and {pause:g} s later another one was there"
        raise NotYet(done, "no attempt for ten seconds", "an attempt", idea)
    await GenServer.stop(silent)


async def _comes_back(uplink: Pid, answer: str) -> None:
    """A gateway is there that answers at once."""
    gateway = await _Gateway.start((answer, 0.0, 0), name="gateway")
    assert gateway is not None
    await Process.sleep(LONGEST_GAP)
    idea = "who tries again after an attempt that failed, and after how long. One attempt in ten seconds is due"
    if (await sys_.get_state(gateway))[2]:
        idea = f"what becomes of the answer. The gateway was asked, and has answered at once. And at {_WAIT}"
    await _expect_state(uplink, "the gateway came back ten seconds ago", answer, idea)
    await _stray(uplink, answer)
    await GenServer.stop(gateway)


async def _slow_gateway(Uplink: Any, answer: str, seconds: float) -> None:
    """A gateway needs so many seconds for each answer, and each answer is another one."""
    root, first = await _without_gateway(Uplink)
    began = current_node().now()
    gateway = await _Gateway.start((answer, seconds, 0), name="gateway")
    assert gateway is not None
    free = "who waits for the gateway. Whoever waits in a callback answers nobody meanwhile"
    while (age := current_node().now() - began) < LONGEST_GAP + seconds:
        hoped = "down" if age < seconds else None
        await _expect_state(first, f"for {age:.1f} s a gateway has been there that needs {seconds:g} s", hoped, free)
        await Process.sleep(0.37)
    done = f"a gateway was there that needs {seconds:g} s for an answer"
    await _expect_state(first, f"{done}, and for ten seconds more", answer, _WAIT)
    await Process.sleep(40.0)
    await _expect_state(first, f"{done}, and has answered some time ago", answer, _FIRST)
    await Supervisor.stop(root)
    await GenServer.stop(gateway, timeout=60.0)


async def _expect_state(uplink: Pid, done: str, hoped: str | None, idea: str, ended: str = _ENDED) -> None:
    """Ask the uplink for its state, which may be anything if ``hoped`` is None; it has to be the process it was."""
    began = current_node().now()
    exited = False
    if Process.whereis("uplink") is uplink:
        try:
            seen = await GenServer.call("uplink", "state", timeout=1.0)
        except Exit as exit:
            exited = True
            seen = describe_reason(exit.reason[0] if isinstance(exit.reason, tuple) else exit.reason)
    if Process.whereis("uplink") is not uplink:
        raise NotYet(f"{done}: who is the uplink now?", "another process", "the same as at first", ended)
    about = idea
    if not exited and hoped == "down":
        about = _WORD
    elif not exited and hoped is not None and str(seen).startswith(f"{hoped} "):
        about = _FIRST
    if hoped is not None or exited:
        expect(f"{done}: the state", seen, hoped or "an answer", about)
    if waited := current_node().now() - began:
        late = f"{seen!r} after {waited:.2g} s"
        raise NotYet(f"{done}: the state", late, f"{hoped or seen!r} without a delay", idea)


class _Silent(GenServer):
    """Answers nobody, and keeps when it was asked, and by whom."""

    def init(self, _: Any) -> Ok:
        return Ok([])

    def handle_call(self, request: Any, from_: Any, asked: Any) -> NoReply:
        return NoReply([*asked, (current_node().now(), from_[0])])


class _Site(Supervisor):
    def init(self, Uplink: Any) -> Supervise:
        return Supervise([(Uplink, "uplink"), ChildSpec("clock", (_clock, ()))], strategy="one_for_one")


async def _clock() -> Pid | None:
    return await GenServer.start_link(None, name="clock")


class _Gateway(GenServer):
    """Needs some seconds for each answer; from the second on, the answer has a number."""

    async def handle_call(self, request: Any, from_: Any, state: Any) -> Reply:
        answer, seconds, given = state
        if seconds:
            await Process.sleep(seconds)
        return Reply(f"{answer} {given}" if given else answer, (answer, seconds, given + 1))


# ---- design ------------------------------------------------------------------------------------------

PARTS: Final = ("archive", "weather", "mount", "camera", "guider")
WANTED: Final[Fates] = {
    "archive": ["archive"],
    "weather": ["weather"],
    "mount": ["mount", "camera", "guider"],
    "camera": ["camera", "guider"],
    "guider": ["camera", "guider"],
}


async def observatory(Observatory: Any, reason: object = "kill") -> None:
    """Each fault takes down what it must and no more, and a camera that no restart helps ends it all.

    Demands: the sets of parts that are new together, after a crash and after a quiet end ("shutdown");
    ends of the weather or of the archive, one a minute, cost nobody else anything; ten crashes of
    camera and guider together within a minute make those two new, the eleventh the mount as well; what
    is older than a minute does not count; a camera that goes on crashing ends the whole tree within 400
    crashes, at a thousand crashes a second, at one, and at one every 5.9 seconds.
    """
    for end in dict.fromkeys((reason, "shutdown")):
        for name in PARTS:
            root = await _afresh(Observatory, None, PARTS)
            keeper = _keeper(name)
            seen = await _new_after(PARTS, name, end)
            idea = _about_gone(root, keeper) if GONE in str(seen) else _about_parts(seen, WANTED[name])
            expect(f"the {name} ended with {end!r}; who is new?", seen, WANTED[name], idea)
    await _bad_night(await _afresh(Observatory, None, PARTS), reason)
    await _two_normal_nights(await _afresh(Observatory, None, PARTS), reason)
    for name in ("weather", "archive"):
        await _stands_alone(await _afresh(Observatory, None, PARTS), name, reason)
    await _in_the_end(Observatory, None, PARTS, "camera", (0.001, 1.0, 5.9), kept=("archive", "weather"))


async def _bad_night(root: Pid, reason: object) -> None:
    """The camera crashes eleven times within a minute."""
    for number in range(10):
        seen = await _new_after(PARTS, "camera", reason)
        idea = "the budget of whoever restarts the camera: ten in a minute, and everybody with that budget draws on it"
        expect(f"crash {number + 1} of ten of the camera within a minute; who is new?", seen, WANTED["camera"], idea)
        await Process.sleep(5.9)
    keeper = _keeper("camera")
    seen = await _new_after(PARTS, "camera", reason)
    idea = "who hears of a supervisor that gave up: its own one, which treats it as any child. By which strategy?"
    if GONE in str(seen):
        idea = _about_gone(root, keeper)
    elif keeper is not None and Process.alive(keeper):
        idea = "how many crashes in a minute whoever restarts the camera bears: ten, and it has borne eleven"
    expect("the eleventh within a minute; who is new?", seen, WANTED["mount"], idea)


async def _two_normal_nights(root: Pid, reason: object) -> None:
    """Ten crashes at once, of camera and guider in turn, a minute of peace, and ten more."""
    for night in ("ten crashes at once", "ten at once, a minute of peace, and ten more"):
        for number in range(10):
            keeper = _keeper("camera")
            seen = await _new_after(PARTS, ("camera", "guider")[number % 2], reason)
            idea = "how long whoever restarts the camera remembers a crash: a minute, which is its `max_seconds`"
            if GONE in str(seen):
                idea = _about_gone(root, keeper)
            done = f"{night}, of camera and guider in turn; who is new at number {number + 1}?"
            expect(done, seen, WANTED["camera"], idea)
        await Process.sleep(60.5)


async def _stands_alone(root: Pid, name: str, reason: object) -> None:
    """It ends once a minute, thirty times."""
    for number in range(30):
        seen = await _new_after(PARTS, name, reason)
        idea = (
            f"in whose budget the ends of the {name} are counted, and within how many seconds: more of them than "
            "`max_restarts` in that window, and the supervisor gives up and stops everybody. Who else draws on it?"
        )
        done = f"the {name} ended once a minute, now for the {_ordinal(number + 1)} time; who is new?"
        expect(done, seen, WANTED[name], idea)
        await Process.sleep(60.0)


def _ordinal(number: int) -> str:
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th") if number % 100 not in (11, 12, 13) else "th"
    return f"{number}{ending}"


def _about_parts(seen: list[str], hoped: list[str]) -> str:
    if set(seen) < set(hoped):
        return "who has to go down with it, and does not: they need a supervisor that restarts them together"
    if set(seen) > set(hoped):
        return "who goes down with it for nothing: it needs a supervisor between itself and the others"
    return "who goes down with it, and who does not: first draw which of them belong together"

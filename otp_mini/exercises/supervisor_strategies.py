"""The checks of chapter 05, supervisor strategies.

Most of them inject faults: they end one process after the other, and look who is new.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from .. import (
    ChildSpec,
    Exit,
    ExitSignal,
    GenServer,
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
)
from ..errors import describe_reason
from .checking import NotYet, expect

Fates = dict[str, list[str]]
"""For each process that was ended, who was new after that, in the order asked for."""

CALM: Final = 600.0  # seconds after which no restart counts any more
GONE: Final = " (gone)"


# ---- growing a tree, and breaking it ---------------------------------------------------------------


async def _grown(Tree: Any, argument: object, names: Sequence[str], idea: str = "") -> Pid:
    """Start a tree, and see that every part runs under its name."""
    Process.flag(trap_exit=True)  # a supervisor that gives up is something to look at
    try:
        root = await Tree.start_link(argument)
    except StartError as error:
        raise _not_started(error) from None
    if root is None:
        raise NotYet("the tree was started", "Ignore()", "a supervisor", "what `init` returns: Supervise(…)")
    missing = [name for name in names if Process.whereis(name) is None]
    idea = idea or "the list of children: `(Part, name)` is one of them, and it runs under that name"
    expect(f"the tree was started; who of {', '.join(names)} is missing?", missing, [], idea)
    return root  # type: ignore[no-any-return]


def _not_started(error: StartError) -> BaseException:
    """What a start failed with: an exception of the student's code as it is, all else as a `NotYet`."""
    reason = error.reason
    while isinstance(reason, tuple) and len(reason) == 2 and reason[0] == "shutdown":
        match reason[1]:
            case ("failed_to_start_child", _, why):
                reason = why
            case _:
                break
    if isinstance(reason, BaseException):
        return StartError(reason)
    idea = "what the error says of the child or the plan. A first start is tried once, and not again"
    return NotYet("the tree was started", describe_reason(error.reason), "all of it running", idea)


async def _end(name: str, reason: object = "kill") -> None:
    """End a process, and give its supervisor the time to see to it."""
    pid = Process.whereis(name)
    if pid is not None:
        Process.exit(pid, reason)
    await Process.sleep(0.001)


async def _new_after(names: Sequence[str], ended: str, reason: object = "kill") -> list[str]:
    """End one process; who of ``names`` is another one now, or has not come back?"""
    before = {name: Process.whereis(name) for name in names}
    await _end(ended, reason)
    after = {name: Process.whereis(name) for name in names if Process.whereis(name) is not before[name]}
    return [name if pid is not None else f"{name}{GONE}" for name, pid in after.items()]


async def _fates(names: Sequence[str], reason: object = "kill") -> Fates:
    """End each once, so long after one another that no restart counts for the next."""
    fates = {}
    for name in names:
        fates[name] = await _new_after(names, name, reason)
        await Process.sleep(CALM)
    return fates


# ---- drills ----------------------------------------------------------------------------------------


async def studio(Studio: Any, reason: object = "kill") -> None:
    """Each crash takes along what depends on it, and nothing else."""
    names = ("clock", "recorder", "display")
    await _grown(Studio, None, names)
    fates = await _fates(names, reason)
    sizes = [len(fates[name]) for name in names]
    if GONE in str(fates):
        idea = "whether it comes back at all: a child's `restart` is asked before the strategy"
    elif sizes == [1, 1, 1]:
        idea = "the strategy. This one restarts what died, and leaves alone what depended on it"
    elif sizes == [3, 3, 3]:
        idea = "the strategy. This one restarts everybody, also those who depend on nothing that died"
    else:
        idea = "the order of the list. A strategy knows nothing of who depends on whom, only who was started after whom"
    for name, hoped in {"clock": [*names], "recorder": [*names[1:]], "display": ["display"]}.items():
        expect(f"the {name} ended with {reason!r}; who is new?", fates[name], hoped, idea)


async def presses(Presses: Any, names: tuple[str, ...] = ("flatbed", "rotary", "proof")) -> None:
    """Ten restarts in a minute are fine, the eleventh ends it, and what is older is forgotten."""
    root = await _grown(Presses, list(names), names)
    idea = "the strategy: presses have nothing to do with each other"
    expect(f"the press {names[0]!r} was ended; who is new?", await _new_after(names, names[0]), [names[0]], idea)
    await Process.sleep(CALM)
    for number in range(10):
        await _end(names[number % len(names)])
        idea = "how many restarts are allowed, and who counts them: the supervisor, for all its children together"
        expect(f"crash {number + 1} of ten, 5.9 seconds apart", _state(root), "it goes on", idea)
        await Process.sleep(5.9)
    await _end(names[0])
    idea = "how many restarts are allowed, and within how many seconds: all eleven lay within one minute"
    expect("the eleventh crash came in second 59", _state(root), "it gave up", idea)
    await _forgets(Presses, names)


async def _forgets(Presses: Any, names: tuple[str, ...]) -> None:
    """Ten at once, a minute of peace, and ten more."""
    root = await _grown(Presses, list(names), names)
    for _ in range(2):
        for number in range(10):
            await _end(names[number % len(names)])
        await Process.sleep(60.5)
    idea = "how long a restart is remembered: `max_seconds`, and not longer"
    expect("ten crashes at once, a minute of peace, ten more", _state(root), "it goes on", idea)


def _state(supervisor: Pid) -> str:
    return "it goes on" if Process.alive(supervisor) else "it gave up"


Case = tuple[list[float], int, float]
CASES: Final[list[Case]] = [
    ([0.0, 1.0, 2.0], 3, 5.0),
    ([0.0, 1.0, 2.0, 3.0], 3, 5.0),
    ([0.0, 2.0, 4.0, 6.0, 8.0], 3, 5.0),
    ([0.0, 3.0, 4.0, 7.0, 7.5], 3, 5.0),
]


async def gives_up(function: Callable[[list[float], int, float], float | None], *more: Case) -> None:
    """It agrees with a real supervisor, crash by crash."""
    for times, max_restarts, max_seconds in (*CASES, *more):
        hoped, root = await _really(times, max_restarts, max_seconds)
        seen = function(list(times), max_restarts, max_seconds)
        if seen is None:
            idea = "when there is one too many: more than `max_restarts` of them lie within `max_seconds`"
        elif hoped is None:
            idea = "which crashes still count: those of the last `max_seconds` before this one, and none before them"
        else:
            idea = "which crash is the one too many, and that nothing comes after it. The answer is its time"
        at = ", ".join(f"{time:g}" for time in times)
        done = f"crashes at {at} s, and {max_restarts} in {max_seconds:g} s allowed"
        expect(done, seen, hoped, idea)
        if hoped is None:
            await Supervisor.stop(root)


async def _really(times: list[float], max_restarts: int, max_seconds: float) -> tuple[float | None, Pid]:
    """The time of the crash at which a supervisor gives up, by having it done; and the supervisor."""
    Process.flag(trap_exit=True)
    began = current_node().now()
    root = await Supervisor.start_link(
        [_teller("it", self_())], strategy="one_for_one", max_restarts=max_restarts, max_seconds=max_seconds
    )
    assert root is not None
    for time in times:
        await Process.sleep(began + time - current_node().now())
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
    function: Callable[[str, list[str], str], Moves], names: tuple[str, ...] = ("a", "b", "c", "d")
) -> None:
    """It agrees with real supervisors of every strategy, in who and in which order."""
    for strategy in ("one_for_one", "one_for_all", "rest_for_one"):
        for crashed in names:
            hoped, root = await _real_moves(strategy, names, crashed)
            seen = function(strategy, list(names), crashed)
            done = f"{crashed!r} of {', '.join(names)} crashed under {strategy}; who is stopped, who is started?"
            expect(done, seen, hoped, _about_moves(seen, hoped, crashed))
            await Supervisor.stop(root)
            await _heard()


def _about_moves(seen: Any, hoped: Moves, crashed: str) -> str:
    if not (isinstance(seen, tuple) and len(seen) == 2 and all(isinstance(part, list) for part in seen)):
        return "what to return: a pair of two lists, first those who are stopped, then those who are started"
    if crashed in seen[0]:
        return "who is stopped. One that has crashed is not there to be stopped"
    if sorted(seen[0]) == sorted(hoped[0]) and sorted(seen[1]) == sorted(hoped[1]):
        return "the order. Whoever was started last depends on the most: when does it go, and when does it come?"
    return "who goes down with it under this strategy, and that all of them come back"


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


async def station(Station: Any, sensors: tuple[str, ...] = SENSORS) -> None:
    """A storm costs each sensor one restart, and the archive lives on."""
    names = ("archive", *sensors)
    root = await _grown(Station, list(sensors), names)
    for sensor in sensors:
        new = await _new_after(names, sensor)
        idea = (
            "in whose budget the crash of a sensor is counted, and what goes down when that is spent"
            if "archive" in str(new)
            else "how many of a storm's crashes their supervisor bears. All sensors count in one budget"
        )
        expect(f"lightning: all sensors crash within one second, now {sensor!r}; who is new?", new, [sensor], idea)
    await Process.sleep(CALM)
    archive = Process.whereis("archive")
    for number in range(20):
        await _end(sensors[0])
        kept = "kept" if Process.whereis("archive") is archive else "lost"
        idea = "how far apart the archive and the sensors are: whoever gives up on a sensor must not keep the archive"
        expect(f"crash {number + 1} of twenty of {sensors[0]!r} within one second: the archive", kept, "kept", idea)
    await _ends(root, sensors[0], 400)


async def _ends(root: Pid, name: str, crashes: int) -> None:
    """A process that no restart helps ends the tree, in so many crashes."""
    for _ in range(crashes):
        if not Process.alive(root):
            return
        await _end(name)
    idea = (
        "how large the budgets are. A supervisor that never gives up tells nobody that its restarts do not help. "
        "Budgets of nested supervisors multiply"
    )
    raise NotYet(f"{name!r} crashed {crashes} times within one second", "the tree goes on", "it has given up", idea)


async def uplink(Uplink: Any, answer: str = "welcome", away: float = 30.0) -> None:
    """It starts without the gateway, says that it is down, and connects when it can."""
    node = current_node()
    idea = "what an attempt that fails does to the server. A crash is answered by a restart at once, and that counts"
    root = await _grown(_Site, Uplink, ("uplink", "clock"), idea)
    idea = "how long `init` takes. Everybody behind it in the list waits for that"
    expect("it was started while no gateway was there", f"after {node.now():g} s", "after 0 s", idea)
    first = Process.whereis("uplink")
    while node.now() < away:
        idea = "what the call gets while there is no connection: the state says it, and the server is free to answer"
        expect(f"in second {node.now():.0f}, no gateway: the state", await _asked(), "down", idea)
        await Process.sleep(away / 4)
    await _Gateway.start_link(answer, name="gateway")
    await Process.sleep(10.0)
    idea = "who tries again after an attempt that failed, and after how long. Ten seconds are enough to try twice"
    expect("the gateway came back ten seconds ago: the state", await _asked(), answer, idea)
    same = "the same process" if Process.whereis("uplink") is first else "another process"
    idea = "what an attempt that fails does to the server: it is no crash, and costs no restart"
    expect("who is the uplink now, compared with the beginning?", same, "the same process", idea)
    await Supervisor.stop(root)


async def _asked() -> object:
    try:
        return await GenServer.call("uplink", "state")
    except Exit as exit:
        return describe_reason(exit.reason[0] if isinstance(exit.reason, tuple) else exit.reason)


class _Site(Supervisor):
    def init(self, Uplink: Any) -> Supervise:
        return Supervise([(Uplink, "uplink"), ChildSpec("clock", (_clock, ()))], strategy="one_for_one")


async def _clock() -> Pid | None:
    return await GenServer.start_link(None, name="clock")


class _Gateway(GenServer):
    def handle_call(self, request: Any, from_: Any, answer: Any) -> Reply:
        return Reply(answer, answer)


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
    """Each fault takes down what it must, too many of them take down more, and no more."""
    root = await _grown(Observatory, None, PARTS)
    for name in PARTS:
        seen = await _new_after(PARTS, name, reason)
        expect(f"the {name} ended; who is new?", seen, WANTED[name], _about_parts(seen, WANTED[name]))
        await Process.sleep(CALM)
    for number in range(10):
        seen = await _new_after(PARTS, "camera", reason)
        idea = "the budget of whoever restarts the camera: ten in a minute, and everybody with that budget draws on it"
        expect(f"crash {number + 1} of ten of the camera within a minute; who is new?", seen, WANTED["camera"], idea)
        await Process.sleep(5.9)
    seen = await _new_after(PARTS, "camera", reason)
    idea = "who hears of a supervisor that gave up: its own one, which treats it as any child. By which strategy?"
    expect("the eleventh within a minute; who is new?", seen, WANTED["mount"], idea)
    await Process.sleep(CALM)
    await _ends(root, "camera", 300)


def _about_parts(seen: list[str], hoped: list[str]) -> str:
    if GONE in str(seen):
        return "whether it comes back at all: its `restart`, and whether a supervisor above it has given up"
    if set(seen) < set(hoped):
        return "who has to go down with it, and does not: they need a supervisor that restarts them together"
    if set(seen) > set(hoped):
        return "who goes down with it for nothing: it needs a supervisor between itself and the others"
    return "who goes down with it, and who does not: first draw which of them belong together"

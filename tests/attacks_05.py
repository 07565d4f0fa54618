"""Attacks on the checks of chapter 05, supervisor strategies."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from attacks import Table

from otp_mini import (
    ChildSpec,
    Continue,
    Down,
    Exit,
    GenServer,
    Ignore,
    NoReply,
    Ok,
    Process,
    Reply,
    Supervise,
    Supervisor,
    child_spec,
    self_,
    send,
    spawn,
    spawn_link,
)
from otp_mini.exercises import supervisor_strategies as ex

table = Table()


class Part(GenServer):
    """As in the chapter: known by its name, to its supervisor too."""

    @classmethod
    async def start_link(cls, name: Any) -> Any:  # type: ignore[override]
        return await super().start_link(name, name=name)

    @classmethod
    def child_spec(cls, name: Any) -> ChildSpec:
        return super().child_spec(name).override(id=name)


class Branch(Supervisor):
    """As in the chapter: (its name, its plan)."""

    @classmethod
    async def start_link(cls, argument: Any) -> Any:  # type: ignore[override]
        return await super().start_link(argument, name=argument[0])

    def init(self, argument: Any) -> Supervise:
        plan: Supervise = argument[1]
        return plan

    @classmethod
    def child_spec(cls, argument: Any) -> ChildSpec:
        return super().child_spec(argument).override(id=argument[0])


def parts(*names: str) -> list[Any]:
    return [(Part, name) for name in names]


def sup(plan: Callable[[Any], Any]) -> type[Supervisor]:
    """A supervisor class whose `init` is the given function."""
    return type("Tree", (Supervisor,), {"init": lambda self, argument: plan(argument)})


# ---- the studio: order and strategy ---------------------------------------------------------------------

in_order = parts("clock", "recorder", "display")
GoodStudio = sup(lambda _: Supervise(in_order, strategy="rest_for_one"))
AloneStudio = sup(lambda _: Supervise(in_order, strategy="one_for_one"))
AllStudio = sup(lambda _: Supervise(in_order, strategy="one_for_all"))
BackwardsStudio = sup(lambda _: Supervise(in_order[::-1], strategy="rest_for_one"))
ShuffledStudio = sup(lambda _: Supervise(parts("recorder", "clock", "display"), strategy="rest_for_one"))
HalfStudio = sup(lambda _: Supervise(in_order[:2], strategy="rest_for_one"))
UndecidedStudio = sup(lambda _: Supervise(in_order))
InventiveStudio = sup(lambda _: Supervise(in_order, strategy="one_for_rest"))  # type: ignore[arg-type]
TwiceStudio = sup(lambda _: Supervise([*in_order, (Part, "clock")], strategy="rest_for_one"))
ShyStudio = sup(lambda _: Ignore())
LazyStudio = sup(
    lambda _: Supervise([child_spec(part, restart="temporary") for part in in_order], strategy="rest_for_one")
)

# ---- the presses: a budget -------------------------------------------------------------------------------


def presses(strategy: Any = "one_for_one", restarts: int = 10, seconds: float = 60.0) -> type[Supervisor]:
    return sup(lambda names: Supervise(parts(*names), strategy, restarts, seconds))


GoodPresses = presses()
DefaultPresses = presses(restarts=3, seconds=5.0)
ElevenPresses = presses(restarts=11)
ShortPresses = presses(seconds=5.0)
LongPresses = presses(seconds=600.0)
EachPresses = presses(restarts=4)
CoupledPresses = presses("one_for_all")
TransientPresses = sup(
    lambda names: Supervise([child_spec((Part, name), restart="transient") for name in names], "one_for_one", 10, 60.0)
)
SpelledOutPresses = sup(
    lambda names: Supervise(
        [ChildSpec(name, (Part.start_link, (name,)), "permanent") for name in names], "one_for_one", 10, 60.0
    )
)

# ---- two functions ----------------------------------------------------------------------------------------


def gives_up(crashes: list[float], max_restarts: int, max_seconds: float) -> float | None:
    for number, now in enumerate(crashes):
        if sum(now - at <= max_seconds for at in crashes[: number + 1]) > max_restarts:
            return now
    return None


def total(crashes: list[float], max_restarts: int, max_seconds: float) -> float | None:
    return crashes[max_restarts] if len(crashes) > max_restarts else None


def blocks(crashes: list[float], max_restarts: int, max_seconds: float) -> float | None:
    """Counts in fixed blocks of time, and not in a window that slides."""
    counts: dict[int, int] = {}
    for now in crashes:
        counts[int(now // max_seconds)] = counts.get(int(now // max_seconds), 0) + 1
        if counts[int(now // max_seconds)] > max_restarts:
            return now
    return None


def early(crashes: list[float], max_restarts: int, max_seconds: float) -> float | None:
    return gives_up(crashes, max_restarts - 1, max_seconds)


def last(crashes: list[float], max_restarts: int, max_seconds: float) -> float | None:
    return None if gives_up(crashes, max_restarts, max_seconds) is None else crashes[-1] + 1


def open_end(crashes: list[float], max_restarts: int, max_seconds: float) -> float | None:
    for number, now in enumerate(crashes):
        if sum(now - at < max_seconds for at in crashes[: number + 1]) > max_restarts:
            return now
    return None


def moves(strategy: str, names: list[str], crashed: str) -> tuple[list[str], list[str]]:
    at = names.index(crashed)
    group = {"one_for_one": [crashed], "one_for_all": names, "rest_for_one": names[at:]}[strategy]
    return [name for name in reversed(group) if name != crashed], list(group)


def forward(strategy: str, names: list[str], crashed: str) -> tuple[list[str], list[str]]:
    stopped, started = moves(strategy, names, crashed)
    return stopped[::-1], started


def stops_the_dead(strategy: str, names: list[str], crashed: str) -> tuple[list[str], list[str]]:
    return moves(strategy, names, crashed)[1][::-1], moves(strategy, names, crashed)[1]


def earlier_ones(strategy: str, names: list[str], crashed: str) -> tuple[list[str], list[str]]:
    if strategy != "rest_for_one":
        return moves(strategy, names, crashed)
    group = names[: names.index(crashed) + 1]
    return group[-2::-1] if len(group) > 1 else [], group


def leaves_them_out(strategy: str, names: list[str], crashed: str) -> tuple[list[str], list[str]]:
    return moves(strategy, names, crashed)[0], [crashed]


def only_the_started(strategy: str, names: list[str], crashed: str) -> Any:
    return moves(strategy, names, crashed)[1]


# ---- the station: two supervisors instead of one -----------------------------------------------------------


def station(
    budget: int = 1,
    more: int = 10,
    above: int = 3,
    strategy: Any = "one_for_one",
    window: float = 60.0,
    restart: Any = "permanent",
) -> type[Supervisor]:
    """``budget`` is for each sensor, and so many ``more`` for all."""

    def plan(names: list[str]) -> Supervise:
        sensors = Supervise(parts(*names), strategy, max_restarts=budget * len(names) + more)
        branch = child_spec((Branch, ("sensors", sensors)), restart=restart)
        return Supervise([(Part, "archive"), branch], "one_for_one", max_restarts=above, max_seconds=window)

    return sup(plan)


GoodStation = station()
FlatStation = sup(lambda names: Supervise(parts("archive", *names), strategy="one_for_one"))
GenerousStation = sup(lambda names: Supervise(parts("archive", *names), "one_for_one", max_restarts=12))
TwentyStation = sup(lambda names: Supervise(parts("archive", *names), "one_for_one", max_restarts=20))
NarrowStation = sup(
    lambda names: Supervise(
        [(Part, "archive"), (Branch, ("sensors", Supervise(parts(*names), "one_for_one", max_restarts=3)))],
        "one_for_one",
    )
)
CoupledStation = station(strategy="one_for_all")
EndlessStation = station(100_000)
BrittleStation = station(1, 0, above=0)
TwiceStation = station(2, 0)
ShortStation = station(window=5.0)
TransientStation = station(restart="transient")
SixStation = sup(
    lambda names: Supervise(
        [(Part, "archive"), (Branch, ("sensors", Supervise(parts(*names), "one_for_one", max_restarts=6)))],
        "one_for_one",
        max_seconds=60.0,
    )
)

# ---- the uplink: a start that needs nobody ---------------------------------------------------------------------


class GoodUplink(Part):
    """As in the chapter: another process asks, and its answer comes as a cast."""

    def init(self, name: Any) -> Any:
        send(self_(), "try")
        return Ok("down")

    def handle_info(self, message: Any, state: Any) -> Any:
        if message == "try" and state == "down":
            self.send_somebody(self.ask)
            Process.send_after(self_(), "try", 3.0)
        return NoReply(state)

    def send_somebody(self, ask: Any) -> None:
        spawn(ask, self_())

    @staticmethod
    async def ask(uplink: Any) -> None:
        GenServer.cast(uplink, ("connected", await GenServer.call("gateway", "hello", timeout=9.0)))

    def handle_cast(self, request: Any, state: Any) -> Any:
        match request:
            case ("connected", answer) if state == "down":
                return NoReply(answer)
        return NoReply(state)

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        return Reply(state, state)


class BriefUplink(Part):
    """Waits for the gateway itself, half a second at a time."""

    def init(self, name: Any) -> Any:
        return Ok("down", Continue("connect"))

    async def handle_continue(self, work: Any, state: Any) -> Any:
        try:
            return NoReply(await GenServer.call("gateway", "hello", timeout=0.5))
        except Exit:
            Process.send_after(self_(), "connect", 2.0)
            return NoReply("down")

    def handle_info(self, message: Any, state: Any) -> Any:
        return NoReply(state, Continue("connect")) if message == "connect" else NoReply(state)

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        return Reply(state, state)

    def handle_cast(self, request: Any, state: Any) -> Any:
        return NoReply(state)


class EagerUplink(BriefUplink):
    async def init(self, name: Any) -> Any:
        return Ok(await GenServer.call("gateway", "hello"))


class PatientUplink(BriefUplink):
    async def init(self, name: Any) -> Any:
        for _ in range(10):
            try:
                return Ok(await GenServer.call("gateway", "hello"))
            except Exit:
                await Process.sleep(1.0)
        return Ok("down")


class CrashingUplink(BriefUplink):
    async def handle_continue(self, work: Any, state: Any) -> Any:
        return NoReply(await GenServer.call("gateway", "hello"))


class OnceUplink(BriefUplink):
    async def handle_continue(self, work: Any, state: Any) -> Any:
        try:
            return NoReply(await GenServer.call("gateway", "hello"))
        except Exit:
            return NoReply("down")


class BlockingUplink(BriefUplink):
    async def handle_continue(self, work: Any, state: Any) -> Any:
        while True:
            try:
                return NoReply(await GenServer.call("gateway", "hello"))
            except Exit:
                await Process.sleep(1.0)


class SpinningUplink(BriefUplink):
    async def handle_continue(self, work: Any, state: Any) -> Any:
        try:
            return NoReply(await GenServer.call("gateway", "hello"))
        except Exit:
            return NoReply("down", Continue("connect"))


class QuittingUplink(BriefUplink):
    """Ends after a while, and leaves the next attempt to its supervisor."""

    async def handle_continue(self, work: Any, state: Any) -> Any:
        try:
            return NoReply(await GenServer.call("gateway", "hello"))
        except Exit:
            Process.send_after(self_(), "again", 4.0)
            return NoReply("down")

    def handle_info(self, message: Any, state: Any) -> Any:
        raise Exit("another try")


def branch(name: str) -> Any:
    """A part in a branch of its own."""
    return (Branch, (f"{name} branch", Supervise(parts(name), "one_for_one")))


# ---- the observatory --------------------------------------------------------------------------------------------


def observatory(
    imaging: Any = "one_for_all",
    instruments: Any = "one_for_all",
    budget: int = 10,
    seconds: float = 60.0,
    root: Any = "one_for_one",
    windows: tuple[float, float] = (600.0, 3600.0),
    restart: Any = "permanent",
    top: int = 3,
    alone: Any = None,
) -> type[Supervisor]:
    def plan(_: object) -> Supervise:
        pair = Supervise(parts("camera", "guider"), imaging, budget, seconds)
        inner = child_spec((Branch, ("imaging", pair)), restart=restart)
        group = Supervise([(Part, "mount"), inner], instruments, max_seconds=windows[0])
        others = [branch(name) for name in ("archive", "weather")] if alone is None else alone
        return Supervise([*others, (Branch, ("instruments", group))], root, max_restarts=top, max_seconds=windows[1])

    return sup(plan)


GoodObservatory = observatory()
FlatObservatory = sup(lambda _: Supervise(parts(*ex.PARTS), "one_for_one", 10, 60.0))
CoupledObservatory = observatory(root="one_for_all")
LoosePairObservatory = observatory(imaging="one_for_one")
LooseMountObservatory = observatory(instruments="one_for_one")
PoorObservatory = observatory(budget=3, seconds=5.0)
NineObservatory = observatory(budget=9)
ElevenObservatory = observatory(budget=11)
GentleObservatory = observatory(instruments="rest_for_one")
EndlessObservatory = sup(
    lambda _: Supervise(
        [
            *[branch("archive"), branch("weather")],
            (
                Branch,
                (
                    "instruments",
                    Supervise(
                        [
                            (Part, "mount"),
                            (Branch, ("imaging", Supervise(parts("camera", "guider"), "one_for_all", 10, 60.0))),
                        ],
                        "one_for_all",
                        max_restarts=100_000,
                    ),
                ),
            ),
        ],
        "one_for_one",
    )
)


# ---- what passed once, or was blamed for something else -----------------------------------------------------

NoneStudio = sup(lambda _: Supervise(in_order, strategy="rest_for_one", max_restarts=0))
TransientStudio = sup(
    lambda _: Supervise([child_spec(part, restart="transient") for part in in_order], strategy="rest_for_one")
)
SplitStudio = sup(
    lambda _: Supervise(
        [(Part, "clock"), (Branch, ("listeners", Supervise(in_order[1:], strategy="rest_for_one")))], "rest_for_one"
    )
)
NonePresses = presses(restarts=0)
NamedPresses = sup(lambda names: Supervise(parts("flatbed", "rotary", "proof"), "one_for_one", 10, 60.0))
SpecifiedPresses = sup(
    lambda names: Supervise([child_spec((Part, name)) for name in reversed(names)], "one_for_one", 10, 60)
)


def whole_seconds(crashes: list[float], max_restarts: int, max_seconds: float) -> float | None:
    for number, now in enumerate(crashes):
        if sum(int(now) - int(at) <= max_seconds for at in crashes[: number + 1]) > max_restarts:
            return now
    return None


def three_in_five(crashes: list[float], max_restarts: int, max_seconds: float) -> float | None:
    return gives_up(crashes, 3, 5.0)


def with_a_queue(crashes: list[float], max_restarts: int, max_seconds: float) -> float | None:
    window: deque[float] = deque()
    for now in crashes:
        window.append(now)
        while now - window[0] > max_seconds:
            window.popleft()
        if len(window) > max_restarts:
            return now
    return None


def alphabetical(strategy: str, names: list[str], crashed: str) -> tuple[list[str], list[str]]:
    return moves(strategy, sorted(names), crashed)


def knows_the_names(strategy: str, names: list[str], crashed: str) -> tuple[list[str], list[str]]:
    order = ["db", "cache", "web", "api"]
    return moves(strategy, order, crashed if crashed in order else "db")


def turns_them_round(strategy: str, names: list[str], crashed: str) -> tuple[list[str], list[str]]:
    answer = moves(strategy, names, crashed)
    names.reverse()
    return answer


def list_of_tuples(strategy: str, names: list[str], crashed: str) -> Any:
    stopped, started = moves(strategy, names, crashed)
    return [tuple(stopped), tuple(started)]


def each_alone(names: list[str]) -> Supervise:
    """Each sensor has a branch and a budget of its own."""
    branches = [(Branch, (f"{name} branch", Supervise([(Part, name)], "one_for_one"))) for name in names]
    sensors = (Branch, ("sensors", Supervise(branches, "one_for_one", max_seconds=60.0)))
    archive = (Branch, ("archives", Supervise(parts("archive"), "one_for_one")))
    return Supervise([sensors, archive], "one_for_one", max_seconds=300.0)


EachAloneStation = sup(each_alone)


class PythonicUplink(BriefUplink):
    async def handle_continue(self, work: Any, state: Any) -> Any:
        try:
            return NoReply(await GenServer.call("gateway", "hello", timeout=0.5))
        except Exception:
            Process.send_after(self_(), "connect", 2.0)
            return NoReply("down")


class HecticUplink(BriefUplink):
    async def handle_continue(self, work: Any, state: Any) -> Any:
        try:
            return NoReply(await GenServer.call("gateway", "hello", timeout=0.5))
        except Exit:
            Process.send_after(self_(), "connect", 0.01)
            return NoReply("down")


class TrustfulUplink(BriefUplink):
    """Waits for a silent gateway as long as any call waits."""

    async def handle_continue(self, work: Any, state: Any) -> Any:
        try:
            return NoReply(await GenServer.call("gateway", "hello"))
        except Exit:
            Process.send_after(self_(), "connect", 2.0)
            return NoReply("down")


class NervousUplink(GoodUplink):
    """Whatever it hears, it is down until it has asked again."""

    def handle_info(self, message: Any, state: Any) -> Any:
        return super().handle_info(message, state) if message == "try" else NoReply("down")


class WelcomeUplink(GoodUplink):
    def handle_cast(self, request: Any, state: Any) -> Any:
        return NoReply("welcome" if request[0] == "connected" else state)


class LinkedUplink(GoodUplink):
    """The process that asks takes the uplink along when its call exits."""

    def send_somebody(self, ask: Any) -> None:
        spawn_link(ask, self_())


class RestlessHelperUplink(GoodUplink):
    """One helper asks again and again, a hundred times a second."""

    def init(self, name: Any) -> Any:
        spawn(self.ask, self_())
        return Ok("down")

    @staticmethod
    async def ask(uplink: Any) -> None:
        while True:
            try:
                return GenServer.cast(uplink, ("connected", await GenServer.call("gateway", "hello", timeout=3.0)))
            except Exit:
                await Process.sleep(0.01)


class HastyUplink(GoodUplink):
    """Pauses while there is no gateway, and presses one that is silent."""

    def init(self, name: Any) -> Any:
        spawn(self.ask, self_())
        return Ok("down")

    @staticmethod
    async def ask(uplink: Any) -> None:
        while True:
            try:
                return GenServer.cast(uplink, ("connected", await GenServer.call("gateway", "hello", timeout=0.1)))
            except Exit as exit:
                await Process.sleep(0.0 if exit.reason[0] == "timeout" else 2.0)


class MessengerUplink(GoodUplink):
    """Sends somebody else to the gateway, and goes on answering."""

    def init(self, name: Any) -> Any:
        send(self_(), "connect")
        return Ok("down")

    def handle_info(self, message: Any, state: Any) -> Any:
        async def messenger(home: Any) -> None:
            try:
                send(home, ("connected", await GenServer.call("gateway", "hello", timeout=8.5)))
            except Exit:
                Process.send_after(home, "connect", 1.5)

        match message:
            case "connect":
                spawn(messenger, self_())
            case ("connected", answer):
                return NoReply(answer)
        return NoReply(state)

    def handle_cast(self, request: Any, state: Any) -> Any:
        return NoReply(state)


class LoopUplink(GoodUplink):
    """One process asks until there is an answer."""

    wait: float | None = 9.0
    pause = 1.0

    def init(self, name: Any) -> Any:
        spawn(self.ask_on, self_())
        return Ok("down")

    @classmethod
    async def ask_on(cls, uplink: Any) -> None:
        while Process.alive(uplink):
            try:
                answer = await GenServer.call("gateway", "hello", timeout=cls.wait)
                GenServer.cast(uplink, ("connected", answer))
                break
            except Exit:
                await Process.sleep(cls.pause)


def loops(wait: float | None, pause: float) -> type[LoopUplink]:
    return type("LoopUplink", (LoopUplink,), {"wait": wait, "pause": pause})


def helpers(wait: float | None, pause: float) -> type[GoodUplink]:
    """A new process for each attempt, whatever became of the one before."""

    class Uplink(GoodUplink):
        def handle_info(self, message: Any, state: Any) -> Any:
            if message == "try" and state == "down":
                spawn(self.ask, self_())
                Process.send_after(self_(), "try", pause)
            return NoReply(state)

        @staticmethod
        async def ask(uplink: Any) -> None:
            GenServer.cast(uplink, ("connected", await GenServer.call("gateway", "hello", timeout=wait)))

    return Uplink


def patient_loops(pause: float) -> type[LoopUplink]:
    """Tries at once after a time-out, and pauses where nobody was there."""

    class Uplink(LoopUplink):
        @classmethod
        async def ask_on(cls, uplink: Any) -> None:
            while Process.alive(uplink):
                try:
                    answer = await GenServer.call("gateway", "hello", timeout=9.0)
                    GenServer.cast(uplink, ("connected", answer))
                    break
                except Exit as exit:
                    await Process.sleep(0.5 if exit.reason[0] == "timeout" else pause)

    return Uplink


class ImpatientUplink(BriefUplink):
    """Does not wait at all, and asks in a callback."""

    async def handle_continue(self, work: Any, state: Any) -> Any:
        try:
            return NoReply(await GenServer.call("gateway", "hello", timeout=0))
        except Exit:
            Process.send_after(self_(), "connect", 2.0)
            return NoReply("down")


class MillisecondUplink(ImpatientUplink):
    async def handle_continue(self, work: Any, state: Any) -> Any:
        try:
            return NoReply(await GenServer.call("gateway", "hello", timeout=0.001))
        except Exit:
            Process.send_after(self_(), "connect", 2.0)
            return NoReply("down")


class WordyUplink(LoopUplink):
    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        return Reply("connecting" if state == "down" else state, state)


class LatestUplink(GoodUplink):
    """Whichever answer comes last is the state."""

    def handle_cast(self, request: Any, state: Any) -> Any:
        return NoReply(request[1] if request[0] == "connected" else state)


class UncastUplink(LoopUplink):
    def handle_cast(self, request: Any, state: Any) -> Any:
        match request:
            case ("connected", answer):
                return NoReply(answer)


class StrictUplink(LoopUplink):
    def handle_info(self, message: Any, state: Any) -> Any:
        raise ValueError(message)


def in_a_set(crashes: list[float], max_restarts: int, max_seconds: float) -> float | None:
    return gives_up(sorted(set(crashes)), max_restarts, max_seconds)


def only_older(crashes: list[float], max_restarts: int, max_seconds: float) -> float | None:
    for number, now in enumerate(crashes):
        if sum(0 < now - at <= max_seconds for at in crashes[: number + 1]) >= max_restarts:
            return now
    return None


async def gives_up_later(crashes: list[float], max_restarts: int, max_seconds: float) -> float | None:
    return gives_up(crashes, max_restarts, max_seconds)


async def moves_later(strategy: str, names: list[str], crashed: str) -> tuple[list[str], list[str]]:
    return moves(strategy, names, crashed)


def exchanged(strategy: str, names: list[str], crashed: str) -> tuple[list[str], list[str]]:
    stopped, started = moves(strategy, names, crashed)
    return started, stopped


def sensors_below(names: list[str], archive: Any, strategy: Any = "one_for_one", budget: int = 99) -> Supervise:
    sensors = (Branch, ("sensors", Supervise(parts(*names), "one_for_one", budget, 60.0)))
    return Supervise([archive, sensors], strategy, max_seconds=3600.0)


LastMomentStation = sup(lambda names: sensors_below(names, (Part, "archive")))
RestStation = sup(lambda names: sensors_below(names, (Part, "archive"), "rest_for_one", 40))
TemporaryArchive = sup(lambda names: sensors_below(names, child_spec((Part, "archive"), restart="temporary")))

NoneObservatory = observatory(top=0, alone=parts("archive", "weather"))
StrictObservatory = observatory(top=0)
TransientObservatory = observatory(restart="transient")
ForgetfulObservatory = observatory(windows=(5.0, 5.0))
HalfForgetfulObservatory = observatory(windows=(600.0, 5.0))


def only_for_a_kill(_: object) -> Supervise:
    whole = GoodObservatory().init(None)
    parts_alone = [child_spec(part, restart="transient") for part in parts("archive", "weather")]
    return Supervise([*parts_alone, whole.children[2]], "one_for_one", max_seconds=3600.0)


KillObservatory = sup(only_for_a_kill)


def each_in_a_branch(_: object) -> Supervise:
    pair = Supervise(parts("guider", "camera"), "one_for_all", 10, 60.0)
    group = Supervise([(Part, "mount"), (Branch, ("imaging", pair))], "one_for_all", 2, 1200.0)
    alone = [branch(name) for name in ("archive", "weather")]
    return Supervise([(Branch, ("instruments", group)), *alone], "one_for_one", 1, 7200.0)


BranchedObservatory = sup(each_in_a_branch)
ThriftyObservatory = observatory(alone=parts("archive", "weather"), top=8, windows=(200.0, 2200.0))
UnforgettingObservatories = {seconds: observatory(seconds=seconds) for seconds in (100_000.0, 600.0, 3600.0)}
TightObservatories = {windows: observatory(windows=windows) for windows in ((165.0, 660.0), (170.0, 3600.0))}
FourWeathersObservatory = observatory(alone=parts("archive", "weather"))
WeatherObservatory = observatory(alone=[branch("archive"), *parts("weather")])
ArchiveObservatory = observatory(alone=[branch("weather"), *parts("archive")])


table.right(ex.studio, "as in the chapter", GoodStudio)
table.right(ex.presses, "as in the chapter", GoodPresses)
table.right(ex.presses, "writes the specs out", SpelledOutPresses)
table.right(ex.gives_up, "as in the chapter", gives_up)
table.right(ex.moves, "as in the chapter", moves)
table.right(ex.station, "as in the chapter", GoodStation)
table.right(ex.uplink, "as in the chapter", GoodUplink)
table.right(ex.observatory, "as in the chapter", GoodObservatory)
table.wrong(ex.studio, "alone studio", AloneStudio, "['clock']", "leaves alone what depended on it")
table.wrong(ex.studio, "all studio", AllStudio, "['clock', 'recorder', 'display']", "also those who depend on nothing")
table.wrong(ex.studio, "backwards studio", BackwardsStudio, "['clock']", "the order of the list")
table.wrong(ex.studio, "shuffled studio", ShuffledStudio, "['clock', 'display']", "the order of the list")
table.wrong(ex.studio, "half studio", HalfStudio, "['display']", "the list of children")
table.wrong(ex.studio, "undecided studio", UndecidedStudio, "a supervisor needs a strategy", "what was handed over")
table.wrong(ex.studio, "inventive studio", InventiveStudio, "strategy must be one_for_one", "the child or the plan")
table.wrong(ex.studio, "twice studio", TwiceStudio, "each child needs an id of its own", "the child or the plan")
table.wrong(ex.studio, "shy studio", ShyStudio, "Ignore()", "what `init` returns")
table.wrong(ex.studio, "lazy studio", LazyStudio, "['clock (gone)']", "whether it comes back at all")
table.wrong(ex.presses, "default presses", DefaultPresses, "it goes on", "how many restarts are allowed")
table.wrong(ex.presses, "eleven presses", ElevenPresses, "it goes on", "all eleven lay within one minute")
table.wrong(ex.presses, "short presses", ShortPresses, "it goes on", "within how many seconds")
table.wrong(ex.presses, "long presses", LongPresses, "it gave up", "how long a restart is remembered")
table.wrong(ex.presses, "each presses", EachPresses, "it gave up", "for all its children together")
table.wrong(ex.presses, "transient presses", TransientPresses, "ended with 'normal'", "the `restart` of each press")
table.wrong(ex.presses, "coupled presses", CoupledPresses, "['flatbed', 'rotary', 'proof']", "the strategy")
table.wrong(ex.gives_up, "total", total, "6.0", "which crashes still count")
table.wrong(ex.gives_up, "blocks", blocks, "where the window begins")
table.wrong(ex.gives_up, "early", early, "2.0", "how many are borne")
table.wrong(ex.gives_up, "last", last, "4.0", "which crash is the one too many")
table.wrong(ex.moves, "forward", forward, "(['cache', 'web', 'api'], ['db', 'cache', 'web', 'api'])", "when does it go")
table.wrong(ex.moves, "stops the dead", stops_the_dead, "(['db'], ['db'])", "not there to be stopped")
table.wrong(ex.moves, "earlier ones", earlier_ones, "([], ['db'])", "who goes down with it")
table.wrong(ex.moves, "leaves them out", leaves_them_out, "['db'])", "all of them come back")
table.wrong(ex.moves, "only the started", only_the_started, "['db']", "a pair of two lists")
table.wrong(ex.station, "flat station", FlatStation, "['archive (gone)', ", "in whose budget the crash of a sensor")
table.wrong(
    ex.station, "generous station", GenerousStation, "lost", "A larger budget only makes the end of the archive rarer"
)
table.wrong(ex.station, "narrow station", NarrowStation, "['rain', 'wind'", "All sensors count in one budget")
table.wrong(ex.station, "coupled station", CoupledStation, "['rain', 'wind'", "the strategy among the sensors")
table.wrong(ex.station, "endless station", EndlessStation, "the tree goes on", "Budgets of nested supervisors multiply")
table.wrong(ex.station, "brittle station", BrittleStation, "lost", "must not keep the archive")
table.wrong(ex.uplink, "eager uplink", EagerUplink, "its child 'uplink' did not start", "tried once")
table.wrong(ex.uplink, "patient uplink", PatientUplink, "after 10 s", "how long `init` takes")
table.wrong(ex.uplink, "crashing uplink", CrashingUplink, "['uplink']", "A crash is answered by a restart at once")
table.wrong(ex.uplink, "once uplink", OnceUplink, "without an attempt", "who tries again")
table.wrong(ex.uplink, "blocking uplink", BlockingUplink, "no answer within the time-out", "free to answer")
table.wrong(ex.uplink, "quitting uplink", QuittingUplink, "another process", "costs no restart")
table.wrong(ex.observatory, "flat observatory", FlatObservatory, "['mount']", "has to go down with it")
table.wrong(
    ex.observatory, "coupled observatory", CoupledObservatory, "['archive', 'weather']", "go with it for nothing"
)
table.wrong(ex.observatory, "loose pair", LoosePairObservatory, "['camera']", "has to go down with it")
table.wrong(ex.observatory, "loose mount", LooseMountObservatory, "['mount']", "has to go down with it")
table.wrong(ex.observatory, "poor observatory", PoorObservatory, "['camera', 'guider']", "ten, and it has borne eleven")
table.wrong(ex.observatory, "nine observatory", NineObservatory, "['mount', 'camera', 'guider']", "ten in a minute")
table.wrong(
    ex.observatory, "eleven observatory", ElevenObservatory, "['camera', 'guider']", "ten, and it has borne eleven"
)
table.wrong(ex.observatory, "gentle observatory", GentleObservatory, "['camera', 'guider']", "By which strategy?")
table.wrong(ex.observatory, "endless observatory", EndlessObservatory, "the tree goes on", "Budgets of nested")

table.wrong(ex.studio, "allows no restart", NoneStudio, "the budget", "gave up")
table.hard_coded(ex.studio, "knows only the crash that is shown", TransientStudio, "'shutdown'", "comes back at all")
table.right(ex.studio, "puts the two later ones into a branch", SplitStudio)
table.wrong(ex.presses, "allows no restart", NonePresses, "the budget", "gave up")
table.hard_coded(ex.presses, "knows the names of the presses", NamedPresses, "is missing", "with another case")
table.right(ex.presses, "writes whole specs, in another order", SpecifiedPresses)
table.wrong(ex.gives_up, "lets the edge of the window out", open_end, "exactly `max_seconds` old")
table.wrong(ex.gives_up, "counts in whole seconds", whole_seconds, "no whole numbers")
table.hard_coded(ex.gives_up, "has three in five seconds built in", three_in_five, "1 in 5 s allowed")
table.right(ex.gives_up, "keeps a queue", with_a_queue)
table.wrong(ex.moves, "sorts the names", alphabetical, "The alphabet does not")
table.wrong(ex.moves, "changes the list it was given", turns_them_round, "which lists your code changes")
table.hard_coded(ex.moves, "knows the names", knows_the_names, "with another case")
table.right(ex.moves, "returns a list of tuples", list_of_tuples)
table.wrong(ex.station, "allows twenty restarts", TwentyStation, "the archive rarer")
table.wrong(ex.station, "forgets a give-up too soon", ShortStation, "one crash every 0.1 s", "the windows")
table.wrong(ex.station, "keeps the branch as transient", TransientStation, "to whoever keeps it as `transient`")
table.hard_coded(ex.station, "allows six for six sensors", SixStation, "with another case", "in one budget")
table.wrong(ex.station, "has no reserve for one sensor alone", TwiceStation, "crash 12 in a row of 'vane'", "lost")
table.right(ex.station, "gives each sensor a branch", EachAloneStation)
table.wrong(ex.uplink, "catches Exception", PythonicUplink, "`except Exception` does not")
table.wrong(ex.uplink, "tries again without a pause", SpinningUplink, "without end", "without a pause")
table.wrong(ex.uplink, "tries a hundred times a second", HecticUplink, "turns a second", "between two attempts")
table.wrong(ex.uplink, "waits for a silent gateway", TrustfulUplink, "a gateway has been silent", "who waits")
table.wrong(ex.uplink, "loses its connection by any message", NervousUplink, "a stray message came")
table.hard_coded(ex.uplink, "knows the answer", WelcomeUplink, "'come in'", "with another case")
table.wrong(ex.uplink, "waits itself, but briefly", BriefUplink, "a gateway has been silent", "after 0", "who waits")
table.wrong(ex.uplink, "links the process that asks", LinkedUplink, "linked to it")
table.wrong(ex.uplink, "has a helper without rest", RestlessHelperUplink, "turns a second", "between two attempts")
table.wrong(ex.uplink, "presses a silent gateway", HastyUplink, "attempts", "between two attempts")
table.right(ex.uplink, "sends a messenger", MessengerUplink)
table.wrong(ex.observatory, "allows no restart at the top", NoneObservatory, "the budget", "gave up")
table.wrong(ex.observatory, "keeps imaging as transient", TransientObservatory, "the `restart` of the supervisor")
table.wrong(ex.observatory, "forgets each give-up", ForgetfulObservatory, "one crash every 1 s", "the windows")
table.wrong(ex.observatory, "forgets them at the top", HalfForgetfulObservatory, "the windows")
table.hard_coded(ex.observatory, "knows only the crash that is shown", KillObservatory, "'shutdown'", "comes back")
table.right(ex.observatory, "has other budgets and a branch for each", BranchedObservatory)
for seconds, answer in UnforgettingObservatories.items():
    table.wrong(
        ex.observatory, f"remembers crashes for {seconds:g} s", answer, "a minute of peace", "remembers a crash"
    )
for windows, answer in TightObservatories.items():
    table.wrong(ex.observatory, f"has windows of {windows}", answer, "one crash every 5.9 s", "the windows")
table.wrong(
    ex.observatory, "lets the weather end the root", FourWeathersObservatory, "the weather ended", "4th", "budget"
)
table.wrong(ex.observatory, "branches the archive alone", WeatherObservatory, "the weather ended", "whose budget")
table.wrong(ex.observatory, "branches the weather alone", ArchiveObservatory, "the archive ended", "whose budget")
table.wrong(ex.observatory, "allows some ends of the weather", ThriftyObservatory, "the weather ended", "whose budget")
table.right(ex.observatory, "calls somebody at the first end of the instruments", StrictObservatory)
table.wrong(ex.station, "keeps the archive as temporary", TemporaryArchive, "gone", "whether it comes back at all")
table.right(ex.station, "goes down at crash 400 exactly", LastMomentStation)
table.right(ex.station, "renews the sensors with the archive", RestStation)
table.wrong(ex.gives_up, "puts the crashes into a set", in_a_set, "crashes at the same moment")
table.wrong(ex.gives_up, "does not count what is zero seconds old", only_older, "crashes at the same moment")
table.wrong(ex.gives_up, "is a coroutine", gives_up_later, "a plain `def`")
table.wrong(ex.moves, "is a coroutine", moves_later, "a plain `def`")
table.wrong(ex.moves, "exchanges the two lists", exchanged, "exchanged")
table.wrong(ex.uplink, "waits 1 ms in a helper", helpers(0.001, 3.0), "needs 4 s", "how long an attempt waits")
table.wrong(ex.uplink, "waits 1 ms in the callback", MillisecondUplink, "needs 4 s", "how long an attempt waits")
table.wrong(ex.uplink, "does not wait in the callback", ImpatientUplink, "with 0 nobody waits at all")
table.wrong(ex.uplink, "does not wait in a helper", helpers(0.0, 3.0), "with 0 nobody waits at all")
table.wrong(ex.uplink, "waits as long as any call", helpers(5.0, 3.0), "needs 8 s", "5 seconds unless you give another")
table.wrong(ex.uplink, "waits for ever, and once", loops(None, 1.0), "without an attempt", "`timeout=None`")
table.wrong(ex.uplink, "leaves waiting processes behind", helpers(None, 3.0), "processes wait", "each attempt adds one")
for period in (10.5, 11.0, 11.5, 12.0):
    table.wrong(ex.uplink, f"pauses for {period} s", loops(9.0, period), "an attempt", "ten seconds", "10 s")
    table.wrong(ex.uplink, f"tries every {period} s", helpers(9.0, period), "without an attempt", "10 s")
    table.wrong(ex.uplink, f"pauses for {period} s only when nobody is there", patient_loops(period), "ten seconds")
table.wrong(ex.uplink, "has a word of its own for the state", WordyUplink, "'connecting'", "the word of the state")
table.wrong(ex.uplink, "takes every answer", LatestUplink, "'welcome 1'", "the first one stays")
table.wrong(
    ex.uplink, "has no last case for a cast", UncastUplink, "a stray cast came", "a message or a cast that is not"
)
table.wrong(
    ex.uplink, "crashes by any message", StrictUplink, "a stray message came", "a message or a cast that is not"
)
table.right(ex.uplink, "has one process that asks until there is an answer", LoopUplink)
table.right(ex.uplink, "has five processes that wait", helpers(9.0, 2.0))


# ---- what was blamed for something else, passed, or did not end -------------------------------------------------


def listeners(strategy: Any) -> type[Supervisor]:
    """The recorder and the display in a branch of their own."""
    below = (Branch, ("listeners", Supervise(in_order[1:], strategy)))
    return sup(lambda _: Supervise([in_order[0], below], "rest_for_one"))


def from_the_first(crashes: list[float], max_restarts: int, max_seconds: float) -> float | None:
    """A window begins at a crash, and the next one after its end."""
    began, count = 0.0, 0
    for now in crashes:
        if not count or now - began > max_seconds:
            began, count = now, 0
        count += 1
        if count > max_restarts:
            return now
    return None


def after_a_calm(crashes: list[float], max_restarts: int, max_seconds: float) -> float | None:
    """Sets the count back when there was no crash for so long."""
    count, last = 0, 0.0
    for now in crashes:
        count = count + 1 if count and now - last <= max_seconds else 1
        last = now
        if count > max_restarts:
            return now
    return None


def neighbours(crashes: list[float], max_restarts: int, max_seconds: float) -> float | None:
    for first, now in zip(crashes, crashes[max_restarts:], strict=False):
        if now - first <= max_seconds:
            return now
    return None


EachPressAlone = sup(lambda names: Supervise([branch(name) for name in names], "one_for_one", 10, 60.0))
OneHallPresses = sup(
    lambda names: Supervise([(Branch, ("hall", Supervise(parts(*names), "one_for_one", 10, 60.0)))], "one_for_one", 0)
)


def long_memory(names: list[str]) -> Supervise:
    sensors = (Branch, ("sensors", Supervise(parts(*names), "one_for_one", 2 * len(names) + 12, 3600.0)))
    return Supervise([(Part, "archive"), sensors], "one_for_one", max_seconds=36_000.0)


class UnawaitedUplink(LoopUplink):
    """Forgets the `await` of its pause."""

    @classmethod
    async def ask_on(cls, uplink: Any) -> None:
        while Process.alive(uplink):
            try:
                answer = await GenServer.call("gateway", "hello", timeout=9.0)
                GenServer.cast(uplink, ("connected", answer))
                break
            except Exit:
                Process.sleep(1.0)  # type: ignore[unused-coroutine]


class LinkedAndToldUplink(LoopUplink):
    """Links the process that asks, and traps exits."""

    def init(self, name: Any) -> Any:
        Process.flag(trap_exit=True)
        spawn_link(self.ask_on, self_())
        return Ok("down")

    def handle_info(self, message: Any, state: Any) -> Any:
        return NoReply(state)


class MonitoringUplink(GoodUplink):
    """Sends the next one a second after the last has ended."""

    def handle_info(self, message: Any, state: Any) -> Any:
        match message:
            case "try" if state == "down":
                Process.monitor(spawn(self.ask, self_()))
            case Down() if state == "down":
                Process.send_after(self_(), "try", 1.0)
        return NoReply(state)


def loners_together(_: object) -> Supervise:
    loners = (Branch, ("loners", Supervise(parts("archive", "weather"), "one_for_one")))
    instruments = GoodObservatory().init(None).children[-1]
    return Supervise([loners, instruments], "one_for_one", max_seconds=3600.0)


for below in ("one_for_all", "one_for_one"):
    table.wrong(ex.studio, f"has {below} below", listeners(below), "the strategy of each of your supervisors")
table.wrong(ex.presses, "gives each press a branch", EachPressAlone, "it goes on", "all presses together have one")
table.right(ex.presses, "has a hall between", OneHallPresses)
table.wrong(ex.gives_up, "begins a window at a crash", from_the_first, "None", "where the window begins. It slides")
table.wrong(ex.gives_up, "sets the count back after a calm", after_a_calm, "6.0", "what sets the count back")
table.right(ex.gives_up, "compares the first and the last of as many as are too many", neighbours)
table.wrong(
    ex.station, "remembers a storm for an hour", sup(long_memory), "a storm every minute", "how long their supervisor"
)
table.wrong(ex.uplink, "forgets to await its pause", UnawaitedUplink, "'Process.sleep' was never awaited")
table.right(ex.uplink, "links the process that asks, and traps exits", LinkedAndToldUplink)
table.right(ex.uplink, "monitors the process that asks", MonitoringUplink)
table.right(ex.observatory, "has one branch for the two that stand alone", sup(loners_together))

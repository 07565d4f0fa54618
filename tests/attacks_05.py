"""Attacks on the checks of chapter 05, supervisor strategies."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attacks import Table

from otp_mini import (
    ChildSpec,
    Continue,
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


def station(budget: int, above: int = 3, strategy: Any = "one_for_one") -> type[Supervisor]:
    def plan(names: list[str]) -> Supervise:
        sensors = Supervise(parts(*names), strategy, max_restarts=budget)
        children = [(Part, "archive"), (Branch, ("sensors", sensors))]
        return Supervise(children, strategy="one_for_one", max_restarts=above)

    return sup(plan)


GoodStation = station(12)
FlatStation = sup(lambda names: Supervise(parts("archive", *names), strategy="one_for_one"))
GenerousStation = sup(lambda names: Supervise(parts("archive", *names), "one_for_one", max_restarts=12))
NarrowStation = station(3)
CoupledStation = station(12, strategy="one_for_all")
EndlessStation = station(100_000)
BrittleStation = station(6, above=0)

# ---- the uplink: a start that needs nobody ---------------------------------------------------------------------


class GoodUplink(Part):
    def init(self, name: Any) -> Any:
        return Ok("down", Continue("connect"))

    async def handle_continue(self, work: Any, state: Any) -> Any:
        try:
            return NoReply(await GenServer.call("gateway", "hello"))
        except Exit:
            Process.send_after(self_(), "connect", 2.0)
            return NoReply("down")

    def handle_info(self, message: Any, state: Any) -> Any:
        return NoReply(state, Continue("connect"))

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        return Reply(state, state)


class EagerUplink(GoodUplink):
    async def init(self, name: Any) -> Any:
        return Ok(await GenServer.call("gateway", "hello"))


class PatientUplink(GoodUplink):
    async def init(self, name: Any) -> Any:
        for _ in range(10):
            try:
                return Ok(await GenServer.call("gateway", "hello"))
            except Exit:
                await Process.sleep(1.0)
        return Ok("down")


class CrashingUplink(GoodUplink):
    async def handle_continue(self, work: Any, state: Any) -> Any:
        return NoReply(await GenServer.call("gateway", "hello"))


class OnceUplink(GoodUplink):
    async def handle_continue(self, work: Any, state: Any) -> Any:
        try:
            return NoReply(await GenServer.call("gateway", "hello"))
        except Exit:
            return NoReply("down")


class BlockingUplink(GoodUplink):
    async def handle_continue(self, work: Any, state: Any) -> Any:
        while True:
            try:
                return NoReply(await GenServer.call("gateway", "hello"))
            except Exit:
                await Process.sleep(1.0)


class SpinningUplink(GoodUplink):
    async def handle_continue(self, work: Any, state: Any) -> Any:
        try:
            return NoReply(await GenServer.call("gateway", "hello"))
        except Exit:
            return NoReply("down", Continue("connect"))


class QuittingUplink(GoodUplink):
    """Ends after a while, and leaves the next attempt to its supervisor."""

    async def handle_continue(self, work: Any, state: Any) -> Any:
        try:
            return NoReply(await GenServer.call("gateway", "hello"))
        except Exit:
            Process.send_after(self_(), "again", 4.0)
            return NoReply("down")

    def handle_info(self, message: Any, state: Any) -> Any:
        raise Exit("another try")


# ---- the observatory --------------------------------------------------------------------------------------------


def observatory(
    imaging: Any = "one_for_all",
    instruments: Any = "one_for_all",
    budget: int = 10,
    seconds: float = 60.0,
    root: Any = "one_for_one",
) -> type[Supervisor]:
    def plan(_: object) -> Supervise:
        pair = Supervise(parts("camera", "guider"), imaging, budget, seconds)
        group = Supervise([(Part, "mount"), (Branch, ("imaging", pair))], instruments)
        return Supervise([*parts("archive", "weather"), (Branch, ("instruments", group))], root)

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
            *parts("archive", "weather"),
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

table.right(ex.studio, "as in the chapter", GoodStudio)
table.right(ex.presses, "as in the chapter", GoodPresses)
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
table.wrong(
    ex.studio, "undecided studio", UndecidedStudio, "a supervisor needs a strategy", "the line that the log names"
)
table.wrong(ex.studio, "inventive studio", InventiveStudio, "strategy must be one_for_one", "the child or the plan")
table.wrong(ex.studio, "twice studio", TwiceStudio, "each child needs an id of its own", "the child or the plan")
table.wrong(ex.studio, "shy studio", ShyStudio, "Ignore()", "what `init` returns")
table.wrong(ex.studio, "lazy studio", LazyStudio, "['clock (gone)']", "whether it comes back at all")
table.wrong(ex.presses, "default presses", DefaultPresses, "it goes on", "how many restarts are allowed")
table.wrong(ex.presses, "eleven presses", ElevenPresses, "it goes on", "all eleven lay within one minute")
table.wrong(ex.presses, "short presses", ShortPresses, "it goes on", "within how many seconds")
table.wrong(ex.presses, "long presses", LongPresses, "it gave up", "how long a restart is remembered")
table.wrong(ex.presses, "each presses", EachPresses, "it gave up", "for all its children together")
table.wrong(ex.presses, "coupled presses", CoupledPresses, "['flatbed', 'rotary', 'proof']", "the strategy")
table.wrong(ex.gives_up, "total", total, "6.0", "which crashes still count")
table.wrong(ex.gives_up, "blocks", blocks, "None", "one too many")
table.wrong(ex.gives_up, "early", early, "2.0", "which crashes still count")
table.wrong(ex.gives_up, "last", last, "4.0", "which crash is the one too many")
table.wrong(
    ex.moves, "forward", forward, "(['b', 'c', 'd'], ['a', 'b', 'c', 'd'])", "when does it go, and when does it come"
)
table.wrong(ex.moves, "stops the dead", stops_the_dead, "(['a'], ['a'])", "not there to be stopped")
table.wrong(ex.moves, "earlier ones", earlier_ones, "([], ['a'])", "who goes down with it")
table.wrong(ex.moves, "leaves them out", leaves_them_out, "(['d', 'c', 'b'], ['a'])", "all of them come back")
table.wrong(ex.moves, "only the started", only_the_started, "['a']", "a pair of two lists")
table.wrong(ex.station, "flat station", FlatStation, "['archive (gone)', ", "in whose budget the crash of a sensor")
table.wrong(ex.station, "generous station", GenerousStation, "lost", "how far apart the archive and the sensors are")
table.wrong(ex.station, "narrow station", NarrowStation, "['rain', 'wind'", "All sensors count in one budget")
table.wrong(ex.station, "coupled station", CoupledStation, "['rain', 'wind'", "All sensors count in one budget")
table.wrong(ex.station, "endless station", EndlessStation, "the tree goes on", "Budgets of nested supervisors multiply")
table.wrong(ex.station, "brittle station", BrittleStation, "lost", "must not keep the archive")
table.wrong(ex.uplink, "eager uplink", EagerUplink, "its child 'uplink' did not start", "tried once")
table.wrong(ex.uplink, "patient uplink", PatientUplink, "after 10 s", "how long `init` takes")
table.wrong(ex.uplink, "crashing uplink", CrashingUplink, "['uplink']", "A crash is answered by a restart at once")
table.wrong(ex.uplink, "once uplink", OnceUplink, "'down'", "who tries again")
table.wrong(ex.uplink, "blocking uplink", BlockingUplink, "no answer within the time-out", "free to answer")
table.wrong(ex.uplink, "quitting uplink", QuittingUplink, "another process", "costs no restart")
table.wrong(ex.observatory, "flat observatory", FlatObservatory, "['mount']", "has to go down with it")
table.wrong(ex.observatory, "coupled observatory", CoupledObservatory, "['archive', 'weather'", "goes down with it for")
table.wrong(ex.observatory, "loose pair", LoosePairObservatory, "['camera']", "has to go down with it")
table.wrong(ex.observatory, "loose mount", LooseMountObservatory, "['mount']", "has to go down with it")
table.wrong(ex.observatory, "poor observatory", PoorObservatory, "['camera', 'guider']", "who hears of a supervisor")
table.wrong(ex.observatory, "nine observatory", NineObservatory, "['mount', 'camera', 'guider']", "ten in a minute")
table.wrong(
    ex.observatory, "eleven observatory", ElevenObservatory, "['camera', 'guider']", "who hears of a supervisor"
)
table.wrong(ex.observatory, "gentle observatory", GentleObservatory, "['camera', 'guider']", "By which strategy?")
table.wrong(ex.observatory, "endless observatory", EndlessObservatory, "the tree goes on", "Budgets of nested")

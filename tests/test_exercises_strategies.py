"""Typical wrong answers to the exercises of chapter 05, and what their authors are told.

That the chapter's solutions pass and its stubs fail is in `test_exercises.py`.
"""
from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from otp_mini import (
    ChildSpec,
    Continue,
    Exit,
    GenServer,
    Ignore,
    NoReply,
    Ok,
    Pid,
    Process,
    Reply,
    Supervise,
    Supervisor,
    child_spec,
    self_,
)
from otp_mini.exercises import NotYet, check, checking
from otp_mini.exercises import supervisor_strategies as ex


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

Answer = Any
RIGHT: list[tuple[Callable[..., Awaitable[None]], Answer]] = [
    (ex.studio, GoodStudio),
    (ex.presses, GoodPresses),
    (ex.gives_up, gives_up),
    (ex.moves, moves),
    (ex.station, GoodStation),
    (ex.uplink, GoodUplink),
    (ex.observatory, GoodObservatory),
]
WRONG: dict[str, tuple[Callable[..., Awaitable[None]], Answer, str, str]] = {
    "alone studio": (ex.studio, AloneStudio, "['clock']", "leaves alone what depended on it"),
    "all studio": (ex.studio, AllStudio, "['clock', 'recorder', 'display']", "also those who depend on nothing"),
    "backwards studio": (ex.studio, BackwardsStudio, "['clock']", "the order of the list"),
    "shuffled studio": (ex.studio, ShuffledStudio, "['clock', 'display']", "the order of the list"),
    "half studio": (ex.studio, HalfStudio, "['display']", "the list of children"),
    "undecided studio": (ex.studio, UndecidedStudio, "a supervisor needs a strategy", "the line that the log names"),
    "inventive studio": (ex.studio, InventiveStudio, "strategy must be one_for_one", "the child or the plan"),
    "twice studio": (ex.studio, TwiceStudio, "each child needs an id of its own", "the child or the plan"),
    "shy studio": (ex.studio, ShyStudio, "Ignore()", "what `init` returns"),
    "lazy studio": (ex.studio, LazyStudio, "['clock (gone)']", "whether it comes back at all"),
    "default presses": (ex.presses, DefaultPresses, "it goes on", "how many restarts are allowed"),
    "eleven presses": (ex.presses, ElevenPresses, "it goes on", "all eleven lay within one minute"),
    "short presses": (ex.presses, ShortPresses, "it goes on", "within how many seconds"),
    "long presses": (ex.presses, LongPresses, "it gave up", "how long a restart is remembered"),
    "each presses": (ex.presses, EachPresses, "it gave up", "for all its children together"),
    "coupled presses": (ex.presses, CoupledPresses, "['flatbed', 'rotary', 'proof']", "the strategy"),
    "total": (ex.gives_up, total, "6.0", "which crashes still count"),
    "blocks": (ex.gives_up, blocks, "None", "one too many"),
    "early": (ex.gives_up, early, "2.0", "which crashes still count"),
    "last": (ex.gives_up, last, "4.0", "which crash is the one too many"),
    "forward": (ex.moves, forward, "(['b', 'c', 'd'], ['a', 'b', 'c', 'd'])", "when does it go, and when does it come"),
    "stops the dead": (ex.moves, stops_the_dead, "(['a'], ['a'])", "not there to be stopped"),
    "earlier ones": (ex.moves, earlier_ones, "([], ['a'])", "who goes down with it"),
    "leaves them out": (ex.moves, leaves_them_out, "(['d', 'c', 'b'], ['a'])", "all of them come back"),
    "only the started": (ex.moves, only_the_started, "['a']", "a pair of two lists"),
    "flat station": (ex.station, FlatStation, "['archive (gone)', ", "in whose budget the crash of a sensor"),
    "generous station": (ex.station, GenerousStation, "lost", "how far apart the archive and the sensors are"),
    "narrow station": (ex.station, NarrowStation, "['rain', 'wind'", "All sensors count in one budget"),
    "coupled station": (ex.station, CoupledStation, "['rain', 'wind'", "All sensors count in one budget"),
    "endless station": (ex.station, EndlessStation, "the tree goes on", "Budgets of nested supervisors multiply"),
    "brittle station": (ex.station, BrittleStation, "lost", "must not keep the archive"),
    "eager uplink": (ex.uplink, EagerUplink, "its child 'uplink' did not start", "tried once"),
    "patient uplink": (ex.uplink, PatientUplink, "after 10 s", "how long `init` takes"),
    "crashing uplink": (ex.uplink, CrashingUplink, "['uplink']", "A crash is answered by a restart at once"),
    "once uplink": (ex.uplink, OnceUplink, "'down'", "who tries again"),
    "blocking uplink": (ex.uplink, BlockingUplink, "no answer within the time-out", "free to answer"),
    "quitting uplink": (ex.uplink, QuittingUplink, "another process", "costs no restart"),
    "flat observatory": (ex.observatory, FlatObservatory, "['mount']", "has to go down with it"),
    "coupled observatory": (ex.observatory, CoupledObservatory, "['archive', 'weather'", "goes down with it for"),
    "loose pair": (ex.observatory, LoosePairObservatory, "['camera']", "has to go down with it"),
    "loose mount": (ex.observatory, LooseMountObservatory, "['mount']", "has to go down with it"),
    "poor observatory": (ex.observatory, PoorObservatory, "['camera', 'guider']", "who hears of a supervisor"),
    "nine observatory": (ex.observatory, NineObservatory, "['mount', 'camera', 'guider']", "ten in a minute"),
    "eleven observatory": (ex.observatory, ElevenObservatory, "['camera', 'guider']", "who hears of a supervisor"),
    "gentle observatory": (ex.observatory, GentleObservatory, "['camera', 'guider']", "By which strategy?"),
    "endless observatory": (ex.observatory, EndlessObservatory, "the tree goes on", "Budgets of nested"),
}
each_wrong = pytest.mark.parametrize("name", WRONG)


def failure(test: Callable[..., Awaitable[None]], *given: Any, **others: Any) -> NotYet:
    with pytest.raises(NotYet) as caught:
        asyncio.run(check(test, *given, **others))
    return caught.value


@pytest.mark.parametrize(("test", "answer"), RIGHT, ids=lambda value: getattr(value, "__name__", ""))
def test_a_right_answer_passes(test: Any, answer: Answer, capsys: pytest.CaptureFixture[str]) -> None:
    asyncio.run(check(test, answer))
    said = capsys.readouterr()
    assert said.out.startswith(f"ok: {test.__name__}: ")
    assert said.err == ""


@each_wrong
def test_a_wrong_answer_gets_the_message_that_fits(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    test, answer, seen, idea = WRONG[name]
    error = failure(test, answer)
    assert seen in error.parts["Seen"]
    assert idea in error.parts["Look again at"]
    assert capsys.readouterr() == ("", ""), "a grader takes anything on stderr for a failure of its own"


@each_wrong
def test_a_message_has_all_its_parts_and_is_the_same_every_time(name: str) -> None:
    test, answer, _, _ = WRONG[name]
    text = str(failure(test, answer))
    titles = [line.partition(":")[0] for line in text.splitlines() if line and line[0] != " "]
    assert titles[:5] == [test.__name__, "What was done", "Hoped for", "Seen", "Look again at"]
    assert max(map(len, text.splitlines())) <= 160
    assert text == str(failure(test, answer))


def test_an_uplink_that_tries_again_without_a_pause_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "REAL_PATIENCE", 0.2)
    assert "no end after 0.2 seconds" in failure(ex.uplink, SpinningUplink).parts["Seen"]


def test_a_restart_exactly_as_old_as_the_window_still_counts() -> None:
    boundary = ([0.0, 5.0], 1, 5.0)
    asyncio.run(check(ex.gives_up, gives_up, boundary, quiet=True))
    assert failure(ex.gives_up, open_end, boundary).parts["Seen"] == "None"


def test_another_budget_and_other_names_are_judged_as_well() -> None:
    asyncio.run(check(ex.presses, GoodPresses, names=("intaglio",), quiet=True))
    asyncio.run(check(ex.gives_up, gives_up, ([1.0], 0, 60.0), quiet=True))
    asyncio.run(check(ex.moves, moves, names=("only",), quiet=True))
    asyncio.run(check(ex.station, GoodStation, sensors=("north", "south"), quiet=True))
    asyncio.run(check(ex.uplink, GoodUplink, answer="hello back", away=120.0, quiet=True))


@pytest.mark.parametrize("reason", ["kill", "shutdown", "normal end", ("shutdown", "moved")])
def test_the_way_in_which_a_part_ends_changes_nothing_for_a_permanent_child(reason: object) -> None:
    asyncio.run(check(ex.studio, GoodStudio, reason=reason, quiet=True))
    asyncio.run(check(ex.observatory, GoodObservatory, reason=reason, quiet=True))


def test_a_transient_part_is_found_by_a_quiet_end() -> None:
    transient = sup(
        lambda _: Supervise([child_spec(part, restart="transient") for part in in_order], strategy="rest_for_one")
    )
    asyncio.run(check(ex.studio, transient, quiet=True))
    assert "['clock (gone)']" in failure(ex.studio, transient, reason="shutdown").parts["Seen"]


def test_an_exception_deep_in_a_tree_is_told_as_itself() -> None:
    class Broken(Part):
        def init(self, name: Any) -> Any:
            raise KeyError("no such star")

    inner = Supervise([(Broken, "mount")], strategy="one_for_one")
    tree = sup(lambda _: Supervise([(Branch, ("instruments", inner))], strategy="one_for_one"))
    assert failure(ex.observatory, tree).parts["Seen"] == "KeyError: 'no such star'"


def test_the_real_supervisor_gives_up_at_the_times_that_the_chapter_names() -> None:
    """The checks ask a real supervisor; here is what it says, without one of its own functions."""
    found: list[float | None] = []

    async def ask(_: Any) -> None:
        for case in ex.CASES:
            time, root = await ex._really(*case)
            found.append(time)
            if Process.alive(root):
                await Supervisor.stop(root)

    asyncio.run(check(ask, None, quiet=True))
    assert found == [None, 3.0, None, 7.5]


def test_the_parts_of_this_file_are_those_of_the_chapter() -> None:
    async def names(_: Any) -> None:
        root: Pid | None = await Supervisor.start_link(parts("a"), strategy="one_for_one")
        assert root is not None
        assert Process.whereis("a") is (await Supervisor.which_children(root))[0].pid
        await Supervisor.stop(root)

    asyncio.run(check(names, None, quiet=True))

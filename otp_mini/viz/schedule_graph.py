"""All schedules of a scenario as one graph: its places, and the steps between them.

Two orders of steps lead to the same *place* if they have done the same steps, and each of these *happens
after* the same ones: whatever depends on it and came before it. So orders that differ only in steps that do
not depend on each other meet again, and a graph of some hundred places holds thousands of schedules. What
depends on what is written in `otp_mini.watched`. Where two orders should meet and something that is shown
differs all the same, they are kept apart: nothing is shown that was not recorded.

Some steps make no difference, whoever goes in between: a process begins to wait, or ends and nobody ever
notices. Such a step is *silent*: where one is possible it is taken at once, and nobody is asked.

The search begins with the usual schedule and goes on with those that deviate least. Each run goes on to its
end, or to a place that is known. Each step is run once.

Where there are too many places for that, `beyond` answers what comes behind one step, whenever it is asked.

OTP: none
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from ..errors import BadArg, name_of
from ..explore import Cut, Record, Schedules, Step, quiet, run_once, usual
from ..process import runtime
from ..terms import Pid
from ..tracing import Trace
from ..watched import Footprint, WatchedNode
from .standing import ENDED, READY, WAITS, Answer, Row, Words, named, process_row, tables

MOST_PLACES: Final = 2_000
"""So many places a graph has at most, and the run that reaches the last of them is recorded to its end."""

MOST_AT_ONCE: Final = 50
"""So many steps at most are taken at once where only one can go, before somebody is asked again."""

Picture = dict[tuple[str, str], Row]
"""How things stand: rows by ``("process", path)`` or ``("table", name)``."""


@dataclass
class Place:
    """Between two steps: how things stand, who could go next, and where that leads.

    Attributes:
        enabled: who could go, in the order of the run that came here first.
        picture: how things stand.
        came_from: the place before, in that run; -1 at the start.
        moves: who went from here: the place behind, and what the step did.
        silent: who goes from here without being asked, else empty: nobody else can meet what it does.
        outcome: how the scenario has ended here, else None.
    """

    enabled: tuple[str, ...]
    picture: Picture
    came_from: int
    moves: dict[str, tuple[int, str]] = field(default_factory=dict)
    silent: str = ""
    outcome: Outcome | None = None

    @property
    def offered(self) -> tuple[str, ...]:
        """Whom a reader can choose here."""
        return (self.silent,) if self.silent else self.enabled


class Outcome(NamedTuple):
    """How a run ended: the value, and its text."""

    value: Any
    text: str


class Graph:
    """The places of a scenario.

    Attributes:
        places: the first is the start.
        whole: are all steps from all places recorded?
        names: what readers call each process, by its path: the name under which it is registered, where it
            is the same one everywhere.
    """

    def __init__(self) -> None:
        self.places: list[Place] = []
        self.whole = False
        self.names: dict[str, str] = {}
        self._found: dict[Hashable, int] = {}
        self._events: dict[Hashable, int] = {}
        self._registered: dict[str, set[str]] = {}

    def land(self, key: Hashable, enabled: tuple[str, ...], picture: Picture, came_from: int) -> tuple[int, bool]:
        """The place with this past, and whether it is new."""
        whole = (key, frozenset(enabled), tuple(sorted(picture.items())))
        number = self._found.setdefault(whole, len(self.places))
        new = number == len(self.places)
        if new:
            self.places.append(Place(enabled, picture, came_from))
        return number, new

    def event(self, who: str, before: frozenset[int]) -> int:
        """The number of a step: the same where the same process goes after the same steps."""
        return self._events.setdefault((who, before), len(self._events))

    def call(self, path: str, name: str) -> None:
        """A process is registered under a name."""
        self._registered.setdefault(path, set()).add(name)

    def settle_names(self) -> None:
        """A name is used for a process if it never has another one, and no other process has it."""
        held = [name for names in self._registered.values() for name in names]
        paths = {path for place in self.places for kind, path in place.picture if kind == "process"}
        for path, names in self._registered.items():
            name = next(iter(names))
            if len(names) == 1 and held.count(name) == 1 and name not in paths:
                self.names[path] = name

    def tell_apart(self, names: Mapping[str, str]) -> None:
        """Take over names; one that stands for another process here is told with the path of whom it belongs to."""
        paths = {path for place in self.places for kind, path in place.picture if kind == "process"}
        self.names = {path: f"{name} ({path})" if name in paths else name for path, name in names.items()}

    def say(self, text: str) -> str:
        """A recorded text, with the names that readers know."""
        return named(text, self.names)


class _Plan(NamedTuple):
    """What is recorded: see `graph_of`."""

    scenario: Callable[[], Any]
    result: Schedules | None
    until: int | None = None  # after so many steps at most a run stops that tries one step alone

    def is_silent(self, step: Step) -> bool:
        """Does it make no difference when this step is taken?"""
        if self.result is None:
            return False
        alone = step.is_silent() and step.who in self.result.undisturbed
        return alone or (step.is_an_end() and step.who in self.result.unmissed)


class _Waiting(NamedTuple):
    """A place from which somebody has still to go: the steps to it, and who is to go."""

    place: int
    steps: tuple[str, ...]
    who: str


class _Operations(list[tuple[str, tuple[Any, ...]]]):
    """What a step did by plain functions, each with the number of events before it."""

    def __init__(self, trace: Trace) -> None:
        super().__init__()
        self.trace = trace
        self.after: list[int] = []

    def append(self, operation: tuple[str, tuple[Any, ...]]) -> None:
        """`list.append`."""
        self.after.append(len(self.trace.events))
        super().append(operation)


class _Walk(Record):
    """One run: along steps that are known, then one that is new, then as usual, up to a place that is known."""

    def __init__(self, graph: Graph, plan: _Plan, waiting: _Waiting | None) -> None:
        super().__init__()
        self.graph = graph
        self.plan = plan
        self.known = () if waiting is None else (*waiting.steps, waiting.who)
        alone = waiting is not None and waiting.place < 0  # then the place before the step is not known either
        self.begins = len(self.known) - alone  # from here on it is recorded
        self.place = self.origin = -1 if waiting is None else waiting.place
        self.left: list[_Waiting] = []
        self.steps: list[Step] = []
        self.says = ""
        self._picture: Picture = {}
        self._past: list[tuple[str, Footprint, int]] = []
        self._ended: dict[Pid, str] = {}
        self._taken: dict[str, Any] = {}
        self._read = 0

    # ---- what `run_once` asks and tells

    def choose(self, depth: int, enabled: tuple[str, ...], last: str) -> str:
        """Who goes next."""
        if not depth:
            _node().operations = _Operations(self.trace)
        if depth >= self.begins:
            if not depth:
                self._look(Words(_node()))
            new = self.land(enabled)
            if depth >= len(self.known):
                return self._goes_on(depth, enabled, last, new)
        if self.known[depth] not in enabled:
            raise _no_such_step(self.known[depth], depth, f"could go: {', '.join(enabled)}")
        return self.known[depth]

    def _goes_on(self, depth: int, enabled: tuple[str, ...], last: str, new: bool) -> str:
        """Who goes where nobody has said it; the others are left to be tried."""
        if self.plan.until is not None:
            if len(enabled) == 1 and depth < self.plan.until and self._is_settled:
                return enabled[0]
            raise Cut
        if depth and not new:
            raise Cut
        who = usual(enabled, last)
        steps = tuple(step.who for step in self.steps)
        self.left += [_Waiting(self.place, steps, other) for other in enabled if other != who]
        return who

    @property
    def _is_settled(self) -> bool:
        """Is there no other step beside the one that was tried, or nobody to whom it would matter?"""
        return self.origin < 0 or bool(self.graph.places[self.origin].silent)

    def note(self, who: str, node: WatchedNode) -> None:
        """A step is over."""
        if self.plan.until is None:
            self._remember(who, node)
        self._follow(who, node)
        if len(self.steps) >= self.begins:
            words = Words(node)
            self._look(words)
            self.says = self._tell(words, who)
        self._read, node.operations = len(self.trace.events), _Operations(self.trace)

    # ---- what is kept

    def _remember(self, who: str, node: WatchedNode) -> None:
        """What the last step depends on. That takes longer the more steps there were."""
        footprint = self.steps[-1].footprint
        looked = {("in", process.pid.number) for process in node.looked}  # also who waits since then
        footprint = Footprint(footprint.reads | looked, footprint.writes)
        before = frozenset(event for other, one, event in self._past if other == who or one.meets(footprint))
        self._past.append((who, footprint, self.graph.event(who, before)))

    def land(self, enabled: tuple[str, ...]) -> bool:
        """A place is reached; answers whether it is new."""
        if self.plan.until is None:
            key: Hashable = frozenset(event for _, _, event in self._past)
        else:
            key = tuple(step.who for step in self.steps)  # one path alone meets no other
        place, new = self.graph.land(key, enabled, self._picture, self.place)
        if self.place >= 0:
            step, before = self.steps[-1], self.graph.places[self.place]
            before.moves[step.who] = (place, self.says)
            if self.plan.is_silent(step):
                before.silent = step.who
        self.place = place
        return new

    def _follow(self, who: str, node: WatchedNode) -> None:
        """Who has ended in this step, and what the one who went has in its hand."""
        events = self.trace.events[self._read :]
        words = Words(node)
        for event in events:
            if event.kind == "exit" and event.pid is not None:
                self._ended[event.pid] = words.reason(event.term)
            if event.kind == "reply" and event.other is not None:
                self._taken[node.paths[event.other]] = Answer(event.term)
        if not any(event.kind == "reply" and node.paths.get(event.other) == who for event in events):  # type: ignore[arg-type]
            self._taken.pop(who, None)
        last = events[-1] if events else None
        if last is not None and last.kind == "receive" and last.pid is not None and node.paths.get(last.pid) == who:
            block = node.blocks.get(last.pid)
            if block is not None and block.loop is not None and block.waiting is None:
                self._taken[who] = last.term

    def _look(self, words: Words) -> None:
        node, picture = words.node, dict[tuple[str, str], Row]()
        if node._main is not None and not node._main.alive:
            # The run is over. What goes down with main is of no interest any more.
            before = self.graph.places[self.place].picture if self.place >= 0 else {}
            self._picture = {**before, ("process", "main"): Row(ENDED, self._ended.get(node._main.pid, ""))}
            return
        for pid, path in node.paths.items():
            block = node.blocks.get(pid)
            if block is not None:
                picture["process", path] = process_row(words, block, self._taken.get(path))
                if block.name is not None:
                    self.graph.call(path, str(block.name))
            else:
                picture["process", path] = Row(ENDED, self._ended.get(pid, ""))
        picture.update({("table", name): row for name, row in tables(words).items()})
        self._picture = picture

    def _tell(self, words: Words, who: str) -> str:
        done = words.node.operations
        assert isinstance(done, _Operations)
        told: list[tuple[int, str]] = [
            (after, words.operation(name, args)) for after, (name, args) in zip(done.after, done, strict=True)
        ]
        for number, event in enumerate(self.trace.events[self._read :], self._read + 1):
            if done and event.kind in ("send", "spawn", "register"):
                continue  # the operation has said so
            told.append((number, words.event(event)))
        said = [text for _, text in sorted(told, key=lambda each: each[0]) if text]
        row = self._picture.get(("process", who))
        wait = f"wait {row.why}" if row is not None and row.state == WAITS else "go on"
        return "; then ".join(said) or wait


def _no_such_step(who: str, depth: int, could: str) -> BadArg:
    return BadArg(f"{name_of(who)} goes at step {depth} of this path, and cannot in this scenario: {could}")


def _node() -> WatchedNode:
    assert isinstance(runtime.node, WatchedNode)
    return runtime.node


def graph_of(
    scenario: Callable[[], Any],
    most: int = MOST_PLACES,
    *,
    along: Iterable[Iterable[str]] = (),
    result: Schedules | None = None,
) -> Graph:
    """Record the places of a scenario.

    Args:
        scenario: as for `otp_mini.explore.explore`.
        most: so many places.
        along: schedules, each as the names of those who go, that are recorded in any case.
        result: what `otp_mini.explore.explore` has found about the same scenario, from which it is known which steps
            are silent. Without it none is taken at once, and every schedule is in the graph.
    """
    graph, plan = Graph(), _Plan(scenario, result)
    with quiet():
        waiting = deque(_run(graph, plan, None))
        for schedule in along:
            waiting.extend(_keep_to(graph, plan, tuple(schedule)))
        while waiting and len(graph.places) < most:
            one = waiting.popleft()
            place = graph.places[one.place]
            if not place.silent and one.who not in place.moves:
                waiting.extend(_run(graph, plan, one))
    graph.whole = all(place.silent or set(place.moves) == set(place.enabled) for place in graph.places)
    graph.settle_names()
    return graph


def _run(graph: Graph, plan: _Plan, waiting: _Waiting | None) -> list[_Waiting]:
    """One run; answers what is left to try along it."""
    walk = _Walk(graph, plan, waiting)
    _played(graph, walk)
    return walk.left


def _played(graph: Graph, walk: _Walk) -> None:
    """Play a run; the place where it comes to its end gets the outcome."""
    try:
        value, text, _ = run_once(walk.plan.scenario, walk.choose, steps=walk.steps, record=walk)
    except Cut:
        return
    if len(walk.steps) < len(walk.known):
        raise _no_such_step(walk.known[len(walk.steps)], len(walk.steps), "the run is over by then")
    walk.land(())
    graph.places[walk.place].outcome = Outcome(value, text)


def _keep_to(graph: Graph, plan: _Plan, schedule: tuple[str, ...]) -> list[_Waiting]:
    """Record each step of a schedule that is not recorded yet; answers what is left to try beside them."""
    place, left = 0, list[_Waiting]()
    for depth, who in enumerate(schedule):
        if who not in graph.places[place].moves:
            left += _run(graph, plan, _Waiting(place, schedule[:depth], who))
        place = graph.places[place].moves[who][0]
    return left


def beyond(scenario: Callable[[], Any], path: Iterable[str], result: Schedules, names: Mapping[str, str]) -> Graph:
    """The places from one step on, up to the next at which more than one can go.

    Args:
        scenario: as for `graph_of`.
        path: the names of those who go, from the start; the last step is the new one.
        result: as for `graph_of`.
        names: those of the graph in which the path begins.

    Returns:
        A graph of its own. Its first place is the one before the last step of the path. Of the last place with moves it
        is known what each of them does, and nothing that comes behind.

    Raises:
        BadArg: somebody cannot go where the path says it.
    """
    steps = tuple(path)
    graph, plan = Graph(), _Plan(scenario, result, until=len(steps) + MOST_AT_ONCE)
    with quiet():
        walk = _one_on(graph, plan, _Waiting(-1, steps[:-1], steps[-1]))
        while len(walk.steps) < len(steps) + MOST_AT_ONCE and len(graph.places[walk.place].enabled) > 1:
            here, taken = graph.places[walk.place], tuple(step.who for step in walk.steps)
            place = walk.place
            for other in _usual_first(here.enabled, taken[-1]):
                if not here.silent:
                    walk = _one_on(graph, plan, _Waiting(place, taken, other))
            if not here.silent:
                break
    graph.tell_apart(names)
    return graph


def _one_on(graph: Graph, plan: _Plan, waiting: _Waiting) -> _Walk:
    """Take one step, and those behind it as long as only one can go."""
    walk = _Walk(graph, plan, waiting)
    _played(graph, walk)
    return walk


def _usual_first(enabled: tuple[str, ...], last: str) -> list[str]:
    first = usual(enabled, last) if enabled else ""
    return sorted(enabled, key=lambda who: who != first)


__all__ = ["ENDED", "MOST_PLACES", "READY", "WAITS", "Graph", "Outcome", "Picture", "Place", "beyond", "graph_of"]

"""What stands in a supervision tree at one moment: plain data, from which the pictures are made.

`look` reads it from outside, without a message: also while a supervisor is busy, starts its
children, or waits for one that takes long to stop. Nothing in it changes afterwards.

OTP: the tab *Applications* of ``:observer``
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from ..application import application_of, top_of
from ..children import RESTARTING, Budget, Child, StartingSupervisor, children_of, supervisor_state
from ..errors import name_of
from ..partition_supervisor import PartitionSupervisor
from ..process import ControlBlock
from ..registry import Registry
from ..task_supervisor import TaskSupervisor
from ..terms import CallRef, Pid

State = Literal["running", "starting", "stopping", "stopped", "dead", "restarting", "not started"]
Kind = Literal[
    "supervisor", "DynamicSupervisor", "PartitionSupervisor", "Task.Supervisor",
    "worker", "Registry", "application", "process",
]  # fmt: skip
SUPERVISORS: Final[tuple[Kind, ...]] = ("supervisor", "DynamicSupervisor", "PartitionSupervisor", "Task.Supervisor")
TieKind = Literal["link", "spawn", "spawn_link", "monitor"]

STATES: Final[tuple[State, ...]] = (
    "running", "starting", "stopping", "restarting", "stopped", "dead", "not started",
)  # fmt: skip
LIVING: Final[tuple[State, ...]] = ("running", "starting", "stopping")
"""The states in which there is a process."""


@dataclass(frozen=True, slots=True)
class Restarts:
    """A supervisor's budget: so many restarts are spent, of so many that are allowed in ``seconds``."""

    spent: int
    allowed: int
    seconds: float

    def __str__(self) -> str:
        return f"{self.spent} of {self.allowed} restarts in {self.seconds:g} s"


@dataclass(frozen=True, slots=True)
class Member:
    """One process of the tree, or the place of a child that has no process just now.

    Every text in it is one line that can be printed.

    Attributes:
        key: its number in the picture; they count from 0 in the order of the text.
        above: the key of its supervisor; None at the top, and beside the tree.
        name: what it is called: the id of a supervisor's child, else its registered name, or
            what it was started as.
        registered: the name it is registered under, where that is another; else empty.
        state: ``"dead"`` has ended, and its supervisor has not seen to it yet; ``"restarting"``
            failed to start and is tried again; ``"stopped"`` has no process, and none is coming
            by itself; ``"not started"`` has its turn later, when its supervisor starts.
        restart: the restart type; empty where no supervisor keeps it.
        strategy: of a supervisor; else empty.
        life: how often it was started; 0 where nobody counts.
        mailbox: how many messages wait in it.
        children: how many a supervisor has, also those that are not shown.
        note: what else is worth saying.
        same: the name of the member that shows the same process already; else empty.
    """

    key: int
    above: int | None
    name: str
    kind: Kind
    state: State
    pid: Pid | None = None
    registered: str = ""
    restart: str = ""
    strategy: str = ""
    life: int = 0
    mailbox: int = 0
    restarts: Restarts | None = None
    children: int = 0
    note: str = ""
    same: str = ""


@dataclass(frozen=True, slots=True)
class More:
    """Processes that are counted and not shown, by their state."""

    key: int
    above: int | None
    states: tuple[tuple[State, int], ...]

    @property
    def count(self) -> int:
        """How many they are."""
        return sum(number for _, number in self.states)


@dataclass(frozen=True, slots=True)
class Tie:
    """A link or a monitor that is not the tree's own, between two keys; ``count`` of them."""

    kind: TieKind
    source: int
    target: int
    count: int = 1


@dataclass(frozen=True, slots=True)
class TreeData:
    """A supervision tree: its members from the top, each before those below it.

    Attributes:
        members: a `More` stands behind the last of the siblings that are shown.
        beside: processes that are no part of the tree, and tied to one that is.
        ties: links, monitors and spawns, as far as they were asked for.
    """

    members: tuple[Member | More, ...]
    beside: tuple[Member | More, ...] = ()
    ties: tuple[Tie, ...] = ()

    def __iter__(self) -> Iterator[Member | More]:
        yield from self.members
        yield from self.beside


# ---- looking ------------------------------------------------------------------------------------


def look(root: ControlBlock, *, links: bool = False, monitors: bool = False, most: int = 8) -> TreeData:
    """Read the tree below a living process.

    Args:
        links: with links beside the tree's own, and what its members have spawned.
        monitors: with monitors.
        most: so many children of one supervisor are shown; those beyond are counted.
    """
    looking = _Looking(root, most)
    looking.down()
    members = tuple(looking.found)
    looking.found = []
    ties = looking.around(links, monitors) if links or monitors else ()
    return TreeData(members, tuple(looking.found), ties)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the walk goes next: a child as its supervisor keeps it, its process, or a `More`."""

    above: int | None
    process: ControlBlock | None
    kept: Child | None = None
    keeper: ControlBlock | None = None
    rest: tuple[Child, ...] = ()


class _Looking:
    """One walk through a tree."""

    def __init__(self, root: ControlBlock, most: int) -> None:
        self.root, self.node, self.most = root, root.node, most
        self.found: list[Member | More] = []
        self.keys: dict[Pid, int] = {}  # of processes; those that are not shown have the key of their `More`
        self.hidden: set[int] = set()  # the keys of the `More`s
        self.next_key = 0
        self.above: dict[int, int | None] = {}

    # Down the tree.

    def down(self) -> None:
        keeper = None if self.root.parent is None else self.root.parent.block
        kept = next((child for child in children_of(keeper) if child.pid is self.root.pid), None)
        todo = [_Place(None, self.root, kept, keeper)]
        while todo:
            place = todo.pop()
            if place.rest:
                self.more(place.above, [(child, living(child, place.keeper)) for child in place.rest])
                continue
            if place.process is not None and place.process.pid in self.keys:  # a start function may answer any pid
                self.add(replace(self.member(place), children=0, same=self.shown(place)))
                continue
            key = self.add(self.member(place))
            if place.process is not None:
                self.keys[place.process.pid] = key
                todo += reversed(list(self.places(place.process, key)))

    def places(self, process: ControlBlock, key: int) -> Iterator[_Place]:
        """What is below a process."""
        if (top := top_of(process)) is not None and top.block is not None:
            yield _Place(key, top.block)
        children = children_of(process)
        shown = len(children) if len(children) <= self.most + 1 else self.most
        for child in children[:shown]:
            yield _Place(key, living(child, process), child, process)
        if rest := tuple(children[shown:]):
            yield _Place(key, None, keeper=process, rest=rest)

    def shown(self, place: _Place) -> str:
        """Where the process of a place is shown already."""
        key = self.keys[place.process.pid]  # type: ignore[union-attr]
        names = [member.name for member in self.found if member.key == key and isinstance(member, Member)]
        return names[0] if names else "one that is counted above"

    def add(self, member: Member | More) -> int:
        self.found.append(member)
        self.above[member.key] = member.above
        self.next_key += 1
        return member.key

    def more(self, above: int | None, rest: Iterable[tuple[Child | None, ControlBlock | None]]) -> None:
        key, counted = self.next_key, Counter[State]()
        for kept, process in rest:
            counted[_state(kept, process)] += 1
            if process is not None:
                self.keys.setdefault(process.pid, key)
        self.hidden.add(key)
        self.add(More(key, above, tuple((state, counted[state]) for state in STATES if counted[state])))

    def member(self, place: _Place) -> Member:
        process, kept, keeper = place.process, place.kept, place.keeper
        kind = _kind(process, kept)
        name, registered = _names(process, kept, keeper)
        budget = _budget(process)
        return Member(
            self.next_key, place.above, name, kind, _state(kept, process),
            pid=process.pid if process is not None else _last_pid(kept),
            registered=registered,
            restart="" if kept is None else str(kept.spec.restart),
            strategy=_strategy(process),
            life=0 if kept is None else kept.lives,
            mailbox=0 if process is None else len(process.mailbox or ()),
            restarts=None if budget is None else _restarts(budget, self.node.now()),
            children=len(children_of(process)),
            note=_entries(process) if kind == "Registry" else "",
        )  # fmt: skip

    # Around it.

    def around(self, links: bool, monitors: bool) -> tuple[Tie, ...]:
        """The ties of those that are shown; processes beside the tree are added to ``found``."""
        seen = [pid for pid, key in self.keys.items() if key not in self.hidden]
        ties: list[tuple[TieKind, Pid, Pid]] = list(self.spawned(seen)) if links else []
        spawned = {(parent, child) for _, parent, child in ties}
        for pid in seen:
            if links:
                linked = self.node.blocks[pid].links or ()
                others = [other for other in linked if not spawned & {(pid, other), (other, pid)}]
                ties += [("link", pid, other) for other in others if not self.kept_by(pid, other)]
            if monitors:
                ties += _monitors(self.node.blocks[pid])
        self.outside(ties)
        counted: dict[tuple[TieKind, int, int], set[tuple[Pid, Pid]]] = {}
        for kind, one, other in ties:
            turned = kind == "link" and self.keys[one] > self.keys[other]  # a link has no direction: upper first
            pair = (other, one) if turned else (one, other)
            source, target = self.keys[pair[0]], self.keys[pair[1]]
            if source != target:
                counted.setdefault((kind, source, target), set()).add(pair)
        return tuple(Tie(*key, len(pairs)) for key, pairs in counted.items())

    def spawned(self, seen: list[Pid]) -> Iterator[tuple[TieKind, Pid, Pid]]:
        """What members have spawned that no supervisor keeps, and what that has spawned."""
        reach = set(seen)
        for block in self.node.blocks.values():  # in the order of their start: a parent before its children
            if block.parent in reach and block.pid not in self.keys:
                reach.add(block.pid)
                seen.append(block.pid)
                yield ("spawn_link" if block.parent in (block.links or ()) else "spawn"), block.parent, block.pid

    def kept_by(self, one: Pid, other: Pid) -> bool:
        """Is this link the one between a supervisor and its child?"""
        keys = self.keys.get(one), self.keys.get(other)
        return None not in keys and (self.above.get(keys[0]) == keys[1] or self.above.get(keys[1]) == keys[0])  # type: ignore[arg-type]

    def outside(self, ties: list[tuple[TieKind, Pid, Pid]]) -> None:
        """Give each process beside the tree a place with the member that it is tied to first."""
        places: dict[Pid, list[ControlBlock]] = {}
        placed = set(self.keys)
        for _, one, other in ties:
            known, new = (one, other) if one in placed else (other, one)
            if new not in placed:
                placed.add(new)
                places.setdefault(known, []).append(self.node.blocks[new])
        for known, blocks in places.items():
            if self.keys[known] in self.hidden:
                self.keys |= {block.pid: self.keys[known] for block in blocks}
                continue
            shown = len(blocks) if len(blocks) <= self.most + 1 else self.most
            for block in blocks[:shown]:
                self.keys[block.pid] = self.add(self.member(_Place(None, block)))
            if blocks[shown:]:
                self.more(None, [(None, block) for block in blocks[shown:]])


def living(kept: Child, keeper: ControlBlock | None) -> ControlBlock | None:
    """The process of a child, also of one whose start has not come back yet; None without."""
    if kept.doing == "starting" and keeper is not None:
        others = {child.pid for child in children_of(keeper)}
        for process in reversed(keeper.node.blocks.values()):
            if process.pid.number <= keeper.pid.number:
                break
            if process.parent is keeper.pid and process.pid not in others:
                found: ControlBlock = process
                return found
        return None
    return kept.pid.block if isinstance(kept.pid, Pid) else None


def _last_pid(kept: Child | None) -> Pid | None:
    """The pid of a child that has ended just now."""
    over = kept is not None and kept.doing != "starting" and isinstance(kept.pid, Pid)
    return kept.pid if over else None  # type: ignore[union-attr, return-value]


def _state(kept: Child | None, process: ControlBlock | None) -> State:
    if kept is None:
        return "starting" if process is not None and isinstance(process.loop, StartingSupervisor) else "running"
    if kept.doing == "starting":
        return "starting"
    if kept.doing == "stopping":
        return "stopped" if process is None else "stopping"
    if kept.pid == RESTARTING:
        return "restarting"
    if kept.pid is None:
        return "stopped" if kept.lives else "not started"
    return "dead" if process is None else "running"


def _kind(process: ControlBlock | None, kept: Child | None) -> Kind:
    """What kind of process it is, or will be again."""
    modules = () if kept is None or not isinstance(kept.spec.modules, tuple) else kept.spec.modules
    if process is not None:
        if top_of(process) is not None:
            return "application"
        if _book_of(process) is not None:
            return "Registry"
    elif Registry in modules:
        return "Registry"
    budget = _budget(process)
    if budget is None:
        if kept is None:
            return "process"
        return "supervisor" if kept.spec.type == "supervisor" else "worker"
    assert process is not None
    if _strategy(process):
        return "PartitionSupervisor" if _is_partitioned(process) else "supervisor"
    state = supervisor_state(process)
    assert state is not None
    return "Task.Supervisor" if issubclass(state.module, TaskSupervisor) else "DynamicSupervisor"


def _names(process: ControlBlock | None, kept: Child | None, keeper: ControlBlock | None) -> tuple[str, str]:
    """What a process is called, and its registered name where that is another."""
    registered = "" if process is None else _registered(process)
    if kept is None or (keeper is not None and not _strategy(keeper)):  # dynamic children all have one id
        label = name_of(kept.spec.id) if process is None and kept is not None else ""
        return registered or label or name_of(process.label if process is not None else ""), ""
    name = name_of(kept.spec.id)
    if keeper is not None and _is_partitioned(keeper):
        name = f"partition {name}"
    return name, "" if registered == name else registered


def _is_partitioned(process: ControlBlock) -> bool:
    state = supervisor_state(process)
    return state is not None and issubclass(state.module, PartitionSupervisor)


def _registered(process: ControlBlock) -> str:
    """Its name among the node's own, or the first of its keys in a registry."""
    if (application := application_of(process)) is not None:
        return name_of(application)
    if process.name is not None:
        return name_of(process.name)
    for registry, book in process.node.tables.get("registries", {}).items():
        for entry in book.of(process.pid) if book.unique else ():
            return f"{name_of(registry)}: {name_of(entry.key)}"
    return ""


def _book_of(process: ControlBlock) -> Any:
    """The entries of a registry; None where the process is none."""
    books = process.node.tables.get("registries", {}).values()
    return next((book for book in books if book.process is process), None)


def _entries(process: ControlBlock | None) -> str:
    book = None if process is None else _book_of(process)
    return "" if book is None else str(book.describe())


def is_supervisor(process: ControlBlock) -> bool:
    """Is this process one of the kinds of supervisor, be it one that still starts?"""
    return supervisor_state(process) is not None


def _budget(process: ControlBlock | None) -> Budget | None:
    state = supervisor_state(process)
    return None if state is None else state.budget


def _restarts(budget: Budget, now: float) -> Restarts:
    return Restarts(len(budget.spent(now)), budget.max_restarts, budget.max_seconds)


def _strategy(process: ControlBlock | None) -> str:
    """The strategy of a supervisor; that of a dynamic one goes without saying."""
    return str(getattr(supervisor_state(process), "strategy", ""))


def _monitors(block: ControlBlock) -> list[tuple[TieKind, Pid, Pid]]:
    """Who watches it, and whom it watches; the watch that belongs to a call is left out."""
    watched = [(ref, block.pid, other.pid) for ref, other in (block.monitoring or {}).items()]
    watching = [(ref, watcher, block.pid) for ref, (watcher, _) in (block.monitors or {}).items()]
    return [("monitor", one, other) for ref, one, other in (*watched, *watching) if type(ref) is not CallRef]

"""The cast of a lab: everybody who ever has a part in it, in whatever run.

A part stays when its process ends, and the next process takes it over: "the cart" is one part, in
its third life. Parts are only ever added, and their numbers never change, so that runs recorded
at different times go together.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ..children import Child, children_of, supervisor_state
from ..errors import name_of, safe_repr
from ..process import ControlBlock
from ..terms import Pid, is_quiet
from .world import LONGEST_LINE, World

MOST_DYNAMIC: Final = 6
"""A dynamic supervisor shows so many children; if it has more, the rest is one crowd."""

_PID: Final = re.compile(r"#PID<0\.(\d+)\.0>")


@dataclass
class Role:
    """One part. ``up`` is its supervisor's number, or that of the process that spawned it."""

    number: int
    name: str
    up: int
    kind: str  # supervisor, dynamic, worker, process (not supervised), crowd
    id: object = None
    restart: str | None = None
    strategy: str | None = None
    limit: tuple[int, float] | None = None
    error: BaseException | None = None
    pid: int | None = None  # the number of the first process that played it, if it was there at the start
    count: int = 0  # of a crowd, at the start

    @property
    def supervises(self) -> bool:
        """Is it a supervisor of either kind?"""
        return self.kind in ("supervisor", "dynamic")


class Cast:
    """Parts and reasons, in the order in which they first turned up."""

    def __init__(self, raises: Mapping[str, BaseException] | None = None) -> None:
        self.roles: list[Role] = []
        self.reasons: list[str] = ["normal", "shutdown", "killed"]
        self.quiet: list[int] = [0, 1]
        self.lines: list[str] = []  # what is said of a process's state, and what requests get
        self._raises = dict(raises or {})
        self._line_numbers: dict[str, int] = {}
        self._numbers: dict[str, int] = {text: number for number, text in enumerate(self.reasons)}

    # ---- at the start of a run --------------------------------------------------------------

    def enter(self, world: World) -> dict[Pid, int]:
        """Give every process of a world that has just started its part."""
        assert world.root is not None
        assert world.root.block is not None
        playing: dict[Pid, int] = {}
        self._enter(world.root.block, -1, None, playing)
        for pid, block in world.node.blocks.items():
            if pid not in playing and block.parent in playing:
                role = self.beyond(playing[block.parent], block, set(playing.values()))
                role.pid = role.pid or pid.number
                playing[pid] = role.number
        return playing

    def _enter(self, block: ControlBlock, up: int, kept: Child | None, playing: dict[Pid, int]) -> None:
        role = self._known(up, kept, set(playing.values())) or self._add(up, block, kept)
        role.pid = role.pid or block.pid.number
        playing[block.pid] = role.number
        children = children_of(block)
        crowded = role.kind == "dynamic" and len(children) > MOST_DYNAMIC
        shown = children[: MOST_DYNAMIC - 2] if crowded else children
        for child in shown:
            if isinstance(child.pid, Pid) and child.pid.block is not None:
                self._enter(child.pid.block, role.number, child, playing)
            else:
                self._known(role.number, child, set()) or self._add(role.number, None, child)
        if crowded:
            crowd = self.crowd(role.number) or self._add_crowd(role.number, len(children) - len(shown))
            playing.update({c.pid: crowd.number for c in children[len(shown) :] if isinstance(c.pid, Pid)})

    # ---- looking parts up -------------------------------------------------------------------

    def child(self, up: int, id: object, taken: set[int], block: ControlBlock | None, kept: Child | None) -> Role:
        """The part of a child that is being started, new if need be."""
        return self._find(up, id, taken) or self.crowd(up) or self._add(up, block, kept, id)

    def beyond(self, up: int, block: ControlBlock, taken: set[int]) -> Role:
        """The part of a process that another one spawned, beyond the tree."""
        name = _name(block, None)
        for role in self.roles:
            if role.kind == "process" and role.up == up and role.name == name and role.number not in taken:
                return role
        return self._append(Role(len(self.roles), name, up, "process", error=self._error(name)))

    def crowd(self, up: int) -> Role | None:
        """The crowd below a dynamic supervisor, if there is one."""
        return next((role for role in self.roles if role.kind == "crowd" and role.up == up), None)

    def are_apart(self, one: int, other: int) -> bool:
        """Would a link between the two add to what the tree shows? A supervisor is linked to its children."""
        pair = self.roles[one], self.roles[other]
        kept = [role.up for role in pair if role.restart is not None]
        return one != other and one not in kept and other not in kept and "crowd" not in [role.kind for role in pair]

    def _known(self, up: int, kept: Child | None, taken: set[int]) -> Role | None:
        if kept is None:
            return self.roles[0] if self.roles and up == -1 else None
        return self._find(up, kept.spec.id, taken)

    def _find(self, up: int, id: object, taken: set[int]) -> Role | None:
        """A dynamic supervisor's children share their id: whoever is free takes the part."""
        dynamic = self.roles[up].kind == "dynamic"
        for role in self.roles:
            if role.up == up and role.id == id and role.restart is not None and not (dynamic and role.number in taken):
                return role
        return None

    # ---- new parts --------------------------------------------------------------------------

    def _add(self, up: int, block: ControlBlock | None, kept: Child | None, id: object = None) -> Role:
        state = supervisor_state(block)
        role = Role(len(self.roles), _name(block, kept, id), up, "worker")
        if state is not None:
            strategy = getattr(state, "strategy", None)
            role.kind = "dynamic" if strategy is None else "supervisor"
            role.strategy = strategy or "one_for_one"
            role.limit = (state.budget.max_restarts, state.budget.max_seconds)
        if kept is not None:
            role.id, role.restart = kept.spec.id, kept.spec.restart
        elif up != -1:
            role.id, role.restart = id, "permanent"
        if not role.supervises:
            role.error = self._error(role.name, name_of(role.id))
        if role.up != -1 and self.roles[up].kind == "dynamic":
            role.name = self._distinct(role.name, up)
        return self._append(role)

    def _add_crowd(self, up: int, count: int) -> Role:
        return self._append(Role(len(self.roles), f"{count} more", up, "crowd", count=count))

    def _append(self, role: Role) -> Role:
        self.roles.append(role)
        if role.error is not None:
            self.reason(role.error)
        return role

    def _distinct(self, name: str, up: int) -> str:
        """Siblings that are called the same are numbered."""
        names = {role.name for role in self.roles if role.up == up}
        if name not in names and f"{name} 1" not in names:
            return name
        return next(f"{name} {number}" for number in range(2, len(names) + 3) if f"{name} {number}" not in names)

    def _error(self, *names: str) -> BaseException:
        """What a process raises that is known by these names, the first before the others."""
        return next((self._raises[name] for name in names if name in self._raises), RuntimeError("boom"))

    # ---- lines, reasons ----------------------------------------------------------------------------

    def line(self, text: str) -> int:
        """The number of a line of text, on one line and not too long."""
        text = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)
        text = text if len(text) <= 2 * LONGEST_LINE else text[: 2 * LONGEST_LINE - 1] + "…"
        if text not in self._line_numbers:
            self._line_numbers[text] = len(self.lines)
            self.lines.append(text)
        return self._line_numbers[text]

    def size(self) -> tuple[int, int, int]:
        """How much there is in it: it only ever grows."""
        return (len(self.roles), len(self.reasons), len(self.lines))

    def reason(self, term: object, playing: Mapping[Pid, int] | None = None) -> int:
        """The number of an exit reason; pids in it are given the names of their parts."""
        text = term if isinstance(term, str) and term in ("normal", "shutdown", "killed") else safe_repr(term)
        names = {pid.number: self.roles[number].name for pid, number in (playing or {}).items()}
        text = _PID.sub(lambda found: names.get(int(found[1]), "a process"), text)
        if text not in self._numbers:
            self._numbers[text] = len(self.reasons)
            self.reasons.append(text)
            if is_quiet(term):
                self.quiet.append(self._numbers[text])
        return self._numbers[text]


def _name(block: ControlBlock | None, kept: Child | None, id: object = None) -> str:
    """Its registered name, else the child's id, else what it was started as."""
    if block is not None and block.name is not None:
        return name_of(block.name)
    if kept is not None:
        return name_of(kept.spec.id)
    if block is not None:
        return name_of(block.label)
    return name_of(id)

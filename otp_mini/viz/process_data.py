"""What there is to say about processes at one moment: a row for each, and all about one.

Read from outside, without a message, as the tree is. Every text in it is one line that can be
printed; nothing in it is escaped yet.

OTP: the tab *Processes* of ``:observer``, and its window for one process
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final, NamedTuple

from ..application import application_of
from ..children import children_of
from ..errors import name_of, safe_repr
from ..node import Node
from ..process import ControlBlock
from ..terms import CallRef, Pid
from ..waits import waits_for
from .tree_data import Member, is_supervisor, look
from .tree_text import life, role
from .words import in_words

LONGEST: Final = 300
"""So many characters of a state or a message are shown."""

SHOWN: Final = 6
"""So many messages, links and monitors are named; those beyond are counted."""

ALL: Final = 1_000_000  # children of one supervisor: none is only counted


@dataclass(frozen=True, slots=True)
class Entry:
    """A process, or the place of a child that has none just now.

    Attributes:
        process: None where there is none.
        place: the names from the top down to it: a child that was started again has the same.
    """

    member: Member
    process: ControlBlock | None
    place: tuple[str, ...]

    @property
    def name(self) -> str:
        """Its registered name, else what its supervisor calls it, else what it was started as."""
        return self.member.registered or self.member.name


Name = Callable[[Pid], str]

HEADINGS: Final = ("name", "pid", "state", "waits for", "mailbox", "links", "turns")


def cells(entry: Entry, name: Name) -> tuple[str, ...]:
    """What stands in the table under `HEADINGS`.

    Args:
        name: what a process is called.
    """
    member, process = entry.member, entry.process
    state = ", ".join(filter(None, (member.state, life(member))))
    if process is None:
        return entry.name, str(member.pid or ""), state, "", "", "", ""
    counts = len(process.mailbox or ()), len(process.links or ()), process.turns
    return entry.name, str(process.pid), state, waits_for(process, name), *map(str, counts)


def everybody(node: Node, root: ControlBlock | None) -> list[Entry]:
    """A tree from its top down and what its members have spawned; without a root, the whole node."""
    tops = tops_of(node) if root is None else [root]
    entries = [entry for top in tops for entry in _tree(top)]
    known = {entry.process.pid for entry in entries if entry.process is not None}
    for process in node.blocks.values():  # in the order of their start: a parent before its children
        if process.pid not in known and (root is None or process.parent in known):
            known.add(process.pid)
            member = look(process).members[0]
            assert isinstance(member, Member)
            entries.append(Entry(member, process, (str(process.pid),)))
    return entries


def names_of(entries: Iterable[Entry]) -> dict[Pid, str]:
    """What each process is called: its name, and its pid."""
    named = [(entry.process.pid, entry.name) for entry in entries if entry.process is not None]
    return {pid: f"{name} {pid}" for pid, name in named}


def tops_of(node: Node) -> list[ControlBlock]:
    """The processes of a node that stand at the top of a tree: applications, and supervisors that nobody keeps."""
    blocks = list(node.blocks.values())
    kept = {child.pid for process in blocks for child in children_of(process)}
    applications = [process for process in blocks if application_of(process) is not None]
    below = {member.pid for top in applications for member in look(top).members[1:2] if isinstance(member, Member)}
    return [
        process
        for process in blocks
        if process in applications or (is_supervisor(process) and process.pid not in kept | below)
    ]


def _tree(top: ControlBlock) -> Iterator[Entry]:
    places: dict[int | None, tuple[str, ...]] = {None: ()}
    for member in look(top, most=ALL).members:
        if isinstance(member, Member) and not member.same:
            places[member.key] = place = (*places[member.above], member.name)
            yield Entry(member, None if member.pid is None else member.pid.block, place)


# ---- one process ----------------------------------------------------------------------------------


class Fact(NamedTuple):
    """One thing that is so: ``mailbox``, ``2``, and the two messages."""

    what: str
    value: str
    items: tuple[str, ...] = ()


def facts(entry: Entry, name: Name) -> list[Fact]:
    """All about one process.

    Args:
        name: what any process is called.
    """
    process = entry.process
    if process is None:
        return [Fact("state", entry.member.state)]
    told = [Fact(what, value) for what, value in _who(entry, process, name)]
    told.append(
        _several(
            "mailbox",
            [in_words(message, LONGEST) for message in islice(process.mailbox or (), SHOWN)],
            len(process.mailbox or ()),
        )
    )
    watched = [block.pid for block in (process.monitoring or {}).values()]
    watchers = [pid for ref, (pid, _) in (process.monitors or {}).items() if type(ref) is not CallRef]
    for what, pids in (("links", process.links or ()), ("monitors", watched), ("monitored by", watchers)):
        told.append(_several(what, [name(pid) for pid in islice(pids, SHOWN)], len(pids)))
    return told


def _several(what: str, first: Iterable[str], number: int) -> Fact:
    more = (f"… and {number - SHOWN:,} more",) if number > SHOWN else ()
    return Fact(what, f"{number:,}" if number else "none", (*map(name_of, first), *more))


def _who(entry: Entry, process: ControlBlock, name: Name) -> Iterator[tuple[str, str]]:
    member = entry.member
    yield "kind", ", ".join(filter(None, (role(member), life(member), member.note)))
    yield "state", member.state
    yield "waits for", waits_for(process, name) + _left(process)
    if process.current is not None:
        yield "handles now", name_of(in_words(process.current, LONGEST))
    if member.restarts is not None:
        yield "keeps", f"{member.children:,} {'child' if member.children == 1 else 'children'}, {member.restarts}"
    elif process.loop is not None and member.kind != "Registry":
        yield "server's state", name_of(safe_repr(process.loop.state, LONGEST))
    yield "turns", f"{process.turns:,}"
    yield "traps exits", "yes" if process.trap_exit else "no"


def _left(process: ControlBlock) -> str:
    """How long it waits at most."""
    left = None if process.timer is None else process.node.read_timer(process.timer)
    if left is None:
        return ""
    return f", {left:g} s at most" if process.node.clock.virtual else f", {left:.0f} s at most"


def describe(pid: Pid) -> str:
    """A process by its name and pid; one that has ended, by its pid."""
    return str(pid) if pid.block is None else str(pid.block.node.describe(pid.block))

"""A supervision tree as text: all that the picture says, a line for each process."""

from __future__ import annotations

from typing import Final

from .tree_data import Member, More, State, Tie, TieKind, TreeData
from .words import life as in_words

MARKS: Final[dict[State, str]] = {
    "running": "●", "starting": "▲", "restarting": "△", "stopping": "■", "stopped": "□", "dead": "×",
    "not started": "○",
}  # fmt: skip
"""A mark for each state: the picture draws the same shapes."""

TIES: Final[dict[TieKind, str]] = {
    "link": "linked", "spawn": "spawned", "spawn_link": "spawned, linked", "monitor": "monitors",
}  # fmt: skip
"""What stands on the line between two processes."""

_SAID: Final[dict[TieKind, str]] = {
    "link": "is linked to", "spawn": "spawned", "spawn_link": "spawned and is linked to", "monitor": "monitors",
}  # fmt: skip


def text(tree: TreeData) -> str:
    """The tree with box-drawing characters; what stands beside it, and ties, below."""
    lines = []
    last = {member.above: member.key for member in tree.members}
    stems: dict[int | None, str] = {None: ""}  # what stands before the branches below a member
    for member in tree.members:
        top, ends = member.above is None, last[member.above] == member.key
        stem = stems[member.above]
        stems[member.key] = stem if top else stem + ("    " if ends else "│   ")
        lines.append(stem + ("" if top else "└── " if ends else "├── ") + line(member))
    if tree.beside:
        lines += ["beside the tree:", *(f"    {line(member)}" for member in tree.beside)]
    if tree.ties:
        called = {member.key: who(member) for member in tree}
        lines += ["links and monitors:", *(f"    {_tie(tie, called)}" for tie in tree.ties)]
    return "\n".join(lines)


def line(member: Member | More) -> str:
    """One process in words."""
    if isinstance(member, More):
        return f"{who(member)}: {counted(member)}"
    named = f" registered as {member.registered}" if member.registered else ""
    facts = [member.state, role(member), life(member), children(member), str(member.restarts or "")]
    facts += [member.note, mailbox(member), same(member)]
    return f"{MARKS[member.state]} {who(member)}{named}: {', '.join(filter(None, facts))}"


def who(member: Member | More) -> str:
    """A process by its name and pid."""
    if isinstance(member, More):
        return f"… {member.count} more"
    return member.name if member.pid is None else f"{member.name} {member.pid}"


def counted(more: More) -> str:
    """How many are in which state.

    Example:
        >>> counted(More(3, 0, (("running", 490), ("restarting", 5))))
        '490 running, 5 restarting'
    """
    return ", ".join(f"{number} {state}" for state, number in more.states)


def role(member: Member) -> str:
    """Restart type, strategy and kind."""
    return " ".join(filter(None, (member.restart, member.strategy, member.kind)))


def life(member: Member) -> str:
    """Which life it is, from the second on."""
    return in_words(member.life) if member.life > 1 else ""


def children(member: Member) -> str:
    """How many children a dynamic supervisor has: the kind that may have very many."""
    if member.kind not in ("DynamicSupervisor", "Task.Supervisor"):
        return ""
    return f"{member.children} {'child' if member.children == 1 else 'children'}"


def mailbox(member: Member) -> str:
    """How many messages wait, where any do."""
    return f"{member.mailbox} in mailbox" if member.mailbox else ""


def word(tie: Tie) -> str:
    """What stands on the line of a tie."""
    return TIES[tie.kind] if tie.count == 1 else f"{TIES[tie.kind]} ({tie.count})"


def same(member: Member) -> str:
    """Where the process is shown already, if it is: a start function may answer any pid."""
    return f"the same process as {member.same}" if member.same else ""


def _tie(tie: Tie, called: dict[int, str]) -> str:
    times = "" if tie.count == 1 else f" ({tie.count})"
    return f"{called[tie.source]} {_SAID[tie.kind]} {called[tie.target]}{times}"

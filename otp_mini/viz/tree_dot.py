"""A supervision tree as DOT, the language of Graphviz; the boxes are of fixed size.

What is written in a box decides its size, counted in letters and not measured in a font: so the
same tree has the same layout on every machine.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Final

from .layout import POINTS
from .tree_data import SUPERVISORS, Member, More, Tie, TreeData
from .tree_text import MARKS, children, counted, life, mailbox, same, word

NAME: Final = 7.9
"""Pixels for a letter of a name, which is bold and of one width."""
LETTER: Final = 6.5
"""Pixels for any other letter."""
LONGEST: Final = 26
"""So many letters of a name have room."""
ROW, EDGE = 16, 9
NARROWEST: Final = 80
STYLES: Final = {"link": "dashed", "spawn": "dotted", "spawn_link": "dashed", "monitor": "dotted"}
GONE: Final = {"stopped", "dead", "not started"}
"""The states of a place without a process."""


@dataclass(frozen=True, slots=True)
class Box:
    """What stands in a box, row by row, and how large that makes it.

    ``names`` hold what the program said, and are written in letters of one width.
    """

    names: tuple[str, ...]
    rows: tuple[str, ...]
    width: int
    height: int


def box(member: Member | More) -> Box:
    """The rows of a process: its name, its state and life, its type, its numbers."""
    if isinstance(member, More):
        names, rows = [f"… {member.count} more"], counted(member).split(", ")
    else:
        registered = f"registered {member.registered}" if member.registered else ""
        names = [cut(member.name), *map(cut, filter(None, (registered, same(member))))]
        rows = list(filter(None, _rows(member)))
    needed = [*(cells(name) * NAME for name in names), *(cells(row) * LETTER for row in rows), NARROWEST]
    width = 2 * round(max(needed) / 2 + 14)
    return Box(tuple(names), tuple(rows), width, ROW * (len(names) + len(rows)) + 2 * EDGE)


def _rows(member: Member) -> list[str]:
    kind = {"supervisor": member.strategy, "worker": ""}.get(member.kind, member.kind)  # its outline says it
    pid = "" if member.pid is None else str(member.pid)
    return [
        f"{MARKS[member.state]} {member.state}",
        life(member),
        " ".join(filter(None, (member.restart, kind))),
        "" if kind == member.strategy else member.strategy,
        children(member),
        str(member.restarts or ""),
        member.note,
        pid,
        mailbox(member),
    ]


def cells(words: str) -> int:
    """How much room words take, in letters: a Chinese one takes two.

    Example:
        >>> cells("till"), cells("收银机")
        (4, 6)
    """
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in words)


def cut(words: str, room: int = LONGEST) -> str:
    """As much of the words as there is room for.

    Example:
        >>> cut("a name that is too long", 10)
        'a name th…'
    """
    words = words[: room + 1]  # no letter takes less than one place
    if cells(words) <= room:
        return words
    while cells(words) > room - 1:
        words = words[:-1]
    return words + "…"


def dot(tree: TreeData, *, words: bool = True) -> str:
    """The tree in DOT.

    Args:
        words: False leaves all text out, for those who only want to know where the boxes stand.

    Raises:
        ImportError: the package graphviz, which writes it, is not installed.
    """
    import graphviz  # type: ignore[import-untyped]

    graph = graphviz.Digraph(
        "tree",
        graph_attr={"ordering": "out", "nodesep": "0.17", "ranksep": "0.45"},
        node_attr={"shape": "box", "fixedsize": "true", "label": ""},
        edge_attr={"dir": "none"},
    )
    for member in tree:
        graph.node(f"n{member.key}", **_node(member, words))
    for member in tree.members:
        if member.above is not None:
            gone = isinstance(member, Member) and member.state in GONE
            graph.edge(f"n{member.above}", f"n{member.key}", **({"style": "dashed"} if gone and words else {}))
    outside = {member.key for member in tree.beside}
    for tie in tree.ties:
        source, target = ends(tie, tree)
        inside = not {source, target} & outside
        graph.edge(f"n{source}", f"n{target}", **_line(tie, inside, words))
    source_text: str = graph.source
    return source_text


def ends(tie: Tie, tree: TreeData) -> tuple[int, int]:
    """The ends of a tie, the upper one first: a link to one that is older points up."""
    outside = {member.key: member for member in tree.beside}
    other = outside.get(tie.target)
    member = next(member for member in tree if member.key == tie.source)
    older = isinstance(other, Member) and isinstance(member, Member) and _age(other) < _age(member)
    return (tie.target, tie.source) if older and tie.kind == "link" else (tie.source, tie.target)


def _age(member: Member) -> int:
    return 0 if member.pid is None else member.pid.number


def _node(member: Member | More, words: bool) -> dict[str, str]:
    """The attributes of a box, in the order in which they are written."""
    shown = box(member)
    size = {"width": f"{shown.width / POINTS:.4f}", "height": f"{shown.height / POINTS:.4f}"}
    if not words:
        return size
    styles = {"stopped": "dashed", "starting": "dashed", "restarting": "dashed", "dead": "dashed"}
    style = "dotted" if isinstance(member, More) else styles.get(member.state, "solid")
    supervisor = isinstance(member, Member) and member.kind in SUPERVISORS
    outline = {"peripheries": "2"} if supervisor else {"style": f"rounded,{style}"}
    return {"label": _label([*shown.names, *shown.rows]), **size, **outline, **({"style": style} if supervisor else {})}


def _line(tie: Tie, inside: bool, words: bool) -> dict[str, str]:
    """The attributes of a line; without words, its label is an empty table of the size that the word needs."""
    attributes = {"constraint": "false"} if inside else {}
    if not words:
        size = f'WIDTH="{round(cells(word(tie)) * LETTER) + 12}" HEIGHT="{ROW}"'
        return {**attributes, "label": f'<<TABLE FIXEDSIZE="TRUE" {size} BORDER="0"><TR><TD></TD></TR></TABLE>>'}
    forward = {} if tie.kind == "link" else {"dir": "forward"}
    return {**attributes, "label": word(tie), "style": STYLES[tie.kind], **forward}


def _label(rows: list[str]) -> str:
    """Lines of a label. What DOT would read as something else than a letter is escaped."""
    import graphviz

    written = r"\n".join(row.replace("&", "&amp;").replace("\\", "\\\\") for row in rows)
    quoted: str = graphviz.nohtml(written)
    return quoted

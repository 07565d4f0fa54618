"""Tables of what runs: the children of a supervisor, the entries of a registry, all processes.

Each prints as text and shows itself as HTML in a notebook. Names, reasons and values come from the
program, so every one of them is escaped where it becomes HTML.

OTP: ``Supervisor.which_children/1`` and the tables of ``:observer``
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

from ..errors import BadArg, name_of, safe_repr
from ..node import current_node
from ..primitives import Destination, find
from ..process import ControlBlock
from ..supervisor import ChildRow
from ..terms import Pid


class Table:
    """Rows under headings, with a title: as text, and as HTML."""

    def __init__(self, title: str, headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        self.title = title
        self.headings = tuple(headings)
        self.rows = [tuple(row) for row in rows]

    def __str__(self) -> str:
        lines = [self.headings, *self.rows]
        widths = [max(len(line[column]) for line in lines) for column in range(len(self.headings))]
        columns = [[line[at].ljust(width) for line in lines] for at, width in enumerate(widths)]
        return "\n".join([self.title, *("  ".join(cells).rstrip() for cells in zip(*columns, strict=True))])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        head = "".join(f'<th scope="col">{escape(heading)}</th>' for heading in self.headings)
        body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in self.rows)
        caption = f"<caption>{escape(self.title)}</caption>"
        return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def which(supervisor: Destination) -> Table:
    """The children of a supervisor, in the order of their start.

    Looks from outside, without a message: also while the supervisor is busy.

    Raises:
        BadArg: nobody is there, or it is no supervisor.

    OTP: ``Supervisor.which_children/1``

    Example:
        >>> from otp_mini import GenServer, Node, Supervisor, which
        >>> async def main():
        ...     sup = await Supervisor.start_link([(GenServer, 0)], strategy="one_for_one", name="shop")
        ...     return which(sup)
        >>> with Node(clock="virtual") as node:
        ...     node.run(main)
        shop #PID<0.2.0>: one_for_one, 0 of 3 restarts in 5 s
        id         pid          type    restart    state
        GenServer  #PID<0.3.0>  worker  permanent  running
    """
    process = find(supervisor)
    children = None if process is None else getattr(getattr(process.server, "state", None), "kept", None)
    if process is None or children is None:
        raise BadArg(f"which needs a running supervisor, got {safe_repr(supervisor)}")
    state = process.server.state
    rows = [_child(child.row(), child.spec.restart) for child in children()]
    return Table(f"{process.node.describe(process)}: {state.describe()}", _CHILD, rows)


_CHILD = ("id", "pid", "type", "restart", "state")


def _child(row: ChildRow, restart: str) -> tuple[str, ...]:
    if isinstance(row.pid, Pid):
        pid, state = repr(row.pid), "running" if row.pid.block is not None else "ended"
    else:
        pid, state = "none", "stopped" if row.pid is None else "restarting"
    return (name_of(row.id), pid, row.type, restart, state)


def processes() -> Table:
    """Every process of the current node: who it is, what it waits for, how long its mailbox is.

    OTP: the table of processes in ``:observer``
    """
    node = current_node()
    headings = ("pid", "name", "waits for", "mailbox", "links", "turns")
    return Table(f"{len(node.blocks)} processes", headings, map(_process, node.blocks.values()))


def _process(process: ControlBlock) -> tuple[str, ...]:
    waiting: Any = process.waiting
    said = "" if waiting is None else waiting if isinstance(waiting, str) else "an answer"
    name = name_of(process.label if process.name is None else process.name)
    counts = (len(process.mailbox or ()), len(process.links or ()), process.turns)
    return (repr(process.pid), name, said, *map(str, counts))

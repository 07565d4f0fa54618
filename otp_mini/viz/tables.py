"""Tables of what runs: children, entries of a registry, the state of a server, ETS rows, all processes.

Each prints as text and shows itself as HTML in a notebook. Names, reasons and values come from the
program, so every one of them is escaped where it becomes HTML.

OTP: ``Supervisor.which_children/1`` and the tables of ``:observer``
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from html import escape
from itertools import islice
from typing import Any, Final

from .. import ets
from ..agent import AgentServer
from ..children import Child, SupervisorState
from ..errors import BadArg, name_of, safe_repr
from ..node import current_node
from ..primitives import Destination, find
from ..process import ControlBlock
from ..registry import Entry
from ..terms import Pid
from ..waits import described, waits_for

LIMIT: Final = 20
"""So many rows are shown unless ``limit`` says otherwise."""

LONGEST: Final = 60
"""So many characters of a term are shown in a cell."""

MOST_PLACES: Final = 8
"""So many places of an ETS row have a column of their own."""


class Table:
    """Rows under headings, with a title and a note of what was left out: as text, and as HTML."""

    def __init__(self, title: str, headings: Sequence[str], rows: Iterable[Sequence[str]], more: int = 0) -> None:
        self.title = title
        self.headings = tuple(headings)
        self.rows = [tuple(row) for row in rows]
        self.more = f"and {more:,} more" if more > 0 else ""

    def __str__(self) -> str:
        lines = [self.headings, *self.rows]
        widths = [max(len(line[column]) for line in lines) for column in range(len(self.headings))]
        columns = [[line[at].ljust(width) for line in lines] for at, width in enumerate(widths)]
        body = ("  ".join(cells).rstrip() for cells in zip(*columns, strict=True))
        return "\n".join([self.title, *body, *filter(None, [self.more])])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        head = "".join(f'<th scope="col">{escape(heading)}</th>' for heading in self.headings)
        body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in self.rows)
        caption = f"<caption>{escape(self.title)}</caption>"
        foot = f'<tfoot><tr><td colspan="{len(self.headings)}">{self.more}</td></tr></tfoot>' if self.more else ""
        return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody>{foot}</table>"


def which(what: Destination | ets.Table, limit: int | None = LIMIT) -> Table:
    """What is in there: a supervisor's children, a registry's entries, a server's state, a table's rows.

    Looks from outside, without a message: also while the process is busy, and into a table that is
    private.

    Args:
        what: a supervisor, a registry, an agent or another server, by pid, name or `Via`; or an ETS
            table, by its handle, or by its name where no process has that name.
        limit: show at most so many rows, and say how many there are beside them. None shows all.

    Raises:
        BadArg: it is none of these, or there is no such process or table.

    OTP: ``Supervisor.which_children/1``, ``Registry.select/2``, ``:sys.get_state/1``, ``:ets.tab2list/1``

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
    process = None if isinstance(what, ets.Table) else find(what)
    table = what if isinstance(what, ets.Table) else ets.whereis(what)
    if process is None and table is not None and ets.info(table) is not None:
        return _rows(table, limit)
    if process is None or process.loop is None:
        found = "" if process is None else f", a process that is no server: {process.node.describe(process)}"
        raise BadArg(
            "which needs a running supervisor, registry, agent or other server, or an ETS table; "
            f"got {safe_repr(what)}{found}"
        )
    who, state = process.node.describe(process), process.loop.state
    if isinstance(state, SupervisorState):
        return _table(f"{who}: {state.describe()}", _CHILD, state.children, _child, limit)
    if hasattr(state, "entries"):
        return _table(f"{who}: {state.describe()}", ("key", "pid", "value"), state.entries(), _entry, limit)
    title = who if process.name is None else f"{who}: {name_of(process.label)}"
    if type(state) is dict:
        return _table(title, ("key", "value"), state.items(), _cells, limit)
    return Table(title, ("state",), [_cells([state])])


def table_of(thing: Pid | ets.Table) -> Table | None:
    """The table by which an agent, a registry or an ETS table shows itself; None for all else."""
    if isinstance(thing, Pid):
        server = None if thing.block is None else thing.block.loop
        shows = server is not None and (isinstance(server.server, AgentServer) or hasattr(server.state, "entries"))
    else:
        shows = ets.info(thing) is not None
    return which(thing) if shows else None


def _table(
    title: str, headings: Sequence[str], things: Collection[Any], row: Callable[[Any], Sequence[str]], limit: int | None
) -> Table:
    """A row for each of the first things, and how many there are beside them."""
    return Table(title, headings, map(row, islice(things, limit)), 0 if limit is None else len(things) - limit)


def _cells(terms: Iterable[Any]) -> list[str]:
    """A cell for each term: on one line, and not too long."""
    return [name_of(safe_repr(term, LONGEST)) for term in terms]


_CHILD = ("id", "pid", "type", "restart", "state")


def _child(child: Child) -> tuple[str, ...]:
    row = child.row()
    if isinstance(row.pid, Pid):
        pid, state = repr(row.pid), "running" if row.pid.block is not None else "ended"
    else:
        pid, state = "none", "stopped" if row.pid is None else "restarting"
    return (name_of(row.id), pid, row.type, child.spec.restart, state)


def _entry(entry: Entry) -> list[str]:
    return _cells([entry.key, entry.pid, entry.value])


def _rows(table: ets.Table, limit: int | None) -> Table:
    """The rows of an ETS table, a column for each place."""
    shown = [*islice(table.walk(), limit)]
    places = max(table.keypos + 1, min(MOST_PLACES, max(map(len, shown), default=0)))
    headings = [f"{place} (key)" if place == table.keypos else str(place) for place in range(places)]
    rows = [_row(row, places) for row in shown]
    return Table(repr(table)[1:-1], headings, rows, table.size - len(shown))


def _row(row: ets.Row, places: int) -> list[str]:
    cells = _cells(row[:places]) + [""] * (places - len(row))
    if len(row) > places:
        cells[-1] += f", … {len(row) - places:,} more"
    return cells


def processes(limit: int | None = LIMIT) -> Table:
    """Every process of the current node: who it is, what it waits for, how long its mailbox is.

    Args:
        limit: as for `which`.

    OTP: the table of processes in ``:observer``
    """
    node = current_node()
    headings = ("pid", "name", "waits for", "mailbox", "links", "turns")
    number = len(node.blocks)
    return _table(f"{number:,} process{'es' * (number != 1)}", headings, node.blocks.values(), _process, limit)


def _process(process: ControlBlock) -> tuple[str, ...]:
    said = waits_for(process, described)
    name = name_of(process.label if process.name is None else process.name)
    counts = (len(process.mailbox or ()), len(process.links or ()), process.turns)
    return (repr(process.pid), name, said, *map(str, counts))

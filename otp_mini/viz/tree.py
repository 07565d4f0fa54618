"""The supervision tree as a picture: who keeps whom, how, and in which state everybody is.

The layers below are pure functions, each of the data alone: `tree_data` looks, `tree_text`,
`tree_dot` and `tree_svg` show, and `layout` asks Graphviz where the boxes stand.

OTP: the tab *Applications* of ``:observer``
"""

from __future__ import annotations

from html import escape

from ..application import address_of
from ..errors import BadArg, safe_repr
from ..primitives import Destination, find
from ..terms import Pid
from .chart import framed
from .layout import NoGraphviz, layout
from .tree_data import TreeData, is_supervisor, look
from .tree_dot import dot
from .tree_svg import label, svg
from .tree_text import text


class Tree:
    """A supervision tree as it stood when it was looked at: a picture in a notebook, and text.

    In the picture, a supervisor has a double border with corners, any other process is round.
    """

    def __init__(self, data: TreeData) -> None:
        self.data = data

    def __str__(self) -> str:
        return text(self.data)

    __repr__ = __str__

    @property
    def dot(self) -> str:
        """The tree in the language of Graphviz.

        Raises:
            ImportError: the package graphviz is not installed.
        """
        return dot(self.data)

    def svg(self) -> str:
        """The picture by itself. Everything in it that the program said is escaped.

        Raises:
            NoGraphviz: nothing here can lay it out; the message says what to install.
        """
        try:
            places = layout(dot(self.data, words=False))
        except ImportError:
            raise NoGraphviz("no picture: drawing it needs the package graphviz (pip install graphviz)") from None
        return svg(self.data, places)

    def _repr_html_(self) -> str:
        as_text = f"<pre>{escape(str(self))}</pre>"
        try:
            picture = self.svg()
        except NoGraphviz as missing:
            return f"{as_text}\n<p>The tree is shown as text: {escape(str(missing))}.</p>"
        return framed("supervision-tree", label(self.data), picture, as_text)


def tree(supervisor: Destination, *, links: bool = False, monitors: bool = False, most: int = 8) -> Tree:
    """The supervision tree below a process, as it stands now.

    Looks from outside, without a message: also while the supervisor is busy. A process that is
    no supervisor is a tree of one: with ``links=True`` it shows whom it is linked to.

    Args:
        supervisor: a pid, a name, an address, or a class derived from `Application` that runs.
        links: also show links that are not the tree's own, and what members have spawned.
        monitors: also show who monitors whom.
        most: so many children of one supervisor are shown, from 1 up; those beyond are counted.

    Raises:
        BadArg: nobody is there.

    OTP: none; ``:observer`` draws it

    Example:
        >>> from otp_mini import GenServer, Node, Supervisor, child_spec, tree
        >>> async def main():
        ...     children = [child_spec(GenServer, id=name) for name in ("till", "stock")]
        ...     return tree(await Supervisor.start_link(children, strategy="one_for_all", name="shop"))
        >>> with Node(clock="virtual") as node:
        ...     node.run(main)
        ● shop #PID<0.2.0>: running, one_for_all supervisor, 0 of 3 restarts in 5 s
        ├── ● till #PID<0.3.0>: running, permanent worker
        └── ● stock #PID<0.4.0>: running, permanent worker
    """
    if not isinstance(most, int) or most < 1:
        raise BadArg(f"most says how many children are shown, a whole number from 1 up, got {safe_repr(most)}")
    process = find(address_of(supervisor))
    if process is None:
        raise BadArg(
            f"tree needs a living process, got {safe_repr(supervisor)}, which has ended or never was. "
            "Give it the pid or the name of a supervisor that runs."
        )
    return Tree(look(process, links=links, monitors=monitors, most=most))


def tree_of_supervisor(pid: Pid) -> Tree | None:
    """The tree as which a pid shows itself in a notebook; None for all but a living supervisor."""
    process = pid.block
    return Tree(look(process)) if process is not None and is_supervisor(process) else None

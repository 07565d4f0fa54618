"""What a node leaves behind when the program drops it, or ends: processes that never had a turn.

Python warns of a coroutine that is collected before it has begun ("was never awaited"). The program
cannot help that, for it did not write the coroutine, and its process was only not reached. So such
coroutines are closed first. No line of theirs is run by that.

OTP: none; the BEAM halts
"""

from __future__ import annotations

import atexit
import gc
import inspect
from itertools import islice
from types import CoroutineType
from typing import Any, Final, Self
from weakref import WeakSet

MOST: Final = 1_000
"""So many of those that are ready are looked at."""

nodes: Final[WeakSet[Leaving]] = WeakSet()
"""Those that somebody holds: they are looked at once more when the program ends."""


def close_unstarted(node: Leaving) -> None:
    """Close the code of the node's processes that never had a turn; nobody will use the node again."""
    for process in list(getattr(node, "blocks", {}).values()):  # none, where the node was never made
        if _is_unstarted(process):
            process.coroutine.close()


def _is_unstarted(process: Any) -> bool:
    code = process.coroutine
    return isinstance(code, CoroutineType) and inspect.getcoroutinestate(code) == inspect.CORO_CREATED


def in_order(main: Any) -> Any:
    """The process for which a node was run, which has ended.

    Where others still have to have their first turn, Python's collector must come to the node before it comes to
    their code. It takes the young before those of middle age: so code that is younger than its node ages here.
    """
    if any(map(_is_unstarted, islice(main.node.ready, MOST))):
        gc.collect(0)
    return main


def _at_exit() -> None:
    for node in list(nodes):
        if not getattr(node, "driving", False):
            close_unstarted(node)


class Leaving:
    """What `Node` has from here: it is known until it is dropped, and then leaves nothing behind."""

    def __new__(cls, *args: Any, **options: Any) -> Self:
        """Make it known."""
        node = super().__new__(cls)
        nodes.add(node)
        return node

    def __del__(self) -> None:
        close_unstarted(self)


atexit.register(_at_exit)

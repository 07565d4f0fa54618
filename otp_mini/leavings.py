"""What a node leaves behind when the program drops it, or ends: processes that never had a turn.

Python warns of a coroutine that is collected before it has begun ("was never awaited"). The program
cannot help that, for it did not write the coroutine, and its process was only not reached. So such
coroutines are closed first. No line of theirs is run by that.

OTP: none; the BEAM halts
"""

from __future__ import annotations

import atexit
import inspect
from types import CoroutineType
from typing import Any, Final, Self
from weakref import WeakSet

nodes: Final[WeakSet[Leaving]] = WeakSet()
"""Those that somebody holds: they are looked at once more when the program ends."""


def close_unstarted(node: Leaving) -> None:
    """Close the code of the node's processes that never had a turn; nobody will use the node again."""
    for process in list(getattr(node, "blocks", {}).values()):  # none, where the node was never made
        code = process.coroutine
        if isinstance(code, CoroutineType) and inspect.getcoroutinestate(code) == inspect.CORO_CREATED:
            code.close()


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

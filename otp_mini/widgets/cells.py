"""Which notebook cell runs just now: what an earlier run of it has left is cleaned up by that.

OTP: none
"""

from __future__ import annotations

import sys
from typing import Any, NamedTuple


class Cell(NamedTuple):
    """A cell, and which execution of it this is."""

    name: str
    execution: int

    def is_rerun_of(self, other: Cell | None) -> bool:
        """Is this the same cell, and another execution of it?"""
        return other is not None and self.name == other.name and self.execution != other.execution


def kernel_shell() -> Any:
    """The shell of the kernel that runs this, or None: a script, a test, a terminal."""
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    return shell if getattr(shell, "kernel", None) is not None else None


def running_cell() -> Cell | None:
    """The cell that runs, by the front end's name for it, else by its text; None outside of a kernel."""
    shell = kernel_shell()
    if shell is None:
        return None
    metadata: Any = {}
    if hasattr(shell, "get_parent"):
        metadata = (shell.get_parent() or {}).get("metadata") or {}
    source = (shell.user_ns.get("In") or [""])[-1]
    return Cell(str(metadata.get("cellId") or source), shell.execution_count)

"""What a process waits for, in words: for a table, for the observer, and for a program that waits for ever."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final

from .terms import Pid

if TYPE_CHECKING:
    from .process import ControlBlock

MOST: Final = 20
"""So many of those who wait are named."""


def waits_for(process: ControlBlock, name: Callable[[Pid], str]) -> str:
    """What a process is parked for; a process that is not has its turn soon.

    Args:
        process: it has not ended.
        name: what to call the process from which it wants an answer.
    """
    waiting: Any = process.waiting
    if process.calling is not None:
        return f"an answer from {name(process.calling.pid)}"
    if isinstance(waiting, str):
        return waiting
    if waiting is not None:
        return process.node.host.says(waiting) if hasattr(waiting, "add_done_callback") else "an answer"
    return "its turn" if process.coroutine is not None else "the next cell"


def who_waits(processes: Iterable[ControlBlock]) -> str:
    """Those of some processes that are parked, and what each waits for, a line each."""
    parked = [process for process in processes if process.waiting is not None]
    lines = [f"  {described(process.pid)} waits for {waits_for(process, described)}" for process in parked[:MOST]]
    return "\n".join(lines + ([f"  and {len(parked) - MOST} more"] if len(parked) > MOST else []))


def described(pid: Pid) -> str:
    """A process for a person: its name and pid, or what it was started as; of one that has ended the pid."""
    process = pid.block
    return repr(pid) if process is None else process.node.describe(process)

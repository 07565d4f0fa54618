"""Calls from other threads: what they may do, and what is refused by its name.

Processes run in one thread. Code in any other has no process that it could be: the note of who runs
just now (`runtime`) is about that one thread. So what acts as a process is refused there. `send`
and `cast` act as nobody; they leave the message for the node's thread, which delivers it at once.

OTP: none; code outside of the BEAM sends to it as a port does
"""

from __future__ import annotations

import sys
import threading
from _thread import get_ident
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Final

from .errors import BadArg
from .process import runtime, task_of

if TYPE_CHECKING:
    from .node import Node
    from .process import ControlBlock, Owner

workers: Final[set[int]] = set()
"""The threads in which functions of `in_thread` run just now."""

taking: Final = threading.RLock()
"""Who is about to be the thread in which processes run, or to change the node in use, holds this."""


def enter() -> None:
    """Code is about to act on the node: see that this is the thread in which processes run.

    Where nobody drives a node, whichever thread comes may use it: it is the one from here on.

    Raises:
        BadArg: processes run in another thread, or this is a thread of `in_thread`.
    """
    runtime.threads = runtime.threads or threading.active_count() > 1
    if get_ident() == runtime.thread:
        return
    _refuse_foreign()  # at once: whoever runs processes may be waiting for this very thread
    with taking:
        _refuse_foreign()
        runtime.thread = get_ident()


def _refuse_foreign() -> None:
    if is_foreign():
        raise BadArg(
            f"{_caller()} was called in a thread of its own, where no process runs. Such a thread may `send` and "
            "`cast`, and answer a result to who waits for it: have a process do the rest."
        )


@contextmanager
def claimed() -> Iterator[None]:
    """Processes are about to run in this thread, and until the end of the block in no other.

    Raises:
        BadArg: as `enter`.
    """
    with taking:
        enter()
        runtime.claims += 1
    try:
        yield
    finally:
        runtime.claims -= 1


class Use:
    """A node is in use for a while: in a ``with``, or while it is driven. Says what was before."""

    __slots__ = ("running", "node", "owner")

    def __init__(self) -> None:
        self.running, self.node, self.owner = runtime.running, runtime.node, task_of.get()


_uses: Final[list[Use]] = []
"""Those that have begun and not ended. Tasks of one loop need not end theirs in the order of their beginning."""


def put_in_use(node: Node) -> Use:
    """Outside of all processes, make this the node in use."""
    with taking:
        enter()
        use = Use()
        _uses.append(use)
        runtime.running, runtime.node = None, node
    _acts_for(None, use.running)  # inside of a process, with asyncio: what follows does not act for it
    return use


def put_back(use: Use) -> None:
    """Make in use what was before. If others have begun meanwhile, the next of them will do so."""
    with taking:  # not in the midst of a search in another thread
        running = runtime.running or use.running
        at = _uses.index(use)
        heir = runtime if use is _uses[-1] else _uses[at + 1]
        heir.running, heir.node = use.running, use.node
        del _uses[at]
    _acts_for(use.owner, running)


def _acts_for(owner: Owner | None, process: ControlBlock | None) -> None:
    """For whom the code of this context acts; of a process, until its next turn, before which the host looks at it."""
    task_of.set(owner)
    if process is not None:
        process.settled = None


def stay() -> None:
    """`enter`, for what only looks at the node or changes it: nothing is learnt about other threads.

    Raises:
        BadArg: as there.
    """
    if get_ident() != runtime.thread:
        enter()


def is_foreign() -> bool:
    """Is this a thread in which no process can run, because another one has them?"""
    if get_ident() == runtime.thread:
        return False
    node = runtime.node
    if get_ident() in workers or runtime.running is not None or runtime.claims:
        return True
    return node is not None and (node.driving or node.host.is_busy())


def _is_ours(frame: FrameType) -> bool:
    return bool(frame.f_globals.get("__package__") == __package__)


def _is_between(frame: FrameType) -> bool:
    """Does it only lead from one function of this package to another, as a context manager's does?"""
    return frame.f_globals.get("__name__") == "contextlib"


def _caller() -> str:
    """The function of this package that the program has called, as a program writes it: ``ets.new``."""
    frame, name = sys._getframe(1), "this"
    while frame is not None and (_is_ours(frame) or _is_between(frame)):
        function = frame.f_code.co_qualname
        if _is_ours(frame) and "<locals>" not in function:  # in one of those `in_thread` calls what it was given
            module = frame.f_globals["__name__"].rpartition(".")[2]
            name = f"{module}.{function}" if module in _IN_MODULES else function
        frame = frame.f_back  # type: ignore[assignment]
    return name


_IN_MODULES: Final = ("ets", "sys_")
"""The modules whose functions are called with the module's name before them."""

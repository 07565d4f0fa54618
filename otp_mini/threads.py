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
from typing import Final

from .errors import BadArg
from .process import runtime

workers: Final[set[int]] = set()
"""The threads in which functions of `in_thread` run just now."""


def enter() -> None:
    """Code is about to act on the node: see that this is the thread in which processes run.

    Where nobody drives a node, whichever thread comes may use it: it is the one from here on.

    Raises:
        BadArg: processes run in another thread, or this is a thread of `in_thread`.
    """
    runtime.threads = runtime.threads or threading.active_count() > 1
    if get_ident() == runtime.thread:
        return
    if is_foreign():
        raise BadArg(
            f"{_caller()} was called in a thread of its own, where no process runs. Such a thread may `send` and "
            "`cast`, and answer a result to who waits for it: have a process do the rest."
        )
    runtime.thread = get_ident()


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
    return get_ident() in workers or runtime.running is not None or (node is not None and node.host.is_busy())


def _caller() -> str:
    """The function of this package that the program has called, as a program writes it: ``ets.new``."""
    frame, name = sys._getframe(1), "this"
    while frame is not None and frame.f_globals.get("__package__") == __package__:
        module = frame.f_globals["__name__"].rpartition(".")[2]
        name = f"{module}.{frame.f_code.co_qualname}" if module in _IN_MODULES else frame.f_code.co_qualname
        frame = frame.f_back  # type: ignore[assignment]
    return name


_IN_MODULES: Final = ("ets", "sys_")
"""The modules whose functions are called with the module's name before them."""

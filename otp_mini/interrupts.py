"""Ctrl-C in a script: where it is raised, and where it is only noted.

Python raises `KeyboardInterrupt` between any two instructions. In the program's own code that is
right; between two lines of the node it would leave a process that is neither waiting nor ready, or
a death that nobody is told of. So while `Node.run` runs, SIGINT has a handler of its own, with
Trio's rule: where the program's code is interrupted, the interrupt is raised there; where the
node's lines are, the handler only notes it, and whoever drives the node raises it, between two
turns, in the process that `Node.run` was called for.

OTP: none; ``:init.stop/0`` comes near
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import CodeType, FrameType
from typing import Final

_HERE: Final = os.path.split(__file__)[0]  # not `pathlib`, which takes long to import

_BEHAVIOURS: Final = frozenset(
    f"{name}.py"
    for name in (
        "agent", "application", "children", "dynamic_supervisor", "gen_server", "partition_supervisor", "supervisor",
        "sys_", "task", "task_supervisor",
    )
)  # fmt: skip
"""The files that call what a program has written, and are prepared for any exception out of it."""

entrances: Final[set[CodeType]] = set()
"""The node's own functions that do the same: `Node.turn` resumes a process's code.

:meta hide-value:
"""


class Interrupts:
    """What came of Ctrl-C that is not raised yet, and whom to wake for it."""

    def __init__(self) -> None:
        self.noted = False
        self._wakers: list[Callable[[], None]] = []

    def take(self) -> bool:
        """Was there an interrupt? From here on it is the caller's."""
        noted, self.noted = self.noted, False
        return noted

    @contextmanager
    def watched(self, wake: Callable[[], None]) -> Iterator[None]:
        """Handle SIGINT as described above inside the block.

        Nothing changes where the program has a handler of its own, or outside of the main thread.

        Args:
            wake: end the sleep of whoever drives the node; called inside a signal handler.

        Raises:
            KeyboardInterrupt: when the block is left, if nobody took the interrupt meanwhile.
        """
        self._wakers.append(wake)
        outermost = threading.current_thread() is threading.main_thread() and (
            signal.getsignal(signal.SIGINT) is signal.default_int_handler
        )
        if outermost:
            signal.signal(signal.SIGINT, self.handle)
        try:
            yield
        finally:
            self._wakers.remove(wake)
            if outermost:
                signal.signal(signal.SIGINT, signal.default_int_handler)
        if outermost and self.take():
            raise KeyboardInterrupt

    def handle(self, number: int, frame: FrameType | None) -> None:
        """The handler of SIGINT.

        Raises:
            KeyboardInterrupt: ``frame`` is the program's code.
        """
        if in_program(frame):
            raise KeyboardInterrupt
        self.noted = True
        for wake in self._wakers[-1:]:
            wake()


def in_program(frame: FrameType | None) -> bool:
    """Does this frame run code of the program, and not of the node or for the node?

    The nearest function of the node on the stack decides, for what is below it works for it: the
    node calls the standard library too, and ``__reduce__`` or ``__eq__`` of a message.
    """
    inside = False
    while frame is not None:
        folder, file = os.path.split(frame.f_code.co_filename)
        if folder == _HERE:
            return inside and (frame.f_code in entrances or file in _BEHAVIOURS)
        inside = True
        frame = frame.f_back
    return True


interrupts: Final = Interrupts()

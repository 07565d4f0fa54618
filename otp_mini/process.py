"""A process: the code that it runs, what it may wait for, and the block that holds all about it.

The control block holds data and changes none of it, but for the handful of methods that asyncio
expects of "the current task" (`cancel`, `uncancel` …), so that ``asyncio.timeout`` and ``TaskGroup``
work inside a process.

A process's code is a coroutine. Wherever that awaits one of the two values `PARKED` and `YIELDED`, it
comes back to the node, which resumes it later: these are the only two places where a process stops
(but for what it awaits of asyncio's).

OTP: the ``Process`` struct of the BEAM
"""

from __future__ import annotations

import inspect
from _thread import get_ident
from collections.abc import Callable, Coroutine
from contextvars import Context, ContextVar, copy_context
from functools import partial
from types import CoroutineType, FunctionType
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from .interrupts import entrances
from .mailbox import Mailbox
from .terms import Pid, Ref

if TYPE_CHECKING:
    from .node import Node

REDUCTIONS: Final = 2000
"""How many sends, receives and calls a process may make before others get their turn."""

# ---- its code ----------------------------------------------------------------------------------


class Suspend(tuple[object]):
    """``await`` it to give the turn away: the one place where a process stops."""

    __slots__ = ()
    __await__: Any = tuple.__iter__  # yields what it holds, once, and is cheaper than a generator


PARK: Final = object()
"""What the node gets from a coroutine that parks."""

PARKED: Final = Suspend((PARK,))
"""Until somebody wakes this process. `Node.park`, or what it does, comes before it."""

YIELDED: Final = Suspend((None,))
"""To the end of the queue."""


class Become(NamedTuple):
    """What a process's function returns to go on as another coroutine: a tail call."""

    coroutine: Coroutine[Any, Any, Any]


def coroutine_of(function: Callable[..., Any], args: tuple[Any, ...]) -> Coroutine[Any, Any, Any]:
    """The code of a process that runs ``function(*args)``; nothing of it has run yet."""
    is_async = function.__code__.co_flags & _ASYNC if type(function) is FunctionType else _is_async(function)
    coroutine: Coroutine[Any, Any, Any] = function(*args) if is_async else _plain(function, args)
    return coroutine


_ASYNC: Final = inspect.CO_COROUTINE


def _is_async(function: Callable[..., Any]) -> bool:
    code = getattr(function, "__code__", None)
    if code is not None:
        return bool(code.co_flags & _ASYNC)
    call = getattr(type(function), "__call__", None)  # noqa: B004  (an object with async def __call__)
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(call)


async def _plain(function: Callable[..., Any], args: tuple[Any, ...]) -> Any:
    """A plain function runs to its end in one turn; one that answers a coroutine goes on as that."""
    result = function(*args)
    return await result if type(result) is CoroutineType else result


entrances.add(_plain.__code__)


# ---- its waits ---------------------------------------------------------------------------------

MESSAGE: Final = "a message"
"""What a process waits for that is parked in ``receive``."""

TIME: Final = "the time to pass"
"""What a process waits for that sleeps."""


class Failed:
    """The outcome of a wait that came to nothing: the server ended, or the time is over."""

    __slots__ = ("reason",)

    def __init__(self, reason: object) -> None:
        self.reason = reason


TIMED_OUT: Final = Failed("timeout")
"""The outcome of every wait that its timer has ended."""


Monitors = dict[Ref, tuple[Pid, object]]
"""Who watches a process: the watcher, and the name under which it asked."""


class Runtime:
    """Which process is running just now, and which node is in use: the interpreter's one such note.

    Outside of all processes ``running`` is None: a script or a cell runs. ``node`` is the node that
    it uses; None stands for a default node that is made when it is needed.

    ``thread`` is the thread in which processes run. In every other thread ``running`` says nothing:
    see `otp_mini.threads`. To ask for the thread at every step would cost programs that have one
    thread only 3 % of their speed, so ``threads`` says whether there was ever another.
    """

    __slots__ = ("running", "node", "thread", "threads", "claims")

    def __init__(self) -> None:
        self.running: ControlBlock | None = None
        self.node: Node | None = None
        self.thread = get_ident()
        self.threads = False
        self.claims = 0  # so many runs have that thread for themselves, one in the other


runtime: Final = Runtime()

task_of: Final[ContextVar[Owner | None]] = ContextVar("task_of", default=None)
"""Who made the asyncio task that runs just now; None outside of such tasks."""


class Owner:
    """Stands for a process in its own context: the control block there would be a cycle."""

    __slots__ = ("pid", "node", "label")

    def __init__(self, process: ControlBlock) -> None:
        self.pid, self.node, self.label = process.pid, process.node, process.label

    @property
    def block(self) -> ControlBlock | None:
        """The process, while it lives."""
        return self.pid.block


class ControlBlock:
    """One process.

    A process is *running* (its turn is now), *ready* (in the run queue) or *parked*. Only of a
    parked process ``waiting`` is not None: it says for what it waits: `MESSAGE`, `TIME`, the `Ref`
    of a call, or an asyncio future.

    Two methods of the node move a process in and out of a wait. ``Node.park`` sets ``waiting``, empties
    ``outcome`` and sets the timer; where most waits begin, in calls, receives and the loop of a server,
    its lines stand once more, for speed. ``Node.wake`` clears ``waiting``, drops the timer, writes the
    ``outcome`` and puts the process into the run queue. So a wait ends once, and the process finds the
    outcome of that wait and of no other.
    """

    __slots__ = (
        "pid",              # its address; pid.block is this object until the process ends
        "node",             # the node it lives on
        "coroutine",        # its code; None for the shell: a cell or a script outside run()
        "resume",           # coroutine.send
        "context",          # the context variables that its code sees: a copy of those of who made it
        "settled",          # with asyncio: the cell for which the context was made ready, None where it is not
        "loop",             # a behaviour's loop and state, where pictures and the labs look; else None
        "label",            # what it was started as, for people
        "parent",           # the pid that spawned it, None for the first
        "name",             # its registered name, None without
        "mailbox",          # messages not yet received
        "reader",           # the block for which a task of this process waits for its mail, else None
        "waiting",          # None, or what it is parked for
        "outcome",          # what came of the wait
        "answered",         # the reference of the call whose answer it has not looked at yet
        "timer",            # the number of the timer that ends the wait, None without
        "occupied",         # the shell: a cell's wait has begun, and the cell has not gone on yet
        "calling",          # the block that a call waits for, None without
        "reductions",       # how many it may still spend in this turn
        "trap_exit",        # are exit signals messages?
        "pending_exit",     # (reason,) of an exit signal that hit it while it was running, else None
        "links",            # pids, in the order of linking
        "monitors",         # who watches it: ref -> (pid of the watcher, name that it used)
        "monitoring",       # whom it watches: ref -> block
        "cleanups",         # what higher layers undo when it ends
        "current",          # the message it handles just now, for crash reports
        "result",           # what its function returned
        "reason",           # why it ended
        "turns",            # how often it had its turn
        "cancelling_",      # asyncio: how many cancellations are asked for
        "thrown",           # what to raise in it at its next turn, None without
        "__weakref__",
    )  # fmt: skip

    def __init__(
        self,
        pid: Pid,
        node: Node,
        coroutine: Coroutine[Any, Any, Any] | None,
        label: str,
        parent: Pid | None,
    ) -> None:
        self.pid = pid
        self.node = node
        self.coroutine = coroutine
        self.resume: Any = None if coroutine is None else coroutine.send
        self.context = copy_context()
        self.settled: object = None
        self.loop: Any = None
        self.label = label
        self.parent = parent
        self.name: object = None
        self.mailbox: Mailbox | None = None
        self.reader: ControlBlock | None = None
        self.waiting: object = None
        self.outcome: Any = None
        self.answered: object = None
        self.timer: int | None = None
        self.occupied = False
        self.calling: ControlBlock | None = None
        self.reductions = REDUCTIONS
        self.trap_exit = False
        self.pending_exit: tuple[object] | None = None
        self.links: dict[Pid, None] | None = None
        self.monitors: Monitors | None = None
        self.monitoring: dict[Ref, ControlBlock] | None = None
        self.cleanups: list[Callable[[Pid], None]] | None = None
        self.current: object = None
        self.result: Any = None
        self.reason: object = None
        self.turns = 0
        self.cancelling_ = 0
        self.thrown: BaseException | None = None

    def become(self, coroutine: Coroutine[Any, Any, Any]) -> None:
        """Go on as another coroutine."""
        self.coroutine, self.resume = coroutine, coroutine.send

    def __repr__(self) -> str:
        return f"<{self.label} {self.pid}>"

    @property
    def alive(self) -> bool:
        """Has it not ended yet?"""
        return self.pid.block is self

    # What asyncio, and libraries that stand on it, ask of the current task. The names with an
    # underscore are read by anyio (httpx stands on it), whose cancel scopes look into asyncio's tasks.

    def cancel(self, msg: object = None) -> bool:
        """Have CancelledError raised where the process waits (asyncio's, not OTP's, way).

        A process that is not waiting just now gets it at its next wait, as an asyncio task does.
        """
        import asyncio

        if not self.alive:
            return False
        self.cancelling_ += 1
        future = self._fut_waiter
        if future is not None and future.cancel(msg):
            return True
        self.thrown = asyncio.CancelledError() if msg is None else asyncio.CancelledError(msg)
        if self.waiting is not None:
            self.node.wake(self)
        return True

    def uncancel(self) -> int:
        """One cancellation was dealt with."""
        self.cancelling_ = max(0, self.cancelling_ - 1)
        if not self.cancelling_:
            self.thrown = None
        return self.cancelling_

    def cancelling(self) -> int:
        """How many cancellations are not dealt with yet."""
        return self.cancelling_

    @property
    def _must_cancel(self) -> bool:
        """Will CancelledError be raised at its next turn?"""
        return self.thrown is not None

    @property
    def _fut_waiter(self) -> Any:
        """The asyncio future that it waits for, or None."""
        return self.waiting if hasattr(self.waiting, "add_done_callback") else None

    def done(self) -> bool:
        """Has the process ended?"""
        return not self.alive

    def cancelled(self) -> bool:
        """Did a cancellation end it?"""
        import asyncio

        return isinstance(self.reason, asyncio.CancelledError)

    def add_done_callback(self, function: Callable[[Any], object], *, context: Context | None = None) -> None:
        """Have the loop call ``function`` with this when the process has ended."""
        call = partial(self.get_loop().call_soon, function, self, context=context)
        if self.alive:
            self.cleanups = [*(self.cleanups or ()), DoneCallback(function, call)]
        else:
            call()

    def remove_done_callback(self, function: Callable[[Any], object]) -> int:
        """Take back what `add_done_callback` was given; answers how often it was there."""
        before = self.cleanups or []
        self.cleanups = [one for one in before if not (type(one) is DoneCallback and one.function == function)]
        return len(before) - len(self.cleanups)

    def get_loop(self) -> Any:
        """The asyncio loop that hosts the node."""
        return self.node.host.loop

    def get_coro(self) -> Coroutine[Any, Any, Any] | None:
        """The process's code."""
        return self.coroutine

    def get_context(self) -> Context:
        """The context variables that its code sees."""
        return self.context

    def get_name(self) -> str:
        """What the process is called."""
        return self.label

    def set_name(self, value: object) -> None:
        """Call the process something else; its tasks say so, too."""
        self.label = str(value)
        owner = self.context.get(task_of)
        if owner is not None and owner.pid is self.pid:
            owner.label = self.label

    def get_stack(self, *, limit: int | None = None) -> list[Any]:
        """The frame in which its code stands, as asyncio's tasks answer it."""
        frame = getattr(self.coroutine, "cr_frame", None)
        return [] if frame is None else [frame]


class DoneCallback:
    """What asyncio is to be told when a process has ended: one of its clean-ups."""

    __slots__ = ("function", "_call")

    def __init__(self, function: Callable[[Any], object], call: Callable[[], object]) -> None:
        self.function = function
        self._call = call

    def __call__(self, pid: Pid) -> None:
        """The process has ended."""
        self._call()

"""One run of a scenario, on a node of its own, that can be stopped, looked at and broken.

A scenario is a function that starts a tree and answers the pid of its root. It runs inside a
process that lives on and traps exits, as the process of the ``iex`` prompt would. Time is virtual
and moves only when the lab lets it.

OTP: none
"""

from __future__ import annotations

import contextlib
import copy
import io
import threading
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, Final

from ..child_spec import ChildSpec
from ..children import RESTARTING, Child, ChildError, children_of, supervisor_state
from ..dynamic_supervisor import DynamicSupervisor
from ..errors import BadArg, Exit, describe_exception, describe_reason, safe_repr
from ..node import Node
from ..primitives import Process, receive, self_
from ..process import ControlBlock
from ..reports import silenced
from ..terms import Pid

Scenario = Callable[[], Awaitable[Pid | None]]
Request = Callable[[], Awaitable[Any]]
"""What a user of the system does, for whom a lab asks again and again: mostly a call."""

WAYS: Final = ("raise", "normal", "shutdown", "kill")
"""How the reader may end a process.

An action is a number: ``4 * process + way``, or, to let time pass, minus so many milliseconds: see `waiting`;
or, to start a child, its number and `STARTS`.
"""

STARTS: Final = 100_000
"""The actions from here on start a child: no lab has so many processes."""

RAISE, NORMAL, SHUTDOWN, KILL = range(4)
LONGEST_LINE: Final = 60
"""So many characters are shown of a process's state, and of what a request gets."""
PATIENCE: Final = 60.0
"""Virtual seconds that a run may take to settle: a slow start, a slow end."""


def waiting(seconds: float) -> int:
    """The action that lets so much virtual time pass."""
    return -round(1000 * seconds)


def seconds_of(action: int) -> float:
    """How long an action lets time pass; 0 for all others."""
    return max(-action, 0) / 1000


class World:
    """A scenario that is started, settles, and is broken; no crash in it is reported."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.node = Node(clock="virtual")
        self.started: list[Any] = []  # what the scenario returned, once it has
        self.host: Pid | None = None
        self.root: Pid | None = None
        self.victims: list[Pid] = []  # whom the lab has told to end
        self.askers: list[Pid] = []  # who asks a supervisor for a child
        self.errors: list[tuple[Pid, Pid, object]] = []  # who has got which error, and from which supervisor

    def open(self) -> World:
        """Start the scenario, and let it settle."""
        try:
            self._start()
        except BaseException:
            self.close()
            raise
        return self

    def close(self) -> None:
        """End every process in it, silently."""
        self.node.close()

    def _start(self) -> None:
        scenario, started = self.scenario, self.started

        async def lab() -> None:
            """The process that starts the scenario, and outlives it."""
            Process.flag(trap_exit=True)
            started.append(await scenario())
            while True:
                await receive()

        host = self.node.spawn(lab)
        self.host = host.pid
        self.settle()
        if not host.alive:
            raise BadArg(f"the lab's scenario failed to start: {_told(host.reason)}. Run it by itself first.")
        root = self.started[0] if self.started else None
        if not isinstance(root, Pid):
            said = f"returned {safe_repr(root)}" if self.started else f"was not done in {PATIENCE:g} virtual seconds"
            raise BadArg(
                f"the lab's scenario must return the pid of the root of its tree, and it {said}. "
                "End it with `return await Supervisor.start_link(…)`."
            )
        if root.block is None:
            raise BadArg("the lab's scenario returned the pid of a process that has ended already")
        self.root = root

    # ---- what is going on -------------------------------------------------------------------

    def supervisors(self) -> Iterator[tuple[ControlBlock, list[Child]]]:
        """Every living supervisor, and the children that it keeps."""
        for block in self.node.blocks.values():
            if supervisor_state(block) is not None:
                yield block, children_of(block)

    def busy(self) -> bool:
        """Does something start or end just now?

        A supervisor starts or stops a child, or is about to try again; or a process that the
        lab has told to end has not ended yet, or one that asks for a child has no answer yet.
        """
        if any(pid.block is not None for pid in (*self.victims, *self.askers)):
            return True
        return any(child.doing or child.pid == RESTARTING for _, children in self.supervisors() for child in children)

    # ---- what can be done to it -------------------------------------------------------------

    def begins(self) -> set[Pid]:
        """An action begins; answers whom earlier ones still keep at it.

        A server that was told to end is on its way, however long it takes. A plain process that lives on has
        caught what it was told, and what it does from here on has nothing to do with that.
        """
        self.victims = [pid for pid in self.victims if pid.block is not None and pid.block.loop is not None]
        self.askers = [pid for pid in self.askers if pid.block is not None]
        return {*self.victims, *self.askers}

    def end(self, pid: Pid, way: int, error: BaseException) -> None:
        """Have a process end in one of the `WAYS`: see `end_process`."""
        assert self.host is not None
        self.victims.append(pid)
        end_process(self.host, pid, way, error, _ORDER)

    def start(self, supervisor: Pid, spec: ChildSpec) -> Pid:
        """Have a new process ask a dynamic supervisor for one more child; answers who asks.

        What the supervisor answers stands in ``errors`` if it is an error, as soon as it has answered.
        """
        errors = self.errors

        async def asks() -> None:
            try:
                await DynamicSupervisor.start_child(supervisor, spec)
            except ChildError as error:
                errors.append((self_(), supervisor, error.reason))
            except Exit as exit:  # it ended before it could answer; who called what is no news
                reason = exit.reason[0] if isinstance(exit.reason, tuple) else exit.reason
                errors.append((self_(), supervisor, reason))

        self.askers.append(self.node.spawn(asks).pid)
        return self.askers[-1]

    def settle(self) -> None:
        """Run until nobody has anything to do; time passes only while something starts or ends."""
        patience = PATIENCE
        while True:
            self.node.run_until_idle()
            left = self._time_to_pass(patience)
            if left is None:
                return
            patience -= left
            self.node.advance(left)

    def turns(self) -> Iterator[None]:
        """`settle`, one turn at a time: yields after each, so that somebody may step in."""
        patience = PATIENCE
        while True:
            while self.node.step() is not None:
                yield
            left = self._time_to_pass(patience)
            if left is None:
                return
            patience -= left
            self.node.pass_time()

    def answer(self, request: Request) -> str:
        """What a user's request gets just now. It may change the world: do it in one that nobody needs again."""
        answers: list[object] = []

        async def user() -> None:
            answers.append(await request())

        block, patience = self.node.spawn(user), PATIENCE
        while True:
            self.node.run_until_idle()
            left = self.node.next_timer()
            if not block.alive or left is None or left > patience:
                break
            patience -= left
            self.node.advance(left)
        if answers:
            return f"gets {safe_repr(answers[0], LONGEST_LINE)}"
        return "has no answer yet" if block.alive else f"fails: {_briefly(block.reason)}"

    def _time_to_pass(self, patience: float) -> float | None:
        """How long until the next timer, if that is what is waited for."""
        if not (self.busy() or not self.started):
            return None
        left = self.node.next_timer()
        return None if left is None or left > patience else left


def end_process(sender: Pid, pid: Pid, way: int, error: BaseException, order: object) -> None:
    """Have a living process end in one of the `WAYS`.

    A server raises in its ``handle_info``, and stops as by ``GenServer.stop``; a plain process
    raises or exits where it waits. A kill is ``Process.exit(pid, "kill")``.

    Args:
        sender: who asks for it.
        error: what is raised.
        order: the message that a server gets to raise it; a crash report shows it as the last one.
    """
    block = pid.block
    assert block is not None
    node: Node = block.node
    if way == KILL:
        node.signals.exit(sender, pid, "kill")
    elif block.loop is None:
        block.thrown = error if way == RAISE else Exit(WAYS[way])
        if block.waiting is not None:
            node.wake(block)
    elif way == RAISE:
        block.loop.server = _Saboteur(block.loop.server, error, order)
        node.deliver(block, order)
    else:
        node.deliver(block, ("system", (sender, node.make_ref()), ("terminate", WAYS[way])))


@contextlib.contextmanager
def silence() -> Iterator[None]:
    """No crash reports, and nothing printed: a lab crashes its processes some thousand times."""
    with _STDOUT, silenced(), contextlib.redirect_stdout(_Nowhere()):
        yield


_STDOUT: Final = threading.RLock()
"""All threads have one ``sys.stdout``: while one puts it aside, another waits until it is back."""


class _Nowhere(io.TextIOBase):
    """Takes what the processes of a lab print, and shows it to nobody."""

    def write(self, text: str) -> int:
        return len(text)


class _Saboteur:
    """Stands before a server, and raises where the lab says so."""

    def __init__(self, server: Any, error: BaseException, order: object) -> None:
        self._server = server
        self._error = error
        self._order = order

    def __getattr__(self, name: str) -> Any:
        return getattr(self._server, name)

    def handle_info(self, message: Any, state: Any) -> Any:
        if message is self._order:
            raise copy.copy(self._error).with_traceback(None)
        return self._server.handle_info(message, state)


_ORDER: Final = ("$lab", "raise")


def _briefly(reason: object) -> str:
    """Why a request failed, without the call itself: the reader knows what was asked."""
    match reason:
        case (str() as why, (str(), str(), list())):
            return describe_reason(why).partition(":")[0]
        case (why, (str(), str(), list())):
            return describe_reason(why)
    return describe_reason(reason)


def _told(reason: object) -> str:
    return describe_exception(reason) if isinstance(reason, BaseException) else safe_repr(reason)

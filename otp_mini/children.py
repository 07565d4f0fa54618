"""What every kind of supervisor has in common: its children, its budget of restarts, its messages.

`Child` is one child as its supervisor keeps it: how it is started, and who it is at present. It can
start, and it can be stopped. `Budget` says whether one more restart is allowed. `SupervisorState` holds
both; `SupervisorServer` is the server around it, which answers requests and learns of the ends of
children. What is done about an end differs from kind to kind, and stands in ``supervisor`` and
``dynamic_supervisor``.

OTP: the parts of ``supervisor`` that ``DynamicSupervisor`` has again
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Awaitable, Callable, Hashable, Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import CoroutineType
from typing import Any, ClassVar, Final, Literal, NamedTuple

from .child_spec import DEFAULT_SHUTDOWN, ChildSpec, strict_key
from .copying import copy_reason
from .errors import Exit, StartError, describe_reason, safe_repr
from .gen_server import GenServer
from .mailbox import NOTHING
from .primitives import Destination, Process, check_timeout, current_process, receive
from .process import ControlBlock, runtime
from .reports import logger
from .results import NoReply, Reply, Stop
from .terms import INFINITY, TIMEOUT, Down, ExitSignal, From, Pid, Ref, is_quiet, is_word

RESTARTING: Final = "restarting"


class ChildError(Exception):
    """A supervisor could not do what it was asked; ``reason`` says why.

    ``"not_found"``, ``"running"``, ``"restarting"``, ``"already_present"``, ``"max_children"``,
    ``("already_started", pid)``, or what the child's start failed with.

    OTP: ``{:error, reason}`` from the functions of ``Supervisor``
    Differs: the reason of a failed start comes without the child's record.
    """

    __match_args__ = ("reason",)

    def __init__(self, reason: object) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        match self.reason:
            case str(answer) if answer in _ANSWERED:
                said = f"{_ANSWERED[answer]} ({answer!r})"
            case ("already_started", Pid() as pid):
                said = f"the id or the name belongs to a process that runs, {pid}: use that one, or take another"
            case _:
                said = describe_reason(self.reason)
        return f"the supervisor answered: {said}"


_ANSWERED: Final = {
    "not_found": "there is no such child; which_children lists those that there are",
    "running": "the child runs; terminate_child would stop it",
    "restarting": "the child is about to be started again; wait for it, or terminate_child it",
    "already_present": "the id belongs to a child that is stopped; restart_child would start it",
    "max_children": "there are as many children as max_children allows; terminate one, or allow more",
}


class ChildRow(NamedTuple):
    """One row of `which_children`."""

    id: Any
    pid: Pid | Literal["restarting"] | None
    type: str
    modules: Any


class Counts(NamedTuple):
    """What `count_children` answers."""

    specs: int
    active: int
    supervisors: int
    workers: int


# ---- one child --------------------------------------------------------------------------------


@dataclass(eq=False)
class Child:
    """A child as its supervisor keeps it: the specification, and who it is at present.

    ``lives`` counts how often it was started. ``doing`` says what its supervisor is doing to it just
    now; pictures of the tree show it.

    OTP: the record ``#child{}``
    """

    spec: ChildSpec
    pid: Pid | Literal["restarting"] | None = None
    lives: int = 0
    doing: Literal["", "starting", "stopping"] = ""

    @cached_property
    def key(self) -> Hashable:
        """What its id is looked up by."""
        return strict_key(self.spec.id)

    @property
    def shutdown(self) -> float | None:
        """Seconds to wait for its end; None for ever, negative for a kill at once."""
        shutdown = self.spec.shutdown
        if shutdown == "brutal_kill":
            return -1.0
        if shutdown is None:
            shutdown = INFINITY if self.spec.type == "supervisor" else DEFAULT_SHUTDOWN
        return check_timeout(shutdown)

    def deadline(self) -> float:
        """When a child that is told to end now is killed, on the node's clock; `INFINITY` for never.

        One that is killed at once has no deadline either: a kill cannot be resisted.
        """
        wait = self.shutdown
        return INFINITY if wait is None or wait < 0 else current_process().node.now() + wait

    def row(self) -> ChildRow:
        """As `which_children` shows it."""
        return ChildRow(self.spec.id, self.pid, self.spec.type, self.spec.classes())

    def comes_back(self, reason: object) -> bool:
        """Is it restarted after it has ended with ``reason``?"""
        return self.spec.restart == "permanent" or (self.spec.restart == "transient" and not is_quiet(reason))

    # Starting.

    async def start(self, extra: tuple[Any, ...] = ()) -> Pid | None:
        """Start it and keep its pid; None where it chose not to start.

        Args:
            extra: arguments that go before those of its start function.

        Raises:
            ChildError: it failed; the reason is the child's.
        """
        self.doing, self.lives = "starting", self.lives + 1
        note("start", None, self.spec.id)
        try:
            started = self.pid = await _started(self.spec, extra)
        except ChildError as error:
            note("start_failed", None, (self.spec.id, error.reason))
            raise
        finally:
            self.doing = ""
        note("started", started, self.spec.id)
        return started

    # Stopping.

    async def stop(self, told: dict[Pid, object] | None = None) -> None:
        """Stop it: ``"shutdown"``, wait, ``"kill"``.

        Args:
            told: the ends of children that the supervisor knows already, with their reasons.
        """
        if isinstance(self.pid, Pid):
            ref, deadline = self.begin_stop(told), self.deadline()
            if ref is not None:
                down = await receive(lambda m: type(m) is Down and m.ref is ref, timeout=time_left(deadline))
                if down is TIMEOUT:
                    Process.exit(self.pid, "kill")
                    down = await receive(lambda m: type(m) is Down and m.ref is ref)
                self.report_end(down.reason)
        self.pid, self.doing = None, ""

    def begin_stop(self, told: dict[Pid, object] | None = None) -> Ref | None:
        """Unlink it and signal it to end; answers the monitor that tells of its end.

        None if it has ended by itself, and the news of that had come already.

        OTP: ``supervisor:monitor_child/1``
        """
        assert isinstance(self.pid, Pid)
        self.doing = "stopping"
        pid, news = self.pid, NOTHING
        ref = Process.monitor(pid)
        Process.unlink(pid)
        mailbox = current_process().mailbox
        if told and pid in told:
            news = told.pop(pid)
        elif mailbox:
            signal = mailbox.take(lambda m: type(m) is ExitSignal and m.pid is pid)
            news = signal if signal is NOTHING else signal.reason
        if news is not NOTHING:
            Process.demonitor(ref, flush=True)
            self.report_end(news)
            return None
        Process.exit(pid, "kill" if self.shutdown == -1.0 else "shutdown")
        return ref

    def report_end(self, reason: object) -> None:
        """It was to be stopped and has ended: report that if it was not how it should."""
        brutal = self.shutdown == -1.0 and is_word(reason, "killed")
        if not (brutal or is_quiet(reason)):
            self.report("shutdown_error", reason)

    def report(self, context: str, reason: object) -> None:
        """A supervisor's report, at level INFO: off unless somebody asks for it.

        OTP: the ``SASL`` supervisor report
        """
        if not logger.isEnabledFor(logging.INFO):
            return  # nobody listens: to describe the supervisor, the child and the reason is a part of a restart's work
        supervisor = current_process()
        who = supervisor.node.describe(supervisor)
        child, said = safe_repr(self.spec.id), safe_repr(reason)
        logger.info("Supervisor %s had child %s (%s): %s: %s", who, child, self.pid, context, said)


def time_left(deadline: float) -> float | None:
    """Seconds until a deadline on the node's clock; None for `INFINITY`.

    Never negative: on a real clock the deadline may be over before anybody asks.
    """
    return None if deadline == INFINITY else max(0.0, deadline - current_process().node.now())


def ends_told(children: Iterable[Child]) -> dict[Pid, object]:
    """Take the news of the ends of these children out of the mailbox: the reason of each that has come.

    All in one go: a group may die at once, and to look for each child's news by itself would cost a
    look at the news of all the others.
    """
    told: dict[Pid, object] = {}
    mailbox = current_process().mailbox
    if not mailbox:
        return told
    pids = {child.pid for child in children if isinstance(child.pid, Pid)}
    if len(pids) < 2:
        return told  # one child looks for its own news, when it is stopped
    others = []
    for message in mailbox:
        if type(message) is ExitSignal and isinstance(message.pid, Pid) and message.pid in pids:
            told[message.pid] = message.reason
            pids.remove(message.pid)  # a second one is no news
        else:
            others.append(message)
    if told:
        mailbox.clear()
        mailbox.extend(others)
    return told


async def _started(spec: ChildSpec, extra: tuple[Any, ...]) -> Pid | None:
    """Call the start function, and say as a `ChildError` how it failed."""
    supervisor = current_process()
    newest = supervisor.node._pids  # a number: to find the process itself is a walk over the gaps that the dead left
    function, arguments = spec.start
    try:
        started = function(*extra, *arguments)
        if type(started) is CoroutineType or isinstance(started, Awaitable):
            started = await started
    except StartError as error:
        raise ChildError(error.reason) from None
    except Exit as exit:
        raise ChildError(("EXIT", exit.reason)) from None
    except Exception as error:
        raise ChildError(("EXIT", error)) from error
    if isinstance(started, Pid):
        return started
    if isinstance(started, CoroutineType):
        started.close()
        raise ChildError(("forgotten_await", started.__qualname__))
    if started is not None:
        raise ChildError(started)
    stray = _linked_since(newest, supervisor)
    if stray is None:
        return None
    await _kill(stray)
    raise ChildError(("forgotten_return", stray))


async def answer_of(value: Any) -> Any:
    """What a function of the user's answered, awaited where it is an ``async def``."""
    return await value if isinstance(value, Awaitable) else value


def _linked_since(newest: int, supervisor: ControlBlock) -> Pid | None:
    """A living process that the supervisor has started, and is linked to, after the one of this number.

    A start function that answers None says that it wanted no process. Where there is one, it has
    forgotten to answer its pid, and nobody would ever restart or stop that process.
    """
    blocks: dict[Pid, ControlBlock] = supervisor.node.blocks
    for pid, process in reversed(blocks.items()):
        if pid.number <= newest:
            return None
        if process.parent is supervisor.pid and pid in (supervisor.links or ()):
            return pid
    return None


async def _kill(pid: Pid) -> None:
    """End a process that nobody keeps, and wait until it has given up its name."""
    ref = Process.monitor(pid)
    Process.unlink(pid)
    Process.exit(pid, "kill")
    await receive(lambda m: type(m) is Down and m.ref is ref)


def note(kind: str, child: Pid | None, term: object = None) -> None:
    """Have a trace, if there is one, record what this supervisor does or decides."""
    supervisor: Any = runtime.running
    if supervisor.node.tracer is not None:
        supervisor.node.note(kind, supervisor.pid, child, term)


# ---- the budget -------------------------------------------------------------------------------


_LONGEST: Final = 1e18
"""More seconds than that are as many: an int may be larger than any float."""


@dataclass
class Budget:
    """How many restarts are left: those of the last ``max_seconds`` count, older ones do not.

    OTP: ``supervisor:add_restart/1``
    Differs: OTP counts in whole seconds of its clock, so there a restart may count up to a second longer.
    """

    max_restarts: int
    max_seconds: float
    restarts: deque[float] = field(default_factory=deque)

    def __post_init__(self) -> None:
        if isinstance(self.max_seconds, int) and self.max_seconds > _LONGEST:
            self.max_seconds = _LONGEST

    def spent(self, now: float) -> list[float]:
        """The moments of the restarts that count at the moment ``now``."""
        return [at for at in self.restarts if now <= at + self.max_seconds]

    def spend(self, child: Child) -> bool:
        """One more restart, of this child, now: is it allowed?"""
        now = current_process().node.now()
        while self.restarts and now > self.restarts[0] + self.max_seconds:
            self.restarts.popleft()
        self.restarts.append(now)
        count = len(self.restarts)
        allowed = count <= self.max_restarts
        pid = child.pid if isinstance(child.pid, Pid) else None
        note("restart" if allowed else "give_up", pid, (child.spec.id, count, self.max_restarts, self.max_seconds))
        return allowed

    def describe(self, now: float) -> str:
        """What is spent, and of how much."""
        return f"{len(self.spent(now))} of {self.max_restarts} restarts in {self.max_seconds:g} s"

    def error(self) -> object:
        """What is wrong with it, as OTP says it; None if nothing is."""
        if not is_count(self.max_restarts):
            return ("invalid_intensity", self.max_restarts)
        period = self.max_seconds
        number = isinstance(period, (int, float)) and not isinstance(period, bool)
        return None if number and 0 < period < INFINITY else ("invalid_period", period)


def is_count(value: object) -> bool:
    """Is it a whole number from 0 up? True and False are none."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


# ---- what a supervisor knows -------------------------------------------------------------------


class SupervisorState:
    """The state of a supervisor: its children, and what is left of its budget.

    Each kind of supervisor derives its own, with what it does when a child ends, and with the
    functions that it can be asked (``start_child``, ``terminate_child`` …).
    """

    def __init__(self, module: type[Any], budget: Budget) -> None:
        self.module = module  # the class that it was started as
        self.budget = budget
        self.by_pid: dict[Pid, Child] = {}

    LOOK_UPS: ClassVar = ("by_key", "by_pid", "significant")
    """The attributes by which children are found; what they hold follows from the children."""

    def __deepcopy__(self, memo: object) -> list[ChildRow]:
        return [child.row() for child in self.children]  # what sys_.get_state shows

    @property
    def children(self) -> list[Child]:
        """The children in the order of their start."""
        return [*self.by_pid.values()]

    def keep(self, children: Iterable[Child]) -> None:
        """Have these children and no others."""
        self.by_pid = {child.pid: child for child in children if isinstance(child.pid, Pid)}

    def describe(self) -> str:
        """What there is to say of it, for a person."""
        raise NotImplementedError

    def twin(self, copied: Callable[[Child], Child]) -> SupervisorState:
        """The state of a supervisor that has the same plan, and copies of the children."""
        twin = object.__new__(type(self))
        twin.__dict__.update(vars(self))
        twin.budget = replace(self.budget, restarts=self.budget.restarts.copy())
        twin.keep([copied(child) for child in self.children])
        return twin

    async def ended(self, pid: Pid, reason: object) -> bool:
        """See to the end of a child; False if the supervisor is to give up."""
        raise NotImplementedError

    async def try_again(self, key: Any) -> bool:
        """A restart failed: once more, if the child still waits for it; False to give up."""
        raise NotImplementedError

    async def stop_all(self) -> None:
        """Stop all children: the end of the supervisor."""
        raise NotImplementedError

    async def count_children(self, _: None) -> Counts:
        """Count the children."""
        children = self.children
        active = sum(isinstance(child.pid, Pid) and Process.alive(child.pid) for child in children)
        supervisors = sum(child.spec.type == "supervisor" for child in children)
        return Counts(len(children), active, supervisors, len(children) - supervisors)


class StartingSupervisor(NamedTuple):
    """Stands in ``process.loop`` while a supervisor still starts its first children.

    So a picture of the tree shows them already.
    """

    state: SupervisorState


def supervisor_state(process: ControlBlock | None) -> SupervisorState | None:
    """The state of a supervisor, also of one that still starts; None for any other process."""
    state = None if process is None else getattr(process.loop, "state", None)
    return state if isinstance(state, SupervisorState) else None


def children_of(process: ControlBlock | None) -> list[Child]:
    """The children of a supervisor in the order of their start; none of any other process."""
    state = supervisor_state(process)
    return [] if state is None else state.children


# ---- its messages ------------------------------------------------------------------------------


class SupervisorServer(GenServer):
    """What every kind of supervisor does with the messages that it gets."""

    __slots__ = ()

    async def handle_call(self, request: Any, from_: From, state: Any) -> Any:
        """Answer one of the functions of `Supervisor`, with ("ok" | "error", value)."""
        function, argument = request
        try:
            answer = await getattr(state, function)(argument)
        except ChildError as error:
            return Reply(("error", copy_reason(error.reason)), state)
        return Reply(("ok", answer), state)

    async def handle_info(self, message: Any, state: Any) -> Any:
        """A child's end; anything else is reported and dropped."""
        if isinstance(message, ExitSignal):
            return _outcome(await state.ended(message.pid, message.reason), state)
        logger.error("Supervisor received unexpected message: %s", safe_repr(message))
        return NoReply(state)

    async def handle_cast(self, request: Any, state: Any) -> Any:
        """A restart that failed is tried again; each try counts."""
        return _outcome(await state.try_again(request[1]), state)

    async def terminate(self, reason: object, state: Any) -> None:
        """Stop the children."""
        note("stopping", None)
        await state.stop_all()


def _outcome(goes_on: bool, state: Any) -> Any:
    """What a supervisor's callback returns; one that gives up ends with ``"shutdown"``."""
    return NoReply(state) if goes_on else Stop("shutdown", state)


async def ask_supervisor(supervisor: Destination, request: tuple[str, Any]) -> Any:
    """Call a supervisor, and raise what it answers as an error."""
    outcome, value = await GenServer.call(supervisor, request, INFINITY)
    if outcome == "error":
        raise ChildError(value)
    return value

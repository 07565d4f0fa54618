"""Supervisor: a process that starts others, watches them, and starts them anew when they end.

It traps exits and is linked to its children, so each end arrives as a message. What happens
then is decided by three questions, in this order: does this child come back (its ``restart``)?
Is there budget left (``max_restarts`` in ``max_seconds``)? Who else goes down and comes back
with it (the ``strategy``)?

OTP: ``Supervisor``, ``supervisor``
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final, Literal, NamedTuple

from .child_spec import DEFAULT_SHUTDOWN, ChildSpec
from .errors import BadArg, Exit, StartError, describe_reason, safe_repr
from .gen_server import GenServer, Ignore, NoReply, Ok, Reply, Stop, start_server
from .mailbox import NOTHING
from .node import current_node
from .primitives import Destination, Process, check_timeout, current_process, receive, self_
from .reports import logger
from .terms import INFINITY, TIMEOUT, Down, ExitSignal, From, Pid, Ref, is_quiet

Strategy = Literal["one_for_one", "one_for_all", "rest_for_one"]
AutoShutdown = Literal["never", "any_significant", "all_significant"]

STRATEGIES: Final = ("one_for_one", "one_for_all", "rest_for_one")
RESTARTS: Final = ("permanent", "transient", "temporary")
AUTO_SHUTDOWNS: Final = ("never", "any_significant", "all_significant")
RESTARTING: Final = "restarting"

Child = type[Any] | tuple[Any, Any] | ChildSpec
"""What a list of children may hold: a class, a class and its argument, or a whole `ChildSpec`."""


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
                said = f"the id belongs to a child that runs, {pid}: use that one, or take another id"
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


@dataclass(frozen=True)
class Supervise:
    """What a supervisor's ``init`` returns: its children and how to keep them.

    Args:
        children: in the order in which they start; they stop in the reverse order.
        strategy: ``"one_for_one"`` restarts the child that ended, ``"one_for_all"`` all of
            them, ``"rest_for_one"`` it and those started after it.
        max_restarts: so many restarts are allowed …
        max_seconds: … within so many seconds; one more, and the supervisor gives up.
        auto_shutdown: end when a significant child ends well (``"any_significant"``), when
            all have (``"all_significant"``), or ``"never"``.

    OTP: ``Supervisor.init/2``
    """

    children: Iterable[Child] = ()
    strategy: Strategy | None = None
    max_restarts: int = 3
    max_seconds: float = 5.0
    auto_shutdown: AutoShutdown = "never"

    def __post_init__(self) -> None:
        if self.strategy is None:
            raise BadArg(
                f"a supervisor needs a strategy: {', '.join(STRATEGIES)}. "
                'Write Supervise(children, strategy="one_for_one").'
            )
        object.__setattr__(self, "children", tuple(map(to_spec, self.children)))


def child_spec(child: Child, **changes: Any) -> ChildSpec:
    """The specification of a child, with some fields changed.

    OTP: ``Supervisor.child_spec/2``

    Example:
        >>> from otp_mini import GenServer, child_spec
        >>> child_spec((GenServer, 1), id="first", restart="transient").id
        'first'
    """
    return to_spec(child).override(**changes)


def to_spec(child: Child) -> ChildSpec:
    """Make a `ChildSpec` of a class, a ``(class, argument)`` or a `ChildSpec`.

    Raises:
        BadArg: it is none of these, or the class has no ``child_spec``.
    """
    if isinstance(child, ChildSpec):
        return child
    module, arguments = (child[0], child[1:]) if isinstance(child, tuple) and child else (child, ())
    if not hasattr(module, "child_spec") or len(arguments) > 1:
        raise BadArg(
            "a child is a class with child_spec (such as a GenServer), (class, argument), or a "
            f"ChildSpec; got {safe_repr(child)}"
        )
    spec = module.child_spec(*arguments)
    if not isinstance(spec, ChildSpec):
        raise BadArg(f"{safe_repr(module)}.child_spec must return a ChildSpec, got {safe_repr(spec)}")
    return spec


def spec_error(spec: object) -> object:
    """What is wrong with a child specification, as OTP says it; None if nothing is.

    OTP: ``supervisor:check_childspecs/1``
    """
    if not isinstance(spec, ChildSpec):
        return ("invalid_child_spec", spec)
    start = spec.start
    if not (isinstance(start, tuple) and len(start) == 2 and callable(start[0]) and isinstance(start[1], tuple)):
        return ("invalid_mfa", start)
    if spec.restart not in RESTARTS:
        return ("invalid_restart_type", spec.restart)
    if spec.type not in ("worker", "supervisor"):
        return ("invalid_child_type", spec.type)
    if not isinstance(spec.significant, bool):
        return ("invalid_significant", spec.significant)
    if spec.shutdown is None or spec.shutdown == "brutal_kill":
        return None
    number = isinstance(spec.shutdown, (int, float)) and not isinstance(spec.shutdown, bool)
    return None if number and spec.shutdown >= 0 else ("invalid_shutdown", spec.shutdown)


# ---- one child --------------------------------------------------------------------------------


@dataclass(eq=False)
class Kept:
    """A child as its supervisor keeps it: the specification, and who it is at present.

    ``lives`` counts how often it was started, and ``doing`` says what its supervisor is doing to
    it just now; both are only for those who look.
    """

    spec: ChildSpec
    pid: Pid | Literal["restarting"] | None = None
    lives: int = 0
    doing: Literal["", "starting", "stopping"] = ""

    @property
    def shutdown(self) -> float | None:
        """Seconds to wait for its end; None for ever, negative for a kill at once."""
        shutdown = self.spec.shutdown
        if shutdown == "brutal_kill":
            return -1.0
        if shutdown is None:
            shutdown = INFINITY if self.spec.type == "supervisor" else DEFAULT_SHUTDOWN
        return check_timeout(shutdown)

    def row(self) -> ChildRow:
        """As `which_children` shows it."""
        modules = self.spec.modules
        if modules is None:
            owner = getattr(self.spec.start[0], "__self__", None)
            modules = (owner,) if isinstance(owner, type) else ()
        return ChildRow(self.spec.id, self.pid, self.spec.type, modules)


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


async def start_kept(child: Kept, extra: tuple[Any, ...] = ()) -> Pid | None:
    """Start a child and keep its pid; None where it chose not to start.

    Raises:
        ChildError: it failed; the reason is the child's.
    """
    child.doing, child.lives = "starting", child.lives + 1
    note("start", None, child.spec.id)
    try:
        started = child.pid = await _started(child.spec, extra)
    except ChildError as error:
        note("start_failed", None, (child.spec.id, error.reason))
        raise
    finally:
        child.doing = ""
    note("started", started, child.spec.id)
    return started


async def _started(spec: ChildSpec, extra: tuple[Any, ...]) -> Pid | None:
    """Call the start function, and say as a `ChildError` how it failed."""
    function, arguments = spec.start
    try:
        started = await function(*extra, *arguments)
    except StartError as error:
        raise ChildError(error.reason) from None
    except Exit as exit:
        raise ChildError(("EXIT", exit.reason)) from None
    except Exception as error:
        raise ChildError(("EXIT", error)) from error
    if started is None or isinstance(started, Pid):
        return started
    raise ChildError(started)


def note(kind: str, child: Pid | None, term: object = None) -> None:
    """Have a trace, if there is one, record what this supervisor does or decides."""
    supervisor = current_process()
    if supervisor.node.tracer is not None:
        supervisor.node.note(kind, supervisor.pid, child, term)


def begin_stop(child: Kept) -> Ref | None:
    """Take leave of a child and signal it to end; answers the monitor that tells of its end.

    None if it has ended by itself, and the news of that lay in the mailbox already.

    OTP: ``supervisor:monitor_child/1``
    """
    assert isinstance(child.pid, Pid)
    child.doing = "stopping"
    ref = Process.monitor(child.pid)
    Process.unlink(child.pid)
    process, pid = current_process(), child.pid
    if process.mailbox:
        told = process.mailbox.take(lambda m: type(m) is ExitSignal and m.pid is pid)
        if told is not NOTHING:
            Process.demonitor(ref)
            report_end(child, told.reason)
            return None
    Process.exit(pid, "kill" if child.shutdown == -1.0 else "shutdown")
    return ref


async def finish_stop(child: Kept, ref: Ref | None, deadline: float | None) -> None:
    """Wait for a child's end; kill it when its time is over."""
    if ref is None:
        return
    left = None if deadline is None else max(0.0, deadline - current_process().node.now())
    down = await receive(lambda m: type(m) is Down and m.ref is ref, timeout=left)
    if down is TIMEOUT:
        assert isinstance(child.pid, Pid)
        Process.exit(child.pid, "kill")
        down = await receive(lambda m: type(m) is Down and m.ref is ref)
    report_end(child, down.reason)


def report_end(child: Kept, reason: object) -> None:
    """A child that was to be stopped has ended: report it if that was not how it should."""
    brutal = child.shutdown == -1.0 and reason == "killed"
    if not (brutal or is_quiet(reason)):
        report("shutdown_error", child.spec, child.pid, reason)


async def stop_kept(child: Kept) -> None:
    """Stop one child: ``"shutdown"``, wait, ``"kill"``."""
    if isinstance(child.pid, Pid):
        ref = begin_stop(child)
        wait = child.shutdown
        deadline = None if wait is None or wait < 0 else current_process().node.now() + wait
        await finish_stop(child, ref, deadline)
    child.pid, child.doing = None, ""


def report(context: str, spec: ChildSpec, pid: object, reason: object) -> None:
    """A supervisor's report, at level INFO: off unless somebody asks for it.

    OTP: the ``SASL`` supervisor report
    """
    who = current_process().node.describe(current_process())
    logger.info("Supervisor %s had child %s (%s): %s: %s", who, safe_repr(spec.id), pid, context, safe_repr(reason))


# ---- the budget -------------------------------------------------------------------------------


@dataclass
class Budget:
    """How many restarts are left: those of the last ``max_seconds`` count, older ones do not.

    OTP: ``supervisor:add_restart/1``
    Differs: OTP counts in whole seconds of its clock, so there a restart may count up to a second longer.
    """

    max_restarts: int
    max_seconds: float
    restarts: list[float] = field(default_factory=list)

    def spend(self, child: Kept) -> bool:
        """One more restart, of this child, now: is it allowed?"""
        now = current_process().node.now()
        self.restarts = [at for at in (*self.restarts, now) if now <= at + self.max_seconds]
        count = len(self.restarts)
        allowed = count <= self.max_restarts
        pid = child.pid if isinstance(child.pid, Pid) else None
        note("restart" if allowed else "give_up", pid, (child.spec.id, count, self.max_restarts, self.max_seconds))
        return allowed

    def describe(self, now: float) -> str:
        """What is spent, and of how much."""
        spent = sum(now <= at + self.max_seconds for at in self.restarts)
        return f"{spent} of {self.max_restarts} restarts in {self.max_seconds:g} s"

    def error(self) -> object:
        """What is wrong with it, as OTP says it; None if nothing is."""
        if not isinstance(self.max_restarts, int) or self.max_restarts < 0:
            return ("invalid_intensity", self.max_restarts)
        if not isinstance(self.max_seconds, (int, float)) or self.max_seconds <= 0:
            return ("invalid_period", self.max_seconds)
        return None


# ---- the supervisor ----------------------------------------------------------------------------


class Supervisor:
    """Derive from it and write ``init``, or give a list of children to ``start_link``.

    OTP: ``use Supervisor``

    Example:
        >>> from otp_mini import GenServer, Supervisor, run
        >>> async def main():
        ...     children = [(GenServer, "a cache")]
        ...     sup = await Supervisor.start_link(children, strategy="one_for_one")
        ...     return await Supervisor.count_children(sup)
        >>> run(main)
        Counts(specs=1, active=1, supervisors=0, workers=1)
    """

    def init(self, argument: Any) -> Supervise | Ignore:
        """Say which children to keep, and how: `Supervise`, or `Ignore` for no supervisor."""
        raise RuntimeError(f"{type(self).__name__} needs def init(self, argument), returning Supervise(children, …)")

    @classmethod
    async def start_link(
        cls,
        argument: Any = None,
        *,
        name: Destination = None,
        strategy: Strategy | None = None,
        max_restarts: int = 3,
        max_seconds: float = 5.0,
        auto_shutdown: AutoShutdown = "never",
    ) -> Pid | None:
        """Start a supervisor linked to the caller; returns when all its children have started.

        Args:
            argument: the children, or in a class of your own what its ``init`` gets.
            name: a name to register.
            strategy: and the rest: as in `Supervise`, for a list of children.

        Raises:
            StartError: a child failed to start; those before it were stopped again. The reason
                is ``("shutdown", ("failed_to_start_child", id, reason))``.
            BadArg: the strategy is missing, or a child cannot be one.

        OTP: ``Supervisor.start_link/2``, ``Supervisor.start_link/3``
        """
        plan: Any = argument
        if cls is Supervisor:
            plan = Supervise(argument or (), strategy, max_restarts, max_seconds, auto_shutdown)
        return await start_server(_Server, (cls, plan), name=name, timeout=None, link=True, label=cls.__name__)

    @classmethod
    def child_spec(cls, argument: Any = None) -> ChildSpec:
        """How another supervisor starts this one.

        OTP: ``child_spec/1``, defined by ``use Supervisor``
        """
        return ChildSpec(id=cls, start=(cls.start_link, (argument,)), type="supervisor", modules=(cls,))

    @staticmethod
    async def start_child(supervisor: Destination, child: Child) -> Pid | None:
        """Add a child, last in the order, and start it; None where it chose not to.

        Raises:
            ChildError: its id is taken (``("already_started", pid)``, ``"already_present"``),
                or it failed to start and is not kept.

        OTP: ``Supervisor.start_child/2``
        """
        started: Pid | None = await ask_supervisor(supervisor, ("start_child", to_spec(child)))
        return started

    @staticmethod
    async def terminate_child(supervisor: Destination, child: Any) -> str:
        """Stop a child and keep its specification (a temporary one is forgotten).

        OTP: ``Supervisor.terminate_child/2``
        """
        return str(await ask_supervisor(supervisor, ("terminate_child", child)))

    @staticmethod
    async def restart_child(supervisor: Destination, id: Any) -> Pid | None:
        """Start a child that is stopped.

        OTP: ``Supervisor.restart_child/2``
        """
        started: Pid | None = await ask_supervisor(supervisor, ("restart_child", id))
        return started

    @staticmethod
    async def delete_child(supervisor: Destination, id: Any) -> str:
        """Forget a child that is stopped.

        OTP: ``Supervisor.delete_child/2``
        """
        return str(await ask_supervisor(supervisor, ("delete_child", id)))

    @staticmethod
    async def which_children(supervisor: Destination) -> list[ChildRow]:
        """A row for each child, the newest first.

        OTP: ``Supervisor.which_children/1``
        """
        rows: list[ChildRow] = await ask_supervisor(supervisor, ("which_children", None))
        return rows

    @staticmethod
    async def count_children(supervisor: Destination) -> Counts:
        """How many specifications, living children, supervisors and workers there are.

        OTP: ``Supervisor.count_children/1``
        """
        counts: Counts = await ask_supervisor(supervisor, ("count_children", None))
        return counts

    @staticmethod
    async def stop(supervisor: Destination, reason: object = "normal", timeout: float | None = None) -> str:
        """End the supervisor with ``reason``; its children are stopped with ``"shutdown"``.

        OTP: ``Supervisor.stop/3``
        """
        return await GenServer.stop(supervisor, reason, timeout)


async def ask_supervisor(supervisor: Destination, request: tuple[str, Any]) -> Any:
    """Call a supervisor, and raise what it answers as an error."""
    outcome, value = await GenServer.call(supervisor, request, INFINITY)
    if outcome == "error":
        raise ChildError(value)
    return value


class Keeper(GenServer):
    """What every kind of supervisor does with the messages that it gets."""

    __slots__ = ()

    async def handle_call(self, request: Any, from_: From, state: Any) -> Any:
        """Answer one of the functions of `Supervisor`, with ("ok" | "error", value)."""
        function, argument = request
        try:
            answer = await getattr(state, function)(argument)
        except ChildError as error:
            return Reply(("error", error.reason), state)
        return Reply(("ok", answer), state)

    async def handle_info(self, message: Any, state: Any) -> Any:
        """A child's end; anything else is reported and dropped."""
        if isinstance(message, ExitSignal):
            return await self.outcome(state.ended(message.pid, message.reason), state)
        logger.error("Supervisor received unexpected message: %s", safe_repr(message))
        return NoReply(state)

    async def handle_cast(self, request: Any, state: Any) -> Any:
        """A restart that failed is tried again; each try counts."""
        return await self.outcome(state.try_again(request[1]), state)

    async def outcome(self, work: Any, state: Any) -> Any:
        """Do the work; when the supervisor gives up it ends with ``"shutdown"``."""
        return NoReply(state) if await work else Stop("shutdown", state)

    async def terminate(self, reason: object, state: Any) -> None:
        """Stop the children."""
        note("stopping", None)
        await state.stop_all()


class Starting(NamedTuple):
    """What stands for the server while its ``init`` still runs, for those who look."""

    state: Any


class _Server(Keeper):
    """The process behind a `Supervisor`."""

    __slots__ = ()

    async def init(self, argument: Any) -> Any:
        module, plan = argument
        Process.flag(trap_exit=True)
        if not isinstance(plan, Supervise):
            plan = module().init(plan)
        if isinstance(plan, Ignore):
            return plan
        if not isinstance(plan, Supervise):
            return Stop(("bad_return", (module, "init", plan)))
        state = _Children(plan)
        error = state.error()
        if error is not None:
            return Stop(error)
        current_process().server = Starting(state)
        failed = await state.start(state.children)
        if failed is None:
            return Ok(state)
        child, reason = failed
        await state.stop_all()
        return Stop(("shutdown", ("failed_to_start_child", child.spec.id, reason)))


class _Children:
    """The state of a supervisor: its children in the order of their start."""

    def __init__(self, plan: Supervise) -> None:
        self.strategy = plan.strategy
        self.auto_shutdown = plan.auto_shutdown
        self.budget = Budget(plan.max_restarts, plan.max_seconds)
        self.children = [Kept(spec) for spec in plan.children]  # type: ignore[arg-type]

    def __deepcopy__(self, memo: object) -> list[ChildRow]:
        return [child.row() for child in self.children]  # what sys_.get_state shows

    def kept(self) -> list[Kept]:
        """The children, for those who look."""
        return self.children

    def describe(self) -> str:
        """Strategy and budget, for those who look."""
        return f"{self.strategy}, {self.budget.describe(current_node().now())}"

    def error(self) -> object:
        """What is wrong with the plan, as OTP says it."""
        if self.strategy not in STRATEGIES:
            return ("supervisor_data", ("invalid_strategy", self.strategy))
        if self.auto_shutdown not in AUTO_SHUTDOWNS:
            return ("supervisor_data", ("invalid_auto_shutdown", self.auto_shutdown))
        if (error := self.budget.error()) is not None:
            return ("supervisor_data", error)
        seen: set[Any] = set()
        for child in self.children:
            if (error := self.spec_error(child.spec)) is not None:
                return ("start_spec", error)
            if child.spec.id in seen:
                return ("start_spec", ("duplicate_child_name", child.spec.id))
            seen.add(child.spec.id)
        return None

    def spec_error(self, spec: ChildSpec) -> object:
        error = spec_error(spec)
        if error is None and spec.significant and (self.auto_shutdown == "never" or spec.restart == "permanent"):
            return ("bad_combination", (("auto_shutdown", self.auto_shutdown), ("restart", spec.restart)))
        return error

    def find(self, id: Any) -> Kept:
        for child in self.children:
            if child.spec.id == id:
                return child
        raise ChildError("not_found")

    # Starting and stopping.

    async def start(self, children: list[Kept]) -> tuple[Kept, object] | None:
        """Start some children in order; answers the one that failed, and why."""
        for child in list(children):
            try:
                await start_kept(child)
            except ChildError as error:
                report("start_error", child.spec, None, error.reason)
                return child, error.reason
            if child.pid is None and child.spec.restart == "temporary":
                self.children.remove(child)
        return None

    async def stop(self, children: list[Kept]) -> None:
        """Stop some children one by one, the last first; temporary ones are forgotten."""
        for child in reversed(children):
            pid = child.pid
            await stop_kept(child)
            if child.spec.restart == "temporary":
                note("forget", pid if isinstance(pid, Pid) else None, child.spec.id)
                self.children.remove(child)

    async def stop_all(self) -> None:
        """The end of the supervisor."""
        await self.stop(self.children[:])

    # A child has ended.

    async def ended(self, pid: Pid, reason: object) -> bool:
        """See to the end of a child; False if the supervisor is to give up."""
        child = next((child for child in self.children if child.pid is pid), None)
        if child is None:
            return True  # not one of ours: a foreign exit signal is nothing to a supervisor
        if not is_quiet(reason) or child.spec.restart == "permanent":
            report("child_terminated", child.spec, pid, reason)
        comes_back = child.spec.restart == "permanent" or (child.spec.restart == "transient" and not is_quiet(reason))
        if comes_back:
            return await self.restart(child)
        note("forget" if child.spec.restart == "temporary" else "keep", pid, child.spec.id)
        child.pid = None
        if child.spec.restart == "temporary":
            self.children.remove(child)
        return not self.is_over(child) if is_quiet(reason) else True

    def is_over(self, child: Kept) -> bool:
        """Does the clean end of this child end the supervisor?"""
        if not child.spec.significant or self.auto_shutdown == "never":
            return False
        others = [other for other in self.children if other.spec.significant and other.pid is not None]
        return self.auto_shutdown == "any_significant" or not others

    async def restart(self, child: Kept) -> bool:
        """Restart by the strategy, if the budget allows; False if it does not."""
        if not self.budget.spend(child):
            report("reached_max_restart_intensity", child.spec, child.pid, "shutdown")
            child.pid = None
            return False
        child.pid = None
        group = [child]
        if self.strategy == "one_for_all":
            group = self.children[:]
        elif self.strategy == "rest_for_one":
            group = self.children[self.children.index(child) :]
        await self.stop(group)
        failed = await self.start([kept for kept in group if kept in self.children])
        if failed is not None:
            failed[0].pid = RESTARTING
            GenServer.cast(self_(), ("try_again", failed[0].spec.id))
        return True

    async def try_again(self, id: Any) -> bool:
        """A restart failed: once more, if the child still waits for it."""
        child = next((child for child in self.children if child.spec.id == id), None)
        if child is None or child.pid != RESTARTING:
            return True
        return await self.restart(child)

    # What a supervisor can be asked.

    async def start_child(self, spec: ChildSpec) -> Pid | None:
        if (error := self.spec_error(spec)) is not None:
            raise ChildError(error)
        for child in self.children:
            if child.spec.id == spec.id:
                raise ChildError("already_present" if child.pid is None else ("already_started", child.pid))
        child = Kept(spec)
        pid = await start_kept(child)
        if pid is not None or spec.restart != "temporary":
            self.children.append(child)
        return pid

    async def terminate_child(self, id: Any) -> str:
        child = self.find(id)
        await self.stop([child])
        return "ok"

    async def restart_child(self, id: Any) -> Pid | None:
        child = self.find(id)
        if child.pid is not None:
            raise ChildError("restarting" if child.pid == RESTARTING else "running")
        return await start_kept(child)

    async def delete_child(self, id: Any) -> str:
        child = self.find(id)
        if child.pid is not None:
            raise ChildError("restarting" if child.pid == RESTARTING else "running")
        self.children.remove(child)
        return "ok"

    async def which_children(self, _: None) -> list[ChildRow]:
        return [child.row() for child in reversed(self.children)]

    async def count_children(self, _: None) -> Counts:
        return count(self.children)


def count(children: list[Kept]) -> Counts:
    """Count children as ``count_children`` does."""
    active = sum(isinstance(child.pid, Pid) and Process.alive(child.pid) for child in children)
    supervisors = sum(child.spec.type == "supervisor" for child in children)
    return Counts(len(children), active, supervisors, len(children) - supervisors)


__all__ = ["ChildError", "ChildRow", "Counts", "Supervise", "Supervisor", "child_spec"]

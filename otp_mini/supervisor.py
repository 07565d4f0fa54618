"""Supervisor: a process that starts others, watches them, and starts them anew when they end.

It traps exits and is linked to its children, so each end arrives as a message. What happens
then is decided by three questions, in this order: does this child come back (its ``restart``)?
Is there budget left (``max_restarts`` in ``max_seconds``)? Who else goes down and comes back
with it (the ``strategy``)?

OTP: ``Supervisor``, ``supervisor``
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import Any, Final, Literal

from .child_spec import ChildLike, ChildSpec, HasChildSpec, is_one_of, spec_error, strict_key, to_spec, to_specs
from .children import (
    RESTARTING,
    Budget,
    Child,
    ChildError,
    ChildRow,
    Counts,
    StartingSupervisor,
    SupervisorServer,
    SupervisorState,
    answer_of,
    ask_supervisor,
    ends_told,
    note,
)
from .errors import BadArg
from .gen_server import GenServer, start_server
from .node import current_node
from .primitives import Destination, Process, current_process, self_
from .results import Ignore, Stop
from .terms import Ok, Pid, is_quiet

Strategy = Literal["one_for_one", "one_for_all", "rest_for_one"]
AutoShutdown = Literal["never", "any_significant", "all_significant"]

STRATEGIES: Final = ("one_for_one", "rest_for_one", "one_for_all")
AUTO_SHUTDOWNS: Final = ("never", "any_significant", "all_significant")


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

    children: Iterable[ChildLike] = ()
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
        object.__setattr__(self, "children", to_specs(self.children))


# ---- the supervisor ----------------------------------------------------------------------------


class Supervisor(HasChildSpec):
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
        max_restarts: int | None = None,
        max_seconds: float | None = None,
        auto_shutdown: AutoShutdown | None = None,
    ) -> Pid | None:
        """Start a supervisor linked to the caller; returns when all its children have started.

        Args:
            argument: the children, or in a class of your own what its ``init`` gets.
            name: a name to register.
            strategy: and the rest: as in `Supervise`, for a list of children. A class of your own
                says them in its ``init``.

        Raises:
            StartError: a child failed to start; those before it were stopped again. The reason
                is ``("shutdown", ("failed_to_start_child", id, reason))``.
            BadArg: the strategy is missing, a child cannot be one, or a class of your own is told
                how to supervise.

        OTP: ``Supervisor.start_link/2``, ``Supervisor.start_link/3``
        """
        plan: Any = argument
        options = {
            "strategy": strategy, "max_restarts": max_restarts, "max_seconds": max_seconds,
            "auto_shutdown": auto_shutdown,
        }  # fmt: skip
        given: dict[str, Any] = {name: value for name, value in options.items() if value is not None}
        if cls is Supervisor:
            plan = Supervise(() if argument is None else argument, **given)
        elif given:
            raise BadArg(
                f"{cls.__name__} says in its init how it supervises, and start_link would ignore {', '.join(given)}: "
                f"return Supervise(children, {', '.join(f'{name}=…' for name in given)}) there."
            )
        return await start_server(_Server, (cls, plan), name=name, timeout=None, link=True, label=cls.__name__)

    @classmethod
    def child_spec(cls, argument: Any = None) -> ChildSpec:
        """How another supervisor starts this one.

        OTP: ``child_spec/1``, defined by ``use Supervisor``
        """
        return cls._spec(argument, type="supervisor")

    @staticmethod
    async def start_child(supervisor: Destination, child: ChildLike) -> Pid | None:
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


class _Server(SupervisorServer):
    """The process behind a `Supervisor`."""

    __slots__ = ()

    async def init(self, argument: Any) -> Any:
        module, plan = argument
        Process.flag(trap_exit=True)
        if not isinstance(plan, Supervise):
            plan = await answer_of(module().init(plan))
        if isinstance(plan, Ignore):
            return plan
        if not isinstance(plan, Supervise):
            return Stop(("bad_return", (module, "init", plan)))
        state = _State(module, plan)
        error = state.error(plan)
        if error is not None:
            return Stop(error)
        current_process().loop = StartingSupervisor(state)
        failed = await state.start(state.children)
        if failed is None:
            return Ok(state)
        child, reason = failed
        await state.stop_all()
        return Stop(("shutdown", ("failed_to_start_child", child.spec.id, reason)))


class _State(SupervisorState):
    """The state of a supervisor: its children by id, in the order of their start."""

    def __init__(self, module: type[Any], plan: Supervise) -> None:
        super().__init__(module, Budget(plan.max_restarts, plan.max_seconds))
        self.strategy = plan.strategy
        self.auto_shutdown = plan.auto_shutdown
        self.by_key: dict[Hashable, Child] = {}
        self.significant: set[Child] = set()  # those that run or will again
        self.keep(Child(spec) for spec in plan.children)  # type: ignore[arg-type]

    @property
    def children(self) -> list[Child]:
        """The children in the order of their start."""
        return [*self.by_key.values()]

    def keep(self, children: Iterable[Child]) -> None:
        """Have these children and no others."""
        self.by_key = {child.key: child for child in children}
        self.significant = {child for child in self.by_key.values() if child.spec.significant and child.pid is not None}
        super().keep(self.by_key.values())

    def describe(self) -> str:
        """Strategy and budget, for a person."""
        return f"{self.strategy}, {self.budget.describe(current_node().now())}"

    def error(self, plan: Supervise) -> object:
        """What is wrong with the plan, as OTP says it."""
        if not is_one_of(self.strategy, STRATEGIES):
            return ("supervisor_data", ("invalid_strategy", self.strategy))
        if not is_one_of(self.auto_shutdown, AUTO_SHUTDOWNS):
            return ("supervisor_data", ("invalid_auto_shutdown", self.auto_shutdown))
        if (error := self.budget.error()) is not None:
            return ("supervisor_data", error)
        seen: set[Hashable] = set()
        for spec in plan.children:
            if (error := self.spec_error(spec)) is not None:
                return ("start_spec", error)
            assert isinstance(spec, ChildSpec)
            key = strict_key(spec.id)
            if key in seen:
                return ("start_spec", ("duplicate_child_name", spec.id))
            seen.add(key)
        return None

    def spec_error(self, spec: object) -> object:
        error = spec_error(spec)
        if error is None and spec.significant and (self.auto_shutdown == "never" or spec.restart == "permanent"):  # type: ignore[attr-defined]
            return ("bad_combination", (("auto_shutdown", self.auto_shutdown), ("restart", spec.restart)))  # type: ignore[attr-defined]
        return error

    def find(self, id: Any) -> Child:
        child = self.by_key.get(strict_key(id))
        if child is None:
            raise ChildError("not_found")
        return child

    # Starting and stopping.

    async def start_one(self, child: Child) -> Pid | None:
        """Start a child, and know from here on whose pid that is."""
        pid = await child.start()
        if pid is not None:
            self.by_pid.setdefault(pid, child)
            if child.spec.significant:
                self.significant.add(child)
        return pid

    async def start(self, children: list[Child]) -> tuple[Child, object] | None:
        """Start some children in order; answers the one that failed, and why."""
        for child in children:
            try:
                await self.start_one(child)
            except ChildError as error:
                child.report("start_error", error.reason)
                return child, error.reason
            if child.pid is None and child.spec.restart == "temporary":
                del self.by_key[child.key]
        return None

    async def stop(self, children: list[Child]) -> None:
        """Stop some children one by one, the last first; temporary ones are forgotten."""
        told = ends_told(children)
        for child in reversed(children):
            pid = child.pid
            await child.stop(told)
            self.has_ended(child, pid)
            if child.spec.restart == "temporary":
                note("forget", pid if isinstance(pid, Pid) else None, child.spec.id)
                del self.by_key[child.key]

    def has_ended(self, child: Child, pid: object) -> None:
        """The process of a child, which had this pid, is no more."""
        child.pid = None
        self.significant.discard(child)
        if isinstance(pid, Pid) and self.by_pid.get(pid) is child:
            del self.by_pid[pid]

    async def stop_all(self) -> None:
        """The end of the supervisor."""
        await self.stop(self.children)

    # A child has ended.

    async def ended(self, pid: Pid, reason: object) -> bool:
        """See to the end of a child; False if the supervisor is to give up."""
        child = self.by_pid.get(pid)
        if child is None:
            return True  # not one of ours: a foreign exit signal is nothing to a supervisor
        if not is_quiet(reason) or child.spec.restart == "permanent":
            child.report("child_terminated", reason)
        if child.comes_back(reason):
            return await self.restart(child)
        note("forget" if child.spec.restart == "temporary" else "keep", pid, child.spec.id)
        self.has_ended(child, pid)
        if child.spec.restart == "temporary":
            del self.by_key[child.key]
        return not self.is_over(child)

    def is_over(self, child: Child) -> bool:
        """Is this child, which does not come back, the end of the supervisor, too?

        How it ended does not matter: a temporary child that crashed does not come back either.

        OTP: ``supervisor:do_auto_shutdown/2``
        """
        if not child.spec.significant or self.auto_shutdown == "never":
            return False
        return self.auto_shutdown == "any_significant" or not self.significant

    async def restart(self, child: Child) -> bool:
        """Restart by the strategy, if the budget allows; False if it does not."""
        if not self.budget.spend(child):
            child.report("reached_max_restart_intensity", "shutdown")
            self.has_ended(child, child.pid)
            return False
        self.has_ended(child, child.pid)
        group = self.group_of(child)
        if group != [child]:  # it has ended itself: only the others are there to be stopped
            await self.stop(group)
        failed = await self.start([each for each in group if self.by_key.get(each.key) is each])
        if failed is not None:
            failed[0].pid = RESTARTING
            if failed[0].spec.significant:
                self.significant.add(failed[0])
            GenServer.cast(self_(), ("try_again", failed[0].key))
        return True

    def group_of(self, child: Child) -> list[Child]:
        """Who goes down and comes back together with a child, in the order of their start."""
        if self.strategy == "one_for_one":
            return [child]
        group: list[Child] = []
        for other in reversed(self.by_key.values()):
            group.append(other)
            if other is child and self.strategy == "rest_for_one":
                break
        return group[::-1]

    async def try_again(self, key: Any) -> bool:
        """A restart failed: once more, if the child still waits for it."""
        child = self.by_key.get(key)
        if child is None or child.pid != RESTARTING:
            return True
        return await self.restart(child)

    # What a supervisor can be asked.

    async def start_child(self, spec: ChildSpec) -> Pid | None:
        if (error := self.spec_error(spec)) is not None:
            raise ChildError(error)
        child = Child(spec)
        if (taken := self.by_key.get(child.key)) is not None:
            raise ChildError(("already_started", taken.pid) if isinstance(taken.pid, Pid) else "already_present")
        pid = await self.start_one(child)
        if pid is not None or spec.restart != "temporary":
            self.by_key[child.key] = child
        return pid

    async def terminate_child(self, id: Any) -> str:
        child = self.find(id)
        await self.stop([child])
        return "ok"

    async def restart_child(self, id: Any) -> Pid | None:
        child = self.find(id)
        if child.pid is not None:
            raise ChildError("restarting" if child.pid == RESTARTING else "running")
        return await self.start_one(child)

    async def delete_child(self, id: Any) -> str:
        child = self.find(id)
        if child.pid is not None:
            raise ChildError("restarting" if child.pid == RESTARTING else "running")
        del self.by_key[child.key]
        return "ok"

    async def which_children(self, _: None) -> list[ChildRow]:
        return [child.row() for child in reversed(self.by_key.values())]


__all__ = ["Supervise", "Supervisor"]

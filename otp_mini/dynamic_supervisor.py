"""DynamicSupervisor: children that come and go, all of one kind, one_for_one, without order.

It starts empty. A child is known by its pid; when it ends for good it is forgotten.

OTP: ``DynamicSupervisor``
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .child_spec import ChildSpec
from .gen_server import GenServer, Ignore, Ok, Stop, start_server
from .node import current_node
from .primitives import Destination, Process, current_process, self_
from .supervisor import (
    RESTARTING,
    Budget,
    Child,
    ChildError,
    ChildRow,
    Counts,
    Keeper,
    Kept,
    ask_supervisor,
    begin_stop,
    count,
    finish_stop,
    note,
    report,
    spec_error,
    start_kept,
    stop_kept,
    to_spec,
)
from .terms import INFINITY, Pid, is_quiet


@dataclass(frozen=True)
class SuperviseDynamically:
    """What a dynamic supervisor's ``init`` returns.

    Args:
        max_children: how many may live at once.
        max_restarts: so many restarts are allowed …
        max_seconds: … within so many seconds.
        extra_arguments: go before the arguments of every child's start function.
        strategy: ``"one_for_one"`` is the only one there is.

    OTP: ``DynamicSupervisor.init/1``
    """

    max_children: float = INFINITY
    max_restarts: int = 3
    max_seconds: float = 5.0
    extra_arguments: tuple[Any, ...] = ()
    strategy: str = "one_for_one"


class DynamicSupervisor:
    """Start it empty, and add children while the program runs.

    OTP: ``DynamicSupervisor``

    Example:
        >>> from otp_mini import DynamicSupervisor, GenServer, run
        >>> async def main():
        ...     sup = await DynamicSupervisor.start_link()
        ...     for user in ("ann", "ben"):
        ...         await DynamicSupervisor.start_child(sup, (GenServer, user))
        ...     return (await DynamicSupervisor.count_children(sup)).active
        >>> run(main)
        2
    """

    def init(self, argument: Any) -> SuperviseDynamically | Ignore:
        """Say what is allowed: `SuperviseDynamically`."""
        return SuperviseDynamically()

    @classmethod
    async def start_link(cls, argument: Any = None, *, name: Destination = None, **options: Any) -> Pid | None:
        """Start one, linked to the caller.

        Args:
            argument: what ``init`` gets, in a class of your own.
            name: a name to register.
            options: as in `SuperviseDynamically`, where the class is not your own.

        OTP: ``DynamicSupervisor.start_link/1``
        """
        plan = SuperviseDynamically(**options) if cls is DynamicSupervisor or options else argument
        return await start_server(_Server, (cls, plan), name=name, timeout=None, link=True, label=cls.__name__)

    @classmethod
    def child_spec(cls, argument: Any = None) -> ChildSpec:
        """How another supervisor starts this one; a dict holds the options of ``start_link``.

        OTP: ``DynamicSupervisor.child_spec/1``
        """
        start: Any = (cls.start_link, (argument,))
        id: Any = cls
        if isinstance(argument, dict) and cls is DynamicSupervisor:
            start, id = (_start_with, (cls, argument)), argument.get("name", cls)
        return ChildSpec(id=id, start=start, type="supervisor", modules=(cls,))

    @staticmethod
    async def start_child(supervisor: Destination, child: Child) -> Pid | None:
        """Start one more child; None where it chose not to.

        Raises:
            ChildError: ``"max_children"``, or what its start failed with.

        OTP: ``DynamicSupervisor.start_child/2``
        """
        spec = to_spec(child) if hasattr(child, "child_spec") or isinstance(child, tuple) else child
        started: Pid | None = await ask_supervisor(supervisor, ("start_child", spec))
        return started

    @staticmethod
    async def terminate_child(supervisor: Destination, pid: Pid) -> str:
        """Stop a child and forget it.

        Raises:
            ChildError: ``"not_found"``.

        OTP: ``DynamicSupervisor.terminate_child/2``
        """
        return str(await ask_supervisor(supervisor, ("terminate_child", pid)))

    @staticmethod
    async def which_children(supervisor: Destination) -> list[ChildRow]:
        """A row for each child; dynamic children have no id.

        OTP: ``DynamicSupervisor.which_children/1``
        """
        rows: list[ChildRow] = await ask_supervisor(supervisor, ("which_children", None))
        return rows

    @staticmethod
    async def count_children(supervisor: Destination) -> Counts:
        """How many children there are.

        OTP: ``DynamicSupervisor.count_children/1``
        """
        counts: Counts = await ask_supervisor(supervisor, ("count_children", None))
        return counts

    @staticmethod
    async def stop(supervisor: Destination, reason: object = "normal", timeout: float | None = None) -> str:
        """End it with ``reason``.

        OTP: ``DynamicSupervisor.stop/3``
        """
        return await GenServer.stop(supervisor, reason, timeout)


async def _start_with(module: type[DynamicSupervisor], options: dict[str, Any]) -> Pid | None:
    return await module.start_link(**options)


class _Server(Keeper):
    """The process behind a `DynamicSupervisor`."""

    __slots__ = ()

    def init(self, argument: Any) -> Any:
        module, plan = argument
        Process.flag(trap_exit=True)
        if not isinstance(plan, SuperviseDynamically):
            plan = module().init(plan)
        if isinstance(plan, Ignore):
            return plan
        if not isinstance(plan, SuperviseDynamically):
            return Stop(("bad_return", (module, "init", plan)))
        if plan.strategy != "one_for_one":
            return Stop(("supervisor_data", ("invalid_strategy", plan.strategy)))
        state = _Children(plan)
        error = state.budget.error()
        return Ok(state) if error is None else Stop(("supervisor_data", error))


class _Children:
    """The state of a dynamic supervisor."""

    def __init__(self, plan: SuperviseDynamically) -> None:
        self.max_children = plan.max_children
        self.extra = tuple(plan.extra_arguments)
        self.budget = Budget(plan.max_restarts, plan.max_seconds)
        self.children: dict[object, Kept] = {}  # by pid; one that waits for a restart by its old one

    def __deepcopy__(self, memo: object) -> list[ChildRow]:
        return self.rows()

    def kept(self) -> list[Kept]:
        """The children, for those who look."""
        return [*self.children.values()]

    def describe(self) -> str:
        """Number and budget, for those who look."""
        return f"{len(self.children)} children, {self.budget.describe(current_node().now())}"

    def rows(self) -> list[ChildRow]:
        return [child.row()._replace(id=None) for child in self.children.values()]

    async def start_child(self, spec: Any) -> Pid | None:
        error = spec_error(spec)
        if error is not None:
            raise ChildError(error if error[0] == "invalid_child_spec" else ("invalid_child_spec", error))  # type: ignore[index]
        if len(self.children) >= self.max_children:
            raise ChildError("max_children")
        child = Kept(spec)
        pid = await start_kept(child, self.extra)
        if pid is not None:
            self.children[pid] = child
        return pid

    async def ended(self, pid: Pid, reason: object) -> bool:
        """See to the end of a child; False if the supervisor is to give up."""
        child = self.children.get(pid)
        if child is None:
            return True
        comes_back = child.spec.restart == "permanent" or (child.spec.restart == "transient" and not is_quiet(reason))
        if not is_quiet(reason) or comes_back:
            report("child_terminated", child.spec, pid, reason)
        if comes_back:
            return await self.restart(pid, child)
        note("forget", pid, child.spec.id)
        del self.children[pid]
        return True

    async def restart(self, key: object, child: Kept) -> bool:
        """Restart it, if the budget allows; False if it does not."""
        if not self.budget.spend(child):
            report("reached_max_restart_intensity", child.spec, child.pid, "shutdown")
            del self.children[key]
            return False
        try:
            pid = await start_kept(child, self.extra)
        except ChildError as error:
            report("start_error", child.spec, child.pid, error.reason)
            child.pid = RESTARTING
            GenServer.cast(self_(), ("try_again", key))
            return True
        del self.children[key]
        if pid is not None:
            self.children[pid] = child
        return True

    async def try_again(self, key: object) -> bool:
        """A restart failed: once more, if the child is still wanted."""
        child = self.children.get(key)
        return True if child is None else await self.restart(key, child)

    async def terminate_child(self, pid: Any) -> str:
        child = self.children.get(pid)
        if child is None or child.pid == RESTARTING:
            raise ChildError("not_found")
        await stop_kept(child)
        note("forget", pid, child.spec.id)
        del self.children[pid]
        return "ok"

    async def which_children(self, _: None) -> list[ChildRow]:
        return self.rows()

    async def count_children(self, _: None) -> Counts:
        return count([*self.children.values()])

    async def stop_all(self) -> None:
        """Signal all children at once, then wait for each."""
        now = current_process().node.now()
        living = [child for child in self.children.values() if isinstance(child.pid, Pid)]
        begun = [(child, begin_stop(child), child.shutdown) for child in living]
        for child, ref, wait in sorted(begun, key=lambda entry: INFINITY if entry[2] is None else entry[2]):
            await finish_stop(child, ref, None if wait is None or wait < 0 else now + wait)
        self.children.clear()


__all__ = ["DynamicSupervisor", "SuperviseDynamically"]

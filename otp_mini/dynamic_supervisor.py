"""DynamicSupervisor: children that come and go, all of one kind, one_for_one, without order.

It starts empty. A child is known by its pid; when it ends for good it is forgotten.

OTP: ``DynamicSupervisor``
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .child_spec import ChildLike, ChildSpec, HasChildSpec, given_options, is_one_of, spec_error, to_spec
from .children import (
    RESTARTING,
    Budget,
    Child,
    ChildError,
    ChildRow,
    Counts,
    SupervisorServer,
    SupervisorState,
    answer_of,
    ask_supervisor,
    ends_told,
    is_count,
    note,
    time_left,
)
from .errors import BadArg, safe_repr
from .gen_server import GenServer, start_server
from .node import current_node
from .primitives import Destination, Process, receive, self_
from .results import Ignore, Stop
from .terms import INFINITY, TIMEOUT, Down, Ok, Pid, Ref, is_quiet


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

    def error(self) -> object:
        """What is wrong with it, as OTP says it; None if nothing is.

        OTP: ``DynamicSupervisor.init/1`` of the server
        """
        if not is_one_of(self.strategy, ("one_for_one",)):
            return ("invalid_strategy", self.strategy)
        if (error := Budget(self.max_restarts, self.max_seconds).error()) is not None:
            return error
        most = self.max_children
        if not (is_count(most) or (isinstance(most, float) and most == INFINITY)):
            return ("invalid_max_children", most)
        fine = isinstance(self.extra_arguments, (tuple, list))
        return None if fine else ("invalid_extra_arguments", self.extra_arguments)


class DynamicSupervisor(HasChildSpec):
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
            argument: what ``init`` gets, in a class with an ``init`` of its own. In any other, the
                options as a dict, for a list of children.
            name: a name to register.
            options: as in `SuperviseDynamically`, where the class has no ``init`` of its own.

        Raises:
            BadArg: an option that there is not, or one that ``init`` has to say.

        OTP: ``DynamicSupervisor.start_link/1``
        """
        plan = argument
        if cls.init is DynamicSupervisor.init:
            options = {**cls._options(argument), **cls._options(options)}
            name = options.pop("name", name)
            plan = SuperviseDynamically(**options)
        elif options:
            raise BadArg(
                f"{cls.__name__} says in its init what is allowed, and start_link would ignore {', '.join(options)}: "
                f"return SuperviseDynamically({', '.join(f'{option}=…' for option in options)}) there."
            )
        return await start_server(_Server, (cls, plan), name=name, timeout=None, link=True, label=cls.__name__)

    @classmethod
    def child_spec(cls, argument: Any = None) -> ChildSpec:
        """How another supervisor starts this one; a dict holds the options of ``start_link``.

        OTP: ``DynamicSupervisor.child_spec/1``
        """
        options = cls._options(argument) if cls.init is DynamicSupervisor.init else {}
        return cls._spec(argument, id=options.get("name", cls), type="supervisor")

    @classmethod
    def _options(cls, argument: Any) -> dict[str, Any]:
        example = f'({cls.__name__}, {{"name": "rooms"}})'
        return given_options(cls, argument, ["name", *SuperviseDynamically.__dataclass_fields__], example)

    @staticmethod
    async def start_child(supervisor: Destination, child: ChildLike) -> Pid | None:
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
            BadArg: what came is no pid.

        OTP: ``DynamicSupervisor.terminate_child/2``
        """
        if not isinstance(pid, Pid):
            raise BadArg(
                f"a dynamic supervisor knows its children by their pids, got {safe_repr(pid)}. "
                "Process.whereis finds the pid of a name."
            )
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


class _Server(SupervisorServer):
    """The process behind a `DynamicSupervisor`."""

    __slots__ = ()

    async def init(self, argument: Any) -> Any:
        module, plan = argument
        Process.flag(trap_exit=True)
        if not isinstance(plan, SuperviseDynamically):
            plan = await answer_of(module().init(plan))
        if isinstance(plan, Ignore):
            return plan
        if not isinstance(plan, SuperviseDynamically):
            return Stop(("bad_return", (module, "init", plan)))
        error = plan.error()
        return Ok(_State(module, plan)) if error is None else Stop(("supervisor_data", error))


class _State(SupervisorState):
    """The state of a dynamic supervisor: its children by pid, those that wait for a restart by the last one."""

    def __init__(self, module: type[Any], plan: SuperviseDynamically) -> None:
        super().__init__(module, Budget(plan.max_restarts, plan.max_seconds))
        self.max_children = plan.max_children
        self.extra = tuple(plan.extra_arguments)

    def describe(self) -> str:
        """Number and budget, for a person."""
        return f"{len(self.by_pid)} children, {self.budget.describe(current_node().now())}"

    def rows(self) -> list[ChildRow]:
        return [child.row()._replace(id=None) for child in self.by_pid.values()]

    def __deepcopy__(self, memo: object) -> list[ChildRow]:
        return self.rows()

    async def start_child(self, spec: Any) -> Pid | None:
        error = spec_error(spec)
        if error is not None:
            raise ChildError(error)
        if len(self.by_pid) >= self.max_children:
            raise ChildError("max_children")
        child = Child(spec)
        pid = await child.start(self.extra)
        if pid is not None:
            self.by_pid[pid] = child
        return pid

    async def ended(self, pid: Pid, reason: object) -> bool:
        """See to the end of a child; False if the supervisor is to give up."""
        child = self.by_pid.get(pid)
        if child is None:
            return True
        comes_back = child.comes_back(reason)
        if not is_quiet(reason) or comes_back:
            child.report("child_terminated", reason)
        if comes_back:
            return await self.restart(pid, child)
        note("forget", pid, child.spec.id)
        del self.by_pid[pid]
        return True

    async def restart(self, last: Pid, child: Child) -> bool:
        """Restart a child whose last pid was this, if the budget allows; False if it does not."""
        if not self.budget.spend(child):
            child.report("reached_max_restart_intensity", "shutdown")
            del self.by_pid[last]
            return False
        try:
            pid = await child.start(self.extra)
        except ChildError as error:
            child.report("start_error", error.reason)
            child.pid = RESTARTING
            GenServer.cast(self_(), ("try_again", last))
            return True
        del self.by_pid[last]
        if pid is not None:
            self.by_pid[pid] = child
        return True

    async def try_again(self, key: Any) -> bool:
        """A restart failed: once more, if the child is still wanted."""
        child = self.by_pid.get(key)
        return True if child is None else await self.restart(key, child)

    async def terminate_child(self, pid: Pid) -> str:
        child = self.by_pid.get(pid)
        if child is None or child.pid == RESTARTING:
            raise ChildError("not_found")
        await child.stop()
        note("forget", pid, child.spec.id)
        del self.by_pid[pid]
        return "ok"

    async def which_children(self, _: None) -> list[ChildRow]:
        return self.rows()

    async def stop_all(self) -> None:
        """Signal all children at once, then wait for all of them; kill each when its time is over."""
        waiting: dict[Ref, Child] = {}
        told = ends_told(self.children)
        for child in self.by_pid.values():
            if isinstance(child.pid, Pid) and (ref := child.begin_stop(told)) is not None:
                waiting[ref] = child
        due = sorted(((child.deadline(), ref) for ref, child in waiting.items()), key=lambda entry: entry[0])
        for deadline, ref in due:
            if not await _heard(ref, waiting, deadline):
                Process.exit(waiting[ref].pid, "kill")  # type: ignore[arg-type]
                await _heard(ref, waiting, INFINITY)
        self.by_pid.clear()


async def _heard(ref: Ref, waiting: dict[Ref, Child], deadline: float) -> bool:
    """Wait for the end of the child under ``ref``, and meanwhile for any other; False if the time is over.

    Whoever ends first is heard first: to look for one end after the other through the mailbox would
    cost a look at all the others each time.
    """
    while ref in waiting:
        down = await receive(lambda m: type(m) is Down and m.ref in waiting, timeout=time_left(deadline))
        if down is TIMEOUT:
            return False
        waiting.pop(down.ref).report_end(down.reason)
    return True


__all__ = ["DynamicSupervisor", "SuperviseDynamically"]

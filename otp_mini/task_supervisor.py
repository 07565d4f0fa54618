"""Task.Supervisor: tasks that belong to a supervisor, so that nobody loses sight of them.

OTP: ``Task.Supervisor``
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .child_spec import ChildSpec, Restart, Shutdown
from .dynamic_supervisor import DynamicSupervisor
from .plain_functions import check_function
from .primitives import Destination, current_process, monitor_as, self_
from .task import NEEDS, Function, Task, TaskStream, spawn_task
from .terms import Pid, Ref


class TaskSupervisor(DynamicSupervisor):
    """A dynamic supervisor of tasks, which are temporary unless you say otherwise.

    OTP: ``Task.Supervisor``

    Example:
        >>> from otp_mini import Task, run
        >>> async def main():
        ...     sup = await Task.Supervisor.start_link()
        ...     task = await Task.Supervisor.async_nolink(sup, pow, 2, 10)
        ...     return await Task.await_(task)
        >>> run(main)
        1024
    """

    @staticmethod
    async def start_child(  # type: ignore[override]
        supervisor: Destination, function: Function, *args: Any,
        restart: Restart = "temporary", shutdown: Shutdown | None = None,
    ) -> Pid | None:  # fmt: skip
        """Fire and forget, but supervised.

        OTP: ``Task.Supervisor.start_child/3``
        """
        check_function(function, f"{NEEDS}: Task.Supervisor.start_child(supervisor, work, 1, 2)")
        spec = ChildSpec(Task, (_start, (function, args, None, None, False)), restart, shutdown, modules=(Task,))
        return await DynamicSupervisor.start_child(supervisor, spec)

    @staticmethod
    async def async_(supervisor: Destination, function: Function, *args: Any, shutdown: Shutdown | None = None) -> Task:
        """`Task.async_` under the supervisor: linked to the caller, too.

        OTP: ``Task.Supervisor.async/3``
        """
        return await _async(supervisor, function, args, shutdown, link=True)

    @staticmethod
    async def async_nolink(
        supervisor: Destination, function: Function, *args: Any, shutdown: Shutdown | None = None
    ) -> Task:
        """The same without the link: a crash of the task does not reach the caller.

        OTP: ``Task.Supervisor.async_nolink/3``
        """
        return await _async(supervisor, function, args, shutdown, link=False)

    @staticmethod
    def async_stream(
        supervisor: Destination, items: Iterable[Any], function: Function, *args: Any,
        shutdown: Shutdown | None = None, **options: Any,
    ) -> TaskStream:  # fmt: skip
        """`Task.async_stream` with its tasks under the supervisor.

        OTP: ``Task.Supervisor.async_stream/4``
        """
        return _stream(supervisor, items, function, args, shutdown, options, link=True)

    @staticmethod
    def async_stream_nolink(
        supervisor: Destination, items: Iterable[Any], function: Function, *args: Any,
        shutdown: Shutdown | None = None, **options: Any,
    ) -> TaskStream:  # fmt: skip
        """The same without links: a crash is one more result.

        OTP: ``Task.Supervisor.async_stream_nolink/4``
        """
        return _stream(supervisor, items, function, args, shutdown, options, link=False)

    @staticmethod
    async def children(supervisor: Destination) -> list[Pid]:
        """The tasks that run.

        OTP: ``Task.Supervisor.children/1``
        """
        rows = await DynamicSupervisor.which_children(supervisor)
        return [row.pid for row in rows if isinstance(row.pid, Pid)]


async def _start(function: Function, args: tuple[Any, ...], owner: Pid | None, ref: Ref | None, link: bool) -> Pid:
    """Runs in the supervisor: the task is linked to it, and watched by its owner, before it runs."""
    supervisor = current_process()
    task = spawn_task(supervisor.node, function, args, owner, ref, link=True)
    if owner is not None and ref is not None and owner.block is not None:
        if link:
            supervisor.node.signals.link(owner.block, task)
        monitor_as(owner.block, task, ref, task.pid)
    return task.pid


async def _async(
    supervisor: Destination, function: Function, args: tuple[Any, ...], shutdown: Shutdown | None, *, link: bool
) -> Task:
    check_function(function, f"{NEEDS}: Task.Supervisor.async_(supervisor, work, 1, 2)")
    ref = current_process().node.make_ref()
    start = (_start, (function, args, self_(), ref, link))
    pid = await DynamicSupervisor.start_child(
        supervisor, ChildSpec(Task, start, "temporary", shutdown, modules=(Task,))
    )
    return Task(pid, ref, self_())


def _stream(
    supervisor: Destination, items: Iterable[Any], function: Function, args: tuple[Any, ...],
    shutdown: Shutdown | None, options: dict[str, Any], *, link: bool,
) -> TaskStream:  # fmt: skip
    function, args = current_process().node.copy((function, args))

    async def start(item: Any) -> Task:
        return await _async(supervisor, function, (item, *args), shutdown, link=link)

    return TaskStream(items, start, **options)


Task.Supervisor = TaskSupervisor  # the name that Elixir gives it

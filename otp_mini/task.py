"""Task: a process that computes one thing, and tells whoever started it.

``Task.async_`` links the task to its owner and monitors it: the answer comes as a message, and
so does the news of its death. Only the owner can wait for it, and only once.

OTP: ``Task``
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sized
from dataclasses import dataclass
from types import CoroutineType
from typing import Any, ClassVar, Final, Literal, NamedTuple

from .child_spec import ChildSpec
from .errors import BadArg, Exit, name_of, not_awaited, safe_repr
from .mailbox import NOTHING
from .node import Node
from .plain_functions import check_function, check_plain, plain_answer
from .primitives import Process, Where, check_timeout, current_process, monitor_as, receive, self_
from .process import ControlBlock
from .reports import explain, logger
from .terms import TIMEOUT, Down, ExitSignal, Ok, Pid, Ref, is_quiet

Function = Callable[..., Any]

NEEDS: Final = "a task needs a function, and its arguments after it"
"""How a message begins where something else came; an example follows."""

MAX_CONCURRENCY: Final = 8


class Exited(NamedTuple):
    """A task's bad end.

    OTP: ``{:exit, reason}``
    """

    reason: object


LATE: Final = Exited("timeout")
"""The end of a stream's task that took too long; one that exits with this reason by itself is another."""


@dataclass(frozen=True, slots=True)
class Task:
    """A task as its owner holds it: the process, the reference of its answer, the owner.

    OTP: ``%Task{}``

    Example:
        >>> from otp_mini import Task, run
        >>> async def main():
        ...     tasks = [Task.async_(pow, 2, n) for n in (3, 4, 5)]
        ...     return await Task.await_many(tasks)
        >>> run(main)
        [8, 16, 32]
    """

    pid: Pid | None
    ref: Ref
    owner: Pid

    Supervisor: ClassVar[Any]

    @staticmethod
    def async_(function: Function, *args: Any) -> Task:
        """Start ``function(*args)`` in a process of its own, linked to the caller.

        OTP: ``Task.async/1``
        """
        owner = current_process()
        ref = owner.node.make_ref()
        process = spawn_task(owner.node, function, args, owner.pid, ref, link=True)
        monitor_as(owner, process, ref, process.pid)
        return Task(process.pid, ref, owner.pid)

    @staticmethod
    async def await_(task: Task, timeout: float | None = 5.0) -> Any:
        """Wait for the answer.

        Raises:
            Exit: the task died, or its time is over; the task itself goes on until the exit of
                its owner reaches it over the link.
            BadArg: the caller is not the owner.

        OTP: ``Task.await/2``
        """
        limit = check_timeout(timeout)
        where: Where = ("Task", "await", [task, timeout])
        _own(task)
        outcome = await _outcome(task, limit)
        if isinstance(outcome, Ok):
            return outcome.value
        Process.demonitor(task.ref, flush=True)
        raise Exit(("timeout" if outcome is None else outcome.reason, where))

    @staticmethod
    async def await_many(tasks: Iterable[Task], timeout: float | None = 5.0) -> list[Any]:
        """The answers of all, in order; one time-out for all, and the first failure exits.

        OTP: ``Task.await_many/2``
        """
        tasks = _own_all(tasks)
        where: Where = ("Task", "await_many", [tasks, timeout])
        deadline = _Deadline(timeout)
        answers: dict[Ref, Any] = {}
        missing = {task.ref: None for task in tasks}  # no set: in the order of the tasks, in every run
        while missing:
            message = await receive(lambda m: _ref(m) in missing, timeout=deadline.left())
            if message is TIMEOUT or isinstance(message, Down):
                for ref in missing:
                    Process.demonitor(ref, flush=True)
                raise Exit((message.reason if isinstance(message, Down) else "timeout", where))
            answers[message[0]] = message[1]
            del missing[message[0]]
            Process.demonitor(message[0], flush=True)
        return [answers[task.ref] for task in tasks]

    @staticmethod
    async def yield_(task: Task, timeout: float | None = 5.0) -> Ok | Exited | None:
        """`Ok`, `Exited`, or None when it is not done in time; then it may be asked again.

        OTP: ``Task.yield/2``
        """
        limit = check_timeout(timeout)
        _own(task)
        return await _outcome(task, limit)

    @staticmethod
    async def yield_many(tasks: Iterable[Task], timeout: float | None = 5.0) -> list[tuple[Task, Ok | Exited | None]]:
        """`yield_` for several, with one time-out for all.

        OTP: ``Task.yield_many/2``
        """
        tasks, deadline = _own_all(tasks), _Deadline(timeout)
        return [(task, await _outcome(task, deadline.left())) for task in tasks]

    @staticmethod
    async def shutdown(task: Task, timeout: float | Literal["brutal_kill"] | None = 5.0) -> Ok | Exited | None:
        """Unlink the task and end it; its answer if it was there already, None if it was stopped.

        Args:
            timeout: seconds that it has for its end, then it is killed; or ``"brutal_kill"``.

        OTP: ``Task.shutdown/2``
        """
        _own(task)
        if task.pid is None:
            return await _outcome(task, 0.0)
        brutal = timeout == "brutal_kill"
        limit = None if brutal else check_timeout(timeout)
        expected: object = "killed" if brutal else "shutdown"
        mon = Process.monitor(task.pid)
        Process.unlink(task.pid)
        Process.exit(task.pid, "kill" if brutal else "shutdown")
        down = await receive(lambda m: _ref(m) is mon, timeout=limit)
        if down is TIMEOUT:
            Process.exit(task.pid, "kill")
            down = await receive(lambda m: _ref(m) is mon)
        outcome = await _outcome(task, 0.0)  # an answer, or its own Down with the true reason
        Process.demonitor(task.ref, flush=True)
        if isinstance(outcome, Ok):
            return outcome
        reason = outcome.reason if isinstance(outcome, Exited) else down.reason
        return None if isinstance(reason, str) and reason == expected else Exited(reason)

    @staticmethod
    async def ignore(task: Task) -> Ok | Exited | None:
        """Unlink the task and let it go on; what it has answered already, if it has.

        OTP: ``Task.ignore/1``
        """
        _own(task)
        outcome = await _outcome(task, 0.0)
        if task.pid is not None:
            Process.unlink(task.pid)
        Process.demonitor(task.ref, flush=True)
        return outcome

    @staticmethod
    def completed(value: Any) -> Task:
        """A task that is done already, for code that expects one.

        OTP: ``Task.completed/1``
        """
        process = current_process()
        ref = process.node.make_ref()
        process.node.deliver(process, (ref, process.node.copy(value)))
        return Task(None, ref, process.pid)

    @staticmethod
    def start(function: Function, *args: Any) -> Pid:
        """Fire and forget: nobody is told, nobody watches, and nobody restarts it.

        OTP: ``Task.start/1``
        """
        return spawn_task(current_process().node, function, args, None, None, link=False).pid

    @staticmethod
    async def start_link(function: Function, *args: Any) -> Pid:
        """Start a task that belongs to its caller (a supervisor, usually) by a link.

        OTP: ``Task.start_link/1``
        """
        return spawn_task(current_process().node, function, args, None, None, link=True).pid

    @classmethod
    def child_spec(cls, argument: Any) -> ChildSpec:
        """How a supervisor starts one; it is temporary.

        OTP: ``Task.child_spec/1``
        """
        return ChildSpec(id=cls, start=(cls.start_link, (argument,)), restart="temporary", modules=(cls,))

    @staticmethod
    def async_stream(items: Iterable[Any], function: Function, *args: Any, **options: Any) -> TaskStream:
        """Run ``function(item, *args)`` for each item, so many at a time: `TaskStream`.

        Args:
            options: ``max_concurrency``, ``ordered``, ``timeout``, ``on_timeout``, ``zip_input_on_exit``,
                ``progress``: see `TaskStream`.

        OTP: ``Task.async_stream/3``
        """
        check_function(function, "a stream needs a function after the items: Task.async_stream(items, work)")
        function, args = current_process().node.copy((function, args))

        async def start(item: Any) -> Task:
            return Task.async_(function, item, *args)

        return TaskStream(items, start, **options)


def spawn_task(
    node: Node, function: Function, args: tuple[Any, ...], owner: Pid | None, ref: Ref | None, *, link: bool
) -> ControlBlock:
    """A process that runs the function, reports a crash, and answers its owner, if it has one."""
    check_function(function, f"{NEEDS}: Task.async_(work, 1, 2)")
    label = name_of(getattr(function, "__name__", type(function)))
    starter = current_process().pid
    # The arguments stand side by side, without a tuple of their own: what is flat is quickly copied.
    return node.spawn(_perform, (function, owner, ref, starter, *args), label=label, link=link)


async def _perform(function: Function, owner: Pid | None, ref: Ref | None, starter: Pid, *args: Any) -> None:
    try:
        value = function(*args)
        if type(value) is CoroutineType:
            value = await value
    except Exit as exit:
        reason = exit.reason
    except Exception as error:
        reason = error
    else:
        if owner is not None and owner.block is not None and ref in (owner.block.monitoring or ()):
            node = owner.block.node
            message = (ref, node.copy(value))
            if node.tracer is not None:
                node.note("send", self_(), owner, message)
            node.deliver(owner.block, message)
        return
    if not is_quiet(reason):
        name = name_of(getattr(function, "__qualname__", function))
        logger.error(
            "Task %s started from %s terminating\n%s\nFunction: %s\nArgs: %s",
            self_(), starter, explain(reason), name, safe_repr(list(args)),
        )  # fmt: skip
    raise Exit(reason)


def _own(task: Task) -> None:
    if not isinstance(task, Task):
        hint = f": {not_awaited(task)}." if isinstance(task, CoroutineType) else ""
        raise BadArg(f"expected what Task.async_ answered, got {safe_repr(task)}{hint}")
    if task.owner is not self_():
        raise BadArg(
            f"task {task.pid} belongs to {task.owner}, which started it, and only the owner can wait "
            f"for it; {self_()} asked. Send the answer on as a message instead."
        )


def _own_all(tasks: Iterable[Task]) -> list[Task]:
    if not isinstance(tasks, Iterable):
        hint = f": {not_awaited(tasks)}" if isinstance(tasks, CoroutineType) else ""
        raise BadArg(
            f"expected a list of what Task.async_ answered, got {safe_repr(tasks)}{hint}. "
            "For a single task there are Task.await_ and Task.yield_."
        )
    owned = list(tasks)
    for task in owned:
        _own(task)
    return owned


def _ref(message: Any) -> Ref | None:
    """The reference that an answer or a `Down` is about."""
    if type(message) is Down:
        return message.ref
    if type(message) is tuple and len(message) == 2 and isinstance(message[0], Ref):
        return message[0]
    return None


async def _outcome(task: Task, limit: float | None) -> Ok | Exited | None:
    """Wait for the answer or the `Down` of a task."""
    message = await receive(lambda m: _ref(m) is task.ref, timeout=limit)
    if message is TIMEOUT:
        return None
    if isinstance(message, Down):
        return Exited(message.reason)
    Process.demonitor(task.ref, flush=True)
    return Ok(message[1])


def _is_of(message: Any, stream: Pid) -> bool:
    """Is this a result out of a stream's monitor, or the news of its end?"""
    if type(message) is tuple and len(message) == 3:
        return message[0] is stream
    return type(message) is ExitSignal and message.pid is stream


class _Deadline:
    """One time-out for several waits."""

    def __init__(self, timeout: float | None) -> None:
        limit = check_timeout(timeout)
        self.node = current_process().node
        self.at = None if limit is None else self.node.now() + limit

    def left(self) -> float | None:
        """Seconds, never negative."""
        return None if self.at is None else max(0.0, self.at - self.node.now())


# ---- streams ------------------------------------------------------------------------------------


class TaskStream:
    """The results of many tasks, lazily: ``async for result in Task.async_stream(…)``.

    Each result is `Ok` or `Exited`. No more than ``max_concurrency`` tasks run at a time, and no
    item is taken before there is room for it and a result is wanted that is not there yet. Leaving
    the loop early stops the tasks that run.

    A process of its own (the stream's monitor) starts the tasks, so their messages and exits do
    not mix with the consumer's: a crash reaches a consumer that does not trap exits through it. A signal that
    ends the consumer ends the linked tasks the same way; tasks without a link go on until they are done.

    Args:
        max_concurrency: 8 by default.
        ordered: results in the order of the items, or as they come.
        timeout: seconds that each task may take.
        on_timeout: the late task is killed; ``"exit"`` exits the consumer then, and kills the other tasks
            too, ``"kill_task"`` gives ``Exited("timeout")`` for it.
        zip_input_on_exit: a bad end gives ``Exited((item, reason))`` and so says whose it was.
        progress: called with the number of results so far, and the number of items if known.

    OTP: ``Task.async_stream/3``
    Differs: OTP's default for ``max_concurrency`` is the number of schedulers of the machine.
    """

    def __init__(
        self,
        items: Iterable[Any],
        start: Callable[[Any], Awaitable[Task]],
        *,
        max_concurrency: int = MAX_CONCURRENCY,
        ordered: bool = True,
        timeout: float | None = 5.0,
        on_timeout: Literal["exit", "kill_task"] = "exit",
        zip_input_on_exit: bool = False,
        progress: Callable[[int, int | None], None] | None = None,
    ) -> None:
        self._owner: ControlBlock | None = None
        self._monitor: tuple[Pid, Ref] | None = None
        if type(max_concurrency) is not int or max_concurrency < 1:
            raise BadArg(f"max_concurrency is a whole number from 1 up, got {safe_repr(max_concurrency)}")
        if on_timeout not in ("exit", "kill_task"):
            raise BadArg(f'on_timeout is "exit" or "kill_task", got {safe_repr(on_timeout)}')
        for name, flag in (("ordered", ordered), ("zip_input_on_exit", zip_input_on_exit)):
            if not isinstance(flag, bool):
                raise BadArg(f"{name} is True or False, got {safe_repr(flag)}")
        if progress is not None:
            check_plain(progress, "a stream's progress")
        if not isinstance(items, Iterable):
            raise BadArg(f"a stream's items are a list or another iterable, got {safe_repr(items)}")
        self._items = enumerate(items)
        self._given_to: dict[int, Any] | None = {} if zip_input_on_exit else None  # the item of each task that runs
        self._total = len(items) if isinstance(items, Sized) else None
        self._start, self._ordered, self._progress = start, ordered, progress
        self._timeout, self._limit, self._on_timeout = timeout, check_timeout(timeout), on_timeout
        self._room = max_concurrency
        self._next = self._given = self._running = 0
        self._done: dict[int, Ok | Exited] = {}

    def __aiter__(self) -> TaskStream:
        return self

    async def __anext__(self) -> Ok | Exited:
        if self._monitor is None:
            self._open()
        while True:
            key = self._next if self._ordered else next(iter(self._done), None)
            if key is not None and key in self._done:
                result = self._done.pop(key)
                self._next += 1
                self._given += 1
                if self._progress is not None:
                    plain_answer(self._progress(self._given, self._total), self._progress, "a stream's progress")
                return result
            self._fill()
            if not self._running:
                await self.aclose()
                raise StopAsyncIteration
            await self._take()

    def _open(self) -> None:
        self._owner = owner = current_process()
        process = owner.node.spawn(
            _watch_stream, (owner.pid, owner.trap_exit, self._start, self._limit),
            label="stream", link=True,
        )  # fmt: skip
        self._monitor = (process.pid, Process.monitor(process.pid))

    def _fill(self) -> None:
        """Start tasks while there is room and there are items."""
        assert self._owner is not None and self._monitor is not None
        monitor = self._monitor[0].block
        while monitor is not None and self._running < self._room:
            entry = next(self._items, None)
            if entry is None:
                return
            self._running += 1
            if self._given_to is not None:
                self._given_to[entry[0]] = entry[1]
            node = self._owner.node
            node.deliver(monitor, ("start", entry[0], node.copy(entry[1])))

    async def _take(self) -> None:
        """Wait for one result."""
        assert self._monitor is not None
        pid, ref = self._monitor
        message = await receive(
            lambda m: (type(m) is Down and m.ref is ref) or (type(m) is tuple and len(m) == 3 and m[0] is pid)
        )
        if isinstance(message, Down):
            self._forget()
            where: Where = ("Task.Supervised", "stream", [self._timeout])
            raise Exit((message.reason, where))
        _, index, result = message
        if result is LATE and self._on_timeout == "exit":
            self._leave()
            raise Exit(("timeout", ("Task.Supervised", "stream", [self._timeout])))
        self._running -= 1
        if self._given_to is not None:
            item = self._given_to.pop(index)
            result = Exited((item, result.reason)) if isinstance(result, Exited) else result
        self._done[index] = result

    async def aclose(self) -> None:
        """Stop what still runs; the consumer goes on when it has ended."""
        if self._monitor is not None and self._owner is not None:
            (pid, ref), self._items = self._monitor, enumerate(())
            if pid.block is not None:
                self._owner.node.deliver(pid.block, "stop")
                await receive(lambda m: type(m) is Down and m.ref is ref)
            self._forget()

    def _leave(self) -> None:
        """Stop what still runs, without waiting for it."""
        if self._monitor is not None and self._owner is not None:
            pid = self._monitor[0]
            self._owner.node.signals.unlink(self._owner, pid)
            if pid.block is not None:
                self._owner.node.deliver(pid.block, "stop")
            self._forget()

    def _forget(self) -> None:
        """Take what the stream's monitor left in the consumer's mailbox."""
        assert self._monitor is not None and self._owner is not None
        (pid, ref), self._monitor, self._running = self._monitor, None, 0
        self._items = enumerate(())
        watched = (self._owner.monitoring or {}).pop(ref, None)
        if watched is not None and watched.monitors is not None:
            watched.monitors.pop(ref, None)
        mailbox = self._owner.mailbox
        while mailbox and mailbox.take(lambda m: _is_of(m, pid)) is not NOTHING:
            pass

    def __del__(self) -> None:
        owner = getattr(self, "_owner", None)  # where __init__ was called wrongly, there is none
        if owner is not None and owner.alive and owner.node.signals.closing is not owner:
            self._leave()  # a consumer that was killed halts nothing: the links end what they join


async def _watch_stream(
    consumer: Pid, trap: bool, start: Callable[[Any], Awaitable[Task]], limit: float | None
) -> None:
    """The stream's monitor: starts tasks and turns what becomes of them into results."""
    Process.flag(trap_exit=trap)
    Process.monitor(consumer)
    node, me = current_process().node, self_()
    running: dict[Ref, tuple[int, Task, Any]] = {}

    def result(ref: Ref, value: Ok | Exited) -> None:
        index, _, timer = running.pop(ref)
        if timer is not None:
            Process.cancel_timer(timer)
        Process.demonitor(ref, flush=True)
        if consumer.block is not None:
            node.deliver(consumer.block, (me, index, value))

    while True:
        match await receive():
            case ("start", index, item):
                task = await start(item)
                timer = None if limit is None else Process.send_after(me, ("late", task.ref), limit)
                running[task.ref] = (index, task, timer)
            case ("late", Ref() as ref) if ref in running:
                pid = running[ref][1].pid
                if pid is not None:
                    Process.unlink(pid)
                    Process.exit(pid, "kill")
                result(ref, LATE)
            case (Ref() as ref, value) if ref in running:
                result(ref, Ok(value))
            case Down(ref, _, reason) if ref in running:
                result(ref, Exited(reason))
            case "stop":
                break
            case Down(_, _, reason):  # the consumer was killed; tasks without a link go on
                raise Exit(reason)
    for _, task, _ in running.values():
        if task.pid is not None:
            Process.unlink(task.pid)
            Process.exit(task.pid, "kill")

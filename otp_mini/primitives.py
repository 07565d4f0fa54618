"""What a process may say: spawn, send, receive, link, monitor, exit.

Everything else in this package, `GenServer` and the supervisors too, is built on these words
alone. ``await`` stands where a process can lose its turn (`receive`, `Process.sleep`, a call);
the others are plain functions.

OTP: ``Kernel`` and ``Process``
Differs: seconds as floats, where OTP has milliseconds.
"""

from __future__ import annotations

import sys
from _thread import get_ident
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import copy_context
from functools import partial
from typing import Any, Final, TypeVar

from .copying import AS_THEY_ARE, copy_reason
from .errors import BadArg, Exit, NoProc, SelfExit, name_of, safe_repr
from .mailbox import NOTHING, Pattern, check_pattern
from .matching import name_key
from .names import check_answer, check_destination, check_name
from .node import current_node
from .process import MESSAGE, PARKED, TIME, YIELDED, ControlBlock, Failed, runtime, task_of
from .terms import INFINITY, TIMEOUT, Address, CallRef, Down, ExitSignal, Pid, Ref, TimerRef
from .threads import enter, is_foreign, stay, workers
from .tracing import Trace

Value = TypeVar("Value")
Name = type | Hashable
"""A registered name: a string, a class, or another value that can be hashed."""

Destination = Pid | Address | type | Hashable
"""A pid, a registered name, or an `Address` such as ``Via(registry, key)``."""

SHORTEST: Final = 0.001
"""The shortest interval, in seconds; OTP counts in milliseconds, too. One that no clock can show would never end."""


def current_process() -> ControlBlock:
    """The control block of the process that runs this code; the shell's, outside of all."""
    if get_ident() != runtime.thread:
        enter()
    running = runtime.running
    return _outside() if running is None else running


def _outside() -> ControlBlock:
    """Who acts where no process has its turn: the process that made this asyncio task, else the shell."""
    owner = task_of.get()
    if owner is None:
        return current_node().shell()
    process = owner.block
    if process is None:
        raise NoProc(
            f"this asyncio task was made by {owner.label} {owner.pid}, which has ended: there is no process for "
            "which it could act. Await a task in the process that makes it, or spawn a process for its work."
        )
    return process


def _in_task(process: ControlBlock) -> bool:
    """Does an asyncio task act for this process, and not its own code?"""
    return process is not runtime.running and process.coroutine is not None


def waiting_process() -> ControlBlock:
    """The process that is about to wait: where the shell waits already, one more shell.

    So ``asyncio.gather`` of several calls in one cell works.
    """
    process = current_process()
    if _in_task(process):
        return process.node.another_shell(process)
    return process.node.another_shell() if process.occupied else process


def self_() -> Pid:
    """The pid of the process that asks.

    OTP: ``self/0``
    """
    return current_process().pid


# ---- spawning ----------------------------------------------------------------------------------


def spawn(function: Callable[..., Any], *args: Any) -> Pid:
    """Start a process that runs ``function(*args)``; answers its pid at once.

    The function gets copies of its arguments. It has its first turn later, so nothing of it
    has happened yet when ``spawn`` returns.

    Args:
        function: an ``async def``. A plain ``def`` runs to its end in one turn.

    OTP: ``spawn/1``

    Example:
        >>> from otp_mini import receive, run, self_, send
        >>> async def echo(to):
        ...     send(to, "hello from the other side")
        >>> async def main():
        ...     spawn(echo, self_())
        ...     return await receive()
        >>> run(main)
        'hello from the other side'
    """
    return current_process().node.spawn(function, args).pid


def spawn_link(function: Callable[..., Any], *args: Any) -> Pid:
    """`spawn`, linked to the caller before it runs: no death can be missed.

    OTP: ``spawn_link/1``
    """
    return current_process().node.spawn(function, args, link=True).pid


def spawn_monitor(function: Callable[..., Any], *args: Any) -> tuple[Pid, Ref]:
    """`spawn`, monitored by the caller before it runs.

    OTP: ``spawn_monitor/1``
    """
    caller = current_process()
    process = caller.node.spawn(function, args)
    return process.pid, _watch(caller, process, process.pid)


# ---- sending -----------------------------------------------------------------------------------


def here(pid: Pid) -> ControlBlock | None:
    """The living process behind a pid; nodes cannot talk to each other, so only on this one."""
    process: ControlBlock | None = pid.block
    running = runtime.running
    return None if process is None or (running is not None and running.node is not process.node) else process


def find(destination: Destination, *, sending: bool = False) -> ControlBlock | None:
    """The living process behind a pid, a name or an address; None if there is none."""
    if type(destination) is Pid:
        return here(destination)
    if isinstance(destination, Address):
        pid = destination.receiver() if sending else destination.whereis()
        if type(pid) is not Pid:
            pid = check_answer(destination, "receiver" if sending else "whereis", pid)
        return None if pid is None else here(pid)
    try:
        names = current_node().names
        found = names.get(destination)
        if found is None and not isinstance(destination, (str, type)):
            found = names.get(name_key(destination))
    except Exception:  # its hash, or its comparison
        found = None
    if found is None:
        check_destination(destination)
    return found


def post(process: ControlBlock, message: object) -> None:
    """Deliver a copied message, and charge the sender for it. Another thread leaves it for the node's."""
    if runtime.threads and get_ident() != runtime.thread and is_foreign():
        process.node.host.report(partial(_arrive, process, message))
        return
    sender = runtime.running
    node = process.node
    if sender is not None:
        sender.reductions -= 1
    if node.tracer is not None:
        who = current_process().pid
        node.tracer.record(node.now(), "send", who, process.pid, message)
    node.deliver(process, message)


def _arrive(process: ControlBlock, message: object) -> None:
    """A message out of another thread is here, in the thread of the node."""
    if process.alive:
        process.node.note("send", None, process.pid, message)
        process.node.deliver(process, message)


def send(destination: Destination, message: Value) -> Value:
    """Put a copy of ``message`` into a mailbox, and answer it. Never waits.

    To a dead process nothing is sent, and nobody is told.

    Raises:
        BadArg: ``destination`` is a name that no process has.
        CopyError: the message holds something that cannot be copied.

    OTP: ``send/2``
    """
    process = here(destination) if type(destination) is Pid else find(destination, sending=True)
    if process is not None:
        post(process, message if type(message) in AS_THEY_ARE else process.node.copy(message))
    elif isinstance(destination, Pid):
        sender = runtime.running
        if sender is not None:
            sender.reductions -= 1
    else:
        raise BadArg(
            f"send: no process is registered as {safe_repr(destination)}. "
            "Start it first, or ask Process.whereis(name) whether it is there."
        )
    return message


# ---- receiving ---------------------------------------------------------------------------------


async def wait(process: ControlBlock, what: object, deadline: float | None = None) -> Any:
    """Park ``process``, which is the one that runs this, until somebody wakes it; answer the outcome.

    `ask` and the loop of a server do the same in their own lines: a call that came through here
    would be slower by a tenth.
    """
    node = process.node
    node.park(process, what, deadline)
    try:
        await (PARKED if process.coroutine is not None else node.shell_waits(process))
        return process.outcome
    finally:
        process.outcome = None


def check_timeout(timeout: object) -> float | None:
    """A time-out in seconds, None for no end.

    Raises:
        BadArg: it is negative, or no number.
    """
    if timeout is None or timeout == INFINITY:
        return None
    if type(timeout) is float and timeout >= 0.0:
        return timeout
    if isinstance(timeout, (int, float)) and not isinstance(timeout, bool) and timeout >= 0:
        try:
            return float(timeout)
        except OverflowError:
            return None  # more seconds than a float can say: it never comes
    raise BadArg(f"a time-out is a number of seconds from 0 up, or INFINITY, got {safe_repr(timeout)}")


async def charge(process: ControlBlock) -> None:
    """Count a reduction; a process that has spent its share goes to the end of the queue."""
    process.reductions -= 1
    if process.reductions < 0 and process.coroutine is not None:
        await YIELDED


async def receive(pattern: Pattern | None = None, timeout: float | None = None) -> Any:
    """Take the first message out of the mailbox; wait for one if there is none.

    Args:
        pattern: which messages to take: a type (``Down``), several, or a function that
            answers True. What does not fit stays in the mailbox, in order. None takes any.
        timeout: seconds to wait at most. 0 only looks through what is there.

    Returns:
        The message, or `TIMEOUT`.

    Raises:
        BadArg: ``pattern`` or ``timeout`` is something else, such as a value that is looked for.

    OTP: ``receive do … after … end``

    Example:
        >>> from otp_mini import TIMEOUT, receive, run, self_, send
        >>> async def main():
        ...     for message in ("a", 1, "b"):
        ...         send(self_(), message)
        ...     return await receive(int), await receive(), await receive(int, timeout=0)
        >>> run(main)
        (1, 'a', TIMEOUT)
    """
    process, in_task = current_process(), False
    if pattern is not None and type(pattern) is not type:
        check_pattern(pattern)
    seconds = None if timeout is None else check_timeout(timeout)
    if process is runtime.running:
        process.reductions -= 1  # `charge`, without a coroutine of its own
        if process.reductions < 0:
            await YIELDED
    elif process.occupied:
        raise BadArg("the shell waits already: two tasks of one cell cannot read the same mailbox")
    elif in_task := _in_task(process):
        _check_reader(process)
    node, seen = process.node, 0
    if node.signals.deferred:
        node.signals.release_deferred()
    deadline = None if seconds is None else node.clock.now() + seconds
    while True:
        mailbox = process.mailbox
        if mailbox:
            message = mailbox.popleft() if pattern is None else mailbox.take(pattern, seen)
            if message is not NOTHING:
                if node.tracer is not None:
                    node.tracer.received(node.now(), process.pid, message)
                return message
            seen = len(mailbox)
        if deadline is not None and deadline <= node.clock.now():
            return TIMEOUT
        if in_task:
            await _read_for(process, deadline)
        elif deadline is None and process.coroutine is not None:
            process.waiting = MESSAGE  # `wait`, without a deadline and an outcome that anybody reads
            await PARKED
        else:
            await wait(process, MESSAGE, deadline)


def _check_reader(process: ControlBlock) -> None:
    """An asyncio task may read its process's mailbox where the process itself does nothing but await it."""
    if process.reader is not None or process._fut_waiter is None:
        raise BadArg(
            f"an asyncio task is not the process that made it: {process.label} {process.pid} has one mailbox, and "
            "one of its tasks may read it only while it awaits that task. Receive in the process itself, and spawn "
            "a process for what is to go on beside it."
        )


async def _read_for(process: ControlBlock, deadline: float | None) -> None:
    """Wait, in a task of ``process``, until it gets a message."""
    reader = process.reader = process.node.another_shell(process)
    try:
        await wait(reader, MESSAGE, deadline)
    finally:
        process.reader = None


def flush() -> str:
    """Print what lies in the caller's mailbox, a message a line, and empty it. Answers ``"ok"``.

    For a cell of a notebook, as in ``iex``; a program uses `receive`.

    OTP: ``flush/0`` of ``iex``

    Example:
        >>> from otp_mini import flush, run, self_, send
        >>> async def main():
        ...     for message in ("hello", ("put", 1)):
        ...         send(self_(), message)
        ...     return flush()
        >>> run(main)
        'hello'
        ('put', 1)
        'ok'
    """
    process = current_process()
    node = process.node
    if node.signals.deferred:
        node.signals.release_deferred()
    while process.mailbox:
        message = process.mailbox.popleft()
        if node.tracer is not None:
            node.tracer.received(node.now(), process.pid, message)
        print(safe_repr(message))  # noqa: T201  (printing is its purpose)
    return "ok"


async def next_message(process: ControlBlock) -> Any:
    """`receive` without pattern and time-out, for the loops of the behaviours."""
    process.reductions -= 1
    if process.reductions < 0:
        await YIELDED
    while not process.mailbox:
        process.waiting = MESSAGE  # `Node.park`, without a deadline and an outcome that anybody reads
        await PARKED
    message = process.mailbox.popleft()
    node = process.node
    if node.tracer is not None:
        node.tracer.received(node.now(), process.pid, message)
    return message


# ---- asking ------------------------------------------------------------------------------------


Where = tuple[str, str, list[Any]]
"""Module, function and arguments of a call, for the reason of its failure."""

Birth = tuple[ControlBlock, Ref] | None
"""The starter of a new server, and the reference to which that will answer when its ``init`` has run."""


async def ask(
    target: ControlBlock | None, tag: str, request: object, timeout: float | None, where: Where, born: Birth = None
) -> Any:
    """Send a request and wait for its answer: what every call in OTP stands on.

    The message is ``(tag, from_, request)``, the request copied. The caller watches the server
    while it waits. A reply that comes after the time-out finds nobody waiting and is dropped.

    Args:
        target: who is asked; None if there is nobody.
        tag: what kind of request it is.
        request: what is asked.
        timeout: seconds, None for ever. With 0 the request is sent, and nobody waits for the answer.
        where: module, function and arguments, for the reason of a failure.
        born: where the target is a server that was born in this turn: it knows already to whom and
            to what it will answer, so no request is sent. The starter must not have lost its turn
            since the birth, for the answer finds only somebody who waits.

    Raises:
        Exit: ``(reason, where)`` where the server is dead, dies, or does not answer in time.

    OTP: ``gen:call/4``
    """
    if born is not None and target is not None:
        caller, ref, node = *born, born[0].node
    else:
        caller = waiting_process() if runtime.threads else runtime.running or waiting_process()
        node = caller.node
        if caller.reductions <= 0 and caller.coroutine is not None:  # a shell has no share to spend
            await YIELDED
        caller.reductions -= 1
        if target is None or target.pid.block is not target or target.node is not node or target is caller:
            raise Exit(("noproc" if target is not caller else "calling_self", where))
        ref = node.make_ref(CallRef)
        message = (tag, (caller.pid, ref), request if type(request) in AS_THEY_ARE else node.copy(request))
        if node.tracer is not None:
            node.tracer.record(node.now(), "send", caller.pid, target.pid, message)
        node.deliver(target, message)
    deadline = None
    if timeout is not None:
        if not timeout:
            raise Exit(("timeout", where))
        deadline = node.clock.now() + timeout
    watchers = target.monitors
    if watchers is None:
        watchers = target.monitors = {}
    watchers[ref] = (caller.pid, None)
    caller.calling, caller.waiting = target, ref  # `Node.park`, in its own lines; no outcome is left of another wait
    if deadline is not None:
        caller.timer = node.timers.set(deadline, caller)
    try:
        await (PARKED if caller.coroutine is not None else node.shell_waits(caller))
        outcome = caller.outcome
    finally:
        caller.outcome = caller.calling = caller.answered = None
        watchers.pop(ref, None)
        target.monitors = watchers or None  # an empty dict is 230 bytes
    if type(outcome) is Failed:
        raise Exit((outcome.reason, where))
    return outcome


ask.__qualname__ = "GenServer.call"  # what Python names when somebody forgets the await
ask.__code__ = ask.__code__.replace(co_qualname=ask.__qualname__)


async def in_thread(function: Callable[..., Any], *args: Any) -> Any:
    """Run blocking work in a thread; meanwhile the other processes go on.

    The function runs outside of any process: it gets and answers copies, and a copy is raised of
    what it raises. Of this package it may use `send` and `cast`, for news of its progress. It sees
    the context variables of the process.

    OTP: a dirty scheduler or a port
    Differs: in the browser there are no threads, and the work blocks everybody.

    Example:
        >>> from otp_mini import in_thread, run
        >>> run(in_thread, sum, [1, 2, 3])
        6
    """
    process = waiting_process()
    node = process.node
    function, copied = node.copy(function), node.copy(args)
    context, box = copy_context(), list[tuple[bool, Any]]()

    def work() -> None:
        try:
            box.append((True, context.run(function, *copied)))
        except BaseException as error:
            box.append((False, error))

    if sys.platform == "emscripten":
        work()
    else:
        await _thread(process, work)
    good, value = box[0]
    if not good:
        raise copy_reason(value)
    return node.copy(value)


async def _thread(process: ControlBlock, work: Callable[[], None]) -> None:
    """Park ``process``, which is the one that runs this, until a thread has done the work."""
    import threading

    node = process.node
    ref = node.make_ref(CallRef)

    def begin() -> None:
        workers.add(get_ident())
        try:
            work()
        finally:
            workers.discard(get_ident())
        node.host.report(partial(node.answer, process.pid, ref, True))

    runtime.threads = True
    node.host.threads.add(ref)
    try:
        threading.Thread(target=begin, daemon=True).start()
        await wait(process, ref)
    finally:
        node.host.threads.discard(ref)  # also where it is killed: for a dead process no time stands still


@contextmanager
def trace() -> Iterator[Trace]:
    """Record what happens on the current node inside the block.

    OTP: ``:erlang.trace/3``
    """
    stay()
    node = current_node()
    recorded = Trace()
    recorded.listeners = node.listeners
    for pid, process in node.blocks.items():
        recorded.names[pid] = traced_name(process)
    outer, node.tracer = node.tracer, recorded
    try:
        yield recorded
    finally:
        node.tracer = outer


def traced_name(process: ControlBlock) -> str:
    """What a trace calls a process that ran before it began."""
    if process.name is not None:
        return name_of(process.name)
    return process.label if process.parent is None else f"{process.label}{str(process.pid)[4:]}"


# ---- the rest ----------------------------------------------------------------------------------


def _alive(pid: object, function: str) -> ControlBlock | None:
    stay()
    if not isinstance(pid, Pid):
        check_destination(pid)
        raise BadArg(f"{function} needs a pid, got {safe_repr(pid)}. Process.whereis(name) answers the pid of a name.")
    return here(pid)


def monitor_as(watcher: ControlBlock, target: ControlBlock, ref: Ref, who: object) -> None:
    """Have ``watcher`` told of the end of ``target``, under a reference made before."""
    if target.monitors is None:
        target.monitors = {}
    if watcher.monitoring is None:
        watcher.monitoring = {}
    target.monitors[ref] = (watcher.pid, who)
    watcher.monitoring[ref] = target


def _watch(caller: ControlBlock, target: ControlBlock | None, who: object) -> Ref:
    """Monitor ``target``, for which ``who`` stands; None for somebody who is not there."""
    node = caller.node
    ref = node.make_ref()
    node.note("monitor", caller.pid, None if target is None else target.pid)  # `explore` hears it without a trace, too
    if target is None:
        caller.monitoring = caller.monitoring or {}
        caller.monitoring[ref] = caller  # so that it can be taken back until the Down is there
        node.signals.down(caller.pid, ref, who, "noproc")
    elif target is not caller:  # nobody lives to hear of his own death
        monitor_as(caller, target, ref, who)
    return ref


class Process:
    """What can be done to a process from outside, and by itself to itself.

    OTP: the module ``Process``
    """

    @staticmethod
    def exit(pid: Pid, reason: object) -> bool:
        """Send an exit signal; answers True, also when nobody is there.

        ``"kill"`` cannot be trapped and is seen as ``"killed"``. ``"normal"`` from another
        process is ignored; sent to oneself it ends the caller. A signal to oneself that is not
        trapped is no `Exit`: nothing catches it.

        OTP: ``Process.exit/2``
        """
        target, caller = _alive(pid, "Process.exit"), current_process()
        if target is not None:
            target.node.signals.exit(caller.pid, pid, target.node.copy(reason))
            if caller.pending_exit is not None and target is caller:
                raise SelfExit(caller.pending_exit[0])
        return True

    @staticmethod
    def link(pid: Pid) -> bool:
        """Link the caller and ``pid``: the death of one reaches the other.

        Raises:
            NoProc: ``pid`` is dead and the caller does not trap exits. (A caller that does
                gets an `ExitSignal` with ``"noproc"``.)

        OTP: ``Process.link/1``
        """
        target, caller = _alive(pid, "Process.link"), current_process()
        if target is not None and target.node is caller.node:
            caller.node.signals.link(caller, target)
        elif caller.trap_exit:
            caller.node.deliver(caller, ExitSignal(pid, "noproc"))
        else:
            raise NoProc(
                f"cannot link {pid}: it is dead. Use spawn_link to link at birth, or trap exits "
                "to be told by a message."
            )
        return True

    @staticmethod
    def unlink(pid: Pid) -> bool:
        """Take a link away, if there is one.

        OTP: ``Process.unlink/1``
        """
        _alive(pid, "Process.unlink")
        caller = current_process()
        caller.node.signals.unlink(caller, pid)
        return True

    @staticmethod
    def monitor(who: Destination) -> Ref:
        """Ask to be told, once, when ``who`` ends: by a `Down` with the reference answered.

        OTP: ``Process.monitor/1``
        Differs: where a name was monitored, `Down.pid` is that name, without a node.
        """
        caller, target = current_process(), find(who)
        if target is not None and target.node is not caller.node:
            target = None  # its own node's signals come to nobody here
        return _watch(caller, target, who)

    @staticmethod
    def demonitor(ref: Ref, *, flush: bool = False, info: bool = False) -> bool:
        """Stop monitoring.

        Args:
            flush: also remove a `Down` that has come already.
            info: answer whether a monitor was really taken away (else the answer is True).

        OTP: ``Process.demonitor/2``
        """
        if not isinstance(ref, Ref):
            raise BadArg(f"demonitor needs what monitor answered, got {safe_repr(ref)}")
        caller = current_process()
        target = (caller.monitoring or {}).pop(ref, None)
        caller.node.note("demonitor", caller.pid, None if target is None else target.pid)
        if target is not None and target.monitors is not None:
            target.monitors.pop(ref, None)
        if flush and caller.mailbox:
            caller.mailbox.take(lambda message: type(message) is Down and message.ref is ref)
        if not info:
            return True
        return target is not None

    @staticmethod
    def flag(*, trap_exit: bool) -> bool:
        """Trap exit signals from here on, or stop trapping; answers the old setting.

        OTP: ``Process.flag/2``
        """
        if not isinstance(trap_exit, bool):
            raise BadArg(f"trap_exit is True or False, got {safe_repr(trap_exit)}")
        caller = current_process()
        old, caller.trap_exit = caller.trap_exit, trap_exit
        return old

    @staticmethod
    def register(pid: Pid, name: Name) -> bool:
        """Give ``pid`` a name.

        Raises:
            BadArg: the name is taken or unusable, the process is dead or has a name already.

        OTP: ``Process.register/2``
        """
        target = _alive(pid, "Process.register")
        check_name(name)
        if target is None:
            raise BadArg(f"cannot register {pid} as {safe_repr(name)}: it is dead. Register it while it lives.")
        if target.name is not None:
            raise BadArg(f"{pid} has a name, and only one is allowed: unregister {safe_repr(target.name)} first.")
        holder = target.node.register(target, target.node.copy(name))
        if holder is not None:
            raise BadArg(f"cannot register {pid}: {safe_repr(name)} belongs to {holder}. Take another name.")
        return True

    @staticmethod
    def unregister(name: Name) -> bool:
        """Take a name away.

        Raises:
            BadArg: no process has it.

        OTP: ``Process.unregister/1``
        """
        if not current_process().node.unregister(name):
            raise BadArg(f"no process is registered as {safe_repr(name)}. Process.registered() lists the names.")
        return True

    @staticmethod
    def whereis(name: Destination) -> Pid | None:
        """The pid that has the name, or None.

        OTP: ``Process.whereis/1``
        """
        stay()
        process = find(name)
        return None if process is None else process.pid

    @staticmethod
    def registered() -> list[Name]:
        """All registered names.

        OTP: ``Process.registered/0``
        """
        stay()
        node = current_node()
        return [node.copy(process.name) for process in node.names.values()]

    @staticmethod
    def alive(pid: Pid) -> bool:
        """Is the process alive?

        OTP: ``Process.alive?/1``
        """
        return _alive(pid, "Process.alive") is not None

    @staticmethod
    def list() -> list[Pid]:
        """Every living process, oldest first.

        OTP: ``Process.list/0``
        """
        stay()
        return current_node().processes()

    @staticmethod
    def info(pid: Pid) -> dict[str, Any] | None:
        """What is known about a process; None if it is dead.

        ``"messages"`` are copies of those in its mailbox, the oldest first: nothing is taken out.

        OTP: ``Process.info/1``

        Example:
            >>> from otp_mini import Process, run, self_, send
            >>> async def main():
            ...     send(self_(), "hello")
            ...     return Process.info(self_())["messages"]
            >>> run(main)
            ['hello']
        """
        process = _alive(pid, "Process.info")
        if process is None:
            return None
        watchers = (process.monitors or {}).items()
        running = process.coroutine is not None and process.coroutine.cr_running  # type: ignore[attr-defined]
        return {
            "registered_name": process.node.copy(process.name),
            "label": process.label,
            "status": "running" if running else "waiting" if process.waiting else "runnable",
            "message_queue_len": len(process.mailbox or ()),
            "messages": [copy_reason(message) for message in process.mailbox or ()],
            "links": [*(process.links or ())],
            "monitors": [watched.pid for watched in (process.monitoring or {}).values()],
            "monitored_by": [pid for ref, (pid, _) in watchers if type(ref) is not CallRef],
            "trap_exit": process.trap_exit,
            "parent": process.parent,
            "turns": process.turns,
        }

    @staticmethod
    def send_after(destination: Pid | Name, message: object, seconds: float) -> Ref:
        """Send ``message`` after ``seconds``; answers the reference of the timer.

        To a process or name that is not there by then, it is lost silently.

        OTP: ``Process.send_after/3``
        """
        if not isinstance(destination, Pid):
            check_name(destination)
        if check_timeout(seconds) is None:
            raise BadArg(f"send_after needs a number of seconds, for it does send; got {safe_repr(seconds)}")
        node = current_process().node
        return TimerRef(node.start_timer(float(seconds), destination, node.copy(message)))

    @staticmethod
    def send_interval(destination: Destination, message: object, seconds: float) -> Ref:
        """Send a copy of ``message`` every ``seconds``, the first after one interval; answers the timer.

        It goes on until `cancel_timer`, or until the process behind ``destination`` ends: a name is
        looked up once, now.

        Args:
            destination: a pid, a name or an address. To nobody, nothing is ever sent.
            message: what is sent, copied now and once more for each time.
            seconds: a thousandth or more.

        Raises:
            BadArg: ``seconds`` is not such a number, or this can be no address of a process.

        OTP: ``:timer.send_interval/3``
        Differs: an interval of 0 is refused: on a virtual clock no time would ever pass. `cancel_timer` and
            `read_timer` know this timer too, and answer the seconds until the next message.

        Example:
            >>> from otp_mini import Node, Process, receive, self_
            >>> async def main():
            ...     timer = Process.send_interval(self_(), "tick", 10.0)
            ...     ticks = [await receive() for _ in range(3)]
            ...     return ticks, Process.cancel_timer(timer)
            >>> with Node(clock="virtual") as node:
            ...     node.run(main), node.now()
            ((['tick', 'tick', 'tick'], 10.0), 30.0)
        """
        if not check_timeout(seconds):
            raise BadArg(f"send_interval needs a number of seconds above 0, got {safe_repr(seconds)}")
        if seconds < SHORTEST:
            raise BadArg(f"send_interval sends every {SHORTEST} s at the most, got {safe_repr(seconds)}")
        node, target = current_process().node, find(destination, sending=True)
        receiver = None if target is None else target.pid
        number = node.start_timer(float(seconds), receiver, node.copy(message), again=True)
        if receiver is None:
            node.timers.drop(number)
        return TimerRef(number)

    @staticmethod
    def cancel_timer(timer: Ref) -> float | bool:
        """Answers the seconds that were left, or False if it had fired or was cancelled.

        A message that has come already stays in the mailbox.

        OTP: ``Process.cancel_timer/1``
        """
        left = current_process().node.cancel_timer(_timer_number(timer))
        return False if left is None else left

    @staticmethod
    def read_timer(timer: Ref) -> float | bool:
        """Answers the seconds that are left, or False.

        OTP: ``Process.read_timer/1``
        """
        stay()
        left = current_node().read_timer(_timer_number(timer))
        return False if left is None else left

    @staticmethod
    async def sleep(seconds: float | None) -> None:
        """Wait; messages that come in the meantime stay in the mailbox.

        OTP: ``Process.sleep/1``
        """
        process, seconds = waiting_process(), check_timeout(seconds)
        if seconds == 0.0 and process.coroutine is not None:
            await YIELDED
            return
        await wait(process, TIME, None if seconds is None else process.node.clock.now() + seconds)


def _timer_number(timer: object) -> int:
    if not isinstance(timer, TimerRef):
        raise BadArg(f"not a timer: {safe_repr(timer)}. Pass what send_after answered.")
    return timer.number

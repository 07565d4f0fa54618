"""Who lends the node its time: a script, or the asyncio loop of a notebook.

A node runs only while somebody drives it. Three do:

* *a script*: ``run(main)`` drives until ``main`` has ended, and sleeps until the next timer;
* *a cell* that awaits something: it drives in its own context, so what handlers print appears
  under that cell, and it lets the asyncio loop in every few milliseconds;
* *the pump*: when nobody waits, the loop itself runs what became ready (and, on a real clock,
  the timers).

Nothing here knows what a process is; it runs slices of the node and sleeps in between.
asyncio is imported only where the program imported it already.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # no stub is known
import _thread
import contextlib
import queue
import signal
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine
from contextvars import ContextVar, copy_context
from functools import partial
from typing import Any, Final, Protocol

from .errors import Deadlock
from .interrupts import in_program, interrupts
from .process import ControlBlock, Owner, runtime, task_of
from .reports import in_notebook, logger
from .waits import who_waits

LONG_SLICE = 0.005
LONG_TURN = 0.5
STUCK_AFTER = 1.0
POLL = 0.02
A_DAY: Final = 86_400.0
"""The longest sleep in one go, after which the clock is looked at again: Python refuses a wait of some centuries."""

HEARTBEAT = 0.25
"""How often, in seconds, a sleeping cell wakes its loop: ipykernel only notes Ctrl-C, for the loop to look at."""

LOOP_ENDED: Final = (
    "the asyncio loop to which this await belongs has ended, so what it waits for never comes. run() has a loop for as "
    "long as its main runs: let main wait until this is done, or await otp_mini's own (Process.sleep, in_thread), "
    "which goes on in the next run()."
)
"""What is raised where a process awaits something of a loop that was closed."""

CELL: Final = ("parent_header", "shell_parent", "shell_parent_ident")
"""The context variables in which ipykernel notes to which cell an output belongs."""


class Driven(Protocol):
    """What a host needs of its node."""

    ready: Any
    blocks: Any
    clock: Any
    gate: Callable[[Pause], Awaitable[None]] | None
    begin_turn: Callable[[Any], None] | None
    end_turn: Callable[[Any], None] | None

    def run_slice(self) -> Any: ...  # noqa: D102
    def interrupt(self) -> None: ...  # noqa: D102
    def pass_time(self) -> bool: ...  # noqa: D102
    def delay(self) -> float | None: ...  # noqa: D102


def way_out() -> str:
    """How a reader gets out of a cell that waits for ever."""
    if getattr(sys.stdout, "below_a_cell", False):  # the cells of a page, lite/in_place.py
        return "To go on, press Stop: your text is kept, and so is what has run."
    if sys.platform == "emscripten":  # a notebook in a web page: without signals nothing reaches a cell
        return (
            "A cell cannot be interrupted in a web page. To go on, restart Python (menu Kernel, Restart): "
            "your text is kept."
        )
    return "Interrupt the cell (Ctrl-C, or the stop button) to go on."


def running_loop() -> Any:
    """The asyncio loop that runs right now, or None; never imports asyncio."""
    if "asyncio" not in sys.modules:
        return None
    import asyncio

    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def is_future(value: object) -> bool:
    """Is it a future or task of asyncio's? Never imports asyncio."""
    if "asyncio" not in sys.modules:
        return False
    import asyncio

    return asyncio.isfuture(value)


def cancelled() -> None:
    """Stop the asyncio task that runs just now: the process for which it acts has ended.

    It always raises asyncio's cancellation.
    """
    import asyncio

    raise asyncio.CancelledError


def is_cancellation(error: object) -> bool:
    """Is it asyncio's CancelledError?"""
    import asyncio

    return isinstance(error, asyncio.CancelledError)


class NotedTasks:
    """The task factory of a loop: notes which process makes a task, and leaves the making to what was there before."""

    def __init__(self, before: Any) -> None:
        self.before = before

    def __call__(self, loop: Any, coroutine: Any, **options: Any) -> Any:
        """Make a task; asyncio calls this."""
        if self.before is not None:
            task = self.before(loop, coroutine, **options)
        else:
            loop.set_task_factory(None)  # so that the loop makes a task of its own kind
            try:
                task = loop.create_task(coroutine, **options)
            finally:
                loop.set_task_factory(self)
        context = options.get("context")
        owner = task_of.get() if context is None else context.get(task_of)
        process = None if owner is None else owner.block
        if process is not None and not task.done():
            host = process.node.host
            host.keep(process, task)
            task.add_done_callback(partial(host.drop, process))
        return task


class Host:
    """The node's link to the world outside."""

    def __init__(self, node: Driven) -> None:
        self.node = node
        self.loop: Any = None  # the asyncio loop in use; None in a plain script
        self.blocking = False  # the driver sleeps with the whole thread
        self.threads: set[object] = set()  # one reference for each process that waits for a thread
        self.futures: dict[Any, ControlBlock] = {}  # what processes await of the loop
        self.tasks: dict[ControlBlock, ControlBlock] = {}  # shells in which tasks of a process wait, and that process
        self.helpers: dict[ControlBlock, dict[Any, None]] = {}  # of a process: its asyncio tasks, and their shells
        self._cell: tuple[tuple[ContextVar[Any], Any], ...] = ()
        self._pump_handle: Any = None
        self._drives = 0
        self._pauses: list[Any] = []
        self._reports: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()

    def attach(self) -> bool:
        """Use the running asyncio loop from here on; answers whether there is one."""
        loop = running_loop()
        if loop is not self.loop:
            self.loop, self._pump_handle = loop, None
            self.futures.clear()
            self._make_tasks()
            self._tell_of_the_end()
        if loop is not None:
            self._look_at_cell()
        return loop is not None

    def _tell_of_the_end(self) -> None:
        """Of a loop that has ended nothing comes any more: who awaits something of it gets an error there."""
        for process in self.node.blocks.values():
            future = process._fut_waiter
            if future is not None and future.get_loop().is_closed():
                process.thrown = RuntimeError(LOOP_ENDED)
                process.node.wake(process)

    def _make_tasks(self) -> None:
        """Have each process be asyncio's current task while it has its turn."""
        node = self.node
        if self.loop is None:
            node.begin_turn = node.end_turn = None
            return
        from asyncio import tasks

        loop, enter_task = self.loop, tasks._enter_task
        if sys.platform != "emscripten":  # the page's loop breaks with any task factory: it calls what 3.14 has not
            with contextlib.suppress(NotImplementedError):  # a loop need not have task factories
                if not isinstance(loop.get_task_factory(), NotedTasks):
                    loop.set_task_factory(NotedTasks(loop.get_task_factory()))
        runtime.threads = True  # asyncio's executor makes some

        def begin_turn(process: Any) -> None:
            if process.settled is not self._cell:
                process.context.run(self._settle, process)
            enter_task(loop, process)

        node.begin_turn, node.end_turn = begin_turn, partial(tasks._leave_task, loop)

    def _settle(self, process: ControlBlock) -> None:
        """Runs in the process's context: its tasks are to know it, its prints to find the cell that waits."""
        process.settled = self._cell
        task_of.set(Owner(process))
        for variable, value in self._cell:
            variable.set(value)

    def _look_at_cell(self) -> None:
        """Note which cell of a notebook runs this code.

        A process has context variables of its own, but for these: what a server prints belongs to
        the cell that waits for it, and not to the one that started it.
        """
        if not in_notebook():
            return
        cell = tuple((variable, value) for variable, value in copy_context().items() if variable.name in CELL)
        known = dict(self._cell)
        if len(known) != len(cell) or any(known.get(variable) is not value for variable, value in cell):
            self._cell = cell

    def _look_for_threads(self) -> None:
        runtime.threads = runtime.threads or self.loop is not None or threading.active_count() > 1

    def can_wait(self) -> bool:
        """Can asyncio bring a process what it awaits, while it is driven as it is now?"""
        return self.loop is not None and not self.blocking

    def expects_news(self) -> bool:
        """Does a process wait for a thread, or for asyncio where that can do its work?"""
        if self.threads or not self.futures or self.blocking:
            return bool(self.threads)
        helped = {*self.tasks.values()}  # these await tasks of their own, which wait for something of the node's
        return any(process not in helped for process in self.futures.values())

    def awaits(self, future: Any, process: ControlBlock) -> None:
        """A process waits for a future of asyncio's: it is woken when that is done."""
        # A future sets this mark when it is awaited; whoever takes the future off its awaiter's hands
        # takes it back, as asyncio's own task does.
        future._asyncio_future_blocking = False
        self.futures[future] = process

        def finished(future: Any) -> None:
            self.futures.pop(future, None)
            if process.waiting is future:
                process.node.wake(process)

        future.add_done_callback(finished)

    def gives_up(self, future: Any) -> None:
        """Whoever awaited the future is dead or interrupted; asyncio may stop its work."""
        self.futures.pop(future, None)
        if not future.get_loop().is_closed():
            future.add_done_callback(_retrieve)
            future.cancel()

    def keep(self, owner: ControlBlock, helper: Any) -> None:
        """A task acts for this process from here on, or a shell waits in one."""
        self.helpers.setdefault(owner, {})[helper] = None

    def drop(self, owner: ControlBlock, helper: Any) -> None:
        """The task is done, or the shell's wait is over."""
        helpers = self.helpers.get(owner, {})
        helpers.pop(helper, None)
        if not helpers:
            self.helpers.pop(owner, None)

    def ended(self, process: ControlBlock) -> None:
        """A process is dead and runs no more of its code: its asyncio tasks are cancelled, their waits given up.

        OTP: a port is closed when the process that opened it ends
        """
        for helper in self.helpers.pop(process, ()):
            if isinstance(helper, ControlBlock):
                helper.node.cancel_wait(helper)
                self.end_pauses()
            elif not (helper.done() or helper.get_loop().is_closed()):
                helper.cancel()

    def stands_in(self, shell: ControlBlock, owner: ControlBlock) -> None:
        """A shell waits in a task of this process."""
        self.tasks[shell] = owner
        self.keep(owner, shell)

    def stood_in(self, shell: ControlBlock) -> bool:
        """The shell's wait is over; answers whether it stood in for a process that has ended."""
        owner = self.tasks.pop(shell, None)
        if owner is None:
            return False
        self.drop(owner, shell)
        return not owner.alive

    def says(self, future: Any) -> str:
        """For a person: what somebody waits for who waits for this future."""
        if future.get_loop().is_closed() or future.get_loop() is not self.loop:
            return "asyncio, but the loop that it awaited has ended"
        if self.blocking:
            return "asyncio, whose loop run() holds up: use `await node.run_async(main)` there"
        return "something of asyncio's"

    def notify(self) -> None:
        """Something became ready, or a timer was set, while nobody was driving."""
        if not self.attach():
            if self._drives:  # a script: run() will see to it, unless it sleeps, and a thread has just begun to send
                self._reports.put(_nothing)
            return
        self.end_pauses()
        if not self._drives:
            self._schedule()

    def _schedule(self) -> None:
        if self._pump_handle is not None:
            self._pump_handle.cancel()
            self._pump_handle = None
        if self.node.gate is not None:
            return  # paused: whoever lets it run again notifies
        delay = self.node.delay()
        if self.node.ready:
            self._pump_handle = self.loop.call_soon(self._pump)
        elif delay is not None:
            self._pump_handle = self.loop.call_later(min(delay, A_DAY), self._pump)

    def _pump(self) -> None:
        self._pump_handle = None
        self.node.run_slice()
        if not self._drives:
            self._schedule()

    def run(self, drive: Callable[[Pause], Coroutine[Any, Any, None]]) -> None:
        """Drive the node for a script: on a loop of its own if the program uses asyncio, else without.

        Args:
            drive: answers what drives, when it is given the way to wait.
        """
        # A program that has imported asyncio may await something of it: it gets a loop. Without it, and
        # inside a loop that somebody else runs (there `run` cannot give way), the whole thread waits.
        if running_loop() is None and "asyncio" in sys.modules:
            import asyncio

            with asyncio.Runner() as runner:
                runner.run(drive(self.sleep))
            self.attach()  # that loop has ended
        else:
            without_loop(drive(self.block))

    async def drive(self, done: Callable[[], bool], pause: Pause, *, alone: bool) -> None:
        """Run the node in the caller's own context until ``done()``.

        Args:
            done: asked after every slice.
            pause: how to wait: `block` in a script, `sleep` on an asyncio loop.
            alone: nothing outside the node could wake it, so being stuck is an error.
        """
        node = self.node
        self._drives += 1
        outer, self.blocking = self.blocking, pause == self.block
        let_in = time.perf_counter()
        self._look_for_threads()
        self._hear()
        try:
            while not done():
                if not self._reports.empty():
                    self._hear()
                if interrupts.take():
                    node.interrupt()
                if node.gate is not None:
                    await node.gate(pause)
                    continue
                node.run_slice()
                self._look_for_threads()
                if interrupts.noted:
                    continue
                if not (node.ready or alone or done()):
                    await pause(0.0)  # before time passes, asyncio may have something to say
                if node.ready or done():
                    pass
                elif self.expects_news() or not node.pass_time():
                    await self._wait(done, pause, alone)
                if (node.clock.virtual or time.perf_counter() - let_in > LONG_SLICE) and not done():
                    await pause(0.0)
                    let_in = time.perf_counter()
        finally:
            self._drives -= 1
            self.blocking = outer
            if not self._drives and not alone and self.attach():
                self._schedule()  # the pump takes over; a script that has ended stays as it is

    async def _wait(self, done: Callable[[], bool], pause: Pause, alone: bool) -> None:
        """Nothing can run now: wait for a timer, an outside result, or a message."""
        delay = self.node.delay()
        if delay is not None or self.expects_news():
            await pause(delay)
        elif not alone or (self.can_wait() and not hasattr(self.loop, "_scheduled")):
            await pause(STUCK_AFTER)  # a loop that does not tell its timers (uvloop) may have one that helps
            if not (done() or self.node.ready or self.expects_news() or self.node.delay() is not None):
                logger.warning(
                    "still waiting, and nothing in this node can end the wait:\n%s\n%s",
                    who_waits(self.node.blocks.values()),
                    way_out(),
                )
                await pause(None)
        elif self.asyncio_is_busy():
            await pause(POLL)
        else:
            raise Deadlock(
                "the program waits for ever: every process is parked, no timer is set and no "
                f"outside result is awaited.\n{who_waits(self.node.blocks.values())}\n"
                f"Send what is waited for, give the wait a time-out, or end the process.{_of_threads()}"
            )

    def asyncio_is_busy(self) -> bool:
        """Could the loop still do something that wakes the node, such as ``asyncio.timeout``?"""
        if not self.can_wait():
            return False
        import asyncio

        if len(asyncio.all_tasks(self.loop)) > 1:
            return True
        timers = getattr(self.loop, "_scheduled", ())  # private to asyncio, and there is no public way to ask
        return any(not timer.cancelled() for timer in timers)

    async def block(self, seconds: float | None) -> None:
        """Wait as a script does: the whole thread sleeps, but for reports of other threads."""
        try:
            report = self._reports.get(block=seconds != 0.0, timeout=None if seconds is None else min(seconds, A_DAY))
        except queue.Empty:
            return
        report()
        self._hear()

    def _hear(self) -> None:
        """Run what other threads have left here, in the order in which it came."""
        while not self._reports.empty():
            self._reports.get()()

    async def sleep(self, seconds: float | None) -> None:
        """Wait as asyncio does: until the time is over or `notify` is called."""
        import asyncio

        if seconds == 0.0:
            await asyncio.sleep(0)
            return
        future = self.loop.create_future()
        self._pauses.append(future)
        until = None if seconds is None else self.loop.time() + seconds
        try:
            while not future.done():
                left = HEARTBEAT if until is None else min(HEARTBEAT, until - self.loop.time())
                if left <= 0.0:
                    return
                await asyncio.wait([future], timeout=left)
        finally:
            self._pauses.remove(future)

    def report(self, news: Callable[[], None]) -> None:
        """Run ``news`` on the node's own thread, soon; may be called from any thread."""
        self._reports.put(news)
        if self.loop is not None:
            with contextlib.suppress(RuntimeError):  # that loop was closed: whoever drives next will hear it
                self.loop.call_soon_threadsafe(self._hear)

    def wake_driver(self) -> None:
        """End the sleep of whoever drives the node; may be called in a signal's handler."""
        self.report(self.end_pauses)

    def end_pauses(self) -> None:
        """Have every cell that sleeps look whether it has what it waits for."""
        for pause in self._pauses:
            _finish(pause)

    def is_busy(self) -> bool:
        """Does somebody drive the node, or will the loop do so by itself?"""
        return self._drives > 0 or (self.loop is not None and self.loop.is_running())

    def watch_interrupt(self, began: float) -> Callable[[], None] | None:
        """Have Ctrl-C end a turn that lasts too long, also where the host only notes it.

        A notebook's kernel turns the signal into a cancellation, which a process that computes for
        ever would never see. A short turn is left alone: the signal is not meant for it.

        Each slice asks: so it calls what is under the module `signal`, which would look for every handler in an
        enumeration, and where it is none (nearly always) write an error with the text of asyncio's task, and drop it.
        """
        if self.loop is None or threading.current_thread() is not threading.main_thread():
            return None
        before = _signal.getsignal(signal.SIGINT)
        if before in (signal.default_int_handler, interrupts.handle) or not callable(before):
            return None
        again: list[threading.Timer] = []

        def interrupt(number: int, frame: Any) -> None:
            if time.perf_counter() - began > LONG_TURN and in_program(frame):
                raise KeyboardInterrupt
            before(number, frame)
            if not again:  # look once more: the turn may be a long one that has just begun
                again.append(threading.Timer(LONG_TURN, _thread.interrupt_main))
                again[0].daemon = True
                again[0].start()

        def unwatch() -> None:
            _signal.signal(signal.SIGINT, before)  # first: from here on nobody starts another timer
            for timer in again:
                timer.cancel()

        _signal.signal(signal.SIGINT, interrupt)
        return unwatch

    def leave_task(self) -> Any:
        """Step out of the asyncio task whose turn it is, so that processes can be tasks."""
        if self.loop is None or running_loop() is not self.loop:
            return None
        import asyncio

        task = asyncio.current_task(self.loop)
        if task is not None:
            asyncio.tasks._leave_task(self.loop, task)
        return task

    def enter_task(self, task: Any) -> None:
        """Step back into what `leave_task` answered."""
        if task is not None:
            import asyncio

            asyncio.tasks._enter_task(self.loop, task)


def _retrieve(future: Any) -> None:
    """Keep asyncio from complaining that nobody asked for a cancellation: who would have asked is dead.

    `asyncio.gather` notes its cancellation as an error. Any other error stays asyncio's to tell.
    """
    if not future.cancelled() and is_cancellation(getattr(future, "_exception", None)):
        future.exception()


def _of_threads() -> str:
    if threading.active_count() == 1:
        return ""
    return (
        "\nWhether a thread that the program has started itself will send something, nobody knows here: have a process "
        "do its work by in_thread, or give the wait a time-out."
    )


def _nothing() -> None:
    """A report that only wakes who sleeps."""


def _finish(future: Any) -> None:
    if not future.done():
        future.set_result(None)


def without_loop(coroutine: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine that never gives its turn away."""
    try:
        coroutine.send(None)
    except StopIteration:
        return
    raise AssertionError("a script's wait gave its turn away")


Pause = Callable[[float | None], Awaitable[None]]

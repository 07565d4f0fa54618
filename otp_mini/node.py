"""The node: the run queue, waits, names and time; the one place that resumes a process.

A process is in one of four places, and `ControlBlock` says in which:

* in the run queue ``ready``, from its birth on, and whenever it could go on;
* running: `Node.turn` has resumed its coroutine, and that has not come back yet;
* parked: ``waiting`` says for what. Nobody looks at it until `Node.wake`;
* ended: its pid leads nowhere.

One turn, start to end (`Node.turn`): take a process from the queue, resume its coroutine, and look
at how that came back. It *parked* (it waits for something, and somebody will wake it), it *yielded*
(put it at the end of the queue), it awaits something of asyncio's (wake it when that is done), or
it *ended* (``signals.py`` tells those who are linked to it or watch it).

What wakes a parked process: a message (`Node.deliver`), the reply of a call (`Node.reply`), the end
of whom it called (`Node.answer`), its timer (`Node._fire_timers`), a future of asyncio's, or a
cancellation. All of them go through `Node.wake`.

Who runs the turns: the host (``host.py``) asks for a *slice* (`Node.run_slice`) again and again, and
sleeps or lets time pass in between, when nobody is ready. On a real clock time passes by itself, and
slices are short so that timers are looked at often. On a virtual clock time stands still until every
process is idle and somebody in the foreground waits; then it moves to the next deadline at once
(`Node.pass_time`). There nothing reads the real clock: the same program takes the same turns on a slow
machine, in one go or step by step, traced or not.

Code outside of all processes (a cell, a script outside ``run``) is a process too where it sends,
receives or calls: the *shell*. It has no coroutine that the node could resume. To wait, it drives the
node itself until it is woken (`Node.shell_waits`).

OTP: the scheduler of the BEAM
Differs: nothing is preempted. A process keeps its turn until it awaits something that parks.
"""

from __future__ import annotations

import time
from _thread import get_ident
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from types import FunctionType
from typing import TYPE_CHECKING, Any

from . import reports
from .clock import ClockName, RealClock, VirtualClock
from .copying import copy_reason, copy_term
from .errors import BadArg, Deadlock, Exit, SelfExit, name_of
from .host import LONG_TURN, Host, Pause, cancelled, is_future
from .interrupts import entrances, interrupts
from .leavings import Leaving, in_order
from .mailbox import Mailbox
from .matching import name_key
from .node_options import SLICE, SLICE_TURNS, check_options
from .plain_functions import check_function
from .process import MESSAGE, PARK, REDUCTIONS, TIMED_OUT, Become, ControlBlock, coroutine_of, runtime, task_of
from .signals import Signals
from .terms import CallRef, Pid, Ref, is_word
from .threads import Use, claimed, enter, put_back, put_in_use
from .timers import PATIENCE, Timers
from .tracing import Event, Trace

if TYPE_CHECKING:
    from random import Random

_new = object.__new__  # skips __init__: a reference is made for every call, a pid for every process


def _random(seed: int) -> Random:
    import random  # few programs ask for it, and it takes as long to load as this file

    return random.Random(seed)


class Node(Leaving):
    """A world of processes of its own: run queue, clock, names, tables.

    Args:
        clock: ``"real"``, or ``"virtual"`` for time that moves only while somebody in the
            foreground waits and every process is idle.
        seed: None runs the ready processes in order; a number picks the next one at random,
            the same way in every run with that seed.
        isolation: False sends messages without copying them (faster, and unsafe).
        max_turns: a run that takes more turns than this ends with an error.

    Raises:
        BadArg: an option has a value that it cannot have.

    OTP: a node of the BEAM
    Differs: there may be many nodes in one program, and they cannot talk to each other.

    Example:
        >>> from otp_mini import Node, Process
        >>> async def nap():
        ...     await Process.sleep(3600)
        ...     return "rested"
        >>> with Node(clock="virtual") as node:
        ...     node.run(nap), node.now()
        ('rested', 3600.0)
    """

    def __init__(
        self, clock: ClockName = "real", seed: int | None = None, isolation: bool = True, max_turns: int | None = None
    ) -> None:
        check_options(clock, seed, isolation, max_turns)
        self.clock: RealClock | VirtualClock = RealClock() if clock == "real" else VirtualClock()
        self._start = self.clock.now()
        self.copy: Callable[[Any], Any] = copy_term if isolation else (lambda term: term)
        self.max_turns = max_turns
        self.turns = 0  # so far; they are counted where there is a limit
        # Who there is, and who could go on. Both dicts keep the order of birth or registration: nothing
        # here is ever in the order of memory addresses.
        self.ready: deque[ControlBlock] = deque()
        self.names: dict[object, ControlBlock] = {}  # by `name_key`
        self.blocks: dict[Pid, ControlBlock] = {}
        self.tables: dict[object, Any] = {}  # what higher layers keep with the node
        # Who looks on. None of them changes what is done, or in which order.
        self.tracer: Trace | None = None
        self.listeners: list[Callable[[Event], None]] = []  # hear each event that a `trace()` records
        self.gate: Callable[[Pause], Awaitable[None]] | None = None  # where cells wait while the node is paused
        # Who lends it time.
        self.host = Host(self)
        self.driving = False  # is a slice running?
        self.begin_turn: Callable[[ControlBlock], None] | None = None  # the host's, with asyncio
        self.end_turn: Callable[[ControlBlock], None] | None = None
        self._random = None if seed is None else _random(seed)
        self._halted = False  # the one for whom a slice is run has what it waits for, or has ended
        self._main: ControlBlock | None = None  # what `run` runs
        self._shell: ControlBlock | None = None
        self._pids = self._refs = 0  # how many of each there were: the number of the last one
        self.timers = Timers()
        self.signals = Signals(self)
        # An empty mailbox has 700 bytes. A server that waits keeps none: it leaves it here, for whoever gets mail next.
        self.spare: Mailbox | None = None
        self._deferred = self.signals.deferred  # the same list: it is looked at after every turn
        self._slow: set[str] = set()  # labels of those whose long turn was spoken of already
        self._turns_left = SLICE_TURNS  # on a virtual clock: until the timers are looked at again
        # What was current before each `with` that this node is in.
        self._outer: list[Use] = []

    # ---- the current node ----------------------------------------------------------------

    def __enter__(self) -> Node:
        self._outer.append(put_in_use(self))
        return self

    def __exit__(self, *exc: object) -> None:
        put_back(self._outer.pop())
        self.close()

    def use(self) -> Node:
        """Make this the current node from here on; the one before it is closed.

        For the first cell of a notebook: running it again gives a fresh world.

        Raises:
            BadArg: a process is running just now.
        """
        if runtime.running is not None:
            raise BadArg(
                "use() was called from inside a process, which lives on the node that would be closed. "
                "Call it from a script or a cell; for a second world inside a process write `with Node() as node:`."
            )
        if runtime.node is not None and runtime.node is not self:
            runtime.node.close()
        runtime.node = self
        return self

    def close(self) -> None:
        """End every process at once, silently: no signals, no messages, no reports.

        Raises:
            BadArg: a process of this node is running just now.
        """
        if self.driving:
            raise BadArg(
                "close() was called from inside a process of the same node, which would end itself. "
                "Let the process return, and close the node from outside: from a script, a test or a cell."
            )
        for block in list(self.blocks.values()):
            block.pid.block = None  # first: what its `finally` sends goes nowhere
            block.node.cancel_wait(block)
            self.host.ended(block)
            if block.coroutine is not None and not block.coroutine.cr_running:  # type: ignore[attr-defined]
                self.signals.unwind(block)
        leftovers: tuple[Any, ...] = (self.blocks, self.names, self.timers, self.ready, self.tables)
        for leftover in (*leftovers, self.signals.queue, self.signals.deferred):
            leftover.clear()
        self._shell = None

    # ---- running -------------------------------------------------------------------------

    def run(self, main: Callable[..., Any], *args: Any) -> Any:
        """Run ``main(*args)`` as a process until it has ended, and answer what it returned.

        Raises:
            Exit: ``main`` ended with this reason (an exit of its own, or a signal).
            Deadlock: ``main`` waits for something that can no longer come.
            Exception: whatever ``main`` crashed with, as it is.

        OTP: none; ``mix run`` comes near
        """
        with claimed(), interrupts.watched(self.host.wake_driver):
            block = self._start_main(main, args)
            self.host.run(lambda pause: self._drive_main(block, pause, alone=True))
            return self._result_of(in_order(block))

    async def run_async(self, main: Callable[..., Any], *args: Any) -> Any:
        """`run` for a place where an asyncio loop runs already, such as a notebook's cell."""
        with claimed():
            block = self._start_main(main, args)
            await self._drive_main(block, self.host.sleep, alone=False)
            return self._result_of(in_order(block))

    def _start_main(self, main: Callable[..., Any], args: tuple[Any, ...]) -> ControlBlock:
        enter()
        if self.driving:
            raise BadArg(
                "run() was called from inside a process of the same node, which is running "
                "already. Call the function directly, or spawn it."
            )
        self._main = self.spawn(main, args)
        return self._main

    async def _drive_main(self, main: ControlBlock, pause: Any, *, alone: bool) -> None:
        use = put_in_use(self)
        self.host.attach()
        try:
            await self.host.drive(lambda: not main.alive, pause, alone=alone)
        except BaseException as error:
            if main.alive:  # whoever waited for its end was cancelled or interrupted
                self.signals.kill(main, error)
            raise
        finally:
            put_back(use)

    def _result_of(self, main: ControlBlock) -> Any:
        self._main = None
        if isinstance(main.reason, BaseException) and not isinstance(main.reason, Exit):
            raise main.reason
        if not is_word(main.reason, "normal"):
            raise Exit(main.reason)
        return main.result

    def run_until_idle(self) -> None:
        """Run everything that is ready, and all that follows from it; no time passes."""
        self._not_inside("run_until_idle")
        self.host.attach()
        while self.ready:
            self.run_slice()

    def step(self) -> Pid | None:
        """Give one process one turn; answers which, or None if nobody is ready."""
        self._not_inside("step")
        self.host.attach()
        return self.run_slice(single=True)

    def advance(self, seconds: float) -> None:
        """Let ``seconds`` of virtual time pass, with all that happens in it.

        Raises:
            BadArg: the node's clock is real, or ``seconds`` is negative.
        """
        self._not_inside("advance")
        if not isinstance(self.clock, VirtualClock):
            raise BadArg('advance() needs Node(clock="virtual"); real time passes by itself')
        if not seconds >= 0:
            raise BadArg(f"seconds must be 0 or more, got {seconds!r}")
        goal = self.clock.now() + seconds
        self.run_until_idle()
        while (deadline := self.timers.earliest()) is not None and deadline <= goal:
            self.clock.move_to(deadline)
            self._fire_timers()
            self.run_until_idle()
        self.clock.move_to(goal)

    def now(self) -> float:
        """Seconds since the node was made, on its own clock."""
        return self.clock.now() - self._start

    def processes(self) -> list[Pid]:
        """Every living process, oldest first.

        OTP: ``Process.list/0``
        """
        return list(self.blocks)

    def note(self, kind: str, pid: Pid | None, other: Pid | None = None, term: object = None) -> None:
        """Record an event, if anybody records."""
        if self.tracer is not None:
            self.tracer.record(self.now(), kind, pid, other, term)

    def interrupt(self) -> None:
        """Ctrl-C was pressed while the node's own lines ran: raise it where the program waits.

        Raises:
            KeyboardInterrupt: no process of `run` is there to raise it in.
        """
        main = self._main
        if main is None or not main.alive:
            raise KeyboardInterrupt
        waiting, main.thrown = main._fut_waiter, KeyboardInterrupt()
        if main.waiting is not None:
            self.wake(main)
        if waiting is not None:
            self.host.gives_up(waiting)

    def _not_inside(self, function: str) -> None:
        """Refuse to drive the node where it is driven already, or is not to be."""
        enter()
        if self.driving:
            raise BadArg(
                f"{function}() was called from inside a process. It drives the node from "
                "outside: from a script, a test, a cell or a widget's callback."
            )
        if self.gate is not None and function != "step":
            raise BadArg(f"{function}() was called while the node is paused. Let it run again, or use step().")

    def run_slice(self, *, single: bool = False) -> Pid | None:
        """Run for a short while, or until nobody is ready or the waiter is served.

        On a real clock that is about two milliseconds. On a virtual one it is a number of turns, so
        that who has his turn when, and when the timers are looked at, comes from the program alone.

        One that died while it was ready is still in the queue, for taking it out would be slow: it is
        stepped over here.

        Args:
            single: one turn only.

        Returns:
            Who had the last turn; None if nobody had one.
        """
        ready, clock, virtual = self.ready, time.perf_counter, self.clock.virtual
        pick = ready.popleft if self._random is None else self._pick
        turn = self.turn if self.max_turns is None else self._counted_turn
        process = None
        before, self.driving, self._halted = (self.driving, runtime.running), True, False
        began, runtime.thread = clock(), get_ident()
        until = 0.0 if single else began + SLICE
        task, unwatch = self.host.leave_task(), self.host.watch_interrupt(began)
        try:
            if not virtual or self._time_to_look():
                self._fire_timers()
            while ready and not self._halted:
                process = pick()
                if process.pid.block is process:
                    runtime.running = process
                    turn(process)
                    if virtual:
                        self._turns_left -= 1
                        if single or not self._turns_left:
                            break
                    elif clock() > until:
                        break
            overdue = clock() - max(began, until)
            if process is not None and not virtual and overdue > LONG_TURN:
                self._took_long(process, overdue)
        finally:
            if unwatch is not None:
                unwatch()
            self.driving, runtime.running = before
            self.host.enter_task(task)
        return None if process is None else process.pid

    def _pick(self) -> ControlBlock:
        """The next process at random: one of the schedules that the BEAM might choose."""
        assert self._random is not None
        self.ready.rotate(-self._random.randrange(len(self.ready)))
        return self.ready.popleft()

    def turn(self, process: ControlBlock) -> None:
        """Resume ``process`` once, and see to whatever it came back with.

        ``thrown`` is an exception that somebody wants to see raised in it: a cancellation by asyncio's
        words, or what it did wrong in its last turn. ``pending_exit`` is the reason of an exit signal
        that came while it was running: it wins over how the turn ended.
        """
        process.reductions = REDUCTIONS
        process.turns += 1
        if self.begin_turn is not None:
            self.begin_turn(process)
        try:
            if process.thrown is None:
                wanted = process.context.run(process.resume, None)
            else:
                thrown, process.thrown = process.thrown, None
                wanted = process.context.run(process.coroutine.throw, thrown)  # type: ignore[union-attr]
        except StopIteration as stop:
            reason: object = "normal"
            if type(stop.value) is Become and process.pending_exit is None:
                # It goes on as another coroutine, and goes on at once: to others this is one turn.
                process.become(stop.value.coroutine)
                self.ready.appendleft(process)
                return
            process.result = stop.value
        except (Exit, SelfExit) as exit:
            reason = exit.reason
        except BaseException as error:
            reason = self._crashed(process, error)
        else:
            if wanted is not PARK:
                self._park_outside(process, wanted)
            elif process.thrown is not None and process.waiting is not None:
                self.wake(process)  # it was cancelled before it began to wait
            # It is between two turns now, which is when a process looks at its signals.
            if self._deferred:
                self.signals.release_deferred()
            if process.pending_exit is not None:
                self.signals.kill(process, process.pending_exit[0])
            return
        finally:
            if self.end_turn is not None:
                self.end_turn(process)
        self.signals.end(process, reason if process.pending_exit is None else process.pending_exit[0])

    def _crashed(self, process: ControlBlock, error: BaseException) -> object:
        """An exception left the process: report it, unless it belongs to somebody else.

        Ctrl-C and ``sys.exit`` are the program's: they come out of `run`. So does whatever the main
        process crashed with: who called `run` gets that exception itself.
        """
        if isinstance(error, (KeyboardInterrupt, SystemExit)):
            self.signals.end(process, error)
            raise error
        if process is not self._main:
            reports.process_crashed(self.describe(process), error)
        elif advice := reports.advice_on(error):
            error.add_note(advice)
        return error

    def _took_long(self, process: ControlBlock, seconds: float) -> None:
        """Warn, once for each label, that a turn held up everybody else (on a real clock only)."""
        if process.label not in self._slow:
            self._slow.add(process.label)
            reports.logger.warning(
                "%s kept its turn for more than %s s, and every other process waited. A process "
                "gives its turn away only where it awaits: move long or blocking work into "
                "`await in_thread(function)`, or cut it up with `await Process.sleep(0)`.",
                self.describe(process),
                int(seconds * 10) / 10,
                extra={"pace": True},  # says something of the machine; a check's message leaves it out
            )

    def _counted_turn(self, process: ControlBlock) -> None:
        self.turn(process)
        self.turns += 1
        if self.max_turns is None or self.turns <= self.max_turns:
            return
        self.ready.clear()
        raise Deadlock(
            f"the run took more than {self.max_turns} turns and was stopped. Do two processes "
            "answer each other for ever, or does one restart without end?"
        )

    def _park_outside(self, process: ControlBlock, wanted: Any) -> None:
        """The process yielded, or awaits something that is not the node's."""
        if wanted is None:
            self.ready.append(process)
        elif self.host.loop is not None and is_future(wanted) and (self.host.can_wait() or process is not self._main):
            self.park(process, wanted)
            self.host.awaits(wanted, process)
            # Cancelled before it began to wait: then its future is cancelled, as asyncio would do it.
            if process.thrown is not None and wanted.cancel(*process.thrown.args[:1]):
                process.thrown = None
        else:
            process.thrown = RuntimeError(
                f"a process can await otp_mini's own functions and asyncio's, got {wanted!r}. "
                "(asyncio's need an asyncio loop: in a notebook use `await node.run_async(main)` "
                "in place of `node.run(main)`.)"
            )
            self.ready.append(process)

    # ---- the shell: code that runs outside any process ------------------------------------

    def shell(self) -> ControlBlock:
        """The process that a cell, or a script outside ``run``, is.

        OTP: the process of the ``iex`` prompt
        """
        if self._shell is None or not self._shell.alive:
            self._shell = self._add(None, "shell", None)
        return self._shell

    def another_shell(self, owner: ControlBlock | None = None) -> ControlBlock:
        """A shell for one more waiting task: a process of its own, as `asyncio.gather` needs.

        ``owner`` is the process that made the task, if it was not a cell.
        """
        if owner is None:
            return self._add(None, "shell", None)
        shell = self._add(None, f"task of {owner.label}", owner)
        self.host.stands_in(shell, owner)
        return shell

    async def shell_waits(self, shell: ControlBlock) -> None:
        """Drive the node until the shell, which is parked, is woken or killed.

        From here until the cell goes on, the shell is occupied. It may be woken long before: the
        cell is an asyncio task, and others may have their turn first. Who wants to wait meanwhile
        gets a shell of its own.
        """
        shell.occupied = True
        try:
            self.host.attach()
            await self.host.drive(lambda: shell.waiting is None or not shell.alive, self.host.sleep, alone=False)
        finally:
            shell.occupied = False
            self.cancel_wait(shell)  # where the cell was interrupted it still waits
            orphan, killed = self.host.stood_in(shell), not shell.alive
            if shell is not self._shell and shell.alive:
                self.signals.end(shell, "normal")
        if orphan:
            cancelled()
        if killed and shell.outcome is None:
            raise Exit(copy_reason(shell.reason))

    # ---- waiting and waking -----------------------------------------------------------------

    def park(self, process: ControlBlock, what: object, deadline: float | None = None) -> None:
        """From here on the process waits for ``what``; its next step must be ``await PARKED``.

        Args:
            process: the one that is running, or a shell.
            what: `MESSAGE`, `TIME`, a reference or an asyncio future: see `ControlBlock`.
            deadline: when the wait ends by itself, on the node's clock, with `TIMED_OUT`.
        """
        process.waiting, process.outcome = what, None
        if deadline is not None:
            process.timer = self.timers.set(deadline, process)

    def wake(self, process: ControlBlock, outcome: object = None) -> None:
        """End a wait: the only place where a parked process becomes ready.

        Whoever calls this has seen that the process waits for what there is now. It waits for
        nothing from here on, and its timer is gone: so nobody else can wake it, and it stands in
        the run queue once.
        """
        process.waiting, process.outcome = None, outcome
        if process.timer is not None:
            self.timers.drop(process.timer)
            process.timer = None
        if process.coroutine is None:
            self._halted = True  # a shell is in no queue: whoever drives for it looks
            self.host.end_pauses()
        else:
            self.ready.append(process)
        if not self.driving:
            self.host.notify()

    def cancel_wait(self, process: ControlBlock) -> None:
        """Give up a wait that nobody has ended: the process was killed, the cell interrupted."""
        waiting: Any = process.waiting
        process.waiting = None
        if process.timer is not None:
            self.timers.drop(process.timer)
            process.timer = None
        if waiting is not None and hasattr(waiting, "add_done_callback"):
            self.host.gives_up(waiting)

    def deliver(self, process: ControlBlock, message: object) -> None:
        """Put a message, copied already, into the mailbox."""
        mailbox = process.mailbox
        if mailbox is None:
            mailbox, self.spare = Mailbox() if self.spare is None else self.spare, None
            process.mailbox = mailbox
        mailbox.append(message)
        if process.waiting is MESSAGE:
            self.wake(process)
        elif process.reader is not None and process.reader.waiting is MESSAGE:
            self.wake(process.reader)

    def answer(self, pid: Pid, ref: Ref, outcome: object) -> None:
        """Bring the outcome of a wait to whoever waits; nobody there, nothing happens.

        Each wait has a reference of its own. One that waits for another by now, or for none, is not
        disturbed: so an answer that comes late does no harm.
        """
        process = pid.block
        if process is not None and process.waiting is ref:
            self.wake(process, outcome)

    def reply(self, sender: Pid, to: tuple[Pid, Ref], value: object) -> None:
        """The answer of a call, copied already, on its way to the caller."""
        if self.tracer is not None:
            self.note("reply", sender, to[0], value)
        process, ref = to[0].block, to[1]
        if process is None:
            return
        if process.waiting is ref:
            process.answered = ref  # until it has looked at it, a second reply is a message, as in OTP
            self.wake(process, value)
        elif type(ref) is not CallRef or process.answered is ref:
            self.deliver(process, (ref, value))  # a call by hand, or a second reply at once

    # ---- processes --------------------------------------------------------------------------

    def make_ref(self, kind: type[Ref] = Ref) -> Ref:
        """A reference like no other on this node.

        OTP: ``make_ref/0``
        """
        ref = _new(kind)
        ref.number = self._refs = self._refs + 1
        return ref

    def last_ref(self) -> int:
        """The number of the reference that was made last."""
        return self._refs

    def spawn(
        self, function: Callable[..., Any], args: tuple[Any, ...] = (), *, label: str | None = None, link: bool = False
    ) -> ControlBlock:
        """A new process that will run ``function(*args)``; it has its first turn later.

        Raises:
            BadArg: ``function`` is not callable, or is a coroutine that somebody called.
            CopyError: an argument cannot be copied.
        """
        check_function(function, "spawn needs a function, and its arguments after it: spawn(work, 1, 2)")
        function = function if type(function) is FunctionType else self.copy(function)
        coroutine = coroutine_of(function, self.copy(args) if args else args)
        if label is None:
            label = name_of(getattr(function, "__name__", type(function).__name__))
        return self.launch(coroutine, label, link=link)

    def launch(self, coroutine: Coroutine[Any, Any, Any], label: str, *, link: bool) -> ControlBlock:
        """A new process that will run a coroutine which holds nothing of anybody else's."""
        parent: Any = runtime.running or task_of.get()  # of a task whose process has ended, that is the parent still
        if parent is None or parent.node is not self:
            parent = self._shell
        process = self._add(coroutine, label, parent)
        if link and parent is not None and parent.pid.block is not None:
            self.signals.link(parent.pid.block, process)
        self.ready.append(process)
        if not self.driving:
            self.host.notify()
        return process

    def _add(self, coroutine: Coroutine[Any, Any, Any] | None, label: str, parent: ControlBlock | None) -> ControlBlock:
        pid = _new(Pid)
        pid.number = self._pids = self._pids + 1
        process = ControlBlock(pid, self, coroutine, label, None if parent is None else parent.pid)
        pid.block = self.blocks[pid] = process
        if self.tracer is not None:
            self.tracer.names[pid] = label if process.parent is None else f"{label}{str(pid)[4:]}"
            self.tracer.record(self.now(), "spawn", process.parent, pid)
        return process

    def forget(self, process: ControlBlock) -> None:
        """A process has ended: its pid leads nowhere from here on; whoever runs the node for it stops."""
        process.pid.block = None
        del self.blocks[process.pid]
        if process.waiting is not None or process.timer is not None:
            self.cancel_wait(process)
        if self.host.helpers:
            self.host.ended(process)
        if process is self._main or process is self._shell:
            self._halted = True

    def register(self, process: ControlBlock, name: object) -> Pid | None:
        """Give a process without a name one; answers None, or who has it."""
        holder = self.names.get(name_key(name))
        if holder is not None:
            return holder.pid
        self.names[name_key(name)] = process
        process.name = name
        if self.tracer is not None:
            self.tracer.names[process.pid] = name_of(name)
            self.tracer.record(self.now(), "register", process.pid, None, name)
        return None

    def unregister(self, name: object) -> bool:
        """Take a name away; answers whether a process had it."""
        process = self.names.pop(name_key(name), None)
        if process is not None:
            process.name = None
        return process is not None

    def describe(self, process: ControlBlock) -> str:
        """The process for a person: its name and pid, or what it was started as."""
        return f"{name_of(process.label if process.name is None else process.name)} {process.pid}"

    # ---- time -------------------------------------------------------------------------------

    def start_timer(self, seconds: float, target: object, message: Any, *, again: bool = False) -> int:
        """Send a message to a pid or name after ``seconds``, and ``again`` each time when they have passed."""
        self.timers.bury()
        number = self.timers.set(self.clock.now() + seconds, target, message, seconds if again else None)
        if not self.driving:
            self.host.notify()
        return number

    def read_timer(self, number: int) -> float | None:
        """Answers the seconds that are left, or None."""
        deadline = self.timers.deadline(number)
        return None if deadline is None else max(0.0, deadline - self.clock.now())

    def cancel_timer(self, number: int) -> float | None:
        """Answers the seconds that were left; None if it has fired, or its process is dead."""
        left = self.read_timer(number)
        self.timers.drop(number)
        return left

    def next_timer(self) -> float | None:
        """Seconds until the next timer fires; None without one."""
        deadline = self.timers.earliest()
        return None if deadline is None else max(0.0, deadline - self.clock.now())

    def _time_to_look(self) -> bool:
        """Is it time to look at the timers, on a virtual clock?

        It is when the clock has moved; and for timers that are due at once (``send_after`` with 0
        seconds), when everybody is idle, or else after so many turns. On the BEAM too such a timer
        fires soon, but never within the turn in which it was set.
        """
        return self._turns_left <= 0 or not self.ready or self.clock.now() != self.timers.looked_at

    def _fire_timers(self) -> None:
        """Do what is due: wake those whose wait is over, send what was to be sent."""
        timers = self.timers
        now = timers.looked_at = self.clock.now()
        self._turns_left = SLICE_TURNS
        while (deadline := timers.earliest()) is not None and deadline <= now:
            target, message, again = timers.pop()
            if isinstance(target, ControlBlock):
                self.wake(target, TIMED_OUT)
            elif again and self.copy is copy_term:
                self._timer_sends(target, copy_reason(message))  # the receiver of the last one may have changed it
            else:
                self._timer_sends(target, message)

    def _timer_sends(self, target: object, message: object) -> None:
        """Deliver the message of a timer. A name is looked up only now; one that is free gets nothing."""
        process = target.block if isinstance(target, Pid) else self.names.get(name_key(target))
        if process is not None and process.node is self:
            self.note("timer", None, process.pid, message)
            self.deliver(process, message)

    def delay(self) -> float | None:
        """Real seconds until the next timer; None without one, or when time is virtual."""
        deadline = None if self.clock.virtual else self.timers.earliest()
        return None if deadline is None else max(0.0, deadline - self.clock.now())

    def pass_time(self) -> bool:
        """Everybody is idle: move a virtual clock to its next timer. Answers whether it did.

        The timer fires in the slice that follows. A clock moved by processes that tick for ever would
        never end a wait without a time-out: after a million timers that is an error.

        Raises:
            Deadlock: the foreground waits without a time-out, and its patience is at an end.
        """
        deadline = self.timers.earliest() if isinstance(self.clock, VirtualClock) else None
        if deadline is None or not isinstance(self.clock, VirtualClock):
            return False
        waiter = self._main or self._shell
        if waiter is not None and waiter.waiting is not None and waiter.timer is None:
            self.timers.patience -= 1
            if self.timers.patience < 0:
                raise Deadlock(
                    f"{self.describe(waiter)} waits without a time-out, and nothing came while "
                    f"{PATIENCE:,} timers fired, up to virtual second {deadline:.0f}. A process that "
                    "ticks for ever keeps time going: give the wait a time-out."
                )
        else:
            self.timers.patience = PATIENCE
        self.clock.move_to(deadline)
        return True


entrances.add(Node.turn.__code__)


def current_node() -> Node:
    """The node of the process that runs this code, or has made the asyncio task that does; else the one in use.

    Outside of any ``with Node()`` there is one default node, with a real clock.
    """
    process = runtime.running or task_of.get()
    if process is not None:
        return process.node
    if runtime.node is None:
        runtime.node = Node()
    return runtime.node


def run(main: Callable[..., Any], *args: Any) -> Any:
    """Run ``main(*args)`` as a process on the current node until it ends; answer its result.

    See `Node.run`.

    Example:
        >>> from otp_mini import run, self_
        >>> async def main(greeting):
        ...     return f"{greeting} from a process"
        >>> run(main, "hello")
        'hello from a process'
    """
    return current_node().run(main, *args)

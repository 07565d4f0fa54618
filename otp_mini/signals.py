"""Links, monitors and exit signals: how the end of one process reaches the others.

When a process ends (`Signals.end`), it gives up what it held, in OTP's order: its tables, its name,
its links, its monitors. Each link becomes one exit signal, each monitor one down signal, and each
call that waits for an answer of this process fails.

Signals are queued and delivered one after the other, never by recursion: a death that travels down
a chain of 100,000 links uses no Python stack. What lies in the queue are plain named tuples, so
whoever debugs this file can print it.

What an exit signal does to its target:

    reason      sent by         the target traps exits     it does not trap
    "kill"      Process.exit    ends with "killed"         ends with "killed"
    "kill"      a link          gets an ExitSignal         ends with "kill"
    "normal"    another         gets an ExitSignal         nothing
    "normal"    itself          gets an ExitSignal         ends with "normal"
    any other   anybody         gets an ExitSignal         ends with that reason

A signal of a link that has been taken away meanwhile does nothing.

A process looks at its signals between two turns, as on the BEAM. So a signal that reaches the
process that is running just now is *deferred* until it stops (or looks into its mailbox). One case
is not: an exit signal to itself that is going to end it. That ends it where it stands.

OTP: the signal queue of the BEAM; ``link/1``, ``exit/2`` and ``{:DOWN, …}``
"""

from __future__ import annotations

from collections import deque
from collections.abc import Coroutine
from contextvars import Context
from typing import TYPE_CHECKING, Any, NamedTuple

from . import reports
from .copying import copy_reason
from .matching import name_key
from .process import ControlBlock, Failed, runtime
from .terms import CallRef, Down, ExitSignal, Pid, Ref

if TYPE_CHECKING:
    from .node import Node


_tuple = tuple.__new__


class ExitSent(NamedTuple):
    """An exit signal on its way.

    ``linked``: it comes from the end of a process to which the target is linked, and not from
    ``Process.exit``. ``deferred``: the target was running when it came.
    """

    sender: Pid
    target: Pid
    reason: object
    linked: bool
    deferred: bool = False


class DownSent(NamedTuple):
    """What a monitor says, on its way: ``ended`` ended, or there was nobody (then it is None).

    ``who`` is what the watcher asked for: a pid or a name; it stands in the `Down` message.
    """

    ended: Pid | None
    watcher: Pid
    ref: Ref
    who: object
    reason: object


def _free_context(process: ControlBlock) -> Context:
    """The process's context variables, to run something with them.

    A task that was made with the process's own context is in it while it has its turn, and nobody else can be:
    then it is a copy.
    """
    try:
        process.context.run(int)
    except RuntimeError:
        return process.context.copy()
    return process.context


class Signals:
    """The links of a node's processes, and the signals on their way."""

    __slots__ = ("node", "queue", "deferred", "closing", "_delivering", "_stubborn")

    def __init__(self, node: Node) -> None:
        self.node = node
        self.queue: deque[ExitSent | DownSent] = deque()
        self.deferred: list[ExitSent | DownSent] = []  # for the process that runs just now
        self.closing: ControlBlock | None = None  # killed, and its coroutine is being closed just now
        self._delivering = False  # is the loop of `_deliver` running already, further up the stack?
        self._stubborn: list[Coroutine[Any, Any, Any]] = []  # killed, and could not be closed

    # ---- links ------------------------------------------------------------------------------

    def link(self, one: ControlBlock, other: ControlBlock) -> None:
        """Link two living processes, both ways; twice is once."""
        if one is other:
            return
        if one.links is None:
            one.links = {}
        if other.links is None:
            other.links = {}
        one.links[other.pid] = other.links[one.pid] = None
        if self.node.tracer is not None:
            self.node.note("link", one.pid, other.pid)

    def unlink(self, one: ControlBlock, other: Pid) -> None:
        """Take the link away, if there is one."""
        if one.links is not None and one.links.pop(other, 0) is None:
            peer = other.block
            if peer is not None and peer.links is not None:
                peer.links.pop(one.pid, None)
            self.node.note("unlink", one.pid, other)

    # ---- sending ----------------------------------------------------------------------------

    def exit(self, sender: Pid, target: Pid, reason: object) -> None:
        """Send an exit signal, as ``Process.exit`` does."""
        self._send(ExitSent(sender, target, reason, linked=False))

    def down(self, watcher: Pid, ref: Ref, who: object, reason: object) -> None:
        """Tell a watcher that there is nobody to watch."""
        self._send(DownSent(None, watcher, ref, who, reason))

    def _send(self, signal: ExitSent | DownSent) -> None:
        self.queue.append(signal)
        self._deliver()

    def release_deferred(self) -> None:
        """Deliver what came for a process while it ran; its turn is over, or it looks for it."""
        # Between two turns nobody runs: so none of these is deferred a second time.
        running, runtime.running = runtime.running, None
        self.queue.extend(self.deferred)
        self.deferred.clear()
        self._deliver()
        runtime.running = running

    # ---- the end of a process ---------------------------------------------------------------

    def end(self, process: ControlBlock, reason: object) -> None:
        """The process is over: give up what it held, then tell those who are linked or watch.

        Its pid leads nowhere before anything else happens: whoever is told can rely on that. Its own
        monitors are taken back from those that it watched; else they would grow with every watcher
        that ever lived.
        """
        node, pid = self.node, process.pid
        process.reason = reason
        node.forget(process)
        # Many processes are short: what few of them have is asked for before anything is done about it.
        if node.tracer is not None:
            node.note("exit", pid, None, reason)
        if process.cleanups is not None:
            self._clean_up(process)
        if process.name is not None:
            node.names.pop(name_key(process.name), None)  # free again before anybody hears of the end
        if process.monitoring:
            for ref, watched in process.monitoring.items():
                if watched.monitors is not None:
                    watched.monitors.pop(ref, None)
        links, monitors = process.links, process.monitors
        process.mailbox = process.monitoring = process.loop = process.links = process.monitors = None
        # Made as tuples are: the way of a named tuple leads through a function in Python, and takes twice as long.
        if links is not None:
            for linked in links:
                self.queue.append(_tuple(ExitSent, (pid, linked, reason, True, False)))
        if monitors is not None:
            for ref, (watcher, who) in monitors.items():
                self.queue.append(_tuple(DownSent, (pid, watcher, ref, who, reason)))
        if self.queue:  # nobody is told of most ends
            self._deliver()

    def _clean_up(self, process: ControlBlock) -> None:
        """Have the higher layers undo what they hold for a process; none of them can hide its end."""
        for cleanup in process.cleanups or ():
            try:
                cleanup(process.pid)
            except Exception as error:
                reports.process_crashed(self.node.describe(process), error)

    def kill(self, process: ControlBlock, reason: object) -> None:
        """End a process from outside. One that runs just now ends when its turn does.

        The first such reason counts: a second signal in the same turn finds a process that is as good
        as dead. The shell has no code to unwind.
        """
        coroutine: Any = process.coroutine
        if coroutine is None:
            self._end_shell(process, reason)
        elif coroutine.cr_running:
            process.pending_exit = process.pending_exit or (reason,)
        else:
            # Its `finally` blocks run first, while it still is a process: whatever they register,
            # open or start is given up by `end` like the rest.
            self.node.cancel_wait(process)
            self.unwind(process)
            self.end(process, reason)

    def _end_shell(self, shell: ControlBlock, reason: object) -> None:
        """A new shell takes over, as in iex. A cell that waits learns of it by an `Exit`; else it is logged."""
        if not shell.occupied:
            reports.logger.error(
                "** (EXIT from %s) shell process exited with reason: %s",
                shell.pid,
                reports.explain(reason).removeprefix("** (stop) "),
            )
        self.end(shell, reason)

    def unwind(self, process: ControlBlock) -> None:
        """Close the coroutine of a killed process: Python runs its ``finally`` blocks.

        A coroutine that awaits in there cannot be closed. It is kept, so that Python does not run
        it once more when it is collected.
        """
        coroutine: Any = process.coroutine
        outer, runtime.running = runtime.running, process
        before, self.closing = self.closing, process
        try:
            _free_context(process).run(coroutine.close)
        except BaseException as error:
            if isinstance(error, RuntimeError) and coroutine.cr_frame is not None:
                self._stubborn.append(coroutine)
                reports.logger.warning(
                    "%s was killed and tried to await in a `finally` or `except` block. "
                    "A killed process runs no more: clean up without awaiting.",
                    self.node.describe(process),
                )
            else:
                reports.process_crashed(self.node.describe(process), error)
        finally:
            runtime.running, self.closing = outer, before

    # ---- delivering -------------------------------------------------------------------------

    def _deliver(self) -> None:
        """Deliver signal after signal, also those that follow from them."""
        if self._delivering:
            return  # this was called by what a signal did: the loop below will come to the new ones
        self._delivering = True
        try:
            while self.queue:
                signal = self.queue.popleft()
                if type(signal) is ExitSent:
                    self._exit_arrives(signal)
                else:
                    self._down_arrives(signal)  # type: ignore[arg-type]
        finally:
            self._delivering = False

    def _exit_arrives(self, signal: ExitSent) -> None:
        """Do to the target what the table at the head of this file says.

        Where the target is the one that runs, only a signal to itself that will end it acts at once.
        """
        sender, target, reason, linked, deferred = signal
        process = target.block
        if process is None:
            return
        kill = isinstance(reason, str) and reason == "kill" and not linked
        ends_itself = sender is target and (kill or not process.trap_exit)
        if process is runtime.running and not ends_itself:
            self.deferred.append(signal._replace(deferred=True))
            return
        # A link carries one signal: the end of the other. Then it is gone on this side too. (The value
        # of each link is None; 0 says that there was none: it was taken away in the meantime.)
        if linked and (process.links is None or process.links.pop(sender, 0) is not None):
            return
        message = None
        if process.trap_exit and not kill:
            message = ExitSignal(sender, copy_reason(reason))
        if self.node.tracer is not None:
            self._note_exit(signal, message)
        if kill:
            self.kill(process, "killed")
        elif message is not None:
            self.node.deliver(process, message)
        elif not (isinstance(reason, str) and reason == "normal") or (sender is target and not linked and not deferred):
            self.kill(process, reason)

    def _note_exit(self, signal: ExitSent, message: ExitSignal | None) -> None:
        """Record the signal; where no message comes of it, it is the cause of what follows."""
        node = self.node
        assert node.tracer is not None
        said = signal.reason if message is None else message
        event = node.tracer.record(node.now(), "signal", signal.sender, signal.target, said)
        if message is None:
            node.tracer.caused(signal.target, event.number)

    def _down_arrives(self, signal: DownSent) -> None:
        """Fail a call, or deliver the one `Down` of a monitor, unless it was taken back meanwhile.

        A call watches its server by a `CallRef`: there is no message then, the caller's wait ends.
        """
        ended, watcher, ref, who, reason = signal
        if type(ref) is CallRef:
            self.node.answer(watcher, ref, Failed(reason if type(reason) is str else copy_reason(reason)))
            return
        process = watcher.block
        if process is None:
            return
        if process is runtime.running:
            self.deferred.append(signal)
            return
        if not process.monitoring or process.monitoring.pop(ref, None) is None:
            return
        message = Down(ref, who, reason if type(reason) is str else copy_reason(reason))
        if self.node.tracer is not None:
            self.node.note("down", ended, watcher, message)
        self.node.deliver(process, message)

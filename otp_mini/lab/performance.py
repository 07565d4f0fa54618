"""A world with its recorder: it acts, and tells what came of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ..children import supervisor_state
from ..errors import describe_exception, name_of, safe_repr
from ..terms import Pid
from ..tracing import Event, Trace
from .cast import Cast
from .fork import CannotFork, fork
from .recorder import DOWN, SETTLED, WAITING, Op, Recorder
from .starts import Start, action_of, start_of
from .world import LONGEST_LINE, RAISE, Request, Scenario, World, seconds_of, silence, waiting

Step = int | tuple[int, int]
"""An action, or ``(action, after)``: it comes as soon as ``after`` operations of the run before are done."""


Show = Callable[[str, Any], str | None]
"""What is to be said of a server: from its name and its state to a line, or None."""


@dataclass(frozen=True)
class Plan:
    """What a lab does: see `otp_mini.lab.Lab`."""

    scenario: Scenario
    gap: float
    waits: tuple[float, ...]
    show: Show | None = None
    request: Request | None = None
    starts: tuple[Start, ...] = ()


class Notes(Trace):
    """A trace that is read at once, so it need not copy what was said."""

    def __init__(self, state_of: Callable[[Pid, object], str | None]) -> None:
        super().__init__()
        self.states: dict[int, str] = {}  # what was to be said of a process when it was up, by that event
        self._state_of = state_of

    def copied(self, term: object) -> object:
        """The term itself."""
        return term

    def record(self, time: float, kind: str, pid: Pid | None, other: Pid | None = None, term: object = None) -> Event:
        """Add an event, and look at the state of a process that is up."""
        event = super().record(time, kind, pid, other, term)
        line = self._state_of(other, term) if kind == "started" and other is not None else None
        if line is not None:
            self.states[event.number] = line
        return event


class Performance:
    """One run of a scenario, action after action. Use it in a ``with`` block: no crash is reported in it.

    Args:
        plan: what is run, and what is looked at.
        cast: the parts that its processes play.
    """

    def __init__(self, plan: Plan, cast: Cast) -> None:
        self.plan = plan
        self.world = World(plan.scenario)
        self.cast = cast
        self.trace = Notes(self.state_of)
        self._read = 0  # so many events of the trace are written down
        self.path: list[Step] = []

    def open(self) -> Performance:
        """Start the scenario; whoever does it without ``with`` has to `close`."""
        self.world.open()
        self.recorder = Recorder(self.cast, self.cast.enter(self.world))
        self.began = self.world.node.now()
        self._show()
        self.recorder.ops.clear()  # the document says how things stand at the start
        return self

    def close(self) -> None:
        """End everything in it."""
        self.world.close()

    def __enter__(self) -> Performance:
        self._silence = silence()
        self._silence.__enter__()
        try:
            return self.open()
        except BaseException:
            self._silence.__exit__(None, None, None)
            raise

    def __exit__(self, *exc: object) -> None:
        self.close()
        self._silence.__exit__(None, None, None)

    def fork(self) -> Performance:
        """One that goes on from here, and leaves this one as it is.

        Raises:
            CannotFork: see `otp_mini.lab.fork.fork`.
        """
        twin = Performance(self.plan, self.cast)
        twin.world, pids = fork(self.world)
        twin.recorder = self.recorder.copy(pids)
        twin.began, twin.path = self.began, [*self.path]
        return twin

    def again(self) -> Performance:
        """One that stands where this one stands, and leaves it as it is: a fork, or else the same done once more."""
        try:
            return self.fork()
        except CannotFork:
            twin = Performance(self.plan, self.cast).open()
            for step in self.path:
                twin.act(step, ask=False)
            return twin

    # ---- acting -----------------------------------------------------------------------------

    def act(self, step: Step, *, ask: bool = True) -> list[Op]:
        """Do it, and let it settle.

        Args:
            ask: also find out what a user's request would get afterwards.
        """
        begun = self._begin(step)
        self.world.settle()
        self._finish(ask)
        return self.recorder.ops[begun:]

    def act_in_part(self, step: Step, after: int, whole: Sequence[Op]) -> int:
        """Do it, and stop in the middle: as soon as ``after`` of its operations are done.

        Args:
            whole: the run as it is without stopping. A turn is never split, so more may be done.

        Returns:
            How many are done; the recorder has written down just these.
        """
        begun = self._begin(step)
        for _ in self.world.turns():
            twin = self.recorder.copy()
            twin.write(self.trace.events[self._read :], self.trace.states)
            done = twin.ops[begun:]
            if after <= len(done) < len(whole) and done == list(whole[: len(done)]):
                self.recorder, self._read = twin, len(self.trace.events)
                return len(done)
        self._finish(ask=False)
        return len(self.recorder.ops) - begun

    def _begin(self, step: Step) -> int:
        """Let the time before an action pass, and do it; answers where its operations begin."""
        begun, node = len(self.recorder.ops), self.world.node
        self.path.append(step)
        if isinstance(step, tuple):
            node.tracer = self.trace
            self._inject(step[0], first=True)
            return begun
        self.trace = node.tracer = Notes(self.state_of)
        self._read = 0
        self.recorder.begins(node.now(), self.world.begins())
        waits = seconds_of(step)
        node.advance(waits or self.plan.gap)
        self._write()
        ops = self.recorder.ops
        if len(ops) > begun:  # something happened by itself while the time passed
            ops[begun] = ops[begun]._replace(name="wait")
        elif waits:
            self.recorder.waits(waits, node.now())
        if not waits:
            self._inject(step, first=len(ops) == begun)
        return begun

    def _inject(self, action: int, *, first: bool) -> None:
        """End a process, or start one, unless whom it takes has ended by itself in the meantime."""
        start = start_of(action)
        if start is not None:
            self._ask(start, first=first)
            return
        number, way = divmod(action, 4)
        pid = self.player(number)
        if pid is not None:
            self.recorder.injects(pid, way, self.world.node.now(), first=first)
            self.world.end(pid, way, self.cast.roles[number].error or RuntimeError("boom"))

    def _ask(self, number: int, *, first: bool) -> None:
        """Ask a supervisor for a child, if the supervisor lives."""
        start = self.plan.starts[number]
        supervisor = self.player(start.up)
        if supervisor is not None:
            asker = self.world.start(supervisor, start.spec)
            self.recorder.asks(supervisor, asker, (number, start.spec), self.world.node.now(), first=first)

    def _write(self) -> None:
        self.recorder.write(self.trace.events[self._read :], self.trace.states)
        self._read = len(self.trace.events)

    def _finish(self, ask: bool) -> None:
        self._write()
        self.world.node.tracer = None
        while self.world.errors:
            self.recorder.tells(*self.world.errors.pop(0), self.world.node.now())
        self._show()
        if ask and self.plan.request is not None and not any(isinstance(step, tuple) for step in self.path):
            self.recorder.gets(self.answer())
        how = DOWN if not self.is_alive() else WAITING if self.world.busy() else SETTLED
        self.recorder.closes(how, self.world.node.now())

    def _show(self) -> None:
        """Say of every process what has changed in its state."""
        if self.plan.show is not None:
            for pid, number in self.recorder.playing.items():
                if pid.block is not None:
                    self.recorder.shows(number, self.state_of(pid))

    # ---- looking ----------------------------------------------------------------------------

    def state_of(self, pid: Pid, id: object = None) -> str | None:
        """What the plan says of a server's state; nothing of a supervisor, or of a plain process.

        Args:
            id: the child's id, of a process that has no part yet.
        """
        process = pid.block
        if self.plan.show is None or process is None or process.loop is None or supervisor_state(process) is not None:
            return None
        if pid in self.recorder.playing:
            name = self.cast.roles[self.recorder.playing[pid]].name
        else:
            name = name_of(id if process.name is None else process.name)
        try:
            line = self.plan.show(name, process.loop.state)
        except Exception as error:  # the lab goes on, and shows whose mistake it is
            return f"show failed: {describe_exception(error)}"
        return line if line is None or isinstance(line, str) else safe_repr(line, LONGEST_LINE)

    def answer(self) -> str:
        """What a user's request would get now: it is made in a world of its own."""
        assert self.plan.request is not None
        twin = self.again()
        try:
            return twin.world.answer(self.plan.request)
        finally:
            twin.close()

    def is_alive(self) -> bool:
        """Does the root live?"""
        return self.world.root is not None and self.world.root.block is not None

    def player(self, number: int) -> Pid | None:
        """The living process that plays a part; nobody plays a crowd."""
        if 0 <= number < len(self.cast.roles) and self.cast.roles[number].kind == "crowd":
            return None
        for pid, part in self.recorder.playing.items():
            if part == number and pid.block is not None:
                return pid
        return None

    def actions(self) -> list[int]:
        """What can be done now: to each process that runs each way to end it, each start, and letting time pass."""
        if not self.is_alive():
            return []
        found = [waiting(seconds) for seconds in self.plan.waits]
        running = {part for pid, part in self.recorder.playing.items() if pid.block is not None}
        for role in self.cast.roles:
            if role.number in running and role.kind != "crowd" and self.recorder.phases.get(role.number) == "running":
                found += [4 * role.number + way for way in range(4) if way != RAISE or not role.supervises]
        for number, start in enumerate(self.plan.starts):
            if start.up in running and self.recorder.phases.get(start.up) == "running":
                found.append(action_of(number))
        return found

"""A world with its recorder: it acts, and tells what came of it."""

from __future__ import annotations

from collections.abc import Sequence

from ..terms import Pid
from ..tracing import Trace
from .cast import Cast
from .fork import fork
from .recorder import DOWN, SETTLED, WAITING, Op, Recorder
from .world import RAISE, WAIT, Scenario, World, silence

Step = int | tuple[int, int]
"""An action, or ``(action, after)``: it comes as soon as ``after`` operations of the run before are done."""


class Notes(Trace):
    """A trace that is read at once, so it need not copy what was said."""

    def copied(self, term: object) -> object:
        """The term itself."""
        return term


class Performance:
    """One run of a scenario, action after action. Use it in a ``with`` block: no crash is reported in it.

    Args:
        scenario: starts the tree.
        cast: the parts that its processes play.
        gap: virtual seconds before each crash.
        wait: virtual seconds that pass where the reader lets time pass.
    """

    def __init__(self, scenario: Scenario, cast: Cast, gap: float, wait: float) -> None:
        self.world = World(scenario)
        self.cast = cast
        self.gap = gap
        self.wait = wait
        self.trace: Trace = Notes()
        self._read = 0  # so many events of the trace are written down

    def open(self) -> Performance:
        """Start the scenario; whoever does it without ``with`` has to `close`."""
        self.world.open()
        self.recorder = Recorder(self.cast, self.cast.enter(self.world))
        self.began = self.world.node.now()
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
        twin = Performance(self.world.scenario, self.cast, self.gap, self.wait)
        twin.world, pids = fork(self.world)
        twin.recorder = self.recorder.copy(pids)
        twin.began = self.began
        return twin

    # ---- acting -----------------------------------------------------------------------------

    def act(self, step: Step) -> list[Op]:
        """Do it, and let it settle."""
        begun = self._begin(step)
        self.world.settle()
        self._finish()
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
            twin.write(self.trace.events[self._read :])
            done = twin.ops[begun:]
            if after <= len(done) < len(whole) and done == list(whole[: len(done)]):
                self.recorder, self._read = twin, len(self.trace.events)
                return len(done)
        self._finish()
        return len(self.recorder.ops) - begun

    def _begin(self, step: Step) -> int:
        """Let the time before an action pass, and do it; answers where its operations begin."""
        begun, node = len(self.recorder.ops), self.world.node
        if isinstance(step, tuple):
            node.tracer = self.trace
            self._inject(step[0], first=True)
            return begun
        self.trace = node.tracer = Notes()
        self._read = 0
        self.recorder.begins(node.now())
        node.advance(self.wait if step == WAIT else self.gap)
        self._write()
        ops = self.recorder.ops
        if len(ops) > begun:  # something happened by itself while the time passed
            ops[begun] = ops[begun]._replace(name="wait")
        elif step == WAIT:
            self.recorder.waits(self.wait, node.now())
        if step != WAIT:
            self._inject(step, first=len(ops) == begun)
        return begun

    def _inject(self, action: int, *, first: bool) -> None:
        """End a process, unless it has ended by itself in the meantime."""
        number, way = divmod(action, 4)
        pid = self.player(number)
        if pid is not None:
            self.recorder.injects(pid, way, self.world.node.now(), first=first)
            self.world.end(pid, way, self.cast.roles[number].error or RuntimeError("boom"))

    def _write(self) -> None:
        self.recorder.write(self.trace.events[self._read :])
        self._read = len(self.trace.events)

    def _finish(self) -> None:
        self._write()
        how = DOWN if not self.is_alive() else WAITING if self.world.busy() else SETTLED
        self.recorder.closes(how, self.world.node.now())
        self.world.node.tracer = None

    # ---- looking ----------------------------------------------------------------------------

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
        """What can be done now: to each process that runs each way to end it, and letting time pass."""
        if not self.is_alive():
            return []
        found = [WAIT]
        running = {part for pid, part in self.recorder.playing.items() if pid.block is not None}
        for role in self.cast.roles:
            if role.number in running and role.kind != "crowd" and self.recorder.phases.get(role.number) == "running":
                found += [4 * role.number + way for way in range(4) if way != RAISE or not role.supervises]
        return found

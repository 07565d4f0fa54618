"""From the trace of a run to the few operations that a player shows.

A run is a list of operations ``(name, p, argument, cause)``: ``p`` is the number of a part in the
cast. Pids, lives, times and "2 of 3" are not in it, because the player counts them; that is why
few runs cover very many paths.

What was asked for and came to nothing at once is one operation and not several: a start whose
``init`` takes no time is ``start``, one that takes its time is ``start`` and later ``up``; a start
that fails is ``fail``, and not the end of a process.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Final, NamedTuple

from ..child_spec import ChildSpec
from ..children import Child, children_of
from ..terms import ExitSignal, Pid
from ..tracing import Event
from .cast import Cast, Role

OPS: Final = (
    "inject", "exit", "signal", "count", "stop", "start", "up", "keep", "drop", "giveup", "quiet", "wait",
    "fail", "refuse", "time", "link", "unlink", "crowd", "pids", "show", "gets", "ask", "told",
)  # fmt: skip

SETTLED, DOWN, WAITING = range(3)
"""How a run ends: all is quiet, the whole tree is down, or something still waits."""

AT_ONCE, SLOWLY = range(2)
"""How a process starts."""

_ASIDE: Final = ("link", "pids", "show")  # what may stand between a start and its end without a word


class Op(NamedTuple):
    """One thing that the player shows; ``cause`` is the place of an earlier one in the list."""

    name: str
    p: int
    argument: float
    cause: int | None


class Recorder:
    """Who plays which part in a world, and what has been written down so far.

    Args:
        cast: the parts of the lab.
        playing: the part of each process; the recorder keeps it up to date, the dead stay in it.
    """

    def __init__(self, cast: Cast, playing: dict[Pid, int]) -> None:
        self.cast = cast
        self.playing = playing
        self.phases = dict.fromkeys(playing.values(), "running")
        self.lives = dict.fromkeys(self.phases, 1)
        self.ops: list[Op] = []
        self._written: dict[int, int] = {}  # the place of an event's operation
        self._causes: dict[int, int | None] = {}
        self._starts: dict[Pid, object] = {}  # what a supervisor starts just now: the child's id
        self._begun: dict[Pid, int] = {}  # and the part that was given to it
        self._wanted: dict[Pid, tuple[Pid, ChildSpec]] = {}  # who asks for the reader: whom, and for what
        self._counted: set[Pid] = set()  # who has just counted a restart, and goes on to it
        self._asked: set[Pid] = set()  # dynamic supervisors that start a child for somebody, and not again
        self._bosses: dict[Pid, Pid] = {}
        self._crowds: dict[int, set[Pid]] = {}
        for pid, number in playing.items():
            if cast.roles[number].kind == "crowd":
                self._crowds.setdefault(number, set()).add(pid)
        self._ended: set[Pid] = set()
        self._unsaid: set[Pid] = set()  # ended, and that was not written down as an end
        self._blows: dict[Pid, int] = {}  # whom the reader ended, and who asks on the reader's behalf: where it is told
        self._time = 0.0
        self.shown: dict[int, str] = {}  # what was last said of the state of each part
        for block in [pid.block for pid in playing]:
            if block is None:
                continue
            for child in children_of(block):
                if isinstance(child.pid, Pid):
                    self._bosses[child.pid] = block.pid

    def copy(self, pids: Mapping[Pid, Pid] | None = None) -> Recorder:
        """A recorder that goes on from here, and leaves no trace in this one.

        Args:
            pids: who is who, where it goes on in another world.
        """
        twin = object.__new__(Recorder)
        for name, value in self.__dict__.items():
            setattr(twin, name, value.copy() if isinstance(value, (dict, list, set)) else value)
        twin._crowds = {number: set(members) for number, members in self._crowds.items()}
        if pids is not None:
            twin.playing = {pids[pid]: number for pid, number in self.playing.items() if pid.block is not None}
            twin._bosses = {pids[pid]: pids[boss] for pid, boss in self._bosses.items() if pid in pids and boss in pids}
            twin._crowds = {n: {pids[pid] for pid in members if pid in pids} for n, members in self._crowds.items()}
            twin._starts, twin._begun, twin._ended, twin._unsaid, twin.ops = {}, {}, set(), set(), []
            twin._counted, twin._asked, twin._wanted, twin._blows = set(), set(), {}, {}
        return twin

    def alive(self) -> set[int]:
        """The parts that somebody plays just now."""
        return {number for number, phase in self.phases.items() if phase != "ended"}

    # ---- what the lab itself does -----------------------------------------------------------

    def begins(self, time: float, pending: Collection[Pid]) -> None:
        """An action begins, with a new trace, whose events count from 0.

        Args:
            pending: whom earlier actions keep at it. What comes of them is told with those actions, and not this one.
        """
        self._written.clear()
        self._causes.clear()
        self._time = time
        self._blows = {pid: place for pid, place in self._blows.items() if pid in pending}
        self._wanted = {pid: wanted for pid, wanted in self._wanted.items() if pid in pending}

    def injects(self, pid: Pid, way: int, time: float, *, first: bool) -> None:
        """The reader ends a process; the first operation of a run brings its own time along."""
        if first:
            self._time = time
        self._to(time)
        self._blows[pid] = len(self.ops)
        self._write("inject", self.playing[pid], way)

    def asks(self, supervisor: Pid, asker: Pid, child: tuple[int, ChildSpec], time: float, *, first: bool) -> None:
        """The reader asks a supervisor for a child, given with its number; ``first`` as in `injects`."""
        number, spec = child
        if first:
            self._time = time
        self._to(time)
        self._blows[asker], self._wanted[asker] = len(self.ops), (supervisor, spec)
        self._write("ask", self.playing[supervisor], number)

    def tells(self, asker: Pid, supervisor: Pid, reason: object, time: float) -> None:
        """The one who asked for a child gets an error from a supervisor."""
        self._to(time)
        number = self.cast.reason(reason, self.playing)
        self.ops.append(Op("told", self.playing[supervisor], number, self._blows[asker]))

    def owed(self) -> tuple[int, ...]:
        """How far back the actions lie of which something is still to come: that is told with it, so it matters."""
        pending = [(pid.number, place) for pid, place in self._blows.items() if pid.block is not None]
        return tuple(len(self.ops) - place for _, place in sorted(pending))

    def waits(self, seconds: float, until: float) -> None:
        """The reader lets time pass, and nothing happens in it."""
        self._time = until
        self._write("wait", 0, seconds)

    def shows(self, number: int, line: str | None) -> None:
        """What is to be said of the state of a part, if that is news."""
        if line is not None and self.shown.get(number) != line and self.cast.roles[number].kind != "crowd":
            self.shown[number] = line
            self._write("show", number, self.cast.line(line))

    def gets(self, answer: str) -> None:
        """What a user's request would get now."""
        self._write("gets", 0, self.cast.line(answer))

    def closes(self, how: int, time: float) -> None:
        """The run is over."""
        self._to(time)
        self._write("quiet", 0, how)

    def _to(self, time: float) -> None:
        """Time has passed in the middle of a run."""
        if time > self._time:
            passed, self._time = round(time - self._time, 6), time
            self._write("time", 0, passed)

    # ---- what happened ----------------------------------------------------------------------

    def write(self, events: Sequence[Event], states: Mapping[int, str]) -> None:
        """Write down what of these events is worth it, in order.

        Args:
            states: what is to be said of a process that is up, by the number of that event.
        """
        handlers: dict[str, Callable[[Event, Sequence[Event]], None]] = {
            "start": self._on_start, "spawn": self._on_spawn, "started": self._on_started,
            "start_failed": self._on_start_failed, "exit": self._on_exit, "signal": self._on_signal,
            "restart": self._on_restart, "give_up": self._on_give_up, "keep": self._on_leave,
            "forget": self._on_leave, "link": self._on_link, "unlink": self._on_link,
        }  # fmt: skip
        for place, event in enumerate(events):
            self._causes[event.number] = event.cause
            before = len(self.ops)
            handler = handlers.get(event.kind)
            if handler is not None:
                handler(event, events[place + 1 :])
            if len(self.ops) > before:
                self._written[event.number] = len(self.ops) - 1
            if event.number in states and event.other in self.playing:
                self.shows(self.playing[event.other], states[event.number])

    def _write(self, name: str, p: int, argument: float = 0, event: Event | None = None) -> None:
        if event is not None:
            self._to(event.time)
        if name in ("exit", "fail", "refuse"):
            self.shown.pop(p, None)
        cause = None if event is None else self._cause(event)
        self.ops.append(Op(name, p, argument, self._question(name, p) if cause is None else cause))

    def _cause(self, event: Event) -> int | None:
        """The operation that led to an event: the nearest one up its chain of causes."""
        number = event.cause
        while number is not None:
            if number in self._written:
                return self._written[number]
            number = self._causes.get(number)
        return None if event.pid is None else self._blows.get(event.pid)

    def _question(self, name: str, p: int) -> int | None:
        """The reader's question that led to a start of which this trace does not tell the beginning."""
        role = self.cast.roles[p]
        if name in ("start", "up", "fail", "refuse"):
            for asker, (boss, spec) in self._wanted.items():
                if self.playing.get(boss) == role.up and spec.id == role.id:
                    return self._blows[asker]
        return None

    # Processes begin.

    def _on_start(self, event: Event, later: Sequence[Event]) -> None:
        if event.pid in self.playing:
            self._starts[event.pid] = event.term
            self._begun.pop(event.pid, None)
            dynamic = self.cast.roles[self.playing[event.pid]].kind == "dynamic"
            (self._asked.add if dynamic and event.pid not in self._counted else self._asked.discard)(event.pid)
            self._counted.discard(event.pid)

    def _on_spawn(self, event: Event, later: Sequence[Event]) -> None:
        boss, pid = event.pid, event.other
        assert pid is not None
        if pid in self._blows:  # who asks for a child: all that comes of it comes of the question
            self._written[event.number] = self._blows[pid]
        elif boss is not None and boss in self._starts:
            self._begin(self._part(boss, self._starts.pop(boss), pid), pid, boss, event)
        elif boss in self.playing and pid.block is not None:
            role = self.cast.beyond(self.playing[boss], pid.block, self.alive())
            self._begin(role, pid, None, event)
        elif self.ops and self.ops[-1].name == "pids":
            self.ops[-1] = self.ops[-1]._replace(argument=self.ops[-1].argument + 1)
        else:
            self._write("pids", 0, 1, event)

    def _part(self, boss: Pid, id: object, pid: Pid | None) -> Role:
        """The part of a child that is being started; new ones are looked up where they are kept."""
        wanted = (spec for asked, spec in self._wanted.values() if asked is boss and spec.id == id)
        kept = next(map(Child, wanted), None)
        for child in children_of(boss.block):
            if child.pid is pid or child.spec.id == id:
                kept = child
                break
        block = None if pid is None else pid.block
        return self.cast.child(self.playing[boss], id, self.alive(), block, kept)

    def _begin(self, role: Role, pid: Pid, boss: Pid | None, event: Event) -> None:
        """A process takes a part; for one that a supervisor keeps, its ``init`` comes first."""
        self.playing[pid] = role.number
        if role.kind == "crowd":
            self._crowds.setdefault(role.number, set()).add(pid)
            self._tell_crowd(role.number, event)
            return
        self.phases[role.number] = "running" if boss is None else "starting"
        self.lives[role.number] = self.lives.get(role.number, 0) + 1
        if boss is not None:
            self._bosses[pid], self._begun[boss] = boss, role.number
        self._write("start", role.number, AT_ONCE if boss is None else SLOWLY, event)

    def _on_started(self, event: Event, later: Sequence[Event]) -> None:
        boss, pid = event.pid, event.other
        if boss is None or boss not in self.playing:
            return
        self._starts.pop(boss, None)
        if pid is None:
            self._came_to_nothing("refuse", event, 0)
            return
        if pid not in self.playing:  # somebody else spawned it on the supervisor's behalf
            self._begin(self._part(boss, event.term, pid), pid, boss, event)
        number = self.playing[pid]
        if self.phases.get(number) == "starting":
            self.phases[number] = "running"
            self._is_up(number, event)

    def _is_up(self, number: int, event: Event) -> None:
        place = len(self.ops) - 1
        while place > 0 and (self.ops[place].name in _ASIDE or self._is_below(self.ops[place], number)):
            place -= 1
        op = self.ops[place] if place >= 0 else None
        at_once = op is not None and (op.name, op.p) == ("start", number) and event.time == self._time
        if op is not None and at_once and not self.cast.roles[number].supervises:
            self.ops[place] = op._replace(argument=AT_ONCE)
        else:
            self._write("up", number, 0, event)

    def _is_below(self, op: Op, number: int) -> bool:
        """Is this the start of a process that it spawned itself, beyond the tree?"""
        return op.name == "start" and self.cast.roles[op.p].restart is None and self.cast.roles[op.p].up == number

    def _on_start_failed(self, event: Event, later: Sequence[Event]) -> None:
        if event.pid in self.playing and isinstance(event.term, tuple):
            self._came_to_nothing("fail", event, self.cast.reason(event.term[1], self.playing))

    def _came_to_nothing(self, name: str, event: Event, argument: int) -> None:
        boss = event.pid
        assert boss is not None
        self._starts.pop(boss, None)
        id = event.term[0] if name == "fail" and isinstance(event.term, tuple) else event.term
        number = self._begun.pop(boss, None)
        if number is None and boss in self._asked:
            return  # no process was there, and none is wanted: only whoever asked has anything of it
        if number is None:
            number = self._part(boss, id, None).number
        if self.cast.roles[number].kind != "crowd":
            self.phases[number] = "ended"
            self._write(name, number, argument, event)

    # Processes end.

    def _on_exit(self, event: Event, later: Sequence[Event]) -> None:
        pid = event.pid
        assert pid is not None
        self._ended.add(pid)
        number = self.playing.get(pid)
        if number is None:
            return
        if self.cast.roles[number].kind == "crowd":
            self._crowds[number].discard(pid)
            self._tell_crowd(number, event)
        elif self.phases[number] == "starting" and self._start_ends_here(pid, later):
            self._unsaid.add(pid)
        else:
            self.phases[number] = "ended"
            self._write("exit", number, self.cast.reason(event.term, self.playing), event)

    def _start_ends_here(self, pid: Pid, later: Sequence[Event]) -> bool:
        """Does its supervisor go on to say that this start came to nothing?"""
        boss = self._bosses.get(pid)
        for event in later:
            if event.pid is boss and event.kind in ("start", "started", "start_failed", "exit"):
                return event.kind == "start_failed" or (event.kind == "started" and event.other is None)
        return False

    def _on_signal(self, event: Event, later: Sequence[Event]) -> None:
        sender, target = event.pid, event.other
        if sender is None or target is None or target not in self.playing:
            return
        trapped = isinstance(event.term, ExitSignal)
        reason = event.term.reason if isinstance(event.term, ExitSignal) else event.term
        number = self.playing[target]
        if sender not in self.playing:
            if target in self._blows:
                self._written[event.number] = self._blows[target]  # the lab's own signal
        elif self.cast.roles[number].kind == "crowd" or sender in self._unsaid:
            return
        elif sender in self._ended:
            if (trapped or reason != "normal") and self.cast.roles[self.playing[sender]].kind != "crowd":
                self._write("signal", self.playing[sender], number, event)
        elif self._bosses.get(target) is sender:
            self.phases[number] = "stopping"
            self._write("stop", number, 1 if reason == "kill" else 0, event)

    def _tell_crowd(self, number: int, event: Event) -> None:
        """So many are left of a crowd; one operation for all that changes at a time."""
        left = len(self._crowds[number])
        last = self.ops[-1] if self.ops else None
        if last is not None and (last.name, last.p) == ("crowd", number):
            self.ops[-1] = last._replace(argument=left)
        else:
            self._write("crowd", number, left, event)

    # What supervisors decide.

    def _child_of(self, event: Event, id: object) -> int | None:
        """The part of the child that a decision is about, unless it is one of a crowd."""
        if event.other is not None and event.other in self.playing:
            number = self.playing[event.other]
        else:
            assert event.pid is not None
            number = self._part(event.pid, id, None).number
        return None if self.cast.roles[number].kind == "crowd" else number

    def _on_restart(self, event: Event, later: Sequence[Event]) -> None:
        if event.pid in self.playing and isinstance(event.term, tuple):
            self._counted.add(event.pid)
            child = self._child_of(event, event.term[0])
            number = self.playing[event.pid]
            self._write("count", number, number if child is None else child, event)

    def _on_give_up(self, event: Event, later: Sequence[Event]) -> None:
        if event.pid in self.playing:
            self._on_restart(event, later)
            number = self.playing[event.pid]
            self.phases[number] = "stopping"
            self.ops.append(Op("giveup", number, 0, len(self.ops) - 1))

    def _on_leave(self, event: Event, later: Sequence[Event]) -> None:
        """A supervisor leaves a child that ended as it is, or forgets it."""
        if event.pid in self.playing:
            child = self._child_of(event, event.term)
            if child is not None:
                self._write("keep" if event.kind == "keep" else "drop", child, 0, event)

    def _on_link(self, event: Event, later: Sequence[Event]) -> None:
        """A link beyond those that the tree consists of."""
        one, other = event.pid, event.other
        if one is None or other is None or one not in self.playing or other not in self.playing:
            return
        pair = (self.playing[one], self.playing[other])
        if self.cast.are_apart(*pair):
            self._write(event.kind, *pair, event)

"""A node that notes what each step of a process reads and writes, and lets somebody else choose who is next.

`otp_mini.explore` runs a scenario on it, many times. Between two *steps* it asks who goes on. Three
kinds are offered:

* a process that is ready, by its name: ``client2``, or ``Supervisor/Worker`` for a child;
* a signal that travels since a death, one pair of processes after the other: ``Worker>main``;
* what is due: ``timer>main``, a message for main, or ``time>main``, the end of its wait. An instant takes
  no time: what is due now may come in any order, and time moves only when nothing else is left;
* where that was allowed (`Ahead`), ``time``: it moves to the next timer, though somebody could go on. What is
  due comes before what is due later all the same.

Two steps *depend* on each other if they meet on one thing and one of them writes it: a mailbox, a name,
a table, a registry, a wait, a life. All that is written here, in subclasses of the node's own parts:
a program that is not explored is as fast as it was.

Each has a name that no other has and that does not depend on what others did before: a second client of
one parent is ``client2``, a second timer that is due for main at this instant ``timer>main#2``.

A message and the signal of a `Process.exit` arrive at once; only what a death tells others travels.

OTP: none
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from heapq import heapify, heappush
from typing import Any, Final, NamedTuple

from .errors import BadArg, name_of
from .ets import Table
from .host import is_cancellation
from .mailbox import NOTHING, Mailbox
from .node import Node
from .plain_functions import check_function
from .points import with_a_look, with_an_end, with_points
from .process import MESSAGE, TIMED_OUT, ControlBlock, runtime
from .registry import Book
from .signals import DownSent, ExitSent, Signals
from .terms import Pid, Ref
from .timers import Armed

ALL: Final = "everything"
"""What a step writes that depends on every other: it has asked for a list of processes or names."""

TIME: Final = "time"
"""Who goes where time moves, though somebody could go on."""


@dataclass
class Ahead:
    """How often time may move in one run though somebody could go on.

    Attributes:
        most: so often.
        held: has time waited for somebody because it had done so as often as that, in any run?
    """

    most: int = 0
    held: bool = False


class Footprint(NamedTuple):
    """What a step has read and written."""

    reads: frozenset[Hashable]
    writes: frozenset[Hashable]

    def meets(self, other: Footprint) -> bool:
        """Does the order of the two matter?"""
        if ALL in self.writes or ALL in other.writes:
            return True
        mine, theirs = self.writes, other.writes
        return not (mine.isdisjoint(theirs) and mine.isdisjoint(other.reads) and self.reads.isdisjoint(theirs))


def _now() -> WatchedNode:
    node = runtime.node
    assert isinstance(node, WatchedNode)
    return node


class WatchedNode(Node):
    """The node of one run of a scenario."""

    def __init__(self, ahead: Ahead | None = None) -> None:
        super().__init__(clock="virtual")
        self.reads: set[Hashable] = set()
        self.writes: set[Hashable] = set()
        self.looked: list[ControlBlock] = []  # who found its mailbox empty in this step
        self.operations: list[tuple[str, tuple[Any, ...]]] | None = None  # in this step, where somebody records
        self.in_turn = False
        self.own = 0  # so many things does a turn read before its process has done anything
        self.ahead = Ahead() if ahead is None else ahead
        self.hurried = 0  # so often has time moved though somebody could go on
        self.unwinding: ControlBlock | None = None  # whose ``finally`` blocks run, for it was killed
        self.refused: BaseException | None = None  # why this scenario cannot be explored
        self.exited: SystemExit | None = None  # by which a process has ended the program
        self.channels: dict[str, deque[ExitSent | DownSent]] = {}
        self.paths: dict[Pid, str] = {}  # the name of each process in a schedule
        self.lives: dict[Hashable, str] = {}  # the same names, by what stands for the process's life in a footprint
        self._children: dict[tuple[str, str], int] = {}
        self._taken = {TIME}  # the names that no other process may have
        self.signals = WatchedSignals(self)
        self._deferred = self.signals.deferred
        self.names = Watched("name")
        self.tables = {each: Watched(each) for each in ("ets", "registries", "partitions")}
        self.begin_turn = self._begin

    # ---- who may go next -------------------------------------------------------------------

    def choices(self) -> dict[str, Callable[[], None]]:
        """Who may go next, and how; time moves by itself where nobody could. Empty where nothing is left."""
        while True:
            found: dict[str, Callable[[], None]] = {}
            for process in self.ready:
                if process.alive:
                    found[self.paths[process.pid]] = lambda process=process: self._turn_of(process)  # type: ignore[misc]
            for channel in self.channels:
                found[channel] = lambda channel=channel: self._arrives(channel)  # type: ignore[misc]
            if self.timers.armed:
                self._offer_timers(found)
            if found:
                self._offer_time(found)
            deadline = None if found else self.timers.earliest()
            if deadline is None or self._main is None or not self._main.alive:
                return found
            self.clock.move_to(deadline)  # type: ignore[union-attr]

    def _offer_time(self, found: dict[str, Callable[[], None]]) -> None:
        """Time may move ahead of all who could go, to the next timer, if none is due already."""
        spent = self.hurried >= self.ahead.most
        if spent and self.ahead.held:
            return  # that is known
        deadlines = [deadline for each in self.timers.armed if (deadline := self.timers.deadline(each)) is not None]
        if not deadlines or (first := min(deadlines)) <= self.clock.now():
            return
        if spent:
            self.ahead.held = True
        else:
            found[TIME] = lambda: self._passes(first)

    def _passes(self, deadline: float) -> None:
        """Time moves ahead.

        The order of that and of any other step matters: if the other came first, there might be nobody ahead of
        whom time could move, and it would have moved by itself, which does not count.
        """
        self.hurried += 1
        self.clock.move_to(deadline)  # type: ignore[union-attr]
        self.writes.add(ALL)

    def _offer_timers(self, found: dict[str, Callable[[], None]]) -> None:
        now = self.clock.now()
        due = [(timer[0], number) for number, timer in self.timers.armed.items() if timer[0] <= now]
        for _, number in sorted(due):
            target = self.timers.armed[number][1]
            pid = target.pid if isinstance(target, ControlBlock) else target
            if isinstance(pid, Pid) and pid.block is None:
                continue  # nobody is there to hear it
            name = self.paths[pid] if isinstance(pid, Pid) else _plain(name_of(pid))
            base = name = f"{'time' if target is not pid else 'timer'}>{name}"
            same = 1
            while name in found:
                same += 1
                name = f"{base}#{same}"
            found[name] = lambda number=number: self._fires(number)  # type: ignore[misc]

    def step_of(self, act: Callable[[], None]) -> Footprint:
        """Let one of the choices happen; answers what it touched."""
        self.reads, self.writes, self.looked = set(), set(), []
        act()
        self.in_turn = False
        runtime.running = None
        for process in self.looked:
            if process.waiting is MESSAGE and self.looked.count(process) == 1:
                continue  # it has seen that nothing had come, and waits for it: that was no other answer
            self.reads.add(("in", process.pid.number))
        return Footprint(frozenset(self.reads), frozenset(self.writes))

    def _turn_of(self, process: ControlBlock) -> None:
        self.ready.remove(process)
        self.reads.add(("life", process.pid.number))
        if process.answered is not None:
            self.reads.add(("wait", process.pid.number))  # until now a second answer would be a message
        self.own = len(self.reads)
        runtime.running = process
        self.turn(process)

    def _begin(self, process: ControlBlock) -> None:
        process.reductions = 1  # one visible operation a turn
        self.in_turn = True

    def _arrives(self, channel: str) -> None:
        waiting = self.channels[channel]
        signal = waiting.popleft()
        if not waiting:
            del self.channels[channel]
        assert isinstance(self.signals, WatchedSignals)
        self.signals.arrive(signal)

    def _fires(self, number: int) -> None:
        timers = self.timers
        deadline, target, message = timers.armed.pop(number)
        timers.heap[:] = [entry for entry in timers.heap if entry[1] != number]
        heapify(timers.heap)
        every = timers.intervals.get(number)
        if every is not None:
            timers.armed[number] = (deadline + every, target, message)
            heappush(timers.heap, (deadline + every, number))
        self.writes.add(("timer", number))
        if isinstance(target, ControlBlock):
            mine = target.pid.number
            self.reads.add(("life", mine))
            self.writes |= {("in", mine), ("wait", mine)}
            self.wake(target, TIMED_OUT)
        else:
            self._timer_sends(target, message if every is None else self.copy(message))

    def travel(self, sender: Pid, target: Pid, signal: ExitSent | DownSent) -> None:
        """What a death tells one other is on its way, behind what the same has told it before."""
        if target.block is not None:
            self.channels.setdefault(f"{self.paths[sender]}>{self.paths[target]}", deque()).append(signal)

    def forget_channels_to(self, pid: Pid) -> None:
        """Nobody hears what is told to the dead."""
        end = f">{self.paths[pid]}"
        for channel in [channel for channel in self.channels if channel.endswith(end)]:
            del self.channels[channel]

    def touched(self) -> bool:
        """Has this turn touched anything so far, besides what each turn does?"""
        return bool(self.writes) or len(self.reads) > self.own

    def tell(self, function: Callable[..., Any], args: tuple[Any, ...]) -> None:
        """A process calls a plain function whose effect others may see."""
        if self.operations is not None:
            module = "ets." if function.__module__ == "otp_mini.ets" else ""
            self.operations.append((module + function.__qualname__.rpartition(".<locals>.")[2], args))

    # ---- what is touched -------------------------------------------------------------------

    def spawn(
        self, function: Callable[..., Any], args: tuple[Any, ...] = (), *, label: str | None = None, link: bool = False
    ) -> ControlBlock:
        """`Node.spawn`, with points in the function, and in those that it is given: a task runs one."""
        check_function(function, "spawn needs a function, and its arguments after it: spawn(work, 1, 2)")
        label = name_of(getattr(function, "__name__", type(function).__name__)) if label is None else label
        pointed = _work if function.__module__ == "otp_mini.task" else _pointed
        return super().spawn(with_an_end(self.copy(function)), pointed(args), label=label, link=link)

    def _add(self, coroutine: Any, label: str, parent: ControlBlock | None) -> ControlBlock:
        process = super()._add(coroutine, label, parent)
        above = "" if parent is None or parent is self._main else f"{self.paths[parent.pid]}/"
        plain, count, name = _plain(label), self._children.get((above, label), 0), ""
        while not name or name in self._taken:
            count += 1
            name = f"{above}{plain}" if count == 1 else f"{above}{plain}{count}"
        self._children[above, label] = count
        self._taken.add(name)
        self.paths[process.pid] = name
        self.lives["life", process.pid.number] = name
        process.mailbox = WatchedMailbox(process)
        process.__class__ = WatchedBlock
        return process

    def deliver(self, process: ControlBlock, message: object) -> None:
        """`Node.deliver`."""
        self.writes.add(("in", process.pid.number))
        self.reads.add(("life", process.pid.number))
        if process.mailbox is None:
            process.mailbox = WatchedMailbox(process)
        super().deliver(process, message)

    def answer(self, pid: Pid, ref: Ref, outcome: object) -> None:
        """`Node.answer`."""
        self.writes.add(("wait", pid.number))
        self.reads.add(("life", pid.number))
        super().answer(pid, ref, outcome)

    def reply(self, sender: Pid, to: tuple[Pid, Ref], value: object) -> None:
        """`Node.reply`."""
        self.writes.add(("wait", to[0].number))
        self.reads.add(("life", to[0].number))
        super().reply(sender, to, value)

    def note(self, kind: str, pid: Pid | None, other: Pid | None = None, term: object = None) -> None:
        """`Node.note`; who begins or stops to watch somebody meets his end."""
        if kind in ("monitor", "demonitor") and pid is not None:
            self.writes.add(("watch", pid.number))
            if other is not None:
                self.reads.add(("life", other.number))
        super().note(kind, pid, other, term)

    def start_timer(self, seconds: float, target: object, message: Any, *, again: bool = False) -> int:
        """`Node.start_timer`; of two that are due at one instant, the one that was set first has the first name."""
        self.writes.add(("due", target.number if isinstance(target, Pid) else target))
        return super().start_timer(seconds, target, message, again=again)

    def cancel_timer(self, number: int) -> float | None:
        """`Node.cancel_timer`."""
        self.writes.add(("timer", number))
        self._looks_at(self.timers.armed.get(number))
        return super().cancel_timer(number)

    def read_timer(self, number: int) -> float | None:
        """`Node.read_timer`."""
        self.reads.add(("timer", number))
        self._looks_at(self.timers.armed.get(number))
        return super().read_timer(number)

    def _looks_at(self, timer: Armed | None) -> None:
        """Of a timer whose process has ended nothing is left."""
        if timer is not None and isinstance(timer[1], Pid):
            self.reads.add(("life", timer[1].number))

    def _crashed(self, process: ControlBlock, error: BaseException) -> object:
        if isinstance(error, SystemExit):
            self.exited = error  # the run is over, whoever goes next: nobody goes after it
            self.writes.add(ALL)
            return error
        if not isinstance(error, Exception) and not is_cancellation(error):
            self.refused = error  # nobody's outcome: a check, or whoever else limits the time, has raised it
        return super()._crashed(process, error)

    def _park_outside(self, process: ControlBlock, wanted: Any) -> None:
        if wanted is not None:
            self.refused = BadArg(
                "explore cannot wait for asyncio: its time is not the node's. In the scenario, wait with "
                "Process.sleep, and let a process answer what a future would."
            )
        super()._park_outside(process, wanted)

    def processes(self) -> list[Pid]:
        """`Node.processes`."""
        self.writes.add(ALL)
        return super().processes()


def _plain(label: str) -> str:
    """A label as a word of a schedule."""
    return "_".join(label.split()).translate(_SIGNS)


_SIGNS: Final = str.maketrans("/>#", "___")


def _pointed(term: Any) -> Any:
    """A function gets points; a tuple of arguments is looked into."""
    return tuple(map(_pointed, term)) if type(term) is tuple else with_points(term)


def _work(args: tuple[Any, ...]) -> tuple[Any, ...]:
    """The same for a task, which runs the first of its arguments."""
    return (with_a_look(with_points(args[0])), *map(_pointed, args[1:]))


class WatchedSignals(Signals):
    """What a death tells others travels, a pair at a time."""

    __slots__ = ()

    def link(self, one: ControlBlock, other: ControlBlock) -> None:
        """`Signals.link`."""
        _now().reads.update((("life", one.pid.number), ("life", other.pid.number)))
        _now().writes.add(_pair(one.pid, other.pid))
        super().link(one, other)

    def unlink(self, one: ControlBlock, other: Pid) -> None:
        """`Signals.unlink`."""
        _now().reads.update((("life", one.pid.number), ("life", other.number)))
        _now().writes.update((("links", one.pid.number), _pair(one.pid, other)))
        super().unlink(one, other)

    def end(self, process: ControlBlock, reason: object) -> None:
        """`Signals.end`."""
        _now().writes.add(("life", process.pid.number))
        super().end(process, reason)
        _now().forget_channels_to(process.pid)

    def unwind(self, process: ControlBlock) -> None:
        """`Signals.unwind`: there are no points in what a killed process still does."""
        node = _now()
        outer, node.unwinding = node.unwinding, process
        super().unwind(process)
        node.unwinding = outer

    def _exit_arrives(self, signal: ExitSent) -> None:
        if signal.linked and not signal.deferred:
            _now().travel(signal.sender, signal.target, signal)
        else:
            _now().reads.add(("life", signal.target.number))
            super()._exit_arrives(signal)

    def _down_arrives(self, signal: DownSent) -> None:
        if signal.ended is not None:
            _now().travel(signal.ended, signal.watcher, signal)
        else:
            super()._down_arrives(signal)

    def arrive(self, signal: ExitSent | DownSent) -> None:
        """A signal has come to the end of its way."""
        node = _now()
        if isinstance(signal, ExitSent):
            node.writes.add(("links", signal.target.number))
            node.reads.add(("life", signal.target.number))
            super()._exit_arrives(signal)
        else:
            node.writes.add(("watch", signal.watcher.number))
            node.reads.add(("life", signal.watcher.number))
            super()._down_arrives(signal)
        self._deliver()


def _pair(one: Pid, other: Pid) -> Hashable:
    """What stands for the link of the two."""
    return "link", *sorted((one.number, other.number))


class WatchedBlock(ControlBlock):
    """A control block that tells when another process looks at it."""

    __slots__ = ()

    @property
    def node(self) -> Any:  # type: ignore[override]
        """Whoever asks for it has found the process alive."""
        if runtime.running is not None and runtime.running is not self:
            _now().reads.add(("life", self.pid.number))
        return _NODE.__get__(self)

    @property
    def name(self) -> Any:
        """Others may give it a name, and take it away."""
        _now().reads.add(("named", self.pid.number))
        return _NAME.__get__(self)

    @name.setter
    def name(self, value: object) -> None:
        _now().writes.add(("named", self.pid.number))
        _NAME.__set__(self, value)

    @property
    def monitoring(self) -> Any:
        """A task looks whether its owner still waits for it."""
        if runtime.running is not None and runtime.running is not self:
            _now().reads.update((("watch", self.pid.number), ("life", self.pid.number)))
        return _MONITORING.__get__(self)

    @monitoring.setter
    def monitoring(self, value: object) -> None:
        _MONITORING.__set__(self, value)

    @property
    def trap_exit(self) -> Any:
        """A signal that arrives asks for it."""
        if runtime.running is not self:
            _now().reads.add(("flag", self.pid.number))
        return _TRAP.__get__(self)

    @trap_exit.setter
    def trap_exit(self, value: bool) -> None:
        _now().writes.add(("flag", self.pid.number))
        _TRAP.__set__(self, value)

    @property
    def turns(self) -> Any:
        """`Process.info` asks for it, and for all else."""
        if _now().in_turn:
            _now().writes.add(ALL)
        return _TURNS.__get__(self)

    @turns.setter
    def turns(self, value: int) -> None:
        _TURNS.__set__(self, value)


_NODE: Final[Any] = ControlBlock.__dict__["node"]
_NAME: Final[Any] = ControlBlock.__dict__["name"]
_MONITORING: Final[Any] = ControlBlock.__dict__["monitoring"]
_TRAP: Final[Any] = ControlBlock.__dict__["trap_exit"]
_TURNS: Final[Any] = ControlBlock.__dict__["turns"]


class WatchedMailbox(Mailbox):
    """Tells when somebody has seen that nothing is there."""

    __slots__ = ("owner",)

    def __init__(self, owner: ControlBlock) -> None:
        super().__init__()
        self.owner = owner

    def __len__(self) -> int:
        size = super().__len__()
        if runtime.running is not self.owner:
            _now().reads.add(("in", self.owner.pid.number))
        elif not size:
            _now().looked.append(self.owner)
        return size

    def __iter__(self) -> Iterator[Any]:
        _now().reads.add(("in", self.owner.pid.number))
        return super().__iter__()

    def take(self, pattern: Any, start: int = 0) -> Any:
        """`Mailbox.take`; one that finds nothing has seen all that is there."""
        reads, seen = _now().reads, ("in", self.owner.pid.number)
        before = seen in reads
        message = super().take(pattern, start)
        if message is NOTHING:
            reads.add(seen)
        elif not before:
            reads.discard(seen)  # what comes later stands behind what it has found
        return message


class Watched(dict[Any, Any]):
    """Names, tables or registries: a step that looks one up reads it, a step that changes one writes it."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind

    def _place(self, key: Any) -> Hashable:
        return self.kind, key.number if isinstance(key, Table) else key

    def _read(self, key: Any, found: Any) -> Any:
        reads = _now().reads
        reads.add(self._place(key))
        if isinstance(found, (Table, Book)):
            reads.add(_contents(found))
        elif isinstance(found, list):
            _now().writes.add(self._place(key))  # the pids of a PartitionSupervisor: whoever gets them may write them
        return found

    def get(self, key: Any, default: Any = None) -> Any:
        """`dict.get`."""
        return self._read(key, super().get(key, default))

    def __getitem__(self, key: Any) -> Any:
        return self._read(key, super().__getitem__(key))

    def __contains__(self, key: Any) -> bool:
        return self._read(key, super().__contains__(key))  # type: ignore[no-any-return]

    def __setitem__(self, key: Any, value: Any) -> None:
        _now().writes.add(self._place(key))
        if type(value) is Table:
            value.__class__ = _WatchedTable
        elif type(value) is Book:
            value.__class__ = _WatchedBook
            value.meta = Watched("meta")
        super().__setitem__(key, value)

    def __delitem__(self, key: Any) -> None:
        _now().writes.add(self._place(key))
        super().__delitem__(key)

    def pop(self, key: Any, *default: Any) -> Any:
        """`dict.pop`; where nothing is found, nothing is written."""
        found = super().__contains__(key)
        (_now().writes if found else _now().reads).add(self._place(key))
        return super().pop(key, *default)

    def values(self) -> Any:
        """`dict.values`: all of them are read."""
        _now().writes.add(ALL)
        return super().values()


def _contents(found: Table | Book) -> Hashable:
    """What stands for the rows of a table or the entries of a registry: the same in each run of a schedule."""
    return ("rows", found.number) if isinstance(found, Table) else ("entries", found.process.pid.number)


def _changes(kind: type, name: str) -> Any:
    """The method of this name, which writes what it belongs to."""
    plain = getattr(kind, name)

    def method(self: Any, *args: Any) -> Any:
        _now().writes.add(_contents(self))
        return plain(self, *args)

    return method


class _WatchedTable(Table):
    add = _changes(Table, "add")
    keep = _changes(Table, "keep")
    clear = _changes(Table, "clear")
    belong_to = _changes(Table, "belong_to")
    name_heir = _changes(Table, "name_heir")


class _WatchedBook(Book):
    put = _changes(Book, "put")
    remove = _changes(Book, "remove")

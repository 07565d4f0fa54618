"""An observer without its widgets: what it sees of a running system, and what its buttons do.

It looks from outside: it is no process and sends nothing, but for what its user asks for, and that
comes from the shell, as if it was typed in a cell. All texts are plain: who shows them escapes them.

OTP: ``:observer``
"""

from __future__ import annotations

import ast
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from ..application import address_of
from ..children import Child, children_of
from ..errors import BadArg, Exit, describe_reason, safe_repr
from ..gen_server import GenServer
from ..lab.world import KILL, NORMAL, RAISE, SHUTDOWN, end_process
from ..node import Node, current_node
from ..primitives import Destination, find, send
from ..process import ControlBlock, runtime
from ..terms import Pid
from ..tracing import Event
from ..viz.event_line import event_line
from ..viz.process_data import (
    HEADINGS,
    Entry,
    Fact,
    cells,
    describe,
    everybody,
    facts,
    names_of,
    tops_of,
)
from ..viz.tables import Table
from ..viz.tree_data import TreeData, is_supervisor, look
from ..viz.tree_text import text as tree_text
from ..viz.words import life, reason_in_words
from .brake import Brake, Turn
from .ear import account, hear_or_not, listen, unlisten

MOST_LINES: Final = 40
"""So many lines of a trace are kept."""

MOST_ROWS: Final = 40
"""So many processes stand in the table."""

MOST_TREES: Final = 6
"""So many trees of a node are drawn."""

HOW: Final = ("send", "cast", "call")
"""How a message is sent."""

_ORDER: Final = ("$observer", "raise")
_ORDERED: Final = {
    RAISE: "is made to raise RuntimeError('boom')",
    NORMAL: "is told to stop, with reason 'normal'",
    SHUTDOWN: "is told to stop, with reason 'shutdown'",
    KILL: "is sent the exit signal 'kill'",
}
_TELLING: Final = {
    "exit", "signal", "down", "restart", "give_up", "start_failed", "started", "stopping", "keep", "forget",
}  # fmt: skip
"""The events that say who lives, and why."""


class Observation:
    """One observer at work.

    Args:
        what: the process at the top: a pid, a name, an address or an application; None for the
            whole node.
        most: so many children of one supervisor are drawn.

    Attributes:
        alive: False where the top has ended; what was seen last stays.
        said: what came of the last thing that was done, in sentences.
        happened: the events of that, a line each.
        heard: the events of the chosen process, a line each, while it is traced.
    """

    def __init__(self, what: Destination | None = None, *, most: int = 8) -> None:
        if not isinstance(most, int) or most < 1:
            raise BadArg(f"most says how many children are drawn, a whole number from 1 up, got {safe_repr(most)}")
        self.what, self.most = what, most
        process = None if what is None else _find(what)
        if what is not None and process is None:
            raise BadArg(
                f"observer needs a living process, got {safe_repr(what)}, which has ended or never was. "
                "Give it the pid or the name of a supervisor that runs, or nothing for the whole node."
            )
        self.node: Node = current_node() if process is None else process.node
        self.brake = Brake.of(self.node)
        self.links = self.monitors = False
        self.alive = True
        self.title = ""
        self.top: Pid | None = None
        self.entries: list[Entry] = []
        self.rows: list[tuple[str, ...]] = []
        self.trees: list[TreeData] = []
        self.more_trees = 0
        self.said = ""
        self.happened: list[str] = []
        self.heard: deque[str] = deque(maxlen=MOST_LINES)
        self.tracing = False
        self.chosen: Pid | None = None
        self._kept: Child | None = None  # the chosen process as its supervisor keeps it
        self._place: tuple[str, ...] = ()
        self._names: dict[Pid, str] = {}
        self._questions: list[_Question] = []
        self._turns = 0
        self.look()
        living = [entry.process for entry in self.entries if entry.process is not None]
        workers = [process for process in living if not is_supervisor(process)]
        if living:
            self.choose((workers or living)[0].pid)

    def close(self) -> None:
        """Hear no more."""
        unlisten(self.node, self._hear)
        self.tracing = False

    # ---- looking ----------------------------------------------------------------------------

    def look(self) -> None:
        """See how things stand now. Where the top has ended, what was seen last stays."""
        hear_or_not(self.node)
        top = self._find_top()
        self.alive = self.what is None or top is not None
        if self.alive:
            tops = tops_of(self.node) if top is None else [top]
            ties = {"links": self.links, "monitors": self.monitors}
            self.trees = [look(each, **ties, most=self.most) for each in tops[:MOST_TREES]]
            self.more_trees = len(tops[MOST_TREES:])
            self.entries = everybody(self.node, top)
            self.top = None if top is None else top.pid
        self._names = {pid: name for pid, name in self._names.items() if pid.block or pid in (self.chosen, self.top)}
        self._names |= names_of(self.entries)
        if self.alive:
            self.rows = [cells(entry, self.name) for entry in self.entries]
        self.title = "the whole node" if self.top is None else self.name(self.top)
        self._follow()
        self._hear_answers()

    def _find_top(self) -> ControlBlock | None:
        with _inside(self.node):
            try:
                return None if self.what is None else _find(self.what)
            except BadArg:
                return None  # the registry that knew it has ended

    def same_as(self, other: Observation) -> bool:
        """Do both look at the same?"""
        return self.node is other.node and self.top is other.top

    def name(self, pid: Pid) -> str:
        """What a process is called, or was."""
        if pid not in self._names:
            self._names[pid] = describe(pid)
        return self._names[pid]

    @property
    def entry(self) -> Entry | None:
        """The chosen process, while it lives."""
        if self.chosen is None or self.chosen.block is None:
            return None
        return next((entry for entry in self.entries if entry.process is self.chosen.block), None)

    def text(self) -> str:
        """The trees, as text."""
        told = [tree_text(tree) for tree in self.trees] or ["No supervisor runs here."]
        if self.more_trees:
            told.append(f"and {self.more_trees:,} trees more: observer(pid) shows each")
        return "\n".join(told)

    def table(self) -> Table:
        """The processes, as a table that prints."""
        number = len(self.rows)
        shown = self.rows[:MOST_ROWS]
        return Table(f"{number:,} process{'es' * (number != 1)}", HEADINGS, shown, number - len(shown))

    def facts(self) -> list[Fact]:
        """All about the chosen process."""
        entry = self.entry
        return [Fact("state", "has ended")] if entry is None else facts(entry, self.name)

    def status(self) -> str:
        """How the node runs just now."""
        node, brake = self.node, self.brake
        how = {"running": "Running.", "paused": "Paused.", "slow": f"Slow motion, {brake.rate:g} turns a second."}
        told = [how[brake.mode]]
        if brake.mode != "running":
            ready = [self.name(block.pid) for block in node.ready if block.alive]
            told.append(f"Ready: {', '.join(ready[:5]) or 'nobody'}{', …' if ready[5:] else ''}.")
        if node.clock.virtual:
            left = node.next_timer()
            timer = "" if left is None else f", next timer in {left:g} s"
            told.append(f"Virtual time {node.now():.3f} s{timer}.")
        return " ".join(told)

    # ---- choosing ---------------------------------------------------------------------------

    def choose(self, pid: Pid) -> None:
        """Look at this process from here on; if anybody is traced, it is."""
        if pid is not self.chosen:
            self.heard.clear()
            self._choose(pid)

    def _choose(self, pid: Pid) -> None:
        self.chosen = pid
        entry = self.entry
        parent = None if pid.block is None else pid.block.parent
        kept = () if parent is None else children_of(parent.block)
        self._kept = next((child for child in kept if child.pid is pid), None)
        self._place = () if entry is None else entry.place

    def _follow(self) -> None:
        """Where the chosen process has ended: go on with the one that has taken its place."""
        if self.chosen is None or self.chosen.block is not None:
            return
        next_life = None if self._kept is None else self._kept.pid
        same = [entry.process.pid for entry in self.entries if entry.process is not None and entry.place == self._place]
        for pid in (next_life, same[0] if len(same) == 1 else None):
            if isinstance(pid, Pid) and pid.block is not None:
                self._choose(pid)
                return

    # ---- who may run ------------------------------------------------------------------------

    def pause(self) -> None:
        """Nobody has a turn from here on."""
        self.brake.pause()
        self.say("Paused: no process of this node has a turn until Step or Run is pressed.")

    def run(self) -> None:
        """Everybody runs again."""
        self.brake.run()
        with account(self.node, _TELLING) as told:
            quiet = self.brake.settle()
        self.say("Running." if quiet else "Running; there is always something to do.", told.lines)

    def slow(self, rate: float) -> None:
        """Give so many turns a second."""
        self.brake.slow(rate)
        self.say(f"Slow motion: {rate:g} turns a second.")

    def step(self) -> None:
        """Give one process one turn; pause first, if nobody did."""
        if self.brake.mode != "paused":
            self.brake.pause()
        turn = self.brake.step()
        if turn is None:
            self.say(f"Nobody is ready.{self._next_timer()}")
            return
        self._turns += 1
        ended = "" if turn.pid.block else ", and has ended"
        self.say(f"Turn {self._turns}: {turn.who} had its turn{ended}.", turn.lines)

    def saw(self, turn: Turn | None) -> None:
        """Slow motion has given a turn, or has let time pass."""
        if turn is not None:
            self.happened = turn.lines or [f"{turn.who}: had its turn"]

    def pass_time(self, seconds: float) -> None:
        """Let virtual time pass.

        Raises:
            BadArg: time is not virtual here, or ``seconds`` is negative.
        """
        if not self.node.clock.virtual or not seconds >= 0:
            raise BadArg(f"virtual time passes by a number of seconds from 0 up, got {safe_repr(seconds)}")
        with account(self.node, _TELLING) as told:
            passed, done = self.brake.pass_time(seconds)
        if done:
            text = f"{seconds:g} s have passed."
        elif self.brake.mode == "running":
            text = f"{passed:g} of {seconds:g} s have passed. There is always something to do: press again to go on."
        elif self.node.ready:
            text = "No time has passed: it waits while somebody is ready. Press Step or Run."
        else:
            text = f"{passed:g} of {seconds:g} s have passed. A timer is due: press Step or Run."
        self.say(text, told.lines)

    def _next_timer(self) -> str:
        left = self.node.next_timer()
        if left is None:
            return ""
        if not self.node.clock.virtual:
            return " While the node is paused, its time stands still, and no timer fires."
        return f" The next timer fires in {left:g} s: let time pass."

    # ---- what is done to the chosen process -----------------------------------------------------

    def end(self, way: int) -> None:
        """Have the chosen process end, in one of the ways of `otp_mini.lab.world.WAYS`.

        Raises:
            BadArg: it cannot be ended so.
        """
        process: ControlBlock | None = None if self.chosen is None else self.chosen.block
        if process is None:
            raise BadArg("Nobody is there to end: choose a process that is alive.")
        if process.coroutine is None:
            raise BadArg("The shell is the process of your own cells: it cannot be ended from here.")
        if way == RAISE and is_supervisor(process):
            raise BadArg("A supervisor runs no code of yours that could raise: stop it, or kill it.")
        who = self.name(process.pid)
        with account(self.node, _TELLING) as told:
            end_process(self.node.shell().pid, process.pid, way, RuntimeError("boom"), _ORDER)
            self._go_on()
        self.look()
        self.say(f"{who} {_ORDERED[way]}. {self._fate(process)}", told.lines)

    def _fate(self, process: ControlBlock) -> str:
        """What became of a process that was to end."""
        if process.alive:
            return self._not_yet() or "It has not ended yet: it is busy, or it goes on all the same."
        told = f"It has ended: {reason_in_words(process.reason)}."
        if not self.alive:
            top = "It was the top of this tree." if process.pid is self.top else "The top of this tree has ended, too."
            return f"{told} {top}"
        entry = self.entry
        if entry is None or entry.process is None:
            return f"{told} {self._not_yet()}".rstrip()
        number = f", its {life(entry.member.life)}" if entry.member.life > 1 else ""
        return f"{told} {self.name(entry.process.pid)} has taken its place{number}."

    def send(self, text: str, how: str) -> None:
        """Send the chosen process a message.

        Args:
            text: a Python literal; it is read, never run.
            how: one of `HOW`.

        Raises:
            BadArg: it is no literal, or nobody is there.
        """
        message, pid = _literal(text), self.chosen
        if pid is None or pid.block is None:
            raise BadArg("Nobody is there to send to: choose a process that is alive.")
        self.say(f"{how} {safe_repr(message)} to {self.name(pid)}. {self._not_yet()}".rstrip())
        with account(self.node, _TELLING) as told, _inside(self.node):
            if how == "call":
                self._questions.append(_Question(self.node, pid, self.name(pid), message))
            else:
                (send if how == "send" else GenServer.cast)(pid, message)
            self._go_on()
        self.happened = told.lines
        self.look()

    def _hear_answers(self) -> None:
        for question in list(self._questions):
            if question.answer is not None:
                self._questions.remove(question)
                self.said = question.answer

    def _go_on(self) -> None:
        """What was done has its effect now; at the brake, when turns are given."""
        if self.brake.mode == "running":
            self.brake.settle()

    def _not_yet(self) -> str:
        match self.brake.mode:
            case "paused":
                return "Nobody has had a turn since: press Step or Run."
            case "slow":
                return "See what follows, turn by turn."
        return ""

    # ---- hearing ----------------------------------------------------------------------------

    def trace(self, on: bool) -> None:
        """Keep the events of the chosen process from here on, or stop it."""
        unlisten(self.node, self._hear)
        if on:
            listen(self.node, self._hear)
        self.tracing = on
        self.say("What the chosen process gets and does is traced." if on else "Nobody is traced any more.")

    def _hear(self, event: Event) -> None:
        if self.chosen is not None and self.chosen in (event.pid, event.other):
            self.heard.append(f"{event.time:.3f}  {event_line(event, self.name)}")

    def say(self, text: str, happened: list[str] | None = None) -> None:
        """Tell what came of something."""
        self.said, self.happened = text, happened or []


class _Question:
    """A call that the user of an observer makes, by a process of its own: an answer may take long."""

    def __init__(self, node: Node, pid: Pid, who: str, request: object) -> None:
        self.answer: str | None = None
        asked = f"call {safe_repr(request)}"

        async def ask() -> None:
            try:
                value: Any = await GenServer.call(pid, request)
            except Exit as exit:
                self.answer = f"{asked} to {who} failed: {describe_reason(exit.reason)}."
            else:
                self.answer = f"{who} answered {safe_repr(value)} to {asked}."

        node.spawn(ask, label="observer")


def _literal(text: str) -> object:
    """The term that a text stands for: numbers, texts, tuples, lists, dictionaries, None, True, False.

    Raises:
        BadArg: it is no such thing.
    """
    try:
        return ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        raise BadArg(
            "Nothing was sent: a message is written as a Python literal, such as 'get' with its quotes, 42 "
            f"or ('add', 2), got {safe_repr(text, 80)}."
        ) from None


def _find(what: Destination) -> ControlBlock | None:
    return find(address_of(what))


@contextmanager
def _inside(node: Node) -> Iterator[None]:
    """Be outside of any process, with this as the current node."""
    before = runtime.running, runtime.node
    runtime.running, runtime.node = None, node
    try:
        yield
    finally:
        runtime.running, runtime.node = before

"""The stage of a campaign: a node on which processes can be held, starts can be spoilt, and all is found by its name.

It holds a system that is started, broken and started again. Time is virtual, and what the campaign is going
to do stands in an agenda: between two entries the system runs by itself.

A process that is *held* gets no turn. Its messages pile up, its timers fire and wait, and only a signal ends
it: to everybody else it hangs.

OTP: none; ``:erlang.suspend_process/1`` holds a process
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import Any, Final, NamedTuple

from .application import Application
from .child_spec import strict_key
from .children import Child, StartingSupervisor, children_of, supervisor_state
from .errors import BadArg, Deadlock, Exit, describe_exception, name_of, safe_repr
from .gen_server import BEFORE_INIT
from .matching import name_key
from .names import check_name
from .node import Node
from .primitives import Process, receive
from .process import ControlBlock
from .terms import Address, Pid

MOST_TURNS: Final = 50_000
"""A system that takes more turns than this between two entries of the agenda does not come to rest."""

WHOLE_SHARE: Final = 300
"""So many turns does one count for in which a process spends its whole share."""

PATIENCE: Final = 60.0
"""So many virtual seconds may the system need to start."""

SHOWN: Final = 12
"""So many names stand in an error message."""

# What comes first where two entries of the agenda are due at one instant.
DEADLINE, RELEASE, REBOOT, FAULT, REQUEST = range(5)


@dataclass(frozen=True)
class Below:
    """A target: one of the workers below a supervisor, another one each time; the seed says which.

    Args:
        supervisor: its registered name, its child id, or its path. None for the whole tree.

    OTP: none

    Example:
        >>> from otp_mini import Kill
        >>> Kill(Below("pool"), every=30.0)
        Kill(Below('pool'), every=30.0)
    """

    supervisor: Any = None

    def __repr__(self) -> str:
        return f"Below({'' if self.supervisor is None else written(self.supervisor)})"


class Found(NamedTuple):
    """A process that a target stands for, and its path in the tree."""

    block: ControlBlock
    path: str

    @property
    def pid(self) -> Pid:
        """Its pid."""
        return self.block.pid


class Place(NamedTuple):
    """A child in the tree: its path, and the names on it from the root's child on."""

    path: str
    child: Child


class Busy(Exception):
    """The system does not come to rest."""


@dataclass
class _Held:
    """Until when a process is held, and whether it would go on."""

    until: float
    woken: bool = False


class Stage(Node):
    """A node with a system on it that a campaign breaks.

    Args:
        application: an ``async def`` that starts a tree and answers the pid of its root, or an `Application`.
    """

    def __init__(self, application: Any) -> None:
        super().__init__(clock="virtual")
        self.application = application
        self.root: Pid | None = None
        self.boss: ControlBlock | None = None  # starts the system, and lives as long as nobody starts it anew
        self.agenda: list[tuple[float, int, int, Callable[[], None]]] = []
        self.held: dict[ControlBlock, _Held] = {}
        self.spoilt: dict[str, list[float | BaseException]] = {}  # the next starts of a child, by its path
        self.tables[BEFORE_INIT] = self._opens
        self.booting = False  # is the system being started again?
        self.zero = 0.0  # when the campaign began: the system had started then
        self._entries = self._taken = 0

    # ---- the agenda -------------------------------------------------------------------------

    def elapsed(self) -> float:
        """Seconds since the campaign began: all instants of the agenda are told so."""
        return self.now() - self.zero

    def at(self, instant: float, rank: int, act: Callable[[], None]) -> None:
        """Have this done then."""
        self._entries += 1
        heappush(self.agenda, (instant, rank, self._entries, act))

    def later(self, seconds: float, act: Callable[[], None]) -> None:
        """Have this done after so many seconds."""
        self.at(self.elapsed() + seconds, RELEASE, act)

    def next_entry(self) -> float | None:
        """When something is to be done next."""
        return self.agenda[0][0] if self.agenda else None

    def next_act(self) -> tuple[float, Callable[[], None]]:
        """Take the next entry out of the agenda."""
        instant, _, _, act = heappop(self.agenda)
        return instant, act

    def pass_until(self, instant: float) -> None:
        """Let time pass.

        Raises:
            Busy: there is no end of what is done meanwhile.
        """
        self._taken = 0
        self.advance(max(0.0, instant - self.elapsed()))

    def turn(self, process: ControlBlock) -> None:
        """A turn for whoever is not held."""
        held = self.held.get(process)
        if held is not None:
            held.woken = True
            return
        self._taken += 1
        if self._taken > MOST_TURNS:
            self.ready.append(process)
            raise Busy
        self.turns += 1
        super().turn(process)
        if process.reductions <= 0:
            self._taken += WHOLE_SHARE

    # ---- what a fault can do ----------------------------------------------------------------

    @property
    def sender(self) -> Pid:
        """Who does what a fault does."""
        assert self.boss is not None
        return self.boss.pid

    def kill(self, pid: Pid) -> None:
        """Send it the exit signal that nobody survives."""
        self.signals.exit(self.sender, pid, "kill")

    def hold(self, block: ControlBlock, seconds: float) -> None:
        """Let it do nothing for so long; of two times the longer one counts."""
        until = self.elapsed() + seconds
        held = self.held.setdefault(block, _Held(until, block in self.ready))
        held.until = max(held.until, until)
        self.at(until, RELEASE, lambda: self._release(block, until))

    def _release(self, block: ControlBlock, until: float) -> None:
        held = self.held.get(block)
        if held is not None and held.until == until:
            del self.held[block]
            if held.woken and block.alive and block not in self.ready:
                self.ready.append(block)

    def spoil(self, path: str, starts: list[float | BaseException]) -> None:
        """The next starts of a child: each takes so many seconds longer, or fails with this error."""
        self.spoilt.setdefault(path, []).extend(starts)

    async def _opens(self, process: ControlBlock) -> None:
        """A server is about to run its ``init``."""
        starts = self.spoilt.get(self.path_of(process)) if self.spoilt else None
        if starts:
            how = starts.pop(0)
            if isinstance(how, BaseException):
                raise copy.copy(how)
            await Process.sleep(how)

    # ---- who is who -------------------------------------------------------------------------

    def places(self) -> Iterator[Place]:
        """Every child in the tree, a supervisor before those below it."""
        yield from _below("", None if self.root is None else self.root.block)

    def path_of(self, block: ControlBlock) -> str:
        """The ids on the way from the root's child to a process, or its name where it is no part of the tree."""
        names: list[str] = []
        here = block
        while here.parent is not None and (above := here.parent.block) is not None:
            child = _child_of(above, here.pid)
            if child is None:
                break
            names.append(name_of(child.spec.id))
            here = above
        own = block.label if block.name is None else block.name
        return "/".join(reversed(names)) or name_of(own)

    def starts_anew(self, supervisor: ControlBlock | None, pid: Pid) -> bool:
        """Does this supervisor start this child not for the first time?

        A child that somebody has it start is new, and so is each child of a new supervisor. But one whose
        supervisor is itself started anew had a life before.
        """
        child = _child_of(supervisor, pid)
        if supervisor is None or child is None:
            return False
        if child.lives > 1 or not isinstance(supervisor.loop, StartingSupervisor):
            return child.lives > 1
        above = None if supervisor.parent is None else supervisor.parent.block
        if supervisor_state(above) is not None:
            return self.starts_anew(above, supervisor.pid)
        return self.booting

    def matching(self, target: Any) -> list[Place]:
        """The children that a target stands for by their id, or by their path."""
        return [place for place in self.places() if _is_id(target, place.child.spec.id) or place.path == target]

    def find(self, target: Any, share: float) -> Found | None:
        """The living process that a target stands for now; None if there is none just now.

        Args:
            share: a number from 0 up to 1 that says which one, where there are several to draw from.
        """
        if isinstance(target, Below):
            workers = self.workers(target)
            return workers[int(share * len(workers))] if workers else None
        block = self._named(target)
        if block is None:
            block = next(
                (pid.block for place in self.matching(target) if isinstance(pid := place.child.pid, Pid)), None
            )
        return None if block is None else Found(block, self.path_of(block))

    def workers(self, target: Below) -> list[Found]:
        """All living workers below a supervisor."""
        top, above = self.root.block if target.supervisor is None and self.root is not None else None, ""
        if target.supervisor is not None and (found := self.find(target.supervisor, 0.0)) is not None:
            top, above = found.block, "" if found.pid is self.root else f"{found.path}/"
        return [
            Found(child.pid.block, f"{above}{path}")
            for path, child in _below("", top)
            if isinstance(child.pid, Pid) and child.pid.block is not None and not _supervises(child)
        ]

    def _named(self, target: Any) -> ControlBlock | None:
        if isinstance(target, Address):
            pid = target.whereis()
            return None if pid is None else pid.block
        return self.names.get(name_key(target))

    def needs(self, target: Any, fault: object) -> Found | None:
        """See that a target exists in the system as it has started; None for a draw among workers.

        Raises:
            BadArg: nobody is called so, or several are.
        """
        if isinstance(target, Below):
            if target.supervisor is not None:
                top = self.needs(target.supervisor, fault)
                if top is None or supervisor_state(top.block) is None:
                    raise BadArg(f"{fault!r}: {written(target.supervisor)} is no supervisor, so nobody is below it")
            return None
        found = self.matching(target)
        if self._named(target) is None and len(found) > 1:
            paths = [place.path for place in found]
            if len(set(paths)) < len(paths):
                said = "children have no ids of their own; Below(…) with their supervisor draws one of them"
            else:
                said = f"say which by its path: {_listed(sorted(paths))}"
            raise BadArg(f"{fault!r}: {len(found)} children have the id {written(target)}; {said}")
        there = self.find(target, 0.0)
        if there is None:
            raise BadArg(
                f"{fault!r}: in this system there is no process with the name, no child with the id and no path "
                f"{written(target)}. Names: {_listed(map(name_of, self._all_names()))}. "
                f"Paths: {_listed(place.path for place in self.places())}"
            )
        return there

    def _all_names(self) -> list[object]:
        return [block.name for block in self.names.values()]

    # ---- starting it, and starting it again ---------------------------------------------------

    def boot(self) -> None:
        """Start the system for the first time, and let it settle.

        Raises:
            BadArg: it does not start, or answers no pid. Its ``__cause__`` is the error, if there was one.
        """
        before, boss = self.root, self.spawn_boss()
        self.run_to_rest(lambda: self.root is not before or not boss.alive, PATIENCE)
        if not boss.alive:
            reason = boss.reason
            error = reason if isinstance(reason, BaseException) else Exit(reason)
            said = describe_exception(error) if error is reason else str(error)
            raise BadArg(f"the application did not start: {said}") from error
        if self.root is before:
            raise BadArg(f"the application had not started after {PATIENCE:g} virtual seconds")
        if self.root is None or self.root.block is None:
            raise BadArg(
                "the application started, and its root ended before anything was broken: run it by itself first"
            )

    def spawn_boss(self, *, again: bool = False) -> ControlBlock:
        """Have a process start the system, and do what the faults do.

        Args:
            again: was the system down? Then, where it does not start, it stays down until the next try.
        """
        start = self.start_system

        async def campaign() -> None:
            Process.flag(trap_exit=True)
            self.booting = again
            with suppress(*((Exception, Exit) if again else ())):
                await start()
            self.booting = False
            while True:
                await receive()

        self.boss = self.spawn(campaign, label="campaign")
        return self.boss

    async def start_system(self) -> None:
        application = self.application
        if isinstance(application, type) and issubclass(application, Application):
            root = await application.start_application()
        else:
            root = await application()
        if not isinstance(root, Pid):
            raise BadArg(
                f"a campaign needs the pid of the root of the tree, and {name_of(application)} returned "
                f"{safe_repr(root)}. End it with `return await Supervisor.start_link(…)`."
            )
        if root.block is None:
            raise BadArg(f"{name_of(application)} returned the pid of a process that has ended already")
        self.root = root

    def reboot(self) -> None:
        """End whatever is left of the system, and start it anew: nothing of before is there any more."""
        boss = self.boss
        for block in list(self.blocks.values()):
            if block.alive and block is not boss:
                self.kill(block.pid)
        self.held.clear()
        self.spoilt.clear()
        assert boss is not None
        self.kill(boss.pid)  # with what its start function has made in it: tables, names
        self.spawn_boss(again=True)

    def run_to_rest(self, done: Callable[[], bool], patience: float) -> None:
        """Run, and let time pass, until that is so, or nothing comes any more, or patience is at an end.

        Raises:
            Busy: there is no end of what is done meanwhile.
        """
        goal = self.now() + patience
        self._taken = 0
        self.run_until_idle()
        while not done() and (left := self.next_timer()) is not None and self.now() + left <= goal:
            self._taken = 0
            self.advance(left)


def too_busy(stage: Stage) -> Deadlock:
    """What is to be said where the system does not come to rest."""
    return Deadlock(
        f"at virtual second {stage.elapsed():.3f} of the campaign the system took more than {MOST_TURNS:,} turns "
        "without coming to rest. Do two processes answer each other for ever, or does one send itself message "
        "after message?"
    )


def written(target: object) -> str:
    """A target as a program writes it."""
    return name_of(target) if isinstance(target, type) else safe_repr(target)


def _is_id(target: object, id: object) -> bool:
    """Is this child meant? Also by what the id is called, for a class is written by its name in a path."""
    return (isinstance(target, str) and name_of(id) == target) or strict_key(target) == strict_key(id)


def _below(path: str, block: ControlBlock | None) -> Iterator[Place]:
    for child in children_of(block):
        here = f"{path}/{name_of(child.spec.id)}".lstrip("/")
        yield Place(here, child)
        if isinstance(child.pid, Pid):
            yield from _below(here, child.pid.block)


def _child_of(supervisor: ControlBlock | None, pid: Pid) -> Child | None:
    """The child that has this pid, or that is being started just now."""
    children = children_of(supervisor)
    for child in children:
        if child.pid is pid:
            return child
    return next((child for child in children if child.doing == "starting"), None)


def _supervises(child: Child) -> bool:
    return isinstance(child.pid, Pid) and supervisor_state(child.pid.block) is not None


def _listed(names: Any) -> str:
    known = [*names]
    more = f" and {len(known) - SHOWN} more" if known[SHOWN:] else ""
    return (", ".join(known[:SHOWN]) or "none") + more


def check_target(target: object, fault: str) -> None:
    """Raise `BadArg` for what can be no target.

    A pid is none: the next life of the same process has another one.
    """
    if isinstance(target, Below):
        if target.supervisor is not None:
            check_target(target.supervisor, fault)
        return
    if isinstance(target, Pid):
        raise BadArg(
            f"{fault} needs a name, a child id or a path, got {target!r}: a pid leads nowhere once its process is "
            "restarted"
        )
    if not isinstance(target, Address):
        check_name(target)


__all__ = ["Below"]

"""The faults that a campaign plants: what each does to a process, and when it comes.

A fault is a plain value: ``Kill("cache", every=30.0)``. It strikes at random, on average every so many
seconds, or once ``at`` a certain second. What is drawn at random comes from a generator of our own, so a seed
means the same on every Python.

OTP: none
"""

from __future__ import annotations

import copy
import math
import sys
from dataclasses import KW_ONLY, dataclass, fields
from typing import Any, Final

from .children import supervisor_state
from .errors import BadArg, Exit, safe_repr
from .lab.world import RAISE, end_process
from .matching import name_key
from .stage import Found, Stage, check_target, written

EVERY: Final = 600.0
"""A fault comes so often on average, in seconds, if nobody says otherwise."""

MOST: Final = 1_000_000
"""So many times may a fault come, or do what it does."""

_MASK: Final = 2**64 - 1
_ORDER: Final = ("fault", "crash")


class Draw:
    """Random numbers by seed, the same on every Python: ``splitmix64``.

    Python's own generator promises that only of `random.random`.

    Example:
        >>> draw = Draw(1)
        >>> [round(draw.share(), 3) for _ in range(3)]
        [0.034, 0.909, 0.151]
    """

    def __init__(self, *seeds: int) -> None:
        self.state = 0
        for seed in seeds:
            self.state = self._next() ^ (seed & _MASK)

    def _next(self) -> int:
        self.state = (self.state + 0x9E3779B97F4A7C15) & _MASK
        z = self.state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
        return z ^ (z >> 31)

    def share(self) -> float:
        """A number from 0 up to 1."""
        return (self._next() >> 11) / 2**53


@dataclass(frozen=True, repr=False)
class Fault:
    """What goes wrong, with whom, and how often. Use one of the kinds that derive from it.

    Args:
        target: whom it strikes: a registered name; the id of a child; its path, the ids from the root's
            child on with ``/`` between them (``"storage/cache"``); or `Below`, for a draw among workers.
            A path and an id given as text mean a class by its name. A name goes before an id.
        every: so many seconds lie between two of them on average; each gap is drawn between half of that
            and one and a half times as much.
        at: it strikes once, at this second, and ``every`` says nothing.
    """

    target: Any
    _: KW_ONLY
    every: float = EVERY
    at: float | None = None

    def __post_init__(self) -> None:
        kind = type(self).__name__
        if kind == "Fault":
            raise BadArg("a fault is of a kind: write Crash(…), Kill(…), Hang(…) or another of them")
        self.check_target()
        a_number(f"{kind}: every", self.every, above=True)
        if self.at is not None:
            a_number(f"{kind}: at", self.at)

    def check_target(self) -> None:
        """Raise `BadArg` for what can be no target."""
        check_target(self.target, type(self).__name__)

    def __repr__(self) -> str:
        own = [field for field in fields(self) if field.name not in ("target", "_")]
        said = [
            f"{each.name}={safe_repr(value)}" for each in own if (value := getattr(self, each.name)) != each.default
        ]
        target = repr(self.target) if isinstance(self.target, Fault) else written(self.target)
        return f"{type(self).__name__}({', '.join([target, *said])})"

    def when(self, draw: Draw, end: float) -> list[float]:
        """The seconds at which it strikes before the end."""
        if self.at is not None:
            return [self.at] if self.at < end else []
        if end / self.every > MOST:
            raise BadArg(f"{self!r} would come more than {MOST:,} times in {end:g} s")
        found: list[float] = []
        now = 0.0
        while (now := round(now + self.every * (0.5 + draw.share()), 3)) < end:
            found.append(now)
        return found

    @property
    def lasts(self) -> float:
        """Seconds from its first stroke to its last."""
        return 0.0

    def check(self, stage: Stage) -> None:
        """See that it can strike in this system.

        Raises:
            BadArg: its target does not exist, or is none for this kind of fault.
        """
        found = stage.needs(self.target, self)
        if found is not None:
            self.check_found(stage, found)

    def check_found(self, stage: Stage, found: Found) -> None:
        """Raise `BadArg` for a target that this kind of fault cannot strike."""

    def strike(self, stage: Stage, draw: Draw, struck: list[str]) -> None:
        """Do it; adds the path of whom it strikes, and nothing where nobody is there just now."""
        found = stage.find(self.target, draw.share())
        if found is not None and self.can_strike(found):
            struck.append(found.path)
            stage.note("fault", stage.sender, found.pid, repr(self))
            self.do(stage, found)

    def can_strike(self, found: Found) -> bool:
        """Is there something just now that this kind of fault can take from the process?"""
        return True

    def do(self, stage: Stage, found: Found) -> None:
        """What it does to the process that was found."""
        raise NotImplementedError


@dataclass(frozen=True, repr=False)
class Crash(Fault):
    """A server raises an error at its next message; a plain process, where it waits.

    Args:
        error: what is raised.

    OTP: none
    """

    error: Exception | Exit = RuntimeError("planted by the campaign")  # noqa: RUF009  (a copy of it is raised)

    def __post_init__(self) -> None:
        super().__post_init__()
        an_error("Crash: error", self.error)

    def check_found(self, stage: Stage, found: Found) -> None:
        """See `Fault.check_found`."""
        if supervisor_state(found.block) is not None:
            raise BadArg(f"{self!r}: a supervisor runs no code of yours that could crash. Kill it.")

    def do(self, stage: Stage, found: Found) -> None:
        """Send it the order to raise."""
        order = (*_ORDER,)
        if found.block.loop is not None:
            stage.note("send", stage.sender, found.pid, order)
        end_process(stage.sender, found.pid, RAISE, copy.copy(self.error), order)


@dataclass(frozen=True, repr=False)
class Kill(Fault):
    """The process is killed: ``Process.exit(pid, "kill")``.

    OTP: none
    """

    def do(self, stage: Stage, found: Found) -> None:
        """Kill it."""
        stage.kill(found.pid)


@dataclass(frozen=True, repr=False)
class Hang(Fault):
    """The process does nothing for a while, and then goes on. Its messages pile up meanwhile.

    A signal ends it all the same, unless it traps exits: then only a kill does.

    Args:
        for_: so many seconds.

    OTP: none
    """

    for_: float = 20.0

    def __post_init__(self) -> None:
        super().__post_init__()
        a_number("Hang: for_", self.for_, above=True)

    def do(self, stage: Stage, found: Found) -> None:
        """Hold it."""
        stage.hold(found.block, self.for_)


@dataclass(frozen=True, repr=False)
class _AtStart(Fault):
    """What strikes a child in its ``init``: it is killed, so that it has to start."""

    def check_found(self, stage: Stage, found: Found) -> None:
        """See `Fault.check_found`."""
        if not any(place.child.pid is found.pid for place in stage.places()):
            raise BadArg(f"{self!r}: {found.path} is no child of a supervisor in the tree, so nobody starts it again")
        if found.block.loop is None:
            raise BadArg(f"{self!r}: {found.path} is no server, so it has no init that could be slow or fail")

    def starts(self) -> list[float | BaseException]:
        """What becomes of the next starts."""
        raise NotImplementedError

    def do(self, stage: Stage, found: Found) -> None:
        """Spoil its next starts, and kill it."""
        stage.spoil(found.path, self.starts())
        stage.kill(found.pid)


@dataclass(frozen=True, repr=False)
class SlowStart(_AtStart):
    """A child is killed, and its next ``init`` takes longer. Its supervisor waits for it, and does nothing else.

    Args:
        seconds: so many seconds longer.

    OTP: none
    """

    seconds: float = 2.0

    def __post_init__(self) -> None:
        super().__post_init__()
        a_number("SlowStart: seconds", self.seconds, above=True)

    def starts(self) -> list[float | BaseException]:
        """One slow start."""
        return [float(self.seconds)]


@dataclass(frozen=True, repr=False)
class FailingStart(_AtStart):
    """A child is killed, and its ``init`` raises an error so many times in a row.

    A supervisor tries again at once, and each try is one restart of its budget.

    Args:
        times: so many starts fail.
        error: what ``init`` raises.

    OTP: none
    """

    times: int = 3
    error: Exception | Exit = RuntimeError("planted by the campaign")  # noqa: RUF009  (a copy of it is raised)

    def __post_init__(self) -> None:
        super().__post_init__()
        an_error("FailingStart: error", self.error)
        a_count("FailingStart: times", self.times)

    def starts(self) -> list[float | BaseException]:
        """So many failing ones."""
        return [self.error] * self.times


@dataclass(frozen=True, repr=False)
class Unreachable(Fault):
    """A dependency is lost: a registered name leads nowhere for a while, and who calls it exits with ``"noproc"``.

    Its process lives on and has its name back afterwards; one that is restarted meanwhile takes it at once.
    Who knows the pid is not hindered.

    Args:
        for_: so many seconds.

    OTP: none
    """

    for_: float = 30.0

    def __post_init__(self) -> None:
        super().__post_init__()
        a_number("Unreachable: for_", self.for_, above=True)

    def check_found(self, stage: Stage, found: Found) -> None:
        """See `Fault.check_found`."""
        if found.block.name is None:
            raise BadArg(f"{self!r}: {found.path} has no registered name that could lead nowhere")

    def can_strike(self, found: Found) -> bool:
        """See `Fault.can_strike`: its name is lost already, or its next life took none."""
        return found.block.name is not None

    def do(self, stage: Stage, found: Found) -> None:
        """Take its name away, and give it back later."""
        block, name = found.block, found.block.name
        stage.unregister(name)

        def comes_back() -> None:
            if block.alive and block.name is None and name_key(name) not in stage.names:
                stage.register(block, name)

        stage.later(self.for_, comes_back)


@dataclass(frozen=True, repr=False)
class Flood(Fault):
    """Many messages come at once, and whatever is sent to the process afterwards has to wait until it is through.

    On a virtual clock a callback takes no time unless it sleeps. So the flood says how long each message
    keeps the process busy before its callback gets it.

    Args:
        messages: so many.
        cast: the request of a cast, for ``handle_cast``; without it a plain message ``"flood"`` comes, as from
            a stranger, for ``handle_info``.
        each: so many seconds is the process busy for each.

    OTP: none
    """

    messages: int = 1000
    cast: Any = None
    each: float = 0.001

    def __post_init__(self) -> None:
        super().__post_init__()
        a_count("Flood: messages", self.messages)
        a_number("Flood: each", self.each)

    def do(self, stage: Stage, found: Found) -> None:
        """Fill its mailbox, and hold it for the time that this is worth."""
        message = "flood" if self.cast is None else ("$gen_cast", self.cast)
        if self.each:
            stage.hold(found.block, self.messages * self.each)
        for _ in range(self.messages):
            copied = stage.copy(message)
            stage.note("send", stage.sender, found.pid, copied)
            stage.deliver(found.block, copied)


@dataclass(frozen=True, repr=False)
class Storm(Fault):
    """Several faults of a kind within a short time: one fault that strikes more than once.

    Args:
        target: the fault; how often a storm comes, the storm says.
        times: so many strokes, the first one at once.
        within: so many seconds; each other stroke comes at random before they are over.

    OTP: none

    Example:
        >>> from otp_mini import Below, Kill, Storm
        >>> Storm(Kill(Below("pool")), times=3, within=2.0, every=900.0)
        Storm(Kill(Below('pool')), every=900.0, times=3, within=2.0)
    """

    times: int = 5
    within: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        a_count("Storm: times", self.times)
        a_number("Storm: within", self.within)

    @property
    def lasts(self) -> float:
        """All strokes have come by then."""
        return self.within

    def check_target(self) -> None:
        """See that there is a fault inside, and that it says nothing of when it comes."""
        inner = self.target
        if not isinstance(inner, Fault) or isinstance(inner, Storm):
            raise BadArg(f'a storm is made of a fault: Storm(Kill("cache"), times=5); got {safe_repr(inner)}')
        if inner.at is not None or inner.every != EVERY:
            raise BadArg(f"Storm: when {inner!r} comes, the storm says: write its every or at there")

    def check(self, stage: Stage) -> None:
        """See `Fault.check`."""
        self.target.check(stage)

    def strike(self, stage: Stage, draw: Draw, struck: list[str]) -> None:
        """The first stroke comes now, the others soon."""
        inner: Fault = self.target
        after = sorted(round(draw.share() * self.within, 3) for _ in range(self.times - 1))
        inner.strike(stage, draw, struck)
        for seconds in after:
            stage.later(seconds, lambda: inner.strike(stage, draw, struck))


def a_number(what: str, value: object, *, above: bool = False) -> None:
    """Raise `BadArg` unless this is a finite number from 0 up, or above it."""
    good = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < math.inf
    if not good or value > sys.float_info.max or (above and value == 0):  # type: ignore[operator]
        raise BadArg(f"{what} must be a number {'above 0' if above else 'from 0 up'}, got {safe_repr(value)}")


def a_count(what: str, value: object) -> None:
    """Raise `BadArg` unless this is a whole number from 1 up."""
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= MOST:
        raise BadArg(f"{what} must be a whole number from 1 up to {MOST:,}, got {safe_repr(value)}")


def an_error(what: str, value: object) -> None:
    """Raise `BadArg` unless this is an error that a process may end with."""
    if not isinstance(value, Exception | Exit):
        raise BadArg(f"{what} must be an instance of an exception, as in OSError('disk full'), got {safe_repr(value)}")


__all__ = ["Crash", "FailingStart", "Fault", "Flood", "Hang", "Kill", "SlowStart", "Storm", "Unreachable"]

"""Every schedule of a small scenario: which outcomes are possible, and how to get to each.

A test runs one schedule, and a race shows in another. `explore` runs a scenario again and again: between
two steps it tries each process, signal and timer that could be next, until nothing new is left to try.
It answers every outcome that there is, or says that it did not see all.

Most orders of steps make no difference: two processes that send to two others may go in either order.
Such schedules are *equivalent*, and of those only one is run to its end. What makes a difference is
written in `otp_mini.watched`; the method is that of *sleep sets* (Godefroid, 1996): what was tried first
at a place sleeps in the branches beside it, until a step comes that depends on it.

Three searches, one after the other:

1. schedules that deviate from the usual one at up to two steps, the fewest deviations first: so a race
   is found early, and its schedule is short;
2. all schedules, without equivalent ones;
3. where that was more than was allowed: random schedules, by seed; what they find is shrunk.

A *schedule* is written as its deviations from the usual one, in which a process goes on as long as it
can, and then the one that has been ready longest: ``@5 client2`` says that at step 5 it is client2's turn.

Time moves when nobody can go on. How long a step takes on a real machine nobody knows, so a time-out may be
over before an answer that is on its way: that is tried where ``time_ahead`` allows it. ``@4 time`` says that
at step 4 time moved to the next timer ahead of all who could go on, and that timer goes next.

Two outcomes are the same if they are written the same way: a set, a dict or a pid in them is written so
that the order of insertion and the number of the pid make no difference.

OTP: none; Concuerror does it for Erlang
"""

from __future__ import annotations

import random
import re
import time
from collections import deque
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from inspect import CO_COROUTINE
from itertools import zip_longest
from types import FunctionType
from typing import Any, Final, NamedTuple

from .errors import DEEPEST, BadArg, Deadlock, Exit, name_of, safe_repr
from .interrupts import interrupts
from .plain_functions import check_plain, guard
from .points import with_points
from .process import runtime
from .reports import silenced
from .terms import Down, ExitSignal, Pid, is_word, picture
from .threads import claimed, taking
from .tracing import Event, Trace
from .waits import who_waits
from .watched import ALL, TIME, Ahead, Footprint, WatchedNode

LONGEST: Final = 2_000
"""A run of more steps is given up, and its outcome says so."""

STUCK: Final = "main waits, and nothing can come any more"
RAN_ON: Final = f"main was still running after {LONGEST:,} steps"

MOST: Final = 10_000
"""So many runs at most, unless somebody wants more or fewer."""

FIRST: Final = 500
"""So many schedules with few deviations are tried."""

DEVIATIONS: Final = 2
"""So many deviations they have at most."""

GIVEN_UP: Final = 20
"""After so many runs that were given up nothing more is tried: this scenario does not end."""

CHECKED: Final = 100
"""The schedules of so many outcomes are run once more at the end: do they lead there again?"""

TOLD_EVERY: Final = 50
"""After so many runs, whoever shows the progress hears of it."""

LONGEST_OUTCOME: Final = 10_000
"""Two outcomes that differ only behind so many letters count as one."""

BRIEF: Final = 40
"""So many letters of a term are told in the account of a step."""

WIDEST: Final = 60
"""So many letters of a step stand in one of the two columns of the text form."""

MOST_LINES: Final = 12
"""The text form shows so many steps from where two runs part."""

TURNINGS: Final = 200
"""So many other turns in a wrong run are tried, the last first, for a right run that has much in common with it."""

MOST_OUTCOMES: Final = 40
"""So many outcomes are shown, the wrong ones before all others where there are more."""

TIME_AHEAD: Final = "time_ahead"
"""The option of `explore` that the headline names."""

USUAL: Final = "(usual)"
"""The schedule without a deviation, as text."""

Progress = Callable[[int, int | None], None]
"""Gets the number of runs so far, and how many there were in all when that is known."""

Choose = Callable[[int, tuple[str, ...], str], str]
"""Who goes next: gets the number of the step, who could go, and who went last."""


class Cut(Exception):
    """This run would be equivalent to one that was seen."""


@dataclass
class Step:
    """One step of a run: who went, who could have gone, and what it touched."""

    who: str
    enabled: tuple[str, ...]
    footprint: Footprint
    lives: dict[Hashable, str]  # what stands for the life of each process of the run in a footprint, with its name

    @property
    def life(self) -> Hashable:
        """What stands for the life of the one that went; None for a signal or a timer."""
        return next((life for life, name in self.lives.items() if name == self.who), None)

    def is_an_end(self) -> bool:
        """Has the process ended in this step, and changed nothing else?"""
        return self.footprint.writes == {self.life}

    def is_silent(self) -> bool:
        """Has it done nothing that another process could meet, unless it ends this one? It waits, or goes on."""
        return not self.footprint.writes and self.footprint.reads == {self.life}


@dataclass
class Replay:
    """One run of a scenario by one schedule.

    Attributes:
        outcome: what the scenario returned, or the exception that ended it.
        schedule: the run's own schedule, as text.
        steps: the names of those who went, in order.
        told: what each of these steps did, as text.
        trace: the events.
    """

    outcome: Any
    schedule: str
    steps: list[str]
    told: list[str]
    trace: Trace
    shown: str = ""

    def __str__(self) -> str:
        lines = [f"{number:>4}  {told}" for number, told in enumerate(self.told)]
        return "\n".join([*lines, f"outcome {self.shown} by the schedule {self.schedule}"])

    __repr__ = __str__


@dataclass
class _Found:
    """One outcome: how many schedules lead to it, and the one with the fewest deviations."""

    value: Any
    count: int = 0  # of those that are not equivalent
    seen: set[int] = field(default_factory=set)  # the hashes of all that were met
    schedule: dict[int, str] = field(default_factory=dict)


class Record:
    """What a run did, step by step, in words that hold in every run: a process is told by its name."""

    def __init__(self) -> None:
        self.trace = Trace()
        self.told: list[str] = []
        self._events = 0

    def note(self, who: str, node: WatchedNode) -> None:
        """A step is over."""
        operations = node.operations or []
        if who == TIME:
            self.told.append(f"{who}: moves to {node.now():g} s, ahead of all who could go on")
            return
        done = [f"{name}({', '.join(_brief(each, node.paths) for each in args)})" for name, args in operations]
        if not done:
            done = [_event(event, node.paths) for event in self.trace.events[self._events :]]
        self.told.append(f"{who}: {'; '.join(done) or 'goes on'}")
        self._events, node.operations = len(self.trace.events), []


def _brief(term: Any, paths: dict[Pid, str]) -> str:
    return _cut(term_text(term, paths), BRIEF)


def _cut(text: str, most: int = WIDEST) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _event(event: Event, paths: dict[Pid, str]) -> str:
    term = event.term
    match term:
        case ("$gen_call", _, request):
            said = f"call {_brief(request, paths)}"
        case ("$gen_cast", request):
            said = f"cast {_brief(request, paths)}"
        case _:
            said = "" if term is None else _brief(term, paths)
    other = "" if event.other is None else f"<{paths.get(event.other, 'a process')}>"
    return " ".join(filter(None, [event.kind, other, said]))


def usual(enabled: tuple[str, ...], last: str) -> str:
    """Who goes on where nobody says otherwise: the last one, else who has been ready longest.

    Where time has moved ahead, what is due since then.
    """
    if last == TIME:
        return next(who for who in enabled if who.startswith(_DUE))
    return last if last in enabled and ">" not in last else enabled[0]


_DUE: Final = ("time>", "timer>")


def newest(enabled: tuple[str, ...], last: str) -> str:
    """The last one, else who became ready last: so whoever has called a server goes on before others come."""
    ready = tuple(who for who in reversed(enabled) if ">" not in who and who != TIME)
    return usual(enabled if last == TIME else ready or enabled, last)


def run_once(
    scenario: Callable[[], Any],
    choose: Choose,
    steps: list[Step] | None = None,
    record: Record | None = None,
    ahead: Ahead | None = None,
) -> tuple[Any, str, list[Step]]:
    """One run on a node of its own: the outcome, the outcome as text, and the steps.

    They are added to ``steps`` as they are taken, if it is given, and told to ``record``. ``ahead`` says whether
    time may move ahead of who could go on, and is told whether it had to wait.

    Raises:
        Cut: ``choose`` gave the run up.
        BadArg: processes run in another thread just now.
    """
    node, steps, last = WatchedNode(ahead), [] if steps is None else steps, ""
    with taking, claimed(), node:  # one run at a time, and no other thread's processes in between
        node.driving = True
        if record is not None:
            node.tracer, node.operations = record.trace, []
        try:
            node._main = main = node.spawn(scenario, label="main")
            while main.alive and node.exited is None and len(steps) < LONGEST and (choices := node.choices()):
                if interrupts.take():
                    raise KeyboardInterrupt
                enabled = tuple(choices)
                last = choose(len(steps), enabled, last)
                steps.append(Step(last, enabled, node.step_of(choices[last]), node.lives))
                _refuse_what_cannot_be_tried(node)
                if record is not None:
                    record.note(last, node)
            value = _outcome(node, len(steps))
            return value, term_text(value, node.paths), steps
        finally:
            node.driving, runtime.running = False, None
            node.close()


def _refuse_what_cannot_be_tried(node: WatchedNode) -> None:
    """Raise `BadArg` where somebody waits for what is not the node's, or has code that could not be read."""
    if node.refused is not None:
        raise node.refused
    if node.host.threads:
        raise BadArg(
            "explore cannot try the orders of in_thread: a thread is not the node's. Call the function itself."
        )


def _outcome(node: WatchedNode, steps: int) -> Any:
    main = node._main
    assert main is not None
    if node.exited is not None:
        return node.exited
    if not main.alive:
        if is_word(main.reason, "normal"):
            return main.result
        return main.reason if isinstance(main.reason, BaseException) else Exit(main.reason)
    if steps >= LONGEST:
        return Deadlock(RAN_ON)
    return Deadlock(f"{STUCK}:\n{who_waits(node.blocks.values())}")


_NUMBERED: Final = re.compile(r"#PID<0\.(\d+)\.0>|#Ref<[\d.]+>")


def term_text(value: Any, paths: dict[Pid, str]) -> str:
    """An outcome for a person. A pid is shown by its process's name: its number depends on the schedule.

    For the same reason the references in it are counted anew.
    """
    text = _written(value, paths, ())
    if len(text) > LONGEST_OUTCOME:
        text = f"{text[:LONGEST_OUTCOME]}… ({len(text) - LONGEST_OUTCOME:,} characters more)"
    if "#PID<" not in text and "#Ref<" not in text:
        return text
    names = {str(pid.number): name for pid, name in paths.items()}
    refs: dict[str, int] = {}

    def name(found: re.Match[str]) -> str:
        if found[1] is not None:
            return f"<{names.get(found[1], 'a process')}>"
        return f"#Ref<{refs.setdefault(found[0], len(refs) + 1)}>"

    return _NUMBERED.sub(name, text)


def _written(value: Any, paths: dict[Pid, str], above: tuple[int, ...]) -> str:
    """The text of a term; equal dicts and sets have the same. ``above``: in which collections it stands."""
    kind = type(value)
    if kind is Pid:
        return f"<{paths.get(value, 'a process')}>"
    if id(value) in above or len(above) == DEEPEST:
        return safe_repr(value, LONGEST_OUTCOME)
    inside = (*above, id(value))
    if kind in (tuple, list):
        inner = ", ".join(_written(each, paths, inside) for each in value)
        return f"[{inner}]" if kind is list else f"({inner}{',' * (len(value) == 1)})"
    if kind is dict:
        rows = [f"{_written(key, paths, inside)}: {_written(one, paths, inside)}" for key, one in value.items()]
        return f"{{{', '.join(sorted(rows))}}}"
    if isinstance(value, Deadlock):
        return f"Deadlock: {str(value).partition(':')[0]}"
    if kind is FunctionType:
        return name_of(value)
    if kind in (Down, ExitSignal):
        return f"{kind.__name__}({_written(value.pid, paths, inside)}, {_written(value.reason, paths, inside)})"
    if isinstance(value, BaseException):
        return (
            f"{name_of(kind)}({', '.join(_written(each, paths, inside) for each in BaseException.args.__get__(value))})"  # type: ignore[attr-defined]
        )
    return safe_repr(value, LONGEST_OUTCOME)


# ---- schedules as text ---------------------------------------------------------------------------


def deviations_of(steps: list[Step]) -> dict[int, str]:
    """Who went at which step where usually another would have gone."""
    last, found = "", {}
    for depth, step in enumerate(steps):
        if step.who != usual(step.enabled, last):
            found[depth] = step.who
        last = step.who
    return found


def as_text(deviations: dict[int, str]) -> str:
    """A schedule as `replay` takes it."""
    return " ".join(f"@{depth} {who}" for depth, who in sorted(deviations.items())) or USUAL


def _parse(schedule: str) -> dict[int, str]:
    if not isinstance(schedule, str):
        raise BadArg(f'a schedule is a text such as "@5 client2 @9 main"; got {safe_repr(schedule)}')
    words = [] if schedule.strip() in ("", USUAL) else schedule.split()
    steps, names = words[::2], words[1::2]
    if len(steps) != len(names) or not all(map(_STEP.fullmatch, steps)) or len({*steps}) < len(steps):
        raise BadArg(f'a schedule is written as "@5 client2 @9 main", or {USUAL!r}; got {safe_repr(schedule)}')
    return {int(step[1:]): name for step, name in zip(steps, names, strict=True)}


_STEP: Final = re.compile(r"@(0|[1-9][0-9]{0,8})")


def _follow(deviations: dict[int, str]) -> Choose:
    def choose(depth: int, enabled: tuple[str, ...], last: str) -> str:
        wanted = deviations.get(depth)
        return wanted if wanted in enabled else usual(enabled, last)

    return choose


def _along(names: list[str], goes_on: Callable[[tuple[str, ...], str], str]) -> Choose:
    return lambda depth, enabled, last: names[depth] if depth < len(names) else goes_on(enabled, last)


def replay(scenario: Callable[[], Any], schedule: str = USUAL) -> Replay:
    """Run a scenario once, by a schedule that `explore` has found, and record what happens.

    Args:
        scenario: the same ``async def``.
        schedule: as text; ``"(usual)"`` has no deviation. One that has ``time`` in it needs no option: it says
            itself how often time moves ahead.

    Raises:
        BadArg: the schedule is not written as one, or it names a step or a process that this
            scenario does not have.

    OTP: none

    Example:
        >>> from otp_mini import receive, replay, self_, send, spawn
        >>> async def say(boss, word):
        ...     send(boss, word)
        >>> async def first_word():
        ...     spawn(say, self_(), "ping")
        ...     spawn(say, self_(), "pong")
        ...     return await receive()
        >>> replay(first_word).outcome, replay(first_word, "@2 say2").outcome
        ('ping', 'pong')
    """
    check_scenario(scenario, "replay")
    deviations, record = _parse(schedule), Record()
    ahead = Ahead([*deviations.values()].count(TIME))
    with quiet():
        value, shown, steps = run_once(scenario, _follow(deviations), record=record, ahead=ahead)
    for depth, who in deviations.items():
        if depth >= len(steps) or steps[depth].who != who:
            could = "the run is over by then" if depth >= len(steps) else f"could go: {', '.join(steps[depth].enabled)}"
            raise BadArg(f"the schedule has {name_of(who)} at step {depth}, and this run does not: {could}.")
    names = [step.who for step in steps]
    return Replay(value, as_text(deviations_of(steps)), names, record.told, record.trace, shown)


def check_scenario(scenario: Any, function: str) -> None:
    """Raise `BadArg` for what cannot be run again and again.

    The source is read here once, so that its lack is told before anything runs.
    """
    if type(scenario) is not FunctionType or not scenario.__code__.co_flags & CO_COROUTINE:
        raise BadArg(f"{function} needs an `async def` without arguments, got {safe_repr(scenario)}")
    code, defaults = scenario.__code__, scenario.__defaults__ or ()
    needed = code.co_argcount - len(defaults) + code.co_kwonlyargcount - len(scenario.__kwdefaults__ or ())
    if needed > 0:
        raise BadArg(f"{function} needs an `async def` without arguments, and {scenario.__name__} takes {needed}")
    with_points(scenario)


@contextmanager
def quiet() -> Iterator[None]:
    """Crashes are what is looked for: nothing is logged meanwhile. Ctrl-C comes between two steps."""
    with interrupts.watched(lambda: None), silenced():
        yield


# ---- the result ----------------------------------------------------------------------------------


class Schedules:
    """What `explore` answers.

    Attributes:
        schedules: how many schedules were run to their end; equivalent ones count as one where
            ``exhaustive`` is True.
        exhaustive: was every schedule tried?
        outcomes: how many of them lead to each outcome. An exception, and what cannot be a key or has
            a pid in it, stands there as its text.
        shortest: the schedule with the fewest deviations that was seen to lead to each, for `replay`.
        wrong: the outcomes to which ``check`` said no.
        undisturbed: the processes that no other process ends, in any schedule.
        unmissed: those of them whose own end nobody notices. Both are for `otp_mini.viz.schedule_graph`, and empty
            where nobody asked for them, or not every schedule was tried.
    """

    def __init__(
        self, scenario: Callable[[], Any], found: dict[str, _Found], exhaustive: bool, stopped: str, ahead: Ahead
    ) -> None:
        self.scenario = scenario
        self.ahead = ahead
        self.exhaustive = exhaustive
        self.stopped = stopped  # why it was not exhaustive
        self.wrong: list[Any] = []
        self.undisturbed: frozenset[str] = frozenset()
        self.unmissed: frozenset[str] = frozenset()
        self.outcomes: dict[Any, int] = {}
        self.shortest: dict[Any, str] = {}
        self.values: dict[Any, Any] = {}  # by the keys of `outcomes`
        self.texts: dict[Any, str] = {}
        self.wrong_texts: set[str] = set()
        self._compared: Compared | None = None
        for text, each in found.items():
            key = self._key(each.value, text)
            self.outcomes[key] = each.count if exhaustive else len(each.seen)
            self.shortest[key] = as_text(each.schedule)
            self.values[key], self.texts[key] = each.value, text
        self.schedules = sum(self.outcomes.values())

    def _key(self, value: Any, text: str) -> Any:
        try:
            usable = text == safe_repr(value, LONGEST_OUTCOME) and bool(value == value) and value not in self.outcomes
        except (Exception, Exit):
            usable = False  # no hash
        return value if usable and not isinstance(value, BaseException) else text

    def judge(self, check: Callable[[Any], Any]) -> None:
        """Say which outcomes are wrong."""
        self.wrong = [key for key, value in self.values.items() if not is_right(check, value)]
        self.wrong_texts = {text for key, text in self.texts.items() if any(key is one for one in self.wrong)}

    def rows(self) -> list[tuple[str, bool, int, str]]:
        """Of each outcome: its text, whether it is wrong, how many schedules lead to it, and the shortest."""
        columns = self.texts.values(), self.outcomes.values(), self.shortest.values()
        return [(text, text in self.wrong_texts, many, by) for text, many, by in zip(*columns, strict=True)]

    def headline(self) -> str:
        """The result in one sentence."""
        many = f"{self.schedules:,} schedule{'' if self.schedules == 1 else 's'}"
        if not self.exhaustive:
            were = "was" if self.schedules == 1 else "were"
            return f"Not exhaustive: {self.stopped}. {many} {were} tried; of the others nothing is known."
        if self.schedules == 1:
            return f"There is only one schedule{self._condition()}."
        if len(self.outcomes) == 1:
            return f"The same in all {many}{self._condition()}."
        return f"{len(self.outcomes)} outcomes in {many}, and there are no others{self._condition()}."

    def _condition(self) -> str:
        """What was not tried: that time moves while somebody could go on, or does so more often."""
        if not self.ahead.held:
            return ""
        if not self.ahead.most:
            return f" if time moves only when nobody can go on (see {TIME_AHEAD})"
        often = "once" if self.ahead.most == 1 else f"{self.ahead.most:,} times"
        return f" if time moves ahead of who can go on {often} at most"

    def shown(self) -> tuple[list[tuple[str, bool, int, str]], int]:
        """The rows that are shown, and how many are not."""
        rows = self.rows()
        left = len(rows) - MOST_OUTCOMES
        return (sorted(rows, key=lambda row: not row[1])[:MOST_OUTCOMES] if left > 0 else rows), max(0, left)

    def compared(self) -> Compared | None:
        """A wrong run and the right one that has most in common with it; without a check, of the first two outcomes."""
        return self._compared

    def compare(self) -> None:
        """Run the two: what `compared` answers."""
        rows = self.rows()
        wrong = next((row for row in rows if row[1]), None) or next(iter(rows[1:]), None)
        right = next((row for row in rows if not row[1] and row is not wrong), None)
        if wrong is None or right is None:
            return
        rights = {row[0] for row in rows if row[1] == right[1]} - {wrong[0]}
        with quiet():
            text, schedule = _latest_turning(self.scenario, wrong[3], rights, self.ahead) or (right[0], right[3])
        one, two = (replay(self.scenario, by).told for by in (schedule, wrong[3]))
        same = next((n for n, (a, b) in enumerate(zip(one, two, strict=False)) if a != b), min(len(one), len(two)))
        self._compared = Compared(text, wrong[0], same, [*zip_longest(one[same:], two[same:], fillvalue="")])

    def __str__(self) -> str:
        rows, left = self.shown()
        width = max((len(f"{many:,}") for _, _, many, _ in rows), default=0)
        lines = [self.headline()]
        for text, wrong, many, by in rows:
            lines.append(f"  {many:>{width},} x  {_cut(text, 3 * WIDEST)}{'  wrong' * wrong}  by {by}")
        if left:
            lines.append(f"  and {left:,} more outcomes")
        return "\n".join(lines if self._compared is None else [*lines, "", str(self._compared)])

    __repr__ = __str__

    def _repr_html_(self) -> Any:
        """In a notebook: the outcomes, and two traces side by side."""
        shown = picture(self)
        return None if shown is None else shown._repr_html_()


def _latest_turning(
    scenario: Callable[[], Any], schedule: str, rights: set[str], ahead: Ahead
) -> tuple[str, str] | None:
    """The last step of a run at which another's turn would have led to one of these outcomes.

    Answers that outcome and the schedule; None where it was not found soon.
    """
    _, _, steps = run_once(scenario, _follow(_parse(schedule)), ahead=ahead)
    names = [step.who for step in steps]
    turnings = [(at, who) for at, step in enumerate(steps) for who in step.enabled if who != step.who]
    for at, who in turnings[: -TURNINGS - 1 : -1]:
        for goes_on in (usual, newest):
            _, text, others = run_once(scenario, _along([*names[:at], who], goes_on), ahead=ahead)
            if text in rights:
                return text, as_text(deviations_of(others))
    return None


def is_right(check: Callable[[Any], Any], outcome: Any) -> bool:
    """Ask ``check``; one that expects a number cannot judge an exception, which is wrong then."""
    try:
        right: bool = guard(check, "explore's check")(outcome)
        return right
    except Exception:
        if isinstance(outcome, BaseException):
            return False
        raise


class Compared(NamedTuple):
    """Two runs from where they part: the outcomes, how many steps were the same, and the steps after these."""

    right: str
    wrong: str
    same: int
    rows: list[tuple[str, str]]

    def __str__(self) -> str:
        return self.side_by_side(WIDEST)

    def side_by_side(self, widest: int) -> str:
        """The two in columns of so many letters at most."""
        shown = [(_cut(left, widest), _cut(right, widest)) for left, right in self.rows[:MOST_LINES]]
        right, wrong = _cut(self.right, widest), _cut(self.wrong, widest)
        width = max(len(text) for text in (right, *(left for left, _ in shown)))
        lines = [f"The two part at step {self.same}:", f"      {right:{width}}  |  {wrong}"]
        for number, (left, right) in enumerate(shown, self.same):
            lines.append(f"{number:>4}  {left:{width}}  |  {right}".rstrip())
        if len(self.rows) > len(shown):
            lines.append(f"      and {len(self.rows) - len(shown)} more steps")
        return "\n".join(lines)


# ---- the search ----------------------------------------------------------------------------------


class _Place:
    """A place in the tree of schedules: who was chosen here, who was before, and who sleeps."""

    __slots__ = ("enabled", "chosen", "sleep", "done", "footprint")

    def __init__(self, enabled: tuple[str, ...], chosen: str, sleep: dict[str, Footprint]) -> None:
        self.enabled = enabled
        self.chosen = chosen
        self.sleep = sleep
        self.done: dict[str, Footprint] = {}
        self.footprint: Footprint | None = None


class _Search:
    """The three searches, and what they have found."""

    def __init__(
        self,
        scenario: Callable[[], Any],
        most: int,
        seconds: float | None,
        progress: Progress | None = None,
        time_ahead: int = 0,
    ) -> None:
        self.scenario = scenario
        self.ahead = Ahead(time_ahead)
        self.most = most
        self.seconds = seconds
        self.until = None if seconds is None else time.monotonic() + seconds
        self.stopped = f"most={most:_} was not enough"
        self.given_up = 0  # so many runs
        self.found: dict[str, _Found] = {}
        self.progress = progress
        self.runs = 0  # in all three searches
        self.noticing = False  # is the rest of this of interest?
        self.met: set[str] = set()  # who was seen to go
        self.disturbed: set[str] = set()  # whom another has ended
        self.ended: set[str] = set()  # who was seen to come to its end
        self.missed: set[str] = set()  # and whose end could come on the other side of a step that it meets
        self.looked = False  # has a step asked for all processes or names?

    def run(self, choose: Choose, steps: list[Step] | None = None) -> tuple[Any, str, list[Step]]:
        """One run."""
        return run_once(self.scenario, choose, steps, ahead=self.ahead)

    def tell(self) -> None:
        """A run is over: whoever shows the progress hears of it now and then."""
        self.runs += 1
        if self.progress is not None and self.runs % TOLD_EVERY == 0:
            self.progress(self.runs, None)

    def meet(self, value: Any, text: str, steps: list[Step]) -> _Found:
        """Note a run."""
        self.given_up += len(steps) >= LONGEST
        found = self.found.setdefault(text, _Found(value))
        deviations = deviations_of(steps)
        if not found.seen or len(deviations) < len(found.schedule):
            found.schedule = deviations
        found.seen.add(hash(tuple(deviations.items())))
        if self.noticing:
            self.notice(steps)
        return found

    def notice(self, steps: list[Step]) -> None:
        """Who of this run is disturbed by others, and whose end is noticed by them."""
        for depth, step in enumerate(steps):
            self.met.add(step.who)
            self.looked = self.looked or ALL in step.footprint.writes
            ended = {step.lives[one] for one in step.footprint.writes if one in step.lives}
            self.disturbed |= ended - {step.who}
            if step.who in ended - self.missed:
                self.ended.add(step.who)
                if _is_noticed(steps, depth):
                    self.missed.add(step.who)

    def is_over(self, runs: int) -> bool:
        """Is the budget spent?"""
        if self.until is not None and time.monotonic() > self.until:
            self.stopped = f"seconds={self.seconds:g} was not enough"
            return True
        return runs >= self.most or self.does_not_end()

    def does_not_end(self) -> bool:
        """Were too many runs given up?"""
        return self.given_up >= GIVEN_UP

    def is_whole(self, came_to_its_end: bool) -> bool:
        """Was every schedule tried to its end?"""
        if self.given_up:
            self.stopped = f"some runs had not come to an end after {LONGEST:,} steps"
        lost = [text for text, found in self.found.items() if came_to_its_end and not found.count]
        if lost:
            self.stopped = f"the outcome {_cut(lost[0])} was left out, which is a fault of explore itself"
        return came_to_its_end and not self.given_up and not lost

    def search(self, right: Callable[[Any], Any] | None = None) -> bool:
        """All three searches, as far as they are needed; answers whether the exhaustive one came to its end.

        With ``right``, a short schedule is of interest only if an outcome is wrong.
        """
        if right is None:
            self.few_deviations()
        whole = self.all_schedules()
        if right is not None and not (whole and all(is_right(right, found.value) for found in self.found.values())):
            self.few_deviations_as_if_first()
        if not whole:
            self.random_schedules()
        return whole

    def few_deviations_as_if_first(self) -> None:
        """The outcomes stand in the order in which these are found, and so does the schedule to each."""
        others, self.found = self.found, {}
        self.few_deviations()
        for text, other in others.items():
            found = self.found.setdefault(text, other)
            if found is not other:
                found.count += other.count
                found.seen |= other.seen
                found.schedule = min(found.schedule, other.schedule, key=len)

    def few_deviations(self) -> None:
        """Breadth first: the usual schedule in any case, all with one deviation, then with two."""
        waiting: deque[dict[int, str]] = deque([{}])
        runs = 0
        while waiting and runs < FIRST and not (runs and self.is_over(runs)):
            deviations = waiting.popleft()
            value, text, steps = self.run(_follow(deviations))
            runs += 1
            self.tell()
            self.meet(value, text, steps)
            if len(deviations) < DEVIATIONS:
                for depth in range(max(deviations, default=-1) + 1, len(steps)):
                    step = steps[depth]
                    waiting.extend({**deviations, depth: who} for who in step.enabled if who != step.who)

    def all_schedules(self) -> bool:
        """Depth first, without equivalent schedules; answers whether it came to its end."""
        places: list[_Place] = []
        runs = 0
        while not self.is_over(runs):
            runs += 1
            self.tell()
            self.descend(places)
            if not _turn_back(places):
                return True
        return False

    def descend(self, places: list[_Place]) -> None:
        """One run along the places that are laid out, and on to its end, unless all who could go on sleep."""
        steps: list[Step] = []

        def choose(depth: int, enabled: tuple[str, ...], last: str) -> str:
            if depth < len(places):
                if places[depth].enabled != enabled:
                    raise BadArg(_NOT_THE_SAME)
                return places[depth].chosen
            sleep = _asleep(places[-1], steps[-1].footprint) if places else {}
            awake = tuple(who for who in enabled if who not in sleep)
            if not awake:
                raise Cut
            places.append(_Place(enabled, usual(awake, last), sleep))
            return places[-1].chosen

        try:
            value, text, _ = self.run(choose, steps)
            # Who sleeps when main ends was before that in a run that is equivalent as far as main goes.
            self.meet(value, text, steps).count += not _asleep(places[-1], steps[-1].footprint)
        except Cut:
            pass
        if len(places) != len(steps):
            raise BadArg(_NOT_THE_SAME)
        for place, step in zip(places, steps, strict=True):
            place.footprint = step.footprint

    def random_schedules(self) -> None:
        """One run for each seed; the schedule of a new outcome is shrunk."""
        for seed in range(max(1, self.most // 10)):
            if self.does_not_end() or (self.until is not None and time.monotonic() > self.until):
                break
            value, text, steps = self.run(_at_random(random.Random(seed)))
            self.tell()
            new = text not in self.found
            self.meet(value, text, steps)
            if new:
                self.shrink(text)

    def look_again(self) -> None:
        """Run the schedules that were found once more, and shrink those of more than a few deviations.

        Raises:
            BadArg: one leads to another outcome now.
        """
        for text, found in [*self.found.items()][:CHECKED]:
            _, now, _ = self.run(_follow(found.schedule))
            if now != text:
                raise BadArg(_NOT_THE_SAME)
            if len(found.schedule) > DEVIATIONS:
                self.shrink(text)

    def shrink(self, text: str) -> None:
        """Leave out deviations of the schedule that leads to this outcome, as long as it does."""
        found = self.found[text]
        found.schedule = self.shrunk(found.schedule, text)

    def shrunk(self, deviations: dict[int, str], text: str) -> dict[int, str]:
        """Leave out one deviation after the other, the last first, as long as the outcome stays."""
        for depth in sorted(deviations, reverse=True):
            fewer = {at: who for at, who in deviations.items() if at != depth}
            _, now, steps = self.run(_follow(fewer))
            if now == text and len(shorter := deviations_of(steps)) < len(deviations):
                deviations = shorter
        return deviations


def _is_noticed(steps: list[Step], end: int) -> bool:
    """Does a step of another process meet this end, and could it come on the other side of it?

    It could not if it led to the step that the process took before. A step leads to a later one of the same
    process, to one that it meets, and to the next one of whom it made ready.
    """
    one = steps[end]
    if any(later.footprint.meets(one.footprint) for later in steps[end + 1 :]):
        return True
    before = next((depth for depth in range(end - 1, -1, -1) if steps[depth].who == one.who), -1)
    led = _led_to(steps, before) | _led_to(steps, _made_ready(steps, end))
    return any(
        depth not in led and step.who != one.who and step.footprint.meets(one.footprint)
        for depth, step in enumerate(steps[:end])
    )


def _made_ready(steps: list[Step], depth: int) -> int:
    """The step since which the one that went here could go; -1 for none."""
    who, at = steps[depth].who, depth
    while at > 0 and who in steps[at - 1].enabled and steps[at - 1].who != who:
        at -= 1
    return at - 1


def _led_to(steps: list[Step], last: int) -> set[int]:
    """The steps that led to this one, and itself."""
    led, waiting = set[int](), [last]
    while waiting:
        depth = waiting.pop()
        if depth < 0 or depth in led:
            continue
        led.add(depth)
        one = steps[depth]
        waiting.append(_made_ready(steps, depth))
        waiting += [
            other
            for other in range(depth)
            if steps[other].who == one.who or steps[other].footprint.meets(one.footprint)
        ]
    return led


def _at_random(draw: random.Random) -> Choose:
    return lambda depth, enabled, last: draw.choice(enabled)


def _asleep(place: _Place, footprint: Footprint) -> dict[str, Footprint]:
    """Who sleeps after the step that was taken here: who slept or was tried, and does not depend on that step."""
    before = {**place.sleep, **place.done}
    return {who: one for who, one in before.items() if who != place.chosen and not one.meets(footprint)}


def _turn_back(places: list[_Place]) -> bool:
    """Go back to the last place where somebody is left to try; answers False where there is none."""
    while places:
        place = places[-1]
        assert place.footprint is not None
        place.done[place.chosen] = place.footprint
        left = next((who for who in place.enabled if who not in place.done and who not in place.sleep), None)
        if left is not None:
            place.chosen, place.footprint = left, None
            return True
        places.pop()
    return False


def explore(
    scenario: Callable[[], Any],
    check: Callable[[Any], Any] | None = None,
    *,
    most: int = MOST,
    seconds: float | None = None,
    progress: Progress | None = None,
    time_ahead: int = 0,
) -> Schedules:
    """Run a small scenario in every order that is possible; answer all its outcomes.

    The scenario runs as the process ``main`` on a fresh node with a virtual clock. What it returns is the
    outcome, or the exception that ends it. A run is over when ``main`` is, or when a process ends the program by
    ``sys.exit``: the outcome is `SystemExit` then. Who goes next is open before
    each send, call, receive, table, name or registry operation in an ``async def`` of the scenario, and
    before each call of a plain function; a plain function, a server's callback and the library itself keep
    their turn. What is due at one instant may come in any order; what is due later comes later, and time
    moves only when nobody can go on, unless ``time_ahead`` says otherwise. The processes must share nothing:
    what they do to a global is not seen.

    Within a run a message is there as soon as it is sent, and so is the signal of a `Process.exit`: that
    something overtakes them, as it may between two senders on the BEAM, is not tried.

    Args:
        scenario: an ``async def`` without arguments, a few processes and a few messages large.
        check: says of an outcome whether it is right. An exception that it cannot judge is wrong.
        most: so many runs at most of the search that is exhaustive. Before it come as many, but no more
            than 500, that differ little from the usual one; after it, where it was not enough, a tenth
            as many with random schedules.
        seconds: so many seconds at most. With it, what was seen depends on the machine; without it, the
            same scenario gives the same answer everywhere.
        progress: is told how many runs there were so far, and at the end how many in all: what
            ``progress("schedules")`` of `otp_mini.widgets` answers, for example.
        time_ahead: so often may time move to the next timer while somebody could still go on: a call's
            time-out may then be over before the answer comes. With 0, a time-out is met only where nobody
            can go on; the headline says so where a timer was pending. Each more has many times as many
            schedules, of which those that differ in when time moves are told apart. Calls have a time-out of
            five seconds unless they say otherwise; one with `INFINITY` never ends by it.

    Raises:
        BadArg: an argument has a value that it cannot have, or the scenario is not the same each time.

    OTP: none; Concuerror does it for Erlang

    Example:
        >>> from otp_mini import Agent, explore, receive, self_, send, spawn
        >>> async def add_one(counter, boss):
        ...     n = await Agent.get(counter, lambda state: state)
        ...     await Agent.update(counter, lambda state: n + 1)
        ...     send(boss, "done")
        >>> async def two_clients():
        ...     counter = await Agent.start_link(lambda: 0)
        ...     for _ in range(2):
        ...         spawn(add_one, counter, self_())
        ...     for _ in range(2):
        ...         await receive()
        ...     return await Agent.get(counter, lambda state: state)
        >>> result = explore(two_clients, lambda total: total == 2)
        >>> result.exhaustive, sorted(result.outcomes), result.wrong
        (True, [1, 2], [1])
        >>> async def answer(boss):
        ...     send(boss, "pong")
        >>> async def impatient():
        ...     spawn(answer, self_())
        ...     return await receive(timeout=0.1)
        >>> print(explore(impatient))
        There is only one schedule if time moves only when nobody can go on (see time_ahead).
          1 x  'pong'  by (usual)
        >>> explore(impatient, time_ahead=1).shortest
        {'pong': '(usual)', TIMEOUT: '@2 time @4 main'}
    """
    limit = _checked_budget(most, seconds)
    if isinstance(time_ahead, bool) or not isinstance(time_ahead, int) or time_ahead < 0:
        raise BadArg(f"{TIME_AHEAD} says how often, as a whole number from 0; got {safe_repr(time_ahead)}")
    if check is not None:
        check_plain(check, "explore's check")
    if progress is not None:
        check_plain(progress, "explore's progress")
    check_scenario(scenario, "explore")
    return explored(scenario, check, _Search(scenario, most, limit, progress, time_ahead))


def explored_for_wrong(
    scenario: Callable[[], Any], check: Callable[[Any], Any], most: int, progress: Progress, time_ahead: int = 0
) -> Schedules:
    """As `explore`, but that it shortens and compares schedules only if an outcome is wrong."""
    check_scenario(scenario, "explore")
    return explored(scenario, check, _Search(scenario, most, None, progress, time_ahead), for_wrong=True)


def explored(
    scenario: Callable[[], Any],
    check: Callable[[Any], Any] | None = None,
    search: _Search | None = None,
    for_wrong: bool = False,
    most: int = MOST,
) -> Schedules:
    """What `explore` answers; without a search of its own, it also looks who is disturbed and noticed by others.

    That is how `otp_mini.viz.schedule_page` asks, whose ``most`` is another one: its runs are called so.
    """
    if search is None:
        search = _Search(scenario, most, None)
        search.stopped, search.noticing = f"runs={most:_} was not enough", True
    with quiet():
        whole = search.search(check if for_wrong else None)
        search.look_again()
    if search.progress is not None:
        search.progress(search.runs, search.runs)
    result = Schedules(scenario, search.found, search.is_whole(whole), search.stopped, search.ahead)
    if result.exhaustive and not search.looked:
        result.undisturbed = frozenset(search.met - search.disturbed)
        result.unmissed = frozenset(search.ended - search.missed) & result.undisturbed
    if check is not None:
        result.judge(check)
    if result.wrong or not for_wrong:
        result.compare()
    return result


def _checked_budget(most: Any, seconds: Any) -> float | None:
    """The limit in seconds, None without one; raises `BadArg` for a budget that is none."""
    if isinstance(most, bool) or not isinstance(most, int) or most < 1:
        raise BadArg(f"most is a number of runs, 1 or more; got {safe_repr(most)}")
    if seconds is None:
        return None
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not seconds > 0:
        raise BadArg(f"seconds is a number above 0, or None for no limit; got {safe_repr(seconds)}")
    return None if seconds > MANY_SECONDS else float(seconds)


MANY_SECONDS: Final = 10**9
"""As good as no limit."""

_NOT_THE_SAME: Final = (
    "the scenario took another course in a second run of the same schedule, so its schedules cannot be tried one by "
    "one. Does it keep something from run to run (a global, a default argument), draw a random number, or read a "
    "clock or a file?"
)

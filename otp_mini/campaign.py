"""A campaign of faults: break a system for hours of virtual time, and score what its users saw of that.

A system is started on a node of its own. While a *probe* plays one user's request after the other, faults
come: crashes, kills, hangs, slow and failing starts, lost dependencies, floods, storms (`otp_mini.faults`).
The score says what came of it:

* *availability*: the requests that were answered rightly, of all that were asked. A probe that returns
  anything but False was answered rightly; one that raises, exits, returns False or is not done after
  ``patience`` seconds was not;
* *state lost*: what the system remembered before a fault and did not remember after it, as soon as it could be
  asked again; a function ``state`` asks it;
* *blast radius*: how many processes supervisors started anew, on average for a fault;
* *time to recover*: from a fault to the first right answer after the wrong ones;
* *supervisors that gave up*, and how many processes went with each.

What happens after a fault is counted to it until the next one strikes somebody. Wrong answers are counted to the
fault after which they began as long as there is no right one in between; if another fault takes the whole system
down meanwhile, from there on to that. When the root of the tree has ended, the whole system is started anew after
``reboot`` seconds, as an operating system would do it: nothing of before is left then.

The score is as good as the probe and ``state``. A system that answers nonsense is answered rightly to a probe
that does not look at the answer. And a fault strikes processes: what stands in a global of a module, no fault
touches.

The same seed gives the same campaign, event for event, on every Python. The faults come at times that depend
on the seed alone, so two designs meet the same faults and can be compared: `Campaign.beside`.

OTP: none; Chaos Monkey breaks a real system, and waits for real hours
"""

from __future__ import annotations

import inspect
import math
import sys
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from .application import Application
from .children import children_of
from .errors import BadArg, describe_reason, name_of, not_awaited, printable, safe_repr
from .faults import Draw, Fault, a_number
from .lab.world import silence
from .primitives import traced_name
from .process import ControlBlock
from .score import Campaign, GaveUp, Plan, Strike, clock, wrapped
from .stage import DEADLINE, FAULT, PATIENCE, REBOOT, REQUEST, Busy, Stage, too_busy
from .terms import Pid, picture
from .tracing import Event, Trace, Why

SIGN: Final = 100
"""After so many requests each time ``progress`` is told."""

Progress = Callable[[int, int], None]
"""Is told how far a campaign is: the virtual seconds that have passed, and all of them."""

LONGEST: Final = 120
"""So many letters are kept of what a user saw."""

LONGEST_REPLAY: Final = 60.0
"""A replay goes on for so many virtual seconds after the fault, at most."""

MOST_LINES: Final = 30
"""So many lines of its trace a replay prints."""


# ---- running it --------------------------------------------------------------------------------------


class _Ears(Trace):
    """Hears all events; keeps them only from where it is told to."""

    def __init__(self, run: _Run) -> None:
        super().__init__()
        self.run = run
        self.keeps = False

    def record(self, time: float, kind: str, pid: Pid | None, other: Pid | None = None, term: object = None) -> Event:
        """Count an event."""
        time -= self.run.stage.zero
        self.run.hears(time, kind, pid, other, term)
        if self.keeps:
            return super().record(time, kind, pid, other, term)
        return Event(0, time, kind, pid, other, None, None)

    def received(self, time: float, pid: Pid, message: object) -> None:
        """A message is taken."""
        if self.keeps:
            super().received(time - self.run.stage.zero, pid, message)

    def caused(self, pid: Pid, number: int) -> None:
        """What it does next was caused by this."""
        if self.keeps:
            super().caused(pid, number)

    def keep(self, stage: Stage) -> None:
        """From here on."""
        self.keeps = True
        self.names = {pid: traced_name(block) for pid, block in stage.blocks.items()}


class _User:
    """One request, and what became of it."""

    def __init__(self, asked: float) -> None:
        self.asked = asked
        self.block: ControlBlock
        self.ended: float | None = None
        self.returned = False
        self.answer: Any = None
        self.late = ""  # what it was waiting for when its patience was at an end


class _Auditor(NamedTuple):
    """Who asks what the system remembers; ``told`` holds the answer, once there is one."""

    block: ControlBlock
    told: list[Any]


class _Run:
    """A campaign under way."""

    def __init__(self, plan: Plan, replaying: int = 0, progress: Progress | None = None) -> None:
        self.result = Campaign(plan)
        self.plan = plan
        self.progress = progress
        self.replaying = replaying  # the number of the fault from which on all is recorded
        self.current = self.result.unbroken
        self.users: list[_User] = []
        self.failed: list[_User] = []  # whose request failed while all was recorded
        self.quitters: list[Pid] = []  # supervisors that gave up, likewise
        self.victim: Pid | None = None
        self.owners: list[Strike] = []  # whose outage it is, the last one since when; nobody while users are served
        self.gathering: list[Strike] = []  # those that have struck nobody, though a storm may yet
        self.downed = self.current  # the last one that took the whole system down
        self.suspect: Strike | None = None  # the first one since which the system has not told its state
        self.following: Strike | None = None  # the last one meanwhile
        self.auditor: _Auditor | None = None
        self.early: list[_Auditor] = []  # who asks for its state so that it is known when a fault comes
        self.takes = 0.0  # so many seconds an answer of theirs takes
        self.known: Any = None  # what it told last
        self.draws = [Draw(plan.seed, 2 * index + 1) for index in range(len(plan.faults))]
        self.ears = _Ears(self)
        self.until = plan.end + plan.patience

    def go(self) -> _Run:
        """Run it to its end."""
        stage = self.stage = Stage(self.plan.application)
        with silence(), stage:
            try:
                self._go()
            except Busy:
                raise too_busy(stage) from None
        return self

    def _go(self) -> None:
        stage, plan, result = self.stage, self.plan, self.result
        stage.boot()
        for fault in plan.faults:
            fault.check(stage)
        self.first_state()
        stage.zero = stage.now()
        self.state_soon(0)
        stage.tracer = self.ears
        for strike in result.strikes:
            stage.at(strike.time, FAULT, lambda strike=strike: self.strike(strike))  # type: ignore[misc]
        self.next_request()
        while (when := stage.next_entry()) is not None and when <= self.until:
            instant, act = stage.next_act()
            self.pass_until(instant)
            act()
            self.pass_until(stage.elapsed())
        self.state_before()
        self.recover(math.inf)
        result.turns = stage.turns

    def pass_until(self, instant: float) -> None:
        """Let time pass, and see who has an answer. Users that keep the system busy for ever are ended."""
        try:
            self.stage.pass_until(instant)
        except Busy:
            living = [user for user in self.users if user.block.alive]
            if not living:
                raise
            for user in living:
                self.give_up(user, "it went on without a pause")
            self.stage.pass_until(instant)
        self.judge()

    # Requests.

    def next_request(self) -> None:
        """Have the next user ask."""
        time = self.plan.every * (self.result.requests + 1)
        if time < self.plan.end:
            self.stage.at(time, REQUEST, self.request)

    def request(self) -> None:
        """A user asks."""
        stage, probe, user = self.stage, self.plan.probe, _User(self.stage.elapsed())

        async def play() -> None:
            try:
                user.answer = await probe()
                user.returned = True
            finally:
                user.ended = stage.elapsed()

        if not self.ears.keeps:
            self.ears.names.clear()
        user.block = stage.spawn(play, label="user")
        self.users.append(user)
        self.result.requests += 1
        stage.at(user.asked + self.plan.patience, DEADLINE, lambda: self.give_up(user, self.waits_for(user.block)))
        self.next_request()
        if self.progress is not None and self.result.requests % SIGN == 0:
            self.progress(int(self.stage.elapsed()), int(self.plan.end))

    def waits_for(self, block: ControlBlock) -> str:
        """What a user waits for, by names: a pid would say nothing."""
        called = block.calling
        if called is None:
            return "it was not done"
        name = called.label if called.name is None else called.name
        return f"it was waiting for an answer from {printable(name_of(name))}"

    def give_up(self, user: _User, why: str) -> None:
        """The patience of a user is at an end."""
        if user.block.alive:
            user.late = why
            self.stage.kill(user.block.pid)

    def judge(self) -> None:
        """Take down what became of the requests that are over."""
        over = [user for user in self.users if not user.block.alive]
        if over:
            self.users = [user for user in self.users if user.block.alive]
            over.sort(key=lambda user: user.asked if user.ended is None else user.ended)
            for user in over:
                self.verdict(user)
        self.hear_auditor()

    def verdict(self, user: _User) -> None:
        """Was it right? Then an outage is over; else one begins."""
        ended = self.stage.elapsed() if user.ended is None else user.ended
        wrong = self.what_was_wrong(user)
        self.result.asked.append((user.asked, not wrong))
        if not wrong:
            self.result.right += 1
            self.recover(ended)
            return
        self.owners = self.owners or [self.current]
        cause = self.owners[-1]
        cause.wrong += 1
        cause.saw = cause.saw or f"asked at {clock(user.asked)} and {wrong}"
        if self.ears.keeps:
            self.failed.append(user)

    def recover(self, time: float) -> None:
        """Users are served again: an outage is over."""
        for strike in self.owners:
            if strike.fault is not None:
                strike.recovery = time - strike.time
        self.owners = []

    def what_was_wrong(self, user: _User) -> str:
        """What the user saw, in a few words; nothing where that was right."""
        reason = user.block.reason
        if user.late:
            return f"had no answer within {self.plan.patience:g} s: {user.late}"
        if user.returned:
            if inspect.iscoroutine(user.answer):
                user.answer.close()
                raise BadArg(f"campaign: what the probe returned is no answer: {not_awaited(user.answer)}.")
            return "was answered False" if user.answer is False else ""
        said = _told(reason)
        return said if len(said) <= LONGEST else f"{said[: LONGEST - 1]}…"

    # Faults.

    def strike(self, strike: Strike) -> None:
        """A fault comes."""
        stage, before = self.stage, self.current
        self.state_before()
        self.state_soon(strike.number)
        self.current = strike
        if strike.number == self.replaying:
            self.ears.keep(stage)
            following = [each.time for each in self.result.strikes if each.number > strike.number][:1]
            self.until = min([strike.time + LONGEST_REPLAY, *following])
        elif self.ears.keeps:
            self.until = -1.0  # another one at the same instant: the replay is over
            return
        assert strike.fault is not None
        strike.fault.strike(stage, self.draws[strike.source], strike.struck)
        if not strike.struck:
            self.current = before  # it found nobody, so nothing of what happens now comes from it
            self.gathering.append(strike)
        if self.plan.state is not None:
            stage.later(strike.fault.lasts, lambda: self.state_after(strike) if strike.struck else None)

    def hears(self, time: float, kind: str, pid: Pid | None, other: Pid | None, term: Any) -> None:
        """Something happens on the stage."""
        if kind == "started" and other is not None and pid is not None:
            cause = self.downed if self.stage.booting else self.current
            cause.restarted += self.stage.starts_anew(pid.block, other)
        elif kind == "give_up" and pid is not None and pid.block is not None:
            path = "the root" if pid is self.stage.root else self.stage.path_of(pid.block)
            self.current.gave_up.append(GaveUp(time, path, name_of(term[0]), _living(pid.block)))
            if self.ears.keeps:
                self.quitters.append(pid)
        elif kind == "fault":
            for storm in [each for each in self.gathering if each.struck]:
                self.gathering.remove(storm)
                self.current = max(self.current, storm, key=lambda each: each.number)
            if self.ears.keeps:
                self.victim = self.victim or other
        elif kind == "exit" and pid is self.stage.root:
            self.current.went_down += 1
            self.downed = self.current
            if self.owners and self.current not in self.owners:
                self.owners.append(self.current)
            self.try_again(time)

    def try_again(self, time: float) -> None:
        """The system is down: start it anew after a while, and see whether that went well."""
        stage, root, reboot = self.stage, self.stage.root, self.plan.reboot
        if reboot is None:
            return

        tried: list[float] = []

        def start() -> None:
            tried.append(stage.elapsed())
            stage.reboot()
            if self.plan.state is not None:
                self.state_after(self.downed)  # also where it was told before, from what has ended only now
            stage.at(stage.elapsed() + reboot, REBOOT, again)

        def again() -> None:
            if stage.root is not root:
                return
            if stage.booting and stage.elapsed() < tried[-1] + PATIENCE:
                stage.at(stage.elapsed() + reboot, REBOOT, again)  # it takes its time
            else:
                start()

        stage.at(time + reboot, REBOOT, start)

    # State.

    def first_state(self) -> None:
        """Ask what the unbroken system remembers.

        Raises:
            BadArg: it cannot be asked, or tells something that cannot be compared.
        """
        if self.plan.state is None:
            return
        began = self.stage.now()
        auditor = self.ask_state()
        self.stage.run_to_rest(lambda: not auditor.block.alive, self.plan.patience)
        self.takes = self.stage.now() - began
        if not auditor.told:
            why = f"it had none within {self.plan.patience:g} s: {self.waits_for(auditor.block)}"
            why = why if auditor.block.alive else _told(auditor.block.reason)
            raise BadArg(f"state had no answer from the system before anything was broken: {why}")
        self.compare(auditor, self.current)
        self.result.first = self.known

    def state_before(self) -> None:
        """Ask what is remembered now, unless the system is down, or does not answer."""
        if self.plan.state is None or self.suspect is not None or self.owners:
            return
        auditor = self.ask_state()
        self.stage.pass_until(self.stage.elapsed())
        if not auditor.told:
            self.takes = self.takes or self.plan.patience
        self.end_audit(auditor)
        self.compare(auditor, self.current)

    def state_soon(self, number: int) -> None:
        """Where an answer takes time, it is asked for so long before the next fault: faults come when the seed says."""
        if not self.takes or number >= len(self.result.strikes):
            return
        time = self.result.strikes[number].time

        def ask() -> None:
            if self.suspect is None and not self.owners:
                auditor = self.ask_state()
                self.early.append(auditor)
                self.stage.at(time, DEADLINE, lambda: self.end_audit(auditor))

        self.stage.at(max(self.stage.elapsed(), time - self.takes), REQUEST, ask)

    def state_after(self, strike: Strike) -> None:
        """A fault has come: ask what is remembered, again and again until there is an answer."""
        if self.suspect is None:
            self.suspect = strike
            self.audit()
        else:
            self.following = strike

    def audit(self) -> None:
        """Ask once, while everything goes on."""
        auditor = self.auditor = self.ask_state()
        self.stage.at(self.stage.elapsed() + self.plan.patience, DEADLINE, lambda: self.end_audit(auditor))

    def end_audit(self, auditor: _Auditor) -> None:
        """The patience of an auditor is at an end."""
        if auditor.block.alive:
            self.stage.kill(auditor.block.pid)

    def hear_auditor(self) -> None:
        """Did the system tell its state? What is missing was lost to the first fault since it last did."""
        for early in [each for each in self.early if not each.block.alive]:
            self.early.remove(early)
            self.compare(early, self.current)
        auditor = self.auditor
        if auditor is None or auditor.block.alive:
            return
        self.auditor = None
        assert self.suspect is not None
        if not auditor.told:
            self.stage.later(self.plan.every, self.audit)
            return
        self.compare(auditor, self.culprit(self.suspect))
        self.suspect, following, self.following = None, self.following, None
        if following is not None:
            self.state_after(following)

    def culprit(self, suspect: Strike) -> Strike:
        """Of the faults since the system last told its state, the first one that ended a process for good."""
        since = [suspect, *self.result.strikes[suspect.number : self.current.number]]
        return next((each for each in since if each.restarted or each.gave_up or each.went_down), suspect)

    def compare(self, auditor: _Auditor, cause: Strike) -> None:
        """What was known and is not told any more is lost."""
        for told in auditor.told:
            cause.lost += missing(told if self.known is None else self.known, told)
            self.known = told

    def ask_state(self) -> _Auditor:
        """Somebody asks what the system remembers."""
        state, told = self.plan.state, []
        assert state is not None

        async def ask() -> None:
            told.append(_kept(await state(), self.stage.copy))

        return _Auditor(self.stage.spawn(ask, label="auditor"), told)


def _told(reason: object) -> str:
    """How a request ended, in a few words."""
    match reason:
        case (why, (str(), str(function), [server, *_])):
            short = describe_reason(why)
            short = short.partition(":")[0].partition(" (")[0] if isinstance(why, str) else short
            return f"its {printable(function)} to {printable(name_of(server))} exited: {short}"
    return f"{'got' if isinstance(reason, BaseException) else 'exited:'} {describe_reason(reason)}"


def _living(block: ControlBlock) -> int:
    """How many living processes are below a supervisor."""
    below = [child.pid.block for child in children_of(block) if isinstance(child.pid, Pid)]
    return sum(1 + _living(each) for each in below if each is not None)


def missing(before: Any, after: Any) -> float:
    """What was there and is not: of two numbers the difference, of two collections those that are missing."""
    if _is_number(before) and _is_number(after):
        return float(max(0, before - after))
    for told in (before, after):
        if inspect.iscoroutine(told):
            told.close()
            raise BadArg(f"campaign: what state returned tells nothing: {not_awaited(told)}.")
        if not isinstance(told, Collection) or isinstance(told, str | bytes):
            raise BadArg(
                "state must return a number each time, or a collection of what is remembered; it returned "
                f"{safe_repr(before)}, and then {safe_repr(after)}"
            )
    try:
        return sum((Counter([*before]) - Counter([*after])).values())
    except TypeError:  # some of it has no hash
        kept = [*after]
        return sum(not _taken(each, kept) for each in before)


def _needs_nothing(function: Any) -> bool:
    """Is this an ``async def`` that can be called without arguments?"""
    if not inspect.iscoroutinefunction(function):
        return False
    try:
        inspect.signature(function).bind()
    except TypeError:
        return False
    return True


def _kept(told: Any, copy: Callable[[Any], Any]) -> Any:
    """What was told, as it is now: the system may change it afterwards."""
    return copy([*told]) if isinstance(told, Collection) and not isinstance(told, str | bytes) else told


def _is_number(told: object) -> bool:
    return isinstance(told, int | float) and not isinstance(told, bool) and abs(told) <= sys.float_info.max


def _taken(thing: object, kept: list[Any]) -> bool:
    """Is it there? Then once less."""
    if thing not in kept:
        return False
    kept.remove(thing)
    return True


# ---- replaying it --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Replayed:
    """What happened from one fault on, until the next one came (a minute at most).

    Attributes:
        strike: the fault.
        trace: the events from that moment on.
        why: why the supervisor that gave up, the user or the process that was struck has ended; None where
            nobody ended. Print it for a sentence.
        user: the process of the first user whose request went wrong; None where there was none.
    """

    strike: Strike
    trace: Trace
    why: Why | None
    user: Pid | None

    def up_to_the_user(self) -> Trace:
        """The trace as far as the end of that user: the shortest account of what went wrong."""
        ends = [event.number for event in self.trace if event.kind == "exit" and event.pid is self.user]
        return self.trace if not ends else self.trace.filter(where=lambda event: event.number <= ends[0])

    def sentences(self) -> list[str]:
        """What the fault did, what its first user saw, and why that ended which has ended."""
        saw = f"Its first user {self.strike.saw}." if self.strike.saw else ""
        why = "" if self.why is None else str(self.why)
        return [f"{self.strike}.", *filter(None, [saw, why])]

    def __str__(self) -> str:
        chart = picture(self.trace)
        lines = str(self.trace if chart is None else chart).splitlines()
        left = [f"… and {len(lines) - MOST_LINES:,} more lines: see trace"] if len(lines) > MOST_LINES else []
        return "\n".join([*map(wrapped, self.sentences()), *lines[:MOST_LINES], *left])

    __repr__ = __str__

    def _repr_html_(self) -> Any:
        """In a notebook: the same, with the chart."""
        shown = picture(self)
        return None if shown is None else shown._repr_html_()


def _replayed(strike: Strike) -> Replayed:
    run = _Run(strike.plan, replaying=strike.number).go()
    trace = Trace()
    trace.events, trace.names = run.ears.events, run.ears.names
    ended = {event.pid for event in trace if event.kind == "exit"}
    failed = [user.block.pid for user in run.failed if not user.late]  # who was late was killed by the campaign
    asked = [*reversed(run.quitters), *failed, *([run.victim] if run.victim is not None else [])]
    who = next((pid for pid in asked if pid in ended), None)
    user = run.failed[0].block.pid if run.failed else None
    return Replayed(strike, trace, None if who is None else trace.why(who), user)


def _check_functions(application: Any, probe: Any, state: Any, progress: Any) -> None:
    """Raise `BadArg` for what is no function of its kind."""
    for name, function in (("probe", probe), ("state", state)):
        if not (_needs_nothing(function) or (name == "state" and function is None)):
            raise BadArg(f"campaign: {name} must be an `async def` without arguments, got {safe_repr(function)}")
    is_application = isinstance(application, type) and issubclass(application, Application)
    if not (is_application or inspect.iscoroutinefunction(application)):
        raise BadArg(f"campaign needs an `async def` that starts the system, got {safe_repr(application)}")
    if not (progress is None or callable(progress)):
        raise BadArg(f"campaign: progress must be a function, got {safe_repr(progress)}")


def campaign(
    application: Any,
    faults: Iterable[Fault],
    probe: Callable[[], Any],
    seed: int = 1,
    *,
    hours: float = 1.0,
    every: float = 1.0,
    patience: float = 5.0,
    state: Callable[[], Any] | None = None,
    reboot: float | None = 60.0,
    progress: Progress | None = None,
) -> Campaign:
    """Break a system again and again, and score what its users saw of that.

    Args:
        application: an ``async def`` that starts the system and returns the pid of the root of its tree; or an
            `Application`.
        faults: what goes wrong, of the kinds in `otp_mini.faults`. A target that the system does not have
            when it has started is an error; one that is down when a fault comes is not struck, and that is
            counted.
        probe: an ``async def`` that plays one user's request. It runs in a process of its own. If it returns,
            the request was answered rightly; if it returns False, raises or exits, it was not. So have it say
            whether the answer is the right one: ``return await GenServer.call("cache", 3) == 9``.
        seed: says when the faults come and whom they strike, where that is drawn.
        hours: so long it goes on, in virtual time, from when the system has started.
        every: so many seconds lie between two requests.
        patience: after so many seconds a user gives up: the request was not answered rightly. ``state`` has as
            much time.
        state: an ``async def`` that asks the system what it remembers and returns that: a number, or a
            collection. It runs before each fault, and after it until there is an answer. What is missing then
            was lost to that fault: the difference of two numbers, or so many members of a collection (of a dict,
            so many keys). So have it tell what must never go: all orders that were taken, and not those that wait.
        reboot: when the root has ended, so many seconds later everything that is left is ended, and the
            system is started anew. None leaves it down.
        progress: is told now and then how many virtual seconds have passed, and of how many.

    Raises:
        BadArg: an argument has a value that it cannot have, the system does not start, or a fault has a target
            that does not exist.
        Deadlock: the system does not come to rest.

    OTP: none

    Example:
        >>> from otp_mini import Agent, ChildSpec, Hang, Kill, Supervisor, campaign
        >>> async def open_till():
        ...     return await Agent.start_link(lambda: 0, name="till")
        >>> async def start_shop():
        ...     till = ChildSpec("till", (open_till, []))
        ...     return await Supervisor.start_link([till], strategy="one_for_one")
        >>> async def pay():
        ...     await Agent.update("till", lambda total: total + 1)
        >>> async def total():
        ...     return await Agent.get("till", lambda total: total)
        >>> faults = [Kill("till", at=60.5), Hang("till", at=120.5, for_=7.0)]
        >>> campaign(start_shop, faults, pay, hours=0.05, state=total)
        start_shop: 3 virtual minutes, seed 1, 2 faults, 179 requests
          availability        98.88 %  177 of 179 answered rightly
          state lost               60  of what state told
          blast radius            0.5  processes started anew for a fault, at most 1
          time to recover       7.0 s  1 fault noticed by users, the longest 7.0 s
          gave up                   0  no supervisor
          went down                 0  times, the whole system
                                            struck  wrong  anew  lost
          Kill('till', at=60.5)             1 of 1      0     1    60
          Hang('till', at=120.5, for_=7.0)  1 of 1      2     0     0
        the worst: at 0:02:00.500 Hang('till', at=120.5, for_=7.0) struck till: 2 requests not answered
          rightly, recovered after 7.0 s
        its first user asked at 0:02:01.000 and its call to till exited: no answer within the time-out
    """
    _check_functions(application, probe, state, progress)
    if isinstance(faults, Fault) or not isinstance(faults, Iterable):
        raise BadArg(f'campaign: faults come in a list, as in [Kill("cache")], got {safe_repr(faults)}')
    given = tuple(faults)
    for fault in given:
        if not isinstance(fault, Fault):
            raise BadArg(f'campaign: faults are written as Kill("cache"), got {safe_repr(fault)}')
    if isinstance(seed, bool) or not isinstance(seed, int):
        raise BadArg(f"campaign: seed must be a whole number, got {safe_repr(seed)}")
    for name, number in (("hours", hours), ("every", every), ("patience", patience)):
        a_number(f"campaign: {name}", number, above=True)
    if reboot is not None:
        a_number("campaign: reboot", reboot, above=True)
    end = 3600.0 * hours
    if every >= end:
        raise BadArg(f"campaign: the first request would come after {every:g} s, and all is over after {end:g} s")
    for fault in given:
        if fault.at is not None and fault.at >= end:
            raise BadArg(f"{fault!r} would come after the end of the campaign, which is at {end:g} s: see hours")
    plan = Plan(application, given, probe, seed, float(hours), every, patience, state, reboot, _replayed)
    return _Run(plan, progress=progress).go().result


__all__ = ["Campaign", "GaveUp", "Replayed", "Strike", "campaign"]

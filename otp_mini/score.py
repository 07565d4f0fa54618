"""What a campaign has found: each fault as it came, the figures of a design, two designs side by side.

`otp_mini.campaign` fills it in; here it is counted together and put into words.

OTP: none
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from .errors import BadArg, name_of, printable, safe_repr
from .faults import Draw, Fault
from .terms import picture

WIDEST: Final = 100
"""So wide is a line of the report, if its words allow that."""

LONGEST: Final = 80
"""So many letters of a fault are shown."""


@dataclass(frozen=True)
class Plan:
    """What a campaign does; `campaign` says what each means."""

    application: Any
    faults: tuple[Fault, ...]
    probe: Callable[[], Any]
    seed: int
    hours: float
    every: float
    patience: float
    state: Callable[[], Any] | None
    reboot: float | None
    replays: Callable[[Strike], Any]

    @property
    def end(self) -> float:
        """The second at which it is over."""
        return 3600.0 * self.hours

    @property
    def name(self) -> str:
        """What the system is called."""
        return name_of(self.application)

    def strikes(self) -> list[Strike]:
        """All faults, in the order in which they come."""
        found = [
            (time, index, fault)
            for index, fault in enumerate(self.faults)
            for time in fault.when(Draw(self.seed, 2 * index), self.end)
        ]
        found.sort(key=lambda each: each[:2])
        return [Strike(self, number, time, fault, index) for number, (time, index, fault) in enumerate(found, 1)]


class GaveUp(NamedTuple):
    """A supervisor that gave up: when, which, on whom, and how many living processes below it ended with it."""

    time: float
    supervisor: str
    child: str
    took: int


@dataclass(eq=False, repr=False)
class Strike:
    """One fault as it came, and what is counted to it.

    Attributes:
        number: the first one has number 1.
        time: when it came, in virtual seconds.
        fault: the fault as it was written.
        source: its place in the list of faults.
        struck: the paths of those whom it struck; empty where nobody was there just then.
        wrong: so many requests were not answered rightly; see `otp_mini.campaign` for how they are counted.
        saw: what the first of these users saw.
        restarted: so many processes were started anew.
        lost: so much was forgotten.
        recovery: seconds to the first right answer after the wrong ones; None where no user noticed it (or
            where they had not had an answer before it, either), infinity where none came any more.
        gave_up: the supervisors that gave up.
        went_down: how often the root of the tree ended.
    """

    plan: Plan
    number: int
    time: float
    fault: Fault | None
    source: int = -1
    struck: list[str] = field(default_factory=list)
    wrong: int = 0
    saw: str = ""
    restarted: int = 0
    lost: float = 0
    recovery: float | None = None
    gave_up: list[GaveUp] = field(default_factory=list)
    went_down: int = 0

    def replay(self) -> Any:
        """Run the campaign once more up to this fault, and record what happens then.

        Answers an `otp_mini.campaign.Replayed`: it has the ``trace``, and says ``why``.
        """
        if self.fault is None:
            raise BadArg("no fault came here that could be replayed")
        return self.plan.replays(self)

    def __str__(self) -> str:
        said = f"At {clock(self.time)} {shortly(self.fault)}"
        if not self.struck:
            return f"{said} found nobody there"
        return f"{said} struck {', '.join(dict.fromkeys(self.struck))}: {', '.join(self.consequences())}"

    __repr__ = __str__

    def consequences(self) -> list[str]:
        """What came of it, each thing in a few words."""
        said = [f"{counted(self.wrong, 'request')} not answered rightly"] if self.wrong else []
        if self.recovery is not None:
            said.append("never recovered" if self.recovery == math.inf else f"recovered after {self.recovery:.1f} s")
        said += [f"{self.restarted:,} started anew"] if self.restarted else []
        said += [f"{self.lost:,g} lost"] if self.lost else []
        for supervisor, child in dict.fromkeys((each.supervisor, each.child) for each in self.gave_up):
            took = [each.took for each in self.gave_up if (each.supervisor, each.child) == (supervisor, child)]
            along = f" and took {sum(took):,} along" if any(took) else ""
            said.append(f"{supervisor} gave up on {child}{_times(len(took))}{along}")
        said += [f"the whole system went down{_times(self.went_down)}"] if self.went_down else []
        return said or ["nobody noticed"]


class Score(NamedTuple):
    """The figures of a campaign, to compare with ``==``."""

    availability: float
    lost: float
    blast_radius: float
    recovery: float
    gave_up: int
    went_down: int


class Campaign:
    """What `campaign` answers. Print it for a report.

    Attributes:
        plan: what was done.
        requests: so many were asked.
        right: so many of them were answered rightly.
        strikes: every fault as it came, with what is counted to it.
        unbroken: what went wrong before the first fault, in a `Strike` without a fault.
        turns: so many turns its processes took.
        first: what ``state`` told before anything was broken.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.requests = self.right = self.turns = 0
        self.first: Any = None
        self.strikes = plan.strikes()
        self.unbroken = Strike(plan, 0, 0.0, None)
        self.asked: list[tuple[float, bool]] = []  # when each request was asked, and whether it was answered rightly

    @property
    def all(self) -> list[Strike]:
        """What is counted to no fault, and what is counted to each."""
        return [self.unbroken, *self.strikes]

    @property
    def wrong(self) -> int:
        """So many requests were not answered rightly."""
        return self.requests - self.right

    @property
    def availability(self) -> float:
        """The share of the requests that were answered rightly, from 0 to 1."""
        return self.right / self.requests if self.requests else 1.0

    @property
    def lost(self) -> float:
        """So much of the state was lost."""
        return sum(each.lost for each in self.all)

    @property
    def blast_radius(self) -> float:
        """How many processes were started anew, on average for a fault that struck somebody."""
        struck = [each for each in self.strikes if each.struck]
        return sum(each.restarted for each in struck) / len(struck) if struck else 0.0

    @property
    def recovery(self) -> float:
        """Seconds to recover, on average of the faults that users noticed; 0 where they noticed none."""
        found = self.recoveries
        return sum(found) / len(found) if found else 0.0

    @property
    def recoveries(self) -> list[float]:
        """Seconds to recover, of each fault that users noticed."""
        return [each.recovery for each in self.strikes if each.recovery is not None]

    @property
    def gave_up(self) -> list[GaveUp]:
        """The supervisors that gave up."""
        return [gone for each in self.all for gone in each.gave_up]

    @property
    def went_down(self) -> int:
        """How often the whole system went down."""
        return sum(each.went_down for each in self.all)

    @property
    def score(self) -> Score:
        """All figures in one value."""
        return Score(self.availability, self.lost, self.blast_radius, self.recovery, len(self.gave_up), self.went_down)

    @property
    def worst(self) -> Strike | None:
        """The fault with the most wrong answers; of several the one that lost, then that restarted the most.

        None where no fault struck anybody.
        """
        struck = [each for each in self.strikes if each.struck]
        return max(struck, key=lambda each: (each.wrong, each.lost, each.restarted, -each.number), default=None)

    def kinds(self) -> list[tuple[Fault, list[Strike]]]:
        """Each fault of the plan with all times that it came."""
        return [
            (fault, [each for each in self.strikes if each.source == index])
            for index, fault in enumerate(self.plan.faults)
        ]

    def headline(self) -> str:
        """What was done, in one sentence."""
        many = f"{counted(len(self.strikes), 'fault')}, {counted(self.requests, 'request')}"
        return f"{printable(self.plan.name)}: {virtual(self.plan.hours)}, seed {self.plan.seed}, {many}"

    def figures(self) -> list[tuple[str, str, str]]:
        """The score as rows: what, how much, and what that counts."""
        noticed = self.recoveries
        longest = f", the longest {_seconds(max(noticed))}" if noticed else ""
        most = max((each.restarted for each in self.strikes), default=0)
        taken = sum(each.took for each in self.gave_up)
        lost = f"{self.lost:,g}" if self.plan.state is not None else "not asked"
        of = "of what state told" if self.plan.state is not None else "campaign(…, state=…) would"
        one = len(self.gave_up) == 1
        took = f"supervisor{'' if one else 's'}; {counted(taken, 'process')} ended with {'it' if one else 'them'}"
        return [
            (
                "availability",
                percent(self.right, self.requests),
                f"{self.right:,} of {self.requests:,} answered rightly",
            ),
            ("state lost", lost, of),
            ("blast radius", f"{self.blast_radius:.1f}", f"processes started anew for a fault, at most {most}"),
            ("time to recover", _seconds(self.recovery), f"{counted(len(noticed), 'fault')} noticed by users{longest}"),
            ("gave up", str(len(self.gave_up)), took if self.gave_up else "no supervisor"),
            ("went down", str(self.went_down), f"time{'' if self.went_down == 1 else 's'}, the whole system"),
        ]

    def by_fault(self) -> list[tuple[str, str, str, str, str]]:
        """A row for each fault of the plan: how often it came and struck, and what is counted to it."""
        return [
            (
                shortly(fault),
                f"{sum(bool(each.struck) for each in came)} of {len(came)}",
                f"{sum(each.wrong for each in came):,}",
                f"{sum(each.restarted for each in came):,}",
                f"{sum(each.lost for each in came):,g}",
            )
            for fault, came in self.kinds()
        ]

    def notes(self) -> list[str]:
        """What else has to be said: of the time before the first fault, and of the worst."""
        said = []
        if self.unbroken.wrong:
            said.append(
                f"{counted(self.unbroken.wrong, 'request')} not answered rightly before any fault, or in an outage "
                f"that began then; the first user {self.unbroken.saw}"
            )
        if self.worst is not None:
            said.append(f"the worst: {str(self.worst)[:1].lower()}{str(self.worst)[1:]}")
            if self.worst.saw:
                said.append(f"its first user {self.worst.saw}")
        return said

    def beside(self, other: Campaign) -> Beside:
        """Two designs side by side.

        Raises:
            BadArg: the two did not meet the same faults: another seed, other hours, other faults.
        """
        return Beside(self, other)

    def __str__(self) -> str:
        rows = aligned(
            [("", "struck", "wrong", "anew", "lost"), *((f"  {row[0]}", *row[1:]) for row in self.by_fault())]
        )
        figures = [f"  {what:<16} {value:>10}  {words}" for what, value, words in self.figures()]
        return "\n".join([self.headline(), *figures, *rows, *map(wrapped, self.notes())])

    __repr__ = __str__

    def _repr_html_(self) -> Any:
        """In a notebook: the same, and a line of time."""
        shown = picture(self)
        return None if shown is None else shown._repr_html_()


class Beside:
    """Two campaigns with the same faults: see `Campaign.beside`."""

    def __init__(self, one: Campaign, other: Campaign) -> None:
        if not isinstance(other, Campaign):
            raise BadArg(f"a campaign stands beside another one, got {safe_repr(other)}")
        differing = [name for name, a, b in _met(one.plan, other.plan) if a != b]
        if differing:
            raise BadArg(
                f"two campaigns are compared by the same faults, and these differ in {', '.join(differing)}: run both "
                "with the same faults, seed, hours, every, patience and reboot"
            )
        self.one = one
        self.other = other

    def rows(self) -> list[tuple[str, str, str]]:
        """The names of the two, then each figure of both."""
        pairs = zip(self.one.figures(), self.other.figures(), strict=True)
        names = ("", *(printable(each.plan.name) for each in (self.one, self.other)))
        return [names, *((what, value, theirs) for (what, value, _), (_, theirs, _) in pairs)]  # type: ignore[list-item]

    def headline(self) -> str:
        """What both met."""
        return self.one.headline().partition(": ")[2]

    def __str__(self) -> str:
        return "\n".join([self.headline(), *aligned(self.rows())])

    __repr__ = __str__

    def _repr_html_(self) -> Any:
        shown = picture(self)
        return None if shown is None else shown._repr_html_()


def _met(one: Plan, other: Plan) -> Iterable[tuple[str, object, object]]:
    for name in ("faults", "seed", "hours", "every", "patience", "reboot"):
        mine, theirs = getattr(one, name), getattr(other, name)
        yield name, (repr(mine) if name == "faults" else mine), (repr(theirs) if name == "faults" else theirs)


# ---- words -----------------------------------------------------------------------------------------------


def clock(seconds: float) -> str:
    """A time of the campaign: hours, minutes, seconds.

    Example:
        >>> clock(3723.5), clock(7.25)
        ('1:02:03.500', '0:00:07.250')
    """
    milliseconds = round(1000 * seconds)
    minutes, rest = divmod(milliseconds, 60_000)
    return f"{minutes // 60}:{minutes % 60:02}:{rest // 1000:02}.{rest % 1000:03}"


def virtual(hours: float) -> str:
    """How long a campaign is.

    Example:
        >>> virtual(1.0), virtual(2.5), virtual(1 / 30), virtual(1 / 60)
        ('1 virtual hour', '2.5 virtual hours', '2 virtual minutes', '1 virtual minute')
    """
    number, unit = (hours, "hour") if hours >= 1 else (60 * hours, "minute")
    return f"{number:g} virtual {unit}{'' if f'{number:g}' == '1' else 's'}"


def percent(right: int, all: int) -> str:
    """A share in percent, never rounded up to 100.

    Example:
        >>> percent(3, 4), percent(99_999, 100_000), percent(5, 5)
        ('75.00 %', '99.99 %', '100.00 %')
    """
    return f"{math.floor(10_000 * right / all) / 100 if all else 100:.2f} %"


def wrapped(sentence: str) -> str:
    """A long sentence in several lines, for ``print``."""
    return textwrap.fill(sentence, WIDEST, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)


def shortly(fault: object) -> str:
    """A fault as it was written, or its beginning."""
    said = repr(fault)
    return said if len(said) <= LONGEST else f"{said[: LONGEST - 1]}…"


def counted(number: int, what: str) -> str:
    """So many of something.

    Example:
        >>> counted(1, "process"), counted(2000, "process"), counted(0, "fault")
        ('1 process', '2,000 processes', '0 faults')
    """
    several = "es" if what.endswith("s") else "s"
    return f"{number:,} {what}{'' if number == 1 else several}"


def _times(number: int) -> str:
    return "" if number == 1 else f" {number:,} times"


def _seconds(value: float) -> str:
    return "never" if value == math.inf else f"{value:.1f} s"


def aligned(rows: Iterable[tuple[str, ...]]) -> list[str]:
    """Rows of a table in columns: the first one on the left, the others on the right."""
    table = [*rows]
    widths = [max(len(row[at]) for row in table) for at in range(len(table[0]))]
    return [
        "  ".join(f"{cell:{'<' if at == 0 else '>'}{widths[at]}}" for at, cell in enumerate(row)).rstrip()
        for row in table
    ]

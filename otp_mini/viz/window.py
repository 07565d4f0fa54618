"""The restart window: how a supervisor's budget is spent, comes back, and runs out.

A supervisor may restart ``max_restarts`` times within ``max_seconds``. At each restart it looks
back so far: restarts inside of that window count, older ones do not. One too many, and it gives
up. The picture has a row for each restart, with the window as it was then.

OTP: ``supervisor:add_restart/1``; the options ``intensity`` and ``period``
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any, Final, Literal, NamedTuple

from ..errors import BadArg, name_of, safe_repr
from ..terms import Pid
from ..tracing import Event, Trace
from .chart import LETTER, document, framed, shortened, written
from .sequence import roles
from .tables import Table
from .words import printable

Outcome = Literal["restarts", "gives up", "has ended"]


class Moment(NamedTuple):
    """The window at a restart.

    ``inside`` are the times of the restarts that count, this one among them; ``left`` those that
    counted once and are too old now. ``unseen`` is how many count that were before the trace began.
    """

    time: float
    child: str
    outcome: Outcome
    inside: tuple[float, ...]
    left: tuple[float, ...]
    unseen: int = 0

    @property
    def used(self) -> int:
        """How many restarts count."""
        return len(self.inside) + self.unseen

    @property
    def words(self) -> str:
        """What the supervisor does."""
        on = " on" if self.child and self.outcome == "gives up" else ""
        return f"{self.outcome}{on} {self.child}".rstrip()


def restart_window(
    source: Trace | Iterable[float],
    supervisor: object = None,
    *,
    max_restarts: int | None = None,
    max_seconds: float | None = None,
) -> Window:
    """Draw how the restarts of a supervisor spend its budget.

    Args:
        source: a trace in which it restarted something; or the times at which its children end, in
            ascending order, to see what a budget would make of them.
        supervisor: of a trace: its pid or its name; not needed where only one restarted anything.
        max_restarts: with ``max_seconds`` the budget for a list of times, 3 in 5.0 seconds unless
            you say otherwise. A trace has it in it.

    Raises:
        BadArg: the trace shows no restart of this supervisor, or those of several; or the times or
            the budget are none.

    Example:
        >>> print(restart_window([0.0, 1.0, 7.0, 7.5, 8.0], max_restarts=2, max_seconds=5.0))
        A budget of 2 restarts in 5 s
        time   in the window        left it       used    the supervisor
        0.000  0.000                              1 of 2  restarts
        1.000  0.000, 1.000                       2 of 2  restarts
        7.000  7.000                0.000, 1.000  1 of 2  restarts
        7.500  7.000, 7.500         0.000, 1.000  2 of 2  restarts
        8.000  7.000, 7.500, 8.000  0.000, 1.000  3 of 2  gives up
    """
    if isinstance(source, Trace):
        if max_restarts is not None or max_seconds is not None:
            raise BadArg("restart_window finds the budget in the trace; give one only with a list of times")
        return _of_trace(source.whole, supervisor)
    allowed, seconds = 3 if max_restarts is None else max_restarts, 5.0 if max_seconds is None else max_seconds
    if not isinstance(allowed, int) or isinstance(allowed, bool) or allowed < 0:
        raise BadArg(f"max_restarts must be a whole number from 0 up, got {safe_repr(allowed)}")
    if not isinstance(seconds, int | float) or not seconds > 0:
        raise BadArg(f"max_seconds must be a number above 0, got {safe_repr(seconds)}")
    who = "" if supervisor is None else printable(name_of(supervisor))
    return Window(who, allowed, seconds, _of_times(list(source), allowed, seconds))


def _of_times(times: list[float], allowed: int, seconds: float) -> list[Moment]:
    """What a budget makes of children that end at these times: the rule of `otp_mini.supervisor.Budget`."""
    numbers = all(isinstance(at, int | float) and math.isfinite(at) for at in times)
    if not numbers or times != sorted(times):
        raise BadArg(f"restart_window needs times as numbers in ascending order, got {safe_repr(times)}")
    found: list[Moment] = []
    outcome: Outcome = "restarts"
    for number, now in enumerate(times):
        if outcome != "restarts":
            found.append(Moment(now, "", "has ended", (), ()))
            continue
        inside, left = _looking_back(times[: number + 1], now, seconds)
        outcome = "restarts" if len(inside) <= allowed else "gives up"
        found.append(Moment(now, "", outcome, inside, left))
    return found


def _looking_back(times: Sequence[float], now: float, seconds: float) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """The restarts that count, and those that are too old. One that is exactly as old still counts."""
    return (
        tuple(at for at in times if now <= at + seconds),
        tuple(at for at in times if now > at + seconds),
    )


def _of_trace(trace: Trace, supervisor: object) -> Window:
    """The window of one supervisor in a trace, by what it noted."""
    noted = [event for event in trace if event.kind in ("restart", "give_up")]
    pid = _who(trace, noted, supervisor)
    own = [event for event in noted if event.pid is pid]
    moments: list[Moment] = []
    for number, event in enumerate(own):
        noted_as: Any = event.term
        id, count, allowed, seconds = noted_as
        inside, left = _looking_back([other.time for other in own[: number + 1]], event.time, seconds)
        outcome: Outcome = "restarts" if event.kind == "restart" else "gives up"
        child, unseen = printable(name_of(id)), max(count - len(inside), 0)
        moments.append(Moment(event.time, child, outcome, inside, left, unseen))
    return Window(roles(trace).names[pid], allowed, seconds, moments)


def _who(trace: Trace, noted: Sequence[Event], supervisor: object) -> Pid | None:
    """The supervisor that is meant; of several that had the name one after the other, the last."""
    busy = list(dict.fromkeys(event.pid for event in noted))
    meant = busy if supervisor is None else [pid for pid in busy if pid in trace.processes(supervisor)]
    if len(meant) == 1 or (meant and supervisor is not None):
        return meant[-1]
    found = ", ".join(trace.name(pid) for pid in busy)
    wanted = "a supervisor" if supervisor is None else trace.name(trace.processes(supervisor)[-1])
    raise BadArg(
        f"restart_window needs a trace in which {wanted} restarted something, and which supervisor it is to show "
        f"where there are several; restarts in this trace: {f'by {found}' if found else 'none'}"
    )


class Window:
    """How a budget of restarts was spent: a picture in a notebook, a table in ``print``.

    In each row the frame is the window. Filled circles in it count, hollow ones have left it, and
    the cross in a square is the one too many, at which the supervisor gives up.
    """

    def __init__(self, supervisor: str, max_restarts: int, max_seconds: float, moments: Sequence[Moment]) -> None:
        self.supervisor = supervisor
        self.max_restarts = max_restarts
        self.max_seconds = max_seconds
        self.moments = list(moments)

    @property
    def title(self) -> str:
        """Whose budget, and how much it is."""
        restarts = "1 restart" if self.max_restarts == 1 else f"{self.max_restarts or 'no'} restarts"
        owner = f"The budget of {self.supervisor}:" if self.supervisor else "A budget of"
        return f"{owner} {restarts} in {'all' if math.isinf(self.max_seconds) else f'{self.max_seconds:g} s'}"

    def table(self) -> Table:
        """The text form: a row for each restart."""
        headings = ("time", "in the window", "left it", "used", "the supervisor")
        return Table(self.title, headings, map(self._cells, self.moments))

    def _cells(self, moment: Moment) -> tuple[str, ...]:
        inside, left = _listed(moment.inside), _listed(moment.left)
        if moment.unseen:
            inside = f"{moment.unseen} before the trace, {inside}"
        return (f"{moment.time:.3f}", inside, left, self.used(moment), moment.words)

    def used(self, moment: Moment) -> str:
        """So many of so many."""
        return "" if moment.outcome == "has ended" else f"{moment.used} of {self.max_restarts}"

    def __str__(self) -> str:
        return str(self.table())

    def __repr__(self) -> str:
        return f"<Window of {len(self.moments)} restarts: {self.title}>"

    def _repr_html_(self) -> str:
        return framed("restart-window", self.title, self.svg(), self.table()._repr_html_())

    def svg(self) -> str:
        """The picture. Everything in it that the program said is escaped."""
        return _drawn(self)


def _listed(times: Sequence[float]) -> str:
    """Times as text; of very many the first and the last."""
    said = [f"{at:.3f}" for at in times]
    if len(said) > _MOST_TIMES:
        return f"{said[0]} to {said[-1]}, {len(said)} in all"
    return ", ".join(said)


# ---- the drawing ---------------------------------------------------------------------------------------

# In pixels. It is as narrow as a phone, so that nobody has to scroll for the end of the story.
_LEFT, _PLOT, _WIDTH, _TOP, _ROW, _NEAR, _CELL = 60, 282, 356, 62, 58, 13, 14
_MOST_CELLS: Final = 8
_MOST_TIMES: Final = 6
_INK: Final = 'stroke="currentColor" stroke-width="1.5" fill="none"'
_LEGEND: Final = (("inside", "counts"), ("left", "has left the window"), ("over", "one too many: gives up"))


class _Scale:
    """From times to places. A long time in which nothing happens is cut short, and marked so."""

    def __init__(self, window: Window) -> None:
        times = sorted({moment.time for moment in window.moments}) or [0.0]
        span = times[-1] - times[0] or min(window.max_seconds, 1.0)
        length = window.max_seconds if window.max_seconds <= 4 * span else span
        start = times[0] - length
        if start < 0 < times[0]:
            start = 0.0  # before that there was no time
        self.knots = [(start, 0.0)]
        self.cuts: list[float] = []
        for before, after in pairwise([start, *times]):
            place = self.knots[-1][1]
            if after - before > 1.6 * length:
                self.knots.append((before + 0.2 * length, place + 0.2 * length))
                self.knots.append((after - 1.2 * length, place + 0.4 * length))
                self.cuts.append(place + 0.3 * length)
                place += 1.6 * length - (after - before)
            self.knots.append((after, place + after - before))
        self.factor = _PLOT / self.knots[-1][1]
        self.times = times
        self.start = start

    def x(self, time: float) -> float:
        """Where a time stands; what was before the picture begins, at its left edge."""
        if time <= self.start:
            return float(_LEFT)
        at = min(bisect_right(self.knots, (time, math.inf)), len(self.knots) - 1)
        (before, left), (after, right) = self.knots[at - 1], self.knots[at]
        share = (time - before) / (after - before)
        return _LEFT + (left + share * (right - left)) * self.factor


def _drawn(window: Window) -> str:
    scale = _Scale(window)
    bottom = _TOP + _ROW * len(window.moments)
    ys = [_TOP + _ROW * at + 15 for at in range(len(window.moments))]
    rows = [_row(window, scale, moment, y) for moment, y in zip(window.moments, ys, strict=True)]
    guides = "".join(f"M{scale.x(at):.1f} {y - 24}V{y + 16}" for y in ys for at in scale.times)
    parts = [
        written(0, 14, shortened(window.title, _WIDTH), more=' font-weight="bold"'),
        *_axis(window, scale),
        f'<path d="{guides}" {_INK} stroke-opacity="0.3" stroke-dasharray="1 5"/>' if guides else "",
        *rows,
        *_legend(bottom + 16),
    ]
    return document(window.title, str(window), _WIDTH, bottom + 46, filter(None, parts))


def _axis(window: Window, scale: _Scale) -> Iterable[str]:
    """The time line: a stroke and a time for each restart, as far as there is room."""
    y, free = _TOP - 18, -math.inf
    yield f'<path d="M{_LEFT} {y}H{_LEFT + _PLOT + 10}" {_INK}/>'
    yield written(0, y + 4, "seconds")
    for at in scale.times if window.moments else ():
        x = scale.x(at)
        yield f'<path d="M{x:.1f} {y - 4}v8" {_INK}/>'
        label = f"{at:g}"
        if free < x - len(label) * LETTER / 2 and x + len(label) * LETTER / 2 < _WIDTH:
            yield written(round(x, 1), y - 8, label, "middle")
            free = x + len(label) * LETTER / 2 + 6
    for cut in scale.cuts:
        x = _LEFT + cut * scale.factor
        yield f'<path d="M{x - 5:.1f} {y + 5}l6 -10m4 0l-6 10" {_INK}/>'


def _row(window: Window, scale: _Scale, moment: Moment, y: int) -> str:
    """One restart: the window as a frame, what counts in it, and what has left it."""
    right = scale.x(moment.time)
    time = written(0, y + 4, f"{moment.time:.3f}")
    if moment.outcome == "has ended":
        return time + f'<path d="M{right - 5:.1f} {y}h10" {_INK}/>' + written(_LEFT, y + 4, moment.words)
    counting = _apart([scale.x(at) for at in moment.inside])
    left = min([scale.x(moment.time - window.max_seconds), *(place - _NEAR / 2 for place in counting)])
    gone = _apart([*(min(scale.x(at), left - _NEAR / 2) for at in moment.left)])
    frame = f"M{left:.1f} {y - 13}H{right + 10:.1f}V{y + 13}H{left:.1f}"
    closed = "Z" if moment.time - window.max_seconds >= scale.start else ""
    ground = f'<path d="{frame}" fill="currentColor" fill-opacity="0.08"/>'
    parts = [time, ground, f'<path d="{frame}{closed}" {_INK}/>']
    parts += [_shape("left", place, y, at) for place, at in zip(gone, moment.left, strict=True)]
    parts += [_shape("inside", place, y, at) for place, at in zip(counting, moment.inside, strict=True)]
    if moment.outcome == "gives up":
        parts[-1] = _shape("over", right, y, moment.time)
    if moment.unseen:
        parts.append(written(left + 4, y + 4, f"+{moment.unseen}"))
    return "".join([*parts, _budget(window, moment, y + 27)])


def _shape(kind: str, x: float, y: int, at: float) -> str:
    """A restart: a filled circle counts, a hollow one has left the window, a crossed square is too many."""
    hint = f"<title>{at:.3f}</title>"
    match kind:
        case "inside":
            return f'<circle cx="{x:.1f}" cy="{y}" r="5">{hint}</circle>'
        case "left":
            return f'<circle cx="{x:.1f}" cy="{y}" r="4.5" {_INK} stroke-dasharray="2 2">{hint}</circle>'
    return f'<path d="M{x - 6:.1f} {y - 6}h12v12h-12zl12 12m-12 0l12 -12" {_INK}>{hint}</path>'


def _apart(places: list[float]) -> list[float]:
    """Places so far from each other that each can be seen, the last one where it is."""
    if len(places) * _NEAR > _PLOT:
        return places
    found = places[-1:]
    for place in reversed(places[:-1]):
        found.append(min(place, found[-1] - _NEAR))
    return found[::-1]


def _budget(window: Window, moment: Moment, y: int) -> str:
    """How much is used of how much: as cells, and in words."""
    cells, x = "", _LEFT
    if window.max_restarts <= _MOST_CELLS:
        for number in range(max(window.max_restarts, moment.used)):
            used = ' fill="currentColor"' if number < moment.used else ' fill="none"'
            if number < window.max_restarts:
                cells += f'<rect x="{x}" y="{y - 5}" width="10" height="10" stroke="currentColor"{used}/>'
            else:
                cells += f'<path d="M{x} {y - 5}l10 10m-10 0l10 -10" {_INK}/>'
            x += _CELL
        x += 6
    bold = ' font-weight="bold"' if moment.outcome == "gives up" else ""
    words = f"{window.used(moment)}: {moment.words}"
    return cells + written(x, y + 4, shortened(words, _WIDTH - x), more=bold)


def _legend(y: int) -> Iterable[str]:
    places = ((_LEFT, y), (_LEFT + 92, y), (_LEFT, y + 20))
    for (kind, words), (x, below) in zip(_LEGEND, places, strict=True):
        yield _shape(kind, x + 6, below, 0.0) + written(x + 20, below + 4, words)

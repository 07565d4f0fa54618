"""The schedule lab: the reader is the scheduler, and looks for the order that breaks a program.

The HTML holds every schedule of a small scenario, so it needs no kernel: it works in a live JupyterLab and
in a stored page alike. Where there are too many schedules for that, the reader goes on all the same wherever a
Python can be asked, and a stored page without one says where its recording ends.

OTP: none; the BEAM's scheduler asks nobody
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from ..errors import BadArg, safe_repr
from ..explore import MOST
from ..viz.schedule_graph import MOST_PLACES
from ..viz.schedule_page import Level, Recorded, page
from .asked import VIEW, AskedLab, asking_cell, widget_of


def schedule_lab(
    scenario: Callable[[], Any] | None = None,
    check: Callable[[Any], Any] | None = None,
    *,
    title: str | None = None,
    goal: str | None = None,
    fault: str | None = None,
    levels: Sequence[Sequence[Any]] | None = None,
    most: int = MOST_PLACES,
    runs: int = MOST,
) -> ScheduleLab:
    """Let the reader choose who goes next, step by step, and judge what comes of it.

    All schedules of the scenario are recorded, those that only differ in steps without a meaning for each
    other as one. At each place the lab offers who could go, with what it would do; steps that nobody else can
    notice are taken at once.

    Args:
        scenario: an ``async def`` without arguments, as for `explore`.
        check: says of an outcome whether it is right, as for `explore`.
        title: for people; the scenario's name by default.
        goal: what the reader is asked to do.
        fault: what a wrong outcome is called, such as ``"lost update"``.
        levels: several scenarios in one lab, in the place of the first five: ``(title, scenario, check)`` each,
            and ``fault`` and ``goal`` after these if they are wanted.
        most: so many places between two steps are recorded for each level at most. Where that is not enough,
            a live kernel, or the page's own Python, runs what is not recorded when the reader chooses it; a page
            that has neither says of a choice that it is not recorded.
        runs: so many runs at most look for the outcomes, as ``most`` of `explore`. Where there are more schedules
            than that, fewer runs show the lab sooner.

    Raises:
        BadArg: an argument has a value that it cannot have, or the scenario is not the same each time.

    OTP: none

    Example:
        >>> from otp_mini import Agent, receive, schedule_lab, self_, send, spawn
        >>> async def add_one(counter, boss):
        ...     n = await Agent.get(counter, lambda n: n)
        ...     await Agent.update(counter, lambda _: n + 1)
        ...     send(boss, "done")
        >>> async def two_clients():
        ...     counter = await Agent.start_link(lambda: 0, name="counter")
        ...     for _ in range(2):
        ...         spawn(add_one, counter, self_())
        ...     for _ in range(2):
        ...         await receive()
        ...     return await Agent.get(counter, lambda n: n)
        >>> schedule_lab(two_clients, lambda total: total == 2)
        Schedule lab: two clients
        2 outcomes in 12 schedules, and there are no others if time moves only when nobody can go on (see time_ahead).
          8 x  1  wrong  by (usual)
          4 x  2  by @2 main @3 add_one
        In the lab it can be broken in 2 choices of who goes next, the usual ones counted.
    """
    for name, given, of in (("most", most, "places"), ("runs", runs, "runs")):
        if isinstance(given, bool) or not isinstance(given, int) or given < 1:
            raise BadArg(f"{name} is a number of {of}, 1 or more; got {safe_repr(given)}")
    if levels is None:
        if scenario is None:
            raise BadArg("schedule_lab needs a scenario, or levels=[(title, scenario, check), ...]")
        name = getattr(scenario, "__name__", "").replace("_", " ") if title is None else title
        return ScheduleLab([Level(name, scenario, check, fault, goal)], most, runs)
    if not (scenario is None and check is None and title is None and goal is None and fault is None):
        raise BadArg("give a scenario or levels, not both: each level has its own title, scenario and check")
    return ScheduleLab([_level(each) for each in levels], most, runs)


def _level(given: Any) -> Level:
    if not isinstance(given, (tuple, list)) or not 2 <= len(given) <= 5:
        raise BadArg(f"a level is (title, scenario, check), with a fault and a goal if wanted; got {safe_repr(given)}")
    return Level(*given)


class ScheduleLab(AskedLab):
    """What `schedule_lab` returns: shows itself in a notebook, and prints as text.

    Args:
        levels: one or several.
        most: as for `schedule_lab`.
        runs: as for `schedule_lab`.
    """

    kind = "schedule_lab"

    def __init__(self, levels: Sequence[Level], most: int = MOST_PLACES, runs: int = MOST) -> None:
        if not levels:
            raise BadArg("a schedule lab needs a level at least")
        self.levels = list(levels)
        self.most = most
        self.runs = runs

    @functools.cached_property
    def recorded(self) -> list[Recorded]:
        """The levels with their schedules, which are run when this is read for the first time."""
        return [Recorded(level, self.most, self.runs) for level in self.levels]

    @functools.cached_property
    def documents(self) -> list[dict[str, Any]]:
        """All that the page needs as plain data, one document for each level."""
        return [each.document() for each in self.recorded]

    @property
    def goes_on(self) -> bool:
        """Is there a level that is not recorded to its end?"""
        return not all(document["whole"] for document in self.documents)

    def data(self) -> dict[str, Any]:
        """What its front end is given: all that is recorded."""
        return {"levels": self.documents}

    def page(self) -> str:
        """The same as HTML."""
        return page(self.documents, str(self))

    def ask(self, path: Iterable[Any], lane: int = 0) -> dict[str, Any]:
        """What a page asks for: the places behind the last step of a path, by `Recorded.piece`.

        Args:
            path: the names of those who go, from the start.
            lane: which of the levels.
        """
        return self.recorded[lane].piece(path)

    def __str__(self) -> str:
        return "\n\n".join(each.text() for each in self.recorded)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return self.page()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        """Text, and HTML that needs no kernel; where that does not hold everything, the widget of a kernel too."""
        cell = asking_cell() if self.goes_on else None
        bundle: dict[str, Any] = {"text/plain": str(self), "text/html": self.page()}
        return bundle if cell is None else bundle | {VIEW: widget_of(self, cell)}

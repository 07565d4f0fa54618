"""The crash lab in a notebook: a running system that the reader may break, and watch.

With a kernel it is a widget: a future is run when the reader asks for it, so the lab is there at once.
The HTML of a stored page needs no kernel: it plays all the futures, which were run when it was stored.

OTP: none; on the BEAM one kills a process of a running system, and watches ``:observer``
"""

from __future__ import annotations

import functools
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from ..child_spec import ChildLike
from ..lab import Lab, strategy_labs
from ..lab.futures import ROOM, WAITS, Entry
from ..lab.performance import Show
from ..lab.starts import Starts
from ..lab.world import Request, Scenario
from ..viz import player
from .asked import VIEW, AskedLab, asking_cell, widget_of

STORING: Final = "OTP_MINI_STORES_LABS"
"""Set this in the environment of a kernel whose outputs become a page, and the HTML holds all futures.

``tools/refresh.py`` does. Without it a live kernel leaves them out: the widget asks for each.
"""


def crash_lab(
    scenario: Scenario,
    *,
    depth: int | None = None,
    title: str | None = None,
    predict: bool = False,
    select: str | None = None,
    raises: Mapping[str, BaseException] | None = None,
    gap: float = 0.0,
    wait: float | Sequence[float] = WAITS,
    show: Show | None = None,
    request: Request | None = None,
    starts: Starts | None = None,
) -> CrashLab:
    """Record every way to break a system, and show it: pick a process, end it, step through what follows.

    Args:
        scenario: ``async def`` without arguments; starts a tree and returns the pid of its root. It
            runs many times, each time on a fresh node with a virtual clock.
        depth: so many steps are recorded; by default one more than a supervisor allows restarts.
            It becomes less where that were too many, and the page says so where it ends. In a small
            system a wait is no step: time may pass between any two crashes.
        title: for people; the root's name by default.
        predict: ask the reader each time what will happen, before it is shown.
        select: the name of the process that is picked at first.
        raises: what a process raises, by its name; ``RuntimeError("boom")`` for the others. A child that only
            ``starts`` can start may be among them.
        gap: virtual seconds that pass before each crash: none, unless the reader lets time pass.
        wait: how many virtual seconds the reader may let pass at a time: one number, or several. With
            a kernel any number can be typed in.
        show: ``show(name, state)`` answers a line about the state of a server, such as
            ``"knows: session"``, or None. It stands on the process, from its start on, and after each action.
        request: ``async def`` without arguments: what a user of the system asks for, mostly a call. After
            each action the lab makes it in a copy of the system, and says what it gets.
        starts: children that the reader may start, too: by the name of a dynamic supervisor, a list of them, as
            in ``{"chat": [child_spec((GenServer, "ann"), id="ann")]}``. Each may be started as often as the
            supervisor lets it. It is called by its id.

    Raises:
        BadArg: the scenario does not start a tree, or a name is not in it; or ``starts`` names what is no
            dynamic supervisor, or two children that are called the same.

    Example:
        >>> from otp_mini import GenServer, Supervisor, crash_lab
        >>> async def shop():
        ...     return await Supervisor.start_link([(GenServer, "a cart")], strategy="one_for_one", name="shop")
        >>> crash_lab(shop, depth=1)
        Crash lab: shop
        shop  supervisor, one_for_one, 3 restarts in 5 s
           GenServer  worker, permanent
        Every process can be ended by raise, normal, shutdown or kill; only the supervisors cannot raise.
    """
    lab = Lab(scenario, title=title, gap=gap, wait=wait, raises=raises, show=show, request=request, starts=starts)
    return CrashLab([lab], depth, predict=predict, select=select)


def compare_strategies(
    children: Iterable[ChildLike],
    script: Iterable[Entry] = (),
    *,
    depth: int | None = None,
    select: str | None = None,
    max_restarts: int = 3,
    max_seconds: float = 5.0,
    raises: Mapping[str, BaseException] | None = None,
    gap: float = 0.0,
    wait: float | Sequence[float] = WAITS,
    show: Show | None = None,
    request: Request | None = None,
) -> CrashLab:
    """Show the same children under each of the three strategies, side by side and in step.

    Args:
        children: as for ``Supervisor.start_link``.
        script: what is ready to be played, in order: ``("name", "raise" | "normal" | "shutdown" | "kill")``,
            ``("wait", seconds)``, or ``"wait"`` for the longest of the waits.
        depth: so many steps are recorded; by default one more than ``max_restarts`` or the script has. The
            script is recorded to its end in any case.
        max_restarts: as for ``Supervisor.start_link``.
        max_seconds: as for ``Supervisor.start_link``.
        select, raises, gap, wait, show, request: as for `crash_lab`.

    Example:
        >>> from otp_mini import Agent, child_spec, compare_strategies
        >>> children = [child_spec((Agent, lambda: 0), id=name) for name in "ABC"]
        >>> compare_strategies(children, [("B", "raise")], depth=1)
        The life that each process is in, after: B raise
                    one_for_one  rest_for_one  one_for_all
        Supervisor  1            1             1
        A           1            1             2
        B           2            2             2
        C           1            2             2
    """
    limits = {"max_restarts": max_restarts, "max_seconds": max_seconds}
    more = {"raises": raises, "gap": gap, "wait": wait, "show": show, "request": request}
    labs, actions = strategy_labs(children, script, **limits, **more)
    return CrashLab(labs, depth or 1 + max(max_restarts, len(actions)), script=actions, select=select)


class CrashLab(AskedLab):
    """What `crash_lab` and `compare_strategies` return: shows itself in a notebook, and prints as text.

    Args:
        labs: one, or one for each strategy.
        depth: so many steps are recorded for a stored page; None as for `crash_lab`.
        script: of a comparison, the actions that are ready to be played.
        predict: as for `crash_lab`.
        select: as for `crash_lab`.
    """

    kind = "crash_lab"

    def __init__(
        self,
        labs: Sequence[Lab],
        depth: int | None = None,
        *,
        script: Sequence[int] | None = None,
        predict: bool = False,
        select: str | None = None,
    ) -> None:
        self.labs = list(labs)
        self.depth = depth
        self.script = script
        self.predict = predict
        self.select = select
        self._grown: set[int] = set()  # the labs in which somebody has turned up who is not in the document
        self.at_first = self._options([lab.document(0, along=script or ()) for lab in self.labs])

    @functools.cached_property
    def documents(self) -> list[dict[str, Any]]:
        """All futures of each lab. They are run when this is read for the first time, which takes a while."""
        room = ROOM // len(self.labs)
        return [lab.document(self.depth, along=self.script or (), room=room) for lab in self.labs]

    def _options(self, documents: Sequence[Mapping[str, Any]]) -> player.Options:
        return player.options(documents, script=self.script, predict=self.predict, select=self.select)

    def ask(self, path: Iterable[Any], lane: int = 0) -> dict[str, Any]:
        """What a page asks for: the run of the last step of a path, by `Lab.ask`.

        Args:
            path: actions, from the start.
            lane: which of the labs.
        """
        answer = self.labs[lane].ask(path)
        if "procs" in answer:
            self._grown.add(lane)
        elif lane in self._grown:  # this page may not have heard of it
            answer |= self.labs[lane].who()
        return answer

    def data(self) -> dict[str, Any]:
        """What its front end is given where it can be asked: no futures."""
        return dict(self.at_first)

    def page(self) -> str:
        """The same as HTML."""
        return player.page(self.at_first)

    def __str__(self) -> str:
        return player.describe(self.at_first)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        """All futures, playable without a kernel."""
        return player.page(self._options(self.documents))

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        """Text, HTML that needs no kernel, and the widget where there is a kernel to answer it.

        A front end takes the widget if it knows widgets, and the HTML where the widget has no
        kernel behind it, as in an exported notebook. In a live kernel the HTML holds no futures, unless
        `STORING` is set.
        """
        cell = asking_cell()
        at_once = cell is not None and not os.environ.get(STORING)
        page = self.page() if at_once else self._repr_html_()
        bundle: dict[str, Any] = {"text/plain": str(self), "text/html": page}
        return bundle if cell is None else bundle | {VIEW: widget_of(self, cell)}

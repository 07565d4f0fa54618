"""Checks that demand "survives this campaign": a tree that stands only as long as nothing breaks does not pass.

Within a check, after it has seen that the system does its work at all::

    async def a_shop_that_stands(start_shop):
        '''The shop sells on, whatever happens to its cache.'''
        faults = [Kill("cache", every=30.0), FailingStart("cache", at=200.5, times=2)]
        expect_to_survive(start_shop, faults, buy, "which restarts the budget has to allow", hours=0.1)

It breaks the system with the student's code in it by `otp_mini.campaign`. Where users do not get what they
ask for, the message names the fault: when it came, whom it struck, what a user saw, and what happened
from the fault to that user.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from ..campaign import campaign, missing
from ..errors import BadArg
from ..faults import Fault
from ..score import Campaign, Strike, percent, virtual
from ..viz.sequence import sequence_chart
from .checking import NotYet
from .every_schedule import sign_of_life

SHOWN: Final = 24
"""So many lines are shown of what happened, the first ones."""


def expect_to_survive(
    application: Any,
    faults: Iterable[Fault],
    probe: Callable[[], Any],
    idea: str,
    *,
    availability: float = 1.0,
    lost: float | None = None,
    outlives: bool = False,
    **how: Any,
) -> Campaign:
    """Demand in a check that a system survives a campaign of faults; answers the campaign.

    The message names the fault that breaks it: when it came, what it was, and what a user saw. It never says
    how to build the system.

    Args:
        application: and ``faults``, ``probe``: as in `otp_mini.campaign`.
        idea: what to look at again; never the solution.
        availability: so many of the requests have to be answered rightly, from 0 to 1.
        lost: so much of the state may be lost, as ``state`` tells it; None for any loss.
        outlives: may the system remember something when it is started again from nothing, as from a file? Else
            what is kept in a global or in a class, which no fault touches, is refused where ``lost`` is given.
        how: ``seed``, ``hours``, ``state`` and the like, as in `otp_mini.campaign`.

    Raises:
        otp_mini.exercises.NotYet: it does not survive.
        Exception: what the system raised when it was started.
    """
    try:
        found = campaign(application, faults, probe, progress=sign_of_life(), **how)
    except BadArg as error:
        raise error.__cause__ or error from None
    if found.availability < availability:
        share = "all" if availability == 1 else f"at least {100 * availability:g} %"
        hoped = f"{share} of the requests answered rightly"
        raise _broken(max(found.all, key=lambda strike: strike.wrong), found, hoped, idea)
    if lost is not None and found.lost > lost:
        hoped = f"{'nothing' if lost == 0 else f'{lost:g} at most'} lost of what the system remembers"
        raise _broken(max(found.all, key=lambda strike: strike.lost), found, hoped, idea)
    if lost is not None and not outlives:
        _forgets(found, how)
    return found


def _forgets(found: Campaign, how: dict[str, Any]) -> None:
    """See that a system that is started anew from nothing remembers nothing of the one before."""
    plan = found.plan
    again = campaign(plan.application, [], plan.probe, **{**how, "hours": 2.5 * plan.every / 3600})
    too_much = missing(again.first, found.first)
    if too_much:
        raise NotYet(
            "the campaign was over, with all its processes; then the system was started once more",
            f"the new one remembered {too_much:,g} more than the first one did when it started",
            "a system that remembers in its processes and tables, and nothing outlives them",
            "what is kept in a variable outside all processes, or in a class: no fault touches that, and no other "
            "node would have it",
        )


def _broken(strike: Strike, found: Campaign, hoped: str, idea: str) -> NotYet:
    """The fault after which a system did not do what was demanded."""
    done = f"a campaign of {virtual(found.plan.hours)} with seed {found.plan.seed}"
    saw = f"a user {strike.saw}; " if strike.saw else ""
    seen = f"{saw}in all {percent(found.right, found.requests)} of the requests answered rightly"
    if found.lost:
        seen += f" and {found.lost:,g} lost"
    if strike.fault is None:
        return NotYet(done, f"before any fault came: {seen}", hoped, idea)
    failure = NotYet(f"{done}: {strike}", seen, hoped, idea)
    told = str(sequence_chart(strike.replay().up_to_the_user())).splitlines()
    left = [f"  ({len(told) - SHOWN} lines after these)"] if len(told) > SHOWN else []
    failure.happened = "\n".join(line[:110] for line in [*told[:SHOWN], *left])
    return failure

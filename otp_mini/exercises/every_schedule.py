"""Checks that demand "right under every schedule": an answer with a race in it passes in no order that it likes.

Within a check, after it has seen that the answer does its work at all::

    async def one_at_a_time(Counter):
        '''A counter that two clients raise at once counts both.'''
        def two_clients():
            async def scenario():
                counter = await Counter.start_link(0)
                ...
                return await Counter.value(counter)
            return scenario

        expect_in_every_schedule(
            "two clients raised the counter at once", two_clients(), 2, "what may happen between the two calls"
        )

It runs the scenario, with the student's code in it, under `otp_mini.explore`. Where one order of steps
leads elsewhere, the message has that order as a schedule, and the two runs from where they part. It says
what went wrong in them and not how to mend it.

An answer that has more orders than the check may try is refused: nothing is proven then. A scenario of two
clients and a handful of messages has a few dozen.
"""

from __future__ import annotations

import gc
from collections.abc import Awaitable, Callable
from typing import Any, Final

from ..errors import BadArg, describe_exception, safe_repr
from ..explore import Schedules, explored_for_wrong, replay
from ..node import current_node
from .checking import NotYet
from .comparing import same

Scenario = Callable[[], Awaitable[Any]]

MOST: Final = 2_000
"""So many orders does a check try, if it says nothing else: a few seconds, in a page half a minute."""

WIDTH: Final = 44
"""So many letters of a step stand in one of the two columns of a message."""


def expect_in_every_schedule(
    done: str,
    scenario: Scenario,
    hoped: object,
    idea: str,
    *,
    right: Callable[[Any], bool] | None = None,
    most: int = MOST,
    time_ahead: int = 0,
    again: str = "",
) -> Schedules:
    """Say in a check what was done, and what has to come of it in every order of steps.

    Args:
        done: what the scenario does, as a sentence without its full stop.
        scenario: an ``async def`` without arguments that uses what the student wrote and answers what
            came of it. Make it anew for each answer, in a plain function around it.
        hoped: what it should answer. With ``right``: that in words.
        idea: what to look at again; never the solution.
        right: says of an outcome whether it is right; without it, it has to be ``hoped``.
        most: so many orders at most.
        time_ahead: so often may time move ahead of who could go on, as in `explore`: the answer has to be right
            also where a time-out is over before what it waits for.
        again: how the student runs the schedule once more, with ``{}`` for its text; for example
            ``"replay(exercises.two_clients(Counter), {})"``. Without it, the message leaves that out.

    Returns:
        What `explore` has found, for a check that wants to look closer.

    Raises:
        otp_mini.exercises.NotYet: another outcome is possible, or there are more orders than were tried, or the answer
            cannot be run in every order.

    Example:
        >>> from otp_mini import Agent, receive, self_, send, spawn
        >>> async def raise_it(counter, boss):
        ...     n = await Agent.get(counter, lambda state: state)
        ...     await Agent.update(counter, lambda state: n + 1)
        ...     send(boss, "done")
        >>> async def two_clients():
        ...     counter = await Agent.start_link(lambda: 0)
        ...     for _ in range(2):
        ...         spawn(raise_it, counter, self_())
        ...     for _ in range(2):
        ...         await receive()
        ...     return await Agent.get(counter, lambda state: state)
        >>> expect_in_every_schedule("two raised it at once", two_clients, 2, "what may happen between the two calls")
        Traceback (most recent call last):
        otp_mini.exercises.checking.NotYet: not yet.
        What was done:   two raised it at once, in every order that is possible
        Hoped for:       2 in every order
        ...
    """
    done = f"{done}, in every order that is possible"
    try:
        result = explored_for_wrong(
            scenario, right or (lambda outcome: same(outcome, hoped)), most, sign_of_life(), time_ahead
        )
    except BadArg as error:
        raise NotYet(done, str(error), "a run that can be repeated", _REPEATED) from None
    words = hoped if right is not None and isinstance(hoped, str) else safe_repr(hoped)
    if result.wrong:
        raise _broken(result, done, f"{words} in every order", idea, again)
    if not result.exhaustive:
        seen = f"{words} in the {result.schedules:,} orders that were tried, and there are more than {most:,}"
        raise NotYet(done, seen, f"{words} in every order", _TOO_MANY)
    return result


_REPEATED: Final = (
    "what your code uses besides its messages: a global or a default argument that remembers the run before, a random "
    "number, a thread, the clock of the world. It is run once for each order, and has to begin anew each time"
)
_TOO_MANY: Final = (
    "how many steps your answer takes. Nothing is proven as long as one order was not tried: it may be the one that "
    "goes wrong. Whoever asks again and again, or sends more messages than are needed, has more orders than anybody "
    "can try"
)


def sign_of_life() -> Callable[[int, int | None], None]:
    """Tells the node of the check that something goes on, though nobody has a turn there meanwhile."""
    node = current_node()

    def tell(runs: int, of: int | None) -> None:
        node.turns += 1
        if not gc.isenabled():  # as in a check
            gc.collect(0)

    return tell


def _broken(result: Schedules, done: str, hoped: str, idea: str, again: str) -> NotYet:
    """What is said where an order leads to something else."""
    text, _, wrong, schedule = next(row for row in result.rows() if row[1])
    rights = sum(many for _, is_wrong, many, _ in result.rows() if not is_wrong)
    seen = text if len(text) <= 200 else f"{text[:199]}…"
    if not rights:
        return NotYet(done, f"{seen} in every order{_crash(result.scenario, schedule)}", hoped, idea)
    failure = NotYet(done, f"{seen} in {wrong:,} of {result.schedules:,} orders", hoped, idea)
    lines = [f"An order that leads there, as a schedule: {schedule}"]
    if again:
        lines.append(f"To run it once more: {again.format(repr(schedule))}")
    compared = result.compared()
    if compared is not None:
        lines += ["", compared.side_by_side(WIDTH)]
    failure.orders = "\n".join(lines)
    return failure


def _crash(scenario: Scenario, schedule: str) -> str:
    """With what a process has crashed in a run, if one has.

    Raises:
        NotImplementedError: that was it: `check` knows what to say of a place where nothing was written yet.
    """
    crashes = [event.term for event in replay(scenario, schedule).trace if event.kind == "exit"]
    for reason in crashes:
        if isinstance(reason, NotImplementedError):
            raise reason
    loud = [reason for reason in crashes if isinstance(reason, BaseException)]
    return f". A process crashed: {describe_exception(loud[0])}" if loud else ""

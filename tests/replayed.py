"""One line for a number of replays: the same on every Python, and in the page.

By hand: ``python tests/replayed.py FIRST COUNT``; each seed is a random scenario, run by a random schedule, which is
then replayed as text. Where a replay is not its run again, event for event, that is an error.
"""

from __future__ import annotations

import hashlib
import random
import sys

from otp_mini import replay
from otp_mini.explore import _at_random, as_text, deviations_of, quiet, run_once
from tests.random_scenarios import larger

PINNED = {
    200: "200 replays, 3372 steps, 2229 events: b8f506aff0bcce5b",
    1_000: "1000 replays, 17203 steps, 11553 events: ebd8a7f84d6d71f3",
}
"""What so many tell from the first seed on: on 3.11 to 3.14, and in Pyodide."""


def digest(first: int, count: int) -> str:
    """The number of steps and events of so many replays, and a hash of all that they told."""
    whole, steps, events = hashlib.sha256(), 0, 0
    for seed in range(first, first + count):
        scene = larger(seed)
        with quiet():
            _, outcome, taken = run_once(scene, _at_random(random.Random(seed)))
        schedule = as_text(deviations_of(taken))
        one, two = replay(scene, schedule), replay(scene, schedule)
        same = str(one) == str(two) and str(one.trace) == str(two.trace) and one.shown == outcome
        assert same and one.schedule == schedule and one.steps == [step.who for step in taken], f"seed {seed}"
        whole.update(f"{one}\n{one.trace}\n".encode())
        steps, events = steps + len(one.steps), events + len(one.trace.events)
    return f"{count} replays, {steps} steps, {events} events: {whole.hexdigest()[:16]}"


if __name__ == "__main__":
    print(digest(*map(int, sys.argv[1:])))

#!/usr/bin/env python3
"""Play fresh random scenarios on otp_mini and on real Elixir.

`python tests/conformance/differential.py --scenarios 80 [--seed 1] [--family sup] [--shrink 1]`

Prints the score of each family, and each difference as the smallest scenario that still shows it.
Where Elixir does not answer the same twice, the scenario is a race: it is named, and not counted.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field

from compare import Difference, Score, compare
from elixir import Elixir, Scenario, agree, installed
from generate import generate, shrunk
from play import play
from scenarios import STRATEGIES


@dataclass
class Outcome:
    """What came of playing scenarios on both sides."""

    scores: dict[str, Score] = field(default_factory=dict)
    differences: list[Difference] = field(default_factory=list)
    races: list[Scenario] = field(default_factory=list)


def both_sides(elixir: Elixir, scenarios: Sequence[Scenario]) -> Outcome:
    """Play scenarios on both sides. Elixir is asked again where the sides differ: it may not agree with itself."""
    answered = elixir.answers(scenarios)
    recorded = [{**each, "obs": answered[each["id"]].get("obs")} for each in scenarios]
    mine = {each["id"]: play(each) for each in scenarios}
    known = [each for each in recorded if each["obs"] is not None]
    suspects = [each.scenario for each in compare(known, mine)[1]]
    again = elixir.answers([_question(each) for each in suspects])
    races = {each["id"] for each in suspects if not agree(each, each, again.get(each["id"], {}))}
    races |= {each["id"] for each in recorded if each["obs"] is None}
    scores, differences = compare([each for each in recorded if each["id"] not in races], mine)
    return Outcome(scores, differences, [each for each in recorded if each["id"] in races])


def _question(recorded: Scenario) -> Scenario:
    return {key: value for key, value in recorded.items() if key != "obs"}


def smallest(elixir: Elixir, scenario: Scenario) -> Difference:
    """Return the smallest case of a difference that hypothesis finds; takes minutes (it stops after five)."""

    def fine(smaller: Scenario) -> bool:
        return not both_sides(elixir, [{"id": scenario["id"], **smaller}]).differences

    found = shrunk(scenario["family"], scenario["number"], fine)
    return (both_sides(elixir, [{"id": scenario["id"], **found}]).differences or [Difference(found, 0, "?", "?")])[0]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scenarios", type=int, default=80, help="how many, all families together")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--family", choices=sorted(STRATEGIES), action="append")
    parser.add_argument("--shrink", type=int, default=0, metavar="K", help="shrink K differences of each family")
    chosen = parser.parse_args()
    if not installed():
        sys.exit("there is no `elixir` on this machine to compare with")
    families = chosen.family or list(STRATEGIES)
    failed = False
    with Elixir() as elixir:
        for family in families:
            outcome = both_sides(elixir, generate(family, -(-chosen.scenarios // len(families)), chosen.seed))
            print(f"{family:6} {outcome.scores.get(family, 'no answer')}   races {len(outcome.races)}", flush=True)
            for place, difference in enumerate(outcome.differences):
                failed = True
                print(difference)
                if place < chosen.shrink:
                    least = smallest(elixir, difference.scenario)
                    print(f"smallest: {json.dumps(_question(least.scenario))}\n{least}", flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(main())

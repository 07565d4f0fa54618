#!/usr/bin/env python3
"""Write random scenarios: `python tests/conformance/generate.py OUT.json --count 20 --seed 1 [--family sup]`.

The same seed gives the same scenarios (with the same hypothesis). `--count` is the number for each family.
"""

from __future__ import annotations

import argparse
import contextlib
import json
from collections.abc import Callable
from pathlib import Path

from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings
from hypothesis.errors import Flaky
from scenarios import STRATEGIES, Scenario


def generate(family: str, count: int, start: int) -> list[Scenario]:
    """Draw `count` scenarios of one family; `start` is the seed. No two are alike."""
    drawn: dict[str, Scenario] = {}
    number = start * 1_000_000
    while len(drawn) < count:
        scenario = draw(family, number)
        drawn.setdefault(json.dumps(scenario, sort_keys=True), {"number": number, **scenario})
        number += 1
    return [{"id": f"{family}-{start}-{place:05}", **scenario} for place, scenario in enumerate(drawn.values())]


def draw(family: str, number: int) -> Scenario:
    """Draw the scenario with this number.

    Each comes from a run of its own. Within one run hypothesis starts with the simplest scenario, draws one at
    random, and then varies what it has drawn, which would make a set of scenarios that are much alike.
    """
    drawn: list[Scenario] = []
    _run(family, number, drawn.append, Phase.generate)
    return drawn[-1]


class Found(Exception):
    """The scenario shows what is looked for."""


def shrunk(family: str, number: int, fine: Callable[[Scenario], bool]) -> Scenario:
    """Return the smallest scenario that hypothesis finds which is not `fine`, beginning with this number's."""
    found: list[Scenario] = []

    def check(scenario: Scenario) -> None:
        if not fine(scenario):
            found.append(scenario)
            raise Found

    with contextlib.suppress(Found, Flaky):
        _run(family, number, check, Phase.generate, Phase.shrink)
    return found[-1] if found else draw(family, number)


def _run(family: str, number: int, use: Callable[[Scenario], None], *phases: Phase) -> None:
    @seed(number)
    @settings(
        max_examples=2,
        database=None,
        deadline=None,
        phases=phases,
        report_multiple_bugs=False,
        verbosity=Verbosity.quiet,
        suppress_health_check=list(HealthCheck),
    )
    @given(STRATEGIES[family])
    def each(scenario: Scenario) -> None:
        use(scenario)

    each()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--count", type=int, default=20, help="scenarios of each family")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--family", choices=sorted(STRATEGIES), action="append")
    chosen = parser.parse_args()
    families = chosen.family or list(STRATEGIES)
    written = [scenario for family in families for scenario in generate(family, chosen.count, chosen.seed)]
    chosen.out.write_text(json.dumps(written))
    print(f"{len(written)} scenarios of {len(families)} families")


if __name__ == "__main__":
    main()

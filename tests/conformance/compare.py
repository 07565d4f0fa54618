#!/usr/bin/env python3
"""Score results against recorded Elixir results (standard library only).

  compare.py sample.json mine.json [--show N] [--family sup] [--json]

mine.json: a list of {"id", "obs"} (an "error" key instead of obs counts as wrong; a missing id too).
Prints per family: scenarios wholly equal, and the share of equal observations.
Equality is on canonical JSON text (canon.py), so 1, 1.0 and true are three different values.
"""

from __future__ import annotations

import argparse
import gzip
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from canon import canon

Json = Any
Scenario = dict[str, Json]


@dataclass
class Score:
    """How many scenarios, and how many observations, are equal."""

    scenarios: int = 0
    of: int = 0
    obs: int = 0
    obs_of: int = 0

    def count(self, equal: list[bool], whole: bool) -> None:
        self.scenarios += whole
        self.of += 1
        self.obs += sum(equal)
        self.obs_of += len(equal)

    def __str__(self) -> str:
        return (
            f"scenarios {self.scenarios}/{self.of} = {self.scenarios / self.of:.1%}   "
            f"observations {self.obs}/{self.obs_of} = {self.obs / self.obs_of:.1%}"
        )


@dataclass
class Difference:
    """The first observation of a scenario that is not as recorded."""

    scenario: Scenario
    place: int
    wanted: str
    got: str

    def __str__(self) -> str:
        ops = self.scenario["ops"]
        if self.scenario["family"] in ("sup", "dyn"):  # their first observation is of the start
            ops = [{"op": "START"}, *ops]
        op = json.dumps(ops[self.place]) if self.place < len(ops) else ""
        return f"--- {self.scenario['id']} obs[{self.place}] {op}\n  want {self.wanted}\n  got  {self.got}"


def compare(recorded: Iterable[Scenario], answers: dict[str, Json]) -> tuple[dict[str, Score], list[Difference]]:
    """Compare answers, by id, with recorded scenarios: the score of each family and of all, and what differs."""
    scores: dict[str, Score] = {}
    differences = []
    for scenario in recorded:
        answer = answers.get(scenario["id"], {})
        wanted = canon(scenario, scenario["obs"])
        got, error = _canonical(scenario, answer)
        equal = [place < len(got) and got[place] == want for place, want in enumerate(wanted)]
        whole = all(equal) and len(got) == len(wanted)
        for name in (scenario["family"], "TOTAL"):
            scores.setdefault(name, Score()).count(equal, whole)
        if not whole:
            place = equal.index(False) if False in equal else len(wanted)
            differences.append(
                Difference(
                    scenario,
                    place,
                    wanted[place] if place < len(wanted) else "(end)",
                    got[place] if place < len(got) else f"(none) {error}"[:300],
                )
            )
    return scores, differences


def _canonical(scenario: Scenario, answer: Json) -> tuple[list[str], str]:
    try:
        return canon(scenario, answer.get("obs") or []), str(answer.get("error", ""))
    except (KeyError, TypeError, AttributeError, IndexError, ValueError) as wrong:
        return [], f"not the shape that README.md says: {type(wrong).__name__}: {wrong}"


def load(path: Path) -> Json:
    return json.loads(gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("want", type=Path)
    parser.add_argument("got", type=Path)
    parser.add_argument("--show", type=int, default=0, help="show this many differences")
    parser.add_argument("--family")
    parser.add_argument("--json", action="store_true", help="print the scores as JSON")
    chosen = parser.parse_args()
    got = load(chosen.got)
    answers = {answer["id"]: answer for answer in (got["scenarios"] if isinstance(got, dict) else got)}
    recorded = [each for each in load(chosen.want)["scenarios"] if chosen.family in (None, each["family"])]
    scores, differences = compare(recorded, answers)
    for difference in differences[: chosen.show]:
        print(difference)
    if chosen.json:
        print(json.dumps({name: asdict(score) for name, score in scores.items()}))
        return
    for name in sorted(scores, key=lambda name: (name == "TOTAL", name)):
        print(f"{name:6} {scores[name]}")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Record real Elixir's answers: `python tests/conformance/record.py --count 200 --seed 1 [--family sup]`.

Random scenarios are drawn (`generate.py`) and played twice on real Elixir (`oracle.exs`). Those with the same
answer both times are written to `records/<family>.json.gz`, in the shape of `sample.json`.
"""

from __future__ import annotations

import argparse
import gzip
import json
from pathlib import Path

from elixir import Elixir, Scenario
from generate import generate
from scenarios import STRATEGIES

RECORDS = Path(__file__).with_name("records")


def write(family: str, seed: int, recorded: list[Scenario], folder: Path = RECORDS) -> Path:
    """Store recorded scenarios. The file has no time stamp in it: the same records are the same bytes."""
    folder.mkdir(exist_ok=True)
    path = folder / f"{family}.json.gz"
    meta = {
        "family": family,
        "seed": seed,
        "scenarios": len(recorded),
        "runs_agreeing": 2,
        "observations": sum(len(scenario["obs"]) for scenario in recorded),
    }
    text = json.dumps({"meta": meta, "scenarios": recorded}, separators=(",", ":"))
    path.write_bytes(gzip.compress(text.encode(), 9, mtime=0))
    return path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=200, help="scenarios of each family")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--family", choices=sorted(STRATEGIES), action="append")
    parser.add_argument("--out", type=Path, default=RECORDS, help="folder for the records")
    chosen = parser.parse_args()
    with Elixir() as elixir:
        for family in chosen.family or STRATEGIES:
            sure, races = elixir.settled(generate(family, chosen.count, chosen.seed))
            path = write(family, chosen.seed, sure, chosen.out)
            print(
                f"{family:6} {len(sure)} recorded, {len(races)} left out: {[each['id'] for each in races]} "
                f"({path.stat().st_size // 1024} KB)",
                flush=True,
            )


if __name__ == "__main__":
    main()

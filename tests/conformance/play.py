#!/usr/bin/env python3
"""Play scenarios on otp_mini: `python tests/conformance/play.py IN.json OUT.json`.

IN holds scenarios in the format of README.md (a list, or a record file with its answers, which are not looked
at). OUT gets what was observed: `[{"id": …, "obs": […]}, …]`, or `"error"` in place of `"obs"`.
Each scenario has a node of its own, with a virtual clock.
"""

from __future__ import annotations

import argparse
import gzip
import json
import logging
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
for folder in (HERE, HERE.parents[1]):  # this script's helpers; otp_mini, where it is not installed
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))

from player import PLAYERS  # noqa: E402

import otp_mini  # noqa: E402

Scenario = dict[str, Any]

#: More turns than this, and the scenario has no answer.
MOST_TURNS = 1_000_000


def play(scenario: Scenario) -> Scenario:
    """Play one scenario on a fresh node, and return what was observed."""

    log = logging.getLogger("otp_mini")
    level = log.level

    async def main() -> list[Any]:
        observed: list[Any] = await PLAYERS[scenario["family"]]().play(scenario)
        return observed

    log.setLevel(logging.CRITICAL + 1)  # most scenarios crash something
    try:
        with otp_mini.Node(clock="virtual", max_turns=MOST_TURNS) as node:
            observed = node.run(main)
    except otp_mini.Exit as exit:
        return {"id": scenario["id"], "error": f"the harness exited: {exit}"}
    except Exception as error:
        return {"id": scenario["id"], "error": f"{type(error).__name__}: {error}"}
    finally:
        log.setLevel(level)
    return {"id": scenario["id"], "obs": observed}


def read(path: Path) -> list[Scenario]:
    """Read scenarios, from a plain list or from a record."""
    text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    read = json.loads(text)
    scenarios: list[Scenario] = read["scenarios"] if isinstance(read, dict) else read
    return scenarios


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scenarios", type=Path)
    parser.add_argument("results", type=Path)
    chosen = parser.parse_args()
    results = [play(scenario) for scenario in read(chosen.scenarios)]
    chosen.results.write_text(json.dumps(results))
    print(f"{len(results)} scenarios, {sum('error' in result for result in results)} without an answer")


if __name__ == "__main__":
    main()

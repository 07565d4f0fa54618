"""Ask real Elixir: run scenarios through `oracle.exs`, several virtual machines at a time."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from canon import canon

Scenario = dict[str, Any]

ORACLE = Path(__file__).with_name("oracle.exs")
#: Scenarios for one virtual machine: it takes two seconds to start, a scenario about half a second.
BATCH = 20


def installed() -> bool:
    """Tell whether there is an Elixir to ask."""
    return shutil.which("elixir") is not None


def answers(scenarios: Sequence[Scenario], machines: int = 2) -> dict[str, Scenario]:
    """Play the scenarios on real Elixir; return, by id, what it says: `obs`, or `error`."""
    batches = [scenarios[start:start + BATCH] for start in range(0, len(scenarios), BATCH)]
    with ThreadPoolExecutor(machines) as pool:
        return {answer["id"]: answer for batch in pool.map(_run, batches) for answer in batch}


def _run(batch: Sequence[Scenario]) -> list[Scenario]:
    with tempfile.TemporaryDirectory() as folder:
        asked, answered = Path(folder, "asked.json"), Path(folder, "answered.json")
        asked.write_text(json.dumps(list(batch)))
        done = subprocess.run(["elixir", str(ORACLE), str(asked), str(answered)], capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"the oracle failed with status {done.returncode}:\n{done.stderr or done.stdout}")
        read: list[Scenario] = json.loads(answered.read_text())
        return read


def agree(scenario: Scenario, one: Scenario | None, other: Scenario | None) -> bool:
    """Tell whether two answers to a scenario are alike in canonical form; an error agrees with nothing."""
    if not one or not other or "obs" not in one or "obs" not in other:
        return False
    return bool(canon(scenario, one["obs"]) == canon(scenario, other["obs"]))


def settled(scenarios: Sequence[Scenario], machines: int = 2) -> tuple[list[Scenario], list[Scenario]]:
    """Ask twice. Return the scenarios with their answers, and those whose answers differ: their outcome is a race."""
    first, second = answers(scenarios, machines), answers(scenarios, machines)
    sure, unsure = [], []
    for scenario in scenarios:
        mine = first.get(scenario["id"])
        if mine is not None and agree(scenario, mine, second.get(scenario["id"])):
            sure.append({**scenario, "obs": mine["obs"]})
        else:
            unsure.append(scenario)
    return sure, unsure

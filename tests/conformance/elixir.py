"""Ask real Elixir: keep virtual machines that play scenarios (`oracle.exs`), and ask them for their answers."""

from __future__ import annotations

import contextlib
import json
import queue
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Any

from canon import canon

Scenario = dict[str, Any]

ORACLE = Path(__file__).with_name("oracle.exs")
#: Scenarios that a machine is given at a time.
BATCH = 10


def installed() -> bool:
    """Tell whether there is an Elixir to ask."""
    return shutil.which("elixir") is not None


class Machine:
    """One virtual machine that waits for scenarios; when it dies of one, another takes its place."""

    def __init__(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            ["elixir", str(ORACLE), "serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def play(self, scenarios: Sequence[Scenario]) -> list[Scenario]:
        """Play scenarios. The BEAM has bugs too: one that ends the whole machine gets an `error`."""
        asked, answered = Path(self.folder.name, "asked.json"), Path(self.folder.name, "answered.json")
        asked.write_text(json.dumps(list(scenarios)))
        if self._ask(f"{asked}\t{answered}"):
            read: list[Scenario] = json.loads(answered.read_text())
            return read
        status = self.process.wait()
        self.start()
        if len(scenarios) == 1:
            return [{"id": scenarios[0]["id"], "error": f"the virtual machine ended with status {status}"}]
        return [answer for scenario in scenarios for answer in self.play([scenario])]

    def _ask(self, line: str) -> bool:
        """Send a line; tell whether it was answered."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        try:
            self.process.stdin.write(line + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            return False
        return self.process.stdout.readline() != ""

    def close(self) -> None:
        with contextlib.suppress(BrokenPipeError):
            self.process.communicate()  # the end of its input is its end
        self.folder.cleanup()


class Elixir:
    """A few machines, for as long as the `with` block lasts. Two share two cores well: they mostly sleep."""

    def __init__(self, machines: int = 2) -> None:
        self.count = machines
        self.machines: list[Machine] = []

    def __enter__(self) -> Elixir:
        self.machines = [Machine() for _ in range(self.count)]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for machine in self.machines:
            machine.close()

    def answers(self, scenarios: Sequence[Scenario]) -> dict[str, Scenario]:
        """Play the scenarios; return, by id, what Elixir says: `obs`, or `error`."""
        free: queue.SimpleQueue[Machine] = queue.SimpleQueue()
        for machine in self.machines:
            free.put(machine)

        def play(batch: Sequence[Scenario]) -> list[Scenario]:
            machine = free.get()
            try:
                return machine.play(batch)
            finally:
                free.put(machine)

        batches = [scenarios[start : start + BATCH] for start in range(0, len(scenarios), BATCH)]
        with ThreadPoolExecutor(self.count) as pool:
            return {answer["id"]: answer for batch in pool.map(play, batches) for answer in batch}

    def settled(self, scenarios: Sequence[Scenario]) -> tuple[list[Scenario], list[Scenario]]:
        """Ask twice. Return the scenarios with their answers, and the races: those with two answers, or none."""
        first, second = self.answers(scenarios), self.answers(scenarios)
        sure, races = [], []
        for scenario in scenarios:
            mine, other = first.get(scenario["id"], {}), second.get(scenario["id"], {})
            if agree(scenario, mine, other):
                sure.append({**scenario, "obs": mine["obs"]})
            else:
                races.append(scenario)
        return sure, races


def agree(scenario: Scenario, one: Scenario, other: Scenario) -> bool:
    """Tell whether two answers to a scenario are alike in canonical form; an error agrees with nothing."""
    if "obs" not in one or "obs" not in other:
        return False
    return bool(canon(scenario, one["obs"]) == canon(scenario, other["obs"]))

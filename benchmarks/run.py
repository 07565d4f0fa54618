"""Measure otp_mini beside servers made of asyncio tasks and of threads, all in one run.

Every figure comes from a fresh interpreter that measures one workload of one design and ends. The
interpreters take turns, round after round, so that a busy or a throttled machine disturbs all designs
alike; what counts is each one's best round. See README.md for what the rows mean.
"""

from __future__ import annotations

import argparse
import importlib
import json
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gauge import Skipped

HERE = Path(__file__).resolve().parent
PEER = "asyncio"  # what the others are compared with


@dataclass(frozen=True)
class Design:
    """One way to run a server."""

    title: str
    module: str
    with_asyncio: bool = False  # have asyncio imported, as a notebook has
    share: float = 1.0  # how much of the work it gets: threads are slow


@dataclass(frozen=True)
class Workload:
    """One row of the table."""

    name: str
    title: str
    count: int
    unit: str  # "a second", "µs" or "bytes"

    def figure(self, measured: float, count: int) -> float:
        """Turn what a workload measured into what the table shows."""
        match self.unit:
            case "a second":
                return count / measured
            case "µs":
                return measured / count * 1e6
            case _:
                return measured

    def best(self, figures: list[float]) -> float:
        """Of several rounds, the one that was disturbed least."""
        return max(figures) if self.unit == "a second" else min(figures)


DESIGNS = [
    Design("otp_mini", "on_otp_mini"),
    Design("otp_mini+loop", "on_otp_mini", with_asyncio=True),
    Design("asyncio", "on_asyncio"),
    Design("asyncio tuned", "on_asyncio_tuned"),
    Design("pykka", "on_pykka", share=0.05),
]
WORKLOADS = [
    Workload("calls", "call", 40_000, "a second"),
    Workload("reads", "read from a table", 400_000, "a second"),
    Workload("casts", "cast", 100_000, "a second"),
    Workload("starts", "start and stop", 8_000, "a second"),
    Workload("restarts", "restart", 4_000, "µs"),
    Workload("idle", "idle, never called", 20_000, "bytes"),
    Workload("idle_called", "idle, called once", 20_000, "bytes"),
]

Figures = dict[tuple[str, str], list[float]]
"""Workload and design, and what its rounds gave."""


def count_of(workload: Workload, design: Design, quick: bool) -> int:
    """How often a design repeats the work."""
    return max(50, int(workload.count * design.share / (40 if quick else 1)))


# ---- one measurement, in an interpreter of its own ---------------------------------------------


def measure_here(module: str, workload: str, count: int) -> dict[str, object]:
    """Measure, and say why where that cannot be."""
    try:
        design = importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name != "pykka":
            raise
        return {"skipped": "pykka is not installed"}
    try:
        return {"measured": design.measure(workload, count)}
    except Skipped as why:
        return {"skipped": str(why)}


def measure_apart(design: Design, workload: Workload, count: int) -> float | str:
    """Have a fresh interpreter measure; answers the figure, or why there is none."""
    call = f"run.measure_here({design.module!r}, {workload.name!r}, {count})"
    loop = "import asyncio; " if design.with_asyncio else ""
    program = f"{loop}import json, sys; sys.path.insert(0, {str(HERE)!r}); import run; print(json.dumps({call}))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{workload.title} on {design.title} failed:\n{done.stderr}")
    answer = json.loads(done.stdout)
    if "skipped" in answer:
        return str(answer["skipped"])
    return workload.figure(answer["measured"], count)


def measure_all(rounds: int, quick: bool) -> tuple[Figures, dict[tuple[str, str], str]]:
    """Every workload on every design, in turn, round after round."""
    figures: Figures = {}
    skipped: dict[tuple[str, str], str] = {}
    for number in range(rounds):
        for workload in WORKLOADS:
            print(f"round {number + 1} of {rounds}: {workload.title}", file=sys.stderr, flush=True)
            for design in DESIGNS:
                cell = (workload.name, design.title)
                if cell in skipped or (workload.unit == "bytes" and number):
                    continue  # memory does not depend on what else the machine does
                answer = measure_apart(design, workload, count_of(workload, design, quick))
                if isinstance(answer, str):
                    skipped[cell] = answer
                else:
                    figures.setdefault(cell, []).append(answer)
    return figures, skipped


# ---- the table ---------------------------------------------------------------------------------


def table(figures: Figures) -> Iterator[str]:
    """Two lines a workload: the figures, and how many times the asyncio version's each one is."""
    width = max(len(design.title) for design in DESIGNS) + 2
    left = max(len(f"{workload.title}, {workload.unit}") for workload in WORKLOADS) + 2
    yield " " * left + "".join(design.title.rjust(width) for design in DESIGNS)
    for workload in WORKLOADS:
        best = {
            design.title: workload.best(found)
            for design in DESIGNS
            if (found := figures.get((workload.name, design.title)))
        }
        peer = best.get(PEER)
        values = [f"{best[d.title]:,.0f}" if d.title in best else "-" for d in DESIGNS]
        ratios = [f"{best[d.title] / peer:.2f} x" if d.title in best and peer else "-" for d in DESIGNS]
        better = "more" if workload.unit == "a second" else "less"
        yield f"{workload.title}, {workload.unit}".ljust(left) + "".join(v.rjust(width) for v in values)
        yield f"  {better} is better".ljust(left) + "".join(r.rjust(width) for r in ratios)


def spread(figures: Figures) -> Iterator[str]:
    """How far the rounds agree on the figure that matters most."""
    ours, theirs = figures[("calls", "otp_mini")], figures[("calls", PEER)]
    ratios = sorted(our / their for our, their in zip(ours, theirs, strict=True))
    middle = ratios[len(ratios) // 2]
    yield (
        f"GenServer.call, otp_mini to {PEER}, round by round: {ratios[0]:.2f} to {ratios[-1]:.2f} times, "
        f"the middle one {middle:.2f}."
    )
    reads = max(figures[("reads", "otp_mini")]) / max(ours)
    yield f"On otp_mini a read from a table is {reads:.1f} times as fast as a call."


def beam(count: int, figures: Figures) -> str:
    """The original, where it is installed."""
    elixir = shutil.which("elixir")
    if elixir is None:
        return "On the BEAM itself: skipped, there is no elixir on the path."
    script = [elixir, "--erl", "+S 1 +sbwt none +sbwtdcpu none +sbwtdio none", str(HERE / "on_beam.exs"), str(count)]
    done = subprocess.run(script, capture_output=True, text=True, check=False)
    if done.returncode:
        return f"On the BEAM itself: skipped, elixir failed: {done.stderr.strip().splitlines()[-1:]}"
    rate, reads = map(float, done.stdout.split())
    ours = max(figures[("calls", "otp_mini")])
    return (
        f"On the BEAM itself: {rate:,.0f} calls a second, {rate / ours:.2f} times those of otp_mini; "
        f"{reads:,.0f} reads from a table, {reads / rate:.1f} times its calls."
    )


def report(rounds: int, quick: bool) -> None:
    """Measure everything, then print it."""
    figures, skipped = measure_all(rounds, quick)
    print(f"{platform.python_implementation()} {platform.python_version()}, best of {rounds} rounds")
    if quick:
        print("--quick tries the program out: the figures mean nothing.")
    print()
    print("\n".join(table(figures)))
    print()
    print(f"Every second line: how many times the figure of {PEER}.")
    print("\n".join(spread(figures)))
    print(beam(200 if quick else 200_000, figures))
    for workload in WORKLOADS:
        for design in DESIGNS:
            if (why := skipped.get((workload.name, design.title))) is not None:
                print(f"Skipped: {workload.title} on {design.title}: {why}.")


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(description="Measure otp_mini beside its peers, as ratios.")
    parser.add_argument("--rounds", type=int, default=5, help="how often each figure is taken (default: 5)")
    parser.add_argument("--quick", action="store_true", help="only try the program out, in seconds")
    options = parser.parse_args()
    if options.rounds < 1:
        parser.error(f"--rounds must be 1 or more, got {options.rounds}")
    report(1 if options.quick else options.rounds, options.quick)


if __name__ == "__main__":
    main()

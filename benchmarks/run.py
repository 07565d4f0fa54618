"""Measure otp_mini beside the BEAM, asyncio tasks and threads, all in one run.

Every figure comes from a fresh process of the operating system that measures one workload of one design and ends. The
designs take turns, round after round, so that a busy or a throttled machine disturbs all of them alike, and ratios are
taken round by round. See README.md for what the rows mean.
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
from typing import Any

import results
from gauge import Skipped
from results import BEAM, OURS, Growth, Results, Row, figure

HERE = Path(__file__).resolve().parent
ONE_SCHEDULER = ["--erl", "+S 1 +sbwt none +sbwtdcpu none +sbwtdio none"]  # which does not spin while it waits
NO_ELIXIR = "there is no `elixir` on the path"


@dataclass(frozen=True)
class Design:
    """One way to run a server."""

    title: str
    module: str  # empty for the BEAM
    with_asyncio: bool = False  # have asyncio imported, as a notebook has
    share: float = 1.0  # how much of the work it gets: threads are slow, and the BEAM's clock is coarse
    rows: tuple[str, ...] = ()  # only these; all, if empty


@dataclass(frozen=True)
class Workload:
    """One row of the table."""

    name: str
    title: str
    count: int  # of pieces
    unit: str = "µs"
    same: bool = False  # everybody gets so many: what it starts stays there


SERVERS = ("calls", "casts", "starts", "restarts")
DESIGNS = [
    Design(OURS, "on_otp_mini"),
    Design("otp_mini+loop", "on_otp_mini", with_asyncio=True, rows=SERVERS),
    Design(BEAM, "", share=5),
    Design("asyncio", "on_asyncio"),
    Design("asyncio tuned", "on_asyncio_tuned"),
    Design("pykka", "on_pykka", share=0.05),
]
WORKLOADS = [
    Workload("calls", "GenServer.call", 40_000),
    Workload("casts", "GenServer.cast", 100_000),
    Workload("spawns", "spawn, exit, Down", 10_000),
    Workload("starts", "start and stop of a GenServer", 8_000),
    Workload("restarts", "restart under a Supervisor", 4_000),
    Workload("children", "DynamicSupervisor.start_child", 10_000, same=True),
    Workload("registry_lookups", "Registry.lookup", 200_000),
    Workload("via_whereis", "GenServer.whereis, by a via name", 200_000),
    Workload("via_calls", "GenServer.call, by a via name", 20_000),
    Workload("ets_lookups", "ETS lookup", 400_000),
    Workload("ets_inserts", "ETS insert", 200_000),
    Workload("tasks", "Task.async and await", 10_000),
    Workload("stream", "item of an async_stream", 10_000),
    Workload("ring", "message in a ring of processes", 100_000),
    Workload("idle", "GenServer that waits, never called", 20_000, "bytes", same=True),
    Workload("idle_called", "GenServer that waits, called once", 20_000, "bytes", same=True),
]


def count_of(workload: Workload, design: Design, quick: bool) -> int:
    """How often a design repeats the work."""
    share = min(design.share, 1) if workload.same else design.share
    return max(50, int(workload.count * share / (40 if quick else 1)))


# ---- measurements, in a process of their own ----------------------------------------------------

Piece = tuple[str, int]
"""A workload by its name, and how often."""


def measure_here(module: str, pieces: list[Piece]) -> list[float | str]:
    """Measure each, and say why where that cannot be."""
    try:
        design = importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name != "pykka":
            raise
        return ["pykka is not installed"] * len(pieces)
    answers: list[float | str] = []
    for name, count in pieces:
        try:
            answers.append(design.measure(name, count))
        except Skipped as why:
            answers.append(str(why))
    return answers


def in_python(call: str, what: str, first: str = "") -> Any:
    """Have a fresh interpreter answer a call of this module."""
    places = [str(HERE), str(HERE.parent)]  # this otp_mini, whichever one is installed
    program = f"{first}import json, sys; sys.path[:0] = {places!r}; import run; print(json.dumps(run.{call}))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{what} failed:\n{done.stderr}")
    return json.loads(done.stdout)


def in_elixir(*arguments: str) -> tuple[str | None, str]:
    """Have a fresh BEAM answer; what it printed, or None and why."""
    elixir = shutil.which("elixir")
    if elixir is None:
        return None, NO_ELIXIR
    done = subprocess.run([elixir, *ONE_SCHEDULER, *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        return None, "elixir failed: " + (done.stderr.strip() or "without a word").splitlines()[0]
    return done.stdout, ""


def measure_apart(design: Design, pieces: list[Piece]) -> list[float | str]:
    """Have a fresh process measure; answers for each what was measured, or why it was not."""
    names = ", ".join(name for name, _ in pieces)
    if design.module:
        loop = "import asyncio; " if design.with_asyncio else ""
        answers: list[float | str] = in_python(
            f"measure_here({design.module!r}, {pieces!r})", f"{names} on {design.title}", loop
        )
        return answers
    printed, why = in_elixir(str(HERE / "on_beam.exs"), *(str(each) for piece in pieces for each in piece))
    return [why] * len(pieces) if printed is None else [float(line) for line in printed.split()]


def not_there(design: Design, workload: Workload) -> str:
    """Why a design does not measure a row at all, or nothing."""
    if design.rows and workload.name not in design.rows:
        return "only servers are measured there"
    if workload.unit == "bytes" and not Path("/proc/self/status").exists():
        return "memory is read from /proc, which this system does not have"
    return ""


def measure_rows(rounds: int, quick: bool) -> list[Row]:
    """Every workload on every design, in turn, round after round; all of a design at once, if it has to be quick."""
    rows = {workload.name: Row(workload.name, workload.title, workload.unit) for workload in WORKLOADS}
    apart = [WORKLOADS] if quick else [[workload] for workload in WORKLOADS]
    for number in range(rounds):
        for some in apart:
            if number and some[0].unit == "bytes":
                continue  # memory does not depend on what else the machine does
            say(f"round {number + 1} of {rounds}: {some[0].title}{' and so on' * (len(some) > 1)}")
            for design in DESIGNS:
                measure_some(rows, design, some, quick)
    return list(rows.values())


def measure_some(rows: dict[str, Row], design: Design, some: list[Workload], quick: bool) -> None:
    """Have a design measure some workloads, and enter what it found into their rows."""
    for workload in some:
        if why := not_there(design, workload):
            rows[workload.name].skipped[design.title] = why
    wanted = [workload for workload in some if design.title not in rows[workload.name].skipped]
    counts = [count_of(workload, design, quick) for workload in wanted]
    pieces = [(workload.name, count) for workload, count in zip(wanted, counts, strict=True)]
    answers = measure_apart(design, pieces) if pieces else []
    for workload, count, answer in zip(wanted, counts, answers, strict=True):
        row = rows[workload.name]
        if isinstance(answer, str):
            row.skipped[design.title] = answer
        else:
            figure_of_one = answer if workload.unit == "bytes" else answer / count * 1e6
            row.figures.setdefault(design.title, []).append(figure_of_one)


# ---- growth ------------------------------------------------------------------------------------


def kinds_here() -> list[dict[str, str]]:
    """The kinds of growth, without figures."""
    from growing import KINDS

    return [{"name": each.name, "what": each.what, "piece": each.piece, "law": each.law} for each in KINDS.values()]


def grow_here(names: list[str], most: int) -> list[dict[str, float]]:
    """Seconds by size, for each kind."""
    from growing import measure

    return [measure(name, most) for name in names]


def measure_growth(rounds: int, most: int, together: bool) -> list[Growth]:
    """Every kind at every size: one process grows, so that its sizes are neighbours in time."""
    growth = [Growth(**kind) for kind in in_python("kinds_here()", "growth")]
    apart = [growth] if together else [[kind] for kind in growth]
    for number in range(rounds):
        for some in apart:
            say(f"growth, round {number + 1} of {rounds}: {some[0].what}{' and so on' * (len(some) > 1)}")
            found = in_python(f"grow_here({[kind.name for kind in some]!r}, {most})", some[0].what)
            for kind, seconds in zip(some, found, strict=True):
                for size, each in seconds.items():
                    kind.figures.setdefault(size, []).append(each * 1e6)
    return growth


# ---- the tables --------------------------------------------------------------------------------


def aligned(lines: list[list[str]]) -> Iterator[str]:
    """Columns, the first to the left and the others to the right."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for first, *rest in lines:
        cells = [cell.rjust(width) for cell, width in zip(rest, widths[1:], strict=True)]
        yield "  ".join([first.ljust(widths[0]), *cells]).rstrip()


def table(found: Results) -> Iterator[str]:
    """Up to three lines a workload: figures, how many times each one otp_mini's is, and how far the rounds go."""
    designs = [design.title for design in DESIGNS]
    lines = [["", *designs]]
    for row in found.rows:
        ratios = [None if design == OURS else row.ratio(design) for design in designs]
        lines.append([f"{row.title}, {row.unit}", *(figure(row.middle(design)) for design in designs)])
        lines.append(["  otp_mini to it", *("-" if each is None else figure(each.middle) for each in ratios)])
        if len(row.figures[OURS]) > 1:
            between = ["-" if each is None else f"{figure(each.least)}-{figure(each.most)}" for each in ratios]
            lines.append(["  round by round", *between])
    yield from aligned(lines)


def growth_table(found: Results) -> Iterator[str]:
    """A line for each kind: how many times as much a piece costs as at the smallest size."""
    sizes = sorted({size for kind in found.growth for size in kind.sizes()})
    lines = [["much of", "expected", *(f"{size:,}" for size in sizes)]]
    for kind in found.growth:
        there = kind.sizes()
        ratios = [kind.ratio(n) if n in there else None for n in sizes]
        lines.append([kind.what, kind.law, *("-" if each is None else figure(each.middle) for each in ratios)])
    yield from aligned(lines)


def left_out(found: Results) -> Iterator[str]:
    """What was not measured, and why, in one sentence for each reason."""
    titles: dict[tuple[str, str], list[str]] = {}
    for row in found.rows:
        for design, why in row.skipped.items():
            titles.setdefault((design, why), []).append(row.title)
    designs: dict[tuple[str, str], list[str]] = {}
    for (design, why), named in titles.items():
        what = "all" if len(named) == len(found.rows) else "; ".join(named)
        designs.setdefault((why, what), []).append(design)
    for (why, what), those in designs.items():
        yield f"Not measured on {' and '.join(those)}: {why}{f': {what}' if what != 'all' else ''}."


# ---- the command -------------------------------------------------------------------------------


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def python_version() -> str:
    return f"{platform.python_implementation()} {platform.python_version()}"


def elixir_version() -> str | None:
    printed, _ = in_elixir("-e", 'IO.write("Elixir #{System.version()} on OTP #{System.otp_release()}")')
    return printed


def report(found: Results, quick: bool) -> None:
    """Print all of it."""
    versions = ", ".join(filter(None, [found.python, found.elixir]))
    print(f"{versions}: medians of {found.rounds} round{'s' * (found.rounds > 1)}, processor time of one piece")
    if quick:
        print("--quick tries the program out: the figures mean nothing.")
    print()
    print("\n".join(table(found)))
    print()
    print("Less is better in every row. otp_mini to it: below 1 otp_mini takes less.")
    print()
    print("What a piece costs on otp_mini where there is much already, to what it costs at the smallest size:")
    print("\n".join(growth_table(found)))
    print()
    print("\n".join(left_out(found)))


def keep(found: Results, path: Path) -> None:
    """Store the run, unless it would put figures of the BEAM out of the file and none in."""
    if path == results.STORED and BEAM not in found.designs():
        print(f"{path.name} is left as it is: it has figures of {BEAM}, and this run has none.")
        return
    results.store(found, path)
    print(f"Written: {path.name}. The book's page is made of it.")


def parsed() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Measure otp_mini beside the BEAM and its peers, as ratios.")
    parser.add_argument("--rounds", type=int, default=5, help="how often each figure is taken (default: 5)")
    parser.add_argument("--most", type=int, default=100_000, help="how far growth goes (default: 100000)")
    parser.add_argument("--quick", action="store_true", help="only try the program out, in seconds; nothing is stored")
    parser.add_argument("--into", type=Path, help=f"where the figures go (default: {results.STORED.name})")
    options = parser.parse_args()
    if options.rounds < 1:
        parser.error(f"--rounds must be 1 or more, got {options.rounds}")
    if options.most < 10:
        parser.error(f"--most must be 10 or more, got {options.most}")
    return options


def main() -> None:
    """Measure everything, print it and store it."""
    options = parsed()
    rounds, most = (1, 100) if options.quick else (options.rounds, options.most)
    rows = measure_rows(rounds, options.quick)
    growth = measure_growth(min(rounds, 3), most, together=options.quick)
    found = Results(python_version(), elixir_version(), rounds, rows, growth)
    report(found, options.quick)
    if options.into or not options.quick:
        keep(found, options.into or results.STORED)


if __name__ == "__main__":
    main()

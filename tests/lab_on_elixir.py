#!/usr/bin/env python3
"""What the crash lab shows, beside what real Elixir does: `python tests/lab_on_elixir.py` records Elixir's answers.

Each path of crashes through the shop of `lab_scenarios.py` is a scenario of the conformance kit
(`tests/conformance/README.md`): the same tree, broken in the same way, one crash after the other.
So is each path of crashes and starts through its hall, where the reader starts children, too.
"""

from __future__ import annotations

import ast
import gzip
import json
import random
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent / "conformance"))

from lab_scenarios import GUESTS, hall, shop

from otp_mini.lab import WAYS, Lab, futures_of, start_of
from otp_mini.lab.performance import Performance
from otp_mini.lab.recorder import Op

RECORD = Path(__file__).parent / "records" / "lab_paths.json.gz"
STARTS_RECORD = Path(__file__).parent / "records" / "lab_starts.json.gz"
RAISE, NORMAL, SHUTDOWN, KILL = range(4)
LONG, SEED = 300, 20261125  # so many paths of four crashes, drawn with this seed
VISITS = 80  # so many paths of six crashes and starts

Path_ = list[int]


def make_lab() -> Lab:
    return Lab(shop)


def paths(lab: Lab) -> list[Path_]:
    """Every path of one and of two crashes, and some of four."""
    document = lab.document(2)
    found: list[Path_] = []
    for action, _, state in triples(document, 0):
        found.append([action])
        found += [[action, second] for second, _, _ in triples(document, state)]
    return [*found, *long_paths(lab, random.Random(SEED), LONG)]


def long_paths(lab: Lab, chance: random.Random, count: int) -> list[Path_]:
    """Paths of four crashes, mostly of neighbours, so that supervisors do give up."""
    found: list[Path_] = []
    while len(found) < count:
        favourites = chance.sample(range(len(lab.cast.roles)), 2)
        path: Path_ = []
        with lab.perform() as performance:
            for _ in range(4):
                possible = [action for action in performance.actions() if action >= 0]
                near = [action for action in possible if action // 4 in favourites] or possible
                if not near:
                    break
                path.append(chance.choice(near))
                performance.act(path[-1])
        if len(path) == 4 and path not in found:
            found.append(path)
    return found


# ---- where children are started, too -------------------------------------------------------------


def make_hall() -> Lab:
    return Lab(hall, starts=GUESTS)


def hall_paths(lab: Lab) -> list[Path_]:
    """Every path of one and of two actions, and some of six."""
    with lab.perform() as performance:
        first = moves(lab, performance)
    found: list[Path_] = []
    for action in first:
        with lab.perform() as performance:
            performance.act(action)
            found += [[action], *([action, second] for second in moves(lab, performance))]
    return [*found, *visits(lab, random.Random(SEED), VISITS)]


def visits(lab: Lab, chance: random.Random, count: int) -> list[Path_]:
    """Paths of six actions; every other one is a start, so that the place is full now and then."""
    found: list[Path_] = []
    while len(found) < count:
        path: Path_ = []
        with lab.perform() as performance:
            while len(path) < 6 and (possible := moves(lab, performance)):
                starts = [action for action in possible if start_of(action) is not None]
                path.append(chance.choice(starts if starts and chance.random() < 0.5 else possible))
                performance.act(path[-1])
        if len(path) == 6 and path not in found:
            found.append(path)
    return found


def moves(lab: Lab, performance: Performance) -> list[int]:
    """What can be done, less the starts of a child that is there: the kit knows one process for each path."""
    alive = {lab.cast.roles[number].name for number in performance.recorder.alive()}
    there = {number for number, start in enumerate(lab.plan.starts) if start.name in alive}
    return [action for action in performance.actions() if action >= 0 and start_of(action) not in there]


def triples(document: dict[str, Any], state: int) -> list[tuple[int, int, int]]:
    return [each for each in futures_of(document, state) if each[0] >= 0]


# ---- asking Elixir -----------------------------------------------------------------------------


def place(lab: Lab, number: int) -> str:
    """The path of a process in the conformance kit's words: `Shop/Orders/Cart`."""
    role = lab.cast.roles[number]
    return role.name if role.up < 0 else f"{place(lab, role.up)}/{role.name}"


def node(lab: Lab, number: int = 0) -> dict[str, Any]:
    role = lab.cast.roles[number]
    base: dict[str, Any] = {"id": role.name}
    if role.restart is not None:
        base["restart"] = role.restart
    if role.limit is None:
        return base | {"type": "worker", "trap": True}
    limits = {"max_restarts": role.limit[0], "max_seconds": int(role.limit[1])}
    if role.kind == "dynamic":
        return base | {"type": "dsup", "max_children": 2} | limits
    below = [node(lab, other.number) for other in lab.cast.roles if other.up == number]
    return base | {"type": "sup", "strategy": role.strategy, "children": below} | limits


def question(lab: Lab, path: Path_) -> dict[str, Any]:
    return {"id": str(path), "family": "sup", "tree": node(lab), "ops": [op(lab, action) for action in path]}


def op(lab: Lab, action: int) -> dict[str, Any]:
    start = start_of(action)
    if start is not None:
        spec = lab.plan.starts[start].spec
        child = {"type": "worker", "id": spec.id, "restart": spec.restart, "trap": True}
        outcomes = {"init": [["stop", "banned"]] * 9} if spec.id == "c3" else {}
        return {"op": "start_child", "sup": place(lab, lab.plan.starts[start].up), "child": child | outcomes}
    number, way = divmod(action, 4)
    where = place(lab, number)
    if way == KILL:
        return {"op": "exit", "path": where, "reason": "kill"}
    if lab.cast.roles[number].supervises:
        return {"op": "sup_stop", "path": where, "reason": WAYS[way]}
    if way == RAISE:
        return {"op": "raise", "path": where, "msg": "boom"}
    return {"op": "stop_self", "path": where, "reason": WAYS[way]}


def theirs(observations: list[dict[str, Any]], root: str = "Shop") -> dict[str, Any]:
    """Elixir's answer in short: who lives in which generation, and what was logged after each crash."""
    lives: dict[str, int] = {}

    def walk(above: str, snap: dict[str, Any]) -> None:
        for name, generation, _, *rest in snap["children"]:
            if isinstance(generation, int):
                lives[f"{above}/{name}"] = generation
                for below in rest:
                    walk(f"{above}/{name}", below)

    if observations[-1]["tree"]:
        walk(root, observations[-1]["tree"])
    return {"lives": lives, "logs": [[line[:3] for line in each["log"]] for each in observations[1:]]}


def with_errors(observations: list[dict[str, Any]]) -> dict[str, Any]:
    """The same of the hall, with the error that each start got, if it got one."""
    results = [each["r"] for each in observations[1:]]
    errors = [result[1] if isinstance(result, list) and result[0] == "error" else None for result in results]
    return theirs(observations, "top") | {"errors": errors}


# ---- asking the lab ----------------------------------------------------------------------------


def mine(lab: Lab, path: Path_) -> dict[str, Any]:
    """The same from the lab: the lives from the processes, the logs from the operations."""
    after = lab.states(path)
    lives = {
        place(lab, role.number): after["life"][role.number]
        for role in lab.cast.roles
        if role.up >= 0 and after["alive"][role.number] and after["alive"][0]
    }
    counts = {role.number: int(role.pid is not None) for role in lab.cast.roles}
    return {"lives": lives, "logs": [log(lab, run, counts) for run in lab.runs(path)[0]]}


def mine_with_errors(lab: Lab, path: Path_) -> dict[str, Any]:
    """The same of the hall, with the error that each start got."""
    told = [[lab.cast.reasons[int(each.argument)] for each in run if each.name == "told"] for run in lab.runs(path)[0]]
    return mine(lab, path) | {"errors": [ast.literal_eval(reasons[0]) if reasons else None for reasons in told]}


def log(lab: Lab, run: list[Op], counts: dict[int, int]) -> list[list[Any]]:
    """What the workers of a run would have logged: every start, and every end that they were told of."""
    lines: list[list[Any]] = []
    killed = {each.p for each in run if (each.name, each.argument) == ("inject", KILL)}
    for each in run:
        if each.name == "start":
            counts[each.p] += 1
        if lab.cast.roles[each.p].supervises:
            continue
        if each.name == "start":
            lines.append(["init", place(lab, each.p), counts[each.p]])
        elif each.name == "exit" and each.p not in killed:
            lines.append(["terminate", place(lab, each.p), counts[each.p]])
    return lines


def comparable(lab: Lab, path: Path_, answer: dict[str, Any]) -> dict[str, Any]:
    """Where a supervisor is killed, its orphans die beside all the rest: that order is left out."""
    logs = []
    for action, lines in zip(path, answer["logs"], strict=False):
        kills = action % 4 == KILL and lab.cast.roles[action // 4].supervises
        logs.append(sorted(map(tuple, lines)) if kills else [tuple(line) for line in lines])
    return {"lives": answer["lives"], "logs": logs}


def side_by_side(answer: dict[str, Any]) -> dict[str, Any]:
    """Of the hall: children of a dynamic supervisor end side by side, so the order of what is logged is left out."""
    return answer | {"logs": [sorted(map(tuple, lines)) for lines in answer["logs"]]}


def read_record(file: Path = RECORD) -> dict[str, Any]:
    answers: dict[str, Any] = json.loads(gzip.decompress(file.read_bytes()))
    return answers


def write_record(file: Path, record: dict[str, Any]) -> None:
    file.write_bytes(gzip.compress(json.dumps(record, separators=(",", ":")).encode(), 9, mtime=0))


def main(what: str = "both") -> None:
    from elixir import Elixir

    if what != "starts":
        lab = make_lab()
        asked = paths(lab)
        with Elixir() as elixir:
            answers = elixir.answers([question(lab, path) for path in asked])
        record = {str(path): theirs(answers[str(path)]["obs"]) for path in asked}
        write_record(RECORD, record)
        pairs = [(path, record[str(path)], mine(lab, path)) for path in asked]
        wrong = [path for path, there, here in pairs if comparable(lab, path, there) != comparable(lab, path, here)]
        print(f"{len(asked)} paths on real Elixir: {len(wrong)} differ {wrong[:5]}")
    lab = make_hall()
    asked = hall_paths(lab)
    with Elixir() as elixir:
        answers = elixir.answers([question(lab, path) for path in asked])
    record = {str(path): with_errors(answers[str(path)]["obs"]) for path in asked}
    write_record(STARTS_RECORD, record)
    wrong = [p for p in asked if side_by_side(record[str(p)]) != side_by_side(mine_with_errors(lab, p))]
    print(f"{len(asked)} paths with starts on real Elixir: {len(wrong)} differ {wrong[:5]}")


if __name__ == "__main__":
    main(*sys.argv[1:])

"""Canonical form of a scenario's observations: what OTP leaves open is removed, on both sides, before comparing.

1. family sup/dyn: observations after the first one in which the root is down are dropped.
2. family sup/dyn: a run of consecutive terminate/terminated events of children of the same DynamicSupervisor is sorted
   (it stops its children concurrently).
3. family gs: the log of a `settle` is grouped by process (order inside one process is kept), and consecutive
   EXIT/DOWN messages of one process are sorted (links versus monitors of the same dying process).
4. the EXIT message that a trapping parent finds after a failed start_link is dropped (OTP <= 25 leaves it, OTP >= 26
   does not). Messages (gs: EXIT/DOWN infos) of a process that died in the same observation are dropped: whether it
   still read them is a race.
5. died, msgs and the lists that the README calls unordered are multisets; so are lookup, take and lookup_element on a
   `bag` (insertion order, but what inserting an object again does to its place is not documented).
"""

from __future__ import annotations

import json
from typing import Any

Json = Any
Scenario = dict[str, Json]

UNORDERED = {"reg_lookup", "reg_keys", "reg_values", "reg_match", "links"}
UNORDERED_ETS = {"tab2list", "match", "match_object"}
UNORDERED_IN_BAG = {"lookup", "take", "lookup_element"}
ENDINGS = ("terminate", "terminated")


def canon(scenario: Scenario, observed: list[Json]) -> list[str]:
    """Return canonical JSON texts, one for each observation."""
    form = {"sup": _tree_family, "dyn": _tree_family, "gs": _server_family}.get(scenario["family"], _process_family)
    return [key(observation) for observation in form(scenario, observed)]


def key(value: Json) -> str:
    """Return a text that is equal for equal values only; `1`, `1.0` and `true` are three."""
    return json.dumps(value, sort_keys=True)


# ---- sup, dyn ----


def _tree_family(scenario: Scenario, observed: list[Json]) -> list[Json]:
    pools, out = _dynamic_paths(scenario["tree"], scenario["tree"]["id"]), []
    for observation in observed:
        form = dict(observation, log=_endings_sorted(observation["log"], pools))
        if isinstance(form.get("tree"), dict):
            form["tree"] = _snapshot(form["tree"])
        out.append(form)
        if observation["alive"] is not True:
            break
    return out


def _dynamic_paths(node: Json, path: str) -> set[str]:
    """Return the paths of the DynamicSupervisors of a tree."""
    own = {path} if node["type"] == "dsup" else set()
    return own.union(*(_dynamic_paths(child, f"{path}/{child['id']}") for child in node.get("children", [])))


def _endings_sorted(log: list[Json], pools: set[str]) -> list[Json]:
    out: list[Json] = []
    start = 0
    while start < len(log):
        above, stop = _above(log[start]), start
        while stop < len(log) and log[stop][0] in ENDINGS and above in pools and _above(log[stop]) == above:
            stop += 1
        out += sorted(log[start:stop], key=key) or [log[start]]
        start = max(stop, start + 1)
    return out


def _above(event: Json) -> str:
    path: str = event[1]
    return path.rsplit("/", 1)[0]


def _snapshot(tree: Json) -> Json:
    children = [
        [*child[:3], _snapshot(child[3])] if len(child) > 3 and child[3] else child for child in tree["children"]
    ]
    return dict(tree, children=sorted(children, key=key))


# ---- gs ----


def _server_family(scenario: Scenario, observed: list[Json]) -> list[Json]:
    failed: set[str] = set()
    out = []
    for op, observation in zip(scenario["ops"], observed, strict=False):
        if op["op"] == "start" and observation != "ok":
            failed.add("owner:" + op["srv"])
        if op["op"] == "settle" and isinstance(observation, dict):
            down = sorted(observation["down"], key=key)
            log = _by_process(observation["log"], failed, {each[0] for each in down})
            out.append(dict(observation, log=log, down=down))
        else:
            out.append(observation)
    return out


def _by_process(log: list[Json], failed: set[str], gone: set[str]) -> dict[str, list[Json]]:
    grouped: dict[str, list[Json]] = {}
    for event in log:
        stale = (event[0] in failed and event[1] == "EXIT") or (event[0] in gone and _is_signal(event))
        if not stale:
            grouped.setdefault(event[0], []).append(event)
    return {process: _signals_sorted(events) for process, events in grouped.items()}


def _signals_sorted(events: list[Json]) -> list[Json]:
    start = 0
    while start < len(events):
        stop = start
        while stop < len(events) and _is_signal(events[stop]):
            stop += 1
        events[start:stop] = sorted(events[start:stop], key=key)
        start = max(stop, start + 1)
    return events


def _is_signal(event: Json) -> bool:
    is_info = len(event) == 3 and event[1] == "info" and isinstance(event[2], list)
    return is_info and event[2][:1] in (["EXIT"], ["DOWN"])


# ---- links, reg, task, ets, agent ----


def _process_family(scenario: Scenario, observed: list[Json]) -> list[Json]:
    types: dict[str, str] = {}
    out = []
    for op, observation in zip(scenario["ops"], observed, strict=False):
        result = observation["r"]
        if op["op"] == "ets_new" and result == "ok":
            types[op["tab"]] = op["type"]
        if _is_unordered(op, types):
            result = _list_sorted(result)
        died = sorted(observation["died"], key=key)
        out.append({"r": result, "died": died, "msgs": _messages(op, observation)})
    return out


def _is_unordered(op: Json, types: dict[str, str]) -> bool:
    if op["op"] != "ets":
        return op["op"] in UNORDERED
    kind = types.get(op["tab"])
    return (op["f"] in UNORDERED_ETS and kind != "ordered_set") or (op["f"] in UNORDERED_IN_BAG and kind == "bag")


def _list_sorted(result: Json) -> Json:
    if isinstance(result, dict) and isinstance(result.get("list"), list):
        return {"list": sorted(result["list"], key=key)}
    return result


def _messages(op: Json, observation: Json) -> Json:
    gone = {each[0] for each in observation["died"]}
    started = op.get({"agent_start": "agent", "srv_start": "srv"}.get(op["op"], ""))
    failed = started if observation["r"] != "ok" else None
    kept: dict[str, list[Json]] = {}
    for process, messages in observation["msgs"].items():
        of_others = [m for m in messages if not (failed and isinstance(m, list) and m[:2] == ["EXIT", failed])]
        if of_others and process not in gone:
            kept[process] = sorted(of_others, key=key)
    return kept

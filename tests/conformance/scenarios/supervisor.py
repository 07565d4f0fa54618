"""Supervision trees and what befalls them: families `sup` and `dyn`.

Each tree is drawn first, then operations on its paths. What starts and stops is one thing at a time, so the
log has one order; the exception is a supervisor that is killed, whose orphans end while it is started anew:
such a kill is drawn only where the orphans write nothing down.
"""

from __future__ import annotations

from collections.abc import Iterator

from hypothesis import strategies as st

from .common import ABSENT, Json, Op, Scenario, choose, family, flags, maybe, of_pieces, op, piece, reasons, single

Node = dict[str, Json]
IDS = ["a", "b", "c", "d"]
restarts = st.sampled_from(["permanent", "permanent", "transient", "transient", "temporary"])
strategies = st.sampled_from(["one_for_one", "one_for_all", "rest_for_one"])
later_starts = st.sampled_from(
    [
        "ok",
        "ignore",
        ["stop", "boom"],
        ["stop", "normal"],
        ["stop", ["shutdown", "x"]],
        ["raise", "init failed"],
        ["exit", "oops"],
        ["exit", "normal"],
    ]
)

#: How a worker ends: its shutdown, and how long its terminate sleeps. No two of these times fall together.
slow_ends = st.sampled_from([(40, 200), (1000, 50), ("infinity", 50), (ABSENT, 50), ("brutal_kill", 50)])
plain_ends = st.sampled_from([(ABSENT, ABSENT)] * 3 + [("brutal_kill", ABSENT), (1000, ABSENT), ("infinity", ABSENT)])


def worker(name: Json, mode: str) -> st.SearchStrategy[Node]:
    """Draw a worker. The mode of the scenario says what is special about its workers."""
    ends = slow_ends if mode == "slow" else plain_ends
    init: st.SearchStrategy[Json] = st.just(ABSENT)
    if mode in ("initfail", "startfail"):
        init |= st.lists(later_starts, min_size=1, max_size=4).map(lambda outcomes: ["ok", *outcomes])
    if mode == "startfail":
        init |= st.lists(later_starts, min_size=1, max_size=2)

    def build(drawn: tuple[Json, Json, bool, tuple[Json, Json], Json]) -> Node:
        identity, restart, trap, (shutdown, sleep), outcomes = drawn
        node = {
            "type": "worker",
            "id": identity,
            "restart": restart,
            "trap": trap or sleep != ABSENT,
            "shutdown": shutdown,
            "term_sleep": sleep,
            "init": outcomes,
        }
        return {key: value for key, value in node.items() if value != ABSENT}

    names = name if isinstance(name, st.SearchStrategy) else st.just(name)
    return st.tuples(names, maybe(restarts), flags, ends, init).map(build)


def limits(name: str) -> st.SearchStrategy[int]:
    """Draw max_restarts; the root gets more, as a scenario is over when it gives up."""
    return st.sampled_from([5, 3, 10, 1] if name == "r" else [3, 1, 1, 2, 5, 0])


def supervisor(name: str, mode: str, depth: int, kinds: tuple[str, ...]) -> st.SearchStrategy[Node]:
    """Draw a supervisor with its children; `kinds` says which supervisors may stand below it."""
    window = st.just(1) if mode == "window" else st.just(300)
    fields = {
        "type": "sup",
        "id": name,
        "strategy": strategies,
        "max_restarts": limits(name),
        "max_seconds": window,
        "restart": maybe(restarts),
    }
    return st.tuples(_dict(fields), children(mode, depth, kinds)).map(lambda drawn: {**drawn[0], "children": drawn[1]})


def dynamic(name: str, mode: str) -> st.SearchStrategy[Node]:
    return _dict(
        {
            "type": "dsup",
            "id": name,
            "max_restarts": limits(name),
            "max_seconds": 1 if mode == "window" else 300,
            "max_children": maybe(st.sampled_from([2, 3, 3, 5, 1, 0])),
            "restart": maybe(restarts),
            "shutdown": maybe(st.sampled_from([1000, "infinity", "brutal_kill"])),
        }
    )


def _dict(fields: dict[str, Json]) -> st.SearchStrategy[Node]:
    return op("", **fields).map(lambda drawn: {key: value for key, value in drawn.items() if key != "op"})


def children(mode: str, depth: int, kinds: tuple[str, ...]) -> st.SearchStrategy[list[Node]]:
    """Draw up to four children, with ids in order; now and then two have the same one."""

    def child(identity: str) -> st.SearchStrategy[Node]:
        below: list[st.SearchStrategy[Node]] = [worker(identity, mode)] * 3
        if depth and "sup" in kinds:
            below.append(supervisor(identity, mode, depth - 1, kinds))
        if "dsup" in kinds:
            below += [dynamic(identity, mode)] * 2
        return st.one_of(*below)

    def doubled(drawn: tuple[list[Node], int]) -> list[Node]:
        nodes, luck = drawn
        if luck == 19 and len(nodes) > 1 and mode == "startfail":
            nodes[-1]["id"] = nodes[0]["id"]
        return nodes

    some = st.integers(0, 4).flatmap(lambda count: st.tuples(*(child(identity) for identity in IDS[:count])).map(list))
    return st.tuples(some, st.integers(0, 19)).map(doubled)


def paths(node: Node, above: str = "") -> Iterator[tuple[str, Node]]:
    """Yield the path of each node of a tree, with the node."""
    path = f"{above}/{node['id']}" if above else node["id"]
    yield path, node
    for below in node.get("children", []):
        yield from paths(below, path)


def operations(tree: Node, mode: str) -> st.SearchStrategy[list[Op]]:
    """Draw what happens to this tree."""
    everyone = dict(paths(tree))
    supervisors = [path for path, node in everyone.items() if node["type"] != "worker"]
    fixed = [path for path, node in everyone.items() if node["type"] == "sup"]
    pools = [path for path, node in everyone.items() if node["type"] == "dsup"]
    hired = [f"{path}/{name}" for path in pools for name in ("k1", "k2", "k3")]
    workers = [path for path, node in everyone.items() if node["type"] == "worker"] + hired or ["r/none"]
    harm = st.one_of(*single(*harms(st.sampled_from(workers))))
    whole = st.one_of(*single(*on_supervisors(st.sampled_from(supervisors[1:] or ["r"]))))
    weighted = [(10, harm), (4 if supervisors[1:] else 1, whole)]
    if fixed:
        manage = st.sampled_from(fixed).flatmap(lambda path: managing(path, everyone[path], mode))
        weighted.append((10 if mode == "mgmt" else 4, manage))
    if pools:
        weighted.append((8, hiring(st.sampled_from(pools), mode)))
    if mode == "window":
        weighted.append((5, piece(op("sleep", ms=2200))))
    pieces = choose(*weighted)
    drawn = of_pieces(pieces, 6 if mode == "window" else 16)
    if pools:
        start = [hiring(st.just(pools[0]), mode)] * 2
        drawn = st.tuples(*start, drawn).map(lambda parts: [each for part in parts for each in part])
    the_end = st.lists(st.one_of(op("parent_exit", reason=reasons), *on_supervisors(st.just("r"))), max_size=2)
    drawn = st.tuples(drawn, the_end).map(lambda parts: parts[0] + parts[1])
    return drawn.filter(lambda ops: all(_writes_nothing(tree, ops, each) for each in ops))


def harms(path: st.SearchStrategy[str]) -> list[st.SearchStrategy[Op]]:
    """List the ways in which a worker comes to its end."""
    return [
        op("exit", path=path, reason=reasons),
        op("exit", path=path, reason=st.just("kill")),
        op("stop_self", path=path, reason=reasons),
        op("raise", path=path, msg="oops"),
        op("throw", path=path, value=st.sampled_from(["ball", 7, ["t", 1]])),
        op("exit_self", path=path, reason=reasons),
        op("gs_stop", path=path, reason=reasons),
    ]


def on_supervisors(path: st.SearchStrategy[str]) -> list[st.SearchStrategy[Op]]:
    return [
        op("exit", path=path, reason=reasons),
        op("exit", path=path, reason=reasons),
        op("sup_stop", path=path, reason=reasons),
    ]


def managing(path: str, node: Node, mode: str) -> st.SearchStrategy[list[Op]]:
    """Draw what an operator does to a supervisor: one call, or a child taken through the stages of its life.

    A child is started only where the tree has none of that id, or one of its kind: what can be done to a path
    depends on what is there.
    """
    types = {child["id"]: child["type"] for child in node["children"]}
    names = [*IDS, "zz"]

    def stages(name: str) -> st.SearchStrategy[list[Op]]:
        where = {"sup": path, "id": name}
        end, again, forget = (op(f"{verb}_child", **where) for verb in ("terminate", "restart", "delete"))
        kinds = {"sup": supervisor(name, mode, 0, ()), "dsup": dynamic(name, mode), "worker": worker(name, mode)}
        start = op("start_child", sup=path, child=kinds[types.get(name, "sup" if name == "d" else "worker")])
        return st.one_of(
            *single(start, end, end, again, forget),
            piece(end, again),
            piece(end, forget),
            piece(end, forget, start),
            piece(end, start),
        )

    known = [name for name in names if name in types] or names
    return choose((4, st.sampled_from(known)), (1, st.sampled_from(names))).flatmap(stages)


def hiring(path: st.SearchStrategy[str], mode: str) -> st.SearchStrategy[list[Op]]:
    name = st.sampled_from(["k1", "k2", "k3"])
    start = op("start_child", sup=path, child=worker(name, mode))
    end = op("terminate_child", sup=path, id=st.sampled_from(["k1", "k2", "k3", "zz"]))
    return st.one_of(*single(start, start, start, end))


def _writes_nothing(tree: Node, ops: list[Op], operation: Op) -> bool:
    """Tell whether this is no kill of a supervisor, or one whose orphans die without a word."""
    if operation["op"] != "exit" or operation["reason"] != "kill":
        return True
    path = operation["path"]
    begun = [(f"{each['sup']}/{each['child']['id']}", each["child"]) for each in ops if each["op"] == "start_child"]
    grown = [found for above, child in begun for found in paths(child, above.rsplit("/", 1)[0])]
    below = [node for where, node in [*paths(tree), *grown] if where.startswith(path + "/")]
    return not any(node.get("trap") for node in below)


def _scenarios(modes: list[str], kinds: tuple[str, ...]) -> st.SearchStrategy[Scenario]:
    def grow(mode: str) -> st.SearchStrategy[Scenario]:
        roots = [supervisor("r", mode, 2, kinds)] * 3 + ([dynamic("r", mode)] if "dsup" in kinds else [])
        tree = st.one_of(*roots).map(lambda node: {k: v for k, v in node.items() if k not in ("restart", "shutdown")})
        return tree.flatmap(
            lambda node: operations(node, mode).map(lambda ops: {"mode": mode, "tree": node, "ops": ops})
        )

    return st.sampled_from(modes).flatmap(grow)


def scenarios() -> st.SearchStrategy[Scenario]:
    modes = ["plain", "plain", "mgmt", "initfail", "startfail", "slow"] * 2 + ["window"]
    return family("sup", _scenarios(modes, ("sup",)))


def dynamic_scenarios() -> st.SearchStrategy[Scenario]:
    modes = ["plain", "plain", "initfail", "startfail", "slow"] * 2 + ["window"]
    return family("dyn", _scenarios(modes, ("dsup",)))

"""Tables: the four types, ownership, heirs, patterns and counters."""

from __future__ import annotations

from hypothesis import strategies as st

from .common import (
    Json,
    Op,
    Piece,
    Scenario,
    choose,
    endings,
    family,
    maybe,
    of_pieces,
    op,
    processes,
    single,
    with_guard,
)

TYPES = ["set", "ordered_set", "bag", "duplicate_bag"]
TABLES = ["tab1", "tab2"]
ITEMS = ["size", "type", "owner", "protection", "named_table", "keypos", "heir"]
PROCESSES = ["p1", "p2", "p3"]
holder = st.sampled_from(PROCESSES)
#: What is fixed about a table of a scenario: name, type, key position, first owner.
Table = tuple[str, str, int, str]
few_keys: st.SearchStrategy[Json] = st.sampled_from([1, 1.0, 2, "a", ["k", 1], {"bin": "z"}])
odd_keys: st.SearchStrategy[Json] = st.sampled_from(
    [1, 1.0, 2.5, "b", True, None, ["k", 1.0], {"list": [1]}, {"list": []}, [], {"proc": "p1"}, {"proc": "p2"}]
)
key = choose((2, few_keys), (1, odd_keys))
values = st.sampled_from([1, 2, 7, 1.0, "x", ["y", 1], True, {"list": [1, 2]}])
positions = st.sampled_from([1, 2, 2, 2, 3, 4])
data = st.sampled_from([1, "hd", ["d", 2]])


def long_enough(keypos: int) -> st.SearchStrategy[Json]:
    """Draw objects that have a key."""
    before = st.lists(values, min_size=keypos - 1, max_size=keypos - 1)
    after = st.lists(values, min_size=0, max_size=2)
    return st.tuples(before, key, after).map(lambda parts: [*parts[0], parts[1], *parts[2]])


def objects(keypos: int) -> st.SearchStrategy[Json]:
    """Draw objects, now and then a wrong one."""
    return choose((14, long_enough(keypos)), (1, st.sampled_from([[], [1], 5, "a"])))


def patterns(keypos: int) -> st.SearchStrategy[Json]:
    field = st.sampled_from(["_", "$1", "$1", "$2"]) | key | values
    return st.sampled_from(["_", "$1"]) | st.lists(field, min_size=keypos, max_size=keypos + 2)


def counter_steps() -> st.SearchStrategy[Json]:
    """Draw what update_counter is to do: a plain increment, one operation, or several."""
    by = st.sampled_from([1, 5, -3, 0, 1.0])
    bounded = st.tuples(positions, by, st.sampled_from([5, 0]), st.sampled_from([0, 1])).map(list)
    one = st.tuples(positions, by).map(list) | bounded
    return by | one | st.lists(one, min_size=0, max_size=3).map(lambda steps: {"list": steps})


def on_table(table: str, kind: str, keypos: int, owner: str) -> st.SearchStrategy[Piece]:
    """Draw one operation on `table`, mostly by its first owner."""
    user = choose((4, st.just(owner)), (1, holder))

    def call(function: str, *arguments: Json) -> st.SearchStrategy[Op]:
        drawn = [a if isinstance(a, st.SearchStrategy) else st.just(a) for a in arguments]
        return op("ets", by=user, tab=table, f=function, args=st.tuples(*drawn).map(list))

    # A default that is too short for its key crashes the virtual machine of OTP 25.
    default = choose((14, long_enough(keypos)), (1, st.sampled_from([5, "a"])))
    rows, whole = st.lists(objects(keypos), min_size=1, max_size=3), objects(keypos)
    change = st.tuples(positions, values).map(list)

    def selecting(function: str) -> st.SearchStrategy[Op]:
        return with_guard(patterns(keypos)).flatmap(lambda drawn: call(function, *drawn))

    reading = [
        call("lookup", key),
        call("member", key),
        call("lookup_element", key, positions),
        call("tab2list"),
        call("match", patterns(keypos)),
        call("match_object", patterns(keypos)),
        selecting("select_count"),
        call("info", st.sampled_from(ITEMS)),
        call("whereis"),
    ]
    writing = [
        call("insert", rows),
        call("insert", rows),
        call("insert", rows),
        call("insert_new", rows),
        call("delete", key),
        call("delete_object", whole),
        call("take", key),
        selecting("select_delete"),
        call(
            "update_element",
            key,
            change | st.lists(change, min_size=1, max_size=2).map(lambda changes: {"list": changes}),
        ),
        call("update_counter", key, counter_steps()),
        call("update_counter", key, counter_steps(), default),
    ]
    owning = [
        call("give_away", holder, data),
        call("set_heir", holder, data),
        call("set_heir", "none"),
        call("delete_all_objects"),
    ]
    ending = [call("delete"), call("rename", table + "x")]
    steps = 8 if kind == "ordered_set" else 1
    groups = [(12, reading), (16, writing), (steps, walking(call, kind)), (4, owning), (1, ending)]
    return choose(*((weight, st.one_of(*single(*group))) for weight, group in groups))


def walking(call: object, kind: str) -> list[st.SearchStrategy[Op]]:
    """List the steps through a table; only an ordered_set has an order to speak of."""
    assert callable(call)
    if kind == "ordered_set":
        return [call("first"), call("last"), call("next", key), call("prev", key), call("next", key)]
    return [call("next", {"bin": "never inserted"})]


def tables() -> st.SearchStrategy[list[Table]]:
    one = st.tuples(st.sampled_from(TYPES), st.sampled_from([1, 1, 1, 2]), holder)
    return st.tuples(one, one).map(lambda drawn: [(name, *rest) for name, rest in zip(TABLES, drawn, strict=True)])


def new_table(table: str, kind: str, keypos: int, owner: str) -> st.SearchStrategy[Op]:
    heir = st.tuples(holder, data).map(list)
    return op(
        "ets_new",
        by=owner,
        tab=table,
        type=kind,
        access=st.sampled_from(["protected", "public", "public", "private"]),
        named=st.booleans(),
        keypos=st.just(keypos) if keypos > 1 else maybe(st.just(1)),
        heir=maybe(heir),
    )


def operations(known: list[Table]) -> st.SearchStrategy[list[Op]]:
    using = [on_table(*table) for table in known]
    dying = single(op("die", by=holder, how=endings), op("exit", to=holder, reason=st.sampled_from(["kill", "normal"])))
    creating = single(*(new_table(*table) for table in known))
    body = of_pieces(choose((40, st.one_of(using)), (2, st.one_of(creating)), (1, st.one_of(dying))), 40)
    return st.tuples(*(new_table(*table) for table in known), body).map(lambda drawn: [*drawn[:-1], *drawn[-1]])


def scenarios() -> st.SearchStrategy[Scenario]:
    body = st.fixed_dictionaries({"procs": processes(3, 3), "ops": tables().flatmap(operations)})
    return family("ets", body)

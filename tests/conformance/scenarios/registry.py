"""Registry, registered names, and servers that are reached by name."""

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
    flags,
    maybe,
    of_pieces,
    op,
    processes,
    reasons,
    single,
    with_guard,
)

#: `s…` are the servers that a scenario starts; before that they are unbound.
SERVERS = ["s1", "s2"]
holder = st.sampled_from(["p1", "p2", "p3"])
someone = st.sampled_from(["p1", "p2", "p3", *SERVERS])
#: Keys are compared strictly: these are seven keys.
odd_keys = st.sampled_from([1.0, True, {"bin": "k2"}, ["room", 1], ["room", 1.0]])
keys = choose((2, st.sampled_from([1, "k2"])), (1, odd_keys))
values = st.sampled_from([1, 5, 2.5, "v", None, ["t", 2], ["t", ["t", 1]]])
patterns = st.sampled_from(["_", "$1", "v", 1, ["t", "_"], ["t", "$1"], ["$1", ["$1", "_"]], ["$1", "$1"]])
names = st.sampled_from(["n1", "n1", "n1", "n2"])
UNIQUE, DUPLICATE, UNKNOWN = "RU", "RD", "RX"
registries = st.sampled_from([UNIQUE] * 10 + [DUPLICATE] * 9 + [UNKNOWN])
via = st.tuples(st.sampled_from([UNIQUE] * 8 + [DUPLICATE]), keys).map(list)
via_value = st.tuples(st.just(UNIQUE), keys, values).map(list)


def entries() -> list[st.SearchStrategy[Piece]]:
    """List pieces about the entries of a registry."""
    at = {"reg": registries, "key": keys}

    def guarded(name: str, field: str, **fields: object) -> st.SearchStrategy[Op]:
        def operation(drawn: tuple[Json, Json]) -> st.SearchStrategy[Op]:
            return op(name, **fields, **{field: st.just(drawn[0])}, guard=drawn[1])

        return with_guard(patterns).flatmap(operation)

    register = op("reg_register", by=holder, value=values, **at)
    return single(
        register,
        register,
        register,
        register,
        op("reg_unregister", by=holder, **at),
        guarded("reg_unregister_match", "value", by=holder, **at),
        op("reg_lookup", by=maybe(holder), **at),
        op("reg_lookup", **at),
        op("reg_keys", reg=registries, of=someone),
        op("reg_values", of=someone, **at),
        guarded("reg_match", "pattern", **at),
        guarded("reg_count_match", "pattern", **at),
        guarded("reg_count_select", "pattern", reg=registries, key=keys | st.just("_")),
        op("reg_count", reg=registries),
        op("reg_update", by=holder, add=st.sampled_from([1, 10, 0.5]), **at),
        op("reg_dispatch", msg="ping", **at),
        op("reg_put_meta", reg=registries, key="mk", value=values),
        op("reg_meta", reg=registries, key=st.sampled_from(["mk", "mk", "none"])),
        op("via_send", via=st.tuples(st.just(UNIQUE), keys).map(list), msg="vs"),
    )


def servers() -> list[st.SearchStrategy[Piece]]:
    """List pieces about servers under a name or under a key of a registry."""

    def reached(name: str, **fields: object) -> list[st.SearchStrategy[Op]]:
        by_key = op(name, by=holder, via=choose((3, via), (1, via_value)), **fields)
        return [by_key, op(name, by=holder, name=names, **fields)]

    start = reached("srv_start", srv=st.sampled_from(SERVERS), link=flags, trap=flags)
    return single(
        *start,
        *start,
        *start,
        *reached("srv_call"),
        *reached("srv_cast", msg="c"),
        *reached("srv_stop", reason=maybe(reasons)),
        *reached("srv_stop_call", reason=st.sampled_from(["normal", "boom"])),
        *reached("srv_whereis"),
    )


def the_rest() -> list[st.SearchStrategy[Piece]]:
    return single(
        op("name_register", name=names, to=someone),
        op("name_unregister", name=names),
        op("whereis", name=names),
        op("send", name=names, msg="hello"),
        op("monitor", by=holder, name=names, ref="m?"),
        op("monitor", by=holder, to=someone, ref="m?"),
        op("link", by=holder, to=someone),
        op("exit", by=maybe(holder), to=someone, reason=reasons),
        op("die", by=holder, how=endings),
    )


def scenarios() -> st.SearchStrategy[Scenario]:
    def build(drawn: tuple[list[Op], list[Op]]) -> Scenario:
        procs, operations = drawn
        start = [
            {"op": "reg_start", "reg": UNIQUE, "keys": "unique"},
            {"op": "reg_start", "reg": DUPLICATE, "keys": "duplicate"},
        ]
        return {"procs": procs, "ops": start + operations}

    pieces = choose((12, st.one_of(*entries())), (8, st.one_of(*servers())), (3, st.one_of(*the_rest())))
    return family("reg", st.tuples(processes(3, 3), of_pieces(pieces, 40)).map(build))

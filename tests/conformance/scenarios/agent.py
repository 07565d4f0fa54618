"""Agents: functions that run inside them, one at a time."""

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
    piece,
    processes,
    reasons,
    settle,
    single,
)

AGENTS = ["a1", "a2"]
holder = st.sampled_from(["p1", "p2"])
#: Mostly one that has been started.
agents = st.sampled_from([*AGENTS[:1] * 4, *AGENTS])
names = st.sampled_from(["n1", "n1", "n2"])

#: Functions of the state, in the scenario format.
steady: st.SearchStrategy[Json] = st.one_of(
    st.just(["id"]), st.integers(-3, 9).map(lambda n: ["add", n]), st.integers(0, 9).map(lambda n: ["const", n])
)
starting = st.integers(0, 9).map(lambda n: ["const", n])
failing: st.SearchStrategy[Json] = st.one_of(
    st.just(["raise", "agent err"]), reasons.map(lambda reason: ["exit", reason]), st.just(["throw", "ball"])
)
functions = choose((12, steady), (1, failing))


def using(function: st.SearchStrategy[Json], timeout: Json = None) -> list[st.SearchStrategy[Op]]:
    """List the operations that run `function` in an agent, reached by pid or by name."""
    limit = {} if timeout is None else {"timeout": timeout}
    return [
        op(name, by=holder, **target, f=function, **({} if name == "agent_cast" else limit))
        for name in ("agent_get", "agent_update", "agent_cast", "agent_gau")
        for target in ({"agent": agents}, {"name": names})
    ]


def slow() -> st.SearchStrategy[Piece]:
    """Draw pieces in which a function takes its time, and others queue behind it or give up waiting."""
    sleeping = functions.map(lambda function: ["sleep", 120, function])
    busy = st.one_of(*using(sleeping, timeout=30))
    behind = st.one_of(*using(functions), *using(functions, timeout=30))
    return piece(busy, settle(200)) | piece(busy, behind, settle(200))


def pieces() -> st.SearchStrategy[Piece]:
    first = choose((3, starting), (1, functions))
    start = op("agent_start", by=holder, agent=agents, link=flags, init=first, name=maybe(names))
    special = st.sampled_from([["pop"], ["bad", 7], ["bad", ["a", "b", "c"]], ["bad", None], ["bad", ["r", 4]]])
    use = st.one_of(*single(*using(functions)))
    rest = st.one_of(
        *single(
            op("agent_gau", by=holder, agent=agents, f=special),
            op("agent_stop", by=holder, agent=agents, reason=maybe(reasons)),
            op("agent_stop", by=holder, name=names, reason=maybe(reasons)),
            op("exit", by=maybe(holder), to=agents, reason=reasons),
            op("monitor", by=holder, to=agents, ref="m?"),
            op("link", by=holder, to=agents),
            op("whereis", name=names),
            op("die", by=holder, how=endings),
        )
    )
    return choose((12, use), (5, start.map(lambda drawn: [drawn])), (3, rest), (3, slow()))


def scenarios() -> st.SearchStrategy[Scenario]:
    def build(drawn: tuple[list[Op], Op, list[Op]]) -> Scenario:
        procs, first, operations = drawn
        return {"procs": procs, "ops": [first, *operations]}

    first = op("agent_start", by=holder, agent="a1", link=flags, init=starting, name=st.just("n1"))
    return family("agent", st.tuples(processes(2, 2), first, of_pieces(pieces(), 24)).map(build))

"""Processes, links, monitors, exit signals, names and timers."""

from __future__ import annotations

from hypothesis import strategies as st

from .common import (
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
    within,
)

#: `q…` are the processes that a scenario spawns itself, perhaps again and again; before that they are unbound.
SPAWNED = ["q1", "q2", "q3"]
someone = st.sampled_from([*["p1", "p2", "p3", "p4", "p5"] * 2, *SPAWNED])
spawned = st.sampled_from(SPAWNED)
names = st.sampled_from(["n1", "n2"])
messages = st.sampled_from([1, "hello", ["tick", 1], {"list": [1, 2.5]}, {"bin": "b"}, None])


def monitors() -> st.SearchStrategy[Piece]:
    """Draw pieces in which a process handles its own monitors; only the owner of a monitor may end it."""

    def of_owner(both: tuple[str, str]) -> st.SearchStrategy[Piece]:
        owner, other = both
        ref = st.sampled_from([f"{owner}m1", f"{owner}m2"])
        watch = op("monitor", by=owner, to=other, ref=ref)
        stop = op("demonitor", by=owner, ref=ref, flush=flags)
        ask = op("demonitor_info", by=owner, ref=ref)
        leave = op("exit", to=st.just(other) | someone, reason=reasons)
        late = within(owner, watch, leave, op("pause", ms=40), stop | ask)
        return st.one_of(
            *single(
                watch,
                watch,
                op("monitor", by=owner, name=names, ref=ref),
                stop,
                ask,
                late,
                within(owner, watch, stop | ask),
                within(owner, watch, leave, stop | ask),
                op("spawn_monitor", by=owner, new=spawned, trap=flags, ref=ref),
            )
        )

    return st.tuples(someone, someone).flatmap(of_owner)


def inside() -> st.SearchStrategy[Op]:
    """Draw things that a process does in one go, before it looks at its mailbox.

    A signal that reaches a running process takes effect when it next waits, by what it traps, links and
    monitors then: so there are pieces with a pause, and the same without.
    """

    def with_one(other: str) -> st.SearchStrategy[Op]:
        link, unlink = op("link", to=other), op("unlink", to=other)
        leave = op("exit", to=st.just(other) | someone, reason=reasons)
        trap, pause = op("trap", flag=flags), op("pause", ms=40)
        return st.one_of(
            within(someone, link, leave),
            within(someone, link, unlink, leave),
            within(someone, link, leave, unlink),
            within(someone, trap, link, leave, trap),
            within(someone, trap, link, leave, pause, trap, unlink),
            within(someone, leave, pause, link),
            within(someone, link, op("die", how=endings)),
            within(someone, trap, op("die", how=endings)),
            within(someone, op("spawn_link", new=spawned, trap=flags), pause, op("exit", to=spawned, reason=reasons)),
            within(someone, op("send", to=other, msg=messages), op("send", to=someone, msg=messages)),
        )

    return someone.flatmap(with_one)


def timers() -> st.SearchStrategy[Piece]:
    """Draw timers that fire, that are cancelled, and whose receiver dies before."""
    ref = "t?"
    ask, cancel = op("read_timer", ref=ref), op("cancel_timer", ref=ref)
    soon = op("send_after", by=someone, to=someone, ms=80, msg=messages, ref=ref)
    later = op("send_after", by=someone, to=someone, ms=600, msg=messages, ref=ref)
    named = op("send_after", by=someone, name=names, ms=80, msg=messages, ref=ref)
    death = op("exit", to=someone, reason=st.sampled_from(["kill", "boom"]))
    return st.one_of(
        piece(soon, settle(180)),
        piece(soon, settle(180), cancel),
        piece(later, ask, cancel, cancel),
        piece(later, cancel, ask),
        piece(later, death, ask, cancel),
        piece(soon, death, settle(180), ask),
        piece(named, settle(180)),
    )


def pieces() -> st.SearchStrategy[Piece]:
    signals = st.one_of(
        *single(
            op("link", by=someone, to=someone),
            op("link", by=someone, to=someone),
            op("link", by=someone, to=someone),
            op("spawn_link", by=someone, new=spawned, trap=flags),
            op("unlink", by=someone, to=someone),
            op("exit", by=maybe(someone), to=someone, reason=reasons),
            op("exit", by=maybe(someone), to=someone, reason=reasons),
            op("die", by=someone, how=endings),
            op("trap", by=someone, flag=flags),
            op("spawn_link", by=someone, new=spawned, trap=flags),
            op("links", of=someone),
            op("alive", of=someone),
        )
    )
    naming = st.one_of(
        *single(
            op("name_register", name=names, to=someone),
            op("name_register", name=names, to=someone),
            op("name_unregister", name=names),
            op("whereis", name=names),
            op("send", by=maybe(someone), name=names, msg=messages),
            op("send", by=maybe(someone), to=someone, msg=messages),
        )
    )
    together = inside().map(lambda drawn: [drawn])
    return choose((10, signals), (4, naming), (4, together), (7, monitors()), (3, timers()))


def scenarios() -> st.SearchStrategy[Scenario]:
    def build(drawn: tuple[list[Op], list[Op]]) -> Scenario:
        procs, operations = drawn
        # The first operation lets the processes get as far as their trap_exit flag.
        return {"procs": procs, "ops": [{"op": "alive", "of": "p1"}, *operations]}

    return family("links", st.tuples(processes(5, 5), of_pieces(pieces(), 28)).map(build))

"""GenServer: callbacks, replies, time-outs, continues, stops, exits.

A server takes *acts*: messages that say what the server shall do with them. A scenario is a list of chapters;
each starts servers of its own, plays with them and settles. Only one process at a time talks to a server, so
the order of what the server sees is settled too.
"""

from __future__ import annotations

from hypothesis import strategies as st

from .common import (
    ABSENT,
    Json,
    Op,
    Piece,
    Scenario,
    choose,
    family,
    flags,
    maybe,
    of_pieces,
    op,
    piece,
    reasons,
    settle,
)

A, B = "s?a", "s?b"
results = st.sampled_from([1, "v", None, ["t", 2], {"list": [1]}, "$state"])
later = reasons.filter(lambda reason: reason != "kill")
failures: st.SearchStrategy[Json] = st.one_of(
    reasons.map(lambda r: ["stop", r]),
    st.just(["raise", "act err"]),
    st.just(["throw", "ball"]),
    reasons.map(lambda r: ["exit", r]),
    st.sampled_from([["bad", 7], ["bad", None], ["bad", ["a", "b"]]]),
)

#: Effects without an outside.
inner: st.SearchStrategy[Json] = st.one_of(
    st.integers(1, 9).map(lambda n: ["add", n]),
    st.integers(0, 9).map(lambda n: ["set", n]),
    flags.map(lambda flag: ["trap", flag]),
)
inners = st.lists(inner, max_size=2)

_tags = st.integers(1, 99).map(lambda number: f"t{number}")


def act(do: st.SearchStrategy[Json] = inners, ret: st.SearchStrategy[Json] | Json = ABSENT) -> st.SearchStrategy[Json]:
    """Draw a message for a server: what it does, and what its callback returns."""
    drawn = ret if isinstance(ret, st.SearchStrategy) else st.just(ret)
    return st.tuples(_tags, do, drawn).map(_act)


def _act(drawn: tuple[str, list[Json], Json]) -> Json:
    tag, do, ret = drawn
    return {"tag": tag, **({"do": do} if do else {}), **({} if ret == ABSENT else {"ret": ret})}


def _then(depth: int) -> st.SearchStrategy[Json]:
    """Draw the last element of a return: a time-out, hibernation, or a continue (perhaps with its own)."""
    simple: st.SearchStrategy[Json] = st.sampled_from([0, 60, "hibernate"])
    if not depth:
        return simple
    going_on = act(ret=_silent(depth - 1)).map(lambda drawn: {"continue": drawn})
    return simple | going_on | going_on


def _silent(depth: int = 2) -> st.SearchStrategy[Json]:
    """Draw what a cast, an info or a continue may return (and one thing that it may not)."""
    return st.one_of(
        st.just(["noreply"]),
        st.just(["noreply"]),
        _then(depth).map(lambda then: ["noreply", then]),
        failures,
        results.map(lambda v: ["reply", v]),
        st.tuples(later, results).map(lambda d: ["stop", *d]),
    )


def _answering(depth: int = 2) -> st.SearchStrategy[Json]:
    """Draw what a call may return, with an answer or with a crash: nobody is left waiting."""
    return st.one_of(
        results.map(lambda v: ["reply", v]),
        results.map(lambda v: ["reply", v]),
        st.tuples(results, _then(depth)).map(lambda d: ["reply", *d]),
        st.tuples(reasons, results).map(lambda d: ["stop", *d]),
        failures,
    )


calm = act(ret=results.map(lambda v: ["reply", v]))
quiet = act(ret=st.just(["noreply"]))


def start(server: str = A, **fixed: Json) -> st.SearchStrategy[Op]:
    return op("start", **{"srv": server, "link": flags, "trap": flags, "state": st.integers(0, 9), **fixed})


def at(server: str, message: st.SearchStrategy[Json], *kinds: str) -> st.SearchStrategy[Op]:
    return st.one_of(*(op(kind, to=server, act=message) for kind in kinds or ("cast", "info")))


ask = op("call", to=A, act=calm)
one_message = at(A, act(ret=_silent())) | op("call", to=A, act=act(ret=_answering()))


def alone() -> st.SearchStrategy[Piece]:
    """Draw a server that gets a few messages, one at a time, each with time enough for all that follows."""
    return st.tuples(start(name=maybe(st.just("n?"))), st.lists(one_message, min_size=1, max_size=3)).map(
        lambda drawn: [
            drawn[0],
            *(each for message in drawn[1] for each in (message, {"op": "settle", "ms": 180})),
            {"op": "call", "to": A, "act": {"tag": "last", "ret": ["reply", "$state"]}},
            {"op": "settle", "ms": 30},
        ]
    )


def starts() -> st.SearchStrategy[Piece]:
    """Draw the ways in which init ends, and a name that is taken."""
    init = st.one_of(_then(2).map(lambda then: ["ok", then]), st.just(["ignore"]), failures, failures, st.just(["ok"]))
    name = maybe(st.sampled_from(["n?", "n"]))
    second = start(B, name=st.just("n"))
    again = op("whereis", name="n")
    return st.one_of(
        piece(start(init=init, name=name), settle(180), ask, settle(30)),
        piece(
            start(init=init, name=st.just("n")),
            settle(180),
            again,
            second,
            settle(30),
            again,
            op("gs_stop", name="n"),
            settle(30),
            again,
            op("call", name="n", act=calm),
            settle(30),
        ),
    )


def queues() -> st.SearchStrategy[Piece]:
    """Draw messages that queue up behind a busy server, and what comes of them when it stops."""
    busy = act(do=st.tuples(st.just(["sleep", 40]), inner).map(list), ret=_silent(1))
    behind = st.lists(at(A, quiet) | ask | at(A, act(ret=_silent(0))), min_size=1, max_size=4)
    own = act(
        do=st.tuples(
            st.just(["sleep", 40]), quiet.map(lambda a: ["cast", "self", a]), quiet.map(lambda a: ["send", "self", a])
        ).map(list)
    )
    return (
        st.tuples(start(), at(A, busy) | at(A, own), behind)
        .map(lambda drawn: [drawn[0], drawn[1], *drawn[2], {"op": "settle", "ms": 200}])
        .filter(_no_loose_end)
    )


def _no_loose_end(operations: list[Op]) -> bool:
    """Tell whether no call comes at the very moment of a stop: it would see the reason, or noproc.

    The server sleeps first, so what is sent before the first call's answer queues up. After that answer
    nothing may stop the server by a message that the client does not wait for.
    """
    answered = False
    for operation in operations[2:-1]:
        if answered and operation["act"].get("ret", ["noreply"]) != ["noreply"] and operation["op"] != "call":
            return False
        answered = answered or operation["op"] == "call"
    first = operations[1]["act"].get("ret", ["noreply"])
    return len(first) < 2 or not isinstance(first[1], int)


def clients() -> st.SearchStrategy[Piece]:
    """Draw calls by other processes: answered late, by another callback, twice, or never."""
    join, box = op("join", client="c?"), op("mailbox", client="c?")
    client = {"client": "c?", "to": A}
    slow = op("acall", **client, timeout=30, act=act(do=st.just([["sleep", 120]]), ret=st.just(["reply", "late"])))
    saved = op("acall", **client, act=act(do=st.just([["save", "k"]]), ret=st.just(["noreply"])))
    answer = st.lists(results.map(lambda v: ["reply", "k", v]), min_size=1, max_size=2)
    stopping = act(do=answer, ret=st.just(["noreply"]) | failures)
    twice = op(
        "acall",
        **client,
        act=act(
            do=st.just([["reply_now", "first"]]),
            ret=st.sampled_from(
                [["reply", "second"], ["noreply"], ["stop", "boom"], ["stop", "boom", "second"], ["raise", "after"]]
            ),
        ),
    )
    hasty = op("acall", **client, timeout=30, act=act(do=st.just([["save", "k"]]), ret=st.just(["noreply"])))
    busy = at(A, act(do=st.just([["sleep", 120]]), ret=failures | st.just(["noreply"])))
    queued = op("acall", **client, act=calm)
    return st.one_of(
        piece(start(), slow, join, settle(180), box, ask, settle(30)),
        piece(start(), saved, at(A, stopping), settle(30), join, box, settle(30)),
        piece(start(), twice, join, settle(30), box),
        piece(start(), hasty, join, at(A, act(do=answer)), settle(30), box),
        piece(start(), busy, queued, settle(180), join, box, settle(30)),
        piece(start(), saved, op("exit", to=A, reason=reasons), settle(30)),
    )


def exits() -> st.SearchStrategy[Piece]:
    """Draw exit signals from the parent, from others, from the server itself; and GenServer.stop."""
    parent = op("parent_exit", to=A, reason=reasons)
    other = op("exit", to=A, reason=reasons)
    stop = op("gs_stop", to=A, reason=maybe(reasons), timeout=maybe(st.just(1000)))
    itself = at(A, act(do=reasons.map(lambda r: [["exit_signal", "self", r]]), ret=st.just(["noreply"])))
    alive = op("alive", to=A)
    ways = parent | other | stop | itself
    return piece(start(), ways, settle(30), alive, ask, settle(30)) | piece(
        start(name=st.just("n?")), ways, settle(30), op("whereis", name="n?"), ways, settle(30), alive
    )


def pairs() -> st.SearchStrategy[Piece]:
    """Draw two servers: linked, watching, casting to and calling each other."""
    meet = at(
        A,
        act(
            do=st.lists(
                st.sampled_from([["link", B], ["monitor", B], ["monitor", B], ["link", "self"]]), min_size=1, max_size=2
            )
        ),
    )
    end = st.one_of(
        op("exit", to=B, reason=reasons),
        at(B, act(ret=failures)),
        op("gs_stop", to=B, reason=reasons),
        at(A, act(do=reasons.map(lambda r: [["exit_signal", B, r]]), ret=st.just(["noreply"]))),
    )
    forward = at(
        A, act(do=st.tuples(st.sampled_from(["cast", "send"]), act(ret=_silent(1))).map(lambda d: [[d[0], B, d[1]]]))
    )
    calling = op(
        "call",
        to=A,
        act=act(
            do=st.tuples(
                st.sampled_from([30, 500]), act(do=st.sampled_from([[], [["sleep", 100]]]), ret=_answering(0))
            ).map(lambda d: [["call", B, *d]]),
            ret=st.just(["reply", "done"]),
        ),
    )
    oneself = op("call", to=A, act=act(do=calm.map(lambda a: [["call", "self", 50, a]]), ret=st.just(["reply", 1])))
    two = (start(A), start(B))
    return st.one_of(
        piece(*two, meet, settle(30), end, settle(30), ask, settle(30)),
        piece(*two, forward, settle(180), ask, settle(30)),
        piece(*two, calling, settle(260), ask, settle(30)),
        piece(start(A), oneself, settle(30)),
    )


def timers() -> st.SearchStrategy[Piece]:
    """Draw a server's own timers, and its time-outs met by a message."""
    timer = at(A, act(do=act(ret=_silent(1)).map(lambda a: [["send_after", 50, a]])))
    idle = at(A, act(ret=st.just(["noreply", 60]))) | op("call", to=A, act=act(ret=st.just(["reply", "x", 60])))
    return st.one_of(
        piece(start(), timer, settle(260)),
        piece(start(), timer, op("exit", to=A, reason=reasons), settle(260)),
        piece(start(init=st.just(["ok", 60])), at(A, quiet), settle(180)),
        piece(start(), idle, at(A, quiet), settle(180)),
        piece(start(), idle, settle(180), ask, settle(30)),
    )


def nobody() -> st.SearchStrategy[Piece]:
    target = {"name": "nobody"}
    return st.one_of(
        *(
            piece(each)
            for each in (
                op("call", **target, act=calm),
                op("cast", **target, act=quiet),
                op("info", **target, act=quiet),
                op("gs_stop", **target),
                op("whereis", **target),
            )
        )
    )


def scenarios() -> st.SearchStrategy[Scenario]:
    chapters = choose(
        (5, alone()),
        (4, starts()),
        (4, queues()),
        (4, clients()),
        (4, exits()),
        (4, pairs()),
        (3, timers()),
        (1, nobody()),
    )
    return family("gs", of_pieces(chapters, 7).map(lambda operations: {"ops": operations}))

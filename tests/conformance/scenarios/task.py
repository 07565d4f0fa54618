"""Tasks: async and await, yield and shutdown, Task.Supervisor, async_stream.

All times of a piece are chosen so that no two of them fall together: `_no_race` plays the piece's clock
and rejects what a busy machine could decide either way.
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
)

SUPERVISOR = "TS"
#: Two events of one piece are at least this far apart (milliseconds).
MARGIN = 60
holder = st.sampled_from(["p1", "p2", "p3"])
results = st.sampled_from([1, "v", None, ["ok", 3], {"list": [1]}])
crashes: st.SearchStrategy[Json] = st.one_of(
    st.just(["raise", "task err"]), reasons.map(lambda reason: ["exit", reason]), st.just(["throw", "ball"])
)
ends: st.SearchStrategy[Json] = st.one_of(
    results.map(lambda v: ["return", v]), results.map(lambda v: ["return", v]), crashes
)


def lasting(sleeps: list[int]) -> st.SearchStrategy[Json]:
    """Draw what a task does: how long it sleeps, how it ends, whether it traps exits."""
    timed = st.tuples(st.sampled_from(sleeps), ends).map(lambda drawn: ["sleep", *drawn] if drawn[0] else drawn[1])
    return timed | timed | timed.map(lambda body: ["trap", body])


def asleep(body: Json) -> int:
    """Return how many milliseconds a task's body sleeps."""
    match body:
        case ["sleep", milliseconds, inner]:
            return int(milliseconds) + asleep(inner)
        case ["trap", inner]:
            return asleep(inner)
    return 0


def crashing(body: Json) -> bool:
    return crashing(body[-1]) if body[0] in ("sleep", "trap") else body[0] != "return"


def started(task: str, sleeps: list[int]) -> st.SearchStrategy[Op]:
    """Draw the start of a task that its caller can await."""
    body = lasting(sleeps)
    stop = maybe(st.sampled_from([50, "brutal_kill"]))
    return st.one_of(
        op("async", task=task, body=body),
        op("async", task=task, body=body),
        op("sup_async", task=task, body=body, sup=SUPERVISOR, shutdown=stop),
        op("async_nolink", task=task, body=body, sup=SUPERVISOR, shutdown=stop),
    )


def waits(task: str) -> st.SearchStrategy[Op]:
    """Draw what the caller may do with one task."""
    limit = st.sampled_from([20, 250, 2000])
    return st.one_of(
        op("await", task=task, timeout=limit),
        op("await", task=task, timeout=limit),
        op("yield", task=task, timeout=limit),
        op("shutdown", task=task, timeout=st.sampled_from([20, 1000, "brutal_kill"])),
        op("exit", to=task, reason=reasons),
    )


def _pause() -> st.SearchStrategy[Op]:
    return op("pause", ms=st.sampled_from([40, 220]))


def one_task() -> st.SearchStrategy[Piece]:
    """Draw the life of one task: in one go, or with its reply and exit arriving in the mailbox."""
    start = started("t?", [0, 100, 500])
    steps = st.lists(_pause() | waits("t?") | waits("t?"), min_size=1, max_size=3)
    last = st.lists(op("die", how=endings), max_size=1)

    def whole(by: str) -> st.SearchStrategy[Op]:
        inner = st.tuples(start, steps, last).map(lambda drawn: [drawn[0], *drawn[1], *drawn[2]])
        return op("seq", by=by, ops=inner.filter(no_race))

    alone = holder.flatmap(lambda by: start.map(lambda drawn: {**drawn, "by": by}))
    stranger = st.one_of(*(op(name, by=holder, task="t?", timeout=20) for name in ("await", "yield", "shutdown")))
    return st.one_of(
        piece(holder.flatmap(whole), settle(700)),
        piece(holder.flatmap(whole), settle(700)),
        piece(holder.flatmap(whole), settle(700), stranger),
        piece(alone, settle(700)),
        piece(alone, settle(700), stranger),
    )


def no_race(steps: list[Op]) -> bool:
    """Tell whether one task's piece has the same outcome on every machine: play its clock.

    The task ends by itself at `end`. Nothing may be done to it near that moment, and no wait may run out then.
    """
    now, end = 0, asleep(steps[0]["body"])
    for step in steps[1:]:
        if step["op"] in ("exit", "die", "shutdown") and abs(now - end) < MARGIN:
            return False
        limit = step.get("ms", step.get("timeout", 0))
        run_out = now + (limit if isinstance(limit, int) else 0)
        if end and abs(run_out - end) < MARGIN:
            return False
        now = run_out if step["op"] == "pause" else min(max(now, end), run_out)
    return True


def several() -> st.SearchStrategy[Piece]:
    """Draw two or three tasks at once, awaited together. Their sleeps differ, so their ends are ordered."""
    tasks = ["t?a", "t?b", "t?c"]
    orders = st.permutations([[150], [300], [450]])

    def whole(order: list[list[int]]) -> st.SearchStrategy[Op]:
        def wait(count: int) -> st.SearchStrategy[Op]:
            drawn = st.sampled_from([50, 220, 2000])
            return op("await_many", tasks=tasks[:count], timeout=drawn) | op(
                "yield_many", tasks=tasks[:count], timeout=drawn
            )

        def inside(count: int) -> st.SearchStrategy[list[Op]]:
            begin = [started(task, sleeps) for task, sleeps in zip(tasks[:count], order, strict=False)]
            again = op("yield", task="t?a", timeout=2000) | op("await", task="t?b", timeout=2000)
            return st.tuples(*begin, wait(count)).map(list) | st.tuples(*begin, wait(count), again).map(list)

        return op("seq", by=holder, ops=st.sampled_from([2, 3]).flatmap(inside))

    return piece(orders.flatmap(whole), settle(700))


def supervised() -> st.SearchStrategy[Piece]:
    """Draw tasks that belong to the supervisor alone, and tasks that it is told to end."""
    body = lasting([0, 500])
    child = op("task_start_child", by=holder, sup=SUPERVISOR, task="t?", body=body)
    linked = st.one_of(
        *(
            op(name, by=holder, sup=SUPERVISOR, task="t?", body=lasting([500]), shutdown=maybe(st.just("brutal_kill")))
            for name in ("sup_async", "async_nolink")
        )
    )
    count = op("tsup_count", sup=SUPERVISOR)
    end = op("tsup_terminate", sup=SUPERVISOR, task="t?")
    late = op("exit", to="t?", reason=reasons)
    dying = op("die", by=holder, how=endings)
    return st.one_of(
        piece(child, count, settle(700), count),
        piece(child, settle(700), end),
        piece(
            op("task_start_child", by=holder, sup=SUPERVISOR, task="t?", body=lasting([500])),
            end | late,
            count,
            settle(700),
        ),
        piece(linked, end | late | dying, count, settle(700)),
        piece(linked, count, dying, settle(700), count),
    )


def streams() -> st.SearchStrategy[Piece]:
    """Draw an async_stream. With a limit, a take or no order, only bodies whose ends stand apart are drawn."""

    def build(drawn: tuple[list[Json], dict[str, Json]]) -> Op:
        items, options = drawn
        chosen = {key: value for key, value in options.items() if value != ABSENT}
        if "sup" not in chosen:
            chosen.pop("nolink", None)
        return {"op": "stream", "items": items, **chosen}

    plain = st.fixed_dictionaries(
        {
            "by": holder,
            "max_concurrency": st.sampled_from([1, 2, 3]),
            "sup": maybe(st.just(SUPERVISOR)),
            "nolink": maybe(flags),
            "ordered": maybe(flags),
            "take": maybe(st.sampled_from([0, 1, 2])),
            "timeout": maybe(st.just(200)),
            "on_timeout": maybe(st.sampled_from(["exit", "kill_task"])),
        }
    )
    items = choose((9, st.lists(lasting([0, 0, 100, 500]), min_size=1, max_size=4)), (1, st.just([])))
    return piece(st.tuples(items, plain).map(build).filter(calm_stream), settle(700))


def calm_stream(operation: Op) -> bool:
    """Tell whether a stream has one outcome: no two ends together where that would show."""
    items = operation["items"]
    if operation["max_concurrency"] == 1 or len(items) < 2:
        return True
    ends = [asleep(body) for body in items]
    apart = all(abs(a - b) >= MARGIN for i, a in enumerate(ends) for b in ends[:i])
    together = len(items) <= operation["max_concurrency"]
    if operation.get("ordered") is False and not (apart and together):
        return False
    quiet = not any(crashing(body) for body in items)
    hurried = operation.get("take") is not None or (any(end > 200 for end in ends) and "timeout" in operation)
    return quiet or (apart and together) or (not hurried and sum(crashing(body) for body in items) < 2)


def pieces() -> st.SearchStrategy[Piece]:
    rest = piece(op("alive", of=holder)) | piece(op("trap", by=holder, flag=flags))
    return choose((8, one_task()), (4, several()), (4, supervised()), (5, streams()), (1, rest))


def scenarios() -> st.SearchStrategy[Scenario]:
    def build(drawn: tuple[list[Op], list[Op]]) -> Scenario:
        procs, operations = drawn
        count = {"op": "tsup_count", "sup": SUPERVISOR}
        return {"procs": procs, "flush": "settle", "ops": [{"op": "tsup_start", "sup": SUPERVISOR}, *operations, count]}

    return family("task", st.tuples(processes(3, 3), of_pieces(pieces(), 8)).map(build))

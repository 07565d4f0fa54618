"""What every family's strategies share: names, reasons, and how drawn pieces become one scenario.

A scenario is drawn as a list of *pieces*. A piece is a short list of operations that belong together
(a timer and the wait for it, a queue of casts and its `settle`). Pieces do not depend on each other: an
operation on a process that is dead or was never started is answered too (`noproc`, `noref`). So
hypothesis can drop any piece and still hold a scenario, which is how a difference shrinks.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

Json = Any
Op = dict[str, Json]
Piece = list[Op]
Scenario = dict[str, Json]

SHUTDOWN_X: Json = ["shutdown", "x"]
REASONS: list[Json] = ["normal", "shutdown", SHUTDOWN_X, "boom", "kill", "killed", "noproc"]

reasons = st.sampled_from(REASONS)
flags = st.booleans()

#: How a plain process may end.
endings = st.one_of(
    st.just(["return"]),
    reasons.map(lambda reason: ["exit", reason]),
    st.just(["raise", "oops"]),
    st.just(["throw", "ball"]),
)


def op(name: str, /, **fields: Json) -> st.SearchStrategy[Op]:
    """Draw one operation; a field may be a strategy, and a field drawn as `ABSENT` is left out."""
    drawn = {key: value if isinstance(value, st.SearchStrategy) else st.just(value) for key, value in fields.items()}
    return st.fixed_dictionaries({"op": st.just(name), **drawn}).map(_without_absent)


#: The value of a field that is not there.
ABSENT: Json = {"absent": True}


def maybe(strategy: st.SearchStrategy[Json]) -> st.SearchStrategy[Json]:
    """Draw a field that may be left out."""
    return st.just(ABSENT) | strategy


def _without_absent(operation: Op) -> Op:
    return {key: value for key, value in operation.items() if value != ABSENT}


def piece(*operations: st.SearchStrategy[Op]) -> st.SearchStrategy[Piece]:
    """Draw operations that stay together, in this order."""
    return st.tuples(*operations).map(list)


def with_guard(pattern: st.SearchStrategy[Json]) -> st.SearchStrategy[tuple[Json, Json]]:
    """Draw a pattern and a guard for it, which needs the pattern's first variable."""

    def guarded(drawn: Json) -> st.SearchStrategy[tuple[Json, Json]]:
        guards = [None, "$1 is an integer"] if "$1" in str(drawn) else [None]
        return st.tuples(st.just(drawn), st.sampled_from(guards))

    return pattern.flatmap(guarded)


def single(*operations: st.SearchStrategy[Op]) -> list[st.SearchStrategy[Piece]]:
    """Make a piece of each operation."""
    return [operation.map(lambda drawn: [drawn]) for operation in operations]


def within(by: Json, *operations: st.SearchStrategy[Op]) -> st.SearchStrategy[Op]:
    """Draw a `seq`: the operations one after the other inside the process `by`."""
    return op("seq", by=by, ops=st.tuples(*operations).map(list))


def settle(milliseconds: int) -> st.SearchStrategy[Op]:
    return op("settle", ms=milliseconds)


def processes(at_least: int, at_most: int) -> st.SearchStrategy[list[Op]]:
    """Draw the plain processes `p1`, `p2`, … of a scenario, each trapping exits or not."""
    return st.lists(flags, min_size=at_least, max_size=at_most).map(
        lambda traps: [{"name": f"p{number}", "trap": trap} for number, trap in enumerate(traps, 1)]
    )


def choose(*weighted: tuple[int, st.SearchStrategy[Any]]) -> st.SearchStrategy[Any]:
    """Draw from one of the strategies, each as often as its weight says.

    `one_of` looks into a strategy that is itself a `one_of` and takes all alternatives as equals.
    """
    expanded = [strategy for weight, strategy in weighted for _ in range(weight)]
    return st.integers(0, len(expanded) - 1).flatmap(expanded.__getitem__)


def join(pieces: Sequence[Piece]) -> list[Op]:
    """Put the pieces together: `?` in a name becomes the number of its piece, so names are unique."""
    return [
        operation
        for number, drawn in enumerate(pieces, 1)
        for operation in json.loads(json.dumps(drawn).replace("?", str(number)))
    ]


def of_pieces(pieces: st.SearchStrategy[Piece], at_most: int) -> st.SearchStrategy[list[Op]]:
    """Draw up to `at_most` pieces, half of that on average.

    One long list would do, but hypothesis keeps a list short (about five); several lists are longer together.
    """
    length = 8
    lists = [st.lists(pieces, max_size=min(length, at_most - start)) for start in range(0, at_most, length)]
    return st.tuples(*lists).map(lambda drawn: join([each for part in drawn for each in part]))


def family(name: str, body: st.SearchStrategy[Scenario]) -> st.SearchStrategy[Scenario]:
    """Name the family of the drawn scenarios."""
    return body.map(lambda scenario: {"family": name, **scenario})

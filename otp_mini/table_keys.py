"""The keys of a table, in the order in which a walk comes to them.

There are two orders: that in which the keys came (`Arrivals`), and that of the terms (`Sorted`).
Both take a key in, take it out and step to its neighbour at a cost that does not grow with the
number of keys, also while the keys change between two steps.

The keys are *places*, made by `matching.exact` and `matching.order`.

OTP: the hash table and the tree behind an ETS table
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator
from itertools import chain
from typing import Any, Final

Place = Any
"""What stands for a key: hashable for `Arrivals`, in an order for `Sorted`."""


class _Nowhere:
    """Stands before the first key and after the last."""

    def __repr__(self) -> str:
        return "NOWHERE"


NOWHERE: Final = _Nowhere()
BLOCK: Final = 512
"""A block of sorted keys is split where it holds twice as many."""


class Arrivals:
    """Keys in the order in which they came: each knows its neighbours, and the ends meet in `NOWHERE`.

    Example:
        >>> keys = Arrivals()
        >>> for key in ("c", "a", "b"):
        ...     keys.add(key)
        >>> keys.remove("a")
        >>> [*keys], keys.first(), keys.after("c"), keys.after("b")
        (['c', 'b'], 'c', 'b', NOWHERE)
    """

    def __init__(self) -> None:
        self._after: dict[Place, Place] = {NOWHERE: NOWHERE}
        self._before: dict[Place, Place] = {NOWHERE: NOWHERE}

    def __iter__(self) -> Iterator[Place]:
        place = self._after[NOWHERE]
        while place is not NOWHERE:
            yield place
            place = self._after[place]

    def add(self, place: Place) -> None:
        """Put a new key at the end."""
        last = self._before[NOWHERE]
        self._after[last] = self._before[NOWHERE] = place
        self._before[place], self._after[place] = last, NOWHERE

    def remove(self, place: Place) -> None:
        """Take a key out: its neighbours are each other's now."""
        before, after = self._before.pop(place), self._after.pop(place)
        self._after[before], self._before[after] = after, before

    def first(self) -> Place:
        """The oldest key; `NOWHERE` if there is none."""
        return self._after[NOWHERE]

    def last(self) -> Place:
        """A walk has no way back, so this is the first, as in OTP."""
        return self.first()

    def after(self, place: Place) -> Place:
        """The key that came next after one that is there; `NOWHERE` after the last."""
        return self._after[place]

    def before(self, place: Place) -> Place:
        """A walk has no way back, so this is the next, as in OTP."""
        return self.after(place)


class Sorted:
    """Keys in their own order, in blocks: a new one moves some hundred others, and not all.

    Example:
        >>> keys = Sorted()
        >>> for key in (3, 1, 2):
        ...     keys.add(key)
        >>> keys.remove(2)
        >>> [*keys], keys.first(), keys.last(), keys.after(2), keys.before(2), keys.before(1)
        ([1, 3], 1, 3, 3, 1, NOWHERE)
    """

    def __init__(self) -> None:
        self._blocks: list[list[Place]] = []  # none is empty
        self._highest: list[Place] = []  # the last key of each block

    def __iter__(self) -> Iterator[Place]:
        return chain.from_iterable(self._blocks)

    def add(self, place: Place) -> None:
        """Put a new key where it belongs."""
        at = min(bisect_left(self._highest, place), len(self._blocks) - 1)
        if at < 0:
            self._blocks, self._highest = [[place]], [place]
            return
        block = self._blocks[at]
        insort(block, place)
        self._highest[at] = block[-1]
        if len(block) == 2 * BLOCK:
            self._blocks[at : at + 1] = block[:BLOCK], block[BLOCK:]
            self._highest.insert(at, block[BLOCK - 1])

    def remove(self, place: Place) -> None:
        """Take out a key that is there."""
        at = bisect_left(self._highest, place)
        block = self._blocks[at]
        del block[bisect_left(block, place)]
        if block:
            self._highest[at] = block[-1]
        else:
            del self._blocks[at], self._highest[at]

    def first(self) -> Place:
        """The lowest key; `NOWHERE` if there is none."""
        return self._blocks[0][0] if self._blocks else NOWHERE

    def last(self) -> Place:
        """The highest key; `NOWHERE` if there is none."""
        return self._highest[-1] if self._blocks else NOWHERE

    def after(self, place: Place) -> Place:
        """The lowest key above this one, which need not be there."""
        at = bisect_right(self._highest, place)
        if at == len(self._blocks):
            return NOWHERE
        block = self._blocks[at]
        return block[bisect_right(block, place)]

    def before(self, place: Place) -> Place:
        """The highest key below this one, which need not be there."""
        at = bisect_left(self._highest, place)
        if at < len(self._blocks) and place > self._blocks[at][0]:
            block = self._blocks[at]
            return block[bisect_left(block, place) - 1]
        return self._highest[at - 1] if at else NOWHERE

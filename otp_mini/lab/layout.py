"""Where each part of a cast stands in the picture: a tidy tree, and an outline.

The same on every machine: leaves stand side by side, whoever is above others stands over their
middle. The player scales it to the room that there is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def layout(ups: Sequence[int]) -> dict[str, Any]:
    """Places for a tree.

    Args:
        ups: for each part the number of the one above it, -1 for the root. A part stands after the
            one above it.

    Returns:
        ``wide``: ``at`` holds ``[x from 0 to 1, level]``; ``tall``: ``at`` holds ``[level, row]``.

    Example:
        >>> layout([-1, 0, 0])["wide"]["at"]
        [[0.5, 0], [0.25, 1], [0.75, 1]]
    """
    below: list[list[int]] = [[] for _ in ups]
    levels: list[int] = []
    for part, up in enumerate(ups):
        levels.append(0 if up < 0 else levels[up] + 1)
        if up >= 0:
            below[up].append(part)
    order: list[int] = []
    to_visit = [part for part, up in enumerate(ups) if up < 0][::-1]
    while to_visit:
        order.append(to_visit.pop())
        to_visit += below[order[-1]][::-1]
    slots: dict[int, float] = {}
    leaves = 0
    for part in order:
        if not below[part]:
            slots[part] = leaves
            leaves += 1
    for part in reversed(order):
        if below[part]:
            slots[part] = (slots[below[part][0]] + slots[below[part][-1]]) / 2
    depth = max(levels, default=0) + 1
    rows = {part: row for row, part in enumerate(order)}
    return {
        "wide": {"levels": depth, "at": [[round((slots[p] + 0.5) / leaves, 4), levels[p]] for p in range(len(ups))]},
        "tall": {"levels": depth, "rows": len(ups), "at": [[levels[p], rows[p]] for p in range(len(ups))]},
    }

"""Who remembers whom: the children of a supervisor in the order of their start, and arrows between them.

An arrow leads from a process to another of which it remembers something that a restart would make
untrue. The picture is drawn before there is any code, to choose a strategy by: its rows are the list
of children. An arrow to an earlier child stands on the right, one to a later child on the left,
broken, because no order of stopping and starting is right for it.

OTP: none
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from typing import Final, NamedTuple

from ..errors import BadArg, safe_repr
from .chart import LETTER, document, framed, shortened, written
from .words import printable

TITLE: Final = "Who remembers whom, in the order of the start"


class Arrow(NamedTuple):
    """From the place of a process in the list to the place of the one that it remembers."""

    source: int
    target: int

    @property
    def back(self) -> bool:
        """Whether it leads to an earlier one."""
        return self.target < self.source


class MemoryArrows:
    """What `memory_arrows` returns: a picture in a notebook, a line for each process in ``print``."""

    def __init__(self, names: Iterable[str], arrows: Iterable[Arrow]) -> None:
        self.names = tuple(names)
        self.arrows = tuple(arrows)

    @property
    def verdict(self) -> str:
        """Where the arrows point, by which a strategy is chosen."""
        later = sum(not arrow.back for arrow in self.arrows)
        if not self.arrows:
            return "There is no arrow."
        if not later:
            return "All arrows point to earlier ones."
        return f"Arrows to earlier ones: {len(self.arrows) - later}, to later ones: {later}."

    def __str__(self) -> str:
        wide = max((len(printable(name)) for name in self.names), default=0)
        lines = [TITLE]
        for place, name in enumerate(self.names):
            known = [self._told(arrow) for arrow in self.arrows if arrow.source == place]
            told = "remembers " + ", ".join(known) if known else ""
            lines.append(f"{place + 1:2}  {printable(name):{wide}}  {told}".rstrip())
        return "\n".join([*lines, self.verdict])

    __repr__ = __str__

    def _told(self, arrow: Arrow) -> str:
        name = printable(self.names[arrow.target])
        return name if arrow.back else f"{name} (a later one)"

    def _repr_html_(self) -> str:
        label = f"{TITLE}: {len(self.arrows)} arrows between {len(self.names)} processes"
        return framed("memory-arrows", label, _drawn(self), f"<pre>{escape(str(self))}</pre>")


def memory_arrows(remembers: Mapping[str, Iterable[str]]) -> MemoryArrows:
    """Draw who remembers something of whom.

    Args:
        remembers: the children in the order of their start, each with those that it remembers
            something of.

    Raises:
        BadArg: somebody is remembered who is not among the children, or a child remembers itself,
            or what was given is no mapping of names to names.

    OTP: none

    Example:
        >>> print(memory_arrows({"line": [], "session": ["line"], "sales": []}))
        Who remembers whom, in the order of the start
         1  line
         2  session  remembers line
         3  sales
        All arrows point to earlier ones.
    """
    if not isinstance(remembers, Mapping):
        wanted = "a dict: each child with a list of those that it remembers"
        raise BadArg(f"memory_arrows needs {wanted}, got {safe_repr(remembers)}")
    names = list(remembers)
    arrows = [arrow for name in names for arrow in _arrows_of(name, remembers[name], names)]
    return MemoryArrows(names, arrows)


def _arrows_of(name: object, known: object, names: list[str]) -> list[Arrow]:
    """The arrows that begin at one child, each once."""
    listed = list(known) if isinstance(known, Iterable) and not isinstance(known, str) else None
    if listed is None or not all(isinstance(each, str) for each in (name, *listed)):
        raise BadArg(f"a child is a name with a list of names, got {safe_repr(name)} with {safe_repr(known)}")
    for other in listed:
        if other == name or other not in names:
            wrong = "itself" if other == name else f"{safe_repr(other)}, which is none of them"
            raise BadArg(
                f"an arrow leads from one of {safe_repr(names)} to another, got {safe_repr(name)} with {wrong}"
            )
    return [Arrow(names.index(str(name)), names.index(other)) for other in dict.fromkeys(listed)]


# ---- the drawing ---------------------------------------------------------------------------------------

# In pixels.
_TOP, _ROW, _BOX, _LANE, _APART, _NUMBER = 34, 44, 28, 18, 6, 22
_SMALLEST, _LARGEST = 92, 180  # a box with a name
_INK: Final = 'stroke="currentColor" stroke-width="1.5" fill="none"'
_DASHES: Final = ' stroke-dasharray="5 4"'


def _drawn(shown: MemoryArrows) -> str:
    lanes = {back: _lanes(arrow for arrow in shown.arrows if arrow.back is back) for back in (True, False)}
    beside = {back: _LANE * (1 + max(lane.values(), default=0)) + 10 if lane else 0 for back, lane in lanes.items()}
    longest = max((len(name) for name in shown.names), default=0)
    room = min(max(_SMALLEST, longest * LETTER + 16), _LARGEST)
    left = _NUMBER + beside[False]
    bottom = _TOP + _ROW * len(shown.names)
    width = max(round(left + room + beside[True]) + 4, round(max(len(TITLE), len(shown.verdict)) * LETTER) + 4)
    parts = [written(0, 14, TITLE, more=' font-weight="bold"')]
    for place, name in enumerate(shown.names):
        y = _TOP + _ROW * place
        parts.append(written(0, y + _BOX / 2 + 4, str(place + 1)))
        parts.append(f'<rect x="{left:g}" y="{y}" width="{room:g}" height="{_BOX}" rx="5" {_INK}/>')
        words = shortened(printable(name), room - 10)
        parts.append(written(left + room / 2, y + _BOX / 2 + 4, words, "middle", ' font-weight="bold"'))
    for back, of_side in lanes.items():
        parts += [_arrow(arrow, left + room if back else left, lane) for arrow, lane in of_side.items()]
    parts.append(written(0, bottom + 12, shown.verdict))
    return document(TITLE, str(shown), width, bottom + 20, parts)


def _lanes(arrows: Iterable[Arrow]) -> dict[Arrow, int]:
    """How far out each arrow of one side runs, so that no two run in the same place: the shortest next to the boxes."""
    placed: dict[Arrow, int] = {}
    for arrow in sorted(arrows, key=lambda each: (abs(each.source - each.target), each)):
        low, high = sorted(arrow)
        taken = {lane for other, lane in placed.items() if min(other) < high and low < max(other)}
        placed[arrow] = min(set(range(len(taken) + 1)) - taken)
    return placed


def _arrow(arrow: Arrow, edge: float, lane: int) -> str:
    """Out of one box, along a lane, and into the other box; what leaves and what arrives there stay apart."""
    out = 1 if arrow.back else -1
    far = edge + out * (_LANE * (lane + 1))
    start = _TOP + _ROW * arrow.source + _BOX / 2 - out * _APART
    end = _TOP + _ROW * arrow.target + _BOX / 2 + out * _APART
    dashes = "" if arrow.back else _DASHES
    line = f'<path d="M{edge:g} {start:g}H{far:g}V{end:g}H{edge + out * 2:g}" {_INK}{dashes}/>'
    head = f"M{edge + out:g} {end:g}l{out * 8} -4.5v9z"
    return line + f'<path d="{head}" fill="currentColor"/>'

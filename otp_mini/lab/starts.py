"""The children that a reader may start under a dynamic supervisor: from what the author gives to numbered actions.

OTP: ``DynamicSupervisor.start_child/2``, which is what the lab calls
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from ..child_spec import ChildLike, ChildSpec, to_specs
from ..errors import BadArg, name_of, safe_repr
from .cast import Role
from .world import STARTS

Starts = Mapping[str, Sequence[ChildLike]]
"""By the name of a dynamic supervisor, the children that may be started under it."""

START: Final = "start"
"""The way of a script's entry that starts a child: ``("ann", "start")``."""


@dataclass(frozen=True)
class Start:
    """One child that may be started: under whom, by which specification, and how it is called."""

    name: str
    up: int
    spec: ChildSpec


def action_of(number: int) -> int:
    """The action that starts the child of this number."""
    return STARTS + number


def start_of(action: int) -> int | None:
    """The number of the child that an action starts; None for any other action."""
    return action - STARTS if action >= STARTS else None


def planned(starts: Starts, roles: Sequence[Role], those: str) -> tuple[Start, ...]:
    """What may be started, in the author's order.

    Args:
        roles: the cast at the start; each supervisor in ``starts`` is in it.
        those: says which names there are.

    Raises:
        BadArg: no dynamic supervisor has the name, what is under it is no list or tuple of children, or two children
            are called the same.
    """
    if not isinstance(starts, Mapping):
        raise BadArg(f'starts must be a dict such as {{"pool": [(Worker, 1)]}}, got {safe_repr(starts)}')
    found: list[Start] = []
    for supervisor, children in starts.items():
        role = next((role for role in roles if role.name == supervisor), None)
        if role is None:
            raise BadArg(f"starts names {safe_repr(supervisor)}, and {those}")
        if role.kind != "dynamic":
            raise BadArg(
                f"starts names {safe_repr(supervisor)}, which is no dynamic supervisor: only under one of those do "
                "children come while the program runs. Start it by `DynamicSupervisor.start_link`."
            )
        for spec in _specs(supervisor, children):
            name = name_of(spec.id)
            if any(name == other.name for other in found):
                raise BadArg(
                    f"two children in starts are called {safe_repr(name)}: give each an id of its own, as by "
                    f'`child_spec({name}, id="a name")`'
                )
            found.append(Start(name, role.number, spec))
    return tuple(found)


def _specs(supervisor: str, children: Any) -> tuple[ChildSpec, ...]:
    if isinstance(children, list):
        return to_specs(children)
    if isinstance(children, tuple):
        with suppress(BadArg):  # it is one child, `(Worker, 1)`
            return to_specs(children)
    raise BadArg(
        f"starts has a list of children under {safe_repr(supervisor)}, such as [(Worker, 1)], got {safe_repr(children)}"
    )

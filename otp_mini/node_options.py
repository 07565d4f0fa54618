"""What a node can be made with, and how long its slices are; options are looked at before there is a node.

OTP: none; the flags of ``erl`` come near
"""

from __future__ import annotations

from typing import Final, TypeGuard

from .errors import BadArg, safe_repr

SLICE: Final = 0.002
"""How many seconds a slice lasts on a real clock, about."""

SLICE_TURNS: Final = 256
"""How many turns a slice has on a virtual clock, where nothing may depend on the machine's pace."""


def _is_whole(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def check_options(clock: object, seed: object, isolation: object, max_turns: object) -> None:
    """See that each option has a value that it can have; `Node` says which.

    Raises:
        BadArg: one has not. Nothing is taken for something near it: ``isolation="no"`` would be true,
            and ``max_turns="x"`` would fail in the middle of the first run.

    OTP: none; the flags of ``erl`` come near

    Example:
        >>> check_options("virtual", 1, True, max_turns=0)
        Traceback (most recent call last):
        otp_mini.errors.BadArg: max_turns must be a whole number from 1 up, or None for no limit; got 0
    """
    if clock not in ("real", "virtual"):
        raise BadArg(f'clock must be "real" or "virtual", got {safe_repr(clock)}')
    if not isinstance(isolation, bool):
        raise BadArg(f"isolation must be True or False, got {safe_repr(isolation)}")
    if not (seed is None or _is_whole(seed)):
        raise BadArg(f"seed must be a whole number, or None for no random picks; got {safe_repr(seed)}")
    if not (max_turns is None or (_is_whole(max_turns) and max_turns > 0)):
        raise BadArg(f"max_turns must be a whole number from 1 up, or None for no limit; got {safe_repr(max_turns)}")

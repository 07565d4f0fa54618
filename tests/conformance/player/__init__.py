"""Plays scenarios on otp_mini, through its public API; one module for each family."""

from __future__ import annotations

from typing import Any

from .gen_server import GsPlayer
from .plain import PlainPlayer
from .supervisor import SupPlayer

#: For each family, what plays its scenarios.
PLAYERS: dict[str, Any] = {
    "sup": SupPlayer,
    "dyn": SupPlayer,
    "gs": GsPlayer,
    **dict.fromkeys(("links", "reg", "task", "ets", "agent"), PlainPlayer),
}

__all__ = ["PLAYERS"]

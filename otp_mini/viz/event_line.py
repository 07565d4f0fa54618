"""An event as one line of text: who did what to whom.

OTP: the output of ``:dbg``
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ..errors import name_of
from ..terms import Pid
from ..tracing import Event
from .words import event_in_words, in_words, printable

LONGEST: Final = 160
"""So many characters of what was said are shown."""

_ALONE: Final = {
    "receive", "exit", "register",
    "start", "started", "start_failed", "restart", "give_up", "stopping", "keep", "forget",
}  # fmt: skip
_DONE: Final = {"link": "links", "unlink": "unlinks", "monitor": "monitors", "demonitor": "no longer monitors"}


def event_line(event: Event, name: Callable[[Pid], str]) -> str:
    """One event, on one line that can be printed, and not too long.

    Args:
        name: what a process is called.

    Example:
        >>> from otp_mini.tracing import Event
        >>> cache, main = Pid(3), Pid(1)
        >>> event_line(Event(0, 0.0, "send", main, cache, ("$gen_cast", "clear"), None), str)
        "#PID<0.1.0> -> #PID<0.3.0>: cast 'clear'"
        >>> event_line(Event(1, 0.0, "receive", cache, main, ("$gen_cast", "clear"), 0), str)
        "#PID<0.3.0>: takes cast 'clear'"
    """
    who = "clock" if event.pid is None else name(event.pid)
    if event.kind in _DONE:
        return printable(f"{who}: {_DONE[event.kind]} {'nobody' if event.other is None else name(event.other)}")
    words = printable(_words(event))
    words = words if len(words) <= LONGEST else f"{words[:LONGEST]}…"
    whom = "" if event.kind in _ALONE or event.other is None else f" -> {name(event.other)}"
    return f"{printable(who + whom)}: {words}"


def _words(event: Event) -> str:
    if event.kind == "receive":
        return f"takes {in_words(event.term)}"
    if event.kind == "register":
        return f"is registered as {name_of(event.term)}"
    return event_in_words(event)

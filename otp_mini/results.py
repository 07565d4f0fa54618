"""What the callbacks of a `GenServer` return, and what is said of a result that is none of these.

OTP: the tuples that ``handle_call/3`` and the other callbacks of ``gen_server`` return
"""

from __future__ import annotations

from types import AsyncGeneratorType, GeneratorType
from typing import Any, Final, NamedTuple

from .errors import safe_repr
from .primitives import check_timeout
from .terms import Atom, Ok

# ---- the results -------------------------------------------------------------------------------


class Continue(NamedTuple):
    """Then run ``handle_continue(term, state)``, before anything in the mailbox.

    OTP: ``{:continue, term}``
    """

    term: object


class Timeout(NamedTuple):
    """Then deliver `TIMEOUT` to ``handle_info``, unless a message comes within ``seconds``.

    OTP: a time-out in milliseconds as the last element of a result
    """

    seconds: float


HIBERNATE: Final = Atom("hibernate")
"""Then give memory back until the next message. Nothing observable changes."""

Then = Continue | Timeout | Atom | None


class Ignore(NamedTuple):
    """``init`` wants no process: ``start_link`` answers None.

    OTP: ``:ignore``
    """


class Reply(NamedTuple):
    """Answer the caller with ``value`` and go on with ``state``.

    OTP: ``{:reply, value, state}``
    """

    value: Any
    state: Any
    then: Then = None


class NoReply(NamedTuple):
    """Go on with ``state``; a caller is answered later, by `GenServer.reply`, or never.

    OTP: ``{:noreply, state}``
    """

    state: Any
    then: Then = None


NO_REPLY: Final = Atom("no_reply")
"""Stands in a `Stop` where no reply was given, and `NO_STATE` where no state was."""

NO_STATE: Final = Atom("no_state")


class Stop(NamedTuple):
    """End the server with ``reason``, after ``terminate``; a caller may get a last ``reply``.

    Only ``init`` leaves the state out.

    OTP: ``{:stop, reason, state}``, ``{:stop, reason, reply, state}``
    """

    reason: object
    state: Any = NO_STATE
    reply: Any = NO_REPLY

    def __repr__(self) -> str:
        given = [term for term in self if term is not NO_STATE and term is not NO_REPLY]
        return f"Stop({', '.join(map(safe_repr, given))})"


def is_then(then: object) -> bool:
    """Is it one of those that say what comes next?

    Raises:
        BadArg: it is a `Timeout` of no number of seconds.
    """
    if then is None or then is HIBERNATE or isinstance(then, Continue):
        return True
    if isinstance(then, Timeout):
        check_timeout(then.seconds)
        return True
    return False


# ---- results that are wrong --------------------------------------------------------------------


def what_is_wrong(result: Any, allowed: str) -> str:
    """The rest of a sentence about what a callback returned: what was expected, and what to write."""
    expected = f"where {allowed} was expected"
    if result is None:
        or_what = "" if "Ok" in allowed else ", or does no `case` match this message"
        return f"{expected}. Is a `return` missing{or_what}?"
    if any(isinstance(result, kind) and f" {kind.__name__}" in f" {allowed}" for kind in (Ok, Reply, NoReply)):
        return _wrong_then(result.then)
    if isinstance(result, type) and issubclass(result, (Ok, Ignore, Reply, NoReply, Stop)):
        return f"{expected}: that is the class itself. Write {result.__name__}({_ARGUMENTS[result]})."
    if isinstance(result, GeneratorType | AsyncGeneratorType):
        return f"{expected}: a callback with a `yield` in it only makes a generator, and nobody runs it."
    if isinstance(result, tuple) and result and isinstance(result[0], str) and result[0] in _TUPLES:
        kind = _TUPLES[result[0]]
        return f"{expected}. Elixir's {{:{result[0]}, …}} is {kind.__name__}({_ARGUMENTS[kind]}) here."
    return f"{expected}."


def _wrong_then(then: object) -> str:
    """A result whose last part is none of those that say what comes next."""
    said = f"whose last part must be Continue(term), Timeout(seconds) or HIBERNATE, got {safe_repr(then)}"
    if isinstance(then, (int, float)) and not isinstance(then, bool):
        seconds = then / 1000 if isinstance(then, int) and abs(then) < 10**12 else then
        return f"{said}. For a time-out write Timeout({safe_repr(seconds)}), in seconds."
    if isinstance(then, str) and then == "hibernate":
        return f"{said}. Write HIBERNATE, without quotes."
    if isinstance(then, tuple) and len(then) == 2 and then[0] == "continue":
        return f"{said}. Write Continue({safe_repr(then[1])})."
    if then is Continue or then is Timeout:
        return f"{said}. That is the class itself: write {'Continue(term)' if then is Continue else 'Timeout(5.0)'}."
    return f"{said}."


def wrong_stop(stop: Stop, callback: str) -> str:
    """The rest of a sentence about a `Stop` that this callback cannot return, and what to write."""
    if stop.state is NO_STATE:
        return "without a state: outside of init it needs one. Write Stop(reason, state)."
    return f"with a reply, and {callback} has nobody to reply to. Write Stop(reason, state)."


_ARGUMENTS: Final[dict[Any, str]] = {
    Ok: "state", Ignore: "", Reply: "value, state", NoReply: "state", Stop: "reason, state",
}  # fmt: skip
_TUPLES: Final[dict[str, Any]] = {"ok": Ok, "reply": Reply, "noreply": NoReply, "stop": Stop}

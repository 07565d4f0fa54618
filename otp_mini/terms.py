"""The nouns: pids, references and the messages that the system itself sends.

All of them are immutable and compare by identity or by value, so they travel between
processes as they are.

OTP: the data types ``pid`` and ``reference``; ``{:DOWN, …}`` and ``{:EXIT, …}``
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from .process import ControlBlock

from .errors import safe_repr

INFINITY: Final = math.inf
"""A time-out that never comes. ``None`` means the same wherever a time-out is asked for."""


def picture(thing: object, **how: Any) -> Any:
    """What shows a thing to a person: ``str`` of the answer is its text, ``_repr_html_()`` its HTML.

    None if nobody draws such a thing. The core itself knows no pictures; the package says who does.
    """
    return None if artist is None else artist(thing, **how)


artist: Callable[..., Any] | None = None
"""Who draws: a function that answers a picture of a thing, or None. Loads what it needs when asked."""


class Atom(str):
    """A string that prints as its name and can be told from every other by identity."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str.upper(self)

    def __copy__(self) -> Atom:
        return self

    def __deepcopy__(self, memo: object) -> Atom:
        return self


TIMEOUT: Final = Atom("timeout")
"""What a ``receive`` answers, and ``handle_info`` gets, when nothing came in time.

It equals ``"timeout"``, so ``case "timeout":`` matches it. (A bare ``case TIMEOUT:`` is a
*capture* in Python and matches anything: keep it for the last case, or write it with a dot,
``case otp_mini.TIMEOUT:``.)
"""


class Pid:
    """The address of a process: valid for ever, also after the process has died.

    OTP: ``pid``
    Differs: the first number is always 0, as there is one node.
    """

    __slots__ = ("number", "block")

    def __init__(self, number: int) -> None:
        self.number = number
        self.block: ControlBlock | None = None  # the process's control block while it lives

    def __repr__(self) -> str:
        return f"#PID<0.{self.number}.0>"

    def _repr_html_(self) -> Any:
        """In a notebook, a supervisor shows itself as its tree; any other pid is text alone."""
        shown = picture(self)
        return None if shown is None else shown._repr_html_()

    def __copy__(self) -> Pid:
        return self

    def __deepcopy__(self, memo: object) -> Pid:
        return self

    def __reduce__(self) -> str | tuple[Any, ...]:
        raise TypeError("a pid means something only inside its own node, so it cannot be pickled")


class Ref:
    """A value that is equal to nothing but itself: it marks one monitor, one call, one timer.

    OTP: ``make_ref/0``
    """

    __slots__ = ("number",)

    def __init__(self, number: int) -> None:
        self.number = number

    def __repr__(self) -> str:
        return f"#Ref<0.0.0.{self.number}>"

    def __copy__(self) -> Ref:
        return self

    def __deepcopy__(self, memo: object) -> Ref:
        return self


class CallRef(Ref):
    """The reference of one waiting call. A reply that comes late finds nobody, and is dropped.

    OTP: a process alias (``erlang:alias/1``), which ``GenServer.call`` uses since OTP 24
    """

    __slots__ = ()


class TimerRef(Ref):
    """The reference of a timer.

    OTP: what ``Process.send_after/3`` answers
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return f"#Ref<0.0.1.{self.number}>"


def setters(kind: Any) -> list[Callable[[object, object], None]]:
    """What sets the fields of a frozen class in the instance that is being made, field by field."""
    return [kind.__dict__[name].__set__ for name in kind.__slots__]


From = tuple[Pid, Ref]
"""Who called, and which of their calls: what ``GenServer.reply`` needs.

OTP: ``from`` in ``handle_call/3``
"""


@dataclass(frozen=True, slots=True, init=False)
class Down:
    """A monitored process has ended (or was not there: reason ``"noproc"``).

    ``pid`` is the pid, or the name where a name was monitored.

    OTP: ``{:DOWN, ref, :process, pid, reason}``
    """

    ref: Ref
    pid: object
    reason: object

    def __init__(self, ref: Ref, pid: object, reason: object) -> None:
        # One is made for every monitor that fires. What `dataclass` writes for a frozen class takes twice as long:
        # it looks each field up by its name.
        _set_down_ref(self, ref)
        _set_down_pid(self, pid)
        _set_down_reason(self, reason)


_set_down_ref, _set_down_pid, _set_down_reason = setters(Down)


@dataclass(frozen=True, slots=True, init=False)
class ExitSignal:
    """An exit signal, turned into a message because the receiver traps exits.

    OTP: ``{:EXIT, pid, reason}``
    """

    pid: Pid
    reason: object

    def __init__(self, pid: Pid, reason: object) -> None:
        _set_exit_pid(self, pid)  # as in `Down`
        _set_exit_reason(self, reason)


_set_exit_pid, _set_exit_reason = setters(ExitSignal)


class Ok(NamedTuple):
    """It went well: with this value; or, out of ``init``, with this state.

    OTP: ``{:ok, value}``; ``{:ok, state}`` and ``{:ok, state, then}`` from ``init/1``

    Example:
        >>> Ok(3)
        Ok(3)
    """

    value: Any
    then: Any = None

    def __repr__(self) -> str:
        given = self if self.then is not None else self[:1]
        return f"Ok({', '.join(map(safe_repr, given))})"


class Address:
    """A name that is looked up somewhere else than in the node's own table.

    Derive from it and write `whereis`, `register` and `unregister`.

    OTP: the ``{:via, module, term}`` protocol
    """

    # No ABC: whether a destination is an address is asked at every send and call to a name, and an ABC
    # answers that ten times slower.
    def __deepcopy__(self, memo: object) -> Address:
        return self

    def whereis(self) -> Pid | None:
        """The process behind the address, or None."""
        raise NotImplementedError(f"{type(self).__name__} is an address and needs def whereis(self)")

    def receiver(self) -> Pid | None:
        """Who gets a plain message or a cast that is sent here: `whereis`, unless said otherwise."""
        return self.whereis()

    def register(self, pid: Pid) -> Pid | None:
        """Give the address to ``pid``; answers None, or whoever has it already."""
        raise NotImplementedError(f"{type(self).__name__} is an address and needs def register(self, pid)")

    def unregister(self) -> None:
        """Give the address up."""
        raise NotImplementedError(f"{type(self).__name__} is an address and needs def unregister(self)")


class Shared:
    """Wraps a value that two processes shall really share: the copying stops here.

    The way out for a lock, a file, a socket, a model of two gigabytes. What happens to the
    value is then between those who hold it; nothing is copied and nothing is protected.

    Example:
        >>> Shared([1, 2]).value
        [1, 2]
    """

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __repr__(self) -> str:
        return f"Shared({safe_repr(self.value)})"

    def __copy__(self) -> Shared:
        return self

    def __deepcopy__(self, memo: object) -> Shared:
        return self


def is_quiet(reason: object) -> bool:
    """Is this the end of a process that nobody needs to hear about?

    ``"normal"``, ``"shutdown"`` and ``("shutdown", anything)``: not logged, and a transient
    child is not restarted for them.

    Example:
        >>> is_quiet("shutdown"), is_quiet(("shutdown", "moved")), is_quiet("killed")
        (True, True, False)
    """
    if isinstance(reason, tuple):
        return len(reason) == 2 and isinstance(reason[0], str) and reason[0] == "shutdown"
    return isinstance(reason, str) and reason in ("normal", "shutdown")


def is_word(reason: object, word: str) -> bool:
    """Is a reason this word? Anything but a string is not asked: its ``==`` may raise, or answer no bool.

    Example:
        >>> is_word("normal", "normal"), is_word(["normal"], "normal")
        (True, False)
    """
    return isinstance(reason, str) and reason == word

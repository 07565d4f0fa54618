"""Terms in the words of whoever wrote the program, for the pictures and their text forms.

What behaviours wrap around a message is taken off, and what would break a line is replaced.
"""

from __future__ import annotations

from ..child_spec import ChildSpec
from ..errors import LONGEST, describe_exception, describe_reason, name_of, safe_repr
from ..terms import Down, ExitSignal, Pid
from ..tracing import Event


def printable(text: str) -> str:
    """What cannot be printed would break a line, or may not stand in XML: it is replaced."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)


def in_words(message: object, longest: int = LONGEST) -> str:
    """A message as its sender wrote it; of a long term about so many letters.

    Example:
        >>> in_words(("$gen_cast", ("add", 2)))
        "cast ('add', 2)"
    """
    match message:
        case ("$gen_call", _, request):
            return f"call {_request(request, longest)}"
        case ("$gen_cast", request):
            return f"cast {_request(request, longest)}"
        case ("system", _, ("terminate", reason)):
            return f"stop {safe_repr(reason, longest)}"
        case ("system", _, (str(function), _)):
            return f"sys_.{function}"
    return safe_repr(message, longest)


def _request(request: object, longest: int) -> str:
    match request:
        case ("start_child", ChildSpec(id=id)):  # a whole specification is long, and its id says enough
            return f"start_child {name_of(id)}"
    return safe_repr(request, longest)


def reason_in_words(reason: object) -> str:
    """An exit reason: an exception as in the last line of its traceback, a failed call by its call.

    Example:
        >>> reason_in_words(ValueError("no")), reason_in_words("shutdown")
        ('ValueError: no', "'shutdown'")
    """
    match reason:
        case BaseException() as error:
            return describe_exception(error)
        case ("EXIT", BaseException() as error):  # a start function raised it
            return describe_exception(error)
        case (_, (str(), str(), list())) | ("shutdown", ("failed_to_start_child", _, _)):
            return describe_reason(reason)
    return safe_repr(reason)


def event_in_words(event: Event) -> str:
    """What an event says: the words of a line in a chart."""
    match event.kind, event.term:
        case "spawn", _:
            return "starts"
        case "exit", reason:
            return f"ends: {reason_in_words(reason)}"
        case "signal", ExitSignal(_, reason) | reason:
            return f"exit signal {safe_repr(reason)}"
        case "down", Down(_, _, reason):
            return f"DOWN {safe_repr(reason)}"
        case "fault", planted:
            return f"plants {planted}"
        case "reply", value:
            return f"reply {safe_repr(value)}"
        case "restart", (id, count, allowed, seconds):
            return f"restarts {name_of(id)} ({count} of {allowed} in {seconds:g} s)"
        case "give_up", (id, count, allowed, seconds):
            return f"gives up on {name_of(id)} (restart {count} in {seconds:g} s, {allowed or 'none'} allowed)"
        case "start_failed", (id, reason):
            return f"cannot start {name_of(id)}: {reason_in_words(reason)}"
        case "started", id if event.other is None:
            return f"goes on without {name_of(id)}, which chose not to start"
    note = _NOTES.get(event.kind)
    return in_words(event.term) if note is None else note.format(name_of(event.term))


_NOTES = {
    "start": "begins to start {}",
    "started": "has started {}",
    "stopping": "stops its children",
    "keep": "keeps {}, does not restart it",
    "forget": "forgets {}",
}


def life(number: int) -> str:
    """The second life of a name, and so on.

    Example:
        >>> [life(number) for number in (2, 3, 4, 11, 22, 113)]
        ['2nd life', '3rd life', '4th life', '11th life', '22nd life', '113th life']
    """
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending} life"


def called(pid: Pid, name: str) -> str:
    """The name of a trace without the pid that it puts after the name of a nameless process."""
    return name.removesuffix(str(pid)[4:]) or name

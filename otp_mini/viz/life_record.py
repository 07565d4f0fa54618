"""What a server does, callback by callback: the record behind the picture of its life.

OTP: ``:sys.log/2`` keeps as much of a running server
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import CoroutineType
from typing import Any, Final

from ..errors import Exit, describe_exception, name_of, safe_repr
from ..gen_server import Continue, Ignore, NoReply, Reply, Stop, Timeout
from ..node import Node
from ..process import ControlBlock
from ..terms import TIMEOUT, Down, ExitSignal, Ok, Pid
from .words import printable, reason_in_words

LONGEST: Final = 46
"""So many characters of a request, a reply or a state are shown."""
HEADINGS: Final = ("at", "what came", "callback", "returned", "state after that")
_NO_REPLY: Final = Stop("normal").reply


@dataclass(slots=True)
class Step:
    """One call of a callback. Times are seconds of the node's clock; ``ended`` is None while it has not returned."""

    began: float
    came: str
    callback: str
    own: bool  # does the class define it, or is it GenServer's?
    ended: float | None = None
    returned: str = "has not returned"
    state: str = ""

    def cells(self) -> tuple[str, ...]:
        """The step as a row under `HEADINGS`."""
        callback = self.callback if self.own else f"{self.callback} of GenServer"
        return (f"{self.began:.3f}", self.came, callback, self.returned, self.state)


@dataclass(slots=True)
class ServerLife:
    """One process: its callbacks, and how it ended, if it has."""

    pid: Pid
    name: str
    steps: list[Step] = field(default_factory=list)
    more: int = 0  # callbacks beyond those that are kept
    ended: float | None = None
    reason: str = ""
    silence: float | None = None  # after so many seconds without a message it asked for a time-out

    def rows(self) -> list[tuple[str, ...]]:
        """The rows of its table: one for each callback, and one for the end."""
        rows = [step.cells() for step in self.steps]
        if self.more:
            rows.append(("", "", f"and {self.more:,} callbacks more", "", ""))
        if self.ended is not None:
            rows.append((f"{self.ended:.3f}", "", f"the process ends: {self.reason}", "", ""))
        return rows

    def begin(self, process: ControlBlock, name: str, own: bool, arguments: Sequence[Any]) -> Step:
        """A callback is called: what led to it, and with what argument."""
        silence, self.silence = self.silence, None
        match name, arguments:
            case "handle_call", (_, (Pid() as caller, _), _):
                came = f"call from {_called(caller)}"
            case "handle_info", (message, *_):
                came = _kind(message, silence)
            case "terminate", _:
                came = _end(process.current)
            case _:
                came = _LED_TO[name]
        said = f"{name}({short(arguments[0]) if arguments else ''})"
        return Step(process.node.now(), printable(came), said, own)

    def end(self, process: ControlBlock) -> None:
        """The process has ended."""
        self.ended, self.reason = process.node.now(), _cut(printable(reason_in_words(process.reason)))


_LED_TO: Final = {"init": "start", "handle_continue": "continue", "handle_cast": "cast", "handle_call": "call"}


def _kind(message: object, silence: float | None) -> str:
    """What a plain message is to a server."""
    if silence is not None and isinstance(message, str) and message == TIMEOUT:
        return f"{silence:g} s of silence"
    return {ExitSignal: "exit signal", Down: "DOWN"}.get(type(message), "message")


def _end(current: object) -> str:
    """What made a server end: the message that it handles just now."""
    match current:
        case ExitSignal():
            return "exit signal"
        case ("system", _, ("terminate", _)):
            return "GenServer.stop"
    return ""


def _called(pid: Pid) -> str:
    block = pid.block
    return repr(pid) if block is None else name_of(block.label if block.name is None else block.name)


# ---- how a callback ends -------------------------------------------------------------------------------------


def watched(step: Step, life: ServerLife, node: Node, callback: Callable[..., Any], arguments: Sequence[Any]) -> Any:
    """Call a callback, and record what it returned or raised; of an ``async def``, when it is over."""
    try:
        result = callback(*arguments)
    except BaseException as error:
        _raised(step, node, error)
        raise
    if type(result) is CoroutineType:
        return _awaited(step, life, node, result)
    _returned(step, life, node, result)
    return result


async def _awaited(step: Step, life: ServerLife, node: Node, coroutine: Any) -> Any:
    try:
        result = await coroutine
    except BaseException as error:
        _raised(step, node, error)
        raise
    _returned(step, life, node, result)
    return result


def _raised(step: Step, node: Node, error: BaseException) -> None:
    if isinstance(error, GeneratorExit):  # the process was ended where the callback waited
        step.returned = "was ended in the middle"
        return
    step.ended = node.now()
    said = f"Exit({short(error.reason)})" if isinstance(error, Exit) else _cut(printable(describe_exception(error)))
    step.returned = f"raised {said}"


def _returned(step: Step, life: ServerLife, node: Node, result: object) -> None:
    """What a callback returned, as the program writes it, and the state in it."""
    step.ended = node.now()
    name, _, _ = step.callback.partition("(")
    match result:
        case _ if name == "terminate":
            step.returned = ""
        case Ok(state, then) | NoReply(state, then):
            _goes_on(step, life, result, [], state, then)
        case Reply(value, state, then):
            _goes_on(step, life, result, [short(value)], state, then)
        case Stop(reason, state, reply):
            last = "" if reply is _NO_REPLY else f", {short(reply)}"
            step.returned = f"Stop({short(reason)}{'' if name == 'init' else ', state' + last})"
            step.state = "" if name == "init" else short(state)
        case Ignore():
            step.returned = "Ignore()"
        case _:
            step.returned = short(result)


def _goes_on(step: Step, life: ServerLife, result: object, said: list[str], state: object, then: object) -> None:
    assert step.ended is not None
    life.silence = then.seconds if isinstance(then, Timeout) else None
    asked = f"{type(then).__name__}({short(then[0])})" if isinstance(then, (Continue, Timeout)) else short(then)
    inside = ", ".join([*said, "state", *([] if then is None else [asked])])
    took = step.ended - step.began
    step.returned = f"{type(result).__name__}({inside})" + (f" after {took:g} s" if took else "")
    step.state = short(state)


def short(term: object) -> str:
    """A term on one line that can be printed, and not too long."""
    return _cut(printable(safe_repr(term, LONGEST)))


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"

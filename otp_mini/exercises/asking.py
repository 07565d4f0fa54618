"""How checks ask the servers of a student, one after the other or at the same moment, and what they make of an exit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from .. import Exit, GenServer, Pid, Process, StartError, current_node, receive, spawn
from ..errors import describe_reason, safe_repr
from .checking import NotYet, expect
from .looking import answered, not_started

A_WHILE: Final = 0.1
"""Virtual seconds in which a process that has something to do does it."""


class Asker:
    """A process that asks once, notes what it was told and when, and ends, or stays until it is killed."""

    def __init__(self, work: Callable[[], Any], done: str, *, stays: bool = False) -> None:
        self.done, self.told, self.after = done, list[tuple[str, Any]](), -1.0
        began, node = current_node().now(), current_node()

        async def ask() -> None:
            try:
                self.told.append(("answer", await answered(work(), done)))
            except (Exit, Exception) as error:
                self.told.append(("error", error))
            self.after = round(node.now() - began, 3)
            if stays:
                await receive(lambda _: False)

        self.pid = spawn(ask)

    def answer(self, idea: str, done: str = "") -> Any:
        """What it was told by now."""
        if not self.told:
            raise NotYet(done or self.done, "no answer so far", "an answer", idea)
        kind, told = self.told[0]
        if kind == "answer":
            return told
        raise _failed(told, done or self.done, idea)


def _failed(error: BaseException, done: str, idea: str) -> BaseException:
    """An exit or an exception as what was seen; a mistake of the reader's own code as it is."""
    if isinstance(error, Exit):
        idea = f"{_first_look(error.reason)}. And at {idea}"
        return NotYet(done, f"an exit: {describe_reason(error.reason)}", "an answer", idea)
    return error


def _first_look(reason: object) -> str:
    """What an exit of the caller says of its cause, before the idea of the exercise."""
    match reason:
        case ("timeout", _):
            return "how long the call waits, if you have set a time-out for it"
        case ("noproc", _):
            return "what has ended the server. It is gone, and the message that ended it may be an earlier one"
        case (("bad_return_value", _), _):
            return "what the callback or the function returned: the exit names it"
    return "the end of the server, which the exit names"


async def answer_of(value: Any, done: str, idea: str) -> Any:
    """The answer of a client function or a call, asked for in the process of the check."""
    try:
        return await answered(value, done)
    except Exit as error:
        raise _failed(error, done, idea) from None


async def ask(server: Any, request: Any, idea: str) -> Any:
    """What a call is answered; an exit is a `NotYet` with this idea."""
    return await answer_of(GenServer.call(server, request), f"the call {safe_repr(request)} was made", idea)


async def expect_answer(server: Any, request: Any, hoped: object, idea: str, when: str = "") -> None:
    """See that a call is answered by what is hoped for; ``when`` says what was done before it."""
    done = f"{when}the call {safe_repr(request)} was made"
    expect(done, await answer_of(GenServer.call(server, request), done, idea), hoped, idea)


_TAKEN: Final = "another one runs, and has the name"
_NAMED: Final = (
    "how many there may be at a time: a name has one holder, so that none is given to what there is several of"
)


async def started_server(server: Any, argument: object) -> Pid:
    """One of the reader's servers, linked to the check, which outlives it."""
    Process.flag(trap_exit=True)
    try:
        pid = await answered(server.start_link(argument), f"{server.__name__}.start_link was called")
    except StartError as error:
        match error.reason:
            case ("already_started", _):
                raise NotYet(f"{server.__name__} was started", _TAKEN, "a process that runs", _NAMED) from None
        raise not_started(error) from None
    if not isinstance(pid, Pid):
        raise NotYet(f"{server.__name__} was started", safe_repr(pid), "a process that runs", "what `init` returns")
    return pid


async def end_process(pid: Pid, reason: object = "kill") -> None:
    """End a process, and forget the news of it."""
    Process.unlink(pid)
    Process.exit(pid, reason)
    await Process.sleep(A_WHILE)

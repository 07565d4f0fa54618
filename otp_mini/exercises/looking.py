"""How a check looks at what a student's code did: what it answered, what it sent, whether it is at rest."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Final

from .. import Down, Exit, GenServer, Pid, Process, StartError, current_node, receive, self_, spawn, sys_
from ..errors import describe_reason, safe_repr
from ..tracing import Event
from .checking import AWAIT, NotYet
from .comparing import same

CALL, CAST = "$gen_call", "$gen_cast"


async def with_other_numbers(body: Callable[..., Awaitable[None]], cases: Iterable[tuple[Any, ...]]) -> None:
    """Check one case after the other; from the second on, a failure says that the first was passed.

    An answer that is made for the case in the exercise's text passes the first one alone.
    """
    for number, case in enumerate(cases):
        try:
            await body(*case)
        except NotYet as error:
            if number:
                told = "what your answer does with another case: it passed the first one, and not this one"
                error.parts["Look again at"] = f"{told}. And at {error.parts['Look again at']}"
            raise


async def answered(value: Any, done: str) -> Any:
    """What a client function answers, whether it is a plain function or has to be awaited.

    Raises:
        checking.NotYet: the answer is a coroutine, so an ``await`` is missing in the function.
    """
    value = await value if inspect.isawaitable(value) else value
    if inspect.iscoroutine(value):
        value.close()  # it never runs, and that is said here and not by a warning
        raise NotYet(done, f"a coroutine, {value.__qualname__}", "the answer", AWAIT)
    return value


def so_far() -> int:
    """How many events the trace of the check holds by now."""
    return len(_events())


def sent(to: Pid, since: int, by: Pid | None = None) -> list[Event]:
    """What was sent to a process since then, by anybody or by one process."""
    found = [event for event in _events()[since:] if event.kind == "send" and event.other is to]
    return [event for event in found if by is None or event.pid is by]


def sent_since(since: int) -> list[Event]:
    """What was sent since then, by anybody to anybody."""
    return [event for event in _events()[since:] if event.kind == "send"]


def is_of(event: Event, kind: str) -> bool:
    """Whether what was sent is a call or a cast (`CALL`, `CAST`)."""
    return isinstance(event.term, tuple) and event.term[:1] == (kind,)


def taken(pid: Pid) -> list[object]:
    """The plain messages that a server has taken from its mailbox: no call, no cast, nothing of the system."""
    terms = [event.term for event in _events() if event.kind == "receive" and event.pid is pid]
    tags = (CALL, CAST, "system")
    return [term for term in terms if not (isinstance(term, tuple) and term[:1] and term[0] in tags)]


def ended_with(pid: Pid) -> object:
    """The reason with which a process has ended; None if it has not, or was not seen to."""
    reasons = [event.term for event in _events() if event.kind == "exit" and event.pid is pid]
    return reasons[-1] if reasons else None


def _events() -> list[Event]:
    tracer = current_node().tracer
    return [] if tracer is None else tracer.events


async def restless() -> bool:
    """Whether a process besides the check goes on and on without ever waiting; no time passes meanwhile."""
    before = turns_of_others()
    for _ in range(12):
        await Process.sleep(0.0)
    return turns_of_others() - before >= 10


def turns_of_others() -> int:
    """The turns of all processes but the one that checks."""
    others = [pid for pid in current_node().processes() if pid is not self_()]
    return sum(turns_of(pid) for pid in others)


def turns_of(pid: Pid) -> int:
    """How many turns a process has had; 0 if it has ended."""
    info = Process.info(pid)
    return 0 if info is None else int(info["turns"])


async def handed_over(put: Callable[[], Any], pid: Pid, name: str, idea: str) -> None:
    """See that a client function gives something to a busy server and waits for nothing.

    Args:
        put: calls the client function once.
        pid: the server, suspended.
        name: of the function, for the message.
        idea: what to look at again where it does wait.

    Raises:
        checking.NotYet: it waited, or had another process wait, or asked with a call, or sent nothing.
    """
    node = current_node()
    began, since = node.now(), so_far()
    done = f"`{name}` was used while the server was busy"
    outcome = await _outcome(put, done)
    waited = node.now() - began
    if waited or outcome is None:
        gave_up = "" if outcome is None else ", and gave up" * isinstance(outcome[0], Exit)
        raise NotYet(done, f"`{name}` waited for {waited:g} seconds{gave_up}", "no wait", idea)
    error, started = outcome
    if error is not None:
        raise error
    if started:
        stop = "" if idea.endswith("?") else "."
        another = f"{idea}{stop} A process of its own for each that waits is still one that waits"
        raise NotYet(done, f"`{name}` started another process", "no wait, and nobody else's either", another)
    arrived = sent(pid, since)
    if not arrived:
        nothing = "where it is kept. What a client function does not send to the server, the server does not have"
        raise NotYet(done, "nothing was sent to the server", "a request to the server", nothing)
    if any(is_of(event, CALL) for event in arrived):
        raise NotYet(done, f"`{name}` sent a call", "a request that nobody waits for", idea)


async def _outcome(put: Callable[[], Any], done: str) -> tuple[BaseException | None, int] | None:
    """Use a client function in a process of its own; what it raised, and how many processes it left.

    None if it has not come back after ten seconds.
    """
    outcome: list[tuple[BaseException | None, int]] = []

    async def user() -> None:
        before, error = len(current_node().processes()), None
        try:
            await answered(put(), done)
        except (Exit, Exception) as raised:
            error = raised
        outcome.append((error, len(current_node().processes()) - before))

    pid = spawn(user)
    watch = Process.monitor(pid)
    await receive(Down, timeout=10.0)
    Process.demonitor(watch)
    Process.exit(pid, "kill")
    return outcome[0] if outcome else None


async def unknown_request(pid: Pid, request: object, known: Callable[[Any], bool]) -> None:
    """See that a call which the server cannot know is not answered as if it could.

    A crash, silence, and ``("error", …)`` are all right.

    Args:
        pid: the server.
        request: one that no student would choose.
        known: whether an answer looks like one to a known request.

    Raises:
        checking.NotYet: it was answered like a known request.
    """
    try:
        answer = await GenServer.call(pid, request, timeout=1.0)
    except Exit:
        return
    if known(answer):
        seen = f"it was answered, with {safe_repr(answer)}"
        raise NotYet(f"the unknown call {request!r} was made", seen, "an exit of the caller", UNKNOWN_CALL)


async def ends_the_server(pid: Pid, request: object) -> None:
    """See that a call which the server cannot know is not answered, and ends it.

    Args:
        pid: the server.
        request: one that no student would choose.

    Raises:
        checking.NotYet: it was answered, or the server lives on.
    """
    done = f"the unknown call {request!r} was made"
    try:
        answer = await GenServer.call(pid, request, timeout=1.0)
    except Exit:
        if not Process.alive(pid):
            return
        idea = (
            "what `handle_call` does with an unknown request. `NoReply` answers nobody: the caller waits until its "
            "time-out, and nobody else learns of the mistake. The exercise asks for a server that ends"
        )
        seen = "no answer, and the server lives on"
    else:
        idea, seen = UNKNOWN_CALL, f"it was answered, with {safe_repr(answer)}"
    raise NotYet(done, seen, "an exit of the caller", idea)


UNKNOWN_CALL: Final = (
    "the way of an unknown request through `handle_call`. An unknown call is a mistake of its caller, who has "
    "to hear of it: where no case fits, or the last one raises, the server crashes and the caller exits"
)


async def kept_in_the_state(
    pid: Pid, other: Pid, name: str, ask: Callable[[Pid], Awaitable[object]], hoped: object
) -> None:
    """See that what a server knows is in its state: a second one that is given this state knows it, too.

    Args:
        pid: the server that was used.
        other: one of the same class; its own state is lost.
        name: of the server, for the message.
        ask: asks a server what it knows.
        hoped: the answer of the first.

    Raises:
        checking.NotYet: the second does not know it, so it is kept elsewhere: in a global, under a pid, say.
    """
    state = await sys_.get_state(pid)
    await sys_.replace_state(other, lambda _: state)
    seen = await ask(other)
    if not same(seen, hoped):
        done = f"a second {name} was given the whole state of the first, {safe_repr(state)}, and asked"
        idea = (
            "what the state holds: everything that the server has to remember. A global of Python is not part of it, "
            "under whatever key; it is shared by all servers, and does not end with any"
        )
        raise NotYet(done, safe_repr(seen), safe_repr(hoped), idea)


def not_started(error: StartError) -> BaseException:
    """What a start failed with: an exception of the student's code as it is, all else as a `NotYet`."""
    reason = error.reason
    while isinstance(reason, tuple) and len(reason) == 2 and reason[0] == "shutdown":
        match reason[1]:
            case ("failed_to_start_child", _, why):
                reason = why
            case _:
                break
    match reason:
        case ("EXIT", BaseException() as raised):  # raised by the start function itself, before there was a process
            reason = raised
    if isinstance(reason, BaseException):
        return StartError(reason)
    idea = "what the error says of the child or the plan. A first start is tried once, and not again"
    return NotYet("the tree was started", describe_reason(error.reason), "all of it running", idea)

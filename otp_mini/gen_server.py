"""GenServer: a process that keeps a state and answers requests, one at a time.

Write the callbacks; the loop is here. ``start_link`` spawns a process, which runs ``init``,
tells its starter how that went, and then takes message after message: a call goes to
``handle_call``, a cast to ``handle_cast``, anything else to ``handle_info``. What the callback
returns says what to do next and what the state is from now on.

OTP: ``GenServer``, ``gen_server``
Differs: callbacks may be ``async def`` where they must wait; the others wait with them.
"""

from __future__ import annotations

from collections.abc import Coroutine
from types import AsyncGeneratorType, CoroutineType, GeneratorType
from typing import Any, Final, NamedTuple

from .child_spec import ChildSpec, HasChildSpec
from .copying import AS_THEY_ARE, copy_reason
from .errors import AlreadyStarted, BadArg, Exit, StartError, name_of, not_awaited, safe_repr
from .names import check_address, check_answer, check_name
from .plain_functions import plain_answer
from .primitives import (
    Destination,
    ask,
    charge,
    check_timeout,
    current_process,
    find,
    here,
    next_message,
    post,
    receive,
    self_,
    waiting_process,
)
from .process import MESSAGE, PARKED, YIELDED, Become, ControlBlock, runtime
from .reports import logger, server_crashed
from .results import (
    HIBERNATE,
    NO_REPLY,
    NO_STATE,
    Continue,
    Ignore,
    NoReply,
    Reply,
    Stop,
    Then,
    Timeout,
    is_then,
    what_is_wrong,
    wrong_stop,
)
from .terms import TIMEOUT, Address, CallRef, ExitSignal, From, Ok, Pid, Ref, is_quiet, is_word
from .threads import stay

CALL: Final = "$gen_call"
CAST: Final = "$gen_cast"


# ---- the behaviour -----------------------------------------------------------------------------


class GenServer(HasChildSpec):
    """Derive from it and write the callbacks.

    The state is what the callbacks return, and nothing else: the instance takes no attributes.

    OTP: ``use GenServer``

    Example:
        >>> from otp_mini import GenServer, Ok, Reply, run
        >>> class Counter(GenServer):
        ...     def init(self, first):
        ...         return Ok(first)
        ...     def handle_call(self, request, from_, state):
        ...         return Reply(state + 1, state + 1)
        >>> async def main():
        ...     counter = await Counter.start_link(41)
        ...     return await GenServer.call(counter, "next")
        >>> run(main)
        42
    """

    __slots__ = ()

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(
            f"{type(self).__name__}.{name} cannot be set: a server keeps its state in what its "
            "callbacks return, such as NoReply(new_state), and not on self"
        )

    # Callbacks.

    def init(self, argument: Any) -> Any:
        """Make the first state. ``start_link`` returns only when this has.

        Returns:
            `Ok`, `Ignore` or `Stop`. By default the argument is the state.
        """
        return Ok(argument)

    def handle_call(self, request: Any, from_: From, state: Any) -> Any:
        """Answer a `call`: `Reply`, `NoReply` or `Stop`."""
        raise RuntimeError(
            f"attempted to call {type(self).__name__} {self_()} with {safe_repr(request)}, but it "
            "has no handle_call: write def handle_call(self, request, from_, state)"
        )

    def handle_cast(self, request: Any, state: Any) -> Any:
        """React to a `cast`: `NoReply` or `Stop`."""
        raise RuntimeError(
            f"attempted to cast {safe_repr(request)} to {type(self).__name__} {self_()}, but it "
            "has no handle_cast: write def handle_cast(self, request, state)"
        )

    def handle_info(self, message: Any, state: Any) -> Any:
        """React to any other message: `NoReply` or `Stop`. By default it is only logged."""
        logger.error(
            "%s %s received unexpected message in handle_info: %s",
            type(self).__name__,
            self_(),
            safe_repr(message),
        )
        return NoReply(state)

    def handle_continue(self, argument: Any, state: Any) -> Any:
        """Go on after a result with `Continue`: `NoReply` or `Stop`."""
        raise RuntimeError(
            f"{type(self).__name__} {self_()} returned Continue({safe_repr(argument)}), but it "
            "has no handle_continue: write def handle_continue(self, argument, state)"
        )

    def terminate(self, reason: object, state: Any) -> Any:
        """Clean up. Runs after a stop or a crash; on an exit signal only where it is trapped."""

    # Client functions.

    @classmethod
    async def start_link(
        cls, argument: Any = None, *, name: Destination = None, timeout: float | None = None
    ) -> Pid | None:
        """Start a server linked to the caller; returns when its ``init`` has.

        Args:
            argument: for ``init``, copied.
            name: a name to register, or ``Via(registry, key)``.
            timeout: seconds that ``init`` may take.

        Returns:
            The pid, or None where ``init`` answered `Ignore`.

        Raises:
            AlreadyStarted: the name is taken.
            StartError: ``init`` failed. The caller gets the exit signal too: it dies, unless
                it traps exits.

        OTP: ``GenServer.start_link/3``
        """
        return await start_server(cls, argument, name=name, timeout=timeout, link=True)

    @classmethod
    async def start(cls, argument: Any = None, *, name: Destination = None, timeout: float | None = None) -> Pid | None:
        """`start_link` without the link.

        OTP: ``GenServer.start/3``
        """
        return await start_server(cls, argument, name=name, timeout=timeout, link=False)

    @classmethod
    def child_spec(cls, argument: Any = None) -> ChildSpec:
        """How a supervisor starts one of these; override it to change what is said here.

        OTP: ``child_spec/1``, defined by ``use GenServer``
        """
        return cls._spec(argument)

    @staticmethod
    def call(server: Destination, request: object, timeout: float | None = 5.0) -> Coroutine[Any, Any, Any]:
        """Send a request and wait for the reply.

        Args:
            server: a pid, a name, or ``Via(registry, key)``.
            timeout: seconds to wait; then the *caller* exits, while the server goes on.

        Raises:
            Exit: ``("noproc" | "timeout" | "calling_self" | the server's reason, where)``.
            BadArg: the time-out is not a number from 0 up.

        OTP: ``GenServer.call/3``
        """
        target = server.block if type(server) is Pid else find(server)
        limit = 5.0 if timeout == 5.0 else check_timeout(timeout)
        where = ("GenServer", "call", [server, request, timeout])
        return ask(target, CALL, request, limit, where)

    @staticmethod
    def cast(server: Destination, request: object) -> str:
        """Send a request and do not wait. Answers ``"ok"``, also where nobody is there.

        OTP: ``GenServer.cast/2``
        """
        try:
            target = here(server) if type(server) is Pid else find(server, sending=True)
        except BadArg:
            if isinstance(server, Address):
                return "ok"  # no such registry: a cast does not tell
            raise
        if target is not None:
            post(target, (CAST, request if type(request) in AS_THEY_ARE else target.node.copy(request)))
        return "ok"

    @staticmethod
    def reply(from_: From, value: object) -> str:
        """Answer a call from anywhere, at any time.

        A second answer is dropped once the caller has gone on; before that it is a message.

        OTP: ``GenServer.reply/2``
        """
        if not is_from(from_):
            raise BadArg(f"reply needs the from_ of a handle_call, got {safe_repr(from_)}")
        node = current_process().node
        node.reply(self_(), from_, node.copy(value))
        return "ok"

    @staticmethod
    async def stop(server: Destination, reason: object = "normal", timeout: float | None = None) -> str:
        """Have a server terminate, and wait for its end.

        Raises:
            Exit: nobody is there, the time is over, or it ended with another reason. Also where it ended
                before it came to this request, with whatever reason: another has stopped it.

        OTP: ``GenServer.stop/3``
        """
        where = ("GenServer", "stop", [server, reason, timeout])
        limit = None if timeout is None else check_timeout(timeout)
        target, caller = here(server) if type(server) is Pid else find(server), current_process()
        last = caller.node.last_ref()
        try:
            await ask(target, "system", ("terminate", reason), limit, where)
        except Exit as exit:
            why: Any = exit.reason
            if target is None or target.alive or is_word(why[0], "calling_self"):
                raise
            if not _obeyed(target.current, caller, last):
                if is_word(why[0], "noproc"):
                    raise
                raise Exit(((why[0], ("sys", "terminate", [target.pid, reason, timeout])), where)) from None
            if same(target.reason, reason):
                return "ok"
            raise
        raise AssertionError("a server answered a terminate")

    @staticmethod
    def whereis(server: Destination) -> Pid | None:
        """The pid behind a name, an address or a pid; None if nobody is there.

        OTP: ``GenServer.whereis/1``
        """
        stay()
        if isinstance(server, Pid):
            return server
        target = find(server)
        return None if target is None else target.pid


def _obeyed(last_message: Any, caller: ControlBlock, last: int) -> bool:
    """Was it this caller's request, made after the reference number ``last``, at which the server ended?"""
    if _callback(last_message) != "system" or last_message[2][0] != "terminate":
        return False
    pid, ref = last_message[1]
    return ref.number > last and (pid is caller.pid or caller.coroutine is None)


def same(one: object, other: object) -> bool:
    """Are two reasons equal? Exceptions are when type and arguments are; what is the very same is, also a NaN."""
    if one is other:
        return True
    if isinstance(one, BaseException):
        return type(one) is type(other) and same(one.args, getattr(other, "args", None))
    if isinstance(one, (tuple, list)):
        return type(one) is type(other) and len(one) == len(other) and all(map(same, one, other))
    try:
        return bool(one == other)
    except Exception:
        return one is other


# ---- starting ----------------------------------------------------------------------------------


BEFORE_INIT: Final = "before init"
"""Under this key of ``Node.tables`` a campaign of faults has what each server waits for before its ``init`` runs."""


async def start_server(
    module: type[GenServer],
    argument: Any,
    *,
    name: Destination,
    timeout: float | None,
    link: bool,
    label: str | None = None,
) -> Pid | None:
    """Spawn a server and wait until it says how its ``init`` went.

    OTP: ``gen:start``, ``proc_lib:start_link``
    """
    limit = None if timeout is None else check_timeout(timeout)
    caller = current_process()
    node = caller.node
    caller.reductions -= 1  # `charge`
    if caller.reductions < 0 and caller.coroutine is not None:
        await YIELDED
    parent = caller.pid if link else None
    if name is not None:
        if isinstance(name, Address):
            check_address(type(name))
        else:
            check_name(name)
        taken = find(name)
        if taken is not None:
            raise AlreadyStarted(taken.pid)
        name = node.copy(name)
    argument = node.copy(argument)
    waiting, ref = caller if caller is runtime.running else waiting_process(), node.make_ref(CallRef)
    life = _serve(module, argument, name, parent, (waiting.pid, ref))
    child = node.launch(life, name_of(label or module), link=link)
    try:
        outcome = await ask(child, "", None, limit, ("GenServer", "start_link", []), (waiting, ref))
    except Exit as exit:
        outcome = ("error", exit.reason[0])  # type: ignore[index]
        if is_word(outcome[1], "timeout"):
            node.signals.unlink(caller, child.pid)
            node.signals.exit(caller.pid, child.pid, "kill")
    return _started(module, outcome)


def _started(module: type[GenServer], outcome: tuple[str, Any]) -> Pid | None:
    """Answer how a start went, as ``start_link`` says it."""
    how, value = outcome
    if how != "error":
        return value  # type: ignore[no-any-return]  # a pid, or None for Ignore
    match value:
        case ("already_started", Pid() as holder):
            raise AlreadyStarted(holder)
        case ("bad_return_value", returned):
            wrong = what_is_wrong(returned, "Ok, Ignore or Stop")
            raise StartError(value, f"{name_of(module)}.init returned {safe_repr(returned)} {wrong}")
    raise StartError(value) from (value if isinstance(value, BaseException) else None)


async def _serve(
    module: type[GenServer], argument: Any, name: Destination, parent: Pid | None, starter: From
) -> Become | None:
    """The whole life of a server: its name, its ``init``, its loop. It answers its starter in between.

    OTP: ``gen_server:init_it/6``
    """
    process: Any = runtime.running
    node = process.node
    if name is not None:
        holder = _take_name(process, name)
        if holder is not None:
            node.answer(*starter, ("error", ("already_started", holder)))
            return None
    server = module()
    reason: object = "normal"
    try:
        if (before := node.tables.get(BEFORE_INIT)) is not None:
            await before(process)
        result = server.init(argument)
        if type(result) is CoroutineType:
            result = await result
    except Exit as exit:
        reason = exit.reason
    except Exception as error:
        reason = error
    else:
        if isinstance(result, Ok) and (result.then is None or is_then(result.then)):
            node.answer(*starter, ("ok", process.pid))
            process.loop = _Loop(process, server, parent, result.value)
            return Become(process.loop.run(result.then))
        match result:
            case Ignore():
                _give_name_up(process, name)
                node.answer(*starter, ("ignore", None))
                return None
            case Stop(given, _, _):
                reason = given
            case _:
                reason = ("bad_return_value", result)
    _give_name_up(process, name)
    node.answer(*starter, ("error", copy_reason(reason)))
    raise Exit(reason)


def _take_name(process: ControlBlock, name: Destination) -> Pid | None:
    """Register the new process; answers None, or who has the name."""
    if isinstance(name, Address):
        return check_answer(name, "register", name.register(process.pid))
    return process.node.register(process, name)


def _give_name_up(process: ControlBlock, name: Destination) -> None:
    if isinstance(name, Address):
        name.unregister()
    elif name is not None:
        process.node.unregister(name)


# ---- the loop ----------------------------------------------------------------------------------


class _Loop:
    """One server at work.

    OTP: ``gen_server:loop/7``
    """

    __slots__ = ("process", "server", "parent", "state", "debug")

    def __init__(self, process: ControlBlock, server: GenServer, parent: Pid | None, state: Any) -> None:
        self.process = process
        self.server = server
        self.parent = parent or process.pid  # without a parent it is its own, as in OTP
        self.state = state
        self.debug = False

    async def run(self, then: Then) -> None:
        """Take messages until one ends the server: the usual ones in here, for speed; `dispatch` knows all of them."""
        process, server, node, me = self.process, self.server, self.process.node, self.process.pid
        while True:
            if then is not None:
                message = await self.after(then)
            else:
                while not process.mailbox:
                    node.spare, process.mailbox, process.waiting = process.mailbox, None, MESSAGE  # see `Node.spare`
                    await PARKED
                message = process.mailbox.popleft()
                if node.tracer is not None:
                    node.tracer.received(node.now(), process.pid, message)
                process.reductions -= 1
                if process.reductions < 0:
                    await YIELDED
            process.current = message
            try:
                if call := type(message) is tuple and len(message) == 3 and message[0] is CALL and not self.debug:
                    result = server.handle_call(message[2], message[1], self.state)
                elif type(message) is tuple and len(message) == 2 and message[0] is CAST and not self.debug:
                    result = server.handle_cast(message[1], self.state)
                else:
                    result = self.dispatch(message)
                if type(result) is CoroutineType:
                    result = await result
                if call and type(result) is Reply and result.then is None:
                    value = result.value
                    node.reply(me, message[1], value if type(value) in AS_THEY_ARE else node.copy(value))
                    self.state, then = result.state, None
                elif type(result) is NoReply and then is None and result.then is None:
                    self.state = result.state
                elif isinstance(result, Stop):
                    reason = await self.stop(result, message)
                    break
                else:
                    then = self.settle(result, message, then)
            except BaseException as error:
                raise Exit(await self.terminate(self.reason_of(error), message)) from None
            process.current = message = result = value = None  # an idle server keeps none of them
        _leave(reason)

    async def after(self, then: Then) -> Any:
        """What comes next where the last result asked for something."""
        process = self.process
        if isinstance(then, Continue):
            await charge(process)
            return _Continued(then.term)
        if isinstance(then, Timeout):
            return await receive(timeout=then.seconds)
        if not process.mailbox:  # hibernate: the next message makes new ones
            process.mailbox, process.monitors = None, process.monitors or None
        return await next_message(process)

    def settle(self, result: Any, message: Any, before: Then) -> Then:
        """Do what a callback's result says, unless it is `Stop`; answers what is to come next."""
        callback = _callback(message)
        reply = isinstance(result, Reply) and callback == "handle_call"
        if not (reply or isinstance(result, NoReply)) or not (result.then is None or is_then(result.then)):
            raise Exit(("bad_return_value", result))
        if reply:
            node = self.process.node
            node.reply(self.process.pid, message[1], node.copy(result.value))
        self.state = result.state
        then: Then = result.then
        return before if callback == "system" and isinstance(before, Timeout) else then

    def dispatch(self, message: Any) -> Any:
        """Give the message to the callback that it belongs to."""
        server, state = self.server, self.state
        if self.debug:
            self.say(message)
        match _callback(message):
            case "handle_info":
                return server.handle_info(message, state)
            case "handle_cast":
                return server.handle_cast(message[1], state)
            case "handle_call":
                return server.handle_call(message[2], message[1], state)
            case "handle_continue":
                return server.handle_continue(message.term, state)
            case "system" if message[2][0] == "terminate":
                return Stop(message[2][1], state)
            case "system":
                return self.system(message)
            case _ if message.pid is self.parent:
                return Stop(message.reason, state)
        return server.handle_info(message, state)

    # The end.

    def stop(self, result: Stop, message: Any) -> Coroutine[Any, Any, object]:
        """Be terminated by a `Stop`; answers the reason."""
        if result.state is NO_STATE or (result.reply is not NO_REPLY and _callback(message) != "handle_call"):
            raise Exit(("bad_return_value", result))
        reply = self.process.node.copy(result.reply)  # what cannot be copied is an error of the old state
        self.state = result.state
        return self.terminate(result.reason, message) if reply is NO_REPLY else self.stop_with(reply, result, message)

    async def stop_with(self, reply: Any, result: Stop, message: Any) -> object:
        """`stop` with a last reply. It goes out after ``terminate`` has run, as in OTP."""
        try:
            return await self.terminate(result.reason, message)
        finally:
            self.process.node.reply(self.process.pid, message[1], reply)

    def reason_of(self, error: BaseException) -> object:
        """The reason of an end by an exception. What is not the server's own goes on as it is."""
        # An exit signal to oneself is a kill, which nothing in here survives.
        if self.process.pending_exit is not None or isinstance(error, (GeneratorExit, KeyboardInterrupt, SystemExit)):
            raise error
        return error.reason if isinstance(error, Exit) else error

    async def terminate(self, reason: object, message: Any) -> object:
        """Run the server's ``terminate``, and report the end unless its reason is quiet; answers the reason.

        The server has terminated then: nothing of its own may run any more.
        """
        try:
            result = self.server.terminate(reason, self.state)
            if type(result) is CoroutineType:
                await result
            elif isinstance(result, GeneratorType | AsyncGeneratorType):
                name = name_of(type(self.server))
                raise BadArg(f"{name}.terminate has a `yield` in it: it only makes a generator, and nobody runs it.")
        except BaseException as error:
            reason = self.reason_of(error)
        if not is_quiet(reason):
            who = self.process.node.describe(self.process)
            shown = Continue(message.term) if type(message) is _Continued else message
            server_crashed(who, reason, self.state, shown, lambda: self.hint(reason, message))
        return reason

    def hint(self, reason: object, message: Any) -> str:
        """What the programmer could do about a bad result."""
        match reason:
            case ("bad_return_value", value) if hasattr(self.server, "_hint"):
                return str(self.server._hint(value))
            case ("bad_return_value", value):
                callback = _callback(message).replace("handle_exit", "handle_info")
                allowed = ("Reply, " if "call" in callback else "") + "NoReply or Stop"
                wrong = what_is_wrong(value, allowed) if not isinstance(value, Stop) else wrong_stop(value, callback)
                return f"{name_of(type(self.server))}.{callback} returned {safe_repr(value)} {wrong}"
        if isinstance(reason, BaseException) and type(self.state) is CoroutineType:
            return f"the state is a coroutine: {not_awaited(self.state)}."
        return ""

    # System messages.

    async def system(self, message: Any) -> Any:
        """Answer `otp_mini.sys_`; a server that is suspended stays in here.

        OTP: ``sys:handle_system_msg/6``
        """
        node, suspended = self.process.node, False
        while True:
            _, from_, request = message
            if request[0] == "terminate":  # it has come while the server was suspended
                self.process.current = message
                return Stop(request[1], self.state)
            suspended = request[0] == "suspend" or (suspended and request[0] != "resume")
            try:
                answer: tuple[str, Any] = ("ok", self.about(request, suspended))
            except Exception as error:
                answer = ("error", copy_reason(error))
            node.reply(self.process.pid, from_, answer)
            if not suspended:
                return NoReply(self.state)
            message = await receive(self.interrupts)
            if type(message) is ExitSignal:
                return Stop(message.reason, self.state)

    def interrupts(self, message: Any) -> bool:
        """Is this something that a suspended server listens to?"""
        callback = _callback(message)
        return callback == "system" or (callback == "handle_exit" and message.pid is self.parent)

    def about(self, request: tuple[str, Any], suspended: bool) -> Any:
        """What a system message asks for."""
        copy = self.process.node.copy
        match request:
            case ("get_state", _):
                return copy(self.state)
            case ("replace_state", change):
                changed = plain_answer(change(copy(self.state)), change, "replace_state's function")
                self.state = copy(changed)
                return copy(changed)
            case ("get_status", _):
                return {
                    "pid": self.process.pid,
                    "module": type(self.server),
                    "name": copy(self.process.name),
                    "status": "suspended" if suspended else "running",
                    "parent": self.parent,
                    "state": copy(self.state),
                }
            case ("trace", bool() as flag):
                self.debug = flag
        return "ok"

    def say(self, message: Any) -> None:
        """One line of ``sys.trace``."""
        what = f"got {safe_repr(message)}"
        match _callback(message):
            case "handle_call":
                what = f"got call {safe_repr(message[2])} from {message[1][0]}"
            case "handle_cast":
                what = f"got cast {safe_repr(message[1])}"
        print(f"*DBG* {self.process.node.describe(self.process)} {what}")  # noqa: T201  (printing is its purpose)


def _leave(reason: object) -> None:
    """End the process, of which this is the last act. One that only returns ends with ``"normal"``, and for less."""
    if type(reason) is not str or reason != "normal":
        raise Exit(reason)


def _callback(message: Any) -> str:
    """The callback that a message belongs to, by the form of the message."""
    if type(message) is tuple and message and type(message[0]) is str:
        form = _FORMS.get((message[0], len(message)))
        if form is not None and (form == "handle_cast" or is_from(message[1])):
            return form
    if type(message) is _Continued:
        return "handle_continue"
    return "handle_exit" if type(message) is ExitSignal else "handle_info"


def is_from(term: object) -> bool:
    """Is this the ``from_`` of a call?"""
    return type(term) is tuple and len(term) == 2 and type(term[0]) is Pid and isinstance(term[1], Ref)


class _Continued(NamedTuple):
    """A `Continue` on its way to ``handle_continue``: nobody else can send one."""

    term: object


_FORMS: Final = {
    (CALL, 3): "handle_call",
    (CAST, 2): "handle_cast",
    ("system", 3): "system",
}


__all__ = [
    "HIBERNATE", "TIMEOUT", "Continue", "GenServer", "Ignore", "NoReply", "Ok", "Reply",
    "Stop", "Timeout",
]  # fmt: skip

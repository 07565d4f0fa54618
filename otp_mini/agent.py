"""Agent: a process that keeps a state, and nothing else. You bring the functions.

Every function runs *inside* the agent, one at a time: a slow one delays all who come after it.

OTP: ``Agent``
"""

from __future__ import annotations

from collections.abc import Callable
from types import CoroutineType
from typing import Any, Final

from .child_spec import ChildSpec, HasChildSpec
from .errors import BadArg, Exit, safe_repr
from .gen_server import GenServer, start_server
from .plain_functions import check_function
from .primitives import Destination, current_process
from .results import NoReply, Reply
from .terms import From, Ok, Pid

Function = Callable[..., Any]

_NEEDS: Final = "an agent needs a function, and its arguments after it: Agent.update(agent, work, 1, 2)"
_NEEDS_FIRST: Final = "an agent is started with the function that makes its first state: Agent.start(lambda: 0)"


class Agent(HasChildSpec):
    """Start one with a function that makes its first state.

    OTP: ``Agent``
    Differs: each function gets a copy of the state, and what it returns is copied, so nothing
        that it does to the state in place can be seen.

    Example:
        >>> from otp_mini import Agent, run
        >>> async def main():
        ...     visits = await Agent.start_link(lambda: 0)
        ...     await Agent.update(visits, lambda n: n + 1)
        ...     return await Agent.get(visits, lambda n: n)
        >>> run(main)
        1
    """

    @classmethod
    async def start_link(
        cls, function: Function, *args: Any, name: Destination = None, timeout: float | None = None
    ) -> Pid | None:
        """Start an agent linked to the caller; its state is what ``function(*args)`` returns.

        OTP: ``Agent.start_link/2``
        """
        check_function(function, _NEEDS_FIRST)
        work = function, args
        return await start_server(AgentServer, work, name=name, timeout=timeout, link=True, label=cls.__name__)

    @classmethod
    async def start(
        cls, function: Function, *args: Any, name: Destination = None, timeout: float | None = None
    ) -> Pid | None:
        """`start_link` without the link.

        OTP: ``Agent.start/2``
        """
        check_function(function, _NEEDS_FIRST)
        work = function, args
        return await start_server(AgentServer, work, name=name, timeout=timeout, link=False, label=cls.__name__)

    @classmethod
    def child_spec(cls, argument: Any = None) -> ChildSpec:
        """How a supervisor starts one: ``(Agent, function)``, the function as `start_link` takes it.

        Raises:
            BadArg: it is no function.

        OTP: ``Agent.child_spec/1``
        """
        if cls.start_link.__func__ is Agent.start_link.__func__ and not callable(argument):  # type: ignore[attr-defined]
            raise BadArg(
                f"an agent is started with the function that makes its first state, ({cls.__name__}, lambda: 0); "
                f"got {safe_repr(argument)}"
            )
        return cls._spec(argument)

    @staticmethod
    async def get(agent: Destination, function: Function, *args: Any, timeout: float | None = 5.0) -> Any:
        """What ``function(state, *args)`` returns.

        OTP: ``Agent.get/3``
        """
        check_function(function, _NEEDS)
        return await GenServer.call(agent, ("get", function, args), timeout)

    @staticmethod
    async def update(agent: Destination, function: Function, *args: Any, timeout: float | None = 5.0) -> str:
        """The state becomes ``function(state, *args)``; answers ``"ok"`` when it has.

        OTP: ``Agent.update/3``
        """
        check_function(function, _NEEDS)
        return str(await GenServer.call(agent, ("update", function, args), timeout))

    @staticmethod
    async def get_and_update(agent: Destination, function: Function, *args: Any, timeout: float | None = 5.0) -> Any:
        """``function`` returns ``(answer, new state)``: read and write in one step, no race.

        OTP: ``Agent.get_and_update/3``
        """
        check_function(function, _NEEDS)
        return await GenServer.call(agent, ("get_and_update", function, args), timeout)

    @staticmethod
    def cast(agent: Destination, function: Function, *args: Any) -> str:
        """`update` without waiting. Answers ``"ok"``, also where nobody is there.

        OTP: ``Agent.cast/2``
        """
        check_function(function, _NEEDS)
        return GenServer.cast(agent, (function, args))

    @staticmethod
    async def stop(agent: Destination, reason: object = "normal", timeout: float | None = None) -> str:
        """End the agent with ``reason``.

        OTP: ``Agent.stop/3``
        """
        return await GenServer.stop(agent, reason, timeout)


class AgentServer(GenServer):
    """The process behind an `Agent`.

    OTP: ``Agent.Server``
    """

    __slots__ = ()

    async def init(self, argument: Any) -> Any:
        """The first state is what the function returns."""
        function, args = argument
        return Ok(await _apply(function, *args))

    async def handle_call(self, request: Any, from_: From, state: Any) -> Any:
        """Run a function on the state, for ``get``, ``update`` or ``get_and_update``."""
        what, function, args = request
        result = await _apply(function, current_process().node.copy(state), *args)
        match what, result:
            case "get", answer:
                return Reply(answer, state)
            case "update", new_state:
                return Reply("ok", new_state)
            case "get_and_update", (answer, new_state) if isinstance(result, tuple):
                return Reply(answer, new_state)
        raise Exit(("bad_return_value", result))

    async def handle_cast(self, request: Any, state: Any) -> Any:
        """Run a function that makes the next state."""
        function, args = request
        return NoReply(await _apply(function, current_process().node.copy(state), *args))

    def handle_info(self, message: Any, state: Any) -> Any:
        """Drop a stray message."""
        return NoReply(state)

    @staticmethod
    def _hint(value: object) -> str:
        missing = " Is a `return` missing?" if value is None else ""
        return f"the function of get_and_update returned {safe_repr(value)}, and not (answer, new state).{missing}"


async def _apply(function: Function, *args: Any) -> Any:
    """Run a function, plain or async; its result shares nothing with what it captured."""
    result = function(*args)
    if type(result) is CoroutineType:
        result = await result
    return current_process().node.copy(result)

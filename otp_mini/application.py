"""Application: the root of a tree. It starts the top supervisor, and cleans up when that has ended.

OTP: ``Application``
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

from .children import answer_of
from .errors import BadArg, Exit, StartError, describe_exception, describe_reason, safe_repr
from .gen_server import GenServer, start_server
from .node import current_node
from .primitives import Destination, Process, find, receive
from .process import ControlBlock
from .reports import logger
from .results import Reply, Stop
from .terms import INFINITY, Down, ExitSignal, From, Ok, Pid, is_quiet, is_word
from .threads import stay

StartType = Literal["permanent", "transient", "temporary"]


class Application:
    """Derive from it and write ``start``, which starts the top supervisor and answers its pid.

    OTP: ``use Application``

    Example:
        >>> from otp_mini import Application, GenServer, Supervisor, run
        >>> class Shop(Application):
        ...     async def start(self, type, args):
        ...         return await Supervisor.start_link([(GenServer, "till")], strategy="one_for_one")
        ...     def stop(self, state):
        ...         print("closed")
        >>> async def main():
        ...     await Shop.start_application()
        ...     await Shop.stop_application()
        >>> run(main)
        closed
    """

    __slots__ = ()

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(
            f"{type(self).__name__}.{name} cannot be set: what stop is to know, start answers beside the pid, "
            "return top, state"
        )

    async def start(self, type: str, args: Any) -> Any:
        """Start the top supervisor, and answer its pid; or its pid and a state for `prep_stop` and `stop`.

        OTP: ``c:Application.start/2``, which answers ``{:ok, pid}`` or ``{:ok, pid, state}``
        """
        raise RuntimeError(
            f"{self.__class__.__name__} has no start: write async def start(self, type, args), which starts the top "
            "supervisor and answers its pid"
        )

    def prep_stop(self, state: Any) -> Any:
        """Get ready while the tree still runs; answers the state for `stop`. Plain, or ``async def``.

        Args:
            state: what `start` answered beside the pid, else ``[]``.

        OTP: ``c:Application.prep_stop/1``
        Differs: None, which a callback answers that forgets its ``return``, leaves the state as it is.
        """
        return state

    def stop(self, state: Any) -> Any:
        """Clean up after the tree has ended. Plain, or ``async def``.

        Args:
            state: what `prep_stop` answered. An error in here is reported, and harms nobody.

        OTP: ``c:Application.stop/1``
        """

    @classmethod
    async def start_application(cls, args: Any = None, type: StartType = "temporary") -> Pid:
        """Start the application; answers the pid of its top supervisor.

        Raises:
            AlreadyStarted: it runs.
            StartError: its ``start`` failed.

        OTP: ``Application.start/2``
        """
        if type not in ("permanent", "transient", "temporary"):
            raise BadArg(f'type must be "permanent", "transient" or "temporary", got {safe_repr(type)}')
        master = await start_server(
            _Master, (cls, args, type), name=address_of(cls), timeout=None, link=False, label="application"
        )
        top: Pid = await GenServer.call(master, "top", INFINITY)
        return top

    @classmethod
    async def stop_application(cls) -> str:
        """Call `prep_stop`, stop the tree with ``"shutdown"``, then call `stop`.

        Raises:
            BadArg: it does not run.

        OTP: ``Application.stop/1``
        """
        stay()
        if find(address_of(cls)) is None:
            raise BadArg(f"{cls.__name__} does not run: await {cls.__name__}.start_application() starts it")
        try:
            return await GenServer.stop(address_of(cls), "normal")
        except Exit:
            if find(address_of(cls)) is not None:
                raise
            return "ok"  # its tree has crashed meanwhile, and it ended by itself: it is stopped all the same

    @staticmethod
    def started() -> list[type[Application]]:
        """The applications that run.

        OTP: ``Application.started_applications/0``
        """
        stay()
        masters = [process for process in current_node().names.values() if top_of(process) is not None]
        return [application for process in masters if (application := application_of(process)) is not None]


def address_of(destination: Destination) -> Destination:
    """What a process is reached by: for an application that is the name of its master, above the tree."""
    if isinstance(destination, type) and issubclass(destination, Application):
        return "application", destination
    return destination


def application_of(process: ControlBlock) -> type[Application] | None:
    """The application of which this process is the master, above the top supervisor; None for any other."""
    match process.name:
        case ("application", type() as application) if issubclass(application, Application):
            return application
    return None


def top_of(process: ControlBlock) -> Pid | None:
    """The top supervisor, where this process is the master of an application and that has started."""
    state = getattr(process.loop, "state", None)
    return state.top if isinstance(state, _Running) else None


class _Running(NamedTuple):
    """The state of the master of an application that has started."""

    application: type[Application]
    top: Pid | None
    type: StartType
    state: Any


class _Master(GenServer):
    """The process above the top supervisor.

    OTP: ``application_master``
    Differs: the end of a permanent application is reported as such, and does not halt the node.
    """

    __slots__ = ()

    async def init(self, argument: Any) -> Any:
        module, args, type = argument
        Process.flag(trap_exit=True)
        where = (module, "start")
        try:
            answer = await answer_of(module().start("normal", args))
        except StartError as error:
            return Stop((error.reason, where))
        except Exit as exit:
            reason = ("EXIT", exit.reason)
            return Stop((reason, where) if is_word(exit.reason, "normal") else ("bad_return", (where, reason)))
        except Exception as error:
            return Stop(("bad_return", (where, ("EXIT", error))))
        top, state = answer if isinstance(answer, tuple) and len(answer) == 2 else (answer, [])
        if not isinstance(top, Pid):
            return Stop(("bad_return", (where, answer)))
        Process.link(top)
        return Ok(_Running(module, top, type, state))

    def handle_call(self, request: Any, from_: From, state: Any) -> Any:
        return Reply(state.top, state)

    def handle_info(self, message: Any, state: Any) -> Any:
        if isinstance(message, ExitSignal) and message.pid is state.top:
            level = logger.error if state.type == "permanent" or not is_quiet(message.reason) else logger.info
            level("Application %s exited: %s", state.application.__name__, safe_repr(message.reason))
            return Stop("normal", state._replace(top=None))
        return super().handle_info(message, state)

    async def terminate(self, reason: object, state: Any) -> None:
        application = state.application()
        prepared = await _call_back(application.prep_stop, state.state)
        if state.top is not None:
            ref = Process.monitor(state.top)
            Process.exit(state.top, "shutdown")
            await receive(lambda message: type(message) is Down and message.ref is ref)
        await _call_back(application.stop, state.state if prepared is None else prepared)


async def _call_back(callback: Callable[[Any], Any], state: Any) -> Any:
    """Run one of the last callbacks; whoever stops the application is not to suffer from its errors.

    OTP: ``application_master``, which catches them
    """
    try:
        return await answer_of(callback(state))
    except (Exception, Exit) as error:
        said = describe_exception(error) if isinstance(error, Exception) else describe_reason(error.reason)
        logger.error("Application: %s failed: %s", callback.__qualname__, said)
        return None

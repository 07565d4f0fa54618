"""Application: the root of a tree. It starts the top supervisor, and cleans up when that has ended.

OTP: ``Application``
"""

from __future__ import annotations

from typing import Any, Literal

from .errors import BadArg, Exit, StartError, safe_repr
from .gen_server import GenServer, Ok, Reply, Stop, start_server
from .node import current_node
from .primitives import Destination, Process, receive
from .process import ControlBlock
from .reports import logger
from .terms import INFINITY, Down, ExitSignal, From, Pid, is_quiet

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

    async def start(self, type: str, args: Any) -> Pid | None:
        """Start the top supervisor, and answer its pid."""
        raise RuntimeError(
            f"{self.__class__.__name__} has no start: write async def start(self, type, args), which starts the top "
            "supervisor and answers its pid"
        )

    def stop(self, state: Any) -> Any:
        """Clean up after the tree has ended."""

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
        """Stop the tree with ``"shutdown"``, then call ``stop``.

        OTP: ``Application.stop/1``
        """
        return await GenServer.stop(address_of(cls), "normal")

    @staticmethod
    def started() -> list[type[Application]]:
        """The applications that run.

        OTP: ``Application.started_applications/0``
        """
        return [application for process in current_node().names.values() if (application := application_of(process))]


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
    state = None if application_of(process) is None else getattr(process.loop, "state", None)
    return state[1] if isinstance(state, tuple) and len(state) == 3 else None


class _Master(GenServer):
    """The process above the top supervisor.

    OTP: ``application_master``
    Differs: the end of a permanent application is reported as such, and does not halt the node.
    """

    __slots__ = ()

    async def init(self, argument: Any) -> Any:
        module, args, type = argument
        Process.flag(trap_exit=True)
        try:
            top = await module().start("normal", args)
        except StartError as error:
            return Stop(("bad_return", ((module, "start"), error.reason)))
        except Exit as exit:
            return Stop(("bad_return", ((module, "start"), exit.reason)))
        if not isinstance(top, Pid):
            return Stop(("bad_return", ((module, "start"), top)))
        Process.link(top)
        return Ok((module, top, type))

    def handle_call(self, request: Any, from_: From, state: Any) -> Any:
        return Reply(state[1], state)

    def handle_info(self, message: Any, state: Any) -> Any:
        module, top, type = state
        if isinstance(message, ExitSignal) and message.pid is top:
            level = logger.error if type == "permanent" or not is_quiet(message.reason) else logger.info
            level("Application %s exited: %s", module.__name__, safe_repr(message.reason))
            return Stop("normal", (module, None, type))
        return super().handle_info(message, state)

    async def terminate(self, reason: object, state: Any) -> None:
        module, top, _ = state
        if top is not None:
            ref = Process.monitor(top)
            Process.exit(top, "shutdown")
            await receive(lambda message: type(message) is Down and message.ref is ref)
        module().stop(state)

"""The life of a server as a picture: each callback, what led to it, what it returned, the state after that.

OTP: ``:sys.trace/2`` and ``:sys.log/2`` tell as much of a running server
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from ..errors import BadArg, name_of, safe_repr
from ..gen_server import GenServer
from ..primitives import current_process
from ..process import ControlBlock
from ..terms import Pid
from .chart import framed
from .life_drawing import drawing
from .life_record import HEADINGS, ServerLife, watched
from .tables import Table
from .words import life as ordinal
from .words import printable

CALLBACKS: Final = ("init", "handle_continue", "handle_call", "handle_cast", "handle_info", "terminate")
MOST_STEPS: Final = 200
"""So many callbacks of one server are kept; the rest is counted."""


class Life:
    """What `life_of` recorded: a picture in a notebook, a table in ``print``.

    A box is a callback. What led to it comes in from the left; what it returned, and the state that the
    server keeps from then on, stand on its right. Between two boxes the server waits; where time passes
    meanwhile, the line is dotted. A cross is the end of the process. A dashed box is a callback that the
    class does not define: GenServer's own is called.
    """

    def __init__(self, module: type[GenServer]) -> None:
        self.module = module
        self.servers: list[ServerLife] = []
        self.recording = True
        self._by_pid: dict[Pid, ServerLife] = {}
        self._named: dict[str, int] = {}  # how many lives each name has had

    def __str__(self) -> str:
        if not self.servers:
            return f"No {name_of(self.module)} was started while its life was recorded."
        return "\n\n".join(str(Table(server.name, HEADINGS, server.rows())) for server in self.servers)

    def __repr__(self) -> str:
        steps = sum(len(server.steps) + server.more for server in self.servers)
        processes = f"{len(self.servers)} process{'es' * (len(self.servers) != 1)}"
        return f"<Life of {name_of(self.module)}: {steps} callbacks in {processes}>"

    def _repr_html_(self) -> str:
        told = "".join(Table(server.name, HEADINGS, server.rows())._repr_html_() for server in self.servers)
        return framed("server-life", repr(self)[1:-1], self.svg(), told or "<p>Nothing was recorded.</p>")

    def svg(self) -> str:
        """The picture. Everything in it that the program said is escaped."""
        return drawing(repr(self)[1:-1], str(self), self.servers)

    def recorded(self, name: str, original: Any) -> Callable[..., Any]:
        """A callback that is recorded whenever it is called."""
        own = original is not inspect.getattr_static(GenServer, name)

        def callback(server: GenServer, *arguments: Any) -> Any:
            bound = original.__get__(server, type(server))
            process = current_process()
            life = self._life(process, name)
            if life is None:
                return bound(*arguments)
            step = life.begin(process, name, own, arguments)
            if len(life.steps) < MOST_STEPS:
                life.steps.append(step)
            else:
                life.more += 1
            return watched(step, life, process.node, bound, arguments)

        return callback

    def _life(self, process: ControlBlock, callback: str) -> ServerLife | None:
        """The life of a process that was started while this records; None for any other."""
        if not self.recording:
            return None
        life = self._by_pid.get(process.pid)
        if life is None and callback == "init":
            name = name_of(process.label if process.name is None else process.name)
            number = self._named[name] = self._named.get(name, 0) + 1
            title = f"{name} {process.pid!r}" + (f", {ordinal(number)}" if number > 1 else "")
            life = self._by_pid[process.pid] = ServerLife(process.pid, printable(title))
            self.servers.append(life)
            ended = life.end
            process.cleanups = [*(process.cleanups or ()), lambda _: ended(process)]
        return life


@contextmanager
def life_of(module: type[GenServer]) -> Iterator[Life]:
    """Record the lives of the servers of a class that are started inside the block.

    Each call of a callback is recorded: when, what led to it, with which argument, what it returned, and
    the state after that; then the end of the process. A server that was started before the block is not
    recorded. While the block runs, the callbacks of the class are wrapped; afterwards it is as it was.

    Args:
        module: the class. Servers of its subclasses are recorded where they run its callbacks.

    Raises:
        BadArg: it is no class of servers.

    OTP: ``:sys.trace/2``
    Differs: the BEAM prints messages and states, callback names are not told, and there is no picture.

    Example:
        >>> from otp_mini import GenServer, Node, Ok, Reply
        >>> class Clerk(GenServer):
        ...     def init(self, count):
        ...         return Ok(count)
        ...     def handle_call(self, request, from_, count):
        ...         return Reply("ok", count + 1)
        >>> async def main():
        ...     with life_of(Clerk) as life:
        ...         clerk = await Clerk.start(0)
        ...         await GenServer.call(clerk, "stamp")
        ...         await GenServer.stop(clerk)
        ...     return life
        >>> with Node(clock="virtual") as node:
        ...     print(node.run(main))
        Clerk #PID<0.2.0>
        at     what came       callback                          returned            state after that
        0.000  start           init(0)                           Ok(state)           0
        0.000  call from main  handle_call('stamp')              Reply('ok', state)  1
        0.000  GenServer.stop  terminate('normal') of GenServer
        0.000                  the process ends: 'normal'
    """
    if not (isinstance(module, type) and issubclass(module, GenServer)):
        raise BadArg(f"life_of needs a class of GenServers, got {safe_repr(module)}: `with life_of(MyServer) as life:`")
    life = Life(module)
    before = {name: vars(module).get(name) for name in CALLBACKS}
    try:
        for name in CALLBACKS:
            setattr(module, name, life.recorded(name, inspect.getattr_static(module, name)))
        yield life
    finally:
        life.recording = False
        for name, own in before.items():
            if own is None:
                delattr(module, name)
            else:
                setattr(module, name, own)

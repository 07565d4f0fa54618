"""A GenServer as one would write it on asyncio: each server a task with a queue.

A call makes a future for the reply, puts the request into the queue and waits under
`asyncio.timeout`. The future is also the monitor: a server that ends fails those that it has not
answered. Messages are not copied: caller and server share them.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any, Self

Reply = asyncio.Future[Any]


class Down(Exception):
    """The server was not there, or ended before it answered."""


class Server:
    """Derive from it; `self` holds the state."""

    def __init__(self) -> None:
        self.mailbox: asyncio.Queue[tuple[str, Reply | None, Any]] = asyncio.Queue()
        self.monitors: set[Reply] = set()
        self.at_end: Callable[[], None] | None = None
        self.task: asyncio.Task[None] | None = None

    @classmethod
    async def start(cls, argument: Any) -> Self:
        """Make the task; return when `init` has."""
        server = cls()
        ready: Reply = asyncio.get_running_loop().create_future()
        server.monitors.add(ready)
        server.task = asyncio.create_task(server._run(argument, ready))
        await ready
        return server

    async def _run(self, argument: Any, ready: Reply) -> None:
        try:
            await self.init(argument)
            self.monitors.discard(ready)
            ready.set_result(None)
            await self._loop()
        except Exception as error:
            self._end(error)
        else:
            self._end(None)

    async def _loop(self) -> None:
        while True:
            kind, reply, request = await self.mailbox.get()
            if kind == "call":
                assert reply is not None
                answer = await self.handle_call(request)
                if not reply.done():
                    reply.set_result(answer)
            elif kind == "cast":
                await self.handle_cast(request)
            else:
                return

    def _end(self, error: Exception | None) -> None:
        self.task = None
        for reply in self.monitors:
            if not reply.done():
                reply.set_exception(Down(error))
        if self.at_end is not None:
            self.at_end()

    # What a server may do.

    async def init(self, argument: Any) -> None: ...

    async def handle_call(self, request: Any) -> Any: ...

    async def handle_cast(self, request: Any) -> None: ...

    # What others may ask of it.

    async def call(self, request: Any, timeout: float | None = 5.0) -> Any:
        if self.task is None:
            raise Down("noproc")
        reply: Reply = asyncio.get_running_loop().create_future()
        self.monitors.add(reply)
        self.mailbox.put_nowait(("call", reply, request))
        try:
            async with asyncio.timeout(timeout):
                return await reply
        finally:
            self.monitors.discard(reply)

    def cast(self, request: Any) -> None:
        self.mailbox.put_nowait(("cast", None, request))

    async def stop(self) -> None:
        if self.task is not None:
            self.mailbox.put_nowait(("stop", None, None))
            await self.task


class Supervisor(Server):
    """One for one: what ends is started again, so many times in so many seconds.

    `init` gets the children (name, class and argument), the table of names, and the two limits.
    """

    async def init(self, argument: Any) -> None:
        children, self.names, self.max_restarts, self.max_seconds = argument
        self.children = {name: (kind, first) for name, kind, first in children}
        self.restarted: deque[float] = deque()
        for name in self.children:
            await self._start_child(name)

    async def _start_child(self, name: str) -> None:
        kind, argument = self.children[name]
        child = await kind.start(argument)
        child.at_end = lambda: self.cast(name)
        self.names[name] = child

    async def handle_cast(self, request: Any) -> None:
        """Start a child that has ended again."""
        now = asyncio.get_running_loop().time()
        self.restarted.append(now)
        while now - self.restarted[0] > self.max_seconds:
            self.restarted.popleft()
        if len(self.restarted) > self.max_restarts:
            raise RuntimeError("too many restarts")
        await self._start_child(request)

"""The asyncio server with every layer taken out that can go: bare deque, futures and timers by hand.

What `asyncio.Queue` and `asyncio.timeout` do for everybody is done here for this one use. It is faster,
longer, and easier to get wrong: it shows how far asyncio can be pushed.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any

from asyncio_server import Down, Reply, Server


class TunedMailbox:
    """As much of `asyncio.Queue` as one reader needs."""

    __slots__ = ("loop", "messages", "reader")

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.messages: deque[Any] = deque()
        self.reader: asyncio.Future[None] | None = None

    async def get(self) -> Any:
        while not self.messages:
            self.reader = self.loop.create_future()
            await self.reader
        return self.messages.popleft()

    def put_nowait(self, message: Any) -> None:
        self.messages.append(message)
        reader = self.reader
        if reader is not None:
            self.reader = None
            if not reader.done():
                reader.set_result(None)


class TunedServer(Server):
    """`Server` with its own mailbox, and one timer a call."""

    def __init__(self) -> None:
        super().__init__()
        mailbox: Any = TunedMailbox()
        self.mailbox = mailbox
        self.loop = mailbox.loop

    async def call(self, request: Any, timeout: float | None = 5.0) -> Any:
        if self.task is None:
            raise Down("noproc")
        reply: Reply = self.loop.create_future()
        self.monitors.add(reply)
        self.mailbox.put_nowait(("call", reply, request))
        timer = None if timeout is None else self.loop.call_later(timeout, _late, reply)
        try:
            return await reply
        finally:
            if timer is not None:
                timer.cancel()
            self.monitors.discard(reply)


def _late(reply: Reply) -> None:
    if not reply.done():
        reply.set_exception(TimeoutError())

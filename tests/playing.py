"""What most tests of processes begin with: a process on a fresh node with virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from otp_mini import Node, Process


def play(main: Any, *args: Any, **settings: Any) -> Any:
    """Run a process on a fresh node with virtual time, and return its answer; ``settings`` are the node's."""
    with Node(clock="virtual", **settings) as node:
        return node.run(main, *args)


def played(scene: Callable[[], Awaitable[Any]]) -> Any:
    """The same under asyncio, as a cell of a notebook runs it: what an exercise's answer meets."""
    node = Node(clock="virtual")
    try:
        return asyncio.run(node.run_async(scene))
    finally:
        node.close()


def play_trapping(main: Any) -> Any:
    """The same in a process that outlives the supervisors and servers that it starts."""

    async def scene() -> Any:
        Process.flag(trap_exit=True)
        return await main()

    return play(scene)

"""Operations on processes, links, monitors, names and timers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import otp_mini as otp
from otp_mini import Exit, Process, receive, self_, send, spawn_link, spawn_monitor

from .terms import Json, atom
from .world import Op, Unbound, World


class LinkOps:
    """Each method `op_…` is one operation; it runs in the process that does it."""

    def __init__(self, world: Any) -> None:
        self.world: Any = world
        self.monitors: dict[str, otp.Ref] = {}
        self.timers: dict[str, otp.Ref] = {}

    def plain(self, trap: bool) -> Callable[[], Awaitable[None]]:
        """Return the code of a plain process."""
        raise NotImplementedError

    # New processes say so to the harness, which watches them before they go on.

    def announced(self, name: str, code: Callable[[], Awaitable[Any]]) -> Callable[[], Awaitable[Any]]:
        """Return the code of a process that is known to the harness before it begins."""
        world: World = self.world

        async def begin() -> Any:
            world.bind(self_(), name)
            send(world.harness, ("$up", self_(), name, True))
            await receive(lambda message: message == "$go")
            return await code()

        return begin

    async def known(self, name: str) -> Json:
        """Wait, in the process that has just started it, until the harness knows the new process."""
        for _ in range(200):
            await Process.sleep(0.001)
            if name in self.world.pids:
                break
        return "ok"

    async def op_spawn_link(self, op: Op) -> Json:
        spawn_link(self.announced(op["new"], self.plain(op["trap"])))
        return await self.known(op["new"])

    async def op_spawn_monitor(self, op: Op) -> Json:
        _, ref = spawn_monitor(self.announced(op["new"], self.plain(op["trap"])))
        self.keep_monitor(ref, op["ref"])
        return await self.known(op["new"])

    def keep_monitor(self, ref: otp.Ref, name: str) -> None:
        self.world.names[ref] = name
        self.monitors[name] = ref

    # Links, monitors, signals.

    async def op_pause(self, op: Op) -> Json:
        await Process.sleep(op["ms"] / 1000)
        return "ok"

    async def op_link(self, op: Op) -> Json:
        return self.world.encode(Process.link(self.world.pid(op["to"])))

    async def op_unlink(self, op: Op) -> Json:
        return self.world.encode(Process.unlink(self.world.pid(op["to"])))

    async def op_monitor(self, op: Op) -> Json:
        self.keep_monitor(Process.monitor(self.destination(op)), op["ref"])
        return "ok"

    def destination(self, op: Op) -> Any:
        return atom(op["name"]) if "name" in op else self.world.pid(op["to"])

    async def op_demonitor(self, op: Op) -> Json:
        ref = bound_to(self.monitors, op["ref"])
        return self.world.encode(Process.demonitor(ref, flush=op.get("flush", False)))

    async def op_demonitor_info(self, op: Op) -> Json:
        return self.world.encode(Process.demonitor(bound_to(self.monitors, op["ref"]), flush=True, info=True))

    async def op_trap(self, op: Op) -> Json:
        return Process.flag(trap_exit=op["flag"])

    async def op_exit(self, op: Op) -> Json:
        try:
            return self.world.encode(Process.exit(self.world.pid(op["to"]), self.world.decode(op["reason"])))
        except Exit:
            await Process.sleep(0)  # the process has ended itself: it gets no further than this
            raise

    async def op_alive(self, op: Op) -> Json:
        return Process.alive(self.world.pid(op["of"]))

    async def op_links(self, op: Op) -> Json:
        info = Process.info(self.world.pid(op["of"]))
        if info is None:
            return None
        named = [self.world.names[pid] for pid in info["links"] if pid in self.world.names]
        return {"list": sorted(named)}

    # Messages and timers.

    async def op_send(self, op: Op) -> Json:
        send(self.destination(op), ("msg", self.world.decode(op["msg"])))
        return "ok"

    async def op_send_after(self, op: Op) -> Json:
        message = ("msg", self.world.decode(op["msg"]))
        self.timers[op["ref"]] = Process.send_after(self.destination(op), message, op["ms"] / 1000)
        return "ok"

    async def op_cancel_timer(self, op: Op) -> Json:
        return left(Process.cancel_timer(bound_to(self.timers, op["ref"])))

    async def op_read_timer(self, op: Op) -> Json:
        return left(Process.read_timer(bound_to(self.timers, op["ref"])))

    # Names.

    async def op_name_register(self, op: Op) -> Json:
        return self.world.encode(Process.register(self.world.pid(op["to"]), atom(op["name"])))

    async def op_name_unregister(self, op: Op) -> Json:
        return self.world.encode(Process.unregister(atom(op["name"])))

    async def op_whereis(self, op: Op) -> Json:
        return self.world.encode(Process.whereis(atom(op["name"])))


def bound_to(table: dict[str, Any], name: str) -> Any:
    """Look up what the scenario has given this name."""
    if name not in table:
        raise Unbound(name)
    return table[name]


def left(time: float | bool | None) -> Json:
    """Say whether a timer had time left; how much is the machine's affair."""
    return False if time is False or time is None else "int"

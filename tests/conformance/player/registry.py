"""Operations on registries, and on servers that are reached by name."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import otp_mini as otp
from otp_mini import GenServer, Process, self_, send

from .links import LinkOps
from .terms import Json, Term, add, atom
from .world import Op, bound


class NamedServer(GenServer):
    """A server under a name: it says who it is, stops when asked, and writes down the rest."""

    world: Any

    def init(self, argument: tuple[str, bool]) -> Any:
        name, trap = argument
        Process.flag(trap_exit=trap)
        self.world.names[self_()] = name
        return otp.Ok(name)

    def handle_call(self, request: Term, from_: Any, state: str) -> Any:
        match request:
            case ("stop", reason):
                return otp.Stop(reason, state, reply="stopped")
        return otp.Reply(state, state)

    def handle_cast(self, request: Term, state: str) -> Any:
        self.world.hear(state, ["cast", self.world.encode(request)])
        return otp.NoReply(state)

    def handle_info(self, message: Term, state: str) -> Any:
        self.world.hear(state, self.world.encode(message))
        return otp.NoReply(state)


class RegistryOps(LinkOps):
    """The operations `reg_…`, `via_send` and `srv_…`."""

    def __init__(self, world: Any) -> None:
        super().__init__(world)
        self.named_server: Any = bound(NamedServer, world)

    # The entries of a registry.

    async def op_reg_start(self, op: Op) -> Json:
        await otp.Registry.start_link(keys=op["keys"], name=op["reg"])
        return "ok"

    async def op_reg_register(self, op: Op) -> Json:
        try:
            otp.Registry.register(op["reg"], self.key(op), self.world.decode(op["value"]))
        except otp.AlreadyRegistered as taken:
            return ["error", ["already_registered", self.world.encode(taken.pid)]]
        return "ok"

    def key(self, op: Op) -> Term:
        return self.world.decode(op["key"])

    async def op_reg_unregister(self, op: Op) -> Json:
        otp.Registry.unregister(op["reg"], self.key(op))
        return "ok"

    async def op_reg_unregister_match(self, op: Op) -> Json:
        otp.Registry.unregister_match(op["reg"], self.key(op), self.pattern(op["value"]), guard(op.get("guard")))
        return "ok"

    def pattern(self, value: Json) -> Term:
        return pattern(self.world.decode(value))

    async def op_reg_lookup(self, op: Op) -> Json:
        return self.world.encode(otp.Registry.lookup(op["reg"], self.key(op)))

    async def op_reg_keys(self, op: Op) -> Json:
        return self.world.encode(otp.Registry.keys(op["reg"], self.world.pid(op["of"])))

    async def op_reg_values(self, op: Op) -> Json:
        return self.world.encode(otp.Registry.values(op["reg"], self.key(op), self.world.pid(op["of"])))

    async def op_reg_match(self, op: Op) -> Json:
        found = otp.Registry.match(op["reg"], self.key(op), self.pattern(op["pattern"]), guard(op.get("guard")))
        return self.world.encode(found)

    async def op_reg_count_match(self, op: Op) -> Json:
        wanted = self.pattern(op["pattern"]), guard(op.get("guard"))
        return otp.Registry.count_match(op["reg"], self.key(op), *wanted)

    async def op_reg_count_select(self, op: Op) -> Json:
        head = self.pattern(op["key"]), otp.ets.ANY, self.pattern(op["pattern"])
        return otp.Registry.count_select(op["reg"], head, guard(op.get("guard")))

    async def op_reg_count(self, op: Op) -> Json:
        return otp.Registry.count(op["reg"])

    async def op_reg_update(self, op: Op) -> Json:
        changed = otp.Registry.update_value(op["reg"], self.key(op), lambda value: add(value, op["add"]))
        return "error" if changed is None else self.world.encode(changed)

    async def op_reg_dispatch(self, op: Op) -> Json:
        message = self.world.decode(op["msg"])

        def tell(entries: list[tuple[otp.Pid, Term]]) -> None:
            for pid, value in entries:
                send(pid, ("dispatch", value, message))

        otp.Registry.dispatch(op["reg"], self.key(op), tell)
        return "ok"

    async def op_reg_put_meta(self, op: Op) -> Json:
        otp.Registry.put_meta(op["reg"], self.key(op), self.world.decode(op["value"]))
        return "ok"

    async def op_reg_meta(self, op: Op) -> Json:
        nothing = object()
        value = otp.Registry.meta(op["reg"], self.key(op), nothing)
        return "error" if value is nothing else ["ok", self.world.encode(value)]

    async def op_via_send(self, op: Op) -> Json:
        send(otp.Via(op["via"][0], self.world.decode(op["via"][1])), ("msg", self.world.decode(op["msg"])))
        return "ok"

    # Servers under a name, or under a key of a registry.

    def server(self, op: Op) -> Any:
        if "name" in op:
            return atom(op["name"])
        registry, *entry = op["via"]
        return otp.Via(registry, *(self.world.decode(each) for each in entry))

    async def op_srv_start(self, op: Op) -> Json:
        start = self.named_server.start_link if op["link"] else self.named_server.start
        return await self.introduce(op["srv"], lambda: start((op["srv"], op["trap"]), name=self.server(op)))

    async def introduce(self, name: str, start: Callable[[], Awaitable[Any]]) -> Json:
        """Start a server or an agent, and have the harness know it."""
        try:
            pid = await start()
        except otp.StartError as failed:
            return ["error", self.world.encode(failed.reason)]
        if pid is None:
            return "ignore"
        send(self.world.harness, ("$up", pid, name, False))
        return await self.known(name)

    async def op_srv_call(self, op: Op) -> Json:
        return ["ok", self.world.encode(await GenServer.call(self.server(op), "who", 0.3))]

    async def op_srv_stop_call(self, op: Op) -> Json:
        request = ("stop", self.world.decode(op["reason"]))
        return ["ok", self.world.encode(await GenServer.call(self.server(op), request, 0.3))]

    async def op_srv_cast(self, op: Op) -> Json:
        return self.world.encode(GenServer.cast(self.server(op), self.world.decode(op["msg"])))

    async def op_srv_stop(self, op: Op) -> Json:
        reason = self.world.decode(op.get("reason", "normal"))
        return self.world.encode(await GenServer.stop(self.server(op), reason, 0.3))

    async def op_srv_whereis(self, op: Op) -> Json:
        return self.world.encode(GenServer.whereis(self.server(op)))


def guard(said: Json) -> Callable[..., bool] | None:
    """Turn the one guard that a scenario may have into a function of the pattern's variables."""
    assert said in (None, "$1 is an integer")
    return None if said is None else lambda first, *others: type(first) is int


def pattern(term: Term) -> Term:
    """Turn `_` and `$1` into what otp_mini writes for them."""
    match term:
        case "_":
            return otp.ets.ANY
        case str() if term[:1] == "$" and term[1:].isdigit():
            return otp.ets.Var(int(term[1:]))
        case tuple():
            return tuple(pattern(each) for each in term)
        case list():
            return [pattern(each) for each in term]
    return term

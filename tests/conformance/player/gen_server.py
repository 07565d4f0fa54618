"""Family `gs`: servers that are driven by *acts*, messages that say what to do with them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import otp_mini as otp
from otp_mini import Down, Exit, ExitSignal, GenServer, Process, receive, self_, send, spawn

from .terms import Json, Term, add
from .world import Op, Scenario, Unbound, World, bound, quiet, seconds

Act = dict[str, Json]


@dataclass(frozen=True)
class State:
    """The state of a server: a callback makes a new one, so that a crash leaves the old one as it was."""

    id: str
    val: Term
    froms: dict[str, Any] = field(default_factory=dict)


class GsWorld(World):
    """A world in which the harness is the client of all servers."""

    def __init__(self, harness: otp.Pid) -> None:
        super().__init__(harness, "client", nameless="alias")
        self.watched: dict[otp.Ref, str] = {}
        self.results: dict[str, Json] = {}

    def encode(self, term: Term) -> Json:
        if isinstance(term, State):
            froms = [[{"bin": key}, self.encode(tuple(from_))] for key, from_ in sorted(term.froms.items())]
            return {"map": [["froms", {"map": froms}], ["id", {"bin": term.id}], ["val", self.encode(term.val)]]}
        return super().encode(term)

    def name(self, thing: object) -> str:
        return self.encode(thing) if isinstance(thing, State) else super().name(thing)


class Server(GenServer):
    """Does what the acts say, and writes down which callback got which."""

    world: GsWorld

    async def init(self, argument: tuple[str, Op]) -> Any:
        name, spec = argument
        world = self.world
        world.bind(self_(), name)
        send(world.harness, ("$begun", self_(), name))
        await receive(lambda message: message == "$go")
        if spec["trap"]:
            Process.flag(trap_exit=True)
        world.log.append([name, "init"])
        state = State(name, world.decode(spec.get("state", 0)))
        match spec.get("init", ["ok"]):
            case ["ok"]:
                return otp.Ok(state)
            case ["ok", then]:
                return otp.Ok(state, last(then))
            case ["ignore"]:
                return otp.Ignore()
            case ["stop", reason]:
                return otp.Stop(world.decode(reason))
            case end:
                return crash(world, end)

    async def handle_call(self, request: Act, from_: Any, state: State) -> Any:
        return await self.act("call", request, from_, state)

    async def handle_cast(self, request: Act, state: State) -> Any:
        return await self.act("cast", request, None, state)

    async def handle_continue(self, argument: Act, state: State) -> Any:
        return await self.act("continue", argument, None, state)

    async def handle_info(self, message: Any, state: State) -> Any:
        if isinstance(message, dict) and "tag" in message:
            return await self.act("info", message, None, state)
        self.world.log.append([state.id, "info", self.world.encode(message)])
        return otp.NoReply(state)

    def terminate(self, reason: object, state: State) -> None:
        self.world.log.append([state.id, "terminate", self.world.encode(reason), self.world.encode(state.val)])

    async def act(self, callback: str, act: Act, from_: Any, state: State) -> Any:
        """Write the act down, do what it says, and return what it asks for."""
        world = self.world
        world.log.append([state.id, callback, act["tag"]])
        try:
            for effect in act.get("do", []):
                state = await perform(world, effect, state, from_)
        except Unbound:
            return "noref"
        return answer(world, act.get("ret", ["noreply"]), state)


def crash(world: World, end: Json) -> Any:
    """End a callback otherwise than by a valid result. (A throw has no twin: it is the result itself.)"""
    match end:
        case ["raise", message]:
            raise RuntimeError(message)
        case ["exit", reason]:
            raise Exit(world.decode(reason))
        case ["throw" | "bad", value]:
            return world.decode(value)
    raise AssertionError(f"no such end: {end}")


def answer(world: World, wanted: Json, state: State) -> Any:
    """Make the result of a callback."""
    match wanted:
        case ["reply", value]:
            return otp.Reply(value_of(world, value, state), state)
        case ["reply", value, then]:
            return otp.Reply(value_of(world, value, state), state, last(then))
        case ["noreply"]:
            return otp.NoReply(state)
        case ["noreply", then]:
            return otp.NoReply(state, last(then))
        case ["stop", reason]:
            return otp.Stop(world.decode(reason), state)
        case ["stop", reason, value]:
            return otp.Stop(world.decode(reason), state, reply=value_of(world, value, state))
    return crash(world, wanted)


def last(then: Json) -> Any:
    """Make the last element of a result: a time-out, hibernation, or a continue."""
    match then:
        case "hibernate":
            return otp.HIBERNATE
        case {"continue": act}:
            return otp.Continue(act)
    return otp.Timeout(then / 1000)


def value_of(world: World, value: Json, state: State) -> Term:
    return state.val if value == "$state" else world.decode(value)


async def perform(world: GsWorld, effect: Json, state: State, from_: Any) -> State:
    """Do one effect, and return the state after it."""

    def pid(name: str) -> otp.Pid:
        return self_() if name == "self" else world.pid(name)

    match effect:
        case ["set", value]:
            return replace(state, val=world.decode(value))
        case ["add", number]:
            return replace(state, val=add(state.val, number))
        case ["save", key]:
            return replace(state, froms={**state.froms, key: from_})
        case ["reply", key, value]:
            GenServer.reply(state.froms[key], value_of(world, value, state))
        case ["reply_now", value]:
            GenServer.reply(from_, value_of(world, value, state))
        case ["sleep", milliseconds]:
            await Process.sleep(milliseconds / 1000)
        case ["cast", to, act]:
            GenServer.cast(pid(to), act)
        case ["send", to, act]:
            send(pid(to), act)
        case ["send_after", milliseconds, act]:
            Process.send_after(self_(), act, milliseconds / 1000)
        case ["trap", flag]:
            Process.flag(trap_exit=flag)
        case ["link", to]:
            Process.link(pid(to))
        case ["monitor", to]:
            world.names[Process.monitor(pid(to))] = f"mon:{to}"
        case ["exit_signal", to, reason]:
            Process.exit(pid(to), world.decode(reason))
        case ["call", to, milliseconds, act]:
            asking = partial(ask, world, lambda: pid(to), act, milliseconds / 1000)
            world.log.append([state.id, "got", await world.attempt(asking)])
        case _:
            raise AssertionError(f"no such effect: {effect}")
    return state


async def ask(world: World, server: Callable[[], Any], act: Act, timeout: float | None) -> Json:
    """Call a server; it is looked up here, so that a name that is not bound is the call's own failure."""
    return ["ok", world.encode(await GenServer.call(server(), act, timeout))]


class GsPlayer:
    """Plays a scenario of family `gs`, as the client of its servers."""

    def __init__(self) -> None:
        self.world = GsWorld(self_())
        self.server = bound(Server, self.world)

    async def play(self, scenario: Scenario) -> list[Json]:
        return [await self.world.attempt(partial(self.do, op)) for op in scenario["ops"]]

    async def do(self, op: Op) -> Json:
        method: Callable[[Op], Awaitable[Json]] = getattr(self, f"op_{op['op']}")
        return await method(op)

    def target(self, op: Op) -> Any:
        return op["name"] if "name" in op else self.world.pid(op["to"])

    # Starting: each server has an owner, a process that traps exits and says what it gets.

    async def op_start(self, op: Op) -> Json:
        world, name = self.world, op["srv"]
        world.bind(spawn(self.owner, op), f"owner:{name}")
        watch = None
        while True:
            match await receive(lambda m: isinstance(m, tuple) and m[0] in ("$begun", "$started")):
                case ("$begun", pid, begun):
                    watch = Process.monitor(pid)
                    world.watched[watch] = begun
                    send(pid, "$go")
                case ("$started", "ok"):
                    return "ok"
                case ("$started", result):
                    if watch is not None:
                        Process.demonitor(watch, flush=True)
                    world.pids.pop(name, None)
                    return result

    @property
    def owner(self) -> Callable[[Op], Awaitable[None]]:
        """The code of an owner. (A function travels to a new process as it is, a bound method would be copied.)"""
        world, begin = self.world, self.begin

        async def owner(op: Op) -> None:
            Process.flag(trap_exit=True)
            send(world.harness, ("$started", await world.attempt(lambda: begin(op))))
            while True:
                match await receive():
                    case ("$die", reason):
                        raise Exit(reason)
                    case ExitSignal(_, reason):
                        world.log.append([f"owner:{op['srv']}", "EXIT", world.encode(reason)])

        return owner

    async def begin(self, op: Op) -> Json:
        start = self.server.start_link if op["link"] else self.server.start
        try:
            pid = await start((op["srv"], op), name=op.get("name"))
        except otp.StartError as failed:
            return ["error", self.world.encode(failed.reason)]
        return "ignore" if pid is None else "ok"

    # What the client does.

    async def op_call(self, op: Op) -> Json:
        return await ask(self.world, lambda: self.target(op), op["act"], seconds(op.get("timeout"), 2000))

    async def op_cast(self, op: Op) -> Json:
        return self.world.encode(GenServer.cast(self.target(op), op["act"]))

    async def op_info(self, op: Op) -> Json:
        send(self.target(op), op["act"])
        return "ok"

    async def op_exit(self, op: Op) -> Json:
        return self.world.encode(Process.exit(self.world.pid(op["to"]), self.world.decode(op["reason"])))

    async def op_gs_stop(self, op: Op) -> Json:
        reason = self.world.decode(op.get("reason", "normal"))
        return self.world.encode(await GenServer.stop(self.target(op), reason, seconds(op.get("timeout"), 2000)))

    async def op_whereis(self, op: Op) -> Json:
        return self.world.encode(GenServer.whereis(op["name"]))

    async def op_alive(self, op: Op) -> Json:
        return Process.alive(self.world.pid(op["to"]))

    async def op_parent_exit(self, op: Op) -> Json:
        send(self.world.pid(f"owner:{op['to']}"), ("$die", self.world.decode(op["reason"])))
        return "ok"

    # Calls by other processes, which then keep what else they get.

    async def op_acall(self, op: Op) -> Json:
        world = self.world

        async def client() -> None:
            world.results[op["client"]] = await world.attempt(lambda: self.op_call(op))
            kept: list[Json] = []
            while True:
                match await receive():
                    case ("$mailbox", asking):
                        send(asking, ("$kept", list(kept)))
                    case message:
                        kept.append(world.encode(message))

        world.bind(spawn(client), op["client"])
        await quiet()
        return "ok"

    async def op_join(self, op: Op) -> Json:
        for _ in range(300):
            if op["client"] in self.world.results:
                return self.world.results[op["client"]]
            await Process.sleep(0.01)
        return "pending"

    async def op_mailbox(self, op: Op) -> Json:
        send(self.world.pid(op["client"]), ("$mailbox", self_()))
        answer = await receive(lambda m: isinstance(m, tuple) and m[0] == "$kept", timeout=0.05)
        return "blocked" if answer == "timeout" else answer[1]

    async def op_settle(self, op: Op) -> Json:
        await Process.sleep(op.get("ms", 30) / 1000)
        await quiet()
        down = []
        while isinstance(message := await receive(Down, timeout=0), Down):
            if message.ref in self.world.watched:
                down.append([self.world.watched[message.ref], self.world.encode(message.reason)])
        return {"log": self.world.drain(), "down": down}

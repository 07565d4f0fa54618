"""Families `links`, `reg`, `task`, `ets`, `agent`: plain processes that do what they are told.

An operation with `by` runs *inside* that process: the harness sends it the thing to do, and gets the result.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import otp_mini as otp
from otp_mini import Down, Exit, ExitSignal, Process, Ref, receive, self_, send, spawn

from .agent import AgentOps
from .ets import EtsOps
from .task import TaskOps
from .terms import Json
from .world import Op, Scenario, World, quiet

Action = Callable[[], Awaitable[Json]]

#: Messages of behaviours, which a plain process drops.
PROTOCOL = ("$gen_call", "$gen_cast", "system")


class PlainWorld(World):
    """A world of plain processes, which write down the messages that they get."""

    def hear(self, name: str, message: Json) -> None:
        self.log.append((name, message))


class PlainPlayer(AgentOps, TaskOps, EtsOps):
    """Plays a scenario with plain processes; the operations come with the base classes."""

    def __init__(self) -> None:
        super().__init__(PlainWorld(self_()))
        self.watched: dict[Ref, str] = {}
        self.commands = 0

    async def play(self, scenario: Scenario) -> list[Json]:
        Process.flag(trap_exit=True)
        for process in scenario.get("procs", []):
            name = process["name"]
            self.watch(self.world.bind(spawn(self.plain(process.get("trap", False))), name), name)
        await quiet()  # each has got as far as its first receive
        at_settle = scenario.get("flush") == "settle"
        observed = []
        for op in scenario["ops"]:
            result = await self.carry_out(op)
            await quiet()
            if result != "noproc" and self.ended(op):
                result = "died"
            shown = not at_settle or op["op"] == "settle"
            observed.append({"r": result, **(await self.observe() if shown else {"died": [], "msgs": {}})})
        return observed

    def ended(self, op: Op) -> bool:
        """Tell whether the process that did this operation is dead now."""
        return "by" in op and op["by"] in self.world.pids and not self.world.alive(op["by"])

    async def observe(self) -> Json:
        """Return who died, and who got which messages, since the last observation."""
        died: list[Json] = []
        while (message := await receive((Down, ExitSignal), timeout=0)) != otp.TIMEOUT:
            if isinstance(message, Down) and message.ref in self.watched:
                died.append([self.watched[message.ref], self.world.encode(message.reason)])
        heard: dict[str, list[Json]] = {}
        for name, message in self.world.drain():
            heard.setdefault(name, []).append(message)
        return {"died": died, "msgs": heard}

    def watch(self, pid: otp.Pid, name: str) -> None:
        self.watched[Process.monitor(pid)] = name

    # Inside the processes.

    def plain(self, trap: bool) -> Callable[[], Awaitable[None]]:
        """Return the code of a plain process."""
        world = self.world

        async def plain() -> None:
            if trap:
                Process.flag(trap_exit=True)
            while True:
                match await receive():
                    case ("$do", asking, number, action):
                        result = await action()
                        if result == "$return":
                            return
                        send(asking, ("$done", number, result))
                    case (str(tag), *_) if tag in PROTOCOL:
                        pass
                    case (Ref() as ref, value):
                        world.hear(world.name(self_()), ["task_reply", world.name(ref), world.encode(value)])
                    case message:
                        world.hear(world.name(self_()), world.encode(message))

        return plain

    # The harness's side.

    async def carry_out(self, op: Op) -> Json:
        """Do one operation, wherever it is to be done."""
        match op:
            case {"op": "settle"}:
                await Process.sleep(op.get("ms", 30) / 1000)
                return "ok"
            case {"op": "die", "how": how}:
                return await self.inside(op, partial(self.die, how))
            case {"op": "seq", "ops": steps}:
                return await self.inside(op, partial(self.in_turn, steps))
        action = partial(self.world.attempt, partial(self.do, op))
        return await (self.inside(op, action) if "by" in op else action())

    async def do(self, op: Op) -> Json:
        """Do one operation in the process that runs this."""
        method: Callable[[Op], Awaitable[Json]] = getattr(self, f"op_{op['op']}")
        return await method(op)

    async def in_turn(self, steps: list[Op]) -> Json:
        return [
            await (self.die(op["how"]) if op["op"] == "die" else self.world.attempt(partial(self.do, op)))
            for op in steps
        ]

    async def die(self, how: Json) -> Json:
        """End the process that runs this. (An uncaught throw has no twin: it is an exit with this reason.)"""
        match how:
            case ["exit", reason]:
                raise Exit(self.world.decode(reason))
            case ["raise", message]:
                raise RuntimeError(message)
            case ["throw", value]:
                raise Exit(("nocatch", self.world.decode(value)))
        return "$return"

    async def inside(self, op: Op, action: Action) -> Json:
        """Have the process `by` run the action, and wait for the result."""
        if not self.world.alive(op["by"]):
            return "noproc"
        pid = self.world.pid(op["by"])
        self.commands += 1

        async def act() -> Json:
            return await action()

        watch = Process.monitor(pid)
        send(pid, ("$do", self_(), self.commands, act))
        result = await self.wait(self.commands, watch)
        Process.demonitor(watch, flush=True)
        return result

    async def wait(self, number: int, watch: Ref) -> Json:
        """Wait for the result of a command; meanwhile greet the processes that it starts."""

        def mine(message: Any) -> bool:
            match message:
                case ("$done", done, _):
                    return bool(done == number)
                case Down(ref):
                    return ref is watch
                case ("$up", _, _, _):
                    return True
            return False

        while True:
            match await receive(mine, timeout=5.0):
                case ("$done", _, result):
                    return result
                case Down():
                    return "died"
                case ("$up", pid, name, waiting):
                    self.watch(self.world.bind(pid, name), name)
                    if waiting:
                        send(pid, "$go")
                case _:
                    return "blocked"

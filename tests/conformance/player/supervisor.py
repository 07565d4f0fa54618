"""Families `sup` and `dyn`: supervision trees, and what befalls them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import otp_mini as otp
from otp_mini import Down, Exit, GenServer, Process, receive, self_, send, spawn

from .terms import Json, Term
from .world import Op, Scenario, World, bound, quiet

Node = dict[str, Json]
NOT_STARTED = ["not_started"]


class NoProcess(Exception):
    """The operation is about a process that is not alive."""


class SupWorld(World):
    """A world in which every start of a path counts: its generations."""

    def __init__(self, harness: otp.Pid) -> None:
        super().__init__(harness)
        self.starts: dict[str, int] = {}
        self.generations: dict[otp.Pid, int] = {}
        self.kinds: dict[otp.Pid, str] = {}
        self.busy: set[otp.Pid] = set()  # workers in a terminate that sleeps

    def generation(self, path: str) -> int:
        """Count one more start of this path."""
        self.starts[path] = self.starts.get(path, 0) + 1
        return self.starts[path]


class Worker(GenServer):
    """Writes down its init, its terminate and the exits that it gets; ends as it is told."""

    world: SupWorld

    def init(self, argument: tuple[Node, str]) -> Any:
        node, path = argument
        world = self.world
        generation = world.generation(path)
        world.generations[world.bind(self_(), path)] = generation
        if node["trap"]:
            Process.flag(trap_exit=True)
        world.log.append(["init", path, generation])
        outcomes = node.get("init", [])
        match outcomes[generation - 1] if generation <= len(outcomes) else "ok":
            case "ignore":
                return otp.Ignore()
            case ["stop", reason]:
                return otp.Stop(world.decode(reason))
            case ["raise", message]:
                raise RuntimeError(message)
            case ["exit", reason]:
                raise Exit(world.decode(reason))
        return otp.Ok((path, generation, node.get("term_sleep", 0)))

    def handle_cast(self, request: tuple[str, Term], state: Any) -> Any:
        match request:
            case ("stop", reason):
                return otp.Stop(reason, state)
            case ("raise", message):
                raise RuntimeError(message)
            case ("exit", reason):
                raise Exit(reason)
            case ("throw", value):  # a throw has no twin: it is the result itself
                return value
        raise AssertionError(f"no such request: {request}")

    def handle_info(self, message: Any, state: Any) -> Any:
        path, generation, _ = state
        if isinstance(message, otp.ExitSignal):
            self.world.log.append(["info", path, generation, ["EXIT", self.world.encode(message.reason)]])
        return otp.NoReply(state)

    async def terminate(self, reason: object, state: Any) -> None:
        path, generation, sleep = state
        world = self.world
        if sleep:
            world.busy.add(self_())
        world.log.append(["terminate", path, generation, world.encode(reason)])
        if sleep:
            await Process.sleep(sleep / 1000)
            world.log.append(["terminated", path, generation])
            world.busy.discard(self_())


class Builder:
    """Turns the nodes of a scenario's tree into child specifications and running supervisors."""

    def __init__(self, world: SupWorld) -> None:
        self.world = world
        self.worker = bound(Worker, world)

    def spec(self, node: Node, above: str) -> otp.ChildSpec:
        """Make the specification of a child under the path `above`."""
        path, is_worker = f"{above}/{node['id']}", node["type"] == "worker"
        options: dict[str, Any] = {"type": "worker" if is_worker else "supervisor"}
        if "restart" in node:
            options["restart"] = node["restart"]
        match node.get("shutdown"):
            case "infinity":
                options["shutdown"] = otp.INFINITY
            case int() as milliseconds:
                options["shutdown"] = milliseconds / 1000
            case str() as how:
                options["shutdown"] = how
        if is_worker:
            return otp.ChildSpec(id=node["id"], start=(self.worker.start_link, ((node, path),)), **options)
        return otp.ChildSpec(id=node["id"], start=(self.starter, (node, path)), **options)

    @property
    def starter(self) -> Callable[[Node, str], Awaitable[Any]]:
        """The start function of a supervisor. (A function passes as it is, a bound method would be copied.)"""
        start = self.start

        async def start_supervisor(node: Node, path: str) -> Any:
            return await start(node, path)

        return start_supervisor

    async def start(self, node: Node, path: str) -> Any:
        """Start a supervisor with its children, linked to the process that runs this."""
        generation = self.world.generation(path)
        limits = {"max_restarts": node.get("max_restarts", 3), "max_seconds": float(node.get("max_seconds", 5))}
        if node["type"] == "dsup":
            if "max_children" in node:
                limits["max_children"] = node["max_children"]
            pid: Any = await otp.DynamicSupervisor.start_link(**limits)
        else:
            children = [self.spec(child, path) for child in node["children"]]
            pid = await otp.Supervisor.start_link(children, strategy=node["strategy"], **limits)
        self.world.bind(pid, path)
        self.world.generations[pid] = generation
        self.world.kinds[pid] = node["type"]
        return pid


class SupPlayer:
    """Plays a scenario of family `sup` or `dyn`. The root's parent is another process, the keeper."""

    def __init__(self) -> None:
        self.world = SupWorld(self_())
        self.builder = Builder(self.world)
        self.root: otp.Pid | None = None
        self.watch: otp.Ref | None = None
        self.alive: Json = NOT_STARTED

    async def play(self, scenario: Scenario) -> list[Json]:
        observed = [await self.observe(await self.begin(scenario["tree"]))]
        for op in scenario["ops"]:
            result = await self.world.attempt(partial(self.do, op)) if self.alive is True else "no_process"
            observed.append(await self.observe(result))
        return observed

    async def begin(self, tree: Node) -> Json:
        """Have the keeper start the tree."""
        world, start = self.world, self.builder.start

        async def started() -> Json:
            try:
                return ["ok", await start(tree, tree["id"])]
            except otp.StartError as failed:
                return ["error", world.encode(failed.reason)]

        async def keeper() -> None:
            Process.flag(trap_exit=True)
            send(world.harness, ("$started", await world.attempt(started)))
            while True:
                match await receive():
                    case ("$die", reason):
                        raise Exit(reason)

        self.keeper = spawn(keeper)
        _, result = await receive(lambda message: isinstance(message, tuple) and message[0] == "$started")
        if result[0] != "ok":
            return result
        self.root, self.alive = result[1], True
        self.watch = Process.monitor(result[1])
        return "ok"

    # Observing.

    async def observe(self, result: Json) -> Json:
        await self.quiescence()
        if self.alive is True:
            match await receive(lambda m: isinstance(m, Down) and m.ref is self.watch, timeout=0):
                case Down(_, _, reason):
                    self.alive = ["down", self.world.encode(reason)]
        tree = await self.snapshot(self.root) if self.alive is True else None
        return {"r": result, "log": self.world.drain(), "alive": self.alive, "tree": tree}

    async def quiescence(self) -> None:
        """Wait until nothing more happens by itself, and no worker sleeps in its terminate."""
        await quiet()
        while any(Process.alive(pid) for pid in self.world.busy):
            await Process.sleep(0.001)
            await quiet()

    async def snapshot(self, pid: otp.Pid | None) -> Json:
        """Write down the children of a supervisor, and theirs."""
        if pid is None or not Process.alive(pid):
            return None
        module = self.module(pid)
        children = [await self.child(*entry) for entry in await module.which_children(pid)]
        counts = await module.count_children(pid)
        return {"children": children, "counts": [count_of(counts, name) for name in COUNTS]}

    async def child(self, identity: Term, pid: Any, kind: str, *_: object) -> Json:
        if not isinstance(pid, otp.Pid):
            return [identity, "restarting" if pid == "restarting" else "undefined", kind]
        if identity in (None, "undefined"):  # a DynamicSupervisor keeps no ids
            identity = self.world.name(pid).rsplit("/", 1)[-1]
        below = [await self.snapshot(pid)] if kind == "supervisor" else []
        return [identity, self.world.generations[pid], kind, *below]

    def module(self, pid: otp.Pid) -> Any:
        return otp.DynamicSupervisor if self.world.kinds[pid] == "dsup" else otp.Supervisor

    # Operations.

    async def do(self, op: Op) -> Json:
        try:
            return await getattr(self, f"op_{op['op']}")(op)
        except NoProcess:
            return "no_process"

    def live(self, path: str) -> otp.Pid:
        if not self.world.alive(path):
            raise NoProcess(path)
        return self.world.pid(path)

    async def op_exit(self, op: Op) -> Json:
        Process.exit(self.live(op["path"]), self.world.decode(op["reason"]))
        return "ok"

    async def op_stop_self(self, op: Op) -> Json:
        return await self.doom(op, ("stop", self.world.decode(op["reason"])))

    async def op_raise(self, op: Op) -> Json:
        return await self.doom(op, ("raise", op["msg"]))

    async def op_throw(self, op: Op) -> Json:
        return await self.doom(op, ("throw", self.world.decode(op["value"])))

    async def op_exit_self(self, op: Op) -> Json:
        return await self.doom(op, ("exit", self.world.decode(op["reason"])))

    async def doom(self, op: Op, request: tuple[str, Term]) -> Json:
        """Cast what ends a worker, and wait until it has ended."""
        pid = self.live(op["path"])
        watch = Process.monitor(pid)
        GenServer.cast(pid, request)
        await receive(lambda message: isinstance(message, Down) and message.ref is watch, timeout=2.0)
        return "ok"

    async def op_gs_stop(self, op: Op) -> Json:
        return self.world.encode(await GenServer.stop(self.live(op["path"]), self.world.decode(op["reason"])))

    async def op_sup_stop(self, op: Op) -> Json:
        return self.world.encode(await otp.Supervisor.stop(self.live(op["path"]), self.world.decode(op["reason"])))

    async def op_parent_exit(self, op: Op) -> Json:
        send(self.keeper, ("$die", self.world.decode(op["reason"])))
        return "ok"

    async def op_sleep(self, op: Op) -> Json:
        await Process.sleep(op["ms"] / 1000)
        return "ok"

    async def op_start_child(self, op: Op) -> Json:
        pid = self.live(op["sup"])
        spec = self.builder.spec(op["child"], op["sup"])
        nothing = "ignore" if self.world.kinds[pid] == "dsup" else ["ok", "undefined"]
        return await self.started(self.module(pid).start_child(pid, spec), nothing)

    async def op_restart_child(self, op: Op) -> Json:
        restarting = otp.Supervisor.restart_child(self.live(op["sup"]), op["id"])
        return await self.started(restarting, ["ok", "undefined"])

    async def started(self, starting: Awaitable[Any], nothing: Json) -> Json:
        """Write down what became of a start; `nothing` is how a child that ignored is written."""
        try:
            pid = await starting
        except (otp.StartError, otp.ChildError) as failed:
            return ["error", self.failure(failed.reason)]
        return nothing if pid is None else ["ok", self.world.generations[pid]]

    def failure(self, reason: Term) -> Json:
        match reason:
            case ("already_started", otp.Pid() as pid):
                return ["already_started", self.world.generations[pid]]
        return self.world.encode(reason)

    async def op_terminate_child(self, op: Op) -> Json:
        pid = self.live(op["sup"])
        child: Any = op["id"]
        if self.world.kinds[pid] == "dsup":
            child = self.world.pids.get(f"{op['sup']}/{child}", self_())
        return await self.managed(self.module(pid).terminate_child(pid, child))

    async def op_delete_child(self, op: Op) -> Json:
        return await self.managed(otp.Supervisor.delete_child(self.live(op["sup"]), op["id"]))

    async def managed(self, managing: Awaitable[Any]) -> Json:
        try:
            return self.world.encode(await managing)
        except otp.ChildError as failed:
            return ["error", self.world.encode(failed.reason)]


COUNTS = ("specs", "active", "supervisors", "workers")


def count_of(counts: Any, name: str) -> int:
    return int(counts[name] if isinstance(counts, dict) else getattr(counts, name))

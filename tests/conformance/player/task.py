"""Operations on tasks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import aclosing
from typing import Any

import otp_mini as otp
from otp_mini import Exit, Process

from .links import LinkOps, bound_to
from .terms import Json, Term
from .world import Op, seconds


class TaskOps(LinkOps):
    """The operations on tasks, task supervisors and streams."""

    def __init__(self, world: Any) -> None:
        super().__init__(world)
        self.tasks: dict[str, Any] = {}

    # What a task does.

    def code(self, op: Op) -> Callable[[], Awaitable[Term]]:
        return self.announced(op["task"], lambda: self.body(op["body"]))

    async def body(self, body: Json) -> Term:
        """Run the body of a task. (An uncaught throw has no twin: it is an exit with this reason.)"""
        match body:
            case ["return", value]:
                return self.world.decode(value)
            case ["sleep", milliseconds, inner]:
                await Process.sleep(milliseconds / 1000)
                return await self.body(inner)
            case ["trap", inner]:
                Process.flag(trap_exit=True)
                return await self.body(inner)
            case ["raise", message]:
                raise RuntimeError(message)
            case ["exit", reason]:
                raise Exit(self.world.decode(reason))
            case ["throw", value]:
                raise Exit(("nocatch", self.world.decode(value)))
        raise AssertionError(f"no such body: {body}")

    async def keep(self, task: Any, op: Op) -> Json:
        self.world.names[task.ref] = op["task"]
        self.tasks[op["task"]] = task
        return await self.known(op["task"])

    def task(self, name: str) -> Any:
        return bound_to(self.tasks, name)

    # Starting.

    async def op_tsup_start(self, op: Op) -> Json:
        await otp.Task.Supervisor.start_link(name=op["sup"])
        return "ok"

    async def op_async(self, op: Op) -> Json:
        return await self.keep(otp.Task.async_(self.code(op)), op)

    async def op_sup_async(self, op: Op) -> Json:
        return await self.keep(await otp.Task.Supervisor.async_(op["sup"], self.code(op), **shutdown_of(op)), op)

    async def op_async_nolink(self, op: Op) -> Json:
        task = await otp.Task.Supervisor.async_nolink(op["sup"], self.code(op), **shutdown_of(op))
        return await self.keep(task, op)

    async def op_task_start_child(self, op: Op) -> Json:
        await otp.Task.Supervisor.start_child(op["sup"], self.code(op))
        return await self.known(op["task"])

    async def op_tsup_count(self, op: Op) -> Json:
        return len(await otp.Task.Supervisor.children(op["sup"]))

    async def op_tsup_terminate(self, op: Op) -> Json:
        try:
            done = await otp.Task.Supervisor.terminate_child(op["sup"], self.world.pid(op["task"]))
        except otp.ChildError as failed:
            return ["error", self.world.encode(failed.reason)]
        return self.world.encode(done)

    # Waiting.

    async def op_await(self, op: Op) -> Json:
        return ["ok", self.world.encode(await otp.Task.await_(self.task(op["task"]), limit(op)))]

    async def op_await_many(self, op: Op) -> Json:
        tasks = [self.task(name) for name in op["tasks"]]
        return ["ok", self.world.encode(await otp.Task.await_many(tasks, limit(op)))]

    async def op_yield(self, op: Op) -> Json:
        return self.outcome(await otp.Task.yield_(self.task(op["task"]), limit(op)))

    async def op_yield_many(self, op: Op) -> Json:
        tasks = [self.task(name) for name in op["tasks"]]
        pairs = await otp.Task.yield_many(tasks, limit(op))
        return [[self.world.name(task.ref), self.outcome(result)] for task, result in pairs]

    async def op_shutdown(self, op: Op) -> Json:
        end = op.get("timeout")
        timeout: Any = end if isinstance(end, str) else seconds(end, 2000)
        return self.outcome(await otp.Task.shutdown(self.task(op["task"]), timeout))

    def outcome(self, result: Any) -> Json:
        """Write what became of a task."""
        match result:
            case None:
                return None
            case otp.Ok(value):
                return ["ok", self.world.encode(value)]
            case otp.Exited(reason):
                return ["exit", self.world.encode(reason)]
        raise AssertionError(f"a task cannot come to this: {result!r}")

    async def op_stream(self, op: Op) -> Json:
        options = {
            "max_concurrency": op.get("max_concurrency", 2),
            "ordered": op.get("ordered", True),
            "timeout": limit(op),
            "on_timeout": op.get("on_timeout", "exit"),
        }
        if "sup" not in op:
            stream = otp.Task.async_stream(op["items"], self.streamed, **options)
        else:
            kind = otp.Task.Supervisor.async_stream_nolink if op.get("nolink") else otp.Task.Supervisor.async_stream
            stream = kind(op["sup"], op["items"], self.streamed, **options)
        return ["ok", {"list": await self.taken(stream, op.get("take"))}]

    @property
    def streamed(self) -> Callable[[Json], Awaitable[Term]]:
        """The function of a stream. (A function travels to a task as it is, a bound method would be copied.)"""
        run = self.body

        async def streamed(body: Json) -> Term:
            return await run(body)

        return streamed

    async def taken(self, stream: Any, count: int | None) -> list[Json]:
        """Take results from a stream, all or the first few, and leave it then."""
        results: list[Json] = []
        if count == 0:
            return results
        async with aclosing(stream):
            async for result in stream:
                results.append(self.outcome(result))
                if len(results) == count:
                    break
        return results


def limit(op: Op) -> float | None:
    return seconds(op.get("timeout"), 2000)


def shutdown_of(op: Op) -> dict[str, Any]:
    """Return the option that says how a supervisor is to end this task."""
    match op.get("shutdown"):
        case None:
            return {}
        case int() as milliseconds:
            return {"shutdown": milliseconds / 1000}
        case how:
            return {"shutdown": how}

"""Operations on agents."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import otp_mini as otp
from otp_mini import Exit, Process, self_

from .registry import RegistryOps
from .terms import Json, Term, add, atom
from .world import Op, seconds


class AgentOps(RegistryOps):
    """The operations `agent_…`."""

    # The functions of the scenario format, as Python functions of the state.

    def function(self, f: Json) -> Callable[[Term], Any]:
        """Return the function that `f` stands for: a plain `def`, or `async def` where it sleeps."""
        apply, apply_slowly = self.apply, self.apply_slowly

        def at_once(state: Term) -> Term:
            return apply(f, state)

        async def slowly(state: Term) -> Term:
            return await apply_slowly(f, state)

        return slowly if f[0] == "sleep" else at_once

    def apply(self, f: Json, state: Term) -> Term:
        match f:
            case ["id"]:
                return state
            case ["add", number]:
                return add(state, number)
            case ["const", value]:
                return self.world.decode(value)
            case ["raise", message]:
                raise RuntimeError(message)
            case ["exit", reason]:
                raise Exit(self.world.decode(reason))
            case ["throw", value]:  # the agent's callback would return it: this is what comes of that
                raise Exit(("bad_return_value", self.world.decode(value)))
        raise AssertionError(f"no such function: {f}")

    async def apply_slowly(self, f: Json, state: Term) -> Term:
        if f[0] != "sleep":
            return self.apply(f, state)
        _, milliseconds, inner = f
        await Process.sleep(milliseconds / 1000)
        return await self.apply_slowly(inner, state)

    def get_and_update(self, f: Json) -> Callable[[Term], Any]:
        """Return the function for `agent_gau`: it answers the old state, and sets what `f` makes of it."""
        match f:
            case ["bad", value]:
                return lambda _: self.world.decode(value)
            case ["pop"]:
                return lambda _: "pop"
        function = self.function(f)
        if f[0] != "sleep":
            return lambda state: (state, function(state))

        async def slowly(state: Term) -> Term:
            return (state, await function(state))

        return slowly

    # Operations.

    def agent(self, op: Op) -> Any:
        return atom(op["name"]) if "name" in op else self.world.pid(op["agent"])

    async def op_agent_start(self, op: Op) -> Json:
        name, world, first = op["agent"], self.world, self.function(op["init"])

        def known() -> None:
            world.names[self_()] = name

        def at_once() -> Term:
            known()
            return first(None)

        async def slowly() -> Term:
            known()
            return await first(None)

        start = otp.Agent.start_link if op["link"] else otp.Agent.start
        begin = slowly if op["init"][0] == "sleep" else at_once
        options = {"name": atom(op["name"])} if "name" in op else {}
        return await self.introduce(name, lambda: start(begin, **options))

    async def op_agent_get(self, op: Op) -> Json:
        value = await otp.Agent.get(self.agent(op), self.function(op["f"]), timeout=seconds(op.get("timeout"), 2000))
        return ["ok", self.world.encode(value)]

    async def op_agent_update(self, op: Op) -> Json:
        function, timeout = self.function(op["f"]), seconds(op.get("timeout"), 2000)
        return self.world.encode(await otp.Agent.update(self.agent(op), function, timeout=timeout))

    async def op_agent_cast(self, op: Op) -> Json:
        return self.world.encode(otp.Agent.cast(self.agent(op), self.function(op["f"])))

    async def op_agent_gau(self, op: Op) -> Json:
        function, timeout = self.get_and_update(op["f"]), seconds(op.get("timeout"), 2000)
        return ["ok", self.world.encode(await otp.Agent.get_and_update(self.agent(op), function, timeout=timeout))]

    async def op_agent_stop(self, op: Op) -> Json:
        reason = self.world.decode(op.get("reason", "normal"))
        return self.world.encode(await otp.Agent.stop(self.agent(op), reason, timeout=1.0))

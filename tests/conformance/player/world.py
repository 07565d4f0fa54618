"""The observer of one scenario: who is called what, what was written down, and how a thing done ended."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import otp_mini as otp

from .terms import Json, Term, decode, encode, kind_of

Op = dict[str, Json]
Scenario = dict[str, Json]

#: Virtual time moves only when every process is idle. So after this sleep, far shorter than any time in a
#: scenario, all that happens by itself has happened.
MOMENT = 1e-6


class Unbound(Exception):
    """An operation names a process, a reference or a table that the scenario has not made (yet)."""


class World:
    """What is known about one scenario while it is played.

    It lives outside of all processes: they write into it as they would print to a screen. Nothing that
    otp_mini does depends on it.
    """

    def __init__(self, harness: otp.Pid, name: str = "harness", nameless: str = "<ref>") -> None:
        self.harness = harness
        self.nameless = nameless  # how a reference is written that has no name
        self.names: dict[object, str] = {harness: name}
        self.pids: dict[str, otp.Pid] = {name: harness}
        self.log: list[Any] = []

    def bind(self, pid: otp.Pid, name: str) -> otp.Pid:
        """Give a process its name in the scenario; a name means the process that got it last."""
        self.names[pid] = name
        self.pids[name] = pid
        return pid

    def pid(self, name: str) -> otp.Pid:
        """Return the process of this name."""
        found = self.pids.get(name)
        if found is None:
            raise Unbound(name)
        return found

    def name(self, thing: object) -> str:
        """Return the name of a pid, a reference or a table."""
        return self.names.get(thing, "<pid>" if isinstance(thing, otp.Pid) else self.nameless)

    def alive(self, name: str) -> bool:
        pid = self.pids.get(name)
        return pid is not None and otp.Process.alive(pid)

    def decode(self, value: Json) -> Term:
        return decode(value, self.pids.get)

    def encode(self, term: Term) -> Json:
        return encode(term, self.name)

    def drain(self) -> list[Any]:
        """Return what was written down since the last time."""
        written, self.log = self.log, []
        return written

    async def attempt(self, action: Callable[[], Awaitable[Json]]) -> Json:
        """Do something, and say how it ended."""
        try:
            return await action()
        except Unbound:
            return "noref"
        except otp.Exit as exit:
            return ["exit", self.encode(exit.reason)]
        except Exception as error:
            return ["raise", kind_of(error)]


def bound(server: type[otp.GenServer], world: Any) -> Any:
    """Return the server class with the scenario's world at hand, as `self.world`."""
    return type(server.__name__, (server,), {"world": world})


async def quiet() -> None:
    """Wait until nothing more happens by itself; time stands (all but) still."""
    await otp.Process.sleep(MOMENT)


def seconds(milliseconds: Json, default: int | None = None) -> float | None:
    value = default if milliseconds is None else milliseconds
    return None if value is None else value / 1000

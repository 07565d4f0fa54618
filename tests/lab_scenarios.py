"""Scenarios that the tests of the lab, of its player and of its widget break."""

from __future__ import annotations

import functools
from typing import Any

from otp_mini import (
    ChildSpec,
    Continue,
    DynamicSupervisor,
    GenServer,
    NoReply,
    Ok,
    Process,
    Reply,
    Stop,
    Supervise,
    Supervisor,
    child_spec,
    ets,
    receive,
    self_,
    send,
    spawn_link,
)

RAISES = {
    "Database": ConnectionError("the disk is full"),
    "Cart": ValueError("quantity is -1"),
    "Payment": TimeoutError("no word from the bank"),
    "Stock": KeyError("blue teapot"),
    "Listener": OSError("port 80 is taken"),
    "Report": ZeroDivisionError("no orders today"),
}


class Part(GenServer):
    """A worker that is told when it is stopped."""

    def init(self, name: Any) -> Any:
        Process.flag(trap_exit=True)
        return Ok(name)


class Slow(Part):
    """Two seconds to start, three to stop."""

    async def init(self, name: Any) -> Any:
        Process.flag(trap_exit=True)
        await Process.sleep(2.0)
        return Ok(name)

    async def terminate(self, reason: object, state: Any) -> None:
        await Process.sleep(3.0)


class Picky(GenServer):
    """Its second and its third start fail."""

    def init(self, name: Any) -> Any:
        return Stop("no luck") if ets.update_counter("tries", name, 1) in (2, 3) else Ok(name)


class Linked(GenServer):
    """Linked to A, and to a helper that it spawns."""

    def init(self, name: Any) -> Any:
        neighbour = Process.whereis("A")
        assert neighbour is not None
        Process.link(neighbour)
        spawn_link(helper)
        return Ok(name)


class Named(Part):
    @classmethod
    async def start_link(cls, argument: Any = None, **options: Any) -> Any:
        return await super().start_link(argument, name=argument, **options)


class Ticker(GenServer):
    """Raises by itself, two and a half seconds after each start."""

    def init(self, argument: Any) -> Any:
        Process.send_after(self_(), "tick", 2.5)
        return Ok(argument)

    def handle_info(self, message: Any, state: Any) -> Any:
        raise ValueError("tick")


async def helper() -> None:
    await receive()


def part(name: str, module: type[GenServer] = Part, **changes: Any) -> ChildSpec:
    return ChildSpec(name, (module.start_link, (name,)), **changes)


class Orders(Supervisor):
    def init(self, argument: Any) -> Any:
        return Supervise([part("Cart"), part("Payment"), part("Stock")], strategy="one_for_all")


class Web(Supervisor):
    def init(self, argument: Any) -> Any:
        children = [part("Listener"), part("Mailer", restart="transient"), part("Report", restart="temporary")]
        return Supervise(children, strategy="one_for_one")


async def shop() -> Any:
    """Ten processes on three levels, with each strategy and each restart type."""
    return await Supervisor.start_link([part("Database"), Orders, Web], strategy="rest_for_one", name="Shop")


async def pair() -> Any:
    return await Supervisor.start_link([part("A"), part("B")], strategy="one_for_one", name="top", max_restarts=1)


async def slow() -> Any:
    return await Supervisor.start_link([part("A"), part("S", Slow), part("B")], strategy="one_for_all", name="top")


async def picky() -> Any:
    ets.new("tries", named=True, access="public")
    ets.insert("tries", ("P", 0))
    return await Supervisor.start_link([part("A"), part("P", Picky)], strategy="one_for_one", name="top")


async def pool() -> Any:
    """A dynamic supervisor that has three children when the lab begins."""
    dynamic = ChildSpec("pool", (DynamicSupervisor.start_link, (None,)), type="supervisor")
    sup = await Supervisor.start_link([part("A"), dynamic], strategy="rest_for_one", name="top")
    below = next(row.pid for row in await Supervisor.which_children(sup) if row.id == "pool")
    for name, restart in (("c0", "permanent"), ("c1", "transient"), ("c2", "transient")):
        await DynamicSupervisor.start_child(below, part(name, restart=restart))
    return sup


class Banned(Part):
    """Never starts."""

    def init(self, name: Any) -> Any:
        return Stop("banned")


async def hall() -> Any:
    """An empty dynamic supervisor with room for two; `GUESTS` says who may come."""
    pool = child_spec((DynamicSupervisor, {"name": "pool", "max_children": 2}), id="pool")
    return await Supervisor.start_link([part("A"), pool], strategy="rest_for_one", name="top")


GUESTS = {"pool": [part("c0"), part("c1", restart="transient"), part("c2", restart="temporary"), part("c3", Banned)]}


async def crowd() -> Any:
    sup = await DynamicSupervisor.start_link(name="pool")
    for number in range(500):
        await DynamicSupervisor.start_child(sup, (Part, number))
    return sup


async def linked() -> Any:
    children = [part("A", Named), part("L", Linked), part("B")]
    return await Supervisor.start_link(children, strategy="one_for_one", name="top")


async def ticking() -> Any:
    return await Supervisor.start_link([part("A"), part("Ticker", Ticker)], strategy="one_for_one", name="top")


class Nursery(GenServer):
    """Starts a child below the pool whenever it is started itself."""

    def init(self, argument: Any) -> Any:
        return Ok(argument, Continue("fill"))

    async def handle_continue(self, argument: Any, state: Any) -> Any:
        await DynamicSupervisor.start_child("pool", part("born", restart="temporary"))
        return NoReply(state)


async def nursery() -> Any:
    """New processes turn up at run time."""
    children = [ChildSpec("pool", (_named_pool, ()), type="supervisor"), part("N", Nursery)]
    return await Supervisor.start_link(children, strategy="one_for_one", name="top")


async def _named_pool() -> Any:
    return await DynamicSupervisor.start_link(name="pool")


class Tally(GenServer):
    """Counts its starts in a table that outlives it, and refuses the fourth."""

    def init(self, name: Any) -> Any:
        return Stop("worn out") if ets.update_counter("starts", name, 1) > 3 else Ok(name)


async def tallied() -> Any:
    """Two worlds that differ in the rows of a table alone have futures that differ."""
    ets.new("starts", named=True, access="public")
    for name in ("P", "Q"):
        ets.insert("starts", (name, 0))
    children = [part("P", Tally), part("Q", Tally)]
    return await Supervisor.start_link(children, strategy="one_for_one", name="top", max_restarts=9)


async def three_rounds(name: str) -> None:
    """The rounds of its loop differ in no variable."""
    for word in ("again", "again", "again"):
        await receive(lambda message, word=word: message == word)  # type: ignore[misc]
    raise ValueError("three times")


class Nudge(GenServer):
    """Nudges the loop whenever it is started."""

    def init(self, name: Any) -> Any:
        if (loop := Process.whereis("loop")) is not None:
            send(loop, "again")
        return Ok(name)


async def start_loop(name: str) -> Any:
    pid = spawn_link(three_rounds, name)
    Process.register(pid, name)
    return pid


async def rounds() -> Any:
    """A plain process in a `for`, which goes on whenever its neighbour is started again."""
    children = [ChildSpec("loop", (start_loop, ("loop",))), part("N", Nudge)]
    return await Supervisor.start_link(children, strategy="one_for_one", name="top", max_restarts=9)


class Turning(GenServer):
    """Hides its count in an iterator, a partial and a list of its own kind."""

    def init(self, kind: Any) -> Any:
        state = {
            "iterator": iter([1, 1, 1, 1]), "partial": functools.partial(int, "1"), "list": Marked([1]),
            "generator": (1 for _ in range(4)),
        }[kind]  # fmt: skip
        return Ok(state)

    def handle_info(self, message: Any, state: Any) -> Any:
        match state:
            case functools.partial():
                return NoReply(functools.partial(int, state.args[0] + "1"))
            case Marked():
                state.marks += 1
                return NoReply(state)
        next(state)
        return NoReply(state)


class Marked(list[Any]):
    marks = 0


class Session(GenServer):
    """Knows what it was told, until it crashes."""

    @classmethod
    async def start_link(cls, name: Any = None, **options: Any) -> Any:
        return await super().start_link(name, name=name)

    def init(self, name: Any) -> Any:
        return Ok([])

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        return Reply("paid" if state else "refused", [*state, request])


async def machine() -> Any:
    sup = await Supervisor.start_link([part("line"), part("session", Session)], strategy="one_for_one", name="top")
    await GenServer.call("session", "ticket")
    return sup


async def pay() -> Any:
    return await GenServer.call("session", "pay")


def knows(name: str, state: Any) -> str | None:
    return f"knows: {len(state)}" if name == "session" else None

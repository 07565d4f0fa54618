"""Attacks on the checks of chapter 17, design principles."""

from __future__ import annotations

import graphlib
from collections.abc import Callable
from typing import Any

from attacks import Table

from otp_mini import (
    INFINITY,
    ChildSpec,
    Continue,
    DynamicSupervisor,
    Exit,
    GenServer,
    NoReply,
    Ok,
    Process,
    Registry,
    Reply,
    Supervise,
    Supervisor,
    Task,
    Via,
    child_spec,
    current_node,
    self_,
    send,
)
from otp_mini.exercises import design_principles as ex

table = Table()


class Part(GenServer):
    @classmethod
    async def start_link(cls, name: Any) -> Any:  # type: ignore[override]
        return await super().start_link(name, name=name)

    @classmethod
    def child_spec(cls, argument: Any = None) -> ChildSpec:
        return ChildSpec(argument, (cls.start_link, (argument,)))


class Branch(Supervisor):
    @classmethod
    async def start_link(cls, argument: Any) -> Any:  # type: ignore[override]
        return await super().start_link(argument, name=argument[0])

    @classmethod
    def child_spec(cls, argument: Any = None) -> ChildSpec:
        return super().child_spec(argument).override(id=argument[0])

    def init(self, argument: Any) -> Any:
        return argument[1]


def tree(plan: Callable[[Any], Any]) -> Any:
    """A supervisor whose ``init`` is this function."""

    class Planned(Supervisor):
        def init(self, argument: Any) -> Any:
            return plan(argument)

    return Planned


def branch(name: str, *children: Any, strategy: Any = "one_for_one", restart: str = "permanent", **rules: Any) -> Any:
    own = {key: rules.pop(key) for key in ("shutdown",) if key in rules}
    spec = child_spec((Branch, (name, Supervise([*children], strategy=strategy, **rules))))
    return spec.override(restart=restart, **own)


def together(*children: Any, strategy: Any = "one_for_one", **rules: Any) -> Any:
    return Supervise([*children], strategy=strategy, **rules)


# ---- apart --------------------------------------------------------------------------------------------------

own = tree(lambda p: together(*p[0], branch("outside", p[1], max_restarts=12)))
table.right(
    ex.apart,
    "puts the line first",
    tree(lambda p: together(branch("o", p[1], strategy="one_for_all", max_restarts=12), *p[0])),
)
table.right(
    ex.apart,
    "remembers the line for an hour",
    tree(lambda p: together(*p[0], branch("o", p[1], max_restarts=40, max_seconds=3600.0))),
)
table.wrong(
    ex.apart,
    "gives up three times in a burst",
    tree(lambda p: together(*p[0], branch("outside", p[1]))),
    "whose budget pays for a burst",
)
table.wrong(
    ex.apart,
    "gives up once in a burst",
    tree(lambda p: together(*p[0], branch("outside", p[1], max_restarts=11))),
    "whose budget pays for a burst",
)
table.wrong(
    ex.apart,
    "has a branch for each part, and none to spare above",
    tree(
        lambda p: together(
            *(branch(f"of {n}", part) for n, part in enumerate(p[0])),
            branch("o", p[1], max_restarts=12),
            max_restarts=0,
        )
    ),
    "three are borne of all parts together",
)
table.wrong(
    ex.apart,
    "has a transient line",
    tree(lambda p: together(*p[0], branch("o", child_spec(p[1], restart="transient"), max_restarts=12))),
    "whether it comes back at all",
)
table.right(
    ex.apart,
    "has a budget for a burst in two branches",
    tree(lambda p: together(branch("far", branch("o", p[1], max_restarts=20)), *p[0])),
)
table.wrong(ex.apart, "keeps them together", tree(lambda p: together(*p[0], p[1])), "whose budget a crash of the line")
table.wrong(
    ex.apart,
    "bears more for all of them",
    tree(lambda p: together(*p[0], p[1], max_restarts=1000)),
    "hides a part that no restart helps",
)
table.wrong(
    ex.apart,
    "takes the others apart instead",
    tree(lambda p: together(branch("core", *p[0]), p[1])),
    "whose budget a crash of the line",
)
table.wrong(
    ex.apart,
    "has both in branches, and nobody hears",
    tree(lambda p: together(branch("core", *p[0]), branch("o", p[1], max_restarts=12))),
    "hides a part that no restart helps",
)
table.wrong(
    ex.apart,
    "has a temporary line",
    tree(lambda p: together(*p[0], child_spec(p[1], restart="temporary"))),
    "whether it comes back at all",
)
table.wrong(
    ex.apart,
    "has a transient branch",
    tree(lambda p: together(*p[0], branch("o", p[1], restart="transient"))),
    "whether it comes back at all",
)
table.wrong(
    ex.apart,
    "restarts all",
    tree(lambda p: together(*p[0], branch("o", p[1], max_restarts=12), strategy="one_for_all")),
    "no reason to make another one new",
)
table.wrong(ex.apart, "forgets the line", tree(lambda p: together(*p[0])), "the list of children")
table.wrong(
    ex.apart,
    "raises the top's budget too",
    tree(lambda p: together(*p[0], branch("o", p[1]), max_restarts=50)),
    "hides a part that no restart helps",
)
table.hard_coded(
    ex.apart,
    "knows book and cooling",
    tree(
        lambda p: together(
            (ex.Counting, "book"), (ex.Counting, "cooling"), branch("o", (ex.Counting, "line"), max_restarts=12)
        )
    ),
    "it passed the first one",
)

# ---- patient ------------------------------------------------------------------------------------------------


class Patient(GenServer):
    first = 1.0
    longest = 60.0

    def init(self, connect: Any) -> Any:
        return Ok((connect, "down", self.first), Continue("connect"))

    async def handle_continue(self, work: Any, state: Any) -> Any:
        return NoReply(await self.attempt(state))

    async def handle_info(self, message: Any, state: Any) -> Any:
        connect, what, _ = state
        match message:
            case "connect" if what == "down":
                return NoReply(await self.attempt(state))
            case "lost" if what != "down":
                return NoReply(await self.attempt((connect, "down", self.first)))
        return NoReply(state)

    async def attempt(self, state: Any) -> Any:
        connect, _, pause = state
        try:
            return connect, ("up", await connect()), self.first
        except (Exit, Exception):
            Process.send_after(self_(), "connect", pause)
            return connect, "down", self.after(pause)

    def after(self, pause: Any) -> Any:
        return min(2 * pause, self.longest)

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        match request:
            case "state":
                return Reply(state[1], state)


class CountingFailures(Patient):
    """Counts failures, and tells the pause from that."""

    def init(self, connect: Any) -> Any:
        return Ok((connect, "down", 0), Continue("connect"))

    first = 0

    async def attempt(self, state: Any) -> Any:
        connect, _, failures = state
        try:
            return connect, ("up", await connect()), 0
        except (Exit, Exception):
            Process.send_after(self_(), "connect", min(60.0, 2.0**failures))
            return connect, "down", failures + 1


class ByTask(Patient):
    """Has a process of its own for the attempts; it is told of the connection."""

    def init(self, connect: Any) -> Any:
        Task.start(self.keep_asking, self_(), connect)
        return Ok((connect, "down", 0))

    @staticmethod
    async def keep_asking(line: Any, connect: Any) -> None:
        pause = 1.0
        while Process.alive(line):
            try:
                send(line, ("connected", await connect()))
                return
            except (Exit, Exception):
                await Process.sleep(pause)
                pause = min(2 * pause, 60.0)

    async def handle_info(self, message: Any, state: Any) -> Any:
        connect, what, _ = state
        match message:
            case ("connected", connection):
                return NoReply((connect, ("up", connection), 0))
            case "lost" if what != "down":
                Task.start(self.keep_asking, self_(), connect)
                return NoReply((connect, "down", 0))
        return NoReply(state)


class SelfSender(Patient):
    def init(self, connect: Any) -> Any:
        send(self_(), "connect")
        return Ok((connect, "down", 1.0))


class AskingInInit(Patient):
    async def init(self, connect: Any) -> Any:
        return Ok((connect, ("up", await connect()), 1.0))


class TryingInInit(Patient):
    async def init(self, connect: Any) -> Any:
        return Ok(await self.attempt((connect, "down", 1.0)))


class Crashing(Patient):
    async def attempt(self, state: Any) -> Any:
        return state[0], ("up", await state[0]()), 1.0


class NoExit(Patient):
    async def attempt(self, state: Any) -> Any:
        connect, _, pause = state
        try:
            return connect, ("up", await connect()), self.first
        except Exception:
            Process.send_after(self_(), "connect", pause)
            return connect, "down", self.after(pause)


class Constant(Patient):
    def after(self, pause: Any) -> Any:
        return pause


class Endlessly(Patient):
    longest = 1e9


class Tight(Patient):
    async def attempt(self, state: Any) -> Any:
        connect, _, _ = state
        try:
            return connect, ("up", await connect()), 1.0
        except (Exit, Exception):
            send(self_(), "connect")
            return connect, "down", 1.0


class Once(Patient):
    async def attempt(self, state: Any) -> Any:
        connect, _, pause = state
        try:
            return connect, ("up", await connect()), pause
        except (Exit, Exception):
            return connect, "down", pause


class TwoFirst(Patient):
    first = 2.0


class NeverAfresh(Patient):
    """Goes on with the pause that it had."""

    async def handle_info(self, message: Any, state: Any) -> Any:
        connect, what, pause = state
        match message:
            case "connect" if what == "down":
                return NoReply(await self.attempt(state))
            case "lost" if what != "down":
                return NoReply(await self.attempt((connect, "down", pause)))
        return NoReply(state)

    async def attempt(self, state: Any) -> Any:
        connect, _, pause = state
        try:
            return connect, ("up", await connect()), pause
        except (Exit, Exception):
            Process.send_after(self_(), "connect", pause)
            return connect, "down", self.after(pause)


class WaitsWhenLost(Patient):
    async def handle_info(self, message: Any, state: Any) -> Any:
        connect, what, _ = state
        match message:
            case "connect" if what == "down":
                return NoReply(await self.attempt(state))
            case "lost" if what != "down":
                Process.send_after(self_(), "connect", 1.0)
                return NoReply((connect, "down", 1.0))
        return NoReply(state)


class TwoTimers(Patient):
    async def handle_info(self, message: Any, state: Any) -> Any:
        match message:
            case "connect" | "lost":
                return NoReply(await self.attempt((state[0], "down", 1.0 if message == "lost" else state[2])))
        return NoReply(state)


class AnyMessage(Patient):
    async def handle_info(self, message: Any, state: Any) -> Any:
        return NoReply(await self.attempt(state))


class NoLastCase(Patient):
    async def handle_info(self, message: Any, state: Any) -> Any:
        match message:
            case "connect" if state[1] == "down":
                return NoReply(await self.attempt(state))
            case "lost" if state[1] != "down":
                return NoReply(await self.attempt((state[0], "down", 1.0)))
            case "lost":
                return NoReply(state)


class Sleeping(Patient):
    async def attempt(self, state: Any) -> Any:
        connect, _, pause = state
        while True:
            try:
                return connect, ("up", await connect()), 1.0
            except (Exit, Exception):
                await Process.sleep(pause)
                pause = min(2 * pause, 60.0)


class Polling(Patient):
    def init(self, connect: Any) -> Any:
        send(self_(), "tick")
        return Ok((connect, "down", 1.0, current_node().now()))

    async def handle_info(self, message: Any, state: Any) -> Any:
        connect, what, _, due = state
        match message:
            case "tick":
                Process.send_after(self_(), "tick", 0.5)
                if what == "down" and current_node().now() >= due:
                    return NoReply(await self.attempt(state))
            case "lost" if what != "down":
                return NoReply(await self.attempt((connect, "down", 1.0, due)))
        return NoReply(state)

    async def attempt(self, state: Any) -> Any:
        connect, _, pause, _ = state
        try:
            return connect, ("up", await connect()), 1.0, 0.0
        except (Exit, Exception):
            return connect, "down", min(2 * pause, 60.0), current_node().now() + pause


class Unwrapped(Patient):
    async def attempt(self, state: Any) -> Any:
        connect, _, pause = state
        try:
            return connect, await connect(), self.first
        except (Exit, Exception):
            Process.send_after(self_(), "connect", pause)
            return connect, "down", self.after(pause)


class KnownFailures(Patient):
    async def attempt(self, state: Any) -> Any:
        connect, _, pause = state
        try:
            return connect, ("up", await connect()), self.first
        except (Exit, OSError):
            Process.send_after(self_(), "connect", pause)
            return connect, "down", self.after(pause)


class OnePauseForAll(Patient):
    """Keeps the pause in the class."""

    pause = 1.0

    def init(self, connect: Any) -> Any:
        type(self).pause = 1.0
        return super().init(connect)

    async def attempt(self, state: Any) -> Any:
        connect, _, _ = state
        try:
            connection = await connect()
            type(self).pause = 1.0
            return connect, ("up", connection), 1.0
        except (Exit, Exception):
            Process.send_after(self_(), "connect", self.pause)
            type(self).pause = min(2 * self.pause, 60.0)
            return connect, "down", 1.0


class NoAwait(Patient):
    async def attempt(self, state: Any) -> Any:
        connect, _, pause = state
        try:
            return connect, ("up", connect()), self.first
        except (Exit, Exception):
            Process.send_after(self_(), "connect", pause)
            return connect, "down", self.after(pause)


class NoReturn(Patient):
    async def handle_continue(self, work: Any, state: Any) -> None:
        await self.attempt(state)


class KnowsFour(Patient):
    """Knows the four pauses of the text."""

    def after(self, pause: Any) -> Any:
        return {1.0: 2.0, 2.0: 4.0, 4.0: 8.0}.get(pause, 8.0)


table.right(ex.patient, "counts failures", CountingFailures)
table.right(ex.patient, "has a process that asks", ByTask)
table.right(ex.patient, "sends itself the first attempt", SelfSender)
table.wrong(ex.patient, "connects in init", AskingInInit, "`init` needs nobody")
table.wrong(ex.patient, "tries in init", TryingInInit, "`init` needs nobody")
table.wrong(ex.patient, "crashes", Crashing, "what a failed attempt is: no crash")
table.wrong(ex.patient, "lets an exit through", NoExit, "does not catch an `Exit`")
table.wrong(ex.patient, "bears the failures that it knows", KnownFailures, "what a failed attempt is: no crash")
table.wrong(ex.patient, "has one pause for all", OnePauseForAll, "where the pause is kept")
table.wrong(ex.patient, "has one pause", Constant, "each failure in a row doubles it")
table.wrong(ex.patient, "has no longest pause", Endlessly, "only up to sixty seconds")
table.wrong(ex.patient, "has no pause", Tight, "nothing comes of asking again in the same instant")
table.wrong(ex.patient, "tries once", Once, "who makes the next attempt")
table.wrong(ex.patient, "begins with two seconds", TwoFirst, "the first pause, which is one second")
table.wrong(ex.patient, "goes on with the long pause", NeverAfresh, "the next failure is the first in a row again")
table.wrong(ex.patient, "waits first when it is lost", WaitsWhenLost, "and waits only after a failure")
table.wrong(ex.patient, "has two timers", TwoTimers, "how many timers run")
table.wrong(ex.patient, "takes any message for its own", AnyMessage, "what a message does that is not its own")
table.wrong(ex.patient, "has no last case", NoLastCase, "each way through it must end in a `return`")
table.wrong(ex.patient, "sleeps in a callback", Sleeping, "which process waits")
table.wrong(ex.patient, "looks at the clock", Polling, "nothing is due: nothing")
table.wrong(ex.patient, "hands out the connection alone", Unwrapped, 'the call "state" answers')
table.wrong(ex.patient, "forgets the await", NoAwait, "`await`")
table.wrong(ex.patient, "forgets the return", NoReturn, "each way through it must end in a `return`")
table.hard_coded(ex.patient, "knows the pauses of four failures", KnowsFour, "it passed the first one")

# ---- order --------------------------------------------------------------------------------------------------


def sorted_order(needs: Any) -> Any:
    try:
        return list(graphlib.TopologicalSorter(needs).static_order())
    except graphlib.CycleError:
        return None


def recursive(needs: Any) -> Any:
    done: list[str] = []

    def visit(name: str, above: tuple[str, ...]) -> bool:
        if name in above:
            return False
        if name not in done:
            if not all(visit(need, (*above, name)) for need in needs[name]):
                return False
            done.append(name)
        return True

    return done if all(visit(name, ()) for name in needs) else None


def round_by_round(needs: Any) -> Any:
    order: list[str] = []
    while len(order) < len(needs):
        ready = [name for name in needs if name not in order and set(needs[name]) <= set(order)]
        if not ready:
            return None
        order += ready
    return order


async def unawaited(needs: Any) -> Any:
    return round_by_round(needs)


def taking_away(needs: Any) -> Any:
    order = round_by_round(needs)
    needs.clear()
    return order


def partial(needs: Any) -> Any:
    order: list[str] = []
    while ready := [name for name in needs if name not in order and set(needs[name]) <= set(order)]:
        order += ready
    return order


def without_return(needs: Any) -> None:
    round_by_round(needs)


table.right(ex.start_order, "has it sorted by the library", sorted_order)
table.right(ex.start_order, "goes down into each", recursive)
table.right(ex.start_order, "goes round by round", round_by_round)
table.wrong(ex.start_order, "keeps the order of the dict", lambda needs: [*needs], "what has to stand before what")
table.wrong(ex.start_order, "sorts by the alphabet", sorted, "what has to stand before what")
table.wrong(
    ex.start_order,
    "sorts by how many it needs",
    lambda needs: sorted(needs, key=lambda name: len(needs[name])),
    "what has to stand before what",
)
table.wrong(
    ex.start_order, "returns the stop order", lambda n: (sorted_order(n) or [])[::-1], "what has to stand before what"
)
table.wrong(
    ex.start_order,
    "leaves out what is alone",
    lambda n: [m for m in sorted_order(n) or [] if n[m]],
    "each key of the dict once",
)
table.wrong(ex.start_order, "returns what it can of a circle", partial, "no order at all, which is None")
table.wrong(ex.start_order, "empties the dict", taking_away, "which is to stay as it was")
table.wrong(ex.start_order, "is async", unawaited, "a plain `def` is asked for")
table.wrong(ex.start_order, "forgets the return", without_return, "Is a `return` missing?")
table.hard_coded(
    ex.start_order, "knows the bar", lambda needs: ["shelf", "cooling", "book", "tap"], "it passed the first one"
)

# ---- windows ------------------------------------------------------------------------------------------------


def by_hand(restarts: Any, seconds: Any, above: Any) -> Any:
    gap = seconds / restarts
    life = gap * (restarts + 1)
    found = []
    for allowed in above:
        found.append(allowed * life)
        life = (allowed + 1) * life
    return found


def simulated(restarts: Any, seconds: Any, above: Any) -> Any:
    """Lets the give-ups come, and looks how far apart they are."""
    gap = seconds / restarts
    ends = [gap * (number + 1) for number in range(4000)][restarts :: restarts + 1]
    found = []
    for allowed in above:
        found.append(ends[allowed] - ends[0])
        ends = ends[allowed :: allowed + 1]
    return tuple(found)


def no_growth(restarts: Any, seconds: Any, above: Any) -> Any:
    life = seconds / restarts * (restarts + 1)
    return [allowed * life for allowed in above]


def from_the_top(restarts: Any, seconds: Any, above: Any) -> Any:
    return by_hand(restarts, seconds, above)[::-1]


def emptying(restarts: Any, seconds: Any, above: Any) -> Any:
    found = by_hand(restarts, seconds, above)
    above.clear()
    return found


async def async_windows(restarts: Any, seconds: Any, above: Any) -> Any:
    return by_hand(restarts, seconds, above)


table.right(ex.windows, "by hand", by_hand)
table.right(ex.windows, "lets them come", simulated)
table.right(
    ex.windows, "by a product", lambda r, s, a: [a[n] * ex.needed(r, s, [*a[:n], 1])[-1] for n in range(len(a))]
)
table.wrong(ex.windows, "counts one gap too many", lambda r, s, a: ex.needed(r, s, a, more=1), "how many gaps")
table.wrong(
    ex.windows,
    "has the first crash at the start",
    lambda r, s, a: ex.needed(r, s, a, first=0),
    "one gap after the start",
)
table.wrong(ex.windows, "does not let the lives grow", no_growth, "what the second supervisor from below hears of")
table.wrong(
    ex.windows, "takes the window of the lowest", lambda r, s, a: [s for _ in a], "the slowest rhythm of crashes"
)
table.wrong(ex.windows, "takes an hour", lambda r, s, a: [3600.0 for _ in a], "the slowest rhythm of crashes")
table.wrong(ex.windows, "starts at the top", from_the_top, "it passed the first one")
table.wrong(ex.windows, "returns one number", lambda r, s, a: 3 * s, "a list with one window")
table.wrong(ex.windows, "empties the list", emptying, "which is to stay as it was")
table.wrong(ex.windows, "is async", async_windows, "a plain `def` is asked for")
table.wrong(ex.windows, "forgets the return", lambda r, s, a: None, "Is a `return` missing?")
table.hard_coded(ex.windows, "knows the shown numbers", lambda r, s, a: [24.0], "it passed the first one")

# ---- names --------------------------------------------------------------------------------------------------


class Alarm(GenServer):
    @classmethod
    async def start_link(cls, _: Any = None) -> Any:  # type: ignore[override]
        return await super().start_link(None, name="alarm")

    def init(self, _: Any) -> Any:
        return Ok([])

    def handle_cast(self, request: Any, rung: Any) -> Any:
        match request:
            case ("hot", number):
                return NoReply([*rung, number])
        return NoReply(rung)

    def handle_call(self, request: Any, from_: Any, rung: Any) -> Any:
        match request:
            case "rung":
                return Reply(rung, rung)


class Tank(GenServer):
    def init(self, argument: Any) -> Any:
        return Ok((*argument, 12))

    def handle_cast(self, request: Any, state: Any) -> Any:
        number, alarm, degrees = state
        match request:
            case ("degrees", degrees):
                if degrees > 20:
                    GenServer.cast(alarm, ("hot", number))
        return NoReply((number, alarm, degrees))

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        match request:
            case "degrees":
                return Reply(state[2], state)


class NamedTank(Tank):
    @classmethod
    async def start_link(cls, number: Any) -> Any:  # type: ignore[override]
        return await super().start_link((number, "alarm"), name=Via("tanks", number))


class PidTank(Tank):
    """Asks for the alarm when it starts."""

    @classmethod
    async def start_link(cls, number: Any) -> Any:  # type: ignore[override]
        alarm = Process.whereis("alarm")
        return await super().start_link((number, alarm), name=Via("tanks", number))


async def open_registry() -> Any:
    return await Registry.start_link(keys="unique", name="tanks")


registry = ChildSpec("tanks", (open_registry, ()), type="supervisor")


def tanks(numbers: Any, kind: Any = NamedTank) -> Any:
    return [child_spec((kind, number), id=number) for number in numbers]


def opened(plan: Callable[[Any], Any]) -> Any:
    async def open_cellar(numbers: Any) -> Any:
        return await Branch.start_link(("cellar", plan(numbers)))

    return open_cellar


async def open_unnamed(numbers: Any) -> Any:
    sup = await Supervisor.start_link([Alarm], strategy="one_for_one")
    alarm = Process.whereis("alarm")
    for number in numbers:
        await Supervisor.start_child(sup, child_spec((Tank, (number, alarm)), id=number))
    return sup


async def open_with_pid(numbers: Any) -> Any:
    sup = await Supervisor.start_link([Alarm, registry], strategy="rest_for_one")
    alarm = Process.whereis("alarm")

    async def start(number: Any) -> Any:
        return await Tank.start_link((number, alarm), name=Via("tanks", number))

    for number in numbers:
        await Supervisor.start_child(sup, ChildSpec(number, (start, (number,))))
    return sup


async def open_dynamic(numbers: Any) -> Any:
    """Tanks below a dynamic supervisor; a child of its own fills it."""

    async def fill() -> Any:
        async def work() -> None:
            for number in numbers:
                await DynamicSupervisor.start_child("pool", child_spec((NamedTank, number), id=number))

        return await Task.start_link(work)

    filler = ChildSpec("filler", (fill, ()), restart="transient")
    pool = (DynamicSupervisor, {"name": "pool"})
    return await Branch.start_link(
        ("cellar", together(Alarm, branch("all", registry, pool, filler, strategy="one_for_all")))
    )


def group(numbers: Any, strategy: str = "rest_for_one", kind: Any = NamedTank) -> Any:
    """The registry, and behind it all tanks in a branch of their own."""
    return branch("group", registry, branch("row", *tanks(numbers, kind), max_restarts=20), strategy=strategy)


table.right(
    ex.cellar, "restarts registry and row as one group", opened(lambda n: together(Alarm, group(n, "one_for_all")))
)
table.right(ex.cellar, "keeps the tanks below a dynamic supervisor", open_dynamic)


class PlainTank(NamedTank):
    @classmethod
    async def start_link(cls, number: Any) -> Any:  # type: ignore[override]
        return await super(NamedTank, cls).start_link((number, "alarm"), name=f"tank {number}")


class LoudTank(NamedTank):
    def handle_cast(self, request: Any, state: Any) -> Any:
        super().handle_cast(request, state)
        return super().handle_cast(request, state)


class DeafTank(NamedTank):
    """Crosses twenty degrees once in its life."""

    def handle_cast(self, request: Any, state: Any) -> Any:
        _, _, degrees = state
        match request:
            case ("degrees", now) if now > 20 and degrees < 20:
                return super().handle_cast(request, state)
        return NoReply(state)


class CheckingTank(NamedTank):
    """Looks for the alarm each time, and casts to its pid."""

    def handle_cast(self, request: Any, state: Any) -> Any:
        alarm = Process.whereis("alarm")
        number, _, degrees = state
        _, _, degrees = super().handle_cast(request, (number, alarm or "alarm", degrees)).state
        return NoReply((number, "alarm", degrees))


async def unawaited_cellar(numbers: Any) -> Any:
    return opened(lambda n: together(Alarm, group(n)))(numbers)


async def silent_cellar(numbers: Any) -> Any:
    await opened(lambda n: together(Alarm, group(n)))(numbers)


def apart_from(n: Any, kind: Any) -> Any:
    return together(Alarm, group(n, kind=kind))


table.right(ex.cellar, "puts the alarm behind them", opened(lambda n: together(group(n), Alarm)))
table.right(ex.cellar, "looks for the alarm each time", opened(lambda n: apart_from(n, CheckingTank)))
table.wrong(ex.cellar, "leaves it as it is", open_unnamed, "how a tank is found")
table.wrong(
    ex.cellar, "hands out the pid at the start", opened(lambda n: apart_from(n, PidTank)), "A pid leads to one process"
)
table.wrong(
    ex.cellar,
    "has all behind the alarm",
    opened(lambda n: together(Alarm, registry, *tanks(n), strategy="rest_for_one")),
    "nobody remembers anything of this part",
)
table.wrong(
    ex.cellar,
    "restarts all for the pid's sake",
    opened(lambda n: together(Alarm, registry, *tanks(n, PidTank), strategy="one_for_all")),
    "nobody remembers anything of this part",
)
table.wrong(
    ex.cellar,
    "has one after the other",
    opened(lambda n: together(Alarm, branch("group", registry, *tanks(n), strategy="rest_for_one"))),
    "nobody remembers anything of this part",
)
table.wrong(
    ex.cellar,
    "restarts a tank for each that the registry takes along",
    opened(lambda n: together(Alarm, registry, *tanks(n))),
    "it ends everybody who is registered in it",
)
table.wrong(
    ex.cellar,
    "has a row that knows nothing of the registry",
    opened(lambda n: together(Alarm, registry, branch("row", *tanks(n)))),
    "it ends everybody who is registered in it",
)
table.wrong(
    ex.cellar,
    "has transient tanks",
    opened(
        lambda n: together(
            Alarm,
            branch(
                "group",
                registry,
                branch("row", *(each.override(restart="transient") for each in tanks(n))),
                strategy="rest_for_one",
            ),
        )
    ),
    "the `restart` of each child",
)
table.wrong(ex.cellar, "has plain names", opened(lambda n: apart_from(n, PlainTank)), "how a tank is found")
table.wrong(ex.cellar, "rings twice", opened(lambda n: apart_from(n, LoudTank)), "how often a tank rings")
table.wrong(
    ex.cellar, "rings once in a life", opened(lambda n: apart_from(n, DeafTank)), "the degrees it was told last"
)
table.wrong(ex.cellar, "forgets the await", unawaited_cellar, "`await`")
table.wrong(ex.cellar, "forgets the return", silent_cellar, "is a `return` missing")
table.hard_coded(
    ex.cellar, "knows three tanks", opened(lambda n: together(Alarm, group((1, 2, 3)))), "it passed the first one"
)

# ---- times to stop --------------------------------------------------------------------------------------------


def closing(**other: Any) -> Any:
    """The model with other times: of the filler, the printer, and the branch around filler and shelf."""
    times = {"filler": 12.0, "printer": 5.0} | other

    def plan(parts: Any) -> Any:
        filler = child_spec(parts["filler"], shutdown=times["filler"])
        printer = child_spec(parts["printer"], shutdown=times["printer"])
        pair = branch("pair", parts["shelf"], filler)
        if "branch" in times:
            pair = pair.override(shutdown=times["branch"])
        return together(pair, printer)

    return tree(plan)


def flat_closing(*names: str, **times: Any) -> Any:
    times = {"filler": 10.0, "printer": 2.0, "shelf": 5.0} | times
    return tree(lambda p: together(*(child_spec(p[name], shutdown=times[name]) for name in names)))


def old_closing(p: Any) -> Any:
    pair = branch("pair", child_spec(p["filler"], shutdown=1.0), p["shelf"], shutdown=5.0)
    return together(pair, child_spec(p["printer"], shutdown=INFINITY))


table.right(ex.bottling, "has one flat list", flat_closing("printer", "shelf", "filler"))
table.right(ex.bottling, "has no time for the printer", closing(printer="brutal_kill"))
table.right(ex.bottling, "limits the branch by the sum", closing(branch=30.0))
table.wrong(ex.bottling, "leaves it as it is", tree(old_closing), "who is stopped last is started first")
table.wrong(
    ex.bottling,
    "stops the shelf first",
    flat_closing("filler", "shelf", "printer"),
    "who is stopped last is started first",
)
table.wrong(ex.bottling, "has the default for the filler", closing(filler=5.0), "the `shutdown` of the filler")
table.wrong(ex.bottling, "has a short time", closing(filler=1.0), "the `shutdown` of the filler")
table.wrong(ex.bottling, "kills it", closing(filler="brutal_kill"), "the `shutdown` of the filler")
table.wrong(ex.bottling, "waits for ever for the printer", closing(printer=INFINITY), "for ever")
table.wrong(ex.bottling, "waits for ever for the filler", closing(filler=INFINITY), "for ever")
table.wrong(ex.bottling, "waits a minute for the printer", closing(printer=60.0), "is waited for")
table.wrong(ex.bottling, "waits a minute for the filler", closing(filler=60.0), "is waited for")
table.wrong(ex.bottling, "has a branch that is killed", closing(branch=5.0), "the `shutdown` of each supervisor above")
table.wrong(
    ex.bottling,
    "restarts the filler with the shelf",
    tree(
        lambda p: together(
            branch("pair", p["shelf"], child_spec(p["filler"], shutdown=10.0), strategy="rest_for_one"), p["printer"]
        )
    ),
    "no reason to make another one new",
)


table.wrong(
    ex.bottling,
    "has no time for the shelf",
    flat_closing("printer", "shelf", "filler", shelf=1.0),
    "the `shutdown` of the shelf",
)
table.wrong(
    ex.bottling,
    "has a transient filler",
    tree(
        lambda p: together(p["printer"], p["shelf"], child_spec(p["filler"], shutdown=10.0, restart="transient")),
    ),
    "whether it comes back at all",
)


class FiveShelf(ex._Shelf):
    async def terminate(self, reason: object, state: Any) -> None:
        send(state[0], ("kept", 5))


def five_crates(p: Any) -> Any:
    shelf = ChildSpec("shelf", (FiveShelf.at, p["shelf"].start[1]))
    return together(shelf, child_spec(p["filler"], shutdown=10.0), p["printer"])


table.hard_coded(ex.bottling, "keeps five, whatever was filled", tree(five_crates), "it passed the first one")

# ---- the brewery ----------------------------------------------------------------------------------------------


def model(
    line: Any = None, top: Any = None, group_rules: Any = None, pair_rules: Any = None, shutdown: Any = 10.0, **how: Any
) -> Any:
    def plan(p: Any) -> Any:
        filler = child_spec(p["filler"], shutdown=shutdown)
        pair = branch("pair", p["pump"], filler, **({"strategy": "one_for_all"} | (pair_rules or {})))
        rules = {"strategy": "rest_for_one", "max_seconds": 60.0} | (group_rules or {})
        if "shutdown_of_hall" in how:
            rules["shutdown"] = how["shutdown_of_hall"]
        flow = branch("flow", p["valve"], pair, **rules)
        outside = branch("outside", p["line"], **({"max_restarts": 10, "max_seconds": 60.0} if line is None else line))
        order = {"book": p["book"], "flow": flow, "outside": outside}
        children = [order[name] for name in how.get("order", order)]
        return together(*children, **({"max_seconds": 300.0} if top is None else top))

    return tree(plan)


def flat_brewery(strategy: str) -> Any:
    return tree(
        lambda p: together(
            p["book"], p["valve"], p["pump"], child_spec(p["filler"], shutdown=10.0), p["line"], strategy=strategy
        )
    )


table.right(ex.brewery, "has the line before the book", model(order=("outside", "book", "flow")))
table.right(
    ex.brewery, "has fewer restarts in the middle", model(group_rules={"max_restarts": 1}, top={"max_seconds": 120.0})
)
table.right(
    ex.brewery,
    "gives up on the pair at once",
    model(pair_rules={"max_restarts": 1, "max_seconds": 10.0}, top={"max_seconds": 500.0}),
)
table.right(ex.brewery, "has a short window for the line", model(line={"max_restarts": 12, "max_seconds": 20.0}))
table.wrong(ex.brewery, "is flat", flat_brewery("one_for_one"), "remembers something of it")
table.wrong(ex.brewery, "is flat, and restarts all", flat_brewery("one_for_all"), "goes down with it for nothing")
table.wrong(
    ex.brewery, "is flat, and restarts those behind", flat_brewery("rest_for_one"), "goes down with it for nothing"
)
table.wrong(
    ex.brewery,
    "has a pair that is one by one",
    model(pair_rules={"strategy": "one_for_one"}),
    "remembers something of it",
)
table.wrong(
    ex.brewery,
    "has a valve that nobody follows",
    model(group_rules={"strategy": "one_for_one"}),
    "remembers something of it",
)
table.wrong(ex.brewery, "has the default for the line", model(line={}), "how many crashes of the line")
table.wrong(ex.brewery, "has a thousand for the line", model(line={"max_restarts": 1000}), "a budget is so large")
table.right(ex.brewery, "remembers the line for an hour", model(line={"max_restarts": 10, "max_seconds": 3600.0}))
table.wrong(ex.brewery, "has default windows", model(top={}, group_rules={"max_seconds": 5.0}), "the windows")
table.wrong(ex.brewery, "has a default window at the top", model(top={}), "the windows")
table.wrong(ex.brewery, "has a default window in the middle", model(group_rules={"max_seconds": 5.0}), "the windows")
table.wrong(
    ex.brewery,
    "remembers for a day at the top",
    model(top={"max_seconds": 86400.0}),
    "four ends that lie ten minutes apart",
)
table.wrong(
    ex.brewery, "stops the book first", model(order=("flow", "outside", "book")), "The filler needs the book while"
)
table.wrong(ex.brewery, "has a limit for the hall", model(shutdown_of_hall=5.0), "and that of each supervisor above it")
table.wrong(ex.brewery, "has the default for the filler", model(shutdown=5.0), "six seconds are not too long")
table.wrong(ex.brewery, "waits for the filler for ever", model(shutdown=INFINITY), "fifteen seconds at most")
table.hard_coded(
    ex.brewery,
    "knows the names, and brings parts of its own",
    tree(lambda p: together(*((ex.Counting, name) for name in p))),
    "remembers something of it",
)

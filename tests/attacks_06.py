"""Attacks on the checks of chapter 06, a supervisor and its children."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

from attacks import Table

from otp_mini import (
    ChildError,
    ChildSpec,
    Continue,
    GenServer,
    NoReply,
    Ok,
    Process,
    Reply,
    Supervise,
    Supervisor,
    child_spec,
    current_node,
    receive,
    self_,
    send,
    spawn,
    spawn_link,
)
from otp_mini.exercises import basic_supervisor as ex

table = Table()


def sup(plan: Callable[[Any], Any]) -> type[Supervisor]:
    """A supervisor class whose `init` is the given function."""
    return type("Tree", (Supervisor,), {"init": lambda self, argument: plan(argument)})


# ---- drill 1: the laundry ---------------------------------------------------------------------------------


class Stand(GenServer):
    """As in the chapter."""

    @classmethod
    async def start_link(cls, name: Any, needs: Any) -> Any:  # type: ignore[override]
        return await super().start_link((needs, 0), name=name)

    def init(self, state: Any) -> Any:
        Process.flag(trap_exit=True)
        return Ok(state)

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        needs, coins = state
        match request:
            case ("pay", more):
                return Reply("ok", (needs, coins + more))

    async def terminate(self, reason: Any, state: Any) -> None:
        needs, coins = state
        if needs is not None:
            await GenServer.call(needs, ("pay", coins))


def stand(name: str, needs: str | None, **others: Any) -> ChildSpec:
    return ChildSpec(name, (Stand.start_link, (name, needs)), **others)


def stands(machines: list[str], needs: str = "till", **others: Any) -> list[ChildSpec]:
    return [stand(name, needs, **others) for name in machines]


safe, till = stand("safe", None), stand("till", "safe")


def laundry(order: Callable[[list[str]], list[Any]], strategy: Any = "one_for_one") -> type[Supervisor]:
    return sup(lambda machines: Supervise(order(machines), strategy=strategy))


class ByHand(Supervisor):
    """Starts the stands itself, so that they are nobody's children."""

    async def init(self, machines: Any) -> Any:
        await Stand.start_link("safe", None)
        await Stand.start_link("till", "safe")
        return Supervise(stands(machines), strategy="one_for_one")


class WaitingLaundry(Supervisor):
    async def init(self, machines: Any) -> Any:
        children = [ChildSpec(id=name, start=(Stand.start_link, [name, "till"])) for name in reversed(machines)]
        return Supervise((safe, till, *children), "one_for_one", max_restarts=9)


table.right(ex.laundry, "as in the chapter", laundry(lambda machines: [safe, till, *stands(machines)]))
table.right(ex.laundry, "the machines in another order", WaitingLaundry)
table.wrong(
    ex.laundry, "machines first", laundry(lambda m: [*stands(m), till, safe]), "Seen: 0", "the safe was not there"
)
table.wrong(
    ex.laundry, "till before the safe", laundry(lambda m: [till, safe, *stands(m)]), "Seen: 0", "who is stopped first"
)
table.wrong(
    ex.laundry,
    "till last",
    laundry(lambda m: [safe, *stands(m), till]),
    "Seen: 1",
    "Who has to be there when a machine",
)
table.wrong(
    ex.laundry,
    "in the order of the alphabet",
    laundry(lambda m: sorted([safe, till, *stands(m)], key=lambda spec: str(spec.id))),
    "who is stopped first",
)
table.wrong(ex.laundry, "one id", laundry(lambda m: [safe, till, *stands(m)[:1] * 2]), "the ids")
table.wrong(
    ex.laundry, "all are new", laundry(lambda m: [safe, till, *stands(m)], "one_for_all"), "the strategy: which of"
)
table.wrong(
    ex.laundry, "the later ones are new", laundry(lambda m: [safe, till, *stands(m)], "rest_for_one"), "the strategy"
)
table.wrong(
    ex.laundry,
    "machines pay the safe",
    laundry(lambda m: [safe, till, *stands(m, "safe")]),
    "whom does 'washer' need",
    "the two arguments of a stand",
)
table.wrong(ex.laundry, "the short form", laundry(lambda m: [safe, till, (Stand, m[0])]), "the arguments of that child")
table.wrong(ex.laundry, "starts some by hand", ByHand, "the list of children and their ids")
table.wrong(
    ex.laundry,
    "transient machines",
    laundry(lambda m: [safe, till, *stands(m, restart="transient")]),
    "stopped itself",
    "(gone)",
    "not permanent",
)
table.hard_coded(
    ex.laundry,
    "knows the machines of the first case",
    laundry(lambda m: [safe, till, *stands(["washer", "mangle", "dryer"])]),
    "it passed the first one",
    "which names has nobody",
)
table.wrong(
    ex.laundry, "no time to pay", laundry(lambda m: [safe, till, *stands(m, shutdown=0)]), "the time that a stand"
)
table.wrong(
    ex.laundry,
    "bears no restart",
    sup(lambda m: Supervise([safe, till, *stands(m)], strategy="one_for_one", max_restarts=0)),
    "(gone)",
    "how many restarts the supervisor allows",
)
table.wrong(ex.laundry, "one machine", laundry(lambda m: [safe, till, *stands(m[:1])]), "which names has nobody")

# ---- drill 2: the beacon ------------------------------------------------------------------------------------


class Beacon(GenServer):
    """As in the chapter; what its wrong brothers do otherwise stands in them."""

    @classmethod
    async def start_link(cls, seconds: Any) -> Any:  # type: ignore[override]
        return await super().start_link(seconds, name="beacon")

    def init(self, seconds: Any) -> Any:
        self.arm(seconds)
        return Ok((seconds, 0))

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        match request:
            case "count":
                return Reply(state[1], state)

    def handle_info(self, message: Any, state: Any) -> Any:
        seconds, count = state
        match message:
            case "tick":
                self.arm(seconds)
                self.beat(count + 1)
                return NoReply((seconds, count + 1))
            case _:
                return NoReply(state)

    def arm(self, seconds: float) -> None:
        Process.send_after(self_(), "tick", seconds)

    def beat(self, number: int) -> Any:
        GenServer.cast("listener", ("beat", number))


class NameBeacon(Beacon):
    def arm(self, seconds: float) -> None:
        Process.send_after("beacon", "tick", seconds)


class PidBeacon(Beacon):
    """Looks the listener up when it starts."""

    def init(self, seconds: Any) -> Any:
        self.arm(seconds)
        return Ok((seconds, 0, Process.whereis("listener")))

    def handle_info(self, message: Any, state: Any) -> Any:
        if message != "tick":
            return NoReply(state)
        seconds, count, listener = state
        self.arm(seconds)
        if listener is not None:
            GenServer.cast(listener, ("beat", count + 1))
        return NoReply((seconds, count + 1, listener))


class CallingBeacon(Beacon):
    async def handle_info(self, message: Any, state: Any) -> Any:
        if message == "tick":
            self.arm(state[0])
            await GenServer.call("listener", ("beat", state[1] + 1))
            return NoReply((state[0], state[1] + 1))
        return NoReply(state)


class SendingBeacon(Beacon):
    def beat(self, number: int) -> Any:
        send("listener", ("beat", number))


class BareSendBeacon(Beacon):
    """Casts in spirit, but a plain send; bears a missing listener."""

    def beat(self, number: int) -> Any:
        if Process.whereis("listener"):
            send("listener", ("beat", number))


class OnceBeacon(Beacon):
    def handle_info(self, message: Any, state: Any) -> Any:
        if message == "tick":
            self.beat(state[1] + 1)
            return NoReply((state[0], state[1] + 1))
        return NoReply(state)


class LazyBeacon(Beacon):
    def init(self, seconds: Any) -> Any:
        return Ok((seconds, 0))


class EarlyBeacon(Beacon):
    def init(self, seconds: Any) -> Any:
        send(self_(), "tick")
        return Ok((seconds, 0))


class DeafBeacon(Beacon):
    def init(self, seconds: Any) -> Any:
        return Ok((seconds, 0), Continue("loop"))

    async def handle_continue(self, work: Any, state: Any) -> Any:
        seconds, count = state
        while True:
            await Process.sleep(seconds)
            count += 1
            self.beat(count)


class SleepyBeacon(Beacon):
    async def init(self, seconds: Any) -> Any:
        await Process.sleep(seconds)
        self.beat(1)
        self.arm(seconds)
        return Ok((seconds, 1))


class StrictBeacon(Beacon):
    def handle_info(self, message: Any, state: Any) -> Any:
        match message:
            case "tick":
                return super().handle_info(message, state)


class HelperBeacon(Beacon):
    """Another process ticks, and outlives the beacon."""

    def init(self, seconds: Any) -> Any:
        spawn(self.tick_for, seconds)
        return Ok((seconds, 0))

    def arm(self, seconds: float) -> None: ...

    @staticmethod
    async def tick_for(seconds: Any) -> None:
        while True:
            await Process.sleep(seconds)
            if Process.whereis("beacon"):
                send("beacon", "tick")


COUNTS: WeakKeyDictionary[Any, int] = WeakKeyDictionary()


class GlobalBeacon(Beacon):
    def handle_info(self, message: Any, state: Any) -> Any:
        if message == "tick":
            count = COUNTS[current_node()] = COUNTS.get(current_node(), 0) + 1
            self.arm(state[0])
            self.beat(count)
            return NoReply((state[0], count))
        return NoReply(state)


class TenBeacon(Beacon):
    def arm(self, seconds: float) -> None:
        Process.send_after(self_(), "tick", 10.0)


class HeardBeacon(Beacon):
    """Counts only what somebody can hear."""

    def handle_info(self, message: Any, state: Any) -> Any:
        if message == "tick" and Process.whereis("listener") is None:
            self.arm(state[0])
            return NoReply(state)
        return super().handle_info(message, state)


class NamelessBeacon(Beacon):
    @classmethod
    async def start_link(cls, seconds: Any) -> Any:  # type: ignore[override]
        return await GenServer.start_link.__func__(cls, seconds)  # type: ignore[attr-defined]


class IntervalBeacon(Beacon):
    def init(self, seconds: Any) -> Any:
        Process.send_interval(self_(), "tick", seconds)
        return Ok((seconds, 0))

    def arm(self, seconds: float) -> None: ...


class LinkedBeacon(Beacon):
    """Another process ticks, and ends with the beacon."""

    def init(self, seconds: Any) -> Any:
        spawn_link(self.tick_for, self_(), seconds)
        return Ok({"seconds": seconds, "count": 0})

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        match request:
            case "count":
                return Reply(state["count"], state)

    def handle_info(self, message: Any, state: Any) -> Any:
        if message == ("a", "tick"):
            self.beat(state["count"] + 1)
            return NoReply(state | {"count": state["count"] + 1})
        return NoReply(state)

    @staticmethod
    async def tick_for(beacon: Any, seconds: Any) -> None:
        while await receive(timeout=seconds) == "timeout":
            send(beacon, ("a", "tick"))


class StuckBeacon(Beacon):
    """Its state is the old one."""

    def handle_info(self, message: Any, state: Any) -> Any:
        super().handle_info(message, state)
        return NoReply(state)


class AwaitingBeacon(Beacon):
    async def handle_info(self, message: Any, state: Any) -> Any:
        if message == "tick":
            await GenServer.cast("listener", ("beat", state[1] + 1))  # type: ignore[misc]
        return super().handle_info(message, state)


class RearmingBeacon(Beacon):
    """Whatever comes sets a timer."""

    def handle_info(self, message: Any, state: Any) -> Any:
        if message != "tick":
            self.arm(state[0])
        return super().handle_info(message, state)


class AnyBeacon(Beacon):
    """Whatever comes is a beat."""

    def handle_info(self, message: Any, state: Any) -> Any:
        return super().handle_info("tick", state)


class BoundBeacon(Beacon):
    """Links itself to the listener."""

    def handle_info(self, message: Any, state: Any) -> Any:
        listener = Process.whereis("listener")
        if listener is not None:
            Process.link(listener)
        return super().handle_info(message, state)


class ClockBeacon(Beacon):
    """Reckons its beats from the time."""

    def init(self, seconds: Any) -> Any:
        self.arm(seconds)
        return Ok((seconds, 0, current_node().now()))

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        seconds, _, began = state
        return Reply(int((current_node().now() - began) / seconds + 1e-9), state)

    def handle_info(self, message: Any, state: Any) -> Any:
        seconds, count, began = state
        if message != "tick":
            return NoReply(state)
        self.arm(seconds)
        self.beat(count + 1)
        return NoReply((seconds, count + 1, began))


class LateBeacon(Beacon):
    """Sets its first timer when `init` is over."""

    def init(self, seconds: Any) -> Any:
        return Ok((seconds, 0), Continue("arm"))

    def handle_continue(self, work: Any, state: Any) -> Any:
        self.arm(state[0])
        return NoReply(state)


table.right(ex.beacon, "as in the chapter", Beacon)
table.right(ex.beacon, "reckons from the time", ClockBeacon)
table.right(ex.beacon, "sets its timer in handle_continue", LateBeacon)
table.wrong(ex.beacon, "returns the old state", StuckBeacon, "which state the next callback gets")
table.wrong(ex.beacon, "awaits a cast", AwaitingBeacon, "another process, or nobody", "an `await` before a plain call")
table.wrong(ex.beacon, "a timer for each stray", RearmingBeacon, "for two beats", "it sets no timer")
table.wrong(ex.beacon, "any message is a beat", AnyBeacon, "stray messages", "it is no beat")
table.wrong(ex.beacon, "linked to the listener", BoundBeacon, "when the listener had crashed", "a link to one")
table.right(ex.beacon, "one timer for all ticks", IntervalBeacon)
table.right(ex.beacon, "a linked process that ticks", LinkedBeacon)
table.wrong(ex.beacon, "ticks for its name", NameBeacon, "was killed three times", "how many timers lead")
table.wrong(ex.beacon, "keeps the listener's pid", PidBeacon, "another listener took the name", "whom the beats go to")
table.wrong(ex.beacon, "calls the listener", CallingBeacon, "a call", "which way of sending")
table.wrong(ex.beacon, "sends to the name", SendingBeacon, "a plain message", "which way of sending")
table.wrong(ex.beacon, "sends when there is somebody", BareSendBeacon, "a plain message", "which way of sending")
table.wrong(ex.beacon, "beats once", OnceBeacon, "[('beat', 1)]", "when the next one")
table.wrong(ex.beacon, "sets no timer", LazyBeacon, "Seen: []", "when the first timer is set")
table.wrong(ex.beacon, "beats at once", EarlyBeacon, "straight after the start", "and not with it")
table.wrong(ex.beacon, "sleeps in a loop", DeafBeacon, "no answer for a second", "answers nobody meanwhile")
table.wrong(ex.beacon, "sleeps in init", SleepyBeacon, "how long did that take", "the start is over when `init` is")
table.wrong(ex.beacon, "no last case", StrictBeacon, "stray messages", "a message without a case")
table.wrong(ex.beacon, "a helper that outlives it", HelperBeacon, "was killed three times", "how many timers lead")
table.wrong(ex.beacon, "counts in a global", GlobalBeacon, "was killed three times", "what the new beacon knows")
table.wrong(ex.beacon, "counts what is heard", HeardBeacon, "for two beats", "whether anybody has heard them")
table.wrong(ex.beacon, "has no name", NamelessBeacon, 'nobody is called "beacon"')
table.hard_coded(ex.beacon, "ten seconds for all", TenBeacon, "it passed the first one")

# ---- drill 3: ensure ----------------------------------------------------------------------------------------


async def ensure(supervisor: Any, spec: Any) -> Any:
    try:
        return await Supervisor.start_child(supervisor, spec)
    except ChildError as error:
        match error.reason:
            case ("already_started", pid):
                return pid
            case "already_present":
                return await Supervisor.restart_child(supervisor, spec.id)
            case _:
                raise


async def looks_first(supervisor: Any, spec: Any) -> Any:
    known = {child.id: child.pid for child in await Supervisor.which_children(supervisor)}
    if spec.id not in known:
        return await Supervisor.start_child(supervisor, spec)
    return known[spec.id] or await Supervisor.restart_child(supervisor, spec.id)


async def adds_only(supervisor: Any, spec: Any) -> Any:
    return await Supervisor.start_child(supervisor, spec)


async def restarts_only(supervisor: Any, spec: Any) -> Any:
    return await Supervisor.restart_child(supervisor, spec.id)


async def forgets_present(supervisor: Any, spec: Any) -> Any:
    try:
        return await Supervisor.start_child(supervisor, spec)
    except ChildError as error:
        if error.reason == "already_present":
            raise
        return error.reason[1]


async def deletes_and_adds(supervisor: Any, spec: Any) -> Any:
    try:
        return await ensure_running(supervisor, spec)
    except ChildError as error:
        if error.reason != "already_present":
            raise
        await Supervisor.delete_child(supervisor, spec.id)
        return await Supervisor.start_child(supervisor, spec)


async def ensure_running(supervisor: Any, spec: Any) -> Any:
    try:
        return await Supervisor.start_child(supervisor, spec)
    except ChildError as error:
        match error.reason:
            case ("already_started", pid):
                return pid
        raise


async def starts_afresh(supervisor: Any, spec: Any) -> Any:
    try:
        await Supervisor.terminate_child(supervisor, spec.id)
        return await Supervisor.restart_child(supervisor, spec.id)
    except ChildError:
        return await Supervisor.start_child(supervisor, spec)


async def returns_the_reason(supervisor: Any, spec: Any) -> Any:
    try:
        return await Supervisor.start_child(supervisor, spec)
    except ChildError as error:
        return error.reason


async def swallows(supervisor: Any, spec: Any) -> Any:
    try:
        return await ensure(supervisor, spec)
    except ChildError:
        return None


async def starts_by_hand(supervisor: Any, spec: Any) -> Any:
    try:
        return await ensure_running(supervisor, spec) if spec.id in await known(supervisor) else await by_hand(spec)
    except ChildError:
        return await by_hand(spec)


async def known(supervisor: Any) -> list[Any]:
    return [child.id for child in await Supervisor.which_children(supervisor)]


async def by_hand(spec: Any) -> Any:
    function, arguments = spec.start
    return await function(*arguments)


async def by_name(supervisor: Any, spec: Any) -> Any:
    return Process.whereis(spec.id) or await Supervisor.start_child(supervisor, spec)


async def knows_the_first(supervisor: Any, spec: Any) -> Any:
    try:
        return await ensure_running(supervisor, spec)
    except ChildError as error:
        if error.reason == "already_present" and spec.id[1] in ("ledger", "new and transient"):
            return await Supervisor.restart_child(supervisor, spec.id)
        raise


async def forgets_an_await(supervisor: Any, spec: Any) -> Any:
    return ensure(supervisor, spec)


PIDS: dict[Any, Any] = {}


async def remembers(supervisor: Any, spec: Any) -> Any:
    """Keeps the pids in a global."""
    if not (spec.id in PIDS and Process.alive(PIDS[spec.id])):
        PIDS[spec.id] = await ensure(supervisor, spec)
    return PIDS[spec.id]


async def restarts_first(supervisor: Any, spec: Any) -> Any:
    try:
        return await Supervisor.restart_child(supervisor, spec.id)
    except ChildError as error:
        match error.reason:
            case "running":
                return await pid_of(supervisor, spec.id)
            case "not_found":
                return await Supervisor.start_child(supervisor, spec)
        raise


table.right(ex.ensure, "as in the chapter", ensure)
table.right(ex.ensure, "asks for a restart first", restarts_first)
table.wrong(ex.ensure, "keeps pids in a global", remembers, "for another supervisor", "whom you ask")
table.right(ex.ensure, "looks before it asks", looks_first)
table.wrong(ex.ensure, "only adds", adds_only, "runs, and `ensure` was called", "which refusals there are")
table.wrong(ex.ensure, "only restarts", restarts_only, "'running'", "which refusals there are")
table.wrong(ex.ensure, "does not start a stopped one", forgets_present, "already_present", "a word")
table.wrong(ex.ensure, "deletes and adds", deletes_and_adds, "the order of the children", "its place")
table.wrong(ex.ensure, "stops it first", starts_afresh, "still the same process", "the case in which the child runs")
table.wrong(ex.ensure, "returns the reason", returns_the_reason, "('already_started'", "what is returned in this case")
table.wrong(ex.ensure, "swallows the others", swallows, "it returned None", "has to reach the caller")
table.wrong(ex.ensure, "starts it itself", starts_by_hand, "is it the supervisor's child", "who starts it")
table.wrong(ex.ensure, "takes the id for the name", by_name, "already_started", "which refusals there are")
table.wrong(ex.ensure, "forgets an await", forgets_an_await, "a coroutine", "`await`")
table.hard_coded(ex.ensure, "knows the first family", knows_the_first, "it passed the first one")

# ---- drill 4: root_cause --------------------------------------------------------------------------------------


def root_cause(reason: Any) -> Any:
    match reason:
        case ("shutdown", ("failed_to_start_child", id, inner)):
            ids, cause = root_cause(inner)
            return [id, *ids], cause
        case _:
            return [], reason


def in_a_loop(reason: Any) -> Any:
    ids = []
    while isinstance(reason, tuple) and len(reason) == 2 and reason[0] == "shutdown" and isinstance(reason[1], tuple):
        if len(reason[1]) != 3 or reason[1][0] != "failed_to_start_child":
            break
        ids.append(reason[1][1])
        reason = reason[1][2]
    return ids, reason


def one_layer(reason: Any) -> Any:
    match reason:
        case ("shutdown", ("failed_to_start_child", id, inner)):
            return [id], inner
    return [], reason


def three_layers(reason: Any) -> Any:
    ids = []
    for _ in range(3):
        found, reason = one_layer(reason)
        ids += found
    return ids, reason


def inside_out(reason: Any) -> Any:
    ids, cause = root_cause(reason)
    return ids[::-1], cause


def innermost_id(reason: Any) -> Any:
    ids, cause = root_cause(reason)
    return ids[-1:], cause


def as_text(reason: Any) -> Any:
    ids, cause = root_cause(reason)
    return ids, str(cause)


def as_a_tuple(reason: Any) -> Any:
    ids, cause = root_cause(reason)
    return tuple(ids), cause


def strips_every_shutdown(reason: Any) -> Any:
    match reason:
        case ("shutdown", ("failed_to_start_child", id, inner)):
            ids, cause = strips_every_shutdown(inner)
            return [id, *ids], cause
        case ("shutdown", inner):
            return strips_every_shutdown(inner)
        case _:
            return [], reason


def only_the_cause(reason: Any) -> Any:
    return root_cause(reason)[1]


async def later(reason: Any) -> Any:
    return root_cause(reason)


def any_triple(reason: Any) -> Any:
    match reason:
        case ("shutdown", (_, id, inner)):
            ids, cause = any_triple(inner)
            return [id, *ids], cause
    return [], reason


def any_word(reason: Any) -> Any:
    match reason:
        case (_, ("failed_to_start_child", id, inner)):
            ids, cause = any_word(inner)
            return [id, *ids], cause
    return [], reason


def by_its_text(reason: Any) -> Any:
    ids = []
    while "failed_to_start_child" in str(reason):
        ids.append(reason[1][1])
        reason = reason[1][2]
    return ids, reason


def until_it_fails(reason: Any) -> Any:
    ids = []
    while True:
        try:
            _, (_, id, inner) = reason
        except (TypeError, ValueError):
            return ids, reason
        ids.append(id)
        reason = inner


def by_numbers(reason: Any) -> Any:
    ids = []
    while isinstance(reason, tuple) and reason[0] == "shutdown":
        ids.append(reason[1][1])
        reason = reason[1][2]
    return ids, reason


def carries_along(reason: Any, ids: tuple[Any, ...] = ()) -> Any:
    match reason:
        case ("shutdown", ("failed_to_start_child", id, inner)):
            return carries_along(inner, (*ids, id))
    return list(ids), reason


table.right(ex.root_cause, "as in the chapter", root_cause)
table.right(ex.root_cause, "carries the ids along", carries_along)
table.wrong(ex.root_cause, "any triple", any_triple, "'lost'", "what a layer is")
table.wrong(ex.root_cause, "any word before it", any_word, "'moved'", "what a layer is")
table.wrong(ex.root_cause, "by its text", by_its_text, "what a layer is")
table.wrong(ex.root_cause, "until it fails", until_it_fails, "'lost'", "what a layer is")
table.wrong(ex.root_cause, "by numbers alone", by_numbers, "what a layer is")
table.right(ex.root_cause, "in a loop", in_a_loop)
table.wrong(ex.root_cause, "one layer", one_layer, "how many layers there are")
table.hard_coded(ex.root_cause, "three layers", three_layers, "below 5 supervisors", "there may be any number")
table.wrong(ex.root_cause, "inside out", inside_out, "the order of the ids")
table.wrong(ex.root_cause, "the innermost id", innermost_id, "which ids belong to the way")
table.wrong(ex.root_cause, "as text", as_text, "and not as text")
table.wrong(ex.root_cause, "ids in a tuple", as_a_tuple, "the ids stand in a list")
table.wrong(ex.root_cause, "strips every shutdown", strips_every_shutdown, "where the layers end")
table.wrong(ex.root_cause, "only the cause", only_the_cause, "the form of the answer")
table.wrong(ex.root_cause, "async def", later, "a plain `def`")

# ---- repair 1: retire -------------------------------------------------------------------------------------------


async def retire(supervisor: Any, id: Any) -> Any:
    try:
        await Supervisor.terminate_child(supervisor, id)
        return await Supervisor.delete_child(supervisor, id)
    except ChildError as error:
        return error.reason


async def looks_and_retires(supervisor: Any, id: Any) -> Any:
    for child in await Supervisor.which_children(supervisor):
        if child.id == id:
            if child.pid is not None:
                await Supervisor.terminate_child(supervisor, id)
            await Supervisor.delete_child(supervisor, id)
            return "ok"
    return "not_found"


async def pid_of(supervisor: Any, id: Any) -> Any:
    return next((child.pid for child in await Supervisor.which_children(supervisor) if child.id == id), None)


async def as_given(supervisor: Any, id: Any) -> Any:
    for child in await Supervisor.which_children(supervisor):
        if child.id == id:
            await GenServer.stop(child.pid)


async def kills(supervisor: Any, id: Any) -> Any:
    pid = await pid_of(supervisor, id)
    if pid is None:
        return "not_found"
    Process.exit(pid, "kill")
    return "ok"


async def only_stops(supervisor: Any, id: Any) -> Any:
    try:
        return await Supervisor.terminate_child(supervisor, id)
    except ChildError as error:
        return error.reason


async def raises(supervisor: Any, id: Any) -> Any:
    await Supervisor.terminate_child(supervisor, id)
    return await Supervisor.delete_child(supervisor, id)


async def only_deletes(supervisor: Any, id: Any) -> Any:
    try:
        return await Supervisor.delete_child(supervisor, id)
    except ChildError as error:
        return error.reason


async def says_nothing(supervisor: Any, id: Any) -> None:
    await retire(supervisor, id)


async def always_ok(supervisor: Any, id: Any) -> Any:
    await retire(supervisor, id)
    return "ok"


async def unlinks_and_kills(supervisor: Any, id: Any) -> Any:
    """Ends the process before its supervisor is asked, and very quickly."""
    pid = await pid_of(supervisor, id)
    if pid is not None:
        await Supervisor.terminate_child(supervisor, id)
    return await only_deletes(supervisor, id)


async def stops_all(supervisor: Any, id: Any) -> Any:
    for child in await Supervisor.which_children(supervisor):
        await Supervisor.terminate_child(supervisor, child.id)
    answer = await only_deletes(supervisor, id)
    for child in reversed(await Supervisor.which_children(supervisor)):
        await Supervisor.restart_child(supervisor, child.id)
    return answer


async def knows_the_middle(supervisor: Any, id: Any) -> Any:
    if id == ("child", "middle") or await pid_of(supervisor, id) is None or id == ("child", "right"):
        return await retire(supervisor, id)
    return await as_given(supervisor, id)


async def forgets_to_wait(supervisor: Any, id: Any) -> Any:
    try:
        Supervisor.terminate_child(supervisor, id)  # type: ignore[unused-coroutine]
        return await Supervisor.delete_child(supervisor, id)
    except ChildError as error:
        return error.reason


async def stops_then_forgets(supervisor: Any, id: Any) -> Any:
    """The server is stopped first, and the supervisor is asked to forget whoever runs then."""
    pid = await pid_of(supervisor, id)
    if pid is not None:
        await GenServer.stop(pid)
    return await retire(supervisor, id)


async def signals_first(supervisor: Any, id: Any) -> Any:
    """Sends the signal of a stop itself."""
    pid = await pid_of(supervisor, id)
    if pid is not None:
        Process.exit(pid, "shutdown")
    return await retire(supervisor, id)


async def deletes_first(supervisor: Any, id: Any) -> Any:
    try:
        return await Supervisor.delete_child(supervisor, id)
    except ChildError as error:
        if error.reason == "running":
            return await retire(supervisor, id)
        return error.reason


table.right(ex.mended_retire, "as in the chapter", retire)
table.right(ex.mended_retire, "asks to delete it first", deletes_first)
table.wrong(ex.mended_retire, "signals first", signals_first, "does not trap exits", "who ends the child")
table.right(ex.mended_retire, "looks before it asks", looks_and_retires)
table.right(ex.mended_retire, "stops only what runs", unlinks_and_kills)
table.wrong(ex.mended_retire, "as given", as_given, "is the supervisor alive", "who ends the child")
table.wrong(ex.mended_retire, "forgets an await", forgets_to_wait, "never awaited", "`await`")
table.wrong(
    ex.mended_retire, "stops it and then asks", stops_then_forgets, "is the supervisor alive", "who ends the child"
)
table.wrong(ex.mended_retire, "kills it", kills, "is the supervisor alive", "who ends the child")
table.wrong(ex.mended_retire, "only stops it", only_stops, "does the supervisor know it", "only stopped")
table.wrong(ex.mended_retire, "only deletes it", only_deletes, "does it run", "who starts it again")
table.wrong(ex.mended_retire, "raises", raises, "'not_found'", "its reason is what you return")
table.wrong(ex.mended_retire, "says nothing", says_nothing, "what was returned", "the answer of the supervisor")
table.wrong(ex.mended_retire, "always ok", always_ok, "an id that the supervisor does not have")
table.wrong(ex.mended_retire, "stops all", stops_all, "one child only")
table.hard_coded(ex.mended_retire, "knows the middle one", knows_the_middle, "it passed the first one")

# ---- repair 2: the car park ---------------------------------------------------------------------------------------


class Spaces(GenServer):
    @classmethod
    async def start_link(cls, free: Any, name: Any) -> Any:  # type: ignore[override]
        return await super().start_link(free, name=name)

    def handle_call(self, request: Any, from_: Any, free: Any) -> Any:
        match request:
            case "free":
                return Reply(free, free)


class Barrier(GenServer):
    @classmethod
    async def start_link(cls, name: Any = "barrier") -> Any:  # type: ignore[override]
        return await super().start_link(name, name=name)

    async def init(self, name: Any) -> Any:
        free = await GenServer.call("spaces", "free")
        return Ok("open" if free else "closed")


def spaces(free: Any, **others: Any) -> ChildSpec:
    return ChildSpec("spaces", (Spaces.start_link, (free, "spaces")), **others)


def barrier(name: str, **others: Any) -> ChildSpec:
    return ChildSpec(name, (Barrier.start_link, (name,)), **others)


def car_park(children: Callable[[Any], list[Any]], strategy: Any = "one_for_one") -> type[Supervisor]:
    return sup(lambda free: Supervise(children(free), strategy=strategy))


class SpacesByHand(Supervisor):
    async def init(self, free: Any) -> Any:
        await Spaces.start_link(free, "spaces")
        return Supervise([barrier("entry"), barrier("exit")], strategy="one_for_one")


table.right(ex.car_park, "as in the chapter", car_park(lambda free: [spaces(free), barrier("entry"), barrier("exit")]))
table.right(
    ex.car_park,
    "the short form with other ids",
    car_park(lambda free: [spaces(free), child_spec((Barrier, "exit"), id=1), child_spec((Barrier, "entry"), id=2)]),
)
table.wrong(ex.car_park, "as given", car_park(lambda free: [Barrier, Barrier, (Spaces, (free, "spaces"))]), "the ids")
table.wrong(
    ex.car_park,
    "barriers first",
    car_park(lambda free: [barrier("entry"), barrier("exit"), spaces(free)]),
    "child 'entry'",
    "the order of the list",
)
table.wrong(
    ex.car_park,
    "one pair as the argument",
    car_park(lambda free: [(Spaces, (free, "spaces")), barrier("entry"), barrier("exit")]),
    "the arguments of that child's start function",
)
table.wrong(
    ex.car_park,
    "barriers without an argument of their own",
    car_park(
        lambda free: [spaces(free), child_spec((Barrier, "barrier"), id=1), child_spec((Barrier, "barrier"), id=2)]
    ),
    "the names",
)
table.wrong(
    ex.car_park,
    "None for a name",
    car_park(lambda free: [spaces(free), child_spec(Barrier, id="entry"), child_spec(Barrier, id="exit")]),
    "which names has nobody",
)
table.wrong(
    ex.car_park,
    "the arguments of the spaces the wrong way round",
    car_park(lambda free: [ChildSpec("spaces", (Spaces.start_link, ("spaces", free))), barrier("entry")]),
    "child 'entry'",
    "and the names",
)
table.wrong(ex.car_park, "spaces by hand", SpacesByHand, "['spaces']", "who starts them")
table.wrong(
    ex.car_park,
    "all are new",
    car_park(lambda free: [spaces(free), barrier("entry"), barrier("exit")], "one_for_all"),
    "the strategy",
)
table.wrong(
    ex.car_park,
    "temporary barriers",
    car_park(lambda free: [spaces(free), barrier("entry", restart="temporary"), barrier("exit")]),
    "(gone)",
    "not permanent",
)
table.wrong(ex.car_park, "one barrier", car_park(lambda free: [spaces(free), barrier("entry")]), "['exit']")
table.hard_coded(
    ex.car_park,
    "forty spaces",
    car_park(lambda free: [spaces(40), barrier("entry"), barrier("exit")]),
    "it passed the first one",
    "`init` gets it",
)

# ---- the design: a village ----------------------------------------------------------------------------------------


class OpenHouses(GenServer):
    @classmethod
    async def start_link(cls, houses: Any) -> Any:  # type: ignore[override]
        return await super().start_link(set(houses), name="houses")

    def handle_call(self, request: Any, from_: Any, houses: Any) -> Any:
        match request:
            case ("open", house):
                return Reply("ok", houses | {house})
            case ("close", house):
                return Reply("ok", houses - {house})
            case "all":
                return Reply(houses, houses)


class Cable(GenServer):
    @classmethod
    async def start_link(cls, _: Any) -> Any:  # type: ignore[override]
        return await super().start_link(set(), name="cable")

    def handle_call(self, request: Any, from_: Any, known: Any) -> Any:
        match request:
            case ("log in", house):
                return Reply("ok", known | {house})


class Meter(GenServer):
    @classmethod
    async def start_link(cls, house: Any) -> Any:  # type: ignore[override]
        return await super().start_link(house, name=f"meter {house}")

    async def init(self, house: Any) -> Any:
        return Ok(await GenServer.call("cable", ("log in", house)))


def meter(house: str, **others: Any) -> ChildSpec:
    return ChildSpec(house, (Meter.start_link, (house,)), **others)


class Meters(Supervisor):
    strategy: Any = "one_for_one"

    @classmethod
    async def start_link(cls, _: Any) -> Any:  # type: ignore[override]
        return await super().start_link(None, name="meters")

    async def init(self, _: Any) -> Any:
        houses = await GenServer.call("houses", "all")
        return Supervise([meter(house) for house in sorted(houses)], strategy=self.strategy)


class Village(Supervisor):
    """As in the chapter."""

    strategy: Any = "rest_for_one"
    meters: Any = Meters

    @classmethod
    async def start_link(cls, houses: Any) -> Any:  # type: ignore[override]
        return await super().start_link(houses, name="village")

    def init(self, houses: Any) -> Any:
        return Supervise([(OpenHouses, houses), Cable, self.meters], strategy=self.strategy)

    @classmethod
    async def open(cls, house: Any) -> Any:
        await GenServer.call("houses", ("open", house))
        return await ensure("meters", meter(house))

    @classmethod
    async def close(cls, house: Any) -> Any:
        await GenServer.call("houses", ("close", house))
        await retire("meters", house)
        return "ok"


class AllNew(Village):
    strategy = "one_for_all"


class OneNew(Village):
    strategy = "one_for_one"


class CoupledMeters(Meters):
    strategy = "one_for_all"


class LaterMeters(Meters):
    strategy = "rest_for_one"


class Coupled(Village):
    meters = CoupledMeters


class Later(Village):
    meters = LaterMeters


class MetersFirst(Village):
    def init(self, houses: Any) -> Any:
        return Supervise([(OpenHouses, houses), Meters, Cable], strategy="rest_for_one")


class FixedMeters(Meters):
    """Its list is that of the start of the village."""

    @classmethod
    async def start_link(cls, houses: Any) -> Any:  # type: ignore[override]
        return await Supervisor.start_link.__func__(cls, houses, name="meters")  # type: ignore[attr-defined]

    def init(self, houses: Any) -> Any:
        return Supervise([meter(house) for house in houses], strategy="one_for_one")


class InTheSupervisor(Village):
    def init(self, houses: Any) -> Any:
        return Supervise([(OpenHouses, houses), Cable, (FixedMeters, houses)], strategy="rest_for_one")


class OnlyStops(Village):
    @classmethod
    async def close(cls, house: Any) -> Any:
        await GenServer.call("houses", ("close", house))
        await only_stops("meters", house)
        return "ok"


class Untold(Village):
    """`close` does not tell the set."""

    @classmethod
    async def close(cls, house: Any) -> Any:
        await retire("meters", house)
        return "ok"


class UntoldOpen(Village):
    @classmethod
    async def open(cls, house: Any) -> Any:
        return await ensure("meters", meter(house))


class OpensByHand(Village):
    @classmethod
    async def open(cls, house: Any) -> Any:
        await GenServer.call("houses", ("open", house))
        return Process.whereis(f"meter {house}") or await Meter.start_link(house)


class ForgetsToWait(Village):
    @classmethod
    async def open(cls, house: Any) -> Any:
        GenServer.call("houses", ("open", house))  # type: ignore[unused-coroutine]
        return await ensure("meters", meter(house))


class SaysOk(Village):
    @classmethod
    async def open(cls, house: Any) -> Any:
        return await super().open(house) and "ok"


class Honest(Village):
    """Says what the supervisor says of a house that is closed already."""

    @classmethod
    async def close(cls, house: Any) -> Any:
        await GenServer.call("houses", ("close", house))
        return await retire("meters", house)


class Flat(Village):
    def init(self, houses: Any) -> Any:
        children = [(OpenHouses, houses), Cable, *map(meter, houses)]
        return Supervise(children, strategy="rest_for_one")

    @classmethod
    async def open(cls, house: Any) -> Any:
        return await ensure("village", meter(house))

    @classmethod
    async def close(cls, house: Any) -> Any:
        await retire("village", house)
        return "ok"


class Gulls(Village):
    def init(self, houses: Any) -> Any:
        return super().init(["gull", "tern", "auk"])


class Cabled(Supervisor):
    """Cable and meters, apart from the set."""

    @classmethod
    async def start_link(cls, _: Any) -> Any:  # type: ignore[override]
        return await super().start_link(None)

    def init(self, _: Any) -> Any:
        return Supervise([Cable, Meters], strategy="rest_for_one")


class TwoBranches(Village):
    def init(self, houses: Any) -> Any:
        return Supervise([(OpenHouses, houses), Cabled], strategy="one_for_one")


class Bare(Village):
    """Looks, and does only what is missing."""

    @classmethod
    async def open(cls, house: Any) -> Any:
        pid = await looks_first("meters", meter(house))
        await GenServer.call("houses", ("open", house))
        return pid


OPEN: set[Any] = set()


class GlobalMeters(Meters):
    async def init(self, _: Any) -> Any:
        return Supervise([meter(house) for house in sorted(OPEN)], strategy="one_for_one")


class GlobalVillage(Village):
    """The open houses stand in a global, and "houses" is not told."""

    meters = GlobalMeters

    def init(self, houses: Any) -> Any:
        OPEN.clear()
        OPEN.update(houses)
        return super().init(houses)

    @classmethod
    async def open(cls, house: Any) -> Any:
        OPEN.add(house)
        return await ensure("meters", meter(house))

    @classmethod
    async def close(cls, house: Any) -> Any:
        OPEN.discard(house)
        await retire("meters", house)
        return "ok"


class ClosesAll(Village):
    """Has the supervisor of the meters begin anew."""

    @classmethod
    async def close(cls, house: Any) -> Any:
        await GenServer.call("houses", ("close", house))
        await Supervisor.stop("meters")
        return "ok"


class OpensOnce(Village):
    @classmethod
    async def open(cls, house: Any) -> Any:
        await GenServer.call("houses", ("open", house))
        return await Supervisor.start_child("meters", meter(house))


class OnceMeters(Meters):
    async def init(self, _: Any) -> Any:
        houses = await GenServer.call("houses", "all")
        return Supervise([meter(house, restart="temporary") for house in sorted(houses)], strategy="one_for_one")


class OnceVillage(Village):
    meters = OnceMeters


class TransientMeters(Village):
    meters = child_spec(Meters, restart="transient")


table.right(ex.village, "as in the chapter", Village)
table.wrong(ex.village, "the truth in a global", GlobalVillage, 'says `"houses"`', "and nowhere else")
table.wrong(ex.village, "a close makes all meters new", ClosesAll, "which other meters are new", "are about one house")
table.wrong(ex.village, "opens a house once", OpensOnce, "'already_started'", "it is no error here")
table.wrong(ex.village, "temporary meters", OnceVillage, "who is gone", "who comes back when a meter ends")
table.wrong(ex.village, "transient supervisor", TransientMeters, "no meter at all", "is permanent")
table.right(ex.village, "cable and meters in a branch", TwoBranches)
table.right(ex.village, "the meter first, then the set", Bare)
table.right(ex.village, "a stopped meter stays known", OnlyStops)
table.wrong(ex.village, "one_for_all", AllNew, "the set of houses", "has forgotten what was opened")
table.wrong(ex.village, "one_for_one", OneNew, "the cable not know", "the new cable knows only")
table.wrong(ex.village, "all meters together", Coupled, "who is new", "the supervisor right above the meters")
table.wrong(ex.village, "meters in a row", Later, "who is new", "the supervisor right above the meters")
table.wrong(ex.village, "flat", Flat, "who is new", "the supervisor right above the meters")
table.wrong(ex.village, "meters before the cable", MetersFirst, "the order of the list")
table.wrong(ex.village, "the list of the start", InTheSupervisor, "where the list of open houses is kept")
table.wrong(ex.village, "close tells nobody", Untold, 'says `"houses"`', "and nowhere else")
table.wrong(ex.village, "open tells nobody", UntoldOpen, 'says `"houses"`', "and nowhere else")
table.wrong(ex.village, "opens by hand", OpensByHand, "started by the caller", "who starts it")
table.wrong(ex.village, "forgets an await", ForgetsToWait, "never awaited", "`await`")
table.wrong(ex.village, "open says ok", SaysOk, "'ok'", "what is returned")
table.wrong(ex.village, "not_found", Honest, "once more", "what `close` returns")
table.hard_coded(ex.village, "the houses of the first case", Gulls, "it passed the first one")

"""Races inside of otp_mini's own supervisors and registries, to be tried in every order.

Each scenario ends with what can be seen from outside when everybody is done. Its check says what must hold
whoever goes first; `RACES` has both, and how many runs are enough.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from otp_mini import (
    Agent,
    AlreadyRegistered,
    Application,
    BadArg,
    ChildError,
    ChildSpec,
    Deadlock,
    Down,
    DynamicSupervisor,
    Exit,
    Partition,
    PartitionSupervisor,
    Pid,
    Process,
    Registry,
    Supervisor,
    Task,
    TaskSupervisor,
    receive,
    self_,
    send,
    spawn,
)


class Race(NamedTuple):
    """A scenario, and what must hold in each of its outcomes."""

    scenario: Callable[[], Any]
    holds: Callable[[Any], bool]
    most: int = 1_500

    def check(self, outcome: Any) -> bool:
        """An outcome is right if it is no exception, and what must hold does."""
        return not isinstance(outcome, (BaseException, Deadlock)) and self.holds(outcome)


# ---- what the scenarios share ------------------------------------------------------------------------


def child(**options: Any) -> ChildSpec:
    """A child called ``one``."""
    return ChildSpec(**{"id": "one", "start": (Agent.start_link, (dict,)), **options})


async def named(name: str) -> Any:
    """Start an agent under a name."""
    return await Agent.start_link(dict, name=name)


async def tries(boss: Any, name: str, act: Any, *args: Any) -> None:
    """Do one thing, and tell main what came of it: an error by its reason."""
    try:
        answer = await act(*args)
    except ChildError as error:
        match error.reason:
            case ("already_started", Pid()):
                answer = "already_started"
            case reason:
                answer = reason if isinstance(reason, str) else f"failed: {reason!r}"
    except (Exception, Exit) as error:
        answer = type(error).__name__
    send(boss, (name, answer))


async def both(*acts: tuple[Any, ...]) -> list[Any]:
    """Let a process of its own try each; answers what came of them, in this order."""
    for number, (act, *args) in enumerate(acts):
        spawn(tries, self_(), f"act{number}", act, *args)
    told: dict[str, Any] = {}
    for _ in acts:
        name, answer = await receive(lambda message: type(message) is tuple)
        told[name] = answer
    return [told[name] for name in sorted(told)]


async def kill(pid: Any) -> str:
    Process.exit(pid, "kill")
    return "killed"


async def pid_of(supervisor: Any) -> Any:
    """The pid of the only child, or what stands in its place."""
    return (await Supervisor.which_children(supervisor))[0].pid


async def state_of(supervisor: Any) -> list[Any]:
    """Of each child whether it lives, or what stands in the place of its pid; then how many are counted as active."""
    table = await Supervisor.which_children(supervisor)
    lives = [Process.alive(row.pid) if isinstance(row.pid, type(self_())) else row.pid for row in table]
    return [*lives, (await Supervisor.count_children(supervisor)).active]


async def one_child(**options: Any) -> Any:
    return await Supervisor.start_link([child()], strategy="one_for_one", **options)


# ---- Supervisor ---------------------------------------------------------------------------------------


async def start_against_terminate() -> Any:
    """The child is there: it can be ended, and not be started a second time."""
    sup = await one_child()
    told = await both((Supervisor.start_child, sup, child()), (Supervisor.terminate_child, sup, "one"))
    return [*told, *await state_of(sup)]


async def restart_against_delete() -> Any:
    """A child that was ended is started again, or forgotten; never both."""
    sup = await one_child()
    await Supervisor.terminate_child(sup, "one")
    told = await both((Supervisor.restart_child, sup, "one"), (Supervisor.delete_child, sup, "one"))
    return [told[0] if isinstance(told[0], str) else "started", told[1], *await state_of(sup)]


async def terminate_against_crash() -> Any:
    """Whoever is first: who was terminated stays down, and nobody counts it."""
    sup = await one_child()
    pid = await pid_of(sup)
    told = await both((Supervisor.terminate_child, sup, "one"), (kill, pid))
    return [*told, *await state_of(sup), Process.alive(pid)]


async def restart_against_terminate() -> Any:
    """Two who ask for opposite things of a child that is down get answers that fit how it stands in the end."""
    sup = await one_child()
    await Supervisor.terminate_child(sup, "one")
    told = await both((Supervisor.restart_child, sup, "one"), (Supervisor.terminate_child, sup, "one"))
    return [told[0] if isinstance(told[0], str) else "started", told[1], *await state_of(sup)]


async def stop_against_crash() -> Any:
    """A supervisor that is stopped while its child crashes stops, and leaves nobody behind."""
    sup = await Supervisor.start_link([child(start=(named, ("one",)))], strategy="one_for_one", name="sup")
    Process.monitor(sup)
    told = await both((Supervisor.stop, sup), (kill, Process.whereis("one")))
    await receive(lambda message: type(message) is Down)
    return [*told, Process.whereis("one"), Process.whereis("sup")]


async def list_during_restart() -> Any:
    """Who asks during a restart sees one child, with a pid or as one that is being started; then it is there again."""
    sup = await one_child()
    first = await pid_of(sup)
    told = await both((kill, first), (Supervisor.count_children, sup), (Supervisor.which_children, sup))
    await Process.sleep(1)
    seen = [row.pid if row.pid in (None, "restarting") else "a pid" for row in told[2]]
    return [told[1].specs, told[1].workers, told[1].active, *seen, *await state_of(sup), Process.alive(first)]


async def name_of_child_taken() -> Any:
    """The child's name is taken while it is down: the supervisor tries as often as it may, and gives up."""
    sup = await Supervisor.start_link([child(start=(named, ("one",)))], strategy="one_for_one", max_restarts=1)
    Process.unlink(sup)
    Process.monitor(sup)
    killed = Process.whereis("one")

    async def takes(boss: Any) -> None:
        try:
            Process.register(self_(), "one")
        except ValueError:
            send(boss, "had it")
        else:
            send(boss, "took it")
            await receive()

    spawn(takes, self_())
    spawn(kill, killed)
    took = await receive(lambda message: type(message) is str)
    await Process.sleep(1)
    holder = Process.whereis("one")
    return [took, Process.alive(sup), holder not in (None, killed)]


async def one_for_all_against_crash() -> Any:
    """Two siblings crash at once: both are there afterwards, each once."""
    children = [child(id=name, start=(named, (name,))) for name in ("one", "two")]
    sup = await Supervisor.start_link(children, strategy="one_for_all")
    before = [Process.whereis(name) for name in ("one", "two")]
    await both(*((kill, pid) for pid in before))
    await Process.sleep(1)
    return [*await state_of(sup), *(Process.alive(pid) for pid in before)]


# ---- DynamicSupervisor --------------------------------------------------------------------------------


async def two_starts_for_one_place() -> Any:
    """Of two who want the last place one gets it."""
    sup = await DynamicSupervisor.start_link(max_children=1)
    told = await both(*((DynamicSupervisor.start_child, sup, child()) for _ in range(2)))
    kinds = sorted(each if isinstance(each, str) else "started" for each in told)
    return [*kinds, (await DynamicSupervisor.count_children(sup)).active]


async def start_against_end() -> Any:
    """A place is free again as soon as the supervisor counts its child no more, and not while the child lives."""
    sup = await DynamicSupervisor.start_link(max_children=1)
    first = await DynamicSupervisor.start_child(sup, child(restart="temporary"))

    async def starts() -> Any:
        counted = (await DynamicSupervisor.count_children(sup)).specs
        try:
            await DynamicSupervisor.start_child(sup, child())
        except ChildError as error:
            return counted, error.reason, Process.alive(first)
        return counted, "started", Process.alive(first)

    told = await both((starts,), (kill, first))
    return [*told[0], (await DynamicSupervisor.count_children(sup)).active]


async def dynamic_terminate_against_crash() -> Any:
    """A child that was restarted has another pid: who ends it by the old one is told so, and it lives on."""
    sup = await DynamicSupervisor.start_link()
    first = await DynamicSupervisor.start_child(sup, child())
    told = await both((DynamicSupervisor.terminate_child, sup, first), (kill, first))
    await Process.sleep(1)
    return [told[0], (await DynamicSupervisor.count_children(sup)).active, Process.alive(first)]


# ---- Registry -----------------------------------------------------------------------------------------


async def holds_a_key(boss: Any) -> None:
    Registry.register("keys", "k", 1)
    send(boss, "registered")
    await receive()


async def wants_the_key() -> str:
    try:
        Registry.register("keys", "k", 2)
    except AlreadyRegistered:
        return "taken"
    return "got it"


async def register_against_death() -> Any:
    """A key is free as soon as its holder is gone, and not before; whoever looks it up never finds the dead."""
    await Registry.start_link(name="keys")
    holder = spawn(holds_a_key, self_())
    await receive()

    async def wants_it() -> Any:
        return Process.alive(holder), await wants_the_key(), Process.alive(holder)

    told = await both((wants_it,), (kill, holder))
    found = Registry.lookup("keys", "k")
    return [*told[0], all(Process.alive(pid) for pid, _ in found)]


async def dispatches() -> str:
    return Registry.dispatch("topics", "news", tell_all)


def tell_all(entries: Any) -> None:
    for pid, _ in entries:
        send(pid, "news")


async def leaves(boss: Any) -> None:
    Registry.register("topics", "news")
    send(boss, "registered")
    Registry.unregister("topics", "news")
    send(boss, "left")
    await receive()
    await Process.sleep(1)
    send(boss, (await receive(timeout=0), await receive(timeout=0)))


async def dispatch_against_unregister() -> Any:
    """Who leaves a topic gets what was told before, once, and nothing that is told afterwards."""
    await Registry.start_link(keys="duplicate", name="topics")
    one = spawn(leaves, self_())
    await receive()
    await both((dispatches,))
    await receive(lambda message: message == "left")
    await dispatches()
    send(one, "look")
    return [str(each) for each in await receive(lambda message: type(message) is tuple)]


async def updates(boss: Any) -> None:
    Registry.register("keys", "k", 0)
    send(boss, "registered")
    Registry.update_value("keys", "k", plus_one)
    send(boss, "updated")
    await receive()


def plus_one(value: int) -> int:
    return value + 1


async def update_against_death() -> Any:
    """A holder that is killed in the middle leaves nothing behind, whatever it had changed."""
    await Registry.start_link(name="keys")
    holder = spawn(updates, self_())
    await receive()
    await both((kill, holder), (looks,))
    await Process.sleep(1)
    return [Registry.lookup("keys", "k"), Registry.count("keys"), await wants_the_key()]


async def looks() -> Any:
    return [value for _, value in Registry.lookup("keys", "k")]


async def two_register() -> Any:
    """Of two who want a key one gets it."""
    await Registry.start_link(name="keys")
    told = await both((holds_it,), (holds_it,))
    return sorted(told)


async def holds_it() -> str:
    got = await wants_the_key()
    await Process.sleep(1)
    return got


# ---- TaskSupervisor, PartitionSupervisor, Application ------------------------------------------------


async def works() -> str:
    return "done"


async def starts_a_task(sup: Any) -> Any:
    task = await TaskSupervisor.async_nolink(sup, works)
    try:
        return await Task.await_(task)
    except Exit:
        return "exit"


async def task_against_end_of_supervisor() -> Any:
    """Who waits for a task whose supervisor ends gets its result or an exit, and never waits for ever."""
    sup = await TaskSupervisor.start_link()
    Process.unlink(sup)
    told = await both((starts_a_task, sup), (Supervisor.stop, sup))
    return [*told, Process.alive(sup)]


async def asks_a_partition() -> Any:
    return await Agent.get(Partition("parts", 0), len)


async def partition_against_crash() -> Any:
    """A partition that crashed is there again, and who asked meanwhile has an answer or an exit."""
    sup = await PartitionSupervisor.start_link(child(), name="parts", partitions=2)
    first = next(row.pid for row in await Supervisor.which_children(sup) if row.id == 0)
    told = await both((asks_a_partition,), (kill, first))
    await Process.sleep(1)
    return [told[0], (await Supervisor.count_children(sup)).active, await asks_a_partition()]


class Shop(Application):
    """An application of one supervisor."""

    async def start(self, type: str, args: Any) -> Any:
        return await Supervisor.start_link([child()], strategy="one_for_one", name="top")


async def stop_application_against_crash() -> Any:
    """An application whose top is killed while it is stopped is stopped, or does not run any more."""
    await Shop.start_application()
    spawn(kill, Process.whereis("top"))
    try:
        told = await Shop.stop_application()
    except BadArg:
        told = "does not run"
    return [told, Application.started(), Process.whereis("top")]


async def two_start_an_application() -> Any:
    """An application runs once, whoever starts it."""
    told = await both((starts_the_shop,), (starts_the_shop,))
    return [*sorted(told), Application.started() == [Shop]]


async def starts_the_shop() -> str:
    try:
        await Shop.start_application()
    except Exception as error:
        return type(error).__name__
    return "started"


# ---- what must hold ------------------------------------------------------------------------------------

RACES = [
    Race(
        start_against_terminate,
        lambda end: end[0] in ("already_started", "already_present") and end[1:] == ["ok", None, 0],
    ),
    Race(restart_against_delete, lambda end: end in (["started", "running", True, 1], ["not_found", "ok", 0])),
    Race(terminate_against_crash, lambda end: end == ["ok", "killed", None, 0, False]),
    Race(restart_against_terminate, lambda end: end[:2] == ["started", "ok"] and end[2:] in ([None, 0], [True, 1])),
    Race(stop_against_crash, lambda end: end == ["ok", "killed", None, None], 300),
    Race(
        list_during_restart,
        lambda end: (
            end[:2] == [1, 1] and end[2] in (0, 1) and end[3] in ("a pid", "restarting") and end[4:] == [True, 1, False]
        ),
        300,
    ),
    Race(name_of_child_taken, lambda end: end in (["had it", True, True], ["took it", False, True])),
    Race(one_for_all_against_crash, lambda end: end == [True, True, 2, False, False], 200),
    Race(two_starts_for_one_place, lambda end: end == ["max_children", "started", 1]),
    Race(
        start_against_end,
        lambda end: (
            (end[:2] == [1, "max_children"] and end[3] == 0) or (end[0] in (0, 1) and end[1:] == ["started", False, 1])
        ),
    ),
    Race(dynamic_terminate_against_crash, lambda end: end in (["ok", 0, False], ["not_found", 1, False])),
    Race(
        register_against_death,
        lambda end: (end[:2] == [True, "taken"] or end[1:3] == ["got it", False]) and end[3] is True,
        500,
    ),
    Race(dispatch_against_unregister, lambda end: end in (["timeout", "timeout"], ["look", "timeout"])),
    Race(update_against_death, lambda end: end == [[], 0, "got it"], 300),
    Race(two_register, lambda end: end == ["got it", "taken"]),
    Race(
        task_against_end_of_supervisor, lambda end: end[0] in ("done", "exit", "Exit") and end[1:] == ["ok", False], 300
    ),
    Race(partition_against_crash, lambda end: end[0] in (0, "Exit") and end[1:] == [2, 0], 300),
    Race(stop_application_against_crash, lambda end: end in (["ok", [], None], ["does not run", [], None])),
    Race(two_start_an_application, lambda end: end == ["AlreadyStarted", "started", True], 200),
]

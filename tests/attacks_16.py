"""Attacks on the checks of chapter 16, supervision trees."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attacks import Table

from otp_mini import (
    INFINITY,
    ChildSpec,
    DynamicSupervisor,
    GenServer,
    NoReply,
    Ok,
    Process,
    Registry,
    Stop,
    Supervise,
    Supervisor,
    Task,
    child_spec,
    current_node,
    self_,
    send,
    spawn,
)
from otp_mini.exercises import supervision_trees as ex

table = Table()
CALLS = (Task.Supervisor, {"name": "calls"})
NEWS = (Registry, {"keys": "duplicate", "name": "news"})
NAMES = (Registry, {"keys": "unique", "name": "tank names"})
TANKS = (DynamicSupervisor, {"name": "tanks"})


class Branch(Supervisor):
    """As in the chapter: a name, and a plan."""

    @classmethod
    async def start_link(cls, argument: Any) -> Any:
        return await super().start_link(argument, name=argument[0])

    @classmethod
    def child_spec(cls, argument: Any) -> ChildSpec:
        return super().child_spec(argument).override(id=argument[0])

    def init(self, argument: Any) -> Any:
        return argument[1]


def one(*children: Any, **rules: Any) -> Supervise:
    return Supervise(children, strategy="one_for_one", **rules)


def rest(*children: Any, **rules: Any) -> Supervise:
    return Supervise(children, strategy="rest_for_one", **rules)


def every(*children: Any, **rules: Any) -> Supervise:
    return Supervise(children, strategy="one_for_all", **rules)


def below(name: str, plan: Supervise, **changed: Any) -> ChildSpec:
    return child_spec((Branch, (name, plan)), **changed)


# ---- drill 1: the alarm branch ----------------------------------------------------------------------------------


def without_return(siren: Any) -> Any:
    rest(CALLS, NEWS, siren)


def known_siren(siren: Any) -> Any:
    return rest(CALLS, NEWS, siren) if siren.id == "siren" else one(CALLS, NEWS, siren)


async def by_itself(siren: Any) -> Any:
    await Registry.start_link(keys="duplicate", name="news")
    return rest(CALLS, siren)


def unawaited(siren: Any) -> Any:
    return by_itself(siren)


def nested(siren: Any) -> Any:
    return one(CALLS, below("listeners", rest(NEWS, siren)))


def two_levels(siren: Any) -> Any:
    return rest(below("phones", one(CALLS)), below("listeners", rest(NEWS, siren)))


def forgotten(child: Any) -> ChildSpec:
    return child_spec(child, restart="temporary")


async def as_coroutine(siren: Any) -> Any:
    return rest(CALLS, NEWS, siren)


table.right(ex.alarm_branch, "has a branch for the two", nested)
table.right(ex.alarm_branch, "has two branches", two_levels)
table.right(ex.alarm_branch, "is an async def", as_coroutine)
table.right(ex.alarm_branch, "allows more restarts", lambda siren: rest(CALLS, NEWS, siren, max_restarts=5))
table.wrong(ex.alarm_branch, "one_for_one", lambda siren: one(CALLS, NEWS, siren), "no registry")
table.wrong(ex.alarm_branch, "one_for_all", lambda siren: every(CALLS, NEWS, siren), "needs no news")
table.wrong(
    ex.alarm_branch, "the calls behind the news", lambda siren: rest(NEWS, CALLS, siren), "A call to a keeper needs no"
)
table.wrong(ex.alarm_branch, "the siren first", lambda siren: rest(siren, CALLS, NEWS), "the order of the list")
table.wrong(ex.alarm_branch, "the siren before the news", lambda siren: rest(CALLS, siren, NEWS), "order of the list")
table.wrong(
    ex.alarm_branch,
    "unique keys",
    lambda siren: rest(CALLS, (Registry, {"keys": "unique", "name": "news"}), siren),
    "the `keys` of the registry",
)
table.wrong(
    ex.alarm_branch,
    "the news and the siren fall together",
    lambda siren: one(CALLS, below("listeners", every(NEWS, siren))),
    "and nobody else",
)
table.wrong(ex.alarm_branch, "forgets the return", without_return, "is a `return` missing")
table.wrong(ex.alarm_branch, "a list in place of a plan", lambda siren: [CALLS, NEWS, siren], "what a plan is")
table.wrong(ex.alarm_branch, "starts the registry itself", by_itself, "on no supervisor's list")
table.wrong(ex.alarm_branch, "no supervisor for the calls", lambda siren: rest(NEWS, siren), "'calls'")
table.wrong(
    ex.alarm_branch,
    "a siren that does not come back",
    lambda siren: rest(CALLS, NEWS, siren.override(restart="temporary")),
    "the siren heard",
)
table.wrong(
    ex.alarm_branch, "temporary news", lambda siren: rest(CALLS, forgotten(NEWS), siren), "unless it is `temporary`"
)
table.wrong(ex.alarm_branch, "temporary calls", lambda siren: rest(forgotten(CALLS), NEWS, siren), "has not come back")
table.hard_coded(ex.alarm_branch, "knows the siren by its name", known_siren, "it passed the first one")

# ---- drill 2: filled again ---------------------------------------------------------------------------------------


def once(fill: Any, restart: Any = "transient") -> ChildSpec:
    return ChildSpec("fill", (Task.start_link, (fill,)), restart=restart)


class Filler(GenServer, restart="transient"):
    """Does it in a server of its own, and stops."""

    @classmethod
    async def start_link(cls, fill: Any) -> Any:
        return await super().start_link(fill)

    def init(self, fill: Any) -> Any:
        send(self_(), "fill")
        return Ok(fill)

    async def handle_info(self, message: Any, fill: Any) -> Any:
        match message:
            case "fill":
                await fill()
                return Stop("normal", fill)
        return NoReply(fill)


class Stays(Filler, restart="permanent"):
    """Does it, and lives on."""

    async def handle_info(self, message: Any, fill: Any) -> Any:
        match message:
            case "fill":
                await fill()
        return NoReply(fill)


def in_the_supervisor(fill: Any) -> Any:
    async def start() -> None:
        await fill()

    return rest(NAMES, TANKS, ChildSpec("fill", (start, ())))


def in_init(fill: Any) -> Any:
    class Early(Filler):
        async def init(self, fill: Any) -> Any:
            await fill()
            return Ok(fill)

    return rest(NAMES, TANKS, (Early, fill))


def apart(fill: Any) -> Any:
    async def loose() -> None:
        spawn(fill)

    return rest(NAMES, TANKS, once(loose))


def first_five(fill: Any) -> Any:
    """Every tank is to be below 'tanks', of which there may be five."""
    return rest(NAMES, (DynamicSupervisor, {"name": "tanks", "max_children": 5}), once(fill))


def few(fill: Any) -> Any:
    return rest(NAMES, (DynamicSupervisor, {"name": "tanks", "max_children": 2}), once(fill))


def fill_without_return(fill: Any) -> Any:
    rest(NAMES, TANKS, once(fill))


def called(fill: Any) -> Any:
    fill().close()
    return rest(NAMES, TANKS, ChildSpec("fill", (Task.start_link, (lambda: None,)), restart="transient"))


table.right(ex.hall_branch, "a server that stops", lambda fill: rest(NAMES, TANKS, (Filler, fill)))
table.right(ex.hall_branch, "a server that stays", lambda fill: rest(NAMES, TANKS, (Stays, fill)))
table.right(ex.hall_branch, "all of them together", lambda fill: every(NAMES, TANKS, once(fill)))
table.right(ex.hall_branch, "a branch in a branch", lambda fill: rest(NAMES, below("in", rest(TANKS, once(fill)))))
table.wrong(ex.hall_branch, "temporary", lambda fill: rest(NAMES, TANKS, once(fill, "temporary")), "`temporary`")
table.wrong(ex.hall_branch, "permanent", lambda fill: rest(NAMES, TANKS, once(fill, "permanent")), "`permanent`")
table.wrong(ex.hall_branch, "one_for_one", lambda fill: one(NAMES, TANKS, once(fill)), "is `fill` one of the rest")
table.wrong(ex.hall_branch, "the fill first", lambda fill: rest(once(fill), NAMES, TANKS), "'tanks' was killed", "rest")
table.wrong(
    ex.hall_branch,
    "the tanks before the registry",
    lambda fill: rest(TANKS, NAMES, once(fill)),
    "must not outlive",
)
table.wrong(
    ex.hall_branch,
    "the fill in a branch of its own",
    lambda fill: one(below("in", rest(NAMES, TANKS)), once(fill)),
    "is `fill` one of the rest",
)
table.wrong(ex.hall_branch, "runs it in the supervisor", in_the_supervisor, "the tree was started")
table.wrong(ex.hall_branch, "runs it in init", in_init, "the tree was started")
table.wrong(ex.hall_branch, "has another process run it", apart, "`fill` was run", "1")
table.wrong(ex.hall_branch, "forgets the return", fill_without_return, "is a `return` missing")
table.wrong(ex.hall_branch, "calls the function itself", called, "`fill` was run")
table.wrong(
    ex.hall_branch,
    "a name for many",
    lambda fill: rest((Registry, {"keys": "duplicate", "name": "tank names"}), TANKS, once(fill)),
    "`unique` keys",
)
table.hard_coded(ex.hall_branch, "has room for two tanks", few, "the tree")

# ---- drill 3: who is new? ----------------------------------------------------------------------------------------


def workers(children: Any) -> Any:
    found: list[Any] = []
    for child in children:
        found += [child] if isinstance(child, str) else workers(child[1])
    return found


def by(choose: Callable[[Any, Any, int], Any]) -> Callable[[Any, Any], Any]:
    """Goes down to the list that holds the name; ``choose`` says which of its members are new."""

    def new_after(plan: Any, name: Any) -> Any:
        strategy, children = plan
        for n, child in enumerate(children):
            if child == name:
                return workers(choose(strategy, children, n))
            if not isinstance(child, str) and name in workers([child]):
                return new_after(child, name)
        return []

    return new_after


def right_group(strategy: Any, children: Any, n: int) -> Any:
    return {"one_for_one": [children[n]], "rest_for_one": children[n:], "one_for_all": children}[strategy]


def upwards(plan: Any, name: Any) -> Any:
    """The branch that was struck counts as one that has crashed."""
    strategy, children = plan
    for n, child in enumerate(children):
        if child == name:
            return workers(right_group(strategy, children, n))
        if not isinstance(child, str) and name in workers([child]):
            inner = upwards(child, name)
            return inner + workers(right_group(strategy, children, n)[1:]) if strategy == "rest_for_one" else inner
    return []


def by_the_root(plan: Any, name: Any) -> Any:
    strategy, children = plan
    for n, child in enumerate(children):
        if name in workers([child]):
            return workers(right_group(strategy, children, n))
    return []


def no_branches(plan: Any, name: Any) -> Any:
    return [each for each in by(right_group)(plan, name) if each in plan[1]] or by(right_group)(plan, name)[:1]


def with_branches(plan: Any, name: Any) -> Any:
    strategy, children = plan
    for n, child in enumerate(children):
        if child == name:
            return right_group(strategy, children, n)
        if not isinstance(child, str) and name in workers([child]):
            return with_branches(child, name)
    return []


def forgetful(plan: Any, name: Any) -> Any:
    by(right_group)(plan, name)


def shown_plan(plan: Any, name: Any) -> Any:
    if plan[1][0] == "log":
        return by(right_group)(plan, name)
    return by_the_root(plan, name)


def eating(plan: Any, name: Any) -> Any:
    new = by(right_group)(plan, name)
    plan[1].reverse()
    return new


def as_a_set(plan: Any, name: Any) -> Any:
    return set(by(right_group)(plan, name))


def flat_first(plan: Any, name: Any) -> Any:
    """Every list of the plan at once, looked through by a loop."""
    lists = [plan]
    for strategy, children in lists:
        lists += [child for child in children if isinstance(child, tuple)]
        if name in children:
            return workers(right_group(strategy, children, children.index(name)))
    return []


async def awaited(plan: Any, name: Any) -> Any:
    return by(right_group)(plan, name)


table.right(ex.new_after, "looks through all lists by a loop", flat_first)
table.right(ex.new_after, "is an async def", awaited)
table.right(ex.new_after, "by a chooser", by(right_group))
table.right(
    ex.new_after,
    "by slices",
    by(lambda s, c, n: c[0 if s == "one_for_all" else n : n + 1 if s == "one_for_one" else None]),
)
table.wrong(ex.new_after, "goes up to the root", upwards, "how far a crash goes")
table.wrong(ex.new_after, "asks the root's strategy", by_the_root, "how far a crash goes")
table.wrong(ex.new_after, "always the one", by(lambda s, c, n: [c[n]]), "the strategy above the process")
table.wrong(ex.new_after, "always the rest", by(lambda s, c, n: c[n:]), "how far a crash goes")
table.wrong(
    ex.new_after,
    "without the one that crashed",
    by(lambda s, c, n: [each for each in right_group(s, c, n) if each != c[n]]),
    "it is new as well",
)
table.wrong(ex.new_after, "leaves branches out", no_branches, "branches go with all that is in them")
table.wrong(ex.new_after, "names no workers of branches", with_branches, "names of workers")
table.wrong(ex.new_after, "backwards", lambda plan, name: by(right_group)(plan, name)[::-1], "the order of what")
table.wrong(ex.new_after, "forgets the return", forgetful, "is a `return` missing")
table.wrong(ex.new_after, "a set", as_a_set, "a list of names")
table.wrong(ex.new_after, "changes the plan", eating, "what is done to the plan")
table.hard_coded(ex.new_after, "is right for the shown plan", shown_plan, "it passed the first one")

# ---- drill 4: by the clock ---------------------------------------------------------------------------------------

start_child = Task.Supervisor.start_child


class Job(GenServer):
    """The frame of the answers: sets its timer for the first time, and takes its own message only."""

    def init(self, job: Any) -> Any:
        Process.send_after(self_(), "tick", job[1])
        return Ok(job)

    async def handle_info(self, message: Any, job: Any) -> Any:
        match message:
            case "tick":
                await self.tick(*job)
        return NoReply(job)

    @staticmethod
    async def tick(work: Any, first: Any, every: Any) -> Any:
        Process.send_after(self_(), "tick", every)
        await start_child("calls", work)


class Interval(Job):
    """Has the clock send it a message every so often, from the first one on."""

    @staticmethod
    async def tick(work: Any, first: Any, every: Any) -> Any:
        Process.send_interval(self_(), "again", every)
        await start_child("calls", work)

    async def handle_info(self, message: Any, job: Any) -> Any:
        match message:
            case "again":
                await start_child("calls", job[0])
                return NoReply(job)
        return await super().handle_info(message, job)


class Planned(GenServer):
    """Keeps the planned time, so that nothing drifts."""

    def init(self, job: Any) -> Any:
        at = current_node().now() + job[1]
        Process.send_after(self_(), ("due", at), job[1])
        return Ok(job)

    async def handle_info(self, message: Any, job: Any) -> Any:
        match message:
            case ("due", at):
                Process.send_after(self_(), ("due", at + job[2]), at + job[2] - current_node().now())
                await start_child("calls", job[0])
        return NoReply(job)


class Unlinked(Job):
    """Takes the messages of its tasks, and drops them."""

    @staticmethod
    async def tick(work: Any, first: Any, every: Any) -> Any:
        Process.send_after(self_(), "tick", every)
        await Task.Supervisor.async_nolink("calls", work)


class ByItself(Job):
    @staticmethod
    async def tick(work: Any, first: Any, every: Any) -> Any:
        Process.send_after(self_(), "tick", every)
        await work()


class WorkFirst(Job):
    @staticmethod
    async def tick(work: Any, first: Any, every: Any) -> Any:
        await work()
        Process.send_after(self_(), "tick", every)


class Loose(Job):
    @staticmethod
    async def tick(work: Any, first: Any, every: Any) -> Any:
        Process.send_after(self_(), "tick", every)
        Task.start(work)


class Linked(Job):
    @staticmethod
    async def tick(work: Any, first: Any, every: Any) -> Any:
        Process.send_after(self_(), "tick", every)
        await Task.Supervisor.async_("calls", work)


class AwaitsIt(Job):
    @staticmethod
    async def tick(work: Any, first: Any, every: Any) -> Any:
        Process.send_after(self_(), "tick", every)
        await Task.yield_(await Task.Supervisor.async_nolink("calls", work), timeout=INFINITY)


class Once(Job):
    @staticmethod
    async def tick(work: Any, first: Any, every: Any) -> Any:
        await start_child("calls", work)


class AlwaysFirst(Job):
    @staticmethod
    async def tick(work: Any, first: Any, every: Any) -> Any:
        Process.send_after(self_(), "tick", first)
        await start_child("calls", work)


class Daily(Job):
    @staticmethod
    async def tick(work: Any, first: Any, every: Any) -> Any:
        Process.send_after(self_(), "tick", 86400.0)
        await start_child("calls", work)


class AtOnce(Job):
    def init(self, job: Any) -> Any:
        send(self_(), "tick")
        return Ok(job)


class Unawaited(Job):
    @staticmethod
    async def tick(work: Any, first: Any, every: Any) -> Any:
        Process.send_after(self_(), "tick", every)
        start_child("calls", work)


class AnyTick(Job):
    async def handle_info(self, message: Any, job: Any) -> Any:
        await self.tick(*job)
        return NoReply(job)


class NoLastCase(Job):
    async def handle_info(self, message: Any, job: Any) -> Any:
        match message:
            case "tick":
                await self.tick(*job)
                return NoReply(job)


class CutsOff(Job):
    @staticmethod
    async def tick(work: Any, first: Any, every: Any) -> Any:
        Process.send_after(self_(), "tick", every)
        for pid in await Task.Supervisor.children("calls"):
            await Task.Supervisor.terminate_child("calls", pid)
        await start_child("calls", work)


class OnTheClass(Job):
    """Keeps what it was started with where all servers of the class see it."""

    kept: Any = None

    def init(self, job: Any) -> Any:
        OnTheClass.kept = job
        return super().init(job)

    async def handle_info(self, message: Any, job: Any) -> Any:
        return await super().handle_info(message, OnTheClass.kept)


table.right(ex.nightly, "with an interval", Interval)
table.right(ex.nightly, "keeps the planned time", Planned)
table.right(ex.nightly, "drops what its tasks send", Unlinked)
table.wrong(ex.nightly, "does the work itself", ByItself, "by the server")
table.wrong(ex.nightly, "does it before it sets the timer", WorkFirst, "by the server")
table.wrong(ex.nightly, "a task on nobody's list", Loose, "not below 'calls'")
table.wrong(ex.nightly, "a task that is linked", Linked, "who ends when the work raises")
table.wrong(ex.nightly, "waits for its task", AwaitsIt, "which process does the work")
table.wrong(ex.nightly, "works once", Once, "when the next message to oneself is sent")
table.wrong(ex.nightly, "takes the first span each time", AlwaysFirst, "which of the two numbers")
table.wrong(ex.nightly, "works at once", AtOnce, "when the next message")
table.wrong(ex.nightly, "forgets the await", Unawaited, "`await`")
table.wrong(ex.nightly, "takes anything for its message", AnyTick, "when the next message")
table.wrong(ex.nightly, "has no last case", NoLastCase, "is there a last `case`")
table.wrong(ex.nightly, "ends the work before", CutsOff, "when the next one is due", "it is not touched")
table.wrong(ex.nightly, "keeps its work on the class", OnTheClass, "in a global or in the class")
table.hard_coded(ex.nightly, "works once a day", Daily, "it passed the first one")

# ---- repair 1: the kitchen ---------------------------------------------------------------------------------------


def longer(parts: Any, seconds: Any = 30.0) -> Any:
    return child_spec(parts["stock"], shutdown=seconds)


def books(parts: Any, plan: Any = rest, seconds: Any = 30.0) -> ChildSpec:
    return below("books", plan(parts["log"], longer(parts, seconds), parts["plan"]))


def kitchen_without_return(parts: Any) -> Any:
    one(parts["scales"], books(parts))


async def starts_log(parts: Any) -> Any:
    await parts["log"].start[0]()
    return one(parts["scales"], below("books", rest(longer(parts), parts["plan"])))


table.right(ex.kitchen, "the scales last", lambda parts: one(books(parts), parts["scales"]))
table.right(ex.kitchen, "as long as it takes", lambda parts: one(parts["scales"], books(parts, seconds=INFINITY)))
table.right(
    ex.kitchen,
    "branch in branch",
    lambda parts: one(parts["scales"], below("a", rest(parts["log"], below("b", rest(longer(parts), parts["plan"]))))),
)
table.wrong(
    ex.kitchen,
    "the order alone",
    lambda parts: one(parts["log"], longer(parts), parts["plan"], parts["scales"]),
    "must not outlive",
)
table.wrong(
    ex.kitchen,
    "the scales behind the rest",
    lambda parts: rest(parts["log"], longer(parts), parts["plan"], parts["scales"]),
    "and nobody else",
)
table.wrong(
    ex.kitchen,
    "the scales in front of the rest",
    lambda parts: rest(parts["scales"], parts["log"], longer(parts), parts["plan"]),
    "and nobody else",
)
table.wrong(ex.kitchen, "all together", lambda parts: one(parts["scales"], books(parts, every)), "and nobody else")
table.wrong(ex.kitchen, "five seconds", lambda parts: one(parts["scales"], books(parts, seconds=5.0)), "`shutdown`")
table.wrong(
    ex.kitchen, "no time", lambda parts: one(parts["scales"], books(parts, seconds="brutal_kill")), "`shutdown`"
)
table.wrong(
    ex.kitchen,
    "time for the branch",
    lambda parts: one(
        parts["scales"], below("books", rest(parts["log"], parts["stock"], parts["plan"]), shutdown=60.0)
    ),
    "`shutdown`",
)
table.wrong(
    ex.kitchen,
    "no time for the branch",
    lambda parts: one(parts["scales"], below("books", rest(parts["log"], longer(parts), parts["plan"]), shutdown=5.0)),
    "cut off itself",
)
table.wrong(
    ex.kitchen,
    "the plan first",
    lambda parts: one(parts["scales"], below("books", rest(parts["plan"], longer(parts), parts["log"]))),
    "it needs 'stock'",
    "the order of the list",
)
table.wrong(
    ex.kitchen,
    "the log last",
    lambda parts: one(parts["scales"], below("books", rest(longer(parts), parts["plan"], parts["log"]))),
    "it needs 'log'",
)
table.wrong(ex.kitchen, "forgets the return", kitchen_without_return, "is a `return` missing")
table.wrong(ex.kitchen, "starts the log itself", starts_log, "on no supervisor's list")
table.wrong(
    ex.kitchen,
    "forgets the scales",
    lambda parts: one(books(parts)),
    "who is missing",
    "'scales'",
)
table.hard_coded(
    ex.kitchen, "ten seconds are enough", lambda parts: one(parts["scales"], books(parts, seconds=10.0)), "first one"
)

# ---- repair 2: the cameras ---------------------------------------------------------------------------------------


def cameras_apart(restart: Any = "transient", **rules: Any) -> Callable[[Any, Any], Any]:
    def hall(core: Any, cameras: Any) -> Any:
        return one(*core, below("cameras", one(*cameras, **rules), restart=restart))

    return hall


def each_alone(core: Any, cameras: Any) -> Any:
    alone = [below(f"branch {each.id}", one(each), restart="transient") for each in cameras]
    return one(*core, *alone)


def hall_without_return(core: Any, cameras: Any) -> Any:
    one(*core, *cameras)


def two_cameras(core: Any, cameras: Any) -> Any:
    return cameras_apart()(core, cameras) if len(core) == 2 else one(*core, *cameras)


async def started_here(core: Any, cameras: Any) -> Any:
    for camera in cameras:
        await camera.start[0]()
    return one(*core)


def hall_with_rules(**rules: Any) -> Callable[[Any, Any], Any]:
    return lambda core, cameras: one(*core, below("cameras", one(*cameras), restart="transient"), **rules)


def leaves_one(core: Any, cameras: Any) -> Any:
    spawn(Process.sleep, 1e9)
    return cameras_apart()(core, cameras)


def two_branches(core: Any, cameras: Any) -> Any:
    plan = below("cameras", one(*cameras), restart="transient")
    return one(plan, *core)


table.right(ex.hall, "the cameras in front", two_branches)
table.right(ex.hall, "each camera has a branch", each_alone)
table.right(ex.hall, "a temporary branch", cameras_apart("temporary"))
table.right(ex.hall, "a larger budget for the cameras", cameras_apart(max_restarts=20, max_seconds=60.0))
table.wrong(ex.hall, "as it was", lambda core, cameras: one(*core, *cameras), "the hall gave up")
table.wrong(ex.hall, "a permanent branch", cameras_apart("permanent"), "A `permanent` branch is a child like any")
table.wrong(
    ex.hall,
    "temporary cameras",
    lambda core, cameras: one(*core, *[child_spec(each, restart="temporary") for each in cameras]),
    "A single crash is mended by a restart",
)
table.wrong(
    ex.hall,
    "transient cameras",
    lambda core, cameras: one(*core, *[child_spec(each, restart="transient") for each in cameras]),
    "the hall gave up",
)
table.wrong(
    ex.hall,
    "a large budget for all",
    lambda core, cameras: one(*core, *cameras, max_restarts=5000),
    "what a budget is for",
)
table.wrong(ex.hall, "a budget without an end", cameras_apart(max_restarts=5000), "what a budget is for")
table.wrong(ex.hall, "forgets the return", hall_without_return, "is a `return` missing")
table.wrong(ex.hall, "starts the cameras itself", started_here, "was killed once")
table.wrong(
    ex.hall,
    "rest_for_one",
    lambda core, cameras: rest(*core, below("cameras", one(*cameras), restart="transient")),
    "and nobody else",
)
table.wrong(
    ex.hall,
    "a core that bears anything",
    lambda core, cameras: one(
        *core, below("cameras", one(*cameras), restart="transient"), max_restarts=100, max_seconds=60.0
    ),
    "the budget of the core",
)
table.wrong(ex.hall, "forgets too soon", hall_with_rules(max_seconds=1.0), "both numbers as before")
table.wrong(ex.hall, "remembers too long", hall_with_rules(max_seconds=7.0), "crash 4 of the core", "as before")
table.wrong(ex.hall, "leaves a process of its own", leaves_one, "nothing of it is left")
table.wrong(ex.hall, "no cameras", lambda core, cameras: one(*core), "who is missing")
table.hard_coded(ex.hall, "knows a core of two", two_cameras, "it passed the first one")

# ---- design: a night at the aquarium -----------------------------------------------------------------------------

TILL_NAMES = (Registry, {"keys": "unique", "name": "till names"})
TILLS = (DynamicSupervisor, {"name": "tills"})


def again(child: Any) -> ChildSpec:
    return child_spec(child, restart="transient")


def pieces(parts: Any, **changed: Any) -> dict[str, Any]:
    """The children of a right answer, by what they are for; what is given takes the place of one."""
    right = {
        "journal": child_spec(parts["journal"], shutdown=10.0),
        "list": below("list", rest(parts["prices"], again(parts["import"]))),
        "shop": below("shop", rest(TILL_NAMES, TILLS, again(parts["opening"]))),
        "partner": below("partners", one(parts["partner"]), restart="transient"),
        "nightly": parts["nightly"],
    }
    return right | changed


def night_by(change: Callable[[Any], dict[str, Any]], order: str = "") -> Callable[[Any], Any]:
    def night(parts: Any) -> Any:
        found = pieces(parts, **change(parts))
        names = order.split() or list(found)
        return one(*[found[name] for name in names if found[name] is not None])

    return night


def night_without_return(parts: Any) -> Any:
    one(*pieces(parts).values())


def everything_behind(parts: Any) -> Any:
    return rest(*pieces(parts).values())


def flat_night(parts: Any) -> Any:
    journal = child_spec(parts["journal"], shutdown=10.0)
    errands = [again(parts["import"]), TILL_NAMES, TILLS, again(parts["opening"])]
    return one(journal, parts["prices"], *errands, parts["partner"], parts["nightly"])


async def opens_itself(parts: Any) -> Any:
    await Registry.start_link(keys="unique", name="till names")
    return night_by(lambda parts: {"shop": below("shop", rest(TILLS, again(parts["opening"])))})(parts)


def unchanged(parts: Any) -> dict[str, Any]:
    return {}


table.right(ex.night, "the partner first", night_by(unchanged, "partner journal list shop nightly"))
table.right(
    ex.night,
    "one_for_all where all are new together",
    night_by(
        lambda parts: {"shop": below("shop", rest(TILL_NAMES, below("in", every(TILLS, again(parts["opening"])))))}
    ),
)
table.right(
    ex.night,
    "a temporary partner branch",
    night_by(lambda parts: {"partner": below("partners", one(parts["partner"]), restart="temporary")}),
)
table.right(
    ex.night,
    "the journal has all the time",
    night_by(lambda parts: {"journal": child_spec(parts["journal"], shutdown=INFINITY)}),
)
table.wrong(ex.night, "forgets the return", night_without_return, "is a `return` missing")
table.wrong(ex.night, "one list", flat_night, "'prices' was killed", "'import'")
table.wrong(ex.night, "rest_for_one at the root", everything_behind, "and nobody else")
table.wrong(
    ex.night,
    "the errands as they were given",
    night_by(lambda parts: {"list": below("list", rest(parts["prices"], parts["import"]))}),
    "`temporary`",
)
table.wrong(
    ex.night,
    "the opening as it was given",
    night_by(lambda parts: {"shop": below("shop", rest(TILL_NAMES, TILLS, parts["opening"]))}),
    "`temporary`",
)
table.wrong(
    ex.night,
    "a permanent import",
    night_by(
        lambda parts: {"list": below("list", rest(parts["prices"], child_spec(parts["import"], restart="permanent")))}
    ),
    "a child like any other",
)
table.wrong(ex.night, "the partner beside the others", night_by(lambda parts: {"partner": parts["partner"]}), "gave up")
table.wrong(
    ex.night,
    "a permanent branch for the partner",
    night_by(lambda parts: {"partner": below("partners", one(parts["partner"]))}),
    "A `permanent` branch",
)
table.wrong(
    ex.night,
    "a temporary partner",
    night_by(lambda parts: {"partner": child_spec(parts["partner"], restart="temporary")}),
    "'partner' was killed",
)
table.wrong(
    ex.night, "five seconds for the journal", night_by(lambda parts: {"journal": parts["journal"]}), "`shutdown`"
)
table.wrong(
    ex.night,
    "nightly in front of the tills",
    night_by(unchanged, "journal list nightly shop partner"),
    "who missed whom",
)
table.wrong(
    ex.night,
    "the shop in front of the prices",
    night_by(unchanged, "journal shop list partner nightly"),
    "the tills were at work",
)
table.wrong(
    ex.night,
    "the import in front of the prices",
    night_by(lambda parts: {"list": below("list", rest(again(parts["import"]), parts["prices"]))}),
    "what the task needs",
)
table.wrong(
    ex.night,
    "a name for many tills",
    night_by(
        lambda parts: {
            "shop": below(
                "shop",
                rest((Registry, {"keys": "duplicate", "name": "till names"}), TILLS, again(parts["opening"])),
            )
        }
    ),
    "`unique` keys",
)
table.wrong(
    ex.night, "the journal last", night_by(unchanged, "list shop partner nightly journal"), "it needs 'journal'"
)
table.wrong(
    ex.night,
    "one_for_one in the shop",
    night_by(lambda parts: {"shop": below("shop", one(TILL_NAMES, TILLS, again(parts["opening"])))}),
    "one of the rest",
)
table.wrong(
    ex.night,
    "prices, tills and all in one branch",
    night_by(
        lambda parts: {
            "list": None,
            "shop": below(
                "shop", rest(parts["prices"], again(parts["import"]), TILL_NAMES, TILLS, again(parts["opening"]))
            ),
        }
    ),
    "and nobody else",
)
table.wrong(ex.night, "starts the registry itself", opens_itself, "'till names'")
table.hard_coded(
    ex.night,
    "knows how long the journal takes",
    night_by(lambda parts: {"journal": child_spec(parts["journal"], shutdown=6.5)}),
    "it passed the first one",
)

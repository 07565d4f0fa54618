"""The checks of chapter 16, supervision trees.

The reader's code says which child stands where. The check hands it children that need something when they start, when
they work or when they end, ends one of them after the other, and looks who is new, who was cut off, and what is gone.
Each docstring says in its first line what "ok" claims, and then what the check demands: the text of the exercise has to
say all of it. Whatever has a name or a number is tried with at least two of them.
"""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from .. import (
    BadArg,
    ChildError,
    ChildSpec,
    DynamicSupervisor,
    Exit,
    GenServer,
    NoReply,
    Ok,
    Pid,
    Process,
    Registry,
    StartError,
    Supervise,
    Supervisor,
    Task,
    Via,
    current_node,
    self_,
    send,
    sys_,
)
from ..errors import describe_reason, safe_repr
from ..gen_server import Continue
from .checking import NotYet, expect, let_pass
from .comparing import same
from .looking import answered, not_started, with_other_numbers

A_BLINK: Final = 0.01
"""Virtual seconds in which what is to happen at once has happened."""

A_WHILE: Final = 60.0
"""Virtual seconds after which no usual budget remembers a restart."""

Work = Callable[[], Awaitable[object]]

ORDER: Final = (
    "the order of the list. Children start from its beginning and stop from its end, one after the other: who is "
    "needed stands before those who need it"
)
OUTLIVES: Final = (
    "what must not outlive what. Who remembers or holds something of another process has to be started anew with it"
)
BLAST: Final = "what a crash takes along: those who hold something of the process that ended, and nobody else"
GONE: Final = (
    "the `restart` of what has not come back. A single crash is mended by a restart, and a `temporary` child has none"
)
NEEDS: Final = (
    "what the task needs when it runs: whom it needs stands before it, and a registry in which a name leads to one "
    "process has `unique` keys"
)
BUDGET: Final = (
    "whose budget a restart is taken from: that of the supervisor that the child stands directly below. Once it is "
    "spent, that supervisor ends, and the one above it has to do with that"
)


def now() -> float:
    """The time on the check's node."""
    return current_node().now()


# ---- parts that tell what becomes of them ----------------------------------------------------------------------


class Play:
    """The parts of one tree, and what became of each: its lives, its pid, and what it did in which order."""

    def __init__(self) -> None:
        self.lives: Counter[str] = Counter()
        self.pids: dict[str, Pid] = {}
        self.told: list[str] = []
        self.worked: set[str] = set()  # errands that could do something
        self.failed: list[str] = []  # why the others could not
        self.before = set(current_node().processes())  # who is no part of the tree

    def part(
        self,
        name: str,
        *,
        traps: bool = False,
        at_start: Work | None = None,
        at_end: Work | None = None,
        soon: Work | None = None,
        heard: Callable[[object], None] | None = None,
        **options: Any,
    ) -> ChildSpec:
        """The spec of a server that runs under its name.

        Args:
            name: and id.
            traps: does it trap exits? One that does something at its end has to.
            at_start, at_end: what it does in `init` and in `terminate`.
            soon: what it does as soon as it has started.
            heard: is given each message.
            options: of the spec.
        """
        play, catches = self, traps or at_end is not None

        class Actor(GenServer):
            async def init(self, _: object) -> Any:
                Process.flag(trap_exit=catches)
                if at_start is not None:
                    await at_start()
                play.born(name)
                return Ok(None, Continue("soon"))

            async def handle_continue(self, _: object, state: object) -> Any:
                if soon is not None:
                    await soon()
                return NoReply(state)

            def handle_info(self, message: object, state: object) -> Any:
                if heard is not None:
                    heard(message)
                return NoReply(state)

            async def terminate(self, reason: object, state: object) -> None:
                if at_end is not None:
                    await at_end()
                    play.told.append(f"{name} ended")

        async def start() -> Any:
            return await Actor.start_link(None, name=name)

        return ChildSpec(name, (start, ()), **options)

    async def trying(self, errand: str, work: Awaitable[object]) -> None:
        """Do a part of an errand, and note why it could not be done from the start."""
        try:
            await work
        except (Exit, ChildError) as error:
            if errand not in self.worked:
                self.failed.append(f"{errand}: {describe_reason(error.reason)}")
            raise
        self.worked.add(errand)

    def errand(self, name: str, work: Work, **options: Any) -> ChildSpec:
        """The spec of a task that does something once; it is temporary, as tasks are, if nothing else is said."""

        async def run() -> None:
            self.lives[name] += 1
            self.told.append(name)
            await work()

        return ChildSpec(name, (Task.start_link, (run,)), **{"restart": "temporary"} | options)

    def born(self, name: str) -> None:
        """Note that a part has started, in this process."""
        self.lives[name] += 1
        self.pids[name] = self_()
        self.told.append(name)

    def pid(self, name: str) -> Pid | None:
        """Who plays a part now: a part that noted itself, or whoever has the name."""
        pid = self.pids.get(name) or Process.whereis(name)
        return pid if pid is not None and Process.alive(pid) else None


async def _need(name: str) -> None:
    """Ask for somebody who has to be there."""
    pid = Process.whereis(name)
    if pid is None:
        raise Exit(("noproc", name))


class _Top(Supervisor):
    def init(self, plan: Any) -> Any:
        return plan


async def _planned(made: Any, name: str) -> Supervise:
    """What the reader's function returned, if it is a plan."""
    done = f"`{name}` was called"
    plan = await answered(made, done)
    if type(plan) is not Supervise:
        idea = "what the function gives back: is a `return` missing?" if plan is None else "what a plan is"
        raise NotYet(done, safe_repr(plan), "a plan: Supervise(…)", idea)
    return plan


async def _up(plan: Supervise, names: Sequence[str], play: Play, idea: str = ORDER) -> Pid:
    """Start a plan, and see that all of these run under their names."""
    Process.flag(trap_exit=True)  # a supervisor that gives up is something to look at
    try:
        root: Any = await _Top.start_link(plan)
        assert isinstance(root, Pid)
    except StartError as error:
        raise _refused(error) from None
    await Process.sleep(A_BLINK)
    missing = [name for name in names if Process.whereis(name) is None]
    if missing:
        await let_pass(A_WHILE)  # it may be stopping
        if not Process.alive(root) and play.failed:
            done = "the tree was started, and a task of it did its work"
            raise NotYet(done, f"{play.failed[0]}; it gave up at once", "it stands", NEEDS)
        if not Process.alive(root):
            raise NotYet("the tree was started", "it gave up at once", "it stands", idea)
    expect("the tree was started; who is missing?", missing, [], "the list of children, and the names of all of them")
    return root


def _refused(error: StartError) -> BaseException:
    """A tree that did not start, as something to learn from."""
    reason, name = error.reason, ""
    while isinstance(reason, tuple) and len(reason) == 2 and reason[0] == "shutdown" and isinstance(reason[1], tuple):
        _, child, reason = reason[1]
        name = safe_repr(child)
    while isinstance(reason, tuple) and len(reason) == 2 and reason[0] == "EXIT":
        reason = reason[1]
    match reason:
        case ("already_started", _):
            taken = "who starts a child: its supervisor, and nobody else. Its name was taken before it was started"
            return NotYet("the tree was started", f"{name} did not start: its name was taken", "all of it", taken)
        case ("noproc", str(needed)):
            seen = f"{name} did not start: it needs {needed!r}, and nobody had that name"
        case ("noproc", _) | BadArg() if "oproc" in safe_repr(reason) or "egistry" in str(reason):
            seen = f"{name} did not start: {describe_reason(reason)}"
        case _:
            return not_started(error)
    return NotYet("the tree was started", seen, "all of it running", ORDER)


async def _end(play: Play, name: str, pause: float = A_BLINK) -> None:
    """End a part, and give its supervisor time to see to it."""
    pid = play.pid(name)
    if pid is not None:
        Process.exit(pid, "kill")
    await Process.sleep(pause)


async def _new_after(play: Play, ended: str, names: Iterable[str], pause: float = A_BLINK) -> list[str]:
    """End one part: who of these is another process now? One that has not come back is said to be gone."""
    before = {name: play.pid(name) for name in names}
    await _end(play, ended, pause)
    after = {name: play.pid(name) for name in before}
    changed = [name for name, pid in before.items() if after[name] is not pid]
    return [name if after[name] is not None else f"{name} (gone)" for name in changed]


async def _took(
    play: Play, root: Pid, ended: str, hoped: Sequence[str], names: Sequence[str], pause: float = A_BLINK
) -> None:
    """See that the end of a part makes these new, and nobody else."""
    await let_pass(A_WHILE)
    seen = await _new_after(play, ended, names, pause)
    done = f"{ended!r} was killed; who is new?"
    if not Process.alive(root):
        raise NotYet(done, "the whole tree gave up", safe_repr(list(hoped)), BUDGET)
    gone = [name for name in seen if name.endswith(")")]
    short = set(hoped) - set(seen)
    expect(done, sorted(seen), sorted(hoped), GONE if gone else OUTLIVES if short else BLAST)


async def _stopped(root: Pid, play: Play) -> None:
    """Stop a tree, and see that nothing of it is left."""
    await Supervisor.stop(root)
    await Process.sleep(A_BLINK)
    _none_is_left(play, "the tree was stopped")


def _none_is_left(play: Play, done: str) -> None:
    left = set(current_node().processes()) - play.before
    if left:
        idea = (
            "who stops what was started: its supervisor, and nobody else. One that is cut off itself stops nobody: its "
            f"own `shutdown` is `INFINITY` if nothing else is said. And at {UNKEPT}"
        )
        raise NotYet(done, f"{len(left)} of its processes live on", "nothing of it is left", idea)


# ---- drill 1: a registry and its user ----------------------------------------------------------------------------


async def alarm_branch(alarm_branch: Any, topic: str = "too warm") -> None:
    """The siren hears the news whatever has crashed, and a call to a keeper is cut off by nobody else's end.

    Demands: "calls", "news" and the siren run below one supervisor that stands; "news" takes many under one topic; a
    new "news" brings a new siren, which hears, and leaves the calls alone; a siren that is killed is the only one that
    is new; whatever comes after the end of "calls", the siren hears; nothing is left when it is stopped.
    """
    await with_other_numbers(_one_branch, ((alarm_branch, topic, "siren"), (alarm_branch, "a leak", "bell")))


async def _one_branch(alarm_branch: Any, topic: str, name: str) -> None:
    play, heard = Play(), []  # type: ignore[var-annotated]

    async def subscribe() -> None:
        await _need("calls")
        Registry.register("news", topic)

    siren = play.part(name, traps=True, at_start=subscribe, heard=heard.append)
    names = ["calls", "news", name]
    root = await _up(await _planned(alarm_branch(siren), "alarm_branch"), names, play)
    await _hears(topic, heard, "the branch was started")
    await _many(topic, name)
    call = await Task.Supervisor.start_child("calls", Process.sleep, 600.0)
    seen = await _new_after(play, "news", names)
    done = "'news' was killed"
    if not Process.alive(call):
        idea = f"what stands behind what. A call to a keeper needs no news. And at {BLAST}"
        raise NotYet(done, "a call that was under way has ended", "it goes on", idea)
    await _hears(topic, heard, f"{done}; a message was published", DEAF)
    expect(f"{done}; who is new?", sorted(seen), sorted(["news", name]), BLAST)
    await _took(play, root, name, [name], names)
    await _hears(topic, heard, f"{name!r} was killed")
    await let_pass(A_WHILE)
    await _end(play, "calls")
    await _hears(topic, heard, "'calls' was killed")
    expect("'calls' was killed; is there another one?", Process.whereis("calls") is not None, True, GONE)
    await _stopped(root, play)


DEAF: Final = (
    "what the siren holds: an entry in the registry, which has ended with it. It traps exits and lives on, and is in "
    "no registry. Who is registered must not outlive the registry"
)


UNKEPT: Final = (
    "who starts a process again: the supervisor that has it in its list, unless it is `temporary`. What a function has "
    "started by itself is on no supervisor's list, and belongs to whoever called the function"
)


async def _hears(
    topic: str, heard: list[object], done: str, idea: str = "who is subscribed: is the siren there?"
) -> None:
    del heard[:]
    try:
        Registry.dispatch("news", topic, lambda entries: [send(pid, (topic, 7)) for pid, _ in entries])
    except BadArg as error:
        raise NotYet(done, str(error), "a registry called 'news'", UNKEPT) from None
    await Process.sleep(A_BLINK)
    expect(f"{done}; the siren heard", [each for each in heard if each == (topic, 7)], [(topic, 7)], idea)


async def _many(topic: str, name: str) -> None:
    try:
        Registry.register("news", topic)
    except Exception as error:
        idea = "the `keys` of the registry: may a topic have one process only, or many?"
        raise NotYet("a second process subscribed", type(error).__name__, "two subscribers", idea) from None
    Registry.unregister("news", topic)


# ---- drill 2: run again with the others ---------------------------------------------------------------------------


async def hall_branch(hall_branch: Any, tanks: tuple[object, ...] = (1, 2, 3, 4, 5)) -> None:
    """The tanks are filled once at the start, and again whenever they were lost, and never otherwise.

    Demands: the registry "tank names" and the dynamic supervisor "tanks" are there when ``fill`` runs, in a process of
    its own; a ``fill`` that raises half-way is run again; one that is done is not; a tank that is killed costs itself
    only; when "tanks" or "tank names" is killed, ``fill`` is run once more and no tank of before is alive; nothing is
    left.
    """
    await with_other_numbers(_one_house, ((hall_branch, tanks), (hall_branch, ("quay", ("pool", 2)))))


async def _one_house(hall_branch: Any, tanks: tuple[object, ...]) -> None:
    play, runs, fails = Play(), [], [True]

    def tank(key: object) -> ChildSpec:
        async def start() -> Any:
            return await _Tank.start_link(None, name=Via("tank names", key))

        return ChildSpec(_Tank, (start, ()))

    async def fill() -> None:
        runs.append(self_())
        await Process.sleep(A_BLINK / 10)
        for key in tanks:
            if not Registry.lookup("tank names", key):
                await play.trying("fill", DynamicSupervisor.start_child("tanks", tank(key)))
            if fails:
                fails.pop()
                raise ValueError("the second tank has no number")

    try:
        root = await _up(await _planned(hall_branch(fill), "hall_branch"), ["tank names", "tanks"], play, DONE)
    except (NotYet, StartError):
        if not runs or len(runs) > 1:
            raise
        raise NotYet("the tree was started, and `fill` raised", "no tree", "one that stands", _IN_A_CHILD) from None
    if Process.whereis("tanks") in runs or root in runs or self_() in runs:
        raise NotYet("the tree was started", "a supervisor ran `fill` itself", "a process of its own", _IN_A_CHILD)
    await _filled(root, tanks, runs, 2, "the tree was started, and the first `fill` raised", RETRIED)
    await _lost(play, root, tanks, runs)
    await _stopped(root, play)


async def _lost(play: Play, root: Pid, tanks: tuple[object, ...], runs: list[Pid]) -> None:
    """End one tank, and then what all of them stand on."""
    await let_pass(A_WHILE)
    await _filled(root, tanks, runs, 2, "a minute passed", DONE)
    [(pid, _)] = Registry.lookup("tank names", tanks[0])
    Process.exit(pid, "kill")
    await Process.sleep(A_BLINK)
    await _filled(root, tanks, runs, 2, "one tank was killed", BLAST)
    for number, name in enumerate(("tanks", "tank names", "tanks"), 3):
        await let_pass(A_WHILE)
        old = [Registry.lookup("tank names", key)[0][0] for key in tanks]
        await _end(play, name)
        done = f"{name!r} was killed"
        left = [pid for pid in old if Process.alive(pid)]
        if left:
            raise NotYet(done, f"{len(left)} tanks of before live on", "none of them", OUTLIVES)
        await _filled(root, tanks, runs, number, done, AGAIN)


class _Tank(GenServer):
    """Traps exits: the end of a registry is a message to it."""

    def init(self, state: object) -> Any:
        Process.flag(trap_exit=True)
        return Ok(state)

    def handle_info(self, message: object, state: object) -> Any:
        return NoReply(state)


AGAIN: Final = (
    "what a supervisor does with a child that had ended when others are started anew. It keeps no spec of a "
    "`temporary` one, and tasks are temporary if nothing else is said. And at the strategy: is `fill` one of the rest?"
)
DONE: Final = (
    "the `restart` of what is to run once. A `permanent` child is started again after every end, also after a good one"
)
RETRIED: Final = (
    "the `restart` of what may fail. A `temporary` child is not started again after a crash. And at the order: `fill` "
    "needs the registry and the supervisor"
)
_IN_A_CHILD: Final = (
    "who waits for `fill`. A start function runs in the supervisor, and `init` before the start is over. If it raises "
    "there, a first start has failed, and that is not tried again"
)


async def _filled(root: Pid, tanks: Sequence[object], runs: list[Pid], times: int, done: str, idea: str) -> None:
    if not Process.alive(root):
        raise NotYet(done, f"the tree gave up, after {len(runs)} runs of `fill`", "it stands", DONE)
    expect(f"{done}; so often `fill` was run", len(runs), times, idea if len(runs) < times else DONE)
    there = [key for key in tanks if Registry.lookup("tank names", key)]
    expect(f"{done}; these tanks are found", there, list(tanks), idea)
    count = (await DynamicSupervisor.count_children("tanks")).active
    expect(f"{done}; so many tanks run below 'tanks'", count, len(tanks), OUTLIVES)


# ---- drill 3: what a crash takes along ----------------------------------------------------------------------------

Plan = tuple[str, list[Any]]
SHOWN: Final[Plan] = ("rest_for_one", ["log", ("one_for_one", ["hourly", "daily"]), "panel"])
OTHERS: Final[tuple[Plan, ...]] = (
    ("one_for_one", ["a", ("rest_for_one", ["b", ("one_for_all", ["c", "d"]), "e"]), ("one_for_all", ["f", "g"])]),
    ("one_for_all", ["a", ("one_for_one", [("rest_for_one", ["b", "c", "d"]), "e"]), "f"]),
    ("rest_for_one", ["a", ("one_for_one", ["b", "c"]), ("rest_for_one", ["d", ("one_for_one", ["e"])]), "f"]),
)


async def new_after(new_after: Any, plan: Plan = SHOWN) -> None:
    """It agrees with real supervisors about every worker of four trees.

    Demands: a list of the workers that are new after one crash, in the order of the plan; branches that are stopped and
    started bring all of their workers; an empty list for a name that is not there; the plan is left as it was.
    """
    for number, each in enumerate((plan, *OTHERS)):
        before, own = safe_repr(each), copy.deepcopy(each)
        for name in _workers(each):
            seen = await answered(new_after(own, name), "`new_after` was called")
            expect("the plan after the question", safe_repr(own), before, "what is done to the plan: it is only asked")
            done = f"{name!r} crashes in {each}; who is new?"
            if seen is None:
                raise NotYet(done, "None", "a list", "what the function gives back: is a `return` missing?")
            hoped = await _really(each, name)
            if not same(seen, hoped):
                idea = _about(each, name, seen, hoped)
                first = "your answer with another tree: it passed the first one. And at " if number else ""
                raise NotYet(done, safe_repr(seen), safe_repr(hoped), first + idea)
        seen = await answered(new_after(own, "nobody"), "`new_after` was called")
        expect("a name that is not there was asked for", seen, [], "what is new when nobody crashes")


def _workers(plan: Plan) -> list[str]:
    found: list[str] = []
    for child in plan[1]:
        found += [child] if isinstance(child, str) else _workers(child)
    return found


async def _really(plan: Plan, name: str) -> list[str]:
    play = Play()

    def children(plan: Plan) -> Supervise:
        specs = []
        for number, child in enumerate(plan[1]):
            spec = play.part(child) if isinstance(child, str) else _branch(str(number), children(child))
            specs.append(spec)
        return Supervise(specs, strategy=plan[0])  # type: ignore[arg-type]

    root = await _Top.start_link(children(plan))
    Process.flag(trap_exit=True)
    new = await _new_after(play, name, _workers(plan))
    await Supervisor.stop(root)
    return new


def _branch(name: str, plan: Supervise) -> ChildSpec:
    return ChildSpec(name, (_Top.start_link, (plan,)), type="supervisor")


def _about(plan: Plan, name: str, seen: Any, hoped: list[str]) -> str:
    if not isinstance(seen, list):
        return "what is returned: a list of names"
    flat = [each for each in seen if isinstance(each, str)]
    if len(flat) < len(seen):
        return "what is returned: names of workers. A branch that is started brings all workers in it"
    if sorted(flat) == sorted(hoped):
        return "the order of what is returned: that of the plan"
    if name not in flat:
        return "the process that crashed: it is new as well"
    if set(flat) > set(hoped):
        return (
            "how far a crash goes. It is the business of the supervisor directly above: as long as that one does not "
            "give up, nobody outside of its branch is touched"
        )
    return "the strategy above the process that crashed, and what the rest is: branches go with all that is in them"


# ---- drill 4: by the clock ----------------------------------------------------------------------------------------


async def nightly(Nightly: Any, first: float = 3600.0, every: float = 86400.0) -> None:
    """The job is done on time, each time in a task of its own below "calls", and survives what becomes of it.

    Demands: nothing before ``first`` seconds, then one run every ``every`` seconds, however long the work takes; a work
    that raises costs that run only, and the server is the same afterwards; a work that is under way when the next one
    is due goes on; a second server has a work of its own; other messages change nothing.
    """
    await Task.Supervisor.start_link(name="calls")
    await with_other_numbers(_one_job, ((Nightly, first, every), (Nightly, 20.0, 50.0), (Nightly, 90.0, 7.5)))


ON_TIME: Final = (
    "when the next message to oneself is sent: each time one has come, before anything else, and with which of the two "
    "numbers"
)
BESIDE: Final = (
    "which process does the work. A callback that does it is at work and takes no message, and an exception in it is "
    "the server's own. A task below 'calls' has a process of its own"
)


@dataclass
class _Works:
    """What two works of the check saw: of whoever ran them, and when."""

    pid: Any = None  # of the server that runs the first
    began: float = 0.0
    runs: list[float] = field(default_factory=list)
    done_well: list[float] = field(default_factory=list)
    mixed: list[float] = field(default_factory=list)
    strange: list[str] = field(default_factory=list)

    def judge(self, done: str) -> None:
        if self.mixed:
            raise NotYet(
                "a second one was started, with a work of its own", "the first did that work", "each its own", _OWN
            )
        if self.strange:
            raise NotYet("the work was done", f"by {self.strange[0]}", "by a task below 'calls'", BESIDE)
        if not Process.alive(self.pid):
            raise NotYet(done, "the server has ended", "it lives on", _ENDED_JOB)


def _two_works(seen: _Works, every: float) -> tuple[Any, Any]:
    """Two functions, and no bound methods: what a process is given is copied, and its `seen` would be another one."""

    async def work() -> None:
        seen.runs.append(round(now() - seen.began, 3))
        if self_() not in await Task.Supervisor.children("calls"):
            seen.strange.append("the server" if self_() is seen.pid else "a process that is not below 'calls'")
        if len(seen.runs) == 2:
            raise ValueError("no list for tonight")
        await Process.sleep(1.7 * every)
        seen.done_well.append(now())

    async def others() -> None:
        seen.mixed.append(now())

    return work, others


async def _one_job(Nightly: Any, first: float, every: float) -> None:
    seen = _Works()
    work, others = _two_works(seen, every)
    seen.pid = pid = await answered(Nightly.start((work, first, every)), "`Nightly` was started")
    seen.began = began = now()
    other: Any = await answered(Nightly.start((others, 1e9, 1e9)), "`Nightly` was started")
    for message in ("a stray message of the check", ("now", 7), None, 7):
        send(pid, message)
    await let_pass(first * 0.9)
    expect(f"{first * 0.9:g} s of {first:g} s have passed; the runs so far", seen.runs, [], ON_TIME)
    hoped: list[float] = []
    for number in range(5):
        hoped.append(first + number * every)
        await let_pass(hoped[-1] - (now() - began) + every * 0.4)
        done = f"`first` is {first:g} s, `every` is {every:g} s; the runs by second {now() - began:g}"
        seen.judge(done)
        expect(done, seen.runs, hoped, BESIDE if await _is_busy(pid) else ON_TIME)
        send(pid, ("a stray message of the check", number))
    done = "two works that took 1.7 times as long as `every`; how many came to their end?"
    hint = "what becomes of a work when the next one is due: it is not touched, and goes on"
    expect(done, len(seen.done_well), 2, hint)
    Process.exit(pid, "kill")
    Process.exit(other, "kill")
    await let_pass(4 * every)


_OWN: Final = (
    "where a server keeps what it was started with: in its state. What stands in a global or in the class is shared by "
    "all of them"
)


async def _is_busy(pid: Pid) -> bool:
    """Whether a server is in the middle of a callback."""
    try:
        await sys_.get_state(pid, timeout=A_BLINK)
    except Exit:
        return True
    return False


_ENDED_JOB: Final = (
    "who ends when the work raises, and what the server does with a message that it does not know: is there a last "
    "`case`, and a `return` on each way?"
)


# ---- repair 1: the kitchen ----------------------------------------------------------------------------------------


async def kitchen(kitchen: Any, seconds: float = 9.0) -> None:
    """It starts and stops in the order of need, nobody is cut off, and a crash takes along what depends on it.

    Demands: "stock" and "plan" start when what they ask is there; at the stop "stock" has as long as it takes to write
    its list to "log"; "scales" is new only after its own crash; a crash of "log" makes "stock" and "plan" new, one of
    "stock" makes "plan" new, one of "plan" nobody else; nothing is left.
    """
    await with_other_numbers(_one_kitchen, ((kitchen, seconds), (kitchen, 19.5), (kitchen, 1.0)))


async def _one_kitchen(kitchen: Any, seconds: float) -> None:
    play, written = Play(), []

    async def write() -> None:
        await Process.sleep(seconds)
        written.append("the list" if Process.whereis("log") else "nothing: 'log' was not there")

    parts = {
        "plan": play.part("plan", at_start=lambda: _need("stock")),
        "stock": play.part("stock", at_start=lambda: _need("log"), at_end=write),
        "scales": play.part("scales"),
        "log": play.part("log"),
    }
    names = ["log", "stock", "plan", "scales"]
    root = await _up(await _planned(kitchen(dict(parts)), "kitchen"), names, play)
    await _took(play, root, "plan", ["plan"], names, seconds + 1.0)
    await _took(play, root, "scales", ["scales"], names, seconds + 1.0)
    await _took(play, root, "stock", ["stock", "plan"], names, seconds + 1.0)
    await let_pass(A_WHILE)
    del written[:]
    done = f"the kitchen was stopped, and 'stock' needs {seconds:g} s for its list; it wrote"
    await _stopped(root, play)
    idea = (
        ORDER
        if written
        else ("how long a child may take at a stop: its `shutdown`, which is five seconds if nothing else is said")
    )
    expect(done, written, ["the list"], idea)
    play.told.clear()
    root = await _up(await _planned(kitchen(dict(parts)), "kitchen"), names, play)
    before = {name: play.pid(name) for name in names}
    log = play.pid("log")
    assert log is not None
    Process.exit(log, "kill")
    await let_pass(seconds + 1.0)
    new = [name for name in names if play.pid(name) is not before[name]]
    hoped = ["log", "stock", "plan"]
    expect("'log' was killed; who is new?", new, hoped, OUTLIVES if len(new) < len(hoped) else BLAST)
    await _stopped(root, play)


# ---- repair 2: the cameras ------------------------------------------------------------------------------------------


async def hall(hall: Any, cameras: tuple[str, ...] = ("Osaka", "Bergen")) -> None:
    """Whatever the cameras do, the core is as before; one that crashed once is back, and one that goes on is given up.

    Demands: a crash in the core is mended, by one restart and no other; cameras that crash a fifth of a second after
    each start are not started for ever; neither they nor their end are felt by the core; the fourth crash of the core
    within five seconds, and no earlier one, ends the hall, and one every two seconds does not; nothing is left.
    """
    await with_other_numbers(_one_hall, ((hall, ("till", "panel"), cameras), (hall, ("a", "b", "c"), ("Tromsø",))))


async def _one_hall(hall: Any, core: tuple[str, ...], cameras: tuple[str, ...]) -> None:
    play, away = Play(), []  # type: ignore[var-annotated]

    async def fetch() -> None:
        while not away:
            await Process.sleep(2.0)
        await Process.sleep(0.2)
        raise ConnectionError("no answer")

    def specs() -> tuple[list[ChildSpec], list[ChildSpec]]:
        return [play.part(name) for name in core], [play.part(name, soon=fetch) for name in cameras]

    root = await _up(await _planned(hall(*specs()), "hall"), [*core, *cameras], play)
    for name in core:
        await _took(play, root, name, [name], core)
    await let_pass(A_WHILE)
    await _end(play, cameras[0])
    done = f"the camera {cameras[0]!r} was killed once"
    expect(f"{done}; is there another one?", play.pid(cameras[0]) is not None, True, _ONCE)
    await let_pass(A_WHILE)
    before = [play.pid(name) for name in core]
    play.lives.clear()
    away.append(True)
    await let_pass(40.0)
    done = f"{', '.join(cameras)} crashed a fifth of a second after each start, for forty seconds"
    if not Process.alive(root):
        raise NotYet(done, f"the hall gave up, after {sum(play.lives.values())} starts", "it stands", _GIVEN_UP)
    expect(f"{done}; is the core as before?", [play.pid(name) for name in core] == before, True, BUDGET)
    if any(play.pid(name) for name in cameras):
        most = max(play.lives.values(), default=0)
        raise NotYet(done, f"one of them was started {most} times, and goes on", "they are given up", _FOR_EVER)
    await _core_budget(play, root, core)


_ONCE: Final = "the `restart` of a camera. A single crash is mended by a restart, and a `temporary` child has none"
_GIVEN_UP: Final = (
    "what the supervisor above does when a branch has spent its budget. A `permanent` branch is a child like any "
    "other: it is started again, which counts, and the budgets multiply until the one above is spent"
)
_FOR_EVER: Final = (
    "what a budget is for. One that is never spent gives nobody up: the same crash goes on for as long as the cause"
)


async def _core_budget(play: Play, root: Pid, core: tuple[str, ...]) -> None:
    await let_pass(A_WHILE)
    for number in range(1, 7):
        await _end(play, core[number % len(core)], 2.0)
        done = f"crash {number} of the core, one every two seconds; does the hall stand?"
        expect(done, Process.alive(root), True, f"{_AS_BEFORE}. And at {BUDGET}")
    await let_pass(A_WHILE)
    for number in range(1, 5):
        done = f"{number - 1} crashes of the core within five seconds; does the hall stand?"
        expect(done, Process.alive(root), True, BUDGET)
        await _end(play, core[number % len(core)], 1.4)
    if Process.alive(root):
        raise NotYet("the core crashed four times within five seconds", "the hall stands", "it gave up", _AS_BEFORE)
    _none_is_left(play, "the hall gave up")


_AS_BEFORE: Final = (
    "the budget of the core: so many restarts in so many seconds, and both numbers as before. A larger one hides that "
    "nothing gets better by restarts"
)


# ---- design: a night at the aquarium -------------------------------------------------------------------------------


async def night(night: Any, seconds: float = 5.5) -> None:
    """Each part stands where it has what it needs, and its crash costs what the table says.

    Demands: for each of the parts the row of the exercise's table; "tills" is a dynamic supervisor and "till names" its
    registry; "import" and "opening" are run again with what they fill, and after a crash; the partner may crash for
    hours; at the stop all ends that need another come before it, and none is cut off; nothing is left.
    """
    await with_other_numbers(_one_night, ((night, seconds), (night, 8.0)))


class _Night:
    """The parts of one night, and what the check knows of them."""

    def __init__(self, seconds: float) -> None:
        self.play, self.prices, self.late = Play(), [], []  # type: ignore[var-annotated]
        self.away: list[bool] = []
        play, part = self.play, self.play.part

        async def load() -> None:
            await play.trying("import", _need("prices"))
            self.prices.append(self.play.pid("prices"))

        async def open_tills() -> None:
            for key in ("north", "south"):
                if not Registry.lookup("till names", key):
                    await play.trying("opening", DynamicSupervisor.start_child("tills", self.till(key)))

        async def close() -> None:
            await Process.sleep(seconds)

        async def fetch() -> None:
            while not self.away:
                await Process.sleep(5.0)
            raise ConnectionError("no answer")

        self.parts = {
            "nightly": part("nightly", at_end=lambda: self.ask("a till", "till names")),
            "opening": self.play.errand("opening", open_tills),
            "partner": part("partner", soon=fetch),
            "import": self.play.errand("import", load),
            "prices": part("prices", at_start=lambda: _need("journal"), at_end=self.last_price),
            "journal": part("journal", at_end=close),
        }

    async def ask(self, what: str, name: str) -> None:
        if Process.whereis(name) is None:
            self.late.append(f"{what} was not there")

    async def last_price(self) -> None:
        await self.ask("journal", "journal")
        if Process.whereis("tills") is not None:
            self.late.append("'prices' ended, and the tills were at work")

    def till(self, key: str) -> ChildSpec:
        async def start() -> Any:
            await _need("prices")
            return await _Tank.start_link(None, name=Via("till names", key))

        return ChildSpec(key, (start, ()))

    def tills(self) -> list[Pid | None]:
        return [GenServer.whereis(Via("till names", key)) for key in ("north", "south")]


NIGHT: Final = ("journal", "prices", "partner", "nightly", "tills", "till names")


async def _one_night(night: Any, seconds: float) -> None:
    scene = _Night(seconds)
    play = scene.play
    root = await _up(await _planned(night(dict(scene.parts)), "night"), NIGHT, play, _GIVEN_UP)
    _are_there(scene, "the tree was started")
    alone = {name: [name] for name in ("journal", "prices", "partner", "nightly")}
    runs = {"prices": (1, 0), "tills": (0, 1), "till names": (0, 1)}
    for name, hoped in {**alone, "tills": ["tills"], "till names": ["till names", "tills"]}.items():
        await let_pass(A_WHILE)
        counted, tills = (play.lives["import"], play.lives["opening"]), scene.tills()
        await _took(play, root, name, hoped, NIGHT)
        again = (play.lives["import"] - counted[0], play.lives["opening"] - counted[1])
        idea = BLAST if sum(again) > sum(runs.get(name, (0, 0))) else AGAIN.replace("`fill`", "the errand")
        expect(
            f"{name!r} was killed; so often 'import' and 'opening' were run again", again, runs.get(name, (0, 0)), idea
        )
        if not runs.get(name, (0, 0))[1]:
            expect(f"{name!r} was killed; are the tills as before?", scene.tills() == tills, True, BLAST)
        _are_there(scene, f"{name!r} was killed")
    await _partner_is_away(scene, root)
    await _closing(scene, root, seconds)


def _are_there(scene: _Night, done: str) -> None:
    if None in scene.tills():
        raise NotYet(done, "a till is not found", "both tills, by name", AGAIN.replace("`fill`", "'opening'"))
    if not scene.prices or scene.prices[-1] is not scene.play.pid("prices"):
        raise NotYet(done, "'prices' is empty", "'import' has filled it", AGAIN.replace("`fill`", "'import'"))


async def _partner_is_away(scene: _Night, root: Pid) -> None:
    play = scene.play
    await let_pass(A_WHILE)
    before = [play.pid(name) for name in NIGHT if name != "partner"]
    play.lives.clear()
    scene.away.append(True)
    await let_pass(3600.0)
    done = "the partner crashed after each start, for an hour"
    if not Process.alive(root):
        raise NotYet(done, f"the whole tree gave up, after {play.lives['partner']} starts", "it stands", _GIVEN_UP)
    others = [play.pid(name) for name in NIGHT if name != "partner"]
    expect(f"{done}; are all others as before?", others == before, True, BUDGET)


async def _closing(scene: _Night, root: Pid, seconds: float) -> None:
    scene.late.clear()
    scene.play.told.clear()
    await _stopped(root, scene.play)
    done = f"the tree was stopped, and the journal needs {seconds:g} s"
    expect(f"{done}; who missed whom?", scene.late, [], ORDER)
    cut = [name for name in ("nightly", "prices", "journal") if f"{name} ended" not in scene.play.told]
    idea = "how long a child may take at a stop: the `shutdown` of its specification"
    expect(f"{done}; who was cut off?", cut, [], idea)

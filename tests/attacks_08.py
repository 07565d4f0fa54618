"""Attacks on the checks of chapter 08, child specs."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from attacks import Table

from otp_mini import (
    INFINITY,
    ChildSpec,
    Continue,
    Exit,
    ExitSignal,
    GenServer,
    NoReply,
    Ok,
    Process,
    Reply,
    Stop,
    Supervise,
    Supervisor,
    child_spec,
    current_node,
    spawn,
    spawn_link,
)
from otp_mini.exercises import child_specs as ex

table = Table()


class Part(GenServer):
    """As in the chapter: runs under its name, and counts pages."""

    @classmethod
    async def start_link(cls, name: Any) -> Any:  # type: ignore[override]
        return await super().start_link(name, name=name)

    def init(self, name: Any) -> Ok:
        return Ok(0)

    def handle_cast(self, request: Any, pages: Any) -> NoReply:
        return NoReply(pages + (request == "print"))

    def handle_call(self, request: Any, from_: Any, pages: Any) -> Reply:
        return Reply(pages, pages)


class Stranger(GenServer):
    """Runs under its name, and is no `Part`."""

    @classmethod
    async def start_link(cls, name: Any) -> Any:  # type: ignore[override]
        return await super().start_link(name, name=name)


# ---- three members of staff ---------------------------------------------------------------------------------

RESTARTS = ("permanent", "transient", "temporary")


def staffed(*restarts: str) -> Callable[..., Any]:
    def staff(*names: Any) -> Any:
        pairs = zip(names, restarts, strict=True)
        return [ChildSpec(name, (Part.start_link, [name]), restart) for name, restart in pairs]  # type: ignore[arg-type]

    return staff


good_staff = staffed(*RESTARTS)


def overriding_staff(*names: Any) -> Any:
    """Says everything by overriding, also what is the default, and returns a tuple."""
    return tuple(
        child_spec((Part, name), id=name, restart=how, shutdown=1.0) for name, how in zip(names, RESTARTS, strict=True)
    )


def known_staff(press: Any, job: Any, nightly: Any) -> Any:
    return good_staff("rotary", "order 7", "ledger")


def shorthand_staff(*names: Any) -> Any:
    return [(Part, name) for name in names]


def nameless_staff(*names: Any) -> Any:
    return [child_spec((Part, name), restart=how) for name, how in zip(names, RESTARTS, strict=True)]


def comma_staff(press: Any, job: Any, nightly: Any) -> Any:
    return [ChildSpec(name, (Part.start_link, (name))) for name in (press, job, nightly)]  # type: ignore[arg-type]


def calling_staff(press: Any, job: Any, nightly: Any) -> Any:
    return [ChildSpec(name, Part.start_link(name)) for name in (press, job, nightly)]  # type: ignore[arg-type]


def eager_staff(*names: Any) -> Any:
    """Starts them itself, and tells the supervisor of what is there."""

    async def keep(name: Any) -> None:
        await Part.start_link(name)
        await Process.sleep(1e9)

    async def find(name: Any) -> Any:
        await Process.sleep(0.01)
        return Process.whereis(name)

    for name in names:
        spawn(keep, name)
    return [ChildSpec(name, (find, [name]), how) for name, how in zip(names, RESTARTS, strict=True)]  # type: ignore[arg-type]


async def unlinked(name: Any) -> Any:
    return await Part.start(name, name=name)


def unlinked_staff(*names: Any) -> Any:
    return [ChildSpec(name, (unlinked, [name]), how) for name, how in zip(names, RESTARTS, strict=True)]  # type: ignore[arg-type]


def class_staff(*names: Any) -> Any:
    return [ChildSpec(name, (Part, [name]), how) for name, how in zip(names, RESTARTS, strict=True)]  # type: ignore[arg-type]


def strange_staff(*names: Any) -> Any:
    return [ChildSpec(name, (Stranger.start_link, [name]), how) for name, how in zip(names, RESTARTS, strict=True)]  # type: ignore[arg-type]


async def async_staff(*names: Any) -> Any:
    return good_staff(*names)


table.right(ex.staff, "says everything by overriding", overriding_staff)
table.hard_coded(ex.staff, "uses its own three names", known_staff, "the `id` of each")
table.wrong(ex.staff, "returns the shorthand", shorthand_staff, "`child_spec(child)` makes one")
table.wrong(ex.staff, "leaves the ids to the class", nameless_staff, "the `id` of each")
table.wrong(ex.staff, "forgets the comma of a tuple of one", comma_staff, "needs its comma")
table.wrong(ex.staff, "calls start_link", calling_staff, "the parentheses after `start_link`")
table.wrong(ex.staff, "starts them in the wrong process", eager_staff, "who starts the process")
table.wrong(ex.staff, "starts them without a link", unlinked_staff, "without a link the supervisor does not hear")
table.wrong(ex.staff, "names the class as the start function", class_staff, "`Part.start_link`, and not the class")
table.wrong(ex.staff, "starts another class", strange_staff, "each of the three is a `Part`")
table.wrong(ex.staff, "is an async def", async_staff, "a plain `def`")
table.wrong(ex.staff, "returns nothing", lambda *names: None, "is a `return` missing?")
table.wrong(
    ex.staff, "keeps the job as permanent", staffed("permanent", "permanent", "temporary"), "the `restart` of the job"
)
table.wrong(
    ex.staff, "keeps the job as temporary", staffed("permanent", "temporary", "temporary"), "the `restart` of the job"
)
table.wrong(
    ex.staff,
    "keeps the press as transient",
    staffed("transient", "transient", "temporary"),
    "the `restart` of the press",
)
table.wrong(
    ex.staff, "tries the report twice", staffed("permanent", "transient", "transient"), "the `restart` of the report"
)
table.wrong(ex.staff, "says never", staffed("permanent", "transient", "never"), "the values that this field")

# ---- a row of presses ----------------------------------------------------------------------------------------


class Press(GenServer):
    """As in the chapter."""

    @classmethod
    async def start_link(cls, name: Any, width: Any) -> Any:  # type: ignore[override]
        return await super().start_link((name, width), name=name)

    @classmethod
    def child_spec(cls, plan: Any) -> ChildSpec:  # type: ignore[override]
        name, width = plan
        return ChildSpec(id=name, start=(cls.start_link, [name, width]))

    def init(self, plan: Any) -> Ok:
        return Ok(plan)

    def handle_call(self, request: Any, from_: Any, plan: Any) -> Any:
        return Reply(plan, plan)


def press_specs(configs: Any) -> Any:
    return [one_press(**config) for config in configs]


def one_press(name: Any, width: Any, restart: Any = "permanent", shutdown: Any = 5.0) -> ChildSpec:
    return ChildSpec(name, (Press.start_link, [name, width]), restart, shutdown)


def overriding_specs(configs: Any) -> Any:
    """Overrides what the dict says, and nothing else."""
    specs = []
    for config in configs:
        said = {field: config[field] for field in ("restart", "shutdown") if field in config}
        specs.append(child_spec((Press, (config["name"], config["width"])), **said))
    return specs


def popping_specs(configs: Any) -> Any:
    return [one_press(config.pop("name"), config.pop("width"), **config) for config in configs]


def two_specs(configs: Any) -> Any:
    return [one_press(**config) for config in configs[:2]]


def known_specs(configs: Any) -> Any:
    return [one_press("left", 210), one_press("right", 320, "transient")]


def careless_specs(configs: Any) -> Any:
    return [one_press(config["name"], config["width"]) for config in configs]


def listed_specs(configs: Any) -> Any:
    """One list as the one argument."""
    return [ChildSpec(config["name"], (Press.start_link, [[config["name"], config["width"]]])) for config in configs]


def strict_specs(configs: Any) -> Any:
    return [one_press(config["name"], config["width"], config["restart"], config["shutdown"]) for config in configs]


def reversed_specs(configs: Any) -> Any:
    return press_specs(configs)[::-1]


def numbered_specs(configs: Any) -> Any:
    return [spec.override(id=number) for number, spec in enumerate(press_specs(configs))]


def narrow_specs(configs: Any) -> Any:
    return [one_press(**{**config, "width": 320}) for config in configs]


table.right(ex.press_specs, "overrides what is said", overriding_specs)
table.hard_coded(ex.press_specs, "knows the two first presses", known_specs, "the first one")
table.wrong(ex.press_specs, "takes the dicts apart", popping_specs, "what your code does to the dicts")
table.wrong(ex.press_specs, "makes two at most", two_specs, "for whom there is a spec")
table.wrong(ex.press_specs, "forgets what a dict may say", careless_specs, "the two fields that a dict may have")
table.wrong(ex.press_specs, "passes one list", listed_specs, "the two fields that a dict may have")
table.wrong(
    ex.press_specs,
    "needs all the keys",
    strict_specs,
    "KeyError",
    "in `<listcomp>`" if sys.version_info < (3, 12) else "in `strict_specs`",
)
table.wrong(ex.press_specs, "goes backwards", reversed_specs, "their order")
table.wrong(ex.press_specs, "numbers the ids", numbered_specs, "the `id` of each press")
table.wrong(ex.press_specs, "has one width for all", narrow_specs, "the name and the width are two of them")
table.wrong(
    ex.press_specs,
    "returns the shorthand",
    lambda configs: [(Press, (config["name"], config["width"])) for config in configs],
    "`child_spec(child)` makes one",
)
table.wrong(
    ex.press_specs,
    "starts each press itself",
    lambda configs: [ChildSpec(config["name"], Press.start_link(config["name"], 1)) for config in configs],
    "the parentheses after `start_link`",
)

# ---- time to put the queue away --------------------------------------------------------------------------------


class Archivist(GenServer):
    """As in the chapter."""

    def init(self, most: Any) -> Ok:
        Process.flag(trap_exit=True)
        return Ok([])

    def handle_cast(self, request: Any, jobs: Any) -> NoReply:
        match request:
            case ("keep", job):
                return NoReply([*jobs, job])
            case _:
                return NoReply(jobs)

    async def terminate(self, reason: Any, jobs: Any) -> None:
        for job in jobs:
            await GenServer.call("disk", ("put away", job), timeout=None)


class Delegating(Archivist):
    """Has another process do the work."""

    async def terminate(self, reason: Any, jobs: Any) -> None:
        spawn(super().terminate, reason, jobs)


class Rushing(Archivist):
    """Does its work with many processes, and waits for none."""

    def init(self, most: Any) -> Ok:
        return Ok([])


def lasting(seconds: Callable[[int], Any], kind: Any = Archivist) -> Callable[[int], Any]:
    return lambda most: child_spec((kind, most), shutdown=seconds(most))


def archivist_of(share: float) -> Callable[[int], Any]:
    return lasting(lambda most: share * most)


def whole_spec(most: int) -> ChildSpec:
    return ChildSpec("archivist", (Archivist.start_link, [most]), "transient", most - 0.25)


table.right(ex.archivist, "is a whole spec, and not a permanent one", whole_spec)


async def start_archivist(numbers: Any) -> Any:
    return await Archivist.start_link(numbers[0])


def milliseconds(most: int) -> ChildSpec:
    return child_spec((Archivist, most), shutdown=750 * most)


table.right(
    ex.archivist,
    "has a start function of its own",
    lambda most: ChildSpec("archivist", (start_archivist, [[most]]), shutdown=0.75 * most),
)
table.wrong(
    ex.archivist,
    "forgets the argument",
    lambda most: child_spec(Archivist, shutdown=0.75 * most),
    "the archivist is started with `most`",
)
table.wrong(
    ex.archivist,
    "has another argument",
    lambda most: child_spec((Archivist, most + 1), shutdown=0.75 * most),
    "the archivist is started with `most`",
)
table.wrong(ex.archivist, "counts milliseconds", milliseconds, "the unit of `shutdown`")
table.wrong(ex.archivist, "spares nothing for a message", lasting(lambda most: 0.5 * most + 0.1), "nothing to spare")
table.right(ex.archivist, "allows the full second", lasting(lambda most: 1.0 * most))
table.hard_coded(ex.archivist, "has time for the twelve", lasting(lambda most: 8.0), "the first one")
table.wrong(ex.archivist, "leaves the default", lambda most: (Archivist, most), "What is not done by then is cut off")
table.wrong(ex.archivist, "waits for ever", lasting(lambda most: INFINITY), "it never closes")
table.wrong(ex.archivist, "waits far too long", lasting(lambda most: 600.0), "the limit: with a disk that hangs")
table.wrong(ex.archivist, "is killed at once", lasting(lambda most: "brutal_kill"), "what the closing waits for")
table.wrong(ex.archivist, "adds a second to the half", lasting(lambda most: 0.5 * most + 1), "the limit: with a disk")
table.wrong(
    ex.archivist, "allows a moment more", lasting(lambda most: most + 0.05), "the limit: with a disk that hangs"
)
table.wrong(ex.archivist, "allows just the time of the work", archivist_of(0.5), "nothing to spare")
table.wrong(ex.archivist, "counts a quarter of a second", lasting(lambda most: most / 4), "is cut off")
table.wrong(ex.archivist, "drops the half", lasting(lambda most: most // 2), "nothing to spare")
table.wrong(
    ex.archivist,
    "works in another process",
    lasting(lambda most: most * 0.75, Delegating),
    "what the closing waits for",
)
table.wrong(ex.archivist, "does not trap", lasting(lambda most: most * 0.75, Rushing), "what the closing waits for")
table.wrong(ex.archivist, "returns seconds", lambda most: 0.75 * most, "the forms of a child")
table.wrong(ex.archivist, "returns nothing", lambda most: None, "is a `return` missing?")

# ---- a rehearsal ------------------------------------------------------------------------------------------------


def rehearsed(**changes: Any) -> Callable[[Any], Any]:
    return lambda children: [child_spec(child, **changes) for child in children]


def in_place(children: Any) -> Any:
    for number, child in enumerate(children):
        children[number] = child_spec(child, restart="temporary", shutdown="brutal_kill")
    return children


def only_specs(children: Any) -> Any:
    return [child.override(restart="temporary", shutdown="brutal_kill") for child in children]


def only_pairs(children: Any) -> Any:
    return [child_spec((kind, argument), restart="temporary", shutdown="brutal_kill") for kind, argument in children]


def first_two(children: Any) -> Any:
    good = rehearsed(restart="temporary", shutdown="brutal_kill")(children)
    return [*good[:4]] if len(children) == 4 else good[:1]


def rebuilt(children: Any) -> Any:
    """Makes new specs of some of the fields."""
    specs = [child_spec(child) for child in children]
    return [ChildSpec(spec.id, spec.start, "temporary", "brutal_kill") for spec in specs]


def renumbered(children: Any) -> Any:
    good = rehearsed(restart="temporary", shutdown="brutal_kill")(children)
    return [spec.override(id=number) for number, spec in enumerate(good)]


def setting(children: Any) -> Any:
    specs = [child_spec(child) for child in children]
    for spec in specs:
        spec.restart = "temporary"  # type: ignore[misc]
    return specs


def by_hand(children: Any) -> Any:
    """Takes every form apart itself."""
    specs = []
    for child in children:
        spec = child
        if isinstance(child, type):
            spec = child.child_spec(None)  # type: ignore[attr-defined]
        elif isinstance(child, tuple):
            spec = child[0].child_spec(child[1])
        specs.append(spec.override(restart="temporary", shutdown=0))
    return specs


table.right(ex.rehearsal, "takes every form apart itself, and gives no second", by_hand)
table.hard_coded(ex.rehearsal, "knows a list of four", first_two, "the first one")
table.wrong(ex.rehearsal, "changes the list", in_place, "which list your code changes")
table.wrong(ex.rehearsal, "knows ChildSpecs only", only_specs, "the forms that a child may have")
table.wrong(ex.rehearsal, "knows pairs only", only_pairs, "the forms that a child may have")
table.wrong(ex.rehearsal, "changes the specs themselves", setting, "how a spec is changed")
table.wrong(
    ex.rehearsal,
    "goes backwards",
    lambda children: rehearsed(restart="temporary", shutdown="brutal_kill")(children)[::-1],
    "the order of the list",
)
table.wrong(ex.rehearsal, "loses the type", rebuilt, "so that the rest of it stays")
table.wrong(ex.rehearsal, "numbers the ids", renumbered, "so that the rest of it stays")
table.wrong(
    ex.rehearsal,
    "makes them transient",
    rehearsed(restart="transient", shutdown="brutal_kill"),
    "the `restart` of the specs",
)
table.wrong(ex.rehearsal, "leaves the time", rehearsed(restart="temporary"), "the `shutdown` of the specs")
table.wrong(ex.rehearsal, "leaves the restart", rehearsed(shutdown="brutal_kill"), "the `restart` of the specs")
table.wrong(ex.rehearsal, "returns the list as it is", lambda children: [*children], "`child_spec(child)` makes one")

# ---- an errand ----------------------------------------------------------------------------------------------------


class Errand(GenServer):
    """As in the chapter, mended."""

    def init(self, title: Any) -> Ok:
        return Ok(title, Continue("print"))

    async def handle_continue(self, work: Any, title: Any) -> Any:
        match await GenServer.call("press", ("print", title), timeout=None):
            case "ok":
                return Stop("normal", title)
            case ("error", why):
                return Stop(("shutdown", why), title)


def stopping(on_ok: Any, on_error: Callable[[Any], Any]) -> type[Errand]:
    class Stopping(Errand):
        async def handle_continue(self, work: Any, title: Any) -> Any:
            match await GenServer.call("press", ("print", title), timeout=None):
                case "ok":
                    return Stop(on_ok, title)
                case ("error", why):
                    return Stop(on_error(why), title)

    return Stopping


class Catching(Errand):
    """Tries again by itself."""

    async def handle_continue(self, work: Any, title: Any) -> Any:
        while True:
            try:
                return await super().handle_continue(work, title)
            except Exit:
                await Process.sleep(0.01)


class Hushing(Errand):
    """Takes a jam for an end."""

    async def handle_continue(self, work: Any, title: Any) -> Any:
        try:
            return await super().handle_continue(work, title)
        except Exit:
            return Stop(("shutdown", "jam"), title)


class Muting(Errand):
    """Takes a jam for the end of its work."""

    async def handle_continue(self, work: Any, title: Any) -> Any:
        try:
            return await super().handle_continue(work, title)
        except Exit:
            return Stop("normal", title)


class Sending(Errand):
    """Has another process ask, and is done."""

    async def handle_continue(self, work: Any, title: Any) -> Any:
        async def ask() -> None:
            await GenServer.call("press", ("print", title))

        spawn(ask)
        return Stop("normal", title)


class Raising(Errand):
    """Ends by an exit of its own."""

    async def handle_continue(self, work: Any, title: Any) -> Any:
        answer = await GenServer.call("press", ("print", title), timeout=None)
        raise Exit("normal" if answer == "ok" else ("shutdown", answer[1]))


class Unasking(Errand):
    """Asks nobody."""

    def handle_continue(self, work: Any, title: Any) -> Any:
        return Stop("normal", title)


class Patient(Errand):
    """Asks once more after it was printed."""

    async def handle_continue(self, work: Any, title: Any) -> Any:
        await GenServer.call("press", ("print", title), timeout=None)
        return await super().handle_continue(work, title)


class Lowering(Errand):
    """Has something else printed than its title."""

    async def handle_continue(self, work: Any, title: Any) -> Any:
        return await super().handle_continue(work, title.lower())


def asking(seconds: float) -> type[Errand]:
    class Asking(Errand):
        async def handle_continue(self, work: Any, title: Any) -> Any:
            match await GenServer.call("press", ("print", title), timeout=seconds):
                case "ok":
                    return Stop("normal", title)
                case ("error", why):
                    return Stop(("shutdown", why), title)

    return Asking


class Returnless(Errand):
    """Makes its `Stop`, and does not return it."""

    async def handle_continue(self, work: Any, title: Any) -> Any:
        await super().handle_continue(work, title)


class Hasty(Errand):
    """Does not wait for the press."""

    async def handle_continue(self, work: Any, title: Any) -> Any:
        await GenServer.call("press", ("print", title), timeout=0)
        return Stop("normal", title)


def errand(kind: Any = Errand, restart: Any = "transient") -> Callable[[Any], Any]:
    return lambda title: child_spec((kind, title), id=title, restart=restart)


class Optional(Raising, restart="transient"):
    """Has its restart from its class."""


class Named(Optional):
    @classmethod
    def child_spec(cls, argument: Any = None) -> ChildSpec:
        return super().child_spec(argument).override(id=("errand", argument))


table.right(ex.errand, "ends by an exit, and says the rest in its class", lambda title: (Named, title))
table.hard_coded(
    ex.errand,
    "knows the one reason",
    errand(stopping("normal", lambda why: ("shutdown", "no paper"))),
    "what the press has",
)
table.wrong(
    ex.errand, "says done", errand(stopping("done", lambda why: ("shutdown", why))), "the word with which it ends"
)
table.wrong(ex.errand, "stays permanent", errand(restart="permanent"), "it comes back after an end that was no crash")
table.wrong(ex.errand, "is temporary", errand(restart="temporary"), "After a crash the supervisor has it try again")
table.wrong(ex.errand, "has one id for all", lambda title: child_spec((Errand, title), restart="transient"), "the `id`")
table.wrong(ex.errand, "says rejected", errand(stopping("normal", lambda why: ("rejected", why))), "what the press has")
table.wrong(ex.errand, "says no reason", errand(stopping("normal", lambda why: "shutdown")), "what the press has")
table.wrong(ex.errand, "refuses normally", errand(stopping("normal", lambda why: "normal")), "what the press has")
table.wrong(ex.errand, "tries again by itself", errand(Catching), "what a call does when the server ends")
table.wrong(ex.errand, "takes a jam for an end", errand(Hushing), "what a call does when the server ends")
table.wrong(ex.errand, "forgets to return its Stop", errand(Returnless), "is a `return` missing before a `Stop`?")
table.wrong(ex.errand, "does not wait for the press", errand(Hasty), "how long does its call wait?")
table.wrong(ex.errand, "asks from another process", errand(Sending), "when the press has answered")
table.wrong(ex.errand, "waits five seconds", errand(asking(5.0)), "how long does its call wait?")
table.wrong(ex.errand, "waits for one title", errand(asking(1.0)), "how long does its call wait?")
table.wrong(ex.errand, "waits for two minutes", errand(asking(120.0)), "how long does its call wait?")
table.wrong(ex.errand, "asks twice", errand(Patient), "how often one errand asks")
table.wrong(ex.errand, "has another title printed", errand(Lowering), "the title that it was started with")
table.wrong(ex.errand, "tells nobody of a jam", errand(Muting), "the errand ended with 'normal'")
table.wrong(ex.errand, "asks nobody", errand(Unasking), "when the press has answered")

# ---- a keeper -------------------------------------------------------------------------------------------------------


class Keeper(GenServer):
    """As in the chapter, before it is mended."""

    @classmethod
    async def start_link(cls, _: Any) -> Any:  # type: ignore[override]
        return await super().start_link([], name="keeper")

    def init(self, jobs: Any) -> Ok:
        return Ok(jobs)

    def handle_cast(self, request: Any, jobs: Any) -> NoReply:
        match request:
            case ("add", job):
                return NoReply([*jobs, job])
            case _:
                return NoReply(jobs)

    async def terminate(self, reason: Any, jobs: Any) -> None:
        for job in jobs:
            await GenServer.call("disk", ("write", job))


class Trapping(Keeper):
    def init(self, jobs: Any) -> Ok:
        Process.flag(trap_exit=True)
        return Ok(jobs)


class Writing(Trapping, shutdown=29.0):
    """Writes each job when it comes; at closing there is nothing left to do."""

    async def handle_cast(self, request: Any, jobs: Any) -> NoReply:  # type: ignore[override]
        match request:
            case ("add", job):
                await GenServer.call("disk", ("write", job))
        return NoReply(jobs)

    def handle_info(self, message: Any, jobs: Any) -> NoReply:
        return NoReply(jobs)


class Twice(Trapping):
    """Writes each job when it comes, and again at closing."""

    async def handle_cast(self, request: Any, jobs: Any) -> NoReply:  # type: ignore[override]
        match request:
            case ("add", job):
                await GenServer.call("disk", ("write", job))
        return super().handle_cast(request, jobs)


class Ending(Trapping):
    """Ends at every exit signal."""

    def handle_info(self, message: Any, jobs: Any) -> Any:
        match message:
            case ExitSignal(_, reason):
                return Stop(reason, jobs)
            case _:
                return NoReply(jobs)


class Narrow(Trapping):
    """Has no last case."""

    def handle_info(self, message: Any, jobs: Any) -> Any:
        match message:
            case ExitSignal():
                return NoReply(jobs)


class Handing(Trapping):
    """Has another process write."""

    async def terminate(self, reason: Any, jobs: Any) -> None:
        spawn(super().terminate, reason, jobs)


class Casting(Trapping):
    """Sends all jobs at once, and waits for no answer."""

    async def terminate(self, reason: Any, jobs: Any) -> None:
        for job in jobs:
            GenServer.cast("disk", ("write", job))


class Clocked(Trapping, shutdown=INFINITY):
    """Has its limit in its own code."""

    async def terminate(self, reason: Any, jobs: Any) -> None:
        end = current_node().now() + 28.0
        for job in jobs:
            if (left := end - current_node().now()) <= 0:
                return
            await GenServer.call("disk", ("write", job), timeout=min(5.0, left))


class Backwards(Trapping):
    def handle_cast(self, request: Any, jobs: Any) -> NoReply:
        match request:
            case ("add", job):
                return NoReply([job, *jobs])
            case _:
                return NoReply(jobs)


class Counting(Trapping):
    """Writes the places of the jobs in its list."""

    async def terminate(self, reason: Any, jobs: Any) -> None:
        await super().terminate(reason, range(len(jobs)))


class Sifting(Trapping):
    """Takes a job for one that it has already."""

    def handle_cast(self, request: Any, jobs: Any) -> NoReply:
        match request:
            case ("add", job) if job not in jobs:
                return NoReply([*jobs, job])
            case _:
                return NoReply(jobs)


class Choosy(Trapping):
    """Writes at closing only."""

    async def terminate(self, reason: Any, jobs: Any) -> None:
        if reason == "shutdown":
            await super().terminate(reason, jobs)


class Sorting(Trapping):
    async def terminate(self, reason: Any, jobs: Any) -> None:
        await super().terminate(reason, sorted(jobs))


class Brief(Trapping):
    """Has no patience with the disk."""

    async def terminate(self, reason: Any, jobs: Any) -> None:
        for job in jobs:
            await GenServer.call("disk", ("write", job), timeout=0.6)


def keeping(kind: Any = Trapping, **changes: Any) -> Callable[[], Any]:
    return lambda: child_spec((kind, None), **{"shutdown": 25.0, **changes})


table.right(ex.keeper, "writes each job when it comes", lambda: Writing)
table.right(ex.keeper, "allows the full thirty seconds", keeping(shutdown=30.0))
table.right(ex.keeper, "has its limit in its own code", lambda: Clocked)
table.hard_coded(ex.keeper, "has time for the twelve of the cell", keeping(shutdown=7.0), "it was cut off")
table.wrong(ex.keeper, "traps, and has five seconds", keeping(shutdown=5.0), "it was cut off")
table.wrong(ex.keeper, "has the time, and does not trap", keeping(Keeper), "whether `terminate` runs at all")
table.wrong(ex.keeper, "has no limit", keeping(shutdown=INFINITY), "what ends the wait for a slow disk?")
table.wrong(ex.keeper, "has a minute", keeping(shutdown=60.0), "what ends the wait for a slow disk?")
table.wrong(ex.keeper, "is transient", keeping(restart="transient"), "the `restart` of the keeper")
table.wrong(ex.keeper, "ends at a stray signal", keeping(Ending), "what else comes to a process that traps exits")
table.wrong(ex.keeper, "has no last case", keeping(Narrow), "what else comes to a process that traps exits")
table.wrong(ex.keeper, "allows just the time of the work", keeping(shutdown=15.0), "nothing to spare")
table.wrong(ex.keeper, "writes in another process", keeping(Handing), "what `terminate` waits for")
table.wrong(ex.keeper, "waits for no answer", keeping(Casting), "what `terminate` waits for")
table.wrong(ex.keeper, "writes twice", keeping(Twice, shutdown=29.9), "how often each job is written")
table.wrong(ex.keeper, "has the order backwards", keeping(Backwards), "the order in which")
table.wrong(ex.keeper, "writes numbers of its own", keeping(Counting), "the jobs as they were added")
table.wrong(ex.keeper, "takes equal jobs for one", keeping(Sifting), "each as often as it was added")
table.wrong(ex.keeper, "sorts the jobs", keeping(Sorting), "the order in which")
table.wrong(ex.keeper, "writes at closing only", keeping(Choosy), "after which ends the jobs are written")
table.wrong(
    ex.keeper, "does not wait for a late disk", keeping(Brief), "how long the keeper waits for the disk's answer"
)
table.wrong(ex.keeper, "spares nothing for a message", keeping(shutdown=16.0), "nothing to spare")
table.wrong(ex.keeper, "counts milliseconds", keeping(shutdown=25_000), "the unit of `shutdown`")
table.wrong(ex.keeper, "returns nothing", lambda: None, "is a `return` missing?")

# ---- a shop ---------------------------------------------------------------------------------------------------------


class Branch(Supervisor):
    """As in the chapter: (its name, its plan)."""

    @classmethod
    async def start_link(cls, argument: Any) -> Any:  # type: ignore[override]
        return await super().start_link(argument, name=argument[0])

    def init(self, argument: Any) -> Supervise:
        plan: Supervise = argument[1]
        return plan

    @classmethod
    def child_spec(cls, argument: Any) -> ChildSpec:  # type: ignore[override]
        return super().child_spec(argument).override(id=argument[0])


def shop(plan: Callable[[Any], Any]) -> type[Supervisor]:
    return type("PrintShop", (Supervisor,), {"init": lambda self, config: plan(config)})


def row(config: Any, restart: Any = "permanent", shutdown: Any = "brutal_kill") -> list[ChildSpec]:
    return [child_spec(press, id=name, restart=restart, shutdown=shutdown) for name, press in config["presses"].items()]


def parts(config: Any, **changes: Any) -> dict[str, Any]:
    """The four children of the solution, with other values for some fields."""
    fields = {
        "report": {"restart": "temporary", "shutdown": 5.0},
        "spooler": {"restart": "permanent", "shutdown": config["closing"]},
        "prices": {"restart": "transient", "shutdown": 5.0},
    }
    made: dict[str, Any] = {
        name: child_spec(config[name], id=name, **{**said, **changes.get(name, {})}) for name, said in fields.items()
    }
    presses = row(config, **changes.get("presses", {}))
    made["presses"] = (Branch, ("presses", Supervise(presses, strategy=changes.get("inner", "one_for_one"))))
    return made


ORDER = ("report", "spooler", "presses", "prices")


def planned(order: Any = ORDER, strategy: Any = "rest_for_one", **changes: Any) -> type[Supervisor]:
    return shop(lambda config: Supervise([parts(config, **changes)[name] for name in order], strategy=strategy))


def flat(config: Any) -> Supervise:
    made = parts(config)
    return Supervise([made["report"], made["spooler"], *row(config), made["prices"]], strategy="rest_for_one")


def unnamed(config: Any) -> Supervise:
    children = [config["report"], config["spooler"], *config["presses"].values(), config["prices"]]
    return Supervise(children, strategy="rest_for_one")


def each_alone(config: Any) -> Supervise:
    """A branch for each of those that remember the spooler, inside one that is made new with it."""
    made = parts(config)
    inner = Supervise([*row(config), made["prices"]], strategy="one_for_one")
    pair = Supervise([made["spooler"], (Branch, ("users", inner))], strategy="rest_for_one")
    return Supervise([(Branch, ("work", pair)), made["report"]], strategy="one_for_one")


def users(config: Any) -> Supervise:
    """The presses and the prices in one branch, behind the spooler."""
    made = parts(config)
    inner = Supervise([*row(config), made["prices"]], strategy="one_for_one")
    return Supervise([made["report"], made["spooler"], (Branch, ("users", inner))], strategy="rest_for_one")


def hurried(config: Any) -> Supervise:
    """The spooler has its time, and the branch above it has five seconds."""
    made = parts(config)
    inner = Supervise([made[name] for name in ORDER[1:]], strategy="rest_for_one")
    return Supervise([made["report"], child_spec((Branch, ("work", inner)), shutdown=5.0)], strategy="one_for_one")


def budgeted(outer: int, inner: int) -> type[Supervisor]:
    def plan(config: Any) -> Supervise:
        presses = Supervise(row(config), strategy="one_for_one", max_restarts=inner)
        made = {**parts(config), "presses": (Branch, ("presses", presses))}
        return Supervise([made[name] for name in ORDER], strategy="rest_for_one", max_restarts=outer)

    return shop(plan)


def eight(config: Any) -> Supervise:
    made = parts({**config, "closing": 8.0})
    return Supervise([made[name] for name in ORDER], strategy="rest_for_one")


def left_and_right(config: Any) -> Supervise:
    presses = {name: config["presses"][name] for name in ("left", "right")}
    made = parts({**config, "presses": presses})
    return Supervise([made[name] for name in ORDER], strategy="rest_for_one")


def by_hand_floor(config: Any) -> Supervise:
    """All but the report below a supervisor that its spec calls a worker: it has five seconds."""
    made = parts(config)
    inner = Supervise([made[name] for name in ORDER[1:]], strategy="rest_for_one")
    floor = ChildSpec("floor", (Branch.start_link, [("floor", inner)]))
    return Supervise([floor, made["report"]], strategy="one_for_one")


def helped(config: Any) -> Supervise:
    """Has a child of its own besides the staff."""
    made = parts(config)
    helper = child_spec((Part, "helper"), id="helper")
    return Supervise([helper, *(made[name] for name in ORDER)], strategy="rest_for_one")


class OnceByHand(Supervisor):
    """Starts the report once, linked to a process of its own."""

    def init(self, config: Any) -> Supervise:
        made = parts(config)
        spawn_link(self.alone, *made["report"].start)
        return Supervise([made[name] for name in ORDER[1:]], strategy="rest_for_one")

    @staticmethod
    async def alone(start: Any, arguments: Any) -> None:
        await start(*arguments)
        await Process.sleep(INFINITY)


class Starter(Supervisor):
    """Starts the report in its own `init`: the report is no child of anybody's."""

    def init(self, config: Any) -> Supervise:
        made = parts(config)
        start, arguments = made["report"].start
        spawn(self.alone, start, arguments)
        return Supervise([made[name] for name in ORDER[1:]], strategy="rest_for_one")

    @staticmethod
    async def alone(start: Any, arguments: Any) -> None:
        while True:
            await start(*arguments)
            Process.flag(trap_exit=True)
            while Process.whereis("report") is not None:
                await Process.sleep(0.01)


table.right(ex.print_shop, "has the users of the spooler in a branch of their own", shop(each_alone))
table.right(ex.print_shop, "has presses and prices in one branch", shop(users))
table.right(ex.print_shop, "has large budgets", budgeted(1000, 1000))
table.right(ex.print_shop, "has a helper", shop(helped))
table.wrong(ex.print_shop, "gives up at the second end", budgeted(1, 3), "the budgets")
table.wrong(ex.print_shop, "has a branch that gives up at the third end", budgeted(3, 2), "the budgets")
table.wrong(ex.print_shop, "bears no end", budgeted(0, 3), "the budget: the shop itself has given up")
table.wrong(ex.print_shop, "hurries a branch", shop(hurried), "A supervisor between it and the shop")
table.hard_coded(
    ex.print_shop, "closes within eight seconds", shop(eight), "the first one", "the `shutdown` of the spooler"
)
table.wrong(ex.print_shop, "knows left and right", shop(left_and_right), "KeyError")
table.wrong(ex.print_shop, "couples nobody", planned(strategy="one_for_one"), "the strategy")
table.wrong(ex.print_shop, "couples all", planned(strategy="one_for_all"), "whom the strategy stops")
table.wrong(ex.print_shop, "has all presses in the one list", shop(flat), "somebody was made new who need not be")
table.wrong(ex.print_shop, "couples the presses", planned(inner="one_for_all"), "somebody was made new who need not be")
table.wrong(ex.print_shop, "leaves the ids", shop(unnamed), "the `id`")
table.wrong(
    ex.print_shop,
    "has the prices first",
    planned(("report", "prices", "spooler", "presses")),
    "who stands behind the spooler in the list",
)
table.wrong(
    ex.print_shop,
    "has the prices before the presses",
    planned(("report", "spooler", "prices", "presses")),
    "somebody was made new who need not be",
)
table.wrong(
    ex.print_shop, "has the report last", planned(("spooler", "presses", "prices", "report")), "the report must stand"
)
table.wrong(
    ex.print_shop, "has temporary prices", planned(prices={"restart": "temporary"}), "the `restart` of 'prices'"
)
table.wrong(
    ex.print_shop, "has permanent prices", planned(prices={"restart": "permanent"}), "the `restart` of 'prices'"
)
table.wrong(
    ex.print_shop, "tries the report again", planned(report={"restart": "transient"}), "the `restart` of 'report'"
)
table.wrong(
    ex.print_shop, "has transient presses", planned(presses={"restart": "transient"}), "the `restart` of 'left'"
)
table.wrong(ex.print_shop, "waits for the presses", planned(presses={"shutdown": 5.0}), "the `shutdown` of the presses")
table.wrong(ex.print_shop, "waits for ever", planned(spooler={"shutdown": INFINITY}), "the `shutdown` of the spooler")
table.wrong(ex.print_shop, "has five seconds", planned(spooler={"shutdown": 5.0}), "the `shutdown` of the spooler")
table.wrong(ex.print_shop, "starts the report in its own init", Starter, "everybody in the dict is one")
table.wrong(ex.print_shop, "tries the report once by hand", OnceByHand, "everybody in the dict is one")
table.wrong(
    ex.print_shop, "leaves the report its class's time", planned(report={"shutdown": 0.25}), "of 'report': five"
)
table.wrong(ex.print_shop, "waits for the report for ever", planned(report={"shutdown": INFINITY}), "of 'report': five")
table.wrong(ex.print_shop, "kills the prices", planned(prices={"shutdown": "brutal_kill"}), "of 'prices': five")
table.wrong(
    ex.print_shop,
    "writes the spec of a supervisor by hand, as a worker",
    shop(by_hand_floor),
    "A supervisor between it and the shop",
)

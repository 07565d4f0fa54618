"""The checks of chapter 08, child specs.

They start what a spec describes, end it in every way, and look what its supervisor does; or they close the
shop and look at the clock. Each docstring says in its first line what "ok" claims, and then what the check
demands: the text of the exercise has to say all of it. Whatever has a number or a name is tried with at
least two of them.
"""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Sequence
from dataclasses import FrozenInstanceError
from typing import Any, Final

from .. import (
    BadArg,
    ChildSpec,
    Down,
    Exit,
    GenServer,
    NoReply,
    Ok,
    Pid,
    Process,
    Reply,
    StartError,
    Supervisor,
    child_spec,
    current_node,
    receive,
    self_,
    send,
)
from ..child_spec import spec_error
from ..errors import describe_exception, describe_reason, safe_repr
from ..primitives import find
from ..terms import is_quiet
from ..viz.tree_data import is_supervisor
from .checking import NotYet, expect
from .comparing import same
from .looking import not_started, with_other_numbers

ENDS: Final[tuple[Any, ...]] = ("normal", "shutdown", ("shutdown", "no paper"), "done", ValueError("jam"), "kill")
A_WHILE: Final = 0.1
"""Virtual seconds in which a process that has something to do does it."""
GONE: Final = " (gone)"


# ---- what was returned -----------------------------------------------------------------------------


def _plain(answer: Any, function: str) -> Any:
    """What a function answered that is not to be awaited."""
    if inspect.iscoroutine(answer):
        answer.close()  # it never runs, and that is said here and not by a warning
        idea = "the first line: this function waits for nothing, so it is a plain `def`, and no `async def`"
        raise NotYet(f"`{function}` was called", "a coroutine", "the answer itself", idea)
    return answer


_RETURN: Final = "what the function returns: is a `return` missing?"
_WHOLE: Final = "what is asked for: `ChildSpec`s. `child_spec(child)` makes one of the shorter forms"


def _list_of_specs(answer: Any, function: str, count: int) -> list[ChildSpec]:
    """The specs that a function returned, looked at as a supervisor would."""
    answer, done = _plain(answer, function), f"`{function}` was called"
    if not isinstance(answer, (list, tuple)):
        idea = _RETURN if answer is None else "what the function returns: a list, also of one or none"
        raise NotYet(done, safe_repr(answer), f"a list of {count}", idea)
    _expect_uncalled(answer, done)
    for spec in answer:
        if not isinstance(spec, ChildSpec):
            raise NotYet(done, f"{safe_repr(spec)} is in the list", "a ChildSpec", _WHOLE)
        _expect_fit(spec, done)
    if len(answer) != count:
        raise NotYet(done, f"a list of {len(answer)}", f"a list of {count}", "for whom there is a spec: for each once")
    return list(answer)


def _expect_uncalled(specs: Sequence[Any], done: str) -> None:
    """See that nowhere a start function was called in place of being named."""
    starts = [spec.start if isinstance(spec, ChildSpec) else spec for spec in specs]
    pieces = [piece for start in starts for piece in (start if isinstance(start, tuple) else (start,))]
    called = [piece for piece in pieces if inspect.iscoroutine(piece)]
    for piece in called:
        piece.close()  # it never runs, and that is said here and not by a warning
    if called:
        idea = "the parentheses after `start_link`: `start` holds the function, and the supervisor calls it"
        raise NotYet(done, "a coroutine: the start function was called", "the function itself, in `start`", idea)


def _expect_fit(spec: ChildSpec, done: str) -> None:
    """See that no field has a value that a supervisor refuses."""
    match spec_error(spec):
        case None:
            return
        case ("invalid_mfa", (type() as kind, _) as start):
            idea = f"the function in `start`: `{kind.__name__}.start_link`, and not the class"
            raise NotYet(done, f"start={safe_repr(start)}", "(function, [argument])", idea)
        case ("invalid_mfa", start):
            idea = (
                "the form of `start`: a pair of a function and a list of its arguments. "
                "A tuple of one argument needs its comma"
            )
            raise NotYet(done, f"start={safe_repr(start)}", "(function, [argument])", idea)
        case (_, value):
            idea = "the values that this field of a spec may have"
            raise NotYet(done, f"a field that holds {safe_repr(value)}", "a spec that a supervisor takes", idea)


def _a_child(answer: Any, function: str) -> ChildSpec:
    """The spec of a child that was returned in any form."""
    answer, done = _plain(answer, function), f"`{function}` was called"
    if answer is None:
        raise NotYet(done, "None", "a child for a supervisor", _RETURN)
    try:
        spec = child_spec(answer)
    except BadArg as error:
        forms = "the forms of a child: a class, a pair of a class and its argument, or a `ChildSpec`"
        raise NotYet(done, str(error), "a child for a supervisor", forms) from None
    _expect_uncalled([spec], done)
    _expect_fit(spec, done)
    return spec


_IDS: Final = "the `id`. Each child of a supervisor needs one of its own; without an override it is the class"


async def _running(children: Sequence[ChildSpec], done: str, **rules: Any) -> Pid:
    """A supervisor with these children, one_for_one if nothing else is said."""
    Process.flag(trap_exit=True)  # a supervisor that gives up is something to look at
    ids = [spec.id for spec in children]
    twice = [name for number, name in enumerate(ids) if any(same(name, other) for other in ids[:number])]
    if twice:
        raise NotYet(done, f"two children have the id {safe_repr(twice[0])}", "ids that differ", _IDS)
    try:
        root = await Supervisor.start_link(children, **{"strategy": "one_for_one", "max_restarts": 100, **rules})
    except StartError as error:
        raise not_started(error) from None
    assert root is not None
    return root


async def _close(root: Pid) -> float:
    """Stop a supervisor; how many seconds that took."""
    began = current_node().now()
    if Process.alive(root):
        await Supervisor.stop(root)
    return current_node().now() - began


async def _end(name: object, reason: Any) -> None:
    """End a process with a reason, and give its supervisor time to see to it."""
    pid = Process.whereis(name)
    if pid is not None and reason == "kill":
        Process.exit(pid, "kill")
    elif pid is not None:
        try:
            await GenServer.stop(pid, reason)
        except Exit:
            await Process.sleep(0.0)  # it has ended, though not as it was asked to
    await Process.sleep(A_WHILE)


# ---- drills ------------------------------------------------------------------------------------------


async def staff(staff: Any, names: tuple[str, str, str] = ("rotary", "order 7", "ledger")) -> None:
    """The press always comes back, the job after a crash, the report never, whatever they are called.

    Demands: a whole `ChildSpec` for each, in this order, with the name as its ``id``; a ``Part`` that is started by its
    supervisor under that name; every way to end is tried with each of the three.
    """
    cases = ((staff, names), (staff, ("flatbed", "poster 12", "inventory")))
    await with_other_numbers(_one_staff, cases)


async def _one_staff(staff: Any, names: tuple[str, str, str]) -> None:
    done = f"`staff{names!r}` was called"
    specs = _list_of_specs(staff(*names), "staff", 3)
    idea = "the `id` of each: its name, and in the order that was asked for"
    expect(f"{done}; which ids have the specs?", [spec.id for spec in specs], [*names], idea)
    await _started_by_it(specs, names, done)
    comes_back: dict[str, Callable[[Any], bool]] = {
        names[0]: lambda end: True,
        names[1]: lambda end: not is_quiet(end),
        names[2]: lambda end: False,
    }
    ideas = dict(zip(names, _RESTARTS, strict=True))
    for name, hoped in comes_back.items():
        for end in ENDS:
            root = await _running(specs, done)
            await _end(name, end)
            back = Process.whereis(name) is not None
            await _close(root)
            expect(f"{name!r} ended with {end!r}; was it started again?", back, hoped(end), ideas[name])


_RESTARTS: Final = (
    "the `restart` of the press: it is needed whatever ended it",
    "the `restart` of the job: a quiet end finishes it, and every other end is a crash",
    "the `restart` of the report: it has one try, also if that crashes",
)


async def _started_by_it(specs: list[ChildSpec], names: Sequence[str], done: str) -> None:
    root = await _running(specs, done)
    missing = [name for name in names if Process.whereis(name) is None]
    idea = "the arguments in `start`: a `Part` runs under the name that its `start_link` was given"
    expect(f"{done}, and a supervisor started the three; under which names does nobody run?", missing, [], idea)
    for name in names:
        info = Process.info(Process.whereis(name)) or {}  # type: ignore[arg-type]
        if info.get("parent") is not root:
            idea = "who starts the process: the supervisor does, with the function in `start`. A spec starts nothing"
            raise NotYet(done, f"{name!r} had been started by another process", "a child of the supervisor", idea)
        if root not in info["links"]:
            idea = "`start` and `start_link`: without a link the supervisor does not hear of the end"
            raise NotYet(done, f"{name!r} is not linked to the supervisor", "a link between the two", idea)
        await _expect_part(name)
    await _close(root)


async def _expect_part(name: Any) -> None:
    """See that what runs under a name counts pages, as a ``Part`` does and hardly anything else."""
    GenServer.cast(name, "print")
    try:
        pages = await GenServer.call(name, "pages")
    except Exit as error:
        pages = f"no answer: {describe_reason(error.reason)}"
    idea = "the function in `start`: each of the three is a `Part`"
    expect(f'{name!r} was told to "print", and asked for its "pages"', pages, 1, idea)


Config = dict[str, Any]
_MORE: Final[tuple[Config, ...]] = (
    {},
    {"restart": "transient"},
    {"shutdown": "brutal_kill"},
    {"restart": "temporary", "shutdown": 1.5},
    {"shutdown": 0},
)


async def press_specs(press_specs: Any, names: tuple[str, ...] = ("left", "right")) -> None:
    """Each dict becomes the spec of one press, in order, with what it says and the defaults for the rest.

    Demands: a `ChildSpec` for each; the name as ``id``; started with name and width; restart and shutdown as the
    dict says, else ``"permanent"`` and five seconds; the dicts and their list stay as they
    are; an empty list gives none.
    """
    cases = ((press_specs, names), (press_specs, ("web", "sheet", "proof", "gold", "blind")), (press_specs, ()))
    await with_other_numbers(_one_row, cases)


async def _one_row(press_specs: Any, names: tuple[str, ...]) -> None:
    configs: list[Config] = [
        {"name": name, "width": 210 + 110 * number, **_MORE[number % len(_MORE)]} for number, name in enumerate(names)
    ]
    given, done = copy.deepcopy(configs), f"`press_specs` was called with {len(names)} dicts"
    specs = _list_of_specs(press_specs(given), "press_specs", len(names))
    expect(f"{done}; what do they hold afterwards?", given, configs, "what your code does to the dicts it was given")
    expect(f"{done}; which ids?", [spec.id for spec in specs], [*names], "the `id` of each press, and their order")
    for config, spec in zip(configs, specs, strict=True):
        seen = (spec.restart, 5.0 if spec.shutdown is None else spec.shutdown)
        hoped = (config.get("restart", "permanent"), config.get("shutdown", 5.0))
        idea = "the two fields that a dict may have, and what holds for a dict that does not have them"
        expect(f"the dict was {config!r}; restart and shutdown?", seen, hoped, idea)
    root = await _running(specs, done)
    for config in configs:
        await _expect_press(config, done)
    for config in configs:
        await _end(config["name"], ValueError("jam"))
        back = Process.whereis(config["name"]) is not None
        hoped_back = config.get("restart") != "temporary"
        expect(f"{config['name']!r} crashed; was it started again?", back, hoped_back, "the `restart` of this press")
        if back:
            await _expect_press(config, f"{config['name']!r} was started again")
    await _close(root)


async def _expect_press(config: Config, done: str) -> None:
    name, idea = config["name"], "the arguments of `start`: the name and the width are two of them"
    if Process.whereis(name) is None:
        raise NotYet(done, f"nobody runs as {name!r}", "a press under that name", idea)
    plan = await GenServer.call(name, "plan")
    expect(f'{done}; what does {name!r} answer to "plan"?', plan, (name, config["width"]), idea)


class _Disk(GenServer):
    """Puts away one job after the other, each in so many seconds, the first one late; and tells what it has."""

    async def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        seconds, late, kept = state
        match request:
            case ("put away" | "write", job):
                await Process.sleep(seconds + late)
                return Reply("ok", (seconds, 0.0, [*kept, job]))
            case "kept":
                return Reply(kept, state)
        return NoReply(state)


_HANGS: Final = 1e6
"""Seconds that a disk takes which hangs."""


_A_MOMENT: Final = 1e-6
"""Seconds by which a sum of times may be off."""
_ON_THE_WAY: Final = 1e-4
"""Seconds that messages are on their way in all, where the work takes just as long as a limit may not be.

On the node's clock they take no time, and a limit that is just as long as the work would do; on the BEAM it does not.
"""
_SPARE: Final = (
    "the room that is left: a limit that is just as long as the work has nothing to spare, not even for a message"
)
_UNIT: Final = "the unit of `shutdown`. It counts seconds; Elixir counts milliseconds"


async def _disk(seconds: float, late: float = 0.0) -> Pid:
    pid = await _Disk.start((seconds, late and late + _ON_THE_WAY, []), name="disk")
    assert pid is not None
    return pid


async def _end_disk(disk: Pid) -> list[Any]:
    """What is on the disk by now; it is gone afterwards."""
    try:
        kept: list[Any] = await GenServer.call(disk, "kept", timeout=_A_MOMENT)
    except Exit:
        kept = await _kept_before(disk)
    Process.exit(disk, "kill")
    await Process.sleep(A_WHILE)
    return kept


async def _kept_before(disk: Pid) -> list[Any]:
    """What was on a disk before the job at which it is now."""
    try:
        return (await GenServer.call(disk, "kept", timeout=1.0))[:-1]  # type: ignore[no-any-return]
    except Exit:
        return []


async def archivist(archivist: Any, most: int = 12) -> None:
    """However many jobs there are, all are put away before the shop closes, and a disk that hangs is not waited for.

    Demands: up to ``most`` jobs of half a second each, and a tenth of a second to spare; with a disk that hangs,
    closing takes at most one second for each of ``most``, which is one or more.
    """
    await with_other_numbers(_one_archive, ((archivist, most), (archivist, 3), (archivist, 41), (archivist, 1)))


async def _one_archive(archivist: Any, most: int) -> None:
    done = f"`archivist({most})` was started"
    for jobs, seconds, late in ((most, 0.5, 0.0), (most, 0.25, 0.0), (1, 0.5, 0.0), (0, 0.5, 0.0), (most, 0.5, 0.1)):
        disk = await _disk(seconds, late)
        spec = _a_child(archivist(most), "archivist")
        _expect_argument(spec, most, done)
        took = await _archived(spec, jobs, done)
        kept = await _end_disk(disk)
        what = f"{done}; {jobs} jobs of {seconds:g} s each{_told(late)}; the shop was closed"
        idea = _SPARE if late else "how long the child may take to stop. What is not done by then is cut off"
        if len(kept) < jobs and took < 0.01:
            idea = "what the closing waits for: it waits for the child alone, and only as long as its spec says"
        expect(f"{what}. What was put away by then?", kept, [*range(jobs)], idea)
    disk, spec = await _disk(_HANGS), _a_child(archivist(most), "archivist")
    took = await _archived(spec, most, done)
    await _end_disk(disk)
    if took > most + _A_MOMENT:
        limit = "the limit: with a disk that hangs, it is all that ends the wait. It grows with `most`"
        idea = _UNIT if _in_milliseconds(spec, most) else limit
        seen = "it never closes" if took >= _HANGS else f"closed after {took:g} s"
        raise NotYet(f"{done}; the disk hangs; the shop was closed", seen, f"at most {most} s", idea)


def _expect_argument(spec: ChildSpec, most: int, done: str) -> None:
    """See what `start_link` is given; a start function of one's own may pass it on as it likes."""
    function, arguments = spec.start
    if getattr(function, "__name__", "") == "start_link":
        idea = "the argument: the archivist is started with `most`"
        expect(f"{done}; what does its `start_link` get?", [*arguments], [most], idea)


def _in_milliseconds(spec: ChildSpec, seconds: float) -> bool:
    """Whether a limit that is far too long would do if it counted milliseconds."""
    limit = spec.shutdown
    return isinstance(limit, (int, float)) and 0.5 * seconds <= limit / 1000 <= seconds


def _told(late: float) -> str:
    return f", and the disk was {late:g} s late" if late else ""


async def _archived(spec: ChildSpec, jobs: int, done: str) -> float:
    """Close a shop with this child and so many jobs; how long that took, or as long as a disk hangs."""
    root = await _running([spec], done)
    [row] = await Supervisor.which_children(root)
    if row.pid is None:
        raise NotYet(done, "no process", "an archivist", "what `start` says: the class is the one above")
    for job in range(jobs):
        GenServer.cast(row.pid, ("keep", job))
    await Process.sleep(A_WHILE)
    return await _close_within(root, 3600.0)


async def _close_within(root: Pid, patience: float) -> float:
    """Stop a supervisor; how many seconds that took, or `_HANGS` after so many."""
    if not Process.alive(root):
        return 0.0
    began, pids = current_node().now(), [row.pid for row in await Supervisor.which_children(root)]
    try:
        await Supervisor.stop(root, timeout=patience)
    except Exit:
        for pid in (root, *pids):
            if isinstance(pid, Pid):
                Process.exit(pid, "kill")
        return _HANGS
    return current_node().now() - began


class _Slow(GenServer, restart="transient", shutdown=9.0):
    """Traps exits, and takes a minute to stop."""

    def init(self, argument: Any) -> Ok:
        Process.flag(trap_exit=True)
        return Ok(argument)

    async def terminate(self, reason: Any, state: Any) -> None:
        if reason == "shutdown":
            await Process.sleep(60.0)


class _Own(_Slow):
    """Has a spec of its own making."""

    @classmethod
    def child_spec(cls, argument: Any = None) -> ChildSpec:
        return ChildSpec(("own", argument), (cls.start_link, (argument,)), shutdown=30.0)


class _Named(_Slow, restart="permanent"):
    """Runs under its name."""

    @classmethod
    async def start_link(cls, name: Any) -> Any:  # type: ignore[override]
        return await super().start_link(name, name=name)


_CHILDREN: Final[tuple[Any, ...]] = (
    _Slow,
    (_Own, "proof"),
    ChildSpec("press", (_Slow.start_link, ("press",)), shutdown=20.0),
    (_Named, "a row of presses"),
    _Own,
)
_FORMS: Final = "the forms that a child may have: a class, a pair, or a `ChildSpec`. One function makes a spec of each"


async def rehearsal(rehearsal: Any, count: int = 4) -> None:
    """The same workers in the same order, of every form: none comes back, and closing takes no time.

    Demands: a `ChildSpec` for each worker, which differs from the child's own in ``restart`` and ``shutdown`` alone;
    the list that was given stays as it is.
    """
    await with_other_numbers(_one_rehearsal, ((rehearsal, count), (rehearsal, 2), (rehearsal, 0)))


async def _one_rehearsal(rehearsal: Any, count: int) -> None:
    given, done = [*_CHILDREN[:count]], f"`rehearsal` was called with {count} children"
    try:
        answer = rehearsal(given)
    except FrozenInstanceError as error:
        idea = "how a spec is changed: not at all. Another one is made of it, with some fields changed"
        raise NotYet(done, describe_exception(error), "a list of ChildSpecs", idea) from None
    except (AttributeError, TypeError) as error:
        raise NotYet(done, describe_exception(error), "a list of ChildSpecs", _FORMS) from None
    if len(given) != count or any(one is not other for one, other in zip(given, _CHILDREN, strict=False)):
        idea = "which list your code changes. Return another one, and leave the one that was given"
        raise NotYet(done, "the list that was given was changed", "the list as it was", idea)
    specs = _list_of_specs(answer, "rehearsal", count)
    ids, own_ids = [spec.id for spec in specs], [child_spec(child).id for child in given]
    if ids != own_ids and all(name in own_ids for name in ids):
        idea = "the order of the list: it is to be that of the children"
        raise NotYet(done, safe_repr(ids), safe_repr(own_ids), idea)
    for child, spec in zip(given, specs, strict=True):
        own = child_spec(child)
        kept = [field for field in ("id", "start", "type", "significant", "modules") if not _alike(field, own, spec)]
        idea = "how a spec is made of another with some fields changed, so that the rest of it stays"
        expect(f"{done}; what else differs in the spec of {safe_repr(child)}?", kept, [], idea)
    await _rehearsed(specs, done)


def _alike(field: str, own: ChildSpec, spec: ChildSpec) -> bool:
    return bool(getattr(own, field) == getattr(spec, field))


async def _rehearsed(specs: list[ChildSpec], done: str) -> None:
    for number, spec in enumerate(specs):
        for end in ("normal", ValueError("jam"), "kill"):
            root = await _running(specs, done)
            [pid] = [row.pid for row in await Supervisor.which_children(root) if row.id == spec.id]
            before = len(await Supervisor.which_children(root))
            assert isinstance(pid, Pid)
            if end == "kill":
                Process.exit(pid, "kill")
            else:
                await GenServer.stop(pid, end)
            await Process.sleep(A_WHILE)
            rows = await Supervisor.which_children(root)
            idea = "the `restart` of the specs: which one never brings a child back, and forgets it?"
            what = f"{done}; child {number + 1} ended with {end!r}; how many children has the supervisor?"
            expect(what, len(rows), before - 1, idea)
            took = await _close(root)
            idea = "the `shutdown` of the specs: a child that takes a minute in `terminate` is not waited for"
            expect(f"{done}; the supervisor was stopped; how many seconds did it take?", took, 0.0, idea)


# ---- repair 1: an errand --------------------------------------------------------------------------------


class _Press(GenServer):
    """Tells home what it was asked and by whom, takes its time, and does as its script says: "ok", an error, or a jam.

    A jam hands its name on to the next press before it ends, so that whoever asks again finds somebody.
    """

    async def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        home, script, following, seconds = state
        match request:
            case ("print", title):
                send(home, ("asked", title, from_[0]))
                await Process.sleep(seconds)
                said = script.get(title, "ok")
                if said != "jam":
                    send(home, ("answered", title, from_[0]))
                    return Reply(said, state)
                Process.unregister("press")
                if following:
                    Process.register(following[0], "press")
                raise RuntimeError("a jam")
        return NoReply(state)


async def _presses(*scripts: dict[str, Any], seconds: float = 1.0) -> None:
    """One press after the other, each with its script and so many seconds for a title; the first one has the name."""
    if (last := Process.whereis("press")) is not None:
        await GenServer.stop(last)
    pids: list[Pid] = []
    for script in reversed(scripts):
        pid = await _Press.start((self_(), script, pids[:1], seconds))
        assert pid is not None
        pids.insert(0, pid)
    Process.register(pids[0], "press")


async def errand(errand: Any, titles: tuple[str, ...] = ("menu", "flyer")) -> None:
    """A title is printed once, a refused one is told and left, and only a press that ends has it tried again.

    Demands: the reasons with which errands end; several under one supervisor; a press that takes a minute for each
    title is waited for; one that jams each time is tried as often as the budget allows.
    """
    await with_other_numbers(_one_day, ((errand, titles), (errand, ("Poster A3", "ticket", "receipt"))))


async def _one_day(errand: Any, titles: tuple[str, ...]) -> None:
    for seconds in (1.0, 60.0):
        await _printed(errand, titles, seconds)
    for why in ("no paper", ("too wide", 600)):
        await _refused(errand, titles, why)
    await _jammed_once(errand, titles)
    await _jammed_for_ever(errand, titles)


async def _watched(errand: Any, titles: Sequence[str], done: str, **rules: Any) -> tuple[Pid, dict[Pid, str]]:
    """A supervisor with these errands, and whose process is whose."""
    specs = [_a_child(errand(title), "errand") for title in titles]
    root = await _running(specs, done, **{"max_restarts": 3, **rules})
    rows = await Supervisor.which_children(root)
    whose = {row.pid: title for spec, title in zip(specs, titles, strict=True) for row in rows if row.id == spec.id}
    for pid in whose:
        if pid is not None:
            Process.monitor(pid)
    return root, whose  # type: ignore[return-value]


News = list[tuple[str, str, Pid]]


async def _ends(whose: dict[Pid, str], seconds: float) -> tuple[dict[str, Any], News]:
    """Wait; with what reason each errand ended, and what came from the presses."""
    await Process.sleep(seconds)
    reasons: dict[str, Any] = {}
    news: News = []
    while (letter := await receive(timeout=0.0)) != "timeout":
        if isinstance(letter, Down) and letter.pid in whose:
            if isinstance(letter.reason, NotImplementedError):
                raise letter.reason
            reasons[whose[letter.pid]] = letter.reason
        elif isinstance(letter, tuple) and letter[:1] in (("asked",), ("answered",)):
            news.append(letter)
    return reasons, news


def _times(news: News, what: str, title: str) -> int:
    """How often a title was asked for, or answered."""
    return sum(letter[:2] == (what, title) for letter in news)


_DONE: Final = (
    "the word with which it ends. To the supervisor of a transient child every word but the quiet ones is a crash"
)


async def _printed(errand: Any, titles: Sequence[str], seconds: float) -> None:
    done = f"the press printed what it was sent, {seconds:g} s for each title"
    await _presses({}, seconds=seconds)
    root, whose = await _watched(errand, titles, done)
    reasons, news = await _ends(whose, seconds / 2)
    if reasons or None in whose:
        idea = _PATIENCE if _crashed(reasons) else _ANOTHER
        raise NotYet(done, "an errand ended before the press had answered", "it waits for the answer", idea)
    late, more = await _ends(whose, seconds * (len(titles) + 1) + 60.0)
    if not _crashed(late):
        _expect_once(titles, news + more, done)
    wrong = [title for title in titles if late.get(title) != "normal"]
    if wrong:
        _wrong_end(late.get(wrong[0], _NOT_ENDED), done)
    expect(f"{done}; is the supervisor there a minute later?", Process.alive(root), True, _DONE)
    await _close(root)


_ANOTHER: Final = "when it is done: when the press has answered. What another process asks for, the errand cannot tell"
_PATIENCE: Final = "why it crashed before the press could answer: how long does its call wait?"
_NOT_ENDED: Final = "it has not ended"


def _expect_once(titles: Sequence[str], news: News, done: str) -> None:
    """See that each title was asked for once."""
    for title in titles:
        askers = [by for what, of, by in news if (what, of) == ("asked", title)]
        if len(askers) == 1:
            continue
        idea = "the `restart` of the errand: it comes back after an end that was no crash"
        if len(set(askers)) < len(askers):
            idea = "how often one errand asks: the press prints each time"
        elif not askers:
            idea = "what the errand asks for: the title that it was started with"
        raise NotYet(done, f"{title!r} was printed {len(askers)} times", "once", idea)


def _wrong_end(reason: Any, done: str) -> None:
    """Say of an errand that did not end with `normal` what to look at again."""
    match reason:
        case ("bad_return_value", None):
            idea = "what the callback returns: is a `return` missing before a `Stop`?"
            raise NotYet(done, "`handle_continue` returned None", "a Stop that is returned", idea)
        case ("timeout", _):
            raise NotYet(done, f"an errand crashed: {describe_reason(reason)}", "it waits for the answer", _PATIENCE)
    seen = reason if reason is _NOT_ENDED else describe_reason(reason)
    raise NotYet(f"{done}; with what did the errand end?", seen, "normal", _DONE)


def _crashed(reasons: dict[str, Any]) -> bool:
    return any(not is_quiet(reason) for reason in reasons.values())


async def _refused(errand: Any, titles: Sequence[str], why: Any) -> None:
    title, done = titles[-1], f"the press answered {('error', why)!r}"
    await _presses({title: ("error", why)})
    root, whose = await _watched(errand, titles, done)
    reasons, news = await _ends(whose, 60.0)
    idea = (
        "what the press has answered. It is no crash, and whoever monitors the errand wants to know why: "
        "one of the quiet reasons has room for that"
    )
    expect(f"{done}; with what did the errand end?", reasons.get(title, _NOT_ENDED), ("shutdown", why), idea)
    count = _times(news, "asked", title)
    expect(f"{done}; how often was it asked?", count, 1, "the `restart` of the errand: to refuse is no crash")
    expect(f"{done}; is the supervisor there a minute later?", Process.alive(root), True, _DONE)
    await _close(root)


_JAM: Final = (
    "what a call does when the server ends: it exits, and with it the errand crashes, if nothing catches it. "
    "After a crash the supervisor has it try again, if its `restart` says so"
)


async def _jammed_once(errand: Any, titles: Sequence[str]) -> None:
    title, done = titles[0], "the press jammed at the first attempt, and the next press printed"
    await _presses({title: "jam"}, {})
    root, whose = await _watched(errand, titles[:1], done)
    reasons, news = await _ends(whose, 60.0)
    if title in reasons and is_quiet(reasons[title]):
        seen = f"the errand ended with {safe_repr(reasons[title])}"
        raise NotYet("the press jammed and ended", seen, "a crash", _JAM)
    counts = [_times(news, what, title) for what in ("asked", "answered")]
    expect(f"{done}; how often was it asked for, and printed?", counts, [2, 1], _JAM)
    expect(f"{done}; is the supervisor there a minute later?", Process.alive(root), True, _DONE)
    await _close(root)


async def _jammed_for_ever(errand: Any, titles: Sequence[str]) -> None:
    title, done = titles[0], "every press jammed, and the supervisor allows three restarts in a minute"
    await _presses(*[{title: "jam"}] * 9)
    root, whose = await _watched(errand, titles[:1], done, max_seconds=60.0)
    _, news = await _ends(whose, 60.0)
    idea = "who tries again: the supervisor does, and counts. An errand of its own accord would try for ever"
    expect(f"{done}; how often was the press asked?", _times(news, "asked", title), 4, idea)
    await _close(root)


# ---- repair 2: a keeper ---------------------------------------------------------------------------------


async def keeper(keeper: Any, jobs: int = 30) -> None:
    """All jobs are on the disk when the shop has closed, and a slow or silent disk does not hold it up.

    Demands: each job as often as it was added, in order, also those in the mailbox, and also if the disk is a second
    late; closing takes at most thirty seconds; other messages and stray exit signals change nothing; the keeper runs
    under its name and always comes back, and whatever ends it but a kill, its jobs are written.
    """
    await with_other_numbers(_one_closing, ((keeper, jobs), (keeper, 5), (keeper, 0)))
    for seconds in (4.0, _HANGS):
        await _held_up(keeper, seconds)
    await _always_back(keeper)


def _jobs(count: int) -> list[int]:
    """The numbers of so many jobs: none is its place in the row, and each comes twice."""
    return [301 + 4 * (number // 2) % 11 for number in range(count)]


async def _open(keeper: Any, jobs: int, done: str) -> tuple[Pid, Pid]:
    """A shop with a keeper that was sent so many jobs, and other things between them."""
    root = await _running([_a_child(keeper(), "keeper")], done)
    pid = Process.whereis("keeper")
    if pid is None:
        raise NotYet(done, "nobody runs as 'keeper'", "a keeper", "how it is started: its class gives it the name")
    for job in _jobs(jobs):
        GenServer.cast(pid, ("add", job))
    return root, pid


_NOT_AT_ALL: Final = (
    "whether `terminate` runs at all, in the keeper itself: what does the supervisor's signal do to it?"
)
_WAITS_NOT: Final = (
    "what `terminate` waits for: the supervisor waits for the keeper alone, and the keeper ends with its `terminate`"
)


async def _one_closing(keeper: Any, jobs: int) -> None:
    for seconds, pause, late in ((0.5, 0.0, 0.0), (0.5, 1.0, 0.0), (0.01, 0.0, 0.0), (0.01, 1.0, 0.0), (0.5, 1.0, 1.0)):
        disk = await _disk(seconds, late)
        done = f"{jobs} jobs were added, {seconds:g} s each on the disk{_told(late)}, and the shop was closed"
        root, pid = await _open(keeper, jobs, done)
        await Process.sleep(pause)
        traps = bool((Process.info(pid) or {}).get("trap_exit"))
        took = await _close_within(root, 3600.0)
        kept = await _end_disk(disk)
        idea = _why_not_all(kept, _jobs(jobs), took, traps, late)
        expect(f"{done}. What is on the disk?", kept, _jobs(jobs), idea)
    await _strays(keeper, jobs)


def _why_not_all(kept: list[Any], jobs: list[int], took: float, traps: bool, late: float) -> str:
    """What to look at again where something else is on the disk than these jobs in their order."""
    if len(kept) > len(jobs):
        return "how often each job is written"
    if len(kept) == len(jobs):
        in_order = all(kept.count(job) == jobs.count(job) for job in jobs)
        return "the order in which the jobs are written" if in_order else "what is written: the jobs as they were added"
    if took < 0.01:
        return _WAITS_NOT if traps else _NOT_AT_ALL
    if kept and kept != jobs[: len(kept)]:
        return "which jobs are written: each as often as it was added, and in that order"
    if late and not kept:
        return "how long the keeper waits for the disk's answer to one job, if the disk begins late"
    return _SPARE if late else "how long the keeper may take to stop: it was cut off. What does its spec say?"


async def _strays(keeper: Any, jobs: int) -> None:
    disk, done = await _disk(0.01), f"{jobs} jobs were added, strangers sent messages and an exit signal"
    root, pid = await _open(keeper, jobs, done)
    for message in ("hello", ("add", "this is no cast"), None):
        send(pid, message)
    GenServer.cast(pid, "what is this?")
    Process.exit(pid, "a stray signal")
    await Process.sleep(A_WHILE)
    idea = (
        "what else comes to a process that traps exits: everybody's messages and signals, in `handle_info`. "
        "Its last case returns the state as it was"
    )
    expect(f"{done}; is it the same keeper?", Process.whereis("keeper") is pid, True, idea)
    await _close_within(root, 3600.0)
    kept = await _end_disk(disk)
    expect(f"{done}, and the shop was closed. What is on the disk?", kept, _jobs(jobs), idea)


async def _held_up(keeper: Any, seconds: float) -> None:
    disk, spec = await _disk(seconds), _a_child(keeper(), "keeper")
    kind = "hangs" if seconds == _HANGS else f"takes {seconds:g} s for each"
    done = f"thirty jobs were added, the disk {kind}, and the shop was closed"
    root, _ = await _open(keeper, 30, done)
    await Process.sleep(A_WHILE)
    took = await _close_within(root, 3600.0)
    await _end_disk(disk)
    if took > 30.0 + _A_MOMENT:
        seen = "it does not close" if took >= _HANGS else f"closed after {took:g} s"
        idea = "the limit in the spec: what ends the wait for a slow disk?"
        raise NotYet(done, seen, "closed within 30 s", _UNIT if _in_milliseconds(spec, 30.0) else idea)


async def _always_back(keeper: Any) -> None:
    for end in ENDS:
        disk, done = await _disk(0.0), f"the keeper had three jobs, and ended with {end!r}"
        root, pid = await _open(keeper, 3, done)
        await Process.sleep(A_WHILE)
        await _end("keeper", end)
        back = Process.whereis("keeper") not in (None, pid)
        await _close_within(root, 3600.0)
        kept = await _end_disk(disk)
        idea = "the `restart` of the keeper: it is needed whatever ended it"
        expect(f"{done}; is there another one?", back, True, idea)
        idea = "after which ends the jobs are written: after all but a kill, which runs no code"
        if end != "kill":
            expect(f"{done}. What is on the disk?", kept, _jobs(3), idea)


# ---- the design -------------------------------------------------------------------------------------------


class _Staff(GenServer, restart="temporary", shutdown=0.25):
    """Whoever works in the shop: runs under a name, traps exits, and may be told to be slow to stop."""

    @classmethod
    async def start_link(cls, name: Any) -> Any:  # type: ignore[override]
        return await super().start_link(0.0, name=name)

    def init(self, seconds: Any) -> Ok:
        Process.flag(trap_exit=True)
        return Ok(seconds)

    def handle_call(self, request: Any, from_: Any, state: Any) -> Reply:
        match request:
            case ("be slow", seconds, home):
                return Reply("ok", (seconds, home))
        return Reply("ok", state)

    async def terminate(self, reason: Any, state: Any) -> None:
        match state:
            case (seconds, home):
                await Process.sleep(seconds)
                send(home, "stopped in time")


async def print_shop(PrintShop: Any, presses: tuple[str, ...] = ("left", "right"), closing: float = 8.0) -> None:
    """Each end takes along what it must and no more, what runs once runs as often as it should, and closing is in time.

    Demands: every way to end, of everybody; three ends within five seconds; the prices after a crash, after a quiet
    end, and with a new spooler; one try of the report; ``closing`` seconds for the spooler, none for a press, and five
    for the prices and for the report; a supervisor of the shop above each of them.
    """
    cases = ((PrintShop, presses, closing), (PrintShop, ("web", "proof", "gold"), 21.0))
    await with_other_numbers(_one_shop, cases)


def _names(presses: Sequence[str]) -> list[str]:
    return ["spooler", *presses, "prices", "report"]


async def _opened(PrintShop: Any, presses: Sequence[str], closing: float) -> Pid:
    Process.flag(trap_exit=True)
    config = {name: (_Staff, name) for name in ("spooler", "prices", "report")}
    staff = {**config, "presses": {name: (_Staff, name) for name in presses}, "closing": closing}
    try:
        root = await PrintShop.start_link(staff)
    except StartError as error:
        if "duplicate_child_name" in repr(error.reason):
            raise NotYet("the shop was started", describe_reason(error.reason), "all of it running", _IDS) from None
        raise not_started(error) from None
    if root is None:
        raise NotYet("the shop was started", "Ignore()", "a supervisor", "what `init` returns: Supervise(…)")
    missing = [name for name in _names(presses) if Process.whereis(name) is None]
    expect("the shop was started; who is missing?", missing, [], _EVERYBODY)
    return root  # type: ignore[no-any-return]


_EVERYBODY: Final = "the list of children: everybody in the dict is one"


async def _below(root: Pid, staff: Sequence[Pid | None]) -> list[Any]:
    """The children of a supervisor, and of the supervisors below it, as far as they are of the staff."""
    found: list[Any] = []
    for row in await Supervisor.which_children(root):
        if row.pid in staff:
            found.append(row.pid)
        elif isinstance(row.pid, Pid) and (process := find(row.pid)) is not None and is_supervisor(process):
            found += await _below(row.pid, staff)
    return found


async def _expect_children(PrintShop: Any, presses: Sequence[str], closing: float) -> None:
    root = await _opened(PrintShop, presses, closing)
    names = _names(presses)
    children = await _below(root, [Process.whereis(name) for name in names])
    strangers = [name for name in names if Process.whereis(name) not in children]
    await _close_within(root, 3600.0)
    expect("the shop was started; who runs, and is no child of its supervisors?", strangers, [], _EVERYBODY)


async def _one_shop(PrintShop: Any, presses: Sequence[str], closing: float) -> None:
    await _expect_children(PrintShop, presses, closing)
    for name in _names(presses):
        for end in ENDS:
            await _expect_fate(PrintShop, presses, closing, name, end)
    for first, end, second in (
        ("prices", "normal", "spooler"),
        ("prices", "normal", presses[0]),
        ("report", "normal", "spooler"),
        ("report", ValueError("jam"), "spooler"),
        ("report", "normal", presses[-1]),
    ):
        await _expect_second_fate(PrintShop, presses, closing, (first, end, second))
    for three in (["prices"] * 3, ["spooler"] * 3, [presses[0]] * 3, [presses[0], presses[-1], "prices"]):
        await _expect_three_borne(PrintShop, presses, closing, three)
    await _closed_in_time(PrintShop, presses, closing)


async def _expect_three_borne(PrintShop: Any, presses: Sequence[str], closing: float, three: list[str]) -> None:
    """Three ends within five seconds take along no more than each of them does alone."""
    root = await _opened(PrintShop, presses, closing)
    seen = [await _new_after(_names(presses), name, "kill") for name in three]
    await _close_within(root, 3600.0)
    idea = "the budgets: the shop and each supervisor in it have to bear three ends within five seconds"
    ends = ", ".join(repr(name) for name in three)
    hoped = [_fate(presses, name, "kill") for name in three]
    expect(f"{ends} were killed, one after the other; who was new each time?", seen, hoped, idea)


async def _expect_fate(PrintShop: Any, presses: Sequence[str], closing: float, name: str, end: Any) -> None:
    root = await _opened(PrintShop, presses, closing)
    new = await _new_after(_names(presses), name, end)
    alive = Process.alive(root)
    await _close_within(root, 3600.0)
    hoped = _fate(presses, name, end)
    idea = _about_shop(name, new, hoped) if alive else "the budget: the shop itself has given up"
    expect(f"{name!r} ended with {end!r}; who is new, and who is gone?", new, hoped, idea)


async def _new_after(names: Sequence[str], name: str, end: Any) -> list[str]:
    """End one process; who of ``names`` is another one now, or has not come back?"""
    before = {each: Process.whereis(each) for each in names}
    await _end(name, end)
    after = {each: Process.whereis(each) for each in names if Process.whereis(each) is not before[each]}
    return [each if pid is not None else f"{each}{GONE}" for each, pid in after.items()]


def _fate(presses: Sequence[str], name: str, end: Any) -> list[str]:
    if name == "spooler":
        return ["spooler", *presses, "prices"]
    if name == "report" or (name == "prices" and is_quiet(end)):
        return [name + GONE]
    return [name]


def _about_shop(name: str, new: list[str], hoped: list[str]) -> str:
    """What to look at again where an end took the wrong ones along."""
    if "report" + GONE in new and name != "report":
        return "whom the strategy stops for another's end: the report must stand where no other end reaches it"
    gone = [each.removesuffix(GONE) for each in new if GONE in each and each not in hoped]
    if gone:
        return f"the `restart` of {gone[0]!r}. What its class says of itself holds until you override it"
    if name in new and name + GONE in hoped:
        return f"the `restart` of {name!r}: this end was not one after which it comes back"
    if len(new) > len(hoped):
        return "what was started after whom, and under which supervisor: somebody was made new who need not be"
    return "the strategy, and who stands behind the spooler in the list: those who remember it have to be new"


async def _expect_second_fate(
    PrintShop: Any, presses: Sequence[str], closing: float, story: tuple[str, Any, str]
) -> None:
    """Something that runs once has ended; then somebody else does."""
    first, end, second = story
    root = await _opened(PrintShop, presses, closing)
    await _end(first, end)
    new = await _new_after(_names(presses), second, "kill")
    there = Process.whereis(first) is not None
    await _close_within(root, 3600.0)
    hoped = (first, second) == ("prices", "spooler")
    idea = (
        "what a supervisor still knows of a child that has ended: of a temporary one nothing, and a transient one "
        "is started again with its group"
    )
    done = f"{first!r} ended with {end!r}, and then {second!r} did"
    expect(f"{done}; is there {first!r} again?", there, hoped, idea)
    fate = [each for each in _fate(presses, second, "kill") if each != first or hoped]
    expect(f"{done}; who is new?", new, fate, _about_shop(second, new, fate))


async def _closed_in_time(PrintShop: Any, presses: Sequence[str], closing: float) -> None:
    idea = 'the `shutdown` of the spooler: the dict says under "closing" how many seconds it has'
    for seconds, stops in ((closing - 0.5, True), (closing + 5.0, False)):
        took, stopped = await _closes(PrintShop, presses, closing, "spooler", seconds)
        done = f'"closing" was {closing:g}, the spooler needed {seconds:g} s to stop, and the shop was closed'
        cut = f"{idea}. A supervisor between it and the shop needs that time too" if stops else idea
        expect(f"{done}. Did it stop in time?", stopped, stops, cut)
        if took > closing + 0.1:
            raise NotYet(done, f"closed after {took:g} s", f"closed after {closing:g} s", idea)
    for name in ("prices", "report"):
        for seconds, stops in ((4.75, True), (5.25, False)):
            took, stopped = await _closes(PrintShop, presses, closing, name, seconds)
            done = f"{name!r} needed {seconds:g} s to stop, and the shop was closed"
            idea = f"the `shutdown` of {name!r}: five seconds, whatever its class says"
            expect(f"{done}. Did it stop in time?", stopped, stops, idea)
    for press in presses:
        took, _ = await _closes(PrintShop, presses, closing, press, 60.0)
        done = f"the press {press!r} needed a minute to stop, and the shop was closed"
        idea = "the `shutdown` of the presses: no time at all. A child that traps exits is waited for otherwise"
        expect(f"{done}. How many seconds did it take?", took, 0.0, idea)


async def _closes(
    PrintShop: Any, presses: Sequence[str], closing: float, name: str, seconds: float
) -> tuple[float, bool]:
    """Close the shop while one of them is slow to stop; how long it took, and whether that one came to its end."""
    root = await _opened(PrintShop, presses, closing)
    await GenServer.call(name, ("be slow", seconds, self_()))
    took = await _close_within(root, 3600.0)
    return took, await receive(lambda letter: letter == "stopped in time", timeout=0.0) != "timeout"

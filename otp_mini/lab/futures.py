"""A lab: one scenario, every way to break it, and what came of it, as data.

Nothing in the data is computed by a model of OTP: each run in it was recorded from processes that
really ran, on a node of their own, on the deterministic scheduler. A coroutine cannot be copied,
so a run that begins after three crashes begins by doing the three crashes again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from ..child_spec import ChildLike
from ..errors import BadArg, safe_repr
from ..supervisor import STRATEGIES, Supervisor
from ..terms import Pid
from .cast import Cast, Role
from .fork import CannotFork
from .performance import Performance, Plan, Show, Step
from .recorder import OPS, Op
from .starts import START, Starts, action_of, planned, start_of
from .state_key import Seen, state_key
from .world import WAYS, Request, Scenario, seconds_of, silence, waiting

MOST_WORK: Final = 220_000
"""A document ends at a smaller depth rather than take more work.

Each run counts as many as there are processes, for they are copied and compared, and one more for each event in it:
where twenty supervisors stand one below the other, a crash is told to all of them, and all start anew.
"""

ROOM: Final = 4_000
"""A document holds no more futures than that to let time pass between any two crashes: some 20 kilobytes."""

WAITS: Final = (1.0, 6.0)
"""The seconds that a reader may let pass at a time, if nobody says otherwise: one, and more than a usual window."""

Entry = tuple[str, str] | tuple[str, float] | str
"""One entry of a script: ``("cart", "raise")``, ``("wait", 2.0)``, or ``"wait"``."""

_OP: Final = {name: number for number, name in enumerate(OPS)}
_LONGEST_WAIT: Final = 86_400  # a day, in seconds
_ENDS: Final = ((), ("all is down",), ("something still waits",))
_STOPPED, _ABSENT = 3, 7  # states of a part at the start, in the player's numbers


class Lab:
    """A scenario that can be broken in every way, as often as one likes.

    Args:
        scenario: ``async def`` without arguments; starts a tree and returns the pid of its root.
            It runs on a fresh node each time, so it must not depend on anything that lasts.
        title: for people; the root's name by default.
        gap: virtual seconds that pass before each crash: none, unless the reader lets time pass.
        wait: how many virtual seconds the reader may let pass at a time: one number, or several.
        raises: what a process raises, by its name; ``RuntimeError("boom")`` for the others. A child that only
            ``starts`` can start may be among them.
        show: ``show(name, state)`` answers a line about the state of a server, or None: "knows: session".
        request: ``async def`` without arguments: what a user of the system asks for. The lab makes this
            request after each action, in a copy of the system, and tells what it gets.
        starts: by the name of a dynamic supervisor, a list or tuple of children that may be started under it.

    Example:
        >>> from otp_mini import GenServer, Supervisor
        >>> async def shop():
        ...     return await Supervisor.start_link([(GenServer, "a cart")], strategy="one_for_one", name="shop")
        >>> lab = Lab(shop)
        >>> for line in lab.tell([("GenServer", "raise")]):
        ...     print(line)
        inject GenServer raise
        exit GenServer RuntimeError('boom')
        signal GenServer shop
        count shop GenServer
        start GenServer
        quiet
    """

    def __init__(
        self,
        scenario: Scenario,
        *,
        title: str | None = None,
        gap: float = 0.0,
        wait: float | Sequence[float] = WAITS,
        raises: Mapping[str, BaseException] | None = None,
        show: Show | None = None,
        request: Request | None = None,
        starts: Starts | None = None,
    ) -> None:
        waits = tuple(wait) if isinstance(wait, Sequence) else (wait,)
        for name, seconds in (("gap", gap), *(("wait", each) for each in waits)):
            least = 0 if name == "gap" else 0.001
            if not (type(seconds) in (int, float) and least <= seconds <= _LONGEST_WAIT):
                raise BadArg(f"{name} must be a number of seconds from {least} to a day, got {safe_repr(seconds)}")
        for name, function in (("show", show), ("request", request)):
            if function is not None and not callable(function):
                raise BadArg(f"{name} must be a function, got {safe_repr(function)}")
        self.plan = Plan(scenario, gap, waits, show, request)
        self.cast = Cast(raises)
        with self.perform() as start:
            self._playing = set(start.recorder.playing.values())
            self._present = len(self.cast.roles)
            self._links = _links(start)
            self._next_pid = 1 + max(pid.number for pid in start.world.node.blocks)
            self._shown = {number: self.cast.line(line) for number, line in start.recorder.shown.items()}
            self._gets = None if request is None else self.cast.line(start.answer())
        self.title = self.cast.roles[0].name if title is None else title
        if starts is not None:
            self.plan = replace(self.plan, starts=planned(starts, self.cast.roles, self._those()))
        self._check_raises(raises or {})

    def _check_raises(self, raises: Mapping[str, BaseException]) -> None:
        """Refuse names that nobody has or may come to have."""
        unknown = set(raises) - {role.name for role in self.cast.roles}
        later = [start.name for start in self.plan.starts]
        if not unknown - {*later}:
            return
        for number in range(len(later)):
            later += [name for name in self._who_comes(action_of(number)) if name not in later]
        if unknown - {*later}:
            could = f" Of those that can be started, there are: {', '.join(later)}." if later else ""
            raise BadArg(f"raises names {safe_repr(min(unknown - {*later}))}, and {self._those()}{could}")

    def _who_comes(self, action: int) -> list[str]:
        """The names of those who are there after an action at the start, and were not before."""
        with Performance(self.plan, Cast()) as trial:
            before = len(trial.cast.roles)
            if action in trial.actions():
                trial.act(action, ask=False)
            return [role.name for role in trial.cast.roles[before:]]

    def perform(self) -> Performance:
        """A fresh run, at its start; for a ``with`` block."""
        return Performance(self.plan, self.cast)

    # ---- one path -----------------------------------------------------------------------------

    def runs(self, path: Sequence[Step]) -> tuple[list[list[Op]], list[int]]:
        """What each step of a path led to, and how many operations of it were done in the end."""
        with self.perform() as performance:
            return self._play(performance, path)

    def _play(self, performance: Performance, path: Sequence[Step]) -> tuple[list[list[Op]], list[int]]:
        found: list[list[Op]] = []
        kept: list[int] = []
        for place, step in enumerate(path):
            self._check(performance, step)
            following = path[place + 1] if place + 1 < len(path) else None
            if isinstance(following, tuple):
                whole = self.runs(path[: place + 1])[0][-1]
                kept.append(performance.act_in_part(step, following[1], whole))
                found.append(whole)
            else:
                found.append(performance.act(step))
                kept.append(len(found[-1]))
        return found, kept

    def _check(self, performance: Performance, step: Step) -> None:
        action = step[0] if isinstance(step, tuple) else step
        waits = seconds_of(action)
        if waits and waits <= _LONGEST_WAIT and performance.is_alive():
            return
        start, known = start_of(action), len(self.plan.starts)
        if start is not None and start >= known:
            there = f"The lab's `starts` are numbered from 0 to {known - 1}." if known else "The lab has no `starts`."
            raise BadArg(f"{self.describe(action)} cannot be done: there is no such child to be started. {there}")
        if action not in performance.actions():
            raise BadArg(
                f"{self.describe(action)} cannot be done at this point: that process does not run, or it is a "
                "supervisor, which runs only OTP's own code and has nothing to raise. A child is started only under "
                "a supervisor that runs."
            )

    def ask(self, path: Iterable[Any]) -> dict[str, Any]:
        """What the player asks for: the run of the last step of a path.

        Args:
            path: actions from the start; ``[action, after]`` for one in the middle of the run before.

        Returns:
            ``run``; ``keep`` where the last step came in the middle: so many operations of the run
            before are done; and where the cast has grown since the start: ``procs``, ``reasons``,
            ``quiet``, ``lines``.

        Raises:
            BadArg: a step is not possible.
        """
        steps = [_step(step) for step in path]
        if not steps:
            raise BadArg("a path needs at least one step")
        before = self.cast.size()
        found, kept = self.runs(steps)
        answer: dict[str, Any] = {"run": _flat(found[-1], sum(kept[:-1]))}
        if isinstance(steps[-1], tuple):
            answer["keep"] = kept[-2]
        if before != self.cast.size():
            answer |= self.who()
        return answer

    def states(self, path: Iterable[Any]) -> dict[str, Any]:
        """How things stand after a path, looked up in the processes themselves: what a player must show."""
        with self.perform() as performance:
            self._play(performance, [_step(step) for step in path])
            alive = {part for pid, part in performance.recorder.playing.items() if pid.block is not None}
            node = performance.world.node
            windows: dict[int, list[float]] = {}
            for block, _ in performance.world.supervisors():
                budget = block.loop.state.budget
                times = budget.spent(node.clock.now())
                windows[performance.recorder.playing.get(block.pid, -1)] = [at - performance.began for at in times]
            numbers = range(len(self.cast.roles))
            return {
                "alive": [number in alive for number in numbers],
                "life": [performance.recorder.lives.get(number, 0) for number in numbers],
                "clock": round(node.now() - performance.began, 6),
                "window": [windows.get(number, []) for number in numbers],
            }

    def tell(self, script: Iterable[Entry]) -> list[str]:
        """A script as lines of text: for ``print``, and for a test."""
        lines: list[str] = []
        with self.perform() as performance:
            for entry in script:
                step = self.action(entry)  # only now: an entry may name whom the one before has started
                self._check(performance, step)
                lines += map(self._line, performance.act(step))
        return lines

    def _line(self, op: Op) -> str:
        names = [role.name for role in self.cast.roles]
        words = [op.name, names[op.p]]
        match op.name:
            case "inject":
                words.append(WAYS[int(op.argument)])
            case "ask":
                words.append(self.plan.starts[int(op.argument)].name)
            case "exit" | "fail" | "told":
                words.append(self.cast.reasons[int(op.argument)])
            case "signal" | "count" | "link" | "unlink":
                words.append(names[int(op.argument)])
            case "stop" if op.argument:
                words.append("killed")
            case "quiet":
                words = ["quiet", *_ENDS[int(op.argument)]]
            case "wait" | "time" | "pids":
                words = [op.name, f"{op.argument:g}"]
            case "crowd":
                words.append(f"{op.argument:g}")
            case "show":
                words.append(self.cast.lines[int(op.argument)])
            case "gets":
                words = [self.cast.lines[int(op.argument)]]
        return " ".join(words)

    # ---- all futures --------------------------------------------------------------------------

    def document(
        self, depth: int | None = None, *, along: Sequence[int] = (), most: int = MOST_WORK, room: int = ROOM
    ) -> dict[str, Any]:
        """All futures up to a depth, in the form ``crash-lab/3`` that the player reads.

        Args:
            depth: so many steps; by default one more than a supervisor allows restarts, or nobody
                would ever be seen to give up. It becomes less where that took too much work, and the
                document says so: ``depth`` is what it holds, ``asked`` what it was to hold.
                Where there is room for it, a wait is no step: ``crashes`` says how many crashes are held
                with as many waits before each as one likes.
            along: a path whose runs are in it, however deep it goes.
            most: how much work is too much.
            room: so many futures may be held when waits are no steps.
        """
        if depth is None:
            depth = 1 + max((role.limit[0] for role in self.cast.roles if role.limit), default=0)
        with silence():
            found = Futures(self)
            reached, crashes = found.explore(depth, most, room)
            found.follow(along)
        document = {"format": "crash-lab/3", "title": self.title, "depth": reached, "asked": depth, "crashes": crashes}
        document |= {"gap": self.plan.gap, "waits": list(self.plan.waits)}
        document |= {"ops": list(OPS), "ways": list(WAYS), "next": self._next_pid, "links": self._links}
        if self.plan.starts:
            document["starts"] = [{"name": start.name, "up": start.up} for start in self.plan.starts]
        return document | self.who() | found.data()

    def who(self) -> dict[str, Any]:
        """The cast: parts, reasons, what is said of states; and what a request gets at the start."""
        who: dict[str, Any] = {
            "reasons": list(self.cast.reasons),
            "quiet": list(self.cast.quiet),
            "lines": list(self.cast.lines),
            "procs": [self._proc(role) for role in self.cast.roles],
        }
        return who if self._gets is None else who | {"gets": self._gets}

    def _proc(self, role: Role) -> dict[str, Any]:
        proc: dict[str, Any] = {"name": role.name, "up": role.up, "restart": role.restart, "kind": role.kind}
        if role.limit is not None:
            proc |= {"strategy": role.strategy, "max": list(role.limit)}
        if role.error is not None:
            proc["error"] = self.cast.reason(role.error)
        if role.kind == "crowd":
            proc["count"] = role.count
        if role.number not in self._playing:
            proc["st"] = _STOPPED if role.number < self._present else _ABSENT
        elif role.pid is not None:
            proc["pid"] = role.pid
        if role.number in self._shown:
            proc["line"] = self._shown[role.number]
        return proc

    # ---- names --------------------------------------------------------------------------------

    def actions(self, script: Iterable[Entry]) -> list[int]:
        """A script in words, as actions: ``("cart", "raise")``, ``("ann", "start")``, ``("wait", 2.0)``, ``"wait"``."""
        return [self.action(entry) for entry in script]

    def action(self, entry: Entry) -> int:
        """One action, in words; ``"wait"`` alone is the longest of the lab's waits."""
        if entry == "wait":
            return waiting(max(self.plan.waits))
        if not (isinstance(entry, tuple) and len(entry) == 2):
            raise BadArg(
                'a script holds ("name", "raise" | "normal" | "shutdown" | "kill"), ("wait", seconds) or "wait", '
                f"got {entry!r}"
            )
        name, way = entry
        if name == "wait" and type(way) in (int, float):
            if not 0.001 <= way <= _LONGEST_WAIT:  # type: ignore[operator]
                raise BadArg(f"a wait takes from 0.001 seconds to a day, got {way!r}")
            return waiting(way)  # type: ignore[arg-type]
        if way == START:
            return self._start(name)
        number = next((role.number for role in self.cast.roles if role.name == name), None)
        if number is None:
            raise BadArg(f"a script names {safe_repr(name)}, and {self._those()}")
        if way not in WAYS:
            raise BadArg(f"a process ends by one of {', '.join(WAYS)}, got {safe_repr(way)}")
        return 4 * number + WAYS.index(way)

    def _start(self, name: object) -> int:
        names = [start.name for start in self.plan.starts]
        if name not in names:
            those = f"There are: {', '.join(names)}." if names else "Give the lab some by `starts`."
            raise BadArg(f"a script starts {safe_repr(name)}, and there is no such child to be started. {those}")
        return action_of(names.index(str(name)))

    def describe(self, action: int) -> str:
        """An action in words."""
        if action < 0:
            return f"letting {seconds_of(action):g} s pass"
        start = start_of(action)
        if start is not None:
            known = start < len(self.plan.starts)
            return f"starting {self.plan.starts[start].name if known else f'child {start}'}"
        number, way = divmod(action, 4)
        name = self.cast.roles[number].name if 0 <= number < len(self.cast.roles) else f"process {number}"
        return f"{name}: {WAYS[way]}"

    def _those(self) -> str:
        names = ", ".join(role.name for role in self.cast.roles)
        return f"there is no such process in the tree. There are: {names}."


Future = tuple[int, int, int]
"""An action, the number of the run that it leads to, and the state after that."""


def futures_of(document: Mapping[str, Any], state: int) -> list[Future]:
    """What a document holds of a state: nothing, where its depth ends there."""
    row = document["edges"][state]
    return list(zip(document["menus"][row[0]], row[1::2], row[2::2], strict=True)) if row else []


class Futures:
    """The futures of a lab, as far as they were looked for. States with the same key are one."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.runs: dict[tuple[float, ...], int] = {}
        self.rows: list[list[Future] | None] = [None]  # of each state
        self.work = 0  # that was done: see `MOST_WORK`
        self._acts = 0  # so many runs
        self._events = 0  # and so many events in them
        self.whole = True  # does each row hold every action that is possible there?
        self._seen = Seen()
        self._states: dict[object, int] = {}

    def explore(self, depth: int, most: int, room: int) -> tuple[int, int]:
        """Every action in every state that is new, first step by step, then crash by crash.

        Args:
            depth: so many steps, then so many crashes.
            most: how much work is too much, for either of the two.
            room: so many futures may be held when waits are no steps.

        Returns:
            How many steps are held, whatever they are; and how many crashes, with as many waits before each
            as one likes.
        """
        start = self.lab.perform().open()
        self._states[self._key(start)] = 0
        layer = {0: _Standing(self.lab, [], start)}
        reached = depth
        try:
            for step in range(depth):
                if self.work + sum(map(self._needs, layer.values())) > most:
                    reached = step
                    break
                layer = self._layer(layer)
            return reached, self._let_time_pass(layer, depth if reached == depth else 0, most, room)
        finally:
            for standing in layer.values():
                standing.close()

    def _needs(self, standing: _Standing) -> int:
        """How much work it is to do all that can be done in a state, if the runs are as long as those so far."""
        length = -(-self._events // self._acts) if self._acts else 0
        return len(standing.actions) * (standing.processes + length)

    def _layer(self, layer: dict[int, _Standing]) -> dict[int, _Standing]:
        following: dict[int, _Standing] = {}
        for state, standing in layer.items():
            following |= self._expand(state, standing)
        return following

    def _expand(self, state: int, standing: _Standing) -> dict[int, _Standing]:
        """Do all that can be done in a state. Answers the states that are new."""
        new: dict[int, _Standing] = {}
        row: list[Future] = []
        for action in standing.actions:
            performance = standing.again()
            future, is_new = self._future(performance, action)
            self.work += standing.processes
            if is_new:
                new[future[2]] = _Standing(self.lab, [*standing.path, action], performance)
            else:
                performance.close()
            row.append(future)
        self.rows[state] = row
        standing.close()
        return new

    def _let_time_pass(self, open_: dict[int, _Standing], depth: int, most: int, room: int) -> int:
        """Go on where waits are no steps, a crash at a time; answers how many crashes are held.

        A crash for which there is no room is given up as a whole: nobody could tell what the page holds.

        Args:
            open_: the states that were reached and not looked at; in the end, those that still are.
        """
        most += self.work
        held = sum(len(row) for row in self.rows if row)
        far = {0: 0}  # how many crashes a state needs
        for level in range(depth):
            added: list[int] = []
            pending = [state for state, needed in far.items() if needed == level]
            for state in pending:  # grows by those that a wait leads to
                if self.rows[state] is None:
                    standing = open_[state]
                    held += len(standing.actions)
                    if self.work + self._needs(standing) > most or held > room:
                        for each in added:
                            self.rows[each] = None
                        return level
                    open_ |= self._expand(state, open_.pop(state))
                    added.append(state)
                for action, _, to in self.rows[state] or ():
                    needed = level + (action >= 0)
                    if needed < far.get(to, depth):
                        far[to] = needed
                        pending += [to] if needed == level else []
        return depth

    def _future(self, performance: Performance, action: int) -> tuple[Future, bool]:
        """What comes of an action, and whether it leads to a state that was not known."""
        begun = len(performance.recorder.ops)
        run = tuple(_flat(performance.act(action), begun))
        self._acts += 1
        self._events += len(performance.trace.events)
        self.work += len(performance.trace.events)
        key = self._key(performance)
        is_new = key not in self._states
        if is_new:
            self._states[key] = len(self.rows)
            self.rows.append(None)
        return (action, self.runs.setdefault(run, len(self.runs)), self._states[key]), is_new

    def _key(self, performance: Performance) -> object:
        """Equal for two performances only if they go on in the same way, and it is told in the same way."""
        recorder = performance.recorder
        return state_key(performance.world, recorder.playing, self._seen), recorder.owed()

    def follow(self, path: Sequence[int]) -> None:
        """Add the runs of a path, as far as it is possible."""
        state = 0
        with self.lab.perform() as performance:
            for action in path:
                if (action >= 0 and action not in performance.actions()) or not performance.is_alive():
                    continue  # it has ended already
                (_, run, to), _ = self._future(performance, action)
                row = self.rows[state]
                if row is None:
                    row = self.rows[state] = []
                    self.whole = False
                if action not in [known for known, _, _ in row]:
                    row.append((action, run, to))
                state = to

    def data(self) -> dict[str, Any]:
        """Runs, and which of them leads from which state to which."""
        menus: dict[tuple[int, ...], int] = {}
        edges: list[Any] = []
        runs, states = list(self.runs), [0]  # what was given up is left out, so each has a new number
        run_numbers: dict[int, int] = {}
        state_numbers = {0: 0}
        for state in states:  # grows by those that it leads to
            row, ends = self.rows[state], []
            for _, run, to in row or ():
                if to not in state_numbers:
                    state_numbers[to] = len(states)
                    states.append(to)
                ends += [run_numbers.setdefault(run, len(run_numbers)), state_numbers[to]]
            menu = tuple(action for action, _, _ in row or ())
            edges.append(0 if row is None else [menus.setdefault(menu, len(menus)), *ends])
        kept = [list(runs[run]) for run in run_numbers]
        found = {"runs": kept, "menus": [list(menu) for menu in menus], "edges": edges}
        return found if self.whole else found | {"whole": False}


class _Standing:
    """A state that was reached: how, and a performance that stands there."""

    def __init__(self, lab: Lab, path: list[int], performance: Performance) -> None:
        self.lab = lab
        self.path = path
        self.actions = performance.actions()
        self.processes = len(performance.world.node.blocks)
        self._performance: Performance | None = performance

    def again(self) -> Performance:
        """One more performance that stands there."""
        if self._performance is not None:
            try:
                return self._performance.fork()
            except CannotFork:
                self.close()
        performance = self.lab.perform().open()
        for action in self.path:
            performance.act(action, ask=False)
        return performance

    def close(self) -> None:
        if self._performance is not None:
            self._performance.close()
            self._performance = None


def _links(performance: Performance) -> list[list[int]]:
    """The links at the start that are not what the tree consists of."""
    playing, blocks = performance.recorder.playing, performance.world.node.blocks
    pairs = [
        [part, playing[other]] for pid, part in playing.items() for other in blocks[pid].links or () if other in playing
    ]
    return [pair for pair in pairs if pair[0] < pair[1] and performance.cast.are_apart(*pair)]


def _flat(run: Sequence[Op], begun: int) -> list[float]:
    """A run as the player reads it: four numbers an operation."""
    flat: list[float] = []
    for place, op in enumerate(run):
        back = 0 if op.cause is None else begun + place - op.cause
        argument = int(op.argument) if op.argument == int(op.argument) else op.argument
        flat += [_OP[op.name], op.p, argument, back]
    return flat


def _step(step: Any) -> Step:
    """A step as it came from a page."""
    if isinstance(step, int) and not isinstance(step, bool):
        return step
    match step:
        case [int(action), int(after)] if after >= 1:
            return action, after
    raise BadArg(f"a step is an action, or [action, after] with after from 1 up, got {safe_repr(step)}")


def strategy_labs(
    children: Iterable[ChildLike], script: Iterable[Entry] = (), **options: Any
) -> tuple[list[Lab], list[int]]:
    """The same children under each of the three strategies, and a script as actions.

    Args:
        children: as for ``Supervisor.start_link``.
        script: ``("name", "raise" | "normal" | "shutdown" | "kill")``, ``("wait", seconds)`` or ``"wait"``, in order.
        options: ``max_restarts`` and ``max_seconds``; the rest goes to `Lab`.
    """
    kept = list(children)
    limits = {name: options.pop(name) for name in ("max_restarts", "max_seconds") if name in options}

    def under(strategy: Any) -> Scenario:
        async def scenario() -> Pid | None:
            return await Supervisor.start_link(kept, strategy=strategy, **limits)

        return scenario

    labs = [Lab(under(strategy), title=strategy, **options) for strategy in STRATEGIES]
    return labs, labs[0].actions(script)

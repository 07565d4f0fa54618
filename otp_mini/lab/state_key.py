"""The key of a world's state: worlds with equal keys go on in the same way, whatever is done to them.

So a lab needs to look at only one of them. Which pids the processes have and how often they were restarted
is not part of the key, the age of each restart in a supervisor's budget is. What time it is, is not part of
it either: a scenario whose processes ask the clock, and not only timers, must not be merged.

What cannot be compared (an open file, say, or a lock) is like nothing else: worlds that hold it are
never the same, which costs time and never correctness. The tests run labs without merging and compare.
"""

from __future__ import annotations

import gc
import types
from collections.abc import Mapping
from enum import Enum
from functools import cache
from typing import Any, Final

from .. import ets
from ..child_spec import ChildSpec
from ..children import Budget, Child, SupervisorState
from ..mailbox import Mailbox
from ..node import Node
from ..process import ControlBlock
from ..registry import Book
from ..terms import Pid, Ref
from .world import World

_PLAIN: Final = frozenset((type(None), bool, int, str, bytes, range, type(...), type(NotImplemented)))
_NAMED: Final = (type, types.BuiltinFunctionType, types.ModuleType, types.CodeType, Enum)
_PICKLING: Final = ("__reduce_ex__", "__reduce__", "__getstate__", "__getnewargs_ex__", "__getnewargs__")


class Seen:
    """Child specifications that were looked at already: most worlds hold the same ones."""

    def __init__(self) -> None:
        self.by_id: dict[int, tuple[ChildSpec, int]] = {}  # holds them, so that no address is used twice
        self.numbers: dict[object, int] = {}


def state_key(world: World, playing: Mapping[Pid, int], seen: Seen | None = None) -> object:
    """A value that is equal for two worlds only if they go on in the same way.

    Args:
        playing: the part of each process.
        seen: the same one for all worlds that are compared saves time.
    """
    look = _Look(world, playing)
    look.seen = seen or look.seen
    return look.everything(world)


def holds_addresses(value: object) -> bool:
    """Is there a pid, a reference or something that does not show what it holds in a value?"""
    look = _Look()
    look.of(value)
    return look.is_of_this_world


class _Look:
    """One look at a world: gives pids, references and shared objects names of its own."""

    def __init__(self, world: World | None = None, playing: Mapping[Pid, int] | None = None) -> None:
        self.seen = Seen()
        self.now = 0.0 if world is None else world.node.clock.now()
        self.playing = playing or {}
        self.is_of_this_world = False  # has it met what means something only there?
        self.names: dict[int, int] = {}
        self.kept_alive: list[object] = []  # so that no address is used twice during the look

    def everything(self, world: World) -> object:
        node = world.node
        blocks = [block for block in node.blocks.values() if block.pid is not world.host]
        blocks.sort(key=lambda block: (self.playing.get(block.pid, 10**9), block.pid.number))
        for block in blocks:
            self.name(block.pid)
        timers = sorted(node.timers.armed.items(), key=lambda item: (item[1][0], item[0]))
        return (
            tuple(self.process(block, node) for block in blocks),
            tuple(
                (round(at - self.now, 9), self.of(target), self.of(message), node.timers.intervals.get(number))
                for number, (at, target, message) in timers
            ),
            frozenset((self.of(block.name), self.of(block.pid)) for block in node.names.values()),
            tuple((self.of(name), self.of(table)) for name, table in node.tables.items()),
            tuple(self.of(block.pid) for block in node.ready),
        )

    def process(self, block: ControlBlock, node: Node) -> object:
        """One process: what it waits for, what lies in its mailbox, its state."""
        server, waiting = block.loop, block.waiting
        resting = server is not None and block.current is None
        if resting:  # between two messages: the loop's own variables are left over from the last one
            code: object = (self.of(type(server.server)), self.of(server.parent), self.of(server.state))
        else:
            code = (self.of(None if server is None else server.state), self.frames(block.coroutine))
        return (
            self.playing.get(block.pid),
            self.of(block.name),
            self.of(block.parent),
            block.trap_exit,
            waiting if isinstance(waiting, str) else self.of(waiting),
            tuple(map(self.of, block.mailbox or ())),
            tuple(map(self.of, block.links or ())),
            tuple((self.of(ref), self.of(who), self.of(name)) for ref, (who, name) in (block.monitors or {}).items()),
            tuple((self.of(ref), self.of(other.pid)) for ref, other in (block.monitoring or {}).items()),
            None if block.timer is None else round(node.timers.armed[block.timer][0] - self.now, 9),
            self.of(block.thrown),
            len(block.cleanups or ()),
            code,
        )

    def frames(self, coroutine: Any) -> object:
        """Where a coroutine stands, and with what: its variables, and what its unfinished expressions hold.

        The iterator of a ``for`` is in no variable: two rounds of one loop differ in it alone.
        """
        stack: list[object] = []
        while isinstance(coroutine, _SUSPENDED):
            frame, awaited = _where(coroutine)
            if frame is None:
                return tuple(stack)
            stack.append((self.of(frame.f_code), frame.f_lasti, self.mapping(frame.f_locals)))
            own = (awaited, frame, frame.f_code, coroutine.__name__, coroutine.__qualname__)
            for thing in gc.get_referents(coroutine):
                function = isinstance(thing, types.FunctionType) and thing.__code__ is frame.f_code
                if not function and not any(thing is each for each in own):
                    stack.append(self.of(thing))
            coroutine = awaited
        return (*stack, self.of(coroutine))

    # ---- any value at all -------------------------------------------------------------------

    def name(self, thing: object) -> int:
        """The same number for the same thing, in the order of meeting them."""
        number = self.names.get(id(thing))
        if number is None:
            number = self.names[id(thing)] = len(self.names)
            self.kept_alive.append(thing)
        return number

    def of(self, value: Any) -> object:
        """A value as one that can be compared and hashed."""
        kind = type(value)
        if kind in _PLAIN:
            return (kind, value)
        if kind is float or kind is complex:
            return (kind, repr(value))  # 0.0 and -0.0 are equal, and not the same
        if kind is Pid:
            self.is_of_this_world = True
            return (kind, self.name(value))
        if kind is tuple:
            return (kind, tuple(map(self.of, value)))  # which of two equal ones it is makes no difference
        if isinstance(value, ets.Table):
            self.is_of_this_world = True
            return self.table(value)
        if isinstance(value, Ref):
            self.is_of_this_world = True
            return (kind, self.name(value))
        if isinstance(value, (ControlBlock, Node)):
            self.is_of_this_world = True
            return ("process", self.name(value.pid)) if isinstance(value, ControlBlock) else ("node",)
        if isinstance(value, _NAMED):
            return ("named", value if not isinstance(value, types.ModuleType) else value.__name__)
        if isinstance(value, (tuple, frozenset)):
            return (kind, self.inside(value))
        if id(value) in self.names:
            return ("again", self.names[id(value)])
        return (kind, self.name(value), self.inside(value))

    def inside(self, value: Any) -> object:
        """What a larger value consists of."""
        if type(value) in (tuple, list, Mailbox):
            return tuple(map(self.of, value))
        if isinstance(value, Budget):
            recent = (round(self.now - at, 9) for at in value.restarts)
            return (value.max_restarts, value.max_seconds, tuple(age for age in recent if age <= value.max_seconds))
        if isinstance(value, Child):
            return (self.spec(value.spec), self.of(value.pid), value.doing)
        if isinstance(value, SupervisorState):
            held = {name: part for name, part in vars(value).items() if name not in value.LOOK_UPS}
            return (self.mapping(held), tuple(map(self.of, value.children)))
        if isinstance(value, Book):
            return self.of(value.contents())
        if type(value) in (set, frozenset):
            return frozenset(map(self.of, value))
        if type(value) is dict or isinstance(value, types.MappingProxyType):
            return self.mapping(value)
        if isinstance(value, types.FunctionType):
            return (
                value.__code__, tuple(map(self.cell, value.__closure__ or ())),
                self.of(value.__defaults__), self.of(value.__kwdefaults__), self.mapping(value.__dict__),
            )  # fmt: skip
        if isinstance(value, types.MethodType):
            return (self.of(value.__func__), self.of(value.__self__))
        if isinstance(value, types.CellType):
            return self.cell(value)
        if isinstance(value, _SUSPENDED):
            return self.frames(value)
        return self.parts(value)

    def table(self, table: ets.Table) -> object:
        """An ETS table: who may do what with it, and its rows in their order."""
        if id(table) in self.names:
            return ("again", self.names[id(table)])
        about = (table.name, table.owner, table.type, table.protection, table.named_table, table.keypos, table.heir)
        number = self.name(table)
        return ("table", number, self.of(about), self.of(table.heir_data), tuple(map(self.of, table.walk())))

    def cell(self, cell: types.CellType) -> object:
        """A variable that functions share; it may have no value yet."""
        try:
            return self.of(cell.cell_contents)
        except ValueError:
            return None

    def spec(self, spec: ChildSpec) -> object:
        """A child specification: a number, or all of it where it holds pids."""
        if id(spec) not in self.seen.by_id:
            look = _Look()
            content = look.of(spec)
            if look.is_of_this_world:
                return self.of(spec)
            number = self.seen.numbers.setdefault(content, len(self.seen.numbers))
            self.seen.by_id[id(spec)] = (spec, number)
        return self.seen.by_id[id(spec)][1]

    def mapping(self, value: Mapping[Any, Any]) -> object:
        return tuple((self.of(key), self.of(item)) for key, item in value.items())

    def parts(self, value: Any) -> object:
        """An object by what it is made of; one that does not show all of that is like no other."""
        try:
            made = None if _hides(type(value)) else value.__reduce_ex__(4)  # type: ignore[arg-type]  # hashable
        except Exception:
            made = None
        if not isinstance(made, tuple):
            self.is_of_this_world = True
            return object()
        _, arguments, *more = made
        state, items, pairs = (*more, None, None, None)[:3]
        return (
            self.of(made[0]),
            tuple(map(self.of, arguments)),
            self.mapping(state) if type(state) is dict else self.of(state),
            tuple(map(self.of, items or ())),
            tuple((self.of(key), self.of(item)) for key, item in pairs or ()),
            self.of(value.__cause__) if isinstance(value, BaseException) else None,
        )


_SUSPENDED: Final = (types.CoroutineType, types.GeneratorType, types.AsyncGeneratorType)


def _where(suspended: Any) -> tuple[types.FrameType | None, Any]:
    """The frame of something that is suspended, and what it awaits."""
    match suspended:
        case types.CoroutineType():
            return suspended.cr_frame, suspended.cr_await
        case types.GeneratorType():
            return suspended.gi_frame, suspended.gi_yieldfrom
    return suspended.ag_frame, suspended.ag_await


@cache
def _hides(kind: type) -> bool:
    """Does a class write in Python how it is pickled? Then it may leave something out."""
    for name in _PICKLING:
        method = getattr(kind, name, None)
        if isinstance(method, types.FunctionType) and method.__module__ not in ("dataclasses", "collections"):
            return not (issubclass(kind, tuple) and hasattr(kind, "_fields"))  # a named tuple shows its fields
    return False

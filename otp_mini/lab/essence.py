"""What decides the future of a world, and nothing else.

Two worlds with the same essence go on in the same way, whatever is done to them: so a lab needs to
look at only one of them. Which pids the processes have and how often they were restarted is not
part of it, the age of each restart in a supervisor's budget is.

What cannot be compared (an open file, say) is like nothing else: worlds that hold it are never the
same, which costs time and never correctness. The tests run labs without merging and compare.
"""

from __future__ import annotations

import types
from collections import deque
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from ..child_spec import ChildSpec
from ..children import Budget, Child, SupervisorState
from ..mailbox import Mailbox
from ..node import Node
from ..process import ControlBlock
from ..terms import Pid, Ref
from .world import World

_PLAIN: Final = frozenset(
    (type(None), bool, int, float, complex, str, bytes, range, type(...), type(NotImplemented))
)
_NAMED: Final = (type, types.BuiltinFunctionType, types.ModuleType, types.CodeType)


class Seen:
    """Child specifications that were looked at already: most worlds hold the same ones."""

    def __init__(self) -> None:
        self.by_id: dict[int, tuple[ChildSpec, int]] = {}  # holds them, so that no address is used twice
        self.numbers: dict[object, int] = {}


def essence(world: World, playing: Mapping[Pid, int], seen: Seen | None = None) -> object:
    """A value that is equal for two worlds only if they will go on in the same way.

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
        timers = sorted(node.timers.items(), key=lambda item: (item[1][0], item[0]))
        return (
            tuple(self.process(block, node) for block in blocks),
            tuple((round(at - self.now, 9), self.of(target), self.of(message)) for _, (at, target, message) in timers),
            frozenset((self.of(name), self.of(block.pid)) for name, block in node.names.items()),
            tuple((self.of(name), self.of(table)) for name, table in node.tables.items()),
            tuple(self.of(block.pid) for block in node.ready),
        )

    def process(self, block: ControlBlock, node: Node) -> object:
        """One process: what it waits for, what lies in its mailbox, its state."""
        server, waiting = block.server, block.waiting
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
            None if block.timer is None else round(node.timers[block.timer][0] - self.now, 9),
            self.of(block.thrown),
            len(block.cleanups or ()),
            code,
        )

    def frames(self, coroutine: Any) -> object:
        """Where a coroutine stands, and with what."""
        stack = []
        while coroutine is not None and hasattr(coroutine, "cr_frame"):
            frame = coroutine.cr_frame
            if frame is None:
                break
            stack.append((self.of(frame.f_code), frame.f_lasti, self.mapping(frame.f_locals)))
            coroutine = coroutine.cr_await
        return tuple(stack)

    # ---- any value at all -------------------------------------------------------------------

    def name(self, thing: object) -> int:
        """The same number for the same thing, in the order of meeting them."""
        if id(thing) not in self.names:
            self.names[id(thing)] = len(self.names)
            self.kept_alive.append(thing)
        return self.names[id(thing)]

    def of(self, value: object) -> object:
        """A value as one that can be compared and hashed."""
        kind = type(value)
        if kind in _PLAIN:
            return (kind, value)
        if kind is Pid or isinstance(value, Ref):
            self.is_of_this_world = True
            return (kind, self.name(value))
        if isinstance(value, (ControlBlock, Node)):
            self.is_of_this_world = True
            return ("process", self.name(value.pid)) if isinstance(value, ControlBlock) else ("node",)
        if isinstance(value, _NAMED):
            return ("named", value if not isinstance(value, types.ModuleType) else value.__name__)
        if isinstance(value, (tuple, frozenset)):
            return (type(value), self.inside(value))  # which of two equal ones it is makes no difference
        if id(value) in self.names:
            return ("again", self.names[id(value)])
        return (type(value), self.name(value), self.inside(value))

    def inside(self, value: Any) -> object:
        """What a larger value consists of."""
        if isinstance(value, Budget):
            recent = (round(self.now - at, 9) for at in value.restarts)
            return (value.max_restarts, value.max_seconds, tuple(age for age in recent if age <= value.max_seconds))
        if isinstance(value, Child):
            return (self.spec(value.spec), self.of(value.pid), value.doing)
        if isinstance(value, SupervisorState):
            held = {name: part for name, part in vars(value).items() if name not in ("by_key", "by_pid")}
            return (self.mapping(held), tuple(map(self.of, value.children)))
        if isinstance(value, (tuple, list, deque, Mailbox)):
            return tuple(map(self.of, value))
        if isinstance(value, (set, frozenset)):
            return frozenset(map(self.of, value))
        if isinstance(value, Mapping):
            return self.mapping(value)
        if isinstance(value, types.FunctionType):
            return (value.__code__, self.cells(value), self.of(value.__defaults__), self.of(value.__kwdefaults__))
        if isinstance(value, types.MethodType):
            return (self.of(value.__func__), self.of(value.__self__))
        if isinstance(value, BaseException):
            return self.of(value.args)
        if isinstance(value, types.CoroutineType):
            return self.frames(value)
        return self.attributes(value)

    def cells(self, function: types.FunctionType) -> object:
        """The variables of functions around it that a function uses; one may have no value yet."""
        found = []
        for cell in function.__closure__ or ():
            try:
                found.append(self.of(cell.cell_contents))
            except ValueError:
                found.append(None)
        return tuple(found)

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

    def attributes(self, value: Any) -> object:
        """An object by what it holds; one that does not show that is like no other."""
        slots = _slots(type(value))  # type: ignore[arg-type]  # a class can be hashed
        if type(value).__module__ == "builtins" or not (slots or hasattr(value, "__dict__")):
            self.is_of_this_world = True
            return object()
        held = tuple((name, self.of(getattr(value, name))) for name in slots if hasattr(value, name))
        return (held, self.mapping(getattr(value, "__dict__", {})))


@cache
def _slots(kind: type) -> tuple[str, ...]:
    """The names of the slots of a class and of those above it."""
    names = [name for above in kind.__mro__ for name in getattr(above, "__slots__", ())]
    return tuple(name for name in names if not name.startswith("__"))

"""A second world that goes on from where the first one stands.

Python cannot copy a coroutine, but a server between two messages does not need one copied: its
state is a value, and its loop begins anew at the very place where it waits. So a world in which
every process rests like that can be forked, in a tenth of the time that it takes to start it and
break it in the same ways again. Any other world cannot, and is run again from the start.

OTP: none
"""

from __future__ import annotations

from typing import Any, Final

from ..children import Child, SupervisorState, supervisor_state
from ..copying import copy_term
from ..gen_server import GenServer
from ..node import Node
from ..primitives import next_message
from ..process import MESSAGE, ControlBlock
from ..terms import Pid
from .state_key import holds_addresses
from .world import World

_SAME: Final = (type(None), bool, int, float, complex, str, bytes, type)


class CannotFork(Exception):
    """Somebody in this world does something that cannot be copied."""


def fork(world: World) -> tuple[World, dict[Pid, Pid]]:
    """A world like this one, and who in it is who.

    Raises:
        CannotFork: a process is no server, or does not rest, or keeps what only it may have.
    """
    old = world.node
    if old.tables or old.ready or old.tracer is not None:
        raise CannotFork
    pids = {pid: Pid(pid.number) for pid in old.blocks}
    twin = World(world.scenario)
    twin.started = world.started
    node = twin.node
    node.clock.move_to(old.clock.now())  # type: ignore[union-attr]  # a world's clock is virtual
    node._start, node._pids, node._refs = old._start, old._pids, old._refs
    node.timers.count = old.timers.count
    for pid, block in old.blocks.items():
        _copy_block(world, block, node, pids, pids[pid])
    node.names = {name: node.blocks[pids[block.pid]] for name, block in old.names.items()}
    for number, (deadline, target, message) in old.timers.armed.items():
        if isinstance(target, ControlBlock):
            raise CannotFork
        node.timers.armed[number] = (deadline, _copied(target, pids), _copied(message, pids))
    node.timers.heap = list(old.timers.heap)
    node.timers.intervals = dict(old.timers.intervals)
    twin.host = _found(world.host, pids)
    twin.root = _found(world.root, pids)
    return twin, pids


def _copy_block(world: World, block: ControlBlock, node: Node, pids: dict[Pid, Pid], pid: Pid) -> None:
    """A process in the new world, waiting for its next message as the old one does."""
    resting = block.waiting is MESSAGE and block.timer is None and block.thrown is None and block.current is None
    if not resting or block.mailbox or block.monitors or block.monitoring or block.cleanups:
        raise CannotFork
    new = ControlBlock(pid, node, None, block.label, _found(block.parent, pids))
    new.name, new.trap_exit = block.name, block.trap_exit
    if block.links:
        new.links = {_found(other, pids): None for other in block.links}  # type: ignore[misc]
    pid.block = node.blocks[pid] = new
    if block.pid is world.host:
        new.become(_wait(new))
    else:
        loop = block.loop
        if not isinstance(getattr(loop, "server", None), GenServer) or loop.debug:
            raise CannotFork
        state: Any = supervisor_state(block)
        state = _copied(loop.state, pids) if state is None else _copied_children(state, pids)
        new.loop = type(loop)(new, loop.server, _found(loop.parent, pids), state)
        new.become(new.loop.run(None))
    new.resume(None)  # up to where it waits
    new.waiting = MESSAGE


async def _wait(process: ControlBlock) -> None:
    while True:
        await next_message(process)


def _copied_children(state: SupervisorState, pids: dict[Pid, Pid]) -> SupervisorState:
    """What a supervisor keeps: its children, and the restarts that count."""

    def copied(child: Child) -> Child:
        twin = object.__new__(Child)
        twin.__dict__.update(child.__dict__)  # its key too, which would take long to make once more
        twin.pid = _copied(child.pid, pids)
        return twin

    return state.twin(copied)


def _copied(value: Any, pids: dict[Pid, Pid]) -> Any:
    """A value in which each pid is that of the new world."""
    kind = type(value)
    if kind in _SAME:
        return value
    if kind is Pid:
        return _found(value, pids)
    if kind is tuple:
        return tuple(_copied(part, pids) for part in value)
    if kind is list:
        return [_copied(part, pids) for part in value]
    if kind is dict:
        return {_copied(key, pids): _copied(part, pids) for key, part in value.items()}
    if holds_addresses(value):
        raise CannotFork
    return copy_term(value)


def _found(pid: Pid | None, pids: dict[Pid, Pid]) -> Pid | None:
    """The new world's pid; one that is dead in the old world is dead in the new one, too."""
    if pid is None:
        return None
    if pid not in pids:
        pids[pid] = Pid(pid.number)
    return pids[pid]

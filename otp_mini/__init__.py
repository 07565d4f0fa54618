"""A little BEAM in pure Python: processes, links, monitors, GenServer, supervisors.

Read the source in this order; each file uses only those before it:
``errors``, ``terms``, ``copying``, ``mailbox``, ``clock``, ``tracing``, ``reports``, ``process``,
``timers``, ``signals``, ``host``, ``node``, ``primitives``, ``child_spec``, ``gen_server``, ``sys_``, ``matching``,
``table_keys``, ``plain_functions``, ``ets``, ``task``, ``children``, ``supervisor``, ``dynamic_supervisor``,
``task_supervisor``, ``agent``, ``registry``, ``partition_supervisor``, ``application``.
"""

from __future__ import annotations

from typing import Any

from . import ets, sys_, terms
from .agent import Agent
from .application import Application
from .child_spec import ChildSpec, child_spec
from .children import ChildError, ChildRow, Counts
from .dynamic_supervisor import DynamicSupervisor, SuperviseDynamically
from .errors import AlreadyStarted, BadArg, CopyError, Deadlock, Exit, NoProc, StartError
from .ets import EtsTransfer
from .gen_server import HIBERNATE, Continue, GenServer, Ignore, NoReply, Reply, Stop, Timeout
from .node import Node, current_node, run
from .partition_supervisor import Partition, PartitionSupervisor
from .primitives import (
    Process,
    in_thread,
    receive,
    self_,
    send,
    spawn,
    spawn_link,
    spawn_monitor,
    trace,
)
from .registry import AlreadyRegistered, Registry, Via
from .supervisor import Supervise, Supervisor
from .task import Exited, Task, TaskStream
from .task_supervisor import TaskSupervisor
from .terms import INFINITY, TIMEOUT, Address, Down, ExitSignal, From, Ok, Pid, Ref, Shared


def __getattr__(name: str) -> Any:
    """The looking functions load on first use, so that the core stays free of what they need."""
    if name in ("which", "processes"):
        from .viz import tables

        return getattr(tables, name)
    if name == "tree":
        from .viz.tree import tree

        return tree
    if name == "life_of":
        from .viz.server_life import life_of

        return life_of
    if name == "decision_table":
        from .viz.decision_table import decision_table

        return decision_table
    if name in ("crash_lab", "compare_strategies"):
        from .widgets import crash_lab

        return getattr(crash_lab, name)
    if name == "observer":
        from .widgets.observer import observer

        return observer
    raise AttributeError(f"module 'otp_mini' has no attribute {name!r}")


def _artist(thing: Any, **how: Any) -> Any:
    from .viz import picture_of

    return picture_of(thing, **how)


terms.artist = _artist

__all__ = [
    "EtsTransfer",
    "AlreadyRegistered",
    "Application",
    "Partition",
    "PartitionSupervisor",
    "Registry",
    "Via",
    "ets",
    "Agent",
    "Exited",
    "Task",
    "TaskStream",
    "TaskSupervisor",
    "ChildError",
    "ChildRow",
    "Counts",
    "DynamicSupervisor",
    "Supervise",
    "SuperviseDynamically",
    "Supervisor",
    "child_spec",
    "Address",
    "AlreadyStarted",
    "BadArg",
    "ChildSpec",
    "Continue",
    "CopyError",
    "Deadlock",
    "Down",
    "Exit",
    "ExitSignal",
    "From",
    "GenServer",
    "HIBERNATE",
    "INFINITY",
    "Ignore",
    "NoProc",
    "NoReply",
    "Node",
    "Ok",
    "Pid",
    "Process",
    "Ref",
    "Reply",
    "Shared",
    "StartError",
    "Stop",
    "TIMEOUT",
    "Timeout",
    "current_node",
    "in_thread",
    "receive",
    "run",
    "self_",
    "send",
    "spawn",
    "spawn_link",
    "spawn_monitor",
    "sys_",
    "trace",
]

"""A little BEAM in pure Python: processes, links, monitors, GenServer, supervisors.

Read the source in this order; each file uses only those before it:
``errors``, ``terms``, ``copying``, ``mailbox``, ``matching``, ``clock``, ``tracing``, ``reports``, ``process``,
``names``, ``timers``, ``signals``, ``interrupts``, ``threads``, ``waits``, ``host``, ``node_options``, ``leavings``,
``node``, ``primitives``, ``child_spec``, ``results``, ``gen_server``, ``sys_``, ``table_keys``, ``plain_functions``,
``ets``, ``task``, ``children``, ``supervisor``, ``dynamic_supervisor``, ``task_supervisor``, ``agent``, ``registry``,
``partition_supervisor``, ``application``, ``points``, ``watched``, ``explore``, ``stage``, ``faults``,
``score``, ``campaign``.
"""

import types as _types  # the package shows no name of the standard library as one of its own
import typing as _typing
from sys import modules as _modules
from typing import Any as _Any

from . import ets, sys_, terms
from .agent import Agent
from .application import Application
from .child_spec import ChildSpec, child_spec
from .children import ChildError, ChildRow, Counts
from .dynamic_supervisor import DynamicSupervisor, SuperviseDynamically
from .errors import AlreadyStarted, BadArg, CopyError, Deadlock, Exit, NoProc, StartError
from .ets import EtsTransfer
from .gen_server import GenServer
from .node import Node, current_node, run
from .partition_supervisor import Partition, PartitionSupervisor
from .primitives import (
    Process,
    flush,
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
from .results import HIBERNATE, Continue, Ignore, NoReply, Reply, Stop, Timeout
from .supervisor import Supervise, Supervisor
from .task import Exited, Task, TaskStream
from .task_supervisor import TaskSupervisor
from .terms import INFINITY, TIMEOUT, Address, Down, ExitSignal, From, Ok, Pid, Ref, Shared

if _typing.TYPE_CHECKING:
    from .campaign import campaign
    from .explore import explore, replay
    from .faults import Crash, FailingStart, Flood, Hang, Kill, SlowStart, Storm, Unreachable
    from .stage import Below


class _Package(_types.ModuleType):
    """This package: `campaign` and `explore` are functions of it, and files are called so too.

    Python puts a file that it has loaded into its package under the file's name. There the function stays.
    """

    def __setattr__(self, name: str, value: object) -> None:
        if not (isinstance(value, _types.ModuleType) and name in ("campaign", "explore")):
            super().__setattr__(name, value)


_modules[__name__].__class__ = _Package


class _Later:
    """A function of the looking part, which is loaded when it is first called or asked about.

    So the core needs nothing but the standard library, ``from otp_mini import *`` brings every name on any
    machine, and a program that looks at nothing loads no pictures.
    """

    def __init__(self, name: str) -> None:
        self.__name__ = self.__qualname__ = name

    def __call__(self, *args: _Any, **options: _Any) -> _Any:
        return self.__wrapped__(*args, **options)

    def __repr__(self) -> str:
        return f"<function {self.__name__} of otp_mini>"

    @property
    def __wrapped__(self) -> _Any:  # what `inspect` follows for the signature
        return _load(self.__name__)

    @property
    def __doc__(self) -> _Any:  # type: ignore[override]
        return self.__wrapped__.__doc__


def _load(name: str) -> _Any:
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
    if name == "observer":
        from .widgets.observer import observer

        return observer
    if name == "schedule_lab":
        from .widgets.schedule_lab import schedule_lab

        return schedule_lab
    from .widgets import crash_lab

    return getattr(crash_lab, name)


_LOOKING = (
    "which", "processes", "tree", "life_of", "decision_table", "observer", "crash_lab", "compare_strategies",
    "schedule_lab",
)  # fmt: skip

_TRYING = (
    "campaign", "explore", "replay", "Below", "Crash", "FailingStart", "Flood", "Hang", "Kill", "SlowStart", "Storm",
    "Unreachable",
)  # fmt: skip


_THEIR_FILES = ("faults", "points", "score", "stage", "watched")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def __getattr__(name: str) -> _Any:
    if name in _LOOKING:
        return _Later(name)
    if name in _TRYING or name in _THEIR_FILES:
        _load_trying()
        return globals()[name]
    raise AttributeError(f"module 'otp_mini' has no attribute {name!r}")


def _load_trying() -> None:
    """Load what tries schedules and faults: half of the package, of which most programs use nothing."""
    import otp_mini.faults as faults

    from .campaign import campaign
    from .explore import explore, replay
    from .stage import Below

    found = {"campaign": campaign, "explore": explore, "replay": replay, "Below": Below}
    globals().update({name: found.get(name) or getattr(faults, name) for name in _TRYING})


def _artist(thing: _Any, **how: _Any) -> _Any:
    from .viz import picture_of

    return picture_of(thing, **how)


terms.artist = _artist

__all__ = [
    "compare_strategies",
    "crash_lab",
    "decision_table",
    "life_of",
    "observer",
    "processes",
    "schedule_lab",
    "tree",
    "which",
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
    "Below",
    "Crash",
    "FailingStart",
    "Flood",
    "Hang",
    "Kill",
    "SlowStart",
    "Storm",
    "Unreachable",
    "campaign",
    "current_node",
    "explore",
    "flush",
    "in_thread",
    "receive",
    "replay",
    "run",
    "self_",
    "send",
    "spawn",
    "spawn_link",
    "spawn_monitor",
    "sys_",
    "trace",
]

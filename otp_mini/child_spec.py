"""How a supervisor starts, restarts and stops one child.

OTP: the child specification of ``Supervisor``
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from .errors import BadArg, safe_repr

Restart = Literal["permanent", "transient", "temporary"]
Shutdown = float | Literal["brutal_kill"]
Start = tuple[Callable[..., Any], tuple[Any, ...]]

DEFAULT_SHUTDOWN: Final = 5.0


@dataclass(frozen=True)
class ChildSpec:
    """One child of a supervisor.

    Args:
        id: tells it from its siblings; the class itself by default.
        start: the function that starts it, and its arguments.
        restart: ``"permanent"`` is always restarted, ``"transient"`` only after a crash,
            ``"temporary"`` never.
        shutdown: seconds to wait after the signal ``"shutdown"`` before it is killed,
            ``INFINITY``, or ``"brutal_kill"``. None: 5 seconds for a worker, ``INFINITY``
            for a supervisor.
        type: ``"worker"`` or ``"supervisor"``.
        significant: does its clean end end its supervisor (``auto_shutdown``)?
        modules: the classes behind it; None for those of ``start``.

    OTP: ``t:Supervisor.child_spec/0``
    Differs: ``start`` is a function and its arguments, where OTP names a module too.
    """

    id: Any
    start: Start
    restart: Restart = "permanent"
    shutdown: Shutdown | None = None
    type: Literal["worker", "supervisor"] = "worker"
    significant: bool = False
    modules: tuple[Any, ...] | Literal["dynamic"] | None = None

    def override(self, **changes: Any) -> ChildSpec:
        """The same with some fields changed.

        Raises:
            BadArg: a field that a child specification does not have.

        OTP: ``Supervisor.child_spec/2``
        """
        unknown = [name for name in changes if name not in self.__dataclass_fields__]
        if unknown:
            raise BadArg(
                f"a child spec has the fields {', '.join(self.__dataclass_fields__)}; "
                f"got {', '.join(map(safe_repr, unknown))}"
            )
        return replace(self, **changes)

"""How a supervisor starts, restarts and stops one child, and the ways in which that is written.

OTP: the child specification of ``Supervisor``
"""

from __future__ import annotations

import types
from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from .errors import BadArg, Exit, safe_repr
from .terms import Pid, Ref

Restart = Literal["permanent", "transient", "temporary"]
Shutdown = float | Literal["brutal_kill"]
Start = tuple[Callable[..., Any], tuple[Any, ...]]

RESTARTS: Final = ("permanent", "transient", "temporary")
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


ChildLike = type[Any] | tuple[Any, Any] | ChildSpec
"""What a list of children may hold: a class, a class and its argument, or a whole `ChildSpec`."""


def child_spec(child: ChildLike, **changes: Any) -> ChildSpec:
    """The specification of a child, with some fields changed.

    OTP: ``Supervisor.child_spec/2``

    Example:
        >>> from otp_mini import GenServer, child_spec
        >>> child_spec((GenServer, 1), id="first", restart="transient").id
        'first'
    """
    return to_spec(child).override(**changes)


def to_spec(child: ChildLike) -> ChildSpec:
    """Make a `ChildSpec` of a class, a ``(class, argument)`` or a `ChildSpec`.

    Raises:
        BadArg: it is none of these, or the class has no ``child_spec``.
    """
    if isinstance(child, ChildSpec):
        return child
    module, arguments = (child[0], child[1:]) if isinstance(child, tuple) and child else (child, ())
    if not hasattr(module, "child_spec") or len(arguments) > 1:
        raise BadArg(
            "a child is a class with child_spec (such as a GenServer), (class, argument), or a "
            f"ChildSpec; got {safe_repr(child)}"
        )
    spec = module.child_spec(*arguments)
    if not isinstance(spec, ChildSpec):
        raise BadArg(f"{safe_repr(module)}.child_spec must return a ChildSpec, got {safe_repr(spec)}")
    return spec


def spec_error(spec: object) -> object:
    """What is wrong with a child specification, as OTP says it; None if nothing is.

    OTP: ``supervisor:check_childspecs/1``
    """
    if not isinstance(spec, ChildSpec):
        return ("invalid_child_spec", spec)
    start = spec.start
    if not (isinstance(start, tuple) and len(start) == 2 and callable(start[0]) and isinstance(start[1], tuple)):
        return ("invalid_mfa", start)
    if spec.restart not in RESTARTS:
        return ("invalid_restart_type", spec.restart)
    if spec.type not in ("worker", "supervisor"):
        return ("invalid_child_type", spec.type)
    if not isinstance(spec.significant, bool):
        return ("invalid_significant", spec.significant)
    if spec.shutdown is None or spec.shutdown == "brutal_kill":
        return None
    number = isinstance(spec.shutdown, (int, float)) and not isinstance(spec.shutdown, bool)
    return None if number and spec.shutdown >= 0 else ("invalid_shutdown", spec.shutdown)


# ---- which child is meant ----------------------------------------------------------------------


def strict_key(name: Any) -> Hashable:
    """What a child's id is looked up by: equal for equal ids only, whatever an id is.

    An id may be any term, and is compared as Erlang compares with ``=:=``: by kind and content, so
    ``1``, ``1.0`` and ``True`` are three. Its own ``__eq__`` and ``__hash__`` are not asked, for they may
    fail. An object that does not show its content is equal to itself alone.

    OTP: ``=:=``

    Example:
        >>> strict_key([1]) == strict_key([1]), strict_key([1]) == strict_key([1.0])
        (True, False)
        >>> nan = float("nan")
        >>> nan == nan, strict_key(nan) == strict_key(nan)
        (False, True)
    """
    try:
        return _strict(name)
    except (Exception, Exit):
        return "object", id(name)


_ITSELF: Final = frozenset((str, int, bytes, type(None), Pid, Ref, types.FunctionType, types.BuiltinFunctionType))


def _strict(term: Any) -> Hashable:
    kind = type(term)
    if kind in _ITSELF:
        return term  # type: ignore[no-any-return]
    if kind in (tuple, list):
        return (kind.__name__, *map(_strict, term))
    if kind is dict:
        return "dict", frozenset((_strict(key), _strict(value)) for key, value in term.items())
    if kind in (set, frozenset):
        return kind.__name__, frozenset(map(_strict, term))
    if kind in (float, bool):
        return kind.__name__, "nan" if term != term else term
    if isinstance(term, type):
        plain = type(term).__hash__ is type.__hash__ and type(term).__eq__ is type.__eq__
        return term if plain else ("class", id(term))
    if isinstance(term, str):
        return str.__str__(term)
    if kind is object:
        return "object", id(term)
    parts = term.__reduce_ex__(4)  # how `pickle` and `copy` would make it anew: its class and its content
    if isinstance(parts, str):
        return _strict(kind), parts
    pieces = [list(part) if place in (3, 4) and part is not None else part for place, part in enumerate(parts)]
    return _strict(kind), *map(_strict, pieces)

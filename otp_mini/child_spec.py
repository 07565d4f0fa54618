"""How a supervisor starts, restarts and stops one child, and the ways in which that is written.

OTP: the child specification of ``Supervisor``
"""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Hashable, Iterable, Mapping, Set
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Final, Literal

from .copying import Memo, _copy, cannot_change
from .errors import BadArg, Exit, describe_reason, safe_repr
from .plain_functions import plain_answer
from .terms import Pid, Ref

Restart = Literal["permanent", "transient", "temporary"]
Shutdown = float | Literal["brutal_kill"]
Start = tuple[Callable[..., Any], tuple[Any, ...] | list[Any]]

RESTARTS: Final = ("permanent", "transient", "temporary")
DEFAULT_SHUTDOWN: Final = 5.0


@dataclass(frozen=True)
class ChildSpec:
    """One child of a supervisor.

    Args:
        id: tells it from its siblings; the class itself by default.
        start: the function that starts it, and a list or tuple of its arguments:
            ``(Worker.start_link, [argument])``.
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

    def __post_init__(self) -> None:
        if type(self.start) is tuple and len(self.start) == 2 and isinstance(self.start[1], list):
            object.__setattr__(self, "start", (self.start[0], tuple(self.start[1])))

    def __deepcopy__(self, memo: Memo) -> ChildSpec:
        # Where nothing in it can change, it is its own copy: a dynamic supervisor is sent one for each child.
        fields = tuple(vars(self).values())
        if cannot_change(fields):
            return self
        copy = memo[id(self)] = object.__new__(type(self))
        vars(copy).update(zip(vars(self), _copy(fields, memo), strict=True))
        return copy

    def override(self, **changes: Any) -> ChildSpec:
        """The same with some fields changed.

        Raises:
            BadArg: a field that a child specification does not have.

        OTP: ``Supervisor.child_spec/2``
        """
        _check_fields(changes)
        return replace(self, **changes)

    def classes(self) -> tuple[Any, ...] | Literal["dynamic"]:
        """The classes behind it: its ``modules``, or the class whose start function it has."""
        if self.modules is not None:
            return self.modules
        owner = getattr(self.start[0], "__self__", None)
        return (owner,) if isinstance(owner, type) else ()


def _check_fields(changes: dict[str, Any]) -> None:
    unknown = [name for name in changes if name not in ChildSpec.__dataclass_fields__]
    if unknown:
        raise BadArg(
            f"a child spec has the fields {', '.join(ChildSpec.__dataclass_fields__)}; "
            f"got {', '.join(map(safe_repr, unknown))}"
        )


def _check_values(cls: type, said: dict[str, Any]) -> None:
    """Raise `BadArg` for what a class says of its processes and no supervisor would take."""
    problem = spec_error(ChildSpec(**{"id": cls, "start": (_check_fields, ()), **said}))
    if problem is not None:
        raise BadArg(f"class {cls.__name__}: {describe_reason(problem)}")


class HasChildSpec:
    """What a class has whose processes can be children: ``child_spec``, and words about it in its first line.

    OTP: ``use GenServer, restart: :transient``
    Differs: a class derived from it has the same, but for the ``id``.

    Example:
        >>> from otp_mini import GenServer
        >>> class Courier(GenServer, restart="transient", shutdown=1.0):
        ...     "Comes back only after a crash."
        >>> Courier.child_spec().restart, Courier.child_spec().id is Courier
        ('transient', True)
    """

    __slots__ = ()
    _said: ClassVar[dict[str, Any]] = {}

    def __init_subclass__(cls, **said: Any) -> None:
        super().__init_subclass__()
        _check_fields(said)
        _check_values(cls, said)
        cls._said = {**{name: value for name, value in cls._said.items() if name != "id"}, **said}

    @classmethod
    def _spec(cls, argument: Any, **fields: Any) -> ChildSpec:
        """The specification by default: these fields, and what the class said about itself."""
        start = cls.start_link, (argument,)  # type: ignore[attr-defined]
        return ChildSpec(**{"id": cls, "start": start, "modules": (cls,), **fields, **cls._said})


def given_options(module: type, argument: object, known: Iterable[str], example: str) -> dict[str, Any]:
    """The options of a ready-made behaviour, which a list of children gives as a dict: checked.

    Args:
        argument: the dict, or None for no options.
        known: the names of the options that there are.
        example: what a right one looks like.

    Raises:
        BadArg: it is no dict, or has an option that there is not.
    """
    names = list(known)
    if argument is None:
        return {}
    if not isinstance(argument, dict):
        raise BadArg(f"{module.__name__} takes its options as a dict: {example}; got {safe_repr(argument)}")
    if unknown := [name for name in argument if name not in names]:
        said = ", ".join(map(safe_repr, unknown))
        raise BadArg(f"{module.__name__} has the options {', '.join(names)}; got {said}")
    return argument


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
        name = f"{module.__name__ if isinstance(module, type) else safe_repr(module)}.child_spec"
        plain_answer(spec, module.child_spec, name)
        missing = ": is a `return` missing?" if spec is None else ""
        raise BadArg(f"{name} must return a ChildSpec, got {safe_repr(spec)}{missing}")
    return spec


def to_specs(children: Iterable[ChildLike]) -> tuple[ChildSpec, ...]:
    """Make a `ChildSpec` of each child in a list.

    Raises:
        BadArg: there is no order to start them in, or one of them can be no child.
    """
    ordered = isinstance(children, Iterable) and not isinstance(children, (str, bytes, type, Mapping, Set))
    if not ordered:
        raise BadArg(f"children is a list, in the order in which they start; got {safe_repr(children)}")
    return tuple(map(to_spec, children))


def spec_error(spec: object) -> object:
    """What is wrong with a child specification, as OTP says it; None if nothing is.

    OTP: ``supervisor:check_childspecs/1``
    """
    if not isinstance(spec, ChildSpec):
        return ("invalid_child_spec", spec)
    if not _can_start(spec.start):
        return ("invalid_mfa", spec.start)
    if not is_one_of(spec.restart, RESTARTS):
        return ("invalid_restart_type", spec.restart)
    if not is_one_of(spec.type, ("worker", "supervisor")):
        return ("invalid_child_type", spec.type)
    if not isinstance(spec.significant, bool):
        return ("invalid_significant", spec.significant)
    if not (spec.modules is None or isinstance(spec.modules, tuple) or is_one_of(spec.modules, ("dynamic",))):
        return ("invalid_modules", spec.modules)
    shutdown = spec.shutdown
    number = isinstance(shutdown, (int, float)) and not isinstance(shutdown, bool) and shutdown >= 0
    fine = shutdown is None or number or is_one_of(shutdown, ("brutal_kill",))
    return None if fine else ("invalid_shutdown", shutdown)


def _can_start(start: object) -> bool:
    """Is this a function that can start a process, and its arguments? To call a class starts nothing."""
    if not (isinstance(start, tuple) and len(start) == 2 and isinstance(start[1], tuple)):
        return False
    function = start[0]
    code = getattr(function, "__code__", None)
    yields = code is not None and code.co_flags & (inspect.CO_GENERATOR | inspect.CO_ASYNC_GENERATOR)
    return callable(function) and not isinstance(function, type) and not yields


def is_one_of(value: object, words: tuple[str, ...]) -> bool:
    """Is it one of these words? A value of another kind is not asked whether it equals one."""
    return isinstance(value, str) and str.__str__(value) in words


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

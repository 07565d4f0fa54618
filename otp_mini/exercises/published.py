"""The library as it was published, for as long as a check runs.

A cell may have replaced something of otp_mini: a method (``GenServer.call = …``), its default
values, its code. The next check would then refuse right answers, or pass wrong ones. So a check
runs with every function as it was when the checks were imported, and afterwards each stands again
as the cell had left it.

This is for accidents and experiments. Code that shares an interpreter with its judge can always
find a way around it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FunctionType, ModuleType
from typing import Any, Final

from .. import __name__ as _PACKAGE
from .comparing import same

_MISSING: Final = object()
_CODE: Final = ("__code__", "__defaults__", "__kwdefaults__")
_METHOD: Final = (FunctionType, classmethod, staticmethod, property)

State = list[tuple[Any, str, Any]]
"""Owner, name and value: an attribute of a class, a global of a module, a part of a function."""

_published: dict[Any, dict[str, Any]] = {}  # what each owner held
_early: list[str] = []  # what a cell had replaced when it was noted
_seen: set[str] = set()


def remember() -> None:
    """Note how each function of the package is now, if its module has not been noted before.

    `otp_mini.exercises` calls this when it is imported, and each check for modules that came later.
    """
    for name in [name for name in sys.modules if name.startswith(_PACKAGE) and name not in _seen]:
        module = sys.modules[name]
        if (name == _PACKAGE or name.startswith(_PACKAGE + ".")) and isinstance(module, ModuleType):
            _seen.add(name)
            for owner, part, value in _state_of(module):
                _published.setdefault(owner, {})[part] = value
                if part not in _CODE and getattr(_function(value), "__module__", None) == "__main__":
                    _early.append(f"{getattr(owner, '__qualname__', owner.__name__)}.{part}")


def replaced_before() -> list[str]:
    """What a cell had replaced when the checks were imported: too early to know the original."""
    return list(_early)


@contextmanager
def as_published() -> Iterator[None]:
    """Run the block with the library as it was published, then put back what was replaced.

    Example:
        >>> from otp_mini import GenServer
        >>> original, GenServer.cast = GenServer.cast, None
        >>> with as_published():
        ...     GenServer.cast is original
        True
        >>> GenServer.cast is None
        True
        >>> GenServer.cast = original
    """
    remember()
    before = _replaced()
    _publish(before)
    try:
        yield
    finally:
        _publish(_replaced())
        _put(before)


def _replaced() -> State:
    """What is not as it was published, or was added to a class since, with the value that it has now.

    Each check asks twice, and nearly always nothing is: so it goes through the owners and makes nothing.
    """
    found: State = []
    for owner, parts in _published.items():
        if isinstance(owner, FunctionType):
            if not _is_published(owner, parts):
                found += _parts(owner)
            continue
        held = vars(owner)
        for name, value in parts.items():
            if held.get(name, _MISSING) is not value:
                found.append((owner, name, held.get(name, _MISSING)))
        if isinstance(owner, type):
            found += [(owner, name, value) for name, value in _methods(owner) if name not in parts]
    return found


def _is_published(function: FunctionType, parts: dict[str, Any]) -> bool:
    """Whether a function has the code and the default values that it was published with."""
    if function.__code__ is not parts["__code__"] or function.__defaults__ is not parts["__defaults__"]:
        return False
    found, value = function.__kwdefaults__, parts["__kwdefaults__"]
    return found is value or (isinstance(found, dict) and isinstance(value, dict) and same(found, value))


def _publish(replaced: State) -> None:
    """Put what was published in the place of what replaced it."""
    _put([(owner, name, _published[owner].get(name, _MISSING)) for owner, name, _ in replaced])


def _state_of(module: ModuleType) -> State:
    state: State = []
    for name, value in list(vars(module).items()):
        if isinstance(value, type | FunctionType):
            state.append((module, name, value))
        if getattr(value, "__module__", None) != module.__name__:
            continue  # imported: noted where it is at home
        if isinstance(value, type):
            for method, found in _methods(value):
                state += [(value, method, found), *_parts(_function(found))]
        elif isinstance(value, FunctionType):
            state += _parts(value)
    return state


def _methods(owner: type) -> list[tuple[str, Any]]:
    return [(name, value) for name, value in list(vars(owner).items()) if isinstance(value, _METHOD)]


def _function(value: Any) -> Any:
    """The function in a method of any kind, and in what a decorator such as contextmanager made of it."""
    value = value.fget if isinstance(value, property) else getattr(value, "__func__", value)
    return getattr(value, "__wrapped__", value)


def _parts(function: Any) -> State:
    return [(function, part, _value(function, part)) for part in _CODE if isinstance(function, FunctionType)]


def _value(owner: Any, name: str) -> Any:
    if name not in _CODE:
        return vars(owner).get(name, _MISSING)
    value = getattr(owner, name)
    return dict(value) if isinstance(value, dict) else value  # a cell may write into the defaults themselves


def _put(state: State) -> None:
    for owner, name, value in state:
        found = _value(owner, name)
        if found is value or (isinstance(value, dict) and isinstance(found, dict) and same(found, value)):
            continue
        if value is _MISSING:
            delattr(owner, name)
        elif isinstance(owner, type):
            type.__setattr__(owner, name, value)
        else:
            setattr(owner, name, dict(value) if isinstance(value, dict) else value)

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

State = list[tuple[Any, str, Any]]
"""Owner, name and value: an attribute of a class, a global of a module, a part of a function."""

_published: State = []
_seen: set[str] = set()


def remember() -> None:
    """Note how each function of the package is now, if its module has not been noted before.

    `otp_mini.exercises` calls this when it is imported, and each check for modules that came later.
    """
    for name, module in list(sys.modules.items()):
        ours = name == _PACKAGE or name.startswith(_PACKAGE + ".")
        if ours and name not in _seen and isinstance(module, ModuleType):
            _seen.add(name)
            _published.extend(_state_of(module))


def replaced_before() -> list[str]:
    """What a cell had replaced when the checks were imported: too early to know the original."""
    return [
        f"{getattr(owner, '__qualname__', owner.__name__)}.{name}"
        for owner, name, value in _published
        if name not in _CODE and getattr(_function(value), "__module__", None) == "__main__"
    ]


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
    classes = {owner for owner, _, _ in _published if isinstance(owner, type)}
    known = {(owner, name) for owner, name, _ in _published if isinstance(owner, type)}
    before = [(owner, name, _value(owner, name)) for owner, name, _ in _published]
    added = [(owner, name, vars(owner)[name]) for owner, name in _unknown(classes, known)]
    _put(_published)
    _put([(owner, name, _MISSING) for owner, name, _ in added])
    try:
        yield
    finally:
        _put([(owner, name, _MISSING) for owner, name in _unknown(classes, known)])
        _put(before)
        _put(added)


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


_METHOD: Final = (FunctionType, classmethod, staticmethod, property)


def _methods(owner: type) -> list[tuple[str, Any]]:
    return [(name, value) for name, value in list(vars(owner).items()) if isinstance(value, _METHOD)]


def _unknown(classes: set[type], known: set[tuple[type, str]]) -> list[tuple[type, str]]:
    """The methods that a class was given after it was published."""
    return [(owner, name) for owner in classes for name, _ in _methods(owner) if (owner, name) not in known]


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

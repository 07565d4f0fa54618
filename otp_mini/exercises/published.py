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
from contextlib import contextmanager, suppress
from types import FunctionType, ModuleType
from typing import Any, Final

from .. import __name__ as _PACKAGE
from .comparing import same

_MISSING: Final = object()
_CODE: Final = ("__code__", "__defaults__", "__kwdefaults__")
_METHOD: Final = (FunctionType, classmethod, staticmethod, property)

State = list[tuple[Any, str, Any]]
"""Owner, name and value: an attribute of a class, a global of a module, a part of a function."""

_attributes: dict[Any, dict[str, Any]] = {}  # of modules and of classes, as they were published
_functions: dict[FunctionType, tuple[Any, ...]] = {}  # the `_CODE` of each
_early: list[str] = []  # what a cell had replaced before it could be noted
_seen: set[str] = set()


def remember() -> None:
    """Note how each function of the package is now, if its module has not been noted before.

    `otp_mini.exercises` calls this when it is imported, and each check for modules that came later.
    """
    for name in [name for name in sys.modules if name.startswith(_PACKAGE) and name not in _seen]:
        module = sys.modules[name]
        if (name == _PACKAGE or name.startswith(_PACKAGE + ".")) and isinstance(module, ModuleType):
            _seen.add(name)
            _note_all(module)


def _note_all(module: ModuleType) -> None:
    for name, value in list(vars(module).items()):
        if isinstance(value, type | FunctionType):
            _note(module, name, value)
        if getattr(value, "__module__", None) != module.__name__:
            continue  # imported: noted where it is at home
        if isinstance(value, type):
            for method, found in _methods(value):
                _note(value, method, found)
                _note_code(_function(found))
        else:
            _note_code(value)


def _note(owner: Any, name: str, value: Any) -> None:
    _attributes.setdefault(owner, {})[name] = value
    if getattr(_function(value), "__module__", None) == "__main__":
        _early.append(f"{getattr(owner, '__qualname__', owner.__name__)}.{name}")


def _note_code(function: Any) -> None:
    if isinstance(function, FunctionType):
        _functions[function] = _parts(function)


def _methods(owner: type) -> list[tuple[str, Any]]:
    return [(name, value) for name, value in list(vars(owner).items()) if isinstance(value, _METHOD)]


def _function(value: Any) -> Any:
    """The function in a method of any kind, and in what a decorator such as contextmanager made of it."""
    value = value.fget if isinstance(value, property) else getattr(value, "__func__", value)
    return getattr(value, "__wrapped__", value)


def _parts(function: FunctionType) -> tuple[Any, ...]:
    named = function.__kwdefaults__
    named = None if named is None else dict(named)  # a cell may write into the defaults themselves
    return function.__code__, function.__defaults__, named


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

    Each check asks twice, and nearly always nothing is: so this goes through the owners and makes nothing.
    """
    found: State = []
    for function, (code, defaults, named) in _functions.items():
        if function.__code__ is not code or function.__defaults__ is not defaults or _differ(function, named):
            found += [(function, part, value) for part, value in zip(_CODE, _parts(function), strict=True)]
    for owner, parts in _attributes.items():
        held = vars(owner)
        found += [
            (owner, name, held.get(name, _MISSING)) for name in parts if held.get(name, _MISSING) is not parts[name]
        ]
        if isinstance(owner, type):
            added = held.keys() - parts.keys()
            found += [(owner, name, held[name]) for name in added if isinstance(held[name], _METHOD)]
    return found


def _differ(function: FunctionType, named: dict[str, Any] | None) -> bool:
    """Whether a function has other default values of its named arguments."""
    found = function.__kwdefaults__
    if found is named or found is None or named is None:
        return found is not named
    if found.keys() == named.keys() and all(found[name] is value for name, value in named.items()):
        return False
    return not same(found, named)


def _publish(replaced: State) -> None:
    """Put what was published in the place of what replaced it."""
    _put([(owner, name, _as_published(owner, name)) for owner, name, _ in replaced])


def _as_published(owner: Any, name: str) -> Any:
    if isinstance(owner, FunctionType):
        return _functions[owner][_CODE.index(name)]
    return _attributes[owner].get(name, _MISSING)


def _put(state: State) -> None:
    for owner, name, value in state:
        if value is _MISSING:
            with suppress(AttributeError):  # it is gone already
                delattr(owner, name)
        elif isinstance(owner, type):
            type.__setattr__(owner, name, value)
        else:
            setattr(owner, name, dict(value) if isinstance(value, dict) and name in _CODE else value)

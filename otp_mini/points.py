"""Where another process may come between: a point before each visible operation of a scenario.

A process of ours keeps its turn until it awaits. On the BEAM it may lose it anywhere, so two sends in a
row, or a look into a table and the write that follows, can have something of another process between
them. To try that, `otp_mini.explore` runs a scenario whose source was rewritten: in its ``async def``
functions, each call first asks whether it is a visible operation, and if so gives the turn away.

``send(boss, "done")`` becomes ``await do(send, boss, "done")``. Nothing else changes: lines, names and
closures stay as they were, so a traceback shows what was written.

A plain ``def`` or a lambda runs to its end without a point, and so do the callbacks of a server and the
library's own functions: what could come between there is not tried.

OTP: none; the BEAM preempts
"""

from __future__ import annotations
import __future__

import ast
import inspect
import textwrap
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import CellType, CodeType, FunctionType, MethodType
from typing import Any, Final

from .errors import BadArg, name_of
from .process import YIELDED, runtime

_QUIET: Final = frozenset({"self_", "trace", "current_node", "explore", "replay", "run"})
"""Functions of the library that no other process can see or influence."""

_KEEP: Final = frozenset({"super", "locals", "globals", "vars", "dir", "eval", "exec"})
"""Builtins that look at who calls them."""

_FUTURES: Final = __future__.annotations.compiler_flag

_DO: Final = "__otp_mini_do__"
_OWN: Final = "__otp_mini_own__"


async def point() -> None:
    """Others may come between, unless this turn has done nothing visible yet."""
    process = runtime.running
    if process is not None:
        if process.reductions <= 0:
            await YIELDED
        process.reductions = 0


async def do(function: Any, /, *args: Any, **options: Any) -> Any:
    """Call a plain function, with a point before it where others can see what it does."""
    if is_visible(function):
        await point()
        if (tell := getattr(runtime.node, "tell", None)) is not None:
            tell(function, args)
    return with_points(function)(*args, **options)


def is_visible(function: Any) -> bool:
    """Is it one of the library's plain functions whose effect another process may meet?"""
    if type(function) is not FunctionType or function.__code__.co_flags & inspect.CO_COROUTINE:
        return False
    return _is_the_librarys(function.__code__.co_filename) and function.__name__ not in _QUIET


def with_points(function: Any) -> Any:
    """The same function with points in it, if it is an ``async def`` of the program's own."""
    if type(function) is MethodType:
        inner = with_points(function.__func__)
        return function if inner is function.__func__ else MethodType(inner, function.__self__)
    if not _is_the_programs(function) or not {_DO, _OWN}.isdisjoint(function.__code__.co_freevars):
        return function  # the library's own, or defined inside of a function that was rewritten
    code = _codes.get(function.__code__)
    if code is None:
        code = _codes[function.__code__] = _rewritten(function)
    return _made(function, code)


def with_an_end(function: Any) -> Any:
    """A process's function with a point before its end too: another may still see it alive."""
    if not _is_the_programs(function):
        return function

    async def life(*args: Any) -> Any:
        result = await with_points(function)(*args)
        await point()
        return result

    life.__name__ = function.__name__
    return life


def _is_the_programs(function: Any) -> bool:
    if type(function) is not FunctionType or not function.__code__.co_flags & inspect.CO_COROUTINE:
        return False
    return not (_is_the_librarys(function.__code__.co_filename) or (function.__module__ or "").startswith("asyncio."))


@cache
def _is_the_librarys(file: str) -> bool:
    return Path(file).parent == Path(__file__).parent


_codes: Final[dict[CodeType, CodeType]] = {}
"""The rewritten code of each function that was met."""


def _made(function: Callable[..., Any], code: CodeType) -> FunctionType:
    """A function of new code that shares globals, defaults and closure with the old one."""
    cells = dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True))
    cells |= {_DO: CellType(do), _OWN: CellType(with_points)}
    closure = tuple(cells[name] for name in code.co_freevars)
    made = FunctionType(code, function.__globals__, function.__name__, function.__defaults__, closure)
    made.__kwdefaults__, made.__qualname__ = function.__kwdefaults__, function.__qualname__
    made.__module__ = function.__module__
    return made


def _rewritten(function: Callable[..., Any]) -> CodeType:
    """Compile the function's source with points in it.

    Raises:
        BadArg: there is no source to read.
    """
    old: CodeType = function.__code__
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(old)))
        body = tree.body[0]
        if not isinstance(body, ast.AsyncFunctionDef):
            raise SyntaxError
    except (OSError, TypeError, SyntaxError):
        raise BadArg(
            f"explore reads the source of {name_of(old.co_name)} to know where another process may come between, and "
            "found none. Write the function as an `async def` of its own, in a file or a cell."
        ) from None
    first = body.decorator_list[0].lineno if body.decorator_list else body.lineno
    body.decorator_list = []
    body = _Points().visit(body)
    ast.increment_lineno(body, old.co_firstlineno - first)
    names = [_DO, _OWN, *old.co_freevars]
    # Its free variables are parameters of a function around it, so that they stay free variables.
    whole = ast.parse(f"def outer({', '.join(names)}): pass")
    outer = whole.body[0]
    assert isinstance(outer, ast.FunctionDef)
    outer.body = [body]
    module = compile(
        ast.fix_missing_locations(whole), old.co_filename, "exec", flags=old.co_flags & _FUTURES, dont_inherit=True
    )
    outside = _inner(module, "outer")
    return _named(_inner(outside, old.co_name), f"outer.<locals>.{old.co_name}", old.co_qualname)


def _named(code: CodeType, before: str, name: str) -> CodeType:
    """The code, and what is defined in it, under the qualified names of the original."""
    inner = tuple(_named(each, before, name) if type(each) is CodeType else each for each in code.co_consts)
    return code.replace(co_qualname=name + code.co_qualname.removeprefix(before), co_consts=inner)


def _inner(code: CodeType, name: str) -> CodeType:
    return next(each for each in code.co_consts if type(each) is CodeType and each.co_name == name)


class _Points(ast.NodeTransformer):
    """Each call in an ``async def`` becomes ``await do(...)``; a call that is awaited has its own points."""

    def visit_Await(self, node: ast.Await) -> ast.AST:
        if isinstance(node.value, ast.Call):
            self.generic_visit(node.value)
            own = ast.Call(ast.Name(_OWN, ast.Load()), [node.value.func], [])
            node.value.func = ast.copy_location(own, node.value.func)
        else:
            self.generic_visit(node)
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.func, ast.Name) and node.func.id in _KEEP:
            return node
        call = ast.Call(ast.Name(_DO, ast.Load()), [node.func, *node.args], node.keywords)
        return ast.copy_location(ast.Await(ast.copy_location(call, node)), node)

    def visit_GeneratorExp(self, node: ast.GeneratorExp) -> ast.AST:
        node.generators[0].iter = self.visit(node.generators[0].iter)  # the rest runs elsewhere
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return node  # it cannot lose its turn

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        return node

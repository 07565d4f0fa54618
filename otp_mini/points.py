"""Where another process may come between: a point before each visible operation of a scenario.

A process of ours keeps its turn until it awaits. On the BEAM it may lose it anywhere, so two sends in a
row, or a look into a table and the write that follows, can have something of another process between
them. To try that, `otp_mini.explore` runs a scenario whose source was rewritten: in its ``async def``
functions, each call first asks whether it is a visible operation, and if so gives the turn away.

``send(boss, "done")`` becomes ``await do(send, boss, "done")``. Nothing else changes: lines, names and
closures stay as they were, so a traceback shows what was written.

There is a point before a plain ``def`` of the program's too, such as the client function of a server, and
then it runs to its end: what could come between two operations *in* it is not tried, nor in a lambda, in the
callbacks of a server and in the library's own functions. What an ``async def`` does in a coroutine that a
plain function has made could not be seen: that is refused (`refuse`).

OTP: none; the BEAM preempts
"""

from __future__ import annotations
import __future__

import ast
import inspect
import textwrap
from collections.abc import Callable
from functools import cache, partial, wraps
from pathlib import Path
from types import CellType, CodeType, CoroutineType, FunctionType, MethodType
from typing import Any, Final, NoReturn

from .errors import BadArg, name_of
from .process import YIELDED, ControlBlock, runtime

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
        await _turn_given(process)
        process.reductions = 0


async def _turn_given(process: ControlBlock) -> None:
    """Others may come between, if this turn has done something visible. One that is killed awaits nothing any more."""
    if process.reductions <= 0 and getattr(process.node, "unwinding", None) is not process:
        await YIELDED


async def do(function: Any, /, *args: Any, **options: Any) -> Any:
    """Call a plain function, with a point before it where others can see what it does."""
    if is_visible(function):
        await point()
        if (tell := getattr(runtime.node, "tell", None)) is not None:
            tell(function, args)
        return function(*args, **options)
    code = getattr(function, "__code__", None)  # a method has that of its function
    process = runtime.running
    if code is None or code.co_flags & _SLOW or process is None or not hasattr(process.node, "touched"):
        return with_points(function)(*args, **options)
    if is_the_librarys(code.co_filename):
        return function(*args, **options)
    return await _do_plain(process, function, args, options)


async def _do_plain(process: ControlBlock, function: Any, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """Call a plain function of the program: whether others can see what it does shows when it has done it."""
    await _turn_given(process)
    try:
        return made_by(function, function(*args, **options))
    finally:
        if _has_done_something(process):
            process.node.tell(function, args)  # type: ignore[attr-defined]


def _has_done_something(process: ControlBlock) -> bool:
    """Has this turn done something visible? Then another may come before the next that does."""
    node: Any = process.node
    done: bool = hasattr(node, "touched") and node.touched()
    if done:
        process.reductions = 0
    return done


def made_by(function: Any, answer: Any) -> Any:
    """What a plain function has answered, unless that is a coroutine into which nobody can see."""
    if type(answer) is CoroutineType and is_the_programs(answer.cr_code) and answer.cr_code not in _made_here:
        answer.close()
        refuse(
            f"explore cannot see what {name_of(answer.__qualname__)} does, for {name_of(function)} is a plain function "
            f"and has called it. Hand over the `async def` itself, with its arguments after it, or make "
            f"{name_of(function)} an `async def` that awaits it."
        )
    return answer


def refuse(words: str) -> NoReturn:
    """The scenario cannot be explored, and no process of it can catch that: `explore` raises it again."""
    error = BadArg(words)
    if hasattr(runtime.node, "refused"):
        runtime.node.refused = error  # type: ignore[union-attr]
    raise error


def is_visible(function: Any) -> bool:
    """Is it one of the library's plain functions whose effect another process may meet?"""
    if type(function) is not FunctionType or function.__code__.co_flags & inspect.CO_COROUTINE:
        return False
    return is_the_librarys(function.__code__.co_filename) and function.__name__ not in _QUIET


def with_points(function: Any) -> Any:
    """The same function with points in it, if it is an ``async def`` of the program's own."""
    kind = type(function)
    if kind is MethodType or kind is partial:
        inner = function.__func__ if kind is MethodType else function.func
        pointed = with_points(inner)
        if inner is pointed:
            return function
        return MethodType(pointed, function.__self__) if kind is MethodType else _partial(function, pointed)
    if kind is not FunctionType:
        call = getattr(kind, "__call__", None)  # noqa: B004  (an object with an async def __call__)
        is_ours = type(call) is FunctionType and _is_slow(call)
        return MethodType(with_points(call), function) if is_ours else function
    if not _is_slow(function) or not {_DO, _OWN}.isdisjoint(function.__code__.co_freevars):
        return function  # the library's own, or defined inside of a function that was rewritten
    code = _codes.get(function.__code__)
    if code is None:
        code = _codes[function.__code__] = _rewritten(function)
    return _made(function, code)


def _partial(function: Any, pointed: Any) -> Any:
    return partial(pointed, *function.args, **function.keywords)


def own(function: Any) -> Any:
    """What stands for a function whose answer is awaited at once: it has its own points."""
    code = getattr(function, "__code__", None)
    if code is None:
        return with_points(function)
    if is_the_librarys(code.co_filename):
        return (
            function if function.__qualname__ in _POINTED or not code.co_flags & _SLOW else partial(_served, function)
        )
    if code.co_flags & _SLOW:
        return with_points(function)

    async def answer(*args: Any, **options: Any) -> Any:
        return await (await do(function, *args, **options))

    return answer


_POINTED: Final = frozenset({"receive", "GenServer.call", "Process.sleep"})
"""Functions of the library that give the turn away themselves before they do something."""


async def _served(function: Any, *args: Any, **options: Any) -> Any:
    """Await a function of the library's, with a point before it. What it does in one turn, it does at once."""
    process = runtime.running
    if process is None:
        return await function(*args, **options)
    await _turn_given(process)
    try:
        return await function(*args, **options)
    finally:
        _has_done_something(process)


def with_an_end(function: Any) -> Any:
    """A process's function with a point before its end too: another may still see it alive."""
    pointed = with_points(function)
    if pointed is function and not (type(function) is FunctionType and _is_slow(function)):
        return with_a_look(function)

    async def life(*args: Any) -> Any:
        result = await pointed(*args)
        await point()
        return result

    return life


def with_a_look(function: Any) -> Any:
    """A plain function of the program's that a process is to run, which must not answer a coroutine of its own."""
    code = getattr(function, "__code__", None)
    if code is None or code.co_flags & _SLOW or is_the_librarys(code.co_filename):
        return function

    @wraps(function)
    def looked_at(*args: Any) -> Any:
        return made_by(function, function(*args))

    return looked_at


_SLOW: Final = inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR


def _is_slow(function: FunctionType) -> bool:
    """Is it an ``async def`` of the program's own?"""
    return is_the_programs(function.__code__) and not (function.__module__ or "").startswith("asyncio.")


def is_the_programs(code: CodeType) -> bool:
    """Is it the code of an ``async def``, and not the library's?"""
    return bool(code.co_flags & _SLOW) and not is_the_librarys(code.co_filename)


@cache
def is_the_librarys(file: str) -> bool:
    """Is it a file of otp_mini itself?"""
    return Path(file).parent == Path(__file__).parent


_codes: Final[dict[CodeType, CodeType]] = {}
"""The rewritten code of each function that was met."""

_made_here: Final[set[CodeType]] = set()
"""All code that has points: of the rewritten functions, and of those that are defined in them."""


def _made(function: Callable[..., Any], code: CodeType) -> FunctionType:
    """A function of new code that shares globals, defaults and closure with the old one."""
    cells = dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True))
    cells |= {_DO: CellType(do), _OWN: CellType(own)}
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
        if not isinstance(body, ast.AsyncFunctionDef) or body.name != old.co_name:
            raise SyntaxError
    except (OSError, TypeError, SyntaxError):
        refuse(
            f"explore reads the source of {name_of(old.co_name)} to know where another process may come between, and "
            "found none. Write the function as an `async def` of its own, in a file or a cell."
        )
    first = body.decorator_list[0].lineno if body.decorator_list else body.lineno
    _bare(body)
    body = _Points(_class_of(old)).visit(body)
    ast.increment_lineno(body, old.co_firstlineno - first)
    names = [_DO, _OWN, *old.co_freevars]
    # Its free variables are parameters of a function around it, so that they stay free variables.
    whole = ast.parse(f"def outer({', '.join(names)}): pass")
    outer = whole.body[0]
    assert isinstance(outer, ast.FunctionDef)
    outer.body = [body]
    if old.co_name not in names:  # the name, in the body, is what it was: the function itself, or a builtin
        outer.body.insert(0, ast.Global([old.co_name]))
    module = compile(
        ast.fix_missing_locations(whole), old.co_filename, "exec", flags=old.co_flags & _FUTURES, dont_inherit=True
    )
    outside = _inner(module, "outer")
    made = _inner(outside, old.co_name)
    return _named(made, made.co_qualname, old.co_qualname)


def _bare(body: ast.AsyncFunctionDef) -> None:
    """Take off what was done when the function was defined: decorators, defaults, annotations.

    `_made` gives it the defaults of the old one.
    """
    body.decorator_list, body.returns, body.args.defaults = [], None, []
    body.args.kw_defaults = [None for _ in body.args.kw_defaults]
    if hasattr(body, "type_params"):
        body.type_params = []
    for each in ast.walk(body.args):
        if isinstance(each, ast.arg):
            each.annotation = None


def _class_of(code: CodeType) -> str:
    """The class in whose body the function was written, without leading underscores; empty where in none."""
    above, _, _ = code.co_qualname.rpartition(".")
    return "" if above.endswith("<locals>") else above.rpartition(".")[2].lstrip("_")


def _named(code: CodeType, before: str, name: str) -> CodeType:
    """The code, and what is defined in it, under the qualified names of the original."""
    inner = tuple(_named(each, before, name) if type(each) is CodeType else each for each in code.co_consts)
    made = code.replace(co_qualname=name + code.co_qualname.removeprefix(before), co_consts=inner)
    _made_here.add(made)
    return made


def _inner(code: CodeType, name: str) -> CodeType:
    return next(each for each in code.co_consts if type(each) is CodeType and each.co_name == name)


class _Points(ast.NodeTransformer):
    """Each call in an ``async def`` becomes ``await do(...)``; a call that is awaited has its own points.

    A private name means what it did in its class (``__total`` in Bank is ``_Bank__total``).
    """

    def __init__(self, owner: str) -> None:
        self.owner = owner

    def private(self, name: str) -> str:
        """The name as Python writes it in this class."""
        return f"_{self.owner}{name}" if self.owner and name.startswith("__") and not name.endswith("__") else name

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        node.attr = self.private(node.attr)
        return self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> ast.AST:
        node.id = self.private(node.id)
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        node.target = self.visit(node.target)
        node.value = None if node.value is None else self.visit(node.value)
        return node  # in a function nobody looks at the annotation

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.annotation = None
        return node

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

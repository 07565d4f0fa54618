"""The shape of otp_mini: who may import whom, how long a function may be, how large the core is."""

from __future__ import annotations

import ast
import io
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

import otp_mini

PACKAGE = Path(otp_mini.__file__).parent

# From the bottom to the top. A file may import only files from rows above its own: so nothing in a row
# depends on its neighbours, and the rows are an order in which to read. `folder/` stands for all in it.
LAYERS = [
    ("0", "errors"),
    ("0, on the row above", "plain_functions terms"),
    ("1", "clock copying interrupts leavings mailbox matching node_options reports table_keys waits"),
    ("1, on the row above", "names process tracing"),
    ("1, on top of both", "host timers signals threads"),
    ("2", "node"),
    ("3", "primitives"),
    ("4", "child_spec results"),
    ("4, on the row above", "gen_server ets task"),
    ("4, on top of both", "sys_"),
    ("5", "agent registry children"),
    ("5, on the row above", "application supervisor dynamic_supervisor"),
    ("5, on top of both", "partition_supervisor task_supervisor"),
    ("6", "lab/ points"),
    ("6, on the row above", "watched stage"),
    ("6, on top of both", "explore faults"),
    ("6, on the faults", "score"),
    ("6, at the top", "campaign"),
    ("7", "viz/"),
    ("8", "widgets/"),
    ("the names of the package", "__init__"),
    ("8, on the names", "exercises/"),
]
ROW = {name: number for number, (_, names) in enumerate(LAYERS) for name in names.split()}
CORE_ROWS = ROW["task_supervisor"]  # layers 0 to 5 (and `__init__`): the standard library is enough for them
LONGEST_FUNCTION = 40
LARGEST = 500  # lines of code in a file: one idea, read in an hour
LARGER = {
    "explore": 700,  # one search in three orders, its replay and its result: each reads the others' steps
    # The checks of one chapter's exercises each, a table of tasks that are read one by one and share nothing:
    "exercises/agent_or_genserver": 800,
    "exercises/agents": 800,
    "exercises/async_stream": 700,
    "exercises/basic_supervisor": 700,
    "exercises/capstone": 1_000,
    "exercises/child_specs": 800,
    "exercises/choosing_an_abstraction": 1_000,
    "exercises/core_philosophy": 600,
    "exercises/debugging": 1_000,
    "exercises/design_principles": 900,
    "exercises/dynamic_supervisor": 900,
    "exercises/ets": 900,
    "exercises/genserver_antipatterns": 800,
    "exercises/genserver_basics": 600,
    "exercises/pubsub": 900,
    "exercises/registry": 900,
    "exercises/supervision_trees": 700,
    "exercises/supervisor_strategies": 700,
    "exercises/tasks": 800,
    "exercises/to_elixir": 900,
}
"""The files that hold more, to the next hundred: they may grow no further unnoticed."""

FILES = sorted(PACKAGE.rglob("*.py"))


def part(path: Path) -> str:
    """Return the name under which a file stands in the table."""
    inside = path.relative_to(PACKAGE)
    return inside.stem if len(inside.parts) == 1 else inside.parts[0] + "/"


def is_core(path: Path) -> bool:
    return part(path) == "__init__" or ROW.get(part(path), 99) <= CORE_ROWS


CORE = [path for path in FILES if is_core(path)]


def absolute(node: ast.ImportFrom, path: Path) -> str:
    """Return the dotted name of the module that a `from` line names."""
    if not node.level:
        return node.module or ""
    package = ("otp_mini", *path.relative_to(PACKAGE).parts[:-1])
    above = package[: len(package) - node.level + 1]
    return ".".join([*above, *filter(None, [node.module])])


def imports(path: Path, source: str | None = None) -> Iterator[str]:
    """Yield the dotted names that a file imports, at its top or inside its functions."""
    tree = ast.parse(source or path.read_text(encoding="utf-8"))
    for node in walk_without_types(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = absolute(node, path)
            for alias in node.names:
                yield f"{module}.{alias.name}" if is_package(module) else module


def walk_without_types(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield every node but those under `if TYPE_CHECKING:`: what only a type checker reads is no arrow."""
    yield tree
    children = ast.iter_child_nodes(tree)
    if isinstance(tree, ast.If) and isinstance(tree.test, ast.Name) and tree.test.id == "TYPE_CHECKING":
        children = iter(tree.orelse)
    for child in children:
        yield from walk_without_types(child)


def is_package(module: str) -> bool:
    """Tell whether `from module import name` may name a file, as in `from . import reports`."""
    first, *rest = module.split(".")
    return first == "otp_mini" and PACKAGE.joinpath(*rest).is_dir()


def imported_part(name: str) -> str | None:
    """Return the entry in the table for a dotted name, None for what lies outside the package."""
    first, *rest = name.split(".")
    if first != "otp_mini":
        return None
    if not rest:
        return "__init__"
    if (PACKAGE / rest[0]).is_dir():
        return rest[0] + "/"
    return rest[0] if (PACKAGE / f"{rest[0]}.py").exists() else "__init__"


def layering_errors(path: Path, source: str | None = None) -> list[str]:
    """Return a sentence for each import that goes the wrong way."""
    own = part(path)
    errors = []
    for name in imports(path, source):
        other = imported_part(name)
        if other is None or (other == own and own.endswith("/")):
            continue
        if other not in ROW:
            errors.append(f"{own} imports {other}, which has no layer")
        elif ROW[other] >= ROW[own]:
            errors.append(f"{own} (layer {LAYERS[ROW[own]][0]}) imports {other} (layer {LAYERS[ROW[other]][0]})")
    return errors


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """Yield the name of each function and its lines, those of its docstring taken off."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0]
            words = first.end_lineno - first.lineno + 1 if ast.get_docstring(node) else 0
            yield node.name, node.end_lineno - node.lineno + 1 - words


def docstring_lines(tree: ast.Module) -> set[int]:
    """Return the numbers of the lines that are docstrings, also those under a constant."""
    lines: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            lines |= set(range(node.lineno, node.end_lineno + 1))
    return lines


def code_lines(source: str) -> int:
    """Count the lines that hold code: not blank, not only a comment, not a docstring."""
    nothing = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in nothing:
            lines |= set(range(token.start[0], token.end[0] + 1))
    return len(lines - docstring_lines(ast.parse(source)))


def words_lines(source: str) -> int:
    """Count the lines that explain: of docstrings, those that are not blank, and those with a comment."""
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    comments = {token.start[0] for token in tokens if token.type == tokenize.COMMENT}
    lines = source.splitlines()
    return len(comments | {number for number in docstring_lines(ast.parse(source)) if lines[number - 1].strip()})


def test_every_file_has_a_layer() -> None:
    assert [part(path) for path in FILES if part(path) not in ROW] == []


@pytest.mark.parametrize("path", FILES, ids=part)
def test_a_file_imports_only_from_the_layers_below_it(path: Path) -> None:
    assert layering_errors(path) == []


@pytest.mark.parametrize("path", CORE, ids=part)
def test_the_core_needs_the_standard_library_only(path: Path) -> None:
    outside = {name.split(".")[0] for name in imports(path)} - {"otp_mini", *sys.stdlib_module_names}
    assert outside == set()


@pytest.mark.parametrize("path", CORE, ids=part)
def test_the_core_imports_nothing_by_a_name_made_at_run_time(path: Path) -> None:
    hidden = {"__import__", "import_module", "importlib"}
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    names |= {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert hidden & (names | {name.split(".")[0] for name in imports(path)}) == set()


@pytest.mark.parametrize("path", FILES, ids=part)
def test_no_function_is_longer_than_a_screen(path: Path) -> None:
    assert [(name, lines) for name, lines in functions(path) if lines > LONGEST_FUNCTION] == []


def bound(path: Path) -> int:
    """Return how many lines of code a file may have."""
    return LARGER.get(path.relative_to(PACKAGE).with_suffix("").as_posix(), LARGEST)


@pytest.mark.parametrize("path", FILES, ids=part)
def test_each_file_can_be_read_in_an_hour(path: Path) -> None:
    assert code_lines(path.read_text(encoding="utf-8")) <= bound(path)


def test_no_file_of_the_core_is_among_the_larger_ones_and_none_stands_there_in_vain() -> None:
    files = {path.relative_to(PACKAGE).with_suffix("").as_posix(): path for path in FILES}
    assert not {name for name in LARGER if is_core(files[name])}
    kept = {name: code_lines(files[name].read_text(encoding="utf-8")) for name in LARGER}
    assert {name: lines for name, lines in kept.items() if not LARGER[name] - 100 < lines <= LARGER[name]} == {}


@pytest.mark.parametrize("name", ["node", "process", "signals", "timers"])
def test_the_heart_of_the_core_explains_itself(name: str) -> None:
    """Half as much as the kernel of Curio, which is known for it: 0.83 lines of words for a line of code."""
    source = (PACKAGE / f"{name}.py").read_text(encoding="utf-8")
    assert words_lines(source) / code_lines(source) >= 0.4


# The checks above are only worth what they would find: here they have to find something.


@pytest.mark.parametrize(
    "line",
    [
        "from .node import Node",
        "from . import node",
        "import otp_mini.node",
        "from otp_mini import node",
        "from otp_mini import Node",
        "from otp_mini.node import Node",
        "def late():\n    from .node import Node",
        "from .terms import Pid",
        "if TYPE_CHECKING:\n    x = 1\nelse:\n    from .node import Node",
        "if not TYPE_CHECKING:\n    from .node import Node",
    ],
)
def test_an_import_upwards_or_sideways_is_found(line: str) -> None:
    assert layering_errors(PACKAGE / "errors.py", line) != []


def test_an_import_for_the_type_checker_is_no_arrow() -> None:
    assert layering_errors(PACKAGE / "errors.py", "if TYPE_CHECKING:\n    from .node import Node") == []


@pytest.mark.parametrize("line", ["from .errors import Exit", "from . import errors", "import otp_mini.errors"])
def test_an_import_downwards_is_allowed(line: str) -> None:
    assert layering_errors(PACKAGE / "node.py", line) == []


def test_lines_of_words_are_those_of_docstrings_and_comments() -> None:
    source = '"""Text\n\nmore."""\n\n# why\nx = 1  # and a note\ny = "no comment"\n'
    assert words_lines(source) == 4


def test_code_lines_are_counted_without_comments_blanks_and_docstrings() -> None:
    source = '"""Text\n\nmore."""\n\n# why\nx = 1  # and a note\n\ndef f():\n    """Text."""\n    return """a\nb"""\n'
    assert code_lines(source) == 4

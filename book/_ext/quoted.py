"""Source, numbers and runs of otp_mini on a page, taken from the package when the book is built.

* ``{source} otp_mini.node.Node.wake`` shows that function, method, class or constant without its docstring. With
  ``:from:`` and ``:to:`` it shows a part: the lines from the first that holds the one text up to the next that holds
  the other. Above it stands its name, which leads to the reference where that has it.
* ``{value}`otp_mini.process.REDUCTIONS` `` is a number, as the package has it now.
* ``{traced}`` holds a program with an ``async def main()``. It is run on a virtual clock, and what comes of it is shown
  below: the sequence chart, with its text form.

So none of them can go stale: a name or a text that is gone is an error of the build, and so is a quote too long to
read.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import logging
import textwrap
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective, SphinxRole

LONGEST = 30  # lines

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


class NoQuote(Exception):
    """What a page asks for is not there, or is too long; the message says which."""


def quote(name: str, first: str = "", last: str = "") -> tuple[Path, str]:
    """The file that defines a dotted name, and its source or a part of it.

    Raises:
        NoQuote: there is no such name or part, or more than `LONGEST` lines of it.
    """
    path, inside = _module_of(name)
    text = path.read_text(encoding="utf-8")
    lines = _without_docstring(_find(ast.parse(text).body, inside, name), text.splitlines())
    if first or last:
        lines = _part(lines, first, last, name)
    if len(lines) > LONGEST:
        raise NoQuote(f"{name}: {len(lines)} lines are too many to be read as a quote; take a part, by from and to")
    return path, textwrap.dedent("\n".join(lines))


def _module_of(name: str) -> tuple[Path, list[str]]:
    """The file of the module that a dotted name begins with, and the names that follow."""
    parts = name.split(".")
    for length in range(len(parts) - 1, 0, -1):
        try:
            found = importlib.util.find_spec(".".join(parts[:length]))
        except ModuleNotFoundError:
            continue
        if found is not None and found.origin:
            return Path(found.origin), parts[length:]
    raise NoQuote(f"{name}: there is no such module")


def _find(body: list[ast.stmt], names: list[str], whole: str) -> ast.stmt:
    """The statement that defines the last of some names, each inside the one before."""
    for statement in body:
        if names[0] in _defined(statement):
            if len(names) == 1:
                return statement
            if isinstance(statement, Definition):
                return _find(statement.body, names[1:], whole)
    raise NoQuote(f"{whole}: {names[0]} is not defined there (any more)")


def _defined(statement: ast.stmt) -> set[str]:
    if isinstance(statement, Definition):
        return {statement.name}
    targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
    return {target.id for target in targets if isinstance(target, ast.Name)}


def _without_docstring(statement: ast.stmt, lines: list[str]) -> list[str]:
    decorators = getattr(statement, "decorator_list", [])
    begin = min([statement.lineno, *(each.lineno for each in decorators)]) - 1
    kept = lines[begin : statement.end_lineno]
    if isinstance(statement, Definition) and ast.get_docstring(statement) is not None and len(statement.body) > 1:
        words = statement.body[0]
        end = statement.body[1].lineno - 1 if isinstance(statement, ast.ClassDef) else words.end_lineno
        kept[words.lineno - 1 - begin : end - begin] = []  # type: ignore[operator]
    return kept


def _part(lines: list[str], first: str, last: str, name: str) -> list[str]:
    """The lines from the first that holds one text up to the next that holds another."""
    begin = next((at for at, line in enumerate(lines) if first in line), None)
    if begin is None:
        raise NoQuote(f"{name}: no line of it holds {first!r} (any more)")
    end = next((at for at, line in enumerate(lines[begin:], begin) if last in line), None) if last else len(lines) - 1
    if end is None:
        raise NoQuote(f"{name}: behind {first!r} no line of it holds {last!r} (any more)")
    return lines[begin : end + 1]


class Source(SphinxDirective):
    """Show the source of a name."""

    required_arguments = 1
    option_spec = {"from": directives.unchanged_required, "to": directives.unchanged_required}  # noqa: RUF012

    def run(self) -> list[nodes.Node]:
        name = self.arguments[0]
        try:
            path, text = quote(name, self.options.get("from", ""), self.options.get("to", ""))
        except NoQuote as refused:
            raise self.error(str(refused)) from None
        self.env.note_dependency(str(path))
        block = nodes.literal_block(text, text, language="python", classes=["quoted"])
        return [self._caption(name, path, bool(self.options)), block]

    def _caption(self, name: str, path: Path, part: bool) -> nodes.paragraph:
        """Whose source this is, with the way to the reference."""
        _, inside = _module_of(name)
        link = addnodes.pending_xref("", refdomain="py", reftype="obj", reftarget=name, refdoc=self.env.docname,
                                     refexplicit=True, refwarn=False)  # fmt: skip
        link += nodes.literal(text=".".join(inside))
        return nodes.paragraph("", "From " * part, link, nodes.Text(f" in {path.name}"), classes=["quoted-from"])


class Value(SphinxRole):
    """A number of the package."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        module, _, name = self.text.rpartition(".")
        try:
            value = getattr(importlib.import_module(module), name)
        except (ImportError, AttributeError, ValueError) as error:
            said = self.inliner.reporter.error(f"value: {self.text}: {error}", line=self.lineno)
            return [], [said]
        return [nodes.Text(f"{value:,}" if isinstance(value, int) else str(value))], []


class Traced(SphinxDirective):
    """Show a program, and the chart of its run."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        text = "\n".join(self.content)
        try:
            chart = chart_of(text)
        except BaseException as error:
            raise self.error(f"traced: the program ended with {error!r}") from None
        block = nodes.literal_block(text, text, language="python")
        return [block, nodes.raw("", f'<div class="traced">\n{chart}\n</div>', format="html")]


def chart_of(program: str) -> str:
    """Run ``main`` of a program on a virtual clock, and draw its trace; its crash reports are not shown."""
    from otp_mini import Node
    from otp_mini.viz import sequence_chart

    names: dict[str, Any] = {"__name__": "program"}
    exec(compile(program, "<program>", "exec"), names)
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with Node(clock="virtual") as node:
            chart: str = sequence_chart(node.run(names["main"]))._repr_html_()
    finally:
        logging.disable(before)
    return chart


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_directive("source", Source)
    app.add_directive("traced", Traced)
    app.add_role("value", Value())
    return {"parallel_read_safe": True, "parallel_write_safe": True}

"""The API reference, from the docstrings.

* A page with the line ``<!-- modules -->`` gets one section for each module there, in the
  reading order that the docstring of ``otp_mini`` gives, and then one for each package in it.
* ``OTP:`` and ``Differs:`` in a docstring become fields, beside ``Parameters`` and ``Raises``.
* `Name` in a docstring finds a name wherever it is documented. One that is not documented, or
  that belongs to the standard library, has no page to link to: it is looked up by importing it
  and stays plain. A name that does not exist is still a warning.
"""

from __future__ import annotations

import ast
import builtins
import importlib
import re
import sys
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging
from sphinx.util.nodes import make_refnode

logger = logging.getLogger(__name__)

PACKAGE = "otp_mini"
MARK = "<!-- modules -->"

_FIELD = re.compile(r"^(?P<indent>\s*)(?P<name>OTP|Differs):(?P<text> +\S.*)?$")


def reading_order(init: Path) -> tuple[list[str], list[str]]:
    """The modules that the package's docstring names, in its order, and those that it forgot."""
    docstring = ast.get_docstring(ast.parse(init.read_text(encoding="utf-8"))) or ""
    written = {path.stem for path in init.parent.glob("*.py")} - {"__init__"}
    named = re.findall(r"``(\w+)``", docstring)
    order = [name for name in dict.fromkeys(named) if name in written]
    return order, sorted(written - set(order))


def subpackages(init: Path) -> dict[str, list[str]]:
    """The packages inside the package, with their modules: they stand on top of what is in it."""
    return {
        inner.parent.name: sorted(path.stem for path in inner.parent.glob("[!_]*.py"))
        for inner in sorted(init.parent.glob("*/__init__.py"))
    }


def insert_modules(app: Sphinx, docname: str, source: list[str]) -> None:
    """Put the sections of all modules in the place of the mark."""
    if MARK not in source[0]:
        return
    init = Path(importlib.import_module(PACKAGE).__file__ or "")
    app.env.note_dependency(str(init))
    order, forgotten = reading_order(init)
    if forgotten:
        logger.warning(
            "the docstring of %s gives the reading order, but leaves out %s: name each module "
            "there in double backticks",
            PACKAGE,
            ", ".join(forgotten),
            location=docname,
        )
    sections = [_section(name, [name]) for name in [*order, *forgotten]]
    for name, modules in subpackages(init).items():
        sections.append(_section(name, [name, *(f"{name}.{module}" for module in modules)]))
    source[0] = source[0].replace(MARK, "\n".join(sections))


def _section(title: str, modules: list[str]) -> str:
    documented = "\n".join(_AUTOMODULE.format(module=f"{PACKAGE}.{module}") for module in modules)
    return f"\n## `{title}`\n\n```{{eval-rst}}\n{documented}\n```\n"


_AUTOMODULE = """
.. automodule:: {module}
   :members:
   :member-order: bysource
"""


def fields(app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """Turn ``OTP: …`` and ``Differs: …``, with their further lines, into fields."""
    # napoleon takes "words: …" in the first line of a constant's docstring for its type; an empty
    # comment before it is a first line that shows nothing.
    text: list[str] = ["..", ""] if what in ("attribute", "data") else []
    field: re.Match[str] | None = None
    for line in lines:
        match = _FIELD.match(line)
        if match:
            if field is None and text and text[-1].strip():
                text.append("")
            text.append(f"{match['indent']}:{match['name']}:{match['text'] or ''}")
        elif field is not None and line.strip():
            text.append("    " + line)
            continue
        else:
            text.append(line)
        field = match
    lines[:] = text


def signature(
    app: Sphinx, what: str, name: str, obj: Any, options: Any, arguments: str | None, result: str | None
) -> tuple[str | None, str | None]:
    """Write a dataclass's made-up default as ``...``: Sphinx cannot read ``<factory>``."""
    return (arguments and arguments.replace("<factory>", "..."), result)


def resolve(
    app: Sphinx, env: BuildEnvironment, node: pending_xref, contnode: nodes.TextElement
) -> nodes.Element | None:
    """Find what a docstring names by its last part; accept what the standard library has."""
    if node.get("refdomain") != "py":
        return None
    target = node["reftarget"].removeprefix(PACKAGE + ".")
    here = node.get("py:module")
    objects = env.get_domain("py").objects  # type: ignore[attr-defined]
    found = [name for name in objects if name == target or name.endswith("." + target)]
    for narrower in (lambda name: name.startswith(f"{here}."), _is_public):
        found = [name for name in found if narrower(name)] or found
    if len(found) == 1:
        entry = objects[found[0]]
        return make_refnode(app.builder, node["refdoc"], entry.docname, entry.node_id, contnode, found[0])
    known = found or any(_in_module(module, target) for module in (here, PACKAGE))
    return contnode if known or _in_standard_library(target) else None


def _is_public(name: str) -> bool:
    """Whether ``otp_mini.module.Thing`` is what ``otp_mini.Thing`` gives."""
    parts = name.split(".")
    thing = getattr(importlib.import_module(PACKAGE), parts[2], None) if len(parts) > 2 else None
    return getattr(thing, "__module__", None) == ".".join(parts[:2])


def _in_module(module: str | None, target: str) -> bool:
    """Whether the module that the reference stands in knows the name, documented or not."""
    if module is None:
        return False
    inside = target.removeprefix(module.removeprefix(PACKAGE + ".") + ".")
    return _reaches(importlib.import_module(module), inside.split("."))


def _in_standard_library(target: str) -> bool:
    """Whether the dotted name can be reached from a standard module or the built-ins."""
    parts = target.split(".")
    if _reaches(builtins, parts):
        return True
    if parts[0] not in sys.stdlib_module_names:
        return False
    for length in range(len(parts), 0, -1):
        try:
            module = importlib.import_module(".".join(parts[:length]))
        except ImportError:
            continue
        return _reaches(module, parts[length:])
    return False


def _reaches(thing: Any, parts: list[str]) -> bool:
    for part in parts:
        if not hasattr(thing, part):
            return False
        thing = getattr(thing, part)
    return True


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("source-read", insert_modules)
    app.connect("autodoc-process-docstring", fields, priority=400)  # napoleon has 500
    app.connect("autodoc-process-signature", signature)
    app.connect("missing-reference", resolve)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

"""One copy of the labs' scripts for the whole book.

A stored output carries the scripts that play it, so that it works wherever it is shown: one that all labs
share, and one for its kind. On the pages of one site that would be the same script many times over: here each
version of each becomes one file in ``_static``, and a page asks for it once.

A page that is no chapter shows a chapter's lab by ``{stored-lab} 01_core_philosophy lab``: the stored output of the
cell with that id. Without scripts it is the lab's course in words, as in its chapter.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

_SCRIPT = re.compile(r'<script data-lab-code="(\w+\.[0-9a-f]{8})">(.*?)</script>\n?', re.DOTALL)


class StoredLab(SphinxDirective):
    """Show the lab that a chapter has stored."""

    required_arguments = 2

    def run(self) -> list[nodes.Node]:
        chapter, name = self.arguments
        path = Path(self.env.srcdir) / "notebooks" / f"{chapter}.ipynb"
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"] if path.exists() else []
        outputs = [output.get("data", {}) for cell in cells if cell.get("id") == name for output in cell["outputs"]]
        stored = ["".join(data["text/html"]) for data in outputs if "text/html" in data]
        if not any('class="otp-lab' in html for html in stored):
            raise self.error(f"stored-lab: {chapter} has no cell {name!r} with a lab in its stored output")
        self.env.note_dependency(str(path))
        return [nodes.raw("", html, format="html") for html in stored]


def serve_once(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Take the scripts out of a page's outputs; in place of the first of each, put one that loads the file."""
    pathto = context.get("pathto")
    asked: set[str] = set()

    def served(found: re.Match[str]) -> str:
        version, code = found.groups()
        name = f"{version}.js"
        _write(Path(app.outdir) / "_static" / name, code)
        if version in asked:
            return ""
        asked.add(version)
        # Run when the whole page is there, in this order: so it finds what it shares, and every lab.
        return f'<script defer src="{pathto(f"_static/{name}", resource=True)}"></script>\n'

    if pathto is not None and "body" in context:
        context["body"] = _SCRIPT.sub(served, context["body"])


def _write(path: Path, code: str) -> None:
    """Write a file that others may be writing as well, with the same content."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(code.lstrip("\n"), encoding="utf-8", newline="\n")


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_directive("stored-lab", StoredLab)
    app.connect("html-page-context", serve_once)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

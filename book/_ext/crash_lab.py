"""One copy of the crash lab's script for the whole book.

A stored output carries the script that plays it, so that it works wherever it is shown. On the
pages of one site that would be the same script many times over: here each version of it becomes
one file in ``_static``, and a page asks for it once.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

_SCRIPT = re.compile(r'<script data-crash-lab-code="([0-9a-f]{8})">(.*?)</script>\n?', re.DOTALL)


def serve_once(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Take the scripts out of a page's outputs, and put one that loads the file in place of the first."""
    pathto = context.get("pathto")
    asked: set[str] = set()

    def served(found: re.Match[str]) -> str:
        version, code = found.groups()
        name = f"crash_lab.{version}.js"
        _write(Path(app.outdir) / "_static" / name, code)
        if version in asked:
            return ""
        asked.add(version)
        # Run when the whole page is there: so it finds every lab, whichever output came first.
        return f'<script defer src="{pathto(f"_static/{name}", resource=True)}"></script>\n'

    if pathto is not None and "body" in context:
        context["body"] = _SCRIPT.sub(served, context["body"])


def _write(path: Path, code: str) -> None:
    """Write a file that others may be writing as well, with the same content."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(code.lstrip("\n"), encoding="utf-8", newline="\n")


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("html-page-context", serve_once)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

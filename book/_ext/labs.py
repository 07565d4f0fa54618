"""One copy of the labs' scripts for the whole book.

A stored output carries the scripts that play it, so that it works wherever it is shown: one that all labs
share, and one for its kind. On the pages of one site that would be the same script many times over: here each
version of each becomes one file in ``_static``, and a page asks for it once.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

_SCRIPT = re.compile(r'<script data-lab-code="(\w+\.[0-9a-f]{8})">(.*?)</script>\n?', re.DOTALL)


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
    app.connect("html-page-context", serve_once)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

"""The built book asks for nothing outside itself.

With no mathematics and no widgets in static pages, and without sphinx-thebe among the
extensions (``_config.yml``), the theme's own files are all that is left. This extension keeps it
so: a script, style sheet or picture of a page with a foreign address is a warning, and the book
is built with warnings as errors. What no page asks for (``book/_templates``) is not shipped, and of the theme's icons
none that no page shows.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging

logger = logging.getLogger(__name__)

_ICON = re.compile(r"\bfa-[a-z0-9-]+")
_DRAWN = re.compile(r"(?:\.fa-[a-z0-9-]+::?before,?)+\{content:[^}]*\}")
_FOREIGN = re.compile(r"^(?:https?:)?//")


def report_foreign(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Warn of everything that the page would fetch from elsewhere."""
    files = [*context.get("script_files", []), *context.get("css_files", [])]
    addresses = [str(getattr(file, "filename", file)) for file in files]
    if doctree is not None:
        addresses += [image["uri"] for image in doctree.findall(nodes.image)]
    for address in addresses:
        if _FOREIGN.match(address):
            logger.warning("the page would fetch %s: ship the file with the book", address, location=page)


def drop_unused(app: Sphinx, error: Exception | None) -> None:
    """Take away the theme's 3 MB of icons as scripts: the icon font draws the few that are used."""
    static = Path(app.outdir) / "_static"
    for name in ("fontawesome.js", "fontawesome.js.map"):
        (static / "scripts" / name).unlink(missing_ok=True)
    style = static / "styles" / "pydata-sphinx-theme.css"
    if error is None and style.exists():
        texts = [path.read_text(encoding="utf-8") for path in (*_pages(Path(app.outdir)), *static.rglob("*.js"))]
        used = {name for text in texts for name in _ICON.findall(text)}
        style.write_text(without_icons(style.read_text(encoding="utf-8"), used), encoding="utf-8", newline="\n")


def _pages(site: Path) -> list[Path]:
    return [page for page in site.rglob("*.html") if page.relative_to(site).parts[0] != "lite"]


def without_icons(style: str, used: set[str]) -> str:
    """The theme's style sheet without the rules that draw an icon whose name nothing in the site holds: 85 kB of it."""
    return _DRAWN.sub(lambda rule: rule[0] if used & set(_ICON.findall(rule[0])) else "", style)


def setup(app: Sphinx) -> dict[str, bool]:
    # Last of all: after every extension has added its files.
    app.connect("html-page-context", report_foreign, priority=999)
    app.connect("build-finished", drop_unused)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

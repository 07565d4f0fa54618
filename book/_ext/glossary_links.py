"""Links from a chapter to the glossary, in the form that JupyterLab follows too.

A notebook writes ``[mailboxes](../book/glossary.md#term-mailbox)``: JupyterLab opens the glossary's file.
The book makes the role ``{term}`mailboxes <mailbox>``` of it, so a link leads to the term itself, and a term
that the glossary lacks is a warning.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

GLOSSARY = Path(__file__).resolve().parents[1] / "glossary.md"
LINK = re.compile(r"\[([^\]\[]+)\]\((?:\.\./book/)?glossary\.md#term-([A-Za-z0-9-]+)\)")
_TERM = re.compile(r"^(?![:\s])(.+)\n(?=  \S)", re.MULTILINE)


def slug(term: str) -> str:
    """What stands for a term in an address."""
    return re.sub(r"[^a-z0-9]+", "-", term.lower()).strip("-")


@cache
def terms() -> dict[str, str]:
    """Each term of the glossary by its slug."""
    return {slug(term): term for term in _TERM.findall(GLOSSARY.read_text(encoding="utf-8"))}


def with_roles(source: str) -> str:
    """The source of a page with the role for terms in the place of the links."""

    def role(link: re.Match[str]) -> str:
        shown = re.sub(r"\\?[*`]", "", link[1])
        return f"{{term}}`{shown} <{terms().get(link[2].lower(), link[2])}>`"

    return LINK.sub(role, source)


def rewrite(app: Any, docname: str, source: list[str]) -> None:
    """Sphinx's ``source-read``."""
    if Path(app.env.doc2path(docname)).suffix == ".ipynb":
        source[0] = with_roles(source[0])


def setup(app: Any) -> dict[str, bool]:
    app.connect("source-read", rewrite)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

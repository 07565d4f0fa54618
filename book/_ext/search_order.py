"""The search page knows which topics have no chapter yet: ``book/_search_order.js`` says so to who searches for one."""

from __future__ import annotations

import json
from typing import Any

from questions import TOPICS
from sphinx.application import Sphinx


def to_come(pages: set[str]) -> list[tuple[int, str]]:
    """The numbers and topics of the chapters that are not among the pages."""
    there = {page.removeprefix("notebooks/")[:2] for page in pages if page.startswith("notebooks/")}
    return [(int(number), topic) for number, topic in TOPICS.items() if number not in there]


def tell(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """Sphinx's ``html-page-context``: the topics, for the script of the search page."""
    if page == "search":
        topics = json.dumps(to_come(app.env.found_docs)).replace("<", "\\u003c")
        app.add_js_file(None, body=f"globalThis.otpToCome = {topics};")


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("html-page-context", tell)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

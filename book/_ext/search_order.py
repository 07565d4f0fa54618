"""The search page knows which chapter has most of a word: ``book/_search_order.js`` puts that one first."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.search.en import SearchEnglish

MANY = 4  # a word that stands more seldom in a chapter says little about it
MOST = 0.25  # and so does one of which the chapter has less than that part


def words_of(doctree: nodes.document, stem: Any) -> Counter[str]:
    """The stems of a page's text and code, counted; what is HTML in it is no text."""
    texts = [text.astext() for text in doctree.findall(nodes.Text) if not isinstance(text.parent, nodes.raw)]
    return Counter(stem(word) for text in texts for word in re.findall(r"\w+", text.lower()) if not word.isdigit())


def shares(counted: dict[str, Counter[str]]) -> dict[str, dict[str, float]]:
    """For each word: the chapters that have much of it, each with its part of all that there is."""
    total: Counter[str] = Counter()
    for words in counted.values():
        total.update(words)
    much: dict[str, dict[str, float]] = {}
    for chapter, words in sorted(counted.items()):
        for word, count in sorted(words.items()):
            if count >= MANY and count >= MOST * total[word]:
                much.setdefault(word, {})[chapter] = round(count / total[word], 2)
    return much


def chapters(pages: Iterable[str]) -> list[str]:
    return sorted(page for page in pages if page.startswith("notebooks/"))


def tell(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """Sphinx's ``html-page-context``: the parts, for the script of the search page."""
    if page != "search":
        return
    stem = SearchEnglish({}).stem
    counted = {name[10:12]: words_of(app.env.get_doctree(name), stem) for name in chapters(app.env.found_docs)}
    told = json.dumps(shares(counted), separators=(",", ":"), ensure_ascii=True).replace("<", "\\u003c")
    app.add_js_file(None, body=f"globalThis.otpShares = {told};")


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("html-page-context", tell)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

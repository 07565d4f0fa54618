"""A chapter's links to the glossary lead to terms that stand there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from book_ext import glossary_links

NOTEBOOKS = sorted((Path(glossary_links.__file__).parents[2] / "notebooks").glob("*.ipynb"))
ANY_LINK = re.compile(r"glossary(?:\.md)?#[^)\s\"\\]*")


def test_the_terms_are_those_of_the_glossary() -> None:
    assert glossary_links.terms()["client-function"] == "client function"
    assert glossary_links.terms()["ets"] == "ETS"
    assert len(glossary_links.terms()) == glossary_links.GLOSSARY.read_text(encoding="utf-8").count("\n\n") - 1


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_each_link_names_a_term(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    slugs = [slug for _, slug in glossary_links.LINK.findall(source)]
    assert len(slugs) == len(ANY_LINK.findall(source)), "a link that the book would not follow"
    assert [slug for slug in slugs if slug.lower() not in glossary_links.terms()] == []


def test_a_link_becomes_the_role_of_the_term() -> None:
    source = "the [*mailboxes*](../book/glossary.md#term-mailbox) of [ETS](glossary.md#term-ets)"
    assert glossary_links.with_roles(source) == "the {term}`mailboxes <mailbox>` of {term}`ETS <ETS>`"

"""Tables that help to decide: one style, escaped, with a text form that says the same."""

from __future__ import annotations

import re

import pytest
from bs4 import BeautifulSoup

from otp_mini import BadArg, decision_table

LONG = "the server starts, and whoever starts it waits until this returns"


def test_the_text_is_aligned_and_a_long_cell_goes_on_below() -> None:
    table = decision_table("Which?", ["callback", "it runs when"], [["`init`", LONG], ["`terminate`", "it ends"]])
    assert str(table).splitlines() == [
        "Which?",
        "callback   it runs when",
        "init       the server starts, and whoever",
        "           starts it waits until this returns",
        "terminate  it ends",
    ]


def test_the_html_says_the_same_with_headings_for_rows_and_columns() -> None:
    table = decision_table("Call or `cast`?", ["way", "waits"], [["`call`", "yes"], ["`cast`", "no"]])
    page = BeautifulSoup(table._repr_html_(), "html.parser")
    assert [cell.text for cell in page.select("thead th[scope=col]")] == ["way", "waits"]
    assert [cell.text for cell in page.select("tbody th[scope=row]")] == ["call", "cast"]
    assert [cell.text for cell in page.select("code")] == ["cast", "call", "cast"]
    assert page.select_one("caption").text == "Call or cast?"
    region = page.select_one("[role=region]")
    assert (region["aria-label"], region["tabindex"]) == ("Call or cast?", "0")


def test_nothing_in_a_cell_becomes_markup() -> None:
    hostile = "`<b>` <script>alert(1)</script> \"'& \u202e\n"
    html = decision_table(hostile, [hostile], [[hostile]])._repr_html_()
    assert not re.search(r"<(b|script)\b", html)
    assert "\u202e" not in html


def test_a_row_that_does_not_fit_is_refused() -> None:
    with pytest.raises(BadArg, match="needs 2 cells, one for each heading, got 1"):
        decision_table("Which?", ["a", "b"], [["only one"]])
    with pytest.raises(BadArg, match="must be a string, got 5"):
        decision_table("Which?", ["a", "b"], [["one", 5]])  # type: ignore[list-item]


def test_a_column_without_a_heading_is_refused() -> None:
    with pytest.raises(BadArg, match="column 1 has none"):
        decision_table("Which?", ["  ", "b"], [["one", "two"]])

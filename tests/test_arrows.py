"""Who remembers whom: the picture, its text form, and what is refused."""

from __future__ import annotations

import re
from typing import Any

import pytest
from bs4 import BeautifulSoup

from otp_mini import BadArg
from otp_mini.viz import memory_arrows
from otp_mini.viz.arrows import Arrow, _lanes

MACHINE = {"line": ["session"], "session": ["line"], "sales": []}


def test_the_text_has_a_line_for_each_process_in_the_order_of_the_start() -> None:
    assert str(memory_arrows(MACHINE)).splitlines() == [
        "Who remembers whom, in the order of the start",
        " 1  line     remembers session (a later one)",
        " 2  session  remembers line",
        " 3  sales",
        "Arrows to earlier ones: 1, to later ones: 1.",
    ]


@pytest.mark.parametrize(
    ("remembers", "said"),
    [
        ({"a": [], "b": []}, "There is no arrow."),
        ({"a": [], "b": ["a"], "c": ("b", "a", "b")}, "All arrows point to earlier ones."),
        ({"a": ["b"], "b": []}, "Arrows to earlier ones: 0, to later ones: 1."),
        ({}, "There is no arrow."),
    ],
)
def test_the_last_line_says_where_the_arrows_point(remembers: dict[str, Any], said: str) -> None:
    shown = memory_arrows(remembers)
    assert str(shown).splitlines()[-1] == said
    assert said in shown._repr_html_()


def test_an_arrow_to_an_earlier_one_is_whole_and_on_the_right_one_to_a_later_one_broken_and_on_the_left() -> None:
    page = BeautifulSoup(memory_arrows(MACHINE)._repr_html_(), "html.parser")
    box = page.select("rect")[0]
    left, right = float(box["x"]), float(box["x"]) + float(box["width"])
    lines = {path.has_attr("stroke-dasharray"): path["d"] for path in page.select("path[stroke]")}
    assert set(lines) == {True, False}
    assert lines[False].startswith(f"M{right:g} ")
    assert lines[True].startswith(f"M{left:g} ")


def test_arrows_that_run_side_by_side_have_lanes_of_their_own_and_others_share_one() -> None:
    arrows = [Arrow(1, 0), Arrow(2, 1), Arrow(2, 0), Arrow(3, 0)]
    assert [_lanes(arrows)[arrow] for arrow in arrows] == [0, 0, 1, 2]


def test_the_same_picture_comes_out_each_time_in_the_colours_of_the_page_and_fits_a_phone() -> None:
    html = memory_arrows({"clock": [], "recorder": ["clock"], "display": ["recorder"]})._repr_html_()
    assert html == memory_arrows({"clock": [], "recorder": ["clock"], "display": ["recorder"]})._repr_html_()
    assert not re.search(r"#[0-9a-f]{3}|rgb", html)
    assert int(re.findall(r'width="(\d+)"', html)[0]) <= 358


def test_nothing_in_a_name_becomes_markup() -> None:
    hostile = "</pre><script>alert(1)</script>\u202e\n"
    html = memory_arrows({hostile: [], "a": [hostile]})._repr_html_()
    assert "<script" not in html
    assert "\u202e" not in html


@pytest.mark.parametrize(
    ("remembers", "words"),
    [
        ({"a": ["b"]}, "'b', which is none of them"),
        ({"a": ["a"]}, "with itself"),
        ({"a": "b", "b": []}, "a list of names, got 'a' with 'b'"),
        ({"a": None}, "a list of names"),
        ({"a": [[]]}, "a list of names"),
        ({1: []}, "a list of names"),
        (["a"], "needs a dict"),
    ],
)
def test_what_is_no_such_picture_is_refused(remembers: Any, words: str) -> None:
    with pytest.raises(BadArg, match=re.escape(words)):
        memory_arrows(remembers)

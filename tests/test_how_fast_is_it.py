"""The page about speed holds what the benchmarks stored, and nothing that somebody typed."""

from __future__ import annotations

import re
import statistics
import xml.etree.ElementTree as ET
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import scratch_book
from book_ext import plots, speed
from bs4 import BeautifulSoup
from scratch_book import ScratchBook

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "book" / "how_fast_is_it.md"
FOUND = speed.results().load()
Ratio, Growth, Results = speed.results().Ratio, speed.results().Growth, speed.results().Results

scratch_book.faulty({"speed_typo.md": "# Page\n\n{speed}`cals`\n", "speed_what.md": "# Page\n\n```{speed} pie\n```\n"})


@pytest.fixture(scope="module")
def article(book_site: Path) -> Any:
    page = (book_site / "book" / "how_fast_is_it.html").read_text(encoding="utf-8")
    return BeautifulSoup(page, "html.parser").select_one("article")


# ---- the page and the figures --------------------------------------------------------------------------


def test_no_figure_of_a_run_is_typed() -> None:
    text = re.sub(r"\{speed\}`[^`]*`", "", SOURCE.read_text(encoding="utf-8"))
    text = text.replace("--most 1000000", "").replace("Python 3.11", "").replace("python3", "")
    assert re.findall(r"\d+", text) == []


def test_each_row_of_the_table_is_what_was_stored(article: Any) -> None:
    rows = [[cell.get_text().strip() for cell in row.select("td")] for row in article.select("table.speed tbody tr")]
    assert [row[0] for row in rows] == [row.title for row in FOUND.rows]
    for (_, ours, *ratios), row in zip(rows, FOUND.rows, strict=True):
        assert ours == f"{shown(statistics.median(row.figures['otp_mini']))} {row.unit}"
        for text, design in zip(ratios, ("the BEAM", "asyncio", "asyncio tuned", "pykka"), strict=True):
            their = row.figures.get(design, [])
            found = [one / other for one, other in zip(row.figures["otp_mini"], their, strict=False) if other]
            assert text.split(" (")[0] == (shown(statistics.median(found)) if found else "")
            if " (" in text:
                assert text.endswith(f"({shown(min(found))} to {shown(max(found))})")


def shown(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def test_each_kind_of_growth_has_a_plot_and_a_table_of_what_was_stored(article: Any) -> None:
    figures = article.select(".speed-growth figure")
    assert [figure.select_one("figcaption b").get_text() for figure in figures] == [kind.what for kind in FOUND.growth]
    for figure, kind in zip(figures, FOUND.growth, strict=True):
        assert f"Expected: {kind.law}." in figure.select_one("svg desc").get_text()
        rows = [[cell.get_text() for cell in row.select("th, td")] for row in figure.select("tbody tr")]
        first = kind.figures["10"]
        for (size, cost, ratio), (many, found) in zip(rows, sorted(kind.figures.items(), key=by_size), strict=True):
            assert size == f"{int(many):,}"
            assert cost == f"{shown(statistics.median(found))} µs"
            ratios = [one / other for one, other in zip(found, first, strict=True)]
            assert ratio.split(" (")[0] == shown(statistics.median(ratios))


def by_size(item: tuple[str, object]) -> int:
    return int(item[0])


def test_what_the_sentences_claim_holds_for_what_was_stored() -> None:
    def to(name: str, design: str) -> float:
        return float(FOUND.row(name).ratio(design).middle)

    assert to("calls", "asyncio") < 1, "a call is what otp_mini is best at"
    assert to("starts", "asyncio") > 1, "a start costs more than in asyncio"
    assert FOUND.row("starts").middle("otp_mini") > 2 * FOUND.row("calls").middle("otp_mini")
    assert all(to(row.name, "the BEAM") > 1 for row in FOUND.rows if row.unit == "µs"), "the BEAM is quicker everywhere"
    assert FOUND.row("ets_lookups").middle("otp_mini") < FOUND.row("calls").middle("otp_mini")
    assert FOUND.row("calls").middle("otp_mini") < 100, "ten thousand messages in a second"
    assert FOUND.row("idle").middle("otp_mini") < FOUND.row("idle_called").middle("otp_mini") < 10_000


def test_a_figure_that_was_not_measured_stops_the_build(faulty_book: ScratchBook) -> None:
    assert faulty_book.status != 0
    assert any("nothing was measured for 'cals'" in warning for warning in faulty_book.about("speed_typo.md"))
    assert any("speed shows ratios, table or growth" in warning for warning in faulty_book.about("speed_what.md"))


@pytest.mark.parametrize("what", ["calls", "calls / asyncio", "growth of keys", "rounds", "largest", "versions"])
def test_a_sentence_can_ask_for_a_figure(what: str) -> None:
    assert speed.said(FOUND, what)


@pytest.mark.parametrize("what", ["call", "reads / asyncio", "ets_lookups / pykka", "growth of all"])
def test_a_figure_that_is_not_there_is_an_error(what: str) -> None:
    with pytest.raises(LookupError):
        speed.said(FOUND, what)


def test_without_growth_the_rest_can_be_asked_for() -> None:
    bare = Results(python="Python 3.11", elixir=None, rounds=3, rows=[], growth=[])
    assert [speed.said(bare, what) for what in ("versions", "rounds")] == ["Python 3.11", "3"]
    with pytest.raises(LookupError):
        speed.said(bare, "largest")


@pytest.mark.parametrize("figures", [{}, {"10": []}, {"10": [0.0], "100": [2.0]}, {"10": [1.0], "100": []}])
def test_growth_without_a_figure_is_not_there(figures: dict[str, list[float]]) -> None:
    bare = Results("Python 3.11", None, 3, [], [Growth("keys", "keys", "a read", "flat", figures)])
    with pytest.raises(LookupError):
        speed.said(bare, "growth of keys")
    assert speed.growth(bare).count('<tr><th scope="row">') == (figures.get("10") == [1.0])


# ---- the drawings --------------------------------------------------------------------------------------

SVG = "{http://www.w3.org/2000/svg}"


def drawn(*middles: float, law: str = "flat") -> ET.Element:
    sizes = [10**power for power in range(1, 1 + len(middles))]
    return ET.fromstring(plots.growth("Keys", sizes, [Ratio(m, m * 0.9, m * 1.1) for m in middles], law))


def dots(svg: ET.Element) -> list[tuple[float, float]]:
    return [(float(dot.attrib["cx"]), float(dot.attrib["cy"])) for dot in svg.iter(f"{SVG}circle")]


def expected(svg: ET.Element) -> tuple[float, float]:
    """How high the dashed line is at its two ends."""
    [dashed] = [path for path in svg.iter(f"{SVG}path") if "stroke-dasharray" in path.attrib]
    first, last = re.findall(r"[\d.]+ ([\d.]+)", dashed.attrib["d"])
    return float(first), float(last)


def test_a_size_ten_times_as_large_is_a_step_to_the_right_and_more_is_higher() -> None:
    places = dots(drawn(1.0, 1.5, 2.0))
    steps = [later[0] - earlier[0] for earlier, later in pairwise(places)]
    assert steps[0] == pytest.approx(steps[1], abs=0.2)
    assert places[0][1] > places[1][1] > places[2][1]


def test_the_law_is_level_where_it_is_flat_and_straight_where_it_is_a_logarithm() -> None:
    first, last = expected(drawn(1.0, 1.5, 2.0))
    assert first == last
    places = dots(svg := drawn(1.0, 1.5, 2.0, law="log n"))
    assert expected(svg) == pytest.approx((places[0][1], places[-1][1]), abs=0.2)


def test_a_law_never_falls() -> None:
    first, last = expected(drawn(1.0, 0.5, law="log n"))
    assert first == last


@pytest.mark.parametrize("most", [1.0, 3.0, 17.0, 900.0, 80_000.0])
def test_all_points_stay_inside_of_the_picture_whatever_was_measured(most: float) -> None:
    svg = drawn(1.0, most)
    assert all(0 <= x <= plots.WIDTH and 0 <= y <= float(svg.attrib["height"]) for x, y in dots(svg))
    assert len({*dots(svg)}) == 2


def test_one_size_alone_can_be_drawn() -> None:
    assert len(dots(drawn(1.0))) == 1


def test_more_stands_to_the_right_and_each_design_has_a_shape_of_its_own() -> None:
    each = [("the BEAM", Ratio(20.0, 10.0, 30.0)), ("asyncio", Ratio(0.5, 0.4, 0.6))]
    svg = ET.fromstring(plots.ratios("All", [("a < b", each)], {"the BEAM": "square", "asyncio": "circle"}))
    [_, square], [_, circle] = [*svg.iter(f"{SVG}rect")], [*svg.iter(f"{SVG}circle")]
    assert float(circle.attrib["cx"]) < plots.WIDTH / 2 < float(square.attrib["x"])
    desc = svg.find(f"{SVG}desc")
    assert desc is not None
    assert desc.text == "a < b: 20 times the BEAM, 0.5 times asyncio"


def on_scale(*found: Any) -> tuple[list[float], float]:
    """Where the marks of ratios are, and the line of 1."""
    each = [("asyncio", Ratio(*values)) for values in found]
    svg = ET.fromstring(plots.ratios("All", [("a", each)], {"asyncio": "circle"}))
    [_, *marks] = [float(mark.attrib["cx"]) for mark in svg.iter(f"{SVG}circle")]
    [one] = [path for path in svg.iter(f"{SVG}path") if " 62V" in path.attrib["d"] and "stroke-width" in path.attrib]
    x = float(one.attrib["d"].split()[0].removeprefix("M"))
    assert all(0 <= place <= plots.WIDTH for place in [*marks, x])
    return marks, x


@pytest.mark.parametrize("middle", [0.001, 0.05, 1.0, 10.0, 20.0, 50.0, 1000.0])
def test_the_line_of_1_is_on_every_scale(middle: float) -> None:
    [mark], one = on_scale([middle] * 3)
    assert (mark > one, mark < one) == (middle > 1, middle < 1)


def test_a_ratio_of_zero_is_told_and_has_no_mark() -> None:
    assert len(on_scale([0.0, 0.0, 0.0], [2.0, 0.0, 4.0])[0]) == 1
    assert "0 times asyncio" in plots.ratios("All", [("a", [("asyncio", Ratio(0, 0, 0))])], {"asyncio": "circle"})


def test_where_nothing_was_compared_the_plot_says_so() -> None:
    alone = [speed.results().Row("calls", "a call", "µs", {"otp_mini": [1.0]})]
    for rows in ([], alone):
        html = speed.ratios(Results("Python 3.11", None, 1, rows, []))
        assert "<title>What otp_mini takes</title><desc>Nothing was compared.</desc>" in html


def test_names_are_escaped() -> None:
    kind = SimpleNamespace(
        what="<b>", piece="&", law="flat", figures={"10": [1.0]}, sizes=lambda: [10], ratio=lambda size: Ratio(1, 1, 1)
    )
    html = speed.growth(SimpleNamespace(growth=[kind]))
    assert "<b><b></b>" not in html
    assert "&lt;b&gt;" in html


def test_no_colour_carries_a_meaning() -> None:
    for svg in (plots.growth("t", [10, 100], [Ratio(1, 1, 1)] * 2, "flat"), speed.ratios(FOUND)):
        colours = set(re.findall(r'(?:fill|stroke)="([^"]+)"', svg))
        assert colours <= {"currentColor", "none", "var(--pst-color-background, Canvas)"}

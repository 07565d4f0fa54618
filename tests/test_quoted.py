"""The page "How otp_mini works" quotes the package as it is: a name that is gone ends the build."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import scratch_book
import test_layout
from book_ext import quoted
from bs4 import BeautifulSoup
from scratch_book import ScratchBook

from otp_mini import process

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "book" / "how_otp_mini_works.md"
GOOD = """# Quotes

:::{source} otp_mini.node.Node.wake
:::

:::{source} otp_mini.gen_server._Loop.run
:from: while not process.mailbox
:to: await PARKED
:::

A share is {value}`otp_mini.process.REDUCTIONS` reductions.

:::{traced}
from otp_mini import self_, send, trace

async def main():
    with trace() as t:
        send(self_(), "<b>hello</b>")
    return t
:::
"""
FAULTS = {
    ":::{source} otp_mini.node.Node.awaken\n:::": "awaken is not defined there",
    ":::{source} otp_mini.knot.Node\n:::": "Node",
    ":::{source} nowhere.at_all\n:::": "there is no such module",
    ":::{source} otp_mini.node.Node\n:::": "too many to be read as a quote",
    ":::{source} otp_mini.node.Node.wake\n:from: no such line\n:::": "no line of it holds 'no such line'",
    ":::{source} otp_mini.node.Node.wake\n:from: process.timer\n:to: park(\n:::": "no line of it holds 'park('",
    "{value}`otp_mini.process.SHARE`": "SHARE",
    ":::{traced}\nasync def main():\n    return 1 / 0\n:::": "ZeroDivisionError",
}
scratch_book.good({"quoted_page.md": GOOD})
scratch_book.faulty({f"quoted_fault_{number}.md": f"# Fault\n\n{text}\n" for number, text in enumerate(FAULTS)})


def test_a_quote_is_the_source_without_its_docstring() -> None:
    path, text = quoted.quote("otp_mini.process.PARKED")
    assert (path.name, text) == ("process.py", "PARKED: Final = Suspend((PARK,))")
    _, text = quoted.quote("otp_mini.process.Suspend")
    assert text.splitlines()[:2] == ["class Suspend(tuple[object]):", "    __slots__ = ()"]
    _, text = quoted.quote("otp_mini.primitives.Process.sleep")
    assert text.splitlines()[:2] == ["@staticmethod", "async def sleep(seconds: float | None) -> None:"]
    assert '"""' not in text


def test_a_part_goes_from_one_text_to_the_next_other_and_stands_at_the_left() -> None:
    _, text = quoted.quote("otp_mini.gen_server._Loop.run", "while not process.mailbox", "await PARKED")
    assert text.splitlines()[0] == "while not process.mailbox:"
    assert text.splitlines()[-1] == "    await PARKED"


def test_quotes_numbers_and_runs_stand_on_the_page(good_book: ScratchBook) -> None:
    assert good_book.about("quoted_page.md") == []
    page = good_book.page("quoted_page")
    assert "def wake(self, process" in page.select_one(".quoted pre").get_text()
    assert [caption.get_text() for caption in page.select("p.quoted-from")] == [
        "Node.wake in node.py",
        "From _Loop.run in gen_server.py",
    ]
    assert f"A share is {process.REDUCTIONS:,} reductions." in page.get_text()
    chart = page.select_one(".traced")
    assert "main" in chart.select_one("svg").get_text()
    assert "<b>hello</b>" in chart.select_one("pre").get_text()
    assert chart.select("b") == []


@pytest.mark.parametrize("number", range(len(FAULTS)), ids=list(FAULTS.values()))
def test_what_is_not_there_is_an_error_of_the_build(faulty_book: ScratchBook, number: int) -> None:
    said = " ".join(faulty_book.about(f"quoted_fault_{number}.md"))
    assert list(FAULTS.values())[number] in said


# ---- the page itself -----------------------------------------------------------------------------------------


def test_the_rows_are_those_that_hold_the_package_together() -> None:
    core = [set(names.split()) for _, names in test_layout.LAYERS[: test_layout.CORE_ROWS + 1]]
    rows = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if re.match(r"\| [^|]+ \| `", line)]
    assert [set(re.findall(r"`(\w+)`", row)) for row in rows] == core


def test_the_chart_shows_what_the_text_says(book_site: Path) -> None:
    page = BeautifulSoup((book_site / "book" / "how_otp_mini_works.html").read_text(encoding="utf-8"), "html.parser")
    told = page.select_one(".traced .sequence-chart ~ * pre, .traced pre").get_text()
    for line in ("main -> counter: call 2", "counter -> main: reply 2", "Supervisor restarts counter", "60 s pass",
                 "clock -> counter: 'tick'", "counter -> main: reply 3"):  # fmt: skip
        assert line in told
    assert told.count("clock -> counter") == 1, "the tick of the dead counter is not sent"


def test_the_page_quotes_everything_and_can_be_read_in_an_evening() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert text.count("{source}") >= 10
    prose = re.sub(r"^:::\{.*?^:::$|^\|.*$", "", text, flags=re.MULTILINE | re.DOTALL)
    assert 1_200 <= len(prose.split()) <= 2_000
    assert not re.search(r"\b\d{3,}\b", prose), "a number of the package is filled in by {value}"
    assert "```" not in text, "code on this page is quoted or run"

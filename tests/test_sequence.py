"""A trace as a sequence chart: the same text and picture every time, whatever the program says."""
from __future__ import annotations

import logging
import re
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree

import pytest
from bs4 import BeautifulSoup

from otp_mini import (
    Down,
    Exit,
    GenServer,
    Node,
    NoReply,
    Ok,
    Process,
    Reply,
    receive,
    self_,
    send,
    spawn,
    spawn_link,
    trace,
)
from otp_mini.tracing import Trace
from otp_mini.viz import Chart, sequence_chart

SVG = "{http://www.w3.org/2000/svg}"


class Clerk(GenServer):
    def init(self, argument: Any) -> Any:
        return Ok(argument)

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        return Reply(request, state)

    def handle_cast(self, request: Any, state: Any) -> Any:
        return NoReply(request)

    def handle_info(self, message: Any, state: Any) -> Any:
        if message == "break":
            raise ValueError("broken")
        return NoReply(state)


def chart_of(main: Callable[[], Any]) -> Chart:
    """The chart of a program on a fresh node."""
    traces: list[Trace] = []

    async def program() -> None:
        with trace() as recorded:
            traces.append(recorded)
            await main()

    program.__name__ = "main"
    with Node(clock="virtual") as node:
        node.run(program)
    return sequence_chart(traces[0])


def text_of(main: Callable[[], Any]) -> list[str]:
    return [line[10:] for line in str(chart_of(main)).splitlines()]


async def calls() -> None:
    clerk = await Clerk.start()
    await GenServer.call(clerk, "one")


async def casts() -> None:
    clerk = await Clerk.start()
    GenServer.cast(clerk, 1)
    GenServer.cast(clerk, 2)
    await GenServer.call(clerk, "done?")


async def crashes() -> None:
    logging.getLogger("otp_mini").disabled = True
    try:
        clerk = await Clerk.start()
        Process.monitor(clerk)
        send(clerk, "break")
        await receive(Down)
    finally:
        logging.getLogger("otp_mini").disabled = False


# ---- what it tells -------------------------------------------------------------------------------------


def test_a_call_is_an_arrow_there_and_a_reply_back() -> None:
    assert text_of(calls) == ["main -> Clerk: starts", "main -> Clerk: call 'one'", "Clerk -> main: reply 'one'"]


def test_messages_that_queue_are_shown_being_taken_one_by_one() -> None:
    assert text_of(casts)[1:] == [
        "main -> Clerk: cast 1",
        "main -> Clerk: cast 2",
        "main -> Clerk: call 'done?'",
        "Clerk takes cast 1",
        "Clerk takes cast 2",
        "Clerk takes call 'done?'",
        "Clerk -> main: reply 'done?'",
    ]


def test_a_crash_ends_the_lifeline_and_reaches_the_monitor() -> None:
    assert text_of(crashes)[2:] == [
        "Clerk ends: ValueError: broken",
        "Clerk -> main: DOWN ValueError('broken')",
    ]


def test_a_timer_comes_from_the_clock_at_its_time() -> None:
    async def waits() -> None:
        Process.send_after(self_(), "tick", 2.5)
        await receive()

    assert str(chart_of(waits)) == "   2.500  clock -> main: 'tick'"


def test_an_exit_signal_says_its_reason_whether_trapped_or_not() -> None:
    async def leaves() -> None:
        raise Exit("moved")

    async def links() -> None:
        Process.flag(trap_exit=True)
        spawn_link(leaves)
        await receive()
        Process.exit(spawn(Process.sleep, 60.0), "kill")
        await Process.sleep(1.0)

    assert [line for line in text_of(links) if "exit" in line] == [
        "leaves -> main: exit signal 'moved'",
        "main -> sleep: exit signal 'kill'",
    ]


def test_two_processes_of_one_name_are_told_apart_by_their_pids() -> None:
    async def starts_two() -> None:
        await Clerk.start()
        await Clerk.start()

    assert text_of(starts_two) == ["main -> Clerk<0.2.0>: starts", "main -> Clerk<0.3.0>: starts"]


def test_a_process_that_is_called_clock_is_not_taken_for_the_clock() -> None:
    async def starts() -> None:
        await Clerk.start(name="clock")
        Process.send_after("clock", "tick", 1.0)
        await Process.sleep(2.0)

    assert [line for line in text_of(starts) if ">" in line] == [
        "main -> clock<0.2.0>: starts",
        "clock -> clock<0.2.0>: 'tick'",
    ]


def test_a_process_that_takes_over_a_name_is_the_next_life_of_that_name() -> None:
    async def restarts() -> None:
        for _ in range(2):
            await GenServer.stop(await Clerk.start(name="clerk"))

    assert text_of(restarts)[0::3] == ["main -> clerk: starts", "main -> clerk: starts, 2nd life"]


def test_an_empty_trace_is_an_empty_chart() -> None:
    chart = sequence_chart(Trace())
    assert (str(chart), repr(chart)) == ("", "<Chart of 0 events between nobody>")
    assert ElementTree.fromstring(chart.svg()).tag == f"{SVG}svg"


def test_a_part_of_a_trace_makes_a_chart_too() -> None:
    traces = []

    async def main() -> None:
        with trace() as recorded:
            traces.append(recorded)
            await casts()

    with Node(clock="virtual") as node:
        node.run(main)
    chart = sequence_chart(traces[0].filter(kind=("reply",)))
    assert [line.words for line in chart.lines] == ["reply 'done?'"]


# ---- the picture ---------------------------------------------------------------------------------------


def drawn(chart: Chart) -> ElementTree.Element:
    return ElementTree.fromstring(chart.svg())


def lifelines(chart: Chart) -> list[list[tuple[float, float]]]:
    """The strokes of each lifeline, from top to bottom."""
    found: dict[str, list[tuple[float, float]]] = {}
    for element in drawn(chart).iter(f"{SVG}path"):
        if element.get("stroke-opacity") and not element.get("stroke-dasharray"):
            for x, top, bottom in re.findall(r"M(\d+) ([\d.]+)V([\d.]+)", element.attrib["d"]):
                found.setdefault(x, []).append((float(top), float(bottom)))
    return list(found.values())


@pytest.mark.parametrize("main", [calls, casts, crashes], ids=lambda main: main.__name__)
def test_the_picture_has_every_line_and_every_process(main: Callable[[], Any]) -> None:
    chart = chart_of(main)
    words = [element.text or "" for element in drawn(chart).iter(f"{SVG}text")]
    for line in chart.lines:
        assert line.words in words or any(word.endswith("…") and line.words.startswith(word[:-1]) for word in words)
    assert set(chart.columns) <= set(words)


def test_the_form_of_an_arrow_says_what_it_is() -> None:
    paths = [element for element in drawn(chart_of(calls)).iter(f"{SVG}path") if "H" in element.attrib["d"]]
    assert [path.get("stroke-dasharray") for path in paths] == ["2 4", None, "6 4"]


def test_a_lifeline_stops_where_its_process_ends() -> None:
    main, clerk = lifelines(chart_of(crashes))
    assert clerk[-1][1] < main[-1][1]


def test_nothing_is_drawn_outside_the_picture() -> None:
    async def long_words() -> None:
        await Clerk.start(name="a name of forty characters, more or less")
        send("a name of forty characters, more or less", "word " * 30)
        await Process.sleep(1.0)

    for main in (calls, casts, crashes, long_words):
        picture = drawn(chart_of(main))
        for element in picture.iter(f"{SVG}text"):
            x, length = float(element.attrib["x"]), len(element.text or "") * 7.3
            left = {"middle": x - length / 2, "end": x - length}.get(element.get("text-anchor", ""), x)
            assert left >= 0, (main.__name__, element.text)
            assert left + length <= float(picture.attrib["width"]) + 1, (main.__name__, element.text)


def test_it_has_the_colours_of_the_text_around_it_and_no_others() -> None:
    colours = set()
    for element in drawn(chart_of(crashes)).iter():
        colours |= {element.attrib[name] for name in ("fill", "stroke") if name in element.attrib}
    assert colours == {"currentColor", "none"}


def test_the_same_program_gives_the_same_picture_to_the_letter() -> None:
    assert chart_of(casts)._repr_html_() == chart_of(casts)._repr_html_()


def test_it_can_be_read_without_being_seen() -> None:
    chart = chart_of(calls)
    page = BeautifulSoup(chart._repr_html_(), "html.parser")
    assert page.svg is not None
    assert page.svg["role"] == "img"
    assert page.svg["aria-label"] == page.svg.title.get_text() == "Chart of 3 events between main, Clerk"
    assert page.svg.desc.get_text() == page.details.pre.get_text() == str(chart)
    assert page.div["tabindex"] == "0", "whoever has no mouse must be able to scroll it"


def test_where_the_tags_of_svg_are_taken_out_the_text_form_is_left_alone() -> None:
    """JupyterLab does so to the stored outputs of a notebook that it does not trust."""
    page = BeautifulSoup(chart_of(calls)._repr_html_(), "html.parser")
    assert page.div is not None
    assert "font-size:0px" in page.div["style"], "what is left of the picture's text must not show"
    assert page.svg["font-size"] == "12"
    assert page.div.find("details") is None


# ---- what a program says may be anything ------------------------------------------------------------------

HOSTILE = [
    "<script>alert(1)</script>",
    '"onload="alert(1)',
    "' onload='alert(1)",
    "]]>",
    "--><b>",
    "&lt;img src=x onerror=alert(1)&gt;",
    "</svg></div><img src=x onerror=alert(1)>",
    "line\nbreak\ttab\x00null\x1bescape\ud800half",
    "<0.2.0>",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_names_and_messages_are_shown_and_never_obeyed(text: str) -> None:
    class Loud:
        def __repr__(self) -> str:
            return text

    async def shouts() -> None:
        clerk = await Clerk.start(name=text)
        send(clerk, text)
        send(clerk, (Loud(),))
        Process.exit(clerk, text)
        await Process.sleep(1.0)

    chart = chart_of(shouts)
    plain = chart_of(calls)
    ElementTree.fromstring(chart.svg())  # well-formed
    page = BeautifulSoup(chart._repr_html_(), "html.parser")
    assert {tag.name for tag in page.find_all(True)} <= {
        tag.name for tag in BeautifulSoup(plain._repr_html_(), "html.parser").find_all(True)
    }
    assert not [name for tag in page.find_all(True) for name in tag.attrs if name.startswith("on")]
    assert len(str(chart).splitlines()) == len(chart.lines), "every event is one line"


def test_a_repr_that_fails_is_said_and_does_not_spoil_the_chart() -> None:
    class Broken:
        def __repr__(self) -> str:
            raise RuntimeError("no")

    async def says() -> None:
        send(spawn(receive), Broken())
        await Process.sleep(1.0)

    assert "whose __repr__ failed" in str(chart_of(says))


def test_a_long_trace_is_charted_without_growing_slow() -> None:
    async def floods() -> None:
        for number in range(3000):
            send(self_(), number)
        for _ in range(3000):
            await receive()

    assert len(chart_of(floods).lines) == 6000

"""The restart window as a picture: what counts, what has left it, and the one too many."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree

import pytest
from bs4 import BeautifulSoup
from hypothesis import given, settings
from hypothesis import strategies as st

from otp_mini import BadArg, ChildSpec, GenServer, Node, Ok, Pid, Process, Supervisor, trace
from otp_mini.children import Budget, Child
from otp_mini.tracing import Trace
from otp_mini.viz import Window, restart_window

SVG = "{http://www.w3.org/2000/svg}"
LAW = settings(derandomize=True, deadline=None, database=None)  # the same examples in every run


class Worker(GenServer):
    def init(self, argument: Any) -> Any:
        return Ok(argument)

    def handle_cast(self, request: Any, state: Any) -> Any:
        raise ValueError(request)


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    logging.getLogger("otp_mini").disabled = True
    yield
    logging.getLogger("otp_mini").disabled = False


def crashes(*pauses: float, name: Any = "shop", before: int = 0, **budget: Any) -> Trace:
    """The trace of a supervisor whose only child crashes after each of these pauses."""

    async def start() -> Any:
        return await Worker.start_link(None, name="db")

    async def main() -> Trace:
        Process.flag(trap_exit=True)
        await Supervisor.start_link([ChildSpec("db", (start, ()))], strategy="one_for_one", name=name, **budget)
        for _ in range(before):
            GenServer.cast("db", "break")
            await Process.sleep(0.001)
        with trace() as recorded:
            for pause in pauses:
                await Process.sleep(pause)
                GenServer.cast("db", "break")
            await Process.sleep(0.001)
        return recorded

    with Node(clock="virtual") as node:
        recorded: Trace = node.run(main)
        return recorded


def drawn(window: Window) -> ElementTree.Element:
    return ElementTree.fromstring(window.svg())


def shapes(window: Window) -> list[str]:
    """The restarts in the picture, row by row: ● counts, ○ has left the window, x is one too many."""
    found: dict[float, str] = {}
    for element in drawn(window).iter():
        if element.find(f"{SVG}title") is None or element.tag == f"{SVG}svg":
            continue
        if element.tag == f"{SVG}circle":
            y, shape = float(element.attrib["cy"]), "○" if element.get("fill") == "none" else "●"
        else:
            y, shape = float(element.attrib["d"].split()[1].split("h")[0]) + 6, "x"
        found[y] = found.get(y, "") + shape
    return [found[y] for y in sorted(found)][:-2]  # the last two rows are the legend


# ---- what counts -----------------------------------------------------------------------------------------


def test_restarts_inside_of_the_window_count_and_one_too_many_is_the_end() -> None:
    window = restart_window([1.0, 2.0, 3.0], max_restarts=2, max_seconds=5.0)
    assert [(moment.used, moment.outcome) for moment in window.moments] == [
        (1, "restarts"), (2, "restarts"), (3, "gives up"),
    ]  # fmt: skip


def test_an_old_restart_has_left_the_window() -> None:
    last = restart_window([0.0, 4.0, 5.5], max_restarts=2, max_seconds=5.0).moments[-1]
    assert (last.inside, last.left, last.outcome) == ((4.0, 5.5), (0.0,), "restarts")


def test_a_restart_that_is_exactly_as_old_as_the_window_is_long_still_counts() -> None:
    assert restart_window([0.0, 5.0], max_restarts=1, max_seconds=5.0).moments[-1].outcome == "gives up"


def test_after_giving_up_nothing_is_restarted() -> None:
    window = restart_window([0.0, 1.0, 2.0], max_restarts=0)
    assert [moment.outcome for moment in window.moments] == ["gives up", "has ended", "has ended"]
    assert [moment.used for moment in window.moments] == [1, 0, 0]


def test_without_a_budget_it_is_the_usual_one_of_otp() -> None:
    window = restart_window([0.0])
    assert (window.max_restarts, window.max_seconds) == (3, 5.0)


times = st.lists(st.floats(0, 100).map(lambda at: round(at, 1)), max_size=12).map(sorted)
budgets = st.fixed_dictionaries({"max_restarts": st.integers(0, 4), "max_seconds": st.sampled_from([0.5, 5.0, 60.0])})


@LAW
@given(times, budgets)
def test_it_decides_as_the_supervisor_does(moments: list[float], budget: dict[str, Any]) -> None:
    async def main() -> list[bool]:
        spent, now, found = Budget(**budget), 0.0, []
        for at in moments:
            await Process.sleep(round(at - now, 1))
            now = at
            found.append(spent.spend(Child(ChildSpec("db", (main, ())))))
        return found

    with Node(clock="virtual") as node:
        allowed = node.run(main)
    window = restart_window(moments, **budget)
    decided = [moment.outcome for moment in window.moments if moment.outcome != "has ended"]
    expected = allowed[: allowed.index(False) + 1] if False in allowed else allowed
    assert decided == ["restarts" if each else "gives up" for each in expected]


# ---- from a trace ------------------------------------------------------------------------------------------


def test_a_trace_has_the_restarts_and_the_budget_in_it() -> None:
    assert str(restart_window(crashes(1.0, 1.0, 1.0, max_restarts=2), "shop")).splitlines() == [
        "The budget of shop: 2 restarts in 5 s",
        "time   in the window        left it  used    the supervisor",
        "1.000  1.000                         1 of 2  restarts db",
        "2.000  1.000, 2.000                  2 of 2  restarts db",
        "3.000  1.000, 2.000, 3.000           3 of 2  gives up on db",
    ]


def test_a_supervisor_is_meant_by_its_pid_or_its_name_or_because_there_is_no_other() -> None:
    recorded = crashes(1.0, 2.0)
    pid = next(event.pid for event in recorded if event.kind == "restart")
    assert str(restart_window(recorded, pid)) == str(restart_window(recorded, "shop")) == str(restart_window(recorded))


def test_restarts_before_the_trace_are_counted_and_said() -> None:
    window = restart_window(crashes(1.0, before=2))
    assert [(moment.used, moment.unseen, moment.outcome) for moment in window.moments] == [(3, 2, "restarts")]
    assert "2 before the trace, " in str(window)
    assert "+2" in [element.text for element in drawn(window).iter(f"{SVG}text")]


def test_a_part_of_a_trace_gives_the_window_of_the_whole() -> None:
    recorded = crashes(1.0, 1.0)
    assert str(restart_window(recorded.filter(kind="exit"))) == str(restart_window(recorded))


def test_a_trace_without_restarts_or_with_those_of_several_is_an_error_that_says_whose_there_are() -> None:
    with pytest.raises(BadArg, match=r"a trace in which a supervisor restarted something, .*: none$"):
        restart_window(Trace())
    recorded = crashes(1.0)
    with pytest.raises(BadArg, match=r"in which main restarted something, .*: by shop$"):
        restart_window(recorded, "main")
    with pytest.raises(BadArg, match="no process of this trace is called 'shep'; there are main, shop, db"):
        restart_window(recorded, "shep")
    other = Pid(99)
    recorded.names[other] = "mall"
    recorded.record(2.0, "restart", other, None, ("db", 1, 3, 5.0))
    with pytest.raises(BadArg, match=r"where there are several; restarts in this trace: by shop, mall$"):
        restart_window(recorded)


def test_of_two_supervisors_of_one_name_the_later_is_meant() -> None:
    recorded = Trace()
    for number, at in ((1, 1.0), (2, 7.0)):
        pid = Pid(number)
        recorded.names[pid] = "shop"
        recorded.record(at, "restart", pid, None, ("db", 1, 3, 5.0))
        recorded.record(at, "exit", pid, None, "shutdown")
    assert [moment.time for moment in restart_window(recorded, "shop").moments] == [7.0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"max_restarts": -1}, "max_restarts must be a whole number from 0 up, got -1"),
        ({"max_restarts": True}, "max_restarts must be a whole number from 0 up, got True"),
        ({"max_seconds": 0}, "max_seconds must be a number above 0, got 0"),
        ({"max_seconds": "5"}, "max_seconds must be a number above 0, got '5'"),
    ],
)
def test_a_wrong_budget_is_an_error_that_says_the_rule(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(BadArg, match=message):
        restart_window([1.0], **arguments)


@pytest.mark.parametrize("times", [[2.0, 1.0], ["1"], [float("nan")], [float("inf")]])
def test_times_are_numbers_in_order(times: list[Any]) -> None:
    with pytest.raises(BadArg, match="needs times as numbers in ascending order, got"):
        restart_window(times)


def test_a_trace_has_a_budget_and_takes_no_other() -> None:
    with pytest.raises(BadArg, match="finds the budget in the trace"):
        restart_window(crashes(1.0), max_restarts=2)


# ---- the picture and its text --------------------------------------------------------------------------------


def test_the_text_is_a_table_of_the_moments() -> None:
    assert str(restart_window([0.0, 4.0, 5.5, 6.0], "shop", max_restarts=2)).splitlines() == [
        "The budget of shop: 2 restarts in 5 s",
        "time   in the window        left it  used    the supervisor",
        "0.000  0.000                         1 of 2  restarts",
        "4.000  0.000, 4.000                  2 of 2  restarts",
        "5.500  4.000, 5.500         0.000    2 of 2  restarts",
        "6.000  4.000, 5.500, 6.000  0.000    3 of 2  gives up",
    ]


def test_very_many_times_are_counted() -> None:
    window = restart_window([number / 10 for number in range(8)], max_restarts=100)
    assert "0.000 to 0.700, 8 in all" in str(window)


@pytest.mark.parametrize(
    ("restarts", "seconds", "title"),
    [(1, 5.0, "A budget of 1 restart in 5 s"), (0, 0.5, "A budget of no restarts in 0.5 s"),
     (2, float("inf"), "A budget of 2 restarts in all")],
)  # fmt: skip
def test_the_title_says_the_budget(restarts: int, seconds: float, title: str) -> None:
    assert restart_window([], max_restarts=restarts, max_seconds=seconds).title == title


def test_what_counts_what_has_left_and_the_one_too_many_have_shapes_of_their_own() -> None:
    window = restart_window([0.0, 4.0, 5.5, 6.0], max_restarts=2)
    assert shapes(window) == ["●", "●●", "○●●", "○●●x"]


def test_the_one_too_many_is_said_in_words() -> None:
    texts = [element.text for element in drawn(restart_window(crashes(1.0, max_restarts=0))).iter(f"{SVG}text")]
    assert "1 of 0: gives up on db" in texts


def frames(window: Window) -> list[tuple[float, float]]:
    """From where to where the frame of each row goes."""
    grounds = [path.attrib["d"] for path in drawn(window).iter(f"{SVG}path") if path.get("fill-opacity")]
    found = [re.match(r"M([\d.]+) [\d.]+H([\d.]+)V", way) for way in grounds]
    return [(float(each[1]), float(each[2])) for each in found if each]


@LAW
@given(times, budgets)
def test_what_counts_stands_in_its_frame_and_nothing_else_does(moments: list[float], budget: dict[str, Any]) -> None:
    window = restart_window(moments, **budget)
    picture = drawn(window)
    rows = [moment for moment in window.moments if moment.outcome != "has ended"]
    circles = list(picture.iter(f"{SVG}circle"))[:-2]  # without the legend
    for moment, (left, right) in zip(rows, frames(window), strict=True):
        count = len(moment.inside) + len(moment.left) - (moment.outcome == "gives up")
        row, circles = circles[:count], circles[count:]
        for circle in row:
            counts = circle.get("fill") != "none"
            assert (left < float(circle.attrib["cx"]) < right) == counts
    assert circles == []


def test_restarts_at_one_time_can_be_told_apart() -> None:
    picture = drawn(restart_window([2.0] * 4, max_restarts=5))
    places = [float(circle.attrib["cx"]) for circle in picture.iter(f"{SVG}circle")][-6:-2]
    assert min(later - before for before, later in pairwise(places)) > 10


def test_a_long_time_without_restarts_is_cut_out_and_marked() -> None:
    def marks(window: Window) -> int:
        return sum("l6 -10" in path.get("d", "") for path in drawn(window).iter(f"{SVG}path"))

    far, near = restart_window([1.0, 500.0, 501.0]), restart_window([1.0, 5.0, 6.0])
    assert (marks(far), marks(near)) == (1, 0)
    (_, _), (left, right), _ = frames(far)
    assert right - left > 60, "the window of five seconds is still to be seen"


def test_everything_is_inside_of_the_picture() -> None:
    many = restart_window([1.0, 1.0, 900.0], "a shop", max_restarts=8)
    for window in (restart_window([0.0]), many, restart_window([]), restart_window(crashes(1.0, 1.0, max_restarts=1))):
        picture = drawn(window)
        width, height = float(picture.attrib["width"]), float(picture.attrib["height"])
        for text in picture.iter(f"{SVG}text"):
            x, length = float(text.attrib["x"]), len(text.text or "") * 7.3
            left = x - length / 2 if text.get("text-anchor") == "middle" else x
            assert left >= 0, text.text
            assert left + length <= width + 1, text.text
            assert float(text.attrib["y"]) < height


def test_it_has_the_colours_of_the_text_around_it_and_no_others() -> None:
    colours = set()
    for element in drawn(restart_window([0.0, 4.0, 5.5, 6.0], max_restarts=2)).iter():
        colours |= {element.attrib[name] for name in ("fill", "stroke") if name in element.attrib}
    assert colours == {"currentColor", "none"}


@LAW
@given(times, budgets)
def test_the_same_restarts_give_the_same_picture_to_the_letter(moments: list[float], budget: dict[str, Any]) -> None:
    assert restart_window(moments, **budget)._repr_html_() == restart_window(moments, **budget)._repr_html_()


def test_it_can_be_read_without_being_seen() -> None:
    window = restart_window(crashes(1.0, 1.0))
    page = BeautifulSoup(window._repr_html_(), "html.parser")
    assert page.svg["role"] == "img"
    assert page.svg["aria-label"] == page.svg.title.get_text() == window.title
    assert page.svg.desc.get_text() == str(window)
    assert [cell.get_text() for cell in page.details.table.find_all("th")] == [
        "time", "in the window", "left it", "used", "the supervisor",
    ]  # fmt: skip
    assert page.div["tabindex"] == "0", "whoever has no mouse must be able to scroll it"
    assert repr(window) == "<Window of 2 restarts: The budget of shop: 3 restarts in 5 s>"


@pytest.mark.parametrize(
    "text",
    ["<script>alert(1)</script>", '"onload="alert(1)', "]]>", "--><b>", "</svg></div><img src=x onerror=alert(1)>",
     "line\nbreak\ttab\x00null\x1bescape\ud800half"],
)  # fmt: skip
def test_names_are_shown_and_never_obeyed(text: str) -> None:
    recorded = Trace()
    pid = Pid(7)
    recorded.names[pid] = text
    for count in (1, 2):
        recorded.record(float(count), "restart" if count == 1 else "give_up", pid, None, (text, count, 1, 5.0))
    for window in (restart_window(recorded, pid), restart_window([1.0], text)):
        drawn(window)  # well-formed
        page = BeautifulSoup(window._repr_html_(), "html.parser")
        plain = BeautifulSoup(restart_window([1.0, 1.0], max_restarts=1)._repr_html_(), "html.parser")
        assert {tag.name for tag in page.find_all(True)} <= {tag.name for tag in plain.find_all(True)}
        assert not [name for tag in page.find_all(True) for name in tag.attrs if name.startswith("on")]
        assert len(str(window).splitlines()) == 2 + len(window.moments)

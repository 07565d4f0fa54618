"""A trace as a sequence chart: the same text and picture every time, whatever the program says."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree

import pytest
from bs4 import BeautifulSoup
from hypothesis import given, settings
from hypothesis import strategies as st

from otp_mini import (
    ChildSpec,
    Down,
    DynamicSupervisor,
    Exit,
    GenServer,
    Ignore,
    Node,
    NoReply,
    Ok,
    Pid,
    Process,
    Reply,
    StartError,
    Stop,
    Supervisor,
    receive,
    self_,
    send,
    spawn,
    spawn_link,
    trace,
)
from otp_mini.errors import name_of
from otp_mini.tracing import KINDS, Trace
from otp_mini.viz import Chart, Line, sequence_chart
from otp_mini.viz.sequence import READABLE, folded

SVG = "{http://www.w3.org/2000/svg}"
LAW = settings(derandomize=True, deadline=None, database=None)  # the same examples in every run


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


def chart_of(main: Callable[[], Any], **options: Any) -> Chart:
    """The chart of a program on a fresh node."""
    return sequence_chart(trace_of(main), **options)


def trace_of(main: Callable[[], Any]) -> Trace:
    """The trace of a program on a fresh node."""
    traces: list[Trace] = []

    async def program() -> None:
        with trace() as recorded:
            traces.append(recorded)
            await main()

    program.__name__ = "main"
    with Node(clock="virtual") as node:
        node.run(program)
    return traces[0]


def text_of(main: Callable[[], Any], **options: Any) -> list[str]:
    return [line[10:] for line in str(chart_of(main, **options)).splitlines()]


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


# ---- supervisors ---------------------------------------------------------------------------------------


class Worker(GenServer):
    """A worker that traps exits, so that it can be slow to stop."""

    def init(self, argument: Any) -> Any:
        Process.flag(trap_exit=True)
        return Ok(argument)

    def handle_cast(self, request: Any, state: Any) -> Any:
        if request == "break":
            raise ValueError("ink is out")
        return Stop("normal", state)

    async def terminate(self, reason: Any, state: Any) -> None:
        if state == "slow":
            await Process.sleep(60.0)


def child(name: str, state: Any = None, module: type[GenServer] = Worker, **changes: Any) -> ChildSpec:
    async def start() -> Any:
        return await module.start_link(state, name=name)

    return ChildSpec(name, (start, ()), **changes)


async def shop(*children: ChildSpec, **options: Any) -> None:
    Process.flag(trap_exit=True)
    await Supervisor.start_link(children, name="shop", **{"strategy": "one_for_one", **options})


async def restarts_all() -> None:
    await shop(child("db"), child("web"), strategy="one_for_all")
    GenServer.cast("db", "break")
    await Process.sleep(1.0)


async def gives_up() -> None:
    await shop(child("db"), child("web"), max_restarts=1)
    for _ in range(2):
        GenServer.cast("db", "break")
        await Process.sleep(1.0)


def test_a_restart_shows_the_decision_the_stops_and_the_starts_and_nothing_of_the_protocol() -> None:
    assert text_of(restarts_all) == [
        "main -> shop: starts",
        "shop -> db: starts",
        "shop -> web: starts",
        "main -> db: cast 'break'",
        "db ends: ValueError: ink is out",
        "db -> shop: exit signal ValueError('ink is out')",
        "shop restarts db (1 of 3 in 5 s)",
        "shop -> web: exit signal 'shutdown'",
        "web ends: 'shutdown'",
        "shop -> db: starts, 2nd life",
        "shop -> web: starts, 2nd life",
    ]


def test_a_supervisor_that_gives_up_says_so_and_stops_its_children() -> None:
    assert text_of(gives_up)[9:] == [
        "main -> db: cast 'break'",
        "db ends: ValueError: ink is out",
        "db -> shop: exit signal ValueError('ink is out')",
        "shop gives up on db (restart 2 in 5 s, 1 allowed)",
        "shop stops its children",
        "shop -> web: exit signal 'shutdown'",
        "web ends: 'shutdown'",
        "shop ends: 'shutdown'",
        "shop -> main: exit signal 'shutdown'",
    ]


def test_where_no_child_is_left_none_is_said_to_be_stopped() -> None:
    async def gives_up_alone() -> None:
        await shop(child("db"), max_restarts=0)
        GenServer.cast("db", "break")
        await Process.sleep(1.0)

    assert text_of(gives_up_alone)[-3:] == [
        "shop gives up on db (restart 1 in 5 s, none allowed)",
        "shop ends: 'shutdown'",
        "shop -> main: exit signal 'shutdown'",
    ]


def test_a_child_that_is_not_restarted_is_kept_or_forgotten() -> None:
    async def ends_well() -> None:
        await shop(child("db", restart="transient"), child("web", restart="temporary"))
        GenServer.cast("db", "stop")
        GenServer.cast("web", "stop")
        await Process.sleep(1.0)

    told = text_of(ends_well)
    assert "shop keeps db, does not restart it" in told
    assert "shop forgets web" in told


def test_a_start_that_takes_time_says_when_it_is_done() -> None:
    class Slow(GenServer):
        async def init(self, argument: Any) -> Any:
            await Process.sleep(2.0)
            return Ok(argument)

    async def starts_slowly() -> None:
        await shop(child("db", module=Slow))

    assert text_of(starts_slowly) == ["main -> shop: starts", "shop -> db: starts", "2 s pass", "shop has started db"]


def test_a_start_without_a_process_is_said_too() -> None:
    class Shy(GenServer):
        def init(self, argument: Any) -> Any:
            return Ignore()

    async def late() -> None:
        await Process.sleep(1.0)

    async def starts() -> None:
        await shop(child("shy", module=Shy), ChildSpec("late", (late, ())))

    assert text_of(starts)[2:] == [
        "shy ends: 'normal'",
        "shy -> shop: exit signal 'normal'",
        "shop goes on without shy, which chose not to start",
        "shop begins to start late",
        "1 s passes",
        "shop goes on without late, which chose not to start",
    ]


def test_a_start_that_fails_is_said_with_its_reason() -> None:
    class Stubborn(GenServer):
        def init(self, argument: Any) -> Any:
            return Stop("no disk")

    async def fails() -> None:
        with pytest.raises(StartError):
            await shop(child("web"), child("db", module=Stubborn))

    told = text_of(fails)
    assert "shop cannot start db: 'no disk'" in told
    assert not [line for line in told if "DOWN" in line or "takes" in line]


def test_a_restart_that_is_tried_again_does_not_show_how_the_supervisor_reminds_itself() -> None:
    starts = []

    class Once(GenServer):
        def init(self, argument: Any) -> Any:
            starts.append(1)
            return Ok(argument) if len(starts) == 1 else Stop("no disk")

    async def fails_later() -> None:
        await shop(child("db", module=Once), max_restarts=2)
        Process.exit(Process.whereis("db"), "kill")
        await Process.sleep(1.0)

    told = text_of(fails_later)
    assert [line for line in told if line.startswith("shop ") and "->" not in line] == [
        "shop restarts db (1 of 2 in 5 s)",
        "shop cannot start db: 'no disk'",
        "shop restarts db (2 of 2 in 5 s)",
        "shop cannot start db: 'no disk'",
        "shop gives up on db (restart 3 in 5 s, 2 allowed)",
        "shop ends: 'shutdown'",
    ]
    assert "try_again" not in "".join(told)


def test_a_specification_is_not_written_out() -> None:
    async def starts_a_child() -> None:
        pool = await DynamicSupervisor.start_link(name="pool")
        await DynamicSupervisor.start_child(pool, child("db"))

    assert text_of(starts_a_child)[1:3] == ["main -> pool: call start_child db", "pool -> db: starts"]


def test_a_stop_is_called_a_stop() -> None:
    async def stops() -> None:
        await GenServer.stop(await Clerk.start(), "shutdown")

    assert text_of(stops)[1] == "main -> Clerk: stop 'shutdown'"


# ---- lives -----------------------------------------------------------------------------------------------


def test_a_restarted_process_goes_on_in_the_column_of_the_one_before() -> None:
    assert chart_of(restarts_all).columns == ["main", "shop", "db", "web"]


def test_between_two_lives_there_is_no_line() -> None:
    chart = chart_of(restarts_all)
    heights = dict(zip(map(str, chart.lines), rows(chart), strict=True))
    db = lifelines(chart)[2]
    died, born = (heights[f"{1 - 1:8.3f}  {words}"] for words in (
        "db ends: ValueError: ink is out", "shop -> db: starts, 2nd life"))  # fmt: skip
    assert not [stroke for stroke in db if stroke[0] < born - 12 and stroke[1] > died]
    assert [stroke for stroke in db if stroke[0] == born + 12]
    texts = [element.text for element in drawn(chart).iter(f"{SVG}text")]
    assert texts.count("db, 2nd life") == 1


def test_a_process_has_no_line_before_its_start() -> None:
    chart = chart_of(calls)
    main, clerk = lifelines(chart)
    assert main[0][0] < clerk[0][0] == rows(chart)[0]


def test_nobody_counts_lives_that_nobody_saw() -> None:
    async def restarts_later() -> None:
        await shop(child("db"))
        GenServer.cast("db", "break")
        await Process.sleep(1.0)
        with trace() as recorded:
            found.append(recorded)
            GenServer.cast("db", "break")
            await Process.sleep(1.0)

    found: list[Trace] = []
    trace_of(restarts_later)
    assert [line.words for line in sequence_chart(found[0]).lines if line.kind == "spawn"] == ["starts, next life"]


def test_nameless_children_of_one_kind_have_columns_of_their_own_and_say_which_child_they_are() -> None:
    async def restarts_one() -> None:
        await shop(*(ChildSpec(id, (Worker.start_link, ())) for id in ("one", "two")))
        Process.exit(next(row.pid for row in await Supervisor.which_children("shop") if row.id == "one"), "kill")
        await Process.sleep(1.0)

    assert [line for line in text_of(restarts_one) if "starts" in line][1:] == [
        "shop -> Worker<0.3.0>: starts as one",
        "shop -> Worker<0.4.0>: starts as two",
        "shop restarts one (1 of 3 in 5 s)",
        "shop -> Worker<0.5.0>: starts as one",
    ]


def test_the_only_nameless_child_of_its_kind_has_lives() -> None:
    async def restarts_it() -> None:
        await shop(ChildSpec(Worker, (Worker.start_link, ())))
        Process.exit((await Supervisor.which_children("shop"))[0].pid, "kill")
        await Process.sleep(1.0)

    assert text_of(restarts_it)[-1] == "shop -> Worker: starts, 2nd life"


def test_nameless_processes_that_nobody_supervises_are_no_lives_of_each_other() -> None:
    async def starts_two() -> None:
        for _ in range(2):
            await GenServer.stop(await Clerk.start())

    assert chart_of(starts_two).columns == ["main", "Clerk<0.2.0>", "Clerk<0.3.0>"]


# ---- time --------------------------------------------------------------------------------------------------


def test_time_that_passes_is_said() -> None:
    async def waits() -> None:
        for seconds in (1.0, 6.0, 0.05, 0.3):
            await Process.sleep(seconds)
            send(self_(), seconds)
            await receive()

    assert text_of(waits) == [
        "main -> main: 1.0",
        "6 s pass",
        "main -> main: 6.0",
        "main -> main: 0.05",
        "main -> main: 0.3",
    ]


def test_a_pause_is_a_row_of_dotted_lifelines() -> None:
    picture = drawn(chart_of(gives_up))
    lines = [path for path in picture.iter(f"{SVG}path") if path.get("stroke-opacity")]
    assert len([path for path in lines if path.get("stroke-dasharray")]) == 4
    assert [text.text for text in picture.iter(f"{SVG}text") if "pass" in (text.text or "")] == ["1 s passes"]


# ---- folding ---------------------------------------------------------------------------------------------


async def counts_to(number: int, answers: Callable[[int], Any]) -> None:
    class Source(GenServer):
        def init(self, argument: Any) -> Any:
            return Ok(0)

        def handle_call(self, request: Any, from_: Any, state: int) -> Any:
            return Reply(answers(state), state + 1)

    await Source.start(name="source")
    for _ in range(number):
        await GenServer.call("source", "next")
        await Process.sleep(1.0)


def test_calls_that_repeat_become_one_line() -> None:
    assert text_of(lambda: counts_to(25, lambda number: "same")) == [
        "main -> source: starts",
        "main -> source: call 'next' → reply 'same', 25 times, 0.000 to 24.000 s",
    ]


def test_replies_that_differ_are_not_hidden_by_folding() -> None:
    few, many = text_of(lambda: counts_to(25, lambda number: number % 2)), text_of(lambda: counts_to(25, abs))
    assert few[1] == "main -> source: call 'next' → reply 0 or 1, 25 times, 0.000 to 24.000 s"
    assert many[1] == "main -> source: call 'next' → reply 0, 1 or 23 others, 25 times, 0.000 to 24.000 s"


def test_requests_that_differ_are_not_folded() -> None:
    async def casts_numbers() -> None:
        clerk = await Clerk.start()
        for number in range(READABLE):
            GenServer.cast(clerk, number)

    assert len(chart_of(casts_numbers).lines) == 1 + READABLE


def test_a_message_that_repeats_at_once_is_one_line_without_times() -> None:
    async def repeats() -> None:
        for _ in range(50):
            send(self_(), "note")

    assert text_of(repeats) == ["main -> main: 'note', 50 times"]


def test_ticks_that_repeat_are_one_line() -> None:
    async def ticks() -> None:
        for _ in range(50):
            Process.send_after(self_(), "tick", 2.0)
            await receive()

    assert text_of(ticks) == ["clock -> main: 'tick', 50 times, 2.000 to 100.000 s"]


def test_rounds_that_repeat_are_a_loop() -> None:
    async def rounds() -> None:
        clerk = await Clerk.start()
        for _ in range(20):
            Process.send_after(self_(), "tick", 2.0)
            await receive()
            await GenServer.call(clerk, "busy?")
        await Process.sleep(60.0)
        await GenServer.call(clerk, "late")

    chart = chart_of(rounds)
    assert str(chart).splitlines() == [
        "   0.000  main -> Clerk: starts",
        "   2.000  20 times, 2.000 to 40.000 s:",
        "   2.000    clock -> main: 'tick'",
        "   2.000    main -> Clerk: call 'busy?'",
        "   2.000    Clerk -> main: reply 'busy?'",
        "          60 s pass",
        " 100.000  main -> Clerk: call 'late'",
        " 100.000  Clerk -> main: reply 'late'",
    ]
    assert repr(chart) == "<Chart of 63 events between main, Clerk, clock, folded to 6 lines>"
    frames = [rect for rect in drawn(chart).iter(f"{SVG}rect") if rect.get("stroke-opacity")]
    assert len(frames) == 1
    top = float(frames[0].attrib["y"])
    bottom = top + float(frames[0].attrib["height"])
    assert [top < y < bottom for y in rows(chart)] == [False, True, True, True, True, False, False, False]


def test_up_to_forty_lines_nothing_is_folded_unless_asked() -> None:
    async def repeats() -> None:
        for _ in range(READABLE):
            send(self_(), "note")

    async def once_more() -> None:
        await repeats()
        send(self_(), "note")

    assert len(chart_of(repeats).lines) == READABLE
    assert len(chart_of(repeats, fold=True).lines) == 1
    assert len(chart_of(once_more).lines) == 1
    assert len(chart_of(once_more, fold=False).lines) == READABLE + 1


def test_starts_ends_and_decisions_are_never_folded() -> None:
    async def restarts_often() -> None:
        await shop(child("db"), max_restarts=100)
        for _ in range(20):
            GenServer.cast("db", "break")
            await Process.sleep(1.0)

    chart = chart_of(restarts_often)
    assert len(chart.lines) > 100
    assert not [line for line in chart.lines if line.often]


def test_what_is_left_out_of_a_very_long_chart_is_said() -> None:
    async def casts_numbers() -> None:
        clerk = await Clerk.start()
        for number in range(100):
            GenServer.cast(clerk, number)

    told = text_of(casts_numbers, most=10)
    assert len(told) == 11
    assert told[-1] == "91 more lines are left out: t.filter(…) chooses what to draw"


# ---- any trace at all -------------------------------------------------------------------------------------

NAMES = ["main", "shop", "db", "<b>&\"';--></desc>]]>", "clock"]
SAID = st.one_of(
    st.sampled_from(["ping", "</svg><script>alert(1)</script>", "x\ny\u2028z\x00", "shutdown", "kill"]),
    st.text(max_size=8),
    st.tuples(st.just("$gen_cast"), st.sampled_from(["one", ("try_again", 1)])),
)


@st.composite
def traces(draw: st.DrawFn) -> Trace:
    """A trace as no node would record it, with any events in any order."""
    recorded = Trace()
    pids = [Pid(number) for number in range(1, draw(st.integers(2, 7)))]
    for pid in pids:
        recorded.names[pid] = draw(st.sampled_from(NAMES)) + draw(st.sampled_from(["", str(pid)[4:]]))
    who = st.sampled_from([None, *pids])
    now = 0.0
    for _ in range(draw(st.integers(0, 60))):
        now += draw(st.sampled_from([0.0, 0.0, 0.0, 0.001, 1.0, 60.0]))
        kind, pid, other = draw(st.sampled_from(KINDS)), draw(st.sampled_from(pids)), draw(who)
        said = draw(SAID)
        if kind in ("restart", "give_up"):
            recorded.record(now, kind, pid, other, (said, 1, 3, 5.0))
        elif kind == "receive":
            recorded.received(now, pid, said)
        else:
            recorded.record(now, kind, pid, other, said)
    return recorded


@LAW
@given(traces(), st.booleans())
def test_folding_loses_no_event(recorded: Trace, fold: bool) -> None:
    told = [number for line in sequence_chart(recorded, fold=False).lines for number in line.events]
    chart = sequence_chart(recorded, fold=fold)
    assert sorted(number for line in chart.lines for number in line.events) == sorted(told)
    assert chart.events == len(told) == len(set(told))


@LAW
@given(st.lists(st.sampled_from("abc"), max_size=60))
def test_what_is_folded_can_be_unfolded(letters: str) -> None:
    lines = [Line(float(at), "send", "one", "two", letter, (at,)) for at, letter in enumerate(letters)]
    found = folded(lines)
    told: list[str] = []
    while found:
        line = found.pop(0)
        rounds = int(line.words.split()[0]) if line.kind == "loop" else int(line.often.split()[0]) if line.often else 1
        block = [found.pop(0) for _ in range(line.rows)] if line.kind == "loop" else [line]
        assert all(len(each.events) == rounds for each in block)
        told += [each.words for each in block] * rounds
    assert told == list(letters)


@LAW
@given(traces())
def test_any_trace_gives_the_same_well_formed_picture_twice(recorded: Trace) -> None:
    page = sequence_chart(recorded)._repr_html_()
    assert page == sequence_chart(recorded)._repr_html_()
    picture = drawn(sequence_chart(recorded))
    assert {element.tag.removeprefix(SVG) for element in picture.iter()} <= {
        "svg", "title", "desc", "text", "path", "rect", "circle", "g",
    }  # fmt: skip
    tags = {tag.name for tag in BeautifulSoup(page, "html.parser").find_all(True)}
    assert tags <= {"div", "svg", "title", "desc", "text", "path", "rect", "circle", "g", "details", "summary", "pre"}


@LAW
@given(traces(), st.sampled_from(KINDS))
def test_a_part_of_any_trace_has_the_lines_of_the_whole(recorded: Trace, kind: str) -> None:
    whole = sequence_chart(recorded, fold=False).lines
    part = sequence_chart(recorded.filter(kind=kind), fold=False).lines
    kept = [line for line in whole if line.events and recorded.events[line.events[0]].kind == kind]
    assert [line for line in part if line.events] == kept


# ---- parts of a trace -------------------------------------------------------------------------------------


def test_a_part_has_columns_only_for_those_who_take_part() -> None:
    recorded = trace_of(restarts_all)
    assert sequence_chart(recorded.filter("web")).columns == ["shop", "web"]
    assert sequence_chart(recorded.filter("web", kind="exit")).columns == ["web"]


def test_a_process_is_called_the_same_in_the_whole_and_in_a_part() -> None:
    async def starts_two() -> None:
        await GenServer.call(await Clerk.start(), "one")
        await Clerk.start()

    assert sequence_chart(trace_of(starts_two).filter(kind="reply")).columns == ["Clerk<0.2.0>", "main"]


def test_a_later_life_is_called_so_in_a_part_too() -> None:
    part = trace_of(restarts_all).filter("db", where=lambda event: event.number > 15)
    assert "shop -> db: starts, 2nd life" in str(sequence_chart(part))


def test_a_part_shows_a_message_being_taken_if_it_had_to_wait_in_the_whole() -> None:
    part = trace_of(casts).filter(kind=("send", "receive"), text="$gen_call")
    assert [str(line)[10:] for line in sequence_chart(part).lines] == [
        "main -> Clerk: call 'done?'",
        "Clerk takes call 'done?'",
    ]


# ---- a trace shows itself ---------------------------------------------------------------------------------


def test_a_trace_shows_itself_as_its_chart() -> None:
    recorded = trace_of(calls)
    assert recorded._repr_html_() == sequence_chart(recorded)._repr_html_()
    assert repr(recorded).startswith("<Trace of ")


def test_a_trace_that_shows_itself_does_not_flood_the_page() -> None:
    async def floods() -> None:
        for number in range(3000):
            send(self_(), number)

    assert "2,800 more lines are left out" in trace_of(floods)._repr_html_()


# ---- why -------------------------------------------------------------------------------------------------


def test_why_lights_its_chain_up_in_the_chart_and_numbers_it() -> None:
    chart = trace_of(restarts_all).why("web").chart()
    assert len(chart.lines) == len(chart_of(restarts_all).lines), "the rest is there too"
    groups = drawn(chart).findall(f"{SVG}g")
    lit = [group for group in groups if group.get("font-weight") == "bold"]
    dimmed = [group for group in groups if group.get("opacity")]
    assert len(lit) == 6
    assert len(lit) + len(dimmed) == len(chart.lines)
    assert [group.findtext(f"{SVG}text") for group in lit] == ["1", "2", "3", "4", "5", "6"]
    widths = {path.get("stroke-width") for group in lit for path in group.iter(f"{SVG}path")} - {None}
    assert widths == {"3"}, "a reader who sees no shades sees bold lines and numbers"
    assert repr(chart).endswith(" 6 of them lit>")


def test_the_text_of_why_is_its_sentence_and_its_chain() -> None:
    why = trace_of(restarts_all).why("web")
    assert str(why.chart()).splitlines() == [
        str(why),
        "  1     0.000  main -> db: cast 'break'",
        "  2     0.000  db ends: ValueError: ink is out",
        "  3     0.000  db -> shop: exit signal ValueError('ink is out')",
        "  4     0.000  shop restarts db (1 of 3 in 5 s)",
        "  5     0.000  shop -> web: exit signal 'shutdown'",
        "  6     0.000  web ends: 'shutdown'",
    ]


def test_why_shows_itself_under_its_sentence() -> None:
    why = trace_of(restarts_all).why("web")
    page = BeautifulSoup(why._repr_html_(), "html.parser")
    assert page.p is not None
    assert page.p.get_text() == str(why)
    assert page.details.pre.get_text() == str(why.chart())


def test_why_of_a_part_shows_that_part_and_the_whole_chain() -> None:
    part = trace_of(restarts_all).filter("web")
    told = [str(line)[10:] for line in part.why("web").chart().lines]
    assert told == [
        "shop -> web: starts",
        "main -> db: cast 'break'",
        "db ends: ValueError: ink is out",
        "db -> shop: exit signal ValueError('ink is out')",
        "shop restarts db (1 of 3 in 5 s)",
        "shop -> web: exit signal 'shutdown'",
        "web ends: 'shutdown'",
        "shop -> web: starts, 2nd life",
    ]


def test_what_is_lit_is_not_folded() -> None:
    async def ends_after_many() -> None:
        clerk = await Clerk.start()
        for _ in range(50):
            send(clerk, "note")
        send(clerk, "break")
        await Process.sleep(1.0)

    async def kills_late() -> None:
        clerk = await Clerk.start()
        for _ in range(60):
            send(clerk, "break")
        await Process.sleep(1.0)

    assert str(trace_of(ends_after_many).why("Clerk").chart()).splitlines()[1:] == [
        "  1     0.000  main -> Clerk: 'break'",
        "  2     0.000  Clerk takes 'break'",
        "  3     0.000  Clerk ends: ValueError: broken",
    ]
    chart = trace_of(kills_late).why("Clerk").chart()
    sent = [(line.words, line.often) for line in chart.lines if line.kind == "send"]
    assert sent == [("'break'", ""), ("'break'", "59 times")]


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


def rows(chart: Chart) -> list[float]:
    """How far down each line of a chart stands, by its words."""
    texts = [(element.text or "", float(element.attrib["y"])) for element in drawn(chart).iter(f"{SVG}text")]
    found: list[float] = []
    for line in chart.lines:
        below = found[-1] if found else 0.0
        arrow = line.target and line.target != line.source
        shift = 6 if arrow else -1 if line.kind == "pause" else -2 if line.kind == "loop" else -4
        words = [y + shift for text, y in texts if y + shift > below and text.startswith(line.words[:20])]
        found.append(min(words))
    return found


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

    async def folds() -> None:
        await counts_to(60, abs)

    for main in (calls, casts, crashes, long_words, restarts_all, gives_up, folds):
        picture = drawn(chart_of(main))
        for element in picture.iter(f"{SVG}text"):
            x, length = float(element.attrib["x"]), len(element.text or "") * 7.3
            left = {"middle": x - length / 2, "end": x - length}.get(element.get("text-anchor", ""), x)
            assert left >= 0, (main.__name__, element.text)
            assert left + length <= float(picture.attrib["width"]) + 1, (main.__name__, element.text)
        for element in picture.iter(f"{SVG}rect"):
            assert float(element.attrib["x"]) + float(element.attrib["width"]) < float(picture.attrib["width"])


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


@pytest.mark.parametrize("name", ["", " ", (), 0])
def test_a_process_with_a_false_or_blank_name_has_a_column_of_its_own(name: Any) -> None:
    async def main() -> Any:
        with trace() as recorded:
            await GenServer.call(await Clerk.start(1, name=name), "hello")
            Process.exit(Process.whereis(name), "kill")
            await Process.sleep(1)
        return recorded, recorded.why(name)

    with Node(clock="virtual") as node:
        recorded, why = node.run(main)
    shown = name_of(name)
    assert shown in sequence_chart(recorded).columns
    assert f"main -> {shown}: call 'hello'" in str(sequence_chart(recorded))
    assert f">{shown}</text>".replace("'", "&#x27;") in recorded._repr_html_()
    assert str(why) == f"{shown} was killed by main."
    assert len(recorded.filter(name)) > 2

"""The lab: what it records is what happened, however it came to the place where it happened."""

from __future__ import annotations

import itertools
import json
import logging
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lab_scenarios import (
    RAISES,
    Turning,
    crowd,
    knows,
    linked,
    machine,
    nursery,
    pair,
    part,
    pay,
    picky,
    pool,
    rounds,
    shop,
    slow,
    tallied,
    ticking,
)

from otp_mini import (
    BadArg,
    ChildSpec,
    GenServer,
    Node,
    Ok,
    Registry,
    Supervisor,
    crash_lab,
    ets,
    receive,
    run,
    self_,
    send,
)
from otp_mini.lab import OPS, WAYS, Lab, futures_of, strategy_labs, waiting
from otp_mini.lab.fork import CannotFork
from otp_mini.lab.futures import MOST_WORK
from otp_mini.lab.performance import Performance
from otp_mini.lab.state_key import state_key

SMALL = [pair, slow, picky, pool, linked, ticking, nursery]
HIDDEN = [tallied, rounds]
"""Scenarios that count in a table, and in a loop: no variable of a server shows it."""


def told(scenario: Any, *script: Any, **options: Any) -> list[str]:
    return Lab(scenario, **options).tell(script)


# ---- what is told ------------------------------------------------------------------------------


def test_a_crash_is_told_from_the_blow_to_the_restart() -> None:
    assert told(shop, ("Cart", "raise"), raises=RAISES) == [
        "inject Cart raise",
        "exit Cart ValueError('quantity is -1')",
        "signal Cart Orders",
        "count Orders Cart",
        "stop Stock",
        "exit Stock shutdown",
        "stop Payment",
        "exit Payment shutdown",
        "start Cart",
        "start Payment",
        "start Stock",
        "quiet",
    ]


def test_a_supervisor_that_gives_up_is_restarted_by_its_own() -> None:
    lines = told(shop, *[("Cart", "kill")] * 4)
    fourth = len(lines) - 1 - lines[::-1].index("inject Cart kill")
    assert lines[fourth + 3 :] == [
        "count Orders Cart",
        "giveup Orders",
        "stop Stock",
        "exit Stock shutdown",
        "stop Payment",
        "exit Payment shutdown",
        "exit Orders shutdown",
        "signal Orders Shop",
        "count Shop Orders",
        "stop Web",
        "stop Report",
        "exit Report shutdown",
        "drop Report",
        "stop Mailer",
        "exit Mailer shutdown",
        "stop Listener",
        "exit Listener shutdown",
        "exit Web shutdown",
        "start Orders",
        "start Cart",
        "start Payment",
        "start Stock",
        "up Orders",
        "start Web",
        "start Listener",
        "start Mailer",
        "start Report",
        "up Web",
        "quiet",
    ]


def test_a_transient_child_that_ends_well_is_kept_and_a_temporary_one_forgotten() -> None:
    assert told(shop, ("Mailer", "normal"))[-2:] == ["keep Mailer", "quiet"]
    assert told(shop, ("Report", "raise"))[-2:] == ["drop Report", "quiet"]


def test_a_slow_end_and_a_slow_start_take_their_time() -> None:
    assert told(slow, ("A", "raise"))[4:] == [
        "stop B",
        "exit B shutdown",
        "stop S",
        "time 3",
        "exit S shutdown",
        "start A",
        "start S",
        "time 2",
        "up S",
        "start B",
        "quiet",
    ]


def test_the_reader_waits_for_the_slow_end_that_he_asked_for() -> None:
    lines = told(slow, ("S", "shutdown"))
    assert lines[:4] == ["inject S shutdown", "time 3", "exit S shutdown", "signal S top"]
    assert lines[-1] == "quiet"


def test_a_start_that_fails_is_tried_again_and_each_try_counts() -> None:
    assert told(picky, ("P", "kill"))[3:] == [
        "count top P",
        "start P",
        "fail P 'no luck'",
        "count top P",
        "start P",
        "fail P 'no luck'",
        "count top P",
        "start P",
        "quiet",
    ]


def test_a_dynamic_supervisor_forgets_a_child_that_ended_well_and_stops_all_at_once() -> None:
    assert told(pool, ("c1", "normal"))[3:] == ["drop c1", "quiet"]
    assert told(pool, ("A", "kill"))[4:] == [
        "stop pool",
        "stop c0",
        "stop c1",
        "stop c2",
        "exit c0 shutdown",
        "exit c1 shutdown",
        "exit c2 shutdown",
        "exit pool shutdown",
        "start A",
        "start pool",
        "up pool",
        "quiet",
    ]


def test_five_hundred_dynamic_children_are_a_few_and_a_crowd() -> None:
    lab = Lab(crowd)
    assert [role.name for role in lab.cast.roles] == ["pool", "Part", "Part 2", "Part 3", "Part 4", "496 more"]
    assert lab.tell([("pool", "kill")])[-6:] == [
        "exit Part killed",
        "exit Part 2 killed",
        "exit Part 3 killed",
        "exit Part 4 killed",
        "crowd 496 more 0",
        "quiet all is down",
    ]
    with lab.perform() as performance:
        assert {action >> 2 for action in performance.actions() if action >= 0} == {0, 1, 2, 3, 4}


def test_a_death_goes_along_links_beyond_the_tree() -> None:
    assert Lab(linked).document(0)["links"] == [[1, 2], [2, 4]]
    assert told(linked, ("helper", "raise")) == [
        "inject helper raise",
        "exit helper RuntimeError('boom')",
        "signal helper L",
        "exit L RuntimeError('boom')",
        "signal L top",
        "signal L A",
        "count top L",
        "start L",
        "link L A",
        "start helper",
        "link L helper",
        "quiet",
    ]


def test_what_happens_by_itself_while_time_passes_is_told_before_the_blow() -> None:
    lines = told(ticking, "wait", ("A", "raise"), gap=1.0)
    assert lines[:5] == [
        "wait 2.5",
        "exit Ticker ValueError('tick')",
        "signal Ticker top",
        "count top Ticker",
        "start Ticker",
    ]
    blow = lines.index("inject A raise")
    assert lines[blow - 1] == "quiet"
    once = told(ticking, ("A", "kill"), ("A", "kill"), ("A", "kill"), gap=1.0)
    blow = len(once) - 1 - once[::-1].index("inject A kill")
    assert once[blow - 6 : blow] == [
        "wait 0.5",
        "exit Ticker ValueError('tick')",
        "signal Ticker top",
        "count top Ticker",
        "start Ticker",
        "time 0.5",
    ]


def test_processes_that_turn_up_at_run_time_join_the_cast() -> None:
    lab = Lab(nursery)
    before = len(lab.cast.roles)
    answer = lab.ask([lab.action(("N", "kill"))])
    assert len(lab.cast.roles) == before + 1
    assert [proc["name"] for proc in answer["procs"]] == ["top", "pool", "born", "N", "born 2"]
    assert answer["procs"][4] == {
        "name": "born 2",
        "up": 1,
        "restart": "temporary",
        "kind": "worker",
        "error": answer["reasons"].index("RuntimeError('boom')"),
        "st": 7,
    }


def test_every_operation_has_its_cause() -> None:
    lab = Lab(shop)
    (run_,), _ = lab.runs(lab.actions([("Cart", "raise")]))
    causes = [None if op.cause is None else run_[op.cause].name for op in run_]
    assert causes == [
        None,
        "inject",
        "exit",
        "signal",
        "count",
        "stop",
        "count",
        "stop",
        "count",
        "count",
        "count",
        None,
    ]


def test_the_lab_is_silent_and_logging_is_as_before(caplog: pytest.LogCaptureFixture) -> None:
    Lab(pair).document(1)
    assert caplog.records == []
    assert not logging.getLogger("otp_mini").disabled


class Talker(GenServer):
    def init(self, argument: Any) -> Any:
        print("here I am")
        return Ok(argument)


def test_what_its_processes_print_is_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    async def talkers() -> Any:
        return await Supervisor.start_link([(Talker, 0)], strategy="one_for_one")

    Lab(talkers).document(1)
    assert capsys.readouterr().out == ""
    print("and now one hears again")
    assert capsys.readouterr().out == "and now one hears again\n"


def test_a_lab_inside_a_process_leaves_that_process_alone() -> None:
    async def main() -> Any:
        return Lab(pair).tell([("A", "kill")])[-1], (await Supervisor.start_link([], strategy="one_for_one"))

    with Node(clock="virtual"):
        assert run(main)[0] == "quiet"


# ---- merging, forking, replaying ---------------------------------------------------------------


def paths(document: dict[str, Any], depth: int) -> Iterator[tuple[list[int], list[int]]]:
    """Every path that a document holds, with the runs that it says the steps lead to."""
    layer: list[tuple[list[int], list[int], int]] = [([], [], 0)]
    for _ in range(depth):
        following = []
        for actions, runs, state in layer:
            for action, number, to in futures_of(document, state):
                step = ([*actions, action], [*runs, number], to)
                following.append(step)
                yield step[0], step[1]
        layer = following


def as_data(lab: Lab, found: list[Any]) -> list[list[float]]:
    """Runs that were really made, as a document holds them."""
    flat, place = [], 0
    for run_ in found:
        flat.append(
            [
                number
                for at, op in enumerate(run_)
                for number in (OPS.index(op.name), op.p, op.argument, 0 if op.cause is None else place + at - op.cause)
            ]
        )
        place += len(run_)
    return flat


@pytest.mark.slow
@pytest.mark.parametrize("scenario", SMALL)
def test_the_merged_futures_are_what_unmerged_runs_give(scenario: Any) -> None:
    lab = Lab(scenario)
    document = lab.document(2)
    checked = 0
    for path, runs in paths(document, 2):
        assert as_data(lab, lab.runs(path)[0]) == [document["runs"][number] for number in runs], path
        checked += 1
    assert checked > 60


@pytest.mark.slow
@pytest.mark.parametrize("scenario", HIDDEN)
def test_worlds_that_differ_in_a_table_or_in_a_loop_alone_are_not_merged(scenario: Any) -> None:
    """Four steps deep: the fourth start, and the third round, are where their futures part."""
    lab = Lab(scenario)
    document = lab.document(4)
    found = {}
    for path, run_ in paths(document, 4):
        if all(action < 0 or (action % 4 == 3 and action > 3) for action in path):  # kills of the children
            found[tuple(path)] = [document["runs"][number] for number in run_]
    longest = [path for path in found if len(path) == 4]
    assert len(longest) > 20
    for path in longest:
        assert found[path] == as_data(lab, lab.runs(path)[0]), path
    assert len({str(found[path][-1]) for path in longest}) > 3


@pytest.mark.parametrize("kind", ["iterator", "partial", "list", "generator"])
def test_what_an_object_holds_outside_of_its_attributes_is_in_the_key(kind: str) -> None:
    def key(messages: int) -> object:
        async def scenario() -> Any:
            sup = await Supervisor.start_link([(Turning, kind)], strategy="one_for_one")
            server = (await Supervisor.which_children(sup))[0].pid
            for _ in range(messages):
                send(server, "turn")
            return sup

        with Lab(scenario).perform() as performance:
            return state_key(performance.world, performance.recorder.playing)

    assert key(1) == key(1)
    assert key(1) != key(2)


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_long_paths_through_the_merged_shop_are_what_unmerged_runs_give(data: Any) -> None:
    document = shop_document()
    state, path, runs = 0, [], []
    for choice in data.draw(st.lists(st.integers(0, 36), min_size=3, max_size=3)):
        row = futures_of(document, state)
        if not row:
            break
        action, number, state = row[choice % len(row)]
        path.append(action)
        runs.append(document["runs"][number])
    assert as_data(SHOP[0], SHOP[0].runs(path)[0]) == runs


SHOP: list[Lab] = []


def shop_document(known: dict[str, Any] = {}) -> dict[str, Any]:  # noqa: B006  (made once)
    if not known:
        SHOP.append(Lab(shop, raises=RAISES))
        known.update(SHOP[0].document(3))
    return known


@pytest.mark.parametrize("scenario", [pair, pool, shop])
def test_a_fork_goes_on_as_the_world_that_it_was_forked_from(scenario: Any) -> None:
    lab = Lab(scenario)
    with lab.perform() as original:
        for way in (3, 1, 0):
            action = 4 * (len(lab.cast.roles) - 1) + way
            twin = original.fork()
            assert state_key(twin.world, twin.recorder.playing) == state_key(original.world, original.recorder.playing)
            mine, other = original.act(action), twin.act(action)
            assert [op[:3] for op in mine] == [op[:3] for op in other]
            assert state_key(twin.world, twin.recorder.playing) == state_key(original.world, original.recorder.playing)
            twin.close()


def test_breaking_a_fork_leaves_the_original_as_it_was() -> None:
    lab = Lab(shop)
    with lab.perform() as original:
        before = state_key(original.world, original.recorder.playing)
        twin = original.fork()
        twin.act(lab.action(("Shop", "kill")))
        twin.close()
        assert state_key(original.world, original.recorder.playing) == before
        assert original.is_alive()


def test_a_state_of_a_class_of_ones_own_can_be_forked_unless_it_holds_a_pid() -> None:
    def world(state: Any) -> Any:
        async def scenario() -> Any:
            return await Supervisor.start_link([(GenServer, state)], strategy="one_for_one")

        return Lab(scenario).perform()

    with world(Order(["tea"], None)) as original:
        twin = original.fork()
        there, here = (p.world.node.blocks.values() for p in (original, twin))
        states = [block.loop.state for blocks in (there, here) for block in blocks if block.label == "GenServer"]
        assert states[0] == states[1]
        assert states[0].lines is not states[1].lines
        twin.close()

    async def to_a_pid() -> Any:
        return await Supervisor.start_link([(GenServer, Order([], self_()))], strategy="one_for_one")

    with Lab(to_a_pid).perform() as original, pytest.raises(CannotFork):
        original.fork()


@dataclass
class Order:
    lines: list[str]
    owner: Any


@pytest.mark.parametrize("scenario", [picky, linked])
def test_a_world_with_tables_or_plain_processes_cannot_be_forked(scenario: Any) -> None:
    with Lab(scenario).perform() as original, pytest.raises(CannotFork):
        original.fork()


def test_two_worlds_that_differ_in_a_workers_state_have_not_the_same_key() -> None:
    def of(argument: Any) -> Any:
        async def scenario() -> Any:
            return await Supervisor.start_link([(GenServer, argument)], strategy="one_for_one")

        with Lab(scenario).perform() as performance:
            return state_key(performance.world, performance.recorder.playing)

    same = [[1, {"a": {2}}], "x"]
    assert of(same) == of([[1, {"a": {2}}], "x"])
    assert len({of(value) for value in (1, 2, "1", True, 1.0)}) == 5
    assert of(same) != of([[1, {"a": {3}}], "x"])


def test_of_a_registry_the_order_of_the_entries_counts_and_not_how_many_there_have_been() -> None:
    def of(*steps: str) -> Any:
        async def scenario() -> Any:
            await Registry.start_link(keys="duplicate", name="topics")
            for step in steps:
                (Registry.unregister if step[0] == "-" else Registry.register)("topics", step[-1])
            return await Supervisor.start_link([], strategy="one_for_one")

        with Lab(scenario).perform() as performance:
            return state_key(performance.world, performance.recorder.playing)

    assert of("a", "b") == of("a", "b", "a", "-a", "-b", "a", "b") == of("b", "a", "-b", "b")
    assert len({of("a", "b"), of("b", "a"), of("a"), of("a", "a"), of()}) == 5


def test_an_object_that_shows_nothing_is_like_no_other() -> None:
    def of() -> Any:
        async def scenario() -> Any:
            from otp_mini import Shared

            return await Supervisor.start_link([(GenServer, Shared(threading.Lock()))], strategy="one_for_one")

        with Lab(scenario).perform() as performance:
            return state_key(performance.world, performance.recorder.playing)

    assert of() != of()


# ---- a player that counts, and the processes themselves ----------------------------------------


def counted(lab: Lab, path: list[Any]) -> dict[str, Any]:
    """What a player shows after a path, counted from the operations alone."""
    found, kept = lab.runs(path)
    document = lab.document(0)
    alive = ["st" not in proc for proc in document["procs"]]
    life = [int("pid" in proc) for proc in document["procs"]]
    windows: list[list[float]] = [[] for _ in alive]
    clock = 0.0
    for step, run_, keep in zip(path, found, kept, strict=True):
        for place, op in enumerate(run_[:keep]):
            if op.name in ("wait", "time"):
                clock += op.argument
            elif place == 0 and not isinstance(step, tuple):
                clock += lab.plan.gap
            if op.name == "exit":
                alive[op.p] = False
            if op.name in ("fail", "refuse"):
                alive[op.p] = False
            if op.name == "start":
                alive[op.p], windows[op.p] = True, []
                life[op.p] += 1
            if op.name == "count":
                windows[op.p].append(clock)
    limits = [proc.get("max", [0, 0])[1] for proc in document["procs"]]
    windows = [[at for at in times if at >= clock - limit] for times, limit in zip(windows, limits, strict=True)]
    return {
        "alive": alive,
        "life": life,
        "clock": clock,
        "window": [times if up else [] for times, up in zip(windows, alive, strict=True)],
    }


@pytest.mark.slow
@pytest.mark.parametrize("scenario", [*SMALL, shop])
def test_counting_the_operations_gives_the_state_of_the_processes(scenario: Any) -> None:
    lab = Lab(scenario)
    for path, _ in itertools.islice(paths(lab.document(2), 2), 0, None, 7):
        assert counted(lab, list(path)) == lab.states(path), path


# ---- a crash in the middle ---------------------------------------------------------------------


def test_a_crash_in_the_middle_of_a_restart_really_comes_there() -> None:
    lab = Lab(slow)
    first, second = lab.actions([("A", "raise"), ("top", "kill")])
    whole = lab.ask([first])["run"]
    assert [OPS[op] for op in whole[::4]][6:9] == ["stop", "time", "exit"]
    answer = lab.ask([first, [second, 7]])
    assert answer["keep"] == 7
    assert [OPS[op] for op in answer["run"][::4]][:2] == ["inject", "exit"]
    lines = [lab._line(op) for op in lab.runs([first, (second, 7)])[0][1]]
    assert lines[:3] == ["inject top kill", "exit top killed", "quiet all is down"]
    assert lab.states([first, [second, 7]])["alive"] == [False, False, True, False]  # S was unlinked: it ends by itself


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_wherever_a_crash_comes_counting_and_the_processes_agree(data: Any) -> None:
    lab = Lab(data.draw(st.sampled_from([slow, pair, shop, linked])))
    with lab.perform() as performance:
        first = data.draw(st.sampled_from([action for action in performance.actions() if action >= 0]))
    whole = lab.runs([first])[0][0]
    after = data.draw(st.integers(1, len(whole) - 1))
    with lab.perform() as performance:
        performance.act_in_part(first, after, whole)
        choices = [action for action in performance.actions() if action >= 0]
    if choices:
        path = [first, (data.draw(st.sampled_from(choices)), after)]
        kept = lab.ask(path)["keep"]
        assert after <= kept <= len(whole)
        assert counted(lab, path) == lab.states(path)


# ---- the document ------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_document_is_plain_data_the_same_every_time() -> None:
    one, other = (json.dumps(Lab(shop, raises=RAISES).document(2)) for _ in range(2))
    assert one == other


@pytest.mark.slow
def test_ten_processes_to_four_crashes_are_less_than_sixty_kilobytes() -> None:
    document = Lab(shop, raises=RAISES).document()
    assert (document["depth"], len(document["procs"])) == (4, 10)
    assert len(json.dumps(document, separators=(",", ":"))) < 60_000


def test_by_default_the_depth_is_one_more_than_the_restarts_that_are_allowed() -> None:
    document = Lab(pair).document()
    assert document["depth"] == 2
    give_up = OPS.index("giveup")
    assert any(give_up in run_[::4] for run_ in document["runs"])


def test_a_document_that_took_too_much_work_ends_at_a_smaller_depth_and_says_so() -> None:
    document = Lab(pair).document(5, most=60)
    assert (document["depth"], document["asked"]) == (1, 5)
    assert document["edges"][0] != 0
    assert set(document["edges"][1:]) == {0}


async def kiosk() -> Any:
    return await Supervisor.start_link([part("clock")], strategy="one_for_one", name="kiosk")


SPREAD = [
    [("clock", "raise")] * 3 + [("wait", 2.0), ("clock", "raise")],
    [("clock", "kill"), *([("wait", 2.0), ("clock", "kill")] * 4), ("wait", 0.5), ("clock", "kill")],
]


@pytest.mark.parametrize("script", SPREAD)
def test_a_wait_costs_none_of_the_crashes_that_a_small_document_holds(script: Any) -> None:
    lab = Lab(kiosk, wait=(0.5, 2.0, 6.0))
    document = lab.document(6)
    assert (document["depth"], document["crashes"]) == (6, 6)
    found, state, path = [], 0, lab.actions(script)
    for action in path:
        run_, state = {possible: (run_, to) for possible, run_, to in futures_of(document, state)}[action]
        found.append(document["runs"][run_])
    assert found == as_data(lab, lab.runs(path)[0])
    assert OPS.index("giveup") in found[-1][::4]


def test_every_crash_with_any_waits_before_it_is_in_the_document_that_says_so() -> None:
    document = Lab(pair).document(2)
    assert document["crashes"] == 2
    reached: list[tuple[int, int]] = [(0, 0)]
    for state, crashes in reached:
        if crashes < 2:
            assert document["edges"][state] != 0
            following = [(to, crashes + (action >= 0)) for action, _, to in futures_of(document, state)]
            reached += [each for each in following if each not in reached]
    assert len(reached) > len(document["edges"])


def test_without_the_room_a_wait_is_a_step_and_nothing_is_held_in_vain() -> None:
    full, tight = Lab(pair).document(3), Lab(pair).document(3, room=0)
    assert (tight["depth"], tight["crashes"], full["crashes"]) == (3, 1, 3)
    assert len(tight["edges"]) < len(full["edges"])
    for document in (full, tight):
        rows = [row for row in document["edges"] if row]
        assert {run_ for row in rows for run_ in row[1::2]} == set(range(len(document["runs"])))
        assert {0, *(to for row in rows for to in row[2::2])} == set(range(len(document["edges"])))
    some = Lab(pair).document(3, room=150)
    assert 0 < some["crashes"] < 3
    assert {row == 0 for row in some["edges"]} == {True, False}


def test_three_labs_for_three_strategies_share_their_cast() -> None:
    labs, script = strategy_labs([part("A"), part("B"), part("C")], [("B", "raise"), "wait"])
    assert [lab.title for lab in labs] == ["one_for_one", "rest_for_one", "one_for_all"]
    assert script == [4 * 2, waiting(6.0)]
    started = [[line for line in lab.tell([("B", "raise")]) if line.startswith("start")] for lab in labs]
    assert started == [["start B"], ["start B", "start C"], ["start A", "start B", "start C"]]


def test_the_root_may_be_a_single_server() -> None:
    async def alone() -> Any:
        return await GenServer.start_link(1, name="alone")

    assert told(alone, ("alone", "raise")) == [
        "inject alone raise",
        "exit alone RuntimeError('boom')",
        "quiet all is down",
    ]


# ---- what is refused ---------------------------------------------------------------------------


async def nothing() -> None:
    pass


async def fails() -> Any:
    raise ValueError("no such file")


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Lab(nothing), "must return the pid of the root of its tree, and it returned None"),
        (lambda: Lab(fails), "failed to start: ValueError: no such file"),
        (lambda: Lab(pair, gap=-1), "gap must be a number of seconds"),
        (lambda: Lab(pair, raises={"Z": ValueError()}), "raises names 'Z', and there is no such process"),
        (lambda: Lab(pair).tell([("Z", "kill")]), "There are: top, A, B."),
        (lambda: Lab(pair).tell([("A", "explode")]), "one of raise, normal, shutdown, kill, got 'explode'"),
        (lambda: Lab(pair).tell(["boom"]), "a script holds"),
        (lambda: Lab(pair).tell([("top", "raise")]), "it is a supervisor"),
        (lambda: Lab(pair).ask([]), "at least one step"),
        (lambda: Lab(pair).ask([999]), "process 249: kill"),
        (lambda: Lab(pair).ask(["<script>"]), "a step is an action"),
        (lambda: Lab(pair).ask([4, [4, 0]]), "from 1 up"),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_sentence(make: Any, said: str) -> None:
    with pytest.raises(BadArg) as refused:
        make()
    assert said in str(refused.value)
    assert not logging.getLogger("otp_mini").disabled


def test_the_four_ways_are_known_to_the_player() -> None:
    assert WAYS == ("raise", "normal", "shutdown", "kill")


# ---- time, states, requests --------------------------------------------------------------------


def test_time_stands_still_until_the_reader_lets_it_pass() -> None:
    """Crashes at 0, 2, 4, 6, 8 and 8.5 s: a window of 5 s slides over them."""

    def times(*waits: float) -> list[float]:
        lab = Lab(pair3)
        script: list[Any] = [("A", "kill")]
        for seconds in waits:
            script += [("wait", seconds), ("A", "kill")]
        state = lab.states(lab.actions(script))
        assert state["clock"] == sum(waits)
        return state["window"][0]

    assert times(2, 2, 2, 2, 0.5) == [4, 6, 8, 8.5]
    assert times(2, 2, 2, 2) == [4, 6, 8]
    assert times() == [0]


async def pair3() -> Any:
    return await Supervisor.start_link([part("A")], strategy="one_for_one", name="top", max_restarts=4)


def test_crashes_without_a_wait_come_at_one_moment() -> None:
    assert Lab(pair3).states([4 + 3] * 4)["window"][0] == [0, 0, 0, 0]


def test_any_wait_can_be_asked_for_and_those_of_the_lab_are_in_the_document() -> None:
    lab = Lab(pair, wait=(0.5, 2.0))
    document = lab.document(1)
    assert document["waits"] == [0.5, 2.0]
    assert [action for action, _, _ in futures_of(document, 0) if action < 0] == [-500, -2000]
    assert lab.ask([-8500])["run"][:3] == [OPS.index("wait"), 0, 8.5]
    for wrong in (0, -1.0, float("nan"), float("inf"), "2", True, 100_000):
        with pytest.raises(BadArg, match="wait must be a number of seconds"):
            Lab(pair, wait=wrong)  # type: ignore[arg-type]
    for wrong in (0.0, 1e9):
        with pytest.raises(BadArg, match="a wait takes"):
            lab.actions([("wait", wrong)])
    with pytest.raises(BadArg, match="cannot be done"):
        lab.ask([-100_000_000])


def test_a_state_is_said_when_a_process_is_up_and_when_it_has_changed() -> None:
    lab = Lab(machine, show=knows)
    document = lab.document(0)
    assert document["lines"][document["procs"][2]["line"]] == "knows: 1"
    assert lab.tell([("session", "raise")])[-3:] == ["start session", "show session knows: 0", "quiet"]
    assert "show" not in " ".join(lab.tell([("line", "raise")]))


def test_a_request_is_made_in_a_copy_and_says_what_a_user_gets() -> None:
    lab = Lab(machine, show=knows, request=pay)
    assert lab.cast.lines[lab.who()["gets"]] == "gets 'paid'"
    lines = lab.tell([("line", "raise"), ("session", "raise"), ("session", "raise")])
    assert [line for line in lines if line.startswith("gets")] == ["gets 'paid'", "gets 'refused'", "gets 'refused'"]
    down = lab.tell([("top", "kill")])
    assert down[-2:] == ["fails: no such process", "quiet all is down"]


def test_a_request_to_a_world_that_cannot_be_forked_is_made_all_the_same() -> None:
    async def listed() -> Any:
        ets.new("paid", named=True, access="public")
        return await machine()

    assert Lab(listed, request=pay).tell([("session", "raise")])[-2:] == ["gets 'refused'", "quiet"]


def test_a_request_that_waits_for_ever_and_one_that_raises_are_told() -> None:
    async def for_ever() -> None:
        await receive()

    async def wrong() -> None:
        raise ValueError("no <b>order</b>\n")

    assert Lab(machine, request=for_ever).tell(["wait"])[-2] == "has no answer yet"
    assert Lab(machine, request=wrong).tell(["wait"])[-2] == "fails: ValueError: no <b>order</b>\\n"


def test_a_mistake_in_show_is_shown() -> None:
    lab = Lab(machine, show=lambda name, state: state["no"])
    assert lab.cast.lines[0].startswith("show failed: TypeError")
    for name in ("show", "request"):
        with pytest.raises(BadArg, match=f"{name} must be a function"):
            Lab(machine, **{name: "knows"})  # type: ignore[arg-type]


def test_states_and_requests_merge_no_worlds_that_differ() -> None:
    lab = Lab(machine, show=knows, request=pay)
    document = lab.document(2)
    for path, run_ in paths(document, 2):
        assert as_data(lab, lab.runs(path)[0]) == [document["runs"][number] for number in run_], path


def test_a_path_can_be_in_a_document_that_ends_before_it() -> None:
    lab = Lab(pair)
    path = lab.actions([("A", "kill"), ("wait", 2.0), ("B", "raise")])
    document = lab.document(0, along=path)
    state, runs = 0, []
    for action in path:
        ((found, run_, state),) = futures_of(document, state)
        assert found == action
        runs.append(document["runs"][run_])
    assert runs == as_data(lab, lab.runs(path)[0])
    assert document["whole"] is False


def test_a_lab_of_many_processes_is_there_after_a_few_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """A live lab runs nothing but its start; a stored one never more than so much work."""
    runs = 0
    act = Performance.act

    def counted_act(self: Any, *arguments: Any, **options: Any) -> Any:
        nonlocal runs
        runs += 1
        return act(self, *arguments, **options)

    monkeypatch.setattr(Performance, "act", counted_act)

    async def fifty() -> Any:
        return await Supervisor.start_link([part(f"c{n}") for n in range(50)], strategy="one_for_one", name="top")

    live = crash_lab(fifty)
    assert str(live)
    assert runs == 0
    live.ask([4 + 3])
    assert runs == 1
    document = live.documents[0]
    assert (document["depth"], document["asked"]) == (1, 4)
    assert runs < 1 + MOST_WORK / 50


@pytest.mark.parametrize("many", [20, 40])
def test_a_lab_of_nested_supervisors_ends_sooner_and_says_so(many: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A crash below is told to all above: what a run costs grows with the depth, and so does the number of runs."""
    work = 0
    act = Performance.act

    def counted_act(self: Any, *arguments: Any, **options: Any) -> Any:
        nonlocal work
        run = act(self, *arguments, **options)
        work += len(self.trace.events) + len(self.world.node.blocks)
        return run

    def nested(level: int) -> Any:
        below = nested(level + 1) if level + 1 < many else None

        async def start() -> Any:
            child = ChildSpec(f"s{level + 1}", (below, []), type="supervisor") if below else part("leaf")
            return await Supervisor.start_link([child], strategy="one_for_one", name=f"s{level}")

        return start

    monkeypatch.setattr(Performance, "act", counted_act)
    document = Lab(nested(0)).document()
    assert (document["depth"], document["asked"]) == (1, 4)
    assert work < MOST_WORK / 4

"""Children that the reader of a lab starts: what is told of it, what is refused, and that merging loses nothing."""

from __future__ import annotations

from typing import Any

import pytest
from lab_scenarios import GUESTS, Part, Slow, hall, part
from test_lab import as_data, paths

from otp_mini import (
    BadArg,
    ChildSpec,
    DynamicSupervisor,
    GenServer,
    Ignore,
    Process,
    Stop,
    Supervise,
    Supervisor,
    child_spec,
    crash_lab,
    ets,
)
from otp_mini.lab import Lab, start_of
from otp_mini.lab.futures import _flat
from otp_mini.lab.world import STARTS


def told(*script: Any, **options: Any) -> list[str]:
    return Lab(hall, **{"starts": GUESTS, **options}).tell(script)


def starts_of(*specs: Any) -> dict[str, list[Any]]:
    return {"pool": list(specs)}


# ---- what is told ------------------------------------------------------------------------------


def test_a_start_is_told_from_the_question_to_the_child() -> None:
    assert told(("c0", "start")) == ["ask pool c0", "start c0", "quiet"]


def test_all_that_comes_of_a_start_comes_of_the_question() -> None:
    lab = Lab(hall, starts=GUESTS)
    run = lab.runs(lab.actions([("c3", "start")]))[0][0]
    assert [(op.name, op.cause) for op in run] == [
        ("ask", None), ("start", 0), ("fail", 0), ("told", 0), ("quiet", None),
    ]  # fmt: skip


def test_where_there_is_no_room_whoever_asked_gets_the_error_and_nobody_is_started() -> None:
    lines = told(("c0", "start"), ("c1", "start"), ("c2", "start"))
    assert lines[-3:] == ["ask pool c2", "told pool 'max_children'", "quiet"]


def test_a_place_is_free_when_a_child_ends_for_good_and_not_when_it_comes_back() -> None:
    begun = [("c0", "start"), ("c2", "start")]
    assert told(*begun, ("c0", "raise"), ("c1", "start"))[-2] == "told pool 'max_children'"
    assert told(*begun, ("c2", "raise"), ("c1", "start"))[-2] == "start c1"


def test_a_child_that_was_there_takes_its_part_again_in_its_next_life() -> None:
    lab = Lab(hall, starts=GUESTS)
    lab.tell([("c2", "start"), ("c2", "kill"), ("c2", "start")])
    assert [role.name for role in lab.cast.roles] == ["top", "A", "pool", "c2"]
    assert lab.states(lab.actions([("c2", "start"), ("c2", "kill"), ("c2", "start")]))["life"] == [1, 1, 1, 2]


def test_the_same_child_twice_is_two_children_where_nothing_forbids_it() -> None:
    lab = Lab(hall, starts=GUESTS)
    assert lab.tell([("c0", "start"), ("c0", "start")])[-2] == "start c0 2"
    assert [role.restart for role in lab.cast.roles][-2:] == ["permanent", "permanent"]


class Named(Part):
    @classmethod
    async def start_link(cls, name: Any = None, **options: Any) -> Any:
        return await super().start_link(name, name=name)


def test_a_name_that_is_taken_is_an_error_and_no_second_process_is_shown() -> None:
    lab = Lab(hall, starts=starts_of(part("ann", Named)))
    assert lab.tell([("ann", "start"), ("ann", "start")])[-3:] == [
        "ask pool ann", "told pool ('already_started', ann)", "quiet",
    ]  # fmt: skip
    assert [role.name for role in lab.cast.roles] == ["top", "A", "pool", "ann"]


class Shy(GenServer):
    def init(self, argument: Any) -> Any:
        return Ignore()


def test_a_child_that_chooses_not_to_start_is_no_error() -> None:
    lines = told(("shy", "start"), starts=starts_of(part("shy", Shy)))
    assert lines == ["ask pool shy", "start shy", "refuse shy", "quiet"]


def test_a_slow_start_takes_its_time_and_the_answer_comes_after_it() -> None:
    lines = told(("S", "start"), starts=starts_of(part("S", Slow, restart="temporary")))
    assert lines == ["ask pool S", "start S", "time 2", "up S", "quiet"]


async def start_once(name: str) -> Any:
    """Starts a process the first time, and none after that."""
    if ets.update_counter("starts", name, 1) > 1:
        raise ValueError("worn out")
    return await Part.start_link(name)


async def hall_with_a_table() -> Any:
    ets.new("starts", named=True, access="public")
    ets.insert("starts", ("once", 0))
    return await hall()


def test_a_restart_without_a_process_is_told_and_a_first_start_without_one_is_not() -> None:
    """A child that was there is wanted back, and each try counts; of one that never was nothing is kept."""
    starts = starts_of(ChildSpec("once", (start_once, ("once",))))
    lab = Lab(hall_with_a_table, starts=starts)
    lines = lab.tell([("once", "start"), ("once", "start"), ("once", "kill")])
    assert lines[3:6] == ["ask pool once", "told pool ('EXIT', ValueError('worn out'))", "quiet"]
    assert lines[6:12] == [
        "inject once kill", "exit once killed", "signal once pool",
        "count pool once", "fail once ('EXIT', ValueError('worn out'))", "count pool once",
    ]  # fmt: skip
    assert "giveup pool" in lines


def test_a_supervisor_that_ends_before_it_answers_is_told_as_an_error() -> None:
    lab = Lab(hall, starts=starts_of(part("S", Slow)))
    ask, kill = lab.actions([("S", "start"), ("pool", "kill")])
    lines = [lab._line(op) for op in lab.runs([ask, (kill, 2)])[0][1]]
    assert lines[:3] == ["inject pool kill", "exit pool killed", "signal pool top"]
    assert "told pool killed" in lines
    assert lab.states([ask, [kill, 2]])["alive"][2]


def test_a_question_in_the_middle_of_a_restart_reaches_a_supervisor_that_is_about_to_end() -> None:
    lab = Lab(hall, starts=GUESTS)
    crash, start = lab.actions([("A", "raise"), ("c0", "start")])
    assert lab.ask([crash, [start, 1]])["keep"] == 3
    lines = [lab._line(op) for op in lab.runs([crash, (start, 1)])[0][1]]
    assert lines == [
        "ask pool c0", "count top A", "stop pool", "exit pool shutdown", "start A", "start pool", "up pool",
        "told pool shutdown", "quiet",
    ]  # fmt: skip


class Tardy(Part):
    """Fails after longer than a lab waits for it."""

    async def init(self, name: Any) -> Any:
        await Process.sleep(100.0)
        return Stop(f"{name} is late")


class Sluggish(Part):
    """Ends after longer than a lab waits for it."""

    async def terminate(self, reason: object, state: Any) -> None:
        await Process.sleep(100.0)


LATE = starts_of(part("T", Tardy), part("U", Tardy), part("S", Slow))


def with_causes(lab: Lab, *script: Any) -> list[tuple[str, str | None]]:
    """What is told of the last action, each with what has led to it; ``script`` may hold steps in the middle."""
    steps = [step if isinstance(step[0], int) else lab.action(step) for step in script]
    runs, kept = lab.runs(steps)
    done = [op for run, many in zip(runs, kept, strict=True) for op in run[:many]]
    return [(lab._line(op), None if op.cause is None else lab._line(done[op.cause])) for op in runs[-1]]


def test_an_error_that_comes_after_another_action_is_told_with_its_own_question() -> None:
    lines = with_causes(Lab(hall, starts=LATE), ("T", "start"), ("A", "raise"), ("wait", 50.0))
    assert ("told pool 'T is late'", "ask pool T") in lines
    assert ("fail T 'T is late'", "ask pool T") in lines


def test_an_error_that_comes_after_an_action_in_the_middle_is_told_with_its_own_question() -> None:
    lab = Lab(hall, starts=starts_of(part("L", Slow)))
    kill, _ = lab.actions([("pool", "kill"), ("L", "start")])
    lines = with_causes(lab, ("L", "start"), (kill, 2))
    assert ("told pool killed", "ask pool L") in lines
    assert ("exit pool killed", "inject pool kill") in lines


def test_who_ends_slowly_ends_because_of_its_own_action() -> None:
    async def two() -> Any:
        return await Supervisor.start_link([part("A"), part("S", Slow)], strategy="one_for_one", name="top")

    lab = Lab(two)
    crash = lab.action(("A", "raise"))
    lines = with_causes(lab, ("S", "shutdown"), (crash, 1))
    assert ("exit S shutdown", "inject S shutdown") in lines
    assert ("exit A RuntimeError('boom')", "inject A raise") in lines


def test_of_two_questions_that_wait_each_is_answered_for_itself() -> None:
    lab = Lab(hall, starts=LATE)
    begun = ("T", "start"), ("U", "start"), ("wait", 50.0)
    assert with_causes(lab, *begun)[2:] == [
        ("fail T 'T is late'", "ask pool T"), ("start U", "ask pool U"), ("told pool 'T is late'", "ask pool T"),
        ("quiet something still waits", None),
    ]  # fmt: skip
    assert with_causes(lab, *begun, ("wait", 50.0))[2:] == [
        ("fail U 'U is late'", "ask pool U"), ("told pool 'U is late'", "ask pool U"), ("quiet", None),
    ]  # fmt: skip


async def with_a_sluggish_one() -> Any:
    return await Supervisor.start_link([part("A"), part("S", Sluggish)], strategy="one_for_one", name="top")


def test_who_is_still_at_it_is_not_forgotten_when_another_action_begins() -> None:
    lab = Lab(with_a_sluggish_one)
    assert with_causes(lab, ("S", "normal"), ("A", "raise"))[-1] == ("quiet something still waits", None)
    assert with_causes(lab, ("S", "normal"), ("A", "raise"), ("wait", 50.0))[2:4] == [
        ("exit S normal", "inject S normal"), ("signal S top", "exit S normal"),
    ]  # fmt: skip


# ---- what it raises ------------------------------------------------------------------------------


class Registered(Part):
    @classmethod
    async def start_link(cls, name: Any = None, **options: Any) -> Any:
        return await super().start_link(name, name=f"the {name}")


class Family(Supervisor):
    def init(self, argument: Any) -> Any:
        return Supervise([part("heir")], strategy="one_for_one")


FULL = KeyError("full")


def test_a_child_that_only_the_reader_starts_raises_what_the_author_says() -> None:
    lines = told(("c0", "start"), ("c0", "raise"), raises={"c0": FULL, "A": OSError("tired")})
    assert "exit c0 KeyError('full')" in lines
    assert "exit A OSError('tired')" in told(("A", "raise"), raises={"c0": FULL, "A": OSError("tired")})


def test_each_process_of_one_child_raises_the_same() -> None:
    lab = Lab(hall, starts=GUESTS, raises={"c0": FULL})
    lines = lab.tell([("c0", "start"), ("c0", "start"), ("c0 2", "raise")])
    assert "exit c0 2 KeyError('full')" in lines


@pytest.mark.parametrize("name", ["ann", "the ann"])
def test_a_child_with_a_registered_name_is_known_by_either(name: str) -> None:
    lab = Lab(hall, starts=starts_of(part("ann", Registered)), raises={name: FULL})
    assert "exit the ann KeyError('full')" in lab.tell([("ann", "start"), ("the ann", "raise")])


def test_whoever_comes_with_a_child_raises_what_the_author_says_too() -> None:
    lab = Lab(hall, starts=starts_of(child_spec(Family, id="family")), raises={"heir": FULL})
    assert "exit heir KeyError('full')" in lab.tell([("family", "start"), ("heir", "raise")])


def test_what_may_be_raised_leaves_the_document_as_it_is() -> None:
    """Nobody is shown, or counted, who was only looked for."""
    lab, plain = Lab(hall, starts=GUESTS, raises={"c0": RuntimeError("boom")}), Lab(hall, starts=GUESTS)
    assert lab.document(1) == plain.document(1)


def test_a_child_that_cannot_start_may_have_something_to_raise_all_the_same() -> None:
    Lab(hall, starts=GUESTS, raises={"c3": FULL})


def test_what_nobody_would_raise_is_refused_with_all_who_could() -> None:
    with pytest.raises(BadArg) as refused:
        Lab(hall, starts=GUESTS, raises={"dora": FULL})
    assert str(refused.value) == (
        "raises names 'dora', and there is no such process in the tree. There are: top, A, pool. "
        "Of those that can be started, there are: c0, c1, c2, c3."
    )
    with pytest.raises(BadArg, match=r"There are: top, A, pool\.$"):
        Lab(hall, raises={"c0": FULL})


# ---- merging, and the document --------------------------------------------------------------------


@pytest.mark.parametrize("starts", [GUESTS, starts_of(part("ann", Named), part("S", Slow, restart="temporary"))])
def test_the_merged_futures_are_what_unmerged_runs_give(starts: Any) -> None:
    lab = Lab(hall, starts=starts)
    document = lab.document(3)
    checked = 0
    for path, runs in paths(document, 3):
        if len(path) == 3 and start_of(path[0]) is None:
            continue  # the longest ones begin with a start here
        if len(path) == 3 and checked % 5:
            checked += 1
            continue
        assert as_data(lab, lab.runs(path)[0]) == [document["runs"][number] for number in runs], path
        checked += 1
    assert checked > 200


def test_the_document_names_what_can_be_started_and_one_without_starts_is_as_before() -> None:
    document = Lab(hall, starts=GUESTS).document(1)
    assert document["starts"] == [{"name": f"c{n}", "up": 2} for n in range(4)]
    assert {action for menu in document["menus"] for action in menu} >= {STARTS, STARTS + 3}
    assert "starts" not in Lab(hall).document(1)


def test_an_answer_of_the_kernel_brings_along_whom_it_has_started() -> None:
    lab = Lab(hall, starts=GUESTS)
    answer = lab.ask([STARTS])
    assert [proc["name"] for proc in answer["procs"]] == ["top", "A", "pool", "c0"]
    with lab.perform() as performance:
        begun = performance.act(STARTS)
    assert answer["run"] == _flat(begun, 0)


def test_a_lab_tells_as_text_what_can_be_started() -> None:
    lab = crash_lab(hall, starts={"pool": [part("ann"), part("<ben>")]}, depth=1)
    assert str(lab).splitlines()[-1] == "Under pool can be started: ann, <ben>."
    assert "&lt;ben&gt;" in lab._repr_html_()


def test_an_error_that_is_still_to_come_is_told_with_its_question_however_much_was_done_meanwhile() -> None:
    """Ten seconds twice are as good as twenty, and one step more."""

    async def pool() -> Any:
        return await DynamicSupervisor.start_link(name="pool")

    lab = Lab(pool, starts=starts_of(part("T", Tardy)), wait=(10.0, 20.0))
    begin, ten, twenty = lab.actions([("T", "start"), ("wait", 10.0), ("wait", 20.0)])
    document = lab.document(2)
    checked = set()
    for path, runs in paths(document, 4):
        if path in ([begin, ten, ten, twenty], [begin, twenty, twenty]):
            assert as_data(lab, lab.runs(path)[0]) == [document["runs"][number] for number in runs], path
            checked.add(tuple(path))
    assert len(checked) == 2


# ---- what is refused ------------------------------------------------------------------------------


async def named_pool() -> Any:
    pool = child_spec((DynamicSupervisor, {"name": "pool"}), id="pool")
    return await Supervisor.start_link([pool], strategy="one_for_one", name="top")


@pytest.mark.parametrize(
    ("starts", "said"),
    [
        ([part("c0")], "starts must be a dict such as"),
        ({"cellar": [part("c0")]}, "starts names 'cellar', and there is no such process in the tree. There are: top"),
        ({"top": [part("c0")]}, "'top', which is no dynamic supervisor"),
        ({"pool": part("c0")}, "starts has a list of children under 'pool'"),
        ({"pool": (GenServer, "ann")}, "starts has a list of children under 'pool'"),
        ({"pool": [(GenServer, 1), (GenServer, 2)]}, "two children in starts are called 'GenServer'"),
        ({"pool": ["c0"]}, "a child is a class with child_spec"),
    ],
)
def test_starts_that_make_no_sense_are_refused_with_a_sentence(starts: Any, said: str) -> None:
    with pytest.raises(BadArg) as refused:
        Lab(named_pool, starts=starts)
    assert said in str(refused.value)


def test_children_may_stand_in_a_tuple() -> None:
    [name, specs] = next(iter(GUESTS.items()))
    as_tuple, as_list = Lab(hall, starts={name: tuple(specs)}), Lab(hall, starts=GUESTS)
    assert as_tuple.document(1) == as_list.document(1)


def test_a_start_that_there_is_not_is_refused_with_a_sentence() -> None:
    with pytest.raises(BadArg, match=r"starts 'dora', and there is no such child to be started\. There are: c0, c1"):
        told(("dora", "start"))
    with pytest.raises(BadArg, match="Give the lab some by `starts`"):
        Lab(hall).tell([("dora", "start")])
    with pytest.raises(BadArg, match=r"starting child 9 cannot be done: there is no such child .* from 0 to 3\.$"):
        Lab(hall, starts=GUESTS).ask([STARTS + 9])
    with pytest.raises(BadArg, match=r"starting child 0 cannot be done: .* The lab has no `starts`\.$"):
        Lab(hall).ask([STARTS])
    with pytest.raises(BadArg, match="starting c0 cannot be done at this point"):
        told(("top", "kill"), ("c0", "start"))

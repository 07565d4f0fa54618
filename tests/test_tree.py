"""The supervision tree: what it says, that it is the same every time, and that nothing in it becomes markup."""

from __future__ import annotations

import logging
import os
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import playing
import pygraphviz
import pytest
from bs4 import BeautifulSoup
from hypothesis import given, settings
from hypothesis import strategies as st
from IPython.core.formatters import DisplayFormatter

import otp_mini
from otp_mini import (
    Application,
    BadArg,
    ChildSpec,
    DynamicSupervisor,
    GenServer,
    Ignore,
    Node,
    NoReply,
    Ok,
    PartitionSupervisor,
    Pid,
    Process,
    Registry,
    Reply,
    Stop,
    Supervise,
    Supervisor,
    Task,
    Via,
    child_spec,
    send,
    spawn,
    spawn_link,
    sys_,
    tree,
)
from otp_mini.errors import name_of
from otp_mini.viz import layout as layouts
from otp_mini.viz.layout import layout, read_plain
from otp_mini.viz.tree import Tree
from otp_mini.viz.tree_data import STATES, Member, More, Restarts, Tie, TreeData
from otp_mini.viz.tree_dot import LETTER, NAME, box, cells, dot
from otp_mini.viz.tree_svg import svg
from otp_mini.viz.tree_text import MARKS, text

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Crashes are meant here."""
    logging.getLogger("otp_mini").disabled = True
    yield
    logging.getLogger("otp_mini").disabled = False


def play(main: Callable[[], Any]) -> Any:
    """What a program answers on a fresh node."""
    main.__name__ = "main"
    return playing.play(main)


def lines(main: Callable[[], Any]) -> list[str]:
    return str(play(main)).splitlines()


class Worker(GenServer):
    """A server that fails to start while its table says so, and is slow where it is told to be."""

    async def init(self, argument: Any) -> Any:
        options = argument or {}
        await Process.sleep(options.get("start", 0))
        if options.get("stop"):
            Process.flag(trap_exit=True)
        return Ok(options)

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        return Reply(request, state)

    def handle_cast(self, request: Any, state: Any) -> Any:
        return Stop(request, state)

    def handle_info(self, message: Any, state: Any) -> Any:
        return NoReply(state)

    async def terminate(self, reason: object, state: Any) -> None:
        await Process.sleep(state.get("stop", 0))


def worker(id: Any, restart: Any = "permanent", **options: Any) -> ChildSpec:
    return child_spec((Worker, options), id=id, restart=restart)


def supervisor(id: Any, *children: Any, strategy: Any = "one_for_one", **options: Any) -> ChildSpec:
    """A supervisor as a child of another."""

    async def start() -> Any:
        return await Supervisor.start_link(children, strategy=strategy, **options)

    return ChildSpec(id, (start, ()), type="supervisor")


async def shop(*children: Any, strategy: Any = "one_for_one", name: Any = "shop", **options: Any) -> Pid:
    pid = await Supervisor.start_link(children, strategy=strategy, name=name, **options)
    assert pid is not None
    return pid


async def child(pid: Any, id: Any) -> Any:
    return next(row.pid for row in await Supervisor.which_children(pid) if row.id == id)


async def _start(children: Any, name: Any) -> None:
    await Supervisor.start_link(children, strategy="one_for_one", name=name)


# ---- what it says ----------------------------------------------------------------------------------------


def test_the_text_says_strategy_budget_restart_type_pid_and_state() -> None:
    async def main() -> Any:
        return tree(await shop(worker("till"), worker("stock", "transient"), strategy="rest_for_one"))

    assert lines(main) == [
        "● shop #PID<0.2.0>: running, rest_for_one supervisor, 0 of 3 restarts in 5 s",
        "├── ● till #PID<0.3.0>: running, permanent worker",
        "└── ● stock #PID<0.4.0>: running, transient worker",
    ]


def test_a_tree_of_three_levels_is_drawn_level_by_level() -> None:
    async def main() -> Any:
        tills = supervisor("tills", worker(1), worker(2), strategy="one_for_all")
        return tree(await shop(tills, worker("stock")))

    assert [line.partition(" #")[0] for line in lines(main)] == [
        "● shop",
        "├── ● tills",
        "│   ├── ● 1",
        "│   └── ● 2",
        "└── ● stock",
    ]


def test_a_restarted_child_is_in_its_next_life_and_the_budget_says_so() -> None:
    async def main() -> Any:
        sup = await shop(worker("till"))
        Process.exit(await child(sup, "till"), "kill")
        await Process.sleep(1)
        return tree(sup)

    assert lines(main) == [
        "● shop #PID<0.2.0>: running, one_for_one supervisor, 1 of 3 restarts in 5 s",
        "└── ● till #PID<0.4.0>: running, permanent worker, 2nd life",
    ]


def test_messages_that_wait_are_counted() -> None:
    async def main() -> Any:
        sup = await shop(worker("till"))
        till = await child(sup, "till")
        for number in range(3):
            send(till, number)
        return tree(sup)

    assert lines(main)[1].endswith("running, permanent worker, 3 in mailbox")


def test_a_child_is_called_by_its_id_and_by_its_name_too() -> None:
    async def main() -> Any:
        spec = ChildSpec("till", (_named, ("front",)))
        return tree(await shop(spec))

    assert lines(main)[1] == "└── ● till #PID<0.3.0> registered as front: running, permanent worker"


async def _named(name: Any) -> Any:
    return await Worker.start_link({}, name=name)


def test_a_supervisor_below_another_knows_its_restart_type_and_life() -> None:
    async def main() -> Any:
        sup = await shop(supervisor("tills"))
        Process.exit(await child(sup, "tills"), "kill")
        await Process.sleep(1)
        return tree(await child(sup, "tills"))

    assert lines(main) == [
        "● tills #PID<0.4.0>: running, permanent one_for_one supervisor, 2nd life, 0 of 3 restarts in 5 s"
    ]


# ---- states ----------------------------------------------------------------------------------------------


def test_children_can_be_seen_starting_one_after_the_other() -> None:
    async def main() -> Any:
        spawn(_start, [worker("a"), supervisor("b", worker("c", start=5), worker("d")), worker("e")], "shop")
        await Process.sleep(1)
        return tree("shop")

    assert lines(main) == [
        "▲ shop #PID<0.3.0>: starting, one_for_one supervisor, 0 of 3 restarts in 5 s",
        "├── ● a #PID<0.4.0>: running, permanent worker",
        "├── ▲ b #PID<0.5.0>: starting, permanent one_for_one supervisor, 0 of 3 restarts in 5 s",
        "│   ├── ▲ c #PID<0.6.0>: starting, permanent worker",
        "│   └── ○ d: not started, permanent worker",
        "└── ○ e: not started, permanent worker",
    ]


def test_a_child_that_takes_long_to_stop_is_stopping_and_then_stopped() -> None:
    async def main() -> Any:
        sup = await shop(worker("till", stop=3))
        spawn(Supervisor.terminate_child, sup, "till")
        await Process.sleep(1)
        during = str(tree(sup))
        await Process.sleep(3)
        return f"{during}\n{tree(sup)}"

    told = lines(main)
    assert told[1] == "└── ■ till #PID<0.3.0>: stopping, permanent worker"
    assert told[3] == "└── □ till: stopped, permanent worker"


def test_the_others_of_one_for_all_are_seen_to_stop_and_to_start() -> None:
    async def main() -> Any:
        sup = await shop(worker("a"), worker("b", start=3, stop=2), worker("c"), strategy="one_for_all")
        Process.exit(await child(sup, "a"), "kill")
        await Process.sleep(1)
        stops = str(tree(sup))
        await Process.sleep(2)
        return f"{stops}\n{tree(sup)}"

    states = [line.rpartition(": ")[2].split(",")[0] for line in lines(main)]
    assert states == ["running", "stopped", "stopping", "stopped", "running", "running", "starting", "stopped"]


def test_a_child_that_ended_is_dead_until_its_supervisor_has_seen_to_it() -> None:
    async def main() -> Any:
        sup = await shop(worker("till"))
        Process.exit(await child(sup, "till"), "kill")
        return tree(sup)

    assert lines(main) == [
        "● shop #PID<0.2.0>: running, one_for_one supervisor, 0 of 3 restarts in 5 s, 1 in mailbox",
        "└── × till #PID<0.3.0>: dead, permanent worker",
    ]


def test_a_child_whose_restart_failed_is_restarting() -> None:
    async def main() -> Any:
        sup = await shop(ChildSpec("till", (_once, ())), max_restarts=100)
        Process.exit(await child(sup, "till"), "kill")
        await sys_.suspend(sup)  # comes before the next try
        return tree(sup)

    assert lines(main)[1] == "└── △ till: restarting, permanent worker, 2nd life"


async def _once() -> Any:
    """Start a worker, but only the first time on a node."""
    node = otp_mini.current_node()
    if node.tables.setdefault("once", 0):
        raise ValueError("no paper")
    node.tables["once"] = 1
    return await Worker.start_link({})


def test_a_transient_child_that_ended_well_and_one_that_chose_not_to_start_are_stopped() -> None:
    class Shy(GenServer):
        def init(self, argument: Any) -> Any:
            return Ignore()

    async def main() -> Any:
        sup = await shop(worker("till", "transient"), child_spec(Shy, id="shy"))
        GenServer.cast(await child(sup, "till"), "normal")
        await Process.sleep(1)
        return tree(sup)

    assert [line[4:] for line in lines(main)[1:]] == [
        "□ till: stopped, transient worker",
        "□ shy: stopped, permanent worker",
    ]


# ---- the kinds of processes --------------------------------------------------------------------------------


def test_a_dynamic_supervisor_with_500_children_is_summarised() -> None:
    async def main() -> Any:
        pool: Any = await DynamicSupervisor.start_link(name="pool", max_restarts=100)
        for number in range(500):
            await DynamicSupervisor.start_child(pool, worker(number))
        for row in (await DynamicSupervisor.which_children(pool))[100:110]:
            Process.exit(row.pid, "kill")  # type: ignore[arg-type]
        return tree(pool, most=5)

    told = lines(main)
    assert len(told) == 7
    assert told[0] == (
        "● pool #PID<0.2.0>: running, DynamicSupervisor, 500 children, 0 of 100 restarts in 5 s, 10 in mailbox"
    )
    assert told[1] == "├── ● Worker #PID<0.3.0>: running, permanent worker"
    assert told[6] == "└── … 495 more: 485 running, 10 dead"


@pytest.mark.parametrize(("children", "shown"), [(3, 3), (4, 4), (5, 3), (6, 3)])
def test_one_child_too_many_is_shown_and_two_are_counted(children: int, shown: int) -> None:
    async def main() -> Any:
        return tree(await shop(*map(worker, range(children))), most=3)

    told = lines(main)[1:]
    assert len([line for line in told if "worker" in line]) == shown
    assert [line for line in told if "more" in line] == (
        [] if shown == children else [f"└── … {children - shown} more: {children - shown} running"]
    )


def test_a_dynamic_supervisors_children_are_called_by_their_names_or_their_keys() -> None:
    async def main() -> Any:
        await Registry.start_link(keys="unique", name="rooms")
        pool: Any = await DynamicSupervisor.start_link()
        for name in ("front", Via("rooms", "lobby"), None):
            await DynamicSupervisor.start_child(pool, ChildSpec(Worker, (_named, (name,))))
        return tree(pool)

    assert [line.partition(" #")[0][4:] for line in lines(main)[1:]] == ["● front", "● rooms: lobby", "● Worker"]


def test_a_dynamic_child_whose_restart_failed_keeps_the_name_of_its_class() -> None:
    async def main() -> Any:
        pool: Any = await DynamicSupervisor.start_link(max_restarts=100)
        pid: Any = await DynamicSupervisor.start_child(pool, ChildSpec(Worker, (_once, ())))
        Process.exit(pid, "kill")
        await sys_.suspend(pool)
        return tree(pool)

    assert lines(main)[1] == "└── △ Worker: restarting, permanent worker, 2nd life"


def test_a_registry_says_what_its_keys_are_and_how_many_entries_it_has() -> None:
    async def main() -> Any:
        sup = await shop((Registry, {"keys": "duplicate", "name": "topics"}))
        Registry.register("topics", "news")
        return tree(sup)

    assert lines(main)[1] == "└── ● topics #PID<0.3.0>: running, permanent Registry, duplicate keys, 1 entry"


def test_a_partition_supervisor_numbers_its_partitions() -> None:
    async def main() -> Any:
        return tree(await PartitionSupervisor.start_link((Worker, {}), name="counters", partitions=2))

    assert [line.partition(": ")[::2] for line in lines(main)] == [
        ("● counters #PID<0.2.0>", "running, one_for_one PartitionSupervisor, 0 of 3 restarts in 5 s"),
        ("├── ● partition 0 #PID<0.3.0>", "running, permanent worker"),
        ("└── ● partition 1 #PID<0.4.0>", "running, permanent worker"),
    ]


def test_a_task_supervisor_shows_its_tasks() -> None:
    async def main() -> Any:
        sup = await shop((Task.Supervisor, {"name": "jobs"}))
        await Task.Supervisor.start_child("jobs", Process.sleep, 10)
        return tree(sup)

    assert [line.partition(": ")[2] for line in lines(main)[1:]] == [
        "running, permanent Task.Supervisor, 1 child, 0 of 3 restarts in 5 s",
        "running, temporary worker",
    ]


class Shop(Application):
    async def start(self, type: str, args: Any) -> Any:
        return await shop(worker("till"))


def test_an_application_stands_above_its_top_supervisor() -> None:
    async def main() -> Any:
        top = await Shop.start_application()
        return f"{tree(Shop)}\n{tree(top)}"

    told = lines(main)
    assert told[0] == "● Shop #PID<0.2.0>: running, application"
    assert told[1].startswith("└── ● shop #PID<0.3.0>: running, one_for_one supervisor")
    assert [line.lstrip(" └─") for line in told[1:3]] == [line.lstrip(" └─") for line in told[3:]]


def test_a_process_that_is_no_supervisor_is_a_tree_of_one() -> None:
    async def main() -> Any:
        server: Any = await Worker.start({}, name="till")
        return f"{tree(server)}\n{tree(spawn(Process.sleep, 5))}"

    assert lines(main) == ["● till #PID<0.2.0>: running, process", "● sleep #PID<0.3.0>: running, process"]


def test_a_server_whose_state_only_looks_like_a_supervisors_is_none() -> None:
    class Sly(GenServer):
        def init(self, argument: Any) -> Any:
            return Ok(self)

        def kept(self) -> Any:
            raise RuntimeError("nobody may ask")

    async def main() -> Any:
        return tree(await Sly.start())

    assert lines(main) == ["● Sly #PID<0.2.0>: running, process"]


def test_a_start_function_that_answers_a_pid_above_it_makes_no_endless_tree() -> None:
    async def main() -> Any:
        async def twice() -> Any:
            return Process.whereis("shop")

        return tree(await shop(ChildSpec("again", (twice, ()), type="supervisor")))

    told = lines(main)
    assert len(told) == 2
    assert "the same process as shop" in told[1]


# ---- links and monitors --------------------------------------------------------------------------------------


async def _helper() -> None:
    await Process.sleep(100)


class Boss(Worker):
    async def init(self, argument: Any) -> Any:
        spawn_link(_helper)
        spawn(_boss_of_one)
        return Ok({})


async def _boss_of_one() -> None:
    spawn(_helper)
    await Process.sleep(100)


class Watch(Worker):
    async def init(self, argument: Any) -> Any:
        Process.monitor("front")
        Process.link(Process.whereis("front"))
        return Ok({})


async def tied() -> Any:
    till = ChildSpec("till", (_named, ("front",)))
    sup = await shop(till, child_spec(Watch, id="watch"), child_spec(Boss, id="boss"))
    await Process.sleep(1)
    return sup


def test_links_and_what_was_spawned_are_told_on_demand() -> None:
    async def main() -> Any:
        return tree(await tied(), links=True)

    told = lines(main)
    assert told[4:] == [
        "beside the tree:",
        "    ● _helper #PID<0.6.0>: running, process",
        "    ● _boss_of_one #PID<0.7.0>: running, process",
        "    ● _helper #PID<0.8.0>: running, process",
        "    ● main #PID<0.1.0>: running, process",
        "links and monitors:",
        "    boss #PID<0.5.0> spawned and is linked to _helper #PID<0.6.0>",
        "    boss #PID<0.5.0> spawned _boss_of_one #PID<0.7.0>",
        "    _boss_of_one #PID<0.7.0> spawned _helper #PID<0.8.0>",
        "    shop #PID<0.2.0> is linked to main #PID<0.1.0>",
        "    till #PID<0.3.0> is linked to watch #PID<0.4.0>",
    ]


def test_monitors_are_told_on_demand_but_not_those_of_calls() -> None:
    async def main() -> Any:
        sup = await tied()
        Process.monitor(await child(sup, "boss"))
        spawn(GenServer.call, await child(sup, "till"), "a call")
        return tree(sup, monitors=True)

    assert lines(main)[4:] == [
        "beside the tree:",
        "    ● main #PID<0.1.0>: running, process",
        "links and monitors:",
        "    watch #PID<0.4.0> monitors till #PID<0.3.0>",
        "    main #PID<0.1.0> monitors boss #PID<0.5.0>",
    ]


def test_nothing_beside_the_tree_is_told_unasked() -> None:
    async def main() -> Any:
        return tree(await tied())

    assert len(lines(main)) == 4


def test_many_processes_beside_the_tree_are_counted_and_what_hangs_on_those_too() -> None:
    async def main() -> Any:
        server: Any = await Worker.start({}, name="till")
        for _ in range(20):
            spawn(_watcher, server)
        await Process.sleep(1)
        return tree(server, monitors=True, most=2)

    told = lines(main)
    assert told[1:5] == [
        "beside the tree:",
        "    ● _watcher #PID<0.3.0>: running, process",
        "    ● _watcher #PID<0.4.0>: running, process",
        "    … 18 more: 18 running",
    ]
    assert told[-1] == "    … 18 more monitors till #PID<0.2.0> (18)"


async def _watcher(pid: Pid) -> None:
    Process.monitor(pid)
    await Process.sleep(100)


def test_ties_of_children_that_are_only_counted_are_counted_too() -> None:
    async def main() -> Any:
        sup = await shop((Registry, {"keys": "unique", "name": "rooms"}), DynamicSupervisor)
        pool = await child(sup, DynamicSupervisor)
        for number in range(5):
            await DynamicSupervisor.start_child(pool, ChildSpec(Worker, (_named, (Via("rooms", number),))))
        return tree(sup, links=True, most=2)

    told = lines(main)
    assert "    rooms #PID<0.3.0> is linked to rooms: 0 #PID<0.5.0>" in told
    assert "    rooms #PID<0.3.0> is linked to … 3 more (3)" in told


# ---- asking wrongly ----------------------------------------------------------------------------------------


def test_a_dead_process_has_no_tree() -> None:
    async def main() -> None:
        sup = await shop(worker("till"))
        Process.unlink(sup)
        Process.exit(sup, "kill")
        await Process.sleep(1)
        with pytest.raises(BadArg, match=r"needs a living process, got #PID<0\.2\.0>, which has ended or never was"):
            tree(sup)
        with pytest.raises(BadArg, match="got 'shop'"):
            tree("shop")

    play(main)


@pytest.mark.parametrize("most", [0, -1, 1.5, "2", None])
def test_most_is_a_whole_number_from_1_up(most: Any) -> None:
    async def main() -> None:
        sup = await shop()
        with pytest.raises(BadArg, match="a whole number from 1 up, got"):
            tree(sup, most=most)

    play(main)


# ---- looking -----------------------------------------------------------------------------------------------


def test_looking_takes_no_message_and_no_turn_and_the_tree_stays_as_it_was() -> None:
    async def main() -> Any:
        sup = await shop(worker("till"))
        turns = sup.block.turns
        seen = tree(sup, links=True, monitors=True)
        before = (str(seen), seen.dot, seen.svg())
        Process.exit(await child(sup, "till"), "kill")
        taken = sup.block.turns - turns
        await Process.sleep(1)
        assert (str(seen), seen.dot, seen.svg()) == before
        assert str(tree(sup, links=True, monitors=True)) != before[0]
        return taken

    assert play(main) == 1  # that of which_children


def test_a_tree_of_another_node_is_read_by_the_clock_of_that_node() -> None:
    with Node(clock="virtual") as node:
        node.advance(100)

        async def main() -> Any:
            sup = await shop(worker("till"))
            Process.exit(await child(sup, "till"), "kill")
            await Process.sleep(50)

        async def elsewhere() -> Any:
            await Process.sleep(0)

        node.spawn(main)
        node.advance(1)
        top = node.names["shop"].pid
        with Node(clock="virtual") as other:
            other.run(elsewhere)
            assert "1 of 3 restarts" in str(tree(top))


# ---- how it shows itself ---------------------------------------------------------------------------------------


def test_a_supervisors_pid_shows_itself_as_its_tree_and_prints_as_ever() -> None:
    async def main() -> Any:
        sup = await shop(worker("till"))
        return DisplayFormatter().format(sup)[0], tree(sup)._repr_html_()

    shown, html = play(main)
    assert shown == {"text/plain": "#PID<0.2.0>", "text/html": html}
    assert "<svg" in html


def test_an_empty_dynamic_supervisor_shows_itself_too() -> None:
    async def main() -> Any:
        pool: Any = await DynamicSupervisor.start_link()
        return pool._repr_html_()

    assert "DynamicSupervisor" in play(main)


def test_any_other_pid_is_shown_as_its_text_alone() -> None:
    async def main() -> Any:
        server: Any = await Worker.start({})
        dead = await shop()
        await Supervisor.stop(dead)
        return [DisplayFormatter().format(pid) for pid in (server, dead, spawn(Process.sleep, 5))]

    assert play(main) == [({"text/plain": f"#PID<0.{number}.0>"}, {}) for number in (2, 3, 4)]


def test_the_tree_prints_as_text_and_shows_itself_as_a_picture_with_that_text() -> None:
    async def main() -> Any:
        return tree(await shop(worker("till")))

    shown = play(main)
    page = BeautifulSoup(shown._repr_html_(), "html.parser")
    assert DisplayFormatter().format(shown)[0]["text/plain"] == str(shown)
    assert page.details.pre.get_text() == str(shown)
    assert page.div["aria-label"] == page.svg["aria-label"] == page.svg.title.get_text()
    assert page.svg["aria-label"] == "Supervision tree of shop #PID<0.2.0>: 1 process below it"
    assert page.svg["role"] == "img"
    assert page.svg.desc.get_text() == str(shown)
    assert page.div["tabindex"] == "0"


def test_there_is_no_id_that_could_meet_another_on_the_page() -> None:
    async def main() -> Any:
        return tree(await tied(), links=True, monitors=True)._repr_html_()

    html = play(main)
    assert not [tag for tag in BeautifulSoup(html, "html.parser").find_all(True) if tag.has_attr("id")]
    assert "url(" not in html


def test_the_same_tree_gives_the_same_dot_and_the_same_svg() -> None:
    async def main() -> Any:
        return tree(await tied(), links=True, monitors=True)

    one, two = play(main), play(main)
    assert one.dot == two.dot
    assert one.svg() == two.svg()
    assert one._repr_html_() == two._repr_html_()


def test_the_dot_says_all_that_a_box_does() -> None:
    async def main() -> Any:
        return tree(await shop(worker("till")))

    assert play(main).dot.splitlines()[4:] == [
        (
            r'	n0 [label="shop\n● running\none_for_one\n0 of 3 restarts in 5 s\n#PID<0.2.0>" height=1.3611 '
            "peripheries=2 style=solid width=2.3889]"
        ),
        r'	n1 [label="till\n● running\npermanent\n#PID<0.3.0>" height=1.1389 style="rounded,solid" width=1.5000]',
        "	n0 -> n1",
        "}",
    ]


def test_graphviz_gets_no_word_to_lay_out() -> None:
    data = TreeData((member(0, name="a name", registered="another"), member(1, above=0)))
    asked = dot(data, words=False)
    assert not re.search("name|another|running|PID", asked)
    assert layout(asked).boxes.keys() == {"n0", "n1"}


def test_a_supervisor_keeps_its_outline_when_it_is_dead() -> None:
    async def main() -> Any:
        sup = await shop(supervisor("tills"), (Registry, {"name": "rooms"}))
        Process.exit(await child(sup, "tills"), "kill")
        return tree(sup)

    shown = play(main)
    assert [member.kind for member in shown.data] == ["supervisor", "supervisor", "Registry"]
    groups = list(ElementTree.fromstring(shown.svg()).iter(f"{SVG}g"))
    assert [len(group.findall(f"{SVG}rect")) for group in groups] == [2, 2, 1]
    assert shown.dot.count("peripheries=2") == 2
    assert "1 process below it" in shown.svg()  # the other is dead


# ---- states can be told apart --------------------------------------------------------------------------------


def member(key: int, above: int | None = None, **changes: Any) -> Member:
    given: dict[str, Any] = {"name": f"process {key}", "kind": "worker", "state": "running", "pid": Pid(key + 1)}
    return Member(key, above, **given | changes)


def test_a_state_has_a_mark_a_word_and_a_border_of_its_own_without_any_colour() -> None:
    drawings = {}
    for state in STATES:
        data = TreeData((member(0, name="x", state=state),))
        root = ElementTree.fromstring(svg(data, layout(dot(data, words=False))))
        group = root.find(f"{SVG}g")
        assert group is not None
        border, said = group.find(f"{SVG}rect"), group.find(f"{SVG}text[@class='state']")
        assert border is not None
        assert said is not None
        assert said.text == f"{MARKS[state]} {state}"
        drawings[state] = (border.get("stroke-dasharray"), border.get("stroke-width"))
    assert len(set(MARKS.values())) == len(STATES)
    assert len({drawings[state] for state in ("running", "starting", "restarting", "dead")}) == 4


@pytest.mark.parametrize("theme", ["LIGHT", "DARK"])
def test_every_text_has_the_contrast_to_be_read(theme: str) -> None:
    from otp_mini.viz import tree_svg

    said = getattr(tree_svg, f"_{theme}")
    colours = dict(re.findall(r"--([\w-]+):(#\w+)", said))
    for ink in ("ink", "soft"):
        for ground in [name for name in colours if name.endswith("-bg")] + ["ground"]:
            assert contrast(colours[ink], colours[ground]) >= 4.5, (ink, ground)
    for state in ("run", "start", "stop", "dead", "none"):
        assert contrast(colours[state], colours[f"{state}-bg"]) >= 4.5, state
        assert contrast(colours[state], colours["ground"]) >= 4.5, state
    assert contrast(colours["wire"], colours["ground"]) >= 3


def contrast(one: str, other: str) -> float:
    """The ratio of WCAG 2."""

    def luminance(colour: str) -> float:
        digits = colour[1:] if len(colour) == 7 else "".join(digit * 2 for digit in colour[1:])
        parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
        linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


# ---- hostile names -------------------------------------------------------------------------------------------

HOSTILE = [
    "<script>alert(1)</script>", 'say "no"', "it's", "a & b &lt; &amp;", "]]>", "-->", "<!--", "back\\slash\\n", "\\",
    "{a|b}", "<b>bold</b>", "<", ">", "*not bold*", "`code`", "# heading", "[link](x)", "two\nlines", "tab\t", "\x00",
    "\u202eright to left", "\u200f", "\ud800", "x" * 300, "长名字" * 50, "n0", "", " ", "node", "strict digraph {",
    'x" shape="none', "\r\n", "\\G\\N\\L", "%d", "&#x3c;", "javascript:alert(1)", "שלום", "e\u0301" * 40,
]  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_text_everywhere(name: str) -> None:
    async def main() -> Any:
        specs = [ChildSpec(name, (_named, (("as", name),))), worker("plain")]
        sup = await shop(*specs, name=name or "shop")
        return tree(sup, links=True)

    check_is_text(play(main), 3)


def check_is_text(shown: Tree, boxes: int) -> None:
    """Nothing of what the program named has become markup, DOT or another line."""
    members = list(shown.data)
    headings = bool(shown.data.beside) + bool(shown.data.ties)
    assert len(str(shown).splitlines()) == len(members) + len(shown.data.ties) + headings
    for drawn in members:
        if isinstance(drawn, Member):
            assert drawn.name in str(shown)  # whole
    root = ElementTree.fromstring(shown.svg())
    tags = {element.tag.removeprefix(SVG) for element in root.iter()}
    assert tags <= {"svg", "title", "desc", "style", "path", "g", "rect", "text"}
    assert not [name for element in root.iter() for name in element.attrib if name.startswith("on") or "href" in name]
    for group, drawn in zip(root.iter(f"{SVG}g"), members, strict=True):
        names = ["".join(written.itertext()) for written in group.iter(f"{SVG}text")]
        assert tuple(names[: len(box(drawn).names)]) == box(drawn).names
    page = BeautifulSoup(shown._repr_html_(), "html.parser")
    assert {tag.name for tag in page.find_all(True)} <= tags | {"div", "details", "summary", "pre"}
    assert page.details.pre.get_text() == str(shown)
    graph = pygraphviz.AGraph(string=shown.dot)
    assert len(graph.nodes()) == len(members) >= boxes
    assert sorted(graph.nodes()) == sorted(f"n{drawn.key}" for drawn in members)
    for drawn in members:
        assert unescaped(graph.get_node(f"n{drawn.key}").attr["label"]) == [*box(drawn).names, *box(drawn).rows]


def unescaped(label: str) -> list[str]:
    """The lines of a DOT label, as Graphviz reads them."""
    lines = re.sub(r"\\(.)", lambda m: "\0" if m[1] == "n" else m[1], label).split("\0")
    return [line.replace("&amp;", "&") for line in lines]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(st.text(), st.sampled_from(HOSTILE)), min_size=1, max_size=5, unique=True))
def test_whatever_children_are_called_the_picture_and_the_text_hold(names: list[str]) -> None:
    async def main() -> Any:
        return tree(await shop(*map(worker, names), name=("shop", *names)))

    check_is_text(play(main), len(names) + 1)


@pytest.mark.parametrize("name", ["x" * 300, "长" * 300, "w" * 27])
def test_a_long_name_is_cut_in_the_picture_and_whole_in_the_text_and_the_title(name: str) -> None:
    data = TreeData((member(0, name=name),))
    assert name in text(data)
    drawn = ElementTree.fromstring(svg(data, layout(dot(data, words=False))))
    group = drawn.find(f"{SVG}g")
    assert group is not None
    title, shown = group.find(f"{SVG}title"), group.find(f"{SVG}text")
    assert title is not None
    assert title.text == name
    assert shown is not None
    assert shown.text is not None
    assert shown.text.endswith("…")
    assert cells(shown.text) <= 26


# ---- any tree at all -------------------------------------------------------------------------------------------


@st.composite
def trees(draw: Any) -> TreeData:
    """A tree of any shape, with ties and processes beside it."""
    members: list[Member | More] = [member(0, kind="supervisor", restarts=Restarts(0, 3, 5.0), strategy="one_for_one")]
    ups = [0]
    for key in range(1, draw(st.integers(1, 14))):
        up = draw(st.sampled_from(ups))
        state = draw(st.sampled_from(STATES))
        if draw(st.integers(0, 9)) == 0:
            members.append(More(key, up, ((state, draw(st.integers(2, 10**6))),)))
        elif draw(st.booleans()):
            ups.append(key)
            budget = Restarts(draw(st.integers(0, 9)), 3, 5.0)
            members.append(member(key, up, kind="supervisor", restarts=budget, state=state, restart="permanent"))
        else:
            told = {"life": draw(st.integers(0, 30)), "mailbox": draw(st.integers(0, 9)), "state": state}
            members.append(member(key, up, restart="temporary", registered=name_of(draw(st.text(max_size=40))), **told))
    order = sorted_by_depth(members)
    count = len(members)
    beside = [member(count + at, kind="process") for at in range(draw(st.integers(0, 3)))]
    keys = st.integers(0, count + len(beside) - 1)
    kinds = st.sampled_from(["link", "spawn", "spawn_link", "monitor"])
    drawn = draw(st.lists(st.tuples(kinds, keys, keys), max_size=5, unique=True))
    ties = tuple(Tie(kind, one, other) for kind, one, other in drawn if one != other)
    return TreeData(tuple(order), tuple(beside), ties)


def sorted_by_depth(members: list[Member | More]) -> list[Member | More]:
    """Each member behind the one above it."""
    found: list[Member | More] = []
    todo = [members[0]]
    while todo:
        found.append(one := todo.pop())
        todo += reversed([other for other in members if other.above == one.key])
    return found


@settings(max_examples=80, deadline=None)
@given(trees())
def test_any_tree_can_be_drawn_and_the_text_says_what_the_picture_says(data: TreeData) -> None:
    places = layout(dot(data, words=False))
    root = ElementTree.fromstring(svg(data, places))
    told = text(data).replace("registered as", "registered")
    for drawn in data:
        shown = box(drawn)
        x, y = places.boxes[f"n{drawn.key}"]
        assert x >= shown.width // 2
        assert y >= shown.height // 2
        assert x + shown.width // 2 <= places.width
        assert y + shown.height // 2 <= places.height
        for row in (*shown.names, *shown.rows):
            for said in row.removesuffix("…").split(" · "):
                assert all(part in told for part in said.split(" ", 1)), (said, told)
    groups = list(root.iter(f"{SVG}g"))
    assert len(groups) == len(list(data))
    assert len([path for path in root.iter(f"{SVG}path") if path.get("class") == "tie"]) == len(data.ties)
    assert len(text(data).splitlines()) == len(groups) + len(data.ties) + bool(data.beside) + bool(data.ties)


@settings(max_examples=80, deadline=None)
@given(trees())
def test_no_two_boxes_overlap(data: TreeData) -> None:
    places = layout(dot(data, words=False))
    taken = []
    for drawn in data:
        (x, y), shown = places.boxes[f"n{drawn.key}"], box(drawn)
        taken.append((x - shown.width / 2, y - shown.height / 2, x + shown.width / 2, y + shown.height / 2))
    for at, one in enumerate(taken):
        for other in taken[:at]:
            apart = one[2] < other[0] or other[2] < one[0] or one[3] < other[1] or other[3] < one[1]
            assert apart, (one, other)


@given(st.text(max_size=40), st.sampled_from(STATES), st.integers(0, 10**9))
def test_a_box_is_as_wide_as_its_words(name: str, state: Any, number: int) -> None:
    name = name_of(name)
    shown = box(member(0, name=name, registered=name, state=state, mailbox=number, life=number))
    assert all(cells(row) * NAME <= shown.width for row in shown.names)
    assert all(cells(row) * LETTER <= shown.width for row in shown.rows)
    assert shown.width % 2 == shown.height % 2 == 0


def test_a_very_deep_tree_is_drawn_without_recursion() -> None:
    budget = Restarts(0, 3, 5.0)
    chain = [member(key, key - 1 if key else None, kind="supervisor", restarts=budget) for key in range(1500)]
    assert len(text(TreeData(tuple(chain))).splitlines()) == 1500

    async def main() -> Any:
        spec = worker("leaf")
        for level in range(60):
            spec = supervisor(level, spec)
        return tree(await shop(spec))

    assert len(lines(main)) == 62


# ---- who lays it out -------------------------------------------------------------------------------------------


def some_tree() -> Tree:
    return Tree(TreeData((member(0, kind="supervisor", restarts=Restarts(0, 3, 5.0)), member(1, 0), member(2, 0))))


def test_without_any_graphviz_the_tree_is_text_and_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pygraphviz", None)
    monkeypatch.setattr(layouts.shutil, "which", lambda name: None)
    shown = some_tree()
    page = BeautifulSoup(shown._repr_html_(), "html.parser")
    assert page.pre.get_text() == str(shown)
    assert page.p.get_text() == (
        "The tree is shown as text: no picture: drawing it needs Graphviz, and neither the package pygraphviz "
        "(pip install pygraphviz) nor the program dot is here."
    )
    with pytest.raises(layouts.NoGraphviz, match="pip install pygraphviz"):
        shown.svg()


def test_without_the_package_graphviz_the_tree_is_text_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "graphviz", None)
    shown = some_tree()
    assert "pip install graphviz" in shown._repr_html_()
    with pytest.raises(ImportError):
        _ = shown.dot


def test_the_program_dot_is_the_second_choice(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    expected = some_tree().svg()
    program = tmp_path / "dot"
    program.write_text(
        f"#!{sys.executable}\n"
        "import sys, pygraphviz\n"
        "assert sys.argv[1:] == ['-Tplain']\n"
        "sys.stdout.write(pygraphviz.AGraph(string=sys.stdin.read()).draw(format='plain', prog='dot').decode())\n",
        encoding="utf-8",
    )
    program.chmod(0o755)
    monkeypatch.setitem(sys.modules, "pygraphviz", None)
    monkeypatch.setattr(layouts.shutil, "which", lambda name: str(program) if name == "dot" else None)
    assert some_tree().svg() == expected


def test_a_program_dot_that_fails_leaves_the_text_and_its_last_word(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = tmp_path / "dot"
    program.write_text("#!/bin/sh\necho trying >&2\necho 'no <plug-in>' >&2\nexit 3\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setitem(sys.modules, "pygraphviz", None)
    monkeypatch.setattr(layouts.shutil, "which", lambda name: str(program))
    html = some_tree()._repr_html_()
    assert html.startswith("<pre>● process 0")
    assert html.endswith(f"no picture: {program} could not lay it out: no &lt;plug-in&gt;.</p>")


@pytest.mark.parametrize(
    ("asked", "boxes"),
    [
        ("digraph {" + ";".join(f"n{number}" for number in range(1001)) + "}", 1001),
        ('digraph { a [shape=box fixedsize=true width=0.1 height=0.1 label="too long for its box"] }', 1),
    ],
)
def test_what_graphviz_thinks_of_a_graph_appears_nowhere(
    asked: str, boxes: int, capfd: pytest.CaptureFixture[str]
) -> None:
    assert len(layout(asked).boxes) == boxes
    assert capfd.readouterr() == ("", "")
    os.write(2, b"still open")
    assert capfd.readouterr().err == "still open"


def test_a_program_without_a_standard_error_draws_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def closed(descriptor: int) -> int:
        raise OSError(9, "Bad file descriptor")

    monkeypatch.setattr(layouts.os, "dup", closed)
    assert layout("digraph { a }").boxes.keys() == {"a"}


def test_graphviz_counts_from_below_and_in_inches() -> None:
    read = read_plain(
        'graph 1 2.5 3\nnode n0 1.25 2.5 1 1 "" solid box black lightgrey\nnode n1 0.5 0.5 1 1 "" solid box black x\n'
        "edge n0 n1 4 1 2 1 1.5 1 1 0.5 1 solid black\nstop\n"
    )
    assert (read.width, read.height) == (180, 216)
    assert read.boxes == {"n0": (90, 36), "n1": (36, 180)}
    assert read.lines == (("n0", "n1", ((72, 72), (72, 108), (72, 144), (36, 144)), None),)


def test_graphviz_says_where_a_lines_label_stands() -> None:
    read = read_plain('graph 1 1 1\nedge a b 2 0 0 1 1 "<TABLE>" 0.5 0.25 solid black\nstop\n')
    assert read.lines == (("a", "b", ((0, 72), (72, 0)), (36, 54)),)


def test_a_supervisor_of_ones_own_is_called_by_its_class() -> None:
    class Small(Supervisor):
        def init(self, argument: Any) -> Any:
            return Supervise([worker("till")], strategy="one_for_all")

    async def main() -> Any:
        return tree(await Small.start_link())

    assert lines(main)[0].startswith("● Small #PID<0.2.0>: running, one_for_all supervisor")

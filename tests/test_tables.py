"""Tables of what runs: what they show, and that nothing in them becomes markup."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

import pytest
from playing import play

from otp_mini import (
    Agent,
    BadArg,
    ChildSpec,
    DynamicSupervisor,
    GenServer,
    Node,
    Partition,
    PartitionSupervisor,
    Process,
    Registry,
    Supervisor,
    TaskSupervisor,
    Via,
    child_spec,
    ets,
    processes,
    receive,
    spawn,
    sys_,
    which,
)
from otp_mini.viz.tables import LIMIT, Table
from otp_mini.waits import who_waits

HOSTILE = ["<script>alert(1)</script>", "a & b", '"quoted"', "]]>", "-->", "two\nlines"]


class Cells(HTMLParser):
    """The tags and the texts of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.texts: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def test_which_shows_each_child_and_what_has_become_of_it() -> None:
    async def main() -> Any:
        children = [child_spec(GenServer, id=name) for name in "ab"]
        sup = await Supervisor.start_link(children, strategy="rest_for_one", name="shop")
        await Supervisor.terminate_child(sup, "a")
        first = await DynamicSupervisor.start_link(max_restarts=7)
        await DynamicSupervisor.start_child(first, GenServer)
        return which("shop"), which(first)

    static, dynamic = play(main)
    assert static.title == "shop #PID<0.2.0>: rest_for_one, 0 of 3 restarts in 5 s"
    assert [(row[0], row[4]) for row in static.rows] == [("a", "stopped"), ("b", "running")]
    assert dynamic.title.endswith("1 children, 0 of 7 restarts in 5 s")


def test_the_budget_in_the_title_slides() -> None:
    async def main() -> Any:
        sup = await Supervisor.start_link([GenServer], strategy="one_for_one")
        Process.exit((await Supervisor.which_children(sup))[0].pid, "kill")  # type: ignore[arg-type]
        titles = []
        for seconds in (1, 4, 0.001):
            await Process.sleep(seconds)
            titles.append(which(sup).title.partition(", ")[2])
        return titles

    assert play(main) == [f"{spent} of 3 restarts in 5 s" for spent in (1, 1, 0)]  # as long as it counts


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_text_in_the_html_and_one_line_in_the_text(name: str) -> None:
    async def main() -> Any:
        sup = await Supervisor.start_link(
            [ChildSpec(name, (GenServer.start_link, (0,)))], strategy="one_for_one", name=name
        )
        return which(sup), processes()

    shown, everybody = play(main)
    cells = Cells(shown._repr_html_())
    assert set(cells.tags) == {"table", "caption", "thead", "tbody", "tr", "th", "td"}
    assert shown.rows[0][0] in cells.texts
    assert len(str(shown).splitlines()) == 3
    assert len(str(everybody).splitlines()) == 2 + len(everybody.rows)
    assert set(Cells(everybody._repr_html_()).tags) == set(cells.tags)


def test_the_headings_say_so_to_a_screen_reader() -> None:
    async def main() -> Any:
        return processes()._repr_html_()

    html = play(main)
    assert html.count('<th scope="col">') == 6
    assert "<caption>1 process</caption>" in html


def test_which_says_what_it_takes_and_what_it_got() -> None:
    async def main() -> None:
        plain = spawn(Process.sleep, 1)
        Process.register(plain, "sleeper")
        table = ets.new("gone")
        ets.delete(table)
        for what, said in (
            ("nobody", "got 'nobody'$"),
            (plain, r"got #PID<0.2.0>, a process that is no server: sleeper #PID<0.2.0>$"),
            (table, "got <ets 'gone' #Ref<0.0.2.1>: deleted>$"),
            (GenServer, "got <class 'otp_mini.gen_server.GenServer'>$"),
        ):
            with pytest.raises(BadArg, match="needs a running supervisor, registry, agent .* or an ETS table; " + said):
                which(what)

    play(main)


def test_looking_takes_no_message_and_no_time() -> None:
    async def main() -> Any:
        sup = await Supervisor.start_link([GenServer], strategy="one_for_one")
        assert sup is not None
        turns = sup.block.turns
        which(sup)
        await Process.sleep(1)
        return sup.block.turns - turns

    assert play(main) == 0


@pytest.mark.parametrize("kind", [PartitionSupervisor, TaskSupervisor])
def test_every_kind_of_supervisor_is_shown_by_its_children(kind: Any) -> None:
    async def main() -> Any:
        if kind is PartitionSupervisor:
            return which(await PartitionSupervisor.start_link(GenServer, name="parts", partitions=1))
        sup = await TaskSupervisor.start_link(name="tasks")
        await TaskSupervisor.start_child(sup, Process.sleep, 60)
        return which(sup)

    [row] = play(main).rows
    assert row[1:3] == ("#PID<0.3.0>", "worker")


# ---- registries ----------------------------------------------------------------------------


def test_a_registry_is_shown_by_its_entries() -> None:
    async def main() -> Any:
        pid = await Registry.start_link(keys="duplicate", name="topics")
        Registry.register("topics", "news", {"since": 3})
        Registry.register("topics", ("room", 7))
        Registry.register("topics", "news")
        assert str(which(pid)) == str(which("topics"))
        return which("topics")

    shown = play(main)
    assert str(shown).splitlines() == [
        "topics #PID<0.2.0>: duplicate keys, 3 entries",
        "key          pid          value",
        "'news'       #PID<0.1.0>  {'since': 3}",
        "'news'       #PID<0.1.0>  None",
        "('room', 7)  #PID<0.1.0>  None",
    ]


def test_an_empty_registry_says_so() -> None:
    async def main() -> Any:
        await Registry.start_link(keys="unique", name="rooms")
        return which("rooms")

    assert str(play(main)) == "rooms #PID<0.2.0>: unique keys, 0 entries\nkey  pid  value"


def test_the_state_of_a_registry_is_its_entries_and_a_copy_of_them() -> None:
    async def main() -> Any:
        pid = await Registry.start_link(keys="unique", name="rooms")
        Registry.register("rooms", "lobby", ["ann"])
        entries = await sys_.get_state(pid)
        entries[0].value.append("eve")
        return entries, Registry.lookup("rooms", "lobby"), repr(pid.block.loop.state)

    entries, looked_up, shown = play(main)
    assert [(entry.key, entry.value) for entry in entries] == [("lobby", ["ann", "eve"])]
    assert looked_up[0][1] == ["ann"]
    assert shown == "<unique keys, 1 entry>"


# ---- agents and other servers --------------------------------------------------------------


def test_an_agent_is_shown_by_its_state() -> None:
    async def main() -> Any:
        await Agent.start_link(lambda: 41, name="visits")
        rooms = await Agent.start_link(lambda: {"lobby": ["ann", "bob"], 7: None})
        return which("visits"), which(rooms)

    visits, rooms = play(main)
    assert str(visits) == "visits #PID<0.2.0>: Agent\nstate\n41"
    assert str(rooms).splitlines() == [
        "Agent #PID<0.3.0>",
        "key      value",
        "'lobby'  ['ann', 'bob']",
        "7        None",
    ]


def test_any_server_is_shown_by_its_state_and_found_by_its_address() -> None:
    async def main() -> Any:
        await Registry.start_link(keys="unique", name="rooms")
        await GenServer.start_link("x" * 100, name=Via("rooms", "lobby"))
        return which(Via("rooms", "lobby"))

    assert str(play(main)).splitlines() == ["GenServer #PID<0.3.0>", "state", "'" + "x" * 59 + "… (40 characters more)"]


# ---- ETS -----------------------------------------------------------------------------------


def test_a_table_is_shown_by_its_rows_with_a_column_for_each_place() -> None:
    async def main() -> Any:
        table = ets.new("pets", type="ordered_set", access="private", keypos=1)
        ets.insert(table, [("cat", 2, "tom"), ("dog", 1), (*"abcdefghijk",)])

        async def elsewhere() -> Any:
            return which(table)

        shown = await elsewhere()
        ets.new("named", named=True)
        return shown, which("named")

    shown, empty = play(main)
    assert str(shown).splitlines() == [
        "ets 'pets' #Ref<0.0.2.1>: ordered_set of 3, private, owner #PID<0.1.0>",
        "0      1 (key)  2      3    4    5    6    7",
        "'dog'  1",
        "'cat'  2        'tom'",
        "'a'    'b'      'c'    'd'  'e'  'f'  'g'  'h', … 3 more",
    ]
    assert str(empty).splitlines() == ["ets 'named' #Ref<0.0.2.2>: set of 0, protected, owner #PID<0.1.0>", "0 (key)"]


def test_a_process_is_shown_before_a_table_of_the_same_name() -> None:
    async def main() -> Any:
        handle = ets.whereis(ets.new("same", named=True))
        await Agent.start_link(lambda: 0, name="same")
        return which("same").title, which(handle).title

    assert play(main) == ("same #PID<0.2.0>: Agent", "ets 'same' #Ref<0.0.2.1>: set of 0, protected, owner #PID<0.1.0>")


# ---- in a notebook -------------------------------------------------------------------------


def test_an_agent_a_registry_and_a_table_show_themselves_in_a_notebook() -> None:
    async def main() -> list[Any]:
        agent = await Agent.start_link(lambda: {"visits": 41})
        registry = await Registry.start_link(keys="unique", name="rooms")
        table = ets.new("ages")
        ets.insert(table, ("<ann>", 34))
        return [(thing._repr_html_(), which(thing)._repr_html_()) for thing in (agent, registry, table)]

    for shown, expected in play(main):
        assert shown == expected


def test_another_server_a_plain_process_and_what_is_gone_are_text_alone() -> None:
    async def main() -> list[Any]:
        server, plain = await GenServer.start_link(), spawn(Process.sleep, 9)
        agent, table = await Agent.start_link(dict), ets.new("gone")
        await Agent.stop(agent)
        ets.delete(table)
        return [thing._repr_html_() for thing in (server, plain, agent, table)]

    assert play(main) == [None] * 4


# ---- long tables ---------------------------------------------------------------------------


def test_of_a_long_table_the_first_rows_are_shown_and_the_others_counted() -> None:
    async def main() -> list[Table]:
        table = ets.new("numbers", type="duplicate_bag")
        ets.insert(table, [(n % 7,) for n in range(5_000)])
        await Registry.start_link(keys="duplicate", name="topics")
        for n in range(30):
            Registry.register("topics", n)
        agent = await Agent.start_link(lambda: dict.fromkeys(range(30)))
        children = [child_spec(GenServer, id=n) for n in range(30)]
        sup = await Supervisor.start_link(children, strategy="one_for_one")
        return [which(what, limit=10) for what in (table, "topics", agent, sup)] + [processes(10)]

    shown = play(main)
    assert [len(table.rows) for table in shown] == [10] * 5
    assert [table.more for table in shown] == ["and 4,990 more"] + ["and 20 more"] * 3 + ["and 24 more"]
    for table in shown:
        assert str(table).splitlines()[-1] == table.more
        assert f'<td colspan="{len(table.headings)}">{table.more}</td></tr></tfoot></table>' in table._repr_html_()


@pytest.mark.parametrize(("limit", "rows", "more"), [(LIMIT, LIMIT, "and 1 more"), (21, 21, ""), (None, 21, "")])
def test_the_limit_can_be_set_and_lifted(limit: int | None, rows: int, more: str) -> None:
    async def main() -> Any:
        table = ets.new("numbers")
        ets.insert(table, [(n,) for n in range(21)])
        return which(table, limit)

    shown = play(main)
    assert (len(shown.rows), shown.more) == (rows, more)
    assert ("<tfoot>" in shown._repr_html_()) is bool(more)


# ---- hostile names and values --------------------------------------------------------------


class Hostile:
    """A value whose text is somebody's."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text


@pytest.mark.parametrize("text", [*HOSTILE, "\x1b[31mred", "\u202egnp", "a" * 10_000])
def test_hostile_keys_values_and_names_are_text_on_one_line(text: str) -> None:
    async def main() -> list[Table]:
        await Registry.start_link(keys="unique", name=text)
        Registry.register(text, text, Hostile(text))
        agent = await Agent.start_link(lambda: Hostile(text))
        table = ets.new(text)
        ets.insert(table, (text, Hostile(text)))
        return [which(text), which(agent), which(table)]

    for shown in play(main):
        cells = Cells(shown._repr_html_())
        assert set(cells.tags) == {"table", "caption", "thead", "tbody", "tr", "th", "td"}
        assert cells.texts == [shown.title, *shown.headings, *shown.rows[0]]
        assert len(str(shown).splitlines()) == 3
        assert str(shown).replace("\n", "").isprintable()


@pytest.mark.parametrize("kind", ["agent", "registry", "table"])
def test_what_cannot_be_printed_is_shown_all_the_same(kind: str) -> None:
    class Broken:
        def __repr__(self) -> str:
            raise RuntimeError("no repr")

    async def main() -> Table:
        if kind == "agent":
            return which(await Agent.start_link(Broken))
        if kind == "registry":
            await Registry.start_link(keys="unique", name="rooms")
            Registry.register("rooms", 1, Broken())
            return which("rooms")
        ets.insert(table := ets.new("t"), (1, Broken()))
        return which(table)

    assert "<Broken whose __repr__ failed with RuntimeError>" in play(main).rows[0]


# ---- what a user holds ---------------------------------------------------------------------


def test_addresses_and_tables_say_what_they_are() -> None:
    async def main() -> list[str]:
        held = [
            Via("rooms", "lobby"), Via("rooms", ("room", 7), {"seats": 3}), Partition("counters", "ann"),
            table := ets.new("ages"), ets.new(Agent, access="public", type="bag"),
        ]  # fmt: skip
        ets.insert(table, ("ann", 34))
        return [*map(repr, held)]

    assert play(main) == [
        "Via('rooms', 'lobby')",
        "Via('rooms', ('room', 7), {'seats': 3})",
        "Partition('counters', 'ann')",
        "<ets 'ages' #Ref<0.0.2.1>: set of 1, protected, owner #PID<0.1.0>>",
        "<ets Agent #Ref<0.0.2.2>: bag of 0, public, owner #PID<0.1.0>>",
    ]


def test_what_a_process_waits_for_is_told_in_the_same_words_by_the_table_and_of_a_deadlock() -> None:
    class Silent(GenServer):
        async def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
            await receive()

    async def main() -> Table:
        await Silent.start_link(name="silent")
        spawn(GenServer.call, "silent", "x", None)
        spawn(Process.sleep, 60)
        await Process.sleep(1)
        return processes()

    with Node(clock="virtual") as node:
        table = node.run(main)
        told = who_waits(node.blocks.values()).splitlines()
    rows = [line.split() for line in str(table).splitlines()]
    assert len(told) == 3
    for line in told:
        name, words = line.strip().split(" waits for ")
        [row] = [row for row in rows if row[:1] == name.split()[-1:]]
        assert " ".join(row[2:]).startswith(words), (row, words)

"""Tables of what runs: what they show, and that nothing in them becomes markup."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

import pytest

from otp_mini import (
    BadArg,
    ChildSpec,
    DynamicSupervisor,
    GenServer,
    Node,
    Process,
    Supervisor,
    child_spec,
    processes,
    spawn,
    which,
)

HOSTILE = ["<script>alert(1)</script>", "a & b", '"quoted"', "]]>", "-->", "two\nlines"]


def play(main: Any) -> Any:
    with Node(clock="virtual") as node:
        return node.run(main)


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
        await Process.sleep(1)
        spent = which(sup).title
        await Process.sleep(5)
        return spent, which(sup).title

    spent, later = play(main)
    assert "1 of 3 restarts" in spent
    assert "0 of 3 restarts" in later


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
    assert "<caption>1 processes</caption>" in html


@pytest.mark.parametrize("what", ["nobody", "plain"])
def test_which_wants_a_supervisor(what: str) -> None:
    async def main() -> None:
        target: Any = "nobody" if what == "nobody" else spawn(Process.sleep, 1)
        with pytest.raises(BadArg, match="needs a running supervisor, got"):
            which(target)

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

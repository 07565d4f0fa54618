"""The model answers of chapter 04 against their own sentences, with faults that its checks do not use."""

from __future__ import annotations

import random
from typing import Any

import pytest
from attacks_04 import (
    AsyncLibrary,
    KeeperArchive,
    MonitoringAgency,
    MonitoringArchive,
    ShutdownAgency,
    ThoroughKiosk,
    WatchingLibrary,
)
from test_exercises import READ, defined

from otp_mini import (
    Down,
    Exit,
    GenServer,
    NoReply,
    Pid,
    Process,
    Ref,
    Reply,
    Supervisor,
    Task,
    current_node,
    receive,
    self_,
    send,
    spawn,
    spawn_link,
)
from tests.playing import play

MODEL = defined(READ["04_genserver_antipatterns"])


async def caller(server: Any, request: Any, home: Pid, label: Any) -> None:
    """Ask once, and report everything that comes, by whom it was asked and when."""
    began = current_node().now()
    try:
        answer = await GenServer.call(server, request, timeout=None)
    except Exit as exit:
        answer = ("exit", exit.reason)
    send(home, (label, round(current_node().now() - began, 3), answer))
    while True:
        send(home, (label, "stray", await receive()))


async def heard() -> list[Any]:
    """What the callers have reported so far."""
    got = []
    await Process.sleep(0.01)
    while (news := await receive(lambda m: isinstance(m, tuple) and len(m) == 3, timeout=0.0)) != "timeout":
        got.append(news)
    return got


# ---- the archive that searches for many ------------------------------------------------------------------


def test_a_search_of_an_instant_and_one_of_a_week_are_answered_in_their_own_time() -> None:
    async def search(days: float) -> Any:
        if days:
            await Process.sleep(days * 86400.0)
        return days

    async def main() -> list[Any]:
        archive = await MODEL["Archive"].start(search)
        for days in (7.0, 0.0, 1.0):
            spawn(caller, archive, ("find", days), self_(), days)
        await Process.sleep(8 * 86400.0)
        assert await GenServer.call(archive, "asked") == 3
        return await heard()

    assert play(main) == [(0.0, 0.0, 0.0), (1.0, 86400.0, 1.0), (7.0, 604800.0, 7.0)]


def test_a_caller_that_has_gone_home_costs_the_archive_nothing() -> None:
    async def search(title: str) -> str:
        await Process.sleep(9.0)
        return title

    async def main() -> Any:
        archive = await MODEL["Archive"].start(search)
        gone = spawn(caller, archive, ("find", "a"), self_(), "gone")
        spawn(caller, archive, ("find", "b"), self_(), "waits")
        await Process.sleep(1.0)
        Process.exit(gone, "kill")
        await Process.sleep(20.0)
        return await heard(), await GenServer.call(archive, "asked")

    assert play(main) == ([("waits", 9.0, "b")], 2)


# ---- the one whose searches may fail ---------------------------------------------------------------------


@pytest.mark.parametrize("archive", [MODEL["CarefulArchive"], MonitoringArchive, KeeperArchive])
def test_every_question_is_answered_once_however_many_there_are_and_whoever_is_killed(archive: Any) -> None:
    """Two hundred searches that end in an instant or slowly, well or badly, many at the same moment."""
    chance = random.Random(4)
    plan = [
        (chance.choice([0.0, 0.5, 1.0, 86400.0]), chance.choice(["found", "raise", "exit", "normal"]))
        for _ in range(200)
    ]

    async def search(number: int) -> Any:
        seconds, how = plan[number]
        if seconds:
            await Process.sleep(seconds)
        if how == "raise":
            raise LookupError(number)
        if how != "found":
            raise Exit("normal" if how == "normal" else ("shutdown", number))
        return number

    async def main() -> None:
        await Task.Supervisor.start_link(name="searches")
        server = await archive.start(search)
        for number in range(200):
            spawn(caller, server, ("find", number), self_(), number)
        await Process.sleep(2 * 86400.0)
        got = await heard()
        assert sorted(label for label, _, _ in got) == list(range(200)), "each once, and no strays"
        for label, after, answer in got:
            seconds, how = plan[label]
            assert answer == (label if how == "found" else ("error", "lost"))
            assert after == seconds
        assert await GenServer.call(server, "open") == 0

    play(main)


def test_a_whole_supervisor_of_searches_that_is_stopped_leaves_nobody_unanswered() -> None:
    async def search(title: str) -> None:
        await receive()

    async def main() -> Any:
        searches = await Task.Supervisor.start_link(name="searches")
        archive = await MODEL["CarefulArchive"].start(search)
        for title in "ab":
            spawn(caller, archive, ("find", title), self_(), title)
        await Process.sleep(60.0)
        assert searches is not None
        await Supervisor.stop(searches)
        return await heard(), await GenServer.call(archive, "open")

    lost = ("error", "lost")
    assert play(main) == ([("a", 60.0, lost), ("b", 60.0, lost)], 0)


@pytest.mark.parametrize("archive", [MODEL["CarefulArchive"], MonitoringArchive])
def test_a_forged_message_answers_nobody(archive: Any) -> None:
    async def search(title: str) -> str:
        await Process.sleep(5.0)
        return title

    async def main() -> Any:
        await Task.Supervisor.start_link(name="searches")
        server = await archive.start(search)
        spawn(caller, server, ("find", "a"), self_(), "a")
        await Process.sleep(1.0)
        other = Process.monitor(server)
        for message in ((other, "forged"), Down(other, server, "normal"), ("an answer of", self_(), "x"), {}, ((), ())):
            send(server, message)
        await Process.sleep(10.0)
        return await heard()

    assert play(main) == [("a", 5.0, "a")]


# ---- the library that is open while it loads -------------------------------------------------------------


@pytest.mark.parametrize("library", [MODEL["Library"], AsyncLibrary, WatchingLibrary])
def test_a_library_is_open_through_a_loading_of_a_week_and_ends_with_one_that_fails_then(library: Any) -> None:
    async def load() -> int:
        await Process.sleep(7 * 86400.0)
        return 3

    async def fails() -> int:
        await load()
        raise OSError("the disk is full")

    async def main() -> Any:
        good, bad = await library.start(load), await library.start(fails)
        for _ in range(7):
            assert [await GenServer.call(each, "books") for each in (good, bad)] == ["loading", "loading"]
            await Process.sleep(86390.0)
        await Process.sleep(100.0)
        watch = Process.monitor(bad)
        assert (await receive(Down)).ref == watch
        return await GenServer.call(good, "books")

    assert play(main) == 3


def test_a_library_under_a_supervisor_is_started_anew_when_its_loading_fails() -> None:
    class Tries(GenServer):
        def handle_call(self, request: Any, from_: Any, count: Any) -> Any:
            return Reply(count, count + 1)

    async def load() -> int:
        await Process.sleep(2.0)
        if await GenServer.call("tries", "next") < 3:
            raise OSError("not yet")
        return 9

    class Named(MODEL["Library"]):  # type: ignore[misc]
        @classmethod
        async def start_link(cls, load: Any) -> Any:
            return await super().start_link(load, name="library")

    async def main() -> Any:
        await Tries.start(1, name="tries")
        await Supervisor.start_link([(Named, load)], strategy="one_for_one")
        await Process.sleep(10.0)
        return await GenServer.call("library", "books")

    assert play(main) == 9


# ---- feed ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seconds", [[0.0] * 40, [0.0, 3600.0] * 20, [86400.0] + [0.1] * 60, [1.0] * 9])
def test_a_press_of_any_pace_never_has_more_than_ten_jobs_waiting(seconds: list[float]) -> None:
    """Jobs of an instant and of a day, in one go."""
    longest = 0

    class Uneven(GenServer):
        async def handle_cast(self, request: Any, printed: Any) -> Any:
            nonlocal longest
            waiting = Process.info(self_())["messages"]  # type: ignore[index]
            longest = max(longest, 1 + sum(message[0] == "$gen_cast" for message in waiting))
            if seconds[request[1]]:
                await Process.sleep(seconds[request[1]])
            return NoReply([*printed, request[1]])

        def handle_call(self, request: Any, from_: Any, printed: Any) -> Any:
            return Reply(len(printed), printed)

    async def main() -> Any:
        press = await Uneven.start([])
        began = current_node().now()
        await MODEL["feed"](press, list(range(len(seconds))))
        assert round(current_node().now() - began, 3) == round(sum(seconds), 3), "the press was never idle"
        return await GenServer.call(press, "printed")

    assert play(main) == len(seconds)
    assert longest <= 10


# ---- the cloakroom ---------------------------------------------------------------------------------------


def test_a_hundred_coats_at_once_get_a_hundred_hooks() -> None:
    async def main() -> None:
        await MODEL["MendedRack"].start([], name="rack")
        await MODEL["MendedDesk"].start(0, name="desk")
        for number in range(100):
            spawn(caller, "desk", ("hand in", number % 3), self_(), number)
        await Process.sleep(1.0)
        got = await heard()
        assert [answer for _, _, answer in sorted(got)] == [f"hook {number}" for number in range(1, 101)]
        assert {after for _, after, _ in got} == {0.0}
        assert await GenServer.call("rack", "coats") == [number % 3 for number in range(100)]

    play(main)


# ---- the kiosk -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kiosk", [MODEL["MendedKiosk"], ThoroughKiosk])
@pytest.mark.parametrize("reason", ["normal", "kill", ("shutdown", 7), ValueError("x"), {"a": 1}])
@pytest.mark.parametrize("after", [0.0, 30 * 86400.0])
def test_a_kiosk_ends_with_its_printer_at_any_time_and_by_any_reason(kiosk: Any, reason: Any, after: float) -> None:
    async def printer() -> None:
        await receive(lambda message: message == "end")
        if isinstance(reason, Exception):
            raise reason
        raise Exit(reason)

    async def start() -> Pid:
        return spawn_link(printer)

    async def main() -> float:
        server = await kiosk.start(start)
        pid = await GenServer.call(server, "printer")
        await Process.sleep(after)
        assert Process.alive(server)
        began = current_node().now()
        Process.monitor(server)
        send(pid, "end")
        await receive(Down)
        return current_node().now() - began

    assert play(main) == 0.0


def test_a_kiosk_whose_printer_is_dead_from_the_start_ends() -> None:
    async def start() -> Pid:
        async def printer() -> None:
            return

        pid = spawn_link(printer)
        await Process.sleep(1.0)
        return pid

    async def main() -> bool:
        server = await MODEL["MendedKiosk"].start(start)
        await Process.sleep(0.1)
        return Process.alive(server)

    assert play(main) is False


# ---- the agency ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("agency", [MODEL["Agency"], MonitoringAgency, ShutdownAgency])
def test_an_agency_answers_each_of_a_thousand_questions_once_and_lets_no_more_than_the_limit_run(agency: Any) -> None:
    """Instant, slow, silent for ever, deaf to exits; raising, leaving, killed from outside; in bursts."""
    chance = random.Random(5)
    running: set[Pid] = set()
    most = 0

    async def ask(how: Any) -> Any:
        nonlocal most
        running.add(self_())
        most = max(most, sum(Process.alive(pid) for pid in running))
        seconds, end = how
        if end == "deaf":
            Process.flag(trap_exit=True)
        if seconds:
            await Process.sleep(seconds)
        match end:
            case "raise":
                raise RuntimeError(seconds)
            case "exit" | "normal":
                raise Exit(end)
            case "silent":
                await receive(lambda _: False)
        return ("seats", seconds)

    async def main() -> None:
        await Task.Supervisor.start_link(name="asking")
        server = await agency.start((ask, 5, 10.0))
        hows: list[Any] = []
        for _ in range(100):
            for _ in range(chance.choice([1, 10, 20])):
                hows.append((chance.choice([0.0, 1.0, 9.9, 10.1, 7e5]), chance.choice(ENDS)))
                spawn(caller, server, ("seats", hows[-1]), self_(), len(hows) - 1)
            await Process.sleep(chance.choice([0.1, 3.0, 11.0]))
            if chance.random() < 0.3 and running:
                Process.exit(max(running, key=repr), "kill")
        await Process.sleep(100.0)
        got = await heard()
        assert sorted(label for label, _, _ in got) == list(range(len(hows))), "each once, and no strays"
        for label, after, answer in got:
            assert fits(hows[label], after, answer), (hows[label], after, answer)
        assert most <= 5
        assert await GenServer.call(server, "running") == 0
        assert not any(Process.alive(pid) for pid in running)

    play(main)


ENDS = ("found", "raise", "exit", "normal", "silent", "deaf")


def fits(how: tuple[float, str], after: float, answer: Any) -> bool:
    """Whether an answer is one that the statement allows; any task may have been killed before its time."""
    seconds, end = how
    if answer == ("error", "busy"):
        return after == 0.0
    if answer == ("error", "late"):
        return after == 10.0 and (seconds > 10.0 or end == "silent")
    if answer == ("error", "failed"):
        return after <= min(seconds, 10.0) if end in ("raise", "exit", "normal") else after < 10.0
    return bool(answer == ("seats", seconds) and after == seconds and end in ("found", "deaf"))


def test_the_office_of_the_text_answers_every_buyer_and_its_seats_add_up() -> None:
    """The watched office, as the chapter shows it, with payments killed in between."""
    cells = {cell["id"]: "".join(cell["source"]) for cell in READ["04_genserver_antipatterns"]["cells"]}
    names: dict[str, Any] = dict(vars(__import__("otp_mini")), Ref=Ref)
    for cell in ("watched-info", "whole-client", "whole-callbacks"):
        source = cells[cell]
        if cell == "watched-info":
            source = source.partition("class Office")[0]
        exec(source, names)

    async def ask_bank(card: Any) -> Any:
        await Process.sleep(card)
        if card == 5.0:
            raise ValueError(card)
        return f"paid {card:g}"

    names["ask_bank"] = ask_bank

    async def main() -> None:
        payments = await Task.Supervisor.start_link(name="payments")
        assert payments is not None
        await names["Office"].start_link(4)
        for card in (1.0, 5.0, 9.0, 11.0, 2.0):
            spawn(caller, "office", ("buy", card), self_(), card)
        await Process.sleep(3.0)
        Process.exit((await Task.Supervisor.children(payments))[1], "kill")  # the one of nine seconds
        await Process.sleep(30.0)
        got = {label: (after, answer) for label, after, answer in await heard()}
        no = ("error", "not paid")
        assert got == {
            1.0: (1.0, "paid 1"),
            5.0: (5.0, no),
            9.0: (3.0, no),
            11.0: (10.0, no),
            2.0: (0.0, ("error", "sold out")),
        }
        assert await names["Office"].seats() == 3

    play(main)

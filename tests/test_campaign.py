"""Campaigns of faults: what each fault does, how a design is scored, and that a seed means the same everywhere."""

from __future__ import annotations

import asyncio
import math
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from bs4 import BeautifulSoup

from otp_mini import (
    Application,
    BadArg,
    Below,
    ChildSpec,
    Continue,
    Crash,
    Deadlock,
    DynamicSupervisor,
    Exit,
    FailingStart,
    Flood,
    GenServer,
    Hang,
    Kill,
    NoReply,
    Ok,
    Process,
    Registry,
    Reply,
    Shared,
    SlowStart,
    Storm,
    Supervisor,
    Task,
    Unreachable,
    Via,
    campaign,
    ets,
    receive,
    run,
    send,
    spawn,
)
from otp_mini.campaign import Replayed
from otp_mini.faults import Draw, Fault
from otp_mini.score import Campaign
from otp_mini.stage import Stage
from otp_mini.terms import picture
from tests.campaign_program import ALL_KINDS, PINNED, Server, all_orders, buy, everything, server, shop
from tests.random_campaigns import wrong_after

ROOT = Path(__file__).parents[1]
MINUTES = 1 / 60


# ---- a small shop --------------------------------------------------------------------------------


async def start_stubborn(name: str) -> Any:
    return await Stubborn.start_link(None, name=name)


class Stubborn(Server):
    def init(self, argument: Any) -> Any:
        Process.flag(trap_exit=True)
        return Ok([])


async def two_levels() -> Any:
    """Two groups of two."""

    async def group(names: list[str]) -> Any:
        return await Supervisor.start_link([server(name) for name in names], strategy="one_for_one")

    groups = {"storage": ["cache", "disk"], "front": ["web", "mail"]}
    children = [ChildSpec(id, (group, [names]), type="supervisor") for id, names in groups.items()]
    return await Supervisor.start_link(children, strategy="one_for_one")


async def ask_cache() -> Any:
    return await GenServer.call("cache", "order")


def broken(fault: Fault, application: Any = None, probe: Any = ask_cache, **how: Any) -> Campaign:
    """Two minutes with one fault."""
    return campaign(application or shop(), [fault], probe, **{"hours": 2 * MINUTES, **how})


def told(result: Campaign, number: int = 0) -> str:
    """What happened after a fault, as text."""
    return str(result.strikes[number].replay().trace)


# ---- what each fault does --------------------------------------------------------------------------


def test_a_crash_raises_in_the_server_and_the_supervisor_restarts_it() -> None:
    result = broken(Crash("cache", at=60.5))
    lines = told(result).splitlines()
    assert "fault    -> cache" in lines[0]
    assert any("RuntimeError: planted" in line or "planted by the campaign" in line for line in lines if "exit" in line)
    (strike,) = result.strikes
    assert (strike.struck, strike.restarted, strike.wrong) == (["cache"], 1, 0)
    assert "cache raised RuntimeError: planted by the campaign" in str(strike.replay().why)


def test_a_crash_raises_the_error_that_it_is_given() -> None:
    result = broken(Crash("cache", at=60.5, error=OSError("disk full")))
    assert "OSError: disk full" in str(result.strikes[0].replay().why)


def test_a_kill_is_the_exit_signal_that_nobody_survives() -> None:
    async def start() -> Any:
        child = ChildSpec("cache", (start_stubborn, ["cache"]))
        return await Supervisor.start_link([child], strategy="one_for_one")

    result = broken(Kill("cache", at=60.5), start)
    assert "'killed'" in told(result)
    assert str(result.strikes[0].replay().why) == "cache was killed by campaign."
    assert result.strikes[0].restarted == 1


def test_a_server_that_hangs_answers_nobody_until_its_time_is_over() -> None:
    result = broken(Hang("cache", at=60.5, for_=7.0))
    (strike,) = result.strikes
    # Asked at 61 and 62: their calls end at 66 and 67. Those of 63 to 67 are answered at 67.5.
    assert (strike.wrong, strike.recovery, strike.restarted) == (2, 7.0, 0)
    assert result.requests == 119
    assert result.right == 117
    assert strike.saw == "asked at 0:01:01.000 and its call to cache exited: no answer within the time-out"
    replies = [event.time for event in strike.replay().trace if event.kind == "reply"]
    assert set(replies[:7]) == {67.5}


def test_who_hangs_twice_hangs_until_the_later_time() -> None:
    faults = [Hang("cache", at=60.5, for_=10.0), Hang("cache", at=61.5, for_=2.0)]
    result = campaign(shop(), faults, ask_cache, hours=2 * MINUTES)
    assert [strike.recovery for strike in result.strikes] == [None, 9.0]  # what goes wrong, does so after the second


def test_a_hanging_server_is_killed_by_a_signal_unless_it_traps_exits() -> None:
    result = campaign(shop(), [Hang("cache", at=60.5), Kill("cache", at=62.5)], ask_cache, hours=2 * MINUTES)
    assert result.strikes[1].restarted == 1
    assert (result.strikes[1].wrong, result.strikes[1].recovery) == (2, 0.5)
    assert result.strikes[1].saw.endswith("exited: it was killed")


def test_a_supervisor_and_a_plain_process_can_hang_too() -> None:
    async def plain() -> None:
        while True:
            match await receive():
                case (sender, "ping"):
                    send(sender, "pong")

    async def start() -> Any:
        async def start_plain() -> Any:
            pid = await Task.start_link(plain)
            Process.register(pid, "plain")
            return pid

        children = [ChildSpec("plain", (start_plain, [])), server("cache")]
        return await Supervisor.start_link(children, strategy="one_for_one", name="top")

    async def ping() -> bool:
        from otp_mini import self_

        send("plain", (self_(), "ping"))
        return bool(await receive(timeout=2.0) == "pong")

    result = broken(Hang("plain", at=60.5, for_=10.0), start, ping)
    assert result.strikes[0].wrong == 8  # 61 to 68; that of 69 has its answer at 70.5
    assert result.strikes[0].saw == "asked at 0:01:01.000 and was answered False"
    faults = [Hang("top", at=60.5, for_=10.0), Kill("cache", at=61.5)]
    result = campaign(start, faults, ask_cache, hours=2 * MINUTES)
    assert result.strikes[0].saw == ""
    assert result.strikes[1].recovery == 9.5  # nobody restarts it before


def test_a_slow_start_holds_up_the_supervisor_and_all_who_ask_it() -> None:
    async def count() -> Any:
        return await Supervisor.count_children("top")

    result = broken(SlowStart("cache", at=60.5, seconds=8.0), shop(name="top"), count)
    # 61 and 62 give up at 66 and 67; the others are answered at 68.5.
    assert (result.strikes[0].wrong, result.strikes[0].recovery) == (3, 8.0)
    assert "waiting for an answer from top" in result.strikes[0].saw
    started = [event.time for event in result.strikes[0].replay().trace if event.kind == "started"]
    assert started == [68.5]


def test_a_slow_start_has_its_name_already_so_a_call_waits_for_it() -> None:
    result = broken(SlowStart("cache", at=60.5, seconds=2.0))
    assert (result.wrong, result.strikes[0].restarted) == (0, 1)


def test_a_start_that_fails_is_tried_again_and_each_try_counts() -> None:
    few = broken(FailingStart("cache", at=60.5, times=2))
    assert [event.kind for event in few.strikes[0].replay().trace].count("restart") == 3
    assert (few.strikes[0].restarted, few.wrong, few.gave_up) == (1, 0, [])
    many = broken(FailingStart("cache", at=60.5, times=3, error=OSError("no disk")))
    (gone,) = many.gave_up
    assert gone == (60.5, "the root", "cache", 1)
    assert many.went_down == 1
    assert "OSError: no disk" in str(many.strikes[0].replay().why)


def test_a_lost_dependency_is_not_there_for_a_while_and_lives() -> None:
    result = broken(Unreachable("cache", at=60.5, for_=3.0), state=all_orders)
    (strike,) = result.strikes
    assert (strike.wrong, strike.recovery, strike.restarted, strike.lost) == (3, 3.5, 0, 0)
    assert strike.saw == "asked at 0:01:01.000 and its call to cache exited: no such process"
    assert "register" in told(result)


def test_who_is_restarted_while_its_name_leads_nowhere_takes_it_at_once() -> None:
    faults = [Unreachable("cache", at=60.5, for_=30.0), Kill(Below(), at=62.5)]
    result = campaign(shop("one_for_one", "cache"), faults, ask_cache, hours=2 * MINUTES)
    assert result.strikes[0].wrong == 2
    assert result.strikes[0].recovery == 2.5


def test_a_flood_keeps_a_server_busy_and_its_messages_arrive() -> None:
    result = broken(Flood("cache", at=60.5, messages=7000, cast="noise"), state=all_orders)
    assert (result.strikes[0].wrong, result.strikes[0].recovery) == (2, 7.0)

    async def noise() -> bool:
        return len(await GenServer.call("cache", "all")) in (0, 3000)

    result = broken(Flood("cache", at=60.5, messages=3000, cast="noise", each=0), probe=noise)
    assert result.wrong == 0
    assert "'$gen_cast', 'noise'" in told(result)


def test_a_flood_of_strange_messages_ends_a_server_that_knows_none() -> None:
    class Fragile(Server):
        def handle_info(self, message: Any, state: Any) -> Any:
            match message:
                case "tick":
                    return NoReply(state)

    async def start() -> Any:
        child = ChildSpec("cache", (Fragile.start_link, [None]))
        return await Supervisor.start_link([child], strategy="one_for_one")

    async def probe() -> None: ...

    result = broken(Flood("cache", at=60.5, messages=1, each=0), start, probe)
    assert result.strikes[0].restarted == 1


def test_a_storm_strikes_several_times_and_is_one_fault() -> None:
    storm = Storm(Kill(Below()), times=5, within=2.0, at=60.5)
    result = broken(storm, shop("one_for_one", "a", "b", "cache", max_restarts=10))
    (strike,) = result.strikes
    assert (len(strike.struck), strike.restarted) == (5, 5)
    times = [event.time for event in strike.replay().trace if event.kind == "fault"]
    assert times[0] == 60.5
    assert times == sorted(times)
    assert times[-1] <= 62.5
    gone = broken(storm, shop("one_for_one", "a", "b", "cache"))
    assert len(gone.gave_up) == 1


def test_a_crash_in_a_plain_process_is_raised_where_it_waits() -> None:
    async def start() -> Any:
        async def work() -> None:
            await Process.sleep(1e9)

        async def start_work() -> Any:
            return await Task.start_link(work)

        return await Supervisor.start_link([ChildSpec("job", (start_work, []))], strategy="one_for_one")

    async def probe() -> None: ...

    result = broken(Crash("job", at=60.5), start, probe)
    assert result.strikes[0].restarted == 1


# ---- when, and whom --------------------------------------------------------------------------------


def test_the_generator_gives_the_same_numbers_everywhere() -> None:
    draw = Draw()
    assert [draw._next() for _ in range(3)] == [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F]


def test_a_fault_comes_on_average_every_so_many_seconds() -> None:
    times = Kill("cache", every=30.0).when(Draw(1), 36_000.0)
    gaps = [after - before for before, after in zip([0.0, *times], times, strict=False)]
    assert 1150 < len(times) < 1250
    assert 15.0 <= min(gaps) < 16.0
    assert 44.0 < max(gaps) <= 45.0


def test_a_fault_more_changes_nothing_of_the_others() -> None:
    def times(*faults: Fault) -> list[float]:
        result = campaign(shop(), faults, ask_cache, hours=0.2)
        return [strike.time for strike in result.strikes if strike.source == 0]

    assert times(Kill("cache", every=60.0)) == times(Kill("cache", every=60.0), Hang("gateway", every=50.0))


def test_a_fault_that_is_listed_twice_comes_twice() -> None:
    fault = Kill("cache", every=60.0)
    result = campaign(shop(), [fault, fault], ask_cache, hours=0.2)
    one, other = (came for _, came in result.kinds())
    assert len(one) + len(other) == len(result.strikes)
    assert [each.time for each in one] != [each.time for each in other]


@pytest.mark.parametrize("target", ["cache", "storage/cache", "storage"])
def test_a_target_is_a_name_an_id_or_a_path(target: str) -> None:
    result = broken(Kill(target, at=60.5), two_levels)
    assert result.strikes[0].struck == ["storage" if target == "storage" else "storage/cache"]


def test_a_target_is_a_class_or_its_name() -> None:
    class Cache(Server): ...

    async def start() -> Any:
        return await Supervisor.start_link([Cache], strategy="one_for_one")

    async def probe() -> None: ...

    faults = [Kill(Cache, at=60.5), Kill("Cache", at=70.5)]
    result = campaign(start, faults, probe, hours=2 * MINUTES)
    assert [strike.struck for strike in result.strikes] == [["Cache"], ["Cache"]]
    assert repr(result.plan.faults[0]) == "Kill(Cache, at=60.5)"


def test_a_target_is_an_address_in_a_registry() -> None:
    address = Via("names", "cache")

    async def start() -> Any:
        async def cache() -> Any:
            return await Server.start_link(None, name=address)

        registry = ChildSpec("names", (names, []))
        return await Supervisor.start_link([registry, ChildSpec("it", (cache, []))], strategy="rest_for_one")

    async def names() -> Any:
        return await Registry.start_link(keys="unique", name="names")

    async def probe() -> Any:
        return await GenServer.call(address, "order")

    result = broken(Kill(address, at=60.5), start, probe)
    assert (result.strikes[0].struck, result.strikes[0].restarted, result.wrong) == (["it"], 1, 0)


def test_below_draws_each_worker_and_no_supervisor() -> None:
    result = broken(Kill(Below(), every=12.0), two_levels, hours=0.2)
    assert {path for each in result.strikes for path in each.struck} == {
        "storage/cache", "storage/disk", "front/web", "front/mail",
    }  # fmt: skip
    part = broken(Kill(Below("storage"), every=12.0), two_levels, hours=0.2)
    assert {path for each in part.strikes for path in each.struck} == {"storage/cache", "storage/disk"}


def test_a_target_that_is_down_is_not_struck_and_that_is_told() -> None:
    faults = [FailingStart("cache", at=60.5, times=4), Kill("cache", at=70.5)]
    result = campaign(shop(), faults, ask_cache, hours=2 * MINUTES)
    assert result.strikes[1].struck == []
    assert repr(result.strikes[1]) == "At 0:01:10.500 Kill('cache', at=70.5) found nobody there"
    assert result.by_fault()[1][1] == "0 of 1"


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (
            Kill("cahce"),
            "no process with the name, no child with the id and no path 'cahce'. Names: top, cache, gateway",
        ),
        (Kill(Below("cache")), "'cache' is no supervisor, so nobody is below it"),
        (Kill(Below("pool")), "no path 'pool'"),
        (Storm(Crash("nobody")), "Crash('nobody'): in this system"),
        (Crash("top"), "a supervisor runs no code of yours that could crash"),
        (SlowStart("top"), "no child of a supervisor in the tree, so nobody starts it again"),
        (FailingStart("job"), "job is no server, so it has no init that could be slow or fail"),
        (Unreachable("job"), "job has no registered name that could lead nowhere"),
        (Kill("twin"), "2 children have the id 'twin'; say which by its path: a/twin, b/twin"),
        (Kill("worker"), "2 children have the id 'worker'; children have no ids of their own"),
    ],
    ids=repr,
)
def test_a_target_that_cannot_be_is_an_error_that_says_why(fault: Fault, words: str) -> None:
    async def work() -> None:
        await Process.sleep(1e9)

    async def start() -> Any:
        async def job() -> Any:
            return await Task.start_link(work)

        async def twins() -> Any:
            twin = ChildSpec("twin", (Server.start_link, [None]))
            return await Supervisor.start_link([twin], strategy="one_for_one")

        async def pool() -> Any:
            pid = await DynamicSupervisor.start_link()
            for _ in range(2):
                await DynamicSupervisor.start_child(pid, ChildSpec("worker", (Server.start_link, [None])))
            return pid

        names = [server("cache"), server("gateway"), ChildSpec("job", (job, []))]
        groups = [ChildSpec(id, (twins, []), type="supervisor") for id in "ab"]
        children = [*names, *groups, ChildSpec("many", (pool, []), type="supervisor")]
        return await Supervisor.start_link(children, strategy="one_for_one", name="top")

    with pytest.raises(BadArg) as caught:
        campaign(start, [fault], ask_cache, hours=1 * MINUTES)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Fault("cache"), "a fault is of a kind"),
        (lambda: Kill("cache", every=0), "Kill: every must be a number above 0, got 0"),
        (lambda: Kill("cache", every=math.nan), "above 0, got nan"),
        (lambda: Kill("cache", at=-1), "Kill: at must be a number from 0 up, got -1"),
        (lambda: Hang("cache", for_="5"), "Hang: for_ must be a number"),
        (lambda: Flood("cache", messages=0), "Flood: messages must be a whole number from 1 up"),
        (lambda: FailingStart("cache", times=True), "FailingStart: times must be a whole number"),
        (lambda: SlowStart("cache", seconds=0), "SlowStart: seconds"),
        (lambda: Storm("cache"), 'a storm is made of a fault: Storm(Kill("cache"), times=5); got'),
        (lambda: Storm(Storm(Kill("cache"))), "a storm is made of a fault"),
        (lambda: Storm(Kill("cache", at=3.0)), "the storm says"),
        (lambda: Kill(["cache"]), "name"),
        (lambda: Kill("cache", every=10**400), "Kill: every must be a number above 0, got 1000"),
        (lambda: Crash("cache", error="full"), "Crash: error must be an instance of an exception"),
        (lambda: Crash("cache", error=KeyboardInterrupt()), "error must be an instance of an exception"),
        (lambda: FailingStart("cache", error=OSError), "FailingStart: error must be an instance of an exception"),
        (lambda: FailingStart("cache", times=10**10), "a whole number from 1 up to 1,000,000"),
        (lambda: Flood("cache", messages=10**10), "a whole number from 1 up to 1,000,000"),
        (lambda: Kill(run(pid_of_a_process)), "a pid leads nowhere once its process is restarted"),
    ],
)  # fmt: skip
def test_a_fault_that_cannot_be_written_so_says_how(make: Callable[[], Fault], words: str) -> None:
    with pytest.raises(BadArg) as caught:
        make()
    assert words in str(caught.value)


async def pid_of_a_process() -> Any:
    return spawn(pid_of_a_process)


async def no_tree() -> None: ...


async def not_there() -> Any:
    raise OSError("no disk")


async def dead_tree() -> Any:
    pid = spawn(no_tree)
    await Process.sleep(1)
    return pid


async def never() -> Any:
    await receive()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"application": no_tree}, "no_tree returned None. End it with"),
        ({"application": not_there}, "the application did not start: OSError: no disk"),
        ({"application": dead_tree}, "returned the pid of a process that has ended already"),
        ({"application": never}, "had not started after 60 virtual seconds"),
        ({"application": lambda: None}, "needs an `async def` that starts the system"),
        ({"probe": lambda: None}, "probe must be an `async def`"),
        ({"probe": None}, "probe must be an `async def`"),
        ({"probe": start_stubborn}, "probe must be an `async def` without arguments"),
        ({"progress": 5}, "progress must be a function"),
        ({"state": 3}, "state must be an `async def`"),
        ({"faults": Kill("cache")}, 'faults come in a list, as in [Kill("cache")], got Kill'),
        ({"faults": 3}, "faults come in a list"),
        ({"faults": [Kill("cache", every=1e-9)]}, "would come more than 1,000,000 times in 60 s"),
        ({"patience": 10**400}, "patience must be a number above 0"),
        ({"state": not_there}, "before anything was broken: got OSError: no disk"),
        ({"faults": ["cache"]}, 'faults are written as Kill("cache")'),
        ({"seed": 1.5}, "seed must be a whole number"),
        ({"hours": 0}, "hours must be a number above 0"),
        ({"every": -1}, "every must be"),
        ({"every": 60.0}, "the first request would come after 60 s, and all is over after 60 s"),
        ({"faults": [Kill("cache", at=60.0)]}, "would come after the end of the campaign, which is at 60 s"),
        ({"patience": None}, "patience must be"),
        ({"reboot": 0}, "reboot must be"),
        ({"state": not_there}, "state had no answer from the system before anything was broken"),
        ({"state": never}, "state had no answer"),
        ({"state": ask_cache}, "state must return a number each time, or a collection"),
    ],
)
def test_an_argument_that_cannot_be_is_an_error(arguments: dict[str, Any], words: str) -> None:
    given = {"application": shop(), "faults": [], "probe": ask_cache, "hours": 1 * MINUTES, **arguments}
    with pytest.raises(BadArg) as caught:
        campaign(**given)
    assert words in str(caught.value)


# ---- the score ---------------------------------------------------------------------------------------


def test_a_system_that_is_not_broken_answers_everybody() -> None:
    result = campaign(shop(), [], ask_cache, hours=2 * MINUTES, state=all_orders)
    assert result.score == (1.0, 0.0, 0.0, 0.0, 0, 0)
    assert result.worst is None


def test_the_blast_radius_of_one_for_all_is_the_whole_group() -> None:
    faults = [Kill("b", every=20.0)]
    names = ("a", "b", "cache")
    radius = {
        strategy: campaign(shop(strategy, *names), faults, ask_cache, hours=0.2).blast_radius
        for strategy in ("one_for_one", "rest_for_one", "one_for_all")
    }
    assert radius == {"one_for_one": 1.0, "rest_for_one": 2.0, "one_for_all": 3.0}


def test_all_below_a_supervisor_that_is_started_anew_count() -> None:
    result = broken(Kill("storage", at=60.5), two_levels)
    assert result.strikes[0].restarted == 3


def test_a_child_that_users_start_is_none_that_was_started_anew() -> None:
    async def start() -> Any:
        return await Supervisor.start_link([ChildSpec("pool", (pool, []), type="supervisor")], strategy="one_for_one")

    async def pool() -> Any:
        return await DynamicSupervisor.start_link(name="pool")

    async def probe() -> None:
        child = ChildSpec("job", (Server.start_link, [None]), restart="transient")
        pid = await DynamicSupervisor.start_child("pool", child)
        if pid is not None:
            await GenServer.stop(pid)

    result = broken(Kill("pool", at=60.5), start, probe)
    assert (result.strikes[0].restarted, result.wrong) == (1, 0)


def test_state_is_lost_with_the_process_that_held_it() -> None:
    result = broken(Kill("cache", at=60.5), state=all_orders)
    assert result.strikes[0].lost == 60  # an order a second
    assert broken(Kill("gateway", at=60.5), state=all_orders).lost == 0


def test_state_that_is_lost_in_a_storm_or_a_downtime_is_counted_to_it() -> None:
    faults = [FailingStart("cache", at=60.5, times=9), Kill("gateway", at=70.5)]
    result = campaign(shop(), faults, ask_cache, hours=3 * MINUTES, state=all_orders)
    assert [strike.lost for strike in result.strikes] == [59, 0]  # and one order is new when it is asked
    storm = broken(Storm(Kill("cache"), times=2, within=3.0, at=60.5), state=all_orders)
    assert storm.lost == 58  # as above


@pytest.mark.parametrize(
    ("tell", "lost"),
    [
        (len, 60.0),
        (lambda orders: dict(enumerate(orders)), 60.0),
        (lambda orders: {*range(len(orders))}, 60.0),
        (lambda orders: [[order] for order in orders], 60.0),
        (tuple, 60.0),
    ],
)
def test_state_is_a_number_or_a_collection(tell: Callable[[Any], Any], lost: float) -> None:
    async def state() -> Any:
        return tell(await GenServer.call("cache", "all"))

    assert broken(Kill("cache", at=60.5), state=state).lost == lost


def test_a_state_that_changes_its_kind_is_an_error() -> None:
    async def state() -> Any:
        orders = await GenServer.call("cache", "all")
        return orders if orders else 0

    with pytest.raises(BadArg, match="it returned 0, and then"):
        broken(Kill("gateway", at=60.5), state=state)


def test_a_supervisor_that_gives_up_is_told_with_what_it_took_along() -> None:
    result = broken(FailingStart("cache", at=60.5), two_levels)
    assert result.gave_up == [(60.5, "storage", "cache", 1)]
    assert (result.went_down, result.strikes[0].restarted) == (0, 3)


def test_a_system_that_is_down_is_started_anew_and_nothing_is_left_of_before() -> None:
    async def start() -> Any:
        async def stray() -> None:
            Process.register(self_pid(), "stray")
            await Process.sleep(1e9)

        spawn(stray)
        return await shop()()

    async def probe() -> Any:
        return Process.whereis("stray") is not None and await ask_cache() == "ok"

    result = broken(FailingStart("cache", at=60.5), start, probe, reboot=10.0, state=all_orders)
    (strike,) = result.strikes
    assert (strike.went_down, strike.wrong, strike.recovery) == (True, 10, 10.5)
    assert (strike.restarted, strike.lost) == (2, 59)
    down = broken(FailingStart("cache", at=60.5), start, probe, reboot=None)
    assert (down.strikes[0].recovery, down.strikes[0].wrong) == (math.inf, 59)
    assert "never recovered" in str(down)


def self_pid() -> Any:
    from otp_mini import self_

    return self_()


def test_a_system_that_does_not_start_again_is_tried_again() -> None:
    tries: list[int] = []

    async def start() -> Any:
        tries.append(1)
        if 1 < len(tries) < 4:
            raise OSError("no disk")
        return await shop()()

    result = broken(FailingStart("cache", at=60.5), start, reboot=10.0)
    assert len(tries) == 4
    assert result.strikes[0].recovery == 30.5


def test_the_root_can_be_killed_and_an_application_is_started_as_one() -> None:
    class Shop(Application):
        async def start(self, type: str, args: Any) -> Any:
            return await Supervisor.start_link([server("cache")], strategy="one_for_one", name="top")

    result = broken(Kill("top", at=60.5), Shop, reboot=5.0)
    assert (result.went_down, result.strikes[0].recovery, result.strikes[0].restarted) == (1, 5.5, 1)
    assert str(result).startswith("Shop: ")


def test_a_process_that_nobody_supervises_never_comes_back() -> None:
    async def start() -> Any:
        await Server.start(None, name="cache")
        return await Supervisor.start_link([server("gateway")], strategy="one_for_one")

    result = broken(Kill("cache", at=60.5), start)
    assert result.strikes[0].recovery == math.inf


def test_a_table_dies_with_its_owner() -> None:
    class Owner(Server):
        def init(self, argument: Any) -> Any:
            ets.new("orders", named=True, access="public")
            return Ok([])

    async def start() -> Any:
        owner = ChildSpec("owner", (Owner.start_link, [None]))
        return await Supervisor.start_link([owner], strategy="one_for_one")

    async def order() -> None:
        ets.insert("orders", (len(ets.tab2list("orders")), "order"))

    async def orders() -> Any:
        return len(ets.tab2list("orders"))

    assert broken(Crash("owner", at=60.5), start, order, state=orders).lost == 60


def test_what_goes_wrong_before_the_first_fault_is_counted_to_none() -> None:
    async def probe() -> Any:
        raise KeyError("price")

    result = broken(Kill("cache", at=60.5), probe=probe)
    assert (result.availability, result.unbroken.wrong, result.strikes[0].wrong) == (0.0, 119, 0)
    assert "119 requests not answered rightly before any fault, or in an outage that began then" in str(result)
    with pytest.raises(BadArg, match="no fault came here"):
        result.unbroken.replay()


def test_once_the_system_is_down_wrong_answers_are_counted_to_the_fault_that_took_it_down() -> None:
    faults = [Unreachable("gateway", at=60.5, for_=20.0), FailingStart("cache", at=70.5)]

    async def both() -> None:
        await GenServer.call("gateway", "pay")
        await ask_cache()

    result = campaign(shop(), faults, both, hours=3 * MINUTES, reboot=30.0)
    assert [strike.wrong for strike in result.strikes] == [10, 30]
    assert [strike.recovery for strike in result.strikes] == [40.5, 30.5]


def test_lost_state_is_counted_to_who_ended_a_process_and_not_to_who_held_it() -> None:
    faults = [Hang("cache", at=60.5, for_=30.0), Kill("cache", at=70.5)]
    result = campaign(shop(), faults, ask_cache, hours=2 * MINUTES, state=all_orders)
    assert [strike.lost > 0 for strike in result.strikes] == [False, True]


def test_a_wrong_answer_is_counted_to_the_fault_that_the_outage_began_with() -> None:
    faults = [Unreachable("cache", at=60.5, for_=20.0), Kill("gateway", at=70.5)]
    result = campaign(shop(), faults, ask_cache, hours=2 * MINUTES)
    assert [strike.wrong for strike in result.strikes] == [20, 0]
    assert [strike.recovery for strike in result.strikes] == [20.5, None]


# ---- probes that misbehave -----------------------------------------------------------------------------


def test_a_probe_that_hangs_is_counted_and_does_not_stop_the_campaign() -> None:
    async def probe() -> None:
        await receive()

    result = campaign(shop(), [], probe, hours=1 * MINUTES, patience=2.0)
    assert (result.requests, result.right) == (59, 0)
    assert result.unbroken.saw == "asked at 0:00:01.000 and had no answer within 2 s: it was not done"


def test_a_probe_that_never_pauses_is_counted_and_does_not_stop_the_campaign() -> None:
    asked: list[int] = []

    async def probe() -> None:
        asked.append(1)
        while len(asked) == 3:
            await Process.sleep(0)

    result = campaign(shop(), [], probe, hours=0.2 * MINUTES)
    assert (result.requests, result.wrong) == (11, 1)
    assert "it went on without a pause" in result.unbroken.saw


def test_a_system_that_never_comes_to_rest_is_an_error_that_says_when() -> None:
    class Restless(Server):
        def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
            return Reply("ok", state, Continue("on"))

        def handle_continue(self, argument: Any, state: Any) -> Any:
            return NoReply(state, Continue("on"))

    async def start() -> Any:
        async def cache() -> Any:
            return await Restless.start_link(None, name="cache")

        return await Supervisor.start_link([ChildSpec("cache", (cache, []))], strategy="one_for_one")

    with pytest.raises(Deadlock, match=r"at virtual second 0\.000 of the campaign|at virtual second 1\.000"):
        campaign(start, [], ask_cache, hours=0.1 * MINUTES)


@pytest.mark.parametrize("answer", [None, 0, "", [], True])
def test_any_answer_but_false_is_right(answer: Any) -> None:
    async def probe() -> Any:
        return answer

    assert campaign(shop(), [], probe, hours=0.1 * MINUTES).availability == 1.0


async def forgets_to_wait() -> Any:
    return ask_cache()


async def forgets_to_wait_for_the_state() -> Any:
    return all_orders()


@pytest.mark.parametrize(
    "how", [{"probe": forgets_to_wait}, {"state": forgets_to_wait_for_the_state}], ids=["probe", "state"]
)
def test_a_probe_that_returns_what_it_should_have_awaited_is_an_error_and_no_right_answer(how: dict[str, Any]) -> None:
    with pytest.raises(BadArg, match=r"was called but not awaited\. Write `await (ask_cache|all_orders)\(\.\.\.\)`"):
        broken(Kill("cache", at=60.5), **how)


@pytest.mark.parametrize("number", [math.nan, math.inf, 10**400])
def test_a_state_that_is_no_finite_number_is_an_error(number: float) -> None:
    async def state() -> Any:
        return number

    with pytest.raises(BadArg, match="state must return a number each time"):
        broken(Kill("cache", at=60.5), state=state)


def test_a_name_that_is_lost_already_cannot_be_lost_again() -> None:
    faults = [Unreachable("storage/cache", at=60.5), Unreachable("storage/cache", at=62.5)]
    strikes = campaign(two_levels, faults, ask_cache, hours=2 * MINUTES).strikes
    assert [(each.struck, each.wrong) for each in strikes] == [(["storage/cache"], 30), ([], 0)]


def test_a_probe_that_ends_before_its_answer_was_answered_wrongly_however_it_ends() -> None:
    async def raises() -> None:
        raise Exit("normal")

    async def leaves() -> None:
        Process.exit(self_pid(), "normal")
        await receive()

    async def dies() -> None:
        Process.exit(self_pid(), "kill")
        await receive()

    found = {each.__name__: campaign(shop(), [], each, hours=0.1 * MINUTES) for each in (raises, leaves, dies)}
    assert {name: result.right for name, result in found.items()} == {"raises": 0, "leaves": 0, "dies": 0}
    assert "exited: it ended by itself" in found["leaves"].unbroken.saw
    assert "exited: it was killed" in found["dies"].unbroken.saw


# ---- a system that takes its time ------------------------------------------------------------------------


class Slow(Server):
    async def init(self, argument: Any) -> Any:
        await Process.sleep(10.0)
        return Ok([])


async def slow_system() -> Any:
    async def cache() -> Any:
        return await Slow.start_link(None, name="cache")

    return await Supervisor.start_link([ChildSpec("cache", (cache, []))], strategy="one_for_one", name="top")


def test_the_hours_begin_when_the_system_has_started() -> None:
    result = broken(Kill("cache", at=5.5), slow_system)
    assert [time for time, _ in result.asked] == [float(second) for second in range(1, 120)]
    # Down from 5.5 to 15.5: who asks from 6 to 10 gives up, and the others are answered at 15.5.
    assert (result.strikes[0].wrong, result.strikes[0].recovery) == (5, 10.0)
    times = [event.time for event in result.strikes[0].replay().trace]
    assert (times[0], times == sorted(times)) == (5.5, True)


def test_a_start_that_takes_longer_than_reboot_is_not_cut_off() -> None:
    result = broken(Kill("top", at=5.5), slow_system, reboot=3.0)
    # Started at 8.5 and up at 18.5. Who asks from 14 on has an answer within five seconds.
    assert (result.strikes[0].wrong, result.strikes[0].recovery, result.went_down) == (8, 13.0, 1)


def test_a_state_that_takes_its_time_delays_neither_faults_nor_users() -> None:
    async def state() -> Any:
        await Process.sleep(2.0)
        return await all_orders()

    result = broken(Kill("cache", at=60.5), state=state)
    assert [time for time, _ in result.asked] == [float(second) for second in range(1, 120)]
    assert result.strikes[0].lost == 58  # of 60, two have been written anew when it is told at 62.5
    assert result.strikes[0].replay().trace.events[0].time == 60.5


def test_a_state_is_what_it_was_when_it_was_told() -> None:
    told: list[int] = []

    async def probe() -> None:
        told.append(1)
        if len(told) == 70:
            told.clear()

    async def state() -> Any:
        return told

    assert broken(Kill("gateway", at=60.5), probe=probe, state=state).lost == 60 - 49


def test_nothing_of_the_process_that_started_the_system_is_left_when_it_is_started_anew() -> None:
    async def start() -> Any:
        ets.new("orders", named=True, access="public")
        Process.register(self_pid(), "starter")
        return await shop(name="top")()

    async def probe() -> Any:
        found = ets.lookup("orders", "order")
        ets.insert("orders", ("order", 1))
        return not found or await ask_cache() == "ok"

    async def orders() -> Any:
        return len(ets.tab2list("orders"))

    result = broken(Kill("top", at=10.5), start, probe, reboot=5.0, state=orders)
    assert (result.strikes[0].recovery, result.lost) == (5.5, 1)


# ---- who is blamed -------------------------------------------------------------------------------------


class Relapse(Server):
    """Crashes three seconds after each start but the first."""

    def init(self, lives: Any) -> Any:
        lives.value.append(1)
        if len(lives.value) > 1:
            Process.send_after(self_pid(), "boom", 3.0)
        return Ok([])

    def handle_info(self, message: Any, state: Any) -> Any:
        raise RuntimeError(message)


def relapsing(*faults: Fault) -> Campaign:
    """Four minutes in which the system goes down by itself, 3 s after each time that it was started anew."""
    lives: list[int] = []

    async def cache() -> Any:
        return await Relapse.start_link(Shared(lives), name="cache")

    async def start() -> Any:
        return await Supervisor.start_link([ChildSpec("cache", (cache, []))], strategy="one_for_one", max_restarts=0)

    async def probe() -> None: ...

    return campaign(start, faults, probe, hours=4 * MINUTES)


def test_a_fault_that_struck_nobody_is_blamed_for_nothing() -> None:
    first, other = relapsing(Kill("cache", at=10.5), Kill("cache", at=80.5)).strikes
    assert (first.struck, first.went_down, first.restarted) == (["cache"], 4, 3)
    assert (other.struck, other.went_down, other.restarted, other.gave_up) == ([], 0, 0, [])


def test_a_storm_is_blamed_from_its_first_stroke_that_struck_somebody() -> None:
    down, nobody, storm = campaign(
        shop(max_restarts=0),
        [
            FailingStart("cache", at=60.5, times=9),
            Storm(Kill("cache"), at=65.5, times=2, within=2.0),
            Storm(Kill("cache"), at=100.5, times=9, within=60.0),
        ],
        ask_cache,
        hours=4 * MINUTES,
        reboot=50.0,
    ).strikes
    assert (down.wrong, down.recovery, down.restarted, down.went_down) == (50, 50.5, 2, 1)
    assert (nobody.struck, nobody.restarted, nobody.went_down, nobody.recovery) == ([], 0, 0, None)
    assert (len(storm.struck), storm.went_down) == (1, 1)


def test_every_time_that_the_system_goes_down_is_counted_and_told_in_a_few_words() -> None:
    result = relapsing(Kill("cache", at=10.5))
    assert (result.went_down, len(result.gave_up)) == (4, 4)
    assert str(result.strikes[0]).endswith(
        "3 started anew, the root gave up on cache 4 times, the whole system went down 4 times"
    )


def test_a_draw_among_many_workers_asks_for_the_path_of_none(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    path_of = Stage.path_of
    monkeypatch.setattr(Stage, "path_of", lambda stage, block: asked.append(block) or path_of(stage, block))
    workers = shop("one_for_one", "a", "b", "c")
    assert campaign(workers, [Kill(Below(), at=2.5)], no_tree, hours=0.1 * MINUTES).strikes[0].struck[0] in "abc"
    assert asked == []


# ---- the same everywhere -------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_campaign_and_another_another() -> None:
    one, two, other = everything(), everything(), everything(2)
    assert str(one) == str(two)
    assert one.asked == two.asked
    assert (one.score, one.turns) == (two.score, two.turns)
    assert str(one) != str(other)


def test_the_report_is_this_text_on_every_python() -> None:
    assert str(everything()) + "\n" == PINNED


def test_the_report_does_not_depend_on_the_order_of_sets() -> None:
    program = "import tests.campaign_program as t; print(t.everything())"
    environment = {**os.environ, "PYTHONHASHSEED": "7", "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}"}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout == PINNED


def test_a_replay_is_the_same_each_time_and_shows_what_the_campaign_saw() -> None:
    result = everything()
    assert result.worst is not None
    one, two = result.worst.replay(), result.worst.replay()
    assert str(one.trace) == str(two.trace)
    assert [event.cause for event in one.trace] == [event.cause for event in two.trace]
    assert one.trace.events[0].kind in ("send", "fault")
    assert one.trace.events[0].time == result.worst.time
    assert result.worst.saw in " ".join(str(one).split())


def test_a_campaign_can_be_run_in_a_cell_and_in_a_process() -> None:
    outside = broken(Kill("cache", at=60.5)).score

    async def cell() -> Any:
        return broken(Kill("cache", at=60.5)).score

    assert asyncio.run(cell()) == outside
    assert run(cell) == outside


def test_twice_the_hours_take_twice_the_steps() -> None:
    def turns(hours: float) -> int:
        return campaign(shop(), [Kill("cache", every=30.0)], buy, hours=hours).turns

    assert 1.9 < turns(0.4) / turns(0.2) < 2.1


# ---- what is shown -------------------------------------------------------------------------------------


def test_two_designs_stand_side_by_side() -> None:
    faults = [Kill("cache", every=20.0)]

    def result(strategy: str, **how: Any) -> Campaign:
        async def design() -> Any:
            return await shop(strategy)()

        design.__name__ = strategy
        return campaign(design, faults, ask_cache, **{"hours": 0.1, **how})

    one, other = result("one_for_one"), result("one_for_all")
    assert str(one.beside(other)) == (
        "6 virtual minutes, seed 1, 17 faults, 359 requests\n"
        "                 one_for_one  one_for_all\n"
        "availability        100.00 %     100.00 %\n"
        "state lost         not asked    not asked\n"
        "blast radius             1.0          2.0\n"
        "time to recover        0.0 s        0.0 s\n"
        "gave up                    0            0\n"
        "went down                  0            0"
    )
    for how in ({"seed": 2}, {"hours": 0.2}, {"every": 2.0}, {"patience": 1.0}, {"reboot": 5.0}):
        with pytest.raises(BadArg, match=f"differ in {next(iter(how))}"):
            one.beside(result("one_for_all", **how))
    with pytest.raises(BadArg, match="differ in faults"):
        one.beside(broken(Kill("cache", at=1.0), hours=0.1))
    with pytest.raises(BadArg, match="stands beside another one, got 5"):
        one.beside(5)


HOSTILE = "<img src=x onerror=alert(1)>\x1b[31m\n&\"'"


def hostile() -> Campaign:
    async def start() -> Any:
        return await Supervisor.start_link([server(HOSTILE)], strategy="one_for_one")

    start.__name__ = HOSTILE

    async def probe() -> Any:
        raise KeyError(HOSTILE)

    return campaign(start, [Crash(HOSTILE, at=30.5, error=ValueError(HOSTILE))], probe, hours=1 * MINUTES)


def test_hostile_names_are_escaped_and_break_no_line() -> None:
    result = hostile()
    strike = result.strikes[0]
    for shown in (result, result.beside(hostile()), strike.replay()):
        html = shown._repr_html_()
        soup = BeautifulSoup(html, "html.parser")
        assert soup.find_all(["img", "script"]) == []
        assert "\x1b" not in html
        assert "\x1b" not in str(shown)
        for drawn in soup.find_all("svg"):
            ElementTree.fromstring(str(drawn))
    assert not any(line.strip().startswith("&") for line in str(result).splitlines())


def test_the_picture_has_a_text_alternative_and_a_name() -> None:
    result = everything()
    soup = BeautifulSoup(result._repr_html_(), "html.parser")
    assert soup.find("svg")["aria-label"] == result.headline()  # type: ignore[index]
    assert soup.find("pre").get_text() == str(result)  # type: ignore[union-attr]
    assert len(soup.find_all("table")) == 2
    regions = [tag["aria-label"] for tag in soup.find_all(role="region")]
    assert len(regions) == len(set(regions)) > 0  # else a reader's list of them says the same twice
    assert soup.find_all(style=lambda style: bool(style) and "color:" in style) == []
    assert picture(result).svg() == picture(result).svg()


def test_a_picture_has_a_mark_for_each_fault_that_can_be_told_apart() -> None:
    faults = [Kill("cache", at=60.5), Hang("cache", at=120.5), FailingStart("cache", at=180.5, times=9)]
    result = campaign(shop(), [*faults, Kill("gateway", at=190.5)], ask_cache, hours=0.1)
    hints = [tag.get_text() for tag in BeautifulSoup(picture(result).svg(), "html.parser").find_all("title")]
    for strike in result.strikes:
        assert str(strike) in hints


def test_a_replay_shows_itself() -> None:
    replayed = broken(Hang("cache", at=60.5, for_=7.0)).strikes[0].replay()
    assert isinstance(replayed, Replayed)
    html = replayed._repr_html_()
    assert "plants Hang" in html
    assert "Its first user asked at 0:01:01.000" in html
    assert str(replayed.up_to_the_user()).splitlines()[-1].startswith("66.000  user")


@pytest.mark.parametrize(("seed", "reboot"), [(1, 3.0), (10, 60.0), (3, None)])
def test_the_books_of_a_score_add_up_and_each_fault_is_replayed_from_its_moment_on(
    seed: int, reboot: float | None
) -> None:
    async def slow_orders() -> Any:
        await Process.sleep(0.7)
        return await all_orders()

    faults = [*ALL_KINDS, Kill("top", every=200.0), Kill("cache", every=20.0), Hang("top", every=100.0)]
    result = campaign(shop(name="top"), faults, buy, seed, hours=0.1, state=slow_orders, reboot=reboot)
    assert (result.requests, len(result.asked)) == (359, 359)
    assert sum(each.wrong for each in result.all) == result.wrong
    for each in result.strikes:
        nothing = (each.wrong, each.restarted, each.lost, each.gave_up, each.went_down, each.recovery)
        assert each.struck or nothing == (0, 0, 0, [], 0, None)
        assert bool(each.wrong) == bool(each.saw)
        assert each.lost >= 0
    for each in [strike for strike in result.strikes if strike.struck][::9]:
        assert each.replay().trace.events[0].time == pytest.approx(each.time)


# ---- in anger, against otp_mini itself -------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(6))
def test_after_any_campaign_the_books_of_supervisors_and_registries_are_right(seed: int) -> None:
    assert wrong_after(seed, hours=0.03) == []


def test_a_library_that_forgets_something_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def keeps_the_pid(self: Any, child: Any, pid: Any) -> None:
        child.pid = None

    monkeypatch.setattr("otp_mini.supervisor._State.has_ended", keeps_the_pid)
    assert any("pids and has" in line for line in wrong_after(0, hours=0.03))


def test_a_registry_under_its_users_takes_the_whole_system_down_unless_they_go_together() -> None:
    async def desks() -> Any:
        return await Registry.start_link(keys="unique", name="desks")

    async def desk(city: str) -> Any:
        return await Server.start_link(None, name=Via("desks", city))

    def tree(strategy: Any) -> Callable[[], Awaitable[Any]]:
        async def start() -> Any:
            children = [ChildSpec(city, (desk, [city])) for city in ("Basel", "Linz", "Trier", "Ulm")]
            return await Supervisor.start_link([ChildSpec("desks", (desks, [])), *children], strategy=strategy)

        return start

    async def buy_in_ulm() -> Any:
        return await GenServer.call(Via("desks", "Ulm"), "a ticket")

    down = {
        strategy: broken(Kill("desks", at=60.5), tree(strategy), buy_in_ulm).went_down
        for strategy in ("one_for_one", "rest_for_one")
    }
    assert down == {"one_for_one": 1, "rest_for_one": 0}

"""What a process may say: the P lines of OTP's checklist, one test a line, and what only Python has."""

from __future__ import annotations

import gc
import inspect
import subprocess
import sys
from functools import partial
from types import ModuleType
from typing import Any

import pytest
from playing import play

import otp_mini
from otp_mini import (
    INFINITY,
    TIMEOUT,
    Agent,
    BadArg,
    CopyError,
    Down,
    Exit,
    ExitSignal,
    GenServer,
    Node,
    NoProc,
    Pid,
    Process,
    Ref,
    Reply,
    Shared,
    StartError,
    Task,
    current_node,
    flush,
    in_thread,
    receive,
    self_,
    send,
    spawn,
    spawn_link,
    spawn_monitor,
    sys_,
    trace,
)


async def for_ever() -> None:
    await receive(lambda _: False)


async def leave(reason: object) -> None:
    raise Exit(reason)


async def on_a_word() -> None:
    """Wait for `("exit", reason)`."""
    _, reason = await receive(tuple)
    raise Exit(reason)


async def trapper(to: Pid) -> None:
    """Trap exits and pass every message on."""
    Process.flag(trap_exit=True)
    send(to, "ready")
    while True:
        send(to, await receive())


async def down(ref: Ref, timeout: float | None = 1.0) -> Any:
    """The reason in the DOWN of one monitor."""
    message = await receive(lambda m: isinstance(m, Down) and m.ref is ref, timeout=timeout)
    return message.reason if isinstance(message, Down) else message


async def fate(pid: Pid) -> Any:
    """How a process ended; TIMEOUT if it lives."""
    return await down(Process.monitor(pid))


async def rest() -> list[Any]:
    """All that is in the mailbox once everybody is idle."""
    await Process.sleep(1)
    messages = []
    while (message := await receive(timeout=0)) is not TIMEOUT:
        messages.append(message)
    return messages


async def boom(text: str = "boom") -> None:
    raise ValueError(text)


# ---- ends and exit signals -----------------------------------------------------------------


def test_p1_a_process_that_returns_exits_normal() -> None:
    async def work() -> int:
        return 3

    async def main() -> object:
        _, ref = spawn_monitor(work)
        return await down(ref)

    assert play(main) == "normal"


@pytest.mark.parametrize("reason", ["shutdown", "killed", "boom", ("shutdown", 1), 17, None])
def test_p2_any_other_exit_signal_kills_with_its_reason(reason: object) -> None:
    async def main() -> object:
        pid, ref = spawn_monitor(for_ever)
        Process.exit(pid, reason)
        assert not Process.alive(pid)
        return await down(ref)

    assert play(main) == reason


def test_p3_normal_from_another_process_is_ignored() -> None:
    async def main() -> object:
        pid = spawn(for_ever)
        await Process.sleep(1)
        Process.exit(pid, "normal")
        return await fate(pid)

    assert play(main) is TIMEOUT


def test_p4_normal_sent_to_oneself_ends_the_caller() -> None:
    went_on = []

    async def work() -> None:
        Process.exit(self_(), "normal")
        went_on.append(True)

    async def main() -> object:
        _, ref = spawn_monitor(work)
        return await down(ref)

    assert play(main) == "normal"
    assert went_on == []


def test_p4_a_caller_that_catches_its_own_exit_signal_ends_all_the_same() -> None:
    async def work() -> None:
        try:
            Process.exit(self_(), "normal")
        except Exit:
            await Process.sleep(100)

    async def main() -> object:
        _, ref = spawn_monitor(work)
        return await down(ref)

    assert play(main) == "normal"


@pytest.mark.parametrize(("reason", "seen"), [("normal", "normal"), ("boom", "boom"), ("kill", "killed")])
def test_a_signal_to_oneself_is_no_exit_that_could_be_caught(reason: str, seen: str) -> None:
    went_on = []

    async def work() -> None:
        try:
            Process.exit(self_(), reason)
        except (Exit, Exception) as error:
            went_on.append(error)
        went_on.append("the line below")

    async def main() -> object:
        _, ref = spawn_monitor(work)
        return await down(ref)

    assert play(main) == seen
    assert went_on == []


@pytest.mark.parametrize("reason", ["normal", "shutdown", "boom", "killed"])
def test_p5_a_trapping_process_gets_every_signal_but_kill_as_a_message(reason: str) -> None:
    async def main() -> list[Any]:
        pid = spawn(trapper, self_())
        assert await receive() == "ready"
        Process.exit(pid, reason)
        assert await rest() == [ExitSignal(self_(), reason)]
        assert Process.alive(pid)

    play(main)


def test_p5_normal_to_oneself_is_a_message_where_it_is_trapped() -> None:
    async def main() -> None:
        Process.flag(trap_exit=True)
        assert Process.exit(self_(), "normal") is True
        assert await rest() == [ExitSignal(self_(), "normal")]

    play(main)


def test_p6_kill_cannot_be_trapped_and_others_see_killed() -> None:
    async def main() -> tuple[object, object]:
        Process.flag(trap_exit=True)
        pid = spawn_link(trapper, self_())
        ref = Process.monitor(pid)
        assert await receive() == "ready"
        Process.exit(pid, "kill")
        return (await receive(ExitSignal)).reason, await down(ref)

    assert play(main) == ("killed", "killed")


def test_p6_kill_to_oneself_cannot_be_trapped_either() -> None:
    async def work() -> None:
        Process.flag(trap_exit=True)
        Process.exit(self_(), "kill")

    async def main() -> object:
        _, ref = spawn_monitor(work)
        return await down(ref)

    assert play(main) == "killed"


def test_p7_exit_kill_of_its_own_leaves_with_kill_which_a_link_can_trap() -> None:
    async def main() -> object:
        Process.flag(trap_exit=True)
        pid = spawn_link(leave, "kill")
        return await receive() == ExitSignal(pid, "kill")

    assert play(main) is True


def test_p7_exit_kill_over_a_link_ends_a_peer_with_kill_and_not_killed() -> None:
    async def peer() -> None:
        spawn_link(leave, "kill")
        await for_ever()

    async def main() -> object:
        _, ref = spawn_monitor(peer)
        return await down(ref)

    assert play(main) == "kill"


def test_p8_exit_answers_true_also_for_a_dead_target() -> None:
    async def main() -> None:
        pid, ref = spawn_monitor(leave, "normal")
        await down(ref)
        assert Process.exit(pid, "boom") is True
        assert Process.exit(pid, "kill") is True

    play(main)


# ---- links ---------------------------------------------------------------------------------


def test_p9_two_links_are_one_and_one_unlink_removes_it() -> None:
    async def main() -> None:
        pid = spawn(for_ever)
        assert Process.link(pid) is True
        assert Process.link(pid) is True
        assert Process.info(pid)["links"] == [self_()]
        assert Process.unlink(pid) is True
        Process.exit(pid, "boom")
        await Process.sleep(1)

    play(main)


@pytest.mark.parametrize("who_links", ["parent", "child"])
def test_p9_a_link_works_both_ways(who_links: str) -> None:
    async def child(parent: Pid) -> None:
        if who_links == "child":
            Process.link(parent)
        await for_ever()

    async def parent(to: Pid, dies: str) -> None:
        pid = spawn(child, self_())
        if who_links == "parent":
            Process.link(pid)
        send(to, pid)
        await Process.sleep(1)
        Process.exit(pid if dies == "child" else self_(), "boom")
        await for_ever()

    async def main() -> None:
        for dies in ("child", "parent"):
            pid = spawn(parent, self_(), dies)
            other = await receive()
            refs = Process.monitor(pid), Process.monitor(other)
            assert [await down(ref, 5) for ref in refs] == ["boom", "boom"]

    play(main)


def test_p10_linking_oneself_does_nothing() -> None:
    async def main() -> None:
        assert Process.link(self_()) is True
        assert Process.info(self_())["links"] == []
        assert Process.unlink(self_()) is True

    play(main)


def test_p11_a_death_passes_along_links_until_somebody_traps() -> None:
    async def link_on(depth: int, to: Pid) -> None:
        if depth == 2:
            Process.flag(trap_exit=True)
        if depth < 5:
            spawn_link(link_on, depth + 1, to)
        send(to, (depth, self_()))
        while True:
            message = await receive()
            if message == "go":
                raise Exit("boom")
            send(to, message)

    async def main() -> None:
        spawn(link_on, 0, self_())
        pids = dict([await receive(tuple) for _ in range(6)])
        send(pids[5], "go")
        assert await rest() == [ExitSignal(pids[3], "boom")]
        assert [depth for depth in range(6) if Process.alive(pids[depth])] == [0, 1, 2]

    play(main)


def test_p12_a_normal_end_does_not_kill_a_linked_peer() -> None:
    async def main() -> object:
        pid = spawn_link(leave, "normal")
        assert await fate(pid) in ("normal", "noproc")
        await Process.sleep(1)
        return Process.info(self_())["links"]

    assert play(main) == []


def test_p12_a_trapping_peer_is_told_of_a_normal_end() -> None:
    async def main() -> None:
        Process.flag(trap_exit=True)
        pid = spawn_link(leave, "normal")
        assert await rest() == [ExitSignal(pid, "normal")]

    play(main)


def test_p13_linking_the_dead_gives_a_trapping_caller_an_exit_noproc() -> None:
    async def main() -> None:
        pid, ref = spawn_monitor(leave, "boom")
        await down(ref)
        Process.flag(trap_exit=True)
        assert Process.link(pid) is True
        assert await rest() == [ExitSignal(pid, "noproc")]

    play(main)


def test_p13_linking_the_dead_raises_noproc_in_another_caller() -> None:
    async def main() -> str:
        pid, ref = spawn_monitor(leave, "boom")
        await down(ref)
        with pytest.raises(NoProc) as error:
            Process.link(pid)
        return str(error.value)

    said = play(main)
    assert "cannot link #PID<0.2.0>: it is dead" in said
    assert "spawn_link" in said


def test_p14_unlink_before_the_death_means_neither_death_nor_message() -> None:
    async def main() -> None:
        quiet = spawn_link(on_a_word)
        Process.unlink(quiet)
        send(quiet, ("exit", "boom"))
        await Process.sleep(1)
        assert not Process.alive(quiet)
        Process.flag(trap_exit=True)
        other = spawn_link(on_a_word)
        Process.unlink(other)
        send(other, ("exit", "boom"))
        assert await rest() == []

    play(main)


def test_p14_unlinking_a_stranger_or_a_dead_process_is_fine() -> None:
    async def main() -> None:
        stranger, (dead, ref) = spawn(for_ever), spawn_monitor(leave, "normal")
        await down(ref)
        assert Process.unlink(stranger) is True
        assert Process.unlink(dead) is True

    play(main)


# ---- monitors ------------------------------------------------------------------------------


@pytest.mark.parametrize(("trap_later", "outcome"), [(True, "a message"), (False, "boom")])
def test_p24_a_signal_to_oneself_meets_the_flag_of_the_moment_when_it_is_looked_at(
    trap_later: bool, outcome: str
) -> None:
    """Seen on OTP 25: trapping, exit(self(), :boom), then no longer trapping, ends the process."""

    async def main() -> object:
        async def sends_itself_a_signal(to: Pid) -> None:
            Process.flag(trap_exit=True)
            Process.exit(self_(), "boom")
            Process.flag(trap_exit=trap_later)
            await receive(ExitSignal)
            send(to, "a message")

        _, ref = spawn_monitor(sends_itself_a_signal, self_())
        first = await receive()
        return first.reason if isinstance(first, Down) and first.ref is ref else first

    assert play(main) == outcome


@pytest.mark.parametrize("who_dies", ["the one that unlinked", "the other"])
def test_p14_one_unlink_takes_the_link_from_both_sides(who_dies: str) -> None:
    async def main() -> bool:
        other = spawn(Process.sleep, None)

        async def unlinking() -> None:
            Process.link(other)
            Process.unlink(other)
            await Process.sleep(1)
            raise Exit("boom")

        one = spawn(unlinking)
        await Process.sleep(0.5)
        assert [Process.info(each)["links"] for each in (one, other)] == [[], []]  # type: ignore[index]
        if who_dies == "the other":
            Process.exit(other, "boom")
            return Process.alive(one)
        await Process.sleep(2)
        return not Process.alive(one) and Process.alive(other)

    assert play(main) is True


@pytest.mark.parametrize("reason", ["normal", "shutdown", "boom", ("shutdown", [1])])
def test_p15_a_monitor_gives_exactly_one_down(reason: object) -> None:
    async def main() -> None:
        pid, ref = spawn_monitor(leave, reason)
        assert await rest() == [Down(ref, pid, reason)]

    play(main)


def test_p16_monitoring_the_dead_or_unknown_gives_noproc() -> None:
    async def main() -> None:
        pid, ref = spawn_monitor(leave, "boom")
        await down(ref)
        ref, named = Process.monitor(pid), Process.monitor("nobody")
        assert await rest() == [Down(ref, pid, "noproc"), Down(named, "nobody", "noproc")]

    play(main)


def test_p17_two_monitors_are_two_downs_with_different_refs() -> None:
    async def main() -> None:
        pid = spawn(on_a_word)
        one, two = Process.monitor(pid), Process.monitor(pid)
        assert one != two
        send(pid, ("exit", "boom"))
        assert await rest() == [Down(one, pid, "boom"), Down(two, pid, "boom")]

    play(main)


def test_p18_the_watchers_death_does_not_touch_the_watched() -> None:
    async def watcher(pid: Pid) -> None:
        Process.monitor(pid)
        raise Exit("boom")

    async def main() -> None:
        watched = spawn(for_ever)
        assert await fate(spawn(watcher, watched)) == "boom"
        await Process.sleep(1)
        assert Process.alive(watched)
        assert Process.info(watched)["monitored_by"] == []

    play(main)


def test_p19_demonitor_stops_a_later_down() -> None:
    async def main() -> None:
        pid, ref = spawn_monitor(on_a_word)
        assert Process.demonitor(ref) is True
        send(pid, ("exit", "boom"))
        assert await rest() == []

    play(main)


def test_p19_demonitor_leaves_a_delivered_down_and_flush_removes_it() -> None:
    async def main() -> None:
        one, first = spawn_monitor(leave, "a")
        _, second = spawn_monitor(leave, "b")
        await Process.sleep(1)
        assert Process.demonitor(first) is True
        assert Process.demonitor(second, flush=True) is True
        assert await rest() == [Down(first, one, "a")]

    play(main)


def test_p20_demonitor_with_info_tells_whether_a_live_monitor_went() -> None:
    async def main() -> None:
        _, ref = spawn_monitor(for_ever)
        assert Process.demonitor(ref, info=True) is True
        assert Process.demonitor(ref, info=True) is False
        _, fired = spawn_monitor(leave, "boom")
        await Process.sleep(1)
        assert Process.demonitor(fired, info=True) is False
        assert len(await rest()) == 1

    play(main)


def test_p20_demonitor_with_flush_and_info_says_false_where_there_was_none() -> None:
    """`Process.demonitor(ref, [:flush, :info])`, twice after the DOWN: false and false on OTP 25."""

    async def main() -> None:
        _, ref = spawn_monitor(leave, "boom")
        await Process.sleep(1)
        assert Process.demonitor(ref, flush=True, info=True) is False
        assert Process.demonitor(ref, flush=True, info=True) is False

    play(main)


def test_p21_monitoring_by_name_puts_the_name_in_the_down() -> None:
    async def main() -> None:
        pid = spawn(on_a_word)
        Process.register(pid, "cache")
        ref = Process.monitor("cache")
        send("cache", ("exit", "boom"))
        assert await rest() == [Down(ref, "cache", "boom")]

    play(main)


def test_p22_an_exception_is_the_reason_of_the_end() -> None:
    async def main() -> object:
        _, ref = spawn_monitor(boom, "no milk")
        return await down(ref)

    reason = play(main)
    assert type(reason) is ValueError
    assert reason.args == ("no milk",)
    assert reason.__traceback__ is not None


def test_p23_spawn_link_misses_no_death() -> None:
    async def main() -> None:
        Process.flag(trap_exit=True)
        pid = spawn_link(leave, "at once")
        assert await rest() == [ExitSignal(pid, "at once")]

    play(main)


def test_p23_spawn_monitor_misses_no_death() -> None:
    async def main() -> None:
        pid, ref = spawn_monitor(leave, "at once")
        assert await rest() == [Down(ref, pid, "at once")]

    play(main)


def test_p24_the_flag_answers_its_old_value() -> None:
    async def main() -> list[bool]:
        return [Process.flag(trap_exit=True), Process.flag(trap_exit=True), Process.flag(trap_exit=False)]

    assert play(main) == [False, True, True]


def test_p24_turning_the_flag_off_counts_for_later_signals_only() -> None:
    async def main() -> object:
        async def work() -> None:
            Process.flag(trap_exit=True)
            Process.exit(self_(), "first")
            await Process.sleep(0)  # it looks at its signals, and turns the first into a message
            Process.flag(trap_exit=False)
            assert await receive() == ExitSignal(self_(), "first")
            Process.exit(self_(), "second")

        _, ref = spawn_monitor(work)
        return await down(ref)

    assert play(main) == "second"


def test_p25_an_exit_signal_sent_as_a_message_kills_nobody() -> None:
    async def collector(to: Pid) -> None:
        send(to, await receive())
        await for_ever()

    async def main() -> None:
        pid = spawn_link(collector, self_())
        send(pid, ExitSignal(self_(), "kill"))
        assert await rest() == [ExitSignal(self_(), "kill")]
        assert Process.alive(pid)

    play(main)


# ---- messages ------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [None, 1, 2, 3])
def test_p26_messages_between_one_pair_keep_their_order(seed: int | None) -> None:
    async def sender(to: Pid, who: str) -> None:
        for number in range(20):
            send(to, (who, number))
            await Process.sleep(0)

    async def main() -> list[Any]:
        for who in "ab":
            spawn(sender, self_(), who)
        return await rest()

    received = play(main, seed=seed)
    for who in "ab":
        assert [number for name, number in received if name == who] == [*range(20)]


def test_p27_a_selective_receive_leaves_the_others_in_place_and_order() -> None:
    async def main() -> None:
        for message in (1, "a", 2.0, "b", 3, "c"):
            send(self_(), message)
        assert await receive(str) == "a"
        assert await receive(lambda m: m == 3) == 3
        assert await receive((float, bytes)) == 2.0
        assert await rest() == [1, "b", "c"]

    play(main)


def test_p27_a_selective_receive_waits_through_messages_that_do_not_fit() -> None:
    async def sender(to: Pid) -> None:
        for message in ("no", "no", 7, "no"):
            await Process.sleep(1)
            send(to, message)

    async def main() -> None:
        spawn(sender, self_())
        assert await receive(int, timeout=10) == 7
        assert await rest() == ["no", "no", "no"]

    play(main)


def test_p28_after_0_looks_through_the_whole_mailbox() -> None:
    async def main() -> None:
        for number in range(100):
            send(self_(), number)
        send(self_(), "last")
        assert await receive(str, timeout=0) == "last"
        assert await receive(str, timeout=0) is TIMEOUT

    play(main)


def test_p29_send_to_an_unknown_name_raises_and_says_what_to_do() -> None:
    async def main() -> str:
        with pytest.raises(BadArg) as error:
            send("cache", "hello")
        return str(error.value)

    said = play(main)
    assert "no process is registered as 'cache'" in said
    assert "Process.whereis" in said


def test_p29_send_to_a_dead_pid_does_nothing() -> None:
    async def main() -> object:
        pid, ref = spawn_monitor(leave, "normal")
        await down(ref)
        return send(pid, ["hello"])

    assert play(main) == ["hello"]


# ---- names ---------------------------------------------------------------------------------


def test_p30_a_taken_name_is_refused_with_its_holder() -> None:
    async def main() -> None:
        one, two = spawn(for_ever), spawn(for_ever)
        assert Process.register(one, "cache") is True
        with pytest.raises(BadArg, match=r"'cache' belongs to #PID<0\.2\.0>"):
            Process.register(two, "cache")
        assert Process.whereis("cache") is one

    play(main)


def test_p30_a_second_name_for_one_pid_is_refused() -> None:
    async def main() -> None:
        pid = spawn(for_ever)
        Process.register(pid, "one")
        with pytest.raises(BadArg, match="only one is allowed: unregister 'one' first"):
            Process.register(pid, "two")
        assert Process.registered() == ["one"]

    play(main)


def test_p30_a_dead_pid_cannot_be_registered() -> None:
    async def main() -> None:
        pid, ref = spawn_monitor(leave, "normal")
        await down(ref)
        with pytest.raises(BadArg, match="dead"):
            Process.register(pid, "cache")

    play(main)


@pytest.mark.parametrize("name", [None, True, False, "undefined"])
def test_p31_some_values_are_not_usable_as_names(name: object) -> None:
    async def main() -> None:
        with pytest.raises(BadArg, match="not usable as a name"):
            Process.register(self_(), name)
        assert Process.registered() == []

    play(main)


@pytest.mark.parametrize("end", ["normal", "boom"])
def test_p32_a_name_is_free_once_its_process_is_dead(end: str) -> None:
    async def main() -> None:
        pid, ref = spawn_monitor(on_a_word)
        Process.register(pid, "cache")
        send(pid, ("exit", end))
        await down(ref)
        assert Process.whereis("cache") is None
        assert Process.register(self_(), "cache") is True

    play(main)


def test_p32_unregistering_an_unknown_name_raises() -> None:
    async def main() -> None:
        with pytest.raises(BadArg, match="no process is registered as 'cache'"):
            Process.unregister("cache")

    play(main)


def test_p32_an_unregistered_process_can_take_another_name() -> None:
    async def main() -> None:
        Process.register(self_(), "one")
        assert Process.unregister("one") is True
        assert Process.register(self_(), "two") is True
        assert Process.whereis("one") is None

    play(main)


# ---- timers --------------------------------------------------------------------------------


def test_p33_send_after_to_a_dead_process_or_name_is_lost() -> None:
    async def main() -> None:
        pid, ref = spawn_monitor(leave, "normal")
        await down(ref)
        Process.send_after(pid, "hello", 1)
        Process.send_after("nobody", "hello", 1)
        await Process.sleep(5)
        assert await rest() == []

    play(main)


def test_p33_send_after_looks_a_name_up_when_it_fires() -> None:
    async def main() -> None:
        Process.send_after("later", "hello", 1)
        Process.register(self_(), "later")
        assert await receive(timeout=2) == "hello"

    play(main)


def test_p34_cancel_timer_gives_what_remains_and_then_false() -> None:
    async def main() -> None:
        timer = Process.send_after(self_(), "tick", 10)
        await Process.sleep(4)
        assert Process.cancel_timer(timer) == 6.0
        assert Process.cancel_timer(timer) is False
        await Process.sleep(20)
        assert await rest() == []

    play(main)


def test_p34_cancelling_a_fired_timer_is_false_and_the_message_stays() -> None:
    async def main() -> None:
        timer = Process.send_after(self_(), "tick", 1)
        await Process.sleep(2)
        assert Process.cancel_timer(timer) is False
        assert await rest() == ["tick"]

    play(main)


def test_p35_read_timer_gives_what_remains_or_false() -> None:
    async def main() -> None:
        timer = Process.send_after(self_(), "tick", 10)
        assert Process.read_timer(timer) == 10.0
        await Process.sleep(3)
        assert Process.read_timer(timer) == 7.0
        await Process.sleep(7)
        assert Process.read_timer(timer) is False

    play(main)


# ---- order of what a death says ------------------------------------------------------------


@pytest.mark.parametrize("link_first", [True, False])
def test_a_process_that_links_and_monitors_gets_exit_before_down(link_first: bool) -> None:
    """Seen on OTP 25, whichever of the two was set up first."""

    async def main() -> None:
        Process.flag(trap_exit=True)
        pid = spawn(on_a_word)
        if link_first:
            Process.link(pid)
        ref = Process.monitor(pid)
        Process.link(pid)
        send(pid, ("exit", "boom"))
        assert await rest() == [ExitSignal(pid, "boom"), Down(ref, pid, "boom")]

    play(main)


def test_the_name_is_given_up_before_links_and_monitors_learn_of_the_death() -> None:
    async def main() -> None:
        pid, ref = spawn_monitor(on_a_word)
        Process.register(pid, "cache")
        send(pid, ("exit", "boom"))
        await receive(Down)
        assert Process.whereis("cache") is None
        assert Process.register(self_(), "cache") is True
        assert ref is not None

    play(main)


# ---- what only Python has ------------------------------------------------------------------


def test_except_exception_does_not_swallow_a_kill() -> None:
    steps = []

    async def stubborn() -> None:
        while True:
            try:
                await receive()
            except Exception as error:
                steps.append(error)
            finally:
                steps.append("finally")

    async def main() -> object:
        pid, ref = spawn_monitor(stubborn)
        await Process.sleep(1)
        Process.exit(pid, "kill")
        return await down(ref)

    assert play(main) == "killed"
    assert steps == ["finally"]


def test_a_process_that_kills_itself_runs_no_more_of_its_code() -> None:
    steps = []

    async def work() -> None:
        steps.append("before")
        Process.exit(self_(), "kill")
        steps.append("after")

    async def main() -> object:
        _, ref = spawn_monitor(work)
        return await down(ref)

    assert play(main) == "killed"
    assert steps == ["before"]


def test_a_plain_function_runs_to_its_end_in_one_turn() -> None:
    async def main() -> object:
        def work(to: Pid) -> None:
            send(to, self_())

        pid, ref = spawn_monitor(work, self_())
        assert await receive() is pid
        return await down(ref)

    assert play(main) == "normal"


def test_a_lambda_that_calls_an_async_function_runs_it() -> None:
    """What an Elixir user writes first: `spawn(fn -> work(1) end)`."""

    async def work(to: Pid, word: str) -> None:
        send(to, word)

    async def main() -> object:
        me = self_()
        spawn(lambda: work(me, "ran"))
        return await receive(timeout=1)

    answer = play(main)
    gc.collect()
    assert answer == "ran"


def test_a_partial_of_an_async_function_can_be_spawned() -> None:
    async def main() -> object:
        async def work(word: str, to: Pid) -> None:
            send(to, word)

        spawn(partial(work, "ran"), self_())
        return await receive(timeout=1)

    assert play(main) == "ran"


def test_spawn_of_a_coroutine_says_how_to_write_it() -> None:
    async def main() -> str:
        coroutine = for_ever()
        with pytest.raises(BadArg) as error:
            spawn(coroutine)  # type: ignore[arg-type]
        coroutine.close()
        return str(error.value)

    assert "spawn needs a function, and its arguments after it: spawn(work, 1, 2)" in play(main)


def test_spawn_says_nothing_has_happened_yet() -> None:
    ran = []

    async def main() -> None:
        spawn(lambda: ran.append(1))
        assert ran == []
        await Process.sleep(0)
        assert ran == [1]

    play(main)


@pytest.mark.parametrize("timeout", [-1, -0.001, "5", True, float("nan"), [], 1j])
def test_a_bad_time_out_is_refused(timeout: Any) -> None:
    async def main() -> None:
        for wait in (lambda: receive(timeout=timeout), lambda: Process.sleep(timeout)):
            with pytest.raises(BadArg, match="a time-out is a number of seconds from 0 up, or INFINITY, got"):
                await wait()
        assert await receive(timeout=0) is TIMEOUT

    play(main)


def test_a_time_out_larger_than_any_float_is_refused_or_never_comes() -> None:
    async def main() -> object:
        send(self_(), "there")
        try:
            return await receive(timeout=10**400)
        except BadArg:
            return "there"

    assert play(main) == "there"


@pytest.mark.parametrize("seconds", [None, INFINITY, -1, "soon"])
def test_send_after_needs_a_number_of_seconds(seconds: Any) -> None:
    async def main() -> None:
        with pytest.raises(BadArg, match="number of seconds"):
            Process.send_after(self_(), "tick", seconds)

    play(main)


@pytest.mark.parametrize("destination", [[], {}, set()])
def test_send_after_to_what_cannot_be_an_address_is_refused_at_once(destination: Any) -> None:
    """And not when the timer fires, where it would end the whole run. Elixir: ArgumentError."""

    async def main() -> None:
        with pytest.raises(BadArg):
            Process.send_after(destination, "tick", 1)
        await Process.sleep(2)

    play(main)


@pytest.mark.parametrize("function", [Process.exit, Process.register])
def test_functions_of_a_pid_refuse_what_is_none(function: Any) -> None:
    async def main() -> None:
        with pytest.raises(BadArg, match="needs a pid, got 'cache'"):
            function("cache", "x")

    play(main)


@pytest.mark.parametrize("function", [Process.link, Process.unlink, Process.alive, Process.info])
def test_looking_functions_refuse_what_is_no_pid(function: Any) -> None:
    async def main() -> None:
        with pytest.raises(BadArg, match="needs a pid, got 5"):
            function(5)

    play(main)


def test_send_to_what_cannot_be_an_address_is_refused() -> None:
    async def main() -> None:
        with pytest.raises(BadArg, match=r"addressed by its pid, its name or Via.*got \[1\]"):
            send([1], "hello")

    play(main)


def test_cancel_timer_needs_a_timer() -> None:
    async def main() -> None:
        _, ref = spawn_monitor(for_ever)
        for bad in (ref, 5, None):
            with pytest.raises(BadArg, match="not a timer"):
                Process.cancel_timer(bad)

    play(main)


def test_demonitor_needs_a_reference() -> None:
    async def main() -> None:
        with pytest.raises(BadArg, match="what monitor answered, got 'x'"):
            Process.demonitor("x")  # type: ignore[arg-type]

    play(main)


def test_trap_exit_is_true_or_false() -> None:
    async def main() -> None:
        with pytest.raises(BadArg, match="True or False, got 1"):
            Process.flag(trap_exit=1)  # type: ignore[arg-type]

    play(main)


def test_a_message_that_refuses_copying_is_not_sent() -> None:
    async def main() -> None:
        with pytest.raises(CopyError, match="refuses it"):
            send(self_(), iter(x for x in "ab"))
        assert await rest() == []

    play(main)


def test_arguments_of_spawn_are_copies() -> None:
    async def work(basket: list[str]) -> None:
        basket.append("pear")

    async def main() -> list[str]:
        basket = ["apple"]
        spawn(work, basket)
        await Process.sleep(1)
        return basket

    assert play(main) == ["apple"]


def test_arguments_bound_by_partial_are_copies_too() -> None:
    async def work(basket: list[str]) -> None:
        basket.append("pear")

    async def main() -> list[str]:
        basket = ["apple"]
        spawn(partial(work, basket))
        await Process.sleep(1)
        return basket

    assert play(main) == ["apple"]


def test_every_watcher_gets_a_reason_of_its_own() -> None:
    async def watcher(pid: Pid, to: Pid) -> None:
        Process.monitor(pid)
        message = await receive(Down)
        message.reason.append("mine")
        send(to, message.reason)

    async def main() -> list[Any]:
        pid = spawn(on_a_word)
        for _ in range(2):
            spawn(watcher, pid, self_())
        await Process.sleep(1)
        send(pid, ("exit", ["boom"]))
        return await rest()

    assert play(main) == [["boom", "mine"], ["boom", "mine"]]


def test_info_of_a_dead_process_is_none() -> None:
    async def main() -> object:
        pid, ref = spawn_monitor(leave, "normal")
        await down(ref)
        return Process.info(pid)

    assert play(main) is None


def test_info_tells_links_monitors_and_the_length_of_the_mailbox() -> None:
    async def main() -> None:
        pid = spawn_link(for_ever)
        Process.monitor(pid)
        Process.register(pid, "cache")
        send(pid, 1)
        info = Process.info(pid)
        assert info["registered_name"] == "cache"
        assert info["links"] == [self_()]
        assert info["monitored_by"] == [self_()]
        assert info["message_queue_len"] == 1
        assert info["parent"] is self_()
        assert Process.info(self_())["monitors"] == [pid]
        assert Process.info(self_())["status"] == "running"

    play(main)


def test_list_names_every_living_process_oldest_first() -> None:
    async def main() -> None:
        one, two = spawn(for_ever), spawn(for_ever)
        Process.exit(one, "kill")
        assert Process.list() == [self_(), two]

    play(main)


def test_sleep_leaves_messages_where_they_are() -> None:
    async def main() -> None:
        send(self_(), "a")
        await Process.sleep(3)
        assert await rest() == ["a"]

    play(main)


# ---- fairness ------------------------------------------------------------------------------


def _a_loop_lets_others_run(step: Any) -> None:
    """`step` is awaited in a loop that is far longer than a share; somebody else must run meanwhile."""

    async def main() -> tuple[int, bool]:
        done: list[bool] = []
        spawn(lambda: done.append(True))
        for rounds in range(50_000):
            await step()
            if done:
                return rounds, True
        return rounds, False

    rounds, ran = play(main)
    assert ran, f"nobody else ran in {rounds + 1} rounds"


def test_a_loop_that_calls_a_dead_name_does_not_starve_others() -> None:
    from otp_mini import GenServer

    async def step() -> None:
        with pytest.raises(Exit):
            await GenServer.call("nobody", "hello")

    _a_loop_lets_others_run(step)


def test_a_loop_that_sends_and_looks_for_messages_does_not_starve_others() -> None:
    async def step() -> None:
        send(self_(), 1)
        assert await receive() == 1

    _a_loop_lets_others_run(step)


def test_a_loop_that_polls_its_mailbox_does_not_starve_others() -> None:
    async def step() -> None:
        assert await receive(timeout=0) is TIMEOUT

    _a_loop_lets_others_run(step)


def test_a_loop_that_sleeps_for_no_time_does_not_starve_others() -> None:
    async def step() -> None:
        await Process.sleep(0)

    _a_loop_lets_others_run(step)


def test_a_loop_that_tries_a_taken_name_does_not_starve_others() -> None:
    from otp_mini import AlreadyStarted, GenServer

    async def step() -> None:
        if Process.whereis("taken") is None:
            Process.register(self_(), "taken")
        with pytest.raises(AlreadyStarted):
            await GenServer.start_link(name="taken")

    _a_loop_lets_others_run(step)


def test_sends_to_a_dead_pid_count_against_the_share() -> None:
    async def main() -> bool:
        pid, ref = spawn_monitor(leave, "normal")
        await down(ref)
        ran: list[int] = []
        spawn(lambda: ran.append(1))
        for _ in range(5_000):
            send(pid, "x")
        send(self_(), "mine")
        await receive()
        return ran == [1]

    assert play(main)


# ---- threads -------------------------------------------------------------------------------


def test_in_thread_answers_what_the_function_returned() -> None:
    assert play(in_thread, pow, 2, 10) == 1024


def test_in_thread_raises_what_the_function_raised() -> None:
    async def main() -> None:
        with pytest.raises(ZeroDivisionError):
            await in_thread(divmod, 1, 0)

    play(main)


@pytest.mark.parametrize("platform", [sys.platform, "emscripten"])
def test_what_a_function_in_a_thread_raises_is_a_copy(platform: str, monkeypatch: pytest.MonkeyPatch) -> None:
    basket = ["apple"]

    def fail() -> None:
        raise ValueError(basket)

    async def main() -> object:
        with pytest.raises(ValueError, match="apple") as caught:
            await in_thread(fail)
        basket.append("pear")
        return caught.value.args

    monkeypatch.setattr(sys, "platform", platform)
    assert play(main) == (["apple"],)


def test_what_a_function_in_a_thread_answers_is_a_copy() -> None:
    basket = ["apple"]

    async def main() -> object:
        answer = await in_thread(lambda: basket)
        basket.append("pear")
        return answer

    assert play(main) == ["apple"]


def test_in_thread_lets_the_other_processes_run() -> None:
    async def main() -> object:
        import threading

        gate = threading.Event()

        async def opener(gate: Any) -> None:
            gate.value.set()

        def wait(gate: Any) -> bool:
            return bool(gate.value.wait(10))

        spawn(opener, Shared(gate))
        return await in_thread(wait, Shared(gate))

    assert play(main) is True


def test_a_process_killed_while_its_thread_works_leaves_a_usable_node() -> None:
    import threading

    gate = threading.Event()

    async def work() -> None:
        await in_thread(lambda: gate.wait(10))

    async def main() -> object:
        pid, ref = spawn_monitor(work)
        await Process.sleep(0)
        Process.exit(pid, "kill")
        reason = await down(ref, None)
        gate.set()
        await in_thread(int)
        await Process.sleep(1)
        return reason

    assert play(main) == "killed"


# ---- what lies in a mailbox ------------------------------------------------------------------


def test_info_shows_copies_of_the_messages_and_takes_none_out() -> None:
    async def main() -> Any:
        basket = ["apple"]
        for message in (basket, "b"):
            send(self_(), message)
        info = Process.info(self_())
        assert info is not None
        info["messages"][0].append("pear")
        return info["messages"], info["message_queue_len"], await receive(), await receive()

    assert play(main) == ([["apple", "pear"], "b"], 2, ["apple"], "b")


def test_info_of_an_empty_mailbox_and_of_another_process() -> None:
    async def main() -> Any:
        pid = spawn(for_ever)
        before = Process.info(pid)
        send(pid, "hello")
        after = Process.info(pid)
        assert before is not None and after is not None
        return before["messages"], after["messages"]

    assert play(main) == ([], ["hello"])


def test_flush_prints_a_line_a_message_and_empties_the_mailbox(capsys: pytest.CaptureFixture[str]) -> None:
    class Says:
        def __repr__(self) -> str:
            return "two\nlines"

    async def main() -> Any:
        for message in ("a", ("b", {"d", "c"}), Says()):
            send(self_(), message)
        return flush(), await receive(timeout=0), flush()

    assert play(main) == ("ok", TIMEOUT, "ok")
    assert capsys.readouterr().out.splitlines() == ["'a'", "('b', {'c', 'd'})", "two\\nlines"]


def test_flush_takes_what_is_on_its_way_as_receive_does(capsys: pytest.CaptureFixture[str]) -> None:
    async def main() -> None:
        Process.flag(trap_exit=True)
        Process.exit(self_(), "shutdown")
        flush()

    play(main)
    assert capsys.readouterr().out == "ExitSignal(pid=#PID<0.1.0>, reason='shutdown')\n"


def test_what_flush_takes_is_in_the_trace(capsys: pytest.CaptureFixture[str]) -> None:
    async def main() -> Any:
        with trace() as recorded:
            send(self_(), "a")
            flush()
        return [(event.kind, event.term, event.cause) for event in recorded]

    assert play(main) == [("send", "a", None), ("receive", "a", 0)]


# ---- a timer that repeats --------------------------------------------------------------------


def test_an_interval_sends_until_it_is_cancelled() -> None:
    async def main() -> Any:
        timer = Process.send_interval(self_(), "tick", 2)
        times = []
        for _ in range(3):
            await receive()
            times.append(current_node().now())
        left = Process.cancel_timer(timer)
        return times, left, await receive(timeout=100), Process.read_timer(timer)

    assert play(main) == ([2.0, 4.0, 6.0], 2.0, TIMEOUT, False)


def test_an_interval_does_not_drift_and_makes_up_for_what_a_busy_receiver_missed() -> None:
    async def main() -> Any:
        Process.send_interval(self_(), "tick", 2)
        await Process.sleep(7)
        missed = len(Process.info(self_())["messages"])  # type: ignore[index]
        for _ in range(missed + 1):
            await receive()
        return missed, current_node().now()

    assert play(main) == (3, 8.0)


def test_each_message_of_an_interval_is_a_copy_of_its_own() -> None:
    async def main() -> Any:
        basket = ["apple"]
        Process.send_interval(self_(), basket, 1)
        basket.append("too late")
        (await receive()).append("eaten")
        return await receive()

    assert play(main) == ["apple"]


@pytest.mark.parametrize("by", [lambda pid: pid, lambda pid: "clock"])
def test_an_interval_ends_with_its_receiver(by: Any) -> None:
    async def main() -> Any:
        pid = spawn(for_ever)
        Process.register(pid, "clock")
        timer = Process.send_interval(by(pid), "tick", 1)
        await Process.sleep(2.5)
        got = len(Process.info(pid)["messages"])  # type: ignore[index]
        Process.exit(pid, "kill")
        other = spawn(for_ever)
        Process.register(other, "clock")
        await Process.sleep(5)
        return got, Process.info(other)["messages"], Process.read_timer(timer), len(current_node().timers)  # type: ignore[index]

    assert play(main) == (2, [], False, 0)


def test_an_interval_for_nobody_never_sends() -> None:
    async def main() -> Any:
        timer = Process.send_interval("later", "tick", 1)
        Process.register(self_(), "later")
        return await receive(timeout=5), Process.cancel_timer(timer)

    assert play(main) == (TIMEOUT, False)


def test_a_node_full_of_intervals_runs_dry_when_the_foreground_is_done() -> None:
    async def main() -> str:
        Process.send_interval(spawn(for_ever), "tick", 1)
        return "done"

    assert play(main) == "done"


@pytest.mark.parametrize("seconds", [0, 0.0, -1, INFINITY, None, float("nan"), "1", True])
def test_an_interval_is_a_number_above_0(seconds: Any) -> None:
    async def main() -> None:
        Process.send_interval(self_(), "tick", seconds)

    with pytest.raises(BadArg, match="number of seconds"):
        play(main)


# ---- time-outs of zero -----------------------------------------------------------------------


class Slow(GenServer):
    """Answers at once, in its next turn."""

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        return Reply(state, [*state, request])


async def _call(server: Pid) -> Any:
    return await GenServer.call(server, "x", 0)


async def _state(server: Pid) -> Any:
    return await sys_.get_state(server, 0)


async def _stop(server: Pid) -> Any:
    return await GenServer.stop(server, "normal", 0)


async def _await(server: Pid) -> Any:
    return await Task.await_(Task.async_(Process.sleep, 0), 0)


@pytest.mark.parametrize("use", [_call, _state, _stop, _await])
@pytest.mark.parametrize("clock", ["virtual", "real"])
def test_a_time_out_of_0_is_over_at_once_and_the_request_is_sent_all_the_same(use: Any, clock: Any) -> None:
    async def main() -> Any:
        server = await Slow.start([])
        with pytest.raises(Exit) as exit:
            await use(server)
        await Process.sleep(0.01)
        return exit.value.reason[0], Process.alive(server) and await sys_.get_state(server)  # type: ignore[index]

    with Node(clock=clock) as node:
        assert node.run(main) == ("timeout", {"_call": ["x"], "_stop": False}.get(use.__name__, []))


@pytest.mark.parametrize("start", [Slow.start, Slow.start_link, lambda *a, **how: Agent.start(list, **how)])
def test_a_start_that_may_take_no_time_starts_nobody(start: Any) -> None:
    async def main() -> Any:
        Process.flag(trap_exit=True)
        with pytest.raises(StartError) as error:
            await start([], timeout=0)
        return error.value.reason, await receive(timeout=1), len(Process.list())

    assert play(main) == ("timeout", TIMEOUT, 1)


def test_a_time_out_of_0_to_nobody_and_to_oneself() -> None:
    async def main() -> Any:
        reasons = []
        for server in ("nobody", self_()):
            with pytest.raises(Exit) as exit:
                await GenServer.call(server, "x", 0)
            reasons.append(exit.value.reason[0])  # type: ignore[index]
        return reasons

    assert play(main) == ["noproc", "calling_self"]


# ---- every public name -----------------------------------------------------------------------

EVERYTHING = """
import sys
for missing in ("ipywidgets", "anywidget", "graphviz", "traitlets", "IPython"):
    sys.modules[missing] = None
from otp_mini import *
import otp_mini
looking = [tree, which, processes, observer, crash_lab, compare_strategies, life_of, decision_table, schedule_lab]
assert not [name for name in sys.modules if name.startswith(("otp_mini.viz", "otp_mini.widgets", "asyncio"))]
assert set(otp_mini.__all__) <= set(globals())
assert all(name.__doc__ and name.__wrapped__ for name in looking)
try:
    observer("nobody")
except ImportError as error:
    print(error)
async def main():
    return Process.alive(self_())
print(run(main))
"""


def test_a_star_brings_every_name_where_only_the_standard_library_is() -> None:
    told = subprocess.run([sys.executable, "-c", EVERYTHING], capture_output=True, text=True, check=False)
    assert told.stderr == ""
    needs, alive = told.stdout.splitlines()
    assert "needs the package ipywidgets" in needs
    assert alive == "True"


def test_every_public_name_is_brought_by_a_star() -> None:
    there = vars(otp_mini)
    public = {name for name in there if not name.startswith("_") and not isinstance(there[name], ModuleType)}
    assert public - set(otp_mini.__all__) - {"Any", "annotations"} == set()
    for module in (otp_mini.ets, otp_mini.sys_):
        assert module.__name__.rpartition(".")[2] in otp_mini.__all__


@pytest.mark.parametrize("name", ["tree", "which", "processes", "observer", "crash_lab", "compare_strategies",
                                  "life_of", "decision_table", "schedule_lab"])  # fmt: skip
def test_a_name_that_loads_later_shows_what_it_will_be(name: str) -> None:
    later = getattr(otp_mini, name)
    assert inspect.signature(later) == inspect.signature(later.__wrapped__)
    assert later.__doc__ == later.__wrapped__.__doc__
    assert (later.__name__, repr(later)) == (name, f"<function {name} of otp_mini>")
    assert callable(later)


def test_a_name_that_does_not_exist_is_no_attribute() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'crash_labs'"):
        otp_mini.crash_labs  # noqa: B018


def test_a_name_that_cannot_be_asked_is_refused_in_words() -> None:
    class NoHash:
        def __hash__(self) -> int:
            raise ValueError("no hash for you")

    class NoEqual:
        def __hash__(self) -> int:
            return hash("name")

        def __eq__(self, other: object) -> bool:
            raise ValueError("not comparable")

    async def main() -> None:
        Process.register(self_(), "name")
        for odd in (NoHash(), NoEqual()):
            for use in (
                partial(send, odd, 1),
                partial(GenServer.call, odd, 1),
                partial(GenServer.cast, odd, 1),
                partial(Process.monitor, odd),
                partial(Process.whereis, odd),
                partial(Process.alive, odd),
                partial(Process.unregister, odd),
                partial(Process.register, self_(), odd),
                partial(Process.send_after, odd, 1, 1.0),
                partial(Process.send_interval, odd, 1, 1.0),
            ):
                with pytest.raises(BadArg):
                    use()
            with pytest.raises(BadArg, match="cannot be compared: ValueError"):
                await GenServer.start(1, name=odd)

    play(main)


def test_an_interval_is_no_shorter_than_a_clock_can_show() -> None:
    async def main() -> Any:
        await Process.sleep(1.0)
        for seconds in (1e-20, 5e-324, 0.0009):
            with pytest.raises(BadArg, match=r"every 0\.001 s at the most"):
                Process.send_interval(self_(), "tick", seconds)
        Process.send_interval(self_(), "tick", 0.001)
        return [await receive() for _ in range(3)]

    assert play(main) == ["tick"] * 3


def test_of_a_timer_nothing_is_left_long_after_its_process() -> None:
    """Also where an earlier timer lives, behind which those of the dead stand in the queue."""

    async def brief() -> None:
        Process.send_after(self_(), "later", 3600.0)

    async def main() -> int:
        node = current_node()
        Process.send_after(self_(), "mine", 10.0)
        for _ in range(2_000):
            _, ref = spawn_monitor(brief)
            await receive(lambda message, ref=ref: message.ref is ref)
        return len(node.timers)

    assert play(main) < 200

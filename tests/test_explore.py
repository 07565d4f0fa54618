"""Every schedule of small scenarios: the races that are known are found, and their cures hold in all schedules."""

from __future__ import annotations

import asyncio
import logging
import os
import random
import signal
import subprocess
import sys
import threading
import traceback
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from otp_mini import (
    INFINITY,
    TIMEOUT,
    Agent,
    BadArg,
    ChildSpec,
    Continue,
    Down,
    Exit,
    GenServer,
    NoReply,
    Ok,
    Process,
    Registry,
    Reply,
    Supervisor,
    Task,
    ets,
    explore,
    in_thread,
    receive,
    replay,
    self_,
    send,
    spawn,
    spawn_monitor,
)
from otp_mini.explore import Schedules, run_once
from otp_mini.process import runtime
from otp_mini.watched import Footprint
from tests.random_scenarios import THEMES, disagreement, exchanged
from tests.replayed import PINNED, digest

ROOT = Path(__file__).parents[1]


async def answers(many: int) -> list[Any]:
    return [await receive() for _ in range(many)]


def found(result: Schedules, *outcomes: Any) -> None:
    """These outcomes and no others are possible, and the schedule that is told for each leads to it."""
    assert result.exhaustive, str(result)
    assert 0 not in result.outcomes.values()
    assert sorted(map(repr, result.outcomes)) == sorted(map(repr, outcomes))
    for outcome in result.outcomes:
        assert repr(replay(result.scenario, result.shortest[outcome]).outcome) == repr(outcome)


# ---- get, then update ----------------------------------------------------------------------------


async def get_then_update(counter: Any, boss: Any) -> None:
    n = await Agent.get(counter, lambda state: state)
    await Agent.update(counter, lambda state: n + 1)
    send(boss, "done")


async def update_at_once(counter: Any, boss: Any) -> None:
    await Agent.update(counter, lambda state: state + 1)
    send(boss, "done")


async def two_add(client: Any) -> int:
    counter = await Agent.start_link(lambda: 0)
    for _ in range(2):
        spawn(client, counter, self_())
    await answers(2)
    total: int = await Agent.get(counter, lambda state: state)
    return total


async def counter_race() -> int:
    return await two_add(get_then_update)


async def counter_cured() -> int:
    return await two_add(update_at_once)


def test_of_two_who_get_and_then_update_one_may_be_lost() -> None:
    result = explore(counter_race, lambda total: total == 2)
    found(result, 1, 2)
    assert result.wrong == [1]


def test_an_update_in_one_call_is_the_same_in_all_schedules() -> None:
    result = explore(counter_cured, lambda total: total == 2)
    found(result, 2)
    assert str(result).startswith("The same in all ")
    assert result.wrong == []


# ---- ETS: look up, then insert ------------------------------------------------------------------


async def lookup_then_insert(boss: Any) -> None:
    ((_, n),) = ets.lookup("hits", "home")
    ets.insert("hits", ("home", n + 1))
    send(boss, "done")


async def update_counter(boss: Any) -> None:
    ets.update_counter("hits", "home", 1)
    send(boss, "done")


async def two_hit(client: Any) -> Any:
    ets.new("hits", named=True, access="public")
    ets.insert("hits", ("home", 0))
    for _ in range(2):
        spawn(client, self_())
    await answers(2)
    return ets.lookup("hits", "home")[0][1]


async def table_race() -> Any:
    return await two_hit(lookup_then_insert)


async def table_cured() -> Any:
    return await two_hit(update_counter)


def test_of_two_who_look_up_and_then_insert_one_may_be_lost() -> None:
    found(explore(table_race), 1, 2)


async def hit_in_a_task() -> None:
    await asks_and_puts()


async def asks_and_puts() -> None:
    ((_, n),) = ets.lookup("hits", "home")
    ets.insert("hits", ("home", n + 1))


async def task_race() -> Any:
    ets.new("hits", named=True, access="public")
    ets.insert("hits", ("home", 0))
    await Task.await_many([Task.async_(hit_in_a_task) for _ in range(2)])
    return ets.lookup("hits", "home")[0][1]


def test_the_race_is_found_in_tasks_and_in_functions_that_they_await() -> None:
    found(explore(task_race), 1, 2)


def test_update_counter_is_the_same_in_all_schedules() -> None:
    found(explore(table_cured), 2)


# ---- whereis, then register ---------------------------------------------------------------------


async def ask_then_register(boss: Any) -> None:
    if Process.whereis("leader") is None:
        Process.register(self_(), "leader")
        send(boss, "leads")
    else:
        send(boss, "follows")
    await receive()


async def register_and_see(boss: Any) -> None:
    try:
        Process.register(self_(), "leader")
    except BadArg:
        send(boss, "follows")
    else:
        send(boss, "leads")
    await receive()


async def two_candidates(candidate: Any) -> list[Any]:
    for _ in range(2):
        Process.monitor(spawn(candidate, self_()))
    return sorted("crashed" if isinstance(each, Down) else each for each in await answers(2))


async def leader_race() -> list[Any]:
    return await two_candidates(ask_then_register)


async def leader_cured() -> list[Any]:
    return await two_candidates(register_and_see)


def test_who_asks_for_a_name_and_then_takes_it_may_crash() -> None:
    result = explore(leader_race, lambda said: said == ["follows", "leads"])
    assert result.exhaustive
    assert result.wrong == ["['crashed', 'leads']"]


def test_who_takes_a_name_and_looks_whether_it_could_leads_once_in_all_schedules() -> None:
    result = explore(leader_cured, lambda said: said == ["follows", "leads"])
    assert (result.exhaustive, len(result.outcomes), result.wrong) == (True, 1, [])


# ---- two clients check, then act ----------------------------------------------------------------


class Bank(GenServer):
    def init(self, argument: Any) -> Any:
        return Ok(argument)

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        match request:
            case "balance":
                return Reply(state, state)
            case ("withdraw", amount):
                return Reply("ok", state - amount)
            case ("withdraw_if_there", amount) if amount > state:
                return Reply("refused", state)
            case ("withdraw_if_there", amount):
                return Reply("ok", state - amount)


async def check_then_act(bank: Any, boss: Any) -> None:
    if await GenServer.call(bank, "balance") >= 60:
        await GenServer.call(bank, ("withdraw", 60))
    send(boss, "done")


async def act_where_the_money_is(bank: Any, boss: Any) -> None:
    await GenServer.call(bank, ("withdraw_if_there", 60))
    send(boss, "done")


async def two_withdraw(client: Any) -> Any:
    bank = await Bank.start_link(100)
    for _ in range(2):
        spawn(client, bank, self_())
    await answers(2)
    return await GenServer.call(bank, "balance")


async def bank_race() -> Any:
    return await two_withdraw(check_then_act)


async def bank_cured() -> Any:
    return await two_withdraw(act_where_the_money_is)


def test_two_who_check_the_balance_first_may_overdraw() -> None:
    found(explore(bank_race), 40, -20)


def test_a_server_that_checks_itself_is_never_overdrawn() -> None:
    found(explore(bank_cured), 40)


# ---- a subscriber that dies during dispatch ------------------------------------------------------


class Subscriber(GenServer):
    def init(self, argument: Any) -> Any:
        Registry.register("topics", "news")
        return Ok(0)

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        return Reply("ok", state + 1)

    def handle_cast(self, request: Any, state: Any) -> Any:
        return NoReply(state + 1)


async def kill(pid: Any) -> None:
    Process.exit(pid, "kill")


async def topic() -> None:
    await Registry.start_link(keys="duplicate", name="topics")
    for _ in range(2):
        subscriber = await Subscriber.start()
    spawn(kill, subscriber)


async def dispatch_race() -> str:
    await topic()
    subscribers: list[Any] = []
    Registry.dispatch("topics", "news", subscribers.extend)
    for pid, _ in subscribers:
        await GenServer.call(pid, "headline")
    return "published"


async def dispatch_cured() -> str:
    await topic()
    subscribers: list[Any] = []
    Registry.dispatch("topics", "news", subscribers.extend)
    for pid, _ in subscribers:
        GenServer.cast(pid, "headline")
    return "published"


def test_who_calls_each_subscriber_may_fall_with_one_that_dies() -> None:
    result = explore(dispatch_race, lambda outcome: outcome == "published")
    assert result.exhaustive
    assert any("noproc" in text for text in result.wrong), str(result)


def test_who_casts_to_each_subscriber_publishes_in_all_schedules() -> None:
    found(explore(dispatch_cured), "published")


# ---- a timer and its cancel ----------------------------------------------------------------------


async def cancel_race() -> str:
    timer = Process.send_after(self_(), "ring", 1.0)
    await Process.sleep(1.0)
    Process.cancel_timer(timer)
    return "quiet" if await receive(timeout=0) == "timeout" else "it rang"


async def cancel_cured() -> str:
    timer = Process.send_after(self_(), "ring", 1.0)
    await Process.sleep(1.0)
    if Process.cancel_timer(timer) is False:
        await receive(lambda message: message == "ring")  # it has fired: take its message out
    return "quiet" if await receive(timeout=0) == "timeout" else "it rang"


async def early_cancel() -> str:
    timer = Process.send_after(self_(), "ring", 1.0)
    await Process.sleep(0.5)
    Process.cancel_timer(timer)
    return "quiet" if await receive(timeout=2) == "timeout" else "it rang"


def test_a_timer_may_fire_just_before_it_is_cancelled() -> None:
    found(explore(cancel_race), "quiet", "it rang")


@pytest.mark.parametrize("scenario", [cancel_cured, early_cancel])
def test_who_takes_the_message_of_a_timer_that_has_fired_is_at_peace_in_all_schedules(scenario: Any) -> None:
    found(explore(scenario), "quiet")


# ---- time moves ahead ----------------------------------------------------------------------------


class Echo(GenServer):
    def init(self, argument: Any) -> Any:
        return Ok(argument)

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        return Reply(request, state)


async def calls_with_a_time_out() -> Any:
    echo = await Echo.start_link(())
    try:
        return await GenServer.call(echo, "q", 1.0)
    except Exit as exit:
        return str(exit.reason[0])


async def late_reply() -> Any:
    """What a call no longer waits for is thrown away when it comes."""
    return (await calls_with_a_time_out(), await receive(timeout=0))


async def calls_without_a_time_out() -> Any:
    echo = await Echo.start_link(())
    return await GenServer.call(echo, "q", INFINITY)


async def waits_for_a_moment() -> Any:
    spawn(say, self_(), "pong")
    return await receive(timeout=0.001)


async def cancel_in_time() -> str:
    spawn(Process.sleep, 0.0)  # somebody who could go on
    timer = Process.send_after(self_(), "ring", 1.0)
    Process.cancel_timer(timer)
    return "quiet" if await receive(timeout=0) == "timeout" else "it rang"


async def two_moments() -> Any:
    spawn(say, self_(), "pong")
    return [await receive(timeout=1.0), await receive(timeout=1.0), await receive(timeout=1.0)]


AHEAD = "if time moves only when nobody can go on (see time_ahead)."


@pytest.mark.parametrize(
    ("scenario", "usual", "more"),
    [
        (calls_with_a_time_out, ["q"], ["timeout"]),
        (late_reply, ["('q', TIMEOUT)"], ["('timeout', TIMEOUT)"]),
        (waits_for_a_moment, ["pong"], ["timeout"]),
        (cancel_in_time, ["quiet"], ["it rang"]),
        (early_cancel, ["quiet"], ["it rang"]),
        (two_moments, ["['pong', TIMEOUT, TIMEOUT]"], ["[TIMEOUT, 'pong', TIMEOUT]"]),
    ],
)
def test_a_timer_fires_against_a_message_where_time_may_move_ahead(scenario: Any, usual: Any, more: Any) -> None:
    plain, ahead = explore(scenario), explore(scenario, time_ahead=1)
    assert (sorted(map(str, plain.outcomes)), plain.exhaustive) == (usual, True)
    assert AHEAD in plain.headline()
    assert (sorted(map(str, ahead.outcomes)), ahead.exhaustive) == (sorted(usual + more), True)
    for outcome, schedule in ahead.shortest.items():
        run = replay(scenario, schedule)
        assert (str(run.outcome), run.schedule) == (str(outcome), schedule)
        assert ("time" in schedule.split()) == (str(outcome) in more)


def test_how_often_time_moves_ahead_is_bounded_and_the_headline_says_how_often() -> None:
    once, twice, often = (explore(two_moments, time_ahead=many) for many in (1, 2, 9))
    assert "[TIMEOUT, TIMEOUT, 'pong']" not in map(str, once.outcomes)
    assert "[TIMEOUT, TIMEOUT, 'pong']" in map(str, twice.outcomes)
    assert once.headline().endswith("no others if time moves ahead of who can go on once at most.")
    assert twice.headline().endswith("no others if time moves ahead of who can go on 2 times at most.")
    assert often.headline().endswith(", and there are no others.")  # so often it could not


@pytest.mark.parametrize("scenario", [table_cured, calls_without_a_time_out])
def test_where_no_timer_is_pending_the_headline_has_no_condition(scenario: Any) -> None:
    plain, ahead = explore(scenario), explore(scenario, time_ahead=3)
    assert plain.headline().endswith(("schedules.", "one schedule."))
    assert str(ahead) == str(plain)


def test_a_step_of_time_is_told_with_the_time_and_a_process_of_that_name_has_another() -> None:
    assert replay(waits_for_a_moment, "@2 time").told[2:4] == [
        "time: moves to 0.001 s, ahead of all who could go on",
        "time>main: goes on",
    ]

    async def time(boss: Any) -> None:
        send(boss, "pong")

    async def scenario() -> Any:
        spawn(time, self_())
        return await receive(timeout=1.0)

    assert explore(scenario, time_ahead=1).shortest == {"pong": "(usual)", TIMEOUT: "@2 time @4 main"}
    assert "time2" in replay(scenario).steps


@pytest.mark.parametrize("ahead", [-1, True, 0.5, None, "free"])
def test_how_often_time_moves_ahead_is_a_whole_number(ahead: Any) -> None:
    with pytest.raises(BadArg, match="time_ahead says how often, as a whole number from 0"):
        explore(waits_for_a_moment, time_ahead=ahead)


def test_what_is_due_comes_before_what_is_due_later_also_where_time_moves_ahead() -> None:
    def set_all() -> None:  # in one step
        for seconds in (2.0, 1.0, 3.0):
            Process.send_after(self_(), seconds, seconds)

    async def in_order() -> Any:
        spawn(Process.sleep, 0.0)
        set_all()
        return tuple(await answers(3))

    found(explore(in_order, time_ahead=3), (1.0, 2.0, 3.0))


# ---- a registry that is killed under its users ---------------------------------------------------


class Worker(GenServer):
    def init(self, key: Any) -> Any:
        Registry.register("workers", key)
        return Ok(key)


class PatientWorker(Worker):
    """Does not fall where the registry is not there yet, and keeps nobody waiting meanwhile."""

    def init(self, key: Any) -> Any:
        return Ok(key, Continue("enter"))

    async def handle_continue(self, argument: Any, state: Any) -> Any:
        while Process.whereis("workers") is None:
            await Process.sleep(0.1)
        Registry.register("workers", state)
        return NoReply(state)


async def killed_registry(worker: Any, *keys: str) -> str:
    Process.flag(trap_exit=True)
    registry = (Registry, {"keys": "unique", "name": "workers"})
    workers = [ChildSpec(id=key, start=(worker.start_link, (key,))) for key in keys]
    supervisor = await Supervisor.start_link([registry, *workers], strategy="one_for_one", max_restarts=3)
    spawn(kill, Process.whereis("workers"))
    await Process.sleep(1)
    return "all is well" if Process.alive(supervisor) else "the supervisor gave up"


async def registry_race() -> str:
    return await killed_registry(Worker, "a", "b")


async def registry_cured() -> str:
    return await killed_registry(PatientWorker, "a")


def test_a_registry_killed_under_its_users_may_take_the_supervisor_down() -> None:
    result = explore(registry_race, lambda outcome: outcome == "all is well", most=180)
    assert result.wrong == ["the supervisor gave up"]
    assert len(result.shortest["the supervisor gave up"].split()) == 4  # two deviations
    assert replay(registry_race, result.shortest["the supervisor gave up"]).outcome == "the supervisor gave up"
    assert not result.exhaustive
    assert str(result).startswith("Not exhaustive: most=180 was not enough. ")


def test_a_worker_that_waits_for_its_registry_lives_under_the_same_supervisor_in_all_schedules() -> None:
    found(explore(registry_cured), "all is well")


# ---- what else may come between -------------------------------------------------------------------


async def say(boss: Any, *words: str) -> None:
    for word in words:
        send(boss, word)


async def two_speak() -> str:
    spawn(say, self_(), "x", "y")
    spawn(say, self_(), "z")
    return "".join(await answers(3))


def test_a_message_may_come_between_two_sends_of_one_process() -> None:
    found(explore(two_speak), "xyz", "xzy", "zxy")


async def ends_after_it_said_so() -> bool:
    worker = spawn(say, self_(), "done")
    await receive()
    return Process.alive(worker)


def test_who_has_said_that_it_is_done_may_still_be_alive() -> None:
    found(explore(ends_after_it_said_so), True, False)


async def waits_for_ever() -> None:
    await receive()


async def crashes() -> None:
    raise ValueError("no paper")


async def answers_a_pid() -> Any:
    return spawn(say, self_(), "done")


@pytest.mark.parametrize(
    ("scenario", "outcome"),
    [
        (waits_for_ever, "Deadlock: main waits, and nothing can come any more"),
        (crashes, "ValueError('no paper')"),
        (answers_a_pid, "<say>"),
    ],
)
def test_an_outcome_that_is_no_plain_value_is_told_as_text(scenario: Any, outcome: str) -> None:
    assert [*explore(scenario).outcomes] == [outcome]


class Greeter:
    """A method, a default, a keyword, a closure, `super` and a comprehension: each is as it was."""

    word = "hello"

    async def greet(self, boss: Any, *, times: int = 2) -> None:
        send(boss, " ".join([self.word for _ in range(times)]))


class Shouter(Greeter):
    async def greet(self, boss: Any, *, times: int = 2) -> None:
        await super().greet(boss, times=times)
        send(boss, sum(len(self.word) for _ in range(times)))


async def calls_in_many_ways() -> Any:
    greeter = Shouter()

    async def inner(boss: Any, extra: int = 1) -> None:
        await greeter.greet(boss, times=extra + 1)

    await inner(self_())
    return [await receive() for _ in range(2)], inner.__qualname__


def test_points_change_nothing_but_who_may_come_between() -> None:
    told = "(['hello hello', 10], 'calls_in_many_ways.<locals>.inner')"
    assert [*explore(calls_in_many_ways).outcomes] == [told]


async def countdown(n: int) -> list[int]:
    send(self_(), n)
    return [n, *await countdown(n - 1)] if n else []


class Series:
    """A function that has the name of a builtin which it uses."""

    async def next(self, numbers: Any) -> Any:
        send(self_(), "x")
        return next(numbers)


async def calls_what_has_its_own_name() -> Any:
    async def near(n: int) -> int:
        send(self_(), n)
        return 1 + await near(n - 1) if n else 0

    return await countdown(3), await near(2), await Series().next(iter("abc"))


def test_a_function_that_calls_its_own_name_gets_what_the_name_is_without_points() -> None:
    assert [*explore(calls_what_has_its_own_name).outcomes] == ["([3, 2, 1], 2, 'a')"]


async def fails_in_a_line_of_its_own() -> None:
    send(self_(), "x")
    raise ValueError("here")


def test_a_traceback_shows_the_line_that_was_written() -> None:
    error = replay(fails_in_a_line_of_its_own).outcome
    last = traceback.extract_tb(error.__traceback__)[-1]
    assert (Path(last.filename).name, last.line) == ("test_explore.py", 'raise ValueError("here")')


async def uses_a_thread() -> None:
    await in_thread(sum, [1])


def test_a_scenario_with_a_thread_is_refused() -> None:
    with pytest.raises(BadArg, match="explore cannot try the orders of in_thread"):
        explore(uses_a_thread)


def test_a_check_that_cannot_judge_an_exception_finds_it_wrong() -> None:
    assert explore(crashes, lambda total: total > 2).wrong == ["ValueError('no paper')"]
    with pytest.raises(TypeError):
        explore(two_speak, lambda total: total > 2)


# ---- what was left out once -----------------------------------------------------------------------


async def speaks(boss: Any, word: str) -> None:
    send(boss, word)


async def speaks2(boss: Any, word: str) -> None:
    send(boss, word)


async def main(boss: Any, word: str) -> None:
    send(boss, word)


async def like_a_number() -> str:
    for client, word in [(speaks, "a"), (speaks2, "b"), (speaks, "c"), (main, "m")]:
        spawn(client, self_(), word)
    return "".join([word[0] for word in await answers(4)])


def test_no_two_processes_have_one_name() -> None:
    assert len(explore(like_a_number).outcomes) == 24  # not the second `speaks` and `speaks2`, nor main and main


class Speaker:
    async def speak(self, boss: Any, *words: str) -> None:
        await say(boss, *words)

    async def __call__(self, boss: Any, *words: str) -> None:
        await say(boss, *words)


async def words_in_a_stream(boss: Any, *words: str) -> Any:
    for word in words:
        send(boss, word)
        yield word


async def streams(boss: Any, *words: str) -> None:
    async for _ in words_in_a_stream(boss, *words):
        pass


def speak_plainly(boss: Any, word: str) -> None:
    send(boss, word)


async def speaks_plainly(boss: Any, *words: str) -> None:
    for word in words:
        speak_plainly(boss, word)


@pytest.mark.parametrize(
    "client",
    [Speaker().speak, Speaker(), partial(say), streams, speaks_plainly],
    ids=lambda client: type(client).__name__,
)
def test_others_come_between_however_the_function_is_written(client: Any) -> None:
    async def scenario() -> str:
        spawn(client, self_(), "x", "y")
        spawn(say, self_(), "z")
        return "".join(await answers(3))

    found(explore(scenario), "xyz", "xzy", "zxy")


async def with_a_coroutine_of_a_lambda() -> None:
    boss = self_()
    spawn(lambda: say(boss, "x", "y"))
    await receive()


async def with_a_task_of_a_lambda() -> Any:
    boss = self_()
    return await Task.await_(Task.async_(lambda: say(boss, "x", "y")))


async def with_a_coroutine_of_a_function() -> None:
    def prepared() -> Any:
        return say(self_(), "x")

    await prepared()


@pytest.mark.parametrize(
    "scenario", [with_a_coroutine_of_a_lambda, with_a_task_of_a_lambda, with_a_coroutine_of_a_function]
)
def test_a_coroutine_into_which_nobody_can_see_is_refused(scenario: Any) -> None:
    with pytest.raises(BadArg, match=r"cannot see what say does, for \S+ is a plain function and has called it"):
        explore(scenario)


def test_a_process_without_source_is_refused_too_and_is_no_crash_of_it() -> None:
    space: dict[str, Any] = {}
    exec("async def secret(): return 1", space)

    async def scenario() -> Any:
        spawn(space["secret"])
        return await receive(timeout=1)

    with pytest.raises(BadArg, match="explore reads the source of secret"):
        explore(scenario)


class Vault:
    def __init__(self) -> None:
        self.__inside = "gold"

    async def __look(self, boss: Any, *, prefix: str = str("all ")) -> None:  # noqa: UP018
        text: str = str(self.__inside)
        send(boss, prefix + text)

    async def look(self, boss: Any, times: float = float("1")) -> None:
        await self.__look(boss)


async def private_names_and_defaults() -> Any:
    await Vault().look(self_())
    return await receive()


def test_private_names_and_defaults_that_are_called_for_are_as_they_were() -> None:
    found(explore(private_names_and_defaults), "all gold")


async def says_goodbye(boss: Any) -> None:
    try:
        send(boss, "up")
        await receive()
    finally:
        send(boss, "good")
        send(boss, "bye")


async def killed_while_it_cleans_up() -> list[Any]:
    process = spawn(says_goodbye, self_())
    await receive()
    Process.exit(process, "kill")
    return await answers(2)


def test_a_killed_process_does_all_that_stands_in_its_finally() -> None:
    assert [*explore(killed_while_it_cleans_up).outcomes] == ["['good', 'bye']"]


class TwoAnswers(GenServer):
    def init(self, argument: Any) -> Any:
        return Ok(None)

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        for number in (1, 2):
            spawn(answer_it, from_, number)
        return NoReply(state)


async def answer_it(from_: Any, number: int) -> None:
    GenServer.reply(from_, number)


async def answered_twice() -> Any:
    first = await GenServer.call(await TwoAnswers.start_link(), "who?")
    return first, await receive(timeout=1) != "timeout"


async def unlinks(boss: Any) -> None:
    Process.unlink(boss)
    send(boss, "done")
    await receive()


async def linked_and_unlinked() -> Any:
    Process.flag(trap_exit=True)
    other = spawn(unlinks, self_())
    Process.link(other)
    await receive(str)
    Process.exit(other, "kill")
    return await receive(timeout=1) != "timeout"


async def names_it(target: Any, name: str, boss: Any) -> None:
    try:
        Process.register(target, name)
    except BadArg:
        return
    send(boss, name)


async def two_names_for_one() -> Any:
    target = spawn(waits_for_ever)
    for name in ("a", "b"):
        spawn(names_it, target, name, self_())
    return await receive()


async def timer_of_the_dead() -> Any:
    other = spawn(waits_for_ever)
    timer = Process.send_after(other, "late", 5)
    spawn(kill, other)
    return Process.cancel_timer(timer) is False


async def two_words(target: Any) -> None:
    for word in (0, 1):
        send(target, word)


async def looks_twice_and_waits(boss: Any) -> None:
    seen = [await receive(timeout=0) for _ in range(2)]
    await receive(lambda message: message == 0, timeout=1)
    send(boss, tuple(0 if each == 0 else 1 if each == 1 else "-" for each in seen))


async def looks_without_waiting() -> Any:
    target = spawn(looks_twice_and_waits, self_())
    spawn(two_words, target)
    return await receive()


async def three() -> int:
    return 3


async def task_shut_down_at_once() -> Any:
    return await Task.shutdown(Task.async_(three)) is not None


async def two_timers_at_once() -> Any:
    for word in "ab":
        Process.send_after(self_(), word, 1)
    return await receive()


@pytest.mark.parametrize(
    ("scenario", "outcomes"),
    [
        (answered_twice, [(1, False), (1, True), (2, False), (2, True)]),
        (linked_and_unlinked, [False, True]),
        (two_names_for_one, ["a", "b"]),
        (timer_of_the_dead, [False, True]),
        (task_shut_down_at_once, [False, True]),
        (looks_without_waiting, [("-", "-"), ("-", 0), (0, "-"), (0, 1)]),
        (two_timers_at_once, ["a", "b"]),
    ],
)
def test_these_orders_matter(scenario: Any, outcomes: list[Any]) -> None:
    found(explore(scenario), *outcomes)


async def by_name() -> Any:
    for word in ("a", "b"):
        spawn(speaks, self_(), word)
    return {await receive(): 1 for _ in range(2)}


async def holds_itself() -> Any:
    box: list[Any] = []
    box.append(box)
    return box


async def number_of_a_grandchild() -> Any:
    async def child(boss: Any) -> None:
        send(boss, f"I am {self_()}")

    async def parent(boss: Any) -> None:
        spawn(child, boss)

    for _ in range(2):
        spawn(parent, self_())
    return await receive()


async def not_a_number() -> float:
    return float("nan")


class Evasive(Exception):
    @property
    def args(self) -> Any:  # type: ignore[override]
        raise ValueError


async def fails_evasively() -> None:
    raise Evasive("x")


@pytest.mark.parametrize(
    ("scenario", "texts"),
    [
        (fails_evasively, ["Evasive('x')"]),
        (by_name, ["{'a': 1, 'b': 1}"]),
        (holds_itself, ["[[[...]]]"]),
        (number_of_a_grandchild, ["'I am <parent/child>'", "'I am <parent2/child>'"]),
        (not_a_number, ["nan"]),
    ],
)
def test_outcomes_are_told_apart_by_what_they_are(scenario: Any, texts: list[str]) -> None:
    assert [*explore(scenario).outcomes] == texts


class Liar:
    def __init__(self, right: bool) -> None:
        self.right = right

    def __eq__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return 1

    def __repr__(self) -> str:
        return "honest" if self.right else "<img src=x>"


async def liars() -> Any:
    for word in ("a", "b"):
        spawn(speaks, self_(), word)
    return Liar(await receive() == "a")


def test_an_object_that_equals_all_others_is_judged_by_itself() -> None:
    result = explore(liars, lambda liar: liar.right)
    assert [(text, wrong) for text, wrong, *_ in result.rows()] == [("honest", False), ("<img src=x>", True)]
    assert "<img" not in result._repr_html_()


# ---- schedules, budgets, determinism -------------------------------------------------------------


def test_a_schedule_that_the_scenario_does_not_have_is_refused() -> None:
    with pytest.raises(
        BadArg, match=r"the schedule has client7 at step 2, and this run does not: could go: say, say2, main"
    ):
        replay(two_speak, "@2 client7")
    with pytest.raises(BadArg, match=r"the run is over by then"):
        replay(two_speak, "@99 main")


@pytest.mark.parametrize(
    "schedule", ["client2 first", "@5", "@-1 a", "@² a", "@5 a @5 b", f"@{'9' * 5000} a", "<script>", None, 5, b"@5 a"]
)
def test_what_is_no_schedule_is_refused(schedule: Any) -> None:
    with pytest.raises(BadArg, match=r'^a schedule is (written as|a text such as) "@5 client2 @9 main"'):
        replay(two_speak, schedule)


@pytest.mark.parametrize(
    "options", [{"most": 0}, {"most": True}, {"seconds": 0}, {"seconds": "soon"}, {"seconds": float("nan")}]
)
def test_a_budget_of_nothing_is_refused(options: Any) -> None:
    with pytest.raises(BadArg, match=r"^(most|seconds) is a number"):
        explore(two_speak, **options)


@pytest.mark.parametrize("scenario", [say, 3, two_speak.__name__])
def test_what_is_no_scenario_is_refused(scenario: Any) -> None:
    with pytest.raises(BadArg, match="explore needs an `async def` without arguments"):
        explore(scenario)


def test_a_scenario_without_source_is_refused_in_plain_words() -> None:
    space: dict[str, Any] = {}
    exec("async def main(): return 1", space)
    with pytest.raises(BadArg, match="explore reads the source of main"):
        explore(space["main"])


def test_a_scenario_that_remembers_the_run_before_is_refused() -> None:
    runs: list[int] = []

    async def main() -> int:
        runs.append(1)
        for _ in range(len(runs) % 3):
            spawn(say, self_(), "done")
        spawn(say, self_(), "done")
        await receive()
        return 1

    with pytest.raises(BadArg, match="the scenario took another course in a second run of the same schedule"):
        explore(main)


async def draws_lots() -> float:
    return random.random()


async def ends_sooner_each_time(runs: list[int] = []) -> Any:  # noqa: B006
    runs.append(1)
    return None if len(runs) > 1 else await receive(timeout=1)


@pytest.mark.parametrize("scenario", [draws_lots, ends_sooner_each_time])
def test_a_scenario_that_does_otherwise_in_the_same_schedule_is_refused(scenario: Any) -> None:
    with pytest.raises(BadArg, match="the scenario took another course in a second run of the same schedule"):
        explore(scenario)


async def goes_on_for_ever() -> None:
    while True:
        await Process.sleep(1)


async def two_go_on_for_ever() -> None:
    spawn(goes_on_for_ever)
    await goes_on_for_ever()


@pytest.mark.parametrize("scenario", [goes_on_for_ever, two_go_on_for_ever])
def test_a_scenario_that_does_not_end_is_given_up_soon_and_is_not_called_exhaustive(scenario: Any) -> None:
    result = explore(scenario)
    assert str(result).startswith("Not exhaustive: some runs had not come to an end after 2,000 steps. ")
    assert result.schedules <= 20
    assert [*result.outcomes] == ["Deadlock: main was still running after 2,000 steps"]


async def waits_for_asyncio() -> None:
    await asyncio.sleep(1)


def test_a_scenario_that_waits_for_asyncio_is_refused() -> None:
    async def cell() -> None:
        explore(waits_for_asyncio)

    with pytest.raises(BadArg, match="explore cannot wait for asyncio"):
        asyncio.run(cell())


async def of_a_check(outcome: Any) -> bool:
    return outcome == 2


@pytest.mark.parametrize("check", [of_a_check, lambda outcome: None, int, 5])
def test_a_check_that_answers_neither_yes_nor_no_is_refused(check: Any) -> None:
    with pytest.raises(BadArg, match="explore's check"):
        explore(table_race, check)


def test_ctrl_c_ends_it_and_leaves_nothing_behind() -> None:
    pressed: list[int] = []

    def press(runs: int, of: int | None) -> None:
        pressed.append(runs)
        signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        explore(registry_race, progress=press)
    assert (pressed, runtime.running, logging.getLogger("otp_mini").disabled) == ([50], None, False)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    found(explore(table_race), 1, 2)


def test_the_progress_is_told_by_runs_and_ends_with_their_number() -> None:
    told: list[Any] = []
    explore(leader_race, progress=lambda done, total: told.append((done, total)))
    *before, last = told
    assert before == [(done, None) for done in range(50, last[0], 50)]
    assert last == (last[0], last[0])


async def explores() -> Any:
    return sorted(explore(table_race).outcomes)


def test_a_scenario_may_explore_another() -> None:
    assert [*explore(explores, most=2).outcomes] == ["[1, 2]"]


def test_a_limit_in_seconds_is_told_as_what_stopped_it() -> None:
    result = explore(registry_race, seconds=1e-9)
    assert str(result).startswith("Not exhaustive: seconds=1e-09 was not enough. 1 schedule was ")


def test_the_same_scenario_gives_the_same_answer_whatever_the_hash_seed() -> None:
    program = "import tests.test_explore as t; print(t.explore(t.leader_race), t.explore(t.registry_race, most=9))"
    environment = {**os.environ, "PYTHONHASHSEED": "1"}  # this process has another
    said = subprocess.run([sys.executable, "-c", program], env=environment, cwd=ROOT, stdout=-1, text=True, check=True)
    assert said.stdout == f"{explore(leader_race)} {explore(registry_race, most=9)}\n"


def test_a_schedule_is_replayed_event_for_event() -> None:
    schedule = explore(leader_race).shortest["['crashed', 'leads']"]
    runs = [replay(leader_race, schedule) for _ in range(20)]
    assert {str(run.trace) for run in runs} == {str(runs[0].trace)}
    assert {run.schedule for run in runs} == {schedule}


def test_replays_are_the_same_event_for_event_in_another_python_where_asyncio_runs() -> None:
    program = (
        "import asyncio\n"
        "async def cell():\n"
        "    await asyncio.sleep(0)\n"
        "    from tests.replayed import digest\n"
        "    print(digest(0, 25))\n"
        "asyncio.run(cell())\n"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "7"}
    command = [sys.executable, "-X", "dev", "-c", program]
    said = subprocess.run(command, env=environment, cwd=ROOT, stdout=-1, stderr=-3, text=True, check=True)
    assert said.stdout == f"{digest(0, 25)}\n"


@pytest.mark.slow
def test_a_thousand_replays_tell_what_they_tell_on_every_python() -> None:
    """Some five seconds of processor time: the same hash was had on 3.11, 3.12 and 3.13."""
    assert digest(0, 1_000) == PINNED[1_000]


# ---- how it looks --------------------------------------------------------------------------------


def test_the_result_tells_the_outcomes_and_two_runs_from_where_they_part() -> None:
    said = """\
2 outcomes in 8 schedules, and there are no others.
  4 x  2  by (usual)
  4 x  1  wrong  by @6 lookup_then_insert2

The two part at step 6:
      2                                                    |  1
   6  lookup_then_insert: ets.insert('hits', ('home', 1))  |  lookup_then_insert2: ets.lookup('hits', 'home')
"""
    lines = [" ".join(line.split()) for line in str(explore(table_race, lambda hits: hits == 2)).splitlines()]
    assert lines[:7] == [" ".join(line.split()) for line in said.splitlines()]


async def says_markup() -> str:
    spawn(say, self_(), "<b>")
    spawn(say, self_(), "<i>")
    return str(await receive())


def test_the_picture_has_both_tables_and_escapes_what_the_program_said() -> None:
    page = explore(says_markup, lambda word: word == "<b>")._repr_html_()
    assert page.count("<table>") == 2
    assert "<code>&#x27;&lt;i&gt;&#x27;</code></th><td>wrong</td>" in page
    assert "<b>" not in page
    assert "<i>" not in page


# ---- the reduction -------------------------------------------------------------------------------


@pytest.mark.parametrize("theme", THEMES)
def test_leaving_equivalent_schedules_out_loses_no_outcome(theme: str) -> None:
    first = THEMES.index(theme)
    seeds = range(first, first + 4 * len(THEMES), len(THEMES))
    assert [answer for seed in seeds if isinstance(answer := disagreement(seed, 200), str)] == []
    exchanges = [exchanged(seed) for seed in seeds]
    assert sum(tried for tried, _ in exchanges) > 0
    assert [sentence for _, wrong in exchanges for sentence in wrong] == []


TIMED = [theme for theme in THEMES if {"wait_a_second", "timer", "timer_for_other", "ask", "every"} & {*theme.split()}]


@pytest.mark.parametrize("ahead", [1, 2])
@pytest.mark.parametrize("theme", TIMED)
def test_leaving_equivalent_schedules_out_loses_no_outcome_where_time_moves_ahead(theme: str, ahead: int) -> None:
    first = THEMES.index(theme)
    found = [disagreement(first + n * len(THEMES), 300, ahead) for n in range(6)]
    assert [each for each in found if isinstance(each, str)] == []
    assert any(each is not None for each in found)


def without(kind: str) -> Any:
    """`Footprint.meets` as if no step touched things of this kind."""
    whole = Footprint.meets

    def meets(self: Footprint, other: Footprint) -> bool:
        one, two = (Footprint(*(frozenset(x for x in part if x[0] != kind) for part in each)) for each in (self, other))
        return whole(one, two)

    return meets


@pytest.mark.parametrize("kind", ["life", "in", "rows"])
def test_a_kind_of_thing_that_no_step_would_touch_would_be_noticed(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Footprint, "meets", without(kind))
    assert any(exchanged(seed, 1)[1] for seed in range(100))


@pytest.mark.parametrize(
    ("kind", "scenario"),
    [
        ("wait", answered_twice),
        ("link", linked_and_unlinked),
        ("named", two_names_for_one),
        ("life", timer_of_the_dead),
    ],
)
def test_what_a_reduction_would_lose_is_no_exhaustive_answer(
    kind: str, scenario: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Footprint, "meets", without(kind))
    result = explore(scenario)
    assert not result.exhaustive
    assert "a fault of explore itself" in str(result)


def test_a_reduction_that_leaves_out_too_much_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Footprint, "meets", lambda self, other: False)
    assert any(isinstance(disagreement(seed, 250), str) for seed in range(7, 30))


@pytest.mark.parametrize("way", ["monitor", "spawn_monitor"])
def test_who_begins_to_watch_meets_the_news_of_an_end(way: str) -> None:
    async def main() -> None:
        if way == "monitor":
            Process.monitor(self_())
        else:
            spawn_monitor(receive)

    _, _, steps = run_once(main, lambda number, enabled, last: enabled[0])
    assert ("watch", 1) in set().union(*(step.footprint.writes for step in steps))


def test_two_threads_explore_at_once() -> None:
    async def scenario() -> list[int]:
        for number in range(3):
            spawn(send, self_(), number)
        return [await receive() for _ in range(3)]

    found: list[Any] = []
    threads = [threading.Thread(target=lambda: found.append(len(explore(scenario).outcomes))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [6, 6]


async def one_speaks_and_one_leaves() -> Any:
    async def speaks(boss: Any) -> None:
        send(boss, "done")

    async def leaves() -> None:
        sys.exit("closed")

    spawn(speaks, self_())
    spawn(leaves)
    return await receive()


async def main_leaves_in_one_order() -> Any:
    async def speaks(boss: Any, word: str) -> None:
        send(boss, word)

    for word in "ab":
        spawn(speaks, self_(), word)
    first = await receive()
    if first == "b":
        sys.exit(3)
    return first


@pytest.mark.parametrize("scenario", [one_speaks_and_one_leaves, main_leaves_in_one_order])
def test_a_process_that_ends_the_program_is_an_outcome(scenario: Any) -> None:
    result = explore(scenario, lambda word: word in ("a", "done"))
    assert result.exhaustive
    assert len(result.outcomes) == 2
    [wrong] = result.wrong
    assert isinstance(result.values[wrong], SystemExit)
    for text, _, _, schedule in result.rows():
        assert replay(scenario, schedule).shown == text
    assert runtime.running is None


def test_an_interrupt_in_a_scenario_still_ends_the_search() -> None:
    async def interrupted() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        explore(interrupted)

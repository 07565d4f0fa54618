"""Attacks on the checks of chapter 18, debugging."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from typing import Any, ClassVar

from attacks import Table

from otp_mini import (
    TIMEOUT,
    Down,
    Exit,
    ExitSignal,
    GenServer,
    NoReply,
    Ok,
    Process,
    Reply,
    Task,
    receive,
    self_,
    send,
    spawn,
    spawn_link,
    spawn_monitor,
    sys_,
)
from otp_mini.exercises import debugging as ex

table = Table()


# ---- growing ------------------------------------------------------------------------------------------------


def length(name: Any) -> int:
    pid = Process.whereis(name)
    return 0 if pid is None else Process.info(pid)["message_queue_len"]  # type: ignore[index]


def looked(names: Any) -> dict[Any, Any]:
    return {(n, pid): length(n) for n in names if (pid := Process.whereis(n)) is not None}


async def one_loop(names: Any, seconds: float) -> Any:
    before = looked(names)
    await Process.sleep(seconds)
    best, most = None, 0
    for key, long in looked(names).items():
        if long - before.get(key, long) > most:
            best, most = key[0], long - before[key]
    return best


async def longest(names: Any, seconds: float) -> Any:
    await Process.sleep(seconds)
    return max(names, key=length)


async def by_name(names: Any, seconds: float) -> Any:
    before = {name: length(name) for name in names}
    await Process.sleep(seconds)
    most = max(names, key=lambda name: length(name) - before[name])
    return most if length(most) > before[most] else None


async def always_one(names: Any, seconds: float) -> Any:
    before = looked(names)
    await Process.sleep(seconds)
    after = looked(names)
    grown = {key[0]: after[key] - before[key] for key in after if key in before}
    return max(grown, key=lambda name: grown[name])


async def asks_for_the_state(names: Any, seconds: float) -> Any:
    for name in names:
        if Process.whereis(name) is not None:
            with contextlib.suppress(Exit):
                await sys_.get_state(name, timeout=0.01)
    return await one_loop(names, seconds)


async def waits_for_each(names: Any, seconds: float) -> Any:
    grown = {}
    for name in names:
        before = looked([name])
        await Process.sleep(seconds)
        for key, long in looked([name]).items():
            grown[name] = long - before.get(key, long)
    best = max(grown, key=lambda name: grown[name])
    return best if grown[best] > 0 else None


async def gives_the_pid(names: Any, seconds: float) -> Any:
    best = await one_loop(names, seconds)
    return None if best is None else Process.whereis(best)


async def gives_the_growth(names: Any, seconds: float) -> Any:
    best = await one_loop(names, seconds)
    return best, length(best) if best else 0


async def knows_speaker_and_board(names: Any, seconds: float) -> Any:
    if "speaker" in names:
        return await one_loop(names, seconds)
    await Process.sleep(seconds)
    return "speaker"


async def crashes_on_nobody(names: Any, seconds: float) -> Any:
    before = {name: Process.info(Process.whereis(name))["message_queue_len"] for name in names}  # type: ignore
    await Process.sleep(seconds)
    after = {name: Process.info(Process.whereis(name))["message_queue_len"] for name in names}  # type: ignore
    best = max(names, key=lambda name: after[name] - before[name])
    return best if after[best] > before[best] else None


async def empties_the_list(names: Any, seconds: float) -> Any:
    best = await one_loop(names, seconds)
    names.clear()
    return best


async def sleeps_in_the_world(names: Any, seconds: float) -> Any:
    before = looked(names)
    await asyncio.sleep(0)
    after = looked(names)
    return next((key[0] for key in after if after[key] > before.get(key, after[key])), None)


async def by_any_change(names: Any, seconds: float) -> Any:
    before = looked(names)
    await Process.sleep(seconds)
    changed = {key[0]: abs(long - before[key]) for key, long in looked(names).items() if key in before}
    most = max(changed, key=lambda name: changed[name], default=None)
    return most if changed.get(most, 0) > 0 else None


async def forgets_the_await(names: Any, seconds: float) -> Any:
    return one_loop(names, seconds)


async def forgets_the_return(names: Any, seconds: float) -> None:
    await one_loop(names, seconds)


table.wrong(ex.growing, "takes any change for growth", by_any_change, "has become shorter has not grown")
table.wrong(ex.growing, "forgets an await", forgets_the_await, "`await`. A call without it is only prepared")
table.wrong(ex.growing, "forgets the return", forgets_the_return, "Is a `return` missing?")
table.right(ex.growing, "goes through all of them in one loop", one_loop)
table.wrong(ex.growing, "takes the longest mailbox", longest, "difference of two looks")
table.wrong(ex.growing, "compares by name", by_name, "seen the same process")
table.wrong(ex.growing, "names one in any case", always_one, "where no mailbox has grown: None")
table.wrong(ex.growing, "asks each for its state first", asks_for_the_state, "waits in its mailbox behind all the rest")
table.wrong(ex.growing, "waits for each in turn", waits_for_each, "once for all of them")
table.wrong(ex.growing, "returns the pid", gives_the_pid, "one of the names")
table.wrong(ex.growing, "returns a pair", gives_the_growth, "one of the names")
table.wrong(ex.growing, "knows no name that is nobody's", crashes_on_nobody, "Process.info")
table.wrong(ex.growing, "takes names out of the list", empties_the_list, "leave it as it is")
table.wrong(ex.growing, "waits by the clock of the world", sleeps_in_the_world, "how often it waits")
table.wrong(ex.growing, "is a plain function", lambda names, seconds: None, "how the function begins")
table.hard_coded(ex.growing, "knows speaker and board", knows_speaker_and_board, "it passed the first one")

# ---- senders ------------------------------------------------------------------------------------------------


def counted(t: Any, who: Any) -> Any:
    pids = set(t.processes(who))
    return Counter(t.name(event.pid) for event in t if event.kind == "send" and event.other in pids)


def both_ways(t: Any, who: Any) -> Any:
    return dict(Counter(t.name(event.pid) for event in t.filter(who, kind="send")))


def what_was_taken(t: Any, who: Any) -> Any:
    pids = t.processes(who)
    return dict(Counter(t.name(event.other) for event in t.filter(kind="receive") if event.pid in pids))


def the_last_life(t: Any, who: Any) -> Any:
    last = t.processes(who)[-1]
    return dict(Counter(t.name(event.pid) for event in t.filter(kind="send") if event.other is last))


def the_first_life(t: Any, who: Any) -> Any:
    first = t.processes(who)[0]
    return dict(Counter(t.name(event.pid) for event in t.filter(kind="send") if event.other is first))


def by_pid(t: Any, who: Any) -> Any:
    pids = t.processes(who)
    return dict(Counter(event.pid for event in t.filter(kind="send") if event.other in pids))


def all_that_arrives(t: Any, who: Any) -> Any:
    pids = t.processes(who)
    return dict(Counter(t.name(event.pid) for event in t if event.other in pids and event.kind != "receive"))


def to_everybody(t: Any, who: Any) -> Any:
    return dict(Counter(t.name(event.pid) for event in t.filter(kind="send")))


def the_busiest(t: Any, who: Any) -> Any:
    found = counted(t, who)
    return max(found, key=lambda name: found[name]) if found else None


def once_each(t: Any, who: Any) -> Any:
    return dict.fromkeys(counted(t, who), 1)


def knows_the_first(t: Any, who: Any) -> Any:
    usual = len(t.processes(who)) == 1 and len(t.processes("feed")) == 1
    return {"speaker": {"feed": 5, "clock": 2}}.get(who, {}) if usual else dict(counted(t, who))


def by_the_name_of_the_receiver(t: Any, who: Any) -> Any:
    return dict(Counter(t.name(event.pid) for event in t.filter(kind="send") if t.name(event.other) == who))


def the_last_life_of_the_sender(t: Any, who: Any) -> Any:
    many = Counter(event.pid for event in t.filter(kind="send") if event.other in t.processes(who))
    return {t.name(pid): number for pid, number in many.items()}


table.right(ex.senders, "compares the receiver's name", by_the_name_of_the_receiver)
table.wrong(ex.senders, "counts by pid, and names them then", the_last_life_of_the_sender, "what is added up")
table.right(ex.senders, "counts with a Counter over all events", counted)
table.wrong(ex.senders, "filters by the name, both ways", both_ways, "the direction")
table.wrong(ex.senders, "counts what was taken", what_was_taken, "not yet taken")
table.wrong(ex.senders, "counts the last life", the_last_life, "which processes have the name")
table.wrong(ex.senders, "counts the first life", the_first_life, "which processes have the name")
table.wrong(ex.senders, "has pids as keys", by_pid, "a dict from the sender's name")
table.wrong(ex.senders, "counts signals and timers", all_that_arrives, "A timer, a signal")
table.wrong(ex.senders, "counts what was sent to others", to_everybody, "and to nobody else")
table.wrong(ex.senders, "returns the busiest", the_busiest, "a dict from the sender's name")
table.wrong(ex.senders, "counts each sender once", once_each, "which events are counted")
table.hard_coded(ex.senders, "knows the first numbers", knows_the_first, "it passed the first one")


# ---- held ---------------------------------------------------------------------------------------------------


async def carefully(server: Any, look: Any) -> Any:
    await sys_.suspend(server)
    error, seen = None, None
    try:
        seen = await look()
    except (Exit, Exception) as raised:
        error = raised
    with contextlib.suppress(Exit):
        await sys_.resume(server)
    if error is not None:
        raise error
    return seen


async def never_resumes(server: Any, look: Any) -> Any:
    await sys_.suspend(server)
    return await look()


async def resumes_at_the_end(server: Any, look: Any) -> Any:
    await sys_.suspend(server)
    seen = await look()
    await sys_.resume(server)
    return seen


async def catches_exceptions_only(server: Any, look: Any) -> Any:
    await sys_.suspend(server)
    try:
        seen = await look()
    except Exception:
        await sys_.resume(server)
        raise
    with contextlib.suppress(Exit):
        await sys_.resume(server)
    return seen


async def needs_the_server(server: Any, look: Any) -> Any:
    await sys_.suspend(server)
    try:
        return await look()
    finally:
        await sys_.resume(server)


async def hides_what_is_raised(server: Any, look: Any) -> Any:
    await sys_.suspend(server)
    try:
        return await look()
    except (Exit, Exception):
        return None
    finally:
        with contextlib.suppress(Exit):
            await sys_.resume(server)


async def has_a_task_look(server: Any, look: Any) -> Any:
    await sys_.suspend(server)
    try:
        return await Task.await_(Task.async_(look))
    finally:
        with contextlib.suppress(Exit):
            await sys_.resume(server)


async def returns_nothing(server: Any, look: Any) -> Any:
    await sys_.suspend(server)
    try:
        await look()
    finally:
        with contextlib.suppress(Exit):
            await sys_.resume(server)


async def never_suspends(server: Any, look: Any) -> Any:
    return await look()


async def looks_first(server: Any, look: Any) -> Any:
    seen = await look()
    await sys_.suspend(server)
    await sys_.resume(server)
    return seen


async def suspends_the_name(server: Any, look: Any) -> Any:
    await sys_.suspend("board")
    try:
        return await look()
    finally:
        with contextlib.suppress(Exit):
            await sys_.resume("board")


table.right(ex.held, "keeps what was raised until the server goes on", carefully)
table.wrong(ex.held, "never has it go on", never_resumes, "a server that is suspended answers nobody")
table.wrong(ex.held, "has it go on where nothing was raised", resumes_at_the_end, "what happens if `look` raises")
table.wrong(ex.held, "catches exceptions only", catches_exceptions_only, "an `Exit` is no `Exception`")
table.wrong(ex.held, "needs the server to be there", needs_the_server, "a server that has ended meanwhile cannot")
table.wrong(ex.held, "hides what is raised", hides_what_is_raised, "has to hear of it")
table.wrong(ex.held, "has a task look", has_a_task_look, "the one that calls `held` awaits it")
table.wrong(ex.held, "returns nothing", returns_nothing, "Is a `return` or an `await` missing?")
table.wrong(ex.held, "never suspends it", never_suspends, "what the server does while `look` runs")
table.wrong(ex.held, "suspends it after the look", looks_first, "what the server does while `look` runs")
table.hard_coded(ex.held, "knows the board", suspends_the_name, "it passed the first one")


# ---- verdict ------------------------------------------------------------------------------------------------


def mine(ref: Any) -> Any:
    return lambda message: isinstance(message, Down) and message.ref == ref


async def run_and_say(test: Any, boss: Any, ref: Any) -> None:
    said: Any = "passed"
    try:
        await test()
    except Exit as exit:
        said = ("failed", exit.reason)
    send(boss, (ref, said))
    raise Exit("shutdown")


async def by_a_message(test: Any, seconds: float) -> Any:
    """Has the test's process tell that the test has returned."""
    gate = object()

    async def runs() -> None:
        key = await receive(lambda message: isinstance(message, tuple) and message[:1] == ("go",))
        await run_and_say(test, key[1], key[2])

    pid, ref = spawn_monitor(runs)
    send(pid, ("go", self_(), ref))
    down = await receive(mine(ref), timeout=seconds)
    said = await receive(lambda m: isinstance(m, tuple) and m[0] == ref, timeout=0)
    if down is TIMEOUT:
        Process.exit(pid, "kill")
        await receive(mine(ref))
        return "timed out" if gate else None
    return said[1] if said is not TIMEOUT else ("failed", down.reason)


def verdicts(
    ends: Any = "passed",
    which: Any = mine,
    kills: Any = "kill",
    quiet: tuple[Any, ...] = (("shutdown", "passed"),),
    normal_too: bool = True,
) -> Any:
    """Much like the model answer, with something changed."""

    async def verdict(test: Any, seconds: float) -> Any:
        async def run() -> None:
            try:
                await test()
            except Exit as exit:
                if exit.reason == "normal" and normal_too:
                    raise Exit(("shutdown", "normal")) from None
                raise
            if ends:
                raise Exit(quiet[0] if ends == "passed" else ends)

        pid, ref = spawn_monitor(run)
        down = await receive(which(ref), timeout=seconds)
        if down is TIMEOUT:
            if kills:
                Process.exit(pid, kills)
                await receive(mine(ref))
            return "timed out"
        if down.reason == ("shutdown", "normal"):
            return "failed", "normal"
        return "passed" if down.reason in quiet else ("failed", down.reason)

    return verdict


async def in_the_caller(test: Any, seconds: float) -> Any:
    try:
        await test()
    except (Exit, Exception) as error:
        return "failed", error.reason if isinstance(error, Exit) else error
    return "passed"


async def by_link(test: Any, seconds: float) -> Any:
    Process.flag(trap_exit=True)

    async def run() -> None:
        await test()
        raise Exit(("shutdown", "passed"))

    pid = spawn_link(run)
    signal = await receive(ExitSignal, timeout=seconds)
    if signal is TIMEOUT:
        Process.exit(pid, "kill")
        await receive(ExitSignal)
        return "timed out"
    return "passed" if signal.reason == ("shutdown", "passed") else ("failed", signal.reason)


async def by_a_task(test: Any, seconds: float) -> Any:
    task = Task.async_(test)
    try:
        await Task.await_(task, seconds)
    except Exit as exit:
        return "failed", exit.reason
    return "passed"


async def waits_to_the_end(test: Any, seconds: float) -> Any:
    async def run() -> None:
        await test()
        raise Exit(("shutdown", "passed"))

    pid, ref = spawn_monitor(run)
    await Process.sleep(seconds)
    Process.exit(pid, "kill")
    down = await receive(mine(ref))
    if down.reason == ("shutdown", "passed"):
        return "passed"
    return "timed out" if down.reason == "killed" else ("failed", down.reason)


async def forgets_the_down(test: Any, seconds: float) -> Any:
    async def run() -> None:
        await test()
        raise Exit(("shutdown", "passed"))

    pid, ref = spawn_monitor(run)
    down = await receive(mine(ref), timeout=seconds)
    if down is TIMEOUT:
        Process.exit(pid, "kill")
        return "timed out"
    return "passed" if down.reason == ("shutdown", "passed") else ("failed", down.reason)


async def has_no_time_out(test: Any, seconds: float) -> Any:
    async def run() -> None:
        await test()
        raise Exit(("shutdown", "passed"))

    _, ref = spawn_monitor(run)
    down = await receive(mine(ref))
    return "passed" if down.reason == ("shutdown", "passed") else ("failed", down.reason)


async def says_failed_alone(test: Any, seconds: float) -> Any:
    seen = await verdicts()(test, seconds)
    return seen if isinstance(seen, str) else "failed"


async def knows_five_seconds(test: Any, seconds: float) -> Any:
    return await verdicts()(test, 5.0)


table.right(ex.verdict, "has the test's process tell", by_a_message)
table.wrong(ex.verdict, "returns when the test does", verdicts(ends=None, quiet=("normal",)), "ends nobody to whom")
table.wrong(
    ex.verdict, "takes shutdown for passed", verdicts(ends="shutdown", quiet=("shutdown",)), "how you know that a"
)
table.wrong(
    ex.verdict,
    "takes every quiet end for passed",
    verdicts(quiet=(("shutdown", "passed"), "normal", "shutdown")),
    "how you know that a test has returned",
)
table.wrong(ex.verdict, "takes any Down", verdicts(which=lambda ref: Down), "which `Down` is waited for")
table.wrong(ex.verdict, "leaves a test that hangs", verdicts(kills=None), "how long it waits")
table.wrong(ex.verdict, "asks a test that hangs to end", verdicts(kills="shutdown"), "whether it traps exits or not")
table.wrong(ex.verdict, "lets an exit with normal out", verdicts(normal_too=False), "ends nobody to whom")
table.wrong(ex.verdict, "runs it in the caller", in_the_caller, "which process runs the test")
table.wrong(ex.verdict, "traps exits", by_link, "which process runs the test")
table.wrong(ex.verdict, "runs it in a task", by_a_task, "ends nobody to whom")
table.wrong(ex.verdict, "waits to the end in any case", waits_to_the_end, "how long it waits")
table.wrong(ex.verdict, "forgets the Down of a test that hangs", forgets_the_down, "nothing of the test comes later")
table.wrong(ex.verdict, "has no time-out", has_no_time_out, "no verdict after", "how long it waits")
table.wrong(ex.verdict, "keeps the reason to itself", says_failed_alone, 'the pair "failed" and the reason')
table.hard_coded(ex.verdict, "knows five seconds", knows_five_seconds, "it passed the first one")


# ---- the tests: late ----------------------------------------------------------------------------------------

REPORTS = [(8, 25), (4, 3), (8, 10), (8, 9)]
SAID = [("say", 8, 25), ("say", 8, 10)]


def late(
    barrier: Any = None, reports: Any = REPORTS, said: Any = None, nothing: bool = True, shown: Any = ((8, 9), (4, 3))
) -> Any:
    """The model answer with something changed."""
    hoped = [("say", *each) for each in reports if each[1] >= 10] if said is None else said

    async def test_late(Panel: Any, name: Any) -> None:
        await Panel.start_link((name, self_()))
        for train, minutes in reports:
            Panel.late(name, train, minutes)
        if barrier is None:
            await Panel.trains(name)
        else:
            await barrier(Panel, name)
        for train, minutes in shown:
            assert Panel.shown(name, train) == minutes
        for message in hoped:
            assert await receive(timeout=0) == message
        if nothing:
            assert await receive(timeout=0) is TIMEOUT

    return test_late


async def pause(Panel: Any, name: Any) -> None:
    await Process.sleep(0.5)


async def long_pause(Panel: Any, name: Any) -> None:
    await Process.sleep(10.0)


async def no_barrier(Panel: Any, name: Any) -> None:
    pass


async def looks_again(Panel: Any, name: Any) -> None:
    while Panel.shown(name, 8) != 9:
        await Process.sleep(0.01)


async def asks_for_state(Panel: Any, name: Any) -> None:
    await sys_.get_state(name)


async def with_assert_receive(Panel: Any, name: Any) -> None:
    await Panel.start_link((name, self_()))
    for train, minutes in REPORTS:
        Panel.late(name, train, minutes)
    for message in SAID:
        assert await receive(timeout=5.0) == message
    assert await Panel.trains(name) == [4, 8]
    assert [Panel.shown(name, train) for train in (4, 8, 9)] == [3, 9, None]
    assert await receive(timeout=0.1) is TIMEOUT


async def waits_for_ever(Panel: Any, name: Any) -> None:
    await Panel.start_link((name, self_()))
    for train, minutes in REPORTS:
        Panel.late(name, train, minutes)
    for message in SAID:
        assert await receive() == message
    await late()(Panel, f"{name} again")


async def fixed_name(Panel: Any, name: Any) -> None:
    await late()(Panel, "panel")


async def nothing_before_the_barrier(Panel: Any, name: Any) -> None:
    await Panel.start_link((name, self_()))
    Panel.late(name, 4, 3)
    assert await receive(timeout=0) is TIMEOUT
    for train, minutes in [(8, 25), (8, 10), (8, 9)]:
        Panel.late(name, train, minutes)
    await Panel.trains(name)
    assert (Panel.shown(name, 4), Panel.shown(name, 8)) == (3, 9)
    messages = [await receive(timeout=0) for _ in range(3)]
    assert set(SAID) <= {*messages}
    assert messages[:2] == SAID or messages[1:] == SAID


async def always_fails(Panel: Any, name: Any) -> None:
    raise AssertionError("not today")


async def never_fails(Panel: Any, name: Any) -> None:
    await Panel.start_link((name, self_()))


async def catches_all(Panel: Any, name: Any) -> None:
    with contextlib.suppress(Exception):
        await late()(Panel, name)


async def looks_at_the_class(Panel: Any, name: Any) -> None:
    assert Panel.__name__ in ("Panel", "_SpeaksFirst", "_Slow")


table.right(ex.late, "waits for the messages first, and has a barrier then", with_assert_receive)
table.right(ex.late, "asks for the state as a barrier", late(asks_for_state))
table.wrong(ex.late, "has no barrier", late(no_barrier), "what is certain when the line is run")
table.wrong(ex.late, "pauses", late(pause), "what is certain when the line is run")
table.wrong(ex.late, "pauses for long", late(long_pause), "what the test waits for")
table.wrong(ex.late, "looks again and again", late(looks_again), "a panel that shows nothing", "says how long")
table.wrong(ex.late, "waits for ever", waits_for_ever, "says how long")
table.wrong(ex.late, "has a name of its own", fixed_name, "must not want the same one")
table.wrong(ex.late, "looks for nothing before the barrier", nothing_before_the_barrier, "must *not* get")
table.wrong(ex.late, "does not look for more", late(nothing=False), "must *not* get")
table.wrong(
    ex.late, "has no report of exactly ten", late(reports=[(8, 25), (4, 3), (8, 12), (8, 9)]), "ten minutes only"
)
table.wrong(ex.late, "has one train", late(reports=[(8, 25), (8, 10), (8, 9)], shown=((8, 9),)), "shows one train only")
table.wrong(ex.late, "has one report of each", late(reports=[(8, 10), (4, 3)], shown=((8, 10), (4, 3))), "adds up")
table.wrong(
    ex.late,
    "has no short delay of a train that it knows",
    late(reports=[(8, 25), (4, 3), (8, 10)], shown=((8, 10), (4, 3))),
    "of a train that it knows",
)
table.wrong(ex.late, "always fails", always_fails, "in every order")
table.wrong(ex.late, "never fails", never_fails, "a panel that shows nothing")
table.wrong(ex.late, "catches what it asserts", catches_all, "a panel that shows nothing")
table.hard_coded(ex.late, "tests what the old one tested", late(reports=[(8, 12)], shown=((8, 12),)), "adds up")


# ---- the tests: hall ----------------------------------------------------------------------------------------


async def opened(open_hall: Any, names: Any, rows: bool = True) -> dict[Any, Any]:
    await open_hall(self_())
    pids = {}
    for _ in names:
        _, name, pid = await receive(timeout=5.0)
        pids[name] = pid
    for name in names:
        if rows:
            await GenServer.call(name, ("late", 8, 12))
    return pids


def hall(after: Any, rows: bool = True, other_too: bool = True, pids_too: bool = True) -> Any:
    """The model answer with something changed; ``after`` waits for the new one."""

    async def test_hall(open_hall: Any, killed: Any, other: Any) -> None:
        pids = await opened(open_hall, (killed, other), rows)
        await after(pids[killed], killed)
        assert Process.whereis(killed) not in (None, pids[killed])
        assert await GenServer.call(killed, "rows") == {}
        if other_too:
            assert not pids_too or Process.whereis(other) is pids[other]
            assert await GenServer.call(other, "rows") == ({8: 12} if rows else {})

    return test_hall


async def up(old: Any, name: Any) -> None:
    Process.exit(old, "kill")
    message = await receive(tuple, timeout=5.0)
    assert message[1] == name


async def at_once(old: Any, name: Any) -> None:
    Process.exit(old, "kill")


async def down(old: Any, name: Any) -> None:
    Process.monitor(old)
    Process.exit(old, "kill")
    await receive(Down, timeout=5.0)


async def down_and_up(old: Any, name: Any) -> None:
    Process.monitor(old)
    Process.exit(old, "kill")
    message = await receive(Down, timeout=5.0)
    assert message.reason == "killed"
    assert await receive(tuple, timeout=5.0) == ("up", name, Process.whereis(name))


async def half_a_second(old: Any, name: Any) -> None:
    Process.exit(old, "kill")
    await Process.sleep(0.5)


async def three_seconds(old: Any, name: Any) -> None:
    Process.exit(old, "kill")
    await Process.sleep(3.0)


async def again_and_again(old: Any, name: Any) -> None:
    Process.exit(old, "kill")
    for _ in range(300):
        if Process.whereis(name) not in (None, old):
            return
        await Process.sleep(0.01)


async def up_for_ever(old: Any, name: Any) -> None:
    Process.exit(old, "kill")
    await receive(tuple)


async def kills_left(open_hall: Any, killed: Any, other: Any) -> None:
    await hall(up)(open_hall, "left", "right")


async def hall_never_fails(open_hall: Any, killed: Any, other: Any) -> None:
    await open_hall(self_())


table.right(ex.hall, "waits for the Down and for the new one", hall(down_and_up))
table.wrong(ex.hall, "looks at once", hall(at_once), "what is certain when the line is run")
table.wrong(ex.hall, "waits for its own Down", hall(down), "what is certain when the line is run")
table.wrong(ex.hall, "pauses", hall(half_a_second), "what the test waits for")
table.wrong(ex.hall, "pauses for long", hall(three_seconds), "what the test waits for")
table.wrong(ex.hall, "looks again and again", hall(again_and_again), "what the test waits for")
table.wrong(ex.hall, "waits for ever", hall(up_for_ever), "says how long")
table.wrong(ex.hall, "writes no rows", hall(up, rows=False), "if the old one had some")
table.wrong(ex.hall, "does not look at the other one", hall(up, other_too=False), "it is the same process")
table.wrong(
    ex.hall, "does not look at the other one's pid", hall(up, pids_too=False, rows=False), "in which both are new"
)
table.wrong(ex.hall, "looks at the other one's rows alone", hall(up, pids_too=False), "Its rows alone do not show")
table.wrong(ex.hall, "never fails", hall_never_fails, "nobody comes back")
table.hard_coded(ex.hall, "always kills the left one", kills_left, "the other one is 'north'")


# ---- watchdog -----------------------------------------------------------------------------------------------


class Dog(GenServer):
    """The model answer, in pieces that the others change."""

    def init(self, given: Any) -> Any:
        self.timer(given)
        return Ok((given, {}))

    def timer(self, given: Any) -> None:
        Process.send_after(self_(), "look", given["every"])

    async def handle_info(self, message: Any, state: Any) -> Any:
        given, seen = state
        if self.is_own(message):
            self.timer(given)
            return NoReply((given, await self.round(given, seen)))
        return NoReply(state)

    def is_own(self, message: Any) -> bool:
        return bool(message == "look")

    async def round(self, given: Any, seen: Any) -> Any:
        now = {}
        for name in given["names"]:
            found = self.look(given, name, seen.get(name))
            if found is not None:
                now[name] = found
        return now

    def look(self, given: Any, name: Any, before: Any) -> Any:
        pid = Process.whereis(name)
        if pid is None:
            return None
        old, was, rises = before or (pid, float("inf"), 0)
        rises = rises + 1 if self.is_rise(pid, old, length(name), was) else 0
        if self.tells(rises):
            self.tell(given, name, length(name))
        return pid, length(name), rises

    def is_rise(self, pid: Any, old: Any, long: Any, was: Any) -> bool:
        return bool(pid is old and long > was)

    def tells(self, rises: int) -> bool:
        return rises == 2

    def tell(self, given: Any, name: Any, long: int) -> None:
        send(given["tell"], ("grows", name, long))

    def handle_cast(self, request: Any, state: Any) -> Any:
        return NoReply(state)

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        match request:
            case "lengths":
                return Reply({name: found[1] for name, found in state[1].items()}, state)


class TaggedDog(Dog):
    """Has a reference in its timer's message, and starts the next timer after the round."""

    def timer(self, given: Any) -> None:
        Process.send_after(self_(), ("look", "mine"), given["every"])

    def is_own(self, message: Any) -> bool:
        return bool(message == ("look", "mine"))


class AsksDog(Dog):
    async def round(self, given: Any, seen: Any) -> Any:
        for name in given["names"]:
            with contextlib.suppress(Exit):
                await sys_.get_state(name, timeout=0.01)
        return await super().round(given, seen)


class CallsDog(Dog):
    async def round(self, given: Any, seen: Any) -> Any:
        for name in given["names"]:
            if Process.whereis(name) is not None:
                spawn(self.ping, name)
        return await super().round(given, seen)

    @staticmethod
    async def ping(name: Any) -> None:
        with contextlib.suppress(Exit):
            await GenServer.call(name, "are you well?", timeout=0.01)


class AtOnceDog(Dog):
    def tells(self, rises: int) -> bool:
        return rises == 1


class AlwaysDog(Dog):
    def tells(self, rises: int) -> bool:
        return rises >= 2


class LimitDog(Dog):
    def is_rise(self, pid: Any, old: Any, long: Any, was: Any) -> bool:
        return bool(long > 20)


class ByNameDog(Dog):
    def is_rise(self, pid: Any, old: Any, long: Any, was: Any) -> bool:
        return bool(long > was)


class AnyMessageDog(Dog):
    def is_own(self, message: Any) -> bool:
        return True


class StrictDog(Dog):
    def is_own(self, message: Any) -> bool:
        assert message == "look"
        return True


class NoNamesDog(Dog):
    def look(self, given: Any, name: Any, before: Any) -> Any:
        assert Process.whereis(name) is not None
        return super().look(given, name, before)


class KeepsDog(Dog):
    """Keeps what it knew of a name that nobody has."""

    async def round(self, given: Any, seen: Any) -> Any:
        return {**seen, **await super().round(given, seen)}


class PollingDog(Dog):
    def timer(self, given: Any) -> None:
        Process.send_after(self_(), "look", given["every"] / 20)


class SleepyDog(Dog):
    """Waits in its callback."""

    def timer(self, given: Any) -> None:
        send(self_(), "look")

    async def round(self, given: Any, seen: Any) -> Any:
        await Process.sleep(given["every"])
        return await super().round(given, seen)


class OnceDog(Dog):
    """Tells of each name once in its life."""

    def tells(self, rises: int) -> bool:
        return False

    def look(self, given: Any, name: Any, before: Any) -> Any:
        found = super().look(given, name, before)
        if found is not None and found[2] >= 2:
            told = before[2] >= 100
            if not told:
                self.tell(given, name, found[1])
            return found[0], found[1], 100
        if found is not None and before is not None and before[2] >= 100:
            return found[0], found[1], 100
        return found


class SharedDog(Dog):
    seen: ClassVar[dict[Any, Any]] = {}

    def init(self, given: Any) -> Any:
        if "one" not in given["names"]:
            type(self).seen.clear()
        return super().init(given)

    def look(self, given: Any, name: Any, before: Any) -> Any:
        found = super().look(given, name, self.seen.get(name))
        if found is None:
            self.seen.pop(name, None)
        else:
            self.seen[name] = found
        return found


class WithPidDog(Dog):
    def tell(self, given: Any, name: Any, long: int) -> None:
        send(given["tell"], ("grows", Process.whereis(name), long))


class LooksAtOnceDog(Dog):
    def init(self, given: Any) -> Any:
        send(self_(), "look")
        return Ok((given, {}))


class TenSecondsDog(Dog):
    def timer(self, given: Any) -> None:
        Process.send_after(self_(), "look", 10.0)


class PidsDog(Dog):
    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        match request:
            case "lengths":
                return Reply(state[1], state)


class ChangeDog(Dog):
    def is_rise(self, pid: Any, old: Any, long: Any, was: Any) -> bool:
        return bool(pid is old and was not in (long, float("inf")))


class AsLongDog(Dog):
    def is_rise(self, pid: Any, old: Any, long: Any, was: Any) -> bool:
        return bool(pid is old and long >= was)


class EvenDog(Dog):
    """Begins to count anew when it has told."""

    def tells(self, rises: int) -> bool:
        return rises > 0 and rises % 2 == 0


class InAllDog(Dog):
    """Counts the rises of a process, whatever lies in between."""

    def look(self, given: Any, name: Any, before: Any) -> Any:
        found = super().look(given, name, before)
        if found and not found[2] and before and before[0] is found[0] and before[2] == 1:
            return *found[:2], 1
        return found


class OneFlagDog(Dog):
    """Tells of nobody else while one grows."""

    async def round(self, given: Any, seen: Any) -> Any:
        grows = any(found[2] >= 2 for found in seen.values())
        return await super().round({**given, "tell": None} if grows else given, seen)

    def tell(self, given: Any, name: Any, long: int) -> None:
        if given["tell"] is not None:
            super().tell(given, name, long)


class FirstAloneDog(Dog):
    """Tells of one name at each look."""

    async def round(self, given: Any, seen: Any) -> Any:
        told: list[Any] = []
        return await super().round({**given, "told": told}, seen)

    def tell(self, given: Any, name: Any, long: int) -> None:
        if not given["told"]:
            super().tell(given, name, long)
        given["told"].append(name)


class NowDog(Dog):
    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        match request:
            case "lengths":
                return Reply({name: length(name) for name in state[1]}, state)


table.wrong(ex.watchdog, "takes any change for a rise", ChangeDog, "with a longer mailbox")
table.wrong(ex.watchdog, "takes an equal length for a rise", AsLongDog, "with a longer mailbox")
table.wrong(ex.watchdog, "begins to count when it has told", EvenDog, "how often it tells")
table.wrong(ex.watchdog, "counts rises that are not in a row", InAllDog, "*in a row*")
table.wrong(ex.watchdog, "has one flag for all names", OneFlagDog, "each name has its own rises")
table.wrong(ex.watchdog, "tells of one name at a look", FirstAloneDog, "each name has its own rises")
table.wrong(ex.watchdog, "answers with the lengths of now", NowDog, "not those of now")
table.right(ex.watchdog, "has a message of its own", TaggedDog)
table.wrong(ex.watchdog, "asks for the state", AsksDog, "waits in its mailbox")
table.wrong(ex.watchdog, "has another process call", CallsDog, "waits in its mailbox")
table.wrong(ex.watchdog, "tells at the first rise", AtOnceDog, "at the second rise in a row")
table.wrong(ex.watchdog, "tells at each further rise", AlwaysDog, "how often it tells")
table.wrong(ex.watchdog, "has a limit", LimitDog, "how long a mailbox is says nothing")
table.wrong(ex.watchdog, "goes by the name", ByNameDog, "A new process begins anew")
table.wrong(ex.watchdog, "looks at any message", AnyMessageDog, "Which message is the timer")
table.wrong(ex.watchdog, "bears no stray", StrictDog, "watchdog ended")
table.wrong(ex.watchdog, "bears no name that is nobody's", NoNamesDog, "names that nobody has")
table.wrong(ex.watchdog, "keeps the dead", KeepsDog, "of those who were there")
table.wrong(ex.watchdog, "polls", PollingDog, "between two looks: nothing")
table.wrong(ex.watchdog, "waits in a callback", SleepyDog, "the lengths")
table.wrong(ex.watchdog, "tells once in its life", OnceDog, "how often it tells")
table.wrong(ex.watchdog, "keeps it in the class", SharedDog, "each watchdog has its own state")
table.wrong(ex.watchdog, "tells the pid", WithPidDog, '("grows", name, length)')
table.wrong(ex.watchdog, "looks at its start", LooksAtOnceDog, "the lengths")
table.wrong(ex.watchdog, "answers with all it knows", PidsDog, 'what the call "lengths" answers')
table.hard_coded(ex.watchdog, "knows ten seconds", TenSecondsDog, "it passed the first one")

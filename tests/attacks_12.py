"""Attacks on the checks of chapter 12, async_stream."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Awaitable, Callable
from itertools import accumulate, islice
from typing import Any, ClassVar

from attacks import Table

from otp_mini import (
    Agent,
    ChildSpec,
    DynamicSupervisor,
    Exit,
    Exited,
    GenServer,
    NoReply,
    Ok,
    Process,
    Reply,
    Supervise,
    Supervisor,
    Task,
    TaskStream,
    current_node,
    receive,
    self_,
    send,
    spawn,
)
from otp_mini.exercises import async_stream as ex

table = Table()
stream = Task.async_stream
nolink = Task.Supervisor.async_stream_nolink
KEPT: list[Any] = []

# ---- visit them all -----------------------------------------------------------------------------------------


async def all_by_default(visit: Any, sites: Any, at_once: Any) -> Any:
    return [result.value async for result in stream(sites, visit, max_concurrency=at_once)]  # type: ignore[union-attr]


async def all_in_batches(visit: Any, sites: Any, at_once: Any) -> Any:
    found = []
    for start in range(0, len(sites), at_once):
        tasks = [Task.async_(visit, site) for site in sites[start : start + at_once]]
        found += await Task.await_many(tasks, timeout=60.0)
    return found


async def all_at_the_same_time(visit: Any, sites: Any, at_once: Any) -> Any:
    return await Task.await_many([Task.async_(visit, site) for site in sites], timeout=60.0)


async def all_in_turn(visit: Any, sites: Any, at_once: Any) -> Any:
    return [await Task.await_(Task.async_(visit, site), timeout=60.0) for site in sites]


async def all_results(visit: Any, sites: Any, at_once: Any) -> Any:
    return [result async for result in stream(sites, visit, max_concurrency=at_once, timeout=60.0)]


async def all_unread(visit: Any, sites: Any, at_once: Any) -> Any:
    return stream(sites, visit, max_concurrency=at_once, timeout=60.0)


async def all_as_they_come(visit: Any, sites: Any, at_once: Any) -> Any:
    results = stream(sites, visit, max_concurrency=at_once, timeout=60.0, ordered=False)
    return [result.value async for result in results]  # type: ignore[union-attr]


async def all_for_ever(visit: Any, sites: Any, at_once: Any) -> Any:
    return [result.value async for result in stream(sites, visit, max_concurrency=at_once, timeout=None)]  # type: ignore[union-attr]


async def all_forgiven(visit: Any, sites: Any, at_once: Any) -> Any:
    options: Any = {"max_concurrency": at_once, "timeout": 60.0, "on_timeout": "kill_task"}
    return [getattr(result, "value", "late") async for result in stream(sites, visit, **options)]


async def all_well(visit: Any, sites: Any, at_once: Any) -> Any:
    return [result.value async for result in stream(sites, visit, max_concurrency=at_once, timeout=60.0)]  # type: ignore[union-attr]


async def all_without_return(visit: Any, sites: Any, at_once: Any) -> None:
    await all_well(visit, sites, at_once)


async def all_by_itself(visit: Any, sites: Any, at_once: Any) -> Any:
    return [await visit(site) for site in sites]


async def all_three_at_a_time(visit: Any, sites: Any, at_once: Any) -> Any:
    return await all_well(visit, sites, 3)


async def all_unawaited(visit: Any, sites: Any, at_once: Any) -> Any:
    return all_well(visit, sites, at_once)


async def all_within_a_minute(visit: Any, sites: Any, at_once: Any) -> Any:
    """The limit is one for all together."""
    return await Task.await_(Task.async_(all_for_ever, visit, sites, at_once), timeout=60.0)


async def all_by_workers(visit: Any, sites: Any, at_once: Any) -> Any:
    """As many tasks as places, each of which asks for the next site."""
    home, left, found = self_(), list(enumerate(sites)), {}
    pids: dict[Any, Any] = {}

    async def work() -> None:
        while True:
            send(home, ("next", self_()))
            number, site = await receive()
            send(home, ("answer", number, await visit(site)))

    for _ in range(min(at_once, len(sites))):
        Process.link(spawn(work))
    begun: dict[Any, float] = {}
    while len(found) < len(sites):
        limit = min((at + 60.0 - current_node().now() for at in begun.values()), default=60.0)
        match await receive(timeout=max(0.0, limit)):
            case ("next", pid):
                if left:
                    number, site = left.pop(0)
                    pids[number], begun[number] = pid, current_node().now()
                    send(pid, (number, site))
            case ("answer", number, answer):
                found[number] = answer
                del begun[number]
            case "timeout":
                raise Exit(("timeout", "visit_all"))
    while await receive(timeout=0.0) != "timeout":
        pass
    return [found[number] for number in range(len(sites))]


async def all_supervised(visit: Any, sites: Any, at_once: Any) -> Any:
    sup = await Task.Supervisor.start_link()
    answers = []
    async for result in Task.Supervisor.async_stream(sup, sites, visit, max_concurrency=at_once, timeout=60.0):
        match result:
            case Ok(answer):
                answers.append(answer)
    await Supervisor.stop(sup)
    return answers


async def all_numbered(visit: Any, sites: Any, at_once: Any) -> Any:
    async def numbered(pair: Any) -> Any:
        return pair[0], await visit(pair[1])

    options: Any = {"max_concurrency": at_once, "timeout": 60.0, "ordered": False}
    pairs = [r.value async for r in stream(list(enumerate(sites)), numbered, **options)]  # type: ignore[union-attr]
    return [answer for _, answer in sorted(pairs, key=lambda pair: int(pair[0]))]


async def all_by_site(visit: Any, sites: Any, at_once: Any) -> Any:
    """What stands there twice has one answer."""
    options: Any = {"max_concurrency": at_once, "timeout": 60.0, "ordered": False}
    pairs = dict([r.value async for r in stream(sites, named_by(visit), **options)])  # type: ignore[union-attr]
    return [pairs[site] for site in sites]


async def all_sorted(visit: Any, sites: Any, at_once: Any) -> Any:
    return await all_well(visit, sorted(sites), at_once)


table.right(ex.visit_all, "has workers that ask for the next site", all_by_workers)
table.right(ex.visit_all, "below a supervisor of its own", all_supervised)
table.right(ex.visit_all, "numbers them, and sorts what came", all_numbered)
table.wrong(ex.visit_all, "takes the default time-out", all_by_default, "and five if nothing is said")
table.wrong(ex.visit_all, "goes batch by batch", all_in_batches, "A batch waits for its slowest")
table.wrong(ex.visit_all, "starts all at once", all_at_the_same_time, "how many run at the same time")
table.wrong(ex.visit_all, "visits in turn", all_in_turn, "how many run at the same time")
table.wrong(ex.visit_all, "returns the results", all_results, "what a stream hands out")
table.wrong(ex.visit_all, "reads no stream", all_unread, "nobody has read it", "who reads the stream")
table.wrong(ex.visit_all, "returns them as they come", all_as_they_come, "the order of what is returned")
table.wrong(ex.visit_all, "waits for ever", all_for_ever, "The limit is one for each")
table.wrong(ex.visit_all, "keeps the time-out to itself", all_forgiven, "who hears of a time-out")
table.wrong(ex.visit_all, "has one limit for all", all_within_a_minute, "The limit is one for each")
table.wrong(ex.visit_all, "forgets the return", all_without_return, "is a `return` missing")
table.wrong(ex.visit_all, "forgets the await", all_unawaited, "`await`")
table.wrong(ex.visit_all, "starts no task", all_by_itself, "which process does the work")
table.wrong(ex.visit_all, "keeps one answer for each name", all_by_site, "What stands there twice has two")
table.wrong(ex.visit_all, "sorts the sites", all_sorted, "the order of what is returned")
table.hard_coded(ex.visit_all, "has three places", all_three_at_a_time, "it passed the first one")

# ---- when does the reader hear of it? --------------------------------------------------------------------------


def timetable(seconds: Any, at_once: Any) -> Any:
    found = ex.ends(seconds, at_once)
    return list(accumulate(found, max)), sorted(found)


def by_heap(seconds: Any, at_once: Any) -> Any:
    """Places are a heap, and what it returns is a list."""
    free, ends = [0] * at_once, []
    for each in seconds:
        ends.append(heapq.heappop(free) + each)
        heapq.heappush(free, ends[-1])
    return [[max(ends[: n + 1]) for n in range(len(ends))], sorted(ends)]


def by_steps(seconds: Any, at_once: Any) -> Any:
    """Half a second after the other."""
    left, busy, now = list(enumerate(seconds)), [], 0.0
    ended: dict[int, float] = {}
    while left or busy:
        while left and len(busy) < at_once:
            number, each = left.pop(0)
            busy.append((number, now + each))
        now += 0.5
        ended |= {number: now for number, end in busy if end <= now}
        busy = [(number, end) for number, end in busy if end > now]
    ends = [ended[number] for number in range(len(seconds))]
    return tuple(accumulate(ends, max)), tuple(sorted(ends))


def batches(seconds: Any, at_once: Any) -> Any:
    ends: list[float] = []
    for start in range(0, len(seconds), at_once):
        began = max(ends, default=0)
        ends += [began + each for each in seconds[start : start + at_once]]
    return list(accumulate(ends, max)), sorted(ends)


def never_waits(seconds: Any, at_once: Any) -> Any:
    found = ex.ends(seconds, at_once)
    return found, sorted(found)


def all_at_the_start(seconds: Any, at_once: Any) -> Any:
    return list(accumulate(seconds, max)), sorted(seconds)


def turned(seconds: Any, at_once: Any) -> Any:
    return timetable(seconds, at_once)[::-1]


def in_turn(seconds: Any, at_once: Any) -> Any:
    ends = list(accumulate(seconds))
    return ends, ends


def same_for_both(seconds: Any, at_once: Any) -> Any:
    in_order, _ = timetable(seconds, at_once)
    return in_order, in_order


def in_order_alone(seconds: Any, at_once: Any) -> Any:
    return timetable(seconds, at_once)[0]


def printed(seconds: Any, at_once: Any) -> None:
    timetable(seconds, at_once)


def two_places(seconds: Any, at_once: Any) -> Any:
    return timetable(seconds, 2)


async def promised(seconds: Any, at_once: Any) -> Any:
    return asyncio.sleep(0, timetable(seconds, at_once))


def of_some(seconds: Any, at_once: Any) -> Any:
    """Takes it for granted that there is one."""
    assert max(seconds)
    return timetable(seconds, at_once)


def two_numbers(seconds: Any, at_once: Any) -> Any:
    return [each[-1] for each in timetable(seconds, at_once)]


table.right(ex.arrivals, "keeps the places in a heap", by_heap)
table.right(ex.arrivals, "goes step by step, and returns tuples", by_steps)
table.right(ex.arrivals, "accumulates", timetable)
table.wrong(ex.arrivals, "thinks in batches", batches, "A batch waits for its slowest")
table.wrong(ex.arrivals, "hands out in order when it is there", never_waits, "not before all those in front of it")
table.wrong(ex.arrivals, "begins all at the start", all_at_the_start, "first when each visit ends")
table.wrong(ex.arrivals, "begins them in turn", in_turn, "how many visits run at the same time")
table.wrong(ex.arrivals, "has both the other way round", turned, "which list is which")
table.wrong(ex.arrivals, "sees no difference", same_for_both, "with `ordered=False`")
table.wrong(ex.arrivals, "returns one list", in_order_alone, "two lists, the one for a stream in order first")
table.wrong(ex.arrivals, "forgets the return", printed, "is a `return` missing")
table.wrong(ex.arrivals, "has no answer for no visit", of_some, "ValueError")
table.wrong(ex.arrivals, "returns the last of each", two_numbers, "two lists, the one for a stream in order first")
table.wrong(ex.arrivals, "forgets an await", promised, "`await`")
table.hard_coded(ex.arrivals, "has two places", two_places, "it passed the first one")

# ---- a report with the late ones -------------------------------------------------------------------------------


def late_by(**options: Any) -> Callable[..., Awaitable[Any]]:
    """The stream in order, with these options."""

    async def with_late(visit: Any, sites: Any, seconds: Any) -> Any:
        usual: dict[str, Any] = {"max_concurrency": 4, "timeout": seconds, "on_timeout": "kill_task"}
        results = [result async for result in stream(sites, visit, **(usual | options))]
        return {s: r.value if isinstance(r, Ok) else "late" for s, r in zip(sites, results, strict=True)}

    return with_late


async def late_and_caught(visit: Any, sites: Any, seconds: Any) -> Any:
    found: dict[Any, Any] = dict.fromkeys(sites, "late")
    left = iter(sites)
    try:
        async for result in stream(sites, visit, max_concurrency=4, timeout=seconds):
            found[next(left)] = result.value  # type: ignore[union-attr]
    except Exit:
        pass
    return found


async def late_by_truth(visit: Any, sites: Any, seconds: Any) -> Any:
    options: Any = {"max_concurrency": 4, "timeout": seconds, "on_timeout": "kill_task"}
    results = [getattr(result, "value", None) async for result in stream(sites, visit, **options)]
    return {site: value or "late" for site, value in zip(sites, results, strict=True)}


async def late_by_word(visit: Any, sites: Any, seconds: Any) -> Any:
    """Takes an answer for a late visit where it looks like one."""
    options: Any = {"max_concurrency": 4, "timeout": seconds, "on_timeout": "kill_task"}
    found = {}
    left = iter(sites)
    async for result in stream(sites, visit, **options):
        found[next(left)] = "late" if "timeout" in repr(result) else result.value  # type: ignore[union-attr]
    return found


async def late_together(visit: Any, sites: Any, seconds: Any) -> Any:
    tasks = [Task.async_(visit, site) for site in sites]
    results = await Task.yield_many(tasks, timeout=seconds)
    found = {}
    for site, (task, result) in zip(sites, results, strict=True):
        outcome = result or await Task.shutdown(task, "brutal_kill")
        found[site] = outcome.value if isinstance(outcome, Ok) else "late"
    return found


async def late_in_batches(visit: Any, sites: Any, seconds: Any) -> Any:
    found: dict[Any, Any] = {}
    for start in range(0, len(sites), 4):
        found |= await late_together(visit, sites[start : start + 4], seconds)
    return found


async def late_and_left(visit: Any, sites: Any, seconds: Any) -> Any:
    """A task in the task gives up, and lets the visit run."""

    async def patient(site: Any) -> Any:
        task = Task.async_(visit, site)
        match await Task.yield_(task, timeout=seconds):
            case Ok(value):
                return value
        await Task.ignore(task)
        return "late"

    results = [r.value async for r in stream(sites, patient, max_concurrency=4, timeout=None)]  # type: ignore[union-attr]
    return dict(zip(sites, results, strict=True))


async def late_for_all(visit: Any, sites: Any, seconds: Any) -> Any:
    """One limit for the whole report."""
    found: dict[Any, Any] = {}

    async def named(site: Any) -> Any:
        return site, await visit(site)

    async def read() -> Any:
        options: Any = {"max_concurrency": 4, "timeout": None, "ordered": False}
        async for result in stream(sites, named, **options):
            found.update([result.value])  # type: ignore[union-attr]

    task = Task.async_(read)
    _ = await Task.yield_(task, timeout=seconds) or await Task.shutdown(task, "brutal_kill")
    return dict.fromkeys(sites, "late") | found


async def late_without_return(visit: Any, sites: Any, seconds: Any) -> None:
    await late_by()(visit, sites, seconds)


async def late_raw(visit: Any, sites: Any, seconds: Any) -> Any:
    options: Any = {"max_concurrency": 4, "timeout": seconds, "on_timeout": "kill_task"}
    return dict(zip(sites, [result async for result in stream(sites, visit, **options)], strict=True))


async def late_by_itself(visit: Any, sites: Any, seconds: Any) -> Any:
    return {site: await visit(site) for site in sites}


async def late_zipped(visit: Any, sites: Any, seconds: Any) -> Any:
    async def named(site: Any) -> Any:
        return site, await visit(site)

    options: Any = {"max_concurrency": 4, "timeout": seconds, "on_timeout": "kill_task", "ordered": False}
    found = {}
    async for result in stream(sites, named, zip_input_on_exit=True, **options):
        match result:
            case Ok((site, value)):
                found[site] = value
            case Exited((site, _)):
                found[site] = "late"
    return found


async def late_inside(visit: Any, sites: Any, seconds: Any) -> Any:
    """A task in the task ends the visit."""

    async def patient(site: Any) -> Any:
        task = Task.async_(visit, site)
        match await Task.yield_(task, timeout=seconds) or await Task.shutdown(task, "brutal_kill"):
            case Ok(value):
                return value
        return "late"

    results = [r.value async for r in stream(sites, patient, max_concurrency=4, timeout=None)]  # type: ignore[union-attr]
    return dict(zip(sites, results, strict=True))


async def late_asked(visit: Any, sites: Any, seconds: Any) -> Any:
    """Asks a visit to end, which it need not do."""

    async def patient(site: Any) -> Any:
        task = Task.async_(visit, site)
        match await Task.yield_(task, timeout=seconds) or await Task.shutdown(task):
            case Ok(value):
                return value
        return "late"

    results = [r.value async for r in stream(sites, patient, max_concurrency=4, timeout=None)]  # type: ignore[union-attr]
    return dict(zip(sites, results, strict=True))


table.right(ex.with_late, "as they come, with names", late_zipped)
table.right(ex.with_late, "ends the visits itself", late_inside)
table.right(ex.with_late, "puts them side by side in order", late_by())
table.wrong(ex.with_late, "says nothing of `on_timeout`", late_by(on_timeout="exit"), "Without `on_timeout`")
table.wrong(
    ex.with_late, "takes the default time-out", late_by(timeout=5.0), "that of each visit, from its own beginning"
)
table.wrong(ex.with_late, "puts them side by side out of order", late_by(ordered=False), "which result is whose")
table.wrong(ex.with_late, "catches the exit", late_and_caught, "which result is whose")
table.wrong(ex.with_late, "takes 0 for late", late_by_truth, "what tells an answer from a visit that was late")
table.wrong(ex.with_late, "looks for a word", late_by_word, "what tells an answer from a visit that was late")
table.wrong(ex.with_late, "visits all at once", late_together, "how many run at the same time")
table.wrong(ex.with_late, "goes batch by batch", late_in_batches, "A batch waits for its slowest")
table.wrong(ex.with_late, "lets the late ones run", late_and_left, "what becomes of a visit that is late")
table.wrong(ex.with_late, "asks the late ones to end", late_asked, "what ends a visit that traps exits")
table.wrong(ex.with_late, "has a limit of 0", late_by(timeout=0), "that of each visit, from its own beginning")
table.wrong(ex.with_late, "has one limit for all", late_for_all, "which result is whose")
table.wrong(ex.with_late, "has the usual eight places", late_by(max_concurrency=8), "how many run at the same time")
table.wrong(ex.with_late, "forgets the return", late_without_return, "is a `return` missing")
table.wrong(ex.with_late, "returns results", late_raw, "what a stream hands out")
table.wrong(ex.with_late, "starts no task", late_by_itself, "which process does the work")
table.hard_coded(ex.with_late, "waits for four seconds", late_by(timeout=4.0), "it passed the first one")

# ---- the first that is gone -------------------------------------------------------------------------------------


def named_by(visit: Any) -> Any:
    async def named(site: Any) -> Any:
        return site, await visit(site)

    return named


def gone_by(read: Any = stream, **options: Any) -> Callable[..., Awaitable[Any]]:
    async def first_gone(visit: Any, sites: Any) -> Any:
        usual: dict[str, Any] = {"max_concurrency": 3, "timeout": 60.0}
        async for result in read(sites, named_by(visit), **(usual | options)):
            if result.value[1] == 404:
                return result.value[0]
        return None

    return first_gone


async def gone_of_a_list(visit: Any, sites: Any) -> Any:
    return await gone_by()(visit, list(sites))


async def gone_of_some(visit: Any, sites: Any) -> Any:
    return await gone_by()(visit, list(islice(sites, 20)))


async def gone_in_batches(visit: Any, sites: Any) -> Any:
    left = iter(sites)
    while batch := list(islice(left, 3)):
        answers = await Task.await_many([Task.async_(visit, site) for site in batch], timeout=None)
        for site, answer in zip(batch, answers, strict=True):
            if answer == 404:
                return site
    return None


async def gone_by_answer(visit: Any, sites: Any) -> Any:
    async for result in stream(sites, visit, max_concurrency=3, timeout=None):
        if result == Ok(404):
            return result
    return None


async def gone_and_kept(visit: Any, sites: Any) -> Any:
    """Holds the stream, so nothing ends it."""
    KEPT.append(stream(sites, named_by(visit), max_concurrency=3, timeout=None))
    async for result in KEPT[-1]:
        if result.value[1] == 404:
            return result.value[0]
    return None


async def gone_to_the_end(visit: Any, sites: Any) -> Any:
    found = [r.value async for r in stream(sites, named_by(visit), max_concurrency=3, timeout=None)]  # type: ignore[union-attr]
    return next((site for site, answer in found if answer == 404), None)


async def gone_by_itself(visit: Any, sites: Any) -> Any:
    for site in sites:
        if await visit(site) == 404:
            return site
    return None


async def gone_without_return(visit: Any, sites: Any) -> None:
    await gone_by()(visit, sites)


async def gone_fifth(visit: Any, sites: Any) -> Any:
    """Knows which one it is."""
    found = await gone_by()(visit, sites)
    return found and "site 4"


async def gone_closed(visit: Any, sites: Any) -> Any:
    """Closes the stream itself."""
    results: TaskStream = stream(sites, named_by(visit), max_concurrency=3, timeout=None)
    found = None
    async for result in results:
        match result:
            case Ok((site, 404)):
                found = site
                break
    await results.aclose()
    return found


async def gone_side_by_side(visit: Any, sites: Any) -> Any:
    """Notes what the source has given, and takes it back in order."""
    given: list[Any] = []

    def noted() -> Any:
        for site in sites:
            given.append(site)
            yield site

    async for result in stream(noted(), visit, max_concurrency=3, timeout=None):
        site = given.pop(0)
        if result == Ok(404):
            return site
    return None


async def gone_supervised(visit: Any, sites: Any) -> Any:
    sup = await Task.Supervisor.start_link()

    def below(sites: Any, work: Any, **options: Any) -> Any:
        return nolink(sup, sites, work, **options)

    found = await gone_by(below)(visit, sites)
    await Supervisor.stop(sup)
    return found


async def gone_if_true(visit: Any, sites: Any) -> Any:
    return await gone_by()(visit, sites) or None


async def gone_by_next(visit: Any, sites: Any) -> Any:
    """Takes each iterable for a generator."""

    def links() -> Any:
        while True:
            try:
                yield next(sites)
            except StopIteration:
                return

    return await gone_by()(visit, links())


async def gone_sorted_by_hand(visit: Any, sites: Any) -> Any:
    """As they come, and sure of one when all before it are answered."""

    async def numbered(pair: Any) -> Any:
        return pair[0], pair[1], await visit(pair[1])

    known: dict[int, Any] = {}
    first = 0
    async for result in stream(enumerate(sites), numbered, max_concurrency=3, timeout=None, ordered=False):
        match result:
            case Ok((number, site, answer)):
                known[number] = (site, answer)
        while first in known:
            if known[first][1] == 404:
                return known[first][0]
            first += 1
    return None


table.right(ex.first_gone, "closes the stream itself", gone_closed)
table.right(ex.first_gone, "takes them as they come, and puts them in order", gone_sorted_by_hand)
table.right(ex.first_gone, "keeps the sites beside the results", gone_side_by_side)
table.right(ex.first_gone, "without links, below a supervisor of its own", gone_supervised)
table.wrong(ex.first_gone, "takes whichever comes first", gone_by(ordered=False), "which of several is the first")
table.wrong(ex.first_gone, "takes the default time-out", gone_by(timeout=5.0), "how long a visit may take: a minute")
table.wrong(ex.first_gone, "makes a list of the source", gone_of_a_list, "when the next site is taken")
table.wrong(ex.first_gone, "goes batch by batch", gone_in_batches, "A batch waits for its slowest")
table.wrong(ex.first_gone, "returns the answer", gone_by_answer, "the site, and not its answer")
table.wrong(ex.first_gone, "lets the others run", gone_and_kept, "what becomes of the visits that run")
table.wrong(ex.first_gone, "reads to the end", gone_to_the_end, "when it is known")
table.wrong(ex.first_gone, "has four places", gone_by(max_concurrency=4), "when the next site is taken")
table.wrong(ex.first_gone, "starts no task", gone_by_itself, "which process does the work")
table.wrong(ex.first_gone, "takes an empty name for none", gone_if_true, "also what counts as false")
table.wrong(ex.first_gone, "needs an iterator", gone_by_next, "is not an iterator")
table.wrong(ex.first_gone, "forgets the return", gone_without_return, "is a `return` missing")
table.wrong(ex.first_gone, "looks at twenty sites, taken at once", gone_of_some, "when the next site is taken")
table.hard_coded(ex.first_gone, "knows which one it is", gone_fifth, "it passed the first one")

# ---- a second try ---------------------------------------------------------------------------------------------


def below_visits(sites: Any, visit: Any, **options: Any) -> Any:
    return nolink("visits", sites, visit, **options)


def round_by(read: Any = below_visits, tries: int = 2, **options: Any) -> Callable[..., Awaitable[Any]]:
    async def mended_round(visit: Any, sites: Any) -> Any:
        usual: dict[str, Any] = {"max_concurrency": 5, "timeout": 10.0, "on_timeout": "kill_task"}
        usual |= {"zip_input_on_exit": True}
        for _ in range(tries):
            results = read(sites, visit, **(usual | options))
            sites = [result.reason[0] async for result in results if isinstance(result, Exited)]
        return sites

    return mended_round


async def round_of_all(visit: Any, sites: Any) -> Any:
    """The second round is over all sites."""
    down = await round_by(tries=1)(visit, sites)
    again = await round_by(tries=1)(visit, sites)
    return [site for site in again if site in down]


async def round_at_once(visit: Any, sites: Any) -> Any:
    """The second try of each follows its first."""

    async def twice(site: Any) -> Any:
        for _ in range(2):
            task = await Task.Supervisor.async_nolink("visits", visit, site)
            match await Task.yield_(task, timeout=10.0) or await Task.shutdown(task, "brutal_kill"):
                case Ok(_):
                    return True
        return False

    results = [r.value async for r in stream(sites, twice, max_concurrency=5, timeout=None)]  # type: ignore[union-attr]
    return [site for site, well in zip(sites, results, strict=True) if not well]


async def round_in_a_set(visit: Any, sites: Any) -> Any:
    """What stands there twice counts once."""
    return await round_by()(visit, list(dict.fromkeys(sites)))


async def round_by_values(visit: Any, sites: Any) -> Any:
    """Takes a falsy answer for a failure."""
    options: Any = {"max_concurrency": 5, "timeout": 10.0, "on_timeout": "kill_task"}
    for _ in range(2):
        results = [getattr(result, "value", None) async for result in below_visits(sites, visit, **options)]
        sites = [site for site, value in zip(sites, results, strict=True) if not value]
    return sites


async def round_of_late_ones(visit: Any, sites: Any) -> Any:
    """Sees what is late alone."""
    options: Any = {"max_concurrency": 5, "timeout": 10.0, "on_timeout": "kill_task", "zip_input_on_exit": True}
    for _ in range(2):
        results = [result async for result in below_visits(sites, visit, **options)]
        sites = [r.reason[0] for r in results if isinstance(r, Exited) and r.reason[1] == "timeout"]
    return sites


async def round_in_batches(visit: Any, sites: Any) -> Any:
    async def one(sites: Any) -> Any:
        down = []
        for start in range(0, len(sites), 5):
            batch = sites[start : start + 5]
            tasks = [await Task.Supervisor.async_nolink("visits", visit, site) for site in batch]
            for site, (task, result) in zip(batch, await Task.yield_many(tasks, timeout=10.0), strict=True):
                if not isinstance(result or await Task.shutdown(task, "brutal_kill"), Ok):
                    down.append(site)
        return down

    return await one(await one(sites))


async def round_without_return(visit: Any, sites: Any) -> None:
    await round_by()(visit, sites)


async def round_of_pairs(visit: Any, sites: Any) -> Any:
    """Returns the reasons, too."""
    down = await round_by(tries=1)(visit, sites)
    results = below_visits(down, visit, max_concurrency=5, timeout=10.0, on_timeout="kill_task", zip_input_on_exit=True)
    return [result.reason async for result in results if isinstance(result, Exited)]


async def round_of_known_sites(visit: Any, sites: Any) -> Any:
    known = ("zoo", "ferry", "port", "tower", "opera")
    return [site for site in await round_by()(visit, sites) if site in known or site.startswith("site")]


async def round_trapping(visit: Any, sites: Any) -> Any:
    """Linked, and whoever reads traps exits, in a task of its own."""

    async def read() -> Any:
        Process.flag(trap_exit=True)
        return await round_by(stream)(visit, sites)

    return await Task.await_(Task.async_(read), timeout=None)


async def round_left(visit: Any, sites: Any) -> Any:
    """A late visit is given up, and runs on."""

    async def patient(site: Any) -> Any:
        task = await Task.Supervisor.async_nolink("visits", visit, site)
        result = await Task.yield_(task, timeout=10.0)
        await Task.ignore(task)
        return isinstance(result, Ok)

    for _ in range(2):
        results = [r.value async for r in stream(sites, patient, max_concurrency=5, timeout=None)]  # type: ignore[union-attr]
        sites = [site for site, well in zip(sites, results, strict=True) if not well]
    return sites


async def round_counted(visit: Any, sites: Any) -> Any:
    """In order, counted along."""
    options: Any = {"max_concurrency": 5, "timeout": 10.0, "on_timeout": "kill_task"}
    for _ in range(2):
        results = [result async for result in below_visits(sites, visit, **options)]
        sites = [sites[n] for n, result in enumerate(results) if not isinstance(result, Ok)]
    return sites


async def round_numbered(visit: Any, sites: Any) -> Any:
    """As they come, with numbers."""

    async def work(pair: Any) -> Any:
        return await visit(pair[1])

    found = await round_by(ordered=False)(work, list(enumerate(sites)))
    return [site for _, site in sorted(found, key=lambda pair: int(pair[0]))]


table.right(ex.mended_round, "traps exits in a task", round_trapping)
table.right(ex.mended_round, "counts along", round_counted)
table.right(ex.mended_round, "numbers the sites", round_numbered)
table.wrong(ex.mended_round, "links them", round_by(stream), "by a signal", "no `try` stops a signal")
table.wrong(ex.mended_round, "tries once", round_by(tries=1), "what a failure is", "who is visited a second time")
table.wrong(ex.mended_round, "tries three times", round_by(tries=3), "who is visited a second time")
table.wrong(ex.mended_round, "visits all a second time", round_of_all, "who is visited a second time")
table.wrong(ex.mended_round, "repeats at once", round_at_once, "when the second tries begin")
table.wrong(ex.mended_round, "says nothing of `on_timeout`", round_by(on_timeout="exit"), "whom a late visit")
table.wrong(ex.mended_round, "takes the default time-out", round_by(timeout=5.0), "who is visited a second time")
table.wrong(ex.mended_round, "has eight places", round_by(max_concurrency=8), "how many run at the same time")
table.wrong(ex.mended_round, "gives up the order", round_by(ordered=False), "which site it is of")
table.wrong(ex.mended_round, "counts a site once", round_in_a_set, "each as often as it failed")
table.wrong(ex.mended_round, "takes None for a failure", round_by_values, "what a failure is")
table.wrong(ex.mended_round, "sees late ones alone", round_of_late_ones, "what a failure is")
table.wrong(ex.mended_round, "lets the late ones run", round_left, "what becomes of a visit that is late")
table.wrong(ex.mended_round, "goes batch by batch", round_in_batches, "A batch waits for its slowest")
table.wrong(ex.mended_round, "forgets the return", round_without_return, "is a `return` missing")
table.wrong(ex.mended_round, "returns reasons, too", round_of_pairs, "which site it is of")
table.hard_coded(ex.mended_round, "knows the sites that are down", round_of_known_sites, "it passed the first one")

# ---- an archive -----------------------------------------------------------------------------------------------


def archive_by(read: Any = below_visits, **options: Any) -> Callable[..., Awaitable[Any]]:
    async def mended_archive(links: Any, visit: Any, store: Any) -> Any:
        usual: dict[str, Any] = {"max_concurrency": 4, "ordered": False, "timeout": 20.0, "on_timeout": "kill_task"}
        stored = 0
        async for result in read(links, visit, **(usual | options)):
            match result:
                case Ok(page):
                    await store(page)
                    stored += 1
        return stored

    return mended_archive


async def archive_of_a_list(links: Any, visit: Any, store: Any) -> Any:
    return await archive_by()(list(links), visit, store)


async def archive_then_store(links: Any, visit: Any, store: Any) -> Any:
    options: Any = {"max_concurrency": 4, "ordered": False, "timeout": 20.0, "on_timeout": "kill_task"}
    pages = [result.value async for result in below_visits(links, visit, **options) if isinstance(result, Ok)]
    for page in pages:
        await store(page)
    return len(pages)


async def archive_in_tasks(links: Any, visit: Any, store: Any) -> Any:
    """Stores in the task that has visited."""

    async def both(link: Any) -> None:
        await store(await visit(link))

    options: Any = {"max_concurrency": 4, "ordered": False, "timeout": None}
    return len([1 async for result in below_visits(links, both, **options) if isinstance(result, Ok)])


async def archive_of_everything(links: Any, visit: Any, store: Any) -> Any:
    """Stores what has failed, too."""
    stored = 0
    options: Any = {"max_concurrency": 4, "ordered": False, "timeout": 20.0, "on_timeout": "kill_task"}
    async for result in below_visits(links, visit, **options):
        await store(getattr(result, "value", None))
        stored += 1
    return stored


async def archive_of_truth(links: Any, visit: Any, store: Any) -> Any:
    stored = 0
    options: Any = {"max_concurrency": 4, "ordered": False, "timeout": 20.0, "on_timeout": "kill_task"}
    async for result in below_visits(links, visit, **options):
        if page := getattr(result, "value", None):
            await store(page)
            stored += 1
    return stored


async def archive_unawaited(links: Any, visit: Any, store: Any) -> Any:
    stored = 0
    options: Any = {"max_concurrency": 4, "ordered": False, "timeout": 20.0, "on_timeout": "kill_task"}
    async for result in below_visits(links, visit, **options):
        if isinstance(result, Ok):
            store(result.value)
            stored += 1
    return stored


async def archive_beside(links: Any, visit: Any, store: Any) -> Any:
    """Has each page stored by a task, and goes on."""
    stored = 0
    options: Any = {"max_concurrency": 4, "ordered": False, "timeout": 20.0, "on_timeout": "kill_task"}
    async for result in below_visits(links, visit, **options):
        if isinstance(result, Ok):
            await Task.Supervisor.start_child("visits", store, result.value)
            stored += 1
    return stored


async def archive_in_turn(links: Any, visit: Any, store: Any) -> Any:
    return await archive_by(max_concurrency=1)(links, visit, store)


async def archive_without_return(links: Any, visit: Any, store: Any) -> None:
    await archive_by()(links, visit, store)


async def archive_counts_links(links: Any, visit: Any, store: Any) -> Any:
    taken = 0

    def counted() -> Any:
        nonlocal taken
        for link in links:
            taken += 1
            yield link

    await archive_by()(counted(), visit, store)
    return taken


async def archive_by_itself(links: Any, visit: Any, store: Any) -> Any:
    stored = 0
    for link in links:
        await store(await visit(link))
        stored += 1
    return stored


async def archive_of_eleven(links: Any, visit: Any, store: Any) -> Any:
    return (await archive_by()(links, visit, store)) and 11


async def archive_trapping(links: Any, visit: Any, store: Any) -> Any:
    """Linked, and the caller traps exits meanwhile."""
    before = Process.flag(trap_exit=True)
    stored = await archive_by(stream)(links, visit, store)
    Process.flag(trap_exit=bool(before))
    return stored


async def archive_by_workers(links: Any, visit: Any, store: Any) -> Any:
    """Four processes, each of which brings a page and waits for the next link."""
    home, source, stored, working = self_(), iter(links), 0, 0
    nothing = object()

    async def work() -> None:
        send(home, (self_(), None))
        while True:
            task = await Task.Supervisor.async_nolink("visits", visit, (await receive())[0])
            outcome = await Task.yield_(task, timeout=20.0) or await Task.shutdown(task, "brutal_kill")
            send(home, (self_(), outcome))

    for _ in range(4):
        Process.link(spawn(work))
    working = 4
    while working:
        pid, outcome = await receive()
        if isinstance(outcome, Ok):
            await store(outcome.value)
            stored += 1
        link = next(source, nothing)
        if link is nothing:
            working -= 1
        else:
            send(pid, (link,))
    return stored


async def archive_left(links: Any, visit: Any, store: Any) -> Any:
    """A late visit is given up, and runs on."""

    async def patient(link: Any) -> Any:
        task = await Task.Supervisor.async_nolink("visits", visit, link)
        result = await Task.yield_(task, timeout=20.0)
        await Task.ignore(task)
        return result

    stored = 0
    async for result in stream(links, patient, max_concurrency=4, ordered=False, timeout=None):
        match result:
            case Ok(Ok(page)):
                await store(page)
                stored += 1
    return stored


async def archive_by_next(links: Any, visit: Any, store: Any) -> Any:
    """Takes each iterable for a generator."""

    def each() -> Any:
        while (link := next(links, None)) is not None:
            yield link

    return await archive_by()(each(), visit, store)


async def archive_of_new_pages(links: Any, visit: Any, store: Any) -> Any:
    seen: list[Any] = []
    async for result in below_visits(
        links, visit, max_concurrency=4, ordered=False, timeout=20.0, on_timeout="kill_task"
    ):
        if isinstance(result, Ok) and result.value not in seen:
            seen.append(result.value)
            await store(result.value)
    return len(seen)


async def archive_caught(links: Any, visit: Any, store: Any) -> Any:
    """The failure is caught in the task, a kill by a task below it."""
    missing = ("no page", current_node().make_ref())

    async def careful(link: Any) -> Any:
        task = await Task.Supervisor.async_nolink("visits", visit, link)
        match await Task.yield_(task, timeout=20.0) or await Task.shutdown(task, "brutal_kill"):
            case Ok(page):
                return ("page", page)
        return missing

    stored = 0
    async for result in stream(links, careful, max_concurrency=4, ordered=False, timeout=None):
        match result:
            case Ok(("page", page)):
                await store(page)
                stored += 1
    return stored


table.right(ex.mended_archive, "traps exits meanwhile", archive_trapping)
table.right(ex.mended_archive, "catches each failure in its task", archive_caught)
table.right(ex.mended_archive, "has four workers", archive_by_workers)
table.wrong(ex.mended_archive, "keeps the order", archive_by(ordered=True), "Pages in order pile up")
table.wrong(ex.mended_archive, "makes a list of the links", archive_of_a_list, "a list of all links is there at once")
table.wrong(ex.mended_archive, "stores at the end", archive_then_store, "what lies in memory")
table.wrong(ex.mended_archive, "stores in the tasks", archive_in_tasks, "who stores, and when")
table.wrong(ex.mended_archive, "has each page stored by a task", archive_beside, "who stores, and when")
table.wrong(ex.mended_archive, "links them", archive_by(stream), "by a signal", "no `try` stops a signal")
table.wrong(ex.mended_archive, "says nothing of `on_timeout`", archive_by(on_timeout="exit"), "whom a late visit")
table.wrong(ex.mended_archive, "takes the default time-out", archive_by(timeout=5.0), "what is stored: each page")
table.wrong(ex.mended_archive, "has eight places", archive_by(max_concurrency=8), "what was taken and not stored yet")
table.wrong(ex.mended_archive, "visits in turn", archive_in_turn, "how many run at the same time")
table.wrong(ex.mended_archive, "stores failures, too", archive_of_everything, "nothing of a visit without one")
table.wrong(ex.mended_archive, "takes None for no page", archive_of_truth, "what is stored: each page")
table.wrong(ex.mended_archive, "forgets to await the store", archive_unawaited, "`await`")
table.wrong(ex.mended_archive, "forgets the return", archive_without_return, "is a `return` missing")
table.wrong(ex.mended_archive, "counts links", archive_counts_links, "what is counted: the pages")
table.wrong(ex.mended_archive, "lets the late ones run", archive_left, "what becomes of a visit that is late")
table.wrong(ex.mended_archive, "needs an iterator", archive_by_next, "is not an iterator")
table.wrong(ex.mended_archive, "stores equal pages once", archive_of_new_pages, "also one that equals another")
table.wrong(ex.mended_archive, "starts no task", archive_by_itself, "which process does the work")
table.hard_coded(ex.mended_archive, "knows the number of pages", archive_of_eleven, "what is counted")

# ---- rounds ----------------------------------------------------------------------------------------------------


class Rounds(Supervisor):
    """An agent that remembers, and a reader for each round that traps exits."""

    options: ClassVar[Any] = {"max_concurrency": 3, "ordered": False, "timeout": 20.0, "on_timeout": "kill_task"}
    down: Any = "down"

    @classmethod
    async def start_link(cls, _: Any = None) -> Any:  # type: ignore[override]
        return await super().start_link(None, name="rounds")

    def init(self, _: Any) -> Any:
        memory = ChildSpec("memory", (self.start_memory, ()))
        return Supervise([memory, (Task.Supervisor, {"name": "readers"})], strategy="one_for_all")

    @staticmethod
    async def start_memory() -> Any:
        return await Agent.start_link(dict, name="memory")

    @staticmethod
    async def put(key: Any, value: Any) -> None:
        await Agent.update("memory", lambda known: known | {key: value})

    @staticmethod
    async def saw(name: Any, site: Any, status: Any) -> None:
        await Agent.update("memory", lambda known: known | {name: known[name] | {site: status}})

    @classmethod
    def results(cls, sites: Any, visit: Any) -> Any:
        return stream(sites, named_by(visit), zip_input_on_exit=True, **cls.options)

    @classmethod
    async def read(cls, name: Any, visit: Any, sites: Any) -> None:
        Process.flag(trap_exit=True)
        async for result in cls.results(sites, visit):
            match result:
                case Ok((site, status)):
                    await cls.saw(name, site, status)
                case Exited((site, _)):
                    await cls.saw(name, site, cls.down)

    @classmethod
    async def begin(cls, name: Any, visit: Any, sites: Any) -> Any:
        await cls.put(name, {})
        pid = await cls.spawned(name, visit, sites)
        await cls.put(("reader", name), pid)
        return "ok"

    @classmethod
    async def spawned(cls, *work: Any) -> Any:
        return await Task.Supervisor.start_child("readers", cls.read, *work, shutdown="brutal_kill")

    @classmethod
    async def found(cls, name: Any) -> Any:
        return await Agent.get("memory", lambda known: known.get(name))

    @classmethod
    async def call_off(cls, name: Any) -> Any:
        pid = await Agent.get("memory", lambda known: known.get(("reader", name)))
        if pid is not None:
            Process.exit(pid, "kill")
        return "ok"


class LooseRounds(Rounds):
    """Its tasks have no link."""

    @classmethod
    def results(cls, sites: Any, visit: Any) -> Any:
        return nolink("readers", sites, named_by(visit), zip_input_on_exit=True, **cls.options)


class TiedRounds(Rounds):
    """Its reader does not trap exits."""

    @classmethod
    async def read(cls, name: Any, visit: Any, sites: Any) -> None:
        async for result in cls.results(sites, visit):
            match result:
                case Ok((site, status)):
                    await cls.saw(name, site, status)


class OrderedRounds(Rounds):
    options: ClassVar[Any] = Rounds.options | {"ordered": True}


class PatientRounds(Rounds):
    options: ClassVar[Any] = Rounds.options | {"timeout": None}


class HastyRounds(Rounds):
    options: ClassVar[Any] = Rounds.options | {"timeout": 5.0}


class WideRounds(Rounds):
    options: ClassVar[Any] = Rounds.options | {"max_concurrency": 8}


class WaitingRounds(Rounds):
    """Whoever begins a round reads it."""

    @classmethod
    async def spawned(cls, *work: Any) -> Any:
        await cls.read(*work)


class LinkedToTheCaller(Rounds):
    @classmethod
    async def spawned(cls, *work: Any) -> Any:
        return await Task.start_link(cls.read, *work)


class BareRounds(Rounds):
    """Its readers are nobody's."""

    @classmethod
    async def spawned(cls, *work: Any) -> Any:
        return Task.start(cls.read, *work)


class AtTheEnd(Rounds):
    """Writes down what it found when all is over."""

    @classmethod
    async def read(cls, name: Any, visit: Any, sites: Any) -> None:
        Process.flag(trap_exit=True)
        found = {}
        async for result in cls.results(sites, visit):
            match result:
                case Ok((site, status)):
                    found[site] = status
                case Exited((site, _)):
                    found[site] = cls.down
        await cls.put(name, found)


class Forgetful(Rounds):
    """A round that is called off is forgotten."""

    @classmethod
    async def call_off(cls, name: Any) -> Any:
        await super().call_off(name)
        await Agent.update("memory", lambda known: {key: each for key, each in known.items() if key != name})
        return "ok"


class ShutsDown(Rounds):
    """Asks a reader that traps exits."""

    @classmethod
    async def call_off(cls, name: Any) -> Any:
        pid = await Agent.get("memory", lambda known: known.get(("reader", name)))
        if pid is not None:
            Process.exit(pid, "shutdown")
        return "ok"


class OffForAll(Rounds):
    @classmethod
    async def call_off(cls, name: Any) -> Any:
        for pid in await Task.Supervisor.children("readers"):
            Process.exit(pid, "kill")
        return "ok"


class GlobalRounds(Rounds):
    """Keeps what it has found in the class, for each node."""

    memory: ClassVar[dict[Any, Any]] = {}

    @staticmethod
    async def saw(name: Any, site: Any, status: Any) -> None:
        GlobalRounds.memory[current_node(), name] |= {site: status}

    @classmethod
    async def begin(cls, name: Any, visit: Any, sites: Any) -> Any:
        cls.memory[current_node(), name] = {}
        await cls.put(("reader", name), await cls.spawned(name, visit, sites))
        return "ok"

    @classmethod
    async def found(cls, name: Any) -> Any:
        return cls.memory.get((current_node(), name))


class WithoutReturn(Rounds):
    @classmethod
    async def begin(cls, name: Any, visit: Any, sites: Any) -> None:
        await super().begin(name, visit, sites)


class NoneIsDown(Rounds):
    @staticmethod
    async def saw(name: Any, site: Any, status: Any) -> None:
        await Rounds.saw(name, site, "down" if status is None else status)


class Nameless(Rounds):
    @classmethod
    async def start_link(cls, _: Any = None) -> Any:
        return await Supervisor.start_link([], strategy="one_for_one")


class SlowlyNoted(Rounds):
    """What it finds is there a little later, which does not show where visits are slow."""

    @staticmethod
    async def saw(name: Any, site: Any, status: Any) -> None:
        await Process.sleep(0.12)
        await Rounds.saw(name, site, status)


class NamedReaders(Rounds):
    """Its readers have the names of their rounds."""

    @classmethod
    async def read(cls, name: Any, visit: Any, sites: Any) -> None:
        Process.register(self_(), name)
        await super().read(name, visit, sites)

    @classmethod
    async def call_off(cls, name: Any) -> Any:
        pid = Process.whereis(name)
        if pid is not None:
            Process.exit(pid, "kill")
        return "ok"


class WritesAllBack(Rounds):
    """Takes all that is known, and writes it back with its own."""

    @staticmethod
    async def saw(name: Any, site: Any, status: Any) -> None:
        known = await Agent.get("memory", lambda known: known)
        await Agent.update("memory", lambda _: known | {name: known[name] | {site: status}})


class Terminates(Rounds):
    """Has the reader stopped by its supervisor."""

    @classmethod
    async def call_off(cls, name: Any) -> Any:
        pid = await Agent.get("memory", lambda known: known.get(("reader", name)))
        if pid is not None and Process.alive(pid):
            await DynamicSupervisor.terminate_child("readers", pid)
        return "ok"


class OneEach(Supervisor):
    """A supervisor of tasks for each round: to call it off is to stop that."""

    @classmethod
    async def start_link(cls, _: Any = None) -> Any:  # type: ignore[override]
        return await super().start_link(None, name="rounds")

    def init(self, _: Any) -> Any:
        memory = ChildSpec("memory", (Rounds.start_memory, ()))
        return Supervise([memory, (DynamicSupervisor, {"name": "teams"})], strategy="one_for_all")

    @staticmethod
    async def begin(name: Any, visit: Any, sites: Any) -> Any:
        await Rounds.put(name, {})
        spec = ChildSpec("team", (Task.Supervisor.start_link, ()), restart="temporary", type="supervisor")
        team = await DynamicSupervisor.start_child("teams", spec)
        await Rounds.put(("team", name), team)
        await Task.Supervisor.start_child(team, OneEach.read, team, name, visit, sites)  # type: ignore[arg-type]
        return "ok"

    @staticmethod
    async def read(team: Any, name: Any, visit: Any, sites: Any) -> None:
        options = Rounds.options | {"zip_input_on_exit": True}
        async for result in nolink(team, sites, named_by(visit), **options):
            match result:
                case Ok((site, status)):
                    await Rounds.saw(name, site, status)
                case Exited((site, _)):
                    await Rounds.saw(name, site, "down")

    @staticmethod
    async def found(name: Any) -> Any:
        return await Agent.get("memory", lambda known: known.get(name))

    @staticmethod
    async def call_off(name: Any) -> Any:
        team = await Agent.get("memory", lambda known: known.get(("team", name)))
        if team is not None and Process.alive(team):
            await DynamicSupervisor.terminate_child("teams", team)
        return "ok"


class Keeper(GenServer):
    """Keeps what is found and who reads, and calls off by leaving the reader a message."""

    def init(self, _: Any) -> Any:
        return Ok(({}, {}))

    async def handle_call(self, request: Any, from_: Any, state: Any) -> Any:  # type: ignore[override]
        found, readers = state
        match request:
            case ("begin", name, visit, sites):
                pid = await Task.Supervisor.start_child("readers", KeptByAServer.read, name, visit, sites)
                return Reply("ok", (found | {name: {}}, readers | {name: pid}))
            case ("found", name):
                return Reply(found.get(name), state)
            case ("off", name):
                if name in readers:
                    Process.exit(readers[name], "shutdown")
                return Reply("ok", state)

    def handle_cast(self, request: Any, state: Any) -> Any:
        found, readers = state
        match request:
            case ("saw", name, site, status):
                found = found | {name: found[name] | {site: status}}
        return NoReply((found, readers))


class KeptByAServer(Supervisor):
    """The reader does not trap exits; each visit is a stream's task that looks after one more task."""

    @classmethod
    async def start_link(cls, _: Any = None) -> Any:  # type: ignore[override]
        return await super().start_link(None, name="rounds")

    def init(self, _: Any) -> Any:
        keeper = ChildSpec("keeper", (self.start_keeper, ()))
        return Supervise([keeper, (Task.Supervisor, {"name": "readers"})], strategy="one_for_one")

    @staticmethod
    async def start_keeper() -> Any:
        return await Keeper.start_link(None, name="keeper")

    @staticmethod
    async def read(name: Any, visit: Any, sites: Any) -> None:
        async def careful(site: Any) -> Any:
            Process.flag(trap_exit=True)
            me = self_()
            task = Task.async_(visit, site)
            end = current_node().now() + 20.0
            while True:
                left = max(0.0, end - current_node().now())
                match await receive(timeout=left):
                    case (ref, status) if ref is task.ref:
                        GenServer.cast("keeper", ("saw", name, site, status))
                        return
                    case "timeout":
                        Process.exit(task.pid, "kill")  # type: ignore[arg-type]
                        GenServer.cast("keeper", ("saw", name, site, "down"))
                        return
                    case down if getattr(down, "ref", None) is task.ref:
                        GenServer.cast("keeper", ("saw", name, site, "down"))
                        return
                    case signal if getattr(signal, "pid", me) is not task.pid:
                        raise Exit("shutdown")

        async for _ in stream(sites, careful, max_concurrency=3, ordered=False, timeout=None):
            pass

    @staticmethod
    async def begin(name: Any, visit: Any, sites: Any) -> Any:
        return await GenServer.call("keeper", ("begin", name, visit, sites))

    @staticmethod
    async def found(name: Any) -> Any:
        return await GenServer.call("keeper", ("found", name))

    @staticmethod
    async def call_off(name: Any) -> Any:
        return await GenServer.call("keeper", ("off", name))


table.right(ex.rounds, "an agent, and readers that trap exits", Rounds)
table.right(ex.rounds, "a supervisor of tasks for each round", OneEach)
table.right(ex.rounds, "a server, and a task in each task", KeptByAServer)
table.right(ex.rounds, "has the reader stopped by its supervisor", Terminates)
table.wrong(ex.rounds, "has no links", LooseRounds, "Tasks without a link outlive a reader that is killed")
table.wrong(ex.rounds, "does not trap exits", TiedRounds, "when a site is known")
table.wrong(ex.rounds, "keeps the order", OrderedRounds, "as soon as its visit is over")
table.wrong(ex.rounds, "has no limit", PatientRounds, "when a site is known")
table.wrong(ex.rounds, "takes the default time-out", HastyRounds, "when a site is known")
table.wrong(ex.rounds, "has the usual eight places", WideRounds, "how many run at the same time")
table.wrong(ex.rounds, "reads in whoever begins", WaitingRounds, "whom the functions wait for")
table.wrong(ex.rounds, "links the reader to whoever begins", LinkedToTheCaller, "to whom they are linked")
table.wrong(ex.rounds, "starts readers of nobody", BareRounds, "on whose list the visits are")
table.wrong(ex.rounds, "writes down at the end", AtTheEnd, "when a site is known")
table.wrong(ex.rounds, "forgets what was called off", Forgetful, "what was found before: it stays")
table.wrong(ex.rounds, "asks a reader that traps exits", ShutsDown, "what ends when a round is called off")
table.wrong(ex.rounds, "calls all rounds off", OffForAll, "that round alone")
table.wrong(ex.rounds, "gives the readers the names", NamedReaders, "a round may have any name")
table.wrong(ex.rounds, "writes all back", WritesAllBack, "what another has written meanwhile")
table.wrong(ex.rounds, "keeps it in the class", GlobalRounds, "A global of Python")
table.wrong(ex.rounds, "forgets the return", WithoutReturn, "is a `return` missing")
table.wrong(ex.rounds, "takes None for down", NoneIsDown, "when a site is known")
table.wrong(ex.rounds, "has no name", Nameless, "the name of the supervisor")
table.hard_coded(ex.rounds, "is fast enough for four seconds", SlowlyNoted, "it passed the first one")

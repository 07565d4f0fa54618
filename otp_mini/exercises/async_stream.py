"""The checks of chapter 12, async_stream.

They hand the reader's code visits that take their time, fail, are killed or never end, and count how many run at the
same time, what was taken from the list and when, what the caller gets and when, and what is left. Each docstring says
in its first line what "ok" claims, and then what the check demands: the text of the exercise has to say all of it.
What is given is the numbers of the first case; each check runs at least one other case besides.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any, Final

from .. import Exit, Exited, Ok, Pid, Process, StartError, Supervisor, Task, TaskStream, receive, self_
from ..errors import describe_reason, safe_repr
from .checking import NotYet, expect, let_pass
from .comparing import same
from .looking import answered, not_started, with_other_numbers
from .tasks import A_BLINK, LINKED, End, Plan, Source, User, now

PLACES: Final = (
    "how many run at the same time. A place is free as soon as its visit has ended, and the next one begins there at "
    "once. A batch waits for its slowest"
)
READ: Final = "who reads the stream. As long as nobody does, nothing is visited"
RESULTS: Final = "what a stream hands out: a result, with the answer inside"


class Visits(Source):
    """Visits of sites that count how many of them run at the same time."""

    def __init__(self, plan: dict[object, Plan | list[Plan]], stubborn: bool = False) -> None:
        super().__init__(plan, stubborn)
        self.most = self.lost = 0
        self.longest = 0.0  # the most seconds that one took which was not ended before
        self.open: list[object] = []
        self.needs: list[float] = []  # seconds of each run, in the order in which they began

    def function(self) -> Callable[[object], Awaitable[object]]:
        """A plain ``async def`` that visits a site."""
        ask = super().function()

        async def visit(site: object) -> object:
            plan = self.plan[site]
            before = len([run for run in self.runs if same(run.word, site)])
            self.needs.append((plan[min(before, len(plan) - 1)] if isinstance(plan, list) else plan)[0])
            self.open.append(site)
            self.most = max(self.most, len(self.open))
            began = now()
            try:
                answer = await ask(site)
            except BaseException:  # killed, too
                self.lost += 1
                raise
            else:
                self.longest = max(self.longest, now() - began)
                return answer
            finally:
                self.open.remove(site)

        return visit


def ends(seconds: Iterable[float], places: int) -> list[float]:
    """When each ends that is begun in this order, in so many places, none of which stays empty."""
    free, found = [0.0] * places, []
    for needed in seconds:
        began = min(free)
        free[free.index(began)] = began + needed
        found.append(round(began + needed, 3))
    return found


async def _over(user: User, hoped: object, idea: str, linked: str = LINKED) -> None:
    """Whoever called has ended already, or has an error, or a stream: say that first."""
    if not Process.alive(user.pid) or (user.outcome is not None and user.outcome[0] == "error"):
        await user.answer(hoped, idea, linked)
    if user.outcome is not None:
        _was_read(user.done, user.outcome[1])


def _in_places(visits: Visits, done: str, places: int, sites: int) -> None:
    """See that as many visits have begun at once as there are places."""
    running, over = len(visits.open), len(visits.runs) - len(visits.open)
    if running > places:
        raise NotYet(done, f"{running} visits run at the same time", f"{places} at a time", PLACES)
    if running < min(places, sites - over):
        hoped = f"{min(places, sites - over)} at a time"
        raise NotYet(done, f"{running} visits run a moment later", hoped, f"{PLACES}. And {READ}")


def _no_more_than(visits: Visits, done: str, places: int) -> None:
    if visits.most > places:
        raise NotYet(done, f"{visits.most} ran at the same time", f"{places} at most", PLACES)


def _elsewhere(visits: Visits, user: User) -> None:
    """See that the visits run in processes of their own."""
    if any(run.pid is user.pid for run in visits.runs):
        idea = "which process does the work. A task has one of its own; who awaits the function itself is none"
        raise NotYet(user.done, "whoever called ran a visit itself", "a task runs it", idea)


def _was_read(done: str, seen: object) -> None:
    """See that something was returned, and no stream that nobody has read."""
    if isinstance(seen, TaskStream) or hasattr(seen, "__anext__"):
        raise NotYet(done, "a stream was returned, and nobody has read it", "what it hands out", READ)


def _got(done: str, seen: object, hoped: object, idea: str) -> None:
    """See what a function of the reader's returned, with a word for the usual slips."""
    _was_read(done, seen)
    if seen is None and hoped is not None:
        idea = f"what the function gives back: is a `return` missing? And at {idea}"
    values = list(seen.values()) if type(seen) is dict else seen if type(seen) is list else []
    if any(isinstance(value, Ok | Exited) for value in values) and not same(seen, hoped):
        idea = f"{RESULTS}. And at {idea}"
    expect(f"{done}; it returned", seen, hoped, idea)


def _took(user: User, seconds: float, idea: str) -> None:
    if abs(user.after - seconds) > A_BLINK:
        raise NotYet(user.done, f"it took {user.after:g} s", f"{seconds:g} s", idea)


def _ended_in_time(visits: Visits, done: str, limit: float) -> None:
    """See that no visit has run for longer than it may."""
    if visits.longest > limit + A_BLINK:
        seen = f"a visit ran for {round(visits.longest, 3):g} s"
        raise NotYet(done, seen, f"it is ended after {limit:g} s", RUNS_ON)


RUNS_ON: Final = "what becomes of a visit that is late. A time-out of your own ends a wait, and not the work"


def _ran_once(visits: Visits, done: str, sites: Sequence[object]) -> None:
    idea = "how often each site is visited: once"
    expect(f"{done}; visited were", sorted(map(str, visits.words())), sorted(map(str, sites)), idea)


# ---- drill 1 -----------------------------------------------------------------------------------------------


async def visit_all(
    visit_all: Any, seconds: tuple[float, ...] = (4.0, 30.0, 2.0, 7.0, 1.0, 9.0, 3.0), at_once: int = 3
) -> None:
    """Each place is used and none too many, the answers stand in order, and each visit may take a minute.

    Demands: each site is visited once, and one that stands there twice twice, in a process of its own; ``at_once`` of
    them at the same time, and the next as soon as one has ended; a list of the bare answers, None too, when the last
    one is there, also if all together take longer than a minute; an exit with ``timeout`` when a visit has taken sixty
    seconds; nothing more is sent.
    """
    others = (5.0, 1.0, 1.0, 8.0, 2.0, 2.0, 9.0, 1.0)
    cases = ((visit_all, seconds, at_once), (visit_all, others, 5), (visit_all, (50.0, 55.0, 50.0, 59.0), 2),
             (visit_all, (2.0, 1.0), 9), (visit_all, (), 2))  # fmt: skip
    await with_other_numbers(_one_list, cases)
    await _too_long(visit_all, (10.0, 20.0, 90.0, 3.0), 2, 70.0)
    await _too_long(visit_all, (61.0, 1.0, 3600.0), 3, 60.0)


_MINUTE: Final = (
    "how long a visit may take: sixty seconds, and five if nothing is said. The limit is one for each, and begins with "
    "its task"
)


ORDER: Final = (
    "the order of what is returned: that of the sites, whichever answer came first. What stands there twice has two "
    "answers"
)


def _list(visit_all: Any, seconds: tuple[float, ...], at_once: int) -> tuple[Visits, User, list[object]]:
    last = len(seconds) - 1  # sites and answers count down: who sorts them has them in another order
    answers: list[object] = [None if n == 1 else f"answer {last - n}" for n in range(len(seconds))]
    sites = [f"site {last - n}" for n in range(len(seconds))]
    twice = len(sites) > 4  # then the last one stands in the list before, too
    sites[2:3] = sites[-1:] if twice else sites[2:3]
    plan: dict[object, Plan | list[Plan]] = {
        site: [(seconds[n], answers[n]) for n, each in enumerate(sites) if each == site] for site in sites
    }
    visits = Visits(plan)
    told = ", one of which stands there twice" if twice else ""
    done = f"`visit_all` was called for {len(seconds)} sites{told}, {at_once} at a time"
    return visits, User(lambda: visit_all(visits.function(), list(sites), at_once), done), answers


async def _one_list(visit_all: Any, seconds: tuple[float, ...], at_once: int) -> None:
    visits, user, answers = _list(visit_all, seconds, at_once)
    await Process.sleep(A_BLINK)
    _elsewhere(visits, user)
    await _over(user, answers, _MINUTE)
    _in_places(visits, user.done, at_once, len(seconds))
    await let_pass(sum(seconds) + 5.0)
    seen = await user.answer(answers, _MINUTE)
    _no_more_than(visits, user.done, at_once)
    _got(user.done, seen, answers, ORDER)
    _took(user, max(ends(visits.needs, at_once), default=0.0), PLACES)
    expect(f"{user.done}; how many visits were begun?", len(visits.runs), len(seconds), "how often each is visited")
    await let_pass(10.0)
    await user.no_letters(f"{user.done}, and ten seconds passed")
    user.let_go()


async def _too_long(visit_all: Any, seconds: tuple[float, ...], at_once: int, limit: float) -> None:
    _, user, _ = _list(visit_all, seconds, at_once)
    user.done = f"{user.done}; one visit takes longer than a minute"
    await let_pass(200.0)
    hoped = f"an exit with 'timeout' after {limit:g} s"
    if user.outcome is None:
        raise NotYet(user.done, "after 200 s it still waits", hoped, _MINUTE)
    value: Any
    kind, value = user.outcome
    if kind == "answer":
        idea = "who hears of a time-out: whoever has called. With `kill_task` a stream keeps it to itself"
        idea = _MINUTE if user.after > limit + A_BLINK else idea
        raise NotYet(user.done, f"it returned {safe_repr(value)} after {user.after:g} s", hoped, idea)
    reason = value.reason if isinstance(value, Exit) else None
    if not (reason == "timeout" or (isinstance(reason, tuple) and reason[:1] == ("timeout",))):
        idea = "what a wait raises at its limit. An `Exited` has no value"
        raise NotYet(user.done, f"an error: {describe_reason(value)}", hoped, idea)
    _took(user, limit, _MINUTE)
    user.let_go()


# ---- drill 2 -----------------------------------------------------------------------------------------------


async def arrivals(arrivals: Any, seconds: tuple[float, ...] = (3, 1, 8, 2, 2, 5), at_once: int = 2) -> None:
    """When each result reaches the reader is what two real streams say, in order and as they come.

    Demands: two lists, the first for a stream in order; with one place, with more places than visits, and without a
    visit, too.
    """
    cases = ((arrivals, seconds, at_once), (arrivals, (7, 1, 1, 1, 1, 9, 1), 3), (arrivals, (4, 2, 6), 1),
             (arrivals, (4, 2, 6), 8), (arrivals, (), 3),
             (arrivals, (0.5, 5, 0.5, 2, 2, 0.5, 1, 12, 3, 3), 4))  # fmt: skip
    await with_other_numbers(_one_timetable, cases)


async def _heard(seconds: tuple[float, ...], at_once: int, *, ordered: bool) -> list[float]:
    """When the results of a real stream reach its reader."""
    options: dict[str, Any] = {"max_concurrency": at_once, "ordered": ordered, "timeout": None}
    began = now()
    stream = Task.async_stream(seconds, Process.sleep, **options)
    return [round(now() - began, 3) async for _ in stream]


async def _one_timetable(arrivals: Any, seconds: tuple[float, ...], at_once: int) -> None:
    done = f"`arrivals` was asked about {list(seconds)} with {at_once} at once"
    seen = await answered(arrivals(list(seconds), at_once), done)
    if not (isinstance(seen, tuple | list) and len(seen) == 2 and all(isinstance(each, Iterable) for each in seen)):
        slip = "is a `return` missing?" if seen is None else "two lists, the one for a stream in order first"
        raise NotYet(done, safe_repr(seen), "two lists", f"what the function gives back: {slip}")
    in_order = await _heard(seconds, at_once, ordered=True)
    as_come = await _heard(seconds, at_once, ordered=False)
    first, second = list(seen[0]), list(seen[1])
    if same(first, as_come) and same(second, in_order) and not same(first, second):
        idea = "which list is which: the one for a stream in order stands first"
        raise NotYet(done, "the two lists the other way round", "the one for a stream in order first", idea)
    expect(f"{done}; in order the results come after", first, in_order, _why(first, seconds, at_once))
    expect(f"{done}; with `ordered=False` they come after", second, as_come, _why(second, seconds, at_once))


def _why(seen: object, seconds: tuple[float, ...], at_once: int) -> str:
    """Name the thought behind a wrong list."""
    batched: list[float] = []
    for start in range(0, len(seconds), at_once):
        began = max(batched, default=0.0)
        batched += [began + each for each in seconds[start : start + at_once]]
    highest = [max(batched[: n + 1]) for n in range(len(batched))]
    if same(seen, batched) or same(seen, highest) or same(seen, sorted(batched)):
        return PLACES
    if same(seen, list(seconds)) or same(seen, sorted(seconds)):
        return "when a visit begins: when a place is free, and not all of them at the start"
    if same(seen, ends(seconds, at_once)):
        return "when a result can be handed out: in order, not before all those in front of it; else, when it is there"
    summed = [sum(seconds[: n + 1]) for n in range(len(seconds))]
    if same(seen, summed):
        return "how many visits run at the same time"
    return "first when each visit ends, and then when the reader hears of it. A place is free as soon as a visit ends"


# ---- drill 3 -----------------------------------------------------------------------------------------------


async def with_late(with_late: Any, seconds: float = 4.0) -> None:
    """Each site has its answer or is late, a late visit has ended, and its place goes to the next site.

    Demands: a dict from each site to its answer, whatever that is, or to "late"; four at a time, and the next as soon
    as one has ended or is late; the limit is one for each, be it short or long; a late visit has ended when its time
    is over, also one that traps exits; the caller lives and is sent nothing more.
    """
    await with_other_numbers(_one_report, ((with_late, seconds), (with_late, 60.0), (with_late, 0.5)))


EACH: Final = (
    "whose time is limited: that of each visit, from its own beginning. A limit for all together is over long before "
    "a long list is"
)


async def _one_report(with_late: Any, s: float) -> None:
    good: dict[object, Plan] = {f"site {n}": (s * 0.9, n) for n in range(9)}
    await _report(with_late, s, good)
    odd: dict[object, Plan] = {
        "zoo": (s * 0.2, None), "ferry": (s + 7.0, "there"), "mill": (s * 0.8, "late"), "castle": (s * 0.4, 0),
        "opera": (s * 0.6, Exited("timeout")), "port": (s * 40, "there"), "gate": (s * 0.5, ("exit", "timeout")),
        "park": (s * 0.3, ""), "tower": (s * 0.9, "there"), "bath": (s * 0.1, []),
    }  # fmt: skip
    await _report(with_late, s, odd)
    await _report(with_late, s, {f"site {n}": (s + n, "there") for n in range(1, 7)}, stubborn=True)
    await _report(with_late, s, {})


async def _report(with_late: Any, s: float, plan: dict[object, Plan], *, stubborn: bool = False) -> None:
    visits, sites = Visits({**plan}, stubborn), list(plan)
    hoped = {site: answer if each <= s else "late" for site, (each, answer) in plan.items()}
    traps = " that trap exits" if stubborn else ""
    late = sum(each > s for each, _ in plan.values())
    done = f"`with_late` was called for {len(sites)} sites{traps} with {s:g} s, and {late} of them take longer"
    user = User(lambda: with_late(visits.function(), sites, s), done)
    await Process.sleep(A_BLINK / 4)
    _elsewhere(visits, user)
    await _over(user, hoped, ON_LATE)
    _in_places(visits, done, 4, len(sites))
    over = max(ends([min(each, s) for each, _ in plan.values()], 4), default=0.0)
    await let_pass(over + A_BLINK / 2)
    if user.outcome is not None and visits.open:
        raise NotYet(f"{done}; it has returned", f"visits run on: {safe_repr(visits.open)}", "none", RUNS_ON)
    await let_pass(s * 60 + 60.0)
    seen = await user.answer(hoped, f"{ON_LATE}. And at {EACH}", f"{ON_LATE}. And at {LINKED}")
    _no_more_than(visits, done, 4)
    _got(done, seen, hoped, _of_late(seen, plan, s, stubborn))
    over = max(ends([min(each, s) for each in visits.needs], 4), default=0.0)
    _took(user, over, f"{PLACES}. And at {EACH}")
    _ran_once(visits, done, sites)
    await user.no_letters(f"{done}, and some time passed")
    user.let_go()


def _of_late(seen: object, plan: dict[object, Plan], s: float, stubborn: bool) -> str:
    """Name the thought behind a wrong report."""
    idea = "which result is whose, and what tells an answer from a visit that was late"
    known = seen if type(seen) is dict else {}
    if stubborn and any(same(known.get(site), answer) for site, (_, answer) in plan.items()):
        return f"what ends a visit that traps exits: a kill, and no other signal. And at {idea}"
    if known and all(same(value, "late") for value in known.values()) and any(each <= s for each, _ in plan.values()):
        return f"{EACH}. And at {idea}"
    return idea


ON_LATE: Final = (
    "whom a late visit ends. Without `on_timeout` it ends whoever reads the stream, and all that is still to come"
)


# ---- drill 4 -----------------------------------------------------------------------------------------------


async def first_gone(first_gone: Any, gone: int = 4, seconds: float = 30.0) -> None:
    """The first that is gone is found as soon as it is known, no site is taken early, and nothing runs on.

    Demands: the first site in the order of ``sites`` whose visit returns 404, whichever answers first; when all before
    it are answered and it is itself; ``None`` if there is none; a generator without an end, a list, an empty list; a
    visit of up to a minute; three at a time; a site is taken when fewer than three visits run; a moment after the
    return no visit runs, and nothing more is sent.
    """
    cases = ((first_gone, gone, seconds), (first_gone, 1, 2.0, ""), (first_gone, 12, 59.0))
    await with_other_numbers(_one_search, cases)
    for sites in (["zoo", "mill", "ferry", "castle", "opera"], []):
        await _none_gone(first_gone, sites)


FIRST: Final = (
    "which of several is the first: that which stands first in the list. A later one may be known to be gone before it"
)
ANY: Final = "what a site may be: anything, also what counts as false"
TAKEN: Final = "when the next site is taken from the source: when its visit can begin, and not before"
ENOUGH: Final = "what becomes of the visits that run when you have seen enough. Somebody has to end them"
ENDLESS: Final = 150
"""So many sites has a source of the checks that has no end; who takes them all has taken too many."""


def _search_plan(gone: int, seconds: float, name: str) -> dict[object, tuple[float, object]]:
    """Sites of which number ``gone`` is gone, and others behind it; the first and this one take so many seconds."""

    def needed(number: int) -> float:
        return seconds if number in (0, gone) else 1.0 + number % 3

    def answer(number: int) -> int:
        return 404 if number == gone or (number > gone and number % 2) else 200

    return {name if n == gone else f"site {n}": (needed(n), answer(n)) for n in range(ENDLESS)}


async def _one_search(first_gone: Any, gone: int, seconds: float, name: str | None = None) -> None:
    hoped = f"site {gone}" if name is None else name
    plan = _search_plan(gone, seconds, hoped)
    visits, ahead, taken = Visits({**plan}), 0, 0
    first = FIRST if hoped else f"{ANY}. And at {FIRST}"

    def endless() -> Iterator[object]:
        nonlocal ahead, taken
        for site in plan:
            taken += 1
            ahead = max(ahead, taken - len(visits.ended))
            yield site

    done = f"`first_gone` was called for a source without an end; number {gone} is gone, and others behind it"
    known = max(ends([needed for needed, _ in [*plan.values()][: gone + 1]], 3))
    user = User(lambda: first_gone(visits.function(), endless()), done)
    await Process.sleep(A_BLINK / 2)
    _elsewhere(visits, user)
    await _over(user, hoped, first)
    await let_pass(known + A_BLINK)
    found = user.outcome is not None
    if ahead > 3:
        raise NotYet(done, f"{ahead} sites were taken and not visited to the end", "three at most", TAKEN)
    if found and user.outcome[0] == "answer" and visits.open:
        raise NotYet(f"{done}; it has returned", f"{len(visits.open)} visits run on", "none", ENOUGH)
    await let_pass(600.0)
    seen = await user.answer(hoped, f"how long a visit may take: a minute. And at {FIRST}")
    _no_more_than(visits, done, 3)
    if isinstance(seen, int | Ok):
        raise NotYet(done, safe_repr(seen), repr(hoped), "what is returned: the site, and not its answer")
    _got(done, seen, hoped, first)
    _took(user, known, f"when it is known: as soon as all in front of it are answered. And at {PLACES}")
    await user.no_letters(f"{done}, and some time passed")
    user.let_go()


async def _none_gone(first_gone: Any, sites: list[str]) -> None:
    visits = Visits(dict.fromkeys(sites, (50.0, 200)))
    done = f"`first_gone` was called for {len(sites)} sites, all of which are there"
    user = User(lambda: first_gone(visits.function(), list(sites)), done)
    await let_pass(300.0)
    if user.outcome is None:
        raise NotYet(done, "after 300 s nothing was returned", "None", "where the loop ends, if none is gone")
    seen = await user.answer(None, "how long a visit may take: a minute")
    expect(f"{done}; it returned", seen, None, "what is returned if none is gone")
    _ran_once(visits, done, sites)
    await user.no_letters(f"{done}, and some time passed")
    user.let_go()


# ---- repair 1 ----------------------------------------------------------------------------------------------


async def mended_round(mended_round: Any, seconds: float = 8.0) -> None:
    """Only what fails twice is down, each try is one of five at a time, and no failure costs anybody else anything.

    Demands: the list of the sites that failed twice, in their order, one that stands there twice counting twice; any
    answer is one; a failure is an exception, an exit, also with ``normal``, a kill, or more than ten seconds; the
    second tries begin when all first ones are over, and are for those alone that failed; five at a time in both, and
    the next as soon as one has ended; the caller lives and is sent nothing more.
    """
    await Task.Supervisor.start_link(name="visits")
    await with_other_numbers(_rounds_of, ((mended_round, seconds), (mended_round, 2.0, " of Bergen")))


HURT: Final = f"whom a late visit or a failure ends: nobody. And at {LINKED}"
TEN: Final = "how long a visit may take: ten seconds"
AGAIN: Final = "who is visited a second time: those that failed, each as often as it failed, and nobody else"


async def _rounds_of(mended_round: Any, s: float, town: str = "") -> None:
    well: Plan = (s, "there")
    await _round(mended_round, [(f"site {n}", [well]) for n in range(7)], [])
    bad: list[tuple[str, list[Plan]]] = [
        ("zoo", [(s, None)]), ("mill", [(s / 2, End(ConnectionError("no such host"))), well]),
        ("ferry", [(s + 11.0, "there"), (s + 15.0, "there")]), ("gate", [(s / 4, End("normal")), (s, False)]),
        ("port", [(0.0, End("kill")), (s / 2, End("closed"))]), ("bath", [(s, Exited("timeout"))]),
        ("castle", [(s + 11.0, "there"), well]), ("tower", [(s / 2, End("normal"))] * 2), ("park", [(s, "timeout")]),
        ("opera", [(s / 2, End(ValueError("odd"))), (s + 12.0, "there")]), ("arch", [(s, ("exit", "closed"))]),
    ]  # fmt: skip
    bad = [(f"{site}{town}", plans) for site, plans in bad]
    await _round(mended_round, bad, [f"{site}{town}" for site in ("ferry", "port", "tower", "opera")])
    twice: list[Plan] = [(s / 2, End("closed")), (s, "there"), (s / 2, End("closed"))]
    await _round(mended_round, [("zoo", twice), ("mill", [well]), ("zoo", twice)], ["zoo"])
    hopeless: list[tuple[str, list[Plan]]] = [(f"site {n}", [(s, End("closed"))]) for n in range(6)]
    await _round(mended_round, hopeless, [site for site, _ in hopeless])
    both: list[Plan] = [(s, End("closed"))]
    await _round(mended_round, [("zoo", both), ("mill", [well]), ("zoo", both)], ["zoo", "zoo"])
    await _round(mended_round, [], [])


def _tries(given: list[tuple[str, list[Plan]]]) -> tuple[list[float], list[float]]:
    """How long each first and each second visit takes; a failing one is followed by a second."""
    first: list[float] = []
    second: list[float] = []
    ran: dict[str, int] = {}
    todo = list(given)
    for durations in (first, second):
        failed = []
        for site, plans in todo:
            seconds, outcome = plans[min(ran.get(site, 0), len(plans) - 1)]
            ran[site] = ran.get(site, 0) + 1
            durations.append(min(10.0, seconds))
            if isinstance(outcome, End) or seconds > 10.0:
                failed.append((site, plans))
        todo = failed
    return first, second


async def _round(mended_round: Any, given: list[tuple[str, list[Plan]]], hoped: list[str]) -> None:
    visits, sites = Visits(dict(given)), [site for site, _ in given]
    first, second = _tries(given)
    told = f", {len(second)} of which fail at first" if second else ""
    done = f"`mended_round` was called for {len(sites)} sites{told}"
    user = User(lambda: mended_round(visits.function(), list(sites)), done)
    await Process.sleep(A_BLINK / 2)
    _elsewhere(visits, user)
    await _over(user, hoped, HURT)
    if len(set(sites)) == len(sites):
        _in_places(visits, done, 5, len(sites))
    over = max(ends(first, 5), default=0.0)
    await let_pass(over - A_BLINK if over else 0.0)
    if len(visits.runs) > len(sites):
        idea = f"when the second tries begin: when all first visits are over. And at {TEN}, and at {AGAIN}"
        raise NotYet(done, "a site was visited again before that", "all first visits first", idea)
    await let_pass(200.0 + 10 * len(sites))
    seen = await user.answer(hoped, HURT)
    _ended_in_time(visits, done, 10.0)
    _no_more_than(visits, done, 5)
    _got(done, seen, hoped, f"what a failure is, and which site it is of. And at {AGAIN}")
    expect(f"{done}; how many visits were begun?", len(visits.runs), len(first) + len(second), AGAIN)
    needs = [min(10.0, each) for each in visits.needs]
    over, again = (max(ends(each, 5), default=0.0) for each in (needs[: len(sites)], needs[len(sites) :]))
    _took(user, round(over + again, 3), f"{PLACES}. And at {TEN}")
    await user.no_letters(f"{done}, and some time passed")
    user.let_go()


# ---- repair 2 ----------------------------------------------------------------------------------------------


async def mended_archive(mended_archive: Any, seconds: float = 8.0) -> None:
    """No more than four links are under way, however slow the store is, and each page is stored when it is there.

    Demands: each link is visited once, four at a time; ``store`` is awaited by whoever called, for one page after the
    other, whatever the page is, in the moment when it is there if no other is being stored; links that were taken and
    are neither stored nor given up are four at most, also behind a slow link and before a slow store; a visit that
    raises, exits, also with ``normal``, is killed or takes more than twenty seconds costs its link alone; the number
    of pages is returned; the caller lives and is sent nothing more.
    """
    await Task.Supervisor.start_link(name="visits")
    await with_other_numbers(_archives, ((mended_archive, seconds), (mended_archive, 2.0)))


AHEAD: Final = (
    "what lies in memory: what was taken and not stored yet. Pages in order pile up behind a slow one, and a list of "
    "all links is there at once"
)
STORE: Final = "who stores, and when: whoever called, one page after the other, each as soon as it is there"


async def _archives(mended_archive: Any, s: float) -> None:
    await _archive(mended_archive, [(s, f"page {n}") for n in range(11)], 0.0)
    await _archive(mended_archive, [(s, None if n == 2 else n // 2) for n in range(9)], s * 2)
    await _archive(mended_archive, [(19.0, "slow"), *((1.0, f"page {n}") for n in range(18))], 0.0)
    bad: list[Plan] = [
        (s, "a"), (s / 2, End(ConnectionError("no such host"))), (27.0, "late"), (s, Exited("timeout")),
        (s / 4, End("normal")), (0.0, End("kill")), (s, None), (s * 0.5, End("closed")), (s, ("exit", "closed")),
        (40.0, "late"), (s * 0.3, False), (s, "z"),
    ]  # fmt: skip
    await _archive(mended_archive, bad, 0.0)
    await _archive(mended_archive, bad, 3.0)
    await _archive(mended_archive, [], 1.0)


class Store:
    """Stores pages and looks who does it, and whether one is stored after the other."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.begun: list[tuple[object, float]] = []
        self.pids: set[Pid] = set()
        self.most = self.open = self.done = 0

    async def __call__(self, page: object) -> None:
        """Store one."""
        self.begun.append((page, now()))
        self.pids.add(self_())
        self.open += 1
        self.most = max(self.most, self.open)
        await Process.sleep(self.seconds)
        self.open -= 1
        self.done += 1

    def function(self) -> Callable[[object], Awaitable[None]]:
        """A plain ``async def``."""

        async def store(page: object) -> None:
            await self(page)

        return store


async def _archive(mended_archive: Any, plans: list[Plan], slow: float) -> None:
    visits, store = Visits({f"link {n}": plan for n, plan in enumerate(plans)}), Store(slow)
    taken = ahead = 0

    def one_by_one() -> Iterator[object]:
        nonlocal taken, ahead
        for link in list(visits.plan):
            taken += 1
            ahead = max(ahead, taken - store.done - visits.lost)
            yield link

    class Links:
        """An iterable that is no iterator."""

        def __iter__(self) -> Iterator[object]:
            return one_by_one()

    links: Callable[[], Iterable[object]] = Links if slow else one_by_one
    pages = [outcome for each, outcome in plans if each <= 20.0 and not isinstance(outcome, End)]
    done = f"`mended_archive` was called for {len(plans)} links with {len(pages)} pages, storing takes {slow:g} s"
    user = User(lambda: mended_archive(links(), visits.function(), store.function()), done)
    await Process.sleep(A_BLINK / 2)
    _elsewhere(visits, user)
    hoped = len(pages)
    await _over(user, hoped, HURT)
    await let_pass(sum(min(20.0, each) for each, _ in plans) + slow * len(plans) + 10.0)
    seen = await user.answer(hoped, HURT)
    _ended_in_time(visits, done, 20.0)
    _stored(done, store, pages, user.pid)
    if ahead > 4:
        raise NotYet(done, f"{ahead} links were taken and not done", "four at most", AHEAD)
    _no_more_than(visits, done, 4)
    _got(done, seen, hoped, "what is counted: the pages that were stored")
    _ran_once(visits, done, list(visits.plan))
    _in_time(done, plans, store, user, slow)
    await user.no_letters(f"{done}, and some time passed")
    user.let_go()


def _stored(done: str, store: Store, pages: list[object], caller: Pid) -> None:
    if store.pids - {caller}:
        raise NotYet(done, "another process stored a page", "whoever called stores it", STORE)
    if store.most > 1:
        raise NotYet(done, f"{store.most} pages were being stored at the same time", "one after the other", STORE)
    found = sorted(safe_repr(page) for page, _ in store.begun)
    idea = (
        f"what is stored: each page, also one that equals another, and nothing of a visit without one. And at {RESULTS}"
    )
    expect(f"{done}; stored were", found, sorted(map(safe_repr, pages)), idea)


def _in_time(done: str, plans: list[Plan], store: Store, user: User, slow: float) -> None:
    """See that the visits are four at a time, and that a page is stored in the moment when it is there."""
    over = ends([min(20.0, each) for each, _ in plans], 4)
    if not slow:
        began = now() if not store.begun else min(at for _, at in store.begun)
        kept = [end for end, (each, out) in zip(over, plans, strict=True) if each <= 20.0 and not isinstance(out, End)]
        began -= min(kept, default=0.0)
        late = [at - began for _, at in store.begun]
        _took(user, max(over, default=0.0), f"{PLACES}. And at {STORE}")
        if any(abs(one - other) > A_BLINK for one, other in zip(sorted(late), sorted(kept), strict=True)):
            raise NotYet(done, "a page that was there was not stored", "it is stored as soon as it is there", STORE)
    elif user.after > max(over, default=0.0) + slow * (len(plans) + 4) + A_BLINK:
        raise NotYet(done, f"it took {user.after:g} s", "visits go on while a page is stored", PLACES)


# ---- design ------------------------------------------------------------------------------------------------


async def rounds(Rounds: Any, seconds: float = 4.0) -> None:
    """Rounds run beside each other, each finds what it can, and one that is called off stops and keeps what it found.

    Demands: "rounds" is the name of the supervisor; ``begin`` returns "ok" at once, and so does ``found`` with what is
    known, each site as soon as its visit is over; any answer, None too; "down" for a visit that raises, exits, also
    with ``normal``, is killed or takes more than twenty seconds; three at a time in each round; two
    rounds that find something at the same moment, and a name that a process has; nine that fail at the
    same moment hurt nobody; a round outlives whoever has begun it; a moment after ``call_off`` none of its visits runs
    and no other begins, what was found stays, and other rounds go on; ``call_off`` of what is over or unknown changes
    nothing; a stop ends all visits, and a new "rounds" knows no round; whoever calls is sent nothing more.
    """
    Process.flag(trap_exit=True)
    await with_other_numbers(_one_guide, ((Rounds, seconds), (Rounds, 1.0)))


async def _started(Rounds: Any) -> Pid:
    try:
        root = await answered(Rounds.start_link(), "`Rounds` was started")
    except StartError as error:
        raise not_started(error) from None
    named = root is not None and root is Process.whereis("rounds")
    expect('`Rounds` was started; is its name "rounds"?', named, True, "the name of the supervisor")
    return root  # type: ignore[no-any-return]


AT_ONCE: Final = "whom the functions wait for: nobody's visits. Something else has to read the stream"
OVER: Final = (
    "when a site is known: as soon as its visit is over. And at what an end without an answer is, and which site it "
    "is of"
)
OFF: Final = (
    "what ends when a round is called off. Tasks without a link outlive a reader that is killed; what is linked, or "
    "below a supervisor that is stopped, ends with it"
)


async def _ask(call: Callable[[], Any], done: str, hoped: object, idea: str) -> None:
    """Use a client function, which has to return at once."""
    user = User(call, done)
    await Process.sleep(A_BLINK)
    if user.outcome is None and Process.alive(user.pid):
        raise NotYet(done, "it has not returned", "an answer at once", AT_ONCE)
    seen = await user.answer(hoped, idea)
    if seen is None and hoped is not None:
        idea = f"what the function gives back: is a `return` missing? And at {idea}"
    expect(f"{done}; it returned", seen, hoped, idea)
    await let_pass(A_BLINK)
    await user.no_letters(done)
    user.let_go()


async def _begin(Rounds: Any, name: object, plan: dict[object, Plan | list[Plan]]) -> Visits:
    visits = Visits(plan)
    done = f"a round of {len(plan)} sites was begun"
    await _ask(lambda: Rounds.begin(name, visits.function(), list(plan)), done, "ok", AT_ONCE)
    return visits


async def _found(Rounds: Any, name: object, hoped: object, when: str, idea: str = OVER) -> None:
    await _ask(lambda: Rounds.found(name), f"{when}; what is found was asked for", hoped, idea)


async def _one_guide(Rounds: Any, s: float) -> None:
    root = await _started(Rounds)
    await _found(Rounds, "north", None, "no round was begun", "what is said of a round that nobody has begun")
    await _good_and_bad(Rounds, s)
    await _at_once(Rounds, s)
    await _called_off(Rounds, s)
    await _called_off_in_vain(Rounds, s)
    await _stopped(Rounds, s, root)


async def _good_and_bad(Rounds: Any, s: float) -> None:
    plan: dict[object, Plan | list[Plan]] = {
        "ferry": (s * 4, "slow"), "zoo": (s, None), "mill": (s, End(ConnectionError("no such host"))),
        "gate": (s / 2, End("normal")), "port": (0.0, End("kill")), "castle": (s / 2, 0), "tower": (25.0, "late"),
        "bath": (s, End("closed")), "park": (s, "down the road"), "arch": (s, ("exit", "timeout")),
    }  # fmt: skip
    visits = await _begin(Rounds, "north", plan)
    _in_places(visits, "a round of ten sites was begun", 3, len(plan))
    await _found(Rounds, "north", {}, "a round has just begun", "what is found at first: nothing, in a dict")
    await let_pass(s * 1.25)
    early = {"zoo": None, "mill": "down", "port": "down"}
    await _found(Rounds, "north", early, "three visits were over, and the first of the list was not")
    await let_pass(s * 10 + 60.0)
    answers: dict[object, object] = {
        "ferry": "slow", "castle": 0, "gate": "down", "tower": "down", "bath": "down",
        "park": "down the road", "arch": ("exit", "timeout"),
    }  # fmt: skip
    await _found(Rounds, "north", early | answers, "a round was over in which some visits failed and one was late")
    _ended_in_time(visits, "a round was over", 20.0)
    _no_more_than(visits, "a round of ten sites was begun", 3)
    _ran_once(visits, "a round was over", list(plan))


async def _at_once(Rounds: Any, s: float) -> None:
    """Nine failures in one moment, a round beside them, and whoever has begun a round ends."""
    failing = await _begin(Rounds, "south", {f"site {n}": (0.0, End("closed")) for n in range(9)})
    east = Visits({f"site {n}": (s, n) for n in range(6)})
    twin = Visits({f"site {n}": (s, n) for n in range(6)})
    editors = [
        User(lambda: Rounds.begin("east", east.function(), list(east.plan)), "a round was begun"),
        User(lambda: Rounds.begin("rounds", twin.function(), list(twin.plan)), "a round was begun"),
    ]
    await Process.sleep(A_BLINK)
    _in_places(east, "a round was begun beside others", 3, 6)
    for editor in editors:
        editor.let_go()
    await let_pass(s * 2 + 1.0)
    done = "whoever had begun a round was killed"
    if len(east.ended) < 6:
        idea = f"to whom a round belongs. What is linked to whoever has begun it, or runs in it, ends with it. {PLACES}"
        raise NotYet(done, f"{len(east.ended)} of its six visits are over", "the round has gone on", idea)
    beside = "a round was over, and in the same moment another one, which is called as its supervisor is"
    for name in ("east", "rounds"):
        await _found(Rounds, name, {f"site {n}": n for n in range(6)}, beside, BESIDE)
    all_down = {f"site {n}": "down" for n in range(9)}
    await _found(Rounds, "south", all_down, "a round was over in which all nine visits failed")
    _no_more_than(failing, "a round of nine sites was begun", 3)


BESIDE: Final = (
    "what two rounds share. Who takes all that is known and later writes all of it back undoes what another has "
    "written meanwhile. And a round may have any name, also that of a process"
)


async def _called_off(Rounds: Any, s: float) -> None:
    west = await _begin(Rounds, "west", {f"site {n}": (s, n) for n in range(12)})
    port = await _begin(Rounds, "port", {f"site {n}": (s, n) for n in range(6)})
    await let_pass(s * 1.5)
    done = "a round was called off while three visits ran"
    await _ask(lambda: Rounds.call_off("west"), done, "ok", OFF)
    if west.open:
        raise NotYet(done, f"{len(west.open)} visits run on", "none", OFF)
    begun = len(west.runs)
    hoped = {f"site {n}": n for n in range(3)}
    await _found(Rounds, "west", hoped, done, "what was found before: it stays")
    await let_pass(s * 6)
    expect(f"{done}; how many were begun later?", len(west.runs) - begun, 0, OFF)
    await _found(Rounds, "west", hoped, f"{done}, and some time passed", "what was found before: it stays")
    expect(f"{done}; how many visits of another round are over?", len(port.ended), 6, "what is ended: that round alone")
    await _found(Rounds, "port", {f"site {n}": n for n in range(6)}, f"{done}; another one was over")


async def _called_off_in_vain(Rounds: Any, s: float) -> None:
    idea = "what `call_off` finds: a round may be over, or there may be none of that name"
    north = await _begin(Rounds, "quay", {"zoo": (s, "there")})
    await let_pass(s * 2)
    for name in ("quay", "quay", "nowhere"):
        done = f"{name!r} was called off, which is not under way"
        await _ask(partial(Rounds.call_off, name), done, "ok", idea)
    await _found(Rounds, "quay", {"zoo": "there"}, "a round was called off that was over", idea)
    await _found(Rounds, "nowhere", None, "a round was called off that nobody had begun", idea)
    _ran_once(north, "a round was called off that was over", ["zoo"])


async def _stopped(Rounds: Any, s: float, root: Pid) -> None:
    visits = await _begin(Rounds, "night", {f"site {n}": (s * 30, n) for n in range(5)})
    stop = User(lambda: Supervisor.stop(root), "`rounds` was stopped while three visits ran")
    await let_pass(A_BLINK if s > 2 else 10.0)
    await let_pass(10.0)
    if stop.outcome is None:
        raise NotYet(stop.done, "after ten seconds it has not ended", "it ends", "what the stop waits for")
    if visits.open:
        idea = "on whose list the visits are, and to whom they are linked. A stop ends what a supervisor has started"
        raise NotYet(stop.done, f"{len(visits.open)} visits run on", "none", idea)
    stop.let_go()
    await receive(lambda m: True, timeout=0.0)
    root = await _started(Rounds)
    idea = "where what was found is kept: in a process below `rounds`. A global of Python outlives every process"
    await _found(Rounds, "north", None, "a new `rounds` was started", idea)
    await _begin(Rounds, "north", {"zoo": (s, "back")})
    await let_pass(s * 2)
    await _found(Rounds, "north", {"zoo": "back"}, "a new `rounds` has begun a round of an old name", idea)
    stop = User(lambda: Supervisor.stop(root), "`rounds` was stopped")
    await let_pass(10.0)
    stop.let_go()
    await receive(lambda m: True, timeout=0.0)

"""The checks of chapter 04, GenServer anti-patterns.

Each docstring says in its first line what "ok" claims, and then what the check demands: the text of the
exercise has to say all of it. What is given is the number or the words of the first case; each check runs
at least one other case besides.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from .. import (
    Down,
    Exit,
    GenServer,
    NoReply,
    Pid,
    Process,
    Ref,
    Reply,
    Task,
    current_node,
    receive,
    self_,
    send,
    spawn,
    spawn_link,
    sys_,
)
from ..errors import describe_reason, safe_repr
from ..tracing import Event
from .checking import NotYet, expect, let_pass
from .comparing import same
from .looking import CAST, answered, is_of, sent, so_far, taken, turns_of, unknown_request, with_other_numbers

INSTANT = 0.001  # seconds: what is to happen at once has happened after so many
A_BLINK = 0.01
STRAYS: tuple[object, ...] = (("a stray message of the check", 1), 7, None, "hello", ["a", "list"], ([], 1), "timeout")


def now() -> float:
    """The time on the check's node."""
    return current_node().now()


async def _started(server: Any, argument: object, name: object = None) -> Pid:
    """Start a server without a link, see that the start takes no time, and say so if it does not work."""
    began = now()
    given = {} if name is None else {"name": name}
    pid = await answered(server.start(argument, **given), "the server was started")
    if pid is None:
        raise NotYet("the server was started", "Ignore()", "a process", "what `init` returns: Ok(state)")
    idea = "what `init` waits for. Whoever starts a server waits for its `init`"
    expect("the server was started; that took so many seconds", round(now() - began, 3), 0, idea)
    return pid  # type: ignore[no-any-return]


# ---- callers, and what they get ----------------------------------------------------------------------


class Answer(NamedTuple):
    """What a caller got, and so many seconds after it had asked."""

    what: Any
    after: float


class Callers:
    """Processes of the check, each with a question to a server; each waits as long as it takes."""

    def __init__(self) -> None:
        self.home, self.answers, self.asked_at = self_(), {}, {}  # type: ignore[var-annotated]
        self.strays: list[tuple[int, object]] = []

    def ask(self, server: object, request: object) -> int:
        """Ask from a process of its own; the number of the question."""
        number = len(self.asked_at)
        self.asked_at[number] = now()
        spawn(_caller, server, request, number, self.home)
        return number

    async def look(self) -> None:
        """Take in what has come so far."""
        await Process.sleep(A_BLINK)
        while (news := await receive(_is_news, timeout=0.0)) != "timeout":
            _, number, kind, at, what = news
            if kind == "stray":
                self.strays.append((number, what))
            else:
                self.answers[number] = Answer(what, round(at - self.asked_at[number], 2))

    def expect_no_strays(self, done: str) -> None:
        """Nobody who has its answer gets anything more."""
        seen = [what for _, what in self.strays]
        idea = "how often a question is answered: once. Who else answers it, and when?"
        expect(f"{done}; the callers, who had their answers, were sent besides", seen, [], idea)


async def _caller(server: object, request: object, number: int, home: Pid) -> None:
    try:
        what = await GenServer.call(server, request, timeout=None)
    except Exit as exit:
        reason = exit.reason[0] if isinstance(exit.reason, tuple) else exit.reason
        what = Exit(reason)
    send(home, (_NEWS, number, "answer", now(), what))
    while True:
        send(home, (_NEWS, number, "stray", now(), await receive()))


_NEWS = "news of a caller"


def _is_news(message: object) -> bool:
    return isinstance(message, tuple) and message[:1] == (_NEWS,)


def _expect_alive(pid: Pid, done: str, idea: str) -> None:
    if not Process.alive(pid):
        raise NotYet(done, "the server ended", "it goes on", idea)


_HELD = (
    "which process waits. A callback that waits keeps everybody waiting who has something in the mailbox, and an "
    "`async def` does not change that"
)


async def _at_once(pid: Pid, request: object, done: str, held: str = _HELD) -> Any:
    """What a call gets that has to be answered at once."""
    began = now()
    try:
        answer = await GenServer.call(pid, request, timeout=0.5)
    except Exit as exit:
        if isinstance(exit.reason, tuple) and exit.reason[:1] == ("timeout",):
            raise NotYet(
                f"{done}, and {request!r} was asked for", "no answer at once", "an answer at once", held
            ) from None
        raise
    if now() - began > INSTANT:
        seen = f"an answer after {now() - began:g} s"
        raise NotYet(f"{done}, and {request!r} was asked for", seen, "an answer at once", held)
    return answer


# ---- what the servers are given to wait for -------------------------------------------------------------


class Work:
    """Slow functions to start a server with, and who ran them when.

    ``plan`` says what each word does: so many seconds, and then a value or a way to end.
    """

    def __init__(self, plan: dict[object, tuple[float, object]]) -> None:
        self.plan, self.runs = plan, []  # type: ignore[var-annotated]

    async def __call__(self, word: object) -> object:
        """Do what the plan says for this word."""
        self.runs.append((word, self_()))
        seconds, outcome = self.plan[word]
        if seconds:
            await Process.sleep(seconds)
        if isinstance(outcome, End):
            await outcome.come()
        return outcome

    def function(self) -> Callable[[object], Awaitable[object]]:
        """A plain ``async def`` that does it."""

        async def work(word: object) -> object:
            return await self(word)

        return work

    def pids(self, word: object) -> list[Pid]:
        """The processes in which it ran for this word."""
        return [pid for each, pid in self.runs if same(each, word)]


class End(NamedTuple):
    """A way in which work ends without an answer."""

    reason: object

    async def come(self) -> None:
        """End the process that runs this."""
        if isinstance(self.reason, Exception):
            raise self.reason
        if self.reason == "kill":
            spawn(Process.exit, self_(), "kill")  # from outside: what a process does to itself it may catch here
            await Process.sleep(1.0)
        raise Exit(self.reason)


def _expect_elsewhere(work: Work, pid: Pid, word: object, what: str) -> None:
    if pid in work.pids(word):
        raise NotYet(f"{word!r} was asked for", f"the server itself ran `{what}`", "another process", _HELD)


# ---- drills ----------------------------------------------------------------------------------------


async def archive(Archive: Any, titles: tuple[str, ...] = ("maps", "letters", "coins")) -> None:
    """Each search is answered when it is over, all run at the same time, and nobody else waits.

    Demands: the argument of ``start`` is the function; ``("find", title)`` is answered once, with what it
    returned for that title, at the second at which it returned, to the caller that asked, also after minutes;
    ``"asked"`` is answered at once, by the number of searches asked for; each search runs once; a title that
    is asked for twice is searched for twice; two archives share nothing; another call is not answered by a number.
    """
    await _one_archive(Archive, titles)
    await with_other_numbers(_one_archive, ((Archive, titles), (Archive, ("b", "a", "b", "c", "d"))))
    await _two_archives(Archive)
    pid = await _started(Archive, Work({}).function())
    await unknown_request(pid, "aksed", lambda answer: isinstance(answer, int))


async def _one_archive(Archive: Any, titles: tuple[str, ...]) -> None:
    """The later it is asked for, the earlier a search is over; but the second takes ten minutes."""
    seconds = [4.0 * (len(titles) - titles.index(title)) for title in titles]
    seconds = [600.0 if titles.index(title) == 1 else each for title, each in zip(titles, seconds, strict=True)]
    found = {title: f"{title} on shelf {number}" for number, title in enumerate(titles, 3)}
    work = Work({title: (each, found[title]) for title, each in zip(titles, seconds, strict=True)})
    pid, callers = await _started(Archive, work.function()), Callers()
    done = "a search was under way"
    for number, title in enumerate(titles, 1):
        callers.ask(pid, ("find", title))
        await Process.sleep(A_BLINK)
        seen = await _at_once(pid, "asked", done)
        idea = "the next state: what `NoReply` returns is all that the next callback knows"
        expect(f"{number} searches were asked for, and then how many", seen, number, idea)
    for title in titles:
        _expect_elsewhere(work, pid, title, "search")
    await callers.look()
    for number, title in enumerate(titles):
        if number in callers.answers:
            _early(title, callers.answers[number].what)
    await let_pass(700.0)
    await callers.look()
    for number, (title, each) in enumerate(zip(titles, seconds, strict=True)):
        _expect_found(title, callers.answers.get(number), found, each)
    callers.expect_no_strays(f"{len(titles)} searches were over")
    runs = sorted(str(word) for word, _ in work.runs)
    expect("each search was counted", runs, sorted(titles), "how often a search is run: once for each question")
    seen = await _at_once(pid, "asked", "all searches were over")
    idea = "what the number counts: the searches that were asked for. One that is over was asked for, too"
    expect("all searches were over, and it was asked for their number", seen, len(titles), idea)


def _early(title: str, what: object) -> None:
    if isinstance(what, Exit):
        raise what
    idea = (
        "what the caller's answer is. A call is answered once, and what `Reply` holds is that answer; a callback may "
        "also leave it to somebody else to give it later"
    )
    raise NotYet(f'("find", {title!r}) was asked', f"{what!r}, at once", "no answer before the search is over", idea)


def _expect_found(title: str, got: Answer | None, found: dict[str, str], seconds: float) -> None:
    done = f'("find", {title!r}) was asked, whose search takes {seconds:g} s'
    if got is None:
        tracer = current_node().tracer
        told = [event.term for event in (tracer or ()) if event.kind == "reply"]
        idea = "who answers. After `NoReply` the caller waits until somebody uses `GenServer.reply`"
        if any(same(term, found[title]) for term in told):
            idea = "whose question an answer belongs to: each has a `from_` of its own, and this one went to another"
        elif any(event.kind == "exit" and isinstance(event.term, Exception) for event in tracer or ()):
            idea = "what the log says of the process that was to answer: it ended with an error of its own"
        raise NotYet(done, "no answer, 100 s after the end of the search", "what the search returned", idea)
    if isinstance(got.what, Exit):
        raise got.what
    idea = "what `GenServer.reply` is given: the result of the search, once it is awaited"
    expect(f"{done}; the answer was", got.what, found[title], idea)
    idea = "whether a search waits for another one: each has to have a process of its own"
    if abs(got.after - seconds) > A_BLINK:
        raise NotYet(done, f"the answer came after {got.after:g} s", f"after {seconds:g} s", idea)


async def _two_archives(Archive: Any) -> None:
    one, other = Work({"a": (1.0, "one")}), Work({"a": (2.0, "other")})
    pids, callers = [await _started(Archive, work.function()) for work in (one, other)], Callers()
    for pid in (*pids, pids[1]):
        callers.ask(pid, ("find", "a"))
    await Process.sleep(5.0)
    await callers.look()
    seen = [getattr(callers.answers.get(number), "what", "no answer") for number in range(3)]
    idea = "where the function and the number are kept: in the state of the archive that was started with them"
    expect("two archives with searches of their own were asked", seen, ["one", "other", "other"], idea)
    counts = [await _at_once(pid, "asked", "two archives were asked") for pid in pids]
    expect("one archive was asked for one search, another for two", counts, [1, 2], idea)


LOST = ("error", "lost")


async def careful_archive(CarefulArchive: Any, seconds: tuple[float, ...] = (3.0, 8.0, 1.0)) -> None:
    """Every question is answered once, in the second in which its search ends, whatever ends it.

    Demands: an answer, None too, is handed on; ``("error", "lost")`` comes when the search raises, exits, also with
    ``normal``, kills itself or is killed; ``"open"`` is answered at once, by the number of searches under way;
    stray messages change nothing; two questions for one title are two; two archives share nothing.
    """
    await Task.Supervisor.start_link(name="searches")
    await _one_careful(CarefulArchive, seconds)
    await with_other_numbers(_one_careful, ((CarefulArchive, seconds), (CarefulArchive, (90.0, 20.0, 45.0))))
    await _many_searches(CarefulArchive)


async def _one_careful(CarefulArchive: Any, seconds: tuple[float, ...]) -> None:
    found, slow, quick = seconds
    for outcome, words in (
        (KeyError("no such shelf"), "raised a KeyError"),
        (End("torn"), "ended by Exit('torn')"),
        (End("normal"), "ended with the reason 'normal', and no answer"),
        (End("kill"), "was killed"),
        (None, "returned None"),
        (("error", "closed"), "returned ('error', 'closed')"),
    ):
        end = End(outcome) if isinstance(outcome, Exception) else outcome
        work = Work({"good": (found, "shelf 9"), "odd": (slow, end), "quick": (quick, "shelf 2")})
        pid, callers = await _started(CarefulArchive, work.function()), Callers()
        for word in work.plan:
            callers.ask(pid, ("find", word))
        await Process.sleep(A_BLINK)
        _expect_elsewhere(work, pid, "good", "search")
        opened = await _at_once(pid, "open", "three searches were under way")
        expect("three searches were under way, and it was asked how many", opened, 3, _OPEN)
        await _stray_messages(pid)
        await let_pass(max(seconds) + 60.0)
        await callers.look()
        _expect_alive(pid, f"one of three searches {words}", "whom the end of a search may end: not the archive")
        hoped = LOST if isinstance(end, End) else end
        for number, (word, each, value) in enumerate(
            (("good", found, "shelf 9"), ("odd", slow, hoped), ("quick", quick, "shelf 2"))
        ):
            _expect_told(word, words, callers.answers.get(number), each, value)
        opened = await _at_once(pid, "open", "all searches had ended")
        expect(f"a search {words}, two had returned, and it was asked how many are open", opened, 0, _OPEN)
        callers.expect_no_strays(f"a search {words}")


_OPEN = "what the number counts: the searches that run now. What takes one out of the state, however it has ended?"


def _expect_told(word: str, words: str, got: Answer | None, seconds: float, value: object) -> None:
    done = f"after {seconds:g} s a search {words if word == 'odd' else 'returned'}; its caller got"
    if got is None:
        idea = (
            "who can tell the caller that no answer will come. The search cannot; whoever started it can, if it is "
            "told of the search's end"
            if same(value, LOST)
            else "which messages the archive understands, and who answers"
        )
        raise NotYet(done, "nothing, for a minute", safe_repr(value), idea)
    if isinstance(got.what, Exit):
        raise got.what
    if same(value, LOST) or not same(got.what, LOST):
        idea = "what the message that has come says: an answer, or an end without one"
    else:
        idea = "what an answer is: whatever the search has returned, None too"
    expect(done, got.what, value, idea)
    if abs(got.after - seconds) > A_BLINK:
        idea = "when the archive hears of an end: it need not wait, and need not look again and again"
        raise NotYet(done, f"its answer after {got.after:g} s", f"after {seconds:g} s", idea)


async def _stray_messages(pid: Pid) -> None:
    """What no server of this chapter may stumble over."""
    ref = current_node().make_ref()
    for stray in (*STRAYS, Down(ref, self_(), "normal"), (ref, "an answer")):
        if not any(same(stray, each) for each in taken(pid)):
            send(pid, stray)
            await Process.sleep(INSTANT)
            idea = "the last case of `handle_info`: what happens to a message that is none of your own?"
            _expect_alive(pid, f"the message {safe_repr(stray)[:60]} came", idea)


async def _many_searches(CarefulArchive: Any) -> None:
    """Equal titles, one of them killed from outside, at two archives."""
    works = [Work({"map": (10.0, "shelf 1")}), Work({"map": (10.0, "shelf 2")})]
    pids = [await _started(CarefulArchive, work.function()) for work in works]
    callers = Callers()
    for pid in (pids[0], pids[0], pids[1]):
        callers.ask(pid, ("find", "map"))
        await Process.sleep(1.0)
    Process.exit(works[0].pids("map")[0], "kill")
    await Process.sleep(A_BLINK)
    opened = [await _at_once(pid, "open", "a search was killed") for pid in pids]
    expect(
        "of two searches for one title at an archive one was killed, and another archive had one", opened, [1, 1], _OPEN
    )
    await let_pass(30.0)
    await callers.look()
    seen = [getattr(callers.answers.get(number), "what", "no answer") for number in range(3)]
    idea = "whose search has ended. Two searches for one title are two, each with a caller of its own"
    expect("the callers got", seen, [LOST, "shelf 1", "shelf 2"], idea)
    seconds = callers.answers[0].after
    if seconds > 3.1:
        idea = "when the archive hears of an end: it need not wait, and need not look again and again"
        raise NotYet("a search was killed after 3 s", f"an answer after {seconds:g} s", "after 3 s", idea)
    callers.expect_no_strays("a search was killed")


async def library(Library: Any, seconds: float = 8.0, books: object = 1200) -> None:
    """The start takes no time, every question is answered at once, and a failed loading ends the library.

    Demands: the argument of ``start`` is the function, which runs once, from the start on, in another process;
    ``"books"`` is ``"loading"`` until it has returned and the number from then on, also a 0; stray messages
    change nothing; two libraries share nothing; when ``load`` raises, the library ends in the same instant.
    """
    await _one_library(Library, seconds, books)
    await _failed_loading(Library, seconds)
    cases = ((Library, seconds, books), (Library, 300.0, 0), (Library, 0.0, 5))
    await with_other_numbers(_one_library, cases)
    await with_other_numbers(_failed_loading, ((Library, seconds), (Library, 40.0)))


def _loading(work: Work) -> Callable[[], Awaitable[object]]:
    async def load() -> object:
        return await work("load")

    return load


async def _one_library(Library: Any, seconds: float, books: object) -> None:
    work = Work({"load": (seconds, books)})
    pid = await _started(Library, _loading(work))
    other = await _started(Library, _loading(Work({"load": (seconds + 30.0, books)})))
    held = f"{_HELD}. `handle_continue` is a callback, too"
    if seconds:
        await Process.sleep(A_BLINK)
        seen = await _at_once(other, "books", "a library was started", held)
        expect("a library was started, and asked at once", seen, "loading", "the first state")
        idea = "when the loading begins: with the start, and not with the first question"
        expect("after the start `load` had run so many times", len(work.runs), 1, idea)
        _expect_elsewhere(work, pid, "load", "load")
    for stray in STRAYS:
        if not any(same(stray, each) for each in taken(pid)):
            before = await _at_once(pid, "books", "it was loading", held)
            send(pid, stray)
            idea = "what tells the news of the loading from any other message: a word that only the loading uses"
            await _same_books(pid, before, f"the message {stray!r} came", idea)
    await let_pass(seconds + 1.0)
    seen = await _at_once(pid, "books", "it had loaded", held)
    idea = "how the number gets from the process that loads into the state: as a message, and what takes that in?"
    expect(
        f"{seconds + 1:g} s after the start, of which the loading takes {seconds:g}, it was asked", seen, books, idea
    )
    await _same_books(other, "loading", "another library was still loading", "where the number is kept")
    for stray in STRAYS:
        if not any(same(stray, each) for each in taken(pid)):
            send(pid, stray)
            idea = "what a message changes that is not the news of the loading: nothing"
            await _same_books(pid, books, f"after the loading the message {stray!r} came", idea)
    await let_pass(seconds + 60.0)
    await _same_books(other, books, "another library had loaded", "where the number is kept")
    await _same_books(pid, books, "a minute had passed", "what comes after the loading: nothing changes the number")
    expect("`load` had run so many times", len(work.runs), 1, "how often is loaded: once")


async def _same_books(pid: Pid, hoped: object, done: str, idea: str) -> None:
    try:
        seen = await _at_once(pid, "books", done)
    except Exit as exit:
        if Process.alive(pid):
            raise
        reason = exit.reason[0] if isinstance(exit.reason, tuple) else exit.reason
        last = "the last case of `handle_info`, and what ends the library besides a failed loading: nothing"
        raise NotYet(done, f"the library ended: {describe_reason(reason)}", "it goes on", last) from None
    expect(f"{done}, and it was asked", seen, hoped, idea)


async def _failed_loading(Library: Any, seconds: float) -> None:
    work = Work({"load": (seconds, End(ValueError("torn page")))})
    pid = await _started(Library, _loading(work))
    watch = Process.monitor(pid)
    await let_pass(seconds + A_BLINK)
    down = await receive(lambda message: isinstance(message, Down) and message.ref == watch, timeout=1.0)
    if down == "timeout":
        seen = await _at_once(pid, "books", "the loading had failed")
        idea = (
            "what the library notices of the end of the process that loads. One that is left alone answers so for "
            "ever; which tie ends both?"
        )
        raise NotYet(f"after {seconds:g} s `load` raised", f"the library goes on, with {seen!r}", "its end", idea)


# ---- back-pressure ------------------------------------------------------------------------------------


class Press(GenServer):
    """The press of the exercise: it prints on a cast, which takes time.

    Its ``seconds`` are a tuple here: so long do the jobs take, in turn.
    """

    async def handle_cast(self, request: Any, state: Any) -> Any:
        """Print one job."""
        seconds, printed = state
        match request:
            case ("print", job):
                await Process.sleep(seconds[len(printed) % len(seconds)])
                return NoReply((seconds, [*printed, job]))

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        """Say how many jobs are printed."""
        match request:
            case "printed":
                return Reply(len(state[1]), state)


async def feed(feed: Any, jobs: int = 25, seconds: float = 1.0) -> None:
    """All jobs are printed in order, as fast as the press can, and never more than ten of them wait.

    Demands: any number of jobs, none too, equal ones too; any time for a job, hours too, and not the same for each;
    a press that has printed before; it returns when the last is printed; no more than ten jobs are in the mailbox at
    any time; the press is busy from the first job to the last; it is not asked, and nobody wakes up, more often than
    three times for each job.
    """
    await _one_feeding(feed, jobs, (seconds,))
    cases = (
        (feed, jobs, (seconds,)),
        (feed, 13, (7.0, 1.0)),
        (feed, 21, (0.5, 2.0), 30),
        (feed, 10, (0.25,)),
        (feed, 23, (4000.0, 3.0)),
        (feed, 0, (1.0,)),
    )
    await with_other_numbers(_one_feeding, cases)


_MOST = 10


async def _one_feeding(feed: Any, count: int, seconds: tuple[float, ...], before: int = 0) -> None:
    jobs, old = [f"ticket {number % 7}" for number in range(count)], ["a job before"] * before
    press = await Press.start((seconds, old))
    assert press is not None
    since, began, home = so_far(), now(), self_()
    total = sum(seconds[number % len(seconds)] for number in range(before, before + count))

    async def feeder() -> None:
        try:
            await answered(feed(press, list(jobs)), "the press was fed")
            send(home, ("fed", now() - began, turns_of(self_())))
        except (Exit, Exception) as error:
            send(home, ("failed", error))

    pid = spawn(feeder)
    await let_pass(total + 1.0)
    done = f"{count} jobs of {' s or '.join(f'{each:g}' for each in seconds)} s each were fed"
    done += f" to a press that had printed {before}" if before else ""
    news = await receive(lambda m: isinstance(m, tuple) and m[:1] in (("fed",), ("failed",)), timeout=60.0)
    _expect_printing(press, done)
    _expect_short(_most_waiting(press, since), done)
    if news == "timeout":
        _expect_not_asking(press, since, turns_of(pid), count, done)
        idea = "what `feed` waits for, when all is printed"
        raise NotYet(done, f"no end, a minute after {total:g} s", "its return", idea)
    if news[0] == "failed":
        _explain_failed(news[1], done)
    printed = (await sys_.get_state(press, timeout=None))[1][before:]
    expect(f"{done}; the press printed", printed, jobs, "which jobs are sent, how often, and in which order")
    _expect_in_time(news[1], total, done)
    _expect_not_asking(press, since, news[2], count, done)


def _expect_printing(press: Pid, done: str) -> None:
    if not Process.alive(press):
        idea = 'what the press understands: the cast ("print", job), the call "printed", and nothing else'
        raise NotYet(done, "the press ended", "it prints", idea)


def _expect_in_time(seconds: float, total: float, done: str) -> None:
    if seconds < total - A_BLINK:
        idea = "when it returns: when the last job is printed. How does it learn that?"
        raise NotYet(done, f"it returned after {seconds:g} s", f"after {total:g} s", idea)
    if seconds > total + A_BLINK:
        idea = "what the press does while `feed` waits: how long that takes is the press's to say, and no fixed time"
        raise NotYet(done, f"it took {seconds:g} s", f"{total:g} s", idea)


def _most_waiting(press: Pid, since: int) -> int:
    """How many jobs lay in the mailbox, at the worst."""
    tracer = current_node().tracer
    waiting = most = 0
    for event in [] if tracer is None else tracer.events[since:]:
        waiting += _of_job(event, "send", press) - _of_job(event, "receive", press)
        most = max(most, waiting)
    return most


def _of_job(event: Event, kind: str, press: Pid) -> int:
    whose = event.other if kind == "send" else event.pid
    return int(event.kind == kind and whose is press and is_of(event, CAST))


def _expect_short(most: int, done: str) -> None:
    if most > _MOST:
        idea = (
            "what slows the sender down: casts never do. Which request makes it wait until the press has come so far?"
        )
        raise NotYet(done, f"{most} jobs waited in the mailbox", "10 at most", idea)


def _explain_failed(error: BaseException, done: str) -> None:
    reason = error.reason if isinstance(error, Exit) else None
    if isinstance(reason, tuple) and reason[:1] == ("timeout",):
        idea = "how long that call is willing to wait. It stands behind jobs that may take hours each"
        raise NotYet(done, "an exit: a call timed out", "its return", idea)
    raise error


def _expect_not_asking(press: Pid, since: int, turns: int, count: int, done: str) -> None:
    asked = sum(not is_of(event, CAST) for event in sent(press, since))
    for number, what in ((asked, "the press was asked"), (turns, "`feed` woke up")):
        if number > 3 * count + 10:
            idea = "who speaks first. A call is answered when the press has come so far, and asks once"
            raise NotYet(done, f"{what} {number} times", f"{3 * count + 10} times at most", idea)


# ---- repairs -------------------------------------------------------------------------------------------


async def cloakroom(pair: Any, owners: tuple[str, ...] = ("Ines", "Omar", "Ines")) -> None:
    """Every coat gets the next hook, at once, and the rack knows whose they are.

    Demands: a pair of classes, started as ``"desk"`` with 0 and ``"rack"`` with []; ``("hand in", owner)`` at the
    desk is answered once by ``"hook n"``, and no time passes, also when several come in the same instant;
    ``"handed in"`` counts; ``"coats"`` lists the owners in order; the owners reach the rack through the desk,
    and are kept nowhere else.
    """
    await _one_evening(pair, owners)
    await with_other_numbers(_one_evening, ((pair, owners), (pair, ("A", "B", "C", "D", "E", "F"))))


_CIRCLE = "who waits for whom. Draw an arrow for each call: while the desk waits for the rack, who can answer the rack?"


async def _one_evening(pair: Any, owners: tuple[str, ...]) -> None:
    Desk, Rack = pair
    rack, desk = await _started(Rack, [], "rack"), await _started(Desk, 0, "desk")
    since = so_far()
    first = [await _handed_in(owner, number) for number, owner in enumerate(owners, 1)]
    hooks = [f"hook {number}" for number in range(1, len(owners) + 1)]
    expect("coats were handed in, one after the other", first, hooks, _NUMBER)
    callers = Callers()
    for owner in owners:
        callers.ask("desk", ("hand in", owner))
    await callers.look()
    _expect_both(desk, rack)
    second = [getattr(callers.answers.get(number), "what", "no answer") for number in range(len(owners))]
    hooks = [f"hook {number}" for number in range(len(owners) + 1, 2 * len(owners) + 1)]
    if "no answer" in second:
        raise NotYet("several coats were handed in in the same instant", safe_repr(second), safe_repr(hooks), _CIRCLE)
    expect("several coats were handed in in the same instant", second, hooks, f"{_NUMBER} Each is used once")
    callers.expect_no_strays("coats were handed in")
    total = 2 * len(owners)
    seen = await _at_once(desk, "handed in", "coats were handed in")
    expect(
        f'{total} coats were handed in, and the desk was asked for "handed in"', seen, total, "the desk's next state"
    )
    seen = await _at_once(rack, "coats", "coats were handed in")
    idea = "who hangs the coats up. The rack knows only what it was sent, and keeps it in its state"
    expect('the rack was asked for "coats"', seen, [*owners, *owners], idea)
    if not sent(rack, since, by=desk):
        idea = (
            "which process tells the rack. What two processes send may come in any order, and the coats hang in order"
        )
        raise NotYet("coats were handed in", "another process than the desk told the rack", "the desk", idea)
    kept = repr(await sys_.get_state(desk))
    if any(repr(owner) in kept for owner in owners):
        idea = "where the owners are kept: at the rack, and nowhere else. What does the desk need to know?"
        raise NotYet("the desk's state was looked at", kept, "no owners in it", idea)
    for pid in (desk, rack):
        await GenServer.stop(pid)


_NUMBER = "the number of a hook: the first coat gets 1, and each coat one more than the one before."


def _expect_both(desk: Pid, rack: Pid) -> None:
    for pid, name in ((desk, "the desk"), (rack, "the rack")):
        _expect_alive(pid, f"coats were handed in; {name} was looked for", _CIRCLE)


async def _handed_in(owner: str, number: int) -> Any:
    began, done = now(), f"coat {number} was handed in"
    try:
        answer = await GenServer.call("desk", ("hand in", owner), timeout=60.0)
    except Exit as exit:
        reason = exit.reason[0] if isinstance(exit.reason, tuple) else exit.reason
        _explain_rack(reason, done, number)
        if now() - began < INSTANT and "timeout" not in repr(reason) and "calling_self" not in repr(reason):
            raise
        raise NotYet(done, f"an exit after {now() - began:g} s", f"hook {number}", _CIRCLE) from None
    if now() - began > INSTANT:
        raise NotYet(done, f"{answer!r}, after {now() - began:g} s", "an answer at once", _CIRCLE)
    return answer


def _explain_rack(reason: object, done: str, number: int) -> None:
    """Say it, if the desk ended because the rack did in answering it: half of the pair is mended, say."""
    match reason:
        case (NotImplementedError() as stub, ("GenServer", "call", ["rack", *_])):
            raise stub
        case (("bad_return_value", None), ("GenServer", "call", ["rack", request, *_])):
            idea = (
                "what the desk sends and which `case` of the rack fits that, with a `return`. The two belong together"
            )
            raise NotYet(done, f"the rack ended over {request!r}", f"hook {number}", idea)


async def kiosk(Kiosk: Any, reason: object = "out of paper") -> None:
    """The kiosk and its printer end together, whoever ends first, and nothing else ends the kiosk.

    Demands: the argument of ``start`` starts a printer that is linked to its caller, once; ``"printer"`` answers its
    pid; when the printer ends, by any reason, the kiosk ends in the same instant; when a signal ends the kiosk, the
    printer ends in the same instant; stray messages, a ``normal`` signal and the ``normal`` end of another process,
    linked or not, end nothing; two kiosks share nothing.
    """
    for why in (reason, "normal", "kill", ("shutdown", "moved"), RuntimeError("jam")):
        await _printer_ends(Kiosk, why)
    for why in ("shutdown", "kill", "moved"):
        await _kiosk_ends(Kiosk, why)
    await _in_use(Kiosk)


async def _printer() -> None:
    while True:
        match await receive():
            case ("end", Exception() as error):
                raise error
            case ("end", reason):
                raise Exit(reason)


class Printers:
    """Starts printers, and knows which."""

    def __init__(self) -> None:
        self.pids: list[Pid] = []

    def function(self) -> Callable[[], Awaitable[Pid]]:
        """What a kiosk is started with."""

        async def start() -> Pid:
            self.pids.append(spawn_link(_printer))
            return self.pids[-1]

        return start


async def _kiosk(Kiosk: Any) -> tuple[Pid, Pid]:
    printers = Printers()
    pid = await _started(Kiosk, printers.function())
    expect("a kiosk was started; it started so many printers", len(printers.pids), 1, "how often `start` is called")
    seen = await _at_once(pid, "printer", "a kiosk was started")
    idea = 'what `"printer"` answers: the pid that `start` has returned'
    if seen is not printers.pids[0]:
        raise NotYet('the kiosk was asked for its "printer"', safe_repr(seen), safe_repr(printers.pids[0]), idea)
    return pid, printers.pids[0]


async def _printer_ends(Kiosk: Any, reason: object) -> None:
    other, _ = await _kiosk(Kiosk)
    pid, printer = await _kiosk(Kiosk)
    watch = Process.monitor(pid)
    if reason == "kill":
        Process.exit(printer, "kill")
    else:
        send(printer, ("end", reason))
    await Process.sleep(A_BLINK)
    done = f"the printer ended: {describe_reason(reason)}"
    _expect_alive(other, f"{done}, and another kiosk was looked for", "whose printer it was: another kiosk goes on")
    if not Process.alive(pid):
        return _expect_no_accident(await receive(lambda m: isinstance(m, Down) and m.ref == watch), done)
    await Process.sleep(60.0)
    if not Process.alive(pid):
        idea = "when the kiosk hears of the end: it need not wait, and need not look again and again"
        raise NotYet(done, "the kiosk ended within a minute", "its end in the same instant", idea)
    trapping = _trapping(pid)
    if reason == "normal" and not trapping:
        idea = "what a link does when the other ends with `normal`: nothing. What is told of every end?"
    else:
        idea = (
            "what trapping does to the signal of the link: it becomes a message, and whoever passes that over lives on "
            "without a printer"
        )
    raise NotYet(done, "the kiosk lives on", "its end", idea)


def _expect_no_accident(down: Any, done: str) -> None:
    match down.reason:
        case ("bad_return_value", value):
            idea = "the result of `handle_info`: is a `return` missing?"
            seen = f"the kiosk crashed, as a callback returned {safe_repr(value)}"
            raise NotYet(done, seen, "its end by a `Stop`, or by the link", idea)


def _trapping(pid: Pid) -> bool:
    info = Process.info(pid)
    return info is not None and bool(info["trap_exit"])


async def _kiosk_ends(Kiosk: Any, reason: str) -> None:
    pid, printer = await _kiosk(Kiosk)
    Process.exit(pid, reason)
    await Process.sleep(A_BLINK)
    if Process.alive(pid):
        idea = "what becomes of the signal that asks the kiosk to end. One that traps exits has to end by itself"
        raise NotYet(f"the kiosk got the exit signal {reason!r}", "it lives on", "its end", idea)
    if Process.alive(printer):
        idea = "what ties the printer to the kiosk: with a monitor alone nothing happens to whoever is watched"
        raise NotYet(f"the kiosk got the exit signal {reason!r}", "its printer lives on", "the printer's end", idea)


async def _in_use(Kiosk: Any) -> None:
    pid, printer = await _kiosk(Kiosk)

    async def ends(target: Pid, linked: bool) -> None:
        if linked:
            Process.link(target)

    for linked in (True, False):
        spawn(ends, pid, linked)
        await Process.sleep(A_BLINK)
        idea = "whose end ends the kiosk: its printer's. What does the message say of who has ended?"
        kind = "that was linked to the kiosk " if linked else ""
        _expect_alive(pid, f"another process {kind}ended with 'normal'", idea)
    Process.exit(pid, "normal")
    downs = [Down(current_node().make_ref(), self_(), reason) for reason in ("gone", "normal")]
    for stray in (*STRAYS, *downs):
        send(pid, stray)
        await Process.sleep(A_BLINK)
        idea = "the cases of `handle_info`: which message says that *this* printer has ended?"
        _expect_alive(pid, f"the message {safe_repr(stray)[:60]} came", idea)
    seen = await _at_once(pid, "printer", "stray messages had come")
    expect(
        "after stray messages the kiosk still knows its printer", seen is printer, True, "the state in the last case"
    )
    expect("after stray messages the printer is alive", Process.alive(printer), True, "who ends the printer")


# ---- design --------------------------------------------------------------------------------------------

BUSY, FAILED, LATE = ("error", "busy"), ("error", "failed"), ("error", "late")


async def agency(Agency: Any, limit: int = 2, patience: float = 20.0) -> None:
    """Every question is answered once and in time, no more than the limit run, and what is late is ended.

    Demands: the argument of ``start`` is ``(ask, limit, patience)``; an answer, None too, comes when ``ask`` has it;
    ``failed`` when it ends without one, by an exception, an exit, also ``normal``, or a kill; ``late`` after
    ``patience`` seconds, when ``ask`` is ended, also one that traps exits; ``busy`` at once where ``limit`` run, and
    ``ask`` is not run; ``"running"`` at once; stray messages change nothing; towns may be asked for twice; an old
    timer ends nothing new; two agencies share nothing.
    """
    await Task.Supervisor.start_link(name="asking")
    await _one_agency(Agency, limit, patience)
    cases = ((Agency, limit, patience), (Agency, 1, 600.0), (Agency, 4, 3.0))
    await with_other_numbers(_one_agency, cases)
    await _two_agencies(Agency)


def _towns(patience: float) -> dict[object, tuple[float, object]]:
    p = patience
    return {
        "Bonn": (p * 0.4, "12 seats"),
        "Kiel": (p * 0.3, End(KeyError("no such town"))),
        "Graz": (p * 0.2, End("normal")),
        "Bern": (p * 0.1, End("kill")),
        "Linz": (0.0, None),
        "Ulm": (p * 0.9, "3 seats"),
        "Rome": (p * 50, "too late"),
        "Pisa": (p * 50, End("trapping")),
    }


async def _one_agency(Agency: Any, limit: int, patience: float) -> None:
    work = Work(_towns(patience))
    pid, callers = await _started(Agency, (_trapped(work), limit, patience)), Callers()
    for town, hoped, after in (
        ("Bonn", "12 seats", 0.4), ("Kiel", FAILED, 0.3), ("Graz", FAILED, 0.2), ("Bern", FAILED, 0.1),
        ("Linz", None, 0.0), ("Ulm", "3 seats", 0.9), ("Rome", LATE, 1.0), ("Pisa", LATE, 1.0),
    ):  # fmt: skip
        await _full(Agency, pid, work, callers, town, limit, (hoped, round(after * patience, 2)))
    await _old_timer(pid, callers, patience)
    await _stray_messages(pid)
    await let_pass(patience * 3)
    seen = await _at_once(pid, "running", "all questions were answered")
    expect("all questions were answered, and stray messages had come; it runs", seen, 0, _RUNNING)
    await callers.look()
    callers.expect_no_strays("all questions were answered")


def _trapped(work: Work) -> Callable[[object], Awaitable[object]]:
    async def ask(town: object) -> object:
        if town == "Pisa":
            Process.flag(trap_exit=True)
        return await work(town)

    return ask


_RUNNING = "what is in the state: what runs now, and nothing that is over, however it has ended"


async def _full(
    Agency: Any, pid: Pid, work: Work, callers: Callers, town: str, limit: int, hoped: tuple[object, float]
) -> None:
    """As many questions for this town as may run, and one too many."""
    before = len(work.pids(town))
    numbers = [callers.ask(pid, ("seats", town)) for _ in range(limit)]
    value, after = hoped
    if after:
        await Process.sleep(A_BLINK)
        _expect_elsewhere(work, pid, town, "ask")
        seen = await _at_once(pid, "running", f"{limit} questions were asked")
        expect(f"{limit} questions were asked, and how many run", seen, limit, _RUNNING)
        surplus = callers.ask(pid, ("seats", "Bonn"))
        await callers.look()
        done = f"with a limit of {limit}, {limit + 1} questions were asked; the last one got"
        idea = "what the agency does with a question that comes when as many run as may"
        _expect_answer(callers.answers.get(surplus), (BUSY, 0.0), done, idea)
        expect("for the question that was too many `ask` ran", len(work.pids(town)) - before - limit, 0, idea)
    for stray in ("late", ("late", 1), ("done", 2)):
        send(pid, stray)
    await let_pass(after + A_BLINK)
    ended = _way(work, town)
    if value == LATE and Process.alive(pid):
        await _at_once(pid, "running", f"an `ask` {ended}, its time was over")
    await callers.look()
    for number in numbers:
        done = f"an `ask` {ended}; its caller got"
        _expect_agency_alive(pid, done)
        _expect_answer(callers.answers.get(number), hoped, done, _idea_for(value))
    if value == LATE and any(Process.alive(each) for each in work.pids(town)):
        idea = "what ends an `ask` that is late. One that traps exits is asked in vain by any reason but one"
        raise NotYet(f"an `ask` {ended}; after {after:g} s", "it goes on", "its end", idea)
    seen = await _at_once(pid, "running", "they were answered")
    expect(f"{limit} questions were answered ({ended}), and how many run", seen, 0, _RUNNING)


_TIMER = "which question the message of a timer belongs to. One that is over has left its timer behind"


def _expect_agency_alive(pid: Pid, done: str) -> None:
    """Say which message ended it, if one did: it was the last thing that the agency took."""
    own = [event for event in current_node().tracer or () if event.pid is pid]
    ends = [number for number, event in enumerate(own) if event.kind == "exit"]
    idea = "whom the end of an `ask` may end, and which messages the agency understands"
    if not ends or own[ends[0] - 1].kind != "receive":
        return _expect_alive(pid, done, idea)
    fatal = own[ends[0] - 1].term
    match fatal:
        case Down() | (Ref(), *_) | "late" | ("late" | "done", int()):
            pass
        case _:
            idea = "which question a message of your own belongs to, a timer's say. It may come late"
    raise NotYet(f"the message {safe_repr(fatal)[:60]} came", "the server ended", "it goes on", idea)


def _way(work: Work, town: str) -> str:
    seconds, outcome = work.plan[town]
    match outcome:
        case End("trapping"):
            return f"that traps exits takes {seconds:g} s"
        case End(Exception() as error):
            return f"raised {type(error).__name__} after {seconds:g} s"
        case End("kill"):
            return f"was killed after {seconds:g} s"
        case End(reason):
            return f"ended with {reason!r} after {seconds:g} s"
    return f"takes {seconds:g} s and returns {outcome!r}"


def _idea_for(value: object) -> str:
    if value == LATE:
        return "what tells the agency that the time is over, and for which question"
    if value == FAILED:
        return "which message says that an `ask` has ended without an answer, whatever the reason"
    return "which message brings the answer, and whose it is. An answer is whatever `ask` returned, None too"


def _expect_answer(got: Answer | None, hoped: tuple[object, float], done: str, idea: str) -> None:
    value, after = hoped
    if got is None:
        raise NotYet(done, "nothing so far", f"{value!r} after {after:g} s", idea)
    if isinstance(got.what, Exit):
        raise got.what
    if same(got.what, LATE) and not same(value, LATE):
        idea = f"what makes a question late: its own timer, and not a kill, which may come from anybody. And {_TIMER}"
    expect(done, got.what, value, idea)
    if abs(got.after - after) > 2 * A_BLINK:
        raise NotYet(done, f"{got.what!r} after {got.after:g} s", f"after {after:g} s", idea)


async def _old_timer(pid: Pid, callers: Callers, patience: float) -> None:
    """A question that is answered just in time leaves a timer; the next one for the same town must not feel it."""
    first = callers.ask(pid, ("seats", "Bonn"))
    await let_pass(0.7 * patience)
    second = callers.ask(pid, ("seats", "Bonn"))
    await let_pass(patience)
    await callers.look()
    done = "a town was asked for again, before the time of the question before would have been over; the callers got"
    idea = "which question the message of a timer belongs to. Two for one town are two, and one may be over"
    for number in (first, second):
        _expect_answer(callers.answers.get(number), ("12 seats", round(0.4 * patience, 2)), done, idea)


async def _two_agencies(Agency: Any) -> None:
    works = [Work({"Bonn": (1.0, "one")}), Work({"Bonn": (1.0, "other")})]
    pids, callers = [await _started(Agency, (work.function(), 1, 9.0)) for work in works], Callers()
    for pid in pids:
        callers.ask(pid, ("seats", "Bonn"))
    await let_pass(5.0)
    await callers.look()
    seen = [getattr(callers.answers.get(number), "what", "no answer") for number in range(2)]
    idea = "where it is kept what runs: in the state of the agency that runs it"
    expect("two agencies with a limit of 1 were asked", seen, ["one", "other"], idea)

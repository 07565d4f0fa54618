"""The checks of chapter 14, pub/sub.

They let processes subscribe, publish by what the reader wrote, and look at who was sent what, by whom, how often and
in which order: with subscribers that sleep, that end, that come late or twice, and in every order where two things
happen at the same moment. Each docstring says in its first line what "ok" claims, and then what the check demands: the
text of the exercise has to say all of it. What is given is the numbers of the first case; each check runs at least one
other case besides.
"""

from __future__ import annotations

import inspect
import random
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

from .. import (
    DynamicSupervisor,
    Exit,
    GenServer,
    NoReply,
    Ok,
    Pid,
    Process,
    Registry,
    Reply,
    StartError,
    Supervisor,
    current_node,
    receive,
    self_,
    send,
    spawn,
    sys_,
)
from ..errors import describe_reason, safe_repr
from .checking import NotYet, expect, let_pass
from .comparing import same
from .every_schedule import expect_in_every_schedule
from .looking import CALL, CAST, answered, ended_with, is_of, not_started, sent, so_far, with_other_numbers

A_BLINK: Final = 0.01
"""Virtual seconds in which what is to happen at once has happened."""

MOST: Final = 1_500
"""So many orders does an answer to one of these exercises have at most."""

STRAYS: Final[tuple[object, ...]] = (("a stray message of the check", 1), 7, None, "hello", ["a", "list"], ("news",))

_ITSELF: Final = (
    "whom `register` enters: the process that calls it. `start_link` and other client functions run in the caller, and "
    "a callback runs in the server"
)
_IN_INIT: Final = (
    "when it subscribes. What is done once from outside is lost with the process; `init` is run by each that is started"
)
_OF_ITS_OWN: Final = (
    "whose entries you look at. `lookup` shows those of all processes under a topic, `keys` those of one process"
)
_EACH_ENTRY: Final = "what the registry holds: one entry for each `register`, and each entry gets the message"
_ONLY_SEND: Final = (
    "in which process the publishing is done, and what it waits for. Only `send` waits for nobody, whether the other "
    "one is busy, asleep or gone"
)
_GAP: Final = (
    "what may be published between your look at what was before and your subscription. Where you are subscribed "
    "already, it waits in the mailbox"
)
_BY_MESSAGE: Final = "what subscribers get: the news as a plain message, as `send` sends it"


def now() -> float:
    """The time on the check's node."""
    return current_node().now()


async def topics_start() -> None:
    """Start the registry "topics" of the check."""
    await Registry.start_link(keys="duplicate", name="topics")


def publish(topic: object, news: object) -> None:
    """Send news to all who are entered under a topic."""

    def tell(entries: list[tuple[Pid, Any]]) -> None:
        for pid, _ in entries:
            send(pid, news)

    Registry.dispatch("topics", topic, tell)


# ---- those who listen ------------------------------------------------------------------------------------------


class Ear:
    """A process that does something in its own name, and then keeps what it is sent."""

    def __init__(self, *entries: tuple[object, object]) -> None:
        self.heard: list[object] = []

        async def listen() -> None:
            for topic, value in entries:
                Registry.register("topics", topic, value)
            while True:
                match await receive():
                    case (_Do() as work, home):
                        send(home, await work.done())
                    case news:
                        self.heard.append(news)

        self.pid = spawn(listen)

    async def do(self, make: Callable[[], Any], done: str) -> Any:
        """What the function answers when it is called in this process; what it raises is raised here."""
        send(self.pid, (_Do(make, done), self_()))
        came = await receive(lambda m: type(m) is _Came, timeout=300.0)
        if not isinstance(came, _Came):
            seen = "no answer in five minutes" if Process.alive(self.pid) else "whoever called has ended"
            raise NotYet(done, seen, "an answer", "who waits for whom, and who is linked to whom")
        if came.error is not None:
            raise came.error
        return came.answer

    def said(self) -> list[object]:
        """What it has heard since it was asked last."""
        heard, self.heard = self.heard, []
        return heard


class _Came:
    """What came of something that an `Ear` has done: an answer or an error."""

    def __init__(self, answer: Any = None, error: BaseException | None = None) -> None:
        self.answer, self.error = answer, error

    def __deepcopy__(self, memo: object) -> _Came:
        return self


class _Do:
    """Something to do, for an `Ear`; as a message it stays what it is."""

    def __init__(self, make: Callable[[], Any], done: str) -> None:
        self.make, self.words = make, done

    def __deepcopy__(self, memo: object) -> _Do:
        return self

    async def done(self) -> _Came:
        """Do it."""
        try:
            return _Came(await answered(self.make(), self.words))
        except (Exit, Exception) as error:
            return _Came(error=error)


def _plain(value: Any, done: str) -> Any:
    """What a plain function answers: an ``async def`` would have to be awaited by whoever uses it."""
    if inspect.iscoroutine(value):
        value.close()
        idea = "the word before `def`. Nothing in this function waits, so it is a plain one"
        raise NotYet(done, "a coroutine, which nobody awaits", "an answer at once", idea)
    return value


def _told(message: object) -> str:
    """An idea that fits what came in the place of news."""
    kind = message[:1] if isinstance(message, tuple) else ()
    if kind in ((CALL,), (CAST,)):
        return f"{_BY_MESSAGE}. A call or a cast is for a server, and arrives in another form"
    return _BY_MESSAGE


# ---- drill 1 ---------------------------------------------------------------------------------------------------


async def announce(announce: Any, topics: tuple[object, ...] = ("Rovers", "City"), listeners: int = 3) -> None:
    """Each process that follows one of the topics or more gets one message, and their number is returned.

    Demands: a plain function; whoever is subscribed twice, or to several of the topics, gets one message and counts
    once, whatever the value of the entry; others get none; the caller itself is no exception; nobody is left out
    because somebody has ended or left; the caller sends, at once and in order; any term is news.
    """
    await topics_start()
    await with_other_numbers(
        _announce, ((announce, topics, listeners), (announce, ("final", ("team", 7), 3), 5), (announce, ("cup",), 1))
    )


async def _announce(announce: Any, topics: tuple[object, ...], listeners: int) -> None:
    one = [Ear((topics[n % len(topics)], n)) for n in range(listeners)]
    twice = Ear((topics[0], None), (topics[0], "twice"))
    every = Ear(*[(topic, None) for topic in topics])
    other = Ear(("another topic", None))
    gone = Ear((topics[0], None))
    await Process.sleep(A_BLINK)
    told = [*one, twice, every]
    Process.exit(gone.pid, "kill")
    await Process.sleep(A_BLINK)
    await _announced(announce, topics, told, "1:0", "once to each of them")
    await _announced(announce, (*topics, *topics), told, None, "a topic that stands twice in the list")
    await _announced(announce, ("nobody follows this", *topics), told, ("goal", 2), "a topic without subscribers")
    await _announced(announce, ("nobody follows this",), [], "0:0", "a topic without subscribers")
    await _announced(announce, [], [], "0:0", "an empty list")
    expect("another topic was announced; what was heard under it?", other.said(), [], "who follows which topic")
    await _itself(announce, topics, told)
    for ear in (*told, other):
        Process.exit(ear.pid, "kill")
    await Process.sleep(A_BLINK)


_ONCE: Final = (
    "who is told already. Somebody who stands under two topics, or twice under one, is one process; and a message for "
    "each entry is one too many"
)


async def _announced(announce: Any, topics: Sequence[object], told: list[Ear], news: object, case: str) -> None:
    done = f"`announce` was called with {len(topics)} topics, for {len(told)} processes ({case})"
    since, before = so_far(), len(current_node().processes())
    returned = _plain(announce(list(topics), news), done)
    started = len(current_node().processes()) - before
    if started > 0:
        idea = f"who sends. {_ONLY_SEND[0].upper()}{_ONLY_SEND[1:]}. A process for each message is not needed"
        raise NotYet(done, f"{started} processes were started", "none", idea)
    await Process.sleep(A_BLINK)
    for ear in told:
        heard = ear.said()
        if not same(heard, [news]):
            idea = _ONCE if len(heard) > 1 else _told(heard[0]) if heard else "whom it sends to: all, under all topics"
            raise NotYet(f"{done}; one of them heard", safe_repr(heard), safe_repr([news]), idea)
        expect(f"{done}; did the caller send it?", bool(sent(ear.pid, since, by=self_())), True, _ONLY_SEND)
    idea = "what the function returns: the number of processes that were told, each counted once"
    if returned is None or returned == "ok":
        idea = "what the function gives back: is a `return` missing? `dispatch` itself always answers `ok`"
    expect(f"{done}; it returned", returned, len(told), idea)


async def _itself(announce: Any, topics: Sequence[object], told: list[Ear]) -> None:
    """The caller is subscribed too, and announces three times, the same news twice."""
    mine = Ear((topics[-1], None))
    done = "a process that follows one of the topics called `announce` three times"
    await Process.sleep(A_BLINK)
    for news in ("first", "second", "second"):
        returned = await mine.do(lambda news=news: _plain(announce(list(topics), news), done), done)  # type: ignore[misc]
        expect(f"{done}; it returned", returned, len(told) + 1, "who follows a topic: the caller may be one of them")
    await Process.sleep(A_BLINK)
    idea = "the order and the number of what is sent. The same news may come again"
    for ear in (*told, mine):
        expect(f"{done}; somebody heard", ear.said(), ["first", "second", "second"], idea)
    Process.exit(mine.pid, "kill")
    await Process.sleep(A_BLINK)


# ---- drill 2 ---------------------------------------------------------------------------------------------------

Events = list[tuple[Any, ...]]

_SHOWN: Final[list[tuple[Events, str]]] = [
    ([("subscribe", "ann", "final"), ("publish", "final", "1:0")], "whoever is subscribed hears what is published"),
    ([("publish", "final", "1:0"), ("subscribe", "ann", "final"), ("publish", "final", "2:0")],
     "when somebody has to be subscribed: before the news is published"),
    ([("subscribe", "ann", "final"), ("subscribe", "ben", "cup"), ("publish", "final", "1:0")],
     "which topic the news is published under"),
    ([("subscribe", "ann", "final"), ("subscribe", "ann", "final"), ("publish", "final", "1:0")],
     "what a second `register` under the same topic makes: a second entry"),
    ([("subscribe", "ann", "final"), ("subscribe", "ann", "final"), ("unsubscribe", "ann", "final"),
      ("publish", "final", "1:0")],
     "what `unregister` takes out: all entries of the process under that topic"),
    ([("subscribe", "ann", "final"), ("subscribe", "ann", "cup"), ("unsubscribe", "ann", "final"),
      ("publish", "cup", "1:0"), ("publish", "final", "2:0")], "which entries `unregister` leaves alone"),
    ([("subscribe", "ann", "final"), ("publish", "final", "1:0"), ("crash", "ann"), ("publish", "final", "2:0")],
     "what the next process has of the subscriptions of the old one: nothing"),
    ([("subscribe", "ann", "final"), ("crash", "ann"), ("subscribe", "ann", "final"), ("publish", "final", "1:0")],
     "what the next process does: it may subscribe anew"),
    ([("unsubscribe", "ann", "final"), ("crash", "ben"), ("publish", "final", "1:0")],
     "who stands in the dict: each name that occurs, also one that has heard nothing"),
    ([], "what is returned where nothing happens: an empty dict"),
]  # fmt: skip


async def heard(heard: Any, drawn: int = 8) -> None:
    """It agrees with a real registry on who hears what, also of double entries, of late ones and after a crash.

    Demands: a plain function; a dict from each name that occurs to the list of what it heard, in order; a double
    entry counts twice; ``unsubscribe`` takes out all entries of that name under that topic; a crash takes out all of
    that name; the events are left as they are.
    """
    await topics_start()
    cases: list[tuple[Events, str]] = list(_SHOWN)
    draw = random.Random(drawn)
    cases += [(_drawn(draw), "what the registry holds after each of the events") for _ in range(drawn)]
    for number, (events, idea) in enumerate(cases):
        told = "what your answer does with another case: it passed the first one, and not this one. And at "
        await _one_story(heard, events, told * (number > 0) + idea)


def _drawn(draw: random.Random) -> Events:
    """A dozen events of which nobody has thought."""
    events: Events = []
    for number in range(draw.randrange(8, 16)):
        who, topic = draw.choice(("ann", "ben", "eve")), draw.choice(("final", "cup"))
        events.append(
            draw.choice([
                ("subscribe", who, topic), ("subscribe", who, topic), ("unsubscribe", who, topic),
                ("publish", topic, number % 3), ("publish", topic, number), ("crash", who),
            ])
        )  # fmt: skip
    return events


async def _one_story(heard: Any, events: Events, idea: str) -> None:
    hoped = await _really(events)
    done = f"`heard` was called with {safe_repr(events)}"
    given = list(events)
    seen = _plain(heard(given), done)
    if seen is None:
        idea = "what the function gives back: is a `return` missing?"
    elif isinstance(seen, dict) and not same(sorted(map(str, seen)), sorted(hoped)):
        idea = "who stands in the dict: each name that occurs, also one that has heard nothing"
    expect(f"{done}; it returned", seen, hoped, idea)
    expect(f"{done}; the list of events is then", given, events, "whose list that is: the caller's")


async def _really(events: Events) -> dict[str, list[object]]:
    """What processes hear of it."""
    ears: dict[str, Ear] = {}
    found: dict[str, list[object]] = {}
    for event in events:
        match event:
            case ("publish", topic, news):
                publish(topic, news)
                await Process.sleep(A_BLINK)
                for who, ear in ears.items():
                    found[who] += ear.said()
                continue
            case ("crash", who):
                if who in ears:
                    Process.exit(ears[who].pid, "kill")
                    await Process.sleep(A_BLINK)
                ears[who] = Ear()
            case (what, who, topic):
                ear = ears.setdefault(who, Ear())
                act = Registry.register if what == "subscribe" else Registry.unregister
                await ear.do(lambda act=act, topic=topic: act("topics", topic), "")  # type: ignore[misc]
        found.setdefault(who, [])
    for ear in ears.values():
        Process.exit(ear.pid, "kill")
    await Process.sleep(A_BLINK)
    return found


# ---- drill 3 ---------------------------------------------------------------------------------------------------


async def feed(Feed: Any, topic: object = "Rovers-City") -> None:
    """It hears all from its start on and after a restart, each message once for each topic; "leave" and "follow" hold.

    Demands: subscribed when ``start_link`` returns; the answer "ok" to "follow" and "leave", also when they are made
    again or are about a topic that it does not follow; no entry twice; two messages with the same text are two; "heard"
    is a list in order; whoever starts it is not subscribed by that; stray messages change nothing; a restart begins
    with the first topic alone and an empty list; two feeds share nothing.
    """
    Process.flag(trap_exit=True)
    await topics_start()
    await with_other_numbers(_feed, ((Feed, topic), (Feed, ("team", 3)), (Feed, "final")))
    _at_its_start(Feed)


async def _feed(Feed: Any, topic: object) -> None:
    top = await _below(Feed, topic)
    publish(topic, ("news", "kick-off"))
    child = await _only_child(top)
    done = "the feed was started, and news was published at once"
    entered = [pid for pid, _ in Registry.lookup("topics", topic)]
    others = len([pid for pid in entered if pid is not child])
    expect(f"{done}; how many others are entered under its topic?", others, 0, _ITSELF)
    await _hears(child, ["kick-off"], done, _IN_INIT)
    texts = await _leaves(child, topic, await _follows(child, topic))
    other = await _below(Feed, "elsewhere")
    idea = "where the texts are: in the state of each"
    await _hears(await _only_child(other), [], "a second feed was started", idea)
    await _hears(child, texts, "a second feed was started, and the first one was asked", idea)
    Process.exit(child, "kill")
    await Process.sleep(A_BLINK)
    publish(topic, ("news", "after the restart"))
    publish("more", ("news", "not for the new one"))
    done = "the feed was killed, its supervisor started the next one, and news was published"
    await _hears(await _only_child(top), ["after the restart"], done, _IN_INIT)
    for pid in (top, other):
        await Supervisor.stop(pid)
        await receive(lambda m: True, timeout=0.0)


def _at_its_start(Feed: Any) -> None:
    async def scenario() -> Any:
        await topics_start()
        pid = await Feed.start_link("final")
        publish("final", ("news", "kick-off"))
        return await GenServer.call(pid, "heard")

    done = "the feed was started, and news was published as soon as `start_link` had returned; it has heard"
    expect_in_every_schedule(done, scenario, ["kick-off"], _IN_INIT, most=MOST)


async def _below(server: Any, argument: object) -> Pid:
    """A supervisor with the reader's server as its one child."""
    try:
        top = await Supervisor.start_link([(server, argument)], strategy="one_for_one")
    except StartError as error:
        raise not_started(error) from None
    assert top is not None
    return top


async def _only_child(top: Pid) -> Pid:
    [child] = await Supervisor.which_children(top)
    pid = child[1]
    if type(pid) is not Pid:
        raise NotYet("the server was started below a supervisor", safe_repr(pid), "a process", "what `init` returns")
    return pid


async def _ask(pid: Pid, request: object, done: str, timeout: float | None = 5.0) -> Any:
    """What a call gets; an exit says why."""
    try:
        return await GenServer.call(pid, request, timeout=timeout)
    except Exit as error:
        if not Process.alive(pid):
            _lives(pid, done, "the line that has raised it, and what the server is sent")
        seen, idea = f"no answer to {request!r}: {describe_reason(error.reason)}", "who answers the call, and when"
        raise NotYet(done, seen, "an answer", idea) from None


async def _hears(child: Pid, hoped: list[object], done: str, idea: str) -> None:
    seen = await _ask(child, "heard", f"{done}; `heard` was asked for")
    if isinstance(seen, list) and len(seen) > len(hoped):
        idea = f"{_EACH_ENTRY}. And at what a process knows at its start: nothing of the one before"
    expect(f"{done}; it has heard", seen, hoped, idea)


async def _follows(child: Pid, topic: object) -> list[object]:
    """It is told to follow what it follows already, and another topic twice, where somebody else is already."""
    somebody = Ear((topic, None), ("more", None))
    await Process.sleep(A_BLINK)
    for request in (("follow", topic), ("follow", "more"), ("follow", "more")):
        done = f"the call {request!r} was made"
        expect(f"{done}; its answer", await _ask(child, request, done), "ok", "what the call is answered by")
    Process.exit(somebody.pid, "kill")
    missing = {topic, "more"} - set(Registry.keys("topics", child))
    if missing:
        done = "it was told to follow two topics, under which somebody else was entered already"
        raise NotYet(done, f"it is not entered under {safe_repr(missing.pop())}", "an entry of its own", _OF_ITS_OWN)
    texts: list[object] = ["kick-off", "same", "same", "both", "both"]
    publish(topic, ("news", "same"))
    publish(topic, ("news", "same"))
    for followed in (topic, "more"):
        publish(followed, ("news", "both"))
    done = "it was told to follow two topics, each of them twice, and the same text came more than once"
    seen = await _ask(child, "heard", done)
    if isinstance(seen, list) and len(seen) < len(texts):
        idea = "what may be left out: nothing. Two goals may have the same text; what is double is an entry, not a text"
    elif isinstance(seen, list) and len(seen) == len(texts):
        idea = "the order of what `heard` is answered by: as it came"
    else:
        idea = f"{_EACH_ENTRY}. Can a process find out which topics it has?"
    expect(f"{done}; it has heard", seen, texts, idea)
    keys = Registry.keys("topics", child)
    expect(f"{done}; how many entries has it?", len(keys), 2, _EACH_ENTRY)
    return texts


async def _leaves(child: Pid, topic: object, texts: list[object]) -> list[object]:
    for stray in (*STRAYS, ("news", "a", "b")):
        send(child, stray)
    for request in (("leave", "never followed"), ("leave", topic), ("leave", topic)):
        done = f"the call {request!r} was made"
        expect(f"{done}; its answer", await _ask(child, request, done), "ok", "what the call is answered by")
    publish(topic, ("news", "nobody is there"))
    publish("more", ("news", None))
    done = "it was sent strays, left the first topic, and news came under both"
    await _hears(child, [*texts, None], done, "what `leave` takes back, and what becomes of other messages")
    expect("it left and followed again", await _ask(child, ("follow", topic), "it followed again"), "ok", _EACH_ENTRY)
    publish(topic, ("news", "back"))
    texts = [*texts, None, "back"]
    await _hears(child, texts, "it left a topic, and followed it again", _EACH_ENTRY)
    return texts


# ---- drill 4 ---------------------------------------------------------------------------------------------------


class Painter:
    """A slow function, and what it was given."""

    def __init__(self, seconds: float) -> None:
        self.seconds, self.running, self.most = seconds, 0, 0
        self.begun: list[object] = []
        self.done: list[object] = []

    def function(self) -> Callable[[object], Awaitable[None]]:
        """A plain ``async def`` that paints."""

        async def paint(score: object) -> None:
            self.begun.append(score)
            self.running += 1
            self.most = max(self.most, self.running)
            await Process.sleep(self.seconds)
            self.running -= 1
            self.done.append(score)

        return paint


_NO_SCORE: Final = ("score", "of another kind", 1)

_NEWEST: Final = (
    "which of the scores that wait is painted: the one that came last. Those before it are taken out of the mailbox "
    "and dropped"
)
_SELECTIVE: Final = (
    "what else may be in the mailbox. A `receive` without a test takes whatever comes first, a call too, and then "
    "nobody answers it"
)


async def wall(
    Wall: Any, scores: tuple[object, ...] = ("1:0", "2:0", "2:1", "3:1", "3:2"), seconds: float = 10.0
) -> None:
    """Of the scores that wait the newest alone is painted, the last one always, and calls between them are answered.

    Demands: subscribed to "final" when ``start`` returns; ``paint`` is awaited, one painting at a time; a score that
    comes alone is painted; of several that have come during a painting, the last is; a call gets the list of all that
    were painted, also if it stands between scores; stray messages change nothing; two walls share nothing.
    """
    await topics_start()
    cases = ((Wall, scores, seconds), (Wall, ("0:1", "0:2", "1:2"), 60.0), (Wall, (("a", 1), None, "timeout", 0), 1.0))
    await with_other_numbers(_wall, cases)


async def _wall(Wall: Any, scores: tuple[object, ...], seconds: float) -> None:
    painter = Painter(seconds)
    first, *between, last = scores
    pid = await _unlinked(Wall, painter.function())
    await _paints_one(pid, painter, "kick-off", seconds)
    step = seconds / (len(scores) + 3)
    publish("final", ("score", first))
    await Process.sleep(step)
    calls = [Ear() for _ in scores[1:]]
    answers: list[object] = []
    for ear, score in zip(calls, (*between, last), strict=True):
        publish("final", ("score", score))
        send(ear.pid, (_Do(lambda: _collect(pid, answers), "a wall was asked"), self_()))
        for stray in (*STRAYS[:3], _NO_SCORE):
            send(pid, stray)
        await Process.sleep(step)
    await let_pass(seconds * (len(scores) + 2))
    done = f"while it painted, {len(between) + 1} more scores came, with a call and strays between them"
    _lives(pid, done, _SELECTIVE)
    idea = "which messages your test lets through. A score is a pair; what is longer is another message"
    expect(f"{done}; how often was {_NO_SCORE!r} painted?", painter.begun.count(_NO_SCORE[1]), 0, idea)
    _painted(painter, ["kick-off", first, last], done, _NEWEST)
    if len(answers) != len(calls):
        lost = f"{len(calls) - len(answers)} of {len(calls)} calls were not answered"
        raise NotYet(done, lost, "an answer to each", _SELECTIVE)
    for answer in answers:
        idea = "what the call is answered by: a list of all that were painted, in their order"
        if not any(same(answer, painter.done[:n]) for n in range(1, 4)):
            raise NotYet(f"{done}; one of them was answered", safe_repr(answer), safe_repr(painter.done), idea)
    await _again(pid, painter, scores, seconds)
    for ear in calls:
        Process.exit(ear.pid, "kill")
    await _ends(pid)


async def _collect(pid: Pid, answers: list[object]) -> None:
    answers.append(await GenServer.call(pid, "painted", timeout=None))


def _lives(pid: Pid, done: str, idea: str) -> None:
    """See that a server lives; if it has ended by what a callback returned, that is said."""
    if Process.alive(pid):
        return
    reason = ended_with(pid)
    seen = f"the server has ended: {describe_reason(reason)}"
    match reason:
        case NotImplementedError():
            raise reason
        case ("bad_return_value", value):
            seen = f"the server has ended: a callback returned {safe_repr(value)}"
            idea = "the results of the callback: is a `return` missing, or is there a message without a `case`?"
    raise NotYet(done, seen, "it lives on", idea)


async def _unlinked(server: Any, argument: object) -> Pid:
    try:
        pid = await answered(server.start(argument), "the server was started")
    except StartError as error:
        raise not_started(error) from None
    if type(pid) is not Pid:
        raise NotYet("the server was started", safe_repr(pid), "a process", "what `init` returns: Ok(state)")
    return pid


async def _ends(pid: Pid) -> None:
    Process.exit(pid, "kill")
    await Process.sleep(A_BLINK)


async def _paints_one(pid: Pid, painter: Painter, score: object, seconds: float) -> None:
    done = "a score was published under 'final', and time passed"
    seen = await _ask(pid, "painted", "the wall was asked before any score")
    expect("the wall was asked before any score", seen, [], "what it knows at its start")
    publish("final", ("score", score))
    await let_pass(seconds + A_BLINK)
    if not painter.begun:
        if not Registry.keys("topics", pid):
            raise NotYet(done, "it has no entry in the registry", "an entry under 'final'", _ITSELF)
        idea = "what becomes of a score that comes alone, and whether `paint` is awaited"
        _lives(pid, done, idea)
        raise NotYet(done, "nothing was painted", safe_repr([score]), idea)
    _lives(pid, done, "how long a painting may take: up to a minute. Who gives up sooner, and ends the server?")
    _painted(painter, [score], done, "how often a score is painted, and whether `paint` is awaited to its end")
    seen = await _ask(pid, "painted", f"{done}; it was asked", timeout=seconds + 5.0)
    expect(f"{done}; it was asked what it has painted", seen, [score], "what the call is answered by")


def _painted(painter: Painter, hoped: list[object], done: str, idea: str) -> None:
    if painter.most > 1:
        raise NotYet(done, f"{painter.most} paintings ran at once", "one at a time", "who waits for `paint`")
    if painter.begun and not same(painter.begun[-1], hoped[-1]):
        idea = "which score may be dropped: never the last one. Whoever drops what comes while it is busy drops that"
    expect(f"{done}; painted were", painter.begun, hoped, idea)
    expect(
        f"{done}; painted to the end were",
        painter.done,
        hoped,
        "whether `paint` is awaited to its end, and when it began",
    )


async def _again(pid: Pid, painter: Painter, scores: tuple[object, ...], seconds: float) -> None:
    """An hour later it is as before."""
    await let_pass(3600.0)
    before = list(painter.begun)
    publish("final", ("score", scores[-1]))
    await let_pass(seconds + A_BLINK)
    done = "an hour later the last score was published once more"
    _painted(painter, [*before, scores[-1]], done, "what a score is: the same one may come again")
    seen = await _ask(pid, "painted", f"{done}; it was asked", timeout=seconds + 5.0)
    expect(f"{done}; it was asked what it has painted", seen, painter.done, "what the call is answered by")


# ---- repair 1 --------------------------------------------------------------------------------------------------

_WORDS: Final = {"en": "goal", "de": "Tor", "fr": "but"}


async def goals(MendedGoals: Any, words: dict[str, str] | None = None) -> None:
    """Each entry is sent its word at once and in order, whoever sleeps, has ended, or speaks whatever it likes.

    Demands: the server "goals" itself sends, a plain message for each entry, and starts no process; nobody is waited
    for; any value without a word, also one that cannot be a key, gets the word of "en"; subscribers that sleep or have
    ended cost nobody anything; other topics hear nothing; other casts change nothing; the server lives.
    """
    Process.flag(trap_exit=True)
    await topics_start()
    cases = (
        (MendedGoals, words or _WORDS),
        (MendedGoals, {"en": "point", "it": "punto"}),
        (MendedGoals, {"en": "run", "mute": ""}),
    )
    await with_other_numbers(_goals, cases)


async def _goals(MendedGoals: Any, words: dict[str, str]) -> None:
    try:
        pid = await answered(MendedGoals.start_link(words), "the server was started")
    except StartError as error:
        raise not_started(error) from None
    expect('the server was started; is its name "goals"?', pid is Process.whereis("goals"), True, "what starts it")
    values: list[Any] = [*words, "xx", None, ["en"], {"de": 1}, ("en", ["de"]), 7, *words]
    sleeper = await _unlinked(_Sleeper, "final")
    ears = [Ear(("final", value)) for value in values]
    twice, other, victim = Ear(("final", "en"), ("final", "en")), Ear(("cup", "en")), Ear(("final", "en"))
    await Process.sleep(A_BLINK)
    hoped = [words[value] if isinstance(value, str) and value in words else words["en"] for value in values]
    await _one_goal(pid, [*zip(ears, hoped, values, strict=True), (victim, words["en"], "en")])
    twice.said()
    Process.exit(victim.pid, "kill")
    for other_cast in (("goals", "final"), "final", None, ("goal",), ("goal", "final", "again")):
        GenServer.cast(pid, other_cast)
    await Process.sleep(A_BLINK)
    done = "casts of another form were made"
    _lives(pid, done, "the last case of `handle_cast`")
    expect(f"{done}; somebody heard", ears[0].said(), [], "which casts are a goal: pairs with that word in front")
    await _one_goal(pid, list(zip(ears, hoped, values, strict=True)))
    heard = twice.said()
    expect("somebody is entered twice; it heard", heard, [words["en"]] * 2, "what is sent for each entry: one message")
    expect("a goal was cast for 'final'; under 'cup' was heard", other.said(), [], "which topic the cast names")
    await _dying(pid, words)
    for each in (*ears, twice, other):
        Process.exit(each.pid, "kill")
    Process.unlink(pid)
    await _ends(sleeper)
    await _ends(pid)


class _Sleeper(GenServer):
    """A subscriber that is busy for an hour as soon as it hears anything."""

    def init(self, topic: object) -> Any:
        Registry.register("topics", topic, "en")
        return Ok(topic)

    async def handle_call(self, request: object, from_: object, topic: object) -> Any:
        await Process.sleep(3600.0)
        return Reply("heard", topic)

    async def handle_info(self, message: object, topic: object) -> Any:
        await Process.sleep(3600.0)
        return NoReply(topic)


async def _one_goal(pid: Pid, told: list[tuple[Ear, object, object]]) -> None:
    since, before = so_far(), set(current_node().processes())
    GenServer.cast(pid, ("goal", "final"))
    await Process.sleep(A_BLINK)
    started = [each for each in current_node().processes() if each not in before]
    done = "a goal was cast, while one subscriber sleeps"
    _lives(pid, done, _FAILS)
    if started:
        idea = f"{_ONLY_SEND}. A process for each subscriber is not needed, and keeps no order"
        raise NotYet(done, f"{len(started)} processes were started", "the server itself sends", idea)
    for ear, word, value in told:
        heard = ear.said()
        if not same(heard, [word]):
            seen = f"{safe_repr(heard)} at the one whose value is {safe_repr(value)}"
            idea = _told(heard[0]) if heard else f"who holds up whom. And at {_ONLY_SEND}"
            if heard and not isinstance(heard[0], tuple):
                idea = "which word belongs to a value, and how often each entry is told: once"
            raise NotYet(done, seen, safe_repr([word]), idea)
        expect(f"{done}; does the server itself send?", bool(sent(ear.pid, since, by=pid)), True, _ONLY_SEND)
    calls = [event for ear, _, _ in told for event in sent(ear.pid, since) if is_of(event, CALL)]
    expect(f"{done}; how many calls were made?", len(calls), 0, _ONLY_SEND)


_FAILS: Final = (
    "whose trouble an error in the loop is: the publisher's. A value may be anything, also what cannot be looked up in "
    "a dict, and a subscriber may be gone"
)


async def _dying(pid: Pid, words: dict[str, str]) -> None:
    """Many goals at the same moment, while subscribers end."""
    witness, victims = Ear(("final", "en")), [Ear(("final", "en")) for _ in range(5)]
    await Process.sleep(A_BLINK)
    for victim in victims:
        GenServer.cast(pid, ("goal", "final"))
        Process.exit(victim.pid, "kill")
    await Process.sleep(A_BLINK)
    done = "five goals were cast while five subscribers were killed"
    _lives(pid, done, _FAILS)
    expect(f"{done}; another one heard", witness.said(), [words["en"]] * 5, _ONLY_SEND)
    Process.exit(witness.pid, "kill")
    await Process.sleep(A_BLINK)


# ---- repair 2 --------------------------------------------------------------------------------------------------


class Office(GenServer):
    """Has the newest score, publishes each, and counts who asks."""

    def init(self, newest: Any) -> Any:
        return Ok((newest, 0))

    def handle_call(self, request: object, from_: object, state: Any) -> Any:
        newest, asked = state
        match request:
            case "newest":
                return Reply(newest, (newest, asked + 1))
            case "asked":
                return Reply(asked, state)
        return NoReply(state)

    def handle_cast(self, request: Any, state: Any) -> Any:
        (number, _), asked = state
        newest = number + 1, request
        publish("final", ("score", *newest))
        return NoReply((newest, asked))


_NEVER_BACK: Final = (
    "what makes one message newer than another: its number, and not the moment in which it comes. A message that was "
    "sent before the answer may be read after it"
)


async def follower(MendedFollower: Any, goals: int = 3) -> None:
    """Its score is the newest that it was told of, in every order in which a start and goals can meet.

    Demands: the score is right as soon as ``start_link`` has returned; a goal that falls at the same moment is never
    missed and never makes the score go back, in every order of steps; the server is asked once, at the start; older
    numbers, the same number again, and stray messages change nothing; any value is a score; two followers share
    nothing.
    """
    Process.flag(trap_exit=True)
    await topics_start()
    await with_other_numbers(_follower, ((MendedFollower, goals), (MendedFollower, 1), (MendedFollower, 7)))
    _at_the_same_moment(MendedFollower)


async def _follower(MendedFollower: Any, goals: int) -> None:
    office = await Office.start((goals, f"{goals}:0"), name="office")
    assert office is not None
    top = await _below(MendedFollower, "office")
    pid = await _only_child(top)
    await _shows(pid, f"{goals}:0", f"{goals} goals had fallen, and the follower was started", "what it asks for")
    expect(
        "it was started; is whoever started it entered under a topic?", Registry.keys("topics", self_()), [], _ITSELF
    )
    for number in range(1, goals + 1):
        GenServer.cast("office", f"{goals}:{number}")
        await Process.sleep(A_BLINK)
        idea = _GAP if Registry.keys("topics", pid) else _ITSELF
        await _shows(pid, f"{goals}:{number}", "one more goal was published", idea)
    asked = await GenServer.call("office", "asked")
    idea = "where it knows the score from: the news brings it. Whoever asks each time needs no subscription"
    expect("many goals later; how often was the server asked?", asked, 1, idea)
    last = f"{goals}:{goals}"
    for old in (1, goals, 2 * goals, 2 * goals - 1):
        publish("final", ("score", old, "an old score"))
        await _shows(pid, last, f"a message with the number {old} came again, after number {2 * goals}", _NEVER_BACK)
    for stray in (*STRAYS, ("score", 1000), ("goal", 1000, "9:9")):
        send(pid, stray)
    await _shows(pid, last, "stray messages came", "the last case of `handle_info`")
    publish("final", ("score", 2 * goals + 5, None))
    await _shows(pid, None, f"a score came whose number is {2 * goals + 5}, and the score None", _NEVER_BACK)
    entries = len(Registry.keys("topics", pid))
    expect("many goals later; how many entries has the follower?", entries, 1, _EACH_ENTRY)
    await Supervisor.stop(top)
    await _ends(office)
    await receive(lambda m: True, timeout=0.0)


async def _shows(pid: Pid, hoped: object, done: str, idea: str) -> None:
    expect(f"{done}; the score is", await _ask(pid, "score", done), hoped, idea)


def _at_the_same_moment(MendedFollower: Any) -> None:
    async def starts(home: Pid) -> None:
        send(home, await MendedFollower.start_link("office"))
        await receive()

    async def with_a_goal() -> Any:
        await topics_start()
        await Office.start((0, "goal 0"), name="office")
        spawn(starts, self_())
        GenServer.cast("office", "goal 1")
        pid = await receive()
        await GenServer.call("office", "newest")
        return await GenServer.call(pid, "score")

    done = "a goal fell while the follower was started; when it had been published, the follower was asked"
    expect_in_every_schedule(done, with_a_goal, "goal 1", _GAP, most=MOST)


# ---- design ----------------------------------------------------------------------------------------------------

_OF_ONE: Final = (
    "which process gives a number and which one sends it. If another report can come between the two, the greater "
    "number may be heard first"
)
_TEAMS: Final = "who follows which team, and that one match is one message, though both teams be followed"
_MEMORY: Final = (
    "what followers remember of the ticker: the last number. If what gives the numbers begins anew, whoever remembers "
    "must begin anew too"
)


async def ticker(Ticker: Any, teams: tuple[str, str, str] = ("Rovers", "City", "United")) -> None:
    """Each report reaches each follower once and in order, nothing is missed at the start, and any part may be killed.

    Demands: a supervisor "ticker"; numbers from 1 on; one message for each report to whoever follows one of its teams
    or both; ``follow`` returns the newest report of the team or None, and nothing is missed in every order of steps;
    followed twice is followed once; ``leave`` is "ok", and is about one team; the numbers grow for everybody, in every
    order in which two report; slow and dead followers cost nothing; after a kill of any process below, reports work
    again, and whoever lives on hears greater numbers; a ticker that was stopped remembers nothing.
    """
    Process.flag(trap_exit=True)
    cases = ((Ticker, *teams), (Ticker, "Ajax", "Benfica", "Celtic"))
    await with_other_numbers(_ticker, cases)
    _meet(Ticker)


async def _ticker_starts(Ticker: Any) -> Pid:
    try:
        root: Pid = await answered(Ticker.start_link(), "`Ticker` was started")
    except StartError as error:
        raise not_started(error) from None
    idea = "the name of the supervisor"
    expect('`Ticker` was started; is its name "ticker"?', root is Process.whereis("ticker"), True, idea)
    return root


async def _ticker(Ticker: Any, one: str, two: str, three: str) -> None:
    root = await _ticker_starts(Ticker)
    await _stories(Ticker, one, two, three)
    await _slow_and_dead(Ticker, one, two)
    await _killed(Ticker, root, one, two)
    await Supervisor.stop(root)
    await Process.sleep(A_BLINK)
    root = await _ticker_starts(Ticker)
    ear = Ear()
    idea = "where it is remembered: in the processes below. A global of Python, or one of a class, outlives them"
    done = "the ticker was stopped and started again"
    expect(f"{done}; `follow` returned", await _follow(Ticker, ear, one, done), None, idea)
    expect(f"{done}; the first report", await _report(Ticker, one, two, "1:0", done), 1, idea)
    Process.exit(ear.pid, "kill")
    await Process.sleep(A_BLINK)
    await Supervisor.stop(root)
    while await receive(lambda m: True, timeout=0.0) != "timeout":
        pass


async def _follow(Ticker: Any, ear: Ear, team: str, done: str) -> Any:
    return await ear.do(lambda: Ticker.follow(team), f"{done}; somebody follows {team}")


async def _report(Ticker: Any, home: str, away: str, score: str, done: str) -> Any:
    began, before = now(), Ear()
    number = await before.do(lambda: Ticker.report(home, away, score), f"{done}; `report` was called")
    if now() - began > A_BLINK:
        raise NotYet(f"{done}; `report` was called", f"it took {now() - began:g} s", "no wait", _ONLY_SEND)
    Process.exit(before.pid, "kill")
    await Process.sleep(A_BLINK)
    return number


async def _heard(ear: Ear, hoped: Sequence[object], done: str, idea: str) -> None:
    heard = ear.said()
    if len(heard) < len(hoped) and not Process.alive(ear.pid):
        raise NotYet(done, "the follower has ended", "it lives on", "to whom a follower is linked, and what has ended")
    if heard and isinstance(heard[0], tuple) and heard[0][:1] in ((CALL,), (CAST,)):
        idea = _told(heard[0])
    expect(f"{done}; a follower heard", heard, list(hoped), idea)


async def _stories(Ticker: Any, one: str, two: str, three: str) -> None:
    both, away, other = Ear(), Ear(), Ear()
    begin = "nothing was reported yet"
    for ear, team in ((both, one), (both, two), (away, two), (other, three)):
        idea = "what `follow` returns before any report of the team: None"
        expect(f"{begin}; `follow` returned", await _follow(Ticker, ear, team, begin), None, idea)
    idea = "what `report` returns: the number of the report, counted over all matches"
    done = f"{one} against {two} was reported"
    expect(f"{done}; it returned", await _report(Ticker, one, two, "1:0", done), 1, idea)
    first: tuple[Any, ...] = (1, one, two, "1:0")
    for ear, hoped in ((both, [("score", *first)]), (away, [("score", *first)]), (other, [])):
        await _heard(ear, hoped, f"{done}; one follows both teams, one {two}, one {three}", _TEAMS)
    done = f"then {three} against {one}"
    expect(f"{done}; it returned", await _report(Ticker, three, one, "0:0", done), 2, idea)
    second: tuple[Any, ...] = (2, three, one, "0:0")
    for ear, hoped in ((both, [("score", *second)]), (away, []), (other, [("score", *second)])):
        await _heard(ear, hoped, done, _TEAMS)
    late, again = Ear(), "somebody came late"
    idea = "what `follow` returns: the newest report in which the team played, at home or away"
    for team, newest in ((one, second), (two, first), (three, second)):
        expect(f"{again}; `follow` of {team} returned", await _follow(Ticker, late, team, again), newest, idea)
    await _leave_and_follow(Ticker, late, (one, two, three), second)
    for ear in (both, away, other, late):
        Process.exit(ear.pid, "kill")
    await Process.sleep(A_BLINK)


async def _leave_and_follow(Ticker: Any, late: Ear, teams: tuple[str, str, str], second: tuple[Any, ...]) -> None:
    """Somebody who follows all three teams follows one again, and leaves two."""
    one, two, three = teams
    seen = await _follow(Ticker, late, one, "the same process follows the team again")
    expect(f"the same process followed {one} again; it returned", seen, second, "what `follow` returns each time")
    done = f"somebody has followed {one} twice"
    await _report(Ticker, one, one + " II", "5:0", done)
    await _heard(late, [("score", 3, one, one + " II", "5:0")], done, _EACH_ENTRY)
    for team in (one, one, "a team that nobody follows"):
        done = f"`leave` was called for {team!r}"
        expect(f"{done}; it returned", await late.do(lambda t=team: Ticker.leave(t), done), "ok", "what it returns")  # type: ignore[misc]
    done = f"it left {one}, and follows {two} and {three}"
    await _report(Ticker, one, one + " II", "6:0", done)
    await _heard(late, [], done, "what `leave` takes back: all that `follow` has entered for that team")
    await _report(Ticker, one, two, "2:0", done)
    await _heard(late, [("score", 5, one, two, "2:0")], done, "what `leave` takes back: that team, and no other one")
    done = f"it left {one}, and followed it again"
    seen = await _follow(Ticker, late, one, done)
    expect(f"{done}; `follow` returned", seen, (5, one, two, "2:0"), "what `follow` returns each time")
    await _report(Ticker, one, one + " II", "7:0", done)
    idea = "what is left of a `leave`: nothing. Whoever has left may come back"
    await _heard(late, [("score", 6, one, one + " II", "7:0")], done, idea)


async def _slow_and_dead(Ticker: Any, one: str, two: str) -> None:
    good, dead = Ear(), Ear()
    done = "one follower was suspended, and another one killed"
    slow = await _unlinked(_SlowFollower, (Ticker, one))
    for ear in (dead, good):
        await _follow(Ticker, ear, one, done)
    await sys_.suspend(slow)
    Process.exit(dead.pid, "kill")
    number = await _report(Ticker, one, two, "3:0", done)
    await _heard(good, [("score", number, one, two, "3:0")], done, _ONLY_SEND)
    Process.exit(good.pid, "kill")
    await _ends(slow)


class _SlowFollower(GenServer):
    """A follower that is a server, and can be suspended."""

    async def init(self, given: Any) -> Any:
        Ticker, team = given
        await answered(Ticker.follow(team), "a server follows a team in its `init`")
        return Ok(None)

    def handle_info(self, message: object, state: Any) -> Any:
        return NoReply(state)


async def _below_all(root: Pid) -> list[Pid]:
    """All processes below a supervisor."""
    found: list[Pid] = []
    for child in await Supervisor.which_children(root):
        pid, kind, modules = child[1], child[2], child[3]
        if type(pid) is not Pid:
            continue
        found.append(pid)
        plain = any(isinstance(m, type) and issubclass(m, Supervisor | DynamicSupervisor) for m in modules or ())
        if kind == "supervisor" and plain:
            found += await _below_all(pid)
    return found


async def _killed(Ticker: Any, root: Pid, one: str, two: str) -> None:
    """Each process below is killed once, long after the one before, while two follow."""
    parts = await _below_all(root)
    expect("`Ticker` was started; are there processes below it?", bool(parts), True, "what a supervisor is for")
    for number in range(len(parts)):
        await let_pass(60.0)
        parts = await _below_all(root)
        if number >= len(parts):
            break
        await _one_killed(Ticker, root, (one, two), parts[number])


async def _one_killed(Ticker: Any, root: Pid, teams: tuple[str, str], victim: Pid) -> None:
    one, two = teams
    early, silent = Ear(), Ear()
    name = (Process.info(victim) or {}).get("registered_name") or "a process"
    done = f"{name} below the ticker was killed, and a match was reported"
    await _follow(Ticker, early, one, done)
    await _follow(Ticker, silent, two, done)
    before = 0
    for score in ("1:0", "2:0"):
        before = await _report(Ticker, one, two, score, done)
    early.said(), silent.said()
    Process.exit(victim, "kill")
    await Process.sleep(1.0)
    if not Process.alive(root):
        idea = "how many restarts one kill costs. All who are entered in a registry end with it; which strategy counts?"
        raise NotYet(done, "the ticker has given up", "it lives on", idea)
    number = await _report(Ticker, one, two, "3:0", done)
    for ear in (early, silent):
        if not Process.alive(ear.pid):
            continue
        heard = ear.said()
        if not heard:
            seen = "a follower lives, and has heard nothing"
            idea = f"what the subscription of a follower hangs on. {_MEMORY[0].upper()}{_MEMORY[1:]}"
            raise NotYet(done, seen, "it hears of it, or it has ended", idea)
        if number <= before:
            seen = f"the report has number {number}, and a follower lives that has heard number {before}"
            raise NotYet(done, seen, "a greater number, or no follower of before", _MEMORY)
        expect(f"{done}; a follower heard", heard, [("score", number, one, two, "3:0")], _TEAMS)
    for ear in (early, silent):
        Process.exit(ear.pid, "kill")
    await Process.sleep(A_BLINK)


async def _reports(Ticker: Any, home: str) -> None:
    await answered(Ticker.report(home, "away", "1:0"), "`report` was called")


async def _numbers(many: int) -> list[Any]:
    """The numbers of so many messages, in the order in which they come."""
    found = []
    for _ in range(many):
        came = await receive(timeout=1.0)
        found.append(came[1] if isinstance(came, tuple) and len(came) == 5 else came)
    return found


def _meet(Ticker: Any) -> None:
    async def follows_meanwhile() -> Any:
        await Ticker.start_link()
        spawn(_reports, Ticker, "Rovers")
        newest = await Ticker.follow("Rovers")
        if newest is not None:
            return newest[0]
        return (await _numbers(1))[0]

    async def two_reports() -> Any:
        await Ticker.start_link()
        await Ticker.follow("away")
        for home in ("one", "two"):
            spawn(_reports, Ticker, home)
        return tuple(await _numbers(2))

    done = "a match was reported while somebody followed the team; the number it knows of then"
    expect_in_every_schedule(done, follows_meanwhile, 1, _GAP, most=MOST)
    done = "two matches were reported at the same moment; a follower of both heard the numbers"
    expect_in_every_schedule(done, two_reports, (1, 2), _OF_ONE, most=MOST)


__all__ = ["announce", "feed", "follower", "goals", "heard", "ticker", "wall"]

"""Attacks on the checks of chapter 14, pub/sub."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, ClassVar

from attacks import Table

from otp_mini import (
    Agent,
    ChildSpec,
    Continue,
    Exit,
    GenServer,
    NoReply,
    Ok,
    Process,
    Registry,
    Reply,
    Supervise,
    Supervisor,
    Task,
    ets,
    receive,
    self_,
    send,
    spawn,
)
from otp_mini.exercises import pubsub as ex

table = Table()
lookup, register, unregister, dispatch = Registry.lookup, Registry.register, Registry.unregister, Registry.dispatch


def followers(registry: str, topics: Any) -> Any:
    """The processes under some topics, each once, in the order of their entries."""
    return list(dict.fromkeys(pid for topic in topics for pid, _ in lookup(registry, topic)))


# ---- drill 1: announce ------------------------------------------------------------------------------------------


def announce_by_dispatch(topics: Any, news: Any) -> int:
    told: list[Any] = []

    def tell(entries: Any) -> None:
        for pid, _ in entries:
            if pid not in told:
                told.append(pid)
                send(pid, news)

    for topic in topics:
        dispatch("topics", topic, tell)
    return len(told)


def announce_by_select(topics: Any, news: Any) -> int:
    keys = [repr(topic) for topic in topics]
    entries = Registry.select("topics", (ets.Var(1), ets.Var(2), ets.ANY))
    told = {pid for key, pid, _ in entries if repr(key) in keys}
    return len([send(pid, news) for pid in told])


def announce_by_keys(topics: Any, news: Any) -> int:
    """Asks each process for its keys, and looks whether an earlier topic has told it."""
    count = 0
    for number, topic in enumerate(topics):
        for pid in followers("topics", [topic]):
            if not any(topic in topics[:number] for topic in Registry.keys("topics", pid)):
                send(pid, news)
                count += 1
    return count


def announce_entries(topics: Any, news: Any) -> int:
    count = 0
    for topic in topics:
        for pid, _ in lookup("topics", topic):
            send(pid, news)
            count += 1
    return count


def announce_per_topic(topics: Any, news: Any) -> int:
    """Each topic once for each process."""
    return sum(len([send(pid, news) for pid in followers("topics", [topic])]) for topic in topics)


def announce_silently(topics: Any, news: Any) -> None:
    for pid in followers("topics", topics):
        send(pid, news)


def announce_ok(topics: Any, news: Any) -> Any:
    told: set[Any] = set()

    def tell(entries: Any) -> None:
        for pid, _ in entries:
            if pid not in told:
                told.add(pid)
                send(pid, news)

    answer = "ok"
    for topic in topics:
        answer = dispatch("topics", topic, tell)
    return answer


def announce_by_cast(topics: Any, news: Any) -> int:
    return len([GenServer.cast(pid, news) for pid in followers("topics", topics)])


def announce_by_process(topics: Any, news: Any) -> int:
    return len([spawn(send, pid, news) for pid in followers("topics", topics)])


async def announce_async(topics: Any, news: Any) -> int:
    return announce_by_dispatch(topics, news)


def announce_async_dispatch(topics: Any, news: Any) -> int:
    async def tell(entries: Any) -> None:
        for pid, _ in entries:
            send(pid, news)

    for topic in topics:
        dispatch("topics", topic, tell)
    return len(topics)


def announce_unique(topics: Any, news: Any) -> int:
    """Knows registries with unique keys: at most one stands under each."""
    found = dict.fromkeys(lookup("topics", topic)[0][0] for topic in topics if lookup("topics", topic))
    return len([send(pid, news) for pid in found])


def announce_to_all_topics(topics: Any, news: Any) -> int:
    """Only to those who follow every topic."""
    groups = [set(followers("topics", [topic])) for topic in topics]
    found = set.intersection(*groups) if groups else set()
    return len([send(pid, news) for pid in found])


def announce_to_others(topics: Any, news: Any) -> int:
    return len([send(pid, news) for pid in followers("topics", topics) if pid is not self_()])


def announce_counts_twice(topics: Any, news: Any) -> int:
    announce_by_dispatch(topics, news)
    return sum(len(lookup("topics", topic)) for topic in topics)


def announce_five(topics: Any, news: Any) -> int:
    announce_by_dispatch([*topics][:2], news)
    return 5


LAST: dict[Any, Any] = {}


def announce_changes(topics: Any, news: Any) -> int:
    """Sends what is new to each."""
    told = followers("topics", topics)
    for pid in told:
        if LAST.get(pid) != news:
            send(pid, news)
        LAST[pid] = news
    return len(told)


table.right(ex.announce, "sends in dispatch and remembers whom", announce_by_dispatch)
table.right(ex.announce, "selects from all entries", announce_by_select)
table.right(ex.announce, "asks each process for its keys", announce_by_keys)
table.wrong(ex.announce, "sends one for each entry", announce_entries, "a message for each entry is one too many")
table.wrong(ex.announce, "sends one for each topic", announce_per_topic, "Somebody who stands under two topics")
table.wrong(ex.announce, "forgets the return", announce_silently, "is a `return` missing")
table.wrong(ex.announce, "returns what dispatch answers", announce_ok, "`dispatch` itself always answers `ok`")
table.wrong(ex.announce, "casts", announce_by_cast, "A call or a cast is for a server")
table.wrong(ex.announce, "starts a process for each message", announce_by_process, "processes were started")
table.wrong(ex.announce, "is an async def", announce_async, "the word before `def`")
table.wrong(ex.announce, "dispatches an async def", announce_async_dispatch, "an async def", "nobody would run it")
table.wrong(ex.announce, "takes one for each topic", announce_unique, "whom it sends to: all")
table.wrong(ex.announce, "asks for all topics", announce_to_all_topics, "whom it sends to: all, under all topics")
table.wrong(ex.announce, "leaves the caller out", announce_to_others, "the caller may be one of them")
table.wrong(ex.announce, "counts the entries", announce_counts_twice, "each counted once")
table.wrong(ex.announce, "sends the same news once", announce_changes, "The same news may come again")
table.hard_coded(ex.announce, "knows that there are five", announce_five, "topic without subscribers")

# ---- drill 2: heard ---------------------------------------------------------------------------------------------


def heard_by(
    again: bool = True, one_out: bool = False, all_out: bool = False, crash: str = "all", names: str = "all"
) -> Any:
    """Who hears what, with one thing or another that its author believed."""

    def heard(events: Any) -> Any:
        entries: list[Any] = []
        news: dict[Any, Any] = {}
        for event in events:
            match event:
                case ("publish", topic, text):
                    for who, followed in entries:
                        if followed == topic:
                            news.setdefault(who, []).append(text)
                    continue
                case ("subscribe", who, topic):
                    if again or (who, topic) not in entries:
                        entries.append((who, topic))
                case ("unsubscribe", who, topic):
                    if one_out and (who, topic) in entries:
                        entries.remove((who, topic))
                    elif all_out:
                        entries = [e for e in entries if e[0] != who]
                    elif not one_out:
                        entries = [e for e in entries if e != (who, topic)]
                case ("crash", who):
                    if crash == "all":
                        entries = [e for e in entries if e[0] != who]
                    if crash == "forgets":
                        entries = [e for e in entries if e[0] != who]
                        news[who] = []
            if names == "all":
                news.setdefault(event[1], [])
        return news

    return heard


def heard_by_counts(events: Any) -> Any:
    """Counts the entries of each pair."""
    counts: dict[Any, int] = {}
    news: dict[Any, list[Any]] = {event[1]: [] for event in events if event[0] != "publish"}
    for what, *rest in events:
        if what == "crash":
            counts = {pair: n for pair, n in counts.items() if pair[0] != rest[0]}
        elif what == "publish":
            for (who, topic), n in counts.items():
                news[who] += [rest[1]] * (n if topic == rest[0] else 0)
        else:
            pair = (rest[0], rest[1])
            counts[pair] = counts.get(pair, 0) + 1 if what == "subscribe" else 0
    return news


def heard_by_looking_back(events: Any) -> Any:
    """For each news goes back through what was before."""
    found: dict[Any, list[Any]] = {event[1]: [] for event in events if event[0] != "publish"}
    for number, event in enumerate(events):
        if event[0] == "publish":
            for who in found:
                n = 0
                for earlier in events[:number]:
                    if earlier == ("subscribe", who, event[1]):
                        n += 1
                    if earlier in (("unsubscribe", who, event[1]), ("crash", who)):
                        n = 0
                found[who] += [event[2]] * n
    return found


def heard_late(events: Any) -> Any:
    """Whoever is ever subscribed hears everything."""
    found: dict[Any, list[Any]] = {event[1]: [] for event in events if event[0] != "publish"}
    for event in events:
        if event[0] == "subscribe":
            found[event[1]] += [text for what, topic, *text in events if what == "publish" and topic == event[2]]
    return {who: [text[0] for text in texts] for who, texts in found.items()}


def heard_any_topic(events: Any) -> Any:
    return heard_by()([(e[0], e[1], "x") if "subscribe" in e[0] else (e[0], "x", *e[2:]) if e[0] == "publish" else e
                       for e in events])  # fmt: skip


def heard_backwards(events: Any) -> Any:
    return {who: texts[::-1] for who, texts in heard_by()(events).items()}


def heard_and_eaten(events: Any) -> Any:
    found = heard_by()(list(events))
    events.clear()
    return found


def heard_silently(events: Any) -> None:
    heard_by()(events)


async def heard_async(events: Any) -> Any:
    return heard_by()(events)


def heard_known(events: Any) -> Any:
    return {"ann": ["1:0"]}


def heard_if_true(events: Any) -> Any:
    """Takes 0 for no news."""
    return heard_by()([event for event in events if event[0] != "publish" or event[2]])


table.right(ex.heard, "counts the entries of each pair", heard_by_counts)
table.right(ex.heard, "goes back at each publishing", heard_by_looking_back)
table.right(ex.heard, "keeps a list of pairs", heard_by())
table.wrong(ex.heard, "thinks of a set", heard_by(again=False), "a second entry")
table.wrong(ex.heard, "takes one entry out", heard_by(one_out=True), "all entries of the process under that topic")
table.wrong(ex.heard, "takes all topics out", heard_by(all_out=True), "which entries `unregister` leaves alone")
table.wrong(ex.heard, "keeps the entries over a crash", heard_by(crash="none"), "what the next process has")
table.wrong(ex.heard, "forgets what was heard before a crash", heard_by(crash="forgets"), "what the next process has")
table.wrong(ex.heard, "leaves out who has heard nothing", heard_by(names="few"), "each name that occurs")
table.wrong(ex.heard, "thinks that late ones hear it too", heard_late, "before the news is published")
table.wrong(ex.heard, "takes no notice of topics", heard_any_topic, "which topic the news is published under")
table.wrong(ex.heard, "turns the order round", heard_backwards, "what the registry holds")
table.wrong(ex.heard, "empties the list of events", heard_and_eaten, "whose list that is")
table.wrong(ex.heard, "forgets the return", heard_silently, "is a `return` missing")
table.wrong(ex.heard, "is an async def", heard_async, "the word before `def`")
table.wrong(ex.heard, "takes 0 for no news", heard_if_true, "what the registry holds")
table.hard_coded(ex.heard, "knows the first story", heard_known, "it passed the first one")

# ---- drill 3: feed ----------------------------------------------------------------------------------------------


class Feed(GenServer):
    def init(self, topic: Any) -> Any:
        register("topics", topic)
        return Ok([])

    def follow(self, topic: Any) -> None:
        if topic not in Registry.keys("topics", self_()):
            register("topics", topic)

    def leave(self, topic: Any) -> None:
        unregister("topics", topic)

    def handle_call(self, request: Any, from_: Any, texts: Any) -> Any:
        match request:
            case ("follow", topic):
                self.follow(topic)
                return Reply("ok", texts)
            case ("leave", topic):
                self.leave(topic)
                return Reply("ok", texts)
            case "heard":
                return Reply(texts, texts)
        return NoReply(texts)

    def handle_info(self, message: Any, texts: Any) -> Any:
        match message:
            case ("news", text):
                return NoReply([*texts, text])
        return NoReply(texts)


class LeavesFirst(Feed):
    """Takes its entries out, and enters itself anew."""

    def follow(self, topic: Any) -> None:
        unregister("topics", topic)
        register("topics", topic)


class LooksUp(Feed):
    """Looks for itself among the subscribers."""

    def follow(self, topic: Any) -> None:
        if not any(pid is self_() for pid, _ in lookup("topics", topic)):
            register("topics", topic, "with a value")


class Remembers(Feed):
    """Keeps its topics in the state, besides the texts."""

    def init(self, topic: Any) -> Any:
        register("topics", topic)
        return Ok(([topic], []))

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        topics, texts = state
        match request:
            case ("follow", topic) if topic not in topics:
                register("topics", topic)
                return Reply("ok", ([*topics, topic], texts))
            case ("leave", topic):
                unregister("topics", topic)
                return Reply("ok", ([each for each in topics if each != topic], texts))
            case ("follow", _):
                return Reply("ok", state)
        return Reply(texts, state)

    def handle_info(self, message: Any, state: Any) -> Any:
        match message:
            case ("news", text):
                return NoReply((state[0], [*state[1], text]))
        return NoReply(state)


class EntersTheCaller(Feed):
    @classmethod
    async def start_link(cls, topic: Any) -> Any:  # type: ignore[override]
        pid = await super().start_link(topic)
        register("topics", topic)
        return pid

    def init(self, topic: Any) -> Any:
        return Ok([])


class EntersBoth(Feed):
    @classmethod
    async def start_link(cls, topic: Any) -> Any:  # type: ignore[override]
        register("topics", topic)
        return await super().start_link(topic)


class Deaf(Feed):
    """Waits for a call."""

    def init(self, topic: Any) -> Any:
        return Ok([])


class Later(Feed):
    """Subscribes a moment after its start."""

    def init(self, topic: Any) -> Any:
        send(self_(), ("subscribe", topic))
        return Ok([])

    def handle_info(self, message: Any, texts: Any) -> Any:
        match message:
            case ("subscribe", topic):
                register("topics", topic)
        return super().handle_info(message, texts)


class Twice(Feed):
    def follow(self, topic: Any) -> None:
        register("topics", topic)


class DropsEqual(Twice):
    """Leaves double entries, and throws away texts that it has."""

    def handle_info(self, message: Any, texts: Any) -> Any:
        match message:
            case ("news", text) if text not in texts:
                return NoReply([*texts, text])
        return NoReply(texts)


class LeavesAll(Feed):
    def leave(self, topic: Any) -> None:
        for each in Registry.keys("topics", self_()):
            unregister("topics", each)


class NeverLeaves(Feed):
    def leave(self, topic: Any) -> None:
        pass


class Backwards(Feed):
    def handle_info(self, message: Any, texts: Any) -> Any:
        match message:
            case ("news", text):
                return NoReply([text, *texts])
        return NoReply(texts)


class NoLastCase(Feed):
    def handle_info(self, message: Any, texts: Any) -> Any:
        match message:
            case ("news", text):
                return NoReply([*texts, text])


class SaysNothing(Feed):
    def handle_call(self, request: Any, from_: Any, texts: Any) -> Any:
        match request:
            case ("follow" | "leave", _):
                super().handle_call(request, from_, texts)
                return NoReply(texts)
        return super().handle_call(request, from_, texts)


class OfTheClass(Feed):
    texts: ClassVar[list[Any]] = []

    def init(self, topic: Any) -> Any:
        OfTheClass.texts.clear()
        return super().init(topic)

    def handle_call(self, request: Any, from_: Any, texts: Any) -> Any:
        if request == "heard":
            return Reply(list(OfTheClass.texts), texts)
        return super().handle_call(request, from_, texts)

    def handle_info(self, message: Any, texts: Any) -> Any:
        match message:
            case ("news", text):
                OfTheClass.texts.append(text)
        return NoReply(texts)


class OnlyRovers(Feed):
    def init(self, topic: Any) -> Any:
        register("topics", "Rovers-City")
        return Ok([])


class LooksAtTheTopic(Feed):
    """Takes an entry of somebody else for its own."""

    def follow(self, topic: Any) -> None:
        if not lookup("topics", topic):
            register("topics", topic)


class InAContinueFeed(Feed):
    def init(self, topic: Any) -> Any:
        return Ok([], Continue(topic))

    def handle_continue(self, topic: Any, texts: Any) -> Any:
        register("topics", topic)
        return NoReply(texts)


table.right(ex.feed, "leaves first and enters itself anew", LeavesFirst)
table.right(ex.feed, "looks for itself among the subscribers", LooksUp)
table.right(ex.feed, "keeps its topics in the state", Remembers)
table.wrong(ex.feed, "enters the caller", EntersTheCaller, "whom `register` enters: the process that calls it")
table.wrong(ex.feed, "enters the caller and itself", EntersBoth, "whom `register` enters: the process that calls it")
table.wrong(ex.feed, "waits for somebody to call", Deaf, "`init` is run by each that is started")
table.wrong(ex.feed, "subscribes a moment later", Later, "when it subscribes")
table.wrong(ex.feed, "subscribes once more each time", Twice, "one entry for each `register`")
table.wrong(ex.feed, "throws equal texts away", DropsEqual, "what is double is an entry, not a text")
table.wrong(ex.feed, "leaves all topics", LeavesAll, "what `leave` takes back")
table.wrong(ex.feed, "never leaves", NeverLeaves, "one entry for each `register`", "left the first topic")
table.wrong(ex.feed, "puts the newest first", Backwards, "as it came")
table.wrong(ex.feed, "has no last case", NoLastCase, "is there a message without a `case`")
table.wrong(ex.feed, "answers nothing", SaysNothing, "who answers the call")
table.wrong(ex.feed, "keeps the texts in the class", OfTheClass, "in the state of each")
table.wrong(ex.feed, "takes the entry of another one for its own", LooksAtTheTopic, "`lookup` shows those of all")
table.wrong(ex.feed, "subscribes in a Continue", InAContinueFeed, "when it subscribes", "in 1 of 2 orders")
table.hard_coded(ex.feed, "knows the topic", OnlyRovers, "it passed the first one")

# ---- drill 4: wall ----------------------------------------------------------------------------------------------


def is_score(message: Any) -> bool:
    return isinstance(message, tuple) and len(message) == 2 and message[0] == "score"


class Wall(GenServer):
    def init(self, paint: Any) -> Any:
        register("topics", "final")
        return Ok((paint, []))

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        match request:
            case "painted":
                return Reply(state[1], state)
        return NoReply(state)

    async def handle_info(self, message: Any, state: Any) -> Any:
        match message:
            case ("score", score):
                score = await self.newest(score)
                await state[0](score)
                return NoReply((state[0], [*state[1], score]))
        return NoReply(state)

    async def newest(self, score: Any) -> Any:
        while True:
            match await receive(is_score, timeout=0.0):
                case ("score", later):
                    score = later
                case _:
                    return score


class CountsThem(Wall):
    """Looks how many wait, and takes so many out."""

    async def newest(self, score: Any) -> Any:
        info = Process.info(self_())
        assert info is not None
        for _ in [message for message in info["messages"] if is_score(message)]:
            [_, score] = await receive(is_score)
        return score


class WithAPainter(GenServer):
    """Has a task paint, and remembers what comes meanwhile."""

    def init(self, paint: Any) -> Any:
        register("topics", "final")
        return Ok((paint, [], None, []))  # paint, painted, the task with its score, what comes next

    def begin(self, state: Any) -> Any:
        paint, painted, task, after = state
        if task is None and after:
            task, after = (Task.async_(paint, after[-1]).ref, after[-1]), []
        return NoReply((paint, painted, task, after))

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        return Reply(state[1], state)

    def handle_info(self, message: Any, state: Any) -> Any:
        paint, painted, task, after = state
        match message:
            case ("score", score):
                return self.begin((paint, painted, task, [score]))
            case (ref, _) if task is not None and ref == task[0]:
                Process.demonitor(ref, flush=True)
                return self.begin((paint, [*painted, task[1]], None, after))
        return NoReply(state)


class ToItself(Wall):
    """Sends itself a mark and paints what it has when the mark comes."""

    def init(self, paint: Any) -> Any:
        register("topics", "final")
        return Ok((paint, [], []))

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        return Reply(state[1], state)

    async def handle_info(self, message: Any, state: Any) -> Any:
        paint, painted, waiting = state
        match message:
            case ("score", score):
                send(self_(), "a mark") if not waiting else None
                return NoReply((paint, painted, [score]))
            case "a mark" if waiting:
                await paint(waiting[0])
                return NoReply((paint, [*painted, waiting[0]], []))
        return NoReply(state)


class PaintsAll(Wall):
    async def newest(self, score: Any) -> Any:
        return score


class EatsAll(Wall):
    """Takes out whatever waits."""

    async def newest(self, score: Any) -> Any:
        while True:
            match await receive(timeout=0.0):
                case ("score", later):
                    score = later
                case "timeout":
                    return score


class StopsAtTheFirst(Wall):
    """Drops one score, and not all."""

    async def newest(self, score: Any) -> Any:
        later = await receive(is_score, timeout=0.0)
        return score if later == "timeout" else later[1]


class DropsTheLater(Wall):
    async def newest(self, score: Any) -> Any:
        while await receive(is_score, timeout=0.0) != "timeout":
            pass
        return score


class DropsWhileBusy(Wall):
    """Leaves the topic while it paints."""

    async def handle_info(self, message: Any, state: Any) -> Any:
        unregister("topics", "final")
        result = await super().handle_info(message, state)
        register("topics", "final")
        return result


class AllAtOnce(Wall):
    async def handle_info(self, message: Any, state: Any) -> Any:
        match message:
            case ("score", score):
                spawn(state[0], score)
                return NoReply((state[0], [*state[1], score]))
        return NoReply(state)


class Unawaited(Wall):
    async def handle_info(self, message: Any, state: Any) -> Any:
        match message:
            case ("score", score):
                score = await self.newest(score)
                state[0](score).close()
                return NoReply((state[0], [*state[1], score]))
        return NoReply(state)


class ReallyUnawaited(Wall):
    async def handle_info(self, message: Any, state: Any) -> Any:
        match message:
            case ("score", score):
                state[0](score)
                return NoReply((state[0], [*state[1], score]))
        return NoReply(state)


class NotSubscribed(Wall):
    def init(self, paint: Any) -> Any:
        return Ok((paint, []))


class ForgetsWhat(Wall):
    """Knows the last painting alone."""

    async def handle_info(self, message: Any, state: Any) -> Any:
        result = await super().handle_info(message, state)
        paint, painted = result.state
        return NoReply((paint, painted[-1:]))


class PaintsNewOnly(Wall):
    """Leaves out a score that was painted last."""

    async def handle_info(self, message: Any, state: Any) -> Any:
        match message:
            case ("score", score) if score in state[1]:
                return NoReply(state)
        return await super().handle_info(message, state)


class NoStrays(Wall):
    async def handle_info(self, message: Any, state: Any) -> Any:
        match message:
            case ("score", _):
                return await super().handle_info(message, state)


class KnowsFive(Wall):
    """Knows that four come during the second painting."""

    async def newest(self, score: Any) -> Any:
        if score == "2:0":
            for _ in range(3):
                [_, score] = await receive(is_score)
        return score


class AnyScore(Wall):
    """Lets through whatever begins with the word."""

    async def newest(self, score: Any) -> Any:
        while (later := await receive(lambda m: type(m) is tuple and m[:1] == ("score",), 0.0)) != "timeout":
            score = later[1]
        return score


class FiveSeconds(Wall):
    async def handle_info(self, message: Any, state: Any) -> Any:
        match message:
            case ("score", score):
                score = await self.newest(score)
                await Task.await_(Task.async_(state[0], score))
                return NoReply((state[0], [*state[1], score]))
        return NoReply(state)


class OnOneCallback(Wall):
    """Paints on until no score waits, before it looks at anything else."""

    async def handle_info(self, message: Any, state: Any) -> Any:
        paint, painted = state
        while is_score(message):
            score = await self.newest(message[1])
            await paint(score)
            painted = [*painted, score]
            message = await receive(is_score, timeout=0.0)
        return NoReply((paint, painted))


table.right(ex.wall, "looks how many wait", CountsThem)
table.right(ex.wall, "has a task paint", WithAPainter)
table.right(ex.wall, "sends itself a mark", ToItself)
table.right(ex.wall, "paints on until no score waits", OnOneCallback)
table.wrong(ex.wall, "takes a longer message for a score", AnyScore, "which messages your test lets through")
table.wrong(ex.wall, "gives a painting five seconds", FiveSeconds, "how long a painting may take", "time-out")
table.wrong(ex.wall, "paints all", PaintsAll, "which of the scores that wait is painted")
table.wrong(ex.wall, "takes out whatever waits", EatsAll, "A `receive` without a test takes whatever comes first")
table.wrong(ex.wall, "drops one score alone", StopsAtTheFirst, "which of the scores that wait is painted")
table.wrong(ex.wall, "drops the later ones", DropsTheLater, "never the last one")
table.wrong(ex.wall, "leaves the topic while it paints", DropsWhileBusy, "Whoever drops what comes while it is busy")
table.wrong(ex.wall, "paints all at once", AllAtOnce, "paintings ran at once")
table.wrong(ex.wall, "closes the painting", Unawaited, "whether `paint` is awaited")
table.wrong(ex.wall, "does not await the painting", ReallyUnawaited, "`await`")
table.wrong(ex.wall, "is not subscribed", NotSubscribed, "an entry under 'final'")
table.wrong(ex.wall, "knows the last painting alone", ForgetsWhat, "a list of all that were painted")
table.wrong(ex.wall, "paints no score twice", PaintsNewOnly, "an hour later", "the same one may come again")
table.wrong(ex.wall, "has no last case", NoStrays, "a callback returned None")
table.hard_coded(ex.wall, "knows the scores", KnowsFive, "it passed the first one")

# ---- repair 1: goals --------------------------------------------------------------------------------------------


class Goals(GenServer):
    @classmethod
    async def start_link(cls, words: Any) -> Any:  # type: ignore[override]
        return await super().start_link(words, name="goals")

    def init(self, words: Any) -> Any:
        return Ok(words)

    def word(self, words: Any, value: Any) -> Any:
        return words[value] if isinstance(value, str) and value in words else words["en"]

    def handle_cast(self, request: Any, words: Any) -> Any:
        match request:
            case ("goal", topic):
                self.tell(topic, words)
        return NoReply(words)

    def tell(self, topic: Any, words: Any) -> None:
        for pid, value in lookup("topics", topic):
            send(pid, self.word(words, value))


class Searches(Goals):
    """Goes through the words in place of a look-up."""

    def word(self, words: Any, value: Any) -> Any:
        return next((word for language, word in words.items() if language == value), words["en"])


class Tries(Goals):
    """Catches what a look-up raises."""

    def word(self, words: Any, value: Any) -> Any:
        try:
            return words[value]
        except (KeyError, TypeError):
            return words["en"]

    async def handle_cast(self, request: Any, words: Any) -> Any:  # type: ignore[override]
        match request:
            case ("goal", topic):
                dispatch("topics", topic, lambda entries: [send(pid, self.word(words, v)) for pid, v in entries])
        return NoReply(words)


class ByLanguage(Goals):
    """Goes through the languages and asks the registry for each."""

    def tell(self, topic: Any, words: Any) -> None:
        entries = lookup("topics", topic)
        for language in words:
            for pid, value in entries:
                if value == language:
                    send(pid, words[language])
        for pid, value in entries:
            if value not in list(words):
                send(pid, words["en"])


class Calls(Goals):
    async def handle_cast(self, request: Any, words: Any) -> Any:  # type: ignore[override]
        match request:
            case ("goal", topic):
                for pid, value in lookup("topics", topic):
                    await GenServer.call(pid, self.word(words, value))
        return NoReply(words)


class CallsCarefully(Goals):
    """Catches the exit of each call."""

    async def handle_cast(self, request: Any, words: Any) -> Any:  # type: ignore[override]
        match request:
            case ("goal", topic):
                for pid, value in lookup("topics", topic):
                    with suppress(Exit):
                        await GenServer.call(pid, self.word(words, value), timeout=0.5)
        return NoReply(words)


class Casts(Goals):
    def tell(self, topic: Any, words: Any) -> None:
        for pid, value in lookup("topics", topic):
            GenServer.cast(pid, self.word(words, value))


class InTasks(Goals):
    def tell(self, topic: Any, words: Any) -> None:
        for pid, value in lookup("topics", topic):
            Task.start(GenServer.call, pid, self.word(words, value))


class InOneTask(Goals):
    def tell(self, topic: Any, words: Any) -> None:
        spawn(super().tell, topic, words)


class Unhashable(Goals):
    def word(self, words: Any, value: Any) -> Any:
        return words.get(value, words["en"])


class NoWord(Goals):
    def word(self, words: Any, value: Any) -> Any:
        return words[value]


class GivesUp(Goals):
    """Catches what the loop raises, and leaves the rest out."""

    def tell(self, topic: Any, words: Any) -> None:
        try:
            for pid, value in lookup("topics", topic):
                send(pid, words[value])
        except (KeyError, TypeError):
            pass


class SkipsStrangers(Goals):
    def tell(self, topic: Any, words: Any) -> None:
        for pid, value in lookup("topics", topic):
            if isinstance(value, str) and value in words:
                send(pid, words[value])


class AllEnglish(Goals):
    def word(self, words: Any, value: Any) -> Any:
        return words["en"]


class Wrapped(Goals):
    def tell(self, topic: Any, words: Any) -> None:
        for pid, value in lookup("topics", topic):
            send(pid, ("goal", self.word(words, value)))


class EachOnce(Goals):
    """Sends one message to whoever is entered twice."""

    def tell(self, topic: Any, words: Any) -> None:
        for pid, value in dict(lookup("topics", topic)).items():
            send(pid, self.word(words, value))


class ThreeWords(Goals):
    def word(self, words: Any, value: Any) -> Any:
        known = {"en": "goal", "de": "Tor", "fr": "but"}
        return known[value] if isinstance(value, str) and value in known else "goal"


class NoOtherCast(Goals):
    def handle_cast(self, request: Any, words: Any) -> Any:
        match request:
            case ("goal", topic):
                self.tell(topic, words)
                return NoReply(words)


class OnlyFinal(Goals):
    def handle_cast(self, request: Any, words: Any) -> Any:
        match request:
            case ("goal", _):
                for topic in ("final", "cup"):
                    self.tell(topic, words)
        return NoReply(words)


class NoReturn(Goals):
    def handle_cast(self, request: Any, words: Any) -> Any:
        super().handle_cast(request, words)


class EmptyWord(Goals):
    """Takes an empty word for none."""

    def word(self, words: Any, value: Any) -> Any:
        with suppress(TypeError):
            return words.get(value) or words["en"]
        return words["en"]


class NeitherListNorDict(Goals):
    """Knows two kinds of values that cannot be keys."""

    def word(self, words: Any, value: Any) -> Any:
        return words["en"] if isinstance(value, list | dict) else words.get(value, words["en"])


class LongerCast(Goals):
    def handle_cast(self, request: Any, words: Any) -> Any:
        match request:
            case ("goal", topic, *_):
                self.tell(topic, words)
        return NoReply(words)


class Gently(Goals):
    """Leaves out whoever is behind."""

    def tell(self, topic: Any, words: Any) -> None:
        for pid, value in lookup("topics", topic):
            info = Process.info(pid)
            if info and info["message_queue_len"] < 3:
                send(pid, self.word(words, value))


table.right(ex.goals, "goes through the words", Searches)
table.right(ex.goals, "catches what a look-up raises", Tries)
table.right(ex.goals, "goes through the languages", ByLanguage)
table.wrong(ex.goals, "calls each subscriber", Calls, "Only `send` waits for nobody")
table.wrong(ex.goals, "catches the exit of each call", CallsCarefully, "Only `send` waits for nobody")
table.wrong(ex.goals, "casts", Casts, "A call or a cast is for a server")
table.wrong(ex.goals, "calls in tasks", InTasks, "A process for each subscriber is not needed")
table.wrong(ex.goals, "sends in a process of its own", InOneTask, "does the server itself send")
table.wrong(ex.goals, "looks up what cannot be a key", Unhashable, "also what cannot be looked up in a dict")
table.wrong(ex.goals, "has no word for a stranger", NoWord, "whose trouble an error in the loop is")
table.wrong(ex.goals, "leaves out all behind an error", GivesUp, "Seen: []", "who holds up whom")
table.wrong(ex.goals, "leaves out strangers", SkipsStrangers, "at the one whose value is 'xx'")
table.wrong(ex.goals, "speaks English to all", AllEnglish, "which word belongs to a value")
table.wrong(ex.goals, "wraps the word", Wrapped, "the news as a plain message")
table.wrong(ex.goals, "sends one to whoever is entered twice", EachOnce, "for each entry: one message")
table.wrong(ex.goals, "returns nothing for another cast", NoOtherCast, "a callback returned None")
table.wrong(ex.goals, "forgets the return", NoReturn, "a callback returned None")
table.wrong(ex.goals, "tells other topics", OnlyFinal, "which topic the cast names")
table.wrong(ex.goals, "takes an empty word for none", EmptyWord, "which word belongs to a value", "'mute'")
table.wrong(ex.goals, "knows two kinds that are no keys", NeitherListNorDict, "also what cannot be looked up in a dict")
table.wrong(ex.goals, "takes a longer cast for a goal", LongerCast, "which casts are a goal")
table.wrong(ex.goals, "leaves out whoever is behind", Gently, "another one heard", "Only `send` waits for nobody")
table.hard_coded(ex.goals, "knows three words", ThreeWords, "it passed the first one")

# ---- repair 2: follower -----------------------------------------------------------------------------------------


class Follower(GenServer):
    async def init(self, office: Any) -> Any:
        register("topics", "final")
        return Ok(await GenServer.call(office, "newest"))

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        match request:
            case "score":
                return Reply(state[1], state)
        return NoReply(state)

    def handle_info(self, message: Any, state: Any) -> Any:
        match message:
            case ("score", number, score) if number > state[0]:
                return NoReply((number, score))
        return NoReply(state)


class InAContinue(Follower):
    def init(self, office: Any) -> Any:  # type: ignore[override]
        register("topics", "final")
        return Ok((0, None), Continue(office))

    async def handle_continue(self, office: Any, state: Any) -> Any:
        return NoReply(await GenServer.call(office, "newest"))


class KeepsAll(Follower):
    """Keeps every score by its number, and shows that of the greatest."""

    async def init(self, office: Any) -> Any:
        register("topics", "final")
        number, score = await GenServer.call(office, "newest")
        return Ok({number: score})

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        return Reply(state[max(state)], state)

    def handle_info(self, message: Any, state: Any) -> Any:
        match message:
            case ("score", number, score):
                return NoReply({number: score} | state)
        return NoReply(state)


class TakesTheGreater(Follower):
    def handle_info(self, message: Any, state: Any) -> Any:
        match message:
            case ("score", number, score):
                return NoReply(max(state, (number, score), key=lambda newest: newest[0]))
        return NoReply(state)


class AsksFirst(Follower):
    async def init(self, office: Any) -> Any:
        newest = await GenServer.call(office, "newest")
        register("topics", "final")
        return Ok(newest)


class AsksTwice(Follower):
    """Asks, subscribes, and asks again."""

    async def init(self, office: Any) -> Any:
        await GenServer.call(office, "newest")
        register("topics", "final")
        return Ok(await GenServer.call(office, "newest"))


class AsksEachTime(Follower):
    async def init(self, office: Any) -> Any:
        register("topics", "final")
        return Ok((office, await GenServer.call(office, "newest")))

    async def handle_call(self, request: Any, from_: Any, state: Any) -> Any:  # type: ignore[override]
        return Reply((await GenServer.call(state[0], "newest"))[1], state)

    def handle_info(self, message: Any, state: Any) -> Any:
        return NoReply(state)


class GoesBack(Follower):
    """Takes whatever comes."""

    def handle_info(self, message: Any, state: Any) -> Any:
        match message:
            case ("score", number, score):
                return NoReply((number, score))
        return NoReply(state)


class OneByOne(Follower):
    """Takes the next number alone."""

    def handle_info(self, message: Any, state: Any) -> Any:
        match message:
            case ("score", number, score) if number == state[0] + 1:
                return NoReply((number, score))
        return NoReply(state)


class OrEqual(Follower):
    def handle_info(self, message: Any, state: Any) -> Any:
        match message:
            case ("score", number, score) if number >= state[0]:
                return NoReply((number, score))
        return NoReply(state)


class Sleeps(Follower):
    """Waits a little between the two."""

    async def init(self, office: Any) -> Any:
        newest = await GenServer.call(office, "newest")
        await Process.sleep(0.5)
        register("topics", "final")
        return Ok(newest)


class OutsideOnly(Follower):
    @classmethod
    async def start_link(cls, office: Any) -> Any:  # type: ignore[override]
        register("topics", "final")
        return await super().start_link(office)

    async def init(self, office: Any) -> Any:
        return Ok(await GenServer.call(office, "newest"))


class NoStray(Follower):
    def handle_info(self, message: Any, state: Any) -> Any:
        match message:
            case ("score", number, score):
                return NoReply(max(state, (number, score), key=lambda newest: newest[0]))


class NoNone(Follower):
    """Takes a score that is None for none."""

    def handle_info(self, message: Any, state: Any) -> Any:
        match message:
            case ("score", _, None):
                return NoReply(state)
        return super().handle_info(message, state)


class SubscribesTwice(Follower):
    """Once before and once after, to be sure."""

    async def init(self, office: Any) -> Any:
        register("topics", "final")
        newest = await GenServer.call(office, "newest")
        register("topics", "final")
        return Ok(newest)


class NumberOnly(Follower):
    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        return Reply(state, state)


class SubscribesLater(Follower):
    """Does both in a message to itself, which comes before any call."""

    def init(self, office: Any) -> Any:  # type: ignore[override]
        send(self_(), ("look", office))
        return Ok((0, None))

    async def handle_info(self, message: Any, state: Any) -> Any:  # type: ignore[override]
        match message:
            case ("look", office):
                register("topics", "final")
                return NoReply(await GenServer.call(office, "newest"))
        return super().handle_info(message, state)


class KnowsThree(Follower):
    async def init(self, office: Any) -> Any:
        register("topics", "final")
        await GenServer.call(office, "newest")
        return Ok((3, "3:0"))


class ThrowsAway(Follower):
    """Takes the answer for the newest, and what waits for old."""

    async def init(self, office: Any) -> Any:
        register("topics", "final")
        newest = await GenServer.call(office, "newest")
        while await receive(lambda m: isinstance(m, tuple) and m[:1] == ("score",), timeout=0.0) != "timeout":
            pass
        return Ok(newest)


table.right(ex.follower, "asks in a Continue", InAContinue)
table.right(ex.follower, "keeps all scores by their numbers", KeepsAll)
table.right(ex.follower, "does both in a message to itself", SubscribesLater)
table.right(ex.follower, "takes the greater of two pairs", TakesTheGreater)
table.wrong(ex.follower, "asks, and then subscribes", AsksFirst, "between your look at what was before")
table.wrong(ex.follower, "sleeps in between", Sleeps, "between your look at what was before")
table.wrong(ex.follower, "asks twice", AsksTwice, "how often was the server asked")
table.wrong(ex.follower, "asks each time", AsksEachTime, "Whoever asks each time needs no subscription")
table.wrong(ex.follower, "takes whatever comes", GoesBack, "what makes one message newer than another")
table.wrong(ex.follower, "takes the next number alone", OneByOne, "what makes one message newer than another")
table.wrong(ex.follower, "takes the same number again", OrEqual, "what makes one message newer than another")
table.wrong(ex.follower, "enters the caller", OutsideOnly, "whom `register` enters")
table.wrong(ex.follower, "has no last case", NoStray, "a callback returned None")
table.wrong(ex.follower, "takes None for nothing", NoNone, "the score None")
table.wrong(ex.follower, "subscribes twice", SubscribesTwice, "one entry for each `register`")
table.wrong(ex.follower, "answers the pair", NumberOnly, "what it asks for")
table.wrong(ex.follower, "throws away what waits", ThrowsAway, "it waits in the mailbox")
table.hard_coded(ex.follower, "knows the three goals", KnowsThree, "it passed the first one")

# ---- design: ticker ---------------------------------------------------------------------------------------------


class Desk(GenServer):
    """Gives the numbers, sends, and knows the newest."""

    @classmethod
    async def start_link(cls, first: Any = (0, {})) -> Any:  # type: ignore[override]
        return await super().start_link(first, name="desk")

    def init(self, state: Any) -> Any:
        return Ok(state)

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        number, newest = state
        match request:
            case ("newest", team):
                return Reply(newest.get(team), state)
            case ("report", home, away, score):
                news = (number + 1, home, away, score)
                for pid in followers("teams", (home, away)):
                    send(pid, ("score", *news))
                return Reply(number + 1, (number + 1, newest | {home: news, away: news}))
        return NoReply(state)


class Ticker(Supervisor):
    """As in the chapter's solution."""

    desk: ClassVar[Any] = Desk
    strategy: ClassVar[Any] = "one_for_all"

    @classmethod
    async def start_link(cls, _: Any = None) -> Any:  # type: ignore[override]
        return await super().start_link(None, name="ticker")

    def init(self, _: Any) -> Any:
        teams = (Registry, {"keys": "duplicate", "name": "teams"})
        return Supervise([teams, (self.desk, (0, {}))], strategy=self.strategy)

    @staticmethod
    async def report(home: Any, away: Any, score: Any) -> Any:
        return await GenServer.call("desk", ("report", home, away, score))

    @staticmethod
    async def follow(team: Any) -> Any:
        if team not in Registry.keys("teams", self_()):
            register("teams", team)
        return await GenServer.call("desk", ("newest", team))

    @staticmethod
    async def leave(team: Any) -> Any:
        return unregister("teams", team)


class DeskFirst(Ticker):
    """The desk stands before the registry, so that `rest_for_one` ends the followers with it."""

    def init(self, _: Any) -> Any:
        teams = (Registry, {"keys": "duplicate", "name": "teams"})
        return Supervise([(Desk, (0, {})), teams], strategy="rest_for_one")


class RememberingDesk(Desk):
    """What it knows is in an agent, which outlives it."""

    async def handle_call(self, request: Any, from_: Any, state: Any) -> Any:  # type: ignore[override]
        kept = await Agent.get("kept", lambda kept: kept)
        result = super().handle_call(request, from_, kept)
        await Agent.update("kept", lambda _: result.state)
        return result


class WithMemory(Ticker):
    """Goes on from its number when the desk ends; with the memory everybody ends."""

    def init(self, _: Any) -> Any:
        memory = ChildSpec("kept", (self.start_memory, ()))
        teams = (Registry, {"keys": "duplicate", "name": "teams"})
        return Supervise([memory, teams, (RememberingDesk, (0, {}))], strategy="rest_for_one")

    @staticmethod
    async def start_memory() -> Any:
        return await Agent.start_link(lambda: (0, {}), name="kept")


class MonitoringDesk(GenServer):
    """Keeps its followers itself, by monitors, and links them, so that they end with it."""

    @classmethod
    async def start_link(cls, _: Any = None) -> Any:  # type: ignore[override]
        return await super().start_link((0, {}, []), name="desk")

    def init(self, state: Any) -> Any:
        Process.flag(trap_exit=True)
        return Ok(state)

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        number, newest, entries = state
        pid = from_[0]
        match request:
            case ("follow", team):
                Process.link(pid)
                more = [] if (pid, team) in entries else [(pid, team)]
                return Reply(newest.get(team), (number, newest, entries + more))
            case ("leave", team):
                return Reply("ok", (number, newest, [e for e in entries if e != (pid, team)]))
            case ("report", home, away, score):
                news = (number + 1, home, away, score)
                for each in dict.fromkeys(p for p, team in entries if team in (home, away)):
                    send(each, ("score", *news))
                return Reply(number + 1, (number + 1, newest | {home: news, away: news}, entries))
        return NoReply(state)

    def handle_info(self, message: Any, state: Any) -> Any:
        return NoReply(state)


class ByALink(Supervisor):
    """Has no registry at all."""

    @classmethod
    async def start_link(cls, _: Any = None) -> Any:  # type: ignore[override]
        return await super().start_link(None, name="ticker")

    def init(self, _: Any) -> Any:
        return Supervise([MonitoringDesk], strategy="one_for_one")

    @staticmethod
    async def report(*match: Any) -> Any:
        return await GenServer.call("desk", ("report", *match))

    @staticmethod
    async def follow(team: Any) -> Any:
        return await GenServer.call("desk", ("follow", team))

    @staticmethod
    async def leave(team: Any) -> Any:
        return await GenServer.call("desk", ("leave", team))


class RestForOne(Ticker):
    strategy = "rest_for_one"


class OneForOne(Ticker):
    strategy = "one_for_one"


class AsksBefore(Ticker):
    @staticmethod
    async def follow(team: Any) -> Any:
        newest = await GenServer.call("desk", ("newest", team))
        if team not in Registry.keys("teams", self_()):
            register("teams", team)
        return newest


class FollowsTwice(Ticker):
    @staticmethod
    async def follow(team: Any) -> Any:
        register("teams", team)
        return await GenServer.call("desk", ("newest", team))


class EntryDesk(Desk):
    """One message for each entry, but whoever follows both teams is left out at the second."""

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        match request:
            case ("report", home, away, score):
                number, newest = state
                news = (number + 1, home, away, score)
                told = followers("teams", [home])
                for pid, _ in lookup("teams", home) + [e for e in lookup("teams", away) if e[0] not in told]:
                    send(pid, ("score", *news))
                return Reply(number + 1, (number + 1, newest | {home: news, away: news}))
        return super().handle_call(request, from_, state)


class EachEntry(FollowsTwice):
    desk = EntryDesk


class DeskRegisters(Desk):
    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        match request:
            case ("newest", team):
                register("teams", team)
        return super().handle_call(request, from_, state)


class InTheDesk(Ticker):
    """The desk registers, and hears its own news."""

    desk = DeskRegisters

    @staticmethod
    async def follow(team: Any) -> Any:
        return await GenServer.call("desk", ("newest", team))


class NumberingDesk(Desk):
    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        number, newest = state
        match request:
            case ("report", home, away, score):
                news = (number + 1, home, away, score)
                return Reply(number + 1, (number + 1, newest | {home: news, away: news}))
        return super().handle_call(request, from_, state)


class CallerSends(Ticker):
    """The desk gives the number, and whoever reports sends."""

    desk = NumberingDesk

    @staticmethod
    async def report(home: Any, away: Any, score: Any) -> Any:
        number = await GenServer.call("desk", ("report", home, away, score))
        for pid in followers("teams", (home, away)):
            send(pid, ("score", number, home, away, score))
        return number


class TwiceDesk(Desk):
    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        match request:
            case ("report", home, away, score):
                number, newest = state
                news = (number + 1, home, away, score)
                for team in (home, away):
                    for pid, _ in lookup("teams", team):
                        send(pid, ("score", *news))
                return Reply(number + 1, (number + 1, newest | {home: news, away: news}))
        return super().handle_call(request, from_, state)


class OncePerTeam(Ticker):
    desk = TwiceDesk


class LeavesAllTeams(Ticker):
    @staticmethod
    async def leave(team: Any) -> Any:
        for each in Registry.keys("teams", self_()):
            unregister("teams", each)
        return "ok"


class LeaveSaysNothing(Ticker):
    @staticmethod
    async def leave(team: Any) -> Any:
        unregister("teams", team)


class CallingDesk(Desk):
    async def handle_call(self, request: Any, from_: Any, state: Any) -> Any:  # type: ignore[override]
        match request:
            case ("report", home, away, score):
                number, newest = state
                news = (number + 1, home, away, score)
                for pid in followers("teams", (home, away)):
                    with suppress(Exit):
                        await GenServer.call(pid, ("score", *news), timeout=1.0)
                return Reply(number + 1, (number + 1, newest | {home: news, away: news}))
        return super().handle_call(request, from_, state)


class CallsFollowers(Ticker):
    desk = CallingDesk


class HomeOnlyDesk(Desk):
    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        result = super().handle_call(request, from_, state)
        match request:
            case ("report", home, _, _):
                number, newest = result.state
                return Reply(number, (number, state[1] | {home: newest[home]}))
        return result


class HomeOnly(Ticker):
    """Remembers a report for the home team alone."""

    desk = HomeOnlyDesk


class PerTeam(Ticker):
    """Numbers the reports of each home team."""

    class PerTeamDesk(Desk):
        def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
            numbers, newest = state if isinstance(state[0], dict) else ({}, state[1])
            match request:
                case ("report", home, away, score):
                    numbers = numbers | {home: numbers.get(home, 0) + 1}
                    news = (numbers[home], home, away, score)
                    for pid in followers("teams", (home, away)):
                        send(pid, ("score", *news))
                    return Reply(news[0], (numbers, newest | {home: news, away: news}))
            return super().handle_call(request, from_, (numbers, newest))

    desk = PerTeamDesk


class Globals(Ticker):
    """Keeps numbers and scores in the class, where no fault touches them."""

    kept: ClassVar[Any] = [0, {}]

    class GlobalDesk(Desk):
        def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
            result = super().handle_call(request, from_, tuple(Globals.kept))
            Globals.kept[:] = result.state
            return result

    desk = GlobalDesk

    @classmethod
    async def start_link(cls, _: Any = None) -> Any:  # type: ignore[override]
        if not Globals.kept[1].get("Rovers") or Globals.kept[0] > 20:
            Globals.kept[:] = [0, {}]
        return await super().start_link()


class Anonymous(Ticker):
    @classmethod
    async def start_link(cls, _: Any = None) -> Any:  # type: ignore[override]
        return await Supervisor.start_link(cls, None)  # type: ignore[arg-type]


class NoName(Ticker):
    @classmethod
    async def start_link(cls, _: Any = None) -> Any:  # type: ignore[override]
        return await super(Ticker, cls).start_link(None)


class ReportSaysNothing(Ticker):
    @staticmethod
    async def report(home: Any, away: Any, score: Any) -> Any:
        await GenServer.call("desk", ("report", home, away, score))


class KnownTeams(Ticker):
    """Knows three teams, and all that is made of them."""

    @staticmethod
    async def follow(team: Any) -> Any:
        if not team.startswith(("Rovers", "City", "United", "away")):
            return None
        return await Ticker.follow(team)


class NeverBack(Ticker):
    """Whoever has left stays away."""

    @staticmethod
    async def follow(team: Any) -> Any:
        keys = Registry.keys("teams", self_())
        if team not in keys and ("left", team) not in keys:
            register("teams", team)
        return await GenServer.call("desk", ("newest", team))

    @staticmethod
    async def leave(team: Any) -> Any:
        register("teams", ("left", team))
        return unregister("teams", team)


table.right(ex.ticker, "puts the desk before the registry", DeskFirst)
table.right(ex.ticker, "remembers in an agent", WithMemory)
table.right(ex.ticker, "has links and no registry", ByALink)
table.right(ex.ticker, "is one for all", Ticker)
table.wrong(ex.ticker, "keeps the followers when the desk ends", RestForOne, "the last number")
table.wrong(ex.ticker, "restarts each part alone", OneForOne, "the last number")
table.wrong(ex.ticker, "asks before it subscribes", AsksBefore, "between your look at what was before")
table.right(ex.ticker, "subscribes each time, and gathers the processes in a set", FollowsTwice)
table.wrong(ex.ticker, "subscribes each time, and sends to each entry", EachEntry, "one entry for each `register`")
table.wrong(ex.ticker, "lets the desk register", InTheDesk, "who follows which team")
table.wrong(ex.ticker, "lets whoever reports send", CallerSends, "which process gives a number and which one sends it")
table.wrong(ex.ticker, "sends one for each team", OncePerTeam, "one match is one message")
table.wrong(ex.ticker, "leaves all teams", LeavesAllTeams, "that team, and no other one")
table.wrong(ex.ticker, "says nothing at a leave", LeaveSaysNothing, "`leave` was called", "Seen: None")
table.wrong(ex.ticker, "calls the followers", CallsFollowers, "it took", "Only `send` waits for nobody")
table.wrong(ex.ticker, "remembers the home team alone", HomeOnly, "at home or away")
table.wrong(ex.ticker, "numbers each team for itself", PerTeam, "counted over all matches")
table.wrong(ex.ticker, "has no name", NoName, "the name of the supervisor")
table.wrong(ex.ticker, "returns no number", ReportSaysNothing, "what `report` returns")
table.wrong(ex.ticker, "lets nobody come back", NeverBack, "Whoever has left may come back")
table.hard_coded(ex.ticker, "knows three teams", KnownTeams, "it passed the first one")

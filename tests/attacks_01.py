"""Attacks on the checks of chapter 01, let it crash."""

from __future__ import annotations

from typing import Any, ClassVar

from attacks import Table

from otp_mini import (
    ChildSpec,
    Down,
    Exit,
    ExitSignal,
    GenServer,
    NoReply,
    Ok,
    Process,
    Reply,
    Stop,
    Supervise,
    Supervisor,
    child_spec,
    current_node,
    receive,
    self_,
    send,
    spawn,
)
from otp_mini.exercises import core_philosophy as ex

table = Table()


# ---- likes ---------------------------------------------------------------------------------------------


async def likes_once(total: Any) -> Any:
    match await receive():
        case ("like", n):
            total = total + n
        case ("total", asker):
            send(asker, ("total", total))


async def likes_returned(total: Any) -> Any:
    while True:
        match await receive():
            case ("like", n):
                total = total + n
            case ("total", _):
                return ("total", total)


async def likes_bare(total: Any) -> None:
    while True:
        match await receive():
            case ("like", n):
                total = total + n
            case ("total", asker):
                send(asker, total)


async def likes_chatty(total: Any) -> None:
    while True:
        match await receive():
            case ("like", n):
                total = total + n
                for pid in Process.list()[:2]:
                    send(pid, ("total", total))
            case ("total", asker):
                send(asker, ("total", total))


async def likes_emptied(total: Any) -> None:
    while True:
        match await receive():
            case ("like", n):
                total = total + n
            case ("total", asker):
                send(asker, ("total", total))
                total = 0


async def likes_forgetful(total: Any) -> None:
    while True:
        now = total
        match await receive():
            case ("like", n):
                now = now + n
            case ("total", asker):
                send(asker, ("total", now))


async def likes_by_one(total: Any) -> None:
    while True:
        match await receive():
            case ("like", _):
                total = total + 1
            case ("total", asker):
                send(asker, ("total", total))


COUNTED: dict[str, Any] = {}


async def likes_global(total: Any) -> None:
    COUNTED["total"] = total
    while True:
        match await receive():
            case ("like", n):
                COUNTED["total"] += n
            case ("total", asker):
                send(asker, ("total", COUNTED["total"]))


async def likes_known(total: Any) -> None:
    likes = 0
    while True:
        match await receive():
            case ("like", _):
                likes += 1
            case ("total", asker):
                send(asker, ("total", total + (0, 3, 7)[min(likes, 2)] if total != 100 else 103))


async def likes_elsewhere(total: Any) -> None:
    async def adder(total: Any, n: int) -> Any:
        return total + n

    while True:
        match await receive():
            case ("like", n):
                spawn(adder, total, n)
            case ("total", asker):
                send(asker, ("total", total))


async def likes_to_the_starter(total: Any) -> None:
    home = Process.list()[0]
    while True:
        match await receive():
            case ("like", n):
                total = total + n
            case ("total", _):
                send(home, ("total", total))


async def likes_again(total: Any) -> None:
    match await receive():
        case ("total", asker):
            send(asker, ("total", total))
        case ("like", n):
            total = total + n
    return await likes_again(total)


async def likes_listed(total: Any) -> None:
    kept = [total]
    while True:
        message = await receive()
        if type(message) is not tuple or len(message) != 2:
            continue
        if message[0] == "like":
            kept.append(message[1])
        elif message[0] == "total":
            send(message[1], ("total", sum(kept)))


async def likes_twice(total: Any) -> None:
    while True:
        match await receive():
            case ("like", n):
                total = total + n
            case ("total", asker):
                send(asker, ("total", total))
                send(asker, ("total", total))


async def likes_in_a_hurry(total: Any) -> None:
    while True:
        match await receive(timeout=5.0):
            case ("like", n):
                total = total + n
            case ("total", asker):
                send(asker, ("total", total))
            case "timeout":
                return


async def likes_ten_times(total: Any) -> None:
    for _ in range(10):
        match await receive():
            case ("like", n):
                total = total + n
            case ("total", asker):
                send(asker, ("total", total))


LOOP = "Is there a loop round `receive`?"


async def likes_of_two_parts(total: Any) -> None:
    while True:
        kind, value = await receive()
        if kind == "like":
            total = total + value
        elif kind == "total":
            send(value, ("total", total))


async def likes_until_a_stray(total: Any) -> None:
    while True:
        match await receive():
            case ("like", n):
                total = total + n
            case ("total", asker):
                send(asker, ("total", total))
            case _:
                return


async def likes_else_adds(total: Any) -> None:
    while True:
        message = await receive()
        match message:
            case ("total", asker):
                send(asker, ("total", total))
            case (_, n):
                total = total + n


STRAY = "no reason to end"
table.wrong(ex.likes, "takes each message for one of two parts", likes_of_two_parts, "'hello'", STRAY)
table.wrong(ex.likes, "ends at a stray message", likes_until_a_stray, "'hello'", STRAY)
table.wrong(ex.likes, "takes what is no question for a like", likes_else_adds, "which messages change the number")
table.wrong(ex.likes, "has no loop", likes_once, LOOP)
table.wrong(ex.likes, "returns the answer", likes_returned, "('total', 0)", LOOP)
table.wrong(ex.likes, "answers the bare number", likes_bare, "the form of the answer")
table.wrong(ex.likes, "answers each like", likes_chatty, "which of the two messages wants an answer")
table.wrong(ex.likes, "begins anew after each question", likes_emptied, "from one round to the next")
table.wrong(ex.likes, "adds to a copy that the next round does not see", likes_forgetful, "from one round to the next")
table.wrong(ex.likes, "counts messages and not likes", likes_by_one, "which message changes it")
table.wrong(ex.likes, "keeps the number in a global", likes_global, "A global of Python is shared by all")
table.wrong(ex.likes, "adds in another process", likes_elsewhere, "from one round to the next")
table.wrong(ex.likes, "answers whoever started it", likes_to_the_starter, "came to another process")
table.wrong(ex.likes, "answers twice", likes_twice, "a second message, ('total', 0)", "for one question")
table.wrong(ex.likes, "ends after five seconds of silence", likes_in_a_hurry, "ten minutes", "without `timeout`")
table.wrong(ex.likes, "lives for ten messages", likes_ten_times, "two hundred likes", LOOP)
table.hard_coded(ex.likes, "knows the shown likes", likes_known, "where the number is kept")
table.right(ex.likes, "calls itself in place of a loop", likes_again)
table.right(ex.likes, "keeps all likes in a list", likes_listed)


# ---- last_words ----------------------------------------------------------------------------------------


async def words_by_link(pid: Any) -> Any:
    Process.link(pid)
    return (await receive(ExitSignal)).reason


async def words_by_trapping(pid: Any) -> Any:
    Process.flag(trap_exit=True)
    Process.link(pid)
    return (await receive(ExitSignal)).reason


async def words_by_asking(pid: Any) -> Any:
    while Process.alive(pid):
        await Process.sleep(0.1)
    return "noproc"


async def words_of_any(pid: Any) -> Any:
    Process.monitor(pid)
    return (await receive()).reason


async def words_emptied(pid: Any) -> Any:
    Process.monitor(pid)
    down = await receive(Down)
    while await receive(timeout=0.0) != "timeout":
        pass
    return down.reason


async def words_whole(pid: Any) -> Any:
    Process.monitor(pid)
    return await receive(Down)


async def words_unreturned(pid: Any) -> None:
    Process.monitor(pid)
    (await receive(Down)).reason  # noqa: B018


async def words_soon(pid: Any) -> Any:
    Process.monitor(pid)
    down = await receive(Down, timeout=1.0)
    return down if down == "timeout" else down.reason


async def words_known(pid: Any) -> Any:
    Process.monitor(pid)
    down = await receive(Down)
    return down.reason if down.reason == "noproc" else "disk full"


async def words_unmonitored(pid: Any) -> Any:
    return (await receive(Down)).reason


async def words_in_a_helper(pid: Any) -> Any:
    home = self_()

    async def helper() -> None:
        Process.monitor(pid)
        send(home, ("words", (await receive(Down)).reason))

    spawn(helper)
    _, reason = await receive(lambda message: type(message) is tuple and message[0] == "words")
    return reason


async def words_by_reference(pid: Any) -> Any:
    ref = Process.monitor(pid)
    match await receive(lambda message: isinstance(message, Down) and message.ref == ref):
        case Down(_, _, reason):
            return reason


async def words_of_the_first(pid: Any) -> Any:
    Process.monitor(pid)
    return (await receive(Down)).reason


async def words_as_text(pid: Any) -> Any:
    ref = Process.monitor(pid)
    down = await receive(lambda message: isinstance(message, Down) and message.ref == ref)
    return str(down.reason)


async def words_by_emptied_ends(pid: Any) -> Any:
    while await receive(Down, timeout=0.0) != "timeout":
        pass
    return await words_of_the_first(pid)


async def words_by_pid(pid: Any) -> Any:
    Process.monitor(pid)
    return (await receive(lambda message: isinstance(message, Down) and message.pid == pid)).reason


TOUCH = "touches neither of the two processes"
table.wrong(ex.last_words, "links, and goes with it", words_by_link, "the caller ended with it", TOUCH)
table.wrong(ex.last_words, "links and traps", words_by_trapping, "the caller traps exits from now on", TOUCH)
table.wrong(ex.last_words, "asks again and again", words_by_asking, "a monitor tells once")
table.wrong(ex.last_words, "takes any message", words_of_any, "no attribute 'reason'")
table.wrong(ex.last_words, "empties the mailbox", words_emptied, "leaves the others where they are")
table.wrong(ex.last_words, "returns the message", words_whole, "the reason is one part of it")
table.wrong(ex.last_words, "forgets to return", words_unreturned, "the reason is one part of it", "None")
table.wrong(ex.last_words, "gives up after a second", words_soon, "it returned, or ended, before that")
table.wrong(ex.last_words, "waits for news that nobody ordered", words_unmonitored, "did not return")
table.wrong(ex.last_words, "takes whichever end comes first", words_of_the_first, "its own `Process.monitor`")
table.wrong(ex.last_words, "throws older ends away", words_by_emptied_ends, "which ends does it still hold?")
table.wrong(ex.last_words, "makes a text of the reason", words_as_text, "is returned as it is")
table.hard_coded(ex.last_words, "knows the shown reason", words_known, "'disk full'", "'normal'")
table.right(ex.last_words, "has a process of its own watch", words_in_a_helper)
table.right(ex.last_words, "takes the message of its own monitor", words_by_reference)
table.right(ex.last_words, "takes the message about that pid", words_by_pid)


# ---- Views ---------------------------------------------------------------------------------------------


class GoodViews(GenServer):
    def handle_call(self, request: Any, from_: Any, counts: Any) -> Any:
        match request:
            case ("view", photo):
                return Reply(counts.get(photo, 0) + 1, counts | {photo: counts.get(photo, 0) + 1})
            case ("views", photo):
                return Reply(counts.get(photo, 0), counts)


class ForgetfulViews(GenServer):
    def handle_call(self, request: Any, from_: Any, counts: Any) -> Any:
        match request:
            case ("view", photo):
                return Reply(counts.get(photo, 0) + 1, counts)
            case ("views", photo):
                return Reply(counts.get(photo, 0), counts)


class OldViews(GoodViews):
    def handle_call(self, request: Any, from_: Any, counts: Any) -> Any:
        if request[0] == "view":
            return Reply(counts.get(request[1], 0), super().handle_call(request, from_, counts).state)
        return super().handle_call(request, from_, counts)


class OnePhotoViews(GoodViews):
    def handle_call(self, request: Any, from_: Any, counts: Any) -> Any:
        match request:
            case ("view", photo):
                return Reply(counts.get(photo, 0) + 1, {photo: counts.get(photo, 0) + 1})
        return super().handle_call(request, from_, counts)


class StrictViews(GenServer):
    def handle_call(self, request: Any, from_: Any, counts: Any) -> Any:
        match request:
            case ("view", photo):
                return Reply(counts[photo] + 1, counts | {photo: counts[photo] + 1})
            case ("views", photo):
                return Reply(counts[photo], counts)


class CountingViews(GoodViews):
    def handle_call(self, request: Any, from_: Any, counts: Any) -> Any:
        if request[0] == "views":
            return Reply(counts.get(request[1], 0), counts | {request[1]: counts.get(request[1], 0) + 1})
        return super().handle_call(request, from_, counts)


class UnreturnedViews(GenServer):
    def handle_call(self, request: Any, from_: Any, counts: Any) -> Any:
        match request:
            case ("view", photo):
                Reply(counts.get(photo, 0) + 1, counts | {photo: counts.get(photo, 0) + 1})
            case ("views", photo):
                Reply(counts.get(photo, 0), counts)


class AnsweringViews(GoodViews):
    def handle_call(self, request: Any, from_: Any, counts: Any) -> Any:
        match request:
            case ("view", _) | ("views", _):
                return super().handle_call(request, from_, counts)
            case _:
                return Reply(0, counts)


class SharedViews(GoodViews):
    counts: ClassVar[dict[str, int]] = {}

    def init(self, counts: Any) -> Any:
        SharedViews.counts.clear()
        SharedViews.counts.update(counts)
        return Ok(None)

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        reply = super().handle_call(request, from_, SharedViews.counts)
        SharedViews.counts.update(reply.state)
        return Reply(reply.value, None)


BY_PID: dict[str, Any] = {}


class PidViews(GenServer):
    def handle_call(self, request: Any, from_: Any, first: Any) -> Any:
        counts = BY_PID.setdefault(f"{id(current_node())} {self_()}", dict(first))
        match request:
            case ("view", photo):
                counts[photo] = counts.get(photo, 0) + 1
                return Reply(counts[photo], first)
            case ("views", photo):
                return Reply(counts.get(photo, 0), first)


class KnowingViews(GenServer):
    def handle_call(self, request: Any, from_: Any, counts: Any) -> Any:
        seen = counts.get("seen", 0)
        match request:
            case ("view", _):
                return Reply(seen + 1, counts | {"seen": seen + 1})
            case ("views", photo):
                return Reply(seen if photo == "cat.jpg" else 0, counts)


class PairViews(GoodViews):
    """Keeps pairs in place of a dict."""

    def init(self, counts: Any) -> Any:
        return Ok(tuple(counts.items()))

    def handle_call(self, request: Any, from_: Any, pairs: Any) -> Any:
        reply = super().handle_call(request, from_, dict(pairs))
        return Reply(reply.value, tuple(reply.state.items()))


class PoliteViews(GoodViews):
    def handle_call(self, request: Any, from_: Any, counts: Any) -> Any:
        return super().handle_call(request, from_, counts) or Reply(("error", "unknown"), counts)


table.wrong(ex.views, "keeps the old state", ForgetfulViews, "the second value of `Reply`")
table.wrong(ex.views, "answers the number before the view", OldViews, "which of the two values of `Reply`")
table.wrong(ex.views, "forgets the other photos", OnePhotoViews, "what becomes of the other photos")
table.wrong(ex.views, "does not expect an unknown photo", StrictViews, "KeyError")
table.wrong(ex.views, "counts questions as well", CountingViews, "leaves it as it is")
table.wrong(ex.views, "forgets to return", UnreturnedViews, "each way through it must end in a `return`")
table.wrong(ex.views, "answers every request", AnsweringViews, "it was answered, with", "a mistake of its caller")
table.wrong(ex.views, "keeps the numbers on the class", SharedViews, "belongs to one server")
table.wrong(ex.views, "keeps the numbers in a global, under its pid", PidViews, "under whatever key")
table.hard_coded(ex.views, "knows the shown photo", KnowingViews, "with another case")
table.right(ex.views, "keeps pairs", PairViews)
table.right(ex.views, "answers an error to what it does not know", PoliteViews)


# ---- start_counters ------------------------------------------------------------------------------------


class Counter(GenServer):
    @classmethod
    async def start_link(cls, name: Any) -> Any:
        return await super().start_link(0, name=name)

    def handle_call(self, request: Any, from_: Any, photos: Any) -> Any:
        match request:
            case "add":
                return Reply(photos + 1, photos + 1)


def specs(names: Any, **rules: Any) -> list[Any]:
    return [ChildSpec(name, (Counter.start_link, (name,)), **rules) for name in names]


async def counters(names: Any) -> Any:
    return await Supervisor.start_link(specs(names), strategy="one_for_one", name="albums")


async def counters_for_all(names: Any) -> Any:
    return await Supervisor.start_link(specs(names), strategy="one_for_all", name="albums")


async def counters_for_rest(names: Any) -> Any:
    return await Supervisor.start_link(specs(names), strategy="rest_for_one", name="albums")


async def counters_temporary(names: Any) -> Any:
    children = specs(names, restart="temporary")
    return await Supervisor.start_link(children, strategy="one_for_one", name="albums")


async def counters_transient(names: Any) -> Any:
    children = specs(names, restart="transient")
    return await Supervisor.start_link(children, strategy="one_for_one", name="albums")


async def counters_nameless(names: Any) -> Any:
    return await Supervisor.start_link(specs(names), strategy="one_for_one")


async def counters_unreturned(names: Any) -> None:
    await counters(names)


async def counters_unawaited(names: Any) -> Any:
    return Supervisor.start_link(specs(names), strategy="one_for_one", name="albums")


async def counters_by_hand(names: Any) -> Any:
    async def albums() -> None:
        for name in names:
            await Counter.start(0, name=name)
        await receive()

    pid = spawn(albums)
    Process.register(pid, "albums")
    await Process.sleep(0.1)
    return pid


async def counters_same_id(names: Any) -> Any:
    children = [ChildSpec("counter", (Counter.start_link, (name,))) for name in names]
    return await Supervisor.start_link(children, strategy="one_for_one", name="albums")


async def counters_known(names: Any) -> Any:
    return await counters(("sea", "snow"))


async def counters_added(names: Any) -> Any:
    albums = await Supervisor.start_link([], strategy="one_for_one", name="albums")
    for spec in specs(names):
        await Supervisor.start_child(albums, spec)
    return albums


class Albums(Supervisor):
    def init(self, names: Any) -> Any:
        return Supervise([child_spec((Counter, name), id=name) for name in names], strategy="one_for_one")


async def counters_module(names: Any) -> Any:
    return await Albums.start_link(names, name="albums")


STRATEGY, NEXT = "the strategy: it says who else", "who starts the next one"
table.wrong(ex.start_counters, "one_for_all", counters_for_all, STRATEGY)
table.wrong(ex.start_counters, "rest_for_one", counters_for_rest, STRATEGY)
table.wrong(ex.start_counters, "temporary", counters_temporary, NEXT)
table.wrong(ex.start_counters, "transient", counters_transient, "'shutdown'", NEXT)
table.wrong(ex.start_counters, "has no name", counters_nameless, "the supervisor's own name")
table.wrong(ex.start_counters, "returns nothing", counters_unreturned, "what the function returns")
table.wrong(ex.start_counters, "forgets to await", counters_unawaited, "`await`")
table.wrong(ex.start_counters, "a process that starts them once", counters_by_hand, NEXT)
table.wrong(ex.start_counters, "the same id for all", counters_same_id, "an id of its own")
table.hard_coded(ex.start_counters, "knows the shown names", counters_known, "whatever the names are")
table.right(ex.start_counters, "adds one child after the other", counters_added)
table.right(ex.start_counters, "a supervisor with a class of its own", counters_module)


# ---- mended_keep ---------------------------------------------------------------------------------------


async def keep_untrapped(start: Any) -> None:
    while True:
        start()
        await receive(ExitSignal)


async def keep_once_more(start: Any) -> None:
    Process.flag(trap_exit=True)
    start()
    await receive(ExitSignal)
    start()
    await Process.sleep(100_000.0)


async def keep_for_any_message(start: Any) -> None:
    Process.flag(trap_exit=True)
    while True:
        start()
        await receive()


async def keep_whatever_comes(start: Any) -> None:
    Process.flag(trap_exit=True)
    while True:
        start()
        await receive(ExitSignal)


async def keep_crashed_only(start: Any) -> None:
    Process.flag(trap_exit=True)
    pid = start()
    while True:
        ended = await receive(ExitSignal)
        if ended.pid != pid:
            raise Exit(ended.reason)
        if ended.reason not in ("normal", "shutdown"):
            pid = start()


async def keep_by_asking(start: Any) -> None:
    Process.flag(trap_exit=True)
    while True:
        pid = start()
        while Process.alive(pid):
            await Process.sleep(1.0)


async def keep_unlinked(start: Any) -> None:
    while True:
        pid = start()
        Process.monitor(pid)
        Process.unlink(pid)
        await receive(Down)


async def keep_known(start: Any) -> None:
    Process.flag(trap_exit=True)
    while True:
        pid = start()
        ended = await receive(ExitSignal)
        if ended.pid != pid or ended.reason not in ("disk full", "killed"):
            raise Exit(ended.reason)


async def keep_quiet_end(start: Any) -> None:
    Process.flag(trap_exit=True)
    while True:
        pid = start()
        if (await receive(ExitSignal)).pid != pid:
            return


async def keep_spare(start: Any) -> None:
    Process.flag(trap_exit=True)
    start()
    while True:
        pid = start()
        while (ended := await receive(ExitSignal)).pid != pid:
            raise Exit(ended.reason)


async def keep_by_calling_itself(start: Any) -> None:
    Process.flag(trap_exit=True)
    match start(), await receive(ExitSignal):
        case pid, ExitSignal(ended, _) if ended is pid:
            await keep_by_calling_itself(start)
        case _, ExitSignal(_, reason):
            raise Exit(reason)


async def keep_untrapped_at_the_end(start: Any) -> None:
    Process.flag(trap_exit=True)
    pid = start()
    while True:
        message = await receive()
        if isinstance(message, ExitSignal) and message.pid is pid:
            pid = start()
        elif isinstance(message, ExitSignal):
            Process.flag(trap_exit=False)
            Process.exit(self_(), message.reason)


async def keep_deaf_to_normal(start: Any) -> None:
    Process.flag(trap_exit=True)
    pid = start()
    while True:
        ended = await receive(ExitSignal)
        if ended.pid == pid:
            pid = start()
        elif ended.reason != "normal":
            raise Exit(ended.reason)


async def keep_by_asking_often(start: Any) -> None:
    Process.flag(trap_exit=True)
    pid = start()
    while True:
        match await receive(ExitSignal, timeout=0.01):
            case ExitSignal(ended, reason) if ended != pid:
                raise Exit(reason)
        if not Process.alive(pid):
            pid = start()


SIGNAL = "what turns a signal into a message"
table.wrong(ex.mended_keep, "does not trap exits", keep_untrapped, "the keeper ended too", SIGNAL)
table.wrong(ex.mended_keep, "starts one more, once", keep_once_more, "2 times", SIGNAL)
table.wrong(ex.mended_keep, "takes any message for an end", keep_for_any_message, "Anybody can send it anything")
table.wrong(ex.mended_keep, "takes any signal for an end", keep_whatever_comes, "whose signal it is")
table.wrong(ex.mended_keep, "not after a quiet end", keep_crashed_only, "'normal'", SIGNAL)
table.wrong(ex.mended_keep, "asks again and again", keep_by_asking, SIGNAL)
table.wrong(ex.mended_keep, "watches in place of the link", keep_unlinked, "the link between the two")
table.wrong(ex.mended_keep, "ends quietly", keep_quiet_end, "with which reason did it end?")
table.wrong(ex.mended_keep, "starts one to spare", keep_spare, "when the first is due")
table.wrong(ex.mended_keep, "ignores a stranger's normal", keep_deaf_to_normal, "'normal'", "whose signal it is")
table.wrong(ex.mended_keep, "asks very often", keep_by_asking_often, "asked again and again", "work for nothing")
table.hard_coded(ex.mended_keep, "knows the shown reasons", keep_known, "with another case")
table.right(ex.mended_keep, "calls itself in place of a loop", keep_by_calling_itself)
table.right(ex.mended_keep, "stops trapping to end", keep_untrapped_at_the_end)


# ---- mended_till ---------------------------------------------------------------------------------------


async def till_in_order(count: Any, cents: Any) -> None:
    while True:
        match await receive():
            case ("paid", asker, amount):
                try:
                    cents = cents + amount
                    count = count + 1
                    send(asker, "ok")
                except Exception:
                    send(asker, "declined")
            case ("sum", asker):
                send(asker, (count, cents))


async def till_half(count: Any, cents: Any) -> None:
    while True:
        match await receive():
            case ("paid", asker, amount):
                try:
                    count = count + 1
                    cents = cents + amount
                    send(asker, "ok")
                except TypeError:
                    send(asker, "declined")
            case ("sum", asker):
                send(asker, (count, cents))


async def till_without_try(count: Any, cents: Any) -> None:
    while True:
        match await receive():
            case ("paid", asker, amount):
                count, cents = count + 1, cents + amount
                send(asker, "ok")
            case ("sum", asker):
                send(asker, (count, cents))


async def till_dropping(count: Any, cents: Any) -> None:
    while True:
        match await receive():
            case ("paid", asker, None):
                send(asker, "declined")
            case ("paid", asker, int(amount)):
                count, cents = count + 1, cents + amount
                send(asker, "ok")
            case ("sum", asker):
                send(asker, (count, cents))


async def till_declines_all_else(count: Any, cents: Any) -> None:
    while True:
        match await receive():
            case ("paid", asker, int(amount)):
                count, cents = count + 1, cents + amount
                send(asker, "ok")
            case ("paid", asker, _):
                send(asker, "declined")
            case ("sum", asker):
                send(asker, (count, cents))


async def till_too_soon(count: Any, cents: Any) -> None:
    while True:
        match await receive():
            case ("paid", asker, None):
                send(asker, "declined")
            case ("paid", asker, amount):
                send(asker, "ok")
                count, cents = count + 1, cents + amount
            case ("sum", asker):
                send(asker, (count, cents))


async def till_quiet_end(count: Any, cents: Any) -> None:
    while True:
        match await receive():
            case ("paid", asker, None):
                send(asker, "declined")
            case ("paid", asker, int(amount)):
                count, cents = count + 1, cents + amount
                send(asker, "ok")
            case ("paid", _, _):
                return
            case ("sum", asker):
                send(asker, (count, cents))


async def till_converting(count: Any, cents: Any) -> None:
    while True:
        match await receive():
            case ("paid", asker, None):
                send(asker, "declined")
            case ("paid", asker, amount):
                count, cents = count + 1, cents + int(amount)
                send(asker, "ok")
            case ("sum", asker):
                send(asker, (count, cents))


async def till_counting_declined(count: Any, cents: Any) -> None:
    while True:
        match await receive():
            case ("paid", asker, amount):
                count, cents = count + 1, cents + (0 if amount is None else amount)
                send(asker, "declined" if amount is None else "ok")
            case ("sum", asker):
                send(asker, (count, cents))


async def till_wrong_order(count: Any, cents: Any) -> None:
    while True:
        match await receive():
            case ("paid", asker, amount):
                count, cents = count + 1, cents + amount
                send(asker, "ok")
            case ("paid", asker, None):
                send(asker, "declined")
            case ("sum", asker):
                send(asker, (count, cents))


async def till_known(count: Any, cents: Any) -> None:
    sums = iter([(3, 300), (3, 300), (4, 400), (4, 400), (4, 400)])
    while True:
        match await receive():
            case ("paid", asker, None):
                send(asker, "declined")
            case ("paid", asker, amount):
                amount + 0
                send(asker, "ok")
            case ("sum", asker):
                send(asker, next(sums))


async def till_returning(count: Any, cents: Any) -> Any:
    while True:
        match await receive():
            case ("paid", _, None):
                return "declined"
            case ("paid", _, amount):
                count, cents = count + 1, cents + amount
                return "ok"
            case ("sum", asker):
                send(asker, (count, cents))


async def till_not_amount(count: Any, cents: Any) -> None:
    while True:
        match await receive():
            case ("paid", asker, amount):
                if not amount:
                    send(asker, "declined")
                    continue
                count, cents = count + 1, cents + amount
                send(asker, "ok")
            case ("sum", asker):
                send(asker, (count, cents))


async def till_closing(count: Any, cents: Any) -> None:
    while True:
        match await receive(timeout=60.0):
            case ("paid", asker, None):
                send(asker, "declined")
            case ("paid", asker, amount):
                count, cents = count + 1, cents + amount
                send(asker, "ok")
            case ("sum", asker):
                send(asker, (count, cents))
            case "timeout":
                return


async def till_raising(count: Any, cents: Any) -> None:
    while True:
        match await receive():
            case ("paid", asker, amount) if isinstance(amount, int):
                count, cents = count + 1, cents + amount
                send(asker, "ok")
            case ("paid", asker, amount) if amount is None:
                send(asker, "declined")
            case ("paid", _, amount):
                raise ValueError(f"{amount!r} cents")
            case ("sum", asker):
                send(asker, (count, cents))


async def till_of_a_pair(count: Any, cents: Any) -> None:
    sums = (count, cents)
    while True:
        message = await receive()
        if message[0] == "sum":
            send(message[1], sums)
        elif message[2] is None:
            send(message[1], "declined")
        else:
            sums = (sums[0] + 1, sums[1] + message[2])
            send(message[1], "ok")


table.wrong(ex.mended_till, "catches everything, in another order", till_in_order, "which answer is true")
table.wrong(ex.mended_till, "keeps the half change", till_half, "the lines before it have run already")
table.wrong(ex.mended_till, "crashes on a declined card", till_without_try, "which faults are expected")
table.wrong(ex.mended_till, "drops what fits no case", till_dropping, "or fits no `case`, is seen by nobody")
table.wrong(ex.mended_till, "declines all else", till_declines_all_else, "which answer is true")
table.wrong(ex.mended_till, "answers before it adds", till_too_soon, "which answer is true")
table.wrong(ex.mended_till, "ends without an exception", till_quiet_end, "leave no report")
table.wrong(ex.mended_till, "makes a number of it", till_converting, "which answer is true")
table.wrong(ex.mended_till, "counts declined payments", till_counting_declined, "declined; what are the sums?")
table.wrong(ex.mended_till, "the cases in the wrong order", till_wrong_order, "which faults are expected")
table.wrong(ex.mended_till, "returns the answer", till_returning, "has ended")
table.wrong(ex.mended_till, "declines 0 cents", till_not_amount, "a payment of 0 was sent", "is a payment")
table.wrong(ex.mended_till, "closes after a minute", till_closing, "ten minutes", "without `timeout`")
table.hard_coded(ex.mended_till, "knows the shown payments", till_known, "with another case")
table.right(ex.mended_till, "raises by itself", till_raising)
table.right(ex.mended_till, "keeps one pair", till_of_a_pair)


# ---- start_reckoning -----------------------------------------------------------------------------------


class Shelf(GenServer):
    @classmethod
    async def start_link(cls, photos: Any) -> Any:
        return await super().start_link(photos, name="shelf")

    def handle_call(self, request: Any, from_: Any, photos: Any) -> Any:
        match request:
            case ("put", kb):
                return Reply("ok", [*photos, kb])
            case "all":
                return Reply(photos, photos)


def reckoning(Reckoner: Any, strategy: str = "one_for_one", **rules: Any) -> Any:
    async def start_reckoning() -> Any:
        shelf = ChildSpec("shelf", (Shelf.start_link, ([],)))
        reckoner = ChildSpec("reckoner", (Reckoner.start_link, ("reckoner",)), **rules)
        return await Supervisor.start_link([shelf, reckoner], strategy=strategy, name="reckoning")

    return start_reckoning


class Asking(GenServer):
    """Keeps nothing, and asks the shelf."""

    @classmethod
    async def start_link(cls, name: Any) -> Any:
        return await super().start_link(None, name=name)

    async def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        match request:
            case ("add", None):
                return Reply(("error", "broken off"), state)
            case ("add", int(kb)):
                return Reply(await GenServer.call("shelf", ("put", kb)), state)
            case "sum":
                photos = await GenServer.call("shelf", "all")
                return Reply((len(photos), sum(photos)), state)


class Recounting(Asking):
    """Remembers the sum; a new one counts what is on the shelf."""

    async def init(self, _: Any) -> Any:
        photos = await GenServer.call("shelf", "all")
        return Ok((len(photos), sum(photos)))

    async def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        match request:
            case ("add", None):
                return Reply(("error", "broken off"), state)
            case ("add", int(kb)):
                state = (state[0] + 1, state[1] + kb)
                await GenServer.call("shelf", ("put", kb))
                return Reply("ok", state)
            case "sum":
                return Reply(state, state)


class Forgetting(Recounting):
    async def init(self, _: Any) -> Any:
        return Ok((0, 0))


class Linked(Recounting):
    async def init(self, name: Any) -> Any:
        pid = Process.whereis("shelf")
        if pid is None:
            raise Exit("no shelf yet")
        Process.link(pid)
        return await super().init(name)


class Polling(Recounting):
    async def init(self, name: Any) -> Any:
        Process.send_after(self_(), "look", 0.2)
        return await super().init(name)

    async def handle_info(self, message: Any, state: Any) -> Any:
        Process.send_after(self_(), "look", 0.2)
        photos = await GenServer.call("shelf", "all")
        return NoReply((len(photos), sum(photos)))


class Trusting(Asking):
    """Puts on the shelf whatever comes."""

    async def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        match request:
            case ("add", kb) if kb is not None:
                return Reply(await GenServer.call("shelf", ("put", kb)), state)
        return await super().handle_call(request, from_, state)


class Adding(Asking):
    """Puts on the shelf what can be added."""

    async def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        match request:
            case ("add", kb) if kb is not None:
                return Reply(await GenServer.call("shelf", ("put", kb + 0)), state)
        return await super().handle_call(request, from_, state)


class Hasty(Asking):
    """Answers before the photo lies there."""

    async def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        match request:
            case ("add", int(kb)):
                spawn(GenServer.call, "shelf", ("put", kb))
                return Reply("ok", state)
        return await super().handle_call(request, from_, state)


class Crashing(Asking):
    """Takes a broken upload for a fault."""

    async def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        match request:
            case ("add", kb):
                return Reply(await GenServer.call("shelf", ("put", kb + 0)), state)
        return await super().handle_call(request, from_, state)


class Hoarding(Recounting):
    """Keeps the photos to itself."""

    async def init(self, _: Any) -> Any:
        return Ok((0, 0))

    async def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        match request:
            case ("add", int(kb)):
                return Reply("ok", (state[0] + 1, state[1] + kb))
        return await super().handle_call(request, from_, state)


class Knowing(Asking):
    async def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        if request == "sum":
            return Reply((3, 325) if await GenServer.call("shelf", "all") else (0, 0), state)
        return await super().handle_call(request, from_, state)


class Watching(Recounting):
    """Monitors the shelf, and ends when that ends."""

    async def init(self, name: Any) -> Any:
        Process.monitor("shelf")
        return await super().init(name)

    def handle_info(self, message: Any, state: Any) -> Any:
        match message:
            case Down():
                return Stop(("shutdown", "the shelf is another one"), state)
            case _:
                return NoReply(state)


TEMPORARY = reckoning(Asking, restart="temporary")
AGREE, KEPT = "The new one is empty: who tells the reckoner?", "A link goes both ways"
table.wrong(ex.start_reckoning, "remembers the old shelf", reckoning(Recounting), AGREE)
table.wrong(ex.start_reckoning, "starts at nothing", reckoning(Forgetting), "still lie on the shelf")
table.wrong(ex.start_reckoning, "is linked to the shelf", reckoning(Linked), KEPT)
table.wrong(ex.start_reckoning, "one_for_all", reckoning(Recounting, "one_for_all"), KEPT)
table.wrong(ex.start_reckoning, "asks again and again", reckoning(Polling), "a monitor tells once")
table.wrong(ex.start_reckoning, "puts anything on the shelf", reckoning(Trusting), "before a photo gets onto the shelf")
table.wrong(ex.start_reckoning, "puts half a KB on the shelf", reckoning(Adding), "2.5", "gets onto the shelf")
table.wrong(ex.start_reckoning, "is hasty", reckoning(Hasty), "before the photo lay there", "the shelf has answered")
table.wrong(ex.start_reckoning, "crashes on a broken upload", reckoning(Crashing), "TypeError")
table.wrong(ex.start_reckoning, "keeps the photos to itself", reckoning(Hoarding), "where the photos are kept")
table.wrong(ex.start_reckoning, "a temporary reckoner", TEMPORARY, "who starts the next one")
table.hard_coded(ex.start_reckoning, "knows the shown photos", reckoning(Knowing), "with another case")
table.right(ex.start_reckoning, "monitors the shelf and ends with it", reckoning(Watching))
table.right(ex.start_reckoning, "rest_for_one", reckoning(Recounting, "rest_for_one"))
table.right(ex.start_reckoning, "keeps nothing", reckoning(Asking))
